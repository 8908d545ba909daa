"""``python -m benchmarks.paths.service``: what a path costs with its database, for one piece of evidence and for a class.

*One piece*: a student's result on the next step that is scored comes in. Measured from its arrival to everything that follows
from it being committed: evidence and level, the step done and the row of the grade ledger, and the path as it comes next.

*A class*: the teacher moves the current unit on, and every copy is planned again: what is known of each student is read, planned
from, and what is other is written. The map has 480 competencies, and the course 2,000 items. The first plan of all is printed
as well; it writes every step.
"""

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from uvicorn.loops.auto import auto_loop_factory

from benchmarks.mastery.school import database, school
from lti_tool.competencies.models import Alignment, AlignmentOrigin, AlignmentRole
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.content.service import ItemResult
from lti_tool.db.bulk import insert_rows
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from lti_tool.mastery import prediction
from lti_tool.mastery import service as mastery
from lti_tool.mastery.entries import Entry
from lti_tool.mastery.models import EvidenceSource, LearnerMastery
from lti_tool.playlists import personal_editing, replanning, service
from lti_tool.playlists import personal_queries as queries
from lti_tool.playlists.models import DoneRule, StepRole, StepState
from lti_tool.playlists.personal_editing import Choice
from lti_tool.playlists.planning import base
from lti_tool.playlists.planning.settings import PathSettings
from tests.mastery.world import World
from tests.playlists.seed import NOW

LATER = NOW + timedelta(days=30)


def _table(model: Any) -> Any:
    return model.__table__


