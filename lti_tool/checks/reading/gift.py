"""GIFT: questions as teachers write them by hand for Moodle, in plain text.

Source: Moodle's documentation, "GIFT format". Questions stand apart by empty lines; their answers are in braces. A character that
means something is meant as itself behind a backslash.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from lti_tool.checks.questions import ONE, ZERO, Accepted, Partial, Question, QuestionKind, Range
from lti_tool.checks.reading import texts
from lti_tool.checks.reading.building import Maker, band, decimal, matching, places
from lti_tool.checks.reading.moodle import category_of, is_pattern, without_escapes
from lti_tool.checks.reading.values import MOST_QUESTIONS, Bank, Entry, LeftOut, QuestionsTooLarge, Why

_LOOKED_AT = 200_000
"""Characters by which a text is known: a file may begin with long comments."""

_BEGINS = re.compile(r"(?<!\\)\{\s*(?:[=~#}]|T(?:RUE)?\b|F(?:ALSE)?\b|[^{}\n]*[=~])")
_CATEGORY = re.compile(r"\$CATEGORY:\s*(.*)")
_NUMBER = re.compile(r"\[id:((?:[^\]\\]|\\.){1,100})\]")
_FORMAT = re.compile(r"\s*\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
_WEIGHT = re.compile(r"\s*%(-?[0-9]{1,3}(?:[.,][0-9]{1,6})?)%")
_TRUE, _FALSE = frozenset({"T", "TRUE"}), frozenset({"F", "FALSE"})

_ESCAPED = "~=#{}:\\"
_KEPT = {character: chr(0xE000 + place) for place, character in enumerate(_ESCAPED)} | {"n": chr(0xE010)}
"""What stands for an escaped character while a question is taken apart: places that Unicode leaves to everybody."""
_GIVEN_BACK = str.maketrans({kept: "\n" if character == "n" else character for character, kept in _KEPT.items()})
_PRIVATE = dict.fromkeys(range(0xE000, 0xE020))
_ESCAPE = re.compile(r"\\([~=#{}:\\n])")


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8 or UTF-16, else what Windows writes. Never fails."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def looks_like_it(words: str) -> bool:
    """Whether a text has questions in GIFT: somewhere at its beginning answers stand in braces, and it is no JSON."""
    start = words[:_LOOKED_AT]
    return not start.lstrip().startswith(("{", "[")) and "\0" not in start and _BEGINS.search(start) is not None


@dataclass(slots=True)
class _Block:
    """One question's lines: from which line on, in which category, and its id number."""

    line: int
    category: str
    number: str = ""
    lines: list[str] = field(default_factory=list)


def banks(words: str) -> list[Bank]:
    """The questions by category, in the file's order; each is converted, or listed with its line and the reason.

    Raises QuestionsTooLarge.
    """
    found: dict[str, list[Entry]] = {}
    met: dict[tuple[str, str], int] = {}
    for block in _blocks(words):
        entry = _entry(block)
        times = met[block.category, entry.identifier] = met.get((block.category, entry.identifier), 0) + 1
        if times > 1:
            # Titles need not differ, so the second of one is known by that.
            entry = replace(entry, identifier=f"{entry.identifier}#{times}")
        found.setdefault(block.category, []).append(entry)
    return [
        Bank(f"category:{name}"[:200], texts.shown(name.rpartition("/")[2], 200), tuple(entries))
        for name, entries in found.items()
    ]


def _blocks(words: str) -> Iterator[_Block]:
    block: _Block | None = None
    category = number = ""
    count = 0
    for at, raw in enumerate(words.translate(_PRIVATE).splitlines(), start=1):
        line = raw.strip()
        if line.startswith("//"):
            named = _NUMBER.search(line)
            number = named[1] if named else number
            continue
        chosen = _CATEGORY.match(line)
        if (not line or chosen) and block is not None:
            yield block
            block = None
        if chosen:
            category = category_of(chosen[1])
        elif line:
            if block is None:
                count += 1
                if count > MOST_QUESTIONS:
                    raise QuestionsTooLarge("more questions than are read at once")
                block = _Block(at, category, number)
                number = ""
            block.lines.append(line)
    if block is not None:
        yield block


@dataclass(frozen=True, slots=True)
class _Parts:
    """A question taken apart; in its texts escaped characters are kept away still. ``answers`` None: there are none."""

    title: str
    before: str
    answers: str | None
    after: str
    feedback: str = ""


