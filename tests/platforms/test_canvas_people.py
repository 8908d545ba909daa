"""Sections, groups, and classes from which somebody has gone."""

import httpx
import pytest

from lti_tool.platforms.canvas_http import CanvasNotPermitted
from lti_tool.platforms.native import ApiNotPermitted, NativeGroup
from tests.platforms.fake_canvas import COURSE, Canvas, assignment, rows, submission

REFUSED = httpx.Response(403, json={"status": "unauthorized"})


def groups(*, users: object = None) -> Canvas:
    canvas = Canvas()
    canvas.on(f"{COURSE}/sections", rows({"id": 21, "name": "Room 4"}, {"id": 22, "name": ""}))
    canvas.on(
        f"{COURSE}/enrollments",
        rows(
            {"user_id": 40, "course_section_id": 21},
            {"user_id": 40, "course_section_id": 22},
            {"user_id": 41, "course_section_id": 99},
            {"user_id": None, "course_section_id": 21},
        ),
    )
    group = {"id": 61, "name": "Red", "group_category_id": 60} | ({} if users is None else {"users": users})
    canvas.on(f"{COURSE}/groups", rows(group))
    canvas.on(f"{COURSE}/group_categories", rows({"id": 60, "name": "Project groups"}))
    return canvas.on("/api/v1/groups/61/users", rows({"id": 42}))


async def test_sections_come_with_their_students_and_groups_with_their_members() -> None:
    found = await groups(users=[{"id": 40}, {"id": "41"}, {"name": "nobody"}]).api().read_groups("17")
    assert found == (
        NativeGroup("section:21", "Room 4", frozenset({"40"}), section=True),
        NativeGroup("section:22", "22", frozenset({"40"}), section=True),
        NativeGroup("group:61", "Red", frozenset({"40", "41"}), set_name="Project groups"),
    )


async def test_members_are_asked_for_where_the_key_ignores_include_parameters() -> None:
    found = await groups().api().read_groups("17")
    assert found[-1].user_ids == {"42"}


async def test_group_sets_that_may_not_be_listed_have_no_name() -> None:
    found = await groups(users=[]).on(f"{COURSE}/group_categories", REFUSED).api().read_groups("17")
    assert (found[-1].name, found[-1].set_name) == ("Red", "")


async def test_people_are_told_by_nobody() -> None:
    canvas = Canvas()
    assert await canvas.api().read_people("17") == ()
    assert canvas.asked == []


# --- Classes that change -------------------------------------------------------------------------------------------------


def gradebook(*enrolled: int) -> Canvas:
    """A gradebook that refuses, as Canvas does, a question that names somebody who is not in the course."""

    def submissions(request: httpx.Request) -> httpx.Response:
        named = request.url.params.get_list("student_ids[]")
        if not {int(one) for one in named} <= set(enrolled):
            return REFUSED
        return rows(*(submission(user_id=int(one)) for one in named))

    canvas = Canvas().on(f"{COURSE}/assignments", rows(assignment(5)))
    canvas.on(f"{COURSE}/students/submissions", submissions)
    return canvas.on(f"{COURSE}/users", rows(*({"id": one} for one in enrolled)))


async def test_who_has_left_takes_nobodys_results_away() -> None:
    canvas = gradebook(40, 41)
    found = await canvas.api().read_results("17", ["5"], ["40", "41", "99"])
    assert {one.user_id for one in found.results} == {"40", "41"}
    (listed,) = [request for request in canvas.asked if request.url.path.endswith("/users")]
    assert "completed" in listed.url.params.get_list("enrollment_state[]")


async def test_if_everybody_has_left_there_is_nothing() -> None:
    found = await gradebook(40).api().read_results("17", ["5"], ["98", "99"])
    assert (found.results, found.gaps) == ((), ())


async def test_a_refusal_for_another_reason_stays_one() -> None:
    canvas = gradebook(40).on(f"{COURSE}/students/submissions", REFUSED)
    with pytest.raises(ApiNotPermitted):
        await canvas.api().read_results("17", ["5"], ["40"])


async def test_a_missing_scope_is_not_looked_into() -> None:
    unscoped = httpx.Response(401, json={"errors": [{"message": "Insufficient scopes on access token."}]})
    canvas = gradebook(40).on(f"{COURSE}/students/submissions", unscoped)
    with pytest.raises(CanvasNotPermitted):
        await canvas.api().read_results("17", ["5"], ["40"])
    assert "users" not in canvas.paths()
