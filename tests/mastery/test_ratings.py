"""Ratings on the LMS's own outcomes become evidence where the teacher says so, on both databases."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.competencies.lms_models import LmsOutcome
from lti_tool.competencies.models import AlignmentRole, MapCompetency
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.content.taking import PersonRating
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.insight import evidence_views
from lti_tool.mastery import queries, ratings, service
from lti_tool.mastery.entries import ITEM_COUNTS, REPLACED
from lti_tool.mastery.models import Evidence, EvidenceSource, LearnerModification, Standing
from lti_tool.mastery.ratings import Taken
from tests.mastery.test_reading import evidence, result, state, taken
from tests.mastery.world import DAY, World, align, world
from tests.playlists.seed import NOW

LATER = NOW + 30 * DAY


@pytest.fixture
async def made(database: Database) -> World:
    """A course in which ratings on the LMS's outcome 11 are evidence of F.1."""
    async with database.writing() as session:
        found = await world(session)
        await outcome(session, found, "11", "F.1")
    return found


async def outcome(session: Any, made: World, outcome_id: str, code: str, *, count: bool = True) -> None:
    session.add(
        LmsOutcome(
            organisation_id=made.id,
            course_id=made.course.id,
            outcome_id=outcome_id,
            title=code,
            competency_id=made.competencies[code].id,
            ratings_count=count,
            seen_at=NOW,
            created_at=NOW,
        )
    )
    await session.flush()


def rating(made: World, earned: float, possible: float = 4, *, name: str = "r1", **more: Any) -> PersonRating:
    item = more.pop("item", None)
    told: dict[str, Any] = {"outcome_id": "11", "at": NOW, "person_id": made.ada.id} | more
    return PersonRating(
        source_id=name,
        earned=Decimal(str(earned)),
        possible=Decimal(str(possible)),
        content_item_id=made.item(item).id if item else None,
        **told,
    )


async def take(database: Database, made: World, *told: PersonRating, now: datetime = LATER) -> Taken:
    return await ratings.take_some(database, made.course, told, now)


async def rows(database: Database, made: World) -> list[Evidence]:
    """All of Ada's evidence, what is void as well, the first revision first."""
    found = await evidence(database, made, voided=True)
    return sorted(found, key=lambda row: (row.presentation, row.revision))


async def test_a_rating_is_evidence_of_the_competency_the_outcome_is(database: Database, made: World) -> None:
    assert await take(database, made, rating(made, 4, item="page", mastered=True)) == Taken(1)
    [row] = await evidence(database, made)
    assert (row.competency_id, row.source) == (made.competencies["F.1"].id, EvidenceSource.LMS)
    assert (row.presentation, row.earned, row.possible, row.passing_percent) == ("lms-rating:r1", 4, 4, 80)
    assert (row.whole, row.shared, row.content_item_id) == (True, False, made.item("page").id)
    assert (row.observed_at, row.learned_at) == (NOW, LATER)
    found = await state(database, made)
    assert found is not None
    assert found.standing is Standing.SECURE
    # Once more is nothing new.
    assert await take(database, made, rating(made, 4, item="page", mastered=True)) == Taken()


async def test_only_where_the_teacher_says_so(database: Database, made: World) -> None:
    async with database.writing() as session:
        await outcome(session, made, "12", "F.2", count=False)
    assert await take(database, made, rating(made, 4, outcome_id="12"), rating(made, 4, outcome_id="99")) == Taken()
    async with database.writing() as session:
        [place] = [
            one
            for one in (await session.exec(scoped(MapCompetency, made.id))).all()
            if one.competency_id == made.competencies["F.1"].id
        ]
        place.removed_at = NOW
        session.add(place)
    # Nor of a competency that the map does not have any more.
    assert await take(database, made, rating(made, 4)) == Taken()


@pytest.mark.parametrize(
    ("earned", "mastered", "right"),
    [(4, None, True), (3, None, False), (3, True, True), (4, False, False), (0, True, True), (0, False, False)],
    ids=["by-mark", "below-mark", "mastered-below-mark", "full-and-not-mastered", "mastered-with-nothing", "nothing"],
)
async def test_what_is_right_the_lms_says_and_else_the_passing_mark(
    database: Database, made: World, earned: int, mastered: bool | None, right: bool
) -> None:
    await take(database, made, rating(made, earned, mastered=mastered))
    [row] = await evidence(database, made)
    told = evidence_views.is_right(row)
    assert (told if told is not None else row.judged is not None and row.judged.is_secure) == right
    found = await state(database, made)
    assert found is not None
    assert (found.standing is Standing.SECURE) == right


async def test_a_rating_given_anew_replaces_the_earlier_one(database: Database, made: World) -> None:
    await take(database, made, rating(made, 1, mastered=False))
    assert await take(database, made, rating(made, 3, mastered=True, at=NOW + DAY)) == Taken(1)
    first, second = await rows(database, made)
    assert (first.void_reason, second.revision, second.earned) == (REPLACED, 2, 3)
    assert evidence_views.is_right(second)
    # The same points, and another word of the LMS: the mark it was reached by is another one.
    assert await take(database, made, rating(made, 3, mastered=False, at=NOW + 2 * DAY)) == Taken(1)
    [row] = await evidence(database, made)
    assert (row.revision, evidence_views.is_right(row)) == (3, False)
    assert await take(database, made, rating(made, 3, mastered=False, at=NOW + 2 * DAY)) == Taken()
    # Of one occasion the latest word counts, in whatever order they come.
    both = (rating(made, 4, mastered=True, at=NOW + 4 * DAY), rating(made, 2, mastered=False, at=NOW + 3 * DAY))
    await take(database, made, *both)
    [row] = await evidence(database, made)
    assert row.earned == 4


