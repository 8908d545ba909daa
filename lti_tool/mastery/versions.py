"""A course's difficulties, learned from all its answers, in versions that stand still while they are used."""

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, case, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.base import crossing
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from lti_tool.mastery import looking, predicting, prediction, writing
from lti_tool.mastery.looking import Asked
from lti_tool.mastery.models import Difficulty, Evidence, EvidenceSource, LearnerMastery, PredictionVersion
from lti_tool.mastery.pieces import WHOLE_COUNTS, Columns, Piece, as_answers

LEARN = "learn-difficulties"
"""The task that looks whether a course's answers are worth a new version of its difficulties; the key is the course's."""

LEARNERS_AT_ONCE = 50
"""Learners who are moved to a new version in one transaction: none of them waits long for their next answer."""

ROWS_AT_ONCE = 1000

_difficulty: Table = Difficulty.__table__  # type: ignore[attr-defined]
_version: Table = PredictionVersion.__table__  # type: ignore[attr-defined]


def course_key(organisation_id: uuid.UUID, course_id: uuid.UUID) -> str:
    """A course as the key of a task."""
    return f"{organisation_id}:{course_id}"


@dataclass(frozen=True, slots=True)
class Newest:
    """A course's newest version: its number, and how many answers it was made of. A retired one is to be followed."""

    id: uuid.UUID
    number: int
    answers: int
    retired: bool


