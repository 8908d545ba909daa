"""A model of an LMS's gradebook, with the rule that matters: the timestamp of a score only ever goes forward."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NoReturn

from lti_tool.lti.services import LineItemData, ResultData, ScoreData, ServiceRefused, ServiceUnreachable
from lti_tool.platforms import Quirks

Fault = Callable[[], Exception]


def refused(status: int, code: str, retry_after: timedelta | None = None) -> Fault:
    temporary = code in {"rate-limited", "server-error"}
    return lambda: ServiceRefused(status, code, temporary, retry_after)


DOWN: Fault = lambda: ServiceUnreachable("down")  # noqa: E731
BROKEN = refused(500, "server-error")
GONE = refused(404, "line-item-gone")
NO_PERMISSION = refused(403, "no-permission")
NOT_ENROLLED = refused(422, "not-enrolled")


def fail(fault: Fault) -> NoReturn:
    """Raise what a fault makes."""
    error = fault()
    raise error


@dataclass
class Column:
    data: LineItemData
    results: dict[str, ScoreData] = field(default_factory=dict)


class FakeLms:
    """Implements AgsPort in memory. ``before`` and ``after`` hold faults of the next calls, None for a call that goes well:
    a fault before the call is a refusal; one after it is an answer that was lost, the deed being done.
    """

    quota: float | None = None

    def __init__(self, step: timedelta = timedelta(milliseconds=1)) -> None:
        self.step = step
        self.columns: dict[str, Column] = {}
        self.received: dict[tuple[str, str], list[datetime]] = {}
        self.posts = 0
        self.made = 0
        self.finds = 0
        self.updates = 0
        self.before: deque[Fault | None] = deque()
        self.after: deque[Fault | None] = deque()
        self.always: Fault | None = None
        self.strangers: set[str] = set()
        self.slow: Callable[[str], float] = lambda _call: 0
        self.under_way = 0
        self.most_under_way = 0
        self.comments: list[tuple[str, str | None]] = []
        self.over: list[bool] = []
        self.keeps_any_number = False

    async def find_line_items(
        self, line_items_url: str, resource_id: str | None = None, tag: str | None = None
    ) -> list[LineItemData]:
        self.finds += 1
        await self._enter("find")
        return [
            column.data
            for column in self.columns.values()
            if column.data.resource_id == resource_id and column.data.tag == tag
        ]

    async def create_line_item(self, line_items_url: str, item: LineItemData) -> LineItemData:
        await self._enter("create")
        self.made += 1
        made = replace(item, id=f"{line_items_url}/{self.made}")
        assert made.id is not None
        self.columns[made.id] = Column(made)
        self._leave()
        return made

    async def update_line_item(self, item: LineItemData) -> LineItemData:
        self.updates += 1
        await self._enter("update")
        column = self.columns.get(item.id or "")
        if column is None:
            fail(GONE)
        column.data = replace(item, end_at=item.end_at or column.data.end_at)
        self._leave()
        return column.data

    async def post_score(self, line_item_url: str, score: ScoreData) -> None:
        self.posts += 1
        assert score.grading_progress == "FullyGraded"
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self._enter("post")
            column = self.columns.get(line_item_url)
            if column is None:
                fail(GONE)
            if score.user_id in self.strangers:
                fail(NOT_ENROLLED)
            self.accept(line_item_url, score)
            self._leave()
        finally:
            self.under_way -= 1

    def accept(self, line_item_url: str, score: ScoreData) -> None:
        """Take a score if it is later than the one that stands."""
        at = score.at - (score.at - datetime.min.replace(tzinfo=score.at.tzinfo)) % self.step
        self.received.setdefault((line_item_url, score.user_id), []).append(score.at)
        results = self.columns[line_item_url].results
        standing = results.get(score.user_id)
        if standing is not None and standing.at >= at:
            raise ServiceRefused(409, "conflict-newer", False)
        self.comments.append((score.user_id, score.comment))
        self.over.append(score.over)
        if standing is not None and self.keeps_any_number and not score.over:
            results[score.user_id] = replace(standing, at=at)
            return
        results[score.user_id] = replace(score, at=at)

    async def results(self, line_item_url: str, user_id: str | None = None) -> list[ResultData]:
        await self._enter("results")
        column = self.columns.get(line_item_url)
        if column is None:
            fail(GONE)
        out_of = column.data.score_maximum
        return [
            ResultData(user, round(score.given / score.maximum * out_of, 5), out_of, score.comment)
            for user, score in column.results.items()
            if user_id in (None, user)
        ]

    async def _enter(self, call: str) -> None:
        await asyncio.sleep(self.slow(call))
        fault = self.before.popleft() if self.before else self.always
        if fault is not None:
            fail(fault)

    def _leave(self) -> None:
        fault = self.after.popleft() if self.after else None
        if fault is not None:
            fail(fault)

    def the_column(self) -> Column:
        (column,) = self.columns.values()
        return column

    def grade(self, user_id: str) -> float | None:
        """The share of the maximum that stands in the only column."""
        score = self.the_column().results.get(user_id)
        return None if score is None else score.given / score.maximum

    def assert_time_went_forward(self) -> None:
        """No score was ever sent with a timestamp that is not later than the one sent before."""
        for moments in self.received.values():
            assert all(later > earlier for earlier, later in pairwise(moments)), moments


class FakeQuirks(Quirks):
    """Quirks to choose."""

    def __init__(self, step: timedelta = timedelta(milliseconds=1), *, repeat_comment: bool = True) -> None:
        self.timestamp_step = step
        self.repeat_comment = repeat_comment
