"""Which tests begin first, and which stay together."""

from tests.order import SECONDS, in_order, scope_of

EDGES = [f"tests/browser/test_edges.py::test_{number}" for number in range(3)]
SMALL = [f"tests/browser/test_small.py::test_{number}" for number in range(2)]
MANY = [f"tests/lti/test_many.py::test_{number}" for number in range(40)]
FEW = ["tests/courses/test_few.py::test_one"]


def test_the_longest_come_first_and_both_kinds_are_spread() -> None:
    assert in_order([*FEW, *MANY, *SMALL, *EDGES]) == [*EDGES, *MANY, *SMALL, *FEW]


def test_nothing_is_lost_where_there_is_one_kind_alone() -> None:
    assert in_order([*FEW, *MANY]) == [*MANY, *FEW]
    assert in_order([]) == []


def test_worlds_of_the_stories_part_and_open_edx_stays_together() -> None:
    story = "tests/browser/test_stories.py::TestTheMainJob::test_one"
    assert {scope_of(f"{story}[{world}]") for world in ("sqlite-blocked", "postgresql-allowed")} <= SECONDS.keys()
    assert scope_of("tests/openedx/test_launch.py::test_one") == scope_of("tests/openedx/test_services.py::test_two")
