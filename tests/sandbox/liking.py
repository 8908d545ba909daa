"""What the tests of single LMSs share: launches and calls at whatever addresses the LMS has."""

import json
from typing import Any

import httpx
from fastapi import Response
from joserfc import jwt
from joserfc.jwk import KeySet

from lti_tool.sandbox.models import Module, ModuleItem, Person
from lti_tool.sandbox.oidc import launch_form
from lti_tool.sandbox.sessions import sign_in
from lti_tool.sandbox.store import add_resource_link
from lti_tool.sandbox.tools import NewTool, add_tool
from tests.sandbox.conftest import TOOL, Lms
from tests.sandbox.test_oidc import form_of

ITEM = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
MEMBERS = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"


async def cookie(lms: Lms, person: Person) -> dict[str, str]:
    """The headers of a browser where this person is signed in: its first cookie."""
    response = Response()
    await sign_in(lms.platform, response, person)
    value = next(value.decode() for name, value in response.raw_headers if name == b"set-cookie")
    return {"Cookie": value.partition(";")[0]}


async def asking(lms: Lms, person: Person, **place: Any) -> dict[str, str]:
    """The authorization request that a right tool makes of the platform's login request."""
    place = place or {"tool_id": lms.tool.id}
    form = await launch_form(lms.platform, person_id=person.id, course_id=lms.course.id, **place)
    return {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": lms.tool.client_id,
        "redirect_uri": f"{TOOL}/lti/launch",
        "login_hint": form.fields["login_hint"],
        "lti_message_hint": form.fields["lti_message_hint"],
        "state": "a state",
        "nonce": f"nonce-{form.fields['lti_message_hint'][-20:]}",
    }


async def authorize(lms: Lms, person: Person | None, asked: dict[str, str]) -> httpx.Response:
    """The answer to an authorization request, behind its redirects, in the browser of ``person``."""
    headers = await cookie(lms, person) if person is not None else {}
    answer = await lms.http.get(lms.platform.settings.authorization_url, params=asked, headers=headers)
    while answer.is_redirect:
        # By hand: httpx takes cookies from its own store alone when it follows one.
        answer = await lms.http.get(answer.headers["location"], headers=headers)
    return answer


async def launched(lms: Lms, person: Person, **place: Any) -> dict[str, Any]:
    """The claims of a launch, by the published key set."""
    _, fields = form_of(await authorize(lms, person, await asking(lms, person, **place)))
    assert "id_token" in fields, fields
    keys = KeySet.import_key_set((await lms.http.get(lms.platform.settings.jwks_url)).json())
    return jwt.decode(fields["id_token"], keys, algorithms=["RS256"]).claims


async def a_module(lms: Lms) -> Module:
    """A module in the course, so that there is a place for an activity."""
    async with lms.platform.store.writing() as session:
        module = Module(course_id=lms.course.id, name="Unit 1", position=1)
        session.add(module)
    return module


async def a_link(lms: Lms, **custom: str) -> ModuleItem:
    """A link to the tool in a module, with these custom parameters."""
    module = await a_module(lms)
    async with lms.platform.store.writing() as session:
        link = await add_resource_link(session, course_id=lms.course.id, tool=lms.tool, title="A link", custom=custom)
        item = ModuleItem(
            course_id=lms.course.id,
            module_id=module.id,
            type="ExternalTool",
            title="A link",
            position=1,
            resource_link_id=link.id,
        )
        session.add(item)
    return item


async def registered_again(lms: Lms) -> None:
    """The administrator saves the tool's registration once more."""
    async with lms.platform.store.writing() as session:
        await add_tool(
            session,
            lms.platform,
            NewTool(
                name="Playlists",
                login_url=f"{TOOL}/lti/login",
                launch_url=f"{TOOL}/lti/launch",
                jwks_url=f"{TOOL}/.well-known/jwks.json",
            ),
        )


class Services:
    """A tool with a token for everything, at the addresses that its launches name."""

    def __init__(self, lms: Lms, bearer: dict[str, str], claims: dict[str, Any]) -> None:
        self.lms, self.bearer = lms, bearer
        self.line_items: str = claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]["lineitems"]
        nrps = claims["https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"]
        self.members: str = nrps["context_memberships_url"]

    async def get(self, address: str, accept: str) -> httpx.Response:
        """Read."""
        return await self.lms.http.get(address, headers={**self.bearer, "Accept": accept})

    async def send(self, method: str, address: str, body: object, media: str) -> httpx.Response:
        """Write."""
        headers = {**self.bearer, "Content-Type": media}
        return await self.lms.http.request(method, address, content=json.dumps(body).encode(), headers=headers)

    async def made(self, **more: Any) -> str:
        """A column of ten points, and its address."""
        body = {"label": "Ratios", "scoreMaximum": 10, **more}
        answer = await self.send("POST", self.line_items, body, ITEM)
        assert answer.status_code == 201, answer.text
        address: str = answer.json()["id"]
        return address

    async def score(self, address: str, at: str, points: float | None = 5, **more: Any) -> httpx.Response:
        """Send a score of the student's, out of ten; a member of None is left out."""
        body = {
            "userId": self.lms.student.lti_id,
            "timestamp": at,
            "activityProgress": "Completed",
            "gradingProgress": "FullyGraded",
            "scoreGiven": points,
            "scoreMaximum": None if points is None else 10,
        } | more
        sent = {name: value for name, value in body.items() if value is not None}
        return await self.send("POST", self.beneath(address, "scores"), sent, SCORE)

    async def results(self, address: str, query: str = "") -> Any:
        """The results of a column."""
        answer = await self.get(self.beneath(address, "results") + query, RESULTS)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @staticmethod
    def beneath(address: str, name: str) -> str:
        """An address below a line item's: in the path, before the query."""
        path, mark, query = address.partition("?")
        return f"{path}/{name}{mark}{query}"


async def services(lms: Lms, **place: Any) -> Services:
    """The services as a teacher's launch names them."""
    return Services(lms, await lms.bearer(), await launched(lms, lms.teacher, **place))
