"""What the sample course has besides where the sandbox plays Schoology: rules of its folders, and standards that tests belong to.

They are those that it has as Canvas (``course/canvas.yaml``).
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.canvas_progress import require
from lti_tool.sandbox.models import Assignment, Course, ModuleItem, Page, Quiz
from lti_tool.sandbox.sample import content_title, more_of_canvas
from lti_tool.sandbox.schoology_models import ContentTag


async def add_schoology_sample(session: AsyncSession, course: Course) -> None:
    """Tags and rules."""
    wanted = more_of_canvas()
    for number, outcome in enumerate(wanted["outcomes"], 1):
        # One quiz is there as Canvas alone.
        for name in [one for one in outcome["quizzes"] if one != wanted["new_quiz"]]:
            item = await _item(session, course, "quiz", name)
            session.add(
                ContentTag(
                    number=number,
                    item_id=item.id,
                    course_id=course.id,
                    title=outcome["title"],
                    description=outcome["about"],
                )
            )
    for one in wanted["requirements"]:
        kind = next(iter(one))
        item = await _item(session, course, kind, one[kind])
        await require(session, item.id, one["type"], one.get("least"))


async def _item(session: AsyncSession, course: Course, kind: str, name: str) -> ModuleItem:
    """The first item that leads to this page, quiz or assignment of the sample."""
    if kind == "page":
        query: Any = select(Page.id).where(Page.course_id == course.id, Page.slug == name)
    elif kind == "quiz":
        query = select(Quiz.id).where(Quiz.course_id == course.id, Quiz.title == content_title(kind, name))
    else:
        query = select(Assignment.id).where(
            Assignment.course_id == course.id, Assignment.name == content_title(kind, name)
        )
    content_id = (await session.scalars(query)).one()
    items = select(ModuleItem).where(
        ModuleItem.course_id == course.id, ModuleItem.type == kind.capitalize(), ModuleItem.content_id == content_id
    )
    return (await session.scalars(items.order_by(ModuleItem.id).limit(1))).one()
