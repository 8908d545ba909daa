"""Carrying checks over into the copy of a course, or into another course of the same teacher: banks, questions, settings.

Never attempts, answers or evidence. Each is a draft without dates. What was carried over before does not come again: ids in the
copy follow from those of the original, so that what leads to a check finds it there (``content.rules.own_id_in``).
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import bank_queries as queries
from lti_tool.checks import making, pictures
from lti_tool.checks.making import settings_of
from lti_tool.checks.models import BankQuestion, Check, CheckStatus, QuestionBank
from lti_tool.content import rules as content_rules
from lti_tool.content.models import ContentItem
from lti_tool.courses.models import Course
from lti_tool.db.base import scoped

_NAMESPACE = uuid.UUID("b8b2c9a1-9c2a-4b0a-9b1c-6a0f7d9f7a55")
CARRIED = (CheckStatus.DRAFT, CheckStatus.OPEN)
"""What is carried over; what was put away stays away."""


def in_course(course: Course, original_id: uuid.UUID) -> uuid.UUID:
    """The id that a bank or question of an original has in a course it was carried to."""
    return uuid.uuid5(_NAMESPACE, f"{course.id}:{original_id}")


async def offered(session: AsyncSession, original: Course) -> int:
    """How many checks there are to be carried over."""
    return len(await queries.checks(session, original.organisation_id, original.id, CARRIED))


async def carry(
    session: AsyncSession,
    course: Course,
    original: Course,
    by: uuid.UUID | None,
    now: datetime,
    *,
    only: Collection[uuid.UUID] | None = None,
) -> int:
    """Bring the checks of an original into a course, with the banks they ask from; how many came.

    ``only``: those that stand for these content items, and of their banks what they ask; else all checks and banks.
    """
    found = await queries.checks(session, original.organisation_id, original.id, CARRIED)
    wanted = [one for one in reversed(found) if only is None or one.content_item_id in only]
    if only is not None and not wanted:
        return 0
    asked = await queries.asked(session, original.organisation_id, [one.id for one in wanted])
    banks = await queries.banks(session, original.organisation_id, original.id)
    held = await queries.questions_of_banks(session, original.organisation_id, [bank.id for bank in banks])
    needed = {row.id for rows in asked.values() for row in rows}
    for bank in banks:
        rows = [row for row in held[bank.id] if only is None or row.id in needed]
        if rows or only is None:
            await _bank(session, course, bank, rows, by, now)
    await session.flush()
    items = await _items(session, original, [one.content_item_id for one in wanted])
    came = 0
    for check in wanted:
        came += await _check(session, course, check, items[check.content_item_id], asked[check.id], by, now)
    return came


async def _bank(
    session: AsyncSession,
    course: Course,
    bank: QuestionBank,
    rows: Sequence[BankQuestion],
    by: uuid.UUID | None,
    now: datetime,
) -> None:
    bank_id = in_course(course, bank.id)
    if await queries.bank(session, course.organisation_id, course.id, bank_id) is None:
        session.add(
            QuestionBank(
                organisation_id=course.organisation_id,
                id=bank_id,
                course_id=course.id,
                title=bank.title,
                imported_from=bank.imported_from,
                copied_from_id=bank.id,
                created_by=by,
                created_at=now,
            )
        )
        await session.flush()
    there = set(await _known(session, course, [in_course(course, row.id) for row in rows]))
    made = [
        BankQuestion(
            organisation_id=course.organisation_id,
            id=in_course(course, row.id),
            bank_id=bank_id,
            position=row.position,
            kind=row.kind,
            content=dict(row.content),
            external_id=row.external_id,
            # It is the same question, and what was learned of it holds for other students too.
            difficulty=row.difficulty,
            answers=row.answers,
            created_at=now,
        )
        for row in rows
        if in_course(course, row.id) not in there
    ]
    session.add_all(made)
    await session.flush()
    await pictures.link(session, made)


async def _known(session: AsyncSession, course: Course, ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    found: list[uuid.UUID] = []
    for start in range(0, len(ids), 500):
        statement = select(col(BankQuestion.id)).where(
            col(BankQuestion.organisation_id) == course.organisation_id,
            col(BankQuestion.id).in_(ids[start : start + 500]),
        )
        found += (await session.exec(statement)).all()
    return found


async def _items(session: AsyncSession, original: Course, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, ContentItem]:
    statement = scoped(ContentItem, original.organisation_id).where(col(ContentItem.id).in_(list(ids)))
    return {item.id: item for item in (await session.exec(statement)).all()}


async def _check(
    session: AsyncSession,
    course: Course,
    check: Check,
    item: ContentItem,
    rows: Sequence[BankQuestion],
    by: uuid.UUID | None,
    now: datetime,
) -> bool:
    check_id = content_rules.own_id_in(course.id, item)
    if await queries.check(session, course.organisation_id, course.id, check_id) is not None:
        return False
    made = await making.make(
        session,
        course,
        replace(settings_of(check), opens_at=None, due_at=None),
        item.section,
        by,
        now,
        check_id=check_id,
        imported_from=check.imported_from,
        copied_from_id=check.id,
    )
    here = {row.id: row for row in await _rows(session, course, [in_course(course, row.id) for row in rows])}
    # A question that a teacher has retired in the copy stays away.
    wanted = [here[new] for row in rows if (new := in_course(course, row.id)) in here]
    await making.ask(session, course, made, [row for row in wanted if row.retired_at is None], now)
    return True


async def _rows(session: AsyncSession, course: Course, ids: Sequence[uuid.UUID]) -> list[BankQuestion]:
    found: list[BankQuestion] = []
    for start in range(0, len(ids), 500):
        statement = scoped(BankQuestion, course.organisation_id).where(
            col(BankQuestion.id).in_(ids[start : start + 500])
        )
        found += (await session.exec(statement)).all()
    return found


async def tag(session: AsyncSession, course: Course, original: Course, names: Mapping[uuid.UUID, uuid.UUID]) -> None:
    """Say of carried questions what the original's are about. ``names``: the copy's competencies by the original's; others are
    the same.
    """
    banks = await queries.banks(session, original.organisation_id, original.id)
    held = await queries.questions_of_banks(session, original.organisation_id, [bank.id for bank in banks])
    tags = await queries.tags(session, original.organisation_id, [row.id for rows in held.values() for row in rows])
    there = set(await _known(session, course, [in_course(course, question_id) for question_id in tags]))
    pairs = [
        (in_course(course, question_id), names.get(competency_id, competency_id))
        for question_id, competency_ids in tags.items()
        for competency_id in competency_ids
    ]
    await queries.put_tags(
        session,
        [
            {
                "organisation_id": course.organisation_id,
                "id": uuid.uuid5(_NAMESPACE, f"{question_id}:{competency_id}"),
                "question_id": question_id,
                "competency_id": competency_id,
            }
            for question_id, competency_id in dict.fromkeys(pairs)
            if question_id in there
        ],
    )
