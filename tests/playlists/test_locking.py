"""How each LMS locks its own items by a column of ours: the page, and the words of each LMS."""

import pytest

from lti_tool.db.base import scoped
from lti_tool.grades.models import ColumnState, LineItem
from lti_tool.lti.models import Family, Registration, Role
from lti_tool.platforms import quirks
from lti_tool.platforms.locking import GENERAL
from lti_tool.playlists.editing import Terms
from tests.playlists import seed
from tests.playlists.site import Site
from tests.playlists.test_service import assigned

KNOWN = {
    Family.MOODLE: ("Restrict access", "must be ≥"),
    Family.CANVAS: ("Prerequisite", "Mastery Paths"),
    Family.SCHOOLOGY: ("Student Completion", "Must score at least"),
}


def address(site: Site) -> str:
    return f"{site.course}/content/locking"


async def test_it_is_for_teachers(site: Site) -> None:
    async with site.client() as client:
        assert (await client.get(address(site))).status_code == 401
    for role in (Role.STUDENT, Role.OBSERVER):
        visitor = await site.sign_in(site.school.students[0], role)
        assert (await visitor.get(address(site))).status_code == 403
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    visitor = await site.sign_in(other.teacher, Role.TEACHER, school=other)
    assert (await visitor.get(address(site))).status_code == 404


@pytest.mark.parametrize("family", list(Family))
async def test_the_ways_are_those_of_the_courses_own_lms(site: Site, family: Family) -> None:
    async with site.database.writing() as session:
        registration = await session.get(Registration, site.school.registration.id)
        assert registration is not None
        registration.lms = family
        session.add(registration)
    page = (await (await site.teacher()).get(address(site))).text
    for other, words in KNOWN.items():
        for word in words:
            assert (word in page) == (other is family), (family, word)
    assert ("By the rules of your LMS" in page) == (family not in KNOWN)


async def test_the_columns_to_go_by_are_named(site: Site) -> None:
    teacher = await site.teacher()
    assert "no column of this tool in its gradebook yet" in (await teacher.get(address(site))).text
    async with site.database.writing() as session:
        playlist = await assigned(session, site.school, Terms(has_column=True, points=20))
    # It is wanted, and not there yet.
    assert "no column of this tool in its gradebook yet" in (await teacher.get(address(site))).text
    async with site.database.writing() as session:
        [column] = (await session.exec(scoped(LineItem, site.school.id))).all()
        column.state = ColumnState.MADE
        session.add(column)
    page = (await teacher.get(address(site))).text
    assert "“Halves”" in page
    assert "(20 points)" in page
    monitor = (await teacher.get(f"{site.course}/playlists/{playlist.id}/progress")).text
    assert f'href="{address(site)}"' in monitor


def test_every_way_has_steps_and_no_place_to_fill_in() -> None:
    for family in Family:
        for way in quirks(family).locking:
            assert len(way.steps) >= 3
            assert all("%(" not in text for text in (way.title, way.fits, way.remark, *way.steps))
    assert quirks(Family.OTHER).locking is GENERAL
