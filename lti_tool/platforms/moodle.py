"""Moodle 4.1 to 5: what its gradebook and roster services do otherwise. Seen on Moodle 4.5.6.

It compares timestamps in whole seconds and asks for strictly later ones (409); a moment in the future is taken, and blocks
every score before it. Results and members are asked for whole: with ``limit``, results end in a 404 page of HTML.
"""

from lti_tool.lti.quirks import Call
from lti_tool.platforms.base import WholeSeconds


class Moodle(WholeSeconds):
    """Moodle."""

    # A score without its comment clears the one that was there.
    repeat_comment = True

    # A non-editing teacher is Instructor at launch (mod/lti:manage) and Learner in the roster, which asks for another
    # capability (moodle/course:manageactivities).
    roster_hides_assistants = True

    def link_points(self, points: float) -> float:
        """A whole number from 1 to 100 (the site's ``gradepointmax``, whose usual value that is). Of several links at once,
        one with another maximum silently becomes a link without a grade; scores are scaled to the column anyway.
        """
        return min(max(round(points), 1), 100)

    def meaning(self, call: Call, status: int, reason: str, body: str) -> str | None:
        """A score for somebody who cannot be graded here (a teacher, or not enrolled) is a 400 with these words, followed by
        the whole request. A score that is written wrongly gets the same ones, but ours are not.
        """
        if call is Call.POST_SCORE and status == 400 and reason.startswith("Incorrect score received"):
            return "not-enrolled"
        return None
