"""Styles, scripts, fonts and icons: read once at start, served from memory, cached by browsers for a year.

The parts in ``styles/`` and ``scripts/`` are joined, in the order of their names, into ``app.css`` and ``app.js``.

The address of every file holds a digest of all of them, so a style sheet's relative addresses (its fonts) change with it
and no browser ever mixes two releases.
"""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from lti_tool.errors import NotFound

STATIC = Path(__file__).parent / "static"
_YEAR = "public, max-age=31536000, immutable"
_SERVED = {".css", ".js", ".woff2", ".svg", ".png", ".ico", ".txt", ".webmanifest"}
_WORTH_PACKING = {".css", ".js", ".svg", ".txt", ".webmanifest"}
_JOINED = {"styles": "app.css", "scripts": "app.js"}
_SVG = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


@dataclass(frozen=True)
class Asset:
    """One file as it is sent."""

    body: bytes
    packed: bytes | None
    media_type: str


class Assets:
    """Every static file below ``folder``, and the icons in ``vendor/icons``."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._icons: dict[str, Markup] = {}
        self._files: dict[str, Asset] = {}
        joined: dict[str, list[bytes]] = {}
        digest = hashlib.sha256()
        for path in sorted(folder.rglob("*")):
            if not path.is_file() or path.suffix not in _SERVED:
                continue
            name = path.relative_to(folder).as_posix()
            body = path.read_bytes()
            digest.update(name.encode() + b"\0" + hashlib.sha256(body).digest())
            if name.startswith("vendor/icons/"):
                self._icons[path.stem] = _inner(body.decode("utf-8"), name)
            elif (first := name.partition("/")[0]) in _JOINED:
                joined.setdefault(_JOINED[first], []).append(body)
            else:
                self._files[name] = _asset(body, path.suffix)
        for name, parts in joined.items():
            self._files[name] = _asset(b"\n".join(parts), Path(name).suffix)
        self.version = digest.hexdigest()[:12]

    def address(self, name: str) -> str:
        """Where a browser finds the file; KeyError for one that is not there, so that a typing error is noticed."""
        if name not in self._files:
            raise KeyError(f"no static file {name}: run npm ci and reinstall if it is a browser library")
        return f"/static/{self.version}/{name}"

    def icon(self, name: str, size: int = 20, label: str | None = None, css: str = "") -> Markup:
        """An icon as inline SVG. Decorative unless it has a ``label``; colour follows the text around it."""
        if name not in self._icons:
            raise KeyError(f"no icon {name}: add it to the vendor table of package.json")
        naming = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
        return Markup(
            '<svg class="icon {}" width="{}" height="{}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
            'stroke-width="2" stroke-linecap="round" stroke-linejoin="round" focusable="false" {}>{}</svg>'
        ).format(css, size, size, naming, self._icons[name])

    @cached_property
    def icon_names(self) -> list[str]:
        """Every icon there is, for the style guide."""
        return sorted(self._icons)

    async def serve(self, request: Request) -> Response:
        """The route ``/static/{version}/{path}``. Another release's address is answered too, but not kept by caches."""
        asset = self._files.get(request.path_params["path"])
        if asset is None:
            raise NotFound("no such static file")
        version = request.path_params["version"]
        headers = {"Cache-Control": _YEAR if version == self.version else "no-cache", "Vary": "Accept-Encoding"}
        body = asset.body
        if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            body, headers["Content-Encoding"] = asset.packed, "gzip"
        return Response(body, media_type=asset.media_type, headers=headers)


def _asset(body: bytes, suffix: str) -> Asset:
    packed = gzip.compress(body, 9, mtime=0) if suffix in _WORTH_PACKING else None
    media_type = {".woff2": "font/woff2", ".js": "text/javascript"}.get(suffix) or mimetypes.types_map.get(suffix)
    return Asset(body, packed, media_type or "application/octet-stream")


def _inner(svg: str, name: str) -> Markup:
    found = _SVG.search(svg)
    if found is None:
        raise ValueError(f"{name} is not an SVG drawing")
    return Markup(" ".join(found.group(1).split()))  # noqa: S704 - lucide's own drawings, pinned by the lock file.
