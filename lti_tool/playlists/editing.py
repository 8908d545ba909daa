"""Making and changing playlists, and assigning them.

Every change names the revision it was made on. When the playlist has moved on since, nothing is changed and the editor is
told so (Conflict ``playlist-changed``); that also makes a second click harmless. A playlist that is assigned stays
editable: steps taken out keep what students did, and every copy is brought in line in the same transaction.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.content import service as content
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.courses.models import Course
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.grades.models import ColumnState
from lti_tool.ids import new_id
from lti_tool.playlists import audience, queries, service
from lti_tool.playlists.audience import Audience
from lti_tool.playlists.models import (
    DoneRule,
    Need,
    OrderRule,
    Playlist,
    PlaylistKind,
    PlaylistStatus,
    PlaylistStep,
    SendRule,
)
from lti_tool.web.i18n import N_

MOST_STEPS = 100
"""More steps than anybody follows; a limit keeps pages and transactions small."""

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


@dataclass(frozen=True, slots=True)
class Basics:
    """What a playlist says about itself; already within the tables' limits."""

    title: str
    introduction: str = ""
    order_rule: OrderRule = OrderRule.IN_ORDER


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


async def change_basics(
    session: AsyncSession, course: Course, playlist_id: uuid.UUID, revision: int, basics: Basics, now: datetime
) -> Playlist:
    """Change title, introduction or order."""
    playlist = await _for_change(session, course, playlist_id, revision, now)
    playlist.title = basics.title
    playlist.introduction = basics.introduction
    playlist.order_rule = basics.order_rule
    return await _changed(session, course, playlist, now)


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
    """A draft with the same steps, assigned to nobody. With ``copy_id``, sending the form twice makes one."""
    source = await _found(session, course, playlist_id)
    if copy_id is not None:
        existing = await queries.playlist(session, course.organisation_id, course.id, copy_id)
        if existing is not None:
            return existing
    made = await create(
        session, course, Basics(title, source.introduction, source.order_rule), by, now, playlist_id=copy_id
    )
    for position, step in enumerate(await present_steps(session, source)):
        session.add(
            PlaylistStep(
                **step.model_dump(exclude={"id", "playlist_id", "position", "removed_at"}),
                playlist_id=made.id,
                position=position,
            )
        )
    await session.flush()
    return made


async def remove(
    session: AsyncSession, course: Course, playlist_id: uuid.UUID, revision: int, by: uuid.UUID | None, now: datetime
) -> None:
    """Take a playlist away: a draft is deleted; an assigned one leaves the students' pages, and what they did is kept."""
    playlist = await _for_change(session, course, playlist_id, revision, now)
    if playlist.status is PlaylistStatus.DRAFT:
        await session.delete(playlist)
        await session.flush()
        return
    playlist.status = PlaylistStatus.ARCHIVED
    session.add(playlist)
    _trace(session, playlist, "playlist.archived", by, now)


# --- Its steps --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StepChoice:
    """What a teacher says about a step; already within the tables' limits."""

    title: str
    note: str = ""
    need: Need = Need.MUST
    done_rule: DoneRule = DoneRule.MARKED
    pass_percent: float | None = None
    minutes: int | None = None


async def present_steps(session: AsyncSession, playlist: Playlist) -> list[PlaylistStep]:
    """The steps of a playlist as it stands now, in order."""
    found = await queries.steps(session, playlist.organisation_id, [playlist.id])
    return [step for step in found[playlist.id] if step.removed_at is None]


async def add_items(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    item_ids: Sequence[uuid.UUID],
    now: datetime,
) -> Playlist:
    """Add items of the course at the end, in the course's order. NotFound for an item that is not one of this course.

    A quiz whose results the LMS shares counts from 70 %; everything else is marked by the student, until the teacher
    says otherwise.
    """
    items = await queries.items(session, course.organisation_id, course.id, item_ids)
    if not items or len(items) != len(set(item_ids)):
        raise NotFound("an item that is not in this course")
    wanted = [item for item in sorted(items.values(), key=lambda item: item.position) if can_be_a_step(item)]
    drafts = [
        PlaylistStep(
            organisation_id=course.organisation_id,
            playlist_id=playlist_id,
            position=0,
            title=item.title,
            content_item_id=item.id,
            done_rule=DoneRule.RESULT if _is_scored_quiz(item) else DoneRule.MARKED,
            pass_percent=QUIZ_PASS_PERCENT if _is_scored_quiz(item) else None,
        )
        for item in wanted
    ]
    return await _append(session, course, playlist_id, revision, drafts, now)


