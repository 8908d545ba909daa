"""What the builder's pages show of a template, worked out before a page sees it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.competencies import alignments, maps
from lti_tool.competencies.map_views import MapCompetencyView
from lti_tool.content import rules as content_rules
from lti_tool.content import service as content
from lti_tool.content.models import ContentItem
from lti_tool.courses.access import InCourse
from lti_tool.courses.models import Person
from lti_tool.courses.visibility import visible_students
from lti_tool.errors import NotFound
from lti_tool.learners import supports
from lti_tool.learners.supports import Supports
from lti_tool.logs import reference_code
from lti_tool.playlists import editing, loading, queries, template_queries, template_rows
from lti_tool.playlists.differences import Difference, differences, public
from lti_tool.playlists.models import (
    DoneRule,
    OrderRule,
    Playlist,
    PlaylistKind,
    PlaylistStatus,
    StepVariant,
    VariantKind,
)
from lti_tool.playlists.paths import Path
from lti_tool.playlists.templates import Section, Step, Template


@dataclass(frozen=True, slots=True)
class Line:
    """A step as the builder lists it. ``number`` is its place, from 1; ``after`` the title of the step it opens after;
    ``is_late`` says of a pre-check that steps of its section come before it, one after the other."""

    step: Step
    number: int
    item: ContentItem | None
    after: str = ""
    after_competency: str = ""
    competency: str = ""
    is_late: bool = False

    @property
    def kind(self) -> str | None:
        """The item's kind, or the step's own where it leads nowhere on the screen."""
        if self.item is not None:
            return self.item.kind.value
        return "link" if self.step.url else None

    @property
    def is_missing(self) -> bool:
        """Whether it came with a copied course, where what it leads to was not found."""
        return self.item is not None and content_rules.is_missing(self.item)

    @property
    def is_deleted(self) -> bool:
        """Whether what it leads to was taken out of the course in the LMS."""
        return content_rules.is_deleted(self.item)

    @property
    def is_gone(self) -> bool:
        """Whether students cannot go there at the moment."""
        there = content_rules.students_address(self.item) is not None or self.place != ""
        return self.step.content_item_id is not None and not there

    @property
    def place(self) -> str:
        """Where students find it in the course, where it opens at no address."""
        return content_rules.place_in_course(self.item)


@dataclass(frozen=True, slots=True)
class Block:
    """A section with its lines; without a section, the steps of none."""

    section: Section | None
    lines: tuple[Line, ...]
    choices: int = 0


@dataclass(frozen=True, slots=True)
class Builder:
    """A template with all that its page shows. ``waiting`` is what students' copies have not got yet; ``undoes`` what the last
    change was, ``redoes`` what the change is that was undone last, all without what whoever looks may not see; ``copies`` counts
    those that an update reaches.
    """

    playlist: Playlist
    template: Template
    blocks: tuple[Block, ...]
    course_items: tuple[ContentItem, ...]
    waiting: Sequence[Difference]
    undoes: Sequence[Difference]
    redoes: Sequence[Difference]
    copies: int

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back that whoever looks may see."""
        return bool(self.undoes)

    @property
    def can_redo(self) -> bool:
        """Whether there is an undone change to make again that whoever looks may see."""
        return bool(self.redoes)

    @property
    def lines(self) -> list[Line]:
        """All steps in order."""
        return [line for block in self.blocks for line in block.lines]

    @property
    def minutes(self) -> int:
        """The teacher's estimates in all."""
        return sum(step.minutes or 0 for step in self.template.steps)


async def builder(session: AsyncSession, here: InCourse, playlist_id: uuid.UUID) -> Builder:
    """The builder's page. NotFound for what is not a template of this course."""
    playlist = await the_template(session, here, playlist_id)
    whole = await template_rows.current(session, playlist)
    may_see = await supports.may_see(session, here)
    names = await _names(session, here)
    course_items = await _course_items(session, here)
    items = await _items(session, here, whole)
    waiting: Sequence[Difference] = ()
    if playlist.working is not None:
        waiting = _seen(await template_rows.stored(session, playlist), whole, may_see=may_see)
    edit = await template_queries.latest_edit(session, here.organisation_id, playlist.id)
    undoes = () if edit is None else _seen(await template_rows.before(session, playlist, edit), whole, may_see=may_see)
    undone = await template_queries.next_redo(session, here.organisation_id, playlist.id)
    redoes = (
        () if undone is None else _seen(whole, await template_rows.after(session, playlist, undone), may_see=may_see)
    )
    copies = await queries.copies(session, here.organisation_id, [playlist.id])
    template = whole if may_see else public(whole)
    return Builder(
        playlist=playlist,
        template=template,
        blocks=tuple(_blocks(template, items, names)),
        course_items=course_items,
        waiting=waiting,
        undoes=undoes,
        redoes=redoes,
        copies=sum(copy.left_at is None for copy in copies),
    )


async def the_template(session: AsyncSession, here: InCourse, playlist_id: uuid.UUID) -> Playlist:
    """A template of the course that was not taken away; NotFound."""
    playlist = await queries.playlist(session, here.organisation_id, here.course.id, playlist_id)
    if playlist is None or playlist.status is PlaylistStatus.ARCHIVED or playlist.kind is not PlaylistKind.TEMPLATE:
        raise NotFound("no such template in this course")
    return playlist


def _seen(before: Template, after: Template, *, may_see: bool) -> list[Difference]:
    return differences(before, after) if may_see else differences(public(before), public(after))


