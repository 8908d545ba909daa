"""What alignments mean together, without a database."""

import math
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.competencies import alignment_rules as rules
from lti_tool.competencies.alignment_rules import AlignmentView, Filter, Standing
from lti_tool.competencies.models import AlignmentRole
from lti_tool.content.models import ContentItem, ItemKind

NOW = datetime(2026, 9, 1, tzinfo=UTC)
COURSE = uuid.UUID(int=1)


def view(
    item: int = 1, competency: int = 1, role: AlignmentRole = AlignmentRole.ASSESSES, **more: object
) -> AlignmentView:
    made = AlignmentView(
        uuid.uuid4(), uuid.UUID(int=item), uuid.UUID(int=competency), competency, role, Decimal(1), 80.0, False, False
    )
    return replace(made, **more)  # type: ignore[arg-type]


def item(
    number: int = 1, title: str = "Quiz", kind: ItemKind = ItemKind.QUIZ, section: str = "", **more: object
) -> ContentItem:
    return ContentItem(
        organisation_id=COURSE,
        id=uuid.UUID(int=number),
        course_id=COURSE,
        external_id=str(number),
        kind=kind,
        title=title,
        section=section,
        position=number,
        seen_at=NOW,
        **more,
    )


views = st.lists(
    st.builds(
        view,
        item=st.integers(1, 4),
        competency=st.integers(1, 4),
        role=st.sampled_from(AlignmentRole),
        passing_percent=st.floats(0, 100),
        weight=st.decimals("0.0001", 1000, places=4),
        mixed=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda one: (one.content_item_id, one.competency_id),
)


# --- Seen ---------------------------------------------------------------------------------------------------------------


@given(views, st.randoms())
def test_how_an_item_stands_does_not_depend_on_the_order(some: list[AlignmentView], random: object) -> None:
    shuffled = list(some)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rules.seen(some) == rules.seen(shuffled)


@pytest.mark.parametrize(
    "different",
    [
        {"role": AlignmentRole.TEACHES},
        {"weight": Decimal("1.5")},
        {"passing_percent": 79.5},
        {"mixed": True},
        {"competency_id": uuid.UUID(int=9)},
    ],
)
def test_every_change_is_seen(different: dict[str, object]) -> None:
    before = view()
    assert rules.seen([before]) != rules.seen([replace(before, **different)])  # type: ignore[arg-type]
    assert rules.seen([before]) != rules.seen([])


def test_the_same_number_written_otherwise_is_the_same() -> None:
    assert rules.seen([view(weight=Decimal("1.0000"))]) == rules.seen([view(weight=Decimal(1))])


# --- What is entered ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "weight"),
    [("1", "1"), ("0,5", "0.5"), (" 2.50 ", "2.5"), ("1000", "1000"), ("0.0001", "0.0001"), ("３", "3")],
)
def test_weights(text: str, weight: str) -> None:
    assert rules.weight_of(text) == Decimal(weight)


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "0.00001", "1000.1", "1e3", "NaN", "inf", "1,000.5", "one", "1 000", "1.", "９" * 13]
)
def test_what_is_no_weight(text: str) -> None:
    with pytest.raises(ValueError, match=r"weight|percentage|number"):
        rules.weight_of(text)


@pytest.mark.parametrize(("text", "percent"), [("0", 0.0), ("80", 80.0), ("66,6 %", 66.6), ("100%", 100.0)])
def test_percentages(text: str, percent: float) -> None:
    assert rules.percent_of(text) == percent


@pytest.mark.parametrize("text", ["", "-1", "100.1", "%", "80 %%", "NaN"])
def test_what_is_no_percentage(text: str) -> None:
    with pytest.raises(ValueError, match=r"weight|percentage|number"):
        rules.percent_of(text)


@given(st.text(max_size=20))
def test_whatever_is_entered_is_a_good_number_or_refused(text: str) -> None:
    for read, most in ((rules.weight_of, 1000), (rules.percent_of, 100)):
        try:
            found = read(text)
        except ValueError:
            continue
        assert 0 <= found <= most
        assert math.isfinite(found)


