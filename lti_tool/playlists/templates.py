"""A template as a value: what it says about itself, its sections, its steps in order, and their other forms. Pure.

``changes`` makes another template of one, ``differences`` tells two apart, ``drafts`` keeps them. What a value holds is whole:
``checked`` stands at the end of every change.

The order of ``steps`` is the order in which a student walks: those of no section first, then those of each section in the order
of the sections. A step's position is its place in it.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from types import NoneType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.playlists.models import DoneRule, Need, OrderRule, StepKind, VariantKind
from lti_tool.web.i18n import N_

MOST_STEPS = 100
"""More steps than anybody follows; a limit keeps pages and transactions small."""

MOST_SECTIONS = 30

MOST_VARIANTS = 12
"""Other forms of one step."""

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Variant:
    """Another form of a step. ``people`` are those it is for whatever their supports say; a modification has no other way."""

    id: uuid.UUID
    kind: VariantKind = VariantKind.ACCOMMODATION
    support: str = ""
    language: str = ""
    title: str = ""
    note: str = ""
    content_item_id: uuid.UUID | None = None
    minutes: int | None = None
    pass_percent: float | None = None
    people: tuple[uuid.UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part under a heading. ``needed``: so many of its may-dos count towards being finished, whichever."""

    id: uuid.UUID
    title: str
    note: str = ""
    needed: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A step with all that a teacher says about it; see ``models.PlaylistStep``."""

    id: uuid.UUID
    title: str
    section_id: uuid.UUID | None = None
    kind: StepKind = StepKind.ITEM
    note: str = ""
    need: Need = Need.MUST
    content_item_id: uuid.UUID | None = None
    url: str | None = None
    done_rule: DoneRule = DoneRule.MARKED
    pass_percent: float | None = None
    minutes: int | None = None
    opens_at: datetime | None = None
    due_at: datetime | None = None
    after_step_id: uuid.UUID | None = None
    after_competency_id: uuid.UUID | None = None
    competency_id: uuid.UUID | None = None
    is_precheck: bool = False
    variants: tuple[Variant, ...] = ()
    follows_item: bool = False

    @property
    def has_place(self) -> bool:
        """Whether it leads anywhere on the screen."""
        return self.content_item_id is not None or self.url is not None


@dataclass(frozen=True, slots=True)
class Template:
    """A whole template."""

    title: str
    introduction: str = ""
    order_rule: OrderRule = OrderRule.IN_ORDER
    sections: tuple[Section, ...] = ()
    steps: tuple[Step, ...] = ()

    def step(self, step_id: uuid.UUID) -> Step:
        """One of its steps; NotFound for another's."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise NotFound("no such step in this playlist")

    def section(self, section_id: uuid.UUID) -> Section:
        """One of its sections; NotFound for another's."""
        for section in self.sections:
            if section.id == section_id:
                return section
        raise NotFound("no such section in this playlist")

    def within(self, section_id: uuid.UUID | None) -> tuple[Step, ...]:
        """The steps of a section, or with None of none, in order."""
        return tuple(step for step in self.steps if step.section_id == section_id)

    def choices(self, section_id: uuid.UUID) -> int:
        """How many may-dos a section has to choose from."""
        return sum(step.need is Need.MAY for step in self.within(section_id))


# --- What can be ------------------------------------------------------------------------------------------------------


class StepsInACircle(BadRequest):
    """Steps that wait for each other, so that none of them could ever be opened."""

    code = "steps-in-a-circle"
    title = N_("These steps would wait for each other")
    advice = N_(
        "“%(title)s” opens after “%(after)s”, which itself comes later. Change what it opens after, or the order."
    )


def checked(template: Template) -> Template:
    """The template with its steps in walking order and no choice larger than what it can be made from.

    Raises BadRequest ``too-many-steps`` or ``too-many-sections``, and StepsInACircle.
    """
    if len(template.steps) > MOST_STEPS:
        raise BadRequest(
            "too many steps",
            code="too-many-steps",
            title=N_("This playlist would become too long"),
            advice=N_("A playlist holds at most %(most)s steps. Make a second playlist for the rest."),
            fields={"most": str(MOST_STEPS)},
        )
    if len(template.sections) > MOST_SECTIONS:
        raise BadRequest(
            "too many sections",
            code="too-many-sections",
            title=N_("This playlist would have too many sections"),
            advice=N_("A playlist holds at most %(most)s sections. Put some together, or make a second playlist."),
            fields={"most": str(MOST_SECTIONS)},
        )
    place: dict[uuid.UUID | None, int] = {section.id: number for number, section in enumerate(template.sections)}
    place[None] = -1
    ordered = replace(template, steps=tuple(sorted(template.steps, key=lambda step: place[step.section_id])))
    sections = tuple(_possible(section, ordered.choices(section.id)) for section in template.sections)
    whole = replace(ordered, sections=sections)
    _without_circles(whole)
    return whole


