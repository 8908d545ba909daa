"""The pages about learners, on each of the two databases."""

import pytest

from lti_tool.clock import ManualClock
from lti_tool.db.session import Database
from lti_tool.learners import routes
from lti_tool.web.routing import add_router
from tests.insight.site import Site, a_site


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    """Rolled back at the end."""
    site = await a_site(database, clock)
    before = len(site.app.router.routes)
    add_router(site.app, routes.router)
    # As in the application: /my/goal is asked before /my/{copy_id}.
    site.app.router.routes[:] = [*site.app.router.routes[before:], *site.app.router.routes[:before]]
    return site
