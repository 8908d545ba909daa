"""Changes of templates, on both databases: what waits, what students get, and what is taken back."""

import random
import uuid
from datetime import timedelta

import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.audit import AuditEntry
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.errors import Conflict, NotFound, ToolError
from lti_tool.playlists import changes, changing, editing, queries, service, template_rows
from lti_tool.playlists.changes import Basics, StepChoice, What
from lti_tool.playlists.editing import Terms
from lti_tool.playlists.models import (
    DoneRule,
    Need,
    Playlist,
    PlaylistEdit,
    PlaylistKind,
    PlaylistSection,
    PlaylistStep,
    StepKind,
    StepVariant,
    StepVariantLearner,
    VariantKind,
)
from lti_tool.playlists.templates import Template, Variant
from tests.playlists import seed
from tests.playlists.seed import NOW, School

LATER = NOW + timedelta(hours=1)


async def begun(session: AsyncSession, school: School) -> Playlist:
    playlist = await editing.create(session, school.course, Basics("Halves"), school.teacher.id, NOW)
    ids = [school.items["page"].id, school.items["quiz"].id]
    return await editing.add_items(session, school.course, playlist.id, playlist.revision, ids, NOW)


async def changed(session: AsyncSession, school: School, playlist: Playlist, what: What, make) -> Playlist:  # type: ignore[no-untyped-def]
    return await changing.change(
        session, school.course, playlist.id, playlist.revision, what, make, NOW, school.teacher.id
    )


async def full(session: AsyncSession, school: School) -> Playlist:
    """Everything a template can hold."""
    playlist = await begun(session, school)
    section = uuid.uuid4()
    playlist = await changed(
        session,
        school,
        playlist,
        What.SECTION_ADDED,
        lambda template: changes.add_section(template, "Choose", "One of these", section_id=section),
    )
    for kind in (StepKind.TASK, StepKind.REFLECTION, StepKind.CONFERENCE):
        playlist = await editing.add_offline(
            session, school.course, playlist.id, playlist.revision, kind, NOW, kind=kind, section_id=section
        )
    playlist = await changed(
        session,
        school,
        playlist,
        What.SECTION_CHANGED,
        lambda template: changes.change_section(template, section, "Choose", "One of these", 2),
    )
    page, quiz, *_ = (await template_rows.current(session, playlist)).steps
    choice = StepChoice(
        "Quiz",
        "Take your time.",
        Need.MAY,
        DoneRule.RESULT,
        80.0,
        15,
        opens_at=NOW,
        due_at=LATER,
        after_step_id=page.id,
        is_precheck=True,
    )
    playlist = await editing.change_step(session, school.course, playlist.id, playlist.revision, quiz.id, choice, NOW)
    for variant in (
        Variant(
            uuid.uuid4(), support="language", language="es", title="En español", content_item_id=page.content_item_id
        ),
        Variant(
            uuid.uuid4(),
            VariantKind.MODIFICATION,
            pass_percent=50.0,
            people=(school.students[1].id, school.students[0].id),
        ),
    ):
        playlist = await editing.put_variant(
            session,
            school.course,
            playlist.id,
            playlist.revision,
            quiz.id,
            variant,
            [person.id for person in school.students],
            NOW,
        )
    return playlist


def known(template: Template) -> Template:
    """Whom forms are for, in one order."""
    from dataclasses import replace

    steps = tuple(
        replace(step, variants=tuple(replace(one, people=tuple(sorted(one.people))) for one in step.variants))
        for step in template.steps
    )
    return replace(template, steps=steps)


