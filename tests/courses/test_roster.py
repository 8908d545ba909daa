"""Taking over what the platform says of who is in a course."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.clock import ManualClock
from lti_tool.courses import queries
from lti_tool.courses.models import Course, Membership, Person
from lti_tool.courses.service import EmptyRoster, NoRoster, RosterReport, refresh_roster, students
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.lti.models import Family, Registration, Role
from lti_tool.lti.services import ServiceRefused

from .school import NOW, come_in
from .site import Site, a_site

LATER = NOW + timedelta(hours=3)


async def the_course(site: Site) -> Course:
    async with site.database.reading() as session:
        course = (await session.exec(scoped(Course, site.school.organisation.id))).one()
        session.expunge(course)
        return course


def answer(*members: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={"members": list(members)})


def member(user_id: str, role: str = "Learner", **more: str) -> dict[str, Any]:
    return {"user_id": user_id, "roles": [role], **more}


async def read(site: Site, *members: dict[str, Any], at: Any = LATER) -> RosterReport:
    site.lms.answers["/nrps"] = answer(*members)
    return await refresh_roster(site.database, site.protocol, await the_course(site), at)


async def by_sub(site: Site) -> dict[str, tuple[Membership, Person]]:
    course = await the_course(site)
    async with site.database.reading() as session:
        found = await queries.roster(session, course.organisation_id, course.id)
        session.expunge_all()
    return {person.sub: (membership, person) for membership, person in found}


async def test_everyone_comes_in_also_those_who_never_launched(site: Site) -> None:
    await come_in(site.database, site.school.launch())
    report = await read(
        site,
        member("s1", name="Ada Lovelace", given_name="Ada", family_name="Lovelace"),
        member("s2", name="Alan Turing", given_name="Alan", family_name="Turing"),
        member("t", "Instructor", name="Grace Hopper"),
        member("gone", status="Inactive"),
        member("nameless"),
    )
    assert report == RosterReport(people=5, new=4, returned=0, left=0)
    people = await by_sub(site)
    assert people["s2"][1].sort_name == "Turing, Alan"
    assert people["s2"][0].launched_at is None
    assert people["s1"][0].launched_at == NOW
    assert people["t"][0].role is Role.TEACHER
    assert not people["gone"][0].active
    course = await the_course(site)
    assert course.roster_read_at == LATER
    async with site.database.reading() as session:
        names = [person.sub for person in await students(session, course.organisation_id, course.id)]
    assert names == ["s1", "s2", "nameless"]


async def test_who_vanishes_becomes_inactive_and_comes_back(site: Site) -> None:
    await come_in(site.database, site.school.launch())
    await read(site, member("s1"), member("s2"), at=LATER)
    report = await read(site, member("s2"), at=LATER + timedelta(minutes=1))
    assert (report.left, report.returned) == (1, 0)
    people = await by_sub(site)
    assert not people["s1"][0].active
    assert people["s1"][1].name == "Ada Lovelace"
    report = await read(site, member("s1"), member("s2"), at=LATER + timedelta(minutes=2))
    assert (report.left, report.returned, report.new) == (0, 1, 0)
    assert (await by_sub(site))["s1"][0].active


async def test_who_launched_while_the_roster_was_read_stays(site: Site) -> None:
    await come_in(site.database, site.school.launch("late"), LATER + timedelta(seconds=5))
    await read(site, member("s2"), at=LATER)
    assert (await by_sub(site))["late"][0].active


async def test_a_name_that_is_not_sent_is_kept_and_one_that_changed_is_taken_over(site: Site) -> None:
    await come_in(site.database, site.school.launch())
    await come_in(site.database, site.school.launch("s2", name="Old Name", given_name=None, family_name=None))
    await read(site, member("s1"), member("s2", name="New Name"))
    people = await by_sub(site)
    assert people["s1"][1].name == "Ada Lovelace"
    assert people["s2"][1].name == "New Name"


async def test_reading_leaves_a_trace_that_names_nobody(site: Site) -> None:
    await come_in(site.database, site.school.launch())
    await read(site, member("s1"), member("s2", name="Alan Turing"))
    async with site.database.reading() as session:
        entry = (await session.exec(select(AuditEntry).where(AuditEntry.action == "roster.read"))).one()
        assert entry.organisation_id == site.school.organisation.id
        assert entry.detail == "2 people, 1 new, 0 returned, 0 left"


async def test_nobody_at_all_is_not_believed(site: Site) -> None:
    await come_in(site.database, site.school.launch())
    with pytest.raises(EmptyRoster):
        await read(site)
    assert (await by_sub(site))["s1"][0].active
    assert (await the_course(site)).roster_read_at is None


async def test_a_service_that_went_away_is_forgotten_until_a_launch_brings_it_back(site: Site) -> None:
    await come_in(site.database, site.school.launch())
    site.lms.answers["/nrps"] = httpx.Response(404)
    with pytest.raises(NoRoster):
        await refresh_roster(site.database, site.protocol, await the_course(site), LATER)
    course = await the_course(site)
    assert course.memberships_url is None
    with pytest.raises(NoRoster):
        await refresh_roster(site.database, site.protocol, course, LATER)
    await come_in(site.database, site.school.launch())
    assert (await the_course(site)).memberships_url is not None


async def test_trouble_of_the_platform_changes_nothing(site: Site) -> None:
    await come_in(site.database, site.school.launch())
    site.lms.answers["/nrps"] = httpx.Response(503)
    with pytest.raises(ServiceRefused):
        await refresh_roster(site.database, site.protocol, await the_course(site), LATER)
    course = await the_course(site)
    assert (course.roster_read_at, course.memberships_url) == (None, "https://lms.example/nrps")


async def test_a_large_class_comes_in(site: Site) -> None:
    await come_in(site.database, site.school.launch())
    report = await read(site, *(member(f"u{number}", name=f"Student {number}") for number in range(1300)))
    assert report.people == 1300
    async with site.database.reading() as session:
        course = await the_course(site)
        assert len(await students(session, course.organisation_id, course.id)) == 1300


async def test_launches_and_readings_at_once_do_not_wait_for_each_other_for_ever(
    own_database: Database, clock: ManualClock
) -> None:
    site = await a_site(own_database, clock)
    await come_in(own_database, site.school.launch())
    members = [member(f"u{number}", name=f"Student {number}") for number in range(40)]
    site.lms.answers["/nrps"] = answer(*members)
    course = await the_course(site)
    readings = [refresh_roster(own_database, site.protocol, course, NOW + timedelta(seconds=n)) for n in range(4)]
    launches = [come_in(own_database, site.school.launch(f"u{n % 20}", name=f"Name {n}"), NOW) for n in range(40)]
    await asyncio.wait_for(asyncio.gather(*readings, *launches), 60)
    people = await by_sub(site)
    assert len(people) == 41
    assert all(membership.active for sub, (membership, _) in people.items() if sub != "s1")


@pytest.mark.parametrize(("lms", "role"), [(Family.MOODLE, Role.TEACHER), (Family.OTHER, Role.STUDENT)])
async def test_an_assistant_whom_moodles_roster_calls_a_learner(site: Site, lms: Family, role: Role) -> None:
    """Moodle 4.5: a non-editing teacher is Instructor at launch and Learner in the roster."""
    async with site.database.writing() as session:
        registration = await session.get_one(Registration, site.school.registration.id)
        registration.lms = lms
    await come_in(site.database, site.school.launch("ta", role=Role.TEACHER), NOW)
    await read(site, member("ta"), member("s1"))
    people = await by_sub(site)
    assert {sub: membership.role for sub, (membership, _) in people.items()} == {"ta": role, "s1": Role.STUDENT}
    # A launch as a student is believed, and so is a roster that makes somebody a teacher.
    await come_in(site.database, site.school.launch("ta", role=Role.STUDENT), LATER)
    await read(site, member("ta"), member("s1", "Instructor"))
    people = await by_sub(site)
    assert {sub: membership.role for sub, (membership, _) in people.items()} == {"ta": Role.STUDENT, "s1": Role.TEACHER}


async def test_who_never_came_has_the_api_id_that_their_sub_holds(site: Site) -> None:
    """Schoology's API calls people by the number that its messages begin with."""
    async with site.database.writing() as session:
        registration = await session.get_one(Registration, site.school.registration.id)
        registration.lms = Family.SCHOOLOGY
    await come_in(site.database, site.school.launch("48289::" + "a" * 32))
    await read(site, member("48289::" + "a" * 32), member("48290::" + "b" * 32, name="B C"), member("opaque"))
    people = {sub: person.platform_user_id for sub, (_, person) in (await by_sub(site)).items()}
    assert people["48290::" + "b" * 32] == "48290"
    assert people["opaque"] is None
    # A name that comes later leaves the id alone, and the other way round.
    await read(site, member("48289::" + "a" * 32, name="Ada"), member("48290::" + "b" * 32), member("opaque"))
    people = {sub: (person.name, person.platform_user_id) for sub, (_, person) in (await by_sub(site)).items()}
    assert people["48290::" + "b" * 32] == ("B C", "48290")
    assert people["48289::" + "a" * 32] == ("Ada", "48289")


