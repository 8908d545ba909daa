"""Applying migrations, on both databases.

On SQLite a migration runs with foreign keys off, and a check of all of them follows before the commit: batch mode with
them on deleted the children of the tables it rebuilt (measured).

Alembic is imported where it is used: it takes longer than most commands, and only those about migrations need it.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

if TYPE_CHECKING:
    from alembic.config import Config

log = logging.getLogger(__name__)

_LOCK = 7_365_341  # Any constant: the number of our advisory lock on PostgreSQL.

_WAITS = timedelta(milliseconds=400)
"""How long a migration waits for a table that is in use: less than the second after which PostgreSQL looks for deadlocks."""

_TRIES = 150
_IN_THE_WAY = {"55P03", "40P01"}
"""PostgreSQL's ``lock_not_available`` and ``deadlock_detected``."""


def migrations_folder() -> Path:
    """Where the migrations are: inside the package when it is installed, beside it in a checkout."""
    package = Path(str(resources.files("lti_tool")))
    # Inside comes first: what lies beside an installed package may be another project's folder of the same name.
    inside = package / "db" / "migrations"
    return inside if (inside / "env.py").is_file() else package.parent / "migrations"


def _config(connection: Connection | None = None) -> "Config":
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


async def upgrade(engine: AsyncEngine) -> None:
    """Bring the database to the newest revision, all or nothing; two processes at once wait for each other."""
    from alembic import command  # noqa: PLC0415

    await _run(engine, lambda connection: command.upgrade(_config(connection), "head"))


async def downgrade(engine: AsyncEngine, revision: str) -> None:
    """Take the database back to ``revision``; for tests and development."""
    from alembic import command  # noqa: PLC0415

    await _run(engine, lambda connection: command.downgrade(_config(connection), revision))


async def draft(engine: AsyncEngine, name: str) -> None:
    """Write a migration, to be read and mended, for what the models have and this database, the newest of migrations, has not."""
    from alembic import command  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    newest = ScriptDirectory.from_config(_config()).get_current_head()
    number = f"{int(newest or 0) + 1:04}"

    def write(connection: Connection) -> None:
        command.revision(_config(connection), name, autogenerate=True, rev_id=number)

    await _run(engine, write)


async def missing(engine: AsyncEngine) -> list[str]:
    """The revisions not applied yet, oldest first; empty when the database is up to date, or ahead of this code.

    It is ahead while an installation is brought up to date without a pause: migrations come first, and the processes of the
    version before go on beside them (docs/deploy.md).
    """
    from alembic.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from alembic.script.revision import ResolutionError  # noqa: PLC0415

    script = ScriptDirectory.from_config(_config())
    async with engine.connect() as connection:
        current = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    try:
        newest_first = [revision.revision for revision in script.iterate_revisions("head", current or "base")]
    except ResolutionError:
        log.warning("the database is ahead of this version of the tool", extra={"revision": current})
        return []
    return newest_first[::-1]


async def _run(engine: AsyncEngine, work: Callable[[Connection], None]) -> None:
    """Carry ``work`` out to its end, also when the caller is cancelled meanwhile, as Ctrl-C does: then it ends afterwards."""
    running = asyncio.ensure_future(_carry_out(engine, work))
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


async def _carry_out(engine: AsyncEngine, work: Callable[[Connection], None]) -> None:
    if engine.dialect.name == "sqlite":
        await _on_sqlite(engine, work)
        return
    tried = 1
    while not await _on_postgresql(engine, work, last=tried == _TRIES):
        if tried == 1:
            log.info("the tables are in use; the migration waits for its moment")
        tried += 1
        await asyncio.sleep(_WAITS.total_seconds())


async def _on_sqlite(engine: AsyncEngine, work: Callable[[Connection], None]) -> None:
    async with engine.connect() as connection:
        driver = await connection.get_raw_connection()
        await driver.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        try:
            await connection.run_sync(work)
            broken = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).all()
            if broken:
                raise RuntimeError(f"the migration would leave {len(broken)} rows without what they refer to")
            await connection.commit()
        finally:
            await connection.rollback()
            await driver.driver_connection.execute("PRAGMA foreign_keys=ON")  # type: ignore[union-attr]


async def _on_postgresql(engine: AsyncEngine, work: Callable[[Connection], None], *, last: bool) -> bool:
    """Do it at once, or leave it for another moment; False when somebody was in the way, unless it is the ``last`` try.

    A migration locks one table after the other against everybody, and pages of the version before hold several at once. Whoever
    waits too long in such a knot has to be the migration: PostgreSQL would look for it after a second and end one of the two.
    """
    async with engine.connect() as connection:
        await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        await connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_WAITS.total_seconds() * 1000:.0f}ms'")
        try:
            await connection.run_sync(work)
            await connection.commit()
        except DBAPIError as error:
            if last or getattr(error.orig, "sqlstate", None) not in _IN_THE_WAY:
                raise
            await connection.rollback()
            return False
        return True
