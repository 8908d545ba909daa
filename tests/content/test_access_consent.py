"""A teacher gives access: the button in the LMS, the window of its own, and everything that can go wrong there."""

import logging
import re
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.content.access import queries
from lti_tool.content.access import routes as access_routes
from lti_tool.content.access.routes import COOKIE
from lti_tool.content.access_models import ApiGrant, ApiRequest
from lti_tool.content.models import ApiConnection
from lti_tool.db.base import scoped
from lti_tool.lti.models import Role
from lti_tool.web.routing import add_router
from tests.courses.school import NOW
from tests.courses.site import Site, Visitor
from tests.pairs import on_sqlite

from .conftest import BASE, CUSTOM, Canvas, connect_school
from .consenting import KEY, KEY_SECRET, Consents, connect_key, consents

GRACE = {"user": {"id": 50, "name": "Grace Hopper"}}


@dataclass
class Window:
    """A window of a browser, outside of any frame: its cookies are its own, and it has no session."""

    site: Site
    client: httpx.AsyncClient = field(init=False)
    sent: httpx.URL = field(default_factory=httpx.URL)

    def __post_init__(self) -> None:
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.site.app), base_url="https://localhost:8000")

    async def start(self, link: str) -> httpx.Response:
        """Open the link; where it led to, if on."""
        answer = await self.client.get(link)
        if answer.status_code == 303:
            self.sent = httpx.URL(answer.headers["location"])
        return answer

    async def back(self, **answer: str) -> httpx.Response:
        """Come back from the platform with its state and this."""
        return await self.client.get("/api-access/back", params={"state": self.sent.params.get("state", "")} | answer)


@dataclass
class Teacher:
    """A teacher inside the LMS, and what their button gives."""

    visitor: Visitor
    endpoint: Consents
    connection: ApiConnection

    @property
    def site(self) -> Site:
        return self.visitor.site

    async def press(self) -> str:
        """Press Connect; the link of the window."""
        page = await self.visitor.post(f"{self.visitor.course}/content/access/connect")
        assert page.status_code == 200, page.text
        found = re.search(r'href="(/api-access/start/[\w-]{43})" target="_blank" rel="noopener noreferrer"', page.text)
        assert found is not None
        return found[1]

    async def state(self) -> httpx.Response:
        """What the page asks every few seconds."""
        async with self.site.client(self.visitor.token) as client:
            return await client.get(f"{self.visitor.course}/content/access/state", headers={"HX-Request": "true"})

    async def window(self) -> Window:
        """A window that was sent on to the platform."""
        window = Window(self.site)
        assert (await window.start(await self.press())).status_code == 303
        return window

    async def grants(self) -> list[ApiGrant]:
        async with self.site.database.reading() as session:
            return list(await queries.grants(session, self.connection.organisation_id, self.connection.id))


@pytest.fixture
async def grace(site: Site, canvas: Canvas) -> Teacher:
    """A teacher of a school whose key asks teachers."""
    add_router(site.app, access_routes.router)
    connection = await connect_key(site)
    endpoint = consents(site)
    endpoint.codes["code-1"] = dict(GRACE)
    return Teacher(await site.teacher(custom=CUSTOM | {"canvas_user_id": "50"}), endpoint, connection)


async def actions(site: Site) -> list[tuple[str, str | None, str | None]]:
    async with site.database.reading() as session:
        found = (await session.exec(select(AuditEntry).order_by(AuditEntry.at, AuditEntry.id))).all()  # type: ignore[arg-type]
        return [(one.action, one.actor, one.detail) for one in found if one.action.startswith("api.")]


# --- As it should go ---------------------------------------------------------------------------------------------------


async def test_where_access_is_missing_the_page_says_so_once_with_the_button(grace: Teacher) -> None:
    page = await grace.visitor.get(f"{grace.visitor.course}/content")
    assert "Connect once" in page.text
    assert "chooses Connect" not in page.text
    assert "Read again" not in page.text


