"""``python -m benchmarks.paths.planning``: how fast paths are planned, beside the same fringe by a graph library."""

import argparse
import json
import os
import random
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from lti_tool.mastery import prediction
from lti_tool.mastery.rules import Standing
from lti_tool.playlists.models import StepRole
from lti_tool.playlists.planning.base import Aim, Competency, Does, Done, Item, Learner, Settings, Walked
from lti_tool.playlists.planning.course import Course, compile_course
from lti_tool.playlists.planning.planner import plan

TODAY = date(2026, 11, 27)
ITEMS = 2000
SHARED = Path(os.environ.get("LTI_TOOL_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
_SPACE = uuid.UUID("0d6a8c9e-5a55-4bb0-8e7c-5f8d1d6a7c22")


def real_map() -> tuple[list[Competency], list[tuple[int, int]], list[int]] | None:
    """The Common Core coherence map: standards, prerequisites, and which are of grade 7; None where it is not here."""
    path = SHARED / "ccss-math-coherence.case.json"
    if not path.is_file():
        return None
    package = json.loads(path.read_text("utf-8"))
    standards = [item for item in package["CFItems"] if item["CFItemType"] == "Standard"]
    number = {item["identifier"]: place for place, item in enumerate(standards, 1)}
    edges = [
        (number[one["originNodeURI"]["identifier"]], number[one["destinationNodeURI"]["identifier"]])
        for one in package["CFAssociations"]
        if one["associationType"] == "precedes"
    ]
    nodes = [Competency(place, place, item["humanCodingScheme"]) for place, item in enumerate(standards, 1)]
    return nodes, edges, [number[item["identifier"]] for item in standards if item["educationLevel"] == ["07"]]


def made_map(count: int = 480) -> tuple[list[Competency], list[tuple[int, int]], list[int]]:
    """A made-up map of the same size, where the real one is not here."""
    chance = random.Random(1)
    nodes = [Competency(place, place, f"C{place}") for place in range(1, count + 1)]
    edges = [(max(one - chance.randint(1, 40), 1), one) for one in range(2, count + 1) for _ in range(2)]
    return nodes, [edge for edge in edges if edge[0] != edge[1]], list(range(200, 243))


def items(numbers: Sequence[int], chance: random.Random) -> list[Item]:
    """Two thousand items: for each competency about a page, an exercise and two quizzes; one in ten is for two."""
    does = [Does.TEACHES, Does.PRACTISES, Does.ASSESSES, Does.ASSESSES]
    found = []
    for place in range(ITEMS):
        number, role = numbers[place % len(numbers)], does[place // len(numbers) % 4]
        aims = [Aim(number, role)]
        if place % 10 == 0:
            aims.append(Aim(numbers[(place + 1) % len(numbers)], role))
        kind = {Does.TEACHES: "page", Does.PRACTISES: "assignment", Does.ASSESSES: "quiz"}[role]
        scored, minutes = role is Does.ASSESSES, chance.choice([None, 5, 10, 20])
        found.append(
            Item(uuid.uuid5(_SPACE, str(place)), place, f"Item {place}", kind, tuple(aims), minutes, scored=scored)
        )
    return found


def learners(course: Course, count: int, chance: random.Random) -> list[Learner]:
    """Learners somewhere along the map, each with levels, reviews, items done and a prediction state of their own."""
    numbers = [one.number for one in course.competencies]
    model = prediction.default()
    shared = model.new_shared()
    for number in numbers:
        shared["competencies"][str(number)] = [chance.gauss(0, 0.7), 200, 0.1]
    for item in course.items.values():
        if item.scored:
            shared["items"][item.id.hex] = [chance.gauss(0, 0.6), 40]
    levels = [Standing.STARTED, Standing.DEVELOPING, Standing.SECURE, Standing.MASTERED]
    found = []
    for _ in range(count):
        reached = chance.randint(0, len(numbers) - 1)
        standings, reviews, known, done = {}, {}, model.new_learner(), {}
        known["all"] = [chance.gauss(0, 1), 100, chance.uniform(-1, 1)]
        for bit in range(reached):
            if chance.random() < 0.3:
                continue
            level = chance.choice(levels if bit > reached - 20 else levels[2:])
            number = numbers[bit]
            standings[number] = level
            known["in"][str(number)] = [chance.gauss(0, 0.6), 5, chance.uniform(-1, 1), None]
            if level.rank >= 3 and chance.random() < 0.3:
                reviews[number] = TODAY + timedelta(days=chance.randint(-10, 30))
            for item in course.of(bit):
                if chance.random() < 0.7:
                    done[item.id] = Done(1, 0, level.rank >= 3 or chance.random() < 0.5, TODAY - timedelta(days=3))
        walked = [Walked(item, None, StepRole.TEACH, TODAY) for item in list(done)[-10:]]
        found.append(
            Learner(
                standings=standings,
                predict=predictor(model, shared, known),
                reviews=reviews,
                items=done,
                walked=walked,
                goal=chance.choice([None, *numbers]),
            )
        )
    return found


def predictor(model: Any, shared: Any, known: Any) -> Callable[[int, uuid.UUID | None], float]:
    """What the product asks: the chance of the next answer in a competency, with an item."""

    def predict(number: int, item: uuid.UUID | None) -> float:
        chance: float = model.predict(shared, known, str(number), None if item is None else item.hex, 1.8e9)
        return chance

    return predict


# --- The same fringe by a graph library ---------------------------------------------------------------------------------


def by_networkx(nodes: Sequence[Competency], edges: Sequence[tuple[int, int]]) -> Callable[[Learner], object] | None:
    """Only the fringe and how much each of it leads to, asked of a graph: the least that any planner needs. None without it."""
    try:
        import networkx as nx
    except ImportError:
        return None
    graph = nx.DiGraph()
    graph.add_nodes_from(one.number for one in nodes)
    graph.add_edges_from(edges)

    def fringe(learner: Learner) -> object:
        met = {number for number, level in learner.standings.items() if level.is_secure}
        unmet = set(learner.standings) - met
        ready = [
            number
            for number in graph.nodes
            if number not in met and not any(one in unmet for one in graph.predecessors(number))
        ]
        return sorted(ready, key=lambda one: -len(nx.descendants(graph, one) - met))

    return fringe


# --- Measuring ----------------------------------------------------------------------------------------------------------


def measured(work: Callable[[Learner], object], some: Sequence[Learner]) -> tuple[float, float, float, float]:
    """Median and 95th percentile in milliseconds of CPU, the 95th by the clock, and CPU seconds in all."""
    times, clock = [], []
    for learner in some:
        at, cpu = time.perf_counter(), time.process_time()
        work(learner)
        times.append((time.process_time() - cpu) * 1000)
        clock.append((time.perf_counter() - at) * 1000)
    total = sum(times) / 1000
    times.sort()
    clock.sort()
    last = min(int(len(times) * 0.95), len(times) - 1)
    return times[len(times) // 2], times[last], clock[last], total


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paths.planning", description=__doc__)
    parser.add_argument("--learners", type=int, default=5000)
    count = parser.parse_args().learners
    real = real_map()
    if real is None:
        print(
            f"The real map is skipped, since {SHARED} is not here (LTI_TOOL_SHARED_DATA); a made-up one of its size instead."
        )
    nodes, edges, seventh = real or made_map()
    chance = random.Random(7)
    begun = time.perf_counter()
    course = compile_course(nodes, edges, items([one.number for one in nodes], chance))
    print(f"{len(nodes)} competencies, {len(set(edges))} prerequisites, {len(course.items)} items: ", end="")
    print(f"compiled once in {(time.perf_counter() - begun) * 1000:.0f} ms")
    some = learners(course, count, chance)
    print(f"\n{'':<46}{'median':>8}{'p95':>8}{'by the clock':>14}{f'{count}, s':>11}   CPU ms")
    unit = Settings(unit=frozenset(seventh))
    rows: list[tuple[str, Callable[[Learner], object]]] = [
        ("a path, whole map", lambda one: plan(course, one, Settings(), TODAY)),
        ("a path, unit of grade 7", lambda one: plan(course, one, unit, TODAY)),
    ]
    peer = by_networkx(nodes, edges)
    if peer is not None:
        rows.append(("networkx: the fringe and its order alone", peer))
    for name, work in rows:
        # The peer is slow: a tenth of the learners tell its time well enough, and its last column is for all of them.
        share = some if work is not peer else some[: max(count // 10, 1)]
        median, high, clock, cpu = measured(work, share)
        cpu *= len(some) / len(share)
        print(f"{name:<46}{median:>8.2f}{high:>8.2f}{clock:>14.2f}{cpu:>11.1f}", flush=True)


if __name__ == "__main__":
    main()
