"""Attempts at a check: beginning and going on, saving answers as they are given, giving them for good.

Every use case holds the attempt's row to the end of the caller's transaction, so that two tabs come one after the other. What
is saved carries a number that only grows: what was sent earlier, and arrives late or a second time, changes nothing.
"""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import ability, attempt_rules, responding, selecting
from lti_tool.checks import attempt_queries as queries
from lti_tool.checks.attempt_rules import May, Standing
from lti_tool.checks.models import (
    AttemptState,
    BankQuestion,
    Check,
    CheckAnswer,
    CheckAttempt,
    CheckStatus,
    Feedback,
    Selection,
)
from lti_tool.checks.questions import ZERO, Question, QuestionKind, from_json
from lti_tool.checks.responding import Fields
from lti_tool.checks.scoring import Response, Scored, rounded, score
from lti_tool.courses.models import Course
from lti_tool.errors import Conflict, NotFound
from lti_tool.learners import queries as learner_queries
from lti_tool.learners import supports
from lti_tool.learners.rules import minutes_for
from lti_tool.web.i18n import N_

_LARGEST_NUMBER = 2**31 - 1


class CannotBegin(Conflict):
    """A check that cannot be begun now; the page says why."""

    code = "check-cannot-begin"
    title = N_("You cannot begin this check now")
    advice = N_(
        "Go back to the check: its page says when you can, or what your result is. What you answered before is kept."
    )


class AttemptOver(Conflict):
    """Something was sent to an attempt that has ended."""

    code = "attempt-over"
    title = N_("This attempt has ended")
    advice = N_("Go back to the check: its page shows your result. What was saved before the end has counted.")


@dataclass(slots=True)
class Sitting:
    """An attempt with what it asks and what was answered; keys are the ids of questions as text."""

    course: Course
    check: Check
    attempt: CheckAttempt
    rows: dict[str, BankQuestion]
    questions: dict[str, Question]
    answers: dict[str, CheckAnswer]
    all_rows: dict[str, BankQuestion]
    """Everything that the check asks now; for an adaptive one, what it chooses from."""

    @property
    def is_open(self) -> bool:
        """Whether it can still be answered."""
        return self.attempt.state is AttemptState.OPEN

    @property
    def is_adaptive(self) -> bool:
        """Whether the next question follows from the answers so far."""
        return selecting.is_adaptive(self.check.selection, len(self.all_rows))

    @property
    def gives(self) -> bool:
        """Whether answers are given for good one by one, rather than all at the end."""
        return self.check.feedback is Feedback.EACH or self.is_adaptive

    def response(self, question_id: str) -> Response:
        """What is saved for a question; None where nothing is."""
        answer = self.answers.get(question_id)
        return None if answer is None else answer.response.get("response")

    def counting(self, question_id: str) -> Response:
        """The response that counts: the one given last, where answers are given one by one; else what is saved."""
        answer = self.answers.get(question_id)
        if answer is not None and answer.tries and "given" in answer.response:
            given: Response = answer.response["given"]
            return given
        return self.response(question_id)

    def scored(self, question_id: str, *, draft: bool = False) -> Scored:
        """What the response that counts is worth; with ``draft`` what is saved, which nobody may be told before it is given."""
        response = self.response(question_id) if draft else self.counting(question_id)
        return score(self.questions[question_id], response)

    def is_answered(self, question_id: str) -> bool:
        """Whether something is saved for it."""
        return responding.is_given(self.response(question_id))

    def is_given(self, question_id: str) -> bool:
        """Whether its answer is final."""
        answer = self.answers.get(question_id)
        return answer is not None and answer.given_at is not None

    def tries_left(self, question_id: str) -> int:
        """How often it may still be answered."""
        answer = self.answers.get(question_id)
        if answer is not None and answer.given_at is not None:
            return 0
        return attempt_rules.tries(self.check) - (answer.tries if answer is not None else 0)

    def order(self, question_id: str) -> list[str]:
        """How the things of an ordering question stand on the page now."""
        question = self.questions[question_id]
        known = [one.id for one in question.choices]
        saved = self.response(question_id)
        if isinstance(saved, list) and sorted(saved) == sorted(known):
            return saved
        return [one.id for one in selecting.arranged(question, self.attempt.seed, question_id)]


