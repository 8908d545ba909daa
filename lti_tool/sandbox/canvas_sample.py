"""What the sample course has besides where the sandbox plays Canvas: ``course/canvas.yaml``, read into the store."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.canvas_models import AssignmentMore, CourseSection, Outcome, OutcomeAlignment, Rubric
from lti_tool.sandbox.canvas_progress import require
from lti_tool.sandbox.canvas_sections import place, sections
from lti_tool.sandbox.models import Assignment, Course, Module, ModuleItem, Page, Person, Quiz
from lti_tool.sandbox.quizzes import to_json
from lti_tool.sandbox.sample import content_title, more_of_canvas, sample_quiz
from lti_tool.sandbox.store import enrolment_in

MASTERY, POSSIBLE = 3.0, 4.0


async def add_canvas_sample(
    session: AsyncSession, course: Course, everybody: Mapping[str, Person], now: datetime
) -> None:
    """Sections, outcomes and what belongs to them, a rubric, what completes items, and a quiz of New Quizzes."""
    wanted = more_of_canvas()
    await _sections(session, course, everybody, wanted["sections"])
    await _new_quiz(session, course, wanted["new_quiz"], now)
    outcomes = await _outcomes(session, course, wanted)
    for one in wanted["rubrics"]:
        await _rubric(session, course, one, outcomes)
    for one in wanted["requirements"]:
        kind = next(iter(one))
        item = await _item(session, course, kind.capitalize(), await _content(session, course, kind, one[kind]))
        await require(session, item.id, one["type"], one.get("least"))


async def _sections(
    session: AsyncSession, course: Course, everybody: Mapping[str, Person], wanted: list[dict[str, Any]]
) -> None:
    """The course's one section becomes the first."""
    found = list(await sections(session, course.id))
    for number, one in enumerate(wanted):
        if number >= len(found):
            found.append(CourseSection(course_id=course.id, name=one["name"]))
            session.add(found[number])
        found[number].name = one["name"]
        await session.flush()
        for login in one["members"]:
            enrolment = await enrolment_in(session, course.id, everybody[login].id) if login in everybody else None
            if enrolment is not None:
                await place(session, enrolment, found[number])


async def _content(session: AsyncSession, course: Course, kind: str, name: str) -> Any:
    """The page, quiz or assignment that the sample has under this name."""
    if kind == "page":
        query: Any = select(Page).where(Page.course_id == course.id, Page.slug == name)
    elif kind == "quiz":
        query = select(Quiz).where(Quiz.course_id == course.id, Quiz.title == content_title(kind, name))
    else:
        query = select(Assignment).where(
            Assignment.course_id == course.id, Assignment.name == content_title(kind, name)
        )
    return (await session.scalars(query)).one()


async def _item(session: AsyncSession, course: Course, kind: str, content: Any) -> ModuleItem:
    found = await session.scalars(
        select(ModuleItem).where(
            ModuleItem.course_id == course.id, ModuleItem.type == kind, ModuleItem.content_id == content.id
        )
    )
    return found.one()


async def _outcomes(session: AsyncSession, course: Course, wanted: Mapping[str, Any]) -> dict[str, Outcome]:
    outcomes = {}
    for one in wanted["outcomes"]:
        outcome = Outcome(
            course_id=course.id,
            title=one["title"],
            display_name=one["name"],
            description=f"<p>{one['about']}</p>",
            guid=one["title"],
            points_possible=POSSIBLE,
            mastery_points=MASTERY,
            ratings=wanted["ratings"],
        )
        session.add(outcome)
        await session.flush()
        outcomes[outcome.title] = outcome
        for name in one["quizzes"]:
            quiz = await _content(session, course, "quiz", name)
            session.add(OutcomeAlignment(outcome_id=outcome.id, assignment_id=quiz.assignment_id))
    return outcomes


async def _rubric(
    session: AsyncSession, course: Course, wanted: Mapping[str, Any], outcomes: Mapping[str, Outcome]
) -> None:
    """Each criterion has full points, half and none; the one that is an outcome aligns the assignment with it."""
    assignment = await _content(session, course, "assignment", wanted["assignment"])
    criteria = []
    for number, one in enumerate(wanted["criteria"], start=1):
        points = float(one["points"])
        outcome = outcomes.get(one.get("outcome", ""))
        criterion: dict[str, Any] = {
            "id": f"_{number}",
            "description": one["name"],
            "long_description": one["about"],
            "points": points,
            "criterion_use_range": False,
            "ratings": [
                {"id": f"_{number}_{place}", "description": words, "long_description": "", "points": points * share}
                for place, (words, share) in enumerate((("Full", 1.0), ("Half", 0.5), ("None", 0.0)))
            ],
        }
        if outcome is not None:
            criterion |= {"learning_outcome_id": outcome.id, "mastery_points": points * MASTERY / POSSIBLE}
            session.add(OutcomeAlignment(outcome_id=outcome.id, assignment_id=assignment.id))
        criteria.append(criterion)
    rubric = Rubric(course_id=course.id, title=wanted["title"], criteria=criteria)
    session.add(rubric)
    await session.flush()
    session.add(AssignmentMore(assignment_id=assignment.id, rubric_id=rubric.id))


async def _new_quiz(session: AsyncSession, course: Course, name: str, now: datetime) -> None:
    """At the end of the last module."""
    wanted = sample_quiz(name)
    position = await session.scalar(select(func.max(Assignment.position)).where(Assignment.course_id == course.id))
    assignment = Assignment(
        course_id=course.id,
        name=wanted.title,
        description=wanted.body,
        points_possible=wanted.points or 0.0,
        position=(position or 0) + 1,
        submission_type="online_quiz",
        created_at=now,
        updated_at=now,
    )
    session.add(assignment)
    await session.flush()
    quiz = Quiz(
        course_id=course.id,
        assignment_id=assignment.id,
        title=wanted.title,
        description=wanted.body,
        questions=to_json(wanted.questions),
    )
    session.add_all([quiz, AssignmentMore(assignment_id=assignment.id, new_quiz=True)])
    await session.flush()
    last = await session.scalars(select(Module).where(Module.course_id == course.id).order_by(Module.position.desc()))
    module = last.first()
    if module is None:
        raise ValueError("the sample course has no module for the new quiz")
    places = await session.scalar(select(func.max(ModuleItem.position)).where(ModuleItem.module_id == module.id))
    session.add(
        ModuleItem(
            course_id=course.id,
            module_id=module.id,
            type="Quiz",
            title=wanted.title,
            position=(places or 0) + 1,
            content_id=quiz.id,
        )
    )
    await session.flush()
