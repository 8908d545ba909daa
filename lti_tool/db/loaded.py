"""Rows of fixed statements as objects of their models, at a fraction of what the ORM takes to load and to write them.

An object is the one that the session holds of this row already, with what the row says now; else it is a new one that is nobody's
(detached). Who changes it writes it with ``write_together``, or adds it to the session, which writes it with its next flush.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, insert, update
from sqlalchemy.orm import class_mapper, make_transient, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_state, set_committed_value
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.fixed import Fixed, Told, together


class Loaded:
    """A fixed statement that begins with all columns of these tables, one after the other (``columns_of``)."""

    def __init__(self, statement: Any, *models: type[SQLModel]) -> None:
        self.fixed = Fixed(statement)
        self._kinds = [_Kind(model) for model in models]

    def objects(self, session: AsyncSession, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The objects that rows of the statement stand for; tuples of them where it is about several tables."""
        if len(self._kinds) == 1:
            [kind] = self._kinds
            return [kind.object(session, row, {}) for row in rows]
        found = []
        made: dict[Any, SQLModel] = {}
        for row in rows:
            parts, start = [], 0
            for kind in self._kinds:
                parts.append(kind.object(session, row[start : start + len(kind.names)], made))
                start += len(kind.names)
            found.append(tuple(parts))
        return found


class _Kind:
    """What is the same of all objects of a table."""

    def __init__(self, model: type[SQLModel]) -> None:
        self._mapper = class_mapper(model)
        self.names = [column.name for column in columns_of(model)]
        self._keys = [self.names.index(column.name) for column in self._mapper.primary_key]

    def object(self, session: AsyncSession, row: Sequence[Any], made: dict[Any, SQLModel]) -> SQLModel:
        """The object of a row, whose values stand in the order of the columns; ``made`` holds those made before by their keys."""
        key = self._mapper.identity_key_from_primary_key(tuple([row[place] for place in self._keys]))
        there: SQLModel | None = session.sync_session.identity_map.get(key)
        if there is not None:
            for name, value in zip(self.names, row, strict=True):
                set_committed_value(there, name, value)
            return there
        if key in made:
            return made[key]
        new: SQLModel = self._mapper.class_manager.new_instance()
        new.__dict__.update(zip(self.names, row, strict=True))
        # Every column is there, so that this is all that makes it one of the database's.
        instance_state(new).key = key
        made[key] = new
        return new


def columns_of(model: type[SQLModel]) -> list[Any]:
    """All columns of a table, in the order in which ``Loaded`` expects them."""
    return list(model.__table__.columns)  # type: ignore[attr-defined]


async def load_together(
    session: AsyncSession, asked: Sequence[tuple[Loaded, Mapping[str, Any]]], *, few: bool = True
) -> list[list[Any]]:
    """The objects of several statements, asked at once (``fixed.together``). What was changed so far is flushed before."""
    await _flush(session)
    found = await together(session, [(one.fixed, values) for one, values in asked], few=few)
    return [one.objects(session, rows) for (one, _), rows in zip(asked, found, strict=True)]


class Written:
    """How objects of a table are written: those that are new are added, of the others all columns are said anew."""

    def __init__(self, model: type[SQLModel]) -> None:
        table: Table = model.__table__  # type: ignore[attr-defined]
        self._names = [column.name for column in table.columns]
        self._keys = [column.name for column in table.primary_key]
        self._said = [name for name in self._names if name not in self._keys]
        self._add = Fixed(insert(table), values=tuple(self._names))
        self._set = Fixed(
            update(table)
            .where(*(table.c[name] == bindparam(f"of_{name}") for name in self._keys))
            .values({name: bindparam(f"new_{name}", type_=table.c[name].type) for name in self._said})
        )

    def told(self, one: SQLModel) -> Told:
        """The statement that writes an object, with its values."""
        if instance_state(one).key is None:
            return self._add, {name: getattr(one, name) for name in self._names}
        keys = {f"of_{name}": getattr(one, name) for name in self._keys}
        return self._set, {**keys, **{f"new_{name}": getattr(one, name) for name in self._said}}


async def write_together(session: AsyncSession, objects: Sequence[tuple[Written, SQLModel]]) -> None:
    """Write objects at once, the session's, nobody's and new ones. They are nobody's afterwards, as if they were just loaded.

    What else was changed so far is flushed before.
    """
    told = [how.told(one) for how, one in objects]
    for _, one in objects:
        make_transient(one)
    await _flush(session)
    await together(session, told)
    for _, one in objects:
        make_transient_to_detached(one)


async def _flush(session: AsyncSession) -> None:
    held = session.sync_session
    if held.new or held.dirty or held.deleted:
        await session.flush()
