"""What Schoology's REST API shows of people and their grades: rows of the store in Schoology's shapes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.models import Assignment, Enrolment, Person, Submission
from lti_tool.sandbox.schoology_models import GradeException
from lti_tool.sandbox.schoology_rows import PLACES, WORKS, Row, Shelf, numbered


def user_row(person: Person) -> Row:
    """A person."""
    return {
        "uid": str(person.id),
        "id": person.id,
        "school_id": 1,
        "synced": 0,
        "school_uid": person.login,
        "name_title": "",
        "name_first": person.given_name,
        "name_last": person.family_name,
        "name_display": person.name,
        "username": person.login,
        "primary_email": "",
        "tz_name": person.time_zone,
    }


def enrolment_row(enrolment: Enrolment, api: str) -> Row:
    """A person's place in a section; ids are text here."""
    number = numbered(PLACES, enrolment.id)
    person = enrolment.person
    return {
        "id": str(number),
        "uid": str(person.id),
        "school_uid": person.login,
        "name_title": "",
        "name_title_show": "0",
        "name_first": person.given_name,
        "name_first_preferred": "",
        "name_last": person.family_name,
        "name_display": person.name,
        "admin": int(enrolment.role in ("teacher", "assistant")),
        "status": "1" if enrolment.active else "5",
        "picture_url": "",
        "links": {"self": f"{api}/sections/{enrolment.course_id}/enrollments/{number}"},
    }


@dataclass(frozen=True)
class Marks:
    """A section's grades: what stands in the gradebook, and the exceptions over it."""

    rows: Sequence[Row]

    @classmethod
    async def of(cls, session: AsyncSession, shelf: Shelf, places: Mapping[int, Enrolment]) -> "Marks":
        """The grades of those whose enrolments are in ``places``, by person."""
        standing = await session.scalars(select(Submission).where(Submission.course_id == shelf.section))
        scores = {(one.assignment_id, one.person_id): one for one in standing}
        exceptions = {
            (one.assignment_id, one.person_id): one
            for one in await session.scalars(
                select(GradeException).where(GradeException.assignment_id.in_(list(shelf.assignments)))
            )
        }
        tests = {one.id for one in shelf.quizzes.values()}
        rows = []
        for key in sorted({*scores, *exceptions}):
            assignment, place = shelf.assignments.get(key[0]), places.get(key[1])
            if assignment is None or place is None:
                continue
            row = _grade(assignment, place, scores.get(key), exceptions.get(key), shelf, is_test=key[0] in tests)
            if row is not None:
                rows.append(row)
        return cls(rows)


def _grade(
    assignment: Assignment,
    place: Enrolment,
    submission: Submission | None,
    exception: GradeException | None,
    shelf: Shelf,
    *,
    is_test: bool,
) -> Row | None:
    """A grade. Who has handed in and not been graded has none, unless a test waits for its teacher."""
    waits = is_test and submission is not None and submission.workflow_state == "pending_review"
    graded = submission is not None and submission.score is not None
    if exception is None and not graded and not waits:
        return None
    moments = [
        one
        for one in (
            exception.at if exception is not None else None,
            (submission.graded_at or submission.submitted_at) if submission is not None else None,
        )
        if one is not None
    ]
    number = numbered(WORKS, assignment.id)
    return {
        "enrollment_id": numbered(PLACES, place.id),
        "assignment_id": number,
        "grade": submission.score if submission is not None and exception is None else None,
        "exception": exception.exception if exception is not None else 0,
        "max_points": assignment.points_possible,
        "is_final": 0,
        "timestamp": int(max(moments).timestamp()) if moments else 0,
        "comment": "",
        "comment_status": None,
        "override": None,
        "calculated_grade": None,
        "pending": 1 if waits else None,
        "type": "assignment",
        "location": f"{shelf.api}/sections/{shelf.section}/assignments/{number}",
        "scale_id": 0,
        "scale_type": 0,
        "category_id": 0,
    }
