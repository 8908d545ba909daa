"""Whose a row of a gradebook export is."""

import uuid

from hypothesis import given
from hypothesis import strategies as st

from lti_tool.courses.identities import Known
from lti_tool.mastery.gradebooks import GradeRow, Identity
from lti_tool.mastery.gradebooks.matching import Match, match

ANA, BEN, CHI = uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=3)
CLASS = (
    Known(ANA, ("Ana Rivera",), frozenset({"sub-a", "11"}), frozenset({"S1"}), frozenset({"ana@school.example"})),
    Known(BEN, ("Ben Chen", "Chen, Ben"), frozenset({"sub-b", "12"}), frozenset({"S2"})),
    Known(CHI, ("Chi Öberg",), frozenset({"sub-c"})),
)


def row(name: str = "", **identities: str) -> GradeRow:
    return GradeRow(2, name, {Identity(kind.replace("_", "-")): value for kind, value in identities.items()}, {})


def one(given_row: GradeRow) -> tuple[Match, uuid.UUID | None]:
    (found,) = match([given_row], CLASS)
    return found.match, found.person_id


def test_an_id_or_an_address_is_sure_whatever_the_name_says() -> None:
    assert one(row("Somebody Else", user_id="11")) == (Match.SURE, ANA)
    assert one(row(sourced_id="s2")) == (Match.SURE, BEN)
    assert one(row(email="ANA@school.example ")) == (Match.SURE, ANA)
    assert one(row(login="ana@school.example")) == (Match.SURE, ANA)


def test_ids_of_two_students_in_one_row_are_nobodys() -> None:
    assert one(row(user_id="11", sourced_id="S2")) == (Match.SEVERAL, None)


def test_a_name_alone_is_a_guess_in_any_order_and_without_accents() -> None:
    assert one(row("Oberg, Chi")) == (Match.NAME, CHI)
    assert one(row("CHI ÖBERG")) == (Match.NAME, CHI)
    assert one(row("Chi")) == (Match.NOBODY, None)
    assert one(row("Chi B. Öberg")) == (Match.NOBODY, None)


def test_two_students_of_one_name_are_not_guessed_between() -> None:
    twins = (*CLASS, Known(uuid.UUID(int=4), ("Ana Rivera",), frozenset({"sub-d"})))
    assert [one.match for one in match([row("Ana Rivera")], twins)] == [Match.SEVERAL]


def test_an_id_that_two_students_share_counts_for_neither() -> None:
    shared = (
        Known(ANA, (), frozenset({"a"}), frozenset({"X"})),
        Known(BEN, (), frozenset({"b"}), frozenset({"X"})),
    )
    assert [one.match for one in match([row(sourced_id="X")], shared)] == [Match.NOBODY]
    assert [one.person_id for one in match([row(sourced_id="X", user_id="b")], shared)] == [BEN]


def test_two_rows_that_claim_one_student_are_both_left_out() -> None:
    assert [one.match for one in match([row(user_id="11"), row(email="ana@school.example")], CLASS)] == [
        Match.SEVERAL,
        Match.SEVERAL,
    ]


def test_somebody_found_by_an_id_is_not_found_again_by_a_name() -> None:
    found = match([row("Ana Rivera"), row("Ana R.", user_id="11")], CLASS)
    assert [(one.match, one.person_id) for one in found] == [(Match.NOBODY, None), (Match.SURE, ANA)]


@given(
    st.lists(
        st.builds(row, st.sampled_from(["Ana Rivera", "Chen Ben", "", "Öberg Chi"]), user_id=st.sampled_from("12x"))
    )
)
def test_a_student_never_gets_two_rows(rows: list[GradeRow]) -> None:
    people = [found.person_id for found in match(rows, CLASS) if found.person_id is not None]
    assert len(people) == len(set(people))
