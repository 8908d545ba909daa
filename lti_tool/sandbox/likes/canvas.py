"""Canvas. Sources: its LTI documentation and its source, whose files are named where a method follows one."""

import base64
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lti_tool.sandbox.likes.base import LTI, Like, Refused
from lti_tool.sandbox.models import ModuleItem, Person

if TYPE_CHECKING:
    from lti_tool.sandbox.claims import LaunchFacts
    from lti_tool.sandbox.models import LaunchTicket
    from lti_tool.sandbox.scores import ScoreBody

HOSTED_ISSUER = "https://canvas.instructure.com"
ID_TOKEN_SECONDS = 3600


def legacy_id(person: Person) -> str:
    """What LTI 1.1 knew somebody by, and the REST API calls ``lti_user_id``."""
    return person.lti_id.replace("-", "") + "00000000"


class Canvas(Like):
    """Canvas, self-hosted under an issuer of its own; hosted where the settings name a host for signing in."""

    name = "canvas"

    # The host for signing in knows no school: it sends the browser on to the school's own address, which the hint names
    # (app/controllers/lti/ims/authentication_controller.rb, authorize_redirect).
    second_authorization_path = "/api/lti/authorize"

    has_developer_keys = True

    custom: Mapping[str, str] = {
        **Like.custom,
        "canvas_section_restricted": "$Canvas.course.sectionRestricted",
        "canvas_observees": "$com.instructure.User.observees",
        "resource_link_id_history": "$Activity.id.history",
    }

    throttles = True

    # A frame in the page around the tool, which passes messages on (lib/lti/platform_storage.rb, FORWARDING_TARGET).
    storage_target = "post_message_forwarding"

    # The launch waits under the hint and is taken away by the first request (lib/lti/redis_message_client.rb).
    hints_work_once = True

    # One scope too many, and there is no token (lib/canvas/oauth/invalid_scope_error.rb).
    grants_in_part = False

    # Whatever is listed, ten unless a limit is asked for (lib/api.rb, paginate; lti/ims/concerns/gradebook_services.rb).
    gradebook_page = (10, 100)

    # app/controllers/lti/ims/scores_controller.rb, verify_valid_timestamp.
    stale_status = 400

    # A link of a course that has no line item of its own yet (line_items_controller.rb, check_for_bad_resource_link).
    links_need_line_items = True

    # line_items_controller.rb, destroy: "head :unauthorized and return if line_item.coupled".
    deletes_coupled = False

    def issuer(self, base_url: str, hosted: str | None) -> str:
        """Hosted Canvas has one for all schools, which is the address of none of them."""
        return base_url if hosted is None else HOSTED_ISSUER

    def new_hint(self, item: ModuleItem | None) -> str:
        """A signed token that names the school's host and the launch: some hundred characters of letters and dots."""
        payload = {"verifier": secrets.token_hex(64), "context_type": "Course", "include_storage_target": True}
        parts = [
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in ({"typ": "JWT", "alg": "HS256"}, payload)
        ]
        return ".".join([*parts, secrets.token_urlsafe(32)])

    def refusal(self, refused: Refused) -> Refused:
        """authentication_controller.rb: every mistake in a parameter is ``invalid_request_object``, a launch that was fetched
        before ``launch_no_longer_valid``, a hint that cannot be read a page of Canvas's own.
        """
        if refused.about in {"scope", "missing"}:
            return Refused("invalid_request_object", refused.description)
        if refused.about == "hint-used":
            return Refused(
                "launch_no_longer_valid", "The launch has either expired or already been consumed", "hint-used"
            )
        if refused.about in {"session", "person"}:
            return Refused("login_required", "Must have an active user session", refused.about)
        if refused.about == "hint":
            return Refused(refused.error, "Invalid lti_message_hint", "hint", posted=False)
        return refused

    def id_token(
        self, claims: dict[str, Any], facts: "LaunchFacts", ticket: "LaunchTicket", base_url: str
    ) -> dict[str, Any]:
        """An hour of life; the id that LTI 1.1 knew the person by; a test student is said to be one. Whom somebody observes
        is for tools that are told everything (lib/lti/messages/jwt_message.rb, ``add_mentorship_claims! if @tool.public?``).
        """
        claims["exp"] = claims["iat"] + ID_TOKEN_SECONDS
        claims["azp"] = claims["aud"]
        claims[f"{LTI}/lti11_legacy_user_id"] = legacy_id(facts.person)
        if facts.tool.privacy_level != "public":
            claims.pop(f"{LTI}/role_scope_mentor", None)
        return claims

    def variables(self, known: dict[str, Any], facts: "LaunchFacts", base_url: str) -> dict[str, Any]:
        """Truth values come as such (lib/lti/variable_expander.rb makes text of numbers alone). The history of a link is that of
        its assignment, where it is one.
        """
        history = known.pop("$ResourceLink.id.history")
        if facts.line_item_ids:
            known["$Activity.id.history"] = history
        return known | {"$Canvas.course.sectionRestricted": False}

    # scores_controller.rb, new_submission? and verify_attempts_for_online_upload.
    counts_attempts = True

    def is_stale(self, at: datetime, before: datetime) -> bool:
        """Only an earlier moment is; one that is equal counts (verify_valid_timestamp)."""
        return at < before

    def stale_words(self, at: datetime, before: datetime) -> str:
        """As verify_valid_timestamp words it."""
        moments = [one.isoformat(timespec="milliseconds").replace("+00:00", "Z") for one in (at, before)]
        return f"Provided timestamp of {moments[0]} before last updated timestamp of {moments[1]}"

    def comment(self, before: str | None, body: "ScoreBody") -> str | None:
        """Every comment is added below the earlier ones (score_submission)."""
        return "\n\n".join(part for part in (before, body.comment) if part) or None
