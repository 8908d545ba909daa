"""Registrations that are not what they say, and platforms that fail: a readable page, 4xx, nothing kept."""

import asyncio
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from lti_tool.audit import AuditEntry
from lti_tool.lti import dynamic
from lti_tool.lti.http import make_client
from lti_tool.lti.models import Registration, RegistrationInvite
from lti_tool.lti.platform_configuration import check_address
from lti_tool.lti.registration_refusals import RegistrationAddressRefused
from tests.lti.conftest import Tool, settings_for
from tests.lti.registering import (
    CANVAS,
    LTI_PLATFORM,
    LTI_TOOL,
    Administrator,
    RegisteringPlatform,
    administrator,
    brightspace,
    canvas,
    configuration,
    moodle,
)
from tests.lti.support import fixture, reference_in
from tests.pairs import on_postgresql

PRIVATE = [
    "https://127.0.0.1/c",
    "https://10.0.0.7/c",
    "https://169.254.169.254/latest/meta-data",
    "https://192.168.1.1/c",
    "https://[::1]/c",
    "https://[::ffff:10.0.0.7]/c",
    "https://[64:ff9b::a00:7]/c",
    "https://[fc00::1]/c",
    "https://0.0.0.0/c",
]
NO_ADDRESS = [
    "http://lms.example/c",
    "ftp://lms.example/c",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "//lms.example/c",
    "https://",
    "https://user:word@lms.example/c",
    "https://lms.example/c#part",
    "https://lms.example:99999/c",
    "https://lms.example\\@evil.example/c",
    "https://lms.example/a b",
    "https://lms.example/a\nb",
    "https://lms.exämple/c",
    "https://[::1/c",
    "https://lms.example/" + "a" * 16_000,
]


async def nothing_kept(tool: Tool) -> None:
    assert len(await tool.rows(Registration)) == 2
    assert [one.used_at for one in await tool.rows(RegistrationInvite)] == [None]
    assert [one.claimed_at for one in await tool.rows(RegistrationInvite)] == [None]


def readable(response: httpx.Response, *statuses: int) -> None:
    assert response.status_code in statuses, response.text
    assert response.headers["content-type"].startswith("text/html")
    assert reference_in(response.text), response.text
    assert "Traceback" not in response.text
    assert "reg-token" not in response.text


async def asking(tool: Tool, platform: RegisteringPlatform | None = None) -> Administrator:
    admin = administrator(tool, platform or RegisteringPlatform(configuration("lms.example", "other")))
    await admin.invited()
    return admin


# --- Addresses --------------------------------------------------------------------------------------------------------


@on_postgresql
@pytest.mark.parametrize(
    "address", PRIVATE + NO_ADDRESS, ids=lambda address: address[:40].encode("unicode_escape").decode()
)
async def test_a_configuration_address_that_may_not_be_called_is_not_called(tool: Tool, address: str) -> None:
    admin = await asking(tool)
    readable(await admin.opens(openid_configuration=address), 400)
    assert admin.platform.asked == []
    await nothing_kept(tool)


@on_postgresql
@pytest.mark.parametrize(
    "name", ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint"]
)
async def test_an_address_in_the_configuration_that_may_not_be_called_is_refused(tool: Tool, name: str) -> None:
    admin = await asking(tool)
    kinds = ["http://lms.example/x", "javascript:alert(1)", "", None, 7, ["https://lms.example"]]
    for address in (*PRIVATE, *kinds):
        admin.platform.described[name] = address
        readable(await admin.opens(), 400, 424)
    await nothing_kept(tool)


@on_postgresql
@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint"])
async def test_an_address_on_another_host_is_refused(tool: Tool, name: str) -> None:
    admin = await asking(tool)
    admin.platform.described[name] = "https://evil.example/x"
    response = await admin.opens()
    readable(response, 400)
    assert "on another host" in response.text


