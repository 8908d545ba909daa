"""A teacher's page of what the LMS says itself: its outcomes, which of them are competencies here, and what it aligns to them."""

import uuid
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from lti_tool.competencies import lms_deciding as deciding
from lti_tool.competencies import lms_outcomes, lms_page
from lti_tool.competencies.alignment_replies import alignments_address, notice, told
from lti_tool.competencies.models import AlignmentRole
from lti_tool.competencies.sections import home, views
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.errors import NotFound
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now, WriteSession
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_
from lti_tool.web.pages import language_of
from lti_tool.web.replies import said_in, see

router = APIRouter(prefix="/courses/{course_id}/competencies/lms")

AT_ONCE = 100
"""Offered alignments on one page; what is accepted or dismissed makes room for the next."""

NONE_OF_THEM = "none"
"""What the list of competencies sends for an outcome that is none of the course's."""


class Said(StrEnum):
    """What came of a form, beside what pages about alignments say."""

    DISMISSED = "lms-dismissed"
    AGAIN = "lms-offered-again"
    KEPT = "lms-kept"
    MEANT = "lms-meant"
    ADDED = "lms-added"
    COUNT = "lms-count"
    END = "lms-end"
    CHOOSE = "lms-choose"


_SENTENCES = {
    Said.DISMISSED: ("success", N_("Dismissed. It is not offered again.")),
    Said.AGAIN: ("success", N_("What was set aside is offered again.")),
    Said.KEPT: ("success", N_("It stays aligned in this course.")),
    Said.MEANT: ("success", N_("Saved which competency this is.")),
    Said.ADDED: ("success", N_("It is one of this course’s own competencies now.")),
    Said.COUNT: ("success", N_("Ratings on it are evidence from the next reading of your LMS on.")),
    Said.END: ("success", N_("Its ratings are no evidence any more. What came in stays.")),
    Said.CHOOSE: ("info", N_("No competency was chosen, so nothing has changed.")),
}


def address_of(course_id: uuid.UUID) -> str:
    """The page."""
    return f"{home(course_id)}/lms"


@router.get("", name="lms_outcomes")
async def page(request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages) -> Response:
    """What the LMS says, beside what this course says itself."""
    await lms_outcomes.recognise(database, here.course)
    async with database.reading() as session:
        found = await lms_page.page(session, here.course)
    context: dict[str, Any] = {
        "views": views(here.course.id, "alignments"),
        "home": alignments_address(here.course.id),
        "map_address": home(here.course.id),
        "address": address_of(here.course.id),
        "found": found,
        "shown": found.offered[:AT_ONCE],
        "none_of_them": NONE_OF_THEM,
        "notice": _notice(request),
    }
    return pages.render(request, "competencies/lms.html", context)


def _notice(request: Request) -> dict[str, str] | None:
    said = said_in(request, Said)
    if said is None:
        return notice(request)
    tone, sentence = _SENTENCES[said]
    return {"tone": tone, "text": language_of(request).gettext(sentence)}


@router.post("", name="decide_lms_alignments")
async def decide(request: Request, here: TeacherChanging, session: WriteSession, clock: Now) -> Response:
    """Accept what is ticked, or the one whose button was pressed; dismiss or keep one, take one away; or offer all again."""
    form = await request.form()
    entered = Entered.of(form)
    address, by, now = address_of(here.course.id), here.visit.person_id, clock.now()
    if entered.values.get("again") == "yes":
        await deciding.offer_again(session, here.course)
        return see(address, Said.AGAIN)
    for name, said in (("dismiss", Said.DISMISSED), ("keep", Said.KEPT)):
        one = entered.made_id(name)
        if one is not None:
            await deciding.dismiss(session, here.course, [one], by)
            return see(address, said)
    gone = entered.made_id("take_away")
    if gone is not None:
        return see(address, told(await deciding.take_away(session, here.course, gone, by, now)))
    accepted = _accepted(form, entered)
    if not accepted:
        return see(address, "none-ticked")
    return see(address, told(await deciding.accept(session, here.course, accepted, by, now)))


def _accepted(form: FormData, entered: Entered) -> dict[uuid.UUID, AlignmentRole]:
    """What to accept, with what each item does: the one whose button was pressed, else those that are ticked."""
    one = entered.values.get("accept", "")
    ticked = [one] if one else [value for value in form.getlist("ticked") if isinstance(value, str)]
    return {
        parsed(uuid.UUID, value): entered.word(f"role-{value}", AlignmentRole, AlignmentRole.TEACHES)
        for value in ticked
    }


@router.post("/outcome", name="decide_lms_outcome")
async def outcome(request: Request, here: TeacherChanging, session: WriteSession, clock: Now) -> Response:
    """Say which competency an outcome is, add it to the course's own, or have its ratings count or not."""
    entered = Entered.of(await request.form())
    row_id = entered.made_id("outcome")
    if row_id is None:
        raise NotFound("no outcome was named")
    said = await _said(request, here, session, clock, entered, row_id)
    return see(address_of(here.course.id), said, f"outcome-{row_id}")


async def _said(
    request: Request, here: InCourse, session: WriteSession, clock: Now, entered: Entered, row_id: uuid.UUID
) -> Said:
    by, now = here.visit.person_id, clock.now()
    if entered.values.get("own") == "yes":
        title = language_of(request).gettext(N_("%(course)s: own competencies")) % {"course": here.course.title[:400]}
        await deciding.add_own(session, here.course, row_id, title, by, now)
        return Said.ADDED
    if "ratings" in entered.values:
        count = entered.values["ratings"] == "count"
        await deciding.ratings(session, here.course, row_id, by, now, count=count)
        return Said.COUNT if count else Said.END
    chosen = entered.values.get("competency", "")
    if not chosen:
        return Said.CHOOSE
    meant = None if chosen == NONE_OF_THEM else parsed(uuid.UUID, chosen)
    await deciding.say(session, here.course, row_id, meant, by)
    return Said.MEANT
