"""The menus' pages, on each of the two databases."""

import pytest

from lti_tool.clock import ManualClock
from lti_tool.db.session import Database
from tests.menus.work_site import Site, a_site


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    """Rolled back at the end."""
    return await a_site(database, clock)
