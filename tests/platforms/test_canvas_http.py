"""Requests to a Canvas: refusals, throttling, renewal, and where a token goes."""

import asyncio
from collections.abc import Callable

import httpx
import pytest

from lti_tool.clock import ManualClock
from lti_tool.lti.http import AnswerTooLarge
from lti_tool.platforms.canvas_api import CanvasApi
from lti_tool.platforms.canvas_http import LONGEST_SLOWING, CanvasNotPermitted, NotAccepted
from lti_tool.platforms.canvas_scopes import ASSIGNMENTS, MAKE_OVERRIDE, SUBMISSIONS
from lti_tool.platforms.credentials import FixedToken
from lti_tool.platforms.native import (
    ApiBusy,
    ApiCourseNotFound,
    ApiNotPermitted,
    ApiTokenRefused,
    ApiUnreachable,
    ApiUnreadable,
    NativeItem,
    NativeTrouble,
    Window,
)
from tests.platforms.fake_canvas import BASE, COURSE, Canvas, assignment, rows

DEAD = httpx.Response(401, headers={"WWW-Authenticate": 'Bearer realm="canvas-lms"'})
UNSCOPED = httpx.Response(401, json={"errors": [{"message": "Insufficient scopes on access token."}]})


async def contents(canvas: Canvas) -> tuple[NativeItem, ...]:
    return (await canvas.api().read_contents("17")).items


# --- Refusals and waits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(401, headers={"WWW-Authenticate": 'Bearer realm="canvas-lms"'}), ApiTokenRefused),
        (httpx.Response(401, json={"status": "unauthorized"}), ApiNotPermitted),
        (httpx.Response(403, json={"errors": "no"}), ApiNotPermitted),
        (httpx.Response(404), ApiCourseNotFound),
        (httpx.Response(400), ApiUnreadable),
        (httpx.Response(200, text="<html>maintenance</html>"), ApiUnreadable),
        (httpx.Response(200, json={"not": "a list"}), ApiUnreadable),
    ],
)
async def test_refusals_are_told_apart(answer: httpx.Response, error: type[NativeTrouble]) -> None:
    canvas = Canvas().on(f"{COURSE}/assignments", answer)
    with pytest.raises(error) as caught:
        await contents(canvas)
    assert not caught.value.temporary
    assert "secret-token" not in str(caught.value)
    assert len(canvas.asked) == 1


@pytest.mark.parametrize(
    "throttle", [httpx.Response(403, text="403 Forbidden (Rate Limit Exceeded)\n"), httpx.Response(429)]
)
async def test_a_throttle_of_either_kind_is_waited_for(throttle: httpx.Response) -> None:
    canvas = Canvas().on(f"{COURSE}/assignments", throttle, throttle, rows()).on(f"{COURSE}/modules", rows())
    assert await contents(canvas) == ()
    assert canvas.waits == [1.0, 2.0]


async def test_retry_after_is_honoured() -> None:
    busy = httpx.Response(429, headers={"Retry-After": "3"})
    canvas = Canvas().on(f"{COURSE}/assignments", busy, rows()).on(f"{COURSE}/modules", rows())
    await contents(canvas)
    assert canvas.waits == [3.0]


async def test_a_wait_too_long_for_a_page_is_trouble_at_once() -> None:
    canvas = Canvas().on(f"{COURSE}/assignments", httpx.Response(429, headers={"Retry-After": "600"}))
    with pytest.raises(ApiBusy) as caught:
        await contents(canvas)
    assert caught.value.temporary
    assert canvas.waits == []


async def test_a_platform_that_is_down_is_given_up() -> None:
    canvas = Canvas().on(f"{COURSE}/assignments", httpx.Response(502))
    with pytest.raises(ApiUnreachable):
        await contents(canvas)
    assert len(canvas.asked) == 4


async def test_no_answer_is_trouble_that_says_nothing_of_the_address() -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("no answer from https://school.instructure.com", request=request)

    canvas = Canvas().on(f"{COURSE}/assignments", silent)
    with pytest.raises(ApiUnreachable) as caught:
        await contents(canvas)
    assert "instructure" not in caught.value.detail


async def test_one_token_asks_one_thing_at_a_time() -> None:
    under_way, most = 0, 0

    async def answer(_request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.001)
        under_way -= 1
        return rows()

    turn = asyncio.Lock()
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    apis = [CanvasApi(http, BASE, FixedToken("t"), ManualClock(), turn=turn) for _ in range(4)]
    await asyncio.gather(*(api.read_contents("17") for api in apis))
    assert most == 1


async def test_what_is_missing_has_its_name() -> None:
    """A scope of the key, or, where that is there, the right that the token's user lacks in the course."""
    canvas = Canvas().on(f"{COURSE}/assignments", UNSCOPED)
    with pytest.raises(CanvasNotPermitted) as caught:
        await contents(canvas)
    assert (caught.value.needs, caught.value.scope) == (ASSIGNMENTS, True)
    assert caught.value.code == "api-not-permitted"
    canvas.on(f"{COURSE}/assignments", rows(assignment(5)))
    for answer, needs in ((UNSCOPED, SUBMISSIONS), (httpx.Response(403), "permission:view_all_grades")):
        canvas.on(f"{COURSE}/students/submissions", answer).on(f"{COURSE}/users", rows({"id": 40}))
        with pytest.raises(CanvasNotPermitted) as caught:
            await canvas.api().read_results("17", ["5"], ["40"])
        assert caught.value.needs == needs