async def test_a_teacher_gives_access_in_a_window_of_its_own(grace: Teacher) -> None:
    window = Window(grace.site)
    sent = await window.start(await grace.press())
    assert sent.status_code == 303
    cookie = sent.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert all(part in cookie for part in ("HttpOnly", "Max-Age=600", "Path=/", "SameSite=lax", "Secure"))
    assert "Domain" not in cookie
    asked = parse_qs(urlsplit(str(window.sent)).query)
    assert str(window.sent).startswith(f"{BASE}/login/oauth2/auth?")
    assert asked["client_id"] == [KEY]
    assert asked["response_type"] == ["code"]
    assert asked["redirect_uri"] == ["http://localhost:8000/api-access/back"]
    assert len(asked.get("scope", [""])) == 1
    assert (await grace.state()).status_code == 204
    done = await window.back(code="code-1")
    assert done.status_code == 200
    assert "You can close this window" in done.text
    assert "frame-ancestors 'none'" in done.headers["content-security-policy"]
    assert done.headers["referrer-policy"] == "no-referrer"
    assert grace.endpoint.asked[0]["redirect_uri"] == "http://localhost:8000/api-access/back"
    (kept,) = await grace.grants()
    assert (kept.person_id, kept.holder) == (grace.visitor.entry.person_id, str(grace.visitor.entry.person_id))
    assert kept.expires_at == NOW + timedelta(hours=1)
    noticed = await grace.state()
    assert noticed.status_code == 286
    assert "You can close the other window" in noticed.text
    person = str(grace.visitor.entry.person_id)
    assert ("api.consent-given", person, None) in await actions(grace.site)


async def test_what_the_access_opens_is_found_out_at_once(grace: Teacher) -> None:
    await (await grace.window()).back(code="code-1")
    async with grace.site.database.reading() as session:
        kept = await queries.connection(session, grace.connection.organisation_id, grace.connection.id)
    assert kept is not None
    assert kept.found_out_at == NOW
    assert kept.abilities


async def test_a_teacher_ends_their_access(grace: Teacher) -> None:
    page = f"{grace.visitor.course}/content/access/disconnect"
    assert (await grace.visitor.get(page)).status_code == 404
    assert (await grace.visitor.post(page)).status_code == 404
    await (await grace.window()).back(code="code-1")
    assert "What was read before stays" in (await grace.visitor.get(page)).text
    assert (await grace.visitor.post(page)).status_code == 303
    assert await grace.grants() == []
    assert grace.endpoint.revoked == ["access-1"]
    assert (await actions(grace.site))[-1][0] == "api.consent-withdrawn"


async def test_connecting_again_ends_the_token_before(grace: Teacher) -> None:
    await (await grace.window()).back(code="code-1")
    grace.endpoint.codes["code-2"] = dict(GRACE)
    await (await grace.window()).back(code="code-2")
    assert len(await grace.grants()) == 1
    assert grace.endpoint.revoked == ["access-1"]


async def test_two_windows_of_one_browser_do_not_disturb_each_other(grace: Teacher) -> None:
    window = await grace.window()
    first = window.sent
    assert (await window.start(await grace.press())).status_code == 303
    assert (await window.back(code="code-1")).status_code == 200
    window.sent = first
    grace.endpoint.codes["code-2"] = dict(GRACE)
    assert (await window.back(code="code-2")).status_code == 200


# --- Against links that are sent to somebody else ------------------------------------------------------------------------


async def test_somebody_elses_access_is_not_taken_and_is_ended(grace: Teacher) -> None:
    grace.endpoint.codes["code-1"] = {"user": {"id": 51, "name": "Alan Turing"}}
    refused = await (await grace.window()).back(code="code-1")
    assert refused.status_code == 403
    assert "Another account answered" in refused.text
    assert "Alan" not in refused.text
    assert await grace.grants() == []
    assert grace.endpoint.revoked == ["access-1"]
    assert (await actions(grace.site))[-1][::2] == ("api.consent-refused", "api-other-account")
    assert (await grace.state()).status_code == 286
    assert "was not given" in (await grace.state()).text


