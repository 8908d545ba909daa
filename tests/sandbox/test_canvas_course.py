"""The sample course as Canvas's REST API shows it: contents, completion, outcomes, people, dates, and what teachers decide."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from lti_tool.sandbox.canvas_access import STRING_IDS
from lti_tool.sandbox.canvas_models import CourseSection, ItemRequirement
from lti_tool.sandbox.canvas_sections import section_ids_of, sections
from lti_tool.sandbox.models import Enrolment
from lti_tool.sandbox.store import Store
from tests.sandbox.canvas import Calls
from tests.sandbox.canvas_course import ALL, BUY, ONE, RECIPE, TRIP, TWO, Box, boxed


class At(Calls):
    """Somebody with a token at the sample course."""

    def __init__(self, box: Box, token: str) -> None:
        self.box, self.token, self.http = box, token, box.http()

    async def send(self, method: str, path: str, **options: Any) -> Any:
        """Call an address below the course's, or a whole one."""
        address = path if path.startswith(("http", "/api/")) else f"/api/v1/courses/{self.box.course.id}{path}"
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        return await self.http.request(method, address, headers=headers, **options)


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    async with boxed(tmp_path) as made:
        yield made


@pytest.fixture
async def teacher(box: Box) -> AsyncIterator[At]:
    at = At(box, await box.token("rivera"))
    async with at.http:
        yield at


async def _as(box: Box, login: str) -> At:
    return At(box, await box.token(login))


async def _judge(box: Box, title: str, **wanted: Any) -> None:
    async with box.http() as http:
        answer = await http.post(f"/_control/canvas/assignments/{box.key(title)}/work", json={"by": "rivera", **wanted})
    assert answer.status_code == 200, answer.text


