"""The functions that tell of competencies and ratings, in the shapes of Moodle 4.5."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from lti_tool.sandbox.models import Course, ModuleItem, Person
from lti_tool.sandbox.moodle_calls import REQUIRED, Call, Function
from lti_tool.sandbox.moodle_contents import escaped, seconds
from lti_tool.sandbox.moodle_models import CompetencyFramework, CompetencyModule, CompetencyRating, CourseCompetency
from lti_tool.sandbox.moodle_service import MoodleError, bad_parameter, coding_error, missing

NOBODY = 2
"""Who made a row: the site's administrator."""


@dataclass(frozen=True)
class _Taught:
    """A course's competencies with their frameworks and the modules they stand in."""

    competencies: Sequence[CourseCompetency]
    frameworks: Mapping[int, CompetencyFramework]
    modules: Mapping[int, Sequence[int]]


async def _taught(call: Call, course: Course) -> _Taught:
    if not call.account.has("competencies"):
        raise MoodleError("moodle_exception", "competenciesarenotenabled", "Competencies are not enabled.")
    call.account.demand("moodle/competency:coursecompetencyview")
    session = call.session
    competencies = (
        await session.scalars(
            select(CourseCompetency).where(CourseCompetency.course_id == course.id).order_by(CourseCompetency.id)
        )
    ).all()
    frameworks = {row.id: row for row in await session.scalars(select(CompetencyFramework))}
    modules: dict[int, list[int]] = {}
    rows = await session.execute(
        select(CompetencyModule.competency_id, CompetencyModule.module_item_id).order_by(
            CompetencyModule.module_item_id
        )
    )
    for competency_id, item_id in rows:
        modules.setdefault(competency_id, []).append(item_id)
    return _Taught(competencies, frameworks, modules)


async def course_competencies(call: Call) -> list[dict[str, Any]]:
    """``core_competency_list_course_competencies``."""
    taught = await _taught(call, await call.course("id"))
    return [
        {"competency": _competency(row), "coursecompetency": _use(row, courseid=row.course_id)}
        for row in taught.competencies
    ]


async def module_competencies(call: Call) -> list[dict[str, Any]]:
    """``core_competency_list_course_module_competencies``."""
    item = await call.session.get(ModuleItem, call.parameters["cmid"])
    course = await call.session.get(Course, item.course_id) if item is not None else None
    if item is None or course is None:
        raise MoodleError("dml_missing_record_exception", "invalidcoursemodule", "Invalid course module ID")
    taught = await _taught(call, course)
    return [
        {"competency": _competency(row), "coursemodulecompetency": _use(row, cmid=item.id)}
        for row in taught.competencies
        if item.id in taught.modules.get(row.id, ())
    ]


async def course_page(call: Call) -> dict[str, Any]:
    """``tool_lp_data_for_course_competencies_page``: all links of a course at once."""
    course = await call.course()
    taught = await _taught(call, course)
    items = {
        row.id: row for row in await call.session.scalars(select(ModuleItem).where(ModuleItem.course_id == course.id))
    }
    return {
        "courseid": course.id,
        "canmanagecoursecompetencies": False,
        "competencies": [
            {
                "competency": _competency(row),
                "coursecompetency": _use(row, courseid=course.id),
                "coursemodules": [
                    {"id": cmid, "name": escaped(items[cmid].title), "iconurl": ""}
                    for cmid in taught.modules.get(row.id, ())
                    if cmid in items
                ],
                "plans": [],
            }
            for row in taught.competencies
        ],
    }


async def framework(call: Call) -> dict[str, Any]:
    """``core_competency_read_competency_framework``."""
    row = await call.session.get(CompetencyFramework, call.parameters["id"])
    if row is None:
        raise missing("competency_framework")
    call.account.demand("moodle/competency:competencyview")
    return {
        "id": row.id,
        "shortname": escaped(row.short_name),
        "idnumber": escaped(row.id_number),
        "description": "",
        "visible": True,
        "scaleid": row.id,
        "scaleconfiguration": _scale(row),
        "contextid": 1,
    }


async def scale(call: Call) -> list[dict[str, Any]]:
    """``core_competency_get_scale_values``. Each framework here has a scale of its own."""
    row = await call.session.get(CompetencyFramework, call.parameters["scaleid"])
    if row is None:
        raise bad_parameter()
    return [{"id": number, "name": escaped(name)} for number, name in enumerate(row.scale, start=1)]


async def report(call: Call) -> dict[str, Any]:
    """``report_competency_data_for_report``: every rating of one student. Rows are made where there are none, without a grade."""
    course = await call.course()
    person = await _rated(call, course)
    taught = await _taught(call, course)
    call.account.demand("moodle/competency:usercompetencyview")
    ratings = await _ratings(call, person)
    return {
        "courseid": course.id,
        "user": {"id": person.id, "fullname": person.name},
        "course": {"id": course.id, "fullname": escaped(course.name)},
        "usercompetencies": [
            {
                "usercompetencycourse": _rating(row, person, ratings.get(row.id), taught),
                "competency": _summary(row, taught),
            }
            for row in taught.competencies
        ],
        "pushratingstouserplans": False,
    }


