"""A student's path in a real browser: the whole way, by keyboard, without script, on a phone; map, paper, little data."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import AlignmentRole
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.content.service import ItemResult
from lti_tool.db.base import scoped
from lti_tool.lti.models import Role
from lti_tool.playlists import service
from lti_tool.playlists.models import Playlist, PlaylistKind, StepState
from lti_tool.playlists.paths import Path, standing_of
from lti_tool.playlists.planning import base
from lti_tool.playlists.planning.settings import PathSettings, Wheel, write
from tests.browser.path_world import Paths, a_path_world
from tests.browser_tools import axe, look, overflow, screenshot, small_targets
from tests.browser_tools import look as look_in_every_colour
from tests.insight.class_of_five import align

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}


@pytest.fixture
def paths(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paths]:
    with a_path_world(tmp_path_factory.mktemp("paths")) as made:
        yield made


@contextmanager
def ada(browser: Browser, paths: Paths, *, script: bool = True, phone: bool = False, person: int = 0) -> Iterator[Page]:
    """A student's browser; an error in a script, or something the security policy stops, fails the test."""
    context = browser.new_context(
        viewport=PHONE if phone else WIDE,  # type: ignore[arg-type]
        has_touch=phone,
        locale="en-US",
        timezone_id="Europe/Madrid",
        java_script_enabled=script,
        extra_http_headers=paths.world.sign_in(paths.world.school.students[person], Role.STUDENT),
    )
    # What lies outside of the tool opens empty: no test reaches for another machine.
    context.route(re.compile(r"https://(lms\.example|example\.org)/"), lambda route: route.fulfill(body="the course"))
    page = context.new_page()
    page.set_default_timeout(60_000)
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda told: troubles.append(told.text) if "Content Security Policy" in told.text else None)
    page.on("response", lambda answer: troubles.append(answer.url) if answer.status >= 500 else None)
    yield page
    context.close()
    assert troubles == []


def lowest(page: Page, where: str) -> float:
    """The height of the least high thing to press within ``where``, in pixels; of a radio button its label's."""
    found: float = page.evaluate(
        """where => Math.min(...[...document.querySelectorAll(`${where} :is(a, button, summary, input, select, textarea)`)]
          .filter(one => one.type !== "hidden" && one.checkVisibility() && getComputedStyle(one).display !== "inline")
          .map(one => (one.labels?.[0] && ["radio", "checkbox"].includes(one.type) ? one.parentElement : one)
            .getBoundingClientRect().height))""",
        where,
    )
    return found


def path_of(paths: Paths, name: str, person: int = 0) -> Path:
    async def read(session: AsyncSession) -> Path:
        who = paths.world.school.students[person]
        found = await service.path_of_person(
            session, paths.world.school.course, who.id, paths.copies[name], paths.world.clock.now(), as_student=True
        )
        session.expunge_all()
        return found

    return paths.world.write(read)


def sign_off(paths: Paths, name: str, step: str, person: int = 0) -> None:
    async def sign(session: AsyncSession) -> None:
        path = await service.path_of_person(
            session,
            paths.world.school.course,
            paths.world.school.students[person].id,
            paths.copies[name],
            paths.world.clock.now(),
        )
        await service.sign_off(
            session,
            paths.world.school.course,
            path.playlist.id,
            path.copy.person_id,
            paths.steps[step],
            paths.world.school.teacher.id,
            paths.world.clock.now(),
        )

    paths.world.write(sign)


def result(paths: Paths, item: str, percent: float, person: int = 0) -> None:
    async def take(session: AsyncSession) -> None:
        school = paths.world.school
        told = ItemResult(school.items[item].id, school.students[person].id, percent, paths.world.clock.now())
        await service.take_results(session, school.course, [told], paths.world.clock.now())

    paths.world.write(take)


def look_at_a_phone(page: Page, name: str) -> None:
    """Every rule of axe, nothing too wide, targets large enough, at the size of a phone."""
    assert axe(page) == [], name
    assert overflow(page) <= 0, name
    assert small_targets(page) == [], name
    screenshot(page, name)


def the_next(page: Page, title: str) -> None:
    expect(page.locator(".step--current .step__title")).to_have_text(title)


