"""Schoology: what its services and its links do otherwise."""

from collections.abc import Mapping

from lti_tool.lti.launch import TIME_ZONE
from lti_tool.platforms.base import WholeSeconds
from lti_tool.platforms.locking import LockingWay
from lti_tool.platforms.remedies import Matter
from lti_tool.web.i18n import N_

USER_ID, SECTION_ID = "schoology_user_id", "schoology_section_id"
"""Custom parameters with what Schoology's own API calls a person and a section."""


class Schoology(WholeSeconds):
    """Schoology. Its AGS and roster are described from the field; the rest from its documentation of LTI 1.3 apps."""

    # One app, and so one client id, for every district that installs it (Schoology's documentation of LTI 1.3 apps).
    shared_by_schools = True

    # A score posted again without its comment erases the comment (reported from the field).
    repeat_comment = True

    # Custom parameters of the app are not sent with links made by deep linking (Schoology's LTI 1.3 documentation).
    links_carry_variables = True

    # Schoology's documentation of LTI 1.3 apps; the app is edited where it was made.
    remedies: Mapping[Matter, str] = {
        Matter.KEY_SET: N_(
            "Schoology has its keys at https://lti-service.svc.schoology.com/lti-service/.well-known/jwks for all schools. "
            "Compare with %(jwks_url)s and correct it here."
        ),
        Matter.ACCESS: N_(
            "In Schoology open app.schoology.com/apps/publisher and edit the app: API Info shows the client id, which has to be "
            "%(client_id)s, and the JWKS URL has to be %(key_set)s."
        ),
        Matter.GRADES: N_(
            "In Schoology open app.schoology.com/apps/publisher, edit the app and tick Assignment and Grade Services under LTI "
            "Advantage; then install the app to the course again."
        ),
        Matter.ROSTER: N_(
            "In Schoology open app.schoology.com/apps/publisher, edit the app and tick Names and Roles under LTI Advantage; then "
            "install the app to the course again."
        ),
        Matter.REMOVE: N_("In the course's materials or gradebook, delete “%(label)s”."),
        Matter.WRITING: N_(
            "Schoology puts the column into the present grading period; students may see it for these seconds. A course for "
            "trying things out is best."
        ),
    }

    # Schoology's help on Student Completion Rules.
    locking = (
        LockingWay(
            N_("Student completion rules of a folder"),
            (
                N_(
                    "In Materials, move the item of the playlist or menu and the items that are to stay locked into one folder, "
                    "the playlist or menu before them."
                ),
                N_(
                    "Choose the folder’s gear, then Student Completion, and tick Requirements must be completed in sequential "
                    "order."
                ),
                N_(
                    "Choose Add requirement, then the playlist or menu and Must score at least, and enter the score that is "
                    "needed."
                ),
                N_("Add a requirement for each item after it, such as Must view the item. Save the changes."),
            ),
            fits=N_("For the items of a folder; with rules on folders also for whole folders."),
            remark=N_(
                "Student completion rules belong to Schoology’s enterprise version. If the list does not offer the playlist or "
                "menu, add it to the materials as a link of this tool with points, and go by that one."
            ),
        ),
    )

    def api_user_id(self, sub: str, custom: Mapping[str, str]) -> str | None:
        """The API's users are numbers. ``$User.id`` is documented as Schoology's own id; ``sub`` was seen as such a number, two
        colons and 32 hexadecimal digits. What is neither that nor a number says nothing of the API.
        """
        return _number(custom.get(USER_ID, "")) or _number(sub)

    def api_course_id(self, custom: Mapping[str, str]) -> str | None:
        """The section's number."""
        return _number(custom.get(SECTION_ID, ""))

    def custom_parameters(self) -> Mapping[str, str]:
        """It has the time zone under a name of its own, and not ``$Person.address.timezone`` (its list of variables). Its API
        calls people and sections by numbers.
        """
        return {
            TIME_ZONE: "$com.schoology.User.timezone",
            USER_ID: "$User.id",
            SECTION_ID: "$com.schoology.CourseSection.id",
        }

    def roster_query(self) -> Mapping[str, str]:
        """A hundred members a page at most (Schoology's documentation of Names and Role Provisioning)."""
        return {"limit": "100"}


def _number(value: str) -> str | None:
    """The number that an id is, or begins with."""
    found = value.partition("::")[0]
    return found if found.isascii() and found.isdigit() and len(found) <= 20 else None