# --- Reading ----------------------------------------------------------------------------------------------------------


async def check_of_student(
    session: AsyncSession, course: Course, person_id: uuid.UUID, check_id: uuid.UUID, *, lock: bool = False
) -> tuple[Check, list[CheckAttempt]]:
    """A check as a student may know of it, and their attempts. NotFound for one that is being written, unless they have taken it:
    a teacher who closes a check makes it a draft again, and what was answered stays.
    """
    found = await queries.check(session, course.organisation_id, course.id, check_id)
    if found is None:
        raise NotFound("no such check")
    attempts = await queries.attempts_of(session, course.organisation_id, found.id, person_id, lock=lock)
    if found.status is CheckStatus.DRAFT and not attempts:
        raise NotFound("no such check for students")
    return found, attempts


async def sitting(
    session: AsyncSession,
    course: Course,
    check: Check,
    attempt: CheckAttempt,
) -> Sitting:
    """An attempt with its questions and answers."""
    asked = await queries.asked_by(session, course.organisation_id, check.id)
    all_rows = {str(row.id): row for row in asked}
    missing = [uuid.UUID(one) for one in attempt.asked if one not in all_rows]
    retired = await queries.questions(session, course.organisation_id, missing)
    known = all_rows | {str(row.id): row for row in retired.values()}
    rows = {one: known[one] for one in attempt.asked if one in known}
    answers = await queries.answers(session, course.organisation_id, attempt.id)
    return Sitting(
        course,
        check,
        attempt,
        rows,
        {one: from_json(row.content) for one, row in rows.items()},
        {str(question_id): answer for question_id, answer in answers.items()},
        all_rows,
    )


async def of_student(
    session: AsyncSession,
    course: Course,
    person_id: uuid.UUID,
    check_id: uuid.UUID,
    number: int,
    *,
    lock: bool = False,
) -> Sitting:
    """A student's own attempt by its number; NotFound without."""
    check, attempts = await check_of_student(session, course, person_id, check_id, lock=lock)
    found = next((one for one in attempts if one.number == number), None)
    if found is None:
        raise NotFound("no such attempt of this student")
    return await sitting(session, course, check, found)


# --- Beginning --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Front:
    """What the page in front of a check shows: the student's attempts, and whether another may begin.

    ``minutes`` is the time limit with the student's own supports; ``questions`` how many are asked, at most.
    """

    check: Check
    attempts: Sequence[CheckAttempt]
    may: May
    questions: int
    minutes: int | None
    adaptive: bool


async def front(
    session: AsyncSession, course: Course, person_id: uuid.UUID, check_id: uuid.UUID, now: datetime
) -> Front:
    """The front of a check for one student."""
    check, attempts = await check_of_student(session, course, person_id, check_id)
    rows = await queries.asked_by(session, course.organisation_id, check.id)
    adaptive = selecting.is_adaptive(check.selection, len(rows))
    count = len(rows)
    if adaptive:
        count = min(count, check.count or selecting.USUAL_COUNT)
    elif check.selection is Selection.RANDOM and check.count is not None:
        count = min(count, check.count)
    more = await queries.more_attempts(session, course.organisation_id, check.id, [person_id])
    return Front(
        check,
        attempts,
        attempt_rules.may_begin(check, attempts, len(rows), now, more.get(person_id, 0)),
        count,
        await _minutes(session, course, person_id, check),
        adaptive,
    )


async def _minutes(session: AsyncSession, course: Course, person_id: uuid.UUID, check: Check) -> int | None:
    """The time limit for a student: longer with extended time."""
    if check.minutes is None:
        return None
    return minutes_for(check.minutes, await supports.of_person(session, course.organisation_id, course.id, person_id))


