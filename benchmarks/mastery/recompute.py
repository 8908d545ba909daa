"""``python -m benchmarks.mastery.recompute``: a course of 5,000 learners and 100 competencies computed again from its evidence.

Each learner has two answers to each competency: a million pieces of evidence, half a million states.
"""

import argparse
import asyncio
import random
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from benchmarks.mastery.school import database, item_of, school
from lti_tool.db.bulk import insert_rows
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from lti_tool.mastery import parts, recomputing
from lti_tool.mastery.models import Evidence, EvidenceSource
from tests.mastery.world import World
from tests.playlists.seed import NOW

LATER = NOW + timedelta(days=30)
COLUMNS = tuple(column.name for column in Evidence.__table__.columns)  # type: ignore[attr-defined]


def _rows(made: World, people: list[uuid.UUID], each: int, chance: random.Random) -> Iterator[list[Any]]:
    same: dict[str, Any] = dict.fromkeys(COLUMNS) | {
        "organisation_id": made.id,
        "course_id": made.course.id,
        "source": EvidenceSource.CHECK,
        "revision": 1,
        "possible": Decimal(1),
        "passing_percent": 80.0,
        "weight": Decimal(1),
        "first": True,
        "whole": False,
        "shared": False,
        "mixed": False,
        "note": "",
        "dated": True,
        "learned_at": NOW,
    }
    for person_id in people:
        for place, competency in enumerate(made.competencies.values()):
            for number in range(each):
                row = same | {
                    "id": new_id(),
                    "person_id": person_id,
                    "competency_id": competency.id,
                    "presentation": f"check:{place}:{number}",
                    "item": item_of(competency.id, number),
                    "earned": Decimal(int(chance.random() < 0.7)),
                    "observed_at": NOW + timedelta(minutes=place * each + number),
                }
                yield [row[name] for name in COLUMNS]


async def measure(found: Database, kind: str, learners: int, competencies: int, each: int, processes: int) -> None:
    """Print a line for a first computation and one for a second, which finds everything in place."""
    made = await school(found, learners, competencies)
    chance = random.Random(1)
    people = [student.id for student in made.school.students]
    started = time.perf_counter()
    for start in range(0, len(people), 250):
        async with found.writing() as session:
            rows = _rows(made, people[start : start + 250], each, chance)
            await insert_rows(session, Evidence.__table__, COLUMNS, rows)  # type: ignore[attr-defined]
    print(f"{kind:<11} {learners * competencies * each} pieces written in {time.perf_counter() - started:.1f} s")
    for name in ("first", "again"):
        started = time.perf_counter()
        cpu = time.process_time()
        done = await recomputing.recompute_course(found, made.id, made.course.id, LATER)
        print(
            f"{kind:<11} {name}: {done.learners} learners, {done.states} states, {done.changed} changed in "
            f"{time.perf_counter() - started:.1f} s ({time.process_time() - cpu:.1f} s of this process)",
            flush=True,
        )
    if processes > 1 and not found.is_sqlite:
        started = time.perf_counter()
        done = await parts.recompute(found, made.id, made.course.id, LATER, processes)
        print(
            f"{kind:<11} as `lti-tool mastery recompute --processes {processes}`: {done.learners} learners, {done.states} "
            f"states in {time.perf_counter() - started:.1f} s, the processes' start included"
        )


async def main() -> None:
    """Both databases."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--learners", type=int, default=5000)
    parser.add_argument("--competencies", type=int, default=100)
    parser.add_argument("--each", type=int, default=2)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--database", choices=("postgresql", "sqlite"), action="append")
    given = parser.parse_args()
    for kind in given.database or ("postgresql", "sqlite"):
        async with database(kind) as found:
            await measure(found, kind, given.learners, given.competencies, given.each, given.processes)


if __name__ == "__main__":
    asyncio.run(main())
