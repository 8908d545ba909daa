"""Canvas's REST API, learning outcomes: of a course, what belongs to them, how students did (outcome_results_controller.rb)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse

from lti_tool.sandbox.canvas_access import (
    Api,
    ApiError,
    Here,
    answer,
    enter,
    missing,
    number,
    numbered,
    numbered_rows,
    numbers,
    one_person,
)
from lti_tool.sandbox.canvas_models import Outcome, OutcomeAlignment, OutcomeResult
from lti_tool.sandbox.canvas_rows import moment
from lti_tool.sandbox.canvas_sections import section_ids_of
from lti_tool.sandbox.canvas_work_rows import Work, read_standing, work
from lti_tool.sandbox.models import Person
from lti_tool.sandbox.store import roster

router = APIRouter(prefix="/api/v1")


@dataclass(frozen=True)
class Known:
    """The outcomes of a course, what belongs to them, and the rated work that the caller may see."""

    here: Here
    found: Work
    outcomes: Sequence[Outcome]
    alignments: Sequence[OutcomeAlignment]
    results: Sequence[OutcomeResult]

    @property
    def assessed(self) -> set[int]:
        """The outcomes that somebody was rated on."""
        return {one.outcome_id for one in self.results}

    def asset(self, assignment_id: int) -> str:
        """How results name what they came from: a classic quiz through the bank of questions that is aligned, everything else as
        the assignment it is. The assignment itself is named beside it either way.
        """
        if assignment_id not in self.found.quizzes:
            return f"assignment_{assignment_id}"
        return f"assessment_question_bank_{assignment_id}"


async def _known(session: AsyncSession, here: Here) -> Known:
    rows = await session.scalars(select(Outcome).where(Outcome.course_id == here.course.id).order_by(Outcome.id))
    outcomes = rows.all()
    ids = [one.id for one in outcomes]
    alignments = await session.scalars(
        select(OutcomeAlignment).where(OutcomeAlignment.outcome_id.in_(ids)).order_by(OutcomeAlignment.id)
    )
    results = await session.scalars(
        select(OutcomeResult).where(OutcomeResult.outcome_id.in_(ids)).order_by(OutcomeResult.id)
    )
    known = Known(here, await work(session, here), outcomes, alignments.all(), results.all())
    await read_standing(session, known.found, {one.assignment_id for one in known.results})
    return known


# --- Outcomes ----------------------------------------------------------------------------------------------------------


@router.get("/courses/{course_id}/outcome_groups")
async def groups(request: Request, course_id: str, caller: Api) -> JSONResponse:
    """The groups that outcomes stand in: the course's own, in which all are."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
    return numbered(request, caller, [_group(here, full=True)])


def _group(here: Here, *, full: bool = False) -> dict[str, Any]:
    group_id = here.course.id
    path = f"/api/v1/courses/{here.course.id}/outcome_groups/{group_id}"
    shown: dict[str, Any] = {
        "id": group_id,
        "title": here.course.name,
        "vendor_guid": None,
        "url": path,
        "subgroups_url": f"{path}/subgroups",
        "outcomes_url": f"{path}/outcomes",
        "can_edit": here.teaches,
    }
    if full:
        shown |= {
            "context_id": here.course.id,
            "context_type": "Course",
            "description": "",
            "import_url": f"{path}/import",
        }
    return shown


