"""Attempts on both databases: one at a time, saved as they are given, ended once, with evidence and what they teach."""

import asyncio
import random
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from lti_tool.checks import (
    ability,
    allowing,
    attempt_queries,
    attempt_rules,
    attempts,
    finishing,
    jobs,
    selecting,
    sheets,
)
from lti_tool.checks.attempt_rules import Standing
from lti_tool.checks.attempts import AttemptOver, CannotBegin, Given
from lti_tool.checks.models import AttemptState, BankQuestion, CheckAttempt, CheckStatus, Feedback, Selection
from lti_tool.checks.questions import Choice, Question, QuestionKind
from lti_tool.clock import ManualClock
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.insight.evidence_views import evidence_views
from lti_tool.insight.words import Levels
from lti_tool.learners.models import LearnerSupport, Support
from lti_tool.mastery.models import Evidence
from lti_tool.mastery.rules.scales import default_scale
from lti_tool.web import i18n
from tests.checks import asked
from tests.checks.taking import Student, Taking, a_bank, a_check, a_question
from tests.mastery.world import align, world
from tests.playlists.seed import NOW

MINUTE = timedelta(minutes=1)


async def a_student(database: Database, **check: Any) -> Student:
    """Ada before a check of one question of each kind, which assesses F.1."""
    async with database.writing() as session:
        made = await a_bank(session)
        found = await a_check(session, made, **({"feedback": Feedback.END} | check))
        await align(session, made.world, "check What halves are", "F.1")
        session.expunge_all()
    return Student(database, made, found, made.ada)


async def evidence(database: Database, made: Taking) -> list[Evidence]:
    async with database.reading() as session:
        rows = (await session.exec(scoped(Evidence, made.world.id).order_by("item"))).all()
        session.expunge_all()
    return list(rows)


# --- Beginning --------------------------------------------------------------------------------------------------------


async def test_an_attempt_is_begun_once_and_shows_the_same_again(database: Database) -> None:
    ada = await a_student(database, shuffled=True)
    first = await ada.begin()
    again = await ada.begin(NOW + MINUTE)
    assert first.attempt.id == again.attempt.id
    assert first.attempt.asked == again.attempt.asked
    assert sorted(first.attempt.asked) == sorted(str(row.id) for row in ada.made.rows)


async def test_two_tabs_that_begin_at_once_have_one_attempt(own_database: Database) -> None:
    ada = await a_student(own_database)
    found = await asyncio.gather(*(ada.begin() for _ in range(4)))
    assert len({one.attempt.id for one in found}) == 1
    async with own_database.reading() as session:
        assert len((await session.exec(scoped(CheckAttempt, ada.made.world.id))).all()) == 1


async def test_a_check_that_is_written_is_unknown_and_one_that_is_closed_cannot_be_begun(database: Database) -> None:
    draft = await a_student(database, status=CheckStatus.DRAFT)
    with pytest.raises(NotFound):
        await draft.begin()
    for more in ({"status": CheckStatus.ARCHIVED}, {"opens_at": NOW + MINUTE}):
        with pytest.raises(CannotBegin):
            await (await a_student(database, **more)).begin()


async def test_attempts_and_the_wait_between_them_are_kept(database: Database) -> None:
    ada = await a_student(database, attempts=2, wait_minutes=10)
    await ada.begin()
    await ada.finish(NOW + MINUTE)
    with pytest.raises(CannotBegin, match="waits"):
        await ada.begin(NOW + 5 * MINUTE)
    second = await ada.begin(NOW + 11 * MINUTE)
    assert second.attempt.number == 2
    await ada.finish(NOW + 12 * MINUTE)
    with pytest.raises(CannotBegin, match="no-more"):
        await ada.begin(NOW + 60 * MINUTE)


async def test_one_more_attempt_is_one_however_often_it_is_given(own_database: Database) -> None:
    """Two teachers at once, or one who presses twice; and nobody else has more for it."""
    ada = await a_student(own_database, attempts=1)

    async def allow(at: int) -> bool:
        async with own_database.writing() as session:
            course = ada.made.world.course
            return await allowing.allow(session, course, ada.check.id, ada.person.id, NOW + at * MINUTE, None)

    assert await allow(0) is False
    await ada.begin()
    await ada.finish(NOW + MINUTE)
    assert sorted(await asyncio.gather(*(allow(2) for _ in range(3)))) == [False, False, True]
    assert (await ada.begin(NOW + 3 * MINUTE)).attempt.number == 2
    await ada.finish(NOW + 4 * MINUTE)
    with pytest.raises(CannotBegin, match="no-more"):
        await ada.begin(NOW + 5 * MINUTE)
    assert await allow(6) is True
    assert (await ada.begin(NOW + 7 * MINUTE)).attempt.number == 3


