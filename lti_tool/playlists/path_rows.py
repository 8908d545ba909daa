"""The rows that paths are put together from, read at once with statements that are compiled once."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from sqlalchemy import Table, bindparam, case, exists, func, literal, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.content.models import ContentItem
from lti_tool.db.listed import ids, within
from lti_tool.db.loaded import Loaded, Written, columns_of, load_together, write_together
from lti_tool.playlists.models import (
    PersonalPlaylist,
    PersonalStep,
    Playlist,
    PlaylistKind,
    PlaylistSection,
    PlaylistStatus,
    PlaylistStep,
    StepVariant,
)
from lti_tool.playlists.path_models import PathRequest

FEW = 25
"""Copies, students or items up to which a statement finds a few rows by their keys; a class is another matter."""


def _table(model: Any) -> Table:
    found: Table = model.__table__
    return found


_copy, _playlist, _section = _table(PersonalPlaylist), _table(Playlist), _table(PlaylistSection)
_step, _row, _form, _request = _table(PlaylistStep), _table(PersonalStep), _table(StepVariant), _table(PathRequest)

_ORGANISATION: Any = bindparam("organisation")


_item = _table(ContentItem)
_ITS_TITLE = (
    select(_item.c.title)
    .where(_item.c.organisation_id == _step.c.organisation_id, _item.c.id == _step.c.content_item_id)
    .scalar_subquery()
)
_SAID: Mapping[Any, Any] = {
    # A title that nobody wrote is what the item is called now (``titles``).
    _step.c.title: case((_step.c.follows_item, func.coalesce(_ITS_TITLE, _step.c.title)), else_=_step.c.title)
}


def _all(model: Any) -> Any:
    said = [_SAID.get(column, column) for column in columns_of(model)]
    return select(*said).where(_table(model).c.organisation_id == _ORGANISATION)


_IN_TEMPLATES = within(_step.c.playlist_id, ids("playlists")) & _step.c.personal_playlist_id.is_(None)
_IN_COPIES = within(_step.c.personal_playlist_id, ids("copies"))


def _forms_of(steps: Any) -> Loaded:
    """The other forms of some steps, those taken out included: somebody may have begun with one."""
    statement = _all(StepVariant).join(
        _step, (_step.c.id == _form.c.step_id) & (_step.c.organisation_id == _form.c.organisation_id)
    )
    return Loaded(statement.where(steps).order_by(_form.c.position, _form.c.id), StepVariant)


_OWN = Loaded(_all(PlaylistStep).where(_IN_COPIES).order_by(_step.c.position, _step.c.id), PlaylistStep)
_ROWS = Loaded(_all(PersonalStep).where(within(_row.c.personal_playlist_id, ids("copies"))), PersonalStep)
_REQUESTS = Loaded(
    _all(PathRequest)
    .where(within(_request.c.personal_playlist_id, ids("copies")), _request.c.answered_at.is_(None))
    .order_by(_request.c.created_at, _request.c.id),
    PathRequest,
)
_OWN_FORMS = _forms_of(within(_step.c.personal_playlist_id, ids("personal")))
_TEMPLATES = Loaded(_all(PlaylistStep).where(_IN_TEMPLATES).order_by(_step.c.position, _step.c.id), PlaylistStep)
_SECTIONS = Loaded(
    _all(PlaylistSection)
    .where(within(_section.c.playlist_id, ids("playlists")))
    .order_by(_section.c.position, _section.c.id),
    PlaylistSection,
)
_TEMPLATE_FORMS = _forms_of(
    within(_step.c.playlist_id, ids("playlists")) & or_(_step.c.personal_playlist_id.is_(None), _IN_COPIES)
)


@dataclass(slots=True)
class PathRows:
    """What some copies' paths are made of: by playlist, by copy, and forms by step. What there is nothing of is absent."""

    templates: dict[uuid.UUID, list[PlaylistStep]] = field(default_factory=dict)
    sections: dict[uuid.UUID, list[PlaylistSection]] = field(default_factory=dict)
    own: dict[uuid.UUID, list[PlaylistStep]] = field(default_factory=dict)
    rows: dict[uuid.UUID, dict[uuid.UUID, PersonalStep]] = field(default_factory=dict)
    requests: dict[uuid.UUID, list[PathRequest]] = field(default_factory=dict)
    forms: dict[uuid.UUID, list[StepVariant]] = field(default_factory=dict)

    @property
    def steps(self) -> list[PlaylistStep]:
        """All steps, the templates' first."""
        return [step for some in (*self.templates.values(), *self.own.values()) for step in some]


