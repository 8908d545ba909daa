"""Competencies that stand above others in a course's map, and how their levels follow from those below.

A parent's children are the map's competencies whose nearest competency above, of those in the map, it is. It follows them by
the rule that the map names for it, or, while it has no evidence of its own, by *all children*: Secure when all of them are. A
teacher's override of the parent holds against both. These rules are the map's as it stands; nothing of them is frozen.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import map_queries
from lti_tool.mastery import rules
from lti_tool.mastery.criteria import parent_rule_of
from lti_tool.mastery.drafts import Draft
from lti_tool.mastery.rules.values import Standing

LADDER = tuple(Standing)
"""Standings by their rank."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A map's competencies by what they stand in. ``upward`` holds the parents, the lowest first."""

    numbers: Mapping[uuid.UUID, int]
    children: Mapping[uuid.UUID, tuple[uuid.UUID, ...]]
    parent: Mapping[uuid.UUID, uuid.UUID]
    stated: Mapping[uuid.UUID, rules.ParentRule]
    upward: tuple[uuid.UUID, ...]

    def concerned(self, touched: Collection[uuid.UUID]) -> list[uuid.UUID]:
        """The parents whose level can be another one after these competencies moved, the lowest first; themselves included."""
        found: set[uuid.UUID] = set()
        for competency_id in touched:
            here: uuid.UUID | None = competency_id
            while here is not None and here not in found:
                found.add(here)
                here = self.parent.get(here)
        return [one for one in self.upward if one in found]

    def follows(self, parent_id: uuid.UUID, own: Draft | None) -> bool:
        """Whether a parent's level is what its children say, given what its own evidence says."""
        if own is None:
            return True
        return not own.overridden and (not own.count or parent_id in self.stated)

    def roll_up(self, parent_id: uuid.UUID, standings: Mapping[str, Any], scale: rules.Scale) -> rules.RollUp:
        """What the levels of the children, in a learner's brief, say of their parent."""
        rule = self.stated.get(parent_id) or rules.AllChildren()
        children = [self._child(one, standings) for one in self.children.get(parent_id, ())]
        return rule.roll_up(children, scale)

    def _child(self, competency_id: uuid.UUID, standings: Mapping[str, Any]) -> rules.Child:
        brief = standings.get(str(self.numbers[competency_id]))
        if brief is None:
            return rules.Child(str(competency_id), Standing.NOT_STARTED)
        return rules.Child(str(competency_id), LADDER[brief[0]], brief[1])


async def tree(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> Tree:
    """The whole map by what stands in what; a handful of statements."""
    rows = await map_queries.in_map(session, organisation_id, course_id)
    above = await map_queries.above(
        session, organisation_id, {row.parent_id for row in rows if row.parent_id is not None}
    )
    upper = {row.id: row.parent_id for row in above.values()} | {row.id: row.parent_id for row in rows}
    return grown({row.id: row.number for row in rows}, upper, {row.id: row.rule for row in rows if row.rule})


def grown(
    numbers: Mapping[uuid.UUID, int],
    upper: Mapping[uuid.UUID, uuid.UUID | None],
    said: Mapping[uuid.UUID, dict[str, Any]],
) -> Tree:
    """The tree of a map: its competencies with their numbers, what everything stands in, and the rules the map names."""
    parent: dict[uuid.UUID, uuid.UUID] = {}
    children: dict[uuid.UUID, list[uuid.UUID]] = {}
    for competency_id in numbers:
        here = _nearest(competency_id, upper, numbers)
        if here is not None:
            parent[competency_id] = here
            children.setdefault(here, []).append(competency_id)
    return Tree(
        numbers=numbers,
        children={one: tuple(some) for one, some in children.items()},
        parent=parent,
        stated={one: rule for one, data in said.items() if (rule := parent_rule_of(data)) is not None},
        upward=tuple(sorted(children, key=lambda one: (-_depth(one, parent), numbers[one]))),
    )


def _nearest(
    competency_id: uuid.UUID, upper: Mapping[uuid.UUID, uuid.UUID | None], mapped: Collection[uuid.UUID]
) -> uuid.UUID | None:
    for here in _chain(competency_id, upper):
        if here in mapped:
            return here
    return None


def _depth(competency_id: uuid.UUID, parent: Mapping[uuid.UUID, uuid.UUID | None]) -> int:
    return sum(1 for _ in _chain(competency_id, parent))


def _chain(competency_id: uuid.UUID, upper: Mapping[uuid.UUID, uuid.UUID | None]) -> Iterable[uuid.UUID]:
    """What it stands in, from the nearest; ends at a circle, which no source should have and a file can."""
    seen = {competency_id}
    here = upper.get(competency_id)
    while here is not None and here not in seen:
        yield here
        seen.add(here)
        here = upper.get(here)
