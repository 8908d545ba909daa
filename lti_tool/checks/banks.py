"""Banks and their questions: made, changed, retired.

A question that somebody has answered, or has in front of them, is never changed: a change makes a new row that takes its place
in the bank and in every check, and what was answered keeps meaning what it meant.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import bank_queries as queries
from lti_tool.checks import pictures
from lti_tool.checks.models import BankQuestion, QuestionBank
from lti_tool.checks.questions import Question, as_json
from lti_tool.courses.models import Course
from lti_tool.errors import BadRequest, NotFound
from lti_tool.ids import new_id
from lti_tool.web.i18n import N_

MOST_IN_BANK = 5_000


class BankFull(BadRequest):
    """More questions than a bank holds."""

    code = "bank-full"
    title = N_("This bank is full")
    advice = N_("A bank holds 5000 questions. Make another one for the rest.")


class Put(StrEnum):
    """What putting a question came to."""

    ADDED = "added"
    CHANGED = "changed"
    REPLACED = "replaced"
    """Somebody has answered it, so a new row took its place."""
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Kept:
    """A question as it is kept now, and what that came to."""

    row: BankQuestion
    put: Put


async def the_bank(session: AsyncSession, course: Course, bank_id: uuid.UUID) -> QuestionBank:
    """A bank of the course. NotFound."""
    found = await queries.bank(session, course.organisation_id, course.id, bank_id)
    if found is None or found.removed_at is not None:
        raise NotFound("no such bank in this course")
    return found


async def the_question(session: AsyncSession, course: Course, question_id: uuid.UUID) -> BankQuestion:
    """A question of the course that is in use. NotFound."""
    found = await queries.question(session, course.organisation_id, course.id, question_id)
    if found is None or found.retired_at is not None:
        raise NotFound("no such question in this course")
    return found


async def make(
    session: AsyncSession,
    course: Course,
    title: str,
    by: uuid.UUID | None,
    now: datetime,
    *,
    bank_id: uuid.UUID | None = None,
    imported_from: str = "",
) -> QuestionBank:
    """A bank; the same ``bank_id`` again is the same bank, brought back where it was removed."""
    known = None
    if bank_id is not None:
        known = await queries.bank(session, course.organisation_id, course.id, bank_id)
    if known is not None:
        known.removed_at = None
        session.add(known)
        return known
    made = QuestionBank(
        organisation_id=course.organisation_id,
        id=bank_id or new_id(),
        course_id=course.id,
        title=title[:200],
        imported_from=imported_from[:255],
        created_by=by,
        created_at=now,
    )
    session.add(made)
    await session.flush()
    return made


async def add(
    session: AsyncSession,
    bank: QuestionBank,
    question: Question,
    place: int,
    now: datetime,
    *,
    external_id: str = "",
    question_id: uuid.UUID | None = None,
) -> BankQuestion:
    """A question in a bank, at a place."""
    if place >= MOST_IN_BANK:
        raise BankFull("the bank is full")
    row = BankQuestion(
        organisation_id=bank.organisation_id,
        id=question_id or new_id(),
        bank_id=bank.id,
        position=place,
        kind=question.kind,
        content=as_json(question),
        external_id=external_id[:255],
        created_at=now,
    )
    session.add(row)
    if pictures.digests_of(row):
        # The row has to be there before what names it.
        await session.flush()
        await pictures.link(session, [row])
    return row


async def change(
    session: AsyncSession, row: BankQuestion, question: Question, now: datetime, *, is_used: bool | None = None
) -> Kept:
    """Have a question say something else. ``is_used``: whether somebody has answered it, where that is known already."""
    content = as_json(question)
    if row.content == content:
        return Kept(row, Put.UNCHANGED)
    if is_used is None:
        is_used = row.id in await queries.used(session, row.organisation_id, [row.id])
    if not is_used:
        row.content, row.kind = content, question.kind
        session.add(row)
        await pictures.link(session, [row])
        return Kept(row, Put.CHANGED)
    new = BankQuestion(
        organisation_id=row.organisation_id,
        id=new_id(),
        bank_id=row.bank_id,
        position=row.position,
        kind=question.kind,
        content=content,
        external_id=row.external_id,
        replaces_id=row.id,
        # What was learned of the question is the best guess at what it is now; how sure that is has to be learned again.
        difficulty=row.difficulty,
        created_at=now,
    )
    row.retired_at = now
    session.add(row)
    session.add(new)
    await session.flush()
    await pictures.link(session, [new])
    await queries.ask_instead(session, row.organisation_id, row.id, new.id)
    about = (await queries.tags(session, row.organisation_id, [row.id])).get(row.id, [])
    await put_tags(session, row.organisation_id, [new.id], about)
    return Kept(new, Put.REPLACED)


async def retire(session: AsyncSession, rows: Collection[BankQuestion], now: datetime) -> None:
    """Take questions out of their banks and out of every check. What was answered to them stays."""
    for row in rows:
        row.retired_at = now
        session.add(row)
    for organisation_id in {row.organisation_id for row in rows}:
        ids = [row.id for row in rows if row.organisation_id == organisation_id]
        await queries.ask_no_more(session, organisation_id, ids)


async def remove(session: AsyncSession, bank: QuestionBank, now: datetime) -> None:
    """Put a bank away with its questions. Checks that ask them ask them no more; what was answered stays."""
    held = await queries.questions_of_banks(session, bank.organisation_id, [bank.id])
    await retire(session, held[bank.id], now)
    bank.removed_at = now
    session.add(bank)


async def put_tags(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    question_ids: Collection[uuid.UUID],
    competency_ids: Collection[uuid.UUID],
) -> None:
    """Say that questions are about competencies."""
    rows: list[dict[str, Any]] = [
        {
            "organisation_id": organisation_id,
            "id": new_id(),
            "question_id": question_id,
            "competency_id": competency_id,
        }
        for question_id in question_ids
        for competency_id in competency_ids
    ]
    if rows:
        await queries.put_tags(session, rows)
