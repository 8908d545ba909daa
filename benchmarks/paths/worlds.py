"""Made-up classes whose truth is known: what students can do, how they learn and forget. The product never sees any of it.

Real students are not like this. Two kinds of world that share no formula keep a path from being good only at guessing its own
model; and what is assumed can be varied.
"""

import math
import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.paths.courses import MINUTES_A_QUESTION, Question, Subject
from lti_tool.playlists.planning.base import Does, Item

QUESTIONS = 5
"""In each quiz of the platform's; a task has as many parts and tells only its whole score."""

SPREAD = 1.3
"""How different a check's questions are, in log-odds (standard deviation), as in ``benchmarks/checks``."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """What is assumed of a class and can be varied. Factors are relative to the usual."""

    learning: float = 1.0
    forgetting: float = 1.0
    spread: float = 1.0
    """How different the students are."""
    minutes: float = 36.0
    """A student's minutes a school day: twelve hours in four weeks."""
    speed: float = 0.2
    """The spread (standard deviation of the logarithm) of how long students take."""
    gate: float = 2.0
    """How much weak prerequisites hold learning up: the power of their mastery, three quarters being all that is needed."""
    spacing: float = 0.7
    """What is left of the pace of forgetting after each day on which something was answered; 1: no spacing effect."""
    zone_helps: bool = True
    """Whether one learns more from work that is neither too easy nor out of reach."""


@dataclass(slots=True)
class Pupil:
    """One student's hidden truth. What ``state`` means is the world's affair: a list of numbers for each competency."""

    pace: float
    rate: float
    state: dict[int, list[float]]
    base: dict[int, list[float]] = field(default_factory=dict)
    taught: dict[int, int] = field(default_factory=dict)
    calm: dict[int, int] = field(default_factory=dict)
    """By competency: on how many days something of it was answered."""
    today: set[int] = field(default_factory=set)


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def helps(p: float) -> float:
    """How much of what work can teach it does teach, by its true chance of success: all within the zone, less outside."""
    if p < 0.6:
        return 0.4 + p
    return 1.0 if p <= 0.85 else 1.0 - (p - 0.85) * 4.0


class World(ABC):
    """Truth for one course and one class, from a seed."""

    name = ""
    whole_only = False
    """Whether all that is ever told is the whole score of a task."""

    def __init__(self, subject: Subject, assumed: Assumed, seed: int) -> None:
        self.subject = subject
        self.assumed = assumed
        self.chance = random.Random(f"{self.name} {subject.name} {seed}")
        self.before: dict[int, list[int]] = {one.number: [] for one in subject.course.competencies}
        for earlier, later in subject.edges:
            self.before[later].append(earlier)
        self._build()
        # Luck of their own, so that the students are the same with checks and without.
        self._build_questions(random.Random(f"{self.name} {subject.name} {seed} questions"))

    @abstractmethod
    def _build(self) -> None:
        """Draw what belongs to the course."""

    def _build_questions(self, chance: random.Random) -> None:  # noqa: B027 - a world may have nothing to draw.
        """Draw what belongs to the questions of its checks."""

    @abstractmethod
    def right(self, pupil: Pupil, question: Question) -> float:
        """The true chance of a right answer to a check's question now."""

    def _asked(self, item: Item, asked: Sequence[Question]) -> Sequence[Question]:
        """Of a check what was asked, or else what it asks in its order; nothing of anything else."""
        bank = self.subject.banks.get(item.id)
        return asked or (bank.own if bank else ())

    def speed(self) -> float:
        """How many times the estimate a student takes."""
        return math.exp(self.chance.gauss(0.0, self.assumed.speed))

    @abstractmethod
    def pupil(self) -> Pupil:
        """A new student."""

    @abstractmethod
    def expected(self, pupil: Pupil, item: Item, asked: Sequence[Question] = ()) -> float:
        """The true chance of success with an item now: the expected share of its points, of a check those of what is asked."""

    @abstractmethod
    def answers(self, pupil: Pupil, item: Item, chance: random.Random) -> list[bool]:
        """A try at an item that is no check: each question's or part's answer."""

    @abstractmethod
    def learn(self, pupil: Pupil, item: Item, strength: float = 1.0, asked: Sequence[Question] = ()) -> None:
        """What working through an item leaves behind, of a check by what was asked."""

    @abstractmethod
    def night(self, pupil: Pupil) -> None:
        """What a day takes away."""

    def _ready(self, pupil: Pupil, competency: int) -> float:
        """What share of the usual is learned, by the true mastery of what a competency builds on: a tenth at least."""
        ready = [min(self.mastery(pupil, one) / 0.75, 1.0) ** self.assumed.gate for one in self.before[competency]]
        return 0.1 + 0.9 * (sum(ready) / len(ready) if ready else 1.0)

    def _pace_of_forgetting(self, pupil: Pupil, competency: int) -> float:
        return self.assumed.forgetting * self.assumed.spacing ** pupil.calm.get(competency, 0)

    def evening(self, pupil: Pupil) -> None:
        """What was answered on a day is forgotten more slowly from then on."""
        for competency in pupil.today:
            pupil.calm[competency] = pupil.calm.get(competency, 0) + 1
        pupil.today.clear()

    @abstractmethod
    def mastery(self, pupil: Pupil, competency: int) -> float:
        """True mastery of a competency, 0 to 1."""


