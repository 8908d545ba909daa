"""When a course is read, from when on its results are asked for, and what is waited for after trouble. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lti_tool.content.sync_models import SyncPhase

EVERY = timedelta(minutes=15)
"""How soon a course that somebody works in is read again by itself."""

SELDOM = timedelta(hours=12)
"""How soon one is that nobody has opened for ``QUIET``."""

QUIET = timedelta(days=7)
AT_REST = timedelta(days=120)
"""A course that nobody has opened for that long is not read by itself any more; whoever opens it has it read."""

WHOLE_EVERY = timedelta(days=1)
"""How old what is known of all results may be. An excuse, or a grade that was taken back, changes no date, so that only a
reading of everything finds it."""

OVERLAP = timedelta(minutes=15)
"""By how much readings of new results overlap: the platform's clock is not ours, and what it tells comes a little late."""

LEASE = timedelta(seconds=90)
"""How long a reading lives without a sign of life; then another process may take it over."""

SIGN_OF_LIFE = timedelta(seconds=30)
"""How often a reading gives one, whatever the platform does."""

SKEW = timedelta(minutes=1)
"""How far the clocks of machines that share a database may be apart. A lease that ends later than this allows was given by a
clock that has gone back since, and binds nobody."""

JUST_READ = timedelta(seconds=15)
"""Contents that are younger are not read once more when the rest of the course is."""

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
SPREAD = 0.2
"""The share by which pauses differ by chance, so that courses that began together do not stay together."""

FOR_PEOPLE = frozenset(
    {
        "api-token-refused",
        "api-consent-needed",
        "api-course-not-found",
        "connected-elsewhere",
        "no-connector",
        "not-connected",
        "secret-changed",
    }
)
"""Troubles that waiting does not mend: somebody has to do something, and until then the platform is left in peace."""


@dataclass
class Report:
    """What a reading found, as counts by name; ``troubles`` are error codes of parts that could not be read, by part."""

    counts: dict[str, int] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, number: int = 1) -> None:
        """Count ``number`` more."""
        if number:
            self.counts[name] = self.counts.get(name, 0) + number

    def as_json(self) -> dict[str, object]:
        """As it is kept."""
        return {**self.counts, **({"troubles": dict(self.troubles)} if self.troubles else {})}


def is_free(lease: str | None, lease_until: datetime | None, now: datetime) -> bool:
    """Whether nobody reads a course now, or whoever did is dead."""
    return lease is None or lease_until is None or not now < lease_until <= now + LEASE + SKEW


def spread(pause: timedelta, chance: float) -> timedelta:
    """A pause made a little shorter or longer; ``chance`` is 0 to 1."""
    return pause * (1 + SPREAD * (2 * chance - 1))


def after_success(opened_at: datetime | None, now: datetime, chance: float) -> datetime | None:
    """When a course is read next by itself that somebody last ``opened``; None: not before somebody comes."""
    away = AT_REST if opened_at is None else now - opened_at
    if away >= AT_REST:
        return None
    return now + spread(EVERY if away < QUIET else SELDOM, chance)


def after_failure(trouble: str, failures: int, now: datetime, chance: float) -> datetime | None:
    """When it is tried again after ``failures`` in a row, at least one; None where somebody has to do something first."""
    if trouble in FOR_PEOPLE:
        return None
    return now + spread(min(FIRST_PAUSE * 2 ** min(failures - 1, 20), LONGEST_PAUSE), chance)


def is_whole(whole_at: datetime | None, results_since: datetime | None, now: datetime, *, asked: bool) -> bool:
    """Whether all results are read, or only new ones. A clock that went back knows of no new ones."""
    if asked or whole_at is None or results_since is None:
        return True
    return not timedelta(0) <= now - whole_at < WHOLE_EVERY or results_since > now


def is_old(finished_at: datetime | None, now: datetime) -> bool:
    """Whether somebody who comes in has the course read. What was read in the future was not (a clock that went back)."""
    return finished_at is None or not timedelta(0) <= now - finished_at < EVERY


def share(done: int, total: int) -> int | None:
    """How much of a phase is done, in hundredths; None where nobody knows."""
    return None if total <= 0 else max(0, min(100, done * 100 // total))


def counts_of(report: Mapping[str, object]) -> dict[str, int]:
    """The counts of a report as it is kept."""
    return {name: value for name, value in report.items() if isinstance(value, int) and not isinstance(value, bool)}


def troubles_of(report: Mapping[str, object]) -> dict[SyncPhase, str]:
    """The troubles of a report as it is kept, by part; what is none of ours is left out."""
    told = report.get("troubles")
    if not isinstance(told, Mapping):
        return {}
    phases = {phase.value: phase for phase in SyncPhase}
    return {phases[part]: code for part, code in told.items() if part in phases and isinstance(code, str)}
