"""Titles of steps that nobody wrote: they are the item's own, and follow when it is renamed in the LMS.

What stands in a step's row is what the item was called when the step was last written. So whoever reads rows has them say what
the item is called now: paths in the statement that reads them (``path_rows``), everything else here.
"""

import uuid
from collections.abc import Iterable, Sequence
from typing import TypeVar

from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.models import ContentItem
from lti_tool.playlists.models import PlaylistStep

Steps = TypeVar("Steps", bound=Sequence[PlaylistStep])


async def of_items(
    session: AsyncSession, organisation_id: uuid.UUID, item_ids: Iterable[uuid.UUID | None]
) -> dict[uuid.UUID, str]:
    """What these items are called now."""
    wanted = {one for one in item_ids if one is not None}
    if not wanted:
        return {}
    statement = select(col(ContentItem.id), col(ContentItem.title)).where(
        ContentItem.organisation_id == organisation_id, col(ContentItem.id).in_(wanted)
    )
    return {item_id: title[:500] for item_id, title in (await session.exec(statement)).all() if title}


async def followed(session: AsyncSession, organisation_id: uuid.UUID, steps: Steps) -> Steps:
    """The same rows, with what their items are called now where their titles follow. That changes nothing in the database."""
    some = [step for step in steps if step.follows_item]
    titles = await of_items(session, organisation_id, (step.content_item_id for step in some))
    for step in some:
        title = titles.get(step.content_item_id) if step.content_item_id is not None else None
        if title is not None and title != step.title:
            set_committed_value(step, "title", title)
    return steps