async def add_address(
    session: AsyncSession, course: Course, playlist_id: uuid.UUID, revision: int, url: str, title: str, now: datetime
) -> Playlist:
    """Add a pasted address at the end. BadRequest unless it begins with http:// or https://."""
    item = await content.add_address(session, course, url, title, now)
    draft = PlaylistStep(
        organisation_id=course.organisation_id,
        playlist_id=playlist_id,
        position=0,
        title=title or item.title,
        content_item_id=item.id,
    )
    return await _append(session, course, playlist_id, revision, [draft], now)


async def add_offline(
    session: AsyncSession, course: Course, playlist_id: uuid.UUID, revision: int, title: str, now: datetime
) -> Playlist:
    """Add something to do away from the screen at the end: a talk with the teacher, a chapter on paper, an experiment."""
    draft = PlaylistStep(organisation_id=course.organisation_id, playlist_id=playlist_id, position=0, title=title)
    return await _append(session, course, playlist_id, revision, [draft], now)


async def change_step(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    step_id: uuid.UUID,
    choice: StepChoice,
    now: datetime,
) -> Playlist:
    """Change what a step says and what counts as done.

    BadRequest for a rule its place cannot serve: results need an item whose results the LMS shares, opening needs an
    address.
    """
    playlist = await _for_change(session, course, playlist_id, revision, now)
    step = _step(await present_steps(session, playlist), step_id)
    if choice.done_rule not in await possible_rules(session, course, step):
        raise BadRequest(
            f"{choice.done_rule} cannot be known for this step",
            code="rule-does-not-fit",
            title=N_("This step cannot be counted like that"),
            advice=N_("Only quizzes and assignments whose results your LMS shares can count by result."),
        )
    step.title = choice.title
    step.note = choice.note
    step.need = choice.need
    step.done_rule = choice.done_rule
    step.pass_percent = choice.pass_percent if choice.done_rule is DoneRule.RESULT else None
    step.minutes = choice.minutes
    session.add(step)
    return await _changed(session, course, playlist, now)


async def place_step(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    step_id: uuid.UUID,
    place: uuid.UUID | str,
    now: datetime,
) -> Playlist:
    """Have a step lead to an item of the course, by its id, or to an address. What it says stays as it is.

    NotFound for an item that is not one of this course, BadAddress for an address that cannot be used. A step that counted by
    a result the new place does not have is marked by the student from now on.
    """
    playlist = await _for_change(session, course, playlist_id, revision, now)
    step = _step(await present_steps(session, playlist), step_id)
    if isinstance(place, str):
        item = await content.add_address(session, course, place, step.title, now)
    else:
        found = (await queries.items(session, course.organisation_id, course.id, [place])).get(place)
        if found is None or not can_be_a_step(found):
            raise NotFound("an item that is not in this course")
        item = found
    step.content_item_id, step.url = item.id, None
    if step.done_rule not in rules_for(step, item):
        step.done_rule, step.pass_percent = DoneRule.MARKED, None
    session.add(step)
    return await _changed(session, course, playlist, now)


async def possible_rules(session: AsyncSession, course: Course, step: PlaylistStep) -> list[DoneRule]:
    """What can count as done for a step, given where it leads."""
    item = None
    if step.content_item_id is not None:
        items = await queries.items(session, course.organisation_id, course.id, [step.content_item_id])
        item = items.get(step.content_item_id)
    return rules_for(step, item)


def rules_for(step: PlaylistStep, item: ContentItem | None) -> list[DoneRule]:
    """What can count as done for a step that leads to ``item``."""
    if item is None and step.url is None:
        return [DoneRule.MARKED]
    shared = item is not None and item.result_key is not None
    return [DoneRule.MARKED, DoneRule.OPENED, *([DoneRule.RESULT] if shared else [])]


async def shift_step(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    step_id: uuid.UUID,
    by: int,
    now: datetime,
) -> Playlist:
    """Move a step ``by`` places down, or up where that is negative; no further than either end."""
    playlist = await _for_change(session, course, playlist_id, revision, now)
    present = await present_steps(session, playlist)
    step = _step(present, step_id)
    place = present.index(step)
    present.remove(step)
    present.insert(max(0, min(place + by, len(present))), step)
    _number(session, present)
    return await _changed(session, course, playlist, now)


