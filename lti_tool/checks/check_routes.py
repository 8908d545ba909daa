"""A teacher's pages of checks: the list, a new one, one check with its questions, opening and putting away, its settings."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from lti_tool.checks import bank_queries as queries
from lti_tool.checks import forms, looking, making, own_bank, words, writing
from lti_tool.checks.making import Settings, settings_of
from lti_tool.checks.models import CheckStatus
from lti_tool.checks.replies import Said, check_address, home, import_address, notice, section_title, views
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, Conflict, NotFound, ToolError
from lti_tool.ids import new_id
from lti_tool.lti.sessions import by_script
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.forms import Entered, parsed
from lti_tool.web.pages import Pages
from lti_tool.web.replies import see, trouble_notice

router = APIRouter(prefix="/courses/{course_id}/checks")

Counted = Annotated[int, Query(ge=0, le=1_000_000)]


# --- The list -------------------------------------------------------------------------------------------------------------


@router.get("", name="checks")
async def listed(
    request: Request,
    here: TeacherIn,
    database: CurrentDatabase,
    pages: CurrentPages,
    checks: Counted = 0,
    known: Counted = 0,
    banks: Counted = 0,
    added: Counted = 0,
    changed: Counted = 0,
    same: Counted = 0,
    left: Counted = 0,
    archived: bool = False,
) -> Response:
    """All checks of the course, with how many students have taken each; after an import, what came of it."""
    shown = (CheckStatus.ARCHIVED,) if archived else (CheckStatus.OPEN, CheckStatus.DRAFT)
    async with database.reading() as session:
        found = await queries.checks(session, here.organisation_id, here.course.id, shown)
        counts = await queries.counts_of_checks(session, here.organisation_id, here.course.id)
        taken = await queries.taken(session, here.organisation_id, here.course.id)
        put_away = archived or bool(
            await queries.checks(session, here.organisation_id, here.course.id, (CheckStatus.ARCHIVED,))
        )
    came = {
        "checks": checks,
        "known": known,
        "banks": banks,
        "added": added,
        "changed": changed,
        "same": same,
        "left": left,
    }
    context: dict[str, Any] = {
        "views": views(here.course, "checks"),
        "home": home(here.course),
        "import_address": import_address(here.course),
        "lines": [
            {"check": one, "questions": counts.get(one.id, 0), "taken": taken.get(one.id, (0, 0))} for one in found
        ],
        "archived": archived,
        "put_away": put_away,
        "came": came if any(came.values()) else None,
        "notice": notice(request),
    }
    return pages.render(request, "checks/list.html", context)


@router.get("/new", name="new_check")
async def new(request: Request, here: TeacherIn, pages: CurrentPages) -> Response:
    """The form that begins a check: its title, and questions in one go."""
    return _new(request, here, pages, Entered({"check_id": str(new_id())}))


@router.post("/new")
async def create(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Make the check with the questions that were written, and go on to its page."""
    entered = Entered.of(await request.form())
    title = entered.text("title", 200, forms.TITLE_MISSING)
    typed = entered.text("several", writing.MOST_TYPED)
    made = writing.several(typed)
    check_id = entered.made_id("check_id") or new_id()
    if made.wrong or entered.errors:
        return _new(request, here, pages, entered, made.wrong)
    now, by = clock.now(), here.visit.person_id
    async with database.writing() as session:
        check = await making.make(
            session, here.course, Settings(title), section_title(request), by, now, check_id=check_id
        )
        await own_bank.put(session, here.course, check, made.questions, by, now)
    return see(check_address(here.course, check_id), Said.SAVED)


def _new(
    request: Request, here: InCourse, pages: Pages, entered: Entered, wrong: Mapping[int, str] | None = None
) -> Response:
    context = {
        "views": views(here.course, "checks"),
        "address": f"{home(here.course)}/new",
        "values": entered.values,
        "errors": entered.errors,
        "wrong": wrong or {},
    }
    status = 422 if entered.errors or wrong else 200
    return pages.render(request, "checks/new.html", context, status_code=status)


