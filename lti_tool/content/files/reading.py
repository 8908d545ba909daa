"""``read``: a file in, a ``FileReading`` out; and that reading as bytes, to be kept between its preview and the confirmation."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, BinaryIO
from urllib.parse import quote

from lti_tool.cartridges import CartridgeError, CourseContent, Item, ItemKind, Limits, Note, Other, read_course
from lti_tool.cartridges.notes import WORDS
from lti_tool.content.files.values import (
    MOST_ITEMS,
    MOST_NOTES,
    OTHER_FORMAT,
    QUESTIONS,
    SCORM,
    BrokenCourseFile,
    CourseFileTooLarge,
    EmptyCanvasExport,
    EmptyCourseFile,
    FileItem,
    FileNote,
    FileReading,
    Form,
    Left,
    UnknownCourseFile,
    UnsafeCourseFile,
)
from lti_tool.content.own import is_own_address
from lti_tool.content.rules import BadAddress, clean_address
from lti_tool.errors import ToolError
from lti_tool.platforms.native import NativeKind

MOST_BYTES = 200_000_000
LIMITS = Limits(total=2 * 1024 * 1024 * 1024)
"""What a file may unpack to. Only its XML and its pages are looked at, and nothing is written anywhere."""

_WRITERS = {Other.BLACKBOARD: "Blackboard", Other.BRIGHTSPACE: "Brightspace"}
_TOO_MUCH = frozenset({"too-large", "too-many-files"})
_HARMFUL = frozenset({"unsafe-xml", "zip-bomb", "unsafe-path", "encrypted"})
_BROKEN = frozenset({"broken-zip", "broken-manifest"})
_NAME = 160
"""Characters of an item's name that are kept as they are; a longer one goes by its digest."""

_KINDS: dict[ItemKind, NativeKind] = {
    ItemKind.PAGE: "page",
    ItemKind.QUIZ: "quiz",
    ItemKind.ASSIGNMENT: "assignment",
    ItemKind.DISCUSSION: "discussion",
    ItemKind.FILE: "file",
    ItemKind.LINK: "link",
    ItemKind.TOOL: "tool",
    ItemKind.HEADING: "heading",
}


def read(source: BinaryIO, tool_url: str = "") -> FileReading:
    """The course in a file, whatever the file is called. Links to the tool at ``tool_url``, which is this one, are no items.

    Raises UnknownCourseFile, EmptyCourseFile, BrokenCourseFile, UnsafeCourseFile and CourseFileTooLarge, and nothing else
    whatever the bytes are.
    """
    try:
        content = read_course(source, LIMITS)
    except CartridgeError as error:
        raise _refusal(error) from error
    return made_of(content, tool_url)


def _refusal(error: CartridgeError) -> ToolError:
    if error.code in _TOO_MUCH:
        return CourseFileTooLarge(error.code)
    if error.code in _HARMFUL:
        return UnsafeCourseFile(error.code)
    if error.other is not None:
        name = _WRITERS.get(error.other)
        advice = OTHER_FORMAT if name else {Other.QUESTIONS: QUESTIONS, Other.SCORM: SCORM}[error.other]
        return UnknownCourseFile(error.other, advice=advice, fields={"name": name} if name else None)
    return BrokenCourseFile(error.code) if error.code in _BROKEN else UnknownCourseFile(error.code)


def made_of(content: CourseContent, tool_url: str = "") -> FileReading:
    """A course as the reader of cartridges gives it, in the words of content.

    Raises EmptyCourseFile for one with nothing in it, and UnknownCourseFile for one of whose items none can be an item here.
    """
    making = _Making(content, tool_url)
    items = tuple(making.items())
    if not items and content.holds_questions and content.source != Form.CANVAS:
        raise UnknownCourseFile("questions alone", advice=QUESTIONS)
    if not items and not making.left:
        raise EmptyCanvasExport("no items") if content.source == Form.CANVAS else EmptyCourseFile("no items")
    if not items:
        raise UnknownCourseFile("no items")
    origin = content.origin
    return FileReading(
        form=Form(content.source),
        title=_line(content.title)[:200],
        version=_line(content.version)[:60],
        key=_key(content),
        items=items,
        site=origin.site if origin else "",
        course_id=origin.course_id if origin else "",
        partial=content.partial,
        left=dict(making.left),
        notes=tuple(_note(note) for note in content.notes[:MOST_NOTES]),
        more_notes=max(len(content.notes) - MOST_NOTES, 0),
    )


def _note(note: Note) -> FileNote:
    values = {name: _line(value)[:300] for name, value in note.said.values}
    return FileNote(_line(note.where)[:200], note.said.why.value, values)


