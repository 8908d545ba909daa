"""Dates of an assignment for one student: Canvas's assignment overrides.

An override has a list of students (ad hoc), a section or a group. A student can be in one ad-hoc override of an assignment
only, so one who has dates already is taken out of that, or it is changed where nobody else is in it; what stood there is
remembered to the letter, to be put back. Overrides of sections, groups and whole modules stay as they are: an ad-hoc one goes
before them.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from lti_tool.platforms import canvas_scopes
from lti_tool.platforms.canvas_fields import Row, is_id, row_id, text
from lti_tool.platforms.canvas_http import CanvasHttp, NotAccepted, course_path
from lti_tool.platforms.native import (
    ApiCourseNotFound,
    ApiDatesRefused,
    ApiUnreadable,
    NativeTrouble,
    Window,
    WindowGiven,
)

_DATES = ("due_at", "unlock_at", "lock_at")
"""As Canvas calls them: due, opens, closes. One that is not there is as the class has it; null takes the class's date off."""

_NAME = "1 student"
"""What Canvas itself calls an override for one student."""

_COUNTED = re.compile(r"([0-9]{1,6})\s+\S+")

Form = list[tuple[str, str]]


async def give_window(
    http: CanvasHttp, course_id: str, assignment_id: str, user_id: str, window: Window
) -> WindowGiven:
    """Let one student do an assignment at other times than the class; see ``CanvasApi.give_window``."""
    path = _path(course_id, assignment_id)
    if not is_id(user_id):
        raise ApiDatesRefused("the student has no id of Canvas's own")
    dates = _written(window)
    try:
        earlier = await _override_of(http, path, user_id)
        if earlier is None:
            return WindowGiven(await _make(http, path, [user_id], dates))
        name, students = earlier["id"], earlier["student_ids"]
        if earlier["hides"]:
            # Who is held to a section does not see the others in the list, and would take them all off it.
            raise ApiDatesRefused("the student shares dates with others whom this access may not see")
        if len(students) == 1:
            await _change(http, path, name, [user_id], dates)
            return WindowGiven(name, {"changed": _kept(earlier)})
        await _change(http, path, name, [one for one in students if one != user_id], _dates(earlier))
        try:
            made = await _make(http, path, [user_id], dates)
        except NativeTrouble:
            # Better the old dates than none.
            await _change(http, path, name, students, _dates(earlier))
            raise
        return WindowGiven(made, {"taken_out": _kept(earlier)})
    except ApiCourseNotFound as error:
        raise ApiDatesRefused("there is no such assignment, or its override has just gone") from error
    except NotAccepted as error:
        raise ApiDatesRefused("Canvas did not accept the dates, or not for this student") from error


async def take_window_back(
    http: CanvasHttp, course_id: str, assignment_id: str, user_id: str, given: WindowGiven
) -> None:
    """Put back what stood before; see ``CanvasApi.take_window_back``."""
    path = _path(course_id, assignment_id)
    changed, taken_out = _remembered(given.before, "changed"), _remembered(given.before, "taken_out")
    try:
        if changed is not None and is_id(given.external_id):
            try:
                await _change(http, path, given.external_id, [user_id], _dates(changed))
            except ApiCourseNotFound:
                # Somebody has taken the student's own dates away altogether, and knew why.
                return
            return
        await _remove(http, path, given.external_id)
        if taken_out is not None:
            await _put_back(http, path, user_id, taken_out)
    except NotAccepted as error:
        raise ApiDatesRefused("Canvas did not accept the dates that stood there before") from error


async def _put_back(http: CanvasHttp, path: str, user_id: str, earlier: Mapping[str, Any]) -> None:
    """The student among the others again, or by oneself where those have other dates now, or are gone."""
    there = await _overrides(http, path)
    if any(user_id in one["student_ids"] for one in there):
        # Somebody has given the student other dates meanwhile.
        return
    now = next((one for one in there if one["id"] == earlier["id"]), None)
    if now is not None and _dates(now) == _dates(earlier) and not now["hides"]:
        await _change(http, path, now["id"], [*now["student_ids"], user_id], _dates(now))
    else:
        await _make(http, path, [user_id], _dates(earlier))


