"""What Canvas's REST API shows of assignments and of students' work. Canvas has a submission of every student for every
assignment from the start, in the state ``unsubmitted``.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.canvas_access import Here
from lti_tool.sandbox.canvas_dates import CourseDates, course_dates
from lti_tool.sandbox.canvas_models import AssignmentMore, Override, OverrideStudent, Rubric, SubmissionMore
from lti_tool.sandbox.canvas_rows import moment, quiz_ids
from lti_tool.sandbox.models import Assignment, LineItem, Person, Quiz, QuizAttempt, Submission
from lti_tool.sandbox.tool_places import COLUMNS

QUIZ_GRACE = timedelta(seconds=60)
"""The moment of a quiz counts as a minute earlier, so that one that hands itself in is not late (app/models/submission.rb)."""


@dataclass(frozen=True)
class Work:
    """The assignments of a course with everything that is shown beside them, and students' standing as far as it was read.

    ``handed_in`` are the assignments that somebody has handed in. A course has a great many submissions, so ``read_standing``
    reads those that are to be shown.
    """

    here: Here
    assignments: Sequence[Assignment]
    more: Mapping[int, AssignmentMore]
    quizzes: Mapping[int, int]
    rubrics: Mapping[int, Rubric]
    dates: CourseDates
    override_students: Mapping[int, Sequence[int]]
    handed_in: frozenset[int]
    submissions: dict[tuple[int, int], Submission] = field(default_factory=dict)
    submissions_more: dict[tuple[int, int], SubmissionMore] = field(default_factory=dict)

    def assignment(self, assignment_id: int) -> Assignment | None:
        """One that the caller sees."""
        return next((row for row in self.assignments if row.id == assignment_id), None)

    def is_new_quiz(self, assignment_id: int) -> bool:
        """Whether New Quizzes keeps it."""
        return assignment_id in self.more and self.more[assignment_id].new_quiz

    def rubric(self, assignment_id: int) -> Rubric | None:
        """What it is graded by."""
        found = self.more.get(assignment_id)
        return self.rubrics.get(found.rubric_id or 0) if found else None

    def whose(self) -> int | None:
        """Whose dates an assignment shows: a student's own."""
        person = self.here.caller.person
        return person.id if person is not None and not self.here.teaches else None


async def work(session: AsyncSession, here: Here) -> Work:
    """Read a course's assignments, and nobody's work yet."""
    course_id = here.course.id
    rows = await session.scalars(
        select(Assignment).where(Assignment.course_id == course_id).order_by(Assignment.position, Assignment.id)
    )
    seen = [row for row in rows if row.published or here.teaches]
    ids = {row.id for row in seen}
    more = await session.scalars(select(AssignmentMore).where(AssignmentMore.assignment_id.in_(ids)))
    rubrics = await session.scalars(select(Rubric).where(Rubric.course_id == course_id))
    named: dict[int, list[int]] = {}
    for one in await session.scalars(select(OverrideStudent).where(OverrideStudent.assignment_id.in_(ids))):
        named.setdefault(one.override_id, []).append(one.person_id)
    handed_in = await session.scalars(
        select(Submission.assignment_id)
        .where(Submission.course_id == course_id, Submission.submitted_at.is_not(None))
        .distinct()
    )
    return Work(
        here=here,
        assignments=seen,
        more={one.assignment_id: one for one in more},
        quizzes=await quiz_ids(session, course_id),
        rubrics={one.id: one for one in rubrics},
        dates=await course_dates(session, course_id),
        override_students=named,
        handed_in=frozenset(handed_in),
    )


