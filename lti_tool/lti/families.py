"""What the protocol itself has to know of the LMS families: how they name themselves, and whose pages frame ours.

Everything else that differs stands in ``lti_tool.platforms``.
"""

from collections.abc import Mapping

from lti_tool.lti.foreign_json import read_json
from lti_tool.lti.models import Family, Registration

_MOODLE_AUTH = "/mod/lti/auth.php"

# The product_family_code of the tool_platform claim (LTI Core 1.3 §5.4.2), in lower case.
_PRODUCT_CODES = {
    "canvas": Family.CANVAS,
    "moodle": Family.MOODLE,
    "schoology": Family.SCHOOLOGY,
    "blackboardlearn": Family.BLACKBOARD,
    "blackboard": Family.BLACKBOARD,
    "desire2learn": Family.BRIGHTSPACE,
    "brightspace": Family.BRIGHTSPACE,
    "sakai": Family.SAKAI,
    "sakailms.org": Family.SAKAI,
    "open edx": Family.OPENEDX,
    "openedx": Family.OPENEDX,
}

# Hosted families frame the tool from the school's own address, which no registration names.
_FRAME_PATTERNS: dict[Family, tuple[str, ...]] = {
    Family.CANVAS: ("https://*.instructure.com",),
    Family.SCHOOLOGY: ("https://*.schoology.com",),
    Family.BLACKBOARD: ("https://*.blackboard.com",),
    Family.BRIGHTSPACE: ("https://*.brightspace.com",),
}


def family_of(registered: Family, product_family_code: str | None) -> Family:
    """The family as registered; where that says nothing, as the platform names itself in its messages."""
    if registered is not Family.OTHER or not product_family_code:
        return registered
    return product_family(product_family_code) or Family.OTHER


def product_family(product_family_code: str) -> Family | None:
    """The family that names itself so; None for a name that is not known."""
    return _PRODUCT_CODES.get(product_family_code.lower())


def frame_patterns(family: Family) -> tuple[str, ...]:
    """Origins with a wildcard, as ``frame-ancestors`` takes them, from which this family's schools frame tools."""
    return _FRAME_PATTERNS.get(family, ())


def fresh_launch_address(registration: Registration, login_request: Mapping[str, str]) -> str | None:
    """Where a launch begins afresh on families whose hints work once; None where the login request itself can be used again.

    Moodle 4.5 forgets a message hint as soon as it has been used; the activity's own address launches again. The course
    module's id stands in the hint, which is JSON.
    """
    if registration.lms is not Family.MOODLE or not registration.auth_login_url.endswith(_MOODLE_AUTH):
        return None
    try:
        hint = read_json(login_request.get("lti_message_hint", ""))
    except ValueError:
        return None
    module = hint.get("cmid") if isinstance(hint, dict) else None
    if not str(module).isascii() or not str(module).isdigit():
        return None
    return f"{registration.auth_login_url.removesuffix(_MOODLE_AUTH)}/mod/lti/launch.php?id={module}"
