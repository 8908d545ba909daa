"""What importing a file changes about a framework: worked out before anything is written. Pure."""

import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lti_tool.competencies.models import LinkKind
from lti_tool.competencies.reading.loops import Edge, Loop, without_loops
from lti_tool.competencies.reading.values import CompetencyRow, FrameworkFile, LinkRow, shortened
from lti_tool.ids import new_id
from lti_tool.web.i18n import N_

COMPARED = ("code", "statement", "short", "kind", "grades", "parent", "uri", "rule", "extra")
"""The fields of a competency whose change counts. Its place in the order is written, but is no change of the competency."""

FIELD_NAMES = {
    "code": N_("Code"),
    "statement": N_("Statement"),
    "short": N_("Short form"),
    "kind": N_("Kind"),
    "grades": N_("Grade"),
    "parent": N_("Stands under"),
    "uri": N_("Address"),
    "rule": N_("Rule"),
    "extra": N_("Further details"),
    "prerequisites": N_("Prerequisites"),
    "retired": N_("Was gone and is back"),
    "title": N_("Title"),
    "creator": N_("Creator"),
    "description": N_("Description"),
    "subject": N_("Subject"),
    "language": N_("Language"),
    "status": N_("Status"),
}

LEFT_OUT = "left_out"
"""In a framework's ``extra``: the prerequisites that would close a loop, as pairs of identifiers, left out until decided."""
RELATED_AS = "related_as_prerequisites"
ELSEWHERE = "elsewhere"
OURS = frozenset({LEFT_OUT, RELATED_AS})
"""What in ``extra`` is ours and no source's."""

_SYMMETRIC = frozenset({LinkKind.RELATED, LinkKind.PEER, LinkKind.EXACT})


@dataclass(frozen=True, slots=True)
class Stored:
    """A competency as the database has it."""

    id: uuid.UUID
    row: CompetencyRow
    parent_id: uuid.UUID | None
    position: int
    is_retired: bool


@dataclass(frozen=True, slots=True)
class StoredLink:
    """A link as the database has it. Its ends may be in another framework."""

    id: uuid.UUID
    origin_id: uuid.UUID
    destination_id: uuid.UUID
    kind: LinkKind
    identifier: str | None
    position: int


