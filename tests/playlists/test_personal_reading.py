"""What planning is told of a learner's work: tries, what is finished, and when."""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from lti_tool.mastery import prediction
from lti_tool.playlists.models import StepState
from lti_tool.playlists.personal import Book, by_item, done_with, predicting
from lti_tool.playlists.personal_queries import AnswerRow, CourseTimes, WorkRow
from lti_tool.playlists.planning.base import Learner, Settings
from lti_tool.playlists.planning.choosing import Chooser
from lti_tool.playlists.planning.knowing import know
from tests.playlists.planning.made import course, ident, thing

NINE = datetime(2026, 9, 7, 9, tzinfo=UTC)
ADA = ident(900)


def book() -> Book:
    """One competency with three pages and a quiz."""
    items = [thing(number, (1, "teaches")) for number in range(1, 4)]
    items.append(thing(4, (1, "assesses"), kind="quiz"))
    compiled = course("a", (), items)
    return Book(CourseTimes(None, None, None, None, None), compiled, {}, compiled.items, {}, (), None)


def page(number: int, hours: float) -> WorkRow:
    """A page, opened some hours after nine and marked five minutes later."""
    at = NINE + timedelta(hours=hours)
    return WorkRow(ADA, uuid.uuid4(), ident(number), StepState.DONE, at, at + timedelta(minutes=5), None)


def quiz(points: int, hours: float) -> AnswerRow:
    """A result of the quiz, of ten points."""
    at = NINE + timedelta(hours=hours)
    return AnswerRow(ADA, ident(4), f"try {hours}", at, Decimal(points), Decimal(10), 80.0)


def test_what_came_before_a_try_of_the_same_day_is_not_taken_for_what_came_after() -> None:
    made = book()
    items = done_with(made, [page(1, 0), page(2, 1), page(3, 3)], [quiz(3, 2)])
    learner, how, today = Learner(items=items), Settings(), NINE.date()
    chooser = Chooser(made.course, learner, how, know(made.course, learner, how, today), today)
    assert chooser.since_try(0) == 1


def test_tries_and_days_are_counted() -> None:
    items = done_with(book(), [page(1, 0)], [quiz(3, 1), quiz(4, 25), quiz(9, 49), quiz(2, 73)])
    tried, read = items[ident(4)], items[ident(1)]
    assert (tried.tries, tried.failed, tried.finished) == (4, 1, True)
    assert tried.last_at == NINE + timedelta(hours=73)
    assert tried.last_on == NINE.date() + timedelta(days=3)
    assert (read.tries, read.finished, read.last_at) == (0, True, NINE + timedelta(minutes=5))


def test_a_quiz_is_as_hard_as_the_questions_of_it_that_somebody_has_answered() -> None:
    quiz_id, task_id, competency = ident(4), ident(5), SimpleNamespace(id=ident(70))
    model = prediction.default()
    shared = {"model": model.name, **model.new_shared()}
    shared["items"] = {f"{quiz_id.hex}:q1": [2.0, 9], f"{quiz_id.hex}:q2": [-1.0, 9], task_id.hex: [2.0, 9]}
    predict = predicting(by_item(shared), {}, cast("Any", {0: competency}), NINE.timestamp())

    def alone(item: str | None) -> float:
        return model.predict(shared, model.new_learner(), competency.id.hex, item, NINE.timestamp())

    assert predict(0, quiz_id) == pytest.approx((alone(f"{quiz_id.hex}:q1") + alone(f"{quiz_id.hex}:q2")) / 2)
    assert predict(0, task_id) == alone(task_id.hex) < predict(0, quiz_id)
    assert predict(0, ident(6)) == predict(0, None) == alone(None)
