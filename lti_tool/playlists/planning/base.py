"""What planning is given and what it gives back.

``planner.plan(course, learner, settings, today)`` is a pure function of these four: the same in, the same out. A ``Course`` is
compiled once (``course.compile_course``) for all its learners; a ``Learner`` is what is known of one of them now. Competencies
are named by the map's numbers, items by their ids.

Who fills these in has to know:

- ``Learner.walked`` are the steps of this path that are done, the latest first. Without them reviews and remedial work could
  not keep to their share from one plan to the next, and a conference would be proposed again and again.
- A planned step of role ``TALK`` with an item asks the teacher for a re-take of it; without one it is a conference.
- ``expected`` is there for scored items, with what was done since the last try taken in; a plan's later steps are as expected
  now, not after what comes before them.
- ``predict`` is asked for items with questions too: the mean over its questions is a good answer. It is not told what was done
  without a result since; the planner adds that itself (``choosing.LIFT``).
"""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from lti_tool.mastery.rules import Standing
from lti_tool.playlists.models import StepRole

# --- The course -----------------------------------------------------------------------------------------------------


class Does(StrEnum):
    """What an item does for a competency, as alignments say it."""

    TEACHES = "teaches"
    PRACTISES = "practises"
    ASSESSES = "assesses"


@dataclass(frozen=True, slots=True)
class Aim:
    """That an item is aligned to a competency. ``mixed``: it mixes skills or reviews, so that it can confirm."""

    competency: int
    does: Does
    mixed: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the course that is there, published, and aligned to something."""

    id: uuid.UUID
    position: int
    """Place in the course, from 0: the teacher's order."""
    title: str
    kind: str
    """The item's kind as the course has it (page, quiz …), so that two of a kind need not follow each other."""
    aims: tuple[Aim, ...]
    minutes: int | None = None
    topics: frozenset[str] = frozenset()
    variant_of: uuid.UUID | None = None
    """The item that this one is another form of; it is never planned by itself, only in that one's place."""
    serves: frozenset[str] = frozenset()
    """The supports that this form is for (learners.models.Support)."""
    language: str = ""
    scored: bool = False
    """Whether the LMS tells results of it; without, it can be opened and marked, and assesses nothing by itself."""
    adapts: bool = False
    """Whether each try asks what fits the student then, as an adaptive check does."""


@dataclass(frozen=True, slots=True)
class Competency:
    """A competency of the map."""

    number: int
    position: int
    """Place in the map's list, from 0."""
    name: str
    """What a sentence calls it."""


# --- The learner ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Done:
    """What a learner has done with an item so far."""

    tries: int = 0
    failed: int = 0
    """Tries below the passing mark since the last one at or above it."""
    finished: bool = False
    """A step with it is done, or its result was at or above the passing mark."""
    last_on: date | None = None
    skipped_on: date | None = None
    """When the learner last passed it over; it is offered again when nothing else is left, or a week later."""
    last_at: datetime | None = None
    """The moment of ``last_on``, where it is known: what of one day came before what."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A step of the present path that the learner has begun and not finished: it is never taken away.

    ``item`` is absent for a conference.
    """

    item: uuid.UUID | None
    competency: int | None
    role: StepRole


@dataclass(frozen=True, slots=True)
class Walked:
    """A step of this path that is done."""

    item: uuid.UUID | None
    competency: int | None
    role: StepRole
    on: date | None = None
    remedial: bool = False
    """Whether its reason was ``REMEDIAL``."""
    another_way: bool = False
    """Whether its reason was ``ANOTHER_WAY``."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A must-do of the teacher's with a date, that has to come whatever the plan says."""

    item: uuid.UUID
    due: date


@dataclass(frozen=True, slots=True)
class Pin:
    """An item that the teacher wants on this path; ``place`` among the steps to come, from 0, or None: as early as fits."""

    item: uuid.UUID
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Learner:
    """What is known of one learner now."""

    standings: Mapping[int, Standing] = field(default_factory=dict)
    """By competency; absent: nothing is known."""
    predict: Callable[[int, uuid.UUID | None], float] | None = None
    """The chance, 0 to 1, that the next answer in a competency (with an item) is right; None: nothing predicts."""
    reviews: Mapping[int, date] = field(default_factory=dict)
    """When what is known should be looked at again, by competency."""
    taken_as_known: frozenset[int] = frozenset()
    """The starting point: competencies that the teacher or a placement check says need no evidence."""
    items: Mapping[uuid.UUID, Done] = field(default_factory=dict)
    begun: Sequence[Begun] = ()
    walked: Sequence[Walked] = ()
    """Steps of this path that are done, the latest first."""
    pins: Sequence[Pin] = ()
    bans: frozenset[uuid.UUID] = frozenset()
    banned_competencies: frozenset[int] = frozenset()
    dated: Sequence[Dated] = ()
    instead: Mapping[int, int | None] = field(default_factory=dict)
    """Modifications: another competency in place of one, or none."""
    supports: frozenset[str] = frozenset()
    language: str = ""
    goal: int | None = None
    interests: frozenset[str] = frozenset()
    chosen: Sequence[uuid.UUID] = ()
    """Items that the learner chose among equals, the latest first."""
    weekly_minutes: int | None = None
    place_first: bool = False
    """Whether the placement check still lies before this learner."""


