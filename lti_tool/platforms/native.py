"""What a platform's own API tells about a course, in words that are the same for every platform.

The modules beside this one speak to one LMS's API each and hand over these values; ``content`` takes them over. Errors are
the same for all as well: what a teacher can do about a token that is refused does not depend on who refused it.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from lti_tool.errors import PlatformTrouble
from lti_tool.web.i18n import N_

NativeKind = Literal["page", "quiz", "assignment", "discussion", "file", "link", "tool", "heading"]
"""What an item is to a student."""


@dataclass(frozen=True, slots=True)
class NativeItem:
    """One item of a course, in the course's order. ``external_id`` stays when it is renamed or moved.

    ``url`` is where a person opens it (never a frame). ``result_key`` is what its results are asked by, absent if it has
    none. ``indent`` counts from 0.
    """

    external_id: str
    kind: NativeKind
    title: str
    url: str | None = None
    section: str = ""
    indent: int = 0
    result_key: str | None = None
    points_possible: float | None = None
    due_at: datetime | None = None
    published: bool = True


@dataclass(frozen=True, slots=True)
class NativeContents:
    """Everything a course holds. ``home_url`` is the course's own page."""

    items: tuple[NativeItem, ...]
    home_url: str | None = None


@dataclass(frozen=True, slots=True)
class NativeResult:
    """A grade that counts: ``percent`` is 0 to 100 and, with extra credit, beyond; ``at`` is when it was given.

    ``user_id`` is the platform's own. ``earned`` and ``possible`` are its points, a late penalty taken out where the platform
    tells it. ``attempt`` counts from 1 and is absent where nothing was handed in (work on paper); ``submitted_at`` is when it
    was handed in.
    """

    result_key: str
    user_id: str
    percent: float
    at: datetime
    earned: Decimal | None = None
    possible: Decimal | None = None
    attempt: int | None = None
    submitted_at: datetime | None = None
    late: bool = False

    @property
    def happened_at(self) -> datetime:
        """When the work was done, as far as the platform tells; grading comes later, sometimes by weeks."""
        return self.submitted_at or self.at


class NoResult(StrEnum):
    """Why a platform's entry for a person and an item is no result."""

    EXCUSED = "excused"
    """The teacher took the whole item off this person."""

    MISSING = "missing"
    """Nothing was handed in, whatever number the platform put there by itself."""

    BLANK = "blank"
    """A zero for work that was never handed in."""

    UNGRADED = "ungraded"
    """No grade, or none any more."""

    WAITING = "waiting"
    """Handed in, and not graded or only in part."""

    HIDDEN = "hidden"
    """A grade that the teacher has not shown to the student yet."""


@dataclass(frozen=True, slots=True)
class NativeGap:
    """An entry without a result that counts, and why. ``attempt`` as in a result."""

    result_key: str
    user_id: str
    why: NoResult
    attempt: int | None = None


@dataclass(frozen=True, slots=True)
class NativeResults:
    """What a gradebook says.

    ``results`` are the grades that count, at most one for each item and user; ``attempts`` each graded attempt by itself, where
    the platform tells them apart, else the same as ``results``; ``gaps`` the entries that are no result.
    """

    results: tuple[NativeResult, ...] = ()
    attempts: tuple[NativeResult, ...] = ()
    gaps: tuple[NativeGap, ...] = ()


class NativeTrouble(PlatformTrouble):
    """A platform's own API did not answer, or said no. ``temporary`` says whether waiting can help."""

    code = "api-trouble"
    temporary = False


class ApiTokenRefused(NativeTrouble):
    """The token is dead: revoked, expired, or of a deleted user."""

    code = "api-token-refused"
    title = N_("Your learning platform no longer accepts this tool's access to its content")
    advice = N_(
        "Ask your administrator to give this tool a new access token. What was read before is kept, and any address can be "
        "added by pasting it."
    )


class ApiNotPermitted(NativeTrouble):
    """The token is alive, and may not do this here."""

    code = "api-not-permitted"
    title = N_("This tool may not read this course's content")
    advice = N_(
        "Ask your administrator to give the tool's access token rights in this course. What was read before is kept, and any "
        "address can be added by pasting it."
    )


class ApiCourseNotFound(NativeTrouble):
    """The API knows no such course, or hides it from the token."""

    code = "api-course-not-found"
    title = N_("Your learning platform did not find this course")
    advice = N_(
        "Open the tool once more from the course. If it stays like this, ask your administrator whether the tool is "
        "connected to the right platform."
    )


class ApiBusy(NativeTrouble):
    """The platform asks to go slower, longer than a page can wait."""

    code = "api-busy"
    title = N_("Your learning platform is busy")
    advice = N_("Wait a few minutes and try again. What was read before is kept.")
    temporary = True


class ApiUnreachable(NativeTrouble):
    """No answer, or not in time."""

    code = "api-unreachable"
    title = N_("Your learning platform cannot be reached")
    advice = N_("Wait a minute and try again. What was read before is kept.")
    temporary = True


class ApiUnreadable(NativeTrouble):
    """An answer that makes no sense, or leads elsewhere."""

    code = "api-unreadable"
    title = N_("Your learning platform's answer could not be understood")
    advice = N_("What was read before is kept. If it happens again, give your administrator the reference code below.")
