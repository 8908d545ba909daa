"""What moves students along their paths: what a student does, and what a teacher does for one student.

Each use case works inside the caller's transaction and leaves path and score together (``settling``). Paths are put together
in ``loading``, copies are given in ``audience``, steps for one student in ``own_steps``; editing the playlist itself is in
``editing``.
"""

import uuid
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.courses.models import Course
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.playlists import loading, queries, rules
from lti_tool.playlists.audience import ensure_copies, missing_copies
from lti_tool.playlists.loading import PlaylistRemoved, path_of_person, paths_of_course, paths_of_person, preview
from lti_tool.playlists.models import (
    DoneBy,
    DoneRule,
    Need,
    PersonalPlaylist,
    Playlist,
    PlaylistStatus,
    PlaylistStep,
    StepKind,
    StepOrigin,
    StepState,
)
from lti_tool.playlists.own_steps import LowersScore, Wanted, add_for_student, leave_out, put_back, remove_for_student
from lti_tool.playlists.path_models import Outcome, RequestKind
from lti_tool.playlists.paths import Path, standing_of
from lti_tool.playlists.planning.base import TEACHERS
from lti_tool.playlists.settling import (
    ASSIGNED,
    column,
    mastery_moves,
    move,
    news,
    resettle,
    resource_id,
    send_due,
    settle_mastery,
    take_results,
)
from lti_tool.web.i18n import N_

__all__ = [
    "ASSIGNED",
    "LowersScore",
    "PlaylistRemoved",
    "Wanted",
    "add_for_student",
    "can_be_skipped",
    "column",
    "ensure_copies",
    "is_teachers",
    "leave_out",
    "mark_done",
    "mark_not_done",
    "mastery_moves",
    "missing_copies",
    "news",
    "open_step",
    "path_of_person",
    "paths_of_course",
    "paths_of_person",
    "preview",
    "put_back",
    "remove_for_student",
    "resettle",
    "resource_id",
    "send_due",
    "settle_mastery",
    "sign_off",
    "skip",
    "start_afresh",
    "take_back",
    "take_results",
    "takes_words",
    "write_words",
]


# --- What a student does ------------------------------------------------------------------------------------------------


async def open_step(
    session: AsyncSession, course: Course, person_id: uuid.UUID, copy_id: uuid.UUID, step_id: uuid.UUID, now: datetime
) -> Path:
    """The student opened a step. Conflict while something else comes first; twice is once.

    What was passed over is on the path again. The form that the student began with is remembered.
    """
    path, step = await _own_step(session, course, person_id, copy_id, step_id, now)
    _must_be_open(path, step)
    return await move(session, course, path, step, lambda standing: rules.opened(standing, step.done_rule, now), now)


async def mark_done(
    session: AsyncSession, course: Course, person_id: uuid.UUID, copy_id: uuid.UUID, step_id: uuid.UUID, now: datetime
) -> Path:
    """The student says a step is done. Conflict while another comes first, or where something else decides; twice is once."""
    path, step = await _own_step(session, course, person_id, copy_id, step_id, now)
    if not is_done(path, step):
        _must_be_the_students_word(step)
    _must_be_open(path, step)
    return await move(session, course, path, step, lambda standing: rules.marked(standing, DoneBy.STUDENT, now), now)


async def mark_not_done(
    session: AsyncSession, course: Course, person_id: uuid.UUID, copy_id: uuid.UUID, step_id: uuid.UUID, now: datetime
) -> Path:
    """The student takes back their own mark. Conflict for what the teacher or the LMS marked; twice is once."""
    path, step = await _own_step(session, course, person_id, copy_id, step_id, now)
    done_by = standing_of(path.rows.get(step.id)).done_by
    no_mark = step.done_rule in (DoneRule.OPENED, DoneRule.WRITTEN)
    if done_by not in (None, DoneBy.STUDENT) or (done_by is not None and no_mark):
        raise Conflict(
            "took back a mark that is not the student's",
            code="step-marked-by-others",
            title=N_("You cannot take this mark back"),
            advice=N_("It was not you who marked this step. If it is wrong, ask your teacher."),
        )
    return await move(session, course, path, step, lambda standing: rules.unmarked(standing, DoneBy.STUDENT, now), now)


