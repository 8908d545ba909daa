"""Observations written shortly, and strategies that make any."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from hypothesis import strategies as st

from lti_tool.mastery import rules
from lti_tool.mastery.rules import Criterion, Observation, Rule, Source, Standing, State

T = TypeVar("T")
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


_HOURS = range(24 * 40)
_SHARES = tuple(Decimal(tenth) / 10 for tenth in (10, 0, 8, 5, 3, 7, 12, 1, 2, 4, 6, 9))
_MARKS = tuple(Decimal(tenth) / 10 for tenth in (8, 0, 5, 10, 7))
_SOURCES = (Source.CHECK, Source.LMS, Source.CHECK, Source.LMS, *Source)
_JUDGED = (None, None, *Standing)


@st.composite
def observation(draw: st.DrawFn, number: int = 0, **fixed: Any) -> Observation:
    """Any observation, within what the tool makes. One number says all of it, which is drawn faster than each thing."""
    code = draw(st.integers(0, 10**18))

    def pick(options: Sequence[T]) -> T:
        nonlocal code
        code, place = divmod(code, len(options))
        return options[place]

    at = START + timedelta(hours=pick(_HOURS))
    possible = Decimal(pick((1, 1, 3, 10)))
    source = pick(_SOURCES)
    judged_as = pick(_JUDGED)
    override = source is Source.OVERRIDE
    values: dict[str, Any] = {
        "key": f"key {number:03}",
        "at": at,
        "learned_at": at + timedelta(hours=pick(range(60))),
        "possible": possible,
        "earned": possible * pick(_SHARES),
        "passing": pick(_MARKS),
        "weight": Decimal(pick((1, 0, 2, 3))),
        "item": pick(("a", "b", "c", None)),
        "dated": pick((True, True, False)),
        "first": pick((True, True, True, False)),
        "whole": pick((False, True)),
        "shared": pick((False, True)),
        "mixed": pick((False, False, False, True)),
        "source": source,
        "judged": judged_as or Standing.SECURE if override else judged_as,
        "until": at + timedelta(days=pick(range(30))) if override else None,
        **fixed,
    }
    return Observation(**values)


@st.composite
def histories(draw: st.DrawFn, largest: int = 10, **fixed: Any) -> list[Observation]:
    """Some observations of one learner and competency, in any order."""
    return [draw(observation(number, **fixed)) for number in range(draw(st.integers(0, largest)))]
