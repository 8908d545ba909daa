"""The sections of the tool that a role finds in the header of every page of a course."""

from dataclasses import dataclass

from lti_tool.web.i18n import N_


@dataclass(frozen=True)
class Section:
    """One entry: ``label`` is a message id, ``path`` is what follows ``/courses/{course_id}/``."""

    label: str
    path: str
    icon: str
    also: tuple[str, ...] = ()
    """Other pages that belong to the entry."""


_TEACHING = (
    Section(N_("Playlists"), "playlists", "list-checks"),
    Section(N_("Menus"), "menus", "layout-grid"),
    Section(N_("Competencies"), "competencies", "map"),
    Section(N_("Checks"), "checks", "clipboard-check"),
    Section(N_("Mastery"), "mastery", "target"),
    Section(N_("Grades"), "grades", "graduation-cap"),
    Section(N_("People"), "people", "users"),
    Section(N_("Content and results"), "content", "library"),
)

_BY_ROLE: dict[str, tuple[Section, ...]] = {
    "teacher": _TEACHING,
    "assistant": _TEACHING,
    "administrator": _TEACHING,
    "student": (
        Section(N_("My playlists"), "my", "list-checks", also=("my-checks", "my-supports")),
        Section(N_("My map"), "my-map", "map"),
    ),
    "observer": (Section(N_("Playlists"), "family", "list-checks"), Section(N_("Map"), "family-map", "map")),
}


ADMINISTRATION = "/admin"
"""The console. Its link is in the header of every page of somebody who administers the institution or the system."""


def sections_for(role: str) -> tuple[Section, ...]:
    """The sections a role sees; none where a role has no page of its own."""
    return _BY_ROLE.get(role, ())
