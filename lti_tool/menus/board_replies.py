"""What the teacher's pages of menus share: addresses, and notices carried over a redirect."""

import uuid
from enum import StrEnum

from fastapi import Request

from lti_tool.courses.models import Course
from lti_tool.menus.board_states import What
from lti_tool.web.i18n import N_
from lti_tool.web.pages import language_of
from lti_tool.web.replies import said_in


class Said(StrEnum):
    """What a page says after a form: a word in the address, never a text of anybody's making."""

    SAVED = "saved"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    PLACE_ADDED = "place-added"
    PART_ADDED = "part-added"
    NOTHING_CHOSEN = "nothing-chosen"
    DUPLICATED = "duplicated"
    MADE_OF_PLAYLIST = "made-of-playlist"
    ASSIGNED = "assigned"
    TERMS_CHANGED = "terms-changed"
    COPIED_TO_COURSE = "copied-to-course"
    UNDONE = "undone"
    NOTHING_TO_UNDO = "nothing-to-undo"
    REDONE = "redone"
    NOTHING_TO_REDO = "nothing-to-redo"


_SENTENCES = {
    Said.SAVED: N_("Saved."),
    Said.ADDED: N_("Added."),
    Said.REMOVED: N_("Removed."),
    Said.MOVED: N_("Moved."),
    Said.PLACE_ADDED: N_("Added. Say what it is."),
    Said.PART_ADDED: N_("Added. Give it a heading, and fill its places."),
    Said.NOTHING_CHOSEN: N_("Nothing was chosen, so nothing was added."),
    Said.DUPLICATED: N_("This is the copy. Nobody has been given it yet."),
    Said.MADE_OF_PLAYLIST: N_(
        "Here are the may-dos as a menu. Nobody has been given it yet, and the playlist is as it was."
    ),
    Said.ASSIGNED: N_("Assigned. Every student has their own board now, and late joiners get theirs when they come."),
    Said.TERMS_CHANGED: N_("Saved. The new terms hold for everybody."),
    Said.UNDONE: N_("Taken back."),
    Said.NOTHING_TO_UNDO: N_("There is nothing left to take back."),
    Said.REDONE: N_("The change is there again."),
    Said.NOTHING_TO_REDO: N_("There is nothing to make again."),
    Said.COPIED_TO_COURSE: N_("Copied. The draft waits in the other course; open the tool from there to go on."),
}


_NEITHER_GOOD_NOR_BAD = frozenset({Said.NOTHING_CHOSEN, Said.NOTHING_TO_UNDO, Said.NOTHING_TO_REDO})

CHANGES = {
    What.BOARD: N_("what the board says"),
    What.OPTION: N_("an option"),
    What.ITEMS: N_("items of the course that were added"),
    What.MOVED: N_("an option that was moved"),
    What.REMOVED: N_("something that was taken out"),
    What.PLACE: N_("a place that was added"),
    What.PART: N_("a part that was added"),
}
"""What undo and redo are about, after a colon."""


def menus_address(course: Course) -> str:
    """The teacher's list."""
    return f"/courses/{course.id}/menus"


def menu_address(course: Course, menu_id: uuid.UUID) -> str:
    """A menu's board, to be edited; its other pages hang below."""
    return f"{menus_address(course)}/{menu_id}"


def notice(request: Request) -> dict[str, str] | None:
    """What the page before left to say, in the reader's language."""
    said = said_in(request, Said)
    if said is None:
        return None
    tone = "info" if said in _NEITHER_GOOD_NOR_BAD else "success"
    return {"tone": tone, "text": language_of(request).gettext(_SENTENCES[said])}
