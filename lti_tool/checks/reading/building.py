"""What every format's reader builds questions with: texts made safe, parts numbered anew, and what makes no question refused.

Ids of choices, rows and gaps are numbered here: what a file calls them may be anything, and stands in forms and prompts.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from lti_tool.checks.questions import ONE, ZERO, Accepted, Choice, Partial, Question, QuestionKind, Range, Row
from lti_tool.checks.reading import texts
from lti_tool.checks.reading.values import MOST_PARTS, LeftOut, Note, Why

MOST_POINTS = Decimal(10_000)
_PLACES = Decimal("0.0001")
_GAP = re.compile(r"\[\[(g\d+)\]\]")
MOST_TOGETHER = 4_000
"""Choices of all gaps of a question together."""

MOST_ANSWER = 500
"""Characters of a text that is taken as an answer."""


class Maker:
    """Makes one question, and remembers what was left out of it."""

    def __init__(self) -> None:
        self._notes: dict[Note, None] = {}

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was left out or changed, each once."""
        return tuple(self._notes)

    def remark(self, why: Why | Note, what: str = "") -> None:
        """Something was left out or changed."""
        note = why if isinstance(why, Note) else Note(why, what[:200])
        self._notes.setdefault(note)

    def html(self, given: str) -> str:
        """A text, safe to keep and show."""
        return texts.clean(given, self.remark)

    def prompt(self, given: str) -> str:
        """A prompt without gaps: its own doubled brackets mean nothing."""
        return texts.without_marks(self.html(given))

    def choices(
        self, given: Iterable[tuple[str, str, Decimal, str]], letter: str = "c"
    ) -> tuple[tuple[Choice, ...], dict[str, str]]:
        """Choices from (id in the file, HTML, share, feedback), and the new id by the old one. Raises LeftOut for too many.

        Making half a million of them safe takes minutes, so that nobody waits for those that ``finished`` refuses.
        """
        made: list[Choice] = []
        ids: dict[str, str] = {}
        for number, (old, words, share, feedback) in enumerate(given, start=1):
            if number > MOST_PARTS:
                raise LeftOut(Why.TOO_LONG)
            ids.setdefault(old, f"{letter}{number}")
            made.append(Choice(f"{letter}{number}", self.html(words) or "–", places(share), self.html(feedback)))
        return tuple(made), ids

    def accepted(self, given: Iterable[Accepted]) -> tuple[Accepted, ...]:
        """Texts that are taken, each once, without those that say nothing. Raises LeftOut for too many."""
        found: dict[tuple[str, bool], Accepted] = {}
        for one in given:
            if len(found) > MOST_PARTS:
                raise LeftOut(Why.TOO_LONG)
            words = " ".join(one.text.replace("\0", "").split())
            if words and len(words) <= MOST_ANSWER:
                kept = replace(one, text=words, share=places(one.share), feedback=self.html(one.feedback))
                found.setdefault((words, one.pattern), kept)
        return tuple(found.values())

    def finished(self, question: Question) -> Question:
        """The question with its chance of guessing. Raises LeftOut for what is none."""
        parts = (question.choices, question.rows, question.accepted, question.ranges, question.hints)
        if any(len(part) > MOST_PARTS for part in parts) or any(len(row.choices) > MOST_PARTS for row in question.rows):
            raise LeftOut(Why.TOO_LONG)
        points = min(places(question.points), MOST_POINTS)
        if points <= ZERO:
            self.remark(Why.NO_POINTS)
            points = ONE
        prompt = question.prompt
        if texts.says_nothing(prompt):
            prompt = texts.escaped(question.title)
        if texts.says_nothing(prompt) and question.kind is not QuestionKind.GAPS:
            raise LeftOut(Why.NO_QUESTION)
        # A title is what those who teach find a question by; students may read in it what it is about.
        question = replace(question, points=points, prompt=prompt, title="")
        _must_be_answerable(question)
        question = _gaps_in_order(question)
        return replace(question, partial=_partial(question), guess=round(guess(question), 6))


def _gaps_in_order(question: Question) -> Question:
    """Gaps numbered as they come in the text; files list them in any order."""
    rows = {row.id: row for row in question.rows}
    order = [key for key in dict.fromkeys(_GAP.findall(question.prompt)) if key in rows]
    if question.kind is not QuestionKind.GAPS or order == [f"g{number}" for number in range(1, len(order) + 1)]:
        return question
    names = {old: f"g{number}" for number, old in enumerate(order, start=1)}
    return replace(
        question,
        prompt=_GAP.sub(lambda found: f"[[{names.get(found[1], found[1])}]]", question.prompt),
        rows=tuple(_renamed(rows[old], names[old]) for old in order),
    )


def _renamed(row: Row, name: str) -> Row:
    ids = {choice.id: f"{name}c{number}" for number, choice in enumerate(row.choices, start=1)}
    choices = tuple(replace(choice, id=ids[choice.id]) for choice in row.choices)
    return replace(row, id=name, choices=choices, answer=None if row.answer is None else ids[row.answer])


