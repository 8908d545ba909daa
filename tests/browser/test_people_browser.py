"""The browser of the stories does with cookies of others what its world says: without that, the stories would show nothing."""

from pathlib import Path

import pytest
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.browser.stories import people_browser
from tests.browser_tools import ONE_PROCESS, chromium_path, serving, shell_path
from tests.servers import free_port

pytestmark = pytest.mark.browser

PARTITIONED = "__Host-partitioned=1"


@pytest.mark.parametrize(("cookies", "whole"), [("blocked", False), ("blocked", True), ("allowed", False)], ids=str)
def test_only_partitioned_cookies_of_a_frame_are_kept_where_they_are_blocked(
    tmp_path: Path, cookies: str, whole: bool
) -> None:
    port, came = free_port(), []

    def frame(request: Request) -> Response:
        came.append(set(request.headers.get("cookie", "").split("; ")))
        answer = HTMLResponse("<h1>Frame</h1><script>document.cookie = 'script=1; SameSite=None; Secure'</script>")
        answer.headers.append("Set-Cookie", "usual=1; SameSite=None; Secure; Path=/")
        answer.headers.append("Set-Cookie", f"{PARTITIONED}; SameSite=None; Secure; Path=/; Partitioned")
        return answer

    outer = Starlette(routes=[Route("/", lambda _: HTMLResponse(f"<iframe src='http://localhost:{port}/'></iframe>"))])
    with (
        serving(Starlette(routes=[Route("/", frame)]), port=port),
        serving(outer) as address,
        people_browser(
            tmp_path / "profile", cookies, ONE_PROCESS, path=chromium_path() if whole else shell_path()
        ) as context,
    ):
        page = context.new_page()
        for _ in range(3):
            page.goto(address)
            expect(page.frame_locator("iframe").get_by_role("heading")).to_be_visible()
    assert came[-1] == ({PARTITIONED} if cookies == "blocked" else {PARTITIONED, "usual=1", "script=1"})
