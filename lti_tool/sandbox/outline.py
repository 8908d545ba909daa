"""The modules of a course as one person sees them: what is published to them, and where they stand with each item."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.canvas_progress import Requirement, completed, requirements
from lti_tool.sandbox.models import Assignment, Module, ModuleItem, Quiz, Submission
from lti_tool.sandbox.store import modules_of
from lti_tool.sandbox.view import Visit

WORDS = {
    "Page": "Page",
    "Quiz": "Quiz",
    "Assignment": "Assignment",
    "Discussion": "Discussion",
    "File": "File",
    "ExternalUrl": "Web link",
    "ExternalTool": "Tool",
    "SubHeader": "Heading",
}


@dataclass(frozen=True)
class Line:
    """One item of a module. ``points`` and ``due_at`` are those of its assignment; ``state`` is the student's own."""

    item: ModuleItem
    kind: str
    points: float | None = None
    due_at: datetime | None = None
    score: float | None = None
    state: str = ""


@dataclass(frozen=True)
class Part:
    """One module with its lines."""

    module: Module
    lines: Sequence[Line]


@dataclass(frozen=True)
class Around:
    """An item in its module, with the item before and the one after it in the course; what completes it, if anything does, and
    when the student who looks at it did.
    """

    module: str
    item: ModuleItem
    before: ModuleItem | None
    after: ModuleItem | None
    requirement: Requirement | None = None
    completed_at: datetime | None = None


async def outline(session: AsyncSession, visit: Visit) -> Sequence[Part]:
    """The course's modules; only teachers see what is not published."""
    assignments = await _assignments(session, visit.course.id)
    standing = await _standing(session, visit)
    parts = []
    for module in await modules_of(session, visit.course.id):
        if module.published or visit.teaches:
            items = [item for item in module.items if item.published or visit.teaches]
            parts.append(Part(module, [_line(item, assignments, standing) for item in items]))
    return parts


async def around(session: AsyncSession, visit: Visit, item_id: int) -> Around | None:
    """Where an item stands; None when it is a heading, or the person cannot see it."""
    return await _find(session, visit, lambda item: item.id == item_id)


async def placed(
    session: AsyncSession, visit: Visit, type_: str, content_id: int, item_id: int | None
) -> Around | None:
    """Where content stands: at the item one came from, else at the first that leads to it. None: nowhere visible."""
    here = [item_id] if item_id is not None else []
    found = await _find(
        session, visit, lambda item: item.id in here and (item.type, item.content_id) == (type_, content_id)
    )
    return found or await _find(session, visit, lambda item: (item.type, item.content_id) == (type_, content_id))


async def _find(session: AsyncSession, visit: Visit, wanted: Callable[[ModuleItem], bool]) -> Around | None:
    parts = await outline(session, visit)
    shown = [(part.module.name, line.item) for part in parts for line in part.lines if line.item.type != "SubHeader"]
    for number, (name, item) in enumerate(shown):
        if wanted(item):
            before = shown[number - 1][1] if number else None
            after = shown[number + 1][1] if number + 1 < len(shown) else None
            required = (await requirements(session, visit.course.id)).get(item.id)
            done = None
            if required is not None and visit.studies:
                met = await completed(session, {item.id: required}, [visit.person.id])
                done = met[visit.person.id].get(item.id)
            return Around(name, item, before, after, required, done)
    return None


def _line(item: ModuleItem, assignments: dict[tuple[str, int], Assignment], standing: dict[int, Submission]) -> Line:
    assignment = assignments.get((item.type, item.content_id or 0))
    # A cartridge's link to a tool that is not registered here is no more than its address.
    kind = "Old tool link" if item.type == "ExternalTool" and item.resource_link_id is None else WORDS[item.type]
    if assignment is None:
        return Line(item, kind)
    submission = standing.get(assignment.id)
    return Line(
        item,
        kind,
        points=assignment.points_possible or None,
        due_at=assignment.due_at,
        score=submission.score if submission else None,
        state=submission.workflow_state if submission else "unsubmitted",
    )


async def _assignments(session: AsyncSession, course_id: int) -> dict[tuple[str, int], Assignment]:
    """The assignment behind an item, by the item's type and content: quizzes have one as well."""
    rows = await session.execute(
        select(Assignment, Quiz.id)
        .outerjoin(Quiz, Quiz.assignment_id == Assignment.id)
        .where(Assignment.course_id == course_id)
    )
    return {(("Quiz", quiz_id) if quiz_id else ("Assignment", row.id)): row for row, quiz_id in rows}


async def _standing(session: AsyncSession, visit: Visit) -> dict[int, Submission]:
    if not visit.studies:
        return {}
    rows = await session.scalars(
        select(Submission).where(Submission.course_id == visit.course.id, Submission.person_id == visit.person.id)
    )
    return {row.assignment_id: row for row in rows}
