"""The content pages, on each of the two databases, with a Canvas behind them."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from lti_tool.clock import ManualClock
from lti_tool.content import routes
from lti_tool.content.models import ContentItem
from lti_tool.content.service import connect
from lti_tool.courses.models import Course
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from tests.courses.school import NOW, School
from tests.courses.site import SECRET, Site, a_site

HOST = "school.instructure.com"
BASE = f"https://{HOST}"
CUSTOM = {"canvas_course_id": "17", "canvas_api_domain": HOST, "canvas_user_id": "40"}


@dataclass
class Canvas:
    """A course in Canvas that a test can change: modules with items, assignments, submissions."""

    site: Site
    modules: list[dict[str, Any]] = field(default_factory=list)
    assignments: list[dict[str, Any]] = field(default_factory=list)
    submissions: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        answers = self.site.lms.answers
        answers["/api/v1/courses/17/modules"] = lambda _: httpx.Response(200, json=self.modules)
        answers["/api/v1/courses/17/assignments"] = lambda _: httpx.Response(200, json=self.assignments)
        answers["/api/v1/courses/17/students/submissions"] = lambda _: httpx.Response(200, json=self.submissions)

    def module(self, name: str, *items: dict[str, Any]) -> None:
        self.modules.append({"id": len(self.modules) + 1, "name": name, "items": list(items)})


def item(number: int, title: str, kind: str = "Page", **more: Any) -> dict[str, Any]:
    """A module item's row."""
    url = f"{BASE}/courses/17/modules/items/{number}"
    return {"id": number, "title": title, "type": kind, "html_url": url, "published": True} | more


def assignment(number: int, title: str = "Essay", points: float = 10) -> dict[str, Any]:
    """An assignment's row."""
    return {
        "id": number,
        "name": title,
        "points_possible": points,
        "html_url": f"{BASE}/courses/17/assignments/{number}",
    }


def submission(user: int, number: int, score: float) -> dict[str, Any]:
    """A graded submission's row."""
    return {
        "user_id": user,
        "assignment_id": number,
        "entered_score": score,
        "score": score,
        "workflow_state": "graded",
        "graded_at": "2026-09-02T10:00:00Z",
    }


async def connect_school(database: Database, school: School, base_url: str = BASE) -> None:
    """Give the school's platform a token."""
    async with database.writing() as session:
        await connect(
            session, school.registration, school.organisation.id, base_url, "api-token", NOW, secret_key=SECRET
        )


async def course_of(site: Site) -> Course:
    """The school's one course."""
    async with site.database.reading() as session:
        course = (await session.exec(scoped(Course, site.school.organisation.id))).one()
        session.expunge(course)
        return course


async def all_items(site: Site) -> dict[str, ContentItem]:
    """Every row of content, gone ones included, by external id."""
    async with site.database.reading() as session:
        found = (await session.exec(scoped(ContentItem, site.school.organisation.id))).all()
        session.expunge_all()
        return {one.external_id: one for one in found}


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    """Rolled back at the end."""
    return await a_site(database, clock, routes.router)


@pytest.fixture
async def canvas(site: Site) -> Canvas:
    """A Canvas the school is connected to."""
    await connect_school(site.database, site.school)
    return Canvas(site)
