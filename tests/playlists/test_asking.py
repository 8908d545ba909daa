"""What a student asks for, and other ways to the same thing, on both databases; two tabs at once."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Alignment, AlignmentRole, Competency
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.courses.access import InCourse
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.lti.models import Role
from lti_tool.lti.sessions import Visit
from lti_tool.playlists import asking, queries, service, ways
from lti_tool.playlists.models import (
    DoneRule,
    PersonalPlaylist,
    PersonalStep,
    Playlist,
    PlaylistKind,
    PlaylistStatus,
    PlaylistStep,
    StepOrigin,
    StepRole,
    StepState,
)
from lti_tool.playlists.path_models import Outcome, PathRuling, PathWord, RequestKind, RulingKind, WordKind
from tests.insight.site import a_map
from tests.playlists import seed
from tests.playlists.seed import NOW, School

LATER = NOW + timedelta(hours=1)


def here(school: School, place: int = 0) -> InCourse:
    visit = Visit.__new__(Visit)
    object.__setattr__(visit, "person_id", school.students[place].id)
    object.__setattr__(visit, "role", Role.STUDENT)
    return InCourse(visit, school.course)


async def a_copy(session: AsyncSession, school: School, kind: PlaylistKind = PlaylistKind.TEMPLATE) -> PersonalPlaylist:
    playlist = Playlist(
        organisation_id=school.id,
        course_id=school.course.id,
        kind=kind,
        title="Halves",
        status=PlaylistStatus.ASSIGNED,
        assigned_at=NOW,
        created_at=NOW,
        changed_at=NOW,
    )
    session.add(playlist)
    await session.flush()
    copy = PersonalPlaylist(
        organisation_id=school.id, playlist_id=playlist.id, person_id=school.students[0].id, created_at=NOW
    )
    session.add(copy)
    await session.flush()
    return copy


async def a_step(
    session: AsyncSession, copy: PersonalPlaylist, title: str, position: int = 0, **more: object
) -> PlaylistStep:
    step = PlaylistStep(
        organisation_id=copy.organisation_id, playlist_id=copy.playlist_id, position=position, title=title, **more
    )
    session.add(step)
    await session.flush()
    return step


# --- Requests


async def test_one_request_of_a_kind_is_open_for_a_step_and_the_latest_words_stand(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        copy = await a_copy(session, school)
        step = await a_step(session, copy, "Fold paper")
        ada = here(school)
        first = await asking.ask(session, ada, copy.id, step.id, RequestKind.HELP, "", NOW)
        again = await asking.ask(session, ada, copy.id, step.id, RequestKind.HELP, "The fold", LATER)
        silent = await asking.ask(session, ada, copy.id, step.id, RequestKind.HELP, "", LATER)
        talk = await asking.ask(session, ada, copy.id, step.id, RequestKind.CONFERENCE, "After lunch", LATER)
        assert first.id == again.id == silent.id != talk.id
        said = await asking.conversation(session, school.id, copy.id)
        assert {(one.kind, one.words) for one in said.open} == {
            (RequestKind.HELP, "The fold"),
            (RequestKind.CONFERENCE, "After lunch"),
        }
        waiting = said.waiting(step.id, RequestKind.HELP)
        assert waiting is not None
        assert waiting.created_at == NOW
        assert said.waiting(None, RequestKind.HELP) is None
        assert said.waiting(step.id, "conference") is not None


async def test_what_is_taken_back_waits_no_more_and_can_be_asked_anew(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        copy = await a_copy(session, school)
        ada = here(school)
        await asking.ask(session, ada, copy.id, None, RequestKind.HELP, "Where do I begin?", NOW)
        assert await asking.take_back(session, ada, copy.id, None, RequestKind.HELP, LATER)
        assert not await asking.take_back(session, ada, copy.id, None, RequestKind.HELP, LATER)
        said = await asking.conversation(session, school.id, copy.id)
        assert (said.open, said.answered(None)) == ([], [])
        await asking.ask(session, ada, copy.id, None, RequestKind.HELP, "", LATER)
        assert len((await asking.conversation(session, school.id, copy.id)).requests) == 2


async def test_an_answer_of_the_teacher_is_shown_as_one(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        copy = await a_copy(session, school)
        step = await a_step(session, copy, "Fold paper")
        row = await asking.ask(session, here(school), copy.id, step.id, RequestKind.HELP, "", NOW)
        row.answered_at, row.answered_by, row.answer = LATER, school.teacher.id, "I come to you"
        row.outcome = Outcome.ANSWERED
        session.add(row)
        [answered] = (await asking.conversation(session, school.id, copy.id)).answered(step.id)
        assert (answered.answer, answered.taken_back, answered.is_open) == ("I come to you", False, False)


async def test_a_sign_off_and_a_retake_are_asked_for_where_there_is_one(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        copy = await a_copy(session, school)
        signed = await a_step(session, copy, "Show me", 0, done_rule=DoneRule.SIGNED)
        quiz = await a_step(
            session, copy, "Quiz", 1, done_rule=DoneRule.RESULT, content_item_id=school.items["quiz"].id
        )
        ada = here(school)
        await asking.ask(session, ada, copy.id, signed.id, RequestKind.SIGN_OFF, "", NOW)
        for step, kind in ((quiz, RequestKind.SIGN_OFF), (quiz, RequestKind.RETAKE), (signed, RequestKind.RETAKE)):
            with pytest.raises(asking.NothingToAskFor):
                await asking.ask(session, ada, copy.id, step.id, kind, "", NOW)
        session.add(
            PersonalStep(
                organisation_id=school.id,
                personal_playlist_id=copy.id,
                step_id=quiz.id,
                state=StepState.OPENED,
                opened_at=NOW,
                result_percent=40,
                result_at=NOW,
            )
        )
        await session.flush()
        await asking.ask(session, ada, copy.id, quiz.id, RequestKind.RETAKE, "", NOW)
        with pytest.raises(BadRequest):
            await asking.ask(session, ada, copy.id, None, RequestKind.SIGN_OFF, "", NOW)
        with pytest.raises(BadRequest):
            await asking.ask(session, ada, copy.id, signed.id, RequestKind.HELP, "x" * 1001, NOW)


async def test_nobody_asks_through_anothers_copy_or_a_step_that_is_gone(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        copy = await a_copy(session, school)
        gone = await a_step(session, copy, "Old", removed_at=NOW)
        with pytest.raises(NotFound):
            await asking.ask(session, here(school, 1), copy.id, None, RequestKind.HELP, "", NOW)
        with pytest.raises(Conflict) as caught:
            await asking.ask(session, here(school), copy.id, gone.id, RequestKind.HELP, "", NOW)
        assert caught.value.code == "step-removed"
        with pytest.raises(NotFound):
            await asking.ask(session, here(school), copy.id, uuid.uuid4(), RequestKind.HELP, "", NOW)
        other = await seed.school(session, "Elm School")
        with pytest.raises(NotFound):
            await asking.ask(session, here(other), copy.id, None, RequestKind.HELP, "", NOW)


async def test_what_the_teacher_said_is_marked_as_read_once(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        copy = await a_copy(session, school)
        word = PathWord(
            organisation_id=school.id,
            personal_playlist_id=copy.id,
            kind=WordKind.COMMENT,
            text="Good drawing",
            written_by=school.teacher.id,
            created_at=NOW,
        )
        session.add(word)
        await session.flush()
        said = await asking.conversation(session, school.id, copy.id)
        assert [one.text for one in said.unseen] == ["Good drawing"]
        await asking.mark_seen(session, here(school), copy.id, word.id, NOW)
        await asking.mark_seen(session, here(school), copy.id, word.id, LATER)
        assert word.seen_at == NOW
        with pytest.raises(NotFound):
            await asking.mark_seen(session, here(school), copy.id, uuid.uuid4(), NOW)
        with pytest.raises(NotFound):
            await asking.mark_seen(session, here(school, 1), copy.id, word.id, NOW)


async def test_two_tabs_ask_at_once_and_one_request_waits(own_database: Database) -> None:
    async with own_database.writing() as session:
        school = await seed.school(session)
        copy = await a_copy(session, school)
        step = await a_step(session, copy, "Fold paper")
        copy_id, step_id = copy.id, step.id

    async def ask(number: int) -> uuid.UUID:
        async with own_database.writing() as session:
            row = await asking.ask(session, here(school), copy_id, step_id, RequestKind.HELP, f"tab {number}", NOW)
            return row.id

    made = await asyncio.gather(*(ask(number) for number in range(6)))
    assert len(set(made)) == 1


# --- Other ways


async def an_item(
    session: AsyncSession, school: School, key: str, kind: ItemKind, result_key: str | None = None
) -> None:
    school.items[key] = ContentItem(
        organisation_id=school.id,
        course_id=school.course.id,
        external_id=f"canvas:{key}",
        kind=kind,
        title=f"The {key}",
        url=f"https://lms.example/{key}",
        position=10 + len(school.items),
        result_key=result_key,
        seen_at=NOW,
    )
    session.add(school.items[key])
    await session.flush()


async def aligned(session: AsyncSession, school: School, key: str, one: Competency, role: AlignmentRole) -> None:
    session.add(
        Alignment(
            organisation_id=school.id,
            course_id=school.course.id,
            content_item_id=school.items[key].id,
            competency_id=one.id,
            role=role,
            passing_percent=80,
            created_at=NOW,
        )
    )
    await session.flush()


async def a_choice(session: AsyncSession) -> tuple[School, list[Competency], PersonalPlaylist, PlaylistStep]:
    """A step of the tool's that teaches N.1; a video teaches it too, a game practises it, and a quiz assesses it."""
    school = await seed.school(session)
    made = await a_map(session, school)
    await an_item(session, school, "video", ItemKind.PAGE)
    await an_item(session, school, "game", ItemKind.TOOL)
    for key, role in (
        ("page", AlignmentRole.TEACHES),
        ("video", AlignmentRole.TEACHES),
        ("game", AlignmentRole.PRACTISES),
        ("quiz", AlignmentRole.ASSESSES),
    ):
        await aligned(session, school, key, made[0], role)
    await aligned(session, school, "essay", made[1], AlignmentRole.TEACHES)
    copy = await a_copy(session, school, PlaylistKind.PERSONAL)
    step = await a_step(
        session,
        copy,
        "What a fraction is",
        content_item_id=school.items["page"].id,
        competency_id=made[0].id,
        personal_playlist_id=copy.id,
        origin=StepOrigin.TOOL,
        role=StepRole.TEACH,
        done_rule=DoneRule.MARKED,
    )
    return school, made, copy, step


