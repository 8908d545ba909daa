"""The functions that tell of grades, attempts and completion, in the shapes of Moodle 4.5."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from lti_tool.sandbox.gradebook import Cell, Column, gradebook
from lti_tool.sandbox.groups import groups_of
from lti_tool.sandbox.models import Course, LineItem, ModuleItem, Person, Quiz, QuizAttempt, ResourceLink, Submission
from lti_tool.sandbox.moodle_calls import REQUIRED, Call, Function
from lti_tool.sandbox.moodle_contents import Modules, completion_data, escaped, module_items, seconds
from lti_tool.sandbox.moodle_service import ACCOUNT, MoodleError, missing

COURSE_TOTAL = 1


async def grade_items(call: Call) -> dict[str, Any]:
    """``gradereport_user_get_grade_items``: of everybody (``userid`` 0), of a group's members, or of one."""
    course, account = await call.course(), call.account
    account.demand("gradereport/user:view")
    user_id, group_id = call.parameters["userid"], call.parameters["groupid"]
    if user_id == 0:
        account.demand("moodle/grade:viewall")
    elif user_id == ACCOUNT:
        report = await _Report.of(call, course)
        return _answer(course, [report.user(ACCOUNT, "Web Service", {}, {})])
    else:
        await call.person(course)
    if not account.may("moodle/grade:viewall"):
        raise MoodleError("moodle_exception", "nopermissiontoviewgrades", "You do not have permission to view grades")
    report = await _Report.of(call, course)
    book = await gradebook(call.session, course.id)
    people = [row for row in book.rows if user_id in (0, row.person.id)]
    if group_id:
        # A group that there is not has no members, and is no error.
        found = [group.members for group in await groups_of(call.session, course.id) if group.row.id == group_id]
        people = [row for row in people if any(row.person in members for members in found)]
    return _answer(course, [report.user(row.person.id, row.person.name, row.cells, report.submitted) for row in people])


def _answer(course: Course, users: list[dict[str, Any]]) -> dict[str, Any]:
    known = {"courseid": course.id, "courseidnumber": course.code}
    return {"usergrades": [{**known, **user} for user in users], "warnings": []}


class _Report:
    """The user report of a course: its columns, and what stands behind each."""

    def __init__(self, columns: Sequence[Column], modules: Mapping[tuple[str, int], ModuleItem], shaper: Modules):
        self._columns = columns
        self._modules = modules
        self._shaper = shaper
        self.submitted: dict[tuple[int, int], datetime] = {}

    @classmethod
    async def of(cls, call: Call, course: Course) -> "_Report":
        """Read it."""
        session = call.session
        shaper = await Modules.of(call, course.id)
        items = await module_items(session, course.id)
        modules: dict[tuple[str, int], ModuleItem] = {}
        links = {str(row.lti_id): row.id for row in await session.scalars(select(ResourceLink))}
        by_link = {item.resource_link_id: item for item in items if item.resource_link_id is not None}
        for item in items:
            assignment = shaper.assignment(item)
            if assignment is not None:
                modules.setdefault(("assignment", assignment.id), item)
        for row in await session.scalars(select(LineItem).where(LineItem.course_id == course.id)):
            activity = by_link.get(links.get(row.resource_link_id or "", 0))
            if activity is not None:
                modules.setdefault(("tool", row.id), activity)
        book = await gradebook(session, course.id, only=())
        report = cls(book.columns, modules, shaper)
        for work in await session.scalars(select(Submission).where(Submission.course_id == course.id)):
            if work.submitted_at is not None:
                report.submitted[work.assignment_id, work.person_id] = work.submitted_at
        return report

    def user(
        self,
        user_id: int,
        name: str,
        cells: Mapping[tuple[str, int], Cell],
        submitted: Mapping[tuple[int, int], datetime],
    ) -> dict[str, Any]:
        """One user's line; the course's total comes last."""
        rows = [
            self._row(
                column,
                cells.get(column.key, Cell()),
                submitted.get((column.id, user_id)) if column.kind != "tool" else None,
            )
            for column in self._columns
        ]
        scores = [cells[column.key].score or 0.0 for column in self._columns if column.key in cells]
        total = _grade(sum(scores) if scores else None, sum(column.points for column in self._columns), None, None)
        nothing = ("itemname", "itemmodule", "itemnumber", "idnumber", "categoryid", "outcomeid", "scaleid")
        course: dict[str, Any] = {
            "id": COURSE_TOTAL,
            "itemtype": "course",
            "iteminstance": COURSE_TOTAL,
            "locked": False,
        }
        rows.append(course | dict.fromkeys(nothing) | total)
        return {"userid": user_id, "userfullname": name, "useridnumber": "", "maxdepth": 2, "gradeitems": rows}

    def _row(self, column: Column, cell: Cell, submitted_at: datetime | None) -> dict[str, Any]:
        module = self._modules.get(column.key)
        kind = {"assignment": "assign", "quiz": "quiz", "tool": "lti"}[column.kind]
        known: dict[str, Any] = {
            # Numbers of assignments and of tools' columns are apart; grade items have numbers of their own.
            "id": column.id * 2 + (column.kind == "tool") + COURSE_TOTAL,
            "itemname": escaped(column.title),
            "itemtype": "mod" if module is not None else "manual",
            "itemmodule": kind if module is not None else None,
            "iteminstance": self._shaper.instance(module) if module is not None else None,
            "itemnumber": 0,
            "idnumber": "",
            "categoryid": COURSE_TOTAL,
            "outcomeid": None,
            "scaleid": None,
            "locked": False,
        }
        if module is not None:
            known["cmid"] = module.id
        graded = cell.at if cell.score is not None else None
        return known | _grade(cell.score, column.points, graded, submitted_at, overridden=cell.by_teacher)


