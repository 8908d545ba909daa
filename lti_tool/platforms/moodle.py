"""Moodle 4.1 to 5: what its gradebook and roster services do otherwise. Seen on Moodle 4.5.6.

It compares timestamps in whole seconds and asks for strictly later ones (409); a moment in the future is taken, and blocks
every score before it. Results and members are asked for whole: with ``limit``, results end in a 404 page of HTML.
"""

from collections.abc import Mapping, Sequence

from lti_tool.lti.quirks import Call
from lti_tool.lti.tool_description import host_and_port_of
from lti_tool.platforms.base import WholeSeconds
from lti_tool.platforms.locking import LockingWay
from lti_tool.platforms.remedies import Matter
from lti_tool.web.i18n import N_


class Moodle(WholeSeconds):
    """Moodle."""

    # A score without its comment clears the one that was there.
    repeat_comment = True

    # Seen on 4.5.6: a zero is missing from the whole list of results, as if nothing had been graded.
    results_leave_out_zeros = True

    # A non-editing teacher is Instructor at launch (mod/lti:manage) and Learner in the roster, which asks for another
    # capability (moodle/course:manageactivities).
    roster_hides_assistants = True

    # Seen on 4.5.6: names in the roster have gone through format_string (ltiservice_memberships), launches have them as they are.
    roster_names_are_html = True

    # Messages offer frame, iframe and window, and the answer's choice is not kept: a link opens as the tool's settings have it
    # (Default launch container; seen on 5.1.3, mod/lti/locallib.php, content_item_to_form).
    link_says_where_it_opens = False

    # Seen on 5.1.3: a score for an activity's own column is taken (200) and kept beside the typed number, which goes on counting
    # (grade_grades.overridden). In a column by itself the score takes its place.
    typed_number_stays = N_(
        "In Moodle, a number that was typed over an activity’s grade goes on counting, whatever is sent. To let ours count: open "
        "Grades, Grader report with Edit mode on, choose Edit grade, untick Overridden, save, and then choose Send ours."
    )

    def link_points(self, points: float) -> float:
        """A whole number from 1 to 100 (the site's ``gradepointmax``, whose usual value that is). Of several links at once,
        one with another maximum silently becomes a link without a grade; scores are scaled to the column anyway.
        """
        return min(max(round(points), 1), 100)

    # A tool that registered itself waits in the list (seen on 4.5.6: state "pending"), and teachers do not find it among
    # their activities before it is put there.
    next_steps = (
        N_("In Moodle, open Site administration > Plugins > Activity modules > External tool > Manage tools."),
        N_("The tool is in the list as pending: choose Activate."),
        N_("Choose the tool's settings and set Tool configuration usage to Show in activity chooser."),
        N_("Open a course, turn editing on and add the tool as an activity."),
    )

    @property
    def next_steps_by_link(self) -> Sequence[str]:
        """Without the way to the list: Moodle leads back to it."""
        return self.next_steps[1:]

    # The names of the tool's form, mod/lti/lang/en.
    remedies: Mapping[Matter, str] = {
        Matter.KEY_SET: N_(
            "In Moodle open Site administration > Plugins > Activity modules > External tool > Manage tools, View configuration "
            "details of this tool: compare Public keyset URL with %(jwks_url)s and correct it here."
        ),
        Matter.ACCESS: N_(
            "In Moodle open Site administration > Plugins > Activity modules > External tool > Manage tools: the tool has to be "
            "active with the client ID %(client_id)s; in its settings Public key type is Keyset URL and Public keyset "
            "%(key_set)s, an address that Moodle itself can read: where it is private, or has another port than 443 and 80, "
            "see cURL blocked hosts list and cURL allowed ports list in Site administration > General > Security > HTTP "
            "security. The clocks must agree: Moodle refuses requests of a server whose clock is ahead."
        ),
        Matter.GRADES: N_(
            "In Moodle open Site administration > Plugins > Activity modules > External tool > Manage tools, the tool's "
            "settings, Services: set IMS LTI Assignment and Grade Services to “Use this service for grade sync and column "
            "management”."
        ),
        Matter.ROSTER: N_(
            "In Moodle open Site administration > Plugins > Activity modules > External tool > Manage tools, the tool's "
            "settings, Services: set IMS LTI Names and Role Provisioning to “Use this service to retrieve members' "
            "information as per privacy settings”."
        ),
        Matter.GROUPS: N_("Nothing has to be done: Moodle has no groups service for tools."),
        Matter.NOTICES: N_(
            "Nothing has to be done: Moodle does not tell tools of copied courses; the copy's first launch does."
        ),
        Matter.STUDENT: N_(
            "Choose somebody who is enrolled in this course with a role that is graded (Student) and not suspended: Moodle has "
            "no grades for others."
        ),
        Matter.REMOVE: N_("In the course open Grades > Setup > Gradebook setup and delete the item “%(label)s”."),
        Matter.CLOCK: N_(
            "Moodle has a newer score of this person in the column, or its clock is behind: compare the clocks of both servers."
        ),
    }

    # Moodle's documentation "Restrict access settings"; its grade condition offers every item of the course's gradebook.
    locking = (
        LockingWay(
            N_("Restrict access by the column’s grade"),
            (
                N_(
                    "In the course, turn Edit mode on and open the settings of the activity or section that is to stay locked."
                ),
                N_("Open Restrict access, choose Add restriction…, then Grade."),
                N_(
                    "Choose the column of the playlist or menu, tick “must be ≥” and enter the percentage that is needed; 100 "
                    "where all of it has to be done."
                ),
                N_(
                    "With the eye beside the restriction, choose whether students see the locked activity with its reason, or "
                    "not at all. Save."
                ),
            ),
            fits=N_("For single activities, and for whole sections."),
            remark=N_(
                "Where the settings have no Restrict access, an administrator switches on Enable restricted access in Site "
                "administration > Advanced features."
            ),
        ),
    )

    def domain(self, base_url: str) -> str:
        """Compared with the host of the target link, port included: without it, 400 ``domain_targetlinkuri_mismatch``."""
        return host_and_port_of(base_url)

    def meaning(self, call: Call, status: int, reason: str, body: str) -> str | None:
        """A score for somebody who cannot be graded here (a teacher, or not enrolled) is a 400 with these words, followed by
        the whole request. A score that is written wrongly gets the same ones, but ours are not. Up to Moodle 4.x, deleting the
        column of an activity is a 403 (mod/lti/service/gradebookservices); 4.5.6 does it.

        The words stand in the status line alone, and a proxy that speaks HTTP/2, or writes status lines of its own, takes
        them away. What is left then is the empty list that Moodle's score resource answers with; a call that no resource
        serves is answered with an object.
        """
        if call is Call.DELETE_LINE_ITEM and status == 403:
            return "not-accepted"
        if call is Call.POST_SCORE and status == 500 and body.strip() == "[]":
            # Seen on 5.1.3 for a column or a grade that is locked (mod/lti/service/gradebookservices, save_grade_item). A Moodle
            # that broke down answers with a page, or with nothing.
            return "grade-locked"
        if call is Call.POST_SCORE and status == 400:
            told = reason.startswith("Incorrect score received")
            return "not-enrolled" if told or body.strip() == "[]" else None
        return None
