"""Paths put together from the database, for one student or a class, in few statements however many they are."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses import queries as course_queries
from lti_tool.courses.models import Course, Person
from lti_tool.errors import NotFound
from lti_tool.learners import supports
from lti_tool.learners.supports import Form, Supports
from lti_tool.playlists import path_queries, path_rows, queries, rules
from lti_tool.playlists.models import (
    DoneRule,
    PersonalPlaylist,
    PersonalStep,
    Playlist,
    PlaylistSection,
    PlaylistStep,
    StepVariant,
    VariantKind,
)
from lti_tool.playlists.paths import Path
from lti_tool.web.i18n import N_


class PlaylistRemoved(NotFound):
    """A student's own copy of a playlist that the teacher has taken away since."""

    code = "playlist-removed"
    title = N_("Your teacher has taken this playlist away")
    advice = N_("What you did is kept. If you think this is a mistake, ask your teacher.")


async def paths_of_person(
    session: AsyncSession, course: Course, person_id: uuid.UUID, now: datetime, *, as_student: bool = False
) -> list[Path]:
    """A student's paths in a course, in the order in which they were assigned.

    ``as_student``: for the student's own page, or for who may see supports, with the student's own forms of the steps.
    """
    pairs = await queries.persons_copies(session, course.organisation_id, course.id, person_id)
    return await load(session, course, pairs, now, as_student=as_student)


async def path_of_person(
    session: AsyncSession,
    course: Course,
    person_id: uuid.UUID,
    copy_id: uuid.UUID,
    now: datetime,
    *,
    as_student: bool = False,
) -> Path:
    """One of a student's paths. NotFound for another's, PlaylistRemoved for one that is not assigned any more."""
    pairs = await queries.persons_copies(session, course.organisation_id, course.id, person_id)
    wanted = [(copy, playlist) for copy, playlist in pairs if copy.id == copy_id]
    if wanted:
        [path] = await load(session, course, wanted, now, as_student=as_student)
        return path
    copy = await queries.copy_by_id(session, course.organisation_id, copy_id)
    if copy is not None and copy.person_id == person_id:
        playlist = await queries.playlist(session, course.organisation_id, course.id, copy.playlist_id)
        if playlist is not None:
            raise PlaylistRemoved("the copy's playlist is not assigned any more")
    raise NotFound("no such copy of this person in this course")


async def paths_of_course(
    session: AsyncSession,
    course: Course,
    playlists: Sequence[Playlist],
    now: datetime,
    students: Sequence[Person] | None = None,
) -> list[Path]:
    """The paths of the course's present students (or of these) on these playlists, students by name.

    Those who left a playlist's audience are not among them.
    """
    by_id = {playlist.id: playlist for playlist in playlists}
    if students is None:
        students = await course_queries.students(session, course.organisation_id, course.id)
    place = {person.id: index for index, person in enumerate(students)}
    copies = await queries.copies(session, course.organisation_id, by_id)
    present = [copy for copy in copies if copy.person_id in place and copy.left_at is None]
    present.sort(key=lambda copy: place[copy.person_id])
    return await load(session, course, [(copy, by_id[copy.playlist_id]) for copy in present], now)


def preview(
    playlist: Playlist, steps: list[PlaylistStep], now: datetime, sections: Sequence[PlaylistSection] = ()
) -> Path:
    """The path as a student finds it before the first step; nothing of it is stored."""
    copy = PersonalPlaylist(
        organisation_id=playlist.organisation_id, playlist_id=playlist.id, person_id=uuid.UUID(int=0), created_at=now
    )
    return Path(playlist, copy, steps, sections=list(sections), now=now)


async def load(
    session: AsyncSession,
    course: Course,
    pairs: Sequence[tuple[PersonalPlaylist, Playlist]],
    now: datetime,
    *,
    as_student: bool = False,
) -> list[Path]:
    """The paths of these copies, in their order, each with everything it is judged by."""
    if not pairs:
        return []
    organisation_id = course.organisation_id
    found = await path_rows.read(session, organisation_id, pairs)
    people = {copy.person_id for copy, _ in pairs}
    secure = await _secure(session, course, _named(found.steps), people)
    helped: Mapping[uuid.UUID, Supports] = {}
    given: Mapping[uuid.UUID, set[uuid.UUID]] = {}
    if found.forms or as_student:
        helped = await supports.for_people(session, organisation_id, course.id, people)
    if found.forms:
        given = await path_queries.given(session, organisation_id, people)
    common: dict[uuid.UUID, rules.Step] = {}
    return [
        Path(
            playlist,
            copy,
            found.templates.get(playlist.id, []),
            found.rows.get(copy.id, {}),
            own=found.own.get(copy.id, []),
            sections=found.sections.get(playlist.id, []),
            secure=secure[copy.person_id].secure if copy.person_id in secure else {},
            not_asked=secure[copy.person_id].not_asked if copy.person_id in secure else frozenset(),
            forms=forms_for(
                found.forms,
                found.rows.get(copy.id, {}),
                helped.get(copy.person_id, Supports()),
                given.get(copy.person_id, ()),
            ),
            supports=helped.get(copy.person_id, Supports()),
            requests=found.requests.get(copy.id, ()),
            now=now,
            as_student=as_student,
            common=common,
        )
        for copy, playlist in pairs
    ]


