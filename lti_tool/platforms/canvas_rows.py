"""Rows of what a Canvas course holds: assignments, module items, pages, discussions, files. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlsplit

from lti_tool.platforms.canvas_fields import Row, address, moment, number, part, parts, row_id, text
from lti_tool.platforms.native import LIMITS, NativeItem, NativeKind, NativeLimit, NativeRequirement

_KINDS: Mapping[str, NativeKind] = {
    "Page": "page",
    "Quiz": "quiz",
    "Assignment": "assignment",
    "Discussion": "discussion",
    "File": "file",
    "ExternalUrl": "link",
    "ExternalTool": "tool",
    "SubHeader": "heading",
}

_REQUIREMENTS: Mapping[str, NativeRequirement] = {
    "must_view": "view",
    "must_submit": "submit",
    "must_contribute": "contribute",
    "must_mark_done": "mark",
    "min_score": "score",
    "min_percentage": "score",
}

_THROUGH_CANVAS = frozenset(
    {
        "online_text_entry",
        "online_url",
        "online_upload",
        "online_quiz",
        "media_recording",
        "student_annotation",
        "discussion_topic",
    }
)
"""Kinds of submission that leave a trace in Canvas; a tool may post a score without one, and paper leaves none."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """A rubric's criterion that belongs to an outcome."""

    outcome_id: str
    points: float


@dataclass(frozen=True, slots=True)
class Access:
    """Closed to everybody before ``opens_at`` and from ``closes_at`` on; ``limits`` keep some students out meanwhile."""

    opens_at: datetime | None = None
    closes_at: datetime | None = None
    limits: tuple[NativeLimit, ...] = ()

    def within(self, outer: "Access") -> "Access":
        """Of something that stands in something else: both have to be open."""
        opens = [one for one in (self.opens_at, outer.opens_at) if one is not None]
        closes = [one for one in (self.closes_at, outer.closes_at) if one is not None]
        limits = (*self.limits, *outer.limits)
        return Access(
            max(opens, default=None), min(closes, default=None), tuple(one for one in LIMITS if one in limits)
        )


def access_of(row: Row, opens: str = "unlock_at") -> Access:
    """When a row is open to the class, and whether to some of it alone; ``opens`` names the date from which on.

    Canvas tells that dates differ (``has_overrides``), not for whom; then nobody can say that it is closed to all.
    """
    opens_at, closes_at = moment(row.get(opens)), moment(row.get("lock_at"))
    limits: list[NativeLimit] = []
    if row.get("only_visible_to_overrides") is True:
        limits.append("assigned")
    elif row.get("has_overrides") is True and (opens_at or closes_at):
        limits.append("dates")
    return Access(None, None, tuple(limits)) if limits else Access(opens_at, closes_at)


def access_of_module(row: Row) -> Access:
    """When a module is open, and whether other work comes first: another module's, or that of the items before."""
    first = bool(row.get("prerequisite_module_ids")) or row.get("require_sequential_progress") is True
    return Access(moment(row.get("unlock_at")), None, ("work",) if first else ())


@dataclass(frozen=True, slots=True)
class Assignment:
    """An assignment as far as the tool needs it; ``points`` and ``due_at`` are those for everyone.

    One in groups gives each member a grade, and one that is left out of the final grade still shows what somebody knows: both
    are like any other. ``criteria`` are those of its rubric that belong to outcomes, by id.
    """

    id: str
    title: str
    url: str | None
    points: float | None
    due_at: datetime | None
    published: bool
    quiz_id: str | None
    discussion_id: str | None
    new_quiz: bool
    tool: bool
    handed_in: bool = False
    """Whether the only ways to hand it in go through Canvas, so that without a submission there is no work."""
    bare: bool = False
    """Whether there is no way to hand it in at all."""
    link_id: str | None = None
    tool_url: str | None = None
    criteria: Mapping[str, Criterion] = field(default_factory=dict)
    access: Access = field(default_factory=Access)

    @property
    def kind(self) -> NativeKind:
        """What it is to a student: a quiz of either generation and a graded discussion are assignments as well."""
        if self.quiz_id or self.new_quiz:
            return "quiz"
        if self.discussion_id:
            return "discussion"
        return "tool" if self.tool else "assignment"

    @property
    def result_key(self) -> str | None:
        """What its results are asked by; none where it gives no points, such as one that is not graded."""
        return self.id if self.points else None


