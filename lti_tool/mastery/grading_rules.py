"""What a column about mastery says of a learner: levels, each worth some points. Pure.

Only levels count, as the level rule says them or a teacher has set them; never a prediction. Who has no level is owed nothing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lti_tool.mastery.rules import Scale
from lti_tool.mastery.rules.values import Standing

USUAL = {
    Standing.NOT_STARTED: 0.0,
    Standing.STARTED: 0.4,
    Standing.DEVELOPING: 0.6,
    Standing.SECURE: 0.85,
    Standing.MASTERED: 1.0,
}
"""What a level is worth where the teacher says nothing else, as a share of the column's maximum, by what it stands for."""

CENTS = 2
"""Decimals of what is owed."""

Brief = Sequence[Any]
"""A level in brief, as ``LearnerMastery.standings`` has it: rank 0 to 4, level key, when a review is due."""


@dataclass(frozen=True, slots=True)
class Counting:
    """How a column counts: ``points`` by the key of a level of the course's scale, out of the column's maximum.

    ``ranks`` (0 to 4 on the ladder) holds what a level is worth that is of another scale, since who began keeps theirs.
    ``latest``: the level of now; else the best since the column was made. ``of_all``: the mean is over all competencies of the
    map, what is not begun counting 0; else over what the learner has begun. It matters to the overall column alone.
    """

    points: Mapping[str, float]
    ranks: tuple[float, ...]
    latest: bool = True
    of_all: bool = False

    def to_json(self) -> dict[str, Any]:
        """As ``LineItem.settings`` keeps it."""
        return {
            "points": dict(self.points),
            "ranks": list(self.ranks),
            "counts": "latest" if self.latest else "best",
            "over": "all" if self.of_all else "begun",
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Counting":
        """As it was kept."""
        return cls(
            points={str(key): float(value) for key, value in data["points"].items()},
            ranks=tuple(float(value) for value in data["ranks"]),
            latest=data["counts"] == "latest",
            of_all=data["over"] == "all",
        )

    def worth(self, brief: Brief) -> float:
        """The points of a level."""
        return self.points.get(brief[1], self.ranks[int(brief[0])])


def counting(scale: Scale, points: Mapping[str, float], maximum: float, *, latest: bool, of_all: bool) -> Counting:
    """How a column counts with these points for the levels of the course's scale, out of ``maximum`` (above 0)."""
    ranks = [0.0]
    for standing in list(Standing)[1:]:
        shown = scale.for_standing(standing)
        ranks.append(points[shown.key] if shown is not None else USUAL[standing] * maximum)
    return Counting(dict(points), tuple(ranks), latest=latest, of_all=of_all)


def usual_points(scale: Scale, maximum: float) -> dict[str, float]:
    """What the levels of a scale are worth where nobody has said anything else, by key."""
    return {level.key: round(USUAL[level.standing] * maximum, CENTS) for level in scale.levels}


def of_one(counting_: Counting, brief: Brief | None) -> float | None:
    """What a learner's level in one competency is worth; None without one."""
    return None if brief is None else round(counting_.worth(brief), CENTS)


def overall(counting_: Counting, standings: Mapping[str, Brief], numbers: Sequence[int]) -> float | None:
    """The mean over the competencies with these numbers, which are the map's; None for who has begun none of them."""
    begun = [counting_.worth(brief) for number in numbers if (brief := standings.get(str(number))) is not None]
    if not begun:
        return None
    return round(math.fsum(begun) / (len(numbers) if counting_.of_all else len(begun)), CENTS)


def owed(counting_: Counting, now: float | None, before: float | None) -> float | None:
    """What is owed when a learner's levels are worth ``now`` and ``before`` was owed; None: nothing is entered.

    What was owed is not taken back to nothing: no number says that, and LMSs keep what they have.
    """
    if now is None:
        return None
    return now if counting_.latest or before is None else max(now, before)
