"""What a launch leaves behind, on both databases."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import event

from lti_tool.courses.models import Course, Membership, Person, ResourceLink
from lti_tool.courses.service import display_name
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.lti.launch import AgsEndpoint, LaunchContext
from lti_tool.lti.models import Family, Role

from .school import NOW, SCOPES, School, a_school, come_in


async def rows(database: Database, school: School, model: type[Any]) -> list[Any]:
    async with database.reading() as session:
        found = list((await session.exec(scoped(model, school.organisation.id))).all())
        session.expunge_all()
        return found


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What is sent to the database inside the block, without the bookkeeping of transactions."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")):
            seen.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


async def test_the_first_launch_makes_course_person_membership_and_link(database: Database) -> None:
    school = await a_school(database)
    custom = {"canvas_course_id": "17", "canvas_api_domain": "school.instructure.com", "canvas_user_id": "5"}
    entry = await come_in(database, school.launch(custom=custom))
    (course,) = await rows(database, school, Course)
    (person,) = await rows(database, school, Person)
    (membership,) = await rows(database, school, Membership)
    (link,) = await rows(database, school, ResourceLink)
    assert (course.title, course.label, course.platform_course_id) == ("Physics", "PHY", "17")
    assert course.api_domain == "school.instructure.com"
    assert course.memberships_url == "https://lms.example/nrps"
    assert course.line_items_url == "https://lms.example/ags/items"
    assert course.ags_scopes == list(SCOPES)
    assert (person.sub, person.name, person.sort_name) == ("s1", "Ada Lovelace", "Lovelace, Ada")
    assert person.platform_user_id == "5"
    assert (membership.role, membership.active, membership.launched_at) == (Role.STUDENT, True, NOW)
    assert (entry.course_id, entry.person_id, entry.resource_link_id) == (course.id, person.id, link.id)
    assert entry.organisation_id == school.organisation.id
    assert entry.address == f"/courses/{course.id}"


async def test_what_a_later_launch_leaves_out_is_not_forgotten(database: Database) -> None:
    school = await a_school(database)
    await come_in(database, school.launch(custom={"canvas_user_id": "5", "canvas_course_id": "17"}))
    bare = school.launch(
        name=None, given_name=None, family_name=None, ags=None, nrps_url=None, context=LaunchContext("c1", "", "", ())
    )
    await come_in(database, bare, NOW + timedelta(hours=2))
    (course,) = await rows(database, school, Course)
    (person,) = await rows(database, school, Person)
    assert (course.title, course.platform_course_id) == ("Physics", "17")
    assert course.memberships_url
    assert course.line_items_url
    assert course.ags_scopes == list(SCOPES)
    assert (person.name, person.platform_user_id) == ("Ada Lovelace", "5")


async def test_what_changed_is_taken_over(database: Database) -> None:
    school = await a_school(database)
    await come_in(database, school.launch())
    later = NOW + timedelta(days=1)
    changed = school.launch(
        name="Ada King",
        given_name="Ada",
        family_name="King",
        role=Role.TEACHER,
        context=LaunchContext("c1", "Physics II", "PHY", ()),
        ags=AgsEndpoint((), "https://lms.example/ags/other", "https://lms.example/ags/1"),
    )
    await come_in(database, changed, later)
    (course,) = await rows(database, school, Course)
    (person,) = await rows(database, school, Person)
    (membership,) = await rows(database, school, Membership)
    (link,) = await rows(database, school, ResourceLink)
    assert (course.title, course.line_items_url, course.ags_scopes) == (
        "Physics II",
        "https://lms.example/ags/other",
        [],
    )
    assert person.sort_name == "King, Ada"
    assert membership.role is Role.TEACHER
    assert (membership.launched_at, membership.last_launched_at) == (NOW, later)
    assert link.line_item_url == "https://lms.example/ags/1"


async def test_a_launch_that_brings_nothing_new_is_one_statement(database: Database) -> None:
    school = await a_school(database)
    await come_in(database, school.launch())
    with statements(database) as seen:
        await come_in(database, school.launch(), NOW + timedelta(minutes=5))
    assert len(seen) == 1
    with statements(database) as seen:
        await come_in(database, school.launch(), NOW + timedelta(hours=1))
    assert [statement.split()[0] for statement in seen] == ["SELECT", "UPDATE"]


async def test_a_launch_without_a_course_leads_to_a_page_that_says_so(database: Database) -> None:
    school = await a_school(database)
    entry = await come_in(database, school.launch(context=None, resource_link=None))
    assert (entry.course_id, entry.resource_link_id, entry.address) == (None, None, "/no-course")
    assert entry.person_id is not None
    assert await rows(database, school, Course) == []


async def test_an_anonymous_launch_leaves_no_person(database: Database) -> None:
    school = await a_school(database)
    entry = await come_in(database, school.launch(sub=None))
    assert entry.person_id is None
    assert entry.course_id is not None
    assert await rows(database, school, Person) == []
    assert await rows(database, school, Membership) == []


async def test_without_personal_data_there_is_a_neutral_label(database: Database) -> None:
    school = await a_school(database)
    await come_in(database, school.launch(name=None, given_name=None, family_name=None))
    (person,) = await rows(database, school, Person)
    assert (person.name, person.sort_name) == (None, None)
    assert display_name(person) == f"Student {person.id.hex[-4:]}"
    assert display_name(person, Role.TEACHER).startswith("Teacher ")


async def test_someone_who_had_left_is_active_again(database: Database) -> None:
    school = await a_school(database)
    await come_in(database, school.launch())
    async with database.writing() as session:
        (await session.exec(scoped(Membership, school.organisation.id))).one().active = False
    await come_in(database, school.launch(), NOW + timedelta(minutes=1))
    (membership,) = await rows(database, school, Membership)
    assert membership.active
    assert membership.last_launched_at == NOW + timedelta(minutes=1)


async def test_the_same_course_and_person_in_another_school_are_others(database: Database) -> None:
    hillside, other = await a_school(database), await a_school(database, "Other")
    first = await come_in(database, hillside.launch())
    second = await come_in(database, other.launch())
    assert first.course_id != second.course_id
    assert first.person_id != second.person_id
    assert len(await rows(database, hillside, Person)) == 1


async def test_twenty_first_launches_at_once_make_one_of_each(own_database: Database) -> None:
    school = await a_school(own_database)
    same = [come_in(own_database, school.launch()) for _ in range(10)]
    others = [come_in(own_database, school.launch(f"other-{number}")) for number in range(10)]
    entries = await asyncio.gather(*same, *others)
    assert len({entry.course_id for entry in entries}) == 1
    assert len({entry.resource_link_id for entry in entries}) == 1
    assert len({entry.person_id for entry in entries[:10]}) == 1
    assert len(await rows(own_database, school, Person)) == 11
    assert len(await rows(own_database, school, Membership)) == 11


async def test_identifiers_of_the_platforms_api_that_fit_no_column_are_left_out(database: Database) -> None:
    school = await a_school(database)
    launch = replace(school.launch(), custom={"canvas_course_id": "1" * 300})
    await come_in(database, launch)
    (course,) = await rows(database, school, Course)
    assert course.platform_course_id is None


async def test_schoologys_api_ids_come_with_a_launch(database: Database) -> None:
    school = await a_school(database, lms=Family.SCHOOLOGY)
    custom = {"schoology_section_id": "4318461", "schoology_user_id": "$User.id"}
    await come_in(database, school.launch("48289::" + "a" * 32, custom=custom))
    (course,) = await rows(database, school, Course)
    (person,) = await rows(database, school, Person)
    assert (course.platform_course_id, course.api_domain) == ("4318461", None)
    assert person.platform_user_id == "48289"
