"""Evidence on both databases: what it does to levels, in whatever order it comes."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from lti_tool.audit import AuditEntry
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.mastery import queries, service
from lti_tool.mastery.entries import REPLACED, BadEvidence, NotOnMap
from lti_tool.mastery.models import Evidence, EvidenceSource, LearnerMastery, MasteryState, Standing
from lti_tool.mastery.rules import InARow, Latest, TeacherJudgement
from tests.mastery.world import DAY, World, append, standings, world
from tests.pairs import on_postgresql
from tests.playlists.seed import NOW


async def state_of(database: Database, made: World, code: str = "F.1", person: int = 0) -> MasteryState | None:
    async with database.reading() as session:
        return await queries.state(
            session, made.id, made.course.id, made.school.students[person].id, made.competencies[code].id
        )


async def standing_of(database: Database, made: World, code: str = "F.1") -> Standing:
    state = await state_of(database, made, code)
    return Standing.NOT_STARTED if state is None else state.standing


async def picture(database: Database, made: World) -> dict[str, Any]:
    """Everything that follows from evidence, without ids and the moment it was written."""
    async with database.reading() as session:
        states = (await session.exec(scoped(MasteryState, made.id))).all()
        learners = (await session.exec(scoped(LearnerMastery, made.id))).all()
        left_out = {"id", "changed_at"}
        return {
            "states": {(state.person_id, state.competency_id): state.model_dump(exclude=left_out) for state in states},
            "learners": {
                learner.person_id: learner.model_dump(exclude=left_out)
                for learner in learners
                if learner.standings or learner.predicting
            },
        }


async def test_four_of_five_right_answers_are_secure_and_a_later_one_masters(database: Database) -> None:
    """By hand: R is started, RR developing, R-RR and one more secure, and right again a week later mastered."""
    async with database.writing() as session:
        made = await world(session)
    expected = [
        (True, Standing.STARTED),
        (False, Standing.STARTED),
        (True, Standing.DEVELOPING),
        (True, Standing.DEVELOPING),
        (True, Standing.SECURE),
    ]
    for day, (right, standing) in enumerate(expected):
        await append(database, made, made.entry("F.1", f"check:{day}", NOW + day * DAY, right, item=f"q{day}"))
        assert await standing_of(database, made) is standing
    state = await state_of(database, made)
    assert state is not None
    assert (state.count, state.since, state.latest_at) == (5, NOW + 4 * DAY, NOW + 4 * DAY)
    assert state.because["code"] == "n-of-m"
    assert state.because["values"] | {"right": 4, "seen": 5} == state.because["values"]
    assert state.review_due_at == NOW + 5 * DAY
    changed = await append(database, made, made.entry("F.1", "check:9", NOW + 12 * DAY, True, item="q9"))
    assert standings(changed) == [Standing.MASTERED]
    async with database.reading() as session:
        [row] = await queries.board(session, made.id, made.course.id)
    assert row.standings["1"][:2] == [4, "mastered"]
    assert row.person_id == made.ada.id


async def test_the_same_presentation_again_is_nothing_new(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
    entry = made.entry("F.1", "check:1", NOW, True)
    await append(database, made, entry)
    before = await picture(database, made)
    assert await append(database, made, entry, now=NOW + DAY) == []
    await append(database, made, entry, entry, now=NOW + DAY)
    assert await picture(database, made) == before
    async with database.reading() as session:
        assert len((await session.exec(scoped(Evidence, made.id))).all()) == 1


async def test_a_regrade_replaces_and_says_so(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session, rule=Latest())
    await append(database, made, made.entry("F.1", "quiz:1", NOW, False))
    changed = await append(database, made, made.entry("F.1", "quiz:1", NOW, True), now=NOW + DAY)
    assert [(one.before, one.after) for one in changed] == [(Standing.STARTED, Standing.MASTERED)]
    async with database.reading() as session:
        new, old = await queries.evidence_of(session, made.id, made.course.id, made.ada.id)
    assert (new.revision, new.voided_at, new.earned) == (2, None, 1)
    assert (old.revision, old.voided_at, old.void_reason, old.earned) == (1, NOW + DAY, REPLACED, 0)


async def test_a_regrade_keeps_the_passing_mark_that_was_frozen(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
    points: dict[str, Any] = {"possible": Decimal(10), "source": EvidenceSource.LMS}
    await append(database, made, made.entry("F.1", "quiz:1", earned=Decimal(3), passing_percent=60.0, **points))
    await append(database, made, made.entry("F.1", "quiz:1", earned=Decimal(7), passing_percent=80.0, **points))
    async with database.reading() as session:
        new, _ = await queries.evidence_of(session, made.id, made.course.id, made.ada.id)
    assert (new.earned, new.passing_percent) == (7, 60)


async def test_what_a_teacher_voided_stays_void_until_its_value_changes(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
    await append(database, made, made.entry("F.1", "quiz:1", NOW, True))
    async with database.writing() as session:
        [row] = await queries.evidence_of(session, made.id, made.course.id, made.ada.id)
        session.expunge(row)
        changed = await service.void(session, made.course, [row.id], "copied", NOW + DAY, made.school.teacher.id)
    assert standings(changed) == [Standing.NOT_STARTED]
    assert await state_of(database, made) is None
    assert await append(database, made, made.entry("F.1", "quiz:1", NOW, True), now=NOW + 2 * DAY) == []
    assert standings(await append(database, made, made.entry("F.1", "quiz:1", NOW, False), now=NOW + 2 * DAY)) == [
        Standing.STARTED
    ]
    async with database.reading() as session:
        [trace] = [one for one in (await session.exec(scoped_audit(made))).all() if one.action == "mastery.voided"]
    assert trace.actor == str(made.school.teacher.id)


def scoped_audit(made: World) -> Any:
    from sqlmodel import select

    return select(AuditEntry).where(AuditEntry.organisation_id == made.id)


async def test_void_equals_never_happened(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
    answers = [made.entry("F.1", f"c:{n}", NOW + n * DAY, n % 3 != 1) for n in range(7)]
    await append(database, made, *answers[:3], *answers[4:])
    never = await picture(database, made)
    await append(database, made, answers[3], now=NOW + 9 * DAY)
    assert await picture(database, made) != never
    async with database.writing() as session:
        rows = await queries.evidence_of(session, made.id, made.course.id, made.ada.id)
        session.expunge_all()
        wrong = next(row.id for row in rows if row.presentation == "c:3")
        await service.void(session, made.course, [wrong], "wrong student", NOW + 9 * DAY)
    assert await picture(database, made) == never


async def test_late_evidence_gives_what_in_order_would_have_given(database: Database) -> None:
    async with database.writing() as session:
        one = await world(session, name="In order")
        other = await world(session, name="Late")

    def answers(made: World) -> list[Any]:
        return [made.entry("F.1", f"c:{n}", NOW + n * DAY, n != 2, item=f"q{n}") for n in range(6)]

    for entry in answers(one):
        await append(database, one, entry, now=NOW + 10 * DAY)
    late = answers(other)
    for entry in (late[5], late[1], late[0], late[3], late[2], late[4]):
        await append(database, other, entry, now=NOW + 10 * DAY)
    ours, theirs = await state_of(database, one), await state_of(database, other)
    assert ours is not None
    assert theirs is not None
    same = ("running", "standing", "level", "because", "since", "count", "latest_at", "last_key", "review_due_at")
    assert {name: getattr(ours, name) for name in same} == {name: getattr(theirs, name) for name in same}


async def test_a_self_assessment_is_kept_and_moves_nothing(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        for standing in (Standing.SECURE, Standing.MASTERED):
            await service.self_assess(
                session, made.course, made.ada.id, made.competencies["F.1"].id, standing, "I know it", NOW
            )
    assert await state_of(database, made) is None
    async with database.reading() as session:
        assert (await queries.board(session, made.id, made.course.id))[0].standings == {}
        latest, replaced = await queries.evidence_of(session, made.id, made.course.id, made.ada.id)
    assert (latest.judged, latest.entered_by, latest.voided_at) == (Standing.MASTERED, made.ada.id, None)
    assert replaced.voided_at == NOW


async def test_an_override_holds_until_its_end_and_the_computed_level_is_back(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
    await append(database, made, made.entry("F.1", "c:1", NOW, True))
    until = NOW + 10 * DAY
    async with database.writing() as session:
        changed = await service.override(
            session,
            made.course,
            made.ada.id,
            made.competencies["F.1"].id,
            Standing.SECURE,
            "Shown at the board",
            until,
            NOW + DAY,
            made.school.teacher.id,
        )
    assert standings(changed) == [Standing.SECURE]
    await append(database, made, made.entry("F.1", "c:2", NOW + 2 * DAY, True))
    state = await state_of(database, made)
    assert state is not None
    assert (state.standing, state.override_until) == (Standing.SECURE, until)
    assert state.because["code"] == "override"
    assert await service.end_overrides(database, until - timedelta(seconds=1)) == 0
    assert await standing_of(database, made) is Standing.SECURE
    assert await service.end_overrides(database, until) == 1
    assert await standing_of(database, made) is Standing.DEVELOPING
    assert await service.end_overrides(database, until) == 0
    async with database.reading() as session:
        assert (await queries.board(session, made.id, made.course.id))[0].standings["1"][0] == 2


async def test_an_override_can_be_ended_before_its_time(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        one, who = made.competencies["F.1"].id, made.ada.id
        teacher = made.school.teacher.id
        await service.override(session, made.course, who, one, Standing.MASTERED, "because", None, NOW, teacher)
    assert await standing_of(database, made) is Standing.MASTERED
    async with database.writing() as session:
        await service.end_override(session, made.course, who, one, "no longer", NOW + DAY, teacher)
    assert await standing_of(database, made) is Standing.NOT_STARTED


async def test_many_students_are_observed_at_once_and_a_sheet_sent_twice_is_one(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session, rules={"F.2": TeacherJudgement().to_json()})
    first, second = made.competencies["F.1"].id, made.competencies["F.2"].id
    people = [student.id for student in made.school.students]
    seen = [service.Observed(person, first, right=place != 1) for place, person in enumerate(people)]
    seen.append(service.Observed(people[0], second, judged=Standing.SECURE, note="explained it to others"))
    for _ in range(2):
        async with database.writing() as session:
            await service.observe_many(session, made.course, seen, "sheet-1", NOW, NOW, made.school.teacher.id)
    async with database.reading() as session:
        rows = (await session.exec(scoped(Evidence, made.id))).all()
        board = {row.person_id: row.standings for row in await queries.board(session, made.id, made.course.id)}
    assert len(rows) == 4
    assert {row.entered_by for row in rows} == {made.school.teacher.id}
    assert board[people[0]]["2"][0] == 3
    assert [board[person]["1"][0] for person in people] == [1, 1, 1]


async def test_a_criterion_is_frozen_on_what_was_begun(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
    await append(database, made, made.entry("F.1", "c:1", NOW, True))
    async with database.writing() as session:
        made.course_map.rule = InARow(n=1).to_json()
        session.add(made.course_map)
    ben = made.school.students[1].id
    await append(
        database, made, made.entry("F.1", "c:2", NOW, True), made.entry("F.1", "c:1", NOW, True, person_id=ben)
    )
    assert await standing_of(database, made) is Standing.DEVELOPING
    begun_now = await state_of(database, made, person=1)
    assert begun_now is not None
    assert begun_now.standing is Standing.SECURE


@on_postgresql
@pytest.mark.parametrize(
    "wrong",
    [
        {"earned": Decimal(1)},
        {"earned": Decimal(1), "possible": Decimal(0)},
        {"earned": Decimal("NaN"), "possible": Decimal(1)},
        {"earned": Decimal("Infinity"), "possible": Decimal(1)},
        {"earned": Decimal(1), "possible": Decimal(10_000_000)},
        {},
        {"judged": Standing.SECURE, "presentation": ""},
        {"judged": Standing.SECURE, "presentation": "x" * 256},
        {"judged": Standing.SECURE, "observed_at": NOW + DAY},
        {"judged": Standing.SECURE, "observed_at": datetime(2026, 9, 1)},  # noqa: DTZ001
        {"judged": Standing.SECURE, "until": NOW + DAY},
        {"judged": Standing.SECURE, "weight": Decimal(0)},
        {"judged": Standing.SECURE, "passing_percent": 101.0},
        {"judged": Standing.SECURE, "note": "x" * 1001},
        {"judged": Standing.SECURE, "source": EvidenceSource.OVERRIDE},
        {"judged": Standing.SECURE, "source": EvidenceSource.OVERRIDE, "note": "why", "until": NOW},
        {"earned": Decimal(1), "possible": Decimal(1), "source": EvidenceSource.SELF},
    ],
)
async def test_what_is_no_evidence_is_refused(database: Database, wrong: dict[str, Any]) -> None:
    async with database.writing() as session:
        made = await world(session)
        given = {"presentation": "p", "observed_at": NOW} | wrong
        entry = made.entry("F.1", given.pop("presentation"), given.pop("observed_at"), **given)
        with pytest.raises(BadEvidence):
            await service.append(session, made.course, [entry], NOW)


async def test_what_is_not_on_the_map_is_refused(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        other = await world(session, name="Elm School")
        strange = [other.competencies["F.1"].id, uuid.uuid4()]
        for competency_id in strange:
            for source in (EvidenceSource.CHECK, EvidenceSource.SELF):
                entry = made.entry("F.1", "p", judged=Standing.SECURE, source=source)
                with pytest.raises(NotOnMap):
                    await service.append(
                        session, made.course, [type(entry)(**{**_fields(entry), "competency_id": competency_id})], NOW
                    )


def _fields(entry: Any) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in entry.__slots__}


async def test_voiding_needs_a_reason_and_stays_in_the_course(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        other = await world(session, name="Elm School")
        await service.append(session, made.course, [made.entry("F.1", "p", NOW, True)], NOW)
        [row] = await queries.evidence_of(session, made.id, made.course.id, made.ada.id)
        session.expunge(row)
        with pytest.raises(BadEvidence):
            await service.void(session, made.course, [row.id], " ", NOW)
        for course in (other.course,):
            with pytest.raises(NotFound):
                await service.void(session, course, [row.id], "why", NOW)
