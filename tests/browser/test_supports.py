"""Supports in a real browser: a teacher gives them by keyboard, a student reads what helps."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.lti.models import Role
from tests.browser.test_mastery_pages import look, somebody
from tests.insight.class_of_five import a_class
from tests.insight.world import World, a_world
from tests.playlists.seed import School

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    async def fill(session: AsyncSession) -> School:
        school, _ = await a_class(session)
        return school

    with a_world(tmp_path_factory.mktemp("supports"), fill) as running:
        yield running


def test_supports_are_given_by_keyboard_and_read_by_the_student(browser: Browser, world: World) -> None:
    student = world.school.students[0]
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(f"{world.course}/supports")
        look(page, "supports")
        page.goto(f"{world.course}/supports/{student.id}")
        expect(page.get_by_label("Which language")).to_be_hidden()
        for name in ("Read aloud", "Another language", "More time"):
            page.get_by_role("checkbox", name=name, exact=True).focus()
            page.keyboard.press("Space")
        page.get_by_label("Which language").fill("es")
        page.get_by_label("How much more time").focus()
        page.keyboard.type("50")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Saved. It holds from")).to_be_visible()
        page.get_by_text("Ask for something else").click()
        look(page, "supports-student")
        page.get_by_label("Another passing mark").check()
        page.get_by_label("Right from (percent)").fill("sixty")
        page.get_by_role("button", name="Save this change").click()
        expect(page.get_by_role("alert")).to_contain_text("Please enter a percentage")
        expect(page.get_by_label("Right from (percent)")).to_have_value("sixty")
        page.get_by_label("Right from (percent)").fill("60")
        page.get_by_role("button", name="Save this change").click()
        expect(page.get_by_text("right from 60%")).to_be_visible()
    with somebody(browser, world, student, Role.STUDENT) as page:
        page.goto(f"{world.course}/my-supports")
        expect(page.get_by_text("Where there is a form to listen to, you get that one.")).to_be_visible()
        look(page, "my-supports")


def test_without_script_every_field_is_there(browser: Browser, world: World) -> None:
    student = world.school.students[1]
    with somebody(browser, world, world.school.teacher, Role.TEACHER, script=False) as page:
        page.goto(f"{world.course}/supports/{student.id}")
        page.get_by_role("checkbox", name="More time", exact=True).check()
        page.get_by_label("How much more time").fill("25")
        page.get_by_role("button", name="Save supports").click()
        expect(page.get_by_text("Saved. It holds from")).to_be_visible()