async def test_the_rows_of_a_draft_say_all_that_the_template_says(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await full(session, school)
        template = await template_rows.stored(session, playlist)
        assert [(step.title, step.done_rule.value) for step in template.steps] == [
            ("What a fraction is", "marked"),
            ("Quiz", "result"),
            ("task", "marked"),
            ("reflection", "written"),
            ("conference", "signed-off"),
        ]
        assert [(one.title, one.note, one.needed) for one in template.sections] == [("Choose", "One of these", 2)]
        quiz = template.steps[1]
        assert (quiz.opens_at, quiz.due_at, quiz.after_step_id, quiz.is_precheck) == (
            NOW,
            LATER,
            template.steps[0].id,
            True,
        )
        assert [one.language for one in quiz.variants] == ["es", ""]
        assert set(quiz.variants[1].people) == {school.students[0].id, school.students[1].id}
        assert [row.position for row in await editing.present_steps(session, playlist)] == [0, 1, 2, 3, 4]


async def test_any_changes_undone_one_after_the_other_give_the_start(database: Database) -> None:
    """Of a draft and of an assigned template, with a fixed sequence of changes that is refused now and then."""
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await full(session, school)
        for assign in (False, True):
            if assign:
                playlist = await editing.assign(
                    session, school.course, playlist.id, playlist.revision, Terms(), None, NOW
                )
            await _forget(session, playlist)
            start = known(await template_rows.current(session, playlist))
            rng = random.Random(5 if assign else 4)
            done = 0
            while done < 12:
                template = await template_rows.current(session, playlist)
                try:
                    after = _somehow(rng, template)
                except ToolError:
                    continue
                if known(after) != known(template):
                    playlist = await changed(session, school, playlist, What.STEP_CHANGED, lambda _, to=after: to)
                    assert known(await template_rows.current(session, playlist)) == known(after)
                    done += 1
            end = known(await template_rows.current(session, playlist))
            taken = []
            while (
                what := await changing.undo(session, school.course, playlist.id, playlist.revision, NOW)
            ) is not None:
                taken.append(what)
            assert len(taken) == 12
            assert known(await template_rows.current(session, playlist)) == start
            assert playlist.working is None
            # Undoing everything is itself no change that students have to be given.
            assert known(await template_rows.stored(session, playlist)) == start
            # Some of it made again and taken back, then all of it made again, is where it was before.
            for act, times in ((changing.redo, 5), (changing.undo, 3), (changing.redo, 10)):
                for _ in range(times):
                    assert await act(session, school.course, playlist.id, playlist.revision, NOW) is What.STEP_CHANGED
            assert await changing.redo(session, school.course, playlist.id, playlist.revision, NOW) is None
            assert known(await template_rows.current(session, playlist)) == end


def _somehow(rng: random.Random, template: Template) -> Template:  # noqa: PLR0911 - one line for each change.
    step = rng.choice(template.steps)
    section = rng.choice([None, *(one.id for one in template.sections)])
    match rng.randrange(7):
        case 0:
            return changes.add_steps(template, [changes.off_screen(StepKind.TASK, "more")], section_id=section)
        case 1:
            return changes.remove_step(template, step.id) if len(template.steps) > 2 else template
        case 2:
            return changes.move(template, step.id, rng.choice([-2, -1, 1, 2]))
        case 3:
            return changes.add_section(template, f"s{rng.random()}")
        case 4:
            return changes.remove_section(template, section) if section else template
        case 5:
            return changes.duplicate_step(template, step.id)
        case _:
            return changes.change_step(template, step.id, StepChoice(f"t{rng.random()}"), list(DoneRule))


async def _forget(session: AsyncSession, playlist: Playlist) -> None:
    for edit in (await session.exec(scoped(PlaylistEdit, playlist.organisation_id))).all():
        await session.delete(edit)
    await session.flush()


async def test_what_was_undone_cannot_be_made_again_after_another_change(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await begun(session, school)

        async def called(title: str) -> None:
            await editing.change_basics(session, school.course, playlist.id, playlist.revision, Basics(title), NOW)

        for title in ("One", "Two"):
            await called(title)
        assert await changing.redo(session, school.course, playlist.id, playlist.revision, NOW) is None
        assert await changing.undo(session, school.course, playlist.id, playlist.revision, NOW) is What.BASICS
        await called("Three")
        assert await changing.redo(session, school.course, playlist.id, playlist.revision, NOW) is None
        assert playlist.title == "Three"
        # Nor after that one is undone.
        for title in ("One", "Halves"):
            assert await changing.undo(session, school.course, playlist.id, playlist.revision, NOW) is What.BASICS
            assert playlist.title == title
        for title in ("One", "Three"):
            assert await changing.redo(session, school.course, playlist.id, playlist.revision, NOW) is What.BASICS
            assert playlist.title == title
        # Sending the form of an older page changes nothing.
        with pytest.raises(Conflict):
            await changing.redo(session, school.course, playlist.id, playlist.revision - 1, NOW)


async def test_fifty_changes_are_kept(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await begun(session, school)
        for number in range(52):
            playlist = await editing.change_basics(
                session, school.course, playlist.id, playlist.revision, Basics(f"Title {number}"), NOW
            )
        for _ in range(50):
            assert await changing.undo(session, school.course, playlist.id, playlist.revision, NOW) is What.BASICS
        assert await changing.undo(session, school.course, playlist.id, playlist.revision, NOW) is None
        assert playlist.title == "Title 1"


async def test_what_changes_after_assigning_waits_and_is_given_at_once(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await full(session, school)
        playlist = await editing.assign(
            session, school.course, playlist.id, playlist.revision, Terms(has_column=True), None, NOW
        )
        [path, *_] = await service.paths_of_person(session, school.course, school.students[0].id, LATER)
        first = path.present[0]
        await service.mark_done(session, school.course, school.students[0].id, path.copy.id, first.id, NOW)
        there = await template_rows.stored(session, playlist)
        playlist = await editing.change_basics(
            session, school.course, playlist.id, playlist.revision, Basics("Thirds"), NOW
        )
        playlist = await editing.remove_step(session, school.course, playlist.id, playlist.revision, first.id, NOW)
        assert await template_rows.stored(session, playlist) == there
        assert playlist.title == "Halves"
        wanted = await template_rows.current(session, playlist)
        playlist = await changing.update_copies(
            session, school.course, playlist.id, playlist.revision, LATER, school.teacher.id
        )
        assert playlist.working is None
        assert known(await template_rows.stored(session, playlist)) == known(wanted)
        [path, *_] = await service.paths_of_person(session, school.course, school.students[0].id, LATER)
        assert path.playlist.title == "Thirds"
        assert [step.id for step in path.removed_with_work] == [first.id]
        # Twice is once, and undoing it waits again.
        revision = playlist.revision
        await changing.update_copies(session, school.course, playlist.id, revision, LATER, school.teacher.id)
        assert await changing.undo(session, school.course, playlist.id, playlist.revision, LATER) is What.STEP_REMOVED
        assert playlist.working is not None
        await changing.update_copies(session, school.course, playlist.id, playlist.revision, LATER, school.teacher.id)
        [path, *_] = await service.paths_of_person(session, school.course, school.students[0].id, LATER)
        assert path.present[0].id == first.id
        assert path.rows[first.id].done_at == NOW
        statement = select(AuditEntry.action).where(AuditEntry.organisation_id == school.id)
        assert (await session.exec(statement)).all().count("playlist.updated") == 2


async def test_what_is_discarded_can_be_had_back(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await full(session, school)
        playlist = await editing.assign(session, school.course, playlist.id, playlist.revision, Terms(), None, NOW)
        there = await template_rows.stored(session, playlist)
        playlist = await editing.add_offline(
            session, school.course, playlist.id, playlist.revision, "More", NOW, kind=StepKind.TASK
        )
        wanted = await template_rows.current(session, playlist)
        by = school.teacher.id
        playlist = await changing.discard(session, school.course, playlist.id, playlist.revision, NOW, by)
        assert known(await template_rows.current(session, playlist)) == known(there)
        assert await changing.undo(session, school.course, playlist.id, playlist.revision, NOW) is What.DISCARDED
        assert known(await template_rows.current(session, playlist)) == known(wanted)


async def test_old_revisions_and_what_the_tool_chooses_are_left_alone(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        other = await seed.school(session, "Elm School")
        playlist = await full(session, school)
        for act in (changing.undo, changing.redo, changing.update_copies, changing.discard):
            with pytest.raises(Conflict):
                await act(session, school.course, playlist.id, playlist.revision - 1, NOW, None)
            with pytest.raises(NotFound):
                await act(session, other.course, playlist.id, playlist.revision, NOW, None)
        playlist.kind = PlaylistKind.PERSONAL
        session.add(playlist)
        await session.flush()
        with pytest.raises(NotFound):
            await editing.change_basics(session, school.course, playlist.id, playlist.revision, Basics("x"), NOW)


async def test_nobody_of_another_course_and_no_item_of_it_comes_into_a_form(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        other = await seed.school(session, "Elm School")
        playlist = await begun(session, school)
        step = (await template_rows.current(session, playlist)).steps[0]
        students = [person.id for person in school.students]
        for variant in (
            Variant(uuid.uuid4(), people=(other.students[0].id,)),
            Variant(uuid.uuid4(), content_item_id=other.items["page"].id),
        ):
            with pytest.raises(NotFound):
                await editing.put_variant(
                    session, school.course, playlist.id, playlist.revision, step.id, variant, students, NOW
                )
        with pytest.raises(NotFound):
            choice = StepChoice("x", done_rule=DoneRule.MASTERY, competency_id=uuid.uuid4())
            await editing.change_step(session, school.course, playlist.id, playlist.revision, step.id, choice, NOW)


async def test_a_copy_has_everything_but_what_was_made_for_somebody(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await full(session, school)
        copy = await editing.duplicate(session, school.course, playlist.id, "Twice", None, NOW)
        before = await template_rows.current(session, playlist)
        after = await template_rows.current(session, copy)
        assert [step.title for step in after.steps] == [step.title for step in before.steps]
        assert [one.needed for one in after.sections] == [2]
        assert after.steps[1].after_step_id == after.steps[0].id
        assert [one.language for one in after.steps[1].variants] == ["es"]
        assert len((await session.exec(scoped(StepVariantLearner, school.id))).all()) == 2


async def test_a_draft_goes_with_everything_in_it(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await full(session, school)
        await editing.remove(session, school.course, playlist.id, playlist.revision, None, NOW)
        assert await queries.playlist(session, school.id, school.course.id, playlist.id) is None
        for table in (PlaylistStep, PlaylistSection, StepVariant, StepVariantLearner, PlaylistEdit):
            assert (await session.exec(scoped(table, school.id))).all() == []
