"""Bringing a course's items up to what a source tells: who is who, what is new, and what is gone."""

import uuid
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content import adopting, queries
from lti_tool.content.models import ItemKind, Requirement
from lti_tool.content.ports import NativeItem
from lti_tool.courses.models import Course
from lti_tool.ids import new_id


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What a reading of a course's contents found: items in it, newly met (or again), and gone; headings are among the first.

    Of those that were there before: ``renamed``, ``moved`` to another module or place, and ``hidden`` from students now.
    ``adopted`` were known from a file or a pasted address. ``result_keys`` are those of items that were known and had no such
    results before.
    """

    items: int
    new: int
    gone: int
    renamed: int = 0
    moved: int = 0
    hidden: int = 0
    adopted: int = 0
    result_keys: frozenset[str] = field(default=frozenset(), compare=False)


async def take_over(
    session: AsyncSession, course: Course, source: str, found: Collection[NativeItem], now: datetime
) -> RefreshReport:
    """Bring a source's items up to what was found, in the order it was found in.

    An item stays the same where its external id does; where the work behind it does (``result_key``), as that of an assignment
    that is taken into a module; where one of its kind and title has vanished and one alone has come; and where it was known
    from a file or a pasted address and leaves no doubt (``adopting``).
    """
    organisation_id = course.organisation_id
    known = await queries.known_items(session, organisation_id, course.id, source)
    by_external_id = {row.external_id: row for row in known}
    # An item named twice would be written twice by one statement, which PostgreSQL refuses; its first place counts.
    unique = {item.external_id: item for item in reversed(list(found))}
    wanted = [unique[name] for name in dict.fromkeys(item.external_id for item in found)]
    vanished = [row for row in known if row.external_id not in unique]
    again = _again([item for item in wanted if item.external_id not in by_external_id], vanished)
    for external_id, row in again.items():
        await queries.rename_external_id(session, organisation_id, row.id, external_id)
    there = {**by_external_id, **again}
    new = [item.external_id for item in wanted if item.external_id not in there]
    adopted = await _adopt(session, course, source, wanted, new)
    pairs = [(item, there.get(item.external_id)) for item in wanted]
    rows = [_row(course, item, place, now) for place, item in enumerate(wanted)]
    await queries.put_items(session, rows)
    kept = {row.id for row in again.values()}
    gone = [row.id for row in vanished if row.id not in kept and row.deleted_at is None]
    await queries.mark_gone(session, organisation_id, gone, now)
    if gone or any(row is None or _is_other(row, then) for (_, row), then in zip(pairs, rows, strict=True)):
        await queries.note_change(session, organisation_id, course.id, now)
    headings = {row.id for row in vanished if row.kind == ItemKind.HEADING}
    return _report(pairs, sum(item_id not in headings for item_id in gone), adopted)


def _again(new: Sequence[NativeItem], vanished: Sequence[Any]) -> dict[str, Any]:
    """Items that have another external id than before and are still the same to students, with the rows they were."""
    found: dict[str, Any] = {}
    taken: set[uuid.UUID] = set()
    # Those that were there until now before those that went earlier: what is moved has just vanished.
    by_key: dict[str, list[Any]] = {}
    for row in sorted(vanished, key=lambda row: row.deleted_at is not None):
        if row.result_key is not None:
            by_key.setdefault(row.result_key, []).append(row)
    for item in new:
        same = next((row for row in by_key.get(item.result_key or "", ()) if row.id not in taken), None)
        if same is not None:
            found[item.external_id] = same
            taken.add(same.id)
    present = [row for row in vanished if row.deleted_at is None and row.id not in taken]
    by_name = adopting.unique(_names((row.kind, row.title, row.result_key, row) for row in present))
    rest = [item for item in new if item.external_id not in found]
    for name, item in adopting.unique(_names((one.kind, one.title, one.result_key, one) for one in rest)).items():
        if name in by_name:
            found[item.external_id] = by_name[name]
    return found


def _names(things: Iterable[tuple[str, str, str | None, Any]]) -> Iterable[tuple[Any, Any]]:
    """Things that have no results, by kind and title: what has some is known by its work, and new work is another."""
    for kind, title, result_key, thing in things:
        name = adopting.plain_title(title)
        if result_key is None and name and kind != ItemKind.HEADING:
            yield (str(kind), name), thing


async def _adopt(
    session: AsyncSession, course: Course, source: str, wanted: Sequence[NativeItem], new: Sequence[str]
) -> dict[str, uuid.UUID]:
    """Make what was known from files or pasted addresses the platform's, where it is the same."""
    if not new or source in adopting.FROM_FILES:
        return {}
    known = await queries.items_of_sources(session, course.organisation_id, course.id, adopting.FROM_FILES)
    same = adopting.adopted(wanted, frozenset(new), known) if known else {}
    for external_id, item_id in same.items():
        await queries.rename_external_id(session, course.organisation_id, item_id, external_id)
    return same


def _report(pairs: Sequence[tuple[NativeItem, Any]], gone: int, adopted: Collection[str]) -> RefreshReport:
    before = [(item, row) for item, row in pairs if row is not None and row.deleted_at is None]
    keys = {row.result_key for _, row in before}
    sections = {item.external_id for item, row in before if item.section != row.section}
    stayed = [(item, row) for item, row in before if item.external_id not in sections]
    places = [row.position for _, row in stayed]
    return RefreshReport(
        items=len(pairs),
        new=sum((row is None or row.deleted_at is not None) and item.kind != "heading" for item, row in pairs)
        - len(adopted),
        gone=gone,
        renamed=sum(item.title != row.title for item, row in before),
        moved=len(sections) + len(places) - _longest_in_order(places),
        hidden=sum(row.published and not item.published for item, row in before),
        adopted=len(adopted),
        result_keys=frozenset(
            item.result_key
            for item, row in pairs
            if item.result_key is not None
            and item.result_key not in keys
            and (row is not None or item.external_id in adopted)
        ),
    )


def _longest_in_order(places: Sequence[int]) -> int:
    """How many of these can stay where they are while the others move: the longest increasing run, by patience sorting."""
    ends: list[int] = []
    for place in places:
        at = bisect_left(ends, place)
        ends[at : at + 1] = [place]
    return len(ends)


def _is_other(row: Any, now_there: Mapping[str, Any]) -> bool:
    """Whether an item was found to be other than it was known; when it was seen matters to nobody."""
    return any(getattr(row, name) != now_there[name] for name in queries.READ_COLUMNS if name != "seen_at")


def _row(course: Course, item: NativeItem, place: int, now: datetime) -> dict[str, Any]:
    return {
        "organisation_id": course.organisation_id,
        "id": new_id(),
        "course_id": course.id,
        "external_id": item.external_id,
        "kind": ItemKind(item.kind),
        "title": item.title,
        "url": item.url,
        "section": item.section,
        "position": place,
        "indent": item.indent,
        "result_key": item.result_key,
        "points_possible": item.points_possible,
        "due_at": item.due_at,
        "published": item.published,
        "requirement": None if item.requirement is None else Requirement(item.requirement),
        "requirement_points": item.requirement_points,
        "opens_at": item.opens_at,
        "closes_at": item.closes_at,
        "limits": list(item.limits),
        "deleted_at": None,
        "seen_at": now,
    }
