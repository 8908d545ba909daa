"""The web services of the sandbox that plays Moodle, as far as a captured Moodle 4.5.6 says how they answer."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from lti_tool.sandbox.gradebook import grade, record_submission
from lti_tool.sandbox.groups import add_group
from lti_tool.sandbox.models import Assignment, LineItem, Module, ModuleItem, Person, Quiz, QuizAttempt
from lti_tool.sandbox.moodle_models import CompetencyFramework, CompetencyModule, CompetencyRating, CourseCompetency
from lti_tool.sandbox.moodle_service import ACCOUNT, RIGHTS, SWITCHES, web_service
from lti_tool.sandbox.moodle_service_pages import change, end_token
from lti_tool.sandbox.moodle_ws import FUNCTIONS
from tests.sandbox.conftest import BASE, Lms
from tests.sandbox.liking import cookie, registered_again

SERVER = "/webservice/rest/server.php"
RECORDED = Path(__file__).parents[1] / "native" / "recorded" / "moodle"


@pytest.fixture
def like() -> str:
    return "moodle"


class Course:
    """A course with a page, an assignment out of 20 and a quiz out of 10, in one module."""

    def __init__(self, lms: Lms, ids: dict[str, int], token: str) -> None:
        self.lms, self.ids, self.token = lms, ids, token

    async def send(self, function: str, **parameters: Any) -> httpx.Response:
        form = {"wstoken": self.token, "wsfunction": function, "moodlewsrestformat": "json"}
        return await self.lms.http.post(SERVER, data=form | {name: str(value) for name, value in parameters.items()})

    async def call(self, function: str, **parameters: Any) -> Any:
        answer = await self.send(function, **parameters)
        assert answer.status_code == 200
        return answer.json()

    async def code(self, function: str, **parameters: Any) -> str:
        error = await self.call(function, **parameters)
        assert set(error) == {"exception", "errorcode", "message"}
        return str(error["errorcode"])

    @property
    def id(self) -> int:
        return self.lms.course.id


@pytest.fixture
async def course(lms: Lms) -> Course:
    now = lms.clock.now()
    async with lms.platform.store.writing() as session:
        module = Module(course_id=lms.course.id, name="Unit 1 & more", position=1)
        work = Assignment(
            course_id=lms.course.id, name="Homework", points_possible=20, due_at=now, created_at=now, updated_at=now
        )
        marked = Assignment(
            course_id=lms.course.id,
            name="Quiz 1",
            points_possible=10,
            position=2,
            submission_type="online_quiz",
            created_at=now,
            updated_at=now,
        )
        session.add_all([module, work, marked])
        await session.flush()
        quiz = Quiz(course_id=lms.course.id, assignment_id=marked.id, title="Quiz 1", questions=[])
        session.add(quiz)
        await session.flush()
        wanted = [
            ("SubHeader", "Read first", None, True),
            ("Assignment", "Homework", work.id, True),
            ("Quiz", "Quiz 1", quiz.id, True),
            ("Page", "Answers", 1, False),
        ]
        ids = {}
        for place, (kind, title, content_id, published) in enumerate(wanted):
            item = ModuleItem(
                course_id=lms.course.id,
                module_id=module.id,
                type=kind,
                title=title,
                position=place,
                published=published,
                content_id=content_id,
            )
            session.add(item)
            await session.flush()
            ids[title] = item.id
    return Course(
        lms, ids | {"work": work.id, "marked": marked.id, "quiz": quiz.id}, (await web_service(lms.platform)).token
    )


async def graded(course: Course, person: Person, score: float | None, *, by_hand: bool = False) -> None:
    lms = course.lms
    async with lms.platform.store.writing() as session:
        work = await session.get_one(Assignment, course.ids["marked"])
        if by_hand:
            await grade(session, work, person.id, score, lms.teacher.id, lms.clock.now())
        else:
            await record_submission(session, work, person.id, lms.clock.now(), score=score)


def shape(value: Any) -> Any:
    """Names of an answer, without what they hold; of lists the first."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else None


def captured(file: str, function: str) -> Any:
    """The first answer of a function that was captured."""
    exchanges = json.loads((RECORDED / f"{file}.json").read_text("utf-8"))["exchanges"]
    return next(one["body"] for one in exchanges if f"wsfunction={function}" in one["form"])


# --- Errors, to the letter ---------------------------------------------------------------------------------------------


