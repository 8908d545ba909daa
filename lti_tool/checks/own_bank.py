"""The bank that a check keeps the questions in that are written in it."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import bank_queries as queries
from lti_tool.checks import banks, making
from lti_tool.checks.models import BankQuestion, Check, QuestionBank
from lti_tool.checks.questions import Question
from lti_tool.courses.models import Course

_NAMESPACE = uuid.UUID("3f1c9a54-08f0-4f0e-8a8e-6f6c2b1b7e52")


async def of(session: AsyncSession, course: Course, check: Check, by: uuid.UUID | None, now: datetime) -> QuestionBank:
    """The check's bank, made where it has none yet."""
    return await banks.make(session, course, check.title, by, now, bank_id=uuid.uuid5(_NAMESPACE, str(check.id)))


async def put(
    session: AsyncSession,
    course: Course,
    check: Check,
    questions: Sequence[Question],
    by: uuid.UUID | None,
    now: datetime,
    *,
    question_id: uuid.UUID | None = None,
) -> list[BankQuestion]:
    """Write questions in a check. ``question_id``: the one question's id, so that a form sent twice makes one.

    Raises CheckFull and BankFull.
    """
    if not questions:
        return []
    bank = await of(session, course, check, by, now)
    if question_id is not None:
        known = await queries.question(session, course.organisation_id, course.id, question_id)
        if known is not None:
            return [known]
    place = await queries.last_place(session, course.organisation_id, bank.id)
    rows = [
        await banks.add(session, bank, question, place + number, now, question_id=question_id)
        for number, question in enumerate(questions, start=1)
    ]
    await session.flush()
    await making.ask(session, course, check, rows, now)
    return rows
