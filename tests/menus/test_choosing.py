"""Every board's rule accepts exactly its complete choices.

The reference below is written from the words teachers use, and looks at every subset of small boards; it shares nothing with
the product but the values that go in.
"""

import itertools
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.menus.rules import choosing
from lti_tool.menus.rules.choosing import Board, BoardKind, Course, Missing, Place, ProblemKind, Rule

SECTIONS = [uuid.UUID(int=100 + number) for number in range(3)]
COMPETENCIES = [uuid.UUID(int=200 + number) for number in range(3)]

Ids = frozenset[uuid.UUID]


# --- The reference ------------------------------------------------------------------------------------------------------


def has_three_in_a_row(side: int, diagonals: bool, places: set[tuple[int, int]]) -> bool:
    """Whether a whole row, column or diagonal of a square is among (row, column) pairs."""
    reach = range(side)
    ways = [all((row, column) in places for column in reach) for row in reach]
    ways += [all((row, column) in places for row in reach) for column in reach]
    if diagonals and side > 1:
        ways.append(all((one, one) in places for one in reach))
        ways.append(all((one, side - 1 - one) in places for one in reach))
    return any(ways)


def keeps(rule: Rule, board: Board, chosen: Ids) -> bool:
    """The rules of the issue, in the order in which it names the boards."""
    if any(place.required and place.id not in chosen for place in board):
        return False
    picked = [place for place in board if place.id in chosen]
    if rule.kind is BoardKind.DINNER:
        for course in rule.courses:
            from_it = len([place for place in picked if place.section_id == course.section_id])
            if from_it < course.least or (course.most is not None and from_it > course.most):
                return False
        return True
    if rule.most is not None and len(picked) > rule.most:
        return False
    enough = {
        BoardKind.THREE_IN_A_ROW: has_three_in_a_row(
            rule.side, rule.diagonals, {divmod(place.position, rule.side) for place in picked}
        ),
        BoardKind.POINTS: sum(place.points for place in picked) >= rule.goal,
        BoardKind.CONTRACT: len(picked) >= rule.least,
        BoardKind.LIST: len(picked) >= rule.least,
    }
    return enough[rule.kind]


def subsets(board: Board) -> Iterator[Ids]:
    ids = [place.id for place in board]
    for size in range(len(ids) + 1):
        for some in itertools.combinations(ids, size):
            yield frozenset(some)


# --- Boards to try ------------------------------------------------------------------------------------------------------

every_kind = pytest.mark.parametrize("kind", BoardKind)
at_most = st.one_of(st.none(), st.integers(1, 5))


@st.composite
def boards(draw: st.DrawFn, kind: BoardKind) -> tuple[Rule, Board]:
    """A rule of a kind, and a small board for it: holes, shared places and unknown sections among them."""
    side = draw(st.sampled_from([1, 2, 3, 3]))
    if kind is BoardKind.THREE_IN_A_ROW and side == 3:
        positions = sorted({*range(9)} - draw(st.sets(st.integers(0, 8), max_size=3)))
    elif kind is BoardKind.THREE_IN_A_ROW:
        positions = sorted(draw(st.lists(st.integers(0, side * side), max_size=6)))
    else:
        positions = list(range(draw(st.integers(0, 7))))
    board = tuple(
        Place(
            id=uuid.UUID(int=number + 1),
            position=position,
            section_id=draw(st.sampled_from([*SECTIONS, None])),
            points=draw(st.sampled_from([0, 1, 2, 5, 8])),
            required=draw(st.sampled_from([False, False, False, True])),
            competencies=draw(st.frozensets(st.sampled_from(COMPETENCIES), max_size=2)),
        )
        for number, position in enumerate(positions)
    )
    courses = tuple(
        Course(section, draw(st.integers(0, 3)), draw(st.one_of(st.none(), st.integers(0, 3))))
        for section in draw(st.lists(st.sampled_from(SECTIONS), unique=True))
    )
    rule = Rule(
        kind=kind,
        least=draw(st.integers(0, 5)),
        most=draw(at_most),
        goal=draw(st.integers(0, 20)),
        courses=courses,
        side=side,
        diagonals=draw(st.booleans()),
    )
    return rule, board


def some_of(board: Board, number: int) -> Ids:
    """The subset whose members are the bits of a number."""
    return frozenset(place.id for bit, place in enumerate(board) if number >> bit & 1)


