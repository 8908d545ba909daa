"""``python -m benchmarks.mastery.board``: the class board of 200 students and 480 competencies, as it leaves the server.

The application answers in this process, database included (SQLite; ``--database URL`` for another that may be filled), asked
as a browser that takes gzip. Printed are wall and CPU milliseconds until the whole answer is there, and its bytes.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from lti_tool.app import create_app
from lti_tool.clock import ManualClock
from lti_tool.db import migrate
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from lti_tool.lti.sessions import SessionStart, start_session
from lti_tool.settings import Settings
from tests.insight.large import a_large_class


async def measure(folder: Path, url: str, students: int, competencies: int, rounds: int) -> None:
    """Fill the database, ask for the board, print."""
    clock = ManualClock()
    settings = Settings(
        _env_file=None,
        database_url=url,
        secret_key="a secret of the benchmark, long enough to be one",
        worker="external",
        keys_dir=folder / "keys",
    )
    database = Database.at(url)
    await migrate.upgrade(database.engine)
    async with database.writing() as session:
        school = await a_large_class(session, students, competencies, random.Random(4))
        start = SessionStart(
            organisation_id=school.id,
            registration_id=school.registration.id,
            person_id=school.teacher.id,
            course_id=school.course.id,
            resource_link_id=None,
            role=Role.TEACHER,
        )
        token = await start_session(session, start, clock.now())
    app = create_app(settings, clock=clock)
    address = f"/courses/{school.course.id}/mastery"
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}
    transport = httpx.ASGITransport(app)
    walls, cpus, size, whole = [], [], 0, 0
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000", headers=headers) as client:
        for number in range(rounds + 2):
            wall, cpu = time.perf_counter(), time.process_time()
            async with client.stream("GET", f"{address}?order=need") as answer:
                packed = b"".join([part async for part in answer.aiter_raw()])
            if answer.status_code != 200:
                raise RuntimeError(f"the board answered {answer.status_code}")
            if number >= 2:  # Templates are compiled and caches filled by the first ones.
                walls.append(1000 * (time.perf_counter() - wall))
                cpus.append(1000 * (time.process_time() - cpu))
            size, whole = len(packed), len((await client.get(f"{address}?order=need")).content)
    print(
        f"{students} × {competencies} on {url.partition(':')[0]}: "
        f"{statistics.median(walls):.0f} ms (CPU {statistics.median(cpus):.0f} ms, slowest {max(walls):.0f} ms), "
        f"{size / 1000:.0f} kB compressed, {whole / 1000:.0f} kB plain; median of {rounds}"
    )
    await database.close()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--competencies", type=int, default=480)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lti-tool-board-") as folder:
        url = given.database or f"sqlite:///{folder}/tool.db"
        asyncio.run(measure(Path(folder), url, given.students, given.competencies, given.rounds))


if __name__ == "__main__":
    main()
