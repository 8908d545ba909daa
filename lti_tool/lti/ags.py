"""Assignment and Grade Services 2.0: line items, scores, results."""

from collections.abc import Collection
from typing import Any

from lti_tool.lti import claims
from lti_tool.lti.calls import Answer, Caller
from lti_tool.lti.gradebook import (
    LineItemData,
    ResultData,
    ScoreData,
    line_item_body,
    read_line_items,
    read_results,
    score_body,
)
from lti_tool.lti.links import with_query
from lti_tool.lti.models import Registration
from lti_tool.lti.protocol import Protocol
from lti_tool.lti.quirks import Call, ServiceQuirks
from lti_tool.lti.trouble import refusal, unreadable

_AGS_SCOPES = (claims.LINE_ITEM_SCOPE, claims.LINE_ITEM_READ_SCOPE, claims.RESULT_READ_SCOPE, claims.SCORE_SCOPE)
_READING = (claims.LINE_ITEM_SCOPE, claims.LINE_ITEM_READ_SCOPE)
_WRITING = (claims.LINE_ITEM_SCOPE,)


class AgsClient:
    """Reads and writes the gradebook columns of one registration.

    ``scopes`` are those of the launch's AGS claim, where they are known: then one token serves every call. Every method
    raises ServiceRefused and ServiceUnreachable.
    """

    def __init__(
        self,
        protocol: Protocol,
        registration: Registration,
        quirks: ServiceQuirks,
        *,
        scopes: Collection[str] | None = None,
    ) -> None:
        self._caller = Caller(protocol, registration, quirks)
        self._quirks = quirks
        self._offered = tuple(scope for scope in _AGS_SCOPES if scope in scopes) if scopes is not None else None

    @property
    def quota(self) -> float | None:
        """What the platform last said is left of its rate limit (Canvas: ``X-Rate-Limit-Remaining``); None where it does not."""
        return self._caller.quota

    # --- Line items ---------------------------------------------------------------------------------------------------

    async def find_line_items(
        self,
        line_items_url: str,
        resource_id: str | None = None,
        tag: str | None = None,
        resource_link_id: str | None = None,
    ) -> list[LineItemData]:
        """The tool's line items of the course, over every page, narrowed to a resource id, a tag, a resource link (§3.2.9)."""
        asked = dict(self._quirks.line_items_query())
        filters = {"resource_id": resource_id, "tag": tag, "resource_link_id": resource_link_id}
        asked.update({name: value for name, value in filters.items() if value is not None})
        found: list[LineItemData] = []
        async for page in self._caller.pages(
            Call.FIND_LINE_ITEMS,
            with_query(line_items_url, asked),
            scopes=self._scopes(*_READING),
            needs=_READING,
            accept=claims.LINE_ITEMS_MEDIA,
        ):
            if not isinstance(page, list):
                raise unreadable(Call.FIND_LINE_ITEMS.value, "a line item container is not a list")
            found += read_line_items(page)
        # Not every platform filters; a wrong column would take the grades of another playlist.
        return [
            item
            for item in found
            if (resource_id is None or item.resource_id == resource_id)
            and (tag is None or item.tag == tag)
            and (resource_link_id is None or item.resource_link_id == resource_link_id)
        ]

    async def get_line_item(self, line_item_url: str) -> LineItemData:
        """One column, by its address."""
        return _one(Call.READ_LINE_ITEM, await self._read(line_item_url))

    async def create_line_item(self, line_items_url: str, item: LineItemData) -> LineItemData:
        """Make a column; returns it with its address. Look first: platforms make a second one without a word."""
        body = self._quirks.line_item(line_item_body(item))
        return _one(
            Call.CREATE_LINE_ITEM, (await self._write(Call.CREATE_LINE_ITEM, "POST", line_items_url, body)).json()
        )

    async def update_line_item(self, item: LineItemData) -> LineItemData:
        """Change the column at ``item.id``; what is None in ``item`` stays as it is. Raises ValueError without an id.

        A PUT replaces the whole line item (§3.2.2), and Moodle 4.5 takes that at its word: a tag or resource id that is left
        out is cleared, a resource link left out is unlinked. So the column is read first, and everything is sent again. A
        changed maximum rescales the grades there are, on Moodle.
        """
        if item.id is None:
            raise ValueError("a line item without an address cannot be changed")
        there = await self._read(item.id)
        if not isinstance(there, dict):
            raise unreadable(Call.READ_LINE_ITEM.value, "a line item is not an object")
        # Open edX lists what a line item has not as null, and refuses to be told so.
        kept = {name: value for name, value in there.items() if value is not None}
        body = self._quirks.line_item(kept | line_item_body(item))
        answer = await self._write(Call.UPDATE_LINE_ITEM, "PUT", item.id, body)
        # A change is answered with the line item (§3.2.2), or as any PUT may be, with nothing.
        return _one(Call.UPDATE_LINE_ITEM, answer.json() if answer.content else {**body, "id": item.id})

    async def delete_line_item(self, line_item_url: str) -> None:
        """Remove a column, with every grade in it. Canvas and older Moodles refuse it for the column of a link of theirs."""
        await self._caller.call(
            Call.DELETE_LINE_ITEM,
            "DELETE",
            line_item_url,
            scopes=self._scopes(*_WRITING),
            needs=_WRITING,
            accept=claims.LINE_ITEM_MEDIA,
        )

    # --- Scores and results -------------------------------------------------------------------------------------------

    async def post_score(self, line_item_url: str, score: ScoreData) -> None:
        """Send one score. A page in place of the answer, as proxies show while a platform is away, is its trouble, whatever its
        status.
        """
        quirks = self._quirks
        comment = None if score.comment is None else quirks.comment(score.comment)
        body = score_body(score, quirks.timestamp(score.at), comment)
        body.update(quirks.score_extras(new_attempt=score.new_attempt, graded=score.given is not None, over=score.over))
        answer = await self._caller.call(
            Call.POST_SCORE,
            "POST",
            quirks.score_url(line_item_url),
            scopes=self._scopes(claims.SCORE_SCOPE),
            needs=(claims.SCORE_SCOPE,),
            accept=claims.SCORE_MEDIA,
            content_type=claims.SCORE_MEDIA,
            body=body,
        )
        if answer.content.lstrip().startswith(b"<"):
            raise refusal(Call.POST_SCORE.value, answer.status, "server-error")

    async def results(self, line_item_url: str, user_id: str | None = None) -> list[ResultData]:
        """What the gradebook holds, over every page, of everyone or of one user."""
        paging = self._quirks.results_query() if user_id is None else {}
        found: list[ResultData] = []
        async for page in self._caller.pages(
            Call.READ_RESULTS,
            with_query(self._quirks.results_url(line_item_url, user_id), paging),
            scopes=self._scopes(claims.RESULT_READ_SCOPE),
            needs=(claims.RESULT_READ_SCOPE,),
            accept=claims.RESULTS_MEDIA,
        ):
            if not isinstance(page, list):
                raise unreadable(Call.READ_RESULTS.value, "a result container is not a list")
            found += read_results(page)
        return [result for result in found if user_id is None or result.user_id == user_id]

    # ------------------------------------------------------------------------------------------------------------------

    async def _read(self, line_item_url: str) -> Any:
        answer = await self._caller.call(
            Call.READ_LINE_ITEM,
            "GET",
            line_item_url,
            scopes=self._scopes(*_READING),
            needs=_READING,
            accept=claims.LINE_ITEM_MEDIA,
        )
        return answer.json()

    async def _write(self, call: Call, method: str, url: str, body: object) -> Answer:
        return await self._caller.call(
            call,
            method,
            url,
            scopes=self._scopes(*_WRITING),
            needs=_WRITING,
            accept=claims.LINE_ITEM_MEDIA,
            content_type=claims.LINE_ITEM_MEDIA,
            body=body,
        )

    def _scopes(self, *wanted: str) -> tuple[str, ...]:
        """The scopes to ask a token for: all that the launch offered, or the first that the call can do with.

        A scope the platform has not granted must not be asked for: Canvas refuses the whole request then. Reading line items
        is asked for by its own name where it is offered: Moodle with grades only grants nothing else for it.
        """
        if self._offered and any(scope in self._offered for scope in wanted):
            return self._offered
        return wanted[:1]


def _one(call: Call, given: Any) -> LineItemData:
    read = list(read_line_items([given]))
    if not read:
        raise unreadable(call.value, "the line item has no id")
    return read[0]
