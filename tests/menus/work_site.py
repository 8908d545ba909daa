"""Boards that are assigned, in an application of their own, with browsers that are signed in. Beside the builder's tests."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import httpx
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import ManualClock
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.ids import new_id
from lti_tool.menus import people, routes
from lti_tool.menus.models import (
    ChangeRule,
    HandedIn,
    Menu,
    MenuChoice,
    MenuOption,
    MenuOptionCompetency,
    MenuSection,
    MenuStatus,
    OptionDone,
    OptionKind,
    PersonalMenu,
    Rubric,
    RubricCriterion,
)
from lti_tool.menus.rules import choosing, rubrics
from lti_tool.menus.rules.choosing import BoardKind, Course, Rule
from lti_tool.web.routing import add_router
from tests.insight import site as insight
from tests.playlists import site as playlists
from tests.playlists.seed import NOW, School


class Site(insight.Site):
    """The application under test, with a board."""

    @property
    def menus(self) -> str:
        """The teacher's list."""
        return f"{self.course}/menus"


@dataclass
class Made:
    """A board with its options in order."""

    menu: Menu
    options: list[MenuOption]
    sections: list[MenuSection]

    def option(self, place: int) -> uuid.UUID:
        return self.options[place].id


async def a_site(database: Database, clock: ManualClock) -> Site:
    """The pages of menus, playlists and mastery, and a school with a map."""
    base = await insight.a_site(database, clock)
    add_router(base.app, routes.router)
    return Site(base.app, base.database, base.clock, base.lms, base.school, competencies=base.competencies)


def the_rule(kind: BoardKind, sections: list[MenuSection], **more: Any) -> Rule:
    """A plain rule of each kind: one row; a starter, a main and perhaps a dessert; ten points; two of a list."""
    if kind is BoardKind.DINNER:
        more = {
            "courses": (Course(sections[0].id, 1, 1), Course(sections[1].id, 1, 2), Course(sections[2].id, 0, 1))
        } | more
    if kind in (BoardKind.LIST, BoardKind.CONTRACT):
        more = {"least": 2, "most": 3} | more
    return Rule(kind, **more)


async def a_board(
    session: AsyncSession,
    school: School,
    kind: BoardKind = BoardKind.LIST,
    *,
    now: datetime = NOW,
    rule: dict[str, Any] | None = None,
    options: dict[int, dict[str, Any]] | None = None,
    competencies: dict[int, uuid.UUID] | None = None,
    **terms: Any,
) -> Made:
    """An assigned board of nine options whose titles say their places; ``options`` says otherwise of single ones."""
    given: dict[str, Any] = {
        "title": f"Board of {kind}",
        "status": MenuStatus.ASSIGNED,
        "assigned_at": now,
        "created_at": now,
        "changed_at": now,
    }
    menu = Menu(
        organisation_id=school.id, id=new_id(), course_id=school.course.id, kind=kind, rule={}, **(given | terms)
    )
    session.add(menu)
    await session.flush()
    sections = [
        MenuSection(organisation_id=school.id, id=new_id(), menu_id=menu.id, position=place, title=title)
        for place, title in enumerate(("Starters", "Mains", "Desserts"))
    ]
    session.add_all(sections)
    await session.flush()
    made = [
        MenuOption(
            organisation_id=school.id,
            id=new_id(),
            menu_id=menu.id,
            section_id=sections[place // 3].id if kind is BoardKind.DINNER else None,
            position=place,
            **(
                {"title": f"Task {place + 1}", "points": (2, 5, 8)[place % 3] if kind is BoardKind.POINTS else None}
                | (options or {}).get(place, {})
            ),
        )
        for place in range(9)
    ]
    session.add_all(made)
    menu.rule = choosing.rule_json(the_rule(kind, sections, **(rule or {})))
    session.add(menu)
    await session.flush()
    session.add_all(
        MenuOptionCompetency(organisation_id=school.id, option_id=made[place].id, competency_id=competency_id)
        for place, competency_id in (competencies or {}).items()
    )
    await session.flush()
    if menu.status is MenuStatus.ASSIGNED:
        await people.ensure_copies(session, school.course, now)
    return Made(menu, made, sections)


async def a_rubric(session: AsyncSession, school: School, *competency_ids: uuid.UUID | None) -> Rubric:
    """Four levels, met from the third, with a criterion for each of these competencies (None: one that names none)."""
    made = Rubric(
        organisation_id=school.id, id=new_id(), course_id=school.course.id, title="Four", created_at=NOW, changed_at=NOW
    )
    session.add(made)
    await session.flush()
    levels = [rubrics.Level(f"Level {place}", f"Looks like {place}", Decimal(place)) for place in range(1, 5)]
    session.add_all(
        RubricCriterion(
            organisation_id=school.id,
            rubric_id=made.id,
            position=place,
            title=f"Criterion {place + 1}",
            competency_id=one,
            levels=rubrics.as_json(levels),
            meets=2,
        )
        for place, one in enumerate(competency_ids)
    )
    await session.flush()
    return made


# --- Looking ------------------------------------------------------------------------------------------------------------


async def copy_of(session: AsyncSession, school: School, menu_id: uuid.UUID, place: int = 0) -> PersonalMenu:
    """A student's board."""
    statement = scoped(PersonalMenu, school.id).where(
        PersonalMenu.menu_id == menu_id, PersonalMenu.person_id == school.students[place].id
    )
    return (await session.exec(statement)).one()


async def own(site: playlists.Site, made: Made, place: int = 0) -> PersonalMenu:
    """A student's board, read in a transaction of its own."""
    async with site.database.reading() as session:
        return await copy_of(session, site.school, made.menu.id, place)


async def chosen(site: playlists.Site, made: Made, place: int = 0) -> dict[int, MenuChoice]:
    """What a student has chosen and not dropped, by the option's place on the board."""
    async with site.database.reading() as session:
        copy = await copy_of(session, site.school, made.menu.id, place)
        statement = scoped(MenuChoice, site.school.id).where(
            MenuChoice.personal_menu_id == copy.id, col(MenuChoice.dropped_at).is_(None)
        )
        found = (await session.exec(statement)).all()
    places = {option.id: at for at, option in enumerate(made.options)}
    return {places[one.option_id]: one for one in found}


async def work_of(site: playlists.Site, choice_id: uuid.UUID) -> list[HandedIn]:
    """Everything that was ever handed in for a choice."""
    async with site.database.reading() as session:
        statement = scoped(HandedIn, site.school.id).where(HandedIn.choice_id == choice_id)
        return list((await session.exec(statement.order_by(col(HandedIn.added_at)))).all())


async def upload(visitor: playlists.Visitor, path: str, name: str, content: bytes, **fields: str) -> httpx.Response:
    """Send a form with a file."""
    async with visitor.site.client(visitor.token) as client:
        return await client.post(
            path,
            data={"session": visitor._session, **fields},
            files={"file": (name, content, "application/octet-stream")},
            headers={"Origin": "http://localhost:8000"},
            follow_redirects=True,
        )


__all__ = ["ChangeRule", "OptionDone", "OptionKind"]
