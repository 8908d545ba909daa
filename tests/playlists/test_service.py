"""Moving along a path, on both databases: what is stored, what is owed, and what stays as it was."""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.audit import AuditEntry
from lti_tool.content.service import ItemResult
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.grades import service as grades
from lti_tool.grades.models import LineItem, Score
from lti_tool.playlists import changing, editing, queries, service
from lti_tool.playlists.editing import Basics, StepChoice, Terms
from lti_tool.playlists.models import (
    DoneBy,
    DoneRule,
    Need,
    OrderRule,
    PersonalPlaylist,
    Playlist,
    PlaylistStatus,
    SendRule,
    StepState,
)
from lti_tool.playlists.paths import Path
from tests.playlists import seed
from tests.playlists.seed import NOW, School

LATER = NOW + timedelta(hours=1)


async def made(session: AsyncSession, school: School, order: OrderRule = OrderRule.ANY) -> Playlist:
    """A draft of three must-dos: a page to mark, a quiz from 70 %, something away from the screen."""
    playlist = await editing.create(session, school.course, Basics("Halves", order_rule=order), school.teacher.id, NOW)
    ids = [school.items["page"].id, school.items["quiz"].id]
    await editing.add_items(session, school.course, playlist.id, playlist.revision, ids, NOW)
    await editing.add_offline(
        session, school.course, playlist.id, playlist.revision, "Show me your fraction strip", NOW
    )
    return playlist


async def assigned(
    session: AsyncSession, school: School, terms: Terms | None = None, order: OrderRule = OrderRule.ANY
) -> Playlist:
    playlist = await made(session, school, order)
    terms = terms or Terms(has_column=True)
    return await editing.assign(session, school.course, playlist.id, playlist.revision, terms, school.teacher.id, NOW)


async def updated(session: AsyncSession, school: School, playlist: Playlist, now: datetime = NOW) -> Playlist:
    """After the teacher gave what they changed to the copies."""
    return await changing.update_copies(session, school.course, playlist.id, playlist.revision, now, school.teacher.id)


@dataclass
class Ada:
    """The first student at work."""

    session: AsyncSession
    school: School

    @property
    def id(self) -> uuid.UUID:
        return self.school.students[0].id

    async def path(self) -> Path:
        return (await service.paths_of_person(self.session, self.school.course, self.id, NOW))[0]

    async def open(self, place: int, now: datetime = NOW) -> Path:
        path = await self.path()
        return await service.open_step(
            self.session, self.school.course, self.id, path.copy.id, path.present[place].id, now
        )

    async def mark(self, place: int, now: datetime = NOW) -> Path:
        path = await self.path()
        return await service.mark_done(
            self.session, self.school.course, self.id, path.copy.id, path.present[place].id, now
        )

    async def unmark(self, place: int, now: datetime = NOW) -> Path:
        path = await self.path()
        return await service.mark_not_done(
            self.session, self.school.course, self.id, path.copy.id, path.present[place].id, now
        )

    async def result(self, item: str, percent: float, at: datetime = NOW) -> int:
        result = ItemResult(self.school.items[item].id, self.id, percent, at)
        return await service.take_results(self.session, self.school.course, [result], at)

    async def finish(self) -> None:
        await self.mark(0)
        await self.result("quiz", 80)
        await self.mark(2)

    async def score(self) -> float | None:
        rows = (await self.session.exec(scoped(Score, self.school.id).where(Score.person_id == self.id))).all()
        return rows[0].owed_given if rows else None


# --- Assigning and copies


