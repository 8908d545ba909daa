"""Files of courses: real ones with every item accounted for, and hostile ones, each with one clear error in bounded time."""

import gzip
import io
import json
import random
import struct
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.cartridges import CourseContent, Item, ItemKind, Module
from lti_tool.cartridges.notes import Why
from lti_tool.content.files import reading
from lti_tool.content.files.reading import kept, made_of, read, taken_up
from lti_tool.content.files.values import (
    BrokenCourseFile,
    CourseFileTooLarge,
    EmptyCanvasExport,
    EmptyCourseFile,
    FileReading,
    Form,
    Left,
    UnknownCourseFile,
    UnsafeCourseFile,
)
from lti_tool.errors import ToolError
from lti_tool.web.i18n import language_for, speaking
from tests.cartridges.build import cartridge, item, manifest, page, resource, zipped
from tests.cartridges.canvas_exports import export, line
from tests.cartridges.mbz import SITE, Activity, a_course, backup, tarred


def of(data: bytes | io.BytesIO) -> FileReading:
    return read(io.BytesIO(data) if isinstance(data, bytes) else data)


def refused(data: bytes | io.BytesIO) -> ToolError:
    with pytest.raises(ToolError) as caught:
        of(data)
    return caught.value


def test_links_to_this_tool_are_left_out_and_counted() -> None:
    tool = "https://playlists.example"
    activities = [
        Activity(29, "lti", "My playlists", settings={"toolurl": f"{tool}/lti/launch"}),
        Activity(30, "lti", "A lab", settings={"toolurl": "https://lab.example/launch"}),
        Activity(31, "lti", "Another", settings={"toolurl": ""}),
    ]
    found = read(tarred(backup(activities)), tool)
    assert [one.title for one in found.items] == ["A lab", "Another"]
    assert found.left == {Left.THIS_TOOL: 1}
    assert len(of(tarred(backup(activities))).items) == 3
    assert taken_up(kept(found)) == found


# --- Real courses -----------------------------------------------------------------------------------------------------


def test_a_real_canvas_export_is_accounted_for(shared_data: Path) -> None:
    with (shared_data / "canvas-export.imscc").open("rb") as file:
        found = read(file)
    assert (found.form, found.title, found.version) == (Form.CANVAS, "Loaded Course", "1.3.0")
    kinds = Counter(one.kind for one in found.items)
    # 59 items stand in modules or for themselves; of them one document lies in no module.
    assert kinds == {
        "quiz": 17,
        "discussion": 13,
        "assignment": 14,
        "page": 3,
        "tool": 3,
        "file": 2,
        "heading": 1,
        "link": 1,
    }
    assert found.left == {Left.LOOSE_FILE: 1, Left.ANNOUNCEMENT: 4}
    assert sum(kinds.values()) + sum(found.left.values()) == 59
    assert len({one.name for one in found.items}) == len(found.items)
    by_title = {one.title: one for one in found.items}
    assert by_title["Multiple Attempt Quiz"].requirement == "score"
    assert by_title["Multiple Attempt Quiz"].requirement_points == 8
    assert by_title["Google"].url == "http://www.google.com"
    assert by_title["lorcrux"].url is None
    assert by_title["Group Assignment"].section == "Example Course Module"
    assert taken_up(kept(found)) == found


def test_a_real_cartridge_is_accounted_for(shared_data: Path) -> None:
    with (shared_data / "py4e-course.imscc").open("rb") as file:
        found = read(file)
    assert found.form is Form.CARTRIDGE
    assert Counter(one.kind for one in found.items) == {"link": 131, "tool": 58}
    assert found.left == {}
    assert all(one.url for one in found.items if one.kind == "link")
    assert len({one.section for one in found.items}) == 17


# --- What becomes of what ---------------------------------------------------------------------------------------------

CONTEXT = """<context_info xmlns="http://canvas.instructure.com/xsd/cccv1p0"><course_id>17</course_id>
<canvas_domain>school.instructure.com</canvas_domain></context_info>"""


def test_pages_of_a_canvas_export_have_their_addresses_where_it_says_which_course_it_was() -> None:
    items = item("m", "Week 1", inside=item("a", "Read", "p"))
    files: dict[str, str | bytes] = {
        "wiki_content/read-this.html": page("x", "Read"),
        "course_settings/course_settings.xml": "<course><title>C</title></course>",
        "course_settings/context.xml": CONTEXT,
    }
    found = of(cartridge(items, resource("p", "webcontent", "wiki_content/read-this.html"), files))
    assert (found.form, found.site, found.course_id) == (Form.CANVAS, "https://school.instructure.com", "17")
    assert found.items[0].home_url == "https://school.instructure.com/courses/17/pages/read-this"
    assert found.items[0].url is None