@pytest.mark.parametrize("phone", [False, True], ids=["wide", "phone"])
def test_the_whole_way_of_a_path_with_sections(browser: Browser, paths: Paths, phone: bool) -> None:
    size = "phone" if phone else "wide"
    # The colours of the same pages are looked at once.
    look = look_at_a_phone if phone else look_in_every_colour
    with ada(browser, paths, phone=phone) as page:
        page.goto(f"{paths.world.course}/my")
        look(page, f"path-{size}-0-my")
        page.get_by_role("link", name="Fractions in the kitchen", exact=True).click()
        expect(page.get_by_text("0 of 7 steps done")).to_be_visible()
        expect(page.get_by_text("3 of your 5 days left")).to_be_visible()
        expect(page.get_by_text("Show what you know already: from 80% on")).to_be_visible()
        look(page, f"path-{size}-1-begin")
        assert lowest(page, "#path") >= 44

        # What the teacher wrote, read.
        page.get_by_role("button", name="I have read it").click()
        expect(page.get_by_text("Your teacher writes to you")).to_have_count(0)

        # The pre-check is taken; it is not enough to skip ahead.
        with page.context.expect_page() as beside:
            page.get_by_role("link", name="Open this step").click()
        beside.value.close()
        result(paths, "quiz", 50)
        page.reload()
        the_next(page, "What a fraction is")
        page.get_by_role("button", name="Mark as done").click()
        the_next(page, "Measure your kitchen")

        # Help is asked for, and taken back.
        page.locator(".step--current summary", has_text="Ask for help").click()
        page.get_by_label("What is difficult?").first.fill("I have no ruler")
        page.locator(".step--current").get_by_role("button", name="Ask my teacher").click()
        expect(page.get_by_text("Your teacher sees that you asked.")).to_be_visible()
        expect(page.locator(".step--current").get_by_text("“I have no ruler”")).to_be_visible()
        look(page, f"path-{size}-2-asked")
        page.locator(".step--current").get_by_role("button", name="I need it no more").click()
        expect(page.get_by_text("You asked for help.")).to_have_count(0)

        # A sign-off is asked for, waits, and comes.
        page.get_by_role("button", name="I am ready: ask for the sign-off").click()
        expect(page.get_by_text("You asked for the sign-off.").first).to_be_visible()
        expect(page.get_by_text("Nothing to do here just now")).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("ask for the sign-off"))).to_have_count(0)
        look(page, f"path-{size}-3-waiting")
        sign_off(paths, "kitchen 0", "measure")
        page.reload()

        # Any two of four.
        expect(page.get_by_text("Do any 2 of these 4: 0 done")).to_be_visible()
        the_next(page, "A video about equal fractions")
        page.locator(".step--current").get_by_role("button", name="Mark as done").click()
        expect(page.get_by_text("Do any 2 of these 4: 1 done")).to_be_visible()
        look(page, f"path-{size}-4-choice")
        step = page.locator(f"#step-{paths.steps['link']}")
        step.get_by_role("button", name=re.compile("Mark as done")).click()

        # In one's own words: nothing is not enough, and what was written comes back.
        the_next(page, "What was hard, what was easy?")
        page.locator(".step--current").get_by_role("button", name="Save").click()
        expect(page.get_by_text("A few words are missing here").first).to_be_visible()
        look(page, f"path-{size}-5-words-missing")
        page.get_by_label("In your words").first.fill("Halves were easy, thirds were hard.")
        page.get_by_role("button", name="Save").first.click()
        the_next(page, "Stop and see me")
        done = page.locator(f"#step-{paths.steps['write']}")
        expect(done.get_by_role("blockquote")).to_be_visible()

        # A time to talk.
        page.get_by_label("When would suit you?").fill("Before lunch")
        page.get_by_role("button", name="Ask for a time").click()
        expect(page.get_by_text("You asked for a time to talk.").first).to_be_visible()
        sign_off(paths, "kitchen 0", "talk")
        page.reload()
        expect(page.get_by_role("heading", name="You have finished this playlist!")).to_be_visible()
        expect(page.get_by_text("7 of 7 steps done")).to_be_visible()
        expect(page.get_by_role("link", name="Go on with “My own path”")).to_be_visible()
        look(page, f"path-{size}-6-finished")
    assert path_of(paths, "kitchen 0").progress.is_finished


