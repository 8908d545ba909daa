"""The command line on an LMS's own API: connecting it, disconnecting it, what is entered in the LMS."""

import io
import json
import sys

import pytest

from lti_tool.platforms import canvas_scopes, moodle_functions
from tests.test_cli import PLATFORM, Tool, tool

__all__ = ["tool"]

CANVAS = ("platform", "add", "--name", "Canvas", "--issuer", "https://canvas.instructure.com", "--client-id", "1")
ADDRESSES = (
    "--auth-login-url",
    "https://sso.canvaslms.com/api/lti/authorize_redirect",
    "--token-url",
    "https://sso.canvaslms.com/login/oauth2/token",
    "--jwks-url",
    "https://sso.canvaslms.com/api/lti/security/jwks",
    "--deployment-id",
    "1",
    "--lms",
    "canvas",
)
API = ("--api-url", "https://school.instructure.com")


def type_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text + "\n"))


def test_a_school_is_connected_and_disconnected(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tool("db", "upgrade").returncode == 0
    platform = tool(*CANVAS, *ADDRESSES).stdout.strip()
    type_in(monkeypatch, "a-token")
    done = tool("platform", "connect", platform, *API)
    assert (done.returncode, done.stdout) == (0, f"connected {platform}\n"), done.stderr
    assert "a-token" not in done.stdout + done.stderr
    type_in(monkeypatch, "key-secret")
    done = tool("platform", "connect", platform, *API, "--client-id", "10000000000007", "--by-teachers")
    assert done.returncode == 0, done.stderr
    assert "teachers now choose Connect" in done.stderr
    type_in(monkeypatch, "key-secret")
    done = tool("platform", "connect", platform, *API, "--client-id", "10000000000007", "--no-dates")
    assert f"/admin/platforms/{platform}/api" in done.stderr
    assert tool("platform", "disconnect", platform, "--yes").stdout == f"disconnected {platform}\n"
    gone = tool("platform", "disconnect", platform, "--yes")
    assert gone.returncode == 1
    assert "is not connected" in gone.stderr


def test_what_cannot_be_is_one_line(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tool("db", "upgrade").returncode == 0
    moodle = tool(*PLATFORM).stdout.strip()
    for words, text, status in (
        (("nothing", *API), "t", 1),
        ((moodle, "--api-url", "http://moodle.example"), "t", 1),
        ((moodle, "--api-url", "https://another.example"), "t", 1),
        ((moodle, "--api-url", "https://moodle.example"), "two words", 1),
        ((moodle, "--api-url", "https://moodle.example", "--client-id", "1"), "s", 1),
        ((moodle, "--api-url", "https://moodle.example", "--by-teachers"), "s", 2),
        ((moodle,), "t", 2),
    ):
        type_in(monkeypatch, text)
        done = tool("platform", "connect", *words)
        assert done.returncode == status, (words, done.stderr)
        assert done.stdout == ""
        assert status == 2 or len(done.stderr.splitlines()) == 1


def test_the_scopes_are_printed_beside_the_json_and_by_themselves(tool: Tool) -> None:
    printed = tool("platform", "config", "canvas")
    assert json.loads(printed.stdout)["title"]
    alone = tool("platform", "config", "canvas", "--api")
    for scope in canvas_scopes.ALL:
        assert f"  {scope}\n" in printed.stderr
        assert f"  {scope}\n" in alone.stdout + "\n"
    assert "/api-access/back" in alone.stdout
    listed = json.loads(tool("platform", "config", "canvas", "--api", "--json").stdout)
    assert {scope for some in listed.values() for scope in some} > set(canvas_scopes.ALL)


def test_the_functions_of_a_moodle_are_printed_with_its_values(tool: Tool) -> None:
    printed = tool("platform", "config", "moodle").stdout
    for one in (*moodle_functions.every_function(), *moodle_functions.every_right()):
        assert f"  {one}\n" in printed
