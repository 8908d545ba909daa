"""Making gradebook columns, found before made, and bringing made ones in step with a new name, maximum or due date.

By one worker at a time, with no transaction open while the LMS is asked.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

from lti_tool.clock import Clock
from lti_tool.db.session import Database
from lti_tool.grades import records, rules
from lti_tool.grades.claims import ClaimedColumn
from lti_tool.grades.models import ColumnState
from lti_tool.grades.ports import AgsPort
from lti_tool.grades.trouble import Trouble, calling
from lti_tool.lti.services import LineItemData

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """A column in the LMS: its address, whether it was made just now, and how many like it were found beside it."""

    url: str
    made: bool = False
    doubled: int = 0


async def find_or_make(ags: AgsPort, column: ClaimedColumn, *, names_link: bool = False) -> Found:
    """The column in the LMS; a new one says which link it belongs to where it ``names_link``. Raises Trouble.

    Of several that have its resource id and tag, as two makers at once could leave behind, every worker takes the same:
    the one that is known already, else the first by address.
    """
    if column.line_items_url is None:
        raise Trouble(rules.NO_GRADE_SERVICE, temporary=False)
    async with calling():
        found = await ags.find_line_items(column.line_items_url, column.resource_id, column.tag)
        addresses = sorted(item.id for item in found if item.id is not None)
    if addresses:
        url = column.url if column.url is not None and column.url in addresses else addresses[0]
        return Found(url, doubled=len(addresses) - 1)
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
    return Found(made.id, made=True)


async def bring_in_step(ags: AgsPort, column: ClaimedColumn) -> None:
    """Tell the LMS the name, maximum and due date that a made column has now. Raises Trouble.

    A due date that is taken away is not taken away there: what is left out stays as it is, as a teacher may have set it.
    """
    async with calling():
        await ags.update_line_item(
            LineItemData(
                id=column.url,
                label=column.label,
                score_maximum=column.score_maximum,
                resource_id=column.resource_id,
                tag=column.tag,
                end_at=column.end_at,
            )
        )


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
    """Find or make one claimed column, or bring it in step, and record what became of it; the trouble, if there was any.

    ``seconds`` is all the time there is for the LMS; it must end before the lease does.
    """
    made = column.state is ColumnState.MADE
    found: Found | None = None
    try:
        try:
            async with asyncio.timeout(seconds):
                if made:
                    await bring_in_step(ags, column)
                else:
                    found = await find_or_make(ags, column, names_link=names_link)
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
            next_attempt_at = None if wait is None else now + wait
            if made and trouble.code == rules.LINE_ITEM_GONE:
                await records.column_is_gone(session, column, trouble.code, now)
            elif made:
                await records.change_failed(session, column, trouble.code, next_attempt_at, now)
            else:
                await records.column_failed(session, column, trouble.code, next_attempt_at)
        log.warning(
            "a gradebook column could not be changed" if made else "a gradebook column could not be made",
            extra={"line_item": str(column.id), "code": trouble.code, "status": trouble.answered, "failures": failures},
        )
        return trouble
    async with database.writing() as session:
        if found is None:
            await records.column_is_in_step(session, column, clock.now())
        else:
            await records.column_is_made(session, column, found, clock.now())
    return None
