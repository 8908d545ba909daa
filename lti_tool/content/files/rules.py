"""What bringing in a course's file would do, before it does anything. Pure."""

import uuid
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlsplit

from lti_tool.content.files.values import FileItem, FileReading, Form
from lti_tool.content.matching import plain
from lti_tool.content.models import ItemKind
from lti_tool.content.ports import NativeItem
from lti_tool.content.rules import (
    ADDRESS_SOURCE,
    BACKUP_SOURCE,
    CARTRIDGE_SOURCE,
    CHECK_SOURCE,
    FILE_SOURCES,
    GRADEBOOK_SOURCE,
    MISSING_SOURCE,
)

MOODLE_SOURCE = "moodle:cm:"
"""How the connector to Moodle's own API calls course modules. A backup of this very course has the same ids."""

_OURS = (*FILE_SOURCES, ADDRESS_SOURCE, CHECK_SOURCE, GRADEBOOK_SOURCE, MISSING_SOURCE)
_GRADED = frozenset({"quiz", "assignment", "discussion", "tool"})


@dataclass(frozen=True, slots=True)
class Home:
    """A course as its platform knows it: addresses of the platform, and its ids of the course. ``was_read``: by the platform's
    own API, so that what that told is newer than any file.
    """

    sites: frozenset[str]
    ids: frozenset[str]
    was_read: bool = False

    def made(self, reading: FileReading) -> bool:
        """Whether a file was made of this very course."""
        return reading.course_id in self.ids and plain_site(reading.site) in self.sites


class State(StrEnum):
    """What becomes of an item of the file."""

    NEW = "new"
    BACK = "back"
    """Known, and gone until now."""
    CHANGED = "changed"
    SAME = "same"
    ADOPTED = "adopted"
    """Known from a gradebook export or a pasted address, which becomes this item."""
    KNOWN = "known"
    """The platform itself has told of it; the file changes nothing."""


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """An item of the file beside what is known of it. ``before`` is its title where that was another, ``moved_from`` the module
    it was in.
    """

    item: FileItem
    external_id: str
    state: State
    row_id: uuid.UUID | None = None
    url: str | None = None
    before: str | None = None
    moved_from: str | None = None

    @property
    def is_brought(self) -> bool:
        """Whether the file has anything to say about it."""
        return self.state is not State.KNOWN


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier file brought: ``key`` to choose it by, how many items are left of it, and its first module."""

    key: str
    items: int
    section: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A file beside its course. ``source`` is what its items' external ids begin with.

    ``gone`` are rows that an earlier file of the same course brought and this one has not; ``others`` what stays of the source
    as it is. ``earlier`` are files it could be a newer version of, ``key`` the one that is taken for it.
    """

    reading: FileReading
    source: str
    key: str
    is_home: bool
    items: tuple[PlannedItem, ...]
    gone: tuple[Any, ...] = ()
    others: tuple[Any, ...] = ()
    earlier: tuple[Earlier, ...] = ()

    def counted(self, *states: State) -> int:
        """How many items of the file, headings left out, are in one of these states."""
        return sum(one.state in states and one.item.kind != "heading" for one in self.items)

    @property
    def renamed(self) -> int:
        """Items with another title than before."""
        return sum(one.before is not None for one in self.items)

    @property
    def moved(self) -> int:
        """Items in another module than before."""
        return sum(one.moved_from is not None for one in self.items)

    @property
    def without_address(self) -> int:
        """Items that nobody can open from here."""
        return sum(one.url is None and one.is_brought and one.item.kind != "heading" for one in self.items)

    @property
    def by_kind(self) -> list[tuple[str, int]]:
        """How many items of each kind there are, the most frequent first."""
        kinds = Counter(one.item.kind for one in self.items if one.item.kind != "heading")
        return sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0]))

    @property
    def modules(self) -> list[tuple[str, list[PlannedItem]]]:
        """The items by module, in the file's order."""
        found: dict[str, list[PlannedItem]] = {}
        for one in self.items:
            found.setdefault(one.item.section, []).append(one)
        return list(found.items())

    @property
    def changes_nothing(self) -> bool:
        """Whether bringing it in would leave everything as it is."""
        return not self.gone and all(one.state in (State.SAME, State.KNOWN) for one in self.items)


def plan(reading: FileReading, rows: Sequence[Any], home: Home, chosen: str | None = None) -> Plan:
    """Put a file beside all rows that its course has, gone ones included.

    ``chosen`` is the key of the earlier file that this one is a newer version of, or the file's own for none of them; without
    it the file that this one shares most names and titles with, if that is half of its own.
    """
    is_home = home.made(reading)
    source = _source(reading, is_home=is_home)
    earlier = _earlier(source, rows)
    key = _chosen(reading, source, rows, earlier, chosen)
    prefix = source if source == MOODLE_SOURCE else f"{source}{key}:"
    mine = [row for row in rows if row.external_id.startswith(prefix)]
    others = tuple(
        row
        for row in rows
        if row.external_id.startswith(source) and not row.external_id.startswith(prefix) and row.deleted_at is None
    )
    # What the platform told is newer than the file, which may at most have something more.
    told = is_home and home.was_read and source == MOODLE_SOURCE
    items = _Beside(reading.items, prefix, mine, rows, is_home=is_home, told=told).items()
    there = {one.row_id for one in items if one.is_brought}
    alive = [row for row in mine if row.deleted_at is None and row.id not in there]
    gone, kept = ([], alive) if told else (alive, [])
    return Plan(reading, source, key, is_home, items, tuple(gone), (*others, *kept), earlier)


