"""One item of QTI 1.2 as a question of ours."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from xml.etree.ElementTree import Element

from lti_tool.cartridges.markup import as_html, child, children, descendants, name, text
from lti_tool.checks.questions import ONE, ZERO, Accepted, Choice, Partial, Question, QuestionKind, Row
from lti_tool.checks.reading import blackboard, brightspace, texts
from lti_tool.checks.reading.building import Maker, band, decimal, matching, share_of
from lti_tool.checks.reading.qti1_scoring import Condition, Outcome, conditions, named, ranges, tried
from lti_tool.checks.reading.values import MOST_PARTS, LeftOut, Why

_CHOICE, _RESPONSE, _NUMBER = QuestionKind.CHOICE, QuestionKind.RESPONSE, QuestionKind.NUMBER
_TEXT, _ORDER, _MATCH, _GAPS = QuestionKind.TEXT, QuestionKind.ORDER, QuestionKind.MATCH, QuestionKind.GAPS

_KINDS: dict[str, QuestionKind | Why] = {
    "multiple_choice_question": _CHOICE,
    "true_false_question": _CHOICE,
    "multiple_answers_question": _RESPONSE,
    "short_answer_question": _TEXT,
    "numerical_question": _NUMBER,
    "calculated_question": _NUMBER,
    "matching_question": _MATCH,
    "fill_in_multiple_blanks_question": _GAPS,
    "multiple_dropdowns_question": _GAPS,
    "essay_question": Why.NEEDS_A_PERSON,
    "file_upload_question": Why.NEEDS_A_PERSON,
    "text_only_question": Why.NO_QUESTION,
    "Multiple Choice": _CHOICE,
    "True/False": _CHOICE,
    "Either/Or": _CHOICE,
    "Multiple Answer": _RESPONSE,
    "Ordering": _ORDER,
    "Matching": _MATCH,
    "Fill in the Blank": _TEXT,
    "Fill in the Blank Plus": _GAPS,
    "Jumbled Sentence": _GAPS,
    "Numeric": _NUMBER,
    "Calculated": Why.COMPUTED,
    "Essay": Why.NEEDS_A_PERSON,
    "Short Response": Why.NEEDS_A_PERSON,
    "File Upload": Why.NEEDS_A_PERSON,
    "Hot Spot": Why.PICTURE_IS_THE_QUESTION,
    "Opinion Scale": Why.SURVEY,
    "Multi-Select": _RESPONSE,
    "Fill in the Blanks": _GAPS,
    "Short Answer": _TEXT,
    "Long Answer": Why.NEEDS_A_PERSON,
    "Written Response": Why.NEEDS_A_PERSON,
    "Arithmetic": Why.COMPUTED,
    "Significant Figures": Why.COMPUTED,
    "Multi-Short Answer": Why.SCORING,
    "Likert": Why.SURVEY,
    "Text Information": Why.NO_QUESTION,
    "Image Information": Why.NO_QUESTION,
    "cc.multiple_choice": _CHOICE,
    "cc.true_false": _CHOICE,
    "cc.multiple_response": _RESPONSE,
    "cc.fib": _TEXT,
    "cc.pattern_match": _TEXT,
    "cc.essay": Why.NEEDS_A_PERSON,
}
MOST_TRIED = 400_000
"""Elements of an item times what it offers to choose from."""

_ON_PICTURES = ("render_hotspot", "response_xy")


def fields_of(element: Element) -> dict[str, str]:
    """QTI's metadata: of this element itself, not of those below it."""
    found: dict[str, str] = {}
    for holder in (element, *children(element, "itemmetadata")):
        for field in descendants(next(children(holder, "qtimetadata"), None), "qtimetadatafield"):
            found[text(field, "fieldlabel")] = text(field, "fieldentry")
    return found


def prompt_of(element: Element | None, marks: dict[str, str] | None = None) -> Iterator[str]:
    """The words of the question: every material that belongs to no response; with ``marks`` also where gaps stand."""
    for part in element if element is not None else ():
        if name(part) == "material":
            yield _material(part)
        elif name(part).startswith("flow"):
            yield from prompt_of(part, marks)
        elif marks and part.get("ident", "") in marks:
            yield f" \u2983{marks[part.get('ident', '')]}\u2984 "


def _material(element: Element | None) -> str:
    found = "".join(as_html(words) for words in descendants(element, "mattext"))
    for image in descendants(element, "matimage"):
        found += f'<img src="{html.escape(image.get("uri") or "")}" alt="{html.escape(image.get("label") or "")}">'
    if next(descendants(element, "mataudio", "matvideo", "matapplet"), None) is not None:
        found += "<audio></audio>"
    return found


