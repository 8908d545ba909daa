"""An LMS that keeps dates for single students, and the pages that set them there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lti_tool.clock import ManualClock
from lti_tool.content import window_routes
from lti_tool.db.session import Database
from lti_tool.platforms.native import Capability, NativeTrouble, Window, WindowGiven
from lti_tool.web.routing import add_router
from tests.playlists.site import Lms, Site, a_site


@dataclass
class DatedLms(Lms):
    """Keeps one window for each item and user, as an LMS does; ``kept`` is what stands there."""

    offers = Lms.offers | {Capability.STUDENT_ACCESS}

    kept: dict[tuple[str, str], tuple[str, Window]] = field(default_factory=dict)
    refusing: NativeTrouble | None = None
    silent: NativeTrouble | None = None
    """Does what it is asked for, and the answer is lost."""
    calls: int = 0

    async def give_window(self, course_id: str, result_key: str, user_id: str, window: Window) -> WindowGiven:
        self.calls += 1
        if self.refusing is not None:
            raise self.refusing
        before: Mapping[str, Any] = {}
        name = f"override-{self.calls}"
        key = (result_key, user_id)
        if key in self.kept:
            name, there = self.kept[key]
            before = {"changed": [one.isoformat() if one else None for one in (there.due_at, there.closes_at)]}
        self.kept[key] = (name, window)
        if self.silent is not None:
            raise self.silent
        return WindowGiven(name, before)

    async def take_window_back(self, course_id: str, result_key: str, user_id: str, given: WindowGiven) -> None:
        self.calls += 1
        if self.refusing is not None:
            raise self.refusing
        key = (result_key, user_id)
        if key not in self.kept or self.kept[key][0] != given.external_id:
            return
        if given.before:
            self.kept[key] = (given.external_id, Window(closes_at=None))
        else:
            del self.kept[key]


async def a_dated_site(database: Database, clock: ManualClock) -> tuple[Site, DatedLms]:
    """The playlists' pages and those of dates, with such an LMS behind them."""
    site = await a_site(database, clock)
    lms = DatedLms(clock)
    site.lms = lms
    site.app.state.connectors = lms
    add_router(site.app, window_routes.router)
    return site, lms
