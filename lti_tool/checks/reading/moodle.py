"""Moodle XML: categories as banks, questions as questions.

Sources: Moodle's documentation of its XML format and of the question types' own parts in it.
"""

import base64
import binascii
import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from lti_tool.cartridges.markup import child, children, descendants, text
from lti_tool.checks.questions import ONE, ZERO, Accepted, Partial, Question, QuestionKind, Range
from lti_tool.checks.reading import cloze, pictures, texts
from lti_tool.checks.reading.building import Maker, band, decimal, matching, places
from lti_tool.checks.reading.values import Bank, Entry, LeftOut, Why

_LEFT_OUT = {
    "essay": Why.NEEDS_A_PERSON,
    "poodllrecording": Why.NEEDS_A_PERSON,
    "recordrtc": Why.NEEDS_A_PERSON,
    "description": Why.NO_QUESTION,
    "random": Why.RANDOM,
    "randomsamatch": Why.RANDOM,
    "calculated": Why.COMPUTED,
    "calculatedmulti": Why.COMPUTED,
    "calculatedsimple": Why.COMPUTED,
    "formulas": Why.COMPUTED,
    "ddimageortext": Why.PICTURE_IS_THE_QUESTION,
    "ddmarker": Why.PICTURE_IS_THE_QUESTION,
}
_PLAIN = frozenset({"plain_text", "moodle_auto_format_plain"})
_TRUE = frozenset({"true", "1"})
_HUNDRED = Decimal(100)


def banks(root: Element) -> list[Bank]:
    """The questions by category, in the file's order. A category that comes again goes on."""
    found: dict[str, list[Entry]] = {}
    category = ""
    met: dict[tuple[str, str], int] = {}
    for element in children(root, "question"):
        kind = (element.get("type") or "").strip().lower()
        if kind == "category":
            category = category_of(text(element, "category", "text"))
            continue
        identifier = _identifier(element, kind)
        times = met[category, identifier] = met.get((category, identifier), 0) + 1
        # Names need not differ in Moodle, so the second of a name is known by that.
        entry = _entry(element, kind, identifier if times == 1 else f"{identifier}#{times}")
        found.setdefault(category, []).append(entry)
    return [Bank(f"category:{name}"[:200], _last(name), tuple(entries)) for name, entries in found.items()]


def category_of(path: str) -> str:
    """A category's path without Moodle's own beginning (``$course$/top/``)."""
    return re.sub(r"^\$\w+\$/?(top/?)?", "", path.strip())[:180]


HERE = "@@PLUGINFILE@@"
_NAMED_HERE = re.compile(rf"{HERE}(/[^\"'<>\s?]*)(?:\?[^\"'<>\s]*)?")
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|webp)$", re.IGNORECASE)


def _last(path: str) -> str:
    """The last part of a path; a doubled slash is a slash of the name."""
    parts = re.split(r"(?<!/)/(?!/)", path)
    return texts.shown(parts[-1].replace("//", "/"), 200)


def _identifier(element: Element, kind: str) -> str:
    number = text(element, "idnumber")
    if number:
        return f"idnumber:{number}"[:190]
    return f"{kind}:{text(element, 'name', 'text')}"[:190]


def _entry(element: Element, kind: str, identifier: str) -> Entry:
    name = text(element, "name", "text")
    maker = Maker()
    raw = _html(child(element, "questiontext")) + _old_picture(element)
    shown = texts.shown(name, 120) or texts.shown(raw, 120) or kind
    try:
        make = _maker_of(kind)
        points = decimal(text(element, "defaultgrade") or "1")
        begun = Question(
            kind=QuestionKind.CHOICE,
            prompt=maker.prompt(raw) if kind not in _WITH_GAPS else raw,
            points=points if points is not None else ONE,
            title=name,
            feedback=maker.html(_html(child(element, "generalfeedback"))),
            feedback_right=maker.html(_html(child(element, "correctfeedback"))),
            feedback_wrong=maker.html(_html(child(element, "incorrectfeedback"))),
            hints=tuple(_hints(element, maker)),
        )
        if not texts.says_nothing(_html(child(element, "partiallycorrectfeedback"))):
            # Moodle writes its own sentence into nearly every question; that is no loss worth a remark.
            _remark_own_words(element, maker)
        if any(not _PICTURE.search(one.get("name") or "") for one in descendants(element, "file")):
            maker.remark(Why.MEDIA)
        question = maker.finished(make(begun, element, maker))
    except LeftOut as why:
        return Entry(identifier, shown, left_out=why.note)
    return Entry(identifier, shown, question=question, remarks=maker.notes)


