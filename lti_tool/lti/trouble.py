"""What can go wrong when a platform's service is called.

Whatever it is, it is one of two errors, with a stable code that pages and the grade ledger put into words. Neither holds
anything of the platform's answer: Moodle 4.5 repeats the whole request, names and scores, in its reason phrase.
"""

from datetime import timedelta

import httpx

from lti_tool.errors import PlatformTrouble
from lti_tool.lti.http import AddressRefused, AnswerTooLarge
from lti_tool.web.i18n import N_


class ServiceRefused(PlatformTrouble):
    """The platform answered, and said no.

    ``answered`` is its HTTP status. ``code`` is one of not-enrolled, grade-locked, course-concluded, line-item-gone,
    no-permission, conflict-newer, rate-limited, server-error, not-accepted, unreadable-answer. ``temporary`` says whether the
    same call can succeed later without anybody doing something; ``retry_after`` how long the platform asks to wait;
    ``oauth_error`` the word a token endpoint refused with.
    """

    oauth_error: str | None = None

    def __init__(
        self, status: int, code: str, temporary: bool, retry_after: timedelta | None = None, detail: str = ""
    ) -> None:
        title, advice = _WORDS.get(code, (PlatformTrouble.title, PlatformTrouble.advice))
        super().__init__(detail or f"{code} ({status})", code=code, title=title, advice=advice)
        self.answered = status
        self.temporary = temporary
        self.retry_after = retry_after


class ServiceUnreachable(PlatformTrouble):
    """The platform did not answer: no connection, no name, no time left, or an address that may not be called."""

    code = "unreachable"
    title = N_("Your LMS cannot be reached")
    advice = N_("Wait a minute and try again. Nothing is lost: what was to be sent is sent when it answers again.")

    def __init__(self, detail: str, *, code: str = "unreachable", temporary: bool = True) -> None:
        super().__init__(detail, code=code)
        self.temporary = temporary
        self.retry_after: timedelta | None = None


_WORDS = {
    "not-enrolled": (
        N_("The LMS does not know this person as a student of the course"),
        N_("Check that the person is still enrolled as a student. The score is kept here."),
    ),
    "grade-locked": (
        N_("The gradebook column, or this person's grade in it, is locked"),
        N_("Somebody locked it in the LMS. Unlock it there, then send the score again. It is kept here."),
    ),
    "line-item-gone": (
        N_("The gradebook column no longer exists"),
        N_("Somebody removed it in the LMS. Make a new one from the playlist's page."),
    ),
    "course-concluded": (
        N_("The course has ended in the LMS"),
        N_("A course that has ended takes no grades from tools. What is owed is kept here."),
    ),
    "no-permission": (
        N_("The LMS does not allow this"),
        N_("Ask your administrator to allow this tool to use grades and the list of members."),
    ),
    "conflict-newer": (
        N_("The gradebook has a newer score already"),
        N_("Nothing has to be done, unless the score shown there is wrong."),
    ),
    "rate-limited": (
        N_("The LMS asks to go slower"),
        N_("Nothing has to be done: it is tried again by itself in a few minutes."),
    ),
    "server-error": (
        N_("The LMS has trouble of its own"),
        N_("Nothing has to be done: it is tried again by itself in a few minutes."),
    ),
}


def refusal(call: str, status: int, code: str, wait: timedelta | None = None) -> ServiceRefused:
    """The error for a status whose meaning is known."""
    temporary = code in {"rate-limited", "server-error"}
    return ServiceRefused(status, code, temporary, wait, f"{call} answered {status}: {code}")


def unreadable(call: str, why: str) -> ServiceRefused:
    """The error for an answer that went well and makes no sense."""
    return ServiceRefused(200, "unreadable-answer", False, None, f"{call}: {why}")


def unreachable(call: str, error: Exception) -> ServiceUnreachable:
    """The error for a call that got no answer. The exception's text is left out: it can hold the address."""
    if isinstance(error, AddressRefused | httpx.UnsupportedProtocol | httpx.InvalidURL):
        return ServiceUnreachable(f"{call}: the address may not be called", code="address-refused", temporary=False)
    if isinstance(error, AnswerTooLarge):
        return ServiceUnreachable(f"{call}: the answer is too large", code="answer-too-large", temporary=False)
    code = "timed-out" if isinstance(error, httpx.TimeoutException) else "unreachable"
    return ServiceUnreachable(f"{call}: {type(error).__name__}", code=code)
