"""One browser, several tabs: the cookie is the last launch's, and each page still belongs to the launch that opened it."""

import re
from datetime import timedelta

import httpx
import pytest
from fastapi import APIRouter

from lti_tool.clock import ManualClock
from lti_tool.courses.access import MemberIn, ObserverIn, StudentChanging, TeacherChanging
from lti_tool.db.session import Database
from lti_tool.lti.launch import Launch, LaunchContext
from lti_tool.lti.models import Role

from .school import a_school, come_in
from .site import Site, Visitor, a_site

OURS = {"Origin": "http://localhost:8000"}
SECOND = LaunchContext("c2", "Chemistry", "CHE", ())

router = APIRouter(prefix="/courses/{course_id}/tabs")


@router.get("/who")
async def who(here: MemberIn) -> dict[str, str]:
    return {"role": here.visit.role, "course": here.course.title, "session": str(here.visit.session_id)}


@router.get("/observed")
async def observed(here: ObserverIn) -> list[str]:
    return [person.sub for person in here.observed]


@router.post("/teach")
async def teach(here: TeacherChanging) -> dict[str, str]:
    return {"course": here.course.title, "session": str(here.visit.session_id)}


@router.post("/learn")
async def learn(here: StudentChanging) -> dict[str, str]:
    return {"course": here.course.title, "person": str(here.person_id)}


@pytest.fixture
async def tabs(database: Database, clock: ManualClock) -> Site:
    return await a_site(database, clock, router)


async def arrive(tabs: Site, launch: Launch) -> Visitor:
    # A moment passes between two launches of one person.
    tabs.clock.move(timedelta(seconds=2))
    return await tabs.arrive(launch)


async def page_session(visitor: Visitor) -> str:
    """The session that a page of the visitor's own names."""
    found = re.search('name="lti-session" content="([^"]+)"', (await visitor.get("/no-course")).text)
    assert found
    return found[1]


async def post(cookie_of: Visitor, path: str, session: str) -> httpx.Response:
    """Send a form of the page of ``session`` with the browser's newest cookie."""
    async with cookie_of.site.client(cookie_of.token) as client:
        return await client.post(path, data={"session": session}, headers=OURS)


async def test_a_teacher_works_in_two_courses_side_by_side(tabs: Site) -> None:
    physics = await arrive(tabs, tabs.school.launch("t", role=Role.TEACHER))
    page = await page_session(physics)
    chemistry = await arrive(tabs, tabs.school.launch("t", role=Role.TEACHER, context=SECOND))

    seen = (await chemistry.get(f"{physics.course}/tabs/who")).json()
    changed = await post(chemistry, f"{physics.course}/tabs/teach", page)

    assert seen == {"role": "teacher", "course": "Physics", "session": page}
    assert changed.json() == {"course": "Physics", "session": page}
    assert (await chemistry.get(f"{chemistry.course}/tabs/who")).json()["course"] == "Chemistry"


async def test_each_tab_has_the_role_of_its_own_launch(tabs: Site) -> None:
    learning = await arrive(tabs, tabs.school.launch("a"))
    page = await page_session(learning)
    teaching = await arrive(tabs, tabs.school.launch("a", role=Role.TEACHER, context=SECOND))

    assert (await teaching.get(f"{learning.course}/tabs/who")).json()["role"] == "student"
    assert (await post(teaching, f"{learning.course}/tabs/teach", page)).status_code == 403
    assert (await post(teaching, f"{learning.course}/tabs/learn", page)).json()["course"] == "Physics"
    # A page of one course cannot change the other, whatever its person may do there.
    other = await page_session(teaching)
    assert (await post(teaching, f"{learning.course}/tabs/learn", other)).status_code == 404


async def test_a_second_tab_of_the_same_course_leaves_the_first_alive(tabs: Site) -> None:
    first = await arrive(tabs, tabs.school.launch("a"))
    page = await page_session(first)
    second = await arrive(tabs, tabs.school.launch("a"))

    assert (await post(second, f"{first.course}/tabs/learn", page)).status_code == 200


async def test_an_older_page_keeps_no_right_that_the_newest_launch_has_not(tabs: Site) -> None:
    teaching = await arrive(tabs, tabs.school.launch("a", role=Role.TEACHER))
    page = await page_session(teaching)
    demoted = await arrive(tabs, tabs.school.launch("a", role=Role.STUDENT))

    answer = await post(demoted, f"{teaching.course}/tabs/teach", page)

    assert answer.status_code == 409
    assert (await demoted.get(f"{teaching.course}/tabs/who")).json()["role"] == "student"


async def test_another_person_in_the_same_browser_is_noticed(tabs: Site) -> None:
    teacher = await arrive(tabs, tabs.school.launch("t", role=Role.TEACHER))
    page = await page_session(teacher)
    student = await arrive(tabs, tabs.school.launch("s", context=SECOND))

    read = await student.get(f"{teacher.course}/tabs/who")
    changed = await post(student, f"{teacher.course}/tabs/teach", page)

    assert read.status_code == 404
    assert "This page belongs to another visit" in read.text
    assert changed.status_code == 409
    assert "opened again in this browser" in changed.text


