"""The page of school days: who may change it, what it refuses, and that the class page counts by it."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest

from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from lti_tool.playlists import monitor_queries, school_days, service
from lti_tool.playlists.monitor_rules import Calendar, Span, spans_of
from lti_tool.playlists.school_days import Calendars
from tests.pairs import on_postgresql
from tests.playlists import seed
from tests.playlists.site import Site
from tests.playlists.test_routes import assigned, copy_of
from tests.playlists.watching import visiting

FORMS = ("/calendar", "/calendar/days-off", "/calendar/days-off/remove")


async def calendar(site: Site) -> Calendar:
    async with site.database.reading() as session:
        return await monitor_queries.calendar(session, site.school.id, site.school.course.id)


async def test_nobody_comes_in_without_a_session(site: Site) -> None:
    async with site.client() as client:
        assert (await client.get(f"{site.course}/calendar")).status_code == 401
        for form in FORMS:
            assert (await client.post(site.course + form, data={"weekday": "1"})).status_code in (401, 403)
    assert await calendar(site) == Calendar()


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER, Role.OTHER])
async def test_it_is_for_teachers(site: Site, role: Role) -> None:
    visitor = await site.sign_in(site.school.students[0], role)
    assert (await visitor.get(f"{site.course}/calendar")).status_code == 403
    for form in FORMS:
        assert (await visitor.post(site.course + form, weekday="1", first="2026-12-21")).status_code == 403
    assert await calendar(site) == Calendar()


async def test_another_school_finds_nothing(site: Site) -> None:
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    visitor = await site.sign_in(other.teacher, Role.TEACHER, school=other)
    await visitor.get(f"/courses/{other.course.id}/calendar")
    assert (await visitor.get(f"{site.course}/calendar")).status_code == 404
    for form in FORMS:
        assert (await visitor.post(site.course + form, weekday="1", first="2026-12-21")).status_code == 404
    assert await calendar(site) == Calendar()


async def test_a_teacher_says_when_there_is_school(site: Site) -> None:
    teacher = await site.teacher()
    page = await teacher.get(f"{site.course}/calendar")
    assert page.status_code == 200
    assert "Nobody has changed anything here yet" in page.text

    page = await teacher.post(f"{site.course}/calendar", weekday=["1", "2", "3", "4"], quiet_after="3")
    assert "Saved." in page.text
    page = await teacher.post(f"{site.course}/calendar/days-off", first="2026-12-21", last="2027-01-03")
    assert "Monday, December 21, 2026" in page.text
    assert "14 days" in page.text
    page = await teacher.post(f"{site.course}/calendar/days-off", many="2026-10-12\n2026-11-23 to 2026-11-27")
    found = await calendar(site)
    assert (found.weekdays, found.quiet_after) == (frozenset({1, 2, 3, 4}), 3)
    assert found.off[0] == Span(date(2026, 10, 12), date(2026, 10, 12))
    assert len(found.off) == 3

    await teacher.post(f"{site.course}/calendar/days-off/remove", first="2026-11-23")
    await teacher.post(f"{site.course}/calendar/days-off/remove", first="2026-11-23")
    assert [span.first for span in (await calendar(site)).off] == [date(2026, 10, 12), date(2026, 12, 21)]


@on_postgresql
@pytest.mark.parametrize(
    ("form", "fields", "says"),
    [
        ("/calendar", {"quiet_after": "3"}, "Please choose at least one day of the week."),
        ("/calendar", {"weekday": "1", "quiet_after": "0"}, "Please enter whole days from 1 to 60."),
        ("/calendar", {"weekday": "1", "quiet_after": "2.5"}, "Please enter whole days from 1 to 60."),
        ("/calendar/days-off", {"first": "soon"}, "Please enter a day."),
        ("/calendar/days-off", {"first": "2026-12-21", "last": "2026-12-20"}, "The last day has to be the same"),
        ("/calendar/days-off", {"many": "<b>Easter</b>"}, "One line is no day."),
    ],
)
async def test_what_is_no_calendar_is_refused_with_a_sentence(
    site: Site, form: str, fields: dict[str, str], says: str
) -> None:
    teacher = await site.teacher()
    await teacher.get(f"{site.course}/calendar")
    page = await teacher.post(site.course + form, **fields)
    assert page.status_code == 422
    assert says in page.text
    assert "<b>Easter" not in page.text
    assert await calendar(site) == Calendar()


async def test_more_days_off_than_there_is_room_for_change_nothing(site: Site) -> None:
    teacher = await site.teacher()
    await teacher.get(f"{site.course}/calendar")
    many = [(date(2026, 1, 1) + timedelta(days=2 * day)).isoformat() for day in range(360)]
    assert (await teacher.post(f"{site.course}/calendar/days-off", many="\n".join(many))).status_code == 200
    page = await teacher.post(
        f"{site.course}/calendar/days-off",
        many="\n".join((date(2030, 1, 1) + timedelta(days=2 * day)).isoformat() for day in range(40)),
    )
    assert page.status_code == 400
    assert "more days off than a calendar holds" in page.text
    assert len((await calendar(site)).off) == 360


async def test_the_class_page_counts_by_it(site: Site) -> None:
    playlist = await assigned(site)
    path = await copy_of(site, playlist)
    friday = datetime(2026, 12, 18, 10, tzinfo=UTC)
    async with site.database.writing() as session:
        await service.open_step(
            session, site.school.course, site.school.students[0].id, path.copy.id, path.present[0].id, friday
        )
    site.clock.move(datetime(2027, 1, 4, 10, tzinfo=UTC) - site.clock.now())
    teacher = await site.teacher()
    address = f"{site.course}/playlists/{playlist.id}/progress"
    assert "No movement for 10 school days" in (await teacher.get(address)).text

    await teacher.post(f"{site.course}/calendar/days-off", first="2026-12-21", last="2027-01-03")
    assert "No movement" not in (await teacher.get(address)).text


async def test_two_teachers_at_once_lose_no_day(own_database: Database) -> None:
    async with own_database.writing() as session:
        here = visiting(await seed.school(session))
        session.expunge_all()

    async def add(day: int) -> None:
        async with own_database.writing() as session:
            await school_days.add_days_off(
                session, Calendars.of(here), (Span(date(2027, 1, day), date(2027, 1, day)),), seed.NOW
            )

    await asyncio.gather(*(add(day) for day in (4, 6, 8)))
    async with own_database.reading() as session:
        found = await monitor_queries.calendar(session, here.organisation_id, here.course.id)
    assert [span.first.day for span in found.off] == [4, 6, 8]


async def school_says(site: Site, weekdays: str, days_off: str) -> None:
    whose = Calendars(site.school.id, None, None)
    async with site.database.writing() as session:
        await school_days.set_school_week(session, whose, frozenset(int(day) for day in weekdays), seed.NOW)
        await school_days.add_days_off(session, whose, spans_of(days_off), seed.NOW)


async def test_what_the_school_says_holds_for_the_course_and_a_course_adds_its_own(site: Site) -> None:
    await school_says(site, "71234", "2026-12-21..2027-01-03")
    teacher = await site.teacher()
    page = await teacher.get(f"{site.course}/calendar")
    assert "Of the whole school" in page.text
    assert "Monday, December 21, 2026" in page.text
    assert 'id="weekday-5"' not in page.text  # No school on Fridays: nothing to tick.
    await teacher.post(f"{site.course}/calendar/days-off", first="2026-12-18", last="2026-12-20")
    assert await calendar(site) == Calendar(
        frozenset({7, 1, 2, 3, 4}), (Span(date(2026, 12, 18), date(2027, 1, 3)),), 5
    )
    # A teacher cannot take the school's days away, and a day of the week that the school has not is none.
    await teacher.post(f"{site.course}/calendar/days-off/remove", first="2026-12-21")
    await teacher.post(f"{site.course}/calendar", weekday=["1", "2", "5"], quiet_after="5")
    assert await calendar(site) == Calendar(frozenset({1, 2}), (Span(date(2026, 12, 18), date(2027, 1, 3)),), 5)
    # The school's own week is no choice of the course's: it follows.
    await teacher.post(f"{site.course}/calendar", weekday=["7", "1", "2", "3", "4"], quiet_after="5")
    await school_says(site, "12345", "2026-10-12")
    assert (await calendar(site)).weekdays == frozenset({1, 2, 3, 4, 5})


async def test_two_administrators_at_once_lose_no_day(own_database: Database) -> None:
    async with own_database.writing() as session:
        school = await seed.school(session)
        whose = Calendars(school.id, None, None)

    async def add(day: int) -> None:
        async with own_database.writing() as session:
            await school_days.add_days_off(session, whose, (Span(date(2027, 1, day), date(2027, 1, day)),), seed.NOW)

    await asyncio.gather(*(add(day) for day in (4, 6, 8)))
    async with own_database.reading() as session:
        found = monitor_queries.school_days(await monitor_queries.school_row(session, whose.organisation_id))
    assert found is not None
    assert [span.first.day for span in found.off] == [4, 6, 8]
