"""Which item serves a competency next, and how much a competency is worth working on now. docs/paths.md has the formulas."""

import math
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from lti_tool.learners.models import Support
from lti_tool.learners.rules import Form, Supports, choose
from lti_tool.playlists.models import StepRole
from lti_tool.playlists.planning.base import Done, Item, Learner, Planned, Reason, Settings, Why
from lti_tool.playlists.planning.course import Course, bits
from lti_tool.playlists.planning.knowing import Known

SKIPPED_FOR = timedelta(days=7)
"""What a learner passed over comes back after so long, or once nothing else is left."""
TALK_AGAIN = timedelta(days=7)
"""A conference about the same competency is not proposed again before, unless something was done for it since."""
MOST_EQUALS = 3

ADAPTS = 0.8
"""How much nearer to the middle of the zone, in log-odds, what adapts to the student comes at most."""
LIFT = 0.2
"""What a step without a result is taken to add to the chance of success, in log-odds, until the next try tells."""
MOST_BEFORE_TRY = 4
"""So many steps without a result at most come between two tries, however little is expected."""
FADES_WITHIN = timedelta(days=7)
"""A review that is expected to go well anyway waits so long at most."""

SEEN_LATELY = timedelta(days=2)
"""A review takes what was seen today or yesterday only where there is nothing else: that would be remembered, not known."""

UNKNOWN_MINUTES = 15
"""What an item without an estimate is taken for."""

FIT = 2.0
UNLOCK = 1.0
TO_GOAL = 1.0
BEGUN = 1.0
INTEREST = 0.5
MOST_SUITS = FIT + INTEREST

Step = tuple[StepRole, Item, tuple[Item, ...], Reason | None]
"""A role, an item for it, its equals, and why if not for the usual reason."""

_NOTHING_DONE = Done()
_NEVER = datetime.min.replace(tzinfo=UTC)


def _when(done: Done) -> datetime:
    """When something was last done; of a day alone, its beginning."""
    if done.last_at is not None:
        return done.last_at
    return _NEVER if done.last_on is None else datetime.combine(done.last_on, time.min, UTC)


def _lifted(chance: float, by: float) -> float:
    """A chance with so many log-odds more."""
    if not by or not 0.0 < chance < 1.0:
        return chance
    return 1.0 / (1.0 + math.exp(-(math.log(chance / (1.0 - chance)) + by)))


def minutes_of(item: Item) -> int:
    """How long an item takes, by its estimate or what is usual."""
    return UNKNOWN_MINUTES if item.minutes is None else item.minutes


@dataclass(slots=True)
class Talks:
    """What was tried besides the ordinary, by competency's bit: conferences and other ways."""

    ways: dict[int, int]
    last: dict[int, date]


