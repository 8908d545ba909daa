"""Pictures of questions as a school keeps them: each once, and for whom a question that shows it is."""

import json
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import picture_queries as queries
from lti_tool.checks.models import BankQuestion
from lti_tool.checks.reading import Picture
from lti_tool.checks.reading.pictures import digests_in
from lti_tool.errors import NotFound
from lti_tool.lti.sessions import Visit


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture to be shown."""

    media_type: str
    content: bytes


def digests_of(row: BankQuestion) -> frozenset[str]:
    """The pictures that a question shows."""
    return digests_in(json.dumps(row.content))


async def put(session: AsyncSession, organisation_id: uuid.UUID, found: Iterable[Picture], now: datetime) -> None:
    """Keep pictures; what the school has already is kept once."""
    wanted = {one.digest: one for one in found}
    there = await queries.ids(session, organisation_id, wanted.keys())
    await queries.add(session, organisation_id, [one for digest, one in wanted.items() if digest not in there], now)


async def link(session: AsyncSession, rows: Collection[BankQuestion]) -> None:
    """Have each question be known to show its pictures, as far as its school has them. The rows are there already."""
    shows = [(row, digests) for row in rows if (digests := digests_of(row))]
    for organisation_id in {row.organisation_id for row, _ in shows}:
        mine = {row.id: digests for row, digests in shows if row.organisation_id == organisation_id}
        known = await queries.ids(session, organisation_id, {one for digests in mine.values() for one in digests})
        pairs = [(row_id, known[one]) for row_id, digests in mine.items() for one in digests if one in known]
        await queries.use(session, organisation_id, pairs)


async def shown(session: AsyncSession, visit: Visit, digest: str) -> Shown:
    """A picture, for who may see a question that shows it: those who teach its course, and students who were asked it.

    NotFound for everybody else, whether the school has such a picture or not.
    """
    if visit.person_id is None:
        raise NotFound("nobody in particular")
    picture = await queries.picture(session, visit.organisation_id, digest)
    if picture is None:
        raise NotFound("no such picture in this school")
    asked = await queries.questions_that_show(session, visit.organisation_id, picture.id)
    if not asked or not (
        await queries.teaches(session, visit.organisation_id, visit.person_id, asked)
        or await queries.was_asked(session, visit.organisation_id, visit.person_id, asked)
    ):
        raise NotFound("a picture of no question that is this person's to see")
    return Shown(picture.media_type, picture.content)


async def forget_unused(session: AsyncSession, before: datetime) -> int:
    """Forget what no question shows any more and was kept before a moment; how many."""
    return await queries.forget_unused(session, before)
