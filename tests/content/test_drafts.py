"""Files between preview and confirmation: for one person, for an hour, unreadable at rest."""

import uuid
from datetime import timedelta

import pytest
from sqlmodel import col, select

from lti_tool.clock import ManualClock
from lti_tool.content import drafts
from lti_tool.content.drafts import DraftGone, Drafts
from lti_tool.content.models import UploadDraft
from lti_tool.content.secrets import SecretBox, Unsealable
from lti_tool.courses.models import Course
from lti_tool.db.base import crossing, scoped
from lti_tool.db.session import Database
from tests.courses.school import a_school, come_in

BOX = SecretBox("a secret of the tests, long enough to be one")
CONTENT = b"Student,ID\nAna Rivera,11\n" * 40


async def a_course(database: Database, name: str = "Hillside") -> Course:
    school = await a_school(database, name)
    await come_in(database, school.launch())
    async with database.reading() as session:
        course = (await session.exec(scoped(Course, school.organisation.id))).one()
        session.expunge(course)
    return course


def of(course: Course, person_id: uuid.UUID | None, clock: ManualClock, sealing: SecretBox = BOX) -> Drafts:
    return Drafts(course, person_id, sealing, clock.now())


async def test_a_file_comes_back_to_who_chose_it_until_it_is_forgotten(database: Database, clock: ManualClock) -> None:
    course, teacher = await a_course(database), uuid.uuid4()
    async with database.writing() as session:
        draft_id = await of(course, teacher, clock).keep(session, "gradebook", "grades.csv", CONTENT)
        stored = (await session.exec(select(col(UploadDraft.content)).where(*_of(course)))).one()
        assert b"Rivera" not in stored
        assert await of(course, teacher, clock).find(session, "gradebook", draft_id) == (
            "grades.csv",
            CONTENT,
        )
        for person, kind in ((uuid.uuid4(), "gradebook"), (None, "gradebook"), (teacher, "framework")):
            with pytest.raises(DraftGone):
                await of(course, person, clock).find(session, kind, draft_id)
        await of(course, teacher, clock).forget(session, draft_id)
        with pytest.raises(DraftGone):
            await of(course, teacher, clock).find(session, "gradebook", draft_id)


async def test_of_many_files_of_one_person_the_last_few_are_kept(database: Database, clock: ManualClock) -> None:
    course, teacher, other = await a_course(database), uuid.uuid4(), uuid.uuid4()
    made = []
    async with database.writing() as session:
        beside = [
            await of(course, person, clock).keep(session, kind, "a", CONTENT)
            for person, kind in ((other, "gradebook"), (None, "gradebook"), (teacher, "framework"))
        ]
        for _ in range(drafts.MOST_KEPT + 2):
            clock.move(timedelta(seconds=1))
            made.append(await of(course, teacher, clock).keep(session, "gradebook", "a", CONTENT))
        kept = set((await session.exec(select(col(UploadDraft.id)).where(*_of(course)))).all())
    assert kept == {*beside, *made[2:]}


async def test_another_school_and_another_secret_open_nothing(database: Database, clock: ManualClock) -> None:
    course, other = await a_course(database), await a_course(database, "Riverside")
    async with database.writing() as session:
        draft_id = await of(course, None, clock).keep(session, "gradebook", "grades.csv", CONTENT)
        with pytest.raises(DraftGone):
            await of(other, None, clock).find(session, "gradebook", draft_id)
        await of(other, None, clock).forget(session, draft_id)
        changed = SecretBox("another secret of the tests, as long as that")
        with pytest.raises(Unsealable):
            await of(course, None, clock, changed).find(session, "gradebook", draft_id)
        assert (await of(course, None, clock).find(session, "gradebook", draft_id))[1] == CONTENT


async def test_after_an_hour_it_is_gone_and_swept_away(database: Database, clock: ManualClock) -> None:
    course = await a_course(database)
    async with database.writing() as session:
        old = await of(course, None, clock).keep(session, "gradebook", "a.csv", CONTENT)
        clock.move(timedelta(minutes=59))
        young = await of(course, None, clock).keep(session, "gradebook", "b.csv", CONTENT)
        clock.move(timedelta(minutes=1))
        with pytest.raises(DraftGone):
            await of(course, None, clock).find(session, "gradebook", old)
    (sweep,) = drafts.work(database, clock).periodic
    await sweep.run()
    async with database.reading() as session:
        left = await session.exec(select(col(UploadDraft.id)), execution_options=crossing("The test sees all."))
        assert set(left.all()) == {young}


def _of(course: Course) -> tuple[object, ...]:
    return (col(UploadDraft.organisation_id) == course.organisation_id,)
