"""Numbers that teachers type over ours in the gradebook are evidence where a teacher says so, on both databases."""

import random
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import ManualClock
from lti_tool.courses.models import Course
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.grades import comparing
from lti_tool.grades import service as grades
from lti_tool.grades.comparing import TAKE_THEIRS, Comparer, theirs_key
from lti_tool.grades.delivery import Deliverer
from lti_tool.grades.models import Choice, Difference, LineItem, Score
from lti_tool.jobs import attach
from lti_tool.jobs.memory import RecordingRunner
from lti_tool.mastery import jobs, service, theirs
from lti_tool.mastery.entries import NOT_TAKEN, NUMBER_GONE, OURS_SENT, REPLACED
from lti_tool.mastery.models import Evidence, EvidenceSource
from lti_tool.mastery.rules import Audience
from tests.grades.lms import FakeLms, FakeQuirks
from tests.mastery.test_grading import LATER, POINTS, a_world, comes, leave, level, owed, rated, switch_on
from tests.mastery.world import DAY, World, append


@dataclass
class Gradebook:
    """A course with a gradebook that a teacher can type into."""

    database: Database
    made: World
    lms: FakeLms
    clock: ManualClock
    runner: RecordingRunner
    meaning: dict[str, set[uuid.UUID]]

    @property
    def comparer(self) -> Comparer:
        return Comparer(
            self.database, self.clock, lambda _registration, _scopes: self.lms, lambda _family: FakeQuirks()
        )

    async def meanings(
        self, _session: AsyncSession, _course: Course, _ids: Collection[str]
    ) -> Mapping[str, Collection[uuid.UUID]]:
        return self.meaning

    @property
    def takes(self) -> jobs.TakingTheirs:
        return jobs.TakingTheirs(self.database, self.clock, (self.meanings,))

    async def deliver(self) -> None:
        worker = Deliverer(
            self.database,
            self.clock,
            lambda _registration, _scopes: self.lms,
            lambda _family: FakeQuirks(),
            comparer=self.comparer,
        )
        await worker.deliver(self.made.course.registration_id)
        await self.work()

    async def work(self) -> int:
        """What was nudged about typed numbers is done; how often."""
        keys = [key for task, key in self.runner.nudges if task == TAKE_THEIRS]
        self.runner.nudges.clear()
        for key in dict.fromkeys(keys):
            await self.takes.run(key)
        return len(keys)

    def type_over(self, column: LineItem, given: float, place: int = 0) -> None:
        (there,) = [one for one in self.lms.columns.values() if one.data.resource_id == column.resource_id]
        sub = self.made.school.students[place].sub
        there.results[sub] = replace(there.results[sub], given=given, maximum=100)

    def stands(self, column: LineItem, place: int = 0) -> float | None:
        (there,) = [one for one in self.lms.columns.values() if one.data.resource_id == column.resource_id]
        found = there.results.get(self.made.school.students[place].sub)
        return None if found is None else found.given

    async def compare(self, column: LineItem) -> None:
        self.clock.move(timedelta(minutes=1))
        await self.comparer.compare(self.made.id, column.id)
        await self.work()

    async def take(self, column: LineItem, *, on: bool = True) -> None:
        async with self.database.writing() as session:
            found = await session.get_one(LineItem, (self.made.id, column.id))
            await comparing.take_theirs(session, found, on=on)
        await self.work()

    async def choose(self, column: LineItem, choice: Choice, place: int = 0) -> None:
        """As the page does it."""
        self.clock.move(timedelta(minutes=1))
        score = await self.score(column, place)
        person_id, by = self.made.school.students[place].id, self.made.school.teacher.id
        async with self.database.writing() as session:
            if choice is Choice.OURS:
                await theirs.give_back(session, self.made.course, column, person_id, self.clock.now(), by)
            await comparing.choose(session, self.made.id, score.id, choice, by, self.clock.now())
        await self.work()

    async def score(self, column: LineItem, place: int = 0) -> Score:
        async with self.database.reading() as session:
            found = await session.exec(
                scoped(Score, self.made.id).where(
                    Score.line_item_id == column.id, Score.person_id == self.made.school.students[place].id
                )
            )
            score = found.one()
            session.expunge_all()
            return score

    async def said(self, column: LineItem, place: int = 0) -> list[tuple[float, str | None]]:
        """What was entered of a student: points, and why void; the earliest first."""
        async with self.database.reading() as session:
            statement = (
                select(Evidence)
                .where(
                    Evidence.organisation_id == self.made.id,
                    Evidence.person_id == self.made.school.students[place].id,
                    Evidence.presentation == theirs.presentation(column.id),
                )
                .order_by(col(Evidence.revision), col(Evidence.competency_id))
            )
            return [(float(row.earned or 0), row.void_reason) for row in (await session.exec(statement)).all()]


