"""Which item of a copied course is which of the original: worked examples, and what holds for every course."""

import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from lti_tool.content.matching import Copy, hosts_in, items_of_copy, moved
from lti_tool.content.models import ContentItem, ItemKind

NOW = datetime(2026, 9, 1, tzinfo=UTC)
OLD, NEW = "7a72828681249ff3a283dfdff8dfb63b05b7a368", "4dde05e8ca1973bcca9bffc13e1548820eee93a3"
COPY = Copy(frozenset({"lms.example"}), {OLD: NEW, "17": "42", "link-0123456789": "link-9876543210"})


def item(
    title: str,
    kind: ItemKind = ItemKind.PAGE,
    section: str = "Week 1",
    position: int = 0,
    url: str | None = None,
    *,
    gone: bool = False,
) -> ContentItem:
    return ContentItem(
        organisation_id=uuid.UUID(int=1),
        id=uuid.uuid4(),
        course_id=uuid.UUID(int=2),
        external_id=str(uuid.uuid4()),
        kind=kind,
        title=title,
        section=section,
        position=position,
        url=url,
        deleted_at=NOW if gone else None,
        seen_at=NOW,
    )


# --- Addresses ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "to", "whole"),
    [
        ("https://lms.example/courses/17/pages/ratios", "https://lms.example/courses/42/pages/ratios", True),
        ("https://lms.example/courses/17", "https://lms.example/courses/42", True),
        ("https://lms.example/courses/17/quizzes/99", "https://lms.example/courses/42/quizzes/99", False),
        (
            "https://lms.example/courses/17/modules/items/5?x=y",
            "https://lms.example/courses/42/modules/items/5?x=y",
            False,
        ),
        ("https://lms.example/course/view.php?id=17", "https://lms.example/course/view.php?id=42", True),
        (
            "https://lms.example/course/view.php?id=17#section-3",
            "https://lms.example/course/view.php?id=42#section-3",
            True,
        ),
        ("https://lms.example/report?courseid=17&a=b", "https://lms.example/report?courseid=42&a=b", True),
        (f"https://lms.example/d/{OLD}/home", f"https://lms.example/d/{NEW}/home", True),
        (f"https://lms.example/d?c={OLD}", f"https://lms.example/d?c={NEW}", True),
        ("https://lms.example/l/link-0123456789", "https://lms.example/l/link-9876543210", True),
    ],
)
def test_an_address_inside_the_original_is_moved(url: str, to: str, whole: bool) -> None:
    found = moved(url, COPY)
    assert found is not None
    assert (found.url, found.whole, found.changed) == (to, whole, True)


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        # An activity's number may be the course's; only behind "course" it surely is.
        ("https://lms.example/mod/quiz/view.php?id=17", False),
        ("https://lms.example/users/17", False),
        ("https://lms.example/courses/18/pages/ratios", False),
        ("https://lms.example/files/1~23/download", False),
        ("https://lms.example/ultra/courses/_12_1/outline", False),
        ("https://lms.example/portal/site/6d8b7f0e-1c1d-4f0a-9a51-3c0c5f0f9a11", False),
        ("https://lms.example/courses/course-v1:edX+Demo+2024/about", False),
        ("https://lms.example/view?course=", False),
        ("https://lms.example/help/handbook", True),
        ("https://lms.example/course/index.php", True),
        ("https://lms.example/", True),
    ],
)
def test_an_address_that_does_not_name_the_original_stays(url: str, whole: bool) -> None:
    found = moved(url, COPY)
    assert found is not None
    assert (found.url, found.whole, found.changed) == (url, whole, False)


def test_a_course_whose_number_in_the_copy_is_not_known_cannot_be_moved() -> None:
    found = moved("https://lms.example/courses/17/pages/a", Copy(frozenset({"lms.example"}), {"17": None}))
    assert found is not None
    assert (found.whole, found.changed) == (False, False)


@pytest.mark.parametrize(
    "url", ["https://else.example/courses/17", "https://[::1", "", "mailto:a@b.example", "/courses/17"]
)
def test_other_addresses_are_everybodys(url: str) -> None:
    assert moved(url, COPY) is None


def test_hosts_are_found_in_addresses_and_bare() -> None:
    assert hosts_in(["https://LMS.example:8443/x", "school.example", None, "", "https://[::1", "a b"]) >= {
        "lms.example",
        "school.example",
    }


