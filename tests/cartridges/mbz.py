"""Builds small Moodle backups for tests, as Moodle 4.5 writes them."""

import gzip
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.cartridges.build import zipped

SITE = "https://moodle.school.example"
NULL = "$@NULL@$"


@dataclass
class Activity:
    """One activity of a backup."""

    cmid: int
    modname: str
    title: str
    section: int = 1
    module: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    grade: dict[str, str] | None = None

    @property
    def folder(self) -> str:
        return f"activities/{self.modname}_{self.cmid}"

    def files(self) -> dict[str, str]:
        module = {
            "modulename": self.modname,
            "sectionid": str(self.section),
            "indent": "0",
            "visible": "1",
            "completion": "0",
            "completiongradeitemnumber": NULL,
            "completionpassgrade": "0",
            "completionview": "0",
            **self.module,
        }
        settings = {"name": self.title, "intro": "&lt;p&gt;Words&lt;/p&gt;", **self.settings}
        item = {"itemtype": "mod", "itemnumber": "0", "gradetype": "1", "gradepass": "0.00000", **(self.grade or {})}
        grades = f'<grade_item id="9">{tags(item)}</grade_item>' if self.grade is not None else ""
        return {
            f"{self.folder}/module.xml": xml(f'<module id="{self.cmid}" version="2024100700">{tags(module)}</module>'),
            f"{self.folder}/{self.modname}.xml": xml(
                f'<activity id="7" moduleid="{self.cmid}" modulename="{self.modname}" contextid="3">'
                f'<{self.modname} id="7">{tags(settings)}</{self.modname}></activity>'
            ),
            f"{self.folder}/grades.xml": xml(
                f"<activity_gradebook><grade_items>{grades}</grade_items></activity_gradebook>"
            ),
            f"{self.folder}/inforef.xml": xml("<inforef></inforef>"),
        }


def tags(values: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{value}</{name}>" for name, value in values.items())


def xml(words: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{words}'


def backup(
    activities: list[Activity],
    sections: Mapping[int, dict[str, str]] | None = None,
    *,
    course_id: int = 5,
    site: str = SITE,
    kind: str = "course",
    parents: Mapping[int, int] | None = None,
) -> dict[str, str]:
    """The files of a backup. ``parents`` are sections that lie inside of an activity, by that one's id."""
    known = dict(sections or {1: {"number": "1", "name": "Week 1"}})
    named = "".join(
        f"<activity><moduleid>{one.cmid}</moduleid><sectionid>{one.section}</sectionid><modulename>{one.modname}</modulename>"
        f"<title>{one.title}</title><directory>{one.folder}</directory><insubsection></insubsection></activity>"
        for one in activities
    )
    places = "".join(
        f"<section><sectionid>{number}</sectionid><title>{one.get('number')}</title><directory>sections/section_{number}"
        f"</directory><parentcmid>{(parents or {}).get(number, '')}</parentcmid><modname></modname></section>"
        for number, one in known.items()
    )
    files = {
        "moodle_backup.xml": xml(
            "<moodle_backup><information><name>b.mbz</name><moodle_release>4.5.2 (Build: 20250210)</moodle_release>"
            f"<original_wwwroot>{site}</original_wwwroot><original_course_id>{course_id}</original_course_id>"
            "<original_course_fullname>Algebra</original_course_fullname>"
            f'<details><detail backup_id="1"><type>{kind}</type><format>moodle2</format></detail></details>'
            f"<contents><activities>{named}</activities><sections>{places}</sections>"
            "<course><courseid>5</courseid><title>A</title></course></contents>"
            "<settings></settings></information></moodle_backup>"
        ),
        "users.xml": xml("<users><user id='4'><username>ada</username></user></users>"),
    }
    for number, one in known.items():
        values = {"number": "0", "name": NULL, "visible": "1", "sequence": "", **one}
        files[f"sections/section_{number}/section.xml"] = xml(f'<section id="{number}">{tags(values)}</section>')
    for activity in activities:
        files |= activity.files()
    return files


def tarred(files: Mapping[str, str | bytes], *, form: int = tarfile.USTAR_FORMAT, first: str = "") -> io.BytesIO:
    """A gzipped tar file of these, in their order."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as archive:
        for path, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(first + path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return io.BytesIO(gzip.compress(target.getvalue(), mtime=0))


def both(files: Mapping[str, str | bytes]) -> tuple[io.BytesIO, io.BytesIO]:
    """The backup in both forms that Moodle writes."""
    return tarred(files), zipped(files)


def a_course() -> list[Activity]:
    """One activity of each kind that matters."""
    return [
        Activity(11, "forum", "News", settings={"type": "news"}),
        Activity(12, "page", "Read &amp; think", module={"completion": "2", "completionview": "1"}),
        Activity(
            13,
            "quiz",
            "Fractions",
            module={"completion": "2", "completiongradeitemnumber": "0", "completionpassgrade": "1", "indent": "1"},
            settings={"timeclose": "1767225600"},
            grade={"grademax": "20.00000", "gradepass": "12.00000"},
        ),
        Activity(
            14,
            "assign",
            "Essay",
            module={"completion": "2", "visible": "0"},
            settings={"duedate": "1767225600", "completionsubmit": "1"},
            grade={"grademax": "10.00000"},
        ),
        Activity(15, "url", "Elsewhere", settings={"externalurl": "https://example.org/a?b=1"}),
        Activity(16, "label", "A heading", module={"completion": "1"}),
        Activity(17, "forum", "Talk", module={"completion": "2"}, settings={"type": "general", "completionposts": "2"}),
    ]