async def a_book(database: Database) -> Gradebook:
    """Ada and Ben have developed F.1."""
    made = await a_world(database)
    runner = RecordingRunner()
    attach(database, runner)
    found = Gradebook(database, made, FakeLms(), ManualClock(LATER), runner, {})
    await append(database, made, rated(made, "F.1", "1", 0.5), rated(made, "F.1", "1", 0.5, place=1))
    return found


@pytest.fixture
async def book(database: Database) -> Gradebook:
    """Rolled back at the end."""
    return await a_book(database)


async def a_column_of_work(book: Gradebook) -> LineItem:
    """A playlist's column, in which half of the points were delivered for Ada."""
    async with book.database.writing() as session:
        column = await grades.want_column(
            session,
            course=book.made.course,
            resource_id="playlist:1",
            label="Work",
            score_maximum=100,
            end_at=None,
            now=book.clock.now(),
        )
        await grades.owe(
            session, line_item=column, person_id=book.made.ada.id, given=50, maximum=100, now=book.clock.now()
        )
        await session.flush()
        session.expunge_all()
    await book.deliver()
    return column


async def a_column(book: Gradebook, code: str | None = "F.1") -> LineItem:
    column = await switch_on(book.database, book.made, code)
    await book.deliver()
    return column


async def test_a_number_counts_only_where_the_teacher_says_so_and_levels_follow(book: Gradebook) -> None:
    column = await a_column(book)
    before = await level(book.database, book.made, "F.1")
    book.type_over(column, 90)
    await book.compare(column)
    assert await book.said(column) == []
    await book.take(column)
    assert await book.said(column) == [(90, None)]
    assert await level(book.database, book.made, "F.1") != before
    assert await level(book.database, book.made, "F.1", 1) == before
    async with book.database.reading() as session:
        row = (await session.exec(scoped(Evidence, book.made.id).where(Evidence.earned == 90))).one()
        assert (row.source, row.possible, row.whole, row.shared) == (EvidenceSource.LMS, 100, True, False)
        assert row.passing_percent == POINTS["secure"]
        assert row.entered_by is None
        assert theirs.is_typed(row)
        (said,) = (
            await theirs.sentences(session, book.made.course, book.made.ada.id, book.clock.now(), Audience.STUDENT)
        ).values()
    assert said.startswith("Your teacher entered 90 of 100 in the gradebook on ")
    # The same number again is nothing new.
    await book.compare(column)
    await book.compare(column)
    assert await book.said(column) == [(90, None)]


async def test_ours_does_not_fight_it_and_the_choice_stays_the_teachers(book: Gradebook) -> None:
    column = await a_column(book)
    await book.take(column)
    sent = book.lms.posts
    book.type_over(column, 70)
    await book.compare(column)
    # Another level, so something else is owed; and it waits.
    assert await owed(book.database, book.made, "F.1") == POINTS[await level(book.database, book.made, "F.1")]
    for _ in range(4):
        book.clock.move(timedelta(hours=1))
        await book.deliver()
        await book.compare(column)
    assert (book.stands(column), book.lms.posts) == (70, sent)
    assert (await book.score(column)).difference is Difference.OVERRIDDEN
    await book.choose(column, Choice.THEIRS)
    await book.deliver()
    assert (book.stands(column), await book.said(column)) == (70, [(70, None)])


async def test_another_number_takes_its_place_and_one_that_is_gone_is_void(book: Gradebook) -> None:
    column = await a_column(book)
    await book.take(column)
    ours = book.stands(column)
    assert ours is not None
    for given in (90, 20, 90):
        book.type_over(column, given)
        await book.compare(column)
    assert await book.said(column) == [(90, REPLACED), (20, REPLACED), (90, None)]
    # Back to what was delivered: it is ours again.
    book.type_over(column, ours)
    await book.compare(column)
    assert await book.said(column) == [(90, REPLACED), (20, REPLACED), (90, NUMBER_GONE)]
    # The same once more counts once more.
    book.type_over(column, 90)
    await book.compare(column)
    assert (await book.said(column))[-1] == (90, None)
    (there,) = book.lms.columns.values()
    del there.results[book.made.ada.sub]
    await book.compare(column)
    assert (await book.said(column))[-1] == (90, NUMBER_GONE)


