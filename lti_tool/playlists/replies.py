"""What the routes of this room share: redirects after a form, notices carried over one, the desk for results."""

import uuid
from enum import StrEnum

from fastapi import Request

from lti_tool.courses.freshness import Outcome
from lti_tool.courses.models import Course
from lti_tool.playlists.changes import What
from lti_tool.web.i18n import N_
from lti_tool.web.pages import language_of
from lti_tool.web.replies import said_in


class Said(StrEnum):
    """What a page says after a form: a word in the address, never a text of anybody's making."""

    SAVED = "saved"
    ADDED = "added"
    REMOVED = "removed"
    DUPLICATED = "duplicated"
    ASSIGNED = "assigned"
    ASSIGNED_TO_SOME = "assigned-to-some"
    TERMS_CHANGED = "terms-changed"
    MARKED = "marked"
    TAKEN_BACK = "taken-back"
    NOTHING_CHOSEN = "nothing-chosen"
    ASKED = "asked"
    ASKED_LATE = "asked-late"
    ASKED_IN_VAIN = "asked-in-vain"
    SENT_AGAIN = "sent-again"
    REVIEW_WITHOUT_PLAYLIST = "review-without-playlist"
    REVIEW_WITHOUT_STUDENT = "review-without-student"
    CARRIED = "carried"
    CARRIED_BEFORE = "carried-before"
    STARTED_FRESH = "started-fresh"
    PLACED = "placed"
    WRITTEN = "written"
    SKIPPED = "skipped"
    CHOSEN = "chosen"
    ASKED_TEACHER = "asked-teacher"
    ASKED_NO_MORE = "asked-no-more"
    APPROVED = "approved"
    MOVED = "moved"
    STEP_DUPLICATED = "step-duplicated"
    SECTION_ADDED = "section-added"
    UNDONE = "undone"
    NOTHING_TO_UNDO = "nothing-to-undo"
    REDONE = "redone"
    NOTHING_TO_REDO = "nothing-to-redo"
    COPIES_UPDATED = "copies-updated"
    DISCARDED = "discarded"
    COPIED_TO_COURSE = "copied-to-course"
    DAYS_OFF_ADDED = "days-off-added"
    DAYS_OFF_REMOVED = "days-off-removed"
    ANSWERED = "answered"
    SIGNED_OFF = "signed-off"
    SIGNED_OFF_ALL = "signed-off-all"
    SIGNED_OFF_SOME = "signed-off-some"
    RETAKE_ALLOWED = "retake-allowed"
    NOTHING_TICKED = "nothing-ticked"
    NUDGED = "nudged"
    NUDGED_SOME = "nudged-some"
    NUDGED_NOBODY = "nudged-nobody"
    COMMENTED = "commented"
    GIVEN_STEP = "given-step"
    STEP_TAKEN_OUT = "step-taken-out"
    STEP_LEFT_OUT = "step-left-out"
    STEP_PUT_BACK = "step-put-back"
    GIVEN_PLAYLIST = "given-playlist"


_SENTENCES = {
    Said.SAVED: N_("Saved."),
    Said.ADDED: N_("Added."),
    Said.REMOVED: N_("Removed."),
    Said.DUPLICATED: N_("This is the copy. Nobody has been given it yet."),
    Said.ASSIGNED: N_("Assigned. Every student has their own copy now, and late joiners get theirs when they come."),
    Said.ASSIGNED_TO_SOME: N_("Assigned. Everyone you chose has their own copy now."),
    Said.TERMS_CHANGED: N_("Saved. The new terms hold for everybody."),
    Said.MARKED: N_("Marked as done."),
    Said.TAKEN_BACK: N_("Taken back. The student is asked to look at it again."),
    Said.NOTHING_CHOSEN: N_("Nothing was chosen, so nothing was added."),
    Said.ASKED: N_("These are the results as they stand now."),
    Said.ASKED_LATE: N_("Your LMS is slow to answer. Wait a moment, then check again."),
    Said.ASKED_IN_VAIN: N_(
        "Your LMS could not be asked just now. Everything done so far is kept. Check again in a minute."
    ),
    Said.SENT_AGAIN: N_("On its way to the gradebook again."),
    Said.REVIEW_WITHOUT_PLAYLIST: N_(
        "Your LMS did not say which playlist the work belongs to. Choose it here, then the student."
    ),
    Said.REVIEW_WITHOUT_STUDENT: N_("This person has no path in this playlist. Here is the whole class."),
    Said.CARRIED: N_("Carried over."),
    Said.CARRIED_BEFORE: N_("This was carried over already; nothing came twice."),
    Said.STARTED_FRESH: N_("You start fresh: nothing was carried over."),
    Said.PLACED: N_("Saved. The step leads there now."),
    Said.WRITTEN: N_("Kept. You can write it anew at any time."),
    Said.SKIPPED: N_("Skipped. You find it in the list, and can take it up again at any time."),
    Said.CHOSEN: N_("Your choice is on your path now."),
    Said.ASKED_TEACHER: N_("Your teacher sees that you asked. You can go on meanwhile."),
    Said.ASKED_NO_MORE: N_("Taken back. You can ask again at any time."),
    Said.APPROVED: N_("Approved. The students see it now."),
    Said.MOVED: N_("Moved."),
    Said.STEP_DUPLICATED: N_("This is the copy of the step."),
    Said.SECTION_ADDED: N_("Added. New steps go into this section now."),
    Said.UNDONE: N_("Taken back."),
    Said.NOTHING_TO_UNDO: N_("There is nothing left to take back."),
    Said.REDONE: N_("The change is there again."),
    Said.NOTHING_TO_REDO: N_("There is nothing to make again."),
    Said.COPIES_UPDATED: N_("Every student has the changes now. What they did is kept, and no score fell."),
    Said.DISCARDED: N_("The changes are gone. The playlist is as your students have it."),
    Said.COPIED_TO_COURSE: N_("Copied. The draft waits in the other course; open the tool from there to go on."),
    Said.DAYS_OFF_ADDED: N_("Added. Nobody counts as standing still for these days."),
    Said.DAYS_OFF_REMOVED: N_("Removed."),
    Said.ANSWERED: N_("Answered. The student sees it on their path."),
    Said.SIGNED_OFF: N_("Signed off. The student sees it on their path."),
    Said.SIGNED_OFF_ALL: N_("Signed off, all of them. The students see it on their paths."),
    Said.SIGNED_OFF_SOME: N_("Signed off. Some of them somebody else had answered already."),
    Said.RETAKE_ALLOWED: N_("Another try is allowed. The student sees it on their path."),
    Said.NUDGED: N_("Nudged. Each sees it at the top of their path."),
    Said.NUDGED_SOME: N_("Nudged. Those who had a nudge today already got no second one."),
    Said.NUDGED_NOBODY: N_("Nobody was nudged: all of them had a nudge today already."),
    Said.COMMENTED: N_("Said. The student sees it on their path."),
    Said.GIVEN_STEP: N_("Added. Only this student has this step."),
    Said.STEP_TAKEN_OUT: N_("Taken off this student’s path. What was done is kept."),
    Said.STEP_LEFT_OUT: N_(
        "Taken out for this student alone. It counts for them no more; you can put it back at any time."
    ),
    Said.STEP_PUT_BACK: N_("It is on this student’s path again, with what they did."),
    Said.GIVEN_PLAYLIST: N_("Given. The student has their own copy now."),
    Said.NOTHING_TICKED: N_("Nothing was ticked, so nothing was signed off."),
}


