"""How a teacher follows a class of thirty in a real browser: by mouse, by keyboard, in every look, on a phone."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.models import Person
from lti_tool.lti.models import Role
from lti_tool.playlists.models import Playlist
from tests.browser_tools import look
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


def test_the_teachers_way(browser: Browser, world: World) -> None:
    """From the list to who waits, to a student, to a nudge; every page in every look."""
    with somebody(browser, world, world.school.teacher) as page:
        page.goto(f"{world.course}/playlists")
        page.get_by_role("link", name="See progress").click()
        rows = page.locator("#students tbody tr")
        expect(rows).to_have_count(30)
        expect(rows.first).to_contain_text("Asks for help")
        look(page, "monitor-class")
        height = page.locator("#students").bounding_box()
        assert height is not None
        assert height["height"] <= 900, f"thirty students take {height['height']} pixels"

        page.get_by_label("Find a student").fill("Castillo")
        expect(page.locator("#students tbody tr:visible")).to_have_count(2)
        page.get_by_label("Find a student").fill("")
        page.get_by_role("link", name="3 Has not moved").click()
        expect(rows).to_have_count(3)

        page.get_by_role("link", name="Nudge 3 students…").click()
        look(page, "monitor-nudge")
        page.get_by_label("My own words").check()
        page.get_by_label("Your words").fill("Come and see me, we look at it together.")
        page.get_by_role("button", name="Nudge").click()
        expect(page.locator("#messages")).to_contain_text("Nudged.")

        page.get_by_role("link", name="9 requests wait for you").click()
        look(page, "monitor-waiting")
        page.get_by_role("button", name="Sign off all that are ticked").click()
        expect(page.locator("#messages")).to_contain_text("Signed off, all of them.")
        first = page.locator(".asked-list > li").first
        first.get_by_label("To Ben Birch").fill("Look at the picture on page 2.")
        first.get_by_role("button", name="Answer").click()
        expect(page.locator("#messages")).to_contain_text("Answered.")
        expect(page.locator(".asked-list > li")).to_have_count(5)


def test_whom_somebody_looks_for_outlives_a_refresh(browser: Browser, world: World) -> None:
    """The page brings itself up to date every minute; who is typing a name then goes on typing it."""
    with somebody(browser, world, world.school.teacher) as page:
        page.goto(f"{world.course}/playlists/{assigned[0].id}/progress")
        field = page.get_by_label("Find a student")
        field.press_sequentially("Castil")
        expect(page.locator("#students tbody tr:visible")).to_have_count(2)
        page.evaluate("() => { document.getElementById('progress').dataset.old = 'yes'; }")
        page.evaluate(
            """() => htmx.ajax("GET", location.href, { source: "#progress", target: "#progress", select: "#progress",
                                                      swap: "outerHTML" })"""
        )
        expect(page.locator("#progress[data-old]")).to_have_count(0)
        expect(field).to_be_focused()
        field.press_sequentially("lo")
        expect(field).to_have_value("Castillo")
        expect(page.locator("#students tbody tr:visible")).to_have_count(2)


def test_one_student(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher) as page:
        page.goto(f"{world.course}/playlists/{assigned[0].id}/progress")
        page.get_by_role("link", name="Ben Birch").click()
        look(page, "monitor-student")
        page.locator("#step-" + step_of(page, "Fold a paper")).get_by_text("Comment").click()
        page.locator("#step-" + step_of(page, "Fold a paper")).get_by_label("To the student").fill("In halves, please.")
        page.locator("#step-" + step_of(page, "Fold a paper")).get_by_role("button", name="Say it").click()
        expect(page.locator("#said-section")).to_contain_text("In halves, please.")

        page.get_by_role("link", name="Give a step…").click()
        look(page, "monitor-give")
        page.get_by_label("What to do").fill("Cut a pizza")
        page.get_by_role("button", name="Give it").click()
        expect(page.get_by_role("heading", name="Cut a pizza")).to_be_visible()
        page.get_by_role("button", name="Take off this path Cut a pizza").click()
        expect(page.get_by_role("heading", name="Cut a pizza")).to_have_count(0)

        page.get_by_role("link", name="As they see it").click()
        expect(page.get_by_text("You see what Ben Birch sees.")).to_be_visible()
        expect(page.locator("main :is(form, button)")).to_have_count(0)
        look(page, "monitor-as-they-see-it")


def step_of(page: Page, title: str) -> str:
    """The id of the step with a title."""
    found = page.get_by_role("heading", name=title).locator("xpath=ancestor::li").get_attribute("id") or ""
    return found.removeprefix("step-")


def test_school_days(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher) as page:
        page.goto(f"{world.course}/calendar")
        look(page, "monitor-calendar")
        page.get_by_label("First day off").fill("2026-09-03")
        page.get_by_label("Last day off").fill("2026-09-13")
        page.get_by_role("button", name="Add days off").click()
        expect(page.locator("#days-off")).to_contain_text("September 3, 2026")
        page.goto(f"{world.course}/playlists/{assigned[0].id}/progress")
        expect(page.get_by_role("link", name="Has not moved")).to_have_count(0)


def test_by_keyboard_alone(browser: Browser, world: World) -> None:
    """What waits is answered without a mouse: to the first sign-off by the tab key, then Enter."""
    with somebody(browser, world, world.school.teacher) as page:
        page.goto(f"{world.course}/playlists/waiting?kind=sign-off")
        expect(page.locator(".asked-list > li")).to_have_count(3)
        for _ in range(40):
            page.keyboard.press("Tab")
            said = page.evaluate("() => document.activeElement.textContent.replace(/\\s+/g, ' ').trim()")
            if said.startswith("Sign off Cem"):
                break
        else:
            raise AssertionError("the button is out of the keyboard's reach")
        page.keyboard.press("Enter")
        expect(page.locator("#messages")).to_contain_text("Signed off.")


def test_without_script(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, script=False) as page:
        page.goto(f"{world.course}/playlists/{assigned[0].id}/progress?show=quiet")
        page.get_by_role("link", name="Nudge 3 students…").click()
        page.get_by_role("button", name="Nudge").click()
        expect(page.locator("#messages")).to_contain_text("Nudged.")
        page.goto(f"{world.course}/playlists/waiting")
        page.get_by_role("button", name="We have talked").first.click()
        expect(page.locator("#messages")).to_contain_text("Answered.")


def test_what_the_teacher_said_reaches_the_student(browser: Browser, world: World) -> None:
    school = world.school
    with somebody(browser, world, school.teacher) as page:
        page.goto(f"{world.course}/playlists/{assigned[0].id}/nudge?person={school.students[1].id}")
        page.get_by_role("button", name="Nudge").click()
        page.goto(f"{world.course}/playlists/waiting?kind=help")
        first = page.locator(".asked-list > li").first
        first.get_by_label("To Ben Birch").fill("Look at the picture on page 2.")
        first.get_by_role("button", name="Answer").click()
        expect(page.locator("#messages")).to_contain_text("Answered.")
    with somebody(browser, world, school.students[1], Role.STUDENT) as page:
        page.goto(f"{world.course}/my")
        expect(page.get_by_text("Go on with your next step.")).to_be_visible()
        expect(page.get_by_text("Look at the picture on page 2.")).to_be_visible()


def test_a_step_is_signed_off_for_the_class_in_five_presses(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher) as page:
        page.goto(f"{world.course}/playlists/{assigned[0].id}/progress")
        page.locator("summary", has_text="More for").click()
        page.get_by_role("link", name="Sign off for many").click()
        look(page, "monitor-sign-off-which")
        page.get_by_role("link", name="Fold a paper").click()
        page.get_by_label("Everybody").check()
        look(page, "monitor-sign-off-whom")
        page.get_by_role("button", name="Sign off", exact=True).click()
        expect(page.locator("#messages")).to_contain_text("Signed off, all of them.")
        expect(page.get_by_role("listitem").filter(has_text="Fold a paper")).to_contain_text("done by everybody")


def test_an_answer_that_is_half_typed_is_not_lost_by_another(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher) as page:
        page.goto(f"{world.course}/playlists/waiting?kind=help")
        lines = page.locator(".asked-list > li")
        words = lines.locator("textarea")
        words.nth(0).fill("Look at the picture.")
        words.nth(1).fill("Half an ans")
        lines.nth(0).get_by_role("button", name="Answer").click()
        expect(page.locator("#messages")).to_contain_text("what you typed there is not saved yet")
        expect(words.nth(1)).to_have_value("Half an ans")
        lines.nth(0).get_by_role("button", name="Answer").click()
        expect(page.locator("#messages")).to_contain_text("Answered.")
