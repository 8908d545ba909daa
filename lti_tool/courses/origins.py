"""What a course was copied from: noted from launches and from notices, asked about once, decided by those who teach the copy.

A course is known by (deployment, context id). What it was copied from is known by the context id alone: the copy may have come
through another deployment of the same registration, as it does when a tool is installed in each course.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.courses import queries
from lti_tool.courses.models import CopyDecision, Course, CourseOrigin
from lti_tool.courses.queries import COURSE_KEY
from lti_tool.db.upsert import upsert
from lti_tool.ids import new_id
from lti_tool.logs import reference_code
from lti_tool.lti.notices import COURSE_COPIED
from lti_tool.lti.notices_received import Notice

ORIGIN_KEY = ("organisation_id", "course_id", "context_id")


async def note(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    history: Sequence[str],
    now: datetime,
    *,
    places: bool = True,
) -> None:
    """Note what a course was copied from, the latest first. What was decided about one stays decided.

    Without ``places`` those that are known keep theirs: a notice names one course and not its ancestors.
    """
    rows = [
        {
            "organisation_id": organisation_id,
            "id": new_id(),
            "course_id": course_id,
            "context_id": context_id,
            "position": position,
            "decision": CopyDecision.ASKED,
            "created_at": now,
        }
        for position, context_id in enumerate(history)
    ]
    rows.sort(key=lambda row: str(row["context_id"]))
    await upsert(session, CourseOrigin, rows, key=ORIGIN_KEY, update=("position",) if places else ())


async def take_notice(session: AsyncSession, notice: Notice, now: datetime) -> None:
    """A platform says that a course was copied. The copy may be one that nobody has opened here yet.

    Other types of notices change nothing.
    """
    if notice.type != COURSE_COPIED or notice.context is None or not notice.origins:
        return
    said = {"title": notice.context.title, "label": notice.context.label}
    said = {name: value for name, value in said.items() if value}
    course_id = await queries.put(
        session,
        Course,
        COURSE_KEY,
        {
            "organisation_id": notice.organisation_id,
            "registration_id": notice.registration.id,
            "deployment_id": notice.deployment.id,
            "context_id": notice.context.id,
            "title": "",
            "label": "",
            "ags_scopes": [],
            "created_at": now,
            **said,
        },
        update_columns=said.keys(),
    )
    await note(session, notice.organisation_id, course_id, notice.origins, now, places=False)


async def known_origins(session: AsyncSession, course: Course) -> list[tuple[CourseOrigin, Course]]:
    """The courses of this school that a course was copied from and that are known here, the latest first.

    Of one that was opened through several deployments, each comes.
    """
    return await queries.origins(session, course)


async def postpone(session: AsyncSession, course: Course, by: uuid.UUID | None, now: datetime) -> None:
    """Somebody wants to decide later: the question is asked no more by itself, and stays open."""
    for origin in await queries.origin_rows(session, course, lock=True):
        if origin.decision is CopyDecision.ASKED:
            origin.decided_by, origin.decided_at = by, now
            session.add(origin)


async def decide(
    session: AsyncSession, course: Course, chosen: uuid.UUID | None, by: uuid.UUID | None, now: datetime
) -> bool:
    """Carry over from the ``chosen`` origin (a row's id), or start fresh. False where it was carried over already.

    The others that were asked about are answered with it. The rows are locked until the transaction ends, so that of two who
    decide at once the second finds what the first decided.
    """
    rows = await queries.origin_rows(session, course, lock=True)
    if chosen is not None and not any(row.id == chosen and row.decision is not CopyDecision.CARRIED for row in rows):
        return False
    changed = False
    for row in rows:
        if row.id == chosen:
            row.decision = CopyDecision.CARRIED
        elif row.decision is CopyDecision.ASKED:
            row.decision = CopyDecision.FRESH
        else:
            continue
        row.decided_by, row.decided_at = by, now
        session.add(row)
        changed = True
    if changed:
        _trace(session, course, (row for row in rows if row.id == chosen), by, now)
    await session.flush()
    return True


def is_open(origins: Iterable[CourseOrigin]) -> bool:
    """Whether there is something to be decided."""
    return any(origin.decision is CopyDecision.ASKED for origin in origins)


def was_postponed(origins: Iterable[CourseOrigin]) -> bool:
    """Whether somebody wanted to decide later about everything that is open."""
    return all(origin.decided_at is not None for origin in origins if origin.decision is CopyDecision.ASKED)


def _trace(
    session: AsyncSession, course: Course, chosen: Iterable[CourseOrigin], by: uuid.UUID | None, now: datetime
) -> None:
    origin = next(iter(chosen), None)
    audit.record(
        session,
        now,
        "course.carried-over" if origin is not None else "course.started-fresh",
        organisation_id=course.organisation_id,
        actor=str(by) if by else None,
        subject=f"course {course.id}",
        reference=reference_code.get(),
        detail=f"from context {origin.context_id}" if origin is not None else None,
    )
