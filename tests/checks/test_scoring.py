"""What responses are worth: worked examples for each kind and rule, and what holds for every question and response."""

import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.checks import numbers, texts, words
from lti_tool.checks.questions import (
    ONE,
    ZERO,
    Accepted,
    Choice,
    Partial,
    Question,
    QuestionKind,
    Range,
    Row,
    as_json,
    from_json,
)
from lti_tool.checks.scoring import Why, score, solution
from tests.checks import asked

D = Decimal
NONE, SHARE, WEIGHTS = Partial.NONE, Partial.SHARE, Partial.WEIGHTS

Maker = Callable[[Partial], Question]


@pytest.mark.parametrize(
    ("make", "partial", "given_", "worth", "why"),
    [
        (asked.choice, NONE, "a", "1", Why.CHOICE_RIGHT),
        (asked.choice, NONE, "b", "0", Why.CHOICE_WRONG),
        (asked.choice, SHARE, "b", "0", Why.CHOICE_WRONG),
        (asked.choice, WEIGHTS, "b", "0.25", Why.CHOICE_WORTH),
        (asked.choice, WEIGHTS, "c", "0", Why.CHOICE_WRONG),
        (asked.response, NONE, ["four", "two"], "1", Why.RESPONSE_ALL),
        (asked.response, NONE, ["two"], "0", Why.RESPONSE_SOME),
        (asked.response, SHARE, ["two"], "0.5", Why.RESPONSE_SOME),
        (asked.response, SHARE, ["two", "three"], "0", Why.RESPONSE_SOME),
        (asked.response, SHARE, ["two", "four", "five"], "0.5", Why.RESPONSE_SOME),
        (asked.response, SHARE, ["three", "five"], "0", Why.RESPONSE_SOME),
        (asked.response, WEIGHTS, ["two", "four", "five"], "0.5", Why.RESPONSE_SOME),
        (asked.number, NONE, "1,5", "1", Why.NUMBER_RIGHT),
        (asked.number, NONE, "3/2", "1", Why.NUMBER_RIGHT),
        (asked.number, NONE, "1 1/2", "1", Why.NUMBER_RIGHT),
        (asked.number, NONE, "1.45", "0", Why.NUMBER_OTHER),
        (asked.number, WEIGHTS, "1.45", "0.5", Why.NUMBER_WORTH),
        (asked.number, NONE, "−1.5", "0", Why.NUMBER_OTHER),
        (asked.number, NONE, "one and a half", "0", Why.NUMBER_UNREADABLE),
        (asked.text, NONE, "  Numerator ", "1", Why.TEXT_RIGHT),
        (asked.text, NONE, "numerater", "0", Why.TEXT_OTHER),
        (asked.text, WEIGHTS, "numerater", "0.5", Why.TEXT_WORTH),
        (asked.text, WEIGHTS, "denominator", "0", Why.TEXT_OTHER),
        (asked.order, NONE, ["q", "t", "h", "w"], "1", Why.ORDER_RIGHT),
        (asked.order, NONE, ["t", "h", "w", "q"], "0", Why.ORDER_NEIGHBOURS),
        (asked.order, SHARE, ["t", "h", "w", "q"], "0.6667", Why.ORDER_NEIGHBOURS),
        (asked.order, SHARE, ["w", "h", "t", "q"], "0", Why.ORDER_NEIGHBOURS),
        (asked.match, NONE, {"half": "50", "quarter": "25", "whole": "100"}, "1", Why.ROWS),
        (asked.match, NONE, {"half": "50", "quarter": "25"}, "0", Why.ROWS),
        (asked.match, SHARE, {"half": "50", "quarter": "10"}, "0.3333", Why.ROWS),
        (asked.gaps, SHARE, {"n": "50", "w": "Fifty", "c": "less"}, "0.6667", Why.GAPS),
        (asked.gaps, NONE, {"n": "50 %", "w": "fifty", "c": "more"}, "1", Why.GAPS),
    ],
)
def test_what_a_response_is_worth(make: Maker, partial: Partial, given_: Any, worth: str, why: Why) -> None:
    scored = score(make(partial), given_)
    assert (round(scored.share, 4), scored.reason.code) == (D(worth), why)


