"""Platforms' key sets: fetched, kept, refetched on a new key id, and kept when the platform is down."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlmodel import select

from lti_tool.lti import key_sets
from lti_tool.lti.key_sets import COOL_DOWN, FETCH_SECONDS, WAIT_SECONDS, KeySets, KeySetUnreachable, usable_keys
from lti_tool.lti.models import Registration
from tests.lti.conftest import Tool
from tests.lti.support import private_key, public_jwk
from tests.pairs import on_sqlite


async def test_one_fetch_serves_many_launches(tool: Tool) -> None:
    browser = tool.browser()
    for _ in range(3):
        assert (await browser.launch(tool.platform)).status_code == 303
    assert tool.platform.jwks_fetches == 1


async def test_a_new_key_is_found_at_once(tool: Tool) -> None:
    browser = tool.browser()
    assert (await browser.launch(tool.platform)).status_code == 303
    tool.platform.rotate("platform-key-2")

    assert (await browser.launch(tool.platform)).status_code == 303
    assert tool.platform.jwks_fetches == 2


async def test_a_new_key_under_the_old_id_is_found_at_once(tool: Tool) -> None:
    # So it is on WordPress, whose administrator types the id beside the key: for up to an hour nobody came in.
    browser = tool.browser()
    assert (await browser.launch(tool.platform)).status_code == 303
    tool.platform.signing = private_key("another")
    tool.platform.jwks = [public_jwk(tool.platform.signing, tool.platform.kid)]

    assert (await browser.launch(tool.platform)).status_code == 303
    assert tool.platform.jwks_fetches == 2


async def test_a_signature_that_fits_no_key_has_the_set_fetched_once_in_a_while(tool: Tool) -> None:
    browser = tool.browser()
    assert await tool.protocol.key_sets.key(tool.registration, tool.platform.kid) is not None
    right, tool.platform.signing = tool.platform.signing, private_key("nobody's")
    for _ in range(3):
        refused = await browser.launch(tool.platform)
        assert (refused.status_code, "was changed on its way" in refused.text) == (401, True)
    assert tool.platform.jwks_fetches == 2
    tool.platform.signing = right
    assert (await browser.launch(tool.platform)).status_code == 303


async def test_a_signature_that_fits_no_key_is_refused_while_the_platform_is_down(tool: Tool) -> None:
    assert await tool.protocol.key_sets.key(tool.registration, tool.platform.kid) is not None
    tool.platform.down = True
    tool.platform.signing = private_key("nobody's")
    await tool.refused(await tool.browser().launch(tool.platform), "signature-wrong", 401)


async def test_unknown_key_ids_are_looked_for_once_in_a_while(tool: Tool) -> None:
    assert timedelta(0) < COOL_DOWN <= timedelta(seconds=30)
    key_sets, registration = tool.protocol.key_sets, tool.registration
    assert await key_sets.key(registration, tool.platform.kid) is not None
    for _ in range(5):
        assert await key_sets.key(registration, "made-up") is None
    assert tool.platform.jwks_fetches == 2

    tool.platform.rotate("platform-key-2")
    assert await key_sets.key(registration, "platform-key-2") is None
    tool.clock.move(COOL_DOWN)
    assert await key_sets.key(registration, "platform-key-2") is not None
    # The old key is no longer published, so it counts no longer.
    assert await key_sets.key(registration, "platform-key-1") is None


async def test_the_set_is_kept_while_the_platform_is_down(tool: Tool) -> None:
    browser = tool.browser()
    assert (await browser.launch(tool.platform)).status_code == 303
    tool.platform.down = True
    tool.clock.move(timedelta(hours=2))

    assert (await browser.launch(tool.platform)).status_code == 303
    await tool.protocol.key_sets.settle()
    assert (await browser.launch(tool.platform)).status_code == 303


async def test_the_set_outlives_a_restart_with_the_platform_down(tool: Tool) -> None:
    assert await tool.protocol.key_sets.key(tool.registration, tool.platform.kid) is not None
    tool.platform.down = True
    async with tool.database.reading() as session:
        kept = (await session.exec(select(Registration).where(Registration.id == tool.registration.id))).one()
        session.expunge_all()

    after_restart = KeySets(tool.protocol.http, tool.clock, tool.database)

    assert await after_restart.key(kept, tool.platform.kid) is not None
    assert await after_restart.key(kept, "made-up") is None


async def test_without_any_set_the_launch_is_refused_in_words(tool: Tool) -> None:
    tool.platform.down = True

    response = await tool.browser().launch(tool.platform)

    await tool.refused(response, "key-set-unreachable", 401)
    assert "cannot be reached" in response.text


async def test_a_platform_that_comes_back_is_noticed(tool: Tool) -> None:
    tool.platform.down = True
    await tool.browser().launch(tool.platform)
    tool.platform.down = False
    tool.clock.move(COOL_DOWN)
    assert (await tool.browser().launch(tool.platform)).status_code == 303


async def test_an_old_set_is_refreshed_beside_the_launch(tool: Tool) -> None:
    key_sets = tool.protocol.key_sets
    assert await key_sets.key(tool.registration, tool.platform.kid) is not None
    tool.platform.rotate("platform-key-2")
    tool.clock.move(timedelta(hours=1))

    assert await key_sets.key(tool.registration, "platform-key-1") is not None
    await key_sets.settle()
    assert await key_sets.key(tool.registration, "platform-key-1") is None
    assert await key_sets.key(tool.registration, "platform-key-2") is not None


async def test_a_launch_does_not_wait_for_ever_behind_others(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two looks at a platform that is slow, one after the other, would be more than anybody waits."""
    assert FETCH_SECONDS < WAIT_SECONDS < 10
    monkeypatch.setattr(key_sets, "WAIT_SECONDS", 0.05)
    async with tool.protocol.key_sets._of(tool.registration).lock:
        response = await tool.browser().launch(tool.platform)
    await tool.refused(response, "key-set-unreachable", 401)


