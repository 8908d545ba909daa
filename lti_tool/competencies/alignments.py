"""Which items of a course teach, practise or assess which competencies of its map.

A change names how the item stood when the editor saw it. Where somebody else has changed that item since, nothing at all is
changed and the editor is told so (Conflict ``alignments-changed``); two who work on different items do not disturb each other.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import alignment_queries as queries
from lti_tool.competencies import alignment_rules as rules
from lti_tool.competencies import map_queries, maps
from lti_tool.competencies.alignment_rules import AlignmentView, Change, Changed
from lti_tool.competencies.map_views import CourseMapView, MapCompetencyView
from lti_tool.competencies.models import Alignment, AlignmentOrigin, AlignmentRole
from lti_tool.content import rules as content_rules
from lti_tool.content import service as content
from lti_tool.content.models import ContentItem
from lti_tool.courses.models import Course
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.ids import new_id
from lti_tool.web.i18n import N_

MOST_AT_ONCE = 20_000
"""Alignments that one change may make; more than any course has items times competencies of a lesson."""

USUAL_PASSING_PERCENT = 80.0
"""The passing mark of a course that has not said another."""


class AlignmentsChanged(Conflict):
    """Somebody else has aligned one of these items since the page was made."""

    code = "alignments-changed"
    title = N_("Somebody else has aligned these items in the meantime")
    advice = N_(
        "The page shows how they stand now. Look at it, then make your change again. Nothing of yours was saved."
    )


class NotInTheMap(BadRequest):
    """A competency that the course's map does not hold (any more), or an item that the course does not hold."""

    code = "not-in-course"
    title = N_("This is not in the course any more")
    advice = N_(
        "The competency was taken out of the course’s map, or the item out of the course. Reload the page to see what there is."
    )


# --- Reading ------------------------------------------------------------------------------------------------------------


