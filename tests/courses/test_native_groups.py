"""Groups and sections that the platform's own API tells of, on both databases."""

from datetime import timedelta
from typing import Any

import pytest

from lti_tool.courses import groups, native_groups, queries
from lti_tool.courses.models import Course, CourseGroup, Membership, Person
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.lti.launch import GroupsEndpoint
from lti_tool.lti.models import Role
from lti_tool.platforms.native import NativeGroup

from .school import NOW, School, a_school, come_in
from .test_visibility import sections, seen

LATER = NOW + timedelta(hours=1)


class Class:
    """A course with three students, of whom the API calls the first otherwise than launches do."""

    def __init__(self, database: Database, school: School) -> None:
        self.database = database
        self.school = school

    async def course(self) -> Course:
        async with self.database.reading() as session:
            course = (await session.exec(scoped(Course, self.school.organisation.id))).one()
            session.expunge(course)
            return course

    async def take(self, *told: NativeGroup) -> int:
        course = await self.course()
        async with self.database.writing() as session:
            return await native_groups.take_over(session, course, told, LATER)

    async def known(self) -> dict[str, tuple[str | None, set[str]]]:
        course = await self.course()
        async with self.database.reading() as session:
            people = {
                person.id: person.sub for _, person in await queries.roster(session, course.organisation_id, course.id)
            }
            found = await groups.of_course(session, course.organisation_id, course.id)
            return {
                one.group.name: (one.group.set_name, {people[person_id] for person_id in one.person_ids})
                for one in found
            }

    async def rows(self, model: type[Any]) -> list[Any]:
        async with self.database.reading() as session:
            found = list((await session.exec(scoped(model, self.school.organisation.id))).all())
            session.expunge_all()
            return found

    async def sections(self) -> dict[str, str | None]:
        course = await self.course()
        async with self.database.reading() as session:
            found = await queries.roster(session, course.organisation_id, course.id)
            return {person.sub: membership.sections for membership, person in found}


def group(name: str, *user_ids: str, **more: Any) -> NativeGroup:
    return NativeGroup(group_id=name, name=f"Group {name}", user_ids=frozenset(user_ids), **more)


def section(name: str, *user_ids: str) -> NativeGroup:
    return group(name, *user_ids, section=True)


@pytest.fixture
async def lesson(database: Database) -> Class:
    school = await a_school(database)
    for sub in ("a", "b", "c"):
        await come_in(database, school.launch(sub, custom=sections("1") if sub == "c" else {}))
    async with database.writing() as session:
        for person in (await session.exec(scoped(Person, school.organisation.id))).all():
            if person.sub == "a":
                person.platform_user_id = "17"
                session.add(person)
    return Class(database, school)


async def test_groups_come_with_who_is_in_them(lesson: Class) -> None:
    assert await lesson.take(group("1", "17", "b", "nobody"), group("2", "a", set_name="Labs")) == 2
    # "a" is 17 to the API; whom the API calls "a" is somebody else.
    assert await lesson.known() == {"Group 1": (None, {"a", "b"}), "Group 2": ("Labs", set())}
    assert {row.group_id for row in await lesson.rows(CourseGroup)} == {"api:1", "api:2"}
    assert (await lesson.course()).groups_read_at == LATER


async def test_what_is_gone_is_inactive_and_comes_back_as_the_same(lesson: Class) -> None:
    await lesson.take(group("1", "17"), group("2", "b"))
    before = {row.group_id: row.id for row in await lesson.rows(CourseGroup)}
    await lesson.take(group("2", "c"))
    assert await lesson.known() == {"Group 2": (None, {"c"})}
    assert {row.group_id: row.active for row in await lesson.rows(CourseGroup)} == {"api:1": False, "api:2": True}
    await lesson.take()
    assert await lesson.known() == {}
    await lesson.take(group("1", "17"), group("2"))
    assert {row.group_id: row.id for row in await lesson.rows(CourseGroup)} == before
    assert await lesson.known() == {"Group 1": (None, {"a"}), "Group 2": (None, set())}


async def test_the_groups_service_has_the_word_where_there_is_one(lesson: Class) -> None:
    await come_in(lesson.database, lesson.school.launch("a", groups=GroupsEndpoint("https://lms.example/g", None)))
    assert await lesson.take(group("1", "17"), section("9", "b")) == 1
    assert await lesson.known() == {}
    assert (await lesson.sections())["b"] == "9"


async def test_groups_of_the_service_stay_when_the_api_does_not_name_them(lesson: Class) -> None:
    course = await lesson.course()
    async with lesson.database.writing() as session:
        session.add(
            CourseGroup(
                organisation_id=course.organisation_id, course_id=course.id, group_id="1", name="Red", created_at=NOW
            )
        )
    await lesson.take(group("2"))
    assert set(await lesson.known()) == {"Red", "Group 2"}


async def test_sections_are_kept_as_launches_write_them(lesson: Class) -> None:
    assert await lesson.take(section("20", "17", "b"), section("3", "17")) == 2
    # Nobody loses a section by not being told of.
    assert await lesson.sections() == {"a": "20,3", "b": "20", "c": "1"}
    await come_in(lesson.database, lesson.school.launch("a", custom=sections("3,20")))
    assert (await lesson.sections())["a"] == "20,3"
    await lesson.take(section("3", "17"))
    assert await lesson.sections() == {"a": "3", "b": "20", "c": "1"}


async def test_a_section_is_the_one_of_launches_whatever_kind_stands_before_its_id(lesson: Class) -> None:
    await lesson.take(section("section:20", "17"), section("section:3", "17"), group("group:3", "17"))
    assert (await lesson.sections())["a"] == "20,3"
    assert set(await lesson.known()) == {"Group group:3"}


async def test_a_restricted_teacher_sees_nobody_more_than_their_launch_allows(lesson: Class) -> None:
    teacher = await come_in(lesson.database, lesson.school.launch("t", role=Role.TEACHER, custom=sections("1", "true")))
    assert await seen(lesson.database, lesson.school, teacher.person_id) == ["c"]
    # The API's account sees the teacher in more sections than the platform lets them look into.
    await lesson.take(section("2", "17", "t"), section("1", "b", "t"))
    assert (await lesson.sections())["t"] == "1"
    assert await seen(lesson.database, lesson.school, teacher.person_id) == ["b", "c"]
    [row] = [one for one in await lesson.rows(Membership) if one.person_id == teacher.person_id]
    assert row.section_restricted


async def test_another_school_with_the_same_ids_is_left_alone(lesson: Class) -> None:
    other = Class(lesson.database, await a_school(lesson.database, "Elsewhere"))
    await come_in(lesson.database, other.school.launch("b"))
    await other.take(group("1", "b"))
    await lesson.take(group("1", "17"), section("5", "b"))
    await lesson.take()
    assert await other.known() == {"Group 1": (None, {"b"})}
    assert await other.sections() == {"b": None}


async def test_who_left_is_in_no_group(lesson: Class) -> None:
    course = await lesson.course()
    async with lesson.database.writing() as session:
        for row in (await session.exec(scoped(Membership, course.organisation_id))).all():
            row.active = False
            session.add(row)
    await lesson.take(group("1", "17", "b"))
    assert await lesson.known() == {"Group 1": (None, set())}