class EloWorld(World):
    """Strengths in log-odds: ability, what is known of each competency, and the difficulty of items.

    Work adds to a competency's strength: by its kind and minutes, less the more is known, less for more of the same, less where
    prerequisites are weak, and (for what is answered) most where the chance of success is within the zone. A day takes back a
    share of what was learned.
    """

    name = "strengths"
    START, TOPIC, ITEM, ABILITY, INSIDE = -0.6, 0.5, 0.6, 1.0, 0.5

    def _build(self) -> None:
        self.hard: Mapping[int, float] = {n: self.chance.gauss(0, self.TOPIC) for n in self.before}
        self.item = {item.id: self.chance.gauss(0, self.ITEM) for item in self.subject.items}

    def pupil(self) -> Pupil:
        ability = self.chance.gauss(0, self.ABILITY * self.assumed.spread)
        state = {
            n: [self.START + ability - self.hard[n] + self.chance.gauss(0, self.INSIDE * self.assumed.spread)]
            for n in self.before
        }
        rate = math.exp(self.chance.gauss(0.15 * ability, 0.25))
        return Pupil(self.speed(), rate, state, {n: list(values) for n, values in state.items()})

    def _build_questions(self, chance: random.Random) -> None:
        within = math.sqrt(SPREAD**2 - self.ITEM**2)
        self.topic_of = {item.id: item.aims[0].competency for item in self.subject.items}
        self.question: dict[str, float] = {}
        banks = [(*bank.own, *bank.among) for bank in self.subject.banks.values()]
        placement = self.subject.placement
        for some in (*banks, placement.among if placement else ()):
            for one in some:
                if one.id not in self.question:
                    self.question[one.id] = self.item[one.item] + chance.gauss(0.0, within)

    def right(self, pupil: Pupil, question: Question) -> float:
        known = _logistic(pupil.state[self.topic_of[question.item]][0] - self.question[question.id])
        return question.guess + (1.0 - question.guess) * known

    def expected(self, pupil: Pupil, item: Item, asked: Sequence[Question] = ()) -> float:
        if questions := self._asked(item, asked):
            return sum(self.right(pupil, one) for one in questions) / len(questions)
        return _logistic(pupil.state[item.aims[0].competency][0] - self.item[item.id])

    def answers(self, pupil: Pupil, item: Item, chance: random.Random) -> list[bool]:
        p = self.expected(pupil, item)
        return [chance.random() < p for _ in range(QUESTIONS)]

    def learn(self, pupil: Pupil, item: Item, strength: float = 1.0, asked: Sequence[Question] = ()) -> None:
        competency, does = item.aims[0].competency, item.aims[0].does
        known = self.mastery(pupil, competency)
        minutes = len(self._asked(item, asked)) * MINUTES_A_QUESTION or item.minutes or 10
        gain = {Does.TEACHES: 0.030, Does.PRACTISES: 0.035, Does.ASSESSES: 0.025}[does] * minutes
        if does is Does.TEACHES:
            gain *= 0.85 ** pupil.taught.get(competency, 0)
            pupil.taught[competency] = pupil.taught.get(competency, 0) + 1
        elif self.assumed.zone_helps:
            gain *= helps(self.expected(pupil, item, asked))
        if does is Does.ASSESSES:
            pupil.today.add(competency)
        gain *= self._ready(pupil, competency)
        gain *= min(2.0 * (1.0 - known), 1.2)
        pupil.state[competency][0] += gain * strength * pupil.rate * self.assumed.learning

    def night(self, pupil: Pupil) -> None:
        for n, values in pupil.state.items():
            base = pupil.base[n][0]
            values[0] = base + (values[0] - base) * math.exp(-0.03 * self._pace_of_forgetting(pupil, n))

    def mastery(self, pupil: Pupil, competency: int) -> float:
        return _logistic(pupil.state[competency][0])


