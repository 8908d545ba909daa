"""A tool and a sandbox LMS as separate processes, so that the tool can die alone."""

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
