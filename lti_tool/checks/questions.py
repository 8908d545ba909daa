"""A question as a value: what is asked, what counts as right, and how much of it. Pure.

``share`` is always the part of a question's points that something is worth: 1 is right, 0 is not, Moodle's penalties are below 0.
What a student answers is a ``response``; its shape by kind stands beside each kind. ``scoring`` says what a response is worth.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

ONE, ZERO = Decimal(1), Decimal(0)


class QuestionKind(StrEnum):
    """How a question is answered. Responses are JSON: see each."""

    CHOICE = "choice"
    """One of several; true or false among them. Response: the choice's id."""
    RESPONSE = "response"
    """Any number of several. Response: a list of ids, in no order."""
    NUMBER = "number"
    """A number with tolerance. Response: what was typed, as text."""
    TEXT = "text"
    """A word or a few. Response: what was typed."""
    ORDER = "order"
    """Things to bring into order. Response: the list of all ids, first to last."""
    MATCH = "match"
    """What belongs to what. Response: {row's id: choice's id}."""
    GAPS = "gaps"
    """Several gaps, each typed or chosen from its own list. Response: {gap's id: text or choice's id}."""


class Partial(StrEnum):
    """What an answer that is right in part is worth."""

    NONE = "none"
    """Nothing: all of it right, or no points."""
    SHARE = "share"
    """The share that is right: of rows, gaps and neighbours in order; of choices right ones less wrong ones, never below 0."""
    WEIGHTS = "weights"
    """The sum of what was chosen by its own shares, between 0 and 1: as Moodle and QTI's mappings have it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose, or to bring into order. ``html`` was cleaned when it came in."""

    id: str
    html: str
    share: Decimal = ZERO
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A text that is taken. ``pattern``: * stands for anything, as in Moodle."""

    text: str
    share: Decimal = ONE
    pattern: bool = False
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers that are taken, from ``low`` to ``high``, both included."""

    low: Decimal
    high: Decimal
    share: Decimal = ONE
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row to match, or one gap. ``answer``: the choice that is right; or ``accepted``/``ranges`` where it is typed.

    A gap's own ``choices`` are its list; rows to match share the question's.
    """

    id: str
    html: str = ""
    answer: str | None = None
    choices: tuple[Choice, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    ranges: tuple[Range, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One question. ``prompt`` and feedback are cleaned HTML; in the prompt of GAPS, ``[[id]]`` marks where a gap stands.

    ``choices``: for ORDER in the right order; for MATCH what rows are matched with, distractors among them. ``guess`` is the
    chance of a right answer without knowing, 0 to 1.
    """

    kind: QuestionKind
    prompt: str
    points: Decimal = ONE
    title: str = ""
    choices: tuple[Choice, ...] = ()
    rows: tuple[Row, ...] = ()
    accepted: tuple[Accepted, ...] = ()
    ranges: tuple[Range, ...] = ()
    case_sensitive: bool = False
    shuffled: bool = True
    partial: Partial = Partial.NONE
    feedback_right: str = ""
    feedback_wrong: str = ""
    feedback: str = ""
    hints: tuple[str, ...] = ()
    guess: float = 0.0


_QUESTIONS: TypeAdapter[Question] = TypeAdapter(Question)


def as_json(question: Question) -> dict[str, Any]:
    """The question as the bank keeps it: decimals as text, so that nothing is rounded."""
    kept: dict[str, Any] = _QUESTIONS.dump_python(question, mode="json")
    return kept


def from_json(kept: dict[str, Any]) -> Question:
    """The question as it was kept; pydantic's ValidationError for what is none."""
    return _QUESTIONS.validate_python(kept)
