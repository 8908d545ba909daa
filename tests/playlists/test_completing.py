"""What the LMS counts as completed makes steps be done, and nothing else, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lti_tool.content.taking import ItemCompletion
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.grades.models import Score
from lti_tool.ids import new_id
from lti_tool.learners.models import LearnerSupport, Support
from lti_tool.playlists import completing, editing, rules, service
from lti_tool.playlists.editing import Basics, Terms
from lti_tool.playlists.models import DoneBy, DoneRule, Need, OrderRule, StepState, StepVariant
from lti_tool.playlists.own_steps import Wanted
from tests.playlists import seed
from tests.playlists.seed import NOW, School
from tests.playlists.site import Site
from tests.playlists.test_service import Ada, assigned

LATER = NOW + timedelta(hours=1)


def told(
    school: School, item: str, student: int = 0, *, at: datetime | None = NOW, done: bool = True
) -> ItemCompletion:
    return ItemCompletion(school.items[item].id, school.students[student].id, done, at)


class Class:
    """A course whose playlist is a page to mark, a quiz from 70 %, and something away from the screen."""

    def __init__(self, database: Database, school: School) -> None:
        self.database = database
        self.school = school

    async def take(self, *told: ItemCompletion, now: datetime = LATER) -> None:
        await completing.take_completions(self.database, self.school.course, told, now)

    async def standings(self, student: int = 0) -> list[rules.Standing]:
        async with self.database.reading() as session:
            [path] = await service.paths_of_person(session, self.school.course, self.school.students[student].id, LATER)
            return [step.standing for step in path.steps]

    async def scores(self) -> dict[int, float | None]:
        place = {student.id: number for number, student in enumerate(self.school.students)}
        async with self.database.reading() as session:
            found = (await session.exec(scoped(Score, self.school.id))).all()
            return {place[score.person_id]: score.owed_given for score in found}


async def a_class(database: Database, **more: Any) -> Class:
    async with database.writing() as session:
        school = await seed.school(session)
        await assigned(session, school, Terms(has_column=True), **more)
    return Class(database, school)


async def test_what_is_completed_is_done_by_the_lms_with_its_moment_and_its_score(database: Database) -> None:
    lesson = await a_class(database)
    school = lesson.school
    await lesson.take(told(school, "page"), told(school, "page", 1, at=None))
    first, quiz, strip = await lesson.standings()
    assert (first.state, first.done_by, first.done_at) == (StepState.DONE, DoneBy.LMS, NOW)
    assert (quiz.state, strip.state) == (StepState.TODO, StepState.TODO)
    # Without a moment it is known since now.
    assert (await lesson.standings(1))[0].done_at == LATER
    assert (await lesson.standings(2))[0].state is StepState.TODO
    # The score is in the ledger as soon as the whole is finished: two must-dos are left.
    assert await lesson.scores() == {}
    async with database.writing() as session:
        ada = Ada(session, school)
        await ada.result("quiz", 90)
        await ada.mark(2)
    assert await lesson.scores() == {0: 100}


async def test_who_waits_for_the_lms_has_a_step_that_its_word_would_do(database: Database) -> None:
    lesson = await a_class(database)
    school = lesson.school

    async def awaiting() -> set[int]:
        async with database.reading() as session:
            found = await completing.awaiting(session, school.course)
        return {number for number, one in enumerate(school.students) if one.id in found}

    assert await awaiting() == set(range(len(school.students)))
    # A quiz that counts by its result, and what is done away from the screen, wait for no such word.
    await lesson.take(told(school, "page"))
    assert await awaiting() == set(range(1, len(school.students)))
    async with database.writing() as session:
        path = await Ada(session, school).path()
        own = Wanted(school.items["essay"].id, need=Need.MAY, done_rule=DoneRule.OPENED, step_id=new_id())
        ada = school.students[0].id
        await service.add_for_student(session, school.course, path.playlist.id, ada, own, school.teacher.id, NOW)
    assert 0 in await awaiting()


async def test_the_last_step_that_is_completed_brings_the_score(database: Database) -> None:
    lesson = await a_class(database)
    async with database.writing() as session:
        ada = Ada(session, lesson.school)
        await ada.result("quiz", 90)
        await ada.mark(2)
    assert await lesson.scores() == {}
    await lesson.take(told(lesson.school, "page"))
    assert await lesson.scores() == {0: 100}


async def test_a_result_that_is_asked_for_is_not_replaced_by_completion(database: Database) -> None:
    lesson = await a_class(database)
    await lesson.take(told(lesson.school, "quiz"))
    assert [one.state for one in await lesson.standings()] == [StepState.TODO] * 3


async def test_a_step_that_is_not_open_yet_is_done_as_well(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await editing.create(
            session, school.course, Basics("Order", order_rule=OrderRule.IN_ORDER), school.teacher.id, NOW
        )
        for item in ("quiz", "page"):
            ids = [school.items[item].id]
            await editing.add_items(session, school.course, playlist.id, playlist.revision, ids, NOW)
        await editing.assign(session, school.course, playlist.id, playlist.revision, Terms(), school.teacher.id, NOW)
    lesson = Class(database, school)
    await lesson.take(told(school, "page"))
    assert [one.state for one in await lesson.standings()] == [StepState.TODO, StepState.DONE]


async def test_taking_completion_back_in_the_lms_undoes_nothing(database: Database) -> None:
    lesson = await a_class(database)
    await lesson.take(told(lesson.school, "page"))
    before = await lesson.standings()
    await lesson.take(told(lesson.school, "page", at=LATER, done=False))
    assert await lesson.standings() == before


async def test_twice_is_once_and_looks_without_a_lock(database: Database) -> None:
    lesson = await a_class(database)
    one = told(lesson.school, "page")
    await lesson.take(one, one)
    before = await lesson.standings()
    async with database.reading() as session:
        news = await completing.news(session, lesson.school.course, {(one.person_id, one.content_item_id): one}, LATER)
    assert news == {}
    await lesson.take(told(lesson.school, "page", at=LATER))
    assert await lesson.standings() == before


async def test_the_students_own_word_stands(database: Database) -> None:
    lesson = await a_class(database)
    async with database.writing() as session:
        await Ada(session, lesson.school).mark(0)
    await lesson.take(told(lesson.school, "page", at=LATER))
    [first, *_] = await lesson.standings()
    assert (first.done_by, first.done_at) == (DoneBy.STUDENT, NOW)


async def test_what_a_teacher_took_back_is_asked_for_again(database: Database) -> None:
    lesson = await a_class(database)
    school = lesson.school
    await lesson.take(told(school, "page"))
    async with database.writing() as session:
        path = await Ada(session, school).path()
        await service.take_back(
            session,
            school.course,
            path.playlist.id,
            school.students[0].id,
            path.present[0].id,
            school.teacher.id,
            LATER,
        )
    await lesson.take(told(school, "page"), now=LATER + timedelta(hours=1))
    await lesson.take(told(school, "page", at=None), now=LATER + timedelta(hours=1))
    assert (await lesson.standings())[0].state is StepState.OPENED
    again = LATER + timedelta(minutes=5)
    await lesson.take(told(school, "page", at=NOW), told(school, "page", at=again), now=LATER + timedelta(hours=1))
    first = (await lesson.standings())[0]
    assert (first.state, first.done_at) == (StepState.DONE, again)


async def test_another_course_with_the_same_words_changes_nothing(database: Database) -> None:
    lesson = await a_class(database)
    async with database.writing() as session:
        other = await seed.school(session, "Elsewhere")
    await completing.take_completions(database, other.course, [told(lesson.school, "page")], LATER)
    assert [one.state for one in await lesson.standings()] == [StepState.TODO] * 3


async def test_another_form_and_a_step_of_ones_own_are_done_as_well(database: Database) -> None:
    lesson = await a_class(database)
    school = lesson.school
    ada, ben = school.students[0].id, school.students[1].id
    async with database.writing() as session:
        path = await Ada(session, school).path()
        support = {"course_id": school.course.id, "person_id": ada, "support": Support.SIMPLER_TEXT, "created_at": NOW}
        session.add(LearnerSupport(organisation_id=school.id, **support))
        form = {"support": Support.SIMPLER_TEXT, "content_item_id": school.items["essay"].id}
        session.add(StepVariant(organisation_id=school.id, step_id=path.present[0].id, **form))
        own = Wanted(school.items["essay"].id, need=Need.MAY, done_rule=DoneRule.OPENED, step_id=new_id())
        await service.add_for_student(session, school.course, path.playlist.id, ben, own, school.teacher.id, NOW)
    # Ada's page in simpler words is the essay; what is Ben's alone is the essay as well; Cem's page is another item.
    await lesson.take(*[told(school, "essay", student) for student in range(3)])
    assert [one.state for one in await lesson.standings(0)] == [StepState.DONE, StepState.TODO, StepState.TODO]
    assert [one.state for one in await lesson.standings(1)] == [StepState.TODO] * 3 + [StepState.DONE]
    assert [one.state for one in await lesson.standings(2)] == [StepState.TODO] * 3


async def test_a_whole_class_is_entered_at_once(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session, students=2)
        more = [
            seed.person(school.registration, school.organisation, f"more-{number}", f"More M{number}")
            for number in range(30)
        ]
        session.add_all(more)
        await session.flush()
        session.add_all([seed.member(school.course, one) for one in more])
        await session.flush()
        school.students += more
        await assigned(session, school, Terms(has_column=True))
    lesson = Class(database, school)
    await lesson.take(*[told(school, "page", number) for number in range(32)])
    for number in (0, 1, 31):
        assert (await lesson.standings(number))[0].done_by is DoneBy.LMS


# --- Rules

moments = st.datetimes(timezones=st.just(UTC))
ENOUGH = (DoneRule.OPENED, DoneRule.MARKED)


@given(rule=st.sampled_from(DoneRule), at=st.none() | moments, now=moments)
def test_only_where_a_word_is_enough_and_never_in_the_future(
    rule: DoneRule, at: datetime | None, now: datetime
) -> None:
    after = rules.completed(rules.Standing(), rule, at, now)
    assert (after.state is StepState.DONE) == (rule in ENOUGH)
    assert after.done_at is None or after.done_at <= now
    assert rules.completed(after, rule, at, now) == after


@given(rule=st.sampled_from(DoneRule), at=st.none() | moments, now=moments, by=st.sampled_from(DoneBy))
def test_what_is_done_stays_as_it_was(rule: DoneRule, at: datetime | None, now: datetime, by: DoneBy) -> None:
    done = rules.Standing(StepState.DONE, NOW, NOW, by, result_percent=40, result_at=NOW)
    assert rules.completed(done, rule, at, now) == done


def test_what_was_passed_over_is_done_by_it() -> None:
    passed = rules.skipped(rules.Standing(), "No time.", NOW)
    after = rules.completed(passed, DoneRule.MARKED, LATER, LATER)
    assert (after.state, after.skipped_at, after.words) == (StepState.DONE, None, "")


# --- Pages


async def test_a_teacher_reads_that_it_was_done_in_the_lms(site: Site) -> None:
    async with site.database.writing() as session:
        playlist = await assigned(session, site.school)
    lesson = Class(site.database, site.school)
    await lesson.take(told(site.school, "page"), now=site.clock.now())
    teacher, student = await site.teacher(), await site.student()
    person_id = site.school.students[0].id
    page = await teacher.get(f"/courses/{site.school.course.id}/playlists/{playlist.id}/students/{person_id}")
    assert "Done in the LMS" in page.text
    assert "Done by result" not in page.text
    mine = await student.get(f"/courses/{site.school.course.id}/my")
    assert "Done in the LMS" not in mine.text


def test_of_several_words_on_the_same_item_the_latest_counts() -> None:
    key = (new_id(), new_id())
    words = [ItemCompletion(key[1], key[0], True, at) for at in (NOW, None, LATER, NOW)]
    assert completing._completed(words)[key].at == LATER
