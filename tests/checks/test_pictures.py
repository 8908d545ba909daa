"""Pictures of questions: found in files of every format, known by their bytes, and shown to who may see the question."""

import base64
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from lti_tool.checks import carrying, describing, pictures
from lti_tool.checks.models import BankQuestion, Check, PictureOfQuestion, QuestionPicture
from lti_tool.checks.questions import ONE, Choice, Question, QuestionKind, Row, from_json
from lti_tool.checks.reading import Entry, Reading, Why, read
from lti_tool.checks.reading.pictures import ADDRESS, MOST_BYTES, sniffed
from lti_tool.checks.writing import question_of
from lti_tool.clock import ManualClock
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from tests.checks.check_site import Site, Visitor, a_check_site, an_answer, bring, rows
from tests.checks.question_files import (
    equals,
    gives,
    labels,
    moodle,
    moodle_answer,
    moodle_question,
    qti1,
    qti1_item,
    qti3_item,
    response,
    said,
    simple,
    zipped,
)
from tests.playlists import seed

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<html><script>alert(1)</script></html>"


def image(source: str, words: str = ' alt="A half"') -> str:
    return f'&lt;p&gt;How much? &lt;img src="{source}"{words}&gt;&lt;/p&gt;'.replace('"', "&quot;")


def canvas(source: str, files: dict[str, bytes], words: str = ' alt="A half"') -> bytes:
    """A package of QTI 1.2 with one question, as Canvas writes it."""
    item = qti1_item(said(image(source, words)) + labels(("a", "1/2"), ("b", "1/3")), gives(equals("a")), ident="q1")
    return zipped(
        {
            "imsmanifest.xml": '<manifest identifier="m"><metadata/><organizations/><resources/></manifest>',
            "quiz1/quiz1.xml": qti1(item, title="Halves"),
            **files,
        }
    )


def only(reading: Reading) -> Entry:
    (entry,) = reading.entries
    assert entry.question is not None
    return entry


def prompt(reading: Reading) -> str:
    found = only(reading).question
    assert found is not None
    return found.prompt


# --- Reading ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "path"),
    [
        (
            "$IMS-CC-FILEBASE$/Uploaded%20Media/half.png?canvas_=1&amp;amp;canvas_download=1",
            "web_resources/Uploaded Media/half.png",
        ),
        ("%24IMS-CC-FILEBASE%24/half.png", "web_resources/half.png"),
        ("half.png", "quiz1/half.png"),
        ("../pictures/half.png", "pictures/half.png"),
        ("pictures/half.png", "pictures/half.png"),
    ],
)
def test_a_packages_pictures_are_found_however_they_are_named(source: str, path: str) -> None:
    reading = read("quiz.zip", canvas(source, {path: PNG}))
    (picture,) = reading.pictures
    assert (picture.media_type, picture.content) == ("image/png", PNG)
    assert prompt(reading) == f'<p>How much? <img src="{ADDRESS}{picture.digest}" alt="A half"></p>'
    assert only(reading).remarks == ()


@pytest.mark.parametrize(
    ("source", "files"),
    [
        ("half.svg", {"quiz1/half.svg": SVG}),
        ("half.png", {"quiz1/half.png": HTML}),
        ("half.png", {"quiz1/half.png": SVG}),
        ("half.png", {"quiz1/half.png": PNG + Random(1).randbytes(MOST_BYTES)}),
        ("half.png", {}),
        ("https://pictures.example/half.png", {}),
        ("//pictures.example/half.png", {}),
        ("file:///etc/passwd", {}),
        ("../../../../etc/passwd", {}),
        ("javascript:alert(1)", {}),
        ("data:image/svg+xml;base64," + base64.b64encode(SVG).decode(), {}),
        ("data:image/png,nonsense", {}),
        ("data:image/png;base64,***", {}),
        (f"{ADDRESS}{'0' * 64}", {}),
    ],
    ids=range(14),
)
def test_what_is_no_picture_of_the_file_is_its_words(source: str, files: dict[str, bytes]) -> None:
    reading = read("quiz.zip", canvas(source, files))
    assert reading.pictures == ()
    assert "<img" not in prompt(reading)
    assert "[A half]" in prompt(reading)
    assert [note.why for note in only(reading).remarks] == [Why.PICTURES]


def test_a_picture_in_the_text_itself_is_taken_out_of_it() -> None:
    source = "data:image/png;base64," + base64.b64encode(PNG).decode()
    reading = read("quiz.zip", canvas(source, {}))
    assert [one.content for one in reading.pictures] == [PNG]
    assert "data:" not in prompt(reading)


