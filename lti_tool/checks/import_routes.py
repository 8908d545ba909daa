"""A teacher's pages for bringing questions in: choose the file, look at what it would do, confirm."""

import asyncio
import uuid
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from lti_tool.checks import importing
from lti_tool.checks.banks import Put
from lti_tool.checks.importing import Counts, Plan, Wish
from lti_tool.checks.questions import Question, QuestionKind
from lti_tool.checks.reading import Entry, Reading, read
from lti_tool.checks.replies import Said, grouped, home, import_address, notice, section_title, sentence, views
from lti_tool.content import drafts
from lti_tool.content.drafts import Drafts, TheirDrafts
from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.db.session import Database
from lti_tool.errors import ToolError
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, language_of, say
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/checks/import")

KIND = "questions"
"""What kind of draft these files are."""

SHOWN = 100
"""Titles that a preview lists under each sentence; the rest is counted."""

_TRUE, _FALSE = N_("True"), N_("False")


@router.get("", name="questions_import")
async def choose(request: Request, here: TeacherIn, pages: CurrentPages) -> Response:
    """The form that takes the file."""
    return _choose(request, here, pages)


@router.post("/upload", name="questions_upload")
async def upload(
    request: Request,
    here: TeacherChanging,
    database: CurrentDatabase,
    theirs: TheirDrafts,
    pages: CurrentPages,
) -> Response:
    """Read the file and keep its questions for the preview. One that cannot be read is said to be so; nothing is kept."""
    try:
        async with request.form() as form:
            given = form.get("file")
            if not isinstance(given, UploadFile) or not given.filename:
                raise drafts.NoFile("the form had no file")
            # The file lies on the disk as it came; it is looked at there, and gone with the form.
            reading = await asyncio.to_thread(read, given.filename, given.file)
            name = given.filename
    except ToolError as trouble:
        return _choose(request, here, pages, trouble)
    # What is kept are the questions alone: whatever else an export holds is nobody's business here.
    content = importing.kept(_spoken(request, reading))
    async with database.writing() as session:
        draft_id = await theirs.keep(session, KIND, name, content)
    return see(f"{import_address(here.course)}/{draft_id}")


@router.get("/{draft_id}", name="questions_preview")
async def preview(
    request: Request,
    here: TeacherIn,
    draft_id: uuid.UUID,
    database: CurrentDatabase,
    theirs: TheirDrafts,
    pages: CurrentPages,
) -> Response:
    """What the file would do. Nothing happens before the button."""
    name, reading = await _kept(theirs, database, draft_id)
    return await _preview(request, here, database, pages, draft_id, name, reading)


@router.post("/{draft_id}")
async def bring_in(
    request: Request,
    here: TeacherChanging,
    draft_id: uuid.UUID,
    database: CurrentDatabase,
    theirs: TheirDrafts,
    pages: CurrentPages,
) -> Response:
    """Bring in what the teacher chose."""
    form = await request.form()
    if form.get("answer") == "cancel":
        async with database.writing() as session:
            await theirs.forget(session, draft_id)
        return see(home(here.course), Said.CANCELLED)
    name, reading = await _kept(theirs, database, draft_id)
    wish = _wish(form)
    if not (wish.quizzes or wish.banks or wish.as_checks):
        return await _preview(request, here, database, pages, draft_id, name, reading, nothing=True)
    try:
        async with database.writing() as session:
            counts = await importing.bring_in(
                session,
                here.course,
                reading,
                wish,
                name,
                section_title(request),
                here.visit.person_id,
                theirs.now,
            )
            await theirs.forget(session, draft_id)
    except ToolError as trouble:
        return await _preview(request, here, database, pages, draft_id, name, reading, trouble=trouble)
    return see(home(here.course), **_counted(counts))


def _counted(counts: Counts) -> dict[str, Any]:
    return {
        "checks": counts.checks_new,
        "known": counts.checks_known,
        "banks": counts.banks_new,
        "added": counts.added,
        "changed": counts.changed + counts.replaced,
        "same": counts.unchanged + counts.kept,
        "left": counts.listed,
    }


