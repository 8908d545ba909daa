"""Rules that the aligned items can never satisfy are found while aligning, with one that they can."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.mastery import rules
from lti_tool.mastery.rules import AlignedItem, DefaultLadder, NOfM, Rule, Standing, can_satisfy, fitted, say_problem
from tests.mastery.rules.observing import ALL_RULES, seen, standing

TASK = AlignedItem("task", whole=True)
QUESTION = AlignedItem("question")


def test_four_of_five_with_one_whole_score() -> None:
    problem = can_satisfy(NOfM(4, 5), [TASK])
    assert problem is not None
    assert say_problem(problem) == "The rule needs 4 results, and what is aligned can give 1 at most."
    assert problem.alternative == DefaultLadder()


@pytest.mark.parametrize(
    ("rule", "items", "code", "alternative"),
    [
        (NOfM(4, 5), [], "no-items", rules.TeacherJudgement()),
        (NOfM(4, 5), [QUESTION] * 3, "too-few", NOfM(2, 3)),
        (NOfM(4, 5), [QUESTION], "too-few", rules.Latest()),
        (rules.InARow(3), [AlignedItem("quiz", answers=2)], "too-few", NOfM(1, 2)),
        (rules.CanvasNMastery(3), [TASK, TASK], "too-few", DefaultLadder()),
        (DefaultLadder(), [QUESTION] * 3, "too-few", NOfM(2, 3)),
        (rules.KhanLadder(), [TASK], "no-mixed", DefaultLadder()),
        (rules.Mean(), [AlignedItem("quiz", weight=Decimal(0))], "no-weight", rules.Latest()),
        (rules.Highest(), [AlignedItem("exam", whole=True, shared=True)], "only-shared", rules.TeacherJudgement()),
    ],
    ids=str,
)
def test_what_cannot_be_satisfied(rule: Rule, items: list[AlignedItem], code: str, alternative: Rule) -> None:
    problem = can_satisfy(rule, items)
    assert problem is not None
    assert (problem.code, problem.alternative) == (code, alternative)
    assert "%(" not in say_problem(problem)


@pytest.mark.parametrize(
    ("rule", "items"),
    [
        (NOfM(4, 5), [QUESTION] * 4),
        (NOfM(4, 5), [AlignedItem("quiz", answers=4)]),
        (NOfM(4, 5), [AlignedItem("quiz", times=None)]),
        (NOfM(4, 5), [AlignedItem("task", whole=True, times=4)]),
        (DefaultLadder(), [TASK]),
        (DefaultLadder(), [AlignedItem("exam", whole=True, shared=True), QUESTION, QUESTION, QUESTION, QUESTION]),
        (rules.Latest(), [QUESTION]),
        (rules.TeacherJudgement(), []),
        (rules.MoodleRating(), []),
        (rules.KhanLadder(), [TASK, AlignedItem("quiz", mixed=True)]),
        (rules.KhanLadder(), [AlignedItem("quiz", mixed=True, answers=3)]),
    ],
    ids=str,
)
def test_what_can_be_satisfied(rule: Rule, items: list[AlignedItem]) -> None:
    assert can_satisfy(rule, items) is None


items = st.builds(
    AlignedItem,
    key=st.uuids().map(str),
    whole=st.booleans(),
    shared=st.booleans(),
    mixed=st.booleans(),
    answers=st.integers(1, 6),
    times=st.none() | st.integers(1, 3),
    weight=st.decimals(0, 2, places=0),
)


@settings(deadline=None, max_examples=300)
@given(rule=st.sampled_from(ALL_RULES), aligned=st.lists(items, max_size=4))
def test_the_alternative_can_be_satisfied(rule: Rule, aligned: list[AlignedItem]) -> None:
    problem = can_satisfy(rule, aligned)
    if problem is not None and problem.alternative is not None:
        assert can_satisfy(problem.alternative, aligned) is None


@settings(deadline=None, max_examples=300)
@given(rule=st.sampled_from(ALL_RULES), aligned=st.lists(items, min_size=1, max_size=4))
def test_what_can_be_satisfied_is_by_doing_everything_right(rule: Rule, aligned: list[AlignedItem]) -> None:
    """And what is reported cannot be, however well everything is done."""
    if isinstance(rule, rules.TeacherJudgement | rules.MoodleRating):
        return
    history = []
    # Khan's ladder rises by mixed work, so that comes last, and what can lift to Familiar alone before the rest; what can be
    # presented any number of times is presented often.
    for item in sorted(aligned, key=lambda one: (one.mixed, not (one.whole and one.shared))):
        for _ in range((12 if item.times is None else item.times) * (1 if item.whole else item.answers)):
            history.append(
                seen(
                    len(history) * 0.01,
                    item=item.key,
                    whole=item.whole,
                    shared=item.shared,
                    mixed=item.mixed,
                    weight=item.weight,
                )
            )
    fits = fitted(rule, aligned)
    problem = can_satisfy(rule, aligned)
    reached = standing(fits, history) >= (Standing.MASTERED if isinstance(rule, rules.KhanLadder) else Standing.SECURE)
    assert reached == (problem is None)


def test_the_default_ladder_is_frozen_with_what_is_aligned() -> None:
    assert fitted(DefaultLadder(), [TASK, TASK, QUESTION]) == DefaultLadder(items=3, tasks=2)
    assert fitted(NOfM(4, 5), [TASK]) == NOfM(4, 5)
