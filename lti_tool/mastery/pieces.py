"""A piece of evidence as the level rules and the predictions see it. Pure."""

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from lti_tool.mastery import prediction, rules
from lti_tool.mastery.rules.values import ZERO, Source, Standing, order_key

_HUNDRED = Decimal(100)

WHOLE_COUNTS = 3
"""As how many answers predictions take a whole score, where it has that many points; docs/adr/0014-predictions.md says why."""


@lru_cache(maxsize=1000)
def _share(percent: float | None) -> Decimal:
    """A passing mark as a share; 80 % where evidence has none."""
    return Decimal("0.8") if percent is None else Decimal(str(percent)) / _HUNDRED


@lru_cache(maxsize=20_000)
def _digest(presentation: str) -> str:
    """Asked for twice for each piece, and many learners' pieces have the same."""
    return hashlib.sha256(presentation.encode()).hexdigest()[:32]


class Columns(NamedTuple):
    """What is read of a row of evidence to compute with it; the names are the table's columns."""

    person_id: uuid.UUID
    competency_id: uuid.UUID
    presentation: str
    source: Source
    content_item_id: uuid.UUID | None
    item: str | None
    earned: Decimal | None
    possible: Decimal | None
    passing_percent: float | None
    weight: Decimal
    first: bool
    whole: bool
    shared: bool
    mixed: bool
    judged: Standing | None
    until: datetime | None
    observed_at: datetime
    dated: bool


class Piece(Columns):
    """One piece of evidence, of one learner and one competency.

    It stands in the order of when it happened; what happened at the same moment is ordered by a digest of its presentation.
    So the order depends on nothing that differs from one arrival to another.
    """

    @property
    def key(self) -> str:
        """32 characters that name the occasion: a regrade has the same key as what it replaces."""
        return _digest(self.presentation)

    @property
    def order(self) -> str:
        """Its place as a text that sorts; 60 characters."""
        return order_key((self.observed_at, self.observed_at, self.key))

    @property
    def moves_levels(self) -> bool:
        """Whether a level rule looks at it at all."""
        return self.source is not Source.SELF

    @property
    def is_answer(self) -> bool:
        """Whether predictions learn from it: only from points, never from what somebody thinks of somebody."""
        return self.possible is not None and self.source is not Source.SELF

    @property
    def task(self) -> str | None:
        """What was answered: the content item, or a question in it."""
        if self.content_item_id is None:
            return self.item
        return self.content_item_id.hex if self.item is None else f"{self.content_item_id.hex}:{self.item}"

    @property
    def is_right(self) -> bool:
        """Whether its points reach the passing mark; the same as its observation says."""
        earned, possible = self.earned, self.possible
        return earned is not None and possible is not None and earned >= _share(self.passing_percent) * possible

    @property
    def counts_as(self) -> int:
        """As how many answers predictions take it: a whole score as its points, three at most; anything else as one."""
        if not self.whole or self.possible is None:
            return 1
        return max(1, min(int(self.possible), WHOLE_COUNTS))

    @property
    def correct(self) -> float:
        """What predictions learn from, 0 to 1: of a whole score its share of the points, of an answer whether it is right."""
        earned, possible = self.earned, self.possible
        if self.whole and earned is not None and possible:
            return min(max(float(earned / possible), 0.0), 1.0)
        return 1.0 if self.is_right else 0.0

    def observation(self) -> rules.Observation:
        """As level rules take it."""
        return rules.Observation(
            key=self.key,
            at=self.observed_at,
            # What happened at one moment must not be ordered by which came in first.
            learned_at=self.observed_at,
            earned=ZERO if self.earned is None else self.earned,
            possible=ZERO if self.possible is None else self.possible,
            passing=_share(self.passing_percent),
            weight=self.weight,
            item=self.task,
            dated=self.dated,
            first=self.first,
            whole=self.whole,
            shared=self.shared,
            mixed=self.mixed,
            source=self.source,
            judged=self.judged,
            until=self.until,
        )

    def answer(self) -> prediction.Observation:
        """As prediction models take it: who, which competency, how well, which item, when. Nothing else goes in."""
        return prediction.Observation(
            self.person_id.hex,
            self.competency_id.hex,
            self.correct,
            self.task,
            self.observed_at.timestamp() if self.dated else None,
        )


def as_answers(pieces: Iterable[Piece]) -> Iterator[prediction.Observation]:
    """Answers as prediction models take them, in the order given; what counts as several comes as often."""
    for piece in pieces:
        answer = piece.answer()
        for _ in range(piece.counts_as):
            yield answer
