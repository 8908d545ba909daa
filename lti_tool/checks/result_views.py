"""What a class answered to a check: by question and by student. Only first answers count for a question."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import attempt_queries, attempt_rules, looking
from lti_tool.checks import bank_queries as queries
from lti_tool.checks.looking import Line
from lti_tool.checks.models import AttemptState, Check, CheckAnswer, CheckAttempt
from lti_tool.courses.models import Course, Person
from lti_tool.db.base import scoped
from lti_tool.web.i18n import N_

LEAST_ANSWERS = 5
"""First answers that a question needs before its difficulty is said in words."""

_HARD = 1.0
"""From how many logits on a question is called hard, and below the negative of which easy: 27 and 73 % of a class in the
middle know it.
"""

TOO_FEW = N_("too few answers to say")
EASY, MIDDLE, HARD = N_("easy for most"), N_("of middle difficulty"), N_("hard for most")


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """How a question was answered first. ``right`` of ``answers`` had all points; ``mean`` is a share from 0 to 1."""

    line: Line
    answers: int
    right: int
    mean: float

    @property
    def difficulty(self) -> str:
        """How difficult it is, learned from the answers of all classes: a message id."""
        if self.line.row.answers < LEAST_ANSWERS:
            return TOO_FEW
        if self.line.row.difficulty >= _HARD:
            return HARD
        return EASY if self.line.row.difficulty <= -_HARD else MIDDLE


@dataclass(frozen=True, slots=True)
class StudentResult:
    """How a student did. Percents are 0 to 100; None before the first attempt is finished. ``attempt_id``: the latest one.

    ``used_up`` is set where no other attempt may begin, ``more`` to the attempts that were given beyond everybody's.
    """

    person: Person
    attempts: int
    latest: float | None
    best: float | None
    passed: bool
    attempt_id: uuid.UUID | None
    is_open: bool
    at: datetime | None
    used_up: bool = False
    more: int = 0


@dataclass(frozen=True, slots=True)
class Results:
    """Of one check."""

    questions: tuple[QuestionResult, ...]
    students: tuple[StudentResult, ...]

    @property
    def finished(self) -> int:
        """Students who have finished at least one attempt."""
        return sum(one.latest is not None for one in self.students)

    @property
    def passed(self) -> int:
        """Students whose best attempt passed."""
        return sum(one.passed for one in self.students)


async def results(session: AsyncSession, course: Course, check: Check, students: Sequence[Person]) -> Results:
    """How these students did. Questions that were replaced are left out; the evidence of their answers stays."""
    attempts = await _attempts(session, check, {student.id for student in students})
    asked = (await queries.asked(session, course.organisation_id, [check.id]))[check.id]
    known = await looking.competencies(session, course)
    lines = await looking.lines(session, course, asked, known)
    first = await _first_shares(session, check, [one.id for one in attempts if one.number == 1])
    more = await attempt_queries.more_attempts(
        session, course.organisation_id, check.id, [student.id for student in students]
    )
    by_person: dict[uuid.UUID, list[CheckAttempt]] = {}
    for attempt in attempts:
        by_person.setdefault(attempt.person_id, []).append(attempt)
    return Results(
        tuple(_question(line, first.get(line.row.id, [])) for line in lines),
        tuple(_student(student, by_person.get(student.id, []), check, more.get(student.id, 0)) for student in students),
    )


async def _attempts(session: AsyncSession, check: Check, people: Collection[uuid.UUID]) -> list[CheckAttempt]:
    statement = (
        scoped(CheckAttempt, check.organisation_id)
        .where(CheckAttempt.check_id == check.id)
        .order_by(col(CheckAttempt.person_id), col(CheckAttempt.number))
    )
    return [one for one in (await session.exec(statement)).all() if one.person_id in people]


async def _first_shares(
    session: AsyncSession, check: Check, attempts: Sequence[uuid.UUID]
) -> dict[uuid.UUID, list[Decimal]]:
    found: dict[uuid.UUID, list[Decimal]] = {}
    for start in range(0, len(attempts), 500):
        statement = select(col(CheckAnswer.question_id), col(CheckAnswer.first_share)).where(
            col(CheckAnswer.organisation_id) == check.organisation_id,
            col(CheckAnswer.attempt_id).in_(attempts[start : start + 500]),
            col(CheckAnswer.first_share).is_not(None),
        )
        for question_id, share in (await session.exec(statement)).all():
            if share is not None:
                found.setdefault(question_id, []).append(share)
    return found


def _question(line: Line, shares: Sequence[Decimal]) -> QuestionResult:
    mean = float(sum(shares) / len(shares)) if shares else 0.0
    return QuestionResult(line, len(shares), sum(share >= 1 for share in shares), mean)


def _student(person: Person, attempts: Sequence[CheckAttempt], check: Check, more: int) -> StudentResult:
    done = [one for one in attempts if one.state is AttemptState.FINISHED]
    percents = [percent for one in done if (percent := _percent(one)) is not None]
    best = max(percents, default=None)
    return StudentResult(
        person,
        len(attempts),
        percents[-1] if percents else None,
        best,
        best is not None and best >= check.pass_percent,
        done[-1].id if done else None,
        any(one.state is AttemptState.OPEN for one in attempts),
        done[-1].finished_at if done else None,
        attempt_rules.left_of(check, attempts, more) == 0,
        more,
    )


def _percent(attempt: CheckAttempt) -> float | None:
    if attempt.earned is None or not attempt.possible:
        return None
    return float(attempt.earned / attempt.possible * 100)