@pytest.mark.parametrize("make", asked.ALL)
@pytest.mark.parametrize("partial", list(Partial))
def test_the_right_answer_is_worth_everything_by_every_rule(make: Maker, partial: Partial) -> None:
    question = make(partial)
    scored = score(question, solution(question))
    assert scored.is_right
    assert scored.points(question) == question.points
    assert words.to_student(scored.reason)
    assert words.to_teacher(scored.reason)


def test_thirds_of_three_points_are_whole_points() -> None:
    question = asked.match()
    assert score(question, {"half": "50"}).points(question) == 1
    assert score(question, {"half": "50", "quarter": "25"}).points(question) == 2


def test_moodles_thirds_add_up_to_all() -> None:
    choices = (*tuple(Choice(str(n), str(n), D("0.33333")) for n in range(3)), Choice("x", "x", D("-1")))
    question = Question(QuestionKind.RESPONSE, "", choices=choices, partial=WEIGHTS)
    assert score(question, ["0", "1", "2"]).share == ONE
    assert score(question, ["0", "1"]).share == D("0.66666")
    assert score(question, ["0", "1", "2", "x"]).share == ZERO


def test_none_of_several_can_be_right() -> None:
    question = Question(QuestionKind.RESPONSE, "", choices=(Choice("a", "a"), Choice("b", "b")), partial=SHARE)
    assert score(question, []).is_right
    assert score(question, ["a"]).share == 0
    assert score(question, None).reason.code is Why.NOTHING_GIVEN


# --- Numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1.5", ["3/2"]),
        ("1,5", ["3/2"]),
        (" 1.5 ", ["3/2"]),
        (".5", ["1/2"]),
        ("5.", ["5"]),
        ("−5", ["-5"]),
        ("– 5", ["-5"]),
        ("+5", ["5"]),
        ("1/2", ["1/2"]),
        ("-1 1/2", ["-3/2"]),
        ("1⁄2", ["1/2"]),
        ("1e3", ["1000"]),
        ("1.5·10^3", ["1500"]),
        ("1,5 × 10^-3", ["3/2000"]),
        ("12 345", ["12345"]),
        ("12\u202f345,5", ["24691/2"]),
        ("12,345.5", ["24691/2"]),
        ("12.345,5", ["24691/2"]),
        ("1'234'567", ["1234567"]),
        ("1,234,567", ["1234567"]),
        ("1,500", ["3/2", "1500"]),
        ("1.500", ["3/2", "1500"]),
        ("0,500", ["1/2"]),
        ("50 %", ["50", "1/2"]),
        ("١٢", ["12"]),
        ("1 2", []),
        ("12,34,567", []),
        ("1/0", []),
        ("5 cm", []),
        ("", []),
        ("-", []),
        ("nan", []),
        ("inf", []),
        ("1e999", []),
        ("--5", []),
        ("1.2.3", []),
        ("9" * 61, []),
    ],
)
def test_numbers_are_read_as_people_type_them(typed: str, meant: list[str]) -> None:
    assert list(numbers.readings(typed)) == [Fraction(one) for one in meant]


@pytest.mark.parametrize(("right", "typed"), [("1500", "1,500"), ("1.5", "1,500"), ("50", "50%"), ("0.5", "50%")])
def test_a_number_that_can_be_read_in_two_ways_counts_for_the_student_and_says_how(right: str, typed: str) -> None:
    scored = score(Question(QuestionKind.NUMBER, "", ranges=(Range(D(right), D(right)),)), typed)
    assert scored.is_right
    assert scored.reason.values["read"] == D(right)
    assert right in words.to_student(scored.reason)


