"""All SQL of banks, their questions, what checks ask, and which competencies questions are about."""

import uuid
from collections.abc import Collection, Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import case, distinct, func
from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks.models import (
    AttemptState,
    BankQuestion,
    Check,
    CheckAnswer,
    CheckAttempt,
    CheckQuestion,
    CheckStatus,
    QuestionBank,
    QuestionCompetency,
)
from lti_tool.db.base import scoped
from lti_tool.db.locking import locking
from lti_tool.db.upsert import upsert

TAG_KEY = ("organisation_id", "question_id", "competency_id")
_AT_ONCE = 500

T = TypeVar("T")


def _chunks(values: Collection[T]) -> Iterator[list[T]]:
    known = list(values)
    for start in range(0, len(known), _AT_ONCE):
        yield known[start : start + _AT_ONCE]


# --- Banks and questions --------------------------------------------------------------------------------------------------


async def banks(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> list[QuestionBank]:
    """A course's banks, by title."""
    statement = (
        scoped(QuestionBank, organisation_id)
        .where(QuestionBank.course_id == course_id, col(QuestionBank.removed_at).is_(None))
        .order_by(col(QuestionBank.title), col(QuestionBank.id))
    )
    return list((await session.exec(statement)).all())


async def bank(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, bank_id: uuid.UUID
) -> QuestionBank | None:
    """One bank of a course, also one that was removed."""
    found = await session.get(QuestionBank, (organisation_id, bank_id))
    return found if found is not None and found.course_id == course_id else None


async def originals(
    session: AsyncSession,
    table: type[QuestionBank] | type[Check],
    organisation_id: uuid.UUID,
    ids: Collection[uuid.UUID],
) -> dict[uuid.UUID, Any]:
    """Banks or checks of any course of the school by their ids, whatever became of them."""
    found: dict[uuid.UUID, Any] = {}
    for some in _chunks(ids):
        rows = await session.exec(scoped(table, organisation_id).where(col(table.id).in_(some)))
        found |= {row.id: row for row in rows.all()}
    return found


async def questions_of_banks(
    session: AsyncSession, organisation_id: uuid.UUID, bank_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[BankQuestion]]:
    """The questions of banks in their order, without those that were retired."""
    found: dict[uuid.UUID, list[BankQuestion]] = {bank_id: [] for bank_id in bank_ids}
    for some in _chunks(bank_ids):
        statement = (
            scoped(BankQuestion, organisation_id)
            .where(col(BankQuestion.bank_id).in_(some), col(BankQuestion.retired_at).is_(None))
            .order_by(col(BankQuestion.position), col(BankQuestion.id))
        )
        for row in (await session.exec(statement)).all():
            found[row.bank_id].append(row)
    return found


async def counts_of_banks(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> dict[uuid.UUID, int]:
    """How many questions each bank of a course holds; those without any are left out."""
    statement = (
        select(col(BankQuestion.bank_id), func.count())
        .join(
            QuestionBank,
            (col(QuestionBank.organisation_id) == col(BankQuestion.organisation_id))
            & (col(QuestionBank.id) == col(BankQuestion.bank_id)),
        )
        .where(
            col(BankQuestion.organisation_id) == organisation_id,
            col(QuestionBank.course_id) == course_id,
            col(BankQuestion.retired_at).is_(None),
        )
        .group_by(col(BankQuestion.bank_id))
    )
    return {row[0]: row[1] for row in (await session.exec(statement)).all()}


async def question(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, question_id: uuid.UUID
) -> BankQuestion | None:
    """One question of a course."""
    found = await session.get(BankQuestion, (organisation_id, question_id))
    if found is None or await bank(session, organisation_id, course_id, found.bank_id) is None:
        return None
    return found


async def last_place(session: AsyncSession, organisation_id: uuid.UUID, bank_id: uuid.UUID) -> int:
    """The place of a bank's last question; -1 where it has none."""
    statement = select(func.max(BankQuestion.position)).where(
        BankQuestion.organisation_id == organisation_id, BankQuestion.bank_id == bank_id
    )
    found: int | None = (await session.exec(statement)).one()
    return -1 if found is None else found


async def used(
    session: AsyncSession, organisation_id: uuid.UUID, question_ids: Collection[uuid.UUID]
) -> set[uuid.UUID]:
    """Those of these questions that somebody has answered, or has in front of them."""
    found: set[uuid.UUID] = set()
    for some in _chunks(question_ids):
        answered = select(col(CheckAnswer.question_id)).where(
            col(CheckAnswer.organisation_id) == organisation_id, col(CheckAnswer.question_id).in_(some)
        )
        found |= set((await session.exec(answered.distinct())).all())
        # What an attempt shows stands in it; any attempt of a check that asks the question may.
        asked = (
            select(col(CheckQuestion.question_id))
            .join(
                CheckAttempt,
                (col(CheckAttempt.organisation_id) == col(CheckQuestion.organisation_id))
                & (col(CheckAttempt.check_id) == col(CheckQuestion.check_id)),
            )
            .where(col(CheckQuestion.organisation_id) == organisation_id, col(CheckQuestion.question_id).in_(some))
        )
        found |= set((await session.exec(asked.distinct())).all())
    return found


# --- Checks ---------------------------------------------------------------------------------------------------------------


async def checks(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, statuses: Collection[CheckStatus]
) -> list[Check]:
    """A course's checks of these statuses, the newest first."""
    statement = (
        scoped(Check, organisation_id)
        .where(Check.course_id == course_id, col(Check.status).in_(list(statuses)))
        .order_by(col(Check.created_at).desc(), col(Check.title), col(Check.id))
    )
    return list((await session.exec(statement)).all())


async def check(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    check_id: uuid.UUID,
    *,
    lock: bool = False,
) -> Check | None:
    """One check of a course; ``lock`` holds it until the end of the transaction."""
    statement = scoped(Check, organisation_id).where(Check.course_id == course_id, Check.id == check_id)
    statement = locking(statement, lock)
    return (await session.exec(statement)).one_or_none()


async def asked(
    session: AsyncSession, organisation_id: uuid.UUID, check_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[BankQuestion]]:
    """What checks ask, in their order."""
    found: dict[uuid.UUID, list[BankQuestion]] = {check_id: [] for check_id in check_ids}
    for some in _chunks(check_ids):
        statement = (
            select(col(CheckQuestion.check_id), BankQuestion)
            .join(
                BankQuestion,
                (col(BankQuestion.organisation_id) == col(CheckQuestion.organisation_id))
                & (col(BankQuestion.id) == col(CheckQuestion.question_id)),
            )
            .where(col(CheckQuestion.organisation_id) == organisation_id, col(CheckQuestion.check_id).in_(some))
            .order_by(col(CheckQuestion.position), col(CheckQuestion.id))
        )
        for check_id, row in (await session.exec(statement)).all():
            found[check_id].append(row)
    return found


async def counts_of_checks(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> dict[uuid.UUID, int]:
    """How many questions each check of a course asks."""
    statement = (
        select(col(CheckQuestion.check_id), func.count())
        .join(
            Check,
            (col(Check.organisation_id) == col(CheckQuestion.organisation_id))
            & (col(Check.id) == col(CheckQuestion.check_id)),
        )
        .where(col(CheckQuestion.organisation_id) == organisation_id, col(Check.course_id) == course_id)
        .group_by(col(CheckQuestion.check_id))
    )
    return {row[0]: row[1] for row in (await session.exec(statement)).all()}


async def taken(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID
) -> dict[uuid.UUID, tuple[int, int]]:
    """How many students have an attempt at each check of a course, and how many have finished one; checks that nobody has begun
    are left out.
    """
    finished = case((col(CheckAttempt.state) == AttemptState.FINISHED, col(CheckAttempt.person_id)))
    statement = (
        select(
            col(CheckAttempt.check_id),
            func.count(distinct(col(CheckAttempt.person_id))),
            func.count(distinct(finished)),
        )
        .join(
            Check,
            (col(Check.organisation_id) == col(CheckAttempt.organisation_id))
            & (col(Check.id) == col(CheckAttempt.check_id)),
        )
        .where(col(CheckAttempt.organisation_id) == organisation_id, col(Check.course_id) == course_id)
        .group_by(col(CheckAttempt.check_id))
    )
    return {row[0]: (row[1], row[2]) for row in (await session.exec(statement)).all()}


async def places(session: AsyncSession, organisation_id: uuid.UUID, check_id: uuid.UUID) -> list[CheckQuestion]:
    """The rows that say what a check asks, in order."""
    statement = (
        scoped(CheckQuestion, organisation_id)
        .where(CheckQuestion.check_id == check_id)
        .order_by(col(CheckQuestion.position), col(CheckQuestion.id))
    )
    return list((await session.exec(statement)).all())


async def asking(session: AsyncSession, organisation_id: uuid.UUID, question_id: uuid.UUID) -> list[uuid.UUID]:
    """The checks that ask a question."""
    statement = (
        select(col(CheckQuestion.check_id))
        .where(col(CheckQuestion.organisation_id) == organisation_id, col(CheckQuestion.question_id) == question_id)
        .order_by(col(CheckQuestion.check_id))
    )
    return list((await session.exec(statement)).all())


async def ask_instead(
    session: AsyncSession, organisation_id: uuid.UUID, question_id: uuid.UUID, new_id: uuid.UUID
) -> None:
    """Have every check that asks a question ask another one in its place."""
    await session.exec(
        update(CheckQuestion)
        .where(col(CheckQuestion.organisation_id) == organisation_id, col(CheckQuestion.question_id) == question_id)
        .values(question_id=new_id)
        .execution_options(synchronize_session=False)
    )


async def ask_no_more(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    question_ids: Collection[uuid.UUID],
    check_id: uuid.UUID | None = None,
) -> None:
    """Take questions out of one check, or of all."""
    for some in _chunks(question_ids):
        statement = delete(CheckQuestion).where(
            col(CheckQuestion.organisation_id) == organisation_id, col(CheckQuestion.question_id).in_(some)
        )
        if check_id is not None:
            statement = statement.where(col(CheckQuestion.check_id) == check_id)
        await session.exec(statement)


# --- Competencies ---------------------------------------------------------------------------------------------------------


async def tags(
    session: AsyncSession, organisation_id: uuid.UUID, question_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[uuid.UUID]]:
    """The competencies that questions are about, by question; those without any are left out."""
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    for some in _chunks(question_ids):
        statement = (
            select(col(QuestionCompetency.question_id), col(QuestionCompetency.competency_id))
            .where(
                col(QuestionCompetency.organisation_id) == organisation_id,
                col(QuestionCompetency.question_id).in_(some),
            )
            .order_by(col(QuestionCompetency.id))
        )
        for question_id, competency_id in (await session.exec(statement)).all():
            found.setdefault(question_id, []).append(competency_id)
    return found


async def put_tags(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Say that questions are about competencies; what is said already stays."""
    ordered = sorted(rows, key=lambda row: (row["question_id"], row["competency_id"]))
    await upsert(session, QuestionCompetency, ordered, key=TAG_KEY)


async def remove_tags(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    question_ids: Collection[uuid.UUID],
    competency_ids: Collection[uuid.UUID],
) -> None:
    """Say no more that questions are about these competencies."""
    for some in _chunks(question_ids):
        await session.exec(
            delete(QuestionCompetency).where(
                col(QuestionCompetency.organisation_id) == organisation_id,
                col(QuestionCompetency.question_id).in_(some),
                col(QuestionCompetency.competency_id).in_(list(competency_ids)),
            )
        )
