"""What a student's pages of checks answer to a form: where it leads, and what the next page says of it.

``path`` names the playlist they came from, so that they find back.
"""

import uuid
from enum import StrEnum

from fastapi import Request

from lti_tool.courses.models import Course
from lti_tool.web.i18n import N_
from lti_tool.web.pages import language_of
from lti_tool.web.replies import said_in

CheckPath = uuid.UUID | None


def check_address(course: Course, check_id: uuid.UUID, path: CheckPath = None) -> str:
    """The front of a check, also where its content item leads."""
    return _with(f"/courses/{course.id}/my/checks/{check_id}", path)


def attempt_address(
    course: Course, check_id: uuid.UUID, number: int, end: str = "", path: CheckPath = None, question: int | None = None
) -> str:
    """A page of an attempt: the questions, ``/end`` or ``/result``."""
    return _with(f"/courses/{course.id}/my/checks/{check_id}/attempts/{number}{end}", path, question)


def path_address(course: Course, path: CheckPath) -> str:
    """The playlist the student came from, or all of theirs."""
    return f"/courses/{course.id}/my" + (f"/{path}" if path is not None else "")


def path_in(value: str | None) -> CheckPath:
    """The playlist that an address or a form names; none for what is no id."""
    try:
        return uuid.UUID(value) if value else None
    except ValueError:
        return None


def _with(address: str, path: CheckPath, question: int | None = None) -> str:
    query = [f"path={path}"] if path is not None else []
    query += [f"q={question}"] if question is not None else []
    return address + ("?" + "&".join(query) if query else "")


class Said(StrEnum):
    """What a page before left to say."""

    SAVED = "saved"
    NEWER = "newer"
    MEND = "mend"
    TIME_UP = "time-up"
    ENDED = "ended"
    DONE = "done"


_SENTENCES = {
    Said.SAVED: ("success", N_("Your answers are saved.")),
    Said.NEWER: (
        "warning",
        N_("Some answers were given in another tab or on another device after this page was opened. Those are kept."),
    ),
    Said.TIME_UP: ("info", N_("Your time is up. What you had answered is saved, and counts.")),
    Said.ENDED: ("info", N_("This attempt had ended already. What was saved before has counted.")),
}


def notice(request: Request) -> dict[str, str] | None:
    """What the page before left to say, in the reader's language."""
    said = said_in(request, Said)
    if said is None or said not in _SENTENCES:
        return None
    tone, text = _SENTENCES[said]
    return {"tone": tone, "text": language_of(request).gettext(text)}
