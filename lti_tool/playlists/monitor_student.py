"""What a teacher sees of one student's path, and what the teacher does for this student alone."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Person
from lti_tool.courses.service import display_name
from lti_tool.errors import NotFound
from lti_tool.grades import service as grades
from lti_tool.grades.service import ScoreStanding
from lti_tool.learners import profile_queries, supports
from lti_tool.learners.models import LearnerProfile
from lti_tool.playlists import (
    asking,
    audience,
    loading,
    monitor,
    monitor_queries,
    monitor_views,
    queries,
    settling,
    showing,
    views,
)
from lti_tool.playlists.asking import Conversation
from lti_tool.playlists.models import Playlist, PlaylistStatus, PlaylistStep, StepVariant
from lti_tool.playlists.monitor_rules import Watch
from lti_tool.playlists.monitor_views import Line
from lti_tool.playlists.path_models import PathRequest, PathWord
from lti_tool.playlists.planning import why
from lti_tool.playlists.showing import PathPage


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was asked, answered or said, with who said it; ``request`` or ``word`` is set. ``title``: of its step."""

    at: datetime
    by: str
    title: str = ""
    request: PathRequest | None = None
    word: PathWord | None = None


@dataclass(frozen=True, slots=True)
class StudentPage:
    """Everything a teacher's page of one student shows.

    ``told`` is what pages tell of the path: names, why the tool chose what it chose, what is known, the goal. ``others`` are the
    playlists that could be given to the student as well. ``forms`` are the steps that this student opens in another form, each
    with it, modifications among them: empty for who may not see supports.
    """

    person: Person
    line: Line
    view: views.PathView
    watch: Watch
    conversation: Conversation
    said: Sequence[Said]
    told: PathPage
    profile: LearnerProfile | None
    others: Sequence[Playlist]
    score: ScoreStanding | None
    sees_supports: bool
    forms: Sequence[tuple[PlaylistStep, StepVariant]] = ()


async def student_page(
    session: AsyncSession, here: InCourse, playlist: Playlist, person_id: uuid.UUID, now: datetime
) -> StudentPage:
    """A student's path for the teacher who is here; the look is recorded. NotFound for whom this teacher may not see."""
    person = await monitor.seen(session, here, person_id)
    pairs = await queries.persons_copies(session, here.organisation_id, here.course.id, person_id)
    mine = [(copy, other) for copy, other in pairs if other.id == playlist.id]
    if not mine:
        raise NotFound("no copy for this person")
    [path] = await loading.load(session, here.course, mine, now)
    recorded(session, here, person_id, now, f"playlist {playlist.id}")
    watch = await monitor.watch(session, here, now)
    [view] = await showing.path_views(session, here.course, [path])
    profile = await profile_queries.profile(session, here.organisation_id, here.course.id, person_id)
    names = await monitor.names_of(session, here)
    resource = settling.resource_id(playlist)
    column = (await queries.columns(session, here.organisation_id, here.course.id, [resource])).get(resource)
    scores = await grades.standing(session, here.organisation_id, column.id) if column else []
    score = next((one for one in scores if one.person_id == person_id), None)
    conversation = await asking.conversation(session, here.organisation_id, path.copy.id)
    have = {other.id for _, other in pairs}
    sees_supports = await supports.may_see(session, here)
    forms = [(step, path.forms[step.id]) for step in path.present if step.id in path.forms] if sees_supports else []
    assigned = await queries.playlists(session, here.organisation_id, here.course.id, settling.ASSIGNED)
    return StudentPage(
        person=person,
        line=monitor_views.line(path, person, path.requests, watch, score=score, names=names),
        view=view,
        watch=watch,
        conversation=conversation,
        said=await _said(session, here, path.copy.id, {step.id: step.title for step in [*path.template, *path.own]}),
        told=await showing.path_page(session, here.course, view, now, zone=here.visit.shown_zone, to_read=True),
        profile=profile,
        others=[one for one in assigned if one.id not in have],
        score=score,
        sees_supports=sees_supports,
        forms=forms,
    )


