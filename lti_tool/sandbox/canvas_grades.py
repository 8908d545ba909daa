"""Canvas's REST API, submissions: where students stand with an assignment or with all (submissions_api_controller.rb)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, overload

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload
from starlette.responses import JSONResponse

from lti_tool.sandbox.canvas_access import (
    LARGEST_PAGE,
    Api,
    ApiError,
    Here,
    answer,
    bookmarked,
    enter,
    missing,
    number,
    numbers,
    one_person,
    without,
)
from lti_tool.sandbox.canvas_rows import user_json
from lti_tool.sandbox.canvas_work_rows import Work, attempts_of, read_standing, submission_json, with_history, work
from lti_tool.sandbox.models import Assignment, Enrolment, Person, Submission
from lti_tool.sandbox.store import roster

router = APIRouter(prefix="/api/v1/courses/{course_id}")
Pair = tuple[Person, Assignment]


class Pairs(Sequence[Pair]):
    """Every student with every assignment, assignment by assignment, without writing them all down."""

    def __init__(self, rows: Sequence[Assignment], people: Sequence[Person]) -> None:
        self._rows, self._people = rows, people

    def __len__(self) -> int:
        return len(self._rows) * len(self._people)

    @overload
    def __getitem__(self, place: int) -> Pair: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[Pair]: ...

    def __getitem__(self, place: int | slice) -> Pair | Sequence[Pair]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        if not 0 <= place < len(self):
            raise IndexError(place)
        row, person = divmod(place, len(self._people))
        return self._people[person], self._rows[row]

    def these(self, ids: Iterable[tuple[int, int]]) -> Sequence[Pair]:
        """Those of these ids, of a person and an assignment, in order."""
        people = {one.id: place for place, one in enumerate(self._people)}
        rows = {one.id: place for place, one in enumerate(self._rows)}
        places = sorted((rows[row], people[person]) for person, row in ids if row in rows and person in people)
        return [(self._people[person], self._rows[row]) for row, person in places]


_MOMENT = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:\d\d)?"
)


@router.get("/assignments/{assignment_id}/submissions")
async def submissions(request: Request, course_id: str, assignment_id: str, caller: Api) -> JSONResponse:
    """Where each student stands with an assignment; students see their own only."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        found, row = await _found(session, here, assignment_id)
        people = [one.person for one in await roster(session, here.course.id, "student")]
        seen = [one for one in people if here.work_of is None or one.id in here.work_of]
        return await _page(request, session, found, [(person, row) for person in seen])


async def _found(session: AsyncSession, here: Here, asked: str) -> tuple[Work, Assignment]:
    found = await work(session, here)
    row = found.assignment(number(asked))
    if row is None:
        raise missing()
    return found, row


@router.get("/assignments/{assignment_id}/submissions/{user_id}")
async def one_submission(
    request: Request, course_id: str, assignment_id: str, user_id: str, caller: Api
) -> JSONResponse:
    """Where one student stands with an assignment."""
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        found, row = await _found(session, here, assignment_id)
        person = await one_person(session, caller, user_id)
        everyone = {one.id for one in await _students(session, here)}
        if person is None or person.id not in everyone:
            raise missing()
        here.demand_work_of(person.id)
        [shown] = await _shaped(request, session, found, [(person, row)])
    return answer(request, caller, shown)


@router.get("/students/submissions")
async def students_submissions(request: Request, course_id: str, caller: Api) -> JSONResponse:
    """Where students stand: ``student_ids[]`` (numbers, ``lti_1_3_id:…``, or ``all``; the caller without it),
    ``assignment_ids[]``, ``submitted_since``, ``graded_since``, ``workflow_state``, ``enrollment_state``, ``grouped``, and as
    ``include[]`` ``submission_history``, ``rubric_assessment``, ``assignment``, ``user``.
    """
    query = request.query_params
    async with caller.platform.store.reading() as session:
        here = await enter(session, caller, course_id)
        people = await _asked(session, here, query.getlist("student_ids[]"))
        people = await _in_state(session, here, people, query.get("enrollment_state"))
        found = await work(session, here)
        rows = _rows(found, query.getlist("assignment_ids[]"))
        since = {name: _moment(query, name) for name in ("submitted_since", "graded_since")}
        state = query.get("workflow_state") or None
        pairs: Sequence[Pair] = Pairs(rows, people)
        if state or any(since.values()):
            pairs = await _matching(session, here, Pairs(rows, people), since, state)
        if query.get("grouped") in ("1", "true"):
            return await _grouped(request, session, found, people, pairs)
        return await _page(request, session, found, pairs)


def _rows(found: Work, wanted: Sequence[str]) -> Sequence[Assignment]:
    """The published assignments, or those of them that were asked for: one that there is not refuses the whole call."""
    rows = [row for row in found.assignments if row.published]
    if not wanted:
        return rows
    ids = numbers(wanted)
    rows = [row for row in rows if row.id in ids]
    if len(rows) < len(ids):
        words = "invalid assignment ids requested"
        raise ApiError(403, words, body={"error": words})
    return rows


