"""A launch as the rest of the tool sees it: verified, typed, and without a trace of the token it came in.

``read_launch`` is pure: it turns claims that ``messages.check`` has passed into a ``Launch``. What a platform leaves out,
empties or cannot resolve is absent here, so that nobody downstream has to ask twice.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from lti_tool.lti import claims
from lti_tool.lti.families import family_of
from lti_tool.lti.foreign_json import UNREADABLE
from lti_tool.lti.history import CONTEXT_HISTORY, LINK_HISTORY, ids_in
from lti_tool.lti.links import is_web_address
from lti_tool.lti.models import Deployment, Family, Registration, Role
from lti_tool.lti.names import told_name
from lti_tool.lti.roles import administers, observed_by, role_of

ID_LENGTH = 255
"""The longest identifier LTI allows, in characters (LTI Core 1.3 §5.3.1, §5.3.4, §5.3.5)."""

TIME_ZONE = "user_timezone"
"""The custom parameter that holds ``$Person.address.timezone``. Moodle's "99" means the server's zone, and says nothing."""

LOCALE = "message_locale"
"""The custom parameter that holds ``$Message.locale``, for platforms that leave it out of ``launch_presentation``."""

HIGH_CONTRAST = "user_high_contrast"
"""The custom parameter that holds Canvas's ``$Canvas.user.prefersHighContrast``: ``true`` or ``false``."""

MASQUERADING_USER = "masquerading_user_id"
"""The custom parameter that holds Canvas's ``$Canvas.masqueradingUser.id``: there while an administrator acts as a user."""

OBSERVEES = "canvas_observees"
"""The custom parameter that holds Canvas's ``$com.instructure.User.observees``: the subs of whom the person observes in the
course, between commas. Canvas leaves ``role_scope_mentor`` out of messages to tools that are told less than everything
(lib/lti/messages/jwt_message.rb, ``add_mentorship_claims!``).
"""

_MOST_OBSERVED = 100
_URL_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class LaunchContext:
    """The course the launch came from (LTI Core 1.3 §5.4.1). Its id is unique within the deployment.

    ``history`` holds the ids of the courses it was copied from, the latest first.
    """

    id: str
    title: str = ""
    label: str = ""
    types: tuple[str, ...] = ()
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LaunchResourceLink:
    """The link that was opened (§5.3.5). ``history`` holds the ids of the links it was copied from, the latest first."""

    id: str
    title: str = ""
    description: str = ""
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AgsEndpoint:
    """What the gradebook service offers here (AGS 2.0 §3.1): scopes, and addresses to be used as they are."""

    scopes: tuple[str, ...]
    line_items_url: str | None = None
    line_item_url: str | None = None