async def test_assigning_gives_every_student_a_copy_and_wants_the_column(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await assigned(session, school, Terms(has_column=True, points=20))
        copies = await queries.copies(session, school.id, [playlist.id])
        assert {copy.person_id for copy in copies} == {student.id for student in school.students}
        [line_item] = (await session.exec(scoped(LineItem, school.id))).all()
        assert (line_item.label, line_item.score_maximum) == ("Halves", 20)
        assert playlist.status is PlaylistStatus.ASSIGNED


async def test_without_a_column_nothing_is_owed(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        await assigned(session, school, Terms(has_column=False))
        ada = Ada(session, school)
        await ada.finish()
        assert (await ada.path()).copy.finished_at == NOW
        assert await ada.score() is None
        assert (await session.exec(scoped(LineItem, school.id))).all() == []


async def test_a_column_switched_on_later_gets_the_scores_earned_before(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await assigned(session, school, Terms(has_column=False))
        ada = Ada(session, school)
        await ada.finish()
        await editing.assign(
            session, school.course, playlist.id, playlist.revision, Terms(has_column=True, points=10), None, LATER
        )
        assert await ada.score() == 10


async def test_an_empty_playlist_is_not_assigned(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await editing.create(session, school.course, Basics("Empty"), None, NOW)
        with pytest.raises(BadRequest) as refused:
            await editing.assign(session, school.course, playlist.id, 1, Terms(), None, NOW)
        assert refused.value.code == "playlist-empty"


async def test_no_column_where_the_lms_allows_none(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        school.course.ags_scopes = []
        playlist = await made(session, school)
        with pytest.raises(Conflict) as refused:
            await editing.assign(
                session, school.course, playlist.id, playlist.revision, Terms(has_column=True), None, NOW
            )
        assert refused.value.code == "no-column-here"


async def test_a_late_joiner_gets_a_copy_once(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await assigned(session, school)
        late = seed.person(school.registration, school.organisation, "late", "Lou Larch")
        session.add(late)
        await session.flush()
        session.add(seed.member(school.course, late))
        await session.flush()
        assert await service.ensure_copies(session, school.course, LATER, [late.id]) == 1
        assert await service.ensure_copies(session, school.course, LATER) == 0
        # As when the roster was read at the same moment: the second copy is not made.
        copy = PersonalPlaylist(organisation_id=school.id, playlist_id=playlist.id, person_id=late.id, created_at=LATER)
        await queries.add_copies(session, [copy])
        assert len(await queries.copies(session, school.id, [playlist.id])) == 4
        [path] = await service.paths_of_person(session, school.course, late.id, LATER)
        assert path.progress.total == 3


# --- Working


async def test_finishing_owes_the_score_in_the_same_transaction(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        await assigned(session, school)
        ada = Ada(session, school)
        await ada.mark(0)
        await ada.result("quiz", 80)
        assert await ada.score() is None
        path = await ada.mark(2, LATER)
        assert path.progress.is_finished
        assert path.copy.begun_at == NOW
        assert path.copy.finished_at == path.copy.moved_at == LATER
        assert await ada.score() == 100


async def test_live_scores_follow_every_step(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        await assigned(session, school, Terms(has_column=True, send_rule=SendRule.LIVE))
        ada = Ada(session, school)
        await ada.open(0)
        assert await ada.score() is None
        await ada.mark(0)
        assert await ada.score() == 33.33
        await ada.result("quiz", 80)
        assert await ada.score() == 66.67


async def test_a_step_that_waits_its_turn_says_which_comes_first(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        await assigned(session, school, order=OrderRule.IN_ORDER)
        ada = Ada(session, school)
        for act in (ada.open, ada.mark):
            with pytest.raises(Conflict) as refused:
                await act(2)
            assert refused.value.code == "step-locked"
            assert refused.value.fields == {"title": "What a fraction is"}
        assert await ada.result("quiz", 90) == 1
        assert (await ada.path()).progress.done == 1


async def test_a_result_decides_where_the_teacher_said_so(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        await assigned(session, school)
        ada = Ada(session, school)
        with pytest.raises(Conflict) as refused:
            await ada.mark(1)
        assert refused.value.code == "step-needs-result"
        assert await ada.result("quiz", 55) == 1
        path = await ada.path()
        assert path.steps[1].standing.state is StepState.OPENED
        assert path.steps[1].is_below_pass
        assert await ada.result("quiz", 55) == 0
        assert await ada.result("quiz", 75, LATER) == 1
        assert (await ada.path()).steps[1].standing.done_by is DoneBy.LMS


async def test_news_tells_what_would_change_without_changing_it(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        await assigned(session, school)
        result = ItemResult(school.items["quiz"].id, school.students[0].id, 90, NOW)
        elsewhere = ItemResult(school.items["essay"].id, school.students[0].id, 90, NOW)
        assert await service.news(session, school.course, [result, elsewhere], NOW) == [result]
        assert await service.take_results(session, school.course, [result, elsewhere], NOW) == 1
        assert await service.news(session, school.course, [result, elsewhere], NOW) == []


async def test_a_student_takes_back_their_own_mark_and_no_other(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await assigned(session, school)
        ada = Ada(session, school)
        await ada.mark(0)
        assert (await ada.unmark(0)).progress.done == 0
        assert (await ada.unmark(0)).progress.done == 0
        step = (await ada.path()).present[0]
        await service.sign_off(session, school.course, playlist.id, ada.id, step.id, school.teacher.id, NOW)
        with pytest.raises(Conflict):
            await ada.unmark(0)


async def test_a_teacher_signs_off_and_takes_back_with_a_trace(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await assigned(session, school)
        ada = Ada(session, school)
        await ada.finish()
        assert await ada.score() == 100
        quiz = (await ada.path()).present[1]
        who = (playlist.id, ada.id, quiz.id, school.teacher.id)
        for _ in range(2):
            path = await service.take_back(session, school.course, *who, LATER)
        assert path.copy.finished_at is None
        assert await ada.score() == 66.67
        assert await ada.result("quiz", 80) == 0
        await service.sign_off(session, school.course, *who, LATER + timedelta(minutes=1))
        assert await ada.score() == 100
        traces = [entry.action for entry in (await session.exec(_audit(school))).all()]
        assert traces.count("step.taken-back") == traces.count("step.signed-off") == 1


def _audit(school: School):  # type: ignore[no-untyped-def]
    from sqlmodel import select

    return select(AuditEntry).where(AuditEntry.organisation_id == school.id)


# --- Editing after assigning


async def test_a_new_step_lowers_nobodys_score(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await assigned(session, school)
        ada = Ada(session, school)
        await ada.finish()
        await editing.add_offline(session, school.course, playlist.id, playlist.revision, "One more", LATER)
        path = await ada.path()
        assert (path.progress.done, path.progress.total, path.copy.finished_at) == (3, 3, NOW)
        await updated(session, school, playlist, LATER)
        path = await ada.path()
        assert (path.progress.done, path.progress.total) == (3, 4)
        assert path.copy.finished_at is None
        assert await ada.score() == 100
        await ada.mark(3, LATER)
        assert (await ada.path()).copy.finished_at == LATER


async def test_a_removed_step_keeps_its_work_and_may_finish_the_path(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await assigned(session, school)
        ada = Ada(session, school)
        await ada.mark(0)
        await ada.mark(2)
        first, quiz, _ = (await ada.path()).present
        await editing.remove_step(session, school.course, playlist.id, playlist.revision, quiz.id, LATER)
        assert (await ada.path()).copy.finished_at is None
        await updated(session, school, playlist, LATER)
        assert (await ada.path()).copy.finished_at == LATER
        assert await ada.score() == 100
        await editing.remove_step(session, school.course, playlist.id, playlist.revision, first.id, LATER)
        await updated(session, school, playlist, LATER)
        path = await ada.path()
        assert [step.id for step in path.removed_with_work] == [first.id]
        assert [step.position for step in path.present] == [0]
        with pytest.raises(Conflict) as refused:
            await service.open_step(session, school.course, ada.id, path.copy.id, first.id, LATER)
        assert refused.value.code == "step-removed"


async def test_a_lower_mark_lets_results_count_at_once(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await assigned(session, school)
        ada = Ada(session, school)
        await ada.result("quiz", 60)
        quiz = (await ada.path()).present[1]
        choice = StepChoice(quiz.title, done_rule=DoneRule.RESULT, pass_percent=50)
        await editing.change_step(session, school.course, playlist.id, playlist.revision, quiz.id, choice, LATER)
        assert (await ada.path()).progress.done == 0
        await updated(session, school, playlist, LATER)
        assert (await ada.path()).progress.done == 1


async def test_changed_points_change_the_scores_owed(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await assigned(session, school)
        ada = Ada(session, school)
        await ada.finish()
        terms = Terms(has_column=True, points=10)
        await editing.assign(session, school.course, playlist.id, playlist.revision, terms, None, LATER)
        assert await ada.score() == 10


async def test_two_editors_notice_each_other(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await made(session, school)
        revision = playlist.revision
        await editing.add_offline(session, school.course, playlist.id, revision, "Mine", NOW)
        with pytest.raises(Conflict) as refused:
            await editing.add_offline(session, school.course, playlist.id, revision, "Mine", NOW)
        assert refused.value.code == "playlist-changed"
        assert len(await editing.present_steps(session, playlist)) == 4


@pytest.mark.parametrize(
    ("place", "by", "order"), [(0, 1, "213"), (2, -1, "132"), (0, -1, "123"), (2, 5, "123"), (0, 2, "231")]
)
async def test_steps_move_up_and_down(database: Database, place: int, by: int, order: str) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await made(session, school)
        before = await editing.present_steps(session, playlist)
        await editing.move(session, school.course, playlist.id, playlist.revision, before[place].id, by, NOW)
        after = await editing.present_steps(session, playlist)
        assert [step.id for step in after] == [before[int(place) - 1].id for place in order]
        assert [step.position for step in after] == [0, 1, 2]


async def test_steps_take_any_order_of_exactly_themselves(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await made(session, school)
        ids = [step.id for step in await editing.present_steps(session, playlist)]
        revision = playlist.revision
        await editing.reorder(session, school.course, playlist.id, revision, ids[::-1], NOW)
        assert [step.id for step in await editing.present_steps(session, playlist)] == ids[::-1]
        for wrong in (ids[:2], [*ids, uuid.uuid4()], [ids[0], ids[0], ids[1]]):
            with pytest.raises(Conflict):
                await editing.reorder(session, school.course, playlist.id, playlist.revision, wrong, NOW)


async def test_forms_sent_twice_make_one_playlist(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        chosen = uuid.uuid4()
        for _ in range(2):
            playlist = await editing.create(session, school.course, Basics("Once"), None, NOW, playlist_id=chosen)
        await editing.add_offline(session, school.course, playlist.id, playlist.revision, "Talk", NOW)
        other = uuid.uuid4()
        for _ in range(2):
            copy = await editing.duplicate(session, school.course, playlist.id, "Twice", None, NOW, copy_id=other)
        assert len(await editing.present_steps(session, copy)) == 1
        assert len(await queries.playlists(session, school.id, school.course.id, list(PlaylistStatus))) == 2


async def test_removing_deletes_a_draft_and_keeps_assigned_work(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        draft = await made(session, school)
        await editing.remove(session, school.course, draft.id, draft.revision, None, NOW)
        assert await queries.playlist(session, school.id, school.course.id, draft.id) is None
        playlist = await assigned(session, school)
        ada = Ada(session, school)
        await ada.mark(0)
        path = await ada.path()
        await editing.remove(session, school.course, playlist.id, playlist.revision, school.teacher.id, NOW)
        assert await service.paths_of_person(session, school.course, ada.id, NOW) == []
        with pytest.raises(NotFound):
            await service.mark_done(session, school.course, ada.id, path.copy.id, path.present[2].id, NOW)
        assert await queries.step_rows(session, school.id, [path.copy.id]) != {path.copy.id: {}}


async def test_rules_must_fit_where_a_step_leads(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await made(session, school)
        page, _, offline = await editing.present_steps(session, playlist)
        for step, rule in ((page, DoneRule.RESULT), (offline, DoneRule.OPENED)):
            with pytest.raises(BadRequest):
                await editing.change_step(
                    session,
                    school.course,
                    playlist.id,
                    playlist.revision,
                    step.id,
                    StepChoice("x", done_rule=rule),
                    NOW,
                )
            await session.refresh(playlist)


async def test_headings_and_foreign_items_are_no_steps(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        other = await seed.school(session, "Elm School")
        playlist = await made(session, school)
        await editing.add_items(
            session, school.course, playlist.id, playlist.revision, [school.items["heading"].id], NOW
        )
        assert len(await editing.present_steps(session, playlist)) == 3
        with pytest.raises(NotFound):
            await editing.add_items(
                session, school.course, playlist.id, playlist.revision, [other.items["page"].id], NOW
            )


# --- Another school


async def test_nothing_reaches_into_another_school(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        other = await seed.school(session, "Elm School")
        playlist = await assigned(session, school)
        path = await Ada(session, school).path()
        stranger = other.students[0].id
        for act in (service.open_step, service.mark_done, service.mark_not_done):
            with pytest.raises(NotFound):
                await act(session, other.course, stranger, path.copy.id, path.present[0].id, NOW)
            with pytest.raises(NotFound):
                await act(session, school.course, stranger, path.copy.id, path.present[0].id, NOW)
        with pytest.raises(NotFound):
            await service.sign_off(
                session, other.course, playlist.id, school.students[0].id, path.present[0].id, None, NOW
            )
        with pytest.raises(NotFound):
            await editing.remove(session, other.course, playlist.id, playlist.revision, None, NOW)
        result = ItemResult(school.items["quiz"].id, school.students[0].id, 90, NOW)
        assert await service.take_results(session, other.course, [result], NOW) == 0


# --- The clock


async def test_the_due_date_sends_scores_of_those_who_began(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        await assigned(session, school, Terms(has_column=True, due_at=LATER))
        ada = Ada(session, school)
        await ada.mark(0)
    await service.send_due(database, LATER - timedelta(seconds=1))
    async with database.reading() as session:
        assert await Ada(session, school).score() is None
    assert (await service.send_due(database, LATER)).playlists == 1
    assert (await service.send_due(database, LATER)).playlists == 0
    async with database.reading() as session:
        scores = (await session.exec(scoped(Score, school.id))).all()
        assert [(score.person_id, score.owed_given) for score in scores] == [(school.students[0].id, 33.33)]
    async with database.writing() as session:
        ada = Ada(session, school)
        await ada.mark(2, LATER + timedelta(days=1))
        assert await ada.score() == 66.67


# --- Several at once, and killed half-way


async def _stored_school(database: Database) -> tuple[School, Path]:
    async with database.writing() as session:
        school = await seed.school(session)
        await assigned(session, school)
        ada = Ada(session, school)
        await ada.mark(0)
        await ada.result("quiz", 90)
        return school, await ada.path()


async def test_two_tabs_and_double_clicks_are_one(own_database: Database) -> None:
    school, path = await _stored_school(own_database)
    step = path.present[2]

    async def click() -> None:
        async with own_database.writing() as session:
            await service.mark_done(session, school.course, school.students[0].id, path.copy.id, step.id, NOW)

    await asyncio.gather(*(click() for _ in range(6)))
    async with own_database.reading() as session:
        [score] = (await session.exec(scoped(Score, school.id))).all()
        assert (score.owed_given, score.owed_version) == (100, 1)


async def test_students_work_while_the_teacher_edits(own_database: Database) -> None:
    school, path = await _stored_school(own_database)
    step = path.present[2]

    async def student() -> None:
        async with own_database.writing() as session:
            await service.mark_done(session, school.course, school.students[0].id, path.copy.id, step.id, NOW)

    async def teacher() -> None:
        async with own_database.writing() as session:
            playlist = await queries.playlist(session, school.id, school.course.id, path.playlist.id)
            assert playlist is not None
            await editing.remove_step(session, school.course, playlist.id, playlist.revision, path.present[0].id, NOW)
            await updated(session, school, playlist)

    await asyncio.gather(student(), teacher())
    async with own_database.reading() as session:
        after = await Ada(session, school).path()
        assert after.progress.is_finished
        assert after.copy.finished_at is not None
        assert await Ada(session, school).score() == 100


async def test_step_and_score_stand_together_or_not_at_all(
    own_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    school, path = await _stored_school(own_database)
    step = path.present[2]

    class Killed(BaseException):
        """As when the process ends between the two writes."""

    real = grades.owe_in_column

    async def killed(session: AsyncSession, **named: object) -> None:
        await real(session, **named)  # type: ignore[arg-type]
        raise Killed

    monkeypatch.setattr(grades, "owe_in_column", killed)
    with pytest.raises(Killed):
        async with own_database.writing() as session:
            await service.mark_done(session, school.course, school.students[0].id, path.copy.id, step.id, NOW)
    monkeypatch.undo()
    async with own_database.reading() as session:
        ada = Ada(session, school)
        assert (await ada.path()).progress.done == 2
        assert await ada.score() is None
    async with own_database.writing() as session:
        await service.mark_done(session, school.course, school.students[0].id, path.copy.id, step.id, NOW)
    async with own_database.reading() as session:
        assert await Ada(session, school).score() == 100


async def test_may_dos_do_not_count(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await assigned(session, school)
        ada = Ada(session, school)
        for place in (1, 2):
            step = (await ada.path()).present[place]
            choice = StepChoice(step.title, need=Need.MAY)
            await editing.change_step(session, school.course, playlist.id, playlist.revision, step.id, choice, NOW)
            await updated(session, school, playlist)
        await ada.mark(0)
        assert await ada.score() == 100
