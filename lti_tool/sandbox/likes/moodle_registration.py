"""How Moodle 4.5.6 takes tools that register themselves, and content that they give. Seen, but what is marked *code*."""

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from lti_tool.sandbox.likes.base import Like
from lti_tool.sandbox.models import Tool

if TYPE_CHECKING:
    from lti_tool.sandbox.registration_body import RegistrationRefused

PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
_SCOPES = (
    "https://purl.imsglobal.org/spec/lti-bo/scope/basicoutcome",
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly",
    "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly",
    "https://purl.imsglobal.org/spec/lti-ags/scope/score",
    "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
    "https://purl.imsglobal.org/spec/lti-ts/scope/toolsetting",
    "openid",
)
_VARIABLES = (
    "Context.id",
    "Context.title",
    "Context.label",
    "Context.id.history",
    "ResourceLink.id",
    "ResourceLink.title",
    "ResourceLink.description",
    "User.id",
    "User.username",
    "Person.name.full",
    "Person.name.given",
    "Person.name.family",
    "Person.address.timezone",
    "Membership.role",
    "Moodle.Person.userGroupIds",
)
_MEMBERS = (
    "client_id",
    "response_types",
    "jwks_uri",
    "initiate_login_uri",
    "grant_types",
    "redirect_uris",
    "application_type",
    "token_endpoint_auth_method",
    "client_name",
    "logo_uri",
)
_SETTINGS = (
    "accept_types",
    "accept_multiple",
    "deep_link_return_url",
    "title",
    "text",
)
# Refusals are bare words.
_WORDS = {
    "token missing": "missing_registration_token",
    "token used": "token_already_used",
    "domain": "missing_domain",
    "domain differs": "domain_targetlinkuri_mismatch",
}


class MoodleRegistration(Like):
    """The part of Moodle that is seen before the first launch, and when a teacher selects content."""

    configuration_path = "/mod/lti/openid-configuration.php"
    registration_path = "/mod/lti/openid-registration.php"
    token_in_configuration = False
    drops_what_is_not_offered = True
    domain_has_port = True

    # The gradebook offers it for every activity with a grade; "a tool that does not know it must not crash".
    unasked_messages = ("LtiSubmissionReviewRequest",)

    def configuration(self, body: dict[str, Any]) -> dict[str, Any]:
        """Two messages, one of them with a placement; no notices."""
        lti = {
            "product_family_code": "moodle",
            "version": "4.5.6 (Build: 20250811)",
            "messages_supported": [
                {"type": "LtiResourceLinkRequest"},
                {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]},
            ],
            "variables": list(_VARIABLES),
        }
        kept = {name: value for name, value in body.items() if name != "authorization_server"}
        return kept | {
            "scopes_supported": list(_SCOPES),
            "subject_types_supported": ["public", "pairwise"],
            "claims_supported": ["sub", "iss", "name", "given_name", "family_name", "email"],
            PLATFORM: lti,
        }

    def registration(self, answer: dict[str, Any], tool: Tool, *, names_deployment: bool) -> dict[str, Any]:
        """The deployment stands in the tool configuration, always. Of the messages only the one that selects content is left,
        by its type and address alone.
        """
        given = answer[TOOL]
        kept = {name: answer[name] for name in _MEMBERS if name in answer}
        messages = [
            {"type": one["type"], "target_link_uri": one.get("target_link_uri", given.get("target_link_uri", ""))}
            for one in given["messages"]
            if one["type"] == "LtiDeepLinkingRequest"
        ]
        parts = ("target_link_uri", "domain", "description", "custom_parameters", "claims")
        return kept | {
            "scope": " ".join(tool.scopes),
            TOOL: {
                "version": "1.3.0",
                "deployment_id": tool.deployment_id,
                **{name: given[name] for name in parts if name in given},
                "messages": messages,
            },
        }

    def registration_refused(self, request: Request, refused: "RegistrationRefused") -> Response:
        """A bare word that calls itself text/html; for a token that is none of its own a page, and 404."""
        if refused.about == "token unknown":
            return HTMLResponse("<!DOCTYPE html><html><head><title>Error | Sandbox</title></head></html>", 404)
        status = 401 if refused.status == 401 else 400
        return HTMLResponse(_WORDS.get(refused.about, f"invalid_{refused.about or 'request'}"), status)

    def pick_settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        """No ``data``, nothing of line items; an item chosen again is asked for like a new one."""
        return {name: settings[name] for name in _SETTINGS if name in settings} | {
            "accept_presentation_document_targets": ["frame", "iframe", "window"],
            "accept_copy_advice": False,
            "accept_unsigned": False,
            "auto_create": False,
            "can_confirm": False,
        }

    def column_points(self, points: float, *, alone: bool) -> float | None:
        """Whole numbers up to the site's ``gradepointmax``. Alone, others are an error of the form the teacher sees; among
        several they make a link without a grade, and nobody is told.
        """
        if points.is_integer() and 1 <= points <= 100:
            return points
        if alone:
            raise ValueError("lineItem.scoreMaximum must be a whole number from 1 to 100")
        return None