def convert(item: Element, maker: Maker, each: Decimal | None, *, canvas: bool) -> Question:
    """The question; ``each`` are points that its section gives it. Raises LeftOut."""
    fields = fields_of(item)
    fields |= blackboard.fields_of(item) | brightspace.fields_of(fields)
    presentation = child(item, "presentation")
    stated = fields.get("question_type") or re.sub(r"\.v\d+p\d+$", "", fields.get("cc_profile", ""))
    kind = _kind(stated, presentation, maker)
    points = each
    if points is None:
        points = decimal(fields.get("points_possible", fields.get("cc_weighting", "1")))
    rules = conditions(item)
    question = Question(
        kind=kind,
        prompt="",
        points=points if points is not None else ONE,
        title=item.get("title", "") if item.get("title", "").lower() != "question" else "",
    )
    raw = "".join(prompt_of(presentation))
    responses = list(descendants(presentation, "response_lid", "response_grp", "response_str", "response_num"))
    if not responses:
        raise LeftOut(Why.NO_QUESTION)
    # Each choice is tried on all conditions.
    labels = max(sum(1 for _ in _labels(one)) for one in responses)
    elements = sum(1 for _ in item.iter())
    if labels > MOST_PARTS or len(responses) > MOST_PARTS or labels * elements > MOST_TRIED:
        raise LeftOut(Why.TOO_LONG)
    if kind is _GAPS:
        question = _gaps(question, presentation, responses, rules, maker, typed=stated.startswith("fill_in"))
    else:
        question = replace(question, prompt=maker.prompt(raw))
        match question.kind:
            case QuestionKind.CHOICE:
                question = _choice(question, item, responses[0], rules, maker)
            case QuestionKind.RESPONSE:
                question = _several(question, responses[0], rules, maker, canvas=canvas and bool(stated))
            case QuestionKind.ORDER:
                question = _order(question, responses[0], rules, maker)
            case QuestionKind.TEXT:
                question = _typed(question, item, rules, maker)
            case QuestionKind.MATCH:
                question = _match(question, responses, rules, maker)
            case _:
                question = _number(question, item, stated, rules, maker)
    return _with_feedback(question, item, rules, maker)


def _kind(stated: str, presentation: Element | None, maker: Maker) -> QuestionKind:
    found = _KINDS.get(stated)
    if isinstance(found, QuestionKind):
        return found
    if isinstance(found, Why):
        raise LeftOut(found)
    if next(descendants(presentation, *_ON_PICTURES), None) is not None:
        raise LeftOut(Why.PICTURE_IS_THE_QUESTION)
    guessed = _guessed(presentation)
    if guessed is None:
        raise LeftOut(Why.UNKNOWN_KIND, stated) if stated else LeftOut(Why.NO_QUESTION)
    if stated:
        maker.remark(Why.GUESSED_KIND, stated)
    return guessed


def _guessed(presentation: Element | None) -> QuestionKind | None:
    """The kind by its parts, where none is stated or known."""
    lists = list(descendants(presentation, "response_lid", "response_grp"))
    typed = list(descendants(presentation, "response_str", "response_num"))
    if lists and typed:
        raise LeftOut(Why.SEVERAL_IN_ONE)
    if len(lists) > 1:
        same = {tuple(texts.plain(_material(label)) for label in _labels(one)) for one in lists}
        return _MATCH if len(same) == 1 else _GAPS
    if lists:
        cardinality = lists[0].get("rcardinality", "Single").lower()
        return {"multiple": _RESPONSE, "ordered": _ORDER}.get(cardinality, _CHOICE)
    if len(typed) > 1:
        return _GAPS
    if typed:
        fib = next(descendants(typed[0], "render_fib"), None)
        kind = (fib.get("fibtype", "") if fib is not None else "").lower()
        numeric = name(typed[0]) == "response_num" or kind in ("decimal", "integer", "scientific")
        return _NUMBER if numeric else _TEXT
    return None


def _labels(response: Element) -> Iterator[Element]:
    return descendants(response, "response_label")


def _choice(question: Question, item: Element, response: Element, rules: Sequence[Condition], maker: Maker) -> Question:
    ident = response.get("ident", "")
    outcomes = {label.get("ident", ""): tried(rules, {ident: (label.get("ident", ""),)}) for label in _labels(response)}
    most = max((found.score for found in outcomes.values()), default=ZERO)
    if most <= ZERO:
        raise LeftOut(Why.NO_RIGHT_ANSWER)
    own = _own_feedback(item, outcomes)
    choices, _ = maker.choices(
        (key, _material(label), share_of(outcomes[key].score, most), own.get(key, ""))
        for key, label in ((label.get("ident", ""), label) for label in _labels(response))
    )
    weighted = any(ZERO < choice.share < ONE or choice.share < ZERO for choice in choices)
    return replace(question, choices=choices, partial=Partial.WEIGHTS if weighted else Partial.NONE)