THIN = """<resource identifier="l" type="imswl_xmlv1p3"><webLink xmlns="w"><title>T</title>
<url href="https://example.org/x"/></webLink></resource>
<resource identifier="t" type="imsbasiclti_xmlv1p3"><cartridge_basiclti_link xmlns="c" xmlns:blti="b">
<blti:title>Tool</blti:title>
<blti:launch_url>https://tool.example/launch</blti:launch_url></cartridge_basiclti_link></resource>"""


@pytest.mark.parametrize("alone", [True, False], ids=["as one file", "in a zip file"])
@pytest.mark.parametrize("version", ["1.2", "1.3", "1.4"])
def test_a_thin_cartridge_holds_its_links_in_the_manifest(version: str, alone: bool) -> None:
    items = item("m", "Week 1", inside=item("a", "A link", "l") + item("b", "A tool", "t"))
    words = manifest(items, THIN, version).replace("IMS Common Cartridge", "IMS Thin Common Cartridge")
    found = of(words.encode() if alone else zipped({"imsmanifest.xml": words}))
    assert found.form is Form.THIN
    assert [(one.kind, one.title, one.url) for one in found.items] == [
        ("link", "A link", "https://example.org/x"),
        ("tool", "A tool", None),
    ]


def test_a_content_package_without_a_profile_is_its_order_and_its_files() -> None:
    items = item("m", "Week 1", inside=item("a", "Read", "p"))
    words = manifest(items, resource("p", "webcontent", "p.html")).replace("IMS Common Cartridge", "IMS Content")
    found = of(zipped({"imsmanifest.xml": words, "p.html": page("x")}))
    assert (found.form, [one.title for one in found.items]) == (Form.PACKAGE, ["Read"])


def test_a_backup_of_moodle_names_its_course_and_where_activities_open() -> None:
    found = of(tarred(backup(a_course())))
    by_name = {one.name: one for one in found.items}
    assert (found.form, found.site, found.course_id) == (Form.MOODLE, SITE, "5")
    assert by_name["13"].home_url == f"{SITE}/mod/quiz/view.php?id=13"
    assert (by_name["15"].url, by_name["16"].home_url) == ("https://example.org/a?b=1", None)
    assert taken_up(kept(found)) == found


def test_names_that_come_twice_are_kept_apart_in_the_same_way_each_time() -> None:
    several = (
        Item("a", "c", ItemKind.PAGE, "One"),
        Item("b", "c", ItemKind.PAGE, "Two"),
        Item("b", "c", ItemKind.PAGE, "Three"),
    )
    unnamed = (
        Item("", "", ItemKind.HEADING, "H"),
        Item("", "", ItemKind.HEADING, "H"),
        Item("x" * 300, "", ItemKind.HEADING, "L"),
    )
    content = CourseContent("T", "m", modules=(Module("m", "M", (*several, *unnamed)),))
    names = [one.name for one in made_of(content).items]
    assert names[:3] == ["c", "c@b", "c@b#2"]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 160
    assert [one.name for one in made_of(content).items] == names


def test_words_fit_their_columns_whatever_they_are() -> None:
    odd = Item("a", "c", ItemKind.LINK, "x\x00\ud800" + "y" * 900, url="javascript:alert(1)", indent=99)
    (one,) = made_of(CourseContent("T\x00", "m", modules=(Module("m", "M" * 900, (odd,)),))).items
    assert (len(one.title), len(one.section), one.url, one.indent) == (500, 500, None, 5)
    assert "\x00" not in one.title
    one.title.encode("utf-8")


