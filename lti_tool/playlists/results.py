"""Asking the LMS how its quizzes and assignments went, without making a page wait for it.

A page asks when the last answer is older than ``FRESH`` and waits at most ``PATIENCE``. What takes longer goes on behind
the page and is there at the next look. Pages that ask the same at the same moment share one question.
"""

import asyncio
import logging
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lti_tool.clock import Clock
from lti_tool.content import service as content
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.errors import ToolError
from lti_tool.playlists import service

FRESH = timedelta(seconds=20)
"""How long an answer counts as the present one."""

PATIENCE = 2.5
"""Seconds a page waits for the LMS."""

_Key = tuple[uuid.UUID, uuid.UUID, uuid.UUID | None]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking: ``trouble`` when the LMS could not be asked, ``late`` when it has not answered yet."""

    trouble: ToolError | None = None
    late: bool = False


@dataclass
class ResultsDesk:
    """Where pages ask; one for each application. It holds what was asked when, and the questions under way."""

    database: Database
    connectors: Any
    clock: Clock
    patience: float = PATIENCE
    _asked: dict[_Key, tuple[datetime, ToolError | None]] = field(default_factory=dict)
    _under_way: dict[_Key, asyncio.Task[ToolError | None]] = field(default_factory=dict)

    async def ask(self, course: Course, person_id: uuid.UUID | None = None, *, now: bool = False) -> Answer:
        """Bring in the results of one student, or of all the course's students.

        With ``now``, an answer that is still fresh is asked for again. Never raises what the LMS or the network did.
        """
        key: _Key = (course.organisation_id, course.id, person_id)
        last = self._asked.get(key)
        if last is not None and not now and self.clock.now() - last[0] < FRESH:
            return Answer(trouble=last[1])
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._bring_in(course, person_id))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        done, _ = await asyncio.wait({task}, timeout=self.patience)
        if not done:
            return Answer(late=True)
        return Answer(trouble=task.result())

    async def settled(self) -> None:
        """Wait until no question is under way; for the end of the process and for tests."""
        while self._under_way:
            await asyncio.wait(set(self._under_way.values()))
            await asyncio.sleep(0)

    async def _bring_in(self, course: Course, person_id: uuid.UUID | None) -> ToolError | None:
        trouble: ToolError | None = None
        try:
            results = await content.results(
                self.database, self.connectors, course, None if person_id is None else [person_id]
            )
            async with self.database.reading() as session:
                fresh = await service.news(session, course, results)
            if fresh:
                async with self.database.writing() as session:
                    await service.take_results(session, course, fresh, self.clock.now())
        except ToolError as error:
            log.warning("could not ask for results", extra={"code": error.code, "detail": error.detail})
            trouble = error
        except Exception:
            # The page this serves must come all the same, and no one awaits the question when the page has gone ahead.
            log.exception("asking for results failed", extra={"code": "results-failed"})
            trouble = ToolError(code="results-failed")
        self._remember((course.organisation_id, course.id, person_id), trouble)
        return trouble

    def _remember(self, key: _Key, trouble: ToolError | None) -> None:
        now = self.clock.now()
        self._asked = {other: said for other, said in self._asked.items() if now - said[0] < FRESH}
        self._asked[key] = (now, trouble)
