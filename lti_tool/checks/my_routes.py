"""A student's pages of a check: its front, the questions of an attempt, its end and its result."""

import uuid
from collections.abc import Sequence

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, Response

from lti_tool.checks import attempt_rules, attempts, doing, finishing, responding, sheets, words
from lti_tool.checks.attempt_rules import Standing
from lti_tool.checks.attempts import Sitting
from lti_tool.checks.finishing import Taker
from lti_tool.checks.models import AttemptState, Feedback
from lti_tool.checks.my_replies import Said, attempt_address, check_address, notice, path_address, path_in
from lti_tool.checks.questions import QuestionKind
from lti_tool.courses.access import InCourse, MemberIn, StudentChanging, StudentIn
from lti_tool.courses.rules import TEACHING
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, NotAllowed
from lti_tool.learners import supports
from lti_tool.learners.models import Support
from lti_tool.lti.models import Role
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.replies import said_in, see

router = APIRouter(prefix="/courses/{course_id}/my/checks/{check_id}")


def takers(request: Request) -> Sequence[Taker]:
    """Who takes the result of a check, as the application has put them together."""
    found: Sequence[Taker] = request.app.state.check_takers
    return found


async def _end_overdue(request: Request, here: InCourse, check_id: uuid.UUID, database: Database, clock: Now) -> None:
    """End the student's attempts whose time has run out. Not for somebody who acts as the student: they change nothing."""
    if here.visit.masquerading:
        return
    async with database.reading() as session:
        front = await attempts.front(session, here.course, here.person_id, check_id, clock.now())
        over = [
            one.number
            for one in front.attempts
            if one.state is AttemptState.OPEN and attempt_rules.is_over(one, clock.now())
        ]
    for number in over:
        async with database.writing() as session:
            found = await attempts.of_student(session, here.course, here.person_id, check_id, number, lock=True)
            await finishing.end_if_over(session, found, clock.now(), takers(request))


# --- The front --------------------------------------------------------------------------------------------------------


