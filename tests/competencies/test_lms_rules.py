"""Which competency of ours an outcome of the LMS is."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.competencies.lms_rules import Candidate, folded, names, recognised

GUID = "6b9e4d2a-7c1f-11e8-a4d6-0242ac120003"
ONE, OTHER, THIRD = (uuid.UUID(int=number) for number in (1, 2, 3))


def one(
    id_: uuid.UUID = ONE, identifier: str = "", uri: str = "", code: str = "", *, in_map: bool = False
) -> Candidate:
    return Candidate(id_, identifier, uri, code, in_map)


@pytest.mark.parametrize(
    "candidate",
    [
        one(identifier=GUID),
        one(identifier=GUID.upper()),
        one(identifier="{" + GUID + "}"),
        one(uri=f"https://case.example/ims/case/v1p0/CFItems/{GUID}"),
    ],
    ids=["same", "capitals", "braces", "address"],
)
@pytest.mark.parametrize("told", [GUID, f"urn:uuid:{GUID}", f" {GUID.upper()} "], ids=["guid", "urn", "spaces"])
def test_a_guid_is_the_same_however_it_is_written(candidate: Candidate, told: str) -> None:
    assert recognised([told], "", [candidate, one(OTHER, "another")]) == ONE


def test_an_id_number_and_a_code_are_names_as_well() -> None:
    assert recognised(["math-7"], "", [one(identifier="MATH-7")]) == ONE
    assert recognised([], "4.NF.A.1", [one(identifier="x", code="4.nf.a.1")]) == ONE
    assert recognised(["4.NF.A.1"], "", [one(identifier="x", code="4.NF.A.1")]) == ONE
    assert recognised([], "", [one(identifier="", code="")]) is None
    assert recognised([], "4.NF.A.1", [one(identifier="x", code="4.NF.A.2")]) is None


def test_an_identifier_goes_before_a_code() -> None:
    known = [one(ONE, code="A.1"), one(OTHER, identifier=GUID, code="B.2")]
    assert recognised([GUID], "A.1", known) == OTHER


def test_of_several_the_one_in_the_map_and_else_none() -> None:
    two = [one(ONE, code="A.1"), one(OTHER, code="A.1")]
    assert recognised([], "A.1", two) is None
    assert recognised([], "A.1", [*two, one(THIRD, code="A.1", in_map=True)]) == THIRD
    both = [one(ONE, code="A.1", in_map=True), one(OTHER, code="A.1", in_map=True)]
    assert recognised([], "A.1", both) is None


@given(st.text("aB1 {}-.\t", max_size=20), st.sampled_from(["", " ", "{", "}"]))
def test_folding_twice_is_folding_once(text: str, around: str) -> None:
    assert folded(folded(text)) == folded(text) == folded(around + text + around)
    assert "" not in names([text])
