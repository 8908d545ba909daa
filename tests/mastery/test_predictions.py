"""What predictions know beside the levels, on both databases: versions of difficulties, voids, seeds, erasures."""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from lti_tool.clock import ManualClock
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.jobs.memory import RecordingRunner
from lti_tool.jobs.transactions import attach
from lti_tool.mastery import jobs, predicting, prediction, queries, service, versions
from lti_tool.mastery.models import Difficulty, EvidenceSource, LearnerMastery, PredictionVersion, Standing
from lti_tool.mastery.pieces import Piece
from tests.mastery.world import DAY, World, append, world
from tests.playlists.seed import NOW, member


async def learners_of(database: Database, made: World) -> dict[uuid.UUID, LearnerMastery]:
    async with database.reading() as session:
        return {row.person_id: row for row in (await session.exec(scoped(LearnerMastery, made.id))).all()}


def answers(made: World, number: int, person: int = 0, code: str = "F.1") -> list[Any]:
    who = made.school.students[person].id
    return [
        made.entry(code, f"c:{person}:{n}", NOW + n * timedelta(hours=1), n % 3 > 0, item=f"q{n % 7}", person_id=who)
        for n in range(number)
    ]


async def test_answers_move_what_is_known_and_judgements_do_not(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
    await append(database, made, *answers(made, 3))
    known = (await learners_of(database, made))[made.ada.id].predicting
    model = prediction.default()
    shared = model.new_shared()
    by_hand = model.new_learner()
    for n in range(3):
        at = (NOW + n * timedelta(hours=1)).timestamp()
        one = prediction.Observation("", made.competencies["F.1"].id.hex, float(n % 3 > 0), f"q{n}", at)
        model.update(shared, by_hand, one, learn=False)
    assert known["state"] == by_hand
    await append(database, made, made.entry("F.1", "j", NOW + DAY, judged=Standing.MASTERED))
    async with database.writing() as session:
        await service.self_assess(
            session, made.course, made.ada.id, made.competencies["F.1"].id, Standing.MASTERED, "", NOW + DAY
        )
    assert (await learners_of(database, made))[made.ada.id].predicting["state"] == by_hand


async def test_late_answers_and_voids_replay_the_learner_and_nobody_else(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
    mine, bens = answers(made, 6), answers(made, 4, person=1)
    await append(database, made, *bens)
    await append(database, made, *mine[:2], *mine[3:])
    expected = await learners_of(database, made)
    await append(database, made, mine[2], now=NOW + DAY)
    late = await learners_of(database, made)
    assert late[made.ada.id].predicting != expected[made.ada.id].predicting
    async with database.writing() as session:
        rows = await queries.evidence_of(session, made.id, made.course.id, made.ada.id)
        session.expunge_all()
        await service.void(
            session, made.course, [row.id for row in rows if row.presentation == "c:0:2"], "mistake", NOW + DAY
        )
    after = await learners_of(database, made)
    assert after[made.ada.id].predicting == expected[made.ada.id].predicting
    ben = made.school.students[1].id
    assert after[ben].predicting == expected[ben].predicting


async def test_a_version_is_made_from_all_answers_and_learners_move_there(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
    await append(database, made, *answers(made, 12))
    assert not await versions.learn(database, made.id, made.course.id, NOW)
    await append(database, made, *answers(made, 12, person=1))
    assert await versions.learn(database, made.id, made.course.id, NOW)
    assert not await versions.learn(database, made.id, made.course.id, NOW)
    async with database.reading() as session:
        [version] = (await session.exec(scoped(PredictionVersion, made.id))).all()
        keys = {row.key: row.state for row in (await session.exec(scoped(Difficulty, made.id))).all()}
    assert version.number == 1
    assert keys["course"]["answers"] == 24
    assert {key for key in keys if key.startswith("item:")} == {f"item:q{n}" for n in range(7)}
    learners = await learners_of(database, made)
    assert {learner.version_id for learner in learners.values()} == {version.id}
    # The same by hand: fitted to all answers in order, each learner then replayed with it.
    async with database.reading() as session:
        rows = await queries.evidence_of(session, made.id, made.course.id, made.ada.id, voided=False)
        others = await queries.evidence_of(session, made.id, made.course.id, made.school.students[1].id, voided=False)
    every = sorted(
        (Piece(**{name: getattr(row, name) for name in Piece._fields}) for row in [*rows, *others]),
        key=lambda piece: (piece.order, piece.person_id.bytes),
    )
    model = prediction.default()
    shared = model.fit([piece.answer() for piece in every])
    by_hand = model.replay(
        shared, model.new_learner(), [piece.answer() for piece in every if piece.person_id == made.ada.id]
    )
    assert learners[made.ada.id].predicting["state"] == by_hand


async def test_a_whole_score_tells_its_share_and_counts_as_its_points_three_at_most(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
    said = [(7, 10), (1, 2), (1, 1), (Decimal("0.5"), Decimal("0.5")), (12, 10), (Decimal("2.5"), Decimal("2.5"))]
    at = [NOW + n * timedelta(hours=1) for n in range(len(said))]
    points = [{"earned": Decimal(earned), "possible": Decimal(possible)} for earned, possible in said]
    tasks = [
        made.entry("F.1", f"t:{n}", at[n], item=f"t{n}", whole=True, passing_percent=80.0, **some)
        for n, some in enumerate(points)
    ]
    await append(database, made, *tasks)
    model = prediction.default()
    shared, by_hand = model.new_shared(), model.new_learner()
    for n, (share, count) in enumerate([(0.7, 3), (0.5, 2), (1.0, 1), (1.0, 1), (1.0, 3), (1.0, 2)]):
        one = prediction.Observation("", made.competencies["F.1"].id.hex, share, f"t{n}", at[n].timestamp())
        for _ in range(count):
            model.update(shared, by_hand, one, learn=False)
    known = (await learners_of(database, made))[made.ada.id].predicting
    assert known["state"] == by_hand
    # Twelve answers so far; the version is due at twenty, and learned from as many.
    assert not await versions.learn(database, made.id, made.course.id, NOW)
    ben = {"person_id": made.school.students[1].id, "whole": True, **points[0]}
    await append(database, made, *[made.entry("F.1", f"b:{n}", at[n], item=f"t{n}", **ben) for n in range(3)])
    assert await versions.learn(database, made.id, made.course.id, NOW)
    async with database.reading() as session:
        keys = {row.key: row.state for row in (await session.exec(scoped(Difficulty, made.id))).all()}
    assert keys["course"]["answers"] == 21
    assert not await versions.learn(database, made.id, made.course.id, NOW)


async def test_who_begins_later_begins_with_the_newest_version(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
    await append(database, made, *answers(made, 30))
    await versions.learn(database, made.id, made.course.id, NOW)
    await append(database, made, *answers(made, 1, person=2))
    learners = await learners_of(database, made)
    assert len({learner.version_id for learner in learners.values()}) == 1
    await append(database, made, *answers(made, 30, person=1))
    assert await versions.learn(database, made.id, made.course.id, NOW)
    async with database.reading() as session:
        [version] = (await session.exec(scoped(PredictionVersion, made.id))).all()
    assert version.number == 2


async def test_an_erasure_retires_the_version_and_the_next_knows_nothing_of_it(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
    await append(database, made, *answers(made, 30), *answers(made, 10, person=1, code="F.2"))
    await versions.learn(database, made.id, made.course.id, NOW)
    async with database.writing() as session:
        rows = await queries.evidence_of(session, made.id, made.course.id, made.school.students[1].id)
        for row in rows:
            await session.delete(row)
        await versions.retire(session, made.id, made.course.id, NOW)
    async with database.reading() as session:
        assert (await session.exec(scoped(Difficulty, made.id))).all() == []
    # In between, evidence is taken in as before.
    await append(database, made, made.entry("F.1", "c:between", NOW + DAY, True))
    assert await versions.learn(database, made.id, made.course.id, NOW + DAY)
    async with database.reading() as session:
        keys = {row.key for row in (await session.exec(scoped(Difficulty, made.id))).all()}
    assert f"competency:{made.competencies['F.1'].id.hex}" in keys
    assert f"competency:{made.competencies['F.2'].id.hex}" not in keys


async def test_other_courses_seed_predictions_only_where_the_school_allows_it(database: Database) -> None:
    for allowed in (False, True):
        async with database.writing() as session:
            made = await world(session, name=f"School {allowed}")
            elsewhere = await world(session, name="Other course")
            made.school.organisation.shares_predictions = allowed
            session.add(made.school.organisation)
        await append(database, made, *answers(made, 8))
        async with database.writing() as session:
            # A second course of the same school with the same competency.
            second = await _second_course(session, made)
        await append(database, second, second.entry("F.1", "x", NOW + DAY, True))
        async with database.reading() as session:
            rows = (await session.exec(scoped(LearnerMastery, made.id))).all()
        there = next(row for row in rows if row.course_id == second.course.id)
        assert ("seed" in there.predicting["state"]) is allowed
        assert there.standings["1"][0] == Standing.STARTED.rank
        async with database.reading() as session:
            seen = await queries.evidence_of(session, made.id, second.course.id, made.ada.id)
        assert [row.presentation for row in seen] == ["x"]
        assert elsewhere.id != made.id


async def _second_course(session: Any, made: World) -> World:
    from lti_tool.competencies.models import CourseMap, MapCompetency
    from lti_tool.courses.models import Course
    from lti_tool.ids import new_id

    first = made.course
    course = Course(
        organisation_id=made.id,
        registration_id=first.registration_id,
        deployment_id=first.deployment_id,
        context_id=str(new_id()),
        title="Fractions again",
        created_at=NOW,
    )
    session.add(course)
    await session.flush()
    course_map = CourseMap(organisation_id=made.id, course_id=course.id, changed_at=NOW, created_at=NOW)
    session.add_all([member(course, made.ada), course_map])
    session.add(
        MapCompetency(
            organisation_id=made.id,
            course_id=course.id,
            competency_id=made.competencies["F.1"].id,
            number=1,
            created_at=NOW,
        )
    )
    await session.flush()
    from dataclasses import replace

    return World(replace(made.school, course=course), course_map, made.competencies)


async def test_evidence_nudges_learning_and_a_lost_nudge_is_swept_up(database: Database, clock: ManualClock) -> None:
    async with database.writing() as session:
        made = await world(session)
    work = jobs.work(database, clock)
    runner = RecordingRunner(work.tasks)
    attach(database, runner)
    await append(database, made, *answers(made, 30))
    key = versions.course_key(made.id, made.course.id)
    assert runner.nudges == [(versions.LEARN, key), (service.MOVED, key)]
    await runner.settled()
    async with database.reading() as session:
        assert len((await session.exec(scoped(PredictionVersion, made.id))).all()) == 1
    # More within the minute are looked at when it is over.
    await append(database, made, *answers(made, 30, person=1))
    await runner.settled()
    assert [(task, name) for task, name, _ in runner.later] == [(versions.LEARN, key)]
    sweep = next(one for one in work.periodic if one.name == "mastery.learn-sweep")
    await sweep.run()
    async with database.reading() as session:
        [version] = (await session.exec(scoped(PredictionVersion, made.id))).all()
    assert version.number == 2


def test_predictions_are_told_nothing_about_a_person() -> None:
    """Nothing but answers, items, competencies and times goes in; a field more would fail here."""
    assert set(prediction.Observation._fields) == {"learner", "competency", "correct", "item", "at"}
    assert {name for name in Piece._fields if "name" in name or "sub" in name} == set()
    given = dict.fromkeys(Piece._fields) | {
        "person_id": uuid.UUID(int=1),
        "competency_id": uuid.UUID(int=2),
        "presentation": "p",
        "source": EvidenceSource.CHECK,
        "item": "q",
        "earned": Decimal(1),
        "possible": Decimal(1),
        "weight": Decimal(1),
        "observed_at": NOW,
        "dated": True,
    }
    piece = Piece(**given)
    assert piece.answer().learner == uuid.UUID(int=1).hex
    assert predicting.item_key("q") == "item:q"
