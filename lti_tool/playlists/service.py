"""What moves students along their paths: copies, opening, marking, results of the LMS, sign-off, due dates.

Each use case works inside the caller's transaction, recomputes the student's path and, where a score is owed, enters it
in the grade ledger in the same transaction: a step that is done and the score it brings stand together or not at all.
Editing the playlist itself is in ``editing``.
"""

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.content.service import ItemResult
from lti_tool.courses import queries as course_queries
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.errors import Conflict, NotFound
from lti_tool.grades import service as grades
from lti_tool.grades.models import LineItem
from lti_tool.playlists import queries, rules
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
from lti_tool.web.i18n import N_

ASSIGNED = (PlaylistStatus.ASSIGNED,)


class PlaylistRemoved(NotFound):
    """A student's own copy of a playlist that the teacher has taken away since."""

    code = "playlist-removed"
    title = N_("Your teacher has taken this playlist away")
    advice = N_("What you did is kept. If you think this is a mistake, ask your teacher.")


def resource_id(playlist: Playlist) -> str:
    """What the playlist's gradebook column is known by in the LMS (AGS 2.0 ``resourceId``)."""
    return f"playlist:{playlist.id}"


# --- Looking --------------------------------------------------------------------------------------------------------


async def paths_of_person(session: AsyncSession, course: Course, person_id: uuid.UUID) -> list[Path]:
    """A student's paths in a course, in the order in which they were assigned."""
    pairs = await queries.persons_copies(session, course.organisation_id, course.id, person_id)
    return await _paths(session, pairs)


async def path_of_person(session: AsyncSession, course: Course, person_id: uuid.UUID, copy_id: uuid.UUID) -> Path:
    """One of a student's paths. NotFound for another's, PlaylistRemoved for one that is not assigned any more."""
    for path in await paths_of_person(session, course, person_id):
        if path.copy.id == copy_id:
            return path
    copy = await queries.copy_by_id(session, course.organisation_id, copy_id)
    if copy is not None and copy.person_id == person_id:
        playlist = await queries.playlist(session, course.organisation_id, course.id, copy.playlist_id)
        if playlist is not None:
            raise PlaylistRemoved("the copy's playlist is not assigned any more")
    raise NotFound("no such copy of this person in this course")


async def paths_of_course(session: AsyncSession, course: Course, playlists: Sequence[Playlist]) -> list[Path]:
    """The paths of the course's present students on these playlists, students by name."""
    by_id = {playlist.id: playlist for playlist in playlists}
    students = await course_queries.students(session, course.organisation_id, course.id)
    place = {person.id: index for index, person in enumerate(students)}
    copies = await queries.copies(session, course.organisation_id, by_id)
    present = [copy for copy in copies if copy.person_id in place]
    present.sort(key=lambda copy: place[copy.person_id])
    return await _paths(session, [(copy, by_id[copy.playlist_id]) for copy in present])


def preview(playlist: Playlist, steps: list[PlaylistStep], now: datetime) -> Path:
    """The path as a student finds it before the first step; nothing of it is stored."""
    copy = PersonalPlaylist(
        organisation_id=playlist.organisation_id, playlist_id=playlist.id, person_id=uuid.UUID(int=0), created_at=now
    )
    return Path(playlist, copy, steps)


async def _paths(session: AsyncSession, pairs: Sequence[tuple[PersonalPlaylist, Playlist]]) -> list[Path]:
    if not pairs:
        return []
    organisation_id = pairs[0][1].organisation_id
    templates = await queries.steps(session, organisation_id, {playlist.id for _, playlist in pairs})
    rows = await queries.step_rows(session, organisation_id, [copy.id for copy, _ in pairs])
    return [Path(playlist, copy, templates[playlist.id], rows[copy.id]) for copy, playlist in pairs]


# --- Copies -------------------------------------------------------------------------------------------------------------


