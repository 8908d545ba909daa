"""A teacher's pages of question banks: the list, one bank with its questions, a check of it, and putting away."""

import uuid
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.checks import bank_queries as queries
from lti_tool.checks import banks, looking, making
from lti_tool.checks.making import Settings
from lti_tool.checks.replies import (
    Said,
    bank_address,
    check_address,
    home,
    import_address,
    notice,
    section_title,
    views,
)
from lti_tool.courses.access import TeacherChanging, TeacherIn
from lti_tool.ids import new_id
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/checks/banks")


@router.get("", name="question_banks")
async def listed(request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages) -> Response:
    """All banks of the course."""
    return await _list(request, here, database, pages, Entered({}))


async def _list(
    request: Request, here: TeacherIn, database: CurrentDatabase, pages: CurrentPages, entered: Entered
) -> Response:
    async with database.reading() as session:
        found = await queries.banks(session, here.organisation_id, here.course.id)
        counts = await queries.counts_of_banks(session, here.organisation_id, here.course.id)
    context: dict[str, Any] = {
        "views": views(here.course, "banks"),
        "home": home(here.course),
        "address": f"{home(here.course)}/banks",
        "import_address": import_address(here.course),
        "lines": [{"bank": one, "questions": counts.get(one.id, 0)} for one in found],
        "values": entered.values,
        "errors": entered.errors,
        "new_id": new_id(),
        "notice": notice(request),
    }
    return pages.render(request, "checks/banks.html", context, status_code=422 if entered.errors else 200)


@router.post("")
async def create(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Begin a bank, and go on to it."""
    entered = Entered.of(await request.form())
    title = entered.text("title", 200, N_("Please give the bank a title."))
    bank_id = entered.made_id("bank_id") or new_id()
    if entered.errors:
        return await _list(request, here, database, pages, entered)
    async with database.writing() as session:
        await banks.make(session, here.course, title, here.visit.person_id, clock.now(), bank_id=bank_id)
    return see(bank_address(here.course, bank_id), Said.SAVED)


@router.get("/{bank_id}", name="question_bank")
async def one(
    request: Request, here: TeacherIn, bank_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """A bank with its questions."""
    async with database.reading() as session:
        bank = await banks.the_bank(session, here.course, bank_id)
        rows = (await queries.questions_of_banks(session, here.organisation_id, [bank.id]))[bank.id]
        known = await looking.competencies(session, here.course)
        lines = await looking.lines(session, here.course, rows, known)
    context: dict[str, Any] = {
        "home": home(here.course),
        "address": bank_address(here.course, bank.id),
        "bank": bank,
        "lines": lines,
        "has_map": bool(known),
        "kinds": [(kind.value, words) for kind, words in looking.KINDS.items()],
        "new_id": new_id(),
        "notice": notice(request),
    }
    return pages.render(request, "checks/bank.html", context)


@router.post("/{bank_id}/check", name="bank_to_check")
async def make_check(
    request: Request, here: TeacherChanging, bank_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """A check of all the bank's questions, as a draft."""
    entered = Entered.of(await request.form())
    check_id = entered.made_id("check_id") or new_id()
    now = clock.now()
    async with database.writing() as session:
        bank = await banks.the_bank(session, here.course, bank_id)
        rows = (await queries.questions_of_banks(session, here.organisation_id, [bank.id]))[bank.id]
        check = await making.make(
            session,
            here.course,
            Settings(bank.title),
            section_title(request),
            here.visit.person_id,
            now,
            check_id=check_id,
        )
        await making.ask(session, here.course, check, rows[: making.MOST_QUESTIONS], now)
    return see(check_address(here.course, check_id), Said.SAVED)


@router.post("/{bank_id}/retire", name="bank_retire_question")
async def retire(
    request: Request, here: TeacherChanging, bank_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Take a question out of the bank and out of every check."""
    entered = Entered.of(await request.form())
    question_id = parsed(uuid.UUID, entered.values.get("question", ""))
    async with database.writing() as session:
        bank = await banks.the_bank(session, here.course, bank_id)
        row = await banks.the_question(session, here.course, question_id)
        asking = await queries.asking(session, here.organisation_id, row.id)
        await banks.retire(session, [row], clock.now())
        await session.flush()
        await making.follow_all(session, here.course, asking, clock.now())
    return see(bank_address(here.course, bank.id), Said.REMOVED, "questions")


@router.get("/{bank_id}/remove", name="bank_remove")
async def ask_to_remove(
    request: Request, here: TeacherIn, bank_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """What removing the bank would take out of which checks."""
    async with database.reading() as session:
        bank = await banks.the_bank(session, here.course, bank_id)
        rows = (await queries.questions_of_banks(session, here.organisation_id, [bank.id]))[bank.id]
        ids = {one for row in rows for one in await queries.asking(session, here.organisation_id, row.id)}
        asking = [await making.the_check(session, here.course, check_id) for check_id in sorted(ids)]
    context: dict[str, Any] = {
        "home": home(here.course),
        "address": bank_address(here.course, bank.id),
        "bank": bank,
        "questions": len(rows),
        "checks": sorted(check.title for check in asking),
    }
    return pages.render(request, "checks/bank_remove.html", context)


@router.post("/{bank_id}/remove")
async def remove(
    request: Request, here: TeacherChanging, bank_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Put the bank away with its questions."""
    await request.form()
    async with database.writing() as session:
        bank = await banks.the_bank(session, here.course, bank_id)
        rows = (await queries.questions_of_banks(session, here.organisation_id, [bank.id]))[bank.id]
        asking = {check_id for row in rows for check_id in await queries.asking(session, here.organisation_id, row.id)}
        await banks.remove(session, bank, clock.now())
        await session.flush()
        await making.follow_all(session, here.course, sorted(asking), clock.now())
    return see(f"{home(here.course)}/banks", Said.REMOVED)
