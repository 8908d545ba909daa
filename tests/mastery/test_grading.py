"""Columns about mastery, on both databases: what is owed follows levels, in the transaction that changes them."""

import asyncio
import random
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from lti_tool.audit import AuditEntry
from lti_tool.clock import ManualClock
from lti_tool.competencies import map_queries, maps
from lti_tool.courses import queries as course_queries
from lti_tool.courses.models import Membership
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.errors import Conflict, NotFound
from lti_tool.grades.delivery import Deliverer
from lti_tool.grades.models import ColumnState, LineItem, Score
from lti_tool.jobs import attach
from lti_tool.jobs.memory import RecordingRunner
from lti_tool.mastery import following, grading, grading_queries, grading_rules, jobs, parts, service
from lti_tool.mastery.entries import Entry
from lti_tool.mastery.grading_rules import Counting
from lti_tool.mastery.models import Evidence, MasteryState, Standing
from lti_tool.mastery.rules import Latest, default_scale
from tests.courses.test_enter import statements
from tests.grades.lms import FakeLms, FakeQuirks
from tests.mastery.world import DAY, World, append, world
from tests.playlists.seed import NOW

LATER = NOW + 60 * DAY
POINTS = {"started": 40.0, "developing": 60.0, "secure": 85.0, "mastered": 100.0}


def counting(*, latest: bool = True, of_all: bool = False, maximum: float = 100, **points: float) -> Counting:
    return grading_rules.counting(default_scale(), POINTS | points, maximum, latest=latest, of_all=of_all)


async def a_world(database: Database, codes: tuple[str, ...] = ("F.1", "F.2", "F.3")) -> World:
    """A level is what the latest piece of evidence says, so that tests move it as they like."""
    async with database.writing() as session:
        return await world(session, codes, rule=Latest())


async def switch_on(
    database: Database, made: World, code: str | None, how: Counting | None = None, *, at: datetime = NOW
) -> LineItem:
    competency_id = None if code is None else made.competencies[code].id
    async with database.writing() as session:
        line_item = await grading.save(
            session, made.course, competency_id, code or "Mastery", 100, how or counting(), made.school.teacher.id, at
        )
        await session.flush()
        session.expunge_all()
    await grading.owe_everybody(database, made.id, made.course.id, at, anew=line_item.id)
    return line_item


async def owed(database: Database, made: World, code: str | None = None, place: int = 0) -> float | None:
    """What a student is owed in the column of a competency, or in the overall one."""
    resource_id = grading.resource_id(made.course.id, None if code is None else made.competencies[code].id)
    async with database.reading() as session:
        lines = (await session.exec(scoped(LineItem, made.id).where(LineItem.resource_id == resource_id))).all()
        found = await grading_queries.entered(session, made.id, [line.id for line in lines])
    given = [one.given for (_, person_id), one in found.items() if person_id == made.school.students[place].id]
    return given[0] if given else None


def rated(made: World, code: str, presentation: str, share: float, place: int = 0, at: datetime = NOW) -> Entry:
    return made.entry(
        code,
        presentation,
        at,
        earned=Decimal(str(share)),
        possible=Decimal(1),
        passing_percent=80.0,
        person_id=made.school.students[place].id,
    )


async def leave(database: Database, made: World, place: int, *, active: bool = False) -> None:
    async with database.writing() as session:
        await session.exec(
            update(Membership)
            .where(
                col(Membership.organisation_id) == made.id,
                col(Membership.person_id) == made.school.students[place].id,
            )
            .values(active=active)
        )


async def comes(database: Database, made: World, place: int, at: datetime) -> None:
    """The platform says that a student is in the course (again)."""
    async with database.writing() as session:
        await session.exec(
            update(Membership)
            .where(
                col(Membership.organisation_id) == made.id,
                col(Membership.person_id) == made.school.students[place].id,
            )
            .values(active=True, came_at=at)
        )


async def level(database: Database, made: World, code: str, place: int = 0) -> str:
    async with database.reading() as session:
        states = await session.exec(
            scoped(MasteryState, made.id).where(
                MasteryState.person_id == made.school.students[place].id,
                MasteryState.competency_id == made.competencies[code].id,
            )
        )
        return states.one().level


