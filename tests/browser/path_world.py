"""A school whose students have a path with sections, a choice, words, a sign-off and a talk, and one that the tool makes."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import AlignmentRole, Competency
from lti_tool.content.models import ContentItem, ItemKind, ItemTrait
from lti_tool.playlists.models import (
    DoneRule,
    Need,
    OrderRule,
    PersonalPlaylist,
    Playlist,
    PlaylistKind,
    PlaylistSection,
    PlaylistStatus,
    PlaylistStep,
    StepKind,
)
from lti_tool.playlists.path_models import PathWord, WordKind
from tests.insight.class_of_five import a_class, align
from tests.insight.world import World, a_world
from tests.playlists.seed import NOW, School


@dataclass
class Paths:
    """What the tests of a student's pages find again."""

    world: World
    made: list[Competency] = field(default_factory=list)
    copies: dict[str, uuid.UUID] = field(default_factory=dict)
    steps: dict[str, uuid.UUID] = field(default_factory=dict)

    def path(self, name: str) -> str:
        """The address of a copy."""
        return f"{self.world.course}/my/{self.copies[name]}"


async def fill(session: AsyncSession, paths: Paths) -> School:
    """Every student has both. Ada is Secure in N.1 and N.2, so that her own path is about N.3, with reviews of the two."""
    school, paths.made = await a_class(session)
    for key, kind, title in (
        ("video", ItemKind.PAGE, "A video about equal fractions"),
        ("game", ItemKind.TOOL, "Pizza game"),
        ("worksheet", ItemKind.ASSIGNMENT, "Fraction worksheet"),
        ("pages", ItemKind.PAGE, "Equal fractions in pictures"),
    ):
        school.items[key] = ContentItem(
            organisation_id=school.id,
            course_id=school.course.id,
            external_id=f"canvas:{key}",
            kind=kind,
            title=title,
            url=f"https://lms.example/{key}",
            position=20 + len(school.items),
            result_key="99" if key == "worksheet" else None,
            seen_at=NOW,
        )
        session.add(school.items[key])
    await session.flush()
    for key in ("page", "quiz", "video", "game", "worksheet", "pages"):
        session.add(
            ItemTrait(
                organisation_id=school.id,
                course_id=school.course.id,
                content_item_id=school.items[key].id,
                minutes=10,
                topics=["Pizza", "Football"] if key in ("game", "video") else [],
                changed_at=NOW,
            )
        )
    await align(session, school, "video", paths.made[2], AlignmentRole.TEACHES)
    await align(session, school, "pages", paths.made[2], AlignmentRole.TEACHES)
    await align(session, school, "game", paths.made[2], AlignmentRole.PRACTISES)
    await align(session, school, "worksheet", paths.made[2], AlignmentRole.ASSESSES)
    await _template(session, school, paths)
    await _personal(session, school, paths)
    await session.flush()
    return school


async def _playlist(session: AsyncSession, school: School, title: str, **more: object) -> Playlist:
    playlist = Playlist(
        organisation_id=school.id,
        course_id=school.course.id,
        title=title,
        status=PlaylistStatus.ASSIGNED,
        assigned_at=NOW,
        created_at=NOW,
        changed_at=NOW,
        **more,
    )
    session.add(playlist)
    await session.flush()
    return playlist


async def _copies(session: AsyncSession, school: School, playlist: Playlist, paths: Paths, name: str) -> None:
    for place, who in enumerate(school.students):
        copy = PersonalPlaylist(
            organisation_id=school.id,
            playlist_id=playlist.id,
            person_id=who.id,
            created_at=NOW - timedelta(days=2),
        )
        session.add(copy)
        paths.copies[f"{name} {place}"] = copy.id
    await session.flush()


async def _template(session: AsyncSession, school: School, paths: Paths) -> None:
    playlist = await _playlist(
        session,
        school,
        "Fractions in the kitchen",
        introduction="Three weeks with fractions. Go at your own pace.",
        order_rule=OrderRule.IN_ORDER,
        due_at=NOW + timedelta(days=2, hours=7),
    )
    sections = [
        PlaylistSection(organisation_id=school.id, playlist_id=playlist.id, position=0, title="Begin"),
        PlaylistSection(
            organisation_id=school.id,
            playlist_id=playlist.id,
            position=1,
            title="Choose how you practise",
            note="You know best what helps you.",
            needed=2,
        ),
        PlaylistSection(organisation_id=school.id, playlist_id=playlist.id, position=2, title="Show it"),
    ]
    session.add_all(sections)
    await session.flush()
    must = [
        (
            "check",
            0,
            {"content_item_id": "quiz", "done_rule": DoneRule.RESULT, "pass_percent": 80, "is_precheck": True},
        ),
        ("read", 0, {"content_item_id": "page", "minutes": 15, "note": "Look at the pictures first."}),
        ("measure", 0, {"kind": StepKind.TASK, "title": "Measure your kitchen", "done_rule": DoneRule.SIGNED}),
        ("video", 1, {"content_item_id": "video", "need": Need.MAY}),
        ("game", 1, {"content_item_id": "game", "need": Need.MAY}),
        (
            "worksheet",
            1,
            {"content_item_id": "worksheet", "need": Need.MAY, "due_at": NOW + timedelta(days=1, hours=5)},
        ),
        ("link", 1, {"url": "https://example.org/fractions", "title": "Fractions elsewhere", "need": Need.MAY}),
        (
            "write",
            2,
            {"kind": StepKind.REFLECTION, "title": "What was hard, what was easy?", "done_rule": DoneRule.WRITTEN},
        ),
        ("talk", 2, {"kind": StepKind.CONFERENCE, "title": "Stop and see me", "done_rule": DoneRule.SIGNED}),
    ]
    for position, (name, section, values) in enumerate(must):
        item = values.pop("content_item_id", None)
        step = PlaylistStep(
            organisation_id=school.id,
            playlist_id=playlist.id,
            position=position,
            section_id=sections[section].id,
            title=str(values.pop("title", school.items[str(item)].title if item else name)),
            content_item_id=school.items[str(item)].id if item else None,
            minutes=int(str(values.pop("minutes", 10))),
            **values,
        )
        session.add(step)
        paths.steps[name] = step.id
    await session.flush()
    await _copies(session, school, playlist, paths, "kitchen")
    session.add(
        PathWord(
            organisation_id=school.id,
            personal_playlist_id=paths.copies["kitchen 0"],
            kind=WordKind.COMMENT,
            text="You began so well. Show me your kitchen!",
            written_by=school.teacher.id,
            created_at=NOW - timedelta(hours=3),
        )
    )


async def _personal(session: AsyncSession, school: School, paths: Paths) -> None:
    playlist = await _playlist(
        session,
        school,
        "My own path",
        kind=PlaylistKind.PERSONAL,
        order_rule=OrderRule.ANY,
        settings={"target_steps": 5},
    )
    await _copies(session, school, playlist, paths, "own")


@contextmanager
def a_path_world(folder: Path) -> Iterator[Paths]:
    """Serve it."""
    paths = Paths.__new__(Paths)
    paths.made, paths.copies, paths.steps = [], {}, {}

    async def put(session: AsyncSession) -> School:
        return await fill(session, paths)

    with a_world(folder, put) as world:
        paths.world = world
        yield paths
