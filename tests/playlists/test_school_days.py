"""A school's day begins at its own midnight: plans, days left, nudges, and what pages write."""

from datetime import UTC, date, datetime, timedelta

import pytest

from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.playlists import personal, replanning, school_days, views
from lti_tool.playlists import personal_queries as queries
from lti_tool.playlists.models import Playlist, StepState
from lti_tool.playlists.monitor_rules import Calendar, Span
from tests.playlists import path_world
from tests.playlists.seed import NOW
from tests.playlists.site import Site
from tests.playlists.test_replanning import begin, steps
from tests.playlists.test_routes import assigned, copy_of


async def lies_in(database: Database, organisation_id: object, zone: str | None) -> None:
    async with database.writing() as session:
        school = await session.get(Organisation, organisation_id)
        assert school is not None
        school.time_zone = zone


async def test_a_plan_moves_on_at_the_schools_midnight(database: Database) -> None:
    async with database.writing() as session:
        made = await path_world.path_world(session)
        await path_world.personal(session, made)
    course, ada = made.world.course, made.world.ada.id
    await lies_in(database, made.id, "America/Los_Angeles")
    evening = datetime(2026, 9, 2, 4, tzinfo=UTC)  # Nine in the evening of the 1st.
    assert (await replanning.up_to_date(database, course, ada, evening)).planned == 1
    first = (await steps(database, made))[0]
    async with database.writing() as session:
        row = await session.get(path_world.PersonalPlaylist, (made.id, made.copies[ada].id))
        assert row is not None
        row.planned = {**(row.planned or {}), "again": "2026-09-02"}
    for hours, planned in ((0, 0), (2, 0), (3, 1)):
        report = await replanning.up_to_date(database, course, ada, evening + timedelta(hours=hours))
        assert report.planned == planned
    # What was done late in the evening was done on that day.
    await begin(database, made, first, StepState.DONE, at=evening)
    async with database.reading() as session:
        copies, times = await queries.copies_and_times(session, made.id, course.id, [ada], evening)
        book = await personal.book(session, made.id, course.id, evening, times)
        asked = queries.Asked(made.id, course.id, [ada])
        known = await personal.known(session, book, asked, copies)
        learner = personal.learner(book, known, copies[0], personal.terms(copies[0]).planning, evening)
    assert [walked.on for walked in learner.walked] == [date(2026, 9, 1)]
    assert first.content_item_id is not None
    assert learner.items[first.content_item_id].last_on == date(2026, 9, 1)


async def test_another_zone_is_another_plan(database: Database) -> None:
    async with database.writing() as session:
        made = await path_world.path_world(session)
        await path_world.personal(session, made)
    course, ada = made.world.course, made.world.ada.id
    await replanning.up_to_date(database, course, ada, NOW)
    assert (await replanning.up_to_date(database, course, ada, NOW)).planned == 0
    await lies_in(database, made.id, "Pacific/Auckland")
    assert (await replanning.up_to_date(database, course, ada, NOW)).planned == 1


def test_days_left_say_how_many_of_them_are_school_days() -> None:
    friday = datetime(2026, 9, 4, 9, tzinfo=UTC)
    due = datetime(2026, 9, 9, 21, tzinfo=UTC)
    holiday = Calendar(off=(Span(date(2026, 9, 7), date(2026, 9, 7)),))
    assert views.days_until(friday, due, friday) == views.Days(left=6, total=6, school=4)
    assert views.days_until(friday, due, friday, holiday) == views.Days(left=6, total=6, school=3)


async def due(site: Site, at: datetime) -> str:
    playlist = await assigned(site)
    async with site.database.writing() as session:
        row = await session.get(Playlist, (site.school.id, playlist.id))
        assert row is not None
        row.due_at = at
    return f"{site.course}/my/{(await copy_of(site, playlist)).copy.id}"


@pytest.mark.parametrize(
    ("school", "reader", "shown", "left"),
    [
        (None, None, None, "2 of your 2 days left"),
        ("Pacific/Auckland", None, "Pacific/Auckland", "1 of your 2 days left"),
        ("America/Denver", None, "America/Denver", "1 of your 1 days left"),
        ("America/Denver", "Europe/Madrid", "Europe/Madrid", "2 of your 2 days left"),
    ],
)
async def test_pages_are_in_the_readers_zone_or_the_schools(
    site: Site, school: str | None, reader: str | None, shown: str | None, left: str
) -> None:
    site.clock.move(datetime(2026, 9, 1, 14, tzinfo=UTC) - site.clock.now())
    address = await due(site, datetime(2026, 9, 2, 3, tzinfo=UTC))
    await lies_in(site.database, site.school.id, school)
    ada = await site.sign_in(site.school.students[0], time_zone=reader)
    page = await ada.get(address)
    assert (f'data-time-zone="{shown}"' in page.text) == (shown is not None)
    assert left in page.text


async def test_school_days_are_named_on_the_students_page(site: Site) -> None:
    site.clock.move(datetime(2026, 9, 4, 14, tzinfo=UTC) - site.clock.now())
    page = await (await site.student()).get(await due(site, datetime(2026, 9, 8, 22, tzinfo=UTC)))
    assert "5 of your 8 days left, 3 school days" in page.text


async def test_one_nudge_a_day_is_one_a_day_of_the_school(site: Site) -> None:
    playlist = await assigned(site)
    await lies_in(site.database, site.school.id, "America/Los_Angeles")
    site.clock.move(datetime(2026, 9, 2, 3, tzinfo=UTC) - site.clock.now())  # Eight in the evening.
    address = f"{site.course}/playlists/{playlist.id}/nudge"
    ada = str(site.school.students[0].id)
    for hours, says in ((0, "Nudged"), (3, "had a nudge today already"), (2, "Nudged")):
        site.clock.move(timedelta(hours=hours))
        teacher = await site.teacher()
        await teacher.get(f"{site.course}/playlists/{playlist.id}/progress")
        answer = await teacher.post(address, person=ada)
        assert says in answer.text


async def test_reviews_fall_due_on_school_days_and_a_changed_calendar_is_another_plan(database: Database) -> None:
    async with database.writing() as session:
        made = await path_world.path_world(session)
        await path_world.personal(session, made)
    course, ada = made.world.course, made.world.ada.id

    async def due(day: date) -> date:
        async with database.reading() as session:
            _, times = await queries.copies_and_times(session, made.id, course.id, [ada], NOW)
            book = await personal.book(session, made.id, course.id, NOW, times)
        return personal._reviews(book, {"1": ["secure", 0, (day - date(1970, 1, 1)).days]})[1]

    await replanning.up_to_date(database, course, ada, NOW)
    saturday, monday = date(2026, 12, 19), date(2026, 12, 21)
    assert await due(saturday) == monday
    async with database.writing() as session:
        whose = school_days.Calendars(made.id, None, None)
        await school_days.add_days_off(session, whose, (Span(monday, date(2027, 1, 3)),), NOW)
    assert await due(saturday) == date(2027, 1, 4)
    assert (await replanning.up_to_date(database, course, ada, NOW)).planned == 1
    async with database.writing() as session:
        whose = school_days.Calendars(made.id, course.id, None)
        await school_days.add_days_off(session, whose, (Span(date(2027, 1, 4), date(2027, 1, 4)),), NOW)
    assert await due(saturday) == date(2027, 1, 5)
    assert (await replanning.up_to_date(database, course, ada, NOW)).planned == 1
    assert (await replanning.up_to_date(database, course, ada, NOW)).planned == 0