async def test_an_administrator_who_acts_as_the_teacher_gives_nothing(grace: Teacher) -> None:
    grace.endpoint.codes["code-1"] = dict(GRACE) | {"real_user": {"id": 1, "name": "Admin"}}
    assert (await (await grace.window()).back(code="code-1")).status_code == 403
    assert await grace.grants() == []


async def test_the_global_id_is_the_person_too(grace: Teacher) -> None:
    grace.endpoint.codes["code-1"] = {"user": {"id": 7, "global_id": "50", "name": "Grace"}}
    assert (await (await grace.window()).back(code="code-1")).status_code == 200


@pytest.mark.parametrize("user", [{}, {"name": "Nobody"}, {"id": None}, {"id": True}, None])
async def test_who_it_is_has_to_be_said(grace: Teacher, user: Any) -> None:
    grace.endpoint.codes["code-1"] = {"user": {"id": 50}}
    grace.endpoint.extra = {"user": user}
    refused = await (await grace.window()).back(code="code-1")
    assert refused.status_code == 403
    assert "api-account-untold" in str((await actions(grace.site))[-1])
    assert await grace.grants() == []


async def test_a_launch_that_did_not_say_the_account_is_no_proof(site: Site, canvas: Canvas) -> None:
    add_router(site.app, access_routes.router)
    connection = await connect_key(site)
    endpoint = consents(site)
    endpoint.codes["code-1"] = dict(GRACE)
    custom = {name: value for name, value in CUSTOM.items() if name != "canvas_user_id"}
    teacher = Teacher(await site.teacher(custom=custom), endpoint, connection)
    refused = await (await teacher.window()).back(code="code-1")
    assert "did not say which account is yours" in refused.text
    assert endpoint.revoked == ["access-1"]


async def test_another_browser_cannot_end_what_one_began(grace: Teacher) -> None:
    window, other = await grace.window(), Window(grace.site)
    other.sent = window.sent
    refused = await other.back(code="code-1")
    assert refused.status_code == 403
    assert "begun in another browser" in refused.text
    assert grace.endpoint.asked == []
    assert (await window.back(code="code-1")).status_code == 403, (
        "a state that has been seen elsewhere is of no use any more"
    )


async def test_a_cookie_of_another_request_is_another_browser(grace: Teacher) -> None:
    window = await grace.window()
    window.client.cookies.clear()
    window.client.cookies.set(COOKIE, "x" * 43)
    assert "begun in another browser" in (await window.back(code="code-1")).text
    assert await grace.grants() == []


# --- Once, and in time -------------------------------------------------------------------------------------------------


async def test_a_link_leads_on_once(grace: Teacher) -> None:
    link = await grace.press()
    assert (await Window(grace.site).start(link)).status_code == 303
    again = await Window(grace.site).start(link)
    assert again.status_code == 403
    assert "cannot be used any more" in again.text
    assert "set-cookie" not in again.headers


async def test_an_answer_counts_once(grace: Teacher) -> None:
    window = await grace.window()
    assert (await window.back(code="code-1")).status_code == 200
    grace.endpoint.codes["code-1"] = dict(GRACE)
    again = await window.back(code="code-1")
    assert again.status_code == 403
    assert "used already" in again.text
    assert len(grace.endpoint.asked) == 1


async def test_ten_minutes_are_the_time_there_is(grace: Teacher) -> None:
    link, window = await grace.press(), await grace.window()
    grace.site.clock.move(timedelta(minutes=10))
    assert (await Window(grace.site).start(link)).status_code == 403
    assert (await window.back(code="code-1")).status_code == 403
    ended = await grace.state()
    assert ended.status_code == 286
    assert "ended" in ended.text
    grace.site.clock.move(timedelta(minutes=65))
    await grace.press()
    async with grace.site.database.reading() as session:
        left = (await session.exec(scoped(ApiRequest, grace.connection.organisation_id))).all()
    assert len(left) == 1, "what ended a while ago is forgotten"


