"""What a teacher says to students about their paths: a nudge, at most one a day, and comments on steps.

A nudge is a ready sentence in the student's own language, or the teacher's words. One a day is enough: however many teachers
and playlists a course has, a second one on the same day is not sent, and the teacher is told.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.clock import midnight
from lti_tool.courses.access import InCourse
from lti_tool.courses.visibility import visible_students
from lti_tool.errors import BadRequest, NotFound
from lti_tool.playlists import monitor_queries
from lti_tool.playlists.models import PersonalPlaylist
from lti_tool.playlists.monitor_rules import Watch
from lti_tool.playlists.path_models import PathWord, WordKind

MOST_WORDS = 1000
"""Characters of a nudge or a comment."""


@dataclass(frozen=True, slots=True)
class Nudged:
    """What came of nudging: how many students were, and how many had been nudged that day already."""

    sent: int
    had_one: int


async def nudge(
    session: AsyncSession,
    here: InCourse,
    playlist_id: uuid.UUID,
    person_ids: Collection[uuid.UUID],
    text: str,
    watch: Watch,
) -> Nudged:
    """Nudge these students about a playlist, each at most once a day; an empty ``text`` is the ready sentence.

    NotFound for a student without a copy, or whom this teacher may not see. The copies of the students are locked first, so
    that two teachers at once send one nudge.
    """
    _must_fit(text)
    await _must_see(session, here, person_ids)
    copies = await monitor_queries.copies_of_people(session, here.organisation_id, here.course.id, person_ids)
    meant = {copy.person_id: copy for copy in copies if copy.playlist_id == playlist_id and copy.left_at is None}
    if set(person_ids) - meant.keys():
        raise NotFound("a student without a copy of this playlist")
    had_one = await nudged_today(session, here, copies, watch)
    for person_id in sorted(meant.keys() - had_one):
        _say(session, here, meant[person_id], WordKind.NUDGE, text, None, watch.now)
    return Nudged(len(meant.keys() - had_one), len(meant.keys() & had_one))


async def nudged_today(
    session: AsyncSession, here: InCourse, copies: Sequence[PersonalPlaylist], watch: Watch
) -> set[uuid.UUID]:
    """Those whom somebody has nudged about one of these copies today, by the school's day."""
    day = midnight(watch.zone, watch.today)
    lately = await monitor_queries.nudged_since(session, here.organisation_id, [copy.id for copy in copies], day)
    return {copy.person_id for copy in copies if copy.id in lately}


async def comment(
    session: AsyncSession,
    here: InCourse,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID | None,
    text: str,
    now: datetime,
) -> None:
    """Say something to a student about a step of their path, or about the whole path. NotFound as ``nudge``."""
    _must_fit(text)
    if not text:
        raise BadRequest("a comment without words")
    await _must_see(session, here, [person_id])
    copies = await monitor_queries.copies_of_people(session, here.organisation_id, here.course.id, [person_id])
    copy = next((one for one in copies if one.playlist_id == playlist_id and one.left_at is None), None)
    if copy is None:
        raise NotFound("no copy for this person")
    if step_id is not None:
        step = (await monitor_queries.steps_by_id(session, here.organisation_id, [step_id])).get(step_id)
        if step is None or step.playlist_id != playlist_id or step.personal_playlist_id not in (None, copy.id):
            raise NotFound("no such step on this student's path")
    _say(session, here, copy, WordKind.COMMENT, text, step_id, now)


def _must_fit(text: str) -> None:
    if len(text) > MOST_WORDS:
        raise BadRequest("more words than there is room for")


async def _must_see(session: AsyncSession, here: InCourse, person_ids: Collection[uuid.UUID]) -> None:
    seen = {person.id for person in await visible_students(session, here)}
    if set(person_ids) - seen:
        raise NotFound("a student whom this teacher does not see")


def _say(
    session: AsyncSession,
    here: InCourse,
    copy: PersonalPlaylist,
    kind: WordKind,
    text: str,
    step_id: uuid.UUID | None,
    now: datetime,
) -> None:
    session.add(
        PathWord(
            organisation_id=here.organisation_id,
            personal_playlist_id=copy.id,
            step_id=step_id,
            kind=kind,
            text=text,
            written_by=here.visit.person_id,
            created_at=now,
        )
    )
    audit.record(
        session,
        now,
        "path.nudged" if kind is WordKind.NUDGE else "path.commented",
        organisation_id=here.organisation_id,
        actor=here.actor,
        subject=f"person:{copy.person_id}",
        detail=f"playlist {copy.playlist_id}" + (f", step {step_id}" if step_id else ""),
    )
