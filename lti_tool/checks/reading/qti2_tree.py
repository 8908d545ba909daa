"""QTI 2.x and 3.0 alike: 3.0 writes ``qti-choice-interaction`` and ``response-identifier`` for what 2.x calls
``choiceInteraction`` and ``responseIdentifier``. Here both are ``choiceinteraction`` and ``responseidentifier``.
"""

import html
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from xml.etree.ElementTree import Element

from lti_tool.cartridges.markup import name
from lti_tool.checks.questions import ZERO
from lti_tool.checks.reading.building import decimal

_VOID = frozenset({"br", "hr", "img", "col"})
_LEFT_OUT = frozenset(
    {"stylesheet", "rubricblock", "feedbackblock", "feedbackinline", "modalfeedback", "templateblock"}
)
_PREFIXES = ("qti-", "qh5-")


def plain(given: str) -> str:
    """A name as it is compared: without prefix, hyphens and capitals."""
    low = given.rsplit("}", 1)[-1].lower()
    for prefix in _PREFIXES:
        low = low.removeprefix(prefix)
    return low.replace("-", "")


def kind(element: Element) -> str:
    """The element's name as it is compared."""
    return plain(str(element.tag))


def value(element: Element | None, wanted: str) -> str:
    """An attribute by its compared name; empty where there is none."""
    if element is None:
        return ""
    return next((text.strip() for key, text in element.items() if plain(key) == wanted), "")


def below(element: Element | None, *kinds: str) -> Iterator[Element]:
    """All elements below of these kinds, in document order."""
    if element is not None:
        for other in element.iter():
            if other is not element and kind(other) in kinds:
                yield other


def first(element: Element | None, *kinds: str) -> Element | None:
    """The first element below of these kinds."""
    return next(below(element, *kinds), None)


def inside(element: Element | None, *kinds: str) -> Iterator[Element]:
    """The children of these kinds."""
    if element is not None:
        for other in element:
            if kind(other) in kinds:
                yield other


def words(element: Element | None) -> str:
    """The text in it, without white space at its ends."""
    return "".join(element.itertext()).strip() if element is not None else ""


Instead = Callable[[Element], str | None]
"""What stands in an element's place; None: the element itself."""


def markup(element: Element | None, instead: Instead = lambda one: None) -> str:
    """What is in an element, as HTML. Elements of QTI give what is in them; feedback and notes to markers give nothing."""
    if element is None:
        return ""
    parts = [html.escape(element.text or "", quote=False)]
    for one in element:
        parts.append(_markup_of(one, instead))
        parts.append(html.escape(one.tail or "", quote=False))
    return "".join(parts).strip()


def _markup_of(element: Element, instead: Instead) -> str:
    found = instead(element)
    if found is not None:
        return found
    if kind(element) in _LEFT_OUT:
        return ""
    tag = name(element).lower()
    inner = markup(element, instead)
    if tag == "object" and (element.get("type") or "").lower().startswith("image/"):
        # A picture by HTML's other way; what is in it is said to who does not see it.
        words = " ".join("".join(element.itertext()).split())
        return f'<img src="{html.escape(element.get("data") or "")}" alt="{html.escape(words)}">'
    if not tag.isalnum():
        return f" {inner} " if tag.endswith(("-block", "-body")) else inner
    attributes = "".join(
        f' {key}="{html.escape(text)}"' for key, text in element.items() if key.isalpha() and key.islower()
    )
    return f"<{tag}{attributes}>" + ("" if tag in _VOID else f"{inner}</{tag}>")


@dataclass(frozen=True, slots=True)
class Mapped:
    """One entry of a mapping: what a value is worth."""

    key: str
    worth: Decimal
    case: bool


@dataclass(frozen=True, slots=True)
class Declared:
    """A response as it is declared. ``mapping`` None: it has none."""

    identifier: str
    cardinality: str
    base: str
    right: tuple[str, ...]
    mapping: tuple[Mapped, ...] | None
    otherwise: Decimal
    most: Decimal | None

    @property
    def several(self) -> bool:
        """Whether more than one value can be given."""
        return self.cardinality in ("multiple", "ordered")


def declared(item: Element) -> dict[str, Declared]:
    """The responses of an item by identifier."""
    return {one.identifier: one for one in map(_declared, inside(item, "responsedeclaration"))}


def _declared(element: Element) -> Declared:
    mapping = next(inside(element, "mapping"), None)
    right = next(inside(element, "correctresponse"), None)
    return Declared(
        value(element, "identifier"),
        value(element, "cardinality").lower() or "single",
        value(element, "basetype").lower(),
        tuple(words(one) for one in inside(right, "value")),
        None if mapping is None else tuple(_mapped(one) for one in inside(mapping, "mapentry")),
        decimal(value(mapping, "defaultvalue")) or ZERO,
        decimal(value(mapping, "upperbound")),
    )


def _mapped(element: Element) -> Mapped:
    return Mapped(
        value(element, "mapkey"),
        decimal(value(element, "mappedvalue")) or ZERO,
        value(element, "casesensitive").lower() != "false",
    )
