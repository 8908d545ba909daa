"""When courses are read, as rules: leases, pauses, and what is asked for from when on."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.content.sync import rules
from lti_tool.content.sync.rules import Report
from lti_tool.content.sync_models import SyncPhase
from lti_tool.ids import new_id

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(days=-400), timedelta(days=400)).map(lambda by: NOW + by)


@given(MOMENTS)
def test_a_lease_binds_while_it_lives_and_no_longer(until: datetime) -> None:
    free = rules.is_free("a", until, NOW)
    assert free == (until <= NOW or until > NOW + rules.LEASE + rules.SKEW)
    assert rules.is_free(None, until, NOW)


def test_a_lease_outlives_its_signs_of_life() -> None:
    assert rules.LEASE >= 2 * rules.SIGN_OF_LIFE


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_pauses_after_failures_grow_and_end_somewhere(failures: int, chance: float) -> None:
    due = rules.after_failure("api-unreachable", failures, NOW, chance)
    assert due is not None
    least, most = 1 - rules.SPREAD, 1 + rules.SPREAD
    assert rules.FIRST_PAUSE * least <= due - NOW <= rules.LONGEST_PAUSE * most
    later = rules.after_failure("api-unreachable", failures + 1, NOW, chance)
    assert later is not None
    assert later >= due


@pytest.mark.parametrize("trouble", sorted(rules.FOR_PEOPLE))
def test_what_people_have_to_mend_is_not_tried_again(trouble: str) -> None:
    assert rules.after_failure(trouble, 1, NOW, 0.5) is None


def test_every_trouble_that_waits_for_people_is_one_of_the_tools() -> None:
    import lti_tool.app  # noqa: F401 - every error is known then.
    from lti_tool.errors import ToolError

    def codes(kind: type[ToolError]) -> set[str]:
        return {kind.code}.union(*(codes(one) for one in kind.__subclasses__()))

    assert codes(ToolError) >= rules.FOR_PEOPLE


@given(st.none() | MOMENTS, st.none() | MOMENTS, st.booleans())
def test_only_what_is_certain_is_not_asked_for_again(
    whole_at: datetime | None, since: datetime | None, asked: bool
) -> None:
    if not rules.is_whole(whole_at, since, NOW, asked=asked):
        assert whole_at is not None
        assert since is not None
        assert not asked
        assert since <= NOW
        assert timedelta(0) <= NOW - whole_at < rules.WHOLE_EVERY


@given(st.none() | MOMENTS, st.floats(0, 1))
def test_a_course_is_read_sooner_the_more_it_is_used(opened_at: datetime | None, chance: float) -> None:
    due = rules.after_success(opened_at, NOW, chance)
    if opened_at is None or NOW - opened_at >= rules.AT_REST:
        assert due is None
    else:
        pause = rules.EVERY if NOW - opened_at < rules.QUIET else rules.SELDOM
        assert due is not None
        assert abs((due - NOW) - pause) <= pause * rules.SPREAD


def test_courses_that_began_together_do_not_stay_together() -> None:
    due = {rules.after_success(NOW, NOW, chance / 100) for chance in range(100)}
    assert len(due) == 100


def test_a_report_keeps_counts_and_troubles() -> None:
    report = Report()
    report.add("results", 3)
    report.add("results", 4)
    report.add("gone", 0)
    report.troubles["completion"] = "api-not-permitted"
    kept = report.as_json() | {"marker": new_id().hex, "old": True}
    assert rules.counts_of(kept) == {"results": 7}
    assert rules.troubles_of(kept) == {SyncPhase.COMPLETION: "api-not-permitted"}
    assert rules.troubles_of({"troubles": {"else": "x", "results": 7}}) == {}
    assert rules.troubles_of({"troubles": 7}) == {}


@given(st.integers(-10, 10_000), st.integers(-10, 10_000))
def test_a_share_is_one(done: int, total: int) -> None:
    share = rules.share(done, total)
    assert (share is None) == (total <= 0)
    assert share is None or 0 <= share <= 100
