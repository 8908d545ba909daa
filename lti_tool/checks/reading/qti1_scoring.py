"""How QTI 1.2 counts points: conditions are tried on answers, rather than guessed from their shape.

Source: IMS QTI 1.2.1 ASI, response processing (``respcondition``, ``conditionvar``, ``setvar``, ``displayfeedback``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from xml.etree.ElementTree import Element

from lti_tool.cartridges.markup import child, children, descendants, name
from lti_tool.checks.questions import ZERO, Range
from lti_tool.checks.reading.building import decimal, share_of

Answers = Mapping[str, Sequence[str]]
"""What is answered: values by the ident of the response, in order."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One ``respcondition``."""

    element: Element
    values: tuple[tuple[str, Decimal], ...]
    """(action, value) of each ``setvar``."""
    feedback: tuple[str, ...]
    goes_on: bool

    @property
    def gives(self) -> Decimal:
        """The most it gives."""
        return max((value for _, value in self.values), default=ZERO)


@dataclass(slots=True)
class Outcome:
    """What an answer is worth, and which feedback it shows."""

    score: Decimal = ZERO
    feedback: list[str] = field(default_factory=list)


def conditions(item: Element) -> tuple[Condition, ...]:
    """The item's conditions in order."""
    return tuple(_condition(found) for found in descendants(child(item, "resprocessing"), "respcondition"))


def _condition(found: Element) -> Condition:
    values = tuple(
        (change.get("action", "Set").lower(), value)
        for change in children(found, "setvar")
        if (value := decimal(change.text)) is not None
    )
    adds = any(action != "set" for action, _ in values)
    stated = (found.get("continue") or "").lower()
    return Condition(
        found,
        values,
        tuple(link.get("linkrefid", "") for link in children(found, "displayfeedback")),
        # Canvas adds up without saying that it goes on.
        stated == "yes" or (not stated and (adds or not values)),
    )


def tried(some: Sequence[Condition], answers: Answers, *, case: bool = True) -> Outcome:
    """What these answers are worth."""
    outcome = Outcome()
    scored = False
    for condition in some:
        variables = child(condition.element, "conditionvar")
        if not _holds(list(variables) if variables is not None else [], answers, scored, case):
            continue
        for action, value in condition.values:
            outcome.score = _changed(outcome.score, action, value)
        outcome.feedback += condition.feedback
        scored = scored or bool(condition.values)
        if not condition.goes_on:
            break
    return outcome


def _changed(score: Decimal, action: str, value: Decimal) -> Decimal:
    match action:
        case "add":
            return score + value
        case "subtract":
            return score - value
        case "multiply":
            return score * value
        case _:
            return value


def _holds(parts: Sequence[Element], answers: Answers, scored: bool, case: bool) -> bool:
    """Whether all of these hold."""
    return all(_one_holds(part, answers, scored, case) for part in parts)


def _one_holds(part: Element, answers: Answers, scored: bool, case: bool) -> bool:
    match name(part):
        case "and":
            return _holds(list(part), answers, scored, case)
        case "or":
            return any(_one_holds(one, answers, scored, case) for one in part)
        case "not":
            return not _holds(list(part), answers, scored, case)
        case "other":
            return not scored
        case _:
            return _compares(part, answers.get(part.get("respident", ""), ()), case)


def _compares(part: Element, given: Sequence[str], case: bool) -> bool:
    wanted = (part.text or "").strip()
    match name(part):
        case "unanswered":
            return not given
        case "varequal":
            place = part.get("index")
            if place and place.isdecimal() and len(place) < 6:
                return 0 < int(place) <= len(given) and given[int(place) - 1] == wanted
            return any(_same(one, wanted, case) for one in given)
        case "varsubstring":
            return any(wanted.casefold() in one.casefold() for one in given)
        case "vargte" | "vargt" | "varlte" | "varlt":
            bound = decimal(wanted)
            return bound is not None and any(_compared(name(part), decimal(one), bound) for one in given)
        case _:
            return False


def _same(one: str, wanted: str, case: bool) -> bool:
    return one == wanted or (not case and one.casefold() == wanted.casefold())


def _compared(how: str, value: Decimal | None, bound: Decimal) -> bool:
    if value is None:
        return False
    return {"vargte": value >= bound, "vargt": value > bound, "varlte": value <= bound, "varlt": value < bound}[how]


def named(some: Sequence[Condition], *kinds: str) -> Iterator[tuple[Condition, Element]]:
    """What conditions that give points compare with, leaving out those under ``not``."""
    for condition in some:
        if condition.gives > ZERO:
            for found in _below(child(condition.element, "conditionvar"), kinds):
                yield condition, found


def _below(element: Element | None, kinds: Sequence[str]) -> Iterator[Element]:
    for part in element if element is not None else ():
        if name(part) in kinds:
            yield part
        elif name(part) in ("and", "or"):
            yield from _below(part, kinds)


def ranges(some: Sequence[Condition]) -> tuple[Range, ...]:
    """Right numbers: each ``varequal`` alone, and each pair of bounds that stand together."""
    most = max((condition.gives for condition in some), default=ZERO)
    found: list[Range] = []
    if most > ZERO:
        for condition in some:
            if condition.gives > ZERO:
                share = share_of(condition.gives, most)
                found += (Range(low, high, share) for low, high in _bounds(child(condition.element, "conditionvar")))
    wide = [one for one in found if one.low < one.high]
    # Canvas states a number and the band around it; the band says it all.
    return tuple(
        one
        for one in dict.fromkeys(found)
        if one.low < one.high
        or not any(other.low <= one.low <= other.high and other.share >= one.share for other in wide)
    )


def _bounds(element: Element | None) -> Iterator[tuple[Decimal, Decimal]]:
    low: Decimal | None = None
    high: Decimal | None = None
    for part in element if element is not None else ():
        value = decimal(part.text)
        if name(part) == "varequal" and value is not None:
            yield value, value
        elif name(part) in ("vargte", "vargt"):
            low = value
        elif name(part) in ("varlte", "varlt"):
            high = value
        elif name(part) in ("and", "or"):
            yield from _bounds(part)
    if low is not None and high is not None and low <= high:
        yield low, high
