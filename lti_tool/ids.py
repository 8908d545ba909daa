"""Identifiers of rows: UUID version 7 (RFC 9562), which sort by time of making and so keep indexes compact."""

import uuid

from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """A new identifier, unique without asking the database."""
    return uuid7()
