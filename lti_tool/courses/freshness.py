"""Readings of the platform that a page waits for, but not for long.

A page that shows what the platform says has it read again when it is old. Pages that want the same at the same moment share
one reading; one that takes longer than a page can wait goes on behind it and is there at the next look.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta

from lti_tool.clock import Clock
from lti_tool.errors import ToolError
from lti_tool.web.i18n import N_

PATIENCE = 2.0
"""Seconds a page waits for a reading nobody has asked for."""

ASKED_PATIENCE = 8.0
"""Seconds a page waits for a reading that somebody asked for with a button."""

QUIET = timedelta(minutes=2)
"""How long nothing is read by itself after a failure: a platform that is down must not slow down every page."""

log = logging.getLogger(__name__)


class ReadingFailed(ToolError):
    """A reading failed in a way nobody foresaw; what it was stands in the log."""

    status = 424
    code = "reading-failed"
    title = N_("Something went wrong while asking your LMS")
    advice = N_("What was read before is kept. If it happens again, give your administrator the reference code below.")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a reading went: done unless ``late`` (still under way) or in ``trouble``."""

    trouble: ToolError | None = None
    late: bool = False

    @property
    def done(self) -> bool:
        """Whether what was read is there now."""
        return self.trouble is None and not self.late


class Readings:
    """The readings of one application that are under way, and those that have just failed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._under_way: dict[Hashable, asyncio.Task[ToolError | None]] = {}
        self._failed: dict[Hashable, tuple[datetime, ToolError]] = {}

    async def wait(
        self,
        key: Hashable,
        read: Callable[[], Awaitable[object]],
        *,
        asked: bool = False,
        patience: float | None = None,
    ) -> Outcome:
        """Have ``read`` done, or join the reading of this ``key`` under way, and wait for it a little.

        Without ``asked``, a reading that failed a moment ago is not tried again; its trouble is the outcome. Never raises what
        ``read`` raises.
        """
        task = self._under_way.get(key)
        if task is None:
            failed = self._failed.get(key)
            if not asked and failed is not None and timedelta(0) <= self._clock.now() - failed[0] < QUIET:
                return Outcome(trouble=failed[1])
            task = asyncio.create_task(self._read(key, read))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key, None))
        seconds = patience if patience is not None else (ASKED_PATIENCE if asked else PATIENCE)
        done, _ = await asyncio.wait({task}, timeout=seconds)
        return Outcome(trouble=task.result()) if done else Outcome(late=True)

    async def settled(self) -> None:
        """Wait until nothing is under way; for the end of the process and for tests."""
        while self._under_way:
            await asyncio.wait(set(self._under_way.values()))
            await asyncio.sleep(0)

    async def _read(self, key: Hashable, read: Callable[[], Awaitable[object]]) -> ToolError | None:
        trouble: ToolError
        try:
            await read()
        except ToolError as error:
            log.warning("could not be read", extra={"code": error.code, "detail": error.detail})
            trouble = error
        except Exception:
            # Nobody may be waiting any more who could be told; the page of those who are must come all the same.
            log.exception("reading failed", extra={"code": ReadingFailed.code})
            trouble = ReadingFailed()
        else:
            self._failed.pop(key, None)
            return None
        now = self._clock.now()
        self._failed = {other: said for other, said in self._failed.items() if now - said[0] < QUIET}
        self._failed[key] = (now, trouble)
        return trouble
