"""Single values of Moodle's web services, read with distrust: what is absent, of another type or too long is left out. Pure."""

import html
import math
from datetime import UTC, datetime

from lti_tool.lti.foreign_json import UNREADABLE


def number_id(value: object) -> str | None:
    """One of Moodle's numbers as text; ids are told as numbers, and in older places as strings."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    written = str(value)
    return written if is_id(written) else None


def is_id(value: str) -> bool:
    """Whether this can be one of Moodle's ids: a whole number from 1 that fits its columns."""
    return value.isascii() and value.isdigit() and not value.startswith("0") and len(value) <= 18


def text(value: object) -> str:
    """Text that fits a title's column. Moodle tells names as HTML, without elements: ``R&amp;D``."""
    if not isinstance(value, str):
        return ""
    return " ".join(html.unescape(value[:5000]).replace(UNREADABLE, "").split())[:500]


def number(value: object) -> float | None:
    """A number that is one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def moment_of(value: object) -> datetime | None:
    """A moment from Moodle's seconds; 0 and null are none. In ``customdata`` they may stand as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 12:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 253_402_300_800:
        return None
    return datetime.fromtimestamp(value, UTC)
