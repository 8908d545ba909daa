"""D2L Brightspace. Its token endpoint wants an audience of its own: ``Registration.token_audience``."""

from lti_tool.lti.quirks import Call
from lti_tool.platforms.base import Quirks


class Brightspace(Quirks):
    """Brightspace."""

    def meaning(self, call: Call, status: int, reason: str, body: str) -> str | None:
        """A score for somebody whose role is not graded is a 422 (D2L's LTI Advantage documentation)."""
        return "not-enrolled" if call is Call.POST_SCORE and status == 422 else None
