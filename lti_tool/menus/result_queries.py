"""The SQL by which results find what students have chosen."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks.models import AttemptState, Check, CheckAttempt
from lti_tool.courses.models import Course
from lti_tool.menus.models import (
    ChoiceState,
    Menu,
    MenuChoice,
    MenuOption,
    MenuStatus,
    OptionDone,
    PersonalMenu,
)
from lti_tool.menus.rules.changing import AT_WORK


async def waiting(
    session: AsyncSession, course: Course, people: Collection[uuid.UUID] | None, done_rule: OptionDone
) -> list[tuple[MenuChoice, MenuOption, uuid.UUID]]:
    """Choices of these people (None: everybody) on items of the course, at work and not done, that this rule decides; with option
    and person.
    """
    if people is not None and not people:
        return []
    statement = select(MenuChoice, MenuOption, PersonalMenu.person_id).where(
        MenuChoice.organisation_id == course.organisation_id,
        MenuOption.organisation_id == course.organisation_id,
        PersonalMenu.organisation_id == course.organisation_id,
        Menu.organisation_id == course.organisation_id,
        col(MenuChoice.option_id) == col(MenuOption.id),
        col(MenuChoice.personal_menu_id) == col(PersonalMenu.id),
        col(PersonalMenu.menu_id) == col(Menu.id),
        Menu.course_id == course.id,
        Menu.status == MenuStatus.ASSIGNED,
        MenuOption.done_rule == done_rule,
        col(MenuOption.content_item_id).is_not(None),
        col(MenuChoice.dropped_at).is_(None),
        MenuChoice.state != ChoiceState.DONE,
        col(PersonalMenu.left_at).is_(None),
        col(PersonalMenu.state).in_(AT_WORK),
    )
    if people is not None and len(people) == 1:
        statement = statement.where(PersonalMenu.person_id == next(iter(people)))
    found = (await session.exec(statement)).all()
    return [(choice, option, person_id) for choice, option, person_id in found if people is None or person_id in people]


async def items_since(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, since: datetime
) -> set[uuid.UUID]:
    """Items whose result does an option that somebody has chosen, or whose board was changed or begun, from then on."""
    statement = select(col(MenuOption.content_item_id)).where(
        MenuChoice.organisation_id == organisation_id,
        MenuOption.organisation_id == organisation_id,
        PersonalMenu.organisation_id == organisation_id,
        Menu.organisation_id == organisation_id,
        col(MenuChoice.option_id) == col(MenuOption.id),
        col(MenuChoice.personal_menu_id) == col(PersonalMenu.id),
        col(PersonalMenu.menu_id) == col(Menu.id),
        Menu.course_id == course_id,
        Menu.status == MenuStatus.ASSIGNED,
        MenuOption.done_rule == OptionDone.RESULT,
        col(MenuOption.content_item_id).is_not(None),
        col(MenuChoice.dropped_at).is_(None),
        or_(
            col(MenuChoice.chosen_at) >= since,
            col(PersonalMenu.committed_at) >= since,
            col(PersonalMenu.approved_at) >= since,
            col(Menu.changed_at) >= since,
        ),
    )
    return {item_id for item_id in (await session.exec(statement.distinct())).all() if item_id is not None}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A finished attempt at one of our own checks; ``percent`` is 0 to 100."""

    content_item_id: uuid.UUID
    percent: float
    at: datetime


async def of_checks(
    session: AsyncSession, course: Course, person_id: uuid.UUID, item_ids: Collection[uuid.UUID]
) -> list[CheckResult]:
    """A student's finished attempts at the checks behind these items."""
    if not item_ids:
        return []
    columns: Any = (Check.content_item_id, CheckAttempt.earned, CheckAttempt.possible, CheckAttempt.finished_at)
    statement: Any = select(*columns).where(
        Check.organisation_id == course.organisation_id,
        CheckAttempt.organisation_id == course.organisation_id,
        col(CheckAttempt.check_id) == col(Check.id),
        Check.course_id == course.id,
        col(Check.content_item_id).in_(item_ids),
        CheckAttempt.person_id == person_id,
        CheckAttempt.state == AttemptState.FINISHED,
    )
    return [
        CheckResult(item_id, float(earned / possible * 100), at)
        for item_id, earned, possible, at in (await session.exec(statement)).all()
        if earned is not None and possible and at is not None
    ]
