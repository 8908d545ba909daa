"""The SQL that personal playlists are planned with: what a course holds, what is known of its learners, what is written.

Statements that run for every student are compiled once (``Fixed``) and take any number of students.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Table, and_, bindparam, func, literal, or_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks.models import Check, CheckQuestion, Selection
from lti_tool.checks.selecting import LEAST_FOR_ADAPTIVE
from lti_tool.competencies.models import Alignment, CourseMap, Framework, MapCompetency
from lti_tool.content.models import ContentItem, ItemKind, ItemTrait
from lti_tool.content.rules import CHECK_SOURCE, FILE_SOURCES
from lti_tool.courses.models import Course
from lti_tool.db.base import crossing, scoped
from lti_tool.db.fixed import Fixed, together
from lti_tool.db.listed import ids, within
from lti_tool.db.organisation import Organisation
from lti_tool.learners.models import LearnerProfile, LearnerSupport
from lti_tool.mastery.models import Evidence, EvidenceSource, LearnerMastery, LearnerModification, PredictionVersion
from lti_tool.playlists import planned_queries
from lti_tool.playlists.models import (
    Need,
    PersonalPlaylist,
    PersonalStep,
    Playlist,
    PlaylistKind,
    PlaylistStatus,
    PlaylistStep,
    StepState,
)
from lti_tool.playlists.path_models import CourseCalendar, PathRuling, SchoolCalendar
from lti_tool.playlists.planned_queries import OwnStep


def _table(model: Any) -> Table:
    found: Table = model.__table__
    return found


_map, _framework, _course = _table(CourseMap), _table(Framework), _table(Course)
_organisation = _table(Organisation)
_school_calendar, _course_calendar = _table(SchoolCalendar), _table(CourseCalendar)
_alignment, _place = _table(Alignment), _table(MapCompetency)
_item, _trait = _table(ContentItem), _table(ItemTrait)
_check, _asks = _table(Check), _table(CheckQuestion)
_learner, _version, _evidence = _table(LearnerMastery), _table(PredictionVersion), _table(Evidence)
_profile, _support, _modification = _table(LearnerProfile), _table(LearnerSupport), _table(LearnerModification)
_playlist, _copy = _table(Playlist), _table(PersonalPlaylist)
_step, _row, _ruling = _table(PlaylistStep), _table(PersonalStep), _table(PathRuling)

_ORGANISATION: Any = bindparam("organisation")
_COURSE: Any = bindparam("course")
_NOW: Any = bindparam("now")


def _in_course(table: Table) -> Any:
    return (table.c.organisation_id == _ORGANISATION) & (table.c.course_id == _COURSE)


def _joins(child: Table, column: str, parent: Table) -> Any:
    return (child.c.organisation_id == parent.c.organisation_id) & (child.c[column] == parent.c.id)


def _latest(column: Any, *conditions: Any) -> Any:
    return select(func.max(column)).where(*conditions).scalar_subquery()


# --- The course ---------------------------------------------------------------------------------------------------------


class CourseTimes(NamedTuple):
    """When what a course's paths are made of last changed; None where there is nothing of the kind."""

    map: datetime | None
    revision: int | None
    frameworks: datetime | None
    content: datetime | None
    templates: datetime | None
    zone: str | None = None
    """Where the school's day begins; another zone is another plan."""
    school_days: datetime | None = None
    course_days: datetime | None = None
    checks: datetime | None = None
    opened: datetime | None = None
    """When the platform last let students into an item that was closed."""
    closed: datetime | None = None
    """When it last closed one."""


_COURSE_TIMES = Fixed(
    select(
        _latest(_map.c.changed_at, _in_course(_map)),
        _latest(_map.c.revision, _in_course(_map)),
        _latest(
            _framework.c.changed_at,
            _framework.c.organisation_id == _ORGANISATION,
            or_(_framework.c.course_id.is_(None), _framework.c.course_id == _COURSE),
        ),
        _latest(_course.c.content_changed_at, _course.c.organisation_id == _ORGANISATION, _course.c.id == _COURSE),
        _latest(
            _playlist.c.changed_at,
            _in_course(_playlist),
            _playlist.c.kind == literal(PlaylistKind.TEMPLATE, _playlist.c.kind.type),
            _playlist.c.status != literal(PlaylistStatus.DRAFT, _playlist.c.status.type),
        ),
        select(_organisation.c.time_zone).where(_organisation.c.id == _ORGANISATION).scalar_subquery(),
        _latest(_school_calendar.c.changed_at, _school_calendar.c.organisation_id == _ORGANISATION),
        _latest(_course_calendar.c.changed_at, _in_course(_course_calendar)),
        _latest(_check.c.changed_at, _in_course(_check)),
        _latest(_item.c.opens_at, _in_course(_item), _item.c.opens_at <= _NOW),
        _latest(_item.c.closes_at, _in_course(_item), _item.c.closes_at <= _NOW),
    )
)


