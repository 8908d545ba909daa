"""A course of the sandbox LMS as Canvas, with work in it: what a tool's connector reads there, and what it has to find."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.clock import ManualClock
from lti_tool.platforms.native import NoResult
from lti_tool.sandbox.app import create_sandbox
from lti_tool.sandbox.canvas_keys import KeyWanted, make_key, new_token
from lti_tool.sandbox.canvas_models import ConsentCode, CourseSection, Outcome, SectionPlace
from lti_tool.sandbox.canvas_progress import note
from lti_tool.sandbox.canvas_scopes import all_scopes
from lti_tool.sandbox.canvas_standing import Decision, decide, grade_by_rubric, rate_aligned
from lti_tool.sandbox.gradebook import grade, record_submission
from lti_tool.sandbox.models import (
    Assignment,
    Course,
    Discussion,
    Enrolment,
    FileEntry,
    ModuleItem,
    Person,
    Quiz,
    QuizAttempt,
)
from lti_tool.sandbox.models import Page as ContentPage
from lti_tool.sandbox.platform import Platform
from lti_tool.sandbox.settings import SandboxSettings
from tests.native.contract import Known, KnownItem

WORKED = timedelta(minutes=60)
"""How long the work takes by the clock."""

BASE = "http://127.0.0.1:8001"


@dataclass
class Box:
    """The running sandbox, its course, and the people, items and assignments of the sample by name."""

    app: FastAPI
    platform: Platform
    clock: ManualClock
    course: Course
    people: dict[str, Person]
    items: dict[str, ModuleItem]
    work: dict[str, Assignment]
    more: dict[str, int] = field(default_factory=dict)

    def http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=BASE)

    def id(self, login: str) -> str:
        return str(self.people[login].id)

    def key(self, title: str) -> str:
        return str(self.work[title].id)

    def item(self, title: str) -> str:
        return f"canvas:module-item:{self.items[title].id}"

    @property
    def students(self) -> tuple[str, ...]:
        return tuple(str(one.id) for one in self.people.values() if one.kind == "student")

    async def token(self, login: str, scopes: Sequence[str] | None = None, *, allows_includes: bool = True) -> str:
        """A person's token of a key with these scopes, or with all."""
        wanted = KeyWanted("Tool", [f"{BASE}/back"], scopes or all_scopes(), allows_includes=allows_includes)
        async with self.platform.store.writing() as session:
            key = await make_key(session, self.platform, wanted)
            code = ConsentCode(
                digest="",
                key_id=key.id,
                person_id=self.people[login].id,
                scopes=key.scopes,
                expires_at=self.clock.now(),
            )
            _, access, _ = await new_token(session, self.platform, code)
        return access


_made: dict[int, bytes] = {}
"""The store with the course and its work, by the first id: making it takes much longer than a test."""


@asynccontextmanager
async def boxed(folder: Path, *, first_id: int = 1) -> AsyncIterator[Box]:
    """The sample course, with work in it."""
    settings = SandboxSettings(base_url=BASE, folder=folder, like="canvas", first_id=first_id)
    if first_id not in _made:
        async with _running(settings, ManualClock()) as box:
            await _work(box)
        # The last connection that closes leaves everything in the one file.
        _made[first_id] = settings.database.read_bytes()
    settings.database.write_bytes(_made[first_id])
    clock = ManualClock()
    clock.move(WORKED)
    async with _running(settings, clock) as box:
        yield box


@asynccontextmanager
async def _running(settings: SandboxSettings, clock: ManualClock) -> AsyncIterator[Box]:
    nobody = httpx.AsyncClient(transport=httpx.MockTransport(lambda _request: httpx.Response(404)))
    app = create_sandbox(settings, clock=clock.now, http=nobody)
    async with app.router.lifespan_context(app):
        platform: Platform = app.state.platform
        async with platform.store.reading() as session:
            [course] = (await session.scalars(select(Course))).all()
            pages = (await session.scalars(select(ContentPage).where(ContentPage.slug == "glossary"))).all()
            yield Box(
                app,
                platform,
                clock,
                course,
                {one.login: one for one in await session.scalars(select(Person))},
                {one.title: one for one in await session.scalars(select(ModuleItem))},
                {one.name: one for one in await session.scalars(select(Assignment))},
                {
                    "page": pages[0].id if pages else 0,
                    "discussion": await _first(session, Discussion),
                    "file": await _first(session, FileEntry),
                },
            )