def _old_picture(element: Element) -> str:
    """The picture that a question of Moodle 1 has beside its text."""
    name = text(element, "image")
    if not name:
        return ""
    content = "".join(text(element, "image_base64").split())
    source = f"data:image;base64,{content}" if content else name
    return f'<p><img src="{html.escape(source)}" alt=""></p>'


def _maker_of(kind: str) -> "Make":
    if kind in _LEFT_OUT:
        raise LeftOut(_LEFT_OUT[kind])
    make = _MAKERS.get(kind)
    if make is None:
        raise LeftOut(Why.UNKNOWN_KIND, kind)
    return make


def _remark_own_words(element: Element, maker: Maker) -> None:
    said = texts.plain(_html(child(element, "partiallycorrectfeedback")))
    if said.casefold() not in ("your answer is partially correct.", "tu respuesta es parcialmente correcta."):
        maker.remark(Why.FEEDBACK)


def _hints(element: Element, maker: Maker) -> Iterator[str]:
    for hint in children(element, "hint"):
        said = maker.html(_html(hint))
        if not texts.says_nothing(said):
            yield said


def _html(element: Element | None) -> str:
    """The HTML of a text: escaped or CDATA, or plain text made into HTML where its format says that it is."""
    if element is None:
        return ""
    words = _with_pictures(element, text(element, "text"))
    return texts.escaped(words) if (element.get("format") or "").lower() in _PLAIN else words


def _with_pictures(element: Element, words: str) -> str:
    """A text whose pictures, which stand beside it in the file, are named by what they are."""
    seen = pictures.now()
    if seen is None or HERE not in words:
        return words
    found: dict[str, str] = {}
    for one in children(element, "file"):
        try:
            content = base64.b64decode("".join((one.text or "").split()), validate=True)
        except (binascii.Error, ValueError):
            continue
        address = seen.take(content)
        if address is not None:
            found[f"{one.get('path') or '/'}{one.get('name') or ''}"] = address
    return named_by(words, found)


def named_by(words: str, addresses: Mapping[str, str]) -> str:
    """A text in which what stands beside it, by path and name, is named by an address."""
    return _NAMED_HERE.sub(lambda name: addresses.get(unquote(name[1]), name[0]), words)


def _answers(element: Element) -> Iterator[tuple[Element, str, Decimal]]:
    """Each answer with its text and its share; Moodle's fractions are percent."""
    for answer in children(element, "answer"):
        yield answer, text(answer, "text"), (decimal(answer.get("fraction")) or ZERO) / _HUNDRED


def _choice(question: Question, element: Element, maker: Maker) -> Question:
    found = list(_answers(element))
    single = (text(element, "single") or "true").lower() in _TRUE
    choices, _ = maker.choices(
        (str(number), _html(answer), _whole(share), _html(child(answer, "feedback")))
        for number, (answer, _, share) in enumerate(found)
    )
    shuffled = (text(element, "shuffleanswers") or "true").lower() in _TRUE
    if single:
        weighted = any(choice.share not in (ZERO, ONE) for choice in choices)
        partial = Partial.WEIGHTS if weighted else Partial.NONE
        return replace(question, kind=QuestionKind.CHOICE, choices=choices, shuffled=shuffled, partial=partial)
    if sum((choice.share for choice in choices if choice.share > ZERO), ZERO) < Decimal("0.99"):
        raise LeftOut(Why.NO_RIGHT_ANSWER)
    return replace(question, kind=QuestionKind.RESPONSE, choices=choices, shuffled=shuffled, partial=Partial.WEIGHTS)


def _whole(share: Decimal) -> Decimal:
    """Moodle writes thirds as 33.33333; they stay shares with four places."""
    return places(max(min(share, ONE), -ONE))


def _all_or_nothing(question: Question, element: Element, maker: Maker) -> Question:
    """Moodle's plug-in for multiple choice that is right as a whole or not at all."""
    found = [
        (str(n), _html(answer), ONE if share > ZERO else ZERO, _html(child(answer, "feedback")))
        for n, (answer, _, share) in enumerate(_answers(element))
    ]
    choices, _ = maker.choices(found)
    return replace(question, kind=QuestionKind.RESPONSE, choices=choices, partial=Partial.NONE)


def _true_or_false(question: Question, element: Element, maker: Maker) -> Question:
    found = {words.lower(): (answer, share) for answer, words, share in _answers(element)}
    if set(found) != {"true", "false"}:
        raise LeftOut(Why.NO_RIGHT_ANSWER)
    choices, _ = maker.choices(
        (word, word.capitalize(), _whole(found[word][1]), _html(child(found[word][0], "feedback")))
        for word in ("true", "false")
    )
    return replace(question, choices=choices, shuffled=False)


