"""The audit log as people read it: who did what to what, with the names that whoever reads may see.

The owner of the installation runs it for schools whose people are none of their business: an administrator's page names
people and courses of the own school, the owner's names neither.
"""

import re
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.admin import audit_queries
from lti_tool.admin.audit_queries import Place, Wanted
from lti_tool.admin.audit_words import ACTION_WORDS, ACTORS, SUBJECTS
from lti_tool.admin.console import Console
from lti_tool.audit import AuditEntry
from lti_tool.courses.service import display_name
from lti_tool.logs import reference_code

PAGE = 50
LOOK_NOTED_EVERY = timedelta(hours=1)
"""A look at the log is itself an entry; turning its pages within this time is the same look."""

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_SUBJECT = re.compile(r"([a-z]+)[ :](.+)")


@dataclass(frozen=True, slots=True)
class Words:
    """A message id, or a ``name`` that is no message; ``address`` is where it leads."""

    words: str = ""
    name: str = ""
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An entry in words. ``actor`` and ``subject`` are empty where there is none; ``organisation`` is for the owner."""

    entry: AuditEntry
    action: Words
    actor: Words
    subject: Words
    organisation: str
    detail: str


@dataclass(frozen=True, slots=True)
class LogPage:
    """Entries, and where the next page begins; None on the last one."""

    lines: list[Line]
    further: Place | None


@dataclass(slots=True)
class _Names:
    """Everything that has a name on a page, by its id."""

    people: dict[uuid.UUID, str] = field(default_factory=dict)
    titles: dict[uuid.UUID, str] = field(default_factory=dict)
    others: dict[uuid.UUID, str] = field(default_factory=dict)


async def page(session: AsyncSession, here: Console, wanted: Wanted, before: Place | None, most: int = PAGE) -> LogPage:
    """A page of the log, the newest entries first. In the language of the moment, for people without a name."""
    found = await audit_queries.entries(session, here, wanted, before, most + 1)
    shown = found[:most]
    known = await _names(session, here, shown)
    further = Place(shown[-1].at, shown[-1].id) if len(found) > most else None
    return LogPage([_line(here, one, known) for one in shown], further)


async def note_look(session: AsyncSession, here: Console, organisation_id: uuid.UUID | None, now: datetime) -> None:
    """Enter that somebody looks at the log, once in a while."""
    whose = here.organisation.id if here.organisation else organisation_id
    if not await audit_queries.has_looked(session, here.actor, whose, now - LOOK_NOTED_EVERY):
        audit.record(
            session, now, "audit.viewed", organisation_id=whose, actor=here.actor, reference=reference_code.get()
        )


def note_export(session: AsyncSession, here: Console, organisation_id: uuid.UUID | None, now: datetime) -> None:
    """Enter that somebody takes the log away."""
    whose = here.organisation.id if here.organisation else organisation_id
    audit.record(
        session, now, "audit.exported", organisation_id=whose, actor=here.actor, reference=reference_code.get()
    )


async def _names(session: AsyncSession, here: Console, entries: Sequence[AuditEntry]) -> _Names:
    known = _Names(others=await audit_queries.names(session, here, _ids(entries)))
    if here.organisation is not None:
        ids = _ids(entries)
        people = await audit_queries.people(session, here.organisation.id, ids)
        known.people = {one.id: display_name(one) for one in people}
        known.titles = await audit_queries.titles(session, here.organisation.id, ids)
    return known


def _ids(entries: Sequence[AuditEntry]) -> Collection[uuid.UUID]:
    texts = (text for one in entries for text in (one.actor, one.subject) if text)
    found = {uuid.UUID(match) for text in texts for match in _ID.findall(text)}
    return found | {one.organisation_id for one in entries if one.organisation_id}


def _line(here: Console, entry: AuditEntry, known: _Names) -> Line:
    organisation = known.others.get(entry.organisation_id, "") if here.owner and entry.organisation_id else ""
    detail = entry.detail or ""
    return Line(
        entry,
        Words(ACTION_WORDS.get(entry.action, ""), "" if entry.action in ACTION_WORDS else entry.action),
        _actor(here, entry.actor or "", known),
        _subject(_told(entry), known),
        organisation,
        # What names a thing by its id alone tells a reader nothing.
        "" if _ID.search(detail) else detail,
    )


def _actor(here: Console, actor: str, known: _Names) -> Words:
    kind = actor.partition(" ")[0]
    if not actor:
        return Words()
    if actor in ACTORS:
        return Words(ACTORS[actor])
    if kind in ACTORS and _ID.search(actor):
        return Words(ACTORS[kind])
    if _ID.fullmatch(actor):
        name = known.people.get(uuid.UUID(actor))
        return Words(name=name) if name else Words(ACTORS["person"])
    return Words(ACTORS["user"]) if here.owner else Words(name=actor)


_UNNAMED = frozenset({"supports.viewed", "supports.changed", "supports.modified", "supports.modification-ended"})


def _told(entry: AuditEntry) -> str:
    """What an entry is about. That somebody has supports is nobody's business here: such a student is not named."""
    subject = entry.subject or ""
    return "person:-" if entry.action in _UNNAMED and subject.startswith("person:") else subject


def _subject(subject: str, known: _Names) -> Words:
    parts = _SUBJECT.fullmatch(subject)
    if parts is None:
        return Words(name=subject)
    kind, key = parts[1], parts[2]
    if key == "-":
        return Words(SUBJECTS.get(kind, ""))
    if not _ID.fullmatch(key):
        return Words(name=key)
    id_ = uuid.UUID(key)
    name = known.people.get(id_) or known.titles.get(id_) or known.others.get(id_)
    if name:
        return Words(name=name, address=f"/admin/platforms/{id_}" if kind == "registration" else None)
    return Words(SUBJECTS.get(kind, ""), "" if kind in SUBJECTS else kind)
