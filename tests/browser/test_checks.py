"""Checks in a browser: every kind of question, by keyboard, on a phone, without script, offline and back, with a closed tab."""

import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import attempt_queries
from lti_tool.checks.models import Check, CheckAttempt, Feedback, Selection
from lti_tool.db.base import scoped
from lti_tool.learners.models import LearnerSupport, Support
from lti_tool.lti.models import Role
from lti_tool.playlists.models import DoneRule, PersonalPlaylist, Playlist, PlaylistStatus, PlaylistStep, StepKind
from tests.browser_tools import look, screenshot
from tests.checks import asked
from tests.checks.taking import Taking, a_bank, a_check, a_question
from tests.databases import MigratedOnce
from tests.insight.world import World, a_world
from tests.mastery.world import align, world
from tests.playlists.seed import NOW, School

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}


@dataclass
class Checks:
    """A running tool, its bank and its checks by title."""

    world: World
    made: Taking
    checks: dict[str, Check] = field(default_factory=dict)
    copies: list[str] = field(default_factory=list)

    def address(self, title: str) -> str:
        return f"{self.world.address}{self.made.address(self.checks[title])}"

    @contextmanager
    def student(
        self, browser: Browser, place: int, *, phone: bool = False, script: bool = True
    ) -> Iterator["Browsing"]:
        """The browser of a student, another one in each test; errors of scripts and what the policy stops fail the test."""
        who = self.world.school.students[place]
        context = browser.new_context(
            viewport=PHONE if phone else WIDE,  # type: ignore[arg-type]
            has_touch=phone,
            locale="en-US",
            java_script_enabled=script,
            extra_http_headers=self.world.sign_in(who, Role.STUDENT),
        )
        browsing = Browsing(context, place)
        yield browsing
        context.close()
        assert browsing.troubles == []

    @contextmanager
    def teacher(self, browser: Browser) -> Iterator[Page]:
        """The teacher's browser."""
        headers = self.world.sign_in(self.world.school.teacher, Role.TEACHER)
        context = browser.new_context(viewport=WIDE, locale="en-US", extra_http_headers=headers)  # type: ignore[arg-type]
        yield context.new_page()
        context.close()

    def attempt(self, place: int) -> uuid.UUID:
        """The id of a student's only attempt."""

        async def read(session: AsyncSession) -> uuid.UUID:
            statement = scoped(CheckAttempt, self.world.school.id).where(
                CheckAttempt.person_id == self.world.school.students[place].id
            )
            return (await session.exec(statement)).one().id

        return self.world.write(read)

    def responses(self, place: int) -> dict[int, Any]:
        """What is saved for a student, by the place of the question in the bank."""

        async def read(session: AsyncSession) -> dict[int, Any]:
            person = self.world.school.students[place]
            found = (
                await session.exec(
                    scoped(CheckAttempt, self.world.school.id).where(CheckAttempt.person_id == person.id)
                )
            ).all()
            places = {row.id: number for number, row in enumerate(self.made.rows)}
            saved: dict[int, Any] = {}
            for attempt in found:
                for key, answer in (
                    await attempt_queries.answers(session, attempt.organisation_id, attempt.id)
                ).items():
                    saved[places[key]] = answer.response["response"]
            return saved

        return self.world.write(read)


@dataclass
class Browsing:
    """One student's browser."""

    context: BrowserContext
    place: int
    troubles: list[str] = field(default_factory=list)

    def page(self) -> Page:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on(
            "console",
            lambda told: self.troubles.append(told.text) if "Content Security Policy" in told.text else None,
        )
        page.on("response", lambda answer: self.troubles.append(answer.url) if answer.status >= 500 else None)
        return page