async def test_ours_is_sent_over_it_without_having_counted_it(book: Gradebook) -> None:
    column = await a_column(book)
    await book.take(column)
    ours, before = book.stands(column), await level(book.database, book.made, "F.1")
    book.type_over(column, 100)
    await book.compare(column)
    assert await level(book.database, book.made, "F.1") != before
    await book.choose(column, Choice.OURS)
    assert await book.said(column) == [(100, OURS_SENT)]
    await book.deliver()
    assert (book.stands(column), await level(book.database, book.made, "F.1")) == (ours, before)
    sent = book.lms.posts
    for _ in range(3):
        book.clock.move(timedelta(hours=1))
        await book.compare(column)
        await book.deliver()
    assert (book.stands(column), book.lms.posts) == (ours, sent)
    assert (await book.score(column)).difference is None


async def test_what_a_teacher_voided_stays_void_until_another_number_stands_there(book: Gradebook) -> None:
    column = await a_column(book)
    await book.take(column)
    book.type_over(column, 90)
    await book.compare(column)
    async with book.database.writing() as session:
        row = (await session.exec(scoped(Evidence, book.made.id).where(Evidence.earned == 90))).one()
        evidence_id = row.id
        session.expunge_all()
        await service.void(
            session, book.made.course, [evidence_id], "A slip", book.clock.now(), book.made.school.teacher.id
        )
    await book.compare(column)
    assert await book.said(column) == [(90, "A slip")]
    book.type_over(column, 95)
    await book.compare(column)
    assert await book.said(column) == [(90, "A slip"), (95, None)]


async def test_switched_off_nothing_counts_and_on_again_it_does(book: Gradebook) -> None:
    column = await a_column(book)
    before = await level(book.database, book.made, "F.1")
    await book.take(column)
    book.type_over(column, 100)
    await book.compare(column)
    await book.take(column, on=False)
    assert await book.said(column) == [(100, NOT_TAKEN)]
    assert await level(book.database, book.made, "F.1") == before
    await book.take(column)
    assert (await book.said(column))[-1] == (100, None)


async def test_a_column_of_work_counts_for_what_the_work_is_aligned_to(book: Gradebook) -> None:
    made = book.made
    column = await a_column_of_work(book)
    async with book.database.reading() as session:
        none = await theirs.about(session, made.course, column, (book.meanings,))
    assert (none.competency_ids, none.why) == ((), theirs.Why.UNALIGNED)
    book.meaning["playlist:1"] = {made.competencies[code].id for code in ("F.2", "F.3")} | {uuid.uuid4()}
    async with book.database.reading() as session:
        about = await theirs.about(session, made.course, column, (book.meanings,))
        assert await theirs.names(session, made.course, about) == ["F.2", "F.3"]
    assert (set(about.competency_ids), about.passing_percent, about.why) == (
        {made.competencies[code].id for code in ("F.2", "F.3")},
        None,
        None,
    )
    await book.take(column)
    book.type_over(column, 100)
    await book.compare(column)
    async with book.database.reading() as session:
        rows = (await session.exec(scoped(Evidence, made.id).where(Evidence.earned == 100))).all()
        assert {(row.competency_id, row.shared, row.whole, row.passing_percent) for row in rows} == {
            (made.competencies[code].id, True, True, 80.0) for code in ("F.2", "F.3")
        }
    # An alignment that goes takes nothing back by itself, as with results of items.
    book.meaning["playlist:1"] = {made.competencies["F.2"].id}
    await book.compare(column)
    assert await book.said(column) == [(100, None), (100, None)]


async def test_the_column_of_all_together_can_be_no_evidence(book: Gradebook) -> None:
    column = await a_column(book, None)
    async with book.database.reading() as session:
        about = await theirs.about(session, book.made.course, column, (book.meanings,))
    assert about == theirs.About(why=theirs.Why.OVERALL)
    await book.take(column)
    book.type_over(column, 1)
    await book.compare(column)
    assert await book.said(column) == []


