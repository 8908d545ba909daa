"""Ratings on the LMS's own outcomes become evidence of the competency that each is, where the teacher says so.

A rating counts as right by the LMS's own word, or else from the passing mark of the course's map. What is rated from an item
whose score counts for the same competency already is left out: the same work must not count twice. A rating that is given
anew replaces the earlier one; one that the LMS no longer has stays.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import lms_queries
from lti_tool.content.taking import PersonRating
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.mastery import criteria, queries, reading, service
from lti_tool.mastery.entries import ITEM_COUNTS, LARGEST, Entry
from lti_tool.mastery.models import EvidenceSource, Standing
from lti_tool.mastery.reading import LEARNERS_AT_ONCE

PREFIX = "lms-rating:"
"""Begins what a rating's occasion is called; the platform's own name for it follows."""

_PLACES = Decimal("0.0001")
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of ratings: pieces of evidence that were new, and that an item's own score stands for now."""

    new: int = 0
    taken_back: int = 0


async def take_ratings(database: Database, course: Course, ratings: Sequence[PersonRating], now: datetime) -> None:
    """Take ratings in; see ``take_some``."""
    await take_some(database, course, ratings, now)


async def take_some(database: Database, course: Course, ratings: Sequence[PersonRating], now: datetime) -> Taken:
    """Turn ratings into evidence; twice is once. Looks first, without a lock, whether there is anything new.

    Some learners at a time are worked in together, each time in a transaction of its own.
    """
    if not ratings:
        return Taken()
    async with database.reading() as session:
        fresh, voids = await _news(session, course, ratings, now)
    people = sorted({entry.person_id for entry in fresh} | voids.keys())
    for start in range(0, len(people), LEARNERS_AT_ONCE):
        some = set(people[start : start + LEARNERS_AT_ONCE])
        wanted = [entry for entry in fresh if entry.person_id in some]
        gone = {evidence_id: ITEM_COUNTS for person_id in sorted(some) for evidence_id in voids.get(person_id, ())}
        async with database.writing() as session:
            await service.change(session, course, wanted, gone, now)
    return Taken(len(fresh), sum(len(ids) for ids in voids.values()))


async def _news(
    session: AsyncSession, course: Course, ratings: Sequence[PersonRating], now: datetime
) -> tuple[list[Entry], dict[uuid.UUID, list[uuid.UUID]]]:
    """Evidence that would be new, and by person what counts and must not any more."""
    counting = await lms_queries.counting(session, course.organisation_id, course.id)
    meant = {outcome_id: competency_id for outcome_id, (_, competency_id) in counting.items()}
    told = [one for one in ratings if one.outcome_id in meant]
    if not told:
        return [], {}
    items = {one.content_item_id for one in told if one.content_item_id is not None}
    works = await lms_queries.works(session, course.organisation_id, course.id, items)
    giving = await reading.giving_evidence(session, course, works)
    evident = {(works[item_id], view.competency_id) for item_id, views in giving.items() for view in views}

    def counts_itself(one: PersonRating) -> bool:
        return one.content_item_id is not None and (works[one.content_item_id], meant[one.outcome_id]) in evident

    doubled = [one for one in told if counts_itself(one)]
    single = [one for one in told if not counts_itself(one)]
    passing = (await criteria.basis(session, course.organisation_id, course.id)).passing_percent
    found = entries(single, meant, passing, now)
    fresh = await service.news(session, course.organisation_id, course.id, found)
    return fresh, await _doubled(session, course, doubled, meant)


async def _doubled(
    session: AsyncSession, course: Course, ratings: Iterable[PersonRating], meant: Mapping[str, uuid.UUID]
) -> dict[uuid.UUID, list[uuid.UUID]]:
    """Evidence that came before the item was aligned, by person."""
    names = {(one.person_id, meant[one.outcome_id], presentation(one)) for one in ratings}
    items = sorted({one.content_item_id for one in ratings if one.content_item_id is not None})
    people = sorted({person_id for person_id, _, _ in names})
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    for row in await queries.of_items(session, course.organisation_id, course.id, items, people):
        if (row.person_id, row.competency_id, row.presentation) in names:
            found.setdefault(row.person_id, []).append(row.id)
    return found


def entries(
    ratings: Iterable[PersonRating], meant: Mapping[str, uuid.UUID], passing_percent: float, now: datetime
) -> list[Entry]:
    """What ratings say of competencies (``meant``, by the LMS's id of the outcome); of one occasion the latest word."""
    found: dict[tuple[uuid.UUID, uuid.UUID, str], Entry] = {}
    for one in sorted(ratings, key=lambda one: one.at):
        if one.source_id and _can_count(one):
            entry = _entry(one, meant[one.outcome_id], passing_percent, now)
            found[entry.person_id, entry.competency_id, entry.presentation] = entry
    return list(found.values())


def presentation(rating: PersonRating) -> str:
    """The name of the occasion; the same again is the same rating, perhaps given anew."""
    return f"{PREFIX}{rating.source_id}"[:255]


def _entry(rating: PersonRating, competency_id: uuid.UUID, passing_percent: float, now: datetime) -> Entry:
    mark = passing(rating, passing_percent)
    return Entry(
        rating.person_id,
        competency_id,
        EvidenceSource.LMS,
        presentation=presentation(rating),
        # A platform's clock may be ahead of ours; what was rated has happened.
        observed_at=min(rating.at, now),
        earned=None if mark is None else rating.earned,
        possible=None if mark is None else rating.possible,
        passing_percent=mark,
        content_item_id=rating.content_item_id,
        whole=True,
        judged=Standing.DEVELOPING if mark is None else None,
        marked=rating.mastered is not None,
    )


def passing(rating: PersonRating, usual: float) -> float | None:
    """From what percentage on the rating is right, so that it is what the platform says of it: ``usual`` where that agrees, or
    where the platform says nothing. None where no mark can: full points, and yet not mastered.
    """
    share = rating.earned * _HUNDRED / rating.possible
    if rating.mastered is None or rating.mastered == (share >= Decimal(str(usual))):
        return usual
    if rating.mastered:
        return float(max(share, Decimal(0)).quantize(_PLACES, ROUND_FLOOR))
    above = (share + _PLACES).quantize(_PLACES, ROUND_CEILING)
    return float(above) if above <= _HUNDRED else None


def _can_count(rating: PersonRating) -> bool:
    """Whether there are points that evidence can have."""
    earned, possible = rating.earned, rating.possible
    return (
        earned.is_finite()
        and possible.is_finite()
        and abs(earned) <= LARGEST
        and 0 < possible <= LARGEST
        # Below nothing there is nothing that could be mastered.
        and not (rating.mastered and earned < 0)
    )
