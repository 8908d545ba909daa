"""What a platform's own API tells about a course, in words that are the same for every platform.

The modules beside this one speak to one LMS's API each and hand over these values; ``content`` takes them over. Errors are
the same for all as well: what a teacher can do about a token that is refused does not depend on who refused it.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, get_args

from lti_tool.errors import PlatformTrouble
from lti_tool.web.i18n import N_

NativeKind = Literal["page", "quiz", "assignment", "discussion", "file", "link", "tool", "heading"]
"""What an item is to a student."""

NativeRequirement = Literal["view", "submit", "contribute", "mark", "score", "other"]
"""What a student has to do for an item to be completed: see it, hand in, take part, mark it done, reach points, or else."""

NativeLimit = Literal["groups", "assigned", "work", "grade", "profile", "dates", "other"]
"""What keeps some students out of an item: being in no such group, not having been assigned it, other work, a grade, something
in the profile, dates that differ, or else. Never which group and whose profile.
"""

LIMITS: tuple[NativeLimit, ...] = get_args(NativeLimit)
"""In the order in which they are told."""


# --- What a connection can do ------------------------------------------------------------------------------------------


class Capability(StrEnum):
    """What a platform's own API can be asked for. Pages show what a connection can do, and no button for the rest."""

    CONTENTS = "contents"
    """What a course holds."""

    RESULTS = "results"
    """Grades of the platform's own quizzes and assignments."""

    COMPLETION = "completion"
    """Which items the platform counts as completed, by student."""

    OUTCOMES = "outcomes"
    """The platform's own competencies: which items they belong to, and how students were rated."""

    GROUPS = "groups"
    """Groups and sections, and who is in them."""

    STUDENT_ACCESS = "student-access"
    """Dates of an item for one student, apart from the class's. The one thing that is written, and only when a teacher asks."""

    EVENTS = "events"
    """The platform tells of a new result by itself."""


class Lacking(StrEnum):
    """Why a connection cannot do something."""

    NOT_OFFERED = "not-offered"
    """This kind of platform has no such thing, or the tool no use for it."""

    NOT_PERMITTED = "not-permitted"
    """The access lacks a right: a scope of the key, a function of the service, a role of its account."""

    SWITCHED_OFF = "switched-off"
    """The platform has it and does not use it, as Moodle without competencies."""

    FAILED = "failed"
    """It was tried, and the platform answered in a way that says neither yes nor no."""


@dataclass(frozen=True, slots=True)
class Ability:
    """Whether a connection can do one thing; if not, why, and which scopes, functions or settings it ``needs``."""

    able: bool
    why: Lacking | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundOut:
    """What a connection was found able to do, for every capability. ``version`` is the platform's, as it says it.

    ``remarks`` are codes of things an administrator should know that take no capability away, such as ``includes-ignored``.
    """

    abilities: Mapping[Capability, Ability]
    version: str = ""
    remarks: tuple[str, ...] = ()


# --- What a course holds, and what students did ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NativeItem:
    """One item of a course, in the course's order. ``external_id`` stays when it is renamed or moved.

    ``url`` is where a person opens it (never a frame). ``result_key`` is what its results are asked by, absent if it has
    none. ``indent`` counts from 0. ``requirement`` is what the platform counts as completed, absent if nothing;
    ``requirement_points`` the points to reach, where it is a score. Nobody gets in before ``opens_at`` and from ``closes_at`` on;
    ``limits`` keep some students out besides.

    By the rest the tool recognises what it has put into the course itself: ``link_id`` is what launches call the LTI link that
    the item is, ``tool_url`` an address of the tool that it opens; ``bare`` is a place in the gradebook that nobody hands
    anything in to, as the columns are that tools make.
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
    requirement: NativeRequirement | None = None
    requirement_points: float | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    limits: tuple[NativeLimit, ...] = ()
    link_id: str | None = None
    tool_url: str | None = None
    bare: bool = False


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
    """An entry without a result that counts, and why. ``attempt`` as in a result; ``of_all``: it holds of every attempt."""

    result_key: str
    user_id: str
    why: NoResult
    attempt: int | None = None
    of_all: bool = False


@dataclass(frozen=True, slots=True)
class NativeResults:
    """What a gradebook says.

    ``results`` are the grades that count, at most one for each item and user; ``attempts`` each graded attempt by itself, where
    the platform tells them apart, else the same as ``results``; ``gaps`` the entries that are no result.
    """

    results: tuple[NativeResult, ...] = ()
    attempts: tuple[NativeResult, ...] = ()
    gaps: tuple[NativeGap, ...] = ()


@dataclass(frozen=True, slots=True)
class NativeCompletion:
    """That the platform counts an item as completed, or not any more, by one user; ``at`` is when, if it tells.

    ``passed`` is True or False where it has a mark to reach and says whether it was.
    """

    external_id: str
    user_id: str
    done: bool
    at: datetime | None = None
    passed: bool | None = None


@dataclass(frozen=True, slots=True)
class NativeOutcome:
    """A competency as the platform has it. ``code`` is what people call it, such as CCSS.MATH.7.NS.A.1; may be empty.

    ``identifiers`` are all names by which it can be recognised among the tool's competencies: GUIDs, id numbers, addresses.
    """

    outcome_id: str
    title: str
    code: str = ""
    description: str = ""
    identifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NativeAlignment:
    """That the platform has an item belong to an outcome. ``external_id`` is the item's."""

    outcome_id: str
    external_id: str


