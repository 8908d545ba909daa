"""A step of everybody's that one student need not do: the path, the score, what changes of the playlist leave alone."""

import asyncio
import uuid
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.audit import AuditEntry
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.errors import Conflict, NotFound
from lti_tool.mastery import service as mastery
from lti_tool.mastery.models import LearnerModification
from lti_tool.playlists import changing, editing, modifying, own_steps, personal, service
from lti_tool.playlists import personal_queries as planning
from lti_tool.playlists.changes import Basics
from lti_tool.playlists.models import DoneBy, DoneRule, Need, OrderRule, PlaylistKind, PlaylistStep, SendRule, StepState
from lti_tool.playlists.path_models import PathRequest, RequestKind
from lti_tool.playlists.paths import Path
from lti_tool.playlists.planning import base
from lti_tool.playlists.rules import NothingNext, Progress
from tests.insight.class_of_five import a_class, answer
from tests.playlists import path_world, seed
from tests.playlists.seed import NOW
from tests.playlists.test_walking import LATER, Walker, a_playlist, a_section


async def out(walker: Walker, title: str, act: Any = service.leave_out) -> Path:
    path = await walker.path()
    step = next(step for step in [*path.template, *path.own] if step.title == title)
    found: Path = await act(
        walker.session, walker.course, walker.playlist.id, walker.id, step.id, walker.school.teacher.id, LATER
    )
    return found


def titles(path: Path) -> list[str]:
    return [step.title for step in path.present]


