"""More of ``/_control/…`` for the REST API: keys, tokens, what completes items, and what teachers do with work.

For who sits at this machine only, as everything there.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox import canvas_keys
from lti_tool.sandbox.canvas_keys import KeyWanted
from lti_tool.sandbox.canvas_models import (
    AssignmentMore,
    ConsentCode,
    CourseSection,
    DeveloperKey,
    Outcome,
    OutcomeAlignment,
    Rubric,
)
from lti_tool.sandbox.canvas_progress import note, require, take_back
from lti_tool.sandbox.canvas_scopes import all_scopes
from lti_tool.sandbox.canvas_sections import place
from lti_tool.sandbox.canvas_standing import Decision, WrongRating, decide, forgive, grade_by_rubric
from lti_tool.sandbox.control import only_from_here
from lti_tool.sandbox.gradebook import grade
from lti_tool.sandbox.models import Assignment, Course, ModuleItem, Person
from lti_tool.sandbox.platform import ThisPlatform
from lti_tool.sandbox.sessions import digest
from lti_tool.sandbox.store import enrolment_in, person_by_login

router = APIRouter(prefix="/_control/canvas", dependencies=[Depends(only_from_here)])
T = TypeVar("T")


class _Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid")


async def _row(session: AsyncSession, model: type[T], row_id: int) -> T:
    row = await session.get(model, row_id)
    if row is None:
        raise HTTPException(404, f"There is no {model.__name__} {row_id}.")
    return row


async def _person(session: AsyncSession, login: str) -> Person:
    person = await person_by_login(session, login)
    if person is None:
        raise HTTPException(404, f"Nobody is called {login!r}.")
    return person


# --- Keys and tokens ---------------------------------------------------------------------------------------------------


class NewKey(_Wanted):
    """A key. Without ``scopes`` it has all that there are."""

    name: str = "A tool"
    redirect_uris: list[str] = []
    scopes: list[str] | None = None
    enforces_scopes: bool = True
    allows_includes: bool = False


class ChangedKey(_Wanted):
    """What is to change about a key; what is left out stays. ``end_tokens`` ends those that were given."""

    state: Literal["on", "off"] | None = None
    scopes: list[str] | None = None
    allows_includes: bool | None = None
    enforces_scopes: bool | None = None
    end_tokens: bool = False


class NewToken(_Wanted):
    """A token of a person's, without asking them. Without ``scopes`` it has all of its key's."""

    key_id: int
    login: str
    scopes: list[str] | None = None


def _shown(key: DeveloperKey) -> dict[str, Any]:
    return {
        "client_id": str(key.id),
        "client_secret": key.secret,
        "name": key.name,
        "redirect_uris": key.redirect_uris,
        "enforces_scopes": key.enforces_scopes,
        "scopes": key.scopes,
        "allows_includes": key.allows_includes,
        "state": key.state,
    }


@router.get("/keys")
async def keys(platform: ThisPlatform) -> list[dict[str, Any]]:
    """Every key with its secret."""
    async with platform.store.reading() as session:
        return [_shown(key) for key in await canvas_keys.keys(session)]


@router.post("/keys")
async def make_key(wanted: NewKey, platform: ThisPlatform) -> dict[str, Any]:
    """Make a key."""
    scopes = all_scopes() if wanted.scopes is None else wanted.scopes
    asked = KeyWanted(
        wanted.name,
        wanted.redirect_uris,
        scopes,
        enforces_scopes=wanted.enforces_scopes,
        allows_includes=wanted.allows_includes,
    )
    async with platform.store.writing() as session:
        return _shown(await canvas_keys.make_key(session, platform, asked))


@router.post("/keys/{key_id}")
async def change_key(key_id: int, wanted: ChangedKey, platform: ThisPlatform) -> dict[str, Any]:
    """Change a key as its administrator would: a scope that is gone ends all of its tokens."""
    async with platform.store.writing() as session:
        key = await _row(session, DeveloperKey, key_id)
        asked = KeyWanted(
            key.name,
            key.redirect_uris,
            key.scopes if wanted.scopes is None else wanted.scopes,
            enforces_scopes=key.enforces_scopes if wanted.enforces_scopes is None else wanted.enforces_scopes,
            allows_includes=key.allows_includes if wanted.allows_includes is None else wanted.allows_includes,
        )
        await canvas_keys.change_key(session, key, asked)
        key.state = wanted.state or key.state
        if wanted.end_tokens:
            await canvas_keys.end_tokens_of(session, key)
        return _shown(key)


@router.post("/tokens")
async def make_token(wanted: NewToken, platform: ThisPlatform) -> dict[str, str]:
    """Give a person's token."""
    async with platform.store.writing() as session:
        key = await _row(session, DeveloperKey, wanted.key_id)
        code = ConsentCode(
            digest=digest("none"),
            key_id=key.id,
            person_id=(await _person(session, wanted.login)).id,
            scopes=key.scopes if wanted.scopes is None else wanted.scopes,
            expires_at=platform.now(),
        )
        _, access, refresh = await canvas_keys.new_token(session, platform, code)
    return {"access_token": access, "refresh_token": refresh}