async def begin(
    session: AsyncSession, course: Course, person_id: uuid.UUID, check_id: uuid.UUID, now: datetime
) -> CheckAttempt:
    """The student's open attempt, begun now where there is none: one at a time, also from two tabs. Raises CannotBegin.

    An attempt whose time has run out has to be ended before (``finishing.end_if_over``).
    """
    await learner_queries.hold(session, course.organisation_id, course.id, person_id)
    check, attempts = await check_of_student(session, course, person_id, check_id, lock=True)
    rows = await queries.asked_by(session, course.organisation_id, check.id)
    more = await queries.more_attempts(session, course.organisation_id, check.id, [person_id])
    may = attempt_rules.may_begin(check, attempts, len(rows), now, more.get(person_id, 0))
    if may.standing is Standing.GOES_ON:
        return next(one for one in attempts if one.state is AttemptState.OPEN)
    if may.standing is not Standing.MAY_BEGIN:
        raise CannotBegin(may.standing.value)
    minutes = await _minutes(session, course, person_id, check)
    seed = secrets.randbelow(2**31 - 1)
    ids = [str(row.id) for row in rows]
    made = CheckAttempt(
        organisation_id=course.organisation_id,
        check_id=check.id,
        person_id=person_id,
        number=max((one.number for one in attempts), default=0) + 1,
        seed=seed,
        asked=selecting.drawn(ids, check.selection, check.count, seed, mixed=check.shuffled),
        begun_at=now,
        ends_at=None if minutes is None else now + timedelta(minutes=minutes),
    )
    session.add(made)
    await session.flush()
    if not made.asked:
        await ask_next(session, await sitting(session, course, check, made))
    return made


async def ask_next(session: AsyncSession, here: Sitting) -> bool:
    """Have an adaptive attempt ask its next question, once all that it asked are given; whether it asks one more."""
    if not here.is_adaptive or not all(here.is_given(one) for one in here.attempt.asked):
        return False
    items = await items_of(session, here)
    given = [
        ability.Given(items[one], float(here.answers[one].first_share or 0))
        for one in here.attempt.asked
        if one in items
    ]
    choices = [items[one] for one in here.all_rows]
    found = selecting.next_one(choices, given, here.check.count, here.attempt.seed)
    if found is None or selecting.is_beyond(choices, given, found):
        return False
    here.attempt.asked = [*here.attempt.asked, found]
    here.rows[found] = here.all_rows[found]
    here.questions[found] = from_json(here.all_rows[found].content)
    session.add(here.attempt)
    return True


async def items_of(session: AsyncSession, here: Sitting) -> dict[str, ability.Item]:
    """Every question of the check, and every one that was asked, as abilities are estimated by it."""
    rows = here.all_rows | here.rows
    tags = await queries.competencies_of(
        session, here.course.organisation_id, here.course.id, [row.id for row in rows.values()]
    )
    return {
        key: ability.Item(
            key,
            row.difficulty,
            (here.questions.get(key) or from_json(row.content)).guess,
            tuple(str(one) for one in tags.get(row.id, ())),
        )
        for key, row in rows.items()
    }


# --- Saving -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of saving one answer. ``number``: the one that stands now. ``kept`` False: a newer one was there."""

    number: int
    kept: bool


