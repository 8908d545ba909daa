"""A Canvas in a test: answers by path, and what was asked of it."""

from collections.abc import Callable
from typing import Any

import httpx

from lti_tool.clock import ManualClock
from lti_tool.platforms.canvas_api import CanvasApi
from lti_tool.platforms.credentials import BearerCredentials, FixedToken

BASE = "https://school.instructure.com"
COURSE = "/api/v1/courses/17"
Answer = httpx.Response | Callable[[httpx.Request], httpx.Response]


class Canvas:
    """Answers by path, in turn where there are several; remembers what was asked and how long was waited."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[httpx.Request] = []
        self.waits: list[float] = []

    def on(self, path: str, *answers: Answer) -> "Canvas":
        self.answers[path] = list(answers)
        return self

    def paths(self) -> list[str]:
        """What was asked, in turn, without the course's own part."""
        return [request.url.path.removeprefix(COURSE + "/") for request in self.asked]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        waiting = self.answers.get(request.url.path)
        if not waiting:
            return httpx.Response(404, json={"errors": [{"message": "The specified resource does not exist."}]})
        answer = waiting[0] if len(waiting) == 1 else waiting.pop(0)
        return answer(request) if callable(answer) else answer

    def api(
        self,
        credentials: BearerCredentials | None = None,
        *,
        answer: Callable[[httpx.Request], httpx.Response] | None = None,
    ) -> CanvasApi:
        async def sleep(seconds: float) -> None:
            self.waits.append(seconds)

        http = httpx.AsyncClient(transport=httpx.MockTransport(answer or self))
        return CanvasApi(http, BASE, credentials or FixedToken("secret-token"), ManualClock(), sleep=sleep)


def rows(*items: Any, link: str | None = None, header: str = "Link") -> httpx.Response:
    return httpx.Response(200, json=list(items), headers={header: link} if link else {})


def assignment(number: int = 5, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"Assignment {number}",
        "points_possible": 10,
        "due_at": "2026-09-10T21:59:59Z",
        "html_url": f"{BASE}/courses/17/assignments/{number}",
        "published": True,
        "submission_types": ["online_text_entry"],
    } | more


def module_item(number: int, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "module_id": 1,
        "title": f"{kind} {number}",
        "type": kind,
        "indent": 0,
        "html_url": f"{BASE}/courses/17/modules/items/{number}",
        "published": True,
    } | more


def submission(**more: Any) -> dict[str, Any]:
    return {
        "assignment_id": 5,
        "user_id": 40,
        "workflow_state": "graded",
        "score": 8.0,
        "entered_score": 8.0,
        "graded_at": "2026-09-02T10:00:00Z",
        "posted_at": "2026-09-02T10:00:00Z",
        "excused": False,
        "missing": False,
        "late": False,
    } | more


async def gather(batches: Any) -> list[Any]:
    """Everything in all batches."""
    return [one async for batch in batches for one in batch]
