"""Evidence comes in, is voided, is judged by people; levels follow in the same transaction.

Whoever changes anything here does so once in a transaction, with everything it has (``looking.lock``): two calls in one
transaction could wait for another one in a circle. A teacher's use case leaves a trace in the audit log.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.courses.models import Course
from lti_tool.db.fixed import Told
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.ids import new_id
from lti_tool.jobs.transactions import nudge_after_commit
from lti_tool.logs import reference_code
from lti_tool.mastery import criteria, looking, predicting, queries, versions, working, writing
from lti_tool.mastery.entries import OWN_REASONS, REPLACED, BadEvidence, Changed, Entry, NotOnMap
from lti_tool.mastery.looking import Asked, Known, Look
from lti_tool.mastery.models import EvidenceSource, Standing
from lti_tool.mastery.pieces import Columns, Piece
from lti_tool.mastery.working import Work

_FROZEN = frozenset({EvidenceSource.LMS, EvidenceSource.CHECK, EvidenceSource.MENU})
"""Sources whose passing mark and weight stay what they were when the presentation first came; a teacher's file says its own."""

_LOOKED_AT_ONCE = 200

MOVED = "evidence-moved"
"""The task of whoever goes by levels and predictions, nudged once evidence has changed them; the key is the course's."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What a teacher saw: a competency of a student, either right or not, or a judgement of where the student stands."""

    person_id: uuid.UUID
    competency_id: uuid.UUID
    right: bool | None = None
    judged: Standing | None = None
    note: str = ""


# --- Appending ---------------------------------------------------------------------------------------------------------


async def append(
    session: AsyncSession, course: Course, entries: Iterable[Entry], now: datetime, by: uuid.UUID | None = None
) -> list[Changed]:
    """Append evidence and work it in; the standings that are others now. ``by`` is the person who entered it.

    A presentation that comes again with the same value is nothing new; with another value it is a new revision, and the
    earlier one is void. What a teacher voided stays void while the same value comes again. Raises BadEvidence and NotOnMap,
    and then nothing is changed.
    """
    return await change(session, course, entries, {}, now, by)


async def change(
    session: AsyncSession,
    course: Course,
    entries: Iterable[Entry],
    voids: Mapping[uuid.UUID, str],
    now: datetime,
    by: uuid.UUID | None = None,
) -> list[Changed]:
    """Void evidence, each piece for a reason, and append other, in one go; see ``append`` and ``void``.

    Raises BadEvidence, NotOnMap and NotFound, and then nothing is changed.
    """
    wanted = list(entries)
    for entry in wanted:
        entry.check(now)
    voided = await _to_void(session, course, voids.keys())
    if not wanted and not voided:
        return []
    people = sorted({entry.person_id for entry in wanted} | {one.person_id for one in voided})
    competencies = {entry.competency_id for entry in wanted} | {one.competency_id for one in voided}
    asked = Asked(course.organisation_id, course.id, people, sorted(competencies))
    look = await looking.look(session, asked, sorted({entry.presentation for entry in wanted}), now)
    new = [one for one in look.learners.values() if one.new]
    await predicting.seed(session, course.organisation_id, course.id, new)
    if len(look.places) < len(asked.competencies):
        raise NotOnMap(f"{len(asked.competencies) - len(look.places)} competencies are not on the map")
    work = Work()
    told = []
    for one in voided:
        told.append(writing.void_evidence(course.organisation_id, one.id, voids[one.id], now, by))
        if one.source is not EvidenceSource.SELF:
            work.redo.add((one.person_id, one.competency_id))
            work.relearn.add(one.person_id)
    if wanted:
        passing = await _passing(session, asked, wanted)
        told += _appended(course, wanted, look, passing, work, now, by)
    await writing.tell(session, told)
    learn = versions.course_key(course.organisation_id, course.id)
    nudge_after_commit(session, versions.LEARN, learn)
    nudge_after_commit(session, MOVED, learn)
    return await working.settle(session, course.organisation_id, course.id, look, work, now)


def _appended(
    course: Course,
    wanted: Sequence[Entry],
    look: Look,
    passing: float | None,
    work: Work,
    now: datetime,
    by: uuid.UUID | None,
) -> Iterator[Told]:
    """What is to be written of these entries; ``work`` takes down what follows from them."""
    modified, known = look.modified, look.known
    for entry in wanted:
        name = (entry.person_id, entry.competency_id, entry.presentation)
        before = known.get(name)
        cell = (entry.person_id, entry.competency_id)
        if before is not None and _says_nothing_new(entry, before, modified.get(cell)):
            continue
        row = _row(course, entry, before, passing, modified.get(cell), now, by)
        if before is not None and before.voided_at is None:
            yield writing.void_evidence(course.organisation_id, before.id, REPLACED, now, by)
            work.redo.add(cell)
            work.relearn.add(entry.person_id)
        yield writing.add_evidence(row)
        known[name] = Known(**{column: row[column] for column in Known._fields})
        piece = Piece(**{column: row[column] for column in Columns._fields})
        if piece.moves_levels:
            work.fresh[cell].append(piece)


