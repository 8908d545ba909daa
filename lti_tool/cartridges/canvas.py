"""What Canvas adds to a cartridge under ``course_settings``: modules, groups, outcomes, rubrics, settings of activities.

Source: the files of Canvas's own exports, and its schema (namespace ``http://canvas.instructure.com/xsd/cccv1p0``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element

from lti_tool.cartridges.content import Origin, Outcome, Rating, Requirement, Rubric, RubricCriterion
from lti_tool.cartridges.markup import child, children, descendants, moment, number, text
from lti_tool.cartridges.notes import Remark, Said, Why, said

SETTINGS = "course_settings/"
READ_ELSEWHERE = frozenset(
    {
        "course_settings.xml",
        "module_meta.xml",
        "assignment_groups.xml",
        "learning_outcomes.xml",
        "rubrics.xml",
        "canvas_export.txt",
        "syllabus.html",
        "context.xml",
    }
)
_LEFT_OUT = {
    "events.xml": Why.CALENDAR,
    "grading_standards.xml": Why.GRADING_SCHEMES,
    "files_meta.xml": Why.FILE_LOCKS,
    "media_tracks.xml": Why.CAPTIONS,
    "late_policy.xml": Why.LATE_POLICY,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a Canvas module, as ``module_meta.xml`` tells it."""

    identifier: str
    content_type: str
    title: str
    reference: str
    url: str | None
    published: bool
    new_tab: bool
    indent: int
    requirement: Requirement | None = None
    requirement_points: float | None = None


@dataclass(frozen=True, slots=True)
class CanvasModule:
    """One Canvas module with its lines in order."""

    identifier: str
    title: str
    published: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Grading:
    """How an activity is graded. ``points`` None: not at all."""

    title: str = ""
    points: float | None = None
    due_at: datetime | None = None
    group: str | None = None
    published: bool = True
    submission_types: tuple[str, ...] = ()
    tool_url: str | None = None


def read_modules(root: Element, remark: Remark) -> tuple[CanvasModule, ...]:
    """The modules by position. What a module demands of a student beside single items is remarked."""
    modules = []
    for module in sorted(children(root, "module"), key=_position):
        identifier = module.get("identifier", "")
        title = text(module, "title")
        _remark_rules(module, identifier, title, remark)
        required = _requirements(module)
        lines = sorted(children(child(module, "items"), "item"), key=_position)
        modules.append(
            CanvasModule(
                identifier=identifier,
                title=title,
                published=text(module, "workflow_state") != "unpublished",
                lines=tuple(_line(line, required) for line in lines),
            )
        )
    return tuple(modules)


def _position(element: Element) -> float:
    position = number(text(element, "position"))
    return position if position is not None else float("inf")  # Sorting is stable: without one, the file's order.


_REQUIREMENTS = {
    "must_view": Requirement.VIEW,
    "must_submit": Requirement.SUBMIT,
    "must_contribute": Requirement.CONTRIBUTE,
    "must_mark_done": Requirement.MARK,
    "min_score": Requirement.SCORE,
}


def _requirements(module: Element) -> dict[str, tuple[Requirement, float | None]]:
    """What completes an item, and the points to reach, by the identifier of its line."""
    found = {}
    for one in children(child(module, "completionRequirements"), "completionRequirement"):
        kind = _REQUIREMENTS.get(one.get("type", ""), Requirement.OTHER)
        points = number(text(one, "min_score")) if kind is Requirement.SCORE else None
        found[text(one, "identifierref")] = (kind, points)
    return found


def _line(line: Element, required: dict[str, tuple[Requirement, float | None]]) -> Line:
    indent = number(text(line, "indent"))
    requirement, points = required.get(line.get("identifier", ""), (None, None))
    return Line(
        identifier=line.get("identifier", ""),
        content_type=text(line, "content_type"),
        title=text(line, "title"),
        reference=text(line, "identifierref"),
        url=text(line, "url") or None,
        published=text(line, "workflow_state") != "unpublished",
        new_tab=text(line, "new_tab") == "true",
        indent=min(max(int(indent or 0), 0), 5),
        requirement=requirement,
        requirement_points=points,
    )


