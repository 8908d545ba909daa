"""Which rights each capability needs, by LMS: the exact scopes of Canvas's key, the functions of Moodle's service."""

import importlib
import importlib.util
from collections.abc import Collection, Mapping

from lti_tool.content.ports import Capability
from lti_tool.lti.models import Family


def scopes_of(family: Family) -> Mapping[Capability, Collection[str]]:
    """The OAuth 2 scopes that each capability needs; nothing for a family without."""
    return _named("lti_tool.platforms.canvas_scopes", "SCOPES") if family is Family.CANVAS else {}


def wanted_scopes(family: Family, unwanted: Collection[Capability] = ()) -> list[str]:
    """All scopes that are asked for, each once, in their order."""
    wanted = [scope for one, scopes in scopes_of(family).items() if one not in unwanted for scope in scopes]
    return list(dict.fromkeys(wanted))


def functions_of(family: Family) -> Mapping[Capability, Collection[str]]:
    """The web-service functions that each capability needs; nothing for a family without."""
    return _named("lti_tool.platforms.moodle_functions", "FUNCTIONS") if family is Family.MOODLE else {}


def _named(module: str, name: str) -> Mapping[Capability, Collection[str]]:
    if importlib.util.find_spec(module) is None:
        return {}
    found: Mapping[Capability, Collection[str]] = getattr(importlib.import_module(module), name)
    return found
