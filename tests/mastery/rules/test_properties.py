"""What holds for every rule, whatever the evidence."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.mastery import rules
from lti_tool.mastery.rules import Audience, Criterion, Rule, Source, Standing, say, say_fall
from lti_tool.mastery.rules.reviews import DAYS
from tests.mastery.rules.observing import ALL_RULES, SCALE, day, histories, observation, seen, steps, tenths

CANVAS = rules.canvas_scale(
    [
        {"description": "Exceeds Mastery", "points": 4, "color": "0374B5"},
        {"description": "Mastery", "points": 3, "color": "0B874B"},
        {"description": "Near Mastery", "points": 2, "color": "FAB901"},
        {"description": "Below Mastery", "points": 1, "color": "D97900"},
        {"description": "No Evidence", "points": 0, "color": "E0061F"},
    ],
    3,
)
MOODLE = rules.moodle_scale("Not yet competent,Competent", [{"id": 2, "scaledefault": 1, "proficient": 1}])
every_rule = pytest.mark.parametrize("rule", ALL_RULES, ids=str)
# Each runs for every rule, so a few examples a rule are many; a busy machine is no failure.
few = settings(max_examples=25, deadline=None)
scales = st.sampled_from([SCALE, CANVAS, MOODLE])


@every_rule
@few
@given(data=st.data(), history=histories(), scale=scales)
def test_the_order_of_arrival_does_not_matter(
    rule: Rule, data: st.DataObject, history: list[rules.Observation], scale: rules.Scale
) -> None:
    """Late ones and duplicates among them; each step's state goes through JSON."""
    in_order = sorted(history, key=lambda one: one.order)
    arrival = data.draw(st.permutations(history))
    again = data.draw(st.lists(st.sampled_from(history), max_size=3)) if history else []
    state = steps(rule, in_order, scale)
    assert steps(rule, [*arrival, *again], scale) == state
    assert rules.replay(rule, scale, [*again, *arrival]) == state


@every_rule
@few
@given(data=st.data(), history=histories(), scale=scales)
def test_a_void_equals_that_it_never_happened(
    rule: Rule, data: st.DataObject, history: list[rules.Observation], scale: rules.Scale
) -> None:
    if not history:
        return
    voided = data.draw(st.sampled_from(history))
    left = [one for one in history if one is not voided]
    never = steps(rule, sorted(left, key=lambda one: one.order), scale)
    assert rules.replay(rule, scale, left) == never


@every_rule
@few
@given(history=histories(), scale=scales)
def test_what_it_says_stays_within_bounds(rule: Rule, history: list[rules.Observation], scale: rules.Scale) -> None:
    state = rules.replay(rule, scale, history)
    now = day(41 + 3)
    judgement = rules.judge(rule, scale, state, now)
    evidence = [one for one in history if one.source not in {Source.SELF, Source.OVERRIDE}]
    assert judgement.count <= len(evidence)
    assert (judgement.computed is Standing.NOT_STARTED) == (not evidence)
    assert judgement.level is None or judgement.level in scale.levels
    if judgement.standing is Standing.NOT_STARTED:
        assert judgement.level is None
        assert judgement.level_key == "not-started"
    if judgement.override is None and evidence:
        assert judgement.since is not None
        assert judgement.level is not None
        assert judgement.since <= max(one.when for one in evidence)
    if judgement.value is not None:
        assert 0 <= judgement.value <= scale.top * Decimal("1.2")
        assert judgement.value == judgement.value.quantize(Decimal("0.01"))
    if judgement.fell is not None:
        assert judgement.fell.was > Standing.NOT_STARTED
    if judgement.computed.is_secure:
        assert judgement.review_due_at is not None
        assert 0 <= judgement.review.step < len(DAYS)
    else:
        assert judgement.review_due_at is None


@every_rule
@few
@given(history=histories(), scale=scales)
def test_everything_it_says_can_be_said_to_both(
    rule: Rule, history: list[rules.Observation], scale: rules.Scale
) -> None:
    now = day(44)
    judgement = rules.judge(rule, scale, history, now)
    because = rules.Explanation.from_json(json.loads(json.dumps(judgement.because.to_json())))
    for audience in Audience:
        assert "%(" not in say(because, audience)
        if judgement.missing is not None:
            assert "%(" not in say(judgement.missing, audience)
        if judgement.fell is not None:
            assert "%(" not in say_fall(judgement.fell, scale, now, audience)


@every_rule
@few
@given(history=histories())
def test_a_self_assessment_moves_nothing(rule: Rule, history: list[rules.Observation]) -> None:
    without = [one for one in history if one.source is not Source.SELF]
    own = [replace(one, key=f"own {one.key}", source=Source.SELF) for one in without]
    assert rules.replay(rule, SCALE, [*without, *own]) == rules.replay(rule, SCALE, without)


