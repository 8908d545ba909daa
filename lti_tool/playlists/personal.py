"""What paths are planned from: a course compiled once for all its learners, and what is known of each of them now.

A compiled course (``Book``) is kept in the process for as long as nothing it is made of has changed, which one statement tells
(``personal_queries.course_times``). Nothing in it names a learner.
"""

import uuid
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import day_in, midnight, zone_named
from lti_tool.competencies import maps
from lti_tool.competencies.map_views import CourseMapView, MapCompetencyView
from lti_tool.competencies.models import AlignmentRole
from lti_tool.content.models import ItemKind
from lti_tool.learners import profile, supports
from lti_tool.learners import queries as learner_queries
from lti_tool.learners.rules import Supports
from lti_tool.mastery import prediction, versions
from lti_tool.mastery.rules import Standing
from lti_tool.playlists import monitor_queries
from lti_tool.playlists import personal_queries as queries
from lti_tool.playlists.models import StepOrigin, StepRole, StepState
from lti_tool.playlists.monitor_rules import USUAL, Calendar
from lti_tool.playlists.path_models import RulingKind
from lti_tool.playlists.personal_queries import (
    AnswerRow,
    Asked,
    CopyRow,
    CourseTimes,
    DatedRow,
    KnownRow,
    ProfileRow,
    RulingRow,
    WorkRow,
)
from lti_tool.playlists.planned_queries import OwnStep
from lti_tool.playlists.planning import base
from lti_tool.playlists.planning.course import Course as CompiledCourse
from lti_tool.playlists.planning.course import compile_course
from lti_tool.playlists.planning.settings import PathSettings, agreed

MOST_BOOKS = 64
"""Courses that a process keeps compiled, the latest used."""

MOST_VERSIONS = 32
"""Versions of difficulties that a process keeps, the latest used."""

USUAL_PASSING_PERCENT = 80.0

_STANDINGS = tuple(Standing)
_EPOCH = date(1970, 1, 1)
_DOES = {
    AlignmentRole.TEACHES: base.Does.TEACHES,
    AlignmentRole.PRACTISES: base.Does.PRACTISES,
    AlignmentRole.ASSESSES: base.Does.ASSESSES,
}


_terms: OrderedDict[uuid.UUID, tuple[Mapping[str, Any], PathSettings]] = OrderedDict()


def terms(copy: CopyRow) -> PathSettings:
    """What is agreed for a copy's playlist, which all of a class have: read once for as long as it says the same."""
    before = _terms.get(copy.playlist_id)
    if before is not None and before[0] == copy.settings:
        return before[1]
    found = agreed(copy.settings)
    _terms[copy.playlist_id] = (copy.settings, found)
    if len(_terms) > MOST_BOOKS:
        _terms.popitem(last=False)
    return found


# --- The course ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Book:
    """A course as paths are planned from it, with what turns the map's numbers into ids and back."""

    times: CourseTimes
    course: CompiledCourse
    competencies: Mapping[int, MapCompetencyView]
    """By number, in the map's order."""
    items: Mapping[uuid.UUID, base.Item]
    """All items that can be planned, and the other forms of them."""
    passing: Mapping[tuple[uuid.UUID, int], float]
    """The passing mark of an item for a competency, 0 to 100."""
    dated: tuple[DatedRow, ...]
    view: CourseMapView | None
    numbers: Mapping[uuid.UUID, int] = field(default_factory=dict)
    """The map's number of each competency."""
    calendar: Calendar = USUAL
    """On which days there is school."""

    @cached_property
    def zone(self) -> tzinfo:
        """Where the school's day begins."""
        return zone_named(self.times.zone)

    def competency_id(self, number: int | None) -> uuid.UUID | None:
        """The id of a competency of the map; None for none."""
        found = None if number is None else self.competencies.get(number)
        return None if found is None else found.id

    def whole(self, item_id: uuid.UUID) -> uuid.UUID:
        """The item that an item is another form of; itself where it is none."""
        item = self.items.get(item_id)
        if item is None or item.variant_of is None or item.variant_of not in self.items:
            return item_id
        return item.variant_of

    def items_of(self, number: int) -> list[base.Item]:
        """The items that are for a competency, in the course's order; other forms are left out."""
        return [
            item
            for item in self.items.values()
            if self.whole(item.id) == item.id and any(aim.competency == number for aim in item.aims)
        ]


