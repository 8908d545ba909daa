"""An LMS nobody has described yet."""

from lti_tool.platforms.base import WholeSeconds


class Generic(WholeSeconds):
    """The specification, with timestamps to the second: whoever keeps sub-seconds takes them too, the other way is a 409."""
