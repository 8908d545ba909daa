"""The school that the platform holds: who is in the course, and as what. Plain values, no Django."""

import uuid
from dataclasses import dataclass

COURSE_KEY = "course-v1:Riverside+SCI6+2026"
COURSE_TITLE = "Earth and space"
BLOCK_KEY = "block-v1:Riverside+SCI6+2026+type@lti_consumer+block@playlist"
BLOCK_TITLE = "My playlist"
CLIENT_ID = "riverside-client"
DEPLOYMENT_ID = "1"  # Open edX sends this one always (lti_consumer/models.py, _get_lti_1p3_consumer).

_PEOPLE = uuid.UUID("5f9d2f6e-6d50-4b9c-9a55-30ce4ed6f7a1")


@dataclass(frozen=True)
class SchoolPerson:
    """Somebody of the course. ``role`` is Open edX's word: student, staff, instructor."""

    number: int
    username: str
    name: str
    email: str
    role: str

    @property
    def external_id(self) -> str:
        """What Open edX tells tools instead of its own user number: ``sub``, and ``user_id`` in rosters and scores."""
        return str(uuid.uuid5(_PEOPLE, self.username))


PEOPLE = (
    SchoolPerson(1, "teacher", "Ifeoma Adeyemi", "ifeoma@riverside.example", "staff"),
    SchoolPerson(2, "owner", "Jonas Lindqvist", "jonas@riverside.example", "instructor"),
    SchoolPerson(3, "anna", "Anna Čížková", "anna@riverside.example", "student"),
    SchoolPerson(4, "ben", "Ben O’Rourke", "ben@riverside.example", "student"),
    SchoolPerson(5, "chen", "陈 小明", "chen@riverside.example", "student"),
)


def person(username: str) -> SchoolPerson:
    """The person of that name; KeyError when nobody has it."""
    for one in PEOPLE:
        if one.username == username:
            return one
    raise KeyError(username)


def person_with_external_id(external_id: str) -> SchoolPerson | None:
    """The person a tool means, if there is one."""
    return next((one for one in PEOPLE if one.external_id == external_id), None)
