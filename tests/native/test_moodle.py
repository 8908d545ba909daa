"""Moodle's connector: by recorded shapes, by the captures of a running Moodle where they are at hand, over the sandbox LMS, and
by a real one when ``LTI_TOOL_TEST_MOODLE_URL``, ``_TOKEN`` and ``_COURSE`` name one.

The answers in ``recorded/moodle`` are cut from those captures; each file says what in it was written from Moodle's source.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.clock import ManualClock, SystemClock
from lti_tool.platforms.credentials import FixedToken
from lti_tool.platforms.moodle_api import MoodleApi
from lti_tool.platforms.native import Capability, NoResult
from lti_tool.sandbox.app import create_sandbox
from lti_tool.sandbox.gradebook import record_submission
from lti_tool.sandbox.groups import groups_of
from lti_tool.sandbox.models import Assignment, Course, ModuleItem, Person, Quiz, QuizAttempt
from lti_tool.sandbox.moodle_models import CompetencyModule, CompetencyRating, CourseCompetency
from lti_tool.sandbox.moodle_service import web_service
from lti_tool.sandbox.platform import Platform
from lti_tool.sandbox.settings import SandboxSettings
from tests.native.conftest import Recorded, real_server
from tests.native.contract import Known, KnownItem, NativeCase, NativeContract

BASE = "https://moodle.school.example/school"
CAPTURES = Path(__file__).parents[3] / "shared" / "moodle"
SERVER = "/webservice/rest/server.php"

READ = frozenset(
    {Capability.CONTENTS, Capability.RESULTS, Capability.COMPLETION, Capability.OUTCOMES, Capability.GROUPS}
)
ONE, TWO = "Unit 1: Linear equations", "Unit 2: Linear functions"
AT = datetime.fromtimestamp(1_795_000_000, UTC)

RECORDED = Known(
    items=(
        KnownItem("moodle:cm:55", "discussion", "Announcements", "General"),
        KnownItem("moodle:cm:56", "page", "What is a linear equation?", ONE, requirement="mark"),
        KnownItem("moodle:cm:57", "page", "Solving two-step equations", ONE, requirement="mark"),
        KnownItem("moodle:cm:58", "link", "Reference: equations", ONE, requirement="mark"),
        KnownItem(
            "moodle:cm:59", "assignment", "Homework 1: one-step and two-step equations", ONE, "59", requirement="submit"
        ),
        KnownItem("moodle:cm:60", "quiz", "Quiz 1: linear equations", ONE, "60", requirement="submit"),
        KnownItem("moodle:cm:66", "tool", "Scratch LTI tool practice", ONE, "66"),
        KnownItem("moodle:cm:61", "page", "Slope and rate of change", TWO, requirement="mark"),
        KnownItem("moodle:cm:62", "link", "Graphing reference", TWO, requirement="mark"),
        KnownItem("moodle:cm:63", "assignment", "Homework 2: graphs of lines", TWO, "63", requirement="submit"),
        KnownItem("moodle:cm:80", "page", "Answers & hints", TWO, published=False),
        KnownItem("moodle:cm:81", "heading", "Now the hard part", TWO),
        KnownItem("moodle:cm:82", "heading", "Extra practice", TWO),
        # What is restricted to a group the account is not in is there for others.
        KnownItem("moodle:cm:83", "assignment", "Drag the slope", TWO, "83", requirement="score"),
        KnownItem("moodle:cm:84", "assignment", "Explain it to a friend", TWO, "84"),
        # Its ratings are on a scale, so that there is nothing to ask for in points.
        KnownItem("moodle:cm:85", "discussion", "Where do lines meet?", TWO, requirement="contribute"),
    ),
    percents={
        ("59", "190"): 62.0,
        ("60", "190"): 40.0,
        ("63", "190"): 0.0,
        ("66", "190"): 80.0,
        ("84", "190"): 75.0,
        ("60", "191"): 100.0,
    },
    gaps={
        ("83", "190"): NoResult.HIDDEN,
        ("59", "191"): NoResult.WAITING,
        ("63", "191"): NoResult.EXCUSED,
        ("66", "191"): NoResult.UNGRADED,
        ("83", "191"): NoResult.WAITING,
        ("59", "192"): NoResult.UNGRADED,
    },
    changed_at=datetime.fromtimestamp(1_795_000_900, UTC),
    completed=frozenset(
        {
            ("moodle:cm:56", "190"),
            ("moodle:cm:60", "190"),
            ("moodle:cm:59", "191"),
            ("moodle:cm:60", "191"),
            ("moodle:cm:83", "191"),
        }
    ),
    outcomes={"1": "HSA.SSE.A.1", "2": "HSA.CED.A.1", "3": "HSA.CED.A.2"},
    alignments=frozenset({("1", "moodle:cm:60"), ("1", "moodle:cm:59"), ("2", "moodle:cm:60")}),
    ratings={
        ("1", "190"): (Decimal(2), Decimal(2)),
        ("2", "190"): (Decimal(1), Decimal(2)),
        ("1", "191"): (Decimal(1), Decimal(2)),
    },
    groups={"Blue": frozenset({"190", "191"}), "R&D": frozenset({"190"})},
    people=frozenset(),
)


def recorded() -> NativeCase:
    http = Recorded.of("moodle").http()
    return NativeCase(
        connector=MoodleApi(http, BASE, FixedToken("token"), ManualClock()),
        course_id="8",
        user_ids=("190", "191", "192"),
        dead=MoodleApi(http, BASE, FixedToken("dead"), ManualClock()),
        elsewhere="404404",
        able=READ,
        known=RECORDED,
    )


def captured() -> NativeCase:
    """The captures as they are: thirty students, a service with every function of competencies."""
    if not CAPTURES.is_dir():
        pytest.skip(f"no captures: {CAPTURES} is not there")

    def answer(request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        name = form["wsfunction"]
        if form["wstoken"] == "dead":
            name = "fail_bad_token"
        elif "404404" in (form.get("courseid"), form.get("id")):
            name = "fail_bad_course"
        elif (name, form.get("userid")) == ("gradereport_user_get_grade_items", "0"):
            name += "_all"
        elif name == "core_enrol_get_enrolled_users" and form["options[1][value]"] != "0":
            return httpx.Response(200, json=[])
        file = CAPTURES / f"ws_{name}.json"
        return httpx.Response(
            200, content=(file if file.exists() else CAPTURES / "ws_fail_function_not_in_service.json").read_bytes()
        )

    http, base = httpx.AsyncClient(transport=httpx.MockTransport(answer)), "http://moodle.localhost:8090"
    return NativeCase(
        connector=MoodleApi(http, base, FixedToken("token"), ManualClock()),
        course_id="8",
        user_ids=tuple(str(user_id) for user_id in range(190, 219)),
        dead=MoodleApi(http, base, FixedToken("dead"), ManualClock()),
        elsewhere="404404",
        # Nobody captured the answers about ratings, so that they are refused. Nobody there is in a group.
        able=READ - {Capability.OUTCOMES},
        known=Known(
            items=(
                KnownItem("moodle:cm:60", "quiz", "Quiz 1: linear equations", ONE, "60", requirement="submit"),
                KnownItem("moodle:cm:66", "tool", "Scratch LTI tool practice", ONE, "66"),
                # It has a grade item without grades.
                KnownItem("moodle:cm:70", "tool", "Multi 2 decimal", ONE),
                KnownItem("moodle:cm:63", "assignment", "Homework 2: graphs of lines", TWO, "63", requirement="submit"),
            ),
            percents={("59", "194"): 77.0, ("60", "194"): 40.0, ("63", "194"): 70.0, ("66", "194"): 25.0},
            gaps={("68", "194"): NoResult.UNGRADED},
        ),
    )


@dataclass(frozen=True)
class World:
    """A sandbox's file in which two students have done something, and what is known of its course then."""

    file: bytes
    token: str
    course_id: str
    user_ids: tuple[str, ...]
    known: Known

    @classmethod
    async def made(cls, folder: Path) -> "World":
        """The sample course, opened for the first time."""
        lms = create_sandbox(SandboxSettings(folder=folder, like="moodle"))
        platform: Platform = lms.state.platform
        async with lms.router.lifespan_context(lms):
            token = (await web_service(platform)).token
            async with platform.store.writing() as session:
                course = (await session.scalars(select(Course))).one()
                people = (await session.scalars(select(Person).where(Person.kind == "student"))).all()
                known = await _something_done(session, course, {person.login: person for person in people})
        user_ids = tuple(str(person.id) for person in people)
        return cls(platform.settings.database.read_bytes(), token, str(course.id), user_ids, known)

    def case(self, lms: FastAPI) -> NativeCase:
        """A sandbox that was opened on the file, as the connector finds it."""
        base, http = lms.state.platform.settings.base_url, httpx.AsyncClient(transport=httpx.ASGITransport(app=lms))
        return NativeCase(
            connector=MoodleApi(http, base, FixedToken(self.token), ManualClock()),
            course_id=self.course_id,
            user_ids=self.user_ids,
            dead=MoodleApi(http, base, FixedToken("dead"), ManualClock()),
            elsewhere="404404",
            able=READ | {Capability.STUDENT_ACCESS},
            known=self.known,
        )


