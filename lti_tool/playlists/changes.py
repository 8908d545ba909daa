"""Every change of a template, as a function from one to another. Pure; what cannot be is refused with the reason."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, StrEnum

from lti_tool.errors import BadRequest, NotFound
from lti_tool.ids import new_id
from lti_tool.playlists.models import DoneRule, Need, OrderRule, StepKind, VariantKind
from lti_tool.playlists.templates import (
    MOST_VARIANTS,
    Section,
    Step,
    Template,
    Variant,
    changed_meanwhile,
    checked,
    rules_for,
)
from lti_tool.web.i18n import N_


class What(StrEnum):
    """What a change was; what undo says that it took back."""

    BASICS = "basics"
    STEPS_ADDED = "steps-added"
    STEP_CHANGED = "step-changed"
    STEP_PLACED = "step-placed"
    STEP_MOVED = "step-moved"
    STEP_REMOVED = "step-removed"
    STEP_DUPLICATED = "step-duplicated"
    SECTION_ADDED = "section-added"
    SECTION_CHANGED = "section-changed"
    SECTION_REMOVED = "section-removed"
    VARIANT_CHANGED = "variant-changed"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class Basics:
    """What a playlist says about itself; already within the tables' limits."""

    title: str
    introduction: str = ""
    order_rule: OrderRule = OrderRule.IN_ORDER


class Keep(Enum):
    """That something stays as it is."""

    SECTION = 0


@dataclass(frozen=True, slots=True)
class StepChoice:
    """What a teacher says about a step; already within the tables' limits. ``section_id``: where it goes to the end of."""

    title: str
    note: str = ""
    need: Need = Need.MUST
    done_rule: DoneRule = DoneRule.MARKED
    pass_percent: float | None = None
    minutes: int | None = None
    opens_at: datetime | None = None
    due_at: datetime | None = None
    after_step_id: uuid.UUID | None = None
    after_competency_id: uuid.UUID | None = None
    competency_id: uuid.UUID | None = None
    is_precheck: bool = False
    section_id: uuid.UUID | Keep | None = Keep.SECTION


def change_basics(template: Template, basics: Basics) -> Template:
    """Another title, introduction or order."""
    return checked(
        replace(template, title=basics.title, introduction=basics.introduction, order_rule=basics.order_rule)
    )


# --- Steps ------------------------------------------------------------------------------------------------------------


def off_screen(kind: StepKind, title: str, note: str = "") -> Step:
    """A new task away from the screen, reflection (``title`` is the question) or conference, with what usually counts."""
    usual = rules_for(kind, has_place=False, has_results=False)[0]
    return Step(id=new_id(), kind=kind, title=title, note=note, done_rule=usual)


def add_steps(
    template: Template,
    steps: Sequence[Step],
    *,
    section_id: uuid.UUID | None = None,
    before: uuid.UUID | None = None,
) -> Template:
    """Add steps at the end of a section (None: of those without one), or right before a step or a section's heading.

    In a section that asks for some of its may-dos, new steps are may-dos. NotFound for a section or step there is not.
    """
    if section_id is not None:
        template.section(section_id)
    everything = _flat(replace(template, steps=(*template.steps, *steps)))
    ids = [step.id for step in steps]
    order = [one for one in everything if one not in ids]
    if before is None:
        order = _after(order, template, section_id, ids)
    elif before in order:
        order[order.index(before) : order.index(before)] = ids
    else:
        raise NotFound("no such step or section in this playlist")
    added = _of_flat(replace(template, steps=(*template.steps, *steps)), order)
    asked = {section.id for section in template.sections if section.needed is not None}
    return checked(
        replace(
            added,
            steps=tuple(
                replace(step, need=Need.MAY) if step.id in ids and step.section_id in asked else step
                for step in added.steps
            ),
        )
    )


