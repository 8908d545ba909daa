"""A student's path on the map: who may see it, and that its list says what its drawing says."""

import uuid
from typing import Any

import pytest

from lti_tool.lti.models import Role
from lti_tool.playlists.models import PersonalPlaylist
from tests.insight.site import Site
from tests.playlists import seed
from tests.playlists.test_asking import a_copy, a_step


async def a_path(site: Site, *places: int) -> PersonalPlaylist:
    """Ada's path: a step for each of these competencies, and one that is for none."""
    async with site.database.writing() as session:
        copy = await a_copy(session, site.school)
        for position, place in enumerate(places):
            await a_step(session, copy, f"Step for {place}", position, competency_id=site.competencies[place].id)
        await a_step(session, copy, "Tidy your desk", len(places))
    return copy


async def test_only_the_student_sees_the_map_of_their_path(site: Site) -> None:
    copy = await a_path(site, 1, 3)
    address = f"{site.course}/my/{copy.id}/map"
    async with site.client() as client:
        assert (await client.get(address)).status_code == 401
    for role in (Role.TEACHER, Role.OBSERVER, Role.OTHER):
        visitor = await site.sign_in(site.school.students[0], role, observes=("student-0",))
        assert (await visitor.get(address)).status_code == 403, role
    assert (await (await site.student(1)).get(address)).status_code == 404
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    stranger = await site.sign_in(other.students[0], school=other)
    for course in (site.course, f"/courses/{other.course.id}"):
        assert (await stranger.get(f"{course}/my/{copy.id}/map")).status_code == 404
    ada = await site.student()
    assert (await ada.get(address)).status_code == 200
    assert (await ada.get(f"{site.course}/my/{uuid.uuid4()}/map")).status_code == 404


async def test_the_list_says_what_the_drawing_says(site: Site) -> None:
    await site.shown(0, 1, *[True] * 8)
    copy = await a_path(site, 1, 3)
    page = await (await site.student()).get(f"{site.course}/my/{copy.id}/map")
    drawing, listed = page.text.split("The same as a list")
    assert "You know 1 of the 2 things this path is about." in page.text
    # N.2 and N.4 are the path's, N.1 and N.3 come right before them; each box stands in the list, by the same word.
    for one in site.competencies:
        assert f'href="#competency-{one.id}"' in drawing
        assert f'id="competency-{one.id}"' in listed
    assert "Up next" in drawing
    assert "Up next" in listed
    assert "Secure" in drawing
    assert "Secure" in listed
    assert "Tidy your desk" in listed
    assert "Opens when" in listed


@pytest.mark.parametrize("places", [(), (0,)])
async def test_a_path_without_a_place_on_the_map_says_so(site: Site, places: tuple[Any, ...]) -> None:
    copy = await a_path(site, *places)
    page = await (await site.student()).get(f"{site.course}/my/{copy.id}/map")
    assert ("This path is not on the map" in page.text) == (not places)
