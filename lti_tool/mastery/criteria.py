"""Which criterion a learner begins with, and keeping it as it was then."""

import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, and_, bindparam, literal, or_, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Alignment, AlignmentRole, CourseMap, Scale
from lti_tool.db.fixed import Fixed, FixedUpsert, Told, together
from lti_tool.db.listed import ids, within
from lti_tool.mastery import rules
from lti_tool.mastery.models import FrozenCriterion

MOST_REMEMBERED = 2000

_criterion: Table = FrozenCriterion.__table__  # type: ignore[attr-defined]
_map: Table = CourseMap.__table__  # type: ignore[attr-defined]
_scale: Table = Scale.__table__  # type: ignore[attr-defined]
_alignment: Table = Alignment.__table__  # type: ignore[attr-defined]

_ORGANISATION: Any = bindparam("organisation")
_COURSE: Any = bindparam("course")

_read: dict[uuid.UUID, rules.Criterion] = {}
"""Criteria never change, and their ids are made of what they say: what was read once needs no second reading."""


@dataclass(frozen=True, slots=True)
class Basis:
    """How a course's levels are decided where nothing else is said: its rule, its scale, its passing mark (0 to 100)."""

    rule: rules.Rule
    scale: rules.Scale
    passing_percent: float


_CHOSEN = Fixed(
    select(_map.c.rule, _map.c.passing_percent, _map.c.scale_id).where(
        _map.c.organisation_id == _ORGANISATION, _map.c.course_id == _COURSE
    )
)
_SCALES = Fixed(
    select(_scale.c.id, _scale.c.levels)
    .where(
        _scale.c.organisation_id == _ORGANISATION,
        or_(
            _scale.c.id
            == select(_map.c.scale_id)
            .where(_map.c.organisation_id == _ORGANISATION, _map.c.course_id == _COURSE)
            .scalar_subquery(),
            and_(_scale.c.course_id.is_(None), _scale.c.is_default.is_(True)),
        ),
    )
    .order_by(_scale.c.created_at, _scale.c.id)
)


