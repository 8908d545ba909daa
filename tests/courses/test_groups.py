"""Groups of a course: read with its roster, shown on the page of people, and no trouble to the roster."""

import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.courses import groups, queries
from lti_tool.courses.models import CourseGroup, CourseGroupMember
from lti_tool.courses.service import refresh_roster
from lti_tool.db.base import scoped
from lti_tool.lti.launch import GroupsEndpoint
from lti_tool.lti.models import Role

from .school import NOW, come_in
from .site import Site
from .test_roster import member, the_course

LATER = NOW + timedelta(hours=3)
SERVICE = GroupsEndpoint("https://lms.example/groups", "https://lms.example/sets")


class Class:
    """A course whose platform has groups."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.groups: list[dict[str, Any]] = [
            {"id": "g1", "name": "Red", "set_id": "s1", "tag": "lab"},
            {"id": "g2", "name": "Blue", "set_id": "s1"},
            {"id": "g3", "name": "Alone"},
        ]
        self.sets = [{"id": "s1", "name": "Labs"}]
        self.of = {"s1": ["g1", "g3"], "s2": ["g1"], "s3": []}
        self.at = LATER
        site.lms.answers["/groups"] = lambda _: httpx.Response(200, json={"groups": self.groups})
        site.lms.answers["/sets"] = lambda _: httpx.Response(200, json={"sets": self.sets})
        site.lms.answers["/nrps"] = self.members

    def members(self, request: httpx.Request) -> httpx.Response:
        found: list[dict[str, Any]] = [member(sub, name=f"Person {sub}") for sub in self.of]
        if request.url.params.get("groups") == "true":
            for one in found:
                one["group_enrollments"] = [{"group_id": name} for name in self.of[one["user_id"]]]
        return httpx.Response(200, json={"members": found})

    async def read(self) -> None:
        self.at += timedelta(minutes=1)
        await refresh_roster(self.site.database, self.site.protocol, await the_course(self.site), self.at)

    async def known(self) -> dict[str, tuple[str | None, set[str]]]:
        """Set and members of each group that is there."""
        course = await the_course(self.site)
        async with self.site.database.reading() as session:
            people = {
                person.id: person.sub for _, person in await queries.roster(session, course.organisation_id, course.id)
            }
            found = await groups.of_course(session, course.organisation_id, course.id)
            return {
                one.group.name: (one.group.set_name, {people[person_id] for person_id in one.person_ids})
                for one in found
            }

    async def rows(self, model: type[Any]) -> list[Any]:
        async with self.site.database.reading() as session:
            found = list((await session.exec(scoped(model, self.site.school.organisation.id))).all())
            session.expunge_all()
            return found


@pytest.fixture
async def lesson(site: Site) -> Class:
    await come_in(site.database, site.school.launch(groups=SERVICE))
    return Class(site)


async def test_groups_come_with_the_roster(lesson: Class) -> None:
    await lesson.read()
    assert await lesson.known() == {"Alone": (None, {"s1"}), "Blue": ("Labs", set()), "Red": ("Labs", {"s1", "s2"})}
    course = await the_course(lesson.site)
    assert course.groups_read_at == lesson.at
    async with lesson.site.database.reading() as session:
        entry = (await session.exec(select(AuditEntry).where(AuditEntry.action == "roster.read"))).one()
    assert entry.detail == "3 people, 2 new, 0 returned, 0 left, 3 groups"


async def test_what_changes_there_changes_here_and_what_stays_keeps_its_row(lesson: Class) -> None:
    await lesson.read()
    before = {row.group_id: row.id for row in await lesson.rows(CourseGroup)}
    places = {(row.group_id, row.person_id): row.id for row in await lesson.rows(CourseGroupMember)}
    lesson.groups = [{"id": "g1", "name": "Crimson", "set_id": "s1"}, {"id": "g3", "name": "Alone"}]
    lesson.of = {"s1": ["g3"], "s2": ["g1", "unknown"], "s3": ["g3"]}
    await lesson.read()
    assert await lesson.known() == {"Alone": (None, {"s1", "s3"}), "Crimson": ("Labs", {"s2"})}
    kept = {(row.group_id, row.person_id): row.id for row in await lesson.rows(CourseGroupMember)}
    assert {key: places[key] for key in places if key in kept} == {key: kept[key] for key in places if key in kept}
    assert not next(row for row in await lesson.rows(CourseGroup) if row.group_id == "g2").active
    # The group comes back as the one it was.
    lesson.groups.append({"id": "g2", "name": "Blue again"})
    await lesson.read()
    assert {row.group_id: row.id for row in await lesson.rows(CourseGroup)} == before
    assert "Blue again" in await lesson.known()


async def test_trouble_with_groups_is_none_for_the_roster(lesson: Class) -> None:
    await lesson.read()
    known = await lesson.known()
    lms = lesson.site.lms
    for answer in (httpx.Response(503), httpx.Response(403), httpx.Response(200, json={"nothing": 1})):
        lms.answers["/groups"] = answer
        await lesson.read()
        assert await lesson.known() == known
        assert (await the_course(lesson.site)).roster_read_at == lesson.at
    # Sets that cannot be read are not needed.
    lms.answers["/groups"] = httpx.Response(200, json={"groups": lesson.groups})
    lms.answers["/sets"] = httpx.Response(404)
    await lesson.read()
    assert set(await lesson.known()) == set(known)


async def test_a_platform_that_does_not_list_groups_with_members_is_asked_without(lesson: Class) -> None:
    def plain(request: httpx.Request) -> httpx.Response:
        return httpx.Response(400) if "groups" in request.url.params else lesson.members(request)

    lesson.site.lms.answers["/nrps"] = plain
    await lesson.read()
    assert await lesson.known() == {"Alone": (None, set()), "Blue": ("Labs", set()), "Red": ("Labs", set())}


async def test_a_service_that_went_away_is_forgotten_until_a_launch_brings_it_back(lesson: Class) -> None:
    await lesson.read()
    lesson.site.lms.answers["/groups"] = httpx.Response(404)
    await lesson.read()
    assert (await the_course(lesson.site)).groups_url is None
    assert await lesson.known() == {}
    asked = len(lesson.site.lms.asked)
    await lesson.read()
    assert all(request.url.path == "/nrps" for request in lesson.site.lms.asked[asked:])
    await come_in(lesson.site.database, lesson.site.school.launch(groups=SERVICE))
    assert (await the_course(lesson.site)).group_sets_url == SERVICE.sets_url


async def test_the_page_of_people_shows_groups_and_can_be_held_to_one(lesson: Class, site: Site) -> None:
    teacher = await site.teacher(groups=SERVICE)
    lesson.of["teacher"] = []
    page = await teacher.get(f"{teacher.course}/people")
    assert "3 groups" in page.text
    assert "Labs · Red (2)" in page.text
    assert "Alone, Red" in page.text or "Red, Alone" in page.text
    red = next(row for row in await lesson.rows(CourseGroup) if row.name == "Red")
    page = await teacher.get(f"{teacher.course}/people?group={red.id}")
    assert "Person s1" in page.text
    assert "Person s3" not in page.text
    blue = next(row for row in await lesson.rows(CourseGroup) if row.name == "Blue")
    assert "Nobody is in this group" in (await teacher.get(f"{teacher.course}/people?group={blue.id}")).text
    for other in (str(uuid.uuid4()), "nonsense", "x" * 500):
        page = await teacher.get(f"{teacher.course}/people?group={other}")
        assert page.status_code == 200
        assert "Person s3" in page.text


async def test_without_the_service_nothing_of_it_is_shown_or_asked(site: Site) -> None:
    teacher = await site.teacher()
    site.lms.answers["/nrps"] = httpx.Response(200, json={"members": [member("s1", name="Person s1")]})
    page = await teacher.get(f"{teacher.course}/people")
    assert "Person s1" in page.text
    assert 'name="group"' not in page.text
    assert ">Groups<" not in page.text
    assert [request.url.path for request in site.lms.asked if request.url.path != "/token"] == ["/nrps"]
    assert "groups" not in site.lms.asked[-1].url.params


async def test_a_student_does_not_see_the_groups(lesson: Class, site: Site) -> None:
    await lesson.read()
    student = await site.arrive(site.school.launch(role=Role.STUDENT))
    assert (await student.get(f"{student.course}/people")).status_code == 403
