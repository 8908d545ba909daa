"""The front door, the people, and the page without a course: anonymous, wrong role, another school, happy path."""

from datetime import timedelta

import httpx
import pytest

from lti_tool.db.session import Database
from lti_tool.lti.models import Role

from .school import a_school, come_in
from .site import Site, nowhere

MEMBERS = [
    {"user_id": "s1", "roles": ["Learner"], "name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace"},
    {"user_id": "s2", "roles": ["Learner"], "name": "Alan <Turing>", "family_name": "Turing", "given_name": "Alan"},
    {"user_id": "teacher", "roles": ["Instructor"], "name": "Grace Hopper"},
]


def roster(*members: object) -> httpx.Response:
    return httpx.Response(200, json={"id": "x", "context": {"id": "c1"}, "members": list(members or MEMBERS)})


@pytest.mark.parametrize("path", ["", "/people"])
async def test_without_a_session_nothing_opens(site: Site, path: str) -> None:
    visitor = await site.teacher()
    async with site.client() as client:
        assert (await client.get(visitor.course + path)).status_code == 401
        assert (await client.get("/no-course")).status_code == 401
        assert (await client.post(f"{visitor.course}/people/refresh")).status_code in (401, 403)


@pytest.mark.parametrize(
    ("role", "page"),
    [
        (Role.TEACHER, "playlists"),
        (Role.ASSISTANT, "playlists"),
        (Role.ADMINISTRATOR, "playlists"),
        (Role.STUDENT, "my"),
        (Role.OBSERVER, "family"),
    ],
)
async def test_the_front_door_leads_on_by_role(site: Site, role: Role, page: str) -> None:
    visitor = await site.arrive(site.school.launch(role=role))
    answer = await visitor.get(visitor.course)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{visitor.course}/{page}"


async def test_a_role_that_is_none_gets_a_page_that_says_what_to_do(site: Site) -> None:
    visitor = await site.arrive(site.school.launch(role=Role.OTHER))
    answer = await visitor.get(visitor.course)
    assert answer.status_code == 200
    assert "Neither student nor teacher" in answer.text
    assert "Ask a teacher" in answer.text


async def test_another_course_and_another_schools_are_not_there(site: Site, database: Database) -> None:
    visitor = await site.teacher()
    elsewhere = await a_school(database, "Other")
    foreign = await come_in(database, elsewhere.launch())
    for course_id in (nowhere(), foreign.course_id):
        assert (await visitor.get(f"/courses/{course_id}")).status_code == 404
        assert (await visitor.get(f"/courses/{course_id}/people")).status_code == 404
        assert (await visitor.post(f"/courses/{course_id}/people/refresh")).status_code == 404
    assert (await visitor.get("/courses/not-an-id/people")).status_code == 404


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER, Role.OTHER])
async def test_people_are_for_teachers(site: Site, role: Role) -> None:
    visitor = await site.arrive(site.school.launch(role=role))
    assert (await visitor.get(f"{visitor.course}/people")).status_code == 403
    assert (await visitor.post(f"{visitor.course}/people/refresh")).status_code == 403
    assert site.lms.asked == []


async def test_the_first_look_at_people_reads_the_roster(site: Site) -> None:
    site.lms.answers["/nrps"] = roster()
    visitor = await site.teacher()
    page = await visitor.get(f"{visitor.course}/people")
    assert page.status_code == 200
    assert "2 students" in page.text
    assert "Alan &lt;Turing&gt;" in page.text
    assert "never" in page.text
    asked = len(site.lms.asked)
    await visitor.get(f"{visitor.course}/people")
    assert len(site.lms.asked) == asked
    site.clock.move(timedelta(minutes=16))
    await visitor.get(f"{visitor.course}/people")
    assert len(site.lms.asked) > asked


async def test_people_can_be_read_again_at_once(site: Site) -> None:
    site.lms.answers["/nrps"] = roster()
    visitor = await site.teacher()
    await visitor.get(f"{visitor.course}/people")
    site.lms.answers["/nrps"] = roster(MEMBERS[0], MEMBERS[2])
    answer = await visitor.post(f"{visitor.course}/people/refresh")
    assert answer.status_code == 303
    page = await visitor.get(answer.headers["location"])
    assert "This is who is in the course now" in page.text
    assert "1 person who has left" in page.text
    assert "1 student" in page.text


async def test_a_platform_in_trouble_is_said_in_words_and_nothing_is_lost(site: Site) -> None:
    site.lms.answers["/nrps"] = roster()
    visitor = await site.teacher()
    await visitor.get(f"{visitor.course}/people")
    site.lms.answers["/nrps"] = httpx.Response(500)
    answer = await visitor.post(f"{visitor.course}/people/refresh")
    assert answer.status_code == 424
    assert "trouble of its own" in answer.text
    assert "Ada Lovelace" in answer.text
    # A page must not wait for a platform that has just failed.
    site.clock.move(timedelta(minutes=20))
    await visitor.get(f"{visitor.course}/people")
    asked = len(site.lms.asked)
    await visitor.get(f"{visitor.course}/people")
    assert len(site.lms.asked) == asked


async def test_without_a_roster_service_the_page_says_so(site: Site) -> None:
    visitor = await site.teacher(nrps_url=None)
    page = await visitor.get(f"{visitor.course}/people")
    assert page.status_code == 200
    assert "does not share who is in this course" in page.text
    assert "Read again" not in page.text


async def test_a_request_from_another_site_changes_nothing(site: Site) -> None:
    visitor = await site.teacher()
    async with site.client(visitor.token) as client:
        answer = await client.post(f"{visitor.course}/people/refresh", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert site.lms.asked == []


async def test_a_launch_without_a_course_is_told_where_to_go(site: Site) -> None:
    visitor = await site.arrive(site.school.launch(context=None, resource_link=None))
    page = await visitor.get(visitor.entry.address)
    assert page.status_code == 200
    assert "No course came along" in page.text
    assert (await visitor.get(f"/courses/{nowhere()}")).status_code == 404
