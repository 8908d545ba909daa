"""A course is copied in the LMS: the teacher of the copy is asked once, and what comes along finds its place there."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.audit import AuditEntry
from lti_tool.clock import ManualClock
from lti_tool.content import service as content
from lti_tool.content.connectors import Connected, NotConnected
from lti_tool.content.models import ContentItem
from lti_tool.courses.models import CopyDecision, Course, CourseOrigin, Person
from lti_tool.db.session import Database
from lti_tool.grades.models import ColumnState, LineItem, Score
from lti_tool.ids import new_id
from lti_tool.platforms.native import (
    ApiUnreachable,
    Capability,
    NativeConnector,
    NativeContents,
    NativeItem,
    NativeTrouble,
)
from lti_tool.playlists import editing
from lti_tool.playlists.editing import Basics, StepChoice, Terms
from lti_tool.playlists.models import (
    DoneRule,
    Need,
    OrderRule,
    PersonalPlaylist,
    Playlist,
    PlaylistStatus,
    PlaylistStep,
    SendRule,
)
from tests.lti.support import LTI
from tests.playlists.linking import DL, Somebody, World, a_world, settings

ORIGINAL, COPY = "8893483", "c0ffee00c0ffee00"
BASE = "https://platform.example"


def native(
    course: str, number: int, kind: Any, title: str, section: str = "Week 1", result: str | None = None
) -> NativeItem:
    return NativeItem(
        external_id=f"canvas:{course}:{number}",
        kind=kind,
        title=title,
        url=f"{BASE}/courses/{course}/modules/items/{number}",
        section=section,
        result_key=result,
    )


CONTENTS = {
    ORIGINAL: [
        native("17", 1, "page", "What a ratio is"),
        native("17", 2, "quiz", "Quiz", "Week 1", "q1"),
        native("17", 3, "quiz", "Quiz", "Week 2", "q2"),
        native("17", 4, "page", "Only in the original"),
        native("17", 5, "quiz", "Quiz without results there", result="q5"),
    ],
    COPY: [
        native("42", 11, "page", "What a ratio is"),
        native("42", 13, "quiz", "Quiz", "Week 2", "q12"),
        native("42", 12, "quiz", "Quiz", "Week 1", "q11"),
        native("42", 15, "quiz", "Quiz without results there"),
    ],
}


@dataclass
class Lms(NativeConnector):
    """The LMS's own API: what each course holds."""

    offers = frozenset({Capability.CONTENTS})

    trouble: NativeTrouble | None = None
    connected: bool = True
    read: list[str] = field(default_factory=list)

    async def of(self, _session: AsyncSession, course: Course) -> Connected:
        if not self.connected:
            raise NotConnected("nobody has connected it")
        return Connected(connector=self, connection_id=new_id(), course_id=course.context_id, source="canvas:")  # type: ignore[arg-type]

    async def read_contents(self, course_id: str) -> NativeContents:
        self.read.append(course_id)
        if self.trouble is not None:
            raise self.trouble
        return NativeContents(tuple(CONTENTS.get(course_id, ())), f"{BASE}/courses/{course_id}")


def into(context: str, title: str, *history: str, canvas: str = "42", **custom: str) -> dict[str, Any]:
    """A launch into a course that says what it was copied from."""
    said = {
        "context_id_history": ",".join(history) or "$Context.id.history",
        "canvas_course_id": canvas,
        "canvas_api_domain": "platform.example",
    }
    return {LTI + "context": {"id": context, "title": title}, LTI + "custom": said | custom}


