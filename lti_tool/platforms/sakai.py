"""Sakai. No departure of its services from the specification is known."""

from lti_tool.platforms.base import WholeSeconds
from lti_tool.web.i18n import N_


class Sakai(WholeSeconds):
    """Sakai."""

    next_steps = (
        N_("In Sakai, the tool is now in the list of external tools: open it there and save it."),
        N_("Open a site and add the tool in Site Info > Manage Tools."),
    )
