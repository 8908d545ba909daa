"""Which items known from files or pasted addresses are items of the platform. Pure.

A course can be planned before the tool may read it: from a cartridge, from a gradebook, from addresses. Once the platform tells
its items, those that are the same things become the platform's and keep their alignments, steps and evidence. Only what
leaves no doubt is taken for the same: the same address, or a title that one item alone has on either side.
"""

import unicodedata
import uuid
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from lti_tool.content.models import ItemKind
from lti_tool.content.rules import ADDRESS_SOURCE, FILE_SOURCES, GRADEBOOK_SOURCE

FROM_FILES = (*FILE_SOURCES, GRADEBOOK_SOURCE, ADDRESS_SOURCE)
"""Sources whose items can turn out to be the platform's. What comes first is taken first."""

Name = TypeVar("Name", bound=Hashable)
Thing = TypeVar("Thing")


class Told(Protocol):
    """An item as the platform tells it."""

    @property
    def external_id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def url(self) -> str | None: ...
    @property
    def result_key(self) -> str | None: ...


class Known(Protocol):
    """An item as a file or a person told it."""

    @property
    def id(self) -> uuid.UUID: ...
    @property
    def external_id(self) -> str: ...
    @property
    def kind(self) -> ItemKind: ...
    @property
    def title(self) -> str: ...
    @property
    def url(self) -> str | None: ...


Item = TypeVar("Item", Told, Known)


def adopted(told: Sequence[Told], new: Collection[str], known: Sequence[Known]) -> dict[str, uuid.UUID]:
    """The ids of known items that are items of the platform, by the platform's external ids.

    ``told`` is all that the platform has; of it only what is ``new`` looks for what it was known as.
    """
    found: dict[str, uuid.UUID] = {}
    by_address = unique((address, one) for one in known if (address := plain_address(one.url)) is not None)
    for address, item in unique((plain_address(one.url), one) for one in told).items():
        if address is not None and item.external_id in new and address in by_address:
            found[item.external_id] = by_address[address].id
    of_files = [one for one in known if one.external_id.startswith(FILE_SOURCES)]
    of_gradebooks = [one for one in known if one.external_id.startswith(GRADEBOOK_SOURCE)]
    _by_name(found, new, unique(_named(told)), unique(_named(of_files)))
    # A gradebook tells no kinds, only names of what has points.
    graded = unique(_titled(one for one in told if one.result_key is not None))
    _by_name(found, new, graded, unique(_titled(of_gradebooks)))
    return found


def _named(items: Iterable[Item]) -> Iterable[tuple[Hashable, Item]]:
    for one in items:
        kind, title = str(one.kind), plain_title(one.title)
        if title and kind != ItemKind.HEADING:
            yield (kind, title), one


def _titled(items: Iterable[Item]) -> Iterable[tuple[Hashable, Item]]:
    return ((title, one) for one in items if (title := plain_title(one.title)))


def _by_name(
    found: dict[str, uuid.UUID],
    new: Collection[str],
    told: Mapping[Hashable, Told],
    known: Mapping[Hashable, Known],
) -> None:
    taken = set(found.values())
    for name, item in told.items():
        same = known.get(name)
        if same is None or item.external_id not in new or item.external_id in found or same.id in taken:
            continue
        found[item.external_id] = same.id
        taken.add(same.id)


def unique(pairs: Iterable[tuple[Name, Thing]]) -> dict[Name, Thing]:
    """What has a name that nothing else has, by it."""
    found: dict[Name, Thing] = {}
    twice: set[Name] = set()
    for name, thing in pairs:
        if name in found:
            twice.add(name)
        found[name] = thing
    return {name: thing for name, thing in found.items() if name not in twice}


def plain_title(title: str) -> str:
    """A title for comparing: case, accents, width and spaces do not matter. Empty for one of nothing but spaces."""
    decomposed = unicodedata.normalize("NFKD", title.casefold())
    return " ".join("".join(one for one in decomposed if not unicodedata.combining(one)).split())


def plain_address(url: str | None) -> str | None:
    """An address for comparing: host in lower case, no fragment, no slash at the end. None for what is none."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        return None
    usual = {"http": 80, "https": 443}[parts.scheme.lower()]
    host = parts.hostname + (f":{port}" if port not in (None, usual) else "")
    return f"{host}{parts.path.rstrip('/')}" + (f"?{parts.query}" if parts.query else "")
