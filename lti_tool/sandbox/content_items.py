"""Content that a tool gives for a module (LTI Deep Linking 2.0, section 3): read strictly, and put into the course."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.bench_models import LineItemReview, LinkMore, PickRequest
from lti_tool.sandbox.likes import Like
from lti_tool.sandbox.models import LineItem, ModuleItem, ResourceLink, Tool
from lti_tool.sandbox.registration_body import hosts_of
from lti_tool.sandbox.scores import moment, rescale
from lti_tool.sandbox.store import add_resource_link, like_of
from lti_tool.sandbox.tool_messages import MessageRefused

MOST_ITEMS = 100
_Address = Annotated[str, Field(pattern=r"^https?://[^\s/\\@]+", max_length=2000)]
_Title = Annotated[str, Field(max_length=500)]
_Id = Annotated[str, Field(max_length=300)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


class Review(_Part):
    """How work is looked at from the gradebook (Submission Review 1.0, section 3.3)."""

    label: Annotated[str, Field(max_length=300)] | None = None
    url: _Address | None = None
    custom: dict[str, str] = {}


class ItemLineItem(_Part):
    """The column that comes with a link."""

    scoreMaximum: Annotated[float, Field(gt=0)]  # noqa: N815 - the specification's name.
    label: _Title | None = None
    resourceId: _Id | None = None  # noqa: N815
    tag: _Id | None = None
    submissionReview: Review | None = None  # noqa: N815


class Period(_Part):
    """From when and until when."""

    startDateTime: datetime | None = None  # noqa: N815
    endDateTime: datetime | None = None  # noqa: N815

    @field_validator("startDateTime", "endDateTime", mode="before")
    @classmethod
    def _moment(cls, value: object) -> datetime | None:
        return None if value is None else moment(value)


class Icon(_Part):
    """A picture."""

    url: _Address


class Window(_Part):
    """The wish to be opened in a window of its own."""


class Item(_Part):
    """A link that launches the tool, or a plain address."""

    type: Literal["ltiResourceLink", "link"]
    url: _Address | None = None
    title: _Title | None = None
    text: Annotated[str, Field(max_length=10_000)] | None = None
    icon: Icon | None = None
    window: Window | None = None
    iframe: Window | None = None
    custom: dict[str, str] = {}
    lineItem: ItemLineItem | None = None  # noqa: N815
    submission: Period | None = None

    @property
    def opens_in_window(self) -> bool:
        """Whether it asks for a window and for no frame."""
        return self.window is not None and self.iframe is None


_ITEMS = TypeAdapter(list[Item])


def read_items(given: object, tool: Tool, pick: PickRequest) -> Sequence[Item]:
    """The items of an answer. MessageRefused for what was not asked for."""
    if not isinstance(given, list):
        raise MessageRefused("content_items must be a list")
    if len(given) > (1 if pick.module_item_id is not None else MOST_ITEMS):
        raise MessageRefused("there are more items than are taken")
    try:
        items = _ITEMS.validate_python(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise MessageRefused(f"content_items.{where}: {first['msg']}") from error
    own = set().union(*(hosts_of(address) for address in (tool.launch_url, *tool.redirect_uris)))
    for item in items:
        if item.type not in pick.accept_types:
            raise MessageRefused(f"an item of the type {item.type} was not asked for")
        if item.type == "link" and item.url is None:
            raise MessageRefused("a link needs its url")
        if item.type == "ltiResourceLink" and item.url is not None and not hosts_of(item.url) & own:
            raise MessageRefused("the url of a link that launches must be the tool's own")
    return items


async def place(session: AsyncSession, tool: Tool, pick: PickRequest, items: Sequence[Item], now: datetime) -> int:
    """Put items at the end of the pick's module, or into the item that is chosen anew. Says how many columns were made."""
    again = await session.get(ModuleItem, pick.module_item_id) if pick.module_item_id is not None else None
    last = await session.scalar(select(func.max(ModuleItem.position)).where(ModuleItem.module_id == pick.module_id))
    columns = 0
    for number, item in enumerate(items, start=(last or 0) + 1):
        row = again or ModuleItem(course_id=pick.course_id, module_id=pick.module_id, position=number)
        row.title, row.new_tab = (item.title or tool.name)[:500], item.opens_in_window
        if item.type == "link":
            row.type, row.external_url, row.resource_link_id = "ExternalUrl", item.url, None
        else:
            link = await _link(session, tool, pick, item, again)
            row.type, row.external_url, row.resource_link_id = "ExternalTool", None, link.id
            points = _points(like_of(session), item, alone=len(items) == 1)
            if points is not None:
                columns += await _column(session, tool, item, link, points, now)
        session.add(row)
        await session.flush()
    return columns


