"""What Canvas's gradebook says, against answers as Canvas gives them, traps included."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import httpx
import pytest

from lti_tool.platforms.canvas_people import STUDENTS_AT_ONCE
from lti_tool.platforms.canvas_results import ASSIGNMENTS_AT_ONCE
from lti_tool.platforms.native import (
    ApiCourseNotFound,
    NativeResult,
    NativeResults,
    NoResult,
)
from tests.platforms.fake_canvas import COURSE, Canvas, assignment, rows, submission

AT = datetime(2026, 9, 2, 10, tzinfo=UTC)


async def gradebook(canvas: Canvas, *submissions: Any, **points: Any) -> NativeResults:
    canvas.on(f"{COURSE}/assignments", rows(assignment(5, **points)))
    canvas.on(f"{COURSE}/students/submissions", rows(*submissions))
    return await canvas.api().read_results("17", ["5"], ["40"])


async def results(canvas: Canvas, *submissions: Any, **points: Any) -> list[NativeResult]:
    return list((await gradebook(canvas, *submissions, **points)).results)


async def test_a_graded_submission_is_a_percentage() -> None:
    expected = NativeResult("5", "40", 80.0, AT, earned=Decimal("8.0"), possible=Decimal("10.0"))
    assert await results(Canvas(), submission()) == [expected]


async def test_lateness_takes_nothing_off_what_somebody_knows() -> None:
    (result,) = await results(Canvas(), submission(score=6.0, entered_score=8.0, late=True))
    assert result.percent == 80


async def test_points_are_those_before_the_late_policy_took_some() -> None:
    (result,) = await results(Canvas(), submission(score=6.3, entered_score=8.4, late=True, points_deducted=2.1))
    assert (result.earned, result.possible, result.late) == (Decimal("8.4"), Decimal(10), True)


async def test_work_happened_when_it_was_handed_in_not_when_it_was_graded() -> None:
    (handed_in,) = await results(Canvas(), submission(submitted_at="2026-08-20T09:00:00Z", attempt=1))
    assert handed_in.happened_at == datetime(2026, 8, 20, 9, tzinfo=UTC)
    assert handed_in.at == AT
    (on_paper,) = await results(Canvas(), submission(submitted_at=None, attempt=None))
    assert on_paper.happened_at == AT
    assert on_paper.attempt is None


async def test_a_quiz_that_keeps_the_highest_score_shows_it_beside_the_latest_attempt() -> None:
    """The entry says attempt 2 with the 9 points of attempt 1; only the history tells what attempt 2 was worth."""
    history = [
        {"attempt": 1, "score": 9, "entered_score": 9, "workflow_state": "graded", "graded_at": "2026-09-01T10:00:00Z"},
        {"attempt": 2, "score": 4, "entered_score": 4, "workflow_state": "graded", "graded_at": "2026-09-02T10:00:00Z"},
    ]
    found = await gradebook(Canvas(), submission(score=9, entered_score=9, attempt=2, submission_history=history))
    assert [(one.attempt, one.earned) for one in found.results] == [(2, Decimal(9))]
    assert [(one.attempt, one.earned) for one in found.attempts] == [(1, Decimal(9)), (2, Decimal(4))]


async def test_a_teacher_who_grades_a_quiz_over_grades_its_latest_attempt() -> None:
    """The history keeps what the quiz itself had found; who graded later, and by hand, knows better."""
    history = [
        {"attempt": n, "score": score, "workflow_state": "graded", "graded_at": f"2026-09-01T1{n}:00:00Z"}
        for n, score in ((1, 9), (2, 4))
    ]
    row = submission(score=7, entered_score=7, attempt=2, submission_history=history)
    by_hand = await gradebook(Canvas(), row | {"grader_id": 12})
    assert [(one.attempt, one.earned) for one in by_hand.attempts] == [(1, Decimal(9)), (2, Decimal(7))]
    for grader in (-3, None, True):
        by_itself = await gradebook(Canvas(), row | {"grader_id": grader})
        assert [(one.attempt, one.earned) for one in by_itself.attempts] == [(1, Decimal(9)), (2, Decimal(4))]


def quiz_attempt(number: int, score: float, **more: Any) -> dict[str, Any]:
    """As Canvas tells one at a classic quiz: what the quiz knows of it, over the entry as it is now."""
    entry = submission(entered_score=9.0, entered_grade="9", grade="9", attempt=2, submission_type="online_quiz")
    at = f"2026-09-01T1{number}:00:00Z"
    finished = {"attempt": number, "score": score, "submitted_at": at, "graded_at": at, "workflow_state": "complete"}
    return entry | finished | more


async def test_attempts_at_a_classic_quiz_are_complete_and_told_saving_by_saving_the_latest_first() -> None:
    history = [
        quiz_attempt(2, 4.0),
        quiz_attempt(2, 1.0, workflow_state="pending_review"),
        quiz_attempt(1, 9.0),
        # Before a question was regraded.
        quiz_attempt(1, 6.0),
        None,
    ]
    found = await gradebook(Canvas(), submission(score=9, entered_score=9, attempt=2, submission_history=history))
    assert [(one.attempt, one.earned) for one in found.attempts] == [(1, Decimal(9)), (2, Decimal(4))]
    assert [one.at.hour for one in found.attempts] == [11, 12]


async def test_an_attempt_that_is_under_way_or_waits_for_a_teacher_is_none() -> None:
    """Canvas shows the kept score beside an attempt that has none yet."""
    under_way = quiz_attempt(3, 9.0, workflow_state="untaken", submitted_at=None, graded_at=None)
    history = [under_way, quiz_attempt(2, 1.0, workflow_state="pending_review"), quiz_attempt(1, 9.0)]
    found = await gradebook(Canvas(), submission(score=9, entered_score=9, attempt=2, submission_history=history))
    assert [(one.attempt, one.earned) for one in found.attempts] == [(1, Decimal(9))]


async def test_a_quiz_without_a_time_limit_was_answered_when_it_was_handed_in() -> None:
    history = [quiz_attempt(1, 9.0, graded_at=None)]
    found = await gradebook(Canvas(), submission(attempt=1, submission_history=history))
    assert [one.at for one in found.attempts] == [datetime(2026, 9, 1, 11, tzinfo=UTC)]


async def test_an_essay_that_a_teacher_graded_does_not_make_the_latest_attempt_the_best() -> None:
    """The entry names the teacher and keeps the highest score, which is that of the attempt before."""
    history = [quiz_attempt(2, 4.0), quiz_attempt(1, 9.0)]
    row = submission(score=9, entered_score=9, attempt=2, grader_id=12, submission_history=history)
    found = await gradebook(Canvas(), row)
    assert [(one.attempt, one.earned) for one in found.attempts] == [(1, Decimal(9)), (2, Decimal(4))]


async def test_without_its_history_an_entry_is_its_only_attempt() -> None:
    """A key that does not allow include parameters leaves it out without a word."""
    for history in (None, [], "none", [{"attempt": None}, 3]):
        found = await gradebook(Canvas(), submission(attempt=2, submission_history=history))
        assert found.attempts == found.results


async def test_what_was_handed_in_again_waits_and_its_earlier_attempt_counts() -> None:
    """Canvas shows the old score beside the new work until somebody grades it."""
    first = {"attempt": 1, "score": 5, "workflow_state": "graded", "graded_at": "2026-09-01T10:00:00Z"}
    again = {"attempt": 2, "score": 5, "workflow_state": "submitted", "submitted_at": "2026-09-03T10:00:00Z"}
    found = await gradebook(
        Canvas(),
        submission(workflow_state="submitted", submitted_at="2026-09-03T10:00:00Z", submission_history=[first, again]),
    )
    assert found.results == ()
    assert [(one.attempt, one.earned) for one in found.attempts] == [(1, Decimal(5))]
    assert [gap.why for gap in found.gaps] == [NoResult.WAITING]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"excused": True}, NoResult.EXCUSED),
        ({"missing": True, "score": 0, "entered_score": 0}, NoResult.MISSING),
        ({"score": 0, "entered_score": 0, "submitted_at": None}, NoResult.BLANK),
        ({"score": None, "entered_score": None}, NoResult.UNGRADED),
        ({"workflow_state": "unsubmitted"}, NoResult.UNGRADED),
        ({"workflow_state": "pending_review", "submitted_at": "2026-09-01T10:00:00Z"}, NoResult.WAITING),
        ({"posted_at": None}, NoResult.HIDDEN),
    ],
)
async def test_what_is_no_result_says_why(row: dict[str, Any], why: NoResult) -> None:
    found = await gradebook(Canvas(), submission(**row))
    assert (found.results, found.attempts) == ((), ())
    assert [gap.why for gap in found.gaps] == [why]


async def test_an_excuse_holds_for_every_attempt() -> None:
    history = [{"attempt": 1, "score": 9, "workflow_state": "graded", "graded_at": "2026-09-01T10:00:00Z"}]
    found = await gradebook(Canvas(), submission(excused=True, submission_history=history))
    assert found.attempts == ()


async def test_a_zero_on_paper_is_a_result_and_a_zero_for_nothing_handed_in_is_none() -> None:
    """A teacher who types 0 for missing work says nothing of what the student knows."""
    nothing = submission(score=0, entered_score=0, submitted_at=None)
    assert await results(Canvas(), nothing, submission_types=["online_upload", "online_url"]) == []
    for types in (["on_paper"], ["none"], ["external_tool"], ["online_upload", "on_paper"]):
        (zero,) = await results(Canvas(), nothing, submission_types=types)
        assert zero.earned == 0


async def test_extra_credit_goes_beyond_and_zero_is_a_result() -> None:
    assert [one.percent for one in await results(Canvas(), submission(entered_score=12))] == [120]
    assert [one.percent for one in await results(Canvas(), submission(entered_score=0))] == [0]


@pytest.mark.parametrize(
    "blank",
    [
        {"excused": True},
        {"missing": True, "score": 0, "entered_score": 0},
        {"score": None, "entered_score": None},
        {"workflow_state": "submitted"},
        {"workflow_state": "pending_review", "score": 3},
        {"workflow_state": "unsubmitted"},
        {"posted_at": None},
        {"score": "8", "entered_score": "8"},
        {"score": True, "entered_score": True},
        {"assignment_id": 6},
        {"user_id": None},
        {"graded_at": None, "posted_at": "nonsense"},
    ],
)
async def test_what_is_no_grade_is_no_result(blank: dict[str, Any]) -> None:
    assert await results(Canvas(), submission(**blank)) == []


@pytest.mark.parametrize("points", [0, None])
async def test_an_assignment_without_points_has_no_percentage(points: float | None) -> None:
    canvas = Canvas()
    assert await results(canvas, submission(), points_possible=points) == []
    assert all("submissions" not in request.url.path for request in canvas.asked)


@pytest.mark.parametrize(("people", "named"), [(STUDENTS_AT_ONCE, True), (STUDENTS_AT_ONCE + 1, False)])
async def test_a_few_students_are_asked_for_by_name_and_many_as_the_whole_class(people: int, named: bool) -> None:
    canvas = Canvas()

    def asked_for(request: httpx.Request) -> httpx.Response:
        return rows(*(assignment(int(key)) for key in request.url.params.get_list("assignment_ids[]")))

    canvas.on(f"{COURSE}/assignments", asked_for)
    canvas.on(f"{COURSE}/students/submissions", rows(submission(user_id=1), submission(user_id=999)))
    users = [str(number) for number in range(1, people + 1)]
    keys = [str(number) for number in range(1, ASSIGNMENTS_AT_ONCE + 2)]
    found = await canvas.api().read_results("17", keys, users)
    asked = [request for request in canvas.asked if request.url.path.endswith("submissions")]
    assert len(asked) == 2
    assert {one for request in asked for one in request.url.params.get_list("student_ids[]")} == (
        set(users) if named else {"all"}
    )
    assert {one for request in asked for one in request.url.params.get_list("assignment_ids[]")} == set(keys)
    assert max(len(str(request.url)) for request in asked) < 4500
    # Nobody is told of who was not asked for.
    assert {one.user_id for one in found.results} == {"1"}


async def test_ids_that_are_none_of_canvass_are_not_asked_for() -> None:
    canvas = Canvas().on(f"{COURSE}/assignments", rows(assignment(5)))
    assert await canvas.api().read_results("17", ["5", "quiz/../../"], ["dd8a-uuid"]) == NativeResults()
    assert all("submissions" not in request.url.path for request in canvas.asked)


@pytest.mark.parametrize("course_id", ["", "4dde05e8ca1973bcca9bffc13e1548820eee93a3", "17/../18", "１７"])
async def test_a_course_without_an_id_of_canvass_own_is_not_asked_for(course_id: str) -> None:
    canvas = Canvas()
    with pytest.raises(ApiCourseNotFound):
        await canvas.api().read_contents(course_id)
    assert canvas.asked == []


# --- What changed since ------------------------------------------------------------------------------------------------


async def since(canvas: Canvas, graded: list[Any], submitted: list[Any]) -> NativeResults:
    def changed(request: httpx.Request) -> httpx.Response:
        return rows(*(graded if "graded_since" in request.url.params else submitted))

    canvas.on(f"{COURSE}/assignments", rows(assignment(5))).on(f"{COURSE}/students/submissions", changed)
    batches = [batch async for batch in canvas.api().results("17", ["5"], ["40", "41"], since=AT)]
    return NativeResults(
        tuple(one for batch in batches for one in batch.results),
        (),
        tuple(one for batch in batches for one in batch.gaps),
    )


async def test_what_was_graded_or_handed_in_since_is_asked_for_from_the_second_before() -> None:
    """Canvas tells what is later than the moment it is given; what happened in that very second is not to be missed."""
    canvas = Canvas()
    waiting = submission(user_id=41, workflow_state="submitted", submitted_at="2026-09-02T10:00:00Z")
    found = await since(canvas, [submission()], [waiting])
    assert [one.user_id for one in found.results] == ["40"]
    assert [(gap.user_id, gap.why) for gap in found.gaps] == [("41", NoResult.WAITING)]
    asked = [request.url.params for request in canvas.asked if request.url.path.endswith("submissions")]
    assert [(one.get("graded_since"), one.get("submitted_since")) for one in asked] == [
        ("2026-09-02T09:59:59Z", None),
        (None, "2026-09-02T09:59:59Z"),
    ]


async def test_who_handed_in_and_was_graded_since_is_told_once() -> None:
    found = await since(Canvas(), [submission()], [submission()])
    assert len(found.results) == 1


async def test_a_moment_in_another_zone_is_the_same_moment() -> None:
    canvas = Canvas().on(f"{COURSE}/assignments", rows(assignment(5))).on(f"{COURSE}/students/submissions", rows())
    moment = AT.astimezone(timezone(timedelta(hours=-7)))
    assert [batch async for batch in canvas.api().results("17", ["5"], ["40"], since=moment)]
    assert canvas.asked[-1].url.params["submitted_since"] == "2026-09-02T09:59:59Z"


async def test_an_assignment_that_is_not_published_is_not_asked_for() -> None:
    """Canvas refuses a whole question for grades that names one."""
    canvas = Canvas().on(f"{COURSE}/assignments", rows(assignment(5), assignment(6, published=False)))
    canvas.on(f"{COURSE}/students/submissions", rows(submission()))
    await canvas.api().read_results("17", ["5", "6", "7"], ["40"])
    assert canvas.asked[-1].url.params.get_list("assignment_ids[]") == ["5"]


async def test_an_assignment_that_was_deleted_does_not_take_the_others_along() -> None:
    """Canvas refuses the whole question that names it."""
    canvas = Canvas().on(
        f"{COURSE}/assignments",
        httpx.Response(400, json={"message": "Invalid assignment_ids: 6"}),
        rows(assignment(4), assignment(5)),
    )
    canvas.on(f"{COURSE}/students/submissions", rows(submission()))
    found = await canvas.api().read_results("17", ["5", "6"], ["40"])
    assert [one.result_key for one in found.results] == ["5"]
    assert "assignment_ids[]" not in canvas.asked[1].url.params
    assert canvas.asked[-1].url.params.get_list("assignment_ids[]") == ["5"]


async def test_what_students_wrote_is_not_asked_for() -> None:
    canvas = Canvas()
    await results(canvas, submission())
    assert {"body", "attachments", "url"} <= set(canvas.asked[-1].url.params.get_list("exclude_response_fields[]"))
