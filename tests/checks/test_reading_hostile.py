"""Files that must not be read, or must not do harm: one clear error each; and whatever the bytes are, no other."""

import gzip
import random
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.checks.reading import (
    Note,
    QuestionsTooLarge,
    UnknownQuestionFormat,
    UnreadableQuestions,
    UnsafeQuestions,
    Why,
    packages,
    read,
    texts,
)
from lti_tool.checks.reading.values import MOST_BYTES
from lti_tool.errors import ToolError
from tests.checks.moodle_backups import tarred
from tests.checks.question_files import (
    equals,
    gives,
    labels,
    moodle,
    moodle_answer,
    moodle_category,
    moodle_question,
    qti1,
    qti1_item,
    qti3_item,
    response,
    said,
    simple,
    zipped,
)

ITEM = qti1_item(said("?") + labels(("a", "1"), ("b", "2")), gives(equals("a")))
QTI1 = qti1(ITEM)
QTI3 = qti3_item(
    response("A"),
    f'<qti-choice-interaction response-identifier="R" max-choices="1">{simple(("A", "1"), ("B", "2"))}</qti-choice-interaction>',
)
MOODLE = moodle(
    moodle_category("$course$/top/X"),
    moodle_question("multichoice", moodle_answer("a", "100") + moodle_answer("b", "0")),
    moodle_question("cloze", "", words="{1:SA:=a~%50%b#c} {2:NM:=3:1}"),
    moodle_question("numerical", moodle_answer("3", "100", more="<tolerance>1</tolerance>")),
)
ENTITY = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
FILE = '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
REMOTE = '<!DOCTYPE quiz SYSTEM "http://127.0.0.1:9/x.dtd">'
WHOLE = [QTI1, QTI3, MOODLE]


def body(document: str) -> str:
    return document.partition("?>")[2]


@pytest.mark.parametrize("document", WHOLE)
@pytest.mark.parametrize("declared", [ENTITY, FILE])
@pytest.mark.parametrize("packed", [False, True])
def test_document_types_and_entities(document: str, declared: str, packed: bool) -> None:
    data = ('<?xml version="1.0"?>' + declared + body(document)).encode()
    with pytest.raises(UnsafeQuestions):
        read("x", zipped({"a.xml": QTI3, "q.xml": data}) if packed else data)


@pytest.mark.parametrize("document", WHOLE)
def test_a_document_type_that_only_names_itself_is_read_over(document: str) -> None:
    """As older programs write QTI 1.2. Nobody listens at the address, and nobody is asked."""
    data = ('<?xml version="1.0"?>' + REMOTE + body(document)).encode()
    assert read("x", data) == read("x", document.encode())


@pytest.mark.parametrize("document", WHOLE)
def test_encodings(document: str) -> None:
    """UTF-16 with its mark is read; what is not in the encoding it states is not guessed at."""
    as_utf16 = ('<?xml version="1.0" encoding="UTF-16"?>' + body(document)).encode("utf-16")
    assert read("x", as_utf16).converted == read("x", document.encode()).converted > 0
    accented = document.replace(">?<", ">ñ?<").replace(">1<", ">é<").replace("[a]", "[é]").encode("latin-1")
    assert b"\xe9" in accented
    with pytest.raises(UnreadableQuestions):
        read("x", accented)
    latin = b'<?xml version="1.0" encoding="ISO-8859-1"?>' + accented.partition(b"?>")[2]
    assert read("x", latin).converted > 0
    with pytest.raises(UnreadableQuestions):
        read("x", ('<?xml version="1.0" encoding="UTF-16"?>' + body(document)).encode())
    with pytest.raises(UnreadableQuestions):
        read("x", ('<?xml version="1.0" encoding="klingon"?>' + body(document)).encode())