def _after(
    order: Sequence[uuid.UUID], template: Template, section_id: uuid.UUID | None, ids: Sequence[uuid.UUID]
) -> list[uuid.UUID]:
    """The order with ``ids`` at the end of a section."""
    headings = {section.id for section in template.sections}
    start = 0 if section_id is None else order.index(section_id) + 1
    end = next((place for place in range(start, len(order)) if order[place] in headings), len(order))
    return [*order[:end], *ids, *order[end:]]


def change_step(
    template: Template,
    step_id: uuid.UUID,
    choice: StepChoice,
    possible: Collection[DoneRule],
    *,
    item_title: str | None = None,
) -> Template:
    """Change what a step says, what counts as done (one of ``possible``) and when it opens. Called as its item is
    (``item_title``), it follows when that is renamed. What becomes a pre-check goes to the front of its section,
    unless it is to open after a step.

    BadRequest for a rule its place cannot serve, for mastery of no competency, for a pre-check without a result, for a step that
    would open after it is due; NotFound for a step it cannot wait for; StepsInACircle.
    """
    step = template.step(step_id)
    if choice.done_rule not in possible:
        raise BadRequest(
            f"{choice.done_rule} cannot be known for this step",
            code="rule-does-not-fit",
            title=N_("This step cannot be counted like that"),
            advice=N_("Only quizzes and assignments whose results your LMS shares can count by result."),
        )
    if choice.done_rule is DoneRule.MASTERY and choice.competency_id is None:
        raise BadRequest(
            "mastery of nothing",
            code="mastery-of-nothing",
            title=N_("Which competency counts?"),
            advice=N_("Choose the competency that has to be Secure for this step to be done, then save again."),
        )
    if choice.is_precheck and (choice.done_rule is not DoneRule.RESULT or not choice.pass_percent):
        raise BadRequest(
            "a pre-check without a mark",
            code="pre-check-needs-a-mark",
            title=N_("A pre-check needs a result to go by"),
            advice=N_("Let the result in the LMS decide, and say from which percentage on."),
        )
    if choice.opens_at is not None and choice.due_at is not None and choice.opens_at >= choice.due_at:
        raise BadRequest(
            "opens after it is due",
            code="opens-after-due",
            title=N_("This step would open after it is due"),
            advice=N_("Choose an earlier day to open it, or a later day on which it is due."),
        )
    if choice.after_step_id is not None:
        template.step(choice.after_step_id)
    changed = replace(
        step,
        title=choice.title,
        follows_item=item_title is not None and choice.title == item_title[:500],
        note=choice.note,
        need=choice.need,
        done_rule=choice.done_rule,
        pass_percent=choice.pass_percent if choice.done_rule is DoneRule.RESULT else None,
        minutes=choice.minutes,
        opens_at=choice.opens_at,
        due_at=choice.due_at,
        after_step_id=choice.after_step_id,
        after_competency_id=choice.after_competency_id,
        competency_id=choice.competency_id,
        is_precheck=choice.is_precheck,
    )
    changed_template = _with(template, changed)
    if not isinstance(choice.section_id, Keep):
        changed_template = put_in_section(changed_template, step_id, choice.section_id)
    if changed.is_precheck and not step.is_precheck and changed.after_step_id is None:
        changed_template = _to_the_front(changed_template, step_id)
    return checked(changed_template)


def _to_the_front(template: Template, step_id: uuid.UUID) -> Template:
    """Put a step before the others of its section: one after the other, a pre-check further down would save nobody any work."""
    step = template.step(step_id)
    others = [one for one in template.steps if one.id != step_id]
    place = next((n for n, one in enumerate(others) if one.section_id == step.section_id), len(others))
    others.insert(place, step)
    return replace(template, steps=tuple(others))


