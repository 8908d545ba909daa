"""Rubrics of a course: reading them, making, changing and taking them away.

A criterion by which work was marked is never changed: a change makes a new row in its place, so that marks keep the words and the
points they were given by. A rubric that is taken away goes on serving the boards that mark by it.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import maps
from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Course
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.menus import ready_rubrics, rubric_queries
from lti_tool.menus.models import Rubric, RubricCriterion
from lti_tool.menus.rules import rubrics as rules
from lti_tool.menus.rules.rubrics import Level
from lti_tool.web.i18n import N_

MOST_CRITERIA = 12
MOST_RUBRICS = 100


class RubricChanged(Conflict):
    """Somebody else has changed a rubric since the page was opened."""

    code = "rubric-changed"
    title = N_("This rubric was changed in the meantime")
    advice = N_("Reload the page to see how it is now, then make your change again. Nothing was changed.")


class RubricWrong(BadRequest):
    """A rubric without criteria, or with levels that cannot be used."""

    code = "rubric-wrong"
    title = N_("This cannot be a rubric")
    advice = N_(
        "A rubric has at least one criterion and two to six levels with names, each worth more points than the one before."
    )


@dataclass(frozen=True, slots=True)
class Criterion:
    """One row of a rubric as pages show it; ``meets`` is the place of the least level that meets it."""

    id: uuid.UUID
    title: str
    levels: tuple[Level, ...]
    meets: int
    competency_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class RubricView:
    """A rubric with its criteria in order, and the boards that mark by it."""

    id: uuid.UUID
    title: str
    changed_at: datetime
    criteria: tuple[Criterion, ...]
    boards: tuple[str, ...] = ()

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels as the first criterion has them; none without criteria."""
        return self.criteria[0].levels if self.criteria else ()


@dataclass(frozen=True, slots=True)
class Row:
    """A criterion as a teacher wants it; without an ``id`` it is a new one."""

    title: str
    levels: tuple[Level, ...]
    competency_id: uuid.UUID | None = None
    id: uuid.UUID | None = None


# --- Reading ------------------------------------------------------------------------------------------------------------


async def listed(session: AsyncSession, course: Course) -> list[RubricView]:
    """The rubrics of a course, by name."""
    rows = await rubric_queries.rubrics(session, course.organisation_id, course.id)
    criteria = await rubric_queries.criteria(session, course.organisation_id, [row.id for row in rows])
    boards = await rubric_queries.used_by(session, course.organisation_id, course.id)
    return [_view(row, criteria[row.id], boards.get(row.id, ())) for row in rows]


async def one(session: AsyncSession, course: Course, rubric_id: uuid.UUID) -> RubricView:
    """One rubric of a course; also one taken away, by which a board marks. NotFound for another's."""
    row = await rubric_queries.rubric(session, course.organisation_id, course.id, rubric_id)
    if row is None:
        raise NotFound("no such rubric in this course")
    criteria = await rubric_queries.criteria(session, course.organisation_id, [row.id])
    boards = await rubric_queries.used_by(session, course.organisation_id, course.id)
    return _view(row, criteria[row.id], boards.get(row.id, ()))


def criterion(row: RubricCriterion) -> Criterion:
    """A row as pages show it."""
    return Criterion(row.id, row.title, rules.of_json(row.levels), row.meets, row.competency_id)


def _view(row: Rubric, criteria: Sequence[RubricCriterion], boards: Sequence[str]) -> RubricView:
    return RubricView(row.id, row.title, row.changed_at, tuple(criterion(one) for one in criteria), tuple(boards))


# --- Changing ------------------------------------------------------------------------------------------------------------


async def create(
    session: AsyncSession,
    here: InCourse,
    rubric_id: uuid.UUID,
    title: str,
    rows: Sequence[Row],
    meets: int,
    now: datetime,
) -> uuid.UUID:
    """Make a rubric; sent twice, it is one. RubricWrong for what cannot be one."""
    _check(rows, meets)
    course = here.course
    there = await rubric_queries.rubric(session, course.organisation_id, course.id, rubric_id)
    if there is not None:
        return there.id
    if len(await rubric_queries.rubrics(session, course.organisation_id, course.id)) >= MOST_RUBRICS:
        raise BadRequest("more rubrics than a course has room for")
    session.add(
        Rubric(
            organisation_id=course.organisation_id,
            id=rubric_id,
            course_id=course.id,
            title=title,
            created_by=here.visit.person_id,
            created_at=now,
            changed_at=now,
        )
    )
    await session.flush()
    await _write(session, course, rubric_id, [], rows, meets, now)
    return rubric_id


async def create_ready(
    session: AsyncSession, here: InCourse, rubric_id: uuid.UUID, title: str, say: Callable[[str], str], now: datetime
) -> uuid.UUID:
    """Make the ready-made rubric the course's own, in the words that ``say`` makes of messages."""
    rows = [Row(say(ready.title), ready_rubrics.levels(ready, say)) for ready in ready_rubrics.CRITERIA]
    return await create(session, here, rubric_id, title or say(ready_rubrics.TITLE), rows, ready_rubrics.MEETS, now)


