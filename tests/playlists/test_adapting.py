"""What planning is told of checks that choose their questions by the answers so far."""

from datetime import timedelta

from lti_tool.checks import selecting
from lti_tool.checks.models import Check, Selection
from lti_tool.db.session import Database
from lti_tool.playlists import personal, personal_queries
from tests.checks import asked
from tests.checks.taking import a_bank, a_check
from tests.playlists.seed import NOW


async def test_an_adaptive_check_with_enough_questions_adapts_and_another_is_another_plan(database: Database) -> None:
    async with database.writing() as session:
        made = await a_bank(session, [asked.choice()] * selecting.LEAST_FOR_ADAPTIVE)
        choosing = await a_check(session, made, title="Chooses", selection=Selection.ADAPTIVE)
        await a_check(session, made, title="All", selection=Selection.ALL)
        await a_check(session, made, made.rows[1:], title="Too few", selection=Selection.ADAPTIVE)
        session.expunge_all()
    school, course = made.world.id, made.world.course.id
    async with database.reading() as session:
        rows = await personal_queries.items(session, school, course, NOW)
        before = await personal_queries.course_times(session, school, course, NOW)
        book = await personal.book(session, school, course, NOW, before)
    assert {row.title for row in rows if row.adapts} == {"Chooses"}
    assert {item.title for item in book.items.values() if item.adapts} <= {"Chooses"}
    assert before.checks == NOW
    async with database.writing() as session:
        check = await session.get(Check, (school, choosing.id))
        assert check is not None
        check.selection, check.changed_at = Selection.ALL, NOW + timedelta(minutes=1)
        session.add(check)
    async with database.reading() as session:
        after = await personal_queries.course_times(session, school, course, NOW)
        rows = await personal_queries.items(session, school, course, NOW)
    assert after != before
    assert not any(row.adapts for row in rows)
