"""Results of the LMS become evidence, on both databases: what counts, when, for what, and what is taken back."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from lti_tool.clock import ManualClock
from lti_tool.competencies.models import AlignmentRole
from lti_tool.content.ports import NoResult
from lti_tool.content.service import Gradebook, ItemGap, ItemResult
from lti_tool.content.sync.engine import Reader
from lti_tool.content.sync.rules import Report
from lti_tool.content.sync.wishes import wish
from lti_tool.content.taking import Takers
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.mastery import explaining, queries, reading, service
from lti_tool.mastery.entries import TAKEN_BACK, TOLD_BY_LMS, UNALIGNED, Entry
from lti_tool.mastery.models import Evidence, EvidenceSource, MasteryState, Standing
from tests.content.conftest import CUSTOM, Canvas, assignment, connect_school, course_of, item, submission
from tests.courses.school import come_in
from tests.courses.site import Site, a_site
from tests.mastery.world import DAY, World, align, world
from tests.playlists.seed import NOW


def result(
    made: World,
    percent: float,
    done: datetime = NOW,
    *,
    key: str = "quiz",
    attempt: int | None = 1,
    person: int = 0,
    graded: datetime | None = None,
) -> ItemResult:
    return ItemResult(
        made.item(key).id,
        made.school.students[person].id,
        percent,
        graded or done,
        Decimal(str(percent)) / 10,
        Decimal(10),
        attempt,
        done,
        made.item(key).result_key or "",
    )


def gap(made: World, why: NoResult, attempt: int | None = 1, key: str = "quiz") -> ItemGap:
    return ItemGap(made.item(key).id, made.ada.id, why, attempt, made.item(key).result_key or "")


async def taken(
    database: Database, made: World, *results: ItemResult, gaps: tuple[ItemGap, ...] = (), now: datetime | None = None
) -> reading.Taken:
    return await reading.take_gradebook(database, made.course, Gradebook(results, results, gaps), now or NOW + 30 * DAY)


async def evidence(database: Database, made: World, *, voided: bool = False) -> list[Evidence]:
    async with database.reading() as session:
        return await queries.evidence_of(session, made.id, made.course.id, made.ada.id, voided=voided)


async def state(database: Database, made: World, code: str = "F.1") -> MasteryState | None:
    async with database.reading() as session:
        return await queries.state(session, made.id, made.course.id, made.ada.id, made.competencies[code].id)


async def test_a_result_counts_for_what_its_item_assesses(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        await align(session, made, "quiz", "F.1", weight=Decimal(2), passing_percent=70.0, mixed=True)
        await align(session, made, "quiz", "F.2", AlignmentRole.PRACTISES)
        await align(session, made, "essay", "F.3", AlignmentRole.TEACHES)
    done = await taken(database, made, result(made, 75), result(made, 90, key="essay"))
    assert done == reading.Taken(new=1)
    [row] = await evidence(database, made)
    assert (row.competency_id, row.source) == (made.competencies["F.1"].id, EvidenceSource.LMS)
    assert (row.earned, row.possible, row.passing_percent, row.weight) == (Decimal("7.5"), 10, 70, 2)
    assert (row.whole, row.shared, row.mixed, row.first, row.dated) == (True, False, True, True, True)
    assert (row.observed_at, row.learned_at, row.entered_by) == (NOW, NOW + 30 * DAY, None)
    found = await state(database, made)
    assert found is not None
    assert found.standing is Standing.SECURE
    told = explaining.sentence(found, NOW + DAY)
    assert "the passing mark reached on your latest task" in told
    # Once more is nothing new.
    assert await taken(database, made, result(made, 75)) == reading.Taken()


async def test_practice_counts_where_the_course_says_so(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        made.course_map.practice_counts = True
        session.add(made.course_map)
        await align(session, made, "quiz", "F.2", AlignmentRole.PRACTISES)
    assert await taken(database, made, result(made, 90)) == reading.Taken(new=1)


async def test_a_whole_score_for_several_competencies_says_so_and_secures_none(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        for code in ("F.1", "F.2"):
            await align(session, made, "quiz", code)
    await taken(database, made, result(made, 100))
    rows = await evidence(database, made)
    assert len(rows) == 2
    assert {row.shared for row in rows} == {True}
    for code in ("F.1", "F.2"):
        found = await state(database, made, code)
        assert found is not None
        assert found.standing is Standing.DEVELOPING


async def test_a_second_task_has_to_be_passed_where_there_is_one(database: Database) -> None:
    """By hand: the passing mark on the latest task alone is not enough when a second task is aligned."""
    async with database.writing() as session:
        made = await world(session)
        await align(session, made, "quiz", "F.1")
        await align(session, made, "essay", "F.1")
    await taken(database, made, result(made, 90))
    found = await state(database, made)
    assert found is not None
    assert found.standing is Standing.DEVELOPING
    await taken(database, made, result(made, 90), result(made, 85, NOW + DAY, key="essay"))
    found = await state(database, made)
    assert found is not None
    assert found.standing is Standing.SECURE


async def test_what_happened_first_counts_first_whenever_it_was_graded(database: Database) -> None:
    """Two tasks graded in the other order: the one handed in last is the latest."""
    async with database.writing() as session:
        made = await world(session)
        await align(session, made, "quiz", "F.1")
        await align(session, made, "essay", "F.1")
    late_graded = result(made, 20, NOW, graded=NOW + 20 * DAY)
    await taken(database, made, result(made, 90, NOW + DAY, key="essay"))
    await taken(database, made, late_graded)
    rows = await evidence(database, made)
    assert [(row.observed_at, row.earned) for row in rows] == [(NOW + DAY, 9), (NOW, 2)]
    found = await state(database, made)
    assert found is not None
    assert (found.latest_at, found.standing) == (NOW + DAY, Standing.DEVELOPING)


async def test_a_regrade_replaces_and_a_resubmission_is_new(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        await align(session, made, "quiz", "F.1")
    await taken(database, made, result(made, 40))
    await taken(database, made, result(made, 60, graded=NOW + 5 * DAY))
    assert [row.earned for row in await evidence(database, made)] == [6]
    await taken(database, made, result(made, 60), result(made, 90, NOW + DAY, attempt=2))
    assert [row.earned for row in await evidence(database, made)] == [9, 6]
    assert len(await evidence(database, made, voided=True)) == 3


async def test_the_passing_mark_is_frozen_when_the_result_comes(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        aligned = await align(session, made, "quiz", "F.1", passing_percent=50.0)
    await taken(database, made, result(made, 55))
    async with database.writing() as session:
        aligned.passing_percent = 90.0
        session.add(aligned)
    assert await taken(database, made, result(made, 55)) == reading.Taken()
    await taken(database, made, result(made, 55), result(made, 55, NOW + DAY, attempt=2))
    assert [row.passing_percent for row in await evidence(database, made)] == [90, 50]


@pytest.mark.parametrize(
    ("why", "attempt", "void"),
    [
        (NoResult.EXCUSED, 2, True),
        (NoResult.UNGRADED, 1, True),
        (NoResult.MISSING, 1, True),
        (NoResult.BLANK, 1, True),
        (NoResult.UNGRADED, 2, False),
        (NoResult.WAITING, 1, False),
        (NoResult.HIDDEN, 1, False),
    ],
)
async def test_what_is_excused_or_ungraded_afterwards_is_taken_back(
    database: Database, why: NoResult, attempt: int, void: bool
) -> None:
    async with database.writing() as session:
        made = await world(session)
        await align(session, made, "quiz", "F.1")
    await taken(database, made, result(made, 90))
    done = await taken(database, made, gaps=(gap(made, why, attempt),))
    assert done == reading.Taken(taken_back=int(void))
    [row] = await evidence(database, made, voided=True)
    assert row.void_reason == (TAKEN_BACK if void else None)
    assert (await state(database, made) is None) is void
    # It comes back when the platform says it again, without a trace of the gap in the level.
    await taken(database, made, result(made, 90))
    [row] = await evidence(database, made)
    assert (row.earned, row.revision) == (9, 2 if void else 1)


async def test_where_no_attempt_has_a_grade_any_more_all_are_taken_back(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        await align(session, made, "quiz", "F.1")
    await taken(database, made, result(made, 90), result(made, 40, attempt=2))
    assert await taken(database, made, gaps=(gap(made, NoResult.UNGRADED, None),)) == reading.Taken()
    everything = replace(gap(made, NoResult.UNGRADED, None), of_all=True)
    assert await taken(database, made, gaps=(everything,)) == reading.Taken(taken_back=2)
    assert await state(database, made) is None
    # What waits, or is hidden, is no evidence against what was there.
    await taken(database, made, result(made, 90))
    waiting = replace(gap(made, NoResult.WAITING, None), of_all=True)
    assert await taken(database, made, gaps=(waiting,)) == reading.Taken()


async def test_gaps_alone_are_never_evidence(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        await align(session, made, "quiz", "F.1")
    assert await taken(database, made, gaps=tuple(gap(made, why) for why in NoResult)) == reading.Taken()
    assert await evidence(database, made, voided=True) == []


async def test_one_work_in_two_places_of_the_course_is_one_piece_of_evidence(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        made.item("essay").result_key = "17"
        session.add(made.item("essay"))
        await align(session, made, "quiz", "F.1")
        await align(session, made, "essay", "F.1")
    await taken(database, made, result(made, 90), result(made, 90, key="essay"))
    assert len(await evidence(database, made)) == 1


async def test_an_item_aligned_later_brings_in_what_is_known_already(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        await align(session, made, "essay", "F.1")
    known = (result(made, 90), result(made, 50, NOW + 3 * DAY, key="essay"))
    await taken(database, made, *known)
    async with database.writing() as session:
        await align(session, made, "quiz", "F.1")
    await taken(database, made, *known)
    assert [row.earned for row in await evidence(database, made)] == [5, 9]


async def test_evidence_stays_when_an_alignment_goes_unless_the_teacher_takes_it_back(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        aligned = await align(session, made, "quiz", "F.1")
    await taken(database, made, result(made, 90))
    async with database.writing() as session:
        await session.delete(aligned)
    await taken(database, made, result(made, 90))
    assert len(await evidence(database, made)) == 1
    async with database.writing() as session:
        pair = (made.item("quiz").id, made.competencies["F.1"].id)
        taken_back = await reading.take_back_alignment(session, made.course, [pair], NOW + DAY, made.school.teacher.id)
    assert taken_back == 1
    after = await state(database, made)
    assert after is None or after.standing is Standing.NOT_STARTED
    [row] = await evidence(database, made, voided=True)
    assert row.void_reason == UNALIGNED
    async with database.writing() as session:
        await align(session, made, "quiz", "F.1")
    await taken(database, made, result(made, 90))
    assert [row.revision for row in await evidence(database, made)] == [2]


async def test_a_platforms_clock_that_is_ahead_makes_no_evidence_of_the_future(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        await align(session, made, "quiz", "F.1")
    await taken(database, made, result(made, 90, NOW + 90 * DAY), now=NOW)
    assert [row.observed_at for row in await evidence(database, made)] == [NOW]


async def test_what_a_teacher_voided_does_not_come_back_with_the_next_reading(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        await align(session, made, "quiz", "F.1")
    await taken(database, made, result(made, 90))
    [row] = await evidence(database, made)
    async with database.writing() as session:
        await service.void(session, made.course, [row.id], "copied", NOW + DAY, made.school.teacher.id)
    assert await taken(database, made, result(made, 90)) == reading.Taken()
    assert await evidence(database, made) == []


# --- With a Canvas behind it


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    from lti_tool.content import routes

    return await a_site(database, clock, routes.router)


async def a_canvas_course(site: Site) -> tuple[Canvas, Any]:
    """A course read from a Canvas, one student, and one assignment that assesses a competency."""
    from lti_tool.competencies.models import Alignment, Competency, CourseMap, Framework, FrameworkSource, MapCompetency
    from lti_tool.content.service import refresh

    await connect_school(site.database, site.school)
    canvas = Canvas(site)
    await come_in(site.database, site.school.launch("s1", custom=CUSTOM))
    canvas.assignments = [assignment(5) | {"submission_types": ["online_quiz"]}]
    canvas.module("Week 1", item(1, "Quiz", "Assignment", content_id=5))
    course = await course_of(site)
    await refresh(site.database, site.connectors, course, NOW)
    async with site.database.writing() as session:
        from lti_tool.content.models import ContentItem

        [there] = (await session.exec(scoped(ContentItem, course.organisation_id))).all()
        framework = Framework(
            organisation_id=course.organisation_id,
            identifier="own",
            source=FrameworkSource.OWN,
            title="F",
            changed_at=NOW,
            created_at=NOW,
        )
        session.add_all(
            [
                framework,
                CourseMap(organisation_id=course.organisation_id, course_id=course.id, changed_at=NOW, created_at=NOW),
            ]
        )
        await session.flush()
        one = Competency(
            organisation_id=course.organisation_id,
            framework_id=framework.id,
            identifier="F.1",
            statement="I can",
            changed_at=NOW,
            created_at=NOW,
        )
        session.add(one)
        await session.flush()
        here: dict[str, Any] = {
            "organisation_id": course.organisation_id,
            "course_id": course.id,
            "competency_id": one.id,
            "created_at": NOW,
        }
        session.add(MapCompetency(number=1, **here))
        session.add(Alignment(content_item_id=there.id, passing_percent=80.0, **here))
    return canvas, course


async def read_now(site: Site) -> Report | None:
    """Everything, as when somebody presses the button."""
    async with site.database.writing() as session:
        course = await course_of(site)
        await wish(session, course, site.clock.now(), asked=True)
    takers = Takers(gradebook=(reading.take,), wanting=(reading.wanting,))
    return await Reader(site.database, site.connectors, takers, site.clock).read(course)


async def points(site: Site) -> list[tuple[Decimal | None, str, str | None]]:
    async with site.database.reading() as session:
        rows = (await session.exec(scoped(Evidence, site.school.organisation.id))).all()
    return sorted((row.earned, row.presentation, row.void_reason) for row in rows)  # type: ignore[type-var]


async def test_results_become_evidence_without_any_page(site: Site) -> None:
    canvas, course = await a_canvas_course(site)
    late = submission(40, 5, 7.2) | {"entered_score": 9, "late": True, "attempt": 1, "points_deducted": 1.8}
    canvas.submissions = [late | {"submitted_at": "2026-08-20T09:00:00Z"}]
    site.clock.move(5 * DAY)
    report = await read_now(site)
    assert report is not None
    assert report.counts["evidence_new"] == 1
    assert await points(site) == [(Decimal(9), "lms:5:1", None)]
    async with site.database.reading() as session:
        [row] = await queries.board(session, course.organisation_id, course.id)
    assert row.standings["1"][0] == Standing.SECURE.rank
    canvas.submissions = [late | {"excused": True}]
    await read_now(site)
    assert await points(site) == [(Decimal(9), "lms:5:1", TAKEN_BACK)]


async def test_each_attempt_of_a_quiz_that_keeps_the_highest_score_counts_for_itself(site: Site) -> None:
    canvas, _ = await a_canvas_course(site)
    site.clock.move(5 * DAY)
    history = [
        {"attempt": n, "score": score, "workflow_state": "graded", "graded_at": f"2026-09-0{n}T10:00:00Z"}
        for n, score in ((1, 9), (2, 4))
    ]
    canvas.submissions = [submission(40, 5, 9) | {"attempt": 2, "submission_history": history}]
    await read_now(site)
    assert await points(site) == [(Decimal(4), "lms:5:2", None), (Decimal(9), "lms:5:1", None)]


async def test_missing_blank_and_waiting_work_is_never_evidence(site: Site) -> None:
    canvas, _ = await a_canvas_course(site)
    for row in (
        submission(40, 5, 0) | {"missing": True},
        submission(40, 5, 0) | {"submitted_at": None},
        submission(40, 5, 3) | {"workflow_state": "pending_review", "submitted_at": "2026-09-01T10:00:00Z"},
        submission(40, 5, 9) | {"posted_at": None},
        submission(40, 5, 9) | {"excused": True},
    ):
        canvas.submissions = [row]
        assert await read_now(site) is not None
    assert await points(site) == []


async def test_old_results_are_wanted_of_what_is_aligned_now(database: Database) -> None:
    async with database.writing() as session:
        made = await world(session)
        await align(session, made, "quiz", "F.1")
    async with database.reading() as session:
        assert await reading.wanting(session, made.course, NOW - DAY) == {made.item("quiz").id}
        assert await reading.wanting(session, made.course, NOW + DAY) == set()


async def test_what_a_gradebook_file_said_of_a_work_gives_way_to_the_lms(database: Database) -> None:
    """The same work must not count twice; a work that the LMS has not told keeps what the file said."""
    async with database.writing() as session:
        made = await world(session)
        for key in ("quiz", "essay"):
            await align(session, made, key, "F.1")
        told = [
            Entry(
                made.ada.id,
                made.competencies["F.1"].id,
                EvidenceSource.CSV,
                f"csv:{key}",
                NOW,
                earned=Decimal(4),
                possible=Decimal(10),
                content_item_id=made.item(key).id,
                whole=True,
                dated=False,
            )
            for key in ("quiz", "essay")
        ]
        await service.append(session, made.course, told, NOW + DAY)
    await taken(database, made, result(made, 90))
    rows = {(row.source, row.presentation) for row in await evidence(database, made)}
    assert {source for source, _ in rows} == {EvidenceSource.LMS, EvidenceSource.CSV}
    assert (EvidenceSource.CSV, "csv:essay") in rows
    every = await evidence(database, made, voided=True)
    assert {row.presentation: row.void_reason for row in every if row.voided_at} == {"csv:quiz": TOLD_BY_LMS}
    # Once more is nothing new.
    assert await taken(database, made, result(made, 90)) == reading.Taken()