async def test_errors_are_moodles_own(course: Course) -> None:
    assert await Course(course.lms, {}, "no token").call("core_webservice_get_site_info") == {
        "exception": "core\\exception\\moodle_exception",
        "errorcode": "invalidtoken",
        "message": "Invalid token - token not found",
    }
    assert await course.call("core_course_get_contents", courseid=404404) == {
        "exception": "dml_missing_record_exception",
        "errorcode": "invalidrecord",
        "message": "Can't find data record in database table course.",
    }
    assert await course.call("core_course_get_contents", courseid="eight") == {
        "exception": "core\\exception\\invalid_parameter_exception",
        "errorcode": "invalidparameter",
        "message": "Invalid parameter value detected",
    }
    await change(course.lms.platform, without=["core_course_get_contents"])
    assert await course.call("core_course_get_contents", courseid=course.id) == {
        "exception": "webservice_access_exception",
        "errorcode": "accessexception",
        "message": "Access control exception",
    }


async def test_a_parameter_that_is_missing_or_too_much_is_refused(course: Course) -> None:
    assert await course.code("core_course_get_contents") == "invalidparameter"
    assert await course.code("core_course_get_contents", courseid=course.id, surplus=1) == "invalidparameter"
    assert await course.code("no_such_function") == "invalidrecord"


async def test_web_services_that_are_off_are_403_and_nothing_else(course: Course) -> None:
    await change(course.lms.platform, switched_off=["web_services"])
    answer = await course.send("core_webservice_get_site_info")
    assert (answer.status_code, answer.content) == (403, b"")


async def test_who_does_not_ask_for_json_gets_xml(course: Course) -> None:
    form = {"wstoken": course.token, "wsfunction": "core_webservice_get_site_info"}
    answer = await course.lms.http.post(SERVER, data=form)
    assert answer.headers["content-type"].startswith("application/xml")


async def test_a_token_that_was_ended_is_none(course: Course) -> None:
    new = await end_token(course.lms.platform)
    assert await course.code("core_webservice_get_site_info") == "invalidtoken"
    assert (await Course(course.lms, {}, new).call("core_webservice_get_site_info"))["userid"] == ACCOUNT


@pytest.mark.parametrize(
    ("right", "function", "parameters"),
    [
        ("gradereport/user:view", "gradereport_user_get_grade_items", {"userid": 0}),
        ("moodle/grade:viewall", "gradereport_user_get_grade_items", {"userid": 0}),
        ("report/progress:view", "core_completion_get_activities_completion_status", {"userid": "student"}),
        ("moodle/course:viewparticipants", "core_enrol_get_enrolled_users", {}),
        ("moodle/competency:coursecompetencyview", "tool_lp_data_for_course_competencies_page", {}),
    ],
)
async def test_a_right_that_is_missing_is_named(
    course: Course, right: str, function: str, parameters: dict[str, Any]
) -> None:
    if parameters.get("userid") == "student":
        parameters = {"userid": course.lms.student.id}
    await change(course.lms.platform, withheld=[right])
    error = await course.call(function, courseid=course.id, **parameters)
    assert (error["exception"], error["errorcode"]) == ("required_capability_exception", "nopermissions")
    assert RIGHTS[right] in error["message"]


async def test_a_course_without_a_place_for_the_account(course: Course) -> None:
    await change(course.lms.platform, withheld=["moodle/course:view"])
    assert await course.code("core_course_get_contents", courseid=course.id) == "errorcoursecontextnotvalid"
    assert await course.code("core_enrol_get_enrolled_users", courseid=course.id) == "requireloginerror"


# --- Shapes ------------------------------------------------------------------------------------------------------------


async def test_contents_have_the_captured_shape(course: Course) -> None:
    sections = await course.call("core_course_get_contents", courseid=course.id)
    assert [section["name"] for section in sections] == ["General", "Unit 1 & more"]
    known = captured("contents", "core_course_get_contents")
    assert set(sections[1]) == set(known[1])
    there = {module["name"]: module for module in sections[1]["modules"]}
    assert list(there) == ["Read first", "Homework", "Quiz 1", "Answers"]
    quiz = next(module for module in known[1]["modules"] if module["modname"] == "quiz")
    assert set(there["Quiz 1"]) <= set(quiz) | {"downloadcontent"}
    assert set(there["Quiz 1"]["completiondata"]) == set(quiz["completiondata"])
    assert there["Quiz 1"]["id"] == course.ids["Quiz 1"]
    assert there["Quiz 1"]["url"] == f"{BASE}/mod/quiz/view.php?id={course.ids['Quiz 1']}"
    assert there["Homework"]["dates"][0]["dataid"] == "duedate"
    assert (there["Answers"]["visible"], "url" in there["Read first"]) == (0, False)


