"""Canvas's outcomes, alignments and ratings."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from lti_tool.platforms.native import ApiNotPermitted, NativeAlignment, NativeOutcome, NativeRating
from tests.platforms.fake_canvas import COURSE, Canvas, assignment, gather, module_item, rows, submission

RUBRIC = [
    {"id": "_1", "points": 5, "outcome_id": 31, "vendor_guid": None},
    {"id": "_2", "points": 10},
    {"id": "_3", "points": 0, "outcome_id": 32, "vendor_guid": None},
]
REFUSED = httpx.Response(401, json={"errors": [{"message": "Insufficient scopes on access token."}]})


def outcome(number: int, title: str = "", **more: Any) -> dict[str, Any]:
    return {"outcome": {"id": number, "title": title} | more}


def result(number: int | None, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "score": 4,
        "possible": 5,
        "percent": 0.9,
        "mastery": True,
        "submitted_or_assessed_at": "2026-09-02T10:00:00Z",
        "links": {"user": "40", "learning_outcome": "31", "alignment": "assignment_5", "assignment": "assignment_5"},
    } | more


def course(*results: dict[str, Any], linked: Any = None, rubric: Any = ()) -> Canvas:
    """A course with two outcomes, an assignment, a quiz in two modules, and these outcome results."""
    canvas = Canvas()
    canvas.on(f"{COURSE}/outcome_group_links", rows(outcome(31, "4.NF.A.2"), outcome(32, "Explains")))
    canvas.on(
        f"{COURSE}/assignments",
        rows(assignment(5, rubric=list(rubric)), assignment(6, quiz_id=60, submission_types=["online_quiz"])),
    )
    quiz = [module_item(number, "Quiz", content_id=60) for number in (11, 21)]
    canvas.on(
        f"{COURSE}/modules", rows({"id": 1, "name": "A", "items": quiz[:1]}, {"id": 2, "name": "B", "items": quiz[1:]})
    )
    body = {"outcome_results": list(results)} | ({} if linked is None else {"linked": linked})
    canvas.on(f"{COURSE}/outcome_results", httpx.Response(200, json=body))
    canvas.on(f"{COURSE}/users", rows({"id": 40}))
    canvas.on(f"{COURSE}/outcome_alignments", rows())
    return canvas.on(f"{COURSE}/students/submissions", rows())


async def ratings(canvas: Canvas, *outcomes: str) -> list[NativeRating]:
    return await gather(canvas.api().ratings("17", outcomes or ("31", "32"), ["40"]))


# --- Outcomes ------------------------------------------------------------------------------------------------------------


async def test_an_outcome_has_all_names_it_can_be_known_by() -> None:
    canvas = course()
    full = outcome(
        31,
        "4.NF.A.2",
        display_name="Compare two fractions",
        vendor_guid="8A2C3E1C-7053",
        description="<p>Compare &amp; order</p><p>two <b>fractions</b></p><script>x()</script>",
    )
    canvas.on(
        f"{COURSE}/outcome_group_links", rows(full, full, outcome(32, "Explains own thinking"), {"outcome": None}, {})
    )
    found = (await canvas.api().read_outcomes("17")).outcomes
    assert found == (
        NativeOutcome(
            "31",
            "Compare two fractions",
            code="4.NF.A.2",
            description="Compare & order two fractions",
            identifiers=("8A2C3E1C-7053", "4.NF.A.2", "Compare two fractions"),
        ),
        NativeOutcome("32", "Explains own thinking", identifiers=("Explains own thinking",)),
    )


@pytest.mark.parametrize(
    ("title", "code"), [("CCSS.MATH.CONTENT.7.NS.A.1", True), ("MA.3.FR.1.1", True), ("Fractions", False)]
)
async def test_a_code_is_told_from_a_title(title: str, code: bool) -> None:
    canvas = course().on(f"{COURSE}/outcome_group_links", rows(outcome(31, title)))
    (found,) = (await canvas.api().read_outcomes("17")).outcomes
    assert found.code == (title if code else "")


async def test_a_course_without_outcomes_is_asked_no_further() -> None:
    canvas = course().on(f"{COURSE}/outcome_group_links", rows())
    assert (await canvas.api().read_outcomes("17")).outcomes == ()
    assert canvas.paths() == ["outcome_group_links"]


async def test_alignments_are_gathered_from_rubrics_results_and_question_banks() -> None:
    linked = {
        "outcomes": [
            {"id": 32, "alignments": ["assignment_5", "rubric_9", "quiz_404", 3]},
            {"id": 99, "alignments": ["assignment_5"]},
        ]
    }
    canvas = course(linked=linked, rubric=RUBRIC)
    canvas.on(
        f"{COURSE}/outcome_alignments",
        rows({"learning_outcome_id": 31, "assignment_id": 6}, {"learning_outcome_id": 31, "assessment_id": 3}),
    )
    found = await canvas.api().read_outcomes("17")
    assert set(found.alignments) == {
        NativeAlignment("31", "canvas:assignment:5"),
        NativeAlignment("32", "canvas:assignment:5"),
        NativeAlignment("31", "canvas:module-item:11"),
        NativeAlignment("31", "canvas:module-item:21"),
    }
    assert len(found.alignments) == 4


async def test_alignments_that_cannot_be_asked_for_are_missing_and_the_rest_is_there() -> None:
    canvas = course(rubric=RUBRIC).on(f"{COURSE}/outcome_alignments", REFUSED)
    assert (await canvas.api().read_outcomes("17")).alignments == (NativeAlignment("31", "canvas:assignment:5"),)
    with pytest.raises(ApiNotPermitted):
        await course().on(f"{COURSE}/outcome_results", REFUSED).api().read_outcomes("17")


# --- Ratings -------------------------------------------------------------------------------------------------------------


async def test_a_result_is_a_rating_with_its_own_id() -> None:
    assert await ratings(course(result(7))) == [
        NativeRating(
            "outcome-result:7",
            "31",
            "40",
            Decimal("4.0"),
            Decimal("5.0"),
            datetime(2026, 9, 2, 10, tzinfo=UTC),
            mastered=True,
            external_id="canvas:assignment:5",
        )
    ]


async def test_a_quizs_result_is_at_the_quizs_first_place() -> None:
    links = {"user": "40", "learning_outcome": "31", "alignment": "quiz_60"}
    (found,) = await ratings(course(result(7, links=links)))
    assert found.external_id == "canvas:module-item:11"


@pytest.mark.parametrize(
    "odd",
    [
        {"hidden": True},
        {"score": None},
        {"submitted_or_assessed_at": "never"},
        {"links": {"user": "41", "learning_outcome": "31"}},
        {"links": {"user": "40", "learning_outcome": "99"}},
        {"links": None},
    ],
)
async def test_what_is_hidden_or_makes_no_sense_is_left_out(odd: dict[str, Any]) -> None:
    assert await ratings(course(result(7, **odd))) == []


async def test_without_points_the_share_is_what_was_earned() -> None:
    (found,) = await ratings(course(result(7, possible=None)))
    assert (found.earned, found.possible) == (Decimal("0.9"), Decimal(1))


async def test_a_result_of_new_quizzes_without_an_id_is_known_by_what_it_is() -> None:
    (found,) = await ratings(course(result(None)))
    assert found.source_id == "outcome-result:31:40:5"


def assessed(**more: Any) -> dict[str, Any]:
    rubric = {"_1": {"points": 4, "comments": "well done"}, "_2": {"points": 9}, "_3": {"points": 1}}
    return submission(rubric_assessment=rubric) | more


async def test_a_rubrics_criterion_is_a_rating_where_canvas_made_none_of_it() -> None:
    canvas = course(rubric=RUBRIC).on(f"{COURSE}/students/submissions", rows(assessed()))
    (found,) = await ratings(canvas)
    assert (found.source_id, found.outcome_id, found.earned, found.possible) == (
        "rubric:5:40:_1",
        "31",
        Decimal(4),
        Decimal(5),
    )
    assert found.external_id == "canvas:assignment:5"
    asked = canvas.asked[-1].url.params
    assert asked.get_list("assignment_ids[]") == ["5"]
    assert "rubric_assessment" in asked.get_list("include[]")


async def test_a_rubrics_criterion_of_which_canvas_made_a_result_counts_once() -> None:
    canvas = course(result(7), rubric=RUBRIC).on(f"{COURSE}/students/submissions", rows(assessed()))
    assert [one.source_id for one in await ratings(canvas)] == ["outcome-result:7"]


@pytest.mark.parametrize(
    "odd", [{"posted_at": None}, {"excused": True}, {"graded_at": None}, {"rubric_assessment": [1]}]
)
async def test_a_rubric_that_is_not_shown_is_no_rating(odd: dict[str, Any]) -> None:
    canvas = course(rubric=RUBRIC).on(f"{COURSE}/students/submissions", rows(assessed(**odd)))
    assert await ratings(canvas) == []


async def test_rubrics_without_outcomes_are_not_asked_for() -> None:
    canvas = course(result(7))
    await ratings(canvas)
    assert "students/submissions" not in canvas.paths()
    assert await ratings(canvas, "no id") == []


async def test_large_classes_come_in_batches_and_who_left_takes_nobody_along() -> None:
    def some(request: httpx.Request) -> httpx.Response:
        named = request.url.params.get_list("user_ids[]")
        if "99" in named:
            return httpx.Response(400, json={"message": "can only include id's of users in the outcome context"})
        found = [result(int(one), links={"user": one, "learning_outcome": "31"}) for one in named]
        return httpx.Response(200, json={"outcome_results": found})

    people = [str(number) for number in range(1, 100)]
    canvas = (
        course()
        .on(f"{COURSE}/outcome_results", some)
        .on(f"{COURSE}/users", rows(*({"id": int(one)} for one in people[:-1])))
    )
    batches = [batch async for batch in canvas.api().ratings("17", ["31"], people)]
    assert len(batches) == 3
    assert {one.user_id for batch in batches for one in batch} == set(people) - {"99"}
