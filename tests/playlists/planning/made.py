"""Courses and learners to plan for: by hand in a line or two, and any at all for properties."""

import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from lti_tool.mastery.rules import Standing
from lti_tool.playlists.models import StepRole
from lti_tool.playlists.planning.base import (
    Aim,
    Begun,
    Competency,
    Dated,
    Does,
    Done,
    Item,
    Learner,
    Pin,
    Plan,
    Settings,
    Walked,
)
from lti_tool.playlists.planning.course import Course, compile_course
from lti_tool.playlists.planning.planner import plan

TODAY = date(2026, 11, 27)


def ident(number: int) -> uuid.UUID:
    """The id of an item by a small number."""
    return uuid.UUID(int=number)


def thing(number: int, *aims: tuple[int, str], kind: str = "page", **more: object) -> Item:
    """An item: ``thing(3, (1, "assesses"))``. What assesses is scored unless said otherwise."""
    made = tuple(Aim(competency, Does(does)) for competency, does in aims)
    more.setdefault("scored", any(aim.does is Does.ASSESSES for aim in made))
    return Item(ident(number), number, f"Item {number}", kind, made, **more)  # type: ignore[arg-type]


def three(competency: int) -> list[Item]:
    """A page, an exercise and a quiz for a competency: items 10c+1, 10c+2 and 10c+3."""
    return [
        thing(10 * competency + 1, (competency, "teaches")),
        thing(10 * competency + 2, (competency, "practises"), kind="assignment"),
        thing(10 * competency + 3, (competency, "assesses"), kind="quiz"),
    ]


def course(names: str, edges: Iterable[tuple[int, int]] = (), items: Iterable[Item] | None = None) -> Course:
    """Competencies 1, 2, 3 … named by letters, each with three items unless others are given."""
    nodes = [Competency(number, number, name) for number, name in enumerate(names, 1)]
    made = [item for one in nodes for item in three(one.number)] if items is None else items
    return compile_course(nodes, edges, made)


def planned(plan: Plan) -> list[int]:
    """The items of a plan by their small numbers; 0 for a conference."""
    return [step.item.int if step.item else 0 for step in plan.steps]


# --- Any ------------------------------------------------------------------------------------------------------------
#
# Hypothesis chooses the sizes, which it can make smaller, and a seed; drawing each of some hundred values would be slow.

MOST_COMPETENCIES = 7
MOST_ITEMS = 22

Parts = tuple[list[Competency], list[tuple[int, int]], list[Item]]


@dataclass(frozen=True)
class Case:
    """What a plan is made of: what a course is compiled from, a learner, settings."""

    parts: Parts
    learner: Learner
    how: Settings

    def plan(self) -> Plan:
        """The plan."""
        return plan(compile_course(*self.parts), self.learner, self.how, TODAY)


class _Chance(random.Random):
    """A seeded generator with the few kinds of drawing that are needed here."""

    def perhaps(self, value: Any, likely: float = 0.5) -> Any:
        return value if self.random() < likely else None

    def some(self, values: Iterable[Any], most: int) -> list[Any]:
        found = list(values)
        return self.sample(found, min(self.randint(0, most), len(found)))

    def day(self, least: int, most: int) -> date:
        return TODAY + timedelta(days=self.randint(least, most))


def a_case(seed: int, competencies: int, items: int) -> Case:
    chance = _Chance(seed)
    numbers = list(range(1, competencies + 1))
    nodes = [Competency(number, chance.randint(0, 3), f"C{number}") for number in numbers]
    pairs = [(chance.choice(numbers), chance.choice(numbers)) for _ in range(chance.randint(0, 12))]
    edges = [(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]]
    ids = [ident(number) for number in range(1, items + 2)]
    return Case(
        (nodes, edges, [_item(chance, number, competencies, ids) for number in range(1, items + 1)]),
        _learner(chance, numbers, ids),
        Settings(
            unit=frozenset(chance.some(numbers, 4)),
            met_at=chance.choice([Standing.DEVELOPING, Standing.SECURE, Standing.SECURE, Standing.MASTERED]),
            length=chance.randint(1, 8),
            remedial=chance.randint(0, 3),
            tries=chance.randint(1, 4),
            placement=chance.perhaps(chance.choice(ids), 0.3),
        ),
    )


def _item(chance: _Chance, number: int, competencies: int, ids: list[uuid.UUID]) -> Item:
    does = list(Does)
    # One competency more than there is: alignments may outlive what they name.
    about = chance.some(range(1, competencies + 2), 3) if chance.random() < 0.4 else [chance.randint(1, competencies)]
    return Item(
        ident(number),
        chance.randint(0, 9),
        f"Item {number}",
        chance.choice(["page", "quiz", "assignment"]),
        tuple(Aim(one, chance.choice(does), chance.random() < 0.3) for one in about),
        chance.perhaps(chance.randint(1, 60)),
        frozenset(chance.some(["music", "sport", "space"], 2)),
        chance.perhaps(chance.choice(ids), 0.15),
        frozenset(chance.some(["read-aloud"], 1)),
        scored=chance.random() < 0.6,
    )


def _learner(chance: _Chance, numbers: list[int], ids: list[uuid.UUID]) -> Learner:
    levels, roles = list(Standing), list(StepRole)
    chances = {number: chance.random() for number in numbers}

    def predict(number: int, item: uuid.UUID | None) -> float:
        return min(max(chances[number] + (0 if item is None else item.int % 7 - 3) / 20, 0.0), 1.0)

    def done() -> Done:
        return Done(
            chance.randint(0, 6),
            chance.choice([0, 0, 1, chance.randint(0, 9)]),
            chance.random() < 0.5,
            chance.perhaps(chance.day(-30, 0)),
            chance.perhaps(chance.day(-14, 0), 0.4),
        )

    return Learner(
        standings={one: chance.choice(levels) for one in chance.some(numbers, len(numbers))},
        predict=chance.perhaps(predict),
        reviews={one: chance.day(-30, 10) for one in chance.some(numbers, 4)},
        taken_as_known=frozenset(chance.some(numbers, 2) if chance.random() < 0.3 else ()),
        items={one: done() for one in chance.some(ids, 10)},
        begun=[Begun(one, chance.perhaps(chance.choice(numbers)), chance.choice(roles)) for one in chance.some(ids, 2)],
        walked=[
            Walked(
                one,
                chance.perhaps(chance.choice(numbers)),
                chance.choice(roles),
                chance.perhaps(chance.day(-30, 0)),
                chance.random() < 0.3,
                chance.random() < 0.3,
            )
            for one in chance.some(ids, 6)
        ],
        pins=[Pin(one, chance.perhaps(chance.randint(0, 5))) for one in chance.some(ids, 2)],
        bans=frozenset(chance.some(ids, 5)),
        banned_competencies=frozenset(chance.some(numbers, 1) if chance.random() < 0.3 else ()),
        dated=[Dated(one, chance.day(-10, 30)) for one in chance.some(ids, 2)],
        instead={one: chance.perhaps(chance.choice(numbers)) for one in chance.some(numbers, 1)},
        supports=frozenset(chance.some(["read-aloud"], 1)),
        goal=chance.perhaps(chance.randint(1, len(numbers) + 1)),
        interests=frozenset(chance.some(["music", "sport", "space"], 2)),
        chosen=chance.some(ids, 3),
        weekly_minutes=chance.perhaps(chance.randint(1, 200), 0.3),
        place_first=chance.random() < 0.3,
    )


any_case = st.builds(a_case, st.integers(0, 2**32), st.integers(1, MOST_COMPETENCIES), st.integers(0, MOST_ITEMS))
