"""Making and changing playlists, and assigning them.

A template is a value (``templates``); each function here looks up what a change names (items, competencies, students) and has
``changing`` make it (``changes``), on the revision that the page was made from.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import attempt_queries as checks
from lti_tool.competencies import maps
from lti_tool.content import rules as content_rules
from lti_tool.content import service as content
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.courses.models import Course
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.grades.models import ColumnState
from lti_tool.ids import new_id
from lti_tool.playlists import audience, changes, changing, queries, service, template_queries, template_rows, templates
from lti_tool.playlists.audience import Audience
from lti_tool.playlists.changes import Basics, StepChoice, What
from lti_tool.playlists.models import (
    DoneRule,
    Playlist,
    PlaylistKind,
    PlaylistStatus,
    PlaylistStep,
    SendRule,
    StepKind,
)
from lti_tool.playlists.templates import Step, Template, Variant
from lti_tool.web.i18n import N_

__all__ = ["Basics", "StepChoice", "Terms", "What"]

QUIZ_PASS_PERCENT = 70.0
"""What a quiz counts from until the teacher says otherwise."""

LINE_ITEM_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
"""What a platform must have granted before columns can be made (AGS 2.0 §3.1)."""

SCORE_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"


def can_have_column(course: Course) -> bool:
    """Whether the LMS lets this tool make a gradebook column in the course and fill it."""
    return bool(course.line_items_url) and {LINE_ITEM_SCOPE, SCORE_SCOPE} <= set(course.ags_scopes)


async def may_have_column(session: AsyncSession, course: Course, playlist: Playlist) -> bool:
    """Whether this playlist can have a column: one can be made, or the LMS has made it with a link and takes scores for it."""
    if can_have_column(course):
        return True
    if SCORE_SCOPE not in course.ags_scopes:
        return False
    resource = service.resource_id(playlist)
    column = (await queries.columns(session, course.organisation_id, course.id, [resource])).get(resource)
    return column is not None and column.state is ColumnState.MADE


# --- The playlist -----------------------------------------------------------------------------------------------------


async def create(
    session: AsyncSession,
    course: Course,
    basics: Basics,
    by: uuid.UUID | None,
    now: datetime,
    *,
    playlist_id: uuid.UUID | None = None,
) -> Playlist:
    """A new draft. With ``playlist_id`` (made with the form), sending the form twice makes one playlist."""
    if playlist_id is not None:
        existing = await queries.playlist(session, course.organisation_id, course.id, playlist_id)
        if existing is not None:
            return existing
    playlist = Playlist(
        organisation_id=course.organisation_id,
        id=playlist_id or new_id(),
        course_id=course.id,
        title=basics.title,
        introduction=basics.introduction,
        order_rule=basics.order_rule,
        created_by=by,
        created_at=now,
        changed_at=now,
    )
    session.add(playlist)
    await session.flush()
    return playlist


async def duplicate(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    title: str,
    by: uuid.UUID | None,
    now: datetime,
    *,
    copy_id: uuid.UUID | None = None,
) -> Playlist:
    """A draft with the same sections, steps and other forms of steps, assigned to nobody. With ``copy_id``, sending the form
    twice makes one. Modifications are made for one class's students and stay behind.
    """
    source = await changing.found(session, course, playlist_id)
    if copy_id is not None:
        existing = await queries.playlist(session, course.organisation_id, course.id, copy_id)
        if existing is not None:
            return existing
    template = changes.anew(await template_rows.current(session, source))
    made = await create(
        session, course, Basics(title, template.introduction, template.order_rule), by, now, playlist_id=copy_id
    )
    made.kind, made.settings = source.kind, dict(source.settings)
    await template_rows.store(session, made, replace(template, title=title), by, now)
    return made


async def remove(
    session: AsyncSession, course: Course, playlist_id: uuid.UUID, revision: int, by: uuid.UUID | None, now: datetime
) -> None:
    """Take a playlist away: a draft is deleted; an assigned one leaves the students' pages, and what they did is kept."""
    playlist = await changing.for_change(session, course, playlist_id, revision, now)
    if playlist.status is PlaylistStatus.DRAFT:
        await template_rows.take_out(session, playlist)
        return
    playlist.status = PlaylistStatus.ARCHIVED
    session.add(playlist)
    changing.trace(session, playlist, "playlist.archived", by, now)


async def change_basics(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    basics: Basics,
    now: datetime,
    by: uuid.UUID | None = None,
) -> Playlist:
    """Change title, introduction or order."""
    return await changing.change(
        session,
        course,
        playlist_id,
        revision,
        What.BASICS,
        lambda template: changes.change_basics(template, basics),
        now,
        by,
    )


# --- Its steps --------------------------------------------------------------------------------------------------------


async def present_steps(session: AsyncSession, playlist: Playlist) -> list[PlaylistStep]:
    """The steps that students have, in order; what waits in ``working`` is not among them."""
    found = await template_queries.steps(session, playlist.organisation_id, playlist.id)
    return [step for step in found if step.removed_at is None]


