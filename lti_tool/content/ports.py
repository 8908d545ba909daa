"""What this room needs of a platform's own API. ``lti_tool.platforms`` has the implementations; tests have theirs."""

from collections.abc import Collection
from typing import Protocol

from lti_tool.platforms.native import NativeContents, NativeItem, NativeResult, NativeTrouble

__all__ = ["Connector", "NativeContents", "NativeItem", "NativeResult", "NativeTrouble"]


class Connector(Protocol):
    """Reads one platform with one access. Every call may take seconds and raises NativeTrouble when it fails.

    Ids are the platform's own, as it calls its courses and users in its API.
    """

    @property
    def contents(self) -> bool:
        """Whether it can read what a course holds."""
        ...

    @property
    def results(self) -> bool:
        """Whether it can read grades of the platform's own quizzes and assignments."""
        ...

    async def read_contents(self, course_id: str) -> NativeContents:
        """Everything a course holds, in its order."""
        ...

    async def read_results(
        self, course_id: str, result_keys: Collection[str], user_ids: Collection[str]
    ) -> list[NativeResult]:
        """The grades of these users that count, for the items with these keys."""
        ...
