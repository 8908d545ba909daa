"""A class in which one student has every support, forms by name and modifications, in the whole application; and its addresses.

What must not be seen has words of its own that stand nowhere else, so that a page can be searched for them.
"""

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.app import create_app
from lti_tool.checks import attempts
from lti_tool.clock import ManualClock
from lti_tool.competencies.models import Alignment, AlignmentRole
from lti_tool.content import drafts
from lti_tool.content.access_models import ApiGrant
from lti_tool.content.models import ApiAuth, ApiConnection, ContentItem, ItemKind, ItemTrait
from lti_tool.content.service import ItemResult
from lti_tool.courses.models import Person
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.grades.models import Score
from lti_tool.ids import new_id
from lti_tool.learners.models import LearnerSupport, Support
from lti_tool.lti.models import Role
from lti_tool.mastery import service as mastery
from lti_tool.mastery.entries import Entry
from lti_tool.mastery.models import EvidenceSource, LearnerModification
from lti_tool.menus import deciding, handing_in
from lti_tool.menus.models import MenuAudience, MenuAudienceKind, OptionDone
from lti_tool.platforms.native import NativeContents, NativeTrouble
from lti_tool.playlists import editing, loading, replanning, service
from lti_tool.playlists.editing import Basics, Terms
from lti_tool.playlists.models import (
    OrderRule,
    PersonalPlaylist,
    Playlist,
    PlaylistKind,
    PlaylistStatus,
    SendRule,
    VariantKind,
)
from lti_tool.playlists.path_models import PathRequest, RequestKind
from lti_tool.playlists.planning import base
from lti_tool.playlists.planning.settings import PathSettings, write
from lti_tool.playlists.templates import Variant
from lti_tool.settings import Settings
from tests.checks import asked
from tests.checks.taking import a_bank, a_check
from tests.insight.site import Site, a_group, a_map
from tests.menus.work_site import a_board, a_rubric, copy_of
from tests.playlists import seed
from tests.playlists import site as playlists

FORM = "Zwergform told by the teacher"
"""The title of the form that the student opens by name."""
OTHER = "Quasimark another thing is asked"
"""The title of the modification."""
LISTENED = "Hoerstueck to listen to"
"""The item of a course that is another form of one; its alignment is to what nothing else on the template is for."""
NOTE = "Flusternote only for this form"
MINUTES = 137
FACTOR = 1.37
MARK = 61.7
RESULT = 65.0
LANGUAGE = "cy"
IN_LANGUAGE = "Harfe for who reads in a language"
"""The option of a menu that is for the student's language."""


@dataclass
class PrivateClass:
    """What the tests need to find again. The first student has everything, the second nothing."""

    site: Site
    template: Playlist
    personal: Playlist
    copies: dict[tuple[uuid.UUID, uuid.UUID], PersonalPlaylist] = field(default_factory=dict)
    step_id: uuid.UUID = field(default_factory=uuid.uuid4)
    helpers: dict[Role, Person] = field(default_factory=dict)
    menu: dict[str, uuid.UUID] = field(default_factory=dict)
    """A menu on which the first student has handed in a file, by the names of addresses."""
    check: dict[str, object] = field(default_factory=dict)
    """A check that the first student has begun, with time of their own."""
    grades: list[dict[str, uuid.UUID]] = field(default_factory=list)
    """Scores in the template's column, by the names of addresses."""

    @property
    def student(self) -> Person:
        """Who has every support."""
        return self.site.school.students[0]

    def copy(self, place: int, playlist: Playlist) -> PersonalPlaylist:
        """A student's copy."""
        return self.copies[self.site.school.students[place].id, playlist.id]

    def values(self, playlist: Playlist, place: int = 0) -> dict[str, object]:
        """What stands for each name of an address."""
        return {
            "course_id": self.site.school.course.id,
            "playlist_id": playlist.id,
            "person_id": self.site.school.students[place].id,
            "copy_id": self.copy(place, playlist).id,
            "step_id": self.step_id,
            "item_id": self.site.school.items["quiz"].id,
            "competency_id": self.site.competencies[0].id,
            "framework_id": self.site.competencies[0].framework_id,
            **self.menu,
            **self.check,
            **(self.grades[place] if place < len(self.grades) else {}),
        }


