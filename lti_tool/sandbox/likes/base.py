"""What the sandbox does when it plays no LMS in particular: the specification, strictly, at Canvas's addresses.

Every difference between LMSs is one value or one small method here, and stands with its source in the file of the LMS that
has it. Nothing in these files reads the store or the clock but what they are handed.
"""

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from lti_tool.sandbox.models import ModuleItem, Person, Tool

if TYPE_CHECKING:
    # These ask the settings which LMS is played, and the settings come here.
    from lti_tool.sandbox.claims import LaunchFacts
    from lti_tool.sandbox.models import LaunchTicket
    from lti_tool.sandbox.registration_body import RegistrationRefused
    from lti_tool.sandbox.scores import ScoreBody
    from lti_tool.sandbox.services import ServiceError
    from lti_tool.sandbox.token import TokenRefused

LTI = "https://purl.imsglobal.org/spec/lti/claim"


@dataclass
class Refused(Exception):
    """An authorization request that gets no id_token.

    ``about`` says what was wrong, in the words of the parameters, or ``session``, ``person``, ``course``, ``hint-used``,
    ``nonce-used``. ``posted``: it goes back to the tool, whose redirect address is proven.
    """

    error: str
    description: str
    about: str = ""
    posted: bool = True


class Like:
    """How one LMS behaves. A method is given what it may change and returns what is to be sent."""

    name = "plain"
    product_family_code = "canvas"
    has_canvas_api = True
    """The part of Canvas's REST API that tools read is answered."""

    has_developer_keys = False
    """Persons give tools tokens for that API through keys that the administrator makes."""

    has_web_services = False
    """Moodle's web services are answered, with a token that its administrator finds."""

    has_schoology_api = False
    """Schoology's REST API is answered, to keys and to persons' tokens."""

    throttles = False
    """Many calls at once with one token are refused."""

    has_groups_and_notices = True
    """Course Groups and the Platform Notification Service are there."""

    authorization_path = "/api/lti/authorize_redirect"
    second_authorization_path: str | None = None
    """Where the first one sends the browser on to, if it answers nothing itself."""

    jwks_path = "/api/lti/security/jwks"
    token_path = "/login/oauth2/token"  # noqa: S105 - an address.
    line_items_path = "/api/lti/courses/{course_id}/line_items"
    line_item_path = "/api/lti/courses/{course_id}/line_items/{line_item_id}"
    memberships_path = "/api/lti/courses/{course_id}/names_and_roles"

    # --- Addresses ----------------------------------------------------------------------------------------------------

    def issuer(self, base_url: str, hosted: str | None) -> str:
        """``iss`` of every id_token; ``hosted`` is the host for signing in, where that is another."""
        return base_url

    def line_items_url(self, base_url: str, tool: Tool, course_id: int) -> str:
        """The address of a course's line items."""
        return base_url + self.line_items_path.format(tool_id=tool.client_id, course_id=course_id)

    def line_item_url(self, base_url: str, tool: Tool, course_id: int, line_item_id: int) -> str:
        """The address, and so the id, of a line item."""
        path = self.line_item_path.format(tool_id=tool.client_id, course_id=course_id, line_item_id=line_item_id)
        return base_url + path

    def memberships_url(self, base_url: str, tool: Tool, course_id: int) -> str:
        """The address of a course's roster."""
        return base_url + self.memberships_path.format(tool_id=tool.client_id, course_id=course_id)

    # --- Ids ----------------------------------------------------------------------------------------------------------

    def new_person_id(self, number: int) -> str:
        """What messages call the person with this number."""
        return str(uuid.uuid4())

    def new_context_id(self, number: int) -> str:
        """What messages call the course with this number."""
        return secrets.token_hex(20)

    def new_link_id(self, number: int) -> str:
        """What messages call the resource link with this number."""
        return str(uuid.uuid4())

    def new_client_id(self, login_url: str) -> str:
        """The client id of a tool that is registered now."""
        return str(10_000_000_000_000 + secrets.randbelow(1_000_000_000))

    def new_deployment_id(self, tool: Tool) -> str:
        """The id of a tool's installation; the tool has its number and its client id already."""
        return f"1:{secrets.token_hex(20)}"

    # --- Registration by link -----------------------------------------------------------------------------------------

    registers_by_link = True
    """Dynamic Registration 1.0 is there."""

    configuration_path = "/.well-known/openid-configuration"
    registration_path = "/api/lti/registrations"
    token_in_configuration = True
    """The configuration's address carries the registration token, which the tool has to leave in it."""

    drops_what_is_not_offered = False
    """Scopes and messages that are not offered are left out of a registration; where this is False they are refused."""

    domain_has_port = False
    """The tool's domain has to name its port."""

    unasked_messages: tuple[str, ...] = ()
    """Messages that are sent to every tool, registered for or not."""

    def configuration(self, body: dict[str, Any]) -> dict[str, Any]:
        """What the platform says of itself, before a tool registers."""
        return body

    def registration(self, answer: dict[str, Any], tool: Tool, *, names_deployment: bool) -> dict[str, Any]:
        """The answer to a registration. As on Canvas the deployment stands beside it, and often not at all."""
        return {**answer, "deployment_id": tool.deployment_id} if names_deployment else answer

    def registration_refused(self, request: Request, refused: "RegistrationRefused") -> Response:
        """A refusal of the registration endpoint."""
        return self.service_refused(request, refused)

    # --- Content from tools -------------------------------------------------------------------------------------------

    pick_types: tuple[str, ...] = ("ltiResourceLink",)
    """The types of content that modules take from tools."""

    def pick_settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        """What a request to pick content accepts (Deep Linking 2.0, section 4.4.1)."""
        return settings

    def column_points(self, points: float, *, alone: bool) -> float | None:
        """The points of the column that comes with an item, which is ``alone`` in its answer or one of several; None for no
        column. ValueError with the reason where the item is not taken at all.
        """
        return points

    # --- Registration by hand -----------------------------------------------------------------------------------------

    placements: tuple[str, ...] = ("course_navigation", "link_selection")
    custom: Mapping[str, str] = {
        # What Canvas's developer keys for a tool like this usually carry; the names are the administrator's choice.
        "canvas_course_id": "$Canvas.course.id",
        "canvas_user_id": "$Canvas.user.id",
        "canvas_api_domain": "$Canvas.api.domain",
        "canvas_section_ids": "$Canvas.course.sectionIds",
        "canvas_assignment_id": "$Canvas.assignment.id",
        "canvas_module_item_id": "$Canvas.moduleItem.id",
        "user_timezone": "$Person.address.timezone",
        "user_high_contrast": "$Canvas.user.prefersHighContrast",
        "context_id_history": "$Context.id.history",
        "resource_link_id_history": "$ResourceLink.id.history",
    }

    observers_enrol = True
    """Families have a place in courses."""

    async def after_registration(self, session: AsyncSession, tool: Tool, now: datetime) -> None:
        """What a teacher does next so that the tool can be opened: nothing, it is in the navigation."""

    # --- Launches -----------------------------------------------------------------------------------------------------

    id_token_life = timedelta(seconds=300)
    framed_session = True
    """The LMS's own session cookie comes in frames, whoever began the navigation."""

    storage_target: str | None = None
    """Where the LMS usually keeps values for tools (``lti_storage_target``)."""

    hints_work_once = False

    def new_hint(self, item: ModuleItem | None) -> str:
        """What comes back as ``lti_message_hint``."""
        return secrets.token_urlsafe(24)

    def login_fields(self, fields: dict[str, str], tool: Tool, course_id: int) -> dict[str, str]:
        """The parameters of third-party-initiated login, of those that there are."""
        return fields

    def login_hint_is_of(self, hint: str, person: Person, tool: Tool) -> bool:
        """Whether the hint belongs to who is signed in."""
        return hint == person.lti_id

    def refusal(self, refused: Refused) -> Refused:
        """An authorization request's refusal as this LMS words it, and where it is shown."""
        return refused

    optional_parameters: frozenset[str] = frozenset()
    """Of the authorization request's fixed parameters, those that may be left out."""

    error_page_status = 400

    def signed_out(self, request: Request, asked: Mapping[str, str]) -> HTMLResponse | None:
        """A page for a browser without a session, before anything is refused; None to refuse."""
        return None

    def variables(self, known: dict[str, Any], facts: "LaunchFacts", base_url: str) -> dict[str, Any]:
        """The values of custom variables that can be resolved."""
        return known

    def custom_of(self, facts: "LaunchFacts") -> Mapping[str, Any]:
        """The custom parameters of a launch, before their variables are resolved: the tool's, and over them the link's."""
        return {**facts.tool.custom, **(facts.resource_link.custom if facts.resource_link else {})}

    def id_token(
        self, claims: dict[str, Any], facts: "LaunchFacts", ticket: "LaunchTicket", base_url: str
    ) -> dict[str, Any]:
        """The claims of an id_token."""
        return claims

    # --- Tokens -------------------------------------------------------------------------------------------------------

    checks_assertions = True
    """Audience, subject and a jti of its own are asked of client assertions, and a minute's difference of clocks is borne."""

    grants_in_part = True
    """Scopes that are not allowed are left out, and the others granted."""

    def token(self, answer: dict[str, Any]) -> Response:
        """The answer that holds a token."""
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    def token_refused(self, refused: "TokenRefused") -> Response:
        """The answer of the token endpoint where there is none (RFC 6749, section 5.2)."""
        body = {"error": refused.error, "error_description": refused.description}
        return JSONResponse(body, refused.status, headers={"Cache-Control": "no-store"})

    # --- Services -----------------------------------------------------------------------------------------------------

    roster_page = (50, 50)
    """Members a page: the usual number, and the most."""

    gradebook_page = (50, 100)
    """Line items or results a page: the usual number, and the most."""

    keeps_dates = True
    """Line items keep ``startDateTime`` and ``endDateTime``."""

    links_need_line_items = False
    """A resource link takes further line items only when it has one of its own."""

    deletes_coupled = True
    """The line item that came with a resource link may be removed."""

    def not_acceptable(self, wanted: str) -> tuple[int, str]:
        """Status and words for a call whose Accept does not name what is served."""
        return 406, f"Accept must name {wanted}."

    unknown_members: frozenset[str] = frozenset()
    """Members of a new line item that are refused."""

    def service_refused(self, request: Request, refused: "ServiceError") -> Response:
        """A refusal of a service. Canvas's form: ``{"errors": {"type": …, "message": …}}``."""
        body = {"errors": {"type": refused.type, "message": refused.message}}
        return JSONResponse(body, refused.status, headers=refused.headers)

    # --- Scores -------------------------------------------------------------------------------------------------------

    keeps_score: tuple[str, ...] = ("FullyGraded", "PendingManual")
    """The ``gradingProgress`` of scores that set a grade; every other clears it."""

    stale_status = 409

    counts_attempts = False
    """A score is a new submission unless it says otherwise, and a column can be told to take only so many."""

    def is_stale(self, at: datetime, before: datetime) -> bool:
        """Whether a score comes too late to count: not later than the last one (AGS 2.0, section 3.4.5)."""
        return at <= before

    def stale_words(self, at: datetime, before: datetime) -> str:
        """What is said to a score that comes too late."""
        return "timestamp: must be later than that of the score before"

    def comment(self, before: str | None, body: "ScoreBody") -> str | None:
        """The comment that stands after a score: the new one, or else the one there was."""
        return body.comment or before
