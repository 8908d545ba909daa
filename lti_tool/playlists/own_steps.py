"""What a teacher changes on one student's copy alone: steps added for them, and steps of everybody's that they need not do."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.content import rules as content_rules
from lti_tool.content.models import ContentItem
from lti_tool.courses.models import Course
from lti_tool.errors import BadRequest, NotFound
from lti_tool.ids import new_id
from lti_tool.playlists import loading, path_rows, queries, rules, settling
from lti_tool.playlists.models import (
    DoneRule,
    Need,
    PersonalPlaylist,
    PersonalStep,
    Playlist,
    PlaylistKind,
    PlaylistStatus,
    PlaylistStep,
    StepKind,
    StepState,
)
from lti_tool.playlists.paths import Path, standing_of
from lti_tool.web.i18n import N_

MOST_OWN_STEPS = 100


@dataclass
class LowersScore(Exception):
    """A score that stands would fall, which nobody has said yes to: what it is in points of how many, and would be."""

    points: float
    would_be: float
    most: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """A step for one student: an item of the course, or something away from the screen with a title; within the tables' limits.

    ``title`` is the item's own where it is empty. ``step_id`` is made with the form, so that sending it twice adds one.
    """

    item_id: uuid.UUID | None = None
    title: str = ""
    note: str = ""
    kind: StepKind | None = None
    need: Need = Need.MUST
    done_rule: DoneRule = DoneRule.MARKED
    pass_percent: float | None = None
    minutes: int | None = None
    opens_at: datetime | None = None
    due_at: datetime | None = None
    competency_id: uuid.UUID | None = None
    step_id: uuid.UUID | None = None


async def add_for_student(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    wanted: Wanted,
    by: uuid.UUID | None,
    now: datetime,
) -> Path:
    """Add a step to one student's copy of an assigned playlist; their path after. With ``step_id``, twice is once.

    Nobody else sees it, it stands outside the template's order, and no score that was earned falls. NotFound where the student
    has no copy, or the item is not one of this course; BadRequest for a step that says nothing. Leaves an audit entry.
    """
    playlist, copy = await _copy(session, course, playlist_id, person_id)
    [path] = await loading.load(session, course, [(copy, playlist)], now)
    if wanted.step_id is not None and any(step.id == wanted.step_id for step in path.own):
        return path
    present = [step for step in path.own if step.removed_at is None]
    item = await _item(session, course, wanted.item_id)
    title = wanted.title.strip() or (item.title if item is not None else "")
    if not title or len(present) >= MOST_OWN_STEPS:
        raise BadRequest(
            "a step without a title, or too many",
            code="step-says-nothing",
            title=N_("This step could not be added"),
            advice=N_("Choose something of the course, or say in a few words what is to be done."),
        )
    step = PlaylistStep(
        organisation_id=course.organisation_id,
        id=wanted.step_id or new_id(),
        playlist_id=playlist.id,
        personal_playlist_id=copy.id,
        position=max((one.position for one in path.own), default=-1) + 1,
        kind=wanted.kind or (StepKind.ITEM if item is not None else StepKind.TASK),
        title=title[:500],
        follows_item=item is not None and not wanted.title.strip(),
        note=wanted.note,
        need=wanted.need,
        content_item_id=item.id if item is not None else None,
        done_rule=wanted.done_rule,
        pass_percent=wanted.pass_percent,
        minutes=wanted.minutes,
        opens_at=wanted.opens_at,
        due_at=wanted.due_at,
        competency_id=wanted.competency_id,
    )
    session.add(step)
    if playlist.kind is PlaylistKind.PERSONAL and copy.planned is not None:
        # The plan has not seen this step: at the next look it gets its place, before what the tool chose.
        copy.planned = {**copy.planned, "seen": ""}
        session.add(copy)
    await session.flush()
    _trace(session, course, "step.added-for-student", by, person_id, step, now)
    return await _settled(session, course, playlist, copy, now)


async def remove_for_student(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    by: uuid.UUID | None,
    now: datetime,
) -> Path:
    """Take a step of one student's own off their path; what they did with it is kept. NotFound for other steps; twice is once."""
    playlist, copy = await _copy(session, course, playlist_id, person_id)
    [path] = await loading.load(session, course, [(copy, playlist)], now)
    step = next((one for one in path.own if one.id == step_id), None)
    if step is None:
        raise NotFound("no such step of this student's own")
    if step.removed_at is None:
        step.removed_at = now
        session.add(step)
        _trace(session, course, "step.removed-for-student", by, person_id, step, now)
        await session.flush()
    return await _settled(session, course, playlist, copy, now)