async def _link(
    session: AsyncSession, tool: Tool, pick: PickRequest, item: Item, again: ModuleItem | None
) -> ResourceLink:
    title, words = (item.title or tool.name)[:500], item.text or ""
    if again is not None and again.resource_link_id is not None:
        link = await session.get_one(ResourceLink, again.resource_link_id)
        link.title, link.url, link.custom = title, item.url, dict(item.custom)
    else:
        link = await add_resource_link(
            session, course_id=pick.course_id, tool=tool, title=title, url=item.url, custom=dict(item.custom)
        )
    link.description = words
    more = await session.get(LinkMore, link.id)
    if more is None:
        more = LinkMore(resource_link_id=link.id, history=[])
        session.add(more)
    more.icon_url = item.icon.url if item.icon else None
    return link


def _points(like: Like, item: Item, *, alone: bool) -> float | None:
    """The points of the column that comes with an item; None where none does. MessageRefused where the LMS takes no such one."""
    if item.lineItem is None:
        return None
    try:
        return like.column_points(float(item.lineItem.scoreMaximum), alone=alone)
    except ValueError as error:
        raise MessageRefused(str(error)) from error


async def _column(
    session: AsyncSession, tool: Tool, item: Item, link: ResourceLink, points: float, now: datetime
) -> int:
    """The link's column: made, or where the link has one already brought up to date. One that is not mentioned stays."""
    known = await session.scalars(
        select(LineItem)
        .where(LineItem.tool_id == tool.id, LineItem.resource_link_id == link.lti_id)
        .order_by(LineItem.id)
    )
    line_item, made = known.first(), 0
    if line_item is None:
        line_item = LineItem(
            course_id=link.course_id,
            tool_id=tool.id,
            resource_link_id=link.lti_id,
            score_maximum=points,
            created_at=now,
        )
        session.add(line_item)
        made = 1
    wanted = item.lineItem
    line_item.label = (wanted.label if wanted else None) or link.title
    line_item.resource_id, line_item.tag = (wanted.resourceId, wanted.tag) if wanted else (None, None)
    line_item.start_at = item.submission.startDateTime if item.submission else None
    line_item.end_at = item.submission.endDateTime if item.submission else None
    await session.flush()
    if line_item.score_maximum != points:
        await rescale(session, line_item, points)
    await _keep_review(session, line_item, wanted.submissionReview if wanted else None)
    return made


async def _keep_review(session: AsyncSession, line_item: LineItem, review: Review | None) -> None:
    known = await session.get(LineItemReview, line_item.id)
    if review is None:
        if known is not None:
            await session.delete(known)
        return
    if known is None:
        known = LineItemReview(line_item_id=line_item.id)
        session.add(known)
    known.label, known.url, known.custom = review.label, review.url, dict(review.custom)


def as_words(items: Sequence[Item], columns: int) -> str:
    """What a person is told of an answer that was taken."""
    titles = ", ".join(f"“{item.title or 'without a title'}”" for item in items)
    more = {0: "", 1: " A gradebook column came with it."}.get(columns, f" {columns} gradebook columns came with them.")
    return f"Added: {titles}.{more}"


def claims_text(claims: dict[str, Any], name: str) -> str | None:
    """A text among the claims of an answer, for people: at most 500 characters."""
    value = claims.get(name)
    return value[:500] if isinstance(value, str) and value.strip() else None
