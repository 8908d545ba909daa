"""What a student and their family see: the paths, the one next step, and why it is next."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from lti_tool.checks import my_list
from lti_tool.clock import Clock
from lti_tool.courses.access import InCourse, ObserverIn, StudentChanging, StudentIn
from lti_tool.courses.freshness import Outcome
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.errors import ToolError
from lti_tool.playlists import others, replanning, service, showing, views
from lti_tool.playlists.forms import Entered
from lti_tool.playlists.path_models import RequestKind
from lti_tool.playlists.replies import Said, came_of, my_address, notice
from lti_tool.playlists.results import bring_results
from lti_tool.playlists.showing import PathPage
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, say
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}")

SKIP_REASONS = {
    "known": N_("I know this already."),
    "too-hard": N_("It is too hard for me at the moment."),
    "other-way": N_("I learn it better another way."),
    "cannot-now": N_("I do not have what I need for it."),
    "other": N_("Something else."),
}
"""Why a student passes a step over, by the word of the form. What they add in their own words is kept beside it."""


# --- Reading ----------------------------------------------------------------------------------------------------------


async def my_views(database: Database, here: InCourse, clock: Now) -> list[views.PathView]:
    """All paths of the student who is here."""
    async with database.reading() as session:
        paths = await service.paths_of_person(session, here.course, here.person_id, clock.now(), as_student=True)
        return await showing.path_views(session, here.course, paths)


async def bring_up_to_date(database: Database, here: InCourse, clock: Now) -> None:
    """What has come about since the last look: copies of what was assigned, steps done by what is known, paths planned anew.

    Not by somebody who acts as the student: they look, and change nothing.
    """
    if here.visit.masquerading:
        return
    async with database.reading() as session:
        late = await service.missing_copies(session, here.course, [here.person_id])
    if late:
        async with database.writing() as session:
            await service.ensure_copies(session, here.course, clock.now(), [here.person_id])
    async with database.reading() as session:
        paths = await service.paths_of_person(session, here.course, here.person_id, clock.now())
        moves = any(service.mastery_moves(path, clock.now()) for path in paths)
    if moves:
        async with database.writing() as session:
            await service.settle_mastery(session, here.course, [here.person_id], clock.now())
    await replanning.up_to_date(database, here.course, here.person_id, clock.now())


async def page_of(
    database: Database, here: InCourse, copy_id: uuid.UUID, shown: list[views.PathView], clock: Now
) -> PathPage:
    """Everything that the page of one of these paths shows. Raises NotFound and PlaylistRemoved."""
    view = next((view for view in shown if view.path.copy.id == copy_id), None)
    async with database.reading() as session:
        if view is None:
            path = await service.path_of_person(
                session, here.course, here.person_id, copy_id, clock.now(), as_student=True
            )
            view = (await showing.path_views(session, here.course, [path]))[0]
        other = sorted((one for one in shown if one is not view), key=lambda one: one.progress.is_finished)
        page = await showing.path_page(session, here.course, view, clock.now(), other=other, zone=here.visit.shown_zone)
        session.expunge_all()
    return page


# --- Pages ------------------------------------------------------------------------------------------------------------


@router.get("/my", name="my_playlists")
async def my_playlists(
    request: Request, here: StudentIn, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """A student's playlists; the only one opens by itself."""
    await bring_up_to_date(database, here, clock)
    if not here.visit.masquerading:
        for room in others.rooms(request):
            await room.update(database, here.course, here.person_id, clock.now())
    shown = await my_views(database, here, clock)
    besides = await others.of_person(request, here.course, here.person_id)
    if len(shown) + len(besides) == 1:
        return see(my_address(here.course, shown[0].path.copy.id) if shown else besides[0].address)
    # What is still to do comes first, in the order in which it was assigned.
    shown.sort(key=lambda view: view.progress.is_finished)
    return pages.render(
        request,
        "playlists/my.html",
        {
            "views": shown,
            "others": besides,
            "home": my_address(here.course),
            "my_checks": _checks_address(here, shown) or await _taken(database, here),
            "now": clock.now(),
        },
    )


def _checks_address(here: InCourse, shown: Sequence[views.PathView]) -> str | None:
    """Where the student's checks are listed; None where no step of these paths is one."""
    led = any(step.is_ours for view in shown for step in view.steps)
    return f"/courses/{here.course.id}/my-checks" if led else None


async def _taken(database: Database, here: InCourse) -> str | None:
    """The same for who has taken a check, wherever they came to it from."""
    async with database.reading() as session:
        taken = await my_list.has_any(session, here.course, here.person_id)
    return f"/courses/{here.course.id}/my-checks" if taken else None


