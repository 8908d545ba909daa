"""What the teacher's pages of personal playlists show, put together from plans and rows."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.datastructures import FormData

from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Person
from lti_tool.courses.service import display_name
from lti_tool.courses.visibility import visible_students
from lti_tool.db.base import scoped
from lti_tool.learners import supports
from lti_tool.playlists import personal, queries, replanning, titles
from lti_tool.playlists import personal_editing as personals
from lti_tool.playlists import personal_queries as rows
from lti_tool.playlists.models import PersonalPlaylist, PersonalStep, PlaylistStep, StepState
from lti_tool.playlists.path_models import PathRuling
from lti_tool.playlists.personal import Book
from lti_tool.playlists.planning import base, why
from lti_tool.playlists.planning.settings import PathSettings, agreed

MOST_STUDENTS = 100
"""Students on one page; the progress page has everybody."""

_PRIVATE = frozenset({base.Clash.PIN_IS_MODIFIED, base.Clash.DATED_IS_MODIFIED, base.Clash.BEGUN_IS_MODIFIED})
"""Conflicts that tell of a modification: only who may see supports is told of them."""


@dataclass(frozen=True, slots=True)
class Line:
    """A step as these pages show it. ``why`` is what ``planning.why`` makes a sentence of; ``expected`` is 0 to 1."""

    title: str
    role: str
    why: base.Why | None
    expected: float | None = None
    equals: tuple[str, ...] = ()
    id: uuid.UUID | None = None
    state: str = StepState.TODO.value
    proposed: bool = False
    by_student: bool = False
    has_item: bool = True
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Clashing:
    """A conflict, whom it concerns, and the title of what it is about."""

    conflict: base.Conflict
    title: str
    students: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """What the tool would choose for one student."""

    name: str
    lines: tuple[Line, ...]
    nothing: base.Nothing | None
    conflicts: tuple[Clashing, ...]


def names(book: Book) -> dict[int, str]:
    """What sentences call the competencies, by number."""
    return {number: one.name for number, one in book.competencies.items()}


def _title(book: Book, item_id: uuid.UUID | None) -> str:
    item = None if item_id is None else book.items.get(item_id)
    return "" if item is None else item.title


def _told(conflicts: Iterable[base.Conflict], *, may_see: bool) -> list[base.Conflict]:
    return [one for one in conflicts if may_see or one.clash not in _PRIVATE]


# --- Before it is made ----------------------------------------------------------------------------------------------------


def chosen_student(form: FormData, students: Sequence[Person]) -> Person | None:
    """The student whose path is to be looked at; the first where none is named."""
    wanted = form.get("for")
    return next((one for one in students if str(one.id) == wanted), students[0] if students else None)


async def look(
    session: AsyncSession,
    here: InCourse,
    playlist_id: uuid.UUID,
    person: Person,
    settings: PathSettings,
    now: datetime,
) -> Look:
    """What the tool would choose for a student under these settings; nothing is written."""
    found = await replanning.look(session, here.course, playlist_id, person.id, settings, now)
    book = found.book
    may_see = await supports.may_see(session, here)
    lines = []
    for step in found.plan.steps:
        item = None if step.item is None else book.items.get(step.item)
        competency = book.competencies.get(step.competency) if step.competency is not None else None
        lines.append(
            Line(
                title=_title(book, step.item) or (competency.words if competency is not None else ""),
                role=step.role.value,
                why=step.why,
                expected=step.expected,
                equals=tuple(_title(book, one) for one in step.equals),
                has_item=step.item is not None,
                minutes=None if item is None else item.minutes,
            )
        )
    told = _told(found.plan.conflicts, may_see=may_see)
    return Look(
        display_name(person),
        tuple(lines),
        found.plan.nothing,
        tuple(Clashing(one, _title(book, one.item)) for one in told),
    )


# --- A playlist -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """Where one student is. ``next`` is the first step that is not done and not waiting for approval."""

    person: Person
    done: int
    next: Line | None
    nothing: base.Nothing | None
    proposed: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Ruled:
    """A ruling with what it is about."""

    id: uuid.UUID
    kind: str
    title: str
    is_competency: bool
    person: Person | None
    place: int | None
    note: str


async def overview(session: AsyncSession, here: InCourse, playlist_id: uuid.UUID, now: datetime) -> dict[str, Any]:
    """The page of one personal playlist, of the students whom this teacher may see."""
    playlist = await personals.found(session, here.course, playlist_id)
    book = await personal.book(session, here.organisation_id, here.course.id, now)
    settings = agreed(playlist.settings)
    people = {one.id: one for one in await visible_students(session, here)}
    copies = {
        copy.person_id: copy
        for copy in await queries.copies(session, here.organisation_id, [playlist.id])
        if copy.left_at is None and copy.person_id in people
    }
    shown = [people[one] for one in people if one in copies][:MOST_STUDENTS]
    steps, states = await _own(session, here.organisation_id, [copies[one.id] for one in shown])
    students = [_row(book, one, copies[one.id], steps, states) for one in shown]
    may_see = await supports.may_see(session, here)
    waiting = await personals.proposals(session, here.organisation_id, playlist_id) if settings.approve else {}
    return {
        "playlist": playlist,
        "book": book,
        "names": names(book),
        "settings": settings,
        "unit": [book.competencies[number] for number in book.competencies if number in settings.planning.unit],
        "students": students,
        "more_students": len(copies) - len(students),
        "display_name": display_name,
        "waiting": [row for row in students if row.person.id in waiting and row.proposed],
        "conflicts": _conflicts(book, copies.values(), people, may_see=may_see),
        "without": _without(book, copies.values()),
        "closed": await rows.closed_items(session, here.organisation_id, here.course.id, now),
        "rulings": await _rulings(session, here, playlist_id, book, people),
        "items": list(_pickable(book)),
        "sentence": why.sentence,
        "nothing_sentence": why.nothing_sentence,
        "conflict_sentence": why.conflict_sentence,
        "now": now,
    }


async def _own(
    session: AsyncSession, organisation_id: uuid.UUID, copies: Sequence[PersonalPlaylist]
) -> tuple[dict[uuid.UUID, list[PlaylistStep]], dict[tuple[uuid.UUID, uuid.UUID], PersonalStep]]:
    """Own steps by copy, those that left the path included; and where students stand with them, by copy and step."""
    ids = [copy.id for copy in copies]
    steps: dict[uuid.UUID, list[PlaylistStep]] = {copy_id: [] for copy_id in ids}
    statement = (
        scoped(PlaylistStep, organisation_id)
        .where(col(PlaylistStep.personal_playlist_id).in_(ids))
        .order_by(col(PlaylistStep.position), col(PlaylistStep.id))
        .execution_options(populate_existing=True)
    )
    for step in await titles.followed(session, organisation_id, (await session.exec(statement)).all()):
        if step.personal_playlist_id is not None:
            steps[step.personal_playlist_id].append(step)
    states = {
        (copy_id, step_id): row
        for copy_id, some in (await queries.step_rows(session, organisation_id, ids)).items()
        for step_id, row in some.items()
    }
    return steps, states


def _line(step: PlaylistStep, row: PersonalStep | None) -> Line:
    try:
        reason = None if step.why is None else why.of_json(step.why)
    except ValueError:
        reason = None
    return Line(
        title=step.title,
        role=step.role.value if step.role else "",
        why=reason,
        expected=step.expected,
        id=step.id,
        state=row.state.value if row is not None else StepState.TODO.value,
        proposed=step.proposed,
        by_student=step.origin.value == "student",
        has_item=step.content_item_id is not None,
        minutes=step.minutes,
    )


def _row(
    book: Book,
    person: Person,
    copy: PersonalPlaylist,
    steps: Mapping[uuid.UUID, Sequence[PlaylistStep]],
    states: Mapping[tuple[uuid.UUID, uuid.UUID], PersonalStep],
) -> Row:
    pairs = [(step, states.get((copy.id, step.id))) for step in steps[copy.id]]
    lines = [_line(step, row) for step, row in pairs if step.removed_at is None]
    coming = [line for line in lines if line.state != StepState.DONE and not line.proposed]
    return Row(
        person=person,
        done=sum(row is not None and row.state is StepState.DONE for _, row in pairs),
        next=coming[0] if coming else None,
        nothing=_nothing(copy),
        proposed=tuple(line for line in lines if line.proposed),
    )


def _nothing(copy: PersonalPlaylist) -> base.Nothing | None:
    said = (copy.planned or {}).get("nothing")
    return None if said is None else base.Nothing(said)


def _conflicts_of(copy: PersonalPlaylist) -> list[base.Conflict]:
    return [
        base.Conflict(
            base.Clash(one["clash"]),
            None if one.get("item") is None else uuid.UUID(one["item"]),
            one.get("competency"),
        )
        for one in (copy.planned or {}).get("conflicts", ())
    ]


def _conflicts(
    book: Book, copies: Iterable[PersonalPlaylist], people: Mapping[uuid.UUID, Person], *, may_see: bool
) -> list[Clashing]:
    """What cannot be followed, each once, with the students it concerns."""
    found: dict[base.Conflict, list[Person]] = {}
    for copy in copies:
        for one in _told(_conflicts_of(copy), may_see=may_see):
            found.setdefault(one, []).append(people[copy.person_id])
    return [Clashing(one, _title(book, one.item), tuple(some)) for one, some in found.items()]


def _without(book: Book, copies: Iterable[PersonalPlaylist]) -> list[tuple[Any, int]]:
    """Competencies that are next for somebody and have no item left, with for how many students."""
    counts: dict[int, int] = {}
    for copy in copies:
        for number in (copy.planned or {}).get("without", ()):
            counts[number] = counts.get(number, 0) + 1
    return [(one, counts[number]) for number, one in book.competencies.items() if number in counts]


async def _rulings(
    session: AsyncSession,
    here: InCourse,
    playlist_id: uuid.UUID,
    book: Book,
    people: Mapping[uuid.UUID, Person],
    person_id: uuid.UUID | None = None,
) -> list[Ruled]:
    """The rulings that hold, those for all first; with ``person_id`` only those that concern this student."""
    found = await rows.all_rulings(session, here.organisation_id, playlist_id)
    titles = await _titles(session, here, [one.content_item_id for one in found if one.content_item_id is not None])
    wanted = [one for one in found if person_id is None or one.person_id in {None, person_id}]
    visible = [one for one in wanted if one.person_id is None or one.person_id in people]
    return sorted(
        (_ruled(one, book, titles, people) for one in visible), key=lambda one: (one.person is not None, one.kind)
    )


async def _titles(session: AsyncSession, here: InCourse, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, str]:
    found = await queries.items(session, here.organisation_id, here.course.id, ids)
    return {item_id: item.title for item_id, item in found.items()}


def _ruled(one: PathRuling, book: Book, titles: Mapping[uuid.UUID, str], people: Mapping[uuid.UUID, Person]) -> Ruled:
    if one.competency_id is not None:
        number = book.numbers.get(one.competency_id)
        competency = None if number is None else book.competencies.get(number)
        title = "" if competency is None else f"{competency.code} {competency.words}".strip()
    else:
        title = titles.get(one.content_item_id, "") if one.content_item_id is not None else ""
    person = people.get(one.person_id) if one.person_id is not None else None
    return Ruled(one.id, one.kind.value, title, one.competency_id is not None, person, one.place, one.note)


def _pickable(book: Book) -> Iterable[tuple[uuid.UUID, str]]:
    """The items that can be pinned or forbidden, in the course's order."""
    for item in book.items.values():
        if book.whole(item.id) == item.id:
            yield item.id, item.title


