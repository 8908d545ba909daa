"""Questions of QTI 2.x and 3.0 that are answered inside of a text, and what counts as right where something is typed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Protocol
from xml.etree.ElementTree import Element

from lti_tool.checks.questions import ONE, ZERO, Accepted, Choice, Partial, Question, QuestionKind, Range, Row
from lti_tool.checks.reading.building import Maker, band, decimal, must_be_small, share_of
from lti_tool.checks.reading.qti2_pairs import pairs_of
from lti_tool.checks.reading.qti2_tree import Declared, below, inside, kind, markup, value, words
from lti_tool.checks.reading.values import LeftOut, Why


class OfItem(Protocol):
    """What is needed of an item here."""

    @property
    def root(self) -> Element:
        """The item."""

    @property
    def body(self) -> Element | None:
        """Its body."""

    @property
    def before(self) -> str:
        """What stands before it."""

    @property
    def mapped(self) -> bool:
        """Whether points are counted by mappings."""

    @property
    def maker(self) -> Maker:
        """What remembers remarks."""

    @property
    def points(self) -> Decimal | None:
        """What it is worth, where it says so."""

    def response(self, interaction: Element) -> Declared:
        """What an interaction answers."""

    def question(self, of_kind: QuestionKind, prompt: str) -> Question:
        """What all kinds have in common."""


def gaps(item: OfItem, interactions: Sequence[Element]) -> Question:
    """Several fields or lists in a text."""
    ids = {id(one): f"g{number}" for number, one in enumerate(interactions, start=1)}
    rows = []
    cases = set()
    worth = ZERO
    for one in interactions:
        response = item.response(one)
        row, case = _gap(item, one, response, ids[id(one)])
        rows.append(row)
        cases.add(case)
        worth += max((entry.worth for entry in response.mapping or ()), default=ONE) if item.mapped else ONE
    if len(cases - {None}) > 1:
        item.maker.remark(Why.CASE)
    prompt = _with_marks(item, lambda one: ids.get(id(one)))
    made = item.question(QuestionKind.GAPS, prompt)
    several = len(rows) > 1
    return replace(
        made,
        rows=tuple(rows),
        case_sensitive=cases - {None} == {True},
        partial=Partial.SHARE if several and item.mapped else Partial.NONE,
        points=item.points or (worth if item.mapped and worth > ZERO else ONE),
    )


def _with_marks(item: OfItem, gap: "Mark") -> str:
    """The item's text with a mark where each gap stands."""

    def instead(one: Element) -> str | None:
        found = gap(one)
        if found is not None:
            return f" \u2983{found}\u2984 "
        return "" if kind(one) in ("gaptext", "gapimg") else None

    said = item.maker.prompt(item.before + markup(item.body, instead))
    return said.replace("\u2983", "[[").replace("\u2984", "]]")


class Mark(Protocol):
    """The id of the gap that an element is; None for anything else."""

    def __call__(self, one: Element, /) -> str | None:
        """The id."""


def _gap(item: OfItem, interaction: Element, response: Declared, gap: str) -> tuple[Row, bool | None]:
    if kind(interaction) == "inlinechoiceinteraction":
        found = list(below(interaction, "inlinechoice"))
        best = _best(response)
        choices, ids = item.maker.choices(
            (
                (value(one, "identifier"), markup(one), ONE if value(one, "identifier") == best else ZERO, "")
                for one in found
            ),
            letter=f"{gap}c",
        )
        return Row(gap, choices=choices, answer=ids.get(best)), None
    if response.base in ("float", "integer"):
        return Row(gap, ranges=numbers(item.root, response, item.mapped)), None
    texts_taken, case = accepted(item.root, response, item.mapped)
    return Row(gap, accepted=item.maker.accepted(texts_taken)), case


def _best(response: Declared) -> str:
    """The value that is right: the one that is stated, or the one a mapping gives most for."""
    if response.right:
        return response.right[0]
    best = max(response.mapping or (), key=lambda one: one.worth, default=None)
    return best.key if best is not None and best.worth > ZERO else ""


