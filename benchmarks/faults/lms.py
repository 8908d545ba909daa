"""An LMS's token endpoint and gradebook in a process of its own, which can be told to misbehave.

``python -m benchmarks.faults.lms PORT CONTROL LATENCY`` serves on loopback: the gradebook on PORT, where each answer comes
LATENCY seconds late; what it is told (POST /mode) and what it has seen (GET /told) on CONTROL, which always works.

It keeps order as AGS 2.0 §3.4.9 asks: a score that is not later than the one it has is refused with 409. It counts every such
arrival, and every score that stood there already.
"""

import asyncio
import json
import secrets
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, str, bytes]
Ask = Callable[[str, str, dict[str, str], bytes], Awaitable[Answer | None]]

HANGS_SECONDS = 60.0
TOKEN_SECONDS = 0.7
"""How long a token is good while it rotates them."""

A_SECOND = 40
"""How many requests a second it takes while it limits them."""

OK, JSON = 200, "Content-Type: application/json\r\n"


@dataclass
class Gradebook:
    """What it has, and what has arrived. ``misbehaves`` is well, 500, 429, hang, cut, no-key, rotate or down."""

    base: str
    latency: float
    misbehaves: str = "well"
    items: list[dict[str, Any]] = field(default_factory=list)
    scores: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    latest: dict[tuple[int, str], datetime] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    first_saved: float = 0.0
    last_saved: float = 0.0
    this_second: tuple[int, int] = (0, 0)

    # --- The services --------------------------------------------------------------------------------------------------

    async def ask(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer | None:
        """Answer a request as the LMS does at the moment; None cuts the connection."""
        if self.latency:
            await asyncio.sleep(self.latency)
        if urlsplit(target).path == "/token":
            return self._token(body)
        if not self._takes(headers.get("authorization", "").removeprefix("Bearer ")):
            self.counts["401"] += 1
            return _said(401, {})
        self.counts["requests"] += 1
        return await self._suffering(method, target, body)

    async def _suffering(self, method: str, target: str, body: bytes) -> Answer | None:
        saves = self.misbehaves == "cut" or self.counts["requests"] % 2 == 0
        match self.misbehaves:
            case "429" if self._too_many():
                return 429, JSON + "Retry-After: 2\r\n", b"{}"
            case "500" | "hang" | "cut" as misbehaves:
                if saves:
                    self._serve(method, target, body)
                if misbehaves == "500":
                    return _said(500, {"errors": ["trouble"]})
                if misbehaves == "hang":
                    await asyncio.sleep(HANGS_SECONDS)
                return None
        return self._serve(method, target, body)

    def _token(self, body: bytes) -> Answer:
        asked = parse_qs(body.decode())
        self.counts["tokens"] += 1
        if self.misbehaves == "no-key" or asked["client_assertion"][0].count(".") != 2:
            return _said(401, {"error": "invalid_client"})
        token = secrets.token_urlsafe(32)
        self.tokens[token] = time.monotonic()
        return _said(OK, {"access_token": token, "expires_in": 3600, "scope": asked["scope"][0]})

    def _takes(self, token: str) -> bool:
        made = self.tokens.get(token)
        if made is None or self.misbehaves == "no-key":
            return False
        return self.misbehaves != "rotate" or time.monotonic() - made < TOKEN_SECONDS

    def _too_many(self) -> bool:
        second = int(time.monotonic())
        self.this_second = (second, 1 if self.this_second[0] != second else self.this_second[1] + 1)
        return self.this_second[1] > A_SECOND

    def _serve(self, method: str, target: str, body: bytes) -> Answer:
        parts = urlsplit(target)
        words = parts.path.strip("/").split("/")
        if words == ["items"]:
            return self._make(json.loads(body)) if method == "POST" else self._list(parse_qs(parts.query))
        number = int(words[1])
        if words[2:] == ["scores"]:
            return self._take(number, json.loads(body))
        if words[2:] == ["results"]:
            return _said(OK, self._results(number))
        if method == "PUT":
            self.items[number] |= json.loads(body)
        return _said(OK, self.items[number])

    def _make(self, item: dict[str, Any]) -> Answer:
        made = item | {"id": f"{self.base}/items/{len(self.items)}"}
        self.items.append(made)
        return _said(201, made)

    def _list(self, asked: dict[str, list[str]]) -> Answer:
        wanted = [("resourceId", asked.get("resource_id")), ("tag", asked.get("tag"))]
        return _said(
            OK,
            [item for item in self.items if all(value is None or item.get(name) == value[0] for name, value in wanted)],
        )

    def _take(self, number: int, score: dict[str, Any]) -> Answer:
        where = (number, score["userId"])
        moment = datetime.fromisoformat(score["timestamp"])
        there = self.scores.get(where)
        if where in self.latest and moment <= self.latest[where]:
            self.counts["out of order"] += 1
            return _said(409, {})
        self.latest[where] = moment
        given = score["scoreGiven"] / score["scoreMaximum"]
        self.counts["saved"] += 1
        if there is not None and there["given"] == given:
            self.counts["twice"] += 1
        self.last_saved = time.time()
        self.first_saved = self.first_saved or self.last_saved
        self.scores[where] = {"given": given, "at": self.last_saved}
        return _said(OK, {})

    def _results(self, number: int) -> list[dict[str, Any]]:
        return [
            {
                "id": f"{self.base}/items/{number}/results/{user}",
                "scoreOf": f"{self.base}/items/{number}",
                "userId": user,
                "resultScore": score["given"] * 100,
                "resultMaximum": 100,
            }
            for (item, user), score in self.scores.items()
            if item == number
        ]

    # --- What it is told, and what it tells ------------------------------------------------------------------------------

    def told(self) -> dict[str, Any]:
        """What stands in it by resource id and user: the share of the maximum, and the Unix time at which it was saved."""
        columns = Counter((item["resourceId"], item.get("tag")) for item in self.items)
        return {
            "counts": dict(self.counts),
            "last_saved": self.last_saved,
            "doubled": sum(number - 1 for number in columns.values()),
            "scores": [
                [self.items[item]["resourceId"], user, score["given"], score["at"]]
                for (item, user), score in self.scores.items()
            ],
        }


def _said(status: int, body: Any) -> Answer:
    return status, JSON, json.dumps(body).encode()


class Door:
    """Plain HTTP/1.1 with connections kept alive, which can be shut in everybody's face and opened again."""

    def __init__(self, port: int, ask: Ask) -> None:
        self._port = port
        self._ask = ask
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Let people in."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, backlog=512)

    def shut(self) -> None:
        """Nobody answers here any more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._open:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while line := await reader.readline():
                method, target = line.decode().split()[:2]
                headers = {}
                while (line := await reader.readline()).strip():
                    name, _, value = line.decode().partition(":")
                    headers[name.strip().lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                answer = await self._ask(method, target, headers, body)
                if answer is None:
                    writer.transport.abort()
                    return
                status, more, said = answer
                writer.write(f"HTTP/1.1 {status} X\r\n{more}Content-Length: {len(said)}\r\n\r\n".encode() + said)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()


async def main(port: int, control: int, latency: float) -> None:
    """Serve until killed."""
    book = Gradebook(f"http://127.0.0.1:{port}", latency)
    front = Door(port, book.ask)

    async def listen(_method: str, target: str, _headers: dict[str, str], body: bytes) -> Answer:
        if target == "/mode":
            book.misbehaves = json.loads(body)
            if book.misbehaves == "down":
                front.shut()
            else:
                await front.open()
        if target == "/saved":
            return _said(OK, [len(book.scores), book.first_saved, book.last_saved])
        return _said(OK, book.told() if target == "/told" else {})

    await front.open()
    await Door(control, listen).open()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