@dataclass(frozen=True, slots=True)
class NativeOutcomes:
    """A course's outcomes and which items they belong to."""

    outcomes: tuple[NativeOutcome, ...] = ()
    alignments: tuple[NativeAlignment, ...] = ()


@dataclass(frozen=True, slots=True)
class NativeRating:
    """How a user was rated on an outcome. ``source_id`` is the platform's name for this occasion: told again, it is the same.

    ``earned`` of ``possible`` points; ``mastered`` is the platform's own word, if it has one. ``external_id`` is the item the
    rating came from, absent for a rating by itself.
    """

    source_id: str
    outcome_id: str
    user_id: str
    earned: Decimal
    possible: Decimal
    at: datetime
    mastered: bool | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class NativePerson:
    """Who a launch's ``subject`` (the ``sub`` of LTI messages) is to the platform's own API."""

    user_id: str
    subject: str


@dataclass(frozen=True, slots=True)
class NativeGroup:
    """A group or section of a course and who is in it. ``set_name`` names what it is one of, such as *Project groups*."""

    group_id: str
    name: str
    user_ids: frozenset[str]
    set_name: str = ""
    section: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """When a student may do an item. None leaves that date as the class has it."""

    due_at: datetime | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None


WINDOW_DATES = frozenset({"due_at", "opens_at", "closes_at"})
"""The dates of a window by name."""


@dataclass(frozen=True, slots=True)
class WindowGiven:
    """A window as the platform keeps it: its ``external_id`` there, and in ``before`` what ``take_window_back`` needs to put
    back what stood there.
    """

    external_id: str
    before: Mapping[str, Any] = field(default_factory=dict)


# --- Trouble -----------------------------------------------------------------------------------------------------------


class NativeTrouble(PlatformTrouble):
    """A platform's own API did not answer, or said no. ``temporary`` says whether waiting can help."""

    code = "api-trouble"
    temporary = False


class ApiTokenRefused(NativeTrouble):
    """The token is dead: revoked, expired, or of a deleted user."""

    code = "api-token-refused"
    title = N_("Your LMS no longer accepts this tool's access to its content")
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
    title = N_("Your LMS did not find this course")
    advice = N_(
        "Open the tool once more from the course. If it stays like this, ask your administrator whether the tool is "
        "connected to the right platform."
    )


class ApiBusy(NativeTrouble):
    """The platform asks to go slower, longer than a page can wait."""

    code = "api-busy"
    title = N_("Your LMS is busy")
    advice = N_("Wait a few minutes and try again. What was read before is kept.")
    temporary = True


class ApiUnreachable(NativeTrouble):
    """No answer, or not in time."""

    code = "api-unreachable"
    title = N_("Your LMS cannot be reached")
    advice = N_("Wait a minute and try again. What was read before is kept.")
    temporary = True


class ApiUnreadable(NativeTrouble):
    """An answer that makes no sense, or leads elsewhere."""

    code = "api-unreadable"
    title = N_("Your LMS's answer could not be understood")
    advice = N_("What was read before is kept. If it happens again, give your administrator the reference code below.")


class ApiNotOffered(NativeTrouble):
    """The platform's own API, or this access to it, has no such thing."""

    code = "api-not-offered"
    title = N_("Your LMS does not offer this to the tool")
    advice = N_(
        "What this connection can do stands on the page Content and results. An administrator may be able to extend it."
    )


