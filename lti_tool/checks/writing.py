"""Questions as a teacher writes them: a text, and lines with one answer each. Pure.

| kind | a line |
| --- | --- |
| one or several of several | `* right`, `wrong`; `%50% worth half` |
| a number | `3.14`, `3.14 ± 0.01`, `3..5`; `%50% 3` |
| a short text | `Paris`, `col*r` with a star for anything; `%50% Paris, Texas` |
| an order | what comes first, then the rest |
| matching | `row => choice`; `=> choice` belongs to no row |
| gaps | in the text: `[[two|2]]` is typed, `[[*four|five]]` is chosen, `[[=4 ± 0.5]]` is a number |

What stands behind `##` in a line is said to whoever answers that. What is written back reads as the same question.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from lti_tool.checks.questions import ONE, ZERO, Accepted, Choice, Partial, Question, QuestionKind, Range, Row
from lti_tool.checks.reading import texts
from lti_tool.checks.reading.building import Maker, decimal, matching, places
from lti_tool.checks.reading.values import LeftOut, Why
from lti_tool.web.i18n import N_

MOST_TYPED = 20_000
"""Characters of a field of a form."""

_TAG = re.compile(
    r"</?(?:p|br|hr|div|span|b|strong|i|em|u|s|sub|sup|small|code|pre|kbd|samp|var|blockquote|q|cite|ul|ol|li|dl|dt|dd|table|"
    r"caption|thead|tbody|tfoot|tr|th|td|h[1-6]|abbr|mark|ins|del|a|ruby|rt|rp|img)\b[^<>]*>",
    re.IGNORECASE,
)
_SHARE = re.compile(r"%(-?\d{1,3}(?:[.,]\d{1,4})?)%\s*")
_TOLERANCE = re.compile(r"(?<!\s)\s*+(?:±|\+-|\+/-)\s*+")
_GAP = re.compile(r"\[\[(.{1,2000}?)\]\]", re.DOTALL)
_FEEDBACK = " ## "

NO_PROMPT = N_("Write what is asked.")
_WHYS = {
    Why.NO_QUESTION: NO_PROMPT,
    Why.TOO_FEW_CHOICES: N_("Write at least two answers, one on each line."),
    Why.TOO_LONG: N_("A question has at most 200 answers."),
}
_NO_RIGHT = {
    QuestionKind.CHOICE: N_("Put a star (*) in front of the right answer."),
    QuestionKind.RESPONSE: N_("Put a star (*) in front of each right answer."),
    QuestionKind.NUMBER: N_("Write the right number, for example 3.14 or 3.14 ± 0.01."),
    QuestionKind.TEXT: N_("Write at least one answer that is right."),
    QuestionKind.MATCH: N_("Write what belongs together as: this => that."),
    QuestionKind.GAPS: N_("Write each gap with what is right in it, for example [[two|2]] or [[*four|five]]."),
}
SEVERAL_RIGHT = N_("Only one answer can be right here. For several, choose “any number of several”.")
NOT_A_NUMBER = N_("Write numbers, one on each line, for example 3.14, 3.14 ± 0.01 or 3..5.")


@dataclass(frozen=True, slots=True)
class Written:
    """A question as its form has it."""

    kind: QuestionKind
    prompt: str = ""
    lines: str = ""
    points: Decimal = ONE
    partial: Partial = Partial.SHARE
    shuffled: bool = True
    case_sensitive: bool = False
    feedback: str = ""
    feedback_right: str = ""
    feedback_wrong: str = ""
    hints: str = ""


class Unfinished(Exception):
    """What was written makes no question yet. ``field`` is the form's, ``sentence`` a message id."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = name
        self.sentence = sentence


# --- From the form --------------------------------------------------------------------------------------------------------


def question_of(written: Written, title: str = "") -> Question:
    """The question. Raises Unfinished."""
    maker = Maker()
    if not written.prompt.strip():
        raise Unfinished("prompt", NO_PROMPT)
    begun = Question(
        kind=written.kind,
        prompt="",
        points=written.points,
        title=title,
        shuffled=written.shuffled,
        case_sensitive=written.case_sensitive,
        feedback=as_html(written.feedback, maker),
        feedback_right=as_html(written.feedback_right, maker),
        feedback_wrong=as_html(written.feedback_wrong, maker),
        hints=tuple(as_html(one, maker) for one in _lines(written.hints)),
    )
    try:
        if written.kind is QuestionKind.GAPS:
            made = _gaps(begun, written, maker)
        else:
            begun = replace(begun, prompt=texts.without_marks(as_html(written.prompt, maker)))
            made = _MAKERS[written.kind](begun, written, maker)
        return maker.finished(made)
    except LeftOut as left_out:
        name = "prompt" if left_out.note.why is Why.NO_QUESTION or written.kind is QuestionKind.GAPS else "lines"
        sentence = _WHYS.get(left_out.note.why) or _NO_RIGHT.get(written.kind, NO_PROMPT)
        raise Unfinished(name, sentence) from left_out


