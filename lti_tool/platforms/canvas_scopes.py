"""The scopes of a Canvas developer key that the tool asks for, by what they are needed for.

A scope is the method and the address of one endpoint, as Canvas's documentation of its API names them
(https://developerdocs.instructure.com/services/canvas/resources/...). A token carries some 110 of them, since they travel in
one header of 8000 characters.
"""

from collections.abc import Mapping

from lti_tool.platforms.native import Capability

_COURSE = "/api/v1/courses/:course_id"
_ASSIGNMENT = f"{_COURSE}/assignments/:assignment_id"

ASSIGNMENTS = f"url:GET|{_COURSE}/assignments"
OVERRIDES = f"url:GET|{_ASSIGNMENT}/overrides"
MAKE_OVERRIDE = f"url:POST|{_ASSIGNMENT}/overrides"
CHANGE_OVERRIDE = f"url:PUT|{_ASSIGNMENT}/overrides/:id"
DELETE_OVERRIDE = f"url:DELETE|{_ASSIGNMENT}/overrides/:id"
PROGRESS = f"url:GET|{_COURSE}/bulk_user_progress"
USERS = f"url:GET|{_COURSE}/users"
DISCUSSIONS = f"url:GET|{_COURSE}/discussion_topics"
ENROLLMENTS = f"url:GET|{_COURSE}/enrollments"
FILES = f"url:GET|{_COURSE}/files"
GROUP_CATEGORIES = f"url:GET|{_COURSE}/group_categories"
GROUPS = f"url:GET|{_COURSE}/groups"
GROUP_USERS = "url:GET|/api/v1/groups/:group_id/users"
MODULES = f"url:GET|{_COURSE}/modules"
MODULE_ITEMS = f"url:GET|{_COURSE}/modules/:module_id/items"
OUTCOME_LINKS = f"url:GET|{_COURSE}/outcome_group_links"
OUTCOME_RESULTS = f"url:GET|{_COURSE}/outcome_results"
OUTCOME_ALIGNMENTS = f"url:GET|{_COURSE}/outcome_alignments"
PAGES = f"url:GET|{_COURSE}/pages"
QUIZZES = f"url:GET|{_COURSE}/quizzes"
SECTIONS = f"url:GET|{_COURSE}/sections"
SUBMISSIONS = f"url:GET|{_COURSE}/students/submissions"

IN_CANVAS: Mapping[str, tuple[str, ...]] = {
    "Assignments": (ASSIGNMENTS, OVERRIDES, MAKE_OVERRIDE, CHANGE_OVERRIDE, DELETE_OVERRIDE),
    "Courses": (PROGRESS, USERS),
    "Discussion Topics": (DISCUSSIONS,),
    "Enrollments": (ENROLLMENTS,),
    "Files": (FILES,),
    "Group Categories": (GROUP_CATEGORIES,),
    "Groups": (GROUPS, GROUP_USERS),
    "Modules": (MODULES, MODULE_ITEMS),
    "Outcome Groups": (OUTCOME_LINKS,),
    "Outcome Results": (OUTCOME_RESULTS,),
    "Outcomes": (OUTCOME_ALIGNMENTS,),
    "Pages": (PAGES,),
    "Quizzes": (QUIZZES,),
    "Sections": (SECTIONS,),
    "Submissions": (SUBMISSIONS,),
}
"""All scopes under the headings beneath which Canvas lists them where an administrator edits a key."""

ALL: tuple[str, ...] = tuple(scope for scopes in IN_CANVAS.values() for scope in scopes)
"""Every scope once, in the order in which an administrator meets them."""

SCOPES: Mapping[Capability, tuple[str, ...]] = {
    Capability.CONTENTS: (MODULES, MODULE_ITEMS, ASSIGNMENTS, QUIZZES, PAGES, DISCUSSIONS, FILES),
    Capability.RESULTS: (ASSIGNMENTS, SUBMISSIONS, USERS),
    Capability.COMPLETION: (MODULES, MODULE_ITEMS, PROGRESS),
    Capability.OUTCOMES: (
        OUTCOME_LINKS,
        OUTCOME_RESULTS,
        OUTCOME_ALIGNMENTS,
        MODULES,
        MODULE_ITEMS,
        ASSIGNMENTS,
        SUBMISSIONS,
        USERS,
    ),
    Capability.GROUPS: (SECTIONS, ENROLLMENTS, GROUPS, GROUP_USERS, GROUP_CATEGORIES),
    Capability.STUDENT_ACCESS: (OVERRIDES, MAKE_OVERRIDE, CHANGE_OVERRIDE, DELETE_OVERRIDE, ASSIGNMENTS),
}
"""What each capability needs. Only the last one writes."""

LOOSE = (QUIZZES, PAGES, DISCUSSIONS, FILES)
"""What lists the things that may stand in no module."""

OPTIONAL = frozenset({*LOOSE, OUTCOME_ALIGNMENTS, GROUP_CATEGORIES})
"""Without one of these a capability tells less, and is there."""

_RIGHTS: Mapping[str, str] = {
    SUBMISSIONS: "permission:view_all_grades",
    PROGRESS: "permission:view_all_grades",
    OUTCOME_RESULTS: "permission:view_all_grades",
    OUTCOME_ALIGNMENTS: "permission:view_all_grades",
    USERS: "permission:read_roster",
    ENROLLMENTS: "permission:read_roster",
    SECTIONS: "permission:read_roster",
    GROUPS: "permission:read_roster",
    GROUP_USERS: "permission:read_roster",
    OVERRIDES: "permission:manage_assignments_edit",
    MAKE_OVERRIDE: "permission:manage_assignments_edit",
    CHANGE_OVERRIDE: "permission:manage_assignments_edit",
    DELETE_OVERRIDE: "permission:manage_assignments_edit",
}


def right_for(scope: str) -> str:
    """What the token's user needs in the course where the scope is there: a permission by Canvas's name, or a teacher's role."""
    return _RIGHTS.get(scope, "role:teacher")
