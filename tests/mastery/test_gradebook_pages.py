"""A teacher brings in a gradebook export: the file, the preview, the evidence; on each of the two databases."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from sqlmodel import col, select

from lti_tool.audit import AuditEntry
from lti_tool.clock import ManualClock
from lti_tool.competencies import alignments
from lti_tool.competencies.alignment_rules import Change
from lti_tool.competencies.models import AlignmentRole
from lti_tool.content.models import ContentItem, UploadDraft
from lti_tool.courses.models import Course, Person
from lti_tool.db.base import crossing, scoped
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from lti_tool.mastery import gradebook_routes, queries, service
from lti_tool.mastery.entries import GONE_FROM_FILE
from lti_tool.mastery.models import Evidence, EvidenceSource
from tests.competencies.aligned import Mapped, a_map
from tests.courses.school import NOW
from tests.courses.site import Site, Visitor, a_site, nowhere
from tests.playlists import seed

CANVAS = b"""Student,ID,SIS User ID,SIS Login ID,Section,Quiz 4.NF.1 (2),Comparing fractions (3),Poster (77),Final Score
    Points Possible,,,,,10,20,5,(read only)
"Lovelace, Ada",11,S1,ada,A,9,0,4,90
Alan Turing,12,S2,alan,A,EX,15,3,80
Alan Turing Senior,99,S9,alan9,A,2,,1,10
"""

MOODLE = b"""First name,Last name,ID number,Email address,Quiz: Quiz 4.NF.1 (Real),Quiz: Own (Real),Course total (Real)
Ada,Lovelace,,ada@school.example,8.00,3.00,1
Alan,Turing,,-,4.00,-,1
"""


@dataclass
class Desk:
    """A course with a map, an aligned quiz, two students, and the teacher's browser."""

    site: Site
    mapped: Mapped
    teacher: Visitor
    people: dict[str, uuid.UUID]

    @property
    def address(self) -> str:
        return f"{self.teacher.course}/mastery/gradebook"

    async def upload(self, content: bytes, name: str = "grades.csv", visitor: Visitor | None = None) -> httpx.Response:
        """Choose a file on the first page."""
        return await send(visitor or self.teacher, f"{self.address}/upload", {}, files={"file": (name, content)})

    async def preview(self, content: bytes) -> tuple[str, str]:
        """The preview's address and page."""
        answer = await self.upload(content)
        assert answer.status_code == 303, answer.text
        address = answer.headers["location"]
        page = await self.teacher.get(address)
        assert page.status_code == 200
        return address, page.text

    async def bring_in(self, content: bytes, **fields: str | list[str]) -> httpx.Response:
        """The file, then the button."""
        address, _ = await self.preview(content)
        return await send(self.teacher, address, {"answer": "bring-in", **fields})

    async def evidence(self, *, voided: bool = False) -> list[Evidence]:
        async with self.site.database.reading() as session:
            statement = scoped(Evidence, self.site.school.organisation.id)
            rows = (await session.exec(statement.order_by(col(Evidence.id)))).all()
            session.expunge_all()
        return [row for row in rows if voided or row.voided_at is None]

    async def earned(self) -> dict[tuple[str, str], Decimal | None]:
        """What counts, by student and competency."""
        names = {person_id: name for name, person_id in self.people.items()}
        codes = {one.id: code for code, one in self.mapped.competencies.items()}
        return {(names[row.person_id], codes[row.competency_id]): row.earned for row in await self.evidence()}


async def send(
    visitor: Visitor,
    path: str,
    fields: dict[str, str | list[str]],
    files: Any = None,
    origin: str = "http://localhost:8000",
) -> httpx.Response:
    page = await visitor.get("/no-course")
    found = re.search(r'name="lti-session" content="([^"]+)"', page.text)
    session = found[1] if found else ""
    async with visitor.site.client(visitor.token) as client:
        return await client.post(path, data={"session": session, **fields}, files=files, headers={"Origin": origin})