def gap_match(item: OfItem, interaction: Element) -> Question:
    """Words that are dragged into gaps: each gap has all of them to choose from."""
    if next(below(interaction, "gapimg"), None) is not None:
        raise LeftOut(Why.PICTURE_IS_THE_QUESTION)
    offered = [(value(one, "identifier"), markup(one)) for one in below(interaction, "gaptext")]
    found = list(below(interaction, "gap"))
    must_be_small(len(found), len(offered))
    ids = {id(one): f"g{number}" for number, one in enumerate(found, start=1)}
    right: dict[str, str] = {}
    keys = {key for key, _ in offered}
    for one, other in pairs_of(item.response(interaction), mapped=item.mapped):
        word, where = (one, other) if one in keys else (other, one)
        right.setdefault(where, word)
    rows = []
    for each in found:
        gap = ids[id(each)]
        choices, new = item.maker.choices(((key, said, ZERO, "") for key, said in offered), letter=f"{gap}c")
        answer = new.get(right.get(value(each, "identifier"), ""))
        rows.append(Row(gap, choices=tuple(_marked(choice, answer) for choice in choices), answer=answer))
    made = item.question(QuestionKind.GAPS, _with_marks(item, lambda one: ids.get(id(one))))
    partial = Partial.SHARE if item.mapped else Partial.NONE
    return replace(made, rows=tuple(rows), partial=partial, points=item.points or ONE)


def _marked(choice: Choice, answer: str | None) -> Choice:
    return replace(choice, share=ONE) if choice.id == answer else choice


# --- What is typed ---------------------------------------------------------------------------------------------------------


def accepted(root: Element, response: Declared, mapped: bool) -> tuple[list[Accepted], bool]:
    """The texts that are taken, and whether capital letters matter."""
    if mapped and response.mapping:
        most = max(one.worth for one in response.mapping)
        if most <= ZERO:
            raise LeftOut(Why.NO_RIGHT_ANSWER)
        found = [Accepted(one.key, share_of(one.worth, most)) for one in response.mapping]
        return found, any(one.case for one in response.mapping)
    case = True
    stated = list(response.right)
    for match in below(root, "stringmatch"):
        if any(value(one, "identifier") == response.identifier for one in below(match, "variable")):
            case = value(match, "casesensitive").lower() != "false"
            stated += [words(one) for one in below(match, "basevalue")]
    if not stated and response.mapping:
        stated = [one.key for one in response.mapping if one.worth > ZERO]
        case = any(one.case for one in response.mapping)
    return [Accepted(one) for one in dict.fromkeys(stated)], case


def numbers(root: Element, response: Declared, mapped: bool) -> tuple[Range, ...]:
    """The numbers that are taken: by mapping, by an ``equal`` with tolerance, between two bounds, or exactly."""
    if mapped and response.mapping:
        most = max(one.worth for one in response.mapping)
        entries = [(decimal(one.key), one.worth) for one in response.mapping]
        return tuple(
            band(number, ZERO, share_of(worth, most)) for number, worth in entries if number is not None and most > ZERO
        )
    right = [number for one in response.right if (number := decimal(one)) is not None]
    compared = [one for one in below(root, "equal") if _is_about(one, response)]
    for one in compared:
        stated = [number for base in inside(one, "basevalue") if (number := decimal(words(base))) is not None]
        found = tuple(_around(number, one) for number in (stated or right))
        if found:
            return found
    between = _between(root, response)
    if between is not None:
        return (between,)
    return tuple(band(number, ZERO) for number in right)


def _is_about(element: Element, response: Declared) -> bool:
    return any(value(one, "identifier") == response.identifier for one in inside(element, "variable"))


def _around(number: Decimal, equal: Element) -> Range:
    """The numbers that ``equal`` takes (QTI 2.1 §15.3: absolute, or relative in percent)."""
    bounds = [bound for text in value(equal, "tolerance").split() if (bound := decimal(text)) is not None]
    mode = value(equal, "tolerancemode").lower()
    if mode not in ("absolute", "relative") or not bounds:
        return band(number, ZERO)
    below_it, above_it = abs(bounds[0]), abs(bounds[-1])
    if mode == "relative":
        below_it, above_it = abs(number) * below_it / 100, abs(number) * above_it / 100
    return Range(number - below_it, number + above_it)


def _between(root: Element, response: Declared) -> Range | None:
    low = next(iter(_bounds(root, response, "gte", "gt")), None)
    high = next(iter(_bounds(root, response, "lte", "lt")), None)
    return Range(low, high) if low is not None and high is not None and low <= high else None


def _bounds(root: Element, response: Declared, *kinds: str) -> Iterator[Decimal]:
    for one in below(root, *kinds):
        if _is_about(one, response):
            found = decimal(words(next(inside(one, "basevalue"), None)))
            if found is not None:
                yield found
