"""The teacher's page of readings, on both databases: how far, what was found, what is wrong, and nothing to press in vain."""

import asyncio
import uuid
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from lti_tool.clock import ManualClock
from lti_tool.content import routes
from lti_tool.content.models import ItemKind
from lti_tool.content.service import add_address, add_from_gradebook
from lti_tool.content.sync import pages, queries, rules, showing
from lti_tool.content.sync.engine import Reader
from lti_tool.content.sync_models import CourseSync, SyncPhase
from lti_tool.content.taking import Takers
from lti_tool.courses import freshness
from lti_tool.courses.models import Course, Membership
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from tests.courses.school import NOW, come_in
from tests.courses.site import Site, a_site

from .conftest import CUSTOM, Canvas, assignment, connect_school, course_of, item, submission


async def read(site: Site) -> None:
    await Reader(site.database, site.connectors, Takers(), site.clock, chance=lambda: 0.5).read(await course_of(site))


async def note(site: Site, **values: Any) -> None:
    """Have the course's row say this."""
    course = await course_of(site)
    async with site.database.writing() as session:
        await queries.begin(session, course.organisation_id, course.id, NOW)
        row = (await session.exec(scoped(CourseSync, course.organisation_id))).one()
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


async def read_at(site: Site, moment: datetime | None) -> None:
    """Have the course's contents have been read then."""
    found = await course_of(site)
    async with site.database.writing() as session:
        course = await session.get(Course, (found.organisation_id, found.id))
        assert course is not None
        course.content_read_at = moment
        session.add(course)


async def test_the_page_says_when_it_was_read_last_and_what_was_found(site: Site, canvas: Canvas) -> None:
    canvas.module("Week 1", item(1, "Essay", "Assignment", content_id=5), item(2, "Rivers"))
    canvas.assignments = [assignment(5)]
    canvas.submissions = [submission(40, 5, 8)]
    await come_in(site.database, site.school.launch("s1", custom=CUSTOM))
    visitor = await site.teacher(custom=CUSTOM | {"canvas_user_id": "50"})
    await read(site)
    site.clock.move(timedelta(minutes=5))
    page = await visitor.get(f"{visitor.course}/content")
    assert page.status_code == 200
    words = " ".join(page.text.split())
    for said in ("Content and results", "Last read", "1 student asked about", "2 new items", "1 result", "Read again"):
        assert said in words
    assert "hx-trigger" not in page.text.split('id="reading"')[1].split(">")[0]
    assert "Access to your LMS" in page.text


async def test_while_it_is_read_the_page_shows_how_far_and_looks_again(site: Site, canvas: Canvas) -> None:
    canvas.module("Week 1", item(1, "Rivers"))
    visitor = await site.teacher(custom=CUSTOM)
    await visitor.get(f"{visitor.course}/content")
    lease = {"lease": "a", "lease_until": site.clock.now() + rules.LEASE, "due_at": NOW}
    await note(site, phase=SyncPhase.RESULTS, done=1200, total=5000, **lease)
    for path in ("/content", "/content/reading"):
        shown = (await visitor.get(visitor.course + path)).text
        section = shown[shown.index('<section id="reading"') :]
        assert f'hx-get="{visitor.course}/content/reading"' in section
        assert 'value="1200" max="5000"' in section
        assert "1,200 of 5,000 students" in " ".join(section.split())
    fragment = await visitor.get(f"{visitor.course}/content/reading")
    assert "<html" not in fragment.text
    # What nobody can count is said without a number; what is over is said, and looks no more.
    await note(site, phase=SyncPhase.CONTENTS, done=0, total=0)
    fragment = await visitor.get(f"{visitor.course}/content/reading")
    assert "Reading what the course holds" in fragment.text
    assert "max=" not in fragment.text
    await note(site, lease=None, lease_until=None, phase=SyncPhase.IDLE, due_at=None, finished_at=NOW)
    fragment = await visitor.get(f"{visitor.course}/content/reading")
    assert "hx-get" not in fragment.text
    assert "This is what the course holds now." in fragment.text


async def test_a_dead_reading_is_not_shown_as_one(site: Site, canvas: Canvas) -> None:
    visitor = await site.teacher(custom=CUSTOM)
    await visitor.get(f"{visitor.course}/content")
    await note(site, phase=SyncPhase.RESULTS, lease="a", lease_until=NOW - timedelta(seconds=1), due_at=None)
    assert "hx-get" not in (await visitor.get(f"{visitor.course}/content/reading")).text


