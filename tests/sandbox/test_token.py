"""The token endpoint believes nothing that is not proven."""

from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from lti_tool.sandbox.claims import SCOPE_LINE_ITEM, SCOPE_MEMBERSHIP_READ, SCOPE_RESULT_READ, SCOPE_SCORE
from lti_tool.sandbox.token import ASSERTION_TYPE
from tests.sandbox.conftest import BASE, Lms


async def test_a_right_assertion_gets_the_scopes_that_are_asked_for_and_allowed(lms: Lms) -> None:
    answer = await lms.ask_token(scope=f"{SCOPE_SCORE} {SCOPE_MEMBERSHIP_READ} https://example.org/other")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert body["scope"].split() == [SCOPE_SCORE, SCOPE_MEMBERSHIP_READ]
    assert answer.headers["cache-control"] == "no-store"


async def test_an_audience_may_stand_in_a_list(lms: Lms) -> None:
    answer = await lms.ask_token(lms.assertion(aud=["https://elsewhere.example", f"{BASE}/login/oauth2/token"]))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"iss": "another"}, "iss"),
        ({"iss": None}, "iss"),
        ({"sub": "another"}, "sub"),
        ({"sub": None}, "sub"),
        ({"aud": "https://elsewhere.example/token"}, "aud"),
        ({"aud": BASE}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": []}, "aud"),
        ({"jti": None}, "jti"),
        ({"jti": ""}, "jti"),
        ({"jti": 7}, "jti"),
        ({"jti": "x" * 301}, "jti"),
        ({"exp": None}, "exp"),
        ({"exp": "soon"}, "exp"),
        ({"iat": None}, "iat"),
        ({"iat": True}, "iat"),
    ],
)
async def test_a_wrong_claim_is_refused(lms: Lms, changes: dict[str, Any], word: str) -> None:
    answer = await lms.ask_token(lms.assertion(**changes))
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert word in answer.json()["error_description"]


@pytest.mark.parametrize(
    ("iat", "exp", "word"),
    [(-400, -61, "expired"), (61, 300, "future"), (0, 3601, "longer"), (-20000, 60, "longer")],
)
async def test_a_wrong_time_is_refused(lms: Lms, iat: int, exp: int, word: str) -> None:
    now = int(lms.platform.now().timestamp())
    answer = await lms.ask_token(lms.assertion(iat=now + iat, exp=now + exp))
    assert answer.status_code == 401
    assert word in answer.json()["error_description"]


async def test_a_start_in_the_future_is_refused(lms: Lms) -> None:
    answer = await lms.ask_token(lms.assertion(nbf=int(lms.platform.now().timestamp()) + 120))
    assert answer.status_code == 401


@pytest.mark.parametrize(("iat", "exp"), [(-300, -59), (59, 300)])
async def test_clocks_may_differ_by_a_minute(lms: Lms, iat: int, exp: int) -> None:
    now = int(lms.platform.now().timestamp())
    assert (await lms.ask_token(lms.assertion(iat=now + iat, exp=now + exp))).status_code == 200


async def test_an_assertion_works_once(lms: Lms) -> None:
    assertion = lms.assertion()
    assert (await lms.ask_token(assertion)).status_code == 200
    again = await lms.ask_token(assertion)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    assert "jti" in again.json()["error_description"]


async def test_an_assertion_works_once_even_when_no_scope_was_left(lms: Lms) -> None:
    assertion = lms.assertion()
    refused = await lms.ask_token(assertion, scope="https://example.org/other")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
    assert (await lms.ask_token(assertion)).status_code == 401


async def test_a_signature_by_another_key_is_refused(lms: Lms) -> None:
    forged = lms.assertion(key=lms.keys[1], header={"alg": "RS256", "kid": lms.keys[0].kid})
    answer = await lms.ask_token(forged)
    assert answer.status_code == 401
    assert "signature" in answer.json()["error_description"]


async def test_a_changed_payload_is_refused(lms: Lms) -> None:
    head, _, signature = lms.assertion().split(".")
    _, other, _ = lms.assertion().split(".")
    assert (await lms.ask_token(f"{head}.{other}.{signature}")).status_code == 401


async def test_a_header_without_kid_is_refused(lms: Lms) -> None:
    assert (await lms.ask_token(lms.assertion(header={"alg": "RS256"}))).status_code == 401


async def test_other_algorithms_are_refused(lms: Lms) -> None:
    claims = {"iss": lms.tool.client_id, "sub": lms.tool.client_id}
    shared = jwt.encode({"alg": "HS256", "kid": lms.keys[0].kid}, claims, OctKey.generate_key(256))
    none = "eyJhbGciOiJub25lIn0." + shared.split(".")[1] + "."
    for assertion in (shared, none, "no.jwt.atall", "x"):
        answer = await lms.ask_token(assertion)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_an_unknown_kid_makes_the_key_set_be_fetched_again(lms: Lms) -> None:
    assert (await lms.ask_token()).status_code == 200
    assert (await lms.ask_token()).status_code == 200
    assert lms.tool_side.fetched == 1
    lms.tool_side.published = lms.keys
    assert (await lms.ask_token(lms.assertion(key=lms.keys[1]))).status_code == 200
    assert lms.tool_side.fetched == 2


async def test_a_kid_nobody_publishes_is_refused(lms: Lms) -> None:
    answer = await lms.ask_token(lms.assertion(key=lms.keys[1]))
    assert answer.status_code == 401
    assert "kid" in answer.json()["error_description"]


async def test_a_key_set_that_is_down_refuses_new_keys_and_keeps_the_old(lms: Lms) -> None:
    assert (await lms.ask_token()).status_code == 200
    lms.tool_side.down = True
    assert (await lms.ask_token(lms.assertion(key=lms.keys[1]))).status_code == 401
    assert (await lms.ask_token()).status_code == 200


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_assertion_type": "something"}, "invalid_request"),
        ({"client_assertion": ""}, "invalid_request"),
        ({"scope": ""}, "invalid_request"),
    ],
)
async def test_a_wrong_request_is_an_oauth_error(lms: Lms, change: dict[str, str], error: str) -> None:
    data = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": lms.assertion(),
        "scope": SCOPE_SCORE,
    }
    answer = await lms.http.post("/login/oauth2/token", data=data | change)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_json_is_not_a_token_request(lms: Lms) -> None:
    answer = await lms.http.post("/login/oauth2/token", json={"grant_type": "client_credentials"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_parameter_twice_is_refused(lms: Lms) -> None:
    answer = await lms.http.post(
        "/login/oauth2/token",
        content="grant_type=client_credentials&scope=a&scope=b",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_token_ends_after_an_hour(lms: Lms) -> None:
    headers = await lms.bearer(SCOPE_RESULT_READ, SCOPE_LINE_ITEM)
    headers["Accept"] = "application/vnd.ims.lis.v2.lineitemcontainer+json"
    address = f"/api/lti/courses/{lms.course.id}/line_items"
    lms.clock.move(timedelta(seconds=3599))
    assert (await lms.http.get(address, headers=headers)).status_code == 200
    lms.clock.move(timedelta(seconds=1))
    ended = await lms.http.get(address, headers=headers)
    assert ended.status_code == 401
    assert "invalid_token" in ended.headers["www-authenticate"]


async def test_the_store_holds_no_token(lms: Lms) -> None:
    value = (await lms.bearer())["Authorization"].removeprefix("Bearer ")
    lines = (
        lms.platform.settings.database.read_bytes() + lms.platform.settings.database.with_suffix(".db-wal").read_bytes()
    )
    assert value.encode() not in lines
