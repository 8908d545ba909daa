"""A platform of one course for the tests of launches without cookies: it keeps values for tools, in several habits.

``?keeps=`` on its course page chooses: ``_parent`` (the page itself), ``post_message_forwarding`` (a frame beside the tool's),
``capabilities`` (a frame that only ``lti.capabilities`` names), ``silent`` (says that it keeps and never answers),
``liar`` (answers first with what is not to be believed), or nothing (no storage at all).
"""

import html
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from lti_tool.clock import ManualClock
from tests.lti.support import LTI, private_key, public_jwk, sign

CLIENT_ID, DEPLOYMENT_ID, KID = "cookieless", "1", "storing-1"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"

KEEPER = """
const kept = new Map();
addEventListener("message", (event) => {
  const data = event.data;
  const key = event.origin + data.key;
  const answer = (more) => event.source.postMessage(
    {subject: data.subject + ".response", message_id: data.message_id, key: data.key, ...more}, event.origin);
  if (data.subject === "lti.put_data") {
    if (data.value === null) kept.delete(key); else kept.set(key, data.value);
    answer({value: data.value});
  }
  if (data.subject === "lti.get_data") {
    if (LIAR) {
      event.source.postMessage({subject: "lti.get_data.response", message_id: "another", value: "0".repeat(64)}, "*");
      event.source.postMessage({subject: "lti.get_data", message_id: data.message_id, value: "0".repeat(64)}, "*");
      document.querySelector("[name=liar]").contentWindow.postMessage([data.message_id, event.origin], "*");
    }
    setTimeout(() => answer(kept.has(key) ? {value: kept.get(key)} : {error: "Could not find key"}), LIAR ? 200 : 0);
  }
});
"""
CAPABILITIES = """
addEventListener("message", (event) => {
  if (event.data.subject !== "lti.capabilities") return;
  event.source.postMessage({subject: "lti.capabilities.response", message_id: event.data.message_id, supported_messages: [
    {subject: "lti.put_data", frame: "post_message_forwarding"}, {subject: "lti.get_data", frame: "post_message_forwarding"},
  ]}, event.origin);
});
"""
# The right message from a window that was not asked.
LIAR = """
addEventListener("message", (event) => parent.frames.tool.postMessage(
  {subject: "lti.get_data.response", message_id: event.data[0], value: "0".repeat(64)}, event.data[1]));
"""


def roles_of(person: str) -> list[str]:
    """Teachers and administrators are told by their names; everybody else learns."""
    if person.startswith("administrator"):
        return [MEMBERSHIP + "Instructor", "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"]
    return [MEMBERSHIP + ("Instructor" if person.startswith("teacher") else "Learner")]


class StoringPlatform:
    """The platform as an application; ``address`` and ``tool`` are set when both run."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.address = self.tool = ""
        self.key = private_key("storing")
        self.stale = False
        self.messages: list[dict[str, str]] = []
        self.app = Starlette(
            routes=[
                Route("/course", self.course),
                Route("/keeper", self.keeper),
                Route("/liar", lambda _: page(script=LIAR)),
                Route("/start", self.start),
                Route("/auth", self.authorize),
                Route("/jwks", lambda _: JSONResponse({"keys": [public_jwk(self.key, KID)]})),
                Route("/return", self.back),
                Route("/item", lambda _: page("<h1>An item of the course</h1>")),
            ]
        )

    def course(self, request: Request) -> Response:
        """The course, with the tool in a frame."""
        keeps, person = request.query_params.get("keeps", ""), request.query_params["person"]
        beside, script = "", ""
        if keeps in {"_parent", "liar"}:
            script = f"const LIAR = {str(keeps == 'liar').lower()};{KEEPER}"
        if keeps == "liar":
            beside = '<iframe name="liar" title="Liar" src="/liar"></iframe>'
        if keeps in {"post_message_forwarding", "capabilities"}:
            beside = '<iframe name="post_message_forwarding" title="Keeper" src="/keeper"></iframe>'
            script = CAPABILITIES if keeps == "capabilities" else ""
        target = {"capabilities": "not_there", "silent": "_parent", "liar": "_parent"}.get(keeps, keeps)
        source = html.escape(f"/start?person={person}&target={target}")
        frame = f'<iframe name="tool" title="Tool" src="{source}" width="100%" height="1500"></iframe>'
        return page(f"<h1>Ratios</h1>{beside}{frame}", script)

    def keeper(self, _request: Request) -> Response:
        """The frame that keeps values."""
        return page(script=f"const LIAR = false;{KEEPER}")

    def start(self, request: Request) -> Response:
        """Third-party-initiated login."""
        fields = {
            "iss": self.address,
            "client_id": CLIENT_ID,
            "login_hint": request.query_params["person"],
            "lti_message_hint": "course-1",
            "target_link_uri": f"{self.tool}/lti/launch",
        }
        if request.query_params["target"]:
            fields["lti_storage_target"] = request.query_params["target"]
        return posting(f"{self.tool}/lti/login", fields)

    def authorize(self, request: Request) -> Response:
        """The message, for whoever the login names: ``teacher…`` is one, all others are students."""
        asked = request.query_params
        person, now = asked["login_hint"], int(self.clock.now().timestamp())
        body: dict[str, Any] = {
            "iss": self.address,
            "aud": CLIENT_ID,
            "sub": person,
            "name": person.title(),
            "iat": now - (900 if self.stale else 0),
            "exp": now - (600 if self.stale else -60),
            "nonce": asked["nonce"],
            LTI + "version": "1.3.0",
            LTI + "message_type": "LtiResourceLinkRequest",
            LTI + "deployment_id": DEPLOYMENT_ID,
            LTI + "target_link_uri": f"{self.tool}/lti/launch",
            LTI + "resource_link": {"id": "link-1"},
            LTI + "roles": roles_of(person),
            LTI + "context": {"id": "course-1", "title": "Ratios"},
            LTI + "launch_presentation": {
                "document_target": "iframe",
                "return_url": f"{self.address}/return?course=1&sesskey=Kx7",
            },
        }
        token = sign({"alg": "RS256", "typ": "JWT", "kid": KID}, body, self.key)
        return posting(asked["redirect_uri"], {"id_token": token, "state": asked["state"]})

    def back(self, request: Request) -> Response:
        """Where the way back leads."""
        self.messages.append(dict(request.query_params))
        return page("<h1>Back in the course</h1>")


def page(body: str = "", script: str = "") -> Response:
    """An HTML page."""
    return HTMLResponse(
        f"<!doctype html><html lang=en><title>Course</title><body>{body}<script>{script}</script></body>"
    )


def posting(address: str, fields: dict[str, str]) -> Response:
    """A page whose form posts itself."""
    inputs = "".join(f'<input type=hidden name="{name}" value="{html.escape(fields[name])}">' for name in fields)
    return page(f'<form method=post action="{address}">{inputs}</form>', "document.forms[0].submit()")


class Cookieless:
    """In front of the tool: while ``on``, no cookie passes, as in a browser that keeps none but leaves the tab its storage."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.on = False
        self.asked: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not self.on:
            await self.app(scope, receive, send)
            return
        self.asked.append(scope["path"] + "?" + scope["query_string"].decode())
        scope = scope | {"headers": [(name, value) for name, value in scope["headers"] if name != b"cookie"]}

        async def without(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [one for one in message["headers"] if one[0].lower() != b"set-cookie"]
            await send(message)

        await self.app(scope, receive, without)
