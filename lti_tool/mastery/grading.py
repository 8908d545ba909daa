"""Columns of the gradebook about mastery: for a competency, or for all of the course's map together.

A teacher switches them on. Scores are owed in the transaction that changes a level (``owe``, which ``working`` and
``recomputing`` call), and once for the whole class when a column is switched on or counts otherwise (``owe_everybody``).
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.competencies import maps
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.errors import Conflict, NotFound
from lti_tool.grades import service as grades
from lti_tool.grades.models import ColumnState, LineItem, Policy
from lti_tool.logs import reference_code
from lti_tool.lti import claims
from lti_tool.mastery import grading_queries, looking
from lti_tool.mastery import grading_rules as rules
from lti_tool.mastery.grading_rules import Brief, Counting
from lti_tool.mastery.looking import Learner
from lti_tool.web.i18n import N_

TAG = Policy.MASTERY.value
"""The policy, as these columns carry it in the LMS (AGS 2.0 §3.2.8)."""

LEARNERS_AT_ONCE = 20
"""Learners in one transaction."""

_OF_ONE = "competency:"


def resource_id(course_id: uuid.UUID, competency_id: uuid.UUID | None) -> str:
    """What a column is known by in the LMS: that of a competency, or of all together."""
    return f"mastery:{course_id}" if competency_id is None else f"{_OF_ONE}{competency_id}"


@dataclass(frozen=True, slots=True)
class MasteryColumn:
    """A column with how it counts; ``competency_id`` None: all of the map together."""

    line_item: LineItem
    competency_id: uuid.UUID | None
    counting: Counting


def read(line_item: LineItem) -> MasteryColumn:
    """A line item with the tag of these columns, as what it is."""
    of_one = line_item.resource_id.startswith(_OF_ONE)
    competency_id = uuid.UUID(line_item.resource_id.removeprefix(_OF_ONE)) if of_one else None
    return MasteryColumn(line_item, competency_id, Counting.from_json(line_item.settings))


async def columns(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[MasteryColumn]:
    """A course's columns about mastery, on or off."""
    return [read(one) for one in await grading_queries.columns(session, organisation_id, course_id)]


async def column(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, competency_id: uuid.UUID | None
) -> MasteryColumn | None:
    """The column of a competency, or of all together; None where nobody has switched it on."""
    for one in await columns(session, organisation_id, course_id):
        if one.competency_id == competency_id:
            return one
    return None


def can_have_column(course: Course) -> bool:
    """Whether the LMS lets this tool make a column in the course and fill it."""
    return bool(course.line_items_url) and {claims.LINE_ITEM_SCOPE, claims.SCORE_SCOPE} <= set(course.ags_scopes)


# --- What the teacher does ----------------------------------------------------------------------------------------------


async def save(
    session: AsyncSession,
    course: Course,
    competency_id: uuid.UUID | None,
    label: str,
    maximum: float,
    counting: Counting,
    by: uuid.UUID | None,
    now: datetime,
) -> LineItem:
    """Switch a column on, or have it count otherwise; ``owe_everybody`` then enters what follows from it.

    NotFound for a competency that is not on the map; Conflict ``no-column-here`` where the LMS lets nobody make a column.
    """
    if competency_id is not None:
        placed = await grading_queries.numbers(session, course.organisation_id, course.id)
        if not placed.get(competency_id, (0, False))[1]:
            raise NotFound("no such competency on the map")
    if not can_have_column(course):
        raise Conflict(
            "no line item scope in this course",
            code="no-column-here",
            title=N_("Your LMS does not let this tool make a gradebook column here"),
            advice=N_("Ask your administrator to allow grades for this tool, then open it again from the course."),
        )
    line_item = await grades.want_column(
        session,
        course=course,
        resource_id=resource_id(course.id, competency_id),
        label=label,
        score_maximum=maximum,
        end_at=None,
        now=now,
        tag=TAG,
    )
    line_item.settings = counting.to_json()
    session.add(line_item)
    await session.flush()
    if line_item.state is ColumnState.OFF:
        await grades.switch_on(session, line_item, now)
    # Should this process end before everybody's score is entered, the sweep goes through the course again.
    await grading_queries.follow_again(session, course.organisation_id, course.id)
    # And once more in a moment, for a level that was changing just now and knew of no column.
    maps.levels_follow(session, course.organisation_id, course.id)
    _trace(session, course, "mastery.column-on", by, now, line_item)
    return line_item


