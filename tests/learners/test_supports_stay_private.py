"""Nothing tells of supports and modifications to who has no right to know: every page, file and print of a course is read.

The addresses are taken from the application, so that a new one is read as well; one whose names nobody can fill in fails here.
"""

import re
from pathlib import Path

import pytest
from sqlmodel import select

from lti_tool.clock import ManualClock
from lti_tool.courses.models import CourseGroup
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.grades.models import LineItem, Score
from lti_tool.lti.models import Role
from lti_tool.menus.models import MenuAudience, MenuAudienceKind
from tests.learners.private_class import (
    FORM,
    IN_LANGUAGE,
    LISTENED,
    NOTE,
    OTHER,
    PrivateClass,
    course_routes,
    filled,
    private_class,
    the_whole_tool,
)
from tests.pairs import on_postgresql, on_sqlite
from tests.playlists.site import Visitor

SECRETS = re.compile(
    "|".join(
        [
            *(re.escape(one.split()[0]) for one in (FORM, OTHER, NOTE)),
            # What only this student's factor, form and marks come to.
            r"\b137 min",
            r"\b411 min",
            r"\b1[.,]37\b",
            r"\b61[.,]7",
            r"\b62 ?%",
            r"\b65 ?%",
            "Welsh",
            "Cymraeg",
            # Points with whether they were enough: others with as many points were told otherwise.
            "points – ",
        ]
    )
)
HELP_WORDS = re.compile(
    "(?i:read aloud|read-aloud|simpler text|more time|fewer steps|another format|form to listen|accommodation|modification)"
)
"""What supports are called. On pages that say what items and forms are for they are no secret; about people they are."""

ABOUT_THINGS = {"/content/traits", "/playlists/{playlist_id}", "/playlists/{playlist_id}/steps/{step_id}"}
ABOUT_BOARDS = {
    "/menus/{menu_id}",
    "/menus/{menu_id}/preview",
    "/menus/{menu_id}/state",
    "/menus/{menu_id}/options/{option_id}",
}
"""Pages of a board itself, with all of its options; whose they are they do not say."""
OF_STUDENTS = ("/my", "/family", "/links", "/menu-links", "/pick")
ASKING = {
    "/content/picker": "?playlist={playlist_id}",
    "/mastery/students/{person_id}": "?competency={competency_id}",
    "/mastery/students/{person_id}/evidence.csv": "?competency={competency_id}",
}
"""Pages that show more, or show anything, when they are asked for it."""
NOT_THERE = {"draft_id", "request_id"}
"""What this class has none of: those pages are 404."""


@pytest.fixture
async def world(database: Database, clock: ManualClock, tmp_path: Path) -> PrivateClass:
    """Rolled back at the end."""
    return await private_class(await the_whole_tool(database, clock, tmp_path))


def patterns(world: PrivateClass) -> list[str]:
    """Every page of a course, without the course."""
    return [one.removeprefix("/courses/{course_id}") for one in course_routes(world.site, "GET")]


def addresses(world: PrivateClass, pattern: str) -> list[str]:
    """A page's addresses: one, or one for each of the two playlists."""
    whole = "/courses/{course_id}" + pattern + ASKING.get(pattern, "")
    return list(dict.fromkeys(filled(whole, world.values(one)) for one in (world.template, world.personal)))


def _is_not_there(pattern: str) -> bool:
    """Whether a page is about something that this class has none of."""
    return bool(NOT_THERE & set(re.findall(r"\{(\w+)", pattern)))


KINDS = ("{person_id}", "{playlist_id}", "{competency_id}")
"""What pages are about that could tell. A page is of the first kind that its address names."""


