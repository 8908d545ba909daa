"""All SQL of attempts."""

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks.models import (
    AttemptState,
    BankQuestion,
    Check,
    CheckAllowance,
    CheckAnswer,
    CheckAttempt,
    CheckQuestion,
    CheckStatus,
    QuestionCompetency,
)
from lti_tool.competencies.models import MapCompetency
from lti_tool.db.base import crossing, scoped
from lti_tool.db.locking import locking


async def check(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, check_id: uuid.UUID
) -> Check | None:
    """A check of the course."""
    statement = scoped(Check, organisation_id).where(Check.course_id == course_id, Check.id == check_id)
    return (await session.exec(statement)).one_or_none()


async def check_of_item(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, content_item_id: uuid.UUID
) -> uuid.UUID | None:
    """The id of the check that an item of the course is, if it is one."""
    statement = scoped(Check, organisation_id).where(
        Check.course_id == course_id, Check.content_item_id == content_item_id
    )
    found = (await session.exec(statement)).one_or_none()
    return None if found is None else found.id


async def pass_marks(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, item_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, float]:
    """From which percentage each of these items is passed, of those that are checks of the course."""
    statement = scoped(Check, organisation_id).where(
        Check.course_id == course_id, col(Check.content_item_id).in_(item_ids)
    )
    return {one.content_item_id: one.pass_percent for one in (await session.exec(statement)).all()}


async def asked_by(session: AsyncSession, organisation_id: uuid.UUID, check_id: uuid.UUID) -> list[BankQuestion]:
    """The questions that a check asks now, in its order."""
    statement = (
        scoped(BankQuestion, organisation_id)
        .join(
            CheckQuestion,
            (col(CheckQuestion.organisation_id) == col(BankQuestion.organisation_id))
            & (col(CheckQuestion.question_id) == col(BankQuestion.id)),
        )
        .where(CheckQuestion.check_id == check_id, col(BankQuestion.retired_at).is_(None))
        .order_by(col(CheckQuestion.position), col(CheckQuestion.id))
    )
    return list((await session.exec(statement)).all())


async def questions(
    session: AsyncSession, organisation_id: uuid.UUID, ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, BankQuestion]:
    """These questions, retired ones too."""
    if not ids:
        return {}
    statement = scoped(BankQuestion, organisation_id).where(col(BankQuestion.id).in_(sorted(set(ids))))
    return {row.id: row for row in (await session.exec(statement)).all()}


