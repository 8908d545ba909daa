"""What an LMS says of its outcomes, for tests: of the course in ``aligned``, whose standards it knows by other ids."""

from collections.abc import Collection
from datetime import datetime

from lti_tool.competencies import lms_outcomes, lms_queries
from lti_tool.competencies.lms_models import LmsAlignment, LmsOutcome
from lti_tool.content.ports import NativeAlignment, NativeOutcome, NativeOutcomes
from lti_tool.db.session import Database
from tests.competencies.aligned import ITEMS, Mapped
from tests.playlists.seed import NOW

QUIZ, WALLS, TEST, COMPARING = "Quiz 4.NF.1", "Fraction walls", "Unit test", "Comparing fractions"

EQUIVALENCE = NativeOutcome(
    "11", "Equivalence", "4.NF.A.1", "Explain why fractions are equivalent.", ("id of 4.NF.A.1",)
)
COMPARE = NativeOutcome("12", "Comparing", "4.NF.A.2")
REASONING = NativeOutcome("13", "Mathematical reasoning", "", "Say why.", ("urn:x:reasoning",))


def aligned(outcome: NativeOutcome, title: str) -> NativeAlignment:
    """That the LMS has an item belong to an outcome."""
    place = next(place for place, (_, one, _) in enumerate(ITEMS) if one == title)
    return NativeAlignment(outcome.outcome_id, f"canvas:module-item:{place}")


USUAL = NativeOutcomes(
    (EQUIVALENCE, COMPARE, REASONING),
    (aligned(EQUIVALENCE, QUIZ), aligned(EQUIVALENCE, WALLS), aligned(COMPARE, COMPARING), aligned(REASONING, TEST)),
)


async def take(
    database: Database, mapped: Mapped, told: NativeOutcomes = USUAL, now: datetime = NOW
) -> Collection[str]:
    """Have the LMS say so."""
    return await lms_outcomes.take_outcomes(database, mapped.course, told, now)


async def outcomes(database: Database, mapped: Mapped) -> dict[str, LmsOutcome]:
    """The outcomes as they stand, by the LMS's id."""
    async with database.reading() as session:
        rows = await lms_queries.outcomes(session, mapped.course.organisation_id, mapped.course.id)
        session.expunge_all()
        return {row.outcome_id: row for row in rows}


async def alignments(database: Database, mapped: Mapped) -> dict[tuple[str, str], LmsAlignment]:
    """What the LMS aligns, as it stands, by the LMS's id of the outcome and the item's title."""
    ids = {row.id: key for key, row in (await outcomes(database, mapped)).items()}
    titles = {item.id: title for title, item in mapped.items.items()}
    async with database.reading() as session:
        rows = await lms_queries.alignments(session, mapped.course.organisation_id, mapped.course.id)
        session.expunge_all()
        return {(ids[row.lms_outcome_id], titles[row.content_item_id]): row for row in rows}