async def test_the_same_sub_of_another_platform_is_another_person(tabs: Site, database: Database) -> None:
    elsewhere = await a_school(database, "Other")
    there = await come_in(database, elsewhere.launch("t", role=Role.TEACHER))
    here = await arrive(tabs, tabs.school.launch("t", role=Role.TEACHER))

    assert (await here.get(f"/courses/{there.course_id}/tabs/who")).status_code == 404


async def test_nobody_gets_in_by_a_membership_alone(tabs: Site, database: Database) -> None:
    """A course that the person teaches, but has not launched into since, stays shut: its launch says what they may."""
    there = await come_in(database, tabs.school.launch("t", role=Role.TEACHER, context=SECOND))
    here = await arrive(tabs, tabs.school.launch("t", role=Role.TEACHER))

    assert (await here.get(f"/courses/{there.course_id}/tabs/who")).status_code == 404


async def test_a_session_that_ended_serves_no_tab_and_one_in_use_goes_on(tabs: Site) -> None:
    physics = await arrive(tabs, tabs.school.launch("t", role=Role.TEACHER))
    chemistry = await arrive(tabs, tabs.school.launch("t", role=Role.TEACHER, context=SECOND))
    for _ in range(3):
        tabs.clock.move(timedelta(minutes=90))
        # Used by way of the newer cookie, the older session is in use all the same.
        assert (await chemistry.get(f"{physics.course}/tabs/who")).status_code == 200
    for _ in range(2):
        tabs.clock.move(timedelta(minutes=90))
        assert (await chemistry.get(f"{chemistry.course}/tabs/who")).status_code == 200
    assert (await chemistry.get(f"{physics.course}/tabs/who")).status_code == 404


async def test_a_page_whose_session_ended_goes_on_when_its_person_comes_in_anew(tabs: Site) -> None:
    before = await arrive(tabs, tabs.school.launch("t", role=Role.TEACHER))
    page = await page_session(before)
    tabs.clock.move(timedelta(hours=3))
    assert (await post(before, f"{before.course}/tabs/teach", page)).status_code == 401

    elsewhere = await arrive(tabs, tabs.school.launch("t", role=Role.TEACHER, context=SECOND))
    assert (await post(elsewhere, f"{before.course}/tabs/teach", page)).status_code == 409
    demoted = await arrive(tabs, tabs.school.launch("t", role=Role.STUDENT))
    assert (await post(demoted, f"{before.course}/tabs/teach", page)).status_code == 409
    other = await arrive(tabs, tabs.school.launch("u", role=Role.TEACHER))
    assert (await post(other, f"{before.course}/tabs/teach", page)).status_code == 409

    anew = await arrive(tabs, tabs.school.launch("t", role=Role.TEACHER))
    changed = await post(anew, f"{before.course}/tabs/teach", page)
    assert changed.json() == {"course": "Physics", "session": await page_session(anew)}


async def test_those_whom_the_platform_does_not_name_are_never_joined(tabs: Site) -> None:
    first = await arrive(tabs, tabs.school.launch(None, role=Role.TEACHER))
    page = await page_session(first)
    second = await arrive(tabs, tabs.school.launch(None, role=Role.TEACHER, context=SECOND))

    assert (await second.get(f"{first.course}/tabs/who")).status_code == 404
    assert (await post(second, f"{first.course}/tabs/teach", page)).status_code == 409


async def test_a_parent_sees_in_each_course_whom_its_own_launch_named(tabs: Site, database: Database) -> None:
    for child in ("anna", "ben"):
        await come_in(database, tabs.school.launch(child))
        await come_in(database, tabs.school.launch(child, context=SECOND))
    physics = await arrive(tabs, tabs.school.launch("p", role=Role.OBSERVER, mentor_of=("anna",)))
    chemistry = await arrive(tabs, tabs.school.launch("p", role=Role.OBSERVER, mentor_of=("ben",), context=SECOND))

    assert (await chemistry.get(f"{physics.course}/tabs/observed")).json() == ["anna"]
    assert (await chemistry.get(f"{chemistry.course}/tabs/observed")).json() == ["ben"]


async def test_another_site_gets_no_further_by_naming_an_older_page(tabs: Site) -> None:
    physics = await arrive(tabs, tabs.school.launch("t", role=Role.TEACHER))
    page = await page_session(physics)
    chemistry = await arrive(tabs, tabs.school.launch("t", role=Role.TEACHER, context=SECOND))
    async with tabs.client(chemistry.token) as client:
        answer = await client.post(
            f"{physics.course}/tabs/teach", data={"session": page}, headers={"Origin": "https://evil.example"}
        )
    assert answer.status_code == 403
