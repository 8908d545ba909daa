"""Moodle 4.5.6, as a running one was seen to behave; what was read in its source (mod/lti) and not seen is marked *code*."""

import json
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from lti_tool.sandbox.likes.base import LTI, Refused
from lti_tool.sandbox.likes.moodle_registration import MoodleRegistration
from lti_tool.sandbox.models import Course, LineItem, Module, ModuleItem, ResourceLink, Tool

if TYPE_CHECKING:
    from lti_tool.sandbox.claims import LaunchFacts
    from lti_tool.sandbox.models import LaunchTicket
    from lti_tool.sandbox.scores import ScoreBody
    from lti_tool.sandbox.services import ServiceError
    from lti_tool.sandbox.token import TokenRefused

AGS_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
DEEP_LINKING_CLAIM = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
SERVICES = "/mod/lti/services.php"
POINTS = 100
"""The maximum of an activity's own column (the site's ``gradepointdefault``)."""

_LIS = "http://purl.imsglobal.org/vocab/lis/v2"
_PLAIN_KEY = re.compile(r"[a-z0-9_]+")
# Parameters of these names vanish, and what they held stands in the AGS claim instead.
_RESERVED = {"lineitem_url": "lineitem", "lineitems_url": "lineitems", "gradebookservices_scope": "scope"}
_VANISHING = frozenset({*_RESERVED, "results_url", "result_url", "scores_url", "score_url"})


