"""Documentation that cannot go stale: what exists and is not described fails here."""

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

import lti_tool
from lti_tool.cli import cli
from lti_tool.errors import ToolError
from lti_tool.settings import Settings

DOCS = Path(__file__).resolve().parents[1] / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def commands(group: Any, before: str = "lti-tool") -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{before} {name}")
        else:
            yield f"{before} {name}"


def error_classes() -> list[type[ToolError]]:
    for module in pkgutil.walk_packages(lti_tool.__path__, "lti_tool."):
        if not module.name.startswith(("lti_tool.sandbox", "lti_tool.__main__")):
            importlib.import_module(module.name)
    found: list[type[ToolError]] = []
    waiting = [ToolError]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += one.__subclasses__()
    return found


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_described(name: str) -> None:
    assert f"`LTI_TOOL_{name.upper()}`" in page("settings.md")


@pytest.mark.parametrize("command", sorted(commands(typer.main.get_command(cli))))
def test_every_command_is_described(command: str) -> None:
    assert f"`{command}" in page("commands.md")


def routes(found: Iterable[Any]) -> Iterator[Any]:
    """Every route, also those that FastAPI keeps inside the routers they came in."""
    for route in found:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes(inner.routes)
        elif getattr(route, "methods", None):
            yield route


def test_every_address_is_described(tmp_path: Path) -> None:
    from lti_tool.app import create_app

    described = page("addresses.md")
    app = create_app(Settings(database_url=f"sqlite:///{tmp_path}/tool.db", keys_dir=tmp_path))
    paths = {route.path for route in routes(app.routes)}
    assert "/courses/{course_id}/playlists" in paths
    missing = sorted(path for path in paths if not path.startswith("/development/") and f"`{path}`" not in described)
    assert missing == []


def test_every_room_is_described() -> None:
    described = set(re.findall(r"^\| `([a-z_]+)` \|", page("architecture.md"), re.MULTILINE))
    rooms = {path.parent.name for path in (DOCS.parent / "lti_tool").glob("*/__init__.py")}
    assert described == rooms


def codes_given() -> set[str]:
    """Codes that are given where an error is raised, rather than by its class."""
    sources = [path for path in (DOCS.parent / "lti_tool").rglob("*.py") if "sandbox" not in path.parts]
    return {code for path in sources for code in re.findall(r'\bcode="([a-z-]+)"', path.read_text("utf-8"))}


def test_every_error_code_is_described() -> None:
    described = page("errors.md")
    missing = sorted(
        code for code in {one.code for one in error_classes()} | codes_given() if f"`{code}`" not in described
    )
    assert missing == []


def test_every_decision_record_is_a_page_with_a_decision() -> None:
    records = sorted((DOCS / "adr").glob("*.md"))
    assert records
    for record in records:
        text = record.read_text("utf-8")
        assert "**Decision:" in text, record.name
        assert len(text.splitlines()) < 100, record.name