async def test_what_students_have_reached_is_owed_when_a_column_is_switched_on(database: Database) -> None:
    made = await a_world(database)
    await append(database, made, rated(made, "F.1", "1", 0.1), rated(made, "F.1", "1", 1, place=1))
    column = await switch_on(database, made, "F.1")
    assert column.tag == "mastery"
    assert column.resource_id == f"competency:{made.competencies['F.1'].id}"
    assert await owed(database, made, "F.1", 0) == POINTS[await level(database, made, "F.1", 0)]
    assert await owed(database, made, "F.1", 1) == POINTS[await level(database, made, "F.1", 1)]
    # Not a zero: nothing.
    assert await owed(database, made, "F.1", 2) is None
    async with database.reading() as session:
        trace = (await session.exec(select(AuditEntry).where(AuditEntry.organisation_id == made.id))).one()
    assert (trace.action, trace.detail) == ("mastery.column-on", column.resource_id)


async def test_evidence_overrides_and_voids_move_what_is_owed_with_the_level(database: Database) -> None:
    made = await a_world(database)
    await switch_on(database, made, "F.1")
    await append(database, made, rated(made, "F.1", "1", 0.1))
    low = await owed(database, made, "F.1")
    assert low == POINTS[await level(database, made, "F.1")]
    await append(database, made, rated(made, "F.1", "2", 1, at=NOW + DAY))
    high = await owed(database, made, "F.1")
    assert high == POINTS[await level(database, made, "F.1")]
    assert low is not None
    assert high is not None
    assert low < high
    teacher = made.school.teacher.id
    async with database.writing() as session:
        await service.override(
            session,
            made.course,
            made.ada.id,
            made.competencies["F.1"].id,
            Standing.DEVELOPING,
            "seen in class",
            NOW + 3 * DAY,
            NOW + 2 * DAY,
            teacher,
        )
    assert await owed(database, made, "F.1") == 60
    await service.end_overrides(database, NOW + 4 * DAY)
    assert await owed(database, made, "F.1") == high
    async with database.writing() as session:
        rows = (await session.exec(scoped(Evidence, made.id).where(Evidence.presentation == "2"))).all()
        ids = [row.id for row in rows]
        session.expunge_all()
        await service.void(session, made.course, ids, "a mistake", LATER, teacher)
    assert await owed(database, made, "F.1") == low


async def test_a_score_stands_or_falls_with_the_level_that_caused_it(database: Database) -> None:
    made = await a_world(database)
    await switch_on(database, made, "F.1")
    with pytest.raises(RuntimeError, match="in the end"):
        async with database.writing() as session:
            await service.append(session, made.course, [rated(made, "F.1", "1", 1)], NOW)
            raise RuntimeError("in the end")
    assert await owed(database, made, "F.1") is None


async def test_the_best_level_counts_where_the_teacher_says_so(database: Database) -> None:
    made = await a_world(database)
    await switch_on(database, made, "F.1", counting(latest=False))
    await append(database, made, rated(made, "F.1", "1", 1))
    best = await owed(database, made, "F.1")
    await append(database, made, rated(made, "F.1", "2", 0.1, at=NOW + DAY))
    assert await owed(database, made, "F.1") == best
    # Saved again, it begins anew with today's levels.
    await switch_on(database, made, "F.1", counting(latest=False), at=LATER)
    assert await owed(database, made, "F.1") == POINTS[await level(database, made, "F.1")]


async def test_the_mean_follows_the_map_where_it_is_over_all(database: Database) -> None:
    made = await a_world(database)
    await append(database, made, rated(made, "F.1", "1", 1))
    await switch_on(database, made, None, counting(of_all=True))
    whole = POINTS[await level(database, made, "F.1")]
    assert await owed(database, made) == round(whole / 3, 2)
    async with database.writing() as session:
        found = await map_queries.course_map(session, made.id, made.course.id)
        assert found is not None
        await maps.take_out(session, made.course, [made.competencies["F.3"].id], found.revision, LATER, None)
    await following.follow(database, made.id, made.course.id, LATER)
    assert await owed(database, made) == round(whole / 2, 2)
    await switch_on(database, made, None, counting(of_all=False), at=LATER)
    assert await owed(database, made) == whole


async def test_who_has_left_is_owed_nothing_more_and_who_comes_late_is(database: Database) -> None:
    made = await a_world(database)
    await leave(database, made, 1)
    await switch_on(database, made, "F.1")
    await append(database, made, rated(made, "F.1", "1", 0.1), rated(made, "F.1", "1", 0.1, place=1))
    assert await owed(database, made, "F.1", 1) is None
    before = await owed(database, made, "F.1", 0)
    await leave(database, made, 0)
    await append(database, made, rated(made, "F.1", "2", 1, at=NOW + DAY))
    assert await owed(database, made, "F.1", 0) == before
    await leave(database, made, 1, active=True)
    await append(database, made, rated(made, "F.1", "2", 1, place=1, at=NOW + DAY))
    assert await owed(database, made, "F.1", 1) == POINTS[await level(database, made, "F.1", 1)]