class ApiConsentNeeded(NativeTrouble):
    """Nobody has given the tool an access that is good for this course, or it ended."""

    code = "api-consent-needed"
    title = N_("The tool needs a teacher's permission to read this course")
    advice = N_(
        "A teacher of the course opens Content and results and chooses Connect. What was read before is kept, and any address "
        "can be added by pasting it."
    )


class ApiDatesRefused(NativeTrouble):
    """Dates for one student that the platform does not take."""

    code = "api-dates-refused"
    title = N_("Your LMS did not accept these dates")
    advice = N_(
        "Check that the item and the student are still in the course, and that the item opens before it is due and is due "
        "before it closes. Nothing was changed."
    )


# --- The port ----------------------------------------------------------------------------------------------------------


class NativeConnector:
    """One access to one platform's own API: the port that ``content`` asks. Each LMS's connector overrides what it can do.

    ``course_id`` and ``user_ids`` are the platform's own, as its API calls them; ids it cannot have are left out. Every call
    may take seconds, and raises NativeTrouble. What is read for many users comes in batches, so that memory does not grow with
    the course; a batch holds all that is told of each pair of item and user in it, however many attempts that are.
    """

    offers: frozenset[Capability] = frozenset()
    """What this kind of platform can do at all. What one access may do is found out, and can be less."""

    site_url: str | None = None
    """Where people open the platform's pages, if that is another host than the API's."""

    async def find_out(self, course_id: str | None) -> FoundOut:
        """What this access can do, in this course or (None) as far as it can be known without one.

        Raises ApiTokenRefused, ApiUnreachable, ApiBusy and ApiUnreadable: when the platform cannot be asked at all.
        """
        lacking = Ability(False, Lacking.NOT_OFFERED)
        return FoundOut({one: Ability(True) if one in self.offers else lacking for one in Capability})

    async def read_contents(self, course_id: str) -> NativeContents:
        """Everything a course holds, in its order."""
        raise ApiNotOffered("no contents")

    def results(
        self,
        course_id: str,
        result_keys: Collection[str],
        user_ids: Collection[str],
        *,
        since: datetime | None = None,
    ) -> AsyncIterator[NativeResults]:
        """What the gradebook says of these users and items, in batches; with ``since`` at least what has changed from then on."""
        raise ApiNotOffered("no results")

    async def read_results(
        self, course_id: str, result_keys: Collection[str], user_ids: Collection[str]
    ) -> NativeResults:
        """The batches of ``results`` in one; for a few users."""
        found = [batch async for batch in self.results(course_id, result_keys, user_ids)]
        return NativeResults(
            tuple(one for each in found for one in each.results),
            tuple(one for each in found for one in each.attempts),
            tuple(one for each in found for one in each.gaps),
        )

    def completions(self, course_id: str, user_ids: Collection[str]) -> AsyncIterator[tuple[NativeCompletion, ...]]:
        """What the platform counts as completed by these users, in batches."""
        raise ApiNotOffered("no completion")

    async def read_outcomes(self, course_id: str) -> NativeOutcomes:
        """The course's outcomes and what they belong to."""
        raise ApiNotOffered("no outcomes")

    def ratings(
        self, course_id: str, outcome_ids: Collection[str], user_ids: Collection[str]
    ) -> AsyncIterator[tuple[NativeRating, ...]]:
        """How these users were rated on these outcomes, in batches."""
        raise ApiNotOffered("no outcomes")

    async def read_people(self, course_id: str) -> tuple[NativePerson, ...]:
        """The course's students, where the API calls people otherwise than launches do, and tells both; else nobody."""
        return ()

    async def read_groups(self, course_id: str) -> tuple[NativeGroup, ...]:
        """The course's groups and sections."""
        raise ApiNotOffered("no groups")

    def window_dates(self, kind: NativeKind, url: str | None) -> frozenset[str]:
        """Which dates of a Window the platform keeps for one student on an item of this kind, which opens at ``url``, by their
        names; empty: none.
        """
        return WINDOW_DATES

    async def give_window(self, course_id: str, result_key: str, user_id: str, window: Window) -> WindowGiven:
        """Let one student do one item at other times than the class."""
        raise ApiNotOffered("no student access")

    async def take_window_back(self, course_id: str, result_key: str, user_id: str, given: WindowGiven) -> None:
        """Put back what stood before ``give_window``; what is gone there already is no trouble."""
        raise ApiNotOffered("no student access")
