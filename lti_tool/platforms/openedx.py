"""Open edX, through its lti-consumer-xblock."""

from lti_tool.lti.quirks import Call
from lti_tool.platforms.base import Quirks


class OpenEdx(Quirks):
    """Open edX."""

    # Each block has a configuration of its own, filled in by its author (xblock-lti-consumer's README).
    registers_itself = False

    def meaning(self, call: Call, status: int, reason: str, body: str) -> str | None:
        """A score that is not later than the one it has is a 400 that speaks of the timestamp, not a 409."""
        if call is Call.POST_SCORE and status == 400 and "timestamp" in body.lower():
            return "conflict-newer"
        return None
