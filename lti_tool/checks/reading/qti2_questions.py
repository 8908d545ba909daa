"""One item of QTI 2.x or 3.0 as a question of ours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from xml.etree.ElementTree import Element

from lti_tool.checks.questions import ONE, ZERO, Partial, Question, QuestionKind
from lti_tool.checks.reading import qti2_gaps, qti2_pairs, texts
from lti_tool.checks.reading.building import Maker, decimal, share_of
from lti_tool.checks.reading.qti2_tree import Declared, below, declared, first, inside, kind, markup, value, words
from lti_tool.checks.reading.values import LeftOut, Why

_NEEDS_A_PERSON = frozenset({"extendedtextinteraction", "uploadinteraction", "drawinginteraction"})
_ON_PICTURES = frozenset(
    {
        "hotspotinteraction",
        "selectpointinteraction",
        "graphicorderinteraction",
        "graphicassociateinteraction",
        "graphicgapmatchinteraction",
        "positionobjectinteraction",
    }
)
_IN_TEXT = frozenset({"textentryinteraction", "inlinechoiceinteraction"})
MOST_ELEMENTS = 10_000
"""Elements of one item."""

_NO_ANSWERS = frozenset({"endattemptinteraction", "mediainteraction"})


@dataclass(frozen=True, slots=True)
class Item:
    """An item taken apart. ``mapped``: points are counted by mappings, as far as its response processing says."""

    root: Element
    body: Element | None
    before: str
    """The HTML of texts that stand before it."""
    responses: dict[str, Declared]
    mapped: bool
    maker: Maker
    points: Decimal | None

    def response(self, interaction: Element) -> Declared:
        """What an interaction answers. Raises LeftOut where nothing is declared."""
        found = self.responses.get(value(interaction, "responseidentifier"))
        if found is None:
            raise LeftOut(Why.NO_RIGHT_ANSWER)
        return found

    def prompt(self, interaction: Element, mark: str = "") -> str:
        """The text of the whole item without an interaction's choices; ``mark`` stands in the interaction's place."""

        def instead(one: Element) -> str | None:
            if one is interaction:
                own = "".join(markup(prompt) for prompt in inside(one, "prompt"))
                return f"<div>{own}</div>{mark}" if own else mark
            return None

        return self.before + markup(self.body, instead)

    def question(self, of_kind: QuestionKind, prompt: str) -> Question:
        """What all kinds have in common."""
        return Question(kind=of_kind, prompt=prompt, points=self.points or ONE, title=value(self.root, "title"))


def convert(root: Element, body: Element | None, before: str, maker: Maker) -> Question:
    """The question. Raises LeftOut."""
    if sum(1 for _ in root.iter()) > MOST_ELEMENTS:
        raise LeftOut(Why.TOO_LONG)
    if value(root, "adaptive").lower() == "true":
        raise LeftOut(Why.ADAPTIVE)
    if next(inside(root, "templatedeclaration", "templateprocessing"), None) is not None:
        raise LeftOut(Why.COMPUTED)
    interactions = [one for one in below(body, *_all(body)) if kind(one) not in _NO_ANSWERS]
    if not interactions:
        raise LeftOut(Why.NO_QUESTION)
    kinds = {kind(one) for one in interactions}
    if kinds & _NEEDS_A_PERSON:
        raise LeftOut(Why.NEEDS_A_PERSON)
    if kinds & _ON_PICTURES:
        raise LeftOut(Why.PICTURE_IS_THE_QUESTION)
    item = Item(root, body, before, declared(root), _is_mapped(root), maker, _points(root))
    if kinds <= _IN_TEXT and (len(interactions) > 1 or "inlinechoiceinteraction" in kinds):
        made = qti2_gaps.gaps(item, interactions)
    elif len(interactions) > 1:
        raise LeftOut(Why.SEVERAL_IN_ONE)
    else:
        make = _MAKERS.get(kind(interactions[0]))
        if make is None:
            raise LeftOut(Why.UNKNOWN_KIND, kind(interactions[0]).removesuffix("interaction"))
        made = make(item, interactions[0])
    if next(inside(root, "responseprocessing"), None) is not None and _is_custom(root):
        maker.remark(Why.SIMPLER_SCORING)
    return _with_feedback(item, made)


def _all(body: Element | None) -> list[str]:
    return sorted({kind(one) for one in body.iter() if kind(one).endswith("interaction")}) if body is not None else []


def _processing(root: Element) -> Element | None:
    return next(inside(root, "responseprocessing"), None)


def _template(root: Element) -> str:
    return value(_processing(root), "template").rsplit("/", 1)[-1].removesuffix(".xml").lower()


def _is_mapped(root: Element) -> bool:
    """Whether points are counted by a mapping: by the standard template, or a rule that looks at one."""
    return (
        _template(root).startswith(("map_response", "cc2_map")) or first(_processing(root), "mapresponse") is not None
    )


_SIMPLE = frozenset(
    {
        "responsecondition",
        "responseif",
        "responseelse",
        "responseelseif",
        "match",
        "variable",
        "correct",
        "setoutcomevalue",
        "basevalue",
        "mapresponse",
        "isnull",
        "and",
        "or",
        "not",
        "sum",
        "equal",
        "member",
        "stringmatch",
        "gt",
        "gte",
        "lt",
        "lte",
    }
)


def _is_custom(root: Element) -> bool:
    """Whether points are counted in a way that is not one of those read here."""
    found = _processing(root)
    return found is not None and any(kind(one) not in _SIMPLE for one in found.iter() if one is not found)


def _points(root: Element) -> Decimal | None:
    for outcome in inside(root, "outcomedeclaration"):
        name = value(outcome, "identifier").upper()
        if name == "MAXSCORE":
            stated = decimal(words(first(outcome, "value")))
            if stated is not None and stated > ZERO:
                return stated
    for outcome in inside(root, "outcomedeclaration"):
        stated = decimal(value(outcome, "normalmaximum"))
        if value(outcome, "identifier").upper() == "SCORE" and stated is not None and stated > ZERO:
            return stated
    return None


# --- Kinds -----------------------------------------------------------------------------------------------------------------


def _choices(item: Item, interaction: Element) -> Question:
    return _of_choices(item, interaction, list(below(interaction, "simplechoice")), item.prompt(interaction))


def _words_in_text(item: Item, interaction: Element) -> Question:
    item.maker.remark(Why.AS_CHOICES)

    def instead(one: Element) -> str | None:
        if one is interaction:
            own = "".join(markup(prompt) for prompt in inside(one, "prompt"))
            return f"<div>{own}</div>" + markup(one, lambda part: "" if kind(part) == "prompt" else None)
        return None

    prompt = item.before + markup(item.body, instead)
    return _of_choices(item, interaction, list(below(interaction, "hottext")), prompt)


def _of_choices(item: Item, interaction: Element, found: Sequence[Element], prompt: str) -> Question:
    response, maker = item.response(interaction), item.maker
    keys = [value(one, "identifier") for one in found]
    worth = {one.key: one.worth for one in response.mapping or ()}
    points = item.points
    if item.mapped and worth:
        most = sum((one for one in worth.values() if one > ZERO), ZERO)
        most = max(worth.values()) if not response.several else min(most, response.most or most)
        if most <= ZERO:
            raise LeftOut(Why.SCORING)
        points = points or most
        shares = {key: share_of(worth.get(key, response.otherwise), most) for key in keys}
        equal = {worth[key] for key in worth if worth[key] != ZERO} == {most} if not response.several else False
        partial = Partial.NONE if equal else Partial.WEIGHTS
    else:
        shares = {key: ONE if key in response.right else ZERO for key in keys}
        partial = Partial.NONE
    own = _feedback_of_choices(item, keys, found)
    choices, _ = maker.choices(
        (key, markup(one), shares[key], own.get(key, "")) for key, one in zip(keys, found, strict=True)
    )
    question = item.question(QuestionKind.RESPONSE if response.several else QuestionKind.CHOICE, maker.prompt(prompt))
    return replace(
        question,
        points=points or ONE,
        choices=choices,
        partial=partial,
        shuffled=value(interaction, "shuffle").lower() == "true",
    )


def _feedback_of_choices(item: Item, keys: Sequence[str], found: Sequence[Element]) -> dict[str, str]:
    own: dict[str, str] = {}
    for key, one in zip(keys, found, strict=True):
        inner = next((part for part in below(one, "feedbackinline") if value(part, "identifier") == key), None)
        modal = next((part for part in inside(item.root, "modalfeedback") if value(part, "identifier") == key), None)
        said = markup(inner) or markup(modal)
        if said:
            own[key] = said
    return own


def _order(item: Item, interaction: Element) -> Question:
    response = item.response(interaction)
    found = {value(one, "identifier"): one for one in below(interaction, "simplechoice")}
    order = list(dict.fromkeys(key for key in response.right if key in found))
    if len(order) < len(found):
        raise LeftOut(Why.NO_RIGHT_ANSWER)
    choices, _ = item.maker.choices((key, markup(found[key]), ZERO, "") for key in order)
    made = item.question(QuestionKind.ORDER, item.maker.prompt(item.prompt(interaction)))
    return replace(made, choices=choices)


def _typed(item: Item, interaction: Element) -> Question:
    response = item.response(interaction)
    mark = "" if _stands_last(item, interaction) else "_____"
    prompt = item.maker.prompt(item.prompt(interaction, mark))
    if response.base in ("float", "integer"):
        found = qti2_gaps.numbers(item.root, response, item.mapped)
        return replace(item.question(QuestionKind.NUMBER, prompt), ranges=found, points=_worth(item, response))
    accepted, case = qti2_gaps.accepted(item.root, response, item.mapped)
    return replace(
        item.question(QuestionKind.TEXT, prompt),
        accepted=item.maker.accepted(accepted),
        case_sensitive=case,
        points=_worth(item, response),
    )


def _worth(item: Item, response: Declared) -> Decimal:
    most = max((one.worth for one in response.mapping or ()), default=ZERO) if item.mapped else ZERO
    return item.points or (most if most > ZERO else ONE)


def _stands_last(item: Item, interaction: Element) -> bool:
    """Whether nothing is said after the field, so that it stands below the prompt anyway."""
    marked = markup(item.body, lambda one: "\u2983\u2984" if one is interaction else None)
    return texts.says_nothing(marked.partition("\u2983\u2984")[2])


def _slider(item: Item, interaction: Element) -> Question:
    item.maker.remark(Why.AS_NUMBER)
    response = item.response(interaction)
    found = qti2_gaps.numbers(item.root, response, item.mapped)
    made = item.question(QuestionKind.NUMBER, item.maker.prompt(item.prompt(interaction)))
    return replace(made, ranges=found)


def _match(item: Item, interaction: Element) -> Question:
    sets = list(below(interaction, "simplematchset"))
    if len(sets) != 2:
        raise LeftOut(Why.TOO_FEW_CHOICES)
    rows, columns = (
        [(value(one, "identifier"), markup(one)) for one in below(part, "simpleassociablechoice")] for part in sets
    )
    return qti2_pairs.matched(
        item.question(QuestionKind.MATCH, item.maker.prompt(item.prompt(interaction))),
        item.response(interaction),
        rows,
        columns,
        item.maker,
        mapped=item.mapped,
    )


def _associate(item: Item, interaction: Element) -> Question:
    item.maker.remark(Why.AS_MATCHING)
    found = [(value(one, "identifier"), markup(one)) for one in below(interaction, "simpleassociablechoice")]
    return qti2_pairs.associated(
        item.question(QuestionKind.MATCH, item.maker.prompt(item.prompt(interaction))),
        item.response(interaction),
        found,
        item.maker,
        mapped=item.mapped,
    )


_MAKERS: dict[str, Callable[[Item, Element], Question]] = {
    "choiceinteraction": _choices,
    "hottextinteraction": _words_in_text,
    "orderinteraction": _order,
    "textentryinteraction": _typed,
    "sliderinteraction": _slider,
    "matchinteraction": _match,
    "associateinteraction": _associate,
    "gapmatchinteraction": qti2_gaps.gap_match,
}


def _with_feedback(item: Item, question: Question) -> Question:
    """What is said to a right and to a wrong answer, where the file's names for it say which is which."""
    right = wrong = ""
    other = False
    taken = {choice.feedback for choice in question.choices if choice.feedback}
    for one in below(item.root, "modalfeedback", "feedbackblock"):
        name, said = value(one, "identifier").lower(), item.maker.html(markup(one))
        if name in ("correct", "right", "correct_fb", "true"):
            right = right or said
        elif name in ("incorrect", "wrong", "incorrect_fb", "false"):
            wrong = wrong or said
        elif said and said not in taken:
            other = True
    if other:
        item.maker.remark(Why.FEEDBACK)
    return replace(question, feedback_right=right, feedback_wrong=wrong)
