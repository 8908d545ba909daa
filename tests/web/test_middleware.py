"""Around every request: headers, limits, one line in the log, figures without ids."""

import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client import REGISTRY
from starlette.requests import Request
from starlette.responses import Response

from lti_tool.logs import reference_code
from lti_tool.settings import Settings
from lti_tool.web.middleware import BODY_LIMIT, COURSE_LIMIT, UPLOAD_LIMIT, content_security_policy
from lti_tool.web.routing import PlainRoute, add_routes
from tests.web.conftest import ExampleVisit, connect, make_app


async def test_every_answer_has_the_security_headers(teacher: httpx.AsyncClient) -> None:
    headers = (await teacher.get("/page")).headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors https://school.example"
    )
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


async def test_a_public_address_insists_on_https() -> None:
    app = make_app(settings=Settings(base_url="https://playlists.school.example"))
    async with connect(app) as client:
        headers = (await client.get("/page")).headers
    assert headers["Strict-Transport-Security"].startswith("max-age=")


async def test_without_a_session_no_page_may_be_framed(client: httpx.AsyncClient) -> None:
    assert (await client.get("/page")).headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")


@pytest.mark.parametrize(
    "origin",
    [
        "https://a.example; script-src *",
        "https://a.example https://b.example",
        "javascript:alert(1)",
        "*",
        "'self'",
        "",
    ],
)
def test_nothing_is_smuggled_into_the_policy(origin: str) -> None:
    policy = content_security_policy((origin, "https://*.instructure.com", "http://127.0.0.1:8001"), (origin,))
    assert policy.endswith("form-action 'self'; frame-ancestors https://*.instructure.com http://127.0.0.1:8001")


async def test_a_declared_length_over_the_limit_is_413_and_never_read(client: httpx.AsyncClient) -> None:
    answer = await client.post("/form", content=b"x" * (BODY_LIMIT + 1))
    assert answer.status_code == 413
    assert "This is too large" in answer.text
    assert (await client.post("/form", content=b"x" * BODY_LIMIT)).json() == {"length": BODY_LIMIT}


async def test_an_upload_may_be_larger_and_has_its_own_limit(client: httpx.AsyncClient) -> None:
    assert (await client.post("/files/upload", content=b"x" * (BODY_LIMIT + 1))).status_code == 404
    assert (await client.post("/files/upload", content=b"x" * (UPLOAD_LIMIT + 1))).status_code == 413


@pytest.mark.parametrize("path", ["/courses/1/content/files/upload", "/courses/1/checks/import/upload"])
async def test_a_whole_course_may_be_larger_still(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.post(path, content=b"x" * (UPLOAD_LIMIT + 1))).status_code == 404
    headers = {"content-length": str(COURSE_LIMIT + 1)}
    assert (await client.post(path, content=b"x", headers=headers)).status_code == 413


@pytest.mark.parametrize("path", ["/form", "/typed-form"])
async def test_a_body_without_its_length_is_stopped_at_the_limit(client: httpx.AsyncClient, path: str) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"text=" + b"x" * 100_000

    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert (await client.post(path, content=endless(), headers=headers)).status_code == 413


async def test_each_request_has_its_own_reference_code(client: httpx.AsyncClient) -> None:
    codes = {(await client.get("/page")).headers["X-Reference"] for _ in range(20)}
    assert len(codes) == 20
    assert reference_code.get() is None


async def test_one_line_per_request_with_neither_query_nor_ids(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "lti_tool.access"):
        await client.get("/number/4711", params={"page": 77, "token": "verysecret"})
    (record,) = [record for record in caplog.records if record.name == "lti_tool.access"]
    line = {key: vars(record)[key] for key in ("method", "route", "status")}
    assert line == {"method": "GET", "route": "/number/{number}", "status": 200}
    assert "4711" not in str(vars(record))
    assert "verysecret" not in str(vars(record))


async def test_figures_are_kept_by_route_and_not_by_address(client: httpx.AsyncClient) -> None:
    labels = {"method": "GET", "route": "/number/{number}", "status": "200"}
    before = REGISTRY.get_sample_value("lti_tool_http_requests_total", labels) or 0
    await client.get("/number/1")
    await client.get("/number/2")
    assert REGISTRY.get_sample_value("lti_tool_http_requests_total", labels) == before + 2
    await client.request("PROPFIND", "/anything/else")
    unknown = {"method": "other", "route": "unknown", "status": "404"}
    assert REGISTRY.get_sample_value("lti_tool_http_requests_total", unknown)


async def test_the_state_of_one_request_does_not_reach_another() -> None:
    app = make_app(ExampleVisit())
    async with connect(app) as client:
        await client.get("/raise/NotFound")
        headers = (await client.get("/number/1")).headers
    assert headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")


async def test_a_plain_route_is_known_by_its_template(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app()

    async def endpoint(_request: Request) -> Response:
        return Response("plain")

    add_routes(app, [PlainRoute("/plain/{secret}", endpoint, "POST")])
    with caplog.at_level(logging.DEBUG, "lti_tool.access"):
        async with connect(app) as client:
            assert (await client.post("/plain/4711")).text == "plain"
            assert (await client.get("/plain/4711")).status_code == 405
            await client.get("/static/1/styles/none.css")
    lines = [(record.route, record.status) for record in caplog.records if record.name == "lti_tool.access"]  # type: ignore[attr-defined]
    assert lines == [("/plain/{secret}", 200), ("/plain/{secret}", 405), ("/static/{version}/{path:path}", 404)]
