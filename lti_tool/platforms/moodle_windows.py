"""Dates of a quiz or an assignment for one student: Moodle's quiz overrides (4.5 on) and extensions of assignments.

A quiz opens and closes, and has no other date; an assignment opens for everybody at once, and a student can be given longer.
Other activities have no dates of a student's own that web services could set. What an override says besides its dates, time
limits and passwords among it, stays as it is, and never leaves Moodle for longer than the change takes.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lti_tool.platforms import moodle_functions as functions
from lti_tool.platforms.moodle_fields import is_id, number_id
from lti_tool.platforms.moodle_outcomes import Row, part, rows_of
from lti_tool.platforms.moodle_ws import OF_A_USER, MoodleSaid, MoodleServer
from lti_tool.platforms.native import ApiCourseNotFound, ApiDatesRefused, ApiUnreadable, Window, WindowGiven

_OTHERS = ("timelimit", "attempts", "password")
"""What an override of a quiz says besides its dates. A change has to say all of it again (override_manager.php)."""


async def give_window(server: MoodleServer, course_id: str, cmid: str, user_id: str, window: Window) -> WindowGiven:
    """Set the dates. Raises ApiDatesRefused where Moodle has none of the kind, or does not take them."""
    if not is_id(user_id):
        raise ApiDatesRefused("the student has no id of Moodle's own")
    kind, instance = await _activity(server, course_id, cmid)
    opens, closes = _seconds(window.opens_at), _seconds(window.closes_at or window.due_at)
    if kind == "quiz":
        earlier = await _override(server, instance, user_id)
        saved = await _save(server, instance, user_id, earlier, opens, closes)
        changed = (
            {} if earlier is None else {"changed": {name: earlier.get(name) for name in ("timeopen", "timeclose")}}
        )
        return WindowGiven(f"quiz-override:{saved}", changed)
    if kind != "assign" or closes is None or opens is not None:
        raise ApiDatesRefused("Moodle has no such date of one student's on this activity")
    before = await _extension(server, instance, user_id)
    await _extend(server, instance, user_id, closes)
    return WindowGiven(f"extension:{instance}", {"extension": before})


async def take_window_back(server: MoodleServer, course_id: str, cmid: str, user_id: str, given: WindowGiven) -> None:
    """Put back what stood there. An activity, override or student that is gone is no trouble."""
    try:
        kind, instance = await _activity(server, course_id, cmid)
    except ApiDatesRefused:
        return
    name, _, number = given.external_id.partition(":")
    if kind == "assign" and name == "extension" and is_id(user_id):
        before = given.before.get("extension")
        await _extend(server, instance, user_id, before if isinstance(before, int) else 0, gone=True)
    elif kind == "quiz" and name == "quiz-override" and is_id(number):
        changed = given.before.get("changed")
        if not isinstance(changed, Mapping):
            await _delete(server, instance, number)
            return
        now = await _override(server, instance, user_id)
        # Somebody who has put another in its place, or taken it away, knew why.
        if now is not None and number_id(now.get("id")) == number:
            await _save(
                server, instance, user_id, now, _whole(changed.get("timeopen")), _whole(changed.get("timeclose"))
            )


async def _activity(server: MoodleServer, course_id: str, cmid: str) -> tuple[str, str]:
    """What a course module is, and its number as such."""
    if not is_id(cmid) or not is_id(course_id):
        raise ApiDatesRefused("the item is no activity of Moodle's")
    options = [{"name": "cmid", "value": cmid}, {"name": "excludecontents", "value": "1"}]
    sections = await server.call(functions.CONTENTS, courseid=course_id, options=options)
    for section in rows_of(sections):
        for module in rows_of(section, "modules"):
            kind, instance = module.get("modname"), number_id(module.get("instance"))
            if number_id(module.get("id")) == cmid and isinstance(kind, str) and instance is not None:
                return kind, instance
    raise ApiDatesRefused("the activity is not in the course any more")


# --- Quizzes -----------------------------------------------------------------------------------------------------------


async def _override(server: MoodleServer, quiz_id: str, user_id: str) -> Row | None:
    answer = await server.call(functions.OVERRIDES, quizid=quiz_id)
    return next((row for row in rows_of(answer, "overrides") if number_id(row.get("userid")) == user_id), None)


async def _save(
    server: MoodleServer, quiz_id: str, user_id: str, earlier: Row | None, opens: int | None, closes: int | None
) -> str:
    """Make an override, or change the one that is there; its number."""
    override: dict[str, Any] = {"userid": user_id, "timeopen": opens, "timeclose": closes}
    if earlier is not None:
        override |= {"id": number_id(earlier.get("id"))} | {name: earlier.get(name) for name in _OTHERS}
    answer = await _accepted(server, functions.SAVE_OVERRIDES, data={"quizid": quiz_id, "overrides": [override]})
    ids = part(answer).get("ids")
    saved = number_id(ids[0]) if isinstance(ids, list) and ids else None
    if saved is None:
        raise ApiUnreadable("an override without a number")
    return saved


async def _delete(server: MoodleServer, quiz_id: str, override_id: str) -> None:
    try:
        await server.ask(functions.DELETE_OVERRIDES, tries=1, data={"quizid": quiz_id, "ids": [override_id]})
    except MoodleSaid as said:
        # What is gone is called a wrong parameter.
        if said.code != "invalidparameter" and not isinstance(said.trouble, ApiCourseNotFound):
            raise said.trouble from None


# --- Assignments -------------------------------------------------------------------------------------------------------


async def _extension(server: MoodleServer, assignment_id: str, user_id: str) -> int:
    """Until when the student has already; 0 for as long as all others."""
    answer = await server.call(functions.FLAGS, assignmentids=[assignment_id])
    for assignment in rows_of(answer, "assignments"):
        for row in rows_of(assignment, "userflags"):
            if number_id(row.get("userid")) == user_id:
                return _whole(row.get("extensionduedate")) or 0
    return 0


async def _extend(server: MoodleServer, assignment_id: str, user_id: str, until: int, *, gone: bool = False) -> None:
    """Set or clear (0) an extension. Moodle takes none that ends before the class's date, and says so with a warning."""
    warnings = await _accepted(server, functions.EXTEND, assignmentid=assignment_id, userids=[user_id], dates=[until])
    if rows_of(warnings) and not gone:
        raise ApiDatesRefused("Moodle gave no extension: is it later than the assignment's own date?")


async def _accepted(server: MoodleServer, function: str, **parameters: Any) -> Any:
    try:
        # Once: of a call whose answer was lost nobody knows whether it was carried out.
        return await server.ask(function, tries=1, **parameters)
    except MoodleSaid as said:
        if said.code == "invalidparameter" or said.code in OF_A_USER or isinstance(said.trouble, ApiCourseNotFound):
            raise ApiDatesRefused(f"Moodle answered {said.code}") from None
        raise said.trouble from None


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