async def test_what_a_teacher_voided_stays_void(database: Database, made: World) -> None:
    await take(database, made, rating(made, 4))
    [row] = await evidence(database, made)
    async with database.writing() as session:
        await service.void(session, made.course, [row.id], "Not their own work", LATER, made.school.teacher.id)
    assert await take(database, made, rating(made, 4)) == Taken()
    assert await evidence(database, made) == []


async def test_the_score_of_an_aligned_item_counts_and_the_rating_from_it_not(database: Database, made: World) -> None:
    async with database.writing() as session:
        await align(session, made, "quiz", "F.1")
        await align(session, made, "essay", "F.1", AlignmentRole.TEACHES)
    await taken(database, made, result(made, 90))
    told = (
        rating(made, 4, item="quiz"),
        rating(made, 3, name="r2", item="essay", mastered=True),
        rating(made, 4, name="r3"),
    )
    assert await take(database, made, *told) == Taken(2)
    assert sorted(row.presentation for row in await evidence(database, made)) == [
        "lms-rating:r2",
        "lms-rating:r3",
        "lms:17:1",
    ]


async def test_another_place_of_the_same_work_is_the_same_work(database: Database, made: World) -> None:
    async with database.writing() as session:
        again = ContentItem(
            organisation_id=made.id,
            course_id=made.course.id,
            external_id="canvas:again",
            kind=ItemKind.QUIZ,
            title="Quiz on halves",
            result_key=made.item("quiz").result_key,
            seen_at=NOW,
        )
        session.add(again)
        made.school.items["again"] = again
        await session.flush()
        await align(session, made, "again", "F.1")
    assert await take(database, made, rating(made, 4, item="quiz"), rating(made, 4, name="r2", item="essay")) == Taken(
        1
    )


async def test_an_item_that_is_aligned_later_takes_the_place_of_its_rating_and_gives_it_back(
    database: Database, made: World
) -> None:
    told = rating(made, 4, item="quiz", mastered=True)
    await take(database, made, told)
    async with database.writing() as session:
        alignment = await align(session, made, "quiz", "F.1")
    assert await take(database, made, told) == Taken(0, 1)
    [row] = await rows(database, made)
    assert row.void_reason == ITEM_COUNTS
    assert await take(database, made, told) == Taken()
    async with database.writing() as session:
        await session.delete(alignment)
    assert await take(database, made, told) == Taken(1)
    assert len(await evidence(database, made)) == 1


async def test_whoever_has_another_passing_mark_is_rated_by_it(database: Database, made: World) -> None:
    async with database.writing() as session:
        session.add(
            LearnerModification(
                organisation_id=made.id,
                course_id=made.course.id,
                person_id=made.ada.id,
                competency_id=made.competencies["F.1"].id,
                passing_percent=50.0,
                created_at=NOW,
            )
        )
    told = rating(made, 2, mastered=False)
    await take(database, made, told)
    [row] = await evidence(database, made)
    assert (row.passing_percent, evidence_views.is_right(row)) == (50, True)
    assert await take(database, made, told) == Taken()


async def test_points_that_are_none_and_moments_that_are_to_come(database: Database, made: World) -> None:
    odd = (
        rating(made, 1, 0),
        rating(made, float("nan"), name="r2"),
        rating(made, 10**9, name="r3"),
        rating(made, -1, name="r4", mastered=True),
        rating(made, 1, name=""),
    )
    assert await take(database, made, *odd) == Taken()
    await take(database, made, rating(made, 4, at=LATER + DAY))
    [row] = await evidence(database, made)
    assert row.observed_at == LATER


async def test_another_school_with_the_same_outcome_is_left_alone(database: Database, made: World) -> None:
    async with database.writing() as session:
        other = await world(session, name="Elm School")
    assert await take(database, other, rating(made, 4)) == Taken()
    assert await evidence(database, other) == []
    await ratings.take_ratings(database, made.course, [rating(made, 4)], LATER)
    async with database.reading() as session:
        assert len(await queries.evidence_of(session, made.id, made.course.id, made.ada.id)) == 1


async def test_a_class_is_worked_in_some_at_a_time(database: Database) -> None:
    async with database.writing() as session:
        many = await world(session, students=5)
        await outcome(session, many, "11", "F.1")
    told = [rating(many, 4, name=f"r{place}", person_id=one.id) for place, one in enumerate(many.school.students)]
    assert await take(database, many, *told) == Taken(5)


@given(
    earned=st.decimals(0, 100, places=3),
    possible=st.decimals("0.5", 100, places=2),
    mastered=st.none() | st.booleans(),
    usual=st.integers(0, 100).map(float),
)
def test_the_mark_says_what_the_lms_says(
    earned: Decimal, possible: Decimal, mastered: bool | None, usual: float
) -> None:
    one = PersonRating("r", "11", uuid.UUID(int=1), earned, possible, NOW, mastered)
    mark = ratings.passing(one, usual)
    if mark is None:
        assert mastered is False
        assert earned >= possible * Decimal("0.9999")
        return
    assert 0 <= mark <= 100
    right = earned >= Decimal(str(mark)) / 100 * possible
    assert right == (mastered if mastered is not None else earned >= Decimal(str(usual)) / 100 * possible)
