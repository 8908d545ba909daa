"""The SQL of a copy's own steps: what planning reads of them, and how it writes what is other."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, insert, literal, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.base import scoped
from lti_tool.db.bulk import insert_rows
from lti_tool.db.fixed import Fixed, Told, together
from lti_tool.db.listed import ids, within
from lti_tool.playlists.models import (
    PersonalPlaylist,
    PlaylistStep,
    StepOrigin,
    StepVariant,
    StepVariantLearner,
    VariantKind,
)
from lti_tool.playlists.path_models import PathRequest

_copy: Table = PersonalPlaylist.__table__  # type: ignore[attr-defined]
_step: Table = PlaylistStep.__table__  # type: ignore[attr-defined]
_request: Table = PathRequest.__table__  # type: ignore[attr-defined]

_ORGANISATION: Any = bindparam("organisation")


class OwnStep(NamedTuple):
    """A copy's own step as far as planning needs it."""

    id: uuid.UUID
    copy_id: uuid.UUID
    position: int
    kind: str
    title: str
    content_item_id: uuid.UUID | None
    done_rule: str
    pass_percent: float | None
    minutes: int | None
    competency_id: uuid.UUID | None
    origin: str
    role: str | None
    why: Mapping[str, Any] | None
    expected: float | None
    proposed: bool


OWN = Fixed(
    select(
        _step.c.id,
        _step.c.personal_playlist_id,
        _step.c.position,
        _step.c.kind,
        _step.c.title,
        _step.c.content_item_id,
        _step.c.done_rule,
        _step.c.pass_percent,
        _step.c.minutes,
        _step.c.competency_id,
        _step.c.origin,
        _step.c.role,
        _step.c.why,
        _step.c.expected,
        _step.c.proposed,
    )
    .where(
        _step.c.organisation_id == _ORGANISATION,
        within(_step.c.personal_playlist_id, ids("copies")),
        _step.c.removed_at.is_(None),
    )
    .order_by(_step.c.position, _step.c.id)
)
"""The own steps of ``copies`` that are on the path, in order."""

_LOCK = Fixed(
    select(_copy.c.id, _copy.c.moved_at, _copy.c.planned_at, _copy.c.left_at)
    .where(_copy.c.organisation_id == _ORGANISATION, within(_copy.c.id, ids("copies")))
    .order_by(_copy.c.id)
    .with_for_update()
)

_OFF = Fixed(
    update(_step)
    .where(_step.c.organisation_id == _ORGANISATION, within(_step.c.id, ids("steps")))
    .values(removed_at=bindparam("now", type_=_step.c.removed_at.type))
)

_WITHDRAW = Fixed(
    update(_request)
    .where(
        _request.c.organisation_id == _ORGANISATION,
        within(_request.c.step_id, ids("steps")),
        _request.c.origin == literal(StepOrigin.TOOL, _request.c.origin.type),
        _request.c.answered_at.is_(None),
    )
    .values(answered_at=bindparam("now", type_=_request.c.answered_at.type))
)

CHANGED = ("position", "title", "done_rule", "pass_percent", "minutes", "why", "expected", "proposed", "origin")
"""What planning changes of a step that stays."""

_SET = Fixed(
    update(_step)
    .where(_step.c.organisation_id == _ORGANISATION, _step.c.id == bindparam("step"))
    .values({name: bindparam(f"new_{name}", type_=_step.c[name].type) for name in CHANGED})
)

_PLANNED = Fixed(
    update(_copy)
    .where(_copy.c.organisation_id == _ORGANISATION, _copy.c.id == bindparam("copy"))
    .values(
        planned_at=bindparam("now", type_=_copy.c.planned_at.type),
        planned=bindparam("planned", type_=_copy.c.planned.type),
    )
)

_STEP_COLUMNS = tuple(column.name for column in _step.columns)
_ADD = Fixed(insert(_step), values=_STEP_COLUMNS)


def by_copy(copy_ids: Collection[uuid.UUID], rows: Iterable[Sequence[Any]]) -> dict[uuid.UUID, list[OwnStep]]:
    """Rows of ``OWN`` by copy."""
    found: dict[uuid.UUID, list[OwnStep]] = {copy_id: [] for copy_id in copy_ids}
    for row in rows:
        step = OwnStep(*row)
        found[step.copy_id].append(step)
    return found


class Locked(NamedTuple):
    """A copy's times, once nobody else can change them."""

    id: uuid.UUID
    moved_at: datetime | None
    planned_at: datetime | None
    left_at: datetime | None


