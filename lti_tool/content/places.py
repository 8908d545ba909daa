"""Where what belongs to an item of a course belongs in the copy of that course. What ``matching`` is sure of, and the rest.

The content of both courses is read before; here it is only looked at. An item that the copy was not found to have gets one that
stands for it and says so, until a teacher says where it is.
"""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content import matching, rules, service
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.courses import queries as course_queries
from lti_tool.courses.models import Course


@dataclass(frozen=True, slots=True)
class Copied:
    """A copied course beside its original: the items that platforms have of each, and how addresses changed."""

    course: Course
    native: tuple[ContentItem, ...]
    before: tuple[ContentItem, ...]
    copy: matching.Copy
    own: tuple[ContentItem, ...] = ()
    """The copy's items that are the tool's own: checks that have been carried over among them."""


async def copied(session: AsyncSession, course: Course, original: Course) -> Copied:
    """What is known of both courses."""
    there = await service.items(session, course.organisation_id, course.id)
    before = await service.items(session, course.organisation_id, original.id)
    copy = await _copy(session, course, original, [*there, *before])
    own = tuple(item for item in there if rules.is_own(item))
    return Copied(course, _native(there), _native(before), copy, own)


def _native(items: Iterable[ContentItem]) -> tuple[ContentItem, ...]:
    return tuple(item for item in items if not rules.is_pasted(item) and not rules.is_own(item))


async def _copy(session: AsyncSession, course: Course, original: Course, items: Iterable[ContentItem]) -> matching.Copy:
    """How addresses changed from the original to the copy, as far as the platform has said it."""
    registration = await course_queries.registration_of(session, course)
    known = [registration.issuer if registration is not None else None]
    for one in (course, original):
        known += [one.api_domain, one.home_url, one.memberships_url, one.line_items_url]
    known += [item.url for item in items if not rules.is_pasted(item) and item.kind is not ItemKind.LINK]
    ids: dict[str, str | None] = {original.context_id: course.context_id}
    if original.platform_course_id is not None:
        ids[original.platform_course_id] = course.platform_course_id
    for link in await course_queries.links_with_history(session, course.organisation_id, course.id):
        ids |= {earlier: link.resource_link_id for earlier in link.history if earlier not in ids}
    return matching.Copy(matching.hosts_in(known), ids)


def matched(both: Copied, wanted: Iterable[ContentItem]) -> dict[uuid.UUID, ContentItem]:
    """The items of the copy that are sure to be these items of the original, by the original's ids."""
    by_id = {item.id: item for item in both.native}
    asked = list(wanted)
    found = matching.items_of_copy(_native(asked), both.before, both.native, both.copy)
    own = {item.external_id: item for item in both.own}
    # A check of the original is the check that was made of it here, whatever it is called by now.
    carried = {
        item.id: own[name]
        for item in asked
        if rules.is_own(item) and (name := f"{rules.CHECK_SOURCE}{rules.own_id_in(both.course.id, item).hex}") in own
    }
    return {old: by_id[new] for old, new in found.items()} | carried


async def places(
    session: AsyncSession, both: Copied, wanted: Mapping[uuid.UUID, ContentItem], now: datetime
) -> dict[uuid.UUID, ContentItem]:
    """The place of each of these items of the original in the copy, by the original's ids. Every one has a place: the same
    item, the same address, or an item that stands for what was not found.
    """
    sure = matched(both, wanted.values())
    found: dict[uuid.UUID, ContentItem] = {}
    for item_id, item in wanted.items():
        if item_id in sure:
            found[item_id] = sure[item_id]
        elif rules.is_pasted(item) and item.url:
            found[item_id] = await at_address(session, both, item.url, item.title, item_id, now)
        else:
            found[item_id] = await missing(session, both.course, item.kind, item.title, item.url, item_id, now)
    return found


async def at_address(
    session: AsyncSession, both: Copied, url: str, title: str, item_id: uuid.UUID | None, now: datetime
) -> ContentItem:
    """The place of a pasted address: the same, unless it led into the original."""
    to = matching.moved(url, both.copy)
    if to is None or (to.whole and not to.changed):
        return await service.add_address(session, both.course, url, title, now)
    same = [one for one in both.native if one.url == to.url]
    if to.changed and len(same) == 1:
        return same[0]
    if to.whole:
        return await service.add_address(session, both.course, to.url, title, now)
    return await missing(session, both.course, ItemKind.LINK, title, url, item_id, now)


async def missing(
    session: AsyncSession,
    course: Course,
    kind: ItemKind,
    title: str,
    url: str | None,
    item_id: uuid.UUID | None,
    now: datetime,
) -> ContentItem:
    """An item that stands for one of the original (``item_id``) that was not found; the same one again is the same."""
    name = hashlib.sha256(f"{kind}\n{item_id}\n{url}".encode()).hexdigest()
    stand_in = await service.stand_in(session, course, kind, title, url, name, now)
    item = await service.item(session, course.organisation_id, course.id, stand_in)
    if item is None:
        raise RuntimeError("an item that was just written is not there")
    return item
