"""What the service clients have to be told about an LMS. The port; ``lti_tool.platforms`` has an implementation per LMS."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol


class Call(StrEnum):
    """The calls to a platform's services whose refusals can mean different things."""

    FIND_LINE_ITEMS = "find-line-items"
    CREATE_LINE_ITEM = "create-line-item"
    POST_SCORE = "post-score"
    READ_RESULTS = "read-results"
    READ_MEMBERS = "read-members"


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
    def roster_hides_assistants(self) -> bool:
        """True where the roster calls somebody a learner whom launches call an instructor."""
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

    def timestamp(self, at: datetime) -> str:
        """A score's moment as the LMS compares it."""
        ...

    def score_extras(self, *, new_attempt: bool) -> Mapping[str, Any]:
        """Members to add to a score; ``new_attempt`` says whether the student did something new."""
        ...

    def meaning(self, call: Call, status: int, reason: str, body: str) -> str | None:
        """The code of a refusal that this LMS words in its own way; None to read the status as the specification has it."""
        ...
