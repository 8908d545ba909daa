"""The page *Grades* as its routes read it: a course's gradebook columns, and the students of one, whom this teacher sees."""

import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.courses import queries as course_queries
from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Course
from lti_tool.courses.service import display_name
from lti_tool.courses.visibility import limited_to, visible_students
from lti_tool.errors import NotFound
from lti_tool.grades import ledger, send_runs
from lti_tool.grades import service as grades
from lti_tool.grades.ledger import NEEDS_SOMETHING, Among, Place, Tried
from lti_tool.grades.models import DeliveryPace, LineItem, ScoreAttempt
from lti_tool.grades.resource_ids import ids_of
from lti_tool.grades.rules import Upkeep
from lti_tool.grades.service import ScoreStanding
from lti_tool.grades.words import upkeep_of
from lti_tool.mastery import theirs
from lti_tool.platforms import quirks
from lti_tool.playlists import queries as playlist_queries
from lti_tool.playlists.models import PlaylistStatus
from lti_tool.web.i18n import N_

MOST_ATTEMPTS = 200
"""Attempts that a page shows of one score."""


async def typed_advice(session: AsyncSession, course: Course) -> str | None:
    """What has to be done in this course's LMS before a score counts in place of a typed number: a message id, or None."""
    registration = await course_queries.registration_of(session, course)
    return quirks(registration.lms).typed_number_stays if registration is not None else None


@dataclass(frozen=True, slots=True)
class Source:
    """What a column is of: what it is called (``kind``, a message id), its title if it has one, and its page."""

    kind: str
    title: str
    address: str


_IN_TROUBLE = (Upkeep.REFUSED, Upkeep.MAKING, Upkeep.CHANGING, Upkeep.CHANGE_REFUSED)
"""How columns stand whose last failure says more."""

MENDABLE = (Upkeep.REFUSED, Upkeep.GONE, Upkeep.CHANGE_REFUSED)
"""How columns stand that *Repair* can mend."""

Sources = Callable[[AsyncSession, Course, Collection[str]], Awaitable[dict[str, Source]]]
"""Tells of resource ids what they stand for; those it does not know, or that are taken away, are absent."""


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column, and how many scores of the students who are seen stand where."""

    column: LineItem
    source: Source | None
    sign: Upkeep
    numbers: Mapping[Place, int]

    @property
    def trouble(self) -> str | None:
        """The code of what is in the way of the column."""
        return self.column.trouble if self.sign in _IN_TROUBLE else None

    @property
    def can_be_mended(self) -> bool:
        """Whether *Repair* does something."""
        return self.sign in MENDABLE

    @property
    def total(self) -> int:
        """How many scores there are."""
        return sum(self.numbers.values())

    @property
    def needing(self) -> int:
        """How many need somebody to do something."""
        return sum(number for place, number in self.numbers.items() if place in NEEDS_SOMETHING)

    @property
    def on_their_way(self) -> int:
        """How many go there by themselves."""
        return self.numbers.get(Place.ON_ITS_WAY, 0) + self.numbers.get(Place.RETRYING, 0)


@dataclass(frozen=True, slots=True)
class Pause:
    """Why nothing is sent to the platform at the moment: a code, since when it is in trouble, and when it is tried again."""

    code: str
    until: datetime
    since: datetime | None


def pause_of(pace: DeliveryPace | None, now: datetime) -> Pause | None:
    """The pause of a platform; None while scores go there."""
    if pace is None or pace.trouble is None or pace.paused_until is None or pace.paused_until <= now:
        return None
    return Pause(pace.trouble, pace.paused_until, pace.open_since)


@dataclass(frozen=True, slots=True)
class Overview:
    """The columns of a course."""

    columns: list[ColumnView]
    pause: Pause | None
    run: send_runs.Standing | None
    among: Among


@dataclass(frozen=True, slots=True)
class Line:
    """A student's score in a column; ``is_present``: they are a student of the course now."""

    standing: ScoreStanding
    name: str
    place: Place
    is_present: bool

    @property
    def needs_something(self) -> bool:
        """Whether nothing goes on by itself."""
        return self.place in NEEDS_SOMETHING

    @property
    def lms_is_known(self) -> bool:
        """Whether what stands in the LMS was read since something was last delivered there."""
        compared, delivered = self.standing.compared_at, self.standing.delivered_at
        return compared is not None and (delivered is None or compared >= delivered)

    @property
    def can_choose(self) -> bool:
        """Whether a teacher can say which of two numbers counts."""
        absent = self.place in (Place.LEFT, Place.TEST)
        return self.standing.difference is not None and self.standing.score_id is not None and not absent

    @property
    def can_be_sent(self) -> bool:
        """Whether it can be sent again by hand."""
        return self.place in (Place.REFUSED, Place.RETRYING, Place.DELIVERED) and not self.can_choose


@dataclass(frozen=True, slots=True)
class Theirs:
    """Whether numbers that teachers type over ours count: what they are about, by name, and whose count now."""

    about: theirs.About
    names: list[str]
    counting: frozenset[uuid.UUID]


@dataclass(frozen=True, slots=True)
class ColumnPage:
    """One column with its students, by name."""

    view: ColumnView
    lines: list[Line]
    pause: Pause | None
    run: send_runs.Standing | None
    among: Among
    theirs: Theirs


def line_of(lines: Sequence[Line], score_id: uuid.UUID) -> Line:
    """One student's line, by the id of the score; NotFound where there is none for whoever is here."""
    for line in lines:
        if line.standing.score_id == score_id:
            return line
    raise NotFound("no such score for this teacher")


