"""The SQL that evidence is worked in with, first half: what is locked and what is looked up. What is written is in ``writing``.

Order of locks, for everybody who works evidence in: first the rows of the learners, by their ids, then nothing else. Whoever
holds a learner's row is alone with that learner's evidence and states, so all other statements are plain inserts and updates.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Competency, CourseMap, Framework, MapCompetency
from lti_tool.db.fixed import Fixed, Told, together
from lti_tool.db.listed import ids, texts, within
from lti_tool.db.upsert import upsert
from lti_tool.grades.models import LineItem, Policy
from lti_tool.ids import new_id
from lti_tool.mastery.credit import Book, Stamp
from lti_tool.mastery.models import Evidence, LearnerMastery, LearnerModification, MasteryState, Standing
from lti_tool.mastery.pieces import Columns, Piece

LEARNER_KEY = ("organisation_id", "course_id", "person_id")

_learner: Table = LearnerMastery.__table__  # type: ignore[attr-defined]
_evidence: Table = Evidence.__table__  # type: ignore[attr-defined]
_state: Table = MasteryState.__table__  # type: ignore[attr-defined]
_modification: Table = LearnerModification.__table__  # type: ignore[attr-defined]
_place: Table = MapCompetency.__table__  # type: ignore[attr-defined]
_competency: Table = Competency.__table__  # type: ignore[attr-defined]
_map: Table = CourseMap.__table__  # type: ignore[attr-defined]
_line_item: Table = LineItem.__table__  # type: ignore[attr-defined]
_framework: Table = Framework.__table__  # type: ignore[attr-defined]

_ORGANISATION: Any = bindparam("organisation")
_COURSE: Any = bindparam("course")


@dataclass(slots=True)
class Learner:
    """A learner's row, locked. ``new`` says that this transaction made it; ``reviewing`` is None where nobody kept a book yet."""

    id: uuid.UUID
    person_id: uuid.UUID
    standings: dict[str, Any]
    predicting: dict[str, Any]
    version_id: uuid.UUID | None
    reviewing: Book | None
    graded: bool = False
    """Whether the course has columns about mastery in the gradebook, so that levels are owed there."""
    new: bool = False
    same_book: bool = False
    """That the book says what the row says: then it is not written again, which costs more than all the rest of the row."""


class Place(NamedTuple):
    """A competency's place in the course's map, also one that was taken out."""

    competency_id: uuid.UUID
    number: int
    rule: dict[str, Any] | None
    parent_id: uuid.UUID | None
    stamp: Stamp
    """How new the course's prerequisites are."""


class Known(NamedTuple):
    """A presentation that came before, in its latest revision."""

    id: uuid.UUID
    person_id: uuid.UUID
    competency_id: uuid.UUID
    presentation: str
    revision: int
    source: str
    earned: Decimal | None
    possible: Decimal | None
    passing_percent: float | None
    weight: Decimal
    judged: Standing | None
    until: datetime | None
    note: str
    observed_at: datetime
    dated: bool
    first: bool
    whole: bool
    shared: bool
    mixed: bool
    voided_at: datetime | None
    void_reason: str | None


STATE_COLUMNS = (
    "organisation_id",
    "id",
    "course_id",
    "person_id",
    "competency_id",
    "criterion_id",
    "running",
    "standing",
    "level",
    "rolled_up",
    "share",
    "because",
    "since",
    "count",
    "latest_at",
    "last_key",
    "review_due_at",
    "credited_at",
    "override_until",
    "changed_at",
)


@dataclass(slots=True)
class Stored:
    """A state as it is stored, as far as working needs it."""

    id: uuid.UUID
    person_id: uuid.UUID
    competency_id: uuid.UUID
    criterion_id: uuid.UUID
    running: dict[str, Any]
    standing: Standing
    level: str
    rolled_up: bool
    count: int
    since: datetime | None


def _columns(table: Table, names: Iterable[str]) -> list[Any]:
    return [table.c[name] for name in names]


def _here(table: Table) -> Any:
    return (table.c.organisation_id == _ORGANISATION) & (table.c.course_id == _COURSE)


