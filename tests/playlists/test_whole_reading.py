"""One reading of a course, with everything that takes something from it: steps, outcomes, evidence; on both databases."""

from datetime import timedelta
from decimal import Decimal

from lti_tool.app import TAKERS
from lti_tool.clock import ManualClock
from lti_tool.competencies import lms_deciding, lms_page
from lti_tool.content.sync.engine import Reader
from lti_tool.db.session import Database
from lti_tool.mastery import queries as mastery_queries
from lti_tool.platforms.native import (
    NativeAlignment,
    NativeCompletion,
    NativeItem,
    NativeOutcome,
    NativeOutcomes,
    NativeRating,
)
from lti_tool.playlists import service
from lti_tool.playlists.editing import Terms
from lti_tool.playlists.models import DoneBy, StepState
from tests.content.platform import Connections, Platform
from tests.mastery.world import World, world
from tests.playlists.seed import NOW
from tests.playlists.test_service import assigned

ADA = "student-0"


def the_platform(made: World) -> Platform:
    """What the LMS has: the school's page, quiz and essay; the page is completed, the quiz done; two ratings on one outcome."""
    kinds = {"page": "page", "quiz": "quiz", "essay": "assignment"}
    items = [
        NativeItem(made.item(key).external_id, kind, made.item(key).title, result_key=made.item(key).result_key)  # type: ignore[arg-type]
        for key, kind in kinds.items()
    ]
    platform = Platform(items=items)
    platform.completed = (
        NativeCompletion(made.item("page").external_id, ADA, done=True, at=NOW),
        NativeCompletion(made.item("quiz").external_id, ADA, done=True, at=NOW),
    )
    # The framework of this world knows its competencies by their codes.
    platform.outcomes = NativeOutcomes(
        (NativeOutcome("11", "Halves", "", "", ("F.1",)),), (NativeAlignment("11", made.item("quiz").external_id),)
    )
    platform.rated = (
        NativeRating("by-quiz", "11", ADA, Decimal(3), Decimal(4), NOW, external_id=made.item("quiz").external_id),
        NativeRating("alone", "11", ADA, Decimal(4), Decimal(4), NOW, mastered=True),
    )
    platform.grade(ADA, made.item("quiz").result_key or "", 60, NOW)
    return platform


async def test_what_the_lms_tells_comes_to_where_it_belongs(database: Database, clock: ManualClock) -> None:
    clock.move(timedelta(days=1))
    async with database.writing() as session:
        made = await world(session)
        await assigned(session, made.school, Terms(has_column=True))
    reader = Reader(database, Connections(the_platform(made)), TAKERS, clock)  # type: ignore[arg-type]

    async def read() -> dict[str, int]:
        report = await reader.read(made.course)
        assert report is not None
        assert report.troubles == {}
        clock.move(timedelta(hours=1))
        return dict(report.counts)

    async def evidence() -> list[str]:
        async with database.reading() as session:
            found = await mastery_queries.evidence_of(session, made.id, made.course.id, made.ada.id, voided=False)
            return sorted(row.presentation for row in found)

    counts = await read()
    assert (counts["completions"], counts["outcomes"], counts.get("ratings", 0)) == (2, 1, 0)
    async with database.reading() as session:
        [path] = await service.paths_of_person(session, made.course, made.ada.id, clock.now())
        page, quiz, _ = (step.standing for step in path.steps)
        # The page is completed in the LMS; the quiz waits for 70 %, whatever the LMS calls completed.
        assert (page.state, page.done_by, page.done_at) == (StepState.DONE, DoneBy.LMS, NOW)
        assert (quiz.state, quiz.result_percent) == (StepState.OPENED, 60)
        found = await lms_page.page(session, made.course)
    assert await evidence() == []
    [offered] = found.offered
    assert (offered.meant.code, offered.item.id) == ("F.1", made.item("quiz").id)

    teacher = made.school.teacher.id
    async with database.writing() as session:
        await lms_deciding.accept(session, made.course, {offered.id: offered.role}, teacher, clock.now())
        await lms_deciding.ratings(session, made.course, found.outcomes[0].row.id, teacher, clock.now(), count=True)
    for _ in range(2):
        counts = await read()
        assert counts["ratings"] == 2
        # The quiz's own score counts, and the rating that comes from it not beside it.
        assert await evidence() == ["lms-rating:alone", "lms:17:-"]
