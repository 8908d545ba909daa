"""The order in which a run on several workers takes its tests: the longest first, and those that wait beside those that compute.

A file's tests stay together on one worker, since stories build on each other and share servers. A long file that begins last
keeps one worker busy while the others have nothing left. Browsers and processes mostly wait, and all other tests compute, so
both kinds are spread over the whole run.
"""

from collections.abc import Iterable, Iterator

STORIES = tuple(
    f"tests/browser/test_{name}.py"
    for name in (
        "stories",
        "first_playlist",
        "native_results",
        "checks",
    )
)
"""Told once on each database, in worlds of their own."""

OUTSIDE = ("tests/browser/", "tests/processes/", "tests/openedx/")

SECONDS = {
    "tests/processes/test_kill.py": 100,
    "tests/browser/test_edges.py": 85,
    "tests/browser/test_cookieless.py": 75,
    "tests/browser/test_paths_story.py": 75,
    "tests/processes/test_faults.py": 60,
    "tests/browser/test_student_path.py": 60,
    "tests/browser/test_mastery_pages.py": 60,
    "tests/browser/test_stories.py::sqlite": 55,
    "tests/browser/test_menus_story.py": 50,
    "tests/browser/test_checks.py::postgresql": 50,
    "tests/browser/test_native_access.py": 50,
    "tests/browser/test_map.py": 50,
    "tests/browser/test_checks.py::sqlite": 45,
    "tests/browser/test_native_results.py::sqlite": 45,
    "tests/browser/test_frameworks.py": 45,
    "tests/browser/test_connecting.py": 45,
    "tests/browser/test_alignments.py": 45,
    "tests/browser/test_console.py": 40,
    "tests/processes/test_restarts.py": 40,
    "tests/browser/test_grades.py": 40,
    "tests/browser/test_my_menu.py": 40,
    "tests/browser/test_native_results.py::postgresql": 40,
    "tests/browser/test_stories.py::postgresql": 40,
    "tests/browser/test_mastery_story.py": 40,
    "tests/browser/test_bench.py": 40,
    "tests/openedx": 35,
    "tests/browser/test_design_system.py": 35,
    "tests/browser/test_monitor.py": 35,
    "tests/processes/test_demo.py": 35,
    "tests/browser/test_canvas_keys.py": 30,
    "tests/browser/test_writing_checks.py": 30,
    "tests/browser/test_entered_numbers.py": 30,
    "tests/browser/test_lms_words.py": 25,
    "tests/browser/test_first_menu.py": 25,
    "tests/browser/test_personal_playlists.py": 25,
    "tests/browser/test_copies.py": 25,
    "tests/browser/test_first_playlist.py::sqlite": 20,
    "tests/browser/test_checks_in_frame.py": 20,
    "tests/browser/test_course_files.py": 20,
    "tests/browser/test_sending_all.py": 20,
    "tests/browser/test_assigning.py": 20,
    "tests/browser/test_builder.py": 20,
    "tests/processes/test_burst.py": 30,
    "tests/browser/test_deep_linking.py": 15,
    "tests/browser/test_first_playlist.py::postgresql": 15,
    "tests/browser/test_alignments_in_frame.py": 12,
    "tests/browser/test_student_path_in_frame.py": 12,
    "tests/browser/test_supports.py": 12,
    "tests/browser/test_people_browser.py": 10,
    "tests/browser/test_registration.py": 8,
    "tests/moodle/test_moodle_story.py": 60,
    "tests/learners/test_supports_stay_private.py": 45,
    "tests/learners/test_every_address.py": 30,
    "tests/playlists/test_carrying.py": 25,
    "tests/test_package.py": 25,
    "tests/playlists/test_routes.py": 22,
    "tests/test_cli.py": 20,
    "tests/mastery/test_grading.py": 17,
    "tests/menus/test_board_pages.py": 17,
    "tests/native/test_moodle.py": 17,
    "tests/native/test_canvas.py": 16,
    "tests/web/test_translations.py": 15,
    "tests/sandbox/test_like_stories.py": 15,
    "tests/mastery/prediction/test_properties.py": 15,
    "tests/grades/test_faults.py": 13,
    "tests/mastery/rules/test_properties.py": 11,
    "tests/competencies/test_alignment_routes.py": 10,
    "tests/menus/test_my_menu.py": 15,
    "tests/playlists/test_destinations.py": 14,
    "tests/playlists/test_building_routes.py": 14,
    "tests/competencies/test_import_command.py": 14,
    "tests/admin/test_api_routes.py": 14,
    "tests/competencies/test_suggestion_rules.py": 13,
    "tests/playlists/test_carrying_parts.py": 12,
    "tests/admin/test_access.py": 10,
    "tests/admin/test_checking.py": 8,
}
"""About how long; only which is longer than which matters. A file that is not named counts by its tests."""

A_TEST, A_STORY = 0.1, 5.0


def scope_of(nodeid: str) -> str:
    """What stays together on one worker: a file; all of Open edX, whose processes take long to start; a world of the stories."""
    if nodeid.startswith("tests/openedx/"):
        return "tests/openedx"
    file, _, rest = nodeid.partition("::")
    if file in STORIES:
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