async def write_words(
    session: AsyncSession,
    course: Course,
    person_id: uuid.UUID,
    copy_id: uuid.UUID,
    step_id: uuid.UUID,
    words: str,
    now: datetime,
) -> Path:
    """The student wrote words (at most 4,000 characters) for a step; where these count, it is done. They can be written anew.

    BadRequest for nothing but blanks; Conflict for a step that asks for no words, or while another comes first.
    """
    path, step = await _own_step(session, course, person_id, copy_id, step_id, now)
    if not takes_words(step):
        raise Conflict(
            "words for a step that asks for none",
            code="step-takes-no-words",
            title=N_("This step asks for nothing to be written"),
            advice=N_("Go back to the playlist to see what the step asks for."),
        )
    text = _some_words(words, 4000)
    _must_be_open(path, step)
    return await move(
        session, course, path, step, lambda standing: rules.written(standing, step.done_rule, text, now), now
    )


async def skip(
    session: AsyncSession,
    course: Course,
    person_id: uuid.UUID,
    copy_id: uuid.UUID,
    step_id: uuid.UUID,
    why: str,
    now: datetime,
) -> Path:
    """The student passes a step over and says why (at most 1,000 characters); opening it takes it up again. Twice is once.

    Only what is extra, or what the tool chose. BadRequest without a reason; Conflict for other steps, and where the student
    has written already.
    """
    path, step = await _own_step(session, course, person_id, copy_id, step_id, now)
    standing = standing_of(path.rows.get(step.id))
    written = bool(standing.words) and not standing.is_skipped
    if not can_be_skipped(step) or written:
        raise Conflict(
            "a step that has to be done was skipped",
            code="step-cannot-be-skipped",
            title=N_("This step cannot be skipped"),
            advice=N_("Your teacher asks for it. If it does not fit, ask your teacher for help with it."),
        )
    reason = _some_words(why, 1000)
    return await move(session, course, path, step, lambda standing: rules.skipped(standing, reason, now), now)


def takes_words(step: PlaylistStep) -> bool:
    """Whether a step has a place for what the student writes."""
    return step.kind is StepKind.REFLECTION or step.done_rule is DoneRule.WRITTEN


def can_be_skipped(step: PlaylistStep) -> bool:
    """Whether a student may pass a step over: what is extra, or what the tool chose for them, or they themselves."""
    return step.need is Need.MAY or (step.personal_playlist_id is not None and not is_teachers(step))


def is_teachers(step: PlaylistStep) -> bool:
    """Whether a teacher wants a step on a student's own path: gave it, pinned it, set a date for it, or asks where they stand."""
    return step.origin is StepOrigin.TEACHER or (step.why or {}).get("reason") in TEACHERS


def _some_words(words: str, most: int) -> str:
    text = words.strip()
    if not text or len(text) > most:
        raise BadRequest(
            "no words, or too many",
            code="words-missing",
            title=N_("A few words are missing here"),
            advice=N_("Write at least one word, and at most %(most)s characters. Then send it again."),
            fields={"most": str(most)},
        )
    return text


def _must_be_the_students_word(step: PlaylistStep) -> None:
    """Conflict for a step that is done by something else than the student's saying so."""
    if step.done_rule is DoneRule.RESULT:
        raise Conflict(
            "marked a step that a result decides",
            code="step-needs-result",
            title=N_("This step counts by its result"),
            advice=N_("Do it in your course. Once your result is there, the step is marked for you."),
        )
    if step.done_rule is DoneRule.MASTERY:
        raise Conflict(
            "marked a step that mastery decides",
            code="step-needs-mastery",
            title=N_("This step counts by what you show you know"),
            advice=N_("Go on practising. Once you are secure in it, the step is marked for you."),
        )
    if step.done_rule is DoneRule.SIGNED:
        raise Conflict(
            "marked a step that a teacher signs off",
            code="step-needs-sign-off",
            title=N_("Your teacher signs this step off"),
            advice=N_("Ask your teacher to look at it. Once they have signed it off, the step is done."),
        )
    if step.done_rule is DoneRule.WRITTEN:
        raise Conflict(
            "marked a step that words decide",
            code="step-needs-words",
            title=N_("This step is done when you have written"),
            advice=N_("Write a few words in the box of the step, then save them."),
        )


async def _own_step(
    session: AsyncSession, course: Course, person_id: uuid.UUID, copy_id: uuid.UUID, step_id: uuid.UUID, now: datetime
) -> tuple[Path, PlaylistStep]:
    copy = await queries.copy_by_id(session, course.organisation_id, copy_id, lock=True)
    if copy is None or copy.person_id != person_id:
        raise NotFound("no such copy of this person")
    playlist = await queries.playlist(session, course.organisation_id, course.id, copy.playlist_id)
    if playlist is None:
        raise NotFound("the copy's playlist is not of this course")
    if playlist.status is not PlaylistStatus.ASSIGNED or copy.left_at is not None:
        raise PlaylistRemoved("the copy's playlist is not assigned any more")
    return await _with_step(session, course, playlist, copy, step_id, now, as_student=True)


