"""Real servers for tests: ``lti-tool demo`` in a process of its own, on ports of its own, in a folder of its own.

Most of what a process of the tool takes to start is reading the code, which is the same every time: ``Command`` splits its
process off from one that has read it already, and stands idle. What runs then is the command as anybody types it, with signals,
memory, files and a death of its own; only Python and the modules were there before.
"""

import atexit
import contextlib
import http.client
import multiprocessing
import os
import random
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import count, islice
from multiprocessing.context import ForkServerContext
from pathlib import Path
from urllib.parse import urlsplit

from lti_tool.courses import freshness
from tests.databases import MigratedOnce

START_SECONDS = 120.0
STOP_SECONDS = 60.0
MODULES = ["lti_tool.cli", "lti_tool.demo", "lti_tool.app", "lti_tool.sandbox.app", "uvicorn.protocols.http.auto"]
MODULES += ["uvicorn.lifespan.on", "uvicorn.loops.auto", "tests.servers", "tests.beforehand"]
"""What is read beforehand."""


FIRST_PORT, PORTS_EACH = 20_000, 1_500
_ports = count(random.SystemRandom().randrange(PORTS_EACH))


def free_port() -> int:
    """A port nobody listens on, and nobody else is given before a server listens there.

    It lies below those that the system gives to connections on their way out; each worker of a parallel run looks among its own.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
    for number in islice(_ports, PORTS_EACH):
        port = FIRST_PORT + worker * PORTS_EACH + number % PORTS_EACH
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no port is free")


def be_patient() -> None:
    """Have pages of this process wait for the LMS as long as it takes on a busy machine.

    After two seconds they would say that it is taking its time, and a story could not go on; tests of their own look at that.
    """
    freshness.PATIENCE = 30.0


@cache
def _ready() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(MODULES)
    return context


@dataclass(frozen=True)
class _Words:
    """A command. ``said`` takes what it prints, ``complained`` what it prints to standard error; ``given`` is what it reads."""

    module: str
    words: list[str]
    folder: Path
    environment: Mapping[str, str]
    said: Path
    complained: Path
    given: str


def _become(command: _Words) -> None:
    """What a new process does: take on the folder, the environment and the words of a command, and be it."""
    be_patient()
    os.chdir(command.folder)
    os.environ.clear()
    os.environ.update(command.environment)
    for number, file in ((1, command.said), (2, command.complained)):
        with file.open("ab") as out:
            os.dup2(out.fileno(), number)
    with tempfile.TemporaryFile() as given:
        given.write(command.given.encode())
        given.seek(0)
        os.dup2(given.fileno(), 0)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process.
    sys.argv = [command.module, *command.words]
    runpy.run_module(command.module, run_name="__main__", alter_sys=True)


class Command:
    """``python -m MODULE WORDS…`` in a process of its own, which begins with the modules read. As ``subprocess.Popen``."""

    def __init__(
        self,
        words: list[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        log: Path,
        errors: Path | None = None,
        module: str = "lti_tool",
        given: str = "",
    ) -> None:
        command = _Words(module, words, folder, dict(environment), log, errors or log, given)
        self._process = _ready().Process(target=_become, args=(command,))
        self._process.start()

    @property
    def returncode(self) -> int | None:
        """How it ended; None while it runs. A signal's number is negative."""
        return self._process.exitcode

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid or 0

    def poll(self) -> int | None:
        """The same."""
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        """Until it ends, which raises subprocess.TimeoutExpired if it does not: how it ended."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(sys.argv, timeout)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it is still there."""
        if self._process.is_alive() and self._process.pid is not None:
            os.kill(self._process.pid, number)


def run(words: list[str], *, folder: Path, environment: Mapping[str, str], given: str = "") -> str:
    """One ``lti-tool`` command, to its end: what it printed. AssertionError with its complaint when it fails."""
    with tempfile.TemporaryDirectory() as kept:
        said, complained = Path(kept, "said"), Path(kept, "complained")
        command = Command(words, folder=folder, environment=environment, log=said, errors=complained, given=given)
        status = command.wait(timeout=120)
        assert status == 0, f"lti-tool {' '.join(words)}: {complained.read_text('utf-8')}"
        return said.read_text("utf-8").strip()