def _own_feedback(item: Element, outcomes: dict[str, Outcome]) -> dict[str, str]:
    """What is said to one choice alone."""
    words = {found.get("ident", ""): _material(found) for found in children(item, "itemfeedback")}
    own: dict[str, str] = {}
    for key, outcome in outcomes.items():
        said = set(outcome.feedback)
        said -= {other for one, found in outcomes.items() if one != key for other in found.feedback}
        said -= {"correct_fb", "general_incorrect_fb", "general_fb"}
        found = [words[one] for one in (*sorted(said), f"{key}_fb") if words.get(one)]
        if found:
            own[key] = found[0]
    return own


def _several(
    question: Question, response: Element, rules: Sequence[Condition], maker: Maker, *, canvas: bool
) -> Question:
    ident = response.get("ident", "")
    labels = {label.get("ident", ""): label for label in _labels(response)}
    right = [
        found.text.strip()
        for _, found in named(rules, "varequal")
        if found.text and found.get("respident", ident) == ident
    ]
    right = [key for key in labels if key in set(right)]
    if not right:
        raise LeftOut(Why.NO_RIGHT_ANSWER)
    full = tried(rules, {ident: right}).score
    if full <= ZERO:
        raise LeftOut(Why.SCORING)
    alone = {key: share_of(tried(rules, {ident: (key,)}).score, full) for key in labels}
    partial = Partial.NONE
    shares = {key: ONE if key in right else ZERO for key in labels}
    if canvas:
        # Canvas itself gives part of the points, whatever its file says.
        partial = Partial.SHARE
    elif any(alone[key] > ZERO for key in right) and len(right) > 1:
        partial, shares = Partial.WEIGHTS, alone
    choices, _ = maker.choices((key, _material(label), shares[key], "") for key, label in labels.items())
    return replace(question, choices=choices, partial=partial)


def _order(question: Question, response: Element, rules: Sequence[Condition], maker: Maker) -> Question:
    ident = response.get("ident", "")
    labels = {label.get("ident", ""): label for label in _labels(response)}
    places = [
        (place if (place := decimal(found.get("index"))) is not None else Decimal(number), found.text.strip())
        for number, (_, found) in enumerate(named(rules, "varequal"), start=1)
        if found.text and found.get("respident", ident) == ident
    ]
    order = list(dict.fromkeys(key for _, key in sorted(places) if key in labels))
    if len(order) < len(labels):
        raise LeftOut(Why.NO_RIGHT_ANSWER)
    choices, _ = maker.choices((key, _material(labels[key]), ZERO, "") for key in order)
    return replace(question, choices=choices)


def _typed(question: Question, item: Element, rules: Sequence[Condition], maker: Maker) -> Question:
    case = any(check.get("case", "").lower() == "yes" for check in descendants(item, "varequal"))
    most = max((rule.gives for rule in rules), default=ZERO)
    if most <= ZERO:
        raise LeftOut(Why.NO_RIGHT_ANSWER)
    found = []
    for rule, check in named(rules, "varequal", "varsubstring"):
        words, share = (check.text or "").strip(), share_of(rule.gives, most)
        if name(check) == "varequal":
            found.append(Accepted(words, share))
        elif words:
            found.append(Accepted("*" + words.replace("*", "\\*") + "*", share, pattern=True))
    if not found and next(descendants(item, "varsubset"), None) is None:
        raise LeftOut(Why.NEEDS_A_PERSON if not rules else Why.NO_RIGHT_ANSWER)
    return replace(question, accepted=maker.accepted(found), case_sensitive=case)


def _match(question: Question, responses: Sequence[Element], rules: Sequence[Condition], maker: Maker) -> Question:
    right = _right(rules)
    pairs = [(_label_of(one), next(iter(right.get(one.get("ident", ""), ())), None)) for one in responses]
    choices = [(label.get("ident", ""), _material(label)) for one in responses for label in _labels(one)]
    # Canvas names the same choices in each row; other writers number them anew.
    rows, made = matching(maker, pairs, choices)
    return replace(question, rows=rows, choices=made, partial=Partial.SHARE)