async def fill(session: AsyncSession, checks: Checks) -> School:
    made = checks.made = await a_bank(session, made=await world(session, students=5))
    for title, more in {
        "All at once": {"feedback": Feedback.END, "introduction": "Seven questions about fractions."},
        "One by one": {"feedback": Feedback.EACH, "tries": 2},
        "In time": {"feedback": Feedback.RESULT, "minutes": 6},
    }.items():
        checks.checks[title] = await a_check(session, made, title=title, **more)
        await align(session, made.world, f"check {title}", "F.1")
    own = [await a_question(session, made, asked.number(), f"F.{place % 2 + 1}") for place in range(10)]
    checks.checks["Adaptive"] = await a_check(
        session, made, own, title="Adaptive", selection=Selection.ADAPTIVE, feedback=Feedback.END, count=3
    )
    school = made.world.school
    playlist = Playlist(
        organisation_id=school.id,
        course_id=school.course.id,
        title="Fractions",
        status=PlaylistStatus.ASSIGNED,
        assigned_at=NOW,
        created_at=NOW,
        changed_at=NOW,
    )
    session.add(playlist)
    await session.flush()
    session.add(
        PlaylistStep(
            organisation_id=school.id,
            playlist_id=playlist.id,
            position=0,
            kind=StepKind.ITEM,
            title="All at once",
            content_item_id=checks.checks["All at once"].content_item_id,
            done_rule=DoneRule.RESULT,
            pass_percent=80.0,
        )
    )
    session.add(
        LearnerSupport(
            organisation_id=school.id,
            course_id=school.course.id,
            person_id=school.students[1].id,
            support=Support.READ_ALOUD,
            created_at=NOW,
        )
    )
    for who in school.students:
        copy = PersonalPlaylist(
            organisation_id=school.id, playlist_id=playlist.id, person_id=who.id, created_at=NOW - timedelta(days=1)
        )
        session.add(copy)
        checks.copies.append(str(copy.id))
    await session.flush()
    return school


def taken_on(*kinds: str) -> pytest.MarkDecorator:
    """On which databases a check is taken here: every kind of answer on both, and each way of taking it on one."""
    return pytest.mark.parametrize("checks", kinds, indirect=True, scope="module")


@pytest.fixture(scope="module")
def checks(
    request: pytest.FixtureRequest,
    migrated: Callable[[str], MigratedOnce],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Checks]:
    folder = tmp_path_factory.mktemp("checks")
    url = migrated(request.param).copy(folder / "tool.db")
    found = Checks.__new__(Checks)
    found.checks, found.copies = {}, []

    async def put(session: AsyncSession) -> School:
        return await fill(session, found)

    with a_world(folder, put, url=url) as running:
        found.world = running
        yield found
    migrated(request.param).forget(url)


def question(page: Page, checks: Checks, place: int) -> Locator:
    return page.locator(f'[data-question="{checks.made.rows[place].id}"]')


def saved(page: Page) -> None:
    expect(page.locator("#saving")).to_have_text("Your answers are saved.")


def until(holds: Callable[[], bool]) -> None:
    """Wait for something behind the pages' back."""
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def order_of(box: Locator) -> list[str]:
    return [text.strip() for text in box.locator(".ordering__item > .rich").all_inner_texts()]


def into_order(box: Locator, wanted: list[str], press: str = "click") -> None:
    """Move things up with their buttons until they stand as wanted."""
    for place, what in enumerate(wanted):
        while order_of(box).index(what) > place:
            item = box.locator(".ordering__item").nth(order_of(box).index(what))
            button = item.locator('[data-move="-1"]')
            if press == "click":
                button.click()
            else:
                button.focus()
                button.press("Enter")


# --- All at once, from the playlist, on a phone ----------------------------------------------------------------------------


