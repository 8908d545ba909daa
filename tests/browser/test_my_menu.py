"""A student's menu in a real browser: on a phone, by keyboard, without script, live; and a teacher who marks by keyboard."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.taking import ItemCompletion
from lti_tool.courses.models import Person
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from lti_tool.menus import completing, deciding, handing_in
from lti_tool.menus.models import ChangeRule, OptionDone, OptionKind
from lti_tool.menus.rules.choosing import BoardKind
from tests.browser_tools import look, overflow, screenshot
from tests.insight.site import a_map
from tests.insight.world import World, a_world, in_a_loop
from tests.menus.work_site import Made, a_board, a_rubric, copy_of
from tests.playlists import seed
from tests.playlists.seed import School

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}
ACCEPTED = {"done_rule": OptionDone.ACCEPTED, "takes": ["file", "link", "words"]}
TASKS = (
    "Draw a ratio you see at home",
    "Write a recipe for six",
    "Solve page 12",
    "Film an explanation",
    "Read “What is a ratio?”",
    "Build a scale model",
    "Interview a cook about how they change a recipe for many guests",
    "Make a quiz for a friend",
    "Explain it in your own words",
)


@dataclass
class Menus:
    """What the tests find again."""

    world: World
    made: dict[str, Made] = field(default_factory=dict)
    copies: dict[tuple[str, int], Any] = field(default_factory=dict)

    def mine(self, name: str, place: int = 0) -> str:
        """The address of a student's board."""
        return f"{self.world.course}/my/menus/{self.copies[name, place]}"

    def progress(self, name: str) -> str:
        """The address of a class on a board."""
        return f"{self.world.course}/menus/{self.made[name].menu.id}/progress"


@pytest.fixture(scope="module")
def menus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Menus]:
    made = Menus.__new__(Menus)
    made.made, made.copies = {}, {}

    async def fill(session: AsyncSession) -> School:
        school = await seed.school(session, students=5)
        competencies = await a_map(session, school)
        rubric = await a_rubric(session, school, competencies[0].id, competencies[1].id, None)
        titled = {place: {"title": title, "minutes": 20} for place, title in enumerate(TASKS)}
        titled[0] |= ACCEPTED | {"note": "A photo or a drawing, with one sentence about it."}
        titled[1] |= ACCEPTED
        titled[4] |= {"kind": OptionKind.ITEM, "content_item_id": school.items["page"].id}
        titled[5] |= {"level": "Challenge"}
        square = titled | {4: titled[4] | {"required": True}}
        more = {"competencies": {0: competencies[0].id}, "options": square, "rubric_id": rubric.id}
        made.made["square"] = await a_board(
            session, school, BoardKind.THREE_IN_A_ROW, title="Ratios everywhere", introduction="Three in a row.", **more
        )
        made.made["dinner"] = await a_board(session, school, BoardKind.DINNER, title="Ratio dinner", options=titled)
        made.made["points"] = await a_board(
            session, school, BoardKind.POINTS, title="Ten points", needs_approval=True, options=titled
        )
        made.made["contract"] = await a_board(
            session,
            school,
            BoardKind.CONTRACT,
            title="My contract",
            contract="I finish what I begin.\nI ask when I am stuck.",
            change_rule=ChangeRule.ASK,
            options=titled,
        )
        made.made["list"] = await a_board(session, school, title="Two of nine", options=titled, has_column=True)
        for name, board in made.made.items():
            for place in range(5):
                made.copies[name, place] = (await copy_of(session, school, board.menu.id, place)).id
        for place in (1, 2):
            person = school.students[place].id
            for at in (0, 4, 8):
                own = await deciding.choose(
                    session,
                    school.course,
                    person,
                    made.copies["square", place],
                    made.made["square"].option(at),
                    seed.NOW,
                )
            await deciding.commit(
                session, school.course, person, made.copies["square", place], own.copy.revision, "", seed.NOW
            )
            first = made.made["square"].option(0)
            copy = made.copies["square", place]
            await handing_in.add_words(session, school.course, person, copy, first, "Two cups to three.", seed.NOW)
            await handing_in.add_link(session, school.course, person, copy, first, "https://a.example/photo", seed.NOW)
            await handing_in.hand_in(session, school.course, person, copy, first, seed.NOW)
        return school

    with a_world(tmp_path_factory.mktemp("menus"), fill) as world:
        made.world = world
        yield made


@contextmanager
def somebody(
    browser: Browser, menus: Menus, who: Person, role: Role = Role.STUDENT, *, script: bool = True, phone: bool = False
) -> Iterator[Page]:
    """A browser; an error in a script, or something the security policy stops, fails the test."""
    context = browser.new_context(
        viewport=PHONE if phone else WIDE,  # type: ignore[arg-type]
        has_touch=phone,
        locale="en-US",
        timezone_id="Europe/Madrid",
        java_script_enabled=script,
        extra_http_headers=menus.world.sign_in(who, role),
    )
    context.route(re.compile(r"https://(lms|a)\.example/"), lambda route: route.fulfill(body="the course"))
    page = context.new_page()
    page.set_default_timeout(60_000)
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda told: troubles.append(told.text) if "Content Security Policy" in told.text else None)
    page.on("response", lambda answer: troubles.append(answer.url) if answer.status >= 500 else None)
    yield page
    context.close()
    assert troubles == []