Process = Command | subprocess.Popen[bytes]


def own_environment(**more: str) -> dict[str, str]:
    """The environment of a tool of its own: without any setting of somebody else's."""
    return {name: value for name, value in os.environ.items() if not name.startswith("LTI_TOOL_")} | more


@cache
def _migrated() -> MigratedOnce:
    folder = Path(tempfile.mkdtemp(prefix="lti-tool-migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return MigratedOnce("sqlite", folder, None)


def migrated_file(file: Path) -> str:
    """Put a migrated SQLite database there, a copy of one that is migrated once; its address."""
    file.parent.mkdir(parents=True, exist_ok=True)
    return _migrated().copy(file)


def answers(url: str) -> bool:
    """Whether somebody answers there, and with what is no failure."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=10)
    try:
        connection.request("GET", where.path)
        return connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def wait_until(is_ready: Callable[[], bool], process: Process, log: Path, what: str) -> None:
    """Until it is; otherwise the process is ended, and RuntimeError says its last lines."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if is_ready():
            return
        time.sleep(0.05)
    end(process)
    raise RuntimeError(f"{what} did not start:\n{log.read_text('utf-8')[-3000:]}")


def end(process: Process | None) -> None:
    """``kill -9``: no warning, no clean end."""
    if process is not None and process.poll() is None:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)


@dataclass
class Demo:
    """A running demo. ``kill`` ends it without warning, ``start`` begins again on the same data and ports.

    ``by_hand`` starts it as people do, with Python and all; and it makes its database itself.
    """

    folder: Path
    database_url: str | None = None
    course: Path | None = None
    like: str | None = None
    tool_port: int = field(default_factory=free_port)
    lms_port: int = field(default_factory=free_port)
    process: Process | None = None
    by_hand: bool = False

    @property
    def tool(self) -> str:
        """The tool's address."""
        return f"http://localhost:{self.tool_port}"

    @property
    def lms(self) -> str:
        """The sandbox LMS's address: another site to a browser."""
        return f"http://127.0.0.1:{self.lms_port}"

    @property
    def log(self) -> Path:
        """Everything the process printed."""
        return self.folder / "demo.log"

    def start(self) -> None:
        """Start it and wait until both answer; raises RuntimeError with its last lines when they do not."""
        environment = own_environment(**({"LTI_TOOL_DATABASE_URL": self.database_url} if self.database_url else {}))
        words = ["demo", "--no-browser", "--tool-port", str(self.tool_port), "--lms-port", str(self.lms_port)]
        if self.like:
            words += ["--like", self.like]
        if self.course:
            words += ["--course", str(self.course)]
        said = self.log.stat().st_size if self.log.exists() else 0
        if self.by_hand:
            with self.log.open("ab") as out:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", "lti_tool", *words],
                    cwd=self.folder, env=environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                )  # fmt: skip
        else:
            file = self.folder / "var" / "demo" / "tool.db"
            if not self.database_url and not self.like and not file.exists():
                migrated_file(file)
            self.process = Command(words, folder=self.folder, environment=environment, log=self.log)
        wait_until(lambda: self._is_ready(said), self.process, self.log, "the demo")

    def _is_ready(self, said: int) -> bool:
        """It says so when all is done; before that nobody needs to ask."""
        return (
            self.log.exists()
            and b"Ctrl-C" in self.log.read_bytes()[said:]
            and answers(f"{self.tool}/health/ready")
            and answers(f"{self.lms}/")
        )

    def kill(self) -> None:
        """``kill -9``: no warning, no clean end."""
        end(self.process)

    def stop(self) -> int:
        """Ctrl-C, and wait; returns the exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode or 0


@contextlib.contextmanager
def running_demo(
    folder: Path, database_url: str | None = None, course: Path | None = None, *, by_hand: bool = False
) -> Iterator[Demo]:
    """A demo for the length of a block."""
    demo = Demo(folder, database_url, course, by_hand=by_hand)
    demo.start()
    try:
        yield demo
    finally:
        demo.stop()
