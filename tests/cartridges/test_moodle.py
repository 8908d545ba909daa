"""Moodle backups in both forms: sections, activities, points, dates, completion; people and their work stay unread."""

import io
import tarfile
from datetime import UTC, datetime

import pytest

from lti_tool.cartridges import CartridgeError, Limits, Origin, read_course
from lti_tool.cartridges.moodle import _KINDS
from tests.cartridges.build import zipped
from tests.cartridges.mbz import NULL, SITE, Activity, a_course, backup, both, tarred


@pytest.mark.parametrize("form", [0, 1], ids=["tar", "zip"])
def test_a_backup_is_read_in_both_forms(form: int) -> None:
    sections = {
        1: {"number": "1", "name": "Week 1", "sequence": "12,13,14,15,16,17"},
        2: {"number": "0", "sequence": "11"},
    }
    activities = a_course()
    activities[0].section = 2

    content = read_course(both(backup(activities, sections))[form])

    assert (content.title, content.source, content.partial) == ("Algebra", "moodle", False)
    assert content.origin == Origin(SITE, "5")
    assert content.version.startswith("4.5.2")
    assert [(module.title, [item.identifier for item in module.items]) for module in content.modules] == [
        ("General", ["11"]),
        ("Week 1", ["12", "13", "14", "15", "16", "17"]),
    ]
    assert content.unplaced == ()
    found = {item.identifier: item for item in content.items()}
    assert [item.kind.value for item in content.modules[1].items] == [
        "page", "quiz", "assignment", "link", "heading", "discussion",
    ]  # fmt: skip
    assert found["11"].announcement
    assert found["12"].title == "Read & think"
    assert (found["13"].points, found["13"].requirement, found["13"].requirement_points) == (20, "score", 12)
    assert found["13"].due_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert found["13"].indent == 1
    assert (found["14"].published, found["14"].requirement, found["14"].points) == (False, "submit", 10)
    assert found["15"].url == "https://example.org/a?b=1"
    assert (found["12"].requirement, found["16"].requirement, found["17"].requirement) == ("view", "mark", "contribute")
    assert "ada" not in repr(content)


def test_kinds_are_those_that_the_connector_gives() -> None:
    moodle_rows = pytest.importorskip("lti_tool.platforms.moodle_rows")
    assert {name: kind.value for name, kind in _KINDS.items()} == dict(moodle_rows._KINDS)


def test_a_bank_of_questions_is_no_part_of_the_course_page() -> None:
    """Since 5.0 it is an activity of the first section; seen in a backup of 5.1.3."""
    activities = [Activity(28, "qbank", "Shared bank"), Activity(6, "page", "Read")]
    content = read_course(tarred(backup(activities)))
    assert [item.identifier for item in content.items()] == ["6"]
    assert content.notes == ()


def test_receiving_a_grade_is_handing_in_and_a_passing_grade_is_a_score() -> None:
    """As the connector has it from ``completionusegrade`` and ``completionpassgrade``."""
    rule = {"completion": "2", "completiongradeitemnumber": "0"}
    activities = [
        Activity(10, "quiz", "Any grade", module=rule),
        Activity(11, "quiz", "A passing grade", module={**rule, "completionpassgrade": "1"}, grade={"gradepass": "5"}),
    ]
    content = read_course(tarred(backup(activities)))
    assert [(one.requirement, one.requirement_points) for one in content.items()] == [("submit", None), ("score", 5)]


def test_activities_inside_of_an_activity_stand_below_it() -> None:
    sections = {
        1: {"number": "1", "name": "Week 1", "sequence": "20,22"},
        9: {"number": "2", "name": "Inner", "sequence": "21", "visible": "0"},
    }
    activities = [
        Activity(20, "subsection", "Inner"),
        Activity(21, "page", "Deep", section=9),
        Activity(22, "page", "Last"),
    ]
    content = read_course(tarred(backup(activities, sections, parents={9: 20})))
    (module,) = content.modules
    assert [(item.title, item.indent, item.published) for item in module.items] == [
        ("Inner", 0, True),
        ("Deep", 1, False),
        ("Last", 0, True),
    ]


def test_what_a_hidden_section_holds_is_not_published() -> None:
    content = read_course(
        tarred(backup([Activity(1, "page", "P")], {1: {"number": "3", "name": NULL, "visible": "0"}}))
    )
    (module,) = content.modules
    assert (module.title, module.published, module.items[0].published) == ("Section 3", False, False)


def test_what_is_named_and_not_described_keeps_its_place_with_a_note() -> None:
    files = backup([Activity(1, "page", "P"), Activity(2, "hotpot", "Old")])
    del files["activities/page_1/page.xml"]
    content = read_course(tarred(files))
    assert [(item.title, item.kind.value) for item in content.items()] == [("P", "page"), ("Old", "link")]
    reasons = " | ".join(note.reason for note in content.notes)
    assert "does not describe" in reasons
    assert "hotpot" in reasons


def test_a_damaged_part_is_noted_and_the_rest_is_read() -> None:
    files: dict[str, str | bytes] = {**backup(a_course()), "activities/quiz_13/quiz.xml": "<activity><quiz>"}
    files["activities/quiz_13/grades.xml"] = b"\xff\xfe\x00"
    content = read_course(tarred(files))
    assert len(list(content.items())) == 7
    assert sum("was not understood" in note.reason for note in content.notes) == 2


