"""The functions that tell of dates of single students, and set them, in the shapes of Moodle 4.5: quiz overrides, extensions.

They stand in the store where the sandbox's pages look for other dates, so that a quiz opens and closes by them.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.canvas_dates import course_dates
from lti_tool.sandbox.canvas_models import Override, OverrideStudent
from lti_tool.sandbox.models import Assignment, Person, Quiz
from lti_tool.sandbox.moodle_calls import REQUIRED, Call, Function
from lti_tool.sandbox.moodle_contents import seconds
from lti_tool.sandbox.moodle_service import bad_parameter, missing
from lti_tool.sandbox.store import enrolment_in

_TITLE = "1 student"


async def _quiz(call: Call, quiz_id: Any) -> Quiz:
    quiz = await call.session.get(Quiz, _whole(quiz_id))
    if quiz is None:
        raise missing("quiz")
    return quiz


async def _own(session: AsyncSession, assignment_id: int) -> list[tuple[Override, int]]:
    """The overrides of single students with the student each is for."""
    rows = await session.execute(
        select(Override, OverrideStudent.person_id)
        .join(OverrideStudent, OverrideStudent.override_id == Override.id)
        .where(Override.assignment_id == assignment_id, Override.set_type == "ADHOC")
        .order_by(Override.id)
    )
    return [(override, person_id) for override, person_id in rows]


async def _put(
    session: AsyncSession, assignment_id: int, person_id: int, override: Override | None, **dates: datetime | None
) -> Override:
    """Make an override, or give the one that is there these dates; those that are None are the class's."""
    if override is None:
        override = Override(assignment_id=assignment_id, set_type="ADHOC", title=_TITLE, overrides=[])
        session.add(override)
        await session.flush()
        session.add(OverrideStudent(assignment_id=assignment_id, person_id=person_id, override_id=override.id))
    for name, value in dates.items():
        setattr(override, name, value)
    override.overrides = [name for name, value in dates.items() if value is not None]
    await session.flush()
    return override


# --- Quizzes -----------------------------------------------------------------------------------------------------------


async def quiz_overrides(call: Call) -> dict[str, Any]:
    """``mod_quiz_get_overrides``."""
    quiz = await _quiz(call, call.parameters["quizid"])
    call.account.demand("mod/quiz:manageoverrides")
    return {
        "overrides": [
            {
                "id": override.id,
                "quiz": quiz.id,
                "userid": person_id,
                "groupid": None,
                "timeopen": seconds(override.unlock_at),
                "timeclose": seconds(override.lock_at),
                "timelimit": None,
                "attempts": None,
                "password": None,
            }
            for override, person_id in await _own(call.session, quiz.assignment_id)
        ]
    }


async def save_quiz_overrides(call: Call) -> dict[str, Any]:
    """``mod_quiz_save_overrides``: an override without ``id`` is a new one, and a student has one at most."""
    data = call.parameters["data"]
    quiz = await _quiz(call, data.get("quizid"))
    call.account.demand("mod/quiz:manageoverrides")
    wanted = data.get("overrides")
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        raise bad_parameter()
    return {"ids": [await _save(call, quiz, one) for one in wanted]}


async def _save(call: Call, quiz: Quiz, wanted: Mapping[str, Any]) -> int:
    there = await _own(call.session, quiz.assignment_id)
    number, person_id = _whole(wanted.get("id")), _whole(wanted.get("userid"))
    known = next((override for override, _ in there if override.id == number), None)
    usual = (await course_dates(call.session, quiz.course_id)).of(quiz.assignment_id)
    opens, closes = _moment(wanted.get("timeopen"), usual.unlock_at), _moment(wanted.get("timeclose"), usual.lock_at)
    wrong = (
        # Nothing that is other than the class's, or the wrong way round.
        (opens is None and closes is None)
        or (opens is not None and closes is not None and closes <= opens)
        or await call.session.get(Person, person_id) is None
        or (number and known is None)
        or any(person_id == whose and override is not known for override, whose in there)
    )
    if wrong:
        raise bad_parameter()
    saved = await _put(call.session, quiz.assignment_id, person_id, known, unlock_at=opens, lock_at=closes, due_at=None)
    return saved.id