@router.get("/courses/{course_id}/outcome_group_links")
async def links(
    request: Request, course_id: str, caller: Api, outcome_style: str = "abbrev", outcome_group_style: str = "abbrev"
) -> JSONResponse:
    """Every outcome of the course in its group; with ``outcome_style=full`` what it is about, its points and its levels."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        known = await _known(session, here)
    shown = [
        {
            "url": f"/api/v1/courses/{here.course.id}/outcome_groups/{here.course.id}/outcomes/{one.id}",
            "context_id": here.course.id,
            "context_type": "Course",
            "outcome_group": _group(here, full=outcome_group_style == "full"),
            "outcome": _outcome(known, one, full=outcome_style != "abbrev"),
            "can_unlink": False,
            "assessed": one.id in known.assessed,
        }
        for one in known.outcomes
    ]
    return numbered(request, caller, shown)


@router.get("/outcomes/{id}")
async def one_outcome(request: Request, id: str, caller: Api) -> JSONResponse:  # noqa: A002 - Canvas's scope has this name.
    """An outcome."""
    async with caller.platform.store.reading() as session:
        outcome = await session.get(Outcome, number(id))
        if outcome is None:
            raise missing()
        here = await enter(session, caller, str(outcome.course_id))
        known = await _known(session, here)
    return answer(request, caller, _outcome(known, outcome, full=True))


def _outcome(known: Known, one: Outcome, *, full: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": one.id,
        "context_type": "Course",
        "context_id": one.course_id,
        "vendor_guid": one.guid,
        "display_name": one.display_name,
        "title": one.title,
        "url": f"/api/v1/outcomes/{one.id}",
        "can_edit": known.here.teaches,
        "has_updateable_rubrics": False,
    }
    if full:
        shown |= {
            "description": one.description,
            "friendly_description": None,
            "calculation_method": "highest",
            "points_possible": one.points_possible,
            "mastery_points": one.mastery_points,
            "ratings": one.ratings,
            "assessed": one.id in known.assessed,
        }
    return shown


@router.get("/courses/{course_id}/outcome_alignments")
async def alignments(
    request: Request, course_id: str, caller: Api, student_id: str = "", assignment_id: str = ""
) -> JSONResponse:
    """What belongs to outcomes, as far as it is assigned to a student; without one, and without an assignment, a refusal."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        if not student_id and not assignment_id:
            return answer(request, caller, {"message": "student_id is required"}, status=400)
        if student_id:
            person = await one_person(session, caller, student_id)
            if person is None:
                raise missing()
            here.demand_work_of(person.id)
        known = await _known(session, here)
    shown = []
    for one in known.alignments:
        row = known.found.assignment(one.assignment_id)
        if row is None or not row.published or (assignment_id and assignment_id != str(row.id)):
            continue
        shown.append(
            {
                "id": one.id,
                "learning_outcome_id": one.outcome_id,
                "title": row.name,
                "assignment_id": row.id,
                "submission_types": "external_tool" if known.found.is_new_quiz(row.id) else row.submission_type,
                "url": f"{here.web}/assignments/{row.id}",
            }
        )
    return answer(request, caller, shown)


# --- Results -----------------------------------------------------------------------------------------------------------


async def _people(session: AsyncSession, request: Request, here: Here) -> Sequence[Person]:
    """The students that are asked for; a mistake if one of them is none here, or hidden from the caller."""
    students = [row.person for row in await roster(session, here.course.id, "student")]
    asked = request.query_params.getlist("user_ids[]")
    if not asked:
        if here.work_of is not None:
            raise here.caller.forbidden()
        return students
    ids = numbers(asked)
    if here.work_of is not None and ids - here.work_of:
        raise here.caller.forbidden()
    found = [one for one in students if one.id in ids]
    if len(found) < len(ids):
        raise ApiError(
            400,
            "can only include id's of users in the context",
            body={"message": "can only include id's of users in the context"},
        )
    return found


def _wanted(request: Request, known: Known) -> Sequence[Outcome]:
    asked = request.query_params.getlist("outcome_ids[]")
    if not asked:
        return known.outcomes
    ids = numbers(asked)
    found = [one for one in known.outcomes if one.id in ids]
    if len(found) < len(ids):
        words = "can only include id's of outcomes in the outcome context"
        raise ApiError(400, words, body={"message": words})
    return found


@router.get("/courses/{course_id}/outcome_results")
async def results(request: Request, course_id: str, caller: Api) -> JSONResponse:
    """How students did on outcomes, of ``user_ids[]`` and ``outcome_ids[]``; the list is wrapped, and paged all the same.

    What New Quizzes rated is kept by another service of Canvas's and not told here.
    """
    includes = caller.includes(request)
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        people = await _people(session, request, here)
        known = await _known(session, here)
    ids = {one.id for one in people}
    wanted = {one.id: one for one in _wanted(request, known)}
    rows = [
        one
        for one in known.results
        if one.person_id in ids and one.outcome_id in wanted and not known.found.is_new_quiz(one.assignment_id)
    ]
    page, headers = numbered_rows(request, caller, rows)
    body: dict[str, Any] = {"outcome_results": [_result(known, wanted[one.outcome_id], one) for one in page]}
    if includes:
        body["linked"] = _linked(known, includes, people, list(wanted.values()))
    return answer(request, caller, body, headers)


def _result(known: Known, outcome: Outcome, one: OutcomeResult) -> dict[str, Any]:
    submission = known.found.submissions.get((one.person_id, one.assignment_id))
    return {
        "id": one.id,
        "score": one.score,
        "possible": one.possible,
        "percent": round(one.score / one.possible, 4) if one.possible else None,
        "mastery": one.score >= outcome.mastery_points,
        "hide_points": False,
        "hidden": False,
        "submitted_or_assessed_at": moment((submission.submitted_at if submission else None) or one.at),
        "links": {
            "user": str(one.person_id),
            "learning_outcome": str(one.outcome_id),
            "alignment": known.asset(one.assignment_id),
            "assignment": f"assignment_{one.assignment_id}",
        },
    }


