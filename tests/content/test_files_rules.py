"""What bringing in a file would do: who is who in a second file, beside the platform's own items, and beside other files."""

import uuid
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.content.files.beside import State
from lti_tool.content.files.rules import Home, Plan, as_it_is, natives, plain_site, plan
from lti_tool.content.files.values import FileItem, FileReading, Form
from lti_tool.content.models import ItemKind, Requirement
from lti_tool.content.ports import NativeItem

GONE_AT = datetime(2026, 9, 1, tzinfo=UTC)
NO_HOME = Home(frozenset(), frozenset())


def reading(*items: FileItem, key: str = "k1", **changes: Any) -> FileReading:
    values: dict[str, Any] = {"form": Form.CANVAS, "title": "T", "version": "1.3.0", "key": key, "items": items}
    return FileReading(**values | changes)


def item(name: str, title: str = "", **changes: Any) -> FileItem:
    values: dict[str, Any] = {"name": name, "kind": "page", "title": title or name.title(), "section": "Week 1"}
    return FileItem(**values | changes)


def row(external_id: str, title: str, number: int = 1, **changes: Any) -> Any:
    values: dict[str, Any] = {
        "id": uuid.UUID(int=number),
        "external_id": external_id,
        "kind": ItemKind.PAGE,
        "title": title,
        "url": None,
        "section": "Week 1",
        "position": number,
        "indent": 0,
        "result_key": None,
        "points_possible": None,
        "due_at": None,
        "published": True,
        "requirement": None,
        "requirement_points": None,
        "opens_at": None,
        "closes_at": None,
        "limits": [],
        "deleted_at": None,
    }
    return SimpleNamespace(**values | changes)


def states(the_plan: Plan) -> dict[str, State]:
    return {one.item.name: one.state for one in the_plan.items}


def test_a_first_file_is_all_new() -> None:
    the_plan = plan(reading(item("a"), item("b", kind="link", url="https://x.example/")), [], NO_HOME)
    assert states(the_plan) == {"a": State.NEW, "b": State.NEW}
    assert [one.external_id for one in natives(the_plan, keep_gone=False)] == ["cartridge:k1:a", "cartridge:k1:b"]
    assert (the_plan.without_address, the_plan.key, the_plan.earlier) == (1, "k1", ())


def test_the_same_file_again_changes_nothing() -> None:
    rows = [row("cartridge:k1:a", "A", requirement=Requirement.VIEW)]
    the_plan = plan(reading(item("a", requirement="view")), rows, NO_HOME)
    assert states(the_plan) == {"a": State.SAME}
    assert the_plan.changes_nothing


def test_renamed_moved_back_and_gone() -> None:
    rows = [
        row("cartridge:k1:a", "Old", 1),
        row("cartridge:k1:b", "B", 2, section="Week 9"),
        row("cartridge:k1:c", "C", 3, deleted_at=GONE_AT),
        row("cartridge:k1:d", "D", 4),
    ]
    the_plan = plan(reading(item("a", "New"), item("b"), item("c")), rows, NO_HOME)
    assert states(the_plan) == {"a": State.CHANGED, "b": State.CHANGED, "c": State.BACK}
    assert (the_plan.items[0].before, the_plan.items[1].moved_from) == ("Old", "Week 9")
    assert (the_plan.renamed, the_plan.moved) == (1, 1)
    assert [one.title for one in the_plan.gone] == ["D"]
    kept = natives(the_plan, keep_gone=True)
    assert [one.external_id for one in kept] == [f"cartridge:k1:{name}" for name in "abcd"]
    assert len(natives(the_plan, keep_gone=False)) == 3


def test_a_program_that_names_everything_anew_keeps_items_by_their_titles() -> None:
    rows = [
        row("cartridge:k1:x1", "Introduction", 1),
        row("cartridge:k1:x2", "Introduction", 2, section="Week 2"),
        row("cartridge:k1:x3", "Twice", 3),
        row("cartridge:k1:x4", "Twice", 4),
        row("cartridge:k1:x5", "Moved", 5, section="Week 7"),
    ]
    found = reading(
        item("y1", "Introduction"),
        item("y2", "introduction", section="Week 2"),
        item("y3", "Twice"),
        item("y5", "Moved"),
        item("y6", "Introduction", kind="quiz"),
    )
    by_name = {one.item.name: one for one in plan(found, rows, NO_HOME, "k1").items}
    assert [by_name[name].row_id for name in ("y1", "y2", "y5")] == [uuid.UUID(int=number) for number in (1, 2, 5)]
    assert by_name["y1"].external_id == "cartridge:k1:x1"
    assert [by_name[name].state for name in ("y3", "y6")] == [State.NEW, State.NEW]


