"""A course whose map, items and alignments make paths: for each competency something that teaches and a quiz that assesses."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Alignment, AlignmentRole, MapPrerequisite
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.playlists.models import PersonalPlaylist, Playlist, PlaylistKind, PlaylistStatus
from lti_tool.playlists.planning import base
from lti_tool.playlists.planning.settings import PathSettings, write
from tests.mastery.world import World, world
from tests.playlists.seed import NOW


@dataclass
class PathWorld:
    """What a test needs to find again: items by ``page F.1`` and ``quiz F.1``."""

    world: World
    items: dict[str, ContentItem] = field(default_factory=dict)
    playlist: Playlist | None = None
    copies: dict[uuid.UUID, PersonalPlaylist] = field(default_factory=dict)

    @property
    def id(self) -> uuid.UUID:
        return self.world.id

    @property
    def playlist_id(self) -> uuid.UUID:
        """The personal playlist's."""
        if self.playlist is None:
            raise LookupError("no playlist was made")
        return self.playlist.id

    def number(self, code: str) -> int:
        """The map's number of a competency."""
        return list(self.world.competencies).index(code) + 1


async def path_world(
    session: AsyncSession,
    codes: Sequence[str] = ("F.1", "F.2", "F.3"),
    edges: Collection[tuple[str, str]] = (("F.1", "F.2"), ("F.2", "F.3")),
    *,
    students: int = 3,
    name: str = "Oak School",
) -> PathWorld:
    """The course, without a playlist."""
    made = PathWorld(await world(session, tuple(codes), students=students, name=name))
    course = made.world.course
    for before, after in edges:
        session.add(
            MapPrerequisite(
                organisation_id=made.id,
                course_id=course.id,
                before_id=made.world.competencies[before].id,
                after_id=made.world.competencies[after].id,
                created_at=NOW,
            )
        )
    for place, code in enumerate(codes):
        for offset, (kind, what, role, result) in enumerate(
            [
                (ItemKind.PAGE, "page", AlignmentRole.TEACHES, None),
                (ItemKind.QUIZ, "quiz", AlignmentRole.ASSESSES, f"r-{code}"),
            ]
        ):
            item = await add_item(session, made, f"{what} {code}", kind, 10 + 2 * place + offset, result)
            await align(session, made, item, code, role)
    return made


async def add_item(
    session: AsyncSession, made: PathWorld, title: str, kind: ItemKind, position: int, result_key: str | None = None
) -> ContentItem:
    """An item of the course that can be opened."""
    item = ContentItem(
        organisation_id=made.id,
        course_id=made.world.course.id,
        external_id=f"canvas:{title}",
        kind=kind,
        title=title,
        url=f"https://lms.example/{position}",
        position=position,
        result_key=result_key,
        seen_at=NOW,
    )
    session.add(item)
    await session.flush()
    made.items[title] = item
    return item


async def align(session: AsyncSession, made: PathWorld, item: ContentItem, code: str, role: AlignmentRole) -> None:
    """Align an item to a competency."""
    session.add(
        Alignment(
            organisation_id=made.id,
            course_id=made.world.course.id,
            content_item_id=item.id,
            competency_id=made.world.competencies[code].id,
            role=role,
            passing_percent=80.0,
            created_at=NOW,
        )
    )
    await session.flush()


async def personal(
    session: AsyncSession,
    made: PathWorld,
    settings: PathSettings | None = None,
    *,
    has_column: bool = False,
    now: datetime = NOW,
) -> Playlist:
    """An assigned personal playlist, of which every student has a copy."""
    playlist = Playlist(
        organisation_id=made.id,
        course_id=made.world.course.id,
        kind=PlaylistKind.PERSONAL,
        title="My way through fractions",
        status=PlaylistStatus.ASSIGNED,
        order_rule="any",
        send_rule="live",
        has_column=has_column,
        settings=write(settings or PathSettings(base.Settings(unit=frozenset({1, 2, 3})))),
        assigned_at=now,
        created_at=now,
        changed_at=now,
    )
    session.add(playlist)
    await session.flush()
    for person in made.world.school.students:
        copy = PersonalPlaylist(organisation_id=made.id, playlist_id=playlist.id, person_id=person.id, created_at=now)
        session.add(copy)
        made.copies[person.id] = copy
    await session.flush()
    made.playlist = playlist
    return playlist