async def missing_copies(
    session: AsyncSession, course: Course, person_ids: Collection[uuid.UUID] | None = None
) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """The (playlist, student) pairs without a copy yet, among these students or all the course has now."""
    assigned = await queries.playlists(session, course.organisation_id, course.id, ASSIGNED)
    if not assigned:
        return []
    students = await course_queries.students(session, course.organisation_id, course.id)
    wanted = [person.id for person in students if person_ids is None or person.id in person_ids]
    copies = await queries.copies(session, course.organisation_id, [playlist.id for playlist in assigned])
    have = {(copy.playlist_id, copy.person_id) for copy in copies}
    pairs = [(playlist.id, person_id) for playlist in assigned for person_id in wanted]
    return [pair for pair in pairs if pair not in have]


async def ensure_copies(
    session: AsyncSession, course: Course, now: datetime, person_ids: Collection[uuid.UUID] | None = None
) -> int:
    """Give every present student (or these) their copy of every assigned playlist; how many were missing.

    Called when a playlist is assigned, when a student comes, and after the roster was read: late joiners get theirs.
    """
    missing = await missing_copies(session, course, person_ids)
    await queries.add_copies(
        session,
        [
            PersonalPlaylist(
                organisation_id=course.organisation_id, playlist_id=playlist_id, person_id=person_id, created_at=now
            )
            for playlist_id, person_id in missing
        ],
    )
    return len(missing)


# --- What a student does ------------------------------------------------------------------------------------------------


async def open_step(
    session: AsyncSession, course: Course, person_id: uuid.UUID, copy_id: uuid.UUID, step_id: uuid.UUID, now: datetime
) -> Path:
    """The student opened a step. Conflict while another step comes first; twice is once."""
    path, step = await _own_step(session, course, person_id, copy_id, step_id)
    _must_be_open(path, step)
    return await _move(session, course, path, step, lambda standing: rules.opened(standing, step.done_rule, now), now)


async def mark_done(
    session: AsyncSession, course: Course, person_id: uuid.UUID, copy_id: uuid.UUID, step_id: uuid.UUID, now: datetime
) -> Path:
    """The student says a step is done. Conflict while another comes first, or where a result decides; twice is once."""
    path, step = await _own_step(session, course, person_id, copy_id, step_id)
    if step.done_rule is DoneRule.RESULT and not _is_done(path, step):
        raise Conflict(
            "marked a step that a result decides",
            code="step-needs-result",
            title=N_("This step counts by its result"),
            advice=N_("Do it in your course. Once your result is there, the step is marked for you."),
        )
    _must_be_open(path, step)
    return await _move(session, course, path, step, lambda standing: rules.marked(standing, DoneBy.STUDENT, now), now)


async def mark_not_done(
    session: AsyncSession, course: Course, person_id: uuid.UUID, copy_id: uuid.UUID, step_id: uuid.UUID, now: datetime
) -> Path:
    """The student takes back their own mark. Conflict for what the teacher or the LMS marked; twice is once."""
    path, step = await _own_step(session, course, person_id, copy_id, step_id)
    done_by = standing_of(path.rows.get(step.id)).done_by
    if done_by not in (None, DoneBy.STUDENT) or (done_by is not None and step.done_rule is DoneRule.OPENED):
        raise Conflict(
            "took back a mark that is not the student's",
            code="step-marked-by-others",
            title=N_("You cannot take this mark back"),
            advice=N_("It was not you who marked this step. If it is wrong, ask your teacher."),
        )
    return await _move(session, course, path, step, lambda standing: rules.unmarked(standing, DoneBy.STUDENT, now), now)


async def _own_step(
    session: AsyncSession, course: Course, person_id: uuid.UUID, copy_id: uuid.UUID, step_id: uuid.UUID
) -> tuple[Path, PlaylistStep]:
    copy = await queries.copy_by_id(session, course.organisation_id, copy_id, lock=True)
    if copy is None or copy.person_id != person_id:
        raise NotFound("no such copy of this person")
    playlist = await queries.playlist(session, course.organisation_id, course.id, copy.playlist_id)
    if playlist is None:
        raise NotFound("the copy's playlist is not of this course")
    if playlist.status is not PlaylistStatus.ASSIGNED:
        raise PlaylistRemoved("the copy's playlist is not assigned any more")
    return await _with_step(session, playlist, copy, step_id)