async def course_times(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, now: datetime
) -> CourseTimes:
    """When the course's map, frameworks, content (with traits), templates and checks last changed, when an item last opened or
    closed, and the school's time zone, in one statement.
    """
    [row] = await _COURSE_TIMES.run(session, {"organisation": organisation_id, "course": course_id, "now": now})
    return CourseTimes(*row)


class AlignedRow(NamedTuple):
    """What an item is to a competency of the map, by its number."""

    item_id: uuid.UUID
    number: int
    role: str
    mixed: bool
    passing_percent: float


async def aligned(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[AlignedRow]:
    """All alignments to competencies that are in the course's map, by item and place in the map."""
    statement: Any = (
        select(
            _alignment.c.content_item_id,
            _place.c.number,
            _alignment.c.role,
            _alignment.c.mixed,
            _alignment.c.passing_percent,
        )
        .join(
            _place,
            and_(
                _place.c.organisation_id == _alignment.c.organisation_id,
                _place.c.course_id == _alignment.c.course_id,
                _place.c.competency_id == _alignment.c.competency_id,
            ),
        )
        .where(
            _alignment.c.organisation_id == organisation_id,
            _alignment.c.course_id == course_id,
            _place.c.removed_at.is_(None),
        )
        .order_by(_alignment.c.content_item_id, _place.c.position, _place.c.number)
    )
    return [AlignedRow(*row) for row in (await session.exec(statement)).all()]


class ItemRow(NamedTuple):
    """An item of the course with what the teachers say about it."""

    id: uuid.UUID
    position: int
    title: str
    kind: str
    scored: bool
    minutes: int | None
    topics: Sequence[str] | None
    variant_of_id: uuid.UUID | None
    serves: Sequence[str] | None
    language: str | None
    adapts: bool = False


def _adapts() -> Any:
    """Whether an item is a check that chooses its questions by the answers so far, as ``checks.selecting.is_adaptive`` has it."""
    questions = (
        select(func.count())
        .select_from(_asks)
        .where(_asks.c.organisation_id == _check.c.organisation_id, _asks.c.check_id == _check.c.id)
        .scalar_subquery()
    )
    return (
        select(_check.c.id)
        .where(
            _check.c.organisation_id == _item.c.organisation_id,
            _check.c.content_item_id == _item.c.id,
            _check.c.selection == Selection.ADAPTIVE,
            questions >= LEAST_FOR_ADAPTIVE,
        )
        .exists()
    )


async def items(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, now: datetime
) -> list[ItemRow]:
    """The items of a course that students can open, or find in it, in its order, with their traits. What the platform has closed
    to everybody is not among them.
    """
    statement: Any = (
        select(
            _item.c.id,
            _item.c.position,
            _item.c.title,
            _item.c.kind,
            # As content.rules.gives_results has it.
            or_(_item.c.result_key.is_not(None), _item.c.external_id.startswith(CHECK_SOURCE, autoescape=True)),
            _trait.c.minutes,
            _trait.c.topics,
            _trait.c.variant_of_id,
            _trait.c.serves,
            _trait.c.language,
            _adapts(),
        )
        .outerjoin(
            _trait,
            and_(_trait.c.organisation_id == _item.c.organisation_id, _trait.c.content_item_id == _item.c.id),
        )
        .where(
            _item.c.organisation_id == organisation_id,
            _item.c.course_id == course_id,
            _item.c.deleted_at.is_(None),
            _item.c.published.is_(True),
            # As content.rules.is_closed has it.
            or_(_item.c.opens_at.is_(None), _item.c.opens_at <= now),
            or_(_item.c.closes_at.is_(None), _item.c.closes_at > now),
            # As content.rules.can_be_done has it.
            _item.c.kind != ItemKind.HEADING,
            or_(
                _item.c.url.is_not(None),
                *(_item.c.external_id.startswith(source, autoescape=True) for source in FILE_SOURCES),
            ),
        )
        .order_by(_item.c.position, _item.c.id)
    )
    return [ItemRow(*row) for row in (await session.exec(statement)).all()]


class ClosedRow(NamedTuple):
    """An item that is aligned to something and that no student gets into now; without dates it is not published."""

    id: uuid.UUID
    title: str
    opens_at: datetime | None
    closes_at: datetime | None


async def closed_items(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, now: datetime
) -> list[ClosedRow]:
    """The items of a course's map that are closed to everybody in the platform now, in the course's order."""
    aligned = (
        select(_alignment.c.id)
        .where(
            _alignment.c.organisation_id == _item.c.organisation_id,
            _alignment.c.content_item_id == _item.c.id,
        )
        .exists()
    )
    statement: Any = (
        select(_item.c.id, _item.c.title, _item.c.opens_at, _item.c.closes_at)
        .where(
            _item.c.organisation_id == organisation_id,
            _item.c.course_id == course_id,
            _item.c.deleted_at.is_(None),
            or_(_item.c.published.is_(False), _item.c.opens_at > now, _item.c.closes_at <= now),
            aligned,
        )
        .order_by(_item.c.position, _item.c.id)
    )
    return [ClosedRow(*row) for row in (await session.exec(statement)).all()]


class DatedRow(NamedTuple):
    """A must-do with a date of an assigned template."""

    playlist_id: uuid.UUID
    step_id: uuid.UUID
    item_id: uuid.UUID
    due_at: datetime


async def dated(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[DatedRow]:
    """The must-dos with a date of the course's assigned templates that lead to an item; the playlist's date where the step has
    none of its own.
    """
    due = func.coalesce(_step.c.due_at, _playlist.c.due_at)
    statement: Any = (
        select(_step.c.playlist_id, _step.c.id, _step.c.content_item_id, due)
        .join(_playlist, _joins(_step, "playlist_id", _playlist))
        .where(
            _playlist.c.organisation_id == organisation_id,
            _playlist.c.course_id == course_id,
            _playlist.c.kind == PlaylistKind.TEMPLATE,
            _playlist.c.status == PlaylistStatus.ASSIGNED,
            _step.c.organisation_id == organisation_id,
            _step.c.personal_playlist_id.is_(None),
            _step.c.removed_at.is_(None),
            _step.c.need == Need.MUST,
            _step.c.content_item_id.is_not(None),
            due.is_not(None),
        )
        .order_by(due, _step.c.position, _step.c.id)
    )
    return [DatedRow(*row) for row in (await session.exec(statement)).all()]


async def newest_version(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> uuid.UUID | None:
    """The version of difficulties that a learner of the course begins with; None before the first."""
    statement: Any = (
        select(_version.c.id)
        .where(
            _version.c.organisation_id == organisation_id,
            _version.c.course_id == course_id,
            _version.c.retired_at.is_(None),
        )
        .order_by(_version.c.number.desc())
        .limit(1)
    )
    row = (await session.exec(statement)).first()
    return None if row is None else row[0]


async def people_since(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, since: datetime
) -> list[uuid.UUID]:
    """The learners of a course of whom something else is known than at a moment, by id."""
    statement: Any = (
        select(_learner.c.person_id)
        .where(
            _learner.c.organisation_id == organisation_id,
            _learner.c.course_id == course_id,
            _learner.c.changed_at >= since,
        )
        .order_by(_learner.c.person_id)
    )
    return [row[0] for row in (await session.exec(statement)).all()]


async def courses_to_look_at(session: AsyncSession, since: datetime) -> list[tuple[uuid.UUID, uuid.UUID]]:
    """Organisation and course, of all schools, in which the tool chooses somebody's steps, or evidence came since a moment."""
    personal: Any = select(_playlist.c.organisation_id, _playlist.c.course_id).where(
        _playlist.c.kind == PlaylistKind.PERSONAL, _playlist.c.status == PlaylistStatus.ASSIGNED
    )
    fresh: Any = select(_learner.c.organisation_id, _learner.c.course_id).where(_learner.c.changed_at >= since)
    statement = personal.union(fresh).execution_options(
        **crossing("the sweep looks at every school's courses, each is then looked at by itself")
    )
    return [(row[0], row[1]) for row in (await session.exec(statement)).all()]


# --- Copies -------------------------------------------------------------------------------------------------------------


class CopyRow(NamedTuple):
    """A student's copy of an assigned personal playlist, and when what is known of the student last changed."""

    id: uuid.UUID
    person_id: uuid.UUID
    playlist_id: uuid.UUID
    planned: Mapping[str, Any] | None
    planned_at: datetime | None
    moved_at: datetime | None
    settings: Mapping[str, Any]
    playlist_changed_at: datetime
    revision: int
    mastery: datetime | None
    profile: datetime | None
    supports: datetime | None
    modifications: datetime | None
    rulings: datetime | None
    decided: int
    """How many rulings there are or were, the ended ones counted twice: another number with each change."""
    moved: datetime | None


_other, _others = _copy.alias("other_copy"), _playlist.alias("other_playlist")


def _changes_of(table: Table) -> Any:
    """When rows that are ended and never deleted last came or ended, for the copy's person."""
    return _latest(
        func.coalesce(table.c.ended_at, table.c.created_at),
        table.c.organisation_id == _copy.c.organisation_id,
        table.c.course_id == _playlist.c.course_id,
        table.c.person_id == _copy.c.person_id,
    )


def _of_person(table: Table) -> Any:
    return (
        select(table.c.changed_at)
        .where(
            table.c.organisation_id == _copy.c.organisation_id,
            table.c.course_id == _playlist.c.course_id,
            table.c.person_id == _copy.c.person_id,
        )
        .scalar_subquery()
    )


_RULED = (
    _ruling.c.organisation_id == _copy.c.organisation_id,
    _ruling.c.playlist_id == _copy.c.playlist_id,
    or_(_ruling.c.person_id == _copy.c.person_id, _ruling.c.person_id.is_(None)),
)

_COPIES_STATEMENT: Any = (
    select(
        _copy.c.id,
        _copy.c.person_id,
        _copy.c.playlist_id,
        _copy.c.planned,
        _copy.c.planned_at,
        _copy.c.moved_at,
        _playlist.c.settings,
        _playlist.c.changed_at,
        _playlist.c.revision,
        _of_person(_learner),
        _of_person(_profile),
        _changes_of(_support),
        _changes_of(_modification),
        _latest(func.coalesce(_ruling.c.ended_at, _ruling.c.created_at), *_RULED),
        select(func.count(_ruling.c.id) + func.count(_ruling.c.ended_at)).where(*_RULED).scalar_subquery(),
        _latest(
            _other.c.moved_at,
            _other.c.organisation_id == _copy.c.organisation_id,
            _other.c.person_id == _copy.c.person_id,
            _others.c.organisation_id == _other.c.organisation_id,
            _others.c.id == _other.c.playlist_id,
            _others.c.course_id == _playlist.c.course_id,
        ),
    )
    .join(_playlist, _joins(_copy, "playlist_id", _playlist))
    .where(
        _playlist.c.organisation_id == _ORGANISATION,
        _playlist.c.course_id == _COURSE,
        _playlist.c.kind == literal(PlaylistKind.PERSONAL, _playlist.c.kind.type),
        _playlist.c.status == literal(PlaylistStatus.ASSIGNED, _playlist.c.status.type),
        _copy.c.organisation_id == _ORGANISATION,
        _copy.c.left_at.is_(None),
    )
    .order_by(_copy.c.id)
)
_COPIES = Fixed(_COPIES_STATEMENT)
_COPIES_OF = Fixed(_COPIES_STATEMENT.where(within(_copy.c.person_id, ids("people"))))


async def copies(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_ids: Collection[uuid.UUID] | None = None,
) -> list[CopyRow]:
    """The copies of a course's assigned personal playlists, of these people (None: of all), by id."""
    asked: dict[str, Any] = {"organisation": organisation_id, "course": course_id}
    if person_ids is None:
        return [CopyRow(*row) for row in await _COPIES.run(session, asked)]
    return [CopyRow(*row) for row in await _COPIES_OF.run(session, {**asked, "people": sorted(set(person_ids))})]


async def copies_and_times(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_ids: Collection[uuid.UUID] | None,
    now: datetime,
) -> tuple[list[CopyRow], CourseTimes]:
    """``copies`` and ``course_times``, asked at once."""
    asked: dict[str, Any] = {"organisation": organisation_id, "course": course_id, "now": now}
    people = [] if person_ids is None else sorted(set(person_ids))
    statement = _COPIES if person_ids is None else _COPIES_OF
    rows, [times] = await together(session, [(statement, {**asked, "people": people}), (_COURSE_TIMES, asked)])
    return [CopyRow(*row) for row in rows], CourseTimes(*times)


# --- Learners -----------------------------------------------------------------------------------------------------------


class KnownRow(NamedTuple):
    """What is known of a learner: levels in brief, and the predictions' state with its version of difficulties."""

    person_id: uuid.UUID
    standings: Mapping[str, Sequence[Any]]
    predicting: Mapping[str, Any]
    version_id: uuid.UUID | None
    retired_at: datetime | None


_KNOWN = Fixed(
    select(
        _learner.c.person_id,
        _learner.c.standings,
        _learner.c.predicting,
        _learner.c.version_id,
        _version.c.retired_at,
    )
    .outerjoin(
        _version,
        and_(_version.c.organisation_id == _learner.c.organisation_id, _version.c.id == _learner.c.version_id),
    )
    .where(_in_course(_learner), within(_learner.c.person_id, ids("people")))
)


class ProfileRow(NamedTuple):
    """What a learner chose."""

    person_id: uuid.UUID
    goal_competency_id: uuid.UUID | None
    interests: Sequence[str]
    weekly_minutes: int | None


_PROFILES = Fixed(
    select(_profile.c.person_id, _profile.c.goal_competency_id, _profile.c.interests, _profile.c.weekly_minutes).where(
        _in_course(_profile), within(_profile.c.person_id, ids("people"))
    )
)


class RulingRow(NamedTuple):
    """A teacher's decision that holds."""

    playlist_id: uuid.UUID
    person_id: uuid.UUID | None
    kind: str
    content_item_id: uuid.UUID | None
    competency_id: uuid.UUID | None
    place: int | None


_RULINGS = Fixed(
    select(
        _ruling.c.playlist_id,
        _ruling.c.person_id,
        _ruling.c.kind,
        _ruling.c.content_item_id,
        _ruling.c.competency_id,
        _ruling.c.place,
    )
    .where(
        _ruling.c.organisation_id == _ORGANISATION,
        within(_ruling.c.playlist_id, ids("playlists")),
        or_(_ruling.c.person_id.is_(None), within(_ruling.c.person_id, ids("people"))),
        _ruling.c.ended_at.is_(None),
    )
    .order_by(_ruling.c.created_at, _ruling.c.id)
)


class WorkRow(NamedTuple):
    """Where a student stands with a step that leads to an item, on whatever playlist of the course."""

    person_id: uuid.UUID
    step_id: uuid.UUID
    item_id: uuid.UUID | None
    state: StepState
    opened_at: datetime | None
    done_at: datetime | None
    skipped_at: datetime | None
    left_out_at: datetime | None = None


_WORK = Fixed(
    select(
        _copy.c.person_id,
        _row.c.step_id,
        _step.c.content_item_id,
        _row.c.state,
        _row.c.opened_at,
        _row.c.done_at,
        _row.c.skipped_at,
        _row.c.left_out_at,
    )
    .join(_copy, _joins(_row, "personal_playlist_id", _copy))
    .join(_playlist, _joins(_copy, "playlist_id", _playlist))
    .join(_step, _joins(_row, "step_id", _step))
    .where(
        _in_course(_playlist),
        _row.c.organisation_id == _ORGANISATION,
        _step.c.organisation_id == _ORGANISATION,
        _copy.c.organisation_id == _ORGANISATION,
        within(_copy.c.person_id, ids("people")),
    )
    .order_by(_row.c.opened_at, _row.c.id)
)


class AnswerRow(NamedTuple):
    """A piece of evidence that an item gave, with points."""

    person_id: uuid.UUID
    item_id: uuid.UUID
    presentation: str
    observed_at: datetime
    earned: Decimal
    possible: Decimal
    passing_percent: float | None


_ANSWERS = Fixed(
    select(
        _evidence.c.person_id,
        _evidence.c.content_item_id,
        _evidence.c.presentation,
        _evidence.c.observed_at,
        _evidence.c.earned,
        _evidence.c.possible,
        _evidence.c.passing_percent,
    )
    .where(
        _in_course(_evidence),
        within(_evidence.c.person_id, ids("people")),
        _evidence.c.content_item_id.is_not(None),
        _evidence.c.possible.is_not(None),
        _evidence.c.source != literal(EvidenceSource.SELF, _evidence.c.source.type),
        _evidence.c.voided_at.is_(None),
    )
    .order_by(_evidence.c.observed_at, _evidence.c.presentation)
)

_HAVE = Fixed(
    select(_copy.c.person_id, _copy.c.playlist_id).where(
        _copy.c.organisation_id == _ORGANISATION,
        within(_copy.c.playlist_id, ids("playlists")),
        within(_copy.c.person_id, ids("people")),
        _copy.c.left_at.is_(None),
    )
)


class Asked(NamedTuple):
    """Which people of which course."""

    organisation_id: uuid.UUID
    course_id: uuid.UUID
    people: Sequence[uuid.UUID]

    def values(self, **more: Any) -> dict[str, Any]:
        """As statements take them."""
        return {"organisation": self.organisation_id, "course": self.course_id, "people": self.people, **more}


class Learned(NamedTuple):
    """What is known of some learners, what they did, what it came to, and what stands on their paths; see ``learned``."""

    known: Mapping[uuid.UUID, KnownRow]
    work: Sequence[WorkRow]
    answers: Sequence[AnswerRow]
    own: Mapping[uuid.UUID, Sequence[OwnStep]]


async def learned(session: AsyncSession, asked: Asked, copy_ids: Collection[uuid.UUID]) -> Learned:
    """What is known of these learners (who has no evidence yet is absent); what they did on all playlists of the course, those
    that were taken away included; what their work on its items came to, in the order in which it happened; and by copy the own
    steps that are on the path, in order.
    """
    values = asked.values(copies=sorted(copy_ids))
    statements = (_KNOWN, _WORK, _ANSWERS, planned_queries.OWN)
    known, work, answers, own = await together(session, [(one, values) for one in statements])
    return Learned(
        own=planned_queries.by_copy(copy_ids, own),
        known={row[0]: KnownRow(*row) for row in known},
        work=[WorkRow(*row) for row in work],
        answers=[AnswerRow(*row) for row in answers],
    )


async def profiles(session: AsyncSession, asked: Asked) -> dict[uuid.UUID, ProfileRow]:
    """What these learners chose."""
    return {row[0]: ProfileRow(*row) for row in await _PROFILES.run(session, asked.values())}


async def rulings(session: AsyncSession, asked: Asked, playlist_ids: Collection[uuid.UUID]) -> list[RulingRow]:
    """The rulings of these playlists that hold, for all or for these people, the oldest first."""
    return [RulingRow(*row) for row in await _RULINGS.run(session, asked.values(playlists=sorted(playlist_ids)))]


async def have(
    session: AsyncSession, asked: Asked, playlist_ids: Collection[uuid.UUID]
) -> set[tuple[uuid.UUID, uuid.UUID]]:
    """Which of these people have which of these playlists: ``(person, playlist)``."""
    return {(row[0], row[1]) for row in await _HAVE.run(session, asked.values(playlists=sorted(playlist_ids)))}


# --- Rulings ------------------------------------------------------------------------------------------------------------


async def all_rulings(session: AsyncSession, organisation_id: uuid.UUID, playlist_id: uuid.UUID) -> list[PathRuling]:
    """The rulings of a playlist that hold, the newest first."""
    statement = (
        scoped(PathRuling, organisation_id)
        .where(PathRuling.playlist_id == playlist_id, col(PathRuling.ended_at).is_(None))
        .order_by(col(PathRuling.created_at).desc(), col(PathRuling.id).desc())
    )
    return list((await session.exec(statement)).all())


async def ruling(
    session: AsyncSession, organisation_id: uuid.UUID, playlist_id: uuid.UUID, ruling_id: uuid.UUID
) -> PathRuling | None:
    """One ruling of a playlist, whether it still holds or not."""
    statement = scoped(PathRuling, organisation_id).where(
        PathRuling.playlist_id == playlist_id, PathRuling.id == ruling_id
    )
    return (await session.exec(statement)).one_or_none()