async def save(
    session: AsyncSession,
    here: InCourse,
    rubric_id: uuid.UUID,
    title: str,
    rows: Sequence[Row],
    meets: int,
    seen: datetime,
    now: datetime,
) -> None:
    """Have a rubric be as its teacher wants it. ``seen``: when it was last changed, as the page that was filled in knew it.

    Raises RubricChanged, RubricWrong and NotFound.
    """
    course = here.course
    row = await rubric_queries.rubric(session, course.organisation_id, course.id, rubric_id, lock=True)
    if row is None or row.removed_at is not None:
        raise NotFound("no such rubric in this course")
    if row.changed_at != seen:
        raise RubricChanged("the rubric was changed meanwhile")
    _check(rows, meets)
    there = (await rubric_queries.criteria(session, course.organisation_id, [row.id]))[row.id]
    await _write(session, course, row.id, there, rows, meets, now)
    row.title = title
    row.changed_at = now
    session.add(row)
    await session.flush()


async def remove(session: AsyncSession, here: InCourse, rubric_id: uuid.UUID, now: datetime) -> None:
    """Take a rubric out of the list; twice is once. Boards that mark by it keep it."""
    row = await rubric_queries.rubric(session, here.organisation_id, here.course.id, rubric_id, lock=True)
    if row is None:
        raise NotFound("no such rubric in this course")
    row.removed_at = row.removed_at or now
    session.add(row)


async def in_course(
    session: AsyncSession,
    original: Course,
    course: Course,
    rubric_id: uuid.UUID,
    names: Mapping[uuid.UUID, uuid.UUID],
    by: uuid.UUID | None,
    now: datetime,
) -> uuid.UUID | None:
    """A rubric of one course in another of the same school: the copy that came before and says the same, else a new one.

    ``names``: what competencies are there; one that the map there does not have is left out. None where there is no room.
    """
    source = await rubric_queries.rubric(session, original.organisation_id, original.id, rubric_id)
    if source is None or original.organisation_id != course.organisation_id:
        return None
    on_map = {one.id for one in (await maps.listed(session, course.organisation_id, course.id)).competencies}
    wanted = []
    for one in (await rubric_queries.criteria(session, original.organisation_id, [source.id]))[source.id]:
        there = names.get(one.competency_id, one.competency_id) if one.competency_id is not None else None
        wanted.append((one.title, one.levels, one.meets, there if there in on_map else None))
    rows = await rubric_queries.rubrics(session, course.organisation_id, course.id)
    before = [row for row in rows if row.copied_from_id == source.id]
    criteria = await rubric_queries.criteria(session, course.organisation_id, [row.id for row in before])
    for row in before:
        if [(one.title, one.levels, one.meets, one.competency_id) for one in criteria[row.id]] == wanted:
            return row.id
    if len(rows) >= MOST_RUBRICS:
        return None
    made = Rubric(
        organisation_id=course.organisation_id,
        course_id=course.id,
        title=source.title,
        copied_from_id=source.id,
        created_by=by,
        created_at=now,
        changed_at=now,
    )
    session.add(made)
    await session.flush()
    session.add_all(
        RubricCriterion(
            organisation_id=course.organisation_id,
            rubric_id=made.id,
            position=position,
            title=title,
            competency_id=competency_id,
            levels=levels,
            meets=meets,
        )
        for position, (title, levels, meets, competency_id) in enumerate(wanted)
    )
    await session.flush()
    return made.id


def _check(rows: Sequence[Row], meets: int) -> None:
    if not 1 <= len(rows) <= MOST_CRITERIA:
        raise RubricWrong(f"{len(rows)} criteria")
    for row in rows:
        why = rules.wrong(row.levels, meets)
        if why is not None:
            raise RubricWrong(f"levels: {why}")


async def _write(
    session: AsyncSession,
    course: Course,
    rubric_id: uuid.UUID,
    there: Sequence[RubricCriterion],
    rows: Sequence[Row],
    meets: int,
    now: datetime,
) -> None:
    known = {one.id: one for one in there}
    on_map = {one.id for one in (await maps.listed(session, course.organisation_id, course.id)).competencies}
    marked = await rubric_queries.marked(session, course.organisation_id, known)
    kept: set[uuid.UUID] = set()
    for position, row in enumerate(rows):
        before = known.get(row.id) if row.id is not None else None
        earlier = before.competency_id if before is not None else None
        competency_id = row.competency_id if row.competency_id in on_map | {earlier} else None
        values: dict[str, Any] = {
            "title": row.title,
            "competency_id": competency_id,
            "levels": rules.as_json(row.levels),
            "meets": meets,
        }
        same = before is not None and all(getattr(before, name) == value for name, value in values.items())
        if before is not None and (same or before.id not in marked):
            kept.add(before.id)
            for name, value in (values | {"position": position}).items():
                setattr(before, name, value)
            session.add(before)
            continue
        session.add(
            RubricCriterion(organisation_id=course.organisation_id, rubric_id=rubric_id, position=position, **values)
        )
    for one in there:
        if one.id not in kept:
            one.removed_at = now
            session.add(one)
    await session.flush()
