"""What an LMS's administrator may have to change, and the words for it where all LMSs are alike.

Each LMS's file has the words of its own menus (``Quirks.remedies``). They are gettext message ids; ``%(client_id)s``,
``%(key_set)s`` (the tool's own), ``%(jwks_url)s`` and ``%(token_url)s`` (the LMS's) are filled in after translation.
"""

from collections.abc import Mapping
from enum import StrEnum

from lti_tool.web.i18n import N_


class Matter(StrEnum):
    """Something that is not as it should be, or that an administrator has to know before."""

    KEY_SET = "key-set"
    ACCESS = "access"
    GRADES = "grades"
    ROSTER = "roster"
    GROUPS = "groups"
    NOTICES = "notices"
    STUDENT = "student"
    REMOVE = "remove"
    WRITING = "writing"
    ADDRESS = "address"
    REACH = "reach"
    WAIT = "wait"
    CLOCK = "clock"
    GONE = "gone"
    COURSE = "course"
    REFUSED = "refused"


GENERAL: Mapping[Matter, str] = {
    Matter.KEY_SET: N_(
        "Compare %(jwks_url)s with the key set address (JWKS) that the LMS shows of itself, and correct it here."
    ),
    Matter.ACCESS: N_(
        "In the LMS, look whether this tool is switched on, whether its client id is %(client_id)s, and whether "
        "its key set address is %(key_set)s."
    ),
    Matter.GRADES: N_(
        "In the LMS's settings of this tool, allow Assignment and Grade Services with everything it offers: "
        "columns (line items), scores and results."
    ),
    Matter.ROSTER: N_(
        "In the LMS's settings of this tool, allow Names and Role Provisioning Services (the list of members)."
    ),
    Matter.GROUPS: N_("Nothing has to be done: without the groups of the LMS, playlists are assigned to students."),
    Matter.NOTICES: N_("Nothing has to be done: copies of a course are then noticed when they are first opened."),
    Matter.STUDENT: N_(
        "Choose somebody who is enrolled in this course as an active student: other people have no line in a gradebook."
    ),
    Matter.REMOVE: N_(
        "Remove the column “%(label)s” by hand in the course's gradebook. The next check finds it, if it is still there, and "
        "tries again."
    ),
    Matter.WRITING: N_("Students may see the column for these seconds, so a course for trying things out is best."),
    Matter.ADDRESS: N_(
        "Only https addresses in public networks are called. Whoever runs this tool can allow a private network with the "
        "setting LTI_TOOL_ALLOWED_NETWORKS."
    ),
    Matter.REACH: N_(
        "Look whether the LMS is up, and whether a firewall keeps this tool's server from calling it; then check again."
    ),
    Matter.WAIT: N_("The LMS is busy or has trouble of its own. Wait some minutes, then check again."),
    Matter.CLOCK: N_("Compare the clocks of the LMS and of this tool's server: one of them is wrong."),
    Matter.GONE: N_(
        "Somebody removed the column while this went on; another check of the same course may be under way. Check again."
    ),
    Matter.COURSE: N_(
        "Open the tool once from a course of the LMS, as a teacher: a launch tells the tool where the course's "
        "members and gradebook are."
    ),
    Matter.REFUSED: N_(
        "Open the tool once from the course, so that it learns the course's present addresses, and check again. If it stays "
        "like this, show the LMS's support what is written here."
    ),
}
