"""The pages about mastery in a real browser: a teacher, a student, a family; with the keyboard alone, and without script."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Competency, Scale
from lti_tool.courses.models import Person
from lti_tool.db.base import scoped
from lti_tool.lti.models import Role
from lti_tool.mastery.models import LearnerMastery
from tests.browser_tools import axe, look, screenshot
from tests.insight.class_of_five import a_class
from tests.insight.world import World, a_world
from tests.playlists.seed import NOW, School

pytestmark = pytest.mark.browser

made: list[Competency] = []


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    async def fill(session: AsyncSession) -> School:
        school, made[:] = await a_class(session)
        return school

    with a_world(tmp_path_factory.mktemp("mastery"), fill) as running:
        yield running


@contextmanager
def somebody(
    browser: Browser, world: World, person: Person, role: Role, *, script: bool = True, observes: tuple[str, ...] = ()
) -> Iterator[Page]:
    """A browser with a session; an error in a script, or something the security policy stops, fails the test."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 900},
        locale="en-US",
        timezone_id="Europe/Madrid",
        java_script_enabled=script,
        extra_http_headers=world.sign_in(person, role, observes),
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


def smallest(page: Page, where: str) -> float:
    """The height of the least high thing to press within ``where``, in pixels; of a hidden radio button its label's."""
    found: float = page.evaluate(
        """where => Math.min(...[...document.querySelectorAll(`${where} :is(a, button, summary, input, select)`)]
          .filter(one => one.type !== "hidden" && one.checkVisibility())
          .map(one => (one.closest("label") ?? one).getBoundingClientRect().height))""",
        where,
    )
    return found


def focused(page: Page) -> str:
    """What has the focus: a cell's word, or a link's."""
    said: str = page.evaluate("() => document.activeElement.textContent.replace(/\\s+/g, ' ').trim()")
    return said


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_the_board_by_keyboard_alone(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(f"{world.course}/mastery")
        grid = page.get_by_role("grid")
        expect(grid).to_be_visible()
        look(page, "mastery-board")

        # One stop of the tab key for 5 × 4 cells and their headers.
        page.locator("#order").focus()
        for _ in range(12):
            page.keyboard.press("Tab")
            if page.evaluate("() => document.activeElement.closest('[role=grid]') !== null"):
                break
        assert focused(page) == "Secure, review due"
        here = page.locator("#board-here")
        expect(here).to_have_text("Ada Ash · N.1: Understand a fraction as a part of a whole · Secure, review due")
        page.keyboard.press("ArrowDown")
        assert focused(page) == "Developing"
        press(page, "ArrowUp", "ArrowRight", "ArrowRight")
        assert focused(page) == "Not started"
        page.keyboard.press("End")
        expect(here).to_have_text("Ada Ash · N.4: Multiply fractions · Not started")
        page.keyboard.press("Home")
        assert focused(page) == "Ada Ash"
        press(page, "Control+End")
        expect(here).to_have_text("Eli Elm · N.4: Multiply fractions · Not started")
        press(page, "Control+Home", "ArrowRight", "ArrowRight")
        assert focused(page).startswith("N.1")
        press(page, "PageDown", "PageDown")
        assert page.evaluate("() => document.activeElement.closest('tr').rowIndex") == 7
        page.keyboard.press("Shift+Tab")
        assert not page.evaluate("() => document.activeElement.closest('[role=grid]') !== null")
        page.keyboard.press("Tab")
        press(page, "Control+Home", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight")
        assert focused(page) == "Secure, review due"
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1, name="Ada Ash")).to_be_visible()
        expect(page.get_by_text("Secure: 4 of the last 5 right").first).to_be_visible()


