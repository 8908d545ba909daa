"""Draft a migration for what the models have and the newest revision has not: ``make migration NAME="what changes"``."""

import asyncio
import sys
import tempfile
from pathlib import Path

from lti_tool.db import migrate
from lti_tool.db.session import Database


async def draft(name: str) -> None:
    """Write it into ``migrations/versions``, to be read and mended: constraints of words and lengths are not noticed."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database.at(f"sqlite:///{Path(folder)}/newest.db")
        try:
            await migrate.upgrade(database.engine)
            await migrate.draft(database.engine, name)
        finally:
            await database.close()


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        sys.exit('NAME="what changes" is missing')
    asyncio.run(draft(sys.argv[1].strip()))