@for_all(st.text(max_size=80))
def test_no_address_is_too_odd(text: str) -> None:
    moved(f"https://lms.example/{text}", COPY)
    moved(text, COPY)


# --- Items ----------------------------------------------------------------------------------------------------------------


def test_titles_kinds_and_modules() -> None:
    old = [
        item("Ratios", position=0),
        item("Quiz", ItemKind.QUIZ, "Week 1", 1),
        item("Quiz", ItemKind.QUIZ, "Week 2", 2),
        item("Ratios", ItemKind.ASSIGNMENT, position=3),
        item("Only there", position=4),
        item("Notes", section="Week 1", position=5),
        item("Notes", section="Week 1", position=6),
    ]
    new = [
        item("  RATIOS ", section="Renamed", position=0),
        item("Quiz", ItemKind.QUIZ, "Week 2", 1),
        item("Quiz", ItemKind.QUIZ, "Week 1", 2),
        item("Ratios", ItemKind.QUIZ, position=3),
        item("Notes", section="Week 1", position=4),
        item("Notes", section="Week 1", position=5),
    ]
    found = items_of_copy(old, old, new, COPY)
    assert found == {
        old[0].id: new[0].id,
        old[1].id: new[2].id,
        old[2].id: new[1].id,
        old[5].id: new[4].id,
        old[6].id: new[5].id,
    }


def test_one_of_two_that_is_gone_leaves_nothing_that_is_sure() -> None:
    old = [item("Notes", position=0), item("Notes", position=1)]
    assert items_of_copy(old, old, [item("Notes")], COPY) == {}
    assert items_of_copy([old[0]], old, [item("Notes"), item("Notes"), item("Notes")], COPY) == {}


def test_an_address_tells_apart_what_a_title_does_not() -> None:
    old = [
        item("Notes", url="https://lms.example/courses/17/pages/one"),
        item("Notes", url="https://lms.example/courses/17/pages/two"),
    ]
    new = [
        item("Notes", url="https://lms.example/courses/42/pages/two"),
        item("Renamed", url="https://lms.example/courses/42/pages/one"),
    ]
    assert items_of_copy(old, old, new, COPY) == {old[0].id: new[1].id, old[1].id: new[0].id}


def test_what_is_gone_from_the_copy_or_is_a_heading_is_no_place() -> None:
    old = [item("Ratios"), item("Week 1", ItemKind.HEADING)]
    new = [item("Ratios", gone=True), item("Week 1", ItemKind.HEADING)]
    assert items_of_copy(old, old, new, COPY) == {}


TITLES = st.sampled_from(["Quiz", "quiz", "Notes", "Ratios", "Read more"])
ITEMS = st.lists(
    st.tuples(TITLES, st.sampled_from([ItemKind.PAGE, ItemKind.QUIZ]), st.sampled_from(["", "Week 1", "Week 2"])),
    max_size=14,
)


def course(described: list[tuple[str, ItemKind, str]]) -> list[ContentItem]:
    return [item(title, kind, section, place) for place, (title, kind, section) in enumerate(described)]


@for_all(ITEMS)
def test_a_course_that_was_copied_as_it_is_is_found_whole_and_in_order(
    described: list[tuple[str, ItemKind, str]],
) -> None:
    old, new = course(described), course(described)
    assert items_of_copy(old, old, new, COPY) == {one.id: other.id for one, other in zip(old, new, strict=True)}


@for_all(ITEMS, ITEMS, st.randoms(use_true_random=False))
def test_whatever_was_changed_nothing_is_taken_for_something_else(
    before: list[tuple[str, ItemKind, str]], after: list[tuple[str, ItemKind, str]], random: object
) -> None:
    old, new = course(before), course(after)
    found = items_of_copy(old, old, new, COPY)
    assert len(set(found.values())) == len(found)
    by_id = {one.id: one for one in [*old, *new]}
    for one, other in found.items():
        assert by_id[one].kind is by_id[other].kind
        assert by_id[one].title.casefold() == by_id[other].title.casefold()
    # The order in which rows come says nothing.
    shuffled = list(new)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert items_of_copy(list(reversed(old)), list(reversed(old)), shuffled, COPY) == found
    # Who asks for some finds the same as who asks for all.
    assert items_of_copy(old[:2], old, new, COPY) == {one.id: found[one.id] for one in old[:2] if one.id in found}
