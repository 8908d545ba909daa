"""Dates for one student: what is given can be taken back, and nobody else notices."""

import asyncio
import json
import random
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.platforms.native import ApiDatesRefused, ApiNotPermitted, ApiUnreachable, Window, WindowGiven
from tests.platforms.fake_canvas import COURSE, Canvas

WHERE = f"{COURSE}/assignments/5/overrides"
DATES = ("due_at", "unlock_at", "lock_at")
DUE = datetime(2026, 10, 1, 12, tzinfo=UTC)
CLASS = frozenset({40, 41, 42, 43})


class Overrides:
    """The overrides of one assignment, by Canvas's rules: an ad-hoc one holds active students who are in no other; a change
    that does not say a date takes it off.
    """

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = {row["id"]: row for row in rows}
        self.next = 100
        self.fails: set[str] = set()
        self.canvas = Canvas()

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.canvas.asked.append(request)
        found = re.fullmatch(f"{WHERE}(?:/([0-9]+))?", request.url.path)
        if found is None or request.method in self.fails:
            return httpx.Response(404 if found is None else 502)
        form = parse_qsl(request.content.decode(), keep_blank_values=True)
        if request.method == "GET":
            return httpx.Response(200, json=list(self.rows.values()))
        if request.method == "POST":
            return self._keep(self.next, form, 201)
        row = self.rows.get(int(found[1]))
        if row is not None and request.method == "DELETE":
            return httpx.Response(200, json=self.rows.pop(row["id"]))
        return httpx.Response(404) if row is None else self._keep(row["id"], form, 200)

    def _keep(self, name: int, form: list[tuple[str, str]], status: int) -> httpx.Response:
        students = [int(value) for field, value in form if field == "assignment_override[student_ids][]"]
        others = {one for other in self.rows.values() if other["id"] != name for one in other.get("student_ids", ())}
        if not students or not set(students) <= CLASS or others & set(students):
            return httpx.Response(400, json={"errors": ["unknown or already targeted"]})
        said = {field[20:-1]: value for field, value in form if field.endswith("at]")}
        kept: dict[str, Any] = {name: said[name] or None for name in DATES if name in said}
        if ("assignment_override[unassign_item]", "true") in form:
            kept["unassign_item"] = True
        self.rows[name] = {"id": name, "assignment_id": 5, "title": "1 student", "student_ids": students} | kept
        self.next += 1
        return httpx.Response(status, json=self.rows[name])

    def dates(self) -> dict[int, dict[str, Any]]:
        """What each student has apart from the class."""
        return {
            student: {name: row[name] for name in (*DATES, "unassign_item") if name in row}
            for row in self.rows.values()
            for student in row.get("student_ids", ())
        }

    async def give(self, user: str = "40", window: Window = Window(due_at=DUE)) -> WindowGiven:
        given_now = await self.canvas.api(answer=self.answer).give_window("17", "5", user, window)
        # It is kept as JSON until it is taken back.
        return WindowGiven(given_now.external_id, json.loads(json.dumps(given_now.before)))

    async def take_back(self, given_then: WindowGiven, user: str = "40") -> None:
        await self.canvas.api(answer=self.answer).take_window_back("17", "5", user, given_then)


def override(number: int, *students: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "assignment_id": 5, "title": "some", "student_ids": list(students)} | more


async def test_a_student_without_dates_gets_an_override_and_loses_it_again() -> None:
    there = Overrides({"id": 1, "course_section_id": 21, "due_at": "2026-09-01T00:00:00Z"})
    window = Window(due_at=DUE, opens_at=datetime(2026, 9, 1, tzinfo=UTC), closes_at=datetime(2026, 11, 1, tzinfo=UTC))
    given_now = await there.give(window=window)
    assert (given_now.external_id, given_now.before) == ("100", {})
    assert there.dates() == {
        40: {"due_at": "2026-10-01T12:00:00Z", "unlock_at": "2026-09-01T00:00:00Z", "lock_at": "2026-11-01T00:00:00Z"}
    }
    await there.take_back(given_now)
    assert list(there.rows) == [1]
    await there.take_back(given_now)
    assert list(there.rows) == [1]