def _key(content: CourseContent) -> str:
    """What tells files of one course from those of another: the manifest's own identifier, shortened."""
    return hashlib.sha256(content.identifier.encode("utf-8", "replace")).hexdigest()[:12]


@dataclass(slots=True)
class _Making:
    """Items of one file, each under a name of its own."""

    content: CourseContent
    tool_url: str = ""
    left: Counter[Left] = field(default_factory=Counter)
    names: set[str] = field(default_factory=set)

    def items(self) -> Iterator[FileItem]:
        placed = [(item, _line(module.title)[:500]) for module in self.content.modules for item in module.items]
        loose = [(item, "") for item in self.content.unplaced]
        if len(placed) + len(loose) > MOST_ITEMS:
            raise CourseFileTooLarge("too many items")
        for item, section in placed:
            yield from self._item(item, section, placed=True)
        for item, section in loose:
            yield from self._item(item, section, placed=False)

    def _item(self, item: Item, section: str, *, placed: bool) -> Iterator[FileItem]:
        kind = _KINDS.get(item.kind)
        if kind is None:
            self.left[Left.NOT_UNDERSTOOD] += 1
        elif item.announcement and not placed:
            self.left[Left.ANNOUNCEMENT] += 1
        elif kind == "file" and not placed:
            self.left[Left.LOOSE_FILE] += 1
        elif kind == "tool" and self._is_this_tool(item):
            self.left[Left.THIS_TOOL] += 1
        else:
            yield FileItem(
                name=self._name(item),
                kind=kind,
                title=_line(item.title)[:500] or "Untitled",
                # A tool's address opens only with a launch of the platform's.
                url=_address(item.url) if kind == "link" else None,
                home_url=_address(self._home_url(item)) if kind != "heading" else None,
                section=section,
                indent=min(max(item.indent, 0), 5),
                points=item.points,
                due_at=item.due_at,
                published=item.published,
                requirement=item.requirement.value if item.requirement is not None else None,
                requirement_points=item.requirement_points,
            )

    def _is_this_tool(self, item: Item) -> bool:
        addresses = (item.url, item.tool.url if item.tool is not None else None)
        return any(is_own_address(one, self.tool_url) for one in addresses)

    def _home_url(self, item: Item) -> str | None:
        """Where an item opens in the course that the file was made of, as far as the file tells."""
        origin = self.content.origin
        if origin is None:
            return None
        if item.activity:
            return f"{origin.site}/mod/{quote(item.activity)}/view.php?id={item.identifier}"
        path = item.path or ""
        if item.kind is ItemKind.PAGE and path.startswith("wiki_content/") and path.endswith(".html"):
            slug = path.removeprefix("wiki_content/").removesuffix(".html")
            return f"{origin.site}/courses/{quote(origin.course_id)}/pages/{quote(slug)}"
        return None

    def _name(self, item: Item) -> str:
        """What the content is known by in the file, so that it stays itself when it is moved; further places by theirs, too."""
        name = _short(item.content_id or item.identifier)
        if not name:
            name = _digest(f"{item.kind}\n{item.title}")
        if name in self.names and item.identifier and item.identifier != item.content_id:
            name = _short(f"{name}@{item.identifier}")
        number, single = 2, name
        while name in self.names:
            name = f"{single}#{number}"
            number += 1
        self.names.add(name)
        return name


def _short(name: str) -> str:
    plain = "".join(name.replace("\x00", "").split())
    return plain if len(plain) <= _NAME else _digest(plain)


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode("utf-8", "replace")).hexdigest()[:32]


def _line(words: str) -> str:
    """Words on one line, as any database takes them."""
    plain = words.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    return " ".join(plain.split())


def _address(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        return clean_address(url)
    except BadAddress:
        return None


# --- As bytes ---------------------------------------------------------------------------------------------------------


def kept(reading: FileReading) -> bytes:
    """A reading to be kept: what becomes of the file, and nothing else that was in it."""
    return json.dumps(asdict(reading), default=lambda value: value.isoformat(), ensure_ascii=False).encode()


def taken_up(data: bytes) -> FileReading:
    """A reading that was ``kept``."""
    found: dict[str, Any] = json.loads(data)
    found["form"] = Form(found["form"])
    found["left"] = {Left(why): count for why, count in found["left"].items()}
    # A file that a process of before chose has notes as text, which nobody could read in their language.
    found["notes"] = tuple(FileNote(**one) for one in found["notes"] if isinstance(one, dict) and one["why"] in WORDS)
    found["items"] = tuple(FileItem(**{**one, "due_at": _moment(one["due_at"])}) for one in found["items"])
    return FileReading(**found)


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)
