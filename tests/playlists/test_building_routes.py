"""The builder's pages as a teacher uses them, on both databases."""

import re
import uuid
from datetime import UTC, datetime

from sqlmodel import select

from lti_tool.audit import AuditEntry
from lti_tool.competencies import alignments, map_editing
from lti_tool.competencies.alignment_rules import Change
from lti_tool.competencies.models import AlignmentRole
from lti_tool.competencies.rules_lines import Line
from lti_tool.content import rules as content_rules
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.courses import queries as course_queries
from lti_tool.courses.models import Course
from lti_tool.learners.models import Support
from lti_tool.learners.supports import Supports
from lti_tool.lti.models import Role
from lti_tool.platforms.native import NativeTrouble
from lti_tool.playlists import building, changing, editing, queries, template_rows
from lti_tool.playlists.changes import Basics
from lti_tool.playlists.editing import Terms
from lti_tool.playlists.models import DoneRule, Playlist, PlaylistStatus, StepKind
from lti_tool.playlists.templates import Step, Template
from tests.playlists import seed
from tests.playlists.site import Site, Visitor

NOW = seed.NOW


def revision_of(page: str) -> str:
    found = re.search(r'name="revision" value="(\d+)"', page)
    assert found is not None
    return found[1]


class Bench:
    """A teacher at the builder of one playlist."""

    def __init__(self, site: Site, teacher: Visitor, playlist: Playlist) -> None:
        self.site, self.teacher, self.playlist = site, teacher, playlist
        self.here = f"{site.course}/playlists/{playlist.id}"

    async def template(self) -> Template:
        async with self.site.database.reading() as session:
            playlist = await session.get(Playlist, (self.site.school.id, self.playlist.id), populate_existing=True)
            assert playlist is not None
            return await template_rows.current(session, playlist)

    async def step(self, title: str) -> Step:
        return next(step for step in (await self.template()).steps if step.title == title)

    async def post(self, path: str, **fields: str | list[str]) -> str:
        """A form of the page as it stands now; the page that follows."""
        page = await self.teacher.get(self.here)
        answer = await self.teacher.post(f"{self.here}{path}", revision=revision_of(page.text), **fields)
        assert answer.status_code in (200, 400, 409, 422), answer.status_code
        return answer.text


async def a_bench(site: Site, *, assign: bool = False) -> Bench:
    """A page to mark and a quiz from 70 %."""
    school = site.school
    async with site.database.writing() as session:
        playlist = await editing.create(session, school.course, Basics("Halves"), None, NOW)
        ids = [school.items["page"].id, school.items["quiz"].id]
        playlist = await editing.add_items(session, school.course, playlist.id, playlist.revision, ids, NOW)
        if assign:
            await editing.assign(session, school.course, playlist.id, playlist.revision, Terms(), None, NOW)
    return Bench(site, await site.teacher(), playlist)


async def test_a_playlist_of_every_kind_of_step_in_sections(site: Site) -> None:
    bench = await a_bench(site)
    page = await bench.post("/sections", section_title="Choose two")
    section = str((await bench.template()).sections[0].id)
    assert "They go to the end of “Choose two”." in page
    for kind, title in (("task", "Measure your kitchen"), ("reflection", "What was hard?"), ("conference", "See me")):
        page = await bench.post("/steps", step_kind=kind, step_title=title, section=section)
    template = await bench.template()
    assert [(step.title, step.kind, step.done_rule) for step in template.within(template.sections[0].id)] == [
        ("Measure your kitchen", StepKind.TASK, DoneRule.MARKED),
        ("What was hard?", StepKind.REFLECTION, DoneRule.WRITTEN),
        ("See me", StepKind.CONFERENCE, DoneRule.SIGNED),
    ]
    for words in ("Reflection", "Talk with the teacher", "Away from the screen", "Done when a teacher signs it off"):
        assert words in page
    wrong = await bench.post(f"/sections/{section}", section_title="Choose two", asks="some", needed="4")
    assert "There is not that much to choose from" in wrong
    wrong = await bench.post(f"/sections/{section}", section_title="Choose two", asks="some", needed="x")
    assert "Please enter a whole number" in wrong
    page = await bench.post(f"/sections/{section}", section_title="Choose two", asks="some", needed="2")
    assert "Any 2 of 3" in page
    # An item is put where it is dropped: before a step, whose section it joins.
    talk = await bench.step("See me")
    await bench.post("/steps", item=str(site.school.items["essay"].id), before=str(talk.id))
    assert [step.title for step in (await bench.template()).within(talk.section_id)][2:] == [
        "Draw a fraction",
        "See me",
    ]
    page = await bench.post(f"/sections/{section}/remove")
    assert "Removed." in page
    template = await bench.template()
    assert (template.sections, len(template.steps)) == ((), 6)


