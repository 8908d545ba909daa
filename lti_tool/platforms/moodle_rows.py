"""What ``core_course_get_contents`` tells of a course, read with distrust. Pure.

Sections with their modules in order; since 4.5 a section can stand within another, by way of a module of the kind
``subsection`` (course/externallib.php). Availability and completion are those of the account that asks and say nothing of
anybody else; what a module requires is told with them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lti_tool.lti.foreign_json import read_json
from lti_tool.platforms.moodle_access import access_of
from lti_tool.platforms.moodle_fields import moment_of, number_id, text
from lti_tool.platforms.native import LIMITS, NativeItem, NativeKind, NativeLimit, NativeRequirement

Row = Mapping[str, Any]

_KINDS: Mapping[str, NativeKind] = {
    "quiz": "quiz",
    "assign": "assignment",
    "workshop": "assignment",
    "lesson": "assignment",
    "scorm": "assignment",
    "h5pactivity": "assignment",
    "data": "assignment",
    "glossary": "assignment",
    "feedback": "assignment",
    "choice": "assignment",
    "forum": "discussion",
    "chat": "discussion",
    "page": "page",
    "book": "page",
    "wiki": "page",
    "imscp": "page",
    "resource": "file",
    "folder": "file",
    "url": "link",
    "lti": "tool",
    "bigbluebuttonbn": "tool",
    "label": "heading",
    "subsection": "heading",
}
"""By the module's name. What is not here, a module that the school has added, is a link."""

_NOT_SHOWN = frozenset({"qbank"})
"""Modules that no course page shows. 5.1.3 leaves banks of questions out by itself, whatever the account may see."""

GRADED = frozenset({"quiz", "assign", "workshop", "lesson", "scorm", "h5pactivity", "lti"})
"""Modules that have a grade by nature, for where the gradebook cannot be asked."""

_DUE = ("duedate", "timeclose", "deadline", "submissionend", "timeavailableto")
"""Names of the date by which something is due, the most telling first (``dataid``, since 4.0)."""