async def test_what_is_hidden_is_not_there_without_the_right_to_see_it(course: Course) -> None:
    await change(course.lms.platform, withheld=["moodle/course:viewhiddenactivities"])
    sections = await course.call("core_course_get_contents", courseid=course.id)
    assert "Answers" not in [module["name"] for module in sections[1]["modules"]]


async def test_grades_have_the_captured_shape(course: Course) -> None:
    lms = course.lms
    await graded(course, lms.student, 7.5)
    answer = await course.call("gradereport_user_get_grade_items", courseid=course.id, userid=lms.student.id)
    known = captured("grades", "gradereport_user_get_grade_items&courseid=8&userid=220")
    (user,) = answer["usergrades"]
    assert set(user) == set(known["usergrades"][0])
    row = next(row for row in user["gradeitems"] if row.get("cmid") == course.ids["Quiz 1"])
    like = next(row for row in known["usergrades"][0]["gradeitems"] if row.get("cmid") == 60)
    assert set(row) | {"status", "weightraw", "weightformatted"} == set(like)
    assert (row["graderaw"], row["grademax"], row["percentageformatted"]) == (7.5, 10, "75.00 %")
    assert row["gradedategraded"] == row["gradedatesubmitted"] == int(lms.clock.now().timestamp())
    assert user["gradeitems"][-1]["itemtype"] == "course"


async def test_everybody_a_group_and_the_account_itself(course: Course) -> None:
    lms = course.lms
    await graded(course, lms.student, 7.5, by_hand=True)
    async with lms.platform.store.writing() as session:
        group = await add_group(session, lms.course, "Blue", [lms.student])
    function = "gradereport_user_get_grade_items"

    async def users(**parameters: int) -> list[int]:
        answer = await course.call(function, courseid=course.id, **parameters)
        return [user["userid"] for user in answer["usergrades"]]

    assert set(await users(userid=0)) == {lms.student.id, lms.second.id}
    assert await users(userid=0, groupid=group.id) == [lms.student.id]
    assert await users(userid=0, groupid=2_147_483_647) == []
    assert await users(userid=ACCOUNT) == [ACCOUNT]
    assert await course.code(function, courseid=course.id, userid=77_777) == "invaliduser"
    answer = await course.call(function, courseid=course.id, userid=lms.student.id)
    row = next(row for row in answer["usergrades"][0]["gradeitems"] if row.get("cmid") == course.ids["Quiz 1"])
    assert row["gradeisoverridden"] is True
    row = next(row for row in answer["usergrades"][0]["gradeitems"] if row.get("cmid") == course.ids["Homework"])
    assert (row["graderaw"], row["status"]) == (None, "novalue")


async def test_a_tools_activity_has_its_grade_and_its_other_columns_are_by_hand(course: Course) -> None:
    lms = course.lms
    await registered_again(lms)
    async with lms.platform.store.writing() as session:
        session.add(
            LineItem(
                course_id=course.id, tool_id=lms.tool.id, label="By itself", score_maximum=5, created_at=lms.clock.now()
            )
        )
    answer = await course.call("gradereport_user_get_grade_items", courseid=course.id, userid=lms.student.id)
    rows = {row["itemname"]: row for row in answer["usergrades"][0]["gradeitems"]}
    (own,) = [row for row in rows.values() if row["itemmodule"] == "lti"]
    assert (own["itemtype"], own["grademax"]) == ("mod", 100)
    sections = await course.call("core_course_get_contents", courseid=course.id)
    (module,) = [one for section in sections for one in section["modules"] if one["modname"] == "lti"]
    assert (module["id"], module["instance"]) == (own["cmid"], own["iteminstance"])
    assert (rows["By itself"]["itemtype"], "cmid" in rows["By itself"]) == ("manual", False)
    ids = [row["id"] for row in answer["usergrades"][0]["gradeitems"]]
    assert len(ids) == len(set(ids))


