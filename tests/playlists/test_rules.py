"""What a playlist means: examples a teacher would agree with, and properties that hold for every playlist."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from lti_tool.playlists import rules
from lti_tool.playlists.models import DoneBy, DoneRule, Need, OrderRule, SendRule, StepState
from lti_tool.playlists.rules import Attention, Progress, Standing, Step, Waits, WaitsFor, Walk, Why

NOW = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
DONE = Standing(state=StepState.DONE, opened_at=NOW, done_at=NOW, done_by=DoneBy.STUDENT)
OPENED = Standing(state=StepState.OPENED, opened_at=NOW)


# A busy machine is no finding.
relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def step(title: str = "A step", **fields: object) -> Step:
    return replace(Step(id=uuid.uuid4(), title=title), **fields)  # type: ignore[arg-type]


moments = st.integers(0, 366 * 86_400).map(lambda seconds: NOW + timedelta(seconds=seconds))
percents = st.floats(min_value=0, max_value=150, allow_nan=False)
done_rules = st.sampled_from(DoneRule)


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    """Standings that the rules themselves lead to."""
    standing = Standing()
    rule = draw(done_rules)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(moments)
        match draw(st.sampled_from(["open", "mark", "unmark", "result"])):
            case "open":
                standing = rules.opened(standing, rule, at)
            case "mark":
                standing = rules.marked(standing, draw(st.sampled_from([DoneBy.STUDENT, DoneBy.TEACHER])), at)
            case "unmark":
                standing = rules.unmarked(standing, draw(st.sampled_from([DoneBy.STUDENT, DoneBy.TEACHER])), at)
            case _:
                standing = rules.with_result(standing, rule, draw(percents), draw(percents), at)
    return standing


@st.composite
def steps_of_any_kind(draw: st.DrawFn) -> Step:
    return Step(
        id=uuid.uuid4(),
        title=draw(st.sampled_from("abc")),
        need=draw(st.sampled_from(Need)),
        done_rule=draw(done_rules),
        pass_percent=draw(st.none() | st.floats(0, 100)),
        standing=draw(standings()),
    )


paths = st.lists(steps_of_any_kind(), max_size=8)
orders = st.sampled_from(OrderRule)


# --- Progress


def test_progress_counts_must_dos() -> None:
    path = [step(standing=DONE), step(), step(need=Need.MAY, standing=DONE), step(need=Need.MAY)]
    assert rules.progress(Walk(path)) == Progress(done=1, total=2)
    assert rules.progress(Walk(path)).percent == 50


def test_without_must_dos_every_step_counts() -> None:
    path = [step(need=Need.MAY, standing=DONE), step(need=Need.MAY)]
    assert rules.progress(Walk(path)) == Progress(1, 2)
    assert not rules.progress(Walk(path)).is_finished


def test_an_empty_playlist_is_never_finished() -> None:
    assert rules.progress(Walk([])) == Progress(0, 0)
    assert not rules.progress(Walk([])).is_finished


def test_percent_never_rounds_up_to_all_of_it() -> None:
    assert Progress(199, 200).percent == 99


@relaxed
@for_all(paths)
def test_progress_is_a_share_and_finished_means_all(path: list[Step]) -> None:
    now = rules.progress(Walk(path))
    assert 0 <= now.done <= now.total <= len(path)
    assert (now.percent == 100) == now.is_finished == (now.share == 1.0)


# --- Order and the next step


def test_in_order_only_the_first_undone_must_do_is_open() -> None:
    first, second, third, extra = step("1"), step("2"), step("3"), step("x", need=Need.MAY)
    closed = rules.locked(Walk([first, second, extra, third], OrderRule.IN_ORDER))
    assert closed == {
        second.id: Waits(WaitsFor.STEP, step=first),
        third.id: Waits(WaitsFor.STEP, step=second),
    }
    assert rules.locked(Walk([first, second, third], OrderRule.ANY)) == {}


def test_what_was_begun_is_never_closed_again() -> None:
    inserted, begun = step("new"), step("begun", standing=OPENED)
    assert rules.locked(Walk([inserted, begun], OrderRule.IN_ORDER)) == {}


def test_the_first_step_is_next_because_it_is_the_first() -> None:
    path = [step("1"), step("2")]
    found = rules.next_step(Walk(path, OrderRule.IN_ORDER))
    assert found is not None
    assert (found.step, found.why) == (path[0], Why.FIRST)


def test_the_next_step_in_order_names_what_opened_it() -> None:
    path = [step("Read this", standing=DONE), step("Try this")]
    found = rules.next_step(Walk(path, OrderRule.IN_ORDER))
    assert found is not None
    assert (found.step, found.why, found.after) == (path[1], Why.OPEN_NOW, "Read this")


def test_in_free_order_what_was_begun_comes_first() -> None:
    path = [step("1"), step("2", standing=OPENED)]
    found = rules.next_step(Walk(path, OrderRule.ANY))
    assert found is not None
    assert (found.step, found.why) == (path[1], Why.GO_ON)
    in_order = rules.next_step(Walk(path, OrderRule.IN_ORDER))
    assert in_order is not None
    assert in_order.step is path[0]


def test_a_result_below_the_mark_says_what_is_needed() -> None:
    standing = rules.with_result(Standing(), DoneRule.RESULT, 70, 55, NOW)
    path = [step("Quiz", done_rule=DoneRule.RESULT, pass_percent=70.0, standing=standing), step()]
    found = rules.next_step(Walk(path, OrderRule.IN_ORDER))
    assert found is not None
    assert (found.why, found.percent, found.needed) == (Why.BELOW_PASS, 55, 70)


def test_an_opened_quiz_waits_for_its_result() -> None:
    path = [step("Quiz", done_rule=DoneRule.RESULT, pass_percent=70.0, standing=OPENED)]
    found = rules.next_step(Walk(path, OrderRule.IN_ORDER))
    assert found is not None
    assert (found.why, found.needed) == (Why.AWAITS_RESULT, 70)


def test_may_dos_come_after_must_dos() -> None:
    path = [step("extra", need=Need.MAY, standing=OPENED), step("must")]
    found = rules.next_step(Walk(path, OrderRule.ANY))
    assert found is not None
    assert (found.step, found.why) == (path[1], Why.NEXT_MUST)
    later = rules.next_step(Walk([path[0], replace(path[1], standing=DONE)], OrderRule.ANY))
    assert later is not None
    assert later.step is path[0]


def test_a_step_the_teacher_took_back_says_so() -> None:
    standing = rules.unmarked(DONE, DoneBy.TEACHER, NOW)
    found = rules.next_step(Walk([step(standing=standing)], OrderRule.IN_ORDER))
    assert found is not None
    assert found.why is Why.REOPENED


@relaxed
@for_all(paths, orders)
def test_the_next_step_is_open_undone_and_there_until_all_is_done(path: list[Step], order: OrderRule) -> None:
    found = rules.next_step(Walk(path, order))
    if all(one.is_done for one in path):
        assert found is None
        return
    assert found is not None
    assert not found.step.is_done
    assert found.step.id not in rules.locked(Walk(path, order))
    if any(one.need is Need.MUST and not one.is_done for one in path):
        assert found.step.need is Need.MUST


@relaxed
@for_all(paths, orders)
def test_following_the_next_step_finishes_the_path(path: list[Step], order: OrderRule) -> None:
    for _ in range(len(path)):
        found = rules.next_step(Walk(path, order))
        if found is None:
            break
        path = [
            replace(one, standing=rules.marked(one.standing, DoneBy.TEACHER, NOW)) if one.id == found.step.id else one
            for one in path
        ]
    assert rules.next_step(Walk(path, order)) is None
    assert rules.progress(Walk(path)).is_finished == bool(path)


# --- What moves a step


def test_opening_is_enough_where_the_teacher_said_so() -> None:
    assert rules.opened(Standing(), DoneRule.OPENED, NOW).state is StepState.DONE
    assert rules.opened(Standing(), DoneRule.MARKED, NOW).state is StepState.OPENED
    assert rules.opened(Standing(), DoneRule.RESULT, NOW).state is StepState.OPENED


@pytest.mark.parametrize(("percent", "state"), [(69.9, StepState.OPENED), (70.0, StepState.DONE)])
def test_a_result_counts_from_the_mark_on(percent: float, state: StepState) -> None:
    assert rules.with_result(Standing(), DoneRule.RESULT, 70, percent, NOW).state is state


def test_any_result_counts_where_there_is_no_mark() -> None:
    after = rules.with_result(Standing(), DoneRule.RESULT, None, 0, NOW)
    assert (after.state, after.done_by, after.done_at) == (StepState.DONE, DoneBy.LMS, NOW)


def test_a_lower_result_later_takes_nothing_back() -> None:
    passed = rules.with_result(Standing(), DoneRule.RESULT, 70, 90, NOW)
    after = rules.with_result(passed, DoneRule.RESULT, 70, 20, NOW + timedelta(hours=1))
    assert after.state is StepState.DONE
    assert after.result_percent == 20


def test_an_old_result_does_not_overrule_the_teacher() -> None:
    passed = rules.with_result(Standing(), DoneRule.RESULT, 70, 90, NOW)
    taken_back = rules.unmarked(passed, DoneBy.TEACHER, NOW + timedelta(hours=1))
    assert rules.with_result(taken_back, DoneRule.RESULT, 70, 90, NOW).state is StepState.OPENED
    again = rules.with_result(taken_back, DoneRule.RESULT, 70, 80, NOW + timedelta(hours=2))
    assert again.state is StepState.DONE


def test_a_student_takes_back_only_their_own_word() -> None:
    by_teacher = rules.marked(Standing(), DoneBy.TEACHER, NOW)
    assert rules.unmarked(by_teacher, DoneBy.STUDENT, NOW) == by_teacher
    by_student = rules.marked(Standing(), DoneBy.STUDENT, NOW)
    assert rules.unmarked(by_student, DoneBy.STUDENT, NOW).state is StepState.OPENED


def test_a_lower_mark_lets_an_earlier_result_count() -> None:
    below = rules.with_result(Standing(), DoneRule.RESULT, 70, 60, NOW)
    assert rules.settled(below, DoneRule.RESULT, 50, NOW).state is StepState.DONE


@relaxed
@for_all(standings(), done_rules, moments, percents, st.none() | percents)
def test_twice_is_once(standing: Standing, rule: DoneRule, now: datetime, percent: float, needed: float | None) -> None:
    later = now + timedelta(seconds=1)
    once = rules.opened(standing, rule, now)
    assert rules.opened(once, rule, later) == once
    for by in (DoneBy.STUDENT, DoneBy.TEACHER):
        once = rules.marked(standing, by, now)
        assert rules.marked(once, by, later) == once
        once = rules.unmarked(standing, by, now)
        assert rules.unmarked(once, by, later) == once
    once = rules.with_result(standing, rule, needed, percent, now)
    assert rules.with_result(once, rule, needed, percent, now) == once


@relaxed
@for_all(standings(), done_rules, moments, percents, st.none() | percents)
def test_results_and_changed_rules_never_take_work_back(
    standing: Standing, rule: DoneRule, now: datetime, percent: float, needed: float | None
) -> None:
    if standing.state is StepState.DONE:
        assert rules.with_result(standing, rule, needed, percent, now).done_by is standing.done_by
        assert rules.settled(standing, rule, needed, now) == standing


@relaxed
@for_all(standings())
def test_a_standing_never_contradicts_itself(standing: Standing) -> None:
    assert (standing.state is StepState.DONE) == (standing.done_at is not None) == (standing.done_by is not None)
    assert (standing.state is StepState.TODO) == (standing.opened_at is None)
    assert (standing.result_at is None) == (standing.result_percent is None)


# --- Scores


@pytest.mark.parametrize(
    ("share", "points", "given_points"), [(1 / 3, 100, 33.33), (0.5, 8.25, 4.13), (1.0, 10, 10.0), (0.0, 10, 0.0)]
)
def test_points_are_the_share_of_the_maximum(share: float, points: float, given_points: float) -> None:
    assert rules.points_given(share, points) == given_points


def owed(done: int, total: int, **fields: object) -> float | None:
    asked: dict[str, object] = {
        "send": SendRule.AT_END,
        "begun": True,
        "due_at": None,
        "now": NOW,
        "before": None,
        **fields,
    }
    found = rules.owed(Progress(done, total), **asked)  # type: ignore[arg-type]
    return None if found is None else found.share


def test_at_the_end_a_score_is_owed_when_finished_or_due() -> None:
    assert owed(2, 4) is None
    assert owed(4, 4) == 1.0
    assert owed(2, 4, due_at=NOW + timedelta(minutes=1)) is None
    assert owed(2, 4, due_at=NOW) == 0.5
    assert owed(0, 4, due_at=NOW) == 0.0


def test_nobody_who_has_not_begun_is_owed_a_score() -> None:
    assert owed(0, 4, begun=False, due_at=NOW) is None
    assert owed(0, 4, begun=False, send=SendRule.LIVE) is None


def test_live_begins_with_the_first_step_done() -> None:
    assert owed(0, 4, send=SendRule.LIVE) is None
    assert owed(1, 4, send=SendRule.LIVE) == 0.25


def test_a_changed_playlist_never_lowers_a_score() -> None:
    assert owed(3, 5, before=1.0) == 1.0
    assert owed(4, 5, before=1.0) == 1.0
    assert owed(5, 5, before=0.6) == 1.0


def test_work_taken_back_lowers_a_score_that_was_sent() -> None:
    assert owed(3, 4, before=1.0, taken_back=True) == 0.75
    assert owed(3, 4, taken_back=True) is None


@relaxed
@for_all(
    st.integers(0, 20).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))),
    st.sampled_from(SendRule),
    st.booleans(),
    st.none() | moments,
    moments,
    st.none() | st.floats(0, 1),
    st.booleans(),
)
def test_what_is_owed_is_a_share_and_falls_only_when_work_is_taken_back(
    counts: tuple[int, int],
    send: SendRule,
    begun: bool,
    due_at: datetime | None,
    now: datetime,
    before: float | None,
    taken_back: bool,
) -> None:
    found = rules.owed(
        Progress(*counts), send=send, begun=begun, due_at=due_at, now=now, before=before, taken_back=taken_back
    )
    if not begun:
        assert found is None
    if found is not None:
        assert 0 <= found.share <= 1
        if before is not None and not taken_back:
            assert found.share >= before


# --- Attention


def test_attention_says_the_weightiest_reason() -> None:
    below = step(
        done_rule=DoneRule.RESULT,
        pass_percent=70.0,
        standing=rules.with_result(Standing(), DoneRule.RESULT, 70, 55, NOW),
    )

    def look(path: list[Step], **fields: object) -> Attention | None:
        asked: dict[str, object] = {"begun": True, "quiet": False, "due_at": None, "now": NOW, **fields}
        return rules.attention(Walk(path), **asked)  # type: ignore[arg-type]

    assert look([below], quiet=True) is Attention.BELOW_PASS
    assert look([step(standing=OPENED)], due_at=NOW, quiet=True) is Attention.PAST_DUE
    assert look([step(standing=OPENED)], quiet=True) is Attention.QUIET
    assert look([step(standing=OPENED)]) is None
    assert look([step(standing=DONE)], due_at=NOW, quiet=True) is None
    assert look([step()], begun=False, due_at=NOW) is None
