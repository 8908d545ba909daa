"""The specification's own behaviour. Each LMS's file changes what that LMS does otherwise, one small method at a time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from lti_tool.lti import claims
from lti_tool.lti.links import append_to_path, with_query
from lti_tool.lti.quirks import Call
from lti_tool.lti.tool_description import Placement, host_of
from lti_tool.platforms import locking as locking_words
from lti_tool.platforms.locking import LockingWay
from lti_tool.platforms.remedies import GENERAL, Matter
from lti_tool.web.i18n import N_

ADD_LABEL = "Add a playlist"
"""What the tool is called where a teacher picks content."""


class Quirks:
    """An LMS that does what AGS 2.0 and NRPS 2.0 say. What they leave open is settled on the careful side."""

    timestamp_step: timedelta = timedelta(milliseconds=1)
    """How much later a score has to be than the last one of the same person and line item (AGS 2.0 §3.4.5)."""

    repeat_comment: bool = True
    """A score replaces the last one, and its comment with it."""

    results_leave_out_zeros: bool = False
    """Every grade is read back."""

    keeps_any_number: bool = False
    """A score goes over what stands there (AGS 2.0 §3.4)."""

    roster_hides_assistants: bool = False
    """Launches and the roster say the same of a person."""

    roster_names_are_html: bool = False
    """Names are plain text (NRPS 2.0 §2.2)."""

    typed_number_stays: str | None = None
    """What a teacher has to do before a score takes the place of a number typed over it, where sending it is not enough: a
    gettext message id."""

    link_says_where_it_opens: bool = True
    """A link that was chosen by deep linking opens as its content item says, where the message offers a choice."""

    link_has_size: bool = True
    """A link in a frame says how large (Deep Linking 2.0 §3.2); what that is taken for is the platform's affair."""

    user_id_parameter: str | None = None
    """The platform's own id of a user is ``sub``."""

    def api_user_id(self, sub: str, custom: Mapping[str, str]) -> str | None:
        """What the platform's own API calls who is called ``sub`` in messages: the parameter of that name, if there is one.

        None where nothing says so; the API is then asked by ``sub``.
        """
        return custom.get(self.user_id_parameter) if self.user_id_parameter is not None else None

    def api_course_id(self, custom: Mapping[str, str]) -> str | None:
        """What the platform's own API calls a launch's course. None where nothing says so; it is asked by the context's id."""
        return None

    links_carry_variables: bool = False
    """The tool's own custom parameters come with every launch, so that a link needs none but its own."""

    column_names_link: bool = False
    """Grades are shown in any column of the tool's."""

    shared_by_schools: bool = False
    """Each school has a registration of its own."""

    columns_stay: bool = False
    """A tool can remove the columns it made."""

    def token_is_spent(self, status: int) -> bool:
        """401, as RFC 6750 §3.1 has it."""
        return status == 401

    def line_item(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """As it is."""
        return body

    def comment(self, text: str) -> str:
        """As it is."""
        return text

    def roster_query(self) -> Mapping[str, str]:
        """Nothing: the platform chooses its page size."""
        return {}

    def score_url(self, line_item_url: str) -> str:
        """``/scores`` goes into the path, before the query (AGS 2.0 §3.4.1)."""
        return append_to_path(line_item_url, "scores")

    def results_url(self, line_item_url: str, user_id: str | None = None) -> str:
        """``/results`` goes into the path; one user's with ``user_id`` (§3.3.3)."""
        address = append_to_path(line_item_url, "results")
        return address if user_id is None else with_query(address, {"user_id": user_id})

    def link_points(self, points: float) -> float:
        """The maximum of a column that comes with a link (Deep Linking 2.0 §3.6): as many points as the teacher said."""
        return points

    def line_items_query(self) -> Mapping[str, str]:
        """Nothing: the platform chooses its page size."""
        return {}

    def results_query(self) -> Mapping[str, str]:
        """Nothing: Moodle 4.5 answers a ``limit`` with a page of HTML."""
        return {}

    def timestamp(self, at: datetime) -> str:
        """ISO 8601 with sub-seconds and a time zone, as §3.4.5 asks."""
        return _iso(at, "milliseconds")

    def score_extras(self, *, new_attempt: bool, graded: bool = True, over: bool = False) -> Mapping[str, Any]:
        """Nothing."""
        return {}

    def meaning(self, call: Call, status: int, reason: str, body: str) -> str | None:
        """Nothing beyond what the status says."""
        return None

    # --- Words for its administrator ----------------------------------------------------------------------------------

    remedies: Mapping[Matter, str] = {}
    """What to change, by the names of this LMS's own menus, where they are known."""

    def remedy(self, matter: Matter) -> str:
        """What this LMS's administrator has to do or to know: a gettext message id; see ``platforms.remedies``."""
        return self.remedies.get(matter) or GENERAL[matter]

    # --- Words for its teachers ---------------------------------------------------------------------------------------

    locking: Sequence[LockingWay] = locking_words.GENERAL
    """How its own items are locked by a column of the tool's; see ``platforms.locking``."""

    # --- Registration: ``lti.tool_description.RegistrationQuirks`` ----------------------------------------------------

    next_steps: Sequence[str] = (
        N_("Switch the tool on in your LMS, if it asks for it."),
        N_("Open a course and add the tool there."),
    )

    @property
    def next_steps_by_link(self) -> Sequence[str]:
        """The same for who has pasted a registration link into the LMS, and so comes back to where that was."""
        return self.next_steps

    def domain(self, base_url: str) -> str:
        """The host (Dynamic Registration 1.0 §3.3.1)."""
        return host_of(base_url)

    def custom_parameters(self) -> Mapping[str, str]:
        """None beyond those of the specification."""
        return {}

    def placements(self) -> Sequence[Placement]:
        """Deep linking from the list of a course's content (``ContentArea``, §3.3.2)."""
        return (Placement("ContentArea", claims.DEEP_LINKING_REQUEST, ADD_LABEL),)

    def tool_members(self) -> Mapping[str, Any]:
        """None beyond those of the specification."""
        return {}

    def message_members(self, placement: Placement) -> Mapping[str, Any]:
        """None beyond those of the specification."""
        return {}

    def token_audience(self, token_url: str, authorization_server: str | None) -> str | None:
        """What the platform calls its authorization server (§2.1), if that is on the token endpoint's host.

        An assertion made for another host could be carried there by this one, and be good for a token there.
        """
        if authorization_server is None or authorization_server == token_url:
            return None
        return authorization_server if host_of(authorization_server) == host_of(token_url) else None

    def belongs(self, issuer: str, host: str, member: str) -> bool:
        """A platform lives on one host, unless it is known to be otherwise."""
        return False


class WholeSeconds(Quirks):
    """An LMS that keeps timestamps to the second, so that two scores within one count as the same moment."""

    timestamp_step: timedelta = timedelta(seconds=1)

    def timestamp(self, at: datetime) -> str:
        """To the second: what is compared is then what was sent."""
        return _iso(at, "seconds")


def _iso(at: datetime, timespec: str) -> str:
    return at.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
