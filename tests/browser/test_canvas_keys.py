"""The sandbox LMS as Canvas with real clicks: a key is made, a teacher agrees to what a tool asks for, students complete items,
and a teacher grades by a rubric. Pages are looked at wide and narrow.
"""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from lti_tool.sandbox.app import create_sandbox
from lti_tool.sandbox.settings import SandboxSettings
from tests.browser_tools import axe, overflow, screenshot, serving, small_targets
from tests.servers import free_port

pytestmark = pytest.mark.browser


class _Back(BaseHTTPRequestHandler):
    """Where the tool takes a person back: the page shows what came."""

    def do_GET(self) -> None:
        body = f"<!doctype html><title>Back</title><p id=query>{urlsplit(self.path).query}</p>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def back() -> Iterator[str]:
    """The tool's own address for people who come back."""
    server = HTTPServer(("127.0.0.1", 0), _Back)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/back"
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


@pytest.fixture(scope="module")
def lms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    settings = SandboxSettings(
        base_url=f"http://127.0.0.1:{port}", folder=tmp_path_factory.mktemp("lms"), like="canvas"
    )
    with serving(create_sandbox(settings), port=port) as address:
        yield address


def sign_in(page: Page, lms: str, name: str) -> None:
    page.goto(f"{lms}/login")
    page.get_by_role("button", name=name).click()
    page.wait_for_url("**/courses/*")


def look(page: Page, name: str) -> None:
    """Axe, targets, and no sideways scrolling at 320 pixels."""
    screenshot(page, f"canvas-{name}")
    assert axe(page) == [], name
    assert small_targets(page) == [], name
    page.set_viewport_size({"width": 320, "height": 900})
    assert overflow(page) <= 0, name
    screenshot(page, f"canvas-{name}-narrow")
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_key_is_made_and_a_teacher_agrees(lms: str, back: str, page: Page) -> None:
    sign_in(page, lms, "Sam Okafor")
    page.get_by_role("navigation", name="Administration").get_by_role("link", name="API keys").click()
    look(page, "keys-none")
    page.get_by_role("link", name="Make a key").click()
    look(page, "key-form")
    page.get_by_label("Name", exact=True).fill("Playlists")
    page.get_by_label("Redirect addresses").fill(back)
    page.get_by_label("Allow include parameters", exact=True).check()
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("heading", name="Playlists On")).to_be_visible()
    look(page, "key")
    [key] = [one for one in httpx.get(f"{lms}/_control/canvas/keys").json() if one["name"] == "Playlists"]
    assert key["allows_includes"] is True

    page.get_by_role("button", name="Switch person").click()
    page.get_by_role("button", name="Elena Rivera").click()
    page.wait_for_url("**/courses/*")
    asked = {
        "client_id": key["client_id"],
        "response_type": "code",
        "redirect_uri": back,
        "state": "from-here",
        "scope": " ".join(key["scopes"][:20]),
    }
    page.goto(f"{lms}/login/oauth2/auth?{urlencode(asked)}")
    expect(page.get_by_role("heading", name="Playlists asks for access")).to_be_visible()
    look(page, "consent")
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_url(f"{back}?*")
    assert parse_qs(urlsplit(page.url).query) == {"error": ["access_denied"], "state": ["from-here"]}

    page.goto(f"{lms}/login/oauth2/auth?{urlencode(asked)}")
    page.get_by_role("button", name="Authorise").click()
    page.wait_for_url(f"{back}?*")
    answer = parse_qs(urlsplit(page.url).query)
    assert answer["state"] == ["from-here"]
    sent = {"grant_type": "authorization_code", "code": answer["code"][0]} | {
        name: key[name] for name in ("client_id", "client_secret")
    }
    token = httpx.post(f"{lms}/login/oauth2/token", data=sent).json()
    assert token["user"]["name"] == "Elena Rivera"
    modules = httpx.get(f"{lms}/api/v1/courses/1/modules", headers={"Authorization": f"Bearer {token['access_token']}"})
    assert len(modules.json()) == 4


def test_items_are_completed_and_work_is_graded_by_a_rubric(lms: str, page: Page) -> None:
    sign_in(page, lms, "Zoë Brontë-Lindqvist")
    page.get_by_role("link", name="What is a ratio?").click()
    page.reload()
    expect(page.get_by_text("To complete this: look at it.")).to_be_visible()
    expect(page.get_by_text("Completed", exact=True)).to_be_visible()
    page.get_by_role("link", name="Next").click()
    look(page, "not-done")
    page.get_by_role("button", name="Mark as done").click()
    expect(page.get_by_role("button", name="Not done after all")).to_be_visible()
    look(page, "done")

    page.get_by_role("button", name="Switch person").click()
    page.get_by_role("button", name="Elena Rivera").click()
    page.wait_for_url("**/courses/1")
    page.get_by_role("navigation", name="Course").get_by_role("link", name="Gradebook").click()
    page.get_by_role("link", name="Zoë Brontë-Lindqvist, A recipe for thirty").click()
    look(page, "rubric")
    page.get_by_label("The table").fill("2")
    page.get_by_label("The ingredients").fill("5")
    page.get_by_role("button", name="Grade by the rubric").click()
    expect(page.get_by_role("link", name="Zoë Brontë-Lindqvist, A recipe for thirty")).to_contain_text("7")
    page.get_by_role("link", name="Zoë Brontë-Lindqvist, The better buy").click()
    page.get_by_label("This work is").select_option("excused")
    page.get_by_role("button", name="Save the status").click()
    expect(page.get_by_label("This work is")).to_have_value("excused")


def test_trouble_with_the_api_is_asked_for(lms: str, page: Page) -> None:
    sign_in(page, lms, "Sam Okafor")
    page.get_by_role("navigation", name="Administration").get_by_role("link", name="Trouble").click()
    page.get_by_label("Which calls fail").select_option("api")
    page.get_by_label("With", exact=True).select_option("html")
    page.get_by_role("button", name="Fail the next ones").click()
    expect(page.get_by_role("listitem").filter(has_text="a page of html that says 200")).to_be_visible()
    look(page, "trouble")
    assert "text/html" in httpx.get(f"{lms}/api/v1/courses/1").headers["content-type"]
    page.get_by_role("button", name="Behave ordinarily again").click()
    expect(page.get_by_text("Nothing.")).to_be_visible()