async def _with_step(
    session: AsyncSession, playlist: Playlist, copy: PersonalPlaylist, step_id: uuid.UUID
) -> tuple[Path, PlaylistStep]:
    [path] = await _paths(session, [(copy, playlist)])
    step = path.step(step_id)
    if step is None:
        if any(other.id == step_id for other in path.template):
            raise Conflict(
                "the step was taken out",
                code="step-removed",
                title=N_("This step is no longer part of the playlist"),
                advice=N_("Go back to the playlist to see how it stands now. What was done before is kept."),
            )
        raise NotFound("no such step in this playlist")
    return path, step


def _is_done(path: Path, step: PlaylistStep) -> bool:
    return standing_of(path.rows.get(step.id)).state is StepState.DONE


def _must_be_open(path: Path, step: PlaylistStep) -> None:
    following = path.next
    if step.id in path.locked and following is not None:
        raise Conflict(
            "the step is not open yet",
            code="step-locked",
            title=N_("This step is not open yet"),
            advice=N_("First finish “%(title)s”, then come back to this one."),
            fields={"title": following.step.title},
        )


# --- What a teacher does ---------------------------------------------------------------------------------------------------


async def sign_off(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    by: uuid.UUID | None,
    now: datetime,
) -> Path:
    """The teacher says that a student has done a step, whatever its rule; twice is once. Leaves an audit entry."""
    path, step = await _students_step(session, course, playlist_id, person_id, step_id)
    if not _is_done(path, step):
        _trace(session, course, "step.signed-off", by, person_id, step, now)
    return await _move(session, course, path, step, lambda standing: rules.marked(standing, DoneBy.TEACHER, now), now)


async def take_back(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    by: uuid.UUID | None,
    now: datetime,
) -> Path:
    """The teacher asks a student to look at a step again; twice is once. Leaves an audit entry.

    Results from before this moment no longer count, and a score that was sent follows.
    """
    path, step = await _students_step(session, course, playlist_id, person_id, step_id)
    if _is_done(path, step):
        _trace(session, course, "step.taken-back", by, person_id, step, now)
    return await _move(session, course, path, step, lambda standing: rules.unmarked(standing, DoneBy.TEACHER, now), now)


async def start_afresh(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    by: uuid.UUID | None,
    now: datetime,
) -> Path:
    """The teacher allows another try that starts from nothing: older results count no more, and a score that was sent
    follows. Leaves an audit entry.
    """
    path, step = await _students_step(session, course, playlist_id, person_id, step_id)
    _trace(session, course, "step.started-afresh", by, person_id, step, now)
    return await _move(session, course, path, step, lambda standing: rules.afresh(standing, now), now)


async def _students_step(
    session: AsyncSession, course: Course, playlist_id: uuid.UUID, person_id: uuid.UUID, step_id: uuid.UUID
) -> tuple[Path, PlaylistStep]:
    playlist = await queries.playlist(session, course.organisation_id, course.id, playlist_id)
    if playlist is None or playlist.status is not PlaylistStatus.ASSIGNED:
        raise NotFound("no such assigned playlist in this course")
    copy = await queries.copy_of(session, course.organisation_id, playlist_id, person_id, lock=True)
    if copy is None:
        raise NotFound("no copy for this person")
    return await _with_step(session, playlist, copy, step_id)


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


# --- What the LMS says -----------------------------------------------------------------------------------------------------


async def news(session: AsyncSession, course: Course, results: Iterable[ItemResult]) -> list[ItemResult]:
    """Those results that would change something; for looking, without a lock, whether there is anything to write."""
    wanted = list(results)
    fresh: list[ItemResult] = []
    for path in await _paths_with_items(session, course, wanted, lock=False):
        for step, result in _matching(path, wanted):
            before = standing_of(path.rows.get(step.id))
            if before != _after_result(step, before, result):
                fresh.append(result)
    return fresh


async def take_results(session: AsyncSession, course: Course, results: Iterable[ItemResult], now: datetime) -> int:
    """Enter results of the LMS into the paths they belong to; how many steps they changed. Twice is once.

    A result counts for a step that is not open yet as well: work is never thrown away.
    """
    wanted = list(results)
    changed = 0
    for path in await _paths_with_items(session, course, wanted, lock=True):
        changes = 0
        for step, result in _matching(path, wanted):
            before = standing_of(path.rows.get(step.id))
            changes += _write(session, path, step, before, _after_result(step, before, result), now)
        if changes:
            await _account(session, course, path, now)
        changed += changes
    return changed