_NEITHER_GOOD_NOR_BAD = frozenset(
    {
        Said.NOTHING_CHOSEN,
        Said.NOTHING_TICKED,
        Said.NUDGED_NOBODY,
        Said.NOTHING_TO_UNDO,
        Said.NOTHING_TO_REDO,
        Said.ASKED,
        Said.ASKED_LATE,
        Said.REVIEW_WITHOUT_PLAYLIST,
        Said.REVIEW_WITHOUT_STUDENT,
        Said.CARRIED_BEFORE,
        Said.STARTED_FRESH,
    }
)


def came_of(outcome: Outcome) -> Said:
    """What to say of having asked the LMS for results."""
    if outcome.late:
        return Said.ASKED_LATE
    return Said.ASKED if outcome.trouble is None else Said.ASKED_IN_VAIN


def playlists_address(course: Course) -> str:
    """The teacher's list."""
    return f"/courses/{course.id}/playlists"


def playlist_address(course: Course, playlist_id: uuid.UUID) -> str:
    """A playlist's builder; its other pages hang below."""
    return f"{playlists_address(course)}/{playlist_id}"


def my_address(course: Course, copy_id: uuid.UUID | None = None) -> str:
    """A student's list, or one of their playlists."""
    return f"/courses/{course.id}/my" + (f"/{copy_id}" if copy_id else "")


def path_address(course: Course, playlist_id: uuid.UUID) -> str:
    """A personal playlist's own page, in place of a builder."""
    return f"{playlist_address(course, playlist_id)}/path"


def link_address(course_id: uuid.UUID, playlist_id: uuid.UUID) -> str:
    """Where a link of the LMS to a playlist leads; the page decides by role and by how the playlist stands."""
    return f"/courses/{course_id}/links/{playlist_id}"


def carry_over_address(course: Course) -> str:
    """Where those who teach the copy of a course decide what comes along."""
    return f"/courses/{course.id}/carry-over"


def picker_address(course_id: uuid.UUID, request_id: uuid.UUID) -> str:
    """Where the content of a deep linking request is chosen."""
    return f"/courses/{course_id}/pick/{request_id}"


def notice(request: Request) -> dict[str, str] | None:
    """What the page before left to say, in the reader's language."""
    said = said_in(request, Said)
    if said is None:
        return None
    tone = "warning" if said is Said.ASKED_IN_VAIN else "info" if said in _NEITHER_GOOD_NOR_BAD else "success"
    text = language_of(request).gettext(_SENTENCES[said])
    if said is Said.UNDONE and (what := _undone(request)):
        text = language_of(request).gettext(what)
    return {"tone": tone, "text": text}


_UNDONE = {
    What.BASICS: N_("Taken back: title, introduction and order are as they were."),
    What.STEPS_ADDED: N_("Taken back: what was added is out again."),
    What.STEP_CHANGED: N_("Taken back: the step is as it was."),
    What.STEP_PLACED: N_("Taken back: the step leads where it led before."),
    What.STEP_MOVED: N_("Taken back: the order is as it was."),
    What.STEP_REMOVED: N_("Taken back: the step is there again."),
    What.STEP_DUPLICATED: N_("Taken back: the copy of the step is out again."),
    What.SECTION_ADDED: N_("Taken back: the section is out again."),
    What.SECTION_CHANGED: N_("Taken back: the section is as it was."),
    What.SECTION_REMOVED: N_("Taken back: the section is there again."),
    What.VARIANT_CHANGED: N_("Taken back: the other forms of the step are as they were."),
    What.DISCARDED: N_("Taken back: the changes that you discarded are there again."),
}


def _undone(request: Request) -> str | None:
    """What was taken back, in a sentence; None for a word that no page of ours leaves."""
    try:
        return _UNDONE[What(request.query_params.get("what", ""))]
    except ValueError:
        return None