async def test_a_date_that_is_not_said_stays_as_the_class_has_it() -> None:
    there = Overrides()
    await there.give(window=Window(due_at=DUE))
    assert there.dates() == {40: {"due_at": "2026-10-01T12:00:00Z"}}


async def test_who_has_dates_among_others_is_taken_out_and_put_back() -> None:
    there = Overrides(override(1, 40, 41, due_at="2026-09-20T10:00:00Z", lock_at=None))
    before = there.dates()
    given_now = await there.give()
    assert there.dates()[40] == {"due_at": "2026-10-01T12:00:00Z"}
    assert there.dates()[41] == before[41]
    await there.take_back(given_now)
    assert there.dates() == before
    assert sorted(there.rows[1]["student_ids"]) == [40, 41]


async def test_who_has_dates_alone_has_them_changed_and_changed_back() -> None:
    there = Overrides(override(1, 40, unlock_at="2026-09-20T10:00:00Z", due_at=None))
    before = there.dates()
    given_now = await there.give()
    assert given_now.external_id == "1"
    assert there.dates() == {40: {"due_at": "2026-10-01T12:00:00Z"}}
    await there.take_back(given_now)
    assert there.dates() == before


async def test_who_need_not_do_it_does_and_need_not_again() -> None:
    """Canvas can take an assignment off single students (unassign_item); dates put it on again."""
    for students in ((40,), (40, 41)):
        there = Overrides(override(1, *students, unassign_item=True))
        before = there.dates()
        given_now = await there.give()
        assert there.dates()[40] == {"due_at": "2026-10-01T12:00:00Z"}
        await there.take_back(given_now)
        assert there.dates() == before


async def test_overrides_that_a_module_passes_on_stay_as_they_are() -> None:
    there = Overrides(override(1, 40, context_module_id=3))
    there.rows[1]["student_ids"] = []
    passed_on = there.rows[1] | {"student_ids": [40, 41]}
    listed = there.answer

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=[passed_on]) if request.method == "GET" else listed(request)

    given_now = await there.canvas.api(answer=answer).give_window("17", "5", "40", Window(due_at=DUE))
    assert given_now.before == {}
    assert [request.method for request in there.canvas.asked] == ["POST"]


async def test_whoever_has_other_dates_by_now_keeps_them_and_the_student_gets_the_old_ones() -> None:
    """A teacher moved the others' dates meanwhile, or they were given some of their own."""
    there = Overrides(override(1, 40, 41, due_at="2026-09-20T10:00:00Z"))
    before = there.dates()
    given_now = await there.give()
    there.rows[1] = override(1, 41, 42, due_at="2026-09-25T10:00:00Z")
    await there.take_back(given_now)
    later = {"due_at": "2026-09-25T10:00:00Z"}
    assert there.dates() == {40: before[40], 41: later, 42: later}


async def test_if_the_others_override_is_gone_the_student_gets_one_again() -> None:
    there = Overrides(override(1, 40, 41, due_at="2026-09-20T10:00:00Z"))
    before = there.dates()
    given_now = await there.give()
    del there.rows[1]
    await there.take_back(given_now)
    assert there.dates() == {40: before[40]}


async def test_dates_that_a_teacher_gave_meanwhile_stay() -> None:
    there = Overrides(override(1, 40, 41, due_at="2026-09-20T10:00:00Z"))
    given_now = await there.give()
    there.rows = {7: override(7, 40, due_at="2026-12-24T10:00:00Z"), 1: override(1, 41)}
    await there.take_back(given_now)
    assert there.dates()[40] == {"due_at": "2026-12-24T10:00:00Z"}
    alone = Overrides(override(1, 40, due_at="2026-09-20T10:00:00Z"))
    given_now = await alone.give()
    alone.rows = {}
    await alone.take_back(given_now)
    assert alone.rows == {}