def _after_result(step: PlaylistStep, before: rules.Standing, result: ItemResult) -> rules.Standing:
    return rules.with_result(before, step.done_rule, step.pass_percent, result.percent, result.at)


def _matching(path: Path, results: Sequence[ItemResult]) -> list[tuple[PlaylistStep, ItemResult]]:
    mine = {result.content_item_id: result for result in results if result.person_id == path.copy.person_id}
    return [
        (step, mine[step.content_item_id])
        for step in path.present
        if step.content_item_id is not None and step.content_item_id in mine
    ]


async def _paths_with_items(
    session: AsyncSession, course: Course, results: Sequence[ItemResult], *, lock: bool
) -> list[Path]:
    if not results:
        return []
    item_ids = {result.content_item_id for result in results}
    person_ids = {result.person_id for result in results}
    assigned = await queries.playlists(session, course.organisation_id, course.id, ASSIGNED)
    templates = await queries.steps(session, course.organisation_id, [playlist.id for playlist in assigned])
    concerned = {
        playlist.id: playlist
        for playlist in assigned
        if any(step.content_item_id in item_ids and step.removed_at is None for step in templates[playlist.id])
    }
    if not concerned:
        return []
    copies = await queries.copies(session, course.organisation_id, concerned, lock=lock)
    return await _paths(
        session, [(copy, concerned[copy.playlist_id]) for copy in copies if copy.person_id in person_ids]
    )


# --- Recomputing ------------------------------------------------------------------------------------------------------------


async def resettle(session: AsyncSession, course: Course, playlist: Playlist, now: datetime) -> None:
    """After the playlist itself changed: bring every copy in line with it. Nothing done is undone, no score falls."""
    copies = await queries.copies(session, course.organisation_id, [playlist.id], lock=True)
    paths = await _paths(session, [(copy, playlist) for copy in copies])
    line_item = await column(session, course, playlist, now) if playlist.has_column else None
    for path in paths:
        for step in path.present:
            before = standing_of(path.rows.get(step.id))
            _write(session, path, step, before, rules.settled(before, step.done_rule, step.pass_percent), now)
        await _account(session, course, path, now, line_item=line_item)


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


async def _move(
    session: AsyncSession,
    course: Course,
    path: Path,
    step: PlaylistStep,
    change: Callable[[rules.Standing], rules.Standing],
    now: datetime,
) -> Path:
    before = standing_of(path.rows.get(step.id))
    after = change(before)
    if _write(session, path, step, before, after, now):
        taken_back = before.state is StepState.DONE and after.state is not StepState.DONE
        await _account(session, course, path, now, taken_back=taken_back)
    return path


def _write(
    session: AsyncSession,
    path: Path,
    step: PlaylistStep,
    before: rules.Standing,
    after: rules.Standing,
    now: datetime,
) -> bool:
    """Store a standing that changed; whether it did."""
    if after == before:
        return False
    row = path.rows.get(step.id)
    if row is None:
        row = PersonalStep(
            organisation_id=path.copy.organisation_id, personal_playlist_id=path.copy.id, step_id=step.id
        )
        path.rows[step.id] = row
    write_standing(row, after)
    session.add(row)
    path.copy.moved_at = now
    path.copy.begun_at = path.copy.begun_at or now
    session.add(path.copy)
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
    """Draw the consequences of a change: finished or not, and the score it brings, in this same transaction."""
    copy, playlist = path.copy, path.playlist
    done = path.progress
    copy.finished_at = (copy.finished_at or now) if done.is_finished else None
    session.add(copy)
    owed = rules.owed(
        done,
        send=playlist.send_rule,
        begun=copy.begun_at is not None,
        due_at=playlist.due_at,
        now=now,
        before=copy.owed_share,
        taken_back=taken_back,
    )
    if owed is None or not playlist.has_column:
        return
    copy.owed_share = owed.share
    await grades.owe(
        session,
        line_item=line_item or await column(session, course, playlist, now),
        person_id=copy.person_id,
        given=rules.points_given(owed.share, playlist.points),
        maximum=playlist.points,
        now=now,
        finished=done.is_finished,
    )


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