async def test_who_comes_late_with_levels_is_owed_them_at_once(database: Database) -> None:
    made = await a_world(database)
    await append(database, made, rated(made, "F.1", "1", 1), rated(made, "F.1", "1", 1, place=1))
    await leave(database, made, 1)
    await switch_on(database, made, "F.1")
    assert await owed(database, made, "F.1", 1) is None
    arrives = jobs.Arriving(database, ManualClock(LATER))
    # The class list has them again.
    await leave(database, made, 1, active=True)
    await arrives.sweep()
    assert await owed(database, made, "F.1", 1) is None
    await comes(database, made, 1, LATER)
    await arrives.run(f"{made.id}:{made.course.id}")
    assert await owed(database, made, "F.1", 1) == POINTS[await level(database, made, "F.1", 1)]
    async with database.reading() as session:
        assert await course_queries.have_come(session, made.id, made.course.id) == {}
        assert await course_queries.courses_with_newcomers(session, 10) == []
    # A nudge that was lost: the sweep finds them. Who has no levels is made no learner.
    await comes(database, made, 1, LATER + DAY)
    await comes(database, made, 2, LATER + DAY)
    await arrives.sweep()
    async with database.reading() as session:
        assert await course_queries.have_come(session, made.id, made.course.id) == {}
        people = await grading_queries.learners(session, made.id, made.course.id)
    assert set(people) == {made.school.students[place].id for place in (0, 1)}


async def test_a_column_that_is_off_keeps_what_comes(database: Database) -> None:
    made = await a_world(database)
    await switch_on(database, made, "F.1")
    async with database.writing() as session:
        await grading.switch(session, made.course, made.competencies["F.1"].id, None, NOW, on=False)
    await append(database, made, rated(made, "F.1", "1", 1))
    async with database.reading() as session:
        score = (await session.exec(scoped(Score, made.id))).one()
        line_item = (await session.exec(scoped(LineItem, made.id))).one()
    assert (line_item.state, score.next_attempt_at) == (ColumnState.OFF, None)
    async with database.writing() as session:
        await grading.switch(session, made.course, made.competencies["F.1"].id, None, LATER, on=True)
    async with database.reading() as session:
        score = (await session.exec(scoped(Score, made.id))).one()
    assert score.next_attempt_at == LATER


async def test_other_points_are_owed_to_everybody_again(database: Database) -> None:
    made = await a_world(database)
    await switch_on(database, made, "F.1")
    await append(database, made, *(rated(made, "F.1", "1", 1, place=place) for place in range(3)))
    reached = await level(database, made, "F.1")
    await switch_on(database, made, "F.1", counting(**{reached: 33.0}), at=LATER)
    assert [await owed(database, made, "F.1", place) for place in range(3)] == [33.0] * 3


async def test_only_what_is_on_the_map_and_where_the_lms_allows_it(database: Database) -> None:
    made = await a_world(database)
    async with database.writing() as session:
        with pytest.raises(NotFound):
            await grading.save(session, made.course, uuid.UUID(int=7), "x", 100, counting(), None, NOW)
        with pytest.raises(NotFound):
            await grading.switch(session, made.course, made.competencies["F.1"].id, None, NOW, on=True)
    made.course.ags_scopes = []
    async with database.writing() as session:
        with pytest.raises(Conflict) as refused:
            await grading.save(session, made.course, None, "x", 100, counting(), None, NOW)
    assert refused.value.code == "no-column-here"


async def test_a_course_without_such_columns_is_asked_nothing_more(database: Database) -> None:
    made = await a_world(database)
    await append(database, made, rated(made, "F.1", "1", 0.5))
    with statements(database) as told:
        await append(database, made, rated(made, "F.1", "2", 0.6, at=NOW + DAY))
    about_columns = [text for text in told if "line_item" in text or " score" in text]
    # The question that locks the learner asks it by the way.
    assert [("learner_mastery" in text, "FOR UPDATE" in text or database.is_sqlite) for text in about_columns] == [
        (True, True)
    ]
    without = len(told)
    await switch_on(database, made, "F.2")
    with statements(database) as told:
        await append(database, made, rated(made, "F.1", "3", 0.6, at=NOW + 2 * DAY))
    assert len(told) > without


# --- Random histories ---------------------------------------------------------------------------------------------------