async def test_extended_time_makes_the_limit_longer(database: Database) -> None:
    ada = await a_student(database, minutes=10)
    async with database.writing() as session:
        session.add(
            LearnerSupport(
                organisation_id=ada.made.world.id,
                course_id=ada.made.world.course.id,
                person_id=ada.person.id,
                support=Support.EXTENDED_TIME,
                factor=1.5,
                created_at=NOW,
            )
        )
    assert (await ada.begin()).attempt.ends_at == NOW + 15 * MINUTE
    ben = Student(database, ada.made, ada.check, ada.made.world.school.students[1])
    assert (await ben.begin()).attempt.ends_at == NOW + 10 * MINUTE


def test_when_a_check_may_be_tried() -> None:
    from lti_tool.checks.models import Check
    from lti_tool.ids import new_id

    check = Check(
        organisation_id=new_id(),
        course_id=new_id(),
        content_item_id=new_id(),
        title="",
        status=CheckStatus.OPEN,
        created_at=NOW,
        changed_at=NOW,
    )
    assert attempt_rules.may_begin(check, [], 0, NOW).standing is Standing.EMPTY
    assert attempt_rules.may_begin(check, [], 3, NOW).standing is Standing.MAY_BEGIN
    assert attempt_rules.percent(Decimal("7.9999"), Decimal(10)) == 79.99
    assert attempt_rules.percent(Decimal(8), Decimal(10)) == 80.0
    assert attempt_rules.percent(Decimal(0), Decimal(0)) == 0.0


# --- Saving -----------------------------------------------------------------------------------------------------------


async def test_what_is_late_or_twice_changes_nothing(database: Database) -> None:
    ada = await a_student(database)
    await ada.begin()
    text = ada.made.rows[3]
    assert (await ada.save(text, "num", 5)).kept
    assert (await ada.save(text, "numerator", 9)).kept
    assert not (await ada.save(text, "nume", 7)).kept
    assert not (await ada.save(text, "other", 9)).kept
    assert (await ada.save(text, "numerator", 9)).kept
    assert (await ada.now()).response(str(text.id)) == "numerator"


async def test_saves_that_arrive_in_any_order_end_with_the_latest(own_database: Database) -> None:
    ada = await a_student(own_database)
    await ada.begin()
    text = ada.made.rows[3]
    numbers = list(range(1, 9))
    random.Random(4).shuffle(numbers)
    await asyncio.gather(*(ada.save(text, f"answer {number}", number) for number in numbers))
    assert (await ada.now()).response(str(text.id)) == "answer 8"


async def test_nothing_is_saved_after_the_end(database: Database) -> None:
    ada = await a_student(database)
    await ada.begin()
    await ada.save(ada.made.rows[3], "numerator", 1)
    await ada.finish()
    with pytest.raises(AttemptOver):
        await ada.save(ada.made.rows[3], "denominator", 2)
    with pytest.raises(AttemptOver):
        await ada.give(ada.made.rows[3], "denominator")
    assert (await ada.now()).response(str(ada.made.rows[3].id)) == "numerator"


# --- The end ----------------------------------------------------------------------------------------------------------


async def test_the_end_has_a_result_and_evidence_of_each_answer(database: Database) -> None:
    ada = await a_student(database)
    await ada.begin()
    await ada.answer_rightly()
    await ada.save(ada.made.rows[0], "b", 50)  # Not the right choice.
    await ada.save(ada.made.rows[1], [], 50)  # Taken back: no answer.
    assert await ada.finish(NOW + MINUTE)
    found = await ada.now()
    assert (found.attempt.earned, found.attempt.possible) == (Decimal(11), Decimal(14))
    assert found.attempt.state is AttemptState.FINISHED
    assert ada.taken == [(Decimal(11), Decimal(14))]
    rows = await evidence(database, ada.made)
    assert len(rows) == 6  # What was not answered is none.
    assert {row.presentation for row in rows} == {
        f"check:{found.attempt.id}:{row.id}" for place, row in enumerate(ada.made.rows) if place != 1
    }
    assert all(row.content_item_id == ada.check.content_item_id and row.first and not row.whole for row in rows)
    wrong = next(row for row in rows if row.item == str(ada.made.rows[0].id))
    assert (wrong.earned, wrong.possible, wrong.passing_percent) == (Decimal(0), Decimal(1), 80.0)


