"""Common Cartridges of each version: every item in its place and order, and what is not understood in the notes."""

from pathlib import Path

import pytest

from lti_tool.cartridges import CartridgeError, Item, ItemKind, read_cartridge
from tests.cartridges.build import VERSIONS, cartridge, item, manifest, page, quiz, resource, zipped

WEB_LINK = '<webLink xmlns="x"><title>Inner</title><url href="{}" target="_blank"/></webLink>'
TOPIC = '<topic xmlns="x"><title>Talk</title><text texttype="text/html">&lt;p&gt;Say &amp;amp; hear&lt;/p&gt;</text></topic>'
LTI_LINK = """<cartridge_basiclti_link xmlns="x" xmlns:blti="y" xmlns:lticm="z"><blti:title>Old tool</blti:title>
<blti:description>What it does</blti:description><blti:custom><lticm:property name="level">3</lticm:property></blti:custom>
<blti:extensions platform="canvas.instructure.com"><lticm:property name="outcome">10.0</lticm:property></blti:extensions>
<blti:launch_url>http://tool.example/plain</blti:launch_url><blti:secure_launch_url>https://tool.example/launch</blti:secure_launch_url>
</cartridge_basiclti_link>"""
ASSIGNMENT = """<assignment identifier="a" xmlns="http://www.imsglobal.org/xsd/imscc_extensions/assignment">
<title>Essay</title><text texttype="text/plain">Write
it</text><gradable points_possible="12.5">true</gradable>
<submission_formats><format type="text"/></submission_formats></assignment>"""


