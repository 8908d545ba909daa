"""What Canvas's gradebook says of students and assignments, in batches."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, datetime, timedelta

from lti_tool.platforms import canvas_scopes
from lti_tool.platforms.canvas_contents import FOR_THE_CLASS
from lti_tool.platforms.canvas_fields import Row, ids, row_id, slices
from lti_tool.platforms.canvas_grades import results_of, together
from lti_tool.platforms.canvas_http import CanvasHttp, NotAccepted, Parameters, course_path
from lti_tool.platforms.canvas_people import STUDENTS_AT_ONCE, for_students
from lti_tool.platforms.canvas_rows import Assignment, assignment_of
from lti_tool.platforms.native import NativeResults

ASSIGNMENTS_AT_ONCE = 40
"""Ids in one address, as with students."""

WITHOUT_WORK = (
    *(("exclude_response_fields[]", name) for name in ("body", "attachments", "preview_url", "url")),
    ("exclude_response_fields[]", "grade"),
)
"""What students wrote is nobody's business here, and would make an answer of a few grades as long as a book."""

Pair = tuple[str, str]


async def read_results(
    http: CanvasHttp,
    course_id: str,
    result_keys: Collection[str],
    user_ids: Collection[str],
    since: datetime | None,
) -> AsyncIterator[NativeResults]:
    """What the gradebook says of ``user_ids`` and the assignments ``result_keys``; see ``CanvasApi.results``."""
    path = course_path(course_id)
    users = ids(user_ids)
    for keys in slices(ids(result_keys), ASSIGNMENTS_AT_ONCE):
        assignments = await _assignments(http, path, keys) if users else {}
        if not assignments:
            continue
        # What is told of a pair is told at once; who handed in and was graded since then comes up in both questions.
        told: set[Pair] = set()
        for moments in _changed(since):
            async for rows in _submissions(http, path, users, list(assignments), moments):
                fresh = [row for row in rows if since is None or _pair(row) not in told]
                if since is not None:
                    told.update(pair for row in fresh if (pair := _pair(row)) is not None)
                yield together(results_of(row, assignments) for row in fresh)


def _changed(since: datetime | None) -> Sequence[Parameters]:
    """What to ask for what changed, one question after the other. Canvas tells what is later, to the second."""
    if since is None:
        return ((),)
    written = (since.astimezone(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return ((("graded_since", written),), (("submitted_since", written),))


async def _assignments(http: CanvasHttp, path: str, keys: Sequence[str]) -> dict[str, Assignment]:
    """Those that give points, as they are now: a teacher may have changed them since the contents were read.

    Canvas refuses a whole question for grades that names one which is not published, or gone; and so it does a question for the
    assignments themselves (assignments_api_controller.rb, *Invalid assignment_ids*): then all of the course are asked for.
    """
    wanted = set(keys)
    try:
        rows = await _rows(http, path, *(("assignment_ids[]", key) for key in keys))
    except NotAccepted:
        rows = await _rows(http, path)
    found: dict[str, Assignment] = {}
    for row in rows:
        assignment = assignment_of(row)
        if assignment is not None and assignment.id in wanted and assignment.result_key and assignment.published:
            found[assignment.id] = assignment
    return found


async def _rows(http: CanvasHttp, path: str, *asked: tuple[str, str]) -> list[Row]:
    listed = http.rows(f"{path}/assignments", *asked, *FOR_THE_CLASS, scope=canvas_scopes.ASSIGNMENTS)
    return [row async for row in listed]


async def _submissions(
    http: CanvasHttp, path: str, users: Sequence[str], keys: Sequence[str], moments: Parameters
) -> AsyncIterator[list[Row]]:
    """The gradebook's entries. A few students are asked for by name; of many the whole course's, page by page."""
    asked = (
        *(("assignment_ids[]", key) for key in keys),
        ("include[]", "submission_history"),
        *WITHOUT_WORK,
        *moments,
    )
    where = f"{path}/students/submissions"
    if len(users) > STUDENTS_AT_ONCE:
        # Named one by one, forty at a time, they would be asked for in more and smaller answers.
        wanted = set(users)
        everyone = (("student_ids[]", "all"), *asked)
        async for page in http.pages(where, *everyone, scope=canvas_scopes.SUBMISSIONS):
            yield [row for row in page if row_id(row.get("user_id")) in wanted]
        return

    async def ask(some: Sequence[str]) -> list[Row]:
        named = (*(("student_ids[]", one) for one in some), *asked)
        rows = http.rows(where, *named, scope=canvas_scopes.SUBMISSIONS)
        return [row async for row in rows if row_id(row.get("user_id")) in some]

    async for rows in for_students(http, path, users, ask):
        yield rows


def _pair(row: Row) -> Pair | None:
    key, user = row_id(row.get("assignment_id")), row_id(row.get("user_id"))
    return None if key is None or user is None else (key, user)