@pytest.fixture
async def desk(database: Database, clock: ManualClock) -> Desk:
    site = await a_site(database, clock, gradebook_routes.router)
    clock.move(timedelta(days=30))
    teacher = await site.teacher()
    await site.arrive(site.school.launch("s1", custom={"canvas_user_id": "11"}))
    await site.arrive(site.school.launch("s2", name="Alan Turing", given_name="Alan", family_name="Turing"))
    async with database.writing() as session:
        organisation = site.school.organisation
        course = (await session.exec(scoped(Course, organisation.id))).one()
        everybody = {one.sub: one for one in (await session.exec(scoped(Person, organisation.id))).all()}
        school = seed.School(
            organisation, site.school.registration, course, everybody["teacher"], list(everybody.values())
        )
        mapped = await a_map(session, school)
        change = Change(mapped.item("Quiz 4.NF.1"), mapped.one("4.NF.A.1"), AlignmentRole.ASSESSES)
        await alignments.change(session, course, [change], {}, by=None, now=NOW)
        session.expunge_all()
    return Desk(site, mapped, teacher, {"ada": everybody["s1"].id, "alan": everybody["s2"].id})


def fields(*columns: int, **more: str | list[str]) -> dict[str, str | list[str]]:
    return {"column": [str(column) for column in columns], **more}


async def test_grades_of_an_aligned_column_become_evidence(desk: Desk) -> None:
    address, page = await desk.preview(CANVAS)
    assert "1 row was matched by id or address" in page
    assert "Only the name fits" in page
    assert 'name="column" value="5" checked' in " ".join(page.split())
    assert not await desk.evidence()
    answer = await send(
        desk.teacher, address, fields(5, answer="bring-in", on_5="2026-09-20", time_zone="Europe/Madrid")
    )
    assert answer.status_code == 303
    done = await desk.teacher.get(answer.headers["location"])
    assert "The grades of 1 student are evidence now" in done.text
    (row,) = await desk.evidence()
    assert (row.person_id, row.competency_id) == (desk.people["ada"], desk.mapped.one("4.NF.A.1"))
    assert (row.earned, row.possible, row.passing_percent) == (Decimal(9), Decimal(10), 80.0)
    assert (row.source, row.whole, row.dated) == (EvidenceSource.CSV, True, False)
    assert row.observed_at == datetime(2026, 9, 20, 10, tzinfo=UTC)
    assert row.entered_by is not None
    async with desk.site.database.reading() as session:
        states = await queries.states_of_person(session, row.organisation_id, desk.mapped.course.id, desk.people["ada"])
        assert [state.standing.value for state in states] == ["secure"]
        looks = (await session.exec(select(AuditEntry).where(AuditEntry.action == "evidence.imported"))).all()
        assert [look.detail for look in looks] == ["canvas: 1 added, 0 replaced, 0 taken back"]
        left = await session.exec(select(UploadDraft), execution_options=crossing("The test sees all."))
        assert not left.all()


async def test_a_name_counts_only_when_it_was_confirmed(desk: Desk) -> None:
    content = CANVAS.replace(b"A,EX,15", b"A,7,15")
    _, page = await desk.preview(content)
    line = re.search(r'name="confirm" value="(\d+)"', page)
    assert line is not None
    await desk.bring_in(content, **fields(5))
    assert await desk.earned() == {("ada", "4.NF.A.1"): Decimal(9)}
    await desk.bring_in(content, **fields(5, confirm=[line[1]]))
    assert await desk.earned() == {("ada", "4.NF.A.1"): Decimal(9), ("alan", "4.NF.A.1"): Decimal(7)}


async def test_without_anybody_nothing_comes_in_and_the_page_says_so(desk: Desk) -> None:
    content = CANVAS.replace(b"A,EX,15", b"A,7,15").replace(b"11,S1,ada,", b"99,S8,ada8,")
    answer = await desk.bring_in(content, **fields(5))
    assert answer.status_code == 422, answer.headers
    assert "Tick whose rows these are" in answer.text
    assert not await desk.evidence(voided=True)


async def test_importing_again_replaces_and_takes_back(desk: Desk) -> None:
    await desk.bring_in(CANVAS, **fields(5))
    again = await desk.bring_in(CANVAS, **fields(5))
    assert "added=0&replaced=0&unchanged=1&back=0" in again.headers["location"]
    better = await desk.bring_in(CANVAS.replace(b"A,9,0", b"A,10,0"), **fields(5))
    assert "added=0&replaced=1" in better.headers["location"]
    assert await desk.earned() == {("ada", "4.NF.A.1"): Decimal(10)}
    gone = await desk.bring_in(CANVAS.replace(b"A,9,0", b"A,EX,0"), **fields(5))
    assert "back=1" in gone.headers["location"]
    assert await desk.earned() == {}
    assert {row.void_reason for row in await desk.evidence(voided=True)} >= {GONE_FROM_FILE}
    # It comes back when the grade does.
    await desk.bring_in(CANVAS, **fields(5))
    assert await desk.earned() == {("ada", "4.NF.A.1"): Decimal(9)}


