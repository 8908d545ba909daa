"""Launches of browsers that keep no cookie: the platform's storage as proof, and what it does not allow."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.audit import AuditEntry
from lti_tool.lti import claims, storage
from lti_tool.lti.digests import digest
from lti_tool.lti.models import Family, OidcLogin, Registration, ToolSession
from tests.lti.conftest import Tool
from tests.lti.support import TOOL, Browser, Login

OURS = {"Sec-Fetch-Site": "same-origin", "Origin": TOOL}


@dataclass
class Stored:
    """A login that has put its proof into the platform's storage, and the message that answers it."""

    browser: Browser
    login: Login
    token: str
    proof: str

    async def post(self, proof: str | None = None, headers: dict[str, str] | None = None) -> httpx.Response:
        form = {"id_token": self.token, "state": self.login.query["state"]}
        if proof is not None:
            form["proof"] = proof
        return await self.browser.client.post("/lti/launch", data=form, headers=headers or {})


async def stored(tool: Tool, target: str = "_parent", **claims_: object) -> Stored:
    """Begin a login with a storage, in a browser that forgets its cookie."""
    browser = tool.browser()
    login = await browser.login(tool.platform, lti_storage_target=target)
    browser.forget()
    proof = re.search(r'data-storage-value="([0-9a-f]{64})"', login.response.text)
    assert proof, login.response.text
    token = tool.platform.token(tool.platform.body(login.query["nonce"], **claims_))
    return Stored(browser, login, token, proof[1])


async def test_a_login_with_a_storage_is_a_page_that_puts_the_proof_there(tool: Tool) -> None:
    begun = await stored(tool, "post_message_forwarding")
    page = begun.login.response

    assert page.status_code == 200
    assert 'data-storage-target="post_message_forwarding"' in page.text
    assert 'data-storage-origin="https://platform.example"' in page.text, "the registration's, never the request's"
    assert f'data-storage-key="lti_login_{begun.login.query["state"][:16]}"' in page.text
    assert "data-storage-patient" in page.text
    assert page.headers["set-cookie"].startswith("__Host-lti_browser_")
    assert "frame-ancestors *" in page.headers["content-security-policy"]
    (row,) = await tool.rows(OidcLogin)
    cookie = page.headers["set-cookie"].partition("=")[2].partition(";")[0]
    assert row.browser_digest == digest(cookie)
    assert cookie not in page.text, "the platform does not learn the cookie's value"


async def test_a_storage_that_stands_in_the_address_of_a_posted_login_is_used(tool: Tool) -> None:
    # LTI-PHP 5.4 (WordPress with its plugin "LTI Platform", and whoever else builds a platform on it).
    client = tool.browser().client
    response = await client.post("/lti/login?lti_storage_target=_parent&iss=x", data=tool.platform.login_request())

    assert response.status_code == 200
    assert 'data-storage-target="_parent"' in response.text
    (row,) = await tool.rows(OidcLogin)
    assert row.storage_target == "_parent"
    assert row.request["iss"] == tool.platform.issuer, "the form goes before the address"


def error_of(login: Login, word: str = "access_denied") -> dict[str, str]:
    return {"error": word, "state": login.query["state"]}


async def test_a_platform_that_does_not_know_its_user_from_our_page_is_asked_once_more_by_a_redirect(
    tool: Tool,
) -> None:
    # WordPress's own cookie is SameSite=Lax: the plugin "LTI Platform" 2.3 offers its storage, and denies who comes from it.
    browser = tool.browser()
    login = await browser.login(tool.platform, lti_storage_target="_parent")

    answer = await browser.client.post("/lti/launch", data=error_of(login))

    assert answer.status_code == 302
    assert answer.headers["location"].startswith("https://platform.example/auth?tenant=7&")
    again = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    assert again["login_hint"] == "user-1"
    assert again["lti_message_hint"] == login.query["lti_message_hint"]
    assert again["state"] != login.query["state"]
    (row,) = await tool.rows(OidcLogin)
    assert row.storage_target is None
    assert [entry.action for entry in await tool.rows(AuditEntry)] == [], "nobody was refused yet"

    token = tool.platform.token(tool.platform.body(again["nonce"]))
    opened = await browser.client.post("/lti/launch", data={"id_token": token, "state": again["state"]})
    assert opened.status_code == 303