def _entry(block: _Block) -> Entry:
    whole = _ESCAPE.sub(lambda found: _KEPT[found[1]], "\n".join(block.lines))
    name = texts.shown(_plain(whole), 120)
    maker = Maker()
    kind = "gift"
    try:
        parts = _parts(whole)
        name = texts.shown(_plain(parts.title), 120) or texts.shown(_html(parts.before, _MOODLE)[0], 120) or name
        prompt, form = _html(parts.before, _MOODLE)
        if parts.after:
            prompt += " _____ " + _html(parts.after, form)[0]
        begun = Question(
            kind=QuestionKind.CHOICE,
            prompt=maker.prompt(prompt),
            points=ONE,
            title=_plain(parts.title),
            feedback=maker.html(_html(parts.feedback, form)[0]),
        )
        kind, question = _made(begun, parts, form, maker)
        question = maker.finished(question)
    except LeftOut as why:
        return Entry(_identifier(block, kind, name), name or f"#{block.line}", left_out=why.note, line=block.line)
    return Entry(_identifier(block, kind, name), name, question=question, remarks=maker.notes, line=block.line)


def _identifier(block: _Block, kind: str, name: str) -> str:
    """As Moodle XML has it, so that the same question from there is the same."""
    number = re.sub(r"\\(.)", r"\1", block.number)
    return (f"idnumber:{number}" if number else f"{kind}:{name}")[:190]


def _parts(whole: str) -> _Parts:
    title, rest = "", whole
    if whole.startswith("::"):
        title, colons, rest = whole[2:].partition("::")
        if not colons:
            title, rest = "", whole
    before, brace, rest = rest.partition("{")
    if not brace:
        raise LeftOut(Why.NO_QUESTION)
    answers, brace, after = rest.partition("}")
    if not brace:
        raise LeftOut(Why.NO_END)
    if "{" in answers:
        raise LeftOut(Why.UNCLEAR, "{")
    if "{" in after:
        raise LeftOut(Why.SEVERAL_IN_ONE)
    if "}" in after:
        raise LeftOut(Why.UNCLEAR, "}")
    answers, _, feedback = answers.partition("####")
    return _Parts(title.strip(), before.strip(), answers.strip(), after.strip(), feedback.strip())


def _made(question: Question, parts: _Parts, form: str, maker: Maker) -> tuple[str, Question]:
    """The question with its answers, and what Moodle calls its kind. Raises LeftOut."""
    answers = parts.answers or ""
    if not answers:
        raise LeftOut(Why.NEEDS_A_PERSON)
    if answers.startswith("#"):
        return "numerical", _number(question, answers[1:], form, maker)
    if "~" in answers:
        return "multichoice", _choice(question, answers, form, maker)
    said, _, rest = answers.partition("#")
    if said.strip().upper() in _TRUE | _FALSE:
        return "truefalse", _true_or_false(question, said, rest, form, maker)
    found = list(_answers(answers))
    if found and all("->" in one.text for one in found):
        return "matching", _match(question, found, form, maker)
    return "shortanswer", _typed(question, found, form, maker)


# --- Kinds ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Answer:
    """``right``: it begins with an equals sign. ``share``: what it says that it is worth, of 1; None where it does not say."""

    right: bool
    share: Decimal | None
    text: str
    feedback: str

    @property
    def worth(self) -> Decimal:
        return self.share if self.share is not None else ONE if self.right else ZERO


def _answers(words: str) -> Iterator[_Answer]:
    """The answers, each behind an equals sign or a tilde. Raises LeftOut for what stands before the first."""
    pieces = re.split(r"([=~])", words)
    if pieces[0].strip():
        raise LeftOut(Why.UNCLEAR, texts.shown(_plain(pieces[0]), 40))
    for mark, said in zip(pieces[1::2], pieces[2::2], strict=True):
        weight = _WEIGHT.match(said)
        share = None if weight is None else (decimal(weight[1]) or ZERO) / 100
        text, _, feedback = said[weight.end() if weight else 0 :].partition("#")
        yield _Answer(
            mark == "=", None if share is None else places(max(-ONE, min(ONE, share))), text.strip(), feedback
        )