# --- Overrides -----------------------------------------------------------------------------------------------------------


def _path(course_id: str, assignment_id: str) -> str:
    if not is_id(assignment_id):
        raise ApiDatesRefused("the item is no assignment of Canvas's")
    return f"{course_path(course_id)}/assignments/{assignment_id}/overrides"


async def _overrides(http: CanvasHttp, path: str) -> list[dict[str, Any]]:
    """The ad-hoc overrides of the assignment itself, as they are remembered."""
    rows = [row async for row in http.rows(path, scope=canvas_scopes.OVERRIDES)]
    return [found for row in rows if (found := _override(row)) is not None]


async def _override_of(http: CanvasHttp, path: str, user_id: str) -> dict[str, Any] | None:
    return next((one for one in await _overrides(http, path) if user_id in one["student_ids"]), None)


def _override(row: Row) -> dict[str, Any] | None:
    """An ad-hoc override: its id, students and dates. None for a section's, a group's, and one that a module passes on."""
    name, listed = row_id(row.get("id")), row.get("student_ids")
    if name is None or not isinstance(listed, list) or row.get("context_module_id") is not None:
        return None
    students = [student for one in listed if (student := row_id(one)) is not None]
    if not students:
        return None
    kept: dict[str, Any] = {"id": name, "student_ids": students, "hides": _count(row.get("title")) > len(students)}
    kept |= {date: text(row[date], 40) for date in _DATES if date in row}
    # The student need not do the assignment at all.
    return kept | ({"unassign_item": True} if row.get("unassign_item") is True else {})


def _count(title: object) -> int:
    """How many students Canvas itself says an override is for, as in *12 students*, in whatever language; 0 where it does not."""
    found = _COUNTED.fullmatch(title) if isinstance(title, str) else None
    return int(found[1]) if found is not None else 0


def _kept(override: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in override.items() if name != "hides"}


def _remembered(before: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    found = before.get(name)
    return _override(found) if isinstance(found, dict) else None


def _dates(override: Mapping[str, Any]) -> Form:
    """An override's dates as they stand. All have to be said again: what is not said is not overridden any more."""
    form = [(f"assignment_override[{date}]", str(override[date])) for date in _DATES if date in override]
    if override.get("unassign_item") is True:
        form.append(("assignment_override[unassign_item]", "true"))
    return form


def _written(window: Window) -> Form:
    dates = zip(_DATES, (window.due_at, window.opens_at, window.closes_at), strict=True)
    return [(f"assignment_override[{name}]", _utc(at)) for name, at in dates if at is not None]


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _named(students: Sequence[str]) -> Form:
    return [("assignment_override[student_ids][]", one) for one in students]


async def _make(http: CanvasHttp, path: str, students: Sequence[str], dates: Form) -> str:
    form = [*_named(students), ("assignment_override[title]", _NAME), *dates]
    made = row_id((await http.change("POST", path, *form, scope=canvas_scopes.MAKE_OVERRIDE)).get("id"))
    if made is None:
        raise ApiUnreadable("an override without an id")
    return made


async def _change(http: CanvasHttp, path: str, name: str, students: Sequence[str], dates: Form) -> None:
    form = [*_named(students), *dates]
    if not any("unassign_item" in field for field, _ in dates):
        form.append(("assignment_override[unassign_item]", "false"))
    await http.change("PUT", f"{path}/{name}", *form, scope=canvas_scopes.CHANGE_OVERRIDE)


async def _remove(http: CanvasHttp, path: str, name: str) -> None:
    if not is_id(name):
        return
    try:
        await http.change("DELETE", f"{path}/{name}", scope=canvas_scopes.DELETE_OVERRIDE)
    except ApiCourseNotFound:
        # Gone already is no trouble.
        return