every_subset = st.integers(0, 511)


@every_kind
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_exactly_the_complete_choices_are_accepted(kind: BoardKind, data: st.DataObject) -> None:
    rule, board = data.draw(boards(kind))
    for chosen in subsets(board):
        accepted = keeps(rule, board, chosen)
        assert choosing.complete(rule, board, chosen) is accepted
        assert choosing.missing(rule, board, chosen).nothing is accepted


@every_kind
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_board_has_problems_exactly_when_nobody_can_complete_it(kind: BoardKind, data: st.DataObject) -> None:
    rule, board = data.draw(boards(kind))
    ways = [chosen for chosen in subsets(board) if keeps(rule, board, chosen)]
    found = choosing.example(rule, board)
    if ways:
        assert choosing.problems(rule, board) == ()
        assert found in ways
        assert len(found or ()) == min(len(way) for way in ways)
    else:
        assert choosing.problems(rule, board)
        assert found is None


@every_kind
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_problem_states_figures_that_show_why(kind: BoardKind, data: st.DataObject) -> None:
    rule, board = data.draw(boards(kind))
    for problem in choosing.problems(rule, board):
        over = problem.kind in {ProblemKind.LINE_OVER_MOST, ProblemKind.COURSE_OVER_MOST, ProblemKind.OVER_MOST}
        assert problem.has < problem.needs
        if over:
            course = next((one for one in rule.courses if one.section_id == problem.section_id), None)
            assert problem.has == (course.most if course else rule.most)
        elif problem.kind is ProblemKind.POINTS_TOO_FEW:
            within = [some for some in subsets(board) if rule.most is None or len(some) <= rule.most]
            musts = {place.id for place in board if place.required}
            sums = [sum(place.points for place in board if place.id in some) for some in within if musts <= some]
            assert problem.has == max(sums)
            assert problem.needs == rule.goal


@every_kind
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_completes_a_choice_does_so_alone(kind: BoardKind, data: st.DataObject) -> None:
    rule, board = data.draw(boards(kind))
    chosen = some_of(board, data.draw(every_subset))
    expected = {
        place.id
        for place in board
        if place.id not in chosen
        and not keeps(rule, board, chosen)
        and keeps(rule, board, frozenset([*chosen, place.id]))
    }
    assert choosing.completes(rule, board, chosen) == expected


@every_kind
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_possible_is_what_some_complete_choice_contains(kind: BoardKind, data: st.DataObject) -> None:
    rule, board = data.draw(boards(kind))
    chosen = some_of(board, data.draw(every_subset))
    expected = any(chosen <= way and keeps(rule, board, way) for way in subsets(board))
    assert choosing.possible(rule, board, chosen) is expected


@every_kind
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_an_option_is_allowed_while_nothing_is_too_many(kind: BoardKind, data: st.DataObject) -> None:
    rule, board = data.draw(boards(kind))
    chosen = some_of(board, data.draw(every_subset))
    for place in board:
        then = [one for one in board if one.id in chosen or one.id == place.id]
        if rule.kind is BoardKind.DINNER:
            counts = [(len([one for one in then if one.section_id == c.section_id]), c.most) for c in rule.courses]
        else:
            counts = [(len(then), rule.most)]
        assert choosing.allowed(rule, board, chosen, place.id) is all(
            most is None or count <= most for count, most in counts
        )
    assert not choosing.allowed(rule, board, chosen, uuid.UUID(int=999))


@every_kind
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_competency_is_missed_exactly_when_a_complete_choice_avoids_it(kind: BoardKind, data: st.DataObject) -> None:
    rule, board = data.draw(boards(kind))
    ways = [chosen for chosen in subsets(board) if keeps(rule, board, chosen)]
    worked_on = {place.id: place.competencies for place in board}
    for competency in COMPETENCIES:
        avoiding = [way for way in ways if not any(competency in worked_on[option] for option in way)]
        shown = choosing.avoiding(rule, board, competency)
        assert (shown in avoiding) if avoiding else shown is None


