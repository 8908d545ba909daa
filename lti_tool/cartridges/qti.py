"""Quizzes: QTI 1.2 as Common Cartridge profiles it, and as Canvas writes it with its own question types.

Sources: IMS QTI 1.2.1 ASI; Common Cartridge 1.1 to 1.3, QTI profile (``cc.multiple_choice.v0p1`` and the like); Canvas's
own files under ``non_cc_assessments`` (fields ``question_type``, ``points_possible``).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from lti_tool.cartridges.content import Blank, Choice, NumberRange, Question, QuestionKind
from lti_tool.cartridges.markup import as_html, child, children, descendants, name, number, text
from lti_tool.cartridges.notes import Remark, Why, said

_KINDS = {
    "multiple_choice_question": QuestionKind.MULTIPLE_CHOICE,
    "true_false_question": QuestionKind.TRUE_FALSE,
    "multiple_answers_question": QuestionKind.MULTIPLE_RESPONSE,
    "short_answer_question": QuestionKind.SHORT_ANSWER,
    "essay_question": QuestionKind.ESSAY,
    "matching_question": QuestionKind.MATCHING,
    "numerical_question": QuestionKind.NUMERICAL,
    "calculated_question": QuestionKind.NUMERICAL,
    "fill_in_multiple_blanks_question": QuestionKind.BLANKS,
    "multiple_dropdowns_question": QuestionKind.BLANKS,
    "text_only_question": QuestionKind.TEXT,
    "file_upload_question": QuestionKind.UPLOAD,
    "cc.multiple_choice": QuestionKind.MULTIPLE_CHOICE,
    "cc.multiple_response": QuestionKind.MULTIPLE_RESPONSE,
    "cc.true_false": QuestionKind.TRUE_FALSE,
    "cc.fib": QuestionKind.SHORT_ANSWER,
    "cc.pattern_match": QuestionKind.SHORT_ANSWER,
    "cc.essay": QuestionKind.ESSAY,
}

"""Takes what a note says: (identifier of the question or section, or empty for the quiz; reason)."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """A quiz as its QTI file tells it. ``attempts`` None: as many as one likes. ``minutes`` None: no time limit."""

    title: str
    body: str
    questions: tuple[Question, ...]
    attempts: int | None
    minutes: int | None


def read_assessment(root: Element, remark: Remark, bank: Callable[[str], Element | None]) -> Assessment | None:
    """The quiz in a ``questestinterop`` document; None when it holds none (a bank of questions, say).

    ``bank`` finds the document of a bank of questions by its identifier, for sections that draw from one.
    """
    assessment = next(descendants(root, "assessment"), None)
    if assessment is None:
        return None
    fields = _fields(assessment)
    attempts = fields.get("cc_maxattempts", "1")
    questions: list[Question] = []
    for section in children(assessment, "section"):
        questions.extend(_section(section, remark, bank))
    limit = number(fields.get("qmd_timelimit", ""))
    objectives = next(children(assessment, "rubric", "presentation_material"), None)
    return Assessment(
        title=assessment.get("title", ""),
        body="".join(as_html(words) for words in descendants(objectives, "mattext")),
        questions=tuple(questions),
        attempts=int(attempts) if attempts.isdigit() and int(attempts) > 0 else None,
        minutes=int(limit) if limit else None,
    )


def bank_title(root: Element) -> tuple[str, int] | None:
    """The title of a bank of questions and how many it holds; None when the document is no bank."""
    found = child(root, "objectbank")
    if found is None:
        return None
    return _fields(found).get("bank_title") or found.get("ident") or "", sum(1 for _ in descendants(found, "item"))


def _section(section: Element, remark: Remark, bank: Callable[[str], Element | None]) -> list[Question]:
    """The questions of a section. One that draws at random gives its first ones, and says so."""
    wanted: int | None = None
    each: float | None = None
    source: Element | None = None
    where = section.get("ident", "") or section.get("title", "")
    for selection in descendants(child(section, "selection_ordering"), "selection"):
        reference = text(selection, "sourcebank_ref")
        if reference:
            source = bank(reference)
            if source is None:
                remark(where, said(Why.NO_BANK, bank=reference))
        amount = number(text(selection, "selection_number"))
        wanted = int(amount) if amount is not None else wanted
        each = number(text(selection, "selection_extension", "points_per_item")) or each
    questions: list[Question] = []
    for part in list(descendants(source, "item")) if source is not None else list(section):
        if name(part) == "item":
            question = _question(part, remark)
            questions.append(replace(question, points=each) if each is not None else question)
        elif name(part) == "section":
            questions.extend(_section(part, remark, bank))
    if wanted is not None and wanted < len(questions):
        remark(where, said(Why.DRAWS, wanted=wanted, count=len(questions)))
        questions = questions[:wanted]
    return questions


def _fields(element: Element) -> dict[str, str]:
    """QTI's metadata: from ``qtimetadata`` of this element itself, not of those below it."""
    found: dict[str, str] = {}
    for holder in (element, *children(element, "itemmetadata")):
        for field in descendants(next(children(holder, "qtimetadata"), None), "qtimetadatafield"):
            found[text(field, "fieldlabel")] = text(field, "fieldentry")
    return found


