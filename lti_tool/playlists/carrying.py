"""Carrying playlists over into the copy of a course: what there is, the question, and what becomes of each step.

Of the original, a teacher of the copy is shown the titles of its playlists and nothing of its people. What comes along are
templates: never students' copies, scores or columns. The content of both courses is read before; the transaction only writes.
"""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content import rules as content_rules
from lti_tool.content import service as content
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.courses import origins
from lti_tool.courses import queries as course_queries
from lti_tool.courses.models import CopyDecision, Course, CourseOrigin
from lti_tool.errors import NotFound
from lti_tool.ids import new_id
from lti_tool.playlists import matching, queries
from lti_tool.playlists.models import DoneRule, Playlist, PlaylistStatus, PlaylistStep

CARRIED = (PlaylistStatus.DRAFT, PlaylistStatus.ASSIGNED)
"""What is carried over; what was taken away stays away."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A playlist that can be carried over: all that is said of it."""

    title: str
    steps: int


@dataclass(frozen=True, slots=True)
class Source:
    """A course whose playlists can be carried over."""

    origin: CourseOrigin
    course: Course
    playlists: tuple[Offered, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What there is to decide about a course. ``asks``: somebody should be led to it; ``open``: nobody has decided yet."""

    sources: tuple[Source, ...] = ()
    carried: bool = False
    asks: bool = False
    open: bool = False


@dataclass(frozen=True, slots=True)
class Brought:
    """A playlist that was carried over; ``missing`` counts its steps that lead nowhere yet."""

    playlist: Playlist
    steps: int
    missing: int


# --- The question -------------------------------------------------------------------------------------------------------


async def question(session: AsyncSession, course: Course, *, decided: bool = False) -> Question:
    """What there is to decide. With ``decided`` also what could be carried over although somebody said no.

    One statement for a course that is no copy, or about which everything was decided.
    """
    rows = await course_queries.origin_rows(session, course)
    carried = any(row.decision is CopyDecision.CARRIED for row in rows)
    if not rows or not (decided or origins.is_open(rows)):
        return Question(carried=carried)
    sources = []
    for origin, original in await origins.known_origins(session, course):
        playlists = await _offered(session, original)
        if playlists and origin.decision is not CopyDecision.CARRIED:
            sources.append(Source(origin, original, playlists))
    asked = [source.origin for source in sources]
    is_open = origins.is_open(asked)
    return Question(tuple(sources), carried, asks=is_open and not origins.was_postponed(asked), open=is_open)


async def _offered(session: AsyncSession, original: Course) -> tuple[Offered, ...]:
    playlists = await queries.playlists(session, original.organisation_id, original.id, CARRIED)
    steps = await queries.steps(session, original.organisation_id, [playlist.id for playlist in playlists])
    return tuple(
        Offered(playlist.title, sum(step.removed_at is None for step in steps[playlist.id]))
        for playlist in reversed(playlists)
    )


async def waits(session: AsyncSession, course: Course, playlist_id: uuid.UUID) -> bool:
    """Whether a link's playlist is one that could be carried over, if somebody decided so."""
    asked = await question(session, course)
    if not asked.open:
        return False
    # The link may be older than the original: the playlist of its address was carried over into that once itself.
    homes = {source.course.id for source in asked.sources}
    return any(
        [await resolved(session, course.organisation_id, home, playlist_id) is not None for home in sorted(homes)]
    )


async def resolved(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, playlist_id: uuid.UUID
) -> Playlist | None:
    """The playlist of a course that a link means: its own, or what became of it through one copy or several."""
    found = await queries.playlist(session, organisation_id, course_id, playlist_id)
    found = found or await queries.playlist_carried_over(session, organisation_id, course_id, playlist_id)
    if found is not None:
        return found
    descends = await queries.descendant(session, organisation_id, course_id, playlist_id)
    return None if descends is None else await queries.playlist(session, organisation_id, course_id, descends)


# --- Carrying over --------------------------------------------------------------------------------------------------------


async def carry(
    session: AsyncSession, course: Course, original_id: uuid.UUID, by: uuid.UUID | None, now: datetime
) -> int | None:
    """Carry over what an original has; how many playlists came. None where that was done already.

    NotFound for a course that this one was not copied from, or that has nothing. All or nothing, in the caller's transaction.
    """
    asked = await question(session, course, decided=True)
    source = next((one for one in asked.sources if one.course.id == original_id), None)
    if source is None:
        if asked.carried:
            return None
        raise NotFound("the course was not copied from that one")
    if not await origins.decide(session, course, source.origin.id, by, now):
        return None
    playlists = await queries.playlists(session, course.organisation_id, original_id, CARRIED)
    steps = await queries.steps(session, course.organisation_id, [playlist.id for playlist in playlists])
    present = {key: [step for step in found if step.removed_at is None] for key, found in steps.items()}
    places = await _places(session, course, source.course, [step for found in present.values() for step in found], now)
    came = 0
    for playlist in reversed(playlists):
        if await queries.playlist_carried_over(session, course.organisation_id, course.id, playlist.id) is None:
            _add(session, course, playlist, present[playlist.id], places, by, now)
            came += 1
    await session.flush()
    return came


def _add(
    session: AsyncSession,
    course: Course,
    playlist: Playlist,
    steps: Sequence[PlaylistStep],
    places: Mapping[uuid.UUID, ContentItem],
    by: uuid.UUID | None,
    now: datetime,
) -> None:
    """A draft with everything the teacher of the original said, but dates and what became of it."""
    made = Playlist(
        organisation_id=course.organisation_id,
        id=new_id(),
        course_id=course.id,
        copied_from_id=playlist.id,
        title=playlist.title,
        introduction=playlist.introduction,
        order_rule=playlist.order_rule,
        has_column=playlist.has_column,
        send_rule=playlist.send_rule,
        points=playlist.points,
        created_by=by,
        created_at=now,
        changed_at=now,
    )
    session.add(made)
    for position, step in enumerate(steps):
        item = places.get(step.id)
        scored = item is not None and (item.result_key is not None or content_rules.is_missing(item))
        by_result = step.done_rule is DoneRule.RESULT and scored
        rule = DoneRule.MARKED if step.done_rule is DoneRule.RESULT and not by_result else step.done_rule
        session.add(
            PlaylistStep(
                organisation_id=course.organisation_id,
                playlist_id=made.id,
                position=position,
                title=step.title,
                note=step.note,
                need=step.need,
                content_item_id=item.id if item is not None else None,
                done_rule=rule,
                pass_percent=step.pass_percent if by_result else None,
                minutes=step.minutes,
            )
        )


async def _places(
    session: AsyncSession, course: Course, original: Course, steps: Sequence[PlaylistStep], now: datetime
) -> dict[uuid.UUID, ContentItem]:
    """Where each step leads in the copy; steps that are done away from the screen have no place."""
    organisation_id = course.organisation_id
    ids = [step.content_item_id for step in steps if step.content_item_id is not None]
    used = await queries.items(session, organisation_id, original.id, ids)
    copied = await content.items(session, organisation_id, course.id)
    native = [item for item in copied if not content_rules.is_pasted(item)]
    before = await content.items(session, organisation_id, original.id)
    copy = await _copy(session, course, original, [*copied, *before])
    matched = matching.items_of_copy(
        [item for item in used.values() if not content_rules.is_pasted(item)],
        [item for item in before if not content_rules.is_pasted(item)],
        native,
        copy,
    )
    by_id = {item.id: item for item in native}
    found: dict[uuid.UUID, ContentItem] = {}
    for step in steps:
        item = used.get(step.content_item_id) if step.content_item_id is not None else None
        if item is not None and item.id in matched:
            found[step.id] = by_id[matched[item.id]]
        elif item is not None and not content_rules.is_pasted(item):
            found[step.id] = await _missing(session, course, step, item.kind, item.url, now)
        elif item is not None or step.url is not None:
            found[step.id] = await _at_address(session, course, step, item, native, copy, now)
    return found


async def _at_address(
    session: AsyncSession,
    course: Course,
    step: PlaylistStep,
    item: ContentItem | None,
    native: Sequence[ContentItem],
    copy: matching.Copy,
    now: datetime,
) -> ContentItem:
    """The place of a pasted address: the same, unless it led into the original."""
    url = (item.url if item is not None else None) or step.url or ""
    title = item.title if item is not None else step.title
    to = matching.moved(url, copy)
    if to is None or (to.whole and not to.changed):
        return await content.add_address(session, course, url, title, now)
    same = [one for one in native if one.url == to.url]
    if to.changed and len(same) == 1:
        return same[0]
    if to.whole:
        return await content.add_address(session, course, to.url, title, now)
    return await _missing(session, course, step, ItemKind.LINK, url, now)


async def _missing(
    session: AsyncSession, course: Course, step: PlaylistStep, kind: ItemKind, url: str | None, now: datetime
) -> ContentItem:
    name = hashlib.sha256(f"{kind}\n{step.content_item_id}\n{url}".encode()).hexdigest()
    item_id = await content.stand_in(session, course, kind, step.title, url, name, now)
    item = await content.item(session, course.organisation_id, course.id, item_id)
    if item is None:
        raise RuntimeError("an item that was just written is not there")
    return item


async def _copy(session: AsyncSession, course: Course, original: Course, items: Sequence[ContentItem]) -> matching.Copy:
    """How addresses changed from the original to the copy, as far as the platform has said it."""
    registration = await course_queries.registration_of(session, course)
    known = [registration.issuer if registration is not None else None]
    for one in (course, original):
        known += [one.api_domain, one.home_url, one.memberships_url, one.line_items_url]
    known += [item.url for item in items if not content_rules.is_pasted(item) and item.kind is not ItemKind.LINK]
    ids: dict[str, str | None] = {original.context_id: course.context_id}
    if original.platform_course_id is not None:
        ids[original.platform_course_id] = course.platform_course_id
    for link in await course_queries.links_with_history(session, course.organisation_id, course.id):
        ids |= {earlier: link.resource_link_id for earlier in link.history if earlier not in ids}
    return matching.Copy(matching.hosts_in(known), ids)


# --- Afterwards -----------------------------------------------------------------------------------------------------------


async def brought(session: AsyncSession, course: Course) -> list[Brought]:
    """The playlists of a course that were carried over into it, with what is still to be done."""
    playlists = [
        one
        for one in await queries.playlists(session, course.organisation_id, course.id, CARRIED)
        if one.copied_from_id is not None
    ]
    steps = await queries.steps(session, course.organisation_id, [playlist.id for playlist in playlists])
    present = {key: [step for step in found if step.removed_at is None] for key, found in steps.items()}
    ids = [step.content_item_id for found in present.values() for step in found if step.content_item_id]
    items = await queries.items(session, course.organisation_id, course.id, ids)
    gone = {item.id for item in items.values() if content_rules.is_missing(item)}
    return [
        Brought(playlist, len(present[playlist.id]), sum(step.content_item_id in gone for step in present[playlist.id]))
        for playlist in reversed(playlists)
    ]
