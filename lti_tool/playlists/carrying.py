"""Carrying playlists and the competency map over into the copy of a course: what there is, the question, and what becomes of each
step.

Of the original, a teacher of the copy is shown the titles of its playlists and how large its map is, and nothing of its people.
What comes along are templates: never students' copies, scores or columns, and no evidence. The content of both
courses is read before; the transaction only writes.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import carrying as check_carrying
from lti_tool.competencies import carrying as map_carrying
from lti_tool.competencies.carrying import LostItem, OfferedMap
from lti_tool.content import places
from lti_tool.content import rules as content_rules
from lti_tool.content.places import Copied
from lti_tool.courses import origins
from lti_tool.courses import queries as course_queries
from lti_tool.courses.models import CopyDecision, Course, CourseOrigin
from lti_tool.errors import NotFound
from lti_tool.ids import new_id
from lti_tool.playlists import queries, template_rows, transferring
from lti_tool.playlists.models import Playlist, PlaylistStatus
from lti_tool.playlists.transferring import Names

CARRIED = (PlaylistStatus.DRAFT, PlaylistStatus.ASSIGNED)
"""What is carried over; what was taken away stays away."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A playlist that can be carried over: all that is said of it."""

    title: str
    steps: int


@dataclass(frozen=True, slots=True)
class Beside:
    """Something that has come along beside playlists and map: ``missing`` counts what leads nowhere yet."""

    title: str
    address: str
    missing: int = 0


class Carrier(Protocol):
    """What a higher room carries over beside playlists and map; ``app`` names all of them (``app.state.carriers``)."""

    async def offered(self, session: AsyncSession, original: Course) -> tuple[str, ...]:
        """The titles of what can come along."""

    async def carry(
        self,
        session: AsyncSession,
        both: Copied,
        original: Course,
        names: Names,
        by: uuid.UUID | None,
        now: datetime,
    ) -> int:
        """Have it come along, in the caller's transaction; how many came. What came before does not come again."""

    async def brought(self, session: AsyncSession, course: Course) -> list[Beside]:
        """What has come along into a copy."""


@dataclass(frozen=True, slots=True)
class Source:
    """A course whose playlists or competency map can be carried over. ``beside``: titles of what else comes along."""

    origin: CourseOrigin
    course: Course
    playlists: tuple[Offered, ...]
    map: OfferedMap
    beside: tuple[str, ...] = ()
    checks: int = 0


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


async def question(
    session: AsyncSession, course: Course, *, decided: bool = False, carriers: Sequence[Carrier] = ()
) -> Question:
    """What there is to decide. With ``decided`` also what could be carried over although somebody said no.

    One statement for a course that is no copy, or about which everything was decided.
    """
    rows = await course_queries.origin_rows(session, course)
    carried = any(row.decision is CopyDecision.CARRIED for row in rows)
    if not rows or not (decided or origins.is_open(rows)):
        return Question(carried=carried)
    sources = []
    for origin, original in await origins.known_origins(session, course):
        if origin.decision is CopyDecision.CARRIED:
            continue
        playlists, of_map = await _offered(session, original), await map_carrying.offered(session, original)
        beside = [title for carrier in carriers for title in await carrier.offered(session, original)]
        checks = await check_carrying.offered(session, original)
        if playlists or of_map or beside or checks:
            sources.append(Source(origin, original, playlists, of_map, tuple(beside), checks))
    asked = [source.origin for source in sources]
    is_open = origins.is_open(asked)
    return Question(tuple(sources), carried, asks=is_open and not origins.was_postponed(asked), open=is_open)


async def _offered(session: AsyncSession, original: Course) -> tuple[Offered, ...]:
    playlists = await queries.playlists(session, original.organisation_id, original.id, CARRIED)
    offered = [await template_rows.current(session, playlist) for playlist in reversed(playlists)]
    return tuple(Offered(template.title, len(template.steps)) for template in offered)


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
    session: AsyncSession,
    course: Course,
    original_id: uuid.UUID,
    by: uuid.UUID | None,
    now: datetime,
    carriers: Sequence[Carrier] = (),
) -> int | None:
    """Carry over what an original has; how many playlists came. None where that was done already.

    NotFound for a course that this one was not copied from, or that has nothing. All or nothing, in the caller's transaction.
    """
    asked = await question(session, course, decided=True, carriers=carriers)
    source = next((one for one in asked.sources if one.course.id == original_id), None)
    if source is None:
        if asked.carried:
            return None
        raise NotFound("the course was not copied from that one")
    if not await origins.decide(session, course, source.origin.id, by, now):
        return None
    # Checks go before everything that leads to them; what their questions are about waits for the map.
    await check_carrying.carry(session, course, source.course, by, now)
    both = await places.copied(session, course, source.course)
    # The map goes first: steps that count by mastery name its competencies.
    names = await map_carrying.carry(session, both, source.course, by, now)
    await check_carrying.tag(session, course, source.course, names)
    came = 0
    for playlist in reversed(await queries.playlists(session, course.organisation_id, original_id, CARRIED)):
        if await queries.playlist_carried_over(session, course.organisation_id, course.id, playlist.id) is None:
            await transferring.draft(
                session, both, source.course, playlist, names, by, now, playlist_id=new_id(), carried=True
            )
            came += 1
    for carrier in carriers:
        await carrier.carry(session, both, source.course, names, by, now)
    await session.flush()
    return came


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


@dataclass(frozen=True, slots=True)
class BroughtMap:
    """The map of a copy after carrying over; ``lost`` are items that its alignments wait for."""

    map: OfferedMap
    lost: tuple[LostItem, ...]


async def brought_map(session: AsyncSession, course: Course) -> BroughtMap:
    """What the copy's map holds now, with what is still to be done."""
    return BroughtMap(
        await map_carrying.offered(session, course), tuple(await map_carrying.lost_items(session, course))
    )
