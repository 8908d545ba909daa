"""Canvas's outcomes, what they are aligned with in a course, and how students were rated on them."""

import html
import re
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import nh3

from lti_tool.platforms import canvas_scopes
from lti_tool.platforms.canvas_contents import read_placed
from lti_tool.platforms.canvas_fields import Row, ids, moment, number, part, parts, row_id, slices, text
from lti_tool.platforms.canvas_grades import rubric_ratings
from lti_tool.platforms.canvas_http import CanvasHttp, NotAccepted, course_path
from lti_tool.platforms.canvas_people import for_students
from lti_tool.platforms.canvas_results import ASSIGNMENTS_AT_ONCE, WITHOUT_WORK
from lti_tool.platforms.canvas_rows import Assignment
from lti_tool.platforms.native import (
    ApiCourseNotFound,
    ApiNotPermitted,
    NativeAlignment,
    NativeOutcome,
    NativeOutcomes,
    NativeRating,
)

LONGEST_DESCRIPTION = 5000

# What people call a standard: 4.NF.A.2, CCSS.MATH.CONTENT.7.NS.A.1, MA.3.FR.1.1.
_CODE = re.compile(r"(?=[^ ]*[0-9])[A-Za-z0-9][A-Za-z0-9.:_/()-]{1,79}")

Places = Mapping[str, tuple[str, ...]]
"""The external ids of an assignment's places in the course, by its id."""

Occasion = tuple[str, str, str]
"""Whom, on which outcome, and for which assignment (or nothing) somebody was rated."""


async def read_outcomes(http: CanvasHttp, course_id: str) -> NativeOutcomes:
    """The outcomes a course uses, its own and its school's, and the items they are aligned with."""
    path = course_path(course_id)
    found: dict[str, NativeOutcome] = {}
    links = http.rows(f"{path}/outcome_group_links", ("outcome_style", "full"), scope=canvas_scopes.OUTCOME_LINKS)
    async for link in links:
        outcome = _outcome(part(link, "outcome"))
        if outcome is not None:
            found.setdefault(outcome.outcome_id, outcome)
    if not found:
        return NativeOutcomes()
    placed = await read_placed(http, course_id)
    places, by_quiz = placed.places(), _by_quiz(placed.assignments)
    pairs = [
        (criterion.outcome_id, assignment.id)
        for assignment in placed.assignments
        for criterion in assignment.criteria.values()
    ]
    pairs += [pair async for pair in _aligned_by_names(http, path, by_quiz)]
    pairs += [pair async for pair in _aligned_for_somebody(http, path)]
    alignments = {
        NativeAlignment(outcome_id, external_id): None
        for outcome_id, assignment_id in pairs
        if outcome_id in found
        for external_id in places.get(assignment_id, ())
    }
    return NativeOutcomes(tuple(found.values()), tuple(alignments))


def _outcome(row: Row) -> NativeOutcome | None:
    outcome_id = row_id(row.get("id"))
    if outcome_id is None:
        return None
    title, friendly = text(row.get("title")), text(row.get("display_name"))
    names = (text(row.get("vendor_guid")), text(row.get("guid")), title, friendly)
    return NativeOutcome(
        outcome_id=outcome_id,
        # Standards have their code as title and, for people, a friendly name.
        title=friendly or title or outcome_id,
        code=title if _CODE.fullmatch(title) else "",
        description=_plain(row.get("description")),
        identifiers=tuple(dict.fromkeys(name for name in names if name)),
    )


def _plain(value: object) -> str:
    """What HTML says, without its markup and in one line."""
    if not isinstance(value, str):
        return ""
    # A tag between two words parts them. Nobody writes more; what is cut is cut before it is looked through.
    written = value[: LONGEST_DESCRIPTION * 4].replace("<", " <")
    return text(" ".join(html.unescape(nh3.clean(written, tags=set())).split()), LONGEST_DESCRIPTION)


def _by_quiz(assignments: Iterable[Assignment]) -> Mapping[str, str]:
    """The assignments' ids by those of the classic quizzes they stand for."""
    return {one.quiz_id: one.id for one in assignments if one.quiz_id is not None}


def _assignment_named(name: object, by_quiz: Mapping[str, str]) -> str | None:
    """The assignment that an alignment names, as in ``assignment_3`` or ``quiz_3``; None for rubrics and question banks."""
    if not isinstance(name, str):
        return None
    kind, _, number_there = name.rpartition("_")
    if kind == "assignment":
        return row_id(number_there)
    return by_quiz.get(number_there) if kind in {"quiz", "quizzes:quiz"} else None


async def _aligned_by_names(http: CanvasHttp, path: str, by_quiz: Mapping[str, str]) -> AsyncIterator[tuple[str, str]]:
    """Outcomes and assignments as the results tell them beside: all that are aligned by a rubric or an assignment itself.

    Nothing when the key does not allow include parameters.
    """
    asked = (("include[]", "outcomes"), ("per_page", "1"))
    answer = await http.answer(f"{path}/outcome_results", *asked, scope=canvas_scopes.OUTCOME_RESULTS)
    for outcome in parts(part(answer, "linked"), "outcomes"):
        outcome_id, names = row_id(outcome.get("id")), outcome.get("alignments")
        for name in names if isinstance(names, list) else ():
            assignment_id = _assignment_named(name, by_quiz)
            if outcome_id is not None and assignment_id is not None:
                yield outcome_id, assignment_id


