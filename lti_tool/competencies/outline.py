"""A framework as the indented list that a page shows: what is looked for, what that stands in, never too much. Pure."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lti_tool.competencies.models import Competency, CompetencyLink, LinkKind
from lti_tool.web.i18n import N_

SHOWN_WHOLE = 120
"""Competencies of a framework that is shown whole; of a larger one the upper levels are shown, to be opened."""

MOST_SHOWN = 1500
DEEPEST = 10
"""Levels that are indented; what stands deeper is indented no further. Nobody reads beyond, and a template has its limits."""

_UPPER = 1

_GRADES = {"KG": N_("Kindergarten"), "K": N_("Kindergarten"), "PK": N_("Pre-kindergarten"), "HS": N_("High school")}


@dataclass(slots=True, eq=False)
class Node:
    """A competency in the list. ``found``: it is what was looked for, not only what that stands in."""

    competency: Competency
    found: bool
    before: list[Competency]
    opens: list[Competency]
    below: int
    """Competencies under it, at any depth."""
    children: list["Node"] = field(default_factory=list)
    folded: bool = False
    """Its children are left out, to be opened by a link."""


@dataclass(frozen=True, slots=True)
class Look:
    """What somebody looks for: words, a grade, within a competency; ``whole``: everything at once; ``at``: around one."""

    words: str = ""
    grade: str = ""
    within: uuid.UUID | None = None
    at: uuid.UUID | None = None
    whole: bool = False

    @property
    def is_narrow(self) -> bool:
        """Whether it leaves something out."""
        return bool(self.words.strip() or self.grade or self.within)


@dataclass(frozen=True, slots=True)
class Part:
    """Something to look within: a grade, a domain. ``level`` 0 stands at the top."""

    id: uuid.UUID
    name: str
    level: int


@dataclass(frozen=True, slots=True)
class Outline:
    """The list, how many were found of how many, and what can be chosen from."""

    nodes: tuple[Node, ...]
    found: int
    total: int
    grades: tuple[str, ...]
    parts: tuple[Part, ...]
    is_folded: bool
    is_cut: bool
    """More was found than is shown."""


def grade_name(grade: str) -> tuple[str, str | None]:
    """A grade as words: a message id, and the number that it takes (``Grade %(number)s``); CASE writes 04, KG, HS."""
    if grade.upper() in _GRADES:
        return _GRADES[grade.upper()], None
    number = grade.lstrip("0")
    return (N_("Grade %(number)s"), number) if number.isascii() and number.isdigit() else (grade, None)


def outline(competencies: Sequence[Competency], links: Iterable[CompetencyLink], look: Look) -> Outline:
    """The list of a framework's competencies, which come in their order, parents before children."""
    by_id = {one.id: one for one in competencies}
    roots = _roots(competencies, by_id)
    within = {look.within} if look.within in by_id else None
    if within is None and look.at in by_id and not look.whole and len(competencies) > SHOWN_WHOLE:
        # Around one: what its own upper level holds.
        within = {roots[by_id[look.at].id]}
    shown, found = _shown(competencies, by_id, look, within)
    folds = not (look.is_narrow or look.whole or within) and len(competencies) > SHOWN_WHOLE
    cut = len(shown) > MOST_SHOWN
    before, opens = _neighbours(links, by_id)
    below = _below(competencies, by_id)
    nodes: list[Node] = []
    made: dict[uuid.UUID, Node] = {}
    level: dict[uuid.UUID, int] = {}
    for one in competencies:
        if one.id not in shown or len(made) >= MOST_SHOWN:
            continue
        parent = made.get(one.parent_id) if one.parent_id is not None else None
        if folds and one.depth > _UPPER:
            if parent is not None:
                parent.folded = True
            continue
        node = Node(one, one.id in found, before.get(one.id, []), opens.get(one.id, []), below.get(one.id, 0))
        made[one.id] = node
        above = level[one.parent_id] if parent is not None and one.parent_id is not None else -1
        level[one.id] = min(above + 1, DEEPEST)
        if parent is None:
            nodes.append(node)
        elif above >= DEEPEST:
            # Beside its parent instead of below it.
            holder = _holder(parent, made)
            holder.append(node)
        else:
            parent.children.append(node)
    return Outline(
        tuple(nodes),
        len(found),
        len(competencies),
        _grades(competencies),
        tuple(
            Part(one.id, _part_name(one), one.depth)
            for one in competencies
            if one.depth <= _UPPER and below.get(one.id)
        ),
        folds and any(node.folded for node in made.values()),
        cut,
    )


