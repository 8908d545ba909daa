"""Tokens signed in ways and with keys that they should not be, and the same one many times at once."""

import asyncio
import hashlib
import hmac
import json
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from lti_tool.lti.models import ToolSession
from tests.lti.conftest import Tool
from tests.lti.support import LTI, Login, b64, private_key, public_jwk, sign
from tests.pairs import on_postgresql


async def begun(tool: Tool) -> tuple[Any, Login, dict[str, Any]]:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    return browser, login, tool.platform.body(login.query["nonce"])


def signed_text(header: str, body: str, key: Any) -> str:
    text = b64(header.encode()) + "." + b64(body.encode())
    return text + "." + b64(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))


@on_postgresql
@pytest.mark.parametrize(
    "alg",
    [
        "PS256",
        "RS384",
        "RS512",
        "ES256",
        "EdDSA",
        "HS256",
        "HS512",
        "rs256",
        "RS256 ",
        "None",
        "",
        256,
        None,
        ["RS256"],
    ],
)
async def test_no_other_algorithm_is_taken_even_where_the_signature_is_right(tool: Tool, alg: Any) -> None:
    browser, login, body = await begun(tool)
    text = b64(json.dumps({"alg": alg, "kid": tool.platform.kid}).encode()) + "." + b64(json.dumps(body).encode())
    key = tool.platform.signing
    signature = {
        "PS256": lambda: key.sign(text.encode(), padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()),
        "RS512": lambda: key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA512()),
        # The public key's modulus, which everybody can read, taken for a shared secret.
        "HS256": lambda: hmac.new(tool.platform.jwks[0]["n"].encode(), text.encode(), hashlib.sha256).digest(),
    }.get(str(alg), lambda: key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))()

    await tool.refused(await browser.post(login, text + "." + b64(signature)), "algorithm-refused", 401)


async def test_ps256_under_the_name_of_rs256_is_a_wrong_signature(tool: Tool) -> None:
    browser, login, body = await begun(tool)
    header = {"alg": "RS256", "kid": tool.platform.kid}
    text = b64(json.dumps(header).encode()) + "." + b64(json.dumps(body).encode())
    pss = tool.platform.signing.sign(text.encode(), padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())

    await tool.refused(await browser.post(login, text + "." + b64(pss)), "signature-wrong", 401)


@on_postgresql
@pytest.mark.parametrize(
    "kid",
    [
        "../../../../dev/null",
        "https://mallory.example/jwks",
        "x' OR '1'='1",
        "platform-key-1\x00",
        "platform-key-1 ",
        "PLATFORM-KEY-1",
        "__class__",
        "k" * 10_000,
    ],
)
async def test_a_kid_is_compared_and_nothing_else_is_done_with_it(tool: Tool, kid: str) -> None:
    browser, login, body = await begun(tool)
    asked: list[str] = []
    usual = tool.platform.handle

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return usual(request)

    tool.platform.handle = handle  # type: ignore[method-assign]
    await tool.refused(await browser.post(login, tool.platform.token(body, kid=kid)), "key-unknown", 401)
    assert set(asked) == {"https://platform.example/jwks"}


@on_postgresql
@pytest.mark.parametrize("kid", [None, "", 7, ["platform-key-1"], {"kid": "platform-key-1"}, True])
async def test_a_kid_that_is_no_text_is_none(tool: Tool, kid: Any) -> None:
    browser, login, body = await begun(tool)
    await tool.refused(await browser.post(login, tool.platform.token(body, kid=kid)), "key-id-missing", 401)


@on_postgresql
@pytest.mark.parametrize(
    "members",
    [
        {"kty": "oct", "k": b64(b"secret")},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"use": "enc"},
        {"alg": "PS256"},
        {"alg": "RS512"},
    ],
    ids=["secret", "curve", "for encryption", "for PS256", "for RS512"],
)
async def test_a_key_that_is_for_something_else_checks_nothing(tool: Tool, members: dict[str, Any]) -> None:
    tool.platform.jwks = [public_jwk(tool.platform.signing, tool.platform.kid) | members]
    browser, login, body = await begun(tool)
    await tool.refused(await browser.post(login, tool.platform.token(body)), "key-unknown", 401)


async def test_a_short_key_checks_nothing(tool: Tool) -> None:
    short = private_key("short", 1024)
    tool.platform.jwks = [public_jwk(short, "short")]
    browser, login, body = await begun(tool)
    await tool.refused(
        await browser.post(login, sign({"alg": "RS256", "kid": "short"}, body, short)), "key-unknown", 401
    )


async def test_of_a_name_that_comes_twice_the_same_one_counts_before_and_after_the_check(tool: Tool) -> None:
    """The header and the claims are read twice: to find the key, and when the signature is right."""
    browser, login, body = await begun(tool)
    written = json.dumps(body)
    twice = '{"iss": "https://other.example", "sub": "first", ' + written[1:-1] + ', "sub": "last"}'
    header = f'{{"alg": "none", "kid": "nothing", "alg": "RS256", "kid": "{tool.platform.kid}"}}'

    assert (await browser.post(login, signed_text(header, twice, tool.platform.signing))).status_code == 303
    assert [(launch.registration.issuer, launch.sub) for launch in tool.entered] == [(tool.platform.issuer, "last")]


async def test_a_signature_of_another_token_is_wrong(tool: Tool) -> None:
    browser, login, body = await begun(tool)
    whole = tool.platform.token(body | {LTI + "roles": []}).split(".")
    other = tool.platform.token(body).split(".")
    for token in (".".join([*other[:2], whole[2]]), ".".join([*other[:2], ""]), ".".join([*other[:2], other[2][:-4]])):
        assert (await browser.post(login, token)).status_code == 401
    assert tool.entered == []


async def test_the_same_message_many_times_at_once_opens_once(own_tool: Tool) -> None:
    browser, login, body = await begun(own_tool)
    token = own_tool.platform.token(body)

    answers = await asyncio.gather(*(browser.post(login, token) for _ in range(8)))

    assert Counter(answer.status_code for answer in answers) == {303: 1, 401: 7}
    assert len(await own_tool.rows(ToolSession)) == 1


async def test_one_login_answered_by_two_messages_at_once_opens_once(own_tool: Tool) -> None:
    browser, login, body = await begun(own_tool)
    tokens = [own_tool.platform.token(body | {"sub": f"person-{number}"}) for number in range(4)]

    answers = await asyncio.gather(*(browser.post(login, token) for token in tokens))

    assert Counter(answer.status_code for answer in answers) == {303: 1, 401: 3}
    assert len(own_tool.entered) == 1


async def test_a_message_of_before_cannot_be_used_with_a_new_login(tool: Tool) -> None:
    browser, first, body = await begun(tool)
    token = tool.platform.token(body)
    assert (await browser.post(first, token)).status_code == 303
    tool.clock.move(timedelta(seconds=30))
    again = await browser.login(tool.platform)
    assert (await browser.post(again, token)).status_code == 401
    assert len(tool.entered) == 1
