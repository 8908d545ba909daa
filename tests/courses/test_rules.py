"""Names, roles and staleness."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lti_tool.courses import rules
from lti_tool.lti.models import Role

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)
texts = st.none() | st.text(min_size=1, max_size=400)


def test_names_sort_by_family_name_where_it_is_known() -> None:
    assert rules.names("Ada Lovelace", "Ada", "Lovelace") == ("Ada Lovelace", "Lovelace, Ada")
    assert rules.names(None, "Ada", "Lovelace") == ("Ada Lovelace", "Lovelace, Ada")
    assert rules.names("Ada Lovelace", None, None) == ("Ada Lovelace", "Ada Lovelace")
    assert rules.names(None, "Ada", None) == ("Ada", "Ada")
    assert rules.names(None, None, "Lovelace") == ("Lovelace", "Lovelace")
    assert rules.names(None, None, None) == (None, None)


@given(texts, texts, texts)
def test_names_fit_their_columns_and_come_together(name: str | None, first: str | None, family: str | None) -> None:
    shown, ordered = rules.names(name, first, family)
    assert (shown is None) == (ordered is None) == (name is None and first is None and family is None)
    assert len(shown or "") <= 300
    assert len(ordered or "") <= 300


@given(st.timedeltas(timedelta(days=-2), timedelta(days=2)))
def test_a_roster_is_fresh_for_a_quarter_of_an_hour(age: timedelta) -> None:
    assert rules.is_stale(NOW - age, NOW) == (not timedelta(0) <= age < timedelta(minutes=15))


def test_a_roster_never_read_is_stale() -> None:
    assert rules.is_stale(None, NOW)


def test_every_role_has_a_home_but_the_unknown_one() -> None:
    assert {role for role in Role if rules.home_of(role) is None} == {Role.OTHER}
