"""The command line, as an administrator's scripts use it: exit statuses, and what stands on which stream.

A command runs inside the tests' process, from the words to the exit status; starting Python and its imports anew for each
would take ten times as long. ``in_a_process`` shows that a real one does the same.
"""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lti_tool import cli
from tests.databases import new_database

PLATFORM = (
    "platform",
    "add",
    "--name",
    "Moodle",
    "--issuer",
    "https://moodle.example",
    "--client-id",
    "abc",
    "--auth-login-url",
    "https://moodle.example/mod/lti/auth.php",
    "--token-url",
    "https://moodle.example/mod/lti/token.php",
    "--jwks-url",
    "https://moodle.example/mod/lti/certs.php",
    "--deployment-id",
    "1",
    "--lms",
    "moodle",
)


class Tool:
    """Runs ``lti-tool`` in a folder with a database of its own."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("LTI_TOOL_")}
        self.environment["LTI_TOOL_DATABASE_URL"] = database_url

    def __call__(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """In this process, with the folder, the environment and the streams that a process of its own would have."""
        out, errors, status = io.StringIO(), io.StringIO(), 0
        with (
            pytest.MonkeyPatch.context() as patched,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(errors),
        ):
            patched.chdir(self.folder)
            for name in os.environ:
                if name.startswith("LTI_TOOL_"):
                    patched.delenv(name)
            for name, value in (self.environment | settings).items():
                patched.setenv(name, value)
            patched.setattr(sys, "argv", ["lti-tool", *words])
            try:
                cli.main()
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else 1 if end.code else 0
        return subprocess.CompletedProcess(words, status, out.getvalue(), errors.getvalue())

    def in_a_process(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """The same in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "lti_tool", *words],
            cwd=self.folder,
            env=self.environment | settings,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture
def tool(tmp_path: Path, database_kind: str, request: pytest.FixtureRequest) -> Tool:
    if database_kind == "sqlite":
        return Tool(tmp_path, f"sqlite:///{tmp_path}/var/tool.db")
    return Tool(tmp_path, new_database(request.getfixturevalue("postgresql_url"), f"cli_{os.urandom(4).hex()}"))


def test_an_administrator_sets_up_a_platform(tool: Tool) -> None:
    check = tool("db", "check")
    assert check.returncode == 1
    assert "lti-tool db upgrade" in check.stderr
    assert tool.in_a_process("serve").returncode == 1
    assert "0001" in tool("db", "upgrade").stdout
    assert tool.in_a_process("db", "check").returncode == 0

    added = tool.in_a_process(*PLATFORM)
    assert added.returncode == 0, added.stderr
    platform_id = added.stdout.strip()
    assert [row["id"] for row in json.loads(tool("platform", "list", "--json").stdout)] == [platform_id]
    shown = json.loads(tool("platform", "show", platform_id, "--json").stdout)
    assert shown["token_url"] == "https://moodle.example/mod/lti/token.php"
    assert shown["deployment_ids"] == ["1"]
    assert len(json.loads(tool("organisation", "list", "--json").stdout)) == 1

    again = tool.in_a_process(*PLATFORM)
    assert again.returncode == 1
    assert len(again.stderr.strip().splitlines()) == 1
    assert "registered already" in again.stderr

    assert tool("platform", "remove", platform_id, "--yes").returncode == 0
    assert json.loads(tool("platform", "list", "--json").stdout) == []
    gone = tool("platform", "show", platform_id)
    assert gone.returncode == 1
    assert platform_id in gone.stderr