def _by_user(rows: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {row["user_id"]: row for row in rows}


# --- Contents ----------------------------------------------------------------------------------------------------------


async def test_a_quiz_of_new_quizzes_is_an_assignment_everywhere_else(box: Box, teacher: At) -> None:
    [new] = await teacher.all(f"/api/quiz/v1/courses/{box.course.id}/quizzes")
    assert (new["id"], new["title"], new["points_possible"]) == (box.key(ALL), ALL, 3)
    assert (await teacher.told(f"/api/quiz/v1/courses/{box.course.id}/quizzes/{new['id']}")) == new
    assert ALL not in {row["title"] for row in await teacher.all("/quizzes")}
    shown = await teacher.told(f"/assignments/{new['id']}")
    assert (shown["submission_types"], shown["is_quiz_lti_assignment"]) == (["external_tool"], True)
    assert (shown["is_quiz_assignment"], "quiz_id" in shown) == (False, False)
    [module] = [one for one in await teacher.all("/modules?include[]=items") if one["items"][-1]["title"] == ALL]
    item = module["items"][-1]
    assert (item["type"], item["quiz_lti"], str(item["content_id"])) == ("Assignment", True, new["id"])
    zoe = _by_user(await teacher.all(f"/assignments/{new['id']}/submissions"))[box.people["zoe"].id]
    assert (zoe["submission_type"], zoe["grader_id"] < 0) == ("basic_lti_launch", True)
    student = await _as(box, "zoe")
    assert (await student.ask(f"/api/quiz/v1/courses/{box.course.id}/quizzes")).status_code == 401


async def test_pages_have_words_by_themselves(teacher: At) -> None:
    listed = await teacher.all("/pages?per_page=2")
    assert "body" not in listed[0]
    page = await teacher.told("/pages/writing-ratios")
    assert "<p>" in page["body"]
    assert await teacher.told(f"/pages/{page['page_id']}") == page
    assert "body" in (await teacher.told("/pages?include[]=body"))[0]
    assert (await teacher.ask("/pages/none")).status_code == 404


async def test_files_of_some_kinds_are_left_out(teacher: At) -> None:
    kinds = ("exclude_content_types[]=application", "exclude_content_types[]=image", "content_types[]=application/pdf")
    assert [len(await teacher.all(f"/files?{one}")) for one in ("", *kinds)] == [1, 0, 1, 1]


async def test_classic_quizzes_and_everybodys_latest_attempt(box: Box, teacher: At) -> None:
    first = next(row for row in await teacher.all("/quizzes") if row["title"] == ONE)
    assert (first["quiz_type"], first["question_count"], str(first["assignment_id"])) == ("assignment", 5, box.key(ONE))
    rows = (await teacher.told(f"/quizzes/{first['id']}/submissions"))["quiz_submissions"]
    zoe = _by_user(rows)[box.people["zoe"].id]
    assert (zoe["attempt"], zoe["score"], zoe["kept_score"], zoe["workflow_state"]) == (2, 4.0, 4.0, "complete")
    own = (await (await _as(box, "declan")).told(f"/quizzes/{first['id']}/submissions"))["quiz_submissions"]
    assert [row["user_id"] for row in own] == [box.people["declan"].id]
    paged = await teacher.ask(f"/quizzes/{first['id']}/submissions?per_page=1")
    assert (len(paged.json()["quiz_submissions"]), "next" in paged.links) == (1, True)


async def test_a_module_with_too_many_items_comes_without_them(box: Box, teacher: At) -> None:
    async with box.platform.store.writing() as session:
        first = box.items["What is a ratio?"]
        for place in range(101):
            session.add(
                type(first)(
                    course_id=box.course.id, module_id=first.module_id, type="SubHeader", title="x", position=50 + place
                )
            )
    modules = {row["id"]: row for row in await teacher.all("/modules?include[]=items")}
    assert "items" not in modules[first.module_id]
    assert all("items" in row for number, row in modules.items() if number != first.module_id)
    assert len(await teacher.all(f"/modules/{first.module_id}/items?per_page=100")) > 100


async def test_an_item_knows_its_neighbours(box: Box, teacher: At) -> None:
    item = box.items[ONE]
    for asked in (f"asset_type=ModuleItem&asset_id={item.id}", f"asset_type=Quiz&asset_id={item.content_id}"):
        found = await teacher.told(f"/module_item_sequence?{asked}")
        [around] = found["items"]
        assert around["current"]["id"] == item.id
        assert (around["prev"]["type"], around["next"]["title"]) == ("ExternalUrl", "Ratio tables")
        assert [one["id"] for one in found["modules"]] == [item.module_id]
    assert (await teacher.told("/module_item_sequence?asset_type=Quiz&asset_id=9999"))["items"] == []


async def test_a_link_leads_on_from_an_address_of_the_api(box: Box, teacher: At) -> None:
    item = box.items["Read more: ratios in an encyclopedia"]
    shown = await teacher.told(f"/modules/{item.module_id}/items/{item.id}")
    answer = await teacher.ask(shown["html_url"])
    assert (answer.status_code, answer.headers["location"].endswith(f"/modules/items/{item.id}")) == (302, True)


async def test_a_student_sees_what_is_published(box: Box, teacher: At) -> None:
    async with box.platform.store.writing() as session:
        for row in (box.items["What is a ratio?"], box.work[BUY]):
            (await session.get_one(type(row), row.id)).published = False
    student = await _as(box, "zoe")
    titles = {item["title"] for one in await student.all("/modules?include[]=items") for item in one["items"]}
    assert "What is a ratio?" not in titles
    assert BUY not in {row["name"] for row in await student.all("/assignments")}
    assert (await student.ask(f"/assignments/{box.key(BUY)}")).status_code == 404
    assert {row["title"] for row in await student.all("/pages")} & {"What is a ratio?", "Glossary"} == set()
    assert "published" not in (await student.told("/modules"))[0]
    refused = await teacher.ask(f"/students/submissions?student_ids[]=all&assignment_ids[]={box.key(BUY)}")
    assert (refused.status_code, refused.json()) == (403, {"error": "invalid assignment ids requested"})


# --- Completion --------------------------------------------------------------------------------------------------------


async def test_completion_is_told_of_the_student_who_is_asked_for(box: Box, teacher: At) -> None:
    def wanted(modules: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            item["title"]: item["completion_requirement"]
            for one in modules
            for item in one["items"]
            if "completion_requirement" in item
        }

    plain = wanted(await teacher.all("/modules?include[]=items"))
    assert plain[ONE] == {"type": "min_score", "min_score": 3.0}
    assert plain[TWO] == {"type": "must_submit"}
    zoe = await teacher.all(f"/modules?include[]=items&student_id={box.id('zoe')}")
    assert {title: one["completed"] for title, one in wanted(zoe).items()} == {
        "What is a ratio?": True,
        "Three ways to write a ratio": True,
        ONE: True,
        TWO: False,
        RECIPE: True,
        "Quiz 3: Rates and unit rates": False,
    }
    assert [one["state"] for one in zoe] == ["completed", "started", "unlocked", "unlocked"]
    assert zoe[0]["completed_at"] is not None
    assert wanted(await (await _as(box, "zoe")).all("/modules?include[]=items")) == wanted(zoe)
    assert (await teacher.ask(f"/modules?student_id={box.id('rivera')}")).status_code == 404


async def test_the_progress_of_everybody(box: Box, teacher: At) -> None:
    rows = {row["id"]: row["progress"] for row in await teacher.all("/bulk_user_progress")}
    assert (rows[box.people["zoe"].id]["requirement_count"], len(rows)) == (6, 6)
    counts = {login: rows[box.people[login].id]["requirement_completed_count"] for login in ("zoe", "amara", "layla")}
    assert counts == {"zoe": 4, "amara": 1, "layla": 0}
    own = await (await _as(box, "zoe")).told("/users/self/progress")
    assert own == rows[box.people["zoe"].id]
    async with box.platform.store.writing() as session:
        await session.execute(delete(ItemRequirement))
    assert (await teacher.ask("/bulk_user_progress")).status_code == 400


async def test_a_student_marks_an_item_as_done_and_not_done(box: Box) -> None:
    student, item = await _as(box, "layla"), box.items["Three ways to write a ratio"]
    address = f"/modules/{item.module_id}/items/{item.id}"

    async def done() -> bool:
        return bool((await student.told(address))["completion_requirement"]["completed"])

    for method, path, then in (("PUT", "/done", True), ("DELETE", "/done", False), ("POST", "/mark_read", False)):
        assert (await student.send(method, address + path)).status_code == 204
        assert await done() is then
    viewed = box.items["What is a ratio?"]
    await student.send("POST", f"/modules/{viewed.module_id}/items/{viewed.id}/mark_read")
    assert (await student.told(f"/modules/{viewed.module_id}/items/{viewed.id}"))["completion_requirement"]["completed"]
    teacher = await _as(box, "rivera")
    assert (await teacher.send("PUT", f"{address}/done")).status_code == 401


# --- Work --------------------------------------------------------------------------------------------------------------


async def test_what_a_teacher_decides_stands_beside_the_score(box: Box, teacher: At) -> None:
    rows = _by_user(await teacher.all(f"/assignments/{box.key(RECIPE)}/submissions?include[]=rubric_assessment"))
    zoe, declan, amara = (rows[box.people[one].id] for one in ("zoe", "declan", "amara"))
    assert (zoe["score"], zoe["rubric_assessment"]["_2"]["points"]) == (8.0, 6.0)
    assert zoe["rubric_assessment"]["_2"]["rating_id"] == "_2_0"
    assert (declan["excused"], declan["score"], declan["workflow_state"]) == (True, None, "graded")
    assert (amara["missing"], amara["late_policy_status"]) == (True, "missing")
    assert (
        "rubric_assessment"
        not in _by_user(await teacher.all(f"/assignments/{box.key(RECIPE)}/submissions"))[box.people["zoe"].id]
    )
    mateo = _by_user(await teacher.all(f"/assignments/{box.key(BUY)}/submissions"))[box.people["mateo"].id]
    assert (mateo["entered_score"], mateo["points_deducted"], mateo["score"], mateo["late"]) == (8.0, 2.0, 6.0, True)
    await _judge(box, RECIPE, login="declan", score=5)
    now = _by_user(await teacher.all(f"/assignments/{box.key(RECIPE)}/submissions"))[box.people["declan"].id]
    assert (now["excused"], now["score"]) == (False, 5.0)


async def test_a_grade_that_is_not_posted_is_for_teachers_only(box: Box, teacher: At) -> None:
    async with box.http() as http:
        await http.post(f"/_control/canvas/assignments/{box.key(TRIP)}", json={"hides_grades": True})
    await _judge(box, TRIP, login="zoe", score=15)
    path = f"/assignments/{box.key(TRIP)}/submissions/{box.id('zoe')}"
    student = await _as(box, "zoe")
    assert ((await teacher.told(path))["score"], (await teacher.told(path))["posted_at"]) == (15.0, None)
    hidden = await student.told(path)
    assert (hidden["score"], hidden["grade"], hidden["graded_at"]) == (None, None, None)
    await _judge(box, TRIP, login="zoe", posted=True)
    assert (await student.told(path))["score"] == 15.0
    assert (await teacher.told(path))["posted_at"] is not None


async def test_an_assignment_has_its_rubric(box: Box, teacher: At) -> None:
    shown = await teacher.told(f"/assignments/{box.key(RECIPE)}")
    assert [one["points"] for one in shown["rubric"]] == [2.0, 6.0, 2.0]
    assert shown["rubric"][0]["outcome_id"]
    assert shown["rubric_settings"]["points_possible"] == 10
    rubric = await teacher.told(f"/rubrics/{shown['rubric_settings']['id']}?include[]=assessments")
    assert [one["score"] for one in rubric["assessments"]] == [8.0]
    excluded = await teacher.told(f"/assignments/{box.key(RECIPE)}?exclude_response_fields[]=description")
    assert ("description" in shown, "description" in excluded) == (True, False)


async def test_points_that_no_rubric_gives_are_refused(box: Box) -> None:
    async with box.http() as http:
        answer = await http.post(
            f"/_control/canvas/assignments/{box.key(RECIPE)}/work",
            json={"login": "zoe", "by": "rivera", "rubric": {"none": {"points": 1}}},
        )
    assert answer.status_code == 422


async def test_a_student_is_told_their_own_standing_with_each_assignment(box: Box, teacher: At) -> None:
    zoe = await _as(box, "zoe")
    rows = {row["name"]: row for row in await zoe.all("/assignments?include[]=submission&per_page=3")}
    assert (rows[ONE]["submission"]["score"], rows[BUY]["submission"]["workflow_state"]) == (4.0, "unsubmitted")
    assert all("submission" not in row for row in await teacher.all("/assignments?include[]=submission"))


async def test_people_are_told_their_courses(box: Box, teacher: At) -> None:
    [mine] = await teacher.all("/api/v1/courses")
    assert (mine["id"], mine["enrollments"]) == (box.course.id, [{"type": "teacher", "enrollment_state": "active"}])
    assert await At(box, await box.platform.api_token()).all("/api/v1/courses") == []


# --- Outcomes ----------------------------------------------------------------------------------------------------------


async def test_outcomes_with_their_levels_and_what_belongs_to_them(box: Box, teacher: At) -> None:
    links = await teacher.all("/outcome_group_links?outcome_style=full&per_page=3")
    ratio = links[0]["outcome"]
    assert (ratio["title"], ratio["mastery_points"], len(ratio["ratings"])) == ("CCSS.MATH.6.RP.A.1", 3.0, 4)
    assert (ratio["vendor_guid"], ratio["assessed"]) == ("CCSS.MATH.6.RP.A.1", True)
    assert "ratings" not in (await teacher.told("/outcome_group_links"))[0]["outcome"]
    assert await teacher.told(f"/api/v1/outcomes/{ratio['id']}") == ratio
    assert (await teacher.ask("/outcome_alignments")).status_code == 400
    rows = await teacher.told(f"/outcome_alignments?student_id={box.id('zoe')}")
    assert {row["title"] for row in rows if row["learning_outcome_id"] == ratio["id"]} == {ONE}
    assert (await teacher.ask("/outcome_proficiency")).status_code == 404
    [group] = await teacher.all("/outcome_groups")
    assert group["id"] == links[0]["outcome_group"]["id"]


async def test_results_on_outcomes_without_those_of_new_quizzes(box: Box, teacher: At) -> None:
    body = await teacher.told("/outcome_results?include[]=outcomes&include[]=alignments&include[]=users")
    found = {
        (one["links"]["user"], one["links"]["assignment"]): (one["score"], one["mastery"], one["percent"])
        for one in body["outcome_results"]
    }
    zoe, declan = box.id("zoe"), box.id("declan")
    assert found == {
        (zoe, f"assignment_{box.key(ONE)}"): (3.2, True, 0.8),
        (declan, f"assignment_{box.key(ONE)}"): (0.8, False, 0.2),
        (zoe, f"assignment_{box.key(RECIPE)}"): (2.0, False, 0.5),
    }
    assert len(body["linked"]["outcomes"]) == 4
    assert len(body["linked"]["users"]) == 6
    some = await teacher.told(f"/outcome_results?user_ids[]={declan}")
    assert len(some["outcome_results"]) == 1
    assert (await teacher.ask(f"/outcome_results?user_ids[]={box.id('rivera')}")).status_code == 400
    assert (await teacher.ask("/outcome_results?outcome_ids[]=999")).status_code == 400
    paged = await teacher.ask("/outcome_results?per_page=2")
    assert (len(paged.json()["outcome_results"]), "next" in paged.links) == (2, True)


async def test_roll_ups_keep_the_highest(box: Box, teacher: At) -> None:
    rows = (await teacher.told("/outcome_rollups?exclude[]=missing_user_rollups"))["rollups"]
    assert {row["links"]["user"] for row in rows} == {box.id("zoe"), box.id("declan")}
    [course] = (await teacher.told("/outcome_rollups?aggregate=course"))["rollups"]
    assert course["links"] == {"course": str(box.course.id)}
    assert [one["score"] for one in course["scores"]] == [2.0, 2.0]
    assert [one["count"] for one in course["scores"]] == [2, 1]
    assert len((await teacher.told("/outcome_rollups?per_page=100"))["rollups"]) == 6


# --- People ------------------------------------------------------------------------------------------------------------


async def test_sections_enrolments_and_groups(box: Box, teacher: At) -> None:
    sections = await teacher.all("/sections?include[]=students&include[]=total_students")
    assert [(one["name"], one["total_students"]) for one in sections] == [("Period 1", 3), ("Period 2", 3)]
    second = {one["id"] for one in sections[1]["students"]}
    assert second == {box.people[one].id for one in ("daryna", "mateo", "layla")}
    students = await teacher.all("/enrollments?type[]=StudentEnrollment&per_page=4")
    assert {one["user_id"] for one in students if one["course_section_id"] == sections[1]["id"]} == second
    assert "section_ids" not in students[0]
    assert (await (await _as(box, "zoe")).told("/sections?include[]=students"))[0].get("students") is None
    groups = await teacher.all("/groups?include[]=users&per_page=3")
    harbour = next(one for one in groups if one["name"] == "Team Harbour")
    assert {one["id"] for one in await teacher.all(f"/api/v1/groups/{harbour['id']}/users")} == {
        one["id"] for one in harbour["users"]
    }
    categories = await teacher.all("/group_categories")
    [projects] = [one for one in categories if one["name"] == "Project teams"]
    inside = await teacher.all(f"/api/v1/group_categories/{projects['id']}/groups")
    assert {one["name"] for one in inside} == {"Team Harbour", "Team Orchard"}
    mine = await (await _as(box, "layla")).all("/groups")
    assert [one["name"] for one in mine] == ["Team Orchard"]
    assert (await (await _as(box, "layla")).ask(f"/api/v1/groups/{harbour['id']}/users")).status_code == 401


async def test_who_left_keeps_their_grades(box: Box, teacher: At) -> None:
    async with box.platform.store.writing() as session:
        left = update(Enrolment).where(Enrolment.person_id == box.people["declan"].id)
        await session.execute(left.values(active=False))
    path = f"/students/submissions?student_ids[]=all&assignment_ids[]={box.key(ONE)}&per_page=100"
    everybody = _by_user(await teacher.all(path))
    assert everybody[box.people["declan"].id]["score"] == 1.0
    assert box.people["declan"].id not in _by_user(await teacher.all(f"{path}&enrollment_state=active"))
    assert len(await teacher.all("/enrollments?state[]=inactive")) == 1
    who = {
        state: len(await teacher.all(f"/users?enrollment_type[]=student{state}"))
        for state in ("", "&enrollment_state[]=inactive", "&enrollment_state[]=inactive&enrollment_state[]=active")
    }
    assert list(who.values()) == [5, 1, 6]
    assert (await (await _as(box, "declan")).ask("/modules")).status_code == 401


async def test_a_store_from_before_there_were_sections_gets_them(box: Box) -> None:
    async with box.platform.store.writing() as session:
        await session.execute(delete(CourseSection))
    old = Store(box.platform.settings.database)
    await old.open()
    async with old.reading() as session:
        [section] = await sections(session, box.course.id)
        placed = await section_ids_of(session, box.course.id)
    await old.close()
    assert (section.name, set(placed.values())) == (box.course.name, {section.id})


# --- Dates of single students ------------------------------------------------------------------------------------------


async def _give(at: At, title: str, body: dict[str, Any]) -> Any:
    return await at.send("POST", f"/assignments/{at.box.key(title)}/overrides", json={"assignment_override": body})


async def test_other_dates_for_a_student_are_given_changed_and_taken_back(box: Box, teacher: At) -> None:
    zoe, there = box.people["zoe"].id, f"/assignments/{box.key(BUY)}/overrides"
    form = {
        "assignment_override[student_ids][]": str(zoe),
        "assignment_override[title]": "More time",
        "assignment_override[due_at]": "2027-03-01T12:00:00Z",
        "assignment_override[lock_at]": "",
    }
    made = await teacher.send("POST", there, data=form)
    assert made.status_code == 201
    override = made.json()
    assert (override["student_ids"], override["due_at"]) == ([zoe], "2027-03-01T12:00:00Z")
    assert (override["lock_at"], "unlock_at" in override) == (None, False)
    assert await teacher.all(there) == [override]
    assert (await teacher.told(f"/assignments/{box.key(BUY)}?include[]=overrides"))["overrides"] == [override]
    mine, others = await _as(box, "zoe"), await _as(box, "declan")
    assert (await mine.told(f"/assignments/{box.key(BUY)}"))["due_at"] == "2027-03-01T12:00:00Z"
    assert (await others.told(f"/assignments/{box.key(BUY)}"))["due_at"] != "2027-03-01T12:00:00Z"
    assert (await mine.all(there), await others.all(there)) == ([override], [])
    row = await teacher.told(f"/assignments/{box.key(BUY)}/submissions/{zoe}")
    assert row["cached_due_date"] == "2027-03-01T12:00:00Z"
    # What is not said again is not another any more; the students stay.
    changed = await teacher.send("PUT", f"{there}/{override['id']}", json={"assignment_override": {"unlock_at": None}})
    assert ("due_at" in changed.json(), changed.json()["student_ids"]) == (False, [zoe])
    assert (await mine.send("DELETE", f"{there}/{override['id']}")).status_code == 401
    assert (await teacher.send("DELETE", f"{there}/{override['id']}")).json() == changed.json()
    assert await teacher.all(there) == []
    assert (await teacher.send("DELETE", f"{there}/{override['id']}")).status_code == 404


async def test_a_student_is_in_one_override_of_their_own(box: Box, teacher: At) -> None:
    zoe, declan = box.people["zoe"].id, box.people["declan"].id
    first = (await _give(teacher, BUY, {"student_ids": [zoe], "due_at": "2027-03-01T12:00:00Z"})).json()
    assert first["title"] == "1 student"
    refused = await _give(teacher, BUY, {"student_ids": [declan, zoe]})
    assert (refused.status_code, "errors" in refused.json()) == (400, True)
    assert (await _give(teacher, RECIPE, {"student_ids": [zoe]})).status_code == 201
    other = (await _give(teacher, BUY, {"student_ids": [declan]})).json()
    path = f"/assignments/{box.key(BUY)}/overrides/{other['id']}"
    again = {"assignment_override": {"student_ids": [declan, zoe]}}
    assert (await teacher.send("PUT", path, json=again)).status_code == 400
    assert (await teacher.told(path))["student_ids"] == [declan]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param({}, "one of student_ids, group_id, or course_section_id is required", id="nobody"),
        pytest.param({"student_ids": []}, "invalid student_ids", id="no-student"),
        pytest.param({"student_ids": ["999999"]}, "unknown student ids", id="an-unknown-student"),
        pytest.param({"group_id": 1}, "group_id is not valid for non-group assignments", id="a-group"),
        pytest.param({"course_section_id": 999}, "unknown section id", id="an-unknown-section"),
        pytest.param({"student_ids": "all", "due_at": "soon"}, "invalid due_at", id="no-date"),
    ],
)
async def test_an_override_that_cannot_be(teacher: At, body: dict[str, Any], words: str) -> None:
    answer = await _give(teacher, BUY, body)
    assert answer.status_code == 400
    assert any(words in error for error in answer.json()["errors"])