@router.get("/my/{copy_id}", name="my_playlist")
async def my_playlist(
    request: Request, here: StudentIn, copy_id: uuid.UUID, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """One next step and why it is next; below it the whole path."""
    await bring_up_to_date(database, here, clock)
    answer = await _asked_for_results(request, here, copy_id, database, clock)
    shown = await my_views(database, here, clock)
    page = await page_of(database, here, copy_id, shown, clock)
    return pages.render(request, "playlists/path.html", _context(request, here, page, clock, answer))


async def _asked_for_results(
    request: Request, here: InCourse, copy_id: uuid.UUID, database: Database, clock: Now
) -> Outcome:
    shown = await my_views(database, here, clock)
    awaits = any(view.awaits_result for view in shown if view.path.copy.id == copy_id)
    if not awaits or here.visit.masquerading:
        return Outcome()
    return await bring_results(request, here.course, here.person_id)


def _context(request: Request, here: InCourse, page: PathPage, clock: Now, answer: Outcome) -> dict[str, Any]:
    return {
        "page": page,
        "view": page.view,
        "answer": answer,
        "home": my_address(here.course) if page.other else None,
        "address": my_address(here.course, page.view.path.copy.id),
        "mine": my_address(here.course),
        "my_map": f"/courses/{here.course.id}/my-map",
        "my_checks": _checks_address(here, [page.view, *page.other]),
        "notice": notice(request),
        "asked_about": _asked_about(request, page.view),
        "now": clock.now(),
        "kept": None,
        "can_act": not here.visit.masquerading,
        "reasons": SKIP_REASONS,
    }


async def show(
    request: Request,
    here: InCourse,
    copy_id: uuid.UUID,
    database: Database,
    clock: Now,
    pages: Pages,
    *,
    step_id: uuid.UUID | None,
    field: str,
    text: str,
    trouble: ToolError,
) -> Response:
    """The page again after a form that was not accepted: what went wrong, and what was written, in its place.

    ``field`` names the form, ``text`` is what was written. Where the form is not there any more, it is shown at the top.
    """
    shown = await my_views(database, here, clock)
    page = await page_of(database, here, copy_id, shown, clock)
    title, advice = say(request, trouble)
    there = next((one for one in page.view.steps if one.step.id == step_id), None)
    context = _context(request, here, page, clock, Outcome())
    context["kept"] = {
        "step": step_id if there is not None else None,
        "field": field,
        "text": text,
        "trouble": f"{title}. {advice}",
        "shown": _has_place(there, field, page) if there is not None else step_id is None and field == "help",
    }
    return pages.render(request, "playlists/path.html", context, status_code=trouble.status)


def _has_place(view: views.StepView, field: str, page: PathPage) -> bool:
    """Whether the page shows the form that was not accepted again, at its step."""
    if (view.is_done and field != "words") or view.is_locked:
        return False
    if field == "words":
        return view.takes_words
    if field == "skip":
        return view.can_be_skipped
    if field == "conference" and not view.is_talk:
        return False
    return field in ("help", "conference") and page.conversation.waiting(view.step.id, RequestKind(field)) is None


def _asked_about(request: Request, view: views.PathView) -> views.StepView | None:
    """The step whose result the student has just asked for, where the LMS answered."""
    if request.query_params.get("said") != Said.ASKED:
        return None
    return next((one for one in view.steps if str(one.step.id) == request.query_params.get("step")), None)


@dataclass(frozen=True, slots=True)
class OwnForm:
    """A form on a student's own path, as it came in: whose path, what was entered, and when."""

    request: Request
    here: InCourse
    copy_id: uuid.UUID
    entered: Entered
    database: Database
    clock: Clock
    pages: Pages

    @property
    def which(self) -> tuple[Course, uuid.UUID, uuid.UUID]:
        """What ``service`` asks for first: course, student and copy."""
        return self.here.course, self.here.person_id, self.copy_id

    @property
    def now(self) -> datetime:
        """The present moment, in UTC."""
        return self.clock.now()

    @property
    def written(self) -> str:
        """What the student wrote."""
        return self.entered.values.get("words", "")

    @property
    def address(self) -> str:
        """Where the form leads back to: the path's page, or its light version, which says so in the form."""
        light = "/light" if self.entered.values.get("light") == "yes" else ""
        return my_address(self.here.course, self.copy_id) + light

    async def again(self, step_id: uuid.UUID | None, field: str, trouble: ToolError) -> Response:
        """The page again with why the form was not accepted and with what was written, in its place; see ``show``."""
        return await show(
            self.request,
            self.here,
            self.copy_id,
            self.database,
            self.clock,
            self.pages,
            step_id=step_id,
            field=field,
            text=self.written,
            trouble=trouble,
        )


async def _own_form(
    request: Request,
    here: StudentChanging,
    copy_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> OwnForm:
    return OwnForm(request, here, copy_id, Entered.of(await request.form()), database, clock, pages)


OnOwnPath = Annotated[OwnForm, Depends(_own_form)]
"""The form of a student who does something on their own path, ``{copy_id}``."""


@router.post("/my/{copy_id}/check")
async def check(form: OnOwnPath) -> Response:
    """Ask the LMS for this student's results again now."""
    async with form.database.reading() as session:
        await service.path_of_person(session, *form.which, form.now)
    outcome = await bring_results(form.request, form.here.course, form.here.person_id, asked=True)
    return see(form.address, came_of(outcome), step=form.entered.made_id("step"))


# --- Family -----------------------------------------------------------------------------------------------------------


@router.get("/family", name="family")
async def family(
    request: Request, here: ObserverIn, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """The paths of those an observer is linked to, to read and nothing else."""
    people: list[dict[str, Any]] = []
    async with database.reading() as session:
        for person in here.observed:
            paths = await service.paths_of_person(session, here.course, person.id, clock.now())
            shown = await showing.path_views(session, here.course, paths)
            read = [
                await showing.path_page(
                    session, here.course, view, clock.now(), zone=here.visit.shown_zone, to_read=True
                )
                for view in shown
            ]
            people.append({"person": person, "pages": read})
    for entry in people:
        entry["others"] = await others.of_person(request, here.course, entry["person"].id)
        session.expunge_all()
    return pages.render(request, "playlists/family.html", {"people": people, "now": clock.now()})