def test_a_program_that_numbers_everything_anew_moves_no_identity() -> None:
    rows = [row(f"cartridge:k1:i{n}", title, n) for n, title in enumerate(("Rivers", "Lakes", "Seas"), start=1)]
    found = reading(item("i1", "Rivers"), item("i2", "Springs"), item("i3", "Lakes"), item("i4", "Seas"))
    by_title = {one.item.title: one for one in plan(found, rows, NO_HOME).items}
    assert {title: one.row_id for title, one in by_title.items()} == {
        "Rivers": uuid.UUID(int=1),
        "Springs": None,
        "Lakes": uuid.UUID(int=2),
        "Seas": uuid.UUID(int=3),
    }
    told = [one.external_id for one in natives(plan(found, rows, NO_HOME), keep_gone=False)]
    assert told == ["cartridge:k1:i1", "cartridge:k1:i2~2", "cartridge:k1:i2", "cartridge:k1:i3"]


def test_a_name_that_another_kind_of_thing_has_now_is_a_new_item() -> None:
    rows = [row("cartridge:k1:i1", "Rivers", 1)]
    the_plan = plan(reading(item("i1", "Quiz", kind="quiz")), rows, NO_HOME, "k1")
    assert (the_plan.items[0].state, the_plan.items[0].external_id) == (State.NEW, "cartridge:k1:i1~2")
    assert [one.title for one in the_plan.gone] == ["Rivers"]


def test_another_file_stands_beside() -> None:
    rows = [row("cartridge:k1:a", "A", 1), row("cartridge:k1:b", "B", 2)]
    the_plan = plan(reading(item("a", "Other"), item("c"), item("d"), key="k2"), rows, NO_HOME)
    assert (the_plan.key, the_plan.gone) == ("k2", ())
    assert set(states(the_plan).values()) == {State.NEW}
    # What the other file brought is told again as it is, so that nothing of it is taken for gone.
    assert [one.external_id for one in natives(the_plan, keep_gone=False)][-2:] == ["cartridge:k1:a", "cartridge:k1:b"]
    assert the_plan.earlier[0].items == 2


def test_a_file_under_a_new_name_with_the_same_items_is_a_newer_one() -> None:
    rows = [row("cartridge:k1:a", "A", 1), row("cartridge:k1:b", "B", 2)]
    found = reading(item("a"), item("b"), item("c"), key="k2")
    assert plan(found, rows, NO_HOME).key == "k1"
    assert states(plan(found, rows, NO_HOME))["a"] is State.SAME
    assert plan(found, rows, NO_HOME, "k2").key == "k2"
    assert plan(found, rows, NO_HOME, "nonsense").key == "k1"


def test_another_course_under_the_same_identifier_stands_beside() -> None:
    # Programs that write cartridges by a template call every course alike, and number what is in it.
    rows = [row(f"cartridge:k1:WL_{n}_R", f"Acids {n}", n, kind=ItemKind.LINK) for n in range(1, 13)]
    other = reading(*(item(f"WL_{n}_R", f"Poems {n}", kind="link") for n in range(1, 9)), title="Poetry")
    the_plan = plan(other, rows, NO_HOME)
    assert the_plan.key == the_plan.beside != "k1"
    assert set(states(the_plan).values()) == {State.NEW}
    assert (the_plan.gone, len(the_plan.others)) == ((), 12)
    # A teacher may know better, either way.
    assert plan(other, rows, NO_HOME, "k1").key == "k1"
    same = reading(*(item(f"WL_{n}_R", f"Acids {n}", kind="link") for n in range(1, 13)))
    assert plan(same, rows, NO_HOME).key == "k1"
    assert plan(same, rows, NO_HOME, plan(same, rows, NO_HOME).beside).gone == ()
    # Once it is here, its next version is found.
    brought = [
        row(one.external_id, one.title, 100 + n, kind=ItemKind.LINK)
        for n, one in enumerate(natives(the_plan, keep_gone=True))
    ]
    again = plan(other, brought, NO_HOME)
    assert (again.key, {one.key for one in again.earlier}) == (the_plan.key, {"k1", the_plan.key})
    assert set(states(again).values()) == {State.SAME}