async def told(world: PrivateClass, visitor: Visitor, expected: set[int], *, only: str = "") -> list[str]:
    """Read every page, or those of one kind; where something is told that must not be."""
    found = []
    for pattern in patterns(world):
        if only and next((one for one in KINDS if one in pattern), None) != only:
            continue
        for address in addresses(world, pattern):
            page = await visitor.get(address)
            assert page.status_code in expected, (address, page.status_code)
            found += [f"{pattern}: {one[0]}" for one in SECRETS.finditer(page.text)]
            if pattern not in ABOUT_BOARDS and IN_LANGUAGE.split()[0] in page.text:
                found.append(f"{pattern}: {IN_LANGUAGE}")
            if pattern not in ABOUT_THINGS:
                found += [f"{pattern}: {one[0]}" for one in HELP_WORDS.finditer(page.text)]
    return found


async def test_every_page_can_be_opened_here(world: PrivateClass) -> None:
    """So that what the other tests find is found on the pages themselves."""
    names = {name for one in course_routes(world.site, "GET") for name in re.findall(r"\{(\w+)", one)}
    assert names <= set(world.values(world.template)) | NOT_THERE, "give the new name a value in private_class"
    teacher, student = await world.site.teacher(), await world.site.student()
    closed = []
    for pattern in patterns(world):
        if _is_not_there(pattern) or pattern.startswith("/family"):
            continue
        visitor = student if pattern.startswith("/my") else teacher
        answers = [(await visitor.get(address)).status_code for address in addresses(world, pattern)]
        closed += [] if 200 in answers else [(pattern, answers)]
    assert closed == []


@on_postgresql
async def test_an_assistant_without_the_right_reads_nothing_of_it_anywhere(world: PrivateClass) -> None:
    assistant = await world.site.sign_in(world.helpers[Role.ASSISTANT], Role.ASSISTANT)
    assert await told(world, assistant, {200, 403, 404}) == []


@on_sqlite
@pytest.mark.parametrize("only", KINDS)
async def test_nor_does_an_administrator_or_who_acts_as_a_teacher(world: PrivateClass, only: str) -> None:
    administrator = await world.site.sign_in(world.helpers[Role.ADMINISTRATOR], Role.ADMINISTRATOR)
    assert await told(world, administrator, {200, 403, 404}, only=only) == []
    acting = await world.site.sign_in(world.site.school.teacher, Role.TEACHER, masquerading=True)
    assert await told(world, acting, {200, 403, 404}, only=only) == []


async def test_pages_about_the_student_do_not_tell_what_their_other_form_is_for(world: PrivateClass) -> None:
    assistant = await world.site.sign_in(world.helpers[Role.ASSISTANT], Role.ASSISTANT)
    values = world.values(world.template)
    for pattern in ("/students/{person_id}", "/students/{person_id}/as-they-see-it", "/progress", "/nudge"):
        page = await assistant.get(filled("/courses/{course_id}/playlists/{playlist_id}" + pattern, values))
        assert page.status_code == 200
        assert "Halves and quarters" in page.text
        assert LISTENED not in page.text
        assert "Multiply fractions" not in page.text
    page = await assistant.get(filled("/courses/{course_id}/playlists/{playlist_id}/students/{person_id}", values))
    assert "Done by result" in page.text


@on_sqlite
async def test_another_student_and_a_parent_read_nothing_of_it(world: PrivateClass) -> None:
    other = await world.site.student(1)
    for pattern in patterns(world):
        for address in addresses(world, pattern):
            page = await other.get(address)
            assert not SECRETS.search(page.text), address
            assert "Ada" not in page.text, address
            if pattern and not pattern.startswith(OF_STUDENTS):
                assert page.status_code == 403, address
    student = world.student
    parent = await world.site.sign_in(world.site.school.students[3], Role.OBSERVER, observes=(student.sub,))
    read = ""
    for pattern in ("", "/family", "/family-map", "/family-map/{person_id}", "/links/{playlist_id}"):
        for address in addresses(world, pattern):
            page = await parent.get(address)
            assert page.status_code == 200, address
            read += page.text
    assert not SECRETS.search(read)
    assert not HELP_WORDS.search(read)
    # The template is about two competencies; its third would be that of the student's own form.
    assert "of the 3 things" not in read
    assert (await parent.get(f"{world.site.course}/my-supports")).status_code == 403
    assert (await parent.get(f"{world.site.course}/supports/{student.id}")).status_code == 403


