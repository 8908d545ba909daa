"""Templates in the database: the rows of a draft or of what students have, and how they were before each change.

Nothing is deleted here: a row that a template no longer holds gets ``removed_at``, and loses it when a change is undone, so that
what students did with a step, and for whom a form was made, is there again.
"""

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm.attributes import flag_modified
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Competency
from lti_tool.content.models import ContentItem
from lti_tool.courses.models import Person
from lti_tool.db.in_order import put_in_order
from lti_tool.playlists import template_queries as queries
from lti_tool.playlists import templates, titles
from lti_tool.playlists.models import (
    Playlist,
    PlaylistEdit,
    PlaylistSection,
    PlaylistStep,
    StepVariant,
    StepVariantLearner,
)
from lti_tool.playlists.templates import Section, Step, Template, Variant

KEPT_EDITS = 50
"""So many changes can be undone."""

_OF_SECTIONS = ("title", "note", "needed")
_OF_STEPS = (
    "title",
    "follows_item",
    "section_id",
    "kind",
    "note",
    "need",
    "content_item_id",
    "url",
    "done_rule",
    "pass_percent",
    "minutes",
    "opens_at",
    "due_at",
    "after_step_id",
    "after_competency_id",
    "competency_id",
    "is_precheck",
)
_OF_VARIANTS = ("kind", "support", "language", "title", "note", "content_item_id", "minutes", "pass_percent")


# --- Reading ------------------------------------------------------------------------------------------------------------


async def current(session: AsyncSession, playlist: Playlist) -> Template:
    """The template as its teachers left it: with the changes that students' copies have not got yet."""
    if playlist.working is None:
        return await stored(session, playlist)
    return await now_called(session, playlist, templates.of_json(playlist.working))


async def now_called(session: AsyncSession, playlist: Playlist, template: Template) -> Template:
    """A template that was kept, with what items are called now where steps' titles follow them."""
    followed = [step.content_item_id for step in template.steps if step.follows_item]
    names = await titles.of_items(session, playlist.organisation_id, followed)

    def called(step: Step) -> Step:
        title = names.get(step.content_item_id) if step.follows_item and step.content_item_id is not None else None
        return step if title is None or title == step.title else replace(step, title=title)

    return replace(template, steps=tuple(called(step) for step in template.steps))


async def stored(session: AsyncSession, playlist: Playlist) -> Template:
    """The template as its rows say it: what students have."""
    organisation_id = playlist.organisation_id
    sections = await queries.sections(session, organisation_id, playlist.id)
    steps = await queries.steps(session, organisation_id, playlist.id)
    variants = await queries.variants(session, organisation_id, playlist.id)
    there = [variant for variant in variants if variant.removed_at is None]
    learners = await queries.learners(session, organisation_id, [variant.id for variant in there])
    forms: dict[uuid.UUID, list[Variant]] = {}
    for variant in there:
        people = tuple(row.person_id for row in learners[variant.id])
        forms.setdefault(variant.step_id, []).append(
            Variant(id=variant.id, people=people, **{name: getattr(variant, name) for name in _OF_VARIANTS})
        )
    return Template(
        title=playlist.title,
        introduction=playlist.introduction,
        order_rule=playlist.order_rule,
        sections=tuple(
            Section(id=row.id, **{name: getattr(row, name) for name in _OF_SECTIONS})
            for row in sections
            if row.removed_at is None
        ),
        steps=tuple(
            Step(
                id=row.id,
                variants=tuple(forms.get(row.id, ())),
                **{name: getattr(row, name) for name in _OF_STEPS},
            )
            for row in steps
            if row.removed_at is None
        ),
    )


def as_rows(playlist: Playlist, template: Template) -> tuple[list[PlaylistSection], list[PlaylistStep]]:
    """The rows a template would have, for looking at it before anybody has it; they belong to no session."""
    of: dict[str, Any] = {"organisation_id": playlist.organisation_id, "playlist_id": playlist.id}
    return (
        [
            PlaylistSection(**of, position=place, **_values(section, ("id", *_OF_SECTIONS)))
            for place, section in enumerate(template.sections)
        ],
        [
            PlaylistStep(**of, position=place, **_values(step, ("id", *_OF_STEPS)))
            for place, step in enumerate(template.steps)
        ],
    )


def variant_rows(playlist: Playlist, template: Template) -> list[StepVariant]:
    """The rows that the other forms of a template's steps would have; they belong to no session."""
    return [
        StepVariant(
            organisation_id=playlist.organisation_id,
            step_id=step.id,
            position=place,
            **_values(variant, ("id", *_OF_VARIANTS)),
        )
        for step in template.steps
        for place, variant in enumerate(step.variants)
    ]


def _values(one: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(one, name) for name in names}


# --- Writing ------------------------------------------------------------------------------------------------------------


