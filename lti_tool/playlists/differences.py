"""What is different between two templates, for people to read: what waits for the copies, what undo takes back. Pure."""

import uuid
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from lti_tool.playlists.models import VariantKind
from lti_tool.playlists.templates import Section, Step, Template


class Differs(StrEnum):
    """What is different."""

    TITLE = "title"
    INTRODUCTION = "introduction"
    ORDER_RULE = "order-rule"
    SECTION_ADDED = "section-added"
    SECTION_CHANGED = "section-changed"
    SECTION_MOVED = "section-moved"
    SECTION_REMOVED = "section-removed"
    STEP_ADDED = "step-added"
    STEP_CHANGED = "step-changed"
    STEP_MOVED = "step-moved"
    STEP_REMOVED = "step-removed"


class Part(StrEnum):
    """What of a step or a section is different."""

    TITLE = "title"
    NOTE = "note"
    NEED = "need"
    PLACE = "place"
    DONE_RULE = "done-rule"
    MINUTES = "minutes"
    OPENS = "opens"
    DUE = "due"
    COMPETENCY = "competency"
    PRE_CHECK = "pre-check"
    VARIANTS = "variants"
    NEEDED = "needed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. ``title`` is that of the step or section, ``parts`` what of it changed."""

    what: Differs
    title: str = ""
    parts: tuple[Part, ...] = ()


_OF_STEPS: Mapping[Part, tuple[str, ...]] = {
    Part.TITLE: ("title", "follows_item"),
    Part.NOTE: ("note",),
    Part.NEED: ("need",),
    Part.PLACE: ("content_item_id", "url", "kind"),
    Part.DONE_RULE: ("done_rule", "pass_percent"),
    Part.MINUTES: ("minutes",),
    Part.OPENS: ("opens_at", "after_step_id", "after_competency_id"),
    Part.DUE: ("due_at",),
    Part.COMPETENCY: ("competency_id",),
    Part.PRE_CHECK: ("is_precheck",),
    Part.VARIANTS: ("variants",),
}
_OF_SECTIONS: Mapping[Part, tuple[str, ...]] = {Part.TITLE: ("title",), Part.NOTE: ("note",), Part.NEEDED: ("needed",)}


def public(template: Template) -> Template:
    """The template without its modifications and without the names of anybody: what those without the supports right may see."""
    steps = tuple(
        replace(
            step,
            variants=tuple(
                replace(one, people=()) for one in step.variants if one.kind is not VariantKind.MODIFICATION
            ),
        )
        for step in template.steps
    )
    return replace(template, steps=steps)


def differences(before: Template, after: Template) -> list[Difference]:
    """What is different in ``after``: the playlist's own words, then sections, then steps, in the order of ``after``.

    A step or section is said to have moved only where the order of the others does not explain its place.
    """
    found = [
        Difference(what, after.title)
        for what, name in (
            (Differs.TITLE, "title"),
            (Differs.INTRODUCTION, "introduction"),
            (Differs.ORDER_RULE, "order_rule"),
        )
        if getattr(before, name) != getattr(after, name)
    ]
    return [*found, *_of_sections(before, after), *_of_steps(before, after)]


def _of_sections(before: Template, after: Template) -> list[Difference]:
    old = {section.id: section for section in before.sections}
    moved = _moved([one.id for one in before.sections], [one.id for one in after.sections])
    found = []
    for section in after.sections:
        if section.id not in old:
            found.append(Difference(Differs.SECTION_ADDED, section.title))
            continue
        parts = _parts(_OF_SECTIONS, old[section.id], section)
        if parts:
            found.append(Difference(Differs.SECTION_CHANGED, section.title, parts))
        if section.id in moved:
            found.append(Difference(Differs.SECTION_MOVED, section.title))
    there = {section.id for section in after.sections}
    return [*found, *(Difference(Differs.SECTION_REMOVED, one.title) for one in before.sections if one.id not in there)]


def _of_steps(before: Template, after: Template) -> list[Difference]:
    old = {step.id: step for step in before.steps}
    moved = _moved([one.id for one in before.steps], [one.id for one in after.steps])
    found = []
    for step in after.steps:
        if step.id not in old:
            found.append(Difference(Differs.STEP_ADDED, step.title))
            continue
        parts = _parts(_OF_STEPS, old[step.id], step)
        if parts:
            found.append(Difference(Differs.STEP_CHANGED, step.title, parts))
        if step.id in moved or old[step.id].section_id != step.section_id:
            found.append(Difference(Differs.STEP_MOVED, step.title))
    there = {step.id for step in after.steps}
    return [*found, *(Difference(Differs.STEP_REMOVED, one.title) for one in before.steps if one.id not in there)]


def _parts(names: Mapping[Part, tuple[str, ...]], before: Step | Section, after: Step | Section) -> tuple[Part, ...]:
    return tuple(
        part for part, some in names.items() if any(getattr(before, name) != getattr(after, name) for name in some)
    )


def _moved(before: Sequence[uuid.UUID], after: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Those of both whose place changed: all but a longest run that stands in the same order in both (patience sorting)."""
    place = {one: number for number, one in enumerate(before)}
    both = [one for one in after if one in place]
    ends: list[int] = []
    ends_at: list[int] = []
    previous: list[int] = []
    for number, one in enumerate(both):
        pile = bisect_left(ends, place[one])
        if pile == len(ends):
            ends.append(place[one])
            ends_at.append(number)
        else:
            ends[pile] = place[one]
            ends_at[pile] = number
        previous.append(ends_at[pile - 1] if pile else -1)
    stayed: set[uuid.UUID] = set()
    here = ends_at[-1] if ends_at else -1
    while here >= 0:
        stayed.add(both[here])
        here = previous[here]
    return set(both) - stayed