class Moodle(MoodleRegistration):
    """Moodle. Tools are activities; people, courses and links are called by their numbers."""

    name = "moodle"
    product_family_code = "moodle"
    has_canvas_api = False
    has_web_services = True
    has_groups_and_notices = False

    authorization_path = "/mod/lti/auth.php"
    jwks_path = "/mod/lti/certs.php"
    token_path = "/mod/lti/token.php"  # noqa: S105 - an address.
    line_items_path = SERVICES + "/{course_id}/lineitems"
    line_item_path = SERVICES + "/{course_id}/lineitems/{line_item_id}/lineitem"
    memberships_path = SERVICES + "/CourseSection/{course_id}/bindings/{tool_id}/memberships"

    # --- Addresses and ids --------------------------------------------------------------------------------------------

    def line_items_url(self, base_url: str, tool: Tool, course_id: int) -> str:
        """The tool's type stands in the query."""
        return f"{base_url}{SERVICES}/{course_id}/lineitems?type_id={tool.id}"

    def line_item_url(self, base_url: str, tool: Tool, course_id: int, line_item_id: int) -> str:
        """In the query again: scores and results belong before it, into the path."""
        return f"{base_url}{SERVICES}/{course_id}/lineitems/{line_item_id}/lineitem?type_id={tool.id}"

    def memberships_url(self, base_url: str, tool: Tool, course_id: int) -> str:
        """Here it stands in the path."""
        return f"{base_url}{SERVICES}/CourseSection/{course_id}/bindings/{tool.id}/memberships"

    def new_person_id(self, number: int) -> str:
        """The person's number, the same for every tool."""
        return str(number)

    def new_context_id(self, number: int) -> str:
        """The course's number."""
        return str(number)

    def new_link_id(self, number: int) -> str:
        """The number of the activity's instance; its addresses show another, the course module's."""
        return str(number)

    def new_client_id(self, login_url: str) -> str:
        """Fifteen letters and digits."""
        return secrets.token_hex(8)[:15]

    def new_deployment_id(self, tool: Tool) -> str:
        """The number of the tool's type."""
        return str(tool.id)

    # --- Registration -------------------------------------------------------------------------------------------------

    # An external tool is an activity of a course; the course's navigation has no place for it.
    placements: tuple[str, ...] = ("link_selection",)
    custom: Mapping[str, str] = {
        "user_timezone": "$Person.address.timezone",
        "context_id_history": "$Context.id.history",
        "resource_link_id_history": "$ResourceLink.id.history",
    }

    # A parent's role is in the child's own page, not in courses (code: lib/db/access.php).
    observers_enrol = False

    async def after_registration(self, session: AsyncSession, tool: Tool, now: datetime) -> None:
        """A teacher adds the tool as an activity, which has a column of its own in the gradebook, to each course without one."""
        used = select(ResourceLink.course_id).where(ResourceLink.tool_id == tool.id)
        for course in await session.scalars(select(Course).where(Course.id.not_in(used)).order_by(Course.id)):
            modules = select(Module).where(Module.course_id == course.id).order_by(Module.position, Module.id).limit(1)
            module = (await session.scalars(modules)).one_or_none()
            if module is not None:
                await _add_activity(session, course, module, tool, now)

    # --- Launches -----------------------------------------------------------------------------------------------------

    # A clock that is a minute ahead makes every token expired at a tool that bears no difference.
    id_token_life = timedelta(seconds=60)

    # On http its session cookie says nothing of SameSite, so it does not come when the tool's page began the navigation.
    framed_session = False
    hints_work_once = True
    optional_parameters = frozenset({"prompt"})
    error_page_status = 404

    def new_hint(self, item: ModuleItem | None) -> str:
        """JSON, as PHP writes it, to be given back byte for byte."""
        hint: dict[str, Any] = {"launchid": f"ltilaunch{item.id if item else 0}_{secrets.randbelow(10**12)}"}
        return json.dumps({"cmid": item.id, **hint} if item else hint, separators=(",", ":"))

    def login_fields(self, fields: dict[str, str], tool: Tool, course_id: int) -> dict[str, str]:
        """Six fields, and none of a storage for tools: there is none."""
        sent = ("iss", "target_link_uri", "login_hint", "lti_message_hint", "client_id", "lti_deployment_id")
        return {name: fields[name] for name in sent}

    def refusal(self, refused: Refused) -> Refused:
        """Some mistakes are posted to the tool, in one word; most end on a page of Moodle's."""
        if refused.about in {"prompt", "response_mode"}:
            return Refused("invalid_request", f"Invalid {refused.about}", refused.about)
        if refused.about == "person":
            return Refused("access_denied", "", "person")
        return Refused(refused.error, refused.description, refused.about, posted=False)

    def signed_out(self, request: Request, asked: Mapping[str, str]) -> HTMLResponse | None:
        """Without a session cookie, a page that posts the request once more, from Moodle itself (``repost``)."""
        if "repost" in asked:
            return None
        inputs = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in {**asked, "repost": "1"}.items()
        )
        return HTMLResponse(
            f'<!DOCTYPE html><html lang="en"><head><title>Moodle</title></head><body><form action="" method="post" '
            f'id="ltiRepost">{inputs}<noscript><button>Continue</button></noscript></form>'
            '<script>document.getElementById("ltiRepost").submit();</script></body></html>',
            headers={"Cache-Control": "no-store"},
        )

    def variables(self, known: dict[str, Any], facts: "LaunchFacts", base_url: str) -> dict[str, Any]:
        """Canvas's are not known and stay as they are written, and so do some of the specification's. 99 is "the server's"."""
        kept = {
            name: value
            for name, value in known.items()
            if not name.startswith(("$Canvas.", "$com.instructure.")) and name != "$Message.locale"
        }
        member = "Instructor" if _teaches(facts) else "Learner"
        return kept | {
            "$Person.address.timezone": "99",
            "$Membership.role": member,
            "$Moodle.Person.userGroupIds": "",
            "$Results.url": "",
            "$Scores.url": "",
        }

    def id_token(
        self, claims: dict[str, Any], facts: "LaunchFacts", ticket: "LaunchTicket", base_url: str
    ) -> dict[str, Any]:
        """The claims of a captured launch, and no others."""
        course, deep = facts.course, DEEP_LINKING_CLAIM in claims
        kept = ("nonce", "iat", "iss", "aud", "sub", "name", "given_name", "family_name", DEEP_LINKING_CLAIM)
        parts = ("deployment_id", "target_link_uri", "message_type", "version", "for_user")
        said = {name: claims[name] for name in (*kept, *(f"{LTI}/{part}" for part in parts)) if name in claims}
        said |= {
            "exp": claims["iat"] + int(self.id_token_life.total_seconds()),
            f"{LTI}/roles": _launch_roles(facts),
            f"{LTI}/context": {
                "id": course.context_id,
                "label": course.code,
                "title": course.name,
                "type": ["CourseSection"],
            },
            f"{LTI}/lis": {"person_sourcedid": "", "course_section_sourcedid": ""},
            f"{LTI}/ext": {"lms": "moodle-2"},
            f"{LTI}/launch_presentation": {"locale": facts.person.locale.replace("-", "_")},
            f"{LTI}/tool_platform": {
                "product_family_code": self.product_family_code,
                "version": "2024100706",
                "guid": "9ac470d9e80ab94c4abcee47c11fe597",
                "name": "Sandbox",
                "description": "Sandbox LMS",
            },
        }
        if "name" in claims:
            said[f"{LTI}/ext"]["user_username"] = facts.person.login
        said |= _service_claims(claims)
        said[f"{LTI}/custom"] = _custom(claims[f"{LTI}/custom"], said)
        return said if deep else said | _of_link(facts, ticket, base_url)

    # --- Tokens -------------------------------------------------------------------------------------------------------

    # aud, iss, jti and a second use are not looked at; an iat that is ahead at all is refused.
    checks_assertions = False

    def token(self, answer: dict[str, Any]) -> Response:
        """JSON that calls itself text/html."""
        return HTMLResponse(json.dumps(answer))

    def token_refused(self, refused: "TokenRefused") -> Response:
        """Free text where the specification has codes; for a key that is not published, text that is not JSON."""
        if refused.about == "kid":
            return HTMLResponse('{\n  "error" : ""kid" invalid, unable to lookup correct key"\n}', 400)
        words = {
            "algorithm": "Algorithm not supported",
            "signature": "Signature verification failed",
            "expired": "Expired token",
            "early": "Cannot handle token with iat prior to the present",
            "client": "invalid_client",
            "scope": "invalid_scope",
        }
        return HTMLResponse(json.dumps({"error": words.get(refused.about, "invalid_request")}), 400)

    # --- Services: addresses and bodies stand in moodle_services and moodle_roster ----------------------------------

    def service_refused(self, request: Request, refused: "ServiceError") -> Response:
        """The status again, a sentence, and the request. A scope that is missing is a 401 as well, and no header says why.

        The sentence stands in the status line too, which a program on ASGI cannot say.
        """
        status = 401 if refused.status in (401, 403) and refused.type != "forbidden" else refused.status
        body = {
            "status": status,
            "reason": "Unauthorized" if status == 401 else refused.message,
            "request": {
                "method": request.method,
                "url": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
                "accept": request.headers.get("accept", ""),
                "contentType": request.headers.get("content-type", ""),
            },
        }
        return Response(json.dumps(body, ensure_ascii=False), status, media_type="application/json; charset=utf-8")

    # --- Scores -------------------------------------------------------------------------------------------------------

    # Every other progress, and a score without a number, empties the cell.
    keeps_score = ("FullyGraded",)

    def is_stale(self, at: datetime, before: datetime) -> bool:
        """Compared in whole seconds: a second score within one is not later."""
        return at.replace(microsecond=0) <= before.replace(microsecond=0)

    def comment(self, before: str | None, body: "ScoreBody") -> str | None:
        """Replaced each time, and cleared when none comes."""
        return body.comment or None