@dataclass(frozen=True, slots=True)
class GroupsEndpoint:
    """What the Course Groups service offers here (Course Groups 1.0 §3.1); ``sets_url`` only where groups come in sets."""

    groups_url: str
    sets_url: str | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoticeEndpoint:
    """Where to ask for notices, and which there are (Platform Notification Service 1.0 §3)."""

    url: str
    types: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Presentation:
    """How the platform shows the tool (§5.4.4). ``return_url`` may hold a session key of the user: never log it."""

    document_target: str | None = None
    return_url: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class Launch:
    """A verified message. ``mentor_of`` holds the subs a mentor may see; ``for_user`` the sub under review, if any.

    ``administers`` says that the person is an administrator of the institution or the system, whatever they are in the
    course; ``masquerading`` that an administrator acts as this person; ``time_zone`` is an IANA name.
    """

    registration: Registration
    deployment: Deployment
    message_type: str
    target_link_uri: str
    sub: str | None
    name: str | None
    given_name: str | None
    family_name: str | None
    locale: str | None
    roles: tuple[str, ...]
    role: Role
    mentor_of: tuple[str, ...]
    context: LaunchContext | None
    resource_link: LaunchResourceLink | None
    ags: AgsEndpoint | None
    nrps_url: str | None
    custom: Mapping[str, str]
    presentation: Presentation
    platform_family: Family
    for_user: str | None = None
    administers: bool = False
    masquerading: bool = False
    high_contrast: bool = False
    time_zone: str | None = None
    deep_linking: Mapping[str, Any] | None = field(default=None)
    groups: GroupsEndpoint | None = None
    notices: NoticeEndpoint | None = None

    @property
    def organisation_id(self) -> uuid.UUID:
        """The tenant: the deployment's organisation. A deployment without one is held, and opens nothing."""
        if self.deployment.organisation_id is None:
            raise ValueError("a held deployment has no organisation")
        return self.deployment.organisation_id


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a launch leads: who came, into which course, and the page of ours to open (a path that begins with ``/``)."""

    organisation_id: uuid.UUID
    person_id: uuid.UUID | None
    course_id: uuid.UUID | None
    resource_link_id: uuid.UUID | None
    role: Role
    address: str


def read_launch(body: Mapping[str, Any], registration: Registration, deployment: Deployment) -> Launch:
    """The launch that checked claims describe."""
    roles = tuple(role for role in _list(body.get(claims.ROLES)) if role)
    presentation = read_presentation(body)
    custom = custom_parameters(body)
    masquerading = bool(custom.get(MASQUERADING_USER, "").strip())
    family = family_of(registration.lms, _text(_object(body, claims.TOOL_PLATFORM), "product_family_code"))
    return Launch(
        registration=registration,
        deployment=deployment,
        message_type=str(body[claims.MESSAGE_TYPE]),
        target_link_uri=_text(body, claims.TARGET_LINK_URI) or "",
        sub=_text(body, "sub"),
        name=told_name(body.get("name")),
        given_name=told_name(body.get("given_name")),
        family_name=told_name(body.get("family_name")),
        # The page's language in the LMS goes before the person's own (OpenID Connect's locale).
        locale=presentation.locale or _text(custom, LOCALE, 35) or _text(body, "locale", 35),
        roles=roles,
        role=role_of(roles, registration.role_overrides),
        mentor_of=observed_by(roles, _observed(body, custom), registration.role_overrides),
        context=read_context(body, custom),
        resource_link=_resource_link(body, custom),
        ags=_ags(body),
        nrps_url=_address(_object(body, claims.NAMES_ROLE_SERVICE), "context_memberships_url"),
        custom=custom,
        presentation=presentation,
        platform_family=family,
        for_user=_text(_object(body, claims.FOR_USER), "user_id"),
        administers=administers(roles) and not masquerading,
        masquerading=masquerading,
        high_contrast=custom.get(HIGH_CONTRAST, "").strip().lower() == "true",
        time_zone=_time_zone(custom.get(TIME_ZONE)),
        deep_linking=_object(body, claims.DEEP_LINKING_SETTINGS) or None,
        groups=_groups(body),
        notices=_notices(body),
    )


def _object(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _text(body: Mapping[str, Any], name: str, longest: int | None = None) -> str | None:
    value = body.get(name)
    if not isinstance(value, str):
        return None
    # What the platform could not write (``foreign_json``) is left out: no name or title needs it.
    value = value.replace(UNREADABLE, "").strip()
    return value[:longest] or None


def _address(body: Mapping[str, Any], name: str) -> str | None:
    value = _text(body, name)
    return value if value is not None and len(value) <= _URL_LENGTH and is_web_address(value) else None


def read_context(body: Mapping[str, Any], custom: Mapping[str, str]) -> LaunchContext | None:
    """The course a message or a notice is about; None where it names none."""
    given = _object(body, claims.CONTEXT)
    context_id = _text(given, "id")
    if context_id is None:
        return None
    return LaunchContext(
        id=context_id,
        title=_text(given, "title", 500) or "",
        label=_text(given, "label", 200) or "",
        types=tuple(_list(given.get("type"))),
        history=ids_in(custom.get(CONTEXT_HISTORY), context_id),
    )


def _resource_link(body: Mapping[str, Any], custom: Mapping[str, str]) -> LaunchResourceLink | None:
    given = _object(body, claims.RESOURCE_LINK)
    link_id = _text(given, "id")
    if link_id is None:
        return None
    return LaunchResourceLink(
        id=link_id,
        title=_text(given, "title", 500) or "",
        description=_text(given, "description", 2000) or "",
        history=ids_in(custom.get(LINK_HISTORY), link_id),
    )


def _ags(body: Mapping[str, Any]) -> AgsEndpoint | None:
    given = _object(body, claims.AGS_ENDPOINT)
    if not given:
        return None
    return AgsEndpoint(
        scopes=tuple(_list(given.get("scope"))),
        line_items_url=_address(given, "lineitems"),
        line_item_url=_address(given, "lineitem"),
    )


def _groups(body: Mapping[str, Any]) -> GroupsEndpoint | None:
    given = _object(body, claims.GROUPS_SERVICE)
    groups_url = _address(given, "context_groups_url")
    if groups_url is None:
        return None
    return GroupsEndpoint(
        groups_url=groups_url,
        sets_url=_address(given, "context_group_sets_url"),
        scopes=tuple(_list(given.get("scope"))),
    )


def _notices(body: Mapping[str, Any]) -> NoticeEndpoint | None:
    given = _object(body, claims.NOTIFICATION_SERVICE)
    url = _address(given, "platform_notification_service_url")
    if url is None:
        return None
    return NoticeEndpoint(
        url=url, types=tuple(_list(given.get("notice_types_supported"))), scopes=tuple(_list(given.get("scope")))
    )


def read_presentation(body: Mapping[str, Any]) -> Presentation:
    """How the platform shows the tool, as far as the claims say so; they need not have been checked otherwise."""
    given = _object(body, claims.LAUNCH_PRESENTATION)
    return Presentation(
        document_target=_text(given, "document_target", 32),
        return_url=_address(given, "return_url"),
        locale=_text(given, "locale", 35),
    )


def _observed(body: Mapping[str, Any], custom: Mapping[str, str]) -> list[str]:
    """The subs whom a mentor may see: the claim's, or where there is none the custom parameter's."""
    claimed = _list(body.get(claims.ROLE_SCOPE_MENTOR))
    if claimed:
        return claimed
    named = (one.strip() for one in custom.get(OBSERVEES, "").split(","))
    return [one for one in named if 0 < len(one) <= ID_LENGTH][:_MOST_OBSERVED]


def _time_zone(name: str | None) -> str | None:
    """The name, if it is one of the IANA database."""
    if name is None or len(name) > 64:
        return None
    try:
        return ZoneInfo(name.strip()).key
    except (KeyError, ValueError, OSError):
        # An unknown name is a KeyError; one with a path in it a ValueError; that of a folder of zones an OSError.
        return None


def custom_parameters(body: Mapping[str, Any]) -> dict[str, str]:
    """Custom values as text; without the empty ones and those the platform could not resolve and sent literally."""
    found = ((name, custom_text(value)) for name, value in _object(body, claims.CUSTOM).items())
    return {name: text for name, text in found if text is not None}


def custom_text(value: object) -> str | None:
    """A custom value as text, and None for one that says nothing.

    They have to be text (LTI Core 1.3 §5.4.6). Canvas sends truth values as such (``$Canvas.course.sectionRestricted``:
    lib/lti/variable_expander.rb makes text of numbers alone).
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        return None
    text = str(value).replace(UNREADABLE, "")
    return text if text and not text.startswith("$") else None
