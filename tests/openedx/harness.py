"""Starts Open edX and our tool as two real processes, and walks a launch between them as a browser would."""

import html
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.servers import Command, answers, end, free_port, run, wait_until

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = ROOT / ".venv-openedx"
START_SECONDS = 60.0


def wait_until_listening(process: subprocess.Popen[bytes], port: int, errors: Path) -> None:
    """Return once the port answers; AssertionError with the process's own words when it ends or stays silent."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"the process did not start:\n{errors.read_text(errors='replace')[-4000:]}")


@contextmanager
def running(command: list[str], environment: Mapping[str, str], port: int, errors: Path) -> Iterator[None]:
    """Keep a server process running inside the block; its standard error goes to ``errors``."""
    with (
        errors.open("wb") as log,
        subprocess.Popen(
            command, env=dict(environment), stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=errors.parent
        ) as process,
    ):
        try:
            wait_until_listening(process, port, errors)
            yield
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


@dataclass
class Platform:
    """The platform's process, reached over HTTP."""

    url: str
    registration: dict[str, Any] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def start(cls, tool_url: str, folder: Path) -> Iterator[Self]:
        """Run the platform for a tool at ``tool_url``; its database lies in ``folder``."""
        port = free_port()
        command = [
            str(ENVIRONMENT / "bin" / "python"), "-m", "platform_app.serve",
            "--port", str(port), "--tool", tool_url, "--folder", str(folder),
        ]  # fmt: skip
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parent), "PYTHONUTF8": "1"}
        with running(command, environment, port, folder / "openedx.log"):
            platform = cls(f"http://127.0.0.1:{port}")
            platform.registration = platform.ask("registration")
            yield platform

    def ask(self, what: str, **query: str) -> dict[str, Any]:
        """What the platform says at ``/harness/…``."""
        answer: dict[str, Any] = (
            httpx.get(f"{self.url}/harness/{what}", params=query, timeout=20).raise_for_status().json()
        )
        return answer

    def share_names(self, share: bool) -> None:
        """Set whether the course tells tools names and addresses."""
        answer = httpx.post(f"{self.url}/harness/privacy", data={"share": "yes" if share else "no"}, timeout=20)
        answer.raise_for_status()

    def login_address(self, user: str, kind: str = "resource-link") -> str:
        """Where the platform sends the browser of ``user`` to begin a launch."""
        address: str = self.ask("launch", user=user, kind=kind)["login"]
        return address

    def person_id(self, user: str) -> str:
        """What tools know this user by."""
        found: str = self.registration["people"][user]
        return found


@dataclass
class Tool:
    """Our tool's process."""

    url: str
    environment: dict[str, str]
    log: Path

    @classmethod
    @contextmanager
    def prepare(cls, folder: Path, database_url: str) -> Iterator[Self]:
        """A tool with its settings and a migrated database, not running yet."""
        port = free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONUTF8": "1",
            "LTI_TOOL_BASE_URL": f"http://127.0.0.1:{port}",
            "LTI_TOOL_DATABASE_URL": database_url,
            "LTI_TOOL_KEYS_DIR": str(folder / "keys"),
            "LTI_TOOL_ALLOWED_NETWORKS": "127.0.0.0/8",
        }
        tool = cls(f"http://127.0.0.1:{port}", environment, folder / "tool.log")
        tool.run("db", "upgrade")
        yield tool

    def run(self, *arguments: str) -> str:
        """One ``lti-tool`` command; what it printed. AssertionError with its error when it fails."""
        return run(list(arguments), folder=self.log.parent, environment=self.environment)

    def register(self, platform: Platform) -> str:
        """Tell the tool of the platform, as an administrator would by hand; the registration's id."""
        said = platform.registration
        return self.run(
            "platform", "add", "--name", "Open edX", "--lms", "openedx",
            "--issuer", said["issuer"], "--client-id", said["client_id"], "--deployment-id", said["deployment_id"],
            "--auth-login-url", said["auth_login_url"], "--token-url", said["token_url"], "--jwks-url", said["jwks_url"],
        )  # fmt: skip

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Run ``lti-tool serve`` inside the block."""
        words = ["serve", "--port", str(urlsplit(self.url).port)]
        process = Command(words, folder=self.log.parent, environment=self.environment, log=self.log)
        try:
            wait_until(lambda: answers(f"{self.url}/health/ready"), process, self.log, "the tool")
            yield
        finally:
            end(process)


@dataclass(frozen=True)
class Form:
    """A form that a page submits by itself."""

    action: str
    fields: dict[str, str]


_FORM_ACTION = re.compile(r'<form\b[^>]*?\baction="([^"]*)"', re.DOTALL)
_INPUT = re.compile(r'<input\b[^>]*?\bname="([^"]*)"[^>]*?\bvalue="([^"]*)"', re.DOTALL)


def form_of(page: str) -> Form:
    """The first form of a page, with its fields."""
    action = _FORM_ACTION.search(page)
    assert action, f"no form in: {page[:500]}"
    fields = {html.unescape(name): html.unescape(value) for name, value in _INPUT.findall(page)}
    return Form(html.unescape(action[1]), fields)


@dataclass
class Launched:
    """How a launch ended: each answer of the tool, and the page the browser stands on."""

    login: httpx.Response
    message: Form
    launch: httpx.Response
    page: httpx.Response


class Browser:
    """A person's browser: keeps cookies, follows redirects one at a time, submits the platform's form.

    Browsers treat loopback as secure and send Secure cookies to it; httpx's cookie jar does not, so this keeps its own.
    """

    def __init__(self) -> None:
        self.cookies: dict[str, dict[str, str]] = {}
        hooks = {"request": [self._bring], "response": [self._keep]}
        self.http = httpx.Client(timeout=30, follow_redirects=False, event_hooks=hooks)

    def _bring(self, request: httpx.Request) -> None:
        kept = self.cookies.get(request.url.netloc.decode(), {})
        if kept:
            request.headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in kept.items())

    def _keep(self, response: httpx.Response) -> None:
        for line in response.headers.get_list("Set-Cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies.setdefault(response.request.url.netloc.decode(), {})[name] = value

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.http.close()

    def authenticate(self, login_address: str) -> tuple[httpx.Response, Form]:
        """Login at the tool, authorization at the platform: the tool's answer and the form with the ``id_token``."""
        login = self.http.get(login_address)
        assert login.status_code == 302, f"login answered {login.status_code}: {login.text[:800]}"
        authorization = self.http.get(login.headers["Location"])
        assert authorization.status_code == 200, f"the platform refused: {authorization.text[:800]}"
        return login, form_of(authorization.text)

    def launch(self, login_address: str) -> Launched:
        """A whole launch, to the page behind its last redirect."""
        login, message = self.authenticate(login_address)
        launch = self.http.post(message.action, data=message.fields)
        page = launch
        for _step in range(5):
            if not page.is_redirect:
                break
            page = self.http.send(page.next_request) if page.next_request else page
        return Launched(login, message, launch, page)

    def open(self, address: str) -> httpx.Response:
        """A page, following redirects."""
        return self.http.get(address, follow_redirects=True)


def query_of(address: str) -> dict[str, str]:
    """An address's query fields."""
    return dict(parse_qsl(urlsplit(address).query))