def stored(files: Mapping[str, str | bytes]) -> bytes:
    """A zip file of these, as large as they are: what is made of one word ten thousand times is taken for a bomb otherwise."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return target.getvalue()


# --- Hostile files ----------------------------------------------------------------------------------------------------


def plain_file() -> dict[str, str | bytes]:
    items = item("m", "M", inside=item("a", "A", "p") + item("b", "B", "l"))
    return {
        "imsmanifest.xml": manifest(
            items, resource("p", "webcontent", "p.html") + resource("l", "imswl_xmlv1p1", "l.xml")
        ),
        "p.html": page("x"),
        "l.xml": '<webLink xmlns="x"><title>L</title><url href="https://example.org/a"/></webLink>',
    }


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 600, b"PK\x03\x04", b"\x1f\x8b", b"%PDF-1.7", b"<html></html>", b"<", b"\xff\xfe<\0"],
    ids=range(8),
)
def test_what_is_no_course(data: bytes) -> None:
    assert isinstance(refused(data), (UnknownCourseFile, BrokenCourseFile, EmptyCourseFile))


def test_remarks_are_kept_as_codes_and_said_in_the_readers_language() -> None:
    found = of(zipped({**plain_file(), "p.html": b"<meta charset='utf-8'><title>\xff\xfe</title>"}))
    again = taken_up(kept(found))
    assert again.notes == found.notes
    [note] = [one for one in again.notes if one.why == Why.NOT_ENCODED]
    assert note.sentence.startswith("was not understood: the text is not in the encoding it states (utf-8")
    with speaking(language_for(("es",))):
        assert note.sentence.startswith("no se entendió: el texto no tiene la codificación que dice (utf-8")


def test_a_file_that_an_older_process_kept_is_taken_up_without_its_remarks() -> None:
    older = json.loads(kept(of(zipped(plain_file())))) | {"notes": [["p.html", "was not understood"]]}
    assert taken_up(json.dumps(older).encode()).notes == ()


def test_an_export_of_an_empty_canvas_course_is_said_to_be_that() -> None:
    export = cartridge(
        "",
        "",
        {
            "course_settings/canvas_export.txt": "An export",
            "course_settings/course_settings.xml": "<course><title>Biology</title></course>",
            "course_settings/module_meta.xml": "<modules/>",
        },
    )
    assert type(refused(export)) is EmptyCanvasExport


def test_any_other_course_without_items_is_said_to_be_empty() -> None:
    assert type(refused(cartridge("", "", {}))) is EmptyCourseFile
    assert type(refused(tarred(backup([])))) is EmptyCourseFile


def test_a_cartridge_that_breaks_off_is_said_to_be_damaged(shared_data: Path) -> None:
    whole = (shared_data / "py4e-course.imscc").read_bytes()
    assert isinstance(refused(whole[: len(whole) // 2]), BrokenCourseFile)
    assert isinstance(refused(b"PK\x03\x04 and something else"), BrokenCourseFile)


@pytest.mark.parametrize("path", ["../evil", "/etc/passwd", "C:\\x", "a\\..\\..\\b"])
def test_a_path_that_points_outside(path: str) -> None:
    assert isinstance(refused(zipped({**plain_file(), path: "x"})), UnsafeCourseFile)


def test_a_zip_bomb_and_a_gzip_bomb() -> None:
    assert isinstance(refused(zipped({**plain_file(), "x.bin": b"\0" * 30_000_000})), UnsafeCourseFile)
    assert isinstance(refused(tarred({"x.bin": b"\0" * 30_000_000, **backup(a_course())})), UnsafeCourseFile)


def test_an_archive_inside_of_an_archive_stays_closed() -> None:
    inner = zipped({"x": b"\0" * 1_000_000}).getvalue()
    found = of(zipped({**plain_file(), "inner.zip": inner, "inner.imscc": zipped(plain_file()).getvalue()}))
    assert [one.title for one in found.items] == ["A", "B"]


def test_a_gzip_file_of_a_zip_file_is_no_course() -> None:
    assert isinstance(refused(gzip.compress(zipped(plain_file()).getvalue())), BrokenCourseFile)


ENTITIES = '<!DOCTYPE m [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><manifest>&b;</manifest>'


def test_entities_in_a_manifest_and_in_a_backup() -> None:
    assert isinstance(refused(ENTITIES.encode()), UnsafeCourseFile)
    assert isinstance(refused(zipped({"imsmanifest.xml": ENTITIES})), UnsafeCourseFile)
    assert isinstance(refused(tarred({"moodle_backup.xml": ENTITIES})), UnsafeCourseFile)


def test_a_huge_attribute_and_a_million_of_them() -> None:
    long = stored(
        {**plain_file(), "imsmanifest.xml": str(plain_file()["imsmanifest.xml"]).replace("m1", "m" * 5_000_000)}
    )
    assert len(of(long).key) == 12
    many = "<manifest " + " ".join(f'a{n}=""' for n in range(2_100_000)) + "/>"
    assert isinstance(refused(stored({"imsmanifest.xml": many})), (CourseFileTooLarge, UnsafeCourseFile))


def test_elements_without_end_and_nested_without_end() -> None:
    assert isinstance(refused(("<manifest>" + "<a/>" * 1_100_000 + "</manifest>").encode()), CourseFileTooLarge)
    assert isinstance(refused(("<a>" * 3000 + "</a>" * 3000).encode()), UnsafeCourseFile)


def test_a_hundred_thousand_items_and_organizations() -> None:
    items = item("m", "M", inside="".join(item(f"i{n}", "T", "p") for n in range(100_000)))
    assert isinstance(refused(stored({**plain_file(), "imsmanifest.xml": manifest(items, "")})), CourseFileTooLarge)
    further = "".join(f'<organization identifier="x{n}"/>' for n in range(100_000))
    words = str(plain_file()["imsmanifest.xml"]).replace("</organizations>", further + "</organizations>")
    found = of(stored({**plain_file(), "imsmanifest.xml": words}))
    assert [one.title for one in found.items] == ["A", "B"]
    assert (len(found.notes), found.more_notes > 99_000) == (300, True)


def test_folders_nested_deeper_than_anybody_means() -> None:
    deep = ""
    for number in range(300):
        deep = item(f"d{number}", "D", inside=deep)
    assert isinstance(refused(zipped({"imsmanifest.xml": manifest(deep, "")})), UnsafeCourseFile)


def test_a_manifest_that_names_one_file_again_and_again_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each resource asks for its settings, in a file of some size that it spells in two thousand ways."""
    monkeypatch.setattr(reading, "LIMITS", replace(reading.LIMITS, marks=300_000))
    spelled = ("".join("%73" if n >> bit & 1 else "s" for bit in range(11)) for n in range(2000))
    hrefs = "".join(f'<file href="{name}.xml"/>' for name in spelled)
    resources = "".join(
        f'<resource identifier="r{n}" type="imsdt_xmlv1p1"><file href="t.xml"/>{hrefs}</resource>' for n in range(3)
    )
    items = item("m", "M", inside="".join(item(f"i{n}", "T", f"r{n}") for n in range(3)))
    big = "<a>" + "<b>words</b>" * 20_000 + "</a>"
    files = {
        "imsmanifest.xml": manifest(items, resources),
        "t.xml": "<topic><title>T</title></topic>",
        "sssssssssss.xml": big,
    }
    assert isinstance(refused(stored(files)), CourseFileTooLarge)


