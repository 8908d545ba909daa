"""Which item of a course's file is which of what the course has already. Pure."""

import re
import uuid
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from lti_tool.content.files.values import FileItem
from lti_tool.content.matching import plain
from lti_tool.content.models import ItemKind
from lti_tool.content.rules import ADDRESS_SOURCE, CHECK_SOURCE, FILE_SOURCES, GRADEBOOK_SOURCE, MISSING_SOURCE

MOODLE_SOURCE = "moodle:cm:"
"""How the connector to Moodle's own API calls course modules. A backup of this very course has the same ids."""

_FURTHER = re.compile(r"~\d+$")
"""The end of an external id whose beginning another item had already."""

_OURS = (*FILE_SOURCES, ADDRESS_SOURCE, CHECK_SOURCE, GRADEBOOK_SOURCE, MISSING_SOURCE)
_GRADED = frozenset({"quiz", "assignment", "discussion", "tool"})


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
class Beside:
    """The items of a file beside the rows of its course: ``mine`` are those of an earlier version of the file."""

    found: tuple[FileItem, ...]
    prefix: str
    mine: Sequence[Any]
    rows: Sequence[Any]
    is_home: bool
    told: bool

    def items(self) -> tuple[PlannedItem, ...]:
        """All of them, in the file's order."""
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
        named: dict[str, list[Any]] = {}
        for row in sorted(self.mine, key=lambda row: (row.deleted_at is not None, row.external_id)):
            for name in dict.fromkeys((row.external_id, _FURTHER.sub("", row.external_id))):
                named.setdefault(name, []).append(row)
        found: dict[str, Any] = {}
        taken: set[uuid.UUID] = set()

        def take(fits: Callable[[FileItem, Any], bool]) -> None:
            for item in self.found:
                if item.name not in found:
                    some = (row for row in named.get(self.prefix + item.name, ()) if row.id not in taken)
                    row = next((row for row in some if fits(item, row)), None)
                    if row is not None:
                        found[item.name] = row
                        taken.add(row.id)

        take(lambda item, row: row.kind == item.kind and plain(row.title) == plain(item.title))
        # Moodle's ids are its own, and stay.
        for name in () if self.prefix == MOODLE_SOURCE else (_in_module, _by_title):
            left = [row for row in self.mine if row.deleted_at is None and row.id not in taken]
            pairs = _pairs([item for item in self.found if item.name not in found], left, name)
            found |= pairs
            taken |= {row.id for row in pairs.values()}
        take(lambda item, row: row.kind == item.kind)
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