async def _first(session: AsyncSession, model: Any) -> int:
    found = (await session.scalars(select(model.id))).first()
    return int(found or 0)


ONE, TWO, RATES, PERCENT, ALL = (
    "Quiz 1: Comparing with ratios",
    "Quiz 2: Equivalent ratios",
    "Quiz 3: Rates and unit rates",
    "Quiz 4: Percent",
    "Quiz 5: All together",
)
RECIPE, BUY, TRIP = "A recipe for thirty", "The better buy", "Plan a class trip"


async def _work(box: Box) -> None:
    """What students and their teacher did, a quarter of an hour apart."""
    await _tries(box, "zoe", ONE, 2.0, 4.0)
    await _tries(box, "declan", ONE, 1.0)
    await _tries(box, "zoe", ALL, 3.0)
    teacher, now = box.people["rivera"].id, box.clock.now()
    async with box.platform.store.writing() as session:
        for login in ("zoe", "amara"):
            await note(session, box.items["What is a ratio?"].id, box.people[login].id, "viewed", now)
        await note(session, box.items["Three ways to write a ratio"].id, box.people["zoe"].id, "done", now)
        recipe, buy, trip = box.work[RECIPE], box.work[BUY], box.work[TRIP]
        await record_submission(session, recipe, box.people["zoe"].id, now, body="300 g for four …")
        points = {"_1": {"points": 1.0}, "_2": {"points": 6.0}, "_3": {"points": 1.0}}
        await grade_by_rubric(session, recipe, box.people["zoe"].id, points, teacher, now)
        await record_submission(session, buy, box.people["declan"].id, now, body="The large one")
        await decide(session, recipe, box.people["declan"].id, Decision(excused=True), teacher, now)
        await decide(session, recipe, box.people["amara"].id, Decision(late_status="missing"), teacher, now)
        await grade(session, buy, box.people["mateo"].id, 8.0, teacher, now)
        await decide(session, buy, box.people["mateo"].id, Decision(late_status="late", deducted=2.0), teacher, now)
        await grade(session, trip, box.people["layla"].id, 0.0, teacher, now)
        common = {"course_id": box.course.id}
        loose = ContentPage(slug="glossary", title="Glossary", html="<p>…</p>", updated_at=now, **common)
        talk = Discussion(title="Questions", html="", **common)
        file = FileEntry(path="a.pdf", name="A.pdf", content_type="application/pdf", size=1, content=b"x", **common)
        session.add_all([loose, talk, file])


async def _tries(box: Box, login: str, title: str, *scores: float) -> None:
    """Goes at a quiz, as its page files them."""
    person = box.people[login]
    for attempt, score in enumerate(scores, start=1):
        box.clock.move(timedelta(minutes=15))
        now = box.clock.now()
        async with box.platform.store.writing() as session:
            quiz = (await session.scalars(select(Quiz).where(Quiz.title == title))).one()
            assignment = await session.get_one(Assignment, quiz.assignment_id)
            session.add(
                QuizAttempt(
                    quiz_id=quiz.id,
                    person_id=person.id,
                    attempt=attempt,
                    answers={},
                    score=score,
                    started_at=now,
                    finished_at=now,
                )
            )
            await record_submission(session, assignment, person.id, now, score=score)
            await rate_aligned(session, assignment, person.id, score, now)


