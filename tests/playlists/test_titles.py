"""A step's title follows a rename in the LMS, unless somebody wrote their own; on both databases."""

import uuid

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.models import ContentItem
from lti_tool.db.session import Database
from lti_tool.playlists import changing, editing, monitor_queries, queries, service, template_rows
from lti_tool.playlists.changes import Basics, StepChoice
from lti_tool.playlists.editing import Terms
from lti_tool.playlists.models import DoneRule, Playlist, PlaylistStep
from lti_tool.playlists.templates import Step
from tests.playlists import seed
from tests.playlists.seed import NOW, School
from tests.playlists.site import Site
from tests.playlists.test_building_routes import a_bench

PAGE, QUIZ = "What a fraction is", "Quiz on halves"


async def a_playlist(session: AsyncSession, school: School, *, assign: bool = False) -> Playlist:
    playlist = await editing.create(session, school.course, Basics("Halves"), None, NOW)
    ids = [school.items["page"].id, school.items["quiz"].id]
    playlist = await editing.add_items(session, school.course, playlist.id, playlist.revision, ids, NOW)
    if assign:
        playlist = await editing.assign(session, school.course, playlist.id, playlist.revision, Terms(), None, NOW)
    return playlist


async def rename(session: AsyncSession, school: School, name: str, title: str) -> None:
    item = await session.get(ContentItem, (school.id, school.items[name].id))
    assert item is not None
    item.title = title
    session.add(item)
    await session.flush()


async def steps(session: AsyncSession, playlist: Playlist) -> tuple[Step, ...]:
    return (await template_rows.current(session, playlist)).steps


async def say(session: AsyncSession, school: School, playlist: Playlist, step: Step, title: str) -> Playlist:
    choice = StepChoice(title, done_rule=step.done_rule, pass_percent=step.pass_percent)
    return await editing.change_step(session, school.course, playlist.id, playlist.revision, step.id, choice, NOW)


async def titles(session: AsyncSession, school: School) -> list[str]:
    [path] = await service.paths_of_person(session, school.course, school.students[0].id, NOW)
    assert [one.title for one in path.steps] == [one.title for one in path.present]
    return [one.title for one in path.present]


