"""What a teacher decides about a personal playlist: making it, its settings, rulings, and approving what the tool proposes.

The tool plans anew by itself afterwards: rulings and settings have moments by which plans are found out of date.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.competencies import maps, rules_graph
from lti_tool.courses.models import Course
from lti_tool.db.base import scoped
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.ids import new_id
from lti_tool.jobs import nudge_after_commit
from lti_tool.mastery import versions
from lti_tool.playlists import audience as audiences
from lti_tool.playlists import editing, personal, queries, service, titles
from lti_tool.playlists import personal_queries as personal_rows
from lti_tool.playlists.audience import Audience
from lti_tool.playlists.models import (
    OrderRule,
    PersonalPlaylist,
    PersonalStep,
    Playlist,
    PlaylistKind,
    PlaylistStatus,
    PlaylistStep,
    SendRule,
    StepOrigin,
    StepState,
)
from lti_tool.playlists.path_models import PathRuling, RulingKind
from lti_tool.playlists.planning.settings import PathSettings, agreed, write
from lti_tool.playlists.replanning import PLAN
from lti_tool.web.i18n import N_

MOST_RULINGS = 500
"""Of one playlist at a time: a teacher who forbids more than these wants another map, or another unit."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a teacher says when the tool shall make a playlist; already within the tables' limits."""

    title: str
    settings: PathSettings = field(default_factory=PathSettings)
    audience: Audience = field(default_factory=Audience)
    has_column: bool = False
    points: float = 100.0
    known_before: bool = False
    """Whether everything that comes before the unit is taken as known."""


class NothingToPlanFrom(BadRequest):
    """A personal playlist for a course without a map, or with a unit that the map has not."""

    code = "nothing-to-plan-from"
    title = N_("The tool has nothing to choose from yet")
    advice = N_(
        "Pick competencies into the course’s map and align items to them. Then the tool can choose each student’s steps."
    )


# --- Making and changing --------------------------------------------------------------------------------------------------


async def make(
    session: AsyncSession,
    course: Course,
    choice: Choice,
    by: uuid.UUID | None,
    now: datetime,
    *,
    playlist_id: uuid.UUID | None = None,
) -> Playlist:
    """A personal playlist, assigned at once: everybody meant has a copy, and is planned for right after.

    With ``playlist_id`` (made with the form), sending the form twice makes one. Raises NothingToPlanFrom, and Conflict where the
    LMS lets nobody make a column.
    """
    if playlist_id is not None:
        existing = await queries.playlist(session, course.organisation_id, course.id, playlist_id)
        if existing is not None:
            return existing
    await _unit_is_there(session, course, choice.settings)
    playlist = Playlist(
        organisation_id=course.organisation_id,
        id=playlist_id or new_id(),
        course_id=course.id,
        kind=PlaylistKind.PERSONAL,
        title=choice.title,
        status=PlaylistStatus.ASSIGNED,
        order_rule=OrderRule.ANY,
        send_rule=SendRule.LIVE,
        points=choice.points,
        settings=write(choice.settings),
        assigned_at=now,
        created_by=by,
        created_at=now,
        changed_at=now,
    )
    await _column(session, course, playlist, wanted=choice.has_column)
    session.add(playlist)
    await session.flush()
    await audiences.write(session, playlist, choice.audience, now)
    await service.ensure_copies(session, course, now)
    if playlist.has_column:
        await service.column(session, course, playlist, now)
    if choice.known_before:
        for competency_id in await before_unit(session, course, choice.settings):
            _add(session, playlist, RulingKind.KNOWN, now, by, competency_id=competency_id)
    trace(session, playlist, "playlist.assigned", by, now)
    _nudge(session, course)
    await session.flush()
    return playlist


async def change_settings(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    title: str,
    settings: PathSettings,
    by: uuid.UUID | None,
    now: datetime,
    *,
    has_column: bool,
    points: float,
) -> Playlist:
    """Change how a personal playlist is made: its unit, who steers, and the rest. What was begun stays everywhere.

    Conflict ``playlist-changed`` where somebody else was first; raises NothingToPlanFrom.
    """
    playlist = await _for_change(session, course, playlist_id, revision, now)
    await _unit_is_there(session, course, settings)
    playlist.title = title
    playlist.settings = write(settings)
    playlist.points = points
    await _column(session, course, playlist, wanted=has_column)
    trace(session, playlist, "path.settings-changed", by, now)
    return await _changed(session, course, playlist, now)


