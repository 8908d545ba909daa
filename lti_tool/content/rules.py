"""How contents are ordered, matched and searched, and which addresses may be added. Pure."""

import hashlib
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.errors import BadRequest
from lti_tool.web.i18n import N_

ADDRESS_SOURCE = "address:"
"""How the external ids of pasted addresses begin; a platform's begin with its own name."""

MISSING_SOURCE = "missing:"
"""How the external ids of items begin that a carried-over playlist needs and the course was not found to have."""

GRADEBOOK_SOURCE = "gradebook:"
"""How the external ids of items begin that are known from a gradebook export alone."""

CARTRIDGE_SOURCE = "cartridge:"
"""How the external ids of items begin that a course's file brought; the key of the file and the item's name in it follow."""

BACKUP_SOURCE = "backup:"
"""The same for a Moodle backup of another course. One of this very course has the ids that Moodle's own API gives."""

FILE_SOURCES = (CARTRIDGE_SOURCE, BACKUP_SOURCE)
"""Sources of items whose place in the course is known and whose address may not be."""

CHECK_SOURCE = "check:"
"""How the external ids of the tool's own checks begin, which no platform has. Their address begins with a slash: it is a page
of the tool, on whatever host it runs, and opens where it is asked for instead of in a new window."""

_COPIES = uuid.UUID("6a1cf0b5-5d43-4c8e-9d5f-3a0b0cf4f6d1")

FIRST_ADDRESS_POSITION = 1_000_000
"""Pasted addresses stand after everything the platform has."""

_URL_LENGTH = 2000
_TITLE_LENGTH = 500


class BadAddress(BadRequest):
    """An address that a step cannot lead to."""

    code = "bad-address"
    title = N_("This address cannot be used")
    advice = N_(
        "Copy the whole address from the browser's address bar. It begins with https:// or http:// and holds no user name or "
        "password."
    )


@dataclass(frozen=True, slots=True)
class Section:
    """A module with its items, in order."""

    title: str
    items: tuple[ContentItem, ...]


def sections(items: Iterable[ContentItem]) -> list[Section]:
    """Items by module, in the course's order. A heading that nothing follows in its module is left out."""
    grouped: dict[str, list[ContentItem]] = {}
    for item in items:
        grouped.setdefault(item.section, []).append(item)
    found = [Section(title, tuple(_without_empty_headings(some))) for title, some in grouped.items()]
    return [section for section in found if section.items]


def _without_empty_headings(items: Sequence[ContentItem]) -> list[ContentItem]:
    kept = []
    for place, item in enumerate(items):
        following = items[place + 1] if place + 1 < len(items) else None
        if item.kind is ItemKind.HEADING and (
            following is None or (following.kind is ItemKind.HEADING and following.indent <= item.indent)
        ):
            continue
        kept.append(item)
    return kept


def matching(items: Iterable[ContentItem], wanted: str) -> list[ContentItem]:
    """The items whose title or module holds every word of ``wanted``, whatever its case and accents; all without a word.

    Headings are places, not finds: with a word they are left out.
    """
    words = _plain(wanted).split()
    if not words:
        return list(items)
    return [
        item
        for item in items
        if item.kind is not ItemKind.HEADING and all(word in _plain(f"{item.title} {item.section}") for word in words)
    ]


