"""Canvas, hosted and self-hosted: what its gradebook service does beyond the specification.

Sources: Canvas's LTI documentation of the score service, and its source (``lti/ims/scores_controller.rb``).
"""

from collections.abc import Mapping
from typing import Any

from lti_tool.lti.quirks import Call
from lti_tool.platforms.base import Quirks

_SUBMISSION = "https://canvas.instructure.com/lti/submission"


class Canvas(Quirks):
    """Canvas."""

    # Every comment is added below the earlier ones, so one that has not changed must not come again.
    repeat_comment = False

    def line_items_query(self) -> Mapping[str, str]:
        """Canvas pages by ten unless more is asked for."""
        return {"limit": "50"}

    def score_extras(self, *, new_attempt: bool) -> Mapping[str, Any]:
        """Without ``new_submission: false`` every refresh of a grade counts as an attempt, and attempts run out (422).

        ``prioritize_non_tool_grade`` keeps a grade that a teacher set by hand.
        """
        submission: dict[str, Any] = {"new_submission": new_attempt, "prioritize_non_tool_grade": True}
        return {_SUBMISSION: submission}

    def meaning(self, call: Call, status: int, reason: str, body: str) -> str | None:
        """Throttling is "403 Forbidden (Rate Limit Exceeded)" on older versions; an older timestamp is a 400; a person who
        is not an active student is a 422.
        """
        text = body.lower()
        if status == 403 and "rate limit exceeded" in text:
            return "rate-limited"
        if call is Call.POST_SCORE:
            if status == 400 and "timestamp" in text and ("newer" in text or "older" in text or "before" in text):
                return "conflict-newer"
            if status == 422 and "user" in text:
                return "not-enrolled"
        return None