def _question(item: Element, remark: Remark) -> Question:
    identifier = item.get("ident", "")
    fields = _fields(item)
    stated = fields.get("question_type") or re.sub(r"\.v\d+p\d+$", "", fields.get("cc_profile", ""))
    presentation = child(item, "presentation")
    kind = _KINDS.get(stated)
    if kind is None:
        kind = _guess(presentation)
        if stated:
            remark(identifier, said(Why.UNKNOWN_QUESTION, stated=stated, kind=kind.value))
    points = number(fields.get("points_possible", fields.get("cc_weighting", "1")))
    question = Question(
        identifier=identifier,
        kind=kind,
        prompt="".join(_prompt(presentation)),
        points=max(points, 0.0) if points is not None else 1.0,
        title=item.get("title", ""),
        case_sensitive=any(check.get("case", "").lower() == "yes" for check in descendants(item, "varequal")),
    )
    question = _with_feedback(_with_answers(question, item, presentation), item)
    if stated == "calculated_question":
        question = _with_fixed_values(question, item, remark)
    if question.marked_by_hand and kind not in (QuestionKind.ESSAY, QuestionKind.UPLOAD):
        remark(identifier, said(Why.NOTHING_RIGHT))
    return question


def _guess(presentation: Element | None) -> QuestionKind:
    """The kind by its parts, where none is stated or known."""
    lists = list(descendants(presentation, "response_lid", "response_grp"))
    typed = list(descendants(presentation, "response_str", "response_num"))
    if len(lists) > 1:
        return QuestionKind.MATCHING
    if lists:
        several = lists[0].get("rcardinality", "Single").lower() == "multiple"
        return QuestionKind.MULTIPLE_RESPONSE if several else QuestionKind.MULTIPLE_CHOICE
    if len(typed) > 1:
        return QuestionKind.BLANKS
    if typed:
        numeric = name(typed[0]) == "response_num"
        return QuestionKind.NUMERICAL if numeric else QuestionKind.ESSAY
    return QuestionKind.TEXT


def _prompt(element: Element | None) -> Iterator[str]:
    """The words of the question: every material that belongs to no response."""
    for part in element if element is not None else ():
        if name(part) == "material":
            yield _material(part)
        elif name(part).startswith("flow"):
            yield from _prompt(part)


def _material(element: Element | None) -> str:
    return "".join(as_html(words) for words in descendants(element, "mattext"))


def _choices(response: Element, right: set[str]) -> tuple[Choice, ...]:
    return tuple(
        Choice(label.get("ident", ""), _material(label), label.get("ident", "") in right)
        for label in descendants(response, "response_label")
    )


def _right(item: Element) -> dict[str, list[str]]:
    """What answers earn points: the values compared with, by response, leaving out those under ``not``."""
    found: dict[str, list[str]] = {}
    for condition in _scoring(item):
        for check in _checks(child(condition, "conditionvar"), "varequal"):
            found.setdefault(check.get("respident", ""), []).append((check.text or "").strip())
    return found


def _scoring(item: Element) -> Iterator[Element]:
    """The conditions that give points."""
    for condition in descendants(child(item, "resprocessing"), "respcondition"):
        if any((number(text(change)) or 0) > 0 for change in children(condition, "setvar")):
            yield condition


def _checks(element: Element | None, wanted: str) -> Iterator[Element]:
    for part in element if element is not None else ():
        if name(part) == wanted:
            yield part
        elif name(part) in ("and", "or"):
            yield from _checks(part, wanted)


