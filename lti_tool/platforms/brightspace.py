"""D2L Brightspace. Its token endpoint wants an audience of its own: ``Registration.token_audience``."""

from lti_tool.lti.quirks import Call
from lti_tool.lti.tool_description import host_of
from lti_tool.platforms.base import Quirks
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
