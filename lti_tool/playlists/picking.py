"""Choosing what a deep linking request adds to a course: which playlists there are, and the items an answer is made of."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses import queries as course_queries
from lti_tool.courses.models import Course
from lti_tool.errors import NotFound
from lti_tool.grades import service as grades
from lti_tool.grades.models import ColumnState, LineItem
from lti_tool.lti.deep_linking import (
    LINK_TYPE,
    PLAIN_LINK_TYPE,
    ContentItem,
    DeepLinkingSettings,
    ItemLineItem,
    OpenRequest,
)
from lti_tool.lti.tool_description import ToolConfiguration
from lti_tool.platforms import quirks
from lti_tool.playlists import editing, queries, service
from lti_tool.playlists.destinations import FRONT, PARAMETER
from lti_tool.playlists.editing import SCORE_SCOPE, Basics
from lti_tool.playlists.models import Playlist, PlaylistStatus
from lti_tool.playlists.others import Pick, Pickables
from lti_tool.playlists.replies import link_address

PICKABLE = (PlaylistStatus.DRAFT, PlaylistStatus.ASSIGNED)
TARGETS = ("iframe", "window")
"""The ways of presentation we can serve, the usual one first."""

MOST_PICKED = 50


@dataclass(frozen=True, slots=True)
class Offered:
    """A playlist that can be picked. ``has_own_column``: its column is there already, so none comes with a link."""

    playlist: Playlist
    has_own_column: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """What the picker shows. ``item_type`` is None where the platform accepts nothing that we have."""

    lines: tuple[Offered, ...]
    item_type: str | None
    multiple: bool
    can_grade: bool
    targets: tuple[str, ...]
    chosen: uuid.UUID | None
    others: tuple[tuple[Pickables, tuple[Pick, ...]], ...] = ()
    """What links can open besides, by room; rooms with nothing are left out."""

    @property
    def count(self) -> int:
        """How many things there are to choose from."""
        return len(self.lines) + sum(len(picks) for _, picks in self.others)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the teacher chose: playlists, other things by the form's words for them, the course's front page, a new playlist by
    its title; and on what terms."""

    playlist_ids: Collection[uuid.UUID] = ()
    others: Collection[str] = ()
    front: bool = False
    new_title: str = ""
    new_id: uuid.UUID | None = None
    has_column: bool = False
    points: float = 100.0
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """Words that go into the LMS, in the teacher's language: the front page's title, the label of the review."""

    front_title: str
    review_label: str


def item_type(settings: DeepLinkingSettings) -> str | None:
    """What kind of item can be given: a link that launches this tool, else a plain address, else nothing."""
    return next((one for one in (LINK_TYPE, PLAIN_LINK_TYPE) if settings.takes(one)), None)


def targets(settings: DeepLinkingSettings) -> tuple[str, ...]:
    """The ways of presentation that the platform accepts and we can serve, where there is a choice that it keeps."""
    if not quirks(settings.family).link_says_where_it_opens:
        return ()
    return tuple(target for target in TARGETS if target in settings.accept_targets)


def can_grade(course: Course, settings: DeepLinkingSettings) -> bool:
    """Whether a link can bring a column that scores can be sent to. A platform that does not say may well take one."""
    if item_type(settings) != LINK_TYPE or settings.accept_lineitem is False:
        return False
    return settings.accept_lineitem is True or SCORE_SCOPE in course.ags_scopes


async def offer(
    session: AsyncSession, course: Course, settings: DeepLinkingSettings, besides: Sequence[Pickables] = ()
) -> Offer:
    """The course's playlists, the newest first, what other rooms have, and what the platform lets be chosen with them."""
    playlists = await queries.playlists(session, course.organisation_id, course.id, PICKABLE)
    chosen = uuid.UUID(settings.chosen) if settings.chosen else None
    columns = await _columns(session, course, playlists)
    coupled = await _coupled(session, course, columns.values())
    others = [(room, tuple(await room.offered(session, course, chosen))) for room in besides]
    return Offer(
        lines=tuple(Offered(one, _keeps_column(one, columns, coupled, chosen)) for one in playlists),
        item_type=item_type(settings),
        multiple=settings.accept_multiple,
        can_grade=can_grade(course, settings),
        targets=targets(settings),
        chosen=chosen,
        others=tuple((room, picks) for room, picks in others if picks),
    )