async def _with_step(
    session: AsyncSession,
    course: Course,
    playlist: Playlist,
    copy: PersonalPlaylist,
    step_id: uuid.UUID,
    now: datetime,
    *,
    as_student: bool = False,
) -> tuple[Path, PlaylistStep]:
    [path] = await loading.load(session, course, [(copy, playlist)], now, as_student=as_student)
    step = path.step(step_id)
    if step is None:
        if path.ever(step_id) is not None:
            raise Conflict(
                "the step was taken out",
                code="step-removed",
                title=N_("This step is no longer part of the playlist"),
                advice=N_("Go back to the playlist to see how it stands now. What was done before is kept."),
            )
        raise NotFound("no such step in this playlist")
    return path, step


def is_done(path: Path, step: PlaylistStep) -> bool:
    """Whether a step is done, by whatever."""
    return standing_of(path.rows.get(step.id)).state is StepState.DONE


_NOT_OPEN = N_("This step is not open yet")


def _must_be_open(path: Path, step: PlaylistStep) -> None:
    waits = path.locked.get(step.id)
    if waits is None:
        return
    if waits.reason is rules.WaitsFor.DATE:
        raise Conflict(
            "the step's date has not come",
            code="step-locked",
            title=_NOT_OPEN,
            advice=N_("It opens on a day that your playlist shows. Until then, go on with another step."),
        )
    if waits.reason is rules.WaitsFor.COMPETENCY:
        raise Conflict(
            "the step waits for mastery",
            code="step-locked",
            title=_NOT_OPEN,
            advice=N_("It opens once you are secure in what comes before it. Your playlist says what that is."),
        )
    if waits.reason is rules.WaitsFor.CHOICE and waits.section is not None:
        raise Conflict(
            "the step waits for a choice",
            code="step-locked",
            title=_NOT_OPEN,
            advice=N_("First choose from “%(title)s” and finish what it asks for, then come back to this one."),
            fields={"title": waits.section.title},
        )
    # What the student can do now about it is the next step; what is right before may be locked itself.
    following = path.next
    raise Conflict(
        "the step is not open yet",
        code="step-locked",
        title=_NOT_OPEN,
        advice=N_("First finish “%(title)s”, then come back to this one."),
        fields={"title": following.step.title if following is not None else (waits.step.title if waits.step else "")},
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
    """The teacher says that a student has done a step, whatever its rule; twice is once. Leaves an audit entry.

    A sign-off that the student asked for is answered with it.
    """
    path, step = await _students_step(session, course, playlist_id, person_id, step_id, now)
    for request in path.requests:
        if request.step_id == step.id and request.kind is RequestKind.SIGN_OFF:
            request.answered_at, request.answered_by, request.outcome = now, by, Outcome.SIGNED
            session.add(request)
    if not is_done(path, step):
        _trace(session, course, "step.signed-off", by, person_id, step, now)
    return await move(session, course, path, step, lambda standing: rules.marked(standing, DoneBy.TEACHER, now), now)


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
    path, step = await _students_step(session, course, playlist_id, person_id, step_id, now)
    if is_done(path, step):
        _trace(session, course, "step.taken-back", by, person_id, step, now)
    return await move(session, course, path, step, lambda standing: rules.unmarked(standing, DoneBy.TEACHER, now), now)


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
    path, step = await _students_step(session, course, playlist_id, person_id, step_id, now)
    _trace(session, course, "step.started-afresh", by, person_id, step, now)
    return await move(session, course, path, step, lambda standing: rules.afresh(standing, now), now)


async def _students_step(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    now: datetime,
) -> tuple[Path, PlaylistStep]:
    playlist = await queries.playlist(session, course.organisation_id, course.id, playlist_id)
    if playlist is None or playlist.status is not PlaylistStatus.ASSIGNED:
        raise NotFound("no such assigned playlist in this course")
    copy = await queries.copy_of(session, course.organisation_id, playlist_id, person_id, lock=True)
    if copy is None:
        raise NotFound("no copy for this person")
    return await _with_step(session, course, playlist, copy, step_id, now)


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
