"""Dependencies that say who may open a page, by way of routes made for the test."""

import httpx
import pytest
from fastapi import APIRouter

from lti_tool.clock import ManualClock
from lti_tool.courses.access import ObserverIn, StudentChanging, StudentIn
from lti_tool.db.session import Database
from lti_tool.lti.models import Role

from .school import come_in
from .site import Site, Visitor, a_site

router = APIRouter(prefix="/courses/{course_id}/test")


@router.get("/student")
async def student(here: StudentIn) -> dict[str, str]:
    return {"person": str(here.person_id), "course": here.course.title}


@router.post("/student")
async def change(here: StudentChanging) -> dict[str, str]:
    return {"person": str(here.person_id)}


@router.get("/observer")
async def observer(here: ObserverIn) -> list[str]:
    return [person.sub for person in here.observed]


@pytest.fixture
async def probe(database: Database, clock: ManualClock) -> Site:
    return await a_site(database, clock, router)


async def status(visitor: Visitor, path: str) -> int:
    answer: httpx.Response = await visitor.get(f"{visitor.course}/test/{path}")
    return answer.status_code


async def test_a_student_is_known_by_person_and_course(probe: Site) -> None:
    visitor = await probe.arrive()
    answer = await visitor.get(f"{visitor.course}/test/student")
    assert answer.json() == {"person": str(visitor.entry.person_id), "course": "Physics"}
    changed = await visitor.post(f"{visitor.course}/test/student")
    assert changed.json() == {"person": str(visitor.entry.person_id)}


@pytest.mark.parametrize("role", [Role.TEACHER, Role.OBSERVER, Role.ADMINISTRATOR, Role.OTHER])
async def test_a_students_page_is_for_students(probe: Site, role: Role) -> None:
    visitor = await probe.arrive(probe.school.launch(role=role))
    assert await status(visitor, "student") == 403


async def test_a_student_whom_the_platform_does_not_name_is_told_so(probe: Site) -> None:
    visitor = await probe.arrive(probe.school.launch(sub=None))
    answer = await visitor.get(f"{visitor.course}/test/student")
    assert answer.status_code == 403
    assert "did not say who you are" in answer.text


async def test_an_observer_sees_those_they_observe_who_are_students_here(probe: Site, database: Database) -> None:
    school = probe.school
    await come_in(database, school.launch("child"))
    await come_in(database, school.launch("another child"))
    await come_in(database, school.launch("a teacher", role=Role.TEACHER))
    family = school.launch("parent", role=Role.OBSERVER, mentor_of=("child", "a teacher", "nobody"))
    visitor = await probe.arrive(family)
    answer = await visitor.get(f"{visitor.course}/test/observer")
    assert answer.json() == ["child"]
    assert await status(visitor, "student") == 403


async def test_an_observer_of_nobody_sees_nobody(probe: Site, database: Database) -> None:
    await come_in(database, probe.school.launch("child"))
    visitor = await probe.arrive(probe.school.launch("parent", role=Role.OBSERVER))
    assert (await visitor.get(f"{visitor.course}/test/observer")).json() == []
