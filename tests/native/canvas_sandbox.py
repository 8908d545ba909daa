"""The sandbox LMS playing Canvas, with its sample course and some students' work in it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.clock import ManualClock
from lti_tool.platforms.canvas_api import CanvasApi
from lti_tool.platforms.canvas_scopes import ALL
from lti_tool.platforms.credentials import FixedToken
from lti_tool.platforms.native import Capability, NativeConnector, NoResult
from lti_tool.sandbox.app import create_sandbox
from lti_tool.sandbox.canvas_keys import KeyWanted, make_key, new_token
from lti_tool.sandbox.canvas_models import ConsentCode, DeveloperKey, Outcome
from lti_tool.sandbox.canvas_progress import note
from lti_tool.sandbox.canvas_standing import Decision, decide, grade_by_rubric, rate_aligned, rubric_of
from lti_tool.sandbox.gradebook import grade, record_submission
from lti_tool.sandbox.models import Assignment, Course, ModuleItem, Page, Person, Quiz
from lti_tool.sandbox.platform import Platform
from lti_tool.sandbox.sample import content_title
from lti_tool.sandbox.settings import SandboxSettings
from lti_tool.sandbox.store import person_by_login
from tests.native.contract import Known, KnownItem, NativeCase

BASE = "http://127.0.0.1:8001"
BEGIN = datetime(2026, 9, 1, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Rows:
    """What the sample has, by name."""

    session: AsyncSession
    course: Course
    people: dict[str, Person]

    async def assignment(self, kind: str, name: str) -> Assignment:
        title = content_title(kind, name)
        found = await self.session.scalars(
            select(Assignment).where(Assignment.course_id == self.course.id, Assignment.name == title)
        )
        return found.one()

    async def item(self, kind: str, content_id: int) -> ModuleItem:
        found = await self.session.scalars(
            select(ModuleItem).where(
                ModuleItem.course_id == self.course.id, ModuleItem.type == kind, ModuleItem.content_id == content_id
            )
        )
        return found.one()

    async def quiz(self, assignment: Assignment) -> Quiz:
        return (await self.session.scalars(select(Quiz).where(Quiz.assignment_id == assignment.id))).one()

    async def page(self, slug: str) -> Page:
        return (
            await self.session.scalars(select(Page).where(Page.course_id == self.course.id, Page.slug == slug))
        ).one()


@dataclass(frozen=True)
class World:
    """A sandbox's whole store, made once, and what is to be known of it: a test gets a copy."""

    file: bytes
    token: str
    course_id: str
    user_ids: tuple[str, ...]
    now: datetime
    known: Known
    includes: bool

    @classmethod
    async def made(cls, folder: Path, *, includes: bool) -> "World":
        """With a teacher's token of a key that has all scopes the tool asks for; ``includes``: and allows include parameters."""
        clock = ManualClock(BEGIN)
        app = create_sandbox(SandboxSettings(base_url=BASE, folder=folder, like="canvas"), clock=clock.now)
        platform: Platform = app.state.platform
        logins = ("rivera", "zoe", "declan", "mateo", "daryna", "layla")
        async with app.router.lifespan_context(app), platform.store.writing() as session:
            course = (await session.scalars(select(Course))).one()
            people = {login: await person_by_login(session, login) for login in logins}
            rows = Rows(session, course, {login: person for login, person in people.items() if person is not None})
            known = await _work(rows, clock)
            token = await _token(session, platform, rows.people["rivera"], includes=includes)
        # The last connection that closes leaves everything in the one file.
        ids = tuple(str(rows.people[login].id) for login in logins[1:4])
        return cls(platform.settings.database.read_bytes(), token, str(course.id), ids, clock.now(), known, includes)


@dataclass
class Sandbox:
    """A running copy of a world. ``refused`` are the answers that asked to go slower, ``waits`` the connector's waits."""

    case: NativeCase
    platform: Platform
    clock: ManualClock
    http: httpx.AsyncClient
    world: World
    refused: list[httpx.Response] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.move(timedelta(seconds=seconds))

    def connector(self, token: str) -> CanvasApi:
        return CanvasApi(self.http, BASE, FixedToken(token), self.clock, sleep=self.sleep)

    async def connect_again(self, session: AsyncSession, key: DeveloperKey) -> CanvasApi:
        """With another token of the same teacher."""
        teacher = await person_by_login(session, "rivera")
        return self.connector(await _consent(session, self.platform, teacher, key) if teacher else "")

    async def note(self, response: httpx.Response) -> None:
        if response.status_code in {403, 429}:
            self.refused.append(response)


@asynccontextmanager
async def sandbox(folder: Path, world: World) -> AsyncIterator[Sandbox]:
    """A copy of the world; waits for quota move the sandbox's clock."""
    clock = ManualClock(world.now)
    app = create_sandbox(SandboxSettings(base_url=BASE, folder=folder, like="canvas"), clock=clock.now)
    app.state.platform.settings.database.write_bytes(world.file)
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport) as http:
        case = NativeCase(NativeConnector(), world.course_id, world.user_ids)
        found = Sandbox(case, app.state.platform, clock, http, world)
        http.event_hooks["response"].append(found.note)
        found.case = NativeCase(
            connector=found.connector(world.token),
            course_id=world.course_id,
            user_ids=world.user_ids,
            dead=found.connector(f"{world.token}x"),
            elsewhere="987654321",
            able=frozenset(Capability) - {Capability.EVENTS},
            known=world.known,
        )
        yield found


