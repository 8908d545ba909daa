"""Moodle's embedded answers: ``{1:SHORTANSWER:=right#feedback~%50%half~wrong}`` in a text, and numbered gaps ``[[1]]``.

Source: Moodle's documentation, "Embedded Answers (Cloze) question type".
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from lti_tool.checks.questions import ONE, ZERO, Accepted, Partial, Question, QuestionKind, Range, Row
from lti_tool.checks.reading.building import Maker, band, decimal, must_be_small, places
from lti_tool.checks.reading.values import MOST_PARTS, LeftOut, Why

_TYPED = {"SHORTANSWER": False, "SA": False, "MW": False, "SHORTANSWER_C": True, "SAC": True, "MWC": True}
"""Typed gaps, and whether capital letters matter."""
_NUMBERS = frozenset({"NUMERICAL", "NM"})
_LISTS = frozenset(
    f"{name}{how}{shuffled}"
    for name, hows in (("MULTICHOICE", ("", "_V", "_H")), ("MC", ("", "V", "H")))
    for how in hows
    for shuffled in ("", "S", "_S")
)
_MULTIPLE = re.compile(r"MULTIRESPONSE\w*|MR\w*")
_BEGIN = re.compile(r"\{(\d{0,4}):([A-Z_]{2,20}):")
_NUMBERED = re.compile(r"\[\[(\d{1,3})\]\]")


@dataclass(frozen=True, slots=True)
class _Answer:
    text: str
    share: Decimal
    feedback: str


def read(question: Question, maker: Maker, *, has_points: bool = False) -> Question:
    """The question with its gaps as rows; its prompt has not been made safe yet. ``has_points``: the file says what it is worth.

    Raises LeftOut.
    """
    raw = question.prompt
    rows: list[Row] = []
    weights: list[int] = []
    cases: set[bool] = set()
    said: list[str] = []
    at = 0
    for begin in _BEGIN.finditer(raw):
        if begin.start() < at:
            continue  # It stands inside of the gap before.
        end = _end(raw, begin.end())
        if end < 0:
            raise LeftOut(Why.NOT_READABLE, raw[begin.start() : begin.start() + 40])
        if len(rows) >= MOST_PARTS:
            raise LeftOut(Why.TOO_LONG)
        gap = f"g{len(rows) + 1}"
        rows.append(_row(gap, begin[2], _answers(raw[begin.end() : end]), maker, cases))
        weights.append(int(begin[1] or "1"))
        said += [raw[at : begin.start()], f"\u2983{gap}\u2984"]
        at = end + 1
    if not rows:
        raise LeftOut(Why.NO_QUESTION)
    if len(set(weights)) > 1:
        maker.remark(Why.WEIGHTS)
    if len(cases) > 1:
        maker.remark(Why.CASE)
    made = _with_gaps(question, "".join(said) + raw[at:], rows, maker, case=cases == {True})
    # The weights of its gaps are its points, unless the file says others.
    return made if has_points else replace(made, points=Decimal(max(1, sum(weights))))


def _with_gaps(question: Question, raw: str, rows: Sequence[Row], maker: Maker, *, case: bool = False) -> Question:
    prompt = maker.prompt(raw).replace("\u2983", "[[").replace("\u2984", "]]")
    return replace(
        question,
        kind=QuestionKind.GAPS,
        prompt=prompt,
        rows=tuple(rows),
        case_sensitive=case,
        partial=Partial.SHARE if len(rows) > 1 else Partial.NONE,
    )


def _end(raw: str, at: int) -> int:
    """Where the gap that begins before ``at`` ends; -1 where it does not."""
    while at < len(raw):
        if raw[at] == "\\":
            at += 2
            continue
        if raw[at] == "}":
            return at
        at += 1
    return -1


def _parted(text: str, sign: str) -> list[str]:
    """The parts between a sign; one with a backslash in front is no sign."""
    return re.split(rf"(?<!\\){re.escape(sign)}", text)


def _unescaped(text: str) -> str:
    return re.sub(r"\\([}~#=/\"\\{&])", r"\1", text)


def _answers(inner: str) -> list[_Answer]:
    found = []
    for part in _parted(html.unescape(inner), "~"):
        words, *feedback = _parted(part.strip(), "#")
        share = ZERO
        stated = re.match(r"%(-?\d{1,3}(?:\.\d{1,7})?)%", words)
        if stated:
            share, words = Decimal(stated[1]) / 100, words[stated.end() :]
        elif words.startswith("="):
            share, words = ONE, words[1:]
        found.append(_Answer(words.strip(), places(max(min(share, ONE), -ONE)), "#".join(feedback)))
    return found


def _row(gap: str, name: str, answers: Sequence[_Answer], maker: Maker, cases: set[bool]) -> Row:
    if name in _TYPED:
        cases.add(_TYPED[name])
        taken = []
        for one in answers:
            starred = "*" in one.text.replace("\\*", "")
            words = one.text if starred else _unescaped(one.text).replace("\\*", "*")
            taken.append(Accepted(words, one.share, pattern=starred, feedback=_unescaped(one.feedback)))
        return Row(gap, accepted=maker.accepted(taken))
    if name in _NUMBERS:
        return Row(gap, ranges=tuple(_ranges(answers, maker)))
    if name in _LISTS:
        choices, _ = maker.choices(
            (
                (str(number), _unescaped(one.text), one.share, _unescaped(one.feedback))
                for number, one in enumerate(answers)
            ),
            letter=f"{gap}c",
        )
        right = [choice.id for choice in choices if choice.share >= ONE]
        if len(right) > 1:
            raise LeftOut(Why.SCORING)
        return Row(gap, choices=choices, answer=right[0] if right else None)
    if _MULTIPLE.fullmatch(name):
        raise LeftOut(Why.SEVERAL_IN_ONE)
    raise LeftOut(Why.UNKNOWN_KIND, name)


def _ranges(answers: Sequence[_Answer], maker: Maker) -> list[Range]:
    found = []
    for one in answers:
        number, _, tolerance = one.text.partition(":")
        value = decimal(number)
        if value is not None:
            said = maker.html(_unescaped(one.feedback))
            found.append(band(value, decimal(tolerance) or ZERO, one.share, said))
    return found


def with_numbered_gaps(question: Question, offered: Sequence[tuple[str, str]], maker: Maker) -> Question:
    """A text with gaps ``[[n]]``, each filled by the n-th of the words that are offered, chosen from those of its group."""
    rows: list[Row] = []
    must_be_small(len(_NUMBERED.findall(question.prompt)), len(offered))

    def gap(found: re.Match[str]) -> str:
        place = int(found[1])
        if not 0 < place <= len(offered):
            raise LeftOut(Why.NO_RIGHT_ANSWER)
        if len(rows) >= MOST_PARTS:
            raise LeftOut(Why.TOO_LONG)
        name = f"g{len(rows) + 1}"
        group = offered[place - 1][1]
        choices, ids = maker.choices(
            (
                (str(number), words, ONE if number == place else ZERO, "")
                for number, (words, its) in enumerate(offered, start=1)
                if its == group
            ),
            letter=f"{name}c",
        )
        rows.append(Row(name, choices=choices, answer=ids[str(place)]))
        return f"\u2983{name}\u2984"

    return _with_gaps(question, _NUMBERED.sub(gap, question.prompt), rows, maker)
