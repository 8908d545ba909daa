"""Making gradebook columns: found before made, by one worker at a time, with no transaction open while the LMS is asked."""

import asyncio
import logging
from datetime import timedelta

from lti_tool.clock import Clock
from lti_tool.db.session import Database
from lti_tool.grades import records, rules
from lti_tool.grades.claims import ClaimedColumn
from lti_tool.grades.ports import AgsPort
from lti_tool.grades.trouble import Trouble, calling
from lti_tool.lti.services import LineItemData

log = logging.getLogger(__name__)


async def find_or_make(ags: AgsPort, column: ClaimedColumn, *, names_link: bool = False) -> str:
    """The address of the column in the LMS; a new one says which link it belongs to where it ``names_link``. Raises Trouble.

    Of several that have its resource id and tag, as two makers at once could leave behind, every worker takes the same:
    the one that is known already, else the first by address.
    """
    if column.line_items_url is None:
        raise Trouble(rules.NO_GRADE_SERVICE, temporary=False)
    async with calling():
        found = await ags.find_line_items(column.line_items_url, column.resource_id, column.tag)
        addresses = sorted(item.id for item in found if item.id is not None)
    if addresses:
        return column.url if column.url in addresses else addresses[0]
    if column.remade > rules.MOST_REMADE:
        raise Trouble(rules.LINE_ITEM_GONE, temporary=False, final=True)
    async with calling():
        made = await ags.create_line_item(
            column.line_items_url,
            LineItemData(
                label=column.label,
                score_maximum=column.score_maximum,
                resource_id=column.resource_id,
                tag=column.tag,
                resource_link_id=column.resource_link_id if names_link else None,
                end_at=column.end_at,
            ),
        )
    if made.id is None:
        raise Trouble("unreadable-answer", temporary=False)
    return made.id


async def deliver_column(
    database: Database,
    clock: Clock,
    ags: AgsPort,
    column: ClaimedColumn,
    *,
    seconds: float,
    chance: float,
    names_link: bool = False,
) -> Trouble | None:
    """Find or make one claimed column and record what became of it; the trouble, if there was any.

    ``seconds`` is all the time there is for the LMS; it must end before the lease does.
    """
    try:
        try:
            async with asyncio.timeout(seconds):
                url = await find_or_make(ags, column, names_link=names_link)
        except TimeoutError:
            raise Trouble("timed-out", temporary=True) from None
    except Trouble as trouble:
        failures = column.attempts + 1
        again = rules.after_failure(trouble.code, temporary=trouble.temporary, failures=failures)
        wait: timedelta | None = None
        if again is rules.Next.TRY_AGAIN and not trouble.final:
            wait = rules.backoff(failures, chance, trouble.retry_after)
        now = clock.now()
        async with database.writing() as session:
            await records.column_failed(session, column, trouble.code, None if wait is None else now + wait)
        log.warning(
            "a gradebook column could not be made",
            extra={"line_item": str(column.id), "code": trouble.code, "status": trouble.answered, "failures": failures},
        )
        return trouble
    async with database.writing() as session:
        await records.column_is_made(session, column, url, clock.now())
    return None