@pytest.mark.parametrize("code", ["", "x", "x" * 43, "x" * 5000])
async def test_made_up_codes_and_states_lead_nowhere(grace: Teacher, code: str) -> None:
    window = Window(grace.site)
    assert (await window.start(f"/api-access/start/{code}")).status_code in (403, 404)
    answer = await window.client.get("/api-access/back", params={"state": code, "code": "code-1"})
    assert answer.status_code in (400, 403, 422)
    assert grace.endpoint.asked == []


async def test_the_code_of_a_link_is_no_state(grace: Teacher) -> None:
    link = await grace.press()
    answer = await Window(grace.site).client.get(
        "/api-access/back", params={"state": link.rpartition("/")[2], "code": "code-1"}
    )
    assert answer.status_code == 403
    assert (await Window(grace.site).start(link)).status_code == 303, "nothing was used up"


async def test_beginning_again_and_again_is_slowed_down(grace: Teacher) -> None:
    for _ in range(10):
        await grace.press()
    refused = await grace.visitor.post(f"{grace.visitor.course}/content/access/connect")
    assert refused.status_code == 429
    grace.site.clock.move(timedelta(minutes=10))
    await grace.press()


# --- What the platform may say -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        ("access_denied", 403, "You did not give access"),
        ("unauthorized_client", 424, "does not accept this tool"),
        ("invalid_scope", 424, "allows too little"),
        ("server_error", 424, "did not answer as expected"),
        ("<script>alert(1)</script>", 424, "did not answer as expected"),
    ],
)
async def test_a_no_is_a_page_that_says_what_to_do(grace: Teacher, error: str, status: int, said: str) -> None:
    window = await grace.window()
    answer = await window.back(error=error, error_description="<b>whatever</b>")
    assert answer.status_code == status
    assert said in answer.text
    assert "<b>whatever</b>" not in answer.text
    assert "alert(1)" not in answer.text
    assert grace.endpoint.asked == []
    assert await grace.grants() == []


async def test_a_refusal_without_the_state_is_told_to_the_browser_that_waits(grace: Teacher) -> None:
    window = await grace.window()
    address = "/api-access/back?error=invalid_scope&error_description=whatever"
    stranger = await Window(grace.site).client.get(address)
    assert "came too late" in stranger.text
    assert [one for one in await actions(grace.site) if one[0] == "api.consent-refused"] == []
    told = await window.client.get(address)
    assert told.status_code == 424
    assert "allows too little" in told.text
    async with grace.site.database.reading() as session:
        kept = await queries.connection(session, grace.connection.organisation_id, grace.connection.id)
    assert kept is not None
    assert (kept.working, kept.trouble) == (False, "api-scopes-lacking")
    assert (await window.back(code="code-1")).status_code == 200, "nothing was used up"


@on_sqlite
@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (httpx.Response(503), "cannot be reached"),
        (httpx.Response(429), "is busy"),
        (httpx.Response(400, json={"error": "invalid_grant"}), "used already, or came too late"),
        (httpx.Response(401, json={"error": "invalid_client"}), "does not accept this tool"),
        (httpx.Response(400, json={"error": "invalid_scope"}), "allows too little"),
        (httpx.Response(302, headers={"location": "https://evil.example/token"}), "could not be understood"),
        (httpx.Response(200, text="<html>"), "could not be understood"),
        (httpx.Response(200, json={"access_token": "x", "token_type": "mac"}), "could not be understood"),
    ],
    ids=["down", "busy", "dead-code", "key", "scope", "redirect", "html", "no-bearer"],
)
async def test_a_token_endpoint_in_trouble_is_a_page_too(grace: Teacher, trouble: httpx.Response, said: str) -> None:
    window = await grace.window()
    grace.endpoint.trouble = trouble
    answer = await window.back(code="code-1")
    assert answer.status_code in (403, 424)
    assert said in answer.text
    assert await grace.grants() == []
    assert {one.url.host for one in grace.site.lms.asked} == {"school.instructure.com"}


