"""What follows from a change on a path: rows, finished or not, the score it brings; results of the LMS; mastery; the clock.

Each use case works inside the caller's transaction, recomputes the student's path and, where a score is owed, enters it
in the grade ledger in the same transaction: a step that is done and the score it brings stand together or not at all.
"""

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.service import ItemResult
from lti_tool.courses import queries as course_queries
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.grades import service as grades
from lti_tool.grades.models import LineItem
from lti_tool.playlists import loading, path_queries, path_rows, queries, rules
from lti_tool.playlists.models import (
    DoneBy,
    DoneRule,
    PersonalPlaylist,
    PersonalStep,
    Playlist,
    PlaylistStatus,
    PlaylistStep,
    StepState,
)
from lti_tool.playlists.paths import Path, standing_of, write_standing

ASSIGNED = (PlaylistStatus.ASSIGNED,)

Change = Callable[[rules.Standing], rules.Standing]
"""What becomes of where a student stands with a step."""


def resource_id(playlist: Playlist) -> str:
    """What the playlist's gradebook column is known by in the LMS (AGS 2.0 ``resourceId``)."""
    return f"playlist:{playlist.id}"


# --- One step -------------------------------------------------------------------------------------------------------


async def move(
    session: AsyncSession,
    course: Course,
    path: Path,
    step: PlaylistStep,
    change: Change,
    now: datetime,
) -> Path:
    """Change where the student stands with one step, and draw the consequences; the path as it is after."""
    before = standing_of(path.rows.get(step.id))
    after = change(before)
    if _move(path, step, before, after, now):
        taken_back = before.state is StepState.DONE and after.state is not StepState.DONE
        _test_out(path, now)
        await _account(session, course, path, now, taken_back=taken_back)
    return path


async def settle_path(
    session: AsyncSession,
    course: Course,
    path: Path,
    now: datetime,
    *,
    line_item: LineItem | None = None,
    taken_back: bool = False,
) -> bool:
    """Bring one path in line with its playlist, results and mastery; whether a step moved. Nothing done is undone.

    ``taken_back``: a score that stands may fall by what has just changed.
    """
    moved = False
    for step in path.present:
        before = standing_of(path.rows.get(step.id))
        moved |= _move(path, step, before, _settled(path, step, before, now), now)
    moved |= _test_out(path, now)
    await _account(session, course, path, now, line_item=line_item, taken_back=taken_back)
    return moved


def _settled(path: Path, step: PlaylistStep, before: rules.Standing, now: datetime) -> rules.Standing:
    since = path.secure.get(step.competency_id) if step.competency_id is not None else None
    return rules.settled(
        before, step.done_rule, path.passing(step), now, is_precheck=step.is_precheck, secure_since=since
    )


def _test_out(path: Path, now: datetime) -> bool:
    """Have what passed pre-checks stand for be done; whether anything was not."""
    if not any(step.is_precheck for step in path.present):
        return False
    by_id = {step.id: step for step in path.present}
    moved = False
    for seen, at in rules.passes_for(path.judged.steps):
        moved |= _move(path, by_id[seen.id], seen.standing, rules.tested(seen.standing, at), now)
    return moved


def _move(path: Path, step: PlaylistStep, before: rules.Standing, after: rules.Standing, now: datetime) -> bool:
    """Take down a standing that changed, for ``_account`` to write; whether it did."""
    if after == before:
        return False
    row = path.rows.get(step.id)
    if row is None:
        row = PersonalStep(
            organisation_id=path.copy.organisation_id, personal_playlist_id=path.copy.id, step_id=step.id
        )
        path.rows[step.id] = row
    form = path.forms.get(step.id)
    if after.opened_at is not None and form is not None and row.state is not StepState.DONE:
        row.variant_id = form.id
    write_standing(row, after)
    path.unwritten[step.id] = row
    path.changed()
    if row.left_out_at is not None:
        return True  # It is out for this student: what came of it is kept, and counts if it comes back.
    if after.done_by is DoneBy.MASTERY and step.competency_id in path.not_asked:
        return True  # Nobody has begun anything by being asked for less.
    path.copy.moved_at = now
    if after.state is not StepState.TODO:  # Passing over is no beginning.
        path.copy.begun_at = path.copy.begun_at or now
    return True


