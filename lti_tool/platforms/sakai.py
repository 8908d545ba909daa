"""Sakai. No departure of its services from the specification is known."""

from collections.abc import Mapping

from lti_tool.platforms.base import WholeSeconds
from lti_tool.platforms.remedies import Matter
from lti_tool.web.i18n import N_


class Sakai(WholeSeconds):
    """Sakai."""

    remedies: Mapping[Matter, str] = {
        Matter.KEY_SET: N_(
            "Sakai has its keys at /imsblis/lti13/keyset of its address. Compare with %(jwks_url)s and correct it here."
        ),
        Matter.ACCESS: N_(
            "In Sakai open the External Tools site tool and this tool's details: the client id has to be %(client_id)s, the LTI "
            "1.3 Tool Keyset URL %(key_set)s. The token address ends in the tool's number."
        ),
        Matter.GRADES: N_(
            "In Sakai open the External Tools site tool, edit this tool and tick Send Grades under Services."
        ),
        Matter.ROSTER: N_(
            "In Sakai open the External Tools site tool, edit this tool and tick Provide Roster under Services."
        ),
        Matter.REMOVE: N_("In the site's Gradebook, delete the item “%(label)s”."),
    }

    next_steps = (
        N_("In Sakai, the tool is now in the list of external tools: open it there and save it."),
        N_("Open a site and add the tool in Site Info > Manage Tools."),
    )
