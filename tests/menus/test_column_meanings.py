"""What competencies the gradebook columns of playlists and boards are about, by their work and the course's alignments."""

import uuid
from collections.abc import Iterable
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import AlignmentRole
from lti_tool.db.session import Database
from lti_tool.menus import column_meanings as of_boards
from lti_tool.menus.models import Menu, MenuOption, MenuOptionCompetency
from lti_tool.menus.rules.choosing import BoardKind
from lti_tool.playlists import column_meanings as of_playlists
from lti_tool.playlists.models import Playlist, PlaylistStep
from tests.mastery.world import World, align, world
from tests.playlists.seed import NOW


async def made_of(session: AsyncSession) -> World:
    """The quiz assesses F.1, the essay practises F.2."""
    made = await world(session)
    await align(session, made, "quiz", "F.1")
    await align(session, made, "essay", "F.2", AlignmentRole.PRACTISES)
    return made


def row(made: World, model: Any, **values: Any) -> Any:
    return model(organisation_id=made.id, **values)


async def add(session: AsyncSession, *rows: Any) -> None:
    for one in rows:
        session.add(one)
        await session.flush()


def ids(made: World, codes: Iterable[str]) -> set[uuid.UUID]:
    return {made.competencies[code].id for code in codes}


async def test_a_playlists_column_is_about_what_its_steps_are_for_and_its_items_assess(database: Database) -> None:
    async with database.writing() as session:
        made = await made_of(session)
        playlist, other = (
            row(made, Playlist, course_id=made.course.id, title=title, created_at=NOW, changed_at=NOW)
            for title in ("One", "Other")
        )
        await add(session, playlist, other)
        steps = [
            {"content_item_id": made.item("quiz").id},
            {"content_item_id": made.item("essay").id},
            {"competency_id": made.competencies["F.3"].id},
        ]
        await add(
            session,
            *(
                row(made, PlaylistStep, playlist_id=playlist.id, position=place, title="Step", **one)
                for place, one in enumerate(steps)
            ),
        )
        removed = {"competency_id": made.competencies["F.2"].id, "removed_at": NOW}
        await add(session, row(made, PlaylistStep, playlist_id=other.id, position=0, title="Gone", **removed))
        asked = [f"playlist:{playlist.id}", f"playlist:{other.id}", "playlist:nothing", f"menu:{playlist.id}"]
        found = await of_playlists.competencies(session, made.course, asked)
        assert {name: set(about) for name, about in found.items()} == {
            f"playlist:{playlist.id}": ids(made, ("F.1", "F.3"))
        }
        # Practice says something where the course says so.
        made.course_map.practice_counts = True
        session.add(made.course_map)
        await session.flush()
        found = await of_playlists.competencies(session, made.course, asked)
        assert set(found[asked[0]]) == ids(made, ("F.1", "F.2", "F.3"))
        stranger = await world(session, name="Elm School")
        assert await of_playlists.competencies(session, stranger.course, asked) == {}


async def test_a_boards_column_is_about_what_its_options_are_work_on(database: Database) -> None:
    async with database.writing() as session:
        made = await made_of(session)
        menu = row(
            made,
            Menu,
            course_id=made.course.id,
            kind=BoardKind.POINTS,
            rule={},
            title="Board",
            created_at=NOW,
            changed_at=NOW,
        )
        await add(session, menu)
        quiz, task, gone = (
            row(made, MenuOption, menu_id=menu.id, position=place, title="Option", **more)
            for place, more in enumerate(({"content_item_id": made.item("quiz").id}, {}, {"removed_at": NOW}))
        )
        await add(session, quiz, task, gone)
        await add(
            session,
            row(made, MenuOptionCompetency, option_id=task.id, competency_id=made.competencies["F.3"].id),
            row(made, MenuOptionCompetency, option_id=gone.id, competency_id=made.competencies["F.2"].id),
        )
        asked = [f"menu:{menu.id}", "playlist:1"]
        found = await of_boards.competencies(session, made.course, asked)
        assert {name: set(about) for name, about in found.items()} == {f"menu:{menu.id}": ids(made, ("F.1", "F.3"))}
        stranger = await world(session, name="Elm School")
        assert await of_boards.competencies(session, stranger.course, asked) == {}
        assert await of_boards.competencies(session, made.course, ["playlist:1"]) == {}
