"""Answers that no Canvas gives: each is trouble that is told, or is left out; none is more than that."""

import asyncio
import copy
import json
import math
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.platforms.canvas_api import CanvasApi
from lti_tool.platforms.native import ApiUnreadable, NativeTrouble, Window, WindowGiven
from tests.native.conftest import Recorded
from tests.platforms.fake_canvas import BASE, COURSE, Canvas, assignment, gather, module_item, rows, submission

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 12),
    st.sampled_from([2**53 + 1, 10**25, -(10**400), 10**400, 1e308, -0.0, 5e-324]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        [
            "5", "40", "1~5", "assignment_5", "quiz_60", "quiz_", "_", "Assignment", "Quiz", "Page", "SubHeader", "graded",
            "must_view", "min_percentage", "external_tool", "2026-09-02T10:00:00Z", "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59-14:00", "2026-02-30", "javascript:alert(1)", "http://[::1", "//x", "https://", "\x00", "\ud800",
            "<script>" * 30, "x" * 5000, "/api/v1/../../", BASE + "/api/v1/x",
        ]
    ),
)  # fmt: skip
value = st.one_of(
    odd, st.lists(odd, max_size=3), st.dictionaries(st.sampled_from(["id", "type", "points"]), odd, max_size=3)
)
spoils = st.lists(st.tuples(st.integers(0, 10**6), value), min_size=1, max_size=25)
"""Which places of an answer are spoilt, counted over all there are, and what stands there instead."""

link = st.sampled_from(
    [
        None, '<https://evil.example/x>; rel="next"', f'<{BASE}{COURSE}/modules?page=2>; rel="next"', '<http://[x>; rel="next"',
        '<?page=3>; rel="next"', "rel=next", '<>; rel="next"', '<//evil.example/>; rel="next"', '<javascript:x>; rel="next"',
    ]
)  # fmt: skip

RECORDED = Recorded.of("canvas")

CALLS: dict[str, Callable[[CanvasApi], Any]] = {
    "find out": lambda api: api.find_out("17"),
    "contents": lambda api: api.read_contents("17"),
    "results": lambda api: api.read_results("17", ["501", "502", "505"], ["40", "41"]),
    "completions": lambda api: gather(api.completions("17", ["40", "41", "42"])),
    "outcomes": lambda api: api.read_outcomes("17"),
    "ratings": lambda api: gather(api.ratings("17", ["3001", "3002"], ["40", "41"])),
    "groups": lambda api: api.read_groups("17"),
    "window": lambda api: api.give_window("17", "501", "40", Window()),
    "undo": lambda api: api.take_window_back(
        "17", "5", "40", WindowGiven("9", {"taken_out": {"id": 1, "student_ids": [40]}})
    ),
}


def places(body: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a JSON value, as what it is in and its name there."""
    for name in body if isinstance(body, dict) else range(len(body)) if isinstance(body, list) else ():
        yield body, name
        yield from places(body[name])


def spoilt(content: bytes, spoilt_places: list[tuple[int, Any]]) -> bytes:
    """The answer with something else at these places, or with nothing there."""
    body = {"all": json.loads(content)}
    there = [*places(body)]
    for number, instead in spoilt_places:
        inside, name = there[number % len(there)]
        if instead is None and isinstance(inside, dict) and inside is not body:
            inside.pop(name, None)
        else:
            # A copy: the same thing twice could end up within itself.
            inside[name] = copy.deepcopy(instead)
    return json.dumps(body["all"]).encode("utf-8", "surrogatepass")


@settings(max_examples=40, deadline=None)
@given(wrong=spoils, links=link)
@pytest.mark.parametrize("call", CALLS)
def test_no_answer_is_more_than_trouble(call: str, wrong: list[tuple[int, Any]], links: str | None) -> None:
    """Canvas's own answers, spoilt here and there."""
    recorded = Recorded(RECORDED.exchanges)

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "school.instructure.com"
        found = recorded(request)
        headers = {"Link": links} if links is not None else {}
        return httpx.Response(found.status_code, content=spoilt(found.content, wrong), headers=headers)

    async def ask() -> None:
        try:
            found = await CALLS[call](Canvas().api(answer=answer))
        except NativeTrouble:
            return
        for item in getattr(found, "items", ()):
            assert 0 < len(item.title) <= 500
            assert item.url is None or item.url.startswith("http")
            assert item.due_at is None or item.due_at.tzinfo is UTC
        for result in getattr(found, "results", ()):
            assert 0 <= result.percent < math.inf

    asyncio.run(ask())
    assert len(recorded.asked) < 400


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5000])
async def test_numbers_that_are_none_leave_no_grade(number: str) -> None:
    canvas = Canvas().on(f"{COURSE}/assignments", rows(assignment(5)))
    plain = json.dumps([submission()]).replace("8.0", number)
    canvas.on(f"{COURSE}/students/submissions", httpx.Response(200, text=plain))
    try:
        found = await canvas.api().read_results("17", ["5"], ["40"])
    except ApiUnreadable:
        return
    assert found.results == ()


async def test_rows_that_are_told_twice_count_once() -> None:
    """A list that somebody changes while it is read moves its rows from page to page."""
    canvas = Canvas().on(f"{COURSE}/assignments", rows(assignment(5), assignment(5, name="Again"), assignment(6)))
    item = module_item(11, "Assignment", content_id=5)
    canvas.on(
        f"{COURSE}/modules",
        rows({"id": 1, "name": "A", "items": [item, item]}, {"id": 1, "name": "A", "items": [item]}),
    )
    canvas.on(f"{COURSE}/pages", rows(*[{"page_id": 3, "url": "x", "title": "X"}] * 2))
    found = (await canvas.api().read_contents("17")).items
    assert [one.external_id for one in found] == ["canvas:module-item:11", "canvas:assignment:6", "canvas:page:3"]
    canvas.on(f"{COURSE}/students/submissions", rows(submission(), submission(score=1, entered_score=1)))
    results = await canvas.api().read_results("17", ["5"], ["40"])
    assert [one.percent for one in results.results] == [80]


async def test_a_list_of_many_pages_is_read_to_its_end_in_bounded_memory() -> None:
    """Batches go out page by page; a class has thousands of pages of grades."""

    def page(request: httpx.Request) -> httpx.Response:
        number = int(request.url.params.get("page", "1"))
        people = (submission(user_id=one) for one in range(number * 100, number * 100 + 100))
        following = f'<{BASE}{COURSE}/students/submissions?page={number + 1}>; rel="next"'
        return rows(*people, link=following if number < 30 else None)

    canvas = Canvas().on(f"{COURSE}/assignments", rows(assignment(5))).on(f"{COURSE}/students/submissions", page)
    everybody = [str(number) for number in range(100, 3100)]
    sizes = [len(batch.results) async for batch in canvas.api().results("17", ["5"], everybody)]
    assert sizes == [100] * 30
