"""What the tool says of itself to a platform: one description, whether it is sent by Dynamic Registration or pasted by hand.

It asks for the least: who somebody is and what they are called, never a mail address, a picture or a telephone number.

Sources: LTI Dynamic Registration 1.0 §3, LTI Core 1.3 Appendix D (custom parameters and their variables).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from lti_tool.lti import claims
from lti_tool.lti.history import CONTEXT_HISTORY, LINK_HISTORY
from lti_tool.lti.launch import HIGH_CONTRAST, MASQUERADING_USER, OBSERVEES, TIME_ZONE
from lti_tool.lti.models import Family
from lti_tool.settings import Settings

NAME = "Playlists"
DESCRIPTION = "Each student's own path over the course's pages, quizzes and assignments, with choice and mastery."
TOOL_ID = "lti-tool-playlists"
"""Names the tool among others of the same address, where a platform asks for such a thing."""

SECTIONS = "canvas_section_ids"
"""The custom parameter with the ids of the sections a person is in, between commas."""

SECTION_RESTRICTED = "canvas_section_restricted"
"""The custom parameter that is ``true`` for who may see only the people of their own sections."""

LOCALE = "message_locale"
"""The custom parameter that holds ``$Message.locale``, for platforms that leave it out of ``launch_presentation``."""

CLAIMS = ("iss", "sub", "name", "given_name", "family_name", "locale")
"""The claims asked for. No email: nothing here needs one."""

SCOPES = (
    claims.LINE_ITEM_SCOPE,
    claims.LINE_ITEM_READ_SCOPE,
    claims.RESULT_READ_SCOPE,
    claims.SCORE_SCOPE,
    claims.MEMBERSHIP_READ_SCOPE,
)
"""The scopes every platform with LTI Advantage knows."""

OPTIONAL_SCOPES = (claims.GROUP_READ_SCOPE, claims.NOTICE_HANDLERS_SCOPE)
"""Scopes of services that few platforms have (Course Groups 1.0, Platform Notification Service 1.0)."""

# Keys are lower case (Schoology and Moodle change others), values are strings (Canvas refuses others). Moodle 4.5 takes
# lineitem_url, lineitems_url, results_url, result_url, scores_url, score_url and gradebookservices_scope for its own.
_CUSTOM = {
    CONTEXT_HISTORY: "$Context.id.history",
    LINK_HISTORY: "$ResourceLink.id.history",
    TIME_ZONE: "$Person.address.timezone",
    LOCALE: "$Message.locale",
}

CANVAS_CUSTOM = {
    "canvas_course_id": "$Canvas.course.id",
    "canvas_user_id": "$Canvas.user.id",
    "canvas_api_domain": "$Canvas.api.domain",
    SECTIONS: "$Canvas.course.sectionIds",
    SECTION_RESTRICTED: "$Canvas.course.sectionRestricted",
    HIGH_CONTRAST: "$Canvas.user.prefersHighContrast",
    MASQUERADING_USER: "$Canvas.masqueradingUser.id",
    OBSERVEES: "$com.instructure.User.observees",
    # It knows no $ResourceLink.id.history. Of a link that is an assignment, an assignment's id is the link's as well
    # (app/models/abstract_assignment.rb: resource_link_uuid: lti_context_id).
    LINK_HISTORY: "$Activity.id.history",
}
"""What Canvas alone can fill in; the names are those that launches are read by."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A place in the platform where the tool can be opened, and the message it opens with.

    ``name`` is the platform's name for it; ``settings`` are members that this platform knows for it, such as Canvas's
    ``visibility``.
    """

    name: str
    message: str
    label: str = NAME
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolConfiguration:
    """Everything a platform has to know of the tool. Addresses are absolute; scopes and placements are what we would like."""

    name: str
    description: str
    domain: str
    base_url: str
    login_url: str
    launch_url: str
    jwks_url: str
    notices_url: str
    icon_url: str
    scopes: tuple[str, ...]
    optional_scopes: tuple[str, ...]
    claims: tuple[str, ...]
    custom: Mapping[str, str]
    messages: tuple[str, ...]
    placements: tuple[Placement, ...]


class RegistrationQuirks(Protocol):
    """How one LMS departs from Dynamic Registration 1.0, and what it can be told beyond it."""

    @property
    def next_steps(self) -> Sequence[str]:
        """What the administrator does after the registration, in order; gettext message ids."""
        ...

    @property
    def shared_by_schools(self) -> bool:
        """True where one registration serves every school of the LMS: it belongs to none, and each deployment waits."""
        ...

    def domain(self, base_url: str) -> str:
        """The tool's domain as the LMS compares it."""
        ...

    def custom_parameters(self) -> Mapping[str, str]:
        """Custom parameters with variables that this LMS alone knows."""
        ...

    def placements(self) -> Sequence[Placement]:
        """Where in this LMS the tool can be opened."""
        ...

    def tool_members(self) -> Mapping[str, Any]:
        """Members this LMS knows in the tool configuration of a registration request."""
        ...

    def message_members(self, placement: Placement) -> Mapping[str, Any]:
        """Members this LMS knows in a message of a registration request."""
        ...

    def token_audience(self, token_url: str, authorization_server: str | None) -> str | None:
        """The audience of token requests, where it is not the token address."""
        ...

    def belongs(self, issuer: str, host: str, member: str) -> bool:
        """Whether a host that is not the issuer's own is known to be the same platform's.

        ``member`` is what is found there: ``configuration``, or the name of an address in it such as ``token_endpoint``.
        """
        ...


QuirksOf = Callable[[Family], RegistrationQuirks]
"""Gives the habits of an LMS; ``platforms.quirks`` in the running tool."""


def tool_configuration(settings: Settings, quirks: RegistrationQuirks) -> ToolConfiguration:
    """What the tool says of itself to a platform with these habits. Pure: nothing is asked for or kept."""
    base = settings.base_url
    return ToolConfiguration(
        name=NAME,
        description=DESCRIPTION,
        domain=quirks.domain(base),
        base_url=base,
        login_url=base + "/lti/login",
        launch_url=base + "/lti/launch",
        jwks_url=base + "/.well-known/jwks.json",
        notices_url=base + "/lti/notices",
        # Another release's address of a static file is answered too, so that no version has to stand in it.
        icon_url=base + "/static/icon/mark.svg",
        scopes=SCOPES,
        optional_scopes=OPTIONAL_SCOPES,
        claims=CLAIMS,
        custom=_CUSTOM | dict(quirks.custom_parameters()),
        messages=(claims.RESOURCE_LINK_REQUEST, claims.DEEP_LINKING_REQUEST, claims.SUBMISSION_REVIEW_REQUEST),
        placements=tuple(quirks.placements()),
    )


def host_of(base_url: str) -> str:
    """The host of an address, without its port; empty where there is none."""
    try:
        return urlsplit(base_url).hostname or ""
    except ValueError:
        return ""


def host_and_port_of(base_url: str) -> str:
    """The host of an address with its port, where the address names one."""
    return urlsplit(base_url).netloc
