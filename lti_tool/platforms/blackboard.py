"""Blackboard Learn: what its gradebook service does otherwise.

Sources: Blackboard's documentation of its Assignment and Grade Services; issues of tools that use them.
"""

from lti_tool.lti.links import append_to_path
from lti_tool.lti.quirks import Call
from lti_tool.platforms.base import Quirks


class Blackboard(Quirks):
    """Blackboard Learn."""

    def comment(self, text: str) -> str:
        """A comment is shown as HTML, where a newline is none."""
        return text.replace("\r\n", "\n").replace("\n", "<br/>")

    def results_url(self, line_item_url: str, user_id: str | None = None) -> str:
        """Everyone's results: with ``user_id`` the comment is left out. The client picks the one."""
        return append_to_path(line_item_url, "results")

    def meaning(self, call: Call, status: int, reason: str, body: str) -> str | None:
        """A score for somebody who is not in the course is a 400 "User could not be found"."""
        if call is Call.POST_SCORE and status == 400 and "user could not be found" in body.lower():
            return "not-enrolled"
        return None
