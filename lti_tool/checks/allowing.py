"""Another attempt for one student, given by a teacher: on the results of a check, or with another try at a step."""

import uuid
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import attempt_queries as queries
from lti_tool.checks import attempt_rules
from lti_tool.checks.models import CheckAllowance
from lti_tool.courses.models import Course
from lti_tool.db.upsert import upsert
from lti_tool.errors import NotFound
from lti_tool.ids import new_id
from lti_tool.learners import queries as learner_queries

_KEY = ("organisation_id", "check_id", "person_id")


async def allow(
    session: AsyncSession,
    course: Course,
    check_id: uuid.UUID,
    person_id: uuid.UUID,
    now: datetime,
    by: uuid.UUID | None,
) -> bool:
    """Give a student one attempt more than they have used; whether it was needed. Somebody who has one left gets none, so that
    pressing twice, or two teachers at once, give one.

    Raises NotFound for a check of another course.
    """
    await learner_queries.hold(session, course.organisation_id, course.id, person_id)
    check = await queries.check(session, course.organisation_id, course.id, check_id)
    if check is None:
        raise NotFound("no such check")
    attempts = await queries.attempts_of(session, course.organisation_id, check.id, person_id, lock=True)
    given = await queries.more_attempts(session, course.organisation_id, check.id, [person_id])
    more = given.get(person_id, 0)
    if attempt_rules.left_of(check, attempts, more) != 0 or check.attempts is None:
        return False
    row = {
        "organisation_id": course.organisation_id,
        "id": new_id(),
        "check_id": check.id,
        "person_id": person_id,
        "attempts": len(attempts) - check.attempts + 1,
        "given_by": by,
        "given_at": now,
    }
    await upsert(session, CheckAllowance, [row], key=_KEY, update=("attempts", "given_by", "given_at"))
    return True


async def allow_on_item(
    session: AsyncSession,
    course: Course,
    content_item_id: uuid.UUID,
    person_id: uuid.UUID,
    now: datetime,
    by: uuid.UUID | None,
) -> bool:
    """``allow``, for the check that this item of the course is; False for any other item. Before the student's copy is held."""
    check_id = await queries.check_of_item(session, course.organisation_id, course.id, content_item_id)
    return check_id is not None and await allow(session, course, check_id, person_id, now, by)