async def of_course(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[AlignmentView]:
    """All alignments of a course to competencies of its map, by item and then in the map's order.

    Those of items that the platform no longer has are among them: what was earned there counts.
    """
    return _views(await queries.alignments(session, organisation_id, course_id))


async def of_items(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, item_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, tuple[AlignmentView, ...]]:
    """The alignments of these items by the item's id; items without any are left out."""
    return rules.by_item(_views(await queries.alignments(session, organisation_id, course_id, item_ids)))


async def items_since(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, since: datetime
) -> set[uuid.UUID]:
    """Items that were aligned to a competency from then on."""
    return await queries.items_since(session, organisation_id, course_id, since)


def _views(rows: Iterable[tuple[Alignment, int]]) -> list[AlignmentView]:
    known = list(rows)
    shared = rules.shared_items(
        alignment.content_item_id for alignment, _ in known if alignment.role is AlignmentRole.ASSESSES
    )
    return [
        AlignmentView(
            id=alignment.id,
            content_item_id=alignment.content_item_id,
            competency_id=alignment.competency_id,
            number=number,
            role=alignment.role,
            weight=alignment.weight,
            passing_percent=alignment.passing_percent,
            mixed=alignment.mixed,
            shared=alignment.role is AlignmentRole.ASSESSES and alignment.content_item_id in shared,
        )
        for alignment, number in known
    ]


@dataclass(frozen=True, slots=True)
class Board:
    """Everything a page about a course's alignments needs: items that can be aligned, the map (None where the course has none),
    and alignments by item.
    """

    items: tuple[ContentItem, ...]
    map: CourseMapView | None
    views: Mapping[uuid.UUID, tuple[AlignmentView, ...]]

    @property
    def competencies(self) -> tuple[MapCompetencyView, ...]:
        """The competencies of the map, in its order."""
        return () if self.map is None else self.map.competencies

    @property
    def passing_percent(self) -> float:
        """The passing mark that new alignments get, 0 to 100."""
        return USUAL_PASSING_PERCENT if self.map is None else self.map.passing_percent

    @property
    def aligned(self) -> int:
        """How many of the items belong to a competency."""
        return sum(item.id in self.views for item in self.items)

    def all_views(self) -> list[AlignmentView]:
        """The alignments of the items that are there."""
        return [view for item in self.items for view in self.views.get(item.id, ())]


async def board(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> Board:
    """A course's items beside its competencies."""
    items = await content.items(session, organisation_id, course_id)
    return Board(
        items=tuple(item for item in items if rules.can_be_aligned(item)),
        map=await maps.the_map(session, organisation_id, course_id),
        views=rules.by_item(await of_course(session, organisation_id, course_id)),
    )


# --- Changing -----------------------------------------------------------------------------------------------------------


async def change(
    session: AsyncSession,
    course: Course,
    changes: Sequence[Change],
    seen: Mapping[uuid.UUID, str],
    *,
    by: uuid.UUID | None,
    now: datetime,
    origin: AlignmentOrigin = AlignmentOrigin.TEACHER,
) -> Changed:
    """Make alignments, change them or take them away; all or nothing, in the caller's transaction.

    ``seen`` is how items stood when the editor saw them (``rules.seen``); items that are not in it are changed whatever they
    were. Saying what is so already changes nothing. Raises AlignmentsChanged, and NotInTheMap for what is not in the course.
    """
    if len(changes) > MOST_AT_ONCE:
        raise BadRequest("too many alignments at once")
    wanted = {(one.item_id, one.competency_id): one for one in changes}
    course_map = await map_queries.course_map(session, course.organisation_id, course.id, lock=True)
    if course_map is None:
        raise NotInTheMap("the course has no map")
    now_there = await of_items(session, course.organisation_id, course.id, {one.item_id for one in changes} | set(seen))
    if any(rules.seen(now_there.get(item_id, ())) != stood for item_id, stood in seen.items()):
        raise AlignmentsChanged("an item's alignments are others than the editor saw")
    # What is taken away may be gone from the course; what is aligned may not.
    await all_in_course(session, course, [key for key, one in wanted.items() if one.role is not None])
    there = {(view.content_item_id, view.competency_id): view for some in now_there.values() for view in some}
    put: list[dict[str, Any]] = []
    removed: list[uuid.UUID] = []
    added = changed = unchanged = 0
    for key, one in wanted.items():
        before = there.get(key)
        if one.role is None:
            if before is not None:
                removed.append(before.id)
            continue
        after = _after(one, one.role, before, course_map.passing_percent)
        if before == after:
            unchanged += 1
            continue
        added, changed = (added + 1, changed) if before is None else (added, changed + 1)
        put.append(_row(course, after, origin, by, now))
    await queries.put(session, put)
    await queries.take_away(session, course.organisation_id, removed)
    found = Changed(added, changed, len(removed), unchanged)
    if found.any:
        # Paths are made of alignments: whoever plans them looks at this moment, which is later than any before it.
        course_map.changed_at = max(now, course_map.changed_at + timedelta(microseconds=1))
        session.add(course_map)
    return found


def _after(one: Change, role: AlignmentRole, before: AlignmentView | None, passing_percent: float) -> AlignmentView:
    usual = before or AlignmentView(
        new_id(), one.item_id, one.competency_id, 0, role, Decimal(1), passing_percent, mixed=False, shared=False
    )
    return replace(
        usual,
        role=role,
        weight=usual.weight if one.weight is None else one.weight,
        passing_percent=usual.passing_percent if one.passing_percent is None else one.passing_percent,
        mixed=usual.mixed if one.mixed is None else one.mixed,
    )


def _row(
    course: Course, view: AlignmentView, origin: AlignmentOrigin, by: uuid.UUID | None, now: datetime
) -> dict[str, Any]:
    return {
        "organisation_id": course.organisation_id,
        "id": view.id,
        "course_id": course.id,
        "content_item_id": view.content_item_id,
        "competency_id": view.competency_id,
        "role": view.role,
        "weight": view.weight,
        "passing_percent": view.passing_percent,
        "mixed": view.mixed,
        "origin": origin,
        "created_by": by,
        "created_at": now,
    }


async def place_lost(
    session: AsyncSession,
    course: Course,
    lost_id: uuid.UUID,
    item_id: uuid.UUID | None,
    *,
    by: uuid.UUID | None,
    now: datetime,
) -> Changed:
    """Say which item it is now that alignments of a copied course wait for; None takes those alignments away.

    What that item is aligned to already stays as it is. NotFound for what is no such item; NotInTheMap.
    """
    lost = await content.item(session, course.organisation_id, course.id, lost_id)
    if lost is None or not content_rules.is_missing(lost):
        raise NotFound("no item that was not found")
    views = (await of_items(session, course.organisation_id, course.id, {lost_id})).get(lost_id, ())
    changes = [Change(lost_id, view.competency_id, None) for view in views]
    if item_id is not None:
        there = (await of_items(session, course.organisation_id, course.id, {item_id})).get(item_id, ())
        known = {view.competency_id for view in there}
        changes += [
            Change(item_id, view.competency_id, view.role, view.weight, view.passing_percent, view.mixed)
            for view in views
            if view.competency_id not in known
        ]
    return await change(session, course, changes, {}, by=by, now=now, origin=AlignmentOrigin.COPY)


async def all_in_course(session: AsyncSession, course: Course, pairs: Collection[tuple[uuid.UUID, uuid.UUID]]) -> None:
    """Whether every item can be aligned and every competency is in the map, by pairs of their ids. Raises NotInTheMap."""
    if not pairs:
        return
    items = {
        item.id
        for item in await content.items(session, course.organisation_id, course.id)
        if rules.can_be_aligned(item)
    }
    places = await map_queries.map_rows(session, course.organisation_id, course.id)
    competencies = {place.competency_id for place in places if place.removed_at is None}
    if not all(item_id in items and competency_id in competencies for item_id, competency_id in pairs):
        raise NotInTheMap("an item or a competency is not in the course")