async def overrides_of(
    canvas: Sandbox, assignment_id: str, share: Mapping[str, Any] | None = None
) -> dict[str, str | None]:
    """When each student has to hand in an assignment apart from the class, after an override that is ``share``d was made."""
    where = f"{BASE}/api/v1/courses/{canvas.world.course_id}/assignments/{assignment_id}/overrides"
    headers = {"Authorization": f"Bearer {canvas.world.token}"}
    if share is not None:
        answer = await canvas.http.post(where, data=dict(share), headers=headers)
        assert answer.status_code == 201, answer.text
    rows = (await canvas.http.get(where, headers=headers)).json()
    return {str(student): row.get("due_at") for row in rows for student in row.get("student_ids", ())}


async def _token(session: AsyncSession, platform: Platform, person: Person, *, includes: bool) -> str:
    wanted = KeyWanted("Playlists", ["https://tool.example/back"], ALL, allows_includes=includes)
    return await _consent(session, platform, person, await make_key(session, platform, wanted))


async def _consent(session: AsyncSession, platform: Platform, person: Person, key: DeveloperKey) -> str:
    """The person's token for everything that the key has."""
    end = platform.now() + timedelta(minutes=1)
    code = ConsentCode(digest="", key_id=key.id, person_id=person.id, scopes=list(key.scopes), expires_at=end)
    _, access, _ = await new_token(session, platform, code)
    return access


async def _work(rows: Rows, clock: ManualClock) -> Known:
    """Some students' work, and what is to be known of it."""
    session, teacher = rows.session, rows.people["rivera"]
    zoe, declan, mateo = (rows.people[login] for login in ("zoe", "declan", "mateo"))
    first = await rows.assignment("quiz", "comparing-with-ratios")
    recipe, trip = [await rows.assignment("assignment", name) for name in ("recipe-for-thirty", "plan-a-trip")]
    quiz_item = await rows.item("Quiz", (await rows.quiz(first)).id)
    recipe_item = await rows.item("Assignment", recipe.id)
    page_item = await rows.item("Page", (await rows.page("what-is-a-ratio")).id)

    clock.move(timedelta(hours=1))
    await note(session, page_item.id, declan.id, "viewed", clock.now())
    await record_submission(session, recipe, declan.id, clock.now(), body="A table.")
    for person, score in ((zoe, first.points_possible), (mateo, 1.0)):
        await record_submission(session, first, person.id, clock.now(), score=score)
        await rate_aligned(session, first, person.id, score, clock.now())
    await decide(session, recipe, mateo.id, Decision(excused=True), teacher.id, clock.now())
    clock.move(timedelta(hours=1))
    rubric = await rubric_of(session, recipe.id)
    ratings: dict[str, Any] = {
        str(one["id"]): {"points": one["points"] / 2} for one in (rubric.criteria if rubric else ())
    }
    await grade_by_rubric(session, recipe, zoe.id, ratings, teacher.id, clock.now())
    clock.move(timedelta(hours=1))
    await grade(session, trip, zoe.id, 4.0, teacher.id, clock.now())

    outcomes = {one.title: one for one in await session.scalars(select(Outcome))}
    language, tables = outcomes["CCSS.MATH.6.RP.A.1"], outcomes["CCSS.MATH.6.RP.A.3a"]
    points = {one: Decimal(str(one.points_possible)) for one in (language, tables)}
    return Known(
        items=(
            KnownItem(
                f"canvas:module-item:{page_item.id}",
                "page",
                page_item.title,
                "1. Comparing with ratios",
                requirement="view",
            ),
            KnownItem(
                f"canvas:module-item:{quiz_item.id}",
                "quiz",
                quiz_item.title,
                "1. Comparing with ratios",
                str(first.id),
                "score",
            ),
            KnownItem(
                f"canvas:module-item:{recipe_item.id}",
                "assignment",
                recipe_item.title,
                "2. Equivalent ratios",
                str(recipe.id),
                "submit",
            ),
        ),
        percents={
            (str(first.id), str(zoe.id)): 100.0,
            (str(first.id), str(mateo.id)): 100 / first.points_possible,
            (str(recipe.id), str(zoe.id)): 50.0,
            (str(trip.id), str(zoe.id)): 400 / trip.points_possible,
        },
        gaps={
            (str(recipe.id), str(declan.id)): NoResult.UNGRADED,
            (str(recipe.id), str(mateo.id)): NoResult.EXCUSED,
        },
        changed_at=clock.now(),
        completed=frozenset(
            {
                (f"canvas:module-item:{page_item.id}", str(declan.id)),
                (f"canvas:module-item:{recipe_item.id}", str(declan.id)),
                (f"canvas:module-item:{quiz_item.id}", str(zoe.id)),
            }
        ),
        outcomes={str(one.id): one.display_name or one.title for one in outcomes.values()},
        ratings={
            (str(language.id), str(zoe.id)): (points[language], points[language]),
            (str(tables.id), str(zoe.id)): (points[tables] / 2, points[tables]),
        },
        groups={"Period 2": frozenset(str(rows.people[login].id) for login in ("daryna", "mateo", "layla"))},
        people=frozenset(),
        window_on=(str(trip.id), str(declan.id)),
    )
