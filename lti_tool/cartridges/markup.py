"""XML and HTML out of a cartridge: parsed without document types, entities or network, and small helpers to walk it."""

import codecs
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml import DefusedXmlException, DTDForbidden
from defusedxml.ElementTree import DefusedXMLParser

from lti_tool.cartridges.content import CartridgeError
from lti_tool.cartridges.notes import Why, said

MOST_MARKS = 1_000_000
"""Of ``<`` in one file, and twice as many of ``=``: each element and attribute takes many times its size in memory."""


class Unreadable(Exception):
    """One file inside of the cartridge that cannot be read; what is ``said`` of it goes into a note."""

    def __init__(self, why: Why, **values: str) -> None:
        self.said = said(why, **values)
        super().__init__(str(self.said).removeprefix("was not understood: "))


class _Parser(DefusedXMLParser):
    """Takes a document type that only names itself, as QTI 1.2 of older programs does; it is never fetched. One that declares
    anything, and every entity, is refused.
    """

    def defused_start_doctype_decl(
        self, name: str, sysid: str | None, pubid: str | None, has_internal_subset: bool
    ) -> None:
        """Called for a document type."""
        if has_internal_subset:
            raise DTDForbidden(name, sysid, pubid)


def parse(data: bytes, path: str, depth: int) -> Element:
    """The root element of an XML file.

    :raises CartridgeError: ``unsafe-xml`` when it declares document types or entities, or lies deeper than ``depth``;
        ``too-large`` when it has more elements than anybody means.
    :raises Unreadable: when it is not well-formed, or not in the encoding that it states.
    """
    if data.count(b"<") > MOST_MARKS or data.count(b"=") > 2 * MOST_MARKS:
        raise CartridgeError("too-large", f"{path} holds more elements than can be read.")
    try:
        parser = _Parser(forbid_dtd=True, forbid_entities=True, forbid_external=True)
        parser.feed(data)
        root: Element = parser.close()
    except DefusedXmlException as error:
        raise CartridgeError(
            "unsafe-xml",
            f"{path} declares document types or entities, which cartridges have no use for. It was not read.",
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise Unreadable(Why.NOT_XML) from error
    _check_depth(root, path, depth)
    return root


def _check_depth(root: Element, path: str, depth: int) -> None:
    level = [root]
    for _ in range(depth):
        level = [child for element in level for child in element]
        if not level:
            return
    raise CartridgeError("unsafe-xml", f"{path} nests elements more than {depth} deep. It was not read.")


def name(element: Element) -> str:
    """The element's name without its namespace: the namespaces differ between versions, the names do not."""
    return str(element.tag).rsplit("}", 1)[-1]


def children(element: Element | None, *names: str) -> Iterator[Element]:
    """The children with one of these names, in order."""
    if element is not None:
        for child in element:
            if name(child) in names:
                yield child


def child(element: Element | None, *path: str) -> Element | None:
    """The first descendant along a path of names, or None."""
    for step in path:
        element = next(children(element, step), None)
    return element


def descendants(element: Element | None, *names: str) -> Iterator[Element]:
    """All elements below with one of these names, in document order."""
    if element is not None:
        for other in element.iter():
            if other is not element and name(other) in names:
                yield other


def text(element: Element | None, *path: str) -> str:
    """The text along a path, without white space at its ends; empty when there is none."""
    found = child(element, *path) if path else element
    return "".join(found.itertext()).strip() if found is not None else ""


def number(words: str) -> float | None:
    """A finite number, or None."""
    try:
        value = float(words)
    except ValueError:
        return None
    return value if abs(value) < 1e12 else None  # Also turns away infinity and not-a-number.


def truth(words: str) -> bool:
    """Canvas writes ``true`` and ``false``."""
    return words.strip().lower() == "true"


def moment(words: str) -> datetime | None:
    """A point in time in UTC. Canvas's exports write UTC without saying so."""
    try:
        value = datetime.fromisoformat(words.strip().replace(" UTC", "+00:00"))
    except ValueError:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def as_html(element: Element | None) -> str:
    """HTML of a text element: escaped or CDATA HTML, real child elements, or plain text made into HTML."""
    if element is None:
        return ""
    kind = (element.get("texttype") or "").lower()
    if len(element):
        inner = html.escape(element.text or "", quote=False)
        inner += "".join(tostring(part, encoding="unicode", method="html") for part in element)
        return re.sub(r"(</?)\w+:|\sxmlns(:\w+)?=\"[^\"]*\"", r"\1", inner).strip()
    words = (element.text or "").strip()
    if kind == "text/html" or (not kind and re.search(r"<\w[^>]{0,1000}>", words)):
        return words
    return html.escape(words, quote=False).replace("\n", "<br>")


@dataclass(frozen=True, slots=True)
class HtmlFile:
    """An HTML file taken apart: its title, what stands in its body, and its ``<meta name>`` values."""

    title: str
    body: str
    meta: dict[str, str]


def parse_html(data: bytes) -> HtmlFile:
    """Takes an HTML file apart. Its body stays untrusted.

    :raises Unreadable: when it is not in the encoding that it states. One that states none is in UTF-8, or else in Windows-1252.
    """
    words = _decode(data)
    # Plain searches: a regular expression over what nobody closed would take the square of its length.
    lower = words.translate(_LOWER)
    _, title_from, title_to = _tag(lower, "title")
    begins, body_from, _ = _tag(lower, "body")
    if begins >= 0:
        end = lower.rfind("</body")
        body = words[body_from : end if end > body_from else len(words)]
    else:
        head_at, _, head_to = _tag(lower, "head")
        after = lower.find(">", head_to) if head_to >= 0 else -1
        body = words[:head_at] + words[after + 1 :] if after >= 0 else words
        body = re.sub(r"<!doctype[^>]{0,1000}>|</?html[^>]{0,1000}>", "", body, flags=re.IGNORECASE)
    title = words[title_from:title_to] if 0 <= title_from <= title_to else ""
    head = words[:begins] if begins >= 0 else words
    return HtmlFile(html.unescape(title).strip(), body.strip(), _meta(head))


_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
"""For lower case without a change of length, as other alphabets may have it."""


def _tag(lower: str, name: str) -> tuple[int, int, int]:
    """Where an element's first tag begins, where it ends, and where its closing tag begins; -1 for what is not there."""
    found = re.search(rf"<{name}(?=[\s>/])", lower)
    if found is None:
        return -1, -1, -1
    opened = lower.find(">", found.end())
    return (found.start(), opened + 1, lower.find(f"</{name}", opened)) if opened >= 0 else (-1, -1, -1)


def _meta(head: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for tag in re.findall(r"<meta\b[^>]{0,2000}>", head, re.IGNORECASE):
        # Each word is looked at once, from its beginning and to its end.
        attributes = dict(re.findall(r"\b(\w++)\s*+=\s*+\"([^\"]*+)\"", tag))
        if "name" in attributes:
            found[attributes["name"]] = html.unescape(attributes.get("content", ""))
    return found


def _decode(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif data.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    else:
        stated = re.search(rb"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", data[:2048], re.IGNORECASE)
        encoding = stated[1].decode("ascii") if stated else ""
    if not encoding:
        # As browsers do: programs of Windows wrote pages that say nothing.
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return data.decode("cp1252", "replace")
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise Unreadable(Why.NOT_ENCODED, encoding=encoding) from error