def put(
    session: AsyncSession,
    here: Sitting,
    question_id: str,
    response: Response,
    number: int,
    now: datetime,
    *,
    same: bool,
) -> Saved:
    """Save a response to a question. ``number`` has to be above the saved one; with ``same`` it may be equal, for a form
    that has the latest of its own page. What is given for good stays. Raises AttemptOver, NotFound.
    """
    if not here.is_open:
        raise AttemptOver("saved after the end")
    if question_id not in here.questions:
        raise NotFound("the attempt does not ask this")
    number = min(max(number, 0), _LARGEST_NUMBER)
    answer = here.answers.get(question_id)
    before = answer.saved_number if answer is not None else 0
    if answer is not None and answer.response.get("response") == response:
        answer.saved_number = max(before, number)
        session.add(answer)
        return Saved(answer.saved_number, kept=True)
    if answer is not None and answer.given_at is not None:
        return Saved(before, kept=False)
    if number < before or (number == before and not same and answer is not None):
        return Saved(before, kept=False)
    if answer is None:
        answer = CheckAnswer(
            organisation_id=here.attempt.organisation_id,
            attempt_id=here.attempt.id,
            question_id=uuid.UUID(question_id),
            response={},
            saved_at=now,
        )
        here.answers[question_id] = answer
    answer.response, answer.saved_at = {**answer.response, "response": response}, now
    answer.saved_number = max(number, before + 1) if same else number
    session.add(answer)
    return Saved(answer.saved_number, kept=True)


def put_form(session: AsyncSession, here: Sitting, fields: Fields, now: datetime) -> bool:
    """Save every question of a page's form; whether a newer answer, from another tab or device, was there for one and stayed.

    ``n.<question>`` says with which number the page had it. Raises AttemptOver.
    """
    passed_over = False
    for question_id, question in here.questions.items():
        numbers = fields.get(f"n.{question_id}")
        if not numbers or here.is_given(question_id):
            continue
        shown = here.order(question_id) if question.kind is QuestionKind.ORDER else ()
        response = responding.read(question, question_id, fields, shown)
        if question_id not in here.answers and (not responding.is_given(response) or response == list(shown)):
            continue
        saved = put(session, here, question_id, response, as_number(numbers[-1]), now, same=True)
        passed_over |= not saved.kept
    return passed_over


def as_number(value: str) -> int:
    """The number that a page sends with an answer; 0 for what is none."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 11 else 0


# --- Giving -----------------------------------------------------------------------------------------------------------


class Given(StrEnum):
    """What came of giving an answer."""

    FINAL = "final"
    AGAIN = "again"
    """Not right yet, and it may be tried again."""
    ALREADY = "already"
    """It was given before: a second press, or another tab."""
    MEND = "mend"
    """Nothing was given, or it could not be read; this cost no try."""


def give(session: AsyncSession, here: Sitting, question_id: str, tries_seen: int, now: datetime) -> Given:
    """Give the saved answer: a try. ``tries_seen`` is how many the page knew of, so that pressing twice is one try.

    What the tries are worth is the best of them. Raises AttemptOver, NotFound.
    """
    if not here.is_open:
        raise AttemptOver("given after the end")
    if question_id not in here.questions:
        raise NotFound("the attempt does not ask this")
    answer = here.answers.get(question_id)
    if answer is not None and (answer.given_at is not None or answer.tries != tries_seen):
        return Given.ALREADY
    scored = here.scored(question_id, draft=True)
    if answer is None or scored.can_be_mended:
        return Given.MEND
    share = rounded(scored.share)
    answer.tries += 1
    answer.response = {**answer.response, "given": answer.response["response"]}
    if answer.first_share is None:
        answer.first_share = share
    answer.share = share if answer.share is None else max(share, answer.share)
    if scored.is_right or answer.tries >= attempt_rules.tries(here.check):
        answer.given_at = now
    session.add(answer)
    return Given.FINAL if answer.given_at is not None else Given.AGAIN


def go_on(session: AsyncSession, here: Sitting, question_id: str, now: datetime) -> None:
    """Leave a question of an adaptive attempt behind: what was tried is final, what was not is not known. Raises AttemptOver."""
    if not here.is_open:
        raise AttemptOver("left after the end")
    if question_id not in here.questions or here.is_given(question_id):
        return
    answer = here.answers.get(question_id)
    if answer is None:
        put(session, here, question_id, None, 1, now, same=True)
        answer = here.answers[question_id]
    if answer.tries == 0:
        answer.response = {"response": None, "given": None}
        answer.tries, answer.share, answer.first_share = 1, ZERO, ZERO
    answer.given_at = now
    session.add(answer)
