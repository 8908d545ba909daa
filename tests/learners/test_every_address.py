"""Every address of a course, as the application has them: closed to strangers, to students, and beyond a teacher’s sections."""

import re
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import event
from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.clock import ManualClock
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from lti_tool.playlists.path_models import PathRequest, PathRuling, PathWord, RulingKind
from tests.insight.site import Site
from tests.learners.private_class import PrivateClass, course_routes, filled, private_class, the_whole_tool
from tests.pairs import on_postgresql, on_sqlite
from tests.playlists import seed, watching
from tests.playlists.site import Visitor

OF_STUDENTS = re.compile(r"/courses/\{course_id\}(/my|/my-.*|/my/.*|/family.*|/links/.*|/menu-links/.*)?$")
"""What others than teachers open."""
ROOMS = re.compile("/(playlists|my|supports|goal|calendar|traits|students)")
WORDS = (
    *(
        "after_competency",
        "after_step",
        "allowed",
        "before",
        "competency",
        "do",
        "done_rule",
        "due_at",
        "first",
        "goal",
    ),
    *(
        "how",
        "instead",
        "introduction",
        "item",
        "kind",
        "language",
        "last",
        "many",
        "minutes",
        "more_time",
        "move",
        "need",
    ),
    *("needed", "new_title", "note", "opens_at", "order", "outcome", "pass_percent", "passing", "person", "place"),
    *(
        "place_url",
        "playlist",
        "points",
        "quiet_after",
        "reason",
        "request",
        "revision",
        "section_title",
        "section_note",
    ),
    *("serves", "step", "step_title", "support", "target", "text", "title", "topic", "topics", "url", "variant_title"),
    *("variant_minutes", "variant_note", "weekday", "words"),
)
"""Fields of forms."""


@pytest.fixture
async def world(database: Database, clock: ManualClock, tmp_path: Path) -> PrivateClass:
    """Rolled back at the end."""
    return await private_class(await the_whole_tool(database, clock, tmp_path))


@on_sqlite
async def test_nobody_opens_anything_without_a_session(world: PrivateClass) -> None:
    values = world.values(world.template)
    async with world.site.client() as client:
        for pattern in course_routes(world.site, "GET"):
            assert (await client.get(filled(pattern, values))).status_code == 401, pattern
        for pattern in course_routes(world.site, "POST"):
            sent = await client.post(filled(pattern, values), headers={"Origin": "http://localhost:8000"})
            assert sent.status_code in (401, 403), pattern


@on_sqlite
async def test_nothing_is_changed_for_another_site_or_for_a_page_of_nobody(world: PrivateClass) -> None:
    """With the cookie of a teacher and of a student, as a browser sends it along whatever site the form stands on."""
    values = world.values(world.template)
    for visitor in (await world.site.teacher(), await world.site.student()):
        await visitor.get(f"{world.site.course}/playlists")
        ours = "http://localhost:8000"
        forged: list[tuple[dict[str, str], dict[str, str], set[int]]] = [
            ({"Origin": "https://evil.example"}, {"session": visitor._session}, {403}),
            ({"Origin": "null"}, {"session": visitor._session}, {403}),
            ({}, {"session": visitor._session}, {403}),
            ({"Origin": ours, "Sec-Fetch-Site": "same-site"}, {"session": visitor._session}, {403}),
            ({"Origin": ours}, {}, {403, 409}),
            ({"Origin": ours}, {"session": str(uuid.uuid4())}, {403, 409}),
        ]
        async with world.site.client(visitor.token) as client:
            for pattern in course_routes(world.site, "POST"):
                for headers, fields, expected in forged:
                    sent = await client.post(filled(pattern, values), headers=headers, data=fields)
                    assert sent.status_code in expected, (pattern, headers, fields)


@on_sqlite
async def test_another_school_finds_nothing_there(world: PrivateClass) -> None:
    async with world.site.database.writing() as session:
        elsewhere = await seed.school(session, "Elm School")
    stranger = await world.site.sign_in(elsewhere.teacher, Role.TEACHER, school=elsewhere)
    await stranger.get(f"/courses/{elsewhere.course.id}/playlists")
    values = world.values(world.template)
    for pattern in course_routes(world.site, "GET"):
        page = await stranger.get(filled(pattern, values))
        assert page.status_code in (403, 404), pattern
        assert "Ada" not in page.text
    for pattern in course_routes(world.site, "POST"):
        assert (await stranger.post(filled(pattern, values))).status_code in (403, 404), pattern


