"""Schoology: what its gradebook service does otherwise."""

from lti_tool.platforms.base import WholeSeconds


class Schoology(WholeSeconds):
    """Schoology. A score posted again without its comment erases the comment (reported from the field)."""

    repeat_comment = True
