"""One student's path for their teachers: with its evidence, what was asked and said, and what can be done for them alone."""

import uuid
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.content import service as content
from lti_tool.content import student_dates
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.models import Course
from lti_tool.courses.service import display_name
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.grades import words
from lti_tool.ids import new_id
from lti_tool.playlists import editing, monitor, monitor_saying, monitor_student, replanning, service, showing
from lti_tool.playlists.answering import OUTCOMES
from lti_tool.playlists.forms import Entered, parsed
from lti_tool.playlists.models import DoneRule, Need, Playlist, StepKind
from lti_tool.playlists.monitor_saying import MOST_WORDS
from lti_tool.playlists.own_steps import Wanted
from lti_tool.playlists.progress_routes import assigned, everybody_has_a_copy
from lti_tool.playlists.replies import Said, notice, playlist_address
from lti_tool.web import i18n
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, language_of
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/playlists/{playlist_id}/students/{person_id}")


def student_address(course: Course, playlist_id: uuid.UUID, person_id: uuid.UUID) -> str:
    """A student's page of a playlist."""
    return f"{playlist_address(course, playlist_id)}/students/{person_id}"


@router.get("", name="playlist_student")
async def student(
    request: Request,
    here: TeacherIn,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """One student's path with who said that each step is done, what was asked and said, and why. The look is recorded."""
    return await _page(request, here, playlist_id, person_id, database, clock, pages)


async def _page(
    request: Request,
    here: InCourse,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    database: Database,
    clock: Now,
    pages: Pages,
    entered: Entered | None = None,
    status_code: int = 200,
) -> Response:
    playlist = await _theirs(database, here, playlist_id, person_id, clock)
    with i18n.speaking(language_of(request)), i18n.in_zone(here.visit.shown_zone):
        async with database.writing() as session:
            page = await monitor_student.student_page(session, here, playlist, person_id, clock.now())
            await session.flush()
            session.expunge_all()
    leads_to = [one.content_item_id for one in page.view.path.present if one.content_item_id is not None]
    context: dict[str, Any] = {
        "display_name": display_name,
        "page": page,
        "own_dates": await student_dates.of_student(request, here, database, person_id, leads_to),
        "person": page.person,
        "playlist": playlist,
        "view": page.view,
        "score": page.score,
        "standings": words.STANDINGS,
        "trouble_words": words.words_for,
        "home": f"/courses/{here.course.id}",
        "address": playlist_address(here.course, playlist_id),
        "here": student_address(here.course, playlist_id, person_id),
        "outcomes": OUTCOMES,
        "other_choices": [(str(one.id), one.title) for one in page.others],
        "most": MOST_WORDS,
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "notice": notice(request),
        "now": clock.now(),
    }
    return pages.render(request, "playlists/student.html", context, status_code=status_code)


async def _theirs(
    database: Database, here: InCourse, playlist_id: uuid.UUID, person_id: uuid.UUID, clock: Now
) -> Playlist:
    """The playlist, with a copy for who came late; what the tool chooses is brought up to what is known now."""
    playlist = await assigned(database, here, playlist_id)
    if playlist is None:
        raise NotFound("the playlist is not assigned")
    await everybody_has_a_copy(database, here, clock)
    async with database.reading() as session:
        await monitor.seen(session, here, person_id)
    await replanning.up_to_date(database, here.course, person_id, clock.now())
    return playlist


@router.get("/as-they-see-it", name="playlist_as_they_see_it")
async def as_they_see_it(
    request: Request,
    here: TeacherIn,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """The student's own page, to look at: nothing on it acts, and nothing counts as seen by it. The look is recorded."""
    playlist = await _theirs(database, here, playlist_id, person_id, clock)
    async with database.writing() as session:
        person, view, own_forms = await monitor_student.own_view(session, here, playlist, person_id, clock.now())
        page = await showing.path_page(session, here.course, view, clock.now(), zone=here.visit.shown_zone)
        await session.flush()
        session.expunge_all()
    context: dict[str, Any] = {
        "display_name": display_name,
        "person": person,
        "page": page,
        "view": page.view,
        "own_forms": own_forms,
        "playlist": playlist,
        "address": playlist_address(here.course, playlist_id),
        "here": student_address(here.course, playlist_id, person_id),
        "now": clock.now(),
    }
    return pages.render(request, "playlists/as_they_see_it.html", context)


# --- Steps ----------------------------------------------------------------------------------------------------------


@router.post("/steps/{step_id}/done")
async def sign_off(
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Sign a step off for a student."""
    async with database.writing() as session:
        await monitor.seen(session, here, person_id)
        await service.sign_off(session, here.course, playlist_id, person_id, step_id, here.visit.person_id, clock.now())
    return see(student_address(here.course, playlist_id, person_id), Said.MARKED, f"step-{step_id}")


@router.post("/steps/{step_id}/not-done")
async def take_back(
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Ask a student to look at a step again."""
    async with database.writing() as session:
        await monitor.seen(session, here, person_id)
        await service.take_back(
            session, here.course, playlist_id, person_id, step_id, here.visit.person_id, clock.now()
        )
    return see(student_address(here.course, playlist_id, person_id), Said.TAKEN_BACK, f"step-{step_id}")


@router.get("/give", name="playlist_give")
async def give(
    request: Request,
    here: TeacherIn,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """The form for a step that this student alone is given."""
    return await _give_page(request, here, playlist_id, person_id, database, clock, pages)


async def _give_page(
    request: Request,
    here: InCourse,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    database: Database,
    clock: Now,
    pages: Pages,
    entered: Entered | None = None,
    status_code: int = 200,
) -> Response:
    playlist = await _theirs(database, here, playlist_id, person_id, clock)
    async with database.reading() as session:
        person = await monitor.seen(session, here, person_id)
        items = [
            item
            for item in await content.items(session, here.organisation_id, here.course.id)
            if editing.can_be_a_step(item)
        ]
    context: dict[str, Any] = {
        "display_name": display_name,
        "person": person,
        "playlist": playlist,
        "item_choices": [(str(item.id), item.title) for item in items],
        "step_id": new_id(),
        "address": playlist_address(here.course, playlist_id),
        "here": student_address(here.course, playlist_id, person_id),
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
    }
    return pages.render(request, "playlists/give.html", context, status_code=status_code)


@router.post("/give")
async def give_step(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Give this student a step of their own: something of the course, or something away from the screen."""
    entered = Entered.of(await request.form())
    item = entered.values.get("item", "")
    missing = None if item else N_("Please choose something of the course, or write what to do.")
    wanted = Wanted(
        item_id=parsed(uuid.UUID, item) if item else None,
        title=entered.text("title", 500, missing),
        note=entered.text("note", 1000),
        kind=StepKind.ITEM if item else StepKind.TASK,
        need=entered.word("need", Need, Need.MUST),
        done_rule=DoneRule.MARKED if item else DoneRule.SIGNED,
        due_at=entered.moment("due_at"),
        step_id=entered.made_id("step_id"),
    )
    if entered.errors:
        return await _give_page(request, here, playlist_id, person_id, database, clock, pages, entered, 422)
    async with database.writing() as session:
        await monitor.seen(session, here, person_id)
        await service.add_for_student(
            session, here.course, playlist_id, person_id, wanted, here.visit.person_id, clock.now()
        )
    return see(student_address(here.course, playlist_id, person_id), Said.GIVEN_STEP)


@router.post("/steps/{step_id}/take-out")
async def take_out(
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Take a step that this student alone has off their path."""
    async with database.writing() as session:
        await monitor.seen(session, here, person_id)
        await service.remove_for_student(
            session, here.course, playlist_id, person_id, step_id, here.visit.person_id, clock.now()
        )
    return see(student_address(here.course, playlist_id, person_id), Said.STEP_TAKEN_OUT)


@router.post("/steps/{step_id}/leave-out")
async def leave_out(
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Take a step that everybody has out for this student alone."""
    async with database.writing() as session:
        await monitor.seen(session, here, person_id)
        await service.leave_out(
            session, here.course, playlist_id, person_id, step_id, here.visit.person_id, clock.now()
        )
    return see(student_address(here.course, playlist_id, person_id), Said.STEP_LEFT_OUT, "left-out")


@router.post("/steps/{step_id}/put-back")
async def put_back(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Have a step that was out for this student on their path again; where that lowers a score that stands, ask first."""
    may_lower = Entered.of(await request.form()).values.get("may_lower") == "yes"
    try:
        async with database.writing() as session:
            person = await monitor.seen(session, here, person_id)
            await service.put_back(
                session,
                here.course,
                playlist_id,
                person_id,
                step_id,
                here.visit.person_id,
                clock.now(),
                may_lower=may_lower,
            )
    except service.LowersScore as lower:
        context = {
            "name": display_name(person),
            "lower": lower,
            "address": student_address(here.course, playlist_id, person_id),
            "step_id": step_id,
        }
        return pages.render(request, "playlists/put_back.html", context)
    return see(student_address(here.course, playlist_id, person_id), Said.STEP_PUT_BACK, f"step-{step_id}")


# --- Words and playlists ----------------------------------------------------------------------------------------------


@router.post("/words")
async def say(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Say something to the student about a step, or about the whole path."""
    entered = Entered.of(await request.form())
    step_id = entered.made_id("step")
    text = entered.text("text", MOST_WORDS, N_("Please write what you want to say."))
    if entered.errors:
        return await _page(request, here, playlist_id, person_id, database, clock, pages, entered, 422)
    async with database.writing() as session:
        await monitor_saying.comment(session, here, playlist_id, person_id, step_id, text, clock.now())
    return see(
        student_address(here.course, playlist_id, person_id), Said.COMMENTED, f"step-{step_id}" if step_id else "said"
    )


@router.post("/playlists")
async def give_playlist(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Give the student another playlist as well."""
    entered = Entered.of(await request.form())
    other = parsed(uuid.UUID, entered.values.get("playlist", ""))
    async with database.writing() as session:
        await monitor_student.give_playlist(session, here, other, person_id, clock.now())
    return see(student_address(here.course, other, person_id), Said.GIVEN_PLAYLIST)
