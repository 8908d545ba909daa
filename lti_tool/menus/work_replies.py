"""What pages of students' boards share: addresses, and what is said after a form."""

import uuid
from enum import StrEnum

from fastapi import Request

from lti_tool.courses.models import Course
from lti_tool.web.i18n import N_
from lti_tool.web.pages import language_of
from lti_tool.web.replies import said_in


class Said(StrEnum):
    """What a page says after a form: a word in the address, never a text of anybody's making."""

    FULL = "full"
    FIXED = "fixed"
    STALE = "stale"
    INCOMPLETE = "incomplete"
    UNSIGNED = "unsigned"
    COMMITTED = "committed"
    SENT = "sent"
    REOPENED = "reopened"
    ASKED = "asked"
    LEFT = "left"
    DONE = "done"
    NOT_DONE = "not-done"
    HANDED_IN = "handed-in"
    TAKEN_BACK = "taken-back"
    ADDED = "added"
    TAKEN_OUT = "taken-out"
    CHECKED = "checked"
    CHECKED_IN_VAIN = "checked-in-vain"
    APPROVED = "approved"
    SENT_BACK = "sent-back"
    CHANGE_ALLOWED = "change-allowed"
    CHANGE_REFUSED = "change-refused"
    NOTHING_TICKED = "nothing-ticked"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    MARKED = "marked"
    UNMARKED = "unmarked"
    SENT_AGAIN = "sent-again"
    ALL_MARKED = "all-marked"


_SENTENCES = {
    Said.FULL: N_("That would be one too many. Take another one back first."),
    Said.FIXED: N_("Your choice stands now, so nothing was changed."),
    Said.STALE: N_("You have chosen something else in another tab. Look at your board once more, then go on."),
    Said.INCOMPLETE: N_("Your choice is not complete yet. Your board says what is still missing."),
    Said.UNSIGNED: N_("Please write your name under the contract."),
    Said.COMMITTED: N_("That is your choice. You can begin."),
    Said.SENT: N_("Sent. Your teacher looks at your choice before you begin."),
    Said.REOPENED: N_("You can choose again. What you have handed in or done stays."),
    Said.ASKED: N_("Your teacher sees that you would like to choose again. You can go on meanwhile."),
    Said.LEFT: N_("Your choice stays as it is."),
    Said.DONE: N_("Marked as done."),
    Said.NOT_DONE: N_("Not done after all. Your work is still there."),
    Said.HANDED_IN: N_("Handed in. You can take it back until your teacher has marked it."),
    Said.TAKEN_BACK: N_("Taken back. Change it as you like, then hand it in again."),
    Said.ADDED: N_("Added. Hand it in when everything is there."),
    Said.TAKEN_OUT: N_("Taken out."),
    Said.CHECKED: N_("These are the results as they stand now."),
    Said.CHECKED_IN_VAIN: N_("Your LMS could not be asked just now. Everything done so far is kept."),
    Said.APPROVED: N_("Approved. The students can begin."),
    Said.SENT_BACK: N_("Sent back. The student chooses again, and sees what you said."),
    Said.CHANGE_ALLOWED: N_("Allowed. The student can choose again; what was handed in or is done stays."),
    Said.CHANGE_REFUSED: N_("Answered. The choice stays as it is."),
    Said.NOTHING_TICKED: N_("Nobody was ticked, so nothing was changed."),
    Said.ACCEPTED: N_("Accepted. It counts as done."),
    Said.RETURNED: N_("Returned. The student sees what you said and can hand it in again."),
    Said.MARKED: N_("Saved. The student sees it on their board."),
    Said.UNMARKED: N_("The marks are taken back, and what followed from them."),
    Said.SENT_AGAIN: N_("On its way to the gradebook again."),
    Said.ALL_MARKED: N_("Saved. Nothing else waits to be marked."),
}

_WARNINGS = frozenset({Said.FULL, Said.FIXED, Said.STALE, Said.INCOMPLETE, Said.UNSIGNED, Said.CHECKED_IN_VAIN})
_NEITHER = frozenset({Said.NOTHING_TICKED, Said.LEFT, Said.CHECKED})


def notice(request: Request) -> dict[str, str] | None:
    """What the page before left to say, in the reader's language."""
    said = said_in(request, Said)
    if said is None:
        return None
    tone = "warning" if said in _WARNINGS else "info" if said in _NEITHER else "success"
    return {"tone": tone, "text": language_of(request).gettext(_SENTENCES[said])}


def my_menu_address(course: Course, copy_id: uuid.UUID) -> str:
    """A student's own board."""
    return f"/courses/{course.id}/my/menus/{copy_id}"


def family_menu_address(course: Course, copy_id: uuid.UUID) -> str:
    """The same board as family sees it."""
    return f"/courses/{course.id}/family/menus/{copy_id}"


def menu_link_address(course_id: uuid.UUID, menu_id: uuid.UUID) -> str:
    """Where a link of the LMS to a menu leads; the page decides by role and by how the menu stands."""
    return f"/courses/{course_id}/menu-links/{menu_id}"


def work_address(course: Course, menu_id: uuid.UUID) -> str:
    """A board as its class works on it; the builder stands above."""
    return f"/courses/{course.id}/menus/{menu_id}/progress"


def student_address(course: Course, menu_id: uuid.UUID, person_id: uuid.UUID) -> str:
    """One student's board for who teaches."""
    return f"/courses/{course.id}/menus/{menu_id}/students/{person_id}"


def marking_address(course: Course, menu_id: uuid.UUID, person_id: uuid.UUID, option_id: uuid.UUID) -> str:
    """One piece of a student's work, to be marked."""
    return f"{student_address(course, menu_id, person_id)}/options/{option_id}"
