"""Canvas's connector: by recorded shapes, and by a real Canvas that ``LTI_TOOL_TEST_CANVAS_URL``, ``_TOKEN``, ``_COURSE`` name.

The answers in ``recorded/canvas`` were written from Canvas's documentation; each file names the pages.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from lti_tool.clock import ManualClock, SystemClock
from lti_tool.platforms.canvas_api import CanvasApi
from lti_tool.platforms.canvas_scopes import ALL
from lti_tool.platforms.credentials import FixedToken
from lti_tool.platforms.native import Capability, NoResult
from tests.native.conftest import Recorded, real_server
from tests.native.contract import Known, KnownItem, NativeCase, NativeContract
from tests.sandbox.canvas_course import BASE as SANDBOX
from tests.sandbox.canvas_course import Box, boxed, known_of

BASE = "https://school.instructure.com"

RECORDED = Known(
    items=(
        KnownItem("canvas:module-item:101", "heading", "Read first", "Week 1"),
        KnownItem("canvas:module-item:102", "page", "Halves and quarters", "Week 1", requirement="view"),
        KnownItem("canvas:module-item:103", "assignment", "Draw a half", "Week 1", "501", "submit"),
        KnownItem("canvas:module-item:104", "quiz", "Check 1", "Week 1", "502", "score"),
        KnownItem("canvas:module-item:105", "link", "Fraction wall", "Week 1"),
        KnownItem("canvas:module-item:201", "discussion", "Why not a whole?", "Week 2", "503", "contribute"),
        KnownItem("canvas:module-item:202", "quiz", "Check 2", "Week 2", "504", "score"),
        KnownItem("canvas:module-item:203", "file", "Worksheet.pdf", "Week 2", published=False),
        KnownItem("canvas:module-item:301", "page", "Fractions in the kitchen", "Cooking"),
        KnownItem("canvas:module-item:302", "tool", "Recipes", "Cooking"),
        KnownItem("canvas:assignment:505", "assignment", "Final project", "", "505"),
        KnownItem("canvas:assignment:506", "assignment", "Bring a ruler"),
        KnownItem("canvas:assignment:507", "assignment", "Poster in groups", "", "507", published=False),
        KnownItem("canvas:quiz:602", "quiz", "Warm-up"),
        KnownItem("canvas:page:403", "page", "Glossary", published=False),
        KnownItem("canvas:discussion:702", "discussion", "Questions and answers"),
        KnownItem("canvas:file:902", "file", "Number line.pdf"),
    ),
    percents={("501", "40"): 80.0, ("502", "40"): 100.0, ("502", "41"): 40.0, ("504", "40"): 75.0, ("505", "40"): 90.0},
    attempts={("502", "40"): 2, ("505", "40"): 1},
    gaps={
        ("501", "41"): NoResult.MISSING,
        ("501", "42"): NoResult.EXCUSED,
        ("502", "42"): NoResult.UNGRADED,
        ("503", "40"): NoResult.WAITING,
        ("504", "42"): NoResult.HIDDEN,
    },
    changed_at=datetime(2026, 9, 6, 8, tzinfo=UTC),
    completed=frozenset(
        (f"canvas:module-item:{item}", user)
        for user, items in {"40": (102, 103, 104, 202), "41": (102,)}.items()
        for item in items
    ),
    outcomes={"3001": "Compare two fractions", "3002": "Explains own thinking"},
    alignments=frozenset(
        {
            ("3001", "canvas:module-item:104"),
            ("3001", "canvas:assignment:505"),
            ("3002", "canvas:module-item:201"),
        }
    ),
    ratings={
        ("3001", "41"): (Decimal(2), Decimal(5)),
        ("3002", "40"): (Decimal(3), Decimal(5)),
    },
    groups={
        "Room 4": frozenset({"40", "41"}),
        "Room 5": frozenset({"42"}),
        "Red": frozenset({"40", "42"}),
    },
    people=frozenset(),
)


def refused(_request: httpx.Request) -> httpx.Response:
    """What Canvas answers to a dead token."""
    return httpx.Response(
        401,
        json={"errors": [{"message": "Invalid access token."}]},
        headers={"WWW-Authenticate": 'Bearer realm="canvas-lms"'},
    )


def recorded() -> NativeCase:
    return NativeCase(
        connector=CanvasApi(Recorded.of("canvas").http(), BASE, FixedToken("token"), ManualClock()),
        course_id="17",
        user_ids=("40", "41", "42"),
        dead=CanvasApi(
            httpx.AsyncClient(transport=httpx.MockTransport(refused)), BASE, FixedToken("old"), ManualClock()
        ),
        elsewhere="404404",
        able=frozenset(Capability) - {Capability.EVENTS},
        known=RECORDED,
    )


async def real(http: httpx.AsyncClient) -> NativeCase:
    """A course of a real Canvas; its students are asked for here, since the connector is told them by the tool."""
    url, token, course = real_server("CANVAS", "URL", "TOKEN", "COURSE")
    users: Any = await http.get(
        f"{url.rstrip('/')}/api/v1/courses/{course}/users",
        params={"enrollment_type[]": "student", "per_page": "20"},
        headers={"Authorization": f"Bearer {token}"},
    )
    clock = SystemClock()
    return NativeCase(
        connector=CanvasApi(http, url, FixedToken(token), clock),
        course_id=course,
        user_ids=tuple(str(row["id"]) for row in users.json()),
        dead=CanvasApi(http, url, FixedToken("dead"), clock),
        elsewhere="999999999999",
    )


async def sandbox(box: Box, http: httpx.AsyncClient, *, includes: bool) -> NativeCase:
    """The sandbox's course, with a teacher's token of a key that has all scopes; ``includes``: and allows include parameters."""
    token = await box.token("rivera", ALL, allows_includes=includes)
    return NativeCase(
        connector=CanvasApi(http, SANDBOX, FixedToken(token), box.clock),
        course_id=str(box.course.id),
        user_ids=box.students,
        dead=CanvasApi(http, SANDBOX, FixedToken(f"{token}x"), box.clock),
        elsewhere="404404",
        able=frozenset(Capability) - {Capability.EVENTS},
        # Canvas sends the history of attempts beside a list alone.
        known=await known_of(box, attempts=includes),
    )


@pytest.fixture(params=["recorded", "sandbox", "sandbox-without-includes", "real"])
async def native(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[NativeCase]:
    if request.param.startswith("sandbox"):
        async with boxed(tmp_path) as box, box.http() as http:
            yield await sandbox(box, http, includes=request.param == "sandbox")
    elif request.param == "recorded":
        yield recorded()
    else:
        async with httpx.AsyncClient(timeout=30) as http:
            yield await real(http)


class TestCanvas(NativeContract):
    pass
