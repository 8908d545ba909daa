"""Blackboard Learn. No departure of its services from the specification is known."""

from lti_tool.platforms.base import Quirks


class Blackboard(Quirks):
    """Blackboard Learn."""