# --- The teacher's settings -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Settings:
    """How a personal playlist is made. ``settings.read`` and ``settings.write`` keep it as JSON."""

    unit: frozenset[int] = frozenset()
    """The competencies of the current unit; empty: the whole map."""
    met_at: Standing = Standing.SECURE
    """From which standing on a prerequisite is met."""
    length: int = 6
    """Steps planned ahead, 2 to 20; begun steps and what the teacher wishes for may be more."""
    remedial: int = 2
    """At most so many steps for unmet prerequisites come before work of the current unit."""
    low: float = 0.60
    high: float = 0.85
    """The zone of proximal development: expected success between these."""
    reviews: float = 1 / 3
    """At most this share of the steps are reviews."""
    tries: int = 4
    """After so many failed tries in a row another way is offered, a re-take, or a conference."""
    placement: uuid.UUID | None = None
    """An item that those of whom nothing is known do first."""


# --- The plan -------------------------------------------------------------------------------------------------------


class Reason(StrEnum):
    """Why a step is on the path. ``why.sentence`` says it, to the student or to a teacher."""

    BEGUN = "begun"
    PINNED = "pinned"
    DATED = "dated"
    PLACEMENT = "placement"
    STARTED = "started"
    UNLOCKS = "unlocks"
    GOAL = "goal"
    READY = "ready"
    UNIT = "unit"
    """It comes although a prerequisite is not met: the unit has nothing else to work on."""
    REMEDIAL = "remedial"
    REVIEW = "review"
    SHOW = "show"
    PRACTISE = "practise"
    ANOTHER_WAY = "another-way"
    CHOSEN = "chosen"
    INTEREST = "interest"
    CONFIRM = "confirm"
    STUCK = "stuck"
    NO_ITEMS = "no-items"


TEACHERS = frozenset({Reason.PINNED, Reason.DATED, Reason.PLACEMENT})
"""Reasons by which a planned step is what the teacher asks for, and nothing that a student chooses about."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why this, why now: the strongest reason, and another where there is one. Numbers of competencies, ids of items."""

    reason: Reason
    also: Reason | None = None
    competencies: tuple[int, ...] = ()
    """What the reason is about: the goal it leads to, what it opens or is needed for, else the step's own competency."""
    also_about: tuple[int, ...] = ()
    """The same for ``also``."""
    count: int | None = None
    """With ``UNLOCKS``: how many competencies it leads to in all; of ``STUCK`` and ``ANOTHER_WAY``: failed tries."""
    on: date | None = None
    """Of ``DATED`` and ``REVIEW``: the day."""
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Planned:
    """A step to come. ``item`` is absent for a conference; ``form`` is the variant of the item that this learner opens."""

    item: uuid.UUID | None
    competency: int | None
    role: StepRole
    why: Why
    form: uuid.UUID | None = None
    expected: float | None = None
    """The chance of success where it is scored and something predicts."""
    equals: tuple[uuid.UUID, ...] = ()
    """Other items that would do as well: the learner may choose among them."""


class Clash(StrEnum):
    """Wishes that cannot all be followed, for the teacher to see. The stronger one was."""

    PIN_IS_BANNED = "pin-is-banned"
    PIN_BEFORE_PREREQUISITE = "pin-before-prerequisite"
    PIN_IS_MODIFIED = "pin-is-modified"
    PIN_IS_GONE = "pin-is-gone"
    DATED_IS_BANNED = "dated-is-banned"
    DATED_IS_MODIFIED = "dated-is-modified"
    DATED_BEFORE_PREREQUISITE = "dated-before-prerequisite"
    BEGUN_IS_BANNED = "begun-is-banned"
    BEGUN_IS_MODIFIED = "begun-is-modified"
    PLACEMENT_IS_BANNED = "placement-is-banned"
    UNIT_IS_BLOCKED = "unit-is-blocked"
    GOAL_HAS_NO_ITEMS = "goal-has-no-items"


@dataclass(frozen=True, slots=True)
class Conflict:
    """One clash, with what it is about."""

    clash: Clash
    item: uuid.UUID | None = None
    competency: int | None = None


class Nothing(StrEnum):
    """Why no step comes next, said plainly with what to do."""

    ALL_SECURE = "all-secure"
    NO_MAP = "no-map"
    NO_ITEMS = "no-items"
    ALL_BANNED = "all-banned"
    REVIEWS_LATER = "reviews-later"
    AWAITS_REVIEW = "awaits-review"
    """Where a prerequisite is met from Mastered on: it is Secure, and its review comes later."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps to come, in order; conflicts for the teacher; and, where there is no step, why."""

    steps: tuple[Planned, ...]
    conflicts: tuple[Conflict, ...] = ()
    nothing: Nothing | None = None
    without_items: Collection[int] = ()
    """Competencies that are next and have no item left, for the teacher."""
