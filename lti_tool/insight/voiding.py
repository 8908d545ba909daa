"""Voiding one piece of evidence, from a student's page or from a competency's."""

import uuid
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.access import InCourse
from lti_tool.courses.visibility import visible_student
from lti_tool.errors import NotFound
from lti_tool.mastery import queries
from lti_tool.mastery import service as mastery


async def void(
    session: AsyncSession,
    here: InCourse,
    evidence_id: uuid.UUID,
    reason: str,
    now: datetime,
    *,
    person_id: uuid.UUID | None = None,
    competency_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Void a piece of evidence of the student or the competency that the page is about; its competency.

    Raises NotFound for another's, and for a student whom the teacher may not see; BadEvidence without a reason.
    """
    row = await queries.one_evidence(session, here.organisation_id, here.course.id, evidence_id)
    if row is None or person_id not in {None, row.person_id} or competency_id not in {None, row.competency_id}:
        raise NotFound("no such evidence on this page")
    await visible_student(session, here, row.person_id)
    found = row.competency_id
    # It is changed by a statement of its own, and must not be written again.
    session.expunge(row)
    await mastery.void(session, here.course, [evidence_id], reason, now, here.visit.person_id)
    return found