def _blocks(template: Template, items: Mapping[uuid.UUID, ContentItem], names: Mapping[uuid.UUID, str]) -> list[Block]:
    titles = {step.id: step.title for step in template.steps}
    lines = [
        Line(
            step=step,
            number=number,
            item=items.get(step.content_item_id) if step.content_item_id else None,
            after=titles.get(step.after_step_id, "") if step.after_step_id else "",
            after_competency=names.get(step.after_competency_id, "") if step.after_competency_id else "",
            competency=names.get(step.competency_id, "") if step.competency_id else "",
            is_late=step.is_precheck and template.order_rule is OrderRule.IN_ORDER and _has_before(template, step),
        )
        for number, step in enumerate(template.steps, start=1)
    ]
    blocks = [Block(None, tuple(line for line in lines if line.step.section_id is None))]
    for section in template.sections:
        mine = tuple(line for line in lines if line.step.section_id == section.id)
        blocks.append(Block(section, mine, template.choices(section.id)))
    return blocks


def _has_before(template: Template, step: Step) -> bool:
    """Whether a step of its section that is no pre-check stands before it, and nobody said that it opens after one."""
    if step.after_step_id is not None:
        return False
    first = next(
        one
        for one in template.steps
        if one.section_id == step.section_id and (one.id == step.id or not one.is_precheck)
    )
    return first.id != step.id


async def _names(session: AsyncSession, here: InCourse) -> dict[uuid.UUID, str]:
    listed = await maps.listed(session, here.organisation_id, here.course.id)
    return {one.id: one.name for one in listed.competencies}


async def _items(session: AsyncSession, here: InCourse, template: Template) -> dict[uuid.UUID, ContentItem]:
    ids = [step.content_item_id for step in template.steps if step.content_item_id]
    ids += [one.content_item_id for step in template.steps for one in step.variants if one.content_item_id]
    return await queries.items(session, here.organisation_id, here.course.id, ids)


async def _course_items(session: AsyncSession, here: InCourse) -> tuple[ContentItem, ...]:
    every = await content.items(session, here.organisation_id, here.course.id)
    return tuple(item for item in every if editing.can_be_a_step(item))


# --- One step -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OneStep:
    """A step with everything that can be chosen for it. ``aligned`` are the competencies its item is aligned to, in the map's
    order; ``students`` are there for those with the supports right alone.
    """

    playlist: Playlist
    template: Template
    step: Step
    item: ContentItem | None
    rules: Sequence[DoneRule]
    competencies: Sequence[MapCompetencyView]
    aligned: Sequence[uuid.UUID]
    course_items: Sequence[ContentItem]
    forms: Mapping[uuid.UUID, ContentItem]
    may_see: bool
    students: Sequence[Person]

    @property
    def others(self) -> list[Step]:
        """The steps it could open after."""
        return [step for step in self.template.steps if step.id != self.step.id]

    @property
    def names_somebody(self) -> bool:
        """Whether a form of it is for somebody by name, or a modification: a look at it is recorded."""
        return any(one.people or one.kind is VariantKind.MODIFICATION for one in self.step.variants)


def note_look(session: AsyncSession, here: InCourse, step_id: uuid.UUID, now: datetime) -> None:
    """Record that somebody looked at whom the forms of a step are for."""
    audit.record(
        session,
        now,
        "supports.viewed",
        organisation_id=here.organisation_id,
        actor=here.actor,
        subject=f"step:{step_id}",
        reference=reference_code.get(),
    )


async def one_step(session: AsyncSession, here: InCourse, playlist_id: uuid.UUID, step_id: uuid.UUID) -> OneStep:
    """What a step's form shows. NotFound for a step that is not in this template."""
    playlist = await the_template(session, here, playlist_id)
    may_see = await supports.may_see(session, here)
    whole = await template_rows.current(session, playlist)
    template = whole if may_see else public(whole)
    step = template.step(step_id)
    items = await _items(session, here, Template(template.title, steps=(step,)))
    item = items.get(step.content_item_id) if step.content_item_id else None
    listed = await maps.listed(session, here.organisation_id, here.course.id)
    aligned: set[uuid.UUID] = set()
    if item is not None:
        of_items = await alignments.of_items(session, here.organisation_id, here.course.id, [item.id])
        aligned = {view.competency_id for view in of_items.get(item.id, ())}
    return OneStep(
        playlist=playlist,
        template=template,
        step=step,
        item=item,
        rules=editing.rules_for(step, item),
        competencies=listed.competencies,
        aligned=[one.id for one in listed.competencies if one.id in aligned],
        course_items=await _course_items(session, here),
        forms=items,
        may_see=may_see,
        students=await visible_students(session, here) if may_see else (),
    )


# --- As a student sees it -------------------------------------------------------------------------------------------------


def preview(playlist: Playlist, template: Template, helped: Supports, now: datetime) -> Path:
    """The path as a student with these supports finds it before the first step; nothing of it is stored.

    Forms made for somebody by name are nobody's here.
    """
    sections, steps = template_rows.as_rows(playlist, template)
    words = {"title": template.title, "introduction": template.introduction, "order_rule": template.order_rule}
    path = loading.preview(Playlist(**(playlist.model_dump() | words)), steps, now, sections)
    if helped:
        variants: dict[uuid.UUID, list[StepVariant]] = {}
        for row in template_rows.variant_rows(playlist, template):
            variants.setdefault(row.step_id, []).append(row)
        path.forms = loading.forms_for(variants, {}, helped, ())
        path.supports, path.as_student = helped, True
    return path


def led_to(path: Path) -> list[uuid.UUID]:
    """The items that a path's steps lead to, in the forms that are shown."""
    ids = [step.content_item_id for step in path.present]
    ids += [form.content_item_id for form in path.forms.values()]
    return [one for one in ids if one is not None]