async def test_a_name_of_the_private_network_is_refused_when_it_is_connected_to(tool: Tool, tmp_path: Path) -> None:
    admin = await asking(tool)
    async with make_client(settings_for(tmp_path)) as guarded:
        tool.protocol.http = guarded
        response = await admin.opens(openid_configuration="https://localhost:9/c")
    readable(response, 400)
    assert "does not call" in response.text


def test_allowed_networks_are_allowed(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, allowed_networks="10.0.0.0/8")
    assert check_address(settings, "https://10.0.0.7/c", "issuer") == "https://10.0.0.7/c"
    with pytest.raises(RegistrationAddressRefused):
        check_address(settings, "https://192.168.1.1/c", "issuer")


def test_on_a_machine_of_ones_own_its_neighbours_are_allowed_and_no_other_network(tmp_path: Path) -> None:
    settings = settings_for(tmp_path).model_copy(update={"base_url": "http://localhost:8000"})
    for address in (
        "http://localhost:8001/c",
        "http://127.0.0.1:8001/c",
        "http://[::1]:8001/c",
        "https://lms.example/c",
    ):
        assert check_address(settings, address, "issuer") == address
    for address in [*PRIVATE[1:4], "http://169.254.169.254/", "ftp://localhost/c", "http://a:b@localhost/c"]:
        with pytest.raises(RegistrationAddressRefused):
            check_address(settings, address, "issuer")


# --- Who speaks for whom ----------------------------------------------------------------------------------------------


@on_postgresql
@pytest.mark.parametrize(
    "issuer",
    [
        "https://other.example",
        "https://lms.example.evil.example",
        "https://canvas.instructure.com",
        "https://canvas.beta.instructure.com",
    ],
)
async def test_a_configuration_speaks_for_its_own_host_alone(tool: Tool, issuer: str) -> None:
    admin = await asking(tool)
    admin.platform.described |= {"issuer": issuer}
    admin.platform.described[LTI_PLATFORM]["product_family_code"] = "canvas"
    response = await admin.opens()
    readable(response, 400)
    assert "another one" in response.text


@on_postgresql
@pytest.mark.parametrize(
    ("issuer", "host", "accepted"),
    [
        ("https://canvas.instructure.com", "canvas.instructure.com", True),
        ("https://canvas.instructure.com", "sso.canvaslms.com", True),
        ("https://canvas.instructure.com", "school.instructure.com", True),
        ("https://canvas.beta.instructure.com", "sso.beta.canvaslms.com", True),
        ("https://canvas.beta.instructure.com", "school.beta.instructure.com", True),
        ("https://canvas.test.instructure.com", "sso.test.canvaslms.com", True),
        ("https://canvas.instructure.com", "sso.beta.canvaslms.com", False),
        ("https://canvas.beta.instructure.com", "sso.canvaslms.com", False),
        ("https://canvas.instructure.com", "school.test.instructure.com", False),
        ("https://canvas.instructure.com", "school-instructure.com", False),
        ("https://canvas.instructure.com", "evil.canvaslms.com", False),
        ("https://canvas.instructure.com", "canvas.instructure.com.evil.example", False),
        ("https://canvas.instructure.com", "canvas.school.example", False),
        ("http://canvas.instructure.com", "sso.canvaslms.com", False),
        ("https://canvas.instructure.com/", "sso.canvaslms.com", False),
    ],
)
async def test_hosts_of_hosted_canvas(tool: Tool, issuer: str, host: str, accepted: bool) -> None:
    described = configuration(host, "canvas", issuer=issuer)
    admin = await asking(tool, RegisteringPlatform(described, f"https://{host}/c"))
    response = await admin.opens()
    assert (response.status_code == 200) is accepted, response.text


@on_postgresql
@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri", "authorization_endpoint"])
async def test_keys_and_tokens_of_hosted_canvas_are_on_its_own_hosts(tool: Tool, name: str) -> None:
    """The registration alone is sent to a school's own domain."""
    platform = canvas("canvas.school.example")
    platform.described[name] = "https://canvas.school.example/x"
    admin = await asking(tool, platform)
    readable(await admin.opens(), 400)


