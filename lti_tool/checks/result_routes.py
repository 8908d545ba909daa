"""A teacher's overview of a check's results: by question and by student. Each look is in the audit log. Another attempt for one
student is given here.
"""

import uuid
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool import audit
from lti_tool.checks import allowing, making, result_views
from lti_tool.checks.replies import Said, check_address, home, notice
from lti_tool.courses.access import TeacherChanging, TeacherIn
from lti_tool.courses.service import display_name
from lti_tool.courses.visibility import visible_student, visible_students
from lti_tool.logs import reference_code
from lti_tool.web.dependencies import CurrentPages, Now, WriteSession
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/checks")


@router.get("/{check_id}/results", name="check_results")
async def results(
    request: Request, here: TeacherIn, check_id: uuid.UUID, session: WriteSession, clock: Now, pages: CurrentPages
) -> Response:
    """How the class did, as far as this teacher may see it."""
    check = await making.the_check(session, here.course, check_id)
    students = await visible_students(session, here)
    found = await result_views.results(session, here.course, check, students)
    if found.finished or any(one.is_open for one in found.students):
        audit.record(
            session,
            clock.now(),
            "students.check-viewed",
            organisation_id=here.organisation_id,
            actor=here.actor,
            subject=f"check:{check.id}",
            reference=reference_code.get(),
        )
    context: dict[str, Any] = {
        "home": home(here.course),
        "address": check_address(here.course, check.id),
        "check": check,
        "results": found,
        "name_of": display_name,
        "notice": notice(request),
    }
    return pages.render(request, "checks/results.html", context)


@router.post("/{check_id}/results/{person_id}/attempt", name="allow_attempt")
async def allow_attempt(
    here: TeacherChanging, check_id: uuid.UUID, person_id: uuid.UUID, session: WriteSession, clock: Now
) -> Response:
    """Give one student another attempt."""
    person = await visible_student(session, here, person_id)
    given = await allowing.allow(session, here.course, check_id, person.id, clock.now(), here.visit.person_id)
    if given:
        audit.record(
            session,
            clock.now(),
            "student.attempt-given",
            organisation_id=here.organisation_id,
            actor=here.actor,
            subject=f"person:{person.id}",
            reference=reference_code.get(),
            detail=f"check {check_id}",
        )
    address = f"{check_address(here.course, check_id)}/results"
    return see(address, Said.ALLOWED if given else Said.HAS_ONE, "by-student")
