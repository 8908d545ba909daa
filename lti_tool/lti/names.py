"""What platforms call people. Pure."""

from lti_tool.lti.foreign_json import UNREADABLE

_NAME_LENGTH = 300


def told_name(value: object) -> str | None:
    """A person's name, or a part of it, as text; None where the platform tells none.

    ILIAS writes a hyphen for each name that it does not share (``ilObjLTIConsumer::buildLaunchParametersLTI13``, 8 to 10).
    """
    if not isinstance(value, str):
        return None
    told = value.replace(UNREADABLE, "").strip()[:_NAME_LENGTH]
    return told if told.strip("-") else None
