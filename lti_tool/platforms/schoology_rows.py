"""Rows of Schoology's REST API, read with distrust: what is absent, of another type or too long is left out. Pure.

Numbers come as numbers or as text, lists of one sometimes without their list, and empty lists sometimes as empty text, since
the same answers are made for XML. Shapes are from https://developers.schoology.com/api-documentation/rest-api-v1.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from lti_tool.lti.foreign_json import UNREADABLE
from lti_tool.platforms.native import NativeItem, NativeKind, NativeLimit, NativeOutcome
from lti_tool.platforms.schoology_oauth import SITE, is_id

Row = Mapping[str, Any]

# What a folder calls a thing, and what it is called here. Teachers know three kinds of test, all of which are one to students.
_TYPES: Mapping[str, str] = {
    "assessment_v2": "assessment",
    "managed_assessment": "assessment",
    "common_assessment": "assessment",
    "test": "assessment",
    "scorm": "package",
    "web": "web-package",
    "web_package": "web-package",
    "album": "media-album",
}

_KINDS: Mapping[str, NativeKind] = {
    "assignment": "assignment",
    "assessment": "quiz",
    "discussion": "discussion",
    "document": "file",
    "page": "page",
    "media-album": "page",
    "package": "tool",
    "web-package": "page",
    "external_tool": "tool",
    "folder": "heading",
}


# --- Values --------------------------------------------------------------------------------------------------------------


def row_id(value: object) -> str | None:
    """An id as text, whether it came as a number or as a string; None for anything else, and for 0, which is nobody's."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    written = str(value).strip()
    return written if is_id(written) and written.strip("0") else None


def text(value: object, longest: int = 500) -> str:
    """Text that fits its column; empty for anything else."""
    return value.replace(UNREADABLE, "").strip()[:longest] if isinstance(value, str) else ""


def number(value: object) -> Decimal | None:
    """A finite number, whether it came as a number or as a string."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    # What a column of floats can hold.
    return found if found.is_finite() and abs(found) < Decimal("1e15") else None


def flag(value: object, absent: bool) -> bool:
    """A yes or no that comes as 1, ``"1"`` or true; ``absent`` for anything that is neither."""
    if value in (1, "1", True, "true", "TRUE"):
        return True
    return False if value in (0, "0", False, "false", "FALSE") else absent


def moment(value: object) -> datetime | None:
    """A Unix timestamp, as a number or as a string; None for 0 and for what no calendar has."""
    found = number(value)
    if found is None or found <= 0:
        return None
    try:
        return datetime.fromtimestamp(int(found), UTC)
    except (OverflowError, OSError, ValueError):
        return None


def local(value: object, zone: tzinfo) -> datetime | None:
    """``2014-09-25 11:30:00``, which says no time zone."""
    if not isinstance(value, str):
        return None
    try:
        return datetime.strptime(value.strip(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def zone_of(user: object) -> tzinfo:
    """The time zone of a user's row (``tz_name``); UTC where there is none that is known."""
    name = user.get("tz_name") if isinstance(user, dict) else None
    try:
        return ZoneInfo(name) if isinstance(name, str) and name else UTC
    except (KeyError, ValueError, OSError):
        # No such zone; no name of one; a folder's name.
        return UTC


def rows_at(body: object, *path: str) -> list[Row]:
    """The rows that stand in an answer at a path of names: a list, one row without its list, or none."""
    value = body
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, dict):
        return [value]
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


# --- Where things are ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Places:
    """Addresses of a section's pages, on the district's own host."""

    site: str
    section: str

    @classmethod
    def of(cls, site_url: str | None, section: str) -> "Places":
        """``site_url`` is the district's host; without it the host that every district has."""
        return cls((site_url or SITE).rstrip("/"), section)

    @property
    def home(self) -> str:
        """The section's materials."""
        return f"{self.site}/course/{self.section}/materials"

    def folder(self, folder_id: str | None) -> str:
        """A folder's page; the materials for the uppermost one."""
        return f"{self.home}?f={folder_id}" if folder_id is not None else self.home

    def item(self, given: str, item_id: str, folder_id: str | None) -> str:
        """An item's page. What has no known page of its own is shown in its folder."""
        known = {
            "assignment": f"{self.site}/assignment/{item_id}",
            "assessment": f"{self.site}/assignment/{item_id}",
            "assessment_v2": f"{self.site}/course/{self.section}/assessments/{item_id}",
            "managed_assessment": f"{self.site}/course/{self.section}/common-assessment/{item_id}",
            "discussion": f"{self.home}/discussion/view/{item_id}",
            "page": f"{self.site}/page/{item_id}",
            "media-album": f"{self.site}/album/{item_id}",
            "package": f"{self.home}/package/{item_id}/launch",
            "web-package": f"{self.site}/web/{item_id}/view",
            "file": f"{self.home}/gp/{item_id}",
            "link": f"{self.home}/link/view/{item_id}",
        }
        return known.get(given) or self.folder(folder_id)