def test_testing_out_skips_the_rest_of_the_part(browser: Browser, paths: Paths) -> None:
    with ada(browser, paths) as page:
        result(paths, "quiz", 90)
        page.goto(paths.path("kitchen 0"))
        expect(page.get_by_text("Done: you showed that you know it")).to_have_count(2)
        the_next(page, "A video about equal fractions")


def test_what_the_tool_chose_is_exchanged_shown_another_way_and_passed_over(browser: Browser, paths: Paths) -> None:
    with ada(browser, paths) as page:
        page.goto(paths.path("own 0"))
        # A must-do of the other playlist, with a date; then what the plan wants.
        expect(page.get_by_text("Your teacher set a date for this: Sep 3, 2026.")).to_be_visible()
        page.locator(".step--current").get_by_role("button", name="Mark as done").click()
        the_next(page, "A video about equal fractions")
        expect(page.locator(".step--current").get_by_text("you need it for: Multiply fractions.")).to_be_visible()
        look(page, "path-own-1")
        page.locator(".step--current summary", has_text="Or instead").click()
        look(page, "path-own-2-instead")
        page.locator(".step--current").get_by_role("button", name="Do this instead Equal fractions in pictures").click()
        expect(page.get_by_text("Your choice is on your path now.")).to_be_visible()
        the_next(page, "Equal fractions in pictures")
        expect(page.get_by_text("You chose this one.")).to_be_visible()

        page.locator(".step--current summary", has_text="Skip it").click()
        page.locator(".step--current").get_by_role("button", name="Skip it").click()
        expect(page.get_by_text("Say why you skip it").first).to_be_visible()
        look(page, "path-own-3-why")
        page.locator(".step--current").get_by_label("It is too hard for me at the moment.").check()
        page.locator(".step--current").get_by_role("button", name="Skip it").click()
        expect(page.get_by_text("You find it in the list")).to_be_visible()
        page.get_by_text("1 step skipped").click()
        expect(page.get_by_text("“It is too hard for me at the moment.”")).to_be_visible()
        look(page, "path-own-4-passed-over")
        page.get_by_role("button", name="Take it up again Equal fractions in pictures").click()
        the_next(page, "Equal fractions in pictures")
        # Not a chance, not a comparison, no label of a support on the page.
        text = page.inner_text("main")
        assert not re.search(
            r"predict|chance|expected|average|classmate|rank|accommodation|modification", text, re.IGNORECASE
        )
        assert "Ben" not in text


def test_by_keyboard_alone(browser: Browser, paths: Paths) -> None:
    with ada(browser, paths) as page:
        page.goto(paths.path("own 0"))

        def walk_to(wanted: str) -> None:
            for _ in range(60):
                page.keyboard.press("Tab")
                said = page.evaluate("() => document.activeElement.textContent.replace(/\\s+/g, ' ').trim()")
                if str(said).startswith(wanted):
                    outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
                    assert outline != "none", wanted
                    return
            raise AssertionError(f"the keyboard does not reach {wanted}")

        walk_to("Mark as done")
        page.keyboard.press("Enter")
        expect(page.get_by_text("1 of 5 steps done").first).to_be_visible()
        walk_to("Ask for help")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.type("Question 3")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("“Question 3”").first).to_be_visible()
        walk_to("I need it no more")
        page.keyboard.press("Space")
        expect(page.get_by_text("Taken back.")).to_be_visible()
        walk_to("Skip it")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Skipped. You find it in the list")).to_be_visible()


def test_everything_works_without_script(browser: Browser, paths: Paths) -> None:
    with ada(browser, paths, script=False) as page:
        page.goto(paths.path("own 0"))
        page.get_by_role("button", name="I have opened it What a fraction is").click()
        expect(page.locator(".step--current").get_by_text("Begun", exact=True)).to_be_visible()
        page.locator(".step--current").get_by_role("button", name="Mark as done").click()
        expect(page.get_by_text("1 of 5 steps done")).to_be_visible()
        page.locator(".step--current summary", has_text="Ask for help").click()
        page.locator(".step--current").get_by_label("What is difficult?").fill("All of it")
        page.locator(".step--current").get_by_role("button", name="Ask my teacher").click()
        expect(page.get_by_text("“All of it”").first).to_be_visible()
        assert overflow(page) <= 0


