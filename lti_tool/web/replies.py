"""What routes answer to a form: a redirect that says what came of it in a word, and what the next page makes of that word."""

from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import RedirectResponse

from lti_tool.errors import ToolError
from lti_tool.web.pages import say

Word = TypeVar("Word", bound=StrEnum)


def see(address: str, said: str | None = None, anchor: str | None = None, **more: object) -> RedirectResponse:
    """Send the browser on with a GET (303), so that reloading the page repeats nothing.

    ``said`` is a word that the next page has a sentence for, never a text of anybody's making; ``more`` goes into the address
    beside it, where it is not None.
    """
    values = {"said": said or None, **more}
    query = urlencode([(name, str(value)) for name, value in values.items() if value is not None])
    joint = "&" if "?" in address else "?"
    return RedirectResponse(
        f"{address}{joint + query if query else ''}{'#' + anchor if anchor else ''}", status_code=303
    )


def said_in(request: Request, words: type[Word]) -> Word | None:
    """The word that the page before left to say; None without one, or for one that no page of ours leaves."""
    try:
        return words(request.query_params.get("said", ""))
    except ValueError:
        return None


def trouble_notice(request: Request, trouble: ToolError | None) -> dict[str, str] | None:
    """What went wrong, as the notice of the page that came back; None where nothing did."""
    if trouble is None:
        return None
    title, advice = say(request, trouble)
    return {"tone": "warning", "text": f"{title}. {advice}"}
