"""What the teacher's pages of checks share: addresses, notices carried over a redirect, and the second row of navigation."""

import uuid
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from fastapi import Request

from lti_tool.checks.reading import WORDS, Note
from lti_tool.courses.models import Course
from lti_tool.web.i18n import N_
from lti_tool.web.pages import language_of
from lti_tool.web.replies import said_in


class Said(StrEnum):
    """What a page says after a form: a word in the address, never a text of anybody's making."""

    SAVED = "saved"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    OPENED = "opened"
    CLOSED = "closed"
    ARCHIVED = "archived"
    BROUGHT_BACK = "brought-back"
    REPLACED = "replaced"
    TAGGED = "tagged"
    UNTAGGED = "untagged"
    NOTHING_TICKED = "nothing-ticked"
    CANCELLED = "cancelled"
    ALLOWED = "allowed"
    HAS_ONE = "has-one"


_SENTENCES = {
    Said.SAVED: N_("Saved."),
    Said.ADDED: N_("Added."),
    Said.REMOVED: N_("Removed. What was answered is kept."),
    Said.MOVED: N_("Moved."),
    Said.OPENED: N_("Open. Students can take it now, wherever it stands on their paths."),
    Said.CLOSED: N_("Closed. Nobody can begin it; what was answered is kept."),
    Said.ARCHIVED: N_("Put away. Results and evidence are kept."),
    Said.BROUGHT_BACK: N_("Here it is again, as a draft."),
    Said.REPLACED: N_(
        "Saved. Somebody had answered this question, so it is a new one from now on; their answers are kept."
    ),
    Said.TAGGED: N_("Saved. Answers from now on are evidence of it."),
    Said.UNTAGGED: N_("Taken away. Evidence that is there stays."),
    Said.NOTHING_TICKED: N_("Nothing was ticked, so nothing was changed."),
    Said.CANCELLED: N_("Nothing was brought in."),
    Said.ALLOWED: N_("One more attempt is given. It counts for this student alone."),
    Said.HAS_ONE: N_("This student can begin another attempt already, so nothing was changed."),
}


def notice(request: Request) -> dict[str, str] | None:
    """What the page before left to say."""
    said = said_in(request, Said)
    if said is None:
        return None
    tone = "info" if said in (Said.NOTHING_TICKED, Said.CANCELLED, Said.HAS_ONE) else "success"
    return {"tone": tone, "text": language_of(request).gettext(_SENTENCES[said])}


def home(course: Course) -> str:
    """The teacher's list of checks."""
    return f"/courses/{course.id}/checks"


def check_address(course: Course, check_id: uuid.UUID) -> str:
    """The teacher's page of one check."""
    return f"{home(course)}/{check_id}"


def bank_address(course: Course, bank_id: uuid.UUID) -> str:
    """The teacher's page of one bank."""
    return f"{home(course)}/banks/{bank_id}"


def import_address(course: Course) -> str:
    """Where a file of questions is chosen."""
    return f"{home(course)}/import"


_PAGES = (
    ("checks", N_("Checks"), "", "clipboard-check"),
    ("banks", N_("Question banks"), "/banks", "library"),
    ("import", N_("Bring questions in"), "/import", "cloud-upload"),
)


def views(course: Course, current: str) -> list[dict[str, Any]]:
    """Items for ``ui.nav``. The labels are message ids: templates translate them."""
    return [
        {"label": label, "address": home(course) + path, "icon": icon, "current": key == current}
        for key, label, path, icon in _PAGES
    ]


def section_title(request: Request) -> str:
    """What checks stand under among the course's content, in the language of who makes the first one."""
    return language_of(request).gettext(N_("Checks"))


def sentence(request: Request, note: Note) -> str:
    """Why something was left out or changed, in the request's language."""
    return language_of(request).gettext(WORDS[note.why]) % {"what": note.what}


def grouped(request: Request, notes: Iterable[tuple[Note, str]]) -> list[dict[str, Any]]:
    """Sentences with the titles of what they are said of, the most frequent first."""
    found: dict[str, list[str]] = {}
    for note, title in notes:
        found.setdefault(sentence(request, note), []).append(title)
    ordered = sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))
    return [{"sentence": words, "titles": titles, "count": len(titles)} for words, titles in ordered]
