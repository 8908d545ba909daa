"""What waits for the teacher, across the playlists of a course, to be answered in place."""

import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.models import Course
from lti_tool.courses.service import display_name
from lti_tool.db.session import Database
from lti_tool.playlists import answering, monitor_student
from lti_tool.playlists.answering import MOST_ANSWER, Waiting
from lti_tool.playlists.forms import Entered, parsed
from lti_tool.playlists.path_models import Outcome, RequestKind
from lti_tool.playlists.replies import Said, notice, playlist_address, playlists_address
from lti_tool.web import i18n
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, language_of
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/playlists/waiting")

_SAID = {
    Outcome.SIGNED: Said.SIGNED_OFF,
    Outcome.NOT_YET: Said.ANSWERED,
    Outcome.ANSWERED: Said.ANSWERED,
    Outcome.ALLOWED: Said.RETAKE_ALLOWED,
    Outcome.ARRANGED: Said.ANSWERED,
    Outcome.HELD: Said.ANSWERED,
}


def waiting_address(course: Course) -> str:
    """What waits for the teachers of a course."""
    return f"{playlists_address(course)}/waiting"


@router.get("", name="waiting")
async def waiting(
    request: Request, here: TeacherIn, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Everything that nobody has answered yet, the oldest first; ``kind`` shows one kind alone."""
    return await _page(request, here, database, clock, pages)


async def _page(
    request: Request,
    here: InCourse,
    database: Database,
    clock: Now,
    pages: Pages,
    *,
    open_id: uuid.UUID | None = None,
    entered: Entered | None = None,
    status_code: int = 200,
) -> Response:
    with i18n.speaking(language_of(request)), i18n.in_zone(here.visit.shown_zone):
        async with database.reading() as session:
            found = await answering.waiting(session, here)
            reasons = await monitor_student.reasons_of(
                session, here, {one.request.id: one.why for one in found if one.why}
            )
    chosen = _kind(request)
    context = {
        "lines": [one for one in found if chosen in (None, one.request.kind)],
        "everything": len(found),
        "numbers": answering.by_kind(found),
        "kinds": list(RequestKind),
        "chosen": chosen,
        "sign_offs": [one for one in found if _is_sign_off(one) and chosen in (None, RequestKind.SIGN_OFF)],
        "reasons": reasons,
        "display_name": display_name,
        "open_id": open_id,
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "most": MOST_ANSWER,
        "address": waiting_address(here.course),
        "home": playlists_address(here.course),
        "notice": notice(request),
        "now": clock.now(),
    }
    return pages.render(request, "playlists/waiting.html", context, status_code=status_code)


def _kind(request: Request) -> RequestKind | None:
    try:
        return RequestKind(request.query_params.get("kind", ""))
    except ValueError:
        return None


def _is_sign_off(one: Waiting) -> bool:
    return one.request.kind is RequestKind.SIGN_OFF


@router.post("/sign-off")
async def sign_off(request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now) -> Response:
    """Sign off everything that was ticked."""
    form = await request.form()
    wanted = [parsed(uuid.UUID, str(one)) for one in form.getlist("request")]
    if not wanted:
        return see(waiting_address(here.course), Said.NOTHING_TICKED)
    async with database.writing() as session:
        _, gone = await answering.sign_off_all(session, here, wanted, clock.now())
    return see(waiting_address(here.course), Said.SIGNED_OFF_SOME if gone else Said.SIGNED_OFF_ALL)


@router.post("/{request_id}")
async def answer(
    request: Request,
    here: TeacherChanging,
    request_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Answer one request."""
    entered = Entered.of(await request.form())
    outcome = parsed(Outcome, entered.values.get("outcome", ""))
    missing = N_("Please say what is still missing.") if outcome is Outcome.NOT_YET else None
    words = entered.text("words", MOST_ANSWER, missing)
    if entered.errors:
        return await _page(request, here, database, clock, pages, open_id=request_id, entered=entered, status_code=422)
    async with database.writing() as session:
        await answering.answer(
            session,
            here,
            request_id,
            outcome,
            words,
            clock.now(),
            afresh=entered.values.get("afresh") == "yes",
        )
    return see(_back(here.course, entered), _SAID[outcome])


def _back(course: Course, entered: Entered) -> str:
    """Where the form came from: a student's page, or this one."""
    playlist_id, person_id = entered.made_id("back_playlist"), entered.made_id("back_person")
    if playlist_id is None or person_id is None:
        return waiting_address(course)
    return f"{playlist_address(course, playlist_id)}/students/{person_id}"