def _source(reading: FileReading, *, is_home: bool) -> str:
    if reading.form is not Form.MOODLE:
        return CARTRIDGE_SOURCE
    return MOODLE_SOURCE if is_home else BACKUP_SOURCE


def _earlier(source: str, rows: Iterable[Any]) -> tuple[Earlier, ...]:
    """The files that brought what there is of a source."""
    if source == MOODLE_SOURCE:
        return ()
    found: dict[str, list[Any]] = {}
    for row in rows:
        if row.external_id.startswith(source) and row.deleted_at is None:
            found.setdefault(_key_of(row, source), []).append(row)
    first = {key: min(some, key=lambda row: row.position).section for key, some in found.items()}
    return tuple(Earlier(key, len(some), first[key]) for key, some in found.items())


def _key_of(row: Any, source: str) -> str:
    key: str = row.external_id.removeprefix(source).partition(":")[0]
    return key


def _chosen(
    reading: FileReading, source: str, rows: Iterable[Any], earlier: Sequence[Earlier], chosen: str | None
) -> str:
    keys = {one.key for one in earlier}
    if chosen is not None and (chosen in keys or chosen == reading.key):
        return chosen
    if reading.key in keys or not keys:
        return reading.key
    # A name alone says little: programs that number things begin each file with the same ones.
    there = {one.name: plain(one.title) for one in reading.items}
    shared: Counter[str] = Counter()
    for row in rows:
        if row.external_id.startswith(source) and row.deleted_at is None:
            key, _, name = row.external_id.removeprefix(source).partition(":")
            shared[key] += there.get(name) == plain(row.title)
    key, count = max(shared.items(), key=lambda pair: pair[1], default=("", 0))
    return key if 2 * count >= len(there) else reading.key


@dataclass(frozen=True, slots=True)
class _Beside:
    """The items of a file beside the rows of its course: ``mine`` are those of an earlier version of the file."""

    found: tuple[FileItem, ...]
    prefix: str
    mine: Sequence[Any]
    rows: Sequence[Any]
    is_home: bool
    told: bool

    def items(self) -> tuple[PlannedItem, ...]:
        again = self._again()
        rest = [item for item in self.found if item.name not in again]
        elsewhere = self._elsewhere(rest)
        adopted = self._adopted([item for item in rest if item.name not in elsewhere])
        taken = {row.external_id for row in self.mine}
        done = []
        for item in self.found:
            row = again.get(item.name)
            if row is not None and self.told:
                done.append(PlannedItem(item, row.external_id, State.KNOWN, row.id, row.url))
            elif row is not None:
                done.append(self._known(item, row))
            elif item.name in elsewhere:
                other = elsewhere[item.name]
                done.append(PlannedItem(item, other.external_id, State.KNOWN, other.id, other.url))
            else:
                external_id = _free(self.prefix + item.name, taken)
                taken.add(external_id)
                other = adopted.get(item.name)
                if other is None:
                    done.append(PlannedItem(item, external_id, State.NEW, url=self._url(item)))
                else:
                    url = self._url(item) or other.url
                    done.append(PlannedItem(item, external_id, State.ADOPTED, other.id, url))
        return tuple(done)

    def _again(self) -> dict[str, Any]:
        """What an earlier file brought of the items: by name and title; by kind and title, and module where that takes it, since
        some programs name or number everything anew at each export; then by name alone, for what was renamed.
        """
        by_name = {row.external_id: row for row in self.mine}
        named = [(item, by_name.get(self.prefix + item.name)) for item in self.found]
        found = {item.name: row for item, row in named if row is not None and plain(row.title) == plain(item.title)}
        # Moodle's ids are its own, and stay.
        for name in () if self.prefix == MOODLE_SOURCE else (_in_module, _by_title):
            taken = {row.id for row in found.values()}
            left = [row for row in self.mine if row.deleted_at is None and row.id not in taken]
            found |= _pairs([item for item in self.found if item.name not in found], left, name)
        taken = {row.id for row in found.values()}
        found |= {
            item.name: row
            for item, row in named
            if row is not None and item.name not in found and row.id not in taken and row.kind == item.kind
        }
        return found

    def _known(self, item: FileItem, row: Any) -> PlannedItem:
        # An address that a teacher gave stays until the file has one of its own.
        url = self._url(item) or row.url
        before = row.title if row.title != item.title else None
        moved = row.section if row.section != item.section else None
        details = (row.kind, row.url, row.points_possible, row.due_at, row.published, row.requirement, row.indent)
        then = (item.kind, url, item.points, item.due_at, item.published, item.requirement, item.indent)
        if row.deleted_at is not None:
            state = State.BACK
        elif before is None and moved is None and details == then:
            state = State.SAME
        else:
            state = State.CHANGED
        return PlannedItem(item, row.external_id, state, row.id, url, before, moved)

    def _url(self, item: FileItem) -> str | None:
        return (item.home_url if self.is_home else None) or item.url

    def _elsewhere(self, new: Sequence[FileItem]) -> dict[str, Any]:
        """What the platform itself has told of already: the same address, or the one of its kind and title on both sides."""
        told = [row for row in self.rows if row.deleted_at is None and not row.external_id.startswith(_OURS)]
        told = [row for row in told if not row.external_id.startswith(self.prefix)]
        by_url = _unique((row.url, row) for row in told if row.url)
        asked = {item.name for item in new}
        named = {name: row for name, row in _pairs(self.found, told, _by_title).items() if name in asked}
        return named | {item.name: by_url[url] for item in new if (url := self._url(item)) in by_url}

    def _adopted(self, new: Sequence[FileItem]) -> dict[str, Any]:
        """What was known by a pasted address, or as a column of a gradebook export, and is no more than that."""
        alive = [row for row in self.rows if row.deleted_at is None]
        pasted = [row for row in alive if row.external_id.startswith(ADDRESS_SOURCE)]
        by_url = _unique((row.url, row) for row in pasted if row.url)
        asked = _unique((self._url(item), item) for item in new if self._url(item))
        found = {item.name: by_url[url] for url, item in asked.items() if url in by_url}
        columns = [row for row in alive if row.external_id.startswith(GRADEBOOK_SOURCE)]
        graded = [item for item in new if item.kind in _GRADED and item.name not in found]
        return found | _pairs(graded, columns, _title_alone)