@on_postgresql
async def test_another_schools_ids_are_nothing_in_a_course_of_ones_own(world: PrivateClass) -> None:
    async with world.site.database.writing() as session:
        elsewhere = await seed.school(session, "Elm School")
    stranger = await world.site.sign_in(elsewhere.teacher, Role.TEACHER, school=elsewhere)
    await stranger.get(f"/courses/{elsewhere.course.id}/playlists")
    values = world.values(world.template) | {"course_id": elsewhere.course.id}
    named = [one for one in course_routes(world.site, "GET") if one.count("{") > 1 and "/my/" not in one]
    for pattern in named:
        page = await stranger.get(filled(pattern, values))
        assert page.status_code in (403, 404), pattern
        assert "Ada" not in page.text
        assert "Halves and quarters" not in page.text


@on_sqlite
async def test_students_change_nothing_on_teachers_pages(world: PrivateClass) -> None:
    student = await world.site.student(1)
    await student.get(f"{world.site.course}/my-map")
    values = world.values(world.template)
    teachers = [one for one in course_routes(world.site, "POST") if not OF_STUDENTS.match(one)]
    assert len(teachers) > 80
    for pattern in teachers:
        assert (await student.post(filled(pattern, values))).status_code == 403, pattern
    # And on the pages of students, nothing of another student's.
    for pattern in course_routes(world.site, "POST"):
        if OF_STUDENTS.match(pattern) and "{copy_id}" in pattern:
            assert (await student.post(filled(pattern, values), text="x", words="x")).status_code in (400, 404), pattern


# --- Teachers who are held to their own sections -----------------------------------------------------------------------


@on_postgresql
async def test_a_teacher_held_to_a_section_reads_of_no_other_student(world: PrivateClass) -> None:
    async with world.site.database.writing() as session:
        await watching.only_their_section(session, world.site.school, 1)
    teacher = await world.site.teacher()
    others = re.compile("Ada|Cem|Dua")
    read = ""
    for pattern in course_routes(world.site, "GET"):
        for playlist in (world.template, world.personal):
            page = await teacher.get(filled(pattern, world.values(playlist)))
            found = others.search(page.text)
            assert found is None, (pattern, found[0] if found else "")
            if "{person_id}" in pattern:
                assert page.status_code in (403, 404), pattern
            read += page.text
    assert "Ben Birch" in read
    assert "request waits for you" not in read, "what waits is another section's"
    file = await teacher.get(f"{world.site.course}/playlists/{world.template.id}/progress/students.csv")
    assert len(file.text.strip().splitlines()) == 2


@on_sqlite
async def test_nor_does_anything_they_send_reach_another_student(world: PrivateClass) -> None:
    site, school = world.site, world.site.school
    async with site.database.writing() as session:
        await watching.only_their_section(session, school, 1)
        ruling = PathRuling(
            organisation_id=school.id,
            playlist_id=world.personal.id,
            person_id=world.student.id,
            kind=RulingKind.BAN,
            content_item_id=school.items["page"].id,
            created_at=site.clock.now(),
        )
        session.add(ruling)
        await session.flush()
        ruling_id = ruling.id
        asked = (await session.exec(scoped(PathRequest, school.id))).all()
        request_ids = [str(one.id) for one in asked]
    teacher = await site.teacher()
    await teacher.get(f"{site.course}/playlists")
    for pattern in course_routes(site, "POST"):
        if "{person_id}" in pattern:
            for playlist in (world.template, world.personal):
                address = filled(pattern, world.values(playlist))
                sent = await teacher.post(address, text="x", playlist=str(world.template.id), move="up", kind="ban")
                assert sent.status_code in (400, 403, 404, 422), pattern
                assert "Ada" not in sent.text, pattern
    lists = f"{site.course}/playlists"
    forms = {
        f"{lists}/{world.template.id}/nudge": {"person": str(world.student.id)},
        f"{lists}/{world.template.id}/progress/send-again": {"person": str(world.student.id)},
        f"{lists}/waiting/sign-off": {"request": request_ids},
        f"{lists}/waiting/{request_ids[0]}": {"outcome": "answered", "words": "x"},
        f"{lists}/{world.personal.id}/path/rulings/{ruling_id}/end": {},
    }
    for address, fields in forms.items():
        assert (await teacher.post(address, **fields)).status_code == 404, address
    async with site.database.reading() as session:
        assert (await session.exec(scoped(PathWord, school.id))).all() == []
        assert all(one.answered_at is None for one in (await session.exec(scoped(PathRequest, school.id))).all())
        [kept] = (await session.exec(scoped(PathRuling, school.id))).all()
        assert kept.ended_at is None


# --- Looks ---------------------------------------------------------------------------------------------------------------