def _holder(parent: Node, made: dict[uuid.UUID, Node]) -> list[Node]:
    """The list that a node at the deepest level stands in."""
    above = parent.competency.parent_id
    while above is not None and above in made:
        siblings = made[above].children
        if parent in siblings:
            return siblings
        above = made[above].competency.parent_id
    return parent.children


def _roots(competencies: Sequence[Competency], by_id: dict[uuid.UUID, Competency]) -> dict[uuid.UUID, uuid.UUID]:
    """For each competency the one of the upper levels that it stands in, or itself."""
    found: dict[uuid.UUID, uuid.UUID] = {}
    for one in competencies:
        if one.parent_id is None or one.parent_id not in by_id or one.depth <= _UPPER:
            found[one.id] = one.id
        else:
            found[one.id] = found[one.parent_id]
    return found


def _shown(
    competencies: Sequence[Competency],
    by_id: dict[uuid.UUID, Competency],
    look: Look,
    within: set[uuid.UUID | None] | set[uuid.UUID] | None,
) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
    """What is shown, and what of it was looked for."""
    words = look.words.casefold().split()
    inside: set[uuid.UUID] = set()
    found: set[uuid.UUID] = set()
    for one in competencies:
        if within is None or one.id in within or one.parent_id in inside:
            inside.add(one.id)
            said = f"{one.code} {one.statement} {one.short}".casefold()
            if (not look.grade or look.grade in one.grades) and all(word in said for word in words):
                found.add(one.id)
    shown = set(found)
    for identifier in found:
        above = by_id[identifier].parent_id
        while above is not None and above in by_id and above not in shown:
            shown.add(above)
            above = by_id[above].parent_id
    return shown, found


def _neighbours(
    links: Iterable[CompetencyLink], by_id: dict[uuid.UUID, Competency]
) -> tuple[dict[uuid.UUID, list[Competency]], dict[uuid.UUID, list[Competency]]]:
    before: dict[uuid.UUID, list[Competency]] = {}
    opens: dict[uuid.UUID, list[Competency]] = {}
    for link in links:
        if link.kind is LinkKind.PRECEDES and link.origin_id in by_id and link.destination_id in by_id:
            before.setdefault(link.destination_id, []).append(by_id[link.origin_id])
            opens.setdefault(link.origin_id, []).append(by_id[link.destination_id])
    for lists in (before, opens):
        for some in lists.values():
            some.sort(key=lambda one: one.position)
    return before, opens


def _below(competencies: Sequence[Competency], by_id: dict[uuid.UUID, Competency]) -> dict[uuid.UUID, int]:
    found: dict[uuid.UUID, int] = {}
    for one in reversed(competencies):
        if one.parent_id is not None and one.parent_id in by_id:
            found[one.parent_id] = found.get(one.parent_id, 0) + found.get(one.id, 0) + 1
    return found


def _grades(competencies: Sequence[Competency]) -> tuple[str, ...]:
    """Every grade that a competency is for, in the order in which they first come."""
    return tuple(dict.fromkeys(grade for one in competencies for grade in one.grades))


def _part_name(one: Competency) -> str:
    said = one.short or one.statement
    name = f"{one.code} {said}" if one.code and one.code != said else said
    return name if len(name) <= 80 else name[:79].rstrip() + "…"