def test_a_backup_of_one_activity_says_that_it_is_a_part() -> None:
    assert read_course(tarred(backup([Activity(1, "quiz", "Q")], kind="activity"))).partial


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT], ids=["gnu", "pax"])
def test_tar_files_of_other_programs_are_read(form: int) -> None:
    files = backup([Activity(1, "page", "P" * 30)])
    long = {f"files/{'x' * 120}/{'ü' * 80}": "data", **files}
    content = read_course(tarred(long, form=form, first="./"))
    assert [item.title for item in content.items()] == ["P" * 30]


def test_numbers_and_dates_that_are_none_are_left_out() -> None:
    odd = Activity(
        1, "quiz", "Q", module={"indent": "many"}, settings={"timeclose": "9" * 17}, grade={"grademax": "nan"}
    )
    (item,) = read_course(tarred(backup([odd]))).items()
    assert (item.indent, item.due_at, item.points) == (0, None, None)


# --- What is refused ----------------------------------------------------------------------------------------------------


def refused(source: io.BytesIO, limits: Limits | None = None) -> CartridgeError:
    with pytest.raises(CartridgeError) as caught:
        read_course(source, limits)
    assert caught.value.message.endswith(".")
    return caught.value


def odd_member(**changes: object) -> io.BytesIO:
    """A backup with one entry that no backup has."""
    import gzip

    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        entry = tarfile.TarInfo("odd")
        for name, value in changes.items():
            setattr(entry, name, value)
        archive.addfile(entry)
        for path, content in backup([Activity(1, "page", "P")]).items():
            info = tarfile.TarInfo(path)
            info.size = len(content.encode())
            archive.addfile(info, io.BytesIO(content.encode()))
    return io.BytesIO(gzip.compress(target.getvalue()))


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"S", b"Z"],
    ids=["symbolic", "hard", "character", "block", "pipe", "sparse", "unknown"],
)
def test_what_is_no_file_and_no_folder(kind: bytes) -> None:
    assert refused(odd_member(type=kind, linkname="/etc/passwd")).code == "unsafe-path"


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../../b", "C:/x", "..\\evil"])
def test_a_name_that_points_outside(name: str) -> None:
    assert refused(odd_member(name=name)).code == "unsafe-path"


def test_a_gzip_bomb_is_not_unpacked() -> None:
    bomb = tarred({"files/big": b"\0" * 5_000_000, **backup([Activity(1, "page", "P")])})
    assert refused(bomb, Limits(ratio=100)).code == "zip-bomb"
    bomb.seek(0)
    assert refused(bomb, Limits(ratio=10_000, total=1_000_000)).code == "too-large"


def test_a_name_without_end_takes_no_memory() -> None:
    import gzip

    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 50_000_000
    data = header.tobuf(tarfile.GNU_FORMAT) + b"x" * 200_000
    assert refused(io.BytesIO(gzip.compress(data))).code == "unsafe-path"


@pytest.mark.parametrize("cut", [30, 200, 1000])
def test_a_tar_file_that_breaks_off(cut: int) -> None:
    assert refused(io.BytesIO(tarred(backup(a_course())).getvalue()[:cut])).code == "broken-zip"


def test_a_header_that_was_changed() -> None:
    import gzip

    data = bytearray(gzip.decompress(tarred(backup(a_course())).getvalue()))
    data[3] ^= 0x01
    assert refused(io.BytesIO(gzip.compress(bytes(data)))).code == "broken-zip"


def test_too_many_files() -> None:
    assert refused(tarred({f"f/{n}": "" for n in range(30)}), Limits(entries=20)).code == "too-many-files"


def test_entities_refuse_the_whole_backup() -> None:
    files = backup(a_course())
    bad = '<!DOCTYPE module [<!ENTITY x SYSTEM "file:///etc/passwd">]><module>&x;</module>'
    assert refused(tarred({**files, "activities/page_12/module.xml": bad})).code == "unsafe-xml"


def test_more_to_read_than_anybody_means() -> None:
    assert refused(tarred(backup(a_course())), Limits(read=3_000)).code == "too-large"


@pytest.mark.parametrize("files", [{"a.txt": "x"}, {"course/moodle_backup.xml": "<a/>"}], ids=["other", "deeper"])
def test_a_tar_file_that_is_no_backup(files: dict[str, str]) -> None:
    assert refused(tarred(files)).code == "not-a-cartridge"


def test_a_backup_of_the_first_moodle_is_named() -> None:
    assert refused(zipped({"moodle.xml": "<MOODLE_BACKUP/>"})).code == "unknown-version"


def test_a_manifest_that_breaks_off() -> None:
    assert refused(tarred({"moodle_backup.xml": "<moodle_backup>"})).code == "broken-manifest"


def test_thousands_of_sections_and_activities_are_put_together_in_one_go() -> None:
    """Each section looked through all activities: a file of 300 kB took four minutes."""
    many = range(1, 3_001)
    activities = "".join(
        f"<activity><moduleid>{n}</moduleid><sectionid>{n}</sectionid><modulename>page</modulename></activity>"
        for n in many
    )
    sections = "".join(f"<section><sectionid>{n}</sectionid></section>" for n in many)
    contents = f"<activities>{activities}</activities><sections>{sections}</sections>"
    manifest = f"<moodle_backup><information><contents>{contents}</contents></information></moodle_backup>"
    found = read_course(tarred({"moodle_backup.xml": manifest}))
    assert [[one.identifier for one in module.items] for module in found.modules] == [[str(n)] for n in many]
    assert found.unplaced == ()
