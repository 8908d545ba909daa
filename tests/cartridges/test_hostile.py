"""Files that must not be read, or must not do harm: each is one CartridgeError in words, with nothing kept."""

import io
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from lti_tool.cartridges import CartridgeError, Limits, read_cartridge
from lti_tool.cartridges.markup import parse_html
from tests.cartridges.build import cartridge, item, manifest, page, quiz, resource, zipped

SMALL = Limits(entries=20, total=1_000_000, ratio_from=100_000, xml=50_000)


def refused(source: io.BytesIO | Path, limits: Limits | None = None) -> CartridgeError:
    with pytest.raises(CartridgeError) as caught:
        read_cartridge(source, limits)
    assert caught.value.message.endswith(".")
    return caught.value


def one_page() -> dict[str, str | bytes]:
    return {
        "imsmanifest.xml": manifest(item("m", "M", inside=item("a", "A", "p")), resource("p", "webcontent", "p.html")),
        "p.html": page("x"),
    }


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip at all", b"\x1f\x8b\x08 gzip", b"PK\x05\x06" + b"\0" * 10])
def test_no_zip_file(data: bytes) -> None:
    assert refused(io.BytesIO(data)).code == "not-a-cartridge"


def test_tags_of_one_long_word_are_read_in_one_go() -> None:
    """Each word was looked for from each of its letters: a page of 4 MB kept a processor busy for minutes."""
    found = parse_html(b"<head>" + (b"<meta " + b"a" * 1_990 + b">") * 2_000 + b'<meta name="b" content="c">')
    assert found.meta == {"b": "c"}


def test_no_such_file(tmp_path: Path) -> None:
    assert refused(tmp_path / "nothing.imscc").code == "not-found"


def test_a_zip_file_without_a_manifest() -> None:
    assert refused(zipped({"a.txt": "x"})).code == "not-a-cartridge"


def test_a_manifest_in_a_folder_is_pointed_out() -> None:
    error = refused(zipped({"course/imsmanifest.xml": "<manifest/>"}))
    assert error.code == "not-a-cartridge"
    assert "course/imsmanifest.xml" in error.message


@pytest.mark.parametrize(
    "path", ["../evil.html", "/etc/passwd", "a/../../b", "C:/windows/x", "..\\evil", "a\\..\\..\\b"]
)
def test_an_entry_that_points_outside(path: str) -> None:
    assert refused(zipped({**one_page(), path: "x"})).code == "unsafe-path"


def test_a_symbolic_link() -> None:
    source = io.BytesIO()
    with zipfile.ZipFile(source, "w") as archive:
        for name, content in one_page().items():
            archive.writestr(name, content)
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    source.seek(0)
    assert refused(source).code == "unsafe-path"


def test_a_reference_that_points_outside_is_not_opened() -> None:
    items = item("m", "M", inside=item("a", "A", "p"))
    content = read_cartridge(cartridge(items, resource("p", "webcontent", "../../etc/passwd"), {}))
    assert any("points outside" in note.reason for note in content.notes)
    assert content.files == ()


def test_an_encrypted_zip_file() -> None:
    data = bytearray(zipped(one_page()).getvalue())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(signature, at + 4)
    assert refused(io.BytesIO(bytes(data))).code == "encrypted"


@pytest.mark.parametrize("compressed", [True, False])
def test_a_damaged_zip_file(compressed: bool) -> None:
    source = io.BytesIO()
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as archive:
        for name, content in one_page().items():
            archive.writestr(name, content)
    data = bytearray(source.getvalue())
    at = data.find(b"p.html") + 12
    data[at : at + 8] = b"\xff" * 8
    assert refused(io.BytesIO(bytes(data))).code == "broken-zip"