def _linked(known: Known, includes: set[str], people: Sequence[Person], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    linked: dict[str, Any] = {}
    if "outcomes" in includes:
        linked["outcomes"] = [
            {**_outcome(known, one, full=True), "alignments": _assets_of(known, one)} for one in outcomes
        ]
    if includes & {"alignments", "outcomes.alignments"}:
        shown = [_alignment(known, one.assignment_id) for one in known.alignments]
        unique = {one["id"]: one for one in shown}
        for name in includes & {"alignments", "outcomes.alignments"}:
            linked[name] = list(unique.values())
    if "users" in includes:
        linked["users"] = [
            {"id": str(one.id), "name": one.name, "display_name": one.name, "sortable_name": one.sortable_name}
            for one in people
        ]
    if "courses" in includes:
        linked["courses"] = [{"id": str(known.here.course.id), "name": known.here.course.name}]
    return linked


def _assets_of(known: Known, outcome: Outcome) -> list[str]:
    return [known.asset(one.assignment_id) for one in known.alignments if one.outcome_id == outcome.id]


def _alignment(known: Known, assignment_id: int) -> dict[str, Any]:
    row = known.found.assignment(assignment_id)
    return {
        "id": known.asset(assignment_id),
        "name": row.name if row else "",
        "html_url": f"{known.here.web}/assignments/{assignment_id}",
    }


@router.get("/courses/{course_id}/outcome_rollups")
async def rollups(request: Request, course_id: str, caller: Api, aggregate: str = "") -> JSONResponse:
    """What counts of each student's results on each outcome: the highest. ``aggregate=course`` is everybody's mean."""
    query, includes = request.query_params, caller.includes(request)
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        people = await _people(session, request, here)
        known = await _known(session, here)
        placed = await section_ids_of(session, here.course.id)
    outcomes = _wanted(request, known)
    best = _best(known)
    if aggregate == "course":
        rows = [_mean(known, outcomes, people, best, median=query.get("aggregate_stat") == "median")]
        headers: Mapping[str, str] = {}
    else:
        if "missing_user_rollups" in query.getlist("exclude[]"):
            people = [one for one in people if any((one.id, each.id) in best for each in outcomes)]
        page, headers = numbered_rows(request, caller, people)
        rows = [_rollup(one, outcomes, best, placed) for one in page]
    body: dict[str, Any] = {"rollups": rows}
    if includes:
        body["linked"] = _linked(known, includes, people, outcomes)
    return answer(request, caller, body, headers)


Best = Mapping[tuple[int, int], tuple[OutcomeResult, int]]


def _best(known: Known) -> Best:
    """By person and outcome: the result that counts, and how many there are."""
    best: dict[tuple[int, int], tuple[OutcomeResult, int]] = {}
    for one in known.results:
        if known.found.is_new_quiz(one.assignment_id):
            continue
        before, count = best.get((one.person_id, one.outcome_id), (one, 0))
        best[one.person_id, one.outcome_id] = (one if one.score > before.score else before, count + 1)
    return best


def _rollup(person: Person, outcomes: Sequence[Outcome], best: Best, placed: Mapping[int, int]) -> dict[str, Any]:
    scores = []
    for outcome in outcomes:
        if (found := best.get((person.id, outcome.id))) is not None:
            result, count = found
            scores.append(
                {
                    "score": result.score,
                    "title": None,
                    "submitted_at": moment(result.at),
                    "count": count,
                    "hide_points": False,
                    "links": {"outcome": str(outcome.id)},
                }
            )
    return {
        "scores": scores,
        "links": {"user": str(person.id), "section": str(placed.get(person.id, 0)), "status": "active"},
    }


def _mean(
    known: Known, outcomes: Sequence[Outcome], people: Sequence[Person], best: Best, *, median: bool
) -> dict[str, Any]:
    scores = []
    for outcome in outcomes:
        values = sorted(best[one.id, outcome.id][0].score for one in people if (one.id, outcome.id) in best)
        if values:
            middle = (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
            mean = middle if median else sum(values) / len(values)
            scores.append({"score": round(mean, 2), "count": len(values), "links": {"outcome": str(outcome.id)}})
    return {"scores": scores, "links": {"course": str(known.here.course.id)}}


@router.get("/courses/{course_id}/outcome_proficiency")
async def proficiency(request: Request, course_id: str, caller: Api) -> JSONResponse:
    """The course's scale of mastery; missing where none was made, as each outcome has levels of its own."""
    async with caller.platform.store.reading() as session:
        await enter(session, caller, course_id)
    raise missing()
