"""Our clients, run once as a process of its own: scores or the roster; prints seconds and CPU seconds as JSON."""

import argparse
import asyncio
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from lti_tool.clock import SystemClock
from lti_tool.db.session import Database
from lti_tool.lti.http import make_client
from lti_tool.lti.models import Family, Registration
from lti_tool.lti.services import AgsClient, NrpsClient, Protocol, ScoreData
from lti_tool.platforms import quirks
from lti_tool.settings import Settings

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCOPES = [AGS + "lineitem", AGS + "result.readonly", AGS + "score"]


async def scores(protocol: Protocol, registration: Registration, base: str, count: int, at_once: int) -> None:
    """Send scores, some at once, as delivery does: one client for the course, each score a call of its own."""
    ags = AgsClient(protocol, registration, quirks(Family.OTHER), scopes=SCOPES)
    to_send = iter(range(count))

    async def sender() -> None:
        for number in to_send:
            score = ScoreData(str(number), number % 100, 100, datetime.now(UTC), comment="3 of 4 steps are done")
            await ags.post_score(f"{base}/items/1?type_id=2", score)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(sender())


async def main() -> None:
    """Warm up with one call of another registration, then measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["scores", "roster"])
    parser.add_argument("base")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=16)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lti-tool-bench-") as folder:
        settings = Settings(
            base_url="http://localhost:8000",
            database_url=f"sqlite:///{folder}/tool.db",
            keys_dir=Path(folder) / "keys",
            allowed_networks="127.0.0.0/8",
        )
        database = Database.at(settings.database_url)
        async with make_client(settings) as http:
            protocol = Protocol(settings, SystemClock(), http, database)
            registration = Registration(
                name="bench",
                issuer=given.base,
                client_id="1",
                auth_login_url=given.base,
                token_url=f"{given.base}/token",
                jwks_url=given.base,
                created_at=datetime.now(UTC),
            )
            began, cpu = time.perf_counter(), time.process_time()
            if given.what == "scores":
                await scores(protocol, registration, given.base, given.count, given.at_once)
                done = given.count
            else:
                client = NrpsClient(protocol, registration, quirks(Family.OTHER))
                done = len(await client.members(f"{given.base}/members"))
            print(json.dumps({"done": done, "seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}))
        await database.close()


if __name__ == "__main__":
    asyncio.run(main())
