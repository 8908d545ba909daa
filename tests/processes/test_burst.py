"""A school comes at once: 500 students who have never been there launch within ten seconds, on one worker of ``serve``."""

import os
from pathlib import Path

import pytest

from benchmarks.launch import servers
from benchmarks.launch.burst import burst
from benchmarks.launch.lms import running_platform
from tests.databases import new_database
from tests.processes.story import say

pytestmark = pytest.mark.processes

STUDENTS, SECONDS = 500, 10.0


async def test_none_of_500_launches_is_refused_or_lost(
    database_kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if database_kind == "sqlite":
        url = f"sqlite:///{tmp_path}/tool.db"
    else:
        url = new_database(request.getfixturevalue("postgresql_url"), f"burst_{os.urandom(4).hex()}")
    with running_platform() as platform, servers.our_tool(database_kind, platform, url, tmp_path / "tool") as server:
        got = await burst(platform, server, STUDENTS, SECONDS)
        errors = (tmp_path / "tool" / "errors.log").read_text("utf-8")
    say(f"{database_kind}: {STUDENTS} launches begun within {SECONDS:g} s, all answered after {got.seconds:.1f} s")
    assert (got.accepted, got.refused, got.failed, got.lost) == (STUDENTS, 0, 0, 0), got.troubles
    assert "Traceback" not in errors, errors[-5000:]
