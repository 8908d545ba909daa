"""The tool with the protocol and the playlists' pages, reached by real launches: for links and what they open."""

import base64
import html
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from lti_tool.clock import ManualClock
from lti_tool.courses import routes as course_routes
from lti_tool.courses.models import Course, Person
from lti_tool.db.session import Database
from lti_tool.playlists import destinations, editing, routes
from lti_tool.playlists.editing import Basics, Terms
from lti_tool.playlists.models import Playlist
from lti_tool.web.routing import add_router
from tests.lti.conftest import Tool, build
from tests.lti.support import LTI, TOOL, Browser, Platform
from tests.playlists.site import Lms

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
RETURN_URL = "https://platform.example/return.php?course=8&id=2&sesskey=LIrUfZoY6q&data=a%2Bb"
ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
SCOPES = [f"https://purl.imsglobal.org/spec/lti-ags/scope/{name}" for name in ("lineitem", "score", "result.readonly")]


def settings(**changes: Any) -> dict[str, Any]:
    """What a platform accepts; ``None`` leaves a member out."""
    given = {
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["frame", "iframe", "window"],
        "accept_multiple": True,
        "auto_create": False,
        "deep_link_return_url": RETURN_URL,
        "title": "",
        "text": "",
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


@dataclass
class Posted:
    """The message that the answer's page posts, and where it goes."""

    to: str
    header: dict[str, Any]
    claims: dict[str, Any]
    jwt: str

    @property
    def items(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.claims[DL + "content_items"]
        return found


def posted(page: httpx.Response) -> Posted:
    """The answer in a page. AssertionError where there is none."""
    assert page.status_code == 200, page.text
    action = re.search(r'<form method="post" action="([^"]*)"[^>]*data-send-now', page.text)
    token = re.search(r'name="JWT" value="([^"]*)"', page.text)
    assert action, page.text
    assert token
    header, body, _signature = html.unescape(token[1]).split(".")
    return Posted(html.unescape(action[1]), _json(header), _json(body), html.unescape(token[1]))


def _json(part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


@dataclass
class Somebody:
    """Somebody in a browser, on the page that a launch opened."""

    browser: Browser
    launched: httpx.Response
    page: httpx.Response

    @property
    def address(self) -> str:
        """The path of the page."""
        return self.page.url.path

    async def get(self, path: str) -> httpx.Response:
        return await self.browser.client.get(path, follow_redirects=True)

    async def post(self, path: str, **fields: str | list[str]) -> httpx.Response:
        """Send a form of the page that is open."""
        session = re.search(r'name="(?:session" value|lti-session" content)="([^"]+)"', self.page.text)
        assert session, self.page.text
        return await self.browser.client.post(
            path, data={"session": session[1], **fields}, headers={"Origin": TOOL}, follow_redirects=True
        )


@dataclass
class World:
    """The tool and its platforms."""

    tool: Tool
    close: Callable[[], Any]

    @property
    def database(self) -> Database:
        return self.tool.database

    @property
    def clock(self) -> ManualClock:
        return self.tool.clock

    async def launch(
        self, sub: str = "teacher", role: str = "Instructor", *, platform: Platform | None = None, **changes: Any
    ) -> Somebody:
        """A launch into the course as somebody with a role."""
        given: dict[str, Any] = {
            "sub": sub,
            LTI + "roles": [ROLE + role],
            AGS: {"scope": SCOPES, "lineitems": "https://platform.example/lineitems"},
            "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": {},
        }
        browser = Browser(self.tool.app)
        launched = await browser.launch(platform or self.tool.platform, **(given | changes))
        page = launched
        if launched.has_redirect_location:
            page = await browser.client.get(launched.headers["location"], follow_redirects=True)
        return Somebody(browser, launched, page)

    async def pick(
        self, sub: str = "teacher", role: str = "Instructor", *, custom: Any = None, **changes: Any
    ) -> Somebody:
        """A deep linking launch; ``changes`` are of its settings."""
        given: dict[str, Any] = {
            LTI + "message_type": "LtiDeepLinkingRequest",
            LTI + "resource_link": None,
            LTI + "target_link_uri": f"{TOOL}/lti/launch",
            DL + "deep_linking_settings": settings(**changes),
        }
        if custom is not None:
            given[LTI + "custom"] = custom
        return await self.launch(sub, role, **given)

    async def link(self, playlist: str, sub: str = "teacher", role: str = "Instructor", **changes: Any) -> Somebody:
        """A launch of a link to a playlist, as our own item described it."""
        link_id = changes.pop("link_id", "link-1")
        line_item = changes.pop("line_item", None)
        if line_item is not None:
            changes[AGS] = {
                "scope": SCOPES,
                "lineitems": "https://platform.example/lineitems",
                "lineitem": line_item,
            }
        given = {LTI + "custom": {"playlist_id": playlist}, LTI + "resource_link": {"id": link_id, "title": "A link"}}
        return await self.launch(sub, role, **(given | changes))

    async def course(self) -> Course:
        """The one course."""
        (course,) = await self.tool.rows(Course)
        assert isinstance(course, Course)
        return course

    async def person(self, sub: str) -> Person:
        """Somebody who came."""
        return next(one for one in await self.tool.rows(Person) if one.sub == sub)

    async def playlist(self, title: str = "Halves", *, assign: Terms | None = None) -> Playlist:
        """A playlist of the course with one step, a draft unless it is assigned."""
        course = await self.course()
        now = self.clock.now()
        async with self.database.writing() as session:
            made = await editing.create(session, course, Basics(title), None, now)
            made = await editing.add_offline(session, course, made.id, made.revision, "Read", now)
            if assign is not None:
                made = await editing.assign(session, course, made.id, made.revision, assign, None, now)
        return made

    async def assign(self, playlist: Playlist, terms: Terms) -> None:
        """Assign a playlist as it stands now."""
        course = await self.course()
        async with self.database.writing() as session:
            found = await session.get(Playlist, (course.organisation_id, playlist.id), populate_existing=True)
            assert found is not None
            await editing.assign(session, course, playlist.id, found.revision, terms, None, self.clock.now())

    async def again(self, playlist_id: uuid.UUID) -> Playlist:
        """A playlist as it stands now."""
        return next(one for one in await self.tool.rows(Playlist) if one.id == playlist_id)


async def a_world(database: Database, clock: ManualClock, folder: Path) -> World:
    """The tool's protocol, courses and playlists, with two platforms."""
    tool, close = await build(database, clock, folder)
    tool.app.state.enter = destinations.enter
    tool.app.state.connectors = Lms(clock)
    for router in (course_routes.router, routes.router):
        add_router(tool.app, router)
    return World(tool, close)
