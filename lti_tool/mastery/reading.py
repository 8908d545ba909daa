"""Results of the LMS's own quizzes and assignments become evidence, by the course's alignments.

What assesses a competency gives evidence of it; what practises it does where the course says so. A result is the whole score
of a task. It counts as when it was handed in, with the points it had before a late penalty, and each attempt for itself.
Blank, excused, missing and ungraded work and automatic zeros never become evidence; a grade that is taken back or excused
afterwards is voided. An item that is aligned later brings in what is known already at the next reading.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from fastapi import Request
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import alignments
from lti_tool.competencies.alignment_rules import AlignmentView
from lti_tool.competencies.models import AlignmentRole
from lti_tool.content.asking import bring_gradebook
from lti_tool.content.ports import NoResult
from lti_tool.content.service import Gradebook, ItemGap, ItemResult
from lti_tool.courses.freshness import Outcome
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.mastery import gradebook_queries, queries, service
from lti_tool.mastery.entries import LARGEST, TAKEN_BACK, TOLD_BY_LMS, UNALIGNED, Entry
from lti_tool.mastery.models import EvidenceSource

LEARNERS_AT_ONCE = 50
"""Learners whose results are taken in one transaction."""

_ATTEMPT = frozenset({NoResult.MISSING, NoResult.BLANK, NoResult.UNGRADED})
"""Gaps that say of one attempt that there is no result any more. One that waits, or is not shown yet, says nothing new."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a gradebook: pieces of evidence that were new, and that were taken back."""

    new: int = 0
    taken_back: int = 0


async def bring_evidence(
    request: Request, course: Course, person_id: uuid.UUID | None = None, *, asked: bool = False
) -> Outcome:
    """Bring in the results of one student, or of all, for a page that shows levels; shares its question with other pages."""
    return await bring_gradebook(request, course, person_id, asked=asked, takers=(take,))


async def take(database: Database, course: Course, gradebook: Gradebook, now: datetime) -> Mapping[str, int]:
    """Take a gradebook in; see ``take_gradebook``. What came of it, for the report of the reading."""
    taken = await take_gradebook(database, course, gradebook, now)
    return {"evidence_new": taken.new, "evidence_taken_back": taken.taken_back}


async def take_gradebook(database: Database, course: Course, gradebook: Gradebook, now: datetime) -> Taken:
    """Turn what a gradebook says into evidence; twice is once. Looks first, without a lock, whether there is anything new.

    Some learners at a time are worked in together, each time in a transaction of its own.
    """
    if not gradebook.attempts and not gradebook.gaps:
        return Taken()
    async with database.reading() as session:
        giving = await giving_evidence(session, course, {one.content_item_id for one in _all(gradebook)})
        fresh = await service.news(session, course.organisation_id, course.id, entries(gradebook.attempts, giving, now))
        gone = await _taken_back(session, course, gradebook.gaps, giving)
        doubled = await _in_files(session, course, fresh)
    people = sorted({entry.person_id for entry in fresh} | gone.keys())
    for start in range(0, len(people), LEARNERS_AT_ONCE):
        some = set(people[start : start + LEARNERS_AT_ONCE])
        wanted = [entry for entry in fresh if entry.person_id in some]
        voids = {
            evidence_id: reason
            for found, reason in ((gone, TAKEN_BACK), (doubled, TOLD_BY_LMS))
            for person_id in sorted(some)
            for evidence_id in found.get(person_id, ())
        }
        async with database.writing() as session:
            await service.change(session, course, wanted, voids, now)
    return Taken(len(fresh), sum(len(ids) for ids in gone.values()))


async def _in_files(
    session: AsyncSession, course: Course, fresh: Collection[Entry]
) -> dict[uuid.UUID, list[uuid.UUID]]:
    """What a gradebook export said of the same works, by person: the same work must not count twice."""
    works = {(entry.person_id, entry.content_item_id) for entry in fresh if entry.content_item_id is not None}
    if not works:
        return {}
    items = {item_id for _, item_id in works}
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    for person_id, item_id, evidence_id in await gradebook_queries.told_by_files(
        session, course.organisation_id, course.id, items
    ):
        if (person_id, item_id) in works:
            found.setdefault(person_id, []).append(evidence_id)
    return found


def _all(gradebook: Gradebook) -> Iterable[ItemResult | ItemGap]:
    yield from gradebook.attempts
    yield from gradebook.gaps


async def giving_evidence(
    session: AsyncSession, course: Course, item_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[AlignmentView]]:
    """The alignments of these items by which a result says something about a competency, by item."""
    found = await alignments.of_items(session, course.organisation_id, course.id, item_ids)
    practice = await queries.practice_counts(session, course.organisation_id, course.id)
    roles = {AlignmentRole.ASSESSES, AlignmentRole.PRACTISES} if practice else {AlignmentRole.ASSESSES}
    return {
        item_id: some for item_id, views in found.items() if (some := [view for view in views if view.role in roles])
    }