def test_the_map_of_a_path_and_its_list_say_the_same(browser: Browser, paths: Paths) -> None:
    with ada(browser, paths) as page:
        page.goto(paths.path("own 0"))
        page.locator(".step--current").get_by_role("button", name="Mark as done").click()
        page.get_by_role("link", name="As a map").click()
        expect(page.get_by_role("heading", level=1, name="Map of my path")).to_be_visible()
        drawing = page.get_by_role("group", name=re.compile("Competencies of the path"))
        expect(drawing).to_contain_text("Up next · Not started")
        look(page, "path-map")
        boxes = drawing.get_by_role("link")
        listed = page.locator("section", has=page.get_by_role("heading", name="The same as a list")).inner_text()
        for box in boxes.all():
            words = (box.locator("title").text_content() or "").split(": ", 1)[-1]
            assert words in listed, words
        boxes.filter(has_text="N.3").click()
        expect(page.locator(f"#competency-{paths.made[2].id}")).to_be_in_viewport()
        expect(page.locator(f"#competency-{paths.made[2].id}")).to_contain_text("Up next")
        page.get_by_role("link", name="A video about equal fractions").click()
        expect(page.get_by_role("heading", level=1, name="My own path")).to_be_visible()


def test_on_paper(browser: Browser, paths: Paths) -> None:
    with ada(browser, paths) as page:
        page.goto(paths.path("kitchen 0"))
        page.get_by_role("link", name="On paper").click()
        expect(page.get_by_text("https://example.org/fractions")).to_be_visible()
        assert "Ada" not in page.inner_text("main")
        look(page, "path-paper")
        page.get_by_label("With my name").check()
        page.get_by_role("button", name="Show").click()
        expect(page.get_by_text("Ada Ash")).to_be_visible()
        page.emulate_media(media="print")
        expect(page.get_by_role("button", name="Print")).not_to_be_visible()
        expect(page.get_by_role("navigation")).to_have_count(0)
        screenshot(page, "path-paper-printed")


def test_with_little_data(browser: Browser, paths: Paths) -> None:
    with ada(browser, paths, phone=True) as page:
        asked: list[str] = []
        bytes_read = 0

        def note(answer: object) -> None:
            nonlocal bytes_read
            asked.append(answer.url)  # type: ignore[attr-defined]
            bytes_read += len(answer.body())  # type: ignore[attr-defined]

        page.on("requestfinished", lambda done: note(done.response()))
        page.goto(f"{paths.path('kitchen 0')}/light")
        page.wait_for_load_state("networkidle")
        assert len(asked) == 2
        assert not any(one.endswith((".js", ".woff2", ".svg", ".png")) for one in asked)
        assert bytes_read < 16_000
        look(page, "path-light")
        page.get_by_role("button", name="I have read it").click()
        expect(page).to_have_url(re.compile("/light$"))
        page.get_by_role("button", name="I have opened it: Quiz on halves").click()
        expect(page).to_have_url(re.compile("/light#"))
        page.get_by_text("Ask for help").first.click()
        page.get_by_label("What is difficult?").first.fill("The first question")
        page.get_by_role("button", name=re.compile("Ask my teacher")).first.click()
        expect(page.get_by_text("You asked for help.").first).to_be_visible()
        expect(page).to_have_url(re.compile("/light"))
        result(paths, "quiz", 50)
        page.get_by_role("link", name="Look again").click()
        page.get_by_role("button", name="Mark as done: What a fraction is").click()
        expect(page.get_by_text("2 of 7 steps done")).to_be_visible()
    assert path_of(paths, "kitchen 0").rows[paths.steps["read"]].state is StepState.DONE


def test_four_times_as_large(browser: Browser, paths: Paths) -> None:
    """At 400 % a window of 1280 pixels has room for 320; nothing scrolls sideways, the next step's button is reached."""
    with ada(browser, paths) as page:
        page.set_viewport_size({"width": 320, "height": 225})
        for name in ("kitchen 0", "own 0"):
            for part in ("", "/map", "/print", "/light"):
                page.goto(paths.path(name) + part)
                assert overflow(page) <= 0, part
        page.goto(paths.path("own 0"))
        page.get_by_role("link", name="Open this step").first.scroll_into_view_if_needed()
        expect(page.get_by_role("link", name="Open this step").first).to_be_in_viewport()


