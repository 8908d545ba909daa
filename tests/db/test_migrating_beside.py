"""Migrations are applied while the version before serves: nobody's page fails for it, and the migration finds its moment."""

import asyncio

import pytest
from sqlalchemy import text

from lti_tool.db import migrate
from lti_tool.db.engine import make_engine


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
async def test_a_migration_that_meets_a_page_with_two_of_its_tables_lets_it_go_first(own_database_url: str) -> None:
    """The page has one table and wants the other, the migration has the other and wants the one."""
    engine = make_engine(own_database_url)
    await migrate.downgrade(engine, "0020")
    async with engine.connect() as page:
        await page.execute(text("SELECT count(*) FROM playlist_step"))
        migrating = asyncio.create_task(migrate.upgrade(engine))
        try:
            # Until it holds what the page wants next.
            async with engine.connect() as watching:
                held = text(
                    "SELECT count(*) FROM pg_locks WHERE relation = 'personal_step'::regclass AND mode = 'AccessExclusiveLock'"
                )
                async with asyncio.timeout(20):
                    while not (await watching.execute(held)).scalar_one():
                        await watching.rollback()
                        await asyncio.sleep(0.01)
            assert (await page.execute(text("SELECT count(*) FROM personal_step"))).scalar_one() == 0
        finally:
            await page.rollback()
        async with asyncio.timeout(60):
            await migrating
    assert await migrate.missing(engine) == []
    await engine.dispose()
