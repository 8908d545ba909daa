"""Why a step that the tool chose comes now, and why there is no step: as values; ``why.sentence`` makes words of them."""

from dataclasses import dataclass

from lti_tool.playlists.models import StepRole
from lti_tool.playlists.planning.base import Item, Learner, Nothing, Reason, Settings, Why
from lti_tool.playlists.planning.choosing import Chooser
from lti_tool.playlists.planning.course import Course, bits
from lti_tool.playlists.planning.knowing import Known, is_banned


def goal_of(course: Course, learner: Learner, known: Known) -> int | None:
    """The bit of the learner's goal while it is asked for and not reached."""
    goal = course.bit_of.get(learner.goal) if learner.goal is not None else None
    if goal is None or (known.secure | known.excused) >> goal & 1:
        return None
    return goal


@dataclass(frozen=True, slots=True)
class Reasons:
    """Finds reasons for one learner's steps."""

    course: Course
    chooser: Chooser
    known: Known
    goal: int | None

    def is_towards(self, bit: int) -> bool:
        """Whether a competency is the goal or comes before it."""
        return self.goal is not None and (bit == self.goal or bool(self.course.before[self.goal] >> bit & 1))

    def of(self, bit: int, item: Item, role: StepRole, special: Reason | None) -> Why:
        """Why an item comes for a competency; ``special`` is what ``Chooser.steps`` said."""
        number = self.course.competencies[bit].number
        if special is Reason.ANOTHER_WAY:
            return Why(special, competencies=(number,), count=self.chooser.failed(bit))
        likes = self.chooser.likes(item)
        towards, about, count = self._leads(bit)
        if special is None and role is StepRole.TEACH:
            also = Reason.INTEREST if likes else None
            is_held_up = bool(self.course.needs[bit] & self.known.blockers)
            if towards is not None and not is_held_up:
                return Why(towards, also, about, count=count, topic=likes)
            if not is_held_up:
                started = Reason.STARTED if self.chooser.is_begun(bit) else Reason.READY
                return Why(started, also, (number,), topic=likes)
            # Nobody is told that nothing is missing for what is held up.
            main = Reason.UNIT
        else:
            main = special or (Reason.PRACTISE if role is StepRole.PRACTISE else Reason.SHOW)
        if likes:
            return Why(main, Reason.INTEREST, (number,), topic=likes)
        return Why(main, towards, (number,), about, count)

    def _leads(self, bit: int) -> tuple[Reason | None, tuple[int, ...], int | None]:
        """What a competency leads to: the goal; or what it opens first, and how many in all."""
        course = self.course
        if self.goal is not None and self.is_towards(bit):
            return Reason.GOAL, (course.competencies[self.goal].number,), None
        after = self.chooser.leads_to(bit, course.everything)
        if not after:
            return None, (), None
        nearest = course.opens[bit] & after or after
        first = min(bits(nearest), key=lambda one: course.competencies[one].position)
        return Reason.UNLOCKS, (course.competencies[first].number,), after.bit_count()


def nothing(course: Course, learner: Learner, settings: Settings, known: Known, chooser: Chooser) -> Nothing:
    """Why there is no step."""
    if not course.competencies or (settings.unit and not course.mask(settings.unit)):
        return Nothing.NO_MAP
    below = known.unit & ~known.secure
    if not below:
        return Nothing.REVIEWS_LATER if _reviews_to_come(course, learner, known) else Nothing.ALL_SECURE
    items = {item.id: item for bit in bits(below) for item in course.of(bit)}
    left = [item for item in items.values() if not chooser.done(item).finished]
    if left and all(is_banned(course, learner, known.banned, item.id) for item in left):
        return Nothing.ALL_BANNED
    if left and any(course.needs[bit] & known.blockers & known.secure for bit in bits(below)):
        return Nothing.AWAITS_REVIEW
    return Nothing.NO_ITEMS


def _reviews_to_come(course: Course, learner: Learner, known: Known) -> bool:
    for number in learner.reviews:
        bit = course.bit_of.get(number)
        if bit is not None and known.secure >> bit & 1:
            some = (*course.assesses[bit], *course.practises[bit])
            if any(not is_banned(course, learner, known.banned, item.id) for item in some):
                return True
    return False