async def _policy(
    database: Database, made: World, how: dict[str | None, Counting]
) -> dict[tuple[str | None, int], float]:
    """What is owed by the states as they are stored, worked out by hand: for each column and present student with a level."""
    async with database.reading() as session:
        states: Sequence[MasteryState] = (await session.exec(scoped(MasteryState, made.id))).all()
        placed = await grading_queries.numbers(session, made.id, made.course.id)
    found: dict[tuple[str | None, int], float] = {}
    codes = {one.id: code for code, one in made.competencies.items()}
    on_map = {codes[competency_id] for competency_id, (_, stands) in placed.items() if stands}
    for place, student in enumerate(made.school.students):
        levels = {
            codes[state.competency_id]: state.level
            for state in states
            if state.person_id == student.id and state.standing is not Standing.NOT_STARTED
        }
        for code, counts in how.items():
            if code is not None:
                if code in levels:
                    found[code, place] = counts.points[levels[code]]
                continue
            begun = [counts.points[levels[one]] for one in levels if one in on_map]
            if begun:
                found[None, place] = round(sum(begun) / (len(on_map) if counts.of_all else len(begun)), 2)
    return found


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_owed_is_the_policy_applied_to_the_levels_of_now(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    made = await a_world(database)
    how: dict[str | None, Counting] = {None: counting(of_all=bool(seed % 2)), "F.1": counting(secure=90.0)}
    for code, counts in how.items():
        await switch_on(database, made, code, counts)
    # Who has no level any more keeps what they were owed: no number says "none".
    kept: dict[tuple[str | None, int], float] = {}
    for step in range(25):
        at = NOW + step * timedelta(hours=7)
        place = chance.randrange(3)
        code = chance.choice(sorted(made.competencies))
        match chance.randrange(8):
            case 0 | 1 | 2 | 3:
                shares = [chance.choice([0.0, 0.3, 0.7, 1.0]) for _ in range(chance.randint(1, 3))]
                await append(
                    database, made, *(rated(made, code, f"{step}-{n}", one, place, at) for n, one in enumerate(shares))
                )
            case 4:
                async with database.writing() as session:
                    await service.override(
                        session,
                        made.course,
                        made.school.students[place].id,
                        made.competencies[code].id,
                        chance.choice(list(Standing)[1:]),
                        "seen",
                        at + timedelta(hours=10),
                        at,
                        made.school.teacher.id,
                    )
            case 5:
                await service.end_overrides(database, at)
            case 6:
                await parts.recompute(database, made.id, made.course.id, at, 1)
            case _:
                how[None] = counting(of_all=chance.random() < 0.5, secure=float(chance.choice([80, 85, 90])))
                await switch_on(database, made, None, how[None], at=at)
        kept |= await _policy(database, made, how)
        for code, place in [(code, place) for code in how for place in range(3)]:
            assert await owed(database, made, code, place) == kept.get((code, place)), (step, code, place)
    assert kept


# --- To the LMS ---------------------------------------------------------------------------------------------------------


async def test_the_lms_gets_a_column_with_the_policy_as_its_tag_and_numbers_alone(database: Database) -> None:
    made = await a_world(database)
    await append(database, made, rated(made, "F.1", "1", 1), rated(made, "F.2", "1", 0.1))
    await switch_on(database, made, None, counting(of_all=True))
    lms, clock = FakeLms(), ManualClock(LATER)
    attach(database, RecordingRunner())
    worker = Deliverer(database, clock, lambda _registration, _scopes: lms, lambda _family: FakeQuirks())
    await worker.deliver(made.course.registration_id)
    column = lms.the_column()
    assert (column.data.label, column.data.tag, column.data.score_maximum) == ("Mastery", "mastery", 100)
    assert column.data.resource_id == f"mastery:{made.course.id}"
    score = column.results[made.ada.sub]
    assert (score.given, score.maximum, score.grading_progress) == (await owed(database, made), 100, "FullyGraded")
    assert set(column.results) == {made.ada.sub}


async def test_a_level_that_changes_while_a_column_is_switched_on_is_owed(own_database: Database) -> None:
    """Evidence and the teacher at once, many times: whoever comes first, in the end everybody is owed their level."""
    made = await a_world(own_database)
    await append(own_database, made, *(rated(made, "F.1", "1", 0.1, place=place) for place in range(3)))

    async def evidence(place: int) -> None:
        for number in range(4):
            await append(
                own_database, made, rated(made, "F.1", f"2-{number}", number % 2, place, NOW + (number + 1) * DAY)
            )

    await asyncio.gather(
        *(evidence(place) for place in range(3)),
        switch_on(own_database, made, "F.1"),
        switch_on(own_database, made, None),
    )
    await following.follow(own_database, made.id, made.course.id, LATER)
    for place in range(3):
        reached = POINTS[await level(own_database, made, "F.1", place)]
        assert await owed(own_database, made, "F.1", place) == reached
        assert await owed(own_database, made, None, place) == reached
