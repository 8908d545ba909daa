"""The SQL of pictures of questions."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks.models import BankQuestion, CheckAttempt, PictureOfQuestion, QuestionBank, QuestionPicture
from lti_tool.checks.reading import Picture
from lti_tool.courses.models import Membership
from lti_tool.courses.rules import TEACHING
from lti_tool.db.base import crossing, scoped
from lti_tool.db.upsert import upsert
from lti_tool.ids import new_id


async def ids(session: AsyncSession, organisation_id: uuid.UUID, digests: Collection[str]) -> dict[str, uuid.UUID]:
    """Pictures of a school by their digests."""
    if not digests:
        return {}
    statement = select(QuestionPicture.digest, QuestionPicture.id).where(
        QuestionPicture.organisation_id == organisation_id, col(QuestionPicture.digest).in_(list(digests))
    )
    return dict((await session.exec(statement)).all())


async def add(session: AsyncSession, organisation_id: uuid.UUID, found: Sequence[Picture], now: datetime) -> None:
    """Keep pictures; one that somebody else keeps at the same moment is the same one."""
    for one in found:
        content = one.content
        row = {
            "organisation_id": organisation_id,
            "id": new_id(),
            "digest": one.digest,
            "media_type": one.media_type,
            "size": len(content),
            "content": content,
            "created_at": now,
        }
        await upsert(session, QuestionPicture, [row], key=("organisation_id", "digest"), update=["media_type"])


async def use(session: AsyncSession, organisation_id: uuid.UUID, pairs: Sequence[tuple[uuid.UUID, uuid.UUID]]) -> None:
    """Say which questions show which pictures; said twice it is once."""
    rows = [
        {"organisation_id": organisation_id, "id": new_id(), "question_id": question_id, "picture_id": picture_id}
        for question_id, picture_id in dict.fromkeys(pairs)
    ]
    if rows:
        key = ("organisation_id", "question_id", "picture_id")
        await upsert(session, PictureOfQuestion, rows, key=key, update=["picture_id"])


async def picture(session: AsyncSession, organisation_id: uuid.UUID, digest: str) -> QuestionPicture | None:
    """One picture of a school."""
    statement = scoped(QuestionPicture, organisation_id).where(QuestionPicture.digest == digest)
    return (await session.exec(statement)).one_or_none()


async def questions_that_show(
    session: AsyncSession, organisation_id: uuid.UUID, picture_id: uuid.UUID
) -> list[uuid.UUID]:
    """The questions that show a picture, also those that were replaced since."""
    statement = select(PictureOfQuestion.question_id).where(
        PictureOfQuestion.organisation_id == organisation_id, PictureOfQuestion.picture_id == picture_id
    )
    return list((await session.exec(statement)).all())


async def teaches(
    session: AsyncSession, organisation_id: uuid.UUID, person_id: uuid.UUID, question_ids: Collection[uuid.UUID]
) -> bool:
    """Whether a person teaches a course that has one of these questions."""
    statement = (
        select(BankQuestion.id)
        .join(
            QuestionBank,
            (col(QuestionBank.organisation_id) == col(BankQuestion.organisation_id))
            & (col(QuestionBank.id) == col(BankQuestion.bank_id)),
        )
        .join(
            Membership,
            (col(Membership.organisation_id) == col(QuestionBank.organisation_id))
            & (col(Membership.course_id) == col(QuestionBank.course_id)),
        )
        .where(
            BankQuestion.organisation_id == organisation_id,
            col(BankQuestion.id).in_(list(question_ids)),
            Membership.person_id == person_id,
            col(Membership.role).in_(list(TEACHING)),
            col(Membership.active).is_(True),
        )
        .limit(1)
    )
    return (await session.exec(statement)).first() is not None


async def was_asked(
    session: AsyncSession, organisation_id: uuid.UUID, person_id: uuid.UUID, question_ids: Collection[uuid.UUID]
) -> bool:
    """Whether one of these questions stands in an attempt of a person's."""
    statement = select(CheckAttempt.asked).where(
        CheckAttempt.organisation_id == organisation_id, CheckAttempt.person_id == person_id
    )
    wanted = {str(one) for one in question_ids}
    return any(not wanted.isdisjoint(asked) for asked in (await session.exec(statement)).all())


async def forget_unused(session: AsyncSession, before: datetime) -> int:
    """Forget pictures that no question shows and that were kept before a moment."""
    used = select(PictureOfQuestion.id).where(
        col(PictureOfQuestion.organisation_id) == col(QuestionPicture.organisation_id),
        col(PictureOfQuestion.picture_id) == col(QuestionPicture.id),
    )
    done = await session.exec(
        delete(QuestionPicture)
        .where(~used.exists(), col(QuestionPicture.created_at) < before)
        .execution_options(synchronize_session=False, **crossing("what nobody shows is nobody's, in any school"))
    )
    return int(done.rowcount)