async def move_on(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    revision: int,
    unit: frozenset[int],
    by: uuid.UUID | None,
    now: datetime,
) -> Playlist:
    """Another current unit for the whole class; everything else stays. Conflict ``playlist-changed``; NothingToPlanFrom."""
    playlist = await _for_change(session, course, playlist_id, revision, now)
    before = agreed(playlist.settings)
    settings = replace(before, planning=replace(before.planning, unit=unit))
    await _unit_is_there(session, course, settings)
    playlist.settings = write(settings)
    trace(session, playlist, "path.unit-changed", by, now)
    return await _changed(session, course, playlist, now)


async def _changed(session: AsyncSession, course: Course, playlist: Playlist, now: datetime) -> Playlist:
    session.add(playlist)
    await session.flush()
    # Another target is another share of what was done; a score that was earned never falls by it.
    await service.resettle(session, course, playlist, now)
    _nudge(session, course)
    return playlist


async def _column(session: AsyncSession, course: Course, playlist: Playlist, *, wanted: bool) -> None:
    if wanted and not await editing.may_have_column(session, course, playlist):
        raise Conflict(
            "no line item scope in this course",
            code="no-column-here",
            title=N_("Your LMS does not let this tool make a gradebook column here"),
            advice=N_("Assign the playlist without a column, or ask your administrator to allow grades for this tool."),
        )
    playlist.has_column = wanted


async def _unit_is_there(session: AsyncSession, course: Course, settings: PathSettings) -> None:
    listed = await maps.listed(session, course.organisation_id, course.id)
    numbers = {one.number for one in listed.competencies}
    if not numbers or (settings.planning.unit and not settings.planning.unit & numbers):
        raise NothingToPlanFrom("no map, or nothing of the unit in it")


async def before_unit(session: AsyncSession, course: Course, settings: PathSettings) -> list[uuid.UUID]:
    """The competencies that come before those of the unit and are not of it, in the map's order."""
    view = await maps.the_map(session, course.organisation_id, course.id)
    if view is None or not settings.planning.unit:
        return []
    unit = {one.id for one in view.competencies if one.number in settings.planning.unit}
    earlier = {one for target in unit for one in rules_graph.ancestors(view.edges, target)} - unit
    return [one.id for one in view.competencies if one.id in earlier]


# --- Rulings --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wish:
    """A ruling as a teacher enters it: for everybody, or for one; about an item or a competency."""

    kind: RulingKind
    person_id: uuid.UUID | None = None
    item_id: uuid.UUID | None = None
    competency_id: uuid.UUID | None = None
    place: int | None = None
    note: str = ""


async def rule(
    session: AsyncSession, course: Course, playlist_id: uuid.UUID, wish: Wish, by: uuid.UUID | None, now: datetime
) -> PathRuling:
    """Decide something about the steps; an earlier ruling of the same about the same for the same ends. Twice is once.

    NotFound for what is not in the course; BadRequest for a pin of a competency and the like. Leaves an audit entry.
    """
    playlist = await found(session, course, playlist_id, lock=True)
    if (wish.item_id is None) == (wish.competency_id is None):
        raise BadRequest("a ruling is about an item or a competency")
    if (wish.kind is RulingKind.PIN and wish.item_id is None) or (
        wish.kind is RulingKind.KNOWN and wish.competency_id is None
    ):
        raise BadRequest("pins are of items, what is known of competencies")
    if wish.person_id is not None:
        await copy_of(session, playlist, wish.person_id)
    book = await personal.book(session, course.organisation_id, course.id, now)
    if wish.item_id is not None:
        items = await queries.items(session, course.organisation_id, course.id, [wish.item_id])
        if wish.item_id not in items:
            raise NotFound("an item that is not in this course")
    elif wish.competency_id not in book.numbers:
        raise NotFound("a competency that is not in this course's map")
    there = await personal_rows.all_rulings(session, course.organisation_id, playlist_id)
    if len(there) >= MOST_RULINGS:
        raise BadRequest("too many rulings")
    for one in there:
        about = (one.kind, one.person_id, one.content_item_id, one.competency_id)
        if about == (wish.kind, wish.person_id, wish.item_id, wish.competency_id):
            if one.place == wish.place:
                return one
            one.ended_at = now
            session.add(one)
    made = _add(
        session,
        playlist,
        wish.kind,
        now,
        by,
        person_id=wish.person_id,
        content_item_id=wish.item_id,
        competency_id=wish.competency_id,
        place=wish.place,
        note=wish.note,
    )
    trace(session, playlist, f"path.{wish.kind}", by, now, person_id=wish.person_id)
    _nudge(session, course)
    await session.flush()
    return made


