"""Questions in GIFT: what each way of writing becomes, what is left out at which line, and that nothing hostile breaks it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.checks.questions import Partial, Question, QuestionKind
from lti_tool.checks.reading import Entry, Format, QuestionsTooLarge, UnreadableQuestions, Why, gift, read
from lti_tool.checks.reading.values import MOST_QUESTIONS


def entries(words: str) -> list[Entry]:
    return [entry for bank in gift.banks(words) for entry in bank.entries]


def only(words: str) -> Question:
    [entry] = entries(words)
    assert entry.question is not None, entry.left_out
    return entry.question


def left_out(words: str) -> tuple[Why, str, int | None]:
    [entry] = entries(words)
    assert entry.left_out is not None, entry.question
    return entry.left_out.why, entry.left_out.what, entry.line


def test_a_choice_with_feedback() -> None:
    found = only("::Spectrum:: Between orange and green?{\n=yellow # right\n~red # no\n~blue\n####Think of rain.}")
    assert (found.kind, found.partial) == (QuestionKind.CHOICE, Partial.NONE)
    assert [(one.html, one.share, one.feedback) for one in found.choices] == [
        ("yellow", 1, "right"),
        ("red", 0, "no"),
        ("blue", 0, ""),
    ]
    assert (found.prompt, found.feedback) == ("Between orange and green?", "Think of rain.")


def test_weights_make_a_part_or_several_answers() -> None:
    part = only("From {~Jerusalem ~%25%Bethlehem =Nazareth}")
    assert (part.kind, part.partial) == (QuestionKind.CHOICE, Partial.WEIGHTS)
    several = only("Who?{~%50%Grant ~%50%Nobody ~%-100%Me}")
    assert several.kind is QuestionKind.RESPONSE
    assert [one.share for one in several.choices] == [Decimal("0.5"), Decimal("0.5"), Decimal(-1)]


@pytest.mark.parametrize(("mark", "right"), [("T", "True"), ("TRUE", "True"), ("F", "False"), ("false", "False")])
def test_true_and_false(mark: str, right: str) -> None:
    found = only(f"The sun rises in the east.{{{mark}#wrong one#right one}}")
    assert [one.html for one in found.choices if one.share == 1] == [right]
    assert {one.feedback for one in found.choices if one.share == 1} == {"right one"}


def test_short_answers_and_patterns() -> None:
    found = only("Two and two is {=four =%50%4* =2\\=2}")
    assert found.kind is QuestionKind.TEXT
    assert [(one.text, one.share, one.pattern) for one in found.accepted] == [
        ("four", 1, False),
        ("4*", Decimal("0.5"), True),
        ("2=2", 1, False),
    ]


def test_matching_with_one_that_misleads() -> None:
    found = only("Which eats what?{=cat -> cat food =dog -> dog food = -> hay}")
    assert found.kind is QuestionKind.MATCH
    assert [row.html for row in found.rows] == ["cat", "dog"]
    assert [one.html for one in found.choices] == ["cat food", "dog food", "hay"]


@pytest.mark.parametrize(
    ("answers", "ranges"),
    [
        ("#3:2", [(1, 5, 1)]),
        ("#1..5", [(1, 5, 1)]),
        ("#3", [(3, 3, 1)]),
        ("#-2,5:0.5", [(-3, -2, 1)]),
        ("#=1822:0 =%50%1822:2 ~#no", [(1822, 1822, 1), (1820, 1824, Decimal("0.5"))]),
    ],
)
def test_numbers(answers: str, ranges: list[tuple[Decimal, Decimal, Decimal]]) -> None:
    found = only(f"When?{{{answers}}}")
    assert found.kind is QuestionKind.NUMBER
    assert [(one.low, one.high, one.share) for one in found.ranges] == ranges


def test_a_missing_word_has_its_place() -> None:
    assert only("Two plus {=two =2} equals four.").prompt == "Two plus _____ equals four."


def test_escapes_formats_and_lines() -> None:
    found = only("::A\\: b::[html]<p>What is 2\\=2\\?</p>\\n<p>\\{x\\}</p>{=[plain]a<b ~c\\~d}")
    assert found.prompt == "<p>What is 2=2\\?</p>\n<p>{x}</p>"
    assert [one.html for one in found.choices] == ["a&lt;b", "c~d"]
    assert only("[plain]1<2\nreally{T}").prompt == "1&lt;2<br>really"
    assert only("First\nsecond{T}").prompt == "First<br>\nsecond"
    assert "<script" not in only("[html]<script>alert(1)</script>x{T}").prompt


def test_categories_are_banks_and_id_numbers_names() -> None:
    words = "$CATEGORY: $course$/top/Week 1/Cells\n\n// [id:a\\]7] [tag:x]\n::N::Q{T}\n\n$CATEGORY: Other\n"
    words += "::N::Q{F}\n\n::N::Q{F}\n"
    first, second = gift.banks(words)
    assert (first.title, second.title) == ("Cells", "Other")
    assert [entry.identifier for entry in first.entries] == ["idnumber:a]7"]
    assert [entry.identifier for entry in second.entries] == ["truefalse:N", "truefalse:N#2"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("// one\n\nPlease write.{}", (Why.NEEDS_A_PERSON, "", 3)),
        ("Just words.", (Why.NO_QUESTION, "", 1)),
        ("\n\nQ{=a ~b\n", (Why.NO_END, "", 3)),
        ("Q{=1} and {=2}", (Why.SEVERAL_IN_ONE, "", 1)),
        ("Q{=1 {=2}}", (Why.UNCLEAR, "{", 1)),
        ("Q{words =a ~b}", (Why.UNCLEAR, "words", 1)),
        ("Q{#a..b}", (Why.UNCLEAR, "a..b", 1)),
        ("Q{#5..1}", (Why.UNCLEAR, "5..1", 1)),
        ("Q{~a ~b}", (Why.NO_RIGHT_ANSWER, "", 1)),
        ("Q{=a ->b}", (Why.TOO_FEW_CHOICES, "", 1)),
    ],
)
def test_what_cannot_be_asked_is_told_with_its_line(words: str, expected: tuple[Why, str, int]) -> None:
    assert left_out(words) == expected


def test_a_brace_that_is_missing_swallows_nothing() -> None:
    first, second = entries("Q{=a ~b\n\n::Second::Q{T}")
    assert first.left_out is not None
    assert second.question is not None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_it_is_known_by_what_is_in_it_in_any_encoding(encoding: str) -> None:
    data = ("// Kommentar\r\n" * 50 + "\r\n::Größe::Wie groß?{=groß ~klein}\r\n").encode(encoding)
    found = read("fragen.txt", data)
    assert (found.format, found.title, found.converted) == (Format.GIFT, "fragen", 1)
    assert found.entries[0].title == "Größe"


def test_too_many_questions_are_refused_before_they_are_made() -> None:
    with pytest.raises(QuestionsTooLarge):
        read("many.txt", b"Q{T}\n\n" * (MOST_QUESTIONS + 1))


@pytest.mark.parametrize(
    "data",
    [
        b"Q{=" + b"a" * 500_000 + b"}",
        b"Q{" + b"=" * 300_000 + b"}",
        b"Q{~" + b"~%50%" * 60_000 + b"}",
        b"{" * 300_000 + b"=}",
        b"Q{=a}" + b"\\" * 300_000,
        b"::" + b":" * 300_000 + b"{T}",
        "\ue000Q\ue001{=a\ue002 ~b}".encode(),
    ],
)
def test_hostile_files_end(data: bytes) -> None:
    try:
        found = read("x.txt", data)
    except UnreadableQuestions:
        return
    assert len(found.entries) == 1


@given(st.text(alphabet="ab \n:{}=~#%\\/->.TF1[]$", max_size=80))
def test_whatever_is_written_every_question_is_accounted_for(words: str) -> None:
    for entry in entries(words):
        assert (entry.question is None) != (entry.left_out is None)
        assert entry.line is not None
        assert entry.title
