"""What predictions know of a learner, kept beside their levels; never part of them.

The difficulties of a course come in versions that stand still. Within a version, what is known of a learner is a pure
function of it and of the learner's answers in order: late answers and voids replay the learner, and nobody else. A new
version is made from all answers when there are a quarter as many again (``versions``).
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.fixed import Fixed
from lti_tool.db.listed import texts, within
from lti_tool.db.organisation import Organisation
from lti_tool.mastery import prediction
from lti_tool.mastery.looking import Asked, Learner, all_live
from lti_tool.mastery.models import Difficulty, LearnerMastery, PredictionVersion
from lti_tool.mastery.pieces import Piece, as_answers

COURSE = "course"
"""The key of a version's row about the course itself: how to weigh what is known, and how many answers it is made of."""

_difficulty: Table = Difficulty.__table__  # type: ignore[attr-defined]
_DIFFICULTIES = Fixed(
    select(_difficulty.c.key, _difficulty.c.state).where(
        _difficulty.c.organisation_id == bindparam("organisation"),
        _difficulty.c.version_id == bindparam("version"),
        within(_difficulty.c.key, texts("keys")),
    )
)


def competency_key(competency: str) -> str:
    """The key of a competency's difficulty."""
    return f"competency:{competency}"


def item_key(item: str) -> str:
    """The key of an item's difficulty."""
    return f"item:{item}"


async def take_in(
    session: AsyncSession,
    asked: Asked,
    learners: Collection[Learner],
    fresh: dict[uuid.UUID, list[Piece]],
    redo: Collection[uuid.UUID],
) -> None:
    """Bring what is known of these learners up to date, in their rows; the caller writes those.

    ``fresh`` holds new answers by person; those in ``redo`` are replayed from all their evidence, and so is who has a new
    answer from before their latest one.
    """
    replayed: list[Learner] = []
    stepped: list[tuple[Learner, list[Piece]]] = []
    for learner in learners:
        pieces = sorted((piece for piece in fresh.get(learner.person_id, ()) if piece.is_answer), key=in_order)
        late = bool(pieces) and pieces[0].order <= str(learner.predicting.get("last", ""))
        if learner.person_id in redo or late:
            replayed.append(learner)
        elif pieces:
            stepped.append((learner, pieces))
    if replayed:
        again = Asked(asked.organisation_id, asked.course_id, [learner.person_id for learner in replayed])
        by_person: dict[uuid.UUID, list[Piece]] = {learner.person_id: [] for learner in replayed}
        for piece in await all_live(session, again):
            if piece.is_answer:
                by_person[piece.person_id].append(piece)
        for learner in replayed:
            learner.predicting = restarted(learner.predicting)
            stepped.append((learner, sorted(by_person[learner.person_id], key=in_order)))
    by_version: dict[uuid.UUID | None, list[tuple[Learner, list[Piece]]]] = {}
    for learner, pieces in stepped:
        by_version.setdefault(learner.version_id, []).append((learner, pieces))
    for version_id, some in by_version.items():
        every = [piece for _, pieces in some for piece in pieces]
        shared = await shared_of(session, asked.organisation_id, version_id, every)
        for learner, pieces in some:
            learner.predicting = stepped_on(learner.predicting, shared, pieces)


def stepped_on(predicting: dict[str, Any], shared: dict[str, Any], pieces: Sequence[Piece]) -> dict[str, Any]:
    """What is known of a learner after these answers, in order, with a version's difficulties."""
    model = _model(shared)
    state = predicting.get("state") or model.new_learner()
    for answer in as_answers(pieces):
        model.update(shared, state, answer, learn=False)
    last = pieces[-1].order if pieces else predicting.get("last", "")
    return {"model": model.name, "last": last, "state": state}


def restarted(predicting: dict[str, Any]) -> dict[str, Any]:
    """What is known of a learner before the first answer: what other courses seeded, if anything."""
    state = predicting.get("state")
    if state is None:
        return {}
    model = prediction.MODELS.get(str(predicting.get("model")), prediction.MODELS[prediction.DEFAULT])()
    return {"model": model.name, "last": "", "state": model.restart(state)}