def _with_answers(question: Question, item: Element, presentation: Element | None) -> Question:
    right = _right(item)
    responses = list(descendants(presentation, "response_lid", "response_grp", "response_str", "response_num"))
    match question.kind:
        case QuestionKind.MULTIPLE_CHOICE | QuestionKind.TRUE_FALSE | QuestionKind.MULTIPLE_RESPONSE:
            if responses:
                correct = set(right.get(responses[0].get("ident", ""), ()))
                return replace(question, choices=_choices(responses[0], correct))
        case QuestionKind.SHORT_ANSWER:
            parts = [check.text or "" for condition in _scoring(item) for check in _substrings(condition)]
            accepted = tuple(dict.fromkeys(value for values in right.values() for value in values if value))
            return replace(question, accepted=accepted, patterns=tuple(filter(None, map(str.strip, parts))))
        case QuestionKind.NUMERICAL:
            return replace(question, ranges=tuple(_ranges(item)))
        case QuestionKind.MATCHING | QuestionKind.BLANKS:
            typed = _fields(item).get("question_type") == "fill_in_multiple_blanks_question"
            return replace(question, blanks=tuple(_blank(response, right, typed) for response in responses))
    return question


def _substrings(condition: Element) -> Iterator[Element]:
    return _checks(child(condition, "conditionvar"), "varsubstring")


def _blank(response: Element, right: dict[str, list[str]], typed: bool) -> Blank:
    """One row or gap. Canvas lists a typed gap's right answers as if they were its choices."""
    identifier = response.get("ident", "")
    label = "".join(as_html(words) for words in descendants(child(response, "material"), "mattext"))
    values = right.get(identifier, [])
    choices = _choices(response, set(values))
    if typed:
        words = (text(part) for part in descendants(response, "response_label"))
        return Blank(identifier, label, accepted=tuple(dict.fromkeys(filter(None, words))))
    if name(response) in ("response_str", "response_num"):
        return Blank(identifier, label, accepted=tuple(filter(None, values)))
    return Blank(identifier, label, choices=choices)


def _ranges(item: Element) -> Iterator[NumberRange]:
    for condition in _scoring(item):
        yield from _numbers(child(condition, "conditionvar"))


def _numbers(element: Element | None) -> Iterator[NumberRange]:
    """Right numbers: each ``varequal`` alone, and each pair of bounds that stand together."""
    low: float | None = None
    high: float | None = None
    for part in element if element is not None else ():
        value = number((part.text or "").strip())
        if name(part) == "varequal" and value is not None:
            yield NumberRange(value, value)
        elif name(part) in ("vargte", "vargt"):
            low = value
        elif name(part) in ("varlte", "varlt"):
            high = value
        elif name(part) in ("and", "or"):
            yield from _numbers(part)
    if low is not None and high is not None and low <= high:
        yield NumberRange(low, high)


def _with_fixed_values(question: Question, item: Element, remark: Remark) -> Question:
    """A formula question with Canvas's first prepared set of values put in: the same numbers for everyone."""
    calculated = next(descendants(item, "calculated"), None)
    values = next(descendants(calculated, "var_set"), None)
    answer = number(text(values, "answer"))
    if values is None or answer is None:
        remark(question.identifier, said(Why.NO_NUMBERS))
        return question
    prompt = question.prompt
    for variable in children(values, "var"):
        prompt = prompt.replace(f"[{variable.get('name', '')}]", text(variable))
    tolerance = number(text(calculated, "answer_tolerance").rstrip("%")) or 0.0
    if text(calculated, "answer_tolerance").endswith("%"):
        tolerance = abs(answer) * tolerance / 100
    remark("", said(Why.FIRST_NUMBERS))
    return replace(question, prompt=prompt, ranges=(NumberRange(answer - tolerance, answer + tolerance),))


def _with_feedback(question: Question, item: Element) -> Question:
    """Feedback for a right, a wrong and any answer. That for single choices is left to the choice's own words."""
    words = {found.get("ident", ""): _material(found) for found in children(item, "itemfeedback")}
    scoring = {
        link.get("linkrefid", "") for condition in _scoring(item) for link in children(condition, "displayfeedback")
    }
    right = next((words[key] for key in ("correct_fb", *sorted(scoring)) if words.get(key)), "")
    wrong = next((words[key] for key in ("general_incorrect_fb", "incorrect_fb") if words.get(key)), "")
    return replace(question, feedback_right=right, feedback_wrong=wrong, feedback=words.get("general_fb", ""))
