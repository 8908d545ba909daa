"""A teacher makes a check by hand and out of a file: by mouse, by keyboard, without script, on a narrow screen."""

import base64
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks.models import BankQuestion, Check, CheckQuestion, CheckStatus, QuestionCompetency
from lti_tool.competencies import maps
from lti_tool.competencies.models import Competency
from lti_tool.db.base import scoped
from tests.browser.map_world import World, a_world
from tests.browser.test_alignments import Hands
from tests.browser_tools import look
from tests.checks.question_files import equals, gives, labels, qti1, qti1_item, said
from tests.playlists.seed import NOW

pytestmark = pytest.mark.browser

WRITTEN = "What is half of 8? (A)\n- 2\n* 4\n\nWhat is 1 + 1?\n= 2"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with a_world(tmp_path_factory.mktemp("checks")) as running:
        running.do(lambda session: a_map(session, running))
        yield running


async def a_map(session: AsyncSession, world: World) -> None:
    """The course uses the first two letters."""
    every = (await session.exec(scoped(Competency, world.school.id))).all()
    ids = [one.id for one in every if one.code in ("A", "B")]
    await maps.pick(session, world.school.course, ids, NOW, None)


def asked(world: World, title: str) -> list[str]:
    """What a check asks, in order, by the kinds of its questions."""

    async def read(session: AsyncSession) -> list[str]:
        check = next(one for one in (await session.exec(scoped(Check, world.school.id))).all() if one.title == title)
        places = (await session.exec(scoped(CheckQuestion, world.school.id))).all()
        rows = {one.id: one for one in (await session.exec(scoped(BankQuestion, world.school.id))).all()}
        mine = sorted((one for one in places if one.check_id == check.id), key=lambda one: one.position)
        return [rows[one.question_id].kind.value for one in mine]

    return world.do(read)


def test_a_first_check_is_open_in_a_minute(world: World, browser: Browser) -> None:
    with world.browsing(browser) as page:
        page.goto(f"{world.course}/checks")
        hands = Hands(page)
        hands.click(page.get_by_role("link", name="New check"))
        hands.type(page.get_by_label("Title"), "Halves")
        hands.type(page.get_by_label("Questions (optional)"), WRITTEN)
        look(page, "checks-new")
        hands.click(page.get_by_role("button", name="Make the check"))
        expect(page.get_by_role("heading", name="Halves")).to_be_visible()
        assert asked(world, "Halves") == ["choice", "number"]
        hands.click(page.get_by_role("link", name="Say what questions are about"))
        look(page, "checks-competencies")
        hands.click(page.get_by_role("button", name="Accept what is ticked"))
        hands.click(
            page.get_by_label("All of them")
            if page.get_by_label("All of them").count()
            else page.locator("#question-2")
        )
        hands.click(page.get_by_role("button", name="Say so", exact=True))
        page.get_by_role("link", name="Halves").click()
        look(page, "checks-one")
        hands.click(page.get_by_role("button", name="Open to students"))
        expect(page.get_by_text("Students can take it now")).to_be_visible()
        sys.stdout.write(f"\n{hands.told('a first check with two questions, tagged and open')}\n")
        assert hands.seconds < 120

    async def read(session: AsyncSession) -> tuple[str, int]:
        check = next(one for one in (await session.exec(scoped(Check, world.school.id))).all() if one.title == "Halves")
        tags = (await session.exec(scoped(QuestionCompetency, world.school.id))).all()
        return check.status, len(tags)

    assert world.do(read) == (CheckStatus.OPEN, 2)


def test_all_of_them_ticks_each_and_only_what_it_stands_above(world: World, browser: Browser) -> None:
    with world.browsing(browser) as page:
        page.goto(f"{world.course}/checks/new")
        page.get_by_label("Title").fill("Doubles")
        page.get_by_label("Questions (optional)").fill("\n\n".join(f"Twice {n}?\n= {2 * n}" for n in range(1, 5)))
        page.get_by_role("button", name="Make the check").click()
        page.get_by_role("link", name="Say what questions are about").click()
        ticked = page.locator("input[name=question]:checked")
        expect(ticked).to_have_count(0)
        page.get_by_label("All of them").check()
        expect(ticked).to_have_count(4)
        page.get_by_label("All of them").uncheck()
        expect(ticked).to_have_count(0)


def write(page: Page, prompt: str, lines: str | None) -> None:
    page.get_by_label("What is asked").fill(prompt)
    if lines is not None:
        page.locator("#lines").fill(lines)


