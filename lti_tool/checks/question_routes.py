"""A teacher's pages for writing questions: one of each kind, several in one go, and taking some from a bank."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from lti_tool.checks import bank_queries as queries
from lti_tool.checks import banks, describing, forms, looking, making, own_bank, writing
from lti_tool.checks.banks import Put
from lti_tool.checks.describing import PictureLine
from lti_tool.checks.models import BankQuestion, Check, QuestionBank
from lti_tool.checks.questions import Question, QuestionKind, from_json
from lti_tool.checks.replies import Said, bank_address, check_address, home, notice
from lti_tool.checks.writing import Written
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.db.session import Database
from lti_tool.errors import NotFound, ToolError
from lti_tool.ids import new_id
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, language_of
from lti_tool.web.replies import see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/checks")

_PICTURE = N_("picture")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a question is written: in a check, or in a bank."""

    title: str
    address: str
    check: Check | None = None
    bank: QuestionBank | None = None


async def _in_check(session: AsyncSession, here: InCourse, check_id: uuid.UUID) -> Place:
    check = await making.the_check(session, here.course, check_id)
    return Place(check.title, check_address(here.course, check.id), check=check)


async def _in_bank(session: AsyncSession, here: InCourse, bank_id: uuid.UUID) -> Place:
    bank = await banks.the_bank(session, here.course, bank_id)
    return Place(bank.title, bank_address(here.course, bank.id), bank=bank)


async def _the_row(session: AsyncSession, here: InCourse, place: Place, question_id: uuid.UUID) -> BankQuestion:
    """The question, which the check asks or the bank holds. NotFound."""
    row = await banks.the_question(session, here.course, question_id)
    if place.check is not None and place.check.id not in await queries.asking(session, here.organisation_id, row.id):
        raise NotFound("the check does not ask it")
    if place.bank is not None and row.bank_id != place.bank.id:
        raise NotFound("the bank does not hold it")
    return row


# --- Several at once --------------------------------------------------------------------------------------------------------


