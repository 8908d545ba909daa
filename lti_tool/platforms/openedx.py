"""Open edX, through its lti-consumer-xblock: read in the source of 11.4.0, seen by the tests in ``tests/openedx``."""

import math
from collections.abc import Mapping
from typing import Any

from lti_tool.lti.quirks import Call
from lti_tool.platforms.base import Quirks
from lti_tool.platforms.remedies import Matter
from lti_tool.web.i18n import N_

_LABEL_LENGTH = 100
_TAG_LENGTH = 50


class OpenEdx(Quirks):
    """Open edX."""

    # Scores go on to the course's gradebook only from a line item that names the launched block (signals/signals.py).
    column_names_link = True

    # Its permission class of line items knows no deletion: see ``meaning``.
    columns_stay = True

    # The fields of the LTI Consumer block in Studio.
    remedies: Mapping[Matter, str] = {
        Matter.KEY_SET: N_(
            "In Studio the LTI Consumer block shows its Keyset URL, which ends in the client id. Compare with %(jwks_url)s and "
            "correct it here."
        ),
        Matter.ACCESS: N_(
            "In Studio open the LTI Consumer block: its client id has to be %(client_id)s, Tool Public Key Mode Keyset URL, and "
            "Tool Keyset URL %(key_set)s. Each block has a client id of its own."
        ),
        Matter.GRADES: N_(
            "In Studio edit the LTI Consumer block: set LTI Assignment and Grades Service to Programmatic and Scored to True."
        ),
        Matter.ROSTER: N_(
            "In Studio edit the LTI Consumer block: set Enable LTI NRPS to True. The site's administrator has to allow it for "
            "the course, too."
        ),
        Matter.GROUPS: N_("Nothing has to be done: Open edX has no groups service for tools."),
        Matter.NOTICES: N_("Nothing has to be done: Open edX does not tell tools of copied courses."),
        Matter.WRITING: N_("Open edX lets no tool remove a column: it stays, belongs to no block, and nobody sees it."),
        Matter.REMOVE: N_(
            "Nothing has to be done: Open edX lets no tool remove a column. “%(label)s” belongs to no block, so nobody sees it, "
            "and the next check uses it again."
        ),
    }

    def token_is_spent(self, status: int) -> bool:
        """A token that has ended is a 403, as Django REST framework answers where no way to authenticate is named."""
        return status in {401, 403}

    def line_item(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The columns of its table: 100 characters for a label, 50 for a tag, a whole number for the maximum.

        Scores carry a maximum of their own and are scaled to the column's, so that nothing is lost.
        """
        fitting = dict(body)
        if isinstance(fitting.get("label"), str):
            fitting["label"] = fitting["label"][:_LABEL_LENGTH]
        if isinstance(fitting.get("tag"), str):
            fitting["tag"] = fitting["tag"][:_TAG_LENGTH]
        if isinstance(fitting.get("scoreMaximum"), float):
            fitting["scoreMaximum"] = max(1, math.ceil(fitting["scoreMaximum"]))
        return fitting

    def meaning(self, call: Call, status: int, reason: str, body: str) -> str | None:
        """A score that is not later than the one it has is a 400 that speaks of the timestamp, not a 409.

        No line item can be deleted, whatever the scope: its permission class asks for an action called ``delete``, which Django
        REST framework calls ``destroy`` (lti_1p3/extensions/rest_framework/permissions.py).
        """
        if call is Call.DELETE_LINE_ITEM and status == 403:
            return "not-accepted"
        if call is Call.POST_SCORE and status == 400 and "timestamp" in body.lower():
            return "conflict-newer"
        return None