async def test_two_ends_at_once_count_once(own_database: Database) -> None:
    ada = await a_student(own_database)
    await ada.begin()
    await ada.answer_rightly()
    ended = await asyncio.gather(*(ada.finish() for _ in range(4)))
    assert sorted(ended) == [False, False, False, True]
    assert len(ada.taken) == 1
    assert len(await evidence(own_database, ada.made)) == 7
    async with own_database.reading() as session:
        rows = (await session.exec(scoped(BankQuestion, ada.made.world.id))).all()
        assert {row.answers for row in rows} == {1}


async def test_an_end_and_a_save_at_once_lose_nothing_that_was_in_time(own_database: Database) -> None:
    ada = await a_student(own_database)
    await ada.begin()
    text = ada.made.rows[3]
    came = await asyncio.gather(ada.save(text, "numerator", 1), ada.finish(), return_exceptions=True)
    found = await ada.now()
    if isinstance(came[0], AttemptOver):
        assert found.attempt.earned == 0
    else:
        assert found.attempt.earned == 1


async def test_a_tag_goes_before_what_the_check_assesses(database: Database) -> None:
    async with database.writing() as session:
        made = await a_bank(session, [])
        tagged = await a_question(session, made, asked.choice(), "F.2", "F.3")
        plain = await a_question(session, made, asked.text())
        check = await a_check(session, made, feedback=Feedback.END)
        await align(session, made.world, "check What halves are", "F.1", passing_percent=60.0)
        session.expunge_all()
    ada = Student(database, made, check, made.ada)
    await ada.begin()
    await ada.answer_rightly()
    await ada.finish()
    of = {code: competency.id for code, competency in made.world.competencies.items()}
    rows = {(row.item, row.competency_id): row for row in await evidence(database, made)}
    assert set(rows) == {(str(tagged.id), of["F.2"]), (str(tagged.id), of["F.3"]), (str(plain.id), of["F.1"])}
    assert rows[str(plain.id), of["F.1"]].passing_percent == 60.0
    assert rows[str(tagged.id), of["F.2"]].passing_percent == 100.0
    assert rows[str(tagged.id), of["F.2"]].mixed


async def test_a_check_about_nothing_gives_a_result_and_no_evidence(database: Database) -> None:
    async with database.writing() as session:
        made = await a_bank(session, [asked.choice()])
        check = await a_check(session, made, feedback=Feedback.END)
        session.expunge_all()
    ada = Student(database, made, check, made.ada)
    await ada.begin()
    await ada.answer_rightly()
    await ada.finish()
    assert ada.taken == [(Decimal(1), Decimal(1))]
    assert await evidence(database, made) == []


# --- Tries ------------------------------------------------------------------------------------------------------------


async def test_the_first_try_is_evidence_and_the_best_one_counts(database: Database) -> None:
    ada = await a_student(database, feedback=Feedback.EACH, tries=2)
    await ada.begin()
    choice, number = ada.made.rows[0], ada.made.rows[2]
    assert await ada.give(choice, "b") is Given.AGAIN
    assert await ada.give(choice, "a") is Given.FINAL
    assert await ada.give(choice, "c") is Given.ALREADY
    assert await ada.give(number, "three") is Given.MEND
    assert await ada.give(number, "") is Given.MEND
    assert await ada.give(number, "1,5") is Given.FINAL
    found = await ada.now()
    assert found.answers[str(choice.id)].tries == 2
    assert found.answers[str(number.id)].tries == 1
    await ada.finish()
    assert ada.taken == [(Decimal(2), Decimal(14))]
    rows = {row.item: row for row in await evidence(database, ada.made)}
    assert rows[str(choice.id)].earned == 0
    assert rows[str(number.id)].earned == 1


