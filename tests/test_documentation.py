"""Documentation that cannot go stale: what exists and is not described fails here."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from fastapi import FastAPI

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


def test_every_address_is_described() -> None:
    from lti_tool.app import create_app

    described = page("addresses.md")
    app: FastAPI = create_app(Settings())
    missing = sorted(
        {
            route.path
            for route in app.routes
            if hasattr(route, "methods")
            and not route.path.startswith("/development/")
            and f"`{route.path}`" not in described
        }
    )
    assert missing == []


def test_every_error_code_is_described() -> None:
    described = page("errors.md")
    missing = sorted({one.code for one in error_classes() if f"`{one.code}`" not in described})
    assert missing == []


def test_every_decision_record_is_a_page_with_a_decision() -> None:
    records = sorted((DOCS / "adr").glob("*.md"))
    assert records
    for record in records:
        text = record.read_text("utf-8")
        assert "**Decision:" in text, record.name
        assert len(text.splitlines()) < 100, record.name
