"""Blackboard Learn: what its gradebook service does otherwise.

Sources: Blackboard's documentation of its Assignment and Grade Services, and of registering tools in its developer portal;
issues of tools that use them.
"""

import html
from collections.abc import Mapping

from lti_tool.lti.links import append_to_path
from lti_tool.lti.quirks import Call
from lti_tool.platforms.base import Quirks
from lti_tool.platforms.remedies import Matter
from lti_tool.web.i18n import N_

_ISSUER = "https://blackboard.com"
_PORTAL = frozenset({"developer.anthology.com", "developer.blackboard.com"})


class Blackboard(Quirks):
    """Blackboard Learn."""

    # A tool is registered once, in the vendor's developer portal; each school is a deployment of it.
    shared_by_schools = True

    next_steps = (
        N_(
            "The application's id in the developer portal is the client id of every school: give it to their administrators."
        ),
        N_(
            "In each Blackboard, open Administrator > Integrations > LTI Tool Providers, register the tool with that client id "
            "and approve it."
        ),
        N_("Under Institution Policies allow role, name, grade service access and membership service access."),
        N_("In the tool's menu choose Manage Placements and create a Course tool placement."),
    )

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

    def belongs(self, issuer: str, host: str, member: str) -> bool:
        """One issuer for all schools, whose addresses are on the hosts of the developer portal, the older one's among them."""
        return issuer == _ISSUER and host in _PORTAL

    def comment(self, text: str) -> str:
        """A comment is shown as HTML, where a newline is none, and a title with ``<`` in it would be cut."""
        return html.escape(text.replace("\r\n", "\n"), quote=False).replace("\n", "<br/>")

    def results_url(self, line_item_url: str, user_id: str | None = None) -> str:
        """Everyone's results: with ``user_id`` the comment is left out. The client picks the one."""
        return append_to_path(line_item_url, "results")

    def meaning(self, call: Call, status: int, reason: str, body: str) -> str | None:
        """A score for somebody who is not in the course is a 400 "User could not be found"."""
        if call is Call.POST_SCORE and status == 400 and "user could not be found" in body.lower():
            return "not-enrolled"
        return None