async def test_pressing_twice_at_once_is_one_try(own_database: Database) -> None:
    ada = await a_student(own_database, feedback=Feedback.EACH, tries=3)
    await ada.begin()
    choice = ada.made.rows[0]
    await ada.save(choice, "b", 1)

    async def press() -> Given:
        async with own_database.writing() as session:
            found = await attempts.of_student(session, ada.made.world.course, ada.person.id, ada.check.id, 1, lock=True)
            return attempts.give(session, found, str(choice.id), 0, NOW)

    assert sorted(await asyncio.gather(press(), press())) == [Given.AGAIN, Given.ALREADY]
    assert (await ada.now()).answers[str(choice.id)].tries == 1


# --- Time -------------------------------------------------------------------------------------------------------------


async def test_time_ends_an_attempt_with_what_was_saved(database: Database) -> None:
    ada = await a_student(database, minutes=10)
    await ada.begin()
    await ada.answer_rightly(NOW + 9 * MINUTE)
    assert (await finishing.end_overdue(database, NOW + 10 * MINUTE, [ada._take])).attempts == 0
    assert (await finishing.end_overdue(database, NOW + 12 * MINUTE, [ada._take])).attempts == 1
    assert (await finishing.end_overdue(database, NOW + 13 * MINUTE, [ada._take])).attempts == 0
    found = await ada.now()
    assert found.attempt.finished_at == NOW + 10 * MINUTE
    assert ada.taken == [(Decimal(14), Decimal(14))]


# --- Difficulty -------------------------------------------------------------------------------------------------------


async def test_a_question_becomes_easier_when_it_is_answered_and_each_student_teaches_once(database: Database) -> None:
    ada = await a_student(database)
    await ada.begin()
    await ada.answer_rightly()
    await ada.save(ada.made.rows[0], "b", 50)
    await ada.finish()

    async def known() -> dict[Any, tuple[float, int]]:
        async with database.reading() as session:
            rows = await attempt_queries.questions(session, ada.made.world.id, [row.id for row in ada.made.rows])
            return {row.id: (row.difficulty, row.answers) for row in rows.values()}

    first = await known()
    assert first[ada.made.rows[0].id][0] > 0
    assert all(first[row.id][0] < 0 for row in ada.made.rows[1:])
    await ada.begin(NOW + MINUTE)
    await ada.answer_rightly(NOW + MINUTE)
    await ada.finish(NOW + MINUTE)
    assert await known() == first
    ben = Student(database, ada.made, ada.check, ada.made.world.school.students[1])
    await ben.begin()
    await ben.answer_rightly()
    await ben.finish()
    assert {answers for _, answers in (await known()).values()} == {2}


# --- Adaptive ---------------------------------------------------------------------------------------------------------


async def an_adaptive(database: Database, students: int = 3) -> Student:
    """A bank of thirty questions about two competencies, of known difficulty, asked one after another."""
    async with database.writing() as session:
        made = await a_bank(session, [], made=await world(session, students=students))
        for place in range(30):
            question = Question(
                QuestionKind.CHOICE,
                f"Question {place}",
                choices=(Choice("r", "right", Decimal(1)), Choice("w", "wrong")),
            )
            await a_question(session, made, question, f"F.{place % 2 + 1}", difficulty=(place - 15) / 6, answers=100)
        check = await a_check(
            session, made, selection=Selection.ADAPTIVE, feedback=Feedback.END, count=12, pass_percent=70.0
        )
        session.expunge_all()
    return Student(database, made, check, made.ada)


async def play(student: Student, truth: float) -> attempts.Sitting:
    chance = random.Random(9)
    found = await student.begin()
    while True:
        key = found.attempt.asked[-1]
        row = found.rows[key]
        right = chance.random() < ability.sigmoid(truth - row.difficulty)
        await student.give(row, "r" if right else "w")
        async with student.database.writing() as session:
            locked = await attempts.of_student(
                session, student.made.world.course, student.person.id, student.check.id, student.number, lock=True
            )
            more = await attempts.ask_next(session, locked)
        if not more:
            return await student.now()
        found = await student.now()


