"""Reading what platforms write into headers, however they write it. Pure."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

_LONGEST_WAIT = timedelta(days=1)
# Moodle 4.1–5.0 writes rel=“next” with typographic quotes and &amp; in the address; names are case-insensitive (RFC 8288).
_LINK = re.compile(r"<([^<>]+)>((?:[^<,]|,(?!\s*<))*)")
_NEXT = re.compile(r"""\brel\s*=\s*(?:["'“”„‟]\s*)?(?:[\w:/.-]+\s+)*next\b""", re.IGNORECASE)
# Nothing else is unescaped: HTML has names without a semicolon, so that &section=2 would become §ion=2.
_AMPERSAND = "&amp;"


def next_link(headers: Iterable[str], base: str) -> str | None:
    """The address with ``rel=next`` in ``Link`` headers (RFC 8288), made absolute against ``base``; None when it is the last.

    The address's case is kept: Canvas's bookmarks differ by it. Raises ValueError for what is no address.
    """
    for header in headers:
        for address, parameters in _LINK.findall(header):
            if _NEXT.search(parameters):
                following: str = address.strip().replace(_AMPERSAND, "&")
                return urljoin(base, following)
    return None


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """How long a ``Retry-After`` header asks to wait (RFC 9110 §10.2.3: seconds or a date); between 0 and a day."""
    if not value:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        wait = timedelta(seconds=min(int(text[:9]), 86_400))
    else:
        try:
            moment = parsedate_to_datetime(text)
        except (TypeError, ValueError):
            return None
        wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    return max(timedelta(0), min(wait, _LONGEST_WAIT))


def is_web_address(value: object) -> bool:
    """Whether something is the http(s) address of a host, so that it can be taken apart and called."""
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def append_to_path(address: str, segment: str) -> str:
    """``…/lineitem?type_id=2`` and ``scores`` to ``…/lineitem/scores?type_id=2``: into the path, before the query."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{segment}"))


def with_query(address: str, parameters: Mapping[str, str]) -> str:
    """The address with parameters added to its query; those it has already are kept as they are."""
    if not parameters:
        return address
    parts = urlsplit(address)
    present = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    added = urlencode({name: value for name, value in parameters.items() if name not in present})
    return urlunsplit(parts._replace(query="&".join(part for part in (parts.query, added) if part)))
