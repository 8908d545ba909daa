"""Blackboard Learn: what its gradebook service does otherwise.

Sources: Blackboard's documentation of its Assignment and Grade Services; issues of tools that use them.
"""

from collections.abc import Mapping

from lti_tool.lti.links import append_to_path
from lti_tool.lti.quirks import Call
from lti_tool.platforms.base import Quirks
from lti_tool.platforms.remedies import Matter
from lti_tool.web.i18n import N_


class Blackboard(Quirks):
    """Blackboard Learn."""

    # The names of "LTI Tool Providers" in the administrator's panel.
    remedies: Mapping[Matter, str] = {
        Matter.KEY_SET: N_(
            "Blackboard has its keys at https://developer.anthology.com/.well-known/jwks.json, or where the developer portal "
            "shows them for the application. Compare with %(jwks_url)s and correct it here."
        ),
        Matter.ACCESS: N_(
            "In Blackboard open Administrator > Integrations > LTI Tool Providers: the tool with the client id %(client_id)s has "
            "to be Approved. In the developer portal, the application's Tool JWKS URL has to be %(key_set)s."
        ),
        Matter.GRADES: N_(
            "In Blackboard open Administrator > Integrations > LTI Tool Providers, edit the tool and set Allow grade service "
            "access to Yes under Institution Policies."
        ),
        Matter.ROSTER: N_(
            "In Blackboard open Administrator > Integrations > LTI Tool Providers, edit the tool and set Allow Membership "
            "Service Access to Yes under Institution Policies."
        ),
        Matter.STUDENT: N_("Choose somebody who is enrolled in this course as an available student."),
        Matter.REMOVE: N_("In the course's Gradebook, delete the column “%(label)s”."),
    }

    def comment(self, text: str) -> str:
        """A comment is shown as HTML, where a newline is none."""
        return text.replace("\r\n", "\n").replace("\n", "<br/>")

    def results_url(self, line_item_url: str, user_id: str | None = None) -> str:
        """Everyone's results: with ``user_id`` the comment is left out. The client picks the one."""
        return append_to_path(line_item_url, "results")

    def meaning(self, call: Call, status: int, reason: str, body: str) -> str | None:
        """A score for somebody who is not in the course is a 400 "User could not be found"."""
        if call is Call.POST_SCORE and status == 400 and "user could not be found" in body.lower():
            return "not-enrolled"
        return None