class Chooser:
    """Chooses items for one learner, none twice. ``skipped``: whether what was passed over lately may come too."""

    def __init__(self, course: Course, learner: Learner, settings: Settings, known: Known, today: date) -> None:
        self.course = course
        self.learner = learner
        self.settings = settings
        self.known = known
        self.today = today
        self.used: set[uuid.UUID] = set()
        self.skipped = False
        self._supports = Supports(
            frozenset(kind for kind in Support if kind.value in learner.supports), learner.language
        )
        self._chosen = {item: place for place, item in enumerate(learner.chosen)}
        self._talks = self._talked()
        self._placed: uuid.UUID | None = None
        """The placement check, once it was taken: it begins nothing, is no failed try, and never comes again once it is done."""
        self.touched = 0
        """Competencies for which anything was finished or tried, but for the placement check, which asks about all of them."""
        for one, done in learner.items.items():
            if done.finished or done.tries:
                if one == settings.placement:
                    self._placed = one
                else:
                    self.touched |= course.aims.get(one, 0)
        self._chances: dict[tuple[int, uuid.UUID | None], float | None] = {}
        self._since: dict[int, int] = {}
        self._steps: dict[tuple[int, int, bool], list[Step]] = {}

    # --- What is left ---------------------------------------------------------------------------------------------

    def done(self, item: Item) -> Done:
        """What the learner did with it so far."""
        return self.learner.items.get(item.id, _NOTHING_DONE)

    def may_come(self, item: Item) -> bool:
        """Whether it is neither forbidden, nor on the plan already, nor passed over lately, nor the placement check again."""
        if item.id in self.used or item.id in self.learner.bans or self.course.aims[item.id] & self.known.banned:
            return False
        if item.id == self._placed and self.done(item).finished:
            return False
        skipped = self.done(item).skipped_on
        return skipped is None or self.skipped or self.today - skipped >= SKIPPED_FOR

    def is_barred(self, bit: int, item: Item) -> bool:
        """Whether it was failed so often that another way comes first."""
        return self.done(item).failed >= self._barred_at(bit)

    def _barred_at(self, bit: int) -> int:
        """How many failed tries in a row are so many."""
        return self.settings.tries * (1 + self._talks.ways.get(bit, 0))

    def _left(self, bit: int, some: Iterable[Item]) -> list[Item]:
        barred = self._barred_at(bit)
        return [
            item
            for item in some
            if not (done := self.done(item)).finished and done.failed < barred and self.may_come(item)
        ]

    def was_skipped(self, bit: int) -> bool:
        """Whether something is left that was only passed over."""
        return any(
            self.done(item).skipped_on is not None and not self.done(item).finished and item.id not in self.used
            for item in self.course.of(bit)
        )

    def _suits(self, bit: int, item: Item) -> int | None:
        """0: nothing it is for is held up; 1: only by what it is for as well; None: it has an unmet prerequisite.

        A competency that is being worked on although it is held up is not held against the item.
        """
        course, known = self.course, self.known
        others = course.aims[item.id] & ~known.met & ~(1 << bit)
        if not others:
            return 0
        blockers = known.blockers
        own = course.aims[item.id]
        tier = 0
        for other in bits(others):
            unmet = course.needs[other] & blockers
            if unmet & ~own:
                return None
            if unmet:
                tier = 1
        return tier

    # --- Chances --------------------------------------------------------------------------------------------------

    def chance(self, bit: int, item: Item | None = None) -> float | None:
        """The chance that the next answer is right, with what was done since the last one; None where nothing predicts."""
        predict = self.learner.predict
        if predict is None:
            return None
        key = (bit, item.id if item else None)
        if key not in self._chances:
            chance = predict(self.course.competencies[bit].number, key[1])
            self._chances[key] = _lifted(chance, LIFT * self.since_try(bit))
        return self._chances[key]

    def since_try(self, bit: int) -> int:
        """How many steps without a result were finished for a competency since the last try that told one."""
        found = self._since.get(bit)
        if found is None:
            done = [(item, self.done(item)) for item in self.course.of(bit)]
            tried = max((_when(one) for item, one in done if item.scored and one.tries), default=_NEVER)
            found = sum(not item.scored and one.finished and _when(one) >= tried for item, one in done)
            self._since[bit] = found
        return found

    def expected(self, bit: int, item: Item) -> float | None:
        """The chance with an item that the LMS tells results of; None for all others.

        What adapts asks what is nearer to the zone than all that it could ask.
        """
        chance = self.chance(bit, item) if item.scored else None
        if chance is None or not item.adapts or not 0.0 < chance < 1.0:
            return chance
        away = math.log(self._middle / (1.0 - self._middle)) - math.log(chance / (1.0 - chance))
        return _lifted(chance, min(max(away, -ADAPTS), ADAPTS))

    def fit(self, chance: float | None) -> float:
        """1 within the zone, falling in a straight line to 0 at no chance and at certainty; 1 where nothing is known."""
        low, high = self.settings.low, self.settings.high
        if chance is None or low <= chance <= high:
            return 1.0
        if chance < low:
            return chance / low
        return (1.0 - chance) / (1.0 - high) if high < 1.0 else 0.0

    def _off(self, chance: float | None) -> int:
        """How far a chance is from the middle of the zone, in twentieths: what is nearly as good is as good."""
        if chance is None:
            return 0
        return round(abs(chance - self._middle) * 20)

    @property
    def _middle(self) -> float:
        """The middle of the zone."""
        return (self.settings.low + self.settings.high) / 2

    # --- One item -------------------------------------------------------------------------------------------------

    def likes(self, item: Item) -> str:
        """The first of the learner's interests, by name, that an item is about; empty for none."""
        return min(item.topics & self.learner.interests, default="")

    def _rank(self, bit: int, item: Item, tier: int, avoid: frozenset[str]) -> tuple[int, ...]:
        """What makes an item better than another of its role, before the teacher's order: smaller is better."""
        minutes, week = item.minutes, self.learner.weekly_minutes
        return (
            tier,
            int(item.kind in avoid),
            self._turn(bit, item),
            self._off(self.expected(bit, item)),
            int(not self.likes(item)),
            int(minutes is not None and week is not None and minutes > week),
        )

    def _turn(self, bit: int, item: Item) -> int:
        """What is new before what was failed; but what was failed and is within the zone before what is new and below it."""
        chance, settings = self.expected(bit, item), self.settings
        # What adapts is another test each time.
        if self.done(item).failed and not item.adapts:
            return 1 if chance is not None and settings.low <= chance <= settings.high else 3
        return 2 if chance is not None and chance < settings.low else 0

    def best(
        self, bit: int, some: Sequence[Item], avoid: frozenset[str] = frozenset()
    ) -> tuple[Item, tuple[Item, ...], bool] | None:
        """The best item that is left of these for a competency, its equals, and whether the learner had chosen it."""
        ranked = []
        for item in self._left(bit, some):
            tier = self._suits(bit, item)
            if tier is not None:
                # Of what tells as well the shorter comes first; what teaches and practises keeps the teacher's order.
                length = minutes_of(item) if item.scored else 0
                ranked.append((self._rank(bit, item, tier, avoid), length, item.position, item.id, item))
        if not ranked:
            return None
        ranked.sort(key=lambda one: one[:4])
        rank, *_, best = ranked[0]
        equals = [item for other, *_, item in ranked if other == rank]
        wished = [item for *_, item in ranked if item.id in self._chosen]
        if wished:
            best = min(wished, key=lambda item: self._chosen[item.id])
        others = tuple(item for item in equals if item is not best)[:MOST_EQUALS]
        return best, others, bool(wished)

    # --- The next steps of a competency -----------------------------------------------------------------------------

    def is_taught(self, bit: int) -> bool:
        """Whether the learner has done or tried anything for it."""
        return bool(self.touched >> bit & 1)

    def is_begun(self, bit: int) -> bool:
        """Whether something was done or shown for it; what the placement check asked about is not begun by that."""
        begun = self.touched if self._placed else self.touched | self.known.shown
        return bool(begun >> bit & 1)

    def steps(self, bit: int) -> list[Step]:
        """``_steps_of`` a competency, worked out once for as long as nothing that decides is another: what is used only grows."""
        key = (bit, len(self.used), self.skipped)
        if key not in self._steps:
            self._steps[key] = self._steps_of(bit)
        return self._steps[key]

    def _steps_of(self, bit: int) -> list[Step]:
        """The next teach → practise → assess of a competency: at most one of each, those that are left and called for.

        What is probably known already begins with showing it. What was failed too often begins with another way: an item of
        another kind, whatever it does. Reserves nothing.
        """
        course, settings = self.course, self.settings
        barred = [item for item in course.of(bit) if self.is_barred(bit, item) and not self.done(item).finished]
        if barred:
            kinds = frozenset(item.kind for item in barred)
            return self._another_way(bit, kinds)
        teach, practise, assess = (
            self.best(bit, some) for some in (course.teaches[bit], course.practises[bit], course.assesses[bit])
        )
        chance = self.chance(bit)
        if assess and chance is not None and chance > settings.high:
            teach = practise = None
        elif chance is None or chance >= settings.low or self.since_try(bit) >= MOST_BEFORE_TRY:
            # Once at first, and once more after each failed try; more only while too little is expected.
            called = [
                pick
                for pick, some in ((teach, course.teaches[bit]), (practise, course.practises[bit]))
                if pick and self._is_called_for(bit, some)
            ]
            if called or assess:
                teach, practise = (pick if pick in called else None for pick in (teach, practise))
        found: list[Step] = []
        for role, pick in ((StepRole.TEACH, teach), (StepRole.PRACTISE, practise), (StepRole.ASSESS, assess)):
            if pick and all(pick[0] is not other for _, other, _, _ in found):
                found.append((role, pick[0], pick[1], Reason.CHOSEN if pick[2] else None))
        return found

    def _is_called_for(self, bit: int, some: Sequence[Item]) -> bool:
        """Whether teaching, or practice, comes before the next try: once at first, and once more after each failed one."""
        failed = sum(self._failed(item) for item in self.course.assesses[bit])
        return sum(self.done(item).finished or item.id in self.used for item in some) <= failed

    def _another_way(self, bit: int, kinds: frozenset[str]) -> list[Step]:
        course = self.course
        for role, some in (
            (StepRole.TEACH, course.teaches[bit]),
            (StepRole.PRACTISE, course.practises[bit]),
            (StepRole.ASSESS, course.assesses[bit]),
        ):
            other = self.best(bit, [item for item in some if item.kind not in kinds])
            if other:
                return [(role, other[0], other[1], Reason.ANOTHER_WAY)]
        return []

    def failed(self, bit: int) -> int:
        """The most failed tries in a row at any one item for it."""
        return max((self._failed(item) for item in self.course.of(bit)), default=0)

    def _failed(self, item: Item) -> int:
        """Failed tries in a row at one item; none at the placement check, which asks about what nobody was taught yet."""
        return 0 if item.id == self._placed else self.done(item).failed

    def talk(self, bit: int) -> Planned | None:
        """A conference or a re-take to ask for, where a competency's items are used up or failed too often; else None."""
        last = self._talks.last.get(bit)
        items = list(self.course.of(bit))
        if not items or (last is not None and self.today - last < TALK_AGAIN and not self._tried_since(items, last)):
            return None
        if not any(self.done(item).finished or self.done(item).tries for item in items):
            return None
        number = self.course.competencies[bit].number
        failed = self.failed(bit)
        if failed >= self.settings.tries:
            return Planned(None, number, StepRole.TALK, Why(Reason.STUCK, competencies=(number,), count=failed))
        if self.was_skipped(bit):
            return None
        scored = [
            item
            for item in self.course.assesses[bit]
            if item.scored and self.done(item).tries and item.id not in self.used and self.may_come(item)
        ]
        again = max(scored, key=lambda item: (self.done(item).last_on or date.min, -item.position), default=None)
        return Planned(again.id if again else None, number, StepRole.TALK, Why(Reason.NO_ITEMS, competencies=(number,)))

    def fades(self, bit: int, due: date) -> bool:
        """Whether a review that is due is called for now: not while more than the middle of the zone is expected anyway, but for
        a week at most.

        Nor while something it builds on is unmet: that comes first.
        """
        if self.course.needs[bit] & self.known.blockers:
            return False
        chance = self.chance(bit)
        return chance is None or chance <= self._middle or self.today - due >= FADES_WITHIN

    def _tried_since(self, items: Sequence[Item], on: date) -> bool:
        """Whether any of these was done or tried after a day."""
        return any((self.done(item).last_on or date.min) > on for item in items)

    def review(self, bit: int) -> Item | None:
        """What a competency that fades can be looked at again with.

        Mixed work first; then what was not seen since yesterday, what is short, what was not seen for longest.
        """
        for some in (
            [item for item in self.course.assesses[bit] if item.scored],
            [item for item in self.course.assesses[bit] if not item.scored],
            self.course.practises[bit],
        ):
            fit = [item for item in some if self.may_come(item) and self._suits(bit, item) == 0]
            if fit:
                return min(fit, key=lambda item: self._age(bit, item))
        return None

    def _age(self, bit: int, item: Item) -> tuple[bool, bool, int, date, int, uuid.UUID]:
        number = self.course.competencies[bit].number
        mixed = any(aim.mixed for aim in item.aims if aim.competency == number)
        seen = self.done(item).last_on or date.min
        lately = self.today - seen < SEEN_LATELY
        return not mixed, lately, minutes_of(item), seen, item.position, item.id

    def form(self, item: Item) -> uuid.UUID | None:
        """The form of an item that serves this learner's supports best; None: the item itself."""
        forms = [
            Form(other.id, other.serves, other.language)
            for other in self.course.forms.get(item.id, ())
            if other.id not in self.learner.bans
        ]
        if not forms or not self._supports:
            return None
        form = choose(forms, self._supports)
        return form.id if form else None

    # --- What a competency is worth ---------------------------------------------------------------------------------

    def leads_to(self, bit: int, scope: int) -> int:
        """What of ``scope`` is below Secure and builds on a competency, as a mask."""
        return self.course.after[bit] & scope & ~self.known.secure & ~self.known.excused

    def worth(self, bit: int, scope: int, most: int, *, towards: bool) -> float:
        """How good it is to work on a competency now, whatever with; docs/paths.md says why these terms and weights.

        ``scope`` is what unlocking counts in, ``most`` the most that any candidate unlocks there; ``towards``: it leads to the
        learner's goal.
        """
        unlocks = self.leads_to(bit, scope).bit_count()
        value = UNLOCK * (math.log1p(unlocks) / math.log1p(most) if most else 0.0)
        value += TO_GOAL * towards
        return value + BEGUN * self.is_begun(bit)

    def suits(self, bit: int, item: Item, role: StepRole) -> float:
        """How well an item fits as the next step, on top of that; at most ``MOST_SUITS``."""
        chance = self.expected(bit, item) if role is not StepRole.TEACH else None
        return FIT * self.fit(chance) + INTEREST * bool(self.likes(item))

    def _talked(self) -> Talks:
        talks = Talks({}, {})
        later: set[int] = set()
        for step in self.learner.walked:
            bit = self.course.bit_of.get(step.competency) if step.competency is not None else None
            if bit is None:
                continue
            if step.another_way or step.role is StepRole.TALK:
                talks.ways[bit] = talks.ways.get(bit, 0) + 1
            # A conference that something was done after has had its effect: another may be asked for.
            if step.role is StepRole.TALK and step.on is not None and bit not in later:
                talks.last[bit] = step.on
            later.add(bit)
        return talks