async def test_a_connection_that_changed_meanwhile_keeps_nothing(grace: Teacher) -> None:
    window = await grace.window()
    await connect_key(grace.site, by_teachers=False)
    assert (await window.back(code="code-1")).status_code == 403
    assert await grace.grants() == []


async def test_after_the_installations_secret_has_changed_the_key_is_asked_for_again(
    grace: Teacher, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lti_tool.content.secrets import SecretBox

    link = await grace.press()
    monkeypatch.setattr(grace.site.connectors, "secrets", SecretBox("another secret of at least thirty-two"))
    answer = await Window(grace.site).start(link)
    assert answer.status_code == 424
    assert "set up again" in answer.text


# --- Who ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER, Role.ASSISTANT, Role.ADMINISTRATOR])
async def test_only_teachers_connect(grace: Teacher, role: Role) -> None:
    other = await grace.site.arrive(grace.site.school.launch("somebody", role=role, custom=CUSTOM))
    assert (await other.post(f"{other.course}/content/access/connect")).status_code == 403


async def test_nobody_connects_while_acting_as_a_teacher(grace: Teacher) -> None:
    acting = await grace.site.arrive(
        grace.site.school.launch("teacher", role=Role.TEACHER, custom=CUSTOM), masquerading=True
    )
    assert (await acting.post(f"{acting.course}/content/access/connect")).status_code == 403


async def test_a_form_of_another_page_is_refused(grace: Teacher) -> None:
    async with grace.site.client(grace.visitor.token) as client:
        sent = await client.post(
            f"{grace.visitor.course}/content/access/connect",
            data={"session": str(uuid.UUID(int=0))},
            headers={"Origin": "https://evil.example"},
        )
    assert sent.status_code == 403


async def test_without_a_key_that_asks_teachers_there_is_nothing_to_press(grace: Teacher) -> None:
    await connect_school(grace.site.database, grace.site.school)
    for path, method in (("connect", "POST"), ("state", "GET"), ("disconnect", "GET"), ("disconnect", "POST")):
        address = f"{grace.visitor.course}/content/access/{path}"
        answer = await (grace.visitor.post(address) if method == "POST" else grace.visitor.get(address))
        assert answer.status_code == 409, path


async def test_a_course_of_another_host_asks_nobody(grace: Teacher) -> None:
    visitor = await grace.site.teacher(custom=CUSTOM | {"canvas_api_domain": "other.example", "canvas_user_id": "50"})
    answer = await visitor.post(f"{visitor.course}/content/access/connect")
    assert answer.status_code == 424
    assert "another address" in answer.text


# --- Nothing leaks -----------------------------------------------------------------------------------------------------


async def test_no_secret_is_in_a_page_a_log_or_the_audit(grace: Teacher, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    link = await grace.press()
    window = Window(grace.site)
    await window.start(link)
    state = window.sent.params["state"]
    told = [await window.back(code="code-1"), await grace.state(), await window.back(code="code-1")]
    async with grace.site.database.reading() as session:
        rows = (await session.exec(scoped(ApiRequest, grace.connection.organisation_id))).all()
        entries = (await session.exec(select(AuditEntry))).all()
        kept = "".join(str(row.model_dump()) for row in (*rows, *entries, *await grace.grants()))
    secrets = (
        link.rpartition("/")[2],
        state,
        window.client.cookies[COOKIE],
        "access-1",
        "refresh-50",
        KEY_SECRET,
        "code-1",
    )
    ours = [one for one in caplog.records if one.name.startswith("lti_tool")]
    assert ours
    written = "".join(str(one.__dict__) for one in ours) + "".join(one.text for one in told) + kept
    assert [one for one in secrets if one in written] == []
