"""Which competency of ours an outcome of the LMS is: by what names it, never by its title. Pure.

An identifier (a GUID, an address, an id number) is the same thing wherever it stands. A code is what people call a standard, so
that it may be another framework's as well: it counts where one competency alone has it. Of several that fit, one that is in the
course's map goes before those that are not.
"""

import re
import unicodedata
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A competency that a course may use, by what names it. ``in_map``: the course's map has it."""

    id: uuid.UUID
    identifier: str
    uri: str
    code: str
    in_map: bool


def folded(text: str) -> str:
    """A name as it is compared: case, width, spacing and the braces of a GUID do not matter."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split()).strip("{} ")


def names(identifiers: Iterable[str]) -> frozenset[str]:
    """What an outcome is named by, and the GUIDs in its addresses."""
    told = [folded(one) for one in identifiers]
    return frozenset({*told, *(guid for one in told for guid in _GUID.findall(one))} - {""})


def recognised(identifiers: Iterable[str], code: str, candidates: Iterable[Candidate]) -> uuid.UUID | None:
    """The one competency that an outcome is; None where none is meant, or several are."""
    own = names(identifiers)
    known = list(candidates)
    by_name = [one for one in known if names((one.identifier, one.uri)) & own]
    if by_name:
        return _only(by_name)
    called = own | ({folded(code)} - {""})
    return _only([one for one in known if one.code and folded(one.code) in called])


def _only(found: Iterable[Candidate]) -> uuid.UUID | None:
    some = {one.id: one for one in found}
    here = [one.id for one in some.values() if one.in_map]
    ids = here or list(some)
    return ids[0] if len(ids) == 1 else None
