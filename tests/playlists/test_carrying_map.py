"""The competency map comes along into the copy of a course, with its alignments, and never with evidence."""

import uuid
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import alignments, map_editing, maps
from lti_tool.competencies import routes as competency_routes
from lti_tool.competencies.alignment_rules import Change
from lti_tool.competencies.models import (
    Alignment,
    AlignmentOrigin,
    AlignmentRole,
    Competency,
    CompetencyLink,
    CourseMap,
    Framework,
    FrameworkSource,
    LinkKind,
    MapCompetency,
    Scale,
)
from lti_tool.competencies.rules_lines import Line
from lti_tool.content import service as content
from lti_tool.content.models import ContentItem
from lti_tool.courses.models import Course, Person
from lti_tool.db.base import scoped
from lti_tool.mastery.models import Evidence, EvidenceSource
from lti_tool.web.routing import add_router
from tests.playlists.test_carrying import BASE, COPY, ORIGINAL, Story, into, story

__all__ = ["story"]

LEVELS = [{"key": "low"}, {"key": "high"}]


@dataclass
class Original:
    """What the original's map is made of, by short names."""

    course: Course
    ids: dict[str, uuid.UUID] = field(default_factory=dict)
    scale_id: uuid.UUID | None = None


async def a_map(story: Story) -> Original:
    """Two competencies of a shared framework, two of the course's own, one taken out; drawn, ruled and aligned."""
    course = await story.course(ORIGINAL)
    now = story.world.clock.now()
    made = Original(course)
    async with story.world.database.writing() as session:
        shared = Framework(
            organisation_id=course.organisation_id,
            identifier="shared",
            source=FrameworkSource.CASE,
            title="State standards",
            changed_at=now,
            created_at=now,
        )
        session.add(shared)
        await session.flush()
        for position, code in enumerate(("6.RP.1", "6.RP.2", "6.RP.3")):
            one = Competency(
                organisation_id=course.organisation_id,
                framework_id=shared.id,
                identifier=code,
                code=code,
                statement=f"Statement of {code}",
                position=position,
                changed_at=now,
                created_at=now,
            )
            session.add(one)
            made.ids[code] = one.id
        await session.flush()
        await maps.pick(session, course, list(made.ids.values()), now, None)
        lines = [Line("O1", "I can draw a ratio"), Line("O2", "I can explain a ratio")]
        own = await map_editing.write(session, course, lines, "Ours", await revision(session, course), now, None)
        made.ids |= dict(zip(("O1", "O2"), own, strict=True))
        framework = await map_editing.own_framework(session, course)
        assert framework is not None
        session.add(
            CompetencyLink(
                organisation_id=course.organisation_id,
                framework_id=framework.id,
                origin_id=own[0],
                destination_id=own[1],
                kind=LinkKind.PRECEDES,
            )
        )
        await maps.take_out(session, course, [made.ids["6.RP.3"]], await revision(session, course), now, None)
        edge = (made.ids["6.RP.2"], made.ids["O1"])
        await map_editing.draw(session, course, edge, await revision(session, course), now, None)
        scale = Scale(
            organisation_id=course.organisation_id,
            course_id=course.id,
            title="Ours",
            levels=LEVELS,
            changed_at=now,
            created_at=now,
        )
        session.add(scale)
        await session.flush()
        made.scale_id = scale.id
        row = (await session.exec(scoped(CourseMap, course.organisation_id))).one()
        row.rule, row.passing_percent, row.scale_id = {"rule": "latest", "version": 1}, 70.0, scale.id
        places = (await session.exec(scoped(MapCompetency, course.organisation_id))).all()
        place = next(one for one in places if one.competency_id == own[1])
        place.rule = {"rule": "children", "of": [{"id": str(own[0])}, {"id": str(made.ids["6.RP.1"])}]}
        session.add_all([row, place])
        items = {one.title: one.id for one in await content.items(session, course.organisation_id, course.id)}
        # Pasted addresses have their host for a title; two of three led into the original, so that they are named by address.
        pasted = {one.url: one.id for one in await content.items(session, course.organisation_id, course.id)}
        assesses, teaches = AlignmentRole.ASSESSES, AlignmentRole.TEACHES
        await alignments.change(
            session,
            course,
            [
                Change(items["What a ratio is"], made.ids["6.RP.1"], teaches),
                Change(items["What a ratio is"], made.ids["O1"], teaches),
                Change(items["Quiz without results there"], made.ids["O2"], assesses, Decimal("0.5"), 65.0, mixed=True),
                Change(items["Only in the original"], made.ids["6.RP.2"], assesses),
                Change(items["Only in the original"], made.ids["O2"], assesses),
                Change(pasted["https://www.mathsisfun.com/ratio.html"], made.ids["6.RP.1"], teaches),
                Change(pasted[f"{BASE}/courses/17/files/99/download"], made.ids["6.RP.1"], teaches),
            ],
            {},
            by=None,
            now=now,
        )
        student = next(
            one for one in (await session.exec(scoped(Person, course.organisation_id))).all() if one.sub == "anna"
        )
        session.add(
            Evidence(
                organisation_id=course.organisation_id,
                course_id=course.id,
                person_id=student.id,
                competency_id=made.ids["6.RP.1"],
                source=EvidenceSource.LMS,
                presentation="p",
                earned=Decimal(1),
                possible=Decimal(1),
                observed_at=now,
                learned_at=now,
            )
        )
    return made