async def _add_activity(session: AsyncSession, course: Course, module: Module, tool: Tool, now: datetime) -> None:
    # The store asks the settings which LMS is played, and those come here.
    from lti_tool.sandbox.store import add_resource_link  # noqa: PLC0415

    link = await add_resource_link(session, course_id=course.id, tool=tool, title=tool.name)
    session.add(
        ModuleItem(
            course_id=course.id,
            module_id=module.id,
            type="ExternalTool",
            title=tool.name,
            position=0,
            resource_link_id=link.id,
        )
    )
    session.add(
        LineItem(
            course_id=course.id,
            tool_id=tool.id,
            label=tool.name,
            score_maximum=POINTS,
            resource_link_id=link.lti_id,
            created_at=now,
        )
    )
    await session.flush()


def _teaches(facts: "LaunchFacts") -> bool:
    """The capability ``mod/lti:manage``, which a non-editing teacher has too."""
    teaches = facts.enrolment is not None and facts.enrolment.role in ("teacher", "assistant")
    return teaches or facts.person.kind == "administrator"


def _launch_roles(facts: "LaunchFacts") -> list[str]:
    member = f"{_LIS}/membership#{'Instructor' if _teaches(facts) else 'Learner'}"
    if facts.person.kind != "administrator":
        return [member]
    return [f"{_LIS}/institution/person#Administrator", member, f"{_LIS}/system/person#Administrator"]


def _service_claims(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Grades and roster; Moodle has no groups and no notices."""
    said: dict[str, Any] = {}
    if AGS_CLAIM in claims:
        said[AGS_CLAIM] = dict(claims[AGS_CLAIM])
    if NRPS_CLAIM in claims:
        said[NRPS_CLAIM] = {**claims[NRPS_CLAIM], "service_versions": ["1.0", "2.0"]}
    return said


def _custom(given: Mapping[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """A name with other signs than ``[a-z0-9_]`` comes twice; the reserved ones vanish; the roster's address comes unasked."""
    custom: dict[str, Any] = {}
    for name, value in given.items():
        plain = re.sub(r"[^a-z0-9_]", "_", name.lower())
        if plain in _VANISHING:
            if AGS_CLAIM in said and plain in _RESERVED:
                said[AGS_CLAIM][_RESERVED[plain]] = value
            continue
        custom[name] = value
        if not _PLAIN_KEY.fullmatch(name):
            custom[plain] = value
    if NRPS_CLAIM in said:
        custom["context_memberships_url"] = said[NRPS_CLAIM]["context_memberships_url"]
    return custom


def _of_link(facts: "LaunchFacts", ticket: "LaunchTicket", base_url: str) -> dict[str, Any]:
    """What only a launch of an activity has. The way back holds the person's session key."""
    link = facts.resource_link
    number = link.lti_id if link else "0"
    way_back = f"{base_url}/mod/lti/return.php?course={facts.course.id}&launch_container=2&instanceid={number}"
    said: dict[str, Any] = {
        f"{LTI}/resource_link": {
            "title": link.title if link else facts.tool.name,
            "description": link.description if link else "",
            "id": number,
        },
        f"{LTI}/launch_presentation": {
            "locale": facts.person.locale.replace("-", "_"),
            "document_target": ticket.document_target,
            "return_url": f"{way_back}&sesskey={secrets.token_hex(5)}",
        },
    }
    if facts.line_item_ids:
        data = {"instanceid": number, "userid": facts.person.lti_id, "launchid": secrets.randbelow(10**10)}
        said["https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome"] = {
            "lis_result_sourcedid": json.dumps({"data": data, "hash": secrets.token_hex(32)}),
            "lis_outcome_service_url": f"{base_url}/mod/lti/service.php",
        }
    return said
