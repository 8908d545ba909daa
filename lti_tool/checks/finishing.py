"""The end of an attempt: once, with its result, its evidence, what leads to it, and what it teaches about its questions.

All of it stands in one transaction, under the lock of the attempt. Order of locks: the attempt, the learner's mastery, whatever
the takers lock, and last the questions, which all students share, in the order of their ids.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import ability, attempt_rules, attempts
from lti_tool.checks import attempt_queries as queries
from lti_tool.checks.attempts import Sitting
from lti_tool.checks.models import AttemptState
from lti_tool.checks.questions import ONE, ZERO, Partial, Question, from_json
from lti_tool.checks.scoring import rounded
from lti_tool.competencies import alignments
from lti_tool.competencies.alignment_rules import AlignmentView
from lti_tool.competencies.models import AlignmentRole
from lti_tool.courses import queries as course_queries
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.mastery import service as mastery
from lti_tool.mastery.entries import LARGEST, Entry
from lti_tool.mastery.models import EvidenceSource

MOST_ANSWERS = 5
"""As so many answers at most an adaptive attempt is told in each competency: what the usual level rule looks at."""

Taker = Callable[[AsyncSession, Course, uuid.UUID, uuid.UUID, Decimal, Decimal, datetime, datetime], Awaitable[None]]
"""Who takes a check's result: (session, course, person, content item, earned, possible, at, now), in the same transaction."""


async def finish(session: AsyncSession, here: Sitting, now: datetime, takers: Sequence[Taker]) -> bool:
    """End an attempt, which the caller has locked; False where it has ended already, and then nothing is changed.

    What was saved counts, given or not; what was not answered is worth nothing and is no evidence. An attempt whose time ran out
    ended then.
    """
    attempt = here.attempt
    if attempt.state is not AttemptState.OPEN:
        return False
    at = now if attempt.ends_at is None else min(now, attempt.ends_at)
    for question_id in here.rows:
        _settle(session, here, question_id, at)
    items = await attempts.items_of(session, here)
    given = _given(here, items)
    if here.is_adaptive:
        earned, possible = _expected(here, items, _estimated(items, given))
    else:
        earned = sum((points(here, one) for one in here.rows), ZERO)
        possible = sum((question.points for question in here.questions.values()), ZERO)
    attempt.state, attempt.finished_at = AttemptState.FINISHED, at
    attempt.earned, attempt.possible = rounded(earned), rounded(possible)
    session.add(attempt)
    await session.flush()
    await _evidence(session, here, items, given, at, now)
    for taker in takers:
        await taker(
            session,
            here.course,
            attempt.person_id,
            here.check.content_item_id,
            attempt.earned,
            attempt.possible,
            at,
            now,
        )
    await _learn(session, here, items, given)
    return True


def _settle(session: AsyncSession, here: Sitting, question_id: str, at: datetime) -> None:
    """What was saved and never given is given now."""
    answer = here.answers.get(question_id)
    if answer is None or (answer.tries == 0 and not here.is_answered(question_id)):
        return
    if answer.tries == 0:
        answer.tries = 1
        answer.share = answer.first_share = rounded(here.scored(question_id).share)
    answer.given_at = answer.given_at or at
    session.add(answer)


def points(here: Sitting, question_id: str) -> Decimal:
    """The points of an answer; exact where the saved response is what they are for, as it mostly is."""
    answer, question = here.answers.get(question_id), here.questions[question_id]
    if answer is None or answer.share is None:
        return ZERO
    return _points(here, question_id, answer.share, question.points)


def _points(here: Sitting, question_id: str, share: Decimal, of: Decimal) -> Decimal:
    exact = here.scored(question_id).share
    return rounded((exact if rounded(exact) == share else share) * of)


def _given(here: Sitting, items: Mapping[str, ability.Item]) -> list[ability.Given]:
    """The first answers of the attempt, in the order of its questions."""
    return [
        ability.Given(items[one], float(share))
        for one in here.rows
        if (answer := here.answers.get(one)) is not None and (share := answer.first_share) is not None
    ]


# --- An adaptive result -----------------------------------------------------------------------------------------------


def _estimated(items: Mapping[str, ability.Item], given: Sequence[ability.Given]) -> ability.Ability:
    """Where the student stands in everything that the check's questions are about."""
    return ability.estimate(given, list(dict.fromkeys(one for item in items.values() for one in item.about)))


def _expected(
    here: Sitting, items: Mapping[str, ability.Item], found: ability.Ability, about: str | None = None
) -> tuple[Decimal, Decimal]:
    """What the student would have earned of all questions (of those about one competency): who is asked harder questions for
    answering well must not be worse off. What was asked counts as it was answered, the rest by the estimated chance.
    """
    earned = possible = ZERO
    for key, item in items.items():
        if about is not None and about not in item.competencies:
            continue
        question = here.questions.get(key) or from_json(here.all_rows[key].content)
        possible += question.points
        if key in here.rows:
            earned += points(here, key)
        else:
            earned += Decimal(str(round(ability.chance(found.of(item), item), 6))) * question.points
    return earned, possible


# --- Evidence ---------------------------------------------------------------------------------------------------------


async def _evidence(
    session: AsyncSession,
    here: Sitting,
    items: Mapping[str, ability.Item],
    given: Sequence[ability.Given],
    at: datetime,
    now: datetime,
) -> None:
    """Every first answer is evidence of what its question is tagged with, or else of what the check assesses. Of an adaptive
    attempt, whose questions are as hard as the student is good, what all of its questions would have shown is.
    """
    found = await alignments.of_items(
        session, here.course.organisation_id, here.course.id, [here.check.content_item_id]
    )
    assessed = {
        view.competency_id: view
        for view in found.get(here.check.content_item_id, ())
        if view.role is AlignmentRole.ASSESSES
    }
    if here.is_adaptive:
        entries = _as_answers(here, items, given, assessed, at)
    else:
        entries = [
            entry
            for answer in given
            for entry in _entries(here, answer.item, assessed, min(at, here.answers[answer.item.id].saved_at))
        ]
    if entries:
        await mastery.append(session, here.course, entries, now)