async def _account(
    session: AsyncSession,
    course: Course,
    path: Path,
    now: datetime,
    *,
    taken_back: bool = False,
    line_item: LineItem | None = None,
) -> None:
    """Draw the consequences of what moved: finished or not, and the score it brings, written in this same transaction."""
    copy, playlist = path.copy, path.playlist
    done = path.progress
    before = (copy.finished_at, copy.owed_share)
    copy.finished_at = (copy.finished_at or now) if done.is_finished else None
    owed = rules.owed(
        done,
        send=playlist.send_rule,
        begun=copy.begun_at is not None,
        due_at=playlist.due_at,
        now=now,
        before=copy.owed_share,
        taken_back=taken_back,
    )
    if owed is not None and playlist.has_column:
        copy.owed_share = owed.share
    if path.unwritten or (copy.finished_at, copy.owed_share) != before:
        await path_rows.write(session, copy, list(path.unwritten.values()))
        path.unwritten.clear()
    if owed is None or not playlist.has_column:
        return
    given = rules.points_given(owed.share, playlist.points)
    if line_item is not None:
        await grades.owe(
            session,
            line_item=line_item,
            person_id=copy.person_id,
            given=given,
            maximum=playlist.points,
            now=now,
            finished=done.is_finished,
        )
        return
    await grades.owe_in_column(
        session,
        course=course,
        resource_id=resource_id(playlist),
        label=playlist.title,
        score_maximum=playlist.points,
        end_at=playlist.due_at,
        person_id=copy.person_id,
        given=given,
        maximum=playlist.points,
        now=now,
        finished=done.is_finished,
    )


async def column(session: AsyncSession, course: Course, playlist: Playlist, now: datetime) -> LineItem:
    """The playlist's gradebook column, wanted from now on if it was not before."""
    return await grades.want_column(
        session,
        course=course,
        resource_id=resource_id(playlist),
        label=playlist.title,
        score_maximum=playlist.points,
        end_at=playlist.due_at,
        now=now,
    )


# --- What the LMS says -----------------------------------------------------------------------------------------------------


async def news(session: AsyncSession, course: Course, results: Iterable[ItemResult], now: datetime) -> list[ItemResult]:
    """Those results that would change something; for looking, without a lock, whether there is anything to write."""
    wanted = list(results)
    fresh: list[ItemResult] = []
    for path in await paths_with_items(session, course, _named(wanted), now, lock=False):
        for step, result in _matching(path, wanted):
            before = standing_of(path.rows.get(step.id))
            if before != _after_result(path, step, before, result):
                fresh.append(result)
    return fresh


async def take_results(session: AsyncSession, course: Course, results: Iterable[ItemResult], now: datetime) -> int:
    """Enter results of the LMS into the paths they belong to; how many steps they changed. Twice is once.

    A result counts for a step that is not open yet as well: work is never thrown away. A pre-check that was passed stands for
    the rest of its section.
    """
    wanted = list(results)
    changed = 0
    for path in await paths_with_items(session, course, _named(wanted), now, lock=True):
        changes = [
            (step, partial(_after_result, path, step, result=result)) for step, result in _matching(path, wanted)
        ]
        changed += await move_some(session, course, path, changes, now)
    return changed


async def move_some(
    session: AsyncSession,
    course: Course,
    path: Path,
    changes: Iterable[tuple[PlaylistStep, Change]],
    now: datetime,
) -> int:
    """Change where the student stands with some steps, one after the other, none of which is taken back by that; how many
    changes there were. What passed pre-checks stand for, being finished and the score follow once.
    """
    moved = 0
    for step, change in changes:
        before = standing_of(path.rows.get(step.id))
        moved += _move(path, step, before, change(before), now)
    if moved:
        _test_out(path, now)
        await _account(session, course, path, now)
    return moved


def _after_result(path: Path, step: PlaylistStep, before: rules.Standing, result: ItemResult) -> rules.Standing:
    return rules.with_result(
        before, step.done_rule, path.passing(step), result.percent, result.at, is_precheck=step.is_precheck
    )


def _matching(path: Path, results: Sequence[ItemResult]) -> list[tuple[PlaylistStep, ItemResult]]:
    """The results of this student that belong to their steps, the oldest first: a step may lead to another form as well."""
    mine = sorted((one for one in results if one.person_id == path.copy.person_id), key=lambda one: one.at)
    return [
        (step, result)
        for step in path.open_to_results
        for result in mine
        if result.content_item_id in path.items_of(step)
    ]


def _named(results: Iterable[ItemResult]) -> set[tuple[uuid.UUID, uuid.UUID]]:
    return {(result.person_id, result.content_item_id) for result in results}