async def pick(
    session: AsyncSession,
    course: Course,
    request: OpenRequest,
    configuration: ToolConfiguration,
    choice: Choice,
    words: Words,
    by: uuid.UUID,
    now: datetime,
    besides: Sequence[Pickables] = (),
) -> list[ContentItem]:
    """The items for a choice; a new playlist is begun, and columns that come along are entered in their playlists' terms.

    NotFound for a playlist, or another thing, that is not one of this course.
    """
    settings = request.settings
    offered = await offer(session, course, settings, besides)
    available = {one.playlist.id: one for one in offered.lines}
    if not set(choice.playlist_ids) <= set(available):
        raise NotFound("a playlist that is not in this course")
    chosen = [available[playlist_id] for playlist_id in available if playlist_id in set(choice.playlist_ids)]
    if choice.new_title:
        made = await editing.create(session, course, Basics(choice.new_title), by, now, playlist_id=choice.new_id)
        chosen.append(Offered(made, has_own_column=False))
    kind = item_type(settings) or LINK_TYPE
    maker = _Maker(course, configuration, request, choice, words, kind)
    items = [maker.front()] if choice.front else []
    for one in chosen:
        graded = choice.has_column and can_grade(course, settings) and not one.has_own_column
        if graded:
            await _take_column(session, course, one.playlist, choice.points, now)
        items.append(maker.item(one.playlist, graded=graded))
    others = {room.value(pick.id): (room, pick) for room, picks in offered.others for pick in picks}
    if not set(choice.others) <= set(others):
        raise NotFound("something that is not in this course")
    for room, pick in (others[value] for value in others if value in set(choice.others)):
        graded = choice.has_column and can_grade(course, settings) and not pick.has_own_column
        if graded:
            await room.take_column(session, course, pick.id, choice.points, now)
        items.append(maker.other(room, pick, choice.points, graded=graded))
    return items


async def _columns(session: AsyncSession, course: Course, playlists: Sequence[Playlist]) -> dict[str, LineItem]:
    ids = [service.resource_id(playlist) for playlist in playlists]
    return await queries.columns(session, course.organisation_id, course.id, ids)


async def _coupled(session: AsyncSession, course: Course, columns: Collection[LineItem]) -> frozenset[str]:
    """The addresses among these that belong to a link: the LMS made those columns with it."""
    urls = [column.url for column in columns if column.url]
    return await course_queries.linked_line_items(session, course.organisation_id, course.id, urls)


def _keeps_column(
    playlist: Playlist, columns: dict[str, LineItem], coupled: Collection[str], chosen: uuid.UUID | None
) -> bool:
    """Whether no column may come with a link to it, since it has one. The link that is edited keeps its own."""
    column = columns.get(service.resource_id(playlist))
    if column is None or column.state is ColumnState.REFUSED:
        return False
    return not (playlist.id == chosen and column.url in coupled)


async def _take_column(session: AsyncSession, course: Course, playlist: Playlist, points: float, now: datetime) -> None:
    """A column comes with the link. A draft takes it into its terms; an assigned playlist waits for it with its scores."""
    if playlist.has_column and playlist.status is PlaylistStatus.ASSIGNED:
        return
    playlist.has_column = True
    playlist.points = points
    playlist.revision += 1
    playlist.changed_at = now
    session.add(playlist)
    await session.flush()
    if playlist.status is PlaylistStatus.ASSIGNED:
        await grades.expect_column(
            session,
            course=course,
            resource_id=service.resource_id(playlist),
            label=playlist.title,
            score_maximum=playlist.points,
            end_at=playlist.due_at,
            now=now,
        )
        await service.resettle(session, course, playlist, now)


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes the items of one answer."""

    course: Course
    configuration: ToolConfiguration
    request: OpenRequest
    choice: Choice
    words: Words
    kind: str

    def item(self, playlist: Playlist, *, graded: bool) -> ContentItem:
        """A link to a playlist, with a column where it is graded."""
        habits = quirks(self.request.settings.family)
        line_item = None
        if graded:
            line_item = ItemLineItem(
                label=playlist.title,
                score_maximum=habits.link_points(playlist.points),
                resource_id=service.resource_id(playlist),
                tag=grades.TAG,
                review_label=self.words.review_label,
            )
        return self._item(
            playlist.title,
            playlist.introduction,
            str(playlist.id),
            link_address(self.course.id, playlist.id),
            line_item=line_item,
            due_at=playlist.due_at,
        )

    def other(self, room: Pickables, pick: Pick, points: float, *, graded: bool) -> ContentItem:
        """A link to something of another room, with a column where it is graded."""
        line_item = None
        if graded:
            line_item = ItemLineItem(
                label=pick.title,
                score_maximum=quirks(self.request.settings.family).link_points(points),
                resource_id=pick.resource_id,
                tag=grades.TAG,
                review_label=self.words.review_label,
            )
        return self._item(
            pick.title,
            pick.text,
            str(pick.id),
            pick.address,
            line_item=line_item,
            due_at=pick.due_at,
            parameter=room.parameter,
        )

    def front(self) -> ContentItem:
        """A link to the course's front page, where each person finds their own."""
        return self._item(self.words.front_title, "", FRONT, f"/courses/{self.course.id}")

    def _item(
        self,
        title: str,
        text: str,
        value: str,
        path: str,
        *,
        line_item: ItemLineItem | None = None,
        due_at: datetime | None = None,
        parameter: str = PARAMETER,
    ) -> ContentItem:
        launches = self.kind == LINK_TYPE
        size = (
            {}
            if quirks(self.request.settings.family).link_has_size or not launches
            else {"width": None, "height": None}
        )
        carried = self.configuration.custom if quirks(self.request.settings.family).links_carry_variables else {}
        return ContentItem(
            # One address for every link (Moodle matches tools by it); the parameter says which playlist it is.
            url=self.configuration.launch_url if launches else self.configuration.base_url + path,
            title=title,
            text=text,
            type=self.kind,
            custom={parameter: value, **carried} if launches else None,
            line_item=line_item,
            due_at=due_at,
            icon_url=self.configuration.icon_url,
            target=self.choice.target,
            **size,
        )