# --- Graded things ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Paper:
    """Something with a column in the gradebook: an assignment, a test, a graded discussion.

    ``id`` is what grades call it, ``content_id`` what folders do. ``held_back``: grades are shown when the teacher says so, not
    when they are entered. ``final``: a midterm's or final's column, which says nothing about one piece of work. ``dropbox``:
    students hand in there. ``assigned``: to single students or groups, and nobody else sees it.
    """

    id: str
    content_id: str
    type: str
    title: str
    points: float | None
    due_at: datetime | None
    published: bool
    held_back: bool
    final: bool
    dropbox: bool = False
    assigned: bool = False

    @property
    def limits(self) -> tuple[NativeLimit, ...]:
        """What keeps some students out."""
        return ("assigned",) if self.assigned else ()


def paper_of(row: Row, zone: tzinfo) -> Paper | None:
    """A row of ``assignments``; None without an id."""
    found = row_id(row.get("id"))
    if found is None:
        return None
    return _paper(row, zone, found, row_id(row.get("grade_item_id")) or found, type_of(row.get("type"), "assignment"))


def discussion_paper(row: Row, zone: tzinfo) -> Paper | None:
    """A row of ``discussions``, where it is graded: its grades are asked by its ``grade_item_id``, not by its own id."""
    own, found = row_id(row.get("id")), row_id(row.get("grade_item_id"))
    if own is None or found is None or not flag(row.get("graded"), absent=False):
        return None
    return _paper(row, zone, found, own, "discussion")


def _paper(row: Row, zone: tzinfo, found: str, content_id: str, kind: str) -> Paper:
    points = number(row.get("max_points"))
    return Paper(
        id=found,
        content_id=content_id,
        type=kind,
        title=text(row.get("title")),
        points=float(points) if points is not None else None,
        due_at=local(row.get("due"), zone),
        published=flag(row.get("published"), absent=True),
        held_back=not flag(row.get("auto_publish_grades"), absent=True),
        final=flag(row.get("is_final"), absent=False),
        dropbox=flag(row.get("allow_dropbox"), absent=False),
        assigned=bool(number(row.get("num_assignees")) or row.get("assignees")),
    )


# --- Items -----------------------------------------------------------------------------------------------------------------


def type_of(value: object, absent: str = "item") -> str:
    """What a thing is, in one word of small letters; ``absent`` where the row does not say."""
    word = value.strip().lower()[:40] if isinstance(value, str) else ""
    word = "".join(letter for letter in word if letter.isascii() and (letter.isalnum() or letter in "-_"))
    return _TYPES.get(word, word) or absent


def external_id(kind: str, item_id: str) -> str:
    """What the tool calls an item."""
    return f"schoology:{kind}:{item_id}"