def _remark_rules(module: Element, identifier: str, title: str, remark: Remark) -> None:
    before = [text(found, "title") for found in descendants(module, "prerequisite")]
    if before:
        remark(identifier, said(Why.PREREQUISITES, title=title, others=", ".join(f"“{other}”" for other in before)))
    if text(module, "require_sequential_progress") == "true":
        remark(identifier, said(Why.IN_ORDER, title=title))
    if text(module, "unlock_at"):
        remark(identifier, said(Why.UNLOCKS, title=title))


def read_origin(context: Element | None) -> Origin | None:
    """Which course the export was made of. Newer exports say it in ``context.xml``."""
    host, course_id = text(context, "canvas_domain"), text(context, "course_id")
    return Origin(f"https://{host}", course_id) if host and course_id else None


def read_groups(root: Element) -> dict[str, str]:
    """The titles of the assignment groups by identifier."""
    return {group.get("identifier", ""): text(group, "title") for group in children(root, "assignmentGroup")}


def read_grading(assignment: Element | None, groups: dict[str, str]) -> Grading:
    """Canvas's ``assignment`` element: alone, in a quiz's or a discussion's settings, or as an extension."""
    if assignment is None:
        return Grading()
    types = tuple(kind.strip() for kind in text(assignment, "submission_types").split(",") if kind.strip())
    graded = text(assignment, "grading_type") != "not_graded" and "not_graded" not in types
    return Grading(
        title=text(assignment, "title"),
        points=number(text(assignment, "points_possible")) if graded else None,
        due_at=moment(text(assignment, "due_at")),
        group=groups.get(text(assignment, "assignment_group_identifierref")),
        published=text(assignment, "workflow_state") != "unpublished",
        submission_types=types,
        tool_url=text(assignment, "external_tool_url") or None,
    )


def read_outcomes(root: Element) -> tuple[Outcome, ...]:
    """All outcomes in order, with the path of their groups."""
    return tuple(_outcomes(root, ()))


def _outcomes(element: Element, group: tuple[str, ...]) -> Iterator[Outcome]:
    for part in element:
        kind = str(part.tag).rsplit("}", 1)[-1]
        if kind == "learningOutcomeGroup":
            yield from _outcomes(part, (*group, text(part, "title")))
        elif kind in ("learningOutcomes", "learningOutcomeGroups"):
            yield from _outcomes(part, group)
        elif kind == "learningOutcome":
            yield Outcome(
                identifier=part.get("identifier", ""),
                title=text(part, "title"),
                description=text(part, "description"),
                group=group,
                points=number(text(part, "points_possible")),
                mastery_points=number(text(part, "mastery_points")),
                ratings=_ratings(part),
            )


def read_rubrics(root: Element) -> tuple[Rubric, ...]:
    """All rubrics in order."""
    return tuple(
        Rubric(
            identifier=rubric.get("identifier", ""),
            title=text(rubric, "title"),
            points=number(text(rubric, "points_possible")),
            criteria=tuple(
                RubricCriterion(
                    identifier=text(criterion, "criterion_id"),
                    description=text(criterion, "description"),
                    points=number(text(criterion, "points")),
                    outcome_id=text(criterion, "learning_outcome_identifierref") or None,
                    ratings=_ratings(criterion),
                )
                for criterion in children(child(rubric, "criteria"), "criterion")
            ),
        )
        for rubric in children(root, "rubric")
    )


def _ratings(element: Element) -> tuple[Rating, ...]:
    ratings = children(child(element, "ratings"), "rating")
    return tuple(Rating(text(rating, "description"), number(text(rating, "points"))) for rating in ratings)


def left_out(file_name: str, root: Element) -> Said | None:
    """Why a settings file that nothing here reads is left out; None when it is empty, or read elsewhere."""
    if file_name in READ_ELSEWHERE or len(root) == 0:
        return None
    what = said(_LEFT_OUT.get(file_name, Why.SETTINGS), count=len(root))
    if what.why is not Why.CALENDAR:
        return what
    return what.about(titles=", ".join(f"“{text(event, 'title')}”" for event in children(root, "event")))
