"""What sections are called: by the platform, by a teacher, told apart where they share a name; on both databases."""

import html

import pytest

from lti_tool.audit import AuditEntry
from lti_tool.courses import sections
from lti_tool.courses.models import CourseSection
from lti_tool.courses.sections import Section
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from lti_tool.platforms.native import NativeGroup

from .school import a_school, come_in
from .site import Site, Visitor
from .test_native_groups import Class, lesson
from .test_visibility import sections as launched

__all__ = ["lesson"]


def told(section_id: str, name: str, *user_ids: str) -> NativeGroup:
    return NativeGroup(group_id=f"section:{section_id}", name=name, user_ids=frozenset(user_ids), section=True)


async def called(lesson: Class) -> list[tuple[str, str, int]]:
    course = await lesson.course()
    async with lesson.database.reading() as session:
        return [
            (one.id, one.shown, one.count)
            for one in await sections.of_course(session, course.organisation_id, course.id)
        ]


def test_sections_of_one_name_are_told_apart() -> None:
    assert sections.distinct({"1": "Period 1", "2": "period 1", "3": "Period 3", "4": ""}) == {
        "1": "Period 1 (1)",
        "2": "period 1 (2)",
        "3": "Period 3",
    }


async def test_names_come_with_the_sections_and_follow_the_platform(lesson: Class) -> None:
    # The platform that has no name for a section gives its id.
    await lesson.take(told("20", "Period 2", "17", "b"), told("3", "3", "17"))
    assert await called(lesson) == [("20", "Period 2", 2), ("1", "", 1), ("3", "", 1)]
    await lesson.take(told("20", "Algebra, afternoon", "17", "b"), told("3", "Algebra, morning", "17"))
    assert await called(lesson) == [("20", "Algebra, afternoon", 2), ("3", "Algebra, morning", 1), ("1", "", 1)]
    # Of a section that it does not speak of, nothing is forgotten.
    await lesson.take(told("3", "Algebra, morning", "17"))
    assert [shown for _, shown, _ in await called(lesson)] == ["Algebra, afternoon", "Algebra, morning", ""]


async def test_another_school_has_names_of_its_own(lesson: Class) -> None:
    other = await a_school(lesson.database, "Other")
    arrived = await come_in(lesson.database, other.launch("x", custom=launched("20")))
    await lesson.take(told("20", "Period 2", "17"))
    assert arrived.course_id is not None
    async with lesson.database.reading() as session:
        [found] = await sections.of_course(session, other.organisation.id, arrived.course_id)
    assert found == Section("20", people=frozenset({arrived.person_id}))


# --- Pages


async def arrive(site: Site, *, restricted: str | None = None) -> Visitor:
    for sub, ids in (("a", "1"), ("b", "1,2"), ("c", "2")):
        await site.arrive(site.school.launch(sub, custom=launched(ids)))
    return await site.arrive(site.school.launch("t", role=Role.TEACHER, custom=launched("1", restricted)))


async def test_a_teacher_names_the_sections(site: Site, database: Database) -> None:
    teacher = await arrive(site)
    here = f"{teacher.course}/people"
    page = (await teacher.get(here)).text
    assert "Section 1" in page
    page = (await teacher.get(f"{here}/sections")).text
    assert "Section 2" in page
    fields = {"section": ["1", "2", "9"], "called": ["  Period   1 ", "<b>Late</b>", "Nowhere"]}
    answer = await teacher.post(f"{here}/sections", **fields)
    assert answer.status_code == 303
    page = (await teacher.get(answer.headers["location"])).text
    assert "The sections are called that wherever they are shown." in page
    assert "Period 1 (2)" in page
    assert html.escape("<b>Late</b>") in page
    # One section of the course alone.
    await site.arrive(site.school.launch("a", custom=launched("1")))
    page = (await teacher.get(f"{here}?group=section:2")).text
    assert page.count('role="row"') < (await teacher.get(here)).text.count('role="row"')
    async with database.reading() as session:
        rows = (await session.exec(scoped(CourseSection, site.school.organisation.id))).all()
        assert {(row.section_id, row.called) for row in rows} == {("1", "Period 1"), ("2", "<b>Late</b>")}
        actions = [row.action for row in (await session.exec(scoped(AuditEntry, site.school.organisation.id))).all()]
        assert actions.count("section.named") == 1
    # The same again is no change, and an empty name gives the platform's back.
    await teacher.post(f"{here}/sections", **fields)
    await teacher.post(f"{here}/sections", section=["1"], called=[""])
    async with database.reading() as session:
        rows = (await session.exec(scoped(CourseSection, site.school.organisation.id))).all()
        assert {(row.section_id, row.called) for row in rows} == {("1", ""), ("2", "<b>Late</b>")}
        actions = [row.action for row in (await session.exec(scoped(AuditEntry, site.school.organisation.id))).all()]
        assert actions.count("section.named") == 2


async def test_who_is_held_to_their_sections_names_no_others(site: Site, database: Database) -> None:
    teacher = await arrive(site, restricted="true")
    here = f"{teacher.course}/people/sections"
    page = (await teacher.get(here)).text
    assert "Section 1" in page
    assert "Section 2" not in page
    await teacher.post(here, section=["1", "2"], called=["Mine", "Theirs"])
    async with database.reading() as session:
        rows = (await session.exec(scoped(CourseSection, site.school.organisation.id))).all()
        assert {(row.section_id, row.called) for row in rows} == {("1", "Mine")}


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER, Role.OTHER])
async def test_it_is_for_teachers(site: Site, role: Role) -> None:
    visitor = await site.arrive(site.school.launch(role=role))
    assert (await visitor.get(f"{visitor.course}/people/sections")).status_code == 403
    assert (await visitor.post(f"{visitor.course}/people/sections", section=["1"], called=["x"])).status_code == 403


async def test_nobody_comes_in_without_a_session_or_from_another_school(site: Site, database: Database) -> None:
    teacher = await arrive(site)
    async with site.client() as client:
        assert (await client.get(f"{teacher.course}/people/sections")).status_code == 401
        assert (await client.post(f"{teacher.course}/people/sections")).status_code in (401, 403)
    elsewhere = await come_in(database, (await a_school(database, "Other")).launch())
    assert (await teacher.get(f"/courses/{elsewhere.course_id}/people/sections")).status_code == 404
    assert (await teacher.post(f"/courses/{elsewhere.course_id}/people/sections")).status_code == 404


async def test_without_sections_the_page_says_so(site: Site) -> None:
    teacher = await site.teacher()
    assert "No sections are known" in (await teacher.get(f"{teacher.course}/people/sections")).text
    assert "/people/sections" not in (await teacher.get(f"{teacher.course}/people")).text
