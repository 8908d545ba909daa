"""A teacher imports a framework, looks before anything is stored, decides on a loop, browses and updates it, in a browser."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, expect

from tests.browser.stories import Visitor, people_browser
from tests.browser_tools import ONE_PROCESS, contrast, screenshot, small_targets
from tests.servers import Demo, running_demo

pytestmark = pytest.mark.browser

TEACHER = "Elena Rivera"
FIRST = (
    "code,statement,parent,prerequisites,grade,kind\n"
    "4.NF,Fractions,,,04,Domain\n"
    "4.NF.1,Explain why a fraction equals another,4.NF,4.NF.3,04,Standard\n"
    "4.NF.2,Compare two fractions,4.NF,4.NF.1,04,Standard\n"
    "4.NF.3,Add fractions,4.NF,4.NF.2,04,Standard\n"
    "4.NF.4,Itself,4.NF.4,,04,Standard\n"
)
SECOND = (
    "code,statement,parent,prerequisites,grade,kind\n"
    "4.NF,Fractions,,,04,Domain\n"
    "4.NF.1,Explain why a fraction equals another,4.NF,,04,Standard\n"
    "4.NF.2,Compare and order fractions,4.NF,4.NF.1,04,Standard\n"
    "4.NF.5,Decimals,4.NF,4.NF.2,04,Standard\n"
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("frameworks")) as running:
        yield running


@pytest.fixture(scope="module", params=["allowed", "blocked"])
def context(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    with people_browser(tmp_path_factory.mktemp("profile"), request.param, ONE_PROCESS) as opened:
        yield opened


def in_the_dark(visitor: Visitor, name: str) -> None:
    """The page in dark colours: axe looks at contrasts."""
    visitor.page.emulate_media(color_scheme="dark")
    screenshot(visitor.page, f"frameworks-{name}-dark")
    assert contrast(visitor.frame) == [], name
    visitor.page.emulate_media(color_scheme="light")


def to_frameworks(teacher: Visitor) -> FrameLocator:
    """From the header to the list."""
    teacher.section("Competencies")
    teacher.tool.get_by_role("link", name="Frameworks", exact=True).click()
    expect(teacher.tool.get_by_role("heading", level=1, name="Frameworks")).to_be_visible()
    return teacher.tool


def choose(tool: FrameLocator, name: str, content: bytes) -> None:
    """Choose a file in the form."""
    tool.get_by_label("The file").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    tool.get_by_role("button", name="Look at the file").click()


def test_a_framework_is_imported_looked_at_and_updated(demo: Demo, context: BrowserContext) -> None:
    teacher = Visitor(demo, context, TEACHER, "frameworks")
    teacher.open_tool()
    tool = to_frameworks(teacher)
    is_first = tool.get_by_role("heading", name="No framework yet").count() == 1
    if is_first:
        teacher.look("1-empty")
    tool.get_by_role("link", name="Import a framework").click()
    expect(tool.get_by_role("heading", level=1, name="Import a framework")).to_be_visible()
    teacher.look("2-choose")
    assert small_targets(teacher.frame) == []

    # What is no framework is said above the form; nothing is lost.
    choose(tool, "notes.txt", b"hello")
    expect(tool.get_by_text("This is no competency framework that the tool can read")).to_be_visible()
    teacher.look("3-wrong")

    # The second browser finds what the first one left, and brings in another grade.
    grade = "4" if is_first else "5"
    title = f"Fractions, grade {grade}"
    choose(tool, "fractions.csv", FIRST.replace("4.NF", f"{grade}.NF").encode())
    expect(tool.get_by_text(f"{grade}.NF.1 → {grade}.NF.2 → {grade}.NF.3 → {grade}.NF.1")).to_be_visible()
    itself = f"{grade}.NF.4 → {grade}.NF.4"
    expect(tool.get_by_text(f"It is said to be its own parent: {itself}. It was left out.")).to_be_visible()
    tool.get_by_label("Title").fill(title)
    tool.get_by_label("Leave out").select_option(label=f"{grade}.NF.3 → {grade}.NF.1")
    teacher.look("4-preview")
    in_the_dark(teacher, "4-preview")
    tool.get_by_role("button", name="Show again with these choices").click()
    expect(tool.get_by_role("heading", level=1, name=f"Import “{title}”?")).to_be_visible()
    # By keyboard alone.
    tool.get_by_role("button", name="Import it").focus()
    teacher.page.keyboard.press("Enter")
    expect(tool.get_by_role("heading", level=1, name=title, exact=True)).to_be_visible()
    expect(tool.get_by_text("Imported. 4 competencies are new. 1 row was left out.")).to_be_visible()
    teacher.look("5-imported")
    in_the_dark(teacher, "5-imported")

    # A newer file shows before and after, and what is no longer there.
    tool.get_by_role("link", name="Update from a newer file").click()
    choose(tool, "fractions-2.csv", SECOND.replace("4.NF", f"{grade}.NF").encode())
    expect(tool.get_by_role("heading", level=1, name=f"Update “{title}”?")).to_be_visible()
    expect(tool.get_by_text("Compare and order fractions").first).to_be_visible()
    teacher.look("6-update")
    in_the_dark(teacher, "6-update")
    tool.get_by_role("button", name="Update it").click()
    expect(tool.get_by_text("1 competency is no longer in the source and was retired.")).to_be_visible()
    teacher.look("7-updated")
    teacher.leave()


def test_the_common_core_is_browsed(demo: Demo, context: BrowserContext, shared_data: Path) -> None:
    given = (shared_data / "ccss-math-coherence.case.json").read_bytes()
    title = json.loads(given)["CFDocument"]["title"]
    teacher = Visitor(demo, context, TEACHER, "frameworks-core")
    teacher.open_tool()
    tool = to_frameworks(teacher)
    tool.get_by_role("link", name="Import a framework").first.click()
    choose(tool, "core.json", given)
    expect(tool.get_by_text("as they are")).to_be_visible()
    teacher.look("1-preview")
    tool.locator("button[name=answer][value=yes]").click()
    expect(tool.get_by_role("heading", level=1, name=title, exact=True)).to_be_visible()
    teacher.look("2-folded")
    tool.get_by_label("Search").fill("equivalent fractions")
    tool.get_by_label("Grade").select_option(label="Grade 4")
    tool.get_by_role("button", name="Show", exact=True).click()
    expect(tool.get_by_text("2 competencies found")).to_be_visible()
    expect(tool.get_by_text("4.NF.A.1", exact=True).first).to_be_visible()
    teacher.look("3-found")
    tool.get_by_role("link", name="Show everything again").click()
    tool.get_by_role("link", name="Show the").nth(20).click()
    expect(tool.get_by_text("comes after").first).to_be_visible()
    teacher.look("4-part")
    in_the_dark(teacher, "4-part")
    # What comes before it is a click away, in whatever part it stands.
    tool.locator(".outline__facts a").first.click()
    expect(tool.locator(".outline__item--at")).to_be_visible()
    teacher.look("4-at")
    tool.get_by_role("link", name="Show everything again").click()
    tool.get_by_role("link", name="show all at once").click()
    expect(tool.get_by_text("F-TF.C.9", exact=True).first).to_be_visible()
    teacher.look("5-everything")
    to_frameworks(teacher)
    teacher.look("6-list")
    tool.get_by_role("link", name=title).click()
    with teacher.page.expect_download() as saved:
        tool.get_by_role("link", name="Save as CASE").click()
    assert len(json.loads(Path(saved.value.path()).read_text("utf-8"))["CFItems"]) == 695
    teacher.leave()