@dataclass
class Story:
    """A world with an original course, its playlist, and its students."""

    world: World
    lms: Lms
    playlist_id: uuid.UUID

    async def copied(self, sub: str = "new-teacher", role: str = "Instructor", **custom: str) -> Somebody:
        """A launch into the copy."""
        return await self.world.launch(sub, role, **into(COPY, "Algebra 1, 2026", ORIGINAL, **custom))

    async def link(self, sub: str, role: str, **custom: str) -> Somebody:
        """The original's link, in the copy."""
        return await self.copied(sub, role, playlist_id=str(self.playlist_id), **custom)

    async def decide(self, teacher: Somebody, answer: str = "carry", **fields: str) -> Somebody:
        """Press one of the question's buttons."""
        course = next(one for one in await self.world.tool.rows(Course) if one.context_id == ORIGINAL)
        here = teacher.page.url.path
        assert here.endswith("/carry-over"), here
        given = {"answer": answer, "original": str(course.id)} | fields
        page = await teacher.post(here, **given)
        return Somebody(teacher.browser, teacher.launched, page)

    async def rows(self, table: type[Any]) -> list[Any]:
        return await self.world.tool.rows(table)

    async def course(self, context: str = COPY) -> Course:
        found: Course = next(one for one in await self.rows(Course) if one.context_id == context)
        return found

    async def carried(self) -> list[Playlist]:
        """The playlist about ratios first: both come at one moment, and rows in no order."""
        course = await self.course()
        return sorted(
            (one for one in await self.rows(Playlist) if one.course_id == course.id),
            key=lambda one: (one.copied_from_id != self.playlist_id, one.created_at),
        )

    async def steps(self, playlist: Playlist) -> list[tuple[PlaylistStep, ContentItem | None]]:
        items = {one.id: one for one in await self.rows(ContentItem)}
        steps = [one for one in await self.rows(PlaylistStep) if one.playlist_id == playlist.id]
        return [
            (one, items[one.content_item_id] if one.content_item_id else None)
            for one in sorted(steps, key=lambda one: one.position)
        ]


async def a_playlist(world: World) -> uuid.UUID:
    """Everything a playlist can hold, assigned to a class that has begun."""
    course = next(one for one in await world.tool.rows(Course) if one.context_id == ORIGINAL)
    now = world.clock.now()
    async with world.database.writing() as session:
        await content.take_over(session, course, "canvas:", CONTENTS[ORIGINAL], now)
        items = {
            (one.title, one.section): one.id for one in await content.items(session, course.organisation_id, course.id)
        }
        made = await editing.create(session, course, Basics("Ratios", "Read first.", OrderRule.ANY), None, now)
        for item_id in items.values():
            made = await editing.add_items(session, course, made.id, made.revision, [item_id], now)
        for url in (
            "https://www.mathsisfun.com/ratio.html",
            f"{BASE}/courses/17/pages/a-slug",
            f"{BASE}/courses/17/files/99/download",
        ):
            made = await editing.add_address(session, course, made.id, made.revision, url, "", now)
        made = await editing.add_offline(session, course, made.id, made.revision, "Talk to me", now)
        made = await editing.add_offline(session, course, made.id, made.revision, "Taken out", now)
        steps = await editing.present_steps(session, made)
        choice = StepChoice("Quiz", "Take your time.", Need.MAY, DoneRule.RESULT, 60.0, 25)
        made = await editing.change_step(session, course, made.id, made.revision, steps[1].id, choice, now)
        terms = Terms(has_column=True, points=20.0, send_rule=SendRule.LIVE, due_at=now + timedelta(days=7))
        made = await editing.assign(session, course, made.id, made.revision, terms, None, now)
        made = await editing.remove_step(session, course, made.id, made.revision, steps[-1].id, now)
        draft = await editing.create(session, course, Basics("A draft of theirs"), None, now + timedelta(minutes=1))
        gone = await editing.create(session, course, Basics("Taken away"), None, now)
        gone.status = PlaylistStatus.ARCHIVED
        session.add_all([draft, gone])
    return made.id


async def a_story(database: Database, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Story]:
    """The original course with its teacher, a student and a playlist; ended when it is asked for more."""
    world = await a_world(database, clock, tmp_path)
    lms = Lms()
    world.tool.app.state.connectors = lms
    said = into(ORIGINAL, "Algebra 1, 2025", canvas="17")
    await world.launch(**said)
    await world.launch("anna", "Learner", name="Anna Secret", **said)
    yield Story(world, lms, await a_playlist(world))
    await world.tool.protocol.key_sets.settle()
    await world.close()


@pytest.fixture
async def story(database: Database, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Story]:
    """Rolled back at the end."""
    async for made in a_story(database, clock, tmp_path):
        yield made


@pytest.fixture
async def own_story(own_database: Database, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Story]:
    """With real commits and many connections."""
    async for made in a_story(own_database, clock, tmp_path):
        yield made


async def test_the_teacher_is_asked_and_sees_titles_and_nothing_of_people(story: Story) -> None:
    teacher = await story.copied()
    assert teacher.address.endswith("/carry-over")
    for words in (
        "Algebra 1, 2025",
        "Ratios",
        "9 steps",
        "A draft of theirs",
        "0 steps",
        "Start fresh",
        "Decide later",
    ):
        assert words in teacher.page.text
    for words in ("Anna", "Secret", "Taken away", "What a ratio is", "Taken out", "Talk to me"):
        assert words not in teacher.page.text


