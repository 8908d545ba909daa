"""What names and roles mean on our pages. Pure."""

import uuid
from datetime import datetime, timedelta

from lti_tool.lti.models import Role

ROSTER_KEEPS = timedelta(minutes=15)
"""How long a roster counts as fresh."""

LAUNCH_STEP = timedelta(hours=1)
"""How exactly a person's last launch is remembered; writing each would make every launch a write."""

TEACHING = frozenset({Role.TEACHER, Role.ASSISTANT, Role.ADMINISTRATOR})
"""The roles that open a teacher's pages."""

_NAME_LENGTH = 300
_SECTIONS_LENGTH = 2000


def names(name: str | None, given: str | None, family: str | None) -> tuple[str | None, str | None]:
    """The name to show and the one to sort by, family name first; both None where the platform shares none.

    Without separate parts the name sorts as it is written: which of its words is the family's cannot be known.
    """
    parts = [part for part in (given, family) if part]
    shown = name or " ".join(parts) or None
    ordered = ", ".join(part for part in (family, given) if part) if family else shown
    return _cut(shown), _cut(ordered)


def _cut(text: str | None) -> str | None:
    return text[:_NAME_LENGTH] if text else None


def short_code(person_id: uuid.UUID) -> str:
    """Four characters that tell the nameless of one class apart. The end of a version 7 UUID is its random part."""
    return person_id.hex[-4:]


def sections(given: str | None) -> str | None:
    """The ids of sections as they are kept, sorted; None for what is none, or what the platform could not fill in."""
    if not given or given.startswith("$"):
        return None
    ids = sorted({part.strip() for part in given.split(",")} - {""})
    kept = ",".join(ids)
    return kept if ids and len(kept) <= _SECTIONS_LENGTH else None


def share_a_section(one: str | None, other: str | None) -> bool:
    """Whether two people are known to be in a same section."""
    return bool(one and other and set(one.split(",")) & set(other.split(",")))


def is_stale(read_at: datetime | None, now: datetime) -> bool:
    """Whether a roster is due to be read again. One from the future (a clock that went back) is."""
    return read_at is None or not now - ROSTER_KEEPS < read_at <= now


def launch_is_worth_writing(last: datetime | None, now: datetime) -> bool:
    """Whether the last launch that is remembered is too long ago to stand for this one."""
    return last is None or now - last >= LAUNCH_STEP


def home_of(role: Role) -> str | None:
    """What follows ``/courses/{id}/`` on the page a role came for; None where the role has none."""
    if role in TEACHING:
        return "playlists"
    return {Role.STUDENT: "my", Role.OBSERVER: "family"}.get(role)
