"""The gradebook service of an LMS as delivery needs it; ``lti.services.AgsClient`` is the real one."""

from collections.abc import Callable, Collection
from typing import Protocol

from lti_tool.lti.models import Registration
from lti_tool.lti.services import LineItemData, ResultData, ScoreData


class AgsPort(Protocol):
    """Line items, scores and results of one registration. Every method raises ServiceRefused and ServiceUnreachable."""

    @property
    def quota(self) -> float | None:
        """What the LMS last said is left of its rate limit; None where it says nothing."""
        ...

    async def find_line_items(
        self, line_items_url: str, resource_id: str | None = None, tag: str | None = None
    ) -> list[LineItemData]:
        """The tool's own line items of a course, narrowed to a resource id and a tag."""
        ...

    async def create_line_item(self, line_items_url: str, item: LineItemData) -> LineItemData:
        """Make a line item; returns it with its address."""
        ...

    async def update_line_item(self, item: LineItemData) -> LineItemData:
        """Change the line item at ``item.id``; what is None in ``item`` stays as it is."""
        ...

    async def post_score(self, line_item_url: str, score: ScoreData) -> None:
        """Send a score."""
        ...

    async def results(self, line_item_url: str, user_id: str | None = None) -> list[ResultData]:
        """What the gradebook holds, of everyone or of one user."""
        ...


AgsFactory = Callable[[Registration, Collection[str]], AgsPort]
"""Makes the port of a registration; the scopes are those all its courses offer, none where nobody knows."""
