"""The console's site, on each of the two databases."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lti_tool.clock import ManualClock
from lti_tool.db.session import Database

from .site import Site, a_site


@pytest.fixture
async def site(database: Database, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Site]:
    """Two schools and an owner; everything is rolled back at the end."""
    made, close = await a_site(database, clock, tmp_path)
    yield made
    await made.tool.protocol.key_sets.settle()
    await close()