async def end_ruling(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    ruling_id: uuid.UUID,
    by: uuid.UUID | None,
    now: datetime,
) -> PathRuling:
    """End a ruling; twice is once. NotFound for another playlist's. Leaves an audit entry."""
    playlist = await found(session, course, playlist_id, lock=True)
    one = await personal_rows.ruling(session, course.organisation_id, playlist_id, ruling_id)
    if one is None:
        raise NotFound("no such ruling of this playlist")
    if one.ended_at is None:
        one.ended_at = now
        session.add(one)
        trace(session, playlist, "path.ruling-ended", by, now, person_id=one.person_id)
        _nudge(session, course)
        await session.flush()
    return one


def _add(
    session: AsyncSession, playlist: Playlist, kind: RulingKind, now: datetime, by: uuid.UUID | None, **about: Any
) -> PathRuling:
    made = PathRuling(
        organisation_id=playlist.organisation_id,
        playlist_id=playlist.id,
        kind=kind,
        created_by=by,
        created_at=now,
        **about,
    )
    session.add(made)
    return made


# --- What the tool proposes -----------------------------------------------------------------------------------------------


async def proposals(
    session: AsyncSession, organisation_id: uuid.UUID, playlist_id: uuid.UUID
) -> dict[uuid.UUID, list[PlaylistStep]]:
    """The steps that wait for approval, by student, in their order."""
    statement = (
        select(PersonalPlaylist.person_id, PlaylistStep)
        .where(
            PersonalPlaylist.organisation_id == organisation_id,
            PlaylistStep.organisation_id == organisation_id,
            col(PlaylistStep.personal_playlist_id) == col(PersonalPlaylist.id),
            PersonalPlaylist.playlist_id == playlist_id,
            col(PersonalPlaylist.left_at).is_(None),
            col(PlaylistStep.proposed).is_(True),
            col(PlaylistStep.removed_at).is_(None),
        )
        .order_by(col(PlaylistStep.position), col(PlaylistStep.id))
    )
    by_person: dict[uuid.UUID, list[PlaylistStep]] = {}
    rows = (await session.exec(statement)).all()
    await titles.followed(session, organisation_id, [step for _, step in rows])
    for person_id, step in rows:
        by_person.setdefault(person_id, []).append(step)
    return by_person


async def approve(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    person_ids: Collection[uuid.UUID],
    by: uuid.UUID | None,
    now: datetime,
    *,
    step_ids: Collection[uuid.UUID] | None = None,
) -> int:
    """Let these students see what the tool proposed for them: all of it, or these steps. How many steps; twice is once."""
    playlist = await found(session, course, playlist_id)
    statement = (
        scoped(PlaylistStep, course.organisation_id)
        .join(
            PersonalPlaylist,
            (col(PersonalPlaylist.id) == col(PlaylistStep.personal_playlist_id))
            & (col(PersonalPlaylist.organisation_id) == col(PlaylistStep.organisation_id)),
        )
        .where(
            PersonalPlaylist.playlist_id == playlist_id,
            col(PersonalPlaylist.person_id).in_(sorted(person_ids)),
            col(PlaylistStep.proposed).is_(True),
            col(PlaylistStep.removed_at).is_(None),
        )
    )
    approved = 0
    for step in (await session.exec(statement)).all():
        if step_ids is None or step.id in step_ids:
            step.proposed = False
            session.add(step)
            approved += 1
    if approved:
        trace(session, playlist, "path.approved", by, now)
        await session.flush()
    return approved


async def take_out(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    by: uuid.UUID | None,
    now: datetime,
) -> None:
    """Take a step that the tool chose off one student's path, and have its item not come again there. Twice is once.

    Conflict ``step-is-begun`` for one the student has begun. A conference only leaves; it is proposed again in a week.
    """
    playlist = await found(session, course, playlist_id)
    copy = await copy_of(session, playlist, person_id, lock=True)
    step = await _own_step(session, copy, step_id)
    if step.removed_at is not None:
        return
    if await _is_begun(session, copy, step_id):
        raise Conflict(
            "a begun step was to be taken out",
            code="step-is-begun",
            title=N_("The student has begun this step"),
            advice=N_("What was begun stays on the path. If it should not count, take it back on the student’s page."),
        )
    if step.content_item_id is not None and step.role is not None:
        wish = Wish(RulingKind.BAN, person_id, item_id=step.content_item_id)
        await rule(session, course, playlist_id, wish, by, now)
    step.removed_at = now
    session.add(step)
    await session.flush()


