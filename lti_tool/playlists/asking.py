"""What a student asks for: help, a sign-off, a re-take, a talk; and what the teacher said to them.

One request of a kind is open for a step at a time: asking again says it anew, also from two tabs at the same moment, since the
copy's row is the lock. Nothing is deleted: a request is answered by the teacher, or taken back by the student.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses.access import InCourse
from lti_tool.db.base import scoped
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.playlists import queries, service
from lti_tool.playlists.models import DoneRule, PlaylistStatus, PlaylistStep, StepOrigin, StepState
from lti_tool.playlists.path_models import Outcome, PathRequest, PathWord, RequestKind
from lti_tool.playlists.paths import Path, standing_of
from lti_tool.web.i18n import N_

MOST_WORDS = 1000


class NothingToAskFor(Conflict):
    """A sign-off or a re-take of a step that has none, or needs none any more."""

    code = "nothing-to-ask-for"
    title = N_("There is nothing to ask for here")
    advice = N_("Go back to your path to see how this step stands now.")


@dataclass(frozen=True, slots=True)
class Request:
    """A student's request as pages show it. ``is_open``: it waits for the teacher."""

    id: uuid.UUID
    step_id: uuid.UUID | None
    kind: RequestKind
    words: str
    created_at: datetime
    answered_at: datetime | None
    answer: str
    taken_back: bool
    outcome: Outcome | None = None
    """How the teacher answered; absent while it waits, and where it was taken back."""
    by_tool: bool = False
    """Whether the tool asked, where the student is stuck."""

    @property
    def is_open(self) -> bool:
        """Whether it waits for the teacher."""
        return self.answered_at is None


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was asked and said about one copy: requests with the latest first, the teacher's words likewise."""

    requests: tuple[Request, ...] = ()
    words: tuple[PathWord, ...] = ()

    @property
    def unseen(self) -> list[PathWord]:
        """What the student has not marked as read."""
        return [one for one in self.words if one.seen_at is None]

    @property
    def seen(self) -> list[PathWord]:
        """What they have."""
        return [one for one in self.words if one.seen_at is not None]

    @property
    def open(self) -> list[Request]:
        """What waits for the teacher."""
        return [one for one in self.requests if one.is_open]

    def waiting(self, step_id: uuid.UUID | None, kind: RequestKind | str) -> Request | None:
        """The open request of a kind for a step. Templates name the kind by its word."""
        return next((one for one in self.open if one.step_id == step_id and one.kind == kind), None)

    def answered(self, step_id: uuid.UUID | None) -> list[Request]:
        """What the teacher answered about a step, the latest first; what was taken back is not among it."""
        return [one for one in self.requests if one.step_id == step_id and not one.is_open and not one.taken_back]

    def of_step(self, step_id: uuid.UUID | None) -> list[Request]:
        """What waits about a step; without one, about the path."""
        return [one for one in self.open if one.step_id == step_id]

    def about(self, step_id: uuid.UUID) -> list[PathWord]:
        """What the teacher said about a step, and the student has read."""
        return [one for one in self.seen if one.step_id == step_id]


# --- Looking --------------------------------------------------------------------------------------------------------------


async def conversation(session: AsyncSession, organisation_id: uuid.UUID, copy_id: uuid.UUID) -> Conversation:
    """What was asked and said about a copy."""
    found = await conversations(session, organisation_id, [copy_id])
    return found[copy_id]


async def conversations(
    session: AsyncSession, organisation_id: uuid.UUID, copy_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, Conversation]:
    """The same of several copies, by copy; in two statements."""
    requests = (
        await session.exec(
            scoped(PathRequest, organisation_id)
            .where(col(PathRequest.personal_playlist_id).in_(copy_ids))
            .order_by(col(PathRequest.created_at).desc(), col(PathRequest.id).desc())
        )
    ).all()
    words = (
        await session.exec(
            scoped(PathWord, organisation_id)
            .where(col(PathWord.personal_playlist_id).in_(copy_ids))
            .order_by(col(PathWord.created_at).desc(), col(PathWord.id).desc())
        )
    ).all()
    return {
        copy_id: Conversation(
            tuple(_seen(one) for one in requests if one.personal_playlist_id == copy_id),
            tuple(one for one in words if one.personal_playlist_id == copy_id),
        )
        for copy_id in copy_ids
    }


def _seen(row: PathRequest) -> Request:
    return Request(
        id=row.id,
        step_id=row.step_id,
        kind=RequestKind(row.kind),
        words=row.words,
        created_at=row.created_at,
        answered_at=row.answered_at,
        answer=row.answer,
        taken_back=row.answered_at is not None and row.outcome is None,
        outcome=row.outcome,
        by_tool=row.origin is StepOrigin.TOOL,
    )


