"""What Canvas's REST API shows of modules, assignments, submissions and people: rows of the store in Canvas's shapes.

Field by field as in https://canvas.instructure.com/doc/api/; what the sandbox has nothing for is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.models import Assignment, Course, Module, ModuleItem, Page, Person, Quiz, QuizAttempt, Submission
from lti_tool.sandbox.platform import Platform


def string_ids(value: Any) -> Any:
    """The same with every id, at any depth, as a string."""
    if isinstance(value, list):
        return [string_ids(part) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        name: str(part) if isinstance(part, int) and (name == "id" or name.endswith("_id")) else string_ids(part)
        for name, part in value.items()
    }


def module_json(shaper: "ItemShaper", module: Module, *, with_items: bool) -> dict[str, Any]:
    """A module, with or without its items."""
    shown: dict[str, Any] = {
        "id": module.id,
        "name": module.name,
        "position": module.position,
        "unlock_at": None,
        "require_sequential_progress": False,
        "prerequisite_module_ids": [],
        "published": module.published,
        "items_count": len(module.items),
        "items_url": f"{shaper.api}/modules/{module.id}/items",
    }
    if with_items:
        shown["items"] = [shaper.shape(item) for item in module.items]
    return shown


@dataclass(frozen=True)
class ItemShaper:
    """Shapes module items with what of their content is shown beside them."""

    base_url: str
    course_id: int
    slugs: Mapping[int, str]
    assignments: Mapping[int, Assignment]
    quizzes: Mapping[int, Assignment]
    details: bool

    @classmethod
    async def make(cls, session: AsyncSession, platform: Platform, course: Course, *, details: bool) -> "ItemShaper":
        """Read what the items of a course show of their contents, once for all of them."""
        pages = await session.execute(select(Page.id, Page.slug).where(Page.course_id == course.id))
        assignments = {row.id: row for row in await assignments_of(session, course.id)}
        quizzes = await session.execute(select(Quiz.id, Quiz.assignment_id).where(Quiz.course_id == course.id))
        return cls(
            base_url=platform.settings.base_url,
            course_id=course.id,
            slugs={row.id: row.slug for row in pages},
            assignments=assignments,
            quizzes={quiz_id: assignments[assignment_id] for quiz_id, assignment_id in quizzes},
            details=details,
        )

    @property
    def api(self) -> str:
        """The course's address in the API."""
        return f"{self.base_url}/api/v1/courses/{self.course_id}"

    def shape(self, item: ModuleItem) -> dict[str, Any]:
        """An item; a heading leads nowhere, and a page is known by its address."""
        shown: dict[str, Any] = {
            "id": item.id,
            "module_id": item.module_id,
            "position": item.position,
            "title": item.title,
            "indent": item.indent,
            "type": item.type,
            "published": item.published,
        }
        if item.type != "SubHeader":
            shown["html_url"] = f"{self.base_url}/courses/{self.course_id}/modules/items/{item.id}"
        if item.content_id is not None:
            shown |= {"content_id": item.content_id, "url": self._content_url(item)}
        if item.type == "Page" and item.content_id is not None:
            # Canvas names pages by their address, not by an id.
            shown["page_url"] = self.slugs.get(item.content_id)
            del shown["content_id"]
        if item.type in ("ExternalUrl", "ExternalTool"):
            shown |= {"external_url": item.external_url, "new_tab": item.new_tab}
        if self.details:
            shown["content_details"] = self._details(item)
        return shown

    def _content_url(self, item: ModuleItem) -> str:
        folder = {"Page": "pages", "Quiz": "quizzes", "Discussion": "discussion_topics", "File": "files"}
        place = folder.get(item.type, "assignments")
        return f"{self.api}/{place}/{self.slugs.get(item.content_id or 0) if item.type == 'Page' else item.content_id}"

    def _details(self, item: ModuleItem) -> dict[str, Any]:
        places = {"Assignment": self.assignments, "Quiz": self.quizzes}.get(item.type, {})
        assignment = places.get(item.content_id or 0)
        if assignment is None:
            return {"locked_for_user": False}
        return {
            "points_possible": assignment.points_possible,
            "due_at": _moment(assignment.due_at),
            "locked_for_user": False,
        }


async def assignments_of(session: AsyncSession, course_id: int) -> Sequence[Assignment]:
    """The assignments of a course in their order, the quizzes' among them."""
    found = await session.scalars(
        select(Assignment).where(Assignment.course_id == course_id).order_by(Assignment.position, Assignment.id)
    )
    return found.all()


async def quiz_ids(session: AsyncSession, course_id: int) -> dict[int, int]:
    """The quizzes of a course by the assignment that stands for them."""
    rows = await session.execute(select(Quiz.assignment_id, Quiz.id).where(Quiz.course_id == course_id))
    return {row.assignment_id: row.id for row in rows}


