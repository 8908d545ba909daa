"""The tool's web service or its worker, as ``serve`` and ``worker`` run them, with a clock that can be moved from outside.

``python -m benchmarks.faults.tool web PORT`` also takes scores at ``POST /owe``, so that nobody has to launch two thousand times:
they go into the ledger in one transaction and nudge the worker as everything does that changes a score.
``python -m benchmarks.faults.tool worker`` is the worker. Settings come from the environment as always, and besides:
``FAULTS_CLOCK`` a file that holds by how many seconds this clock is ahead of the machine's, ``FAULTS_AT_ONCE`` how many requests
go to an LMS at a time, ``FAULTS_LEASE`` the lease in seconds, of which requests take less than half and sweeps a third.
"""

import asyncio
import json
import os
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

import lti_tool.app as application
from lti_tool.courses.models import Course
from lti_tool.db.base import scoped
from lti_tool.grades import jobs as grade_jobs
from lti_tool.grades.delivery import Deliverer
from lti_tool.grades.service import owe_in_column
from lti_tool.logs import set_up_logging
from lti_tool.settings import load_settings

POINTS = 100.0
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class MovedClock:
    """The machine's clock, moved by what stands in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._looked = -1.0
        self._by = timedelta()

    def now(self) -> datetime:
        """The present moment of a machine whose clock goes wrong by so much."""
        looks = time.monotonic()
        if looks - self._looked > 0.05:
            self._looked = looks
            self._by = timedelta(seconds=float(self._file.read_text() or 0))
        return datetime.now(UTC) + self._by


class WithOwing:
    """The web service, and a way to owe scores."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["path"] != "/owe":
            await self._app(scope, receive, send)  # type: ignore[arg-type]
            return
        body, more = b"", True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        try:
            await self._owe(json.loads(body))
        except Exception as error:  # noqa: BLE001 - whoever asked learns that it was not done, and asks again.
            status, said = 503, repr(error).encode()
        else:
            status, said = 200, b"{}"
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": said})

    async def _owe(self, asked: dict[str, Any]) -> None:
        organisation_id, person_id = uuid.UUID(asked["organisation"]), uuid.UUID(asked["person"])
        now = self._app.state.clock.now()
        async with self._app.state.database.writing() as session:
            course = (await session.exec(scoped(Course, organisation_id))).first()
            for resource_id, given in asked["scores"]:
                await owe_in_column(
                    session,
                    course=course,
                    resource_id=resource_id,
                    label=resource_id,
                    score_maximum=POINTS,
                    end_at=None,
                    person_id=person_id,
                    given=given,
                    maximum=POINTS,
                    finished=given >= POINTS,
                    now=now,
                )


def _set_up_delivery() -> None:
    defaults: dict[str, Any] = Deliverer.__init__.__kwdefaults__
    if at_once := os.environ.get("FAULTS_AT_ONCE"):
        defaults["at_once"] = int(at_once)
    if lease := os.environ.get("FAULTS_LEASE"):
        defaults |= {"lease": timedelta(seconds=float(lease)), "request_seconds": 0.45 * float(lease)}
        grade_jobs.SWEEP_EVERY = timedelta(seconds=float(lease) / 3)


def main() -> None:
    """Serve or work until told to end, or killed."""
    _set_up_delivery()
    settings = load_settings()
    set_up_logging(settings.log_format)
    clock = MovedClock(Path(os.environ["FAULTS_CLOCK"]))
    if sys.argv[1] == "worker":
        asyncio.run(application.run_worker(settings, clock=clock))
        return
    app = WithOwing(application.create_app(settings, clock=clock))
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_config=None, access_log=False)


if __name__ == "__main__":
    main()