async def test_completion_has_the_captured_shape_and_follows_the_work(course: Course) -> None:
    lms, function = course.lms, "core_completion_get_activities_completion_status"
    await graded(course, lms.student, 3)
    answer = await course.call(function, courseid=course.id, userid=lms.student.id)
    known = captured("completion", function)["statuses"][0]
    assert {status["cmid"]: status["state"] for status in answer["statuses"]} == {
        course.ids["Homework"]: 0,
        course.ids["Quiz 1"]: 1,
    }
    assert set(answer["statuses"][0]) == set(known)
    await change(lms.platform, switched_off=["completion"])
    assert (await course.call(function, courseid=course.id, userid=lms.student.id))["statuses"] == []


async def test_attempts_at_a_quiz(course: Course) -> None:
    lms, now = course.lms, course.lms.clock.now()
    async with lms.platform.store.writing() as session:
        for number, score in ((1, 4.0), (2, None)):
            session.add(
                QuizAttempt(
                    quiz_id=course.ids["quiz"],
                    person_id=lms.student.id,
                    attempt=number,
                    answers={},
                    score=score,
                    started_at=now,
                    finished_at=now if score is not None else None,
                )
            )
    found = await course.call("mod_quiz_get_quizzes_by_courses", **{"courseids[0]": course.id})
    (quiz,) = found["quizzes"]
    assert (quiz["coursemodule"], quiz["sumgrades"], quiz["grade"]) == (course.ids["Quiz 1"], 10, 10)
    answer = await course.call("mod_quiz_get_user_attempts", quizid=quiz["id"], userid=lms.student.id)
    assert [(row["attempt"], row["state"], row["sumgrades"]) for row in answer["attempts"]] == [(1, "finished", 4)]
    answer = await course.call("mod_quiz_get_user_attempts", quizid=quiz["id"], userid=lms.student.id, status="all")
    assert [row["state"] for row in answer["attempts"]] == ["finished", "inprogress"]


async def test_competencies_have_the_captured_shapes(course: Course) -> None:
    lms, now = course.lms, course.lms.clock.now()
    async with lms.platform.store.writing() as session:
        framework = CompetencyFramework(
            short_name="F", id_number="F.1", scale=["Not yet", "Yes"], proficient_from=2, created_at=now
        )
        session.add(framework)
        await session.flush()
        one = CourseCompetency(
            framework_id=framework.id, course_id=course.id, short_name="A", id_number="A.1", created_at=now
        )
        session.add(one)
        await session.flush()
        session.add(CompetencyModule(competency_id=one.id, module_item_id=course.ids["Quiz 1"]))
        session.add(
            CompetencyRating(competency_id=one.id, person_id=lms.student.id, grade=2, created_at=now, updated_at=now)
        )
    listed = await course.call("core_competency_list_course_competencies", id=course.id)
    known = captured("competencies", "core_competency_list_course_competencies")[0]
    assert set(listed[0]["competency"]) == set(known["competency"])
    page = await course.call("tool_lp_data_for_course_competencies_page", courseid=course.id)
    assert [module["id"] for module in page["competencies"][0]["coursemodules"]] == [course.ids["Quiz 1"]]
    own = await course.call("core_competency_list_course_module_competencies", cmid=course.ids["Quiz 1"])
    assert [row["competency"]["id"] for row in own] == [one.id]
    report = "report_competency_data_for_report"
    answer = await course.call(report, courseid=course.id, userid=lms.student.id, moduleid=0)
    row = answer["usercompetencies"][0]
    assert (row["usercompetencycourse"]["grade"], row["usercompetencycourse"]["proficiency"]) == (2, True)
    known = captured("competencies", report)["usercompetencies"][0]
    assert set(row["usercompetencycourse"]) <= set(known["usercompetencycourse"])
    assert set(row["competency"]) <= set(known["competency"])
    assert await course.code(report, courseid=course.id, userid=lms.student.id) == "invalidparameter"
    assert await course.code(report, courseid=course.id, userid=lms.teacher.id, moduleid=0) == "codingerror"
    values = await course.call("core_competency_get_scale_values", scaleid=row["competency"]["scaleid"])
    assert [value["name"] for value in values] == ["Not yet", "Yes"]
    answer = await course.call(
        "tool_lp_data_for_user_competency_summary_in_course",
        courseid=course.id,
        userid=lms.student.id,
        competencyid=one.id,
    )
    assert answer["usercompetencysummary"]["usercompetencycourse"]["grade"] == 2
    await change(lms.platform, switched_off=["competencies"])
    assert await course.code("core_competency_list_course_competencies", id=course.id) == "competenciesarenotenabled"