async def test_equals_do_the_same_and_others_teach_it_differently(database: Database) -> None:
    async with database.writing() as session:
        school, _, copy, step = await a_choice(session)
        path = await service.path_of_person(session, school.course, school.students[0].id, copy.id, NOW)
        found = (await ways.finder(session, school.course, path)).of(step)
        assert [one.title for one in found.equals] == ["The video"]
        assert [one.title for one in found.others] == ["The game"]
        session.add(
            PathRuling(
                organisation_id=school.id,
                playlist_id=copy.playlist_id,
                kind=RulingKind.BAN,
                content_item_id=school.items["video"].id,
                created_at=NOW,
            )
        )
        await session.flush()
        assert (await ways.finder(session, school.course, path)).of(step).equals == ()


async def test_choosing_among_equals_keeps_the_competency_and_says_who_chose(database: Database) -> None:
    async with database.writing() as session:
        school, made, copy, step = await a_choice(session)
        video = school.items["video"].id
        chosen = await ways.choose(session, here(school), copy.id, step.id, video, NOW)
        again = await ways.choose(session, here(school), copy.id, step.id, video, LATER)
        assert chosen.id == again.id == step.id
        assert (chosen.title, chosen.content_item_id, chosen.competency_id) == ("The video", video, made[0].id)
        assert (chosen.origin, chosen.role) == (StepOrigin.STUDENT, StepRole.TEACH)
        for wrong in (school.items["quiz"].id, school.items["essay"].id, uuid.uuid4()):
            with pytest.raises(ways.NotAmongEquals):
                await ways.choose(session, here(school), copy.id, step.id, wrong, NOW)


