"""The way back to the platform from a page that refuses: the platform's own address, with a sentence for it to show."""

from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit, urlunsplit

from starlette.requests import Request

from lti_tool.errors import LaunchRefused, ToolError
from lti_tool.logs import reference_code
from lti_tool.web.pages import language_of, say

MESSAGE = "lti_errormsg"
"""The parameter of the return address that holds a sentence for the user (LTI Core 1.3 §5.4.4)."""

_LONGEST = 255


@dataclass(frozen=True, slots=True)
class WayBackLink:
    """A link as a template writes it. ``target`` is the window it opens in."""

    address: str = field(repr=False)
    target: str


def way_back_link(request: Request, error: ToolError) -> WayBackLink | None:
    """The link back that an error's page offers; None where no verified message has named an address.

    A refused launch tells the platform what happened, in the words and with the reference code of our own page and nothing
    more. A session that ended needs no such message.
    """
    way_back = error.way_back
    if way_back is None:
        return None
    address = way_back.address
    if isinstance(error, LaunchRefused):
        title, _ = say(request, error)
        reference = language_of(request).gettext("Reference code")
        address = _with_message(address, f"{title}. {reference}: {reference_code.get() or '-'}")
    return WayBackLink(address, "_self" if way_back.in_frame else "_top")


def _with_message(address: str, message: str) -> str:
    """The address with our message at the end of its query; the platform's own parameters stay as they are."""
    parts = urlsplit(address)
    added = f"{MESSAGE}={quote(message[:_LONGEST], safe='')}"
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added))