@pytest.mark.parametrize("words", ["", ' alt=""', ' alt="half.png"', ' alt="IMG_2041.JPG"'])
def test_a_picture_without_words_is_kept_and_said_to_lack_them(words: str) -> None:
    reading = read("quiz.zip", canvas("half.png", {"quiz1/half.png": PNG}, words))
    assert prompt(reading).endswith('alt=""></p>')
    assert [note.why for note in only(reading).remarks] == [Why.UNDESCRIBED]


def test_nothing_but_source_and_words_of_a_picture_is_kept() -> None:
    words = ' alt="A &quot;half&quot;" onerror="alert(1)" style="position:fixed" srcset="https://x.example/a.png 2x"'
    reading = read("quiz.zip", canvas("half.png", {"quiz1/half.png": PNG}, words))
    assert set(re.findall(r"\s([a-z]+)=", prompt(reading))) == {"src", "alt"}


def test_a_file_of_many_large_pictures_keeps_as_many_as_fit() -> None:
    files: dict[str, Any] = {f"quiz1/{number}.png": PNG + Random(number).randbytes(1_900_000) for number in range(8)}
    words = "".join(image(f"{number}.png", f' alt="Number {number}"') for number in range(8))
    item = qti1_item(said(words) + labels(("a", "1/2"), ("b", "1/3")), gives(equals("a")), ident="q1")
    stored = {"quiz1/quiz1.xml": qti1(item), **files}
    reading = read("quiz.zip", zipped(stored))
    assert 0 < len(reading.pictures) < 8
    assert "[Number 7]" in prompt(reading)


def test_a_question_that_is_a_picture_alone_is_a_question() -> None:
    item = qti1_item(
        said("&lt;img src=&quot;half.png&quot; alt=&quot;&quot;&gt;") + labels(("a", "1/2"), ("b", "1/3")),
        gives(equals("a")),
    )
    reading = read("quiz.zip", zipped({"quiz.xml": qti1(item), "half.png": PNG}))
    assert len(reading.pictures) == 1


def test_qti3_shows_pictures_by_img_and_by_object() -> None:
    body = (
        '<p>How much? <img src="images/half.png" alt="A half"/></p>'
        '<p><object type="image/jpeg" data="images/b.jpg">A third</object></p>'
        '<qti-choice-interaction response-identifier="R" max-choices="1">'
        f"{simple(('a', '1/2'), ('b', '1/3'))}</qti-choice-interaction>"
    )
    item = qti3_item(response("a"), body)
    reading = read(
        "items.zip", zipped({"items/one.xml": item, "items/images/half.png": PNG, "items/images/b.jpg": JPEG})
    )
    assert sorted(one.media_type for one in reading.pictures) == ["image/jpeg", "image/png"]
    assert 'alt="A third"' in prompt(reading)


def in_moodle(content: bytes = PNG, *, name: str = "a half.png", path: str = "/") -> bytes:
    """A question of Moodle XML with a picture beside its text."""
    true = moodle_answer("true", "100") + moodle_answer("false", "0")
    named = f"@@PLUGINFILE@@{path}{name}".replace(" ", "%20")
    file = f'<file name="{name}" path="{path}" encoding="base64">{base64.b64encode(content).decode()}</file>'
    return (
        moodle(moodle_question("truefalse", true, words=f'<p>See <img src="{named}" alt="A graph"></p>'))
        .replace("</questiontext>", f"{file}</questiontext>")
        .encode()
    )


@pytest.mark.parametrize("path", ["/", "/drawings/"])
def test_moodle_has_pictures_beside_its_texts(path: str) -> None:
    reading = read("questions.xml", in_moodle(path=path))
    (picture,) = reading.pictures
    assert prompt(reading) == f'<p>See <img src="{ADDRESS}{picture.digest}" alt="A graph"></p>'
    assert only(reading).remarks == ()


def test_moodle_1_has_one_picture_beside_a_question() -> None:
    content = base64.b64encode(PNG).decode()
    old = f"<image>half.png</image><image_base64>\n{content[:40]}\n{content[40:]}\n</image_base64>"
    answers = moodle_answer("true", "100") + moodle_answer("false", "0")
    kept = read("old.xml", moodle(moodle_question("truefalse", old + answers)).encode())
    assert [one.content for one in kept.pictures] == [PNG]
    assert kept.entries[0].question is not None
    assert "<img src=" in kept.entries[0].question.prompt
    gone = read("old.xml", moodle(moodle_question("truefalse", "<image>1/half.png</image>" + answers)).encode())
    assert Why.PICTURES in [note.why for note in gone.entries[0].remarks]


def test_a_script_that_calls_itself_a_picture_is_none() -> None:
    reading = read("questions.xml", in_moodle(SVG))
    assert reading.pictures == ()
    assert "[A graph]" in prompt(reading)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (b"GIF89a...", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVE", None),
        (SVG, None),
        (b"", None),
    ],
)
def test_a_picture_is_known_by_its_bytes(content: bytes, media_type: str | None) -> None:
    assert sniffed(content) == media_type