async def basis(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> Basis:
    """What a course has chosen; else the school's default scale, else the tool's own scale and rule."""
    asked = {"organisation": organisation_id, "course": course_id}
    return _based(*await together(session, [(_CHOSEN, asked), (_SCALES, asked)]))


def _based(chosen: Sequence[tuple[Any, ...]], scales: Sequence[tuple[Any, ...]]) -> Basis:
    rule, passing, scale_id = chosen[0] if chosen else (None, 80.0, None)
    by_id = {row[0]: row[1] for row in scales}
    # The scale that was chosen, else the school's default, else the tool's own.
    levels = (by_id.get(scale_id) if scale_id is not None else None) or next(iter(by_id.values()), None)
    return Basis(_rule_of(rule) or rules.DefaultLadder(), _scale_of(levels), passing)


def _scale_of(levels: list[dict[str, Any]] | None) -> rules.Scale:
    if not levels:
        return rules.default_scale()
    return rules.Scale.from_json(levels)


def _rule_of(data: Mapping[str, Any] | None) -> rules.Rule | None:
    """A level rule; None where none is said, or where it is one for parents."""
    if not data or data.get("rule") in rules.PARENT_RULES:
        return None
    return rules.rule_from_json(data)


def parent_rule_of(data: Mapping[str, Any] | None) -> rules.ParentRule | None:
    """The rule by which a competency's level follows those below it; None where it is one for its own evidence."""
    if not data or data.get("rule") not in rules.PARENT_RULES:
        return None
    return rules.parent_rule_from_json(data)


def begun_with(found: Basis, rule: Mapping[str, Any] | None, aligned: Iterable[rules.AlignedItem]) -> rules.Criterion:
    """The criterion for who begins now. ``rule`` is the map's for this competency, where it differs from the course's."""
    return rules.Criterion(rules.fitted(_rule_of(rule) or found.rule, aligned), found.scale)


_of_these = _alignment.alias("of_these")
_ALIGNED = Fixed(
    select(_alignment.c.competency_id, _alignment.c.content_item_id, _alignment.c.mixed, _alignment.c.weight).where(
        _alignment.c.organisation_id == _ORGANISATION,
        _alignment.c.course_id == _COURSE,
        _alignment.c.role == literal(AlignmentRole.ASSESSES, _alignment.c.role.type),
        _alignment.c.content_item_id.in_(
            select(_of_these.c.content_item_id).where(
                _of_these.c.organisation_id == _ORGANISATION,
                _of_these.c.course_id == _COURSE,
                _of_these.c.role == literal(AlignmentRole.ASSESSES, _of_these.c.role.type),
                within(_of_these.c.competency_id, ids("competencies")),
            )
        ),
    )
)


async def aligned_items(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, competency_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[rules.AlignedItem]]:
    """What assesses each of these competencies, as rules look at it; platforms give whole scores of items."""
    asked = {"organisation": organisation_id, "course": course_id, "competencies": sorted(set(competency_ids))}
    [rows] = await together(session, [(_ALIGNED, asked)], few=False)
    return _aligned(rows, competency_ids)


def _aligned(
    rows: Sequence[tuple[Any, ...]], competency_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[rules.AlignedItem]]:
    wanted = set(competency_ids)
    times = Counter(item_id for _, item_id, _, _ in rows)
    found: dict[uuid.UUID, list[rules.AlignedItem]] = defaultdict(list)
    for competency_id, item_id, mixed, weight in rows:
        if competency_id in wanted:
            found[competency_id].append(
                rules.AlignedItem(item_id.hex, whole=True, shared=times[item_id] > 1, mixed=mixed, weight=weight)
            )
    return found


async def to_begin_with(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, competency_ids: Sequence[uuid.UUID]
) -> tuple[Basis, dict[uuid.UUID, list[rules.AlignedItem]]]:
    """``basis`` and ``aligned_items`` of a few competencies, asked at once."""
    asked = {"organisation": organisation_id, "course": course_id, "competencies": competency_ids}
    chosen, scales, rows = await together(session, [(_CHOSEN, asked), (_SCALES, asked), (_ALIGNED, asked)])
    return _based(chosen, scales), _aligned(rows, competency_ids)


_FREEZE = FixedUpsert(
    lambda insert: (
        insert(_criterion)
        .values({column.name: bindparam(column.name, type_=column.type) for column in _criterion.columns})
        .on_conflict_do_nothing()
    )
)


def to_freeze(
    organisation_id: uuid.UUID, course_id: uuid.UUID, criterion: rules.Criterion, now: datetime
) -> tuple[uuid.UUID, Told]:
    """The id of a criterion, the same for all who begin with the same, and the statement that keeps it. Two transactions at once
    make one row.
    """
    content = criterion.to_json()
    criterion_id = uuid.uuid5(course_id, json.dumps(content, sort_keys=True))
    _remember(criterion_id, criterion)
    row = {
        "organisation_id": organisation_id,
        "id": criterion_id,
        "course_id": course_id,
        "content": content,
        "created_at": now,
    }
    return criterion_id, (_FREEZE, row)


async def freeze(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, criterion: rules.Criterion, now: datetime
) -> uuid.UUID:
    """Keep a criterion; its id."""
    criterion_id, (statement, row) = to_freeze(organisation_id, course_id, criterion, now)
    await statement.run(session, row)
    return criterion_id


async def frozen(
    session: AsyncSession, organisation_id: uuid.UUID, criterion_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, rules.Criterion]:
    """The criteria with these ids."""
    wanted = set(criterion_ids)
    found = {one: _read[one] for one in wanted if one in _read}
    missing = sorted(wanted - found.keys())
    if missing:
        statement: Any = select(col(FrozenCriterion.id), col(FrozenCriterion.content)).where(
            col(FrozenCriterion.organisation_id) == organisation_id, col(FrozenCriterion.id).in_(missing)
        )
        for criterion_id, content in (await session.exec(statement)).all():
            found[criterion_id] = rules.Criterion.from_json(content)
            _remember(criterion_id, found[criterion_id])
    return found


def _remember(criterion_id: uuid.UUID, criterion: rules.Criterion) -> None:
    if len(_read) >= MOST_REMEMBERED:
        _read.clear()
    _read[criterion_id] = criterion