_graded = (
    select(_line_item.c.id).where(_here(_line_item), _line_item.c.tag == Policy.MASTERY.value).exists().label("graded")
)
_LOCK = Fixed(
    select(*_columns(_learner, ("id", "person_id", "standings", "predicting", "version_id", "reviewing")), _graded)
    .where(_here(_learner), within(_learner.c.person_id, ids("people")))
    .order_by(_learner.c.person_id)
    .with_for_update()
)
_THERE = Fixed(select(_learner.c.person_id).where(_here(_learner), within(_learner.c.person_id, ids("people"))))
_published = (
    select(func.max(_framework.c.changed_at)).where(_framework.c.organisation_id == _ORGANISATION).scalar_subquery()
)
_PLACES = Fixed(
    select(
        _place.c.competency_id,
        _place.c.number,
        _place.c.rule,
        _competency.c.parent_id,
        _map.c.revision,
        _map.c.changed_at,
        _published,
    )
    .join_from(
        _place,
        _competency,
        (_competency.c.organisation_id == _place.c.organisation_id) & (_competency.c.id == _place.c.competency_id),
    )
    .outerjoin(_map, (_map.c.organisation_id == _place.c.organisation_id) & (_map.c.course_id == _place.c.course_id))
    .where(_here(_place), within(_place.c.competency_id, ids("competencies")))
)
_STATES = Fixed(
    select(*_columns(_state, Stored.__slots__)).where(
        _here(_state),
        within(_state.c.person_id, ids("people")),
        within(_state.c.competency_id, ids("competencies")),
    )
)
_ROLLED = Fixed(
    select(*_columns(_state, Stored.__slots__)).where(
        _here(_state),
        within(_state.c.person_id, ids("people")),
        _state.c.rolled_up.is_(True) | within(_state.c.competency_id, ids("competencies")),
    )
)
_SAY = Fixed(
    select(*_columns(_state, STATE_COLUMNS)).where(
        _here(_state),
        within(_state.c.person_id, ids("people")),
        within(_state.c.competency_id, ids("competencies")),
    )
)
_KNOWN = Fixed(
    select(*_columns(_evidence, Known._fields))
    .where(
        _here(_evidence),
        within(_evidence.c.person_id, ids("people")),
        within(_evidence.c.competency_id, ids("competencies")),
        within(_evidence.c.presentation, texts("presentations")),
    )
    .order_by(_evidence.c.revision)
)
_MODIFIED = Fixed(
    select(*_columns(_modification, ("person_id", "competency_id", "passing_percent"))).where(
        _here(_modification),
        within(_modification.c.person_id, ids("people")),
        within(_modification.c.competency_id, ids("competencies")),
        _modification.c.ended_at.is_(None),
        _modification.c.passing_percent.is_not(None),
    )
)
_LIVE = Fixed(
    select(*_columns(_evidence, Columns._fields)).where(
        _here(_evidence),
        within(_evidence.c.person_id, ids("people")),
        within(_evidence.c.competency_id, ids("competencies")),
        _evidence.c.voided_at.is_(None),
    )
)
_ALL_LIVE = Fixed(
    select(*_columns(_evidence, Columns._fields)).where(
        _here(_evidence), within(_evidence.c.person_id, ids("people")), _evidence.c.voided_at.is_(None)
    )
)


def _ancestors() -> Any:
    """The competencies asked for and all they stand in, each with what it stands in and whether the map has it."""
    up = (
        select(_competency.c.id, _competency.c.parent_id)
        .where(_competency.c.organisation_id == _ORGANISATION, within(_competency.c.id, ids("competencies")))
        .cte("up", recursive=True)
    )
    higher = _competency.alias("higher")
    up = up.union(
        select(higher.c.id, higher.c.parent_id).where(
            higher.c.organisation_id == _ORGANISATION, higher.c.id == up.c.parent_id
        )
    )
    return select(up.c.id, up.c.parent_id, _place.c.number).join_from(
        up,
        _place,
        (_place.c.organisation_id == _ORGANISATION)
        & (_place.c.course_id == _COURSE)
        & (_place.c.competency_id == up.c.id)
        & _place.c.removed_at.is_(None),
        isouter=True,
    )