def place_step(
    template: Template,
    step_id: uuid.UUID,
    item_id: uuid.UUID,
    possible: Collection[DoneRule],
    *,
    item_title: str | None = None,
) -> Template:
    """Have a step lead to an item. What it says stays; it follows the item's title if that is the same (``item_title``). A step
    that counted as its new place cannot serve is marked by the student from now on.
    """
    step = template.step(step_id)
    follows = item_title is not None and step.title == item_title[:500]
    placed = replace(step, content_item_id=item_id, url=None, kind=StepKind.ITEM, follows_item=follows)
    if placed.done_rule not in possible:
        placed = replace(placed, done_rule=DoneRule.MARKED, pass_percent=None, is_precheck=False)
    return checked(_with(template, placed))


def move(template: Template, one_id: uuid.UUID, by: int) -> Template:
    """Move a step or a section's heading ``by`` places down, or up where that is negative; no further than either end.

    Steps and headings stand in one list: a step that passes a heading changes its section, and so do the steps that a heading
    passes.
    """
    order = _flat(template)
    if one_id not in order:
        raise NotFound("no such step or section in this playlist")
    place = order.index(one_id)
    order.remove(one_id)
    order.insert(max(0, min(place + by, len(order))), one_id)
    return checked(_of_flat(template, order))


def reorder(template: Template, order: Sequence[uuid.UUID]) -> Template:
    """Put all steps and headings in this order. Conflict when it is not one of exactly those there are."""
    there = _flat(template)
    if len(order) != len(there) or set(order) != set(there):
        raise changed_meanwhile("an order of other steps")
    return checked(_of_flat(template, order))


def _flat(template: Template) -> list[uuid.UUID]:
    """Headings and steps in one list, as they stand on a page."""
    order = [step.id for step in template.within(None)]
    for section in template.sections:
        order += [section.id, *(step.id for step in template.within(section.id))]
    return order


def _of_flat(template: Template, order: Sequence[uuid.UUID]) -> Template:
    """The template with its headings and steps in this order: each step is in the section of the heading above it."""
    sections = {section.id: section for section in template.sections}
    steps = {step.id: step for step in template.steps}
    heading: uuid.UUID | None = None
    placed = []
    for one in order:
        if one in sections:
            heading = one
        else:
            placed.append(replace(steps[one], section_id=heading))
    return replace(template, sections=tuple(sections[one] for one in order if one in sections), steps=tuple(placed))


def put_in_section(template: Template, step_id: uuid.UUID, section_id: uuid.UUID | None) -> Template:
    """Put a step at the end of a section, or with None of those without one."""
    if section_id is not None:
        template.section(section_id)
    step = template.step(step_id)
    if step.section_id == section_id:
        return template
    others = tuple(one for one in template.steps if one.id != step_id)
    return checked(replace(template, steps=(*others, replace(step, section_id=section_id))))


def duplicate_step(template: Template, step_id: uuid.UUID) -> Template:
    """The same step once more, right behind it; nobody in particular is given its modifications."""
    step = template.step(step_id)
    variants = tuple(replace(one, id=new_id()) for one in step.variants if one.kind is VariantKind.ACCOMMODATION)
    twin = replace(step, id=new_id(), is_precheck=False, variants=variants)
    place = template.steps.index(step) + 1
    return checked(replace(template, steps=(*template.steps[:place], twin, *template.steps[place:])))


def remove_step(template: Template, step_id: uuid.UUID) -> Template:
    """Take a step out. What opened after it opens after what it itself waited for."""
    gone = template.step(step_id)
    kept = tuple(
        replace(step, after_step_id=gone.after_step_id) if step.after_step_id == step_id else step
        for step in template.steps
        if step.id != step_id
    )
    return checked(replace(template, steps=kept))


def _with(template: Template, changed: Step) -> Template:
    return replace(template, steps=tuple(changed if step.id == changed.id else step for step in template.steps))


# --- Sections -----------------------------------------------------------------------------------------------------------


def add_section(template: Template, title: str, note: str = "", *, section_id: uuid.UUID | None = None) -> Template:
    """A section at the end, still empty."""
    section = Section(section_id or new_id(), title, note)
    return checked(replace(template, sections=(*template.sections, section)))