class ComponentsWorld(World):
    """Each competency is five things that are known or not; no ability, no difficulty, no logistic curve.

    A question asks for one of them: known, it is right but for a slip; not known, wrong but for a guess. Teaching shows two of
    them, practice three, a quiz all five, a task three; each that is not known is then learned with the student's own chance
    (six tenths of it from what is answered), less where less is known of what comes before. Each night each known one may be
    forgotten.
    """

    name = "components"
    PARTS, SLIP, GUESS = 5, 0.08, 0.2

    def _build(self) -> None:
        self.topic_of = {item.id: item.aims[0].competency for item in self.subject.items}
        self.covers: dict[object, list[int]] = {}
        turn: dict[tuple[int, Does], int] = {}
        for item in self.subject.items:
            aim = item.aims[0]
            count = {Does.TEACHES: 2, Does.PRACTISES: 3}.get(aim.does, 5 if item.kind == "quiz" else 3)
            begin = turn.get((aim.competency, aim.does), 0)
            turn[aim.competency, aim.does] = begin + count
            self.covers[item.id] = [(begin + k) % self.PARTS for k in range(count)]
        depth: dict[int, int] = {}
        for one in self.subject.course.competencies:
            before = self.before[one.number]
            depth[one.number] = 1 + max((depth[n] for n in before), default=-1)
        most = max(depth.values()) or 1
        self.early = {n: 1.0 - depth[n] / most for n in depth}

    def pupil(self) -> Pupil:
        able = min(max(self.chance.gauss(0.5, 0.25 * self.assumed.spread), 0.0), 1.0)
        state = {}
        for n in self.before:
            prior = min(max(0.1 + 0.5 * able + 0.35 * able * self.early[n] - 0.1, 0.03), 0.9)
            state[n] = [float(self.chance.random() < prior) for _ in range(self.PARTS)]
        return Pupil(self.speed(), 0.2 + 0.3 * able, state)

    def _parts(self, item: Item, asked: Sequence[Question]) -> list[int]:
        """The things that an item is about; of a check those of what is asked."""
        questions = self._asked(item, asked)
        return [self._part(one) for one in questions] if questions else self.covers[item.id]

    def _part(self, question: Question) -> int:
        """Questions of a quiz take turns, from where the quiz begins."""
        return (self.covers[question.item][0] + question.place) % self.PARTS

    def right(self, pupil: Pupil, question: Question) -> float:
        return self._right(pupil.state[self.topic_of[question.item]][self._part(question)])

    def expected(self, pupil: Pupil, item: Item, asked: Sequence[Question] = ()) -> float:
        state, covers = pupil.state[item.aims[0].competency], self._parts(item, asked)
        return sum(self._right(state[part]) for part in covers) / len(covers)

    def answers(self, pupil: Pupil, item: Item, chance: random.Random) -> list[bool]:
        state, covers = pupil.state[item.aims[0].competency], self.covers[item.id]
        asked = [covers[k % len(covers)] for k in range(QUESTIONS)]
        return [chance.random() < self._right(state[part]) for part in asked]

    def _right(self, known: float) -> float:
        return 1.0 - self.SLIP if known else self.GUESS

    def _catches(self, pupil: Pupil, item: Item) -> float:
        """The chance that a thing which an item shows is learned, where it was not known."""
        chance = pupil.rate * self._ready(pupil, item.aims[0].competency) * self.assumed.learning
        return chance * (0.6 if item.aims[0].does is Does.ASSESSES else 1.0)

    def expected_gain(self, pupil: Pupil, item: Item) -> float:
        """How much true mastery working through an item is expected to add now."""
        state = pupil.state[item.aims[0].competency]
        new = sum(not state[part] for part in set(self._parts(item, ())))
        return new * self._catches(pupil, item) / self.PARTS

    def learn(self, pupil: Pupil, item: Item, strength: float = 1.0, asked: Sequence[Question] = ()) -> None:
        competency, does = item.aims[0].competency, item.aims[0].does
        if does is Does.ASSESSES:
            pupil.today.add(competency)
        chance = self._catches(pupil, item) * strength
        state = pupil.state[competency]
        # Each thing once, however many questions ask for it.
        for part in dict.fromkeys(self._parts(item, asked)):
            if not state[part] and self.chance.random() < chance:
                state[part] = 1.0

    def night(self, pupil: Pupil) -> None:
        for n, values in pupil.state.items():
            pace = 0.01 * self._pace_of_forgetting(pupil, n)
            for part, known in enumerate(values):
                if known and self.chance.random() < pace:
                    values[part] = 0.0

    def mastery(self, pupil: Pupil, competency: int) -> float:
        state = pupil.state[competency]
        return sum(state) / len(state)


class WholeScoresWorld(EloWorld):
    """As strengths, but the platform tells only the whole score of each quiz and task, never an answer."""

    name = "whole-scores"
    whole_only = True


WORLDS: Mapping[str, type[World]] = {world.name: world for world in (EloWorld, ComponentsWorld, WholeScoresWorld)}
