"""The commands for registration links, as an administrator's scripts use them."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.test_cli import PLATFORM, Tool


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    made = Tool(tmp_path, f"sqlite:///{tmp_path}/var/tool.db")
    assert made("db", "upgrade").returncode == 0
    return made


def link_in(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    found = re.fullmatch(r"http://localhost:8000/lti/register\?invite=([\w-]{43})\n", done.stdout)
    assert found, done.stdout
    return found[1]


def test_an_invitation_is_a_link_and_nothing_else(tool: Tool) -> None:
    code = link_in(tool("platform", "invite", "--lms", "moodle", "--expires", "12h"))
    listed = tool("platform", "invites", "--json")
    (row,) = json.loads(listed.stdout)
    assert row["lms"] == "moodle"
    assert code not in listed.stdout
    assert tool("platform", "revoke-invite", row["id"]).returncode == 0
    assert json.loads(tool("platform", "invites", "--json").stdout) == []
    again = tool("platform", "revoke-invite", row["id"])
    assert again.returncode == 1
    assert len(again.stderr.splitlines()) == 1


def test_an_lms_without_registration_is_sent_to_the_other_command(tool: Tool) -> None:
    done = tool("platform", "invite", "--lms", "schoology")
    assert (done.returncode, done.stdout) == (1, "")
    assert "platform config schoology" in done.stderr


@pytest.mark.parametrize("words", [("--expires", "soon"), ("--organisation", "nobody's"), ("--platform", "none")])
def test_an_invitation_that_cannot_be_made_says_why(tool: Tool, words: tuple[str, ...]) -> None:
    done = tool("platform", "invite", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1


def test_an_invitation_renews_a_registration(tool: Tool) -> None:
    platform_id = tool(*PLATFORM).stdout.strip()
    link_in(tool("platform", "invite", "--platform", platform_id))
    (row,) = json.loads(tool("platform", "invites", "--json").stdout)
    assert row["platform_id"] == platform_id
    assert row["lms"] == "moodle"
