"""A first unit is aligned in minutes, counted; by mouse, keyboard, without script, on a narrow screen; and what hangs on it."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import alignments
from lti_tool.competencies.models import Alignment, Competency
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.db.base import scoped
from lti_tool.mastery import service as mastery
from lti_tool.mastery.entries import Entry
from lti_tool.mastery.models import EvidenceSource
from tests.browser.map_world import World, a_world
from tests.browser_tools import look
from tests.playlists.seed import NOW

pytestmark = pytest.mark.browser

COMPETENCIES = (
    ("R.1", "I can say what a ratio compares"),
    ("R.2", "I can draw a ratio with a tape diagram"),
    ("R.3", "I can find equal ratios in a table"),
    ("R.4", "I can work out a unit rate"),
    ("R.5", "I can solve problems with percents"),
)
ITEMS = (
    ("Getting started", ItemKind.PAGE),
    ("First quiz", ItemKind.QUIZ),
    ("Tape worksheet", ItemKind.ASSIGNMENT),
    ("Second quiz", ItemKind.QUIZ),
    ("Recipe project", ItemKind.ASSIGNMENT),
    ("Third quiz", ItemKind.QUIZ),
    ("Which is the better buy?", ItemKind.ASSIGNMENT),
    ("Fourth quiz", ItemKind.QUIZ),
    ("Sales and tips", ItemKind.ASSIGNMENT),
    ("Fifth quiz", ItemKind.QUIZ),
)
LINES = "\n".join(f"{code} {words}" for code, words in COMPETENCIES)

SECONDS_A_CLICK = 1.5 + 2.0
"""A press, and looking for where to press."""

SECONDS_A_KEY = 0.3


@dataclass
class Hands:
    """Somebody who clicks and types; what it takes is counted."""

    page: Page
    clicks: int = 0
    keys: int = 0

    def click(self, target: Locator) -> None:
        self.clicks += 1
        target.click()

    def type(self, target: Locator, text: str) -> None:
        """One click into the field, and a key for each character."""
        self.click(target)
        self.keys += len(text)
        target.press_sequentially(text)

    @property
    def seconds(self) -> float:
        return self.clicks * SECONDS_A_CLICK + self.keys * SECONDS_A_KEY

    def told(self, what: str) -> str:
        return (
            f"{what}: {self.clicks} clicks of {SECONDS_A_CLICK} s and {self.keys} keys of {SECONDS_A_KEY} s"
            f" make {self.seconds:.0f} s, {self.seconds / 60:.1f} minutes"
        )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path) as running:
        running.do(lambda session: fill(session, running))
        yield running


async def fill(session: AsyncSession, world: World) -> None:
    """Ten items in place of those that the school came with."""
    for old in (await session.exec(scoped(ContentItem, world.school.id))).all():
        await session.delete(old)
    for position, (title, kind) in enumerate(ITEMS):
        session.add(
            ContentItem(
                organisation_id=world.school.id,
                course_id=world.school.course.id,
                external_id=f"canvas:module-item:{position}",
                kind=kind,
                title=title,
                section=f"Week {position // 4 + 1}",
                position=position,
                result_key=str(position) if kind is not ItemKind.PAGE else None,
                seen_at=NOW,
            )
        )


async def rows(session: AsyncSession, world: World) -> list[Alignment]:
    return list((await session.exec(scoped(Alignment, world.school.id))).all())


def count(world: World) -> int:
    return len(world.do(lambda session: rows(session, world)))


def own_competencies(hands: Hands, world: World) -> None:
    """From an empty map to five competencies of one's own."""
    page = hands.page
    page.goto(f"{world.course}/competencies")
    hands.click(page.get_by_role("link", name="Write your own"))
    hands.type(page.get_by_label("One competency a line"), LINES)
    hands.click(page.get_by_role("button", name="Add to the map"))
    expect(page.get_by_text("R.5").first).to_be_visible()


# --- The first unit, counted ------------------------------------------------------------------------------------------------


