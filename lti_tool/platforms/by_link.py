"""Connecting an LMS by a registration link: where its administrator pastes it, and what is to be done there.

What is said is a message id; menu names stand between asterisks and stay as the LMS has them (Canvas 2026, Moodle 4.5,
Brightspace's LTI Advantage pages, Sakai 25). What follows the registration is the family's ``next_steps_by_link``.
"""

from lti_tool.lti.models import Family
from lti_tool.platforms import quirks
from lti_tool.web.i18n import N_

EASY = (Family.CANVAS, Family.MOODLE, Family.BRIGHTSPACE, Family.SAKAI)
"""The families whose administrators can paste a registration link."""

_CONFIRM = N_("A page of this tool opens there. Check that it names your LMS and your school, and press its button.")

_PASTE = {
    Family.CANVAS: (
        N_(
            "As an account administrator open *Admin*, your account, *Apps*, *Manage* (older versions: *Developer Keys*)."
        ),
        N_("Begin a new LTI registration, choose *Dynamic Registration*, and paste the link as the registration URL."),
    ),
    Family.MOODLE: (
        N_("Open *Site administration*, *Plugins*, *Activity modules*, *External tool*, *Manage tools*."),
        N_("Paste the link into *Tool URL* and choose *Add LTI Advantage*."),
    ),
    Family.BRIGHTSPACE: (
        N_("Open *Admin Tools*, *Manage Extensibility*, *LTI Advantage*, *Register Tool*, and choose *Dynamic*."),
        N_("Paste the link as the tool initiation registration endpoint and choose *Register*."),
    ),
    Family.SAKAI: (
        N_("As an administrator open the *External Tools* site tool and choose *LTI Advantage Auto Provision*."),
        N_("Give the tool a name and paste the link as the registration address."),
    ),
}

_PASTE_ANYWHERE = (
    N_("Find where your LMS registers LTI 1.3 tools by *Dynamic Registration*, and paste the link there."),
)


def steps(family: Family) -> tuple[str, ...]:
    """Everything that is done in the LMS, in order, from pasting the link to the first launch."""
    return (*_PASTE.get(family, _PASTE_ANYWHERE), _CONFIRM, *quirks(family).next_steps_by_link)
