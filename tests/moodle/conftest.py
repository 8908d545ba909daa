"""A world of one's own, on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lti_tool.db.session import Database
from tests.moodle.world import World, a_world


@pytest.fixture
async def world(own_database: Database, tmp_path: Path) -> AsyncIterator[World]:
    """The tool and a Moodle, running."""
    async with a_world(own_database, tmp_path) as world:
        yield world