async def test_everything_comes_along_and_finds_its_place(story: Story) -> None:
    before = {"copies": len(await story.rows(PersonalPlaylist)), "columns": len(await story.rows(LineItem))}
    scores = len(await story.rows(Score))
    teacher = await story.decide(await story.copied())
    assert teacher.page.status_code == 200
    assert story.lms.read == [COPY]
    assert "2 playlists have come along" in teacher.page.text
    assert "2 steps lead to something that was not found" in teacher.page.text
    ratios, draft = await story.carried()
    assert (draft.title, draft.status) == ("A draft of theirs", PlaylistStatus.DRAFT)
    assert (ratios.title, ratios.introduction, ratios.order_rule) == ("Ratios", "Read first.", OrderRule.ANY)
    assert (ratios.status, ratios.due_at, ratios.assigned_at) == (PlaylistStatus.DRAFT, None, None)
    assert (ratios.points, ratios.send_rule, ratios.has_column) == (20.0, SendRule.LIVE, True)
    assert ratios.copied_from_id == story.playlist_id
    assert ratios.created_by == next(one for one in await story.rows(Person) if one.sub == "new-teacher").id
    course = await story.course()
    steps = await story.steps(ratios)
    assert all(item is None or item.course_id == course.id for _, item in steps)
    led = [(step.title, item.url if item and item.deleted_at is None else None) for step, item in steps]
    assert led == [
        ("What a ratio is", f"{BASE}/courses/42/modules/items/11"),
        ("Quiz", f"{BASE}/courses/42/modules/items/12"),
        ("Quiz", f"{BASE}/courses/42/modules/items/13"),
        ("Only in the original", None),
        ("Quiz without results there", f"{BASE}/courses/42/modules/items/15"),
        ("mathsisfun.com", "https://www.mathsisfun.com/ratio.html"),
        ("platform.example", f"{BASE}/courses/42/pages/a-slug"),
        ("platform.example", None),
        ("Talk to me", None),
    ]
    quiz = steps[1][0]
    assert (quiz.note, quiz.need, quiz.done_rule, quiz.pass_percent, quiz.minutes) == (
        "Take your time.",
        Need.MAY,
        DoneRule.RESULT,
        60.0,
        25,
    )
    # What the LMS shares no results for in the copy is marked by the student there.
    assert (steps[4][0].done_rule, steps[4][0].pass_percent) == (DoneRule.MARKED, None)
    assert steps[8][1] is None
    assert {"copies": len(await story.rows(PersonalPlaylist)), "columns": len(await story.rows(LineItem))} == before
    assert len(await story.rows(Score)) == scores
    actions = [entry.action for entry in await story.rows(AuditEntry)]
    assert actions.count("course.carried-over") == 1


async def test_it_is_asked_once_and_carried_over_once(story: Story) -> None:
    first, second = await story.copied(), await story.copied("second-teacher")
    await story.decide(first)
    late = await story.decide(second)
    assert "carried over already" in late.page.text
    assert len(await story.carried()) == 2
    assert (await story.copied()).address.endswith("/playlists")
    # Somebody who reloads the question sees what came of it.
    page = await first.get(first.page.url.path)
    assert "2 playlists have come along" in page.text
    assert "Decide later" not in page.text


async def test_what_is_copied_in_later_is_asked_about_by_itself(story: Story) -> None:
    await story.decide(await story.copied())
    await story.world.launch("colleague", **into("theirs", "A colleague's", canvas="51"))
    theirs = await story.course("theirs")
    async with story.world.database.writing() as session:
        await editing.create(session, theirs, Basics("Angles"), None, story.world.clock.now())
    teacher = await story.world.launch("new-teacher", **into(COPY, "Algebra 1, 2026", "theirs", ORIGINAL))
    assert teacher.address.endswith("/carry-over")
    assert "Angles" in teacher.page.text
    assert "Algebra 1, 2025" not in teacher.page.text
    await teacher.post(teacher.address, answer="carry", original=str(theirs.id))
    assert [one.title for one in await story.carried()].count("Angles") == 1
    assert len(await story.carried()) == 3


async def test_of_many_who_decide_at_once_one_is_heard(own_story: Story) -> None:
    teachers = [await own_story.copied(f"teacher-{number}") for number in range(4)]
    answers = ["carry", "carry", "later", "carry"]
    pages = await asyncio.gather(
        *(own_story.decide(teacher, answer) for teacher, answer in zip(teachers, answers, strict=True))
    )
    assert [page.page.status_code for page in pages] == [200] * 4
    assert len(await own_story.carried()) == 2
    assert [entry.action for entry in await own_story.rows(AuditEntry)].count("course.carried-over") == 1


