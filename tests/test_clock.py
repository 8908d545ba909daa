"""Days begin at a school's own midnight, also where clocks change in the night."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.clock import day_in, midnight, zone_named
from lti_tool.lti.registrations import zones


@pytest.mark.parametrize("name", [None, "", "Mars/Olympus", "America", "../../etc/passwd", "\0"])
def test_a_zone_that_is_none_is_utc(name: str | None) -> None:
    assert zone_named(name) is UTC


@given(st.sampled_from(zones()), st.dates(date(1980, 1, 1), date(2035, 1, 1)))
def test_a_day_begins_at_its_midnight_and_not_before(name: str, day: date) -> None:
    zone = zone_named(name)
    begins = midnight(zone, day)
    # Kwajalein and Samoa have each left out a whole day, which begins with the one after it.
    assert day_in(zone, begins) in (day, day + timedelta(days=1))
    if day_in(zone, begins) == day:
        assert day_in(zone, begins - timedelta(microseconds=1)) <= day


def test_where_clocks_go_forward_at_midnight_the_day_begins_with_its_first_moment() -> None:
    beirut = ZoneInfo("Asia/Beirut")
    assert midnight(beirut, date(2026, 3, 29)) == datetime(2026, 3, 28, 22, tzinfo=UTC)
    assert midnight(beirut, date(2026, 3, 30)) - midnight(beirut, date(2026, 3, 29)) == timedelta(hours=23)