def test_a_goal_interests_and_time(browser: Browser, paths: Paths) -> None:
    with ada(browser, paths) as page:
        page.goto(paths.path("own 0"))
        page.get_by_role("link", name="Choose a goal").first.click()
        expect(page.get_by_role("heading", level=1, name="My goal")).to_be_visible()
        look(page, "path-goal-1")
        page.get_by_label("Search the map").fill("multiply")
        page.get_by_role("button", name="Search").click()
        page.get_by_role("button", name="Choose Multiply fractions").click()
        expect(page.get_by_text("This is the goal now.")).to_be_visible()
        expect(page.get_by_text("1 step comes before it.").first).to_be_visible()
        page.get_by_label("Pizza").check()
        page.get_by_role("button", name="Keep my interests").click()
        expect(page.get_by_label("Pizza")).to_be_checked()
        page.get_by_label("Minutes a week for this course").fill("many")
        page.get_by_role("button", name="Keep my time").click()
        expect(page.get_by_text("Please enter whole minutes from 1 to 3000.")).to_be_visible()
        look(page, "path-goal-2-wrong")
        page.get_by_label("Minutes a week for this course").fill("60")
        page.get_by_role("button", name="Keep my time").click()
        look(page, "path-goal-3")
        page.goto(paths.path("own 0"))
        expect(page.get_by_role("link", name="Your goal: Multiply fractions")).to_be_visible()


def test_a_family_reads_the_same_path(browser: Browser, paths: Paths) -> None:
    headers = paths.world.sign_in(paths.world.school.teacher, Role.OBSERVER, ("student-0",))
    context = browser.new_context(viewport=WIDE, locale="en-US", extra_http_headers=headers)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{paths.world.course}/family")
    expect(page.get_by_role("heading", level=1, name="Playlists of Ada Ash")).to_be_visible()
    expect(page.get_by_text("0 of 7 steps done")).to_be_visible()
    page.get_by_text("All steps").first.click()
    look(page, "path-family")
    expect(page.locator("main form")).to_have_count(0)
    # What is between teacher and student stays there.
    assert "Show me your kitchen!" not in page.content()
    context.close()


def test_a_student_who_steers_chooses_the_next_step(browser: Browser, paths: Paths) -> None:
    school = paths.world.school

    async def hand_over(session: AsyncSession) -> None:
        found = await session.exec(scoped(Playlist, school.id).where(Playlist.kind == PlaylistKind.PERSONAL))
        playlist = found.one()
        # Nothing is known of the second competency, which is no part of the unit: the first and the third are both free.
        playlist.settings = write(PathSettings(base.Settings(unit=frozenset({1, 3})), wheel=Wheel.STUDENT))
        playlist.changed_at = paths.world.clock.now()
        session.add(playlist)
        more = ContentItem(
            organisation_id=school.id,
            course_id=school.course.id,
            external_id="canvas:halves",
            kind=ItemKind.PAGE,
            title="Halves in the kitchen",
            url="https://lms.example/halves",
            position=40,
            seen_at=paths.world.clock.now(),
        )
        school.items["halves"] = more
        session.add(more)
        await session.flush()
        await align(session, school, "halves", paths.made[0], AlignmentRole.TEACHES)

    paths.world.write(hand_over)
    with ada(browser, paths, person=1) as page:
        page.goto(paths.path("own 1"))
        page.locator(".step--current").get_by_role("button", name="Mark as done").click()
        expect(page.get_by_role("heading", name="You choose your next step")).to_be_visible()
        choices = page.locator("#choose-next .step")
        expect(choices).to_have_count(2)
        look(page, "path-steered")
        second = choices.nth(1).get_by_role("heading").inner_text()
        choices.nth(1).get_by_role("button", name="Mark as done").click()
        expect(page.get_by_text("Marked as done.")).to_be_visible()
        path = path_of(paths, "own 1", 1)
        done = [one.title for one in path.present if standing_of(path.rows.get(one.id)).state is StepState.DONE]
        assert second in done
