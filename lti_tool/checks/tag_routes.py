"""A teacher's page that says what questions are about: of a check, or of a bank."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.datastructures import FormData
from starlette.responses import Response

from lti_tool.checks import bank_queries as queries
from lti_tool.checks import banks, looking, making, tagging
from lti_tool.checks.models import BankQuestion
from lti_tool.checks.replies import Said, bank_address, check_address, home, notice
from lti_tool.checks.tagging import Pair
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.db.session import Database
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages
from lti_tool.web.forms import parsed
from lti_tool.web.pages import Pages
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/checks")


@dataclass(frozen=True, slots=True)
class Holder:
    """What holds the questions."""

    title: str
    address: str
    rows: Sequence[BankQuestion]


async def _check(session: AsyncSession, here: InCourse, check_id: uuid.UUID) -> Holder:
    check = await making.the_check(session, here.course, check_id)
    rows = (await queries.asked(session, here.organisation_id, [check.id]))[check.id]
    return Holder(check.title, check_address(here.course, check.id), rows)


async def _bank(session: AsyncSession, here: InCourse, bank_id: uuid.UUID) -> Holder:
    bank = await banks.the_bank(session, here.course, bank_id)
    rows = (await queries.questions_of_banks(session, here.organisation_id, [bank.id]))[bank.id]
    return Holder(bank.title, bank_address(here.course, bank.id), rows)


@router.get("/banks/{bank_id}/competencies", name="bank_competencies")
async def of_bank(
    request: Request, here: TeacherIn, bank_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """What a bank's questions are about."""
    return await _page(request, here, database, pages, bank_id=bank_id)


@router.post("/banks/{bank_id}/competencies")
async def change_of_bank(
    request: Request, here: TeacherChanging, bank_id: uuid.UUID, database: CurrentDatabase
) -> Response:
    """Say what a bank's questions are about, or no more."""
    return await _change(request, here, database, bank_id=bank_id)


@router.get("/{check_id}/competencies", name="check_competencies")
async def of_check(
    request: Request, here: TeacherIn, check_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """What a check's questions are about."""
    return await _page(request, here, database, pages, check_id=check_id)


@router.post("/{check_id}/competencies")
async def change_of_check(
    request: Request, here: TeacherChanging, check_id: uuid.UUID, database: CurrentDatabase
) -> Response:
    """Say what a check's questions are about, or no more."""
    return await _change(request, here, database, check_id=check_id)


async def _held(session: AsyncSession, here: InCourse, check_id: uuid.UUID | None, bank_id: uuid.UUID | None) -> Holder:
    if check_id is not None:
        return await _check(session, here, check_id)
    return await _bank(session, here, bank_id or uuid.UUID(int=0))


async def _page(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    *,
    check_id: uuid.UUID | None = None,
    bank_id: uuid.UUID | None = None,
) -> Response:
    async with database.reading() as session:
        holder = await _held(session, here, check_id, bank_id)
        known = await looking.competencies(session, here.course)
        lines = await looking.lines(session, here.course, holder.rows, known)
    context = {
        "home": home(here.course),
        "holder": holder,
        "address": f"{holder.address}/competencies",
        "lines": lines,
        "competencies": [
            (str(one.id), f"{one.name}: {one.words}" if one.code else one.words) for one in known.values()
        ],
        "suggested": tagging.suggested(lines, known, holder.title),
        "notice": notice(request),
    }
    return pages.render(request, "checks/competencies.html", context)


async def _change(
    request: Request,
    here: InCourse,
    database: Database,
    *,
    check_id: uuid.UUID | None = None,
    bank_id: uuid.UUID | None = None,
) -> Response:
    form = await request.form()
    async with database.writing() as session:
        holder = await _held(session, here, check_id, bank_id)
        known = await looking.competencies(session, here.course)
        pairs = _pairs(form)
        if pairs:
            held = {row.id for row in holder.rows}
            change = tagging.untag if form.get("do") == "take-away" else tagging.tag
            await change(session, here.course, pairs, held, known)
    said = Said.NOTHING_TICKED
    if pairs:
        said = Said.UNTAGGED if form.get("do") == "take-away" else Said.TAGGED
    return see(f"{holder.address}/competencies", said)


def _pairs(form: FormData) -> list[Pair]:
    """What was ticked: suggested pairs, written ``question.competency``; or questions with the competency that was chosen."""
    found = []
    for one in form.getlist("pair"):
        question, _, competency = str(one).partition(".")
        found.append((parsed(uuid.UUID, question), parsed(uuid.UUID, competency)))
    chosen = form.get("competency")
    if isinstance(chosen, str) and chosen and form.get("do") != "accept":
        competency_id = parsed(uuid.UUID, chosen)
        found = [(parsed(uuid.UUID, str(one)), competency_id) for one in form.getlist("question")]
    return list(dict.fromkeys(found))
