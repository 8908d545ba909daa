"""What bringing in a course's file would do, before it does anything. Pure."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lti_tool.content.files.beside import MOODLE_SOURCE, Beside, PlannedItem, State
from lti_tool.content.files.values import FileReading, Form
from lti_tool.content.matching import plain
from lti_tool.content.ports import NativeItem
from lti_tool.content.rules import (
    BACKUP_SOURCE,
    CARTRIDGE_SOURCE,
)

_OWN_NAME = 20
"""Characters of an identifier that was drawn, as Canvas's are, and not numbered."""
_ALIKE = 10
"""One item of so many has to be alike in two files of one course."""
_TOO_FEW = 3
"""Items of which nothing can be said."""


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
    as it is. ``earlier`` are files it could be a newer version of, ``key`` the one that is taken for it, ``beside`` the key of
    none of them.
    """

    reading: FileReading
    source: str
    key: str
    is_home: bool
    items: tuple[PlannedItem, ...]
    gone: tuple[Any, ...] = ()
    others: tuple[Any, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    beside: str = ""

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

    ``chosen`` is the key of the earlier file that this one is a newer version of, or ``Plan.beside`` for none of them; without
    it the one with its own key if they have anything in common, or the file that this one shares most names and titles with, if
    that is half of its own.
    """
    is_home = home.made(reading)
    source = _source(reading, is_home=is_home)
    earlier = _earlier(source, rows)
    beside = _beside(reading, {one.key for one in earlier})
    key = _chosen(reading, source, rows, earlier, beside, chosen)
    prefix = source if source == MOODLE_SOURCE else f"{source}{key}:"
    mine = [row for row in rows if row.external_id.startswith(prefix)]
    others = tuple(
        row
        for row in rows
        if row.external_id.startswith(source) and not row.external_id.startswith(prefix) and row.deleted_at is None
    )
    # What the platform told is newer than the file, which may at most have something more.
    told = is_home and home.was_read and source == MOODLE_SOURCE
    items = Beside(reading.items, prefix, mine, rows, is_home=is_home, told=told).items()
    there = {one.row_id for one in items if one.is_brought}
    alive = [row for row in mine if row.deleted_at is None and row.id not in there]
    gone, kept = ([], alive) if told else (alive, [])
    return Plan(reading, source, key, is_home, items, tuple(gone), (*others, *kept), earlier, beside)


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


def _beside(reading: FileReading, keys: Collection[str]) -> str:
    """The key of a file that is none of those. Some programs give every course they export the same identifier."""
    key = reading.key
    while key in keys:
        key = hashlib.sha256(f"{key}\n{plain(reading.title)}".encode("utf-8", "replace")).hexdigest()[: len(key)]
    return key


def _chosen(
    reading: FileReading,
    source: str,
    rows: Sequence[Any],
    earlier: Sequence[Earlier],
    beside: str,
    chosen: str | None,
) -> str:
    keys = {one.key for one in earlier}
    if chosen is not None and (chosen in keys or chosen == beside):
        return chosen
    if not keys or (reading.key in keys and _is_newer(reading, source, rows)):
        return reading.key
    # A name alone says little: programs that number things begin each file with the same ones.
    there = {one.name: plain(one.title) for one in reading.items}
    shared: Counter[str] = Counter()
    for row in rows:
        if row.external_id.startswith(source) and row.deleted_at is None:
            key, _, name = row.external_id.removeprefix(source).partition(":")
            shared[key] += there.get(name) == plain(row.title)
    key, count = max(shared.items(), key=lambda pair: pair[1], default=("", 0))
    return key if 2 * count >= len(there) else beside


def _is_newer(reading: FileReading, source: str, rows: Iterable[Any]) -> bool:
    """Whether a file is a newer version of the one with its key. The key alone says so, unless next to nothing of what the two
    hold is alike: an identifier that nobody numbered, or a title.
    """
    if source != CARTRIDGE_SOURCE:
        return True  # Of a Moodle backup the key is made of the site and the course's id.
    prefix = f"{source}{reading.key}:"
    mine = [row for row in rows if row.external_id.startswith(prefix) and row.deleted_at is None]
    titles = {(row.kind, plain(row.title)) for row in mine}
    names = {row.external_id.removeprefix(prefix) for row in mine}
    alike = sum(
        (one.kind, plain(one.title)) in titles or (one.name in names and len(one.name) >= _OWN_NAME)
        for one in reading.items
    )
    fewer = min(len(mine), len(reading.items))
    return fewer <= _TOO_FEW or _ALIKE * alike >= fewer


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
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        limits=tuple(row.limits),
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
