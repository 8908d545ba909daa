"""Which rights each capability needs, by LMS: the exact scopes of Canvas's key, the functions of Moodle's service."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from lti_tool.content.access.addresses import back_address
from lti_tool.content.ports import Capability
from lti_tool.lti.models import Family
from lti_tool.platforms import canvas_scopes, moodle_functions
from lti_tool.web.i18n import N_

RIGHTS = frozenset({"section-admin"})
"""Needs that are a person's rights and have names of their own; see the connectors."""


def scopes_of(family: Family) -> Mapping[Capability, Collection[str]]:
    """The OAuth 2 scopes that each capability needs; nothing for a family without."""
    return canvas_scopes.SCOPES if family is Family.CANVAS else {}


def lacking(family: Family, given: Collection[str]) -> Mapping[Capability, tuple[str, ...]]:
    """The scopes without which a capability is not there, of those that were not given."""
    return {
        one: missing
        for one, scopes in scopes_of(family).items()
        if (missing := tuple(scope for scope in scopes if scope not in given and scope not in canvas_scopes.OPTIONAL))
    }


def is_right(need: str) -> bool:
    """Whether something that an access needs is a right of the person in one course, rather than a scope or a function."""
    return (
        need in RIGHTS
        or need.startswith(("permission:", "role:"))
        or ("/" in need and ":" in need and not need.startswith("url:"))
    )


def wanted_scopes(family: Family, unwanted: Collection[Capability] = ()) -> list[str]:
    """All scopes that are asked for, each once, in their order."""
    wanted = [scope for one, scopes in scopes_of(family).items() if one not in unwanted for scope in scopes]
    return list(dict.fromkeys(wanted))


@dataclass(frozen=True, slots=True)
class ToEnter:
    """What an administrator has to enter or tick in the LMS: a message id, and the lines as the LMS has them.

    Lines stand under ``headings`` where the LMS lists them so, as Canvas does the scopes of a key.
    """

    label: str
    lines: tuple[str, ...]
    headings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """To be pasted or printed: a line each."""
        return "\n".join(self.lines)


def to_enter(family: Family, base_url: str, *, by_key: bool, unwanted: Collection[Capability] = ()) -> list[ToEnter]:
    """Everything that is entered in the LMS so that the tool may be let in, by a key or by a token."""
    if family is Family.CANVAS and by_key:
        wanted = tuple(wanted_scopes(family, unwanted))
        shown = {name: tuple(one for one in some if one in wanted) for name, some in canvas_scopes.IN_CANVAS.items()}
        return [
            ToEnter(N_("Redirect URIs"), (back_address(base_url),)),
            ToEnter(N_("Scopes"), wanted, {name: some for name, some in shown.items() if some}),
        ]
    if family is Family.MOODLE:
        return [
            ToEnter(N_("Functions of the service"), moodle_functions.every_function(optional=True)),
            ToEnter(N_("Rights of the role"), moodle_functions.every_right(optional=True)),
        ]
    if family is Family.SCHOOLOGY:
        return [ToEnter(N_("Address that people come back to"), (back_address(base_url),))]
    return []
