"""What /metrics says about grades. The gauges are brought up to date by ``measure``, which whoever serves them calls."""

from datetime import datetime, timedelta

from prometheus_client import Counter, Gauge, Histogram

from lti_tool.db.session import Database
from lti_tool.grades import claims

OLDEST = Gauge(
    "lti_tool_oldest_undelivered_score_seconds",
    "How long the oldest score has been owed that is still on its way; 0 when there is none.",
)
DUE = Gauge("lti_tool_scores_on_their_way", "Scores that are owed to an LMS and still to be delivered.")
DUE_OF = Gauge(
    "lti_tool_registration_scores_on_their_way",
    "The same for each platform, by the registration's id.",
    ["registration"],
)
OLDEST_OF = Gauge(
    "lti_tool_registration_oldest_undelivered_score_seconds",
    "How long the oldest score of each platform has been owed that is still on its way, by the registration's id.",
    ["registration"],
)
PAUSED = Gauge(
    "lti_tool_registration_paused",
    "1 while nothing is sent to a platform that is down or asks for patience, by the registration's id.",
    ["registration"],
)
DELIVERED = Counter("lti_tool_scores_delivered", "Scores that an LMS has accepted.")
FAILED = Counter("lti_tool_score_failures", "Attempts that did not deliver their score, by code.", ["code"])
SECONDS = Histogram(
    "lti_tool_score_delivery_seconds",
    "From the moment a score is owed until the LMS has accepted it.",
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400),
)


def delivered(after: timedelta) -> None:
    """Count a delivery that took this long from the moment the score was owed."""
    DELIVERED.inc()
    SECONDS.observe(max(after.total_seconds(), 0))


def failed(code: str) -> None:
    """Count an attempt that failed."""
    FAILED.labels(code=code).inc()


async def measure(database: Database, now: datetime) -> None:
    """Read the gauges from the ledger. A platform is in them once something was sent, or is to be sent, to it."""
    async with database.reading() as session:
        waiting = await claims.on_their_way(session)
        paused = await claims.paused(session, now)
    ages = {one: max((now - oldest).total_seconds(), 0) for one, (_, oldest) in waiting.items()}
    DUE.set(sum(count for count, _ in waiting.values()))
    OLDEST.set(max(ages.values(), default=0))
    for gauge in (DUE_OF, OLDEST_OF, PAUSED):
        # One that was removed is said nothing more of.
        gauge.clear()
    for registration_id in waiting.keys() | paused.keys():
        label = str(registration_id)
        DUE_OF.labels(registration=label).set(waiting[registration_id][0] if registration_id in waiting else 0)
        OLDEST_OF.labels(registration=label).set(ages.get(registration_id, 0))
        PAUSED.labels(registration=label).set(paused.get(registration_id, False))