async def test_a_copied_link_whose_content_is_chosen_again_has_its_playlist_chosen(story: Story) -> None:
    await story.decide(await story.copied())
    ratios, _ = await story.carried()
    given = into(COPY, "Algebra 1, 2026", ORIGINAL, playlist_id=str(story.playlist_id)) | {
        LTI + "message_type": "LtiDeepLinkingRequest",
        LTI + "resource_link": None,
        DL + "deep_linking_settings": settings(),
    }
    picker = await story.world.launch("new-teacher", **given)
    chosen = re.search(rf'value="{ratios.id}"[^>]*checked', picker.page.text)
    assert chosen, picker.page.text


async def test_deciding_later_leaves_a_link_and_asks_no_more(story: Story) -> None:
    teacher = await story.decide(await story.copied(), "later")
    assert teacher.page.url.path.endswith("/playlists")
    assert "Decide what to carry over" in teacher.page.text
    again = await story.copied()
    assert again.address.endswith("/playlists")
    page = await again.get(again.address.replace("/playlists", "/carry-over"))
    assert "Algebra 1, 2025" in page.text
    await story.decide(Somebody(again.browser, again.launched, page))
    assert len(await story.carried()) == 2


async def test_starting_fresh_is_not_asked_about_again_and_can_be_taken_back(story: Story) -> None:
    teacher = await story.decide(await story.copied(), "fresh")
    assert "You start fresh" in teacher.page.text
    assert await story.carried() == []
    again = await story.copied()
    assert again.address.endswith("/playlists")
    assert "Decide what to carry over" not in again.page.text
    assert (await story.link("anna", "Learner")).page.status_code == 404
    page = await again.get(again.address.replace("/playlists", "/carry-over"))
    assert "If that was not meant" in page.text
    await story.decide(Somebody(again.browser, again.launched, page))
    assert len(await story.carried()) == 2
    (origin,) = await story.rows(CourseOrigin)
    assert origin.decision is CopyDecision.CARRIED


async def test_a_link_of_the_original_before_and_after(story: Story) -> None:
    student = await story.link("anna", "Learner")
    assert student.page.status_code == 200
    assert "Your teacher has not set this up yet" in student.page.text
    mentor = await story.world.launch(
        "parent",
        "Mentor",
        **into(COPY, "Algebra 1, 2026", ORIGINAL, playlist_id=str(story.playlist_id)),
        **{LTI + "role_scope_mentor": ["anna"]},
    )
    assert mentor.address.endswith("/family")
    guest = await story.link("guest", "Member")
    assert "Neither student nor teacher" in guest.page.text
    teacher = await story.link("new-teacher", "Instructor")
    assert teacher.address.endswith("/carry-over")
    await story.decide(teacher)
    ratios, _ = await story.carried()
    line_item = f"{BASE}/lineitems/77"
    given = into(COPY, "Algebra 1, 2026", ORIGINAL, playlist_id=str(story.playlist_id))
    teacher = await story.world.link(str(story.playlist_id), line_item=line_item, **given)
    assert teacher.address.endswith(f"/playlists/{ratios.id}")
    (column,) = [one for one in await story.rows(LineItem) if one.course_id == ratios.course_id]
    assert (column.url, column.state, column.resource_id) == (line_item, ColumnState.MADE, f"playlist:{ratios.id}")
    assert "Your teacher has not opened it yet" in (await story.link("anna", "Learner")).page.text


async def test_a_copy_of_a_copy_opens_the_oldest_link(story: Story) -> None:
    await story.decide(await story.copied())
    third = into("third", "Algebra 1, 2027", COPY, ORIGINAL, canvas="43")
    teacher = await story.world.launch("third-teacher", **third)
    # Both are offered; the one it was copied from comes first.
    assert teacher.page.text.index("Algebra 1, 2026") < teacher.page.text.index("Algebra 1, 2025")
    course = await story.course()
    await teacher.post(teacher.address, answer="carry", original=str(course.id))
    given = into("third", "Algebra 1, 2027", COPY, ORIGINAL, canvas="43", playlist_id=str(story.playlist_id))
    opened = await story.world.launch("third-teacher", **given)
    made = next(one for one in await story.rows(Playlist) if str(one.id) in opened.address)
    assert made.course_id == (await story.course("third")).id
    decisions = [one.decision for one in await story.rows(CourseOrigin) if one.course_id == made.course_id]
    assert sorted(decisions) == [CopyDecision.CARRIED, CopyDecision.FRESH]