async def switch(
    session: AsyncSession,
    course: Course,
    competency_id: uuid.UUID | None,
    by: uuid.UUID | None,
    now: datetime,
    *,
    on: bool,
) -> None:
    """Switch a column that is there off, or on again. NotFound."""
    line_item = await found(session, course, competency_id)
    done = await (grades.switch_on if on else grades.switch_off)(session, line_item, now)
    if done:
        _trace(session, course, "mastery.column-on" if on else "mastery.column-off", by, now, line_item)


async def found(session: AsyncSession, course: Course, competency_id: uuid.UUID | None) -> LineItem:
    """The line item of a column. NotFound."""
    there = await column(session, course.organisation_id, course.id, competency_id)
    if there is None:
        raise NotFound("no such column")
    return there.line_item


def _trace(
    session: AsyncSession, course: Course, action: str, by: uuid.UUID | None, now: datetime, line_item: LineItem
) -> None:
    audit.record(
        session,
        now,
        action,
        organisation_id=course.organisation_id,
        actor=str(by) if by else None,
        subject=f"course {course.id}",
        reference=reference_code.get(),
        detail=line_item.resource_id,
    )


# --- What is owed -------------------------------------------------------------------------------------------------------


class Worth:
    """What columns say of learners, by the map as it stands."""

    def __init__(self, placed: dict[uuid.UUID, tuple[int, bool]]) -> None:
        self._placed = placed
        self._numbers = sorted(number for number, stands in placed.values() if stands)

    def of(self, counting: Counting, competency_id: uuid.UUID | None, standings: dict[str, Any]) -> float | None:
        """The points that a learner's levels are worth now; None for who has none."""
        if competency_id is None:
            return rules.overall(counting, standings, self._numbers)
        return rules.of_one(counting, self.brief(competency_id, standings))

    def brief(self, competency_id: uuid.UUID, standings: dict[str, Any]) -> Brief | None:
        """A learner's level in a competency, in brief."""
        number, _ = self._placed.get(competency_id, (0, False))
        return standings.get(str(number))

    def begun(self, standings: dict[str, Any]) -> tuple[int, int]:
        """How many competencies of the map a learner has begun, and how many there are."""
        return sum(str(number) in standings for number in self._numbers), len(self._numbers)


async def worth(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> Worth:
    """How to count by a course's map."""
    return Worth(await grading_queries.numbers(session, organisation_id, course_id))


async def owe(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    learners: Iterable[Learner],
    now: datetime,
    *,
    anew: uuid.UUID | None = None,
) -> int:
    """Enter what these learners, whose rows are locked, are owed in the course's columns; how many scores are others now.

    Nothing is asked of the database for a course without such columns. Who is no student of the course now is owed nothing
    new. ``anew`` names a column that counts otherwise from now on: what was owed in it before is no measure any more.
    """
    graded = {learner.person_id: learner for learner in learners if learner.graded}
    if not graded:
        return 0
    there = await columns(session, organisation_id, course_id)
    people = sorted(await grading_queries.present(session, organisation_id, course_id, graded.keys()))
    counts = await worth(session, organisation_id, course_id)
    before = await grading_queries.entered(session, organisation_id, [one.line_item.id for one in there], people)
    changed = 0
    for one in there:
        maximum = one.line_item.score_maximum
        for person_id in people:
            was = before.get((one.line_item.id, person_id))
            best = (
                None
                if was is None or one.line_item.id == anew
                else round(was.given / was.maximum * maximum, rules.CENTS)
            )
            given = rules.owed(
                one.counting, counts.of(one.counting, one.competency_id, graded[person_id].standings), best
            )
            if given is None or (was is not None and (was.given, was.maximum) == (given, maximum)):
                continue
            await grades.owe(
                session, line_item=one.line_item, person_id=person_id, given=given, maximum=maximum, now=now
            )
            changed += 1
    return changed


async def owe_everybody(
    database: Database,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    now: datetime,
    *,
    anew: uuid.UUID | None = None,
) -> int:
    """Enter what everybody is owed who has begun anything, some learners at a time; how many scores are others now.

    ``anew`` as for ``owe``. Being cut off loses only the rest, which following the map enters.
    """
    async with database.reading() as session:
        people = await grading_queries.learners(session, organisation_id, course_id)
    changed = 0
    for start in range(0, len(people), LEARNERS_AT_ONCE):
        async with database.writing() as session:
            some = await looking.lock(
                session, organisation_id, course_id, people[start : start + LEARNERS_AT_ONCE], now
            )
            changed += await owe(session, organisation_id, course_id, some.values(), now, anew=anew)
    return changed
