"""What every table shares: constraint names that read as sentences, and rows that belong to one school."""

import uuid
from typing import Any, TypeVar

from sqlalchemy import Constraint, ForeignKeyConstraint, Index, MetaData, Table
from sqlmodel import Field, SQLModel, select
from sqlmodel.sql.expression import SelectOfScalar

from lti_tool.ids import new_id


def _own_columns(constraint: Constraint | Index, _table: Table) -> str:
    """The columns a constraint is about, without the organisation that nearly all of them begin with."""
    names = [column.name for column in constraint.columns]  # type: ignore[union-attr]
    return "_".join([name for name in names if name != "organisation_id"] or names)


SQLModel.metadata = MetaData(
    naming_convention={
        "own_columns": _own_columns,
        "ix": "%(table_name)s_by_%(own_columns)s",
        "uq": "%(table_name)s_is_unique_by_%(own_columns)s",
        "ck": "%(table_name)s_%(constraint_name)s",
        "fk": "%(table_name)s_names_its_%(referred_table_name)s",
        "pk": "%(table_name)s_is_known_by_its_id",
    }
)


class TenantRow(SQLModel):
    """A row of one organisation. Its key leads with the organisation, so that a reference cannot cross schools."""

    organisation_id: uuid.UUID = Field(foreign_key="organisation.id", primary_key=True)
    id: uuid.UUID = Field(default_factory=new_id, primary_key=True)


def belongs_to(table: str, column: str, *, on_delete: str = "CASCADE", name: str | None = None) -> ForeignKeyConstraint:
    """A reference to another row of the same organisation: ``(organisation_id, column)`` → ``table``.

    ``name`` is for a second reference to the same table, or one to its own.
    """
    return ForeignKeyConstraint(
        ["organisation_id", column], [f"{table}.organisation_id", f"{table}.id"], ondelete=on_delete, name=name
    )


Row = TypeVar("Row", bound=TenantRow)


def scoped(row: type[Row], organisation_id: uuid.UUID) -> SelectOfScalar[Row]:
    """The statement every query of a school's rows starts from."""
    return select(row).where(row.organisation_id == organisation_id)


def crossing(reason: str) -> dict[str, Any]:
    """Execution options of a statement that reads rows of several schools on purpose; the reason is for the reader."""
    return {"crosses_organisations": reason}