def toggle(page: Page, title: str, what: str = "Choose") -> None:
    """Press an option's button by the keyboard; the focus stays on it."""
    button = page.get_by_role("button", name=f"{what} {title}", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    other = "Take back" if what == "Choose" else "Choose"
    expect(page.get_by_role("button", name=f"{other} {title}", exact=True)).to_be_focused()


def test_three_in_a_row_live_and_by_keyboard(browser: Browser, menus: Menus) -> None:
    with somebody(browser, menus, menus.world.school.students[0]) as page:
        page.goto(menus.mine("square"))
        expect(page.get_by_text("“Read “What is a ratio?”” is part of everybody’s choice.")).to_be_visible()
        first = page.evaluate("performance.timeOrigin")
        toggle(page, TASKS[0])
        toggle(page, TASKS[4])
        expect(page.get_by_text("This would complete a line.")).to_have_count(1)
        expect(page.locator("#announcer")).to_contain_text("2 chosen. 1 more makes a line.")
        look(page, "menu-square")
        toggle(page, TASKS[8])
        expect(page.locator(".menu-option--line")).to_have_count(3)
        toggle(page, TASKS[8], "Take back")
        toggle(page, TASKS[8])
        # Nothing of this has loaded a page anew.
        assert page.evaluate("performance.timeOrigin") == first
        page.get_by_role("button", name="That is my choice").press("Enter")
        expect(page.get_by_text("That is your choice. You can begin.")).to_be_visible()
        expect(page.get_by_role("list", name="Up next")).to_contain_text(TASKS[0])
        look(page, "menu-at-work")


def test_what_the_lms_counts_as_completed_needs_no_mark(browser: Browser, menus: Menus) -> None:
    student = menus.world.school.students[2]
    told = ItemCompletion(menus.world.school.items["page"].id, student.id, done=True, at=seed.NOW)

    async def enter() -> int:
        database = Database.at(menus.world.url)
        try:
            async with database.writing() as session:
                return await completing.enter(session, menus.world.school.course, [told], seed.NOW)
        finally:
            await database.close()

    with somebody(browser, menus, student) as page:
        page.goto(menus.mine("square", 2))
        mark = page.get_by_role("button", name="Mark as done")
        before = mark.count()
        assert in_a_loop(enter) == 1
        page.reload()
        expect(page.get_by_text("Your LMS counts it as completed.")).to_be_visible()
        expect(page.get_by_role("button", name="Not done after all")).to_have_count(0)
        expect(mark).to_have_count(before - 1)
        look(page, "menu-completed")


def test_a_press_that_comes_too_late_says_so(browser: Browser, menus: Menus) -> None:
    """Two tabs: what one has chosen, the other may not choose beyond."""
    with somebody(browser, menus, menus.world.school.students[0]) as page:
        page.goto(menus.mine("dinner"))
        other = page.context.new_page()
        other.goto(menus.mine("dinner"))
        toggle(other, TASKS[0])
        page.get_by_role("button", name=f"Choose {TASKS[1]}", exact=True).press("Enter")
        expect(page.locator("#messages")).to_contain_text("That would be one too many.")
        expect(page.locator("#announcer")).to_contain_text("one too many")
        expect(page.get_by_role("button", name=f"Take back {TASKS[0]}", exact=True)).to_be_visible()
        toggle(page, TASKS[4])
        expect(page.locator(".menu-bar")).to_contain_text("Your choice is complete.")
        look(page, "menu-dinner")


def test_without_script_on_a_phone(browser: Browser, menus: Menus) -> None:
    with somebody(browser, menus, menus.world.school.students[0], script=False, phone=True) as page:
        page.goto(menus.mine("contract"))
        page.get_by_role("button", name=f"Choose {TASKS[0]}", exact=True).click()
        page.get_by_role("button", name=f"Choose {TASKS[1]}", exact=True).click()
        assert overflow(page) <= 0
        screenshot(page, "menu-contract-phone")
        expect(page.get_by_text("I ask when I am stuck.")).to_be_visible()
        page.get_by_label("Your name, as you sign").fill("Ada Ash")
        page.get_by_role("button", name="Sign", exact=True).click()
        expect(page.get_by_text("Signed: Ada Ash")).to_be_visible()
        now = page.get_by_role("list", name="Up next")
        now.get_by_label("In your words").fill("A cup and a half to two.")
        now.get_by_role("button", name=f"Save words {TASKS[0]}").click()
        now.get_by_label("A link").fill("https://a.example/film")
        now.get_by_role("button", name=f"Add the link {TASKS[0]}").click()
        now.get_by_label("A file").set_input_files(
            {"name": "drawing.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + bytes(2000)}
        )
        now.get_by_role("button", name=f"Add the file {TASKS[0]}").click()
        expect(page.get_by_role("link", name="drawing.png")).to_be_visible()
        screenshot(page, "menu-hand-in-phone")
        assert overflow(page) <= 0
        now.get_by_role("button", name="Hand in", exact=True).click()
        expect(page.get_by_text("Handed in. You can take it back until your teacher has marked it.")).to_be_visible()
        page.get_by_role("button", name=f"Take it back {TASKS[0]}").click()
        expect(page.get_by_text("Taken back.")).to_be_visible()
        page.get_by_role("button", name="Ask to choose again").click()
        expect(page.get_by_text("You asked to choose again.").first).to_be_visible()


def test_points_wait_for_the_teachers_yes(browser: Browser, menus: Menus) -> None:
    with somebody(browser, menus, menus.world.school.students[0], phone=True) as page:
        page.goto(menus.mine("points"))
        page.get_by_role("button", name=f"Choose {TASKS[2]}", exact=True).tap()
        expect(page.locator(".menu-bar")).to_contain_text("8 of 10 points.")
        page.get_by_role("button", name=f"Choose {TASKS[0]}", exact=True).tap()
        expect(page.locator(".menu-bar")).to_contain_text("Your choice is complete.")
        page.get_by_role("button", name="That is my choice").tap()
        expect(page.get_by_text("Your choice is sent")).to_be_visible()
        look(page, "menu-waiting")
    with somebody(browser, menus, menus.world.school.teacher, Role.TEACHER) as page:
        page.goto(menus.progress("points"))
        expect(page.get_by_role("heading", name="1 choice waits for your yes")).to_be_visible()
        look(page, "menu-approving")
        page.get_by_role("button", name="Approve all").click()
        expect(page.get_by_text("Approved. The students can begin.")).to_be_visible()


def test_a_teacher_marks_by_keyboard_and_goes_on(browser: Browser, menus: Menus) -> None:
    with somebody(browser, menus, menus.world.school.teacher, Role.TEACHER) as page:
        page.goto(menus.progress("square"))
        expect(page.get_by_role("heading", name="2 pieces of work wait to be marked")).to_be_visible()
        expect(page.get_by_text("6 options nobody has picked so far.")).to_be_visible()
        look(page, "menu-class")
        page.get_by_role("link", name="Begin marking").press("Enter")
        expect(page.get_by_role("heading", level=1, name="Ben Birch: " + TASKS[0])).to_be_visible()
        expect(page.get_by_text("Two cups to three.")).to_be_visible()
        look(page, "menu-marking")
        page.get_by_role("radio", name="Level 1").first.focus()
        for key in ("3", "4", "2"):
            page.keyboard.press(key)
        expect(page.get_by_label("To Ben Birch")).to_be_focused()
        page.keyboard.type("Say which ratio it is.")
        page.get_by_role("button", name="Return").press("Enter")
        # On to the next.
        expect(page.get_by_role("heading", level=1, name="Cem Cedar: " + TASKS[0])).to_be_visible()
        page.get_by_role("radio", name="Level 1").first.focus()
        for key in ("4", "4", "4"):
            page.keyboard.press(key)
        page.get_by_role("button", name="Accept").press("Enter")
        expect(page.get_by_text("Nothing else waits to be marked.")).to_be_visible()
        page.get_by_role("link", name="Ben Birch").first.click()
        expect(page.get_by_text("“Say which ratio it is.”")).to_be_visible()
        look(page, "menu-one-student")
    with somebody(browser, menus, menus.world.school.students[1]) as page:
        page.goto(menus.mine("square", 1))
        now = page.get_by_role("list", name="Up next")
        expect(now).to_contain_text("Look at it once more")
        expect(now).to_contain_text("“Say which ratio it is.”")
        expect(now.get_by_text("Level 3")).to_be_visible()
        look(page, "menu-returned")


def test_rubrics(browser: Browser, menus: Menus) -> None:
    with somebody(browser, menus, menus.world.school.teacher, Role.TEACHER) as page:
        page.goto(f"{menus.world.course}/rubrics")
        look(page, "rubrics")
        page.get_by_role("button", name="Take the ready-made one").click()
        expect(page.get_by_text("This is your own copy.")).to_be_visible()
        look(page, "rubric")
        page.get_by_label("A mark is evidence of").first.select_option(index=1)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Saved. Marks given before keep")).to_be_visible()


def test_boards_among_playlists_and_for_family(browser: Browser, menus: Menus) -> None:
    with somebody(browser, menus, menus.world.school.students[3], phone=True) as page:
        page.goto(f"{menus.world.course}/my")
        expect(page.get_by_role("heading", name="Ratios everywhere")).to_be_visible()
        assert overflow(page) <= 0
        page.get_by_role("link", name="Choose Two of nine").tap()
        expect(page.get_by_role("heading", level=1, name="Two of nine")).to_be_visible()