def routes(found: Iterable[Any]) -> Iterator[Any]:
    """Every route, also those that are kept inside the routers they came in."""
    for route in found:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes(inner.routes)
        elif getattr(route, "methods", None):
            yield route


def course_routes(site: Site, method: str) -> list[str]:
    """The patterns of all addresses of a course for a method, in order."""
    return sorted(
        {
            route.path
            for route in routes(site.app.routes)
            if method in route.methods and route.path.startswith("/courses/{course_id}")
        }
    )


def filled(pattern: str, values: Mapping[str, object]) -> str:
    """An address; what has no value gets an id that nothing has."""
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: str(values.get(found[1], uuid.UUID(int=7))), pattern)


# --- The school ---------------------------------------------------------------------------------------------------------


class _Lms(playlists.Lms):
    """One that does not tell its contents: what the class knows of them stays."""

    async def read_contents(self, _course_id: str) -> NativeContents:
        raise NativeTrouble("not now")


async def the_whole_tool(database: Database, clock: ManualClock, folder: Path) -> Site:
    """The application as it is served, over the test's database, with a school that has a map."""
    app = create_app(
        Settings(
            _env_file=None,
            secret_key="a secret of the tests, long enough to be one",
            database_url=f"sqlite:///{folder}/unused.db",
            keys_dir=folder,
            worker="external",
        ),
        clock=clock,
    )
    lms = _Lms(clock)
    app.state.database, app.state.connectors, app.state.protocol = database, lms, None
    async with database.writing() as session:
        school = await seed.school(session, students=4)
        competencies = await a_map(session, school)
    return Site(app, database, clock, lms, school, competencies)


async def private_class(site: Site) -> PrivateClass:
    """Supports, modifications, forms, a template with work on it, a personal playlist, evidence and something asked."""
    school, now = site.school, site.clock.now()
    async with site.database.writing() as session:
        await _items(session, site)
        await _access(session, site)
        _supports(session, site)
        session.add(
            LearnerModification(
                organisation_id=school.id,
                course_id=school.course.id,
                person_id=school.students[0].id,
                competency_id=site.competencies[1].id,
                instead_id=site.competencies[3].id,
                created_at=now,
            )
        )
        session.add(
            LearnerModification(
                organisation_id=school.id,
                course_id=school.course.id,
                person_id=school.students[0].id,
                competency_id=site.competencies[0].id,
                passing_percent=MARK,
                created_at=now,
            )
        )
        await a_group(session, school, "Tuesday group", 0, 1)
        await session.flush()
        await mastery.append(session, school.course, [_answer(site, place) for place in (0, 1)], now)
        template, step_id = await _template(session, site)
        personal = await _personal(session, site)
    for place in (0, 1):
        await replanning.up_to_date(site.database, school.course, school.students[place].id, now)
    found = PrivateClass(site, template, personal, step_id=step_id)
    async with site.database.writing() as session:
        for path in await loading.paths_of_course(session, school.course, [template, personal], now):
            found.copies[path.copy.person_id, path.playlist.id] = path.copy
            if path.copy.person_id == school.students[0].id:
                session.add(
                    PathRequest(
                        organisation_id=school.id,
                        personal_playlist_id=path.copy.id,
                        step_id=path.present[0].id,
                        kind=RequestKind.HELP,
                        words="I do not see it yet.",
                        created_at=now,
                    )
                )
        found.menu = await _menu(session, site)
        found.check = await _check(session, site)
        for role, name in ((Role.ASSISTANT, "Asa Alder"), (Role.ADMINISTRATOR, "Adi Aspen")):
            helper = seed.person(school.registration, school.organisation, f"helper-{role}", name)
            session.add(helper)
            await session.flush()
            session.add(seed.member(school.course, helper, role))
            found.helpers[role] = helper
        await session.flush()
        found.grades = await _grades(session, site)
        session.expunge_all()
    return found


