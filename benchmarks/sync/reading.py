"""One reading of the course in a process of its own, so that its memory is its own: how, database and LMS as arguments.

``batches`` is the tool's: what is read is given away at once. ``again`` is the next one, of what is new. ``memory`` reads all
results into memory first and gives them away then, as the tool did before. Prints one line of JSON.
"""

import argparse
import asyncio
import json
import resource
import time
import tracemalloc
from typing import Any

from sqlmodel import select

from lti_tool.app import TAKERS
from lti_tool.clock import SystemClock
from lti_tool.content import service
from lti_tool.content.connectors import Connectors
from lti_tool.content.sync.engine import Reader
from lti_tool.courses.models import Course
from lti_tool.db.base import crossing
from lti_tool.db.session import Database
from lti_tool.lti.http import make_client
from lti_tool.settings import Settings

SECRET = "the benchmark's secret, which protects nothing"


def peak() -> float:
    """The most memory this process has had so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def run(way: str, database_url: str, *, trace: bool) -> dict[str, Any]:
    """Read, and tell what it took. With ``trace``, also the most that Python had allocated for it at a time; that takes time."""
    settings = Settings(_env_file=None, database_url=database_url, secret_key=SECRET)
    database, clock = Database.at(database_url), SystemClock()
    http = make_client(settings)
    connectors = Connectors(http, clock, SECRET, database)
    async with database.reading() as session:
        reason = crossing("there is one course in this database")
        course = (await session.exec(select(Course), execution_options=reason)).one()
        session.expunge_all()
    before, began, cpu = peak(), time.perf_counter(), time.process_time()
    if trace:
        tracemalloc.start()
    if way == "memory":
        await service.refresh(database, connectors, course, clock.now())
        gradebook = await service.gradebook(database, connectors, course, None)
        for take in TAKERS.gradebook:
            await take(database, course, gradebook, clock.now())
        results = len(gradebook.results)
    else:
        report = await Reader(database, connectors, TAKERS, clock).read(course)
        if report is None:
            raise RuntimeError("somebody else reads the course")
        results = report.counts.get("results", 0)
    told = {
        "results": results,
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "before": before,
        "peak": peak(),
        "traced": tracemalloc.get_traced_memory()[1] / 2**20 if trace else None,
    }
    await http.aclose()
    await database.close()
    return told


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=["batches", "again", "memory"])
    parser.add_argument("database")
    parser.add_argument("--trace", action="store_true")
    given = parser.parse_args()
    print(json.dumps(asyncio.run(run(given.way, given.database, trace=given.trace))))
