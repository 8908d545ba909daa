"""Which rights each capability needs, by LMS: the exact scopes of Canvas's key, the functions of Moodle's service."""

import importlib
import importlib.util
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from lti_tool.content.access.addresses import back_address
from lti_tool.content.ports import Capability
from lti_tool.lti.models import Family
from lti_tool.web.i18n import N_


def scopes_of(family: Family) -> Mapping[Capability, Collection[str]]:
    """The OAuth 2 scopes that each capability needs; nothing for a family without."""
    found: Mapping[Capability, Collection[str]] = {}
    if family is Family.CANVAS:
        found = _named("lti_tool.platforms.canvas_scopes", "SCOPES")
    return found


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
        known: Mapping[str, tuple[str, ...]] = _named("lti_tool.platforms.canvas_scopes", "IN_CANVAS")
        shown = {name: tuple(one for one in some if one in wanted) for name, some in known.items()}
        return [
            ToEnter(N_("Redirect URIs"), (back_address(base_url),)),
            ToEnter(N_("Scopes"), wanted, {name: some for name, some in shown.items() if some}),
        ]
    if family is Family.MOODLE:
        functions = _named("lti_tool.platforms.moodle_functions", "every_function")
        rights = _named("lti_tool.platforms.moodle_functions", "every_right")
        return [
            ToEnter(N_("Functions of the service"), tuple(functions(optional=True)) if functions else ()),
            ToEnter(N_("Rights of the role"), tuple(rights(optional=True)) if rights else ()),
        ]
    if family is Family.SCHOOLOGY:
        return [ToEnter(N_("Address that people come back to"), (back_address(base_url),))]
    return []


def _named(module: str, name: str) -> Any:
    if importlib.util.find_spec(module) is None:
        return {}
    return getattr(importlib.import_module(module), name)
