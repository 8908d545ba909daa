"""The SQL that evidence is worked in with, second half: what is written, for learners whose rows are locked (``looking``).

Nothing here runs by itself: what is known at one time is told the database at once (``tell``).
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Delete, Insert, Table, Update, bindparam, delete, insert, update
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.fixed import Fixed, Told, together
from lti_tool.db.listed import ids, within
from lti_tool.mastery.credit import Shown
from lti_tool.mastery.looking import STATE_COLUMNS, Asked, Learner
from lti_tool.mastery.models import Evidence, LearnerMastery, MasteryState

_learner: Table = LearnerMastery.__table__  # type: ignore[attr-defined]
_evidence: Table = Evidence.__table__  # type: ignore[attr-defined]
_state: Table = MasteryState.__table__  # type: ignore[attr-defined]

_ORGANISATION: Any = bindparam("organisation")

_SAID = STATE_COLUMNS[5:]
"""What changes of a state."""


def _fixed(statement: Insert | Update | Delete, values: Sequence[str] = ()) -> Fixed:
    return Fixed(statement, values=tuple(values))


def _own(statement: Any, table: Table) -> Any:
    return statement.where(table.c.organisation_id == _ORGANISATION, table.c.id == bindparam("row"))


_EVIDENCE_COLUMNS = tuple(column.name for column in _evidence.columns)
_ADD = _fixed(insert(_evidence), _EVIDENCE_COLUMNS)
_VOID = _fixed(
    _own(update(_evidence), _evidence)
    .where(_evidence.c.voided_at.is_(None))
    .values(voided_at=bindparam("at"), voided_by=bindparam("by"), void_reason=bindparam("reason"))
)
_ADD_STATE = _fixed(insert(_state), STATE_COLUMNS)
_SET_STATE = _fixed(
    _own(update(_state), _state).values({name: bindparam(f"new_{name}", type_=_state.c[name].type) for name in _SAID})
)
_SET_REVIEWS = Fixed(
    update(_state)
    .where(
        _state.c.organisation_id == _ORGANISATION,
        _state.c.course_id == bindparam("course"),
        _state.c.person_id == bindparam("person"),
        within(_state.c.competency_id, ids("competencies")),
    )
    .values(
        review_due_at=bindparam("new_review_due_at", type_=_state.c.review_due_at.type),
        credited_at=bindparam("new_credited_at", type_=_state.c.credited_at.type),
        changed_at=bindparam("now", type_=_state.c.changed_at.type),
    )
)
_DROP_STATE = _fixed(_own(delete(_state), _state))
_NEW_LEARNER = {
    "standings": bindparam("new_standings", type_=_learner.c.standings.type),
    "predicting": bindparam("new_predicting", type_=_learner.c.predicting.type),
    "version_id": bindparam("new_version"),
    "changed_at": bindparam("now"),
}
_NEW_BOOK = {"reviewing": bindparam("new_reviewing", type_=_learner.c.reviewing.type)}
_SET_LEARNER = _fixed(_own(update(_learner), _learner).values(_NEW_LEARNER | _NEW_BOOK))
_SET_LEARNER_ALONE = _fixed(_own(update(_learner), _learner).values(_NEW_LEARNER))


_TOLD_AT_ONCE = 100


async def tell(session: AsyncSession, told: Sequence[Told]) -> None:
    """Run statements that write, in their order."""
    for start in range(0, len(told), _TOLD_AT_ONCE):
        await together(session, told[start : start + _TOLD_AT_ONCE])


def add_evidence(row: Mapping[str, Any]) -> Told:
    """Append a row of evidence; its columns as the table has them."""
    return _ADD, row


def void_evidence(
    organisation_id: uuid.UUID, evidence_id: uuid.UUID, reason: str, now: datetime, by: uuid.UUID | None
) -> Told:
    """Void a row, unless it is void already."""
    return _VOID, {"organisation": organisation_id, "row": evidence_id, "at": now, "by": by, "reason": reason}


def add_state(row: Mapping[str, Any]) -> Told:
    """Write a first state; its columns are ``STATE_COLUMNS``."""
    return _ADD_STATE, row


def set_state(row: Mapping[str, Any]) -> Told:
    """Write a state that is there anew."""
    values = {f"new_{name}": row[name] for name in _SAID}
    return _SET_STATE, {"organisation": row["organisation_id"], "row": row["id"], **values}


def set_reviews(asked: Asked, person_id: uuid.UUID, found: Mapping[uuid.UUID, Shown], now: datetime) -> Iterator[Told]:
    """Write when reviews are due, of one learner and by competency; those with the same date in one statement."""
    alike: dict[Shown, list[uuid.UUID]] = {}
    for competency_id, shown in found.items():
        alike.setdefault(shown, []).append(competency_id)
    for shown, competency_ids in alike.items():
        values = {
            "organisation": asked.organisation_id,
            "course": asked.course_id,
            "person": person_id,
            "competencies": competency_ids,
            "new_review_due_at": shown.due_at,
            "new_credited_at": shown.harder_at,
            "now": now,
        }
        yield _SET_REVIEWS, values


def drop_state(organisation_id: uuid.UUID, state_id: uuid.UUID) -> Told:
    """Remove a state without evidence: it is as if nothing had ever begun."""
    return _DROP_STATE, {"organisation": organisation_id, "row": state_id}


def set_learner(organisation_id: uuid.UUID, learner: Learner, now: datetime) -> Told:
    """Write a locked learner's row anew."""
    values = {
        "organisation": organisation_id,
        "row": learner.id,
        "new_standings": learner.standings,
        "new_predicting": learner.predicting,
        "new_version": learner.version_id,
        "now": now,
    }
    if learner.same_book:
        return _SET_LEARNER_ALONE, values
    return _SET_LEARNER, {**values, "new_reviewing": learner.reviewing}