async def read_standing(
    session: AsyncSession, found: Work, assignments: Collection[int], people: Collection[int] | None = None
) -> None:
    """Read where people (everybody, when None) stand with assignments."""
    ours = select(Submission).where(Submission.assignment_id.in_(assignments))
    decided = select(SubmissionMore).where(SubmissionMore.assignment_id.in_(assignments))
    if people is not None:
        ours, decided = (
            ours.where(Submission.person_id.in_(people)),
            decided.where(SubmissionMore.person_id.in_(people)),
        )
    for one in await session.scalars(ours):
        found.submissions[one.person_id, one.assignment_id] = one
    for more in await session.scalars(decided):
        found.submissions_more[more.person_id, more.assignment_id] = more


def column_json(here: Here, column: LineItem, tool_url: str | None) -> dict[str, Any]:
    """The assignment that Canvas makes of a tool's column: of a link an external tool, else one that nobody hands anything in to
    (app/models/lti/line_item.rb). Whose it is, it does not say.
    """
    number = COLUMNS + column.id
    shown: dict[str, Any] = {
        "id": number,
        "course_id": here.course.id,
        "name": column.label,
        "description": None,
        "points_possible": column.score_maximum,
        "grading_type": "points",
        "due_at": moment(column.end_at),
        "unlock_at": moment(column.start_at),
        "lock_at": None,
        "position": number,
        "assignment_group_id": here.course.id,
        "submission_types": ["none" if tool_url is None else "external_tool"],
        "is_quiz_assignment": False,
        "has_submitted_submissions": False,
        "has_overrides": False,
        "published": True,
        "workflow_state": "published",
        "created_at": moment(column.created_at),
        "updated_at": moment(column.created_at),
        "html_url": f"{here.web}/assignments/{number}",
    }
    if tool_url is not None and column.resource_link_id is not None:
        # A launch calls the link what tools call the assignment (app/models/abstract_assignment.rb, update_line_items); the tag's
        # own id is that of LTI 1.1 (lib/api/v1/assignment.rb).
        shown["lti_context_id"] = column.resource_link_id
        shown["external_tool_tag_attributes"] = {
            "url": tool_url,
            "new_tab": False,
            "resource_link_id": hashlib.sha1(column.resource_link_id.encode(), usedforsecurity=False).hexdigest(),
            "external_data": "",
            "content_type": "ContextExternalTool",
        }
    return shown


def assignment_json(found: Work, row: Assignment, *, overrides: bool = False) -> dict[str, Any]:
    """An assignment, a quiz's among them; with ``overrides`` the other dates that some students have."""
    here, dates = found.here, found.dates.of(row.id, found.whose())
    new_quiz, more = found.is_new_quiz(row.id), found.more.get(row.id)
    quiz_id, rubric = found.quizzes.get(row.id), found.rubric(row.id)
    shown: dict[str, Any] = {
        "id": row.id,
        "course_id": row.course_id,
        "name": row.name,
        "description": row.description,
        "points_possible": row.points_possible,
        "grading_type": "points" if row.points_possible or row.submission_type != "none" else "not_graded",
        "due_at": moment(dates.due_at),
        "unlock_at": moment(dates.unlock_at),
        "lock_at": moment(dates.lock_at),
        "position": row.position,
        "assignment_group_id": here.course.id,
        "submission_types": ["external_tool"] if new_quiz else [row.submission_type],
        "is_quiz_assignment": quiz_id is not None,
        "has_submitted_submissions": row.id in found.handed_in,
        "has_overrides": bool(found.dates.all_of(row.id)),
        "only_visible_to_overrides": False,
        "omit_from_final_grade": False,
        "post_manually": bool(more and more.hides_grades),
        "muted": bool(more and more.hides_grades),
        "published": row.published,
        "workflow_state": "published" if row.published else "unpublished",
        "locked_for_user": not here.teaches and dates.locked(here.platform.now()),
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at),
        "html_url": f"{here.web}/assignments/{row.id}",
    }
    if quiz_id is not None:
        shown["quiz_id"] = quiz_id
    if new_quiz:
        shown["is_quiz_lti_assignment"] = True
    if rubric is not None:
        shown |= {
            "rubric": [_criterion(one) for one in rubric.criteria],
            "use_rubric_for_grading": True,
            "rubric_settings": {
                "id": rubric.id,
                "title": rubric.title,
                "points_possible": sum(one["points"] for one in rubric.criteria),
                "free_form_criterion_comments": False,
            },
        }
    if overrides:
        shown["overrides"] = [override_json(found.override_students, one) for one in found.dates.all_of(row.id)]
    return shown