async def lock(
    session: AsyncSession, organisation_id: uuid.UUID, copy_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, Locked]:
    """Lock these copies, in the order of their ids."""
    rows = await _LOCK.run(session, {"organisation": organisation_id, "copies": sorted(copy_ids)})
    return {row[0]: Locked(*row) for row in rows}


@dataclass(slots=True)
class Written:
    """What plans of some copies come to: ``gone`` are steps taken off their paths, ``added`` rows of new ones with all the
    table's columns, ``changed`` what ``CHANGED`` names of those that stay, and ``planned`` what to remember of each copy.
    """

    gone: list[uuid.UUID] = field(default_factory=list)
    added: list[Mapping[str, Any]] = field(default_factory=list)
    changed: list[tuple[uuid.UUID, Mapping[str, Any]]] = field(default_factory=list)
    planned: list[tuple[uuid.UUID, Mapping[str, Any]]] = field(default_factory=list)


_TOLD_AT_ONCE = 100
_MANY = 20


async def write(session: AsyncSession, organisation_id: uuid.UUID, written: Written, now: datetime) -> None:
    """Write what plans come to. What the tool asked the teacher about steps that are gone waits no more; their rows stay."""
    asked: list[Told] = []
    if written.gone:
        gone = {"organisation": organisation_id, "steps": sorted(written.gone), "now": now}
        asked += [(_OFF, gone), (_WITHDRAW, gone)]
    if len(written.added) < _MANY:
        asked += [(_ADD, row) for row in written.added]
    else:
        rows = ([row[name] for name in _STEP_COLUMNS] for row in written.added)
        await insert_rows(session, _step, _STEP_COLUMNS, rows)
    for step_id, values in written.changed:
        given = {f"new_{name}": values[name] for name in CHANGED}
        asked.append((_SET, {"organisation": organisation_id, "step": step_id, **given}))
    for copy_id, said in written.planned:
        asked.append((_PLANNED, {"organisation": organisation_id, "copy": copy_id, "planned": said, "now": now}))
    for start in range(0, len(asked), _TOLD_AT_ONCE):
        await together(session, asked[start : start + _TOLD_AT_ONCE])


@dataclass(frozen=True, slots=True)
class OwnForm:
    """The form of one copy's own step that this student opens; a form that modifies is given to the student by name."""

    modifies: bool
    support: str
    language: str
    title: str
    content_item_id: uuid.UUID | None
    minutes: int | None
    pass_percent: float | None


async def put_forms(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    forms: Mapping[uuid.UUID, Sequence[OwnForm]],
    owners: Mapping[uuid.UUID, uuid.UUID],
    now: datetime,
) -> None:
    """Give these own steps the forms they shall have, by step; ``owners`` says whose each step is."""
    there: dict[uuid.UUID, dict[OwnForm, StepVariant]] = {step_id: {} for step_id in forms}
    statement = scoped(StepVariant, organisation_id).where(
        col(StepVariant.step_id).in_(sorted(forms)), col(StepVariant.removed_at).is_(None)
    )
    for row in (await session.exec(statement)).all():
        there[row.step_id][_form_of(row)] = row
    for step_id, some in forms.items():
        for form, row in there[step_id].items():
            if form not in some:
                row.removed_at = now
                session.add(row)
        for form in some:
            if form not in there[step_id]:
                await _add_form(session, organisation_id, step_id, form, owners[step_id], now)
    await session.flush()


def _form_of(row: StepVariant) -> OwnForm:
    modifies = row.kind is VariantKind.MODIFICATION
    return OwnForm(modifies, row.support, row.language, row.title, row.content_item_id, row.minutes, row.pass_percent)


async def _add_form(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    step_id: uuid.UUID,
    form: OwnForm,
    person_id: uuid.UUID,
    now: datetime,
) -> None:
    row = StepVariant(
        organisation_id=organisation_id,
        step_id=step_id,
        kind=VariantKind.MODIFICATION if form.modifies else VariantKind.ACCOMMODATION,
        support=form.support,
        language=form.language,
        title=form.title,
        content_item_id=form.content_item_id,
        minutes=form.minutes,
        pass_percent=form.pass_percent,
    )
    session.add(row)
    await session.flush()
    if form.modifies:
        session.add(
            StepVariantLearner(organisation_id=organisation_id, variant_id=row.id, person_id=person_id, created_at=now)
        )
