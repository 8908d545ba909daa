"""Canvas, hosted and self-hosted: what its gradebook service does beyond the specification.

Sources: Canvas's LTI documentation of the score service, and its source (``lti/ims/scores_controller.rb``).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lti_tool.lti import claims
from lti_tool.lti.quirks import Call
from lti_tool.lti.tool_description import CANVAS_CUSTOM, TOOL_ID, Placement
from lti_tool.platforms.base import ADD_LABEL, Quirks
from lti_tool.platforms.locking import LockingWay
from lti_tool.platforms.remedies import Matter
from lti_tool.web.i18n import N_

_EXTENSION = "https://canvas.instructure.com/lti/"
_SUBMISSION = _EXTENSION + "submission"
_PICKER = {"selection_width": 900, "selection_height": 700}

# The issuers of hosted Canvas, with the environment that stands in the names of its other hosts.
_HOSTED = {
    "https://canvas.instructure.com": "",
    "https://canvas.beta.instructure.com": "beta",
    "https://canvas.test.instructure.com": "test",
}


class Canvas(Quirks):
    """Canvas."""

    # Every comment is added below the earlier ones, so one that has not changed must not come again.
    repeat_comment = False

    # A link's size is kept to the pixel, however wide the screen (application_controller.rb, tool_dimensions).
    link_has_size = False

    # ``prioritize_non_tool_grade`` does not look who has graded.
    keeps_any_number = True

    # ``sub`` is a UUID; the gradebook's export and the REST API know users by a number.
    user_id_parameter = "canvas_user_id"

    next_steps = (
        N_("In Canvas, review what the tool asks for and choose Install, then switch the key on."),
        N_("The tool is open to the whole account. Teachers find it in a course's settings, under Navigation."),
        N_("Open a course and open the tool there once: its first launch completes the connection."),
    )

    # The services by their names in a developer key (Instructure's documentation of LTI developer keys). A scope that the key
    # has not makes Canvas refuse the whole token request.
    remedies: Mapping[Matter, str] = {
        Matter.KEY_SET: N_(
            "Hosted Canvas has its keys at https://sso.canvaslms.com/api/lti/security/jwks, your own Canvas at "
            "/api/lti/security/jwks of its address. Compare with %(jwks_url)s and correct it here."
        ),
        Matter.ACCESS: N_(
            "In Canvas open Admin, your account, Developer Keys: the key %(client_id)s has to be ON, and its Public JWK URL "
            "%(key_set)s."
        ),
        Matter.GRADES: N_(
            "In Canvas open Admin, your account, Developer Keys and edit the key %(client_id)s. Under LTI Advantage Services "
            "switch on: can create and view assignment data in the gradebook, can view assignment data, can view submission "
            "data, can create and update submission results (each “associated with the tool”)."
        ),
        Matter.ROSTER: N_(
            "In Canvas open Admin, your account, Developer Keys and edit the key %(client_id)s. Under LTI Advantage Services "
            "switch on: can retrieve user data associated with the context the tool is installed in."
        ),
        Matter.STUDENT: N_(
            "Choose somebody with an active student enrolment in this course. Canvas makes a test student of its own when a "
            "teacher opens Student View in the course; let that one open the tool once."
        ),
        Matter.REMOVE: N_(
            "In the course's Assignments, delete “%(label)s”. Canvas lets a tool delete only columns that it made itself."
        ),
        Matter.WRITING: N_(
            "In Canvas the column is an assignment: students may see it for these seconds and be told of it. A course for trying "
            "things out is best."
        ),
    }

    # Instructure's guides on module requirements, prerequisites and Mastery Paths. A column made by a tool is an assignment.
    locking = (
        LockingWay(
            N_("Module requirements and prerequisites"),
            (
                N_(
                    "The column is an assignment in Canvas. In Modules, add it with + to a module that stands before what is to "
                    "stay locked: choose Assignment, and then the playlist or menu by its name."
                ),
                N_(
                    "In the three dots of that module choose Edit, then + Requirement. Choose the assignment, Score at least, "
                    "and enter the points that are needed."
                ),
                N_(
                    "In the three dots of the module that is to stay locked choose Edit, then + Prerequisite, and choose the "
                    "first."
                ),
                N_("Save both. The module opens for each student once their score has arrived."),
            ),
            fits=N_("For whole modules, and with requirements in sequential order also for items of one module."),
            remark=N_(
                "Students who met the requirement before you set it are let in as well. When Canvas asks whether to lock again, "
                "choose what you mean."
            ),
        ),
        LockingWay(
            N_("Mastery Paths"),
            (
                N_("In the course’s Settings, Feature Options, switch Mastery Paths on."),
                N_("Have each item that is to open later assigned to Mastery Paths, in place of Everyone."),
                N_(
                    "Open the assignment of the playlist or menu, choose Edit and the tab Mastery Paths. Set the ranges of the "
                    "score, and add to each range the items that it opens. Save."
                ),
                N_("Add the assignment and the items to a module, the assignment first."),
            ),
            fits=N_("Where different scores lead to different items."),
            remark=N_(
                "Canvas decides once the assignment is graded, so let the playlist send its score when it is finished."
            ),
        ),
    )

    def roster_query(self) -> Mapping[str, str]:
        """Canvas gives fifty members a page at most (its Names and Role documentation), ten unless it is asked."""
        return {"limit": "50"}

    def line_items_query(self) -> Mapping[str, str]:
        """Canvas pages by ten unless more is asked for."""
        return {"limit": "50"}

    def results_query(self) -> Mapping[str, str]:
        """Ten a page here, too, and up to a hundred (results_controller.rb, lib/api.rb)."""
        return {"limit": "100"}

    def score_extras(self, *, new_attempt: bool, graded: bool = True, over: bool = False) -> Mapping[str, Any]:
        """Without ``new_submission: false`` every refresh of a grade counts as an attempt, and attempts run out (422).

        ``prioritize_non_tool_grade`` keeps whatever number stands there, a teacher's or the tool's own (score_submission in
        scores_controller.rb asks for no more than that there is one); ``preserve_score`` the one there is when only progress is
        told, which clears it otherwise.
        """
        submission: dict[str, Any] = {"new_submission": new_attempt, "prioritize_non_tool_grade": not over}
        if not graded:
            submission["preserve_score"] = True
        return {_SUBMISSION: submission}

    def meaning(self, call: Call, status: int, reason: str, body: str) -> str | None:
        """Throttling is "403 Forbidden (Rate Limit Exceeded)"; an older timestamp is a 400; a person who is not an active
        student is a 422, and so is a course that has concluded, where Canvas does not say 404. The column of a link is not the
        tool's to delete: a 401, which no new token changes.
        """
        text = body.lower()
        if status == 403 and "rate limit exceeded" in text:
            return "rate-limited"
        if status == 422 and "course has concluded" in text:
            return "course-concluded"
        if call is Call.DELETE_LINE_ITEM and status == 401:
            return "not-accepted"
        if call is Call.POST_SCORE:
            if status == 400 and "timestamp" in text and ("newer" in text or "older" in text or "before" in text):
                return "conflict-newer"
            if status == 422 and "user" in text:
                return "not-enrolled"
        return None

    # --- Registration (Canvas's documentation "LTI Dynamic Registration" and its source, ``lti/ims/registration.rb``) --

    def custom_parameters(self) -> Mapping[str, str]:
        """Ids and host of its own interface, and what a person set or an administrator acting as one leaves."""
        return CANVAS_CUSTOM

    def placements(self) -> Sequence[Placement]:
        """The course's navigation, and three places where teachers pick content. ``settings`` are a developer key's."""
        navigation = {"default": "disabled", "visibility": "members", "display_type": "full_width_in_context"}
        picked_in = ("assignment_selection", "link_selection", "module_index_menu_modal")
        return (
            Placement("course_navigation", claims.RESOURCE_LINK_REQUEST, settings=navigation),
            *(Placement(name, claims.DEEP_LINKING_REQUEST, ADD_LABEL, _PICKER) for name in picked_in),
        )

    def tool_members(self) -> Mapping[str, Any]:
        """Names, no mail addresses; without a level of its own Canvas infers one from the claims."""
        return {_EXTENSION + "privacy_level": "name_only", _EXTENSION + "tool_id": TOOL_ID}

    def message_members(self, placement: Placement) -> Mapping[str, Any]:
        """A developer key's settings of a placement, as a registration writes them."""
        known = placement.settings
        members: dict[str, Any] = {
            _EXTENSION + name: known[name] for name in ("visibility", "display_type") if name in known
        }
        if "default" in known:
            members[f"{_EXTENSION}{placement.name}/default_enabled"] = known["default"] == "enabled"
        if "selection_width" in known:
            members[_EXTENSION + "launch_width"] = known["selection_width"]
            members[_EXTENSION + "launch_height"] = known["selection_height"]
        return members

    def token_audience(self, token_url: str, authorization_server: str | None) -> str | None:
        """The token address: what it calls its authorization server is a bare host, which its token endpoint refuses."""
        return None

    def belongs(self, issuer: str, host: str, member: str) -> bool:
        """Hosted Canvas has one issuer for all schools, an address for each, and a third one for signing in.

        Its test and beta environments have their own of each, which vouch for nobody in production. A registration is sent
        to the school's address, which can be the school's own domain; the configuration that says so is Canvas's.
        """
        environment = _HOSTED.get(issuer)
        if environment is None:
            return False
        return member == "registration_endpoint" or _hosted_environment(host) == environment


def _hosted_environment(host: str) -> str | None:
    """``""``, ``beta`` or ``test`` for a host of hosted Canvas; None for any other."""
    if host in {"sso.canvaslms.com", "sso.beta.canvaslms.com", "sso.test.canvaslms.com"}:
        return host.split(".")[1].replace("canvaslms", "")
    if not host.endswith(".instructure.com"):
        return None
    environment = host.removesuffix(".instructure.com").rpartition(".")[2]
    return environment if environment in {"beta", "test"} and "." in host.removesuffix(".instructure.com") else ""
