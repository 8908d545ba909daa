"""A platform's token endpoint, scores and roster, in a process of its own: each answer comes after a given time.

It checks what a platform has to: the token, and that a score is one. It counts what it was asked, and tells it at /counts.
"""

import argparse
import asyncio
import json
import secrets
from collections import Counter
from urllib.parse import parse_qs, urlsplit

PAGE = 50  # As Canvas does.


class Platform:
    """Answers over plain HTTP/1.1 with connections kept alive."""

    def __init__(self, seconds: float, members: int) -> None:
        self.seconds = seconds
        self.everyone = [
            {
                "user_id": f"3f2b8a10-0000-4000-8000-{number:012}",
                "status": "Active",
                "name": f"Student {number}",
                "given_name": "Student",
                "family_name": str(number),
                "roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
            }
            for number in range(members)
        ]
        self.tokens: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.most_connections = 0
        self.connections = 0

    def answer(self, base: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        """Status, further header lines, and the body."""
        parts = urlsplit(target)
        if parts.path == "/counts":
            told = json.dumps(dict(self.counts) | {"connections": self.most_connections}).encode()
            self.counts.clear()
            self.most_connections = self.connections
            return 200, "", told
        self.counts[parts.path.rsplit("/", 1)[-1]] += 1
        if parts.path == "/token":
            asked = parse_qs(body.decode())
            if asked["grant_type"] != ["client_credentials"] or asked["client_assertion"][0].count(".") != 2:
                return 400, "", b'{"error": "invalid_request"}'
            token = secrets.token_urlsafe(32)
            self.tokens.add(token)
            said = {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": asked["scope"][0]}
            return 200, "", json.dumps(said).encode()
        if headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return 401, "", b"{}"
        if parts.path == "/items/1/scores":
            score = json.loads(body)
            good = {"userId", "timestamp", "activityProgress", "gradingProgress", "scoreGiven", "scoreMaximum"} <= set(
                score
            )
            return (200, "", b"{}") if good else (400, "", b"{}")
        start = int(parse_qs(parts.query).get("start", ["0"])[0])
        page = {"id": base + parts.path, "members": self.everyone[start : start + PAGE]}
        more = start + PAGE < len(self.everyone)
        link = f'Link: <{base}/members?start={start + PAGE}>; rel="next"\r\n' if more else ""
        return 200, link, json.dumps(page).encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until the client closes it."""
        self.connections += 1
        self.most_connections = max(self.most_connections, self.connections)
        try:
            while line := await reader.readline():
                target = line.split()[1].decode()
                headers = {}
                while (line := await reader.readline()).strip():
                    name, _, value = line.decode().partition(":")
                    headers[name.strip().lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                if target != "/counts":
                    await asyncio.sleep(self.seconds)
                status, more, answer = self.answer(f"http://{headers['host']}", target, headers, body)
                head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n{more}\r\n"
                writer.write(head.encode() + answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.connections -= 1
            writer.close()


async def main() -> None:
    """Serve on a free port of loopback, and print the port."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=0.05)
    parser.add_argument("--members", type=int, default=5000)
    given = parser.parse_args()
    platform = Platform(given.seconds, given.members)
    server = await asyncio.start_server(platform.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