async def test_a_look_at_what_the_tool_would_choose_for_somebody_is_recorded(world: PrivateClass) -> None:
    teacher = await world.site.teacher()
    address = f"{world.site.course}/playlists/personal/new"
    await teacher.get(address)
    sent = {"title": "Mine", "has_unit": "yes", "part": "1", "do": "look", "for": str(world.student.id)}
    page = await teacher.post(address, playlist_id=str(uuid.uuid4()), **sent)
    assert page.status_code == 200
    assert "Ada Ash" in page.text
    async with world.site.database.reading() as session:
        statement = select(AuditEntry).where(
            AuditEntry.organisation_id == world.site.school.id, AuditEntry.action == "student.viewed"
        )
        found = [one for one in (await session.exec(statement)).all() if one.detail == "what the tool would choose"]
    assert [one.subject for one in found] == [f"person:{world.student.id}"]


async def test_every_file_that_names_students_leaves_a_trace(world: PrivateClass) -> None:
    teacher = await world.site.teacher()
    files = [one for one in course_routes(world.site, "GET") if one.endswith(".csv")]
    named = []
    for pattern in files:
        before = await traces(world)
        page = await teacher.get(filled(pattern, world.values(world.template)))
        if re.search("Ada|Ben", page.text):
            named.append(pattern)
            assert await traces(world) == before + 1, pattern
    assert len(named) > 4


async def traces(world: PrivateClass) -> int:
    """How many traces there are."""
    async with world.site.database.reading() as session:
        return len((await session.exec(select(AuditEntry))).all())


# --- What it takes -------------------------------------------------------------------------------------------------------


@on_postgresql
async def test_no_page_asks_the_database_for_each_student_of_a_class(world: PrivateClass) -> None:
    teacher = await world.site.teacher()
    pages = [
        filled(pattern, world.values(playlist))
        for pattern in course_routes(world.site, "GET")
        for playlist in (world.template, world.personal)
        if "/playlists" in pattern or "/supports" in pattern or "/people" in pattern
    ]
    before = await statements(world.site, teacher, pages)
    async with world.site.database.writing() as session:
        school = world.site.school
        for place in range(26):
            one = seed.person(school.registration, school.organisation, f"more-{place}", f"Given{place} Family{place}")
            session.add(one)
            await session.flush()
            session.add(seed.member(school.course, one))
    after = await statements(world.site, teacher, pages)
    assert {page: count for page, count in after.items() if count > before[page] + 5} == {}


async def statements(site: Site, visitor: Visitor, pages: list[str]) -> dict[str, int]:
    """How many statements each page takes, once what comes about at a first look has come about."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    counts = {}
    for page in dict.fromkeys(pages):
        await visitor.get(page)
        event.listen(site.database.engine.sync_engine, "before_cursor_execute", note)
        await visitor.get(page)
        event.remove(site.database.engine.sync_engine, "before_cursor_execute", note)
        counts[page] = len(seen)
        seen.clear()
    return counts


# --- What no page of ours sends ------------------------------------------------------------------------------------------


@on_postgresql
@pytest.mark.parametrize("odd", ["a\0b", "NaN", "9" * 400])
async def test_odd_words_are_refused_or_kept_and_break_nothing(world: PrivateClass, odd: str) -> None:
    teacher, student = await world.site.teacher(), await world.site.student()
    await teacher.get(f"{world.site.course}/playlists")
    await student.get(f"{world.site.course}/my-map")
    fields = dict.fromkeys(WORDS, odd) | {"kind": "help", "outcome": "answered", "support": "language", "how": "mark"}
    values = world.values(world.template)
    for pattern in course_routes(world.site, "POST"):
        if not ROOMS.search(pattern) or pattern.endswith("/refresh"):
            continue
        visitor = student if "/my" in pattern else teacher
        for sent in (fields, {"revision": "1", "kind": "help", "words": odd, "text": odd, "title": odd, "note": odd}):
            answer = await visitor.post(filled(pattern, values), follow=False, **sent)
            assert answer.status_code < 500, pattern


@on_postgresql
async def test_odd_questions_are_answered_or_refused(world: PrivateClass) -> None:
    teacher, student = await world.site.teacher(), await world.site.student()
    asked = (
        "show",
        "order",
        "kind",
        "said",
        "step",
        "person",
        "search",
        "add",
        "what",
        "support",
        "language",
        "group",
        "view",
    )
    values = world.values(world.personal)
    for pattern in course_routes(world.site, "GET"):
        if not ROOMS.search(pattern):
            continue
        visitor = student if "/my" in pattern else teacher
        for odd in ("\0", "NaN", "9" * 400):
            page = await visitor.get(f"{filled(pattern, values)}?{urlencode(dict.fromkeys(asked, odd))}")
            assert page.status_code < 500, (pattern, odd)
        for name in re.findall(r"\{(\w+)\}", pattern):
            for odd in ("not-an-id", "%00", str(uuid.UUID(int=2**128 - 1))):
                page = await visitor.get(filled(pattern, values | {name: odd}))
                assert 400 <= page.status_code < 500, (pattern, name, odd)