# --- One student ----------------------------------------------------------------------------------------------------------


async def student(
    session: AsyncSession, here: InCourse, playlist_id: uuid.UUID, person_id: uuid.UUID, now: datetime
) -> dict[str, Any]:
    """One student's path for the teacher. The caller has looked whether the student may be seen."""
    playlist = await personals.found(session, here.course, playlist_id)
    copy = await personals.copy_of(session, playlist, person_id)
    book = await personal.book(session, here.organisation_id, here.course.id, now)
    people = {one.id: one for one in await visible_students(session, here)}
    steps, states = await _own(session, here.organisation_id, [copy])
    lines = [_line(step, states.get((copy.id, step.id))) for step in steps[copy.id] if step.removed_at is None]
    may_see = await supports.may_see(session, here)
    return {
        "playlist": playlist,
        "book": book,
        "names": names(book),
        "settings": agreed(playlist.settings),
        "done": [line for line in lines if line.state == StepState.DONE],
        "coming": [line for line in lines if line.state != StepState.DONE],
        "nothing": _nothing(copy),
        "conflicts": [Clashing(one, _title(book, one.item)) for one in _told(_conflicts_of(copy), may_see=may_see)],
        "rulings": await _rulings(session, here, playlist_id, book, people, person_id),
        "items": list(_pickable(book)),
        "planned_at": copy.planned_at,
        "sentence": why.sentence,
        "nothing_sentence": why.nothing_sentence,
        "conflict_sentence": why.conflict_sentence,
        "now": now,
    }