def test_a_course_that_was_renamed_from_top_to_bottom_is_known_by_identifiers_that_nobody_numbers() -> None:
    names = [f"g{n:032x}" for n in range(8)]
    rows = [row(f"cartridge:k1:{name}", f"Old {name[-1]}", n) for n, name in enumerate(names, start=1)]
    the_plan = plan(reading(*(item(name, f"New {name[-1]}") for name in names)), rows, NO_HOME)
    assert the_plan.key == "k1"
    assert the_plan.renamed == 8


def test_an_address_that_a_teacher_gave_stays() -> None:
    rows = [row("cartridge:k1:a", "A", url="https://school.example/a")]
    the_plan = plan(reading(item("a")), rows, NO_HOME)
    assert the_plan.changes_nothing
    assert natives(the_plan, keep_gone=False)[0].url == "https://school.example/a"
    newer = plan(reading(item("a", url="https://school.example/b")), rows, NO_HOME)
    assert natives(newer, keep_gone=False)[0].url == "https://school.example/b"


def test_what_the_platform_told_is_not_doubled() -> None:
    rows = [
        row("canvas:module-item:1", "Fractions", 1, kind=ItemKind.QUIZ),
        row("canvas:module-item:2", "Elsewhere there", 2, kind=ItemKind.LINK, url="https://x.example/a"),
        row("canvas:module-item:3", "Twice", 3),
        row("canvas:module-item:4", "Twice", 4),
        row("canvas:module-item:5", "Was here", 5, deleted_at=GONE_AT),
    ]
    found = reading(
        item("a", "fractions ", kind="quiz"),
        item("b", "Elsewhere", kind="link", url="https://x.example/a"),
        item("c", "Twice"),
        item("d", "Was here"),
        item("e", "Fractions"),
    )
    the_plan = plan(found, rows, NO_HOME)
    assert states(the_plan) == {
        "a": State.KNOWN,
        "b": State.KNOWN,
        "c": State.NEW,
        "d": State.NEW,
        "e": State.NEW,
    }
    assert [one.external_id for one in natives(the_plan, keep_gone=False)] == [
        "cartridge:k1:c",
        "cartridge:k1:d",
        "cartridge:k1:e",
    ]


def test_pasted_addresses_and_columns_of_gradebooks_become_the_files_items() -> None:
    rows = [
        row("address:abc", "My words for it", 1, kind=ItemKind.LINK, url="https://x.example/a"),
        row("gradebook:def", "Essay", 2, kind=ItemKind.ASSIGNMENT),
        row("gradebook:ghi", "Reading", 3, kind=ItemKind.ASSIGNMENT),
    ]
    found = reading(
        item("a", "Elsewhere", kind="link", url="https://x.example/a"),
        item("b", "Essay", kind="quiz", points=10.0),
        item("c", "Reading"),
    )
    by_name = {one.item.name: one for one in plan(found, rows, NO_HOME).items}
    assert (by_name["a"].state, by_name["a"].row_id) == (State.ADOPTED, uuid.UUID(int=1))
    assert (by_name["b"].state, by_name["b"].row_id) == (State.ADOPTED, uuid.UUID(int=2))
    assert by_name["c"].state is State.NEW


BACKUP = {"form": Form.MOODLE, "site": "https://moodle.school.example/", "course_id": "5"}
HOME = Home(frozenset({"moodle.school.example"}), frozenset({"5"}))


def test_a_backup_of_this_very_course_has_the_apis_ids_and_addresses() -> None:
    found = reading(item("12", "P", home_url="https://moodle.school.example/mod/page/view.php?id=12"), **BACKUP)
    (one,) = natives(plan(found, [], HOME), keep_gone=False)
    assert one.external_id == "moodle:cm:12"
    assert one.url == "https://moodle.school.example/mod/page/view.php?id=12"


@pytest.mark.parametrize(
    "home",
    [
        Home(frozenset({"moodle.school.example"}), frozenset({"6"})),
        Home(frozenset({"other.example"}), frozenset({"5"})),
        Home(frozenset({"moodle.school.example:8443"}), frozenset({"5"})),
        NO_HOME,
    ],
    ids=["another course", "another site", "another port", "nobody knows"],
)
def test_a_backup_of_another_course_has_neither(home: Home) -> None:
    found = reading(item("12", "P", home_url="https://moodle.school.example/mod/page/view.php?id=12"), **BACKUP)
    (one,) = natives(plan(found, [], home), keep_gone=False)
    assert (one.external_id, one.url) == ("backup:k1:12", None)


