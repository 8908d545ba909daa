"""What a teacher's page shows of readings: how far one has come, what the last one found, and what to do about trouble."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content import rules as content_rules
from lti_tool.content.connectors import ConnectedElsewhere, NoConnector, NotConnected
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.content.secrets import Unsealable
from lti_tool.content.sync import queries, rules
from lti_tool.content.sync_models import CourseSync, SyncPhase
from lti_tool.courses.freshness import ReadingFailed
from lti_tool.courses.models import Course
from lti_tool.errors import ToolError
from lti_tool.platforms.native import (
    ApiBusy,
    ApiConsentNeeded,
    ApiCourseNotFound,
    ApiNotOffered,
    ApiNotPermitted,
    ApiTokenRefused,
    ApiUnreachable,
    ApiUnreadable,
)
from lti_tool.web.i18n import N_

PHASES = {
    SyncPhase.IDLE: N_("It begins in a moment"),
    SyncPhase.WAITING: N_("It begins"),
    SyncPhase.CONTENTS: N_("Reading what the course holds"),
    SyncPhase.GROUPS: N_("Reading who is in the course and its groups"),
    SyncPhase.RESULTS: N_("Reading results"),
    SyncPhase.COMPLETION: N_("Reading what is completed"),
    SyncPhase.OUTCOMES: N_("Reading competencies and ratings"),
}
"""What a reading is busy with; message ids."""

PARTS = {
    SyncPhase.CONTENTS: N_("What the course holds"),
    SyncPhase.GROUPS: N_("People and groups"),
    SyncPhase.RESULTS: N_("Results"),
    SyncPhase.COMPLETION: N_("What is completed"),
    SyncPhase.OUTCOMES: N_("Competencies and ratings"),
}
"""Parts of a course that can fail by themselves; message ids."""

_ERRORS: Mapping[str, type[ToolError]] = {
    one.code: one
    for one in (
        ApiBusy,
        ApiConsentNeeded,
        ApiCourseNotFound,
        ApiNotOffered,
        ApiNotPermitted,
        ApiTokenRefused,
        ApiUnreachable,
        ApiUnreadable,
        NoConnector,
        NotConnected,
        ReadingFailed,
        Unsealable,
    )
}

SOURCES = {
    "platform": N_("From your LMS"),
    "file": N_("From a file of the course"),
    "gradebook": N_("From a gradebook export"),
    "address": N_("Pasted addresses"),
    "check": N_("Checks of this tool"),
    "missing": N_("Not found after the course was copied"),
}
"""Where items come from; message ids."""

_PREFIXES = {
    **dict.fromkeys(content_rules.FILE_SOURCES, "file"),
    content_rules.GRADEBOOK_SOURCE: "gradebook",
    content_rules.ADDRESS_SOURCE: "address",
    content_rules.CHECK_SOURCE: "check",
    content_rules.MISSING_SOURCE: "missing",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the reading of a course stands. Of people and results that are ``aside`` there are that many."""

    busy: bool = False
    """Somebody reads it now, or will in a moment."""

    phase: SyncPhase = SyncPhase.IDLE
    done: int = 0
    total: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    tried_again_at: datetime | None = None
    trouble: str | None = None
    counts: Counter[str] = field(default_factory=Counter)
    """What the last reading found, by name; what it did not find is nought."""

    parts: Mapping[SyncPhase, str] = field(default_factory=dict)
    aside: int = 0
    aside_people: int = 0

    @property
    def words(self) -> str:
        """What it is busy with; a message id."""
        return PHASES[self.phase]

    @property
    def share(self) -> int | None:
        """How much of what it is busy with is done, in hundredths."""
        return rules.share(self.done, self.total)


async def standing(session: AsyncSession, course: Course, now: datetime) -> Standing:
    """Where the reading of a course stands now."""
    row = await queries.state(session, course.organisation_id, course.id)
    aside, people = await queries.count_aside(session, course.organisation_id, course.id)
    if row is None:
        return Standing(aside=aside, aside_people=people)
    return shown(row, now, aside, people)


def shown(row: CourseSync, now: datetime, aside: int = 0, people: int = 0) -> Standing:
    """A course's row as a page shows it."""
    reading = not rules.is_free(row.lease, row.lease_until, now)
    waits = row.due_at is not None and row.due_at <= now
    return Standing(
        busy=reading or waits,
        phase=row.phase if reading else SyncPhase.IDLE,
        done=row.done if reading else 0,
        total=row.total if reading else 0,
        started_at=row.started_at,
        finished_at=row.finished_at,
        tried_again_at=row.due_at if row.trouble is not None and not reading and not waits else None,
        trouble=row.trouble,
        counts=Counter(rules.counts_of(row.report)),
        parts=rules.troubles_of(row.report),
        aside=aside,
        aside_people=people,
    )


def error_of(code: str) -> ToolError | None:
    """The error that a code stands for, for its words; None for one whose words need more than a code."""
    if code == ConnectedElsewhere.code:
        return None
    return _ERRORS.get(code, ReadingFailed)()


def source_of(item: ContentItem) -> str:
    """Where an item comes from: a name of ``SOURCES``."""
    prefix = item.external_id.partition(":")[0] + ":"
    return _PREFIXES.get(prefix, "platform")


def sources(items: Iterable[ContentItem]) -> list[tuple[str, int]]:
    """How many items come from where: message ids and counts, in a steady order; headings are none."""
    counted = Counter(source_of(item) for item in items if item.kind is not ItemKind.HEADING)
    return [(SOURCES[name], counted[name]) for name in SOURCES if counted[name]]