async def test_people_come_by_number_page_by_page_with_the_fields_that_were_asked_for(course: Course) -> None:
    lms = course.lms
    async with lms.platform.store.writing() as session:
        group = await add_group(session, lms.course, "R&D", [lms.student])
    options = {"options[0][name]": "userfields", "options[0][value]": "id,groups"}
    found = await course.call("core_enrol_get_enrolled_users", courseid=course.id, **options)
    assert [row["id"] for row in found] == sorted(row["id"] for row in found)
    # Who is in no group has no list.
    assert {tuple(row) for row in found if row["id"] != lms.student.id} == {("id", "fullname")}
    groups = next(row["groups"] for row in found if row["id"] == lms.student.id)
    assert [(row["id"], row["name"]) for row in groups] == [(group.id, "R&D")]
    await change(lms.platform, withheld=["moodle/site:accessallgroups"])
    hidden = await course.call("core_enrol_get_enrolled_users", courseid=course.id, **options)
    assert next(row["groups"] for row in hidden if row["id"] == lms.student.id) == []
    await change(lms.platform, withheld=["moodle/user:viewdetails"])
    contacts = await course.call("core_enrol_get_enrolled_users", courseid=course.id, **options)
    assert [row["id"] for row in contacts] == [lms.teacher.id]
    await change(lms.platform, withheld=[])
    options |= {"options[1][name]": "limitfrom", "options[1][value]": "1"}
    options |= {"options[2][name]": "limitnumber", "options[2][value]": "1"}
    assert await course.call("core_enrol_get_enrolled_users", courseid=course.id, **options) == found[1:2]


async def test_the_site_says_what_it_has(course: Course) -> None:
    await change(course.lms.platform, without=["mod_quiz_get_user_attempts"], switched_off=["competencies"])
    site = await course.call("core_webservice_get_site_info")
    assert [row["name"] for row in site["functions"]] == [
        name for name in FUNCTIONS if name != "mod_quiz_get_user_attempts"
    ]
    assert {row["name"]: row["value"] for row in site["advancedfeatures"]} == {
        "enablecompletion": 1,
        "enablecompetencies": 0,
    }
    known = captured("access", "core_webservice_get_site_info")
    assert set(site) <= set(known)


async def test_an_answer_is_late_or_fails_on_demand(course: Course) -> None:
    course.lms.platform.behaviour.fail_next("api", 503)
    assert (await course.send("core_webservice_get_site_info")).status_code == 503
    assert (await course.send("core_webservice_get_site_info")).status_code == 200


# --- Dates of single students ------------------------------------------------------------------------------------------


async def test_a_student_has_one_override_of_a_quiz_and_it_is_taken_back_by_its_number(course: Course) -> None:
    student, quiz = course.lms.student.id, course.ids["quiz"]
    until = int(course.lms.clock.now().timestamp()) + 9000
    one = {"data[quizid]": quiz, "data[overrides][0][userid]": student, "data[overrides][0][timeclose]": until}
    ids = (await course.call("mod_quiz_save_overrides", **one))["ids"]
    (row,) = (await course.call("mod_quiz_get_overrides", quizid=quiz))["overrides"]
    assert (row["id"], row["userid"], row["timeopen"], row["timeclose"]) == (ids[0], student, None, until)
    assert await course.code("mod_quiz_save_overrides", **one) == "invalidparameter"
    one |= {"data[overrides][0][id]": ids[0], "data[overrides][0][timeopen]": until - 60}
    assert (await course.call("mod_quiz_save_overrides", **one))["ids"] == ids
    gone = {"data[quizid]": quiz, "data[ids][0]": ids[0]}
    await course.call("mod_quiz_delete_overrides", **gone)
    assert (await course.call("mod_quiz_get_overrides", quizid=quiz))["overrides"] == []
    assert await course.code("mod_quiz_delete_overrides", **gone) == "invalidparameter"


async def test_a_quiz_that_was_closed_for_one_student_is_closed_to_them_alone(course: Course) -> None:
    lms, quiz = course.lms, course.ids["quiz"]
    past = int(lms.clock.now().timestamp()) - 60
    one = {"data[quizid]": quiz, "data[overrides][0][userid]": lms.student.id, "data[overrides][0][timeclose]": past}
    await course.call("mod_quiz_save_overrides", **one)
    for person, closed in ((lms.student, True), (lms.second, False)):
        page = await lms.http.get(f"/courses/{course.id}/quizzes/{quiz}", headers=await cookie(lms, person))
        assert ("This quiz is closed to you now." in page.text) is closed