async def test_a_competency_that_has_left_the_map_is_none_any_more(book: Gradebook) -> None:
    column = await a_column(book)
    other = column.model_copy(update={"resource_id": f"competency:{uuid.uuid4()}"})
    async with book.database.reading() as session:
        about = await theirs.about(session, book.made.course, other, (book.meanings,))
    assert about.why is theirs.Why.UNALIGNED


async def test_who_has_left_keeps_what_was_entered(book: Gradebook) -> None:
    column = await a_column(book)
    await book.take(column)
    book.type_over(column, 90)
    await book.compare(column)
    await leave(book.database, book.made, 0)
    (there,) = book.lms.columns.values()
    result = there.results.pop(book.made.ada.sub)
    await book.compare(column)
    assert await book.said(column) == [(90, None)]
    there.results[book.made.ada.sub] = result
    await comes(book.database, book.made, 0, book.clock.now())
    await book.deliver()
    assert (book.stands(column), await book.said(column)) == (90, [(90, None)])


async def test_a_lost_nudge_is_caught_up_and_a_wrong_key_is_refused(book: Gradebook) -> None:
    column = await a_column(book)
    await book.take(column)
    book.type_over(column, 90)
    await book.comparer.compare(book.made.id, column.id)
    book.runner.nudges.clear()
    await book.takes.sweep()
    assert await book.said(column) == [(90, None)]
    for key in ("nothing", theirs_key(book.made.id, uuid.uuid4())):
        with pytest.raises(NotFound):
            await book.takes.run(key)


async def test_a_choice_at_the_same_moment_wins(own_database: Database) -> None:
    """The teacher says *ours* between the look at the numbers and their becoming evidence."""
    book = await a_book(own_database)
    column = await a_column_of_work(book)
    await book.take(column)
    book.type_over(column, 90)
    await book.comparer.compare(book.made.id, column.id)
    looks = 0

    async def meanings(
        _session: AsyncSession, _course: Course, _ids: Collection[str]
    ) -> Mapping[str, Collection[uuid.UUID]]:
        nonlocal looks
        looks += 1
        if looks == 1:
            await book.choose(column, Choice.OURS)
        return {"playlist:1": {book.made.competencies["F.2"].id}}

    done = await theirs.keep_up(book.database, book.made.id, column.id, (meanings,), book.clock.now())
    assert (done, looks) == (theirs.Settled(), 1)
    assert await book.said(column) == []


@pytest.mark.parametrize("seed", range(3))
async def test_after_whatever_happens_what_counts_is_what_stands_there_and_nothing_is_sent_over_it(
    book: Gradebook, seed: int
) -> None:
    """Random teachers and students: typing, choosing, switching, working on; compared and delivered in between."""
    chance = random.Random(seed)
    column = await a_column(book)
    on = True
    await book.take(column)
    for step in range(25):
        place = chance.randrange(2)
        match chance.randrange(6):
            case 0 | 1:
                book.type_over(column, chance.choice([10, 50, 77, 90, 100]), place)
            case 2:
                share = chance.choice([0.1, 0.5, 1.0])
                at = book.clock.now() - DAY
                await append(book.database, book.made, rated(book.made, "F.1", f"{step}", share, place, at))
            case 3:
                if (await book.score(column, place)).difference is not None:
                    await book.choose(column, chance.choice(list(Choice)), place)
            case 4 if chance.random() < 0.4:
                on = not on
                await book.take(column, on=on)
            case _:
                await book.deliver()
        standing = {one: book.stands(column, one) for one in range(2)}
        await book.compare(column)
        waiting = [await book.score(column, one) for one in range(2)]
        book.clock.move(timedelta(minutes=40))
        await book.deliver()
        for one, score in enumerate(waiting):
            if score.difference is Difference.OVERRIDDEN and score.choice is not Choice.OURS:
                assert book.stands(column, one) == standing[one], step
        await book.compare(column)
        for one in range(2):
            score = await book.score(column, one)
            counts = [given for given, reason in await book.said(column, one) if reason is None]
            theirs_now = score.difference is Difference.OVERRIDDEN and score.choice is not Choice.OURS
            assert counts == ([book.stands(column, one)] if on and theirs_now else []), (step, one)
