"""The pages about alignments in an application of their own, with a mapped course and browsers that are signed in."""

import re
from dataclasses import dataclass

import httpx

from lti_tool.clock import ManualClock
from lti_tool.competencies import alignments, routes
from lti_tool.competencies.alignment_rules import AlignmentView
from lti_tool.competencies.models import AlignmentRole
from lti_tool.db.session import Database
from lti_tool.web.routing import add_router
from tests.competencies.aligned import Mapped, a_map
from tests.playlists.site import Site, Visitor, a_site


@dataclass
class AlignmentSite:
    """The application, and what its course holds."""

    site: Site
    mapped: Mapped

    @property
    def address(self) -> str:
        return f"{self.site.course}/competencies/alignments"

    async def teacher(self, page: str = "") -> tuple[Visitor, httpx.Response]:
        """The course's teacher with a page open."""
        visitor = await self.site.teacher()
        return visitor, await visitor.get(self.address + page)

    async def views(self) -> list[AlignmentView]:
        """Every alignment of the course."""
        async with self.site.database.reading() as session:
            return await alignments.of_course(session, self.mapped.school.id, self.mapped.course.id)

    async def said(self) -> set[tuple[str, str, str]]:
        """Every alignment as item, role and competency."""
        titles = {item.id: title for title, item in self.mapped.items.items()}
        codes = {one.id: code for code, one in self.mapped.competencies.items()}
        return {
            (titles[view.content_item_id], view.role.value, codes[view.competency_id]) for view in await self.views()
        }

    def ticked(self, page: httpx.Response, title: str) -> str:
        """The value of an item's checkbox."""
        found = re.search(rf'name="item" value="({self.mapped.item(title)}\.[0-9a-f]+)"', page.text)
        assert found is not None, title
        return found[1]

    def seen(self, page: httpx.Response, title: str) -> str:
        """How the page says that an item stands."""
        return self.ticked(page, title).partition(".")[2]

    async def align(self, title: str, code: str, role: AlignmentRole | None = AlignmentRole.ASSESSES) -> None:
        """Align, without a page; without a role, take the alignment away."""
        from lti_tool.competencies.alignment_rules import Change

        async with self.site.database.writing() as session:
            await alignments.change(
                session,
                self.mapped.course,
                [Change(self.mapped.item(title), self.mapped.one(code), role)],
                {},
                by=None,
                now=self.site.clock.now(),
            )


async def an_alignment_site(database: Database, clock: ManualClock) -> AlignmentSite:
    """A course with a map and items, and the pages about both."""
    site = await a_site(database, clock)
    add_router(site.app, routes.router)
    async with database.writing() as session:
        mapped = await a_map(session, site.school)
    return AlignmentSite(site, mapped)
