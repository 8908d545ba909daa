"""What the routes of this room share: addresses, redirects after a form, what a page says of the form before, files."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum

from fastapi import Request
from starlette.responses import Response

from lti_tool.courses.models import Course
from lti_tool.web import i18n, spreadsheets
from lti_tool.web.i18n import N_
from lti_tool.web.pages import language_of
from lti_tool.web.replies import said_in


class Said(StrEnum):
    """What a page says after a form: a word in the address, never a text of anybody's making."""

    OVERRIDDEN = "overridden"
    OVERRIDE_ENDED = "override-ended"
    VOIDED = "voided"
    NOTE_WRITTEN = "note-written"
    NOTE_REMOVED = "note-removed"
    UNDONE = "undone"
    ASSESSED = "assessed"


_SENTENCES = {
    Said.OVERRIDDEN: N_("The level is set. What the evidence says goes on beneath and is back when this ends."),
    Said.OVERRIDE_ENDED: N_("Ended. The level follows from the evidence again."),
    Said.VOIDED: N_("This evidence counts no more. The level is what it would be without it."),
    Said.NOTE_WRITTEN: N_("The note is kept. Only those who teach this course see it."),
    Said.NOTE_REMOVED: N_("The note is taken away."),
    Said.UNDONE: N_("Taken back. Levels are what they would be without these observations."),
    Said.ASSESSED: N_("Kept. Your teacher can see how you see yourself; your level comes from what you show."),
}


def board_address(course: Course) -> str:
    """The class board; the pages of students and competencies hang below it."""
    return f"/courses/{course.id}/mastery"


def student_address(course: Course, person_id: uuid.UUID, competency_id: uuid.UUID | None = None) -> str:
    """A student's page; with a competency, the evidence behind that level."""
    chosen = f"?competency={competency_id}" if competency_id else ""
    return f"{board_address(course)}/students/{person_id}{chosen}"


def competency_address(course: Course, competency_id: uuid.UUID) -> str:
    """A competency's page."""
    return f"{board_address(course)}/competencies/{competency_id}"


def my_address(course: Course) -> str:
    """A student's own map."""
    return f"/courses/{course.id}/my-map"


def notice(request: Request) -> dict[str, str] | None:
    """What the page before left to say, in the reader's language."""
    said = said_in(request, Said)
    if said is None:
        return None
    return {"tone": "success", "text": language_of(request).gettext(_SENTENCES[said])}


@contextmanager
def speaking(request: Request) -> Iterator[None]:
    """Say words in the reader's language, and days in their zone, before a template does."""
    visit = getattr(request.state, "visit", None)
    with i18n.speaking(language_of(request)), i18n.in_zone(visit.shown_zone if visit is not None else None):
        yield


def file(name: str, rows: Iterable[Sequence[str]]) -> Response:
    """Rows as a CSV file that is saved, not shown."""
    return Response(
        spreadsheets.written(rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