@dataclass(frozen=True, slots=True)
class ScorePage:
    """One student's score with every attempt, the newest first."""

    column: ColumnPage
    line: Line
    attempts: Sequence[ScoreAttempt] = field(default_factory=list)
    said: Sequence[theirs.Number] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Knowing:
    """Who knows what columns are of, and what competencies they are about."""

    sources: Collection[Sources] = ()
    meanings: Collection[theirs.Meanings] = ()


# --- Reading ----------------------------------------------------------------------------------------------------------


async def overview(session: AsyncSession, here: InCourse, sources: Collection[Sources], now: datetime) -> Overview:
    """Every column of the course."""
    among = await limited_to(session, here)
    found = await ledger.columns(session, here.organisation_id, here.course.id)
    pace = await ledger.pace(session, here.course.registration_id)
    views = await _views(session, here.course, found, sources, pace, among)
    return Overview(views, pause_of(pace, now), await _run(session, here, None, among, now), among)


async def column_page(
    session: AsyncSession, here: InCourse, line_item_id: uuid.UUID, of: Knowing, now: datetime
) -> ColumnPage:
    """One column; NotFound for one of another course."""
    column = await the_column(session, here, line_item_id)
    among = await limited_to(session, here)
    pace = await ledger.pace(session, here.course.registration_id)
    [view] = await _views(session, here.course, [column], of.sources, pace, among)
    shown = await lines(session, here, column, among)
    about = await theirs.about(session, here.course, column, of.meanings)
    counting = await theirs.whose(session, here.course, column, about)
    return ColumnPage(
        view,
        shown,
        pause_of(pace, now),
        await _run(session, here, column.id, among, now),
        among,
        Theirs(
            about,
            await theirs.names(session, here.course, about),
            frozenset(line.standing.person_id for line in shown) & counting,
        ),
    )


async def score_page(
    session: AsyncSession,
    here: InCourse,
    line_item_id: uuid.UUID,
    score_id: uuid.UUID,
    of: Knowing,
    now: datetime,
) -> ScorePage:
    """One student's score; NotFound for a student whom this teacher does not see."""
    page = await column_page(session, here, line_item_id, of, now)
    line = line_of(page.lines, score_id)
    said = await theirs.of_person(session, here.course, line_item_id, line.standing.person_id)
    attempts = await ledger.attempts(session, here.organisation_id, score_id, MOST_ATTEMPTS)
    return ScorePage(page, line, attempts, said)


async def the_column(session: AsyncSession, here: InCourse, line_item_id: uuid.UUID) -> LineItem:
    """A column of the course; NotFound for any other."""
    column = await ledger.column(session, here.organisation_id, here.course.id, line_item_id)
    if column is None:
        raise NotFound("no such column in this course")
    return column


async def lines(session: AsyncSession, here: InCourse, column: LineItem, among: Among) -> list[Line]:
    """How each student's score stands in a column, of those who are seen; by name."""
    found = await grades.standing(session, here.organisation_id, column.id)
    present = {one.id: one for one in await visible_students(session, here)}
    wanted = [one for one in found if among is None or one.person_id in among]
    left = await ledger.people(
        session, here.organisation_id, [one.person_id for one in wanted if one.person_id not in present]
    )
    known = left | present
    return [
        Line(
            one,
            display_name(known[one.person_id]),
            ledger.place(one.state),
            one.person_id in present,
        )
        for one in wanted
        if one.person_id in known
    ]


async def tried(session: AsyncSession, here: InCourse, columns: Sequence[LineItem]) -> dict[uuid.UUID, Tried]:
    """How often each score of some columns was tried."""
    return await ledger.tried(session, here.organisation_id, [one.id for one in columns])


async def run_of(
    session: AsyncSession, here: InCourse, line_item_id: uuid.UUID | None, now: datetime
) -> send_runs.Standing | None:
    """How far the last *Send all* of whoever is here is."""
    if line_item_id is not None:
        await the_column(session, here, line_item_id)
    return await _run(session, here, line_item_id, await limited_to(session, here), now)


async def _run(
    session: AsyncSession, here: InCourse, line_item_id: uuid.UUID | None, among: Among, now: datetime
) -> send_runs.Standing | None:
    return await send_runs.latest(
        session,
        here.organisation_id,
        here.course.id,
        line_item_id=line_item_id,
        among=among,
        by=here.visit.person_id,
        now=now,
    )


async def _views(
    session: AsyncSession,
    course: Course,
    columns: Sequence[LineItem],
    sources: Collection[Sources],
    pace: DeliveryPace | None,
    among: Among,
) -> list[ColumnView]:
    pause = pace.trouble if pace is not None and pace.paused_until is not None else None
    numbers = await ledger.counts(session, course.organisation_id, columns, pause, among)
    named: dict[str, Source] = {}
    for source in (playlists, *sources):
        named |= await source(session, course, [one.resource_id for one in columns])
    return [ColumnView(one, named.get(one.resource_id), upkeep_of(one), numbers[one.id]) for one in columns]


async def playlists(session: AsyncSession, course: Course, resource_ids: Collection[str]) -> dict[str, Source]:
    """The playlists that columns are of."""
    ids = ids_of("playlist", resource_ids)
    found = await playlist_queries.by_ids(session, course.organisation_id, course.id, ids) if ids else []
    return {
        f"playlist:{one.id}": Source(N_("Playlist"), one.title, f"/courses/{course.id}/playlists/{one.id}/progress")
        for one in found
        if one.status is not PlaylistStatus.ARCHIVED
    }
