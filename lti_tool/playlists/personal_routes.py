"""A teacher's pages of personal playlists: letting the tool make one, its settings and current unit, and what is decided."""

import uuid
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.datastructures import FormData
from starlette.responses import Response

from lti_tool.content.reading import read_contents
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.roster import FreshRoster
from lti_tool.courses.service import display_name
from lti_tool.courses.visibility import visible_students
from lti_tool.errors import NotFound, ToolError
from lti_tool.ids import new_id
from lti_tool.playlists import (
    assign_forms,
    assigning,
    editing,
    monitor,
    monitor_student,
    personal,
    personal_pages,
    replanning,
)
from lti_tool.playlists import personal_editing as personals
from lti_tool.playlists import personal_forms as forms
from lti_tool.playlists.assigning import Offer
from lti_tool.playlists.forms import Entered
from lti_tool.playlists.models import Playlist
from lti_tool.playlists.personal import Book
from lti_tool.playlists.planning import why
from lti_tool.playlists.planning.settings import PathSettings, agreed
from lti_tool.playlists.replies import Said, notice, path_address, playlist_address, playlists_address
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.replies import see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/playlists")


# --- A new one ----------------------------------------------------------------------------------------------------------


@router.get("/personal/new", name="new_personal")
async def new(
    request: Request, here: TeacherIn, _fresh: FreshRoster, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """One form: the current unit, whom it is for, where they start, who steers."""
    await read_contents(request, here, asked=False)
    return await _new_page(request, here, database, clock, pages, new_id())


@router.post("/personal/new")
async def make(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Make and assign it; or, with ``look``, show what the tool would choose for one student, and change nothing."""
    form = await request.form()
    entered = Entered.of(form)
    playlist_id = entered.made_id("playlist_id") or new_id()
    async with database.reading() as session:
        book = await personal.book(session, here.organisation_id, here.course.id, clock.now())
        offer = await _offer(session, here, playlist_id)
    looks = entered.values.get("do") == "look"
    if looks:
        # Looking comes before everything is said: a title is not needed for it.
        settings = forms.settings(entered, form, book)
        return await _new_page(request, here, database, clock, pages, playlist_id, form=form, looking=settings)
    try:
        choice = forms.choice(entered, form, book, offer)
        if entered.errors:
            return await _new_page(
                request, here, database, clock, pages, playlist_id, form=form, entered=entered, status_code=422
            )
        async with database.writing() as session:
            await personals.make(
                session, here.course, choice, here.visit.person_id, clock.now(), playlist_id=playlist_id
            )
    except ToolError as trouble:
        return await _new_page(
            request,
            here,
            database,
            clock,
            pages,
            playlist_id,
            form=form,
            entered=entered,
            trouble=trouble,
            status_code=trouble.status,
        )
    await replanning.plan_some(database, here.course, clock.now())
    return see(path_address(here.course, playlist_id), Said.ASSIGNED)


async def _offer(session: AsyncSession, here: InCourse, playlist_id: uuid.UUID) -> Offer:
    """Who can be chosen for a playlist that is not made yet."""
    draft = Playlist(
        organisation_id=here.organisation_id,
        id=playlist_id,
        course_id=here.course.id,
        title="",
        created_at=here.course.created_at,
        changed_at=here.course.created_at,
    )
    return await assigning.offer(session, here, draft)


async def _new_page(
    request: Request,
    here: InCourse,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
    playlist_id: uuid.UUID,
    *,
    form: FormData | None = None,
    entered: Entered | None = None,
    looking: PathSettings | None = None,
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    now = clock.now()
    async with database.reading() as session:
        book = await personal.book(session, here.organisation_id, here.course.id, now)
        offer = await _offer(session, here, playlist_id)
        students = offer.students
        look, person = None, None
        if looking is not None and form is not None:
            person = personal_pages.chosen_student(form, students)
            look = await personal_pages.look(session, here, playlist_id, person, looking, now) if person else None
    if look is not None and person is not None:
        async with database.writing() as session:
            monitor_student.recorded(session, here, person.id, now, "what the tool would choose")
    values = dict(entered.values) if entered else (dict(Entered.of(form).values) if form is not None else {})
    context: dict[str, Any] = {
        "playlist_id": playlist_id,
        "book": book,
        "parts": forms.parts(book, forms.unit(form, book) if form is not None else ()),
        "students": students,
        "offer": offer,
        "who": values.get("who") or offer.who.value,
        "chosen": assign_forms.ticked(offer, form),
        "display_name": display_name,
        "placements": forms.scored_items(book),
        "usual": PathSettings(),
        "can_have_column": editing.can_have_column(here.course),
        "values": values,
        "came_back": form is not None,
        "errors": entered.errors if entered else {},
        "look": look,
        "names": personal_pages.names(book),
        "sentence": why.sentence,
        "nothing_sentence": why.nothing_sentence,
        "conflict_sentence": why.conflict_sentence,
        "address": f"{playlists_address(here.course)}/personal/new",
        "notice": trouble_notice(request, trouble),
    }
    return pages.render(request, "playlists/personal_new.html", context, status_code=status_code)


# --- One playlist ---------------------------------------------------------------------------------------------------------


@router.get("/{playlist_id}/path", name="personal_path")
async def overview(
    request: Request,
    here: TeacherIn,
    _fresh: FreshRoster,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """What waits for the teacher, what cannot be followed, what was decided, and where each student is."""
    await replanning.plan_some(database, here.course, clock.now())
    return await _overview(request, here, database, clock, pages, playlist_id)


async def _overview(
    request: Request,
    here: InCourse,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
    playlist_id: uuid.UUID,
    *,
    entered: Entered | None = None,
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    async with database.reading() as session:
        context = await personal_pages.overview(session, here, playlist_id, clock.now())
    context |= {
        "address": path_address(here.course, playlist_id),
        "progress": f"{playlist_address(here.course, playlist_id)}/progress",
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "notice": trouble_notice(request, trouble) or notice(request),
    }
    return pages.render(request, "playlists/personal_path.html", context, status_code=status_code)


@router.get("/{playlist_id}/path/unit", name="personal_unit")
async def ask_unit(
    request: Request, here: TeacherIn, playlist_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """The map, to tick the current unit."""
    return await _settings_page(request, here, database, pages, playlist_id, "personal_unit")


@router.post("/{playlist_id}/path/unit")
async def move_on(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Another current unit for the class."""
    form = await request.form()
    entered = Entered.of(form)
    try:
        async with database.writing() as session:
            book = await personal.book(session, here.organisation_id, here.course.id, clock.now())
            await personals.move_on(
                session,
                here.course,
                playlist_id,
                entered.revision(),
                forms.unit(form, book),
                here.visit.person_id,
                clock.now(),
            )
    except NotFound:
        raise
    except ToolError as trouble:
        return await _settings_page(
            request, here, database, pages, playlist_id, "personal_unit", trouble=trouble, status_code=trouble.status
        )
    await replanning.plan_some(database, here.course, clock.now())
    return see(path_address(here.course, playlist_id), Said.SAVED)


@router.get("/{playlist_id}/path/settings", name="personal_settings")
async def ask_settings(
    request: Request, here: TeacherIn, playlist_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """Everything else about how it is made."""
    return await _settings_page(request, here, database, pages, playlist_id, "personal_settings")


@router.post("/{playlist_id}/path/settings")
async def change_settings(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Change how it is made."""
    form = await request.form()
    entered = Entered.of(form)
    async with database.reading() as session:
        book = await personal.book(session, here.organisation_id, here.course.id, clock.now())
        before = agreed((await personals.found(session, here.course, playlist_id)).settings)
    title, (has_column, points) = forms.title(entered), forms.column(entered)
    settings = forms.settings(entered, form, book, before)
    page = "personal_settings"
    if entered.errors:
        return await _settings_page(request, here, database, pages, playlist_id, page, entered=entered, status_code=422)
    try:
        async with database.writing() as session:
            await personals.change_settings(
                session,
                here.course,
                playlist_id,
                entered.revision(),
                title,
                settings,
                here.visit.person_id,
                clock.now(),
                has_column=has_column,
                points=points,
            )
    except NotFound:
        raise
    except ToolError as trouble:
        return await _settings_page(
            request,
            here,
            database,
            pages,
            playlist_id,
            page,
            entered=entered,
            trouble=trouble,
            status_code=trouble.status,
        )
    await replanning.plan_some(database, here.course, clock.now())
    return see(path_address(here.course, playlist_id), Said.SAVED)


async def _settings_page(
    request: Request,
    here: InCourse,
    database: CurrentDatabase,
    pages: CurrentPages,
    playlist_id: uuid.UUID,
    page: str,
    *,
    entered: Entered | None = None,
    trouble: ToolError | None = None,
    status_code: int = 200,
) -> Response:
    async with database.reading() as session:
        playlist: Playlist = await personals.found(session, here.course, playlist_id)
        book: Book = await personal.book(session, here.organisation_id, here.course.id, request.app.state.clock.now())
        can_have_column = await editing.may_have_column(session, here.course, playlist)
    settings = agreed(playlist.settings)
    context = {
        "playlist": playlist,
        "book": book,
        "settings": settings,
        "parts": forms.parts(book, settings.planning.unit),
        "placements": forms.scored_items(book),
        "usual": settings,
        "can_have_column": can_have_column,
        "address": path_address(here.course, playlist_id),
        "values": entered.values if entered else {},
        "came_back": entered is not None,
        "errors": entered.errors if entered else {},
        "notice": trouble_notice(request, trouble),
    }
    return pages.render(request, f"playlists/{page}.html", context, status_code=status_code)


# --- What is decided for all ------------------------------------------------------------------------------------------------


@router.post("/{playlist_id}/path/rulings")
async def decide(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Pin an item for everybody, never show an item or a competency, take a competency as known."""
    entered = Entered.of(await request.form())
    wish = forms.wish(entered, None)
    if entered.errors:
        return await _overview(request, here, database, clock, pages, playlist_id, entered=entered, status_code=422)
    async with database.writing() as session:
        await personals.rule(session, here.course, playlist_id, wish, here.visit.person_id, clock.now())
    await replanning.plan_some(database, here.course, clock.now())
    return see(path_address(here.course, playlist_id), Said.SAVED, "rulings")


@router.post("/{playlist_id}/path/rulings/{ruling_id}/end")
async def end_ruling(
    here: TeacherChanging, playlist_id: uuid.UUID, ruling_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """End a ruling; the tool chooses as before."""
    async with database.writing() as session:
        ended = await personals.end_ruling(
            session, here.course, playlist_id, ruling_id, here.visit.person_id, clock.now()
        )
        person_id = ended.person_id
        if person_id is not None:
            await monitor.seen(session, here, person_id)
    await replanning.plan_some(database, here.course, clock.now())
    address = path_address(here.course, playlist_id)
    return see(address if person_id is None else f"{address}/students/{person_id}", Said.SAVED, "rulings")


@router.post("/{playlist_id}/path/approve")
async def approve(
    request: Request, here: TeacherChanging, playlist_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Let students see what the tool proposed: ``person``, each with all of theirs."""
    form = await request.form()
    wanted = {str(one) for one in form.getlist("person")}
    async with database.writing() as session:
        people = [one.id for one in await visible_students(session, here) if str(one.id) in wanted]
        await personals.approve(session, here.course, playlist_id, people, here.visit.person_id, clock.now())
    return see(path_address(here.course, playlist_id), Said.APPROVED)
