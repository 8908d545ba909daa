"""Which dates each LMS keeps for one student on what, so that no page offers another."""

import httpx
import pytest

from lti_tool.clock import ManualClock
from lti_tool.platforms.canvas_api import CanvasApi
from lti_tool.platforms.credentials import FixedToken
from lti_tool.platforms.moodle_api import MoodleApi
from lti_tool.platforms.native import WINDOW_DATES, NativeConnector, Window

BASE = "https://lms.example"


@pytest.mark.parametrize(
    ("url", "dates"),
    [
        (f"{BASE}/mod/quiz/view.php?id=7", {"opens_at", "closes_at"}),
        (f"{BASE}/mod/assign/view.php?id=7", {"due_at"}),
        (f"{BASE}/mod/workshop/view.php?id=7", set()),
        (None, set()),
    ],
    ids=["quiz", "assign", "workshop", "nowhere"],
)
async def test_moodle_keeps_what_its_activity_has(url: str | None, dates: set[str]) -> None:
    async with httpx.AsyncClient() as http:
        assert MoodleApi(http, BASE, FixedToken("t"), ManualClock()).window_dates("assignment", url) == dates


async def test_canvas_keeps_them_all() -> None:
    async with httpx.AsyncClient() as http:
        assert CanvasApi(http, BASE, FixedToken("t"), ManualClock()).window_dates("quiz", None) == WINDOW_DATES


def test_dates_are_those_of_a_window() -> None:
    assert all(hasattr(Window(), name) for name in NativeConnector().window_dates("quiz", None))
