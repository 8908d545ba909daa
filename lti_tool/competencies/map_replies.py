"""What the routes of a map share: addresses, redirects after a form, notices carried over one with a way to undo."""

import uuid
from dataclasses import dataclass
from enum import StrEnum

from fastapi import Request

from lti_tool.competencies.sections import home
from lti_tool.web.i18n import N_
from lti_tool.web.pages import language_of
from lti_tool.web.replies import said_in


class Said(StrEnum):
    """What a page says after a form: a word in the address, never a text of anybody's making."""

    SAVED = "saved"
    DRAWN = "drawn"
    TAKEN_AWAY = "taken-away"
    AS_BEFORE = "as-before"
    PICKED = "picked"
    PICKED_NOTHING = "picked-nothing"
    WRITTEN = "written"
    TAKEN_OUT = "taken-out"
    SHARED = "shared"
    UNSHARED = "unshared"


_SENTENCES = {
    Said.SAVED: N_("Saved."),
    Said.DRAWN: N_("The prerequisite is drawn."),
    Said.TAKEN_AWAY: N_("The prerequisite is taken away in this course."),
    Said.AS_BEFORE: N_("It was like that already; nothing was changed."),
    Said.PICKED_NOTHING: N_("Nothing was added: nothing was ticked, or everything was in the map already."),
    Said.TAKEN_OUT: N_("Taken out of the map. What is known about students is kept."),
    Said.SHARED: N_("Every course of your school can pick these competencies now."),
    Said.UNSHARED: N_("These competencies are this course’s alone again."),
}

_NEITHER_GOOD_NOR_BAD = frozenset({Said.AS_BEFORE, Said.PICKED_NOTHING})


@dataclass(frozen=True, slots=True)
class Undo:
    """A form that takes back what was just done."""

    action: str
    fields: dict[str, str]


def notice(request: Request) -> dict[str, str] | None:
    """What the page before left to say, in the reader's language."""
    said = said_in(request, Said)
    if said is None:
        return None
    language = language_of(request)
    added, besides = _number(request, "added"), _number(request, "besides")
    if said is Said.PICKED:
        text = language.ngettext(
            "%(num)s competency was added to the map.", "%(num)s competencies were added to the map.", added
        ) % {"num": added}
        if besides:
            text += " " + language.ngettext(
                "%(num)s of them was not ticked: it is what the others need.",
                "%(num)s of them were not ticked: they are what the others need.",
                besides,
            ) % {"num": besides}
    elif said is Said.WRITTEN:
        text = language.ngettext(
            "%(num)s competency was written and added to the map.",
            "%(num)s competencies were written and added to the map.",
            added,
        ) % {"num": added}
    else:
        text = language.gettext(_SENTENCES[said])
    return {"tone": "info" if said in _NEITHER_GOOD_NOR_BAD else "success", "text": text}


def undo(request: Request, course_id: uuid.UUID) -> Undo | None:
    """The way back from what the page before did, where there is one."""
    said, given = said_in(request, Said), request.query_params
    if said in {Said.DRAWN, Said.TAKEN_AWAY} and "before" in given and "after" in given:
        do = "take-away" if said is Said.DRAWN else "draw"
        return Undo(
            f"{home(course_id)}/prerequisites",
            {"before": given["before"], "after": given["after"], "do": do, "back": given.get("back", "")},
        )
    if said is Said.TAKEN_OUT and "competency" in given:
        return Undo(f"{home(course_id)}/pick", {"competency": given["competency"]})
    return None


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