async def shift(
    session: AsyncSession,
    course: Course,
    playlist_id: uuid.UUID,
    person_id: uuid.UUID,
    step_id: uuid.UUID,
    by_places: int,
    by: uuid.UUID | None,
    now: datetime,
) -> None:
    """Move a step among those to come of one student: it is pinned at its new place, and stays there when plans change.

    Conferences have no item to pin and stay where the tool puts them.
    """
    playlist = await found(session, course, playlist_id)
    copy = await copy_of(session, playlist, person_id, lock=True)
    step = await _own_step(session, copy, step_id)
    if step.content_item_id is None or step.removed_at is not None:
        raise BadRequest("only steps with an item can be moved")
    coming = await _to_come(session, copy)
    places = [one.id for one in coming]
    if step.id not in places:
        raise NotFound("the step is not to come")
    place = places.index(step.id)
    wanted = min(max(place + by_places, 0), len(places) - 1)
    if wanted == place:
        return
    await rule(
        session,
        course,
        playlist_id,
        Wish(RulingKind.PIN, person_id, item_id=step.content_item_id, place=wanted),
        by,
        now,
    )


async def _to_come(session: AsyncSession, copy: PersonalPlaylist) -> list[PlaylistStep]:
    """The copy's steps that are planned and not done, in order: places of pins count among them."""
    statement = (
        scoped(PlaylistStep, copy.organisation_id)
        .where(PlaylistStep.personal_playlist_id == copy.id, col(PlaylistStep.removed_at).is_(None))
        .order_by(col(PlaylistStep.position), col(PlaylistStep.id))
    )
    done = (
        await session.exec(
            select(col(PersonalStep.step_id)).where(
                PersonalStep.organisation_id == copy.organisation_id,
                PersonalStep.personal_playlist_id == copy.id,
                PersonalStep.state == StepState.DONE,
            )
        )
    ).all()
    return [step for step in (await session.exec(statement)).all() if step.id not in done and step.role is not None]


async def _own_step(session: AsyncSession, copy: PersonalPlaylist, step_id: uuid.UUID) -> PlaylistStep:
    step = await session.get(PlaylistStep, (copy.organisation_id, step_id))
    if step is None or step.personal_playlist_id != copy.id or step.origin is StepOrigin.TEACHER:
        raise NotFound("no such step of this student's own")
    return step


async def _is_begun(session: AsyncSession, copy: PersonalPlaylist, step_id: uuid.UUID) -> bool:
    statement = scoped(PersonalStep, copy.organisation_id).where(
        PersonalStep.personal_playlist_id == copy.id, PersonalStep.step_id == step_id
    )
    row = (await session.exec(statement)).one_or_none()
    return row is not None and row.state is not StepState.TODO


# --- Shared ---------------------------------------------------------------------------------------------------------------


async def found(session: AsyncSession, course: Course, playlist_id: uuid.UUID, *, lock: bool = False) -> Playlist:
    """An assigned personal playlist of the course. Raises NotFound."""
    playlist = await queries.playlist(session, course.organisation_id, course.id, playlist_id, lock=lock)
    if playlist is None or playlist.kind is not PlaylistKind.PERSONAL or playlist.status is not PlaylistStatus.ASSIGNED:
        raise NotFound("no such personal playlist in this course")
    return playlist


async def copy_of(
    session: AsyncSession, playlist: Playlist, person_id: uuid.UUID, *, lock: bool = False
) -> PersonalPlaylist:
    """A student's copy. Raises NotFound where there is none, or it is no longer theirs."""
    copy = await queries.copy_of(session, playlist.organisation_id, playlist.id, person_id, lock=lock)
    if copy is None or copy.left_at is not None:
        raise NotFound("no copy for this person")
    return copy


async def _for_change(
    session: AsyncSession, course: Course, playlist_id: uuid.UUID, revision: int, now: datetime
) -> Playlist:
    playlist = await found(session, course, playlist_id, lock=True)
    if playlist.revision != revision:
        raise Conflict(
            f"made on revision {revision}, now {playlist.revision}",
            code="playlist-changed",
            title=N_("This playlist has changed since you opened it"),
            advice=N_("Here it is as it stands now. If your change is not in it, make it once more."),
        )
    playlist.revision += 1
    playlist.changed_at = now
    return playlist


def _nudge(session: AsyncSession, course: Course) -> None:
    nudge_after_commit(session, PLAN, versions.course_key(course.organisation_id, course.id))


def trace(
    session: AsyncSession,
    playlist: Playlist,
    action: str,
    by: uuid.UUID | None,
    now: datetime,
    *,
    person_id: uuid.UUID | None = None,
) -> None:
    """Leave an entry in the audit log."""
    audit.record(
        session,
        now,
        action,
        organisation_id=playlist.organisation_id,
        actor=str(by) if by else None,
        subject=f"playlist:{playlist.id}" if person_id is None else f"person:{person_id}",
        detail=f"playlist {playlist.id}",
    )
