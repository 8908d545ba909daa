"""The sections of the console. A page that is to be found in its header adds a line here."""

from dataclasses import dataclass
from typing import Any

from lti_tool.admin.console import Console
from lti_tool.web.i18n import N_
from lti_tool.web.navigation import ADMINISTRATION


@dataclass(frozen=True, slots=True)
class ConsoleSection:
    """One entry: ``label`` is a message id, ``path`` what follows ``/admin`` and begins with a slash, or nothing."""

    label: str
    path: str
    icon: str
    for_owner: bool = False


SECTIONS = (
    ConsoleSection(N_("Overview"), "", "house"),
    ConsoleSection(N_("Platforms"), "/platforms", "plug"),
    ConsoleSection(N_("Connect"), "/connect", "plus"),
    ConsoleSection(N_("Deliveries"), "/deliveries", "cloud-upload"),
    ConsoleSection(N_("Organisations"), "/organisations", "school", for_owner=True),
    ConsoleSection(N_("School days"), "/calendar", "calendar"),
    ConsoleSection(N_("Roles"), "/roles", "user-check"),
    ConsoleSection(N_("Signing keys"), "/keys", "lock", for_owner=True),
    ConsoleSection(N_("Tokens"), "/tokens", "lock"),
    ConsoleSection(N_("Audit log"), "/audit", "history"),
    ConsoleSection(N_("Data"), "/data", "shield-check"),
)


def sections_for(here: Console, path: str) -> list[dict[str, Any]]:
    """The sections that are open here, as the layout shows them; ``path`` is the page's."""
    below = path.removeprefix(ADMINISTRATION)
    return [
        {
            "label": one.label,
            "icon": one.icon,
            "address": ADMINISTRATION + one.path,
            "current": below == "" if not one.path else (below + "/").startswith(one.path + "/"),
        }
        for one in SECTIONS
        if here.owner or not one.for_owner
    ]
