"""Identifiers of rows: UUID version 7 (RFC 9562), which sort by time of making and so keep indexes compact."""

import uuid
from datetime import datetime

from uuid_utils.compat import uuid7


def new_id() -> uuid.UUID:
    """A new identifier, unique without asking the database."""
    return uuid7()


def first_id_of(moment: datetime) -> uuid.UUID:
    """The smallest identifier that can have been made at a moment: all that were made later are larger (RFC 9562 §5.7)."""
    return uuid.UUID(int=(int(moment.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62))
