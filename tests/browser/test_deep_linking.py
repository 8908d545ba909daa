"""Choosing what is added to a course, in a real Chromium: by keyboard, on a phone, without script, without cookies."""

import asyncio
import base64
import html
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lti_tool.app import create_app
from lti_tool.clock import ManualClock
from lti_tool.db.session import Database
from lti_tool.lti.registrations import add_platform, find_organisation
from lti_tool.settings import Settings
from tests.browser.storing_platform import (
    CLIENT_ID,
    DEPLOYMENT_ID,
    KID,
    MEMBERSHIP,
    Cookieless,
    StoringPlatform,
    posting,
)
from tests.browser.storing_platform import (
    page as html_page,
)
from tests.browser_tools import axe, overflow, screenshot, serving, small_targets
from tests.lti.support import LTI, sign
from tests.servers import free_port, migrated_file

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("deep-linking")]

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/"


class AskingPlatform(StoringPlatform):
    """A platform that asks for content, and shows what it was given."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.answers: list[dict[str, Any]] = []
        self.changes: dict[str, Any] = {}
        self.app.router.routes.append(Route("/given", self.given, methods=["POST"]))

    def authorize(self, request: Request) -> Response:
        """A request to pick content."""
        asked, now = request.query_params, int(self.clock.now().timestamp())
        body: dict[str, Any] = {
            "iss": self.address,
            "aud": CLIENT_ID,
            "sub": asked["login_hint"],
            "name": "Tea Teak",
            "iat": now,
            "exp": now + 60,
            "nonce": asked["nonce"],
            LTI + "version": "1.3.0",
            LTI + "message_type": "LtiDeepLinkingRequest",
            LTI + "deployment_id": DEPLOYMENT_ID,
            LTI + "roles": [MEMBERSHIP + "Instructor"],
            LTI + "context": {"id": "course-1", "title": "Ratios"},
            AGS + "claim/endpoint": {
                "scope": [AGS + "scope/lineitem", AGS + "scope/score"],
                "lineitems": f"{self.address}/lineitems",
            },
            DL + "deep_linking_settings": {
                "accept_types": ["ltiResourceLink"],
                "accept_presentation_document_targets": ["iframe", "window"],
                "accept_multiple": True,
                "deep_link_return_url": f'{self.address}/given?course=1&sesskey=K"x7',
                "data": "opaque",
                **self.changes,
            },
        }
        token = sign({"alg": "RS256", "typ": "JWT", "kid": KID}, body, self.key)
        return posting(asked["redirect_uri"], {"id_token": token, "state": asked["state"]})

    async def given(self, request: Request) -> Response:
        """Where the answer is posted."""
        form = await request.form()
        part = str(form["JWT"]).split(".")[1]
        body = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        self.answers.append({"query": dict(request.query_params), "fields": sorted(form), **body})
        titles = ", ".join(item["title"] for item in body[DL + "content_items"])
        return html_page(f"<h1>Added to the course: {html.escape(titles) or 'nothing'}</h1>")


@dataclass
class School:
    """The tool and its platform, both running."""

    platform: AskingPlatform
    door: Cookieless

    def open(self, page: Page, keeps: str = "") -> FrameLocator:
        """Open the course; the picker is in its frame."""
        self.platform.answers.clear()
        page.goto(f"{self.platform.address}/course?person=teacher&keeps={keeps}")
        return page.frame_locator("iframe[name=tool]")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    folder, port = tmp_path_factory.mktemp("deep-linking"), free_port()
    clock = ManualClock(datetime(2026, 9, 1, 8, 0, tzinfo=UTC))
    settings = _settings(folder, port)
    platform = AskingPlatform(clock)
    with serving(platform.app) as address:
        platform.address, platform.tool = address, settings.base_url
        asyncio.run(_register(settings, platform, clock))
        door = Cookieless(create_app(settings, clock=clock))
        with serving(door, port=port):
            yield School(platform, door)


@pytest.fixture
def school(running: School) -> Iterator[School]:
    yield running
    running.door.on = False
    running.platform.changes = {}


def _settings(folder: Path, port: int) -> Settings:
    return Settings(
        _env_file=None,
        base_url=f"http://localhost:{port}",
        database_url=migrated_file(folder / "tool.db"),
        keys_dir=folder,
        secret_key="s" * 40,
        worker="external",
    )


async def _register(settings: Settings, platform: AskingPlatform, clock: ManualClock) -> None:
    database = Database.at(settings.database_url)
    async with database.writing() as session:
        await add_platform(
            session,
            clock.now(),
            organisation=await find_organisation(session, None, clock.now()),
            name="Asking",
            issuer=platform.address,
            client_id=CLIENT_ID,
            auth_login_url=platform.address + "/auth",
            token_url=platform.address + "/token",
            jwks_url=platform.address + "/jwks",
            deployment_ids=[DEPLOYMENT_ID],
            settings=settings,
        )
    await database.close()


def test_a_teacher_picks_with_the_keyboard_alone(school: School, page: Page) -> None:
    tool = school.open(page)
    expect(tool.get_by_role("heading", name="Add to your course")).to_be_visible()
    front = tool.get_by_role("checkbox", name="The page with all playlists")
    front.focus()
    page.keyboard.press("Space")
    expect(front).to_be_checked()
    page.keyboard.press("Tab")
    expect(tool.get_by_label("Title of a new playlist")).to_be_focused()
    page.keyboard.type("Fractions <week 1>")
    page.keyboard.press("Tab")
    expect(tool.get_by_role("radio", name="A gradebook column comes with it")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(tool.get_by_label("Points")).to_be_hidden()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    expect(tool.get_by_label("Points")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(tool.get_by_role("button", name="Add to the course")).to_be_focused()
    page.keyboard.press("Enter")
    expect(tool.get_by_role("heading", name="Added to the course: My playlists, Fractions <week 1>")).to_be_visible()
    (answer,) = school.platform.answers
    assert answer["query"] == {"course": "1", "sesskey": 'K"x7'}
    assert answer["fields"] == ["JWT"]
    assert answer[DL + "data"] == "opaque"


def test_a_phone_shows_the_picker_whole_and_readable(school: School, page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 900})
    school.open(page).get_by_role("heading", name="Add to your course").wait_for()
    frame = next(one for one in page.frames if "/pick/" in one.url)
    frame.get_by_role("radio", name="No column").check()
    frame.get_by_role("button", name="Add to the course").click()
    expect(frame.get_by_text("Please choose a playlist, or make a new one.").first).to_be_visible()
    assert axe(frame) == []
    assert overflow(frame) == 0
    assert small_targets(frame) == []
    screenshot(page, "deep-linking-phone")
    frame.get_by_role("link", name="Please choose a playlist").click()
    frame.get_by_role("button", name="Cancel").click()
    expect(frame.get_by_role("heading", name="Added to the course: nothing")).to_be_visible()


def test_where_nothing_fits_there_is_a_way_back(school: School, page: Page) -> None:
    school.platform.changes = {"accept_types": ["file"]}
    tool = school.open(page)
    tool.get_by_role("heading", name="Nothing here fits this place").wait_for()
    frame = next(one for one in page.frames if "/pick/" in one.url)
    assert axe(frame) == []
    tool.get_by_role("button", name="Back to your course").click()
    expect(tool.get_by_role("heading", name="Added to the course: nothing")).to_be_visible()
    assert school.platform.answers[0][DL + "errormsg"]


def test_without_script_a_button_sends_the_answer(school: School, browser: Browser) -> None:
    scripted = browser.new_context(locale="en-US")
    page = scripted.new_page()
    picker = school.open(page)
    picker.get_by_role("heading", name="Add to your course").wait_for()
    address = next(one for one in page.frames if "/pick/" in one.url).url
    # The same session goes on without script: its token stands in for the frame's cookie, which another tab lacks.
    (token,) = (cookie["value"] for cookie in scripted.cookies() if cookie["name"] == "__Host-lti_session")
    plain = browser.new_context(
        locale="en-US", java_script_enabled=False, extra_http_headers={"Authorization": f"Bearer {token}"}
    )
    bare = plain.new_page()
    bare.goto(address)
    bare.get_by_role("checkbox", name="The page with all playlists").check()
    bare.get_by_role("button", name="Add to the course").click()
    expect(bare.get_by_role("heading", name="Back to your course")).to_be_visible()
    assert bare.locator("main h1").count() == 1
    bare.get_by_role("button", name="Go on").click()
    expect(bare.get_by_role("heading", name="Added to the course: My playlists")).to_be_visible()
    plain.close()
    scripted.close()


def test_without_a_cookie_the_token_in_the_tab_is_enough(school: School, page: Page) -> None:
    school.door.on = True
    tool = school.open(page, keeps="_parent")
    expect(tool.get_by_role("heading", name="Add to your course")).to_be_visible()
    tool.get_by_role("checkbox", name="The page with all playlists").check()
    tool.get_by_role("button", name="Add to the course").click()
    expect(tool.get_by_role("heading", name="Added to the course: My playlists")).to_be_visible()
    (answer,) = school.platform.answers
    assert answer["fields"] == ["JWT"]