async def test_it_follows_on_every_page(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await a_playlist(session, school, assign=True)
        path = await service.add_for_student(
            session,
            school.course,
            playlist.id,
            school.students[0].id,
            service.Wanted(item_id=school.items["essay"].id),
            None,
            NOW,
        )
        ids = [step.id for step in path.present]
        await rename(session, school, "page", "Fractions, a beginning")
        await rename(session, school, "essay", "Draw two fractions")
        session.expunge_all()
        assert await titles(session, school) == ["Fractions, a beginning", QUIZ, "Draw two fractions"]
        assert [step.title for step in await steps(session, playlist)] == ["Fractions, a beginning", QUIZ]
        by_id = await monitor_queries.steps_by_id(session, school.id, ids)
        assert [by_id[one].title for one in ids] == ["Fractions, a beginning", QUIZ, "Draw two fractions"]
        rows = (await queries.steps(session, school.id, [playlist.id]))[playlist.id]
        assert [row.title for row in rows] == ["Fractions, a beginning", QUIZ]
        # Looking changed nothing in the database.
        assert not session.dirty
        row = await session.get(PlaylistStep, (school.id, ids[0]), populate_existing=True)
        assert row is not None
        assert row.title == PAGE


async def test_a_title_of_ones_own_stays(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await a_playlist(session, school)
        quiz = (await steps(session, playlist))[1]
        assert quiz.follows_item
        playlist = await say(session, school, playlist, quiz, "The quiz, at last")
        await rename(session, school, "quiz", "Quiz 7")
        assert [step.title for step in await steps(session, playlist)] == [PAGE, "The quiz, at last"]
        # Called as the item is, it follows again.
        playlist = await say(session, school, playlist, (await steps(session, playlist))[1], "Quiz 7")
        await rename(session, school, "quiz", "Quiz 8")
        assert [step.title for step in await steps(session, playlist)] == [PAGE, "Quiz 8"]
        # What was written before it was renamed is the teacher's own from then on, though it was the item's before.
        playlist = await say(session, school, playlist, (await steps(session, playlist))[1], QUIZ)
        session.expunge_all()
        assert [step.title for step in await steps(session, playlist)] == [PAGE, QUIZ]
        assert not (await steps(session, playlist))[1].follows_item


async def test_the_title_shown_is_what_is_kept_where_it_is_written(database: Database) -> None:
    """A step whose item was renamed, given another rule: the row says from then on what the page said."""
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await a_playlist(session, school)
        await rename(session, school, "page", "Fractions")
        page = (await steps(session, playlist))[0]
        choice = StepChoice("Fractions", done_rule=DoneRule.OPENED)
        await editing.change_step(session, school.course, playlist.id, playlist.revision, page.id, choice, NOW)
        session.expunge_all()
        row = await session.get(PlaylistStep, (school.id, page.id))
        assert row is not None
        assert (row.title, row.follows_item) == ("Fractions", True)


async def test_it_follows_in_what_waits_and_in_what_is_taken_back(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await a_playlist(session, school, assign=True)
        page = (await steps(session, playlist))[0]
        playlist = await editing.remove_step(session, school.course, playlist.id, playlist.revision, page.id, NOW)
        await rename(session, school, "page", "Fractions")
        await rename(session, school, "quiz", "Quiz 7")
        assert [step.title for step in await steps(session, playlist)] == ["Quiz 7"]
        await changing.undo(session, school.course, playlist.id, playlist.revision, NOW)
        assert [step.title for step in await steps(session, playlist)] == ["Fractions", "Quiz 7"]
        # A rename is no change that waits for the copies.
        assert playlist.working is None
        assert await titles(session, school) == ["Fractions", "Quiz 7"]
        await changing.redo(session, school.course, playlist.id, playlist.revision, NOW)
        await rename(session, school, "quiz", "Quiz 8")
        await changing.update_copies(session, school.course, playlist.id, playlist.revision, NOW, None)
        assert await titles(session, school) == ["Quiz 8"]


async def test_another_place_leaves_the_title_and_a_copy_follows(database: Database) -> None:
    async with database.writing() as session:
        school = await seed.school(session)
        playlist = await a_playlist(session, school)
        page = (await steps(session, playlist))[0]
        playlist = await editing.place_step(
            session, school.course, playlist.id, playlist.revision, page.id, school.items["essay"].id, NOW
        )
        assert [(step.title, step.follows_item) for step in await steps(session, playlist)] == [
            (PAGE, False),
            (QUIZ, True),
        ]
        twin = await editing.duplicate(session, school.course, playlist.id, "Again", None, NOW)
        await rename(session, school, "quiz", "Quiz 7")
        await rename(session, school, "essay", "Draw")
        assert [step.title for step in await steps(session, twin)] == [PAGE, "Quiz 7"]


async def test_the_builder_says_whose_title_it_is(site: Site) -> None:
    bench = await a_bench(site)
    quiz = await bench.step(QUIZ)
    form = (await bench.teacher.get(f"{bench.here}/steps/{quiz.id}")).text
    assert "it follows when that is renamed in your LMS" in form
    async with site.database.writing() as session:
        await rename(session, site.school, "quiz", "Quiz 7")
    page = (await bench.teacher.get(bench.here)).text
    assert "Quiz 7" in page
    assert QUIZ not in page.replace(f"“{QUIZ}”", "")
    await bench.post(f"/steps/{quiz.id}", title="Mine", done_rule="result", pass_percent="70")
    form = (await bench.teacher.get(f"{bench.here}/steps/{quiz.id}")).text
    assert "Write “Quiz 7” to have it follow the item again." in form
    assert uuid.UUID(str(quiz.id)) == (await bench.step("Mine")).id