def assignment_json(platform: Platform, row: Assignment, quiz_id: int | None) -> dict[str, Any]:
    """An assignment; ``quiz_id`` where it stands for a quiz."""
    shown: dict[str, Any] = {
        "id": row.id,
        "course_id": row.course_id,
        "name": row.name,
        "description": row.description,
        "points_possible": row.points_possible,
        "grading_type": "points",
        "due_at": _moment(row.due_at),
        "unlock_at": None,
        "lock_at": None,
        "position": row.position,
        "submission_types": [row.submission_type],
        "is_quiz_assignment": quiz_id is not None,
        "published": row.published,
        "workflow_state": "published" if row.published else "unpublished",
        "created_at": _moment(row.created_at),
        "updated_at": _moment(row.updated_at),
        "html_url": f"{platform.settings.base_url}/courses/{row.course_id}/assignments/{row.id}",
    }
    return shown if quiz_id is None else {**shown, "quiz_id": quiz_id}


async def submissions_of(
    session: AsyncSession,
    platform: Platform,
    course_id: int,
    students: Sequence[Person],
    rows: Sequence[Assignment],
    *,
    history: bool = False,
) -> list[dict[str, Any]]:
    """One entry for each student and assignment; Canvas has one from the start, in the state ``unsubmitted``.

    With ``history`` each has its attempts: a quiz keeps the highest score beside the latest attempt, and these alone tell what
    each was worth.
    """
    found = await session.scalars(select(Submission).where(Submission.course_id == course_id))
    there = {(submission.person_id, submission.assignment_id): submission for submission in found}
    shown = [
        submission_json(platform, person, row, there.get((person.id, row.id))) for person in students for row in rows
    ]
    if history:
        attempts = await _attempts(session, course_id)
        for entry in shown:
            tries = attempts.get((entry["user_id"], entry["assignment_id"]), [])
            current = {**entry} if entry["attempt"] is not None and not tries else None
            entry["submission_history"] = tries or ([current] if current else [])
    return shown


async def _attempts(session: AsyncSession, course_id: int) -> dict[tuple[int, int], list[dict[str, Any]]]:
    """Each finished go at a quiz, by person and assignment, in order."""
    rows = await session.execute(
        select(QuizAttempt, Quiz.assignment_id)
        .join(Quiz, Quiz.id == QuizAttempt.quiz_id)
        .where(Quiz.course_id == course_id, QuizAttempt.finished_at.is_not(None))
        .order_by(QuizAttempt.attempt)
    )
    found: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for attempt, assignment_id in rows:
        found.setdefault((attempt.person_id, assignment_id), []).append(
            {
                "assignment_id": assignment_id,
                "user_id": attempt.person_id,
                "attempt": attempt.attempt,
                "score": attempt.score,
                "entered_score": attempt.score,
                "workflow_state": "pending_review" if attempt.score is None else "graded",
                "submitted_at": _moment(attempt.finished_at),
                "graded_at": None if attempt.score is None else _moment(attempt.finished_at),
                "submission_type": "online_quiz",
            }
        )
    return found


def submission_json(
    platform: Platform, person: Person, row: Assignment, submission: Submission | None
) -> dict[str, Any]:
    """Where a student stands with an assignment; without a submission: not begun."""
    score = submission.score if submission else None
    submitted_at = submission.submitted_at if submission else None
    return {
        "id": row.id * 1_000_000 + person.id,
        "assignment_id": row.id,
        "user_id": person.id,
        "workflow_state": submission.workflow_state if submission else "unsubmitted",
        "score": score,
        "entered_score": score,
        "grade": None if score is None else f"{score:g}",
        "submitted_at": _moment(submitted_at),
        "graded_at": _moment(submission.graded_at) if submission else None,
        "posted_at": _moment(submission.graded_at) if submission else None,
        # A grader below zero is no person: Canvas uses the quiz's own number, negated.
        "grader_id": _grader(submission, row),
        "attempt": submission.attempt if submission and submission.attempt else None,
        "submission_type": row.submission_type if submitted_at else None,
        "late": bool(submitted_at and row.due_at and submitted_at > row.due_at),
        "missing": bool(submitted_at is None and score is None and row.due_at and row.due_at < platform.now()),
        "excused": False,
        "html_url": f"{platform.settings.base_url}/courses/{row.course_id}/assignments/{row.id}",
    }


def _grader(submission: Submission | None, row: Assignment) -> int | None:
    if submission is None or submission.graded_at is None:
        return None
    return submission.grader_id if submission.grader_id is not None else -row.id


def user_json(person: Person) -> dict[str, Any]:
    """A person, without login or address."""
    return {
        "id": person.id,
        "name": person.name,
        "short_name": person.name,
        "sortable_name": person.sortable_name,
        "created_at": _moment(person.created_at),
    }


def _moment(value: datetime | None) -> str | None:
    """As Canvas writes it: UTC, whole seconds, Z."""
    return None if value is None else value.strftime("%Y-%m-%dT%H:%M:%SZ")
