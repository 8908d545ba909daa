"""How answers are marked, and how questions and answers are stored."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.cartridges import Blank, Choice, NumberRange, Question, QuestionKind
from lti_tool.sandbox.quizzes import answers_from_form, as_number, from_json, mark, plain, to_json

CHOICES = (Choice("a", "A", True), Choice("b", "B"), Choice("c", "C", True), Choice("d", "D"))
SEVERAL = Question("q1", QuestionKind.MULTIPLE_RESPONSE, "?", choices=CHOICES, points=2)
ONE = Question("q1", QuestionKind.MULTIPLE_CHOICE, "?", choices=CHOICES[:2])
ESSAY = Question("q1", QuestionKind.ESSAY, "?", points=3)
WORDS = Question("q1", QuestionKind.SHORT_ANSWER, "?", accepted=("Paris", "Île de la Cité"))
NUMBER = Question("q1", QuestionKind.NUMERICAL, "?", ranges=(NumberRange(0.3, 0.3), NumberRange(5, 6)))
ROWS = Question(
    "q1",
    QuestionKind.MATCHING,
    "?",
    blanks=(Blank("r1", "x", CHOICES[:2]), Blank("r2", "y", accepted=("nine", "9")), Blank("r3", "z", CHOICES[:2])),
)


@pytest.mark.parametrize(
    ("question", "answer", "fraction"),
    [
        (ONE, "a", 1),
        (ONE, "b", 0),
        (ONE, "nothing like it", 0),
        (ONE, None, 0),
        (ONE, {"a": "b"}, 0),
        (SEVERAL, ["a", "c"], 1),
        (SEVERAL, ["a"], 0.5),
        (SEVERAL, ["a", "b"], 0),
        (SEVERAL, ["a", "b", "c", "d"], 0),
        (SEVERAL, ["a", "a"], 0.5),
        (WORDS, "  paris ", 1),
        (WORDS, "ÎLE DE LA  CITÉ", 1),
        (WORDS, "London", 0),
        (replace(WORDS, case_sensitive=True), "paris", 0),
        (replace(WORDS, patterns=("lond",)), "Greater London", 1),
        (NUMBER, "5,5", 1),
        (NUMBER, "3/10", 1),
        (NUMBER, "0.30000000001", 1),
        (NUMBER, "6.1", 0),
        (NUMBER, "five", 0),
        (ROWS, {"r1": "a", "r2": " NINE ", "r3": "b"}, 2 / 3),
        (ROWS, {"r1": ["a"]}, 0),
        (ESSAY, "words", None),
        (ESSAY, None, 0),
    ],
)
def test_marks(question: Question, answer: object, fraction: float | None) -> None:
    (found,) = mark([question], {"q1": answer} if answer is not None else {}).marks
    assert found.fraction == (None if fraction is None else pytest.approx(fraction))


def test_a_whole_quiz_is_put_on_the_assignments_scale() -> None:
    text = Question("q3", QuestionKind.TEXT, "words only", points=9)
    outcome = mark([SEVERAL, replace(ONE, identifier="q2"), text], {"q1": ["a"], "q2": "a"})
    assert (outcome.earned, outcome.possible, outcome.score(30)) == (2, 3, 20)
    assert [found.verdict for found in outcome.marks] == ["partly", "right", "none"]
    assert not outcome.waits_for_a_person


def test_an_essay_waits_for_a_person_once_it_is_written() -> None:
    assert mark([ESSAY], {"q1": "words"}).waits_for_a_person
    assert not mark([ESSAY], {}).waits_for_a_person


def test_a_quiz_without_questions_scores_nothing() -> None:
    assert mark([], {}).score(10) == 0


def test_stored_questions_come_back_the_same_with_ids_of_their_own() -> None:
    questions = [SEVERAL, ONE, ESSAY, WORDS, NUMBER, ROWS]
    stored = json.loads(json.dumps(to_json(questions)))
    assert from_json(stored) == tuple(replace(q, identifier=f"q{n}") for n, q in enumerate(questions, 1))


def test_answers_are_read_from_a_form() -> None:
    questions = [
        SEVERAL,
        replace(ROWS, identifier="q2"),
        replace(WORDS, identifier="q3"),
        replace(ONE, identifier="q4"),
    ]
    form = {"q1": ["a", "c"], "q2.r1": ["a"], "q2.r2": [" "], "q3": ["x" * 30_000], "q4": [""], "other": ["!"]}
    answers = answers_from_form(questions, form)
    assert answers == {"q1": ["a", "c"], "q2": {"r1": "a"}, "q3": "x" * 20_000}


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("1.25", 1.25),
        ("1,25", 1.25),
        ("1,250.5", 1250.5),
        ("1 000", 1000),
        ("\u22123", -3),
        ("1/4", 0.25),
        ("25 %", 25),
        ("\u0661\u0662", 12),
        ("1/0", None),
        ("nan", None),
        ("inf", None),
        ("1e400", None),
        ("", None),
        ("1,2,3", None),
    ],
)
def test_numbers_as_people_type_them(words: str, value: float | None) -> None:
    assert as_number(words) == value


@given(st.text(max_size=40))
def test_any_text_is_a_finite_number_or_none(words: str) -> None:
    value = as_number(words)
    assert value is None or abs(value) <= 1e130


@given(st.text(max_size=40))
def test_evening_out_twice_changes_nothing(words: str) -> None:
    assert plain(plain(words)) == plain(words)


@given(st.lists(st.sampled_from("abcdx"), max_size=8))
def test_a_fraction_is_never_out_of_bounds(chosen: list[str]) -> None:
    (found,) = mark([SEVERAL], {"q1": chosen}).marks
    assert found.fraction is not None
    assert 0 <= found.fraction <= 1
    assert (found.fraction == 1) == (set(chosen) & set("abcd") == {"a", "c"})
