"""Traces of what leaves the tool."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.courses.access import InCourse
from lti_tool.logs import reference_code


def saved_as_file(session: AsyncSession, here: InCourse, subject: str, detail: str, now: datetime) -> None:
    """Leave the trace of a file in which a class's students are named: what is in it, and of what."""
    audit.record(
        session,
        now,
        "students.saved-as-file",
        organisation_id=here.organisation_id,
        actor=here.actor,
        subject=subject,
        reference=reference_code.get(),
        detail=detail,
    )
