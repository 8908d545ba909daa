"""What level rules are given: the canonical ladder, where evidence comes from, and one observation."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)
ONE = Decimal(1)


class Standing(StrEnum):
    """The canonical ladder that prerequisites, paths and grades use, whatever a scale calls its levels.

    Members are ordered from ``NOT_STARTED`` to ``MASTERED``; ``rank`` is 0 to 4.
    """

    NOT_STARTED = "not-started"
    STARTED = "started"
    DEVELOPING = "developing"
    SECURE = "secure"
    MASTERED = "mastered"

    @property
    def rank(self) -> int:
        """Its place on the ladder, 0 to 4."""
        return _RANKS[self]

    @property
    def is_secure(self) -> bool:
        """Whether it opens what comes after: Secure or Mastered."""
        return _RANKS[self] >= 3

    def one_down(self) -> "Standing":
        """The rung below; ``NOT_STARTED`` has none and stays."""
        return list(Standing)[max(self.rank - 1, 0)]

    # A string would order itself by its letters; a rung is ordered by its place, also beside a text from a database.
    def __lt__(self, other: str) -> bool:
        return _RANKS[self] < _RANKS[other]

    def __le__(self, other: str) -> bool:
        return _RANKS[self] <= _RANKS[other]

    def __gt__(self, other: str) -> bool:
        return _RANKS[self] > _RANKS[other]

    def __ge__(self, other: str) -> bool:
        return _RANKS[self] >= _RANKS[other]


_RANKS = {standing.value: rank for rank, standing in enumerate(Standing)}


class Source(StrEnum):
    """Where evidence comes from. A self-assessment is kept and shown, and never moves a level."""

    LMS = "lms-result"
    CHECK = "check"
    MENU = "menu"
    RUBRIC = "rubric"
    OBSERVATION = "observation"
    CSV = "csv"
    SELF = "self-assessment"
    CREDENTIAL = "credential"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Observation:
    """One piece of evidence of one learner and one competency.

    Never made of what is no answer: blank, excused, missing, ungraded work and automatic zeros are the caller's to leave out,
    and a late penalty the caller's to take out. A resubmission is a new observation; a regrade replaces the old one (leave
    the old one out and ``replay``), and so does a void.

    Shapes: ``key`` is stable and unique among the learner's observations of the competency (it breaks ties); moments are
    aware; ``earned`` may exceed ``possible`` (extra credit) and may be negative; ``possible`` is 0 where there are no points
    but only a judgement; ``passing`` is a share from 0 to 1; ``weight`` is 0 or more.

    Raises ``ValueError`` for a value outside of these.
    """

    key: str
    at: datetime
    learned_at: datetime
    earned: Decimal = ZERO
    possible: Decimal = ZERO
    passing: Decimal = Decimal("0.8")
    """The share that counts as right, frozen from the alignment (for a rubric row: its 'meets' level)."""

    weight: Decimal = ONE
    item: str | None = None
    """What was answered; an observation without it counts as an item of its own."""

    dated: bool = True
    """False where nobody knows when it happened: ordered by when we learned of it, and never a spaced answer."""

    first: bool = True
    """The first response to this presentation of the item, without help."""

    whole: bool = False
    """A whole score of a task rather than one answer."""

    shared: bool = False
    """A whole score that is aligned to several competencies: alone it can make none of them Secure. Of an answer it is no
    matter.
    """

    mixed: bool = False
    """From an item that mixes skills, or presented as a review."""

    source: Source = Source.LMS
    judged: Standing | None = None
    """A person's judgement: a teacher's observation, a rating, an override."""

    until: datetime | None = None
    """When an override ends; absent: when it is voided or followed by another."""

    def __post_init__(self) -> None:
        possible, passing, weight = self.possible, self.passing, self.weight
        if not (self.earned.is_finite() and possible.is_finite() and passing.is_finite() and weight.is_finite()):
            raise ValueError("points, passing mark and weight are numbers")
        if passing < ZERO or passing > ONE or weight < ZERO or possible < ZERO:
            raise ValueError("the passing mark is a share from 0 to 1, weight and possible points are not negative")
        if self.judged is None and not possible:
            raise ValueError("an observation has possible points or a judgement")
        if self.at.tzinfo is None or self.learned_at.tzinfo is None:
            raise ValueError("moments carry their time zone")
        if self.source is Source.OVERRIDE and self.judged is None:
            raise ValueError("an override says which standing it sets")

    @property
    def when(self) -> datetime:
        """When it happened, as far as anybody knows: an undated one no later than we learned of it."""
        return self.at if self.dated else self.learned_at

    @property
    def order(self) -> tuple[datetime, datetime, str]:
        """The canonical order: by when it happened, then by when we learned of it, then by key."""
        return (self.at if self.dated else self.learned_at, self.learned_at, self.key)

    @property
    def is_for_several(self) -> bool:
        """Whether it is a whole score that is aligned to several competencies."""
        return self.shared and self.whole

    @property
    def is_attempt(self) -> bool:
        """Whether rules that count count it: a first attempt, or a whole score."""
        return self.first or self.whole

    @property
    def share(self) -> Decimal | None:
        """Earned of possible points; may exceed 1. None where there is only a judgement."""
        return self.earned / self.possible if self.possible else None

    @property
    def right(self) -> bool:
        """At or above the passing mark; where there is only a judgement, a judgement of Secure or more.

        Compared without a division, so that one of three is at a passing mark of a third.
        """
        if self.possible:
            return self.earned >= self.passing * self.possible
        return self.judged is not None and self.judged.is_secure


_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def order_key(order: tuple[datetime, datetime, str]) -> str:
    """The canonical order as a text that sorts as it does (28 characters before the observation's key)."""
    when, learned_at, key = order
    happened = f"{(when - _BEGINNING) // _MICROSECOND:014x}"
    # Mostly it is the same moment, and to write it takes longer than all the rest.
    learned = happened if learned_at is when else f"{(learned_at - _BEGINNING) // _MICROSECOND:014x}"
    return f"{happened}{learned}{key}"


def order_of(text: str) -> tuple[datetime, datetime, str]:
    """Back from ``order_key``."""
    when, learned_at = (int(part, 16) * _MICROSECOND + _BEGINNING for part in (text[:14], text[14:28]))
    return when, learned_at, text[28:]