async def test_trouble_is_said_with_what_to_do_and_when_it_is_tried_again(site: Site, canvas: Canvas) -> None:
    canvas.module("Week 1", item(1, "Rivers"))
    visitor = await site.teacher(custom=CUSTOM)
    await visitor.get(f"{visitor.course}/content")
    later = NOW + timedelta(minutes=4)
    await note(
        site,
        trouble="api-busy",
        failures=2,
        due_at=later,
        finished_at=NOW,
        report={"results": 3, "troubles": {"completion": "api-not-permitted"}},
    )
    page = await visitor.get(f"{visitor.course}/content")
    assert "Your LMS is busy" in page.text
    assert "It is tried again by itself" in page.text
    assert "Not read: What is completed." in page.text
    assert "Rivers" in page.text
    await note(site, trouble="api-token-refused", due_at=None)
    page = await visitor.get(f"{visitor.course}/content")
    assert "no longer accepts" in page.text
    assert "tried again" not in page.text


async def test_results_that_were_set_aside_are_counted(site: Site, canvas: Canvas) -> None:
    canvas.assignments = [assignment(5)]
    canvas.submissions = [submission(41, 5, 8)]
    visitor = await site.teacher(custom=CUSTOM)
    gone = await come_in(site.database, site.school.launch("s2", custom=CUSTOM | {"canvas_user_id": "41"}))
    async with site.database.writing() as session:
        statement = scoped(Membership, gone.organisation_id).where(Membership.person_id == gone.person_id)
        membership = (await session.exec(statement)).one()
        membership.active, membership.seen_in_roster_at = False, NOW
        session.add(membership)
    await read(site)
    page = await visitor.get(f"{visitor.course}/content")
    assert "1 result of somebody who has left is set aside" in page.text


async def test_where_items_come_from_is_said(site: Site, canvas: Canvas) -> None:
    canvas.module("Week 1", item(1, "Rivers"), item(2, "Lakes"))
    visitor = await site.teacher(custom=CUSTOM)
    course = await course_of(site)
    async with site.database.writing() as session:
        await add_address(session, course, "https://example.org/", "A film", NOW)
        await add_from_gradebook(session, course, "Oral", "Oral", ItemKind.ASSIGNMENT, 10, NOW)
    page = await visitor.get(f"{visitor.course}/content")
    words = " ".join(page.text.split())
    assert "From your LMS: 2 · From a gradebook export: 1 · Pasted addresses: 1" in words


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER])
async def test_the_fragment_is_for_teachers(site: Site, canvas: Canvas, role: Role) -> None:
    visitor = await site.arrive(site.school.launch(role=role, custom=CUSTOM))
    assert (await visitor.get(f"{visitor.course}/content/reading")).status_code == 403
    async with site.client() as client:
        assert (await client.get(f"{visitor.course}/content/reading")).status_code == 401


async def test_read_again_reads_everything_behind_the_page(site: Site, canvas: Canvas) -> None:
    visitor = await site.teacher(custom=CUSTOM)
    await read(site)
    site.clock.move(timedelta(hours=1))
    canvas.module("Week 1", item(1, "Volcanoes"))
    await visitor.post(f"{visitor.course}/content/refresh")
    course = await course_of(site)
    async with site.database.reading() as session:
        row = await queries.state(session, course.organisation_id, course.id)
        assert row is not None
        assert (row.asked_at, row.due_at) == (site.clock.now(), site.clock.now())
        assert await queries.due(session, site.clock.now(), 10) != []


async def test_somebody_who_comes_in_has_an_old_course_read(site: Site, canvas: Canvas) -> None:
    visitor = await site.teacher(custom=CUSTOM)
    await read(site)
    await note(site, due_at=None)
    await visitor.get(f"{visitor.course}/content")
    assert (await state(site)).due_at is None
    site.clock.move(rules.EVERY)
    await visitor.get(f"{visitor.course}/content")
    assert (await state(site)).due_at == site.clock.now()