async def test_an_override_that_says_nothing_or_ends_before_it_begins_is_refused(course: Course) -> None:
    student, quiz = course.lms.student.id, course.ids["quiz"]
    one = {"data[quizid]": quiz, "data[overrides][0][userid]": student}
    assert await course.code("mod_quiz_save_overrides", **one) == "invalidparameter"
    one |= {"data[overrides][0][timeopen]": 1_900_000_000, "data[overrides][0][timeclose]": 1_800_000_000}
    assert await course.code("mod_quiz_save_overrides", **one) == "invalidparameter"
    await change(course.lms.platform, withheld=["mod/quiz:manageoverrides"])
    assert await course.code("mod_quiz_save_overrides", **one) == "nopermissions"


async def test_an_extension_is_later_than_the_class_or_a_warning(course: Course) -> None:
    student, work = course.lms.student.id, course.ids["work"]
    due = int(course.lms.clock.now().timestamp())
    one = {"assignmentid": work, "userids[0]": student}
    (warning,) = await course.call("mod_assign_save_user_extensions", **one, **{"dates[0]": due - 60})
    assert warning["warningcode"] == "couldnotgrantextensions"
    assert await course.call("mod_assign_save_user_extensions", **one, **{"dates[0]": due + 60}) == []
    flags = await course.call("mod_assign_get_user_flags", **{"assignmentids[0]": work})
    (row,) = flags["assignments"][0]["userflags"]
    assert (row["userid"], row["extensionduedate"]) == (student, due + 60)
    assert await course.call("mod_assign_save_user_extensions", **one, **{"dates[0]": 0}) == []
    assert (await course.call("mod_assign_get_user_flags", **{"assignmentids[0]": work}))["assignments"] == []


# --- The administrator's page ------------------------------------------------------------------------------------------


async def _administrator(lms: Lms) -> dict[str, str]:
    from lti_tool.sandbox.store import add_person

    async with lms.platform.store.writing() as session:
        boss = await add_person(
            session,
            login="boss",
            given_name="Ada",
            family_name="Boss",
            kind="administrator",
            now=lms.clock.now(),
        )
    return {**await cookie(lms, boss), "Origin": BASE}


async def test_the_administrator_unticks_a_function(course: Course) -> None:
    lms = course.lms
    headers = await _administrator(lms)
    page = await lms.http.get("/admin/service", headers=headers)
    assert course.token in page.text
    assert all(name in page.text for name in (*FUNCTIONS, *RIGHTS))
    kept = [name for name in FUNCTIONS if name != "core_course_get_contents"]
    form = {"function": kept, "right": list(RIGHTS), "on": list(SWITCHES), "administrator": "yes", "what": "save"}
    answer = await lms.http.post("/admin/service", data=form, headers=headers)
    assert answer.headers["location"] == "/admin/service?done=saved"
    assert await course.code("core_course_get_contents", courseid=course.id) == "accessexception"
    assert (await course.call("core_webservice_get_site_info"))["userissiteadmin"] is True
    page = await lms.http.get("/admin/service?done=saved", headers=headers)
    assert page.text.count(" checked") == len(kept) + len(RIGHTS) + len(SWITCHES) + 1
    answer = await lms.http.post("/admin/service", data={"what": "token"}, headers=headers)
    assert answer.headers["location"] == "/admin/service?done=token"
    assert await course.code("core_webservice_get_site_info") == "invalidtoken"


async def test_only_the_administrator_sees_the_service(course: Course) -> None:
    lms = course.lms
    for person in (lms.teacher, lms.student):
        answer = await lms.http.get("/admin/service", headers=await cookie(lms, person))
        assert answer.status_code == 403
        assert course.token not in answer.text
    assert (await lms.http.get("/admin/service")).is_redirect


async def test_a_tool_is_told_the_token_when_it_is_added(lms: Lms) -> None:
    from lti_tool.sandbox.tools import registration

    facts = await registration(lms.platform, lms.tool)
    assert (facts["api_url"], facts["api_token"]) == (BASE, (await web_service(lms.platform)).token)