def test_bounds_are_exact_and_may_be_far_out() -> None:
    third = Question(QuestionKind.NUMBER, "", ranges=(Range(D("0.3333"), D("0.3334")),))
    assert score(third, "1/3").is_right
    assert not score(third, "0.33329").is_right
    far = Question(QuestionKind.NUMBER, "", ranges=(Range(D("-1e999999"), D("1e-999999")),))
    assert score(far, "0").is_right
    assert score(far, "-7").is_right
    assert not score(far, "7").is_right


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_every_number_is_read_back_as_written(value: Decimal) -> None:
    for written in (f"{value:f}", f"{value:f}".replace(".", ","), f"{value:,f}", f"{value:f}".replace("-", "−")):
        assert Fraction(value) in numbers.readings(written)


@given(st.text(max_size=80))
def test_no_text_breaks_the_reading_of_numbers(typed: str) -> None:
    assert len(numbers.readings(typed)) <= 4


# --- Texts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "accepted", "pattern", "case", "fits"),
    [
        ("Café", "cafe\u0301", False, False, True),
        ("cafe", "café", False, False, False),
        ("two   words\n", "two words", False, False, True),
        ("STRASSE", "Straße", False, False, True),
        ("Paris", "paris", False, True, False),
        ("don’t", "don't", False, False, True),
        ("a*c", "a*c", False, False, True),
        ("abc", "a*c", False, False, False),
        ("abc", "a*c", True, False, True),
        ("ac", "a*c", True, False, True),
        ("a*c", "a\\*c", True, False, True),
        ("abc", "a\\*c", True, False, False),
        ("red blue", "*red*blue*", True, False, True),
        ("blue red", "*red*blue*", True, False, False),
        ("aba", "ab*ba", True, False, False),
        ("the red car", "* red *", True, False, True),
        ("the hundred cars", "* red *", True, False, False),
        ("anything", "*", True, False, True),
    ],
)
def test_texts_are_compared_as_people_type_them(
    typed: str, accepted: str, pattern: bool, case: bool, fits: bool
) -> None:
    assert texts.matches(typed, accepted, pattern=pattern, case_sensitive=case) is fits


def test_what_is_wrong_can_stand_before_a_pattern() -> None:
    question = Question(
        QuestionKind.TEXT,
        "",
        accepted=(Accepted("*not red*", ZERO, pattern=True, feedback="It is."), Accepted("*red*", pattern=True)),
        partial=WEIGHTS,
    )
    assert score(question, "it is red").is_right
    scored = score(question, "it is not red")
    assert (scored.share, scored.feedback) == (ZERO, "It is.")


def test_a_pattern_of_many_asterisks_takes_no_time() -> None:
    assert not texts.matches("a" * 1000, "*a" * 400 + "*b", pattern=True, case_sensitive=False)


# --- What holds for all -----------------------------------------------------------------------------------------------

SHARES = st.decimals(min_value=-1, max_value=1, places=2)
IDS = st.text("abcdefgh", min_size=1, max_size=3)