async def _students(session: AsyncSession, here: Here) -> Sequence[Person]:
    """Whoever studies or studied here, by name."""
    found = await session.scalars(
        select(Enrolment)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.course_id == here.course.id, Enrolment.role.in_(("student", "test_student")))
        .options(selectinload(Enrolment.person))
        .order_by(Person.sortable_name, Person.id)
    )
    return [one.person for one in found]


async def _asked(session: AsyncSession, here: Here, asked: Sequence[str]) -> Sequence[Person]:
    """The students that are asked for. One whose work the caller may not see is refused, and so is who never studied here."""
    if not asked:
        if here.caller.person is None:
            raise here.caller.forbidden()
        asked = ["self"]
    everyone = await _students(session, here)
    if "all" in asked:
        return [one for one in everyone if here.work_of is None or one.id in here.work_of]
    people = {one.id: one for one in everyone}
    wanted = [await one_person(session, here.caller, one) for one in asked]
    ids = {one.id if one is not None else 0 for one in wanted}
    allowed = set(people) if here.work_of is None else set(here.work_of)
    if ids - allowed or ids - set(people):
        raise here.caller.forbidden()
    if len(ids) > LARGEST_PAGE:
        raise ApiError(400, "too many students", body={"error": "too many students"})
    return [one for one in everyone if one.id in ids]


async def _in_state(session: AsyncSession, here: Here, people: Sequence[Person], state: str | None) -> Sequence[Person]:
    if state is None:
        return people
    if state not in ("active", "concluded"):
        raise ApiError(400, "invalid enrollment_state", body={"error": "invalid enrollment_state"})
    rows = await session.scalars(
        select(Enrolment.person_id).where(Enrolment.course_id == here.course.id, Enrolment.active)
    )
    active = set(rows)
    return [one for one in people if (one.id in active) is (state == "active")]


async def _matching(
    session: AsyncSession, here: Here, pairs: Pairs, since: Mapping[str, datetime | None], state: str | None
) -> Sequence[Pair]:
    """Those of the pairs whose submission is later than the moments and in the state, where these are asked for."""
    handed_in, graded = since["submitted_since"], since["graded_since"]
    query = select(Submission.person_id, Submission.assignment_id).where(Submission.course_id == here.course.id)
    if handed_in is not None:
        query = query.where(Submission.submitted_at > handed_in)
    if graded is not None:
        query = query.where(Submission.graded_at > graded)
    if state == "unsubmitted" and handed_in is graded is None:
        # Most of those have no row.
        begun = {tuple(row) for row in await session.execute(query.where(Submission.workflow_state != state))}
        return [one for one in pairs if (one[0].id, one[1].id) not in begun]
    if state is not None:
        query = query.where(Submission.workflow_state == state)
    return pairs.these([(person_id, row_id) for person_id, row_id in await session.execute(query)])


def _moment(query: Mapping[str, str], name: str) -> datetime | None:
    limit = query.get(name)
    if not limit:
        return None
    # lib/api.rb, ISO8601_REGEX: a day alone is none.
    if not _MOMENT.fullmatch(limit):
        raise ApiError(400, "not a moment", body={"errors": {name: f"Invalid datetime for {name}"}})
    since = datetime.fromisoformat(limit)
    return since if since.tzinfo else since.replace(tzinfo=UTC)


async def _page(request: Request, session: AsyncSession, found: Work, pairs: Sequence[Pair]) -> JSONResponse:
    """Only the page that was asked for is read and shaped: a course has many submissions."""
    caller = found.here.caller
    page, headers = bookmarked(request, caller, pairs)
    return answer(request, caller, await _shaped(request, session, found, page), headers)


async def _shaped(request: Request, session: AsyncSession, found: Work, pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    includes = found.here.caller.includes(request)
    await read_standing(session, found, {row.id for _, row in pairs}, {person.id for person, _ in pairs})
    shown = [without(request, submission_json(found, person.id, row, includes)) for person, row in pairs]
    if "user" in includes:
        for entry, (person, _) in zip(shown, pairs, strict=True):
            entry["user"] = user_json(person)
    if "submission_history" in includes:
        people = {person.id: person for person, _ in pairs}
        shown = with_history(shown, await attempts_of(session, found.here.course.id, list(people.values())))
    return shown


async def _grouped(
    request: Request, session: AsyncSession, found: Work, people: Sequence[Person], pairs: Sequence[Pair]
) -> JSONResponse:
    """A page of students, each with all of their submissions."""
    caller = found.here.caller
    page, headers = bookmarked(request, caller, people)
    mine: dict[int, list[Pair]] = {person.id: [] for person in page}
    for one in pairs:
        if one[0].id in mine:
            mine[one[0].id].append(one)
    shown = [
        {"user_id": person.id, "submissions": await _shaped(request, session, found, mine[person.id])}
        for person in page
    ]
    return answer(request, caller, shown, headers)
