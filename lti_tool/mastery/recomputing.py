"""A whole course computed again from its evidence: to the same result, unless a rule, the map or this code has changed.

Each learner keeps the criteria that were frozen for them. Some learners at a time are worked on in a transaction of their own,
so that evidence can come meanwhile and nobody waits long; being cut off loses nothing but the rest, which can be done again.
"""

import gc
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, delete, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.bulk import insert_rows
from lti_tool.db.fixed import Fixed
from lti_tool.db.listed import ids, within
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from lti_tool.mastery import credit, criteria, drafts, grading, looking, parents, predicting, rules, versions, writing
from lti_tool.mastery.drafts import Draft
from lti_tool.mastery.looking import STATE_COLUMNS, Asked, Learner, Place
from lti_tool.mastery.models import Evidence, LearnerMastery, MasteryState, Standing
from lti_tool.mastery.pieces import Piece

LEARNERS_AT_ONCE = 100
"""Learners in one transaction; their new evidence waits for about a second where each has a hundred competencies."""

_state: Table = MasteryState.__table__  # type: ignore[attr-defined]
_BEFORE = Fixed(
    select(
        _state.c.person_id, _state.c.competency_id, _state.c.criterion_id, _state.c.standing, _state.c.last_key
    ).where(
        _state.c.organisation_id == bindparam("organisation"),
        _state.c.course_id == bindparam("course"),
        within(_state.c.person_id, ids("people")),
    )
)
_CLEAR = Fixed(
    delete(_state).where(
        _state.c.organisation_id == bindparam("organisation"),
        _state.c.course_id == bindparam("course"),
        within(_state.c.person_id, ids("people")),
    )
)


@dataclass(slots=True)
class Recomputed:
    """What a recomputation went through: learners, states, and how many standings are others now."""

    learners: int = 0
    states: int = 0
    changed: int = 0


@dataclass(slots=True)
class Course:
    """What holds for all learners of the course. ``by_id`` are the criteria; ``now_begun`` those who would begin now."""

    organisation_id: uuid.UUID
    course_id: uuid.UUID
    places: dict[uuid.UUID, Place]
    tree: parents.Tree
    ways: credit.Ways
    basis: criteria.Basis
    aligned: Mapping[uuid.UUID, Sequence[rules.AlignedItem]]
    by_id: dict[uuid.UUID, rules.Criterion] = field(default_factory=dict)
    now_begun: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)
    shared: dict[uuid.UUID | None, dict[str, Any]] = field(default_factory=dict)


Afresh = Mapping[uuid.UUID, uuid.UUID]
"""Criteria that take the place of frozen ones, by competency."""


async def recompute_course(
    database: Database,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    now: datetime,
    *,
    afresh: Afresh | None = None,
    part: tuple[int, int] = (0, 1),
) -> Recomputed:
    """Compute all levels, briefs and predictions of a course again. ``afresh`` replaces frozen criteria, by competency.

    ``part`` (which, of how many) is for several processes at once: each does its share of the learners.
    """
    async with database.reading() as session:
        course = await look(session, organisation_id, course_id)
        people = (await _people(session, organisation_id, course_id))[part[0] :: part[1]]
    done = Recomputed()
    for start in range(0, len(people), LEARNERS_AT_ONCE):
        some = people[start : start + LEARNERS_AT_ONCE]
        async with database.writing() as session:
            learners = await looking.lock(session, organisation_id, course_id, some, now)
            with _many_objects():
                await _some(session, course, learners, afresh or {}, now, done)
    return done


