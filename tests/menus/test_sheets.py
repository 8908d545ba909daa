"""Boards as values: every change keeps what it does not name; what is wrong with a board, and for whom."""

import itertools
import uuid
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.errors import NotFound
from lti_tool.ids import new_id
from lti_tool.menus import board_checks, ready_boards, sheets
from lti_tool.menus.models import MenuAudienceKind
from lti_tool.menus.rules import choosing
from lti_tool.menus.rules.audience import Student
from lti_tool.menus.rules.choosing import Rule
from lti_tool.menus.sheets import BoardFull, Filled, Named, Option, Sheet
from lti_tool.web.i18n import language_for

ENGLISH = language_for(("en",))
GROUPS = [uuid.UUID(int=number) for number in (1, 2)]


def board(key: str) -> Sheet:
    """A ready board whose places say which they are."""
    sheet = ready_boards.made(ready_boards.ready(key), ENGLISH)
    return sheets.fill(sheet, Filled(titles={one.id: f"Task {one.position}" for one in sheet.options}))


every_board = st.sampled_from([one.key for one in ready_boards.READY])


def is_sound(sheet: Sheet) -> bool:
    """Positions count through, part by part; on a square each is one of its places, in the part that is its row."""
    sections = [section.id for section in sheet.sections]
    if sheet.is_square:
        side = sheet.rule.side
        return all(
            0 <= one.position < side * side and one.section_id == sections[one.position // side]
            for one in sheet.options
        )
    order = [sections.index(one.section_id) if one.section_id else -1 for one in sheet.options]
    return [one.position for one in sheet.options] == list(range(len(sheet.options))) and order == sorted(order)


@settings(max_examples=60, deadline=None)
@given(every_board, st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20), st.integers(-2, 20)), max_size=12))
def test_whatever_is_done_to_a_board_it_stays_sound(key: str, acts: list[tuple[int, int, int]]) -> None:
    sheet = board(key)
    for act, which, to in acts:
        if not sheet.options or not sheet.sections:
            break
        option = sheet.options[which % len(sheet.options)]
        section = sheet.sections[which % len(sheet.sections)]
        titles = sorted(one.title for one in sheet.filled)
        try:
            if act == 0:
                sheet = sheets.swap(sheet, option.id, to) if to % 2 else sheets.shift(sheet, option.id, down=to > 5)
                assert sorted(one.title for one in sheet.filled) == titles
            elif act == 1:
                sheet = sheets.remove_option(sheet, option.id)
                assert option.id not in {one.id for one in sheet.options}
            elif act == 2:
                sheet = sheets.add_place(sheet, section.id)
            elif act == 3:
                sheet, made = sheets.beside(sheet, option.id)
                assert sheet.option(made.id).section_id == option.section_id
            elif act == 4 and not sheet.is_square:
                sheet = sheets.remove_section(sheet, section.id)
                assert sorted(one.title for one in sheet.filled) == titles
            else:
                sheet, _ = sheets.add_section(sheet, "More")
        except BoardFull:
            continue
        assert is_sound(sheet)
        assert len({one.id for one in sheet.options}) == len(sheet.options)


@pytest.mark.parametrize("key", [one.key for one in ready_boards.READY])
def test_every_ready_board_can_be_completed_once_it_is_filled(key: str) -> None:
    sheet = board(key)
    assert is_sound(sheet)
    assert choosing.problems(sheet.rule, sheet.board(None)) == ()
    assert not choosing.complete(sheet.rule, sheet.board(None), frozenset())
    copy = sheets.anew(sheet)
    assert not {one.id for one in copy.options} & {one.id for one in sheet.options}
    assert choosing.problems(copy.rule, copy.board(None)) == ()
    assert [one.title for one in copy.options] == [one.title for one in sheet.options]


def test_items_fill_empty_places_and_keep_what_a_place_says() -> None:
    sheet = ready_boards.made(ready_boards.ready("two-five-eight"), ENGLISH)
    five = sheet.sections[1].id
    filled = sheets.add(sheet, [Option(new_id(), title=f"Item {number}") for number in range(5)], five)
    assert [(one.title, one.points) for one in filled.inside(five)] == [(f"Item {number}", 5) for number in range(5)]
    assert len(filled.inside(sheet.sections[0].id)) == 3
    square = ready_boards.made(ready_boards.ready("small-square"), ENGLISH)
    with pytest.raises(BoardFull):
        sheets.add(square, [Option(new_id(), title="x") for _ in range(5)])
    with pytest.raises(NotFound):
        square.option(uuid.uuid4())


def test_on_a_square_options_change_places() -> None:
    sheet = board("tic-tac-toe")
    moved = sheets.swap(sheet, sheet.options[0].id, 8)
    assert [one.title for one in moved.options] == [f"Task {n}" for n in (8, 1, 2, 3, 4, 5, 6, 7, 0)]
    # Beyond the board is its last place.
    assert sheets.swap(sheet, sheet.options[0].id, 99) == moved


