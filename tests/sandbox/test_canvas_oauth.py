"""Persons give tools tokens of Canvas's REST API: asking, agreeing, exchanging, refreshing, ending, and every refusal."""

import base64
import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from lti_tool.sandbox.canvas_models import DeveloperKey
from lti_tool.sandbox.canvas_scopes import all_scopes
from lti_tool.sandbox.models import Person
from lti_tool.sandbox.store import add_person, person_by_login
from tests.sandbox.canvas import BACK, Calls, a_key, account, calls_of
from tests.sandbox.conftest import Lms
from tests.sandbox.liking import cookie

MODULES = "url:GET|/api/v1/courses/:course_id/modules"
COURSE = "url:GET|/api/v1/courses/:id"


@pytest.fixture
def like() -> str:
    return "canvas"


@pytest.fixture
async def key(lms: Lms) -> DeveloperKey:
    return await a_key(lms)


async def ask(lms: Lms, key: DeveloperKey, person: Person | None, **changes: Any) -> httpx.Response:
    """A tool sends a person's browser; a parameter of None is left out."""
    asked = {
        "client_id": str(key.id),
        "response_type": "code",
        "redirect_uri": BACK,
        "state": "st",
        "scope": f"{MODULES} {COURSE}",
    } | changes
    headers = await cookie(lms, person) if person else {}
    sent = {name: value for name, value in asked.items() if value is not None}
    return await lms.http.get("/login/oauth2/auth", params=sent, headers=headers)


async def agreed(lms: Lms, key: DeveloperKey, person: Person, **changes: Any) -> str:
    """The code that comes when the person agrees."""
    there = (await ask(lms, key, person, **changes)).headers["location"]
    answer = await lms.http.post(
        "/login/oauth2/accept", data={"request": there.split("=")[1]}, headers=await cookie(lms, person)
    )
    back = parse_qs(urlsplit(answer.headers["location"]).query)
    assert back["state"] == ["st"]
    return back["code"][0]


async def exchange(lms: Lms, key: DeveloperKey, **changes: Any) -> httpx.Response:
    sent = {
        "grant_type": "authorization_code",
        "client_id": str(key.id),
        "client_secret": key.secret,
        "redirect_uri": BACK,
    } | changes
    return await lms.http.post("/login/oauth2/token", data=sent)


# --- Asking ------------------------------------------------------------------------------------------------------------


async def test_a_teacher_agrees_and_the_tool_reads_as_that_teacher(lms: Lms, key: DeveloperKey) -> None:
    there = await ask(lms, key, lms.teacher)
    assert (there.status_code, there.headers["location"].split("?")[0]) == (302, "/login/oauth2/confirm")
    page = await lms.http.get(there.headers["location"], headers=await cookie(lms, lms.teacher))
    assert "Playlists" in page.text
    assert MODULES in page.text
    # It may not be framed, and its form may lead to the tool.
    assert page.headers["x-frame-options"] == "SAMEORIGIN"
    assert "form-action 'self' https://tool.example" in page.headers["content-security-policy"]
    code = await agreed(lms, key, lms.teacher)
    answer = (await exchange(lms, key, code=code)).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    assert (answer["user"]["id"], answer["user"]["name"]) == (lms.teacher.id, lms.teacher.name)
    calls = Calls(lms, answer["access_token"])
    assert (await calls.ask("/modules")).status_code == 200
    assert (await calls.ask("/assignments")).json() == {"errors": [{"message": "Insufficient scopes on access token."}]}


async def test_who_is_not_signed_in_signs_in_first_and_comes_back(lms: Lms, key: DeveloperKey) -> None:
    answer = await ask(lms, key, None)
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/login")
    assert "login/oauth2/auth" in answer.headers["location"]