async def known_of(box: Box, *, attempts: bool = True) -> Known:
    """What a reading of the course has to find. Single ``attempts`` are told where include parameters are allowed."""
    async with box.platform.store.reading() as session:
        outcomes = {one.title: str(one.id) for one in await session.scalars(select(Outcome))}
        sections = (await session.scalars(select(CourseSection).order_by(CourseSection.id))).all()
        second = await session.scalars(
            select(Enrolment.person_id)
            .join(SectionPlace, SectionPlace.enrolment_id == Enrolment.id)
            .where(SectionPlace.section_id == sections[1].id)
        )
        in_second = frozenset(str(one) for one in second)
    zoe, declan, amara, mateo, layla = (box.id(one) for one in ("zoe", "declan", "amara", "mateo", "layla"))
    ratio, tables, rates, percent = (outcomes[f"CCSS.MATH.6.RP.A.{one}"] for one in ("1", "3a", "2", "3c"))
    met = {
        "What is a ratio?": (zoe, amara),
        "Three ways to write a ratio": (zoe,),
        ONE: (zoe,),
        RECIPE: (zoe,),
    }
    return Known(
        items=_items(box),
        percents={
            (box.key(ONE), zoe): 80.0,
            (box.key(ONE), declan): 20.0,
            (box.key(ALL), zoe): 100.0,
            (box.key(RECIPE), zoe): 80.0,
            (box.key(BUY), mateo): 80.0,
        },
        attempts={(box.key(ONE), zoe): 2, (box.key(ALL), zoe): 1} if attempts else None,
        gaps={
            (box.key(RECIPE), declan): NoResult.EXCUSED,
            (box.key(RECIPE), amara): NoResult.MISSING,
            (box.key(BUY), declan): NoResult.UNGRADED,
            (box.key(TRIP), layla): NoResult.BLANK,
            (box.key(TWO), zoe): NoResult.UNGRADED,
        },
        changed_at=box.clock.now(),
        completed=frozenset((box.item(title), user) for title, users in met.items() for user in users),
        outcomes={
            ratio: "Ratio language",
            tables: "Tables of equivalent ratios",
            rates: "Unit rates",
            percent: "Percent",
        },
        alignments=frozenset(
            {
                (ratio, box.item(ONE)),
                (tables, box.item(TWO)),
                (tables, box.item(ALL)),
                (tables, box.item(RECIPE)),
                (rates, box.item(RATES)),
                (percent, box.item(PERCENT)),
            }
        ),
        ratings={
            (ratio, zoe): (Decimal("3.2"), Decimal(4)),
            (ratio, declan): (Decimal("0.8"), Decimal(4)),
            (tables, zoe): (Decimal("2.0"), Decimal("4.0")),
        },
        groups={
            "Period 1": frozenset(box.students) - in_second,
            "Period 2": in_second,
            "Team Harbour": frozenset(box.id(one) for one in ("zoe", "declan", "daryna")),
        },
        window_on=(box.key(TRIP), zoe),
    )


def _items(box: Box) -> tuple[KnownItem, ...]:
    parts = (
        "1. Comparing with ratios",
        "2. Equivalent ratios",
        "3. Rates and unit rates",
        "4. Percent is a rate per 100",
    )
    return (
        KnownItem(box.item("What is a ratio?"), "page", "What is a ratio?", parts[0], requirement="view"),
        KnownItem(
            box.item("Three ways to write a ratio"), "page", "Three ways to write a ratio", parts[0], requirement="mark"
        ),
        KnownItem(box.item(ONE), "quiz", ONE, parts[0], box.key(ONE), "score"),
        KnownItem(box.item("Try it out"), "heading", "Try it out", parts[1]),
        KnownItem(box.item(TWO), "quiz", TWO, parts[1], box.key(TWO), "submit"),
        KnownItem(box.item(RECIPE), "assignment", RECIPE, parts[1], box.key(RECIPE), "submit"),
        KnownItem(box.item(RATES), "quiz", RATES, parts[2], box.key(RATES), "score"),
        KnownItem(box.item(TRIP), "assignment", TRIP, parts[3], box.key(TRIP)),
        KnownItem(box.item(ALL), "quiz", ALL, parts[3], box.key(ALL)),
        KnownItem(f"canvas:page:{box.more['page']}", "page", "Glossary"),
        KnownItem(f"canvas:discussion:{box.more['discussion']}", "discussion", "Questions"),
        KnownItem(f"canvas:file:{box.more['file']}", "file", "A.pdf"),
    )