def _choice(question: Question, words: str, form: str, maker: Maker) -> Question:
    found = list(_answers(words))
    choices, _ = maker.choices(
        (str(place), _html(one.text, form)[0], one.worth, _html(one.feedback, form)[0])
        for place, one in enumerate(found)
    )
    if any(one.right for one in found):
        partial = Partial.WEIGHTS if any(one.share not in (ZERO, ONE) for one in choices) else Partial.NONE
        return replace(question, kind=QuestionKind.CHOICE, choices=choices, partial=partial)
    if sum((one.share for one in choices if one.share > ZERO), ZERO) < Decimal("0.99"):
        raise LeftOut(Why.NO_RIGHT_ANSWER)
    return replace(question, kind=QuestionKind.RESPONSE, choices=choices, partial=Partial.WEIGHTS)


def _true_or_false(question: Question, said: str, rest: str, form: str, maker: Maker) -> Question:
    """``rest`` has what is said to who is wrong, then to who is right."""
    is_true = said.strip().upper() in _TRUE
    wrong, _, right = rest.partition("#")
    told = {is_true: _html(right, form)[0], not is_true: _html(wrong, form)[0]}
    choices, _ = maker.choices(
        (name, name, ONE if value is is_true else ZERO, told[value])
        for name, value in (("True", True), ("False", False))
    )
    return replace(question, choices=choices, shuffled=False)


def _typed(question: Question, found: Iterable[_Answer], form: str, maker: Maker) -> Question:
    accepted = []
    for one in found:
        words = _plain(one.text)
        pattern = is_pattern(words)
        accepted.append(
            Accepted(words if pattern else without_escapes(words), one.worth, pattern, _html(one.feedback, form)[0])
        )
    if not accepted:
        raise LeftOut(Why.NO_RIGHT_ANSWER)
    return replace(question, kind=QuestionKind.TEXT, accepted=maker.accepted(accepted))


def _match(question: Question, found: Iterable[_Answer], form: str, maker: Maker) -> Question:
    pairs: list[tuple[str, str | None]] = []
    choices: list[tuple[str, str]] = []
    for place, one in enumerate(found):
        words, _, answer = one.text.partition("->")
        choices.append((str(place), _html(answer, form)[0]))
        # One without words of its own is there to mislead.
        if words.strip():
            pairs.append((_html(words, form)[0], str(place)))
    rows, made = matching(maker, pairs, choices)
    return replace(question, kind=QuestionKind.MATCH, rows=rows, choices=made, partial=Partial.SHARE)


def _number(question: Question, words: str, form: str, maker: Maker) -> Question:
    marked = "=" in words or "~" in words
    ranges: list[Range] = []
    for one in _answers(words if marked else f"={words}"):
        feedback = maker.html(_html(one.feedback, form)[0])
        said = _plain(one.text).strip()
        if not one.right or said == "*":
            # A tilde has what is said to everybody else.
            question = replace(question, feedback_wrong=question.feedback_wrong or feedback)
            continue
        ranges.append(_range(said, one.worth, feedback))
    return replace(question, kind=QuestionKind.NUMBER, ranges=tuple(ranges))


def _range(said: str, share: Decimal, feedback: str) -> Range:
    low, dots, high = said.partition("..")
    if dots:
        least, most = decimal(low), decimal(high)
        if least is None or most is None or least > most:
            raise LeftOut(Why.UNCLEAR, said[:40])
        return Range(least, most, places(share), feedback)
    number, colon, tolerance = said.partition(":")
    value, around = decimal(number), decimal(tolerance) if colon else ZERO
    if value is None or around is None:
        raise LeftOut(Why.UNCLEAR, said[:40])
    return band(value, around, share, feedback)


# --- Texts ---------------------------------------------------------------------------------------------------------------

_MOODLE = "moodle"


def _plain(words: str) -> str:
    """A text with its escaped characters as they are meant."""
    return words.translate(_GIVEN_BACK)


def _html(words: str, form: str) -> tuple[str, str]:
    """A text as HTML, and the form it is in: what it says of itself in brackets, else ``form``.

    Moodle's own form is HTML whose lines are lines; Markdown is shown as it was typed.
    """
    said = _FORMAT.match(words)
    if said:
        form, words = said[1].lower(), words[said.end() :]
    words = _plain(words).strip()
    if form == "html":
        return words, form
    if form in ("plain", "markdown"):
        words = texts.escaped(words)
    return words.replace("\n", "<br>\n"), form