# --- Asking ---------------------------------------------------------------------------------------------------------------


async def ask(
    session: AsyncSession,
    here: InCourse,
    copy_id: uuid.UUID,
    step_id: uuid.UUID | None,
    kind: RequestKind,
    words: str,
    now: datetime,
) -> PathRequest:
    """Ask the teacher for something; where it is asked for already, what is said about it is said anew, and twice is once.

    Raises NotFound for another's copy, PlaylistRemoved, ``step-removed`` (409), and NothingToAskFor.
    """
    if len(words) > MOST_WORDS:
        raise BadRequest(
            "more words than a request has room for",
            code="request-too-long",
            title=N_("This is too long"),
            advice=N_("Say it in at most %(most)s characters. Then send it again."),
            fields={"most": str(MOST_WORDS)},
        )
    path, step = await own_path(session, here, copy_id, step_id, now)
    if step is not None:
        _must_make_sense(path, step, kind)
    elif kind not in (RequestKind.HELP, RequestKind.CONFERENCE):
        raise BadRequest("a request about a step without a step")
    for row in await _open(session, path, step_id, kind):
        if words and row.words != words:
            row.words = words
            session.add(row)
        return row
    row = PathRequest(
        organisation_id=here.organisation_id,
        personal_playlist_id=copy_id,
        step_id=step_id,
        kind=kind,
        words=words,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def take_back(
    session: AsyncSession,
    here: InCourse,
    copy_id: uuid.UUID,
    step_id: uuid.UUID | None,
    kind: RequestKind,
    now: datetime,
) -> bool:
    """The student needs it no more. Whether anything was waiting; twice is once."""
    path, _ = await own_path(session, here, copy_id, step_id, now)
    waiting = await _open(session, path, step_id, kind)
    for row in waiting:
        row.answered_at, row.answered_by = now, None
        session.add(row)
    return bool(waiting)


async def mark_seen(
    session: AsyncSession, here: InCourse, copy_id: uuid.UUID, word_id: uuid.UUID, now: datetime
) -> None:
    """The student has read what the teacher said; the first time stands. NotFound for what was said to somebody else."""
    await own_path(session, here, copy_id, None, now)
    statement = scoped(PathWord, here.organisation_id).where(
        PathWord.personal_playlist_id == copy_id, PathWord.id == word_id
    )
    row = (await session.exec(statement)).one_or_none()
    if row is None:
        raise NotFound("nothing was said to this student by this id")
    if row.seen_at is None:
        row.seen_at = now
        session.add(row)


async def own_path(
    session: AsyncSession, here: InCourse, copy_id: uuid.UUID, step_id: uuid.UUID | None, now: datetime
) -> tuple[Path, PlaylistStep | None]:
    """The student's own path, locked, and one of its steps. NotFound, PlaylistRemoved, or ``step-removed`` (409)."""
    copy = await queries.copy_by_id(session, here.organisation_id, copy_id, lock=True)
    if copy is None or copy.person_id != here.person_id:
        raise NotFound("no such copy of this person")
    playlist = await queries.playlist(session, here.organisation_id, here.course.id, copy.playlist_id)
    if playlist is None:
        raise NotFound("the copy's playlist is not of this course")
    if playlist.status is not PlaylistStatus.ASSIGNED:
        raise service.PlaylistRemoved("the copy's playlist is not assigned any more")
    path = await service.path_of_person(session, here.course, here.person_id, copy_id, now, as_student=True)
    if step_id is None:
        return path, None
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


def _must_make_sense(path: Path, step: PlaylistStep, kind: RequestKind) -> None:
    standing = standing_of(path.rows.get(step.id))
    if kind is RequestKind.SIGN_OFF and (step.done_rule is not DoneRule.SIGNED or standing.state is StepState.DONE):
        raise NothingToAskFor("a sign-off that is not needed")
    if kind is RequestKind.RETAKE and standing.result_percent is None:
        raise NothingToAskFor("a re-take of what was never taken")


async def _open(
    session: AsyncSession, path: Path, step_id: uuid.UUID | None, kind: RequestKind
) -> Sequence[PathRequest]:
    statement = scoped(PathRequest, path.copy.organisation_id).where(
        PathRequest.personal_playlist_id == path.copy.id,
        PathRequest.kind == kind,
        col(PathRequest.answered_at).is_(None),
        col(PathRequest.step_id).is_(None) if step_id is None else PathRequest.step_id == step_id,
    )
    return (await session.exec(statement.order_by(col(PathRequest.created_at), col(PathRequest.id)))).all()