def _partial(question: Question) -> Partial:
    """How what is right in part counts: where something typed or a gap is worth a part, by what it is worth."""
    rows = question.rows if question.kind is QuestionKind.GAPS and question.partial is not Partial.NONE else ()
    if not rows and question.kind not in (QuestionKind.TEXT, QuestionKind.NUMBER):
        return question.partial
    worth = [one.share for one in question.accepted] + [one.share for one in question.ranges]
    for row in rows:
        worth += [one.share for one in row.accepted] + [one.share for one in row.ranges]
        worth += [one.share for one in row.choices]
    return Partial.WEIGHTS if any(ZERO < share < ONE for share in worth) else question.partial


def _must_be_answerable(question: Question) -> None:
    match question.kind:
        case QuestionKind.CHOICE | QuestionKind.RESPONSE | QuestionKind.ORDER:
            _must_have_choices(question)
        case QuestionKind.TEXT:
            _must_take_something(one.share for one in question.accepted)
        case QuestionKind.NUMBER:
            _must_take_something(one.share for one in question.ranges)
        case QuestionKind.MATCH:
            if not question.rows or len(question.choices) < 2:
                raise LeftOut(Why.TOO_FEW_CHOICES)
            if any(row.answer is None for row in question.rows):
                raise LeftOut(Why.NO_RIGHT_ANSWER)
        case QuestionKind.GAPS:
            _must_have_gaps(question)


def _must_have_choices(question: Question) -> None:
    if len(question.choices) < 2:
        raise LeftOut(Why.TOO_FEW_CHOICES)
    if question.kind is QuestionKind.ORDER:
        return
    best = max(choice.share for choice in question.choices)
    if best <= ZERO or (question.kind is QuestionKind.CHOICE and best < ONE):
        raise LeftOut(Why.NO_RIGHT_ANSWER)


def _must_take_something(shares: Iterable[Decimal]) -> None:
    if not any(share >= ONE for share in shares):
        raise LeftOut(Why.NO_RIGHT_ANSWER)


def _must_have_gaps(question: Question) -> None:
    if not question.rows:
        raise LeftOut(Why.NO_RIGHT_ANSWER)
    for row in question.rows:
        if f"[[{row.id}]]" not in question.prompt:
            raise LeftOut(Why.NO_QUESTION)
        if row.choices:
            if len(row.choices) < 2:
                raise LeftOut(Why.TOO_FEW_CHOICES)
            if row.answer is None:
                raise LeftOut(Why.NO_RIGHT_ANSWER)
        else:
            _must_take_something([*(one.share for one in row.accepted), *(one.share for one in row.ranges)])


def guess(question: Question) -> float:
    """The chance of a right answer without knowing, 0 to 1, each choice as likely as the others."""
    count = len(question.choices)
    match question.kind:
        case QuestionKind.CHOICE:
            return sum(choice.share >= ONE for choice in question.choices) / count if count else 0.0
        case QuestionKind.RESPONSE:
            return 1 / (2**count - 1) if 0 < count < 60 else 0.0
        case QuestionKind.ORDER:
            return 1 / math.factorial(min(count, 60)) if count else 0.0
        case QuestionKind.MATCH:
            return float((1 / count) ** len(question.rows)) if count else 0.0
        case QuestionKind.GAPS:
            chance = 1.0
            for row in question.rows:
                chance *= 1 / len(row.choices) if row.choices else 0.0
            return chance if question.rows else 0.0
        case _:
            return 0.0


def matching(
    maker: Maker, pairs: Sequence[tuple[str, str | None]], choices: Sequence[tuple[str, str]]
) -> tuple[tuple[Row, ...], tuple[Choice, ...]]:
    """Rows from (HTML, id of its choice), choices from (id, HTML). Choices that say the same are one."""
    same: dict[str, str] = {}
    kept: list[tuple[str, str, Decimal, str]] = []
    alias: dict[str, str] = {}
    for old, words in choices:
        said = texts.plain(words) or words
        if said not in same:
            same[said] = old
            kept.append((old, words, ZERO, ""))
        alias.setdefault(old, same[said])
    made, ids = maker.choices(kept)
    rows = tuple(
        Row(f"r{number}", html=maker.html(words) or "–", answer=ids.get(alias.get(right or "", "")))
        for number, (words, right) in enumerate(pairs, start=1)
    )
    return rows, made


def must_be_small(*sizes: int) -> None:
    """Raises LeftOut where so many parts by so many others are more than a question has, before they are made."""
    if math.prod(sizes) > MOST_TOGETHER:
        raise LeftOut(Why.TOO_LONG)


def places(value: Decimal) -> Decimal:
    """A decimal with at most four places, as it can be kept."""
    if value == value.to_integral_value():
        return value.quantize(ONE)
    return value.quantize(_PLACES).normalize()


def decimal(words: str | None) -> Decimal | None:
    """A finite number within reason, written with a point or a comma; None for anything else."""
    text = (words or "").strip().replace("\u2212", "-")
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    if not text or len(text) > 40 or "_" in text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if not value.is_finite() or (value and not -20 <= value.adjusted() <= 15):
        return None
    return value


def band(value: Decimal, tolerance: Decimal, share: Decimal = ONE, feedback: str = "") -> Range:
    """The numbers around one, as far away as ``tolerance``."""
    return Range(value - abs(tolerance), value + abs(tolerance), places(share), feedback)


def share_of(part: Decimal, whole: Decimal) -> Decimal:
    """The part as a share of the whole; whole must not be 0."""
    return places(part / whole)
