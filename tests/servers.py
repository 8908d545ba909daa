"""Real servers for tests: ``lti-tool demo`` in a process of its own, on ports of its own, in a folder of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

START_SECONDS = 60.0


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Demo:
    """A running demo. ``kill`` ends it without warning, ``start`` begins again on the same data and ports."""

    folder: Path
    database_url: str | None = None
    course: Path | None = None
    like: str | None = None
    tool_port: int = field(default_factory=free_port)
    lms_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

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
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LTI_TOOL_")}
        if self.database_url:
            environment["LTI_TOOL_DATABASE_URL"] = self.database_url
        command = [sys.executable, "-m", "lti_tool", "demo", "--no-browser"]
        command += ["--tool-port", str(self.tool_port), "--lms-port", str(self.lms_port)]
        if self.like:
            command += ["--like", self.like]
        if self.course:
            command += ["--course", str(self.course)]
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(httpx.HTTPError):
                if (
                    httpx.get(f"{self.tool}/health/ready", timeout=2).is_success
                    and httpx.get(f"{self.lms}/", timeout=2, follow_redirects=True).is_success
                    and "Ctrl-C" in self.log.read_text("utf-8")
                ):
                    return
            time.sleep(0.1)
        self.kill()
        raise RuntimeError("the demo did not start:\n" + self.log.read_text("utf-8")[-3000:])

    def kill(self) -> None:
        """``kill -9``: no warning, no clean end."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(timeout=10)

    def stop(self) -> int:
        """Ctrl-C, and wait; returns the exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode


@contextlib.contextmanager
def running_demo(folder: Path, database_url: str | None = None, course: Path | None = None) -> Iterator[Demo]:
    """A demo for the length of a block."""
    demo = Demo(folder, database_url, course)
    demo.start()
    try:
        yield demo
    finally:
        demo.stop()
