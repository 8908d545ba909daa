"""What is in the way of a score, in words a teacher can use: what happened, and what to do. Both are gettext message ids."""

from dataclasses import dataclass

from lti_tool.grades.models import LineItem
from lti_tool.grades.rules import Standing, Upkeep, upkeep
from lti_tool.web.i18n import N_


@dataclass(frozen=True)
class Words:
    """A code in words."""

    what: str
    todo: str


STANDINGS: dict[Standing, str] = {
    Standing.NOTHING_OWED: N_("Nothing to send yet"),
    Standing.ON_ITS_WAY: N_("On its way"),
    Standing.DELIVERED: N_("In the gradebook"),
    Standing.RETRYING: N_("Waiting to try again"),
    Standing.HELD: N_("Waits for your choice"),
    Standing.KEPT: N_("Stays as it stands in the gradebook"),
    Standing.REFUSED: N_("Not accepted"),
    Standing.OFF: N_("Kept here: the column is off"),
    Standing.LEFT: N_("Not sent: not a student here now"),
    Standing.TEST: N_("Not sent: the test student"),
}

ABSENCES: dict[Standing, str] = {
    Standing.LEFT: N_("What is owed is kept here. It is sent by itself when they are a student of the course again."),
    Standing.TEST: N_("This is the test student of your LMS, as whom teachers try the course. Nothing is sent for it."),
}
"""Why nothing is sent, and that nobody has to do anything about it."""

_BY_ITSELF = N_("Nothing has to be done: it is tried again by itself, and nothing is lost.")

TROUBLES: dict[str, Words] = {
    "unreachable": Words(N_("Your LMS cannot be reached."), _BY_ITSELF),
    "timed-out": Words(N_("Your LMS did not answer in time."), _BY_ITSELF),
    "rate-limited": Words(N_("Your LMS asks to go slower."), _BY_ITSELF),
    "server-error": Words(N_("Your LMS has trouble of its own."), _BY_ITSELF),
    "unexpected": Words(
        N_("Something went wrong in this tool."),
        N_("It is tried again by itself. If it stays like this, tell your administrator."),
    ),
    "no-permission": Words(
        N_("Your LMS does not allow this tool to write grades."),
        N_("Ask your administrator to allow it to use the gradebook, then choose Send again."),
    ),
    "no-grade-service": Words(
        N_("Your LMS offers this tool no gradebook in this course."),
        N_(
            "Ask your administrator to switch on grades for this tool, open it again from the course, then choose Send again."
        ),
    ),
    "not-enrolled": Words(
        N_("Your LMS does not know this person as a student of the course."),
        N_("Check that the person is still enrolled as a student, then choose Send again. The score is kept here."),
    ),
    "grade-locked": Words(
        N_("The column, or this person's grade in it, is locked in the gradebook of your LMS."),
        N_("Unlock it there, then choose Send again. The score is kept here."),
    ),
    "course-concluded": Words(
        N_("The course has ended in your LMS, which takes no grades from tools then."),
        N_("To send this all the same, open the course there again, then choose Send again. The score is kept here."),
    ),
    "line-item-gone": Words(
        N_("The gradebook column, or this person's place in it, no longer exists in your LMS."),
        N_("Check the column and the person's enrolment there, then choose Send again."),
    ),
    "conflict-newer": Words(
        N_("The gradebook holds a newer score from somebody else."),
        N_("Compare it with this one. To put this one in its place, choose Send again."),
    ),
    "not-accepted": Words(
        N_("Your LMS did not accept this."),
        N_("Choose Send again. If it happens again, tell your administrator."),
    ),
    "unreadable-answer": Words(
        N_("Your LMS answered in a way this tool cannot read."),
        N_("Choose Send again later. If it happens again, tell your administrator."),
    ),
    "answer-too-large": Words(
        N_("Your LMS answered with more than this tool takes."),
        N_("Choose Send again later. If it happens again, tell your administrator."),
    ),
    "address-refused": Words(
        N_("The address of the gradebook may not be called by this tool."),
        N_("Tell your administrator: the network of your LMS has to be allowed in this tool's settings."),
    ),
}

_UNKNOWN = Words(
    N_("Your LMS did not take this score."),
    N_("Choose Send again. If it happens again, tell your administrator."),
)


def words_for(code: str) -> Words:
    """The words for a trouble code; general ones for a code that has none."""
    return TROUBLES.get(code, _UNKNOWN)


COLUMNS: dict[Upkeep, Words] = {
    Upkeep.OFF: Words(
        N_("Switched off: nothing is sent to “%(label)s”."),
        N_("The column stays in your LMS as it is. New scores are kept here, and sent when you switch it on again."),
    ),
    Upkeep.MAKING: Words(N_("“%(label)s” is being made in your LMS."), N_("Nothing has to be done.")),
    Upkeep.REFUSED: Words(N_("Your LMS has not made “%(label)s”."), N_("Choose Repair to have it tried again.")),
    Upkeep.GONE: Words(
        N_("“%(label)s” no longer exists in your LMS."),
        N_("Choose Repair: it is made again, and all its scores are sent again. Or switch it off."),
    ),
    Upkeep.CHANGING: Words(
        N_("The new name, points or due date of “%(label)s” is on its way."), N_("Nothing has to be done.")
    ),
    Upkeep.CHANGE_REFUSED: Words(
        N_("Your LMS has not taken the new name, points or due date of “%(label)s”. Scores go there all the same."),
        N_("Change it there yourself, or choose Repair to have it tried again."),
    ),
    Upkeep.DOUBLED: Words(
        N_("“%(label)s” stands more than once in your LMS. Scores go to one of them only."),
        N_("Delete the one without scores there. The one that fills with scores is the tool's."),
    ),
    Upkeep.IN_STEP: Words(N_("“%(label)s” stands in your LMS."), ""),
}
"""How a column stands; with the column's ``label`` in them."""


def upkeep_of(line_item: LineItem) -> Upkeep:
    """How a column stands in the LMS; ``COLUMNS`` has it in words."""
    return upkeep(
        line_item.state,
        line_item.trouble,
        gone=line_item.gone_at is not None,
        behind=line_item.version > line_item.delivered_version,
        due=line_item.next_attempt_at is not None,
        doubled=line_item.doubled,
    )