async def test_the_token_host_of_brightspace_vouches_for_no_issuer(tool: Tool) -> None:
    platform = brightspace()
    platform.url = "https://auth.brightspace.com/c"
    admin = await asking(tool, platform)
    readable(await admin.opens(), 400)


@on_postgresql
@pytest.mark.parametrize(
    ("issuer", "host"),
    [
        ("https://blackboard.com", "evil.example"),
        ("https://blackboard.com", "developer.blackboard.com.evil.example"),
        ("https://other.example", "developer.anthology.com"),
        ("https://blackboard.com/", "developer.anthology.com"),
    ],
)
async def test_blackboards_portal_vouches_for_its_one_issuer(tool: Tool, issuer: str, host: str) -> None:
    described = configuration(host, "BlackboardLearn", issuer=issuer)
    admin = await asking(tool, RegisteringPlatform(described, f"https://{host}/c"))
    readable(await admin.opens(), 400)


async def test_an_audience_elsewhere_is_not_taken(tool: Tool) -> None:
    """An assertion for another platform's token endpoint, handed to this one, would be good there."""
    described = configuration("lms.example", "other", authorization_server="https://victim.example/token")
    admin = await asking(tool, RegisteringPlatform(described))
    assert (await admin.registers()).status_code == 200
    assert [one.token_audience for one in await tool.rows(Registration)] == [None, None, None]


async def test_what_was_shown_is_what_is_registered(tool: Tool) -> None:
    admin = await asking(tool)
    page = await admin.opens()
    admin.platform.described["jwks_uri"] = "https://lms.example/other-keys"
    response = await admin.confirms(page)
    readable(response, 409)
    assert admin.platform.registered == []
    for shown in ("", "0" * 64):
        readable(await admin.confirms(await admin.opens(), shown=shown), 409)
    await nothing_kept(tool)


# --- Platforms that fail ----------------------------------------------------------------------------------------------

NESTED = "[" * 200_000


@on_postgresql
@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, {"text": "<html>hello</html>"}),
        (200, {"text": NESTED}),
        (200, {"text": '{"a":' * 5000}),
        (200, {"json": []}),
        (200, {"json": "text"}),
        (200, {"json": {}}),
        (200, {"json": None}),
        (200, {"content": b"\xff\xfe"}),
        (200, {"content": b" " * 600_000}),
        (301, {"headers": {"location": "https://10.0.0.7/"}}),
        (302, {"headers": {"location": "https://lms.example/c"}}),
        (204, {}),
        (401, {"text": "reg-token"}),
        (404, {"text": "<h1>gone</h1>"}),
        (500, {"text": "<h1>broken</h1>"}),
    ],
    ids=[
        "html", "nested", "open", "list", "text", "empty", "null", "bytes", "huge", "moved", "found", "nothing", "401",
        "404", "500",
    ],
)  # fmt: skip
async def test_a_configuration_that_is_none(tool: Tool, status: int, content: dict[str, Any]) -> None:
    admin = await asking(tool)
    admin.platform.describes(status, **content)
    response = await admin.opens()
    readable(response, 424)
    assert "<h1>gone" not in response.text
    assert "<h1>broken" not in response.text
    assert len(admin.platform.asked) == 1
    await nothing_kept(tool)