def change_section(template: Template, section_id: uuid.UUID, title: str, note: str, needed: int | None) -> Template:
    """Another heading or note, and whether only ``needed`` of its may-dos are asked for.

    Where none of its steps is a may-do, asking for some makes all of them may-dos. BadRequest ``choice-too-large`` for more than
    there are.
    """
    section = template.section(section_id)
    if needed is not None and not template.choices(section_id):
        steps = tuple(
            replace(step, need=Need.MAY) if step.section_id == section_id else step for step in template.steps
        )
        template = replace(template, steps=steps)
    there = template.choices(section_id)
    if needed is not None and not 1 <= needed <= there:
        raise BadRequest(
            f"{needed} of {there}",
            code="choice-too-large",
            title=N_("There is not that much to choose from"),
            advice=N_(
                "This section has %(there)s may-dos. Ask for 1 at least and for %(there)s at most, or add more first."
            ),
            fields={"there": str(there)},
        )
    changed = replace(section, title=title, note=note, needed=needed)
    sections = tuple(changed if one.id == section_id else one for one in template.sections)
    return checked(replace(template, sections=sections))


def remove_section(template: Template, section_id: uuid.UUID) -> Template:
    """Take a heading away. Its steps stay where they are: at the end of the section before, or of those without one."""
    template.section(section_id)
    order = [one for one in _flat(template) if one != section_id]
    return checked(_of_flat(template, order))


# --- Other forms of a step ----------------------------------------------------------------------------------------------


def put_variant(template: Template, step_id: uuid.UUID, variant: Variant) -> Template:
    """Add another form of a step, or change one by its id.

    BadRequest ``too-many-variants``, and ``rule-does-not-fit`` for an accommodation with a passing mark of its own:
    accommodations change no rule.
    """
    step = template.step(step_id)
    if variant.kind is VariantKind.ACCOMMODATION and variant.pass_percent is not None:
        raise BadRequest(
            "an accommodation with a mark",
            code="rule-does-not-fit",
            title=N_("This step cannot be counted like that"),
            advice=N_("Another form of a step asks for the same. To ask for less, make it a modification."),
        )
    known = any(one.id == variant.id for one in step.variants)
    if not known and len(step.variants) >= MOST_VARIANTS:
        raise BadRequest(
            "too many variants",
            code="too-many-variants",
            title=N_("This step has too many forms"),
            advice=N_("A step has at most %(most)s other forms. Take one out first."),
            fields={"most": str(MOST_VARIANTS)},
        )
    variants = (
        tuple(variant if one.id == variant.id else one for one in step.variants) if known else (*step.variants, variant)
    )
    return checked(_with(template, replace(step, variants=variants)))


def remove_variant(template: Template, step_id: uuid.UUID, variant_id: uuid.UUID) -> Template:
    """Take another form of a step out; nothing happens where it is not there any more."""
    step = template.step(step_id)
    kept = tuple(one for one in step.variants if one.id != variant_id)
    return checked(_with(template, replace(step, variants=kept)))


# --- Another template ---------------------------------------------------------------------------------------------------


def anew(template: Template) -> Template:
    """The same for another class: new sections, steps and forms that name each other as the old ones did.

    Modifications, and the names of those whom forms are for, stay behind.
    """
    sections = {section.id: new_id() for section in template.sections}
    steps = {step.id: new_id() for step in template.steps}
    return replace(
        template,
        sections=tuple(replace(section, id=sections[section.id]) for section in template.sections),
        steps=tuple(
            replace(
                step,
                id=steps[step.id],
                section_id=None if step.section_id is None else sections[step.section_id],
                after_step_id=None if step.after_step_id is None else steps[step.after_step_id],
                variants=tuple(
                    replace(one, id=new_id(), people=())
                    for one in step.variants
                    if one.kind is VariantKind.ACCOMMODATION
                ),
            )
            for step in template.steps
        ),
    )