async def own_view(
    session: AsyncSession, here: InCourse, playlist: Playlist, person_id: uuid.UUID, now: datetime
) -> tuple[Person, views.PathView, bool]:
    """The path as the student sees it, and whether with their own forms of steps: these are for who may see supports alone.

    The look is recorded. NotFound for whom this teacher may not see.
    """
    person = await monitor.seen(session, here, person_id)
    own_forms = await supports.may_see(session, here)
    pairs = await queries.persons_copies(session, here.organisation_id, here.course.id, person_id)
    mine = [(copy, other) for copy, other in pairs if other.id == playlist.id]
    if not mine:
        raise NotFound("no copy for this person")
    [path] = await loading.load(session, here.course, mine, now, as_student=own_forms)
    recorded(session, here, person_id, now, f"playlist {playlist.id}, as the student sees it")
    [view] = await showing.path_views(session, here.course, [path])
    return person, view, own_forms


async def reasons_of(
    session: AsyncSession, here: InCourse, whys: Mapping[uuid.UUID, Mapping[str, object]]
) -> dict[uuid.UUID, str]:
    """Why the tool chose each of these, in the teacher's words and the language of the page; what cannot be read is left out."""
    if not whys:
        return {}
    numbers = await monitor.numbers_of(session, here)
    found = {}
    for one, data in whys.items():
        try:
            found[one] = why.sentence(why.of_json(data), numbers, why.To.TEACHER)
        except ValueError:
            continue
    return found


def recorded(session: AsyncSession, here: InCourse, person_id: uuid.UUID, now: datetime, detail: str) -> None:
    """Leave the trace of a look at one student. It is the same whether or not there are other forms of steps to see: an entry of
    its own for those would tell a reader of the log who has any."""
    audit.record(
        session,
        now,
        "student.viewed",
        organisation_id=here.organisation_id,
        actor=here.actor,
        subject=f"person:{person_id}",
        detail=detail,
    )


async def _said(
    session: AsyncSession, here: InCourse, copy_id: uuid.UUID, titles: Mapping[uuid.UUID, str]
) -> list[Said]:
    """What was asked, answered and said about a copy, the latest first."""
    requests, words = await monitor_queries.said_about(session, here.organisation_id, copy_id)
    ids = {one.answered_by for one in requests} | {one.written_by for one in words}
    people = await monitor_queries.people(session, here.organisation_id, {one for one in ids if one is not None})
    names = {person_id: display_name(person) for person_id, person in people.items()}

    def title(step_id: uuid.UUID | None) -> str:
        return titles.get(step_id, "") if step_id is not None else ""

    found = [
        Said(
            one.answered_at or one.created_at,
            names.get(one.answered_by, "") if one.answered_by else "",
            title(one.step_id),
            one,
        )
        for one in requests
    ]
    found += [
        Said(one.created_at, names.get(one.written_by, "") if one.written_by else "", title(one.step_id), word=one)
        for one in words
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)


# --- For this student alone -----------------------------------------------------------------------------------------


async def give_playlist(
    session: AsyncSession, here: InCourse, playlist_id: uuid.UUID, person_id: uuid.UUID, now: datetime
) -> Playlist:
    """Assign another playlist to a student as well. Where it is for everybody, the student has it; twice is once."""
    await monitor.seen(session, here, person_id)
    playlist = await queries.playlist(session, here.organisation_id, here.course.id, playlist_id, lock=True)
    if playlist is None or playlist.status is not PlaylistStatus.ASSIGNED:
        raise NotFound("no such assigned playlist in this course")
    found = await audience.audiences_of(session, here.organisation_id, [playlist.id])
    meant = found.get(playlist.id, audience.Audience())
    if not meant.everybody and person_id not in meant.people:
        await audience.write(session, playlist, replace(meant, people=meant.people | {person_id}), now)
    await audience.ensure_copies(session, here.course, now, [person_id])
    audit.record(
        session,
        now,
        "playlist.given",
        organisation_id=here.organisation_id,
        actor=here.actor,
        subject=f"person:{person_id}",
        detail=f"playlist {playlist.id}",
    )
    return playlist
