"""A template made for another course: its items find their places there, and what they are for its competencies there.

Used where the copy of a course carries everything over, and where a teacher copies one playlist to another course of theirs. What
comes along is what the teacher said; modifications, the names of anybody, and dates stay behind.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.checks import carrying as check_carrying
from lti_tool.competencies import map_queries, maps
from lti_tool.content import places
from lti_tool.content import rules as content_rules
from lti_tool.content.models import ContentItem
from lti_tool.content.places import Copied
from lti_tool.courses.models import Course, Membership
from lti_tool.courses.rules import TEACHING
from lti_tool.errors import NotFound
from lti_tool.playlists import changes, queries, template_rows
from lti_tool.playlists.models import DoneRule, Playlist, PlaylistKind
from lti_tool.playlists.planning import settings as planning_settings
from lti_tool.playlists.templates import Step, Template, Variant

Names = Mapping[uuid.UUID, uuid.UUID]
"""What became of the original's own competencies, by their ids there."""


async def moved(
    session: AsyncSession, both: Copied, original: Course, template: Template, names: Names, now: datetime
) -> Template:
    """The template for the other course (``both.course``), with ids of its own.

    What was not found there has an item that stands for it and says so. A rule that the new place cannot serve becomes a mark by
    the student, as does mastery of a competency that the other course's map has not.
    """
    lead = await _places(session, both, original, template, now)
    listed = await maps.listed(session, both.course.organisation_id, both.course.id)
    known = {one.id for one in listed.competencies}

    def competency(given: uuid.UUID | None) -> uuid.UUID | None:
        there = names.get(given, given) if given is not None else None
        return there if there in known else None

    def step(one: Step) -> Step:
        item = lead.get(one.id)
        for_what = competency(one.competency_id)
        rule = _rule(one, item, for_what)
        return replace(
            one,
            content_item_id=item.id if item is not None else None,
            follows_item=one.follows_item and item is not None,
            url=None,
            done_rule=rule,
            pass_percent=one.pass_percent if rule is DoneRule.RESULT else None,
            is_precheck=one.is_precheck and rule is DoneRule.RESULT,
            competency_id=for_what,
            after_competency_id=competency(one.after_competency_id),
            opens_at=None,
            due_at=None,
            variants=tuple(_variant(form, lead) for form in one.variants),
        )

    return changes.anew(replace(template, steps=tuple(step(one) for one in template.steps)))


def _variant(form: Variant, lead: Mapping[uuid.UUID, ContentItem]) -> Variant:
    item = lead.get(form.id)
    return replace(form, content_item_id=item.id if item is not None else None)


def _rule(step: Step, item: ContentItem | None, competency_id: uuid.UUID | None) -> DoneRule:
    scored = item is not None and (content_rules.gives_results(item) or content_rules.is_missing(item))
    if step.done_rule is DoneRule.RESULT and not scored:
        return DoneRule.MARKED
    if step.done_rule is DoneRule.MASTERY and competency_id is None:
        return DoneRule.MARKED
    return step.done_rule


async def _places(
    session: AsyncSession, both: Copied, original: Course, template: Template, now: datetime
) -> dict[uuid.UUID, ContentItem]:
    """Where each step and each other form leads in the other course, by its id; what leads nowhere is left out."""
    wanted = [(step.id, step.title, step.content_item_id, step.url) for step in template.steps]
    wanted += [
        (form.id, form.title or step.title, form.content_item_id, None)
        for step in template.steps
        for form in step.variants
    ]
    used = await queries.items(
        session, original.organisation_id, original.id, [item_id for _, _, item_id, _ in wanted if item_id]
    )
    sure = places.matched(both, used.values())
    found: dict[uuid.UUID, ContentItem] = {}
    for one_id, title, item_id, address in wanted:
        item = used.get(item_id) if item_id is not None else None
        if item is not None and item.id in sure:
            found[one_id] = sure[item.id]
        elif item is not None and not content_rules.is_pasted(item):
            found[one_id] = await places.missing(session, both.course, item.kind, title, item.url, item.id, now)
        elif item is not None or address is not None:
            url = (item.url if item is not None else None) or address or ""
            # A step has its own title; the address keeps the one it was pasted with.
            named = item.title if item is not None else title
            found[one_id] = await places.at_address(session, both, url, named, item_id, now)
    return found


