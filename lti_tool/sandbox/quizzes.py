"""Questions of a quiz: the shape they are stored in, and how answers are marked. Pure rules, no I/O.

Stored questions are the JSON form of ``cartridges.Question``. An answer is, by kind of question: the id of a choice
(multiple choice, true or false), a list of them (multiple response), a text (short answer, numerical, essay, upload), or a
mapping from the id of a row or gap to the id of a choice or a text (matching, blanks).
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lti_tool.cartridges import Blank, Choice, NumberRange, Question, QuestionKind

MAX_ANSWER = 20_000
"""Characters of one typed answer; what is longer is cut."""

Answer = str | list[str] | dict[str, str]


@dataclass(frozen=True, slots=True)
class Mark:
    """What one answer earned. ``fraction`` 0 to 1, or None where a person has to read it."""

    question: Question
    fraction: float | None

    @property
    def points(self) -> float:
        """Points earned; 0 while nobody has read it."""
        return (self.fraction or 0.0) * self.question.points

    @property
    def verdict(self) -> str:
        """``right``, ``partly``, ``wrong``, ``waiting`` (for a person), or ``none`` (nothing to answer)."""
        if self.question.kind is QuestionKind.TEXT:
            return "none"
        if self.fraction is None:
            return "waiting"
        if self.fraction >= 1:
            return "right"
        return "partly" if self.fraction > 0 else "wrong"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A whole quiz marked. ``earned`` and ``possible`` in the questions' own points."""

    marks: tuple[Mark, ...]

    @property
    def earned(self) -> float:
        """Points earned so far."""
        return sum(mark.points for mark in self.marks)

    @property
    def possible(self) -> float:
        """Points of all questions."""
        return sum(mark.question.points for mark in self.marks if mark.question.kind is not QuestionKind.TEXT)

    @property
    def waits_for_a_person(self) -> bool:
        """Whether a question that counts has to be read by the teacher."""
        return any(mark.verdict == "waiting" and mark.question.points > 0 for mark in self.marks)

    def score(self, points_possible: float) -> float:
        """Points on the assignment's scale, 0 to ``points_possible``, to four decimals."""
        return round(self.earned / self.possible * points_possible, 4) if self.possible else 0.0


def to_json(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """Questions as stored. Ids are made unique in the quiz (q1, q2, …): a cartridge may use one question twice."""
    return [asdict(question) | {"identifier": f"q{number}"} for number, question in enumerate(questions, start=1)]


def from_json(stored: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    """Stored questions, typed again."""
    return tuple(_question(entry) for entry in stored)


def _question(entry: Mapping[str, Any]) -> Question:
    return Question(
        **{
            **entry,
            "kind": QuestionKind(entry["kind"]),
            "choices": tuple(Choice(**choice) for choice in entry["choices"]),
            "blanks": tuple(
                Blank(
                    blank["identifier"],
                    blank["label"],
                    tuple(Choice(**choice) for choice in blank["choices"]),
                    tuple(blank["accepted"]),
                )
                for blank in entry["blanks"]
            ),
            "accepted": tuple(entry["accepted"]),
            "ranges": tuple(NumberRange(**bounds) for bounds in entry["ranges"]),
            "patterns": tuple(entry["patterns"]),
        }
    )


def answers_from_form(questions: Sequence[Question], form: Mapping[str, Sequence[str]]) -> dict[str, Answer]:
    """The answers in a posted form: fields ``q1``, and ``q1.<row>`` for rows and gaps. What was left empty is absent."""
    answers: dict[str, Answer] = {}
    for question in questions:
        name = question.identifier
        values = [value.replace("\r\n", "\n")[:MAX_ANSWER] for value in form.get(name, ()) if value.strip()]
        if question.blanks:
            rows = {
                blank.identifier: value[:MAX_ANSWER]
                for blank in question.blanks
                if (value := next(iter(form.get(f"{name}.{blank.identifier}", ())), "").strip())
            }
            if rows:
                answers[name] = rows
        elif question.kind is QuestionKind.MULTIPLE_RESPONSE and values:
            answers[name] = values
        elif values:
            answers[name] = values[0]
    return answers


def mark(questions: Sequence[Question], answers: Mapping[str, Any]) -> Outcome:
    """Marks all questions. An unanswered question earns nothing."""
    return Outcome(
        tuple(Mark(question, _fraction(question, answers.get(question.identifier))) for question in questions)
    )


def _fraction(question: Question, answer: object) -> float | None:
    if question.kind is QuestionKind.TEXT:
        return 0.0
    if question.marked_by_hand:
        return 0.0 if answer is None else None
    if isinstance(answer, list) and question.kind is QuestionKind.MULTIPLE_RESPONSE:
        return _of_several(question.choices, {str(value) for value in answer})
    if isinstance(answer, dict) and question.blanks:
        return _of_blanks(question, answer)
    return float(_of_one(question, answer)) if isinstance(answer, str) else 0.0


def _of_several(choices: Sequence[Choice], chosen: set[str]) -> float:
    """Right choices less wrong ones, over all right ones, never below 0: as Canvas marks multiple answers."""
    right = {choice.identifier for choice in choices if choice.correct}
    known = chosen & {choice.identifier for choice in choices}
    return max(0.0, (len(known & right) - len(known - right)) / len(right))


def _of_blanks(question: Question, answer: Mapping[str, Any]) -> float:
    """The share of rows or gaps that are right."""
    right = sum(
        1
        for blank in question.blanks
        if isinstance(value := answer.get(blank.identifier), str) and _blank_is_right(blank, value)
    )
    return right / len(question.blanks)


def _blank_is_right(blank: Blank, value: str) -> bool:
    if blank.choices:
        return any(choice.correct and choice.identifier == value for choice in blank.choices)
    return plain(value) in {plain(word) for word in blank.accepted}


def _of_one(question: Question, answer: str) -> bool:
    match question.kind:
        case QuestionKind.NUMERICAL:
            value = as_number(answer)
            # A cartridge's bounds come from decimal texts; a billionth keeps 0.1 + 0.2 from being wrong.
            return value is not None and any(r.low - 1e-9 <= value <= r.high + 1e-9 for r in question.ranges)
        case QuestionKind.SHORT_ANSWER:
            given = plain(answer, fold=not question.case_sensitive)
            accepted = {plain(word, fold=not question.case_sensitive) for word in question.accepted}
            parts = [plain(part, fold=not question.case_sensitive) for part in question.patterns]
            return given in accepted or any(part in given for part in parts)
        case _:
            return any(choice.correct and choice.identifier == answer for choice in question.choices)


def plain(words: str, *, fold: bool = True) -> str:
    """A typed answer for comparing: composed, white space evened out, and case folded unless case counts."""
    even = " ".join(unicodedata.normalize("NFKC", words).split())
    return even.casefold() if fold else even


def as_number(words: str) -> float | None:
    """A typed number: ``1.25``, ``1,25``, ``1,250.5``, ``1/4``, ``25 %``. None for anything else."""
    text = "".join(unicodedata.normalize("NFKC", words).split()).rstrip("%").replace("−", "-")
    if re.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?", text):
        text = text.replace(",", "")
    elif re.fullmatch(r"[-+]?\d*,\d+", text):
        text = text.replace(",", ".")
    ratio = re.fullmatch(r"([-+]?\d{1,15})/(\d{1,15})", text)
    if ratio:
        return int(ratio[1]) / int(ratio[2]) if int(ratio[2]) else None
    return (
        float(text)
        if re.fullmatch(r"[-+]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})(e[-+]?\d{1,2})?", text, re.IGNORECASE)
        else None
    )
