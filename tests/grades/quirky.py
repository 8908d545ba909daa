"""Gradebooks as LMSs really keep them, over HTTP: what each does with scores that come late, twice or for nobody, and with
numbers that a teacher types over ours.

Each rule is that of the LMS's file in ``lti_tool.sandbox.likes``, or of the specification. The gradebook also keeps the books:
what must never happen is written into ``wrong``.
"""

import json
import re
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx

from lti_tool.clock import ManualClock
from lti_tool.grades.comparing import FRESH
from lti_tool.lti import claims
from lti_tool.lti.models import Family
from tests.grades.test_faults import Fuse

HOST = "https://lms.example"
CANVAS = "https://canvas.instructure.com/lti/submission"
ADRIFT = timedelta(minutes=10)
"""By how much the tool's clock can be wrong in the histories that are played."""

SAVED = frozenset({"500 saved", "hang saved", "cut", "half an answer"})
FAULTS = (
    "500",
    "429",
    "throttled",
    "down",
    "hang",
    "not accepted",
    "a page",
    "key lost",
    "tokens rotated",
    *sorted(SAVED),
)

_SILENT = {
    "down": httpx.ConnectError,
    "hang": httpx.ReadTimeout,
    "hang saved": httpx.ReadTimeout,
    "cut": httpx.RemoteProtocolError,
    "half an answer": httpx.ReadError,
}
_ANSWERED = {
    "429": (429, "Too Many Requests", "{}"),
    "not accepted": (400, "Bad Request", '{"status": 400}'),
    "a page": (200, "OK", "<!doctype html><title>We are back soon</title>"),
}


@dataclass(frozen=True)
class Habits:
    """What one LMS does."""

    family: Family
    whole_seconds: bool = False
    takes_the_same_moment: bool = False
    stale: tuple[int, str, str] = (409, "Conflict", "{}")
    """Status, reason phrase and body for a score that comes too late."""

    stranger: tuple[int, str, str] = (422, "Unprocessable Entity", "{}")
    throttled: tuple[int, str] = (429, "{}")
    expired: int = 401
    keeps_comment: bool = False
    adds_comments: bool = False
    leaves_out_zeros: bool = False
    tells_moments: bool = False
    keeps_what_stands: bool = False
    """A score that says so leaves whatever number stands there, be it a teacher's or one of the tool's own."""

    caps: bool = False
    query: str = ""
    accepts_anything: bool = True


HABITS = {
    "reference": Habits(Family.OTHER),
    "canvas": Habits(
        Family.CANVAS,
        takes_the_same_moment=True,
        stale=(
            400,
            "Bad Request",
            '{"errors": {"message": "Provided timestamp of … before last updated timestamp of …"}}',
        ),
        stranger=(
            422,
            "Unprocessable Entity",
            '{"errors": {"message": "User not found in course or is not a student"}}',
        ),
        throttled=(403, "403 Forbidden (Rate Limit Exceeded)"),
        keeps_comment=True,
        adds_comments=True,
        keeps_what_stands=True,
    ),
    "moodle": Habits(
        Family.MOODLE,
        whole_seconds=True,
        stale=(409, "Refusing score with an earlier timestamp for item 1 and user 1", "[]"),
        stranger=(400, "Incorrect score received{}", "[]"),
        leaves_out_zeros=True,
        tells_moments=True,
        caps=True,
        query="?type_id=2",
        accepts_anything=False,
    ),
    "schoology": Habits(Family.SCHOOLOGY, whole_seconds=True),
    "openedx": Habits(
        Family.OPENEDX,
        stale=(400, "Bad Request", '{"timestamp": ["Score timestamp can only be updated to a later point in time"]}'),
        expired=403,
    ),
    # Nobody has said that this one keeps whole seconds only.
    "unknown": Habits(Family.BRIGHTSPACE, whole_seconds=True, stranger=(403, "Forbidden", "{}")),
}


@dataclass
class Cell:
    """What stands in a column for somebody, and what the tool can know of it.

    ``sure``: every answer about it has arrived. ``told``: the tool has read the number that a teacher typed, while it was sure.
    """

    given: float
    at: datetime
    version: int
    comments: list[str] = field(default_factory=list)
    teachers: bool = False
    told: bool = False
    allowed: bool = False
    """The teacher has said that our score may go over it."""

    wanted: bool = False
    """They said so of this very number, and it has to."""

    sure: bool = True
    typed_at: datetime | None = None
    blind: bool = False
    """The tool could not read it since it was typed, through no fault of its own."""


@dataclass
class Column:
    body: dict[str, Any]
    cells: dict[str, Cell] = field(default_factory=dict)
    sent: dict[str, datetime] = field(default_factory=dict)