async def test_who_comes_back_is_noted_until_it_is_seen_to_and_who_is_new_to_everybody_is_not(site: Site) -> None:
    await come_in(site.database, site.school.launch())
    await read(site, member("s1"), member("s2"), member("t", "Instructor"))
    course = await the_course(site)

    async def come() -> set[str]:
        async with site.database.reading() as session:
            found = await queries.have_come(session, course.organisation_id, course.id)
            assert await queries.courses_with_newcomers(session, 10) == (
                [(course.organisation_id, course.id)] if found else []
            )
        subs = {person.id: sub for sub, (_, person) in (await by_sub(site)).items()}
        return {subs[person_id] for person_id in found}

    assert await come() == set()
    await read(site, member("s1"), member("t", "Learner"), at=LATER + timedelta(hours=1))
    assert await come() == {"t"}
    again = LATER + timedelta(hours=2)
    await read(site, member("s1"), member("s2"), member("t", "Learner"), at=again)
    assert await come() == {"s2", "t"}
    async with site.database.writing() as session:
        found = await queries.have_come(session, course.organisation_id, course.id)
        # One who has come once more since is left for the next time.
        (t,) = [person_id for person_id, at in found.items() if at != again]
        await queries.done_with(session, course.organisation_id, course.id, {**found, t: again})
    assert await come() == {"t"}


