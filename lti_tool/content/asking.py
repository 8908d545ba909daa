"""Asking the LMS how its quizzes and assignments went, without making a page wait for it.

A page asks when the last answer is older than ``FRESH``; how long it waits, and that pages which ask the same at the same
moment share one question, is the business of ``courses.freshness``. Whatever room asks, every room takes from the answer what
it is there for (``app.state.takers``). One student is asked about by themselves; the whole class is read as the course is read
in the background (``content.sync``), so that no page reads what is being read already.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fastapi import Request

from lti_tool.clock import Clock
from lti_tool.content import service
from lti_tool.content.connectors import Connectors, NotConnected
from lti_tool.content.service import Gradebook
from lti_tool.content.sync.pages import freshen, not_ready, reader_of, takers_of, until_free
from lti_tool.content.taking import GradebookTaker
from lti_tool.courses.freshness import Outcome
from lti_tool.courses.models import Course
from lti_tool.courses.roster import readings
from lti_tool.db.session import Database

FRESH = timedelta(seconds=20)
"""How long an answer counts as the present one."""

_Key = tuple[str, uuid.UUID, uuid.UUID, uuid.UUID | None]


@dataclass
class Answers:
    """When each course, or student of a course, was last asked about; one for each application."""

    at: dict[_Key, datetime] = field(default_factory=dict)

    def is_fresh(self, key: _Key, now: datetime) -> bool:
        """Whether the last answer is young enough. A clock that went back makes none younger."""
        last = self.at.get(key)
        return last is not None and timedelta(0) <= now - last < FRESH

    def note(self, key: _Key, now: datetime) -> None:
        """An answer came; those that are old are forgotten."""
        self.at = {other: at for other, at in self.at.items() if now - at < FRESH}
        self.at[key] = now


async def bring_gradebook(
    request: Request,
    course: Course,
    person_id: uuid.UUID | None = None,
    *,
    asked: bool = False,
    takers: Sequence[GradebookTaker] = (),
) -> Outcome:
    """Bring in what the gradebook says of one student, or of all the course's students, if the last answer is old or somebody
    ``asked``. ``takers`` take it where the application names none.

    Trouble is in the outcome, never raised. A school that gave no access to its LMS's own API has nothing to bring in, which
    is no trouble: its steps are marked by students and teachers.
    """
    state = request.app.state
    database: Database = state.database
    connectors: Connectors = state.connectors
    clock: Clock = state.clock
    answers: Answers | None = getattr(state, "result_answers", None)
    if answers is None:
        answers = state.result_answers = Answers()
    key: _Key = ("results", course.organisation_id, course.id, person_id)
    if not asked and answers.is_fresh(key, clock.now()):
        return Outcome()

    async def read_one(person_id: uuid.UUID) -> None:
        connected = True
        try:
            found = await service.gradebook(database, connectors, course, [person_id])
        except NotConnected:
            connected, found = False, Gradebook()
        answers.note(key, clock.now())
        for take in takers_of(request, takers).gradebook:
            await take(database, course, found, clock.now())
        if connected:
            await freshen(request, course)

    async def read_all() -> None:
        trouble = await not_ready(request, course)
        if isinstance(trouble, NotConnected):
            answers.note(key, clock.now())
            return
        if trouble is not None:
            raise trouble
        if await reader_of(request, takers).read_results(course) is None:
            await until_free(request, course, contents=False)
        answers.note(key, clock.now())
        await freshen(request, course)

    async def read() -> None:
        await (read_all() if person_id is None else read_one(person_id))

    return await readings(request).wait(key, read, asked=asked)