async def revision(session: AsyncSession, course: Course) -> int:
    view = await maps.the_map(session, course.organisation_id, course.id)
    return 0 if view is None else view.revision


async def in_copy(story: Story, table: type[Any]) -> list[Any]:
    course = await story.course()
    return [one for one in await story.rows(table) if one.course_id == course.id]


async def codes(story: Story) -> dict[uuid.UUID, str]:
    return {one.id: one.code for one in await story.rows(Competency)}


async def test_the_question_names_the_map_and_nothing_of_people(story: Story) -> None:
    await a_map(story)
    teacher = await story.copied()
    assert "The competency map: 4 competencies, 7 alignments" in teacher.page.text
    assert "Anna" not in teacher.page.text


async def test_a_course_with_a_map_and_no_playlist_is_asked_about_too(story: Story) -> None:
    await a_map(story)
    await story.world.launch("colleague", **into("theirs", "A colleague's", canvas="51"))
    theirs = await story.course("theirs")
    async with story.world.database.writing() as session:
        await maps.pick(session, theirs, [next(iter((await a_shared(story)).values()))], story.world.clock.now(), None)
    teacher = await story.world.launch("new-teacher", **into("copy-of-theirs", "A copy", "theirs"))
    assert teacher.address.endswith("/carry-over")
    assert "The competency map: 1 competency, 0 alignments" in teacher.page.text
    page = await teacher.post(teacher.address, answer="carry", original=str(theirs.id))
    assert page.status_code == 200
    assert "The competency map has come along" in page.text
    assert "Nothing to carry over" not in page.text


async def a_shared(story: Story) -> dict[str, uuid.UUID]:
    return {one.code: one.id for one in await story.rows(Competency) if one.code.startswith("6.")}


async def test_everything_of_the_map_comes_along(story: Story) -> None:
    original = await a_map(story)
    teacher = await story.decide(await story.copied())
    assert "The competency map has come along" in teacher.page.text
    assert "4 competencies, 7 alignments" in teacher.page.text
    assert "2 items that are aligned were not found" in teacher.page.text
    course = await story.course()
    names = await codes(story)
    async with story.world.database.reading() as session:
        view = await maps.the_map(session, course.organisation_id, course.id)
    assert view is not None
    assert [(one.code, one.number) for one in view.competencies] == [("6.RP.1", 1), ("6.RP.2", 2), ("O1", 4), ("O2", 5)]
    shared = {one.code: one.id for one in view.competencies if not one.own}
    assert shared == {code: original.ids[code] for code in ("6.RP.1", "6.RP.2")}
    own = {one.code: one.id for one in view.competencies if one.own}
    assert set(own) == {"O1", "O2"}
    assert not set(own.values()) & set(original.ids.values())
    assert {(names[a], names[b]) for a, b in view.edges} == {("O1", "O2"), ("6.RP.2", "O1")}
    (row,) = await in_copy(story, CourseMap)
    assert (row.rule, row.passing_percent) == ({"rule": "latest", "version": 1}, 70.0)
    (scale,) = await in_copy(story, Scale)
    assert (row.scale_id, scale.title, scale.levels) == (scale.id, "Ours", LEVELS)
    assert scale.id != original.scale_id
    # A rule that names competencies names the copy's.
    rule = next(one.rule for one in view.competencies if one.code == "O2")
    assert rule == {"rule": "children", "of": [{"id": str(own["O1"])}, {"id": str(original.ids["6.RP.1"])}]}
    # What the copy's teachers write from now on stands beside it.
    (framework,) = await in_copy(story, Framework)
    assert framework.identifier == map_editing.own_identifier(course.id)
    assert await in_copy(story, Evidence) == []