def test_an_option_moves_by_one_and_joins_the_next_part_at_its_near_end() -> None:
    sheet = board("dinner")
    starters, mains = (section.id for section in sheet.sections[:2])

    def order(sheet: Sheet, part: uuid.UUID) -> list[str]:
        return [one.title for one in sheet.inside(part)]

    third = sheet.options[2]
    once = sheets.shift(sheet, third.id, down=True)
    assert order(once, starters) == ["Task 0", "Task 1"]
    assert order(once, mains) == ["Task 2", "Task 3", "Task 4", "Task 5", "Task 6"]
    twice = sheets.shift(once, third.id, down=True)
    assert order(twice, mains)[:2] == ["Task 3", "Task 2"]
    # And all the way back; no further than the ends.
    assert sheets.shift(sheets.shift(twice, third.id, down=False), third.id, down=False) == sheet
    assert sheets.shift(sheet, sheet.options[0].id, down=False) == sheet
    assert sheets.shift(sheet, sheet.options[-1].id, down=True) == sheet


# --- For whom -----------------------------------------------------------------------------------------------------------

for_whom = st.sampled_from(
    [
        (),
        (Named(MenuAudienceKind.GROUP, group_id=GROUPS[0]),),
        (Named(MenuAudienceKind.GROUP, group_id=GROUPS[1]),),
        (Named(MenuAudienceKind.INTEREST, word="Music"),),
        (Named(MenuAudienceKind.STUDENT),),
    ]
)
COMPETENCIES = [uuid.UUID(int=50 + number) for number in range(2)]


def students() -> list[Student]:
    """Somebody in no group, in each, in both, and somebody who likes music."""
    sets = [frozenset[uuid.UUID](), frozenset(GROUPS[:1]), frozenset(GROUPS[1:]), frozenset(GROUPS)]
    found = [Student(uuid.UUID(int=100 + number), groups=some) for number, some in enumerate(sets)]
    return [*found, Student(uuid.UUID(int=104), interests=frozenset(["music"]))]


def has(option: Option, student: Student) -> bool:
    """Whether an option is on a student's board, said another way than the product says it."""
    if not option.title:
        return False
    if not option.audience:
        return True
    [named] = option.audience
    if named.kind is MenuAudienceKind.GROUP:
        return named.group_id in student.groups
    return named.kind is MenuAudienceKind.INTEREST and "music" in student.interests


@st.composite
def differing(draw: st.DrawFn) -> Sheet:
    """A list or a 2×2 square whose options are for everybody or some; some blank, some work on competencies."""
    square = draw(st.booleans())
    sheet = board("small-square") if square else board("choose-three")
    options = tuple(
        replace(
            one,
            title=draw(st.sampled_from(["Task", "Task", "Task", ""])),
            audience=draw(for_whom),
            required=draw(st.sampled_from([False, False, False, True])),
            competencies=draw(st.frozensets(st.sampled_from(COMPETENCIES), max_size=1)),
        )
        for one in sheet.options[: 4 if square else 6]
    )
    least = draw(st.integers(1, 3))
    rule = sheet.rule if square else Rule(sheet.rule.kind, least=least, most=draw(st.sampled_from([None, 3])))
    return replace(sheet, rule=rule, options=options)


@settings(max_examples=60, deadline=None)
@given(differing())
def test_exactly_those_are_named_who_cannot_complete_their_board(sheet: Sheet) -> None:
    class_list = students()
    found = board_checks.look(sheet, class_list)
    stuck, missing = set(), set()
    for student in class_list:
        mine = [one for one in sheet.options if has(one, student)]
        ways = [
            frozenset(some)
            for size in range(len(mine) + 1)
            for some in itertools.combinations([one.id for one in mine], size)
            if choosing.complete(sheet.rule, tuple(one.place() for one in mine), frozenset(some))
        ]
        if not ways:
            stuck.add(student.id)
        works = {one.id: one.competencies for one in mine}
        for competency in {one for some in works.values() for one in some}:
            if any(not any(competency in works[one] for one in way) for way in ways):
                missing.add((student.id, competency))
    everyone = {student.id for student in class_list}
    named = {one for trouble in found.troubles for one in (everyone if trouble.everybody else trouble.people)}
    assert named == stuck
    assert found.can_be_completed is not bool(stuck)
    gaps = {(one, gap.competency_id) for gap in found.gaps for one in (everyone if gap.everybody else gap.people)}
    assert gaps == missing


def test_where_nobody_is_known_the_board_for_everybody_is_looked_at() -> None:
    sheet = board("choose-three")
    some = (Named(MenuAudienceKind.GROUP, group_id=GROUPS[0]),)
    options = tuple(replace(one, audience=some if one.position > 1 else ()) for one in sheet.options)
    partly = replace(sheet, options=options)
    assert not board_checks.look(partly, []).can_be_completed
    inside = Student(uuid.uuid4(), groups=frozenset(GROUPS[:1]))
    found = board_checks.look(partly, [inside])
    assert found.can_be_completed
    assert found.newcomer is not None
    assert found.newcomer.problems[0].has == 2
