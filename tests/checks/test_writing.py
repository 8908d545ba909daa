"""Questions as teachers type them: each kind, what is missing, and that what is written back reads as the same."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.checks import scoring
from lti_tool.checks.questions import Partial, QuestionKind
from lti_tool.checks.reading import read
from lti_tool.checks.writing import Unfinished, Written, question_of, several, written_of

KIND = QuestionKind


def test_choices_with_a_star_shares_and_feedback() -> None:
    found = question_of(Written(KIND.CHOICE, "What is 1 < 2?", "* yes ## Quite\nno\n%50% perhaps"))
    assert found.prompt == "What is 1 &lt; 2?"
    assert [(one.html, one.share, one.feedback) for one in found.choices] == [
        ("yes", 1, "Quite"),
        ("no", 0, ""),
        ("perhaps", Decimal("0.5"), ""),
    ]
    assert found.partial is Partial.WEIGHTS


def test_several_right_ones() -> None:
    found = question_of(Written(KIND.RESPONSE, "Even?", "* 2\n3\n*4"))
    assert [one.share for one in found.choices] == [1, 0, 1]
    assert found.partial is Partial.SHARE
    assert question_of(Written(KIND.RESPONSE, "Even?", "* 2\n3", partial=Partial.NONE)).partial is Partial.NONE


@pytest.mark.parametrize(
    ("line", "low", "high"),
    [("4", "4", "4"), ("3.14 ± 0.01", "3.13", "3.15"), ("3,5+-0,5", "3", "4"), ("1..2", "1", "2"), ("−2", "-2", "-2")],
)
def test_numbers(line: str, low: str, high: str) -> None:
    (found,) = question_of(Written(KIND.NUMBER, "?", line)).ranges
    assert (found.low, found.high) == (Decimal(low), Decimal(high))


def test_texts_orders_and_pairs() -> None:
    text = question_of(Written(KIND.TEXT, "?", "Paris\ncol*r\n2\\*3"))
    assert [(one.text, one.pattern) for one in text.accepted] == [("Paris", False), ("col*r", True), ("2*3", False)]
    order = question_of(Written(KIND.ORDER, "?", "one\ntwo\nthree"))
    assert [one.html for one in order.choices] == ["one", "two", "three"]
    pairs = question_of(Written(KIND.MATCH, "?", "cat => gato\ndog => perro\n=> pez"))
    assert [(row.html, row.answer) for row in pairs.rows] == [("cat", "c1"), ("dog", "c2")]
    assert len(pairs.choices) == 3


def test_gaps_typed_chosen_and_numbers() -> None:
    found = question_of(Written(KIND.GAPS, "Half of 8 is [[4|four]], more than [[*two|five]]; π is [[=3.14 ± 0.01]]."))
    assert found.prompt == "Half of 8 is [[g1]], more than [[g2]]; π is [[g3]]."
    typed, chosen, number = found.rows
    assert [one.text for one in typed.accepted] == ["4", "four"]
    assert ([one.html for one in chosen.choices], chosen.answer) == (["two", "five"], "g2c1")
    assert number.ranges[0].high == Decimal("3.15")
    assert scoring.score(found, {"g1": "Four", "g2": "g2c1", "g3": "3.14"}).share == 1


def test_html_is_cleaned_and_plain_text_is_not_html() -> None:
    found = question_of(Written(KIND.CHOICE, "<b>Bold</b><script>x</script>", "* a\nb"))
    assert found.prompt == "<b>Bold</b>"
    assert question_of(Written(KIND.CHOICE, "if x <y and y> z\nthen", "* a\nb")).prompt.endswith("y&gt; z<br>then")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (Written(KIND.CHOICE, "", "* a\nb"), "prompt"),
        (Written(KIND.CHOICE, "?", "* a"), "lines"),
        (Written(KIND.CHOICE, "?", "a\nb"), "lines"),
        (Written(KIND.CHOICE, "?", "* a\n* b"), "lines"),
        (Written(KIND.RESPONSE, "?", "a\nb"), "lines"),
        (Written(KIND.NUMBER, "?", "four"), "lines"),
        (Written(KIND.NUMBER, "?", ""), "lines"),
        (Written(KIND.TEXT, "?", "\n"), "lines"),
        (Written(KIND.ORDER, "?", "one"), "lines"),
        (Written(KIND.MATCH, "?", "a b"), "lines"),
        (Written(KIND.GAPS, "no gap"), "prompt"),
        (Written(KIND.GAPS, "[[*a|*b]]"), "prompt"),
        (Written(KIND.GAPS, "[[=x]]"), "prompt"),
        (Written(KIND.TEXT, "?", "\n".join(str(n) for n in range(300))), "lines"),
    ],
)
def test_what_is_missing_is_said_at_its_field(written: Written, name: str) -> None:
    with pytest.raises(Unfinished) as caught:
        question_of(written)
    assert caught.value.field == name


def test_several_at_once() -> None:
    found = several(
        "What is 2 + 2?\n= 4\n\nWhich are even?\n* 2\n- 3\n* 4\n \nCapital?\r\n= Paris\r\n\r\n"
        "Match\ncat => gato\ndog => perro\n\n"
        "Two and two are [[*four|five]].\n\nHalf of 8?\n- 2\n* 4\n\nJust words\n"
    )
    assert [one.kind for one in found.questions] == [
        KIND.NUMBER,
        KIND.RESPONSE,
        KIND.TEXT,
        KIND.MATCH,
        KIND.GAPS,
        KIND.CHOICE,
    ]
    assert list(found.wrong) == [7]


def test_a_real_export_is_written_back_as_it_was(shared_data: Path) -> None:
    reading = read("export.imscc", (shared_data / "canvas-export.imscc").read_bytes())
    for entry in reading.entries:
        if entry.question is not None:
            assert question_of(written_of(entry.question), entry.question.title) == entry.question


WORDS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20)


@settings(max_examples=80, deadline=None)
@given(
    kind=st.sampled_from(list(KIND)),
    prompt=WORDS,
    lines=st.lists(st.tuples(st.sampled_from(["", "*", "* ", "%50% ", "=> ", "a => ", "= "]), WORDS), max_size=6),
)
def test_whatever_is_typed_is_a_question_or_says_what_is_missing(
    kind: KIND, prompt: str, lines: list[tuple[str, str]]
) -> None:
    written = Written(kind, prompt, "\n".join(before + words for before, words in lines))
    try:
        found = question_of(written)
    except Unfinished as unfinished:
        assert unfinished.field in ("prompt", "lines")  # noqa: PT017 - either comes of it.
        return
    assert found.kind is kind
    again = question_of(written_of(found))
    assert (again.kind, again.points, len(again.choices), len(again.rows)) == (
        found.kind,
        found.points,
        len(found.choices),
        len(found.rows),
    )


def test_a_line_of_spaces_is_read_in_one_go() -> None:
    spaces = " " * 19_000
    [made] = several(f"How many?\n= 1{spaces}± 0.5").questions
    assert (made.kind, made.ranges[0].low) == (QuestionKind.NUMBER, Decimal("0.5"))
    [made] = several(f"How many?\n= 1{spaces}x").questions
    assert made.kind is QuestionKind.TEXT