# --- Keeping and showing ------------------------------------------------------------------------------------------------------


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    """Rolled back at the end."""
    return await a_check_site(database, clock)


async def brought(site: Site) -> tuple[Visitor, BankQuestion, str]:
    """A teacher who has brought in a question with a picture, and where that is shown from."""
    teacher = await site.teacher()
    answer = await bring(teacher, in_moodle())
    assert answer.status_code == 200, answer.text
    (question,) = await rows(site, BankQuestion)
    (picture,) = await rows(site, QuestionPicture)
    return teacher, question, ADDRESS + picture.digest


async def test_the_picture_is_kept_once_and_shown_safely(site: Site) -> None:
    teacher, question, address = await brought(site)
    await bring(teacher, in_moodle())
    assert len(await rows(site, QuestionPicture)) == 1
    assert [one.question_id for one in await rows(site, PictureOfQuestion)] == [question.id]
    answer = await teacher.get(address)
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["cache-control"] == "private, no-cache"
    async with site.client(teacher.token) as client:
        again = await client.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    async with site.client() as anybody:
        refused = await anybody.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert refused.status_code == 401


async def test_only_who_may_see_the_question_sees_its_picture(site: Site) -> None:
    teacher, question, address = await brought(site)
    async with site.client(None) as anybody:
        assert (await anybody.get(address)).status_code == 401
    ada = await site.student()
    assert (await ada.get(address)).status_code == 404
    (check,) = await rows(site, Check)
    await an_answer(site, check, question.id)
    assert (await ada.get(address)).status_code == 200
    ben = await site.student(1)
    assert (await ben.get(address)).status_code == 404
    for wrong in (ADDRESS + "0" * 64, ADDRESS + "x", ADDRESS + "../" + address[-10:]):
        assert (await teacher.get(wrong)).status_code in {404, 422}


async def test_another_school_has_no_such_picture_before_it_brings_it_in_itself(site: Site) -> None:
    _, _, address = await brought(site)
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
        session.expunge_all()
    elsewhere = await site.sign_in(other.teacher, Role.TEACHER, school=other)
    assert (await elsewhere.get(address)).status_code == 404
    async with site.database.writing() as session:
        await pictures.put(session, other.id, read("questions.xml", in_moodle()).pictures, site.clock.now())
    # Kept for nobody's question yet.
    assert (await elsewhere.get(address)).status_code == 404


async def test_a_replaced_question_and_a_copy_of_the_course_show_it_too(site: Site) -> None:
    teacher, question, address = await brought(site)
    (check,) = await rows(site, Check)
    await an_answer(site, check, question.id)
    page = await teacher.get(f"{site.course}/checks/banks/{question.bank_id}/questions/{question.id}")
    digest = address.removeprefix(ADDRESS)
    assert f'name="picture-{digest}" value="A graph"' in page.text or "A graph" in page.text
    assert address in page.text
    prompt_now = from_json(question.content).prompt
    await teacher.post(
        f"{site.course}/checks/banks/{question.bank_id}/questions/{question.id}",
        kind="choice",
        prompt=prompt_now,
        lines="* True\n- False",
        points="1",
        **{f"picture-{digest}": "A line that rises"},
    )
    found = await rows(site, BankQuestion)
    (after,) = [one for one in found if one.retired_at is None]
    assert after.id != question.id
    assert 'alt="A line that rises"' in from_json(after.content).prompt
    assert {one.question_id for one in await rows(site, PictureOfQuestion)} == {question.id, after.id}
    async with site.database.writing() as session:
        original = site.school.course
        copy = Course(
            organisation_id=original.organisation_id,
            registration_id=original.registration_id,
            deployment_id=original.deployment_id,
            context_id="the-copy",
            title="Again",
            created_at=seed.NOW,
            last_seen_at=seed.NOW,
        )
        session.add(copy)
        await session.flush()
        await carrying.carry(session, copy, original, None, site.clock.now())
    assert len(await rows(site, PictureOfQuestion)) == 3


async def test_a_picture_without_words_is_pointed_out_in_the_bank(site: Site) -> None:
    teacher, question, address = await brought(site)
    bank = f"{site.course}/checks/banks/{question.bank_id}"
    assert "A picture without words" not in (await teacher.get(bank)).text
    digest = address.removeprefix(ADDRESS)
    form = {"kind": "choice", "lines": "* True\n- False", "points": "1"}
    shown = f'<p>See <img src="{address}" alt=""></p>'
    await teacher.get(f"{bank}/questions/{question.id}")
    await teacher.post(f"{bank}/questions/{question.id}", prompt=shown, **form, **{f"picture-{digest}": ""})
    assert "A picture without words" in (await teacher.get(bank)).text


