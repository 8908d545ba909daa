"""Schoology: what its services and its links do otherwise."""

from collections.abc import Mapping

from lti_tool.platforms.base import WholeSeconds


class Schoology(WholeSeconds):
    """Schoology. A score posted again without its comment erases the comment (reported from the field)."""

    repeat_comment = True

    # Custom parameters of the app are not sent with links made by deep linking (Schoology's LTI 1.3 documentation).
    links_carry_variables = True

    def roster_query(self) -> Mapping[str, str]:
        """A hundred members a page at most (Schoology's documentation of Names and Role Provisioning)."""
        return {"limit": "100"}