async def test_many_launches_at_once_fetch_once(tool: Tool) -> None:
    found = await asyncio.gather(*(tool.protocol.key_sets.key(tool.registration, tool.platform.kid) for _ in range(20)))
    assert all(found)
    assert tool.platform.jwks_fetches == 1


@on_sqlite
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(302, headers={"Location": "https://elsewhere.example/"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"keys": {}}),
        httpx.Response(200, content=b"x" * 300_000),
    ],
    ids=["error", "redirect", "no JSON", "no object", "no list", "too large"],
)
async def test_an_answer_that_is_no_key_set_is_none(tool: Tool, answer: httpx.Response) -> None:
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: answer))
    with pytest.raises(KeySetUnreachable):
        await KeySets(http, tool.clock, tool.database).key(tool.registration, "any")


KEY = private_key("usable")


@pytest.mark.parametrize(
    ("jwk", "usable"),
    [
        (public_jwk(KEY, "k"), True),
        (public_jwk(KEY, "k", alg="RS256", use="sig"), True),
        (public_jwk(KEY, "k", use="enc"), False),
        (public_jwk(KEY, "k", alg="RS512"), False),
        (public_jwk(KEY, ""), False),
        (public_jwk(private_key("short", 1024), "k"), False),
        ({"kty": "RSA", "kid": "k"}, False),
        ({"kty": "RSA", "kid": "k", "n": "AQ", "e": "AQAB"}, False),
        ({"kty": "RSA", "kid": "k", "n": 7, "e": "AQAB"}, False),
        ({"kty": "oct", "kid": "k", "k": "c2VjcmV0"}, False),
        ({"kty": "RSA", "kid": 7, "n": "AQ", "e": "AQAB"}, False),
    ],
)
def test_which_keys_count(jwk: dict[str, Any], usable: bool) -> None:
    assert ("k" in usable_keys({"keys": [jwk]})) == usable