async def news(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, entries: Sequence[Entry]
) -> list[Entry]:
    """Those entries that would say something new; for looking, without a lock, whether there is anything to write."""
    fresh: list[Entry] = []
    by_person: dict[uuid.UUID, list[Entry]] = {}
    for entry in entries:
        by_person.setdefault(entry.person_id, []).append(entry)
    people = sorted(by_person)
    for start in range(0, len(people), _LOOKED_AT_ONCE):
        some = [entry for person_id in people[start : start + _LOOKED_AT_ONCE] for entry in by_person[person_id]]
        asked = Asked(
            organisation_id,
            course_id,
            people[start : start + _LOOKED_AT_ONCE],
            sorted({entry.competency_id for entry in some}),
        )
        known = await looking.known(session, asked, sorted({entry.presentation for entry in some}))
        modified = await looking.modified(session, asked)
        for entry in some:
            before = known.get((entry.person_id, entry.competency_id, entry.presentation))
            own = modified.get((entry.person_id, entry.competency_id))
            if before is None or not _says_nothing_new(entry, before, own):
                fresh.append(entry)
    return fresh


async def _passing(session: AsyncSession, asked: Asked, entries: Sequence[Entry]) -> float | None:
    """The map's passing mark, if an entry with points has none of its own."""
    if all(entry.possible is None or entry.passing_percent is not None for entry in entries):
        return None
    return (await criteria.basis(session, asked.organisation_id, asked.course_id)).passing_percent


def _says_nothing_new(entry: Entry, before: Known, modified: float | None) -> bool:
    """Whether an entry says the same as the latest revision of its presentation, and that need not come back.

    ``modified`` is the learner's own passing mark, which the revision may have been entered with.
    """
    same = (
        entry.earned == before.earned
        and entry.possible == before.possible
        and entry.judged == before.judged
        and entry.until == before.until
        and entry.first == before.first
    )
    if entry.source not in _FROZEN:
        # A person's own entry can also be mended in what a platform never changes about the same occasion.
        same = (
            same
            and entry.observed_at == before.observed_at
            and entry.dated == before.dated
            and entry.note.strip() == before.note
            and (entry.passing_percent in {None, before.passing_percent} or before.passing_percent == modified)
        )
    elif entry.marked:
        same = same and before.passing_percent in {entry.passing_percent, modified}
    return same and (before.voided_at is None or before.void_reason not in OWN_REASONS)


def _row(
    course: Course,
    entry: Entry,
    before: Known | None,
    passing: float | None,
    modified: float | None,
    now: datetime,
    by: uuid.UUID | None,
) -> dict[str, Any]:
    """``passing`` is the map's mark, for an entry without one of its own; ``modified`` this learner's own, before both."""
    own = modified if modified is not None else entry.passing_percent
    marks = {"passing_percent": own if own is not None else passing, "weight": entry.weight}
    if entry.possible is None:
        marks["passing_percent"] = None
    if before is not None and entry.source in _FROZEN and not entry.marked:
        marks = {"passing_percent": before.passing_percent, "weight": before.weight}
    return {
        "organisation_id": course.organisation_id,
        "id": new_id(),
        "course_id": course.id,
        "person_id": entry.person_id,
        "competency_id": entry.competency_id,
        "source": entry.source,
        "presentation": entry.presentation,
        "revision": 1 if before is None else before.revision + 1,
        "content_item_id": entry.content_item_id,
        "item": entry.item,
        "earned": entry.earned,
        "possible": entry.possible,
        **marks,
        "first": entry.first,
        "whole": entry.whole,
        "shared": entry.shared,
        "mixed": entry.mixed,
        "judged": entry.judged,
        "until": entry.until,
        "note": entry.note.strip(),
        "observed_at": entry.observed_at,
        "dated": entry.dated,
        "learned_at": now,
        "entered_by": by,
        "voided_at": None,
        "voided_by": None,
        "void_reason": None,
    }


# --- Voiding -----------------------------------------------------------------------------------------------------------


async def void(
    session: AsyncSession,
    course: Course,
    evidence_ids: Collection[uuid.UUID],
    reason: str,
    now: datetime,
    by: uuid.UUID | None = None,
) -> list[Changed]:
    """Take evidence out of account, with a reason, as if it had never happened; the rows stay and say so.

    Raises BadEvidence without a reason, NotFound for evidence that is not this course's. What is void already is left.
    """
    said = reason.strip()
    if not 1 <= len(said) <= 500:
        raise BadEvidence("voiding needs a reason of 1 to 500 characters")
    changed = await change(session, course, (), dict.fromkeys(evidence_ids, said), now, by)
    if by is not None and evidence_ids:
        trace(session, course, now, "mastery.voided", by, f"{len(set(evidence_ids))} pieces of evidence")
    return changed


@dataclass(frozen=True, slots=True)
class _Voided:
    id: uuid.UUID
    person_id: uuid.UUID
    competency_id: uuid.UUID
    source: EvidenceSource


