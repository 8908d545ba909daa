"""The pages of the sandbox LMS: signing in, a course's home, its content and people. ``set_up_pages`` adds all pages to the
application; quizzes, grades and tools have modules of their own.
"""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, FastAPI, Form, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from lti_tool.sandbox import (
    addresses,
    admin_pages,
    copy_pages,
    grade_pages,
    picking_pages,
    quiz_pages,
    review_pages,
    tool_pages,
    trouble_pages,
)
from lti_tool.sandbox.bench_models import PickRequest
from lti_tool.sandbox.canvas_progress import note, take_back
from lti_tool.sandbox.groups import groups_of
from lti_tool.sandbox.models import Discussion, FileEntry, Page, Person
from lti_tool.sandbox.outline import Around, around, outline, placed
from lti_tool.sandbox.platform import Platform, ThisPlatform
from lti_tool.sandbox.sessions import person_signed_in, sign_in, sign_out
from lti_tool.sandbox.store import courses_of, import_notes, module_item, observed_by, people, roster
from lti_tool.sandbox.view import (
    FOLDER,
    InCourse,
    NotForThisRole,
    PageMissing,
    SignedIn,
    SignInFirst,
    StudentIn,
    Visit,
    error_page,
    from_own_pages,
    local_path,
    one_of,
    render,
    see_other,
)

router = APIRouter(default_response_class=HTMLResponse)
# Only these are shown in the browser; every other file is downloaded, so that no file acts as a page of ours.
_SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml", "application/pdf"})


def page_routers() -> list[APIRouter]:
    """Every page."""
    parts = (
        quiz_pages,
        grade_pages,
        review_pages,
        picking_pages,
        copy_pages,
        tool_pages,
        admin_pages,
        trouble_pages,
    )
    return [router, *(part.router for part in parts)]


def set_up_pages(app: FastAPI) -> None:
    """Add the styles, and the pages that say what went wrong."""
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
    for error in (PageMissing, NotForThisRole, SignInFirst):
        app.add_exception_handler(error, error_page)


@router.get("/")
async def start(request: Request) -> RedirectResponse:
    """To the courses, or to sign in first."""
    return see_other("/courses" if await person_signed_in(request) else "/login")


@router.get("/login")
async def sign_in_page(request: Request, platform: ThisPlatform, next: str = "/") -> HTMLResponse:  # noqa: A002 - the address says next.
    """Everybody who can sign in, each behind one button."""
    async with platform.store.reading() as session:
        everybody = await people(session)
    person = await person_signed_in(request)
    return render(request, "login.html", person=person, people=everybody, next=local_path(next))


