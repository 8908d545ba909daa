"""What became of a course's items when the course was copied: which item of the copy is which of the original. Pure.

An LMS gives the copy's items new ids. What it keeps are addresses that name no item by number, titles, kinds, modules and the
order. A step leads to an item of the copy only where nothing else can be meant; the rest is the teacher's to say.
"""

import re
import unicodedata
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from lti_tool.content.models import ContentItem, ItemKind

_NUMBER = re.compile(r"_?[0-9]+([~_][0-9]+)?")
_RANDOM = re.compile(r"(?=.*[0-9])[0-9A-Fa-f-]{16,}")
_LONG = 12
"""From how many characters on an id means the same wherever it stands. A short one may be any other thing's number."""

_COURSES = frozenset({"course", "courses"})
_COURSE_KEYS = frozenset({"course", "courseid", "course_id", "cid"})


@dataclass(frozen=True, slots=True)
class Copy:
    """How addresses changed. ``hosts`` are the LMS's own; ``ids`` the platform's ids of the original's course and links with
    those of the copy, None where the copy's is not known.
    """

    hosts: frozenset[str]
    ids: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moved:
    """An address in the copy. ``whole``: nothing in it can still belong to the original."""

    url: str
    whole: bool
    changed: bool


def moved(url: str, copy: Copy) -> Moved | None:
    """Where an address of the LMS leads in the copy; None for one that is elsewhere, and is the same for everybody.

    The original's ids are replaced where they name the course or a link: a short one only behind ``courses`` or as the value
    of a parameter that is a course's, since the same number may be an activity's. Every number that is left is somebody's id.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return None
    if host not in copy.hosts:
        return None
    changed = left = False
    segments = []
    before = ""
    for segment in parts.path.split("/"):
        plain = unquote(segment)
        named = plain in copy.ids and (len(plain) >= _LONG or before in _COURSES)
        new = copy.ids.get(plain) if named else None
        if new is not None:
            segments.append(quote(new, safe=":+~@!$&'()*,;="))
            changed = True
        else:
            segments.append(segment)
            # What stands behind "courses" is a course, whatever it looks like; a page such as view.php is none.
            left = left or named or _is_id(plain) or (before in _COURSES and plain != "" and "." not in plain)
        before = plain.casefold()
    in_course = any(unquote(segment).casefold() in _COURSES for segment in parts.path.split("/"))
    values = []
    replaced = False
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        course_s = key.casefold() in _COURSE_KEYS or (key.casefold() == "id" and in_course)
        named = value in copy.ids and (len(value) >= _LONG or course_s)
        new = copy.ids.get(value) if named else None
        if new is not None:
            values.append((key, new))
            replaced = True
        else:
            values.append((key, value))
            left = left or named or course_s or _is_id(value)
    query = urlencode(values) if replaced else parts.query
    found = parts._replace(path="/".join(segments), query=query).geturl()
    return Moved(found, not left, changed or replaced)


def _is_id(text: str) -> bool:
    """Whether this can only be an id: a number as Canvas and Blackboard write them too, or a long one in hexadecimal."""
    return _NUMBER.fullmatch(text) is not None or _RANDOM.fullmatch(text) is not None


def items_of_copy(
    wanted: Iterable[ContentItem], original: Iterable[ContentItem], copied: Iterable[ContentItem], copy: Copy
) -> dict[uuid.UUID, uuid.UUID]:
    """The item of the copy for each of the ``wanted`` items of the original, by id; those that are not sure are left out.

    By its address, where that is the same but for ids whose successors are known; by kind and title, where both courses have
    one of that; by kind, title and module, where they have as many of them there, in the same order. No item of the copy stands
    for two of the original.
    """
    there = [item for item in copied if item.deleted_at is None and item.kind is not ItemKind.HEADING]
    asked = {item.id: item for item in wanted}
    olds = [item for item in original if item.deleted_at is None and item.kind is not ItemKind.HEADING]
    olds += [item for item in asked.values() if item.id not in {old.id for old in olds}]
    found = _by_address(olds, there, copy)
    for place, several in ((_by_title, False), (_by_module, True)):
        taken = set(found.values())
        left = [item for item in olds if item.id not in found]
        free = [item for item in there if item.id not in taken]
        found |= _in_groups(left, free, place, several=several)
    return {old: new for old, new in found.items() if old in asked}


def _by_address(olds: Sequence[ContentItem], there: Sequence[ContentItem], copy: Copy) -> dict[uuid.UUID, uuid.UUID]:
    at: dict[tuple[str, ItemKind], list[uuid.UUID]] = defaultdict(list)
    for item in there:
        if item.url:
            at[item.url, item.kind].append(item.id)
    claims: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for item in olds:
        to = moved(item.url, copy) if item.url else None
        # An address that did not change names the original's item, or the same thing for everybody.
        if to is not None and to.changed and len(at.get((to.url, item.kind), ())) == 1:
            claims[at[to.url, item.kind][0]].append(item.id)
    return {claiming[0]: new for new, claiming in claims.items() if len(claiming) == 1}


def _by_title(item: ContentItem) -> tuple[str, ...]:
    return (item.kind, plain(item.title))


def _by_module(item: ContentItem) -> tuple[str, ...]:
    return (item.kind, plain(item.title), plain(item.section))


def _in_groups(
    olds: Iterable[ContentItem],
    there: Iterable[ContentItem],
    place: Callable[[ContentItem], tuple[str, ...]],
    *,
    several: bool,
) -> dict[uuid.UUID, uuid.UUID]:
    """Pairs of groups that are as large in both courses: of one item each, or of ``several`` in the same order."""
    before, after = _grouped(olds, place), _grouped(there, place)
    found: dict[uuid.UUID, uuid.UUID] = {}
    for name, group in before.items():
        others = after.get(name, [])
        if len(group) == len(others) and (several or len(group) == 1):
            found |= {old.id: new.id for old, new in zip(group, others, strict=True)}
    return found


def _grouped(
    items: Iterable[ContentItem], place: Callable[[ContentItem], tuple[str, ...]]
) -> dict[tuple[str, ...], list[ContentItem]]:
    groups: dict[tuple[str, ...], list[ContentItem]] = defaultdict(list)
    for item in sorted(items, key=lambda one: (one.position, one.id)):
        groups[place(item)].append(item)
    return groups


def plain(text: str) -> str:
    """A title for comparing: however its letters are composed, spaced and cased."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def hosts_in(addresses: Collection[str | None]) -> frozenset[str]:
    """The hosts of addresses, and of bare hosts among them."""
    found = set()
    for address in addresses:
        if not address:
            continue
        try:
            host = urlsplit(address if "://" in address else f"//{address}").hostname
        except ValueError:
            continue
        if host:
            found.add(host.rstrip("."))
    return frozenset(found)