async def settings_moved(
    session: AsyncSession, both: Copied, original: Course, playlist: Playlist, names: Names
) -> dict[str, object]:
    """A personal playlist's settings for the other course: its unit by the numbers of the map there, its placement check where
    that was found.
    """
    if playlist.kind is not PlaylistKind.PERSONAL:
        return dict(playlist.settings)
    read = planning_settings.read(playlist.settings)
    theirs = await map_queries.map_rows(session, original.organisation_id, original.id)
    ours = await map_queries.map_rows(session, both.course.organisation_id, both.course.id)
    meant = {row.number: names.get(row.competency_id, row.competency_id) for row in theirs}
    numbers = {row.competency_id: row.number for row in ours if row.removed_at is None}
    unit = frozenset(
        numbers[meant[number]] for number in read.planning.unit if number in meant and meant[number] in numbers
    )
    placement = read.planning.placement
    if placement is not None:
        used = await queries.items(session, original.organisation_id, original.id, [placement])
        there = places.matched(both, used.values()).get(placement)
        placement = there.id if there is not None else None
    return planning_settings.write(replace(read, planning=replace(read.planning, unit=unit, placement=placement)))


async def draft(
    session: AsyncSession,
    both: Copied,
    original: Course,
    playlist: Playlist,
    names: Names,
    by: uuid.UUID | None,
    now: datetime,
    *,
    playlist_id: uuid.UUID,
    carried: bool = False,
) -> tuple[Playlist, Template]:
    """A draft in the other course with everything the teachers of the original said, but dates and what became of it.

    ``carried``: links to the original in a copied course lead here.
    """
    template = await moved(session, both, original, await template_rows.current(session, playlist), names, now)
    made = Playlist(
        organisation_id=both.course.organisation_id,
        id=playlist_id,
        course_id=both.course.id,
        copied_from_id=playlist.id if carried else None,
        kind=playlist.kind,
        title=template.title,
        settings=await settings_moved(session, both, original, playlist, names),
        has_column=playlist.has_column,
        send_rule=playlist.send_rule,
        points=playlist.points,
        created_by=by,
        created_at=now,
        changed_at=now,
    )
    session.add(made)
    await session.flush()
    await template_rows.store(session, made, template, by, now)
    return made, template


# --- To another course of the same teacher ------------------------------------------------------------------------------


async def courses_taught(session: AsyncSession, here: Course, person_id: uuid.UUID | None) -> list[Course]:
    """The other courses of the school that this person teaches now, by title; a course nobody was seen in is not known."""
    if person_id is None:
        return []
    statement = (
        select(Course)
        .where(
            Course.organisation_id == here.organisation_id,
            Membership.organisation_id == here.organisation_id,
            col(Membership.course_id) == col(Course.id),
            Membership.person_id == person_id,
            col(Membership.active).is_(True),
            col(Membership.role).in_(TEACHING),
            Course.id != here.id,
        )
        .order_by(col(Course.title), col(Course.id))
    )
    return list((await session.exec(statement)).all())


async def copy_to(
    session: AsyncSession,
    original: Course,
    playlist: Playlist,
    course: Course,
    by: uuid.UUID | None,
    now: datetime,
    *,
    copy_id: uuid.UUID,
) -> tuple[Playlist, int]:
    """A draft of the playlist in another course, and how many of its steps lead to something not found there.

    Sending the form twice (the same ``copy_id``) makes one. The content of both courses is read before. NotFound for a course
    that this person does not teach. Leaves an audit entry.
    """
    if course.id not in {one.id for one in await courses_taught(session, original, by)}:
        raise NotFound("a course that this person does not teach")
    existing = await queries.playlist(session, course.organisation_id, course.id, copy_id)
    if existing is not None:
        return existing, await _missing(session, course, await template_rows.stored(session, existing))
    steps = (await template_rows.current(session, playlist)).steps
    leads_to = {step.content_item_id for step in steps if step.content_item_id}
    leads_to |= {form.content_item_id for step in steps for form in step.variants if form.content_item_id}
    await check_carrying.carry(session, course, original, by, now, only=leads_to)
    both = await places.copied(session, course, original)
    made, template = await draft(session, both, original, playlist, {}, by, now, playlist_id=copy_id)
    audit.record(
        session,
        now,
        "playlist.copied",
        organisation_id=course.organisation_id,
        actor=str(by) if by else None,
        subject=f"playlist:{made.id}",
        detail=f"from course {original.id}",
    )
    return made, await _missing(session, course, template)


async def _missing(session: AsyncSession, course: Course, template: Template) -> int:
    items = await queries.items(
        session,
        course.organisation_id,
        course.id,
        [one.content_item_id for one in template.steps if one.content_item_id],
    )
    return _lost(template, {item.id for item in items.values() if content_rules.is_missing(item)})


def _lost(template: Template, gone: Collection[uuid.UUID]) -> int:
    return sum(step.content_item_id in gone for step in template.steps)