def test_tags_that_nobody_closed_take_no_time() -> None:
    """Some patterns would look from each of them to the end of the file: hours, for these."""
    for words in ("<title>" * 400_000, "<body " * 400_000, "<head>" * 400_000, "<meta " * 100_000, "<html " * 400_000):
        found = of(stored({**plain_file(), "p.html": words}))
        assert [one.title for one in found.items] == ["A", "B"]


def test_names_that_are_not_utf8() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in plain_file().items():
            archive.writestr(name, content)
        archive.writestr("fil\u00e9.bin", b"x")
    data = target.getvalue().replace("fil\u00e9.bin".encode(), b"fil\xff\xfe.bin")
    assert isinstance(refused(data), (UnknownCourseFile, BrokenCourseFile)) or of(data).items
    odd = b"\xff\xfe\x80" * 20
    tar = bytearray(gzip.decompress(tarred({"n" * 60: "x", **backup([Activity(1, "page", "P")])}).getvalue()))
    tar[:60] = odd
    tar[148:156] = b"        "
    tar[148:156] = f"{sum(tar[:512]):06o}\0 ".encode()
    assert [one.title for one in of(gzip.compress(bytes(tar))).items] == ["P"]


def test_texts_in_another_encoding_than_they_state_are_noted() -> None:
    found = of(zipped({**plain_file(), "p.html": b"<meta charset='utf-8'><title>\xff\xfe</title>"}))
    # What a page says is nothing that an outline needs: the item stands in its place all the same.
    assert ([(one.kind, one.title) for one in found.items], found.left) == ([("page", "A"), ("link", "B")], {})
    assert any("encoding" in note.sentence for note in found.notes)