@st.composite
def questions(draw: st.DrawFn, partial: Partial | None = None) -> Question:
    kind = draw(st.sampled_from(list(QuestionKind)))
    rule = partial or draw(st.sampled_from(list(Partial)))
    ids = draw(st.lists(IDS, min_size=1, max_size=5, unique=True))
    choices = tuple(Choice(one, one, draw(SHARES)) for one in ids)
    if kind is QuestionKind.CHOICE and draw(st.booleans()):
        choices = (Choice(ids[0], ids[0], ONE), *choices[1:])
    ranges = tuple(
        Range(low, low + draw(st.decimals(min_value=0, max_value=3, places=1)), draw(SHARES))
        for low in draw(st.lists(st.decimals(min_value=-9, max_value=9, places=1), min_size=1, max_size=2))
    )
    accepted = tuple(
        Accepted(one, draw(SHARES), draw(st.booleans())) for one in draw(st.lists(IDS, min_size=1, max_size=3))
    )
    rows = tuple(
        Row(one, one, answer=draw(st.sampled_from(ids)), choices=choices if kind is QuestionKind.GAPS else ())
        if draw(st.booleans()) or kind is QuestionKind.MATCH
        else Row(one, accepted=accepted, ranges=ranges)
        for one in ids
    )
    return Question(
        kind,
        "",
        points=draw(st.decimals(min_value=0, max_value=10, places=2)),
        choices=choices,
        rows=rows if kind in {QuestionKind.MATCH, QuestionKind.GAPS} else (),
        ranges=ranges,
        accepted=accepted,
        partial=rule,
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | IDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4) | IDS, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def answered(draw: st.DrawFn) -> tuple[Question, Any]:
    """A question, and a response of its shape or any JSON at all."""
    question = draw(questions())
    ids = [one.id for one in question.choices]
    shaped = {
        QuestionKind.CHOICE: st.sampled_from(ids),
        QuestionKind.RESPONSE: st.lists(st.sampled_from(ids), max_size=5),
        QuestionKind.NUMBER: st.decimals(min_value=-9, max_value=9, places=1).map(str),
        QuestionKind.TEXT: IDS,
        QuestionKind.ORDER: st.permutations(ids),
    }
    rows = st.dictionaries(st.sampled_from([row.id for row in question.rows] or ["x"]), st.sampled_from(ids) | IDS)
    return question, draw(shaped.get(question.kind, rows) | JSON)


@given(answered())
def test_a_share_is_from_0_to_1_and_nothing_raises(pair: tuple[Question, Any]) -> None:
    question, response = pair
    scored = score(question, response)
    assert ZERO <= scored.share <= ONE
    assert ZERO <= scored.points(question) <= question.points
    assert words.to_student(scored.reason)
    assert words.to_teacher(scored.reason)
    assert "%(" not in words.to_student(scored.reason)
    kept = from_json(json.loads(json.dumps(as_json(question))))
    assert score(kept, response) == scored


@given(answered())
def test_all_or_nothing_is_right_exactly_where_its_share_is_all(pair: tuple[Question, Any]) -> None:
    from dataclasses import replace

    question, response = pair
    none = score(replace(question, partial=NONE), response).share
    share = score(replace(question, partial=SHARE), response).share
    assert none in {ZERO, ONE}
    assert none <= share
    assert (none == ONE) == (share == ONE)


@given(answered(), st.randoms(use_true_random=False))
def test_the_order_in_which_choices_and_rows_stand_or_are_sent_changes_nothing(
    pair: tuple[Question, Any], random: Any
) -> None:
    from dataclasses import replace

    question, response = pair
    before = score(question, response)
    rows = random.sample(question.rows, len(question.rows))
    choices = question.choices
    if question.kind is not QuestionKind.ORDER:
        choices = tuple(random.sample(choices, len(choices)))
        if isinstance(response, list):
            response = random.sample(response, len(response))
        elif isinstance(response, dict):
            response = dict(random.sample(list(response.items()), len(response)))
    after = score(replace(question, rows=tuple(rows), choices=choices), response)
    assert after.share == before.share
    assert after.reason == before.reason


@given(questions())
def test_no_response_is_worth_more_than_what_is_given_as_right(question: Question) -> None:
    right = solution(question)
    if question.kind in {QuestionKind.ORDER, QuestionKind.MATCH}:
        assert score(question, right).share == ONE
    if question.kind is QuestionKind.CHOICE:
        best = score(question, right).share
        assert all(score(question, one.id).share <= best for one in question.choices)
        assert (best == ONE) == any(one.share >= ONE for one in question.choices) or question.partial is WEIGHTS
    if question.kind is QuestionKind.RESPONSE and question.partial is not WEIGHTS:
        assert score(question, right).share == ONE
