"""What waits for the teacher of a course, and the answers: signing off, a word, another try, a talk.

The student's copy is the lock: of two teachers who answer at once one is told that it is answered already, and nothing happens
twice. Answers are never taken back by themselves; what they brought about can be (``service.take_back``).
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.checks import allowing
from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Person
from lti_tool.courses.visibility import visible_students
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.playlists import monitor_queries, queries, service
from lti_tool.playlists.models import (
    PersonalPlaylist,
    PersonalStep,
    Playlist,
    PlaylistStep,
    StepKind,
    StepOrigin,
    StepState,
)
from lti_tool.playlists.path_models import Outcome, PathRequest, RequestKind
from lti_tool.web.i18n import N_

MOST_ANSWER = 1000
"""Characters of an answer."""

OUTCOMES: Mapping[RequestKind, tuple[Outcome, ...]] = {
    RequestKind.HELP: (Outcome.ANSWERED,),
    RequestKind.SIGN_OFF: (Outcome.SIGNED, Outcome.NOT_YET),
    RequestKind.RETAKE: (Outcome.ALLOWED, Outcome.NOT_YET),
    RequestKind.CONFERENCE: (Outcome.HELD, Outcome.ARRANGED),
}
"""How each kind of request can be answered."""


class RequestAnswered(Conflict):
    """Somebody else answered in the meantime, or the student took the request back."""

    code = "request-answered"
    title = N_("This does not wait any more")
    advice = N_("Somebody else has answered it, or the student has taken it back. The list shows what still waits.")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One request that waits: who asks, about which step of which playlist, and how the student stands with the step.

    ``step`` is absent where the request is about the whole path; ``row`` where the step was not begun.
    """

    request: PathRequest
    person: Person
    copy: PersonalPlaylist
    playlist: Playlist
    step: PlaylistStep | None = None
    row: PersonalStep | None = None

    @property
    def by_tool(self) -> bool:
        """Whether the tool asks, because the student is stuck."""
        return self.request.origin is StepOrigin.TOOL

    @property
    def why(self) -> dict[str, Any]:
        """Why the tool asks, or why it chose the step that is asked about, as planning.why writes it; empty without."""
        return self.request.why or (self.step.why if self.step is not None else None) or {}

    @property
    def result_percent(self) -> float | None:
        """The latest result of the step."""
        return self.row.result_percent if self.row is not None else None

    @property
    def done(self) -> bool:
        """Whether the step that it is about has become done since; what was asked stays until it is answered or taken back."""
        return self.row is not None and self.row.state is StepState.DONE and self.request.kind is not RequestKind.RETAKE

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """How it can be answered, the usual way first."""
        return OUTCOMES[RequestKind(self.request.kind)]


# --- Looking --------------------------------------------------------------------------------------------------------


async def waiting(session: AsyncSession, here: InCourse) -> list[Waiting]:
    """Everything that waits for the teachers of a course, the oldest first; of the students whom this one may see."""
    people = {person.id: person for person in await visible_students(session, here)}
    asked = [
        one
        for one in await monitor_queries.open_requests(session, here.organisation_id, here.course.id)
        if one[1].person_id in people
    ]
    step_ids = {one.step_id for one, _, _ in asked if one.step_id is not None}
    steps = await monitor_queries.steps_by_id(session, here.organisation_id, step_ids)
    rows = await monitor_queries.standings(session, here.organisation_id, [copy.id for _, copy, _ in asked], step_ids)
    return [
        Waiting(
            one,
            people[copy.person_id],
            copy,
            playlist,
            steps.get(one.step_id) if one.step_id else None,
            rows.get((copy.id, one.step_id)) if one.step_id else None,
        )
        for one, copy, playlist in asked
    ]


async def count(session: AsyncSession, here: InCourse) -> int:
    """How many requests wait, of the students whom the teacher who is here may see."""
    asked = await monitor_queries.open_requests(session, here.organisation_id, here.course.id)
    if not asked:
        return 0
    seen = {person.id for person in await visible_students(session, here)}
    return sum(copy.person_id in seen for _, copy, _ in asked)


# --- Answering ------------------------------------------------------------------------------------------------------


async def answer(
    session: AsyncSession,
    here: InCourse,
    request_id: uuid.UUID,
    outcome: Outcome,
    words: str,
    now: datetime,
    *,
    afresh: bool = False,
) -> PathRequest:
    """Answer a request, and do what the answer says.

    ``SIGNED`` signs the step off; so do ``HELD`` and ``ALLOWED`` where the step is the talk itself. ``ALLOWED`` opens a step for
    another try, of a check of ours with one more attempt where all are used; with ``afresh`` what was done or scored before
    counts no more, without it the better result counts. Raises NotFound for a request of another course or of a student whom
    this teacher may not see, BadRequest for an answer that does not fit, and RequestAnswered.
    """
    if len(words) > MOST_ANSWER:
        raise BadRequest("more words than an answer has room for")
    seen = await _seen(session, here)
    if outcome is Outcome.ALLOWED:
        await _another_attempt(session, here, request_id, seen, now)
    found = await _locked(session, here, request_id, seen)
    if found is None:
        raise RequestAnswered("the request was answered in the meantime")
    row, copy = found
    if outcome not in OUTCOMES[RequestKind(row.kind)]:
        raise BadRequest("an answer that does not go with the request")
    await _carry_out(session, here, row, copy, outcome, now, afresh=afresh)
    _answered(session, here, row, copy, outcome, words, now)
    return row


