"""The LMSs the sandbox can play, a file each. The rest of the sandbox asks ``settings.profile`` and never which LMS it is."""

from lti_tool.sandbox.likes.base import Like
from lti_tool.sandbox.likes.canvas import Canvas
from lti_tool.sandbox.likes.moodle import Moodle
from lti_tool.sandbox.likes.schoology import Schoology

__all__ = ["LIKES", "Like"]

LIKES: dict[str, Like] = {like.name: like for like in (Like(), Canvas(), Moodle(), Schoology())}
"""By name: ``plain`` is the specification and nothing else."""