async def locked_questions(
    session: AsyncSession, organisation_id: uuid.UUID, ids: Collection[uuid.UUID]
) -> list[BankQuestion]:
    """These questions, locked in the order of their ids, so that two attempts that end at once learn one after the other."""
    statement = (
        scoped(BankQuestion, organisation_id)
        .where(col(BankQuestion.id).in_(sorted(set(ids))))
        .order_by(col(BankQuestion.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list((await session.exec(statement)).all())


async def competencies_of(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[uuid.UUID]]:
    """What these questions are tagged with, as far as it is on the course's map, by question."""
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    if not ids:
        return found
    statement = (
        select(col(QuestionCompetency.question_id), col(QuestionCompetency.competency_id))
        .join(
            MapCompetency,
            (col(MapCompetency.organisation_id) == col(QuestionCompetency.organisation_id))
            & (col(MapCompetency.competency_id) == col(QuestionCompetency.competency_id)),
        )
        .where(
            QuestionCompetency.organisation_id == organisation_id,
            MapCompetency.organisation_id == organisation_id,
            MapCompetency.course_id == course_id,
            col(MapCompetency.removed_at).is_(None),
            col(QuestionCompetency.question_id).in_(sorted(set(ids))),
        )
        .order_by(col(QuestionCompetency.competency_id))
    )
    for question_id, competency_id in (await session.exec(statement)).all():
        found.setdefault(question_id, []).append(competency_id)
    return found


async def attempts_of(
    session: AsyncSession, organisation_id: uuid.UUID, check_id: uuid.UUID, person_id: uuid.UUID, *, lock: bool = False
) -> list[CheckAttempt]:
    """A student's attempts of a check, the first one first."""
    statement = (
        scoped(CheckAttempt, organisation_id)
        .where(CheckAttempt.check_id == check_id, CheckAttempt.person_id == person_id)
        .order_by(col(CheckAttempt.number))
    )
    statement = locking(statement, lock)
    return list((await session.exec(statement)).all())


async def more_attempts(
    session: AsyncSession, organisation_id: uuid.UUID, check_id: uuid.UUID, people: Collection[uuid.UUID]
) -> dict[uuid.UUID, int]:
    """How many attempts these students were given beyond everybody's; those who were given none are left out."""
    statement = scoped(CheckAllowance, organisation_id).where(
        CheckAllowance.check_id == check_id, col(CheckAllowance.person_id).in_(people)
    )
    return {row.person_id: row.attempts for row in (await session.exec(statement)).all()}


async def attempt(
    session: AsyncSession, organisation_id: uuid.UUID, attempt_id: uuid.UUID, *, lock: bool = False
) -> CheckAttempt | None:
    """One attempt."""
    statement = scoped(CheckAttempt, organisation_id).where(CheckAttempt.id == attempt_id)
    statement = locking(statement, lock)
    return (await session.exec(statement)).one_or_none()


async def answers(
    session: AsyncSession, organisation_id: uuid.UUID, attempt_id: uuid.UUID
) -> dict[uuid.UUID, CheckAnswer]:
    """What was answered in an attempt, by question."""
    statement = scoped(CheckAnswer, organisation_id).where(CheckAnswer.attempt_id == attempt_id)
    return {row.question_id: row for row in (await session.exec(statement)).all()}


async def answered_before(
    session: AsyncSession, organisation_id: uuid.UUID, attempt: CheckAttempt, ids: Collection[uuid.UUID]
) -> set[uuid.UUID]:
    """Those of these questions that the student has answered in another attempt, of whichever check."""
    if not ids:
        return set()
    statement = (
        select(col(CheckAnswer.question_id))
        .join(
            CheckAttempt,
            (col(CheckAttempt.organisation_id) == col(CheckAnswer.organisation_id))
            & (col(CheckAttempt.id) == col(CheckAnswer.attempt_id)),
        )
        .where(
            CheckAnswer.organisation_id == organisation_id,
            CheckAttempt.organisation_id == organisation_id,
            CheckAttempt.person_id == attempt.person_id,
            CheckAttempt.id != attempt.id,
            col(CheckAnswer.given_at).is_not(None),
            col(CheckAnswer.question_id).in_(sorted(set(ids))),
        )
        .distinct()
    )
    return set((await session.exec(statement)).all())


async def overdue(
    session: AsyncSession, before: datetime, *, most: int = 200
) -> list[tuple[uuid.UUID, uuid.UUID, uuid.UUID]]:
    """Organisation, course and attempt of those whose time ran out before, of all schools."""
    statement = (
        select(col(CheckAttempt.organisation_id), col(Check.course_id), col(CheckAttempt.id))
        .join(
            Check,
            (col(Check.organisation_id) == col(CheckAttempt.organisation_id))
            & (col(Check.id) == col(CheckAttempt.check_id)),
        )
        .where(
            CheckAttempt.state == AttemptState.OPEN,
            col(CheckAttempt.ends_at).is_not(None),
            col(CheckAttempt.ends_at) < before,
        )
        .order_by(col(CheckAttempt.ends_at))
        .limit(most)
        .execution_options(**crossing("the clock is everybody's; each attempt is then ended by itself"))
    )
    return [(row[0], row[1], row[2]) for row in (await session.exec(statement)).all()]


# --- All checks of one student ------------------------------------------------------------------------------------------


def _taken(organisation_id: uuid.UUID, person_id: uuid.UUID) -> Any:
    return (
        select(col(CheckAttempt.id))
        .where(
            CheckAttempt.organisation_id == organisation_id,
            col(CheckAttempt.check_id) == col(Check.id),
            CheckAttempt.person_id == person_id,
        )
        .exists()
    )


async def checks_of_person(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_id: uuid.UUID,
    item_ids: Collection[uuid.UUID],
) -> list[Check]:
    """The checks of a course that a student has begun, and those among these items that are open to students."""
    led = col(Check.content_item_id).in_(sorted(item_ids)) & (col(Check.status) == CheckStatus.OPEN)
    statement = (
        scoped(Check, organisation_id)
        .where(Check.course_id == course_id, or_(_taken(organisation_id, person_id), led))
        .order_by(col(Check.title), col(Check.id))
    )
    return list((await session.exec(statement)).all())


async def attempts_of_checks(
    session: AsyncSession, organisation_id: uuid.UUID, check_ids: Collection[uuid.UUID], person_id: uuid.UUID
) -> dict[uuid.UUID, list[CheckAttempt]]:
    """A student's attempts of these checks, the first one first, by check."""
    found: dict[uuid.UUID, list[CheckAttempt]] = {}
    statement = (
        scoped(CheckAttempt, organisation_id)
        .where(col(CheckAttempt.check_id).in_(check_ids), CheckAttempt.person_id == person_id)
        .order_by(col(CheckAttempt.number))
    )
    for row in (await session.exec(statement)).all():
        found.setdefault(row.check_id, []).append(row)
    return found


async def questions_of_checks(
    session: AsyncSession, organisation_id: uuid.UUID, check_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, int]:
    """How many questions each of these checks asks now; those that ask none are left out."""
    statement = (
        select(col(CheckQuestion.check_id), func.count(col(CheckQuestion.id)))
        .join(
            BankQuestion,
            (col(BankQuestion.organisation_id) == col(CheckQuestion.organisation_id))
            & (col(BankQuestion.id) == col(CheckQuestion.question_id)),
        )
        .where(
            CheckQuestion.organisation_id == organisation_id,
            BankQuestion.organisation_id == organisation_id,
            col(CheckQuestion.check_id).in_(check_ids),
            col(BankQuestion.retired_at).is_(None),
        )
        .group_by(col(CheckQuestion.check_id))
    )
    return {row[0]: row[1] for row in (await session.exec(statement)).all()}


async def more_attempts_of(
    session: AsyncSession, organisation_id: uuid.UUID, check_ids: Collection[uuid.UUID], person_id: uuid.UUID
) -> dict[uuid.UUID, int]:
    """How many attempts a student was given beyond everybody's, by check; where none, the check is left out."""
    statement = scoped(CheckAllowance, organisation_id).where(
        col(CheckAllowance.check_id).in_(check_ids), CheckAllowance.person_id == person_id
    )
    return {row.check_id: row.attempts for row in (await session.exec(statement)).all()}


async def has_attempts(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, person_id: uuid.UUID
) -> bool:
    """Whether a student has ever begun a check of the course."""
    statement = (
        select(col(Check.id))
        .where(
            Check.organisation_id == organisation_id,
            Check.course_id == course_id,
            _taken(organisation_id, person_id),
        )
        .limit(1)
    )
    return (await session.exec(statement)).first() is not None
