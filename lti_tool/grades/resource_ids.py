"""What columns are known by in the LMS: a kind and an id, such as ``playlist:0193…`` (AGS 2.0 §3.2.8, ``resourceId``)."""

import uuid
from collections.abc import Collection


def ids_of(kind: str, resource_ids: Collection[str]) -> list[uuid.UUID]:
    """The ids in the resource ids of one kind."""
    found = []
    for resource_id in resource_ids:
        before, _, after = resource_id.partition(":")
        if before != kind:
            continue
        try:
            found.append(uuid.UUID(after))
        except ValueError:
            continue
    return found