_books: OrderedDict[tuple[uuid.UUID, uuid.UUID], Book] = OrderedDict()


async def book(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    now: datetime,
    times: CourseTimes | None = None,
) -> Book:
    """The course as it stands now; compiled anew only if something it is made of has changed. ``times``: read just before."""
    times = times or await queries.course_times(session, organisation_id, course_id, now)
    key = (organisation_id, course_id)
    found = _books.get(key)
    if found is None or found.times != times:
        found = await _compiled(session, organisation_id, course_id, now, times)
        _books[key] = found
        if len(_books) > MOST_BOOKS:
            _books.popitem(last=False)
    _books.move_to_end(key)
    return found


async def _compiled(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, now: datetime, times: CourseTimes
) -> Book:
    view = await maps.the_map(session, organisation_id, course_id)
    competencies = {} if view is None else {one.number: one for one in view.competencies}
    numbers = {one.id: one.number for one in competencies.values()}
    aims: dict[uuid.UUID, list[base.Aim]] = {}
    passing: dict[tuple[uuid.UUID, int], float] = {}
    for row in await queries.aligned(session, organisation_id, course_id):
        aims.setdefault(row.item_id, []).append(base.Aim(row.number, _DOES[AlignmentRole(row.role)], row.mixed))
        passing[row.item_id, row.number] = row.passing_percent
    rows = await queries.items(session, organisation_id, course_id, now)
    items = {
        row.id: base.Item(
            id=row.id,
            position=row.position,
            title=row.title,
            kind=ItemKind(row.kind).value,
            aims=tuple(aims.get(row.id, ())),
            minutes=row.minutes,
            topics=frozenset(row.topics or ()),
            variant_of=row.variant_of_id,
            serves=frozenset(row.serves or ()),
            language=row.language or "",
            scored=bool(row.scored),
            adapts=bool(row.adapts),
        )
        for row in rows
        if row.id in aims or row.variant_of_id is not None
    }
    nodes = [base.Competency(one.number, place, one.name) for place, one in enumerate(competencies.values())]
    edges = [] if view is None else [(numbers[before], numbers[after]) for before, after in view.edges]
    return Book(
        times=times,
        course=compile_course(nodes, edges, items.values()),
        competencies=competencies,
        items=items,
        passing=passing,
        dated=tuple(await queries.dated(session, organisation_id, course_id)),
        view=view,
        numbers=numbers,
        calendar=await monitor_queries.calendar(session, organisation_id, course_id),
    )


# --- Predictions --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difficulties:
    """A version's difficulties, and the questions among its items by the item they belong to (see ``Piece.task``)."""

    shared: dict[str, Any]
    questions: Mapping[str, Sequence[str]]


_difficulties: OrderedDict[uuid.UUID, Difficulties] = OrderedDict()


async def _shared(session: AsyncSession, organisation_id: uuid.UUID, version_id: uuid.UUID | None) -> Difficulties:
    """A version's difficulties. They stand still, so that what was read once needs no second reading."""
    if version_id is None:
        return by_item(await versions.whole(session, organisation_id, None))
    found = _difficulties.get(version_id)
    if found is None:
        found = _difficulties[version_id] = by_item(await versions.whole(session, organisation_id, version_id))
        if len(_difficulties) > MOST_VERSIONS:
            _difficulties.popitem(last=False)
    _difficulties.move_to_end(version_id)
    return found


def by_item(shared: dict[str, Any]) -> Difficulties:
    """Difficulties with the questions of each item found among them, in an order that is always the same."""
    questions: dict[str, list[str]] = {}
    for task in sorted(shared.get("items", ())):
        item, colon, _ = task.partition(":")
        if colon:
            questions.setdefault(item, []).append(task)
    return Difficulties(shared, questions)


Predict = Callable[[int, uuid.UUID | None], float]


