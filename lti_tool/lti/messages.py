"""Whether a verified token is a message we can open. Pure: everything it needs has been gathered before.

PyLTI1p3's validators know what each message type must hold; where they are stricter or laxer than the specification or
than platforms are, a subclass here says so. The claims of the token itself are checked first, from a list.
"""

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from pylti1p3.exception import LtiException
from pylti1p3.message_validators.abstract import MessageValidatorAbstract
from pylti1p3.message_validators.deep_link import DeepLinkMessageValidator
from pylti1p3.message_validators.resource_message import ResourceMessageValidator
from pylti1p3.message_validators.submission_review import SubmissionReviewLaunchValidator

from lti_tool.lti import claims
from lti_tool.lti.foreign_json import UNREADABLE
from lti_tool.lti.id_tokens import audiences_of
from lti_tool.lti.launch import ID_LENGTH
from lti_tool.lti.models import Registration
from lti_tool.lti.refusals import (
    ClaimMissing,
    ClaimWrong,
    ForeignTarget,
    MessageUnsupported,
    TokenExpired,
    TokenFromFuture,
    UserMissing,
    VersionUnsupported,
    WrongAudience,
)

LEEWAY = timedelta(seconds=60)
"""How far a platform's clock may be from ours. Moodle's tokens live for 60 seconds."""

_REQUIRED_OF_EACH = {
    "iss": "iss",
    "aud": "aud",
    "exp": "exp",
    "iat": "iat",
    claims.VERSION: "version",
    claims.DEPLOYMENT_ID: "deployment_id",
}
_REQUIRED = {**_REQUIRED_OF_EACH, "nonce": "nonce", claims.MESSAGE_TYPE: "message_type"}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HOST_AND_PORT = re.compile(r"[A-Za-z0-9.-]+:\d{1,5}(?:[/?#]|$)")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class ResourceLinkValidator(ResourceMessageValidator):
    """A resource link launch: beyond PyLTI1p3, the link's id fits the specification's length and a target is named."""

    def validate(self, jwt_body: Mapping[str, Any]) -> bool:
        """True, or an error that names what is missing."""
        link = jwt_body.get(claims.RESOURCE_LINK)
        if not isinstance(link, dict) or not link.get("id"):
            raise ClaimMissing("resource_link.id")
        _identifier(link["id"], "resource_link.id")
        if not jwt_body.get(claims.TARGET_LINK_URI):
            raise ClaimMissing("target_link_uri")
        return bool(super().validate(jwt_body))


class DeepLinkingValidator(DeepLinkMessageValidator):
    """A deep linking request. PyLTI1p3 refuses platforms that do not take resource links; whether we have something else to
    offer is the picker's question. It does not look at the address the answer goes to, without which nothing can be done.
    """

    def validate(self, jwt_body: Mapping[str, Any]) -> bool:
        """True, or an error that names what is missing."""
        self.run_common_validators(jwt_body)
        settings = jwt_body.get(claims.DEEP_LINKING_SETTINGS)
        if not isinstance(settings, dict):
            raise ClaimMissing("deep_linking_settings")
        if not isinstance(settings.get("accept_types"), list):
            raise ClaimMissing("deep_linking_settings.accept_types")
        address = settings.get("deep_link_return_url")
        if not isinstance(address, str) or not address.startswith(("https://", "http://")):
            raise ClaimMissing("deep_linking_settings.deep_link_return_url")
        return True


class SubmissionReviewValidator(SubmissionReviewLaunchValidator):
    """A submission review. PyLTI1p3 asks for the line item; Moodle 4.5 leaves it out when the link has several."""

    def validate(self, jwt_body: Mapping[str, Any]) -> bool:
        """True, or an error that names what is missing."""
        self.run_common_validators(jwt_body)
        for_user = jwt_body.get(claims.FOR_USER)
        if not isinstance(for_user, dict) or not for_user.get("user_id"):
            raise ClaimMissing("for_user.user_id")
        return True


VALIDATORS: tuple[MessageValidatorAbstract, ...] = (
    ResourceLinkValidator(),
    DeepLinkingValidator(),
    SubmissionReviewValidator(),
)


def check(body: Mapping[str, Any], registration: Registration, now: datetime, base_url: str) -> None:
    """Raise the LaunchRefused that says why verified claims are no message for us; return when they are one."""
    _check_presence(body)
    _check_audience(body, registration)
    _check_times(body, now)
    _check_forms(body)
    validator = next((one for one in VALIDATORS if one.can_validate(body)), None)
    if validator is None:
        raise MessageUnsupported(f"message type {str(body[claims.MESSAGE_TYPE])[:60]}")
    try:
        validator.validate(body)
    except LtiException as error:
        # Whatever reaches this has not been foreseen above; PyLTI1p3 says it in a sentence without the claim's value.
        raise ClaimWrong(str(error)) from error
    target = body.get(claims.TARGET_LINK_URI)
    if target is not None:
        check_target(target, base_url)


def check_notice(body: Mapping[str, Any], registration: Registration, now: datetime) -> None:
    """Raise the LaunchRefused that says why verified claims are no notice for us (Platform Notification Service 1.0 §4.3).

    A notice is about nobody and answers no login: it has neither sub nor roles. What makes it one of its kind is its nonce or
    its jti, and where the platform gives neither the notice's own id.
    """
    missing = _missing(body, _REQUIRED_OF_EACH)
    notice = body.get(claims.NOTICE)
    if not isinstance(notice, dict):
        missing.append("notice")
    elif not notice.get("type"):
        missing.append("notice.type")
    elif not once(body):
        missing.append("nonce")
    if missing:
        raise ClaimMissing(*missing)
    _check_audience(body, registration)
    _check_times(body, now)
    _check_version(body)
    _identifier(body[claims.DEPLOYMENT_ID], "deployment_id")
    _identifier(notice["type"] if isinstance(notice, dict) else None, "notice.type")
    _check_context(body)