def test_screen_readers_find_a_grid_with_headers_and_words(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(f"{world.course}/mastery")
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Ada Ash"))
        expect(row.get_by_role("gridcell", name="Secure, review due")).to_have_count(2)
        expect(page.get_by_role("columnheader", name=re.compile("N.3 ?: Add fractions"))).to_have_count(1)
        # The word is there although only the shape is seen.
        tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
        said = [node["name"]["value"] for node in tree["nodes"] if node["role"]["value"] == "gridcell"]
        assert said.count("Secure, review due") == 2
        assert said.count("Not started") == 2 + 3 + 3 + 4 + 4


def test_a_teacher_follows_a_level_to_its_evidence_and_decides(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(f"{world.course}/mastery")
        page.get_by_label("Find a student").fill("birch")
        expect(page.get_by_role("rowheader")).to_have_text(["Students who are secure", "Ben Birch"])
        page.get_by_label("Find a student").fill("")
        expect(page.get_by_role("rowheader")).to_have_count(6)
        page.get_by_label("Order").select_option("need")
        page.get_by_label("Group").select_option(label="Group Red")
        page.get_by_role("button", name="Show", exact=True).click()
        expect(page.get_by_role("rowheader")).to_have_text(["Students who are secure", "Ben Birch", "Ada Ash"])
        page.get_by_role("columnheader", name=re.compile("N.1")).get_by_role("link").click()
        expect(page.get_by_role("heading", name="Where the students are")).to_be_visible()
        look(page, "mastery-competency")
        page.get_by_role("link", name="Ada Ash").first.click()
        expect(page.get_by_role("heading", level=1, name="Ada Ash")).to_be_visible()
        look(page, "mastery-student")

        page.get_by_role("link", name="Graph", exact=True).click()
        expect(page.get_by_role("group", name=re.compile("Competencies with levels"))).to_contain_text("Secure")
        look(page, "mastery-student-graph")
        page.get_by_role("link", name=re.compile("^N.2")).first.click()
        expect(page.locator("#evidence-title")).to_have_text("N.2")
        page.get_by_role("link", name="List", exact=True).click()
        page.get_by_role("link", name="N.1", exact=True).first.click()

        first = page.locator("#evidence tbody tr").first
        first.get_by_text("Void…").click()
        first.get_by_label("Why does it not count?").fill("Done together")
        first.get_by_role("button", name="Void this evidence").click()
        expect(page.get_by_text("This evidence counts no more.")).to_be_visible()
        expect(page.locator("#evidence")).to_contain_text("Void: Done together")

        page.get_by_text("Set the level yourself").click()
        page.locator("#standing").select_option("mastered")
        page.get_by_label("Reason").fill("Taught it to others")
        page.get_by_label("Until (with this day)").fill("2026-12-31")
        page.get_by_role("button", name="Set the level").click()
        expect(page.get_by_text("The level is set.")).to_be_visible()
        expect(page.get_by_text("Mastered: set by a teacher until").first).to_be_visible()
        look(page, "mastery-student-set")

        page.get_by_label("New note").fill("Likes to explain")
        page.get_by_role("button", name="Keep the note").click()
        expect(page.get_by_text("Likes to explain")).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download as CSV").click()
        assert download.value.suggested_filename == "student.csv"


def test_observations_of_a_class_by_number_keys(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(f"{world.course}/mastery")
        page.get_by_role("link", name="Enter observations").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("Competency")).to_be_focused()
        look(page, "mastery-observe")
        page.get_by_label("Competency").focus()
        press(page, "ArrowDown", "ArrowDown")
        page.get_by_role("button", name="Go on to the students").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1, name="Observations: N.3")).to_be_visible()
        look(page, "mastery-sheet")
        assert smallest(page, ".sheet") >= 44

        page.get_by_role("group", name=re.compile("Ada Ash")).get_by_role("radio").first.focus()
        press(page, "2", "1", "2", "0", "ArrowUp", "ArrowUp", "2", "ArrowDown", "2")
        chosen = page.locator(".sheet input:checked")
        values = [one.get_attribute("value") for one in chosen.all()]
        assert values == ["right", "not-yet", "right", "", "right"]
        expect(page.get_by_role("button", name="Save observations")).to_be_focused()
        expect(page.get_by_text("4 chosen")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.get_by_text("4 observations are kept.")).to_be_visible()
        expect(page.get_by_role("group", name=re.compile("Ada Ash"))).to_contain_text("Started")
        look(page, "mastery-sheet-saved")
        page.get_by_role("button", name="Take back").click()
        expect(page.get_by_text("Taken back.")).to_be_visible()
        expect(page.get_by_role("group", name=re.compile("Ada Ash"))).to_contain_text("Not started")