@dataclass(frozen=True, slots=True)
class Change:
    """A field, with what it said before and what it says now; empty where there is nothing short to say."""

    name: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Touched:
    """A competency as it will be. ``changes`` is empty for one that is only moved in the order."""

    id: uuid.UUID
    row: CompetencyRow
    position: int
    parent_id: uuid.UUID | None
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedLink:
    """A link to be written."""

    origin_id: uuid.UUID
    destination_id: uuid.UUID
    kind: LinkKind
    identifier: str | None
    position: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import does."""

    added: tuple[Touched, ...] = ()
    updated: tuple[Touched, ...] = ()
    moved: tuple[Touched, ...] = ()
    unchanged: int = 0
    retired: tuple[Stored, ...] = ()
    links_added: tuple[PlannedLink, ...] = ()
    links_changed: tuple[tuple[uuid.UUID, PlannedLink], ...] = ()
    links_removed: tuple[uuid.UUID, ...] = ()
    loops: tuple[Loop, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    """What people call each competency of the file, by its identifier."""

    @property
    def changes_competencies(self) -> bool:
        """Whether a competency that is there says something else afterwards, or is retired."""
        return bool(self.updated or self.retired)


def plan(
    file: FrameworkFile,
    stored: Sequence[Stored],
    links: Sequence[StoredLink],
    *,
    decided: Collection[Edge] = (),
    foreign: Mapping[str, uuid.UUID] | None = None,
) -> Plan:
    """What importing ``file`` changes.

    ``decided``: prerequisites, as pairs of identifiers, that are left out where they are part of a loop. ``foreign``: ids of
    competencies in other frameworks of the school, by identifier, to which the file's source has links.
    """
    known = {one.row.identifier: one for one in stored}
    ids = {
        row.identifier: known[row.identifier].id if row.identifier in known else new_id() for row in file.competencies
    }
    aside = _aside(file, stored, ids)
    kept, loops, cut = _prerequisites(file, decided, links, stored, aside)
    wanted = [
        link for link in file.links if link.kind is not LinkKind.PRECEDES or (link.origin, link.destination) in kept
    ]
    names = {one.row.identifier: one.row.name for one in stored} | {
        row.identifier: row.name for row in file.competencies
    }
    # What leads to a competency that is gone stays as it is, and is no change.
    before = _prerequisites_before(links, {one.id: one.row.identifier for one in stored if one.row.identifier in ids})
    after: dict[str, set[str]] = {}
    for link in wanted:
        if link.kind is LinkKind.PRECEDES:
            after.setdefault(link.destination, set()).add(link.origin)

    added: list[Touched] = []
    updated: list[Touched] = []
    moved: list[Touched] = []
    unchanged = 0
    for position, row in enumerate(file.competencies):
        parent_id = ids[row.parent] if row.parent is not None else None
        old = known.get(row.identifier)
        if old is None:
            added.append(Touched(ids[row.identifier], row, position, parent_id))
            continue
        merged = _merged(old.row, row, file)
        if "parent" not in file.says:
            parent_id = old.parent_id
        changes = _changes(old, merged, names)
        if LinkKind.PRECEDES in file.kinds:
            changes += _changed_prerequisites(before, after, row.identifier, names)
        touched = Touched(old.id, merged, position, parent_id, tuple(changes))
        if changes:
            updated.append(touched)
        else:
            unchanged += 1
            if (old.position, old.row.depth, old.parent_id) != (position, merged.depth, parent_id):
                moved.append(touched)
    moved += _moved_aside(aside, ids, {touched.id: touched.row.depth for touched in (*added, *updated, *moved)}, known)
    named = ids.keys() | file.left_out
    retired = tuple(one for one in stored if one.row.identifier not in named and not one.is_retired)
    return Plan(
        tuple(added),
        tuple(updated),
        tuple(moved),
        unchanged,
        retired,
        *_link_plan(file, wanted, stored, links, ids, foreign or {}, cut),
        loops=tuple(loops),
        names=names,
    )


def _aside(file: FrameworkFile, stored: Sequence[Stored], ids: Mapping[str, uuid.UUID]) -> list[Stored]:
    """What the file names and was refused: it stays as it is, behind everything else."""
    there = [
        one
        for one in stored
        if one.row.identifier in file.left_out and one.row.identifier not in ids and not one.is_retired
    ]
    return sorted(there, key=lambda one: one.position)


def _moved_aside(
    aside: Sequence[Stored], ids: Mapping[str, uuid.UUID], depths: Mapping[uuid.UUID, int], known: Mapping[str, Stored]
) -> list[Touched]:
    present = set(ids.values())
    depth = {one.id: one.row.depth for one in known.values()} | dict(depths)
    found = []
    for position, one in enumerate(aside, start=len(ids)):
        parent_id = one.parent_id if one.parent_id in present else None
        level = 0 if parent_id is None else depth[parent_id] + 1
        present.add(one.id)
        depth[one.id] = level
        if (one.position, one.row.depth, one.parent_id) != (position, level, parent_id):
            found.append(Touched(one.id, replace(one.row, depth=level), position, parent_id))
    return found


def _prerequisites(
    file: FrameworkFile,
    decided: Collection[Edge],
    links: Sequence[StoredLink],
    stored: Sequence[Stored],
    aside: Sequence[Stored],
) -> tuple[set[Edge], list[Loop], set[Edge]]:
    """The file's prerequisites without loops, all loops, and what is there of refused rows that would close one now."""
    order = [row.identifier for row in file.competencies]
    edges = [(link.origin, link.destination) for link in file.links if link.kind is LinkKind.PRECEDES]
    kept, loops = without_loops(edges, decided, order)
    refused = {one.row.identifier for one in aside}
    if not refused:
        return set(kept), loops, set()
    names = {one.id: one.row.identifier for one in stored}
    present = set(order) | refused
    there = [
        (names[link.origin_id], names[link.destination_id])
        for link in links
        if link.kind is LinkKind.PRECEDES and {names.get(link.origin_id), names.get(link.destination_id)} <= present
    ]
    theirs = [edge for edge in there if set(edge) & refused]
    _, closing = without_loops([*kept, *theirs], theirs, [*order, *sorted(refused)])
    return set(kept), loops + closing, {loop.left_out for loop in closing}