def test_each_kind_by_keyboard_and_order_by_buttons(world: World, browser: Browser) -> None:
    with world.browsing(browser) as page:
        page.goto(f"{world.course}/checks/new")
        page.get_by_label("Title").fill("All kinds")
        page.keyboard.press("Enter")
        for kind, prompt, lines in (
            ("choice", "Half of 8?", "* 4\n2"),
            ("response", "Even?", "* 2\n* 4\n3"),
            ("number", "A third?", "0.333 ± 0.001"),
            ("text", "Capital of France?", "Paris"),
            ("order", "Sort", "one\ntwo\nthree"),
            ("match", "Match", "1/2 => 50 %\n1/4 => 25 %"),
            ("gaps", "Half of 8 is [[4|four]].", None),
        ):
            page.get_by_label("Or one question").select_option(kind)
            page.get_by_role("button", name="Write it").press("Enter")
            write(page, prompt, lines)
            page.get_by_role("button", name="Save", exact=True).press("Enter")
            expect(page.get_by_text("Added.")).to_be_visible()
        assert asked(world, "All kinds") == ["choice", "response", "number", "text", "order", "match", "gaps"]
        page.get_by_role("button", name="Move Even? up").press("Enter")
        expect(page.locator(".reorder__item").first).to_contain_text("Even?")
        page.wait_for_load_state("networkidle")
        assert asked(world, "All kinds")[:2] == ["response", "choice"]
        page.get_by_role("link", name="Edit Even?").click()
        page.locator("summary", has_text="More:").click()
        look(page, "checks-question")
        page.locator("#lines").fill("2\n4")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("Put a star")
        page.goto(page.url.split("/questions/")[0] + "/settings")
        page.get_by_label("So many at random").check()
        page.get_by_label("How many questions").fill("3")
        look(page, "checks-settings")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Saved.")).to_be_visible()
        page.goto(page.url.split("?")[0].split("#")[0] + "/preview")
        expect(page.get_by_role("heading", name="Question 7 of 7")).to_be_visible()
        look(page, "checks-preview")


def a_bar(width: int = 240, height: int = 60) -> str:
    """A picture as it stands in a text: a bar, half of it red."""

    def part(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    row = b"\0" + b"\xc0\x20\x20" * (width // 2) + b"\xf0\xf0\xf0" * (width - width // 2)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(row * height)) + part(b"IEND", b"")
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def a_file(folder: Path) -> Path:
    """A quiz with a question to bring in, one with a picture that is elsewhere, one with a picture of its own, and an essay."""
    some = (("a", "yes"), ("b", "no"))
    items = (
        qti1_item(said("Is a half more than a quarter?") + labels(*some), gives(equals("a")), ident="1"),
        qti1_item(
            said("&lt;img src=&quot;x.png&quot; alt=&quot;Half a cake&quot;&gt; A half?") + labels(*some),
            gives(equals("a")),
            ident="2",
        ),
        qti1_item(
            said(f"&lt;img src=&quot;{a_bar()}&quot;&gt; How much is red?") + labels(*some),
            gives(equals("a")),
            ident="4",
        ),
        qti1_item(said("Explain."), "", ident="3", kind="essay_question"),
    )
    path = folder / "halves.xml"
    path.write_text(qti1("".join(items), title="Brought along"), "utf-8")
    return path


def test_a_file_is_looked_at_and_brought_in_without_script(world: World, browser: Browser, tmp_path: Path) -> None:
    with world.browsing(browser) as page:
        page.goto(f"{world.course}/checks/import")
        page.locator("#file").set_input_files(a_file(tmp_path))
        page.get_by_role("button", name="Look at the file").click()
        expect(page.get_by_role("heading", name="What this file would bring in")).to_be_visible()
        for one in page.locator("main details summary").all():
            one.click()
        expect(page.get_by_text("A person has to read its answers")).to_be_visible()
        expect(page.get_by_text("Pictures that are not in the file")).to_be_visible()
        expect(page.get_by_text("A picture has no description")).to_be_visible()
        look(page, "checks-import-preview")
    with world.browsing(browser, java_script_enabled=False) as page:
        page.goto(f"{world.course}/checks/import")
        page.locator("#file").set_input_files(a_file(tmp_path))
        page.get_by_role("button", name="Look at the file").click()
        page.get_by_role("button", name="Bring in").click()
        expect(page.get_by_text("Your questions are here")).to_be_visible()
        assert asked(world, "Brought along") == ["choice", "choice", "choice"]
        page.get_by_role("link", name="Brought along").first.click()
        page.get_by_role("button", name="Move Is a half more than a quarter? down").click()
        expect(page.get_by_text("Moved.")).to_be_visible()
    with world.browsing(browser) as page:
        page.goto(f"{world.course}/checks/banks")
        page.get_by_role("link", name="Brought along").click()
        look(page, "checks-bank")
        page.get_by_role("link", name="Edit How much is red?").click()
        words = page.get_by_label("What this picture shows")
        expect(page.locator(".question-picture img")).to_have_js_property("naturalWidth", 240)
        look(page, "checks-picture")
        words.fill("A bar, half of it red")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("A picture without words")).to_have_count(0)
        page.get_by_text("A bar, half of it red", exact=False).first.click()
        expect(page.get_by_role("img", name="A bar, half of it red")).to_have_js_property("naturalWidth", 240)
        page.goto(f"{world.course}/checks")
        look(page, "checks-list")
