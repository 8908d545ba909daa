"""The rules and levels of today, applied also to what students have begun, once the teacher has seen what that does.

A criterion is frozen on what was begun, so a new rule or scale first holds for who begins (``settings``). Applied to all, what
the map says now takes the place of what was frozen, and every level follows from the same evidence by it.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.competencies import map_queries, maps
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.logs import reference_code
from lti_tool.mastery import criteria, parts, recomputing, rules
from lti_tool.mastery.recomputing import Afresh, Recomputed


async def apply_to_all(
    database: Database,
    course: Course,
    competency_ids: Sequence[uuid.UUID] | None,
    now: datetime,
    by: uuid.UUID | None,
    *,
    revision: int | None = None,
    processes: int = 1,
) -> Recomputed:
    """Have what the map says (rules and scale) hold for those who have begun, too, and compute all levels again.

    ``competency_ids`` None: the whole course. ``revision`` is the map's that the teacher looked at; Conflict ``map-changed``
    for another one. Learners are worked on in several transactions; being cut off leaves some at their old criteria, and doing
    it again does the rest.
    """
    async with database.writing() as session:
        if revision is not None:
            found = await map_queries.course_map(session, course.organisation_id, course.id, lock=True)
            if found is None or found.revision != revision:
                raise maps.changed_meanwhile(f"looked at on revision {revision}")
        afresh = await _afresh(session, course, competency_ids, now)
        audit.record(
            session,
            now,
            "mastery.rules-applied",
            organisation_id=course.organisation_id,
            actor=str(by) if by else None,
            subject=f"course {course.id}",
            reference=reference_code.get(),
            detail=f"{len(afresh)} competencies",
        )
    return await parts.recompute(database, course.organisation_id, course.id, now, processes, afresh=afresh)


async def _afresh(
    session: AsyncSession, course: Course, competency_ids: Sequence[uuid.UUID] | None, now: datetime
) -> Afresh:
    """The criteria of today, by competency; a rule for parents is never frozen, and what is below it has the course's."""
    found = await recomputing.look(session, course.organisation_id, course.id)
    wanted = list(found.places) if competency_ids is None else [one for one in competency_ids if one in found.places]
    afresh: dict[uuid.UUID, uuid.UUID] = {}
    for competency_id in dict.fromkeys(wanted):
        data = found.places[competency_id].rule
        if data and data.get("rule") in rules.PARENT_RULES:
            data = None
        criterion = criteria.begun_with(found.basis, data, found.aligned.get(competency_id, ()))
        afresh[competency_id] = await criteria.freeze(session, course.organisation_id, course.id, criterion, now)
    return afresh
