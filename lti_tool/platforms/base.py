"""The specification's own behaviour. Each LMS's file changes what that LMS does otherwise, one small method at a time."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lti_tool.lti.links import append_to_path, with_query
from lti_tool.lti.quirks import Call


class Quirks:
    """An LMS that does what AGS 2.0 and NRPS 2.0 say. What they leave open is settled on the careful side."""

    timestamp_step: timedelta = timedelta(milliseconds=1)
    """How much later a score has to be than the last one of the same person and line item (AGS 2.0 §3.4.5)."""

    repeat_comment: bool = True
    """A score replaces the last one, and its comment with it."""

    roster_hides_assistants: bool = False
    """Launches and the roster say the same of a person."""

    def score_url(self, line_item_url: str) -> str:
        """``/scores`` goes into the path, before the query (AGS 2.0 §3.4.1)."""
        return append_to_path(line_item_url, "scores")

    def results_url(self, line_item_url: str, user_id: str | None = None) -> str:
        """``/results`` goes into the path; one user's with ``user_id`` (§3.3.3)."""
        address = append_to_path(line_item_url, "results")
        return address if user_id is None else with_query(address, {"user_id": user_id})

    def line_items_query(self) -> Mapping[str, str]:
        """Nothing: the platform chooses its page size."""
        return {}

    def timestamp(self, at: datetime) -> str:
        """ISO 8601 with sub-seconds and a time zone, as §3.4.5 asks."""
        return _iso(at, "milliseconds")

    def score_extras(self, *, new_attempt: bool) -> Mapping[str, Any]:
        """Nothing."""
        return {}

    def meaning(self, call: Call, status: int, reason: str, body: str) -> str | None:
        """Nothing beyond what the status says."""
        return None


class WholeSeconds(Quirks):
    """An LMS that keeps timestamps to the second, so that two scores within one count as the same moment."""

    timestamp_step: timedelta = timedelta(seconds=1)

    def timestamp(self, at: datetime) -> str:
        """To the second: what is compared is then what was sent."""
        return _iso(at, "seconds")


def _iso(at: datetime, timespec: str) -> str:
    return at.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