@on_postgresql
async def test_no_file_preview_or_group_name_tells_it_even_to_a_teacher(world: PrivateClass) -> None:
    teacher = await world.site.teacher()
    files = [one for one in patterns(world) if one.endswith((".csv", ".json"))]
    assert len(files) >= 8
    for pattern in [*files, "/playlists/{playlist_id}/preview", "/people", "/playlists", "/mastery"]:
        for address in addresses(world, pattern):
            page = await teacher.get(address)
            assert not SECRETS.search(page.text), address
    async with world.site.database.reading() as session:
        groups = (await session.exec(scoped(CourseGroup, world.site.school.id))).all()
    assert [one.name for one in groups] == ["Tuesday group"]


async def test_the_gradebook_is_told_nothing_of_it(world: PrivateClass) -> None:
    async with world.site.database.reading() as session:
        columns = (await session.exec(scoped(LineItem, world.site.school.id))).all()
        scores = (await session.exec(select(Score).where(Score.organisation_id == world.site.school.id))).all()
        rows = [one.model_dump() for one in (*columns, *scores)]
    assert {one["label"] for one in rows if "label" in one} == {world.template.title}
    assert scores
    assert all(one.owed_comment is None and one.delivered_comment is None for one in scores)
    assert not [row for row in rows for value in row.values() if isinstance(value, str) and SECRETS.search(value)]


async def test_the_student_sees_what_helps_without_a_label_or_a_forecast(world: PrivateClass) -> None:
    student = await world.site.student()
    read = {}
    for pattern in patterns(world):
        if pattern.startswith(("/my", "/links", "/menu-links")) and not _is_not_there(pattern):
            for address in addresses(world, pattern):
                page = await student.get(address)
                assert page.status_code == 200, address
                read[address] = page.text
    label = re.compile(
        r"(?i:accommodation|modification|disabilit|special needs|\biep\b|expected success|Ben Birch|Cem Cedar)"
    )
    assert [(address, label.search(text)[0]) for address, text in read.items() if label.search(text)] == []
    of_template = read[f"{world.site.course}/my/{world.copy(0, world.template).id}"]
    assert FORM in of_template
    assert "137 minutes" in of_template
    assert "your result is 65%" in of_template
    assert "Welsh" in read[f"{world.site.course}/my-supports"]


async def test_who_has_an_option_by_language_is_told_to_nobody_without_the_right(world: PrivateClass) -> None:
    assistant = await world.site.sign_in(world.helpers[Role.ASSISTANT], Role.ASSISTANT)
    values = world.values(world.template)
    menu = filled("/courses/{course_id}/menus/{menu_id}", values)
    page = await assistant.get(f"{menu}/progress")
    assert "shown to those who look after supports" in page.text
    assert "Ada" in page.text  # Where she stands is told, and what of hers waits to be marked that is for everybody.
    marking = filled(f"{menu}/students/{{person_id}}/options/{{option_id}}", values)
    assert marking in page.text
    assert (await assistant.get(marking)).status_code == 200
    async with world.site.database.reading() as session:
        [row] = (
            await session.exec(
                scoped(MenuAudience, world.site.school.id).where(MenuAudience.kind == MenuAudienceKind.LANGUAGE)
            )
        ).all()
        secret = filled(f"{menu}/students/{{person_id}}/options/{row.option_id}", values)
    for address in (secret, filled(f"{menu}/students/{{person_id}}", values)):
        hidden = await assistant.get(address)
        assert (hidden.status_code, IN_LANGUAGE in hidden.text) == (403, False)
    for form in ("", "/unmark"):
        assert (await assistant.post(secret + form, do="accept")).status_code == 403
    file = await assistant.get(f"{menu}/progress/students.csv")
    assert "Task" not in file.text
    teacher = await world.site.teacher()
    assert IN_LANGUAGE in (await teacher.get(f"{menu}/progress")).text
    assert IN_LANGUAGE in (await teacher.get(filled(f"{menu}/students/{{person_id}}", values))).text