def predicting(
    learned: Difficulties, known_of: Mapping[str, Any], competencies: Mapping[int, MapCompetencyView], at: float
) -> Predict:
    """The chance of success of one learner, as ``base.Learner.predict`` has it.

    With an item that has questions it is the mean over those that somebody has answered: the share that can be expected.
    """
    shared = learned.shared
    model = prediction.MODELS.get(str(shared.get("model")), prediction.MODELS[prediction.DEFAULT])()
    state = known_of.get("state") or model.new_learner()

    def predict(number: int, item_id: uuid.UUID | None) -> float:
        competency = competencies[number].id.hex
        if item_id is None:
            return model.predict(shared, state, competency, None, at)
        tasks = learned.questions.get(item_id.hex) or (item_id.hex,)
        return sum(model.predict(shared, state, competency, task, at) for task in tasks) / len(tasks)

    return predict


# --- Learners -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Known:
    """What is known of some learners of a course; each part by person, and absent where there is nothing."""

    asked: Asked
    mastery: Mapping[uuid.UUID, KnownRow]
    shared: Mapping[uuid.UUID | None, Difficulties]
    """Difficulties by version; None: of who has no evidence yet."""
    profiles: Mapping[uuid.UUID, ProfileRow]
    supports: Mapping[uuid.UUID, Supports]
    instead: Mapping[uuid.UUID, Mapping[uuid.UUID, uuid.UUID | None]]
    passing: Mapping[uuid.UUID, Mapping[uuid.UUID, float]]
    """Passing marks of their own (modifications), by person and competency, 0 to 100."""
    rulings: Sequence[RulingRow]
    work: Mapping[uuid.UUID, Sequence[WorkRow]]
    answers: Mapping[uuid.UUID, Sequence[AnswerRow]]
    have: Collection[tuple[uuid.UUID, uuid.UUID]]
    own: Mapping[uuid.UUID, Sequence[OwnStep]]
    """The own steps of each copy that are on the path, in order."""


async def known(session: AsyncSession, book_: Book, asked: Asked, copies: Sequence[CopyRow]) -> Known:
    """Everything that planning these copies needs to know; what no copy's times speak of is not looked for."""
    organisation_id, course_id = asked.organisation_id, asked.course_id
    learned = await queries.learned(session, asked, [copy.id for copy in copies])
    mastery = learned.known
    shared: dict[uuid.UUID | None, Difficulties] = {}
    for row in mastery.values():
        version_id = None if row.retired_at is not None else row.version_id
        if row.version_id not in shared:
            shared[row.version_id] = await _shared(session, organisation_id, version_id)
    if len(mastery) < len(asked.people):
        newest = await queries.newest_version(session, organisation_id, course_id)
        shared[None] = await _shared(session, organisation_id, newest)
    with_supports = [copy.person_id for copy in copies if copy.supports is not None]
    modified = [copy.person_id for copy in copies if copy.modifications is not None]
    work: dict[uuid.UUID, list[WorkRow]] = {}
    for done in learned.work:
        work.setdefault(done.person_id, []).append(done)
    answers: dict[uuid.UUID, list[AnswerRow]] = {}
    for answer in learned.answers:
        answers.setdefault(answer.person_id, []).append(answer)
    passing: dict[uuid.UUID, dict[uuid.UUID, float]] = {}
    if modified:
        for one in await learner_queries.modifications(session, organisation_id, course_id, modified):
            if one.passing_percent is not None:
                passing.setdefault(one.person_id, {})[one.competency_id] = one.passing_percent
    return Known(
        asked=asked,
        mastery=mastery,
        shared=shared,
        profiles=await queries.profiles(session, asked) if any(copy.profile for copy in copies) else {},
        supports=await supports.for_people(session, organisation_id, course_id, with_supports) if with_supports else {},
        instead=await supports.instead(session, organisation_id, course_id, modified) if modified else {},
        passing=passing,
        rulings=await queries.rulings(session, asked, {copy.playlist_id for copy in copies if copy.rulings})
        if any(copy.rulings for copy in copies)
        else (),
        work=work,
        answers=answers,
        have=await queries.have(session, asked, {row.playlist_id for row in book_.dated}) if book_.dated else (),
        own=learned.own,
    )