async def test_who_does_not_agree_sends_a_refusal_back(lms: Lms, key: DeveloperKey) -> None:
    there = (await ask(lms, key, lms.teacher)).headers["location"]
    sent = {"data": {"request": there.split("=")[1]}, "headers": await cookie(lms, lms.teacher)}
    answer = await lms.http.post("/login/oauth2/deny", **sent)
    assert answer.headers["location"] == f"{BACK}?error=access_denied&state=st"
    # The question is answered: not once more, not by another person, not an hour later.
    assert (await lms.http.post("/login/oauth2/accept", **sent)).status_code == 400
    there = (await ask(lms, key, lms.teacher)).headers["location"]
    assert (await lms.http.get(there, headers=await cookie(lms, lms.student))).status_code == 400
    lms.clock.move(timedelta(hours=1))
    assert (await lms.http.get(there, headers=await cookie(lms, lms.teacher))).status_code == 400


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        pytest.param({"client_id": "1"}, 401, "invalid_client", id="no-such-key"),
        pytest.param({"client_id": "x"}, 401, "invalid_client", id="no-number"),
        pytest.param({"redirect_uri": "https://tool.example/else"}, 400, "invalid_request", id="another-address"),
        pytest.param({"redirect_uri": None}, 400, "invalid_request", id="no-address"),
    ],
)
async def test_what_cannot_be_sent_back_is_said_here(
    lms: Lms, key: DeveloperKey, changes: dict[str, Any], status: int, error: str
) -> None:
    answer = await ask(lms, key, lms.teacher, **changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize(
    ("changes", "error", "has_state"),
    [
        pytest.param({"scope": "url:GET|/api/v1/x"}, "invalid_scope", False, id="a-scope-that-the-key-lacks"),
        pytest.param({"scope": None}, "invalid_scope", False, id="no-scope"),
        pytest.param({"response_type": "token"}, "unsupported_response_type", True, id="no-code"),
        pytest.param({"prompt": "none"}, "interaction_required", True, id="without-asking"),
    ],
)
async def test_what_is_wrong_is_sent_back(
    lms: Lms, key: DeveloperKey, changes: dict[str, Any], error: str, *, has_state: bool
) -> None:
    answer = await ask(lms, key, lms.teacher, **changes)
    back = parse_qs(urlsplit(answer.headers["location"]).query)
    assert (answer.headers["location"].split("?")[0], back["error"], "state" in back) == (BACK, [error], has_state)


async def test_a_key_that_is_off_asks_nobody_and_its_tokens_rest(lms: Lms, key: DeveloperKey) -> None:
    calls = await calls_of(lms, lms.teacher, key)
    await _change(lms, key, state="off")
    answer = await ask(lms, key, lms.teacher)
    assert parse_qs(urlsplit(answer.headers["location"]).query)["error"] == ["unauthorized_client"]
    dead = await calls.ask()
    assert (dead.status_code, "www-authenticate" in dead.headers) == (401, True)
    assert (await exchange(lms, key, code="x")).status_code == 401
    await _change(lms, key, state="on")
    assert (await calls.ask()).status_code == 200


async def _change(lms: Lms, key: DeveloperKey, **changes: Any) -> None:
    answer = await lms.http.post(f"/_control/canvas/keys/{key.id}", json=changes)
    assert answer.status_code == 200, answer.text


# --- Exchanging --------------------------------------------------------------------------------------------------------


async def test_a_code_works_once_for_ten_minutes_and_for_its_key(lms: Lms, key: DeveloperKey) -> None:
    other = await a_key(lms)
    code = await agreed(lms, key, lms.teacher)
    assert (await exchange(lms, other, code=code)).json()["error_description"] == "incorrect client"
    assert (await exchange(lms, key, code=code)).status_code == 200
    again = await exchange(lms, key, code=code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    late = await agreed(lms, key, lms.teacher)
    lms.clock.move(timedelta(minutes=11))
    assert (await exchange(lms, key, code=late)).json()["error_description"] == "authorization_code not found"


async def test_a_code_that_was_asked_for_with_a_challenge_needs_its_verifier(lms: Lms, key: DeveloperKey) -> None:
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    for sent, status in (({}, 400), ({"code_verifier": "w" * 43}, 400), ({"code_verifier": verifier}, 200)):
        code = await agreed(lms, key, lms.teacher, code_challenge=challenge, code_challenge_method="S256")
        assert (await exchange(lms, key, code=code, **sent)).status_code == status


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        pytest.param({"client_secret": "wrong"}, 401, "invalid_client", id="wrong-secret"),
        pytest.param({"client_id": "1"}, 401, "invalid_client", id="no-such-key"),
        pytest.param({"code": ""}, 400, "invalid_request", id="no-code"),
        pytest.param({"grant_type": "password"}, 400, "unsupported_grant_type", id="another-grant"),
        pytest.param({"grant_type": "refresh_token"}, 400, "invalid_request", id="no-refresh-token"),
        pytest.param(
            {"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_request", id="unknown-refresh-token"
        ),
    ],
)
async def test_what_is_not_exchanged(
    lms: Lms, key: DeveloperKey, changes: dict[str, Any], status: int, error: str
) -> None:
    answer = await exchange(lms, key, **changes)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert ("www-authenticate" in answer.headers) is (status == 401)


async def test_a_token_ends_after_an_hour_and_is_renewed_without_another_refresh_token(
    lms: Lms, key: DeveloperKey
) -> None:
    first = (await exchange(lms, key, code=await agreed(lms, key, lms.teacher))).json()
    old = Calls(lms, first["access_token"])
    lms.clock.move(timedelta(hours=1, seconds=1))
    dead = await old.ask()
    assert (dead.status_code, dead.json()) == (401, {"errors": [{"message": "Invalid access token."}]})
    assert dead.headers["www-authenticate"] == 'Bearer realm="canvas-lms"'
    for _ in range(2):
        answer = await exchange(lms, key, grant_type="refresh_token", refresh_token=first["refresh_token"])
        renewed = answer.json()
        assert "refresh_token" not in renewed
        assert (renewed["expires_in"], renewed["user"]["id"]) == (3600, lms.teacher.id)
        assert (await Calls(lms, renewed["access_token"]).ask()).status_code == 200
    assert (await old.ask()).status_code == 401
    other = await a_key(lms)
    wrong = await exchange(lms, other, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert wrong.json()["error_description"] == "incorrect client"


async def test_the_tool_gives_a_token_back_with_its_refresh_token(lms: Lms, key: DeveloperKey) -> None:
    calls = await calls_of(lms, lms.teacher, key)
    assert (await calls.send("DELETE", f"{lms.platform.settings.base_url}/login/oauth2/token")).json() == {}
    assert (await calls.ask()).headers["www-authenticate"]
    renewing = await exchange(lms, key, grant_type="refresh_token", refresh_token=calls.refresh_token)
    assert renewing.json()["error_description"] == "refresh_token not found"
    assert (await lms.http.delete("/login/oauth2/token")).status_code == 400
    gone = await calls.send("DELETE", f"{lms.platform.settings.base_url}/login/oauth2/token")
    assert gone.status_code == 401
    kept = await account(lms)
    assert (await kept.send("DELETE", f"{lms.platform.settings.base_url}/login/oauth2/token")).status_code == 400
    assert (await kept.ask()).status_code == 200


async def test_a_scope_taken_from_the_key_ends_all_its_tokens(lms: Lms, key: DeveloperKey) -> None:
    other = await a_key(lms)
    mine, narrow = await calls_of(lms, lms.teacher, key), await calls_of(lms, lms.student, key, [COURSE])
    theirs = await calls_of(lms, lms.teacher, other)
    await _change(lms, key, scopes=[one for one in all_scopes() if one != MODULES])
    assert [(await one.ask()).status_code for one in (mine, narrow, theirs)] == [401, 401, 200]
    again = await calls_of(lms, lms.teacher, key, [COURSE])
    await _change(lms, key, scopes=all_scopes(), allows_includes=False)
    assert (await again.ask()).status_code == 200
    await _change(lms, key, end_tokens=True)
    assert (await again.ask()).status_code == 401


async def test_service_tokens_come_from_the_same_address(lms: Lms) -> None:
    assert (await lms.ask_token()).json()["token_type"] == "Bearer"


# --- The administrator's pages -----------------------------------------------------------------------------------------


async def test_an_administrator_makes_a_key_changes_it_and_removes_it(lms: Lms) -> None:
    admin = await _admin(lms)
    assert (await lms.http.get("/admin/keys", headers=await cookie(lms, lms.teacher))).status_code == 403
    form = {"name": "Reader", "redirect_uris": BACK, "scopes": [MODULES, COURSE], "enforces_scopes": "yes"}
    made = await lms.http.post("/admin/keys/add", data=form, headers=admin)
    address = made.headers["location"]
    page = (await lms.http.get(address, headers=admin)).text
    [found] = [one for one in (await lms.http.get("/_control/canvas/keys")).json() if one["name"] == "Reader"]
    assert found["client_secret"] in page
    assert (found["allows_includes"], found["scopes"]) == (False, [MODULES, COURSE])
    assert "Reader" in (await lms.http.get("/admin/keys", headers=admin)).text
    assert MODULES in (await lms.http.get(f"{address}/edit", headers=admin)).text
    changed = {**form, "scopes": [MODULES], "allows_includes": "yes"}
    assert (await lms.http.post(f"{address}/edit", data=changed, headers=admin)).status_code == 303
    await lms.http.post(f"{address}/state", data={"state": "off"}, headers=admin)
    [found] = [one for one in (await lms.http.get("/_control/canvas/keys")).json() if one["name"] == "Reader"]
    assert (found["scopes"], found["allows_includes"], found["state"]) == ([MODULES], True, "off")
    assert (await lms.http.post(f"{address}/remove", headers=admin)).status_code == 422
    await lms.http.post(f"{address}/remove", data={"sure": "yes"}, headers=admin)
    assert (await lms.http.get(address, headers=admin)).status_code == 404


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"name": " "}, "Give the key a name", id="no-name"),
        pytest.param({"redirect_uris": ""}, "redirect address", id="no-address"),
        pytest.param({"redirect_uris": "ftp://x"}, "is no address", id="no-web-address"),
        pytest.param({"scopes": []}, "at least one scope", id="no-scope"),
    ],
)
async def test_a_key_that_cannot_be_is_said_to_be_so(lms: Lms, changes: dict[str, Any], words: str) -> None:
    form = {"name": "Reader", "redirect_uris": BACK, "scopes": [MODULES], "enforces_scopes": "yes"} | changes
    answer = await lms.http.post("/admin/keys/add", data=form, headers=await _admin(lms))
    assert answer.status_code == 422
    assert words in answer.text


async def test_the_tool_has_a_key_from_the_start_which_stands_on_its_page(lms: Lms) -> None:
    page = await lms.http.get(f"/admin/tools/{lms.tool.id}", headers=await _admin(lms))
    [key] = (await lms.http.get("/_control/canvas/keys")).json()
    assert key["client_secret"] in page.text
    assert key["redirect_uris"] == ["http://localhost:8000/api-access/back"]
    assert (key["scopes"], key["allows_includes"]) == (all_scopes(), True)


async def _admin(lms: Lms) -> dict[str, str]:
    async with lms.platform.store.writing() as session:
        found = await person_by_login(session, "admin")
        if found is None:
            found = await add_person(
                session,
                login="admin",
                given_name="Ada",
                family_name="Min",
                kind="administrator",
                now=lms.platform.now(),
            )
    return await cookie(lms, found)
