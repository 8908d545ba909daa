"""One page that shows every component in every state. Only where the tool runs on this machine, and only for its makers:
its words are examples and are not translated.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from lti_tool.errors import NotFound
from lti_tool.web.dependencies import CurrentPages, CurrentSettings

router = APIRouter(include_in_schema=False)

STUDENTS = [
    ("Amara Okafor", 6, "mastered", "delivered"),
    ("Bence Kovács", 5, "secure", "waiting"),
    ("Chloé Dubois-Lefèvre", 3, "developing", "none"),
    ("Dinh Thi Mai", 1, "started", "none"),
    ("Eun-ji Park", 0, "not-started", "none"),
    ("Finn O’Malley", 6, "secure", "refused"),
]


@dataclass(frozen=True)
class ExampleVisit:
    """Enough of a visit for the header and the forms."""

    session_id: str = "example-session"
    course_id: str = "example"
    role: str = "student"
    locale: str | None = None
    frame_origins: tuple[str, ...] = ()
    document_target: str | None = None
    shown_zone: str | None = None
    high_contrast: bool = False
    masquerading: bool = False


@dataclass(frozen=True)
class ExampleCourse:
    """Enough of a course for the header."""

    title: str = "Life Science 5B · Ecosystems"


@router.get("/development/styleguide", response_class=HTMLResponse)
async def styleguide(request: Request, pages: CurrentPages, settings: CurrentSettings) -> HTMLResponse:
    """Every component in every state. 404 unless the base URL is on loopback."""
    return _show(request, pages, settings, "web/styleguide.html", role="teacher")


@router.get("/development/styleguide/student", response_class=HTMLResponse)
async def student_page(request: Request, pages: CurrentPages, settings: CurrentSettings) -> HTMLResponse:
    """The components together, as a student's page."""
    return _show(request, pages, settings, "web/styleguide_student.html", role="student")


@router.get("/development/styleguide/teacher", response_class=HTMLResponse)
async def teacher_page(request: Request, pages: CurrentPages, settings: CurrentSettings) -> HTMLResponse:
    """The components together, as a teacher's page."""
    return _show(request, pages, settings, "web/styleguide_teacher.html", role="teacher")


def _show(
    request: Request, pages: CurrentPages, settings: CurrentSettings, template: str, *, role: str
) -> HTMLResponse:
    if not settings.on_loopback:
        raise NotFound("the style guide is shown on loopback only")
    request.state.visit = ExampleVisit(role=role)
    request.state.course = ExampleCourse()
    context = {"students": STUDENTS, "moment": datetime(2026, 11, 27, 15, 30, tzinfo=UTC)}
    return pages.render(request, template, context)
