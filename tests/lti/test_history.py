"""What platforms and others write into a history, and what is made of it."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.lti.history import MOST, cleaned, ids_in

IDS = st.text(
    st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"]), min_size=1, max_size=60
).filter(lambda text: not text.startswith("$"))


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("42", ("42",)),
        ("42,17,3", ("42", "17", "3")),
        ("course-v1%3AedX%2BDemo%2B2025,17", ("course-v1:edX+Demo+2025", "17")),
        ("course-v1:edX+Demo+2025", ("course-v1:edX+Demo+2025",)),
        (" 42 , ,17,42", ("42", "17")),
        ("", ()),
        (None, ()),
        ("$Context.id.history", ()),
        ("%24Context.id.history,17", ("17",)),
        ("self,17", ("17",)),
        ("a%00b,17", ("17",)),
        ("a%0Ab,c%1Fd,17", ("17",)),
        ("x" * 256 + ",17", ("17",)),
        ("%zz", ("%zz",)),
        ("%FF", ("\ufffd",)),
    ],
)
def test_histories_as_they_come(value: str | None, ids: tuple[str, ...]) -> None:
    assert ids_in(value, "self") == ids


def test_no_history_is_too_long_to_be_cut() -> None:
    found = ids_in(",".join(str(number) for number in range(100_000)), None)
    assert found == tuple(str(number) for number in range(MOST))
    assert ids_in("y" * 100_000, None) == ()


@given(st.lists(IDS, max_size=MOST, unique=True))
def test_what_is_written_as_specified_is_read_as_it_was(ids: list[str]) -> None:
    kept = [one.strip() for one in ids]
    assert ids_in(",".join(quote(one, safe="") for one in kept), None) == tuple(dict.fromkeys(kept))


@given(st.lists(st.one_of(st.text(), st.integers(), st.none()), max_size=40), st.text(max_size=5))
def test_whatever_comes_what_is_kept_can_be_stored(given_ids: list[object], own: str) -> None:
    found = cleaned(given_ids, own)
    assert len(found) == len(set(found)) <= MOST
    assert all(0 < len(one) <= 255 and one.isprintable() and one != own for one in found)
    assert cleaned(found, own) == found
