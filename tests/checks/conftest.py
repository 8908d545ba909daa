"""The pages of checks, on each of the two databases."""

import pytest

from lti_tool.clock import ManualClock
from lti_tool.db.session import Database
from tests.checks.site import CheckSite, a_check_site


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> CheckSite:
    """Rolled back at the end."""
    return await a_check_site(database, clock)
