"""Rules that count right answers: n of m, and in a row (Kolibri's mastery models).

Only first attempts count; a whole score counts as one answer. Weight has no effect: every answer counts once. What is
reached stays reached until a failed review: a wrong answer in a review or on a mixed-skill item. That costs one level, and
counting begins anew with that wrong answer.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lti_tool.mastery.rules.base import Explanation, Rule, Verdict
from lti_tool.mastery.rules.scales import Scale
from lti_tool.mastery.rules.states import Memory, State
from lti_tool.mastery.rules.values import Observation, Standing

RIGHT, SHARED, WRONG = "R", "S", "-"
"""A window is a text of these, oldest first: right, right in a whole score that counts for several, wrong."""

LONGEST = 50


@dataclass(frozen=True, slots=True)
class Window(Memory):
    """The latest answers that count, at most as many as the rule looks at."""

    answers: str = ""


def mark(observation: Observation) -> str:
    """How an observation stands in a window."""
    if not observation.right:
        return WRONG
    return SHARED if observation.is_for_several else RIGHT


def right_in(answers: str) -> int:
    """How many answers of a window are right."""
    return len(answers) - answers.count(WRONG)


def is_failed_review(state: State, observation: Observation) -> bool:
    """Whether the observation is a wrong answer in a review, or on a mixed-skill item, of what was Secure before."""
    return observation.mixed and state.standing.is_secure and observation.is_attempt and not observation.right


def to_go(answers: str, n: int, m: int) -> tuple[int, int]:
    """What is missing for n of the last m: ``(right, of_next)``, the fewest right answers, and among how many next ones.

    ``of_next`` is the largest number such that these right answers suffice wherever among them they come.
    """

    def after(answered: int, right: int) -> bool:
        kept = answers[-(m - answered) :] if m > answered else ""
        return right_in(kept) + right >= n

    right = next(count for count in range(n + 1) if after(count, count))
    of_next = right
    while right and of_next < m and after(of_next + 1, right):
        of_next += 1
    return right, of_next


def told(kind: str, values: Mapping[str, int], state: State, *, kept: bool) -> Explanation:
    """A window as a reason; where the level is ``kept`` although the window alone no longer gives it, since when."""
    if not kept or state.since is None:
        return Explanation(kind, values)
    fallen = state.fell is not None and state.fell.at == state.since
    return Explanation(f"{kind}.{'fallen' if fallen else 'kept'}", {**values, "since": state.since.isoformat()})


def missing_right(level: str, right: int, of_next: int) -> Explanation:
    """So many more right of the next so many, or in a row where every one of them has to be."""
    if right == of_next:
        return Explanation("missing.in-a-row", {"level": level, "right": right})
    return Explanation("missing.right", {"level": level, "right": right, "next": of_next})


@dataclass(frozen=True, slots=True)
class Counted(Rule):
    """What the two rules share: a window, one standing to reach, half of the way for Developing."""

    memory: ClassVar[type[Memory]] = Window

    @property
    @abstractmethod
    def seen(self) -> int:
        """How many answers it looks at."""

    @property
    @abstractmethod
    def needed(self) -> int:
        """How many have to be right."""

    @property
    @abstractmethod
    def top(self) -> Standing:
        """What reaching it means."""

    @abstractmethod
    def progress(self, answers: str) -> int:
        """How many right answers of those needed there are."""

    def verdict(self, state: State, observation: Observation, scale: Scale) -> Verdict:
        """Latches: the better of what was and what the window says, or one down after a failed review."""
        answers = _window(state).answers
        if is_failed_review(state, observation):
            lower = state.standing.one_down()
            return Verdict(Window(WRONG), lower, scale.for_standing(lower), "review")
        counts = observation.is_attempt
        if counts:
            answers = (answers + mark(observation))[-self.seen :]
        standing = max(state.standing, self.reached(answers))
        return Verdict(Window(answers), standing, scale.for_standing(standing), "review", counts)

    def reached(self, answers: str) -> Standing:
        """What a window alone says."""
        progress = self.progress(answers)
        if progress >= self.needed and RIGHT in answers:
            return self.top
        return Standing.DEVELOPING if progress * 2 >= self.needed else Standing.STARTED

    def because(self, state: State, scale: Scale) -> Explanation:
        """The window, and since when the level is kept where the window alone no longer gives it."""
        del scale
        answers = _window(state).answers
        if not answers:
            return Explanation("begun", {})
        values = {"right": self._told(answers), "seen": len(answers)}
        return told(self.kind, values, state, kept=state.standing > self.reached(answers))

    def _told(self, answers: str) -> int:
        return right_in(answers)


@dataclass(frozen=True, slots=True)
class NOfM(Counted):
    """Secure (or ``reaches``) with ``n`` right of the last ``m`` first attempts; Developing with half of ``n``.

    Source: Kolibri's ``m_of_n`` (progress is the right ones among the last, of those needed; only first attempts; it stays).
    Raises ``ValueError`` unless 1 ≤ n ≤ m ≤ 50.
    """

    kind: ClassVar[str] = "n-of-m"
    n: int = 4
    m: int = 5
    reaches: Standing = Standing.SECURE

    def __post_init__(self) -> None:
        if not 1 <= self.n <= self.m <= LONGEST or not self.reaches.is_secure:
            raise ValueError("n of m wants 1 ≤ n ≤ m ≤ 50, and reaches Secure or Mastered")

    @property
    def seen(self) -> int:
        """The last m."""
        return self.m

    @property
    def needed(self) -> int:
        """n of them."""
        return self.n

    @property
    def top(self) -> Standing:
        """What it reaches."""
        return self.reaches

    def progress(self, answers: str) -> int:
        """The right ones."""
        return right_in(answers)

    def missing(self, state: State, scale: Scale) -> Explanation | None:
        """So many right of the next so many."""
        return _missing(self, state, scale, self.m)


@dataclass(frozen=True, slots=True)
class InARow(Counted):
    """Secure (or ``reaches``) with ``n`` right first attempts in a row; Developing with half of them in a row.

    Source: Kolibri's ``num_correct_in_a_row``. Raises ``ValueError`` unless 1 ≤ n ≤ 50.
    """

    kind: ClassVar[str] = "in-a-row"
    n: int = 3
    reaches: Standing = Standing.SECURE

    def __post_init__(self) -> None:
        if not 1 <= self.n <= LONGEST or not self.reaches.is_secure:
            raise ValueError("in a row wants 1 ≤ n ≤ 50, and reaches Secure or Mastered")

    @property
    def seen(self) -> int:
        """The last n."""
        return self.n

    @property
    def needed(self) -> int:
        """All of them."""
        return self.n

    @property
    def top(self) -> Standing:
        """What it reaches."""
        return self.reaches

    def progress(self, answers: str) -> int:
        """The right ones since the last wrong one."""
        return len(answers) - (answers.rfind(WRONG) + 1)

    def _told(self, answers: str) -> int:
        return self.progress(answers)

    def missing(self, state: State, scale: Scale) -> Explanation | None:
        """So many more right in a row."""
        return _missing(self, state, scale, None)


def _missing(rule: Counted, state: State, scale: Scale, m: int | None) -> Explanation | None:
    answers = _window(state).answers
    if state.standing >= rule.top:
        return None
    half = (rule.needed + 1) // 2
    to_develop = state.standing < Standing.DEVELOPING and half < rule.needed
    level = scale.for_standing(Standing.DEVELOPING if to_develop else rule.top)
    name = level.name if level else ""
    progress = rule.progress(answers)
    if progress >= rule.needed:
        return Explanation("missing.own", {"level": name})
    needed = half if to_develop else rule.needed
    if m is None:
        return missing_right(name, needed - progress, needed - progress)
    return missing_right(name, *to_go(answers, needed, m))


def _window(state: State) -> Window:
    if not isinstance(state.memory, Window):
        raise TypeError("this state belongs to another rule")
    return state.memory
