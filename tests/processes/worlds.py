"""A tool and a sandbox LMS as separate processes, so that the tool can die alone."""

import contextlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL
from typing import Any

import httpx

from tests.servers import START_SECONDS, free_port

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Apart:
    """``lti-tool serve`` and the sandbox, each in a process. ``kill`` ends the tool alone, ``start`` begins it again."""

    folder: Path
    database_url: str | None = None
    tool_port: int = field(default_factory=free_port)
    lms_port: int = field(default_factory=free_port)
    _tool: subprocess.Popen[bytes] | None = None
    _lms: subprocess.Popen[bytes] | None = None

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
        usual = {name: value for name, value in os.environ.items() if not name.startswith("LTI_TOOL_")}
        return usual | {
            "LTI_TOOL_BASE_URL": self.tool,
            "LTI_TOOL_DATABASE_URL": self.database_url or f"sqlite:///{self.folder}/tool.db",
            "LTI_TOOL_KEYS_DIR": str(self.folder / "keys"),
        }

    def command(self, *words: str, given: str | None = None) -> str:
        """One ``lti-tool`` command: what it printed. AssertionError when it fails."""
        done = subprocess.run(
            [sys.executable, "-m", "lti_tool", *words],
            cwd=self.folder, env=self._environment, input=given, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def begin(self) -> None:
        """Start the LMS, make the database, make the two known to each other by their commands, and start the tool."""
        with (self.folder / "lms.log").open("ab") as out:
            self._lms = subprocess.Popen(
                [sys.executable, "-m", "tests.processes.run_sandbox", str(self.lms_port), str(self.folder / "lms")],
                cwd=ROOT, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        _wait_for(f"{self.lms}/login", self._lms, self.folder / "lms.log")
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
        with self.log.open("ab") as out:
            self._tool = subprocess.Popen(
                [sys.executable, "-m", "lti_tool", "serve", "--port", str(self.tool_port)],
                cwd=self.folder, env=self._environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        _wait_for(f"{self.tool}/health/ready", self._tool, self.log)

    def kill(self) -> None:
        """``kill -9`` for the tool; the LMS goes on, with whatever it was asked last."""
        _end(self._tool)

    def stop(self) -> None:
        """End both."""
        _end(self._tool)
        _end(self._lms)


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None and process.poll() is None:
        process.send_signal(SIGKILL)
        process.wait(timeout=10)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url, timeout=2).is_success:
                return
        time.sleep(0.1)
    _end(process)
    raise RuntimeError(f"{url} did not answer:\n{log.read_text('utf-8')[-3000:]}")
