"""The builder's page, and a teacher's change to a template: tried, and answered by that page.

Without script every change answers with a redirect to the place on the page where it was made; what is refused shows the page
again with the reason and what was entered, also where somebody else was quicker: nobody types twice.
"""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.datastructures import FormData
from starlette.responses import Response

from lti_tool.courses.access import InCourse, TeacherChanging
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.errors import NotFound, ToolError
from lti_tool.ids import new_id
from lti_tool.learners.models import Support
from lti_tool.lti.sessions import by_script
from lti_tool.playlists import building, changing, forms
from lti_tool.playlists.changes import What
from lti_tool.playlists.forms import Entered
from lti_tool.playlists.replies import Said, notice, playlist_address
from lti_tool.playlists.templates import Section, Template
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.pages import Pages
from lti_tool.web.replies import see, trouble_notice


async def builder_page(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    playlist_id: uuid.UUID,
    *,
    trouble: ToolError | None = None,
    entered: Entered | None = None,
    open_step: uuid.UUID | None = None,
    status_code: int = 200,
) -> Response:
    """The builder as it stands; with what went wrong and what was entered, when a form came back."""
    async with database.reading() as session:
        shown = await building.builder(session, here, playlist_id)
        one = None
        if open_step is not None and any(step.id == open_step for step in shown.template.steps):
            one = await building.one_step(session, here, playlist_id, open_step)
    if one is not None and one.names_somebody:
        async with database.writing() as session:
            building.note_look(session, here, one.step.id, request.app.state.clock.now())
    refused = trouble_notice(request, trouble)
    # What was wrong with a step or a section is said at its form, which may be far down the page.
    at_form = one is not None or any(section.id == open_step for section in shown.template.sections)
    context: dict[str, Any] = {
        "shown": shown,
        "playlist": shown.playlist,
        "one": one,
        "adds_to": _adds_to(request, entered, shown),
        "address": playlist_address(here.course, playlist_id),
        "notice": None if refused and at_form else refused or notice(request),
        "trouble": refused if at_form else None,
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "open_step": open_step,
        "supports": list(Support),
        "now": request.app.state.clock.now(),
        "new_id": new_id,
    }
    return pages.render(request, "playlists/edit.html", context, status_code=status_code)


def _adds_to(request: Request, entered: Entered | None, shown: building.Builder) -> Section | None:
    """The section that new steps go to: the one that was asked for, else the last one."""
    sections = shown.template.sections
    asked = entered.values.get("section", "") if entered else request.query_params.get("add", "")
    for section in sections:
        if str(section.id) == asked:
            return section
    return sections[-1] if sections and asked != forms.NO_SECTION else None


@dataclass(frozen=True, slots=True)
class Edit:
    """A form that changes a template: which one, as of which revision, when and by whom."""

    request: Request
    here: InCourse
    playlist_id: uuid.UUID
    form: FormData
    entered: Entered
    revision: int
    now: datetime
    database: Database
    pages: Pages

    @property
    def which(self) -> tuple[Course, uuid.UUID, int]:
        """What ``editing`` and ``changing`` ask for first: course, playlist and the revision that the page was made from."""
        return self.here.course, self.playlist_id, self.revision

    @property
    def when(self) -> tuple[datetime, uuid.UUID | None]:
        """What they ask for last: when, and by whom."""
        return self.now, self.here.visit.person_id

    async def answer(
        self,
        change: Callable[[AsyncSession], Awaitable[object]],
        said: Said | None,
        *,
        anchor: str | None = None,
        open_step: uuid.UUID | None = None,
        **more: object,
    ) -> Response:
        """Make a change and go back to where it was made; the builder with the reason where it is refused."""
        trouble: ToolError | None = None
        if not self.entered.errors:
            try:
                async with self.database.writing() as session:
                    await change(session)
            except NotFound:
                raise
            except ToolError as refused:
                if by_script(self.request):
                    raise  # The page puts back what it showed, and says this error's words.
                trouble = refused
            else:
                return see(playlist_address(self.here.course, self.playlist_id), said, anchor, **more)
        return await builder_page(
            self.request,
            self.here,
            self.database,
            self.pages,
            self.playlist_id,
            trouble=trouble,
            entered=self.entered,
            open_step=open_step,
            status_code=trouble.status if trouble is not None else 422,
        )

    def of_template(
        self, what: What, make: Callable[[Template], Template]
    ) -> Callable[[AsyncSession], Awaitable[object]]:
        """A change of the template's value alone, for ``answer``."""
        return lambda session: changing.change(session, *self.which, what, make, *self.when)


async def _edit(
    request: Request,
    here: TeacherChanging,
    playlist_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Edit:
    form = await request.form()
    entered = Entered.of(form)
    return Edit(request, here, playlist_id, form, entered, entered.revision(), clock.now(), database, pages)


Editing = Annotated[Edit, Depends(_edit)]
"""The form of a teacher who changes a template. BadRequest where it does not name the revision it was made from."""