def test_a_first_unit_is_aligned_in_under_ten_minutes(
    browser: Browser, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    with world.browsing(browser) as page:
        hands = Hands(page)
        own_competencies(hands, world)
        hands.click(page.get_by_role("link", name="Alignments", exact=True))
        expect(page.get_by_text("0 of 10 items are aligned")).to_be_visible()
        look(page, "alignments-1-empty")
        for place, (code, _) in enumerate(COMPETENCIES):
            hands.click(page.locator("#competencies").get_by_label(re.compile(re.escape(code))))
            for title, _ in ITEMS[place * 2 : place * 2 + 2]:
                hands.click(page.get_by_role("checkbox", name=title, exact=True))
            hands.click(page.get_by_role("button", name="Align", exact=True))
            expect(page.get_by_text("2 alignments were added.")).to_be_visible()
        expect(page.get_by_text("10 of 10 items are aligned")).to_be_visible()
        look(page, "alignments-2-aligned")
    assert count(world) == 10
    with capsys.disabled():
        sys.stdout.write(
            "\n" + hands.told("five own competencies and ten items aligned, from an empty map, by hand") + "\n"
        )
    assert hands.seconds < 600


def test_with_suggestions_it_takes_a_fraction(
    browser: Browser, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    async def name_codes(session: AsyncSession) -> None:
        """A teacher who writes codes into titles, as many do."""
        found = (await session.exec(scoped(ContentItem, world.school.id))).all()
        for item in found:
            code = COMPETENCIES[item.position // 2][0]
            item.title = f"{item.title} ({code})"
            session.add(item)

    world.do(name_codes)
    with world.browsing(browser) as page:
        hands = Hands(page)
        own_competencies(hands, world)
        hands.click(page.get_by_role("link", name="Alignments", exact=True))
        hands.click(page.get_by_role("link", name="Look at the suggestions"))
        expect(page.get_by_role("heading", name="10 suggestions")).to_be_visible()
        look(page, "alignments-3-suggestions")
        hands.click(page.get_by_role("button", name="Accept what is ticked"))
        expect(page.get_by_text("10 alignments were added.")).to_be_visible()
        look(page, "alignments-4-none-left")
    assert count(world) == 10
    with capsys.disabled():
        sys.stdout.write("\n" + hands.told("the same by suggestions, where titles name codes") + "\n")
    assert hands.seconds < 600


# --- In other ways ------------------------------------------------------------------------------------------------------------


def tab_to(page: Page, target: Locator, most: int = 120) -> None:
    """Press Tab until the target has the focus."""
    expect(target).to_be_visible()
    for _ in range(most):
        page.keyboard.press("Tab")
        if target.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"the keyboard does not come to {target}")


def test_by_keyboard_alone(browser: Browser, world: World) -> None:
    with world.browsing(browser) as page:
        own_competencies(Hands(page), world)
        page.goto(f"{world.course}/competencies/alignments")
        tab_to(page, page.locator("#competencies").get_by_label(re.compile("R.1")))
        page.keyboard.press("Space")
        tab_to(page, page.get_by_label("2. The items do this for them"))
        page.keyboard.press("t")
        tab_to(page, page.get_by_role("checkbox", name="Getting started", exact=True))
        page.keyboard.press("Space")
        tab_to(page, page.get_by_role("button", name="Align", exact=True))
        page.keyboard.press("Enter")
        expect(page.get_by_text("1 alignment was added.")).to_be_visible()
        # One item's own form: opened, changed and saved.
        row = page.locator("tr", has=page.get_by_role("checkbox", name="Getting started", exact=True))
        tab_to(page, row.locator("summary"))
        page.keyboard.press("Enter")
        tab_to(page, row.get_by_label("Right from (%)"))
        page.keyboard.press("Control+A")
        page.keyboard.type("65")
        tab_to(page, row.get_by_label("Code or words"))
        page.keyboard.type("R.4")
        page.keyboard.press("Enter")
        expect(page.get_by_text("1 alignment was added. 1 alignment was changed.")).to_be_visible()
    assert sorted((one.role.value, one.passing_percent) for one in world.do(lambda s: rows(s, world))) == [
        ("teaches", 65.0),
        ("teaches", 80.0),
    ]


def test_without_script_on_a_narrow_screen(browser: Browser, world: World) -> None:
    with world.browsing(browser) as page:
        own_competencies(Hands(page), world)
    with world.browsing(browser, viewport={"width": 320, "height": 800}, java_script_enabled=False) as page:
        page.goto(f"{world.course}/competencies/alignments")
        page.locator("#competencies").get_by_label(re.compile("R.1")).check()
        page.locator("#competencies").get_by_label(re.compile("R.2")).check()
        page.get_by_role("checkbox", name="First quiz", exact=True).check()
        page.get_by_role("button", name="Align", exact=True).click()
        expect(page.get_by_text("2 alignments were added.")).to_be_visible()
        expect(page.get_by_text("one score for 2 competencies")).to_be_visible()
        expect(page.get_by_text("What is aligned can never make 2 competencies Secure by their rules")).to_be_visible()
        row = page.locator("tr", has=page.get_by_role("checkbox", name="First quiz", exact=True))
        row.locator("summary").click()
        row.get_by_label("Take away").first.check()
        row.get_by_role("button", name="Save").click()
        expect(page.get_by_text("1 alignment was taken away.")).to_be_visible()
    assert count(world) == 1


def test_two_editors_see_each_other(browser: Browser, world: World) -> None:
    with world.browsing(browser) as first, world.browsing(browser) as second:
        own_competencies(Hands(first), world)
        for page in (first, second):
            page.goto(f"{world.course}/competencies/alignments")
        for page, code in ((first, "R.1"), (second, "R.2")):
            page.locator("#competencies").get_by_label(re.compile(code)).check()
            page.get_by_role("checkbox", name="First quiz", exact=True).check()
            page.get_by_role("button", name="Align", exact=True).click()
        expect(first.get_by_text("1 alignment was added.")).to_be_visible()
        expect(second.get_by_text("Somebody else has aligned these items in the meantime")).to_be_visible()
        # Everything is ticked as it was; pressing again does it.
        look(second, "alignments-5-two-editors")
        second.get_by_role("button", name="Align", exact=True).click()
        expect(second.get_by_text("1 alignment was added.")).to_be_visible()
    assert count(world) == 2


def test_a_spreadsheet_goes_out_is_changed_and_comes_back(browser: Browser, world: World, tmp_path: Path) -> None:
    with world.browsing(browser) as page:
        own_competencies(Hands(page), world)
        page.goto(f"{world.course}/competencies/alignments/file")
        look(page, "alignments-6-file")
        text = page.request.get(
            f"{world.course}/competencies/alignments.csv", headers={"Authorization": f"Bearer {world.token}"}
        ).text()
        lines = text.splitlines()
        assert len(lines) == 11
        changed = [lines[0]]
        for place, line in enumerate(lines[1:]):
            cells = line.split(",")
            cells[6] = COMPETENCIES[place // 2][0] if place < 8 else "R.99"
            changed.append(",".join(cells))
        file = tmp_path / "changed.csv"
        file.write_text("\n".join(changed), "utf-8")
        page.get_by_label("The file (CSV)").set_input_files(file)
        page.get_by_role("button", name="Show what it changes").click()
        expect(page.get_by_role("heading", level=1, name="What this file changes")).to_be_visible()
        expect(page.get_by_text("“R.99” is not in this course’s map.").first).to_be_visible()
        look(page, "alignments-7-preview")
        assert count(world) == 0
        page.get_by_role("button", name="Make these changes").click()
        expect(page.get_by_text("8 alignments were added.")).to_be_visible()
    assert count(world) == 8


def test_coverage_rules_and_levels(browser: Browser, world: World) -> None:
    with world.browsing(browser) as page:
        own_competencies(Hands(page), world)
        page.goto(f"{world.course}/competencies/alignments")
        page.locator("#competencies").get_by_label(re.compile("R.1")).check()
        page.get_by_role("checkbox", name="First quiz", exact=True).check()
        page.get_by_role("button", name="Align", exact=True).click()
        page.get_by_role("link", name="Rules and levels", exact=True).click()
        look(page, "alignments-8-settings")
        page.get_by_role("link", name="Change the rule").click()
        page.get_by_label("In a row", exact=True).check()
        page.get_by_label("How many in a row").fill("3")
        page.get_by_role("button", name="Show what would change").click()
        expect(page.get_by_role("heading", name="What would change")).to_be_visible()
        expect(page.get_by_text("can never make 1 competency Secure")).to_be_visible()
        look(page, "alignments-9-rule")
        page.get_by_role("button", name="Save the rule").click()
        expect(page.get_by_text("Saved. The rule holds")).to_be_visible()
        page.get_by_role("link", name="Coverage", exact=True).click()
        expect(page.get_by_text("The rule needs 3 results, and what is aligned can give 1 at most.")).to_be_visible()
        # Two students have shown something by an alignment that is gone.
        world.do(lambda session: by_a_mistake(session, world))
        page.reload()
        look(page, "alignments-10-coverage")
        page.get_by_role("checkbox", name="Second quiz").check()
        page.get_by_role("button", name="Take back what is ticked").click()
        expect(page.get_by_text("Taken back.")).to_be_visible()
        expect(page.get_by_role("checkbox", name="Second quiz")).to_have_count(0)
        page.get_by_role("button", name="Take this rule").click()
        expect(page.get_by_text("The rule needs 3 results")).to_have_count(0)
        # Who comes from there to align something finds the competency ticked.
        page.get_by_role("link", name="Align something to R.2").click()
        expect(page.locator("#competencies").get_by_label(re.compile("R.2"))).to_be_checked()
        page.goto(f"{world.course}/competencies/settings")
        page.get_by_label("Make levels of your own, beginning with").select_option("canvas")
        page.get_by_role("button", name="Edit a copy").click()
        page.get_by_label("Name", exact=True).nth(1).fill("Got it")
        page.get_by_role("button", name="See how they look").click()
        expect(page.get_by_text("pale. Its shape")).to_be_visible()
        look(page, "alignments-11-levels")
        page.get_by_role("button", name="Save these levels").click()
        expect(page.get_by_text("Saved. The levels hold")).to_be_visible()
        expect(page.get_by_role("list", name="The levels of this course, the highest first")).to_contain_text("Got it")
        look(page, "alignments-12-settings-with-levels")
    board = world.do(lambda session: alignments.board(session, world.school.id, world.school.course.id))
    assert board.map is not None
    assert board.map.scale_id is not None


async def by_a_mistake(session: AsyncSession, world: World) -> None:
    """Two students have results of the LMS for the second competency, of a quiz that is aligned to nothing."""
    school = world.school
    [competency] = [one for one in (await session.exec(scoped(Competency, school.id))).all() if one.code == "R.2"]
    [quiz] = [one for one in (await session.exec(scoped(ContentItem, school.id))).all() if one.title == "Second quiz"]
    entries = [
        Entry(
            student.id,
            competency.id,
            EvidenceSource.LMS,
            presentation="lms:quiz:1",
            observed_at=NOW,
            earned=Decimal(9),
            possible=Decimal(10),
            content_item_id=quiz.id,
            whole=True,
        )
        for student in school.students[:2]
    ]
    await mastery.append(session, school.course, entries, NOW)


async def answered(session: AsyncSession, world: World) -> None:
    """Two students with four right answers each, begun under the tool's own rule."""
    [competency] = [one for one in (await session.exec(scoped(Competency, world.school.id))).all() if one.code == "R.1"]
    entries = [
        Entry(
            student.id,
            competency.id,
            EvidenceSource.CHECK,
            presentation=f"answer {number}",
            observed_at=NOW,
            earned=Decimal(1),
            possible=Decimal(1),
            item=f"question {number}",
        )
        for student in world.school.students[:2]
        for number in range(4)
    ]
    await mastery.append(session, world.school.course, entries, NOW)


def test_todays_rules_are_applied_to_what_was_begun(browser: Browser, world: World) -> None:
    with world.browsing(browser) as page:
        own_competencies(Hands(page), world)
        world.do(lambda session: answered(session, world))
        page.goto(f"{world.course}/competencies/settings/rule")
        page.get_by_label("In a row", exact=True).check()
        page.get_by_label("How many in a row").fill("5")
        page.get_by_role("button", name="Save the rule").click()
        page.get_by_role("link", name="Apply today’s rules to what has been begun").click()
        expect(page.get_by_text("2 levels would fall.")).to_be_visible()
        look(page, "alignments-13-apply-rules")
        page.get_by_role("button", name="Apply to everybody").press("Enter")
        expect(page.get_by_text("now hold for everything that was begun, too")).to_be_visible()
        page.get_by_role("link", name="Apply today’s rules to what has been begun").click()
        expect(page.get_by_text("Nothing would change.")).to_be_visible()
        look(page, "alignments-14-rules-applied")