@router.get("", name="my_check")
async def my_check(
    request: Request, here: MemberIn, check_id: uuid.UUID, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """What the check is, and the one button: begin, go on, or what came of it.

    It is also the address of the check among the course's content: whoever teaches comes from there to their own page of it.
    """
    if here.visit.role in TEACHING:
        return see(f"/courses/{here.course.id}/checks/{check_id}")
    if here.visit.role is not Role.STUDENT:
        raise NotAllowed(f"the role is {here.visit.role}")
    await _end_overdue(request, here, check_id, database, clock)
    async with database.reading() as session:
        front = await attempts.front(session, here.course, here.person_id, check_id, clock.now())
        session.expunge_all()
    path = path_in(request.query_params.get("path"))
    open_now = next((one for one in front.attempts if one.state is AttemptState.OPEN), None)
    context = {
        "front": front,
        "check": front.check,
        "may": front.may.standing.value,
        "open_attempt": open_now,
        "ended": [
            (one, attempt_rules.percent(one.earned, one.possible))
            for one in reversed(front.attempts)
            if one.state is AttemptState.FINISHED
        ],
        "address": check_address(here.course, check_id),
        "path": path,
        "back": path_address(here.course, path),
        "can_act": not here.visit.masquerading,
        "now": clock.now(),
        "notice": notice(request),
    }
    return pages.render(request, "checks/my_check.html", context)


@router.post("/begin")
async def begin(
    request: Request, here: StudentChanging, check_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Begin an attempt, or go on with the open one."""
    path = path_in(_text(await request.form(), "path"))
    await _end_overdue(request, here, check_id, database, clock)
    async with database.writing() as session:
        attempt = await attempts.begin(session, here.course, here.person_id, check_id, clock.now())
        number = attempt.number
    return see(attempt_address(here.course, check_id, number, path=path))


# --- The questions ----------------------------------------------------------------------------------------------------


@router.get("/attempts/{number}", name="my_attempt")
async def my_attempt(
    request: Request,
    here: StudentIn,
    check_id: uuid.UUID,
    number: int,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """The questions: one at a time, or all on one page where they are given all at once."""
    await _end_overdue(request, here, check_id, database, clock)
    path = path_in(request.query_params.get("path"))
    async with database.reading() as session:
        found = await attempts.of_student(session, here.course, here.person_id, check_id, number)
        helps = await supports.of_person(session, here.organisation_id, here.course.id, here.person_id)
        session.expunge_all()
    if not found.is_open:
        return see(attempt_address(here.course, check_id, number, "/result", path), said_in(request, Said))
    shown = sheets.views(found, told=sheets.tells_now(found))
    one_by_one = found.gives or Support.FEWER_AT_ONCE in helps.kinds
    wanted = request.query_params.get("q", "")
    at = sheets.open_number(shown, int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 6 else None)
    said = said_in(request, Said)
    asked = next((view for view in shown if view.number == at), None)
    context = {
        "check": found.check,
        "attempt": found.attempt,
        "views": [asked] if one_by_one and asked is not None else shown,
        "all_views": shown,
        "asked": asked if one_by_one else None,
        "one_by_one": one_by_one,
        "gives": found.gives,
        "tells": sheets.tells_now(found),
        "adaptive": found.is_adaptive,
        "tries": attempt_rules.tries(found.check),
        "mend": said is Said.MEND and asked is not None,
        "mend_reason": words.to_student(found.scored(asked.id, draft=True).reason) if asked is not None else "",
        "reason": words.to_student,
        "partial_credit": words.partial_credit,
        "address": attempt_address(here.course, check_id, number),
        "front": check_address(here.course, check_id, path),
        "path": path,
        "elapsed": _elapsed(found, clock),
        "seconds_left": _seconds_left(found, clock),
        "reads_aloud": Support.READ_ALOUD in helps.kinds,
        "can_act": not here.visit.masquerading,
        "notice": notice(request),
    }
    return pages.render(request, "checks/my_attempt.html", context)


def _elapsed(found: Sitting, clock: Now) -> int:
    """Tenths of seconds since the attempt began: what is answered later has a larger number, on whichever device."""
    return max(0, int((clock.now() - found.attempt.begun_at).total_seconds() * 10))


def _seconds_left(found: Sitting, clock: Now) -> int | None:
    ends = found.attempt.ends_at
    return None if ends is None else max(0, int((ends - clock.now()).total_seconds()))


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _fields(form: FormData) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, value in form.multi_items():
        if isinstance(value, str):
            fields.setdefault(name, []).append(value)
    return fields


@router.post("/attempts/{number}")
async def answer(
    request: Request,
    here: StudentChanging,
    check_id: uuid.UUID,
    number: int,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Save what is on the page, then do what its button says (``do``): ``save``, ``go:3``, ``move:…``, ``give:…`` and others."""
    form = await request.form(max_fields=5000)
    fields, path = _fields(form), path_in(_text(form, "path"))
    at = attempts.as_number(_text(form, "at")) or None
    address = attempt_address(here.course, check_id, number)
    async with database.writing() as session:
        found = await attempts.of_student(session, here.course, here.person_id, check_id, number, lock=True)
        if await finishing.end_if_over(session, found, clock.now(), takers(request)):
            return see(attempt_address(here.course, check_id, number, "/result", path), Said.TIME_UP)
        if not found.is_open:
            return see(attempt_address(here.course, check_id, number, "/result", path), Said.ENDED)
        newer = attempts.put_form(session, found, fields, clock.now())
        button = _text(form, "do")
        # What came from elsewhere is looked at before anything is done with it; time does not wait for that.
        if newer and button != "time":
            button = f"go:{at or ''}"
        target = await doing.do(session, found, button, fields, clock.now(), takers(request))
    if target.end:
        return see(f"{address}{target.end}" + (f"?path={path}" if path else ""), target.said)
    question = attempt_address(here.course, check_id, number, path=path, question=target.question or at)
    return see(question, Said.NEWER if newer else target.said, target.anchor)


@router.post("/attempts/{number}/save")
async def save(
    request: Request,
    here: StudentChanging,
    check_id: uuid.UUID,
    number: int,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """One answer, as it is given: ``question``, ``number`` and the question's fields. Answers JSON: ``saved``, ``number``."""
    form = await request.form()
    question_id = _text(form, "question")
    async with database.writing() as session:
        found = await attempts.of_student(session, here.course, here.person_id, check_id, number, lock=True)
        if await finishing.end_if_over(session, found, clock.now(), takers(request)) or not found.is_open:
            return JSONResponse({"saved": False, "ended": True}, status_code=200)
        question = found.questions.get(question_id)
        if question is None:
            raise BadRequest("the attempt does not ask this")
        shown = found.order(question_id) if question.kind is QuestionKind.ORDER else ()
        response = responding.read(question, question_id, _fields(form), shown)
        sent = attempts.as_number(_text(form, "number"))
        saved = attempts.put(session, found, question_id, response, sent, clock.now(), same=False)
    return JSONResponse({"saved": saved.kept, "number": saved.number, "ended": False})


# --- The end ----------------------------------------------------------------------------------------------------------


@router.get("/attempts/{number}/end", name="my_attempt_end")
async def ask_end(
    request: Request,
    here: StudentIn,
    check_id: uuid.UUID,
    number: int,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """What is not answered yet, before it is too late."""
    await _end_overdue(request, here, check_id, database, clock)
    path = path_in(request.query_params.get("path"))
    async with database.reading() as session:
        found = await attempts.of_student(session, here.course, here.person_id, check_id, number)
        session.expunge_all()
    if not found.is_open:
        return see(attempt_address(here.course, check_id, number, "/result", path), said_in(request, Said))
    shown = sheets.views(found, told=False)
    context = {
        "check": found.check,
        "attempt": found.attempt,
        "missing": [view.number for view in shown if not view.is_answered and not view.is_given],
        "one_by_one": False,
        "total": len(shown),
        "address": attempt_address(here.course, check_id, number),
        "seconds_left": _seconds_left(found, clock),
        "elapsed": _elapsed(found, clock),
        "path": path,
        "can_act": not here.visit.masquerading,
        "notice": notice(request),
    }
    return pages.render(request, "checks/my_end.html", context)


@router.post("/attempts/{number}/end")
async def end(
    request: Request,
    here: StudentChanging,
    check_id: uuid.UUID,
    number: int,
    database: CurrentDatabase,
    clock: Now,
) -> Response:
    """Hand the attempt in. Twice, also at once, is once."""
    path = path_in(_text(await request.form(), "path"))
    async with database.writing() as session:
        found = await attempts.of_student(session, here.course, here.person_id, check_id, number, lock=True)
        ended = await finishing.finish(session, found, clock.now(), takers(request))
    return see(attempt_address(here.course, check_id, number, "/result", path), Said.DONE if ended else Said.ENDED)


@router.get("/attempts/{number}/result", name="my_attempt_result")
async def my_result(
    request: Request,
    here: StudentIn,
    check_id: uuid.UUID,
    number: int,
    database: CurrentDatabase,
    clock: Now,
    pages: CurrentPages,
) -> Response:
    """What came of it, as far as the teacher wants it told, and what is next."""
    await _end_overdue(request, here, check_id, database, clock)
    path = path_in(request.query_params.get("path"))
    async with database.reading() as session:
        found = await attempts.of_student(session, here.course, here.person_id, check_id, number)
        front = await attempts.front(session, here.course, here.person_id, check_id, clock.now())
        session.expunge_all()
    if found.is_open:
        return see(attempt_address(here.course, check_id, number, path=path))
    told = found.check.feedback is not Feedback.RESULT
    context = {
        "check": found.check,
        "result": sheets.result(found),
        "marked": sheets.marked(found, shows_right=found.check.shows_right) if told else [],
        "told": told,
        "shows_right": found.check.shows_right,
        "reason": words.to_student,
        "partial_credit": words.partial_credit,
        "may": front.may,
        "may_begin": front.may.standing is Standing.MAY_BEGIN and not here.visit.masquerading,
        "address": check_address(here.course, check_id),
        "front": check_address(here.course, check_id, path),
        "path": path,
        "back": path_address(here.course, path),
        "my_map": f"/courses/{here.course.id}/my-map",
        "now": clock.now(),
        "notice": notice(request),
    }
    return pages.render(request, "checks/my_result.html", context)