@router.get("/{check_id}/write", name="check_write")
async def ask_several(
    request: Request, here: TeacherIn, check_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """One field for several questions."""
    async with database.reading() as session:
        place = await _in_check(session, here, check_id)
    return _several(request, here, pages, place, Entered({}))


@router.post("/{check_id}/write")
async def write_several(
    request: Request,
    here: TeacherChanging,
    check_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Add the questions that were written."""
    entered = Entered.of(await request.form())
    made = writing.several(entered.text("several", writing.MOST_TYPED))
    async with database.reading() as session:
        place = await _in_check(session, here, check_id)
    if made.wrong or entered.errors or not made.questions:
        if not made.questions and not made.wrong:
            entered.errors.setdefault("several", writing.NO_PROMPT)
        return _several(request, here, pages, place, entered, dict(made.wrong))
    async with database.writing() as session:
        check = await making.the_check(session, here.course, check_id, lock=True)
        check.revision += 1
        await own_bank.put(session, here.course, check, made.questions, here.visit.person_id, clock.now())
    return see(place.address, Said.ADDED, "questions")


def _several(
    request: Request,
    here: InCourse,
    pages: Pages,
    place: Place,
    entered: Entered,
    wrong: dict[int, str] | None = None,
) -> Response:
    context: dict[str, Any] = {
        "home": home(here.course),
        "place": place,
        "address": f"{place.address}/write",
        "values": entered.values,
        "errors": entered.errors,
        "wrong": wrong or {},
        "notice": notice(request),
    }
    return pages.render(request, "checks/write.html", context, status_code=422 if entered.errors or wrong else 200)


# --- From a bank ------------------------------------------------------------------------------------------------------------


@router.get("/{check_id}/pick", name="check_pick")
async def pick(
    request: Request,
    here: TeacherIn,
    check_id: uuid.UUID,
    database: CurrentDatabase,
    pages: CurrentPages,
    bank: uuid.UUID | None = None,
) -> Response:
    """The course's banks, and one's questions to tick."""
    async with database.reading() as session:
        place = await _in_check(session, here, check_id)
        all_banks = await queries.banks(session, here.organisation_id, here.course.id)
        counts = await queries.counts_of_banks(session, here.organisation_id, here.course.id)
        asked = {row.id for row in (await queries.asked(session, here.organisation_id, [check_id]))[check_id]}
        full = [one for one in all_banks if counts.get(one.id)]
        if bank is None and len(full) == 1:
            bank = full[0].id
        held: list[looking.Line] = []
        if bank is not None:
            found = await banks.the_bank(session, here.course, bank)
            rows = (await queries.questions_of_banks(session, here.organisation_id, [found.id]))[found.id]
            known = await looking.competencies(session, here.course)
            held = await looking.lines(session, here.course, rows, known)
    context: dict[str, Any] = {
        "home": home(here.course),
        "place": place,
        "address": f"{place.address}/pick",
        "banks": [(str(one.id), one.title, counts.get(one.id, 0)) for one in full],
        "bank": str(bank) if bank else "",
        "lines": held,
        "asked": asked,
        "notice": notice(request),
    }
    return pages.render(request, "checks/pick.html", context)


@router.post("/{check_id}/pick")
async def take(
    request: Request, here: TeacherChanging, check_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Have the check ask what was ticked."""
    form = await request.form()
    ids = [parsed(uuid.UUID, one) for one in form.getlist("question") if isinstance(one, str)]
    if not ids:
        return see(f"{check_address(here.course, check_id)}/pick", Said.NOTHING_TICKED)
    async with database.writing() as session:
        check = await making.the_check(session, here.course, check_id, lock=True)
        rows = [await banks.the_question(session, here.course, question_id) for question_id in dict.fromkeys(ids)]
        check.revision += 1
        await making.ask(session, here.course, check, rows, clock.now())
    return see(check_address(here.course, check_id), Said.ADDED, "questions")


# --- One question -------------------------------------------------------------------------------------------------------------


@router.get("/{check_id}/questions/new", name="check_new_question")
async def new_in_check(
    request: Request,
    here: TeacherIn,
    check_id: uuid.UUID,
    database: CurrentDatabase,
    pages: CurrentPages,
    kind: QuestionKind = QuestionKind.CHOICE,
) -> Response:
    """The form for a question of a kind."""
    async with database.reading() as session:
        place = await _in_check(session, here, check_id)
    return _form(request, here, pages, place, Written(kind), question_id=new_id(), is_new=True)


@router.post("/{check_id}/questions/new")
async def add_to_check(
    request: Request,
    here: TeacherChanging,
    check_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Add the question; on to the check, or to the next one of its kind."""
    return await _add(request, here, database, clock, pages, check_id=check_id)


@router.get("/banks/{bank_id}/questions/new", name="bank_new_question")
async def new_in_bank(
    request: Request,
    here: TeacherIn,
    bank_id: uuid.UUID,
    database: CurrentDatabase,
    pages: CurrentPages,
    kind: QuestionKind = QuestionKind.CHOICE,
) -> Response:
    """The form for a question of a kind."""
    async with database.reading() as session:
        place = await _in_bank(session, here, bank_id)
    return _form(request, here, pages, place, Written(kind), question_id=new_id(), is_new=True)


@router.post("/banks/{bank_id}/questions/new")
async def add_to_bank(
    request: Request,
    here: TeacherChanging,
    bank_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Add the question; on to the bank, or to the next one of its kind."""
    return await _add(request, here, database, clock, pages, bank_id=bank_id)


async def _add(
    request: Request,
    here: InCourse,
    database: Database,
    clock: Now,
    pages: Pages,
    *,
    check_id: uuid.UUID | None = None,
    bank_id: uuid.UUID | None = None,
) -> Response:
    entered = Entered.of(await request.form())
    kind = entered.word("kind", QuestionKind, QuestionKind.CHOICE)
    form = forms.written(entered, kind)
    made = forms.question(entered, form)
    question_id = entered.made_id("question_id") or new_id()
    async with database.reading() as session:
        place = await _at(session, here, check_id, bank_id)
    if made is None:
        return _form(request, here, pages, place, form, question_id=question_id, is_new=True, entered=entered)
    now, by = clock.now(), here.visit.person_id
    try:
        async with database.writing() as session:
            if check_id is not None:
                check = await making.the_check(session, here.course, check_id, lock=True)
                check.revision += 1
                await own_bank.put(session, here.course, check, [made], by, now, question_id=question_id)
            elif bank_id is not None:
                await _put_in_bank(session, here, bank_id, made, question_id, clock)
    except NotFound:
        raise
    except ToolError as trouble:
        return _form(
            request, here, pages, place, form, question_id=question_id, is_new=True, entered=entered, trouble=trouble
        )
    if entered.values.get("next") == "another":
        return see(f"{place.address}/questions/new", Said.ADDED, kind=kind.value)
    return see(place.address, Said.ADDED, "questions")


async def _put_in_bank(
    session: AsyncSession, here: InCourse, bank_id: uuid.UUID, made: Question, question_id: uuid.UUID, clock: Now
) -> None:
    bank = await banks.the_bank(session, here.course, bank_id)
    if await queries.question(session, here.organisation_id, here.course.id, question_id) is None:
        place = await queries.last_place(session, here.organisation_id, bank.id) + 1
        await banks.add(session, bank, made, place, clock.now(), question_id=question_id)


@router.get("/{check_id}/questions/{question_id}", name="check_question")
async def edit_in_check(
    request: Request,
    here: TeacherIn,
    check_id: uuid.UUID,
    question_id: uuid.UUID,
    database: CurrentDatabase,
    pages: CurrentPages,
) -> Response:
    """The form with a question as it is."""
    return await _edit(request, here, database, pages, question_id, check_id=check_id)


@router.post("/{check_id}/questions/{question_id}")
async def change_in_check(
    request: Request,
    here: TeacherChanging,
    check_id: uuid.UUID,
    question_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Have the question say something else."""
    return await _change(request, here, database, clock, pages, question_id, check_id=check_id)


@router.get("/banks/{bank_id}/questions/{question_id}", name="bank_question")
async def edit_in_bank(
    request: Request,
    here: TeacherIn,
    bank_id: uuid.UUID,
    question_id: uuid.UUID,
    database: CurrentDatabase,
    pages: CurrentPages,
) -> Response:
    """The form with a question as it is."""
    return await _edit(request, here, database, pages, question_id, bank_id=bank_id)


@router.post("/banks/{bank_id}/questions/{question_id}")
async def change_in_bank(
    request: Request,
    here: TeacherChanging,
    bank_id: uuid.UUID,
    question_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Have the question say something else."""
    return await _change(request, here, database, clock, pages, question_id, bank_id=bank_id)


async def _at(session: AsyncSession, here: InCourse, check_id: uuid.UUID | None, bank_id: uuid.UUID | None) -> Place:
    if check_id is not None:
        return await _in_check(session, here, check_id)
    return await _in_bank(session, here, bank_id or new_id())


async def _edit(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    question_id: uuid.UUID,
    *,
    check_id: uuid.UUID | None = None,
    bank_id: uuid.UUID | None = None,
) -> Response:
    async with database.reading() as session:
        place = await _at(session, here, check_id, bank_id)
        row = await _the_row(session, here, place, question_id)
        is_used = row.id in await queries.used(session, here.organisation_id, [row.id])
        checks = len(await queries.asking(session, here.organisation_id, row.id))
    question = from_json(row.content)
    form, shows = describing.written_with_marks(question, _picture(request)), describing.pictures_of(question)
    return _form(request, here, pages, place, form, question_id=row.id, is_used=is_used, checks=checks, shows=shows)


async def _change(
    request: Request,
    here: InCourse,
    database: Database,
    clock: Now,
    pages: Pages,
    question_id: uuid.UUID,
    *,
    check_id: uuid.UUID | None = None,
    bank_id: uuid.UUID | None = None,
) -> Response:
    entered = Entered.of(await request.form())
    async with database.reading() as session:
        place = await _at(session, here, check_id, bank_id)
        row = await _the_row(session, here, place, question_id)
    before = from_json(row.content)
    form = forms.written(entered, entered.word("kind", QuestionKind, before.kind))
    shows = describing.pictures_of(before)
    marked = describing.read_with_marks(form, {_PICTURE, _picture(request)}, shows)
    made = forms.question(entered, marked, before.title)
    if made is None:
        return _form(request, here, pages, place, form, question_id=question_id, entered=entered, shows=shows)
    made = describing.described(describing.with_pictures(made, shows), _said_of(entered, shows))
    async with database.writing() as session:
        row = await _the_row(session, here, place, question_id)
        kept = await banks.change(session, row, made, clock.now())
        await session.flush()
        asking = await queries.asking(session, here.organisation_id, kept.row.id)
        await making.follow_all(session, here.course, asking, clock.now())
    return see(place.address, Said.REPLACED if kept.put is Put.REPLACED else Said.SAVED, "questions")


def _picture(request: Request) -> str:
    """What stands for a picture in what is typed: [picture 1]."""
    return language_of(request).gettext(_PICTURE)


def _said_of(entered: Entered, shows: Sequence[PictureLine]) -> dict[str, str]:
    """What is said of pictures now, where the form says something else; what is typed in the texts themselves counts else."""
    typed = {one.digest: entered.text(f"picture-{one.digest}", describing.MOST_WORDS) for one in shows}
    return {
        one.digest: typed[one.digest]
        for one in shows
        if f"picture-{one.digest}" in entered.values and typed[one.digest] != one.words
    }


def _form(
    request: Request,
    here: InCourse,
    pages: Pages,
    place: Place,
    form: Written,
    *,
    question_id: uuid.UUID,
    is_new: bool = False,
    is_used: bool = False,
    checks: int = 0,
    entered: Entered | None = None,
    trouble: ToolError | None = None,
    shows: Sequence[PictureLine] = (),
) -> Response:
    context: dict[str, Any] = {
        "home": home(here.course),
        "place": place,
        "address": f"{place.address}/questions/{'new' if is_new else question_id}",
        "form": form,
        "points": (entered.values.get("points") if entered else None) or f"{form.points:f}",
        "kind": form.kind.value,
        "kind_words": looking.KINDS[form.kind],
        "kinds": [(kind.value, words) for kind, words in looking.KINDS.items()],
        "question_id": question_id,
        "is_new": is_new,
        "is_used": is_used,
        "checks": checks,
        "shows": [(f"[{_picture(request)} {place}]", one) for place, one in enumerate(shows, start=1)],
        "said_of": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "notice": trouble_notice(request, trouble) or notice(request),
    }
    status = trouble.status if trouble is not None else (422 if entered and entered.errors else 200)
    return pages.render(request, "checks/question.html", context, status_code=status)
