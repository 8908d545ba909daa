"""Setting the sandbox up and making it misbehave, from its own machine only."""

import time

import httpx
import pytest

from lti_tool.sandbox.behaviour import Behaviour, endpoint_of
from lti_tool.sandbox.nrps import MEMBERSHIPS
from tests.sandbox.conftest import BASE, TOOL, Lms
from tests.sandbox.test_ags import Ags, at

NEW = {
    "name": "Another",
    "login_url": "https://tool.example/login",
    "launch_url": "https://tool.example/launch",
    "jwks_url": "https://tool.example/keys",
}


async def test_registering_a_tool_gives_what_its_administrator_needs(lms: Lms) -> None:
    facts = (await lms.http.post("/_control/tools", json=NEW)).json()
    assert facts["issuer"] == BASE
    assert facts["auth_login_url"] == f"{BASE}/api/lti/authorize_redirect"
    assert facts["token_url"] == f"{BASE}/login/oauth2/token"
    assert facts["jwks_url"] == f"{BASE}/api/lti/security/jwks"
    assert facts["api_url"] == BASE
    assert facts["client_id"].isdecimal()
    assert facts["client_id"] != lms.tool.client_id
    assert facts["deployment_id"].startswith("1:")
    api = await lms.http.get("/api/v1/users/self", headers={"Authorization": f"Bearer {facts['api_token']}"})
    assert api.status_code == 200
    assert (await lms.http.post("/_control/tools", json=NEW)).json() == facts


@pytest.mark.parametrize(
    "change",
    [{"name": ""}, {"login_url": "javascript:alert(1)"}, {"launch_url": None}, {"unknown": 1}, {"privacy_level": "x"}],
)
async def test_a_wrong_tool_is_refused(lms: Lms, change: dict[str, object]) -> None:
    assert (await lms.http.post("/_control/tools", json=NEW | change)).status_code == 422


async def test_other_machines_names_and_pages_are_refused(lms: Lms) -> None:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=lms.app, client=("203.0.113.9", 5000)), base_url=BASE
    ) as elsewhere:
        assert (await elsewhere.get("/_control/state")).status_code == 403
    for headers in ({"Host": "attacker.example"}, {"Origin": TOOL}, {"Origin": "null"}, {"Host": ""}):
        assert (await lms.http.get("/_control/state", headers=headers)).status_code == 403
    assert (await lms.http.get("/_control/state", headers={"Host": "localhost:8001"})).status_code == 200


async def test_the_next_calls_fail_as_asked_and_then_no_more(lms: Lms) -> None:
    ags = Ags(lms, await lms.bearer())
    address = await ags.made()
    asked = {"endpoint": "scores", "status": 503, "times": 2, "retry_after": 7}
    assert (await lms.http.post("/_control/fail", json=asked)).status_code == 200
    for _ in range(2):
        failed = await ags.score(address)
        assert (failed.status_code, failed.headers["retry-after"]) == (503, "7")
        assert await ags.results(address) == []
    assert (await ags.score(address)).status_code == 200
    state = (await lms.http.get("/_control/state")).json()
    assert state["failures"] == []
    assert state["calls"]["scores"] == 3
    assert state["calls"]["token"] == 1


async def test_an_answer_can_be_lost_after_the_work_was_done(lms: Lms) -> None:
    ags = Ags(lms, await lms.bearer())
    address = await ags.made()
    lms.platform.behaviour.fail_next("scores", 504, after=True)
    assert (await ags.score(address)).status_code == 504
    assert (await ags.results(address))[0]["resultScore"] == 80
    assert (await ags.score(address)).status_code == 409
    assert (await ags.score(address, timestamp=at(1))).status_code == 200


async def test_everything_can_fail(lms: Lms) -> None:
    lms.platform.behaviour.fail_next("*", 500, times=2)
    assert (await lms.ask_token()).status_code == 500
    assert (await lms.http.get("/api/v1/users/self")).status_code == 500
    assert (await lms.ask_token()).status_code == 200


async def test_latency_and_a_wrong_clock(lms: Lms) -> None:
    await lms.http.post("/_control/behaviour", json={"latency": {"token": 0.05}, "clock_offset_seconds": 90})
    begun = time.monotonic()
    assert (await lms.ask_token()).status_code == 200
    assert time.monotonic() - begun >= 0.05
    # The tool's clock is right, the platform's is 90 s ahead: an assertion of the past half minute is too old for it.
    now = int(lms.clock.now().timestamp())
    assert (await lms.ask_token(lms.assertion(iat=now - 10, exp=now + 20))).status_code == 401
    state = (await lms.http.post("/_control/reset")).json()
    assert (state["latency"], state["clock_offset_seconds"], state["calls"]) == ({}, 0, {})


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("fail", {"endpoint": "nothing", "status": 500}),
        ("fail", {"endpoint": "token", "status": 200}),
        ("behaviour", {"latency": {"nothing": 1}}),
        ("behaviour", {"latency": {"token": -1}}),
        ("behaviour", {"unknown": 1}),
    ],
)
async def test_what_cannot_be_asked_for_is_said(lms: Lms, address: str, body: dict[str, object]) -> None:
    assert (await lms.http.post(f"/_control/{address}", json=body)).status_code == 422


async def test_people_and_notes_are_listed(lms: Lms) -> None:
    rows = (await lms.http.get("/_control/people")).json()
    assert rows[0] == {"login": "teacher", "name": "Thea Cher", "role": "teacher", "courses": [lms.course.id]}
    assert rows[4]["courses"] == []
    assert (await lms.http.get(f"/_control/courses/{lms.course.id}/notes")).json() == []


def test_every_endpoint_is_known_by_its_path() -> None:
    paths = {
        "/api/lti/authorize_redirect": "authorize",
        "/api/lti/security/jwks": "jwks",
        "/login/oauth2/token": "token",
        "/api/lti/courses/1/line_items": "line_items",
        "/api/lti/courses/1/line_items/2": "line_item",
        "/api/lti/courses/1/line_items/2/scores": "scores",
        "/api/lti/courses/1/line_items/2/results": "results",
        "/api/lti/courses/1/names_and_roles": "memberships",
        "/api/v1/courses/1/modules": "api",
        "/courses/1": None,
        "/_control/state": None,
    }
    assert {path: endpoint_of(path) for path in paths} == paths
    with pytest.raises(ValueError, match="no endpoint"):
        Behaviour().fail_next("pages", 500)


async def test_a_key_set_that_fails_is_the_tools_trouble_and_the_roster_goes_on(lms: Lms) -> None:
    headers = {**(await lms.bearer()), "Accept": MEMBERSHIPS}
    lms.platform.behaviour.fail_next("jwks", 500)
    assert (await lms.http.get("/api/lti/security/jwks")).status_code == 500
    address = f"/api/lti/courses/{lms.course.id}/names_and_roles"
    assert (await lms.http.get(address, headers=headers)).status_code == 200
