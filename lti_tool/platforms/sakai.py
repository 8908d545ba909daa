"""Sakai. No departure of its services from the specification is known."""

from lti_tool.platforms.base import WholeSeconds


class Sakai(WholeSeconds):
    """Sakai."""