async def summary(call: Call) -> dict[str, Any]:
    """``tool_lp_data_for_user_competency_summary_in_course``: the rating of one student on one competency."""
    course = await call.course()
    person = await _rated(call, course)
    taught = await _taught(call, course)
    call.account.demand("moodle/competency:usercompetencyview")
    row = next((one for one in taught.competencies if one.id == call.parameters["competencyid"]), None)
    if row is None:
        raise missing("competency")
    ratings = await _ratings(call, person)
    return {
        "usercompetencysummary": {
            "showrelatedcompetencies": False,
            "cangrade": False,
            "competency": _summary(row, taught),
            "user": {"id": person.id, "fullname": person.name},
            "usercompetencycourse": _rating(row, person, ratings.get(row.id), taught),
            "evidence": [],
        },
        "course": {"id": course.id, "fullname": escaped(course.name)},
        "coursemodules": [],
        "plans": [],
    }


async def _rated(call: Call, course: Course) -> Person:
    """The student; who is not rated in the course is called a mistake of the caller's."""
    person, enrolment = await call.person(course)
    if enrolment is None or enrolment.role != "student":
        raise coding_error("invaliduser")
    return person


async def _ratings(call: Call, person: Person) -> dict[int, CompetencyRating]:
    rows = await call.session.scalars(select(CompetencyRating).where(CompetencyRating.person_id == person.id))
    return {row.competency_id: row for row in rows}


def _competency(row: CourseCompetency) -> dict[str, Any]:
    return {
        "shortname": escaped(row.short_name),
        "idnumber": escaped(row.id_number),
        "description": row.description,
        "descriptionformat": 1,
        "sortorder": 0,
        "parentid": 0,
        "path": "/0/",
        "ruleoutcome": 0,
        "ruletype": None,
        "ruleconfig": None,
        "scaleid": None,
        "scaleconfiguration": None,
        "competencyframeworkid": row.framework_id,
        "id": row.id,
        "timecreated": seconds(row.created_at),
        "timemodified": seconds(row.created_at),
        "usermodified": NOBODY,
    }


def _use(row: CourseCompetency, **place: int) -> dict[str, Any]:
    return {**place, "competencyid": row.id, "sortorder": 0, "ruleoutcome": 1, "id": row.id}


def _summary(row: CourseCompetency, taught: _Taught) -> dict[str, Any]:
    framework_row = taught.frameworks[row.framework_id]
    return {
        "linkedcourses": [],
        "relatedcompetencies": [],
        "competency": _competency(row),
        "scaleid": framework_row.id,
        "scaleconfiguration": _scale(framework_row),
    }


def _scale(row: CompetencyFramework) -> str:
    """JSON in a string, with the scale's number first, and of its values only those that mean something."""
    return f'[{{"scaleid":"{row.id}"}},{{"id":{row.proficient_from},"scaledefault":1,"proficient":1}}]'


def _rating(row: CourseCompetency, person: Person, rating: CompetencyRating | None, taught: _Taught) -> dict[str, Any]:
    framework_row = taught.frameworks[row.framework_id]
    grade = rating.grade if rating is not None else None
    return {
        "userid": person.id,
        "courseid": row.course_id,
        "competencyid": row.id,
        "proficiency": None if grade is None else grade >= framework_row.proficient_from,
        "grade": grade,
        # Moodle makes a row for each student and competency when it is first looked at.
        "id": rating.id if rating is not None else row.id * 1_000_000 + person.id,
        "timecreated": seconds(rating.created_at if rating is not None else row.created_at),
        "timemodified": seconds(rating.updated_at if rating is not None else row.created_at),
        "usermodified": NOBODY,
        "gradename": "-" if grade is None else escaped(framework_row.scale[grade - 1]),
    }


_USER = {"courseid": (int, REQUIRED), "userid": (int, REQUIRED)}
FUNCTIONS = {
    "core_competency_list_course_competencies": Function({"id": (int, REQUIRED)}, course_competencies),
    "core_competency_list_course_module_competencies": Function({"cmid": (int, REQUIRED)}, module_competencies),
    "tool_lp_data_for_course_competencies_page": Function(
        {"courseid": (int, REQUIRED), "moduleid": (int, 0)}, course_page
    ),
    "core_competency_read_competency_framework": Function({"id": (int, REQUIRED)}, framework),
    "core_competency_get_scale_values": Function({"scaleid": (int, REQUIRED)}, scale),
    "report_competency_data_for_report": Function({**_USER, "moduleid": (int, REQUIRED)}, report),
    "tool_lp_data_for_user_competency_summary_in_course": Function({**_USER, "competencyid": (int, REQUIRED)}, summary),
}
