"""What a Moodle has to allow for the tool to read it: the functions of its service, and the rights of the account behind it.

Names are from Moodle's db/services.php and db/access.php files; they are the same from 4.1 to 5.
"""

from collections.abc import Mapping

from lti_tool.platforms.native import Capability

SITE = "core_webservice_get_site_info"
"""Tells version and functions. Without it nothing can be found out."""

CONTENTS = "core_course_get_contents"
GRADES = "gradereport_user_get_grade_items"
COMPLETION = "core_completion_get_activities_completion_status"
ENROLLED = "core_enrol_get_enrolled_users"
COMPETENCIES = "core_competency_list_course_competencies"
LINKS = "tool_lp_data_for_course_competencies_page"
LINKS_OF_ITEM = "core_competency_list_course_module_competencies"
RATINGS = "report_competency_data_for_report"
RATING = "tool_lp_data_for_user_competency_summary_in_course"
SCALE = "core_competency_get_scale_values"
FRAMEWORK = "core_competency_read_competency_framework"
QUIZZES = "mod_quiz_get_quizzes_by_courses"
ATTEMPTS = "mod_quiz_get_user_attempts"
OVERRIDES = "mod_quiz_get_overrides"
SAVE_OVERRIDES = "mod_quiz_save_overrides"
DELETE_OVERRIDES = "mod_quiz_delete_overrides"
FLAGS = "mod_assign_get_user_flags"
EXTEND = "mod_assign_save_user_extensions"

FUNCTIONS: Mapping[Capability, tuple[str, ...]] = {
    Capability.CONTENTS: (CONTENTS,),
    Capability.RESULTS: (GRADES,),
    Capability.COMPLETION: (COMPLETION,),
    Capability.OUTCOMES: (COMPETENCIES, LINKS, RATINGS, SCALE),
    Capability.GROUPS: (ENROLLED,),
}
"""The functions that each capability needs, besides ``SITE``; they read."""

WRITING = (CONTENTS, OVERRIDES, SAVE_OVERRIDES, DELETE_OVERRIDES, FLAGS, EXTEND)
"""What ``Capability.STUDENT_ACCESS`` needs, which alone writes: for a school that wants it, and asked of nobody."""

WRITING_SINCE = 2024100700
"""The version from which a Moodle has these functions: 4.5."""

INSTEAD: Mapping[str, str] = {LINKS: LINKS_OF_ITEM, RATINGS: RATING}
"""Functions that do as well, with a call for each item or competency where the other has one for all."""

OPTIONAL: Mapping[Capability, tuple[str, ...]] = {
    Capability.RESULTS: (QUIZZES, ATTEMPTS),
    Capability.OUTCOMES: (FRAMEWORK,),
}
"""What tells more: each attempt at a quiz by itself, at a call for each student and quiz; the names of frameworks."""

SEEING = (
    "mod/assign:view",
    "mod/quiz:view",
    "mod/workshop:view",
    "mod/h5pactivity:view",
    "mod/data:view",
    "mod/glossary:view",
    "mod/feedback:view",
    "mod/lti:view",
    "mod/bigbluebuttonbn:view",
)
"""The rights to see activities of a kind, where not everybody who is signed in has them (seen on 5.1.3). Without one, contents,
grades, completion and competencies leave the kind out as if the course had none of it (course/classes/cm_info.php), and nothing
in any answer says so."""

RIGHTS: Mapping[Capability, tuple[str, ...]] = {
    Capability.CONTENTS: (
        "moodle/course:view",
        "moodle/course:viewhiddencourses",
        "moodle/course:viewhiddensections",
        "moodle/course:viewhiddenactivities",
        "moodle/course:ignoreavailabilityrestrictions",
        *SEEING,
    ),
    Capability.RESULTS: (
        "gradereport/user:view",
        "moodle/grade:viewall",
        "moodle/grade:viewhidden",
        "moodle/site:accessallgroups",
    ),
    Capability.COMPLETION: ("report/progress:view", "moodle/site:accessallgroups"),
    Capability.OUTCOMES: (
        "moodle/competency:coursecompetencyview",
        "moodle/competency:usercompetencyview",
        "moodle/competency:competencyview",
    ),
    Capability.GROUPS: (
        "moodle/course:viewparticipants",
        # Without it the list leaves everybody out but the course's contacts (user/lib.php).
        "moodle/user:viewdetails",
        "moodle/site:accessallgroups",
    ),
}
"""The rights of the service account, in the courses or in a category above them."""

OPTIONAL_RIGHTS: Mapping[Capability, tuple[str, ...]] = {
    Capability.RESULTS: ("mod/quiz:viewreports",),
}
"""What the optional functions ask for."""

WRITING_RIGHTS = ("mod/quiz:manageoverrides", "mod/assign:grantextension", "mod/assign:grade")
"""What the functions that write ask for."""

PROTOCOL_RIGHT = "webservice/rest:use"
"""May use REST at all; asked for on the site."""


def every_function(*, optional: bool = False) -> tuple[str, ...]:
    """All functions to put into the service, each once, in the order they are first needed."""
    return tuple(dict.fromkeys((SITE, *_all(FUNCTIONS), *(_all(OPTIONAL) if optional else ()))))


def every_right(*, optional: bool = False) -> tuple[str, ...]:
    """All rights of the account's role, likewise."""
    return tuple(dict.fromkeys((PROTOCOL_RIGHT, *_all(RIGHTS), *(_all(OPTIONAL_RIGHTS) if optional else ()))))


def _all(by_capability: Mapping[Capability, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(one for some in by_capability.values() for one in some)
