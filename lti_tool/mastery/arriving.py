"""Students who come late, or come back: what their levels are worth is owed at once, not at the next change of a level."""

import uuid
from datetime import datetime

from lti_tool.courses import queries as course_queries
from lti_tool.db.session import Database
from lti_tool.grades import service as grades
from lti_tool.mastery import grading, grading_queries, looking


async def arrive(database: Database, organisation_id: uuid.UUID, course_id: uuid.UUID, now: datetime) -> int:
    """Do what follows from people's coming to a course as students; how many scores are others now, or sent again.

    Being cut off loses nothing: who has come stays noted until all of it is done, and twice is once.
    """
    async with database.reading() as session:
        came = await course_queries.have_come(session, organisation_id, course_id)
        if not came:
            return 0
        begun = [one for one in await grading_queries.learners(session, organisation_id, course_id) if one in came]
    done = 0
    for start in range(0, len(begun), grading.LEARNERS_AT_ONCE):
        async with database.writing() as session:
            some = begun[start : start + grading.LEARNERS_AT_ONCE]
            learners = await looking.lock(session, organisation_id, course_id, some, now)
            done += await grading.owe(session, organisation_id, course_id, learners.values(), now)
    async with database.writing() as session:
        done += await grades.send_to_those_back(session, organisation_id, course_id, came.keys(), now)
        await course_queries.done_with(session, organisation_id, course_id, came)
    return done
