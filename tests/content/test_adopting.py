"""Items known from files or pasted addresses become the platform's own: pure, and on both databases."""

import uuid
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.content import adopting
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.content.rules import CARTRIDGE_SOURCE
from lti_tool.content.service import add_address, add_from_gradebook
from lti_tool.content.taking_over import take_over
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.platforms.native import NativeItem
from tests.courses.school import NOW, a_school

from .platform import a_course, page, quiz


@dataclass(frozen=True)
class Known:
    """An item of a file."""

    external_id: str
    kind: ItemKind
    title: str
    url: str | None
    id: uuid.UUID


def known(name: str, kind: ItemKind, title: str, url: str | None = None) -> Known:
    return Known(name, kind, title, url, uuid.uuid5(uuid.UUID(int=7), name))


def same(told: list[NativeItem], files: list[Known]) -> dict[str, str]:
    by_id = {one.id: one.external_id for one in files}
    new = {one.external_id for one in told}
    return {name: by_id[item_id] for name, item_id in adopting.adopted(told, new, files).items()}


def test_the_same_kind_and_title_is_the_same_thing() -> None:
    told = [quiz(1, "Ratios  Quiz"), page(2, "Ratios quiz")]
    assert same(told, [known("cartridge:a", ItemKind.QUIZ, "ratios quiz")]) == {"canvas:module-item:1": "cartridge:a"}


def test_what_stands_twice_on_either_side_is_left_alone() -> None:
    once = [known("cartridge:a", ItemKind.QUIZ, "Quiz")]
    assert same([quiz(1, "Quiz"), quiz(2, "Quiz")], once) == {}
    assert same([quiz(1, "Quiz")], [*once, known("cartridge:b", ItemKind.QUIZ, "quiz ")]) == {}


def test_the_same_address_is_the_same_thing_whatever_its_title() -> None:
    told = [page(1, "Rivers", url="https://School.example/a/?x=1#top"), page(2, "Lakes")]
    pasted = known("address:1", ItemKind.LINK, "school.example", "https://school.example:443/a?x=1")
    assert same(told, [pasted]) == {"canvas:module-item:1": "address:1"}
    # A pasted address is not known by its title: another film of that name is another film.
    assert same([page(1, "Film", kind="link")], [known("address:1", ItemKind.LINK, "Film", "https://x.example/")]) == {}


def test_a_gradebooks_column_is_what_has_results_under_that_name() -> None:
    column = known("gradebook:1", ItemKind.ASSIGNMENT, "Warm-up")
    assert same([quiz(1, "Warm-up"), page(2, "Warm-up")], [column]) == {"canvas:module-item:1": "gradebook:1"}
    assert same([page(2, "Warm-up")], [column]) == {}


def test_what_the_platform_had_before_is_not_looked_up_again() -> None:
    files = [known("cartridge:a", ItemKind.QUIZ, "Quiz 1")]
    assert adopting.adopted([quiz(1)], frozenset(), files) == {}


TITLES = st.sampled_from(["A", "a", "B", "", "  ", "Ä"])
ADDRESSES = st.sampled_from([None, "https://x.example/1", "https://x.example/2", "x"])


@given(
    st.lists(st.tuples(st.sampled_from(["quiz", "page", "heading"]), TITLES, ADDRESSES), max_size=8),
    st.lists(
        st.tuples(st.sampled_from(adopting.FROM_FILES), st.sampled_from(list(ItemKind)), TITLES, ADDRESSES), max_size=8
    ),
)
def test_nothing_is_ever_two_things(
    told: list[tuple[str, str, str | None]], files: list[tuple[str, ItemKind, str, str | None]]
) -> None:
    natives = [
        NativeItem(f"canvas:{n}", kind, title, url, result_key=str(n) if kind == "quiz" else None)  # type: ignore[arg-type]
        for n, (kind, title, url) in enumerate(told)
    ]
    rows = [known(f"{source}{n}", kind, title, url) for n, (source, kind, title, url) in enumerate(files)]
    found = adopting.adopted(natives, {one.external_id for one in natives}, rows)
    assert len(set(found.values())) == len(found)
    assert set(found.values()) <= {one.id for one in rows}


async def test_alignments_and_steps_go_with_the_item(database: Database) -> None:
    """They name it by its id, which stays."""
    school = await a_school(database)
    course = await a_course(database, school)
    async with database.writing() as session:
        file = NativeItem("cartridge:i1", "quiz", "Ratios")
        await take_over(session, course, CARTRIDGE_SOURCE, [file, NativeItem("cartridge:i2", "page", "Old")], NOW)
        pasted = await add_address(session, course, "https://x.example/rivers", "Rivers", NOW)
        column = await add_from_gradebook(session, course, "Warm-up", "Warm-up", ItemKind.ASSIGNMENT, 10, NOW)
        before = {
            one.external_id: one.id for one in (await session.exec(scoped(ContentItem, course.organisation_id))).all()
        }
    told = [
        quiz(1, "ratios", points_possible=5.0, requirement="score", requirement_points=3.0),
        page(2, "About rivers", url="https://x.example/rivers"),
        quiz(3, "Warm-up"),
    ]
    async with database.writing() as session:
        report = await take_over(session, course, "canvas:", told, NOW)
    assert (report.items, report.new, report.adopted, report.gone) == (3, 0, 3, 0)
    async with database.reading() as session:
        rows = {one.external_id: one for one in (await session.exec(scoped(ContentItem, course.organisation_id))).all()}
    assert rows["canvas:module-item:1"].id == before["cartridge:i1"]
    assert rows["canvas:module-item:2"].id == pasted.id
    assert rows["canvas:module-item:3"].id == column
    assert rows["canvas:module-item:1"].title == "ratios"
    assert (rows["canvas:module-item:1"].requirement, rows["canvas:module-item:1"].requirement_points) == ("score", 3.0)
    assert rows.keys() == {"canvas:module-item:1", "canvas:module-item:2", "canvas:module-item:3", "cartridge:i2"}
    # What the platform does not have stays what it was, and a file that is read again adopts nothing.
    assert rows["cartridge:i2"].deleted_at is None
    async with database.writing() as session:
        assert (await take_over(session, course, "canvas:", told, NOW)).adopted == 0


async def test_pasting_the_address_of_what_the_course_has_names_that(database: Database) -> None:
    school = await a_school(database)
    course = await a_course(database, school)
    async with database.writing() as session:
        await take_over(session, course, "canvas:", [page(1, "Rivers", url="https://x.example/rivers")], NOW)
        pasted = await add_address(session, course, "https://x.example/rivers", "", NOW)
        assert pasted.external_id == "canvas:module-item:1"
        assert pasted.title == "Rivers"


@pytest.mark.parametrize("url", [None, "", "mailto:x@example.org", "https://", "http://[x", "https://x:99999/"])
def test_what_is_no_address_is_like_no_other(url: str | None) -> None:
    assert adopting.plain_address(url) is None
