"""The pages of a map in an application of their own."""

from lti_tool.clock import ManualClock
from lti_tool.competencies import routes
from lti_tool.db.session import Database
from lti_tool.mastery.held import evidence_held
from lti_tool.web.routing import add_router
from tests.playlists.site import Site, a_site


async def a_map_site(database: Database, clock: ManualClock) -> Site:
    """A school, its course, and the pages about competencies."""
    site = await a_site(database, clock)
    site.app.state.evidence_held = evidence_held
    add_router(site.app, routes.router)
    return site