def assignment_of(row: Row) -> Assignment | None:
    """An assignment's row; None without an id."""
    found = row_id(row.get("id"))
    if found is None:
        return None
    types = row.get("submission_types")
    kinds = frozenset(map(str, types)) if isinstance(types, list) else frozenset()
    tag = part(row, "external_tool_tag_attributes")
    return Assignment(
        id=found,
        title=text(row.get("name")),
        url=address(row.get("html_url")),
        points=number(row.get("points_possible")),
        due_at=moment(row.get("due_at")),
        published=row.get("published") is not False,
        quiz_id=row_id(row.get("quiz_id")),
        discussion_id=row_id(part(row, "discussion_topic").get("id")),
        new_quiz=_is_new_quiz(row, kinds) or row.get("is_quiz_assignment") is True or "online_quiz" in kinds,
        tool="external_tool" in kinds,
        handed_in=bool(kinds) and _THROUGH_CANVAS.issuperset(kinds),
        bare=kinds == {"none"},
        # What messages call the link is the assignment's own id for tools; the tag's is that of LTI 1.1.
        link_id=(text(row.get("lti_context_id")) or text(tag.get("resource_link_id")) or None) if tag else None,
        tool_url=address(tag.get("url")),
        criteria=dict(_criteria(row)),
        access=access_of(row),
    )


def _is_new_quiz(row: Row, kinds: frozenset[str]) -> bool:
    """New Quizzes are a tool that comes with Canvas; where the row does not say so, the tool's own hosts do."""
    if row.get("is_quiz_lti_assignment") is True:
        return True
    tool = part(row, "external_tool_tag_attributes").get("url")
    if "external_tool" not in kinds or not isinstance(tool, str):
        return False
    try:
        host = urlsplit(tool).hostname or ""
    except ValueError:
        return False
    return ".quiz-lti" in f".{host}" and host.endswith(".instructure.com")


def _criteria(row: Row) -> Iterable[tuple[str, Criterion]]:
    for one in parts(row, "rubric"):
        # Canvas's documentation of rubrics calls it learning_outcome_id; of an assignment's rubric Canvas says outcome_id
        # (lib/api/v1/assignment.rb).
        outcome_id = row_id(one.get("outcome_id")) or row_id(one.get("learning_outcome_id"))
        name, points = one.get("id"), number(one.get("points"))
        if isinstance(name, str) and 0 < len(name) <= 100 and outcome_id is not None and points and points > 0:
            yield name, Criterion(outcome_id, points)


def by_content_id(assignments: Iterable[Assignment]) -> dict[tuple[str, str], Assignment]:
    """Assignments by what a module item calls them: its type and the id of its content."""
    found: dict[tuple[str, str], Assignment] = {}
    for one in assignments:
        found["Assignment", one.id] = one
        if one.quiz_id is not None:
            found["Quiz", one.quiz_id] = one
        if one.discussion_id is not None:
            found["Discussion", one.discussion_id] = one
    return found


@dataclass(frozen=True, slots=True)
class ModuleItem:
    """A module's item, and what of the course it leads to: an assignment, or a page, discussion or file by Canvas's name."""

    item: NativeItem
    assignment: Assignment | None
    leads_to: tuple[str, str] | None


def module_item(
    row: Row, section: str, by_content: Mapping[tuple[str, str], Assignment], course_url: str, module: Access
) -> ModuleItem | None:
    """A module item's row, joined with the assignment it leads to; ``section`` and ``module`` are its module's title and when
    that is open. None without id and type.
    """
    item_id, given = row_id(row.get("id")), row.get("type")
    if item_id is None or not isinstance(given, str):
        return None
    kind = _KINDS.get(given, "link")
    content_id = row_id(row.get("content_id"))
    assignment = by_content.get((given, content_id)) if content_id is not None else None
    if assignment is not None and kind == "assignment":
        kind = assignment.kind
    details = part(row, "content_details")
    heading = kind == "heading"
    points = assignment.points if assignment else number(details.get("points_possible"))
    requirement, reach = (None, None) if heading else _requirement(row, points)
    page = row.get("page_url")
    access = (assignment.access if assignment else access_of(details)).within(module)
    return ModuleItem(
        NativeItem(
            external_id=f"canvas:module-item:{item_id}",
            kind=kind,
            title=text(row.get("title")) or (assignment.title if assignment else "") or text(given) or item_id,
            url=None if heading else _item_address(row, item_id, course_url),
            section=section,
            indent=_indent(row.get("indent")),
            result_key=assignment.result_key if assignment else None,
            points_possible=points,
            due_at=assignment.due_at if assignment else moment(details.get("due_at")),
            # Absent for callers who may only see what is published.
            published=row.get("published") is not False,
            requirement=requirement,
            requirement_points=reach,
            opens_at=None if heading else access.opens_at,
            closes_at=None if heading else access.closes_at,
            limits=() if heading else access.limits,
            link_id=assignment.link_id if assignment else None,
            tool_url=assignment.tool_url
            if assignment
            else address(row.get("external_url"))
            if kind == "tool"
            else None,
            bare=assignment is not None and assignment.bare,
        ),
        assignment,
        (given, page if isinstance(page, str) else content_id or ""),
    )