async def shared_of(
    session: AsyncSession, organisation_id: uuid.UUID, version_id: uuid.UUID | None, pieces: Collection[Piece]
) -> dict[str, Any]:
    """The part of a version's difficulties that these answers need; the model's own beginning where there is none yet."""
    names = {competency_key(piece.competency_id.hex) for piece in pieces}
    names |= {item_key(task) for piece in pieces if (task := piece.task) is not None}
    return await shared_for(session, organisation_id, version_id, names)


async def shared_for(
    session: AsyncSession, organisation_id: uuid.UUID, version_id: uuid.UUID | None, names: Collection[str]
) -> dict[str, Any]:
    """The part of a version's difficulties with these names (see ``competency_key`` and ``item_key``)."""
    if version_id is None:
        return {"model": prediction.DEFAULT, **prediction.default().new_shared()}
    asked = {"organisation": organisation_id, "version": version_id, "keys": [COURSE, *sorted(names)]}
    return gathered(await _DIFFICULTIES.run(session, asked))


def gathered(rows: Iterable[Sequence[Any]]) -> dict[str, Any]:
    """Difficulties as models read them, from rows of key and state. A version that was retired has none: a new beginning."""
    shared: dict[str, Any] = {"model": prediction.DEFAULT, **prediction.default().new_shared()}
    for key, state in rows:
        place, _, name = key.partition(":")
        if key == COURSE:
            shared |= state
        else:
            shared["competencies" if place == "competency" else "items"][name] = state["values"]
    return shared


def _model(shared: dict[str, Any]) -> prediction.Model:
    return prediction.MODELS.get(str(shared.get("model")), prediction.MODELS[prediction.DEFAULT])()


def in_order(piece: Piece) -> tuple[str, str]:
    """The key that sorts a learner's answers."""
    # One score for several competencies is as many answers at one moment.
    return piece.order, piece.competency_id.hex


async def seed(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, learners: Collection[Learner]
) -> None:
    """Have learners who begin in a course begin with its newest difficulties, and where their school allows it with what is
    known of them from other courses. Only numbers of predictions are carried over; neither evidence nor levels of another
    course are ever shown.
    """
    if not learners:
        return
    version_id = await _newest(session, organisation_id, course_id)
    for learner in learners:
        learner.version_id = version_id
    if not await _shares(session, organisation_id):
        return
    by_person = {learner.person_id: learner for learner in learners}
    statement: Any = (
        select(col(LearnerMastery.person_id), col(LearnerMastery.predicting))
        .where(
            col(LearnerMastery.organisation_id) == organisation_id,
            col(LearnerMastery.person_id).in_(sorted(by_person)),
            col(LearnerMastery.course_id) != course_id,
        )
        .order_by(col(LearnerMastery.course_id))
    )
    others: dict[uuid.UUID, list[dict[str, Any]]] = {}
    model = prediction.default()
    for person_id, predicting in (await session.exec(statement)).all():
        if predicting.get("model") == model.name and predicting.get("state"):
            others.setdefault(person_id, []).append(predicting["state"])
    for person_id, states in others.items():
        by_person[person_id].predicting = {"model": model.name, "last": "", "state": model.seed(states)}


async def _shares(session: AsyncSession, organisation_id: uuid.UUID) -> bool:
    statement: Any = select(col(Organisation.shares_predictions)).where(col(Organisation.id) == organisation_id)
    return bool((await session.exec(statement)).scalar_one_or_none())


async def _newest(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> uuid.UUID | None:
    statement: Any = (
        select(col(PredictionVersion.id))
        .where(
            col(PredictionVersion.organisation_id) == organisation_id,
            col(PredictionVersion.course_id) == course_id,
            col(PredictionVersion.retired_at).is_(None),
        )
        .order_by(col(PredictionVersion.number).desc())
        .limit(1)
    )
    found: uuid.UUID | None = (await session.exec(statement)).scalar_one_or_none()
    return found