async def newest(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> Newest | None:
    """The newest version of a course; None before the first."""
    statement: Any = (
        select(col(PredictionVersion.id), col(PredictionVersion.number), col(PredictionVersion.retired_at))
        .where(col(PredictionVersion.organisation_id) == organisation_id, col(PredictionVersion.course_id) == course_id)
        .order_by(col(PredictionVersion.number).desc())
        .limit(1)
    )
    row = (await session.exec(statement)).one_or_none()
    if row is None:
        return None
    shared = await predicting.shared_for(session, organisation_id, row[0], ())
    return Newest(row[0], row[1], int(shared.get("answers", 0)), retired=row[2] is not None)


async def learn(
    database: Database, organisation_id: uuid.UUID, course_id: uuid.UUID, now: datetime, *, anyway: bool = False
) -> bool:
    """Make a new version of a course's difficulties if there are a quarter as many answers again (or ``anyway``), and move its
    learners there; whether there was a new one. Learners whom an earlier round did not reach are moved in any case.
    """
    async with database.reading() as session:
        current = await newest(session, organisation_id, course_id)
        answers = await _count(session, organisation_id, course_id)
        due = anyway or (current.retired if current else False)
        due = due or prediction.version_due(current.answers if current else 0, answers)
        pieces = await _answers(session, organisation_id, course_id) if due else []
    made = due and await _make(database, organisation_id, course_id, current, pieces, now)
    await _move(database, organisation_id, course_id, now)
    return bool(made)


async def retire(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, now: datetime) -> None:
    """Forget a course's difficulties, since evidence they were made of was erased; the next version is made of what is left.

    Until then predictions go by what the model knows of itself. ``learn`` makes the next version whenever it runs.
    """
    mine = (_version.c.organisation_id == organisation_id) & (_version.c.course_id == course_id)
    ids = select(_version.c.id).where(mine)
    await session.exec(
        delete(_difficulty).where(_difficulty.c.organisation_id == organisation_id, _difficulty.c.version_id.in_(ids))
    )
    await session.exec(update(_version).where(mine, _version.c.retired_at.is_(None)).values(retired_at=now))


def _scored(organisation_id: uuid.UUID, course_id: uuid.UUID) -> Any:
    return (
        (col(Evidence.organisation_id) == organisation_id)
        & (col(Evidence.course_id) == course_id)
        & col(Evidence.voided_at).is_(None)
        & col(Evidence.possible).is_not(None)
        & (col(Evidence.source) != EvidenceSource.SELF)
    )


async def _count(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> int:
    """How many answers there are, as ``Piece.counts_as`` has it."""
    points, at_least = col(Evidence.possible), range(WHOLE_COUNTS, 1, -1)
    several = case(*((col(Evidence.whole) & (points >= count), count) for count in at_least), else_=1)
    statement: Any = select(func.coalesce(func.sum(several), 0)).where(_scored(organisation_id, course_id))
    return int((await session.exec(statement)).scalar_one())


async def _answers(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[Piece]:
    """All answers of a course in the order in which they happened."""
    columns = [getattr(Evidence, name) for name in Columns._fields]
    statement: Any = select(*columns).where(_scored(organisation_id, course_id))
    pieces = [Piece(*row) for row in (await session.exec(statement)).all()]
    pieces.sort(key=lambda piece: (piece.order, piece.person_id.bytes, piece.competency_id.bytes))
    return pieces


async def _make(
    database: Database,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    current: Newest | None,
    pieces: list[Piece],
    now: datetime,
) -> bool:
    model = prediction.default()
    shared = model.fit(as_answers(pieces))
    version_id = new_id()
    row = {
        "organisation_id": organisation_id,
        "id": version_id,
        "course_id": course_id,
        "number": 1 if current is None else current.number + 1,
        "model": model.name,
        "retired_at": None,
        "created_at": now,
    }
    async with database.writing() as session:
        on = sqlite if database.is_sqlite else postgresql
        # Two workers at once make one version.
        made = await session.exec(on.insert(_version).values(row).on_conflict_do_nothing().returning(_version.c.id))
        if made.first() is None:
            return False
        rows = [
            {"organisation_id": organisation_id, "id": new_id(), "version_id": version_id, "key": key, "state": state}
            for key, state in _rows(model.name, shared).items()
        ]
        for start in range(0, len(rows), ROWS_AT_ONCE):
            await session.exec(insert(_difficulty), params=rows[start : start + ROWS_AT_ONCE])
    return True


def _rows(model: str, shared: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """A version as rows: one for the course, one for each competency and item."""
    course = {name: value for name, value in shared.items() if name not in {"competencies", "items"}}
    rows: dict[str, dict[str, Any]] = {predicting.COURSE: {"model": model, **course}}
    for name, values in shared.get("competencies", {}).items():
        rows[predicting.competency_key(name)] = {"values": values}
    for name, values in shared.get("items", {}).items():
        rows[predicting.item_key(name)] = {"values": values}
    return rows


async def _move(database: Database, organisation_id: uuid.UUID, course_id: uuid.UUID, now: datetime) -> None:
    """Replay every learner who is not at the newest version yet, some in each transaction; then drop what nobody uses."""
    async with database.reading() as session:
        current = await newest(session, organisation_id, course_id)
        if current is None or current.retired:
            return
        people = await _elsewhere(session, organisation_id, course_id, current.id)
        shared = await whole(session, organisation_id, current.id) if people else {}
    for start in range(0, len(people), LEARNERS_AT_ONCE):
        some = people[start : start + LEARNERS_AT_ONCE]
        async with database.writing() as session:
            learners = await looking.lock(session, organisation_id, course_id, some, now)
            answers: dict[uuid.UUID, list[Piece]] = defaultdict(list)
            for piece in await looking.all_live(session, Asked(organisation_id, course_id, some)):
                if piece.is_answer:
                    answers[piece.person_id].append(piece)
            for person_id, learner in learners.items():
                before = predicting.restarted(learner.predicting)
                learner.predicting = predicting.stepped_on(
                    before, shared, sorted(answers[person_id], key=predicting.in_order)
                )
                learner.version_id = current.id
            await writing.tell(
                session, [writing.set_learner(organisation_id, learner, now) for learner in learners.values()]
            )
    async with database.writing() as session:
        await _drop_unused(session, organisation_id, course_id, current)


async def _elsewhere(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, version_id: uuid.UUID
) -> list[uuid.UUID]:
    statement: Any = (
        select(col(LearnerMastery.person_id))
        .where(
            col(LearnerMastery.organisation_id) == organisation_id,
            col(LearnerMastery.course_id) == course_id,
            col(LearnerMastery.version_id).is_distinct_from(version_id),
        )
        .order_by(col(LearnerMastery.person_id))
    )
    return [row[0] for row in (await session.exec(statement)).all()]


async def whole(session: AsyncSession, organisation_id: uuid.UUID, version_id: uuid.UUID | None) -> dict[str, Any]:
    """All of a version's difficulties; the model's own beginning without a version."""
    if version_id is None:
        return predicting.gathered(())
    statement: Any = select(col(Difficulty.key), col(Difficulty.state)).where(
        col(Difficulty.organisation_id) == organisation_id, col(Difficulty.version_id) == version_id
    )
    return predicting.gathered((await session.exec(statement)).all())


async def _drop_unused(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, current: Newest
) -> None:
    """Remove earlier versions that no learner is at; their difficulties go with them."""
    used: Any = select(col(LearnerMastery.version_id)).where(
        col(LearnerMastery.organisation_id) == organisation_id,
        col(LearnerMastery.course_id) == course_id,
        col(LearnerMastery.version_id).is_not(None),
    )
    await session.exec(
        delete(_version).where(
            _version.c.organisation_id == organisation_id,
            _version.c.course_id == course_id,
            _version.c.number < current.number,
            _version.c.id.not_in(used),
        )
    )


async def active_since(session: AsyncSession, since: datetime) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Organisation and course where evidence came since a moment, of all schools; for the sweep."""
    statement: Any = (
        select(col(LearnerMastery.organisation_id), col(LearnerMastery.course_id))
        .where(col(LearnerMastery.changed_at) >= since)
        .distinct()
        .execution_options(**crossing("the sweep looks at every school's courses, each is then learned by itself"))
    )
    return [(row[0], row[1]) for row in (await session.exec(statement)).all()]