def as_html(typed: str, maker: Maker) -> str:
    """What was typed as HTML: with tags of HTML it is HTML already, and made safe; else its lines are kept."""
    text = typed.replace("\r\n", "\n").strip()[:MOST_TYPED]
    return maker.html(text) if _TAG.search(text) else texts.escaped(text)


def _lines(text: str) -> Iterator[str]:
    for line in text.replace("\r", "\n").split("\n"):
        if line.strip():
            yield line.strip()


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    share: Decimal | None
    feedback: str


def _parted(line: str) -> _Line:
    """A line with its share (None: it says none) and its feedback."""
    words, _, feedback = line.partition(_FEEDBACK)
    stated = _SHARE.match(words)
    if stated is None:
        return _Line(words.strip(), None, feedback.strip())
    share = (decimal(stated[1]) or ZERO) / 100
    return _Line(words[stated.end() :].strip(), max(min(share, ONE), -ONE), feedback.strip())


def _choices(question: Question, written: Written, maker: Maker) -> Question:
    found: list[tuple[str, str, Decimal, str]] = []
    weighted = False
    for number, line in enumerate(_lines(written.lines)):
        starred = line.startswith("*")
        part = _parted(line[1:].strip() if starred else line)
        weighted = weighted or (part.share is not None and part.share not in (ZERO, ONE))
        share = part.share if part.share is not None else (ONE if starred else ZERO)
        found.append((str(number), as_html(part.text, maker), share, as_html(part.feedback, maker)))
    choices, _ = maker.choices(found)
    if question.kind is QuestionKind.CHOICE and sum(choice.share >= ONE for choice in choices) > 1:
        raise Unfinished("lines", SEVERAL_RIGHT)
    plain = Partial.NONE if question.kind is QuestionKind.CHOICE else written.partial
    if plain is Partial.WEIGHTS and not weighted:
        plain = Partial.SHARE
    return replace(question, choices=choices, partial=Partial.WEIGHTS if weighted else plain)


def _order(question: Question, written: Written, maker: Maker) -> Question:
    choices, _ = maker.choices(
        (str(number), as_html(line, maker), ZERO, "") for number, line in enumerate(_lines(written.lines))
    )
    return replace(question, choices=choices, partial=_in_part(written))


def _in_part(written: Written) -> Partial:
    return Partial.NONE if written.partial is Partial.NONE else Partial.SHARE


def _match(question: Question, written: Written, maker: Maker) -> Question:
    pairs: list[tuple[str, str | None]] = []
    choices: list[tuple[str, str]] = []
    for number, line in enumerate(_lines(written.lines)):
        left, arrow, right = line.partition("=>")
        if not arrow or not right.strip():
            raise Unfinished("lines", _NO_RIGHT[QuestionKind.MATCH])
        choices.append((str(number), as_html(right, maker)))
        if left.strip():
            pairs.append((as_html(left, maker), str(number)))
    rows, made = matching(maker, pairs, choices)
    return replace(question, rows=rows, choices=made, partial=_in_part(written))


def _number(question: Question, written: Written, maker: Maker) -> Question:
    ranges = []
    for line in _lines(written.lines):
        part = _parted(line)
        found = range_of(part.text, part.share if part.share is not None else ONE, as_html(part.feedback, maker))
        if found is None:
            raise Unfinished("lines", NOT_A_NUMBER)
        ranges.append(found)
    return replace(question, ranges=tuple(ranges), partial=Partial.NONE)


def range_of(text: str, share: Decimal = ONE, feedback: str = "") -> Range | None:
    """``3``, ``3 ± 0.1`` or ``3..5`` as the numbers that are taken; None for anything else."""
    if ".." in text:
        low, high = (decimal(end) for end in text.split("..", 1))
        if low is None or high is None or low > high:
            return None
        return Range(low, high, places(share), feedback)
    middle, *tolerance = _TOLERANCE.split(text)
    value = decimal(middle)
    away = decimal(tolerance[0]) if tolerance else ZERO
    if value is None or away is None or len(tolerance) > 1:
        return None
    return Range(value - abs(away), value + abs(away), places(share), feedback)


