"""Rows of fixed statements as the session's own objects, at a fraction of what the ORM takes to load them.

An object is what it would be had the ORM loaded it with ``populate_existing``: the one that the session holds of this row
already, else a new one, and what is changed of it is written with the next flush.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import class_mapper, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.fixed import Fixed, together


class Loaded:
    """A fixed statement that begins with all columns of these tables, one after the other (``columns_of``)."""

    def __init__(self, statement: Any, *models: type[SQLModel]) -> None:
        self.fixed = Fixed(statement)
        self._models = [(model, [column.name for column in columns_of(model)]) for model in models]

    def objects(self, session: AsyncSession, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The objects that rows of the statement stand for; tuples of them where it is about several tables."""
        found = []
        for row in rows:
            parts, start = [], 0
            for model, names in self._models:
                parts.append(_object(session, model, dict(zip(names, row[start:], strict=False))))
                start += len(names)
            found.append(parts[0] if len(parts) == 1 else tuple(parts))
        return found


def columns_of(model: type[SQLModel]) -> list[Any]:
    """All columns of a table, in the order in which ``Loaded`` expects them."""
    return list(model.__table__.columns)  # type: ignore[attr-defined]


async def load_together(
    session: AsyncSession, asked: Sequence[tuple[Loaded, Mapping[str, Any]]], *, few: bool = True
) -> list[list[Any]]:
    """The objects of several statements, asked at once (``fixed.together``). What was changed so far is flushed before."""
    held = session.sync_session
    if held.new or held.dirty or held.deleted:
        await session.flush()
    found = await together(session, [(one.fixed, values) for one, values in asked], few=few)
    return [one.objects(session, rows) for (one, _), rows in zip(asked, found, strict=True)]


def _object(session: AsyncSession, model: type[SQLModel], values: dict[str, Any]) -> SQLModel:
    mapper = class_mapper(model)
    key = mapper.identity_key_from_primary_key(tuple(values[column.name] for column in mapper.primary_key))
    there: SQLModel | None = session.sync_session.identity_map.get(key)
    if there is not None:
        for name, value in values.items():
            set_committed_value(there, name, value)
        return there
    made: SQLModel = mapper.class_manager.new_instance()
    made.__dict__.update(values)
    make_transient_to_detached(made)
    session.sync_session.add(made)
    return made
