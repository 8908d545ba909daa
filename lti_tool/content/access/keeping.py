"""What a connection was found able to do, as it is kept, and what a single consent leaves of it. Pure."""

from collections.abc import Collection, Mapping
from typing import Any

from lti_tool.content.access.scopes import scopes_of
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
    connection: ApiConnection, family: Family, offers: Collection[Capability], grant: ApiGrant | None = None
) -> dict[Capability, Ability]:
    """What a connection can do, for every capability: as it was found out, else as its kind of platform has it.

    What needs scopes that a consent does not have is taken away, and named.
    """
    found: dict[Capability, Ability] = {}
    for one in Capability:
        row = _row(connection.abilities, one)
        if one not in offers:
            found[one] = Ability(False, Lacking.NOT_OFFERED)
        elif row:
            found[one] = _ability(row)
        else:
            found[one] = Ability(True)
    if grant is not None and grant.scopes:
        given = frozenset(grant.scopes)
        for one, scopes in scopes_of(family).items():
            lacking = tuple(scope for scope in scopes if scope not in given)
            if lacking and found[one].able:
                found[one] = Ability(False, Lacking.NOT_PERMITTED, lacking)
    return found


def _row(rows: Mapping[str, Any], one: Capability) -> Mapping[str, Any]:
    row = rows.get(one.value)
    return row if isinstance(row, dict) else {}


def _ability(row: Mapping[str, Any]) -> Ability:
    why = row.get("why")
    return Ability(
        able=row.get("able") is True,
        why=Lacking(why) if why in {one.value for one in Lacking} else None,
        needs=tuple(str(one) for one in row.get("needs") or ()),
    )
