"""How a teacher follows a class of thirty in a real browser: by mouse, by keyboard, in every look, on a phone."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Person
from lti_tool.lti.models import Role
from lti_tool.playlists.models import Playlist
from tests.browser_tools import axe, overflow, screenshot, small_targets
from tests.insight.world import World, a_world
from tests.playlists.a_class import a_class
from tests.playlists.seed import NOW, School

pytestmark = pytest.mark.browser

assigned: list[Playlist] = []


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    async def fill(session: AsyncSession) -> School:
        school, playlist = await a_class(session)
        assigned[:] = [playlist]
        return school

    with a_world(tmp_path_factory.mktemp("monitor"), fill) as running:
        running.clock.move(NOW.replace(day=15, hour=10) - running.clock.now())
        yield running


@contextmanager
def somebody(
    browser: Browser, world: World, person: Person, role: Role = Role.TEACHER, *, script: bool = True
) -> Iterator[Page]:
    """A browser with a session; an error in a script, or something the security policy stops, fails the test."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900},
        locale="en-US",
        timezone_id="Europe/Madrid",
        java_script_enabled=script,
        extra_http_headers=world.sign_in(person, role),
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda told: troubles.append(told.text) if "Content Security Policy" in told.text else None)
    page.on("response", lambda answer: troubles.append(answer.url) if answer.status >= 500 else None)
    yield page
    context.close()
    assert troubles == []


def look(page: Page, name: str) -> None:
    """axe in light, dark and forced colours; nothing too wide at 320 pixels, targets large enough; a picture of each."""
    for looks, media in (
        ("light", {"color_scheme": "light"}),
        ("dark", {"color_scheme": "dark"}),
        ("forced", {"color_scheme": "light", "forced_colors": "active"}),
    ):
        page.emulate_media(**media)  # type: ignore[arg-type]
        page.wait_for_function("() => document.getAnimations().length === 0")
        assert axe(page) == [], f"{name}, {looks}"
        screenshot(page, f"monitor-{name}-{looks}")
    page.emulate_media(color_scheme="light", forced_colors="none")
    page.set_viewport_size({"width": 320, "height": 900})
    page.wait_for_timeout(100)
    assert overflow(page) <= 0, f"{name}: {overflow(page)} pixels too wide"
    assert small_targets(page) == [], name
    screenshot(page, f"monitor-{name}-narrow")
    page.set_viewport_size({"width": 1280, "height": 900})


def test_thirty_students_stand_on_one_screen(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher) as page:
        page.goto(f"{world.course}/playlists/{assigned[0].id}/progress")
        rows = page.locator("#students tbody tr")
        expect(rows).to_have_count(30)
        look(page, "class")
        height = page.locator("#students").bounding_box()
        assert height is not None
        assert height["height"] <= 900, f"thirty students take {height['height']} pixels"
        expect(rows.first).to_contain_text("Asks for help")


def test_waiting(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher) as page:
        page.goto(f"{world.course}/playlists/waiting")
        look(page, "waiting")
        page.goto(f"{world.course}/calendar")
        look(page, "calendar")
