"""A course computed again by several processes at once, each with its share of the learners."""

import asyncio
import multiprocessing
import os
import uuid
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime

from lti_tool.db.engine import make_engine
from lti_tool.db.session import Database
from lti_tool.mastery import recomputing
from lti_tool.mastery.recomputing import Afresh, Recomputed


def usual(database: Database) -> int:
    """How many processes are worth it: as many as there are cores; one on SQLite, where one writes at a time."""
    if database.is_sqlite:
        return 1
    # Where it can be told, those that this process may use; a container often has fewer than its machine.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


async def recompute(
    database: Database,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    now: datetime,
    processes: int,
    *,
    afresh: Afresh | None = None,
) -> Recomputed:
    """Compute all levels, briefs and predictions of a course again, in so many processes; what they went through together.

    ``afresh`` replaces frozen criteria, by competency.

    Being cut off loses nothing but the rest, which can be done again. Raises what any of the processes raises.
    """
    if processes <= 1 or database.is_sqlite:
        return await recomputing.recompute_course(database, organisation_id, course_id, now, afresh=afresh)
    url = database.engine.url.render_as_string(hide_password=False)
    loop = asyncio.get_running_loop()
    # Spawned, not forked: connections and locks of this process are not theirs.
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        shares = [
            loop.run_in_executor(pool, _share, url, organisation_id, course_id, now, (number, processes), afresh)
            for number in range(processes)
        ]
        done = await asyncio.gather(*shares)
    return Recomputed(
        sum(one.learners for one in done), sum(one.states for one in done), sum(one.changed for one in done)
    )


def _share(
    url: str,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    now: datetime,
    part: tuple[int, int],
    afresh: Afresh | None,
) -> Recomputed:
    """One process's share."""

    async def run() -> Recomputed:
        found = Database(make_engine(url))
        try:
            return await recomputing.recompute_course(found, organisation_id, course_id, now, part=part, afresh=afresh)
        finally:
            await found.close()

    return asyncio.run(run())
