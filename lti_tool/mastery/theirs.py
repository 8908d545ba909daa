"""What teachers type over our numbers in the LMS's gradebook becomes evidence, in columns of which a teacher says so.

The ledger says which numbers are theirs (``grades.comparing``); evidence is brought in step with it after each look, and whenever
a teacher decides about a difference. A number counts while it stands there as somebody else's: another one takes its place, one
that is gone or over which ours was sent is void. Ours never fights it: where it stands, the ledger sends nothing over it.
"""

import uuid
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import maps
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.grades.models import ColumnState, LineItem
from lti_tool.mastery import grading, grading_queries, service
from lti_tool.mastery import theirs_queries as own_queries
from lti_tool.mastery.entries import LARGEST, NOT_TAKEN, NUMBER_GONE, OURS_SENT, Entry
from lti_tool.mastery.models import Evidence, EvidenceSource, Standing
from lti_tool.mastery.reading import LEARNERS_AT_ONCE
from lti_tool.mastery.rules import Audience
from lti_tool.mastery.theirs_queries import Typed
from lti_tool.web.i18n import N_, current_language, format_day, format_number

PREFIX = "gradebook:"
"""Begins what the occasion of such evidence is called; the column's id follows."""

TRIES = 3

Meanings = Callable[[AsyncSession, Course, Collection[str]], Awaitable[Mapping[str, Collection[uuid.UUID]]]]
"""Tells of resource ids what competencies the work is aligned to that they stand for; those it does not know are absent."""


class Why(StrEnum):
    """Why a number in a column can be no evidence."""

    OVERALL = "overall"
    """It is about all of the map together."""
    UNALIGNED = "unaligned"
    """Nothing of what it is of is aligned to a competency of the map."""


@dataclass(frozen=True, slots=True)
class About:
    """What a number in a column says something about. ``passing_percent`` None: the map's mark. ``why``: why of nothing."""

    competency_ids: tuple[uuid.UUID, ...] = ()
    passing_percent: float | None = None
    why: Why | None = None

    @property
    def is_shared(self) -> bool:
        """Whether it is about several competencies at once, and alone can make none of them Secure."""
        return len(self.competency_ids) > 1


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of bringing evidence in step: pieces that were new, and that are void now."""

    new: int = 0
    voided: int = 0


class _ChangedMeanwhile(Exception):
    """Somebody has decided about one of these numbers in the meantime."""


def presentation(line_item_id: uuid.UUID) -> str:
    """The name of the occasion: one for each column, so that another number of a student takes the place of the one before."""
    return f"{PREFIX}{line_item_id.hex}"


def is_typed(row: Evidence) -> bool:
    """Whether evidence is a number that somebody has typed into a column of ours."""
    return row.source is EvidenceSource.LMS and row.presentation.startswith(PREFIX)


_SAID = {
    Audience.STUDENT: N_("Your teacher entered %(given)s of %(maximum)s in the gradebook on %(day)s."),
    Audience.TEACHER: N_("%(given)s of %(maximum)s was entered in the gradebook on %(day)s."),
}


async def sentences(
    session: AsyncSession, course: Course, person_id: uuid.UUID, now: datetime, to: Audience
) -> dict[uuid.UUID, str]:
    """What typed numbers say of one learner, by competency, in the page's language; the latest of each that counts."""
    found = await own_queries.latest(session, course.organisation_id, course.id, person_id, PREFIX)
    say = current_language().gettext
    return {
        competency_id: say(_SAID[to])
        % {
            "given": format_number(float(row.earned or 0), 2),
            "maximum": format_number(float(row.possible or 0), 2),
            "day": format_day(row.observed_at, now),
        }
        for competency_id, row in found.items()
    }


async def about(session: AsyncSession, course: Course, line_item: LineItem, meanings: Iterable[Meanings]) -> About:
    """What a number in a column says something about, by the map and the alignments of now."""
    if line_item.resource_id == grading.resource_id(course.id, None):
        return About(why=Why.OVERALL)
    placed = await grading_queries.numbers(session, course.organisation_id, course.id)
    passing: float | None = None
    found: set[uuid.UUID] = set()
    if line_item.tag == grading.TAG:
        column = grading.read(line_item)
        found = {column.competency_id} if column.competency_id is not None else set()
        worth = column.counting.ranks[Standing.SECURE.rank]
        passing = min(max(worth / line_item.score_maximum * 100, 0.0), 100.0)
    else:
        for meaning in meanings:
            found |= set((await meaning(session, course, [line_item.resource_id])).get(line_item.resource_id, ()))
    on_map = tuple(sorted(one for one in found if placed.get(one, (0, False))[1]))
    return About(on_map, passing) if on_map else About(why=Why.UNALIGNED)


async def whose(session: AsyncSession, course: Course, line_item: LineItem, found: About) -> set[uuid.UUID]:
    """Those whose typed number in a column counts for what it is about."""
    if not line_item.takes_theirs:
        return set()
    name = presentation(line_item.id)
    return set(await own_queries.counting(session, course, name, competency_ids=found.competency_ids))


@dataclass(frozen=True, slots=True)
class Number:
    """A number that was typed, found at a moment: ``earned`` of ``possible``. Void: when and why, in the page's language."""

    earned: Decimal
    possible: Decimal
    found_at: datetime
    voided_at: datetime | None
    void_reason: str