def _grade(
    score: float | None,
    points: float,
    graded: datetime | None,
    submitted_at: datetime | None,
    *,
    overridden: bool = False,
) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "graderaw": None if score is None else round(score, 5),
        "gradedatesubmitted": seconds(submitted_at),
        "gradedategraded": seconds(graded),
        "gradehiddenbydate": False,
        "gradeneedsupdate": False,
        "gradeishidden": False,
        "gradeislocked": False,
        "gradeisoverridden": overridden,
        "gradeformatted": "-" if score is None else f"{score:.2f}",
        "grademin": 0,
        "grademax": points,
        "rangeformatted": f"0&ndash;{points:.0f}",
        "percentageformatted": "-" if score is None or not points else f"{score / points * 100:.2f} %",
        "feedback": "",
        "feedbackformat": 2,
    }
    return shown if score is not None else {**shown, "status": "novalue"}


# --- Quizzes -----------------------------------------------------------------------------------------------------------


async def quizzes(call: Call) -> dict[str, Any]:
    """``mod_quiz_get_quizzes_by_courses``. Marks and grade are the same here; Moodle scales one to the other."""
    found = []
    for course_id in call.parameters["courseids"]:
        if not str(course_id).isdecimal():
            continue
        course = await call.session.get(Course, int(course_id))
        if course is None or not call.account.may("moodle/course:view"):
            # Courses that cannot be seen are warned of, no error (external_util::validate_courses).
            continue
        shaper = await Modules.of(call, course.id)
        for item in await module_items(call.session, course.id):
            assignment = shaper.assignment(item)
            if item.type == "Quiz" and assignment is not None:
                points = assignment.points_possible
                found.append(
                    {
                        "id": item.content_id,
                        "coursemodule": item.id,
                        "course": course.id,
                        "name": escaped(item.title),
                        "grade": points,
                        "sumgrades": points,
                        "grademethod": 1,
                    }
                )
    return {"quizzes": found, "warnings": []}


async def attempts(call: Call) -> dict[str, Any]:
    """``mod_quiz_get_user_attempts``: of one user; ``status`` is ``finished``, ``unfinished`` or ``all``."""
    quiz = await call.session.get(Quiz, call.parameters["quizid"])
    if quiz is None:
        raise missing("quiz")
    call.account.demand("mod/quiz:viewreports")
    if await call.session.get(Person, call.parameters["userid"]) is None:
        raise missing("user")
    rows = await call.session.scalars(
        select(QuizAttempt)
        .where(QuizAttempt.quiz_id == quiz.id, QuizAttempt.person_id == call.parameters["userid"])
        .order_by(QuizAttempt.attempt)
    )
    status = call.parameters["status"]
    return {
        "attempts": [
            {
                "id": row.id,
                "quiz": quiz.id,
                "userid": row.person_id,
                "attempt": row.attempt,
                "preview": 0,
                "state": "inprogress" if row.finished_at is None else "finished",
                "timestart": seconds(row.started_at),
                "timefinish": seconds(row.finished_at) or 0,
                "timemodified": seconds(row.finished_at or row.started_at),
                "sumgrades": row.score,
            }
            for row in rows
            if status == "all" or (status == "finished") == (row.finished_at is not None)
        ],
        "warnings": [],
    }


# --- Completion --------------------------------------------------------------------------------------------------------


async def completion(call: Call) -> dict[str, Any]:
    """``core_completion_get_activities_completion_status``: the activities that anything is asked for, of one user."""
    course = await call.course()
    person, enrolment = await call.person(course)
    call.account.demand("report/progress:view")
    shaper = await Modules.of(call, course.id)
    work = {
        row.assignment_id: row
        for row in await call.session.scalars(
            select(Submission).where(Submission.course_id == course.id, Submission.person_id == person.id)
        )
    }
    statuses = []
    for item in await module_items(call.session, course.id):
        rules, assignment = shaper.rules(item), shaper.assignment(item)
        if not rules or assignment is None:
            continue
        tracked = enrolment is not None and enrolment.role == "student"
        done_at = _done_at(work.get(assignment.id), rules)
        statuses.append(
            {
                "cmid": item.id,
                "modname": "quiz" if item.type == "Quiz" else "assign",
                "instance": shaper.instance(item),
                "tracking": 2,
                **completion_data(rules, done_at, tracked=tracked),
            }
        )
    return {"statuses": statuses, "warnings": []}


def _done_at(work: Submission | None, rules: list[str]) -> datetime | None:
    if work is None:
        return None
    if rules == ["completionsubmit"]:
        return work.submitted_at
    return work.graded_at if work.score is not None else None


_USER = {"courseid": (int, REQUIRED), "userid": (int, REQUIRED)}
FUNCTIONS = {
    "gradereport_user_get_grade_items": Function(
        {"courseid": (int, REQUIRED), "userid": (int, 0), "groupid": (int, 0)}, grade_items
    ),
    "mod_quiz_get_quizzes_by_courses": Function({"courseids": (list, [])}, quizzes),
    "mod_quiz_get_user_attempts": Function(
        {"quizid": (int, REQUIRED), "userid": (int, 0), "status": (str, "finished"), "includepreviews": (int, 0)},
        attempts,
    ),
    "core_completion_get_activities_completion_status": Function(_USER, completion),
}