async def test_everything_about_a_step_is_said_in_its_form(site: Site) -> None:
    bench = await a_bench(site)
    quiz, first = await bench.step("Quiz on halves"), await bench.step("What a fraction is")
    plain = await bench.teacher.get(f"{bench.here}/steps/{quiz.id}")
    assert "<html" in plain.text
    async with site.client(bench.teacher.token) as client:
        part = await client.get(f"{bench.here}/steps/{quiz.id}", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    for words in ("What counts as done", "The result in the LMS decides", "When it opens", "Another form of this step"):
        assert words in plain.text
        assert words in part.text
    page = await bench.post(
        f"/steps/{quiz.id}",
        title="Quiz",
        done_rule="result",
        pass_percent="80",
        is_precheck="yes",
        after_step=str(first.id),
        opens_at="2026-09-02T08:00",
        due_at="2026-09-09T08:00",
        time_zone="Europe/Madrid",
        minutes="10",
    )
    for words in ("Done from a result of 80%", "Pre-check", "Opens after “What a fraction is”", "about 10 minutes"):
        assert words in page
    quiz = await bench.step("Quiz")
    assert quiz.opens_at == datetime(2026, 9, 2, 6, tzinfo=UTC)
    wrong = await bench.post(f"/steps/{first.id}", title="Read", done_rule="marked", after_step=str(quiz.id))
    assert "These steps would wait for each other" in wrong
    assert 'value="Read"' in wrong
    wrong = await bench.post(f"/steps/{quiz.id}", title="Quiz", done_rule="marked", is_precheck="yes")
    assert "A pre-check needs a result to go by" in wrong
    page = await bench.post(f"/steps/{quiz.id}/duplicate")
    assert page.count("Change this step") == 3


async def test_changes_of_an_assigned_playlist_wait_until_they_are_given(site: Site) -> None:
    bench = await a_bench(site, assign=True)
    first = await bench.step("What a fraction is")
    await bench.post(f"/steps/{first.id}/remove")
    page = await bench.post("/steps", step_kind="task", step_title="Fold a sheet")
    assert "2 changes are not in your students’ copies yet" in page
    assert "“Fold a sheet” added" in page
    assert "“What a fraction is” taken out" in page
    assert "Update 3 copies" in page
    ada = await site.student()
    mine = await ada.get(f"{site.course}/my")
    assert "Fold a sheet" not in mine.text
    assert "What a fraction is" in mine.text
    page = await bench.post("/discard")
    assert "The changes are gone." in page
    assert "not in your students’ copies" not in page
    page = await bench.post("/undo")
    assert "the changes that you discarded are there again" in page
    page = await bench.post("/update")
    assert "Every student has the changes now." in page
    mine = await ada.get(f"{site.course}/my")
    assert "Fold a sheet" in mine.text
    assert "What a fraction is" not in mine.text


async def test_undo_goes_back_to_the_beginning_and_says_what_it_took_back(site: Site) -> None:
    bench = await a_bench(site)
    start = await bench.template()
    first = start.steps[0]
    await bench.post("/order", item=str(first.id), move="down")
    await bench.post(f"/steps/{first.id}/remove")
    page = await bench.post("/undo")
    assert "Taken back: the step is there again." in page
    page = await bench.post("/undo")
    assert "Taken back: the order is as it was." in page
    assert await bench.template() == start
    # The playlist began without any step.
    page = await bench.post("/undo")
    assert "Taken back: what was added is out again." in page
    assert "No steps yet" in page
    assert "data-undo" not in page
    page = await bench.post("/undo")
    assert "There is nothing left to take back." in page
    page = (await bench.teacher.get(bench.here)).text
    assert "data-redo" in page
    page = await bench.post("/redo")
    assert "The change is there again." in page
    assert await bench.template() == start
    await bench.post("/redo")
    page = await bench.post("/redo")
    assert "data-redo" not in page
    assert first.id not in {step.id for step in (await bench.template()).steps}
    assert "There is nothing to make again." in await bench.post("/redo")
    await bench.post("/undo")
    page = await bench.post("/steps", step_kind="task", step_title="Fold a sheet")
    assert "data-redo" not in page
    stale = await bench.teacher.post(f"{bench.here}/undo", revision="1")
    assert stale.status_code == 409


async def test_who_was_slower_finds_what_they_typed(site: Site) -> None:
    """Two tabs: a step's form, a new step and a section made on an older revision come back as they were entered."""
    bench = await a_bench(site)
    quiz = await bench.step("Quiz on halves")
    await bench.post("/steps", step_kind="task", step_title="From the other tab")
    sent = {"title": "My quiz", "note": "Twelve words & more", "minutes": "25", "done_rule": "marked", "revision": "1"}
    slower = await bench.teacher.post(f"{bench.here}/steps/{quiz.id}", **sent)
    assert slower.status_code == 409
    assert "what you typed is still in its form" in slower.text
    assert "Twelve words &amp; more</textarea>" in slower.text
    assert 'value="25"' in slower.text
    # The settings of the playlist have a title of their own.
    assert 'class="settings" open' not in slower.text
    assert (await bench.step("Quiz on halves")).note == ""
    slower = await bench.teacher.post(f"{bench.here}/steps", step_title="Measure", step_kind="reflection", revision="1")
    assert 'value="Measure"' in slower.text
    assert 'value="reflection" selected' in slower.text
    slower = await bench.teacher.post(bench.here, title="Another", introduction="About halves", revision="1")
    assert 'class="settings" open' in slower.text
    assert "About halves</textarea>" in slower.text
    for ending in ("remove", "duplicate"):
        slower = await bench.teacher.post(f"{bench.here}/steps/{quiz.id}/{ending}", **sent)
        assert "Twelve words &amp; more</textarea>" in slower.text
        assert 'class="settings" open' not in slower.text


async def test_a_pre_check_goes_to_the_front_of_its_section(site: Site) -> None:
    """Behind the steps that it may save, it would save nothing."""
    bench = await a_bench(site)
    await bench.post("/steps", step_kind="task", step_title="Before")
    quiz = await bench.step("Quiz on halves")
    page = await bench.post(
        f"/steps/{quiz.id}", title="Quiz on halves", done_rule="result", pass_percent="80", is_precheck="yes"
    )
    assert (await bench.template()).steps[0].title == "Quiz on halves"
    assert "Move it up" not in page
    page = await bench.post("/order", item=str(quiz.id), move="down")
    assert "Move it up: students do the steps above it first" in page
    # In any order it stands well wherever it is.
    page = await bench.post("", title="Halves", order_rule="any")
    assert "Move it up" not in page


async def test_undo_says_how_much_it_takes_back(site: Site) -> None:
    bench = await a_bench(site)
    ids = [str(item.id) for item in site.school.items.values()]
    await bench.post("/steps", item=ids[:2])
    page = (await bench.teacher.get(bench.here)).text
    assert "added and 1 more change" in page


async def test_other_forms_are_for_everybody_and_modifications_for_those_who_may_see_them(site: Site) -> None:
    bench = await a_bench(site)
    quiz = await bench.step("Quiz on halves")
    page = await bench.post(
        f"/steps/{quiz.id}/variants",
        variant_kind="accommodation",
        support="language",
        language="es",
        variant_title="Prueba",
    )
    assert "1 other form" in page
    wrong = await bench.post(f"/steps/{quiz.id}/variants", variant_kind="accommodation", support="language")
    assert "Please say which language." in wrong
    ada = site.school.students[0]
    wrong = await bench.post(f"/steps/{quiz.id}/variants", variant_kind="modification", support="read-aloud")
    assert "Please choose at least one student." in wrong
    await bench.post(
        f"/steps/{quiz.id}/variants",
        variant_kind="modification",
        support="read-aloud",
        variant_percent="50",
        person=[str(ada.id)],
    )
    form = (await bench.teacher.get(f"{bench.here}/steps/{quiz.id}")).text
    assert "Modified" in form
    assert "Ada Ash" in form
    async with site.database.reading() as session:
        statement = select(AuditEntry.action).where(AuditEntry.organisation_id == site.school.id)
        assert (await session.exec(statement)).all().count("supports.viewed") == 1
    # A form that comes back shows them as well.
    wrong = await bench.post(f"/steps/{quiz.id}", title="", done_rule="result")
    assert "Ada Ash" in wrong
    async with site.database.reading() as session:
        assert (await session.exec(statement)).all().count("supports.viewed") == 2

    helper = await site.sign_in(site.school.teacher, Role.ASSISTANT)
    theirs = Bench(site, helper, bench.playlist)
    page = (await helper.get(bench.here)).text
    # What they may not see is neither counted, nor told, nor taken back by them.
    assert "1 other form" in page
    assert "data-undo" not in page
    form = (await helper.get(f"{bench.here}/steps/{quiz.id}")).text
    for words in ("Modified", "Ada Ash", "modification", "Counts from 50%"):
        assert words not in form
    assert "There is nothing left to take back." in await theirs.post("/undo")
    await bench.teacher.get(bench.here)
    page = await bench.post("/undo")
    assert "Modified" not in page
    assert "data-redo" in page
    # Nor is it made again by them.
    assert "data-redo" not in (await helper.get(bench.here)).text
    assert "There is nothing to make again." in await theirs.post("/redo")
    await bench.teacher.get(bench.here)
    await bench.post("/redo")
    secret = (await bench.step("Quiz on halves")).variants[1]
    page = await theirs.teacher.get(bench.here)
    for path, fields in (
        (f"variants/{secret.id}/remove", {}),
        ("variants", {"variant_kind": "modification", "person": str(ada.id), "support": "read-aloud"}),
    ):
        await theirs.teacher.post(f"{bench.here}/steps/{quiz.id}/{path}", revision=revision_of(page.text), **fields)
    assert (await bench.step("Quiz on halves")).variants[1:] == (secret,)
    # What they change keeps what they cannot see.
    await theirs.post(f"/steps/{quiz.id}", title="Quiz on halves", done_rule="result", pass_percent="60")
    assert (await bench.step("Quiz on halves")).variants[1:] == (secret,)
    page = await bench.post(f"/steps/{quiz.id}/variants/{secret.id}/remove")
    assert "Removed." in page


async def test_what_waits_tells_nothing_of_modifications_to_others(site: Site) -> None:
    bench = await a_bench(site, assign=True)
    quiz = await bench.step("Quiz on halves")
    await bench.post(
        f"/steps/{quiz.id}/variants",
        variant_kind="modification",
        support="read-aloud",
        person=[str(site.school.students[0].id)],
    )
    assert "1 change is not in your students’ copies yet" in (await bench.teacher.get(bench.here)).text
    helper = await site.sign_in(site.school.teacher, Role.ASSISTANT)
    assert "students’ copies yet" not in (await helper.get(bench.here)).text


async def test_a_playlist_whose_steps_the_tool_chooses_has_no_builder(site: Site) -> None:
    bench = await a_bench(site)
    async with site.database.writing() as session:
        playlist = await session.get(Playlist, (site.school.id, bench.playlist.id))
        assert playlist is not None
        playlist.kind = "personal"  # type: ignore[assignment]
        session.add(playlist)
    async with site.client(bench.teacher.token) as client:
        answer = await client.get(bench.here)
    assert answer.headers["location"].endswith("/path")
    answer = await bench.teacher.get(f"{bench.here}/steps/{uuid.uuid4()}")
    assert answer.status_code == 404


async def test_the_preview_shows_what_waits(site: Site) -> None:
    bench = await a_bench(site, assign=True)
    await bench.post("/steps", step_kind="task", step_title="Fold a sheet")
    page = await bench.teacher.get(f"{bench.here}/preview")
    assert "Fold a sheet" in page.text
    async with site.database.writing() as session:
        playlist = await session.get(Playlist, (site.school.id, bench.playlist.id), populate_existing=True)
        assert playlist is not None
        await changing.discard(session, site.school.course, playlist.id, playlist.revision, NOW, None)
    page = await bench.teacher.get(f"{bench.here}/preview")
    assert "Fold a sheet" not in page.text


async def test_a_preview_with_supports_is_for_those_who_may_see_them(site: Site) -> None:
    bench = await a_bench(site)
    quiz = await bench.step("Quiz on halves")
    await bench.post(
        f"/steps/{quiz.id}/variants",
        variant_kind="accommodation",
        support="language",
        language="es",
        variant_title="Prueba de mitades",
    )
    await bench.post(f"/steps/{quiz.id}", title="Quiz", done_rule="result", pass_percent="70", minutes="10")
    preview = f"{bench.here}/preview"
    assert "See it with supports" in (await bench.teacher.get(preview)).text
    seen = (await bench.teacher.get(f"{preview}?support=language&language=es-MX&support=nonsense")).text
    assert "a student whom these supports help sees" in seen
    # What the page says of the path is the path's own word.
    async with site.database.reading() as session:
        playlist = await session.get(Playlist, (site.school.id, bench.playlist.id))
        assert playlist is not None
        template = await template_rows.current(session, playlist)
    for helped, title, minutes in (
        (Supports(), "Quiz", 10),
        (Supports(frozenset({Support.LANGUAGE}), "es-MX"), "Prueba de mitades", 10),
        (Supports(frozenset({Support.LANGUAGE}), "fr"), "Quiz", 10),
        (Supports(frozenset({Support.EXTENDED_TIME}), factor=1.5), "Quiz", 15),
    ):
        path = building.preview(playlist, template, helped, NOW)
        shown = path.shown(path.present[1])
        assert (shown.title, shown.minutes) == (title, minutes)
    helper = await site.sign_in(site.school.teacher, Role.ASSISTANT)
    theirs = (await helper.get(f"{preview}?support=language&language=es")).text
    assert "Prueba" not in theirs
    assert "support" not in theirs.partition("<main")[2].partition("</main>")[0]


async def test_a_playlist_is_copied_to_another_course_that_the_teacher_teaches(site: Site) -> None:
    bench = await a_bench(site)
    school = site.school
    quiz = await bench.step("Quiz on halves")
    await bench.post("/sections", section_title="Choose")
    section = str((await bench.template()).sections[0].id)
    await bench.post("/steps", step_kind="reflection", step_title="What was hard?", section=section)
    await bench.post(
        f"/steps/{quiz.id}/variants", variant_kind="accommodation", support="read-aloud", variant_title="Read to me"
    )
    await bench.post(
        f"/steps/{quiz.id}/variants",
        variant_kind="modification",
        support="read-aloud",
        person=[str(school.students[0].id)],
    )
    page = await bench.teacher.get(f"{bench.here}/copy")
    assert "No other course of yours is known here" in page.text
    async with site.database.writing() as session:
        other, foreign = (
            Course(
                organisation_id=school.id,
                registration_id=school.registration.id,
                deployment_id=school.course.deployment_id,
                context_id=str(uuid.uuid4()),
                title=title,
                created_at=NOW,
            )
            for title in ("Fractions B", "A colleague's")
        )
        session.add_all([other, foreign])
        await session.flush()
        session.add(seed.member(other, school.teacher, Role.TEACHER))
        session.add(seed.member(foreign, school.teacher, Role.STUDENT))
        page_there = ContentItem(
            organisation_id=school.id,
            course_id=other.id,
            external_id="canvas:there",
            kind=ItemKind.PAGE,
            title="What a fraction is",
            url="https://lms.example/there",
            position=0,
            seen_at=NOW,
        )
        session.add(page_there)
    site.lms.trouble = NativeTrouble("down")
    page = await bench.teacher.get(f"{bench.here}/copy")
    assert "Fractions B" in page.text
    assert "A colleague" not in page.text
    copy_id = str(uuid.uuid4())
    for _ in range(2):
        answer = await bench.teacher.post(f"{bench.here}/copy", course=str(other.id), copy_id=copy_id)
        assert "Copied. The draft waits in the other course" in answer.text
    for wrong in (foreign.id, uuid.uuid4(), school.course.id):
        assert (await bench.teacher.post(f"{bench.here}/copy", course=str(wrong))).status_code == 404
    async with site.database.reading() as session:
        [made] = await queries.playlists(session, school.id, other.id, list(PlaylistStatus))
        template = await template_rows.stored(session, made)
        items = await queries.items(
            session, school.id, other.id, [step.content_item_id for step in template.steps if step.content_item_id]
        )
        actions = (await session.exec(select(AuditEntry.action).where(AuditEntry.organisation_id == school.id))).all()
    assert (made.status, made.copied_from_id, str(made.id)) == (PlaylistStatus.DRAFT, None, copy_id)
    assert [(step.title, step.done_rule) for step in template.steps] == [
        ("What a fraction is", DoneRule.MARKED),
        ("Quiz on halves", DoneRule.RESULT),
        ("What was hard?", DoneRule.WRITTEN),
    ]
    assert template.steps[2].section_id == template.sections[0].id
    assert [one.title for one in template.steps[1].variants] == ["Read to me"]
    assert template.steps[0].content_item_id == page_there.id
    # What is not there is marked, until somebody says where it is.
    assert template.steps[1].content_item_id is not None
    assert content_rules.is_missing(items[template.steps[1].content_item_id])
    assert list(actions).count("playlist.copied") == 1


async def test_a_step_counts_by_mastery_of_what_its_item_is_aligned_to_first(site: Site) -> None:
    bench = await a_bench(site)
    school = site.school
    async with site.database.writing() as session:
        course = await course_queries.course(session, school.id, school.course.id)
        assert course is not None
        lines = [Line("H.1", "Halve a shape"), Line("H.2", "Halve a number")]
        first, second = await map_editing.write(session, course, lines, "Ours", 0, NOW, None)
        change = Change(school.items["page"].id, second, AlignmentRole.TEACHES)
        await alignments.change(session, course, [change], {}, by=None, now=NOW)
    page = await bench.step("What a fraction is")
    form = (await bench.teacher.get(f"{bench.here}/steps/{page.id}")).text
    assert form.index("What this item is aligned to") < form.index("H.2") < form.index("All competencies")
    # What is aligned is chosen already, should mastery count.
    assert re.search(rf'<option value="{second}" selected>', form)
    wrong = await bench.post(f"/steps/{page.id}", title="Read", done_rule="mastery")
    assert "Which competency counts?" in wrong
    shown = await bench.post(
        f"/steps/{page.id}", title="Read", done_rule="mastery", competency=str(second), after_competency=str(first)
    )
    assert "Done when secure in H.2" in shown
    assert "Opens when H.1 is Secure" in shown
    foreign = await bench.teacher.post(
        f"{bench.here}/steps/{page.id}",
        revision=revision_of((await bench.teacher.get(bench.here)).text),
        title="Read",
        done_rule="mastery",
        competency=str(uuid.uuid4()),
    )
    assert foreign.status_code == 404