def test_what_the_api_has_read_is_newer_than_any_backup() -> None:
    rows = [
        row("moodle:cm:12", "As it is now", 1, url="https://moodle.school.example/mod/page/view.php?id=12"),
        row("moodle:cm:13", "Not in the file", 2),
    ]
    home = Home(HOME.sites, HOME.ids, was_read=True)
    the_plan = plan(reading(item("12", "As it was"), item("14", "More"), **BACKUP), rows, home)
    assert states(the_plan) == {"12": State.KNOWN, "14": State.NEW}
    assert the_plan.gone == ()
    told = {one.external_id: one for one in natives(the_plan, keep_gone=False)}
    assert set(told) == {"moodle:cm:13", "moodle:cm:14"} | {"moodle:cm:12"}
    assert told["moodle:cm:12"].title == "As it is now"


def test_a_row_as_it_is_says_everything_again() -> None:
    one = row("cartridge:k:a", "A", requirement=Requirement.SCORE, requirement_points=5.0, points_possible=10.0)
    one.limits = ["groups"]
    native = as_it_is(one)
    assert (native.requirement, native.requirement_points, native.points_possible) == ("score", 5.0, 10.0)
    assert native.external_id == "cartridge:k:a"
    assert native.limits == ("groups",)


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("https://Moodle.School.example/", "moodle.school.example"),
        ("http://moodle.school.example:80/moodle/", "moodle.school.example/moodle"),
        ("school.instructure.com", "school.instructure.com"),
        ("https://x.example:8443", "x.example:8443"),
        ("nonsense://", ""),
        ("https://[", ""),
    ],
)
def test_addresses_of_platforms_are_compared_without_what_does_not_matter(address: str, plain: str) -> None:
    assert plain_site(address) == plain


# --- Whatever the files are -------------------------------------------------------------------------------------------

NAMES = st.sampled_from([f"n{number}" for number in range(8)])
ITEMS = st.lists(
    st.builds(
        item,
        NAMES,
        st.sampled_from(["Rivers", "Lakes", "Seas", "rivers", "Quiz"]),
        kind=st.sampled_from(["page", "quiz", "heading"]),
        section=st.sampled_from(["Week 1", "Week 2", ""]),
    ),
    max_size=8,
    unique_by=lambda one: one.name,
)


def after(rows: list[Any], the_plan: Plan) -> list[Any]:
    """The rows of a course once a plan was done."""
    adopted = {one.row_id: one.external_id for one in the_plan.items if one.state is State.ADOPTED}
    by_id = {adopted.get(one.id, one.external_id): one for one in rows}
    told = {one.external_id: one for one in natives(the_plan, keep_gone=False)}
    done = []
    for external_id, one in by_id.items():
        values = dict(vars(one), external_id=external_id)
        if external_id in told:
            values |= changed(told[external_id]) | {"deleted_at": None}
        elif external_id.startswith(the_plan.source):
            values["deleted_at"] = values["deleted_at"] or GONE_AT
        done.append(SimpleNamespace(**values))
    last = max((one.id.int for one in done), default=0)
    for number, native in enumerate((one for name, one in told.items() if name not in by_id), start=last + 1):
        new = row(native.external_id, native.title, number)
        done.append(SimpleNamespace(**{**vars(new), **changed(native)}))
    return done


def changed(native: NativeItem) -> dict[str, Any]:
    return {"title": native.title, "kind": ItemKind(native.kind), "section": native.section, "url": native.url}


@given(ITEMS, ITEMS, ITEMS)
def test_each_item_has_one_row_and_the_same_file_again_changes_nothing(
    first: list[FileItem], second: list[FileItem], third: list[FileItem]
) -> None:
    rows: list[Any] = [row("gradebook:x", "Quiz", 900, kind=ItemKind.ASSIGNMENT), row("canvas:1", "Seas", 901)]
    for some in (first, second, third, first):
        the_plan = plan(reading(*some), rows, NO_HOME, "k1")
        brought = [one for one in the_plan.items if one.is_brought]
        assert [one.item for one in the_plan.items] == some
        assert len({one.external_id for one in brought}) == len(brought)
        with_rows = [one.row_id for one in brought if one.row_id is not None]
        assert len(set(with_rows)) == len(with_rows)
        rows = after(rows, the_plan)
        assert len({one.external_id for one in rows}) == len(rows)
        again = plan(reading(*some), rows, NO_HOME, "k1")
        assert again.changes_nothing, again.items
        assert {one.title for one in rows if one.deleted_at is None and one.external_id.startswith("cartridge:")} == {
            one.item.title for one in brought
        }
