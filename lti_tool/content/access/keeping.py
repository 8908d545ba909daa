"""What a connection was found able to do, as it is kept, and what a single consent leaves of it. Pure."""

from collections.abc import Collection, Mapping
from typing import Any

from lti_tool.content.access.scopes import is_right, lacking
from lti_tool.content.access_models import ApiGrant
from lti_tool.content.models import ApiConnection
from lti_tool.content.ports import Ability, Capability, FoundOut, Lacking
from lti_tool.lti.models import Family

UNWANTED = "unwanted"


def kept(found: FoundOut, unwanted: Collection[Capability]) -> dict[str, Any]:
    """What was found out, for the table. What the school does not want stays unwanted, whatever the platform could."""
    rows: dict[str, Any] = {
        one.value: {"able": ability.able, "why": ability.why.value if ability.why else None, "needs": [*ability.needs]}
        for one, ability in found.abilities.items()
        if one not in unwanted
    }
    return rows | kept_unwanted(unwanted)


def kept_unwanted(unwanted: Collection[Capability]) -> dict[str, Any]:
    """What a school does not want, before anything was found out."""
    return {one.value: {"able": False, "why": Lacking.NOT_PERMITTED.value, UNWANTED: True} for one in unwanted}


def unwanted_in(rows: Mapping[str, Any]) -> frozenset[Capability]:
    """What the school does not want."""
    return frozenset(one for one in Capability if _row(rows, one).get(UNWANTED) is True)


def of_connection(
    connection: ApiConnection,
    family: Family,
    offers: Collection[Capability],
    grant: ApiGrant | None = None,
    *,
    for_course: bool = False,
) -> dict[Capability, Ability]:
    """What a connection can do, for every capability: as it was found out, else as its kind of platform has it.

    What needs scopes that a consent does not have is taken away, and named. ``for_course``: where teachers give access, what
    one of them may not do in one course says nothing of another's, so that it is tried.
    """
    found: dict[Capability, Ability] = {}
    for one in Capability:
        row = _row(connection.abilities, one)
        if one not in offers:
            found[one] = Ability(False, Lacking.NOT_OFFERED)
        elif row:
            found[one] = _ability(row)
            if for_course and connection.by_teachers and _is_personal(found[one]):
                found[one] = Ability(True)
        else:
            found[one] = Ability(True)
    if grant is not None and grant.scopes:
        for one, scopes in lacking(family, frozenset(grant.scopes)).items():
            if found[one].able:
                found[one] = Ability(False, Lacking.NOT_PERMITTED, scopes)
    return found


def _row(rows: Mapping[str, Any], one: Capability) -> Mapping[str, Any]:
    row = rows.get(one.value)
    return row if isinstance(row, dict) else {}


def _is_personal(ability: Ability) -> bool:
    return ability.why is Lacking.NOT_PERMITTED and bool(ability.needs) and all(map(is_right, ability.needs))


def _ability(row: Mapping[str, Any]) -> Ability:
    why = row.get("why")
    return Ability(
        able=row.get("able") is True,
        why=Lacking(why) if why in {one.value for one in Lacking} else None,
        needs=tuple(str(one) for one in row.get("needs") or ()),
    )
