"""Choosing whom a playlist is for, in a real browser: a long class, by keyboard alone, and without script."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Membership
from lti_tool.db.base import scoped
from lti_tool.lti.models import Role
from lti_tool.playlists import editing
from lti_tool.playlists.editing import Basics
from lti_tool.playlists.models import Playlist
from tests.browser.test_mastery_pages import somebody
from tests.browser_tools import look, screenshot
from tests.insight.site import a_group
from tests.insight.world import World, a_world
from tests.playlists import seed
from tests.playlists.seed import NOW, School

pytestmark = pytest.mark.browser

made: list[Playlist] = []


async def a_class_of_thirty(session: AsyncSession) -> School:
    """Five with names of their own and twenty-five more; two groups, and a section of five."""
    school = await seed.school(session, students=5)
    more = [
        seed.person(school.registration, school.organisation, f"more-{n}", f"Pupil Number{n:02}") for n in range(25)
    ]
    session.add_all(more)
    await session.flush()
    school.students += more
    session.add_all(seed.member(school.course, one) for one in more)
    await session.flush()
    for membership in (await session.exec(scoped(Membership, school.id))).all():
        if membership.person_id in {student.id for student in school.students[:5]}:
            membership.sections = "12"
            session.add(membership)
    await a_group(session, school, "Lions", *range(10))
    await a_group(session, school, "Wolves", *range(10, 30))
    playlist = await editing.create(session, school.course, Basics("Halves"), school.teacher.id, NOW)
    ids = [school.items["page"].id, school.items["quiz"].id]
    made[:] = [await editing.add_items(session, school.course, playlist.id, playlist.revision, ids, NOW)]
    return school


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("assigning"), a_class_of_thirty) as running:
        yield running


def address(world: World) -> str:
    return f"{world.course}/playlists/{made[0].id}/assign"


def rows(page: Page) -> int:
    """How many students the progress page has."""
    expect(page.get_by_role("heading", level=1, name="Halves")).to_be_visible()
    return page.locator("[id^='student-']").count()


def test_a_teacher_chooses_whom_it_is_for(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(address(world))
        expect(page.get_by_label("Everybody: 30 students")).to_be_checked()
        # Nothing of the other choices is in the way.
        expect(page.get_by_label("Lions, 10 students")).to_be_hidden()
        expect(page.locator("#choose-person").get_by_label("Pupil Number07")).to_be_hidden()
        look(page, "assigning-everybody")
        page.get_by_label("Groups and sections").check()
        expect(page.get_by_label("Section 12, 5 students")).to_be_visible()
        look(page, "assigning-groups")
        page.get_by_role("button", name="Assign to these students").click()
        # Nobody was chosen: the summary leads to the choice.
        expect(page.get_by_role("alert")).to_contain_text("Please choose who gets it")
        expect(page.get_by_label("Groups and sections")).to_be_checked()
        look(page, "assigning-nobody-chosen")
        page.get_by_label("Lions, 10 students").check()
        page.get_by_text("And single students besides").click()
        page.locator("#choose-also").get_by_label("Pupil Number24").check()
        look(page, "assigning-besides")
        page.get_by_role("button", name="Assign to these students").click()
        assert rows(page) == 11
        page.get_by_role("link", name="Who gets it, due date, gradebook").click()
        expect(page.get_by_label("Lions, 10 students")).to_be_checked()
        page.get_by_label("Single students").check()
        look(page, "assigning-class")
        page.locator("#find-person").fill("number2")
        # Whoever presses Enter looks for somebody, and assigns nothing yet.
        page.keyboard.press("Enter")
        expect(page.locator("#choose-person").get_by_label("Pupil Number07")).to_be_hidden()
        page.locator("#choose-person").get_by_label("Pupil Number24").check()
        expect(page.get_by_text("1 chosen")).to_be_visible()
        look(page, "assigning-students")
        page.get_by_role("button", name="Save").click()
        assert rows(page) == 1


def test_by_keyboard_alone(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(address(world))
        page.get_by_label("Everybody: 30 students").focus()
        page.keyboard.press("ArrowDown")
        expect(page.get_by_label("Groups and sections")).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.get_by_label("Lions, 10 students")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        expect(page.get_by_label("Wolves, 20 students")).to_be_checked()
        page.keyboard.press("Enter")
        assert rows(page) == 20


def test_without_script_everything_is_there(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER, script=False) as page:
        page.goto(address(world))
        expect(page.locator("#find-person")).to_be_hidden()
        # All choices are shown; the one that is marked above counts.
        page.get_by_label("Lions, 10 students").check()
        page.get_by_label("Single students").check()
        page.locator("#choose-person").get_by_label("Ada Ash").check()
        page.locator("#choose-person").get_by_label("Pupil Number03").check()
        screenshot(page, "assigning-without-script")
        page.get_by_role("button", name="Assign to these students").click()
        assert rows(page) == 2
        page.goto(address(world))
        expect(page.get_by_label(re.compile("Single students"))).to_be_checked()
        expect(page.locator("#choose-person").get_by_label("Ada Ash")).to_be_checked()