_ANCESTORS = Fixed(_ancestors())


async def lock(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_ids: Collection[uuid.UUID],
    now: datetime,
) -> dict[uuid.UUID, Learner]:
    """The rows of these learners, made where they are missing, locked in the order of their ids until the transaction ends.

    A second call in one transaction would take its locks out of that order: work everything in with one.
    """
    people = sorted(set(person_ids))
    asked = {"organisation": organisation_id, "course": course_id, "people": people}
    found = _learners(await _LOCK.run(session, asked)) if len(people) == 1 else {}
    if len(found) == len(people):
        return found
    there = {row[0] for row in await _THERE.run(session, asked)}
    if len(there) < len(people):
        # All of them, not the missing alone: one statement that locks in the order of its rows.
        rows: list[dict[str, Any]] = [
            {
                "organisation_id": organisation_id,
                "id": new_id(),
                "course_id": course_id,
                "person_id": person_id,
                "standings": {},
                "predicting": {},
                "version_id": None,
                "reviewing": {},
                "changed_at": now,
            }
            for person_id in people
        ]
        await upsert(session, LearnerMastery, rows, key=LEARNER_KEY)
    locked = _learners(await _LOCK.run(session, asked))
    for person_id, learner in locked.items():
        learner.new = person_id not in there
    return locked


@dataclass(slots=True)
class Asked:
    """Which learners and competencies of which course; the parameters of most statements here."""

    organisation_id: uuid.UUID
    course_id: uuid.UUID
    people: Sequence[uuid.UUID] = field(default_factory=list)
    competencies: Sequence[uuid.UUID] = field(default_factory=list)

    def values(self, **more: Any) -> dict[str, Any]:
        """As statements take them."""
        return {
            "organisation": self.organisation_id,
            "course": self.course_id,
            "people": self.people,
            "competencies": self.competencies,
            **more,
        }


async def places(session: AsyncSession, asked: Asked) -> dict[uuid.UUID, Place]:
    """Where the competencies stand in the map; those that were never in it are left out."""
    return _placed(await _PLACES.run(session, asked.values()))