def _prerequisites_before(links: Iterable[StoredLink], names: Mapping[uuid.UUID, str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for link in links:
        if link.kind is LinkKind.PRECEDES and link.origin_id in names and link.destination_id in names:
            found.setdefault(names[link.destination_id], set()).add(names[link.origin_id])
    return found


def _changed_prerequisites(
    before: Mapping[str, set[str]], after: Mapping[str, set[str]], identifier: str, names: Mapping[str, str]
) -> list[Change]:
    was, now = before.get(identifier, set()), after.get(identifier, set())
    if was == now:
        return []
    return [Change("prerequisites", _listed(was, names), _listed(now, names))]


def _listed(identifiers: Iterable[str], names: Mapping[str, str]) -> str:
    return ", ".join(sorted(names.get(one, one) for one in identifiers))


def _merged(old: CompetencyRow, new: CompetencyRow, file: FrameworkFile) -> CompetencyRow:
    """What the file says, and of the rest what was there before."""
    kept = {name: getattr(old, name) for name in COMPARED if name not in file.says}
    if "parent" not in file.says:
        kept["depth"] = old.depth
    if "uri" in file.says and same(new.uri, old.uri):
        kept["uri"] = old.uri
    if "extra" in file.says:
        kept["extra"] = merged_extra(old.extra, new.extra, {name.removeprefix("item.") for name in file.cannot_say})
    return replace(new, **kept)


def merged_extra(old: Mapping[str, Any], new: Mapping[str, Any], cannot_say: Collection[str]) -> dict[str, Any]:
    """The new details, with what their format cannot say taken from the old; the old ones where both say the same."""
    merged = {name: old[name] for name in old if name in cannot_say} | dict(new)
    return dict(old) if same(old, merged) else merged


def same(one: Any, other: Any) -> bool:
    """Whether two values of JSON say the same: addresses on a CASE server of version 1.0 and 1.1 do."""
    return one == other or _as_text(one) == _as_text(other)


def _as_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True).replace("/ims/case/v1p0/", "/ims/case/v1p1/")


def _changes(old: Stored, new: CompetencyRow, names: Mapping[str, str]) -> list[Change]:
    changes = [Change("retired")] if old.is_retired else []
    for name in COMPARED:
        was, now = getattr(old.row, name), getattr(new, name)
        if was != now:
            changes.append(Change(name, _said(name, was, names), _said(name, now, names)))
    return changes


def _said(name: str, value: Any, names: Mapping[str, str]) -> str:
    if value is None or name in {"extra", "rule"}:
        return ""
    if name == "grades":
        return ", ".join(value)
    return shortened(names.get(value, value) if name == "parent" else str(value), 300)


def framework_changes(stored: Mapping[str, Any], file: Mapping[str, Any]) -> list[Change]:
    """What changes about the framework itself; both by field."""
    return [
        Change(name, "" if name == "extra" else str(stored[name] or ""), "" if name == "extra" else str(value or ""))
        for name, value in file.items()
        if stored[name] != value
    ]


LinkKey = tuple[uuid.UUID, uuid.UUID, LinkKind]


def _link_plan(
    file: FrameworkFile,
    wanted: Sequence[LinkRow],
    stored: Sequence[Stored],
    links: Sequence[StoredLink],
    ids: Mapping[str, uuid.UUID],
    foreign: Mapping[str, uuid.UUID],
    cut: Collection[Edge],
) -> tuple[tuple[PlannedLink, ...], tuple[tuple[uuid.UUID, PlannedLink], ...], tuple[uuid.UUID, ...]]:
    """Links to add, to change and to take away; ``cut`` are prerequisites that go because they would close a loop."""
    planned = {_key(link.origin_id, link.destination_id, link.kind): link for link in _planned(wanted, ids)}
    for link in crossing_links(file, ids, foreign):
        planned.setdefault(_key(link.origin_id, link.destination_id, link.kind), link)
    there = {_key(link.origin_id, link.destination_id, link.kind): link for link in links}
    added = tuple(link for key, link in planned.items() if key not in there)
    # Only CASE numbers its links, names them, and speaks of other frameworks.
    is_case = "uri" in file.says
    changed = []
    for key, link in planned.items():
        old = there.get(key)
        if is_case and old is not None and (old.position, old.identifier) != (link.position, link.identifier):
            changed.append((old.id, link))
    # What a source no longer names keeps its links, for maps that use it; what it named and was refused here as well.
    present = set(ids.values())
    gone = {one.id for one in stored if one.id not in present}
    own = present | gone
    names = {one.id: one.row.identifier for one in stored}
    closing = tuple(
        link.id
        for link in links
        if link.kind is LinkKind.PRECEDES and (names.get(link.origin_id), names.get(link.destination_id)) in cut
    )
    removed = closing + tuple(
        link.id
        for key, link in there.items()
        if key not in planned
        and link.kind in file.kinds
        and not {link.origin_id, link.destination_id} & gone
        and (is_case or {link.origin_id, link.destination_id} <= own)
    )
    return added, tuple(changed), tuple(dict.fromkeys(removed))


def _planned(wanted: Iterable[LinkRow], ids: Mapping[str, uuid.UUID]) -> list[PlannedLink]:
    return [
        PlannedLink(ids[one.origin], ids[one.destination], one.kind, one.identifier, one.position) for one in wanted
    ]


def _key(origin: uuid.UUID, destination: uuid.UUID, kind: LinkKind) -> LinkKey:
    """What makes a link the same. Which of two related ones was written first means nothing."""
    if kind in _SYMMETRIC and destination < origin:
        return destination, origin, kind
    return origin, destination, kind


def crossing_links(
    file: FrameworkFile, ids: Mapping[str, uuid.UUID], foreign: Mapping[str, uuid.UUID]
) -> list[PlannedLink]:
    """Links of the source that lead to competencies of other frameworks which the school has."""
    found = []
    for association in file.elsewhere:
        ends = elsewhere_ends(association)
        if ends is None:
            continue
        origin, destination, kind, identifier = ends
        origin_id, destination_id = (ids.get(end) or foreign.get(end) for end in (origin, destination))
        if origin_id and destination_id and origin_id != destination_id and (origin in ids or destination in ids):
            found.append(PlannedLink(origin_id, destination_id, kind, identifier, 0))
    return found


def elsewhere_ends(association: Mapping[str, Any]) -> tuple[str, str, LinkKind, str | None] | None:
    """Origin, destination, kind and identifier of a link that leads out of its file; None for one that names no ends."""
    ends = association.get("ends")
    if not isinstance(ends, list) or len(ends) != 3 or not all(isinstance(one, str) for one in ends):
        return None
    identifier = association.get("identifier")
    kind = LinkKind(ends[2]) if ends[2] in set(LinkKind) else LinkKind.OTHER
    return ends[0], ends[1], kind, identifier[:255] if isinstance(identifier, str) and identifier else None
