"""Makes HTML of unknown authors fit to show: no scripts, no frames, no styles, and references that lead to our own pages.

References in cartridges take several forms: ``$IMS-CC-FILEBASE$/…`` (Common Cartridge), ``$WIKI_REFERENCE$``,
``$CANVAS_OBJECT_REFERENCE$`` and ``$CANVAS_COURSE_REFERENCE$`` (Canvas), and paths relative to the page's own file.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape, unescape
from urllib.parse import unquote, urlsplit

import nh3

_FRAME = re.compile(r"<(iframe|embed|object|video|audio)\b([^>]*)>(?:(.*?)</\1\s*>)?", re.IGNORECASE | re.DOTALL)
_SOURCE = re.compile(r"\b(?:src|data)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_INNER_PATH = ("web_resources/", "")
_FILE_BASES = ("$IMS-CC-FILEBASE$", "$IMS_CC_FILEBASE$")


@dataclass(frozen=True, slots=True)
class References:
    """Where things of a course stand in the sandbox. ``contents`` by content id (and page slug), ``files`` by path."""

    home: str
    contents: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def resolve(self, url: str, base: str = "") -> str | None:
        """The address for a reference found in a page whose own file lies in the folder ``base``; None when unknown."""
        words = unquote(unescape(url.strip()))
        if words.startswith(("#", "mailto:", "tel:", "//")) or urlsplit(words).scheme in ("http", "https", "data"):
            return url
        plain = re.split(r"[?#]", words, maxsplit=1)[0]
        for marker in _FILE_BASES:
            if plain.startswith(marker):
                return self._file(plain.removeprefix(marker).lstrip("/"))
        if plain.startswith("$CANVAS_COURSE_REFERENCE$"):
            return self._in_course(plain.removeprefix("$CANVAS_COURSE_REFERENCE$").strip("/"))
        if plain.startswith(("$WIKI_REFERENCE$", "$CANVAS_OBJECT_REFERENCE$")):
            return self.contents.get(plain.rstrip("/").rsplit("/", 1)[-1])
        if urlsplit(plain).scheme:
            return None
        return self._file(_join(base, plain))

    def _file(self, path: str) -> str | None:
        return next((found for inner in _INNER_PATH if (found := self.files.get(inner + path))), None)

    def _in_course(self, path: str) -> str | None:
        if path.startswith("file_contents/"):
            return self._file(path.removeprefix("file_contents/").split("/", 1)[-1])
        last = path.rsplit("/", 1)[-1]
        return self.contents.get(last) or (
            self.home if path in ("", "modules", "assignments", "pages", "quizzes") else None
        )


def _join(base: str, path: str) -> str:
    parts = [part for part in base.split("/") if part]
    for part in path.replace("\\", "/").split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def clean(html: str, references: References, base: str = "", lost: Callable[[str], None] = lambda url: None) -> str:
    """HTML fit to show. Frames and media become links; a reference to nothing loses its address and is told to ``lost``."""

    def address(_tag: str, attribute: str, value: str) -> str | None:
        if attribute not in ("href", "src"):
            return value
        found = references.resolve(value, base)
        if found is None:
            lost(value)
        return found

    return nh3.clean(
        _FRAME.sub(_as_link, html), attribute_filter=address, link_rel="noopener noreferrer", url_schemes=_SCHEMES
    )


_SCHEMES = {"http", "https", "mailto", "tel"}


def _as_link(found: re.Match[str]) -> str:
    source = _SOURCE.search(found[2]) or _SOURCE.search(found[3] or "")
    url = unescape(next(filter(None, source.groups()), "")) if source else ""
    if not url:
        return found[3] or ""
    name = urlsplit(url).netloc or url.split("?", 1)[0].rsplit("/", 1)[-1]
    return f'<p><a href="{escape(url)}">Open what is embedded here ({escape(name)})</a></p>'
