"""The next steps of one learner's path. Pure and deterministic; docs/paths.md says in words what stands here in code.

Precedence, the strongest first: ban, modification, begun step, pin, dated must-do, prerequisite, score. What loses is told as
a conflict. In the order of the path: what is begun; the placement check; pins and must-dos that are due soon; then what the
tool chooses, at most ``Settings.remedial`` remedial steps before work of the current unit, with a review in every third place;
then must-dos that are due later. Pins with a place are put there.
"""

import heapq
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain

from lti_tool.playlists.models import StepRole
from lti_tool.playlists.planning import wishes
from lti_tool.playlists.planning.base import Clash, Learner, Plan, Planned, Reason, Settings, Why
from lti_tool.playlists.planning.choosing import MOST_SUITS
from lti_tool.playlists.planning.course import Course, bits
from lti_tool.playlists.planning.knowing import fringe, held_up, remedial
from lti_tool.playlists.planning.making import Making
from lti_tool.playlists.planning.reasons import nothing


def plan(course: Course, learner: Learner, settings: Settings, today: date) -> Plan:
    """The steps to come of one learner. The same in, the same out.

    Always has a step, or says in ``nothing`` why there is none. Raises nothing; what does not exist in the course is passed
    over, and told where a teacher wished for it.
    """
    making = Making(course, learner, settings, today)
    wishes.begun(making)
    first = len(making.steps)
    wishes.placement(making)
    placed = wishes.pins(making)
    later = wishes.dated(making)
    without = _Chosen(making).choose(max(1, settings.length - len(making.steps) - len(placed)))
    for step in later:
        making.add(step)
    for place, step in placed:
        making.steps.insert(max(place, first), step)
    if making.goal is not None and not _has_items(making, making.goal):
        making.clash(Clash.GOAL_HAS_NO_ITEMS, competency=making.number(making.goal))
    return Plan(
        tuple(making.steps),
        tuple(dict.fromkeys(making.conflicts)),
        None if making.steps else nothing(course, learner, settings, making.known, making.chooser),
        tuple(dict.fromkeys(making.number(bit) for bit in without)),
    )


def _has_items(making: Making, bit: int) -> bool:
    return any(not making.is_banned(item.id) for item in making.course.of(bit))


