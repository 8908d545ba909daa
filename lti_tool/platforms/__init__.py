"""What differs between LMSs, one file each. Features ask ``quirks(family)`` and never which LMS it is."""

from lti_tool.lti.models import Family
from lti_tool.platforms.base import Quirks
from lti_tool.platforms.blackboard import Blackboard
from lti_tool.platforms.brightspace import Brightspace
from lti_tool.platforms.canvas import Canvas
from lti_tool.platforms.generic import Generic
from lti_tool.platforms.moodle import Moodle
from lti_tool.platforms.openedx import OpenEdx
from lti_tool.platforms.remedies import Matter
from lti_tool.platforms.sakai import Sakai
from lti_tool.platforms.schoology import Schoology

__all__ = ["Matter", "Quirks", "quirks"]

_QUIRKS: dict[Family, Quirks] = {
    Family.CANVAS: Canvas(),
    Family.MOODLE: Moodle(),
    Family.SCHOOLOGY: Schoology(),
    Family.BLACKBOARD: Blackboard(),
    Family.BRIGHTSPACE: Brightspace(),
    Family.SAKAI: Sakai(),
    Family.OPENEDX: OpenEdx(),
    Family.OTHER: Generic(),
}


def quirks(family: Family) -> Quirks:
    """How this LMS departs from the specification of its services."""
    return _QUIRKS[family]
