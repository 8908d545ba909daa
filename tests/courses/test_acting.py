"""An administrator who acts as a person leaves no trace of a visit of theirs."""

from datetime import timedelta

from lti_tool.courses.models import Course, Membership, Person
from lti_tool.db.session import Database
from tests.courses.school import NOW, a_school, come_in
from tests.courses.test_enter import rows


async def test_acting_as_somebody_changes_neither_their_name_nor_when_they_came(database: Database) -> None:
    school = await a_school(database)
    first = await come_in(database, school.launch(), NOW)
    later = NOW + timedelta(days=3)

    entry = await come_in(database, school.launch(masquerading=True, name="Grace Hopper"), later)

    assert (entry.person_id, entry.course_id) == (first.person_id, first.course_id)
    (person,) = await rows(database, school, Person)
    (membership,) = await rows(database, school, Membership)
    assert person.name == "Ada Lovelace"
    assert (membership.launched_at, membership.last_launched_at) == (NOW, NOW)


async def test_acting_as_somebody_who_never_came_makes_no_member_of_them(database: Database) -> None:
    school = await a_school(database)

    entry = await come_in(database, school.launch(masquerading=True), NOW)

    (person,) = await rows(database, school, Person)
    assert (person.id, person.name) == (entry.person_id, None)
    assert await rows(database, school, Membership) == []
    assert len(await rows(database, school, Course)) == 1
