"""Errors become pages a person can read: what happened, what to do, a code to pass on, a way back.

What programs ask gets the same as JSON (RFC 9457, problem details). The log gets the code and the detail; neither the page
nor the log gets what was sent.
"""

import logging
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from lti_tool.errors import BadRequest, Conflict, NotAllowed, NotAPage, NotFound, NotSignedIn, TooLarge, ToolError
from lti_tool.logs import reference_code
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, page_session, say
from lti_tool.web.way_back import way_back_link

log = logging.getLogger(__name__)

_FOR_MACHINES = ("/api/", "/lti/notices")
"""Where programs ask, which no page helps."""

_KNOWN: dict[int, type[ToolError]] = {
    400: BadRequest,
    401: NotSignedIn,
    403: NotAllowed,
    404: NotFound,
    405: NotAPage,
    409: Conflict,
    413: TooLarge,
}


class Unforeseen(ToolError):
    """A mistake of ours. The page says so; what it was stands in the log alone."""

    status = 500
    code = "unforeseen"
    title = N_("Something went wrong on our side")
    advice = N_(
        "What you did before is kept. Try again in a minute. If it happens again, give your administrator the reference "
        "code below."
    )


def add_error_handlers(app: FastAPI) -> None:
    """Have ``app`` answer every error with ``respond``. What no handler knows reaches the middleware, which does the same."""
    app.add_exception_handler(ToolError, _handle)
    app.add_exception_handler(HTTPException, _handle)
    app.add_exception_handler(RequestValidationError, _handle)


async def _handle(request: Request, error: Exception) -> Response:
    return respond(request, error)


def respond(request: Request, error: Exception) -> Response:
    """The response to an error, and its line in the log.

    Every ``ToolError`` keeps its status; an error nobody foresaw is a 500 whose traceback goes to the log.
    """
    told = as_tool_error(error)
    fields = {"code": told.code, "status": told.status, "detail": told.detail}
    if told.status >= 500:
        log.error("failed", extra=fields, exc_info=error)
    else:
        log.info("refused", extra=fields)
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if request.url.path.startswith(_FOR_MACHINES):
        return _problem(request, told, headers)
    return _page(request, told, headers)


def as_tool_error(error: Exception) -> ToolError:
    """The error in the words of our own tree."""
    if isinstance(error, ToolError):
        return error
    if isinstance(error, RequestValidationError):
        return _from_validation(error)
    if isinstance(error, HTTPException):
        return _from_status(error)
    if isinstance(error, ClientDisconnect):
        # The browser went on to another page while this was on its way; nobody reads the answer.
        return BadRequest("the browser went away")
    return Unforeseen(type(error).__name__)


def _from_status(error: HTTPException) -> ToolError:
    known = _KNOWN.get(error.status_code, BadRequest if error.status_code < 500 else Unforeseen)
    return known(str(error.detail), status=error.status_code)


def _from_validation(error: RequestValidationError) -> ToolError:
    # Only the places are kept: what stood there may be a person's data.
    places = [".".join(str(part) for part in found["loc"]) for found in error.errors()]
    detail = "not understood: " + ", ".join(places)
    if any(place.startswith("path.") for place in places):
        return NotFound(detail)
    return BadRequest(detail)


def _page(request: Request, error: ToolError, headers: dict[str, str]) -> Response:
    pages: Pages = request.app.state.pages
    title, advice = say(request, error)
    if page_session(request) is None:
        # It shows nothing of anybody, and a refused launch must be readable inside whatever frame it came to.
        request.state.frame_ancestors = "*"
    try:
        return pages.render(
            request,
            "web/error.html",
            {
                "error_title": title,
                "error_advice": advice,
                "error_code": error.code,
                "status": error.status,
                "way_back": way_back_link(request, error),
            },
            status_code=error.status,
            headers=headers,
        )
    except Exception:
        # A broken template must not hide the error it was to show.
        log.exception("the error page could not be rendered")
        return PlainTextResponse(f"{title}\n\n{advice}\n\n{reference_code.get() or ''}\n", error.status, headers)


def _problem(request: Request, error: ToolError, headers: dict[str, str]) -> Response:
    title, advice = say(request, error)
    body = {
        "type": "about:blank",
        "title": title or HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": advice,
        "code": error.code,
        "reference": reference_code.get(),
    }
    return JSONResponse(body, error.status, headers, media_type="application/problem+json")