def _text(question: Question, written: Written, maker: Maker) -> Question:
    return replace(question, accepted=maker.accepted(_accepted(_lines(written.lines), maker)), partial=Partial.NONE)


def _accepted(lines: Iterable[str], maker: Maker) -> Iterator[Accepted]:
    for line in lines:
        part = _parted(line)
        starred = "*" in part.text.replace("\\*", "")
        words = part.text if starred else part.text.replace("\\*", "*")
        share = part.share if part.share is not None else ONE
        yield Accepted(words, share, pattern=starred, feedback=as_html(part.feedback, maker))


def _gaps(question: Question, written: Written, maker: Maker) -> Question:
    rows: list[Row] = []

    def gap(found: re.Match[str]) -> str:
        rows.append(_gap(f"g{len(rows) + 1}", found[1], maker))
        return f"\u2983g{len(rows)}\u2984"

    marked = _GAP.sub(gap, written.prompt.replace("\u2983", "").replace("\u2984", ""))
    prompt = texts.without_marks(as_html(marked, maker)).replace("\u2983", "[[").replace("\u2984", "]]")
    return replace(question, prompt=prompt, rows=tuple(rows), partial=_in_part(written))


def _gap(name: str, inner: str, maker: Maker) -> Row:
    answers = [one.strip() for one in html.unescape(inner).split("|") if one.strip()]
    if answers and all(one.startswith("=") for one in answers):
        parts = [_parted(one[1:].strip()) for one in answers]
        ranges = [range_of(part.text, part.share if part.share is not None else ONE) for part in parts]
        if any(one is None for one in ranges):
            raise Unfinished("prompt", NOT_A_NUMBER)
        return Row(name, ranges=tuple(one for one in ranges if one is not None))
    if any(one.startswith("*") for one in answers):
        found = []
        for number, one in enumerate(answers):
            part = _parted(one.lstrip("*").strip())
            share = part.share if part.share is not None else (ONE if one.startswith("*") else ZERO)
            found.append((str(number), as_html(part.text, maker), share, as_html(part.feedback, maker)))
        choices, _ = maker.choices(found, letter=f"{name}c")
        right = [choice.id for choice in choices if choice.share >= ONE]
        if len(right) > 1:
            raise Unfinished("prompt", SEVERAL_RIGHT)
        return Row(name, choices=choices, answer=right[0] if right else None)
    return Row(name, accepted=maker.accepted(_accepted(answers, maker)))


_MAKERS = {
    QuestionKind.CHOICE: _choices,
    QuestionKind.RESPONSE: _choices,
    QuestionKind.ORDER: _order,
    QuestionKind.MATCH: _match,
    QuestionKind.NUMBER: _number,
    QuestionKind.TEXT: _text,
}


# --- To the form ----------------------------------------------------------------------------------------------------------


def as_text(given: str) -> str:
    """HTML as somebody would type it: as text where that says the same, else as it is."""
    plain = html.unescape(given.replace("<br>", "\n").replace("&nbsp;", "\u00a0"))
    return plain if not _TAG.search(plain) and texts.escaped(plain) == given else given


def written_of(question: Question) -> Written:
    """A question as its form has it."""
    return Written(
        question.kind,
        prompt=_with_answers(question) if question.kind is QuestionKind.GAPS else as_text(question.prompt),
        lines="\n".join(_written_lines(question)),
        points=question.points,
        partial=question.partial,
        shuffled=question.shuffled,
        case_sensitive=question.case_sensitive,
        feedback=as_text(question.feedback),
        feedback_right=as_text(question.feedback_right),
        feedback_wrong=as_text(question.feedback_wrong),
        hints="\n".join(_one_line(one) for one in question.hints),
    )


def _one_line(given: str) -> str:
    return " ".join(as_text(given).split("\n"))


def _written_lines(question: Question) -> list[str]:
    match question.kind:
        case QuestionKind.CHOICE | QuestionKind.RESPONSE:
            weighs = question.partial is Partial.WEIGHTS
            return [_choice_line(one, weighs=weighs) for one in question.choices]
        case QuestionKind.ORDER:
            return [_one_line(one.html) for one in question.choices]
        case QuestionKind.NUMBER:
            return [_weighted(_range_text(one), one.share, one.feedback) for one in question.ranges]
        case QuestionKind.TEXT:
            return [_weighted(_accepted_text(one), one.share, one.feedback) for one in question.accepted]
        case QuestionKind.MATCH:
            return _match_lines(question)
        case _:
            return []


