"""What a response is worth, and why. Pure: a question and a response in, a share from 0 to 1 and the reason out.

| kind | NONE | SHARE | WEIGHTS |
| --- | --- | --- | --- |
| CHOICE | the right choice, or nothing | as NONE | the choice's own share |
| RESPONSE | all right ones and no other | (right chosen - wrong chosen) / right ones, at least 0 | the sum of the chosen shares |
| NUMBER, TEXT | worth everything, or nothing | as NONE | the share of what it fits |
| ORDER | the whole order | neighbours in order / neighbours | as SHARE |
| MATCH | all rows | rows that are right / rows | as SHARE |
| GAPS | all gaps | gaps that are right / gaps | the mean of what the gaps are worth |

Sums are kept between 0 and 1. A choice is right in CHOICE where its share is 1, in RESPONSE where it is above 0. Of ranges and
accepted texts the first that fits counts, as in Moodle, so that a teacher can put what is wrong before a pattern. Nothing that
somebody sends raises: what is no response to the question is worth 0, and the reason says so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Any

from lti_tool.checks import numbers, texts
from lti_tool.checks.questions import ONE, ZERO, Accepted, Choice, Partial, Question, QuestionKind, Range, Row

Response = str | Sequence[str] | Mapping[str, str] | None
"""What a student answered, as JSON; the shape by kind stands in ``questions``. None or empty: nothing was answered."""

_LEAST = Decimal("0.0001")


class Why(StrEnum):
    """Why a response is worth what it is; ``words`` has the sentences. The values each comes with stand beside it."""

    NOTHING_GIVEN = "nothing-given"
    MALFORMED = "malformed"
    """What was sent is no response to this question: made up, or from a page of another version of it."""
    CHOICE_RIGHT = "choice-right"
    CHOICE_WRONG = "choice-wrong"
    CHOICE_WORTH = "choice-worth"
    """``percent``."""
    RESPONSE_ALL = "response-all"
    """``rights``: chosen were all the right ones and no other."""
    RESPONSE_SOME = "response-some"
    """``right`` of ``rights`` chosen, and ``wrong`` others."""
    NUMBER_RIGHT = "number-right"
    """``read``: the number it was read as."""
    NUMBER_WORTH = "number-worth"
    """``read``, ``percent``."""
    NUMBER_OTHER = "number-other"
    """``read``."""
    NUMBER_UNREADABLE = "number-unreadable"
    TEXT_RIGHT = "text-right"
    TEXT_WORTH = "text-worth"
    """``percent``."""
    TEXT_OTHER = "text-other"
    ORDER_RIGHT = "order-right"
    ORDER_NEIGHBOURS = "order-neighbours"
    """``right`` of ``of`` neighbours stand one after the other as they should."""
    ROWS = "rows"
    """``right`` of ``of`` rows."""
    GAPS = "gaps"
    """``right`` of ``of`` gaps."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A code and the values its sentence names: whole numbers, and numbers as decimals."""

    code: Why
    values: Mapping[str, int | Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a response: a choice that was chosen or should have been, a row, a gap, or a place in an order.

    ``share`` is what this part is worth by itself, 0 to 1. ``feedback`` is what its author says to whoever answers this.
    """

    id: str
    given: str = ""
    right: bool = False
    share: Decimal = ZERO
    feedback: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """What a response is worth: ``share`` of the question's points, 0 to 1, and why. ``parts`` in the question's order."""

    share: Decimal
    reason: Reason
    parts: tuple[Part, ...] = ()
    feedback: str = ""
    """What the question's author says to just this answer; cleaned HTML."""

    @property
    def is_right(self) -> bool:
        """Whether it is worth everything."""
        return self.share == ONE

    @property
    def can_be_mended(self) -> bool:
        """Whether it could not be read at all, so that the student is better asked again than told that it is wrong."""
        return self.reason.code in {Why.NOTHING_GIVEN, Why.MALFORMED, Why.NUMBER_UNREADABLE}

    def points(self, question: Question) -> Decimal:
        """The points it earns, to ten-thousandths."""
        return rounded(self.share * question.points)


def rounded(value: Decimal) -> Decimal:
    """As the database keeps decimals: four places, half up."""
    return value.quantize(_LEAST, ROUND_HALF_UP)


def score(question: Question, response: Any) -> Scored:
    """What a response is worth. Never raises, whatever ``response`` is."""
    if not _is_one(question.kind, response):
        return Scored(ZERO, Reason(Why.NOTHING_GIVEN if response is None else Why.MALFORMED))
    empty = not response or (isinstance(response, str) and not response.strip())
    # Choosing none of several is an answer where none is right.
    none_is_right = question.kind is QuestionKind.RESPONSE and not any(one.share > 0 for one in question.choices)
    if empty and not none_is_right:
        return Scored(ZERO, Reason(Why.NOTHING_GIVEN))
    return _SCORERS[question.kind](question, response)


def _is_one(kind: QuestionKind, response: Any) -> bool:
    """Whether a response has the shape of its kind's."""
    if kind in {QuestionKind.CHOICE, QuestionKind.NUMBER, QuestionKind.TEXT}:
        return isinstance(response, str)
    if kind in {QuestionKind.RESPONSE, QuestionKind.ORDER}:
        return isinstance(response, list | tuple | set | frozenset) and all(isinstance(one, str) for one in response)
    return isinstance(response, Mapping) and all(
        isinstance(key, str) and isinstance(value, str) for key, value in response.items()
    )


def _between(share: Decimal) -> Decimal:
    return min(ONE, max(ZERO, share))


def _percent(share: Decimal) -> Decimal:
    return rounded(_between(share) * 100).normalize()


# --- One of several ---------------------------------------------------------------------------------------------------


def _choice(question: Question, response: str) -> Scored:
    chosen = next((one for one in question.choices if one.id == response), None)
    if chosen is None:
        return Scored(ZERO, Reason(Why.MALFORMED))
    right = chosen.share >= ONE
    share = _between(chosen.share) if question.partial is Partial.WEIGHTS else (ONE if right else ZERO)
    part = Part(chosen.id, chosen.id, right, share, chosen.feedback)
    if right:
        reason = Reason(Why.CHOICE_RIGHT)
    elif share > 0:
        reason = Reason(Why.CHOICE_WORTH, {"percent": _percent(share)})
    else:
        reason = Reason(Why.CHOICE_WRONG)
    return Scored(share, reason, (part,), chosen.feedback)


# --- Any number of several --------------------------------------------------------------------------------------------


def _response(question: Question, response: Sequence[str]) -> Scored:
    chosen = set(response)
    if chosen - {one.id for one in question.choices}:
        return Scored(ZERO, Reason(Why.MALFORMED))
    rights = {one.id for one in question.choices if one.share > 0}
    right, wrong = len(chosen & rights), len(chosen - rights)
    parts = tuple(
        Part(
            one.id,
            one.id if one.id in chosen else "",
            (one.id in chosen) == (one.id in rights),
            _between(one.share) if one.id in chosen else ZERO,
            one.feedback if one.id in chosen else "",
        )
        for one in question.choices
        if one.id in chosen | rights
    )
    if chosen == rights and question.partial is not Partial.WEIGHTS:
        share = ONE
    elif question.partial is Partial.NONE or (question.partial is Partial.SHARE and not rights):
        share = ZERO
    elif question.partial is Partial.SHARE:
        share = _between(Decimal(right - wrong) / len(rights))
    else:
        share = _weighed(question.choices, chosen, rights)
    if chosen == rights:
        return Scored(share, Reason(Why.RESPONSE_ALL, {"rights": len(rights)}), parts)
    return Scored(share, Reason(Why.RESPONSE_SOME, {"right": right, "rights": len(rights), "wrong": wrong}), parts)


def _weighed(choices: Sequence[Choice], chosen: set[str], rights: set[str]) -> Decimal:
    """The sum of shares. Thirds are written as 0.33333 in files: what is all right and nearly 1 is 1."""
    if not rights:
        return ONE if not chosen else ZERO
    total = _between(sum((one.share for one in choices if one.id in chosen), ZERO))
    return ONE if chosen == rights and total >= Decimal("0.999") else total


# --- What is typed ----------------------------------------------------------------------------------------------------


def _number(question: Question, response: str) -> Scored:
    values = numbers.readings(response)
    if not values:
        return Scored(ZERO, Reason(Why.NUMBER_UNREADABLE))
    value, found = _best_range(values, question.ranges)
    read = {"read": numbers.as_decimal(value)}
    if found is None:
        return Scored(ZERO, Reason(Why.NUMBER_OTHER, read))
    share = _of_typed(question.partial, found.share)
    if share == ONE:
        reason = Reason(Why.NUMBER_RIGHT, read)
    elif share > 0:
        reason = Reason(Why.NUMBER_WORTH, {**read, "percent": _percent(share)})
    else:
        reason = Reason(Why.NUMBER_OTHER, read)
    return Scored(share, reason, feedback=found.feedback)


def _best_range(values: Sequence[Fraction], ranges: Sequence[Range]) -> tuple[Fraction, Range | None]:
    """Of the ways to read a number the one worth most, and the first range it lies in."""
    best: tuple[Fraction, Range | None] = (values[0], None)
    for value in values:
        found = next((one for one in ranges if numbers.between(value, one.low, one.high)), None)
        if found is not None and (best[1] is None or found.share > best[1].share):
            best = (value, found)
    return best


def _text(question: Question, response: str) -> Scored:
    if len(response) > texts.LONGEST:
        return Scored(ZERO, Reason(Why.TEXT_OTHER))
    found = _accepted(response, question.accepted, case_sensitive=question.case_sensitive)
    if found is None:
        return Scored(ZERO, Reason(Why.TEXT_OTHER))
    share = _of_typed(question.partial, found.share)
    if share == ONE:
        reason = Reason(Why.TEXT_RIGHT)
    elif share > 0:
        reason = Reason(Why.TEXT_WORTH, {"percent": _percent(share)})
    else:
        reason = Reason(Why.TEXT_OTHER)
    return Scored(share, reason, feedback=found.feedback)


def _accepted(typed: str, accepted: Sequence[Accepted], *, case_sensitive: bool) -> Accepted | None:
    return next(
        (one for one in accepted if texts.matches(typed, one.text, pattern=one.pattern, case_sensitive=case_sensitive)),
        None,
    )


def _of_typed(partial: Partial, share: Decimal) -> Decimal:
    if partial is Partial.WEIGHTS:
        return _between(share)
    return ONE if share >= ONE else ZERO


# --- Order ------------------------------------------------------------------------------------------------------------


def _order(question: Question, response: Sequence[str]) -> Scored:
    wanted = [one.id for one in question.choices]
    given = list(response)
    if isinstance(response, set | frozenset) or sorted(given) != sorted(wanted):
        return Scored(ZERO, Reason(Why.MALFORMED))
    follows = set(pairwise(wanted))
    pairs = list(pairwise(given))
    right = sum(pair in follows for pair in pairs)
    parts = tuple(
        Part(wanted[place], given[place], given[place] == wanted[place], ONE if given[place] == wanted[place] else ZERO)
        for place in range(len(wanted))
    )
    if given == wanted:
        return Scored(ONE, Reason(Why.ORDER_RIGHT), parts)
    share = ZERO if question.partial is Partial.NONE else Decimal(right) / len(pairs)
    return Scored(share, Reason(Why.ORDER_NEIGHBOURS, {"right": right, "of": len(pairs)}), parts)


# --- Rows and gaps ----------------------------------------------------------------------------------------------------


def _match(question: Question, response: Mapping[str, str]) -> Scored:
    choices = {one.id for one in question.choices}
    if set(response) - {row.id for row in question.rows} or set(response.values()) - choices - {""}:
        return Scored(ZERO, Reason(Why.MALFORMED))
    parts = tuple(
        Part(row.id, given, right, ONE if right else ZERO)
        for row in question.rows
        for given in (response.get(row.id, ""),)
        for right in (bool(given) and given == row.answer,)
    )
    return _of_parts(question, parts, Why.ROWS)


def _gaps(question: Question, response: Mapping[str, str]) -> Scored:
    if set(response) - {row.id for row in question.rows}:
        return Scored(ZERO, Reason(Why.MALFORMED))
    parts = []
    for row in question.rows:
        given = response.get(row.id, "")
        if row.choices and given and given not in {one.id for one in row.choices}:
            return Scored(ZERO, Reason(Why.MALFORMED))
        parts.append(_gap(question, row, given))
    return _of_parts(question, tuple(parts), Why.GAPS)


def _gap(question: Question, row: Row, given: str) -> Part:
    if not given.strip() or len(given) > texts.LONGEST:
        return Part(row.id)
    if row.choices:
        chosen = next(one for one in row.choices if one.id == given)
        worth, feedback = (ONE if given == row.answer else chosen.share), chosen.feedback
    else:
        worth, feedback = _typed_gap(question, row, given)
    share = _of_typed(question.partial, worth)
    return Part(row.id, given, worth >= ONE, share, feedback)


def _typed_gap(question: Question, row: Row, given: str) -> tuple[Decimal, str]:
    text = _accepted(given, row.accepted, case_sensitive=question.case_sensitive)
    if text is not None:
        return text.share, text.feedback
    values = numbers.readings(given) if row.ranges else ()
    found = _best_range(values, row.ranges)[1] if values else None
    return (ZERO, "") if found is None else (found.share, found.feedback)


def _of_parts(question: Question, parts: tuple[Part, ...], why: Why) -> Scored:
    if not any(part.given for part in parts):
        return Scored(ZERO, Reason(Why.NOTHING_GIVEN), parts)
    right = sum(part.right for part in parts)
    total = sum((part.share for part in parts), ZERO) / len(parts)
    if question.partial is Partial.NONE:
        total = ONE if right == len(parts) else ZERO
    return Scored(_between(total), Reason(why, {"right": right, "of": len(parts)}), parts)


_SCORERS: Mapping[QuestionKind, Callable[[Question, Any], Scored]] = {
    QuestionKind.CHOICE: _choice,
    QuestionKind.RESPONSE: _response,
    QuestionKind.NUMBER: _number,
    QuestionKind.TEXT: _text,
    QuestionKind.ORDER: _order,
    QuestionKind.MATCH: _match,
    QuestionKind.GAPS: _gaps,
}


# --- What is right ----------------------------------------------------------------------------------------------------


def solution(question: Question) -> Response:
    """A response that is worth most; None where the question says of none that it is right.

    Of several right choices or texts the first. A text is never a pattern, unless there is nothing else.
    """
    return _SOLUTIONS[question.kind](question)


def _best_choice(choices: Sequence[Choice]) -> str | None:
    best = max(choices, key=lambda one: one.share, default=None)
    return best.id if best is not None and best.share > 0 else None


def _known(found: Mapping[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in found.items() if value is not None}


def _middle(ranges: Sequence[Range]) -> str | None:
    best = max(ranges, key=lambda one: one.share, default=None)
    if best is None or best.share <= 0:
        return None
    middle = (best.low + best.high) / 2
    return str(middle if best.low <= middle <= best.high else best.low)


def _first_text(accepted: Sequence[Accepted]) -> str | None:
    best = max(accepted, key=lambda one: (one.share, not one.pattern), default=None)
    return best.text if best is not None and best.share > 0 else None


def _gap_solution(row: Row) -> str | None:
    if row.answer is not None:
        return row.answer
    if row.choices:
        return _best_choice(row.choices)
    return _first_text(row.accepted) or _middle(row.ranges)


_SOLUTIONS: Mapping[QuestionKind, Callable[[Question], Response]] = {
    QuestionKind.CHOICE: lambda question: _best_choice(question.choices),
    QuestionKind.RESPONSE: lambda question: [one.id for one in question.choices if one.share > 0],
    QuestionKind.NUMBER: lambda question: _middle(question.ranges),
    QuestionKind.TEXT: lambda question: _first_text(question.accepted),
    QuestionKind.ORDER: lambda question: [one.id for one in question.choices],
    QuestionKind.MATCH: lambda question: _known({row.id: row.answer for row in question.rows}),
    QuestionKind.GAPS: lambda question: _known({row.id: _gap_solution(row) for row in question.rows}),
}
