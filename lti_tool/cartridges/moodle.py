"""Reads a course out of a Moodle backup (``.mbz``): a gzipped tar file, or a zip file, of many small XML files.

Only what describes the course and its activities is read; people, their work, grades and files stay unread in the file.

Sources: backups of Moodle 2 to 5 themselves, and Moodle's documentation of its backup format.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import BinaryIO
from xml.etree.ElementTree import Element

from lti_tool.cartridges.archive import Archive, Limits
from lti_tool.cartridges.content import (
    CartridgeError,
    CourseContent,
    Item,
    ItemKind,
    Module,
    Origin,
    Requirement,
)
from lti_tool.cartridges.markup import Unreadable, child, children, descendants, number, parse, text
from lti_tool.cartridges.notes import Note, Said, Why, said
from lti_tool.cartridges.resources import web_address
from lti_tool.cartridges.tar import Tar

MANIFEST = "moodle_backup.xml"
_ANCIENT = "moodle.xml"
_NOTHING = "$@NULL@$"

_KINDS = {
    "assign": ItemKind.ASSIGNMENT,
    "bigbluebuttonbn": ItemKind.TOOL,
    "book": ItemKind.PAGE,
    "chat": ItemKind.DISCUSSION,
    "choice": ItemKind.ASSIGNMENT,
    "data": ItemKind.ASSIGNMENT,
    "feedback": ItemKind.ASSIGNMENT,
    "folder": ItemKind.FILE,
    "forum": ItemKind.DISCUSSION,
    "glossary": ItemKind.ASSIGNMENT,
    "h5pactivity": ItemKind.ASSIGNMENT,
    "imscp": ItemKind.PAGE,
    "label": ItemKind.HEADING,
    "lesson": ItemKind.ASSIGNMENT,
    "lti": ItemKind.TOOL,
    "page": ItemKind.PAGE,
    "quiz": ItemKind.QUIZ,
    "resource": ItemKind.FILE,
    "scorm": ItemKind.ASSIGNMENT,
    "subsection": ItemKind.HEADING,
    "url": ItemKind.LINK,
    "wiki": ItemKind.PAGE,
    "workshop": ItemKind.ASSIGNMENT,
}
"""By the module's name, as the connector to Moodle's own API has them; others are links."""
_NOT_SHOWN = frozenset({"qbank"})
"""Activities that no course page shows: since Moodle 5.0 a bank of questions is one, at the end of the first section."""

_ADDRESS = {"url": "externalurl", "lti": "toolurl"}
"""Which setting holds where an activity leads."""

_DUE = ("duedate", "timeclose", "deadline", "submissionend", "timeavailableto", "timedue")
_HANDED_IN = ("completionsubmit", "completionattemptsexhausted", "completionminattempts", "completionendreached")
_TAKEN_PART = ("completionposts", "completiondiscussions", "completionreplies", "completionentries")


@dataclass(slots=True)
class _Activity:
    """What the backup's files say about one activity."""

    cmid: str
    modname: str
    section_id: str = ""
    title: str = ""
    indent: int = 0
    published: bool = True
    due_at: datetime | None = None
    points: float | None = None
    pass_points: float | None = None
    url: str | None = None
    news: bool = False
    described: bool = False
    tracking: str = ""
    views: bool = False
    graded: bool = False
    must_pass: bool = False
    own_rules: frozenset[str] = frozenset()

    def requirement(self) -> tuple[Requirement | None, float | None]:
        """What completes it; the last that has to be done counts where it is several."""
        if self.tracking == "1":
            return Requirement.MARK, None
        if self.tracking != "2":
            return None, None
        if self.must_pass:
            return Requirement.SCORE, self.pass_points
        if self.graded or self.own_rules.intersection(_HANDED_IN):
            return Requirement.SUBMIT, None
        if self.own_rules.intersection(_TAKEN_PART):
            return Requirement.CONTRIBUTE, None
        return (Requirement.VIEW if self.views else Requirement.OTHER), None


@dataclass(slots=True)
class _Section:
    """A section of the course; ``of_activity`` is the activity that it belongs to, where it lies inside of another."""

    section_id: str
    number: int = 0
    title: str = ""
    published: bool = True
    sequence: tuple[str, ...] = ()
    of_activity: str = ""


