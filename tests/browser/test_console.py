"""The console in a real browser: the owner with a one-time link, and an administrator inside the LMS's frame."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.stories import Visitor, people_browser
from tests.browser_tools import at_rest, axe, contrast, overflow, screenshot, small_targets
from tests.servers import Demo, own_environment, run, running_demo

pytestmark = pytest.mark.browser

ADMINISTRATOR = "Sam Okafor"
STUDENT = "Amara Nwosu"
HOLIDAYS = (
    b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20991221\r\nDTEND;VALUE=DATE:21000104\r\nSUMMARY:Winter break\r\n"
    b"END:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20991005\r\nSUMMARY:Open house\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("console")) as running:
        yield running


@pytest.fixture(scope="module")
def browser_context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    with people_browser(tmp_path_factory.mktemp("console-profile"), "blocked") as context:
        yield context


def sign_in_link(demo: Demo) -> str:
    """What the command prints, on the demo's database."""
    database = demo.folder / "var" / "demo" / "tool.db"
    environment = own_environment(LTI_TOOL_BASE_URL=demo.tool, LTI_TOOL_DATABASE_URL=f"sqlite:///{database}")
    return run(["admin", "link"], folder=demo.folder, environment=environment)


def look(page: Page, name: str, *schemes: str) -> None:
    """The page as it stands: axe, in light or as ``schemes`` say; nothing too wide at 320 pixels, targets large enough."""
    for scheme in schemes or ("light",):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert (contrast(page) if scheme == "dark" else axe(page)) == [], f"{name}, {scheme}"
        screenshot(page, f"console-{name}-{scheme}")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 320, "height": 800})
    assert overflow(page) <= 0, f"{name}: {overflow(page)} pixels too wide"
    assert small_targets(page) == [], name
    screenshot(page, f"console-{name}-narrow")
    page.set_viewport_size({"width": 1280, "height": 900})


def go(page: Page, name: str) -> None:
    """To a section, by the keyboard alone."""
    page.get_by_role("navigation", name="Sections").get_by_role("link", name=name, exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def test_the_owner_comes_in_by_a_link_and_looks_after_everything(demo: Demo, browser_context: BrowserContext) -> None:
    page = browser_context.new_page()
    link = sign_in_link(demo)
    page.goto(link)
    expect(page.get_by_role("heading", name="Sign in to the administration")).to_be_visible()
    look(page, "sign-in")
    page.get_by_role("button", name="Sign in").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Administration")).to_be_visible()
    assert page.url == f"{demo.tool}/admin"
    look(page, "overview", "light", "dark")

    go(page, "Organisations")
    page.get_by_label("Name").fill("Riverside High")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Added. Connect its LMS next.")).to_be_visible()
    look(page, "organisations")
    page.get_by_role("link", name="Riverside High").click()
    expect(page.get_by_role("heading", name="No LMS is connected yet")).to_be_visible()
    page.get_by_label("Time zone").select_option(label="America/New York")
    look(page, "organisation")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    expect(page.get_by_label("Time zone")).to_have_value("America/New_York")

    go(page, "School days")
    page.get_by_role("main").get_by_role("link", name="Riverside High").click()
    page.get_by_label("Friday").uncheck()
    page.get_by_role("button", name="Save the school week").press("Enter")
    expect(page.get_by_text("It holds for all courses.")).to_be_visible()
    page.get_by_text("From a calendar's file").click()
    page.get_by_label("The file (.ics)").set_input_files(
        {"name": "school.ics", "mimeType": "text/calendar", "buffer": HOLIDAYS}
    )
    page.get_by_role("button", name="Look at it").press("Enter")
    expect(page.get_by_label("Winter break")).to_be_checked()
    look(page, "calendar-file", "light", "dark")
    page.get_by_label("Open house").uncheck()
    page.get_by_role("button", name="Add what is ticked").press("Enter")
    expect(page.locator("#days-off")).to_contain_text("December 21, 2099")
    expect(page.locator("#days-off")).not_to_contain_text("October")
    look(page, "calendar", "light", "dark")

    go(page, "Tokens")
    expect(page.get_by_role("heading", name="No token yet")).to_be_visible()
    look(page, "tokens-none")
    page.get_by_label("What it is for").fill("District standards server")
    page.get_by_label("Ends after").select_option("365")
    page.get_by_role("button", name="Make the token").press("Enter")
    expect(page.get_by_text("it is shown this once")).to_be_visible()
    look(page, "token-made", "light", "dark")
    page.get_by_role("button", name="Revoke District standards server").press("Enter")
    expect(page.get_by_text("Revoked. Whoever sends this token")).to_be_visible()
    look(page, "tokens")

    go(page, "Platforms")
    look(page, "platforms")
    go(page, "Deliveries")
    look(page, "deliveries", "light", "dark")
    go(page, "Platforms")
    page.get_by_role("table").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Where it is installed")).to_be_visible()
    name = page.get_by_label("Name").input_value()
    page.get_by_label("Role as your LMS sends it").fill("two words")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").get_by_role("link", name="This role cannot be used")).to_be_visible()
    look(page, "platform-wrong", "light", "dark")
    page.get_by_label("Role as your LMS sends it").fill("ContentDeveloper")
    page.get_by_label("Means here").select_option("observer")
    page.get_by_role("button", name="Add the role").click()
    expect(page.get_by_role("row", name="ContentDeveloper")).to_contain_text("Observer")
    look(page, "platform")

    page.get_by_role("link", name="Move it").click()
    look(page, "move")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_role("alert").get_by_role("link", name="This is where it is already")).to_be_visible()
    page.get_by_label("Issuer now").fill("http://127.0.0.1:1/moved")
    page.get_by_role("button", name="Show what would change").press("Enter")
    plan = page.get_by_role("region", name="What would change")
    expect(plan).to_contain_text("http://127.0.0.1:1/moved")
    expect(plan).to_contain_text("Its own API")
    look(page, "move-plan", "light", "dark")
    plan.get_by_role("link", name="Cancel").click()

    page.get_by_role("link", name="Remove", exact=True).click()
    page.get_by_label("to confirm").fill("another")
    page.get_by_role("button", name="Remove for good").click()
    expect(page.get_by_role("alert").get_by_role("link", name="not the platform's name")).to_be_visible()
    look(page, "remove")
    page.get_by_role("link", name="Keep it").click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
    page.goto(f"{demo.tool}/admin")
    expect(page.get_by_role("heading", name="Sign in to the administration")).to_be_visible()
    look(page, "closed")
    page.goto(link)
    expect(page.get_by_role("heading", name="This sign-in link cannot be used")).to_be_visible()
    look(page, "link-used")
    page.goto("about:blank")


