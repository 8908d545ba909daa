"""The registration that is sent to a platform, and what it answers (Dynamic Registration 1.0 §3). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lti_tool.lti import claims
from lti_tool.lti.foreign_json import UNREADABLE
from lti_tool.lti.platform_configuration import PlatformConfiguration
from lti_tool.lti.registration_refusals import RegistrationUnreadable
from lti_tool.lti.tool_description import Placement, RegistrationQuirks, ToolConfiguration

LTI_TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"

_ID_LIMIT = 255
_LTI_SCOPES = "https://purl.imsglobal.org/spec/"
_UNTOLD = (claims.RESOURCE_LINK_REQUEST, claims.DEEP_LINKING_REQUEST)
_CANVAS_PREFIX = "https://canvas.instructure.com/lti/"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a platform made of a registration: the client id, and the deployment's where there is one already."""

    client_id: str
    deployment_id: str | None


def scopes_asked(tool: ToolConfiguration, platform: PlatformConfiguration) -> tuple[str, ...]:
    """The scopes to ask for: those that the platform offers. Canvas refuses a request with any other.

    Sakai lists ``openid`` alone and grants LTI's scopes all the same: who names none of them has not said which there are.
    """
    if platform.scopes is None or not any(scope.startswith(_LTI_SCOPES) for scope in platform.scopes):
        return tool.scopes
    return tuple(scope for scope in (*tool.scopes, *tool.optional_scopes) if scope in platform.scopes)


def messages_asked(tool: ToolConfiguration, platform: PlatformConfiguration) -> tuple[str, ...]:
    """The messages to ask for: those that the platform sends; where it does not say, the two that every one has."""
    wanted = platform.messages or _UNTOLD
    return tuple(message for message in tool.messages if message in wanted)


def registration_request(
    tool: ToolConfiguration, platform: PlatformConfiguration, quirks: RegistrationQuirks
) -> dict[str, Any]:
    """The body of the registration: OpenID Connect's client metadata, and LTI's tool configuration in it."""
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["client_credentials", "implicit"],
        "initiate_login_uri": tool.login_url,
        "redirect_uris": [tool.launch_url],
        "client_name": tool.name,
        "client_uri": tool.base_url,
        "logo_uri": tool.icon_url,
        "jwks_uri": tool.jwks_url,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(scopes_asked(tool, platform)),
        LTI_TOOL: {
            "domain": tool.domain,
            "description": tool.description,
            "target_link_uri": tool.launch_url,
            "custom_parameters": dict(tool.custom),
            "claims": list(tool.claims),
            "messages": _messages(tool, platform, quirks),
            **quirks.tool_members(),
        },
    }


def read_answer(body: object) -> Answer:
    """The client id and, if it is known, the deployment's: in the tool configuration (Moodle), or beside it (Canvas).

    Raises RegistrationUnreadable.
    """
    if not isinstance(body, dict):
        raise RegistrationUnreadable("the answer is no object")
    client_id = _identifier(body.get("client_id"))
    if client_id is None:
        raise RegistrationUnreadable("the answer has no usable client_id")
    inner = body.get(LTI_TOOL)
    places = (inner.get("deployment_id") if isinstance(inner, dict) else None, body.get("deployment_id"))
    given = next((one for one in places if one not in (None, "")), None)
    deployment_id = _identifier(given)
    if given is not None and deployment_id is None:
        raise RegistrationUnreadable("the answer has a deployment_id that cannot be one")
    return Answer(client_id, deployment_id)


def _messages(
    tool: ToolConfiguration, platform: PlatformConfiguration, quirks: RegistrationQuirks
) -> list[dict[str, Any]]:
    """One message for each type and each group of placements that are described alike."""
    found: list[dict[str, Any]] = []
    for kind in messages_asked(tool, platform):
        offered = [one for one in tool.placements if one.message == kind and _is_offered(one, platform)]
        for group in _alike(offered, quirks) or [[]]:
            message: dict[str, Any] = {"type": kind, "target_link_uri": tool.launch_url, "label": tool.name}
            if group:
                message |= {"label": group[0].label, "placements": [one.name for one in group]}
                for one in group:
                    message |= quirks.message_members(one)
            found.append(message)
    return found


def _alike(placements: Sequence[Placement], quirks: RegistrationQuirks) -> list[list[Placement]]:
    groups: list[tuple[tuple[str, Mapping[str, Any]], list[Placement]]] = []
    for placement in placements:
        key = (placement.label, quirks.message_members(placement))
        for known, group in groups:
            if known == key:
                group.append(placement)
                break
        else:
            groups.append((key, [placement]))
    return [group for _, group in groups]


def _is_offered(placement: Placement, platform: PlatformConfiguration) -> bool:
    """Whether the platform has this place. Canvas writes the names of its own with a prefix or without."""
    offered = platform.placements
    return offered is None or not offered.isdisjoint({placement.name, _CANVAS_PREFIX + placement.name})


def _identifier(value: object) -> str | None:
    """An id as text. Some platforms write one that is a number as a number."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= _ID_LIMIT
        or not value.isprintable()
        or UNREADABLE in value
        or value != value.strip()
    ):
        return None
    return value
