"""``python -m benchmarks.mastery.evidence``: what one piece of evidence costs, from its arrival to the committed state.

One learner of a course with a hundred competencies, all begun, answers one question after the other, a minute or (``--hours``)
longer apart; each answer is a transaction of its own. Printed are the processor time of this process and the time on the clock,
for each piece.
"""

import argparse
import asyncio
import random
import statistics
import time
from datetime import timedelta

from benchmarks.mastery.school import ONE, database, item_of, school
from lti_tool.db.session import Database
from lti_tool.mastery import service, versions
from lti_tool.mastery.entries import Entry
from lti_tool.mastery.models import EvidenceSource
from tests.mastery.world import World
from tests.playlists.seed import NOW


def _entry(made: World, place: int, number: int, chance: random.Random, apart: timedelta) -> Entry:
    competency_id = list(made.competencies.values())[place].id
    return Entry(
        made.ada.id,
        competency_id,
        EvidenceSource.CHECK,
        presentation=f"check:{place}:{number}",
        observed_at=NOW + number * apart,
        earned=ONE if chance.random() < 0.7 else ONE - ONE,
        possible=ONE,
        passing_percent=80.0,
        item=item_of(competency_id, number),
    )


async def measure(found: Database, kind: str, pieces: int, competencies: int, apart: timedelta) -> None:
    """Print a line."""
    made = await school(found, 3, competencies)
    chance = random.Random(1)
    later = NOW + timedelta(days=30) + pieces * apart
    async with found.writing() as session:
        begun = [_entry(made, place, 0, chance, apart) for place in range(competencies)]
        await service.append(session, made.course, begun, later)
    await versions.learn(found, made.id, made.course.id, later, anyway=True)
    cpu: list[float] = []
    wall: list[float] = []
    for number in range(1, pieces + 1):
        entry = _entry(made, chance.randrange(competencies), number, chance, apart)
        started = time.process_time(), time.perf_counter()
        async with found.writing() as session:
            await service.append(session, made.course, [entry], later)
        cpu.append((time.process_time() - started[0]) * 1000)
        wall.append((time.perf_counter() - started[1]) * 1000)
    warm, slow = cpu[20:], sorted(cpu[20:])[int(len(cpu[20:]) * 0.95)]
    print(
        f"{kind:<11} {pieces} pieces: {statistics.median(warm):.2f} ms of processor time each (95 %: {slow:.2f}), "
        f"{statistics.median(wall[20:]):.2f} ms on the clock"
    )


async def main() -> None:
    """Both databases."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pieces", type=int, default=300)
    parser.add_argument("--competencies", type=int, default=100)
    parser.add_argument("--hours", type=float, default=1 / 60, help="between two answers")
    parser.add_argument("--database", choices=("postgresql", "sqlite"), action="append")
    given = parser.parse_args()
    for kind in given.database or ("postgresql", "sqlite"):
        async with database(kind) as found:
            await measure(found, kind, given.pieces, given.competencies, timedelta(hours=given.hours))


if __name__ == "__main__":
    asyncio.run(main())