async def test_what_was_planned_for_later_comes_now_and_not_twice(database: Database) -> None:
    async with database.writing() as session:
        school, made, copy, step = await a_choice(session)
        later = await a_step(
            session,
            copy,
            "The video",
            1,
            content_item_id=school.items["video"].id,
            competency_id=made[0].id,
            personal_playlist_id=copy.id,
            origin=StepOrigin.TOOL,
            role=StepRole.TEACH,
        )
        await ways.choose(session, here(school), copy.id, step.id, school.items["video"].id, NOW)
        path = await service.path_of_person(session, school.course, school.students[0].id, copy.id, LATER)
        assert [one.title for one in path.present] == ["The video"]
        assert later.removed_at == NOW


async def test_what_was_begun_stays_and_the_other_way_comes_after_it(database: Database) -> None:
    async with database.writing() as session:
        school, made, copy, step = await a_choice(session)
        behind = await a_step(session, copy, "Later", 1, personal_playlist_id=copy.id, origin=StepOrigin.TOOL)
        await service.open_step(session, school.course, school.students[0].id, copy.id, step.id, NOW)
        game = school.items["game"].id
        chosen = await ways.choose(session, here(school), copy.id, step.id, game, NOW)
        again = await ways.choose(session, here(school), copy.id, step.id, game, LATER)
        assert chosen.id == again.id != step.id
        assert (chosen.position, step.position, behind.position) == (0, 1, 2)
        assert chosen.origin is StepOrigin.STUDENT
        assert chosen.competency_id == made[0].id
        rows = await queries.step_rows(session, school.id, [copy.id])
        assert rows[copy.id][step.id].skipped_at == NOW
        assert rows[copy.id][step.id].opened_at == NOW
        # Begun at once, so that no plan takes it away; it is what comes next.
        assert rows[copy.id][chosen.id].state is StepState.OPENED
        path = await service.path_of_person(session, school.course, school.students[0].id, copy.id, LATER)
        assert path.next is not None
        assert path.next.step.id == chosen.id


