"""The order in which a run on several workers takes its tests: the longest first, and those that wait beside those that compute.

A file's tests stay together on one worker, since stories build on each other and share servers. A long file that begins last
keeps one worker busy while the others have nothing left. Browsers and processes mostly wait, and all other tests compute, so
both kinds are spread over the whole run.
"""

from collections.abc import Iterable, Iterator

OUTSIDE = ("tests/browser/", "tests/processes/", "tests/openedx/")

SECONDS = {
    "tests/browser/test_edges.py": 110,
    "tests/processes/test_kill.py": 90,
    "tests/browser/test_stories.py::sqlite": 85,
    "tests/browser/test_stories.py::postgresql": 85,
    "tests/browser/test_paths_story.py::sqlite": 120,
    "tests/browser/test_paths_story.py::postgresql": 120,
    "tests/browser/test_cookieless.py": 80,
    "tests/browser/test_mastery_story.py": 140,
    "tests/browser/test_map.py": 60,
    "tests/browser/test_mastery_pages.py": 95,
    "tests/browser/test_alignments.py": 60,
    "tests/browser/test_frameworks.py": 50,
    "tests/browser/test_alignments_in_frame.py": 25,
    "tests/openedx": 60,
    "tests/processes/test_demo.py": 60,
    "tests/browser/test_design_system.py": 45,
    "tests/browser/test_bench.py": 60,
    "tests/browser/test_connecting.py": 70,
    "tests/browser/test_console.py": 55,
    "tests/browser/test_copies.py": 35,
    "tests/browser/test_deep_linking.py": 35,
    "tests/processes/test_burst.py": 30,
    "tests/browser/test_registration.py": 25,
    "tests/moodle/test_moodle_story.py": 35,
    "tests/test_cli.py": 20,
    "tests/test_package.py": 15,
    "tests/playlists/test_carrying.py": 16,
    "tests/mastery/prediction/test_properties.py": 15,
    "tests/competencies/test_alignment_routes.py": 14,
    "tests/grades/test_faults.py": 13,
    "tests/sandbox/test_like_stories.py": 13,
    "tests/admin/test_checking.py": 12,
}
"""About how long; only which is longer than which matters. A file that is not named counts by its tests."""

A_TEST, A_STORY = 0.1, 8.0


def scope_of(nodeid: str) -> str:
    """What stays together on one worker: a file; all of Open edX, whose processes take long to start; a world of the stories."""
    if nodeid.startswith("tests/openedx/"):
        return "tests/openedx"
    file, _, rest = nodeid.partition("::")
    if file in ("tests/browser/test_stories.py", "tests/browser/test_paths_story.py"):
        return f"{file}::{'sqlite' if '[sqlite' in rest else 'postgresql'}"
    return file


def in_order(nodeids: Iterable[str]) -> list[str]:
    """The same tests, those of a scope together and as they were."""
    scopes: dict[str, list[str]] = {}
    for nodeid in nodeids:
        scopes.setdefault(scope_of(nodeid), []).append(nodeid)
    return [nodeid for scope in _spread(scopes) for nodeid in scopes[scope]]


def _spread(scopes: dict[str, list[str]]) -> Iterator[str]:
    """The scopes of each kind from the longest on; of which kind the next one is, keeps both at the same part of their whole."""
    weights = {scope: _weight(scope, len(tests)) for scope, tests in scopes.items()}
    kinds = [
        sorted(
            (scope for scope in scopes if scope.startswith(OUTSIDE) is outside), key=lambda one: (-weights[one], one)
        )
        for outside in (True, False)
    ]
    wholes = [sum(weights[scope] for scope in kind) for kind in kinds]
    taken = [0.0, 0.0]
    while any(kinds):
        kind = min((each for each in (0, 1) if kinds[each]), key=lambda each: taken[each] / wholes[each])
        scope = kinds[kind].pop(0)
        taken[kind] += weights[scope]
        yield scope


def _weight(scope: str, tests: int) -> float:
    return SECONDS.get(scope, tests * (A_STORY if scope.startswith(OUTSIDE) else A_TEST))
