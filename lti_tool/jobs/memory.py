"""A runner that only remembers, for tests: what was nudged can be looked at, and run when the test says so."""

from collections.abc import Mapping
from datetime import timedelta

from lti_tool.jobs.runner import Task, log_failure


class RecordingRunner:
    """Remembers nudges in order; ``settled`` runs what was nudged, as the embedded runner would."""

    def __init__(self, tasks: Mapping[str, Task] | None = None) -> None:
        self._tasks = dict(tasks or {})
        self._waiting: dict[tuple[str, str], None] = {}
        self.nudges: list[tuple[str, str]] = []
        self.later: list[tuple[str, str, timedelta]] = []

    def nudge(self, task: str, key: str, *, after: timedelta = timedelta()) -> None:
        """Remember it, in ``nudges`` or, when it is for later, in ``later``."""
        if after > timedelta():
            self.later.append((task, key, after))
            return
        self.nudges.append((task, key))
        if task in self._tasks:
            self._waiting[task, key] = None

    async def settled(self) -> None:
        """Run each task that was nudged, until none is left."""
        while self._waiting:
            task, key = next(iter(self._waiting))
            del self._waiting[task, key]
            try:
                await self._tasks[task](key)
            except Exception as error:  # noqa: BLE001 - as the embedded runner does.
                log_failure(task, key, error)