async def sign_off_all(
    session: AsyncSession, here: InCourse, request_ids: Collection[uuid.UUID], now: datetime
) -> tuple[int, int]:
    """Sign off what all these requests ask for; how many were, and how many somebody else had answered already.

    Requests of other kinds, and of students whom this teacher may not see, are NotFound: no page of ours sends them.
    """
    done = gone = 0
    seen = await _seen(session, here)
    found: list[tuple[uuid.UUID, uuid.UUID]] = []
    for request_id in set(request_ids):
        asked = await _visible(session, here, request_id, seen)
        if asked[0].kind is not RequestKind.SIGN_OFF:
            raise NotFound("the request asks for no sign-off")
        found.append((asked[1].id, request_id))
    # In the order of the copies, so that two teachers cannot block each other.
    for _, request_id in sorted(found):
        locked = await _locked(session, here, request_id, seen)
        if locked is None:
            gone += 1
            continue
        row, copy = locked
        await _carry_out(session, here, row, copy, Outcome.SIGNED, now)
        _answered(session, here, row, copy, Outcome.SIGNED, "", now)
        done += 1
    return done, gone


async def _seen(session: AsyncSession, here: InCourse) -> frozenset[uuid.UUID]:
    return frozenset(person.id for person in await visible_students(session, here))


async def _visible(
    session: AsyncSession, here: InCourse, request_id: uuid.UUID, seen: Collection[uuid.UUID]
) -> tuple[PathRequest, PersonalPlaylist, Playlist]:
    asked = await monitor_queries.request(session, here.organisation_id, here.course.id, request_id)
    if asked is None or asked[1].person_id not in seen:
        raise NotFound("no such request for this teacher")
    return asked


async def _locked(
    session: AsyncSession, here: InCourse, request_id: uuid.UUID, seen: Collection[uuid.UUID]
) -> tuple[PathRequest, PersonalPlaylist] | None:
    """The request with its copy, which this transaction holds from now on; None where it does not wait any more."""
    _, asking, _ = await _visible(session, here, request_id, seen)
    copy = await queries.copy_by_id(session, here.organisation_id, asking.id, lock=True)
    row = await monitor_queries.request_again(session, here.organisation_id, request_id)
    if copy is None or row is None or row.answered_at is not None:
        return None
    return row, copy


async def _carry_out(
    session: AsyncSession,
    here: InCourse,
    row: PathRequest,
    copy: PersonalPlaylist,
    outcome: Outcome,
    now: datetime,
    *,
    afresh: bool = False,
) -> None:
    if row.step_id is None:
        return
    where = (here.course, copy.playlist_id, copy.person_id, row.step_id, here.visit.person_id, now)
    if outcome is Outcome.SIGNED:
        await service.sign_off(session, *where)
    elif outcome in (Outcome.HELD, Outcome.ALLOWED) and await _is_talk(session, here, row.step_id):
        # The step was the talk, or the question whether to try again: with the answer it is done, and the path goes on.
        await service.sign_off(session, *where)
    elif outcome is Outcome.ALLOWED and afresh:
        await service.start_afresh(session, *where)


async def _another_attempt(
    session: AsyncSession, here: InCourse, request_id: uuid.UUID, seen: Collection[uuid.UUID], now: datetime
) -> None:
    """Of a check of ours, another try is another attempt where all are used. Before the copy is held, as where one ends."""
    asked, copy, _ = await _visible(session, here, request_id, seen)
    steps = await monitor_queries.steps_by_id(session, here.organisation_id, [asked.step_id] if asked.step_id else [])
    for step in steps.values():
        if step.content_item_id is not None:
            await allowing.allow_on_item(
                session, here.course, step.content_item_id, copy.person_id, now, here.visit.person_id
            )


async def _is_talk(session: AsyncSession, here: InCourse, step_id: uuid.UUID) -> bool:
    steps = await monitor_queries.steps_by_id(session, here.organisation_id, [step_id])
    return any(step.kind is StepKind.CONFERENCE for step in steps.values())


def _answered(
    session: AsyncSession,
    here: InCourse,
    row: PathRequest,
    copy: PersonalPlaylist,
    outcome: Outcome,
    words: str,
    now: datetime,
) -> None:
    row.answered_at, row.answered_by, row.answer, row.outcome = now, here.visit.person_id, words, outcome
    session.add(row)
    audit.record(
        session,
        now,
        "request.answered",
        organisation_id=here.organisation_id,
        actor=here.actor,
        subject=f"person:{copy.person_id}",
        detail=f"{RequestKind(row.kind)} {row.id}: {outcome}",
    )


def by_kind(found: Sequence[Waiting]) -> dict[RequestKind, int]:
    """How many of each kind wait."""
    return {kind: sum(one.request.kind is kind for one in found) for kind in RequestKind}