# --- Courses -----------------------------------------------------------------------------------------------------------


class Required(_Wanted):
    """What completes an item."""

    type: Literal["must_view", "must_mark_done", "must_submit", "must_contribute", "min_score", "min_percentage"]
    least: float | None = None


class Done(_Wanted):
    """What a student did with an item; ``back`` takes it back."""

    login: str
    deed: Literal["viewed", "done", "contributed"]
    back: bool = False


class Section(_Wanted):
    """A section and the logins of who is in it from now on."""

    name: Annotated[str, Field(min_length=1, max_length=300)]
    logins: list[str] = []


class MoreOfAssignment(_Wanted):
    """What is to change about an assignment; what is left out stays."""

    new_quiz: bool | None = None
    hides_grades: bool | None = None
    unlock_at: datetime | None = None
    lock_at: datetime | None = None
    due_at: datetime | None = None
    published: bool | None = None


class NewOutcome(_Wanted):
    """An outcome and the assignments that belong to it. ``ratings`` are best first."""

    title: str
    display_name: str = ""
    description: str = ""
    guid: str | None = None
    points_possible: float = 4
    mastery_points: float = 3
    ratings: list[dict[str, Any]] = []
    assignments: list[int] = []


class NewRubric(_Wanted):
    """A rubric, and the assignments that are graded by it."""

    title: str
    criteria: list[dict[str, Any]]
    assignments: list[int] = []


@router.post("/items/{item_id}/requirement")
async def set_requirement(item_id: int, wanted: Required, platform: ThisPlatform) -> dict[str, Any]:
    """Say what completes an item."""
    async with platform.store.writing() as session:
        await _row(session, ModuleItem, item_id)
        await require(session, item_id, wanted.type, wanted.least)
    return {"item_id": item_id, **wanted.model_dump()}


@router.post("/items/{item_id}/deeds")
async def do(item_id: int, wanted: Done, platform: ThisPlatform) -> dict[str, Any]:
    """A student looks at an item, marks it as done, takes part."""
    async with platform.store.writing() as session:
        await _row(session, ModuleItem, item_id)
        person = await _person(session, wanted.login)
        if wanted.back:
            await take_back(session, item_id, person.id, wanted.deed)
        else:
            await note(session, item_id, person.id, wanted.deed, platform.now())
    return {"item_id": item_id, **wanted.model_dump()}


@router.post("/courses/{course_id}/sections")
async def add_section(course_id: int, wanted: Section, platform: ThisPlatform) -> dict[str, Any]:
    """Add a section, and put people into it."""
    async with platform.store.writing() as session:
        await _row(session, Course, course_id)
        section = CourseSection(course_id=course_id, name=wanted.name)
        session.add(section)
        await session.flush()
        for login in wanted.logins:
            person = await _person(session, login)
            enrolment = await enrolment_in(session, course_id, person.id)
            if enrolment is None:
                raise HTTPException(404, f"{login!r} is not in the course.")
            await place(session, enrolment, section)
        return {"section_id": section.id}