def test_an_item_whose_file_is_missing_is_what_its_place_says() -> None:
    lines = (
        line("1", "WikiPage", "A page", "p")
        + line("2", "Attachment", "A file", "f")
        + line("3", "Assignment", "Gone", "x")
    )
    resources = resource("p", "webcontent", "wiki_content/p.html") + resource("f", "webcontent", "web_resources/f.pdf")
    found = of(zipped(export(lines + line("4", "Hologram", "Look", "h"), resources, {})))
    assert [(one.kind, one.title) for one in found.items] == [
        ("page", "A page"),
        ("file", "A file"),
        ("assignment", "Gone"),
    ]
    assert found.left == {Left.NOT_UNDERSTOOD: 1}
    assert {note.why for note in found.notes} >= {Why.NO_FILE, Why.REFERS_NOWHERE}
    # Without Canvas's own list, by the type of what is named.
    kinds = [("d", "imsdt_xmlv1p1"), ("q", "imsqti_xmlv1p2/imscc_xmlv1p1/assessment"), ("w", "webcontent")]
    places = "".join(item(f"i{name}", name, name) for name, _ in kinds)
    named = "".join(resource(name, kind, f"{name}.html") for name, kind in kinds)
    plain = of(cartridge(item("m", "M", inside=places), named, {}))
    assert [(one.kind, one.title) for one in plain.items] == [("discussion", "d"), ("quiz", "q"), ("page", "w")]


@pytest.mark.parametrize(
    ("manifest_of", "words"),
    [
        ("<manifest><metadata><schema>QTIv2.1 Package</schema></metadata><resources/></manifest>", "Checks"),
        (
            '<manifest><metadata><schema>IMS Content</schema></metadata><resources><resource identifier="q" '
            'type="imsqti_xmlv1p2"><file href="q.xml"/></resource></resources></manifest>',
            "Checks",
        ),
        (
            '<manifest xmlns:adl="http://www.adlnet.org/xsd/adlcp_rootv1p2"><resources><resource identifier="r" '
            'type="webcontent" adl:scormtype="sco"/></resources></manifest>',
            "SCORM",
        ),
        (
            '<manifest xmlns:bb="http://www.blackboard.com/content-packaging/"><resources><resource identifier="r" '
            'type="course/x-bb-coursetoc" bb:file="res1.dat"/></resources></manifest>',
            "Common Cartridge",
        ),
        (
            '<manifest xmlns:d="http://desire2learn.com/xsd/d2lcp_v2p0"><resources><resource identifier="r" '
            'type="webcontent" d:material_type="d2lquiz"/></resources></manifest>',
            "Common Cartridge",
        ),
    ],
)
def test_a_package_of_another_kind_is_told_where_it_belongs(manifest_of: str, words: str) -> None:
    error = refused(zipped({"imsmanifest.xml": manifest_of}))
    assert isinstance(error, UnknownCourseFile)
    assert words in error.advice % error.fields
    if "own format" in error.advice:
        assert error.fields["name"] in ("Blackboard", "Brightspace")


def test_a_zip_file_that_lies_about_its_sizes() -> None:
    data = bytearray(
        zipped({**plain_file(), "imsmanifest.xml": str(plain_file()["imsmanifest.xml"]) + " " * 5000}).getvalue()
    )
    for signature, size_at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.find(signature)
        data[at + size_at : at + size_at + 4] = struct.pack("<I", 10)
    assert isinstance(refused(bytes(data)), (BrokenCourseFile, UnknownCourseFile))


@settings(max_examples=60)
@given(st.integers(min_value=0, max_value=2**32), st.sampled_from(["zip", "tar", "zipped backup", "manifest"]))
def test_whatever_becomes_of_a_files_bytes_there_is_a_reading_or_one_of_our_errors(seed: int, kind: str) -> None:
    whole = {
        "zip": lambda: zipped(plain_file()).getvalue(),
        "tar": lambda: tarred(backup(a_course())).getvalue(),
        "zipped backup": lambda: zipped(backup(a_course())).getvalue(),
        "manifest": lambda: str(plain_file()["imsmanifest.xml"]).encode(),
    }[kind]()
    if seed % 3 == 0 and kind == "tar":
        whole = gzip.decompress(whole)
    changed = _mutated(whole, random.Random(seed))
    if seed % 3 == 0 and kind == "tar":
        changed = gzip.compress(changed)
    try:
        found = of(changed)
    except (UnknownCourseFile, BrokenCourseFile, UnsafeCourseFile, CourseFileTooLarge):
        return
    assert taken_up(kept(found)) == found


def _mutated(data: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, left out, doubled, or the end cut off."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(changed))
        match chance.randrange(4):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                del changed[at : at + chance.randint(1, 40)]
            case 2:
                changed[at:at] = changed[at : at + chance.randint(1, 200)]
            case _:
                del changed[at : len(changed) if chance.random() < 0.2 else at + 1]
        if not changed:
            return b""
    return bytes(changed)


def test_the_limits_are_those_that_are_said() -> None:
    assert reading.MOST_BYTES == 200_000_000
    assert reading.LIMITS.entries == 20_000