async def _grades(session: AsyncSession, site: Site) -> list[dict[str, uuid.UUID]]:
    """The scores of the only column, those of the first students first."""
    statement = scoped(Score, site.school.id)
    found = {one.person_id: one for one in await session.exec(statement)}
    owed = [found[one.id] for one in site.school.students if one.id in found]
    return [{"line_item_id": one.line_item_id, "score_id": one.id} for one in owed]


async def _access(session: AsyncSession, site: Site) -> None:
    """The teacher has let the tool into the LMS's own API."""
    school, now = site.school, site.clock.now()
    connection = ApiConnection(
        organisation_id=school.id,
        registration_id=school.course.registration_id,
        base_url="https://lms.example",
        auth=ApiAuth.OAUTH2,
        by_teachers=True,
        created_at=now,
    )
    session.add(connection)
    await session.flush()
    session.add(
        ApiGrant(
            organisation_id=school.id,
            connection_id=connection.id,
            holder=str(school.teacher.id),
            person_id=school.teacher.id,
            secrets_encrypted="opened by nobody here",
            created_at=now,
        )
    )


async def _menu(session: AsyncSession, site: Site) -> dict[str, uuid.UUID]:
    """A list of which the first student has chosen two, and handed in a file for one; the second is for a language."""
    school, course, now = site.school, site.school.course, site.clock.now()
    rubric = await a_rubric(session, school, site.competencies[0].id)
    takes = {"done_rule": OptionDone.ACCEPTED, "takes": ["file"]}
    made = await a_board(
        session,
        school,
        options={0: takes, 1: {"title": IN_LANGUAGE}},
        now=now,
        rubric_id=rubric.id,
        title="Two of nine",
    )
    session.add(
        MenuAudience(
            organisation_id=school.id,
            menu_id=made.menu.id,
            option_id=made.option(1),
            kind=MenuAudienceKind.LANGUAGE,
            word=LANGUAGE,
            created_at=now,
        )
    )
    await session.flush()
    own = await copy_of(session, school, made.menu.id)
    person, piece_id, content = school.students[0].id, new_id(), b"what was drawn"
    for place in (0, 1):
        board = await deciding.choose(session, course, person, own.id, made.option(place), now)
    await deciding.commit(session, course, person, own.id, board.copy.revision, "", now)
    sealed = handing_in.seal(drafts.box(site.app.state.settings), content, piece_id)
    await handing_in.add_file(
        session, course, person, own.id, made.option(0), "drawn.txt", content, sealed, piece_id, now
    )
    await handing_in.hand_in(session, course, person, own.id, made.option(0), now)
    return {
        "menu_id": made.menu.id,
        "own_id": own.id,
        "option_id": made.option(0),
        "piece_id": piece_id,
        "rubric_id": rubric.id,
    }


async def _check(session: AsyncSession, site: Site) -> dict[str, object]:
    """A check with a time limit, which the first student has longer, and an attempt of theirs."""
    school, course, now = site.school, site.school.course, site.clock.now()
    world: Any = SimpleNamespace(id=school.id, course=course, school=school, competencies={})
    made = await a_bank(session, [asked.choice()], made=world)
    check = await a_check(session, made, minutes=100, title="What a half is")
    attempt = await attempts.begin(session, course, school.students[0].id, check.id, now)
    ids = {"check_id": check.id, "bank_id": made.bank.id, "question_id": made.rows[0].id, "attempt_id": attempt.id}
    return {**ids, "number": attempt.number}


def _answer(site: Site, place: int) -> Entry:
    """Seven points of ten on the quiz: enough from another mark, not enough from the usual one."""
    return Entry(
        site.school.students[place].id,
        site.competencies[0].id,
        EvidenceSource.LMS,
        presentation=f"quiz:{place}",
        observed_at=site.clock.now(),
        earned=Decimal(7),
        possible=Decimal(10),
        passing_percent=80,
        content_item_id=site.school.items["quiz"].id,
        item="q1",
    )


