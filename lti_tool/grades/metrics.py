"""What /metrics says about grades. The two gauges are brought up to date by ``measure``, which whoever serves them calls."""

from datetime import datetime, timedelta

from prometheus_client import Counter, Gauge, Histogram

from lti_tool.db.session import Database
from lti_tool.grades import claims

OLDEST = Gauge(
    "lti_tool_oldest_undelivered_score_seconds",
    "How long the oldest score has been owed that is still on its way; 0 when there is none.",
)
DUE = Gauge("lti_tool_scores_on_their_way", "Scores that are owed to an LMS and still to be delivered.")
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
    """Read the gauges from the ledger."""
    async with database.reading() as session:
        count, oldest = await claims.on_their_way(session)
    DUE.set(count)
    OLDEST.set(0 if oldest is None else max((now - oldest).total_seconds(), 0))
