"""What tools have in a course, as the LMSs' own APIs show it: their links, and the columns that they have made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.models import LineItem, ResourceLink, Tool

COLUMNS = 50_000_000
"""A column's number among the assignments is its own and this; all others are lower."""


@dataclass(frozen=True)
class ToolPlaces:
    """Addresses of links by the id of their row and by the id that launches say, and the columns of all tools."""

    links: Mapping[int, str]
    by_lti_id: Mapping[str, str]
    columns: Sequence[LineItem]

    @classmethod
    async def of(cls, session: AsyncSession, course_id: int) -> "ToolPlaces":
        """Those of a course."""
        found = await session.execute(
            select(ResourceLink, Tool.launch_url)
            .join(Tool, Tool.id == ResourceLink.tool_id)
            .where(ResourceLink.course_id == course_id)
        )
        rows = [(link, link.url or launch_url) for link, launch_url in found]
        columns = await session.scalars(select(LineItem).where(LineItem.course_id == course_id).order_by(LineItem.id))
        return cls({link.id: url for link, url in rows}, {link.lti_id: url for link, url in rows}, list(columns))

    def icon(self, link_id: int | None) -> str | None:
        """The picture of the tool behind a link, which the tool itself serves."""
        url = self.links.get(link_id or 0)
        if url is None:
            return None
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}/static/icon/mark.svg"
