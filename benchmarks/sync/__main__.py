"""``python -m benchmarks.sync``: a big course read from an LMS whose every answer comes 50 ms late.

Beside it stand the floor, which is the requests one after the other as Canvas wants them and nothing else, and the same
reading with everything in memory before anything is taken.
"""

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.sync.reading import SECRET
from lti_tool.clock import SystemClock
from lti_tool.content.service import connect
from lti_tool.courses.models import Course, Membership, Person
from lti_tool.db import migrate
from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from lti_tool.lti.models import Deployment, Family, Registration, Role

HERE = Path(__file__).parent


@contextlib.contextmanager
def lms(given: argparse.Namespace) -> Iterator[str]:
    """The LMS; yields its address."""
    command = [sys.executable, str(HERE / "lms.py")]
    for name in ("seconds", "items", "students", "graded"):
        command += [f"--{name}", str(getattr(given, name))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own.
        try:
            if process.stdout is None:
                raise RuntimeError("the LMS has no output")
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


async def prepare(database_url: str, base: str, students: int) -> None:
    """A migrated database with the course, its students and the access to the LMS."""
    database, now = Database.at(database_url), SystemClock().now()
    await migrate.upgrade(database.engine)
    async with database.writing() as session:
        organisation = Organisation(name="Benchmark", created_at=now)
        session.add(organisation)
        await session.flush()
        registration = Registration(
            organisation_id=organisation.id,
            name="LMS",
            issuer=base,
            client_id="1",
            auth_login_url=base,
            token_url=base,
            jwks_url=base,
            lms=Family.CANVAS,
            created_at=now,
        )
        session.add(registration)
        await session.flush()
        deployment = Deployment(
            organisation_id=organisation.id, registration_id=registration.id, deployment_id="1", created_at=now
        )
        session.add(deployment)
        await session.flush()
        course = Course(
            organisation_id=organisation.id,
            registration_id=registration.id,
            deployment_id=deployment.id,
            context_id="c",
            platform_course_id="17",
            created_at=now,
        )
        session.add(course)
        await session.flush()
        people = [
            Person(
                organisation_id=organisation.id,
                id=new_id(),
                registration_id=registration.id,
                sub=f"s{number}",
                platform_user_id=str(number),
                created_at=now,
            )
            for number in range(1, students + 1)
        ]
        session.add_all(people)
        await session.flush()
        session.add_all(
            Membership(
                organisation_id=organisation.id,
                course_id=course.id,
                person_id=person.id,
                role=Role.STUDENT,
                seen_in_roster_at=now,
                last_launched_at=now,
            )
            for person in people
        )
        await connect(session, registration, organisation.id, base, "token", now, secret_key=SECRET)
    await database.close()


def counted(base: str) -> int:
    """How many requests there were since the last time."""
    with urllib.request.urlopen(f"{base}/counts") as answer:  # noqa: S310 - our own LMS.
        return sum(json.load(answer).values())


def read(way: str, database_url: str, *, trace: bool) -> dict[str, Any]:
    """One reading in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.sync.reading", way, database_url, *(["--trace"] if trace else [])]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - our own.
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def main() -> None:
    """Read the course in each way and print a line for each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=0.05, help="how long the LMS takes for each answer")
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--students", type=int, default=5000)
    parser.add_argument("--graded", type=int, default=50, help="items with a result of every student")
    parser.add_argument("--ways", nargs="+", default=["batches", "again", "memory"])
    parser.add_argument("--trace", action="store_true", help="count what Python allocates as well; takes longer")
    given = parser.parse_args()
    with lms(given) as base, tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/tool.db"
        asyncio.run(prepare(url, base, given.students))
        counted(base)
        for way in given.ways:
            told = read(way, url, trace=given.trace)
            requests = counted(base)
            print(
                f"{way:8} {told['results']:8,} results {requests:6,} requests {told['seconds']:7.1f} s "
                f"(floor {requests * given.seconds:6.1f} s) {told['cpu']:6.1f} s of CPU "
                f"{told['peak']:6.0f} MiB at the most, {told['peak'] - told['before']:.0f} more than before"
                + (f", {told['traced']:.0f} MiB allocated at the most" if given.trace else ""),
                flush=True,
            )


if __name__ == "__main__":
    main()
