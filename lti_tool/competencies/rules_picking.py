"""Finding competencies in frameworks, and what else goes with those that are picked. Pure."""

import unicodedata
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from lti_tool.competencies.map_views import Edge
from lti_tool.competencies.rules_graph import predecessors

_STRUCTURE = (
    "grade",
    "domain",
    "cluster",
    "strand",
    "category",
    "subject",
    "course",
    "topic",
    "unit",
    "framework",
    "group",
)
"""Words by which frameworks call what only holds others together."""


class Entry(Protocol):
    """A competency of a framework, as far as finding it needs."""

    id: uuid.UUID
    code: str
    statement: str
    short: str
    kind: str
    parent_id: uuid.UUID | None


def folded(text: str) -> str:
    """The text without accents and capitals, as people search."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))


def matches(entry: Entry, wanted: str) -> bool:
    """Whether every word that is looked for is in the code or the words; a code is found by any part of it."""
    have = folded(f"{entry.code} {entry.short} {entry.statement} {entry.code.replace('.', '')}")
    return all(word in have for word in folded(wanted).split())


@dataclass
class Branch:
    """A competency with what stands in it, for a nested list of boxes to tick."""

    entry: Entry
    pickable: bool
    branches: list["Branch"] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many can be ticked from here down."""
        return self.pickable + sum(branch.count for branch in self.branches)


def forest(entries: Iterable[Entry], wanted: Collection[uuid.UUID] | None = None) -> list[Branch]:
    """Entries (parents before children) as trees; with ``wanted`` only those, with what they stand in.

    What holds others and is called a grade, a domain and the like is a heading and cannot be picked itself.
    """
    every = list(entries)
    parents = {entry.id: entry.parent_id for entry in every}
    shown: set[uuid.UUID] = set(parents) if wanted is None else set()
    for one in wanted or ():
        at: uuid.UUID | None = one
        while at is not None and at in parents and at not in shown:
            shown.add(at)
            at = parents[at]
    holds = set(parents.values())
    made: dict[uuid.UUID, Branch] = {}
    roots: list[Branch] = []
    for entry in every:
        if entry.id not in shown:
            continue
        heading = entry.id in holds and is_structure(entry.kind)
        branch = Branch(entry, not heading and (wanted is None or entry.id in wanted))
        made[entry.id] = branch
        above = made.get(entry.parent_id) if entry.parent_id is not None else None
        (above.branches if above is not None else roots).append(branch)
    return [branch for branch in map(_pruned, roots) if branch.count]


def _pruned(branch: Branch) -> Branch:
    branch.branches = [one for one in map(_pruned, branch.branches) if one.count]
    return branch


def is_structure(kind: str) -> bool:
    """Whether a framework's word for something means that it holds others together."""
    return any(word in kind.casefold() for word in _STRUCTURE)


def with_earlier(
    chosen: Sequence[uuid.UUID], edges: Iterable[Edge], grades_of: Mapping[uuid.UUID, Collection[str]]
) -> list[uuid.UUID]:
    """What the chosen ones need and is not among them: all of their own grade, and of the grades before the first on each way.

    So that a map shows what a student lacks from earlier years, and not the whole way down to Kindergarten. Where a framework
    knows no grades, what they need directly.
    """
    needs = predecessors(edges)
    found: dict[uuid.UUID, None] = {}
    waiting = list(chosen)
    seen = set(chosen)
    while waiting:
        here = waiting.pop()
        for before in needs.get(here, ()):
            if before in seen:
                continue
            seen.add(before)
            found[before] = None
            if _same_grade(grades_of.get(here, ()), grades_of.get(before, ())):
                waiting.append(before)
    return list(found)


def _same_grade(one: Collection[str], other: Collection[str]) -> bool:
    return bool(set(one) & set(other))