def test_a_student_sees_where_they_are_and_says_so_themselves(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.students[0], Role.STUDENT) as page:
        page.goto(f"{world.course}/my-map")
        expect(page.get_by_role("link", name="My map")).to_have_attribute("aria-current", "page")
        expect(page.get_by_role("heading", name="What is next for me")).to_be_visible()
        expect(page.get_by_text("Secure: 4 of your last 5 right").first).to_be_visible()
        look(page, "mastery-my-map")
        assert smallest(page, ".mine") >= 44
        card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Add fractions", exact=True))
        card.locator("summary").focus()
        page.keyboard.press("Enter")
        card.get_by_label("I can do some of it").focus()
        page.keyboard.press("Space")
        card.get_by_label("In your words").fill("With the same bottom number")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Your teacher can see how you see yourself")).to_be_visible()
        expect(page.get_by_text("“With the same bottom number”")).to_be_visible()
        look(page, "mastery-my-map-said")
        page.get_by_role("link", name="The whole map").click()
        expect(page.get_by_role("group", name=re.compile("Competencies with levels"))).to_contain_text("Secure")
        look(page, "mastery-my-map-graph")
        page.get_by_role("link", name=re.compile("^N.1")).click()
        expect(page.locator(f"#competency-{made[0].id}")).to_be_in_viewport()
        assert "Birch" not in page.content()


def test_a_family_reads_their_own_childs_map(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.OBSERVER, observes=("student-0", "student-1")) as page:
        page.goto(f"{world.course}/family-map")
        look(page, "mastery-family")
        page.get_by_role("link", name="Ben Birch").click()
        expect(page.get_by_role("heading", level=1, name="Map of Ben Birch")).to_be_visible()
        expect(page.get_by_role("heading", name="What is next", exact=True)).to_be_visible()
        expect(page.locator("main form")).to_have_count(0)
        look(page, "mastery-family-map")


def test_everything_works_without_script(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER, script=False) as page:
        page.goto(f"{world.course}/mastery")
        expect(page.get_by_role("table", name="Levels of each student, one column for each competency")).to_be_visible()
        page.get_by_role("rowheader", name="Ben Birch").get_by_role("link").click()
        page.get_by_role("link", name="N.1").first.click()
        expect(page.get_by_text("Developing: 2 of the last 3 right").first).to_be_visible()
        page.goto(f"{world.course}/mastery/observations/{made[3].id}?kind=level")
        group = page.get_by_role("group", name=re.compile("Ben Birch"))
        group.get_by_label("Secure").check()
        page.get_by_role("button", name="Save observations").click()
        expect(page.get_by_text("1 observation is kept.")).to_be_visible()


def test_a_printed_board_is_all_there(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(f"{world.course}/mastery")
        page.emulate_media(media="print")
        frame = page.locator(".board-frame")
        assert frame.evaluate("node => getComputedStyle(node).overflow") == "visible"
        expect(page.get_by_role("button", name="Print")).to_be_hidden()
        expect(page.get_by_role("link", name="Ada Ash")).to_be_visible()
        screenshot(page, "mastery-board-print")


def test_a_schools_own_scale_has_its_names_shapes_and_colours(browser: Browser, world: World) -> None:
    upper = {
        "key": "l2",
        "name": "Got <it>",
        "colour": "#FAB901",
        "icon": "diamond",
        "threshold": "0.75",
        "points": "2",
    }
    lower = {
        "key": "l1",
        "name": "On the way",
        "colour": "#D97900",
        "icon": "triangle",
        "threshold": "0",
        "points": "1",
    }
    levels = [{**upper, "standing": "secure"}, {**lower, "standing": "started"}]

    async def choose(session: AsyncSession) -> None:
        school = world.school
        scale = Scale(
            organisation_id=school.id, title="Ours", levels=levels, is_default=True, changed_at=NOW, created_at=NOW
        )
        session.add(scale)
        await session.flush()
        for row in (await session.exec(scoped(LearnerMastery, school.id))).all():
            row.standings = {
                number: [one[0], "l2" if one[0] >= 3 else "l1", None] for number, one in row.standings.items()
            }

    world.write(choose)
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(f"{world.course}/mastery")
        cell = page.get_by_role("gridcell", name="Got <it>").first
        expect(cell).to_be_visible()
        # Three tenths of the school's yellow on white.
        assert cell.evaluate("node => getComputedStyle(node).backgroundColor") in {
            "color(srgb 0.994118 0.917647 0.701176)",
            "rgb(254, 234, 179)",
        }
        assert axe(page) == []
        screenshot(page, "mastery-board-own-scale")
