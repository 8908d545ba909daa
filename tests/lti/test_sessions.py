"""Sessions: who is let in, for how long, and what a request that changes something must show."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from lti_tool.lti.digests import digest
from lti_tool.lti.models import Role, ToolSession
from lti_tool.lti.sessions import COOKIE, ChangingVisit, CurrentVisit, SessionStart, origin_of, start_session
from tests.lti.conftest import Tool
from tests.lti.support import TOOL
from tests.pairs import on_sqlite

OURS = {"Origin": TOOL}


@pytest.fixture
async def page(tool: Tool) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application with one page to read and one to change."""

    @tool.app.get("/page")
    async def read(visit: CurrentVisit) -> dict[str, Any]:
        return {"session": str(visit.session_id), "role": visit.role}

    @tool.app.post("/page")
    @tool.app.delete("/page")
    async def change(visit: ChangingVisit) -> dict[str, Any]:
        return {"session": str(visit.session_id)}

    transport = httpx.ASGITransport(app=tool.app)
    async with httpx.AsyncClient(transport=transport, base_url=TOOL) as client:
        yield client


async def begin(tool: Tool, role: Role = Role.STUDENT) -> tuple[str, str]:
    """A session's token and id."""
    start = SessionStart(
        organisation_id=tool.organisation_id,
        registration_id=tool.registration.id,
        person_id=None,
        course_id=None,
        resource_link_id=None,
        role=role,
        observes=("17",),
        locale="de",
        frame_origins=("https://platform.example",),
    )
    async with tool.database.writing() as session:
        token = await start_session(session, start, tool.clock.now())
    (row,) = [row for row in await tool.rows(ToolSession) if row.token_digest == digest(token)]
    return token, str(row.id)


def cookie(token: str) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={token}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("carry", [cookie, bearer])
async def test_a_token_opens_pages_by_cookie_and_by_header(tool: Tool, page: httpx.AsyncClient, carry: Any) -> None:
    token, session_id = await begin(tool)

    response = await page.get("/page", headers=carry(token))

    assert response.json() == {"session": session_id, "role": "student"}
    assert "frame-ancestors https://platform.example" in response.headers["content-security-policy"]


async def test_the_tabs_own_token_goes_before_the_cookie_of_the_last_launch(
    tool: Tool, page: httpx.AsyncClient
) -> None:
    first, first_id = await begin(tool)
    second, second_id = await begin(tool)

    assert (await page.get("/page", headers=cookie(second) | bearer(first))).json()["session"] == first_id
    assert (await page.get("/page", headers=cookie(second) | bearer("ended"))).json()["session"] == second_id


@pytest.mark.parametrize("headers", [{}, cookie("unknown"), bearer("x" * 1000), {"Authorization": "Basic abc"}])
async def test_without_a_session_a_page_is_401(tool: Tool, page: httpx.AsyncClient, headers: dict[str, str]) -> None:
    response = await page.get("/page", headers=headers)

    assert response.status_code == 401
    assert "Your session has ended" in response.text


async def test_a_session_ends_after_two_idle_hours(tool: Tool, page: httpx.AsyncClient) -> None:
    token, _ = await begin(tool)
    for _ in range(3):
        tool.clock.move(timedelta(hours=1, minutes=59))
        assert (await page.get("/page", headers=cookie(token))).status_code == 200
    tool.clock.move(timedelta(hours=2))
    assert (await page.get("/page", headers=cookie(token))).status_code == 401


async def test_a_session_ends_after_twelve_hours_in_all(tool: Tool, page: httpx.AsyncClient) -> None:
    token, _ = await begin(tool)
    for _ in range(11):
        tool.clock.move(timedelta(hours=1))
        assert (await page.get("/page", headers=cookie(token))).status_code == 200
    tool.clock.move(timedelta(hours=1))
    assert (await page.get("/page", headers=cookie(token))).status_code == 401


async def test_the_last_request_is_written_at_most_once_a_minute(tool: Tool, page: httpx.AsyncClient) -> None:
    token, _ = await begin(tool)
    begun = tool.clock.now()
    tool.clock.move(timedelta(seconds=59))
    await page.get("/page", headers=cookie(token))
    assert (await tool.rows(ToolSession))[0].seen_at == begun
    tool.clock.move(timedelta(seconds=1))
    await page.get("/page", headers=cookie(token))
    assert (await tool.rows(ToolSession))[0].seen_at == begun + timedelta(seconds=60)


async def test_a_clock_that_goes_back_ends_nothing(tool: Tool, page: httpx.AsyncClient) -> None:
    token, _ = await begin(tool)
    tool.clock.move(timedelta(hours=-3))
    assert (await page.get("/page", headers=cookie(token))).status_code == 200


@on_sqlite
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": TOOL}, 200),
        ({"Origin": TOOL, "Sec-Fetch-Site": "same-origin"}, 200),
        # What browsers send with a form of ours, under Referrer-Policy: no-referrer.
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Referer": TOOL + "/courses/1"}, 200),
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "null", "Referer": TOOL + "/"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Origin": TOOL, "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": TOOL, "Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": TOOL + ".evil.example"}, 403),
        ({"Origin": TOOL.replace("https", "http")}, 403),
        ({"Referer": "https://evil.example/" + TOOL}, 403),
    ],
)
async def test_changes_come_from_our_own_pages(
    tool: Tool, page: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    token, session_id = await begin(tool)

    response = await page.post("/page", headers=cookie(token) | headers, data={"session": session_id})

    assert response.status_code == status, response.text


async def test_the_pages_session_is_named_by_field_or_header(tool: Tool, page: httpx.AsyncClient) -> None:
    token, session_id = await begin(tool)
    headers = cookie(token) | OURS

    assert (await page.post("/page", headers=headers, data={"session": session_id})).status_code == 200
    assert (await page.post("/page", headers=headers, files={"session": (None, session_id)})).status_code == 200
    assert (await page.post("/page", headers=headers | {"X-LTI-Session": session_id}, json={})).status_code == 200
    assert (await page.delete("/page", headers=headers | {"X-LTI-Session": session_id})).status_code == 200
    assert (await page.post("/page", headers=headers)).status_code == 409
    assert (await page.post("/page", headers=headers, data={"session": "x"})).status_code == 409
    assert (await page.post("/page", headers=headers, json={"session": session_id})).status_code == 409


async def test_a_second_launch_in_the_same_browser_is_noticed(tool: Tool, page: httpx.AsyncClient) -> None:
    _, first_id = await begin(tool)
    second, _ = await begin(tool, Role.TEACHER)

    changed = await page.post("/page", headers=cookie(second) | OURS, data={"session": first_id})
    read = await page.get("/page", headers=cookie(second) | {"X-LTI-Session": first_id})

    assert (changed.status_code, read.status_code) == (409, 409)
    assert "opened again in this browser" in changed.text
    assert "nothing was changed" in changed.text


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://a.example/x?y#z", "https://a.example"),
        ("https://A.Example:443/", "https://a.example"),
        ("http://a.example:80", "http://a.example"),
        ("http://[::1]:8001/x", "http://[::1]:8001"),
        ("https://user:password@a.example/", "https://a.example"),
        ("javascript:alert(1)", None),
        ("https://a.example:99999/", None),
        ("https://[", None),
        ("not an address", None),
        ("", None),
        (None, None),
    ],
)
def test_origins(address: str | None, origin: str | None) -> None:
    assert origin_of(address) == origin