async def test_what_a_teacher_voided_stays_void_while_the_file_says_the_same(desk: Desk, clock: ManualClock) -> None:
    await desk.bring_in(CANVAS, **fields(5))
    [row] = await desk.evidence()
    async with desk.site.database.writing() as session:
        await service.void(session, desk.mapped.course, [row.id], "it was a practice run", clock.now())
    clock.move(timedelta(hours=1))
    again = await desk.bring_in(CANVAS, **fields(5))
    assert "added=0&replaced=0&unchanged=1&back=0" in again.headers["location"]
    assert await desk.earned() == {}
    # Another grade is something new.
    better = await desk.bring_in(CANVAS.replace(b"A,9,0", b"A,10,0"), **fields(5))
    assert "added=1&replaced=0" in better.headers["location"]
    assert await desk.earned() == {("ada", "4.NF.A.1"): Decimal(10)}


async def test_noughts_count_when_the_teacher_says_so(desk: Desk) -> None:
    chosen = fields(6, competency_6=str(desk.mapped.one("4.NF.A.2")))
    await desk.bring_in(CANVAS, **chosen)
    assert await desk.earned() == {}
    await desk.bring_in(CANVAS, **fields(6, zeros="yes"))
    assert await desk.earned() == {("ada", "4.NF.A.2"): Decimal(0)}


async def test_a_column_that_no_item_stands_behind_becomes_one(desk: Desk) -> None:
    """Moodle without a content connection: what points are out of and what is assessed is said on the page."""
    desk.site.lms.answers["/nrps"] = httpx.Response(
        200, json={"members": [{"user_id": "s1", "roles": ["Learner"], "email": "ada@school.example"}]}
    )
    own = str(desk.mapped.one("4.MD.A.1"))
    refused = await desk.bring_in(MOODLE, **fields(4, 5))
    assert refused.status_code == 422
    assert "Say what the points are out of" in refused.text
    assert "Choose what this column assesses" in refused.text
    await desk.bring_in(MOODLE, **fields(4, 5, out_of_4="10", out_of_5="5", competency_5=own))
    assert await desk.earned() == {("ada", "4.NF.A.1"): Decimal(8), ("ada", "4.MD.A.1"): Decimal(3)}
    async with desk.site.database.reading() as session:
        made = (
            await session.exec(scoped(ContentItem, desk.site.school.organisation.id).where(ContentItem.title == "Own"))
        ).one()
        assert (made.url, made.points_possible) == (None, 5.0)
    # The next time its points are known.
    _, page = await desk.preview(MOODLE)
    assert 'name="out_of_5" type="text" value="5"' in " ".join(page.split())
    again = await desk.bring_in(MOODLE, **fields(4, 5, out_of_4="10"))
    assert "unchanged=2" in again.headers["location"]


@pytest.mark.parametrize(
    ("entered", "sentence"),
    [
        ({"column": []}, "Choose at least one column"),
        (fields(5, on_5="2031-01-01"), "Choose a day that has been"),
        (fields(5, on_5="yesterday"), "Choose a day that has been"),
        (fields(7), "Choose what this column assesses"),
        (fields(7, competency_7="nonsense"), "Choose what this column assesses"),
    ],
)
async def test_what_needs_attention_is_said_and_nothing_happens(
    desk: Desk, entered: dict[str, str | list[str]], sentence: str
) -> None:
    answer = await desk.bring_in(CANVAS, **entered)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert not await desk.evidence(voided=True)


async def test_points_that_cannot_be_are_refused(desk: Desk) -> None:
    for given in ("0", "-1", "ten", "NaN", "1e9"):
        answer = await desk.bring_in(MOODLE, **fields(4, out_of_4=given))
        assert answer.status_code == 422
        assert "Write a number above 0" in answer.text
    answer = await desk.bring_in(MOODLE, **fields(4, out_of_4="2"))
    assert "more than twice as many points" in answer.text


