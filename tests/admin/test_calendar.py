"""A school's time zone, week and days off in the console: whose they are, what is refused, and that courses count by them."""

import uuid
from datetime import UTC, date, datetime

import pytest

from lti_tool.db.organisation import Organisation
from lti_tool.playlists import monitor_queries
from lti_tool.playlists.monitor_rules import Calendar, Span
from tests.admin.site import TEACHER, School, Site
from tests.lti.support import TOOL

FORMS = ("", "/zone", "/days-off", "/days-off/remove", "/days-off/upload")
FIELDS = {"weekday": "1", "first": "2026-12-21", "time_zone": "UTC"}
FILE = (
    b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20261221\r\nDTEND;VALUE=DATE:20270104\r\nSUMMARY:<b>Winter\r\n"
    b"END:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20200101\r\nSUMMARY:Over\r\nEND:VEVENT\r\n"
    b"BEGIN:VEVENT\r\nDTSTART:20261110T180000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def at(school: School, more: str = "") -> str:
    return f"/admin/calendar/{school.organisation_id}{more}"


async def said(site: Site, school: School | None = None) -> Calendar | None:
    async with site.database.reading() as session:
        row = await monitor_queries.school_row(session, (school or site.school).organisation_id)
        return monitor_queries.school_days(row)


async def test_nobody_comes_in_without_a_session(site: Site) -> None:
    visitor = site.anybody()
    assert (await visitor.get("/admin/calendar", follow=False)).status_code == 401
    assert (await visitor.get(at(site.school))).status_code == 401
    for form in FORMS:
        assert (await visitor.client.post(at(site.school, form), data=FIELDS)).status_code in (401, 403)
    assert await said(site) is None


async def test_it_is_for_administrators_of_the_school(site: Site) -> None:
    teacher = await site.launched(TEACHER)
    other = await site.administrator(site.other, sub="other")
    for visitor, status in ((teacher, 403), (other, 404)):
        assert (await visitor.get(at(site.school))).status_code == status
        for form in FORMS:
            assert (await visitor.post(at(site.school, form), **FIELDS)).status_code == status
    assert await said(site) is None
    assert (await other.post(f"/admin/calendar/{uuid.uuid4()}", weekday="1")).status_code == 404


async def test_an_administrator_says_where_the_school_is_and_when_it_has_school(site: Site) -> None:
    visitor = await site.administrator()
    page = await visitor.get("/admin/calendar")
    assert page.url.path == at(site.school)
    assert "Monday to Friday, no days off." in page.text
    page = await visitor.post(at(site.school), weekday=["7", "1", "2", "3", "4"])
    assert "It holds for all courses." in page.text
    page = await visitor.post(at(site.school, "/days-off"), first="2026-12-21", last="2027-01-03")
    assert "14 days" in page.text
    await visitor.post(at(site.school, "/days-off"), many="2026-10-12\n2026-11-26 to 2026-11-27")
    await visitor.post(at(site.school, "/days-off/remove"), first="2026-10-12")
    assert await said(site) == Calendar(
        frozenset({7, 1, 2, 3, 4}),
        (Span(date(2026, 11, 26), date(2026, 11, 27)), Span(date(2026, 12, 21), date(2027, 1, 3))),
    )
    assert await said(site, site.other) is None

    page = await visitor.post(at(site.school, "/zone"), time_zone="Asia/Amman")
    assert '<option value="Asia/Amman" selected>' in page.text
    page = await visitor.post(at(site.school, "/zone"), time_zone="Mars/Olympus")
    assert (page.status_code, "Choose one of the list" in page.text) == (422, True)
    async with site.database.reading() as session:
        school = await session.get(Organisation, site.school.organisation_id)
        assert school is not None
        assert school.time_zone == "Asia/Amman"
    actions = [action for action, _ in await site.actions()]
    assert (actions.count("calendar.of-school"), actions.count("organisation.time-zone")) == (4, 1)


@pytest.mark.parametrize(
    ("form", "fields", "says"),
    [
        ("", {"weekday": "9"}, "Please choose at least one day of the week."),
        ("/days-off", {"first": "soon"}, "Please enter a day."),
        ("/days-off", {"first": "2026-12-21", "last": "2026-12-20"}, "The last day has to be the same"),
        ("/days-off", {"span": "2026-12-21..x"}, "One line is no day."),
        ("/days-off/upload", {"file": "none"}, "This is no calendar."),
    ],
)
async def test_what_is_no_calendar_is_refused_with_a_sentence(
    site: Site, form: str, fields: dict[str, str], says: str
) -> None:
    visitor = await site.administrator()
    page = await visitor.post(at(site.school, form), **fields)
    assert page.status_code == 422
    assert says in page.text
    assert await said(site) is None


async def test_days_off_are_chosen_from_a_calendars_file(site: Site) -> None:
    site.clock.move(datetime(2026, 11, 1, 10, tzinfo=UTC) - site.clock.now())
    visitor = await site.administrator()
    await visitor.get(at(site.school))
    page = await visitor.client.post(
        at(site.school, "/days-off/upload"),
        data={"session": visitor.session},
        files={"file": ("school.ics", FILE, "text/calendar")},
        headers={"Origin": TOOL} | visitor.headers,
    )
    assert page.status_code == 200, page.text
    assert "&lt;b&gt;Winter" in page.text
    assert "1 entry with a time of day is left out" in page.text
    assert page.text.count(" checked") == 1
    assert await said(site) is None
    added = await visitor.post(at(site.school, "/days-off"), span=["2026-12-21..2027-01-03"])
    assert "It holds for all courses." in added.text
    found = await said(site)
    assert found is not None
    assert found.off == (Span(date(2026, 12, 21), date(2027, 1, 3)),)


async def test_the_owner_chooses_whose_it_is(site: Site) -> None:
    owner = await site.owner()
    page = await owner.get("/admin/calendar")
    assert at(site.school) in page.text
    assert at(site.other) in page.text
    assert "It holds for all courses." in (await owner.post(at(site.other), weekday="1")).text
    assert (await said(site), (await said(site, site.other)) is not None) == (None, True)