@pytest.mark.parametrize("document", WHOLE)
def test_truncated(document: str) -> None:
    with pytest.raises(UnreadableQuestions):
        read("x", document.encode()[: len(document) // 2])
    packed = zipped({"q.xml": document})
    with pytest.raises(UnreadableQuestions):
        read("x", packed[: len(packed) // 2])


def test_a_broken_part_of_a_package_is_said_and_the_rest_is_read() -> None:
    found = read("x", zipped({"one.xml": QTI3, "two.xml": QTI3[:-30]}))
    assert found.converted == 1
    assert [note.what for note in found.remarks] == ["two.xml"]


@pytest.mark.parametrize("document", [QTI1, MOODLE])
def test_deep(document: str) -> None:
    deep = "<b>" * 5_000 + "</b>" * 5_000
    with pytest.raises(UnsafeQuestions):
        read(
            "x", document.replace("</quiz>", deep + "</quiz>").replace("</assessment>", deep + "</assessment>").encode()
        )


def test_huge() -> None:
    with pytest.raises(QuestionsTooLarge):
        read("x", b"<quiz>" + b" " * 20_000_001)
    with pytest.raises(QuestionsTooLarge):
        read("x", b"<quiz>" + b" " * 17_000_000 + b"</quiz>")
    with pytest.raises(QuestionsTooLarge):
        read("x", ("<quiz>" + "<a/>" * 900_000 + "</quiz>").encode())
    with pytest.raises(QuestionsTooLarge):
        read("x", moodle(*['<question type="essay"/>'] * 5_001).encode())


def test_a_zip_bomb() -> None:
    with pytest.raises(UnsafeQuestions):
        read("x.imscc", zipped({"q.xml": QTI1, "big.xml": b"\0" * 30_000_000}))


def test_paths_that_point_outside() -> None:
    with pytest.raises(UnsafeQuestions):
        read("x.zip", zipped({"../q.xml": QTI1}))


@pytest.mark.parametrize(
    "data", [b"<html><body>x</body></html>", b"<quiz/>", b"hello", b"\x89PNG\r\n", b"%PDF-1.7", zipped({"a.txt": "x"})]
)
def test_files_of_other_kinds(data: bytes) -> None:
    with pytest.raises(UnknownQuestionFormat):
        read("x", data)


@pytest.mark.parametrize("data", [b"", b"\0\0\0", b"  \n"])
def test_nothing(data: bytes) -> None:
    with pytest.raises(UnreadableQuestions):
        read("x", data)


def test_too_many_choices_are_listed() -> None:
    many = qti1_item(said("?") + labels(*((str(n), str(n)) for n in range(300))), gives(equals("1")))
    (entry,) = read("x", qti1(many).encode()).entries
    assert entry.question is None


@pytest.mark.parametrize("kind", ["MC", "SA"])
def test_a_gap_with_far_too_many_answers_is_listed_before_they_are_made_safe(kind: str) -> None:
    answers = "~".join(f"={n}#no" for n in range(200_000))
    data = f"<quiz><question type='cloze'><questiontext><text>{{1:{kind}:{answers}}}</text></questiontext></question></quiz>"
    (entry,) = read("x", data.encode()).entries
    assert entry.question is None


@pytest.mark.parametrize(
    "words",
    ["<div>" * 39_000, "<ul><li>" * 20_000, "<img " * 40_000, "<a " * 60_000, "<p><b>" * 30_000, "<table>" * 25_000],
)
def test_html_that_would_take_minutes_to_clean_is_taken_as_words(words: str) -> None:
    notes: list[Note] = []
    assert len(texts.clean(f"{words}seen", notes.append)) < 30_000
    assert Note(Why.SHORTENED) in notes or "<a" in words
    assert len(texts.plain(f"{words}seen")) < 300_000


def test_what_multiplies_is_refused_before_it_is_made() -> None:
    gaps = "".join(f"[[{n}]]" for n in range(1, 150))
    boxes = "".join(f"<dragbox><text>{n}</text><group>1</group></dragbox>" for n in range(1, 150))
    wide = qti3_item(
        response("W G1", cardinality="multiple", base="directedPair"),
        '<qti-gap-match-interaction response-identifier="R">'
        + simple(*((f"W{n}", str(n)) for n in range(150)), tag="qti-gap-text")
        + "".join(f'<qti-gap identifier="G{n}"/>' for n in range(150))
        + "</qti-gap-match-interaction>",
    )
    choices = labels(*((str(n), str(n)) for n in range(190)))
    tried = qti1(qti1_item(said("?") + choices, "".join(gives(equals(str(n))) for n in range(900))))
    for document in (moodle(moodle_question("ddwtos", boxes, words=gaps)), wide, tried):
        (entry,) = read("x", document.encode()).entries
        assert entry.left_out is not None
        assert entry.left_out.why is Why.TOO_LONG


def test_a_package_of_more_xml_than_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    package = zipped({f"{n}.xml": QTI3 for n in range(9)})
    assert read("x.zip", package).converted == 9
    monkeypatch.setattr(packages, "MOST_READ", 8 * len(QTI3))
    with pytest.raises(QuestionsTooLarge):
        read("x.zip", package)


def test_numbers_without_reason_do_no_harm() -> None:
    answers = "".join(moodle_answer(one, "100") for one in ("1e999999999", "NaN", "Infinity", "-0", "9" * 5_000, "1_0"))
    found = read("x", moodle(moodle_question("numerical", answers, grade="1e400")).encode())
    assert len(found.entries) == 1


PACKED = [zipped({"quiz.xml": QTI1, "item.xml": QTI3}), zipped({"m.xml": MOODLE})]


@settings(max_examples=80, deadline=None)
@given(
    start=st.sampled_from([*(document.encode() for document in WHOLE), *PACKED, b"PK\x03\x04", b"<quiz>"]),
    seed=st.integers(0, 2**32),
    cuts=st.integers(0, 12),
    tail=st.binary(max_size=40),
)
def test_whatever_the_bytes_are_there_is_a_reading_or_our_error(
    start: bytes, seed: int, cuts: int, tail: bytes
) -> None:
    chance = random.Random(seed)
    data = bytearray(start)
    for _ in range(cuts):
        at = chance.randrange(len(data) + 1)
        change = chance.randrange(3)
        if change == 0 and at < len(data):
            data[at] = chance.randrange(256)
        elif change == 1:
            del data[at : at + chance.randrange(1, 30)]
        else:
            piece = chance.randrange(len(start))
            data[at:at] = start[piece : piece + chance.randrange(1, 60)]
    try:
        found = read("x", bytes(data) + tail)
    except ToolError as error:
        assert error.code.startswith("questions-")  # noqa: PT017 - either comes of it.
    else:
        assert all((entry.question is None) != (entry.left_out is None) for entry in found.entries)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (tarred({"moodle_backup.xml": "<moodle_backup/>"}), "Moodle XML"),
        (zipped({"moodle_backup.xml": "<moodle_backup/>"}), "Moodle XML"),
        (b"What is two and two?\nA. 4\nB. 5\nANSWER: A\n", "Aiken"),
        (b'{"questions": [{"a": "= ~"}]}', "QTI 1.2"),
        (b"name,points\nAnna,3\n", "QTI 1.2"),
    ],
)
def test_what_is_not_read_is_told_the_way(data: bytes, words: str) -> None:
    with pytest.raises(UnknownQuestionFormat) as caught:
        read("questions.txt", data)
    assert words in caught.value.advice


def test_what_is_gzipped_and_no_archive_is_said_to_be_unreadable() -> None:
    for inside in (b"a backup", b"\0" * 2048, b"moodle_backup.xml".ljust(512, b"\0") * 3):
        with pytest.raises(UnreadableQuestions):
            read("course.mbz", gzip.compress(inside, mtime=0))


def test_of_a_large_package_only_what_holds_questions_is_unpacked(tmp_path: Path) -> None:
    place = tmp_path / "course.imscc"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("web_resources/film.mp4", b"\0" * (MOST_BYTES + 1))
        archive.writestr("quiz.xml", QTI1)
    with place.open("rb") as source:
        assert read("course.imscc", source).converted == 1
