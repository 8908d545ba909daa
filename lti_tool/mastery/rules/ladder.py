"""The default ladder: Started, Developing, Secure, Mastered.

- *Started*: any evidence.
- *Developing*: 2 of the last 5 first attempts right.
- *Secure*: 4 of the last 5 first attempts right.
- *Mastered*: Secure, and then a right answer on a mixed or spaced item at least 7 days later; where there is no second item,
  the teacher's confirmation (a judgement of Mastered). What has no date neither begins nor ends the 7 days.

Answers and whole scores are two tracks that stand side by side, and the better one counts. Answers are counted as above and
what they reach stays until a failed review. Whole scores have no five answers to count: Secure is the passing mark on the
latest task and, where there is a second task, on that as well; Developing is one of the two. This track follows the latest
scores up and down and is labelled "from whole scores". Whole scores that are aligned to several competencies stop at
Developing unless one of the passed tasks belongs to this competency alone.

A failed review (a wrong first answer in a review or on a mixed-skill item) costs one level, once; counting begins anew with
that answer. Weight has no effect.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

from lti_tool.mastery.rules.base import Explanation, Rule, Verdict
from lti_tool.mastery.rules.counted import WRONG, is_failed_review, mark, missing_right, right_in, to_go, told
from lti_tool.mastery.rules.scales import Scale
from lti_tool.mastery.rules.states import Memory, State
from lti_tool.mastery.rules.values import Observation, Standing

LOOKED_AT = 5
FOR_SECURE = 4
FOR_DEVELOPING = 2
SPACED_BY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Task:
    """The latest whole score of one task."""

    item: str
    right: bool
    shared: bool


@dataclass(frozen=True, slots=True)
class Climb(Memory):
    """What the ladder remembers: the answers in the window, the two latest tasks (newest first), what answers have reached.

    ``item`` is the first item seen and ``several`` whether another one was. ``mastered`` says how Mastered was reached:
    ``mixed``, ``spaced`` or ``confirmed``, with the days it came after Secure. ``spaced_from`` is when spacing begins: when
    Secure was reached, or the first attempt after that whose date is known.
    """

    answers: str = ""
    tasks: tuple[Task, ...] = ()
    attained: Standing = Standing.NOT_STARTED
    item: str = ""
    several: bool = False
    mastered: str = ""
    days: int = 0
    spaced_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class DefaultLadder(Rule):
    """The default rule. ``items`` and ``tasks`` say how many items, and how many whole-score tasks among them, are aligned.

    0 means that nobody said: then the evidence itself shows whether there is a second one. ``fitted`` fills them in; they
    are frozen with the rule. Raises ``ValueError`` for negative numbers.
    """

    kind: ClassVar[str] = "default"
    memory: ClassVar[type[Memory]] = Climb
    items: int = 0
    tasks: int = 0

    def __post_init__(self) -> None:
        if self.items < 0 or self.tasks < 0:
            raise ValueError("numbers of items are not negative")

    def verdict(self, state: State, observation: Observation, scale: Scale) -> Verdict:
        """The better of the two tracks, then Mastered on top; one down after a failed review."""
        climb = _seen(_climb(state), observation)
        if is_failed_review(state, observation):
            lower = state.standing.one_down()
            climb = replace(
                climb,
                answers="" if observation.whole else WRONG,
                tasks=(_task(observation),) if observation.whole else (),
                attained=lower,
                mastered="",
                days=0,
                spaced_from=observation.at if lower.is_secure and observation.dated else None,
            )
            return Verdict(climb, lower, scale.for_standing(lower), "review")
        answers, tasks = climb.answers, climb.tasks
        if observation.whole:
            task = _task(observation)
            tasks = (task, *(other for other in tasks if other.item != task.item))[:2]
        elif observation.first:
            answers = (answers + mark(observation))[-LOOKED_AT:]
        attained = max(climb.attained, Standing.STARTED, _of_answers(answers))
        base = max(attained, self._of_tasks(tasks))
        mastered, days = climb.mastered, climb.days
        if not base.is_secure:
            mastered, days = "", 0
        elif not mastered:
            mastered, days = self._mastery(state, observation, climb)
        standing = Standing.MASTERED if mastered else base
        begins = climb.spaced_from if state.standing.is_secure else None
        if begins is None and base.is_secure and observation.dated and observation.is_attempt:
            begins = observation.at
        climb = Climb(answers, tasks, attained, climb.item, climb.several, mastered, days, begins)
        return Verdict(climb, standing, scale.for_standing(standing), "task", observation.is_attempt)

    def _of_tasks(self, tasks: tuple[Task, ...]) -> Standing:
        """What whole scores say, by the latest task and a second one where there is one."""
        if not tasks:
            return Standing.NOT_STARTED
        wanted = 2 if self.tasks >= 2 else 1
        passed = [task for task in tasks if task.right]
        if len(passed) == len(tasks) >= wanted and not all(task.shared for task in passed):
            return Standing.SECURE
        return Standing.DEVELOPING if passed else Standing.STARTED

    def _mastery(self, state: State, observation: Observation, climb: Climb) -> tuple[str, int]:
        """How an observation at Secure makes Mastered, and how many days after Secure; empty when it does not."""
        second = climb.several or self.items >= 2
        if observation.judged is Standing.MASTERED and not second:
            return "confirmed", 0
        if state.standing is not Standing.SECURE or climb.spaced_from is None:
            return "", 0
        gap = observation.at - climb.spaced_from
        counts = observation.right and observation.dated and not observation.is_for_several
        if not (counts and gap >= SPACED_BY and observation.is_attempt):
            return "", 0
        if observation.mixed:
            return "mixed", gap.days
        return ("spaced", gap.days) if second else ("", 0)

    def because(self, state: State, scale: Scale) -> Explanation:
        """The track that decided, or how Mastered was reached."""
        del scale
        climb = _climb(state)
        values = {"right": right_in(climb.answers), "seen": len(climb.answers)}
        since = state.since.isoformat() if state.since else ""
        if climb.mastered:
            return Explanation(f"default.{climb.mastered}", {"days": climb.days, "since": since})
        of_tasks = self._of_tasks(climb.tasks)
        if of_tasks > climb.attained or (not climb.answers and climb.tasks):
            if of_tasks < climb.attained and state.fell is not None and state.fell.code == "review":
                return Explanation("default.fallen", {"since": since})
            return _from_tasks(climb, state)
        if not climb.answers:
            return Explanation("begun", {})
        kept = climb.attained > max(_of_answers(climb.answers), Standing.STARTED)
        return told("n-of-m", values, state, kept=kept)

    def missing(self, state: State, scale: Scale) -> Explanation | None:
        """For Mastered a spaced answer or a confirmation; below, right answers or passed tasks."""
        climb = _climb(state)
        if state.standing is Standing.MASTERED:
            return None
        target = next(rung for rung in Standing if rung > max(state.standing, Standing.STARTED))
        level = scale.for_standing(target)
        name = {"level": level.name if level else ""}
        if target is Standing.MASTERED:
            return self._missing_mastery(climb, name)
        if climb.tasks and not climb.answers:
            return _missing_task(climb, target, name)
        needed = FOR_SECURE if target is Standing.SECURE else FOR_DEVELOPING
        return missing_right(name["level"], *to_go(climb.answers, needed, LOOKED_AT))

    def _missing_mastery(self, climb: Climb, name: dict[str, str]) -> Explanation:
        if climb.spaced_from is None:
            return Explanation("missing.dated", {**name, "days": SPACED_BY.days})
        day = {"from": (climb.spaced_from + SPACED_BY).isoformat()}
        if climb.several or self.items >= 2:
            return Explanation("missing.spaced", {**name, **day})
        return Explanation("missing.confirmation", {**name, **day})


def _missing_task(climb: Climb, target: Standing, name: dict[str, str]) -> Explanation:
    if not climb.tasks[0].right:
        return Explanation("missing.task", name)
    if all(task.shared for task in climb.tasks if task.right) and target is Standing.SECURE:
        return Explanation("missing.own", name)
    return Explanation("missing.second-task", name)


def _from_tasks(climb: Climb, state: State) -> Explanation:
    passed = sum(task.right for task in climb.tasks)
    if state.standing.is_secure:
        return Explanation("default.tasks", {"tasks": passed})
    if passed and all(task.shared for task in climb.tasks if task.right) and climb.tasks[0].right:
        return Explanation("default.tasks-shared", {})
    return Explanation("default.tasks-some" if passed else "default.tasks-none", {})


def _of_answers(answers: str) -> Standing:
    right = right_in(answers)
    if right >= FOR_SECURE:
        return Standing.SECURE
    return Standing.DEVELOPING if right >= FOR_DEVELOPING else Standing.NOT_STARTED


def _task(observation: Observation) -> Task:
    return Task(_item(observation), observation.right, observation.is_for_several)


def _item(observation: Observation) -> str:
    return f"i:{observation.item}" if observation.item is not None else f"k:{observation.key}"


def _seen(climb: Climb, observation: Observation) -> Climb:
    """Remembers whether there is a second item. A judgement without points is of no item."""
    if climb.several or not observation.possible:
        return climb
    item = _item(observation)
    if climb.item in {"", item}:
        return climb if climb.item else replace(climb, item=item)
    return replace(climb, several=True)


def _climb(state: State) -> Climb:
    if not isinstance(state.memory, Climb):
        raise TypeError("this state belongs to another rule")
    return state.memory
