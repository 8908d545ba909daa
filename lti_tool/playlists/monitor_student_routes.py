"""One student's path for their teachers: with its evidence, what was asked and said, and what can be done for them alone."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.clock import Clock
from lti_tool.content import service as content
from lti_tool.content import student_dates
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.models import Course, Person
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


@dataclass(frozen=True, slots=True)
class _Student:
    """Whose path a teacher's request is about, and what answers it."""

    request: Request
    here: InCourse
    playlist_id: uuid.UUID
    person_id: uuid.UUID
    database: Database
    clock: Clock
    pages: Pages

    @property
    def which(self) -> tuple[Course, uuid.UUID, uuid.UUID]:
        """What ``service`` asks for first: course, playlist and student."""
        return self.here.course, self.playlist_id, self.person_id

    @property
    def when(self) -> tuple[uuid.UUID | None, datetime]:
        """What it asks for last: by whom, and when."""
        return self.here.visit.person_id, self.now

    @property
    def now(self) -> datetime:
        """The present moment, in UTC."""
        return self.clock.now()

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[tuple[AsyncSession, Person]]:
        """A transaction for a change, with the student. Raises NotFound for one whom this teacher may not see."""
        async with self.database.writing() as session:
            yield session, await monitor.seen(session, self.here, self.person_id)

    async def playlist(self) -> Playlist:
        """The playlist, with a copy for who came late; what the tool chooses is brought up to what is known now."""
        playlist = await assigned(self.database, self.here, self.playlist_id)
        if playlist is None:
            raise NotFound("the playlist is not assigned")
        await everybody_has_a_copy(self.database, self.here, self.clock)
        async with self.database.reading() as session:
            await monitor.seen(session, self.here, self.person_id)
        await replanning.up_to_date(self.database, self.here.course, self.person_id, self.now)
        return playlist

    @property
    def address(self) -> str:
        """Their page."""
        return student_address(*self.which)

    def back(self, said: Said, anchor: str | None = None) -> Response:
        """To their page."""
        return see(self.address, said, anchor)


