"""Applying migrations, on both databases.

On SQLite a migration runs with foreign keys off, and a check of all of them follows before the commit: batch mode with
them on deleted the children of the tables it rebuilt (measured).

Alembic is imported where it is used: it takes longer than most commands, and only those about migrations need it.
"""

import asyncio
import logging
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

if TYPE_CHECKING:
    from alembic.config import Config

log = logging.getLogger(__name__)

_LOCK = 7_365_341  # Any constant: the number of our advisory lock on PostgreSQL.


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
    async with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
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
        else:
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            await connection.run_sync(work)
            await connection.commit()
