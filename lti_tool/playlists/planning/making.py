"""A path in the making: its steps so far, what may still be added, and the spacing of reviews."""

import math
import uuid
from collections.abc import Iterable
from datetime import date

from lti_tool.playlists.models import StepRole
from lti_tool.playlists.planning.base import Clash, Conflict, Item, Learner, Planned, Reason, Settings, Why
from lti_tool.playlists.planning.choosing import UNKNOWN_MINUTES, Chooser, minutes_of
from lti_tool.playlists.planning.course import Course
from lti_tool.playlists.planning.knowing import is_banned, know
from lti_tool.playlists.planning.reasons import Reasons, goal_of

FEW_REVIEWS = 2
"""While no more are called for, reviews come at half the pace that the settings allow."""


class Making:
    """One plan in the making. Everything that is added is added here, so that no item comes twice."""

    def __init__(self, course: Course, learner: Learner, settings: Settings, today: date) -> None:
        self.course = course
        self.learner = learner
        self.settings = settings
        self.today = today
        self.known = know(course, learner, settings, today)
        self.goal = goal_of(course, learner, self.known)
        self.chooser = Chooser(course, learner, settings, self.known, today)
        self.reasons = Reasons(course, self.chooser, self.known, self.goal)
        self.steps: list[Planned] = []
        self.conflicts: list[Conflict] = []
        self.minutes = 0
        """Of what the tool chose."""
        self._since_review = self._walked_since_review()

    def widen(self) -> None:
        """Ask for what leads to the goal in place of the unit."""
        if self.goal is None:
            return
        way = self.course.before[self.goal] | 1 << self.goal
        self.known = know(self.course, self.learner, self.settings, self.today, way)
        used = self.chooser.used
        self.chooser = Chooser(self.course, self.learner, self.settings, self.known, self.today)
        self.chooser.used = used
        self.reasons = Reasons(self.course, self.chooser, self.known, self.goal)

    # --- Adding -------------------------------------------------------------------------------------------------------

    def step(self, item: Item, bit: int | None, role: StepRole, why: Why, equals: Iterable[Item] = ()) -> Planned:
        """An item as a step of this learner."""
        return Planned(
            item.id,
            None if bit is None else self.number(bit),
            role,
            why,
            self.chooser.form(item),
            None if bit is None else self.chooser.expected(bit, item),
            tuple(other.id for other in equals),
        )

    def add(self, step: Planned, place: int | None = None) -> None:
        """Adds a step, at the end or at a place."""
        if step.item is not None:
            self.chooser.used.add(step.item)
        self._since_review = 0 if step.role is StepRole.REVIEW else self._since_review + 1
        self.steps.insert(len(self.steps) if place is None else place, step)

    def put(self, step: Planned, end: int, *, anyway: bool = False) -> bool:
        """Adds what the tool chose, with a review before it where one is due.

        False where the path is full, or the learner's week is; ``anyway``: it has to be there, so that the week does not matter
        and no review takes its place.
        """
        # The first step that the tool chooses is work, whatever the length.
        if len(self.steps) < end - (anyway or not self.minutes):
            if step.item is not None:
                self.chooser.used.add(step.item)
            self.review()
        if len(self.steps) >= end:
            return False
        item = self.course.items[step.item] if step.item else None
        minutes = UNKNOWN_MINUTES if item is None else minutes_of(item)
        week = self.learner.weekly_minutes
        if week is not None and self.minutes and self.minutes + minutes > week and not anyway:
            return False
        self.minutes += minutes
        self.add(step)
        return True

    # --- Reviews ------------------------------------------------------------------------------------------------------

    def review(self, place: int | None = None) -> None:
        """Adds the oldest review that is due, if enough other steps came before it; with a ``place``: in any case, there.

        Enough: at most ``Settings.reviews`` of any steps that follow each other are reviews, also across plans.
        """
        share = self.settings.reviews
        if share <= 0 or not self.known.reviews:
            return
        fading = sum(self.chooser.fades(bit, due) for due, bit in self.known.reviews)
        between = math.ceil((2 if fading <= FEW_REVIEWS else 1) / share - 1e-9) - 1
        if place is None and self._since_review < between:
            return
        there = {step.competency for step in self.steps if step.role is StepRole.REVIEW}
        for due, bit in self.known.reviews:
            number = self.number(bit)
            if number in there or (place is None and not self.chooser.fades(bit, due)):
                continue
            item = self.chooser.review(bit)
            if item is not None:
                # Only what tells a result can show more than before.
                confirms = (
                    self.learner.standings[number].rank == 3 and item.scored and item in self.course.assesses[bit]
                )
                why = Why(Reason.REVIEW, Reason.CONFIRM if confirms else None, (number,), on=due)
                self.add(self.step(item, bit, StepRole.REVIEW, why), place)
                return

    def _walked_since_review(self) -> int:
        count = 0
        for step in self.learner.walked:
            if step.role is StepRole.REVIEW:
                break
            count += 1
        return count

    # --- Small questions ----------------------------------------------------------------------------------------------

    def number(self, bit: int) -> int:
        """A competency's number in the map."""
        return self.course.competencies[bit].number

    def clash(self, clash: Clash, item: uuid.UUID | None = None, competency: int | None = None) -> None:
        """Notes a conflict for the teacher."""
        self.conflicts.append(Conflict(clash, item, competency))

    def is_banned(self, item: uuid.UUID) -> bool:
        """Whether a teacher forbade it."""
        return is_banned(self.course, self.learner, self.known.banned, item)

    def is_modified(self, item: uuid.UUID) -> bool:
        """Whether all that an item is for is not asked of this learner."""
        aims = self.course.aims.get(item, 0)
        return bool(aims) and not aims & ~self.known.excused
