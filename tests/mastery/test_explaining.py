"""Sentences about stored states, and how a level came about."""

from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.db.session import Database
from lti_tool.mastery import explaining, queries, service
from lti_tool.mastery.explaining import Audience
from lti_tool.mastery.models import Standing
from tests.mastery.world import DAY, append, world
from tests.playlists.seed import NOW


async def test_a_stored_state_says_why_to_the_student_and_to_the_teacher(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
    for day in range(5):
        await append(database, made, made.entry("F.1", f"c:{day}", NOW + day * DAY, day != 1, item=f"q{day}"))
    async with database.reading() as session:
        [state] = await queries.states_of_person(session, made.id, made.course.id, made.ada.id)
        told = await explaining.explained(session, state, NOW + 4 * DAY)
        to_teacher = await explaining.explained(session, state, NOW + 30 * DAY, Audience.TEACHER)
    student = "Secure: 4 of your last 5 right, the latest on September 5; a review is due on September 6."
    assert told.sentence == student
    assert explaining.sentence(state, NOW + 4 * DAY) == student
    assert to_teacher.sentence == "Secure: 4 of the last 5 right, the latest on September 5; a review is due now."
    assert told.missing == "For Mastered: a right answer on September 12 or later."
    assert (told.fell, told.overridden, told.review_due_at) == (None, False, NOW + 5 * DAY)
    assert told.level is not None
    assert told.level.key == "secure"


async def test_how_a_level_came_about_is_told_from_the_evidence(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
    for day in range(3):
        await append(database, made, made.entry("F.1", f"c:{day}", NOW + day * DAY, True, item=f"q{day}"))
    who, one = made.ada.id, made.competencies["F.1"].id
    async with database.writing() as session:
        await service.override(
            session, made.course, who, one, Standing.MASTERED, "orally", NOW + 5 * DAY, NOW + 3 * DAY, None
        )
    await append(database, made, made.entry("F.1", "c:9", NOW + 6 * DAY, True, item="q9"))
    async with database.reading() as session:
        [state] = await queries.states_of_person(session, made.id, made.course.id, who)
        evidence = await queries.evidence_of(session, made.id, made.course.id, who, one)
        steps = await explaining.history(session, state, evidence, NOW + 7 * DAY)
    by_id = {row.id: row.presentation.partition(":")[0] + row.presentation[-1] for row in evidence}
    found = [(step.at, step.after, by_id.get(step.evidence_id) if step.evidence_id else None) for step in steps]
    assert [(at, after) for at, after, _ in found] == [
        (NOW, Standing.STARTED),
        (NOW + DAY, Standing.DEVELOPING),
        (NOW + 3 * DAY, Standing.MASTERED),
        (NOW + 5 * DAY, Standing.DEVELOPING),
        (NOW + 6 * DAY, Standing.SECURE),
    ]
    assert [name for *_, name in found][:2] == ["c0", "c1"]
    assert found[3][2] is None
    assert found[4][2] == "c9"


async def test_a_look_at_a_learners_evidence_leaves_a_trace_and_their_own_does_not(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        explaining.note_look(session, made.course, made.ada.id, NOW, made.school.teacher.id)
        explaining.note_look(session, made.course, made.ada.id, NOW, made.ada.id)
    async with database.reading() as session:
        [trace] = (await session.exec(select(AuditEntry).where(AuditEntry.organisation_id == made.id))).all()
    assert (trace.action, trace.actor, trace.subject) == (
        explaining.LOOKED,
        str(made.school.teacher.id),
        f"person {made.ada.id}",
    )
