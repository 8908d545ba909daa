"""A class of thirty (or more) on two playlists, in every state that a teacher has to notice."""

from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.service import ItemResult
from lti_tool.ids import new_id
from lti_tool.playlists import editing, loading, service
from lti_tool.playlists.editing import Basics, Terms
from lti_tool.playlists.models import OrderRule, Playlist, PlaylistSection, StepOrigin
from lti_tool.playlists.path_models import PathRequest, RequestKind
from lti_tool.playlists.paths import Path
from tests.playlists import seed
from tests.playlists.seed import NOW, School

GIVEN = ["Amara", "Bo", "Chidi", "Dalia", "Emil", "Fatima", "Goran", "Hana", "Ivo", "Jin"]
FAMILY = ["Abara", "Berg", "Castillo", "Duarte", "Eriksen", "Farouk", "Gomez", "Hakimi", "Ito", "Jovanović"]


async def a_class(session: AsyncSession, students: int = 30) -> tuple[School, Playlist]:
    """Two weeks into a playlist of three sections: all ways of being on it."""
    school = await seed.school(session)
    for place in range(len(school.students), students):
        family = FAMILY[place % 10] + ("" if place < 100 else f"-{FAMILY[place // 100]}")
        one = seed.person(
            school.registration, school.organisation, f"student-{place}", f"{GIVEN[(place // 10) % 10]} {family}"
        )
        session.add(one)
        await session.flush()
        session.add(seed.member(school.course, one))
        school.students.append(one)
    await session.flush()
    playlist = await a_playlist(session, school)
    paths = {
        path.copy.person_id: path for path in await loading.paths_of_course(session, school.course, [playlist], NOW)
    }
    for place, student in enumerate(school.students):
        await _works(session, school, playlist, paths[student.id], place)
    return school, playlist


async def a_playlist(session: AsyncSession, school: School) -> Playlist:
    """Eight steps in three sections; assigned."""
    playlist = await editing.create(
        session, school.course, Basics("Halves and quarters", order_rule=OrderRule.ANY), None, NOW
    )
    ids = [school.items[key].id for key in ("page", "quiz", "essay")]
    await editing.add_items(session, school.course, playlist.id, playlist.revision, ids, NOW)
    for title in ("Fold a paper", "Measure your kitchen", "Explain it to a partner", "Write what you found", "Show me"):
        playlist = await editing.add_offline(session, school.course, playlist.id, playlist.revision, title, NOW)
    steps = await editing.present_steps(session, playlist)
    for position, (title, first, last) in enumerate((("Begin", 0, 3), ("Try it", 3, 6), ("Show it", 6, 8))):
        section = PlaylistSection(
            organisation_id=school.id, id=new_id(), playlist_id=playlist.id, position=position, title=title
        )
        session.add(section)
        await session.flush()
        for step in steps[first:last]:
            step.section_id = section.id
            session.add(step)
    terms = Terms(has_column=True, due_at=NOW + timedelta(days=30))
    return await editing.assign(session, school.course, playlist.id, playlist.revision, terms, None, NOW)


async def _works(session: AsyncSession, school: School, playlist: Playlist, path: Path, place: int) -> None:
    """What the student at a place has done by the 15th: finished, none at all, asks, waits, below the mark, quiet, at work."""
    kind = place % 10
    if kind == 9:
        return
    day = NOW + timedelta(days=1 if kind == 4 else 13)
    done = 8 if kind == 0 else 1 + place % 6
    for step in path.present[:done]:
        await service.sign_off(session, school.course, playlist.id, path.copy.person_id, step.id, None, day)
    if kind in (1, 2, 6):
        _asks(
            session,
            school,
            path,
            place,
            {1: RequestKind.HELP, 2: RequestKind.SIGN_OFF, 6: RequestKind.CONFERENCE}[kind],
            day,
        )
    if kind == 3:
        quiz = path.present[1]
        await service.take_back(session, school.course, playlist.id, path.copy.person_id, quiz.id, None, day)
        result = ItemResult(school.items["quiz"].id, path.copy.person_id, 40.0 + place, day + timedelta(hours=1))
        await service.take_results(session, school.course, [result], day)
    await session.flush()


def _asks(session: AsyncSession, school: School, path: Path, place: int, kind: RequestKind, day: datetime) -> None:
    session.add(
        PathRequest(
            organisation_id=school.id,
            personal_playlist_id=path.copy.id,
            step_id=path.present[-1].id,
            kind=kind,
            words="" if kind is RequestKind.SIGN_OFF else "I do not see why a half is more than a third.",
            origin=StepOrigin.TOOL if kind is RequestKind.CONFERENCE and place > 20 else StepOrigin.STUDENT,
            created_at=day + timedelta(minutes=place),
        )
    )