@router.post("/assignments/{assignment_id}")
async def change_assignment(assignment_id: int, wanted: MoreOfAssignment, platform: ThisPlatform) -> dict[str, Any]:
    """Change an assignment: make its quiz one of New Quizzes, hide its grades until they are posted, other dates."""
    sent = wanted.model_dump(exclude_unset=True)
    async with platform.store.writing() as session:
        row = await _row(session, Assignment, assignment_id)
        more = await session.get(AssignmentMore, assignment_id)
        if more is None:
            more = AssignmentMore(assignment_id=assignment_id)
            session.add(more)
        for name, value in sent.items():
            setattr(row if name in ("due_at", "published") else more, name, value)
        row.updated_at = platform.now()
    return {"assignment_id": assignment_id, **wanted.model_dump(mode="json", exclude_unset=True)}


@router.post("/courses/{course_id}/outcomes")
async def add_outcome(course_id: int, wanted: NewOutcome, platform: ThisPlatform) -> dict[str, Any]:
    """Add an outcome."""
    async with platform.store.writing() as session:
        await _row(session, Course, course_id)
        outcome = Outcome(course_id=course_id, **wanted.model_dump(exclude={"assignments"}))
        session.add(outcome)
        await session.flush()
        session.add_all(OutcomeAlignment(outcome_id=outcome.id, assignment_id=one) for one in wanted.assignments)
        return {"outcome_id": outcome.id}


@router.post("/courses/{course_id}/rubrics")
async def add_rubric(course_id: int, wanted: NewRubric, platform: ThisPlatform) -> dict[str, Any]:
    """Add a rubric."""
    async with platform.store.writing() as session:
        await _row(session, Course, course_id)
        rubric = Rubric(course_id=course_id, title=wanted.title, criteria=wanted.criteria)
        session.add(rubric)
        await session.flush()
        for one in wanted.assignments:
            more = await session.get(AssignmentMore, one)
            if more is None:
                more = AssignmentMore(assignment_id=one)
                session.add(more)
            more.rubric_id = rubric.id
        return {"rubric_id": rubric.id}


# --- Work --------------------------------------------------------------------------------------------------------------


class Graded(_Wanted):
    """What the course's teacher (``by``) does with a student's work; what is left out stays. ``late_status`` is ``late``,
    ``missing``, ``none``, or empty for what the dates say; ``rubric`` is from criterion to ``{points, comments}``.
    """

    login: str
    by: str
    score: float | None = None
    excused: bool | None = None
    late_status: Literal["late", "missing", "none", ""] | None = None
    deducted: float | None = None
    posted: bool | None = None
    rubric: dict[str, dict[str, Any]] | None = None


@router.post("/assignments/{assignment_id}/work")
async def judge(assignment_id: int, wanted: Graded, platform: ThisPlatform) -> dict[str, Any]:
    """Grade work, excuse it, call it late or missing, post its grade."""
    now, sent = platform.now(), wanted.model_fields_set
    async with platform.store.writing() as session:
        row = await _row(session, Assignment, assignment_id)
        student, teacher = await _person(session, wanted.login), await _person(session, wanted.by)
        if "score" in sent:
            await grade(session, row, student.id, wanted.score, teacher.id, now)
            if wanted.score is not None:
                await forgive(session, row.id, student.id)
        if wanted.rubric is not None:
            try:
                await grade_by_rubric(session, row, student.id, wanted.rubric, teacher.id, now)
            except WrongRating as error:
                raise HTTPException(422, f"The rubric: {error}.") from error
        decision = Decision(wanted.excused, wanted.late_status, wanted.deducted, wanted.posted)
        await decide(session, row, student.id, decision, teacher.id, now)
    return {"assignment_id": assignment_id, **wanted.model_dump(exclude_unset=True)}


@router.get("/courses/{course_id}/contents")
async def contents(course_id: int, platform: ThisPlatform) -> list[dict[str, Any]]:
    """The items of a course with their numbers, for whoever sets one up."""
    async with platform.store.reading() as session:
        rows = await session.scalars(
            select(ModuleItem)
            .where(ModuleItem.course_id == course_id)
            .order_by(ModuleItem.module_id, ModuleItem.position)
        )
        return [{"item_id": row.id, "type": row.type, "title": row.title, "content_id": row.content_id} for row in rows]