@dataclass(slots=True)
class _Backup:
    """One reading of one backup."""

    limits: Limits
    info: Element | None = None
    ancient: bool = False
    activities: dict[str, _Activity] = field(default_factory=dict)
    sections: dict[str, _Section] = field(default_factory=dict)
    beside: dict[str, list[str]] = field(default_factory=dict)
    """The activities that say that they are in a section, by its id."""
    notes: list[Note] = field(default_factory=list)
    read: int = 0
    marks: int = 0

    def take(self, path: str, size: int, read: Callable[[int], bytes]) -> None:
        """Look at one file of the backup."""
        parts = path.split("/")
        take = self._taker(parts)
        if take is None:
            self.ancient = self.ancient or path == _ANCIENT
            return
        if size > self.limits.xml and path != MANIFEST:
            self.remark(path, said(Why.LARGE, megabytes=self.limits.xml // (1024 * 1024)))
            return
        self.read += size
        if self.read > self.limits.read:
            raise CartridgeError("too-large", f"The backup has more than {self.limits.read // 2**20} MB to read.")
        data = read(self.limits.xml)
        self.marks += data.count(b"<")
        if self.marks > self.limits.marks:
            raise CartridgeError("too-large", "The backup has more elements to read than anybody means.")
        try:
            root = parse(data, path, self.limits.depth)
        except Unreadable as error:
            if path == MANIFEST:
                raise CartridgeError("broken-manifest", f"The backup's {MANIFEST} cannot be read: {error}.") from error
            self.remark(path, error.said)
            return
        take(root)

    def remark(self, where: str, what: Said) -> None:
        self.notes.append(Note(where, what))

    def _taker(self, parts: list[str]) -> Callable[[Element], None] | None:
        """What reads a file; None for one that is not read at all."""
        if parts == [MANIFEST]:
            return self._manifest
        if len(parts) != 3:
            return None
        room, folder, name = parts
        if room == "sections" and name == "section.xml":
            return lambda root: self._section(folder.removeprefix("section_"), root)
        modname, _, cmid = folder.rpartition("_")
        if room != "activities" or not modname or not _is_id(cmid):
            return None
        activity = self._activity(cmid, modname)
        takers: dict[str, Callable[[Element], None]] = {
            "module.xml": lambda root: _module(activity, root),
            "grades.xml": lambda root: _grades(activity, root),
            f"{modname}.xml": lambda root: _described(activity, root),
        }
        return takers.get(name)

    def _activity(self, cmid: str, modname: str) -> _Activity:
        return self.activities.setdefault(cmid, _Activity(cmid, modname))

    def _manifest(self, root: Element) -> None:
        self.info = child(root, "information")
        contents = child(self.info, "contents")
        for entry in children(child(contents, "activities"), "activity"):
            cmid, modname = _said(entry, "moduleid"), _said(entry, "modulename")
            if not _is_id(cmid) or not modname:
                self.remark(MANIFEST, said(Why.NO_ID, title=_said(entry, "title")[:100]))
                continue
            activity = self._activity(cmid, modname)
            activity.section_id = activity.section_id or _said(entry, "sectionid")
            activity.title = activity.title or _said(entry, "title")
        for entry in children(child(contents, "sections"), "section"):
            section = self._known_section(_said(entry, "sectionid"))
            section.title = section.title or _said(entry, "title")
            section.of_activity = _said(entry, "parentcmid")

    def _known_section(self, section_id: str) -> _Section:
        return self.sections.setdefault(section_id, _Section(section_id))

    def _section(self, section_id: str, root: Element) -> None:
        section = self._known_section(section_id)
        section.number = int(number(_said(root, "number")) or 0)
        section.title = _said(root, "name") or section.title
        section.published = _said(root, "visible") != "0"
        section.sequence = tuple(one for one in _said(root, "sequence").split(",") if one)

    # What was read, put together.

    def content(self) -> CourseContent:
        """The course. Raises CartridgeError where this was no backup."""
        if self.info is None:
            if self.ancient:
                raise CartridgeError(
                    "unknown-version", "This is a backup of Moodle 1; those of Moodle 2 and later can be read."
                )
            raise CartridgeError("not-a-cartridge", f"This is no Moodle backup: it has no {MANIFEST} at its top.")
        kinds = {_said(detail, "type") for detail in descendants(self.info, "detail")} - {""}
        site, course_id = _said(self.info, "original_wwwroot"), _said(self.info, "original_course_id")
        placed: set[str] = set()
        modules = tuple(self._modules(placed))
        unplaced = tuple(self._item(one, 0) for one in self.activities.values() if one.cmid not in placed)
        return CourseContent(
            title=_said(self.info, "original_course_fullname") or "Course",
            identifier=f"{site}#{course_id}",
            version=_said(self.info, "moodle_release") or _said(self.info, "moodle_version"),
            source="moodle",
            modules=modules,
            unplaced=unplaced,
            notes=tuple(dict.fromkeys(self.notes)),
            origin=Origin(site.rstrip("/"), course_id) if web_address(site) and _is_id(course_id) else None,
            partial=bool(kinds) and "course" not in kinds,
        )

    def _modules(self, placed: set[str]) -> Iterator[Module]:
        inner = {one.of_activity: one for one in self.sections.values() if one.of_activity in self.activities}
        for one in self.activities.values():
            self.beside.setdefault(one.section_id, []).append(one.cmid)
        for section in sorted(self.sections.values(), key=lambda one: one.number):
            if section.of_activity in self.activities and section.of_activity:
                continue
            items = tuple(self._flat(section, inner, placed, 0))
            title = section.title if not section.title.isdigit() else ""
            yield Module(
                section.section_id,
                title or (f"Section {section.number}" if section.number else "General"),
                items if section.published else tuple(replace(one, published=False) for one in items),
                section.published,
            )

    def _flat(self, section: _Section, inner: dict[str, _Section], placed: set[str], indent: int) -> Iterator[Item]:
        named = [one for one in section.sequence if one in self.activities]
        for cmid in dict.fromkeys((*named, *self.beside.get(section.section_id, ()))):
            activity = self.activities[cmid]
            if cmid in placed:
                continue
            placed.add(cmid)
            if activity.modname in _NOT_SHOWN:
                continue
            yield self._item(activity, indent)
            below = inner.get(cmid)
            if below is not None and indent < 5:
                for item in self._flat(below, inner, placed, indent + 1):
                    yield item if below.published else replace(item, published=False)

    def _item(self, activity: _Activity, indent: int) -> Item:
        where = f"activities/{activity.modname}_{activity.cmid}"
        if not activity.described:
            self.remark(where, said(Why.NOT_DESCRIBED, title=activity.title))
        kind = _KINDS.get(activity.modname)
        if kind is None:
            kind = ItemKind.LINK
            self.remark(where, said(Why.READ_AS_LINK, title=activity.title, kind=activity.modname))
        requirement, points = activity.requirement()
        return Item(
            identifier=activity.cmid,
            content_id=activity.cmid,
            kind=kind,
            title=activity.title or activity.modname,
            indent=min(indent + activity.indent, 5),
            published=activity.published,
            url=activity.url,
            points=activity.points,
            due_at=activity.due_at,
            requirement=requirement,
            requirement_points=points,
            announcement=activity.news,
            activity=activity.modname,
        )


def read_moodle_zip(archive: Archive) -> CourseContent:
    """The course of a backup that is a zip file, as Moodle made them until 2.6 and still can."""
    backup = _Backup(archive.limits)
    for path in archive.paths():
        backup.take(path, archive.size(path), lambda limit, path=path: archive.read(path, limit))  # type: ignore[misc]
    return backup.content()


def read_moodle_tar(source: BinaryIO, limits: Limits) -> CourseContent:
    """The course of a backup that is a gzipped tar file, read once from its beginning to its end."""
    tar = Tar(source, limits)
    backup = _Backup(limits)
    for member in tar.members():
        backup.take(member.path, member.size, lambda limit, member=member: tar.read(member, limit))  # type: ignore[misc]
    return backup.content()


def _module(activity: _Activity, root: Element) -> None:
    activity.section_id = _said(root, "sectionid") or activity.section_id
    activity.indent = min(max(int(number(_said(root, "indent")) or 0), 0), 5)
    activity.published = _said(root, "visible") != "0"
    activity.tracking = _said(root, "completion")
    activity.views = _said(root, "completionview") == "1"
    activity.graded = _said(root, "completiongradeitemnumber") != ""
    activity.must_pass = _said(root, "completionpassgrade") == "1"


def _grades(activity: _Activity, root: Element) -> None:
    """The activity's own grade item; further ones are of its outcomes and parts."""
    for entry in descendants(root, "grade_item"):
        of_points = _said(entry, "gradetype") == "1"
        if _said(entry, "itemtype") == "mod" and _said(entry, "itemnumber") in ("0", "") and of_points:
            most, least = number(_said(entry, "grademax")), number(_said(entry, "gradepass"))
            activity.points = most if most and most > 0 else None
            activity.pass_points = least if least and least > 0 else None
            return


def _described(activity: _Activity, root: Element) -> None:
    """The activity's own settings; the same file has what students did, which is not looked at."""
    settings = child(root, activity.modname)
    activity.described = settings is not None
    activity.title = _said(settings, "name") or activity.title
    activity.due_at = next(filter(None, (_moment(_said(settings, name)) for name in _DUE)), None)
    activity.url = web_address(_said(settings, _ADDRESS[activity.modname])) if activity.modname in _ADDRESS else None
    activity.news = activity.modname == "forum" and _said(settings, "type") == "news"
    activity.own_rules = frozenset(
        name for name in (*_HANDED_IN, *_TAKEN_PART) if _said(settings, name) not in ("", "0")
    )


def _said(element: Element | None, name: str) -> str:
    """A value as the backup writes it; empty for nothing."""
    value = text(element, name)
    return "" if value == _NOTHING else value


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= 18


def _moment(value: str) -> datetime | None:
    """A point in time from seconds since 1970; nought is none."""
    if not _is_id(value) or not 0 < int(value) < 32_000_000_000:
        return None
    return datetime.fromtimestamp(int(value), UTC)