@router.post("/login", dependencies=[Depends(from_own_pages)])
async def sign_in_as(
    request: Request,
    platform: ThisPlatform,
    login: Annotated[str, Form()],
    back: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Sign in as a person; nobody has a password here."""
    async with platform.store.reading() as session:
        person = (await session.scalars(select(Person).where(Person.login == login))).one_or_none()
    if person is None:
        raise PageMissing
    leaving = see_other("/login")
    if await person_signed_in(request) is not None:
        await sign_out(request, leaving)
    response = see_other(local_path(back))
    await sign_in(platform, response, person)
    return response


@router.post("/logout", dependencies=[Depends(from_own_pages)])
async def leave(request: Request) -> RedirectResponse:
    """Sign out, back to the list of people."""
    response = see_other("/login")
    await sign_out(request, response)
    return response


@router.get("/courses")
async def courses(request: Request, platform: ThisPlatform, person: SignedIn) -> Response:
    """The person's courses; straight into it when there is only one."""
    async with platform.store.reading() as session:
        found = await courses_of(session, person)
    if len(found) == 1:
        return see_other(addresses.course(found[0].id))
    return render(request, "courses.html", person=person, courses=found)


@router.get("/courses/{course_id:int}")
async def home(request: Request, platform: ThisPlatform, visit: InCourse, picked: str | None = None) -> HTMLResponse:
    """The course's modules and their items; after content was picked from a tool, what came of that."""
    async with platform.store.reading() as session:
        parts = await outline(session, visit)
        pick = await session.get(PickRequest, picked) if picked else None
    said = pick.came_of if pick and (pick.course_id, pick.person_id) == (visit.course.id, visit.person.id) else None
    return render(request, "home.html", visit=visit, parts=parts, said=said)


@router.get("/courses/{course_id:int}/modules")
async def modules(visit: InCourse) -> RedirectResponse:
    """Canvas has a page of its own for modules; here they are the home."""
    return see_other(addresses.course(visit.course.id))


@router.get("/courses/{course_id:int}/modules/items/{item_id:int}")
async def item_page(request: Request, platform: ThisPlatform, visit: InCourse, item_id: int) -> Response:
    """Opens an item: leads on to its content, or shows the link or tool it is."""
    async with platform.store.reading() as session:
        place = await around(session, visit, item_id)
        if place is None:
            heading = await module_item(session, visit.course.id, item_id)
            if heading is None or heading.type != "SubHeader" or not (heading.published or visit.teaches):
                raise PageMissing
            return see_other(f"{addresses.course(visit.course.id)}#item-{item_id}")
        item = place.item
        key: int | str | None = item.content_id
        if item.type == "Page" and item.content_id is not None:
            key = (await one_of(session, Page, visit.course.id, item.content_id)).slug
    await _looked_at(platform, visit, place)
    if item.type == "ExternalUrl":
        return render(request, "link.html", visit=visit, place=place, item=item)
    if item.type == "ExternalTool":
        return await tool_pages.item(request, platform, visit, place)
    if key is None:
        raise PageMissing
    return see_other(f"{addresses.content(visit.course.id, item.type, key)}?module_item_id={item.id}")


async def _looked_at(platform: Platform, visit: Visit, place: Around | None) -> None:
    """A student sees an item that is completed by that."""
    wanted = place.requirement if place and visit.studies and place.completed_at is None else None
    if wanted is not None and wanted.type == "must_view":
        async with platform.store.writing() as session:
            await note(session, wanted.item_id, visit.person.id, "viewed", platform.now())


@router.post("/courses/{course_id:int}/modules/items/{item_id:int}/done", dependencies=[Depends(from_own_pages)])
async def mark_done(
    platform: ThisPlatform, visit: StudentIn, item_id: int, done: Annotated[str, Form()] = ""
) -> RedirectResponse:
    """A student marks an item as done, or takes that back; or took part in a discussion."""
    async with platform.store.writing() as session:
        place = await around(session, visit, item_id)
        if place is None or place.requirement is None:
            raise PageMissing
        deed = {"must_mark_done": "done", "must_contribute": "contributed"}.get(place.requirement.type)
        if deed is None:
            raise PageMissing
        if done == "yes":
            await note(session, item_id, visit.person.id, deed, platform.now())
        else:
            await take_back(session, item_id, visit.person.id, deed)
    return see_other(addresses.item(place.item))


@router.get("/courses/{course_id:int}/pages/{slug}")
async def page(
    request: Request, platform: ThisPlatform, visit: InCourse, slug: str, module_item_id: int | None = None
) -> HTMLResponse:
    """A page of content."""
    async with platform.store.reading() as session:
        rows = await session.scalars(select(Page).where(Page.course_id == visit.course.id, Page.slug == slug))
        found = rows.one_or_none()
        if found is None:
            raise PageMissing
        place = await _place(session, visit, "Page", found.id, module_item_id)
    await _looked_at(platform, visit, place)
    return render(request, "page.html", visit=visit, title=found.title, body=found.html, place=place)


@router.get("/courses/{course_id:int}/discussion_topics/{discussion_id:int}")
async def discussion(
    request: Request, platform: ThisPlatform, visit: InCourse, discussion_id: int, module_item_id: int | None = None
) -> HTMLResponse:
    """A discussion's opening words."""
    async with platform.store.reading() as session:
        found = await one_of(session, Discussion, visit.course.id, discussion_id)
        place = await _place(session, visit, "Discussion", discussion_id, module_item_id)
    await _looked_at(platform, visit, place)
    return render(
        request, "page.html", visit=visit, title=found.title, body=found.html, place=place,
        hint="This LMS shows how a discussion opens; it takes no replies.",
    )  # fmt: skip


@router.get("/courses/{course_id:int}/files/{file_id:int}")
async def file(
    request: Request, platform: ThisPlatform, visit: InCourse, file_id: int, module_item_id: int | None = None
) -> HTMLResponse:
    """About a file, with a link to open it."""
    async with platform.store.reading() as session:
        found = await one_of(session, FileEntry, visit.course.id, file_id)
        place = await placed(session, visit, "File", file_id, module_item_id)
    return render(request, "file.html", visit=visit, file=found, place=place, shown=found.content_type in _SHOWN)


@router.get("/courses/{course_id:int}/files/{file_id:int}/download")
async def file_bytes(platform: ThisPlatform, visit: InCourse, file_id: int) -> Response:
    """The file itself. Its policy keeps it from running anything, should it be shown."""
    async with platform.store.reading() as session:
        rows = await session.scalars(
            select(FileEntry)
            .where(FileEntry.course_id == visit.course.id, FileEntry.id == file_id)
            .options(undefer(FileEntry.content))
        )
        found = rows.one_or_none()
    if found is None:
        raise PageMissing
    shown = found.content_type in _SHOWN
    return Response(
        found.content,
        media_type=found.content_type if shown else "application/octet-stream",
        headers={
            "Content-Disposition": f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{quote(found.name)}",
            "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "SAMEORIGIN",
        },
    )


@router.get("/courses/{course_id:int}/users")
async def users(request: Request, platform: ThisPlatform, visit: InCourse) -> HTMLResponse:
    """Who is in the course. Teachers also see whom an observer watches."""
    async with platform.store.reading() as session:
        enrolments = await roster(session, visit.course.id)
        watched = {
            row.person_id: await observed_by(session, visit.course.id, row.person_id)
            for row in enrolments
            if row.role == "observer" and (visit.teaches or row.person_id == visit.person.id)
        }
        groups = await groups_of(session, visit.course.id)
    return render(request, "people.html", visit=visit, enrolments=enrolments, watched=watched, groups=groups)


@router.get("/courses/{course_id:int}/import_notes")
async def notes(request: Request, platform: ThisPlatform, visit: InCourse) -> HTMLResponse:
    """What of the course's cartridge was not understood."""
    async with platform.store.reading() as session:
        found = await import_notes(session, visit.course.id)
    return render(request, "notes.html", visit=visit, notes=found)


async def _place(
    session: AsyncSession, visit: Visit, type_: str, content_id: int, item_id: int | None
) -> Around | None:
    """Where content stands. What no published item leads to is for teachers only."""
    place = await placed(session, visit, type_, content_id, item_id)
    if place is None and not visit.teaches:
        raise PageMissing
    return place
