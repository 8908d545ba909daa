"""What pages show of an attempt, worked out before a template sees it. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from lti_tool.checks import attempt_rules, finishing, scoring, selecting
from lti_tool.checks.attempts import Sitting
from lti_tool.checks.models import Feedback
from lti_tool.checks.questions import Choice, Question, QuestionKind, Row
from lti_tool.checks.scoring import Part, Response, Scored


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a prompt, and the gap that comes after it."""

    html: str
    gap: Row | None = None


@dataclass(frozen=True, slots=True)
class QuestionView:
    """A question as the page asks it. ``choices`` as they stand on the page; ``number`` from 1 in this attempt.

    ``scored`` is set where the page may say what the answer is worth. ``hints`` are those that tries have earned.
    """

    id: str
    number: int
    question: Question
    choices: tuple[Choice, ...]
    response: Response
    saved_number: int
    tries: int
    tries_left: int
    is_given: bool
    is_answered: bool
    scored: Scored | None = None
    hints: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The kind as a word, for templates."""
        return self.question.kind.value

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The prompt of a question with gaps, taken apart at them; gaps without a mark come last."""
        return pieces(self.question)

    def chosen(self, choice_id: str) -> bool:
        """Whether a choice is chosen."""
        if isinstance(self.response, str):
            return self.response == choice_id
        return isinstance(self.response, list) and choice_id in self.response

    def given(self, part: str | None = None) -> str:
        """What is typed or chosen in a field."""
        if part is None:
            return self.response if isinstance(self.response, str) else ""
        return self.response.get(part, "") if isinstance(self.response, dict) else ""

    @property
    def feedback(self) -> tuple[str, ...]:
        """What the question's author says to this answer: cleaned HTML."""
        return feedback(self.question, self.scored)


_MARK = re.compile(r"\[\[([^\[\]]+)\]\]")


def pieces(question: Question) -> tuple[Piece, ...]:
    """A prompt, taken apart at the marks of its gaps."""
    left = {row.id: row for row in question.rows}
    parts = _MARK.split(question.prompt)
    found: list[Piece] = []
    text = parts[0]
    for name, after in zip(parts[1::2], parts[2::2], strict=True):
        gap = left.pop(name, None)
        if gap is None:
            text += after
        else:
            found.append(Piece(text, gap))
            text = after
    found.append(Piece(text))
    return (*found, *(Piece(row.html, row) for row in left.values()))


def feedback(question: Question, scored: Scored | None) -> tuple[str, ...]:
    """What an author says to an answer: to just this one, to a right or another one, and to all."""
    if scored is None or scored.can_be_mended:
        return ()
    parts = [part.feedback for part in scored.parts if part.feedback != scored.feedback]
    own = question.feedback_right if scored.is_right else question.feedback_wrong
    return tuple(dict.fromkeys(one for one in (scored.feedback, *parts, own, question.feedback) if one))


def views(here: Sitting, *, told: bool) -> list[QuestionView]:
    """The questions of an attempt so far; ``told``: whether what answers are worth may be said."""
    return [_view(here, one, number, told=told) for number, one in enumerate(here.rows, start=1)]


def _view(here: Sitting, question_id: str, number: int, *, told: bool) -> QuestionView:
    question = here.questions[question_id]
    answer = here.answers.get(question_id)
    tried = answer.tries if answer is not None else 0
    if question.kind is QuestionKind.ORDER:
        by_id = {one.id: one for one in question.choices}
        choices = tuple(by_id[one] for one in here.order(question_id))
    else:
        choices = selecting.arranged(question, here.attempt.seed, question_id)
    return QuestionView(
        question_id,
        number,
        question,
        choices,
        here.response(question_id),
        answer.saved_number if answer is not None else 0,
        tried,
        here.tries_left(question_id),
        here.is_given(question_id),
        here.is_answered(question_id),
        here.scored(question_id) if told and tried else None,
        question.hints[:tried] if told and not here.is_given(question_id) else (),
    )


# --- Results ----------------------------------------------------------------------------------------------------------