async def of_person(
    session: AsyncSession, course: Course, line_item_id: uuid.UUID, person_id: uuid.UUID
) -> list[Number]:
    """What was typed of a student in a column, the latest first; each once, of however many competencies it is."""
    rows = await own_queries.of_person(
        session, course.organisation_id, course.id, person_id, presentation(line_item_id)
    )
    say = current_language().gettext
    found: dict[tuple[object, ...], Number] = {}
    for row in rows:
        # The tool's own reasons are messages; a teacher's words have no translation and stay.
        reason = say(row.void_reason) if row.void_reason else ""
        one = Number(row.earned or Decimal(0), row.possible or Decimal(1), row.observed_at, row.voided_at, reason)
        found.setdefault((one.earned, one.possible, one.found_at, one.voided_at is None), one)
    return list(found.values())


async def names(session: AsyncSession, course: Course, found: About) -> list[str]:
    """What the competencies are called that a column is about, in the map's order."""
    if not found.competency_ids:
        return []
    listed = await maps.listed(session, course.organisation_id, course.id)
    return [one.name for one in listed.competencies if one.id in found.competency_ids]


def entries(line_item: LineItem, found: About, typed: Iterable[Typed], now: datetime) -> list[Entry]:
    """What numbers say of competencies: whole scores, dated when they were found in the gradebook."""
    return [
        Entry(
            one.person_id,
            competency_id,
            EvidenceSource.LMS,
            presentation=presentation(line_item.id),
            observed_at=min(one.found_at, now),
            earned=Decimal(str(one.given)),
            possible=Decimal(str(one.maximum)),
            passing_percent=found.passing_percent,
            whole=True,
            shared=found.is_shared,
            marked=found.passing_percent is not None,
        )
        for one in typed
        if 0 < one.maximum <= float(LARGEST) and abs(one.given) <= float(LARGEST)
        for competency_id in found.competency_ids
    ]


async def settle(
    database: Database, organisation_id: uuid.UUID, line_item_id: uuid.UUID, meanings: Sequence[Meanings], now: datetime
) -> Settled:
    """Bring the evidence of a column in step with what stands in the LMS; twice is once. Some learners at a time.

    A column that is off or gone is not looked at any more: what it said last stays.
    """
    async with database.reading() as session:
        column = await own_queries.column(session, organisation_id, line_item_id)
        if column is None:
            raise NotFound("no such column")
        line_item, course = column
        takes = line_item.takes_theirs
        if takes and (line_item.state is not ColumnState.MADE or line_item.gone_at is not None):
            return Settled()
        typed = await own_queries.typed(session, organisation_id, line_item_id) if takes else {}
        there = await own_queries.counting(session, course, presentation(line_item_id))
        found = await about(session, course, line_item, meanings) if typed else About()
        wanted = entries(line_item, found, typed.values(), now)
        fresh = await service.news(session, organisation_id, course.id, wanted)
        session.expunge_all()
    reason = NUMBER_GONE if takes else NOT_TAKEN
    # An alignment that goes takes nothing away, as with results of items.
    gone = {person_id: ids for person_id, ids in there.items() if person_id not in typed}
    people = sorted({entry.person_id for entry in fresh} | gone.keys())
    done = Settled()
    for start in range(0, len(people), LEARNERS_AT_ONCE):
        some = people[start : start + LEARNERS_AT_ONCE]
        new = [entry for entry in fresh if entry.person_id in some]
        voids = {evidence_id: reason for person_id in some for evidence_id in gone.get(person_id, ())}
        async with database.writing() as session:
            await service.change(session, course, new, voids, now)
            if takes:
                # The learners' rows are held now: who decides about one of these numbers does so before this, or after it.
                again = await own_queries.typed(session, organisation_id, line_item_id, some)
                if any(_number(again.get(one)) != _number(typed.get(one)) for one in some):
                    raise _ChangedMeanwhile
        done = Settled(done.new + len(new), done.voided + len(voids))
    return done


def _number(typed: Typed | None) -> tuple[float, float] | None:
    return None if typed is None else (typed.given, typed.maximum)


async def keep_up(
    database: Database, organisation_id: uuid.UUID, line_item_id: uuid.UUID, meanings: Sequence[Meanings], now: datetime
) -> Settled:
    """``settle``, once more where somebody decided about a number meanwhile."""
    for _ in range(TRIES):
        try:
            return await settle(database, organisation_id, line_item_id, meanings, now)
        except _ChangedMeanwhile:
            continue
    # The nudge that came with the decision does the rest.
    return Settled()


async def give_back(
    session: AsyncSession,
    course: Course,
    line_item: LineItem,
    person_id: uuid.UUID,
    now: datetime,
    by: uuid.UUID | None,
) -> int:
    """Void what a student's typed number said, before ours is sent over it, so that ours does not count it; how many pieces."""
    there = await own_queries.counting(session, course, presentation(line_item.id), [person_id])
    ids = there.get(person_id, [])
    if ids:
        await service.change(session, course, (), dict.fromkeys(ids, OURS_SENT), now, by)
    return len(ids)
