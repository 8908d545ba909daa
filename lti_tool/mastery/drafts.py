"""What a state is to say, before it is written; the same whether one piece of evidence came or a whole course is recomputed."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from lti_tool.mastery import rules
from lti_tool.mastery.credit import Shown, day_of
from lti_tool.mastery.rules.values import Standing


@dataclass(slots=True)
class Draft:
    """The columns of a state that are computed; not frozen, since half a million are made in one go, and never changed.

    ``running`` is empty where there is no evidence but that of children.
    """

    criterion_id: uuid.UUID
    running: dict[str, Any]
    standing: Standing
    level: str
    because: dict[str, Any]
    rolled_up: bool = False
    share: Decimal | None = None
    since: datetime | None = None
    count: int = 0
    latest_at: datetime | None = None
    last_key: str = ""
    step: int = 0
    review_due_at: datetime | None = None
    credited_at: datetime | None = None
    override_until: datetime | None = None
    overridden: bool = False

    def row(
        self,
        organisation_id: uuid.UUID,
        course_id: uuid.UUID,
        person_id: uuid.UUID,
        competency_id: uuid.UUID,
        state_id: uuid.UUID,
        now: datetime,
    ) -> dict[str, Any]:
        """The row of the table."""
        return {
            "organisation_id": organisation_id,
            "id": state_id,
            "course_id": course_id,
            "person_id": person_id,
            "competency_id": competency_id,
            "criterion_id": self.criterion_id,
            "running": self.running,
            "standing": self.standing,
            "level": self.level,
            "rolled_up": self.rolled_up,
            "share": self.share,
            "because": self.because,
            "since": self.since,
            "count": self.count,
            "latest_at": self.latest_at,
            "last_key": self.last_key,
            "review_due_at": self.review_due_at,
            "credited_at": self.credited_at,
            "override_until": self.override_until,
            "changed_at": now,
        }

    def brief(self) -> list[Any]:
        """What stands in a learner's brief: rank, level, and the day a review is due."""
        return [self.standing.rank, self.level, None if self.review_due_at is None else day_of(self.review_due_at)]

    def credit(self, found: Shown) -> None:
        """Have the review due when credit for harder work says."""
        self.review_due_at, self.credited_at = found


def judged(criterion_id: uuid.UUID, criterion: rules.Criterion, state: rules.State, now: datetime) -> Draft:
    """What a criterion says of a running state now."""
    said = criterion.judge(state, now, brief=True)
    return Draft(
        criterion_id=criterion_id,
        running=state.to_json(),
        standing=said.standing,
        level=said.level.key if said.level else "",
        because=_lasting(said.because),
        share=said.share,
        since=said.since,
        count=said.count,
        latest_at=said.latest_at,
        last_key=state.last_key,
        step=said.review.step,
        review_due_at=said.review_due_at,
        override_until=said.override_until,
        overridden=said.override is not None,
    )


def rolled(own: Draft | None, criterion_id: uuid.UUID, said: rules.RollUp, scale: rules.Scale) -> Draft | None:
    """What children say of their parent, over what its own evidence says; None where neither says anything."""
    if own is None and said.standing is Standing.NOT_STARTED:
        return None
    level = said.level.key if said.level else ""
    name = {"level": said.level.name} if said.level else {}
    because = {"code": said.because.code, "values": {**said.because.values, **name}}
    share = None if said.value is None else said.value / scale.top
    if own is None:
        return Draft(criterion_id, {}, said.standing, level, because, rolled_up=True, share=share)
    return replace(
        own,
        standing=said.standing,
        level=level,
        because=because,
        rolled_up=True,
        share=share,
        since=None,
        review_due_at=None,
    )


def _lasting(because: rules.Explanation) -> dict[str, Any]:
    """Without the moment it was computed at: whoever says it adds the moment it is read."""
    values = {name: value for name, value in because.values.items() if name != "now"}
    return {"code": because.code, "values": values}