# --- Everybody's steps, out for one student ----------------------------------------------------------------------------


async def leave_out(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    by: uuid.UUID | None,
    now: datetime,
) -> Path:
    """Take a step of the template out for one student: it leaves their path and counts neither as done nor as asked for.

    It stays out whatever becomes of the template, until ``put_back``; what was done with it is kept, no score falls, and what was
    asked about it waits no more. NotFound for another step; twice is once. Leaves an audit entry.
    """
    playlist, copy = await _copy(session, course, playlist_id, person_id)
    [path] = await loading.load(session, course, [(copy, playlist)], now)
    if any(step.id == step_id for step in path.left_out):
        return path
    step = _of_template(path.present, step_id)
    row = path.rows.get(step.id) or PersonalStep(
        organisation_id=course.organisation_id, personal_playlist_id=copy.id, step_id=step.id
    )
    row.left_out_at = now
    copy.moved_at = now
    await path_rows.write(session, copy, [row])
    for request in path.requests:
        if request.step_id == step.id:
            request.answered_at, request.answered_by = now, by
            session.add(request)
    _trace(session, course, "step.left-out", by, person_id, step, now)
    await session.flush()
    return await _settled(session, course, playlist, copy, now)


async def put_back(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    by: uuid.UUID | None,
    now: datetime,
    *,
    may_lower: bool = True,
) -> Path:
    """Have a step of the template on a student's path again, with what was done with it, results from meanwhile included.

    A score that stands follows, down as well: it was the share of fewer steps, and a teacher wants more. That has to be wanted:
    without ``may_lower`` LowersScore says what it would become, and the transaction has to be rolled back. NotFound for another
    step; twice is once. Leaves an audit entry.
    """
    playlist, copy = await _copy(session, course, playlist_id, person_id)
    [path] = await loading.load(session, course, [(copy, playlist)], now)
    if any(step.id == step_id for step in path.present):
        return path
    step = _of_template(path.left_out, step_id)
    row = path.rows[step.id]
    row.left_out_at = None
    copy.moved_at = now
    if standing_of(row).state is not StepState.TODO:
        copy.begun_at = copy.begun_at or row.opened_at or now
    await path_rows.write(session, copy, [row])
    _trace(session, course, "step.put-back", by, person_id, step, now)
    await session.flush()
    [path] = await loading.load(session, course, [(copy, playlist)], now)
    before = copy.owed_share
    await settling.settle_path(session, course, path, now, taken_back=True)
    after = copy.owed_share
    if not may_lower and before is not None and after is not None and after < before:
        raise LowersScore(
            rules.points_given(before, playlist.points), rules.points_given(after, playlist.points), playlist.points
        )
    return path


def _of_template(steps: Sequence[PlaylistStep], step_id: uuid.UUID) -> PlaylistStep:
    step = next((one for one in steps if one.id == step_id and one.personal_playlist_id is None), None)
    if step is None:
        raise NotFound("no such step that everybody has")
    return step


# --- Both -------------------------------------------------------------------------------------------------------------


async def _copy(
    session: AsyncSession, course: Course, playlist_id: uuid.UUID, person_id: uuid.UUID
) -> tuple[Playlist, PersonalPlaylist]:
    playlist = await queries.playlist(session, course.organisation_id, course.id, playlist_id)
    if playlist is None or playlist.status is not PlaylistStatus.ASSIGNED:
        raise NotFound("no such assigned playlist in this course")
    copy = await queries.copy_of(session, course.organisation_id, playlist_id, person_id, lock=True)
    if copy is None or copy.left_at is not None:
        raise NotFound("no copy for this person")
    return playlist, copy


async def _item(session: AsyncSession, course: Course, item_id: uuid.UUID | None) -> ContentItem | None:
    if item_id is None:
        return None
    item = (await queries.items(session, course.organisation_id, course.id, [item_id])).get(item_id)
    if item is None or not content_rules.can_be_done(item):
        raise NotFound("an item that is not in this course")
    return item


async def _settled(
    session: AsyncSession, course: Course, playlist: Playlist, copy: PersonalPlaylist, now: datetime
) -> Path:
    [path] = await loading.load(session, course, [(copy, playlist)], now)
    await settling.settle_path(session, course, path, now)
    return path


def _trace(
    session: AsyncSession,
    course: Course,
    action: str,
    by: uuid.UUID | None,
    person_id: uuid.UUID,
    step: PlaylistStep,
    now: datetime,
) -> None:
    audit.record(
        session,
        now,
        action,
        organisation_id=course.organisation_id,
        actor=str(by) if by else None,
        subject=f"person:{person_id}",
        detail=f"step {step.id}",
    )