async def test_a_section_has_its_dates_and_a_students_own_go_first(box: Box, teacher: At) -> None:
    second = (await teacher.all("/sections"))[1]
    given = await _give(teacher, BUY, {"course_section_id": second["id"], "due_at": "2027-01-01T00:00:00Z"})
    assert (given.status_code, given.json()["title"]) == (201, "Period 2")
    assert (await _give(teacher, BUY, {"course_section_id": second["id"]})).status_code == 400
    await _give(teacher, BUY, {"student_ids": [box.people["mateo"].id], "due_at": "2026-12-01T00:00:00Z"})
    dues = {}
    for login in ("layla", "mateo"):
        dues[login] = (await (await _as(box, login)).told(f"/assignments/{box.key(BUY)}"))["due_at"]
    assert dues == {"layla": "2027-01-01T00:00:00Z", "mateo": "2026-12-01T00:00:00Z"}


async def test_a_date_that_has_gone_by_locks(box: Box, teacher: At) -> None:
    student = await _as(box, "zoe")
    past = (box.clock.now() - timedelta(days=1)).isoformat()
    await _give(teacher, BUY, {"student_ids": [box.people["zoe"].id], "lock_at": past})
    assert (await student.told(f"/assignments/{box.key(BUY)}"))["locked_for_user"] is True
    assert (await (await _as(box, "declan")).told(f"/assignments/{box.key(BUY)}"))["locked_for_user"] is False


# --- Ids ---------------------------------------------------------------------------------------------------------------


async def test_ids_can_be_too_large_for_javascript(tmp_path: Path) -> None:
    async with boxed(tmp_path, first_id=2**53 + 1) as large:
        at = At(large, await large.token("rivera"))
        async with at.http:
            assert large.course.id == 2**53 + 1
            answer = await at.ask("/modules?include[]=items", headers={"Accept": STRING_IDS})
            [first, *_] = answer.json()
            assert first["id"] == str(2**53 + 1)
            assert len({float(item["id"]) for item in first["items"]}) < len({item["id"] for item in first["items"]})
            rows = await at.all(f"/students/submissions?student_ids[]={large.id('zoe')}&per_page=100")
            assert all(0 < row["id"] < 2**63 for row in rows)
