"""The ladder's order, observations and their order, states as JSON, and sentences in other languages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.mastery import rules
from lti_tool.mastery.rules import (
    Criterion,
    DefaultLadder,
    NOfM,
    Observation,
    Source,
    Standing,
    State,
    base,
    order_key,
    rule_from_json,
    say,
    words,
)
from lti_tool.mastery.rules.values import order_of
from lti_tool.web import i18n
from tests.mastery.rules.observing import SCALE, START, answers, day, judge, seen


def test_standings_have_an_order_that_is_not_their_letters() -> None:
    assert sorted(Standing) == list(Standing)
    assert max(Standing) is Standing.MASTERED
    assert Standing.SECURE >= Standing.SECURE > Standing.DEVELOPING < Standing.MASTERED <= Standing.MASTERED
    assert [standing.rank for standing in Standing] == [0, 1, 2, 3, 4]
    assert [standing.is_secure for standing in Standing] == [False, False, False, True, True]
    assert Standing.NOT_STARTED.one_down() is Standing.NOT_STARTED
    assert Standing.MASTERED.one_down() is Standing.SECURE
    assert Standing("secure") is Standing.SECURE
    # Beside a text from a database as well: by its letters "secure" would come after "mastered", and before "started".
    assert Standing.SECURE < "mastered"
    assert Standing.SECURE > "started"
    with pytest.raises(KeyError):
        _ = Standing.SECURE < "excellent"


@pytest.mark.parametrize(
    "wrong",
    [
        {"possible": Decimal(0)},
        {"possible": Decimal(-1)},
        {"earned": Decimal("NaN")},
        {"earned": Decimal("Infinity")},
        {"passing": Decimal("1.01")},
        {"passing": Decimal(-1)},
        {"weight": Decimal(-1)},
        {"at": datetime(2026, 1, 1)},  # noqa: DTZ001 - that is what is wrong with it.
        {"learned_at": datetime(2026, 1, 1)},  # noqa: DTZ001
        {"source": Source.OVERRIDE},
    ],
    ids=str,
)
def test_what_is_no_observation(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        replace(seen(0), **wrong)  # type: ignore[arg-type]


def test_right_and_share() -> None:
    assert seen(0, 1, 3, passing=Decimal(1) / 3).right
    assert seen(0, 8, 10).right
    assert not seen(0, "7.99", 10).right
    assert seen(0, 12, 10).share == Decimal("1.2")
    assert seen(0, -1, 10).share == Decimal("-0.1")
    assert seen(0, 0, 0, judged=Standing.SECURE).right
    assert not seen(0, 0, 0, judged=Standing.DEVELOPING).right
    assert seen(0, 0, 0, judged=Standing.SECURE).share is None


moments = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
orders = st.tuples(moments, moments, st.uuids().map(str))


@settings(deadline=None)
@given(one=orders, other=orders)
def test_the_order_as_text_sorts_as_the_order(
    one: tuple[datetime, datetime, str], other: tuple[datetime, datetime, str]
) -> None:
    assert (order_key(one) < order_key(other)) == (one < other)
    assert order_of(order_key(one)) == one
    assert len(order_key(one)) <= 64


def test_undated_observations_are_ordered_by_when_we_learned_of_them() -> None:
    undated = seen(0, dated=False, learned_at=day(5))
    assert sorted([undated, seen(4), seen(6)], key=lambda one: one.order)[1] is undated
    assert undated.when == day(5)


def test_moments_in_other_zones_are_the_same_moments() -> None:
    from zoneinfo import ZoneInfo

    away = [replace(one, at=one.at.astimezone(ZoneInfo("America/New_York"))) for one in answers("RRRR")]
    assert (
        rules.replay(DefaultLadder(), SCALE, away).last_key
        == rules.replay(DefaultLadder(), SCALE, answers("RRRR")).last_key
    )


def test_a_state_says_what_it_takes() -> None:
    criterion = Criterion(NOfM(2, 3), SCALE)
    state = criterion.start()
    assert state.last_key == ""
    first, second = answers("RR")
    assert state.takes(second)
    state = criterion.step(state, second)
    assert not state.takes(first)
    assert not state.takes(second)
    assert state.takes(seen(2))
    assert state.last_key == order_key(second.order)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 0},
        {"memory": {"answers": 3}},
        {"memory": {"tasks": []}},
        {"standing": "excellent"},
        {"count": "4"},
        {"since": "yesterday"},
    ],
    ids=str,
)
def test_a_state_of_another_rule_or_version_is_refused(change: dict[str, object]) -> None:
    criterion = Criterion(NOfM(2, 3), SCALE)
    written = criterion.replay(answers("RR")).to_json()
    assert criterion.read(written) == criterion.replay(answers("RR"))
    with pytest.raises(ValueError, match=r"."):
        criterion.read({**written, **change})
    with pytest.raises(ValueError, match="replay"):
        criterion.read({name: value for name, value in written.items() if name != "review"})


def test_a_state_goes_with_its_rule_alone() -> None:
    state = rules.replay(DefaultLadder(), SCALE, answers("R"))
    with pytest.raises(TypeError):
        NOfM(2, 3).step(state, seen(9), SCALE)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"rule": "n-of-m", "version": 2, "n": 1, "m": 1},
        {"rule": "n-of-m", "version": 1, "n": 3, "m": 1},
        {"rule": "n-of-m", "version": 1, "n": True, "m": 1},
        {"rule": "n-of-m", "version": 1, "k": 3},
        {"rule": "canvas-n-mastery", "version": 1, "mastery": "much"},
        {"rule": "nonsense", "version": 1},
    ],
    ids=str,
)
def test_what_is_no_rule_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        rule_from_json(wrong)


def test_a_criterion_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        Criterion.from_json({**Criterion(NOfM(2, 3), SCALE).to_json(), "version": 9})


def test_the_default_scale_is_used_where_none_is_given() -> None:
    rule = rules.Latest()
    assert rule.step(rule.start(), seen(0)) == rule.step(rule.start(), seen(0), SCALE)


def test_a_state_is_small_and_does_not_grow() -> None:
    import json

    for rule in rules.RULES.values():
        long = len(json.dumps(rules.replay(rule(), SCALE, answers("R-" * 200, item="a")).to_json()))
        short = len(json.dumps(rules.replay(rule(), SCALE, answers("R-" * 10, item="a")).to_json()))
        assert long - short < 60
        assert long < 900


def test_dates_are_written_as_the_language_writes_them() -> None:
    judgement = judge(DefaultLadder(), answers("RRRR", item="a"), now=3.5)
    assert say(judgement.because).startswith("Secure: 4 of your last 4 right, the latest on March 11;")
    with i18n.speaking(i18n.language_for(("en-GB",))):
        assert say(judgement.because) == (
            "Secure: 4 of your last 4 right, the latest on 11 March; a review is due on 12 March."
        )
    with i18n.in_zone("Pacific/Auckland"):
        late = judge(DefaultLadder(), [seen(0.6)], now=1)
        assert "March 9" in say(late.because)


def test_a_year_is_told_where_it_is_not_this_one() -> None:
    judgement = rules.judge(DefaultLadder(), SCALE, answers("RRRR", item="a"), START + timedelta(days=400))
    assert "the latest on March 11, 2026" in say(judgement.because)
    assert i18n.format_month(START, START) == "March"
    assert i18n.format_month(START) == "March 2026"


def test_every_code_has_words() -> None:
    """What rules can answer is walked through by the properties; here the tables hold nothing that no code names."""
    source = "".join(path.read_text("utf-8") for path in sorted(_package().glob("*.py")) if path.name != "words.py")
    kinds = {*rules.RULES, "n-of-m", "in-a-row"}
    for code in (*words._REASONS, *words._MISSING):
        stem, _, tail = code.rpartition(".")
        assert code in source or code in kinds or (stem in kinds and f"{tail}'" in source) or _dynamic(code), code


def _dynamic(code: str) -> bool:
    """Codes that are put together: by how Mastered was reached, by what moved Khan's ladder, by the rung that is next."""
    made = {f"default.{how}" for how in ("mixed", "spaced", "confirmed")}
    made |= {f"khan.{by}" for by in ("exercise", "mixed-right", "mixed-wrong")}
    made |= {f"missing.khan-{rung}" for rung in ("developing", "secure", "mastered")}
    made |= {f"{kind}.{how}" for kind in ("n-of-m", "in-a-row") for how in ("kept", "fallen")}
    return code in made | {"override.until"}


def _package() -> "i18n.Path":
    return i18n.Path(base.__file__).parent


def test_an_observation_has_defaults_that_count() -> None:
    plain = Observation(key="k", at=START, learned_at=START, earned=Decimal(1), possible=Decimal(1))
    assert (plain.passing, plain.weight, plain.first, plain.dated) == (Decimal("0.8"), 1, True, True)
    assert isinstance(NOfM().start(), State)
