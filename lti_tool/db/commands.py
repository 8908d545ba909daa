"""What commands share: the database for as long as one runs, and rows printed for people or for scripts."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import typer

from lti_tool.db import migrate
from lti_tool.db.session import Database
from lti_tool.errors import WrongSetting
from lti_tool.settings import Settings

Result = TypeVar("Result")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def print_rows(rows: list[dict[str, Any]], as_json: bool, empty: str) -> None:
    """A line for each row, its cells two spaces apart, or JSON; ``empty`` is said on standard error where there is none."""
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        typer.echo(empty, err=True)
    for row in rows:
        typer.echo("  ".join(",".join(cell) if isinstance(cell, list) else str(cell) for cell in row.values()))


def with_database(settings: Settings, work: Callable[[Database], Awaitable[Result]]) -> Result:
    """What ``work`` gives, with the database that the settings name open for as long as it runs."""

    async def run() -> Result:
        database = Database.at(settings.database_url)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def missing(settings: Settings) -> list[str]:
    """The revisions of the migrations that this database lacks, the oldest first."""

    async def work(database: Database) -> list[str]:
        return await migrate.missing(database.engine)

    return with_database(settings, work)


def demand_migrations(settings: Settings) -> None:
    """Raises WrongSetting where migrations are missing."""
    if missing(settings):
        raise WrongSetting("the database is not up to date: run `lti-tool db upgrade` first")