def under_rule(row: Row) -> bool:
    """Whether a completion rule of its folder is about this item: it then has a status, done or not."""
    return bool(text(row.get("completion_status"))) or flag(row.get("has_rules"), absent=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an item stands: its uppermost folder's title, the folder it is in, how deep, and whether students see that."""

    section: str = ""
    folder_id: str | None = None
    indent: int = 0
    published: bool = True


def attachment_kind(row: Row) -> NativeKind | None:
    """What a document is: a file, a link, or a tool; None where its row does not say."""
    attachments = row.get("attachments")
    if not isinstance(attachments, dict):
        return None
    if any(rows_at(attachments, *path) for path in (("external_tools", "external_tool"), ("external_tool",))):
        return "tool"
    if rows_at(attachments, "files", "file"):
        return "file"
    others = (("links", "link"), ("videos", "video"), ("embeds", "embed"))
    return "link" if any(rows_at(attachments, *path) for path in others) else None


def tool_address(row: Row) -> str | None:
    """Which address of a tool a document opens; None for what is no tool."""
    attachments = row.get("attachments")
    for path in (("external_tools", "external_tool"), ("external_tool",)):
        for one in rows_at(attachments, *path):
            found = text(one.get("url"), 2000)
            if found:
                return found
    return None


def item_of(
    row: Row, standing: Standing, places: Places, papers: Mapping[str, Paper], rows: Mapping[tuple[str, str], Row]
) -> NativeItem | None:
    """A row of a folder, joined with its column in the gradebook and with its own row where one was read. None without an id.

    ``papers`` are by content id, ``rows`` by type and id.
    """
    item_id = row_id(row.get("id"))
    if item_id is None:
        return None
    given = type_of(row.get("type"))
    if given == "folder":
        return heading_of(row, item_id, standing, places)
    paper, own = papers.get(item_id), rows.get((given, item_id), {})
    kind: NativeKind = _KINDS.get(given, "link")
    # Each kind of test has pages of its own.
    where = next((name for name in ("assessment_v2", "managed_assessment") if row.get("type") == name), given)
    if given == "document":
        kind = attachment_kind(own) or kind
        where = kind if kind != "tool" and own else "document"
    elif given == "item" and paper is not None:
        kind, where = _KINDS.get(paper.type, "assignment"), paper.type
    return NativeItem(
        external_id=external_id(given, item_id),
        kind=kind,
        title=text(row.get("title"))
        or text(own.get("title"))
        or (paper.title if paper else "")
        or f"{given} {item_id}",
        url=places.item(where, item_id, standing.folder_id),
        section=standing.section,
        indent=standing.indent,
        result_key=paper.id if paper else None,
        points_possible=paper.points if paper else None,
        due_at=paper.due_at if paper else None,
        published=standing.published
        and (paper.published if paper else True)
        and flag(own.get("published"), absent=True),
        requirement="other" if under_rule(row) else None,
        limits=paper.limits if paper else (),
        tool_url=tool_address(own),
    )


def heading_of(row: Row, folder_id: str, standing: Standing, places: Places) -> NativeItem:
    """A folder in a folder, which is shown among what it stands beside."""
    return NativeItem(
        external_id=external_id("folder", folder_id),
        kind="heading",
        title=text(row.get("title")) or f"folder {folder_id}",
        url=places.folder(folder_id),
        section=standing.section,
        indent=standing.indent,
        published=standing.published and folder_published(row),
    )


def folder_published(row: Row) -> bool:
    """Whether students see a folder: its ``status`` is 1; the uppermost one's is 0 and means nothing."""
    return flag(row.get("status"), absent=True) or row_id(row.get("id")) is None


def loose_item(paper: Paper, places: Places) -> NativeItem:
    """A column of the gradebook that stands in no folder."""
    return NativeItem(
        external_id=external_id(paper.type, paper.content_id),
        kind=_KINDS.get(paper.type, "assignment"),
        title=paper.title or f"{paper.type} {paper.content_id}",
        url=places.item(paper.type, paper.content_id, None),
        result_key=paper.id,
        points_possible=paper.points,
        due_at=paper.due_at,
        published=paper.published,
        limits=paper.limits,
        bare=paper.type == "assignment" and not paper.dropbox,
    )


# --- Standards and outcomes ------------------------------------------------------------------------------------------------


def tags_of(row: Row) -> Iterator[NativeOutcome]:
    """The standards and learning objectives that content is tagged with (``with_tags=1``)."""
    for tag in rows_at(row, "tags", "tag") or rows_at(row, "tags") or rows_at(row, "tag"):
        found, title = row_id(tag.get("id")), text(tag.get("title"))
        if found is None or not title:
            continue
        # A state's standard is titled by its code, a school's own objective by a sentence.
        code = title if " " not in title else ""
        yield NativeOutcome(
            outcome_id=found,
            title=title,
            code=code[:100],
            description=text(tag.get("description"), 2000),
            identifiers=(found, code) if code else (found,),
        )