def _criterion(criterion: Mapping[str, Any]) -> dict[str, Any]:
    """A rubric's criterion beside its assignment: what the rubric itself calls ``learning_outcome_id`` is ``outcome_id`` there
    (lib/api/v1/assignment.rb).
    """
    names = ("id", "points", "description", "long_description", "criterion_use_range", "ratings")
    shown = {name: criterion[name] for name in names if name in criterion}
    if criterion.get("learning_outcome_id") is not None:
        shown |= {"outcome_id": criterion["learning_outcome_id"], "vendor_guid": None}
    return shown


def override_json(students: Mapping[int, Sequence[int]], one: Override) -> dict[str, Any]:
    """Other dates for some; of the dates only those that are others."""
    shown: dict[str, Any] = {"id": one.id, "assignment_id": one.assignment_id, "title": one.title}
    for name in ("due_at", "unlock_at", "lock_at"):
        if name in one.overrides:
            shown[name] = moment(getattr(one, name))
    if "due_at" in one.overrides:
        shown |= {"all_day": False, "all_day_date": one.due_at.date().isoformat() if one.due_at else None}
    match one.set_type:
        case "ADHOC":
            shown["student_ids"] = list(students.get(one.id, ()))
        case "Group":
            shown["group_id"] = one.set_id
        case _:
            shown["course_section_id"] = one.set_id
    return shown


def submission_id(assignment_id: int, person_id: int) -> int:
    """The id of a submission, which there is before anything was handed in."""
    return (assignment_id % 10**9) * 10**6 + person_id % 10**6


def submission_json(found: Work, person_id: int, row: Assignment, includes: set[str]) -> dict[str, Any]:
    """Where a student stands with an assignment. A grade that is not posted yet is for teachers' eyes only."""
    submission = found.submissions.get((person_id, row.id))
    more = found.submissions_more.get((person_id, row.id))
    settings, dates = found.more.get(row.id), found.dates.of(row.id, person_id)
    posted = (more.posted_at if more else None) if settings and settings.hides_grades else _graded(submission)
    hidden = settings is not None and settings.hides_grades and posted is None and not found.here.teaches
    entered = submission.score if submission and not hidden else None
    deducted = more.deducted if more and not hidden else None
    score = entered if entered is None or not deducted else max(entered - deducted, 0.0)
    submitted_at = submission.submitted_at if submission else None
    late, is_missing = _lateness(found, submission, more, row, dates.due_at)
    shown: dict[str, Any] = {
        "id": submission_id(row.id, person_id),
        "assignment_id": row.id,
        "user_id": person_id,
        "workflow_state": submission.workflow_state if submission else "unsubmitted",
        "score": score,
        "entered_score": entered,
        "grade": None if score is None else f"{score:g}",
        "entered_grade": None if entered is None else f"{entered:g}",
        "submitted_at": moment(submitted_at),
        "graded_at": None if hidden else moment(_graded(submission)),
        "posted_at": moment(posted),
        # A grader below zero is no person: Canvas uses the quiz's own number, or the tool's, negated.
        "grader_id": None if hidden else _grader(found, submission, row),
        "grade_matches_current_submission": _matches(submission),
        "attempt": submission.attempt if submission and submission.attempt else None,
        "submission_type": _type(found, row) if submitted_at else None,
        "body": submission.body or None if submission else None,
        "late": late,
        "late_policy_status": more.late_status if more else None,
        "points_deducted": deducted,
        "missing": is_missing,
        "excused": bool(more and more.excused),
        "cached_due_date": moment(dates.due_at),
        "seconds_late": int(_overdue(submission, row, dates.due_at).total_seconds()) if late else 0,
        "extra_attempts": None,
        "redo_request": False,
        "preview_url": f"{found.here.web}/assignments/{row.id}/submissions/{person_id}?preview=1",
    }
    if "rubric_assessment" in includes and more and more.rubric and not hidden:
        shown["rubric_assessment"] = more.rubric
    if "assignment" in includes:
        shown["assignment"] = assignment_json(found, row)
    return shown