def test_several_schools_share_an_installation(tool: Tool) -> None:
    tool("db", "upgrade")
    first = tool("organisation", "add", "Hillside").stdout.strip()
    tool("organisation", "add", "Hillside")
    unclear = tool(*PLATFORM, "--organisation", "Hillside")
    assert unclear.returncode == 1
    assert "give the id" in unclear.stderr
    assert tool(*PLATFORM, "--organisation", first).returncode == 0
    unknown = tool(*PLATFORM, "--organisation", "Nowhere")
    assert unknown.returncode == 1


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("LTI_TOOL_BASE_URL", "playlists.school.example"),
        ("LTI_TOOL_BASE_URL", "https://school.example/playlists"),
        ("LTI_TOOL_DATABASE_URL", "mysql://localhost/x"),
        ("LTI_TOOL_ALLOWED_NETWORKS", "10.0.0.0/99"),
        ("LTI_TOOL_LOG_FORMAT", "xml"),
        ("LTI_TOOL_SECRET_KEY", "short"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(tool: Tool, variable: str, value: str) -> None:
    done = tool("db", "check", **{variable: value})
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert variable in done.stderr
    assert "short" not in done.stderr


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_public_tool_does_not_start_without_a_secret_key(tool: Tool) -> None:
    tool("db", "upgrade")
    done = tool.in_a_process("serve", LTI_TOOL_BASE_URL="https://playlists.school.example")
    assert done.returncode == 1
    assert "LTI_TOOL_SECRET_KEY" in done.stderr


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_keys_are_rotated_and_retired(tool: Tool) -> None:
    first = tool("keys", "rotate").stdout.strip()
    second = tool("keys", "rotate").stdout.strip()
    rows = json.loads(tool("keys", "list", "--json").stdout)
    assert [(row["kid"], row["state"], row["signs"]) for row in rows] == [
        (second, "signs", True),
        (first, "stopped", False),
    ]

    signing = tool("keys", "retire", second)
    assert (signing.returncode, len(signing.stderr.strip().splitlines())) == (1, 1)
    assert tool("keys", "retire", first).returncode == 0
    assert tool("keys", "retire", first).returncode == 1
    assert [row["kid"] for row in json.loads(tool("keys", "list", "--json").stdout)] == [second]

    stranger = tool("keys", "list", LTI_TOOL_SECRET_KEY="t" * 40)
    assert (stranger.returncode, len(stranger.stderr.strip().splitlines())) == (1, 1)
    assert "LTI_TOOL_SECRET_KEY" in stranger.stderr


def test_schools_share_a_platform_and_one_is_switched_off(tool: Tool) -> None:
    tool("db", "upgrade")
    school = tool("organisation", "add", "Hillside").stdout.strip()
    assert tool(*PLATFORM, "--shared").returncode == 1
    platform_id = tool(*PLATFORM, "--shared", "--organisation", school).stdout.strip()
    (row,) = json.loads(tool("platform", "deployments", platform_id, "--json").stdout)
    assert (row["deployment_id"], row["status"], row["organisation_id"]) == ("1", "accepted", school)
    assert tool("platform", "accept", row["id"], "--organisation", school).returncode == 0
    assert tool("platform", "accept", "nothing").returncode == 1
    assert tool("platform", "disable", platform_id).returncode == 0
    assert json.loads(tool("platform", "list", "--json").stdout)[0]["enabled"] is False
    assert tool("platform", "enable", platform_id).returncode == 0


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_wrong_usage_exits_with_2_and_help_with_0(tool: Tool) -> None:
    assert tool("platform", "add").returncode == 2
    assert tool.in_a_process("nonsense").returncode == 2
    for words in ((), ("serve",), ("demo",), ("platform", "add"), ("keys", "list")):
        assert tool(*words, "--help").returncode == 0


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_database_that_is_not_there_is_one_line(tool: Tool) -> None:
    done = tool.in_a_process("db", "check", LTI_TOOL_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert done.returncode == 1
    assert "LTI_TOOL_DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_link_to_the_console_is_all_that_is_printed(tool: Tool) -> None:
    assert tool("db", "upgrade").returncode == 0
    done = tool("admin", "link")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"http://localhost:8000/admin/sign-in\?code=[\w-]{43}\n", done.stdout)