def test_a_truncated_zip_file() -> None:
    data = zipped(one_page()).getvalue()
    assert refused(io.BytesIO(data[: len(data) // 2])).code == "not-a-cartridge"


def test_a_zip_bomb_is_not_unpacked() -> None:
    assert refused(zipped({**one_page(), "big.bin": b"\0" * 900_000}), SMALL).code == "zip-bomb"


def test_too_much_in_all() -> None:
    parts = {f"{n}.bin": b"\0" * 90_000 for n in range(12)}
    assert refused(zipped({**one_page(), **parts}), SMALL).code == "too-large"


def test_too_many_files() -> None:
    assert refused(zipped({**one_page(), **{f"{n}.txt": "" for n in range(20)}}), SMALL).code == "too-many-files"


def test_a_size_that_is_a_lie_does_not_get_past_the_limits() -> None:
    """The entry says it unpacks to one byte; zipfile hands out no more than that, and its checksum is wrong."""
    source = zipped({**one_page(), "p.html": page("x" * 5000)})
    data = bytearray(source.getvalue())
    for signature, size_at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.rfind(signature)
        data[at + size_at : at + size_at + 4] = struct.pack("<I", 1)
    assert refused(io.BytesIO(bytes(data))).code == "broken-zip"


def test_an_overlong_page() -> None:
    tight = replace(SMALL, ratio_from=10_000_000)
    assert refused(zipped({**one_page(), "p.html": page("x" * 60_000)}), tight).code == "too-large"


DTD = '<?xml version="1.0"?><!DOCTYPE manifest [<!ENTITY a "b">]><manifest>&a;</manifest>'
BILLION = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY l "lol"><!ENTITY l1 "&l;&l;&l;&l;&l;&l;&l;&l;&l;&l;">
<!ENTITY l2 "&l1;&l1;&l1;&l1;&l1;&l1;&l1;&l1;&l1;&l1;">]><manifest a="&l2;">&l2;</manifest>"""
EXTERNAL = '<?xml version="1.0"?><!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]><manifest>&x;</manifest>'
REMOTE_DTD = '<?xml version="1.0"?><!DOCTYPE m SYSTEM "http://127.0.0.1:9/x.dtd"><manifest/>'
PARAMETER = '<?xml version="1.0"?><!DOCTYPE m [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p">%p;]><manifest/>'


@pytest.mark.parametrize("words", [DTD, BILLION, EXTERNAL, PARAMETER])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_document_types_and_entities(words: str, encoding: str) -> None:
    stated = words.replace('version="1.0"', f'version="1.0" encoding="{encoding}"')
    assert refused(zipped({"imsmanifest.xml": stated.encode(encoding)})).code == "unsafe-xml"


def test_a_document_type_that_only_names_itself_is_never_fetched() -> None:
    """It is read as if it were not there: nobody listens at the address, and this manifest lacks what a cartridge has."""
    assert refused(zipped({"imsmanifest.xml": REMOTE_DTD})).code == "not-a-cartridge"


def test_entities_in_a_resource_refuse_the_whole_cartridge() -> None:
    items = item("m", "M", inside=item("a", "A", "q"))
    resources = resource("q", "imsqti_xmlv1p2/imscc_xmlv1p1/assessment", "q.xml")
    bad = '<!DOCTYPE q [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + quiz()
    assert refused(cartridge(items, resources, {"q.xml": bad})).code == "unsafe-xml"


def test_elements_nested_without_end() -> None:
    deep = "<a>" * 5000 + "</a>" * 5000
    assert refused(zipped({"imsmanifest.xml": f"<manifest>{deep}</manifest>"})).code == "unsafe-xml"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<manifest",
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="klingon"?><manifest/>',
        "<manifest>é".encode("latin-1"),
    ],
)
def test_a_manifest_that_cannot_be_read(data: bytes) -> None:
    assert refused(zipped({"imsmanifest.xml": data})).code == "broken-manifest"


def test_a_manifest_of_something_else() -> None:
    assert refused(zipped({"imsmanifest.xml": "<html/>"})).code == "not-a-cartridge"


def test_an_entry_that_stands_twice_is_noted() -> None:
    source = io.BytesIO()
    with zipfile.ZipFile(source, "w") as archive:
        for name, content in one_page().items():
            archive.writestr(name, content)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("p.html", page("second"))
    source.seek(0)
    content = read_cartridge(source)
    assert [i.body for i in content.items()] == ["<p>second</p>"]
    assert [note.where for note in content.notes] == ["p.html"]


def test_items_that_refer_to_themselves_in_a_circle_end() -> None:
    """Variants that prefer each other are followed once."""
    items = item("m", "M", inside=item("a", "A", "p"))
    resources = resource("p", "webcontent", "p.html", extra='<variant identifier="v" identifierref="q"/>') + resource(
        "q", "webcontent", "q.html", extra='<variant identifier="w" identifierref="p"/>'
    )
    content = read_cartridge(cartridge(items, resources, {"p.html": page("p"), "q.html": page("q")}))
    assert [i.body for i in content.items()] == ["<p>q</p>"]
