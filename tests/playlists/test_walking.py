"""Choices, unlock rules, testing out, words, sign-offs, mastery, other forms and own steps, on both databases."""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.audit import AuditEntry
from lti_tool.content.service import ItemResult
from lti_tool.courses.models import Course
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.grades.models import Score
from lti_tool.ids import new_id
from lti_tool.learners.models import LearnerSupport, Support
from lti_tool.mastery.models import LearnerModification
from lti_tool.playlists import service
from lti_tool.playlists.models import (
    DoneBy,
    DoneRule,
    Need,
    OrderRule,
    PersonalPlaylist,
    PersonalStep,
    Playlist,
    PlaylistKind,
    PlaylistSection,
    PlaylistStatus,
    PlaylistStep,
    SendRule,
    StepKind,
    StepOrigin,
    StepState,
    StepVariant,
    StepVariantLearner,
    VariantKind,
)
from lti_tool.playlists.path_models import PathRequest, RequestKind
from lti_tool.playlists.paths import Path, standing_of
from lti_tool.playlists.rules import NothingNext, Progress, WaitsFor
from tests.insight.class_of_five import a_class
from tests.playlists import seed
from tests.playlists.seed import NOW, School

LATER = NOW + timedelta(hours=1)


@dataclass
class Walker:
    """A student on a playlist whose steps were put straight into the database."""

    session: AsyncSession
    school: School
    playlist: Playlist
    place: int = 0

    @property
    def id(self) -> uuid.UUID:
        return self.school.students[self.place].id

    @property
    def course(self) -> Course:
        return self.school.course

    async def path(self, now: datetime = NOW, *, as_student: bool = False) -> Path:
        paths = await service.paths_of_person(self.session, self.course, self.id, now, as_student=as_student)
        return next(path for path in paths if path.playlist.id == self.playlist.id)

    async def do(self, act: Any, title: str, *more: Any, now: datetime = NOW) -> Path:
        path = await self.path(now)
        step = next(step for step in path.present if step.title == title)
        done: Path = await act(self.session, self.course, self.id, path.copy.id, step.id, *more, now)
        return done

    async def teacher(self, act: Any, title: str, now: datetime = NOW) -> Path:
        step = next(step for step in (await self.path(now)).present if step.title == title)
        done: Path = await act(
            self.session, self.course, self.playlist.id, self.id, step.id, self.school.teacher.id, now
        )
        return done

    async def result(self, item: str, percent: float, at: datetime = NOW) -> int:
        result = ItemResult(self.school.items[item].id, self.id, percent, at)
        return await service.take_results(self.session, self.course, [result], at)

    async def state(self, title: str) -> tuple[StepState, DoneBy | None]:
        path = await self.path()
        step = next(step for step in path.present if step.title == title)
        standing = standing_of(path.rows.get(step.id))
        return standing.state, standing.done_by

    async def score(self) -> float | None:
        rows = (await self.session.exec(scoped(Score, self.school.id).where(Score.person_id == self.id))).all()
        return rows[0].owed_given if rows else None


async def a_playlist(session: AsyncSession, school: School, *steps: dict[str, Any], **fields: Any) -> Walker:
    """An assigned playlist with these steps, titled by their ``title``, and everybody's copy of it."""
    playlist = Playlist(
        organisation_id=school.id,
        course_id=school.course.id,
        title="Halves",
        status=PlaylistStatus.ASSIGNED,
        assigned_at=NOW,
        created_at=NOW,
        changed_at=NOW,
        **{"order_rule": OrderRule.ANY, **fields},
    )
    session.add(playlist)
    await session.flush()
    for position, step in enumerate(steps):
        session.add(PlaylistStep(organisation_id=school.id, playlist_id=playlist.id, position=position, **step))
    await session.flush()
    await service.ensure_copies(session, school.course, NOW)
    return Walker(session, school, playlist)


async def a_section(session: AsyncSession, walker: Walker, needed: int | None, *titles: str) -> PlaylistSection:
    """A section around these steps."""
    section = PlaylistSection(
        organisation_id=walker.school.id, playlist_id=walker.playlist.id, position=0, title="Practise", needed=needed
    )
    session.add(section)
    await session.flush()
    for step in (await walker.path()).template:
        if step.title in titles:
            step.section_id = section.id
            session.add(step)
    await session.flush()
    return section