def forms_for(
    variants: Mapping[uuid.UUID, Sequence[StepVariant]],
    rows: Mapping[uuid.UUID, PersonalStep],
    helped: Supports,
    given: Collection[uuid.UUID],
) -> dict[uuid.UUID, StepVariant]:
    """The other form of each step that one student opens, by step.

    What a teacher gave the student by name comes first, as long as the step is not done; then the form they began with; then
    what fits their supports. Who began with the usual form goes on with it.
    """
    found = {}
    for step_id, some in variants.items():
        row = rows.get(step_id)
        there = [one for one in some if one.removed_at is None]
        chosen = _begun_with(some, row)
        if row is None or row.done_at is None:
            named = [one for one in there if one.id in given]
            fitting = there if row is None or row.opened_at is None else []
            chosen = _choice(named, helped, given) or chosen or _choice(fitting, helped, ())
        if chosen is not None:
            found[step_id] = chosen
    return found


def _begun_with(some: Sequence[StepVariant], row: PersonalStep | None) -> StepVariant | None:
    return next((one for one in some if row is not None and one.id == row.variant_id), None)


def _choice(some: Sequence[StepVariant], helped: Supports, given: Collection[uuid.UUID]) -> StepVariant | None:
    chosen = supports.choose([as_form(one) for one in some], helped, given)
    return next((one for one in some if chosen is not None and one.id == chosen.id), None)


def as_form(variant: StepVariant) -> Form:
    """A variant as choosing sees it."""
    return Form(
        id=variant.id,
        serves=frozenset({variant.support}) if variant.support else frozenset(),
        language=variant.language,
        modifies=variant.kind is VariantKind.MODIFICATION,
    )


def _named(steps: Sequence[PlaylistStep]) -> set[uuid.UUID]:
    """The competencies that decide anything on these steps: what mastery has to show, and what a step waits for."""
    done_by = {step.competency_id for step in steps if step.done_rule is DoneRule.MASTERY}
    return {one for one in done_by | {step.after_competency_id for step in steps} if one is not None}


@dataclass(frozen=True, slots=True)
class _Shown:
    """Of one student: since when each named competency is Secure, or not asked for; and which of them are not asked for."""

    secure: dict[uuid.UUID, datetime | None] = field(default_factory=dict)
    not_asked: set[uuid.UUID] = field(default_factory=set)


async def _secure(
    session: AsyncSession, course: Course, named: Collection[uuid.UUID], people: Collection[uuid.UUID]
) -> dict[uuid.UUID, _Shown]:
    """By person: those of the named competencies that are Secure. Where another is asked for instead, that one decides; what is
    not asked for at all is no reason to wait.
    """
    if not named:
        return {}
    replaced = await supports.replaced(session, course.organisation_id, course.id, people)
    others = {other for some in replaced.values() for other, _ in some.values() if other is not None}
    held = await path_queries.secure(session, course.organisation_id, course.id, {*named, *others}, people)
    found = {person_id: _Shown(mine) for person_id, mine in held.items()}
    for person_id, some in replaced.items():
        shown = found.setdefault(person_id, _Shown())
        known = dict(shown.secure)
        for competency_id in some.keys() & set(named):
            asked, since = _asked(competency_id, some)
            if asked is None:
                shown.secure[competency_id] = since
                shown.not_asked.add(competency_id)
            elif asked in known:
                shown.secure[competency_id] = known[asked]
            else:
                shown.secure.pop(competency_id, None)
    return found


def _asked(
    competency_id: uuid.UUID, replaced: Mapping[uuid.UUID, tuple[uuid.UUID | None, datetime]]
) -> tuple[uuid.UUID | None, datetime | None]:
    """What is asked for in the place of a competency; None where nothing is, and since when."""
    seen: set[uuid.UUID] = set()
    at: uuid.UUID | None = competency_id
    since: datetime | None = None
    while at is not None and at in replaced and at not in seen:
        seen.add(at)
        at, since = replaced[at]
    return at, since