async def store(
    session: AsyncSession, playlist: Playlist, template: Template, by: uuid.UUID | None, now: datetime
) -> None:
    """Have the rows say what the template says. What the school no longer has (an item, a competency, a person) is left out."""
    template = await _without_what_is_gone(session, playlist, template)
    organisation_id = playlist.organisation_id
    playlist.title = template.title
    playlist.introduction = template.introduction
    playlist.order_rule = template.order_rule
    session.add(playlist)
    sections = {row.id: row for row in await queries.sections(session, organisation_id, playlist.id)}
    steps = {row.id: row for row in await queries.steps(session, organisation_id, playlist.id)}
    variants = {row.id: row for row in await queries.variants(session, organisation_id, playlist.id)}
    new_sections, new_steps = as_rows(playlist, template)
    for row in steps.values():
        if row.follows_item:
            flag_modified(
                row, "title"
            )  # What the row says here is the item's title now, which the database may not have.
    # Foreign keys name sections from steps and steps from forms, so each is there before the next.
    await put_in_order(session, sections, new_sections, _OF_SECTIONS, now)
    await put_in_order(session, steps, new_steps, _OF_STEPS, now)
    await put_in_order(session, variants, variant_rows(playlist, template), ("step_id", *_OF_VARIANTS), now)
    await _name(session, playlist, template, by, now)


async def _name(
    session: AsyncSession, playlist: Playlist, template: Template, by: uuid.UUID | None, now: datetime
) -> None:
    """Name those whom forms are for, and no others. Forms that were taken out keep theirs."""
    wanted = {variant.id: variant.people for step in template.steps for variant in step.variants}
    named = await queries.learners(session, playlist.organisation_id, wanted)
    for variant_id, people in wanted.items():
        known = {row.person_id: row for row in named[variant_id]}
        for person_id in people:
            if person_id not in known:
                session.add(
                    StepVariantLearner(
                        organisation_id=playlist.organisation_id,
                        variant_id=variant_id,
                        person_id=person_id,
                        created_by=by,
                        created_at=now,
                    )
                )
        for person_id, row in known.items():
            if person_id not in people:
                await session.delete(row)
    await session.flush()


async def _without_what_is_gone(session: AsyncSession, playlist: Playlist, template: Template) -> Template:
    of = playlist.organisation_id
    forms = [variant for step in template.steps for variant in step.variants]
    led = [*(one.content_item_id for one in template.steps), *(one.content_item_id for one in forms)]
    items = await queries.known(session, ContentItem, of, (one for one in led if one))
    competencies = await queries.known(
        session,
        Competency,
        of,
        (one for step in template.steps for one in (step.competency_id, step.after_competency_id) if one),
    )
    people = await queries.known(session, Person, of, (one for form in forms for one in form.people))
    steps = tuple(
        replace(
            step,
            content_item_id=_kept(step.content_item_id, items),
            follows_item=step.follows_item and step.content_item_id in items,
            competency_id=_kept(step.competency_id, competencies),
            after_competency_id=_kept(step.after_competency_id, competencies),
            variants=tuple(
                replace(
                    one,
                    content_item_id=_kept(one.content_item_id, items),
                    people=tuple(person for person in one.people if person in people),
                )
                for one in step.variants
            ),
        )
        for step in template.steps
    )
    return replace(template, steps=steps)


def _kept(wanted: uuid.UUID | None, known: set[uuid.UUID]) -> uuid.UUID | None:
    return wanted if wanted in known else None


async def take_out(session: AsyncSession, playlist: Playlist) -> None:
    """Delete a draft with everything in it. Steps go before the sections they name."""
    for row in await queries.steps(session, playlist.organisation_id, playlist.id):
        await session.delete(row)
    await session.flush()
    await session.delete(playlist)
    await session.flush()


# --- How it was -----------------------------------------------------------------------------------------------------------


async def keep_edit(
    session: AsyncSession,
    playlist: Playlist,
    before: Template,
    what: str,
    by: uuid.UUID | None,
    now: datetime,
) -> None:
    """Keep how the template was before the change that made the playlist's present revision. What was undone before it cannot be
    made again: it was made of another template.
    """
    await queries.forget_undone(session, playlist.organisation_id, playlist.id)
    session.add(
        PlaylistEdit(
            organisation_id=playlist.organisation_id,
            playlist_id=playlist.id,
            revision=playlist.revision - 1,
            before=templates.to_json(before),
            what=what,
            changed_by=by,
            changed_at=now,
        )
    )
    await session.flush()
    await queries.forget_edits(session, playlist.organisation_id, playlist.id, KEPT_EDITS)


async def before(session: AsyncSession, playlist: Playlist, edit: PlaylistEdit) -> Template:
    """How the template was before a change."""
    return await now_called(session, playlist, templates.of_json(edit.before))


async def after(session: AsyncSession, playlist: Playlist, edit: PlaylistEdit) -> Template:
    """How the template was after a change that was undone."""
    if edit.after is None:
        raise LookupError("a change that stands says nothing of how it was after it")
    return await now_called(session, playlist, templates.of_json(edit.after))
