"""Working evidence in: from pieces that are stored to the states, briefs and predictions that follow from them.

The learners' rows are locked by the caller. What comes in order costs one step of the rule; what does not costs a replay of
that competency, and of nothing else.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.fixed import Told
from lti_tool.ids import new_id
from lti_tool.mastery import books, credit, criteria, drafts, grading, looking, parents, predicting, rules, writing
from lti_tool.mastery.drafts import Draft
from lti_tool.mastery.entries import Changed
from lti_tool.mastery.looking import Asked, Learner, Look, Stored
from lti_tool.mastery.pieces import Piece
from lti_tool.mastery.rules.values import Standing

Cell = tuple[uuid.UUID, uuid.UUID]
"""A learner and a competency."""


@dataclass(slots=True)
class Work:
    """What is new: ``fresh`` pieces, appended in this transaction, and cells to ``redo`` from all that is not void.

    ``relearn`` names those whose predictions are replayed, since an answer of theirs is void or was replaced.
    """

    fresh: dict[Cell, list[Piece]] = field(default_factory=lambda: defaultdict(list))
    redo: set[Cell] = field(default_factory=set)
    relearn: set[uuid.UUID] = field(default_factory=set)

    @property
    def cells(self) -> list[Cell]:
        """All cells that something happened to."""
        return sorted(self.fresh.keys() | self.redo)


async def settle(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    look: Look,
    work: Work,
    now: datetime,
) -> list[Changed]:
    """Bring states, briefs and predictions up to the evidence; the standings that are others now.

    ``look`` was taken before any of the evidence was written, and holds all cells of ``work``.
    """
    cells = work.cells
    if not cells:
        new = [writing.set_learner(organisation_id, learner, now) for learner in look.learners.values() if learner.new]
        await writing.tell(session, new)
        return []
    asked = Asked(organisation_id, course_id, sorted({cell[0] for cell in cells}), sorted({cell[1] for cell in cells}))
    table = _Table(session, asked, look, now)
    await table.open()
    await table.take(work)
    await table.roll_up()
    await table.give_credit()
    answers: dict[uuid.UUID, list[Piece]] = defaultdict(list)
    for (person_id, _), pieces in work.fresh.items():
        answers[person_id] += pieces
    await predicting.take_in(session, asked, list(look.learners.values()), answers, work.relearn)
    return await table.close()


async def judge_again(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    learners: Mapping[uuid.UUID, Learner],
    cells: Collection[Cell],
    now: datetime,
) -> list[Changed]:
    """What is said of these cells now, without any new evidence; for overrides that have ended."""
    work = Work(redo=set(cells))
    asked = Asked(organisation_id, course_id, sorted({cell[0] for cell in cells}), sorted({cell[1] for cell in cells}))
    look = await looking.around(session, asked, (), learners)
    return await settle(session, organisation_id, course_id, look, work, now)


async def follow_map(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    learners: Mapping[uuid.UUID, Learner],
    tree: parents.Tree,
    now: datetime,
) -> int:
    """Work out again what the map decides of these learners: levels of what stands above others, and credit for harder work.

    How many of them have other levels or reviews now. Nothing is written of those who do not.
    """
    asked = Asked(
        organisation_id, course_id, sorted(learners), await looking.all_places(session, organisation_id, course_id)
    )
    places = await looking.places(session, asked)
    if not places:
        return 0
    table = _Table(session, replace(asked, competencies=[]), Look(learners, places), now)
    return await table.follow(asked, tree)


class _Table:
    """The states of some learners and competencies, while they are worked on."""

    def __init__(
        self,
        session: AsyncSession,
        asked: Asked,
        look: Look,
        now: datetime,
    ) -> None:
        self._session = session
        self._asked = asked
        self._learners = look.learners
        self._has_above = look.has_above
        self._now = now
        self._places = dict(look.places)
        self._stored: dict[Cell, Stored] = dict(look.states)
        self._drafts: dict[Cell, Draft | None] = {}
        self._criteria: dict[uuid.UUID, rules.Criterion] = {}
        self._begun_with: dict[uuid.UUID, uuid.UUID] = {}
        self._told: list[Told] = []
        """What is to be written before anything else."""
        self._practised: dict[Cell, int | None] = {}
        self._all_concerned: set[uuid.UUID] = set()
        """Learners of whom every review is looked at, since all of them may be due at another time."""
        self._credited: dict[uuid.UUID, dict[uuid.UUID, credit.Shown]] = {}

    async def open(self) -> None:
        """Read what else there is to know of these states."""
        await self._read_criteria()
        await self._make_books()

    async def _make_books(self) -> None:
        unknown = [learner for learner in self._learners.values() if learner.reviewing is None]
        if unknown:
            await books.make(self._session, self._asked, unknown)
            self._all_concerned = {learner.person_id for learner in unknown}

    async def _read_criteria(self) -> None:
        missing = {state.criterion_id for state in self._stored.values()} - self._criteria.keys()
        if missing:
            self._criteria |= await criteria.frozen(self._session, self._asked.organisation_id, missing)

    # --- A learner's own evidence --------------------------------------------------------------------------------------

    async def take(self, work: Work) -> None:
        """Step or replay each cell."""
        await self._freeze({cell[1] for cell in work.cells if not self._has_begun(cell)})
        redo = set(work.redo)
        states: dict[Cell, rules.State] = {}
        for cell, pieces in work.fresh.items():
            state = None if cell in redo else self._stepped(cell, pieces)
            if state is None:
                redo.add(cell)
            else:
                states[cell] = state
        if redo:
            states |= await self._replayed(redo)
        for cell in work.cells:
            criterion_id = self._criterion_of(cell)
            state = states.get(cell)
            self._drafts[cell] = (
                None if state is None else drafts.judged(criterion_id, self._criteria[criterion_id], state, self._now)
            )

    def _has_begun(self, cell: Cell) -> bool:
        """Whether there was evidence of the learner's own before; a parent's state can stand on its children's alone."""
        stored = self._stored.get(cell)
        return stored is not None and bool(stored.running)

    def _criterion_of(self, cell: Cell) -> uuid.UUID:
        """What was frozen when the learner began; for who begins now, what holds now."""
        return self._stored[cell].criterion_id if self._has_begun(cell) else self._begun_with[cell[1]]

    async def _freeze(self, competency_ids: Collection[uuid.UUID]) -> None:
        wanted = sorted(set(competency_ids) - self._begun_with.keys())
        if not wanted:
            return
        organisation_id, course_id = self._asked.organisation_id, self._asked.course_id
        basis, aligned = await criteria.to_begin_with(self._session, organisation_id, course_id, wanted)
        for competency_id in wanted:
            rule, items = self._places[competency_id].rule, aligned.get(competency_id, ())
            criterion = criteria.begun_with(basis, rule, items)
            criterion_id, told = criteria.to_freeze(organisation_id, course_id, criterion, self._now)
            self._told.append(told)
            self._begun_with[competency_id] = criterion_id
            self._criteria[criterion_id] = criterion

    def _stepped(self, cell: Cell, pieces: list[Piece]) -> rules.State | None:
        """The state after new pieces; None where only a replay helps."""
        criterion = self._criteria[self._criterion_of(cell)]
        state = criterion.start()
        if self._has_begun(cell):
            try:
                state = criterion.read(self._stored[cell].running)
            except ValueError:
                return None
        observations = sorted((piece.observation() for piece in pieces), key=lambda one: one.order)
        if not state.takes(observations[0]):
            return None
        for observation in observations:
            state = criterion.step(state, observation)
        learner = self._learners[cell[0]]
        before = credit.practised_in(learner.reviewing or {}, str(self._places[cell[1]].number))
        self._practised[cell] = credit.later(before, credit.practised(observations))
        return state

    async def _replayed(self, cells: Collection[Cell]) -> dict[Cell, rules.State]:
        """The states of cells from all that is not void; those without anything are left out."""
        asked = replace(
            self._asked, people=sorted({cell[0] for cell in cells}), competencies=sorted({cell[1] for cell in cells})
        )
        found: dict[Cell, list[rules.Observation]] = defaultdict(list)
        for piece in await looking.live(self._session, asked):
            cell = (piece.person_id, piece.competency_id)
            if cell in cells and piece.moves_levels:
                found[cell].append(piece.observation())
        for cell in cells:
            self._practised[cell] = credit.practised(found.get(cell, ()))
        return {cell: self._criteria[self._criterion_of(cell)].replay(some) for cell, some in found.items()}

    # --- What stands above ---------------------------------------------------------------------------------------------

    async def roll_up(self) -> None:
        """Have what stands above follow, from the lowest upwards."""
        for cell, draft in self._drafts.items():
            self._brief(cell, draft)
        # Without evidence that counts, a competency may be one that follows its children.
        emptied = any(draft is None or not (draft.count or draft.overridden) for draft in self._drafts.values())
        stated = any(criteria.parent_rule_of(place.rule) for place in self._places.values())
        if not (emptied or stated or self._has_above):
            return
        tree = await parents.tree(self._session, self._asked.organisation_id, self._asked.course_id)
        await self._open_parents(tree)
        for person_id in self._asked.people:
            touched = [cell[1] for cell in self._drafts if cell[0] == person_id]
            for parent_id in tree.concerned(touched):
                self._roll_up_one(tree, (person_id, parent_id))

    async def _open_parents(self, tree: parents.Tree) -> None:
        needed = tree.concerned(self._asked.competencies)
        asked = replace(self._asked, competencies=sorted(needed))
        self._places |= await looking.places(self._session, asked)
        self._stored |= await looking.states(self._session, asked)
        await self._read_criteria()
        await self._freeze(needed)

    def _roll_up_one(self, tree: parents.Tree, cell: Cell) -> None:
        own = self._own(cell)
        if not tree.follows(cell[1], own):
            return
        criterion_id = own.criterion_id if own is not None else self._begun_with[cell[1]]
        scale = self._criteria[criterion_id].scale
        said = tree.roll_up(cell[1], self._learners[cell[0]].standings, scale)
        self._drafts[cell] = drafts.rolled(own, criterion_id, said, scale)
        self._brief(cell, self._drafts[cell])

    def _own(self, cell: Cell) -> Draft | None:
        """What a parent's own evidence says."""
        if cell in self._drafts:
            return self._drafts[cell]
        stored = self._stored.get(cell)
        if stored is None or not stored.running:
            return None
        criterion = self._criteria[stored.criterion_id]
        try:
            state = criterion.read(stored.running)
        except ValueError:
            return None
        return drafts.judged(stored.criterion_id, criterion, state, self._now)

    def _brief(self, cell: Cell, draft: Draft | None) -> None:
        standings = self._learners[cell[0]].standings
        number = str(self._places[cell[1]].number)
        if draft is None or draft.standing is Standing.NOT_STARTED:
            standings.pop(number, None)
        else:
            standings[number] = draft.brief()

    async def follow(self, asked: Asked, tree: parents.Tree) -> int:
        """Roll everything up again and give credit again; how many learners have something else in their briefs or states."""
        before = {person_id: _text_of(learner) for person_id, learner in self._learners.items()}
        await self._make_books()
        stored = await looking.rolled(self._session, replace(asked, competencies=list(tree.upward)))
        self._stored |= stored
        await self._read_criteria()
        await self._freeze(tree.upward)
        for cell, state in stored.items():
            # Nothing stands below it any more, or its own evidence decides now.
            if state.rolled_up and not (cell[1] in tree.children and tree.follows(cell[1], self._own(cell))):
                self._drafts[cell] = self._own(cell)
                self._brief(cell, self._drafts[cell])
        for person_id in asked.people:
            for parent_id in tree.upward:
                self._roll_up_one(tree, (person_id, parent_id))
        self._all_concerned = set(self._learners)
        await self.give_credit()
        said = await looking.said(
            self._session, replace(asked, competencies=sorted({cell[1] for cell in self._drafts}))
        )
        self._drafts = {
            cell: draft for cell, draft in self._drafts.items() if not self._says_the_same(cell, draft, said)
        }
        others = {cell[0] for cell in self._drafts} | self._credited.keys()
        others |= {one for one, learner in self._learners.items() if _text_of(learner) != before[one]}
        self._learners = {one: learner for one, learner in self._learners.items() if one in others}
        await self.close()
        return len(others)

    def _says_the_same(self, cell: Cell, draft: Draft | None, said: Mapping[Cell, Mapping[str, Any]]) -> bool:
        stored = said.get(cell)
        if draft is None or stored is None:
            return draft is None and stored is None
        row = draft.row(self._asked.organisation_id, self._asked.course_id, *cell, stored["id"], self._now)
        return all(row[name] == value for name, value in stored.items() if name != "changed_at")

    # --- Credit for harder work ---------------------------------------------------------------------------------------

    async def give_credit(self) -> None:
        """Have reviews wait for what harder work has practised, here and below."""
        by_person: dict[uuid.UUID, list[tuple[uuid.UUID, Draft | None]]] = {one: [] for one in self._all_concerned}
        for cell, draft in self._drafts.items():
            by_person.setdefault(cell[0], []).append((cell[1], draft))
        stamp = next(iter(self._places.values())).stamp
        ways = await credit.ways(self._session, self._asked.organisation_id, self._asked.course_id, stamp)
        for person_id, some in by_person.items():
            self._credit_one(self._learners[person_id], some, ways)

    def _numbers(self, some: list[tuple[uuid.UUID, Draft | None]]) -> list[str]:
        return [str(self._places[competency_id].number) for competency_id, _ in some]

    def _credit_one(self, learner: Learner, some: list[tuple[uuid.UUID, Draft | None]], ways: credit.Ways) -> None:
        book = learner.reviewing = {} if learner.reviewing is None else learner.reviewing
        drafted: dict[str, Draft] = {}
        before_all = {number: list(book.get(number, ())) for number in self._numbers(some)}
        concerned = set(book) if learner.person_id in self._all_concerned else set[str]()
        for competency_id, draft in some:
            number = str(self._places[competency_id].number)
            before = credit.practised_in(book, number)
            practised = self._practised.get((learner.person_id, competency_id), before)
            credit.enter(book, number, *((0, None) if draft is None else (draft.step, draft.review_due_at)), practised)
            concerned.add(number)
            if practised != before:
                concerned |= ways.below(number).keys()
            if draft is not None:
                drafted[number] = draft
        moved = credit.settle(book, ways, concerned)
        others = moved.keys() - drafted.keys() or any(book.get(one, []) != was for one, was in before_all.items())
        learner.same_book = not others and learner.person_id not in self._all_concerned
        for number, found in moved.items():
            if number in drafted:
                drafted[number].credit(found)
            else:
                self._credited.setdefault(learner.person_id, {})[ways.ids[number]] = found
            if number in learner.standings:
                learner.standings[number][2] = credit.due_day(found)

    # --- Writing -------------------------------------------------------------------------------------------------------

    async def close(self) -> list[Changed]:
        """Write what is new; which standings changed."""
        organisation_id, course_id = self._asked.organisation_id, self._asked.course_id
        changed: list[Changed] = []
        told = self._told
        for cell, draft in sorted(self._drafts.items(), key=lambda one: one[0]):
            stored = self._stored.get(cell)
            before = Standing.NOT_STARTED if stored is None else stored.standing
            after = Standing.NOT_STARTED if draft is None else draft.standing
            if draft is None:
                if stored is not None:
                    told.append(writing.drop_state(organisation_id, stored.id))
            else:
                state_id = new_id() if stored is None else stored.id
                row = draft.row(organisation_id, course_id, cell[0], cell[1], state_id, self._now)
                told.append((writing.add_state if stored is None else writing.set_state)(row))
            if before is not after:
                changed.append(Changed(cell[0], cell[1], before, after, draft.level if draft else ""))
        for person_id, found in sorted(self._credited.items()):
            told += writing.set_reviews(self._asked, person_id, found, self._now)
        for person_id in sorted(self._learners):
            told.append(writing.set_learner(organisation_id, self._learners[person_id], self._now))
        await writing.tell(self._session, told)
        await grading.owe(self._session, organisation_id, course_id, self._learners.values(), self._now)
        return changed


def _text_of(learner: Learner) -> str:
    """What a learner's row says that the map has a part in, to compare it."""
    return json.dumps([learner.standings, learner.reviewing])
