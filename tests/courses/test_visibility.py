"""A teacher whom Canvas holds to their sections sees the students of these and no others, on both databases."""

import uuid
from typing import Any

import httpx
import pytest

from lti_tool.courses import rules, service
from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Course, Person
from lti_tool.courses.visibility import visible_students
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.lti.claims import CUSTOM
from lti_tool.lti.models import Role
from lti_tool.lti.sessions import Visit
from tests.courses.school import NOW, School, a_school, come_in
from tests.courses.site import Site


def sections(ids: str, restricted: str | None = None) -> dict[str, str]:
    return {"canvas_section_ids": ids} | ({} if restricted is None else {"canvas_section_restricted": restricted})


async def seen(database: Database, school: School, person_id: uuid.UUID | None) -> list[str]:
    async with database.reading() as session:
        course = (await session.exec(scoped(Course, school.organisation.id))).one()
        session.expunge(course)
        visit = Visit(
            uuid.uuid4(), school.organisation.id, school.registration.id, person_id, course.id, None, Role.TEACHER, (), None, ()
        )  # fmt: skip
        return sorted(student.sub for student in await visible_students(session, InCourse(visit, course)))


async def test_a_restricted_teacher_sees_their_sections_and_who_is_nowhere_is_hidden(database: Database) -> None:
    school = await a_school(database)
    await come_in(database, school.launch("a", custom=sections("1,2")))
    await come_in(database, school.launch("b", custom=sections("3")))
    await come_in(database, school.launch("c", custom={}))
    await come_in(database, school.launch("d", custom=sections("$Canvas.course.sectionIds")))
    teacher = await come_in(database, school.launch("t", role=Role.TEACHER, custom=sections("2", "true")))
    assert await seen(database, school, teacher.person_id) == ["a"]
    free = await come_in(database, school.launch("u", role=Role.TEACHER, custom=sections("2", "false")))
    assert await seen(database, school, free.person_id) == ["a", "b", "c", "d"]
    silent = await come_in(database, school.launch("v", role=Role.TEACHER, custom={}))
    assert await seen(database, school, silent.person_id) == ["a", "b", "c", "d"]
    # Canvas lifts the limit, and the next launch says so.
    await come_in(database, school.launch("t", role=Role.TEACHER, custom=sections("2", "false")))
    assert await seen(database, school, teacher.person_id) == ["a", "b", "c", "d"]


async def test_the_roster_tells_sections_and_what_the_api_calls_people(site: Site) -> None:
    asked: list[httpx.URL] = []
    members: list[dict[str, Any]] = [
        {
            "user_id": sub,
            "roles": ["Learner"],
            "message": [{CUSTOM: {"canvas_section_ids": ids, "canvas_user_id": number}}],
        }
        for sub, ids, number in (("a", "1", "11"), ("b", "2", "12"))
    ]
    members.append({"user_id": "t", "roles": ["Instructor"]})

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json={"members": members})

    site.lms.answers["/nrps"] = answer
    await come_in(site.database, site.school.launch("t", role=Role.TEACHER, custom=sections("2", "false")))
    course = await the_course(site)
    await service.refresh_roster(site.database, site.protocol, course, NOW)
    assert f"rlid={course.context_id}" in str(asked[-1])
    # Nobody of them ever came in.
    async with site.database.reading() as session:
        people = (await session.exec(scoped(Person, site.school.organisation.id))).all()
    assert {one.sub: one.platform_user_id for one in people} == {"a": "11", "b": "12", "t": None}
    teacher = await come_in(site.database, site.school.launch("t", role=Role.TEACHER, custom=sections("2", "true")))
    await service.refresh_roster(site.database, site.protocol, course, NOW)
    assert f"rlid={course.context_id}" in str(asked[-1])
    assert await seen(site.database, site.school, teacher.person_id) == ["b"]
    # A roster without them takes away nothing that is known.
    for member in members:
        member.pop("message", None)
    await service.refresh_roster(site.database, site.protocol, course, NOW)
    assert await seen(site.database, site.school, teacher.person_id) == ["b"]


async def test_a_platform_that_does_not_take_the_question_is_asked_without(site: Site) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "rlid" in str(request.url):
            return httpx.Response(400)
        return httpx.Response(200, json={"members": [{"user_id": "a", "roles": ["Learner"]}]})

    site.lms.answers["/nrps"] = answer
    await come_in(site.database, site.school.launch("t", role=Role.TEACHER, custom=sections("2", "true")))
    report = await service.refresh_roster(site.database, site.protocol, await the_course(site), NOW)
    assert report.people == 1


async def the_course(site: Site) -> Course:
    async with site.database.reading() as session:
        course = (await session.exec(scoped(Course, site.school.organisation.id))).one()
        session.expunge(course)
        return course


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, None),
        ("", None),
        (" , ", None),
        ("$Canvas.course.sectionIds", None),
        ("2, 1,2", "1,2"),
        ("9" * 2001, None),
    ],
)
def test_sections_are_kept_sorted_and_once(given: str | None, kept: str | None) -> None:
    assert rules.sections(given) == kept


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [("1,2", "2,3", True), ("1", "11", False), (None, "1", False), ("1", None, False), (None, None, False)],
)
def test_who_shares_a_section(one: str | None, other: str | None, share: bool) -> None:
    assert rules.share_a_section(one, other) is share
