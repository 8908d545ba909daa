"""Blackboard Learn. No departure of its services from the specification is known."""

from lti_tool.platforms.base import Quirks


class Blackboard(Quirks):
    """Blackboard Learn."""

    # A tool is registered once in the developer portal, for all schools; a school's administrator enters its client id.
    registers_itself = False