async def _something_done(session: AsyncSession, course: Course, people: Mapping[str, Person]) -> Known:
    """Zoe takes the first quiz twice and is rated; Mateo takes it without luck, and the second one waits to be marked."""
    now, zoe, mateo = datetime(2026, 9, 2, 10, tzinfo=UTC), people["zoe"], people["mateo"]
    items = {row.title: row for row in await session.scalars(select(ModuleItem))}
    first, second = items["Quiz 1: Comparing with ratios"], items["Quiz 2: Equivalent ratios"]
    quiz = await session.get_one(Quiz, first.content_id)
    work = await session.get_one(Assignment, quiz.assignment_id)
    other = await session.get_one(Assignment, (await session.get_one(Quiz, second.content_id)).assignment_id)
    for number, score in enumerate((work.points_possible / 2, work.points_possible), start=1):
        await record_submission(session, work, zoe.id, now, score=score)
        session.add(
            QuizAttempt(
                quiz_id=quiz.id,
                person_id=zoe.id,
                attempt=number,
                answers={},
                score=score,
                started_at=now,
                finished_at=now,
            )
        )
    await record_submission(session, work, mateo.id, now, score=0.0)
    await record_submission(session, other, mateo.id, now)
    outcomes = (await session.scalars(select(CourseCompetency).order_by(CourseCompetency.id))).all()
    rated = {"competency_id": outcomes[0].id, "person_id": zoe.id, "created_at": now, "updated_at": now}
    session.add(CompetencyRating(grade=2, **rated))
    links = (await session.scalars(select(CompetencyModule))).all()
    groups = await groups_of(session, course.id)
    key, title = str(first.id), "1. Comparing with ratios"
    return Known(
        items=(
            KnownItem(f"moodle:cm:{key}", "quiz", first.title, title, key, requirement="submit"),
            KnownItem(f"moodle:cm:{items['Try it out'].id}", "heading", "Try it out", "2. Equivalent ratios"),
        ),
        percents={(key, str(zoe.id)): 100.0, (key, str(mateo.id)): 0.0},
        attempts={(key, str(zoe.id)): 2, (key, str(mateo.id)): 1},
        gaps={(str(second.id), str(mateo.id)): NoResult.WAITING},
        changed_at=now,
        completed=frozenset({(f"moodle:cm:{key}", str(zoe.id)), (f"moodle:cm:{key}", str(mateo.id))}),
        outcomes={str(one.id): one.short_name for one in outcomes},
        alignments=frozenset((str(one.competency_id), f"moodle:cm:{one.module_item_id}") for one in links),
        ratings={(str(outcomes[0].id), str(zoe.id)): (Decimal(2), Decimal(2))},
        groups={group.row.name: frozenset(str(one.id) for one in group.members) for group in groups},
        people=frozenset(),
        window_on=(key, str(mateo.id)),
    )


