"""What the sample course has besides where the sandbox plays Moodle: ``course/moodle.yaml``, read into the store."""

from datetime import datetime
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lti_tool.sandbox.models import ModuleItem
from lti_tool.sandbox.moodle_models import CompetencyFramework, CompetencyModule, CourseCompetency
from lti_tool.sandbox.sample import FOLDER


async def add_competencies(session: AsyncSession, course_id: int, now: datetime) -> None:
    """The sample's competencies and the items they stand in, unless they are there already."""
    wanted: Any = yaml.safe_load((FOLDER / "moodle.yaml").read_text(encoding="utf-8"))
    id_number = wanted["framework"]["id"]
    known = await session.scalars(select(CompetencyFramework).where(CompetencyFramework.id_number == id_number))
    if known.first() is not None:
        return
    framework = CompetencyFramework(
        short_name=wanted["framework"]["name"],
        id_number=id_number,
        scale=wanted["framework"]["scale"],
        proficient_from=wanted["framework"]["proficient_from"],
        created_at=now,
    )
    session.add(framework)
    await session.flush()
    items = {
        item.title: item.id
        for item in await session.scalars(select(ModuleItem).where(ModuleItem.course_id == course_id))
    }
    for one in wanted["competencies"]:
        competency = CourseCompetency(
            framework_id=framework.id,
            course_id=course_id,
            short_name=one["name"],
            id_number=one["id"],
            description=f"<p>{one['about']}</p>",
            created_at=now,
        )
        session.add(competency)
        await session.flush()
        # Of a store that is there already, somebody may have taken an item out.
        there = [items[title] for title in one["items"] if title in items]
        session.add_all(CompetencyModule(competency_id=competency.id, module_item_id=item_id) for item_id in there)
    await session.flush()