async def test_alignments_find_their_items(story: Story) -> None:
    await a_map(story)
    await story.decide(await story.copied())
    course = await story.course()
    names = await codes(story)
    items = {one.id: one for one in await story.rows(ContentItem)}
    rows = await in_copy(story, Alignment)
    assert all(items[row.content_item_id].course_id == course.id for row in rows)
    there = {
        (items[row.content_item_id].url, row.role.value, names[row.competency_id])
        for row in rows
        if items[row.content_item_id].deleted_at is None
    }
    assert there == {
        (f"{BASE}/courses/42/modules/items/11", "teaches", "6.RP.1"),
        (f"{BASE}/courses/42/modules/items/11", "teaches", "O1"),
        (f"{BASE}/courses/42/modules/items/15", "assesses", "O2"),
        ("https://www.mathsisfun.com/ratio.html", "teaches", "6.RP.1"),
    }
    assert {row.origin for row in rows} == {AlignmentOrigin.COPY}
    (mixed,) = [row for row in rows if row.mixed]
    assert (str(mixed.weight), mixed.passing_percent) == ("0.5", 65.0)


async def test_what_was_not_found_is_listed_and_given_its_place(story: Story) -> None:
    await a_map(story)
    teacher = await story.decide(await story.copied())
    course = await story.course()
    add_router(story.world.tool.app, competency_routes.router)
    address = f"/courses/{course.id}/competencies/alignments"
    page = await teacher.get(address)
    assert "Not found in this course" in page.text
    assert "Only in the original" in page.text
    items = {one.external_id: one for one in await in_copy(story, ContentItem)}
    lost = {one.title: one for one in items.values() if one.external_id.startswith("missing:")}
    assert set(lost) == {"Only in the original", "platform.example"}
    first, second = lost["Only in the original"].id, lost["platform.example"].id
    to = items["canvas:42:13"].id
    page = await teacher.post(f"{address}/lost/{first}")
    assert "nothing has changed" in page.text
    page = await teacher.post(f"{address}/lost/{first}", place=str(to))
    assert "The item has these alignments now." in page.text
    page = await teacher.post(f"{address}/lost/{second}", answer="remove")
    assert "1 alignment was taken away." in page.text
    assert "Not found in this course" not in page.text
    names = await codes(story)
    rows = await in_copy(story, Alignment)
    assert {names[row.competency_id] for row in rows if row.content_item_id == to} == {"6.RP.2", "O2"}
    assert not {first, second} & {row.content_item_id for row in rows}
    for wrong in (to, uuid.uuid4()):
        assert (await teacher.post(f"{address}/lost/{wrong}", place=str(to))).status_code == 404


async def test_once_is_enough_and_what_the_copy_has_stays(story: Story) -> None:
    original = await a_map(story)
    teacher = await story.copied()
    course = await story.course()
    now = story.world.clock.now()
    # The copy's teacher has begun: one competency taken out again, one kept, in another order.
    async with story.world.database.writing() as session:
        picked = await maps.pick(session, course, [original.ids["6.RP.2"], original.ids["6.RP.1"]], now, None)
        assert len(picked.added) == 2
        await maps.take_out(session, course, [original.ids["6.RP.1"]], await revision(session, course), now, None)
    await story.decide(teacher)
    async with story.world.database.reading() as session:
        view = await maps.the_map(session, course.organisation_id, course.id)
    assert view is not None
    assert sorted(one.code for one in view.competencies) == ["6.RP.2", "O1", "O2"]
    assert len({one.number for one in view.competencies}) == 3
    assert view.passing_percent == 80.0
    assert view.rule is None
    rows = len(await story.rows(Alignment)), len(await story.rows(Competency)), len(await story.rows(MapCompetency))
    # Carried over again by hand, as if nothing had been decided.
    from lti_tool.competencies import carrying
    from lti_tool.content import places

    async with story.world.database.writing() as session:
        both = await places.copied(session, course, original.course)
        await carrying.carry(session, both, original.course, None, now)
    assert rows == (
        len(await story.rows(Alignment)),
        len(await story.rows(Competency)),
        len(await story.rows(MapCompetency)),
    )


@pytest.mark.parametrize("value", [None, 1, "x", ["x"], {"a": {"b": ["c", 2.5, True]}}])
def test_rules_without_competencies_stay_as_they_are(value: Any) -> None:
    from lti_tool.competencies.carrying import renamed

    assert renamed(value, {uuid.UUID(int=1): uuid.UUID(int=2)}) == value


async def test_another_copy_is_another_map(story: Story) -> None:
    await a_map(story)
    await story.decide(await story.copied())
    teacher = await story.world.launch("third", **into("next", "Algebra 1, 2027", COPY, ORIGINAL))
    copy = await story.course()
    await teacher.post(teacher.address, answer="carry", original=str(copy.id))
    last = await story.course("next")
    frameworks = [one.identifier for one in await story.rows(Framework) if one.source is FrameworkSource.OWN]
    assert len(frameworks) == len(set(frameworks)) == 3
    async with story.world.database.reading() as session:
        view = await maps.the_map(session, last.organisation_id, last.id)
    assert view is not None
    assert [one.code for one in view.competencies] == ["6.RP.1", "6.RP.2", "O1", "O2"]
