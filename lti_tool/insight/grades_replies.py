"""What the routes of the page *Grades* share: addresses, what a page says of the form before, and words for what it shows."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from fastapi import Request

from lti_tool.courses.freshness import Outcome
from lti_tool.courses.models import Course
from lti_tool.grades import words
from lti_tool.grades.ledger import Place, Tried
from lti_tool.grades.models import Choice, Difference, LineItem
from lti_tool.grades.rules import Standing, Upkeep
from lti_tool.insight.grades_views import Line
from lti_tool.web.i18n import N_, current_language, format_datetime, format_number
from lti_tool.web.pages import language_of
from lti_tool.web.replies import said_in

FILE_NAME = "grades.csv"
"""What the ledger is called where it is saved."""


class Said(StrEnum):
    """What a page says after a form: a word in the address, never a text of anybody's making."""

    COMPARED = "compared"
    COMPARING = "comparing"
    NOT_COMPARED = "not-compared"
    SENDING = "sending"
    NOTHING_TO_SEND = "nothing-to-send"
    SENT_AGAIN = "sent-again"
    KEPT = "kept"
    OURS = "ours"
    SETTLED = "settled"
    REPAIRED = "repaired"
    NOTHING_TO_REPAIR = "nothing-to-repair"
    OFF = "off"
    ON = "on"
    THEIRS_ON = "theirs-on"
    THEIRS_OFF = "theirs-off"
    NO_EVIDENCE = "no-evidence"


_SENTENCES = {
    Said.COMPARED: N_("Compared. What differs stands below."),
    Said.COMPARING: N_("Your LMS is slow to answer. It goes on; what it says is here when you open this page again."),
    Said.NOT_COMPARED: N_("The gradebook could not be compared just now. What is shown is what was known before."),
    Said.SENDING: N_("Everything that is not there yet is on its way. You can leave this page; it goes on."),
    Said.NOTHING_TO_SEND: N_(
        "There is nothing to send: everything that is owed stands in the gradebook, or stays as you said."
    ),
    Said.SENT_AGAIN: N_("The score is sent again."),
    Said.KEPT: N_(
        "Kept. What stands in the gradebook stays, also when the student goes on, until somebody changes it there."
    ),
    Said.OURS: N_("The score of this tool is sent over what stands in the gradebook."),
    Said.REPAIRED: N_("It is tried again. This page says what became of it when you open it again."),
    Said.NOTHING_TO_REPAIR: N_("There is nothing that this tool can repair."),
    Said.OFF: N_("Stopped. Nothing is sent to this column any more; new scores are kept here."),
    Said.ON: N_("Scores are sent again. What was kept here meanwhile is sent."),
    Said.THEIRS_ON: N_(
        "Numbers entered in the gradebook over the score of this tool count as evidence from now on. Compare now to find them."
    ),
    Said.THEIRS_OFF: N_(
        "Numbers entered in the gradebook do not count as evidence any more. Levels are as if they never had."
    ),
    Said.NO_EVIDENCE: N_("A number in this column cannot be evidence. Below it says why."),
    Said.SETTLED: N_("There is no difference any more, so there was nothing to decide."),
}

_TONES = {
    Said.NOT_COMPARED: "warning",
    Said.COMPARING: "info",
    Said.NOTHING_TO_SEND: "info",
    Said.SETTLED: "info",
    Said.NO_EVIDENCE: "info",
    Said.NOTHING_TO_REPAIR: "info",
}

PLACES: dict[Place, str] = {
    Place.CHOICE: N_("Waits for your choice"),
    Place.REFUSED: N_("Not accepted"),
    Place.RETRYING: N_("Waiting to try again"),
    Place.ON_ITS_WAY: N_("On its way"),
    Place.KEPT: N_("Stays as it stands in the gradebook"),
    Place.DELIVERED: N_("In the gradebook"),
    Place.OFF: N_("Not sent: the column is off"),
    Place.LEFT: N_("Not sent: not a student here now"),
    Place.TEST: N_("Not sent: the test student"),
    Place.NOTHING_OWED: N_("Nothing to send yet"),
}

_ABSENT = {Place.LEFT: Standing.LEFT, Place.TEST: Standing.TEST}

DIFFERENCES: dict[Difference, str] = {
    Difference.OVERRIDDEN: N_("Another number stands in the gradebook"),
    Difference.MISSING: N_("Nothing stands in the gradebook any more"),
}

CHOICES: dict[Choice, str] = {
    Choice.THEIRS: N_("What stands in the gradebook was kept"),
    Choice.OURS: N_("The score of this tool was sent over it"),
}

