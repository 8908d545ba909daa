"""What an access to a Canvas is found able to do."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from lti_tool.platforms import canvas_scopes
from lti_tool.platforms.canvas_finding import INCLUDES_IGNORED, LOOSE_UNLISTED
from lti_tool.platforms.canvas_scopes import ALL, SCOPES
from lti_tool.platforms.native import (
    Ability,
    ApiBusy,
    ApiTokenRefused,
    ApiUnreachable,
    Capability,
    FoundOut,
    Lacking,
)
from tests.platforms.fake_canvas import COURSE, Canvas, assignment, rows

ABLE = frozenset(Capability) - {Capability.EVENTS}
LISTS = (
    "modules/1/items",
    "quizzes",
    "pages",
    "discussion_topics",
    "files",
    "students/submissions",
    "users",
    "bulk_user_progress",
    "outcome_group_links",
    "sections",
    "enrollments",
    "groups",
    "assignments/5/overrides",
)


def course(*, items: Any = ({"id": 2, "type": "Page"},)) -> Canvas:
    """A course with a module and an assignment, of which everything may be asked."""
    canvas = Canvas()
    canvas.on(f"{COURSE}/modules", rows({"id": 1, "name": "Week 1", "items_count": 1, "items": items}))
    canvas.on(f"{COURSE}/assignments", rows(assignment(5)))
    canvas.on(f"{COURSE}/outcome_results", httpx.Response(200, json={"outcome_results": []}))
    for path in LISTS:
        canvas.on(f"{COURSE}/{path}", rows())
    canvas.on(
        f"{COURSE}/assignments/5/overrides",
        lambda request: rows() if request.method == "GET" else httpx.Response(400, json={"errors": ["no students"]}),
    )
    return canvas


def with_scopes(canvas: Canvas, *scopes: str) -> Callable[[httpx.Request], httpx.Response]:
    """The same, of a token with these scopes only."""

    def fits(scope: str, request: httpx.Request) -> bool:
        method, _, pattern = scope.removeprefix("url:").partition("|")
        wanted, there = pattern.split("/"), request.url.path.split("/")
        return (
            method == request.method
            and len(wanted) == len(there)
            and all(one.startswith(":") or one == other for one, other in zip(wanted, there, strict=True))
        )

    def answer(request: httpx.Request) -> httpx.Response:
        found = canvas(request)
        if any(fits(scope, request) for scope in scopes):
            return found
        return httpx.Response(401, json={"errors": [{"message": "Insufficient scopes on access token."}]})

    return answer


async def found(canvas: Canvas, answer: Callable[[httpx.Request], httpx.Response] | None = None) -> FoundOut:
    return await canvas.api(answer=answer).find_out("17")


def able(found_out: FoundOut) -> set[Capability]:
    return {one for one, ability in found_out.abilities.items() if ability.able}


async def test_an_access_with_all_scopes_can_do_all() -> None:
    canvas = course()
    what = await found(canvas, with_scopes(canvas, *ALL))
    assert able(what) == ABLE
    assert what.remarks == ()
    assert what.abilities[Capability.EVENTS] == Ability(False, Lacking.NOT_OFFERED)


@pytest.mark.parametrize("capability", sorted(ABLE))
async def test_the_scopes_of_a_capability_are_enough_for_it(capability: Capability) -> None:
    """And without them all that are missing are named."""
    canvas = course()
    assert capability in able(await found(canvas, with_scopes(canvas, *SCOPES[capability])))
    others = [scope for scope in ALL if scope not in SCOPES[capability]]
    lacking = (await found(canvas, with_scopes(canvas, *others))).abilities[capability]
    assert (lacking.able, lacking.why) == (False, Lacking.NOT_PERMITTED)
    assert set(lacking.needs) == set(SCOPES[capability]) - canvas_scopes.OPTIONAL


@pytest.mark.parametrize("scope", [scope for scope in ALL if scope not in canvas_scopes.OPTIONAL])
async def test_one_missing_scope_takes_away_what_needs_it_and_nothing_else(scope: str) -> None:
    canvas = course()
    what = await found(canvas, with_scopes(canvas, *(one for one in ALL if one != scope)))
    missing = {capability for capability in ABLE if scope in SCOPES[capability]}
    assert able(what) == ABLE - missing
    assert {what.abilities[one].needs for one in missing} == {(scope,)}


@pytest.mark.parametrize("scope", canvas_scopes.LOOSE)
async def test_lists_of_loose_items_may_be_missing_and_that_is_said(scope: str) -> None:
    canvas = course()
    what = await found(canvas, with_scopes(canvas, *(one for one in ALL if one != scope)))
    assert able(what) == ABLE
    assert what.remarks == (LOOSE_UNLISTED,)


async def test_pages_that_the_course_does_not_use_are_no_remark() -> None:
    canvas = course().on(f"{COURSE}/pages", httpx.Response(404, json={"message": "That page has been disabled"}))
    what = await found(canvas)
    assert able(what) == ABLE
    assert what.remarks == ()


async def test_a_right_that_is_missing_has_canvass_name() -> None:
    """The scopes are there; the token's user is no teacher who may see everybody's grades."""
    canvas = course().on(f"{COURSE}/students/submissions", httpx.Response(403, json={"status": "unauthorized"}))
    what = await found(canvas)
    assert what.abilities[Capability.RESULTS].needs == ("permission:view_all_grades",)
    assert Capability.CONTENTS in able(what)


@pytest.mark.parametrize("items", [None, ()])
async def test_a_key_that_ignores_include_parameters_is_remarked(items: Any) -> None:
    what = await found(course(items=items))
    assert what.remarks == (INCLUDES_IGNORED,)
    assert able(what) == ABLE


async def test_a_module_too_large_to_come_with_its_items_is_no_sign_of_that() -> None:
    canvas = course()
    canvas.on(f"{COURSE}/modules", rows({"id": 1, "name": "Big", "items_count": 120}, {"id": 3, "items_count": 0}))
    assert (await found(canvas)).remarks == ()


async def test_an_empty_course_is_able_as_well() -> None:
    """There is no module, no assignment and no group to ask about."""
    canvas = course().on(f"{COURSE}/modules", rows()).on(f"{COURSE}/assignments", rows())
    assert able(await found(canvas)) == ABLE


async def test_a_canvas_without_outcomes_has_them_switched_off() -> None:
    what = await found(course().on(f"{COURSE}/outcome_group_links", httpx.Response(404)))
    assert what.abilities[Capability.OUTCOMES] == Ability(False, Lacking.SWITCHED_OFF)
    assert able(what) == ABLE - {Capability.OUTCOMES}


async def test_a_canvas_without_new_quizzes_lacks_nothing() -> None:
    canvas = course()
    assert able(await found(canvas)) == ABLE
    assert not [request for request in canvas.asked if "/api/quiz/" in request.url.path]


async def test_one_answer_that_makes_no_sense_fails_what_needs_it() -> None:
    what = await found(course().on(f"{COURSE}/sections", httpx.Response(200, text="<html>")))
    assert what.abilities[Capability.GROUPS] == Ability(False, Lacking.FAILED)
    assert able(what) == ABLE - {Capability.GROUPS}


async def test_a_course_that_is_not_there_fails_for_everything() -> None:
    what = await found(Canvas())
    assert able(what) == set()
    assert {what.abilities[one] for one in ABLE} == {Ability(False, Lacking.FAILED)}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(401, headers={"WWW-Authenticate": "Bearer"}), ApiTokenRefused),
        (httpx.Response(502), ApiUnreachable),
        (httpx.Response(429, headers={"Retry-After": "600"}), ApiBusy),
    ],
)
async def test_a_canvas_that_cannot_be_asked_is_trouble(answer: httpx.Response, error: type[Exception]) -> None:
    for course_id in ("17", None):
        with pytest.raises(error):
            await Canvas().api(answer=lambda _request: answer).find_out(course_id)


@pytest.mark.parametrize(
    "answer", [httpx.Response(200, json={"id": 12}), httpx.Response(401, json={"errors": [{"message": "no scope"}]})]
)
async def test_without_a_course_a_living_token_is_all_that_can_be_known(answer: httpx.Response) -> None:
    canvas = Canvas().on("/api/v1/users/self", answer)
    assert able(await canvas.api().find_out(None)) == ABLE


async def test_finding_out_changes_nothing() -> None:
    """What would write is sent without what it needs, or to what is not there."""
    canvas = course()
    await found(canvas)
    writes = [request for request in canvas.asked if request.method != "GET"]
    assert [(request.method, request.url.path.rpartition("/")[2], request.content) for request in writes] == [
        ("POST", "overrides", b""),
        ("PUT", "0", b""),
        ("DELETE", "0", b""),
    ]
    assert len(canvas.asked) < 25