@on_postgresql
@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, {"text": "<html>hello</html>"}),
        (200, {"text": NESTED}),
        (200, {"json": []}),
        (200, {"json": {}}),
        (200, {"json": {"client_id": ""}}),
        (200, {"json": {"client_id": None}}),
        (200, {"json": {"client_id": True}}),
        (200, {"json": {"client_id": {"a": 1}}}),
        (200, {"json": {"client_id": "x" * 256}}),
        (200, {"json": {"client_id": "a\x00b"}}),
        (200, {"json": {"client_id": "a\nb"}}),
        (200, {"json": {"client_id": " a"}}),
        (200, {"json": {"client_id": "a", LTI_TOOL: {"deployment_id": "x" * 256}}}),
        (200, {"json": {"client_id": "a", "deployment_id": ["1"]}}),
        (201, {"content": b" " * 600_000}),
        (302, {"headers": {"location": "https://10.0.0.7/"}}),
        (400, {"text": "domain_targetlinkuri_mismatch<script>alert(1)</script>"}),
        (401, {"text": "token_already_used"}),
        (403, {"text": "Incorrect scope"}),
        (404, {"text": "<!DOCTYPE html><title>Error | TM</title>"}),
        (409, {"text": "taken"}),
        (422, {"json": {"errors": "Unknown placement"}}),
        (429, {"text": "slow down"}),
        (500, {"text": "<h1>broken</h1>"}),
        (503, {"text": ""}),
    ],
    ids=[
        "html", "nested", "list", "empty", "client-empty", "client-null", "client-true", "client-object", "client-long",
        "client-nul", "client-lines", "client-space", "deployment-long", "deployment-list", "huge", "found", "400", "401",
        "403", "404", "409", "422", "429", "500", "503",
    ],
)  # fmt: skip
async def test_an_answer_that_is_no_registration(tool: Tool, status: int, content: dict[str, Any]) -> None:
    admin = await asking(tool)
    admin.platform.answers(status, **content)
    response = await admin.registers()
    readable(response, 424)
    for words in ("<script>alert", "token_already_used", "Incorrect scope", "Error | TM", "<h1>broken", "Unknown"):
        assert words not in response.text
    await nothing_kept(tool)
    entries = [one for one in await tool.rows(AuditEntry) if one.action == "registration.refused"]
    assert len(entries) == 1
    assert "reg-token" not in (entries[0].detail or "")
    # Nothing is in the way of the next attempt.
    admin.platform.answer = None
    assert (await admin.registers()).status_code == 200


@on_postgresql
@pytest.mark.parametrize("name", fixture("moodle-4.5-registration.json")["failures"])
async def test_moodles_own_refusals(tool: Tool, name: str) -> None:
    captured = fixture("moodle-4.5-registration.json")["failures"][name]
    admin = await asking(tool, moodle())
    admin.platform.answers(captured["status"], text=captured["body"], headers={"content-type": "text/html"})
    response = await admin.registers()
    readable(response, 424)
    assert captured["body"] not in response.text
    # A token that is over or was used can be had anew; what Moodle does not like of the tool cannot.
    words = "registered by hand" if captured["status"] == 400 else "begin the registration there again"
    assert words in response.text
    await nothing_kept(tool)


@on_postgresql
@pytest.mark.parametrize(
    "error", [httpx.ConnectError("down"), httpx.ReadTimeout("late"), httpx.RemoteProtocolError("?")]
)
async def test_a_platform_that_is_down(tool: Tool, error: httpx.HTTPError) -> None:
    admin = await asking(tool)
    page = await admin.opens()

    async def down(_request: httpx.Request) -> httpx.Response:
        raise error

    admin.platform.describe = down
    readable(await admin.opens(), 424)
    readable(await admin.confirms(page), 424)
    admin.platform.describe, admin.platform.answer = None, down
    readable(await admin.confirms(page), 424)
    await nothing_kept(tool)


