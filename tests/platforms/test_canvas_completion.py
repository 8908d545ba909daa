"""What Canvas counts as completed, and how few questions it takes."""

from typing import Any

import httpx
import pytest

from lti_tool.platforms.canvas_completion import STUDENTS_IN_A_BATCH
from lti_tool.platforms.native import ApiNotPermitted, NativeCompletion
from tests.platforms.fake_canvas import COURSE, Canvas, gather, module_item, rows


class Class:
    """A course of modules, and the items that each student has done; ``heeds`` say whether include parameters are allowed."""

    def __init__(self, modules: dict[int, list[int]], done: dict[int, set[int]], *, heeds: bool = True) -> None:
        self.modules, self.done, self.heeds = modules, done, heeds
        self.canvas = Canvas().on(f"{COURSE}/modules", self._modules).on(f"{COURSE}/bulk_user_progress", self._progress)
        for module in modules:
            self.canvas.on(f"{COURSE}/modules/{module}/items", self._items(module))

    def _rows(self, module: int, student: str | None) -> list[dict[str, Any]]:
        plain: list[dict[str, Any]] = [module_item(module * 1000, "SubHeader")]
        for item in self.modules[module]:
            requirement: dict[str, Any] = {"type": "must_view"}
            if student is not None:
                requirement["completed"] = item in self.done[int(student)]
            plain.append(module_item(item, "Page", completion_requirement=requirement))
        return plain

    def _items(self, module: int) -> Any:
        return lambda request: rows(*self._rows(module, request.url.params.get("student_id")))

    def _modules(self, request: httpx.Request) -> httpx.Response:
        student = request.url.params.get("student_id")
        if student is not None and int(student) not in self.done:
            return httpx.Response(404)
        return rows(
            *(
                {"id": module, "name": "M", "items_count": len(items) + 1}
                | ({"items": self._rows(module, student)} if self.heeds else {})
                for module, items in self.modules.items()
            )
        )

    def _progress(self, _request: httpx.Request) -> httpx.Response:
        total = sum(len(items) for items in self.modules.values())
        return rows(
            *(
                {
                    "id": student,
                    "progress": {"requirement_count": total, "requirement_completed_count": len(items)},
                }
                for student, items in self.done.items()
            )
        )

    async def told(self, *users: str) -> set[tuple[str, str]]:
        found = await gather(self.canvas.api().completions("17", users))
        assert len({(one.external_id, one.user_id) for one in found}) == len(found)
        return {(one.user_id, one.external_id.rpartition(":")[2]) for one in found if one.done}

    def expected(self, *users: str) -> set[tuple[str, str]]:
        return {(user, str(item)) for user in users for item in self.done[int(user)]}


@pytest.mark.parametrize("heeds", [True, False])
@pytest.mark.parametrize(
    "modules", [{1: [11, 12], 2: [21]}, {1: [11, 12, 13]}, {number: [number * 10] for number in range(1, 9)}]
)
async def test_who_did_what_is_told_whatever_the_key_allows(heeds: bool, modules: dict[int, list[int]]) -> None:
    every = {item for items in modules.values() for item in items}
    course = Class(modules, {40: set(sorted(every)[:1]), 41: set(), 42: every}, heeds=heeds)
    assert await course.told("40", "41", "42") == course.expected("40", "41", "42")


async def test_who_did_nothing_or_everything_costs_no_question() -> None:
    course = Class({1: [11, 12], 2: [21]}, {40: {11}, 41: set(), 42: {11, 12, 21}})
    await course.told("40", "41", "42")
    about = [request.url.params.get("student_id") for request in course.canvas.asked]
    assert [one for one in about if one] == ["40"]


async def test_one_module_of_many_is_asked_for_by_itself() -> None:
    modules: dict[int, list[int]] = {number: [] for number in range(2, 30)} | {1: [11, 12]}
    course = Class(modules, {40: {11}})
    assert await course.told("40") == {("40", "11")}
    assert course.canvas.paths()[-1] == "modules/1/items"


async def test_what_is_not_done_is_told_as_well() -> None:
    course = Class({1: [11, 12]}, {40: {11}, 41: set()})
    found = await gather(course.canvas.api().completions("17", ["40", "41"]))
    assert NativeCompletion("canvas:module-item:12", "40", False) in found
    assert len(found) == 4


async def test_others_and_those_who_are_gone_are_left_out() -> None:
    course = Class({1: [11, 12]}, {40: {11}, 41: {12}})
    assert await course.told("41", "99", "no id") == {("41", "12")}
    assert await course.told("no id") == set()


async def test_somebody_who_leaves_while_the_list_is_read_is_left_out() -> None:
    course = Class({1: [11, 12]}, {40: {11}, 41: {12}})
    told = course.canvas.api().completions("17", ["40", "41"])
    course.canvas.on(
        f"{COURSE}/bulk_user_progress",
        rows(*({"id": user, "progress": {"requirement_completed_count": 1}} for user in (39, 41))),
    )
    assert {one.user_id for one in await gather(told)} == {"41"}


async def test_a_course_without_requirements_is_asked_no_further() -> None:
    course = Class({1: [], 2: []}, {40: set()})
    assert await course.told("40") == set()
    assert course.canvas.paths() == ["modules"]


async def test_counts_that_make_no_sense_are_looked_into() -> None:
    """Canvas answers with an error in place of counts where it thinks that nothing is required."""
    course = Class({1: [11, 12]}, {40: {11}})
    for progress in (
        {"error": {"message": "no progress available"}},
        {"requirement_completed_count": "1"},
        None,
        False,
    ):
        course.canvas.on(f"{COURSE}/bulk_user_progress", rows({"id": 40, "progress": progress}))
        assert await course.told("40") == {("40", "11")}


async def test_large_classes_come_in_batches() -> None:
    people = STUDENTS_IN_A_BATCH * 2 + 3
    course = Class({1: [11]}, {number: {11} for number in range(1, people + 1)})
    users = [str(number) for number in course.done]
    batches = [batch async for batch in course.canvas.api().completions("17", users)]
    assert [len(batch) for batch in batches] == [STUDENTS_IN_A_BATCH, STUDENTS_IN_A_BATCH, 3]


async def test_who_may_not_see_everybodys_progress_is_refused() -> None:
    course = Class({1: [11]}, {40: set()})
    course.canvas.on(f"{COURSE}/bulk_user_progress", httpx.Response(401, json={"status": "unauthorized"}))
    with pytest.raises(ApiNotPermitted):
        await course.told("40")