async def test_a_platform_that_says_no_again_is_believed(tool: Tool) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform, lti_storage_target="_parent")
    answer = await browser.client.post("/lti/launch", data=error_of(login))
    state = parse_qs(urlsplit(answer.headers["location"]).query)["state"][0]

    refused = await browser.client.post("/lti/launch", data={"error": "access_denied", "state": state})

    await tool.refused(refused, "platform-reported-error", 400)


async def test_a_platform_whose_hints_work_once_is_not_asked_again(tool: Tool) -> None:
    async with tool.database.writing() as session:
        registration = await session.get(Registration, tool.registration.id)
        assert registration is not None
        registration.lms = Family.CANVAS
    browser = tool.browser()
    login = await browser.login(tool.platform, lti_storage_target="_parent")

    await tool.refused(
        await browser.client.post("/lti/launch", data=error_of(login, "login_required")), "signed-out-there", 400
    )


async def test_an_error_with_a_state_that_nobody_has_begins_nothing(tool: Tool) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform, lti_storage_target="_parent")
    first = await browser.client.post("/lti/launch", data=error_of(login))
    assert first.status_code == 302
    second = await browser.client.post("/lti/launch", data=error_of(login))
    assert second.status_code == 400
    assert len(await tool.rows(OidcLogin)) == 1, "the one that the first began"


async def test_a_browser_that_sends_our_cookie_does_not_wait_for_the_storage(tool: Tool) -> None:
    browser = tool.browser()
    await browser.login(tool.platform)
    login = await browser.login(tool.platform, lti_storage_target="_parent")

    assert "data-storage-patient" not in login.response.text


async def test_with_a_cookie_the_storage_is_not_asked(tool: Tool) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform, lti_storage_target="_parent")

    response = await browser.post(login, tool.platform.token(tool.platform.body(login.query["nonce"])))

    assert response.status_code == 303


async def test_without_a_cookie_the_storage_is_asked_and_the_login_stays(tool: Tool) -> None:
    begun = await stored(tool)
    for _ in range(2):
        page = await begun.post()

        assert page.status_code == 200
        assert 'data-storage="get"' in page.text
        assert begun.proof not in page.text
        assert "lti-token" not in page.text
        assert "set-cookie" not in page.headers
        assert "frame-ancestors https://platform.example" in page.headers["content-security-policy"]
    assert len(await tool.rows(OidcLogin)) == 1
    assert await tool.rows(ToolSession) == []
    assert tool.entered == []
    assert await tool.rows(AuditEntry) == []


async def test_the_proof_opens_once_and_hands_the_token_to_the_tab(tool: Tool) -> None:
    begun = await stored(tool)
    await begun.post()
    page = await begun.post(begun.proof, OURS)

    assert page.status_code == 200
    token = re.search(r'<meta name="lti-token" content="([^"]+)">', page.text)
    assert token
    assert '<meta name="lti-opens" content="/welcome">' in page.text
    assert "set-cookie" not in page.headers
    assert page.headers["cache-control"] == "no-store"
    (session,) = await tool.rows(ToolSession)
    assert session.token_digest == digest(token[1])
    assert await tool.rows(OidcLogin) == []

    again = await begun.post(begun.proof, OURS)
    assert again.status_code == 401
    assert "used already" in again.text
    assert len(await tool.rows(ToolSession)) == 1


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {}]
)
async def test_nobody_elses_page_may_post_a_proof(tool: Tool, headers: dict[str, str]) -> None:
    begun = await stored(tool)
    response = await begun.post(begun.proof, headers)

    assert response.status_code == 403
    assert await tool.rows(ToolSession) == []
    assert tool.entered == []


async def test_the_proof_of_another_login_is_refused(tool: Tool) -> None:
    mine, theirs = await stored(tool), await stored(tool)
    response = await mine.post(theirs.proof, OURS)

    assert response.status_code == 401
    assert "another browser" in response.text
    assert await tool.rows(ToolSession) == []
    assert len(await tool.rows(OidcLogin)) == 1, "the refused login is used up, the other is not"


async def test_a_proof_helps_nobody_where_the_platform_has_no_storage(tool: Tool) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    browser.forget()
    (row,) = await tool.rows(OidcLogin)
    proof = storage.proof_for(row.browser_digest, login.query["state"])
    form = {"id_token": tool.platform.token(tool.platform.body(login.query["nonce"])), "state": login.query["state"]}
    response = await browser.client.post("/lti/launch", data=form | {"proof": proof}, headers=OURS)

    await tool.refused(response, "cookie-blocked", 401)


