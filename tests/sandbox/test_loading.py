"""Courses on their way into the sandbox: the sample course, cartridges, and what is noted."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import undefer

from lti_tool.cartridges import CourseContent, CourseFile, Item, ItemKind, Module, Note, Requirement, read_cartridge
from lti_tool.sandbox.cleaning import References, clean
from lti_tool.sandbox.loading import UNPLACED, load_course, load_sample
from lti_tool.sandbox.models import Assignment, Course, Enrolment, FileEntry, Observation, Page, Quiz
from lti_tool.sandbox.quizzes import from_json
from lti_tool.sandbox.sample import sample_course, sample_people
from lti_tool.sandbox.store import Store, import_notes, modules_of, people

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(tmp_path / "lms.db")
    await opened.open()
    yield opened
    await opened.close()


async def test_the_sample_course_is_there_once(store: Store) -> None:
    first = await load_sample(store, NOW)
    assert await load_sample(store, NOW) == first
    async with store.reading() as session:
        modules = await modules_of(session, first)
        assert [(m.name, [i.title for i in m.items]) for m in modules] == [
            (m.title, [i.title for i in m.items]) for m in sample_course(NOW).modules
        ]
        assert not await import_notes(session, first)
        assert len((await session.scalars(select(Course))).all()) == 1


async def test_the_sample_has_people_of_every_kind(store: Store) -> None:
    course_id = await load_sample(store, NOW)
    async with store.reading() as session:
        everybody = await people(session)
        kinds = Counter(person.kind for person in everybody)
        assert (kinds["teacher"], kinds["observer"]) == (1, 1)
        assert kinds["student"] >= 5
        enrolments = (await session.scalars(select(Enrolment).where(Enrolment.course_id == course_id))).all()
        assert len(enrolments) == len(everybody) - kinds["administrator"]
        (watch,) = (await session.scalars(select(Observation))).all()
        names = {person.id: person.login for person in everybody}
        assert (names[watch.observer_id], names[watch.student_id]) == ("fiona", "declan")
    names_of = "".join(person.given_name + person.family_name for person in sample_people())
    assert "'" in names_of
    assert not names_of.isascii()


def test_the_sample_course_is_complete() -> None:
    content = sample_course(NOW)
    kinds = Counter(item.kind for item in content.items())
    assert len(content.modules) == 4
    assert (kinds[ItemKind.QUIZ], kinds[ItemKind.ASSIGNMENT], kinds[ItemKind.PAGE]) == (4, 3, 6)
    for item in content.items():
        if item.kind is ItemKind.QUIZ:
            assert len(item.questions) == 5
            assert not any(question.marked_by_hand for question in item.questions)
        if item.kind is ItemKind.ASSIGNMENT:
            assert item.due_at is not None
            assert item.due_at > NOW


@pytest.mark.parametrize(("name", "items", "modules"), [("py4e-course", 189, 17), ("canvas-export", 59, 3)])
async def test_real_courses_keep_every_item_in_order(
    store: Store, shared_data: Path, name: str, items: int, modules: int
) -> None:
    content = read_cartridge(shared_data / f"{name}.imscc")
    course_id = await load_course(store, content, now=NOW)
    assert await load_course(store, content, now=NOW) == course_id
    async with store.reading() as session:
        found = await modules_of(session, course_id)
        assert [(i.title, i.indent, i.published) for m in found for i in m.items] == [
            (i.title, i.indent, i.published) for i in content.items()
        ]
        assert (len(found), sum(len(m.items) for m in found)) == (modules, items)
        notes = await import_notes(session, course_id)
        assert len(notes) >= len(content.notes)


def course_of(*items: Item, files: tuple[CourseFile, ...] = (), **more: object) -> CourseContent:
    return CourseContent("Small", "small-1", modules=(Module("m", "Module", items),), files=files, **more)  # type: ignore[arg-type]


async def test_what_completes_items_is_noted_as_left_out(store: Store) -> None:
    content = course_of(
        Item("i1", "a", ItemKind.PAGE, "First", requirement=Requirement.VIEW),
        Item("i2", "b", ItemKind.QUIZ, "Second", requirement=Requirement.SCORE, requirement_points=8),
    )
    course_id = await load_course(store, content, now=NOW)
    async with store.reading() as session:
        notes = await import_notes(session, course_id)
    assert any("2 completion requirements (view, score)" in note.title for note in notes)


async def test_references_between_pages_and_files_lead_to_them(store: Store) -> None:
    body = (
        '<a href="$IMS-CC-FILEBASE$/a%20b.png?canvas_download=1">f</a><img src="%24IMS-CC-FILEBASE%24/a b.png">'
        '<a href="$WIKI_REFERENCE$/pages/second">p</a><a href="$CANVAS_OBJECT_REFERENCE$/quizzes/quiz-id">q</a>'
        '<a href="../wiki_content/second.html#x">r</a><a href="$CANVAS_COURSE_REFERENCE$/modules">h</a>'
        '<a href="https://example.org/">e</a><a href="gone.html">g</a>'
    )
    content = course_of(
        Item("i1", "first-id", ItemKind.PAGE, "First", body=body, path="wiki_content/first.html"),
        Item("i2", "second-id", ItemKind.PAGE, "Second", path="wiki_content/second.html"),
        Item("i3", "quiz-id", ItemKind.QUIZ, "Quiz"),
        files=(CourseFile("f", "web_resources/a b.png", "image/png", b"png"),),
    )
    course_id = await load_course(store, content, now=NOW)
    async with store.reading() as session:
        page = (await session.scalars(select(Page).where(Page.slug == "first"))).one()
        quiz = (await session.scalars(select(Quiz))).one()
        file = (await session.scalars(select(FileEntry).options(undefer(FileEntry.content)))).one()
        for address, count in (
            (f"/courses/{course_id}/files/{file.id}/download", 2),
            (f"/courses/{course_id}/pages/second", 2),
            (f"/courses/{course_id}/quizzes/{quiz.id}", 1),
            (f'href="/courses/{course_id}"', 1),
            ("https://example.org/", 1),
            ("gone.html", 0),
        ):
            assert page.html.count(address) == count, address
        assert file.content == b"png"
        (note,) = await import_notes(session, course_id)
        assert "gone.html" in note.title


async def test_pages_of_the_same_name_get_addresses_of_their_own(store: Store) -> None:
    await load_course(
        store,
        course_of(
            Item("1", "a", ItemKind.PAGE, "Über uns"),
            Item("2", "b", ItemKind.PAGE, "Uber uns"),
            Item("3", "c", ItemKind.PAGE, "数学"),
        ),
    )
    async with store.reading() as session:
        assert list(await session.scalars(select(Page.slug).order_by(Page.id))) == ["uber-uns", "uber-uns-2", "page"]


async def test_content_in_two_places_is_one_row(store: Store) -> None:
    quiz = Item("1", "q", ItemKind.QUIZ, "Quiz", points=3)
    await load_course(store, course_of(quiz, Item("2", "q", ItemKind.QUIZ, "The same quiz", points=3)))
    async with store.reading() as session:
        assert len((await session.scalars(select(Assignment))).all()) == 1


@pytest.mark.parametrize(
    ("types", "kept", "noted"),
    [
        ((), "online_text_entry", False),
        (("online_upload", "online_text_entry"), "online_text_entry", False),
        (("online_upload",), "online_text_entry", True),
        (("online_url",), "online_url", False),
        (("on_paper",), "on_paper", False),
        (("none",), "none", False),
        (("not_graded",), "none", False),
        (("external_tool",), "none", True),
    ],
)
async def test_ways_of_handing_in(store: Store, types: tuple[str, ...], kept: str, noted: bool) -> None:
    course_id = await load_course(store, course_of(Item("1", "a", ItemKind.ASSIGNMENT, "Work", submission_types=types)))
    async with store.reading() as session:
        assert (await session.scalars(select(Assignment.submission_type))).one() == kept
        assert bool(await import_notes(session, course_id)) == noted


async def test_what_has_no_place_is_listed(store: Store) -> None:
    content = course_of(
        Item("1", "d", ItemKind.DISCUSSION, "Graded talk", points=5),
        Item("2", "q", ItemKind.QUIZ, "Timed", minutes=5, shuffle=True),
        Item("3", "u", ItemKind.UNKNOWN, "Strange"),
        Item("4", "f", ItemKind.FILE, "Lost", path="lost.pdf"),
        unplaced=(Item("5", "p", ItemKind.PAGE, "Alone"),),
        notes=(Note("somewhere", "was not understood"),),
    )
    course_id = await load_course(store, content)
    async with store.reading() as session:
        modules = await modules_of(session, course_id)
        assert [(m.name, [(i.type, i.title) for i in m.items]) for m in modules] == [
            ("Module", [("Discussion", "Graded talk"), ("Quiz", "Timed"), ("Page", "Strange"), ("Page", "Lost")]),
            (UNPLACED, [("Page", "Alone")]),
        ]
        words = [note.title for note in await import_notes(session, course_id)]
        assert len(words) == 4
        assert words[0] == "was not understood"
        pages = {page.title: page.html for page in await session.scalars(select(Page))}
        assert "not understood" in pages["Strange"]
        assert "not understood" in pages["Lost"]


async def test_questions_are_stored_clean(store: Store) -> None:
    content = sample_course(NOW)
    quiz = next(item for item in content.items() if item.kind is ItemKind.QUIZ)
    evil = tuple(
        type(question)(**{
            **{name: getattr(question, name) for name in question.__slots__},
            "prompt": '<p onclick="x()">ok<script>alert(1)</script></p>',
        })
        for question in quiz.questions
    )  # fmt: skip
    await load_course(store, course_of(Item("1", "q", ItemKind.QUIZ, "Q", questions=evil)))
    async with store.reading() as session:
        stored = (await session.scalars(select(Quiz))).one()
        assert {question.prompt for question in from_json(stored.questions)} == {"<p>ok</p>"}


@pytest.mark.parametrize(
    ("dirty", "cleaned"),
    [
        ("<script>alert(1)</script><b>x</b>", "<b>x</b>"),
        ('<a href="javascript:alert(1)">x</a>', '<a rel="noopener noreferrer">x</a>'),
        ('<a href=" JaVa&#x73;cript:alert(1)">x</a>', '<a rel="noopener noreferrer">x</a>'),
        ('<img src="x.png" onerror="alert(1)">', "<img>"),
        ('<p style="position:fixed" class="top">x</p>', "<p>x</p>"),
        ('<form action="/logout"><button>x</button></form>', "x"),
        ("<svg onload=alert(1)><a>y</a></svg>", ""),
        ("<base href='https://evil.example/'>x", "x"),
        ('<meta http-equiv="refresh" content="0;url=//evil.example">x', "x"),
    ],
)
def test_nothing_that_acts_survives_cleaning(dirty: str, cleaned: str) -> None:
    found = clean(dirty, References("/"))
    assert found == cleaned or (cleaned == "" and "onload" not in found and "<svg" not in found)


def test_frames_become_links() -> None:
    video = '<iframe src="https://video.example/embed/1?a=1&amp;b=2" width="9"></iframe>'
    assert 'href="https://video.example/embed/1?a=1&amp;b=2"' in clean(video, References("/"))
    assert "video.example" in clean(video, References("/"))