async def _aligned_for_somebody(http: CanvasHttp, path: str) -> AsyncIterator[tuple[str, str]]:
    """Outcomes and assignments that Canvas tells for a single student: quizzes by their question banks, too.

    It tells them in no other way, and of what this one student was given. One is asked for, as an example.
    """
    try:
        asked = ("enrollment_type[]", "student")
        some = await http.page(f"{path}/users", asked, scope=canvas_scopes.USERS, most=1)
        student = row_id(some[0].get("id")) if some else None
        if student is None:
            return
        rows = http.rows(f"{path}/outcome_alignments", ("student_id", student), scope=canvas_scopes.OUTCOME_ALIGNMENTS)
        async for row in rows:
            # Canvas's documentation calls it id, and Canvas learning_outcome_id.
            outcome_id = row_id(row.get("learning_outcome_id")) or row_id(row.get("id"))
            assignment_id = row_id(row.get("assignment_id"))
            if outcome_id is not None and assignment_id is not None:
                yield outcome_id, assignment_id
    except (ApiNotPermitted, ApiCourseNotFound, NotAccepted):
        return


# --- Ratings -------------------------------------------------------------------------------------------------------------


async def read_ratings(
    http: CanvasHttp, course_id: str, outcome_ids: Collection[str], user_ids: Collection[str]
) -> AsyncIterator[tuple[NativeRating, ...]]:
    """How students were rated, some students at a time; see ``CanvasApi.ratings``."""
    path = course_path(course_id)
    wanted = set(ids(outcome_ids))
    if not wanted or not ids(user_ids):
        return
    placed = await read_placed(http, course_id)
    places, by_quiz = placed.places(), _by_quiz(placed.assignments)
    by_rubric = {
        one.id: one
        for one in placed.assignments
        if one.published and any(criterion.outcome_id in wanted for criterion in one.criteria.values())
    }

    async def ask(some: Sequence[str]) -> list[NativeRating]:
        found: dict[str, NativeRating] = {}
        occasions: set[Occasion] = set()
        asked = [("user_ids[]", one) for one in some]
        pages = http.pages(
            f"{path}/outcome_results", *asked, scope=canvas_scopes.OUTCOME_RESULTS, inside="outcome_results"
        )
        async for page in pages:
            for row in page:
                rating, assignment_id = _rating(row, places, by_quiz)
                if rating is not None and rating.outcome_id in wanted and rating.user_id in some:
                    found.setdefault(rating.source_id, rating)
                    occasions.add((rating.user_id, rating.outcome_id, assignment_id or ""))
        for assignment, rating in await _by_rubric(http, path, some, by_rubric):
            # Canvas makes results of rubrics by itself, mostly; the same rating must not count twice.
            occasion = (rating.user_id, rating.outcome_id, assignment)
            if rating.outcome_id in wanted and rating.user_id in some and occasion not in occasions:
                found.setdefault(rating.source_id, _at_place(rating, places.get(assignment, ())))
        return list(found.values())

    async for ratings in for_students(http, path, user_ids, ask):
        if ratings:
            yield tuple(ratings)


def _rating(row: Row, places: Places, by_quiz: Mapping[str, str]) -> tuple[NativeRating | None, str | None]:
    """A result's row, and the assignment it is from. None for one that the student is not shown, or without points."""
    links = part(row, "links")
    outcome_id, user_id = row_id(links.get("learning_outcome")), row_id(links.get("user"))
    assignment = _assignment_named(links.get("assignment"), by_quiz) or _assignment_named(
        links.get("alignment"), by_quiz
    )
    at, score, possible = (
        moment(row.get("submitted_or_assessed_at")),
        number(row.get("score")),
        number(row.get("possible")),
    )
    if not possible or possible <= 0:
        # Older ones tell a share alone.
        score, possible = number(row.get("percent")), 1.0
    if outcome_id is None or user_id is None or at is None or score is None or row.get("hidden") is True:
        return None, assignment
    # What comes from New Quizzes is kept elsewhere, and has no id here.
    name = row_id(row.get("id")) or f"{outcome_id}:{user_id}:{assignment or links.get('alignment')}"[:200]
    rating = NativeRating(
        source_id=f"outcome-result:{name}",
        outcome_id=outcome_id,
        user_id=user_id,
        earned=Decimal(str(score)),
        possible=Decimal(str(possible)),
        at=at,
        mastered=row["mastery"] if isinstance(row.get("mastery"), bool) else None,
    )
    return _at_place(rating, places.get(assignment or "", ())), assignment


def _at_place(rating: NativeRating, external_ids: Sequence[str]) -> NativeRating:
    return replace(rating, external_id=external_ids[0]) if external_ids else rating


async def _by_rubric(
    http: CanvasHttp, path: str, users: Sequence[str], assignments: Mapping[str, Assignment]
) -> list[tuple[str, NativeRating]]:
    found = []
    for keys in slices(sorted(assignments), ASSIGNMENTS_AT_ONCE):
        asked = (
            *(("student_ids[]", one) for one in users),
            *(("assignment_ids[]", key) for key in keys),
            ("include[]", "rubric_assessment"),
            *WITHOUT_WORK,
        )
        async for row in http.rows(f"{path}/students/submissions", *asked, scope=canvas_scopes.SUBMISSIONS):
            assignment = assignments.get(row_id(row.get("assignment_id")) or "")
            if assignment is not None:
                found += [(assignment.id, rating) for rating in rubric_ratings(row, assignment)]
    return found