async def add_items(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    item_ids: Sequence[uuid.UUID],
    now: datetime,
    *,
    section_id: uuid.UUID | None = None,
    before: uuid.UUID | None = None,
    by: uuid.UUID | None = None,
) -> Playlist:
    """Add items of the course, in the course's order, at the end of a section or ``before`` a step. NotFound for an item that is
    not one of this course.

    A check of ours counts from its own passing mark, a quiz whose results the LMS shares from 70 %; everything else is marked
    by the student, until the teacher says otherwise.
    """
    items = await queries.items(session, course.organisation_id, course.id, item_ids)
    if not items or len(items) != len(set(item_ids)):
        raise NotFound("an item that is not in this course")
    marks = await checks.pass_marks(session, course.organisation_id, course.id, list(items))
    ordered = sorted(items.values(), key=lambda item: item.position)
    steps = [of_item(item, marks.get(item.id, QUIZ_PASS_PERCENT)) for item in ordered if can_be_a_step(item)]
    return await add(session, course, playlist_id, revision, steps, now, section_id=section_id, before=before, by=by)


async def add_address(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    url: str,
    title: str,
    now: datetime,
    *,
    section_id: uuid.UUID | None = None,
    by: uuid.UUID | None = None,
) -> Playlist:
    """Add a pasted address at the end. BadRequest unless it begins with http:// or https://."""
    item = await content.add_address(session, course, url, title, now)
    step = Step(id=new_id(), title=title or item.title, follows_item=not title, content_item_id=item.id)
    return await add(session, course, playlist_id, revision, [step], now, section_id=section_id, by=by)


async def add_offline(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    title: str,
    now: datetime,
    *,
    kind: StepKind = StepKind.TASK,
    section_id: uuid.UUID | None = None,
    by: uuid.UUID | None = None,
) -> Playlist:
    """Add something to do away from the screen at the end: a task, a question to reflect on, a talk with the teacher."""
    step = changes.off_screen(kind, title)
    return await add(session, course, playlist_id, revision, [step], now, section_id=section_id, by=by)


async def add(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    steps: Sequence[Step],
    now: datetime,
    *,
    section_id: uuid.UUID | None = None,
    before: uuid.UUID | None = None,
    by: uuid.UUID | None = None,
) -> Playlist:
    """Add these new steps."""
    return await changing.change(
        session,
        course,
        playlist_id,
        revision,
        What.STEPS_ADDED,
        lambda template: changes.add_steps(template, steps, section_id=section_id, before=before),
        now,
        by,
    )


async def change_step(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    step_id: uuid.UUID,
    choice: StepChoice,
    now: datetime,
    by: uuid.UUID | None = None,
) -> Playlist:
    """Change what a step says, what counts as done and when it opens; see ``changes.change_step``. NotFound for a competency that
    is not in the course's map.
    """
    step = (await _template(session, course, playlist_id)).step(step_id)
    item = await _item(session, course, step.content_item_id)
    possible = rules_for(step, item)
    await _known_competencies(session, course, step, choice)
    return await changing.change(
        session,
        course,
        playlist_id,
        revision,
        What.STEP_CHANGED,
        lambda template: changes.change_step(
            template, step_id, choice, possible, item_title=item.title if item is not None else None
        ),
        now,
        by,
    )


async def _known_competencies(session: AsyncSession, course: Course, step: Step, choice: StepChoice) -> None:
    """What a step names already may stay, also where it was taken out of the map since."""
    named = {choice.competency_id, choice.after_competency_id} - {None, step.competency_id, step.after_competency_id}
    if named:
        listed = await maps.listed(session, course.organisation_id, course.id)
        if not named <= {one.id for one in listed.competencies}:
            raise NotFound("a competency that is not in the course's map")


async def place_step(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    step_id: uuid.UUID,
    place: uuid.UUID | str,
    now: datetime,
    by: uuid.UUID | None = None,
) -> Playlist:
    """Have a step lead to an item of the course, by its id, or to an address. What it says stays as it is.

    NotFound for an item that is not one of this course, BadAddress for an address that cannot be used. A step that counted by
    a result the new place does not have is marked by the student from now on.
    """
    step = (await _template(session, course, playlist_id)).step(step_id)
    if isinstance(place, str):
        item = await content.add_address(session, course, place, step.title, now)
    else:
        found = await _item(session, course, place)
        if found is None or not can_be_a_step(found):
            raise NotFound("an item that is not in this course")
        item = found
    possible = rules_for(replace(step, content_item_id=item.id, kind=StepKind.ITEM), item)
    return await changing.change(
        session,
        course,
        playlist_id,
        revision,
        What.STEP_PLACED,
        lambda template: changes.place_step(template, step_id, item.id, possible, item_title=item.title),
        now,
        by,
    )


def rules_for(step: Step | PlaylistStep, item: ContentItem | None) -> list[DoneRule]:
    """What can count as done for a step that leads to ``item``; see ``templates.rules_for``."""
    return templates.rules_for(
        step.kind,
        has_place=item is not None or step.url is not None,
        has_results=item is not None and content_rules.gives_results(item),
    )


