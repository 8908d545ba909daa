"""Which criterion a learner begins with, and keeping it as it was then."""

import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, and_, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Alignment, AlignmentRole, CourseMap, Scale
from lti_tool.mastery import rules
from lti_tool.mastery.models import FrozenCriterion

MOST_REMEMBERED = 2000

_criterion: Table = FrozenCriterion.__table__  # type: ignore[attr-defined]
_read: dict[uuid.UUID, rules.Criterion] = {}
"""Criteria never change, and their ids are made of what they say: what was read once needs no second reading."""


@dataclass(frozen=True, slots=True)
class Basis:
    """How a course's levels are decided where nothing else is said: its rule, its scale, its passing mark (0 to 100)."""

    rule: rules.Rule
    scale: rules.Scale
    passing_percent: float


async def basis(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> Basis:
    """What a course has chosen; else the school's default scale, else the tool's own scale and rule."""
    statement: Any = select(col(CourseMap.rule), col(CourseMap.passing_percent), col(CourseMap.scale_id)).where(
        col(CourseMap.organisation_id) == organisation_id, col(CourseMap.course_id) == course_id
    )
    row = (await session.exec(statement)).one_or_none()
    rule, passing, scale_id = row if row is not None else (None, 80.0, None)
    levels = await _levels(session, organisation_id, scale_id)
    return Basis(_rule_of(rule) or rules.DefaultLadder(), _scale_of(levels), passing)


async def _levels(
    session: AsyncSession, organisation_id: uuid.UUID, scale_id: uuid.UUID | None
) -> list[dict[str, Any]] | None:
    """The levels of the scale that was chosen, else of the school's default; None where there is neither."""
    default = and_(col(Scale.course_id).is_(None), col(Scale.is_default).is_(True))
    statement: Any = (
        select(col(Scale.id), col(Scale.levels))
        .where(col(Scale.organisation_id) == organisation_id, or_(col(Scale.id) == scale_id, default))
        .order_by(col(Scale.created_at), col(Scale.id))
    )
    found = {found_id: levels for found_id, levels in (await session.exec(statement)).all()}  # noqa: C416 - rows are no pairs.
    chosen: list[dict[str, Any]] | None = found.get(scale_id) if scale_id is not None else None
    return chosen or next(iter(found.values()), None)


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


async def aligned_items(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, competency_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, list[rules.AlignedItem]]:
    """What assesses each of these competencies, as rules look at it; platforms give whole scores of items."""
    here = and_(
        col(Alignment.organisation_id) == organisation_id,
        col(Alignment.course_id) == course_id,
        col(Alignment.role) == AlignmentRole.ASSESSES,
    )
    wanted = set(competency_ids)
    of_these = select(col(Alignment.content_item_id)).where(here, col(Alignment.competency_id).in_(sorted(wanted)))
    statement: Any = select(
        col(Alignment.competency_id), col(Alignment.content_item_id), col(Alignment.mixed), col(Alignment.weight)
    ).where(here, col(Alignment.content_item_id).in_(of_these.correlate(None)))
    rows = (await session.exec(statement)).all()
    times = Counter(item_id for _, item_id, _, _ in rows)
    found: dict[uuid.UUID, list[rules.AlignedItem]] = defaultdict(list)
    for competency_id, item_id, mixed, weight in rows:
        if competency_id in wanted:
            found[competency_id].append(
                rules.AlignedItem(item_id.hex, whole=True, shared=times[item_id] > 1, mixed=mixed, weight=weight)
            )
    return found


async def freeze(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, criterion: rules.Criterion, now: datetime
) -> uuid.UUID:
    """Keep a criterion, and its id: the same one for all who begin with the same. Two transactions at once make one row."""
    content = criterion.to_json()
    criterion_id = uuid.uuid5(course_id, json.dumps(content, sort_keys=True))
    on = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    row = {
        "organisation_id": organisation_id,
        "id": criterion_id,
        "course_id": course_id,
        "content": content,
        "created_at": now,
    }
    await session.exec(on.insert(_criterion).values(row).on_conflict_do_nothing())
    _remember(criterion_id, criterion)
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