async def all_places(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[uuid.UUID]:
    """The competencies that are or were in a course's map, by id."""
    statement: Any = select(_place.c.competency_id).where(
        _place.c.organisation_id == organisation_id, _place.c.course_id == course_id
    )
    return sorted(row[0] for row in (await session.exec(statement)).all())


async def states(session: AsyncSession, asked: Asked) -> dict[tuple[uuid.UUID, uuid.UUID], Stored]:
    """The states of these learners in these competencies, by person and competency."""
    return _held(await _STATES.run(session, asked.values()))


async def rolled(session: AsyncSession, asked: Asked) -> dict[tuple[uuid.UUID, uuid.UUID], Stored]:
    """The states of these learners that follow others, and those in these competencies, by person and competency."""
    return _held(await _ROLLED.run(session, asked.values()))


async def said(session: AsyncSession, asked: Asked) -> dict[tuple[uuid.UUID, uuid.UUID], dict[str, Any]]:
    """All that the states of these learners in these competencies say, by column."""
    rows = [dict(zip(STATE_COLUMNS, row, strict=True)) for row in await _SAY.run(session, asked.values())]
    return {(row["person_id"], row["competency_id"]): row for row in rows}


async def known(
    session: AsyncSession, asked: Asked, presentations: Sequence[str]
) -> dict[tuple[uuid.UUID, uuid.UUID, str], Known]:
    """The latest revisions of these presentations, by person, competency and presentation."""
    return _revisions(await _KNOWN.run(session, asked.values(presentations=presentations)))


async def modified(session: AsyncSession, asked: Asked) -> dict[tuple[uuid.UUID, uuid.UUID], float]:
    """The passing marks that a modification sets now, 0 to 100, by person and competency."""
    return _marks(await _MODIFIED.run(session, asked.values()))


async def live(session: AsyncSession, asked: Asked) -> list[Piece]:
    """What is not void of these learners in these competencies."""
    return [Piece(*row) for row in await _LIVE.run(session, asked.values())]


async def all_live(session: AsyncSession, asked: Asked) -> list[Piece]:
    """What is not void of these learners in the whole course."""
    return [Piece(*row) for row in await _ALL_LIVE.run(session, asked.values())]


@dataclass(slots=True)
class Look:
    """What evidence of some learners in some competencies is worked in beside, each part as the function of its name has it."""

    learners: Mapping[uuid.UUID, Learner]
    places: Mapping[uuid.UUID, Place]
    modified: Mapping[tuple[uuid.UUID, uuid.UUID], float] = field(default_factory=dict)
    known: dict[tuple[uuid.UUID, uuid.UUID, str], Known] = field(default_factory=dict)
    states: Mapping[tuple[uuid.UUID, uuid.UUID], Stored] = field(default_factory=dict)
    has_above: bool = False
    """Whether any competency of the map stands above one of these."""


async def look(session: AsyncSession, asked: Asked, presentations: Sequence[str], now: datetime) -> Look:
    """Lock the learners (see ``lock``) and look around; of a learner whose row is there, both with one question."""
    if len(asked.people) == 1:
        # Each statement reads what is there once the one before is through: the row is locked, and then the others are read.
        locked, *found = await together(session, [(_LOCK, asked.values()), *_around(asked, presentations)])
        if locked:
            return _looked(asked, _learners(locked), found)
    learners = await lock(session, asked.organisation_id, asked.course_id, asked.people, now)
    return await around(session, asked, presentations, learners)


async def around(
    session: AsyncSession, asked: Asked, presentations: Sequence[str], learners: Mapping[uuid.UUID, Learner]
) -> Look:
    """What evidence of these learners, who are locked, is worked in beside."""
    return _looked(asked, learners, await together(session, _around(asked, presentations)))


def _around(asked: Asked, presentations: Sequence[str]) -> list[Told]:
    values = asked.values(presentations=presentations)
    return [(statement, values) for statement in (_PLACES, _MODIFIED, _KNOWN, _STATES, _ANCESTORS)]


def _looked(asked: Asked, learners: Mapping[uuid.UUID, Learner], found: Sequence[Sequence[tuple[Any, ...]]]) -> Look:
    of_map, of_learners, before, stored, above = found
    return Look(
        learners,
        places=_placed(of_map),
        modified=_marks(of_learners),
        known=_revisions(before),
        states=_held(stored),
        has_above=_is_below_any(above, asked.competencies),
    )


def _learners(rows: Iterable[tuple[Any, ...]]) -> dict[uuid.UUID, Learner]:
    return {row[1]: Learner(*row) for row in rows}


def _placed(rows: Iterable[tuple[Any, ...]]) -> dict[uuid.UUID, Place]:
    return {row[0]: Place(row[0], row[1], row[2], row[3], Stamp(*row[4:])) for row in rows}


def _held(rows: Iterable[tuple[Any, ...]]) -> dict[tuple[uuid.UUID, uuid.UUID], Stored]:
    return {(row[1], row[2]): Stored(*row) for row in rows}


def _revisions(rows: Iterable[tuple[Any, ...]]) -> dict[tuple[uuid.UUID, uuid.UUID, str], Known]:
    # Later revisions come later, and stay.
    return {(row[1], row[2], row[3]): Known(*row) for row in rows}


def _marks(rows: Iterable[tuple[Any, ...]]) -> dict[tuple[uuid.UUID, uuid.UUID], float]:
    return {(row[0], row[1]): row[2] for row in rows}


def _is_below_any(rows: Collection[tuple[Any, ...]], competencies: Iterable[uuid.UUID]) -> bool:
    mapped = {row[0] for row in rows if row[2] is not None}
    above = {row[0]: row[1] for row in rows}
    for competency_id in competencies:
        here = above.get(competency_id)
        while here is not None:
            if here in mapped:
                return True
            here = above.get(here)
    return False
