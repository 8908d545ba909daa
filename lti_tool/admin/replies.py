"""What the console's routes share: its pages, redirects after a form, and what those say."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from starlette.responses import HTMLResponse

from lti_tool.admin.console import Console
from lti_tool.admin.navigation import sections_for
from lti_tool.web.navigation import ADMINISTRATION
from lti_tool.web.pages import Pages, language_of

CONNECT = f"{ADMINISTRATION}/connect"
"""Where an LMS is connected. Pages that have nothing to show yet lead there, where there is such a section."""


def show(
    request: Request,
    here: Console,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    said: Mapping[str, str] | None = None,
    status_code: int = 200,
) -> HTMLResponse:
    """A page of the console; templates extend ``admin/layout.html`` and find the ``Console`` as ``here``.

    ``said`` has the sentences (message ids) that ``see`` may have left to say, by their words. A ``notice`` of the context
    goes first.
    """
    pages: Pages = request.app.state.pages
    sections = sections_for(here, request.url.path)
    values = {
        "here": here,
        "sections": sections,
        "connect": next((one["address"] for one in sections if one["address"] == CONNECT), None),
        "administration": None,
        "notice": _notice(request, said or {}),
        **(context or {}),
    }
    return pages.render(request, template, values, status_code=status_code)


def _notice(request: Request, said: Mapping[str, str]) -> dict[str, str] | None:
    sentence = said.get(request.query_params.get("said", ""))
    return {"tone": "success", "text": language_of(request).gettext(sentence)} if sentence else None