async def _to_void(session: AsyncSession, course: Course, evidence_ids: Collection[uuid.UUID]) -> list[_Voided]:
    """What these ids name. Who they are about never changes, so that it can be read before any lock."""
    wanted = sorted(set(evidence_ids))
    rows = await queries.whose(session, course.organisation_id, course.id, wanted)
    if len(rows) < len(wanted):
        raise NotFound("no such evidence in this course")
    return [_Voided(*row) for row in rows]


# --- People judge ------------------------------------------------------------------------------------------------------


async def override(
    session: AsyncSession,
    course: Course,
    person_id: uuid.UUID,
    competency_id: uuid.UUID,
    standing: Standing,
    reason: str,
    until: datetime | None,
    now: datetime,
    by: uuid.UUID | None,
) -> list[Changed]:
    """A teacher sets where a student stands, with a reason and perhaps an end; meanwhile the computed level goes on beneath.

    It replaces an earlier override of the same student and competency. Raises BadEvidence and NotOnMap.
    """
    entry = Entry(
        person_id,
        competency_id,
        EvidenceSource.OVERRIDE,
        presentation=f"override:{new_id()}",
        observed_at=now,
        judged=standing,
        until=until,
        note=reason,
    )
    changed = await append(session, course, [entry], now, by)
    trace(session, course, now, "mastery.overridden", by, f"person {person_id}")
    return changed


async def end_override(
    session: AsyncSession,
    course: Course,
    person_id: uuid.UUID,
    competency_id: uuid.UUID,
    reason: str,
    now: datetime,
    by: uuid.UUID | None,
) -> list[Changed]:
    """End a student's overrides in a competency before their time; the computed level is back. Raises BadEvidence."""
    found = await queries.evidence_of(
        session, course.organisation_id, course.id, person_id, competency_id, voided=False
    )
    ids = [row.id for row in found if row.source is EvidenceSource.OVERRIDE]
    for row in found:
        session.expunge(row)
    return await void(session, course, ids, reason, now, by)


async def observe_many(
    session: AsyncSession,
    course: Course,
    observed: Iterable[Observed],
    occasion: str,
    at: datetime,
    now: datetime,
    by: uuid.UUID | None,
) -> list[Changed]:
    """A teacher's observations of many students, at one moment.

    ``occasion`` names the sheet they were entered on (up to 100 characters): sending it twice changes nothing, sending it
    again with another value replaces the earlier one. Raises BadEvidence and NotOnMap, and then nothing is changed.
    """
    entries = []
    for one in observed:
        if (one.right is None) == (one.judged is None):
            raise BadEvidence("an observation is either right or not, or a judgement")
        entries.append(
            Entry(
                one.person_id,
                one.competency_id,
                EvidenceSource.OBSERVATION,
                presentation=f"observation:{occasion[:100]}",
                observed_at=at,
                earned=None if one.right is None else Decimal(int(one.right)),
                possible=None if one.right is None else Decimal(1),
                passing_percent=None if one.right is None else 100.0,
                judged=one.judged,
                note=one.note,
            )
        )
    changed = await append(session, course, entries, now, by)
    if entries:
        trace(session, course, now, "mastery.observed", by, f"{len(entries)} observations")
    return changed


async def self_assess(
    session: AsyncSession,
    course: Course,
    person_id: uuid.UUID,
    competency_id: uuid.UUID,
    standing: Standing,
    note: str,
    now: datetime,
) -> None:
    """A student says where they see themselves. It is kept and shown, and moves no level; one a day, the last one counts.

    Raises BadEvidence and NotOnMap.
    """
    entry = Entry(
        person_id,
        competency_id,
        EvidenceSource.SELF,
        presentation=f"self:{now:%Y-%m-%d}",
        observed_at=now,
        judged=standing,
        note=note,
    )
    await append(session, course, [entry], now, person_id)


# --- Looking again -----------------------------------------------------------------------------------------------------


async def end_overrides(database: Database, now: datetime) -> int:
    """Judge again where an override has reached its end; run every minute or so. How many states were looked at.

    One short transaction for each learner; a round that is cut off is caught up by the next one.
    """
    async with database.reading() as session:
        due = await queries.ended_overrides(session, now)
    for organisation_id, course_id, person_id, competency_ids in due:
        async with database.writing() as session:
            learners = await looking.lock(session, organisation_id, course_id, [person_id], now)
            cells = [(person_id, competency_id) for competency_id in competency_ids]
            await working.judge_again(session, organisation_id, course_id, learners, cells, now)
            nudge_after_commit(session, MOVED, versions.course_key(organisation_id, course_id))
    return sum(len(competency_ids) for *_, competency_ids in due)


def trace(session: AsyncSession, course: Course, now: datetime, action: str, by: uuid.UUID | None, detail: str) -> None:
    """Leave an entry about a course's evidence in the audit log."""
    audit.record(
        session,
        now,
        action,
        organisation_id=course.organisation_id,
        actor=str(by) if by else None,
        subject=f"course {course.id}",
        reference=reference_code.get(),
        detail=detail,
    )