def _wish(form: FormData) -> Wish:
    def ticked(name: str) -> frozenset[str]:
        return frozenset(one for one in form.getlist(name) if isinstance(one, str))

    return Wish(ticked("quiz"), ticked("bank"), ticked("as_check"), update=form.get("update") == "yes")


async def _kept(theirs: Drafts, database: Database, draft_id: uuid.UUID) -> tuple[str, Reading]:
    async with database.reading() as session:
        name, content = await theirs.find(session, KIND, draft_id)
    return name, await asyncio.to_thread(importing.taken_up, content)


def _spoken(request: Request, reading: Reading) -> Reading:
    """The reading with *true* and *false*, which files name and do not write, in the teacher's language."""
    words = {word: language_of(request).gettext(word) for word in (_TRUE, _FALSE)}

    def said(question: Question | None) -> Question | None:
        if question is None or question.kind is not QuestionKind.CHOICE or question.shuffled:
            return question
        if [choice.html for choice in question.choices] != [_TRUE, _FALSE]:
            return question
        return replace(question, choices=tuple(replace(choice, html=words[choice.html]) for choice in question.choices))

    banks = (
        replace(bank, entries=tuple(replace(entry, question=said(entry.question)) for entry in bank.entries))
        for bank in reading.banks
    )
    return replace(reading, banks=tuple(banks))


def _choose(request: Request, here: InCourse, pages: Pages, trouble: ToolError | None = None) -> Response:
    context: dict[str, Any] = {
        "views": views(here.course, "import"),
        "address": import_address(here.course),
        "home": home(here.course),
        "trouble": say(request, trouble) if trouble is not None else None,
        "notice": notice(request),
    }
    status = trouble.status if trouble is not None else 200
    return pages.render(request, "checks/import_choose.html", context, status_code=status)


async def _preview(
    request: Request,
    here: InCourse,
    database: Database,
    pages: Pages,
    draft_id: uuid.UUID,
    name: str,
    reading: Reading,
    *,
    nothing: bool = False,
    trouble: ToolError | None = None,
) -> Response:
    async with database.reading() as session:
        plan = await importing.plan(session, here.course, reading)
    entries = reading.entries
    context: dict[str, Any] = {
        "views": views(here.course, "import"),
        "home": import_address(here.course),
        "address": f"{import_address(here.course)}/{draft_id}",
        "file_name": name,
        "plan": plan,
        "reading": reading,
        "quizzes": _quizzes(request, plan),
        "banks": _banks(plan),
        "remarked": sum(bool(entry.remarks) for entry in entries),
        "remarks": grouped(request, ((note, entry.title) for entry in entries for note in entry.remarks)),
        "listed": grouped(
            request, ((one.left_out, _where(request, one)) for one in entries if one.left_out is not None)
        ),
        "differ": [
            entry.title
            for one in plan.banks
            for entry in one.bank.entries
            if one.puts.get(entry.identifier) in (Put.CHANGED, Put.REPLACED)
        ],
        "of_file": [sentence(request, note) for note in reading.remarks],
        "most": SHOWN,
        "wish": Wish.everything(reading),
        "nothing": nothing,
        "trouble": say(request, trouble) if trouble is not None else None,
    }
    status = trouble.status if trouble is not None else (422 if nothing else 200)
    return pages.render(request, "checks/import_preview.html", context, status_code=status)


def _where(request: Request, entry: Entry) -> str:
    """A question's title; in a file that somebody wrote by hand, with its line."""
    if entry.line is None:
        return entry.title
    return language_of(request).gettext(N_("%(title)s (line %(line)s)")) % {"title": entry.title, "line": entry.line}


def _quizzes(request: Request, plan: Plan) -> list[dict[str, Any]]:
    return [{"plan": one, "remarks": [sentence(request, note) for note in one.quiz.remarks]} for one in plan.quizzes]


def _banks(plan: Plan) -> list[dict[str, Any]]:
    """The banks that are no quiz's own: those come with their quizzes."""
    return [
        {
            "plan": one,
            "questions": len(one.puts),
            "listed": len(one.bank.entries) - len(one.puts),
            "title": one.bank.title or plan.reading.title,
        }
        for one in plan.banks
        if not one.bank.own
    ]