def entries(
    results: Iterable[ItemResult], giving: Mapping[uuid.UUID, Sequence[AlignmentView]], now: datetime
) -> list[Entry]:
    """What results say of competencies. Of one work that stands in several places of the course, the first place counts."""
    found: dict[tuple[uuid.UUID, uuid.UUID, str], Entry] = {}
    shared = _shared(giving)
    for result in results:
        if not _can_count(result):
            continue
        name = presentation(result)
        for view in giving.get(result.content_item_id, ()):
            found.setdefault(
                (result.person_id, view.competency_id, name),
                Entry(
                    result.person_id,
                    view.competency_id,
                    EvidenceSource.LMS,
                    presentation=name,
                    # A platform's clock may be ahead of ours; what was handed in has happened.
                    observed_at=min(result.done_at or result.at, now),
                    earned=result.earned,
                    possible=result.possible,
                    passing_percent=view.passing_percent,
                    weight=view.weight,
                    content_item_id=result.content_item_id,
                    whole=True,
                    shared=result.content_item_id in shared,
                    mixed=view.mixed,
                ),
            )
    return list(found.values())


def presentation(result: ItemResult | ItemGap) -> str:
    """The name of the occasion: the platform's work and the attempt. Without attempts there is one, which is regraded."""
    work = result.result_key or result.content_item_id.hex
    return f"{queries.BY_ALIGNMENT}{work}:{result.attempt or '-'}"[:255]


def _shared(giving: Mapping[uuid.UUID, Sequence[AlignmentView]]) -> set[uuid.UUID]:
    times = Counter({item_id: len({view.competency_id for view in views}) for item_id, views in giving.items()})
    return {item_id for item_id, number in times.items() if number > 1}


def _can_count(result: ItemResult) -> bool:
    """Whether there are points that evidence can have; nothing is made of a percentage alone."""
    earned, possible = result.earned, result.possible
    return (
        earned is not None
        and possible is not None
        and Decimal(0) < possible <= LARGEST
        and abs(earned) <= LARGEST
        and possible.is_finite()
    )


async def _taken_back(
    session: AsyncSession,
    course: Course,
    gaps: Sequence[ItemGap],
    giving: Mapping[uuid.UUID, Sequence[AlignmentView]],
) -> dict[uuid.UUID, list[uuid.UUID]]:
    """Evidence of results that are none any more, by person: all of an excused item, or one without any grade; else of that
    attempt.
    """
    told = [gap for gap in gaps if gap.why in _ATTEMPT or gap.why is NoResult.EXCUSED]
    told = [gap for gap in told if gap.content_item_id in giving]
    if not told:
        return {}
    there = await queries.of_items(
        session,
        course.organisation_id,
        course.id,
        sorted({gap.content_item_id for gap in told}),
        sorted({gap.person_id for gap in told}),
    )
    whole = {(gap.person_id, gap.content_item_id) for gap in told if gap.why is NoResult.EXCUSED or gap.of_all}
    attempts = {(gap.person_id, presentation(gap)) for gap in told if gap.why in _ATTEMPT}
    gone: dict[uuid.UUID, list[uuid.UUID]] = {}
    for row in there:
        if (row.person_id, row.content_item_id) in whole or (row.person_id, row.presentation) in attempts:
            gone.setdefault(row.person_id, []).append(row.id)
    return gone


async def take_back_alignment(
    session: AsyncSession,
    course: Course,
    chosen: Collection[tuple[uuid.UUID, uuid.UUID]],
    now: datetime,
    by: uuid.UUID | None,
) -> int:
    """Void the platform's results that came by alignments that are gone, given as (item, competency); how many pieces.

    Only where the teacher says so: by itself evidence stays when an alignment goes, since what was shown was shown. Aligning
    the item again brings it back at the next reading. What is aligned (again) by now stays.
    """
    left = await queries.left_by_alignments(session, course.organisation_id, course.id)
    pairs = {(one.content_item_id, one.competency_id) for one in left} & set(chosen)
    rows = await queries.of_items(session, course.organisation_id, course.id, sorted({item_id for item_id, _ in pairs}))
    gone = [
        row.id
        for row in rows
        if (row.content_item_id, row.competency_id) in pairs and row.presentation.startswith(queries.BY_ALIGNMENT)
    ]
    await service.change(session, course, (), dict.fromkeys(gone, UNALIGNED), now, by)
    if gone and by is not None:
        service.trace(session, course, now, "mastery.voided", by, f"{len(gone)} pieces of evidence")
    return len(gone)


# --- Without a page ----------------------------------------------------------------------------------------------------


async def wanting(session: AsyncSession, course: Course, since: datetime) -> set[uuid.UUID]:
    """Items that have come to say something about a competency since then: what is known of them from before is evidence too."""
    return await alignments.items_since(session, course.organisation_id, course.id, since)
