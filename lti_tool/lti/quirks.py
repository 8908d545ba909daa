"""What the service clients have to be told about an LMS. The port; ``lti_tool.platforms`` has an implementation per LMS."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol


class Call(StrEnum):
    """The calls to a platform's services whose refusals can mean different things."""

    FIND_LINE_ITEMS = "find-line-items"
    READ_LINE_ITEM = "read-line-item"
    CREATE_LINE_ITEM = "create-line-item"
    UPDATE_LINE_ITEM = "update-line-item"
    DELETE_LINE_ITEM = "delete-line-item"
    POST_SCORE = "post-score"
    READ_RESULTS = "read-results"
    READ_MEMBERS = "read-members"
    READ_GROUPS = "read-groups"
    ASK_FOR_NOTICES = "ask-for-notices"


class ServiceQuirks(Protocol):
    """How one LMS departs from the specification of its services, or settles what the specification leaves open."""

    @property
    def timestamp_step(self) -> timedelta:
        """How much later the next score of a person on a line item has to be, to be taken for later."""
        ...

    @property
    def repeat_comment(self) -> bool:
        """True where a score without its comment erases the comment; False where each repetition adds another."""
        ...

    @property
    def user_id_parameter(self) -> str | None:
        """The custom parameter with the platform's own id of a user, where that is not ``sub``; a roster for a link has it."""
        ...

    @property
    def roster_hides_assistants(self) -> bool:
        """True where the roster calls somebody a learner whom launches call an instructor."""
        ...

    @property
    def roster_names_are_html(self) -> bool:
        """True where names in the roster are written for an HTML page, ``Ann &amp; Bob``, and not in launches."""
        ...

    @property
    def results_leave_out_zeros(self) -> bool:
        """True where a grade of zero is missing when results are read back."""
        ...

    @property
    def keeps_any_number(self) -> bool:
        """True where a score can say that the number which stands there stays, and that means the tool's own as well."""
        ...

    @property
    def column_names_link(self) -> bool:
        """True where a grade is shown only in a column that names the resource link it belongs to."""
        ...

    def token_is_spent(self, status: int) -> bool:
        """Whether an answer can mean that the access token is no longer taken."""
        ...

    def line_item(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """A line item as the LMS takes it."""
        ...

    def comment(self, text: str) -> str:
        """A score's comment (plain text, lines apart by a newline) as the LMS shows it best."""
        ...

    def roster_query(self) -> Mapping[str, str]:
        """Parameters to add when the roster is read."""
        ...

    def score_url(self, line_item_url: str) -> str:
        """Where scores of a line item are posted."""
        ...

    def results_url(self, line_item_url: str, user_id: str | None = None) -> str:
        """Where results of a line item are read, of everyone or of one user."""
        ...

    def line_items_query(self) -> Mapping[str, str]:
        """Parameters to add when line items are listed."""
        ...

    def results_query(self) -> Mapping[str, str]:
        """Parameters to add when the results of everyone are read."""
        ...

    def timestamp(self, at: datetime) -> str:
        """A score's moment as the LMS compares it."""
        ...

    def score_extras(self, *, new_attempt: bool, graded: bool = True, over: bool = False) -> Mapping[str, Any]:
        """Members to add to a score; ``new_attempt``: the student did something new; ``graded``: it has a number; ``over``: it
        shall take the place of the number that stands there.
        """
        ...

    def meaning(self, call: Call, status: int, reason: str, body: str) -> str | None:
        """The code of a refusal that this LMS words in its own way; None to read the status as the specification has it."""
        ...