def _entries(
    here: Sitting, item: ability.Item, assessed: Mapping[uuid.UUID, AlignmentView], at: datetime
) -> list[Entry]:
    question, answer = here.questions[item.id], here.answers[item.id]
    about = [uuid.UUID(one) for one in item.competencies] or sorted(assessed)
    possible = question.points if ZERO < question.points <= LARGEST else ONE
    earned = _points(here, item.id, answer.first_share or ZERO, possible)
    return [
        Entry(
            person_id=here.attempt.person_id,
            competency_id=competency_id,
            source=EvidenceSource.CHECK,
            presentation=f"check:{here.attempt.id}:{item.id}",
            observed_at=at,
            earned=earned,
            possible=possible,
            passing_percent=_passing(question, view),
            weight=view.weight if view is not None else ONE,
            content_item_id=here.check.content_item_id,
            item=item.id,
            mixed=view.mixed if view is not None else len(about) > 1,
        )
        for competency_id in about
        for view in (assessed.get(competency_id),)
    ]


def _passing(question: Question, view: AlignmentView | None) -> float | None:
    """From what share on an answer is right: the alignment's; else all of it where nothing is right in part, or the map's."""
    if view is not None:
        return view.passing_percent
    return 100.0 if question.partial is Partial.NONE else None


def _as_answers(
    here: Sitting,
    items: Mapping[str, ability.Item],
    given: Sequence[ability.Given],
    assessed: Mapping[uuid.UUID, AlignmentView],
    at: datetime,
) -> list[Entry]:
    """In each competency the expected share of all questions, told as answers: as many as were given there, five at most.

    So a student whom harder questions were chosen for is not held down by them, and counts as with any other check.
    """
    tagged = sorted({uuid.UUID(one) for answer in given for one in answer.item.competencies})
    found = _estimated(items, given)
    about = {one: _expected(here, items, found, str(one)) for one in tagged}
    if not about and given:
        about = dict.fromkeys(sorted(assessed), _expected(here, items, found))
    numbers = {one: sum(not tagged or str(one) in answer.item.competencies for answer in given) for one in about}
    return [
        Entry(
            person_id=here.attempt.person_id,
            competency_id=competency_id,
            source=EvidenceSource.CHECK,
            presentation=attempt_rules.told_of_all(here.attempt.id, place),
            # Moments of their own keep the order in which they are told.
            observed_at=at - timedelta(microseconds=MOST_ANSWERS - place),
            earned=ONE if is_right else ZERO,
            possible=ONE,
            passing_percent=view.passing_percent if view is not None else here.check.pass_percent,
            weight=view.weight if view is not None else ONE,
            content_item_id=here.check.content_item_id,
            shared=not tagged and len(about) > 1,
        )
        for competency_id, (earned, possible) in about.items()
        for view in (assessed.get(competency_id),)
        if ZERO < rounded(possible) <= LARGEST
        for place, is_right in enumerate(
            ability.told_as(float(earned / possible), min(numbers[competency_id], MOST_ANSWERS))
        )
    ]


# --- Difficulty -------------------------------------------------------------------------------------------------------


async def _learn(
    session: AsyncSession, here: Sitting, items: Mapping[str, ability.Item], given: Sequence[ability.Given]
) -> None:
    """Learn how hard the questions are that this student answered for the first time ever."""
    ids = [uuid.UUID(answer.item.id) for answer in given]
    known = await queries.answered_before(session, here.course.organisation_id, here.attempt, ids)
    abilities = {
        uuid.UUID(answer.item.id): (where, answer.share)
        for answer, where in zip(given, ability.without_each(given), strict=True)
        if uuid.UUID(answer.item.id) not in known
    }
    if not abilities:
        return
    for row in await queries.locked_questions(session, here.course.organisation_id, abilities.keys()):
        where, share = abilities[row.id]
        now = ability.Item(str(row.id), row.difficulty, items[str(row.id)].guess)
        row.difficulty = ability.learned(now, row.answers, where, share)
        row.answers += 1
        session.add(row)


# --- When time runs out -----------------------------------------------------------------------------------------------


async def end_if_over(session: AsyncSession, here: Sitting, now: datetime, takers: Sequence[Taker]) -> bool:
    """End an attempt, which the caller has locked, if its time has run out; whether it had."""
    return attempt_rules.is_over(here.attempt, now) and await finish(session, here, now, takers)


@dataclass(frozen=True, slots=True)
class Ended:
    """How many attempts a round has ended."""

    attempts: int


async def end_overdue(database: Database, now: datetime, takers: Sequence[Taker]) -> Ended:
    """End every attempt whose time has run out; run every minute or so. Each in a transaction of its own."""
    async with database.reading() as session:
        due = await queries.overdue(session, now - attempt_rules.GRACE)
    ended = 0
    for organisation_id, course_id, attempt_id in due:
        async with database.writing() as session:
            course = await course_queries.course(session, organisation_id, course_id)
            attempt = await queries.attempt(session, organisation_id, attempt_id, lock=True)
            check = attempt and await queries.check(session, organisation_id, course_id, attempt.check_id)
            if course is None or attempt is None or not check:
                continue
            here = await attempts.sitting(session, course, check, attempt)
            ended += await end_if_over(session, here, now, takers)
    return Ended(ended)