async def move(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    one_id: uuid.UUID,
    places: int,
    now: datetime,
    by: uuid.UUID | None = None,
) -> Playlist:
    """Move a step or a section's heading so many ``places`` down, or up where that is negative; no further than either end."""
    return await changing.change(
        session,
        course,
        playlist_id,
        revision,
        What.STEP_MOVED,
        lambda template: changes.move(template, one_id, places),
        now,
        by,
    )


async def reorder(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    order: Sequence[uuid.UUID],
    now: datetime,
    by: uuid.UUID | None = None,
) -> Playlist:
    """Put all steps and headings in this order. Conflict when the order is not one of exactly those there are."""
    return await changing.change(
        session,
        course,
        playlist_id,
        revision,
        What.STEP_MOVED,
        lambda template: changes.reorder(template, order),
        now,
        by,
    )


async def remove_step(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    step_id: uuid.UUID,
    now: datetime,
    by: uuid.UUID | None = None,
) -> Playlist:
    """Take a step out. Where students have begun it, what they did is kept."""
    return await changing.change(
        session,
        course,
        playlist_id,
        revision,
        What.STEP_REMOVED,
        lambda template: changes.remove_step(template, step_id),
        now,
        by,
    )


async def put_variant(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    step_id: uuid.UUID,
    variant: Variant,
    students: Collection[uuid.UUID],
    now: datetime,
    by: uuid.UUID | None = None,
) -> Playlist:
    """Add or change another form of a step. NotFound for an item or a student that is not of this course (``students``)."""
    if variant.content_item_id is not None:
        item = await _item(session, course, variant.content_item_id)
        if item is None or not can_be_a_step(item):
            raise NotFound("an item that is not in this course")
    if not set(variant.people) <= set(students):
        raise NotFound("a student who is not in this course")
    return await changing.change(
        session,
        course,
        playlist_id,
        revision,
        What.VARIANT_CHANGED,
        lambda template: changes.put_variant(template, step_id, variant),
        now,
        by,
    )


def can_be_a_step(item: ContentItem) -> bool:
    """Whether an item of the course leads anywhere a student can go."""
    return content_rules.can_be_done(item)


def of_item(item: ContentItem, passing: float = QUIZ_PASS_PERCENT) -> Step:
    """A new step that leads to an item, with what usually counts there; a result counts from ``passing`` percent."""
    scored = item.kind is ItemKind.QUIZ and content_rules.gives_results(item)
    return Step(
        id=new_id(),
        title=item.title,
        follows_item=True,
        content_item_id=item.id,
        done_rule=DoneRule.RESULT if scored else DoneRule.MARKED,
        pass_percent=passing if scored else None,
    )


async def _item(session: AsyncSession, course: Course, item_id: uuid.UUID | None) -> ContentItem | None:
    if item_id is None:
        return None
    return (await queries.items(session, course.organisation_id, course.id, [item_id])).get(item_id)


async def _template(session: AsyncSession, course: Course, playlist_id: uuid.UUID) -> Template:
    return await template_rows.current(session, await changing.found(session, course, playlist_id))


# --- Assigning --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a playlist is assigned: its gradebook column, when scores go out, when it is due."""

    has_column: bool = False
    points: float = 100.0
    send_rule: SendRule = SendRule.AT_END
    due_at: datetime | None = None


async def assign(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    terms: Terms,
    by: uuid.UUID | None,
    now: datetime,
    *,
    meant: Audience | None = None,
) -> Playlist:
    """Assign a playlist, or change the terms of one that is assigned. ``meant``: whom it is for from now on; None: as it is.

    Every present student who is meant gets a copy, and the column is wanted, in this one transaction; who is not meant any
    more keeps their work. BadRequest for a template without steps, Conflict where the LMS lets nobody make a column.
    """
    playlist = await changing.for_change(session, course, playlist_id, revision, now)
    if playlist.kind is PlaylistKind.TEMPLATE and not await present_steps(session, playlist):
        raise BadRequest(
            "an empty playlist was assigned",
            code="playlist-empty",
            title=N_("This playlist has no steps yet"),
            advice=N_("Add at least one step, then assign it."),
        )
    if terms.has_column and not await may_have_column(session, course, playlist):
        raise Conflict(
            "no line item scope in this course",
            code="no-column-here",
            title=N_("Your LMS does not let this tool make a gradebook column here"),
            advice=N_("Assign the playlist without a column, or ask your administrator to allow grades for this tool."),
        )
    if playlist.status is not PlaylistStatus.ASSIGNED:
        playlist.status = PlaylistStatus.ASSIGNED
        playlist.assigned_at = now
    playlist.has_column = terms.has_column
    playlist.points = terms.points
    playlist.send_rule = terms.send_rule
    playlist.due_at = terms.due_at
    changing.trace(session, playlist, "playlist.assigned", by, now)
    session.add(playlist)
    await session.flush()
    if meant is not None:
        await audience.write(session, playlist, meant, now)
    await service.ensure_copies(session, course, now)
    return await changing.changed(session, course, playlist, now)