@on_postgresql
@pytest.mark.parametrize("slow", ["configuration", "registration"])
async def test_a_platform_that_is_slow_is_given_up(tool: Tool, monkeypatch: pytest.MonkeyPatch, slow: str) -> None:
    assert dynamic.CONFIGURATION_SECONDS + dynamic.REGISTRATION_SECONDS < 10
    admin = await asking(tool)
    page = await admin.opens()
    monkeypatch.setattr(dynamic, "CONFIGURATION_SECONDS", 0.05)
    monkeypatch.setattr(dynamic, "REGISTRATION_SECONDS", 0.05)

    async def trickle(_request: httpx.Request) -> httpx.Response:
        async def parts():
            while True:
                yield b" "
                await asyncio.sleep(0.01)

        return httpx.Response(200, content=parts())

    if slow == "configuration":
        admin.platform.describe = trickle
    else:
        admin.platform.answer = trickle
        monkeypatch.setattr(dynamic, "CONFIGURATION_SECONDS", 60.0)
    async with asyncio.timeout(120):  # What trickles would never end by itself.
        readable(await admin.confirms(page), 424)
    await nothing_kept(tool)


@on_postgresql
@pytest.mark.parametrize("token", ["a b", "a\r\nX-Evil: 1", "ä", "x" * 20_000])
async def test_a_token_that_is_none_is_not_sent(tool: Tool, token: str) -> None:
    admin = await asking(tool)
    readable(await admin.opens(registration_token=token), 424)
    assert admin.platform.asked == []


# --- What is shown ----------------------------------------------------------------------------------------------------


async def test_names_from_outside_are_text(tool: Tool) -> None:
    admin = await asking(tool)
    evil = '"><script>alert(1)</script>\u202egnp.\x00exe'
    admin.platform.described[LTI_PLATFORM] |= {
        "version": evil,
        CANVAS + "account_name": evil,
        "product_family_code": evil,
        "messages_supported": [evil, {"type": evil}, 7, None, {"type": "LtiResourceLinkRequest", "placements": 5}],
    }
    page = await admin.opens()
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "\u202e" not in page.text
    assert "\x00" not in page.text
    done = await admin.confirms(page)
    assert done.status_code == 200, done.text
    assert "<script>alert" not in done.text
    names = [one.name for one in await tool.rows(Registration)]
    assert all("\x00" not in name and len(name) <= 200 for name in names)


@on_postgresql
@pytest.mark.parametrize(
    "changes",
    [
        {LTI_PLATFORM: None},
        {LTI_PLATFORM: []},
        {LTI_PLATFORM: {"messages_supported": {"a": 1}, "version": 4.5, "product_family_code": ["x"]}},
        {"scopes_supported": "openid"},
        {"scopes_supported": [1, None, {}]},
        {"authorization_server": {"a": 1}},
        {"authorization_server": "https://[::1"},
    ],
    ids=["none", "list", "kinds", "scopes-text", "scopes-kinds", "audience-object", "audience-broken"],
)
async def test_members_of_the_wrong_kind_are_as_if_they_were_not_there(tool: Tool, changes: dict[str, Any]) -> None:
    admin = await asking(tool)
    admin.platform.described |= changes
    assert (await admin.registers()).status_code == 200


def forms() -> list[tuple[str, Callable[[], dict[str, Any]]]]:
    return [
        ("file", lambda: {"files": {"invite": ("a.txt", b"x")}}),
        ("json", lambda: {"content": json.dumps({"invite": "x"}), "headers": {"content-type": "application/json"}}),
        ("gzip", lambda: {"content": gzip.compress(b"invite=x")}),
        ("many", lambda: {"data": {f"a{number}": "x" for number in range(100)}}),
        ("boundary", lambda: {"content": b"--", "headers": {"content-type": "multipart/form-data; boundary=x"}}),
        ("large", lambda: {"data": {"invite": "x" * 1_100_000}}),
    ]


@on_postgresql
@pytest.mark.parametrize("make", [form for _, form in forms()], ids=[name for name, _ in forms()])
async def test_forms_that_no_page_of_ours_sends(tool: Tool, make: Callable[[], dict[str, Any]]) -> None:
    admin = await asking(tool)
    response = await admin.client.post("/lti/register", **make())
    assert response.status_code in {400, 403, 413}, response.text
    await nothing_kept(tool)
