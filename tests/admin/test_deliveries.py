"""The page about deliveries: each platform's queue, pause and failures, of the own school, and no student's name."""

import uuid
from datetime import UTC, datetime, timedelta

from lti_tool.courses.models import Course, Membership, Person
from lti_tool.grades import claims, records
from lti_tool.grades.claims import ClaimedScore
from lti_tool.grades.models import ColumnState, Delivery, LineItem, Score
from lti_tool.ids import first_id_of, new_id
from lti_tool.lti.models import Role

from .site import TEACHER, School, Site


async def ledger(site: Site, school: School, due: int, refused: int = 0) -> list[Score]:
    """Scores of a school that are owed for an hour, and some that were not accepted."""
    now = site.clock.now()
    async with site.database.writing() as session:
        course = Course(
            organisation_id=school.organisation_id,
            registration_id=school.registration_id,
            deployment_id=school.deployment_id,
            context_id="deliveries",
            created_at=now,
        )
        session.add(course)
        await session.flush()
        column = LineItem(
            organisation_id=school.organisation_id,
            course_id=course.id,
            registration_id=school.registration_id,
            resource_id="playlist:1",
            label="Ratios of Ada",
            score_maximum=100,
            url="https://lms.example/1",
            state=ColumnState.MADE,
            created_at=now,
        )
        session.add(column)
        people = [
            Person(
                organisation_id=school.organisation_id,
                registration_id=school.registration_id,
                sub=f"delivery-{number}",
                name="Ada Lovelace",
                created_at=now,
            )
            for number in range(due + refused)
        ]
        session.add_all(people)
        await session.flush()
        session.add_all(
            Membership(
                organisation_id=school.organisation_id, course_id=course.id, person_id=person.id, role=Role.STUDENT
            )
            for person in people
        )
        scores = [
            Score(
                organisation_id=school.organisation_id,
                line_item_id=column.id,
                person_id=person.id,
                registration_id=school.registration_id,
                owed_given=1,
                owed_maximum=1,
                owed_at=now - timedelta(hours=1),
                delivery=Delivery.DUE if number < due else Delivery.REFUSED,
                next_attempt_at=now if number < due else None,
            )
            for number, person in enumerate(people)
        ]
        session.add_all(scores)
        await session.flush()
        session.expunge_all()
        return scores


async def tried(site: Site, school: School, *outcomes: str) -> None:
    """Attempts of a moment ago, as a worker writes them down."""
    now = site.clock.now()
    async with site.database.writing() as session:
        claimed: list[ClaimedScore] = await claims.claim_scores(
            session, school.registration_id, now, timedelta(seconds=1), len(outcomes), timedelta(milliseconds=1)
        )
        delivered = outcomes.count("delivered")
        await records.write_down(
            session,
            [records.attempt(one, now, 500, outcome) for one, outcome in zip(claimed, outcomes, strict=True)],
            records.counted(
                school.registration_id, now, delivered=delivered, failed=len(outcomes) - delivered, answered=True
            ),
        )


async def test_the_page_is_for_administrators(site: Site) -> None:
    assert (await site.anybody().get("/admin/deliveries")).status_code == 401
    assert (await (await site.launched(TEACHER)).get("/admin/deliveries")).status_code == 403


async def test_an_administrator_sees_the_own_platforms_queue_and_failures(site: Site) -> None:
    await ledger(site, site.school, 4, refused=2)
    await tried(site, site.school, "server-error", "server-error", "delivered", "no-permission")
    await ledger(site, site.other, 3)
    await tried(site, site.other, "not-enrolled")
    page = (await (await site.administrator()).get("/admin/deliveries")).text
    for words in ("4 scores", "the oldest is owed since:", "2 scores", "1 score", "Sending"):
        assert words in page, words
    assert "has trouble of its own" in page
    assert page.index("<code>server-error</code>") < page.index("<code>no-permission</code>")
    assert "1 accepted, 3 failed" in page
    for hidden in ("not-enrolled", "Elsewhere", "Ada", "Ratios", "3 scores"):
        assert hidden not in page, hidden


async def test_the_owner_sees_every_platform_and_no_names(site: Site) -> None:
    await ledger(site, site.other, 3)
    await tried(site, site.other, "not-enrolled")
    page = (await (await site.owner()).get("/admin/deliveries")).text
    assert "3 scores" in page
    assert "<code>not-enrolled</code>" in page
    assert "Ada" not in page
    # After a day it is no longer told.
    site.clock.move(timedelta(days=1, seconds=1))
    later = (await (await site.owner()).get("/admin/deliveries")).text
    assert "not-enrolled" not in later
    assert "0 accepted, 1 failed" in later


async def test_a_platform_that_is_down_is_said_with_its_pause_and_on_the_front_page(site: Site) -> None:
    await ledger(site, site.school, 1)
    now = site.clock.now()
    visitor = await site.administrator()
    assert "Scores do not get to" not in (await visitor.get("/admin")).text
    async with site.database.writing() as session:
        await records.platform_failed(
            session, site.school.registration_id, "unreachable", 6, now + timedelta(minutes=5), now=now
        )
    page = (await visitor.get("/admin/deliveries")).text
    for words in (
        "Nothing is sent at the moment",
        "cannot be reached",
        "6 failures in a row",
        "Next try:",
        "In trouble since:",
    ):
        assert words in page, words
    assert "Scores do not get to" in (await visitor.get("/admin")).text
    async with site.database.writing() as session:
        await records.write_down(
            session,
            [],
            records.counted(site.school.registration_id, now, delivered=1, failed=0, answered=True, takes_again=True),
        )
    assert "Scores do not get to" not in (await visitor.get("/admin")).text


def test_ids_made_since_a_moment_are_not_smaller_than_its_first() -> None:
    moment = datetime.now(UTC)
    first = first_id_of(moment)
    assert (first.version, first.variant) == (7, uuid.RFC_4122)
    assert first <= new_id() < first_id_of(moment + timedelta(minutes=10))
