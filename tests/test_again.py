"""Which failures are given a second chance, and which are not."""

from tests.again import files_to_repeat

STORY = "tests/browser/test_stories.py::TestTheMainJob::test_one[sqlite]"


def test_the_file_of_a_story_is_repeated_whole() -> None:
    assert files_to_repeat([STORY, STORY.replace("test_one", "test_two")]) == ["tests/browser/test_stories.py"]


def test_so_is_a_file_where_the_machine_decides_who_comes_first_but_only_for_those_tests() -> None:
    alone, at_once = (f"tests/grades/test_faults.py::test_{name}[sqlite]" for name in ("alone", "at_once"))
    assert files_to_repeat([at_once, STORY], [at_once]) == [
        "tests/browser/test_stories.py",
        "tests/grades/test_faults.py",
    ]
    assert files_to_repeat([at_once, alone], [at_once]) == []


def test_nothing_is_repeated_where_something_failed_that_cannot_fail_by_chance() -> None:
    assert files_to_repeat([STORY, "tests/lti/test_launch.py::test_one"]) == []


def test_nothing_is_repeated_where_much_failed() -> None:
    assert files_to_repeat([f"tests/browser/test_{number}.py::test_one" for number in range(5)]) == []


def test_without_failures_there_is_nothing_to_repeat() -> None:
    assert files_to_repeat([]) == []