async def _fill(session: AsyncSession, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    names = list(rows[0])
    await insert_rows(session, table, names, ([row[name] for name in names] for row in rows))


async def course(found: Database, learners: int, competencies: int, items: int) -> World:
    """A course whose competencies need two earlier ones each; its items teach, assess, practise and assess by turns."""
    made = await school(found, learners, competencies)
    ids = [one.id for one in made.competencies.values()]
    here = {"organisation_id": made.id, "course_id": made.course.id}
    kinds = [
        (ItemKind.PAGE, AlignmentRole.TEACHES, False),
        (ItemKind.QUIZ, AlignmentRole.ASSESSES, True),
        (ItemKind.TOOL, AlignmentRole.PRACTISES, True),
        (ItemKind.QUIZ, AlignmentRole.ASSESSES, True),
    ]
    content, aligned = [], []
    for place in range(items):
        kind, role, scored = kinds[place // competencies % len(kinds)]
        item_id = new_id()
        content.append(
            {
                **here,
                "id": item_id,
                "external_id": f"canvas:bench:{place}",
                "kind": kind,
                "title": f"{kind.value} {place}",
                "url": f"https://lms.example/{place}",
                "section": "",
                "position": place,
                "indent": 0,
                "result_key": str(place) if scored else None,
                "points_possible": None,
                "due_at": None,
                "published": True,
                "deleted_at": None,
                "seen_at": NOW,
            }
        )
        aligned.append(
            {
                **here,
                "id": new_id(),
                "content_item_id": item_id,
                "competency_id": ids[place % competencies],
                "role": role,
                "weight": Decimal(1),
                "passing_percent": 80.0,
                "mixed": False,
                "origin": AlignmentOrigin.TEACHER,
                "created_by": None,
                "created_at": NOW,
            }
        )
    async with found.writing() as session:
        await _fill(session, _table(ContentItem), content)
        await _fill(session, _table(Alignment), aligned)
    return made


async def playlist(found: Database, made: World, unit: Sequence[int], *, column: bool) -> Any:
    """A personal playlist that everybody has."""
    settings = PathSettings(base.Settings(unit=frozenset(unit)))
    async with found.writing() as session:
        return await personal_editing.make(
            session,
            made.course,
            Choice("Paths", settings, has_column=column),
            made.school.teacher.id,
            LATER,
        )


def _clock() -> tuple[float, float]:
    return time.process_time(), time.perf_counter()


def _since(started: tuple[float, float]) -> tuple[float, float]:
    return (time.process_time() - started[0]) * 1000, (time.perf_counter() - started[1]) * 1000


# --- One piece ------------------------------------------------------------------------------------------------------------


async def piece(found: Database, kind: str, pieces: int, competencies: int) -> None:
    """Print what one result costs, part by part."""
    chance = random.Random(1)
    made = await course(found, 40, competencies, competencies * 4)
    await playlist(found, made, range(1, competencies + 1), column=True)
    await replanning.plan_course(found, made.course, LATER)
    parts: dict[str, list[float]] = {"evidence": [], "step and ledger": [], "path": [], "all": [], "clock": []}
    now = LATER
    for number in range(pieces):
        now += timedelta(minutes=1)
        person_id = made.school.students[number % 40].id
        step = await _next_scored(found, made, person_id)
        if step is None:
            continue
        earned = Decimal(100 if chance.random() < 0.8 else 50)
        entry = Entry(
            person_id,
            step.competency_id,
            EvidenceSource.LMS,
            presentation=f"lms:{step.content_item_id}:{number}",
            observed_at=now,
            earned=earned,
            possible=Decimal(100),
            passing_percent=80.0,
            content_item_id=step.content_item_id,
            whole=True,
        )
        result = ItemResult(step.content_item_id, person_id, float(earned), now)
        begun = _clock()
        async with found.writing() as session:
            await mastery.append(session, made.course, [entry], now)
        first = _since(begun)
        async with found.writing() as session:
            await service.take_results(session, made.course, [result], now)
        second = _since(begun)
        report = await replanning.up_to_date(found, made.course, person_id, now)
        third = _since(begun)
        assert report.planned == 1, "the evidence was not noticed"
        parts["evidence"].append(first[0])
        parts["step and ledger"].append(second[0] - first[0])
        parts["path"].append(third[0] - second[0])
        parts["all"].append(third[0])
        parts["clock"].append(third[1])
    warm = {name: values[20:] for name, values in parts.items()}
    said = ", ".join(f"{name} {statistics.median(values):.1f}" for name, values in warm.items() if name != "clock")
    slow = sorted(warm["all"])[int(len(warm["all"]) * 0.95)]
    print(
        f"{kind:<11} {len(parts['all'])} results: CPU ms {said} (95 %: {slow:.1f}); "
        f"{statistics.median(warm['clock']):.1f} ms on the clock"
    )


async def _next_scored(found: Database, made: World, person_id: Any) -> Any:
    """The student's next step that a result decides, and that is not done yet."""
    async with found.reading() as session:
        copies = await queries.copies(session, made.id, made.course.id, [person_id])
        asked = queries.Asked(made.id, made.course.id, [person_id])
        learned = await queries.learned(session, asked, [copies[0].id])
    done = {row.step_id for row in learned.work if row.state is StepState.DONE}
    for step in learned.own[copies[0].id]:
        if (
            step.id not in done
            and step.done_rule == DoneRule.RESULT
            and step.role in {StepRole.ASSESS, StepRole.PRACTISE}
        ):
            return step
    return None


# --- A class --------------------------------------------------------------------------------------------------------------


async def known(found: Database, made: World, each: int, now: datetime, chance: random.Random) -> None:
    """What is known of every student: standings in some competencies, and the predictions' state that goes with them."""
    ids = [one.id for one in made.competencies.values()]
    model = prediction.default()
    rows = []
    for person in made.school.students:
        shared, state = model.new_shared(), model.new_learner()
        ability = chance.random()
        upto = int(ability * len(ids) * 0.6) + 10
        standings = {}
        for place in sorted(chance.sample(range(upto), min(each, upto))):
            right = chance.random() < 0.4 + 0.5 * ability
            rank = chance.choice((3, 3, 4)) if right else chance.choice((1, 2))
            due = chance.randrange(20_690, 20_760) if rank >= 3 else None
            standings[str(place + 1)] = [rank, "x", due]
            for _ in range(3):
                answer = prediction.Observation(person.id.hex, ids[place].hex, float(right), None, now.timestamp())
                model.update(shared, state, answer, learn=False)
        rows.append(
            {
                "organisation_id": made.id,
                "id": new_id(),
                "course_id": made.course.id,
                "person_id": person.id,
                "standings": standings,
                "predicting": {"model": model.name, "last": "", "state": state},
                "version_id": None,
                "changed_at": now,
            }
        )
    async with found.writing() as session:
        await _fill(session, _table(LearnerMastery), rows)


async def whole_class(found: Database, kind: str, learners: int, competencies: int, items: int) -> None:
    """Print what planning a class costs."""
    chance = random.Random(2)
    made = await course(found, learners, competencies, items)
    await known(found, made, 40, LATER, chance)
    third = competencies // 3
    kept = await playlist(found, made, range(third, 2 * third), column=False)
    begun = _clock()
    report = await replanning.plan_course(found, made.course, LATER)
    first = _since(begun)
    later = LATER + timedelta(hours=1)
    async with found.writing() as session:
        moved = await personal_editing.found(session, made.course, kept.id)
        unit = frozenset(range(third + 40, 2 * third + 40))
        settings = replace(PathSettings(), planning=base.Settings(unit=unit))
        moved.settings = personal_editing.write(settings)
        moved.changed_at = later
        session.add(moved)
    begun = _clock()
    again = await replanning.plan_course(found, made.course, later)
    second = _since(begun)
    begun = _clock()
    nothing = await replanning.plan_course(found, made.course, later)
    idle = _since(begun)
    assert (report.planned, again.planned, nothing.planned) == (learners, learners, 0)
    print(
        f"{kind:<11} {learners} students, {competencies} competencies, {items} items: first plan {first[0] / 1000:.1f} s of CPU "
        f"({first[1] / 1000:.1f} on the clock); unit moved on, {again.changed} other paths: {second[0] / 1000:.1f} s of CPU "
        f"({second[1] / 1000:.1f} on the clock); looking again, nothing to do: {idle[0]:.0f} ms"
    )


async def main() -> None:
    """Both databases."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pieces", type=int, default=300)
    parser.add_argument("--learners", type=int, default=5000)
    parser.add_argument("--competencies", type=int, default=480)
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--only", choices=("piece", "class"))
    parser.add_argument("--database", choices=("postgresql", "sqlite"), action="append")
    given = parser.parse_args()
    for kind in given.database or ("postgresql", "sqlite"):
        if given.only != "class":
            async with database(kind) as found:
                await piece(found, kind, given.pieces, 100)
        if given.only != "piece":
            async with database(kind) as found:
                await whole_class(found, kind, given.learners, given.competencies, given.items)


if __name__ == "__main__":
    # The event loop that the server runs on.
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        runner.run(main())