async def test_a_competency_of_another_course_is_refused_and_everything_entered_is_kept(desk: Desk) -> None:
    answer = await desk.bring_in(CANVAS, **fields(7, competency_7=nowhere(), on_7="2026-09-12"))
    assert answer.status_code == 400
    assert 'value="2026-09-12"' in answer.text
    assert not await desk.evidence(voided=True)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x00\x01"], ids=["empty", "other", "binary"])
async def test_a_file_that_is_no_gradebook_is_not_kept(desk: Desk, content: bytes) -> None:
    answer = await desk.upload(content)
    assert answer.status_code == 400
    assert "not a gradebook export" in answer.text
    assert (await send(desk.teacher, f"{desk.address}/upload", {})).status_code == 400


async def test_cancelling_forgets_the_file(desk: Desk) -> None:
    address, _ = await desk.preview(CANVAS)
    assert (await send(desk.teacher, address, {"answer": "cancel"})).headers["location"] == desk.address
    assert (await desk.teacher.get(address)).status_code == 404


async def test_an_hour_later_the_file_is_gone(desk: Desk, clock: ManualClock) -> None:
    address, _ = await desk.preview(CANVAS)
    clock.move(timedelta(hours=1))
    answer = await desk.teacher.get(address)
    assert answer.status_code == 404
    assert "This file is no longer kept" in answer.text


async def test_what_the_lms_has_told_is_not_counted_again(desk: Desk, database: Database) -> None:
    from lti_tool.mastery import service
    from lti_tool.mastery.entries import Entry

    async with database.writing() as session:
        course = await session.get_one(Course, (desk.site.school.organisation.id, desk.mapped.course.id))
        told = Entry(
            person_id=desk.people["ada"],
            competency_id=desk.mapped.one("4.NF.A.1"),
            source=EvidenceSource.LMS,
            presentation="lms:1",
            observed_at=NOW,
            earned=Decimal(5),
            possible=Decimal(10),
            content_item_id=desk.mapped.item("Quiz 4.NF.1"),
            whole=True,
        )
        await service.append(session, course, [told], NOW)
    answer = await desk.bring_in(CANVAS, **fields(5))
    assert "added=0" in answer.headers["location"]
    assert await desk.earned() == {("ada", "4.NF.A.1"): Decimal(5)}


async def test_without_a_map_the_page_says_where_to_begin(database: Database, clock: ManualClock) -> None:
    site = await a_site(database, clock, gradebook_routes.router)
    teacher = await site.teacher()
    address = f"{teacher.course}/mastery/gradebook"
    answer = await send(teacher, f"{address}/upload", {}, files={"file": ("a.csv", CANVAS)})
    page = await teacher.get(answer.headers["location"])
    assert "This course has no competency map yet" in page.text


def _pages(desk: Desk, draft: str) -> Sequence[tuple[str, str]]:
    return [("GET", desk.address), ("GET", draft), ("POST", f"{desk.address}/upload"), ("POST", draft)]


async def test_only_teachers_of_this_school_and_who_chose_the_file(
    desk: Desk, database: Database, clock: ManualClock
) -> None:
    draft, _ = await desk.preview(CANVAS)
    student = await desk.site.arrive(desk.site.school.launch("s1"))
    other = await a_site(database, clock, gradebook_routes.router)
    stranger = await other.teacher()
    colleague = await desk.site.arrive(desk.site.school.launch("t2", role=Role.TEACHER, name="Alan Kay"))
    for method, path in _pages(desk, draft):
        async with desk.site.client() as client:
            answer = await client.request(method, path, headers={"Origin": "http://localhost:8000"})
            assert answer.status_code == 401
        for visitor, status in ((student, 403), (stranger, 404)):
            answer = await visitor.get(path) if method == "GET" else await send(visitor, path, {"answer": "bring-in"})
            assert answer.status_code == status, (method, path)
    assert (await colleague.get(draft)).status_code == 404
    assert (await send(desk.teacher, draft, {"answer": "cancel"}, origin="https://evil.example")).status_code == 403
    assert (await desk.teacher.get(draft)).status_code == 200
