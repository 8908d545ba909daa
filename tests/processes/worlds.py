"""A tool and a sandbox LMS as separate processes, so that the tool, or one of its processes, can die alone."""

import contextlib
import signal
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.servers import Command, answers, end, free_port, own_environment, run, wait_until

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Apart:
    """``lti-tool serve`` and the sandbox, each in a process. ``kill`` ends the tool alone, ``start`` begins it again."""

    folder: Path
    database_url: str | None = None
    tool_port: int = field(default_factory=free_port)
    lms_port: int = field(default_factory=free_port)
    _tool: Command | None = None
    _lms: Command | None = None

    @property
    def tool(self) -> str:
        """The tool's address."""
        return f"http://localhost:{self.tool_port}"

    @property
    def lms(self) -> str:
        """The sandbox LMS's address."""
        return f"http://127.0.0.1:{self.lms_port}"

    @property
    def log(self) -> Path:
        """Everything the tool's processes printed."""
        return self.folder / "tool.log"

    @property
    def _environment(self) -> dict[str, str]:
        return own_environment(
            LTI_TOOL_BASE_URL=self.tool,
            LTI_TOOL_DATABASE_URL=self.database_url or f"sqlite:///{self.folder}/tool.db",
            LTI_TOOL_KEYS_DIR=str(self.folder / "keys"),
        )

    def command(self, *words: str, given: str = "") -> str:
        """One ``lti-tool`` command: what it printed. AssertionError when it fails."""
        return run(list(words), folder=self.folder, environment=self._environment, given=given)

    def begin(self) -> None:
        """Start the LMS, make the database, make the two known to each other by their commands, and start the tool."""
        log = self.folder / "lms.log"
        self._lms = Command(
            [str(self.lms_port), str(self.folder / "lms")],
            module="tests.processes.run_sandbox",
            folder=ROOT,
            environment=own_environment(),
            log=log,
        )
        wait_until(lambda: answers(f"{self.lms}/login"), self._lms, log, "the LMS")
        self.command("db", "upgrade")
        tool = {"login_url": "/lti/login", "launch_url": "/lti/launch", "jwks_url": "/.well-known/jwks.json"}
        said = httpx.post(
            f"{self.lms}/_control/tools",
            json={"name": "Playlists"} | {name: self.tool + path for name, path in tool.items()},
        ).raise_for_status()
        facts: dict[str, Any] = said.json()
        words = ["platform", "add", "--name", "Sandbox", "--lms", "canvas"]
        for option in ("issuer", "client_id", "deployment_id", "auth_login_url", "token_url", "jwks_url"):
            words += [f"--{option.replace('_', '-')}", facts[option]]
        platform_id = self.command(*words)
        self.command("platform", "connect", platform_id, "--api-url", facts["api_url"], given=facts["api_token"] + "\n")
        self.start()

    def start(self) -> None:
        """Start the tool and wait until it answers."""
        self._tool = Command(
            ["serve", "--port", str(self.tool_port)], folder=self.folder, environment=self._environment, log=self.log
        )
        wait_until(lambda: answers(f"{self.tool}/health/ready"), self._tool, self.log, "the tool")

    def kill(self) -> None:
        """``kill -9`` for the tool; the LMS goes on, with whatever it was asked last."""
        end(self._tool)

    def stop(self) -> None:
        """End both."""
        end(self._tool)
        end(self._lms)


class Front:
    """What stands in front of several web processes: a new connection goes to the next one that answers."""

    def __init__(self, port: int, behind: list[int]) -> None:
        self._behind = behind
        self._next = 0
        self._listening = socket.create_server(("127.0.0.1", port), backlog=128)
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Nobody is let in any more."""
        self._listening.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._lead, args=(self._listening.accept()[0],), daemon=True).start()

    def _lead(self, visitor: socket.socket) -> None:
        with visitor:
            for _ in self._behind:
                self._next += 1
                port = self._behind[self._next % len(self._behind)]
                try:
                    server = socket.create_connection(("127.0.0.1", port))
                except OSError:
                    continue
                with server:
                    back = threading.Thread(target=_carry, args=(server, visitor), daemon=True)
                    back.start()
                    _carry(visitor, server)
                    back.join()
                return


def _carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
    for end_ in (source, target):
        with contextlib.suppress(OSError):
            end_.shutdown(socket.SHUT_RDWR)


WEBS = WORKERS = 2


@dataclass
class Deployed(Apart):
    """PostgreSQL, two web processes behind a front, two workers, and the sandbox; ``lease`` in seconds shortens the product's.

    What runs is what ``serve`` and ``worker`` run (``benchmarks.faults.tool``).
    """

    lease: float | None = None
    web_ports: list[int] = field(default_factory=lambda: [free_port() for _ in range(WEBS)])
    processes: list[Command] = field(default_factory=list)
    """The web processes, then the workers."""
    _front: Front | None = None

    @property
    def _environment(self) -> dict[str, str]:
        more = {"FAULTS_LEASE": str(self.lease)} if self.lease else {}
        return super()._environment | {
            "LTI_TOOL_WORKER": "external",
            "FAULTS_CLOCK": str(self.folder / "clock"),
            "PYTHONPATH": str(ROOT),
            **more,
        }

    def start(self) -> None:
        """Start everything of the tool's and wait until it answers."""
        (self.folder / "clock").write_text("0")
        self._front = Front(self.tool_port, self.web_ports)
        self.processes = [self._process(number) for number in range(WEBS + WORKERS)]
        for number in range(WEBS):
            self._wait(number)

    def restart(self, number: int, *, kill: bool) -> None:
        """End one process, without warning or as it is done for an upgrade, and start it again."""
        process = self.processes[number]
        if not kill:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)
        end(process)
        self.processes[number] = self._process(number)
        if number < WEBS:
            self._wait(number)

    def stop(self) -> None:
        """End everything."""
        for process in self.processes:
            end(process)
        if self._front is not None:
            self._front.close()
        super().stop()

    def _process(self, number: int) -> Command:
        words = ["web", str(self.web_ports[number])] if number < WEBS else ["worker"]
        return Command(
            words, module="benchmarks.faults.tool", folder=self.folder, environment=self._environment, log=self.log
        )

    def _wait(self, number: int) -> None:
        address = f"http://127.0.0.1:{self.web_ports[number]}/health/live"
        wait_until(lambda: answers(address), self.processes[number], self.log, "the tool")
