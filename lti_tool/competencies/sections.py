"""The pages about a course's competencies, as its second row of navigation: the same on each of them.

A page passes ``views(course_id, "graph")`` as ``views`` and puts it above its content with ``ui.nav``; whoever adds a page for
teachers adds its line here.
"""

import uuid
from typing import Any

from lti_tool.web.i18n import N_

_PAGES = (
    ("map", N_("Map"), "", "list-ordered"),
    ("graph", N_("Graph"), "/graph", "route"),
    ("alignments", N_("Alignments"), "/alignments", "target"),
    ("coverage", N_("Coverage"), "/coverage", "clipboard-check"),
    ("settings", N_("Rules and levels"), "/settings", "settings"),
    ("frameworks", N_("Frameworks"), "/frameworks", "library"),
)
"""Key, label, address below the course's competencies, icon."""


def home(course_id: uuid.UUID) -> str:
    """The course's map."""
    return f"/courses/{course_id}/competencies"


def views(course_id: uuid.UUID, current: str) -> list[dict[str, Any]]:
    """Items for ``ui.nav``. The labels are message ids: templates translate them."""
    return [
        {"label": label, "address": home(course_id) + path, "icon": icon, "current": key == current}
        for key, label, path, icon in _PAGES
    ]
