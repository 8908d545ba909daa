"""Observations written shortly, and strategies that make any."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from lti_tool.mastery import rules
from lti_tool.mastery.rules import Criterion, Observation, Rule, Source, Standing, State

START = datetime(2026, 3, 8, 9, tzinfo=UTC)
SCALE = rules.default_scale()
ALL_RULES: tuple[Rule, ...] = (
    rules.DefaultLadder(),
    rules.DefaultLadder(items=2, tasks=2),
    rules.NOfM(4, 5),
    rules.NOfM(1, 1),
    rules.NOfM(8, 10, Standing.MASTERED),
    rules.InARow(3),
    rules.Highest(),
    rules.Latest(),
    rules.Mean(),
    rules.CanvasWeightedAverage(65),
    rules.CanvasDecayingAverage(65),
    rules.CanvasNMastery(3, Decimal(3)),
    rules.CanvasNMastery(2),
    rules.KhanLadder(),
    rules.KhanLadder(exercise=1),
    rules.MoodleRating(),
    rules.MoodleRating(completes=True, default=Decimal(3)),
    rules.TeacherJudgement(),
)


def day(days: float) -> datetime:
    """So many days after the start."""
    return START + timedelta(days=days)


def seen(days: float, earned: object = 1, possible: object = 1, **more: Any) -> Observation:
    """An observation; every one has an item and a key of its own unless they are given."""
    at = day(days)
    return Observation(
        **{
            "key": f"o{days:09.3f}",
            "at": at,
            "learned_at": at,
            "earned": Decimal(str(earned)),
            "possible": Decimal(str(possible)),
            "item": f"item {days}",
            **more,
        }
    )


def answers(pattern: str, start: float = 0, **more: Any) -> list[Observation]:
    """``R`` right, ``-`` wrong, one a day."""
    return [seen(start + place, int(mark == "R"), **more) for place, mark in enumerate(pattern)]


def judged(days: float, standing: Standing, **more: Any) -> Observation:
    """A teacher's judgement without points."""
    return seen(days, 0, 0, judged=standing, source=Source.OBSERVATION, item=None, **more)


def judge(rule: Rule, given: Iterable[Observation], now: float = 400, scale: rules.Scale = SCALE) -> rules.Judgement:
    """What a rule says long after."""
    return rules.judge(rule, scale, list(given), day(now))


def standing(rule: Rule, given: Iterable[Observation], scale: rules.Scale = SCALE) -> Standing:
    """Only the standing."""
    return judge(rule, given, scale=scale).standing


def steps(rule: Rule, given: Iterable[Observation], scale: rules.Scale = SCALE) -> State:
    """One after the other, each state written as JSON and read again; a replay where one comes late."""
    criterion = Criterion(rule, scale)
    state, arrived = criterion.start(), []
    for observation in given:
        arrived.append(observation)
        state = criterion.step(state, observation) if state.takes(observation) else criterion.replay(arrived)
        state = criterion.read(state.to_json())
    return state


tenths = st.decimals(0, 1, places=1)


@st.composite
def observation(draw: st.DrawFn, number: int = 0, **fixed: Any) -> Observation:
    """Any observation, within what the tool makes."""
    at = START + timedelta(hours=draw(st.integers(0, 24 * 40)))
    possible = draw(st.sampled_from(["1", "1", "3", "10"]))
    source = draw(st.sampled_from([*Source, Source.CHECK, Source.CHECK, Source.LMS]))
    values: dict[str, Any] = {
        "key": f"key {number:03}",
        "at": at,
        "learned_at": at + timedelta(hours=draw(st.integers(0, 60))),
        "possible": Decimal(possible),
        "earned": Decimal(possible) * draw(st.decimals(0, "1.2", places=1)),
        "passing": draw(tenths),
        "weight": draw(st.decimals(0, 3, places=1)),
        "item": draw(st.sampled_from(["a", "b", "c", None])),
        "dated": draw(st.booleans()),
        "first": draw(st.sampled_from([True, True, True, False])),
        "whole": draw(st.booleans()),
        "shared": draw(st.booleans()),
        "mixed": draw(st.sampled_from([False, False, False, True])),
        "source": source,
        "judged": draw(st.sampled_from(list(Standing)))
        if source is Source.OVERRIDE
        else draw(st.none() | st.sampled_from(list(Standing))),
        "until": at + timedelta(days=draw(st.integers(0, 30))) if source is Source.OVERRIDE else None,
        **fixed,
    }
    return Observation(**values)


@st.composite
def histories(draw: st.DrawFn, largest: int = 10, **fixed: Any) -> list[Observation]:
    """Some observations of one learner and competency, in any order."""
    return [draw(observation(number, **fixed)) for number in range(draw(st.integers(0, largest)))]
