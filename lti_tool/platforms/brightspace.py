"""D2L Brightspace. Its token endpoint wants an audience of its own: ``Registration.token_audience``."""

from collections.abc import Mapping

from lti_tool.lti.quirks import Call
from lti_tool.lti.tool_description import host_of
from lti_tool.platforms.base import Quirks
from lti_tool.platforms.remedies import Matter
from lti_tool.web.i18n import N_

_AUTHORITY = "auth.brightspace.com"
_AUDIENCE = "https://api.brightspace.com/auth/token"


class Brightspace(Quirks):
    """Brightspace."""

    # The answer to a registration has no deployment; it is made by hand (D2L's LTI Advantage documentation).
    next_steps = (
        N_("In Brightspace, open Admin Tools > Manage Extensibility > LTI Advantage and switch the tool on there."),
        N_("Choose View Deployments > New Deployment: allow grades, members and deep linking, and choose its courses."),
        N_("Make a link in that deployment, open a course and add the tool from its content."),
    )

    # D2L's documentation of tool registrations and deployments. Extensions are chosen in both.
    remedies: Mapping[Matter, str] = {
        Matter.KEY_SET: N_(
            "Brightspace has its keys at /d2l/.well-known/jwks of its own address (Brightspace Keyset URL in the registration). "
            "Compare with %(jwks_url)s and correct it here."
        ),
        Matter.ACCESS: N_(
            "In Brightspace open Admin Tools > Manage Extensibility > LTI Advantage: the registration with the client id "
            "%(client_id)s has to be enabled, its Keyset URL %(key_set)s. Here, the token audience has to be what Brightspace "
            "shows as its OAuth2 audience."
        ),
        Matter.GRADES: N_(
            "In Brightspace open Admin Tools > Manage Extensibility > LTI Advantage: tick Assignment and Grade Services under "
            "Extensions, in the registration and in the deployment."
        ),
        Matter.ROSTER: N_(
            "In Brightspace open Admin Tools > Manage Extensibility > LTI Advantage: tick Names and Role Provisioning Services "
            "under Extensions, in the registration and in the deployment."
        ),
        Matter.NOTICES: N_(
            "To hear of copied courses, tick the Platform Notification Service under Extensions of the registration and of the "
            "deployment. Without it, copies are noticed when they are first opened."
        ),
        Matter.STUDENT: N_("Choose somebody who is enrolled in this course with a role that is graded."),
        Matter.REMOVE: N_("In the course open Grades > Manage Grades and delete the item “%(label)s”."),
    }

    def token_audience(self, token_url: str, authorization_server: str | None) -> str | None:
        """Every Brightspace gets its tokens from one host, which asks for another audience than its own address."""
        if host_of(token_url) == _AUTHORITY:
            return _AUDIENCE
        return super().token_audience(token_url, authorization_server)

    def belongs(self, issuer: str, host: str, member: str) -> bool:
        """The one host of the token endpoint."""
        return member == "token_endpoint" and host == _AUTHORITY

    def meaning(self, call: Call, status: int, reason: str, body: str) -> str | None:
        """A score for somebody whose role is not graded is a 422, for somebody who is not enrolled a 403 (D2L's LTI Advantage
        documentation). It can be a 404 too, which stays a lost column at first: the column is looked for, and only then is
        the second 404 taken for the person's.
        """
        return "not-enrolled" if call is Call.POST_SCORE and status in {403, 422} else None