@every_rule
@few
@given(
    history=histories(source=Source.CHECK, judged=None),
    override=observation(900, source=Source.OVERRIDE, judged=Standing.SECURE),
)
def test_an_override_wins_while_it_holds_and_leaves_nothing_behind(
    rule: Rule, history: list[rules.Observation], override: rules.Observation
) -> None:
    override = replace(override, until=day(50))
    without = rules.judge(rule, SCALE, history, day(49))
    during = rules.judge(rule, SCALE, [*history, override], day(49))
    after = rules.judge(rule, SCALE, [*history, override], day(50))
    assert during.standing is Standing.SECURE
    assert during.override_until == day(50)
    assert during.computed is without.standing
    assert after.override is None
    assert (after.standing, after.level, after.since, after.fell) == (
        without.standing,
        without.level,
        without.since,
        without.fell,
    )


@every_rule
@few
@given(history=histories(), scale=scales)
def test_every_fall_says_why(rule: Rule, history: list[rules.Observation], scale: rules.Scale) -> None:
    criterion = Criterion(rule, scale)
    state = criterion.start()
    for one in sorted(history, key=lambda one: one.order):
        before, state = state, criterion.step(state, one)
        if state.standing < before.standing:
            assert state.fell is not None
            assert state.fell.at == one.when
            assert state.fell.was is before.standing
            assert say_fall(state.fell, scale, one.when)


@pytest.mark.parametrize("rule", [rules.NOfM(4, 5), rules.NOfM(2, 3), rules.InARow(3), rules.DefaultLadder()], ids=str)
@few
@given(history=histories(whole=False, source=Source.CHECK, judged=None))
def test_what_is_attained_is_lost_in_a_review_alone_and_one_level_at_a_time(
    rule: Rule, history: list[rules.Observation]
) -> None:
    state = rule.start()
    for one in sorted(history, key=lambda one: one.order):
        before, state = state, rule.step(state, one, SCALE)
        if state.standing < before.standing:
            assert one.mixed
            assert one.first
            assert not one.right
            assert state.standing is before.standing.one_down()
            assert state.fell is not None
            assert state.fell.code == "review"


@pytest.mark.parametrize(
    "rule",
    [rule for rule in ALL_RULES if not isinstance(rule, rules.TeacherJudgement | rules.MoodleRating)],
    ids=str,
)
@few
@given(
    history=histories(source=Source.CHECK, judged=None, earned=Decimal(1), possible=Decimal(1))
    | histories(source=Source.CHECK, judged=None, possible=Decimal(10), earned=Decimal(4))
)
def test_a_further_full_answer_never_lowers_a_level(rule: Rule, history: list[rules.Observation]) -> None:
    """Shares stay at 1 at most here: a full answer lowers a mean that extra credit had lifted above it."""
    state = rules.replay(rule, SCALE, history)
    further = seen(60, 1, item="a")
    after = rule.step(state, further, SCALE)
    assert after.standing >= state.standing
    before_value, value = rule.value(state, SCALE), rule.value(after, SCALE)
    if before_value is not None and state.count:
        assert value is not None
        assert value >= before_value


@few
@given(history=histories(source=Source.CHECK, judged=None), better=tenths)
def test_the_highest_only_rises(history: list[rules.Observation], better: Decimal) -> None:
    state = rules.replay(rules.Highest(), SCALE, history)
    after = rules.Highest().step(state, seen(60, better), SCALE)
    assert after.standing >= state.standing


@every_rule
def test_rules_and_criteria_can_be_frozen_as_json(rule: Rule) -> None:
    text = json.dumps(rule.to_json())
    assert rules.rule_from_json(json.loads(text)) == rule
    for scale in (SCALE, CANVAS, MOODLE):
        criterion = Criterion(rule, scale)
        assert Criterion.from_json(json.loads(json.dumps(criterion.to_json()))) == criterion


@few
@given(
    history=histories(shared=True, whole=True, judged=None, source=Source.LMS),
    rule=st.sampled_from(ALL_RULES),
    scale=scales,
)
def test_whole_scores_for_several_competencies_alone_never_make_secure(
    history: list[rules.Observation], rule: Rule, scale: rules.Scale
) -> None:
    assert not rules.judge(rule, scale, history, day(44)).standing.is_secure


@few
@given(history=histories(dated=False, source=Source.CSV, judged=None))
def test_without_dates_nothing_is_spaced(history: list[rules.Observation]) -> None:
    assert rules.judge(rules.DefaultLadder(items=5), SCALE, history, day(44)).standing < Standing.MASTERED