class _Chosen:
    """What the tool chooses."""

    def __init__(self, making: Making) -> None:
        self.making = making
        self.begin = len(making.steps)
        self._look()
        self.talks = self._talks(self.ready + self.held)

    def _look(self) -> None:
        """What can be worked on, and what is held up, by what is wanted now."""
        self.ready = fringe(self.making.course, self.making.known)
        self.held = held_up(self.making.course, self.making.known)

    def choose(self, room: int) -> list[int]:
        """Adds steps by score; answers which competencies are next and have no item left.

        From the fringe; else from what is held up from outside the unit; else from what was passed over; else, where the unit
        is done, on the way to the goal; else a review by itself; else what is held up by what nothing is left for.
        """
        making = self.making
        without = self._fill(room)
        if not self._has_item() and making.goal is not None and not making.known.wanted:
            making.widen()
            self._look()
            without += self._fill(room)
        if not self._has_item() and not any(step.role is StepRole.REVIEW for step in making.steps):
            making.review(self.begin)
        self._talk(self.begin + room)
        if len(making.steps) == self.begin:
            self._last_resort(room)
        return without

    def _has_item(self) -> bool:
        return any(step.item is not None and step.role is not StepRole.TALK for step in self._mine())

    def _mine(self) -> list[Planned]:
        return self.making.steps[self.begin :]

    def _fill(self, room: int) -> list[int]:
        making, ready, held = self.making, self.ready, self.held
        for skipped in (False, True):
            making.chooser.skipped = skipped
            # What is free but has nothing left is no reason to leave the student without work of the unit.
            candidates = next((some for some in (ready, held) if self._any_comes(some)), ready + held)
            if self._work(candidates, room) and candidates is held:
                self._blocked(held)
            if self._has_item():
                break
        making.chooser.skipped = False
        return [bit for bit in (*ready, *held) if not self._has_any_left(bit)]

    def _last_resort(self, room: int) -> None:
        """What is held up only by what nothing comes for: rather that than nothing at all.

        What is Secure and waits for the review that the teacher asks for comes of itself.
        """
        making = self.making
        making.chooser.skipped = True
        inside = making.known.inside & ~making.known.secure
        exhausted = sum(1 << bit for bit in bits(inside) if not making.chooser.steps(bit))
        held = held_up(making.course, making.known, exhausted)
        if self._work(held, room):
            self._blocked(held)

    def _any_comes(self, candidates: Iterable[int]) -> bool:
        """Whether any step comes for these."""
        return any(self.making.chooser.steps(bit) for bit in candidates)

    def _blocked(self, held: Iterable[int]) -> None:
        planned = {step.competency for step in self._mine()}
        for bit in held:
            if (number := self.making.number(bit)) in planned:
                self.making.clash(Clash.UNIT_IS_BLOCKED, competency=number)

    # --- Work ---------------------------------------------------------------------------------------------------------

    def _work(self, candidates: list[int], room: int) -> bool:
        """Adds steps for these, the best first and remedial ones before them; whether any item was added."""
        making = self.making
        end = self.begin + room
        ordered = self._queue(candidates)
        first = next(ordered, None)
        added = bool(candidates) and self._remedial(end - (first is not None), alone=first is None)
        queue: Iterable[int] = () if first is None else chain((first,), ordered)
        anyway = True
        while len(making.steps) < end:
            again: list[int] = []
            for bit in queue:
                again.append(bit)
                for role, item, equals, special in making.chooser.steps(bit):
                    if item.id in making.chooser.used:
                        continue
                    step = making.step(item, bit, role, making.reasons.of(bit, item, role, special), equals)
                    if not making.put(step, end, anyway=anyway):
                        return True
                    anyway, added = False, True
                    self._talk(end)
            queue = [bit for bit in again if making.chooser.steps(bit)]
            if not queue:
                break
        return added

    def _queue(self, candidates: list[int]) -> Iterator[int]:
        """Candidates with something left, the least held up first, then the best; ties in the teacher's order.

        Items are only looked at where it may matter: a candidate waits under the most it can be worth until it is first.
        """
        making = self.making
        course, chooser, goal = making.course, making.chooser, making.goal
        scope = course.before[goal] | 1 << goal if goal is not None else making.known.unit
        most = max((chooser.leads_to(bit, scope).bit_count() for bit in candidates), default=0)
        blockers = making.known.blockers
        waiting: list[tuple[int, float, int, int, int, bool]] = []
        for bit in candidates:
            worth = chooser.worth(bit, scope, most, towards=making.reasons.is_towards(bit))
            node = course.competencies[bit]
            unmet = (course.needs[bit] & blockers).bit_count()
            waiting.append((unmet, -round(worth + MOST_SUITS, 6), node.position, node.number, bit, False))
        heapq.heapify(waiting)
        while waiting:
            unmet, bound, position, number, bit, is_exact = heapq.heappop(waiting)
            if is_exact:
                yield bit
            elif steps := chooser.steps(bit):
                # Rounded, so that sums that differ only by how they were computed are ties.
                exact = round(bound + MOST_SUITS - chooser.suits(bit, steps[0][1], steps[0][0]), 6)
                heapq.heappush(waiting, (unmet, exact, position, number, bit, True))

    def _remedial(self, end: int, *, alone: bool) -> bool:
        """Adds remedial steps, the nearest first; whether any was added. ``alone``: there is no other work."""
        making = self.making
        # Of the last steps, twice the allowance, at most the allowance was remedial: so that planning again after each step
        # does not put two more in front for ever.
        allowed = making.settings.remedial
        budget = allowed - sum(step.remedial for step in making.learner.walked[: 2 * allowed])
        if alone:
            budget = max(budget, min(allowed, 1))
        added = False
        for bit, target in remedial(making.course, making.known):
            for role, item, equals, special in making.chooser.steps(bit):
                if budget <= 0:
                    return added
                other_way = special is Reason.ANOTHER_WAY
                why = (
                    making.reasons.of(bit, item, role, special)
                    if other_way
                    else Why(Reason.REMEDIAL, competencies=(making.number(target),))
                )
                if item.id in making.chooser.used or not making.put(making.step(item, bit, role, why, equals), end):
                    continue
                budget -= 1
                added = True
        return added

    def _talks(self, candidates: list[int]) -> list[Planned]:
        """Conferences and re-takes to ask for, for what has nothing left; unless one is begun."""
        making = self.making
        held = {one.competency for one in making.learner.begun if one.role is StepRole.TALK}
        return [
            step
            for bit in candidates
            if making.chooser.is_taught(bit)
            and making.number(bit) not in held
            and not making.chooser.steps(bit)
            and (step := making.chooser.talk(bit)) is not None
        ]

    def _talk(self, end: int) -> None:
        """Adds one of these, where there is room. After the first step with an item, so that it holds up nothing."""
        if self.talks and len(self.making.steps) < end:
            step = self.talks[0]
            if step.item is None or step.item not in self.making.chooser.used:
                self.making.add(step)
            self.talks = []

    def _has_any_left(self, bit: int) -> bool:
        """Whether an item for it is neither finished nor forbidden, on this plan or not."""
        making = self.making
        return any(
            not making.chooser.done(item).finished and not making.is_banned(item.id) for item in making.course.of(bit)
        )