class QuirkyLms:
    """Token endpoint and gradebook of one LMS."""

    def __init__(self, habits: Habits, clock: ManualClock) -> None:
        self.habits = habits
        self.clock = clock
        """Its own, which is right."""

        self.columns: dict[str, Column] = {}
        self.made = 0
        self.tokens: set[str] = set()
        self.token_number = 0
        self.no_key = 0
        self.faults: deque[str | None] = deque()
        self.strangers: set[str] = set()
        self.owed: dict[str, list[float]] = {}
        """The shares that each student was owed, in their order."""

        self.fuse: Fuse | None = None
        """Of a process that will be killed."""

        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        """What happens in the tool while the next score is on its way."""

        self.is_heard = True
        """Whether the tool can be held to what it is told now."""

        self.wrong: list[str] = []

    @property
    def line_items(self) -> str:
        return f"{HOST}/items{self.habits.query}"

    @property
    def column(self) -> Column | None:
        return next(iter(self.columns.values()), None)

    # --- A teacher ----------------------------------------------------------------------------------------------------

    def type_over(self, user: str, number: float, *, moves_time: bool) -> None:
        """A teacher types a number over what stands there. Moodle's moment is then that of the typing."""
        assert self.column is not None
        cell = self.column.cells[user]
        if cell.teachers and cell.given == number:
            return  # What was said of this number holds.
        if moves_time or self.habits.tells_moments:
            cell.at = max(cell.at, self._kept(self.clock.now()))
        cell.given, cell.teachers, cell.told, cell.wanted = number, True, False, False
        cell.allowed = False
        cell.typed_at, cell.blind = self.clock.now(), False

    # --- HTTP ---------------------------------------------------------------------------------------------------------

    async def handle(self, request: httpx.Request) -> httpx.Response:
        """A request, and its answer. The process that asks can be gone before it is read, and after."""
        if self.fuse is not None:
            self.fuse.burn()
        if self.meanwhile is not None and request.url.path.endswith("/scores"):
            happens, self.meanwhile = self.meanwhile, None
            await happens()
        answer = self._answer(request)
        if self.fuse is not None:
            self.fuse.burn()
        return answer

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/token":
            return self._token(request)
        user = self._whom(request)
        if request.headers["authorization"].removeprefix("Bearer ") not in self.tokens:
            return _said(self.habits.expired, "Unauthorized", "{}")
        fault = self.faults.popleft() if self.faults else None
        if fault is not None or self.fuse is not None:
            self._doubt(user, reading=request.method == "GET")
        if fault in SAVED and request.method != "GET":
            self._serve(request, user)
        if fault is not None:
            return self._fail(fault)
        return self._serve(request, user)

    def _whom(self, request: httpx.Request) -> str | None:
        if request.url.path.endswith("/scores"):
            return str(json.loads(request.content)["userId"])
        return parse_qs(request.url.query.decode()).get("user_id", [None])[0]

    def _doubt(self, user: str | None, *, reading: bool) -> None:
        """From now on the tool cannot be sure what stands there: for everybody, where it was not about one student."""
        for column in self.columns.values():
            for whose, cell in column.cells.items():
                if user in (None, whose):
                    cell.blind = cell.blind or reading
                    if user is not None or self.fuse is not None:
                        cell.sure = False

    def _fail(self, fault: str) -> httpx.Response:
        if fault in _SILENT:
            raise _SILENT[fault]("no")
        if fault in {"key lost", "tokens rotated"}:
            self.no_key = 4 if fault == "key lost" else 0
            self.tokens.clear()
            return _said(self.habits.expired, "Unauthorized", "{}")
        if fault == "throttled":
            status, body = self.habits.throttled
            return _said(status, "Forbidden", body, {"X-Rate-Limit-Remaining": "20"})
        status, reason, body = _ANSWERED.get(fault, (500, "Internal Server Error", "<html>"))
        return _said(status, reason, body, {"Retry-After": "40"} if status == 429 else None)

    def _token(self, request: httpx.Request) -> httpx.Response:
        if self.no_key:
            self.no_key -= 1
            # Whatever was to be sent with it, or read, was not.
            for column in self.columns.values():
                for cell in column.cells.values():
                    cell.sure, cell.blind = False, True
            return _said(401, "Unauthorized", '{"error": "invalid_client"}')
        self.token_number += 1
        token = f"token-{self.token_number}"
        self.tokens.add(token)
        scope = parse_qs(request.content.decode())["scope"][0]
        return _said(200, "OK", json.dumps({"access_token": token, "expires_in": 3600, "scope": scope}))

    def _serve(self, request: httpx.Request, user: str | None) -> httpx.Response:
        words = request.url.path.strip("/").split("/")
        if words == ["items"]:
            return self._make(request) if request.method == "POST" else self._list(request)
        column = self.columns.get(words[1])
        if column is None:
            self._doubt(user, reading=False)
            return _said(404, "Not Found", "{}")
        if words[-1] == "scores":
            return self._take(column, json.loads(request.content))
        if words[-1] == "results":
            return self._results(column, user)
        if request.method == "PUT":
            column.body = json.loads(request.content) | {"id": column.body["id"]}
        return _said(200, "OK", json.dumps(column.body))

    # --- Columns --------------------------------------------------------------------------------------------------------

    def _make(self, request: httpx.Request) -> httpx.Response:
        self.made += 1
        body = json.loads(request.content) | {"id": f"{HOST}/items/{self.made}/lineitem{self.habits.query}"}
        self.columns[str(self.made)] = Column(body)
        return _said(201, "Created", json.dumps(body))

    def _list(self, request: httpx.Request) -> httpx.Response:
        if not self.habits.accepts_anything and request.headers["accept"] != claims.LINE_ITEMS_MEDIA:
            return _said(400, "No handler found", "{}")
        asked = parse_qs(request.url.query.decode())
        found = [
            column.body
            for column in self.columns.values()
            if asked.get("resource_id", [column.body["resourceId"]]) == [column.body["resourceId"]]
            and asked.get("tag", [column.body["tag"]]) == [column.body["tag"]]
        ]
        return _said(200, "OK", json.dumps(found))

    # --- Scores ---------------------------------------------------------------------------------------------------------

    def _kept(self, at: datetime) -> datetime:
        return at.replace(microsecond=0) if self.habits.whole_seconds else at

    def _take(self, column: Column, score: dict[str, Any]) -> httpx.Response:
        user, at = score["userId"], datetime.fromisoformat(score["timestamp"])
        if score["gradingProgress"] != "FullyGraded" or "scoreGiven" not in score:
            self.wrong.append("a score that clears the grade")
        if self.habits.family is Family.CANVAS and score[CANVAS]["new_submission"]:
            self.wrong.append("a refreshed grade counts as an attempt")
        if user in column.sent and at <= column.sent[user]:
            self.wrong.append(f"a timestamp that is not later than the last one: {at} after {column.sent[user]}")
        column.sent[user] = at
        if user in self.strangers:
            self._doubt(user, reading=False)
            return _said(*self.habits.stranger)
        cell = column.cells.get(user)
        if cell is not None and (
            self._kept(at) < cell.at or (self._kept(at) == cell.at and not self.habits.takes_the_same_moment)
        ):
            # What is certainly a teacher's, and of which they have said nothing, is told from a score that is tried again.
            cell.sure = cell.sure and cell.teachers and not cell.allowed
            return _said(*self.habits.stale)
        self._save(column, user, cell, score, self._kept(at))
        return _said(200, "OK", "" if self.habits.tells_moments else "{}")

    def _save(self, column: Column, user: str, cell: Cell | None, score: dict[str, Any], at: datetime) -> None:
        share = score["scoreGiven"] / score["scoreMaximum"]
        given = round((min(share, 1.0) if self.habits.caps else share) * column.body["scoreMaximum"], 5)
        # The latest time that it was owed this.
        version = max(number for number, owed in enumerate(self.owed[user]) if abs(owed - share) < 1e-9)
        is_new = cell is None
        if cell is None:
            cell = column.cells[user] = Cell(given, at, version)
        if version < cell.version:
            self.wrong.append(f"{user} went back from {self.owed[user][cell.version]} to {share}")
        was_sure, cell.sure = cell.sure, self.fuse is None
        cell.at, cell.version = at, version
        self._comment(cell, score.get("comment"), was_sure)
        if self.habits.keeps_what_stands and score[CANVAS].get("prioritize_non_tool_grade") is True and not is_new:
            return
        if cell.teachers:
            self._went_over(user, cell, was_sure)
        cell.given, cell.teachers, cell.told, cell.allowed, cell.wanted = given, False, False, False, False

    def _comment(self, cell: Cell, comment: str | None, was_sure: bool) -> None:
        if not self.habits.adds_comments:
            cell.comments = [comment] if comment is not None else []
        elif comment is not None:
            if was_sure and cell.comments[-1:] == [comment]:
                self.wrong.append(f"the comment {comment!r} was added again")
            cell.comments.append(comment)

    def _went_over(self, user: str, cell: Cell, was_sure: bool) -> None:
        if cell.allowed or cell.typed_at is None:
            return
        if cell.told:
            self.wrong.append(f"{user}'s {cell.given} went over, which the tool had read")
        stood = self.clock.now() - cell.typed_at
        seen = cell.given > 0 or not self.habits.leaves_out_zeros
        if stood > FRESH + ADRIFT and was_sure and seen and not cell.blind:
            self.wrong.append(f"{user}'s {cell.given} went over, which had stood there for {stood}")

    def _results(self, column: Column, user: str | None) -> httpx.Response:
        found = []
        for whose, cell in column.cells.items():
            if user not in (None, whose) or (user is None and self.habits.leaves_out_zeros and cell.given == 0):
                continue
            if self.is_heard and self.fuse is None and cell.teachers and cell.sure:
                cell.told = True
            said = {
                "id": f"{HOST}/{whose}",
                "userId": whose,
                "resultScore": cell.given,
                "resultMaximum": column.body["scoreMaximum"],
                "comment": "\n".join(cell.comments),
            }
            if self.habits.tells_moments:
                said["timestamp"] = cell.at.astimezone(UTC).isoformat()
            found.append(said)
        return _said(200, "OK", json.dumps(found))


def _said(status: int, reason: str, body: str, headers: dict[str, str] | None = None) -> httpx.Response:
    return httpx.Response(
        status,
        content=body.encode(),
        headers=headers,
        extensions={"reason_phrase": re.sub(r"[^\x20-\x7e]", "?", reason).encode()},
    )
