"""A teacher's way through the course's map in a real browser: picking, writing, drawing prerequisites, the graph by keyboard."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.map_world import World, a_world, shared_data
from tests.browser_tools import axe, contrast, overflow, screenshot, small_targets

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("map")]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A framework of letters: A before B before C, A before D; an empty map. The tests build on each other, in order."""
    with a_world(tmp_path_factory.mktemp("letters")) as running:
        yield running


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A course that uses the whole of Common Core mathematics."""
    data = shared_data()
    if data is None:
        pytest.skip("the Common Core map is not here (set LTI_TOOL_SHARED_DATA)")
    with a_world(tmp_path_factory.mktemp("common-core"), common_core=data, picked=True) as running:
        yield running


def looks_right(page: Page, name: str) -> None:
    """No finding of axe, nothing too small, nothing sticks out; a picture to look at."""
    assert axe(page) == []
    assert small_targets(page) == []
    assert overflow(page) == 0
    screenshot(page, f"map-{name}")


# --- Making a map


def test_picking_many_at_once(world: World, browser: Browser) -> None:
    with world.browsing(browser) as page:
        page.goto(f"{world.course}/competencies")
        expect(page.get_by_role("heading", level=2, name="No competencies yet")).to_be_visible()
        looks_right(page, "empty")
        page.get_by_role("link", name="Pick from frameworks").click()
        looks_right(page, "frameworks")
        page.get_by_role("link", name="Arithmetic").click()
        for code in ("A", "B"):
            page.get_by_role("checkbox", name=f"{code} What {code} says").check()
        expect(page.get_by_text("2 ticked")).to_be_visible()
        looks_right(page, "pick")
        page.get_by_role("button", name="Add those that are ticked").click()
        expect(page.get_by_text("2 competencies were added to the map.")).to_be_visible()
        page.get_by_role("link", name="Pick from frameworks").click()
        page.get_by_label("Search by code or words").fill("what c says")
        page.keyboard.press("Enter")
        page.get_by_role("checkbox", name="C What C says").check()
        page.get_by_role("button", name="Add those that are ticked").click()
        expect(page.get_by_role("list", name="Competencies in order").locator("[data-id]")).to_have_count(3)
        looks_right(page, "list")


def test_writing_own_ones(world: World, browser: Browser) -> None:
    with world.browsing(browser) as page:
        page.goto(f"{world.course}/competencies/own")
        page.get_by_label("One competency a line").fill("F.1 Cut a cake into equal parts\nShare fairly")
        looks_right(page, "own")
        page.get_by_role("button", name="Add to the map").click()
        expect(page.get_by_text("2 competencies were written")).to_be_visible()
        page.get_by_role("link", name="F.1", exact=True).click()
        page.get_by_label("What students know or can do").fill("Cut a cake into fair shares")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Cut a cake into fair shares").first).to_be_visible()
        looks_right(page, "one")


def test_a_prerequisite_is_drawn_by_keyboard_and_undone(world: World, browser: Browser) -> None:
    with world.browsing(browser) as page:
        page.goto(f"{world.course}/competencies")
        page.get_by_role("link", name="F.1", exact=True).focus()
        page.keyboard.press("Enter")
        box = page.get_by_label("Add what comes before")
        box.focus()
        page.keyboard.type("C")  # The select jumps to what begins with it, as browsers do.
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("The prerequisite is drawn.")).to_be_visible()
        needs = page.locator("#before")
        expect(needs.get_by_role("link", name="C")).to_be_visible()
        expect(needs.get_by_text("Drawn here")).to_be_visible()
        page.get_by_role("button", name="Undo").press("Enter")
        expect(page.get_by_text("taken away in this course")).to_be_visible()
        expect(needs.get_by_text("Nothing has to come before it.")).to_be_visible()


def test_a_circle_is_refused_with_the_way_round(world: World, browser: Browser) -> None:
    with world.browsing(browser) as page:
        page.goto(f"{world.course}/competencies")
        page.locator("[data-title='A'] .map-item__title a").click()
        page.get_by_label("Add what comes before").select_option(label="C What C says")
        page.locator("#before").get_by_role("button", name="Draw prerequisite").click()
        expect(page.get_by_text("C → A → B → C")).to_be_visible()
        # What was chosen is still chosen, and nothing has changed.
        expect(page.get_by_label("Add what comes before").locator("option:checked")).to_have_text("C What C says")
        expect(page.locator("#before").get_by_text("Nothing has to come before it.")).to_be_visible()
        looks_right(page, "circle")


def test_a_prerequisite_of_the_framework_is_taken_away_and_brought_back(world: World, browser: Browser) -> None:
    with world.browsing(browser) as page:
        page.goto(f"{world.course}/competencies")
        page.locator("[data-title='B'] .map-item__title a").click()
        page.get_by_role("button", name="Take away A").click()
        expect(page.get_by_role("heading", name="Taken away in this course")).to_be_visible()
        looks_right(page, "taken-away")
        page.get_by_role("button", name=re.compile("^Bring back")).click()
        expect(page.locator("#before").get_by_role("link", name="A")).to_be_visible()


def test_order_by_buttons_and_two_editors(world: World, browser: Browser) -> None:
    with world.browsing(browser) as page:
        page.goto(f"{world.course}/competencies")
        items = page.get_by_role("list", name="Competencies in order").locator("[data-id]")
        first = items.nth(0).get_attribute("data-title")
        page.get_by_role("button", name=f"Move {first} down").press("Enter")
        expect(items.nth(1)).to_have_attribute("data-title", first or "")
        expect(page.get_by_role("list", name="Competencies in order")).not_to_have_attribute("aria-busy", "true")
        page.reload()
        expect(items.nth(1)).to_have_attribute("data-title", first or "")
        # A page that is older than somebody else's change changes nothing, and says what to do.
        with world.browsing(browser) as other:
            other.goto(f"{world.course}/competencies")
            other.get_by_role("button", name=f"Move {first} up").click()
            expect(other.get_by_role("list", name="Competencies in order")).not_to_have_attribute("aria-busy", "true")
        page.get_by_text("Put in order").click()
        page.get_by_role("button", name="Prerequisites first").click()
        expect(page.get_by_text("This map has changed since you opened it")).to_be_visible()
        page.get_by_text("Put in order").click()
        page.get_by_role("button", name="Prerequisites first").click()
        expect(page.get_by_text("Saved.")).to_be_visible()


def test_taking_out_asks_and_is_undone(world: World, browser: Browser) -> None:
    with world.browsing(browser) as page:
        page.goto(f"{world.course}/competencies")
        page.get_by_role("link", name="Take out B").click()
        looks_right(page, "take-out")
        page.get_by_role("button", name="Take out of the map").click()
        expect(page.get_by_text("Taken out of the map.")).to_be_visible()
        # What stood on both sides of it is connected through it.
        expect(page.locator("[data-title='C']").get_by_text("Needs")).to_be_visible()
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("[data-title='B']")).to_be_visible()


def test_taking_several_out(world: World, browser: Browser) -> None:
    with world.browsing(browser) as page:
        page.goto(f"{world.course}/competencies")
        page.get_by_role("link", name="Take several out").click()
        page.get_by_role("checkbox", name="All of these Grade 4").check()
        expect(page.get_by_text("3 ticked")).to_be_visible()
        looks_right(page, "take-several-out")
        page.get_by_role("button", name="Take out those that are ticked").click()
        expect(page.get_by_role("list", name="Competencies in order").locator("[data-id]")).to_have_count(2)
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("list", name="Competencies in order").locator("[data-id]")).to_have_count(5)


# --- The graph


def test_the_graph_by_keyboard(world: World, browser: Browser) -> None:
    with world.browsing(browser) as page:
        page.goto(f"{world.course}/competencies/graph")
        looks_right(page, "graph")
        svg, view = page.locator(".graph__svg"), page.locator(".graph__view")

        def width() -> int:
            return int(svg.get_attribute("width") or 0)

        usual = width()
        view.focus()
        page.keyboard.press("+")
        assert width() > usual
        page.keyboard.press("+")
        page.keyboard.press("+")
        page.keyboard.press("ArrowRight")
        page.wait_for_function("() => document.querySelector('.graph__view').scrollLeft > 0")
        page.keyboard.press("0")
        assert width() <= usual
        page.keyboard.press("1")
        assert width() == usual
        page.keyboard.press("-")
        assert width() < usual
        page.keyboard.press("1")
        # A box tells what it needs and opens.
        start = page.locator("[data-node]").filter(has_text=re.compile(r"^\s*C\b"))
        start.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=2, name="C", exact=True)).to_be_visible()
        expect(page.locator(".graph__node--before")).to_have_count(2)
        expect(start).to_have_attribute("aria-current", "true")
        assert "focus=" in page.url
        # Two boxes are joined without a pointer.
        page.get_by_role("link", name="Draw a prerequisite from here").press("Enter")
        expect(page.get_by_role("heading", level=2, name="Which one comes after C?")).to_be_visible()
        looks_right(page, "graph-start")
        page.locator("[data-node]").filter(has_text=re.compile(r"^\s*F\.1\b")).press("Enter")
        expect(page.get_by_role("heading", level=2, name="Draw this prerequisite?")).to_be_visible()
        page.get_by_role("button", name="Draw prerequisite").press("Enter")
        expect(page.get_by_text("The prerequisite is drawn.")).to_be_visible()
        expect(page.locator(".graph__line")).to_have_count(3)
        page.get_by_role("button", name="Undo").press("Enter")
        expect(page.locator(".graph__line")).to_have_count(2)


def test_a_circle_is_shown_in_the_graph(world: World, browser: Browser) -> None:
    with world.browsing(browser) as page:
        page.goto(f"{world.course}/competencies/graph")
        page.locator("[data-node]").filter(has_text=re.compile(r"^\s*C\b")).click()
        page.get_by_role("link", name="Draw a prerequisite from here").click()
        page.locator("[data-node]").filter(has_text=re.compile(r"^\s*A\b")).click()
        page.get_by_role("button", name="Draw prerequisite").click()
        expect(page.get_by_text("C → A → B → C")).to_be_visible()
        expect(page.locator(".graph__line--loop")).to_have_count(2)
        expect(page.get_by_role("heading", level=2, name="Draw this prerequisite?")).to_be_visible()
        looks_right(page, "graph-circle")


def test_without_script(world: World, browser: Browser) -> None:
    with world.browsing(browser, java_script_enabled=False) as page:
        page.goto(f"{world.course}/competencies/graph")
        expect(page.get_by_role("button", name="Fit")).to_be_hidden()
        page.locator("[data-node]").filter(has_text=re.compile(r"^\s*B\b")).click()
        expect(page.get_by_role("heading", level=2, name="B", exact=True)).to_be_visible()
        expect(page.locator(".graph__node--after")).to_have_count(1)
        page.get_by_role("link", name="Draw a prerequisite from here").click()
        page.get_by_label("What comes after it").select_option(label="F.1 Cut a cake into fair shares")
        page.get_by_role("button", name="Choose").click()
        page.get_by_role("button", name="Draw prerequisite").click()
        expect(page.get_by_text("The prerequisite is drawn.")).to_be_visible()
        page.get_by_role("button", name="Undo").click()
        page.get_by_role("link", name="Map", exact=True).click()
        first = page.get_by_role("list", name="Competencies in order").locator("[data-id]").first
        title = first.get_attribute("data-title")
        page.get_by_role("button", name=f"Move {title} down").click()
        expect(page.get_by_role("list", name="Competencies in order").locator("[data-id]").first).not_to_have_attribute(
            "data-title", title or ""
        )


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("narrow", {"viewport": {"width": 320, "height": 640}}),
        ("four-times-as-large", {"viewport": {"width": 320, "height": 256}}),
        ("dark", {"color_scheme": "dark"}),
        ("forced", {"forced_colors": "active"}),
        ("still", {"reduced_motion": "reduce"}),
    ],
)
def test_in_every_appearance(world: World, browser: Browser, name: str, options: dict[str, object]) -> None:
    with world.browsing(browser, **options) as page:
        for path in ("", "/graph", "/own", "/pick"):
            page.goto(f"{world.course}/competencies{path}")
            assert overflow(page) == 0, path
            assert (axe(page) if name == "narrow" else contrast(page)) == [], path
            screenshot(page, f"map-{name}{path.replace('/', '-')}")


# --- The real map


def test_the_common_core_map_is_legible(large: World, browser: Browser) -> None:
    with large.browsing(browser) as page:
        page.goto(f"{large.course}/competencies/graph")
        # It opens on a part whose words can be read.
        assert page.locator("[data-node]").count() <= 120
        assert words_size(page) >= 13
        page.get_by_label("Grade").select_option("Grade 4")
        page.get_by_role("checkbox", name="In stripes by domain").check()
        page.get_by_role("button", name="Show", exact=True).click()
        expect(page.locator(".graph__band-title").first).to_be_visible()
        assert words_size(page) >= 13
        assert texts_outside(page) == []
        looks_right(page, "common-core-grade-4")
        page.goto(f"{large.course}/competencies/graph?show=whole")
        assert page.locator("[data-node]").count() == 480
        assert texts_outside(page) == []
        looks_right(page, "common-core")
        page.get_by_role("button", name="Fit").click()
        screenshot(page, "map-common-core-fit")


def test_moving_about_with_a_pointer(large: World, browser: Browser) -> None:
    with large.browsing(browser) as page:
        page.goto(f"{large.course}/competencies/graph?grade=Grade+4")
        view = page.locator(".graph__view")
        box = view.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 200, y - 100, steps=4)
        page.mouse.up()
        scrolled = view.evaluate("one => [one.scrollLeft, one.scrollTop]")
        assert scrolled == [200, 100]
        # A drag that ends on a box has not chosen it.
        expect(page.get_by_role("heading", level=2, name="Choose a competency")).to_be_visible()
        page.mouse.wheel(0, 150)
        page.wait_for_function("() => document.querySelector('.graph__view').scrollTop > 150")
        page.keyboard.down("Control")
        page.mouse.wheel(0, -300)
        page.keyboard.up("Control")
        page.wait_for_function("() => document.querySelector('.graph__svg').getAttribute('width') > 3000")
        page.get_by_role("link", name=re.compile("^4.NF.A.1 ")).click()
        expect(page.get_by_role("heading", level=2, name="4.NF.A.1")).to_be_visible()


def words_size(page: Page) -> float:
    """The size of the words in the boxes as they are seen, in CSS pixels."""
    found: float = page.locator(".graph__words").first.evaluate(
        "one => parseFloat(getComputedStyle(one).fontSize) * one.ownerSVGElement.getScreenCTM().a"
    )
    return found


def texts_outside(page: Page) -> list[str]:
    """Texts that run out of their boxes."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('[data-node]')].flatMap(node => {
          const box = node.querySelector('rect').getBBox();
          return [...node.querySelectorAll('text')].filter(text => {
            const own = text.getBBox();
            const [right, below] = [box.x + box.width, box.y + box.height];
            return own.width && (own.x < box.x || own.x + own.width > right || own.y + own.height > below);
          }).map(text => text.textContent);
        })"""
    )
    return found
