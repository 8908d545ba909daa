"""Stands in for the parts of edx-platform that ``lti_consumer.plugin.compat`` imports, and for no others.

Each stub is called by the consumer as edx-platform's own function of that name would be; what it answers comes from
``school``. A module that is missing here is one whose absence the consumer handles itself.
"""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

from platform_app import school


class OverEnrollmentLimitException(Exception):
    """Named by the consumer's roster service; a course this small never raises it."""


class CourseWaffleFlag:
    """A feature switch of edx-platform; all of the consumer's are off by default, and stay so."""

    def __init__(self, *_args: Any, **_options: Any) -> None:
        pass

    def is_enabled(self, *_args: Any) -> bool:
        """Always off."""
        return False


class ExternalId:
    """The link between a user and the id that tools know them by (a Django model in edx-platform)."""

    class DoesNotExist(Exception):
        """Nobody has that id."""

    @staticmethod
    def batch_get_or_create_user_ids(users: Any, _kind: str) -> dict[int, Any]:
        """The external ids of these users, by user number."""
        return {user.id: SimpleNamespace(external_user_id=school.person(user.username).external_id) for user in users}


class _ExternalIds:
    def get(self, *, external_user_id: str, external_id_type__name: str) -> Any:
        """The row with this id; only ids handed out to tools (``lti``) exist."""
        from django.contrib.auth import get_user_model

        person = school.person_with_external_id(external_user_id)
        if person is None or external_id_type__name != "lti":
            raise ExternalId.DoesNotExist
        return SimpleNamespace(user=get_user_model().objects.get(username=person.username))


ExternalId.objects = _ExternalIds()  # type: ignore[attr-defined]


def get_course_members(_course_key: Any) -> dict[int, dict[str, Any]]:
    """Everyone in the course, as edx-platform's course API lists them for the roster service."""
    return {
        one.number: {
            "id": one.number,
            "username": one.username,
            "email": one.email,
            "name": one.name,
            "roles": [one.role],
        }
        for one in school.PEOPLE
    }


class Block:
    """The LTI block as the consumer reads it: graded, worth 100, never past due."""

    display_name = school.BLOCK_TITLE
    context_id = school.COURSE_KEY
    lti_1p3_passport_id = ""
    has_score = True
    accept_grades_past_due = True
    weight = 100

    def __init__(self, location: Any) -> None:
        self.location = location
        self.scope_ids = SimpleNamespace(usage_id=location, user_id=None)

    def is_past_due(self) -> bool:
        """Never."""
        return False

    def max_score(self) -> float:
        """What the block is worth in the course's gradebook."""
        return float(self.weight)

    def set_user_module_score(self, user: Any, score: float, maximum: float, comment: str | None = None) -> None:
        """Write a grade into the course's gradebook; ``score`` is a fraction from 0 to 1."""
        from platform_app.models import Grade

        Grade.objects.update_or_create(
            user=user, defaults={"earned": score * maximum, "possible": maximum, "comment": comment or ""}
        )


class _ModuleStore:
    def get_item(self, location: Any) -> Block:
        """The block at this location; the course has one."""
        return Block(location)


def has_studio_write_access(user: Any, _course_key: Any) -> bool:
    """Whether this user may edit the course: its teachers may."""
    return bool(user.is_authenticated) and school.person(user.username).role in {"staff", "instructor"}


def _nothing(*_args: Any, **_options: Any) -> None:
    """Binding a block to a user has no meaning for ours."""


MODULES: dict[str, dict[str, Any]] = {
    "openedx.core.djangoapps.external_user_ids.models": {"ExternalId": ExternalId},
    "openedx.core.djangoapps.waffle_utils": {"CourseWaffleFlag": CourseWaffleFlag},
    "lms.djangoapps.course_api.api": {"get_course_members": get_course_members},
    "lms.djangoapps.course_api.exceptions": {"OverEnrollmentLimitException": OverEnrollmentLimitException},
    "lms.djangoapps.courseware.block_render": {"get_block_for_descriptor": _nothing},
    "common.djangoapps.student.auth": {"has_studio_write_access": has_studio_write_access},
    "openedx.core.djangoapps.xblock": {"api": SimpleNamespace()},
    "xmodule.modulestore.django": {"modulestore": _ModuleStore},
}


def install() -> None:
    """Make the modules importable under edx-platform's names. Called once, before Django starts."""
    for dotted, names in MODULES.items():
        parts = dotted.split(".")
        for depth in range(1, len(parts) + 1):
            name = ".".join(parts[:depth])
            if name not in sys.modules:
                module = ModuleType(name)
                module.__path__ = []
                sys.modules[name] = module
        for name, value in names.items():
            setattr(sys.modules[dotted], name, value)
