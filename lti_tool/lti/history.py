"""What a copy was copied from: ``$Context.id.history`` and ``$ResourceLink.id.history`` (LTI Core 1.3, Appendix D). Pure."""

from collections.abc import Iterable
from urllib.parse import unquote

CONTEXT_HISTORY = "context_id_history"
"""The custom parameter that holds ``$Context.id.history``: the courses this one was copied from, the latest first."""

LINK_HISTORY = "resource_link_id_history"
"""The custom parameter that holds ``$ResourceLink.id.history``: the links this one was copied from, the latest first."""

MOST = 20
"""Ancestors that are remembered, the latest; Schoology names five."""

_ID_LENGTH = 255
_LONGEST = 8_000


def ids_in(value: str | None, own: str | None) -> tuple[str, ...]:
    """The ids of a history, the latest first: URL-encoded, and apart by commas. Empty for what is none.

    ``own`` is the id of the copy itself, which is not its own ancestor.
    """
    if not value:
        return ()
    # A value over the limit is cut where its last whole id ends: the earliest ancestors are those at the end.
    whole = value if len(value) <= _LONGEST else value[:_LONGEST].rpartition(",")[0]
    return cleaned((unquote(part) for part in whole.split(",")), own)


def cleaned(ids: Iterable[object], own: str | None) -> tuple[str, ...]:
    """Those of ``ids`` that can be ids of the platform, each once, in their order.

    One that begins with ``$`` is a variable nobody filled in; one with control characters was not made by a platform.
    """
    kept: dict[str, None] = {}
    for given in ids:
        found = given.strip() if isinstance(given, str) else ""
        if found and found != own and not found.startswith("$") and found.isprintable() and len(found) <= _ID_LENGTH:
            kept[found] = None
        if len(kept) == MOST:
            break
    return tuple(kept)