class Mark(StrEnum):
    """What a line of an answer is."""

    RIGHT = "right"
    PARTLY = "partly"
    OTHER = "other"
    """Given, and not what is right."""
    MISSED = "missed"
    """Right, and not given."""
    PLAIN = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an answer: what it stands beside (cleaned HTML), what was given, and what would be right, where that is shown.

    ``given`` and ``right`` are cleaned HTML where ``is_html``, else text as it was typed.
    """

    mark: Mark
    given: str = ""
    right: str = ""
    beside: str = ""
    is_html: bool = True


@dataclass(frozen=True, slots=True)
class Marked:
    """A question and its answer, marked. ``points`` of ``of``."""

    number: int
    question: Question
    scored: Scored
    points: Decimal
    of: Decimal
    lines: tuple[Line, ...]
    feedback: tuple[str, ...]
    tries: int
    prompt: str


def marked(here: Sitting, *, shows_right: bool) -> list[Marked]:
    """Every question of an attempt that has ended, with the answer and what it is worth."""
    return [_marked(here, one, number, shows_right=shows_right) for number, one in enumerate(here.rows, start=1)]


def _marked(here: Sitting, question_id: str, number: int, *, shows_right: bool) -> Marked:
    question, scored = here.questions[question_id], here.scored(question_id)
    answer = here.answers.get(question_id)
    lines = _LINES[question.kind](question, here.counting(question_id), scored)
    if not shows_right:
        lines = tuple(
            Line(line.mark, line.given, "", line.beside, line.is_html) for line in lines if line.mark is not Mark.MISSED
        )
    return Marked(
        number,
        question,
        scored,
        finishing.points(here, question_id),
        question.points,
        lines,
        feedback(question, scored),
        answer.tries if answer is not None else 0,
        _MARK.sub("…", question.prompt),
    )


def _mark(part: Part) -> Mark:
    if part.right:
        return Mark.RIGHT
    return Mark.PARTLY if part.share > 0 else Mark.OTHER


def _choice_lines(question: Question, response: Response, scored: Scored) -> tuple[Line, ...]:
    chosen = {part.id: part for part in scored.parts if part.given}
    lines = []
    for one in question.choices:
        right = one.share >= 1 if question.kind is QuestionKind.CHOICE else one.share > 0
        if one.id in chosen:
            mark = Mark.RIGHT if right else _mark(chosen[one.id])
            lines.append(Line(mark, one.html))
        elif right:
            lines.append(Line(Mark.MISSED, one.html))
    return tuple(lines)


def _typed_lines(question: Question, response: Response, scored: Scored) -> tuple[Line, ...]:
    right = scoring.solution(question)
    shown = right if isinstance(right, str) and not scored.is_right else ""
    given = response if isinstance(response, str) else ""
    mark = Mark.RIGHT if scored.is_right else Mark.PARTLY if scored.share > 0 else Mark.OTHER
    return (Line(mark if given else Mark.MISSED, given, shown, is_html=False),)


def _order_lines(question: Question, response: Response, scored: Scored) -> tuple[Line, ...]:
    htmls = {one.id: one.html for one in question.choices}
    if not scored.parts:
        return tuple(Line(Mark.MISSED, html) for html in htmls.values())
    return tuple(Line(_mark(part), htmls[part.given], "" if part.right else htmls[part.id]) for part in scored.parts)


def _row_lines(question: Question, response: Response, scored: Scored) -> tuple[Line, ...]:
    rights = scoring.solution(question)
    right = rights if isinstance(rights, dict) else {}
    parts = {part.id: part for part in scored.parts}
    lines = []
    for row in question.rows:
        choices = row.choices if question.kind is QuestionKind.GAPS else question.choices
        htmls = {one.id: one.html for one in choices}
        part = parts.get(row.id, Part(row.id))
        wanted = right.get(row.id) or ""
        lines.append(
            Line(
                _mark(part) if part.given else Mark.OTHER,
                htmls.get(part.given, part.given),
                "" if part.right else htmls.get(wanted, wanted),
                row.html,
                bool(htmls),
            )
        )
    return tuple(lines)


_LINES = {
    QuestionKind.CHOICE: _choice_lines,
    QuestionKind.RESPONSE: _choice_lines,
    QuestionKind.NUMBER: _typed_lines,
    QuestionKind.TEXT: _typed_lines,
    QuestionKind.ORDER: _order_lines,
    QuestionKind.MATCH: _row_lines,
    QuestionKind.GAPS: _row_lines,
}


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an attempt. ``asked`` questions of ``of`` that an adaptive check has."""

    number: int
    percent: float
    passed: bool
    earned: Decimal
    possible: Decimal
    answered: int
    asked: int
    adaptive: bool


def result(here: Sitting) -> Result:
    """The result of an attempt that has ended."""
    percent = attempt_rules.percent(here.attempt.earned, here.attempt.possible)
    return Result(
        here.attempt.number,
        percent,
        percent >= here.check.pass_percent,
        here.attempt.earned or Decimal(0),
        here.attempt.possible or Decimal(0),
        sum(here.is_given(one) for one in here.rows),
        len(here.rows),
        here.is_adaptive,
    )


def open_number(shown: Sequence[QuestionView], wanted: int | None) -> int:
    """Which question a page shows: the one wanted, or the first that waits for an answer, or the last."""
    if wanted is not None and 1 <= wanted <= len(shown):
        return wanted
    return next((one.number for one in shown if not one.is_given and not one.is_answered), len(shown))


def tells_now(here: Sitting) -> bool:
    """Whether what an answer is worth is said as soon as it is given."""
    return here.check.feedback is Feedback.EACH