def _plain(text: str) -> str:
    """Folded for comparing: case, accents and width do not matter."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def gradebook_id(name: str) -> str:
    """The external id of an item that is known from a gradebook export: the same name again is the same item."""
    return GRADEBOOK_SOURCE + hashlib.sha256(_plain(name).strip().encode()).hexdigest()[:32]


def clean_address(given: str) -> str:
    """A pasted address, ready to be linked to. Raises BadAddress for what is no plain http(s) address of a host."""
    address = given.strip()
    if not address or len(address) > _URL_LENGTH:
        raise BadAddress("empty, or over 2000 characters")
    if any(character.isspace() or unicodedata.category(character) == "Cc" for character in address):
        raise BadAddress("a space or a control character inside")
    # Browsers take a backslash for a slash and would go to another host than the one that is read here.
    if "\\" in address:
        raise BadAddress("a backslash inside")
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise BadAddress("not an address") from None
    if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
        raise BadAddress("neither http nor https, or without a host")
    if parts.username is not None or parts.password is not None:
        raise BadAddress("a user name or password inside")
    return address


def address_title(title: str, address: str) -> str:
    """The title somebody gave, on one line; the host without one."""
    given = " ".join(title.replace("\x00", "").split())[:_TITLE_LENGTH]
    return given or (urlsplit(address).hostname or address).removeprefix("www.")[:_TITLE_LENGTH]


def address_id(address: str) -> str:
    """The external id of a pasted address: the same address is the same item."""
    return ADDRESS_SOURCE + hashlib.sha256(address.encode()).hexdigest()


def is_pasted(item: ContentItem) -> bool:
    """Whether somebody pasted the item's address, so that no platform has it."""
    return item.external_id.startswith(ADDRESS_SOURCE)


def is_own(item: ContentItem) -> bool:
    """Whether the item is a page of this tool."""
    return item.external_id.startswith(CHECK_SOURCE)


def students_address(item: ContentItem | None) -> str | None:
    """Where students open an item; None where they cannot: it is not known, gone, not published, or has no address."""
    return None if item is None or item.deleted_at is not None or not item.published else item.url


def place_in_course(item: ContentItem | None) -> str:
    """Where students find an item that has no address, in words: its module and its title. Empty where they cannot, and for one
    that opens at an address.
    """
    if item is None or item.url is not None or item.deleted_at is not None or not item.published:
        return ""
    if item.kind is ItemKind.HEADING or not item.external_id.startswith(FILE_SOURCES):
        return ""
    return " › ".join(filter(None, (item.section, item.title)))


def is_closed(item: ContentItem, now: datetime) -> bool:
    """Whether the platform lets no student in now, by its dates."""
    return (item.opens_at is not None and item.opens_at > now) or (item.closes_at is not None and item.closes_at <= now)


def can_be_done(item: ContentItem) -> bool:
    """Whether a step can ask for it: it is there, and opens at an address or has its place in the course."""
    if item.kind is ItemKind.HEADING or item.deleted_at is not None:
        return False
    return item.url is not None or item.external_id.startswith(FILE_SOURCES)


def teachers_address(item: ContentItem) -> str | None:
    """Where a teacher opens an item: a page of the tool's own is another one for them than for students."""
    return item.url.replace("/my/", "/", 1) if item.url is not None and is_own(item) else item.url


def gives_results(item: ContentItem) -> bool:
    """Whether there are results of it: the platform's, or those of a check of the tool's own."""
    return item.result_key is not None or is_own(item)


def own_id_in(course_id: uuid.UUID, item: ContentItem) -> uuid.UUID:
    """The id of the check that a check is in another course, where it was copied to: the same again is the same check."""
    return uuid.uuid5(_COPIES, f"{course_id}:{item.external_id}")


def is_missing(item: ContentItem) -> bool:
    """Whether the item only stands for one that was not found when a course was copied."""
    return item.external_id.startswith(MISSING_SOURCE)


def is_deleted(item: ContentItem | None) -> bool:
    """Whether the item was taken out of the course in the platform, so that nobody can go there any more."""
    return item is not None and item.deleted_at is not None and not is_missing(item) and not is_own(item)


def same_host(base_url: str, domain: str) -> bool:
    """Whether a connection's address is on the host a launch named (a host, with or without a port). Case does not matter."""
    try:
        ours, theirs = urlsplit(base_url), urlsplit(f"//{domain.strip()}")
        our_port, their_port = ours.port or {"http": 80, "https": 443}.get(ours.scheme), theirs.port
    except ValueError:
        return False
    names = [(parts.hostname or "").rstrip(".") for parts in (ours, theirs)]
    if not names[0] or names[0] != names[1] or theirs.username is not None:
        return False
    return their_port is None or their_port == our_port