@every_kind
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_share_is_whole_exactly_when_enough_is_done(kind: BoardKind, data: st.DataObject) -> None:
    rule, board = data.draw(boards(kind))
    unlimited = Rule(
        rule.kind,
        rule.least,
        None,
        rule.goal,
        tuple(Course(one.section_id, one.least) for one in rule.courses),
        rule.side,
        rule.diagonals,
    )
    chosen, done = some_of(board, data.draw(every_subset)), some_of(board, data.draw(every_subset))
    share = choosing.share(rule, board, chosen, done)
    assert 0.0 <= share <= 1.0
    assert (share == 1.0) is keeps(unlimited, board, chosen & done)
    # Doing more of what is chosen never takes progress away; what is not chosen is no progress.
    assert choosing.share(rule, board, chosen, done | chosen) >= share
    assert choosing.share(rule, board, chosen, done & chosen) == share


@every_kind
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_rule_is_kept_as_json_and_read_back(kind: BoardKind, data: st.DataObject) -> None:
    rule, _ = data.draw(boards(kind))
    assert choosing.of_json(choosing.rule_json(rule)) == rule


# --- Worked examples ----------------------------------------------------------------------------------------------------


def square(required: int | None = None) -> Board:
    return tuple(Place(uuid.UUID(int=at + 1), at, required=at == required) for at in range(9))


def at(*positions: int) -> Ids:
    return frozenset(uuid.UUID(int=one + 1) for one in positions)


def test_the_eight_lines_of_a_three_by_three_board() -> None:
    rule = Rule(BoardKind.THREE_IN_A_ROW)
    smallest = [some for some in subsets(square()) if len(some) == 3 and choosing.complete(rule, square(), some)]
    lines = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]
    assert {frozenset(some) for some in smallest} == {at(*line) for line in lines}


def test_what_two_in_a_row_still_need() -> None:
    rule = Rule(BoardKind.THREE_IN_A_ROW)
    assert choosing.missing(rule, square(), at(0, 4)) == Missing(places=(8,))
    assert choosing.completes(rule, square(), at(0, 4)) == at(8)
    assert choosing.completes(rule, square(), at(0, 4, 2)) == at(1, 6, 8)


def test_a_required_centre_leaves_four_lines_of_three() -> None:
    rule = Rule(BoardKind.THREE_IN_A_ROW, most=3)
    ways = [some for some in subsets(square(4)) if choosing.complete(rule, square(4), some)]
    assert set(ways) == {at(3, 4, 5), at(1, 4, 7), at(0, 4, 8), at(2, 4, 6)}
    assert choosing.missing(rule, square(4), at(0, 1, 2)).required == at(4)
    assert not choosing.possible(rule, square(4), at(0, 1))


def test_one_starter_and_two_mains() -> None:
    starters, mains, dessert = SECTIONS
    board = tuple(
        Place(uuid.UUID(int=number + 1), number, section_id=section)
        for number, section in enumerate([starters, starters, mains, mains, mains, dessert])
    )
    rule = Rule(BoardKind.DINNER, courses=(Course(starters, 1, 1), Course(mains, 2, 2), Course(dessert, 0, 1)))
    assert choosing.complete(rule, board, at(0, 2, 3))
    assert choosing.complete(rule, board, at(0, 2, 3, 5))
    assert not choosing.complete(rule, board, at(0, 1, 2, 3))
    assert choosing.missing(rule, board, at(0, 1, 2)).courses == (
        choosing.CourseMissing(starters, many=1),
        choosing.CourseMissing(mains, few=1),
    )
    assert choosing.share(rule, board, at(0, 2, 3, 5), at(0, 2, 5)) == pytest.approx(2 / 3)


def test_two_five_eight_reach_ten() -> None:
    board = tuple(
        Place(uuid.UUID(int=number + 1), number, points=points) for number, points in enumerate([2, 2, 5, 5, 8, 8])
    )
    rule = Rule(BoardKind.POINTS, goal=10)
    assert choosing.complete(rule, board, at(0, 4))
    assert choosing.complete(rule, board, at(2, 3))
    assert not choosing.complete(rule, board, at(0, 1, 2))
    assert choosing.missing(rule, board, at(0, 1, 2)).points == 1
    assert choosing.share(rule, board, at(0, 4), at(4)) == pytest.approx(0.8)
    hopeless = Rule(BoardKind.POINTS, goal=40)
    assert choosing.problems(hopeless, board) == (choosing.Problem(ProblemKind.POINTS_TOO_FEW, 30, 40),)


@pytest.mark.parametrize(
    "value", [{}, {"kind": "bingo"}, {**choosing.rule_json(Rule(BoardKind.LIST)), "least": "many"}]
)
def test_what_is_no_rule_is_refused(value: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        choosing.of_json(value)