POLICIES: dict[str, str] = {
    "progress": N_("Progress: the share of what was asked for that is done"),
    "mastery": N_("Mastery: levels, each worth points"),
    "points": N_("Points earned"),
}
"""What a column's numbers are, by its tag."""

COLUMN_SIGNS: dict[Upkeep, str] = {
    Upkeep.OFF: N_("Nothing is sent"),
    Upkeep.MAKING: N_("Column is being made"),
    Upkeep.REFUSED: N_("Column not accepted"),
    Upkeep.GONE: N_("Gone from your LMS"),
    Upkeep.CHANGING: N_("Is being changed"),
    Upkeep.CHANGE_REFUSED: N_("Change not accepted"),
    Upkeep.DOUBLED: N_("In the gradebook twice"),
    Upkeep.IN_STEP: N_("In the gradebook"),
}
"""How a column stands, in a word or two; ``grades.words.COLUMNS`` says it in sentences."""


def grades_address(course: Course, line_item_id: uuid.UUID | None = None, score_id: uuid.UUID | None = None) -> str:
    """The page *Grades*, a column's page, or a student's score there."""
    column = f"/{line_item_id}" if line_item_id else ""
    score = f"/scores/{score_id}" if score_id else ""
    return f"/courses/{course.id}/grades{column}{score}"


def notice(request: Request) -> dict[str, str] | None:
    """What the page before left to say, in the reader's language; with the reason, where there is one that has words."""
    said = said_in(request, Said)
    if said is None:
        return None
    say = language_of(request).gettext
    text = say(_SENTENCES[said])
    why = words.TROUBLES.get(request.query_params.get("why", ""))
    if said is Said.NOT_COMPARED and why is not None:
        text = f"{text} {say(why.what)} {say(why.todo)}"
    return {"tone": _TONES.get(said, "success"), "text": text}


def came_of(outcome: Outcome) -> tuple[Said, str | None]:
    """What to say of having compared, and the code of what was in the way."""
    if outcome.late:
        return Said.COMPARING, None
    return (Said.COMPARED, None) if outcome.trouble is None else (Said.NOT_COMPARED, outcome.trouble.code)


def said_words() -> dict[str, Any]:
    """The words that the templates of this page use."""
    return {
        "places": PLACES,
        "differences": DIFFERENCES,
        "choices": CHOICES,
        "policies": POLICIES,
        "column_signs": COLUMN_SIGNS,
        "column_words": words.COLUMNS,
        "trouble_words": words.words_for,
        "Place": Place,
        "absences": {place.value: words.ABSENCES[one] for place, one in _ABSENT.items()},
    }


# --- The file ---------------------------------------------------------------------------------------------------------

_HEADS = (
    N_("Column"),
    N_("Student"),
    N_("Our score"),
    N_("Out of"),
    N_("Our score since"),
    N_("Sent"),
    N_("Out of"),
    N_("Sent at"),
    N_("In the gradebook"),
    N_("Out of"),
    N_("Compared at"),
    N_("State"),
    N_("Difference"),
    N_("Your choice"),
    N_("Attempts"),
    N_("Failures"),
    N_("What is in the way"),
)


def ledger_rows(columns: Sequence[tuple[LineItem, Sequence[Line]]], tried: dict[uuid.UUID, Tried]) -> list[list[str]]:
    """One row for each score of some columns, in the reader's language."""
    say = current_language().gettext
    rows = [[say(head) for head in _HEADS]]
    for column, lines in columns:
        for line in lines:
            one = line.standing
            if one.score_id is None:
                continue
            times = tried.get(one.score_id, Tried())
            rows.append(
                [
                    column.label,
                    line.name,
                    *_points(one.given, one.maximum),
                    _moment(one.owed_at),
                    *_points(one.delivered_given, one.delivered_maximum),
                    _moment(one.delivered_at),
                    *(_points(one.lms_given, one.lms_maximum) if line.lms_is_known else ("", "")),
                    _moment(one.compared_at) if line.lms_is_known else "",
                    say(PLACES[line.place]),
                    say(DIFFERENCES[one.difference]) if one.difference else "",
                    say(CHOICES[one.choice]) if one.choice else "",
                    str(times.attempts),
                    str(times.failures),
                    say(words.words_for(one.trouble).what) if one.trouble else "",
                ]
            )
    return rows


def _points(given: float | None, maximum: float | None) -> tuple[str, str]:
    return (
        format_number(given, 2) if given is not None else "",
        format_number(maximum, 2) if maximum is not None and given is not None else "",
    )


def _moment(moment: datetime | None) -> str:
    return format_datetime(moment, "short") if moment is not None else ""