def _possible(section: Section, choices: int) -> Section:
    """Of fewer may-dos, fewer can be asked for; of none, none."""
    if section.needed is None or section.needed <= choices:
        return section
    return replace(section, needed=choices or None)


def _without_circles(template: Template) -> None:
    """Raise StepsInACircle where a step could never open: what it waits for, by its own rule or by the order, waits for it."""
    before: dict[uuid.UUID, list[uuid.UUID]] = {step.id: [] for step in template.steps}
    last: uuid.UUID | None = None
    for step in template.steps:
        if step.after_step_id is not None:
            before[step.id].append(step.after_step_id)
        if template.order_rule is OrderRule.IN_ORDER and step.need is Need.MUST:
            if last is not None:
                before[step.id].append(last)
            last = step.id
    titles = {step.id: step.title for step in template.steps}
    for step in template.steps:
        if step.after_step_id is not None and _leads_to(before, step.after_step_id, step.id):
            raise StepsInACircle(
                "an unlock rule goes round", fields={"title": step.title, "after": titles[step.after_step_id]}
            )


def _leads_to(before: Mapping[uuid.UUID, Sequence[uuid.UUID]], start: uuid.UUID, end: uuid.UUID) -> bool:
    seen: set[uuid.UUID] = set()
    waiting = [start]
    while waiting:
        here = waiting.pop()
        if here == end:
            return True
        if here not in seen:
            seen.add(here)
            waiting += before.get(here, ())
    return False


def rules_for(kind: StepKind, *, has_place: bool, has_results: bool) -> list[DoneRule]:
    """What can count as done for a step, given what it asks for, whether it leads anywhere on the screen, and whether the LMS
    shares results of that. The first is the usual one.
    """
    if kind is StepKind.REFLECTION:
        return [DoneRule.WRITTEN, DoneRule.SIGNED, DoneRule.MARKED]
    if kind is StepKind.CONFERENCE:
        return [DoneRule.SIGNED, DoneRule.MARKED]
    if not has_place:
        return [DoneRule.MARKED, DoneRule.SIGNED, DoneRule.WRITTEN, DoneRule.MASTERY]
    return [
        DoneRule.MARKED,
        DoneRule.OPENED,
        *([DoneRule.RESULT] if has_results else []),
        DoneRule.MASTERY,
        DoneRule.SIGNED,
    ]


def changed_meanwhile(detail: str) -> Conflict:
    """What to raise where a change was made on another state than there is now."""
    return Conflict(
        detail,
        code="playlist-changed",
        title=N_("This playlist has changed since you opened it"),
        advice=N_(
            "Here it is as it stands now. If your change is not in it, make it once more: what you typed is still in its form."
        ),
    )


# --- JSON -------------------------------------------------------------------------------------------------------------


def to_json(template: Template) -> dict[str, Any]:
    """The value as JSON, without what is as it usually is."""
    plain: dict[str, Any] = _plain(template)
    return plain


def of_json(given: Mapping[str, Any]) -> Template:
    """The value that ``to_json`` wrote, also an earlier version of it. ValueError or KeyError for anything else."""
    return _made(Template, given)


def _plain(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Template | Section | Step | Variant):
        return {
            one.name: _plain(getattr(value, one.name))
            for one in fields(value)
            if getattr(value, one.name) != one.default
        }
    return value


def _made(kind: type[Row], given: Mapping[str, Any]) -> Row:
    hints = get_type_hints(kind)
    return kind(**{name: _of(hints[name], value) for name, value in given.items() if name in hints})


def _of(kind: Any, value: Any) -> Any:
    options = [one for one in get_args(kind) if one is not NoneType] if _is_optional(kind) else []
    if options:
        return None if value is None else _of(options[0], value)
    if get_origin(kind) is tuple:
        return tuple(_of(get_args(kind)[0], one) for one in value)
    if kind in (Section, Step, Variant):
        return _made(kind, value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is float:
        return float(value)
    return kind(value)


def _is_optional(kind: Any) -> bool:
    return get_origin(kind) in (Union, type(int | None)) and NoneType in get_args(kind)