async def look(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> Course:
    """Read what holds for the whole course."""
    asked = Asked(organisation_id, course_id, [], await looking.all_places(session, organisation_id, course_id))
    places = await looking.places(session, asked)
    return Course(
        organisation_id,
        course_id,
        places=places,
        tree=await parents.tree(session, organisation_id, course_id),
        ways=await credit.ways(session, organisation_id, course_id),
        basis=await criteria.basis(session, organisation_id, course_id),
        aligned=await criteria.aligned_items(session, organisation_id, course_id, list(places)),
    )


async def _people(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[uuid.UUID]:
    """Everybody with evidence or with levels in a course, by id."""
    found: set[uuid.UUID] = set()
    for table in (Evidence, LearnerMastery):
        statement: Any = (
            select(col(table.person_id))
            .where(col(table.organisation_id) == organisation_id, col(table.course_id) == course_id)
            .distinct()
        )
        found |= {row[0] for row in (await session.exec(statement)).all()}
    return sorted(found)


async def _some(
    session: AsyncSession,
    course: Course,
    learners: Mapping[uuid.UUID, Learner],
    afresh: Afresh,
    now: datetime,
    done: Recomputed,
) -> None:
    people = sorted(learners)
    asked = Asked(course.organisation_id, course.course_id, people)
    cells: dict[tuple[uuid.UUID, uuid.UUID], list[Piece]] = defaultdict(list)
    answers: dict[uuid.UUID, list[Piece]] = defaultdict(list)
    for piece in await looking.all_live(session, asked):
        if piece.moves_levels:
            cells[piece.person_id, piece.competency_id].append(piece)
        if piece.is_answer:
            answers[piece.person_id].append(piece)
    before = {(row[0], row[1]): row for row in await _BEFORE.run(session, asked.values())}
    # A parent's state without evidence of its own has no key, and nothing was begun with its criterion.
    frozen = {cell: row[2] for cell, row in before.items() if row[4]}
    await _criteria(session, course, cells, frozen, afresh, now)
    written = _drafts(course, learners, cells, frozen, afresh, now)
    await _CLEAR.run(session, asked.values())
    rows = (
        draft.row(course.organisation_id, course.course_id, cell[0], cell[1], new_id(), now)
        for cell, draft in written.items()
    )
    await insert_rows(session, _state, STATE_COLUMNS, ([row[name] for name in STATE_COLUMNS] for row in rows))
    told = []
    for person_id, learner in learners.items():
        shared = await _shared(session, course, learner.version_id)
        pieces = sorted(answers[person_id], key=predicting.in_order)
        learner.predicting = predicting.stepped_on(predicting.restarted(learner.predicting), shared, pieces)
        told.append(writing.set_learner(course.organisation_id, learner, now))
    await writing.tell(session, told)
    await grading.owe(session, course.organisation_id, course.course_id, learners.values(), now)
    done.learners += len(people)
    done.states += len(written)
    for cell in written.keys() | before.keys():
        was = before[cell][3] if cell in before else Standing.NOT_STARTED
        done.changed += was is not (written[cell].standing if cell in written else Standing.NOT_STARTED)


@contextmanager
def _many_objects() -> Iterator[None]:
    """Nothing here makes circles, and looking for them among so many objects costs a third of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


async def _criteria(
    session: AsyncSession,
    course: Course,
    cells: Mapping[tuple[uuid.UUID, uuid.UUID], Any],
    frozen: Mapping[tuple[uuid.UUID, uuid.UUID], uuid.UUID],
    afresh: Afresh,
    now: datetime,
) -> None:
    """Have every criterion at hand, those for who has none among them."""
    missing = {*frozen.values(), *afresh.values()} - course.by_id.keys()
    course.by_id |= await criteria.frozen(session, course.organisation_id, missing)
    needed = {cell[1] for cell in cells if cell not in frozen} | set(course.tree.upward)
    for competency_id in sorted(needed - course.now_begun.keys()):
        criterion = criteria.begun_with(
            course.basis, course.places[competency_id].rule, course.aligned.get(competency_id, ())
        )
        found = await criteria.freeze(session, course.organisation_id, course.course_id, criterion, now)
        course.now_begun[competency_id] = found
        course.by_id[found] = criterion


def _drafts(
    course: Course,
    learners: Mapping[uuid.UUID, Learner],
    cells: Mapping[tuple[uuid.UUID, uuid.UUID], list[Piece]],
    frozen: Mapping[tuple[uuid.UUID, uuid.UUID], uuid.UUID],
    afresh: Afresh,
    now: datetime,
) -> dict[tuple[uuid.UUID, uuid.UUID], Draft]:
    """What all states of these learners are to say; their briefs say it too from now on."""
    found: dict[tuple[uuid.UUID, uuid.UUID], Draft] = {}
    books: dict[uuid.UUID, credit.Book] = {person_id: {} for person_id in learners}
    practised: dict[tuple[uuid.UUID, uuid.UUID], int | None] = {}
    for learner in learners.values():
        learner.standings = {}
    for cell, pieces in cells.items():
        criterion_id = afresh.get(cell[1]) or frozen.get(cell) or course.now_begun[cell[1]]
        criterion = course.by_id[criterion_id]
        observations = [piece.observation() for piece in pieces]
        practised[cell] = credit.practised(observations)
        state = criterion.replay(observations)
        draft = found[cell] = drafts.judged(criterion_id, criterion, state, now)
        if draft.standing is not Standing.NOT_STARTED:
            learners[cell[0]].standings[str(course.places[cell[1]].number)] = draft.brief()
    for person_id, learner in learners.items():
        for parent_id in course.tree.upward:
            _roll_up(course, found, learner, (person_id, parent_id))
    for (person_id, competency_id), draft in found.items():
        number = str(course.places[competency_id].number)
        credit.enter(
            books[person_id], number, draft.step, draft.review_due_at, practised.get((person_id, competency_id))
        )
    for person_id, learner in learners.items():
        learner.reviewing = books[person_id]
        _credit(course, found, learner, books[person_id])
    return found


def _credit(
    course: Course, found: dict[tuple[uuid.UUID, uuid.UUID], Draft], learner: Learner, book: credit.Book
) -> None:
    """Have reviews wait for what harder work has practised."""
    for number, shown in credit.settle(book, course.ways, list(book)).items():
        found[learner.person_id, course.ways.ids[number]].credit(shown)
        if number in learner.standings:
            learner.standings[number][2] = credit.due_day(shown)


def _roll_up(
    course: Course,
    found: dict[tuple[uuid.UUID, uuid.UUID], Draft],
    learner: Learner,
    cell: tuple[uuid.UUID, uuid.UUID],
) -> None:
    own = found.get(cell)
    if not course.tree.follows(cell[1], own):
        return
    criterion_id = own.criterion_id if own is not None else course.now_begun[cell[1]]
    scale = course.by_id[criterion_id].scale
    rolled = drafts.rolled(own, criterion_id, course.tree.roll_up(cell[1], learner.standings, scale), scale)
    number = str(course.tree.numbers[cell[1]])
    if rolled is None:
        return
    found[cell] = rolled
    if rolled.standing is Standing.NOT_STARTED:
        learner.standings.pop(number, None)
    else:
        learner.standings[number] = rolled.brief()


async def _shared(session: AsyncSession, course: Course, version_id: uuid.UUID | None) -> dict[str, Any]:
    if version_id not in course.shared:
        course.shared[version_id] = await versions.whole(session, course.organisation_id, version_id)
    return course.shared[version_id]
