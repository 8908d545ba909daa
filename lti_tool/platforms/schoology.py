"""Schoology: what its gradebook service and its links do otherwise."""

from lti_tool.platforms.base import WholeSeconds


class Schoology(WholeSeconds):
    """Schoology. A score posted again without its comment erases the comment (reported from the field)."""

    repeat_comment = True

    # Apps are made by hand in the App Center (Schoology's developer documentation).
    registers_itself = False

    # Custom parameters of the app are not sent with links made by deep linking (Schoology's LTI 1.3 documentation).
    links_carry_variables = True