def learner(
    book_: Book,
    found: Known,
    copy: CopyRow,
    settings: base.Settings,
    now: datetime,
) -> base.Learner:
    """One learner as planning takes them."""
    own = found.own[copy.id]
    person_id = copy.person_id
    mastery = found.mastery.get(person_id)
    chose = found.profiles.get(person_id)
    helps = found.supports.get(person_id, Supports())
    work = found.work.get(person_id, ())
    rows = {row.step_id: row for row in work}
    items = done_with(book_, work, found.answers.get(person_id, ()))
    rulings = [one for one in found.rulings if one.playlist_id == copy.playlist_id]
    rulings = [one for one in rulings if one.person_id is None or one.person_id == person_id]
    standings = {} if mastery is None else _standings(mastery.standings)
    placed = settings.placement is not None and items.get(settings.placement, base.Done()).tries > 0
    return base.Learner(
        standings=standings,
        predict=_predict_of(book_, found, mastery, now),
        reviews={} if mastery is None else _reviews(book_, mastery.standings),
        taken_as_known=_competencies(book_, rulings, RulingKind.KNOWN),
        items=items,
        begun=_begun(book_, own, rows),
        walked=_walked(book_, own, rows),
        pins=[
            base.Pin(book_.whole(one.content_item_id), one.place)
            for one in rulings
            if one.kind == RulingKind.PIN and one.content_item_id is not None
        ],
        bans=frozenset(
            one.content_item_id for one in rulings if one.kind == RulingKind.BAN and one.content_item_id is not None
        ),
        banned_competencies=_competencies(book_, rulings, RulingKind.BAN),
        dated=_dated(book_, found, person_id, rows),
        instead=_instead(book_, found.instead.get(person_id, {})),
        supports=helps.names,
        language=helps.language,
        goal=None if chose is None else _goal(book_, chose.goal_competency_id, standings),
        interests=frozenset(() if chose is None else chose.interests),
        chosen=_chosen(book_, own, rows),
        weekly_minutes=None if chose is None else chose.weekly_minutes,
        place_first=settings.placement is not None and not standings and not placed,
    )


def _goal(book_: Book, goal_id: uuid.UUID | None, standings: Mapping[int, Standing]) -> int | None:
    if goal_id is None or book_.view is None:
        return None
    secure = {
        one.id
        for number, standing in standings.items()
        if standing.is_secure and (one := book_.competencies.get(number)) is not None
    }
    towards = profile.towards(book_.view, secure, goal_id)
    return None if towards is None else towards.number


def _predict_of(book_: Book, found: Known, mastery: KnownRow | None, now: datetime) -> Predict:
    # The end of the day: no answer lies after it, and a plan is the same however often the day asks for it.
    at = midnight(book_.zone, day_in(book_.zone, now) + timedelta(days=1)).timestamp()
    shared = found.shared[None if mastery is None else mastery.version_id]
    return predicting(shared, {} if mastery is None else mastery.predicting, book_.competencies, at)


def _standings(brief: Mapping[str, Sequence[Any]]) -> dict[int, Standing]:
    return {int(number): _STANDINGS[said[0]] for number, said in brief.items()}


def _reviews(book_: Book, brief: Mapping[str, Sequence[Any]]) -> dict[int, date]:
    """When reviews fall due: on a school day, so that those of the holidays are not all overdue on the first day after them."""
    return {
        int(number): book_.calendar.school_day_from(_EPOCH + timedelta(days=said[2]))
        for number, said in brief.items()
        if len(said) > 2 and said[2] is not None
    }


def _competencies(book_: Book, rulings: Iterable[RulingRow], kind: RulingKind) -> frozenset[int]:
    return frozenset(
        book_.numbers[one.competency_id]
        for one in rulings
        if one.kind == kind and one.competency_id is not None and one.competency_id in book_.numbers
    )


def _instead(book_: Book, modified: Mapping[uuid.UUID, uuid.UUID | None]) -> dict[int, int | None]:
    return {
        book_.numbers[one]: None if other is None else book_.numbers.get(other)
        for one, other in modified.items()
        if one in book_.numbers
    }


def _dated(book_: Book, found: Known, person_id: uuid.UUID, rows: Mapping[uuid.UUID, WorkRow]) -> list[base.Dated]:
    """The must-dos with a date of this learner's other playlists that are not done, nor out for them."""
    return [
        base.Dated(book_.whole(one.item_id), day_in(book_.zone, one.due_at))
        for one in book_.dated
        if (person_id, one.playlist_id) in found.have and not _needs_no_more(rows.get(one.step_id))
    ]


def _needs_no_more(row: WorkRow | None) -> bool:
    return row is not None and (row.state == StepState.DONE or row.left_out_at is not None)


