"""Whose a row is. An id or an address is sure; a name alone is a guess that the teacher confirms."""

import unicodedata
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from lti_tool.courses.identities import Known
from lti_tool.mastery.gradebooks.values import GradeRow, Identity


class Match(StrEnum):
    """How sure it is whose a row is."""

    SURE = "sure"
    NAME = "name"
    """Only the name says so, and one student alone has it."""
    NOBODY = "nobody"
    SEVERAL = "several"
    """More than one student fits, or the row's ids are of different students."""


@dataclass(frozen=True, slots=True)
class Matched:
    """A row with whom it was matched: a person for SURE and NAME, nobody otherwise."""

    row: GradeRow
    match: Match
    person_id: uuid.UUID | None = None


def match(rows: Iterable[GradeRow], known: Collection[Known]) -> list[Matched]:
    """Each row with its student, in the rows' order. A student gets one row: of two that claim them, neither is taken.

    An id that is shared by two students counts for neither. Sure matches come before names, so that somebody who was found
    by an id is not found again by another row's name.
    """
    lookups: list[tuple[Identity, dict[str, set[uuid.UUID]]]] = [
        (Identity.USER_ID, _lookup(known, lambda one: one.user_ids)),
        (Identity.SOURCED_ID, _lookup(known, lambda one: one.sourced_ids)),
        (Identity.LOGIN, _lookup(known, lambda one: one.user_ids | one.sourced_ids | one.emails)),
        (Identity.EMAIL, _lookup(known, lambda one: one.emails)),
    ]
    found = [_by_identity(row, lookups) for row in rows]
    taken = {one.person_id for one in found if one.match is Match.SURE}
    names: dict[frozenset[str], set[uuid.UUID]] = defaultdict(set)
    for student in known:
        for name in student.names:
            if key := _name(name):
                names[key].add(student.person_id)
    found = [_by_name(one, names, taken) for one in found]
    claims: dict[uuid.UUID, int] = defaultdict(int)
    for one in found:
        if one.person_id is not None:
            claims[one.person_id] += 1
    return [
        Matched(one.row, Match.SEVERAL) if one.person_id is not None and claims[one.person_id] > 1 else one
        for one in found
    ]


def _lookup(known: Collection[Known], ways: Callable[[Known], Iterable[str]]) -> dict[str, set[uuid.UUID]]:
    found: dict[str, set[uuid.UUID]] = defaultdict(set)
    for one in known:
        for way in ways(one):
            found[way.strip().casefold()].add(one.person_id)
    return found


def _by_identity(row: GradeRow, lookups: list[tuple[Identity, dict[str, set[uuid.UUID]]]]) -> Matched:
    people: set[uuid.UUID] = set()
    for kind, lookup in lookups:
        value = row.identities.get(kind, "").strip().casefold()
        hits = lookup.get(value, set()) if value else set()
        if len(hits) == 1:
            people |= hits
    if len(people) > 1:
        return Matched(row, Match.SEVERAL)
    return Matched(row, Match.SURE, next(iter(people))) if people else Matched(row, Match.NOBODY)


def _by_name(one: Matched, names: dict[frozenset[str], set[uuid.UUID]], taken: set[uuid.UUID | None]) -> Matched:
    if one.match is not Match.NOBODY:
        return one
    key = _name(one.row.name)
    hits = names.get(key, set()) if key else set()
    if len(hits) > 1:
        return Matched(one.row, Match.SEVERAL)
    free = hits - taken
    return Matched(one.row, Match.NAME, next(iter(free))) if free else one


def _name(text: str) -> frozenset[str]:
    """A name's words whatever their order and accents: “Öberg, Åsa” and “Asa Oberg” are alike. One word is no name."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    words = frozenset(kept.split())
    return words if len(words) > 1 else frozenset()
