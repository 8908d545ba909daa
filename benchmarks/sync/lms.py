"""Canvas's REST API as far as a reading asks it, in a process of its own: each answer comes after a given time.

A course of items in modules, of which some are assignments that every student has done. It answers page by page and counts
what it was asked, which it tells at /counts. What it does not have is a 404.
"""

import argparse
import asyncio
import json
from collections import Counter
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

PER_MODULE = 50
GRADED = "2026-09-02T10:00:00Z"


class Course:
    """Its rows are made when they are asked for, so that this process takes no memory from the one that is measured."""

    def __init__(self, seconds: float, items: int, students: int, graded: int) -> None:
        self.seconds = seconds
        self.items = items
        self.students = students
        self.graded = graded
        self.counts: Counter[str] = Counter()

    def answer(self, base: str, target: str) -> tuple[int, str, bytes]:
        """Status, further header lines, and the body."""
        parts = urlsplit(target)
        if parts.path == "/counts":
            told = json.dumps(dict(self.counts)).encode()
            self.counts.clear()
            return 200, "", told
        self.counts[parts.path.rsplit("/", 1)[-1]] += 1
        given = parse_qs(parts.query)
        match parts.path.removeprefix("/api/v1/courses/17").strip("/").split("/"):
            case ["modules"]:
                return self._page(base, parts.path, given, -(-self.items // PER_MODULE), self._module)
            case ["modules", number, "items"]:
                first = (int(number) - 1) * PER_MODULE
                some = range(first, min(first + PER_MODULE, self.items))
                return self._page(base, parts.path, given, len(some), lambda place: self._item(some[place]))
            case ["assignments"]:
                asked = [int(one) for one in given.get("assignment_ids[]", [])] or range(1, self.graded + 1)
                numbers = [one for one in asked if 1 <= one <= self.graded]
                return self._page(base, parts.path, given, len(numbers), lambda place: self._assignment(numbers[place]))
            case ["students", "submissions"]:
                return self._submissions(base, parts.path, given)
            case _:
                return 404, "", b'{"errors": []}'

    def _submissions(self, base: str, path: str, given: dict[str, list[str]]) -> tuple[int, str, bytes]:
        numbers = [int(one) for one in given.get("assignment_ids[]", [])]
        named = given.get("student_ids[]", [])
        users = range(1, self.students + 1) if "all" in named else [int(one) for one in named]
        if any(name in given for name in ("graded_since", "submitted_since")):
            # Since the last time one student was graded anew, in one assignment.
            users, numbers = [one for one in users if one == 1], numbers[:1]
        width = max(1, len(numbers))

        def row(place: int) -> dict[str, Any]:
            return self._submission(users[place // width], numbers[place % width])

        return self._page(base, path, given, len(users) * len(numbers), row)

    def _page(self, base: str, path: str, given: dict[str, list[str]], total: int, row: Any) -> tuple[int, str, bytes]:
        size = min(100, int(given.get("per_page", ["10"])[0]))
        page = int(given.get("page", ["1"])[0])
        rows = [row(place) for place in range((page - 1) * size, min(page * size, total))]
        more = ""
        if page * size < total:
            following = urlencode({**given, "page": [str(page + 1)]}, doseq=True)
            more = f'Link: <{base}{path}?{following}>; rel="next"\r\n'
        return 200, more, json.dumps(rows).encode()

    def _module(self, place: int) -> dict[str, Any]:
        first = place * PER_MODULE
        items = [self._item(one) for one in range(first, min(first + PER_MODULE, self.items))]
        return {
            "id": place + 1,
            "name": f"Week {place + 1}",
            "items": items,
            "items_count": len(items),
            "published": True,
        }

    def _item(self, place: int) -> dict[str, Any]:
        number = place + 1
        graded = number <= self.graded
        return {
            "id": number,
            "title": f"{'Quiz' if graded else 'Page'} {number}",
            "type": "Assignment" if graded else "Page",
            "content_id": number if graded else None,
            "html_url": f"https://lms.example/courses/17/modules/items/{number}",
            "published": True,
        }

    def _assignment(self, number: int) -> dict[str, Any]:
        return {
            "id": number,
            "name": f"Quiz {number}",
            "points_possible": 10,
            "html_url": f"https://lms.example/courses/17/assignments/{number}",
            "published": True,
            "submission_types": ["online_quiz"],
        }

    def _submission(self, user: int, number: int) -> dict[str, Any]:
        row = {
            "id": user * 1000 + number,
            "user_id": user,
            "assignment_id": number,
            "entered_score": (user + number) % 11,
            "score": (user + number) % 11,
            "workflow_state": "graded",
            "graded_at": GRADED,
            "submitted_at": GRADED,
            "posted_at": GRADED,
            "attempt": 1,
        }
        return row | {"submission_history": [row]}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until the client closes it."""
        try:
            while line := await reader.readline():
                target = line.split()[1].decode()
                headers = {}
                while (line := await reader.readline()).strip():
                    name, _, value = line.decode().partition(":")
                    headers[name.strip().lower()] = value.strip()
                if target != "/counts":
                    await asyncio.sleep(self.seconds)
                status, more, answer = self.answer(f"http://{headers['host']}", target)
                head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n{more}\r\n"
                writer.write(head.encode() + answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def main() -> None:
    """Serve on a free port of loopback, and print the port."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=0.05)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--students", type=int, default=5000)
    parser.add_argument("--graded", type=int, default=50)
    given = parser.parse_args()
    course = Course(given.seconds, given.items, given.students, given.graded)
    server = await asyncio.start_server(course.serve, "127.0.0.1", 0, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