def _typed(question: Question, element: Element, maker: Maker) -> Question:
    found = [
        Accepted(without_escapes(words), _whole(share), is_pattern(words), _html(child(answer, "feedback")))
        if not is_pattern(words)
        else Accepted(words, _whole(share), pattern=True, feedback=_html(child(answer, "feedback")))
        for answer, words, share in _answers(element)
    ]
    return replace(
        question,
        kind=QuestionKind.TEXT,
        accepted=maker.accepted(found),
        case_sensitive=text(element, "usecase") in _TRUE,
    )


def is_pattern(words: str) -> bool:
    """Whether a star in it stands for anything; ``\\*`` is a star."""
    return "*" in words.replace("\\*", "")


def without_escapes(words: str) -> str:
    """A text that is no pattern, with its stars as they are meant."""
    return words.replace("\\*", "*")


def _number(question: Question, element: Element, maker: Maker) -> Question:
    ranges: list[Range] = []
    for answer, words, share in _answers(element):
        number = decimal(words)
        if number is not None:
            said = maker.html(_html(child(answer, "feedback")))
            ranges.append(band(number, decimal(text(answer, "tolerance")) or ZERO, _whole(share), said))
        elif words.strip() == "*":
            if not question.feedback_wrong:
                question = replace(question, feedback_wrong=maker.html(_html(child(answer, "feedback"))))
        elif share > ZERO:
            raise LeftOut(Why.SCORING)
    if next(descendants(child(element, "units"), "unit"), None) is not None:
        maker.remark(Why.UNITS)
    return replace(question, kind=QuestionKind.NUMBER, ranges=tuple(ranges))


def _match(question: Question, element: Element, maker: Maker) -> Question:
    pairs: list[tuple[str, str | None]] = []
    choices: list[tuple[str, str]] = []
    for number, part in enumerate(children(element, "subquestion")):
        words = _html(part)
        answer = _html(child(part, "answer"))
        if texts.says_nothing(answer):
            continue
        choices.append((str(number), answer))
        # One without words of its own is there to mislead.
        if not texts.says_nothing(words) or "<img" in words:
            pairs.append((words, str(number)))
    rows, made = matching(maker, pairs, choices)
    shuffled = (text(element, "shuffleanswers") or "true").lower() in _TRUE
    return replace(question, kind=QuestionKind.MATCH, rows=rows, choices=made, shuffled=shuffled, partial=Partial.SHARE)


def _order(question: Question, element: Element, maker: Maker) -> Question:
    found = list(children(element, "answer"))
    # The fraction is the place of each; where it is none, the order of the file is.
    placed = sorted(enumerate(found), key=lambda one: (decimal(one[1].get("fraction")) or Decimal(one[0] + 1), one[0]))
    choices, _ = maker.choices((str(number), _html(answer), ZERO, "") for number, answer in placed)
    selects = text(element, "selecttype").upper()
    if selects in ("RANDOM", "CONTIGUOUS", "1", "2") and 0 < (decimal(text(element, "selectcount")) or ZERO) < len(
        found
    ):
        maker.remark(Why.SUBSET)
    grading = text(element, "gradingtype").upper()
    partial = Partial.NONE if grading in ("ALL_OR_NOTHING", "-1") else Partial.SHARE
    return replace(question, kind=QuestionKind.ORDER, choices=choices, partial=partial)


def _words_to_choose(question: Question, element: Element, maker: Maker) -> Question:
    offered = [
        (text(part, "text"), text(part, "group") or "1") for part in children(element, "selectoption", "dragbox")
    ]
    return cloze.with_numbered_gaps(question, offered, maker)


def _embedded(question: Question, element: Element, maker: Maker) -> Question:
    return cloze.read(question, maker, has_points=child(element, "defaultgrade") is not None)


Make = Callable[[Question, Element, Maker], Question]
"""Completes a question of one kind."""

_MAKERS: dict[str, Make] = {
    "multichoice": _choice,
    "multichoiceset": _all_or_nothing,
    "truefalse": _true_or_false,
    "shortanswer": _typed,
    "numerical": _number,
    "matching": _match,
    "match": _match,
    "ddmatch": _match,
    "ordering": _order,
    "cloze": _embedded,
    "multianswer": _embedded,
    "gapselect": _words_to_choose,
    "ddwtos": _words_to_choose,
}
_WITH_GAPS = frozenset({"cloze", "multianswer", "gapselect", "ddwtos"})