async def _items(session: AsyncSession, site: Site) -> None:
    school, now = site.school, site.clock.now()
    listened = ContentItem(
        organisation_id=school.id,
        course_id=school.course.id,
        external_id="canvas:listened",
        kind=ItemKind.QUIZ,
        title=LISTENED,
        url="https://lms.example/listened",
        position=9,
        result_key="19",
        seen_at=now,
    )
    session.add(listened)
    await session.flush()
    school.items["listened"] = listened
    pairs = [
        ("page", 0, AlignmentRole.TEACHES),
        ("quiz", 0, AlignmentRole.ASSESSES),
        ("essay", 1, AlignmentRole.ASSESSES),
        ("listened", 3, AlignmentRole.ASSESSES),
    ]
    session.add_all(
        Alignment(
            organisation_id=school.id,
            course_id=school.course.id,
            content_item_id=school.items[key].id,
            competency_id=site.competencies[place].id,
            role=role,
            passing_percent=80.0,
            created_at=now,
        )
        for key, place, role in pairs
    )
    session.add(
        ItemTrait(
            organisation_id=school.id,
            course_id=school.course.id,
            content_item_id=school.items["page"].id,
            minutes=100,
            changed_at=now,
        )
    )
    await session.flush()


def _supports(session: AsyncSession, site: Site) -> None:
    session.add_all(
        LearnerSupport(
            organisation_id=site.school.id,
            course_id=site.school.course.id,
            person_id=site.school.students[0].id,
            support=support,
            language=LANGUAGE if support is Support.LANGUAGE else "",
            factor=FACTOR if support is Support.EXTENDED_TIME else None,
            created_at=site.clock.now(),
        )
        for support in Support
    )


async def _template(session: AsyncSession, site: Site) -> tuple[Playlist, uuid.UUID]:
    school, now = site.school, site.clock.now()
    course, items, by = school.course, school.items, school.teacher.id
    made = await editing.create(session, course, Basics("Halves and quarters", order_rule=OrderRule.ANY), by, now)
    wanted = [items[key].id for key in ("page", "quiz", "essay")]
    made = await editing.add_items(session, course, made.id, made.revision, wanted, now, by=by)
    steps = await editing.present_steps(session, made)
    for step in steps:
        step.minutes = 100
        session.add(step)
    await session.flush()
    ids = [one.id for one in school.students]
    forms = [
        (steps[0].id, Variant(uuid.uuid4(), support="read-aloud", title=FORM, note=NOTE, people=(ids[0],))),
        (
            steps[1].id,
            Variant(
                uuid.uuid4(),
                kind=VariantKind.MODIFICATION,
                title=OTHER,
                content_item_id=items["listened"].id,
                minutes=MINUTES,
                pass_percent=MARK,
                people=(ids[0],),
            ),
        ),
    ]
    for step_id, form in forms:
        made = await editing.put_variant(session, course, made.id, made.revision, step_id, form, ids, now, by)
    made = await editing.assign(
        session, course, made.id, made.revision, Terms(has_column=True, send_rule=SendRule.LIVE), by, now
    )
    # Enough from the other mark, and not from the usual one.
    result = ItemResult(items["listened"].id, ids[0], RESULT, now + timedelta(hours=1))
    await service.take_results(session, course, [result], now + timedelta(hours=1))
    return made, steps[1].id


async def _personal(session: AsyncSession, site: Site) -> Playlist:
    school, now = site.school, site.clock.now()
    made = Playlist(
        organisation_id=school.id,
        course_id=school.course.id,
        kind=PlaylistKind.PERSONAL,
        title="My way through fractions",
        status=PlaylistStatus.ASSIGNED,
        order_rule="any",
        send_rule="live",
        has_column=True,
        settings=write(PathSettings(base.Settings(unit=frozenset({1, 2, 3})))),
        assigned_at=now,
        created_at=now,
        changed_at=now,
    )
    session.add(made)
    await session.flush()
    session.add_all(
        PersonalPlaylist(organisation_id=school.id, playlist_id=made.id, person_id=one.id, created_at=now)
        for one in school.students
    )
    await session.flush()
    return made