@taken_on("postgresql")
def test_from_the_playlist_and_back_on_a_phone_and_a_closed_tab_loses_nothing(browser: Browser, checks: Checks) -> None:
    with checks.student(browser, 0, phone=True) as ada:
        page = ada.page()
        page.goto(f"{checks.world.course}/my")
        page.get_by_role("link", name="Open this step").first.click()
        # In the same frame: no other tab has opened.
        expect(page.get_by_role("heading", name="All at once", level=1)).to_be_visible()
        assert len(ada.context.pages) == 1
        look(page, "check-front")
        page.get_by_role("button", name="Begin").click()
        expect(page.locator("fieldset.question")).to_have_count(7)
        look(page, "check-sheet")
        question(page, checks, 0).get_by_label("2/4").check()
        question(page, checks, 1).get_by_label("2", exact=True).check()
        question(page, checks, 2).get_by_label("Your answer").fill("1,5")
        question(page, checks, 3).get_by_label("Your answer").fill("numerat")
        saved(page)
        # A letter typed at the last moment, and the tab is closed.
        question(page, checks, 3).get_by_label("Your answer").press_sequentially("or")
        page.close(run_before_unload=True)
        until(lambda: checks.responses(ada.place).get(3) == "numerator")
        page = ada.page()
        page.goto(f"{checks.address('All at once')}?path={checks.copies[ada.place]}")
        page.get_by_role("button", name="Go on").click()
        expect(question(page, checks, 3).get_by_label("Your answer")).to_have_value("numerator")
        expect(question(page, checks, 0).get_by_label("2/4")).to_be_checked()
        question(page, checks, 1).get_by_label("4", exact=True).check()
        into_order(question(page, checks, 4), ["1/4", "1/3", "1/2", "1"])
        for row, choice in (("1/2", "50 %"), ("1/4", "25 %"), ("1", "100 %")):
            question(page, checks, 5).get_by_label(row, exact=True).select_option(choice)
        question(page, checks, 6).get_by_label("Gap 1 of 3").fill("50")
        question(page, checks, 6).get_by_label("Gap 3 of 3").select_option("more")
        saved(page)
        page.get_by_role("button", name="Hand in").click()
        expect(page.get_by_text("All 7 answers are there.")).to_be_visible()
        page.get_by_role("link", name="Back to the questions").click()
        expect(question(page, checks, 5).get_by_label("1/4", exact=True)).to_have_value("25")
        assert order_of(question(page, checks, 4)) == ["1/4", "1/3", "1/2", "1"]
        page.get_by_role("button", name="Hand in").click()
        page.get_by_role("button", name="Hand in now").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your result: 93%")
        expect(page.get_by_text("2 of 3 gaps are right.")).to_be_visible()
        expect(page.get_by_text("Right would be:")).to_be_visible()
        look(page, "check-result")
        page.get_by_role("link", name="Back to my playlist").click()
        expect(page).to_have_url(re.compile(f"/my/{checks.copies[ada.place]}$"))
        expect(page.get_by_text("You have finished this playlist!")).to_be_visible()
    with checks.teacher(browser) as page:
        page.goto(
            f"{checks.world.course}/checks/{checks.checks['All at once'].id}/attempts/{checks.attempt(ada.place)}"
        )
        expect(page.get_by_role("heading", level=1)).to_have_text("Ada Ash: attempt 1")
        expect(page.get_by_text("2 of 3 gaps are right.")).to_be_visible()
        look(page, "check-attempt")


# --- One by one, with the keyboard alone ------------------------------------------------------------------------------


VOICES = """
  window.SpeechSynthesisUtterance = class extends EventTarget { constructor(text) { super(); this.text = text; } };
  Object.defineProperty(window, "speechSynthesis", { value: {
    speaking: false, cancel() {}, addEventListener() {},
    getVoices: () => [{ name: "far", lang: "en-US", localService: false }, { name: "here", lang: "en-US", localService: true }],
    speak(one) { window.said = [one.text, one.voice.name]; one.dispatchEvent(new Event("end")); },
  } });
"""
"""Two voices, of which one would send what is read to somebody."""


def to(page: Page, target: Locator) -> None:
    """Go to something with the tab key alone."""
    for _ in range(80):
        if target.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the keyboard never gets there")