# --- Finding --------------------------------------------------------------------------------------------------------------


def test_items_are_found_by_words_section_kind_competency_and_how_they_stand() -> None:
    page = item(1, "Fracción équivalente", ItemKind.PAGE, "Week 1")
    none: list[AlignmentView] = []
    some = [view(1, 7, shared=True)]
    assert rules.fits(page, none, Filter())
    assert not Filter().narrows
    assert Filter(words="x").narrows
    assert rules.fits(page, none, Filter(words="FRACCION  week"))
    assert not rules.fits(page, none, Filter(words="fraction week"))
    assert rules.fits(page, none, Filter(section="Week 1"))
    assert not rules.fits(page, none, Filter(section=""))
    assert rules.fits(page, none, Filter(kind=ItemKind.PAGE))
    assert not rules.fits(page, none, Filter(kind=ItemKind.QUIZ))
    assert rules.fits(page, some, Filter(competency_id=uuid.UUID(int=7)))
    assert not rules.fits(page, some, Filter(competency_id=uuid.UUID(int=8)))
    assert [standing for standing in Standing if rules.fits(page, none, Filter(standing=standing))] == [
        Standing.ALL,
        Standing.UNALIGNED,
    ]
    assert [standing for standing in Standing if rules.fits(page, some, Filter(standing=standing))] == [
        Standing.ALL,
        Standing.ALIGNED,
        Standing.SHARED,
    ]


def test_headings_and_what_is_gone_cannot_be_aligned() -> None:
    assert rules.can_be_aligned(item())
    assert not rules.can_be_aligned(item(kind=ItemKind.HEADING))
    assert not rules.can_be_aligned(item(deleted_at=NOW))


def test_every_kind_has_a_usual_role() -> None:
    assert {kind: rules.usual_role(kind) for kind in (ItemKind.QUIZ, ItemKind.PAGE, ItemKind.DISCUSSION)} == {
        ItemKind.QUIZ: AlignmentRole.ASSESSES,
        ItemKind.PAGE: AlignmentRole.TEACHES,
        ItemKind.DISCUSSION: AlignmentRole.PRACTISES,
    }


# --- Coverage -------------------------------------------------------------------------------------------------------------


def test_what_is_missing_is_said() -> None:
    one, two, three, four = (uuid.UUID(int=number) for number in (1, 2, 3, 4))
    items = [item(1), item(2), item(3), item(4, kind=ItemKind.HEADING), item(5, deleted_at=NOW)]
    some = [
        view(1, 1),
        view(2, 1),
        view(1, 2),
        view(2, 3, AlignmentRole.TEACHES),
        view(5, 3),  # Gone from the course, so it assesses nothing any more.
        view(1, 4, shared=True),
        view(2, 4, shared=True),
    ]
    found = rules.coverage([one, two, three, four, one], items, some)
    assert found.unassessed == (three,)
    assert found.thin == (two,)
    assert found.only_shared == (four,)
    assert [one.id.int for one in found.unaligned] == [3]


@given(views)
def test_coverage_puts_every_competency_in_one_place_at_most(some: list[AlignmentView]) -> None:
    wanted = [uuid.UUID(int=number) for number in range(1, 5)]
    items = [item(number) for number in range(1, 5)]
    found = rules.coverage(wanted, items, some)
    listed = [*found.unassessed, *found.thin, *found.only_shared]
    assert len(listed) == len(set(listed))
    assert {one.id for one in found.unaligned} == {one.id for one in items} - {one.content_item_id for one in some}
    for one in found.unassessed:
        assert not any(view.competency_id == one and view.gives_evidence for view in some)


@given(st.lists(st.integers(1, 5)))
def test_a_score_is_shared_by_two_or_more(ids: list[int]) -> None:
    shared = rules.shared_items(uuid.UUID(int=one) for one in ids)
    assert {one.int for one in shared} == {one for one in ids if ids.count(one) > 1}
