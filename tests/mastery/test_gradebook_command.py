"""``lti-tool import evidence``, as a school's own scripts use it."""

import asyncio
import json
from pathlib import Path

import pytest
from sqlmodel import col, select

from lti_tool.competencies import alignments
from lti_tool.competencies.alignment_rules import Change
from lti_tool.competencies.models import AlignmentRole
from lti_tool.db.base import crossing
from lti_tool.db.session import Database
from lti_tool.mastery.models import Evidence
from tests.competencies.aligned import Mapped, a_map
from tests.playlists.seed import NOW
from tests.test_cli import Tool, tool

__all__ = ["tool"]

FILE = """Student,ID,SIS User ID,SIS Login ID,Section,Quiz 4.NF.1 (2),Comparing fractions (3),Final Score
    Points Possible,,,,,10,20,(read only)
"Ash, Ada",student-0,S1,ada,A,9,0,90
Ben Birch,,S2,ben,A,7,15,80
Somebody Else,99,S9,else,A,2,3,10
Student,100,,student,A,2,3,10
"""


@pytest.fixture
def mapped(tool: Tool, tmp_path: Path) -> Mapped:
    """A course with a map whose first quiz is aligned, in the command's own database."""
    assert tool("db", "upgrade").returncode == 0
    (tmp_path / "grades.csv").write_text(FILE, "utf-8")

    async def make() -> Mapped:
        database = Database.at(tool.environment["LTI_TOOL_DATABASE_URL"])
        try:
            async with database.writing() as session:
                found = await a_map(session)
                change = Change(found.item("Quiz 4.NF.1"), found.one("4.NF.A.1"), AlignmentRole.ASSESSES)
                await alignments.change(session, found.course, [change], {}, by=None, now=NOW)
                session.expunge_all()
            return found
        finally:
            await database.close()

    return asyncio.run(make())


def earned(tool: Tool) -> list[str]:
    """What counts in the command's database."""

    async def look() -> list[str]:
        database = Database.at(tool.environment["LTI_TOOL_DATABASE_URL"])
        try:
            async with database.reading() as session:
                statement = select(col(Evidence.earned)).where(col(Evidence.voided_at).is_(None))
                found = await session.exec(statement, execution_options=crossing("The test sees all."))
                return sorted(str(points) for points in found.all())
        finally:
            await database.close()

    return asyncio.run(look())


def test_matched_unmatched_and_refused_rows_are_said_with_reasons(tool: Tool, mapped: Mapped) -> None:
    done = tool("import", "evidence", "grades.csv", "--course", str(mapped.course.id))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "matched 1, unmatched 3, refused 0 rows; 1 of 2 columns",
        "evidence: 1 added, 0 replaced, 0 unchanged, 0 taken back",
    ]
    assert done.stderr.splitlines() == [
        "line 4: only the name fits; --accept-names takes it",
        "line 5: no student of the course has these ids or this name",
        "line 6: no student of the course has these ids or this name",
        "column 'Comparing fractions': it assesses no competency of the course's map",
    ]
    assert "Birch" not in done.stdout + done.stderr
    assert earned(tool) == ["9"]


def test_the_platforms_own_id_of_the_course_names_and_json(tool: Tool, mapped: Mapped) -> None:
    words = ("import", "evidence", "grades.csv", "--course", mapped.course.context_id, "--accept-names", "--json")
    told = json.loads(tool(*words, "--on", "2026-09-20").stdout)
    assert (told["lms"], told["matched"], told["added"], told["columns"]) == ("canvas", 2, 2, 1)
    assert [row["line"] for row in told["unmatched"]] == [5, 6]
    again = json.loads(tool(*words).stdout)
    assert (again["added"], again["replaced"], again["unchanged"]) == (0, 0, 2)
    assert earned(tool) == ["7", "9"]


@pytest.mark.parametrize(
    ("content", "more", "said"),
    [
        (FILE, ("--course", "nowhere"), "no course 'nowhere'"),
        ("a,b\n1,2\n", (), "the header is of no known export"),
        (FILE, ("--on", "2031-01-01"), "--on is a day that has been"),
        (FILE.replace("(2)", "(22)").replace("Quiz 4.NF.1", "Unknown"), (), "no column assesses a competency"),
    ],
    ids=["course", "file", "day", "unaligned"],
)
def test_what_cannot_be_done_is_one_line(
    tool: Tool, mapped: Mapped, tmp_path: Path, content: str, more: tuple[str, ...], said: str
) -> None:
    (tmp_path / "grades.csv").write_text(content, "utf-8")
    course = () if "--course" in more else ("--course", str(mapped.course.id))
    done = tool("import", "evidence", "grades.csv", *course, *more)
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert said in line
    assert earned(tool) == []


def test_wrong_usage_is_2(tool: Tool) -> None:
    assert tool("import", "evidence", "absent.csv", "--course", "1").returncode == 2
    assert tool("import", "evidence").returncode == 2