@taken_on("sqlite", "postgresql")
def test_every_kind_by_keyboard_with_feedback_after_each(browser: Browser, checks: Checks) -> None:
    with checks.student(browser, 1) as ben:
        ben.context.add_init_script(VOICES)
        page = ben.page()
        page.goto(checks.address("One by one"))
        to(page, page.get_by_role("button", name="Begin"))
        page.keyboard.press("Enter")
        box = question(page, checks, 0)
        expect(box).to_be_visible()
        # Read aloud, by a voice of the device itself.
        to(page, page.get_by_role("button", name="Read aloud"))
        page.keyboard.press("Enter")
        said, voice = page.evaluate("window.said")
        assert said.startswith("Question 1 of 7. Which fraction is as large as 1/2?")
        assert "2/4" in said
        assert voice == "here"
        first = box.get_by_role("radio").first
        to(page, first)
        page.keyboard.press("Space")
        while not box.get_by_label("2/3").is_checked():
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")  # Enter in a field checks the answer.
        expect(page.get_by_text("You can try once more.")).to_be_visible()
        expect(page.get_by_text("Look at the lower number.")).to_be_visible()
        expect(page.get_by_text("Draw it.")).to_be_visible()
        look(page, "check-told")
        box = question(page, checks, 0)
        to(page, box.get_by_label("2/3"))
        while not box.get_by_label("2/4").is_checked():
            page.keyboard.press("ArrowDown")
        to(page, page.get_by_role("button", name="Check my answer"))
        page.keyboard.press("Enter")
        expect(page.get_by_text("Well done.")).to_be_visible()
        # The way on has the focus.
        expect(page.get_by_role("button", name="Go on")).to_be_focused()
        page.keyboard.press("Enter")

        box = question(page, checks, 1)
        for label in ("2", "4"):
            to(page, box.get_by_label(label, exact=True))
            page.keyboard.press("Space")
        page.keyboard.press("Enter")
        expect(page.get_by_text("You chose all that is right")).to_be_visible()
        page.keyboard.press("Enter")

        box = question(page, checks, 2)
        to(page, box.get_by_label("Your answer"))
        page.keyboard.type("one and a half")
        page.keyboard.press("Enter")
        expect(page.get_by_text("could not be read as a number")).to_be_visible()
        look(page, "check-mend")
        to(page, question(page, checks, 2).get_by_label("Your answer"))
        page.keyboard.press("Control+a")
        page.keyboard.type("3/2")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Your answer was read as 1.5.")).to_be_visible()
        page.keyboard.press("Enter")

        to(page, question(page, checks, 3).get_by_label("Your answer"))
        page.keyboard.type("Numerator")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Go on")).to_be_focused()
        page.keyboard.press("Enter")

        box = question(page, checks, 4)
        expect(box).to_be_visible()
        into_order(box, ["1/4", "1/3", "1"], press="Enter")
        place = box.locator(".ordering__item").filter(has=page.get_by_text("1/2", exact=True)).get_by_role("combobox")
        to(page, place)
        page.keyboard.type("3")
        assert order_of(box) == ["1/4", "1/3", "1/2", "1"]
        to(page, page.get_by_role("button", name="Check my answer"))
        page.keyboard.press("Enter")
        expect(page.get_by_text("All of it is in the right order.")).to_be_visible()
        page.keyboard.press("Enter")

        box = question(page, checks, 5)
        expect(box).to_be_visible()
        for row, choice in (("1/2", "50"), ("1/4", "25"), ("1", "100")):
            to(page, box.get_by_label(row, exact=True))
            page.keyboard.type(choice)
        to(page, page.get_by_role("button", name="Check my answer"))
        page.keyboard.press("Enter")
        expect(page.get_by_text("3 of 3 rows are matched rightly.")).to_be_visible()
        page.keyboard.press("Enter")

        box = question(page, checks, 6)
        expect(box).to_be_visible()
        for label, typed in (("Gap 1 of 3", "50"), ("Gap 2 of 3", "fifty"), ("Gap 3 of 3", "more")):
            to(page, box.get_by_label(label))
            page.keyboard.type(typed)
        to(page, page.get_by_role("button", name="Check my answer"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="See my result")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Your result: 100%")


# --- Offline ----------------------------------------------------------------------------------------------------------


@taken_on("sqlite")
def test_offline_and_back_and_offline_with_a_closed_tab(browser: Browser, checks: Checks) -> None:
    with checks.student(browser, 2) as cem:
        page = cem.page()
        page.goto(checks.address("All at once"))
        page.get_by_role("button", name="Begin").click()
        question(page, checks, 3).get_by_label("Your answer").fill("num")
        saved(page)
        cem.context.set_offline(True)
        question(page, checks, 3).get_by_label("Your answer").fill("numerator")
        question(page, checks, 0).get_by_label("2/4").check()
        expect(page.locator("#saving")).to_contain_text("you are not connected")
        screenshot(page, "check-offline")
        page.get_by_role("button", name="Hand in").click()
        expect(page.locator("#messages")).to_contain_text("You are not connected")
        assert checks.responses(cem.place) == {3: "num"}
        cem.context.set_offline(False)
        saved(page)
        assert checks.responses(cem.place) == {0: "a", 3: "numerator"}
        cem.context.set_offline(True)
        question(page, checks, 2).get_by_label("Your answer").fill("1.5")
        into_order(question(page, checks, 4), ["1/4", "1/3", "1/2", "1"])
        expect(page.locator("#saving")).to_contain_text("you are not connected")
        page.close()
        cem.context.set_offline(False)
        page = cem.page()
        page.goto(f"{checks.address('All at once')}/attempts/1")
        expect(question(page, checks, 2).get_by_label("Your answer")).to_have_value("1.5")
        assert order_of(question(page, checks, 4)) == ["1/4", "1/3", "1/2", "1"]
        saved(page)
        assert checks.responses(cem.place) == {0: "a", 2: "1.5", 3: "numerator", 4: ["q", "t", "h", "w"]}
        # Of two tabs the one that answers later counts, and the other one is told.
        other = cem.page()
        other.goto(f"{checks.address('All at once')}/attempts/1")
        question(other, checks, 2).get_by_label("Your answer").fill("2.5")
        saved(other)
        page.get_by_role("button", name="Hand in").click()
        expect(page.locator("#messages")).to_contain_text("in another tab or on another device")
        expect(question(page, checks, 2).get_by_label("Your answer")).to_have_value("2.5")


# --- Time, and one after another ----------------------------------------------------------------------------------------


@taken_on("postgresql")
def test_time_that_runs_out_hands_in_by_itself(browser: Browser, checks: Checks) -> None:
    with checks.student(browser, 3) as dua:
        page = dua.page()
        page.clock.install()
        page.goto(checks.address("In time"))
        expect(page.get_by_text("6 minutes of time")).to_be_visible()
        page.get_by_role("button", name="Begin").click()
        expect(page.get_by_text("6 minutes left")).to_be_visible()
        question(page, checks, 3).get_by_label("Your answer").fill("numerator")
        page.clock.run_for(2000)
        saved(page)
        question(page, checks, 0).get_by_label("2/4").check()
        page.clock.run_for(5 * 60 * 1000)
        expect(page.locator("[data-time-left]")).to_have_text("Less than a minute left")
        checks.world.clock.move(timedelta(minutes=6))
        page.clock.run_for(60 * 1000)
        expect(page.get_by_role("heading", level=1)).to_have_text("Your result: 14%")
        expect(page.get_by_text("Your time is up.")).to_be_visible()
        expect(page.get_by_text("Your answers", exact=True)).to_have_count(0)


@taken_on("sqlite")
def test_an_adaptive_check_and_one_without_script(browser: Browser, checks: Checks) -> None:
    with checks.student(browser, 4, script=False) as eli:
        page = eli.page()
        page.goto(checks.address("Adaptive"))
        expect(page.get_by_text("3 questions at most")).to_be_visible()
        page.get_by_role("button", name="Begin").click()
        page.get_by_label("Your answer").fill("1.5")
        page.get_by_role("button", name="Give this answer").click()
        page.get_by_role("button", name="I do not know").click()
        expect(page.get_by_role("heading", name="Question 3")).to_be_visible()
        page.get_by_label("Your answer").fill("2")
        page.get_by_role("button", name="Give this answer").click()
        page.get_by_role("button", name="Hand in now").click()
        expect(page.get_by_text("Worked out from the 3 questions you were asked")).to_be_visible()
        page.goto(checks.address("All at once"))
        page.get_by_role("button", name="Begin").click()
        page.locator('[data-ordering] button[value$=":3:up"]').click()
        first = order_of(question(page, checks, 4))
        page.locator('[data-ordering] button[value$=":2:up"]').click()
        assert order_of(question(page, checks, 4)) == [first[1], first[0], *first[2:]]
        question(page, checks, 3).get_by_label("Your answer").fill("numerator")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Your answers are saved.")).to_be_visible()
        expect(question(page, checks, 3).get_by_label("Your answer")).to_have_value("numerator")