def _free(external_id: str, taken: Collection[str]) -> str:
    """An external id that nothing has yet: another item may have kept it while the file's names went on."""
    number, free = 2, external_id
    while free in taken:
        free = f"{external_id}~{number}"
        number += 1
    return free


Name = TypeVar("Name", bound=Hashable)
Thing = TypeVar("Thing")


def _unique(pairs: Iterable[tuple[Name, Thing]]) -> dict[Name, Thing]:
    """What has a name that nothing else has, by it."""
    found: dict[Name, list[Thing]] = {}
    for name, thing in pairs:
        found.setdefault(name, []).append(thing)
    return {name: some[0] for name, some in found.items() if len(some) == 1}


def _pairs(items: Iterable[FileItem], rows: Iterable[Any], name: Callable[[Any], Hashable]) -> dict[str, Any]:
    """Rows by the names of the items that they are: one of a name on each side. Headings are nobody's."""
    known = _unique((name(row), row) for row in rows if row.kind != ItemKind.HEADING)
    asked = _unique((name(item), item) for item in items if item.kind != "heading")
    return {item.name: known[key] for key, item in asked.items() if key in known}


def _by_title(one: Any) -> Hashable:
    return str(one.kind), plain(one.title)


def _in_module(one: Any) -> Hashable:
    return str(one.kind), plain(one.title), plain(one.section)


def _title_alone(one: Any) -> Hashable:
    return plain(one.title)


def natives(the_plan: Plan, *, keep_gone: bool) -> list[NativeItem]:
    """What the course has of the plan's source from now on, in order: the file's items, and whatever stays as it is."""
    found = [
        NativeItem(
            external_id=one.external_id,
            kind=one.item.kind,
            title=one.item.title,
            url=one.url,
            section=one.item.section,
            indent=one.item.indent,
            points_possible=one.item.points,
            due_at=one.item.due_at,
            published=one.item.published,
            requirement=one.item.requirement,
            requirement_points=one.item.requirement_points,
        )
        for one in the_plan.items
        if one.is_brought
    ]
    stays = (*the_plan.others, *(the_plan.gone if keep_gone else ()))
    return [*found, *(as_it_is(row) for row in stays)]


def as_it_is(row: Any) -> NativeItem:
    """A row as if its source had just told it again."""
    return NativeItem(
        external_id=row.external_id,
        kind=row.kind.value,
        title=row.title,
        url=row.url,
        section=row.section,
        indent=row.indent,
        result_key=row.result_key,
        points_possible=row.points_possible,
        due_at=row.due_at,
        published=row.published,
        requirement=row.requirement.value if row.requirement is not None else None,
        requirement_points=row.requirement_points,
    )


def plain_site(address: str) -> str:
    """An address of a platform for comparing: host, port and path. Empty for what is none."""
    try:
        parts = urlsplit(address.strip() if "://" in address else f"//{address.strip()}")
        port = parts.port
    except ValueError:
        return ""
    host = (parts.hostname or "").rstrip(".")
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return host + (f":{port}" if port not in (None, usual) else "") + parts.path.rstrip("/") if host else ""