def _match_lines(question: Question) -> list[str]:
    by_id = {one.id: _one_line(one.html) for one in question.choices}
    lines = [f"{_one_line(row.html)} => {by_id.get(row.answer or '', '')}" for row in question.rows]
    used = {row.answer for row in question.rows}
    return lines + [f"=> {words}" for key, words in by_id.items() if key not in used]


def _choice_line(choice: Choice, *, weighs: bool) -> str:
    words = _one_line(choice.html)
    if choice.share >= ONE or (choice.share > ZERO and not weighs):
        words = f"* {words}"
    elif choice.share != ZERO:
        words = f"%{_percent(choice.share)}% {words}"
    return _with_feedback(words, choice.feedback)


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}"


def _weighted(words: str, share: Decimal, feedback: str) -> str:
    return _with_feedback(words if share >= ONE else f"%{_percent(share)}% {words}", feedback)


def _with_feedback(words: str, feedback: str) -> str:
    return f"{words}{_FEEDBACK}{_one_line(feedback)}" if feedback else words


def _range_text(one: Range) -> str:
    if one.low == one.high:
        return f"{one.low:f}"
    middle, away = (one.low + one.high) / 2, (one.high - one.low) / 2
    return f"{_shortly(middle)} ± {_shortly(away)}"


def _shortly(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _accepted_text(one: Accepted) -> str:
    return one.text if one.pattern else one.text.replace("*", "\\*")


def _with_answers(question: Question) -> str:
    """The text of a question with gaps, each with what is right in it."""
    rows = {row.id: row for row in question.rows}
    marked = re.sub(r"\[\[(\w+)\]\]", lambda found: f"\u2983{found[1]}\u2984", question.prompt)

    def gap(found: re.Match[str]) -> str:
        row = rows.get(found[1])
        return "" if row is None else f"[[{'|'.join(_gap_answers(row))}]]"

    return re.sub("\u2983(\\w+)\u2984", gap, as_text(marked))


def _gap_answers(row: Row) -> list[str]:
    if row.choices:
        return [_choice_line(one, weighs=True).replace("* ", "*", 1) for one in row.choices]
    if row.ranges:
        return [f"={_weighted(_range_text(one), one.share, '')}" for one in row.ranges]
    return [_weighted(_accepted_text(one), one.share, one.feedback) for one in row.accepted]


# --- Several at once ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Several:
    """Questions that were written in one go; ``wrong`` says what is missing, by the number of the question from 1."""

    questions: tuple[Question, ...] = ()
    wrong: Mapping[int, str] = field(default_factory=dict)


def several(text: str) -> Several:
    """Questions with empty lines between them: what is asked, then a line for each answer.

    ``* right`` and ``- wrong`` are choices, ``= 42`` is a number, ``= Paris`` a text, ``this => that`` matches; gaps stand in the
    text.
    """
    blocks = [
        block for block in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n")) if block.strip()
    ]
    questions: list[Question] = []
    wrong: dict[int, str] = {}
    for number, block in enumerate(blocks, start=1):
        try:
            questions.append(question_of(_block(list(_lines(block)))))
        except Unfinished as unfinished:
            wrong[number] = unfinished.sentence
    return Several(tuple(questions), wrong)


def _block(lines: Sequence[str]) -> Written:
    asked = [line for line in lines if not _is_answer(line)]
    answers = [line for line in lines if _is_answer(line)]
    prompt = "\n".join(asked)
    if any("=>" in line for line in answers):
        return Written(QuestionKind.MATCH, prompt, "\n".join(answers))
    if answers and all(line.startswith("=") for line in answers):
        given = [line[1:].strip() for line in answers]
        numeric = all(range_of(_parted(line).text) is not None for line in given)
        return Written(QuestionKind.NUMBER if numeric else QuestionKind.TEXT, prompt, "\n".join(given))
    if not answers and _GAP.search(prompt):
        return Written(QuestionKind.GAPS, prompt)
    choices = [line.removeprefix("-").strip() if line.startswith("-") else line for line in answers]
    stars = sum(line.startswith("*") for line in choices)
    return Written(QuestionKind.RESPONSE if stars > 1 else QuestionKind.CHOICE, prompt, "\n".join(choices))


def _is_answer(line: str) -> bool:
    return line.startswith(("*", "- ", "=")) or "=>" in line