@pytest.fixture(scope="session")
def worlds() -> list[World]:
    """What this process made once: a question gets a copy, since making it takes much longer."""
    return []


async def real(http: httpx.AsyncClient) -> NativeCase:
    """A course of a real Moodle; its students are asked for here, since the connector is told them by the tool."""
    url, token, course = real_server("MOODLE", "URL", "TOKEN", "COURSE")
    users = await http.post(
        url.rstrip("/") + SERVER,
        data={
            "wstoken": token,
            "wsfunction": "core_enrol_get_enrolled_users",
            "moodlewsrestformat": "json",
            "courseid": course,
            "options[0][name]": "userfields",
            "options[0][value]": "id,roles",
        },
    )
    listed = users.json()
    assert isinstance(listed, list), f"the token may not list the course's people: {listed.get('errorcode')}"
    students = [row for row in listed if any(role["shortname"] == "student" for role in row.get("roles", ()))]
    clock = SystemClock()
    return NativeCase(
        connector=MoodleApi(http, url, FixedToken(token), clock),
        course_id=course,
        user_ids=tuple(str(row["id"]) for row in students[:20]),
        dead=MoodleApi(http, url, FixedToken("0" * 32), clock),
        elsewhere="999999999999",
    )


@pytest.fixture(params=["recorded", "captured", "sandbox", "real"])
async def native(request: pytest.FixtureRequest, tmp_path: Path, worlds: list[World]) -> AsyncIterator[NativeCase]:
    match request.param:
        case "recorded":
            yield recorded()
        case "captured":
            yield captured()
        case "sandbox":
            if not worlds:
                worlds.append(await World.made(tmp_path / "made"))
            settings = SandboxSettings(folder=tmp_path / "lms", like="moodle")
            settings.folder.mkdir()
            settings.database.write_bytes(worlds[0].file)
            lms = create_sandbox(settings)
            async with lms.router.lifespan_context(lms):
                yield worlds[0].case(lms)
        case _:
            async with httpx.AsyncClient(timeout=30) as http:
                yield await real(http)


class TestMoodle(NativeContract):
    pass