async def test_pictures_that_nothing_shows_are_forgotten_after_a_day(site: Site) -> None:
    _, question, _ = await brought(site)
    now = site.clock.now()
    async with site.database.writing() as session:
        await pictures.put(session, site.school.id, read("q.zip", canvas("b.jpg", {"quiz1/b.jpg": JPEG})).pictures, now)
        assert await pictures.forget_unused(session, now) == 0
    async with site.database.writing() as session:
        assert await pictures.forget_unused(session, now + timedelta(seconds=1)) == 1
    assert [one.media_type for one in await rows(site, QuestionPicture)] == ["image/png"]


# --- What is said of them -----------------------------------------------------------------------------------------------------


def test_words_of_a_picture_are_changed_wherever_it_stands() -> None:
    found = only(read("questions.xml", in_moodle())).question
    assert found is not None
    (line,) = describing.pictures_of(found)
    assert line.words == "A graph"
    said_now = describing.described(found, {line.digest: 'A "steep" line & more'})
    assert describing.pictures_of(said_now)[0].words == 'A "steep" line & more'
    assert describing.described(found, {}) == found


# --- Where they stand in what is typed -------------------------------------------------------------------------------------


def pictured(number: int, words: str = "A graph") -> str:
    return f'<img src="{ADDRESS}{str(number) * 64}" alt="{words}">'


def there_and_back(question: Question, *words: str) -> Question:
    written = describing.written_with_marks(question, words[0] if words else "picture")
    assert "<img" not in written.prompt + written.lines + written.feedback
    shows = describing.pictures_of(question)
    made = question_of(describing.read_with_marks(written, words or ("picture",), shows), question.title)
    return describing.with_pictures(made, shows)


def test_pictures_are_marks_in_the_form_and_pictures_again_in_the_question() -> None:
    choices = (
        Choice("a", f"{pictured(1)} &lt; {pictured(2, 'B &amp; &quot;C&quot;')}", share=ONE),
        Choice("b", "Neither"),
    )
    plain = Question(QuestionKind.CHOICE, f"Which is 1 &lt; 2?<br>{pictured(1)}", choices=choices)
    written = describing.written_with_marks(plain, "picture")
    assert written.prompt == "Which is 1 < 2?\n[picture 1]"
    assert written.lines == "* [picture 1] < [picture 2]\nNeither"
    assert there_and_back(plain).prompt == plain.prompt
    assert [one.html for one in there_and_back(plain).choices] == [one.html for one in choices]
    assert there_and_back(plain, "imagen", "picture").prompt == plain.prompt
    tagged = Question(QuestionKind.CHOICE, f"<p>See {pictured(1)}</p>", choices=choices)
    assert there_and_back(tagged).prompt == tagged.prompt
    rows = (Row("g1", choices=(Choice("g1c1", pictured(2), share=ONE), Choice("g1c2", "x")), answer="g1c1"),)
    gaps = Question(QuestionKind.GAPS, f"{pictured(1)} is [[g1]]", rows=rows)
    back = there_and_back(gaps)
    assert (back.prompt, [one.html for one in back.rows[0].choices]) == (gaps.prompt, [pictured(2), "x"])


def test_real_packages_are_written_back_with_their_pictures(shared_data: Path) -> None:
    reading = read("export.imscc", (shared_data / "canvas-export.imscc").read_bytes())
    for entry in reading.entries:
        if entry.question is not None:
            assert there_and_back(entry.question) == entry.question


def test_a_mark_without_a_picture_stays_what_was_typed() -> None:
    question = Question(QuestionKind.CHOICE, f"See {pictured(1)}", choices=())
    shows = describing.pictures_of(question)
    written = replace(
        describing.written_with_marks(question, "picture"),
        prompt="[picture 2] [ Picture 1 ] \u29971\u2998 [picture 0] [picture x]",
        lines="* a\nb",
    )
    made = describing.with_pictures(question_of(describing.read_with_marks(written, {"picture"}, shows)), shows)
    assert made.prompt == f"[picture 2] {pictured(1)} 1 [picture 0] [picture x]"


async def test_the_form_shows_marks_and_keeps_the_picture(site: Site) -> None:
    teacher, question, address = await brought(site)
    place = f"{site.course}/checks/banks/{question.bank_id}/questions/{question.id}"
    page = await teacher.get(place)
    assert "[picture 1]" in page.text
    assert "&lt;img" not in page.text
    form = {"kind": "choice", "lines": "* True\n- False", "points": "1"}
    await teacher.post(place, prompt="Look: [picture 1]", **form)
    [after] = [one for one in await rows(site, BankQuestion) if one.retired_at is None]
    assert from_json(after.content).prompt == f'Look: <img src="{address}" alt="A graph">'
    wrong = await teacher.post(place, prompt="Look: [picture 1]", kind="choice", lines="True\nFalse", points="1")
    assert (wrong.status_code, "Look: [picture 1]" in wrong.text, address in wrong.text) == (422, True, True)