async def test_steps_of_a_teacher_are_not_exchanged(database: Database) -> None:
    async with database.writing() as session:
        school, made, copy, _ = await a_choice(session)
        teachers = await a_step(
            session,
            copy,
            "Mine",
            1,
            content_item_id=school.items["page"].id,
            competency_id=made[0].id,
            personal_playlist_id=copy.id,
            origin=StepOrigin.TEACHER,
        )
        with pytest.raises(ways.NotAmongEquals):
            await ways.choose(session, here(school), copy.id, teachers.id, school.items["video"].id, NOW)
        with pytest.raises(NotFound):
            await ways.choose(session, here(school, 1), copy.id, teachers.id, school.items["video"].id, NOW)


async def test_two_tabs_choose_at_once_and_one_step_is_made(own_database: Database) -> None:
    async with own_database.writing() as session:
        school, _, copy, step = await a_choice(session)
        await service.open_step(session, school.course, school.students[0].id, copy.id, step.id, NOW)
        copy_id, step_id, game = copy.id, step.id, school.items["game"].id

    async def choose() -> uuid.UUID:
        async with own_database.writing() as session:
            return (await ways.choose(session, here(school), copy_id, step_id, game, NOW)).id

    made = await asyncio.gather(*(choose() for _ in range(5)))
    assert len(set(made)) == 1
