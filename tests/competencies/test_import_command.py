"""``lti-tool import competencies``, as an administrator's scripts use it."""

import json
from pathlib import Path

from tests.test_cli import Tool, tool

from .formats import CANVAS, OWN, as_bytes, item, moodle, package

__all__ = ["tool"]


def test_files_of_every_format_are_imported_and_counted(tool: Tool, tmp_path: Path) -> None:
    assert tool("db", "upgrade").returncode == 0
    for name, given, number in (
        ("own.csv", OWN.encode(), 4),
        ("moodle.txt", moodle().encode(), 3),
        ("canvas", CANVAS.encode(), 4),
        ("wrongly-named.csv", as_bytes(package([item("A")])), 1),
    ):
        (tmp_path / name).write_bytes(given)
        done = tool("import", "competencies", name)
        assert done.returncode == 0, done.stderr
        assert f"added: {number}, updated: 0, unchanged: 0, retired: 0, refused: 0" in done.stdout
        again = json.loads(tool("import", "competencies", name, "--json").stdout)
        assert (again["added"], again["unchanged"], again["new"]) == (0, number, False)


def test_problems_and_loops_stand_on_standard_error(tool: Tool, tmp_path: Path) -> None:
    tool("db", "upgrade")
    (tmp_path / "a.csv").write_text("code,statement,parent,prerequisites\nA,a,,B\nB,b,,A\nC,c,C,\n", "utf-8")
    done = tool("import", "competencies", "a.csv")
    assert done.returncode == 0
    assert "refused: 1" in done.stdout
    assert done.stderr.splitlines() == [
        "row 4: It is said to be its own parent: C → C. It was left out.",
        "prerequisites go in a loop: A → B → A. Left out until somebody decides: B → A",
    ]
    told = json.loads(tool("import", "competencies", "a.csv", "--json").stdout)
    assert told["loops"] == [{"competencies": ["A", "B"], "left_out": ["B", "A"]}]
    assert told["problems"][0]["where"] == "row 4"


def test_what_cannot_be_read_is_one_line(tool: Tool, tmp_path: Path) -> None:
    tool("db", "upgrade")
    (tmp_path / "x.csv").write_text("hello", "utf-8")
    done = tool("import", "competencies", "x.csv")
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "code, statement, parent, prerequisites" in line
    assert tool("import", "competencies", "absent.csv").returncode == 2
    assert tool("import", "competencies", "x.csv", "--organisation", "nobody").returncode == 1


def test_each_organisation_has_its_own(tool: Tool, tmp_path: Path) -> None:
    tool("db", "upgrade")
    tool("organisation", "add", "One")
    tool("organisation", "add", "Two")
    (tmp_path / "own.csv").write_text(OWN, "utf-8")
    for name in ("One", "Two"):
        assert "new framework" in tool("import", "competencies", "own.csv", "--organisation", name).stdout