# --- One check ------------------------------------------------------------------------------------------------------------


@router.get("/{check_id}", name="check")
async def one(
    request: Request, here: TeacherIn, check_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """A check with its questions in order, and what it is about."""
    return await _page(request, here, check_id, database, pages)


async def _page(
    request: Request,
    here: InCourse,
    check_id: uuid.UUID,
    database: Database,
    pages: Pages,
    trouble: ToolError | None = None,
) -> Response:
    async with database.reading() as session:
        check = await making.the_check(session, here.course, check_id)
        known = await looking.competencies(session, here.course)
        asked = (await queries.asked(session, here.organisation_id, [check.id]))[check.id]
        lines = await looking.lines(session, here.course, asked, known)
        about = await looking.about(session, here.course, check, known)
        taken = (await queries.taken(session, here.organisation_id, here.course.id)).get(check.id, (0, 0))
    context: dict[str, Any] = {
        "home": home(here.course),
        "address": check_address(here.course, check.id),
        "check": check,
        "lines": lines,
        "about": about,
        "has_map": bool(known),
        "untagged": sum(not line.about for line in lines),
        "kinds": [(kind.value, words) for kind, words in looking.KINDS.items()],
        "taken": taken,
        "notice": trouble_notice(request, trouble) or notice(request),
    }
    status = trouble.status if trouble is not None else 200
    return pages.render(request, "checks/check.html", context, status_code=status)


@router.get("/{check_id}/preview", name="check_preview")
async def preview(
    request: Request, here: TeacherIn, check_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """The check's questions as a student answers them; nothing is kept."""
    async with database.reading() as session:
        check = await making.the_check(session, here.course, check_id)
        asked = (await queries.asked(session, here.organisation_id, [check.id]))[check.id]
    context: dict[str, Any] = {
        "home": home(here.course),
        "address": check_address(here.course, check.id),
        "check": check,
        "views": looking.as_asked(here.course, check, asked),
        "partial_credit": words.partial_credit,
    }
    return pages.render(request, "checks/preview.html", context)


@router.post("/{check_id}/order", name="check_order")
async def reorder(
    request: Request,
    here: TeacherChanging,
    check_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Bring the questions into another order: all of them, or one up or down."""
    entered = Entered.of(await request.form())
    order = [parsed(uuid.UUID, one) for one in entered.values.get("order", "").split(",") if one]
    one_id = None if order else parsed(uuid.UUID, entered.values.get("item", ""))
    try:
        async with database.writing() as session:
            check = await making.for_change(session, here.course, check_id, entered.revision(), clock.now())
            if one_id is not None:
                rows = [row.question_id for row in await queries.places(session, here.organisation_id, check.id)]
                order = _moved(rows, one_id, entered.values.get("move", ""))
            await making.put_in_order(session, here.course, check, order)
            session.add(check)
    except Conflict as trouble:
        if by_script(request):
            raise  # The page puts back what it showed, and says this error's words.
        return await _page(request, here, check_id, database, pages, trouble)
    # The script follows to the page as it stands now, and takes the next revision from it.
    return see(check_address(here.course, check_id), None if by_script(request) else Said.MOVED, "questions")


def _moved(order: list[uuid.UUID], one: uuid.UUID, how: str) -> list[uuid.UUID]:
    if one not in order or how not in ("up", "down"):
        raise BadRequest("nothing to move")
    at = order.index(one)
    to = max(0, at - 1) if how == "up" else min(len(order) - 1, at + 1)
    order[at], order[to] = order[to], order[at]
    return order


@router.post("/{check_id}/remove", name="check_remove_question")
async def remove(
    request: Request, here: TeacherChanging, check_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Take a question out of the check; its bank keeps it."""
    entered = Entered.of(await request.form())
    question_id = parsed(uuid.UUID, entered.values.get("question", ""))
    async with database.writing() as session:
        check = await making.the_check(session, here.course, check_id, lock=True)
        check.revision += 1
        await making.ask_no_more(session, here.course, check, [question_id], clock.now())
    return see(check_address(here.course, check_id), Said.REMOVED, "questions")


_SAID = {CheckStatus.OPEN: Said.OPENED, CheckStatus.DRAFT: Said.CLOSED, CheckStatus.ARCHIVED: Said.ARCHIVED}


@router.post("/{check_id}/status", name="check_status")
async def open_or_close(
    request: Request,
    here: TeacherChanging,
    check_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Open the check to students, close it, or put it away."""
    entered = Entered.of(await request.form())
    status = entered.word("status", CheckStatus, CheckStatus.DRAFT)
    try:
        async with database.writing() as session:
            check = await making.the_check(session, here.course, check_id, lock=True)
            before = check.status
            check.revision += 1
            await making.open_or_close(session, here.course, check, status, clock.now())
    except NotFound:
        raise
    except ToolError as trouble:
        return await _page(request, here, check_id, database, pages, trouble)
    if status is CheckStatus.ARCHIVED:
        return see(home(here.course), Said.ARCHIVED)
    said = Said.BROUGHT_BACK if before is CheckStatus.ARCHIVED else _SAID[status]
    return see(check_address(here.course, check_id), said)


# --- Settings -------------------------------------------------------------------------------------------------------------


@router.get("/{check_id}/settings", name="check_settings")
async def ask_settings(
    request: Request, here: TeacherIn, check_id: uuid.UUID, database: CurrentDatabase, pages: CurrentPages
) -> Response:
    """The form with the check's settings."""
    return await _settings(request, here, check_id, database, pages)


@router.post("/{check_id}/settings")
async def change_settings(
    request: Request,
    here: TeacherChanging,
    check_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """Give the check other settings."""
    entered = Entered.of(await request.form())
    wanted = forms.settings(entered)
    if entered.errors:
        return await _settings(request, here, check_id, database, pages, entered)
    try:
        async with database.writing() as session:
            check = await making.for_change(session, here.course, check_id, entered.revision(), clock.now())
            await making.set_up(session, here.course, check, wanted, clock.now())
    except NotFound:
        raise
    except ToolError as trouble:
        return await _settings(request, here, check_id, database, pages, entered, trouble)
    return see(check_address(here.course, check_id), Said.SAVED)


async def _settings(
    request: Request,
    here: InCourse,
    check_id: uuid.UUID,
    database: Database,
    pages: Pages,
    entered: Entered | None = None,
    trouble: ToolError | None = None,
) -> Response:
    async with database.reading() as session:
        check = await making.the_check(session, here.course, check_id)
        there = len((await queries.asked(session, here.organisation_id, [check.id]))[check.id])
    values = _as_form(settings_of(check))
    if entered is not None:
        # A box that is not ticked is not sent.
        values = {name: entered.values.get(name, "") for name in (*values, "opens_at", "due_at")}
    context: dict[str, Any] = {
        "home": home(here.course),
        "address": check_address(here.course, check.id),
        "check": check,
        "questions": there,
        "least": making.LEAST_FOR_ADAPTIVE,
        "values": values,
        "errors": entered.errors if entered is not None else {},
        "opens_at": check.opens_at if entered is None else None,
        "due_at": check.due_at if entered is None else None,
        "notice": trouble_notice(request, trouble) or notice(request),
    }
    status = trouble.status if trouble is not None else (422 if entered is not None else 200)
    return pages.render(request, "checks/settings.html", context, status_code=status)


def _as_form(found: Settings) -> dict[str, Any]:
    """Settings as the form's fields have them."""
    return {
        "title": found.title,
        "introduction": found.introduction,
        "selection": found.selection.value,
        "count": found.count or "",
        "shuffled": "yes" if found.shuffled else "",
        "attempts": found.attempts or "",
        "wait_minutes": found.wait_minutes or "",
        "tries": found.tries,
        "feedback": found.feedback.value,
        "shows_right": "yes" if found.shows_right else "",
        "minutes": found.minutes or "",
        "pass_percent": f"{found.pass_percent:g}",
    }
