"""Every error this tool raises on purpose.

    ToolError
    ├── BadRequest          400  what was sent cannot be understood
    │   └── TooLarge        413  what was sent is over a limit
    ├── NotSignedIn         401  no session, or one that has ended
    │   └── LaunchRefused   401  a launch that does not prove who is coming (or 400, 403: see ``status``)
    ├── NotAllowed          403  signed in, without the right
    ├── NotFound            404  nothing there, or nothing this person may know of
    ├── Conflict            409  somebody else changed it, or another person signed in meanwhile
    ├── PlatformTrouble     4xx  the LMS did not answer, or not as it should
    └── WrongSetting             a setting cannot be used; ends the command with one line

A person reads ``title`` (what happened) and ``advice`` (what to do); both are gettext message ids. The log gets ``code``
and ``detail``. Neither may hold a token, a key or a student's data.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WayBack:
    """Where a page that refuses can lead: an http(s) address that the platform itself has signed (its ``return_url``).

    ``in_frame`` says that the platform showed us in a frame and takes the way back there too. The address may hold a session
    key of the user, so it is no part of what is printed.
    """

    address: str = field(repr=False)
    in_frame: bool = False


class ToolError(Exception):
    """What went wrong, said once for a person and once for the log.

    ``code`` is a stable kebab-case word that documentation lists; ``title`` and ``advice`` are message ids in English that
    may hold ``%(name)s`` fields, filled from ``fields`` after translation; ``detail`` goes to the log alone. ``way_back``
    is set where the page can lead back to the platform.
    """

    way_back: WayBack | None = None

    status = 400
    code = "error"
    title = "Something went wrong"
    advice = "Go back and try again. If it happens again, give your administrator the reference code below."

    def __init__(
        self,
        detail: str = "",
        *,
        code: str | None = None,
        title: str | None = None,
        advice: str | None = None,
        status: int | None = None,
        fields: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail or title or self.title)
        self.detail = detail
        self.fields = fields or {}
        if code is not None:
            self.code = code
        if title is not None:
            self.title = title
        if advice is not None:
            self.advice = advice
        if status is not None:
            self.status = status


class BadRequest(ToolError):
    """What was sent cannot be understood."""

    code = "bad-request"
    title = "This could not be understood"
    advice = "Go back, check what you entered and try again. Nothing was changed."


class NotAPage(BadRequest):
    """An address that only takes forms was opened, or the other way round."""

    status = 405
    code = "not-a-page"
    title = "This address is no page of its own"
    advice = "Go back to the page you came from, or open the tool from your course. Nothing was changed."


class TooLarge(BadRequest):
    """What was sent is over a limit."""

    status = 413
    code = "too-large"
    title = "This is too large"
    advice = "Send less at once. Nothing was changed."


class NotSignedIn(ToolError):
    """There is no session, or it has ended."""

    status = 401
    code = "not-signed-in"
    title = "Your session has ended"
    advice = "Go back to your course and open this tool again. What you did before is kept."


class LaunchRefused(NotSignedIn):
    """A launch that does not prove who is coming, or from where."""

    code = "launch-refused"
    title = "This link could not be opened"
    advice = (
        "Go back to your course and open the link again. If it happens again, give your administrator the code below."
    )


class NotAllowed(ToolError):
    """Signed in, but without the right to do this."""

    status = 403
    code = "not-allowed"
    title = "You cannot open this"
    advice = "Your role in this course does not include it. If it should, ask your teacher or administrator."


class NotFound(ToolError):
    """Nothing is there, or nothing that this person may know of."""

    status = 404
    code = "not-found"
    title = "There is nothing here"
    advice = "It may have been removed. Go back to your course and open the tool again."


class Conflict(ToolError):
    """Somebody changed it meanwhile, or another person is signed in by now."""

    status = 409
    code = "conflict"
    title = "Something changed in the meantime"
    advice = "Reload the page to see how it stands now, then try again. Nothing was changed."


class PlatformTrouble(ToolError):
    """The LMS could not be reached, or answered otherwise than its specification says."""

    status = 424
    code = "platform-trouble"
    title = "Your LMS did not answer as expected"
    advice = "Wait a minute and try again. Nothing is lost."


class WrongSetting(ToolError):
    """A setting cannot be used. ``detail`` is the whole line an administrator reads; it names the variable."""

    code = "wrong-setting"
    title = "A setting is wrong"
