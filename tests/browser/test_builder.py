"""The builder in a real browser: dragging from the picker, undo, the step's form, by keyboard, without script, in every look."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.lti.models import Role
from lti_tool.playlists import changing, editing
from lti_tool.playlists.changes import Basics, What, add_section
from lti_tool.playlists.editing import Terms
from lti_tool.playlists.models import Playlist
from tests.browser.test_mastery_pages import somebody
from tests.browser_tools import look
from tests.insight.world import World, a_world
from tests.playlists import seed
from tests.playlists.seed import NOW, School

pytestmark = pytest.mark.browser

made: list[Playlist] = []


async def a_school(session: AsyncSession) -> School:
    """A draft with two steps and a section; an assigned playlist with a change that waits."""
    school = await seed.school(session, students=5)
    session.add_all(
        ContentItem(
            organisation_id=school.id,
            course_id=school.course.id,
            external_id=f"canvas:more-{n}",
            kind=ItemKind.PAGE,
            title=f"More about halves {n}",
            url=f"https://lms.example/more-{n}",
            position=10 + n,
            seen_at=NOW,
        )
        for n in range(4)
    )
    made.clear()
    ids = [school.items["page"].id, school.items["quiz"].id]
    for title in ("Halves", "Thirds"):
        playlist = await editing.create(session, school.course, Basics(title), school.teacher.id, NOW)
        playlist = await editing.add_items(session, school.course, playlist.id, playlist.revision, ids, NOW)
        playlist = await changing.change(
            session,
            school.course,
            playlist.id,
            playlist.revision,
            What.SECTION_ADDED,
            lambda template: add_section(template, "Practise"),
            NOW,
        )
        made.append(playlist)
    thirds = made[1]
    thirds = await editing.assign(session, school.course, thirds.id, thirds.revision, Terms(), None, NOW)
    made[1] = await editing.add_offline(session, school.course, thirds.id, thirds.revision, "Fold a sheet", NOW)
    return school


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("building"), a_school) as running:
        yield running


def address(world: World, place: int = 0) -> str:
    return f"{world.course}/playlists/{made[place].id}"


def titles(page: Page) -> list[str]:
    """What stands in the list, headings among the steps."""
    found: list[str] = page.eval_on_selector_all(".reorder > [data-id]", "all => all.map(one => one.dataset.title)")
    return found


def test_an_item_is_dragged_into_the_list_and_taken_back(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(address(world))
        handle = page.locator("[data-drops]", has_text="More about halves 1").locator("[data-drop-handle]")
        handle.scroll_into_view_if_needed()
        quiz = page.locator(".reorder > [data-title='Quiz on halves']")
        start, there = handle.bounding_box(), quiz.bounding_box()
        assert start is not None
        assert there is not None
        page.mouse.move(start["x"] + 5, start["y"] + 5)
        page.mouse.down()
        page.mouse.move(there["x"] + 40, there["y"] + 20)
        page.mouse.move(there["x"] + 60, there["y"] + 4)
        expect(page.locator(".reorder__item--new")).to_have_count(1)
        page.mouse.up()
        expect(page.get_by_text("Added.", exact=True)).to_be_visible()
        assert titles(page) == ["What a fraction is", "More about halves 1", "Quiz on halves", "Practise"]
        # Dropped nowhere, nothing happens.
        handle.scroll_into_view_if_needed()
        start = handle.bounding_box()
        assert start is not None
        page.mouse.move(start["x"] + 5, start["y"] + 5)
        page.mouse.down()
        page.mouse.move(5, 5)
        page.mouse.up()
        assert len(titles(page)) == 4
        # In a field, Control and Z is the field's own.
        search = page.get_by_label("Search the course")
        search.fill("halves")
        search.press("Control+z")
        page.wait_for_timeout(300)
        assert len(titles(page)) == 4
        page.locator("#steps-heading").click()
        page.keyboard.press("Control+z")
        expect(page.get_by_text("Taken back: what was added is out again.")).to_be_visible()
        assert titles(page) == ["What a fraction is", "Quiz on halves", "Practise"]
        for again in ("Control+y", "Control+Shift+z"):
            page.locator("#steps-heading").click()
            page.keyboard.press(again)
            expect(page.get_by_text("The change is there again.")).to_be_visible()
            assert len(titles(page)) == 4
            page.keyboard.press("Control+z")
            expect(page.get_by_role("button", name="Redo")).to_be_visible()
            assert len(titles(page)) == 3
        look(page, "building-redo")


def test_headings_and_steps_are_moved_by_keyboard(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(address(world))
        page.get_by_role("button", name="Move Practise up").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".reorder > li").nth(1)).to_contain_text("Practise")
        expect(page.get_by_role("button", name="Move Practise up")).to_be_focused()
        page.wait_for_function("() => !document.querySelector('[data-reorder]').hasAttribute('aria-busy')")
        page.reload()
        assert titles(page) == ["What a fraction is", "Practise", "Quiz on halves"]
        # The step's form is fetched when it is opened, and has the focus's own place in it.
        page.locator("summary", has_text="Change this step Quiz on halves").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("What counts as done")).to_be_visible()
        expect(page.get_by_label("Section", exact=True)).to_have_value(
            page.locator(".reorder > [data-title='Practise']").get_attribute("data-id") or ""
        )
        page.keyboard.press("Tab")
        expect(page.get_by_label("Title", exact=True).first).to_be_focused()


def test_every_page_of_the_builder_in_every_look(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(address(world))
        page.get_by_text("Change this step Quiz on halves").click()
        page.get_by_text("When it opens").click()
        page.get_by_text("Another form of this step").click()
        expect(page.get_by_label("It helps with")).to_be_visible()
        page.get_by_text("Change this section Practise").click()
        look(page, "building-draft")
        page.get_by_label("What it changes").select_option("modification")
        expect(page.get_by_label("It helps with")).to_be_hidden()
        page.goto(address(world, 1))
        expect(page.get_by_role("button", name="Update 5 copies")).to_be_visible()
        look(page, "building-waiting")
        page.goto(f"{address(world)}/copy")
        look(page, "building-copy")
        page.goto(f"{address(world)}/preview")
        page.get_by_text("See it with supports").click()
        look(page, "building-preview")


def test_without_script_a_step_has_a_page(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER, script=False) as page:
        page.goto(address(world))
        page.get_by_text("Change this step Quiz on halves").click()
        page.get_by_role("link", name="Open the step’s page").click()
        page.get_by_label("Counts from (percent)").fill("55")
        page.get_by_role("button", name="Save this step").click()
        expect(page.get_by_text("Done from a result of 55%")).to_be_visible()
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_text("Done from a result of 70%")).to_be_visible()


def test_what_was_moved_is_undone_at_once_and_the_page_follows(browser: Browser, world: World) -> None:
    """The button says what it takes back, waits for the order that is on its way, and sections count anew."""
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(address(world))
        undo = page.locator("[data-undo] button")
        page.get_by_text("Change this step Quiz on halves").click()
        section = page.get_by_label("Section", exact=True)
        expect(section).to_have_value("none")
        page.get_by_role("button", name="Move Quiz on halves down").click()
        expect(undo).to_contain_text("“Quiz on halves” moved")
        expect(page.get_by_text("No steps in it yet")).to_have_count(0)
        # Its open form goes along: saved now, it does not put the step back.
        expect(section).not_to_have_value("none")
        page.get_by_role("button", name="Move Quiz on halves up").click()
        page.keyboard.press("Control+z")
        expect(page.get_by_text("Taken back: the order is as it was.")).to_be_visible()
        assert titles(page) == ["What a fraction is", "Practise", "Quiz on halves"]
        # What is assigned says at once that a change waits.
        page.goto(address(world, 1))
        page.get_by_role("button", name="Move Quiz on halves up").click()
        expect(page.get_by_role("heading", name="2 changes are not in your students’ copies yet")).to_be_visible()


def test_an_order_that_did_not_arrive_is_put_back(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(address(world))
        page.context.set_offline(True)
        page.get_by_role("button", name="Move Quiz on halves up").click()
        expect(page.get_by_text("You are not connected to the internet just now.")).to_be_visible()
        assert titles(page) == ["What a fraction is", "Quiz on halves", "Practise"]
        page.context.set_offline(False)
        page.get_by_role("button", name="Move Quiz on halves up").click()
        # The complaint goes with what it was about.
        expect(page.get_by_text("You are not connected to the internet just now.")).to_have_count(0)
        assert titles(page)[0] == "Quiz on halves"


def test_nothing_typed_is_lost_by_another_button(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(address(world))
        page.get_by_text("Change this step Quiz on halves").click()
        page.locator("textarea[name=note]").fill("Twelve words")
        for press in (
            page.get_by_role("button", name="Undo"),
            page.get_by_role("link", name="See it as a student"),
        ):
            press.click()
            expect(page.get_by_text("“Quiz on halves”: what you typed there is not saved yet.")).to_be_visible()
            expect(page.locator("textarea[name=note]")).to_have_value("Twelve words")
            page.locator("textarea[name=note]").fill(
                "Twelve words, " + page.locator("textarea[name=note]").input_value()
            )
            page.locator("textarea[name=note]").fill("Twelve words")
        page.get_by_role("button", name="Save this step").click()
        expect(page.get_by_text("Twelve words")).to_be_visible()
        # Whoever presses again goes on without it.
        page.get_by_label("What to do, or what to ask").fill("Half a th")
        page.get_by_role("link", name="See it as a student").click()
        page.get_by_role("link", name="See it as a student").click()
        expect(page.get_by_text("See it with supports")).to_be_visible()


def test_what_was_typed_outlives_the_session(browser: Browser, world: World) -> None:
    """Three hours later: nothing is sent, the page says what to do, and goes on after its teacher came in anew."""
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(address(world))
        page.get_by_label("What to do, or what to ask").fill("Measure your kitchen")
        world.clock.move(timedelta(hours=3))
        page.evaluate("() => { const now = Date.now; Date.now = () => now() + 3 * 60 * 60 * 1000; }")
        page.get_by_role("button", name="Add this step").click()
        expect(page.get_by_text("Your session has ended. What you typed is still here")).to_be_visible()
        expect(page.get_by_label("What to do, or what to ask")).to_have_value("Measure your kitchen")
        page.set_extra_http_headers(world.sign_in(world.school.teacher, Role.TEACHER))
        page.get_by_role("button", name="Add this step").click()
        expect(page.get_by_text("Added.", exact=True)).to_be_visible()
        assert titles(page)[-1] == "Measure your kitchen"


def test_a_whole_module_is_chosen_at_once(browser: Browser, world: World) -> None:
    with somebody(browser, world, world.school.teacher, Role.TEACHER) as page:
        page.goto(address(world))
        page.get_by_role("checkbox", name="Choose all of these").first.check()
        chosen = page.locator("#content-picker [name=item]:checked").count()
        assert chosen > 2
        expect(page.get_by_text(f"{chosen} chosen")).to_be_visible()
        page.get_by_role("button", name="Add chosen items").click()
        expect(page.locator("[data-undo] button")).to_contain_text(f"and {chosen - 1} more changes")
