"""Frameworks for tests of maps: a few letters with prerequisites, and the real Common Core map."""

import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies.models import Competency, CompetencyLink, Framework, FrameworkSource, LinkKind
from lti_tool.ids import new_id
from tests.courses.school import NOW

GRADE, DOMAIN, CLUSTER, STANDARD = "Grade Level", "Domain", "Cluster", "Standard"


def a_framework(organisation_id: uuid.UUID, title: str = "Arithmetic", course_id: uuid.UUID | None = None) -> Framework:
    return Framework(
        organisation_id=organisation_id,
        identifier=str(new_id()),
        source=FrameworkSource.CASE,
        course_id=course_id,
        title=title,
        changed_at=NOW,
        created_at=NOW,
    )


def a_competency(framework: Framework, code: str, position: int, **more: Any) -> Competency:
    values: dict[str, Any] = {
        "organisation_id": framework.organisation_id,
        "framework_id": framework.id,
        "identifier": code,
        "code": code,
        "statement": f"What {code} says",
        "position": position,
        "changed_at": NOW,
        "created_at": NOW,
    }
    return Competency(**(values | more))


async def letters(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    codes: Sequence[str],
    precedes: Sequence[tuple[str, str]] = (),
    *,
    title: str = "Arithmetic",
    course_id: uuid.UUID | None = None,
) -> dict[str, Competency]:
    """A framework of one grade and one domain with these competencies, by code."""
    framework = a_framework(organisation_id, title, course_id)
    session.add(framework)
    await session.flush()
    grade = a_competency(framework, "4", 0, statement="Grade 4", kind=GRADE)
    session.add(grade)
    await session.flush()
    domain = a_competency(framework, "4.X", 1, statement="Letters", kind=DOMAIN, parent_id=grade.id, depth=1)
    session.add(domain)
    await session.flush()
    made = {
        code: a_competency(framework, code, place, kind=STANDARD, parent_id=domain.id, depth=2, grades=["04"])
        for place, code in enumerate(codes, 2)
    }
    session.add_all(made.values())
    await session.flush()
    session.add_all(
        CompetencyLink(
            organisation_id=organisation_id,
            framework_id=framework.id,
            origin_id=made[before].id,
            destination_id=made[after].id,
            kind=LinkKind.PRECEDES,
            position=place,
        )
        for place, (before, after) in enumerate(precedes)
    )
    await session.flush()
    return made


async def common_core(session: AsyncSession, organisation_id: uuid.UUID, data: Path) -> dict[str, Competency]:
    """The Common Core State Standards for Mathematics with the Coherence Map, by code."""
    package = json.loads((data / "ccss-math-coherence.case.json").read_text("utf-8"))
    document = package["CFDocument"]
    framework = Framework(
        organisation_id=organisation_id,
        identifier=document["identifier"],
        source=FrameworkSource.CASE,
        title=document["title"],
        language="en",
        changed_at=NOW,
        created_at=NOW,
    )
    session.add(framework)
    await session.flush()
    ids = {item["identifier"]: uuid.UUID(item["identifier"]) for item in package["CFItems"]}
    links = package["CFAssociations"]
    parents = {
        link["originNodeURI"]["identifier"]: link["destinationNodeURI"]["identifier"]
        for link in links
        if link["associationType"] == "isChildOf"
    }
    places = {
        link["originNodeURI"]["identifier"]: link.get("sequenceNumber", 0)
        for link in links
        if link["associationType"] == "isChildOf"
    }
    items = {item["identifier"]: item for item in package["CFItems"]}
    children: dict[str, list[str]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    ordered: list[tuple[str, int]] = []

    def walk(parent: str, depth: int) -> None:
        for child in sorted(children.get(parent, ()), key=lambda one: places[one]):
            ordered.append((child, depth))
            walk(child, depth + 1)

    walk(document["identifier"], 0)
    made: dict[str, Competency] = {}
    for position, (identifier, depth) in enumerate(ordered):
        item, parent = items[identifier], parents[identifier]
        competency = a_competency(
            framework,
            item.get("humanCodingScheme", ""),
            position,
            id=ids[identifier],
            identifier=identifier,
            statement=item["fullStatement"],
            kind=item["CFItemType"],
            grades=item.get("educationLevel", []),
            parent_id=ids.get(parent),
            depth=depth,
        )
        made[competency.code] = competency
    for level in range(max(depth for _, depth in ordered) + 1):
        session.add_all(one for one in made.values() if one.depth == level)
        await session.flush()
    session.add_all(
        CompetencyLink(
            organisation_id=organisation_id,
            framework_id=framework.id,
            origin_id=ids[link["originNodeURI"]["identifier"]],
            destination_id=ids[link["destinationNodeURI"]["identifier"]],
            kind=LinkKind.PRECEDES,
            identifier=link["identifier"],
            position=place,
        )
        for place, link in enumerate(links)
        if link["associationType"] == "precedes"
    )
    await session.flush()
    return made


def standards(made: dict[str, Competency]) -> list[Competency]:
    """What a teacher picks: the standards themselves."""
    return [one for one in made.values() if one.kind == STANDARD]
