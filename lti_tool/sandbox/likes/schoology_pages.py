"""Schoology's own addresses of content, as its links and people's bookmarks have them; each leads on to the sandbox's page."""

from typing import TypeVar

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse, Response

from lti_tool.sandbox import addresses
from lti_tool.sandbox.models import Assignment, Base, Discussion, FileEntry, ModuleItem, Page, Quiz
from lti_tool.sandbox.platform import ThisPlatform
from lti_tool.sandbox.schoology_rows import FILES, LINKS, PAGES, TALKS, WORKS, row_id
from lti_tool.sandbox.view import PageMissing, SignedIn, see_other

router = APIRouter(default_response_class=HTMLResponse)
Row = TypeVar("Row", bound=Base)


@router.get("/assignment/{number:int}")
@router.get("/course/{section:int}/assessments/{number:int}")
async def work(platform: ThisPlatform, person: SignedIn, number: int) -> Response:
    """An assignment or a test."""
    async with platform.store.reading() as session:
        found = await _row(session, Assignment, WORKS, number)
        quiz = (await session.scalars(select(Quiz).where(Quiz.assignment_id == found.id))).first()
    if quiz is not None:
        return see_other(addresses.content(quiz.course_id, "Quiz", quiz.id))
    return see_other(addresses.content(found.course_id, "Assignment", found.id))


@router.get("/page/{number:int}")
async def page(platform: ThisPlatform, person: SignedIn, number: int) -> Response:
    """A page."""
    async with platform.store.reading() as session:
        found = await _row(session, Page, PAGES, number)
    return see_other(addresses.content(found.course_id, "Page", found.slug))


@router.get("/course/{section:int}/materials")
async def materials(person: SignedIn, section: int, f: str = "") -> Response:
    """A section's materials, or one folder of them: the modules."""
    return see_other(addresses.course(section) + (f"#folder-{f}" if f.isdecimal() else ""))


@router.get("/course/{section:int}/materials/discussion/view/{number:int}")
async def discussion(platform: ThisPlatform, person: SignedIn, number: int) -> Response:
    """A discussion."""
    async with platform.store.reading() as session:
        found = await _row(session, Discussion, TALKS, number)
    return see_other(addresses.content(found.course_id, "Discussion", found.id))


@router.get("/course/{section:int}/materials/gp/{number:int}")
async def file(platform: ThisPlatform, person: SignedIn, number: int) -> Response:
    """A document that is a file."""
    async with platform.store.reading() as session:
        found = await _row(session, FileEntry, FILES, number)
    return see_other(addresses.content(found.course_id, "File", found.id))


@router.get("/course/{section:int}/materials/link/view/{number:int}")
async def link(platform: ThisPlatform, person: SignedIn, number: int) -> Response:
    """A document that is a link."""
    async with platform.store.reading() as session:
        found = await _row(session, ModuleItem, LINKS, number)
    return see_other(addresses.item(found))


async def _row(session: AsyncSession, model: type[Row], kind: int, number: int) -> Row:
    found_id = row_id(kind, number)
    found = await session.get(model, found_id) if found_id is not None and found_id < 2**53 else None
    if found is None:
        raise PageMissing
    return found