def test_an_administrator_checks_the_connection(demo: Demo, browser_context: BrowserContext) -> None:
    student = Visitor(demo, browser_context, STUDENT, "check-student")
    student.open_tool()
    student.leave()

    visitor = Visitor(demo, browser_context, ADMINISTRATOR, "check")
    visitor.open_tool()
    tool = visitor.tool
    visitor.section("Administration")
    visitor.section("Platforms")
    tool.get_by_role("table").get_by_role("link").first.click()
    expect(tool.get_by_role("heading", name="Where it is installed")).to_be_visible()
    tool.get_by_role("link", name="Check this connection").click()
    write = tool.get_by_label("Also write to the gradebook")
    write.focus()
    visitor.page.keyboard.press("Space")
    visitor.look("0-form")
    tool.get_by_role("link", name="Choose a test student").click()
    tool.get_by_label("Send a score for").select_option(STUDENT)
    expect(write).to_be_checked()
    tool.get_by_role("button", name="Check this connection").click()
    expect(tool.get_by_text("Everything that was tried works.")).to_be_visible()
    expect(tool.get_by_role("row", name="Read the result back")).to_contain_text("14 out of 20 came back")
    expect(tool.get_by_role("row", name="Remove the column")).to_contain_text("Works")
    visitor.look("1-works")

    failing = {"endpoint": "memberships", "status": 403}
    httpx.post(f"{demo.lms}/_control/fail", json=failing).raise_for_status()
    tool.get_by_role("button", name="Check this connection").click()
    expect(tool.get_by_text("One call does not work")).to_be_visible()
    expect(tool.get_by_role("row", name="Members of the course")).to_contain_text("The LMS does not allow it (403).")
    tool.get_by_role("link", name="Members of the course").click()
    visitor.page.emulate_media(color_scheme="dark")
    at_rest(visitor.frame)
    visitor.look("2-fails-dark")
    visitor.page.emulate_media(color_scheme="light")
    at_rest(visitor.frame)

    tool.get_by_role("link", name="What the certification of LTI Advantage asks for").click()
    tool.get_by_role("link", name="Choose a test student").click()
    tool.get_by_label("Send a score for").select_option(STUDENT)
    tool.get_by_role("button", name="Run the service check").click()
    expect(tool.get_by_text("Every case is as the certification asks for it.")).to_be_visible()
    visitor.look("3-certification")
    with visitor.page.expect_download() as download:
        tool.get_by_role("link", name="Download as text").click()
    assert download.value.suggested_filename == "service-check.txt"
    report = download.value.path().read_text("utf-8")
    assert "[Fails]" not in report
    assert "> Accept: application/vnd.ims.lis.v2.resultcontainer+json" in report
    visitor.leave()


def test_an_administrator_works_inside_the_lms(demo: Demo, browser_context: BrowserContext) -> None:
    visitor = Visitor(demo, browser_context, ADMINISTRATOR, "console-frame")
    visitor.open_tool()
    tool = visitor.tool
    expect(tool.get_by_role("link", name="Open the administration")).to_be_visible()
    visitor.look("0-landing")
    visitor.section("Administration")
    visitor.look("1-overview")
    visitor.section("Roles")
    expect(tool.get_by_role("heading", name="Roles received, role given")).to_be_visible()
    visitor.look("2-roles")
    tool.get_by_role("link", name="Change").first.click()
    expect(tool.get_by_label("Role as your LMS sends it")).to_have_value(
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"
    )
    tool.get_by_label("Your own address").fill("http://learn.school.example")
    tool.get_by_role("button", name="Add the address").click()
    expect(tool.get_by_role("alert").get_by_role("link", name="This address cannot be used")).to_be_visible()
    tool.get_by_label("Your own address").fill("https://learn.school.example/courses/4")
    tool.get_by_role("button", name="Add the address").click()
    expect(tool.get_by_role("row", name="https://learn.school.example")).to_be_visible()
    visitor.look("3-platform")
    assert visitor.troubles == []
    visitor.section("Platforms")
    tool.get_by_role("table").get_by_role("link").first.click()
    tool.get_by_role("link", name="Switch off").click()
    expect(tool.get_by_text("You came in through this platform yourself")).to_be_visible()
    visitor.look("4-switch-off")
    tool.get_by_role("button", name="Switch off").click()
    expect(tool.get_by_role("heading", name="This platform is switched off")).to_be_visible()
    visitor.look("5-farewell")
    visitor.leave()
