"""Texts of questions: their HTML made safe to keep and show. Nothing is fetched.

What a page of ours shows comes from us alone: pictures that the file holds are kept (``pictures``); others, and media, are
replaced by their words, and a note says so.
"""

import html
import re
from collections.abc import Callable
from urllib.parse import urlsplit

import nh3

from lti_tool.checks.reading import pictures
from lti_tool.checks.reading.values import MOST_TEXT, Note, Why

_TAGS = frozenset(
    {
        "p",
        "br",
        "hr",
        "div",
        "span",
        "b",
        "strong",
        "i",
        "em",
        "u",
        "s",
        "sub",
        "sup",
        "small",
        "code",
        "pre",
        "kbd",
        "samp",
    }
    | {
        "var",
        "blockquote",
        "q",
        "cite",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "caption",
        "thead",
        "tbody",
        "tfoot",
    }
    | {"tr", "th", "td", "h3", "h4", "h5", "h6", "abbr", "mark", "ins", "del", "a", "ruby", "rt", "rp", "img"}
)
_ATTRIBUTES = {
    "img": {"src", "alt"},
    "a": {"href"},
    "th": {"colspan", "rowspan", "scope"},
    "td": {"colspan", "rowspan"},
    "abbr": {"title"},
    "ol": {"start", "type"},
    "*": {"lang", "dir"},
}
_HEADINGS = re.compile(r"<(/?)h[12]\b", re.IGNORECASE)
# None of these looks beyond the next bracket: what repeats one a hundred thousand times is read in one go.
_IMAGE = re.compile(r"<img\b([^<>]*)>", re.IGNORECASE)
_BLIND = re.compile(r"<img(?![^<>]*\ssrc=)[^<>]*>", re.IGNORECASE)
_FILE_NAME = re.compile(r"\S+\.(?:png|jpe?g|gif|webp|bmp|svg|tiff?)", re.IGNORECASE)
_MEDIA = re.compile(r"<(iframe|embed|object|video|audio|canvas|svg)\b", re.IGNORECASE)
_LINK = re.compile(r"<a\b[^<>]*?\shref\b", re.IGNORECASE)
_MATH = re.compile(r"<math\b|\\\(|\\\[|\$\$", re.IGNORECASE)
_OPENS = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_TAG = re.compile(r"<[^<>]*>")
_FLAT = frozenset(
    {
        "p",
        "li",
        "td",
        "th",
        "tr",
        "thead",
        "tbody",
        "tfoot",
        "dd",
        "dt",
        "option",
        "br",
        "hr",
        "img",
        "col",
        "input",
        "wbr",
    }
    | {"source", "track", "area", "embed", "param", "link", "meta", "base"}
)
"""Elements that end by themselves when the next one begins, or have no end."""

_DEEPEST = 100
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_GAP = re.compile(r"\[\[|\]\]")

Remark = Callable[[Note], None]


def clean(given: str, remark: Remark) -> str:
    """HTML that is safe to keep and show, with what was left out told to ``remark``."""
    # Pictures may stand in the text itself, which is long then, and short without them.
    given = _IMAGE.sub(lambda found: _pictured(found[1], remark), given)
    if len(given) > MOST_TEXT * 10:
        # Hostile or not: cleaning megabytes of one text helps nobody.
        given = given[: MOST_TEXT * 10]
        remark(Note(Why.SHORTENED))
    given = _CONTROL.sub("", given)
    if "<" not in given and "&" not in given:
        return _short(given.strip(), remark)
    if _is_too_deep(given):
        remark(Note(Why.SHORTENED))
        return _short(escaped(_TAG.sub(" ", given)).strip(), remark)
    if _MEDIA.search(given):
        remark(Note(Why.MEDIA))
    if _MATH.search(given):
        remark(Note(Why.FORMULAS))
    given = _HEADINGS.sub(r"<\1h3", given)

    def address(tag: str, attribute: str, value: str) -> str | None:
        if tag == "img" and attribute == "src":
            return value if pictures.is_ours(value) else None
        return value if attribute != "href" or _leads_somewhere(value) else None

    cleaned = nh3.clean(
        given,
        tags=set(_TAGS),
        clean_content_tags={"script", "style", "iframe", "object", "video", "audio", "svg", "canvas", "template"},
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=address,
        link_rel="noopener noreferrer",
        url_schemes={"http", "https", "mailto"},
    )
    cleaned = _BLIND.sub("", cleaned)
    # Schemes that no page may have are gone before the filter is asked, so what is left is counted.
    if len(_LINK.findall(given)) > cleaned.count("<a href="):
        remark(Note(Why.LINKS))
    return _short(cleaned.strip(), remark)