async def test_a_storage_that_had_nothing_leads_to_a_window(tool: Tool) -> None:
    begun = await stored(tool)
    await begun.post()
    response = await begun.post("")

    await tool.refused(response, "cookie-blocked", 401)
    assert response.text.count('<button type="submit"') == 1
    assert 'target="_blank"' in response.text


async def test_another_browser_with_a_cookie_of_its_own_gets_no_further(tool: Tool) -> None:
    begun = await stored(tool)
    victim = tool.browser()
    await victim.login(tool.platform)
    form = {"id_token": begun.token, "state": begun.login.query["state"]}
    page = await victim.client.post("/lti/launch", data=form)
    assert 'data-storage="get"' in page.text, "its own storage is asked, and has nothing"
    refused = await victim.client.post("/lti/launch", data=form | {"proof": ""})

    assert refused.status_code == 401
    assert "another browser" in refused.text
    assert await tool.rows(ToolSession) == []


async def test_in_a_window_of_its_own_the_page_does_not_offer_another(tool: Tool) -> None:
    begun = await stored(tool)
    await begun.post()
    response = await begun.post("", {"Sec-Fetch-Dest": "document"})

    assert "keeps no cookies" in response.text
    assert "Open in a new window" not in response.text


# --- The way back ------------------------------------------------------------------------------------------------------

RETURN = "https://platform.example/return.php?course=2&sesskey=Kx7"


def presentation(**values: str) -> dict[str, object]:
    return {claims.LAUNCH_PRESENTATION: {"return_url": RETURN, "document_target": "iframe"} | values}


def link_back(response: httpx.Response) -> str | None:
    found = re.search(r'<a [^>]*href="([^"]*return[^"]*)"\s+target="([^"]*)"', response.text)
    return f"{found[2]} {found[1]}" if found else None


async def expired(tool: Tool, **changes: object) -> httpx.Response:
    """A launch that is refused because its token is too old."""
    browser = tool.browser()
    login = await browser.login(tool.platform)
    body = tool.platform.body(login.query["nonce"], **changes)
    body["exp"] = body["iat"] - 600
    return await browser.post(login, tool.platform.token(body))


async def test_a_refused_launch_offers_the_way_back_with_a_plain_message(tool: Tool) -> None:
    response = await expired(tool, **presentation())
    entry = await tool.refused(response, "token-expired", 401)

    assert link_back(response) == (
        "_self https://platform.example/return.php?course=2&amp;sesskey=Kx7"
        f"&amp;lti_errormsg=This%20link%20waited%20too%20long.%20Reference%20code%3A%20{entry.reference}"
    )
    assert "sesskey" not in (entry.detail or "")


async def test_a_way_back_from_a_window_leaves_every_frame(tool: Tool) -> None:
    response = await expired(tool, **presentation(document_target="window"))

    assert (link_back(response) or "").startswith("_top ")


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)//return", "ftp://platform.example/return", "//return", "https://["]
)
async def test_a_way_back_is_a_web_address(tool: Tool, address: str) -> None:
    response = await expired(tool, **presentation(return_url=address))

    assert response.status_code == 401
    assert link_back(response) is None


async def test_an_unverified_message_names_no_way_back(tool: Tool) -> None:
    browser = tool.browser()
    login = await browser.login(tool.platform)
    body = tool.platform.body(login.query["nonce"], **presentation())
    for changed in (tool.other.token(body, kid=tool.platform.kid), tool.platform.token(body | {"aud": "another"})):
        response = await browser.post(login, changed)

        assert response.status_code == 401
        assert "sesskey" not in response.text


# --- The proof itself ----------------------------------------------------------------------------------------------------


@given(st.text(), st.text(), st.text(), st.text())
def test_a_proof_is_that_of_one_browser_and_one_state(browser: str, state: str, other: str, another: str) -> None:
    proof = storage.proof_for(digest(browser), state)

    assert storage.proves(proof, digest(browser), state)
    assert storage.proves(proof, digest(other), another) == ((browser, state) == (other, another))
    assert not storage.proves(other[:63], digest(browser), state)


def test_only_what_can_be_a_windows_name_is_a_target() -> None:
    names = {
        "_parent": "_parent",
        "post_message_forwarding": "post_message_forwarding",
        "": None,
        "a b": None,
        "<x>": None,
    }

    assert {name: storage.target_in({"lti_storage_target": name}) for name in names} == names
    assert storage.target_in({}) is None