def _item_address(row: Row, item_id: str, course_url: str) -> str | None:
    """The item's address in its module, not the content's own: Canvas counts what was viewed there.

    For links Canvas tells an address of its API, which is for programs; the page that does the same is where all others are.
    """
    given = address(row.get("html_url"))
    if given is None:
        return address(row.get("external_url"))
    return f"{course_url}/modules/items/{item_id}" if "/api/" in urlsplit(given).path else given


def _indent(value: object) -> int:
    return max(0, min(value, 5)) if isinstance(value, int) else 0


def _requirement(row: Row, points: float | None) -> tuple[NativeRequirement | None, float | None]:
    """What has to be done for the item to be completed, and for a score how many points."""
    requirement = part(row, "completion_requirement")
    given = requirement.get("type")
    if not isinstance(given, str):
        return None, None
    reach = number(requirement.get("min_score"))
    if given == "min_percentage":
        percent = number(requirement.get("min_percentage"))
        reach = percent * points / 100 if percent is not None and points else None
    return _REQUIREMENTS.get(given, "other"), reach if given in {"min_score", "min_percentage"} else None


# --- What stands in no module --------------------------------------------------------------------------------------------


def loose_assignment(assignment: Assignment) -> NativeItem:
    """An assignment that stands in no module."""
    return NativeItem(
        external_id=f"canvas:assignment:{assignment.id}",
        kind=assignment.kind,
        title=assignment.title or assignment.id,
        url=assignment.url,
        result_key=assignment.result_key,
        points_possible=assignment.points,
        due_at=assignment.due_at,
        published=assignment.published,
        opens_at=assignment.access.opens_at,
        closes_at=assignment.access.closes_at,
        limits=assignment.access.limits,
        link_id=assignment.link_id,
        tool_url=assignment.tool_url,
        bare=assignment.bare,
    )


def loose_quiz(row: Row, course_url: str) -> NativeItem | None:
    """A practice quiz or a survey that stands in no module; None for a quiz that is an assignment, as all others are."""
    quiz_id = row_id(row.get("id"))
    if quiz_id is None or row_id(row.get("assignment_id")) is not None:
        return None
    access = access_of(row)
    return NativeItem(
        external_id=f"canvas:quiz:{quiz_id}",
        kind="quiz",
        title=text(row.get("title")) or quiz_id,
        url=address(row.get("html_url")) or f"{course_url}/quizzes/{quiz_id}",
        points_possible=number(row.get("points_possible")),
        due_at=moment(row.get("due_at")),
        published=row.get("published") is not False,
        opens_at=access.opens_at,
        closes_at=access.closes_at,
        limits=access.limits,
    )


def loose_page(row: Row, course_url: str) -> NativeItem | None:
    """A page that stands in no module; None without an id."""
    page_id, name = row_id(row.get("page_id")), row.get("url")
    if page_id is None or not isinstance(name, str):
        return None
    return NativeItem(
        external_id=f"canvas:page:{page_id}",
        kind="page",
        title=text(row.get("title")) or page_id,
        url=address(row.get("html_url")) or address(f"{course_url}/pages/{quote(name, safe='')}"),
        published=row.get("published") is not False,
    )


def loose_discussion(row: Row, course_url: str) -> NativeItem | None:
    """A discussion that stands in no module and is no assignment; None for others."""
    topic_id = row_id(row.get("id"))
    if topic_id is None or row_id(row.get("assignment_id")) is not None or row.get("is_announcement") is True:
        return None
    access = access_of(row, "delayed_post_at")
    return NativeItem(
        external_id=f"canvas:discussion:{topic_id}",
        kind="discussion",
        title=text(row.get("title")) or topic_id,
        url=address(row.get("html_url")) or f"{course_url}/discussion_topics/{topic_id}",
        published=row.get("published") is not False,
        opens_at=access.opens_at,
        closes_at=access.closes_at,
        limits=access.limits,
    )


def loose_file(row: Row, course_url: str) -> NativeItem | None:
    """A file that stands in no module; None without an id. Its own address is a download that ends, so its page's is made."""
    file_id = row_id(row.get("id"))
    if file_id is None:
        return None
    access = access_of(row)
    return NativeItem(
        external_id=f"canvas:file:{file_id}",
        kind="file",
        title=text(row.get("display_name")) or file_id,
        url=f"{course_url}/files/{file_id}",
        published=row.get("locked") is not True,
        opens_at=access.opens_at,
        closes_at=access.closes_at,
        limits=access.limits,
    )