async def test_a_platform_that_does_not_answer_is_waited_for_or_not(story: Story) -> None:
    story.lms.trouble = ApiUnreachable("down")
    teacher = await story.decide(await story.copied())
    assert teacher.page.status_code == ApiUnreachable.status
    assert "Nothing was carried over yet" in teacher.page.text
    assert await story.carried() == []
    await story.decide(teacher, anyway="yes")
    ratios, _ = await story.carried()
    missing = [step.title for step, item in await story.steps(ratios) if item is not None and item.deleted_at]
    assert missing == [
        "What a ratio is",
        "Quiz",
        "Quiz",
        "Only in the original",
        "Quiz without results there",
        "platform.example",
    ]


async def test_without_a_connection_what_can_be_carried_over_is(story: Story) -> None:
    story.lms.connected = False
    teacher = await story.decide(await story.copied())
    assert "come along" in teacher.page.text
    assert len(await story.carried()) == 2


async def test_a_step_that_was_not_found_is_marked_and_given_its_place(story: Story) -> None:
    teacher = await story.decide(await story.copied())
    ratios, _ = await story.carried()
    builder = f"/courses/{ratios.course_id}/playlists/{ratios.id}"
    page = await teacher.get(builder)
    assert page.text.count("Not found in this course") == 2
    assert "Choose where they lead" in page.text
    assert "2 steps lead nowhere" in (await teacher.get(f"{builder}/assign")).text
    teacher = Somebody(teacher.browser, teacher.launched, page)
    steps = await story.steps(ratios)
    lost, address = steps[3][0], steps[7][0]
    page_item = steps[0][1]
    assert page_item is not None
    place = f"{builder}/steps/{lost.id}/place"
    elsewhere = next(one for one in await story.rows(ContentItem) if one.course_id != ratios.course_id)
    assert (await teacher.post(place, revision="1", place=str(elsewhere.id))).status_code == 404
    assert "Nothing was chosen" in (await teacher.post(place, revision="1", place="")).text
    assert "The step leads there now" in (await teacher.post(place, revision="1", place=str(page_item.id))).text
    assert (await teacher.post(place, revision="1", place=str(page_item.id))).status_code == 409
    place = f"{builder}/steps/{address.id}/place"
    assert (await teacher.post(place, revision="2", place_url="javascript:alert(1)")).status_code == 400
    page = await teacher.post(place, revision="2", place_url="https://lms.example/new")
    assert "Not found in this course" not in page.text
    after = await story.steps(ratios)
    assert [after[3][0].title, after[3][0].content_item_id] == ["Only in the original", page_item.id]
    assert after[7][1] is not None
    assert after[7][1].url == "https://lms.example/new"


async def test_only_those_who_teach_the_copy_are_asked(story: Story) -> None:
    teacher = await story.copied()
    address = teacher.address
    student = await story.copied("anna", "Learner")
    assert "/my" in student.address
    assert (await student.get(address)).status_code == 403
    assert (await student.post(address, answer="carry")).status_code == 403
    original = await story.course(ORIGINAL)
    # Whoever teaches the copy is in the copy alone, and has no page of the original.
    assert (await teacher.get(f"/courses/{original.id}/playlists")).status_code == 404
    nobody = await story.world.tool.browser().client.get(address)
    assert nobody.status_code == 401
    assert await story.carried() == []


async def test_only_what_the_platform_named_can_be_carried_over(story: Story) -> None:
    said = into("unrelated", "Somebody else's", canvas="99")
    other = await story.world.launch("other", **said)
    assert other.address.endswith("/playlists")
    original = await story.course(ORIGINAL)
    page = await other.get(other.address.replace("/playlists", "/carry-over"))
    assert "Nothing to carry over" in page.text
    answer = await other.post(page.url.path, answer="carry", original=str(original.id))
    assert answer.status_code == 404
    assert (await other.post(page.url.path, answer="carry", original="x")).status_code == 400
    assert (await other.post(page.url.path, answer="steal", original=str(original.id))).status_code == 400


async def test_another_platform_s_course_of_the_same_id_is_not_the_original(story: Story) -> None:
    said = into("theirs", "Of another platform", ORIGINAL)
    teacher = await story.world.launch("t", platform=story.world.tool.other, **said)
    assert teacher.address.endswith("/playlists")