async def test_it_leaves_one_path_and_its_denominator(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        steps = [{"title": title} for title in ("One", "Two", "Three", "Four")]
        ada = await a_playlist(session, school, *steps, has_column=True, points=12, send_rule=SendRule.LIVE)
        ben = Walker(session, school, ada.playlist, 1)
        await ada.do(service.mark_done, "One")
        assert await ada.score() == 3
        for _ in range(2):
            path = await out(ada, "Two")
        assert titles(path) == ["One", "Three", "Four"]
        assert path.progress == Progress(1, 3)
        assert await ada.score() == 4
        assert titles(await ben.path()) == ["One", "Two", "Three", "Four"]
        with pytest.raises(Conflict) as refused:
            two = next(step for step in path.template if step.title == "Two")
            await service.mark_done(session, school.course, ada.id, path.copy.id, two.id, LATER)
        assert refused.value.code == "step-removed"
        # Put back, the score is the share of all four again.
        for _ in range(2):
            path = await out(ada, "Two", service.put_back)
        assert path.progress == Progress(1, 4)
        assert await ada.score() == 3
        actions = [entry.action for entry in (await session.exec(scoped(AuditEntry, school.id))).all()]
        assert (actions.count("step.left-out"), actions.count("step.put-back")) == (1, 1)


async def test_what_was_done_with_it_is_kept_and_there_again(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        quiz = {"title": "Quiz", "content_item_id": school.items["quiz"].id, "done_rule": DoneRule.RESULT}
        ada = await a_playlist(session, school, {"title": "Read"}, quiz, {"title": "See me"}, has_column=True)
        await ada.do(service.mark_done, "Read")
        path = await out(ada, "Read")
        assert [step.title for step in path.removed_with_work] == ["Read"]
        await out(ada, "Quiz")
        # A result that comes meanwhile counts for nothing, and moves nobody, but is there afterwards.
        moved = (await ada.path()).copy.moved_at
        assert await ada.result("quiz", 90, LATER) == 1
        path = await ada.path()
        assert (path.progress, path.copy.moved_at) == (Progress(0, 1), moved)
        ben = Walker(session, school, ada.playlist, 1)
        await out(ben, "Quiz")
        await ben.result("quiz", 90, LATER)
        assert (await ben.path()).copy.begun_at is None
        assert (await out(ben, "Quiz", service.put_back)).copy.begun_at == LATER
        path = await out(ada, "Quiz", service.put_back)
        assert path.progress == Progress(1, 2)
        assert await ada.state("Quiz") == (StepState.DONE, DoneBy.LMS)
        path = await out(ada, "Read", service.put_back)
        assert path.progress == Progress(2, 3)


async def test_the_last_step_out_finishes_the_path_and_nothing_at_all_is_no_score(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        ada = await a_playlist(
            session, school, {"title": "One"}, {"title": "Two"}, {"title": "More", "need": Need.MAY}, has_column=True
        )
        await ada.do(service.mark_done, "One")
        path = await out(ada, "Two")
        assert path.progress.is_finished
        assert path.copy.finished_at == LATER
        assert await ada.score() == 100
        ben = Walker(session, school, ada.playlist, 1)
        for title in ("One", "Two"):
            path = await out(ben, title)
        # What is extra does not take the place of what they need not do.
        assert (path.progress, path.progress.is_finished) == (Progress(0, 0), False)
        assert path.next is not None
        assert path.next.step.title == "More"
        await ben.do(service.mark_done, "More")
        assert await ben.score() is None
        path = await out(ben, "More")
        assert path.nothing_next is not None
        assert path.nothing_next.why is NothingNext.EMPTY


async def test_steps_that_wait_for_it_wait_no_more_and_a_choice_asks_for_as_many(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        mays = [{"title": title, "need": Need.MAY} for title in ("A", "B", "C")]
        ada = await a_playlist(session, school, {"title": "First"}, *mays, order_rule=OrderRule.IN_ORDER)
        await a_section(session, ada, 2, "A", "B", "C")
        assert set((await ada.path()).locked)
        path = await out(ada, "First")
        assert not path.locked
        path = await out(ada, "A")
        assert path.progress == Progress(0, 2)
        path = await out(ada, "B")
        assert path.progress == Progress(0, 1)


async def test_changes_of_the_playlist_do_not_bring_it_back(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await editing.create(session, school.course, Basics("Halves"), None, NOW)
        ids = [school.items["page"].id, school.items["quiz"].id]
        playlist = await editing.add_items(session, school.course, playlist.id, playlist.revision, ids, NOW)
        playlist = await editing.assign(
            session, school.course, playlist.id, playlist.revision, editing.Terms(), None, NOW
        )
        ada = Walker(session, school, playlist)
        await out(ada, "Quiz on halves")
        quiz = (await ada.path()).left_out[0].id
        for change in (
            lambda: editing.move(session, school.course, playlist.id, playlist.revision, quiz, -1, LATER),
            lambda: editing.add_offline(session, school.course, playlist.id, playlist.revision, "Fold", LATER),
            lambda: editing.remove_step(session, school.course, playlist.id, playlist.revision, quiz, LATER),
            lambda: changing.undo(session, school.course, playlist.id, playlist.revision, LATER),
        ):
            await change()
            await changing.update_copies(session, school.course, playlist.id, playlist.revision, LATER, None)
            assert quiz not in {step.id for step in (await ada.path()).present}
        assert titles(await ada.path()) == ["What a fraction is", "Fold"]
        assert [step.id for step in (await ada.path()).left_out] == [quiz]


async def test_what_was_asked_about_it_waits_no_more(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        ada = await a_playlist(session, school, {"title": "Show", "done_rule": DoneRule.SIGNED}, {"title": "Read"})
        path = await ada.path()
        session.add(
            PathRequest(
                organisation_id=school.id,
                personal_playlist_id=path.copy.id,
                step_id=path.present[0].id,
                kind=RequestKind.SIGN_OFF,
                created_at=NOW,
            )
        )
        await session.flush()
        path = await out(ada, "Show")
        assert not (await ada.path()).requests
        [request] = (await session.exec(scoped(PathRequest, school.id))).all()
        assert (request.answered_at, request.answered_by, request.outcome) == (LATER, school.teacher.id, None)


async def test_only_steps_that_everybody_has_and_only_here(database: Database) -> None:
    async with database.writing() as session:
        school, other = await seed.school(session), await seed.school(session, "Elm School")
        ada = await a_playlist(session, school, {"title": "One"})
        path = await service.add_for_student(
            session, school.course, ada.playlist.id, ada.id, service.Wanted(title="Own"), None, NOW
        )
        with pytest.raises(NotFound):
            await out(ada, "Own")
        for act in (own_steps.leave_out, own_steps.put_back):
            for course, person_id, step_id in (
                (other.course, ada.id, path.present[0].id),
                (school.course, other.students[0].id, path.present[0].id),
                (school.course, ada.id, uuid.uuid4()),
            ):
                with pytest.raises(NotFound):
                    await act(session, course, ada.playlist.id, person_id, step_id, None, NOW)


async def test_a_date_of_it_is_no_reason_for_what_the_tool_plans(database: Database) -> None:
    async with database.writing() as session:
        made = await path_world.path_world(session)
        await path_world.personal(session, made)
        school = made.world.school
        item = made.items["page F.2"]
        step = {"title": "Page", "content_item_id": item.id, "due_at": LATER}
        ada = await a_playlist(session, school, step, {"title": "Other"})

        async def dated() -> list[base.Dated]:
            copies, times = await planning.copies_and_times(session, made.id, school.course.id, [ada.id], NOW)
            book = await personal.book(session, made.id, school.course.id, NOW, times)
            known = await personal.known(session, book, planning.Asked(made.id, school.course.id, [ada.id]), copies)
            return list(personal.learner(book, known, copies[0], personal.terms(copies[0]).planning, NOW).dated)

        assert [one.item for one in await dated()] == [item.id]
        await out(ada, "Page")
        assert await dated() == []
        await out(ada, "Page", service.put_back)
        assert [one.item for one in await dated()] == [item.id]


async def test_of_a_path_that_the_tool_makes_nothing_is_left_out(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        ada = await a_playlist(session, school, kind=PlaylistKind.PERSONAL)
        step = PlaylistStep(
            organisation_id=school.id,
            playlist_id=ada.playlist.id,
            personal_playlist_id=(await ada.path()).copy.id,
            position=0,
            title="Chosen",
            origin="tool",
        )
        session.add(step)
        await session.flush()
        with pytest.raises(NotFound):
            await out(ada, "Chosen")


async def test_two_teachers_at_once_take_it_out_once(own_database: Database) -> None:
    async with own_database.writing() as session:
        school = await seed.school(session)
        ada = await a_playlist(session, school, {"title": "One"}, {"title": "Two"})
        step = (await ada.path()).present[0]

    async def once() -> None:
        async with own_database.writing() as session:
            await service.leave_out(session, school.course, ada.playlist.id, ada.id, step.id, school.teacher.id, LATER)

    await asyncio.gather(once(), once())
    async with own_database.reading() as session:
        path = await Walker(session, school, ada.playlist).path()
        assert titles(path) == ["Two"]
        actions = [entry.action for entry in (await session.exec(scoped(AuditEntry, school.id))).all()]
        assert actions.count("step.left-out") == 1


# --- Where a modification asks for nothing


async def modified(session: AsyncSession, walker: Walker, one: uuid.UUID, other: uuid.UUID | None = None) -> None:
    session.add(
        LearnerModification(
            organisation_id=walker.school.id,
            course_id=walker.course.id,
            person_id=walker.id,
            competency_id=one,
            instead_id=other,
            created_at=NOW,
        )
    )
    await session.flush()


async def test_mastery_that_is_not_asked_for_is_owed_no_more(database: Database) -> None:
    async with database.writing() as session:
        school, made = await a_class(session)
        shown = {"title": "Shown", "done_rule": DoneRule.MASTERY, "competency_id": made[0].id}
        playlist = (await a_playlist(session, school, shown, {"title": "Read"}, has_column=True)).playlist
        ben = Walker(session, school, playlist, 1)
        assert await service.settle_mastery(session, school.course, [ben.id], NOW) == 0
        # In place of the first the second is asked for, and in place of that one nothing.
        await modified(session, ben, made[0].id, made[1].id)
        await modified(session, ben, made[1].id)
        assert await service.settle_mastery(session, school.course, [ben.id], LATER) == 1
        assert await service.settle_mastery(session, school.course, [ben.id], LATER) == 0
        assert await ben.state("Shown") == (StepState.DONE, DoneBy.MASTERY)
        own = await ben.path(as_student=True)
        assert (own.standing(own.present[0]).state, own.standing(own.present[0]).done_by) == (StepState.DONE, None)
        # Nobody has begun by that, and nobody is owed a score for it.
        path = await ben.path()
        assert (path.copy.begun_at, path.copy.moved_at, await ben.score()) == (None, None, None)
        await ben.do(service.mark_done, "Read")
        assert await ben.score() == 100
        # A teacher who asks for it all the same is not overruled.
        await ben.teacher(service.take_back, "Shown", LATER)
        assert await service.settle_mastery(session, school.course, [ben.id], LATER) == 0


async def test_mastery_of_another_competency_is_asked_for(database: Database) -> None:
    async with database.writing() as session:
        school, made = await a_class(session)
        shown = {"title": "Shown", "done_rule": DoneRule.MASTERY, "competency_id": made[0].id}
        ben = Walker(session, school, (await a_playlist(session, school, shown)).playlist, 1)
        await modified(session, ben, made[0].id, made[1].id)
        assert await service.settle_mastery(session, school.course, [ben.id], LATER) == 0
        assert await ben.state("Shown") == (StepState.TODO, None)


async def ended(session: AsyncSession, walker: Walker) -> None:
    for row in (await session.exec(scoped(LearnerModification, walker.school.id))).all():
        row.ended_at = LATER
        session.add(row)


async def test_steps_follow_at_once_when_nothing_is_asked_any_more_and_when_it_is_again(database: Database) -> None:
    async with database.writing() as session:
        school, made = await a_class(session)
        shown = {"title": "Shown", "done_rule": DoneRule.MASTERY, "competency_id": made[0].id}
        playlist = (await a_playlist(session, school, shown, {"title": "Read"}, has_column=True)).playlist
        ben = Walker(session, school, playlist, 1)
        await modifying.follow(session, school.course, ben.id, partial(modified, session, ben, made[0].id), LATER)
        assert await ben.state("Shown") == (StepState.DONE, DoneBy.MASTERY)
        await ben.do(service.mark_done, "Read")
        assert (await ben.score(), (await ben.path()).copy.finished_at is not None) == (100, True)
        await modifying.follow(session, school.course, ben.id, partial(ended, session, ben), LATER)
        assert await ben.state("Shown") == (StepState.TODO, None)
        path = await ben.path()
        assert (await ben.score(), path.copy.finished_at) == (100, None)
        assert path.rows[path.present[0].id].opened_at is None


async def test_what_was_secure_before_or_is_by_now_stays_done(database: Database) -> None:
    async with database.writing() as session:
        school, made = await a_class(session)
        steps = [
            {"title": title, "done_rule": DoneRule.MASTERY, "competency_id": one.id}
            for title, one in zip(("First", "Third"), (made[0], made[2]), strict=True)
        ]
        playlist = (await a_playlist(session, school, *steps)).playlist
        ada = Walker(session, school, playlist)
        await service.settle_mastery(session, school.course, [ada.id], NOW)  # Secure in the first.
        for one in (made[0], made[2]):
            await modifying.follow(session, school.course, ada.id, partial(modified, session, ada, one.id), LATER)
        long_ago = NOW - timedelta(days=30)
        secure = [answer(school, 0, made[2], number, True, long_ago + timedelta(days=number)) for number in range(6)]
        await mastery.append(session, school.course, secure, LATER)
        await modifying.follow(session, school.course, ada.id, partial(ended, session, ada), LATER)
        for title in ("First", "Third"):
            assert await ada.state(title) == (StepState.DONE, DoneBy.MASTERY)