async def test_a_launch_brings_somebody_back_and_a_first_one_of_a_stranger_is_nothing(site: Site) -> None:
    await come_in(site.database, site.school.launch())
    course = await the_course(site)
    await read(site, member("s2"), at=NOW + timedelta(hours=1))
    await come_in(site.database, site.school.launch(), NOW + timedelta(hours=2))
    async with site.database.reading() as session:
        found = await queries.have_come(session, course.organisation_id, course.id)
    (membership, person) = (await by_sub(site))["s1"]
    assert (found, membership.active) == ({person.id: NOW + timedelta(hours=2)}, True)


@pytest.mark.parametrize(
    "role",
    [
        "http://purl.imsglobal.org/vocab/lti/system/person#TestUser",
        "http://purl.imsglobal.org/vocab/lis/v2/membership#TestUser",
    ],
)
async def test_the_platforms_test_student_is_known_and_stays_one(site: Site, role: str) -> None:
    learner = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
    await come_in(site.database, site.school.launch(roles=(learner, role)))
    await read(site, member("s1"), {"user_id": "s2", "roles": [learner, role]}, member("s3"))
    assert {sub: person.is_test for sub, (_, person) in (await by_sub(site)).items()} == {
        "s1": True,
        "s2": True,
        "s3": False,
    }
    await read(site, member("s1"), {"user_id": "s3", "roles": [learner, role]})
    assert (await by_sub(site))["s3"][1].is_test