async def test_a_student_who_is_taken_out_and_not_taken_in_is_put_back_at_once() -> None:
    there = Overrides(override(1, 40, 41, due_at="2026-09-20T10:00:00Z"))
    before = there.dates()
    there.fails = {"POST"}
    with pytest.raises(ApiUnreachable):
        await there.give()
    assert there.dates() == before


@pytest.mark.parametrize(
    ("title", "refused"), [("3 students", True), ("3 estudiantes", True), ("2 students", False), ("Group 12", False)]
)
async def test_nobody_is_taken_off_a_list_that_is_not_seen_in_full(title: str, refused: bool) -> None:
    """Canvas shows a teacher who is held to a section only their own students of an override, and its title counts all."""
    there = Overrides(override(1, 40, 41, title=title))
    if refused:
        with pytest.raises(ApiDatesRefused):
            await there.give()
        assert there.rows[1]["student_ids"] == [40, 41]
    else:
        await there.give()


async def test_what_canvas_does_not_take_is_said_and_changes_nothing() -> None:
    there = Overrides(override(1, 41))
    for user in ("99", "no id", ""):
        with pytest.raises(ApiDatesRefused):
            await there.give(user)
    assert list(there.rows) == [1]
    for assignment_id in ("6", "no id", "5/../6"):
        with pytest.raises(ApiDatesRefused):
            await there.canvas.api(answer=there.answer).give_window("17", assignment_id, "40", Window())


async def test_without_the_scope_nothing_is_tried() -> None:
    unscoped = httpx.Response(401, json={"errors": [{"message": "Insufficient scopes on access token."}]})
    canvas = Canvas().on(WHERE, unscoped)
    with pytest.raises(ApiNotPermitted):
        await canvas.api().give_window("17", "5", "40", Window())
    assert [request.method for request in canvas.asked] == ["GET"]


@pytest.mark.parametrize(
    "before",
    [
        {},
        {"changed": None},
        {"changed": [1]},
        {"taken_out": {"id": "1"}},
        {"taken_out": {"id": {}, "student_ids": 3}},
        {"x": 1},
    ],
)
async def test_what_is_remembered_wrongly_is_as_nothing(before: dict[str, Any]) -> None:
    there = Overrides()
    given_now = await there.give()
    await there.take_back(WindowGiven(given_now.external_id, before))
    assert there.rows == {}
    await there.take_back(WindowGiven("not one of Canvas's", before))


_date = st.sampled_from([None, "2026-09-20T10:00:00Z", "2026-09-21T10:00:00Z"])
_dates = st.dictionaries(st.sampled_from(DATES), _date)


@settings(max_examples=60, deadline=None)
@given(
    groups=st.lists(st.sampled_from([None, 1, 2, 3]), min_size=4, max_size=4),
    dates=st.lists(_dates, min_size=3, max_size=3),
    students=st.lists(st.sampled_from(sorted(CLASS)), max_size=6),
    shuffled=st.randoms(use_true_random=False),
)
def test_taken_back_everything_is_as_it_was(
    groups: list[int | None], dates: list[dict[str, Any]], students: list[int], shuffled: random.Random
) -> None:
    """However students share overrides, and whoever gets dates: several times the same ones, taken back in turn, or each once,
    taken back in any order.
    """
    by_group: dict[int, list[int]] = {}
    for student, group in zip(sorted(CLASS), groups, strict=True):
        if group is not None:
            by_group.setdefault(group, []).append(student)
    there = Overrides(*(override(group, *members, **dates[group - 1]) for group, members in by_group.items()))
    before = there.dates()

    async def story() -> None:
        history = []
        for minute, student in enumerate(students):
            history.append((str(student), await there.give(str(student), Window(due_at=DUE.replace(minute=minute)))))
            others = {one: kept for one, kept in there.dates().items() if one not in students}
            assert others == {one: kept for one, kept in before.items() if one not in students}
            assert there.dates()[student] == {"due_at": f"2026-10-01T12:0{minute}:00Z"}
        history.reverse()
        if len(set(students)) == len(students):
            shuffled.shuffle(history)
        for user, given_then in history:
            await there.take_back(given_then, user)

    asyncio.run(story())
    assert there.dates() == before