def is_begun(row: WorkRow | None) -> bool:
    """Whether a step is under way: opened, not done, and not passed over."""
    return row is not None and row.state == StepState.OPENED and row.skipped_at is None


def _begun(book_: Book, own: Iterable[OwnStep], rows: Mapping[uuid.UUID, WorkRow]) -> list[base.Begun]:
    return [
        base.Begun(_whole(book_, step), _number(book_, step), StepRole(step.role))
        for step in own
        if step.role is not None and is_begun(rows.get(step.id))
    ]


def _walked(book_: Book, own: Iterable[OwnStep], rows: Mapping[uuid.UUID, WorkRow]) -> list[base.Walked]:
    found: list[tuple[datetime, base.Walked]] = []
    for step in own:
        row = rows.get(step.id)
        if step.role is None or row is None or row.done_at is None:
            continue
        reason = (step.why or {}).get("reason")
        walked = base.Walked(
            _whole(book_, step),
            _number(book_, step),
            StepRole(step.role),
            day_in(book_.zone, row.done_at),
            remedial=reason == base.Reason.REMEDIAL,
            another_way=reason == base.Reason.ANOTHER_WAY,
        )
        found.append((row.done_at, walked))
    return [walked for _, walked in sorted(found, key=lambda one: one[0], reverse=True)]


def _chosen(book_: Book, own: Iterable[OwnStep], rows: Mapping[uuid.UUID, WorkRow]) -> list[uuid.UUID]:
    """What the learner chose among equals and has not begun, the latest first: ids of steps follow the time of making."""
    some = [
        step
        for step in own
        if step.origin == StepOrigin.STUDENT and step.content_item_id is not None and step.id not in rows
    ]
    return [
        book_.whole(step.content_item_id)
        for step in sorted(some, key=lambda one: one.id, reverse=True)
        if step.content_item_id is not None
    ]


def _whole(book_: Book, step: OwnStep) -> uuid.UUID | None:
    return None if step.content_item_id is None else book_.whole(step.content_item_id)


def _number(book_: Book, step: OwnStep) -> int | None:
    return None if step.competency_id is None else book_.numbers.get(step.competency_id)


@dataclass(slots=True)
class _Tally:
    """What is counted of an item while its answers go by."""

    tries: int = 0
    failed: int = 0
    finished: bool = False
    last_at: datetime | None = None
    skipped_on: date | None = None
    seen: set[str] = field(default_factory=set)

    def note(self, at: datetime) -> None:
        self.last_at = at if self.last_at is None else max(self.last_at, at)

    def done(self, zone: tzinfo) -> base.Done:
        """The same as planning takes it: with the moment, since what of one day came before a try and what after matters."""
        last_on = None if self.last_at is None else day_in(zone, self.last_at)
        return base.Done(self.tries, self.failed, self.finished, last_on, self.skipped_on, self.last_at)


def done_with(book_: Book, work: Iterable[WorkRow], answers: Iterable[AnswerRow]) -> dict[uuid.UUID, base.Done]:
    """What a learner has done with each item; another form of an item counts as the item."""
    tallies: dict[uuid.UUID, _Tally] = {}
    for answer in answers:
        tally = tallies.setdefault(book_.whole(answer.item_id), _Tally())
        if answer.presentation in tally.seen:
            continue  # One score for several competencies is one try.
        tally.seen.add(answer.presentation)
        tally.tries += 1
        mark = USUAL_PASSING_PERCENT if answer.passing_percent is None else answer.passing_percent
        passed = float(answer.earned) * 100 >= mark * float(answer.possible)
        tally.failed = 0 if passed else tally.failed + 1
        tally.finished = tally.finished or passed
        tally.note(answer.observed_at)
    for row in work:
        if row.item_id is None:
            continue
        tally = tallies.setdefault(book_.whole(row.item_id), _Tally())
        if row.state == StepState.DONE:
            tally.finished = True
        for moment in (row.opened_at, row.done_at):
            if moment is not None:
                tally.note(moment)
        if row.skipped_at is not None and row.state != StepState.DONE:
            on = day_in(book_.zone, row.skipped_at)
            tally.skipped_on = on if tally.skipped_on is None else max(tally.skipped_on, on)
    return {item_id: tally.done(book_.zone) for item_id, tally in tallies.items()}
