"""A real export, counted by hand with unzip and grep: every question is accounted for."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from lti_tool.checks import scoring
from lti_tool.checks.questions import Question, QuestionKind, as_json, from_json
from lti_tool.checks.reading import Format, Reading, UnknownQuestionFormat, Why, read

KIND = QuestionKind


@pytest.fixture(scope="module")
def export(shared_data: Path) -> Reading:
    return read("canvas-export.imscc", (shared_data / "canvas-export.imscc").read_bytes())


def test_the_account(export: Reading, capsys: pytest.CaptureFixture[str]) -> None:
    """17 quizzes with 204 items, 16 banks with 169 (``grep -c '<item '`` in non_cc_assessments)."""
    assert (export.format, export.title) == (Format.CANVAS, "Loaded Course")
    own = [bank for bank in export.banks if bank.own]
    kept = [bank for bank in export.banks if not bank.own]
    assert len(export.quizzes) == 17
    assert (sum(len(bank.entries) for bank in own), len(kept)) == (204, 16)
    assert sum(len(bank.entries) for bank in kept) == 169
    assert sum(len(quiz.asks) for quiz in export.quizzes) == 204
    assert all((entry.question is None) != (entry.left_out is None) for entry in export.entries)
    with capsys.disabled():
        sys.stdout.write("\n")
        for quiz in export.quizzes:
            entries = {
                entry.identifier: entry for bank in own if bank.identifier == quiz.identifier for entry in bank.entries
            }
            converted = sum(entry.question is not None for entry in entries.values())
            listed = Counter(entry.left_out.why.value for entry in entries.values() if entry.left_out)
            sys.stdout.write(
                f"  {quiz.title}: {converted} of {len(quiz.asks)} questions; {dict(listed) or 'all of them'}\n"
            )
        remarks = Counter(note.why.value for entry in export.entries for note in entry.remarks)
        sys.stdout.write(f"  with the banks {export.converted} of {len(export.entries)}, remarks {dict(remarks)}\n")


def test_what_is_listed_is_what_no_tool_can_mark(export: Reading) -> None:
    listed = Counter(entry.left_out.why for entry in export.listed if entry.left_out is not None)
    # Of the 373: four essays, two uploads, eleven texts between questions.
    assert listed == {Why.NO_QUESTION: 11, Why.NEEDS_A_PERSON: 6}
    assert export.converted == 373 - 17


def test_kinds(export: Reading) -> None:
    kinds = Counter(entry.question.kind for entry in export.entries if entry.question is not None)
    assert kinds == {
        KIND.CHOICE: 63 + 63 + 16 + 15,
        KIND.RESPONSE: 15 + 14,
        KIND.NUMBER: 26 + 14 + 26 + 14,
        KIND.TEXT: 2 + 3,
        KIND.MATCH: 14 + 14,
        KIND.GAPS: 15 + 14 + 14 + 14,
    }


def test_settings_of_quizzes(export: Reading) -> None:
    quizzes = {quiz.title: quiz for quiz in export.quizzes}
    assert quizzes["Multiple Attempt Quiz"].attempts is None
    assert quizzes["Practice Quiz Example"].attempts == 1
    assert quizzes["Time Limit Quiz Example"].minutes == 20
    locked = quizzes['Access code is "Canvas" Access Code Example']
    assert [note.why for note in locked.remarks] == [Why.LOCKED]
    assert quizzes["Unnamed Quiz"].asks == ()


def right_answer(question: Question) -> object:
    """What somebody answers who knows."""
    match question.kind:
        case KIND.CHOICE:
            found: object = next(choice.id for choice in question.choices if choice.share == 1)
        case KIND.RESPONSE:
            found = [choice.id for choice in question.choices if choice.share > 0]
        case KIND.ORDER:
            found = [choice.id for choice in question.choices]
        case KIND.MATCH | KIND.GAPS:
            found = {row.id: row.answer or row.accepted[0].text for row in question.rows}
        case _:
            found = question.accepted[0].text if question.accepted else str(question.ranges[0].low)
    return found


def test_every_question_can_be_answered_rightly_and_is_kept_as_it_is(export: Reading) -> None:
    for entry in export.entries:
        if entry.question is not None:
            assert scoring.score(entry.question, right_answer(entry.question)).share == 1, entry
            assert from_json(as_json(entry.question)) == entry.question


def test_a_cartridge_without_quizzes_says_so(shared_data: Path) -> None:
    with pytest.raises(UnknownQuestionFormat):
        read("py4e.imscc", (shared_data / "py4e-course.imscc").read_bytes())
