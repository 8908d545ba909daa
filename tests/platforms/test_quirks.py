"""Each LMS's file: what it promises the service clients."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from lti_tool.lti.models import Family
from lti_tool.lti.quirks import Call
from lti_tool.platforms import quirks

AT = datetime(2026, 11, 22, 19, 49, 47, 123999, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize("family", Family)
def test_every_family_has_its_quirks(family: Family) -> None:
    habits = quirks(family)
    assert habits.score_url("https://a.example/i?type_id=2") == "https://a.example/i/scores?type_id=2"
    assert habits.results_url("https://a.example/i?type_id=2", "7") == "https://a.example/i/results?type_id=2&user_id=7"
    moment = datetime.fromisoformat(habits.timestamp(AT))
    assert moment.tzinfo is not None
    # Two moments that are a step apart stay apart as they are sent.
    assert datetime.fromisoformat(habits.timestamp(AT + habits.timestamp_step)) > moment
    assert timedelta(0) <= AT - moment < habits.timestamp_step
    assert habits.meaning(Call.FIND_LINE_ITEMS, 404, "Not Found", "") is None


@pytest.mark.parametrize(
    ("family", "sent"),
    [
        (Family.CANVAS, "2026-11-22T18:49:47.123Z"),
        (Family.MOODLE, "2026-11-22T18:49:47Z"),
        (Family.SCHOOLOGY, "2026-11-22T18:49:47Z"),
        (Family.OTHER, "2026-11-22T18:49:47Z"),
        (Family.OPENEDX, "2026-11-22T18:49:47.123Z"),
    ],
)
def test_timestamps(family: Family, sent: str) -> None:
    assert quirks(family).timestamp(AT) == sent
    assert quirks(family).timestamp(AT.astimezone(UTC)) == sent


def test_canvas_counts_an_attempt_only_for_something_new() -> None:
    key = "https://canvas.instructure.com/lti/submission"
    assert quirks(Family.CANVAS).score_extras(new_attempt=True)[key]["new_submission"] is True
    assert quirks(Family.CANVAS).score_extras(new_attempt=False)[key]["new_submission"] is False
    assert not quirks(Family.CANVAS).repeat_comment


@pytest.mark.parametrize("family", [family for family in Family if family is not Family.CANVAS])
def test_others_get_no_extras_and_every_comment_again(family: Family) -> None:
    assert quirks(family).score_extras(new_attempt=True) == {}
    assert quirks(family).repeat_comment


def test_canvas_lists_more_than_ten_line_items_at_once() -> None:
    assert quirks(Family.CANVAS).line_items_query() == {"limit": "50"}