def once(body: Mapping[str, Any]) -> str | None:
    """What a notice has that no other one of its platform has; None where it has nothing that could be that."""
    notice = body.get(claims.NOTICE)
    own = notice.get("id") if isinstance(notice, dict) else None
    return next((one for one in (body.get("nonce"), body.get("jti"), own) if isinstance(one, str) and one), None)


def check_target(target: object, base_url: str) -> None:
    """Raise ForeignTarget when a target_link_uri is an absolute address of another origin.

    The certification suite names ``http://localhost`` and addresses without a scheme; those pass. Nothing is ever redirected
    to a target: it only says what is meant.
    """
    if not isinstance(target, str) or len(target) > 2000 or any(char <= " " or char == "\\" for char in target):
        raise ForeignTarget("the target_link_uri is not an address")
    if not target.startswith("//") and (not _SCHEME.match(target) or _HOST_AND_PORT.match(target)):
        return
    ours = urlsplit(base_url)
    try:
        parts = urlsplit(target)
        port = parts.port
    except ValueError:
        raise ForeignTarget("the target_link_uri is not an address") from None
    if parts.scheme and parts.scheme not in {"http", "https"}:
        raise ForeignTarget("the target_link_uri is not a web address")
    if parts.hostname in _LOOPBACK:
        return
    scheme = parts.scheme or ours.scheme
    usual = {"https": 443, "http": 80}
    if (scheme, parts.hostname, port or usual[scheme]) != (ours.scheme, ours.hostname, ours.port or usual[ours.scheme]):
        raise ForeignTarget("the target_link_uri is on another origin")


def is_meant_for(body: Mapping[str, Any], registration: Registration) -> bool:
    """Whether a verified token comes from this registration's platform and was made for us, whatever else is wrong with it."""
    if not body.get("iss") or not body.get("aud"):
        return False
    try:
        _check_audience(body, registration)
    except WrongAudience:
        return False
    return True


def _check_presence(body: Mapping[str, Any]) -> None:
    missing = _missing(body, _REQUIRED)
    # An empty list of roles is a person without a role; a missing one is no message (LTI Core 1.3 §5.3.7).
    if body.get(claims.ROLES) is None:
        missing.append("roles")
    if missing:
        raise ClaimMissing(*missing)
    sub = body.get("sub")
    if not isinstance(sub, str) or not sub.strip():
        raise UserMissing("sub")


def _missing(body: Mapping[str, Any], required: Mapping[str, str]) -> list[str]:
    return [name for claim, name in required.items() if body.get(claim) in (None, "", [])]


def _check_audience(body: Mapping[str, Any], registration: Registration) -> None:
    if body["iss"] != registration.issuer:
        raise WrongAudience("iss is not the registration's issuer")
    audiences = audiences_of(body["aud"])
    if registration.client_id not in audiences:
        raise WrongAudience("aud does not name our client id")
    azp = body.get("azp")
    if azp is not None and azp != registration.client_id:
        raise WrongAudience("azp is not our client id")
    # Audiences we do not know may only stand beside us when azp says that the token was made for us
    # (OpenID Connect Core 1.0 §3.1.3.7, points 3 and 4).
    if len(set(audiences)) > 1 and azp is None:
        raise WrongAudience("several audiences and no azp")


def _check_times(body: Mapping[str, Any], now: datetime) -> None:
    moment = now.timestamp()
    leeway = LEEWAY.total_seconds()
    if _seconds(body["exp"], "exp") + leeway <= moment:
        raise TokenExpired("exp has passed")
    for name in ("iat", "nbf"):
        if body.get(name) is not None and _seconds(body[name], name) - leeway > moment:
            raise TokenFromFuture(f"{name} is in the future")


def _seconds(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ClaimWrong(f"{name} is not a number")
    try:
        seconds = float(value)
    except OverflowError:
        raise ClaimWrong(f"{name} is out of range") from None
    if not math.isfinite(seconds):
        raise ClaimWrong(f"{name} is not a number")
    return seconds


def _check_version(body: Mapping[str, Any]) -> None:
    if body[claims.VERSION] != claims.VERSION_1_3:
        raise VersionUnsupported("version is not 1.3.0")


def _check_forms(body: Mapping[str, Any]) -> None:
    _check_version(body)
    roles = body[claims.ROLES]
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise ClaimWrong("roles is not a list of words")
    for name in ("sub", "nonce", claims.DEPLOYMENT_ID):
        _identifier(body[name], name.rpartition("/")[2])
    _check_context(body)


def _check_context(body: Mapping[str, Any]) -> None:
    context = body.get(claims.CONTEXT)
    if isinstance(context, dict) and context.get("id"):
        _identifier(context["id"], "context.id")


def _identifier(value: object, name: str) -> None:
    if not isinstance(value, str):
        raise ClaimWrong(f"{name} is not text")
    if len(value) > ID_LENGTH:
        raise ClaimWrong(f"{name} is longer than {ID_LENGTH} characters")
    # Two ids that differ in what cannot be read would be one here.
    if UNREADABLE in value:
        raise ClaimWrong(f"{name} holds a character that is none")