# Names of completion rules: lib/completionlib.php and the modules' custom_completion.php. A student meets the strictest
# last, so that is what is told.
_REQUIREMENTS: tuple[tuple[NativeRequirement, frozenset[str]], ...] = (
    ("score", frozenset({"completionpassgrade", "completionscorerequired"})),
    ("contribute", frozenset({"completionposts", "completiondiscussions", "completionreplies", "completionentries"})),
    (
        "submit",
        frozenset(
            {"completionsubmit", "completionminattempts", "completionpassorattemptsexhausted", "completionusegrade"}
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Worth:
    """What a module's grade is worth: ``points`` from its lowest to its highest."""

    points: float


def course_items(sections: Iterable[Row], base_url: str, worth: Mapping[str, Worth] | None) -> tuple[NativeItem, ...]:
    """The course's items in order. ``worth`` holds the modules with a grade in points; None if nobody could be asked."""
    rows = [section for section in sections if isinstance(section, dict)]
    within = {
        instance: section
        for section in rows
        if section.get("component") == "mod_subsection" and (instance := number_id(section.get("itemid"))) is not None
    }
    found: dict[str, NativeItem] = {}
    # Sections that nobody has named are all called the same: "New section", since 4.4.
    called: Counter[str] = Counter()
    for section in rows:
        if section.get("component") != "mod_subsection":
            title = text(section.get("name"))
            called[title] += 1
            for item in _of_section(section, _numbered(title, called[title]), 0, within, base_url, worth):
                found.setdefault(item.external_id, item)
    return tuple(found.values())


def _numbered(title: str, place: int) -> str:
    """A section's title, told apart from those before it that are called the same."""
    return f"{title[:490]} ({place})" if title and place > 1 else title


def _of_section(
    section: Row,
    title: str,
    deeper: int,
    within: Mapping[str, Row],
    base_url: str,
    worth: Mapping[str, Worth] | None,
) -> Iterator[NativeItem]:
    shown = section.get("visible") not in (0, False)
    # Of what restricts a section Moodle tells a sentence alone, and none of groups to an account that may see all of them.
    limited = access_of(None, section.get("availabilityinfo")).limits
    modules = section.get("modules")
    for module in modules if isinstance(modules, list) else ():
        item = _item(module, title, deeper, base_url, worth, limited, shown=shown) if isinstance(module, dict) else None
        if item is None:
            continue
        yield item
        # Moodle lets no section stand within one that does itself.
        inner = within.get(number_id(module.get("instance")) or "") if module.get("modname") == "subsection" else None
        if inner is not None and deeper == 0:
            yield from _of_section(inner, title, item.indent + 1, within, base_url, worth)


def _item(
    module: Row,
    section: str,
    deeper: int,
    base_url: str,
    worth: Mapping[str, Worth] | None,
    limited: tuple[NativeLimit, ...],
    *,
    shown: bool,
) -> NativeItem | None:
    """A module; None without a number, and for one that is being deleted."""
    cmid, kind_there = number_id(module.get("id")), module.get("modname")
    if cmid is None or not isinstance(kind_there, str) or module.get("deletioninprogress") in (1, True):
        return None
    if kind_there in _NOT_SHOWN:
        return None
    kind = _KINDS.get(kind_there, "link")
    heading = kind == "heading"
    points = worth.get(cmid) if worth is not None else None
    graded = kind_there in GRADED if worth is None else points is not None
    indent = module.get("indent")
    access = access_of(module.get("availability"), module.get("availabilityinfo"))
    return NativeItem(
        external_id=item_id(cmid),
        kind=kind,
        title=text(module.get("name")) or text(module.get("modplural")) or kind_there[:500],
        url=None if heading else _own_address(module.get("url"), base_url, kind_there, cmid),
        section=section,
        indent=deeper + (max(0, min(indent, 5)) if isinstance(indent, int) else 0),
        result_key=cmid if graded and not heading else None,
        points_possible=points.points if points is not None and not heading else None,
        due_at=_due(module),
        # uservisible is the account's own view; what keeps students out is told beside it.
        published=shown and module.get("visible") not in (0, False),
        requirement=None if heading else _requirement(module),
        opens_at=access.opens_at,
        closes_at=access.closes_at,
        limits=tuple(limit for limit in LIMITS if limit in (*access.limits, *limited)),
        # A launch names the activity by its instance; its icon is the tool's own, at the tool's address.
        link_id=number_id(module.get("instance")) if kind_there == "lti" else None,
        tool_url=_address(module.get("modicon")) if kind_there == "lti" else None,
    )


def _address(given: object) -> str | None:
    return given if isinstance(given, str) and len(given) <= 2000 else None


def item_id(cmid: str) -> str:
    """How a course module is called outside this LMS."""
    return f"moodle:cm:{cmid}"


def _own_address(given: object, base_url: str, kind_there: str, cmid: str) -> str:
    """Where a module is opened: as Moodle says, if that is a page of this Moodle, else where its page is by rule."""
    if isinstance(given, str) and len(given) <= 2000 and given.startswith(base_url + "/"):
        return given
    # Behind a proxy Moodle may call itself otherwise than we do; the module's page is the same.
    name = kind_there if kind_there.isascii() and kind_there.isidentifier() else "url"
    return f"{base_url}/mod/{name}/view.php?id={cmid}"


def _requirement(module: Row) -> NativeRequirement | None:
    tracking, data = module.get("completion"), module.get("completiondata")
    if not isinstance(data, dict) or tracking not in (1, 2):
        # Without the data, completion is switched off in the course, whatever the module was set to before.
        return None
    if tracking == 1:
        return "mark"
    details = data.get("details")
    rules = {row.get("rulename") for row in details if isinstance(row, dict)} if isinstance(details, list) else set()
    for requirement, names in _REQUIREMENTS:
        if rules & names:
            return requirement
    return "view" if rules == {"completionview"} else "other"


def _due(module: Row) -> datetime | None:
    dates = module.get("dates")
    by_name = {
        row.get("dataid"): row.get("timestamp")
        for row in (dates if isinstance(dates, list) else ())
        if isinstance(row, dict)
    }
    custom = _custom(module.get("customdata"))
    for name in _DUE:
        moment = moment_of(by_name.get(name)) or moment_of(custom.get(name))
        if moment is not None:
            return moment
    return None


def _custom(given: object) -> Row:
    """What a module keeps for the course page: JSON in a string, where it keeps something."""
    if not isinstance(given, str) or len(given) > 100_000:
        return {}
    try:
        read = read_json(given)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
