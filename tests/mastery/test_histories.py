"""Random histories on both databases: whatever order evidence comes in, what follows is what follows from it in order."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lti_tool.db.session import Database
from lti_tool.mastery import queries, recomputing, service, versions
from lti_tool.mastery.entries import Entry
from lti_tool.mastery.models import EvidenceSource, Standing
from lti_tool.mastery.rules import (
    CanvasDecayingAverage,
    CanvasNMastery,
    CanvasWeightedAverage,
    DefaultLadder,
    Highest,
    InARow,
    KhanLadder,
    Latest,
    LowestChild,
    Mean,
    MeanOfChildren,
    MoodleRating,
    NOfM,
    Rule,
    TeacherJudgement,
)
from tests.mastery.test_service import picture
from tests.mastery.world import DAY, World, world
from tests.playlists.seed import NOW

LATER = NOW + 60 * DAY
CODES = ("P", "P.1", "P.2")
RULES: list[Callable[[], Rule]] = [
    DefaultLadder,
    NOfM,
    lambda: InARow(n=2),
    Latest,
    Highest,
    Mean,
    CanvasWeightedAverage,
    CanvasDecayingAverage,
    CanvasNMastery,
    KhanLadder,
    TeacherJudgement,
    MoodleRating,
]

few = settings(
    max_examples=12,
    # Each example is a school and its transactions: to shrink a failure would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

one = st.fixed_dictionaries(
    {
        "code": st.sampled_from(CODES),
        "person": st.integers(0, 1),
        "hours": st.integers(0, 24 * 30),
        "kind": st.sampled_from(["answer", "task", "judged", "override", "self"]),
        "points": st.sampled_from(["0", "0.5", "0.79", "0.8", "1", "1.2", "-0.5"]),
        "standing": st.sampled_from(list(Standing)),
        "weight": st.sampled_from(["1", "2.5"]),
        "first": st.booleans(),
        "shared": st.booleans(),
        "mixed": st.booleans(),
        "dated": st.booleans(),
        "until": st.sampled_from([None, 5, 90]),
    }
)


def entry(made: World, number: int, what: dict[str, Any], points: str | None = None) -> Entry:
    kind = what["kind"]
    given_: dict[str, Any] = {
        "person_id": made.school.students[what["person"]].id,
        "weight": Decimal(what["weight"]),
        "first": what["first"],
        "mixed": what["mixed"],
        "dated": what["dated"],
    }
    if kind in {"answer", "task"}:
        given_ |= {
            "earned": Decimal(points or what["points"]),
            "possible": Decimal(1),
            "passing_percent": 80.0,
            "whole": kind == "task",
            "shared": kind == "task" and what["shared"],
            "item": f"i{number % 3}",
        }
    else:
        given_ |= {"judged": what["standing"]}
    if kind == "override":
        until = None if what["until"] is None else LATER + what["until"] * DAY
        given_ |= {"source": EvidenceSource.OVERRIDE, "note": "why", "until": until}
    if kind == "self":
        given_ |= {"source": EvidenceSource.SELF}
    return made.entry(what["code"], f"p:{number}", NOW + timedelta(hours=what["hours"]), **given_)


def without_ids(found: dict[str, Any], made: World) -> list[str]:
    """A picture that two schools can share: people by their place, competencies by code, criteria by what they say."""
    people = {student.id: place for place, student in enumerate(made.school.students)}
    codes = {one.id: code for code, one in made.competencies.items()}
    left_out = {"organisation_id", "course_id", "person_id", "competency_id", "criterion_id", "version_id"}

    def said(row: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in row.items() if name not in left_out}

    text = json.dumps(
        {
            "states": {
                f"{people[person]} {codes[competency]}": said(row)
                for (person, competency), row in found["states"].items()
            },
            "learners": {people[person]: said(row) for person, row in found["learners"].items()},
        },
        indent=0,
        sort_keys=True,
        default=str,
    )
    for competency_id, code in codes.items():
        text = text.replace(competency_id.hex, code)
    # What was replaced may sort elsewhere.
    return sorted(text.split("\n"))


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[tuple[int, bool, bool]], list[dict[str, Any]]]:
    """A history; how it comes in (number, with another value first, in one transaction with the next); and what is voided."""
    history = draw(st.lists(one, min_size=1, max_size=9))
    numbers = draw(st.permutations(range(len(history))))
    again = draw(st.lists(st.sampled_from(range(len(history))), max_size=3))
    flags = st.tuples(st.booleans(), st.booleans())
    return history, [(n, *draw(flags)) for n in [*numbers, *again]], draw(st.lists(one, max_size=3))


@few
@given(
    coming=arrivals(),
    rule=st.sampled_from(RULES),
    stated=st.sampled_from([None, LowestChild(), MeanOfChildren()]),
    before=st.sampled_from([(), (("P.1", "P.2"),), (("P", "P.1"), ("P.1", "P.2"))]),
)
async def test_late_duplicate_regraded_and_voided_evidence_gives_what_order_would_have_given(
    database: Database, coming: Any, rule: Callable[[], Rule], stated: Any, before: Any
) -> None:
    history, order, extra = coming
    how: dict[str, Any] = {
        "parents": {"P.1": "P", "P.2": "P"},
        "rule": rule(),
        "rules": {} if stated is None else {"P": stated.to_json()},
        "students": 2,
        # What comes before the parent too, so that credit and roll-up meet.
        "before": before,
    }
    async with database.writing() as session:
        ordered = await world(session, CODES, **how)
        shuffled = await world(session, CODES, **how)
        await first_answers(session, ordered, shuffled)
    for number, what in sorted(enumerate(history), key=lambda pair: pair[1]["hours"]):
        await put(database, ordered, [entry(ordered, number, what)])
    for number, what in enumerate(extra, 100):
        await put(database, shuffled, [entry(shuffled, number, what)])
    at_once: list[Entry] = []
    regraded: set[int] = set()
    for number, wrong_first, with_next in order:
        if wrong_first and number not in regraded and history[number]["kind"] == "answer":
            await put(database, shuffled, [entry(shuffled, number, history[number], points="0.11")])
        regraded.add(number)
        at_once.append(entry(shuffled, number, history[number]))
        if not with_next:
            await put(database, shuffled, at_once)
            at_once = []
    await put(database, shuffled, at_once)
    await void(database, shuffled, {f"p:{number}" for number in range(100, 103)})
    expected = without_ids(await picture(database, ordered), ordered)
    assert without_ids(await picture(database, shuffled), shuffled) == expected
    # Computed again from the evidence alone, to the same result.
    for made in (ordered, shuffled):
        done = await recomputing.recompute_course(database, made.id, made.course.id, LATER)
        assert without_ids(await picture(database, made), made) == expected
        assert done.changed == 0


async def first_answers(session: Any, *worlds: World) -> None:
    """Everybody has begun everywhere, so that what is frozen does not depend on what comes first."""
    for made in worlds:
        entries = [
            made.entry(code, "first", NOW - DAY, True, person_id=student.id)
            for code in CODES
            for student in made.school.students
        ]
        await service.append(session, made.course, entries, NOW)


async def put(database: Database, made: World, entries: list[Entry]) -> None:
    async with database.writing() as session:
        await service.append(session, made.course, entries, LATER)


async def void(database: Database, made: World, presentations: set[str]) -> None:
    async with database.writing() as session:
        ids: list[uuid.UUID] = []
        for student in made.school.students:
            rows = await queries.evidence_of(session, made.id, made.course.id, student.id, voided=False)
            ids += [row.id for row in rows if row.presentation in presentations]
        session.expunge_all()
        await service.void(session, made.course, ids, "never happened", LATER)


@pytest.mark.parametrize("version", [False, True])
async def test_a_recomputation_repairs_what_was_lost(database: Database, version: bool) -> None:
    """States that are gone, briefs that are wrong: all of it is in the evidence."""
    from sqlalchemy import delete, update
    from sqlmodel import col

    from lti_tool.mastery.models import LearnerMastery, MasteryState

    async with database.writing() as session:
        made = await world(session, CODES, parents={"P.1": "P", "P.2": "P"})
    for n in range(24):
        student = made.school.students[n % 2].id
        what = made.entry(CODES[n % 3], f"p:{n}", NOW + n * DAY / 2, n % 4 != 1, person_id=student, item=f"q{n % 5}")
        await put(database, made, [what])
    if version:
        assert await versions.learn(database, made.id, made.course.id, LATER)
    before = await picture(database, made)
    async with database.writing() as session:
        await session.exec(delete(MasteryState).where(col(MasteryState.organisation_id) == made.id))
        await session.exec(
            update(LearnerMastery).where(col(LearnerMastery.organisation_id) == made.id).values(standings={"1": [4]})
        )
    done = await recomputing.recompute_course(database, made.id, made.course.id, LATER)
    assert await picture(database, made) == before
    assert (done.learners, done.states) == (2, 6)
    assert done.changed > 0
