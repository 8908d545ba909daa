"""What this room needs of a platform's own API. ``lti_tool.platforms`` has the implementations; tests have theirs."""

from collections.abc import Collection
from typing import Protocol

from lti_tool.platforms.native import (
    NativeContents,
    NativeGap,
    NativeItem,
    NativeResult,
    NativeResults,
    NativeTrouble,
    NoResult,
)

__all__ = [
    "Connector",
    "NativeContents",
    "NativeGap",
    "NativeItem",
    "NativeResult",
    "NativeResults",
    "NativeTrouble",
    "NoResult",
]


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
    ) -> NativeResults:
        """What the gradebook says of these users, for the items with these keys."""
        ...