async def state(site: Site) -> CourseSync:
    course = await course_of(site)
    async with site.database.reading() as session:
        row = await queries.state(session, course.organisation_id, course.id)
        session.expunge_all()
    assert row is not None
    return row


@pytest.mark.parametrize(
    ("values", "wished"),
    [
        ({}, True),
        ({"finished_at": NOW}, False),
        ({"finished_at": NOW - rules.EVERY}, True),
        ({"finished_at": NOW + timedelta(hours=1)}, True),
        ({"due_at": NOW}, False),
        ({"due_at": NOW + timedelta(hours=9)}, True),
        ({"lease": "a", "lease_until": NOW + rules.LEASE}, False),
        ({"failures": 3, "trouble": "api-busy", "due_at": NOW + timedelta(hours=1)}, False),
        ({"failures": 1, "trouble": "api-token-refused", "started_at": NOW}, False),
        ({"failures": 1, "trouble": "api-token-refused", "started_at": NOW - pages.TRY_AGAIN}, True),
    ],
)
def test_what_somebodys_coming_in_makes_due(values: dict[str, Any], wished: bool) -> None:
    assert pages.is_wished_for(CourseSync(**values), NOW) == wished


def test_a_course_that_was_never_read_is_wished_for() -> None:
    assert pages.is_wished_for(None, NOW)


def test_every_trouble_has_words() -> None:
    for code in rules.FOR_PEOPLE - {"connected-elsewhere"}:
        error = showing.error_of(code)
        assert error is not None
        assert error.code == code
    unknown = showing.error_of("anything")
    assert unknown is not None
    assert showing.error_of("connected-elsewhere") is None


async def test_a_page_waits_for_what_another_process_reads_and_shows_it(
    own_database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On connections of its own: what waits behind the page looks into the database beside it."""
    monkeypatch.setattr(freshness, "PATIENCE", 0.3)
    site = await a_site(own_database, clock, routes.router)
    await connect_school(site.database, site.school)
    Canvas(site)
    visitor = await site.teacher(custom=CUSTOM)
    course = await course_of(site)
    async with site.database.writing() as session:
        assert await queries.claim(session, course, site.clock.now(), beside=True) is not None
    slow = asyncio.create_task(visitor.get(f"{visitor.course}/content"))
    page = await slow
    assert page.status_code == 200
    assert "Your course is being read" in page.text
    assert "0 items" not in page.text
    assert "Nothing in this course yet" not in page.text
    looks = f"{visitor.course}/content/reading?first=yes"
    assert f'hx-get="{looks}"' in page.text
    picker = await visitor.get(f"{visitor.course}/content/picker?playlist={uuid.UUID(int=1)}")
    assert "Your course is being read" in picker.text
    assert f'hx-get="{visitor.course}/content/picker?playlist={uuid.UUID(int=1)}"' in picker.text
    # As soon as there is something, the page is shown anew.
    assert "HX-Refresh" not in (await visitor.get(looks)).headers
    await read_at(site, NOW)
    assert (await visitor.get(looks)).headers["HX-Refresh"] == "true"
    assert "HX-Refresh" not in (await visitor.get(f"{visitor.course}/content/reading")).headers
    await read_at(site, None)
    assert not any("modules" in request.url.path for request in site.lms.asked)
    async with site.database.writing() as session:
        row = await queries.state(session, course.organisation_id, course.id)
        assert row is not None
        await queries.end(session, course, row.lease or "")
    readings = site.app.state.readings
    await readings.settled()
    # So it is when nobody reads it any more.
    await note(site, due_at=None)
    await read_at(site, None)
    assert (await visitor.get(looks)).headers["HX-Refresh"] == "true"


async def test_a_school_without_a_connection_gets_no_row(site: Site) -> None:
    visitor = await site.teacher()
    await visitor.get(f"{visitor.course}/content")
    course = await course_of(site)
    async with site.database.reading() as session:
        assert await queries.state(session, course.organisation_id, course.id) is None


async def test_a_refused_course_is_tried_again_by_nobody_until_somebody_comes(site: Site, canvas: Canvas) -> None:
    site.lms.answers["/api/v1/courses/17/assignments"] = httpx.Response(404)
    visitor = await site.teacher(custom=CUSTOM)
    page = await visitor.get(f"{visitor.course}/content")
    assert "did not find this course" in page.text
    assert (await state(site)).due_at is None