async def _looked_at(
    request: Request,
    here: TeacherIn,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> _Student:
    return _Student(request, here, playlist_id, person_id, database, clock, pages)


async def _changed(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> _Student:
    return _Student(request, here, playlist_id, person_id, database, clock, pages)


_Looking = Annotated[_Student, Depends(_looked_at)]
_Changing = Annotated[_Student, Depends(_changed)]


@router.get("", name="playlist_student")
async def student(one: _Looking) -> Response:
    """One student's path with who said that each step is done, what was asked and said, and why. The look is recorded."""
    return await _page(one)


async def _page(one: _Student, entered: Entered | None = None, status_code: int = 200) -> Response:
    playlist = await one.playlist()
    here, course = one.here, one.here.course
    with i18n.speaking(language_of(one.request)), i18n.in_zone(here.visit.shown_zone):
        async with one.database.writing() as session:
            page = await monitor_student.student_page(session, here, playlist, one.person_id, one.now)
            await session.flush()
            session.expunge_all()
    leads_to = [step.content_item_id for step in page.view.path.present if step.content_item_id is not None]
    context: dict[str, Any] = {
        "display_name": display_name,
        "page": page,
        "own_dates": await student_dates.of_student(one.request, here, one.database, one.person_id, leads_to),
        "person": page.person,
        "playlist": playlist,
        "view": page.view,
        "score": page.score,
        "standings": words.STANDINGS,
        "trouble_words": words.words_for,
        "home": f"/courses/{course.id}",
        "address": playlist_address(course, one.playlist_id),
        "here": one.address,
        "outcomes": OUTCOMES,
        "other_choices": [(str(other.id), other.title) for other in page.others],
        "most": MOST_WORDS,
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "notice": notice(one.request),
        "now": one.now,
    }
    return one.pages.render(one.request, "playlists/student.html", context, status_code=status_code)


@router.get("/as-they-see-it", name="playlist_as_they_see_it")
async def as_they_see_it(one: _Looking) -> Response:
    """The student's own page, to look at: nothing on it acts, and nothing counts as seen by it. The look is recorded."""
    playlist = await one.playlist()
    course, zone = one.here.course, one.here.visit.shown_zone
    async with one.database.writing() as session:
        person, view, own_forms = await monitor_student.own_view(session, one.here, playlist, one.person_id, one.now)
        page = await showing.path_page(session, course, view, one.now, zone=zone)
        await session.flush()
        session.expunge_all()
    context: dict[str, Any] = {
        "display_name": display_name,
        "person": person,
        "page": page,
        "view": page.view,
        "own_forms": own_forms,
        "playlist": playlist,
        "address": playlist_address(course, one.playlist_id),
        "here": one.address,
        "now": one.now,
    }
    return one.pages.render(one.request, "playlists/as_they_see_it.html", context)


# --- Steps ----------------------------------------------------------------------------------------------------------


@router.post("/steps/{step_id}/done")
async def sign_off(one: _Changing, step_id: uuid.UUID) -> Response:
    """Sign a step off for a student."""
    async with one.changing() as (session, _):
        await service.sign_off(session, *one.which, step_id, *one.when)
    return one.back(Said.MARKED, f"step-{step_id}")


@router.post("/steps/{step_id}/not-done")
async def take_back(one: _Changing, step_id: uuid.UUID) -> Response:
    """Ask a student to look at a step again."""
    async with one.changing() as (session, _):
        await service.take_back(session, *one.which, step_id, *one.when)
    return one.back(Said.TAKEN_BACK, f"step-{step_id}")


@router.get("/give", name="playlist_give")
async def give(one: _Looking) -> Response:
    """The form for a step that this student alone is given."""
    return await _give_page(one)


async def _give_page(one: _Student, entered: Entered | None = None, status_code: int = 200) -> Response:
    playlist = await one.playlist()
    here, course = one.here, one.here.course
    async with one.database.reading() as session:
        person = await monitor.seen(session, here, one.person_id)
        items = await content.items(session, here.organisation_id, course.id)
    context: dict[str, Any] = {
        "display_name": display_name,
        "person": person,
        "playlist": playlist,
        "item_choices": [(str(item.id), item.title) for item in items if editing.can_be_a_step(item)],
        "step_id": new_id(),
        "address": playlist_address(course, one.playlist_id),
        "here": one.address,
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
    }
    return one.pages.render(one.request, "playlists/give.html", context, status_code=status_code)


@router.post("/give")
async def give_step(one: _Changing) -> Response:
    """Give this student a step of their own: something of the course, or something away from the screen."""
    entered = Entered.of(await one.request.form())
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
        return await _give_page(one, entered, 422)
    async with one.changing() as (session, _):
        await service.add_for_student(session, *one.which, wanted, *one.when)
    return one.back(Said.GIVEN_STEP)


@router.post("/steps/{step_id}/take-out")
async def take_out(one: _Changing, step_id: uuid.UUID) -> Response:
    """Take a step that this student alone has off their path."""
    async with one.changing() as (session, _):
        await service.remove_for_student(session, *one.which, step_id, *one.when)
    return one.back(Said.STEP_TAKEN_OUT)


@router.post("/steps/{step_id}/leave-out")
async def leave_out(one: _Changing, step_id: uuid.UUID) -> Response:
    """Take a step that everybody has out for this student alone."""
    async with one.changing() as (session, _):
        await service.leave_out(session, *one.which, step_id, *one.when)
    return one.back(Said.STEP_LEFT_OUT, "left-out")


@router.post("/steps/{step_id}/put-back")
async def put_back(one: _Changing, step_id: uuid.UUID) -> Response:
    """Have a step that was out for this student on their path again; where that lowers a score that stands, ask first."""
    may_lower = Entered.of(await one.request.form()).values.get("may_lower") == "yes"
    try:
        async with one.changing() as (session, person):
            await service.put_back(session, *one.which, step_id, *one.when, may_lower=may_lower)
    except service.LowersScore as lower:
        context = {"name": display_name(person), "lower": lower, "address": one.address, "step_id": step_id}
        return one.pages.render(one.request, "playlists/put_back.html", context)
    return one.back(Said.STEP_PUT_BACK, f"step-{step_id}")


# --- Words and playlists ----------------------------------------------------------------------------------------------


@router.post("/words")
async def say(one: _Changing) -> Response:
    """Say something to the student about a step, or about the whole path."""
    entered = Entered.of(await one.request.form())
    step_id = entered.made_id("step")
    text = entered.text("text", MOST_WORDS, N_("Please write what you want to say."))
    if entered.errors:
        return await _page(one, entered, 422)
    async with one.database.writing() as session:
        await monitor_saying.comment(session, one.here, one.playlist_id, one.person_id, step_id, text, one.now)
    return one.back(Said.COMMENTED, f"step-{step_id}" if step_id else "said")


@router.post("/playlists")
async def give_playlist(one: _Changing) -> Response:
    """Give the student another playlist as well."""
    other = parsed(uuid.UUID, Entered.of(await one.request.form()).values.get("playlist", ""))
    async with one.database.writing() as session:
        await monitor_student.give_playlist(session, one.here, other, one.person_id, one.now)
    return see(student_address(one.here.course, other, one.person_id), Said.GIVEN_PLAYLIST)
