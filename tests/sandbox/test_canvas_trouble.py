"""Canvas's REST API out of order: too many calls, pages of HTML, answers that break off or never come, and the page for it."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from lti_tool.sandbox.store import add_person
from tests.sandbox.canvas import Calls, a_key, account, calls_of
from tests.sandbox.conftest import Lms
from tests.sandbox.liking import cookie


@pytest.fixture
def like() -> str:
    return "canvas"


@pytest.fixture
async def calls(lms: Lms) -> Calls:
    return await account(lms)


async def _control(lms: Lms, what: str, body: dict[str, Any]) -> Any:
    answer = await lms.http.post(f"/_control/{what}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(("status", "words"), [(403, "403 Forbidden (Rate"), (429, "429 Too Many Requests (Rate")])
async def test_too_many_calls_of_one_token_are_refused_until_the_bucket_leaks(
    lms: Lms, calls: Calls, status: int, words: str
) -> None:
    await _control(lms, "behaviour", {"throttle": {"limit": 100, "cost": 60, "status": status}})
    first = await calls.ask("/modules")
    assert (first.status_code, first.headers["x-request-cost"]) == (200, "60.0")
    assert float(first.headers["x-rate-limit-remaining"]) == 50.0
    await calls.ask("/modules")
    full = await calls.ask("/modules")
    assert (full.status_code, "retry-after" in full.headers) == (status, False)
    assert full.text.startswith(words)
    assert full.headers["x-rate-limit-remaining"] == "0.0"
    other = await calls_of(lms, lms.teacher, await a_key(lms))
    assert (await other.ask("/modules")).status_code == 200
    lms.clock.move(timedelta(seconds=5))
    assert (await calls.ask("/modules")).status_code == 200
    await _control(lms, "reset", {})
    assert (await _control(lms, "behaviour", {}))["throttle"] == {"limit": 600.0, "cost": 0.5, "status": 403}


async def test_a_page_of_html_says_that_all_is_well(lms: Lms, calls: Calls) -> None:
    await _control(lms, "fail", {"endpoint": "api", "kind": "html"})
    answer = await calls.ask("/modules")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert (await calls.ask("/modules")).json() == []


async def test_an_answer_breaks_off(lms: Lms, calls: Calls) -> None:
    whole = (await calls.ask("/users")).content
    await _control(lms, "fail", {"endpoint": "api", "kind": "broken"})
    broken = await calls.ask("/users")
    assert broken.status_code == 200
    assert broken.content == whole[: len(whole) // 2]
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|Invalid"):
        broken.json()


async def test_an_answer_never_comes(lms: Lms, calls: Calls) -> None:
    await _control(lms, "fail", {"endpoint": "api", "kind": "hang"})
    asking = asyncio.create_task(calls.ask("/modules"))
    while lms.platform.behaviour.failures:  # noqa: ASYNC110 - the LMS tells nobody that it has begun to hang.
        await asyncio.sleep(0.01)
    answered, _ = await asyncio.wait({asking}, timeout=0.1)
    assert not answered
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert (await calls.ask("/modules")).status_code == 200


async def test_a_kind_that_there_is_not_is_refused(lms: Lms) -> None:
    answer = await lms.http.post("/_control/fail", json={"endpoint": "api", "kind": "smoke"})
    assert answer.status_code == 422
    with pytest.raises(ValueError, match="there is no kind"):
        lms.platform.behaviour.fail_next("api", 500, kind="smoke")


async def test_the_administrators_page_asks_for_it(lms: Lms, calls: Calls) -> None:
    admin = await _admin(lms)
    page = "/admin/trouble"
    sent = {"what": "fail", "endpoint": "api", "status": "500", "kind": "html", "times": "1"}
    await lms.http.post(page, data=sent, headers=admin)
    await lms.http.post(page, data={"what": "habits", "limit": "429", "rights": "403"}, headers=admin)
    words = (await lms.http.get(page, headers=admin)).text
    for said in ("a page of html that says 200", "answered with 429", "is answered 403"):
        assert said in words
    assert (await calls.ask("/modules")).headers["content-type"].startswith("text/html")
    mine = await calls_of(lms, lms.stranger, await a_key(lms))
    assert (await mine.ask("/modules")).status_code == 403
    await lms.http.post(page, data={"what": "persons"}, headers=admin)
    assert (await mine.ask("/modules")).status_code == 401
    await lms.http.post(page, data={"what": "ordinary"}, headers=admin)
    assert "Nothing." in (await lms.http.get(page, headers=admin)).text


async def _admin(lms: Lms) -> dict[str, str]:
    async with lms.platform.store.writing() as session:
        found = await add_person(
            session, login="admin", given_name="Ada", family_name="Min", kind="administrator", now=lms.platform.now()
        )
    return await cookie(lms, found)


async def test_latency_and_errors_are_of_the_whole_api(lms: Lms, calls: Calls) -> None:
    await _control(lms, "behaviour", {"latency": {"api": 0.05}})
    await _control(lms, "fail", {"endpoint": "api", "status": 500})
    answer: httpx.Response = await calls.ask(f"/api/quiz/v1/courses/{lms.course.id}/quizzes")
    assert answer.status_code == 500
    assert lms.platform.behaviour.calls["api"] == 1
