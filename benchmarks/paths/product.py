"""What the product knows of a class: evidence by its own level rules and predictions, and paths by its own planner.

The pure modules decide, as they do in the product; pages, database and gradebook are not in the loop.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from benchmarks.paths.courses import Bank, Placement, Question, Subject
from lti_tool.checks import ability, selecting
from lti_tool.checks.finishing import MOST_ANSWERS
from lti_tool.checks.selecting import USUAL_COUNT
from lti_tool.competencies.rules_graph import descendants
from lti_tool.mastery import prediction, rules
from lti_tool.mastery.pieces import WHOLE_COUNTS
from lti_tool.mastery.prediction import version_due
from lti_tool.mastery.rules import AlignedItem, Criterion, DefaultLadder, Standing, default_scale, fitted
from lti_tool.playlists.planning.base import Done, Item, Learner, Plan, Planned, Reason, Settings, Walked
from lti_tool.playlists.planning.planner import plan

PASSING = Decimal("0.8")

Predict = Callable[[int, uuid.UUID | None], float]


@dataclass(slots=True)
class Record:
    """What is known of one student."""

    name: str
    levels: dict[int, rules.State] = field(default_factory=dict)
    known: prediction.State = field(default_factory=dict)
    items: dict[uuid.UUID, Done] = field(default_factory=dict)
    walked: list[Walked] = field(default_factory=list)
    answers: list[prediction.Observation] = field(default_factory=list)
    right_at: dict[int, datetime] = field(default_factory=dict)


class Product:
    """The course as the product has it, and its class. ``whole_only``: the platform tells whole scores alone.

    ``adaptive``: checks with enough questions choose by the answers so far; without, they ask theirs in order.
    """

    def __init__(self, subject: Subject, settings: Settings, *, whole_only: bool, adaptive: bool = False) -> None:
        self.subject = subject
        self.settings = settings
        self.whole_only = whole_only
        self.adaptive = adaptive
        self.difficulties: dict[str, tuple[float, int]] = {}
        """Of questions, by id: how hard, and of how many first answers that was learned."""
        self.answered: set[tuple[str, str]] = set()
        self.attempts = 0
        self.model = prediction.default()
        self.shared = self.model.new_shared()
        self.answers: list[prediction.Observation] = []
        self.criteria = {
            one.number: Criterion(
                fitted(
                    DefaultLadder(),
                    [
                        AlignedItem(item.id.hex, whole=self.is_whole(item), times=None)
                        for item in subject.course.assesses[bit]
                    ],
                ),
                default_scale(),
            )
            for bit, one in enumerate(subject.course.competencies)
        }
        self.records: list[Record] = []
        self._above = {
            one.number: descendants(subject.edges, one.number, rules.REACH) for one in subject.course.competencies
        }

    def is_whole(self, item: Item) -> bool:
        """Whether an item tells a whole score rather than answers."""
        if item.adapts:
            return False
        return self.whole_only or item.kind != "quiz"

    def student(self) -> Record:
        """A new student of the class."""
        record = Record(f"s{len(self.records)}", known=self.model.new_learner())
        self.records.append(record)
        return record

    # --- Evidence -----------------------------------------------------------------------------------------------------

    def result(self, record: Record, item: Item, answers: list[bool], at: datetime) -> bool:
        """Takes in a try; whether it reached the passing mark."""
        share = Decimal(sum(answers)) / len(answers)
        if self.is_whole(item):
            told = [(item.id.hex, share, True)]
        else:
            told = [(f"{item.id.hex}:{place}", Decimal(right), False) for place, right in enumerate(answers)]
        return self._take(record, item, share, told, at)

    def _take(
        self, record: Record, item: Item, share: Decimal, told: Sequence[tuple[str, Decimal, bool]], at: datetime
    ) -> bool:
        passed = share >= PASSING
        self._tell(record, item.aims[0].competency, told, at)
        done = record.items.get(item.id, Done())
        record.items[item.id] = Done(
            done.tries + 1, 0 if passed else done.failed + 1, done.finished or passed, at.date(), last_at=at
        )
        return passed

    def _tell(self, record: Record, number: int, told: Sequence[tuple[str, Decimal, bool]], at: datetime) -> None:
        """Takes in what is told of a competency, one thing after the other."""
        criterion = self.criteria[number]
        state = record.levels.get(number) or criterion.start()
        for place, (task, earned, whole) in enumerate(told):
            moment = at.replace(microsecond=place)
            observation = rules.Observation(
                f"{at.timestamp():.0f} {place} {task}",
                moment,
                moment,
                earned,
                Decimal(1),
                PASSING,
                item=task,
                whole=whole,
            )
            state = criterion.step(state, observation)
            if rules.practises(observation):
                record.right_at[number] = moment
            # As ``mastery.pieces`` tells predictions: of a whole score its share, and as several answers.
            answer = prediction.Observation(record.name, str(number), float(earned), task, moment.timestamp())
            for _ in range(WHOLE_COUNTS if whole else 1):
                self.model.update(self.shared, record.known, answer, learn=False)
                record.answers.append(answer)
                self.answers.append(answer)
        record.levels[number] = state

    # --- Checks -------------------------------------------------------------------------------------------------------

    def check(
        self, record: Record, item: Item, bank: Bank, answer: Callable[[Question], bool], at: datetime
    ) -> tuple[list[Question], bool]:
        """An attempt at a check: what it asked, and whether its result reached the passing mark."""
        questions = {one.id: one for one in (*bank.among, *bank.own)}
        known = {one.id: self._as_known(one) for one in questions.values()}
        given: list[ability.Given] = []
        if self.adaptive:
            self.attempts += 1
            among = [known[one.id] for one in bank.among]
            while (found := selecting.next_one(among, given, len(bank.own), self.attempts)) is not None:
                if selecting.is_beyond(among, given, found):
                    break
                given.append(ability.Given(known[found], float(answer(questions[found]))))
            share = self._worth(among, given)
            right = ability.told_as(float(share), min(len(given), MOST_ANSWERS))
            told = [(item.id.hex, Decimal(one), False) for one in right]
        else:
            given = [ability.Given(known[one.id], float(answer(one))) for one in bank.own]
            share = Decimal(sum(one.share for one in given)) / len(given)
            told = [(f"{item.id.hex}:{one.item.id}", Decimal(one.share), False) for one in given]
        self._learn_difficulties(record, given)
        return [questions[one.item.id] for one in given], self._take(record, item, share, told, at)

    # --- Placement ----------------------------------------------------------------------------------------------------

    def place(
        self, record: Record, placement: Placement, answer: Callable[[Question], bool], at: datetime
    ) -> list[Question]:
        """The placement check: what it asked. Of each competency that it asked about it tells, as ``checks.finishing`` does, what
        all of its questions would have shown, as so many answers as were given there.
        """
        questions = {one.id: one for one in placement.among}
        known = {
            key: replace(self._as_known(one), competencies=(str(placement.about[key]),))
            for key, one in questions.items()
        }
        among = list(known.values())
        given: list[ability.Given] = []
        self.attempts += 1
        while (found := selecting.next_one(among, given, USUAL_COUNT, self.attempts)) is not None:
            if selecting.is_beyond(among, given, found):
                break
            given.append(ability.Given(known[found], float(answer(questions[found]))))
        where = ability.estimate(given, [about for one in among for about in one.about])
        right = {one.item.id: one.share for one in given}
        for about in sorted({one.item.about[0] for one in given}, key=int):
            shares = [right.get(one.id, ability.chance(where.of(one), one)) for one in among if about in one.about]
            count = min(sum(about in one.item.about for one in given), MOST_ANSWERS)
            told = ability.told_as(sum(shares) / len(shares), count)
            task = placement.item.id.hex
            self._tell(record, int(about), [(task, Decimal(one), False) for one in told], at)
        self._learn_difficulties(record, given)
        # Any result of it will do, whether or not it reached the passing mark; mostly it does not.
        record.items[placement.item.id] = Done(1, 1, True, at.date(), last_at=at)
        return [questions[one.item.id] for one in given]

    def _as_known(self, question: Question) -> ability.Item:
        return ability.Item(question.id, self.difficulties.get(question.id, (0.0, 0))[0], question.guess)

    @staticmethod
    def _worth(among: Sequence[ability.Item], given: Sequence[ability.Given]) -> Decimal:
        found = ability.estimate(given, [ability.NOTHING])
        asked = {one.item.id: one.share for one in given}
        shares = [asked.get(one.id, ability.chance(found.of(one), one)) for one in among]
        return Decimal(str(round(sum(shares) / len(shares), 6)))

    def _learn_difficulties(self, record: Record, given: Sequence[ability.Given]) -> None:
        """From each student's first answer to a question, as ``checks.finishing`` does."""
        if all((record.name, one.item.id) in self.answered for one in given):
            return
        for one, where in zip(given, ability.without_each(given), strict=True):
            if (record.name, one.item.id) not in self.answered:
                self.answered.add((record.name, one.item.id))
                _, answers = self.difficulties.get(one.item.id, (0.0, 0))
                self.difficulties[one.item.id] = (ability.learned(one.item, answers, where, one.share), answers + 1)

    def marked(self, record: Record, item: Item, at: datetime) -> None:
        """Takes in that a student opened an item that tells no result, and marked it."""
        record.items[item.id] = Done(1, 0, True, at.date(), last_at=at)

    def evening(self) -> None:
        """A new version of the course's difficulties, where there are a quarter as many answers again."""
        if not version_due(self.shared["answers"], len(self.answers)):
            return
        self.answers.sort(key=lambda one: (one.at or 0.0, one.learner))
        self.shared = self.model.fit(self.answers)
        for record in self.records:
            record.known = self.model.replay(self.shared, record.known, record.answers)

    # --- Paths --------------------------------------------------------------------------------------------------------

    def standing(self, record: Record, number: int) -> Standing:
        """The level of a competency now."""
        state = record.levels.get(number)
        return state.standing if state else Standing.NOT_STARTED

    def predict(self, record: Record, at: datetime) -> Predict:
        """The chance of success: with an item that has questions, the mean over those that were answered before."""
        moment = at.timestamp()
        difficulties = self.shared["items"]

        def predicted(number: int, item: uuid.UUID | None) -> float:
            name = str(number)
            if item is None:
                return self.model.predict(self.shared, record.known, name, None, moment)
            asked = [task for task in self._tasks(item) if task in difficulties] or [None]
            chances = [self.model.predict(self.shared, record.known, name, task, moment) for task in asked]
            return sum(chances) / len(chances)

        return predicted

    def _tasks(self, item: uuid.UUID) -> list[str]:
        if self.is_whole(self.subject.course.items[item]):
            return [item.hex]
        bank = self.subject.banks.get(item)
        if self.subject.placement is not None and item == self.subject.placement.item.id:
            return [item.hex]
        if bank is not None:
            # What an adaptive attempt tells is of all questions.
            return [item.hex] if self.adaptive else [f"{item.hex}:{one.id}" for one in bank.own]
        return [f"{item.hex}:{place}" for place in range(5)]

    def learner(self, record: Record, at: datetime) -> Learner:
        """What planning is given."""
        return Learner(
            standings={number: state.standing for number, state in record.levels.items()},
            predict=self.predict(record, at),
            place_first=self.settings.placement is not None and not record.items,
            reviews=self._reviews(record),
            items=record.items,
            walked=record.walked,
        )

    def _reviews(self, record: Record) -> dict[int, date]:
        """When reviews are due, with the credit that harder work gives."""
        found = {}
        for number, state in record.levels.items():
            if state.review.due_at is None or not state.standing.is_secure:
                continue
            above = self._above[number].items()
            harder = [rules.Harder(record.right_at[one], far) for one, far in above if one in record.right_at]
            due_at = rules.with_credit(state.review, harder).due_at
            if due_at is not None:
                found[number] = due_at.date()
        return found

    def plan(self, record: Record, at: datetime, predict: Predict | None = None) -> Plan:
        """The path ahead; by the product's own predictions unless others are given."""
        learner = self.learner(record, at)
        if predict is not None:
            learner = replace(learner, predict=predict)
        return plan(self.subject.course, learner, self.settings, at.date())

    @staticmethod
    def walk(record: Record, step: Planned, on: date) -> None:
        """Notes that a step is done."""
        reason = step.why.reason
        record.walked.insert(
            0,
            Walked(
                step.item,
                step.competency,
                step.role,
                on,
                remedial=reason is Reason.REMEDIAL,
                another_way=reason is Reason.ANOTHER_WAY,
            ),
        )