def left(quota: str) -> httpx.Response:
    """An answer after which so much of the quota is left."""
    answer = rows()
    answer.headers["X-Rate-Limit-Remaining"] = quota
    return answer


@pytest.mark.parametrize(
    ("quotas", "wait"),
    [
        (("600", "130.5"), 1.95),
        (("700", "-80"), LONGEST_SLOWING),
        (("600", "200"), None),
        (("600", "none"), None),
        (("600", "nan"), None),
        (("600", "-inf"), None),
        # A school that gives little: where nearly all is left nobody waits.
        (("100", "90"), None),
        (("100", "5"), 2.0),
        (("130", ""), None),
    ],
)
async def test_little_quota_is_waited_for_before_it_is_used_up(quotas: tuple[str, str], wait: float | None) -> None:
    """Once for each answer that says so: the next one says anew."""
    canvas = Canvas().on(f"{COURSE}/assignments", left(quotas[0])).on(f"{COURSE}/modules", left(quotas[1]))
    await contents(canvas)
    assert canvas.waits == ([] if wait is None else [pytest.approx(wait)])


async def test_a_change_that_may_have_been_made_is_not_tried_again() -> None:
    overrides = f"{COURSE}/assignments/5/overrides"
    canvas = Canvas()

    def answer(request: httpx.Request) -> httpx.Response:
        return rows() if request.method == "GET" else httpx.Response(502)

    canvas.on(overrides, answer)
    with pytest.raises(ApiUnreachable):
        await canvas.api().give_window("17", "5", "40", Window())
    assert [request.method for request in canvas.asked] == ["GET", "POST"]
    assert canvas.waits == []


async def test_a_change_that_was_throttled_is_tried_again() -> None:
    overrides = f"{COURSE}/assignments/5/overrides"
    made = httpx.Response(201, json={"id": 9})
    canvas = Canvas().on(overrides, rows(), httpx.Response(403, text="403 Forbidden (Rate Limit Exceeded)"), made)
    assert (await canvas.api().give_window("17", "5", "40", Window())).external_id == "9"
    assert [request.method for request in canvas.asked] == ["GET", "POST", "POST"]
    assert canvas.asked[1].content == canvas.asked[2].content
    assert MAKE_OVERRIDE.startswith("url:POST|")


async def test_an_answer_that_is_too_large_is_no_silence() -> None:
    def large(request: httpx.Request) -> httpx.Response:
        raise AnswerTooLarge("over the limit", request=request)

    with pytest.raises(ApiUnreadable) as caught:
        await contents(Canvas().on(f"{COURSE}/assignments", large))
    assert not isinstance(caught.value, NotAccepted)


# --- Renewal -------------------------------------------------------------------------------------------------------------


class Renewing:
    """Credentials with these tokens, one after the other."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)
        self.refused: list[str] = []

    async def token(self) -> str:
        return self.tokens[0]

    async def renew(self, refused: str) -> str:
        self.refused.append(refused)
        del self.tokens[0]
        if not self.tokens:
            raise ApiTokenRefused("no other")
        return self.tokens[0]


def good(token: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: rows() if request.headers["authorization"] == f"Bearer {token}" else DEAD


async def test_a_dead_token_is_renewed_once_and_the_request_sent_again() -> None:
    canvas = Canvas().on(f"{COURSE}/assignments", good("second")).on(f"{COURSE}/modules", good("second"))
    credentials = Renewing("first", "second")
    assert (await canvas.api(credentials).read_contents("17")).items == ()
    assert credentials.refused == ["first"]
    tokens = [request.headers["authorization"] for request in canvas.asked]
    assert tokens[:3] == ["Bearer first", "Bearer second", "Bearer second"]


async def test_two_dead_tokens_are_enough() -> None:
    canvas = Canvas().on(f"{COURSE}/assignments", DEAD)
    credentials = Renewing("first", "second", "third")
    with pytest.raises(ApiTokenRefused):
        await canvas.api(credentials).read_contents("17")
    assert credentials.refused == ["first"]
    assert len(canvas.asked) == 2


async def test_who_cannot_renew_says_so_after_one_request() -> None:
    for credentials in (Renewing("only"), FixedToken("only")):
        canvas = Canvas().on(f"{COURSE}/assignments", DEAD)
        with pytest.raises(ApiTokenRefused):
            await canvas.api(credentials).read_contents("17")
        assert len(canvas.asked) == 1


async def test_a_lacking_right_renews_nothing() -> None:
    """Canvas's 401 without the header: the token lives."""
    credentials = Renewing("first", "second")
    with pytest.raises(ApiNotPermitted):
        await Canvas().on(f"{COURSE}/assignments", UNSCOPED).api(credentials).read_contents("17")
    assert credentials.refused == []