def _right(rules: Sequence[Condition]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for _, check in named(rules, "varequal"):
        found.setdefault(check.get("respident", ""), []).append((check.text or "").strip())
    return found


def _label_of(response: Element) -> str:
    """The words beside a row or gap: those outside of what can be chosen."""
    return "".join(_material(part) for part in response if name(part) == "material")


def _gaps(
    question: Question,
    presentation: Element | None,
    responses: Sequence[Element],
    rules: Sequence[Condition],
    maker: Maker,
    *,
    typed: bool,
) -> Question:
    right = _right(rules)
    marks = {one.get("ident", ""): f"g{number}" for number, one in enumerate(responses, start=1)}
    placed = {name(one) in ("response_str", "response_num") for one in responses} == {True}
    prompt = maker.prompt("".join(prompt_of(presentation, marks if placed else None)))
    rows: list[Row] = []
    for one in responses:
        ident, gap = one.get("ident", ""), marks[one.get("ident", "")]
        label = texts.plain(_label_of(one))
        prompt, there = _marked(prompt, label, gap)
        if not there:
            prompt += f"<p>{texts.escaped(label)} [[{gap}]]</p>"
        rows.append(_gap(gap, one, right.get(ident, []), maker, typed=typed))
    return replace(question, prompt=prompt, rows=tuple(rows), partial=Partial.SHARE)


def _marked(prompt: str, label: str, gap: str) -> tuple[str, bool]:
    """The prompt with a gap where it says ``[label]``, or where its response stood."""
    own = f"\u2983{gap}\u2984"
    if own in prompt:
        return prompt.replace(own, f"[[{gap}]]", 1), True
    for spelling in (f"[{label}]", f"[{texts.escaped(label)}]"):
        if label and spelling in prompt:
            return prompt.replace(spelling, f"[[{gap}]]", 1), True
    return prompt, False


def _gap(gap: str, response: Element, right: Sequence[str], maker: Maker, *, typed: bool) -> Row:
    if typed:
        # Canvas lists a typed gap's right answers as if they were its choices.
        words = [Accepted(text(label)) for label in _labels(response)]
        return Row(gap, accepted=maker.accepted(words))
    if name(response) == "response_num":
        numbers = [value for one in right if (value := decimal(one)) is not None]
        return Row(gap, ranges=tuple(band(value, ZERO) for value in numbers))
    if name(response) == "response_str":
        return Row(gap, accepted=maker.accepted(Accepted(one) for one in right))
    choices, ids = maker.choices(
        ((label.get("ident", ""), _material(label), ZERO, "") for label in _labels(response)), letter=f"{gap}c"
    )
    answer = next((ids[one] for one in right if one in ids), None)
    return Row(gap, answer=answer, choices=tuple(_right_one(choice, answer) for choice in choices))


def _right_one(choice: Choice, answer: str | None) -> Choice:
    return replace(choice, share=ONE) if choice.id == answer else choice


def _number(question: Question, item: Element, stated: str, rules: Sequence[Condition], maker: Maker) -> Question:
    if stated != "calculated_question":
        return replace(question, ranges=ranges(rules))
    calculated = next(descendants(item, "calculated"), None)
    values = next(descendants(calculated, "var_set"), None)
    answer = decimal(text(values, "answer"))
    if values is None or answer is None:
        raise LeftOut(Why.COMPUTED)
    prompt = question.prompt
    for variable in children(values, "var"):
        prompt = prompt.replace(f"[{variable.get('name', '')}]", texts.escaped(text(variable)))
    stated_tolerance = text(calculated, "answer_tolerance")
    tolerance = decimal(stated_tolerance.rstrip("%")) or ZERO
    if stated_tolerance.endswith("%"):
        tolerance = abs(answer) * tolerance / 100
    maker.remark(Why.FIRST_NUMBERS)
    return replace(question, prompt=prompt, ranges=(band(answer, tolerance),))


def _with_feedback(question: Question, item: Element, rules: Sequence[Condition], maker: Maker) -> Question:
    """Feedback for a right, a wrong and any answer; hints and solutions beside."""
    words = {found.get("ident", ""): _material(found) for found in children(item, "itemfeedback")}
    scoring = {link for rule in rules if rule.gives > ZERO for link in rule.feedback}
    right = next((words[key] for key in ("correct_fb", *sorted(scoring)) if words.get(key)), "")
    wrong = next((words[key] for key in ("general_incorrect_fb", "incorrect_fb") if words.get(key)), "")
    hints = tuple(
        said
        for hint in descendants(item, "hintmaterial")
        if not texts.says_nothing(said := maker.html(_material(hint)))
    )
    return replace(
        question,
        feedback_right=maker.html(right),
        feedback_wrong=maker.html(wrong),
        feedback=maker.html(words.get("general_fb", "")),
        hints=hints,
    )
