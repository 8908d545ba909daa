"""Single values of Canvas's REST API, read with distrust: what is absent, of another type or too long is left out. Pure."""

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from lti_tool.lti.foreign_json import UNREADABLE

Row = Mapping[str, Any]
"""A JSON object as it came."""

# A number, or shard~number for what lives on another of Canvas's machines.
_ID = re.compile(r"[0-9]{1,20}(?:~[0-9]{1,20})?")
_MOST = 1e9
"""Points beyond this are no points: they fit no column, and nobody gives them."""


def is_id(value: str) -> bool:
    """Whether this can be one of Canvas's ids: a number, or ``shard~number``."""
    return _ID.fullmatch(value) is not None


def ids(values: Collection[str]) -> list[str]:
    """Those that can be ids, each once, in a fixed order."""
    return sorted({one for one in values if is_id(one)})


def slices(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """The values, ``size`` at a time."""
    return (values[start : start + size] for start in range(0, len(values), size))


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port of an address, for comparing; empty for one that is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "", None, None
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}.get(parts.scheme)


def row_id(value: object) -> str | None:
    """An id as text, whether it came as a number or as a string."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    written = str(value)
    return written if is_id(written) else None


def text(value: object, most: int = 500) -> str:
    """Text that fits a title's column; empty for anything else."""
    return value.replace(UNREADABLE, "").strip()[:most].strip() if isinstance(value, str) else ""


def address(value: object) -> str | None:
    """A web address that fits its column; what a page links to must be nothing else."""
    if not isinstance(value, str) or len(value) > 2000:
        return None
    return value if origin(value)[0] in {"http", "https"} and origin(value)[1] else None


def number(value: object) -> float | None:
    """A number of points, within what points can be."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_MOST <= value <= _MOST:
        return None
    return float(value) if math.isfinite(value) else None


def moment(value: object) -> datetime | None:
    """A time in UTC; one without a zone is UTC already."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def part(row: Row, name: str) -> Row:
    """An object inside; empty where there is none."""
    found = row.get(name)
    return found if isinstance(found, dict) else {}


def parts(row: Row, name: str) -> list[Row]:
    """The objects of a list inside; empty where there is none."""
    found = row.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def unique(found: Iterable[tuple[str, Row]]) -> dict[str, Row]:
    """Rows by id; one that is told twice, as when a list changes between its pages, counts as told first."""
    kept: dict[str, Row] = {}
    for name, row in found:
        kept.setdefault(name, row)
    return kept