async def reorder(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    order: Sequence[uuid.UUID],
    now: datetime,
) -> Playlist:
    """Put all steps in this order. Conflict when the order is not one of exactly the steps there are."""
    playlist = await _for_change(session, course, playlist_id, revision, now)
    present = {step.id: step for step in await present_steps(session, playlist)}
    if len(order) != len(present) or set(order) != set(present):
        raise _changed_meanwhile("an order of other steps")
    _number(session, [present[step_id] for step_id in order])
    return await _changed(session, course, playlist, now)


async def remove_step(
    session: AsyncSession, course: Course, playlist_id: uuid.UUID, revision: int, step_id: uuid.UUID, now: datetime
) -> Playlist:
    """Take a step out. Where students have begun it, what they did is kept."""
    playlist = await _for_change(session, course, playlist_id, revision, now)
    present = await present_steps(session, playlist)
    step = _step(present, step_id)
    present.remove(step)
    if playlist.status is PlaylistStatus.DRAFT:
        await session.delete(step)
    else:
        step.removed_at = now
        session.add(step)
    _number(session, present)
    return await _changed(session, course, playlist, now)


def can_be_a_step(item: ContentItem) -> bool:
    """Whether an item of the course leads anywhere a student can go."""
    return item.kind is not ItemKind.HEADING and item.deleted_at is None and item.url is not None


def _is_scored_quiz(item: ContentItem) -> bool:
    return item.kind is ItemKind.QUIZ and item.result_key is not None


def _step(present: Sequence[PlaylistStep], step_id: uuid.UUID) -> PlaylistStep:
    for step in present:
        if step.id == step_id:
            return step
    raise NotFound("no such step in this playlist")


def _number(session: AsyncSession, present: Sequence[PlaylistStep]) -> None:
    for position, step in enumerate(present):
        step.position = position
        session.add(step)


async def _append(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    drafts: Sequence[PlaylistStep],
    now: datetime,
) -> Playlist:
    playlist = await _for_change(session, course, playlist_id, revision, now)
    present = await present_steps(session, playlist)
    if len(present) + len(drafts) > MOST_STEPS:
        raise BadRequest(
            "too many steps",
            code="too-many-steps",
            title=N_("This playlist would become too long"),
            advice=N_("A playlist holds at most %(most)s steps. Make a second playlist for the rest."),
            fields={"most": str(MOST_STEPS)},
        )
    _number(session, [*present, *drafts])
    return await _changed(session, course, playlist, now)


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
    playlist = await _for_change(session, course, playlist_id, revision, now)
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
    _trace(session, playlist, "playlist.assigned", by, now)
    session.add(playlist)
    await session.flush()
    if meant is not None:
        await audience.write(session, playlist, meant, now)
    await service.ensure_copies(session, course, now)
    return await _changed(session, course, playlist, now)


# --- Shared -----------------------------------------------------------------------------------------------------------


async def _found(session: AsyncSession, course: Course, playlist_id: uuid.UUID, *, lock: bool = False) -> Playlist:
    playlist = await queries.playlist(session, course.organisation_id, course.id, playlist_id, lock=lock)
    if playlist is None or playlist.status is PlaylistStatus.ARCHIVED:
        raise NotFound("no such playlist in this course")
    return playlist


async def _for_change(
    session: AsyncSession, course: Course, playlist_id: uuid.UUID, revision: int, now: datetime
) -> Playlist:
    """The playlist, locked and with its next revision. Conflict when it is not at ``revision`` any more."""
    playlist = await _found(session, course, playlist_id, lock=True)
    if playlist.revision != revision:
        raise _changed_meanwhile(f"made on revision {revision}, now {playlist.revision}")
    playlist.revision += 1
    playlist.changed_at = now
    session.add(playlist)
    return playlist


def _changed_meanwhile(detail: str) -> Conflict:
    return Conflict(
        detail,
        code="playlist-changed",
        title=N_("This playlist has changed since you opened it"),
        advice=N_("Here it is as it stands now. If your change is not in it, make it once more."),
    )


async def _changed(session: AsyncSession, course: Course, playlist: Playlist, now: datetime) -> Playlist:
    session.add(playlist)
    await session.flush()
    if playlist.status is PlaylistStatus.ASSIGNED:
        await service.resettle(session, course, playlist, now)
    return playlist


def _trace(session: AsyncSession, playlist: Playlist, action: str, by: uuid.UUID | None, now: datetime) -> None:
    audit.record(
        session,
        now,
        action,
        organisation_id=playlist.organisation_id,
        actor=str(by) if by else None,
        subject=f"playlist:{playlist.id}",
    )