async def paths_with_items(
    session: AsyncSession, course: Course, named: Collection[tuple[uuid.UUID, uuid.UUID]], now: datetime, *, lock: bool
) -> list[Path]:
    """The paths of these people, given as (person, item), of assigned playlists that have a step leading to one of the items;
    with ``lock`` their copies are held until the transaction ends.
    """
    if not named:
        return []
    person_ids = {person_id for person_id, _ in named}
    item_ids = {item_id for _, item_id in named}
    if len(item_ids) <= path_rows.FEW and len(person_ids) <= path_rows.FEW:
        some = await path_rows.copies_with_items(
            session, course.organisation_id, course.id, person_ids, item_ids, lock=lock
        )
        return await loading.load(session, course, some, now)
    assigned = {one.id: one for one in await queries.playlists(session, course.organisation_id, course.id, ASSIGNED)}
    concerned = await path_queries.playlists_with_items(session, course.organisation_id, assigned, item_ids)
    if not concerned:
        return []
    copies = await queries.copies(session, course.organisation_id, concerned, person_ids, lock=lock)
    pairs = [(copy, assigned[copy.playlist_id]) for copy in copies if copy.left_at is None]
    return await loading.load(session, course, pairs, now)


# --- What mastery says -----------------------------------------------------------------------------------------------------


async def settle_mastery(
    session: AsyncSession, course: Course, person_ids: Collection[uuid.UUID], now: datetime
) -> int:
    """Have steps be done whose competency these students have reached; how many paths moved. Twice is once.

    Cheap where nothing is to be settled: one statement finds the playlists that count by mastery.
    """
    assigned = {one.id: one for one in await queries.playlists(session, course.organisation_id, course.id, ASSIGNED)}
    concerned = await path_queries.playlists_by_mastery(session, course.organisation_id, assigned)
    if not concerned or not person_ids:
        return 0
    pairs = [
        (copy, assigned[copy.playlist_id])
        for copy in await queries.copies(session, course.organisation_id, concerned, person_ids)
        if copy.left_at is None
    ]
    stale = {path.copy.id for path in await loading.load(session, course, pairs, now) if mastery_moves(path, now)}
    if not stale:
        return 0
    locked = await queries.copies_by_id(session, course.organisation_id, stale, lock=True)
    paths = await loading.load(session, course, [(copy, assigned[copy.playlist_id]) for copy in locked], now)
    return sum([await settle_path(session, course, path, now) for path in paths])


def mastery_moves(path: Path, now: datetime) -> bool:
    """Whether ``settle_mastery`` would move this path; for looking, without a lock."""
    for step in path.present:
        before = standing_of(path.rows.get(step.id))
        if step.done_rule is DoneRule.MASTERY and before != _settled(path, step, before, now):
            return True
    return False


# --- Recomputing ------------------------------------------------------------------------------------------------------------


async def resettle(session: AsyncSession, course: Course, playlist: Playlist, now: datetime) -> None:
    """After the playlist itself changed: bring every copy in line with it. Nothing done is undone, no score falls."""
    copies = await queries.copies(session, course.organisation_id, [playlist.id], lock=True)
    await settle_copies(session, course, playlist, [copy for copy in copies if copy.left_at is None], now)


async def settle_copies(
    session: AsyncSession, course: Course, playlist: Playlist, copies: Sequence[PersonalPlaylist], now: datetime
) -> None:
    """Bring these copies, which are locked, in line with their playlist."""
    paths = await loading.load(session, course, [(copy, playlist) for copy in copies], now)
    line_item = await column(session, course, playlist, now) if playlist.has_column else None
    for path in paths:
        await settle_path(session, course, path, now, line_item=line_item)


# --- The clock ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DueReport:
    """What a round of ``send_due`` found: playlists whose date had come."""

    playlists: int


async def send_due(database: Database, now: datetime) -> DueReport:
    """Enter the scores of all playlists whose due date has come; run every minute or so.

    One short transaction per playlist; a round that is cut off is caught up by the next one.
    """
    async with database.reading() as session:
        due = await queries.playlists_with_scores_due(session, now)
        places = [(playlist.organisation_id, playlist.course_id, playlist.id) for playlist in due]
    for organisation_id, course_id, playlist_id in places:
        async with database.writing() as session:
            course = await course_queries.course(session, organisation_id, course_id)
            playlist = await queries.playlist(session, organisation_id, course_id, playlist_id, lock=True)
            if course is not None and playlist is not None and playlist.status is PlaylistStatus.ASSIGNED:
                await resettle(session, course, playlist, now)
    return DueReport(len(places))