async def delete_quiz_overrides(call: Call) -> dict[str, Any]:
    """``mod_quiz_delete_overrides``: by their numbers, all of which have to be there."""
    data = call.parameters["data"]
    quiz = await _quiz(call, data.get("quizid"))
    call.account.demand("mod/quiz:manageoverrides")
    ids = [_whole(one) for one in data.get("ids", [])]
    there = {override.id for override, _ in await _own(call.session, quiz.assignment_id)}
    if not ids or set(ids) - there:
        raise bad_parameter()
    await call.session.execute(delete(OverrideStudent).where(OverrideStudent.override_id.in_(ids)))
    await call.session.execute(delete(Override).where(Override.id.in_(ids)))
    return {"ids": ids}


# --- Assignments -------------------------------------------------------------------------------------------------------


async def user_flags(call: Call) -> dict[str, Any]:
    """``mod_assign_get_user_flags``, as far as extensions go."""
    call.account.demand("mod/assign:grade")
    found = []
    for assignment_id in call.parameters["assignmentids"]:
        flags = [
            {"id": override.id, "userid": person_id, "locked": 0, "mailed": 0, "allocatedmarker": 0}
            | {"extensionduedate": seconds(override.due_at) or 0}
            for override, person_id in await _own(call.session, _whole(assignment_id))
        ]
        if flags:
            found.append({"assignmentid": _whole(assignment_id), "userflags": flags})
    return {"assignments": found, "warnings": []}


async def extend(call: Call) -> list[dict[str, Any]]:
    """``mod_assign_save_user_extensions``: warnings for those that could not be granted, 0 takes one back."""
    row = await call.session.get(Assignment, call.parameters["assignmentid"])
    if row is None:
        raise missing("assign")
    call.account.demand("mod/assign:grantextension")
    there = {person_id: override for override, person_id in await _own(call.session, row.id)}
    warnings = []
    for user, date in zip(call.parameters["userids"], call.parameters["dates"], strict=False):
        person_id, until = _whole(user), _moment(date, None)
        enrolment = await enrolment_in(call.session, row.course_id, person_id)
        early = until is not None and row.due_at is not None and row.due_at > until
        if enrolment is None or enrolment.role != "student" or early:
            warnings.append(
                {
                    "item": f"User id: {person_id}, Assignment id: {row.id}, Extension date: {seconds(until) or 0}",
                    "itemid": row.id,
                    "warningcode": "couldnotgrantextensions",
                    "message": "Could not grant submission date extensions.",
                }
            )
        elif until is not None:
            await _put(call.session, row.id, person_id, there.get(person_id), due_at=until)
        elif person_id in there:
            ids = [there[person_id].id]
            await call.session.execute(delete(OverrideStudent).where(OverrideStudent.override_id.in_(ids)))
            await call.session.execute(delete(Override).where(Override.id.in_(ids)))
    return warnings


def _whole(value: Any) -> int:
    """A whole number, of a form or read already; 0 for none."""
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19 else 0


def _moment(value: Any, usual: datetime | None) -> datetime | None:
    """A moment of a form; one that is the class's, or 0, is none of the student's own."""
    number = _whole(value)
    moment = datetime.fromtimestamp(number, UTC) if 0 < number < 253_402_300_800 else None
    return None if moment == usual else moment


FUNCTIONS = {
    "mod_quiz_get_overrides": Function({"quizid": (int, REQUIRED)}, quiz_overrides),
    "mod_quiz_save_overrides": Function({"data": (dict, REQUIRED)}, save_quiz_overrides, writes=True),
    "mod_quiz_delete_overrides": Function({"data": (dict, REQUIRED)}, delete_quiz_overrides, writes=True),
    "mod_assign_get_user_flags": Function({"assignmentids": (list, REQUIRED)}, user_flags),
    "mod_assign_save_user_extensions": Function(
        {"assignmentid": (int, REQUIRED), "userids": (list, REQUIRED), "dates": (list, REQUIRED)}, extend, writes=True
    ),
}
