"""A tool's registration as it is sent (LTI Dynamic Registration 1.0, section 3.2), read as strictly as Canvas reads it. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lti_tool.sandbox.claims import (
    ALL_SCOPES,
    DEEP_LINKING,
    RESOURCE_LINK,
    SCOPE_GROUP_READ,
    SCOPE_NOTICE_HANDLERS,
    SUBMISSION_REVIEW,
)
from lti_tool.sandbox.likes import Like
from lti_tool.sandbox.services import ServiceError

TOOL_CONFIGURATION = "https://purl.imsglobal.org/spec/lti-tool-configuration"
CANVAS = "https://canvas.instructure.com/lti/"
MESSAGES = (RESOURCE_LINK, DEEP_LINKING, SUBMISSION_REVIEW)
PLACEMENTS: Mapping[str, tuple[str, ...]] = {
    RESOURCE_LINK: ("course_navigation", "link_selection"),
    DEEP_LINKING: ("link_selection", "assignment_selection", "module_index_menu_modal", "module_menu_modal"),
    SUBMISSION_REVIEW: (),
}
"""The places by message. Tools may name each with Canvas's prefix or without."""
_TYPE = "unprocessable_entity"
_STANDARD = {"ContentArea": "link_selection", "RichTextEditor": "editor_button"}

_Address = Annotated[str, Field(pattern=r"^https?://[^\s/\\@]+", max_length=2000)]
_Words = Annotated[str, Field(min_length=1, max_length=300)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")


class Message(_Part):
    """A message the tool takes, and the places it is opened from."""

    type: Literal["LtiResourceLinkRequest", "LtiDeepLinkingRequest", "LtiSubmissionReviewRequest"]
    target_link_uri: _Address | None = None
    label: _Words | None = None
    placements: list[str] | None = None
    custom_parameters: dict[str, str] = {}
    roles: list[str] = []

    def places(self) -> list[str]:
        """The placements by their bare names; without any, a link's and a picker's place is ``link_selection``, as on Canvas."""
        if not self.placements:
            return [] if self.type == SUBMISSION_REVIEW else ["link_selection"]
        bare = [one.removeprefix(CANVAS) for one in self.placements]
        return [_STANDARD.get(one, one) for one in bare]


class ToolConfiguration(_Part):
    """The LTI part of a registration."""

    domain: _Words
    messages: Annotated[list[Message], Field(min_length=1, max_length=50)]
    claims: list[str]
    target_link_uri: _Address | None = None
    custom_parameters: dict[str, str] = {}
    description: Annotated[str, Field(max_length=2000)] = ""


class Registration(_Part):
    """The whole registration: OpenID Connect's client metadata with the tool configuration in it."""

    application_type: Literal["web"]
    grant_types: list[str]
    response_types: list[str]
    redirect_uris: Annotated[list[_Address], Field(min_length=1, max_length=20)]
    initiate_login_uri: _Address
    client_name: _Words
    jwks_uri: _Address
    token_endpoint_auth_method: Literal["private_key_jwt"]
    scope: str = ""
    logo_uri: str | None = None
    configuration: Annotated[ToolConfiguration, Field(alias=TOOL_CONFIGURATION)]

    @property
    def scopes(self) -> list[str]:
        """The scopes asked for, each once; ``openid`` goes without saying."""
        return [one for one in dict.fromkeys(self.scope.split()) if one != "openid"]

    @property
    def launch_url(self) -> str:
        """Where links without an address of their own lead."""
        return self.configuration.target_link_uri or self.redirect_uris[0]

    @property
    def messages(self) -> list[str]:
        """The types of messages the tool takes."""
        return list(dict.fromkeys(one.type for one in self.configuration.messages))

    @property
    def placements(self) -> list[str]:
        """Every place the tool is opened from."""
        return list(dict.fromkeys(place for one in self.configuration.messages for place in one.places()))

    @property
    def privacy_level(self) -> str:
        """The level asked for, else what the claims asked for amount to (Canvas)."""
        level = (self.configuration.model_extra or {}).get(CANVAS + "privacy_level")
        if level in ("public", "name_only", "anonymous"):
            return str(level)
        return "name_only" if {"name", "given_name", "family_name"} & set(self.configuration.claims) else "anonymous"

    def message(self, kind: str) -> Message | None:
        """The first message of a type."""
        return next((one for one in self.configuration.messages if one.type == kind), None)


@dataclass
class RegistrationRefused(ServiceError):
    """A registration that is not taken. ``about`` says what was wrong: a member's name, ``domain differs``, or of the token
    ``token missing``, ``token used``, ``token unknown``.
    """

    about: str = ""


def read_registration(body: bytes, like: Like) -> Registration:
    """The registration in a request's body. RegistrationRefused: 400 for no JSON, 422 naming the member that is wrong.

    Where the LMS drops what it does not offer, that is left out of the scopes.
    """
    try:
        found = Registration.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise RegistrationRefused(400, "bad_request", "The body is not JSON.") from error
        where = ".".join(str(part) for part in first["loc"]) or "body"
        about = str(first["loc"][-1]) if first["loc"] else "body"
        raise RegistrationRefused(422, _TYPE, f"{where}: {first['msg']}", about=about) from error
    if like.drops_what_is_not_offered:
        found.scope = " ".join(scope for scope in found.scopes if scope in offered_scopes(like))
    for about, words in _mistakes(found, like):
        raise RegistrationRefused(422, _TYPE, f"{about.partition(' ')[0]}: {words}", about=about)
    return found


def offered_scopes(like: Like) -> tuple[str, ...]:
    """The scopes an LMS offers tools."""
    if like.has_groups_and_notices:
        return ALL_SCOPES
    return tuple(scope for scope in ALL_SCOPES if scope not in (SCOPE_GROUP_READ, SCOPE_NOTICE_HANDLERS))


def registration_of(sent: Mapping[str, Any]) -> Registration:
    """A registration that was read before, from what is kept of it."""
    return Registration.model_validate(dict(sent))


def _mistakes(found: Registration, like: Like) -> Iterator[tuple[str, str]]:
    """What the shapes alone do not say: the member, and what it has to be."""
    for grant in ("client_credentials", "implicit"):
        if grant not in found.grant_types:
            yield "grant_types", f"must contain {grant}"
    if found.response_types != ["id_token"]:
        yield "response_types", "must be id_token alone"
    for scope in found.scopes:
        if scope not in offered_scopes(like):
            yield "scope", f"{scope[:200]} is not offered"
    yield from _strangers(found, like)
    for message in found.configuration.messages:
        for place in message.places():
            if place not in PLACEMENTS[message.type]:
                yield "placements", f"{place[:100]} is not one for {message.type}"


def _strangers(found: Registration, like: Like) -> Iterator[tuple[str, str]]:
    """Addresses that are not on the tool's domain."""
    configuration = found.configuration
    domain = configuration.domain.lower()
    if like.domain_has_port and domain != urlsplit(found.launch_url).netloc.lower():
        yield "domain differs", "must be the host of target_link_uri with its port"
    for name, address in (
        ("redirect_uris", found.redirect_uris[0]),
        ("target_link_uri", found.launch_url),
        *(("target_link_uri", one.target_link_uri) for one in configuration.messages),
    ):
        if address is not None and domain not in hosts_of(address):
            yield name, "is not on the tool's domain"


def hosts_of(address: str) -> set[str]:
    """The host of an address as a domain may name it: with its port and without."""
    try:
        parts = urlsplit(address)
        return {parts.netloc.lower(), (parts.hostname or "").lower()}
    except ValueError:
        return set()
