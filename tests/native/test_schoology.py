"""Schoology's connector: by recorded shapes, and by a real Schoology that ``LTI_TOOL_TEST_SCHOOLOGY_URL``, ``_KEY``, ``_SECRET``
and ``_COURSE`` (a section's number) name.

The answers in ``recorded/schoology`` were written from Schoology's documentation; each file names the pages.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from lti_tool.clock import ManualClock, SystemClock
from lti_tool.platforms.credentials import SignedCredentials
from lti_tool.platforms.native import Capability, NoResult
from lti_tool.platforms.schoology_api import SchoologyApi
from lti_tool.platforms.schoology_http import SchoologyHttp
from tests.native.conftest import Recorded, real_server
from tests.native.contract import Known, KnownItem, NativeCase, NativeContract

API = "https://api.schoology.com"
SECTION = "4318461"
KEY = SignedCredentials("key", "secret")

WEEK = "Week 1"
RECORDED = Known(
    items=(
        KnownItem("schoology:page:5825351", "page", "Halves and quarters", WEEK, requirement="other"),
        KnownItem("schoology:assignment:5699937", "assignment", "Draw a half", WEEK, "5699937", "other"),
        KnownItem("schoology:assessment:5699940", "quiz", "Check 1", WEEK, "5699940"),
        KnownItem("schoology:folder:117705", "heading", "More practice", WEEK),
        KnownItem("schoology:discussion:5692161", "discussion", "Why not a whole?", WEEK, "5692170"),
        KnownItem("schoology:package:5534085", "tool", "Golf Explained - CP Single SCO", WEEK),
        KnownItem("schoology:item:5534077", "link", "widget_like_320.zip", WEEK),
        KnownItem("schoology:document:5698291", "link", "Fraction wall", WEEK, published=False),
        KnownItem("schoology:document:5698293", "tool", "Number line", WEEK),
        KnownItem("schoology:media-album:77001", "page", "Photos of halves", WEEK),
        KnownItem("schoology:document:5698289", "file", "logo-1239021.jpg"),
        KnownItem("schoology:page:5825355", "page", "Next year", "Drafts", published=False),
        KnownItem("schoology:assignment:5699950", "assignment", "Final project", "", "5699950"),
    ),
    percents={
        ("5699937", "48289"): 80.0,
        ("5699940", "48289"): 90.0,
        ("5692170", "48289"): 100.0,
        ("5699937", "48291"): 72.5,
    },
    gaps={
        ("5699937", "48290"): NoResult.EXCUSED,
        ("5699940", "48290"): NoResult.MISSING,
        ("5692170", "48290"): NoResult.UNGRADED,
        ("5699940", "48291"): NoResult.WAITING,
        ("5699950", "48291"): NoResult.HIDDEN,
    },
    changed_at=datetime.fromtimestamp(1789000000, UTC),
    completed=frozenset({("schoology:page:5825351", "48289"), ("schoology:assignment:5699937", "48289")}),
    outcomes={"9001": "CCSS.MATH.3.NF.A.1", "9002": "Talks about fractions"},
    alignments=frozenset(
        {
            ("9001", "schoology:assignment:5699937"),
            ("9001", "schoology:page:5825351"),
            ("9001", "schoology:discussion:5692161"),
            ("9002", "schoology:discussion:5692161"),
        }
    ),
    ratings={},
    groups={"Grading Group 1": frozenset({"48289", "48290"}), "test": frozenset()},
    people=frozenset(),
)


async def no_sleep(_seconds: float) -> None:
    """Recorded answers need no pace."""


def dead() -> SchoologyApi:
    """A key that Schoology does not know, or not any more."""
    answers = httpx.MockTransport(lambda _request: httpx.Response(401, text="Invalid consumer key"))
    return SchoologyApi(httpx.AsyncClient(transport=answers), API, KEY, ManualClock(), sleep=no_sleep)


def recorded() -> NativeCase:
    http = Recorded.of("schoology").http()
    return NativeCase(
        connector=SchoologyApi(http, API, KEY, ManualClock(), sleep=no_sleep),
        course_id=SECTION,
        user_ids=("48289", "48290", "48291"),
        dead=dead(),
        elsewhere="404404",
        able=SchoologyApi.offers,
        known=RECORDED,
    )


async def real(http: httpx.AsyncClient) -> NativeCase:
    """A section of a real Schoology; its students are asked for here, since the connector is told them by the tool."""
    url, key, secret, section = real_server("SCHOOLOGY", "URL", "KEY", "SECRET", "COURSE")
    credentials, clock = SignedCredentials(key, secret), SystemClock()
    api = SchoologyHttp(http, url, credentials, clock)
    rows = [row async for row in api.rows(f"sections/{section}/enrollments", "enrollment")]
    return NativeCase(
        connector=SchoologyApi(http, url, credentials, clock),
        course_id=section,
        user_ids=tuple(str(row["uid"]) for row in rows if str(row["admin"]) == "0")[:20],
        dead=SchoologyApi(http, url, SignedCredentials("0" * 32, "0" * 32), clock),
        elsewhere="1",
    )


@pytest.fixture(params=["recorded", "real"])
async def native(request: pytest.FixtureRequest) -> AsyncIterator[NativeCase]:
    if request.param == "recorded":
        yield recorded()
    else:
        async with httpx.AsyncClient(timeout=30) as http:
            yield await real(http)


class TestSchoology(NativeContract):
    pass


def test_it_offers_what_schoology_has() -> None:
    assert Capability.EVENTS not in SchoologyApi.offers
    assert Capability.STUDENT_ACCESS not in SchoologyApi.offers
