"""Asking the LMS how its quizzes and assignments went, without making a page wait for it.

A page asks when the last answer is older than ``FRESH``; how long it waits, and that pages which ask the same at the same
moment share one question, is the business of ``courses.freshness``. Whatever room asks, every room takes from the answer what
it is there for (``app.state.gradebook_takers``).
"""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fastapi import Request

from lti_tool.clock import Clock
from lti_tool.content import service
from lti_tool.content.connectors import Connectors, NotConnected
from lti_tool.content.service import Gradebook
from lti_tool.courses.freshness import Outcome
from lti_tool.courses.models import Course
from lti_tool.courses.roster import readings
from lti_tool.db.session import Database

FRESH = timedelta(seconds=20)
"""How long an answer counts as the present one."""

Taker = Callable[[Database, Course, Gradebook, datetime], Awaitable[None]]
"""Takes what its room is there for from a gradebook, in transactions of its own; twice is once."""

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
    takers: Sequence[Taker] = (),
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
    everybody: Sequence[Taker] = getattr(state, "gradebook_takers", takers)

    async def read() -> None:
        people = None if person_id is None else [person_id]
        try:
            found = await service.gradebook(database, connectors, course, people)
        except NotConnected:
            found = Gradebook()
        answers.note(key, clock.now())
        for take in everybody:
            await take(database, course, found, clock.now())

    return await readings(request).wait(key, read, asked=asked)
