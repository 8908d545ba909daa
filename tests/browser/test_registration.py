"""Registering in a frame of an LMS: the page is read, confirmed by keyboard, and tells the LMS that it is done."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from lti_tool.app import create_app
from lti_tool.clock import SystemClock
from lti_tool.db.session import Database
from lti_tool.lti import registrations
from lti_tool.lti.invites import invite_address, make_invite
from lti_tool.lti.models import Family
from lti_tool.settings import Settings
from tests.browser_tools import axe, overflow, serving, small_targets
from tests.servers import free_port, migrated_file

LTI_PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"


def lms(port: int) -> Starlette:
    """Moodle's way: a page that frames the registration and listens for its end."""
    base = f"http://127.0.0.1:{port}"

    async def describe(_request: Request) -> Response:
        addresses = {
            "authorization_endpoint": base + "/auth",
            "token_endpoint": base + "/token",
            "jwks_uri": base + "/jwks",
            "registration_endpoint": base + "/register",
        }
        lti = {
            "product_family_code": "moodle",
            "version": "4.5.6 (Build: 20250811)",
            "messages_supported": [{"type": "LtiResourceLinkRequest"}, {"type": "LtiDeepLinkingRequest"}],
        }
        return JSONResponse({"issuer": base, **addresses, LTI_PLATFORM: lti})

    async def register(request: Request) -> Response:
        return JSONResponse({"client_id": "abc", **json.loads(await request.body()), "deployment_id": "1"})

    async def manage(request: Request) -> Response:
        address = request.query_params["tool"]
        joint = f"{address}&openid_configuration={base}/configuration&registration_token=t"
        return HTMLResponse(
            f'<!doctype html><title>Manage tools</title><iframe title="tool" src="{joint.replace("&", "&amp;")}" '
            'width="300" height="600"></iframe><script>window.told = [];'
            'addEventListener("message", (event) => {'
            ' if (String(event.data.subject).endsWith(".close")) told.push(event.data); });</script>'
        )

    return Starlette(
        routes=[
            Route("/configuration", describe),
            Route("/register", register, methods=["POST"]),
            Route("/manage", manage),
        ]
    )


@pytest.fixture(scope="module")
def link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The LMS's page with the tool's registration in it."""
    folder: Path = tmp_path_factory.mktemp("registration")
    tool_port, lms_port = free_port(), free_port()
    settings = Settings(
        _env_file=None,
        base_url=f"http://localhost:{tool_port}",
        database_url=migrated_file(folder / "tool.db"),
        keys_dir=folder / "keys",
    )

    async def invite() -> str:
        database = Database.at(settings.database_url)
        now = SystemClock().now()
        async with database.writing() as session:
            school = await registrations.find_organisation(session, None, now)
            _, code = await make_invite(
                session, organisation_id=school.id, lms=Family.MOODLE, now=now, life=timedelta(hours=1)
            )
        await database.close()
        return invite_address(settings.base_url, code)

    # Playwright's event loop runs in this thread.
    with ThreadPoolExecutor(1) as thread:
        address = thread.submit(lambda: asyncio.run(invite())).result()
    with serving(create_app(settings), port=tool_port), serving(lms(lms_port), port=lms_port) as at:
        yield f"{at}/manage?tool={address}"


def test_an_lms_is_registered_in_a_narrow_frame_by_keyboard(page: Page, link: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(link)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Connect this LMS?")).to_be_visible()
    expect(frame.get_by_text("4.5.6 (Build: 20250811)")).to_be_visible()
    inner = page.frames[1]
    assert axe(inner) == []
    assert overflow(inner) <= 0
    assert small_targets(inner) == []
    assert page.evaluate("told.length") == 0
    frame.get_by_role("button", name="Connect 127.0.0.1").focus()
    page.keyboard.press("Enter")
    expect(frame.get_by_role("heading", name="Connected")).to_be_visible()
    page.wait_for_function("told.length > 0")
    assert page.evaluate("told") == [{"subject": "org.imsglobal.lti.close"}]
    inner = page.frames[1]
    assert axe(inner) == []
    assert overflow(inner) <= 0
    frame.get_by_role("button", name="Close this page").click()
    page.wait_for_function("told.length > 1")
    page.goto(link)
    expect(frame.get_by_role("heading", name="This invitation was used already")).to_be_visible()