def escaped(text: str) -> str:
    """Plain text as HTML, its lines kept."""
    return html.escape(_CONTROL.sub("", text), quote=False).replace("\n", "<br>")


def plain(given: str) -> str:
    """What HTML says, in one line."""
    if "<" not in given and "&" not in given:
        return " ".join(_CONTROL.sub("", given).split())
    given = _IMAGE.sub(lambda found: f" {html.escape(_attribute(found[1], 'alt'), quote=False)} ", given)
    if _is_too_deep(given):
        return " ".join(_CONTROL.sub("", _TAG.sub(" ", given)).split())
    words = html.unescape(nh3.clean(given.replace("<", " <"), tags=set()))
    return " ".join(_CONTROL.sub("", words).split())


def _is_too_deep(given: str) -> bool:
    """Whether elements are nested more deeply than anybody writes; to clean thousands of levels takes minutes."""
    depth = 0
    for found in _OPENS.finditer(given):
        if found[2].lower() in _FLAT:
            continue
        depth = max(0, depth - 1) if found[1] else depth + 1
        if depth > _DEEPEST:
            return True
    return False


def says_nothing(given: str) -> bool:
    """Whether nothing can be read of it, nor seen."""
    return not plain(given) and not pictures.digests_in(given)


def without_marks(given: str) -> str:
    """A prompt in which nobody but us writes gaps: doubled brackets of its own are taken apart."""
    return _GAP.sub(lambda found: f"{found[0][0]}\u200b{found[0][1]}", given)


def _short(text: str, remark: Remark) -> str:
    if len(text) <= MOST_TEXT:
        return text
    remark(Note(Why.SHORTENED))
    # What is cut may end inside of an element, so it is words alone.
    return html.escape(plain(text)[: MOST_TEXT // 2], quote=False) + "…"


def _pictured(attributes: str, remark: Remark) -> str:
    """A picture that is kept; Canvas's formulas as they were typed; else what describes it stands in its place."""
    formula = _attribute(attributes, "data-equation-content")
    if formula:
        remark(Note(Why.FORMULAS))
        return f"<code>{html.escape(formula, quote=False)}</code>"
    words = _attribute(attributes, "alt")
    # What programs put there by themselves tells nobody anything.
    words = "" if _FILE_NAME.fullmatch(words) else words
    address = pictures.address_of(_attribute(attributes, "src"))
    if address is not None:
        if not words:
            remark(Note(Why.UNDESCRIBED))
        return f'<img src="{address}" alt="{html.escape(words)}">'
    remark(Note(Why.PICTURES))
    return f" [{html.escape(words, quote=False)}] " if words else " "


def _attribute(attributes: str, name: str) -> str:
    found = re.search(rf"(?<![\w-]){name}\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", attributes, re.IGNORECASE)
    return html.unescape(next((part for part in found.groups() if part), "")).strip() if found else ""


def _leads_somewhere(url: str) -> bool:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    return (parts.scheme in ("http", "https") and bool(parts.netloc)) or parts.scheme == "mailto"


def shown(given: str, most: int) -> str:
    """The beginning of a text, for lists."""
    words = plain(given)
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


GAPS = re.compile(r"\[\[\w+\]\]")
"""Where a gap stands in a prompt of ours."""
