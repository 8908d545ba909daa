"""What pages say of a platform's own API: message ids throughout."""

from lti_tool.content.ports import Capability, Lacking
from lti_tool.web.i18n import N_

CAPABILITIES = {
    Capability.CONTENTS: (
        N_("The course's pages, quizzes and assignments"),
        N_("Teachers put them on playlists and align them with competencies."),
    ),
    Capability.RESULTS: (N_("Grades"), N_("What students did in quizzes and assignments counts as evidence.")),
    Capability.COMPLETION: (N_("Completed items"), N_("Steps are done when the LMS says so.")),
    Capability.OUTCOMES: (
        N_("Competencies of the LMS"),
        N_("What belongs to which competency there, and how students were rated."),
    ),
    Capability.GROUPS: (N_("Groups and sections"), N_("Playlists are given to them.")),
    Capability.STUDENT_ACCESS: (
        N_("Other dates for one student"),
        N_("The one thing that is written there, and only when a teacher asks for it."),
    ),
    Capability.EVENTS: (N_("New results at once"), N_("The LMS tells of them by itself.")),
}
"""What each is called, and what it is good for."""

_REASONS = {
    Lacking.NOT_OFFERED: N_("This LMS does not have it."),
    Lacking.NOT_PERMITTED: N_("The access lacks a right."),
    Lacking.SWITCHED_OFF: N_("It is not in use in the LMS."),
    Lacking.FAILED: N_("It was tried, and the answer could not be understood."),
}
_UNWANTED = N_("Your school did not ask for it.")
_UNKNOWN = N_("It cannot be done.")


def reason(why: Lacking | None, *, unwanted: bool) -> str:
    """Why something cannot be done."""
    return _UNWANTED if unwanted else _REASONS.get(why, _UNKNOWN) if why is not None else _UNKNOWN


REMARKS = {
    "includes-ignored": N_(
        "The key ignores what the tool asks for beside single rows. Tick “Allow Include Parameters” in the key in Canvas: "
        "until then each module is read by itself, which takes longer, and single attempts and what rubrics say are not seen."
    ),
    "loose-items-unlisted": N_(
        "Practice quizzes, pages, discussions or files that stand in no module are not shown: the key lacks the scopes that "
        "list them."
    ),
    "personal-token": N_(
        "The token is a site administrator's, who may do everything. Make one for an account of the tool's own, whose role has "
        "the rights of the list and no others: then a token that gets lost opens little."
    ),
    "personal-key": N_(
        "The key belongs to a person, or to an app that was not approved: Schoology lets it see little of other people. Use the "
        "school's own key, or an approved app's."
    ),
    "not-section-admin": N_(
        "The access does not administer the section that was tried: grades of others are not seen there."
    ),
}
"""Things that take nothing away and that an administrator should know, by their code."""

NEEDS = {
    "role:teacher": N_("The role of a teacher in the course"),
    "permission:view_all_grades": N_("The permission *Grades – view all grades* in the course"),
    "permission:read_roster": N_("The permission *Users – view list* in the course"),
    "permission:manage_assignments_edit": N_("The permission *Assignments – edit* in the course"),
    "section-admin": N_("Administrator of the section"),
    "school-app": N_("The school's own key, or the key of an approved app"),
}
"""What is missing, where the platform's name for it says little. Its own menu names stand between asterisks."""

TROUBLES = {
    "api-token-refused": N_("The access was ended in the LMS. Connect it again."),
    "api-key-refused": N_("The LMS does not accept the key: it is switched off, or its secret is another."),
    "api-scopes-lacking": N_("The key allows less than the tool asks for. Tick every scope that is named below."),
    "api-not-permitted": N_("The access lacks rights in a course. Give the account a teacher's rights there."),
    "api-course-not-found": N_("A course was not found. Is it the right LMS?"),
    "api-busy": N_("The LMS asked the tool to go slower. It goes on by itself."),
    "api-unreachable": N_("The LMS could not be reached. It is tried again by itself."),
    "api-unreadable": N_("An answer could not be understood. If it stays like this, check the address."),
    "api-consent-needed": N_("Nobody has given access yet, or it ended. Connect an account below, or ask teachers to."),
    "api-not-offered": N_("The LMS was asked for something it does not have."),
    "secret-changed": N_(
        "The installation's secret key has changed, so that what was entered cannot be read. Enter it again."
    ),
}
"""What the last failure was and what to do, by its code."""