def whole(version: str) -> dict[str, str]:
    number = version.replace(".", "p")
    items = item(
        "i1",
        "Module one",
        inside=item("i2", "Start", "page")
        + item(
            "i3",
            "Folder",
            inside=item("i4", "A link", "link") + item("i5", "Deeper", inside=item("i6", "Talk", "talk")),
        ),
    ) + item(
        "i7", "Module two", inside=item("i8", "Tool", "tool") + item("i9", "", "quiz") + item("i10", "Essay", "essay")
    )
    resources = (
        resource("page", "webcontent", "pages/start.html")
        + resource("link", f"imswl_xmlv{number}", "link.xml")
        + resource("talk", f"imsdt_xmlv{number}", "talk.xml")
        + resource("tool", "imsbasiclti_xmlv1p0", "tool.xml")
        + resource("quiz", f"imsqti_xmlv1p2/imscc_xmlv{number}/assessment", "quiz.xml")
        + resource("essay", "assignment_xmlv1p0", "essay.xml")
        + resource("picture", "webcontent", "pictures/a b.png")
        + resource("sheet", "webcontent", "sheet.pdf")
    )
    return {
        "imsmanifest.xml": manifest(items, resources, version),
        "pages/start.html": page('Look: <img src="../pictures/a%20b.png">', "Inner title"),
        "link.xml": WEB_LINK.format("https://example.org/a?b=c"),
        "talk.xml": TOPIC,
        "tool.xml": LTI_LINK,
        "quiz.xml": quiz(title="Quiz of its own name"),
        "essay.xml": ASSIGNMENT,
        "pictures/a b.png": "png",
        "sheet.pdf": "pdf",
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_every_item_is_in_its_place_in_each_version(version: str) -> None:
    content = read_cartridge(zipped(whole(version)))

    assert (content.title, content.identifier, content.version) == ("Small course", "m1", f"{version}.0")
    assert content.source == "common-cartridge"
    assert [(module.identifier, module.title) for module in content.modules] == [
        ("i1", "Module one"),
        ("i7", "Module two"),
    ]
    assert [(i.identifier, i.kind.value, i.title, i.indent) for i in content.modules[0].items] == [
        ("i2", "page", "Start", 0),
        ("i3", "heading", "Folder", 0),
        ("i4", "link", "A link", 1),
        ("i5", "heading", "Deeper", 1),
        ("i6", "discussion", "Talk", 2),
    ]
    assert [(i.identifier, i.kind.value, i.title) for i in content.modules[1].items] == [
        ("i8", "tool", "Tool"),
        ("i9", "quiz", "Quiz of its own name"),
        ("i10", "assignment", "Essay"),
    ]


def items_of(files: dict[str, str]) -> dict[str, Item]:
    return {found.content_id: found for found in read_cartridge(zipped(files)).items()}


def test_items_carry_what_they_hold() -> None:
    found = items_of(whole("1.3"))

    assert found["page"].body == '<p>Look: <img src="../pictures/a%20b.png"></p>'
    assert found["page"].path == "pages/start.html"
    assert (found["link"].url, found["link"].new_window) == ("https://example.org/a?b=c", True)
    assert found["talk"].body == "<p>Say &amp; hear</p>"
    assert found["essay"].body == "Write<br>it"
    assert (found["essay"].points, found["essay"].submission_types) == (12.5, ("text",))
    tool = found["tool"].tool
    assert tool is not None
    assert (tool.url, tool.custom, found["tool"].points) == ("https://tool.example/launch", (("level", "3"),), 10.0)
    assert found["quiz"].attempts == 2


def test_a_file_no_module_names_is_listed_unless_a_page_shows_it() -> None:
    content = read_cartridge(zipped(whole("1.1")))

    assert [(i.kind, i.title, i.path) for i in content.unplaced] == [(ItemKind.FILE, "sheet.pdf", "sheet.pdf")]
    assert {file.path: file.data for file in content.files} == {"pictures/a b.png": b"png", "sheet.pdf": b"pdf"}
    assert {file.name: file.media_type for file in content.files} == {
        "a b.png": "image/png",
        "sheet.pdf": "application/pdf",
    }


def test_single_items_beside_folders_keep_their_order() -> None:
    items = item("a", "One", "p") + item("b", "Folder", inside=item("c", "Two", "p")) + item("d", "Three", "p")
    content = read_cartridge(cartridge(items, resource("p", "webcontent", "p.html"), {"p.html": page("x")}))

    assert [[i.title for i in module.items] for module in content.modules] == [["One"], ["Two"], ["Three"]]
    assert [module.title for module in content.modules] == ["Small course", "Folder", "Small course"]


def test_one_content_in_two_places_is_two_items() -> None:
    items = item("m", "Module", inside=item("a", "First", "p") + item("b", "Again", "p"))
    content = read_cartridge(cartridge(items, resource("p", "webcontent", "p.html"), {"p.html": page("x")}))

    assert [(i.identifier, i.content_id, i.title) for i in content.items()] == [
        ("a", "p", "First"),
        ("b", "p", "Again"),
    ]


def test_what_is_not_understood_keeps_its_place_and_is_noted() -> None:
    items = item(
        "m",
        "Module",
        inside=item("a", "Strange", "s")
        + item("b", "Nowhere", "gone")
        + item("c", "Lost file", "l")
        + item("d", "Broken", "x"),
    )
    resources = (
        resource("s", "imsiwb_iwbv1p0", "board.iwb")
        + resource("l", "imsdt_xmlv1p1", "missing.xml")
        + resource("x", "imswl_xmlv1p1", "broken.xml")
        + resource("e", "idpfepub_epubv3p0", "book.epub")
    )
    files = {"board.iwb": "?", "broken.xml": "<webLink><url", "book.epub": "?", "stray.txt": "in no resource"}
    content = read_cartridge(cartridge(items, resources, files, "1.3"))

    assert [(i.title, i.kind) for i in content.items()] == [
        ("Strange", ItemKind.UNKNOWN),
        ("Nowhere", ItemKind.UNKNOWN),
        ("Lost file", ItemKind.UNKNOWN),
        ("Broken", ItemKind.UNKNOWN),
    ]
    where = {note.where: note.reason for note in content.notes}
    assert "“imsiwb_iwbv1p0”" in where["board.iwb"]
    assert "gone, which the cartridge does not have" in where["b"]
    assert "does not have the file" in where["missing.xml"]
    assert "not well-formed" in where["broken.xml"]
    assert "“idpfepub_epubv3p0”" in where["book.epub"]
    assert "listed by no resource" in where["stray.txt"]


def test_a_link_that_is_no_web_address_opens_nothing() -> None:
    items = item("m", "Module", inside=item("a", "Trap", "l"))
    files = {"l.xml": WEB_LINK.format("javascript:alert(1)")}
    content = read_cartridge(cartridge(items, resource("l", "imswl_xmlv1p1", "l.xml"), files))

    (found,) = content.items()
    assert found.url is None
    assert any("no web address" in note.reason for note in content.notes)


def test_the_preferred_variant_is_read() -> None:
    items = item("m", "Module", inside=item("a", "Work", "fallback"))
    variant = '<variant identifier="v" identifierref="essay"/>'
    resources = resource("fallback", "webcontent", "f.html", extra=variant) + resource(
        "essay", "assignment_xmlv1p0", "e.xml"
    )
    content = read_cartridge(cartridge(items, resources, {"f.html": page("x"), "e.xml": ASSIGNMENT}, "1.3"))

    assert [(i.kind, i.points) for i in content.items()] == [(ItemKind.ASSIGNMENT, 12.5)]
    assert content.files == ()


def test_hrefs_are_found_percent_encoded_and_in_either_composition() -> None:
    items = item("m", "Module", inside=item("a", "A", "a") + item("b", "B", "b"))
    resources = resource("a", "webcontent", "my%20page.html") + resource("b", "webcontent", "caf\u0065\u0301.html")
    content = read_cartridge(cartridge(items, resources, {"my page.html": page("x"), "caf\u00e9.html": page("y")}))

    assert [i.body for i in content.items()] == ["<p>x</p>", "<p>y</p>"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_files_may_be_in_the_encoding_they_state(encoding: str) -> None:
    link = f'<?xml version="1.0" encoding="{encoding}"?><webLink><title>Café</title><url href="https://example.org/"/></webLink>'
    html = f'<html><head><meta charset="{encoding}"></head><body>Café</body></html>'
    items = item("m", "Module", inside=item("a", "", "l") + item("b", "Page", "p"))
    resources = resource("l", "imswl_xmlv1p1", "l.xml") + resource("p", "webcontent", "p.html")
    files = {"l.xml": link.encode(encoding), "p.html": html.encode(encoding)}
    content = read_cartridge(cartridge(items, resources, files))

    assert [(i.title, i.body) for i in content.items()] == [("Café", ""), ("Page", "Café")]
    assert not content.notes


def test_a_page_in_another_encoding_than_it_states_is_noted() -> None:
    items = item("m", "Module", inside=item("a", "Page", "p"))
    files = {"p.html": "<meta charset=utf-8><body>Café".encode("latin-1")}
    content = read_cartridge(cartridge(items, resource("p", "webcontent", "p.html"), files))

    assert [i.kind for i in content.items()] == [ItemKind.UNKNOWN]
    assert [note.where for note in content.notes] == ["p.html"]


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252"])
def test_a_page_that_states_no_encoding_is_read_as_browsers_read_it(encoding: str) -> None:
    words = "<html><head><title>Café</title></head><body><p>5 €</p></body></html>".encode(encoding)
    content = read_cartridge(cartridge(item("i", "", "p"), resource("p", "webcontent", "p.html"), {"p.html": words}))
    (found,) = content.items()
    assert (found.title, found.body) == ("Café", "<p>5 €</p>")
    assert not content.notes


def test_a_path_and_an_open_file_are_read_alike(tmp_path: Path) -> None:
    data = zipped(whole("1.2"))
    path = tmp_path / "course.imscc"
    path.write_bytes(data.getvalue())

    assert read_cartridge(path) == read_cartridge(str(path)) == read_cartridge(data)


def test_the_version_before_is_read_and_noted() -> None:
    content = read_cartridge(cartridge("", "", {}, "1.0"))

    assert any("1.0" in note.reason for note in content.notes)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("<schema>ADL SCORM</schema><schemaversion>2004 4th Edition</schemaversion>", "not-a-cartridge"),
        ("<schema>QTI Package</schema><schemaversion>2.1</schemaversion>", "not-a-cartridge"),
        ("", "not-a-cartridge"),
        ("<schema>IMS Common Cartridge</schema><schemaversion>2.0.0</schemaversion>", "unknown-version"),
        ("<schema>IMS Common Cartridge</schema>", "unknown-version"),
    ],
)
def test_other_packages_are_refused_in_words(words: str, code: str) -> None:
    package = zipped({"imsmanifest.xml": f"<manifest><metadata>{words}</metadata></manifest>"})
    with pytest.raises(CartridgeError) as refused:
        read_cartridge(package)
    assert refused.value.code == code
    assert "1.1 to 1.4" in refused.value.message