def _graded(submission: Submission | None) -> datetime | None:
    return submission.graded_at if submission else None


def _matches(submission: Submission | None) -> bool:
    """Whether the grade is of what was handed in last."""
    if submission is None or submission.graded_at is None or submission.submitted_at is None:
        return True
    return submission.submitted_at <= submission.graded_at


def _type(found: Work, row: Assignment) -> str:
    return "basic_lti_launch" if found.is_new_quiz(row.id) else row.submission_type


def _grader(found: Work, submission: Submission | None, row: Assignment) -> int | None:
    if submission is None or submission.graded_at is None:
        return None
    if submission.grader_id is not None:
        return submission.grader_id
    return -found.quizzes.get(row.id, row.id)


def _lateness(
    found: Work, submission: Submission | None, more: SubmissionMore | None, row: Assignment, due_at: datetime | None
) -> tuple[bool, bool]:
    """Late and missing: as a teacher says, or else by the dates."""
    if more is not None and (more.excused or more.late_status):
        return more.late_status == "late", more.late_status == "missing"
    if submission is not None and submission.submitted_at is not None:
        return _overdue(submission, row, due_at) > timedelta(), False
    expected = row.submission_type not in ("none", "on_paper")
    ungraded = submission is None or submission.score is None
    return False, bool(expected and ungraded and due_at and due_at < found.here.platform.now())


def _overdue(submission: Submission | None, row: Assignment, due_at: datetime | None) -> timedelta:
    if submission is None or submission.submitted_at is None or due_at is None:
        return timedelta()
    grace = QUIZ_GRACE if row.submission_type == "online_quiz" else timedelta()
    return max(submission.submitted_at - grace - due_at, timedelta())


async def attempts_of(
    session: AsyncSession, course_id: int, people: Sequence[Person]
) -> dict[tuple[int, int], list[dict[str, Any]]]:
    """Each finished go at a quiz, by person and assignment, the latest first: a quiz keeps the highest score beside the latest
    attempt, and these alone tell what each was worth. They lie over the whole entry (lib/api/v1/submission.rb,
    ``quiz_submission_attempt_json``).
    """
    rows = await session.execute(
        select(QuizAttempt, Quiz.assignment_id)
        .join(Quiz, Quiz.id == QuizAttempt.quiz_id)
        .where(
            Quiz.course_id == course_id,
            QuizAttempt.finished_at.is_not(None),
            QuizAttempt.person_id.in_([one.id for one in people]),
        )
        .order_by(QuizAttempt.attempt.desc())
    )
    found: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for attempt, assignment_id in rows:
        found.setdefault((attempt.person_id, assignment_id), []).append(
            {
                "id": attempt.id,
                "user_id": attempt.person_id,
                "attempt": attempt.attempt,
                **({} if attempt.score is None else {"score": attempt.score}),
                "workflow_state": "pending_review" if attempt.score is None else "complete",
                "submitted_at": moment(attempt.finished_at),
                "graded_at": moment(attempt.finished_at),
                "body": None,
            }
        )
    return found


def with_history(
    shown: list[dict[str, Any]], attempts: Mapping[tuple[int, int], list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    """Submissions with their attempts, where that was asked for."""
    for entry in shown:
        tries = [{**entry, **one} for one in attempts.get((entry["user_id"], entry["assignment_id"]), [])]
        current = {**entry} if entry["attempt"] is not None and not tries else None
        entry["submission_history"] = tries or ([current] if current else [])
    return shown