async def test_an_adaptive_check_asks_what_fits_and_its_result_is_of_all_questions(database: Database) -> None:
    ada = await an_adaptive(database)
    strong = await play(ada, 1.6)
    assert 6 <= len(strong.attempt.asked) <= 12
    assert len(set(strong.attempt.asked)) == len(strong.attempt.asked)
    await ada.finish()
    ben = Student(database, ada.made, ada.check, ada.made.world.school.students[1])
    weak = await play(ben, -1.6)
    await ben.finish()
    hard = [sum(one.rows[key].difficulty for key in one.rows) / len(one.rows) for one in (strong, weak)]
    assert hard[0] > hard[1] + 0.8
    shares = [float(student.taken[0][0] / student.taken[0][1]) for student in (ada, ben)]
    assert [student.taken[0][1] for student in (ada, ben)] == [Decimal(30), Decimal(30)]
    assert shares[0] > 0.7
    assert shares[1] < 0.45
    rows = await evidence(database, ada.made)
    assert {(row.possible, row.whole, row.passing_percent, row.item) for row in rows} == {(1, False, 70.0, None)}
    told: dict[tuple[bool, uuid.UUID], list[int]] = {}
    for row in sorted(rows, key=lambda row: row.observed_at):
        told.setdefault((row.person_id == ada.person.id, row.competency_id), []).append(int(row.earned or 0))
    # Two students, two competencies; what all questions would have shown, as five answers at most.
    assert len(told) == 4
    assert all(1 <= len(answers) <= 5 for answers in told.values())
    means = [sum(sum(some) / len(some) for (is_ada, _), some in told.items() if is_ada == who) for who in (True, False)]
    assert means[0] > means[1] + 0.4
    with i18n.speaking(i18n.language_for(("en",))):
        views = evidence_views(rows, {}, {}, Levels(default_scale()), knows_marks=True)
    assert {view.marks for view in views} == {
        ("adaptive check: stands for its questions as a whole, not for one of them",)
    }


async def test_not_knowing_is_an_answer_of_an_adaptive_check(database: Database) -> None:
    ada = await an_adaptive(database)
    found = await ada.begin()
    async with database.writing() as session:
        locked = await attempts.of_student(session, ada.made.world.course, ada.person.id, ada.check.id, 1, lock=True)
        attempts.go_on(session, locked, found.attempt.asked[0], NOW)
        assert await attempts.ask_next(session, locked)
    found = await ada.now()
    assert len(found.attempt.asked) == 2
    assert found.answers[found.attempt.asked[0]].first_share == 0
    assert not found.is_given(found.attempt.asked[1])


async def test_an_adaptive_check_of_nine_questions_asks_all(database: Database) -> None:
    async with database.writing() as session:
        made = await a_bank(session, [asked.choice()] * (selecting.LEAST_FOR_ADAPTIVE - 1))
        check = await a_check(session, made, selection=Selection.ADAPTIVE, feedback=Feedback.END, count=3)
        session.expunge_all()
    found = await Student(database, made, check, made.ada).begin()
    assert len(found.attempt.asked) == 9
    assert not found.is_adaptive


async def test_what_is_typed_after_a_try_is_not_marked_before_it_is_given(database: Database) -> None:
    ada = await a_student(database, feedback=Feedback.EACH, tries=3)
    await ada.begin()
    choice = ada.made.rows[0]
    await ada.give(choice, "b")
    await ada.save(choice, "a", 50)
    found = await ada.now()
    (view, *_) = sheets.views(found, told=True)
    assert view.chosen("a")
    assert view.scored is not None
    assert not view.scored.is_right
    await ada.finish()
    assert ada.taken == [(Decimal(0), Decimal(14))]
    (marked, *_) = sheets.marked(await ada.now(), shows_right=True)
    assert {(line.mark, line.given) for line in marked.lines} == {
        (sheets.Mark.OTHER, "2/3"),
        (sheets.Mark.MISSED, "2/4"),
    }


async def test_the_background_work_ends_what_has_run_out(database: Database, clock: ManualClock) -> None:
    ada = await a_student(database, minutes=10)
    await ada.begin(clock.now())
    await ada.answer_rightly(clock.now())
    (periodic,) = [one for one in jobs.work(database, clock, [ada._take]).periodic if one.name == "checks.end-overdue"]
    await periodic.run()
    assert (await ada.now()).is_open
    clock.move(11 * MINUTE)
    await periodic.run()
    assert not (await ada.now()).is_open
    assert ada.taken == [(Decimal(14), Decimal(14))]
