"""Schoology: what its gradebook service and its links do otherwise."""

from collections.abc import Mapping

from lti_tool.lti.models import Family
from lti_tool.lti.tool_description import custom_parameters
from lti_tool.platforms.base import WholeSeconds


class Schoology(WholeSeconds):
    """Schoology. A score posted again without its comment erases the comment (reported from the field)."""

    repeat_comment = True

    def link_variables(self) -> Mapping[str, str]:
        """All of them: custom parameters of the app are not sent with links made by deep linking (Schoology's LTI 1.3
        documentation).
        """
        return custom_parameters(Family.SCHOOLOGY)
