"""What teachers did with a student's board or work, for the audit log."""

import uuid
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.courses.access import InCourse


def about_student(
    session: AsyncSession, here: InCourse, action: str, person_id: uuid.UUID, detail: str, now: datetime
) -> None:
    """Leave an entry about a student; ``detail`` names the menu or the choice by its id."""
    audit.record(
        session,
        now,
        action,
        organisation_id=here.organisation_id,
        actor=here.actor,
        subject=f"person:{person_id}",
        detail=detail,
    )
