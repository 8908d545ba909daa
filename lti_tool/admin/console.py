"""Who is in the console, and what of it is theirs: the owner's is the whole installation, an administrator's one school."""

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, true
from sqlmodel import col

from lti_tool.db.organisation import Organisation
from lti_tool.errors import NotFound
from lti_tool.lti.sessions import Visit
from lti_tool.web.i18n import N_


class NotInConsole(NotFound):
    """Something that is not there, or is another school's; which of the two is not said."""

    code = "not-in-console"
    title = N_("There is nothing here")
    advice = N_("It may have been removed, or it belongs to another organisation.")


@dataclass(frozen=True, slots=True)
class Console:
    """A visit to the console. ``actor`` is what the audit log calls whoever is here.

    ``organisation_ids`` is None for the owner, who sees every organisation and no course; an administrator's has one id.
    ``organisation`` and ``visit`` are an administrator's; they belong to no transaction.
    """

    owner: bool
    session_id: uuid.UUID
    actor: str
    organisation_ids: tuple[uuid.UUID, ...] | None
    organisation: Organisation | None = None
    visit: Visit | None = None

    def holds(self, organisation_id: uuid.UUID | None) -> bool:
        """Whether something of this organisation may be changed here; what belongs to none is the owner's."""
        return self.organisation_ids is None or organisation_id in self.organisation_ids

    def within(self, column: Any) -> ColumnElement[bool]:
        """The condition of every query of the console: ``column``, an ``organisation_id``, is one that is seen here."""
        return true() if self.organisation_ids is None else col(column).in_(self.organisation_ids)
