"""``docs/platforms.md`` cannot go stale: every place and every test it names is there, and every habit is named."""

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from lti_tool.lti.models import Family
from lti_tool.platforms import Quirks, quirks

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"\| (?P<habit>[^|]+) \| `(?P<place>[^`|]+)` \| `(?P<shown>test_[a-z0-9_]+)` \|")
TITLES = {
    Family.CANVAS: "Canvas",
    Family.MOODLE: "Moodle",
    Family.SCHOOLOGY: "Schoology",
    Family.BLACKBOARD: "Blackboard",
    Family.BRIGHTSPACE: "Brightspace",
    Family.SAKAI: "Sakai",
    Family.OPENEDX: "Open edX",
}
WORDS = {"remedies", "next_steps", "next_steps_by_link", "locking"}
"""What is said to administrators and teachers, rather than done."""


def sections() -> dict[str, str]:
    page = (ROOT / "docs" / "platforms.md").read_text("utf-8")
    return {part.splitlines()[0]: part for part in page.split("\n## ")[1:]}


def rows() -> list[tuple[str, str, str]]:
    found = []
    for title, part in sections().items():
        lines = [
            line for line in part.splitlines() if line.startswith("| ") and not line.startswith(("| what", "| ---"))
        ]
        matches = [ROW.fullmatch(line) for line in lines]
        assert all(matches), [line for line, match in zip(lines, matches, strict=True) if not match]
        found += [(title, match["place"], match["shown"]) for match in matches if match]
    return found


def resolved(place: str) -> Any:
    """What a place names: a module below ``lti_tool``, something in it, or a file."""
    if "/" in place:
        return (ROOT / "lti_tool" / place).read_text("utf-8")
    names = place.split(".")
    module = importlib.import_module(".".join(("lti_tool", *names[:2])))
    found: Any = module
    for name in names[2:]:
        found = getattr(found, name) if hasattr(found, name) else found.model_fields[name]
    return found


@pytest.fixture(scope="module")
def tests_there() -> set[str]:
    sources = (path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return {
        name for source in sources for name in re.findall(r"^(?:async )?def (test_[a-z0-9_]+)", source, re.MULTILINE)
    }


def test_every_place_and_every_test_is_there(tests_there: set[str]) -> None:
    assert len(rows()) > 60
    for title, place, shown in rows():
        assert resolved(place) is not None, f"{title}: {place}"
        assert shown in tests_there, f"{title}: {shown}"


@pytest.mark.parametrize("family", TITLES)
def test_every_habit_of_an_lms_has_a_line(family: Family) -> None:
    kind = type(quirks(family))
    own = {name for name in vars(kind) if not name.startswith("_")} - WORDS
    named = {place.rpartition(".")[2] for title, place, _ in rows() if title == TITLES[family]}
    assert own - named == set()
    assert own <= {name for name in dir(Quirks) if not name.startswith("_")}, "a habit nobody asks for"


@pytest.mark.parametrize("family", TITLES)
def test_every_habit_says_where_it_comes_from(family: Family) -> None:
    """A method has a docstring, a mere value a comment above it."""
    kind = type(quirks(family))
    lines = inspect.getsource(kind).splitlines()
    for name, value in vars(kind).items():
        if name.startswith("_") or name in WORDS:
            continue
        if callable(value):
            assert inspect.getdoc(value), name
        else:
            (at,) = [number for number, line in enumerate(lines) if re.match(rf"    {name}\b.*=", line)]
            assert lines[at - 1].lstrip().startswith("#"), name
