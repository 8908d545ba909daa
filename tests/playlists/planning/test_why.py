"""Reasons as JSON and as sentences."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.playlists.planning import why
from lti_tool.playlists.planning.base import Clash, Conflict, Nothing, Reason, Why
from tests.playlists.planning.made import any_case, ident

NAMES = {1: "Comparing fractions", 2: "Adding fractions"}


@given(any_case)
def test_every_reason_of_a_plan_comes_back_from_json_and_makes_sentences(case: object) -> None:
    for step in case.plan().steps:  # type: ignore[attr-defined]
        assert why.of_json(why.to_json(step.why)) == step.why
        for to in why.To:
            said = why.sentence(step.why, {}, to)
            assert said.endswith((".", "?"))
            assert "%(" not in said


@given(
    st.builds(
        Why,
        st.sampled_from(Reason),
        st.none() | st.sampled_from(Reason),
        st.lists(st.integers(1, 9), max_size=2).map(tuple),
        st.lists(st.integers(1, 9), max_size=2).map(tuple),
        st.none() | st.integers(0, 9),
        st.none() | st.dates(),
        st.text(max_size=5),
    )
)
def test_any_reason_comes_back_from_json(reason: Why) -> None:
    assert why.of_json(why.to_json(reason)) == reason
    assert why.sentence(reason, NAMES)


@pytest.mark.parametrize("data", [{}, {"reason": "because"}, {"reason": "review", "on": 3}, {"reason": None}, []])
def test_what_is_no_reason_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"reason|valid"):
        why.of_json(data)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reason", "student", "teacher"),
    [
        (
            Why(Reason.UNLOCKS, competencies=(1,), count=5),
            "You can begin this now, and you need it for: Comparing fractions, and 4 more.",
            "No prerequisite is known to be missing, and Comparing fractions and 4 more build on it.",
        ),
        (
            Why(Reason.UNLOCKS, competencies=(1,), count=2),
            "You can begin this now, and you need it for: Comparing fractions, and one more.",
            "No prerequisite is known to be missing, and Comparing fractions and one more build on it.",
        ),
        (
            Why(Reason.UNLOCKS, competencies=(1,), count=1),
            "You can begin this now, and you need it for: Comparing fractions.",
            "No prerequisite is known to be missing, and Comparing fractions builds on it.",
        ),
        (
            Why(Reason.SHOW, Reason.UNLOCKS, (1,), (2,), 3),
            "Show that you can do this: Comparing fractions. You need it for: Adding fractions, and 2 more.",
            "Can show Comparing fractions now. Adding fractions and 2 more build on it.",
        ),
        (
            Why(Reason.SHOW, Reason.GOAL, (1,), (1,)),
            "Show that you can do this: Comparing fractions. It is your goal.",
            "Can show Comparing fractions now. It is the student’s goal.",
        ),
        (
            Why(Reason.PRACTISE, Reason.GOAL, (1,), (2,)),
            "Practice for Comparing fractions. It leads to your goal: Adding fractions.",
            "Practice for Comparing fractions, before it is shown. It leads to the student’s goal: Adding fractions.",
        ),
        (
            Why(Reason.REVIEW, Reason.CONFIRM, (1,), on=date(2026, 11, 20)),
            "Time to look at Comparing fractions again, so that it stays with you. "
            "If it goes well, this can show that you have mastered it.",
            "A review of Comparing fractions, due since Nov 20, 2026. It can confirm Mastered.",
        ),
        (
            Why(Reason.STUCK, competencies=(2,), count=4),
            "Adding fractions was hard so far. Talk with your teacher about how to go on.",
            "Stuck on Adding fractions after 4 failed tries in a row: a conference.",
        ),
        (
            Why(Reason.PRACTISE, Reason.INTEREST, (2,), topic="space"),
            "Practice for Adding fractions. It is about space, which you like.",
            "Practice for Adding fractions, before it is shown. It is about space, an interest.",
        ),
    ],
)
def test_sentences_are_plain(reason: Why, student: str, teacher: str) -> None:
    assert why.sentence(reason, NAMES) == student
    assert why.sentence(reason, NAMES, "teacher") == teacher


def test_students_never_read_a_number_of_failures_or_a_chance() -> None:
    for reason in Reason:
        said = why.sentence(Why(reason, competencies=(1,), count=17, on=date(2026, 1, 2), topic="space"), NAMES)
        assert "17" not in said or reason is Reason.UNLOCKS
        assert "%" not in said


def test_why_there_is_nothing_is_said_with_what_to_do() -> None:
    for nothing in Nothing:
        for to in why.To:
            assert why.nothing_sentence(nothing, to).endswith(".")
    assert "your teacher" in why.nothing_sentence(Nothing.NO_ITEMS)


def test_conflicts_are_sentences() -> None:
    for clash in Clash:
        said = why.conflict_sentence(Conflict(clash, ident(1), 1), NAMES, "Quiz 3")
        assert said.endswith(".")
        assert "Quiz 3" in said or "Comparing fractions" in said or clash is Clash.PIN_IS_GONE
    assert "An item" in why.conflict_sentence(Conflict(Clash.PIN_IS_BANNED, ident(1)), NAMES)