# --- Choices and sections


async def test_any_two_of_three_finish_a_choice(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        mays = [{"title": title, "need": Need.MAY} for title in ("One", "Two", "Three")]
        ada = await a_playlist(session, school, *mays, {"title": "Talk"}, has_column=True, points=10)
        section = await a_section(session, ada, 2, "One", "Two", "Three")
        path = await ada.path()
        assert [step.title for step in path.present] == ["Talk", "One", "Two", "Three"]
        assert path.progress == Progress(0, 3)
        await ada.do(service.mark_done, "Three")
        await ada.do(service.mark_done, "Talk")
        assert await ada.score() is None
        path = await ada.do(service.mark_done, "One")
        assert path.progress.is_finished
        assert await ada.score() == 10
        path = await ada.do(service.mark_done, "Two")
        assert path.progress == Progress(3, 3)
        assert path.present_sections == [section]


async def test_a_step_that_waits_for_a_choice_says_which(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        ada = await a_playlist(
            session,
            school,
            {"title": "One", "need": Need.MAY},
            {"title": "Two", "need": Need.MAY},
            {"title": "Talk"},
            order_rule=OrderRule.IN_ORDER,
        )
        first = await a_section(session, ada, 1, "One", "Two")
        last = PlaylistSection(
            organisation_id=school.id, playlist_id=ada.playlist.id, position=1, title="Show", needed=None
        )
        session.add(last)
        await session.flush()
        talk = (await ada.path()).template[2]
        talk.section_id = last.id
        session.add(talk)
        await session.flush()
        with pytest.raises(Conflict) as refused:
            await ada.do(service.mark_done, "Talk")
        assert refused.value.code == "step-locked"
        assert refused.value.fields == {"title": first.title}
        await ada.do(service.mark_done, "Two")
        await ada.do(service.mark_done, "Talk")
        assert (await ada.path()).progress.is_finished


# --- Unlocking


async def test_dates_keep_steps_closed_and_what_was_begun_stays_open(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        ada = await a_playlist(session, school, {"title": "Later", "opens_at": LATER})
        with pytest.raises(Conflict) as refused:
            await ada.do(service.open_step, "Later")
        assert refused.value.code == "step-locked"
        nothing = (await ada.path()).nothing_next
        assert nothing is not None
        assert (nothing.why, nothing.at) == (NothingNext.FOR_DATE, LATER)
        await ada.do(service.open_step, "Later", now=LATER)
        await ada.do(service.mark_done, "Later", now=NOW)
        assert (await ada.path()).progress.is_finished


async def test_mastery_opens_steps_and_makes_them_done(database: Database) -> None:
    async with database.writing() as session:
        school, made = await a_class(session)
        ada = await a_playlist(
            session,
            school,
            {"title": "Shown", "done_rule": DoneRule.MASTERY, "competency_id": made[0].id},
            {"title": "Next", "after_competency_id": made[1].id},
            has_column=True,
            send_rule=SendRule.LIVE,
        )
        ben = Walker(session, school, ada.playlist, 1)
        everybody = [student.id for student in school.students]
        assert service.mastery_moves(await ada.path(), NOW)
        assert not service.mastery_moves(await ben.path(), NOW)
        # Ada is Secure by her work, Cem by what the teacher said.
        assert await service.settle_mastery(session, school.course, everybody, NOW) == 2
        assert await service.settle_mastery(session, school.course, everybody, LATER) == 0
        assert await ada.state("Shown") == (StepState.DONE, DoneBy.MASTERY)
        assert await ada.score() == 50
        await ada.do(service.mark_done, "Next")
        waits = (await ben.path()).locked
        assert [(one.reason, one.competency_id) for one in waits.values()] == [(WaitsFor.COMPETENCY, made[1].id)]
        with pytest.raises(Conflict):
            await ben.do(service.mark_done, "Next")
        with pytest.raises(Conflict) as refused:
            await ben.do(service.mark_done, "Shown")
        assert refused.value.code == "step-needs-mastery"


async def test_mastery_does_not_overrule_a_teacher_who_took_a_step_back(database: Database) -> None:
    async with database.writing() as session:
        school, made = await a_class(session)
        ada = await a_playlist(
            session, school, {"title": "Shown", "done_rule": DoneRule.MASTERY, "competency_id": made[0].id}
        )
        await service.settle_mastery(session, school.course, [ada.id], NOW)
        await ada.teacher(service.take_back, "Shown", LATER)
        assert await service.settle_mastery(session, school.course, [ada.id], LATER) == 0
        assert await ada.state("Shown") == (StepState.OPENED, None)


async def test_what_is_asked_instead_decides(database: Database) -> None:
    async with database.writing() as session:
        school, made = await a_class(session)
        ben_step = {"title": "Shown", "after_competency_id": made[0].id}
        ben = Walker(session, school, (await a_playlist(session, school, ben_step)).playlist, 1)
        assert (await ben.path()).locked
        session.add(
            LearnerModification(
                organisation_id=school.id,
                course_id=school.course.id,
                person_id=ben.id,
                competency_id=made[0].id,
                created_at=NOW,
            )
        )
        await session.flush()
        assert (await ben.path()).locked == {}


# --- Testing out


async def a_checked(session: AsyncSession, school: School, **fields: Any) -> Walker:
    check = {
        "title": "Check",
        "content_item_id": school.items["quiz"].id,
        "done_rule": DoneRule.RESULT,
        "pass_percent": 80.0,
        "is_precheck": True,
    }
    walker = await a_playlist(
        session, school, check, {"title": "Read"}, {"title": "Sign", "done_rule": DoneRule.SIGNED}, **fields
    )
    await a_section(session, walker, None, "Check", "Read", "Sign")
    return walker


async def test_a_passed_pre_check_stands_for_its_section(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        ada = await a_checked(session, school, has_column=True, points=10)
        assert await ada.result("quiz", 85) == 1
        assert await ada.state("Read") == await ada.state("Sign") == (StepState.DONE, DoneBy.TESTED)
        assert (await ada.path()).copy.finished_at == NOW
        assert await ada.score() == 10
        assert await ada.result("quiz", 85) == 0
        with pytest.raises(Conflict):
            await ada.do(service.mark_not_done, "Read")
        await ada.teacher(service.take_back, "Read", LATER)
        await ada.result("quiz", 20, LATER)
        assert await ada.state("Read") == (StepState.OPENED, None)


async def test_a_pre_check_below_its_mark_was_taken_and_that_is_all(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        ada = await a_checked(session, school)
        await ada.result("quiz", 50)
        assert await ada.state("Check") == (StepState.DONE, DoneBy.LMS)
        assert await ada.state("Read") == (StepState.TODO, None)
        await ada.result("quiz", 90, LATER)
        assert await ada.state("Read") == (StepState.DONE, DoneBy.TESTED)


# --- Words, sign-offs, passing over


async def test_a_reflection_is_done_when_written_and_can_be_rewritten(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        step = {"title": "Look back", "kind": StepKind.REFLECTION, "done_rule": DoneRule.WRITTEN}
        ada = await a_playlist(session, school, step, {"title": "Other"})
        with pytest.raises(Conflict) as refused:
            await ada.do(service.mark_done, "Look back")
        assert refused.value.code == "step-needs-words"
        with pytest.raises(BadRequest) as blank:
            await ada.do(service.write_words, "Look back", "  \n ")
        assert blank.value.code == "words-missing"
        with pytest.raises(BadRequest):
            await ada.do(service.write_words, "Look back", "x" * 4001)
        with pytest.raises(Conflict) as no_place:
            await ada.do(service.write_words, "Other", "Hello")
        assert no_place.value.code == "step-takes-no-words"
        await ada.do(service.write_words, "Look back", " Halves are fair. ")
        path = await ada.do(service.write_words, "Look back", "Halves are equal.", now=LATER)
        [row] = path.rows.values()
        assert (row.state, row.words, row.done_at) == (StepState.DONE, "Halves are equal.", NOW)
        with pytest.raises(Conflict):
            await ada.do(service.mark_not_done, "Look back")


async def test_signing_off_answers_what_was_asked(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        ada = await a_playlist(session, school, {"title": "Show me", "done_rule": DoneRule.SIGNED})
        with pytest.raises(Conflict) as refused:
            await ada.do(service.mark_done, "Show me")
        assert refused.value.code == "step-needs-sign-off"
        path = await ada.path()
        request = PathRequest(
            organisation_id=school.id,
            personal_playlist_id=path.copy.id,
            step_id=path.present[0].id,
            kind=RequestKind.SIGN_OFF,
            created_at=NOW,
        )
        session.add(request)
        await session.flush()
        nothing = (await ada.path()).nothing_next
        assert nothing is not None
        assert nothing.why is NothingNext.FOR_TEACHER
        await ada.teacher(service.sign_off, "Show me", LATER)
        await session.flush()
        await session.refresh(request)
        assert (request.answered_at, request.answered_by) == (LATER, school.teacher.id)
        assert await ada.state("Show me") == (StepState.DONE, DoneBy.TEACHER)


@pytest.mark.parametrize(
    ("reason", "can"), [("show", True), ("review", True), ("pinned", False), ("dated", False), ("placement", False)]
)
def test_what_a_teacher_asks_for_on_a_personal_path_is_not_for_the_student_to_skip(reason: str, can: bool) -> None:
    step = PlaylistStep(
        organisation_id=new_id(),
        playlist_id=new_id(),
        personal_playlist_id=new_id(),
        title="Quiz",
        origin=StepOrigin.TOOL,
        why={"reason": reason},
        created_at=NOW,
    )
    assert service.can_be_skipped(step) is can


async def test_a_student_passes_over_what_is_extra_and_says_why(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        extra = {"title": "Extra", "need": Need.MAY}
        ada = await a_playlist(session, school, {"title": "Must"}, extra, has_column=True, due_at=LATER)
        with pytest.raises(Conflict) as refused:
            await ada.do(service.skip, "Must", "No")
        assert refused.value.code == "step-cannot-be-skipped"
        with pytest.raises(BadRequest):
            await ada.do(service.skip, "Extra", "")
        path = await ada.do(service.skip, "Extra", "I know this")
        path = await ada.do(service.skip, "Extra", "Once more")
        [row] = path.rows.values()
        assert (row.skipped_at, row.words, row.state) == (NOW, "I know this", StepState.TODO)
        # Passing over begins nothing, so that nothing is owed for it.
        assert path.copy.begun_at is None
        path = await ada.do(service.open_step, "Extra")
        [row] = path.rows.values()
        assert (row.skipped_at, row.words, row.state) == (None, "", StepState.OPENED)


# --- Other forms


async def a_form(session: AsyncSession, walker: Walker, **fields: Any) -> StepVariant:
    step = next(step for step in (await walker.path()).template if step.title == "Quiz")
    variant = StepVariant(
        organisation_id=walker.school.id, step_id=step.id, **{"support": Support.SIMPLER_TEXT, **fields}
    )
    session.add(variant)
    await session.flush()
    return variant


async def a_quiz(session: AsyncSession, school: School) -> Walker:
    quiz = {
        "title": "Quiz",
        "content_item_id": school.items["quiz"].id,
        "done_rule": DoneRule.RESULT,
        "pass_percent": 80.0,
        "minutes": 10,
    }
    return await a_playlist(session, school, quiz)


async def test_supports_choose_the_form_and_only_the_student_sees_it(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        ada = await a_quiz(session, school)
        essay = school.items["essay"].id
        variant = await a_form(session, ada, title="Easy words", content_item_id=essay)
        session.add_all(
            LearnerSupport(
                organisation_id=school.id,
                course_id=school.course.id,
                person_id=ada.id,
                support=support,
                factor=1.5 if support is Support.EXTENDED_TIME else None,
                created_at=NOW,
            )
            for support in (Support.SIMPLER_TEXT, Support.EXTENDED_TIME)
        )
        await session.flush()
        seen = await ada.path(as_student=True)
        shown = seen.shown(seen.present[0])
        assert (shown.title, shown.content_item_id, shown.minutes) == ("Easy words", essay, 15)
        by_others = await ada.path()
        usual = by_others.shown(by_others.present[0])
        assert (usual.title, usual.minutes, usual.form) == ("Quiz", 10, None)
        assert [step.title for step in by_others.steps] == ["Quiz"]
        ben = await Walker(session, school, ada.playlist, 1).path(as_student=True)
        assert ben.shown(ben.present[0]).title == "Quiz"
        await ada.do(service.open_step, "Quiz")
        [row] = (await ada.path()).rows.values()
        assert row.variant_id == variant.id
        # The level rule is everybody's: 80 % of the other form.
        await ada.result("essay", 79)
        assert await ada.state("Quiz") == (StepState.OPENED, None)
        await ada.result("essay", 80, LATER)
        assert await ada.state("Quiz") == (StepState.DONE, DoneBy.LMS)


async def test_who_began_with_a_form_goes_on_with_it(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        ada = await a_quiz(session, school)
        await ada.do(service.open_step, "Quiz")
        await a_form(session, ada)
        session.add(
            LearnerSupport(
                organisation_id=school.id,
                course_id=school.course.id,
                person_id=ada.id,
                support=Support.SIMPLER_TEXT,
                created_at=NOW,
            )
        )
        await session.flush()
        assert (await ada.path()).forms == {}


async def test_a_modification_is_given_by_name_and_changes_the_mark_for_one(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        ada = await a_quiz(session, school)
        ben = Walker(session, school, ada.playlist, 1)
        variant = await a_form(session, ada, kind=VariantKind.MODIFICATION, pass_percent=50.0)
        assert (await ada.path()).forms == {}
        session.add(
            StepVariantLearner(organisation_id=school.id, variant_id=variant.id, person_id=ada.id, created_at=NOW)
        )
        await session.flush()
        await ada.result("quiz", 55)
        await ben.result("quiz", 55)
        # Who looks without the supports right reads what everybody is asked for.
        assert [step.pass_percent for step in (await ada.path()).steps] == [80]
        assert [step.pass_percent for step in (await ada.path(as_student=True)).steps] == [50]
        assert await ada.state("Quiz") == (StepState.DONE, DoneBy.LMS)
        assert await ben.state("Quiz") == (StepState.OPENED, None)
        rows = {row.personal_playlist_id: row for row in (await session.exec(scoped(PersonalStep, school.id))).all()}
        assert rows[(await ada.path()).copy.id].variant_id == variant.id
        assert rows[(await ben.path()).copy.id].variant_id is None


# --- Own steps


async def test_a_teacher_adds_a_step_for_one_student(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        ada = await a_playlist(session, school, {"title": "Read"}, order_rule=OrderRule.IN_ORDER, has_column=True)
        ben = Walker(session, school, ada.playlist, 1)
        await ada.do(service.mark_done, "Read")
        assert await ada.score() == 100
        wanted = service.Wanted(item_id=school.items["essay"].id, note="Once more", step_id=uuid.uuid4())
        for _ in range(2):
            path = await service.add_for_student(
                session, school.course, ada.playlist.id, ada.id, wanted, school.teacher.id, NOW
            )
        assert [step.title for step in path.present] == ["Read", "Draw a fraction"]
        assert path.next is not None
        assert path.next.step.title == "Draw a fraction"
        assert path.progress == Progress(1, 2)
        assert await ada.score() == 100
        assert [step.title for step in (await ben.path()).present] == ["Read"]
        assert await ada.result("essay", 70) == 1
        gone = await service.remove_for_student(
            session, school.course, ada.playlist.id, ada.id, path.present[1].id, school.teacher.id, LATER
        )
        assert [step.title for step in gone.present] == ["Read"]
        assert [step.title for step in gone.removed_with_work] == ["Draw a fraction"]
        actions = [entry.action for entry in (await session.exec(scoped(AuditEntry, school.id))).all()]
        assert actions.count("step.added-for-student") == actions.count("step.removed-for-student") == 1


async def test_a_step_for_one_student_says_something_and_is_of_this_course(database: Database) -> None:
    async with database.writing() as session:
        school, other = await seed.school(session), await seed.school(session, "Elm School")
        ada = await a_playlist(session, school, {"title": "Read"})

        async def add(wanted: service.Wanted, course: Course, person_id: uuid.UUID) -> Path:
            return await service.add_for_student(session, course, ada.playlist.id, person_id, wanted, None, NOW)

        with pytest.raises(BadRequest) as refused:
            await add(service.Wanted(title="  "), school.course, ada.id)
        assert refused.value.code == "step-says-nothing"
        with pytest.raises(NotFound):
            await add(service.Wanted(item_id=other.items["page"].id), school.course, ada.id)
        with pytest.raises(NotFound):
            await add(service.Wanted(title="Talk"), other.course, ada.id)
        with pytest.raises(NotFound):
            await add(service.Wanted(title="Talk"), school.course, other.students[0].id)


async def test_a_personal_playlist_walks_its_own_steps(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        ada = await a_playlist(
            session,
            school,
            kind=PlaylistKind.PERSONAL,
            settings={"target_steps": 2},
            has_column=True,
            points=10,
            send_rule=SendRule.LIVE,
        )
        copy = (await ada.path()).copy
        made = [
            PlaylistStep(
                organisation_id=school.id,
                playlist_id=ada.playlist.id,
                personal_playlist_id=copy.id,
                position=position,
                title=title,
                origin=StepOrigin.TOOL,
                proposed=title == "Proposed",
            )
            for position, title in enumerate(["One", "Two", "Three", "Proposed"])
        ]
        session.add_all(made)
        await session.flush()
        path = await ada.path()
        assert [step.title for step in path.present] == ["One", "Two", "Three"]
        assert [step.title for step in path.proposed] == ["Proposed"]
        with pytest.raises(NotFound):
            await service.open_step(session, school.course, ada.id, copy.id, made[3].id, NOW)
        await ada.do(service.skip, "Two", "Too easy")
        await ada.do(service.mark_done, "One")
        assert await ada.score() == 5
        made[0].removed_at = LATER
        session.add(made[0])
        await session.flush()
        assert (await ada.path()).progress == Progress(1, 2)
        path = await ada.do(service.mark_done, "Three")
        assert path.progress.is_finished
        assert await ada.score() == 10
        assert path.next is not None
        assert path.next.step.title == "Two"
        others = await Walker(session, school, ada.playlist, 1).path()
        assert (others.present, others.progress) == ([], Progress(0, 2))
        nothing = others.nothing_next
        assert nothing is not None
        assert nothing.why is NothingNext.EMPTY


# --- In few statements


async def test_a_class_takes_no_more_statements_than_one_student(database: Database) -> None:
    async with database.writing() as session:
        school, made = await a_class(session)
        ada = await a_playlist(
            session,
            school,
            {"title": "Quiz", "content_item_id": school.items["quiz"].id},
            {"title": "Shown", "done_rule": DoneRule.MASTERY, "competency_id": made[0].id},
        )
        await a_form(session, ada, support=Support.READ_ALOUD)
        said: list[str] = []
        connection = (await session.connection()).sync_connection
        assert connection is not None

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            said.append(statement)

        event.listen(connection, "before_cursor_execute", note)
        await service.paths_of_person(session, school.course, ada.id, NOW, as_student=True)
        one, said[:] = len(said), []
        paths = await service.paths_of_course(session, school.course, [ada.playlist], NOW)
        event.remove(connection, "before_cursor_execute", note)
        assert len(paths) == 5
        # The class list is one more.
        assert len(said) <= one + 1 <= 12


# --- At the same time


async def test_two_tabs_write_and_skip_as_one(own_database: Database) -> None:
    async with own_database.writing() as session:
        school = await seed.school(session)
        ada = await a_playlist(
            session,
            school,
            {"title": "Look back", "kind": StepKind.REFLECTION, "done_rule": DoneRule.WRITTEN},
            {"title": "Extra", "need": Need.MAY},
        )
        path = await ada.path()
        course, copy_id, ada_id = school.course, path.copy.id, ada.id
        back, extra = (step.id for step in path.present)

    async def act(what: Any, step_id: uuid.UUID, text: str) -> None:
        async with own_database.writing() as session:
            await what(session, course, ada_id, copy_id, step_id, text, NOW)

    await asyncio.gather(
        *[act(service.write_words, back, "Fair") for _ in range(3)], *[act(service.skip, extra, "No") for _ in range(3)]
    )
    async with own_database.reading() as session:
        rows = (await session.exec(scoped(PersonalStep, course.organisation_id).order_by(col(PersonalStep.id)))).all()
        assert sorted((row.step_id == back, row.words) for row in rows) == [(False, "No"), (True, "Fair")]
        [copy] = (
            await session.exec(scoped(PersonalPlaylist, course.organisation_id).where(PersonalPlaylist.id == copy_id))
        ).all()
        assert copy.finished_at == NOW
