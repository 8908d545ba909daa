"""What the protocol itself has to know of the LMS families: how they name themselves, and whose pages frame ours.

Everything else that differs stands in ``lti_tool.platforms``.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from lti_tool.lti.foreign_json import read_json
from lti_tool.lti.models import Family, Registration

_MOODLE_AUTH = "/mod/lti/auth.php"
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?(:[0-9]{1,5})?")
_NUMBER = re.compile(r"[0-9]{1,20}")

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


def hint_names_client(registration: Registration, login_hint: str) -> bool:
    """Whether a login request that holds no client id is this registration's.

    Schoology's, as seen in 2025, has none: its hint begins with the deployment's id, and that with the client id.
    """
    return registration.lms is Family.SCHOOLOGY and login_hint.startswith(f"{registration.client_id}-")


def hints_work_again(family: Family) -> bool:
    """Whether a login request can begin a second launch.

    Moodle 4.5 and Canvas keep what is to be launched under the hint, and take it away with the first authorization request
    (Canvas: ``lib/lti/redis_message_client.rb``; a second one is answered with ``launch_no_longer_valid``).
    """
    return family not in (Family.MOODLE, Family.CANVAS)


def fresh_launch_address(
    registration: Registration, family: Family, login_request: Mapping[str, str], custom: Mapping[str, str]
) -> str | None:
    """Where a launch begins afresh on families whose hints work once; None where no such address is known.

    ``custom`` are the custom parameters of the message that a cookie was missing for.
    """
    if family is Family.MOODLE:
        return _moodle_launch(registration, login_request)
    if family is Family.CANVAS:
        return _canvas_launch(registration, login_request, custom)
    return None


def _moodle_launch(registration: Registration, login_request: Mapping[str, str]) -> str | None:
    """The activity's own address. The course module's id stands in the hint, which is JSON."""
    if not registration.auth_login_url.endswith(_MOODLE_AUTH):
        return None
    try:
        hint = read_json(login_request.get("lti_message_hint", ""))
    except ValueError:
        return None
    module = hint.get("cmid") if isinstance(hint, dict) else None
    if not str(module).isascii() or not str(module).isdigit():
        return None
    return f"{registration.auth_login_url.removesuffix(_MOODLE_AUTH)}/mod/lti/launch.php?id={module}"


def _canvas_launch(
    registration: Registration, login_request: Mapping[str, str], custom: Mapping[str, str]
) -> str | None:
    """The address at which Canvas finds a tool by its own, and opens it without a frame (``display=borderless``,
    ``lib/lti/app_util.rb``). The school's host and the course's number are custom parameters that every registration asks for.
    """
    host, course = custom.get("canvas_api_domain", ""), custom.get("canvas_course_id", "")
    if not _HOST.fullmatch(host) or not _NUMBER.fullmatch(course):
        return None
    scheme = urlsplit(registration.auth_login_url).scheme
    target = quote(login_request["target_link_uri"], safe="")
    return f"{scheme}://{host}/courses/{course}/external_tools/retrieve?display=borderless&url={target}"