async def read(
    session: AsyncSession, organisation_id: uuid.UUID, copies: Collection[tuple[PersonalPlaylist, Playlist]]
) -> PathRows:
    """What these copies' paths are made of, in order; steps, sections and forms that were taken out included.

    A personal playlist has neither steps of its own nor sections: where there is no template, they are not asked for.
    """
    copy_ids = sorted(copy.id for copy, _ in copies)
    personal_ids = sorted(copy.id for copy, one in copies if one.kind is PlaylistKind.PERSONAL)
    template_ids = sorted({one.id for _, one in copies if one.kind is not PlaylistKind.PERSONAL})
    asked: Mapping[str, Any] = {
        "organisation": organisation_id,
        "copies": copy_ids,
        "personal": personal_ids,
        "playlists": template_ids,
    }
    statements = [_OWN, _ROWS, _REQUESTS]
    if template_ids:
        statements += [_TEMPLATES, _SECTIONS, _TEMPLATE_FORMS]
    if personal_ids:
        statements += [_OWN_FORMS]
    own, rows, requests, *more = await load_together(
        session, [(one, asked) for one in statements], few=len(copy_ids) <= FEW
    )
    templates, sections = more[:2] if template_ids else ([], [])
    forms = more[2 if template_ids else 0 :]
    found = PathRows()
    for step in templates:
        found.templates.setdefault(step.playlist_id, []).append(step)
    for section in sections:
        found.sections.setdefault(section.playlist_id, []).append(section)
    for step in own:
        found.own.setdefault(step.personal_playlist_id, []).append(step)
    for row in rows:
        found.rows.setdefault(row.personal_playlist_id, {})[row.step_id] = row
    for request in requests:
        found.requests.setdefault(request.personal_playlist_id, []).append(request)
    for form in chain.from_iterable(forms):
        found.forms.setdefault(form.step_id, []).append(form)
    return found


_COPY_WRITTEN, _ROW_WRITTEN = Written(PersonalPlaylist), Written(PersonalStep)


async def write(session: AsyncSession, copy: PersonalPlaylist, rows: Collection[PersonalStep]) -> None:
    """Write a copy, which is locked, and rows of its steps, those that are new as well."""
    await write_together(session, [(_COPY_WRITTEN, copy), *((_ROW_WRITTEN, row) for row in rows)])


# --- The copies that results are of -------------------------------------------------------------------------------------

_OF_COPY = or_(
    _step.c.personal_playlist_id == _copy.c.id,
    _step.c.personal_playlist_id.is_(None)
    & (_step.c.playlist_id == _copy.c.playlist_id)
    & (_playlist.c.kind == literal(PlaylistKind.TEMPLATE, _playlist.c.kind.type)),
)
_HERE = (_step.c.organisation_id == _ORGANISATION) & _OF_COPY
_LEADS = exists().where(_HERE, _step.c.removed_at.is_(None), within(_step.c.content_item_id, ids("items")))
_LEADS_OTHERWISE = exists().where(
    _HERE,
    _form.c.organisation_id == _ORGANISATION,
    _form.c.step_id == _step.c.id,
    within(_form.c.content_item_id, ids("items")),
)
_WITH_ITEMS: Any = (
    select(*columns_of(PersonalPlaylist), *columns_of(Playlist))
    .join_from(
        _copy,
        _playlist,
        (_playlist.c.organisation_id == _copy.c.organisation_id) & (_playlist.c.id == _copy.c.playlist_id),
    )
    .where(
        _copy.c.organisation_id == _ORGANISATION,
        _playlist.c.organisation_id == _ORGANISATION,
        _playlist.c.course_id == bindparam("course"),
        _playlist.c.status == literal(PlaylistStatus.ASSIGNED, _playlist.c.status.type),
        within(_copy.c.person_id, ids("people")),
        _copy.c.left_at.is_(None),
        or_(_LEADS, _LEADS_OTHERWISE),
    )
    .order_by(_copy.c.id)
)
_FOUND = Loaded(_WITH_ITEMS, PersonalPlaylist, Playlist)
_LOCKED = Loaded(_WITH_ITEMS.with_for_update(of=_copy), PersonalPlaylist, Playlist)


async def copies_with_items(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    person_ids: Collection[uuid.UUID],
    item_ids: Collection[uuid.UUID],
    *,
    lock: bool,
) -> Sequence[tuple[PersonalPlaylist, Playlist]]:
    """The copies of these students (a few) of assigned playlists that have a step leading to one of these items (a few as well),
    in the usual form or another; with ``lock``, held until the transaction ends, in the order of their ids.
    """
    values = {
        "organisation": organisation_id,
        "course": course_id,
        "people": sorted(person_ids),
        "items": sorted(item_ids),
    }
    [found] = await load_together(session, [(_LOCKED if lock else _FOUND, values)])
    return found
