"""Schoology. Sources: its developer documentation ("LTI apps"), launches of it that the 1EdTech reference tool shows in public,
and what other tools' makers report from the field; the last two are marked *seen* and *reported*.
"""

import hashlib
import secrets
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lti_tool.sandbox.likes.base import LTI, Like
from lti_tool.sandbox.models import ModuleItem, Person, Tool

if TYPE_CHECKING:
    from lti_tool.sandbox.claims import LaunchFacts
    from lti_tool.sandbox.models import LaunchTicket
    from lti_tool.sandbox.scores import ScoreBody
    from lti_tool.sandbox.services import ServiceError

_GROUPS = "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice"
_NOTICES = f"{LTI}/platformnotificationservice"
_SERVICES = "/lti-service/tool/{tool_id}/services"


class Schoology(Like):
    """Schoology: one issuer and one client id for all schools, each of which is a deployment."""

    name = "schoology"
    product_family_code = "schoology"
    has_canvas_api = False
    has_schoology_api = True
    has_groups_and_notices = False

    # An app is made by hand, in Schoology's App Center; there is no Dynamic Registration.
    registers_by_link = False

    # The documentation, "Deep linking": LTI links and links.
    pick_types = ("ltiResourceLink", "link")

    # The documentation's addresses, on the sandbox's own host.
    authorization_path = "/lti-service/authorize-redirect"
    jwks_path = "/lti-service/.well-known/jwks"
    token_path = "/lti-service/access-token"  # noqa: S105 - an address.

    # Reported: the context's id stands in them, which is the section's in Schoology's own addresses; and the app's.
    line_items_path = _SERVICES + "/assignment-grade/v2p0/sections/{course_id}/lineitems"
    line_item_path = line_items_path + "/{line_item_id}"
    memberships_path = _SERVICES + "/names-roles/v2p0/membership/{course_id}"

    # The documentation: at most a hundred members a page.
    roster_page = (100, 100)

    # Reported: taken without a word, and not kept.
    keeps_dates = False

    # Reported: "Invalid parameter "body.id": "id" is not allowed".
    unknown_members = frozenset({"id"})

    # Seen: ten minutes.
    id_token_life = timedelta(seconds=600)

    custom: Mapping[str, str] = {
        "launch_domain": "$com.schoology.Launch.domain",
        "section_id": "$com.schoology.CourseSection.id",
        "schoology_user_id": "$User.id",
        "schoology_section_id": "$com.schoology.CourseSection.id",
        "user_timezone": "$com.schoology.User.timezone",
        "context_id_history": "$Context.id.history",
        "resource_link_id_history": "$ResourceLink.id.history",
    }

    def issuer(self, base_url: str, hosted: str | None) -> str:
        """The same for every school."""
        return "https://schoology.schoology.com"

    def new_context_id(self, number: int) -> str:
        """The section's number."""
        return str(number)

    def new_person_id(self, number: int) -> str:
        """Seen: a number, two colons and 32 hexadecimal digits."""
        return f"{number}::{secrets.token_hex(16)}"

    def new_client_id(self, login_url: str) -> str:
        """An app has one, a number of ten digits, wherever it is installed."""
        return str(5_000_000_000 + int(hashlib.sha256(login_url.encode()).hexdigest()[:8], 16) % 1_000_000_000)

    def new_deployment_id(self, tool: Tool) -> str:
        """Reported and seen: the client id, a hyphen and the school's number."""
        return f"{tool.client_id}-{3_000_000_000 + secrets.randbelow(1_000_000_000)}"

    def new_hint(self, item: ModuleItem | None) -> str:
        """Seen: a UUID."""
        return str(uuid.uuid4())

    def login_fields(self, fields: dict[str, str], tool: Tool, course_id: int) -> dict[str, str]:
        """Seen in 2025: neither client id nor deployment; the hint is the deployment's with the course, and of no person."""
        return {
            "iss": fields["iss"],
            "target_link_uri": fields["target_link_uri"],
            "login_hint": f"{tool.deployment_id}-course-{course_id}",
            "lti_message_hint": fields["lti_message_hint"],
        }

    def login_hint_is_of(self, hint: str, person: Person, tool: Tool) -> bool:
        """Whoever is signed in is meant."""
        return hint.startswith(f"{tool.deployment_id}-course-")

    def variables(self, known: dict[str, Any], facts: "LaunchFacts", base_url: str) -> dict[str, Any]:
        """The documentation's list; Canvas's are not known."""
        kept = {name: value for name, value in known.items() if not name.startswith(("$Canvas.", "$com.instructure."))}
        return kept | {
            "$com.schoology.Launch.domain": base_url.partition("://")[2],
            "$com.schoology.User.uniqueId": str(facts.person.id),
            "$com.schoology.User.timezone": facts.person.time_zone,
            "$com.schoology.School.id": facts.tool.deployment_id.rpartition("-")[2],
            "$com.schoology.CourseSection.id": str(facts.course.id),
            "$CourseSection.title": facts.course.name,
        }

    def custom_of(self, facts: "LaunchFacts") -> Mapping[str, Any]:
        """The documentation: the app's own parameters do not come with a link made by deep linking, and keys lose capitals."""
        link = facts.resource_link
        values = facts.tool.custom if link is None or not link.custom else link.custom
        return {name.lower(): value for name, value in values.items()}

    def id_token(
        self, claims: dict[str, Any], facts: "LaunchFacts", ticket: "LaunchTicket", base_url: str
    ) -> dict[str, Any]:
        """Seen: the audience is a list, and nobody is the authorized party. Canvas's own claims are Canvas's."""
        claims["aud"] = [claims["aud"]]
        for name in ("azp", "locale", "https://www.instructure.com/placement", _GROUPS, _NOTICES):
            claims.pop(name, None)
        claims[f"{LTI}/context"]["type"] = ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"]
        return claims

    def token(self, answer: dict[str, Any]) -> Response:
        """Seen: the type in small letters."""
        return JSONResponse(answer | {"token_type": "bearer"})

    def service_refused(self, request: Request, refused: "ServiceError") -> Response:
        """Reported: one word and a sentence."""
        return JSONResponse({"error": refused.message}, refused.status)

    def not_acceptable(self, wanted: str) -> tuple[int, str]:
        """Reported."""
        service = "handleNamesRoles" if "membership" in wanted else "handleAssignmentGrade"
        return 400, f"{service}: Invalid Accept Header"

    def comment(self, before: str | None, body: "ScoreBody") -> str | None:
        """Reported: a score without a comment erases the one there was."""
        return body.comment or None

    def is_stale(self, at: datetime, before: datetime) -> bool:
        """In whole seconds, on the careful side: nothing is documented."""
        return at.replace(microsecond=0) <= before.replace(microsecond=0)
