"""A teacher's look at what one student answered. Each look is in the audit log."""

import uuid

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool import audit
from lti_tool.checks import attempt_queries as queries
from lti_tool.checks import attempts, sheets, words
from lti_tool.courses.access import TeacherIn
from lti_tool.courses.service import display_name
from lti_tool.courses.visibility import visible_student
from lti_tool.errors import NotFound
from lti_tool.logs import reference_code
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now

router = APIRouter(prefix="/courses/{course_id}/checks/{check_id}/attempts")


@router.get("/{attempt_id}", name="check_attempt")
async def look(
    request: Request,
    here: TeacherIn,
    check_id: uuid.UUID,
    attempt_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Everything a student answered in an attempt, with why each answer is worth what it is."""
    async with database.writing() as session:
        check = await queries.check(session, here.organisation_id, here.course.id, check_id)
        attempt = await queries.attempt(session, here.organisation_id, attempt_id)
        if check is None or attempt is None or attempt.check_id != check.id:
            raise NotFound("no such attempt")
        person = await visible_student(session, here, attempt.person_id)
        found = await attempts.sitting(session, here.course, check, attempt)
        others = await queries.attempts_of(session, here.organisation_id, check.id, person.id)
        audit.record(
            session,
            clock.now(),
            "student.answers-viewed",
            organisation_id=here.organisation_id,
            actor=here.actor,
            subject=f"person:{person.id}",
            reference=reference_code.get(),
            detail=f"attempt {attempt.id}",
        )
        await session.flush()
        session.expunge_all()
    context = {
        "check": check,
        "attempt": attempt,
        "name": display_name(person),
        "others": [one for one in others if one.id != attempt.id],
        "result": sheets.result(found) if not found.is_open else None,
        "marked": sheets.marked(found, shows_right=True),
        "reason": words.to_teacher,
        "address": f"/courses/{here.course.id}/checks/{check.id}",
        "home": f"/courses/{here.course.id}/checks",
    }
    return pages.render(request, "checks/attempt.html", context)
