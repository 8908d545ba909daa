"""Importing, importing again, and everything in between, on both databases."""

import asyncio
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lti_tool.audit import AuditEntry
from lti_tool.competencies import framework_queries as queries
from lti_tool.competencies import importing
from lti_tool.competencies.importing import AnotherCoursesOwn, Counts, Preview, UsedElsewhere, Wish
from lti_tool.competencies.models import (
    Competency,
    CompetencyLink,
    Framework,
    FrameworkSource,
    LinkKind,
    MapCompetency,
)
from lti_tool.competencies.reading.recognise import read_framework
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from tests.courses.school import NOW, a_school, come_in

from .formats import CANVAS, DOCUMENT, OWN, as_bytes, association, guid, item, moodle, package

LATER = NOW + timedelta(days=1)


@dataclass
class Frameworks:
    """A school and what is imported into it."""

    database: Database
    organisation_id: uuid.UUID
    course_id: uuid.UUID

    async def add(self, given: Any, *, confirmed: bool = False, **wish: Any) -> Preview:
        file = read_framework(given if isinstance(given, bytes) else as_bytes(given))
        async with self.database.writing() as session:
            return await importing.apply(
                session, self.organisation_id, file, Wish(**wish), LATER, by=None, actor="test", confirmed=confirmed
            )

    async def look(self, given: Any, **wish: Any) -> Preview:
        file = read_framework(given if isinstance(given, bytes) else as_bytes(given))
        async with self.database.reading() as session:
            return await importing.preview(session, self.organisation_id, file, Wish(**wish))

    async def all(self) -> list[Framework]:
        async with self.database.reading() as session:
            return list((await session.exec(scoped(Framework, self.organisation_id))).all())

    async def competencies(self, framework_id: uuid.UUID) -> dict[str, Competency]:
        async with self.database.reading() as session:
            found = await queries.competencies(session, self.organisation_id, framework_id, retired=True)
            return {one.code: one for one in found}

    async def links(self, framework_id: uuid.UUID) -> set[tuple[str, str, str]]:
        async with self.database.reading() as session:
            names = {one.id: one.code for one in (await session.exec(scoped(Competency, self.organisation_id))).all()}
            found = await queries.links(session, self.organisation_id, framework_id)
            return {(names[one.origin_id], one.kind.value, names[one.destination_id]) for one in found}

    async def use_in_map(self, competency: Competency, course_id: uuid.UUID | None = None) -> None:
        async with self.database.writing() as session:
            session.add(
                MapCompetency(
                    organisation_id=self.organisation_id,
                    course_id=course_id or self.course_id,
                    competency_id=competency.id,
                    number=1,
                    created_at=NOW,
                )
            )


async def frameworks_of(database: Database) -> Frameworks:
    school = await a_school(database)
    entry = await come_in(database, school.launch())
    assert entry.course_id is not None
    return Frameworks(database, school.organisation.id, entry.course_id)


@pytest.fixture
async def here(database: Database) -> Frameworks:
    return await frameworks_of(database)


def framework_id(done: Preview) -> uuid.UUID:
    assert done.framework_id is not None
    return done.framework_id


FIRST = package(
    [item("A"), item("B"), item("C")],
    [
        association("isChildOf", "B", "A"),
        association("isChildOf", "C", "A"),
        association("precedes", "B", "C"),
        association("isRelatedTo", "A", "C"),
    ],
)
ALL_FORMATS = {"case": as_bytes(FIRST), "own": OWN.encode(), "moodle": moodle().encode(), "canvas": CANVAS.encode()}


@pytest.mark.parametrize("given", ALL_FORMATS.values(), ids=ALL_FORMATS)
async def test_the_same_file_again_changes_nothing(here: Frameworks, given: bytes) -> None:
    looked = await here.look(given)
    first = await here.add(given)
    assert first.is_new
    assert looked.counts == first.counts
    assert first.counts.added == len(first.file.competencies)
    before = await here.competencies(framework_id(first))
    links = await here.links(framework_id(first))
    again = await here.look(given)
    assert again.changes_nothing
    assert again.counts == Counts(0, 0, first.counts.added, 0, first.counts.refused)
    second = await here.add(given)
    assert not second.is_new
    assert framework_id(second) == framework_id(first)
    assert second.counts == again.counts
    assert second.changes == ()
    after = await here.competencies(framework_id(first))
    assert {code: one.model_dump() for code, one in after.items()} == {
        code: one.model_dump() for code, one in before.items()
    }
    assert await here.links(framework_id(first)) == links
    assert len(await here.all()) == 1


async def test_what_is_stored_is_what_the_file_says(here: Frameworks) -> None:
    done = await here.add(FIRST)
    (framework,) = await here.all()
    assert (framework.identifier, framework.title, framework.source) == (DOCUMENT, "Fractions", FrameworkSource.CASE)
    assert (framework.creator, framework.subject, framework.language) == ("A publisher", "Mathematics", "en")
    assert framework.course_id is None
    found = await here.competencies(framework.id)
    assert [(one.code, one.position, one.depth) for one in found.values()] == [("A", 0, 0), ("B", 1, 1), ("C", 2, 1)]
    assert found["B"].parent_id == found["A"].id
    assert found["B"].grades == ["04"]
    assert await here.links(framework_id(done)) == {("B", "precedes", "C"), ("A", "related", "C")}


async def test_a_newer_version_updates_adds_and_retires_and_everything_comes_back(here: Frameworks) -> None:
    first = await here.add(FIRST)
    before = await here.competencies(framework_id(first))
    await here.use_in_map(before["C"])
    newer = package(
        [item("A", "Other words"), item("B"), item("D")],
        [association("isChildOf", "B", "A"), association("isChildOf", "D", "B"), association("precedes", "D", "B")],
        title="Fractions, new",
    )
    looked = await here.look(newer)
    assert looked.counts == Counts(added=1, updated=2, unchanged=0, retired=1, refused=0)
    changes = {
        one.row.code: {each.name: (each.before, each.after) for each in one.changes} for one in looked.plan.updated
    }
    assert changes == {"A": {"statement": ("Statement A", "Other words")}, "B": {"prerequisites": ("", "D")}}
    assert [(one.name, one.before, one.after) for one in looked.changes] == [("title", "Fractions", "Fractions, new")]
    assert [one.row.code for one in looked.plan.retired] == ["C"]
    assert looked.used_by == ((here.course_id, "Physics"),)
    done = await here.add(newer, course_id=here.course_id)
    assert done.counts == looked.counts
    after = await here.competencies(framework_id(done))
    assert {code: one.id for code, one in after.items() if code in before} == {c: one.id for c, one in before.items()}
    assert after["C"].retired_at == LATER
    assert after["A"].statement == "Other words"
    assert (after["D"].parent_id, after["D"].depth) == (after["B"].id, 2)
    # What was retired keeps its links: the map that uses it goes on.
    assert await here.links(framework_id(done)) == {
        ("B", "precedes", "C"),
        ("A", "related", "C"),
        ("D", "precedes", "B"),
    }
    assert (await here.look(newer)).changes_nothing
    back = await here.add(FIRST, course_id=here.course_id)
    # B is as it was: what came before it is gone, which is told of that one.
    assert back.counts == Counts(added=0, updated=2, unchanged=1, retired=1, refused=0)
    again = await here.competencies(framework_id(back))
    assert again["C"].id == before["C"].id
    assert again["C"].retired_at is None
    assert again["D"].retired_at == LATER


async def test_only_the_order_changes(here: Frameworks) -> None:
    first = await here.add(FIRST)
    turned = package(
        [item("C"), item("B"), item("A")],
        [
            association("isChildOf", "C", "A"),
            association("isChildOf", "B", "A"),
            association("precedes", "B", "C"),
            association("isRelatedTo", "A", "C"),
        ],
    )
    done = await here.add(turned)
    assert done.counts == Counts(0, 0, 3, 0, 0)
    assert list(await here.competencies(framework_id(first))) == ["A", "C", "B"]


async def test_the_same_framework_in_both_versions_of_case_is_the_same(here: Frameworks) -> None:
    def version(number: str) -> dict[str, Any]:
        return package(
            [item(code, version=number) for code in ("A", "B")],
            [association("isChildOf", "B", "A", number), association("precedes", "A", "B", number)],
            number,
        )

    await here.add(version("v1p0"))
    done = await here.add({"CFPackage": version("v1p1")})
    assert done.counts == Counts(0, 0, 2, 0, 0)
    assert (await here.add(version("v1p0"))).changes_nothing
    (framework,) = await here.all()
    assert framework.extra["frameworkType"] == "Standards"


async def test_a_loop_is_listed_and_stays_decided(here: Frameworks) -> None:
    loop = b"code,statement,parent,prerequisites\nA,a,,C\nB,b,,A\nC,c,,B\nD,d,,C\n"
    done = await here.add(loop, title="Loops")
    assert [one.shown(done.plan.names) for one in done.loops] == ["A → B → C → A"]
    assert await here.links(framework_id(done)) == {
        ("A", "precedes", "B"),
        ("B", "precedes", "C"),
        ("C", "precedes", "D"),
    }
    chosen = await here.add(loop, left_out=[("A", "B")])
    assert await here.links(framework_id(chosen)) == {
        ("C", "precedes", "A"),
        ("B", "precedes", "C"),
        ("C", "precedes", "D"),
    }
    # The next import, which nobody asks about it, holds to the decision.
    again = await here.add(loop)
    assert again.changes_nothing
    assert [one.left_out for one in again.loops] == [("A", "B")]
    mended = await here.add(loop.replace(b"A,a,,C", b"A,a,,"))
    assert mended.loops == ()
    (framework,) = await here.all()
    assert framework.extra == {}


async def test_rows_that_are_refused_now_are_not_taken_for_gone(here: Frameworks) -> None:
    await here.add(b"code,statement,parent\nA,a,\nB,b,A\nC,c,\n")
    done = await here.add(b"code,statement,parent\nA,,\nB,b,B\nC,c,\n")
    assert done.counts == Counts(added=0, updated=0, unchanged=1, retired=0, refused=2)


async def test_a_csv_belongs_to_the_framework_it_shares_most_with(here: Frameworks) -> None:
    first = await here.add(OWN.encode(), title_if_none="Fractions")
    other = await here.add(b"code,statement\nG.1,Lines\nG.2,Angles\n", title_if_none="Geometry")
    assert framework_id(other) != framework_id(first)
    newer = OWN.replace("Add fractions", "Add and subtract").encode() + b"4.NF.4,Multiply,4.NF,4.NF.3\n"
    done = await here.add(newer, title_if_none="another name")
    assert framework_id(done) == framework_id(first)
    assert done.counts == Counts(added=1, updated=1, unchanged=3, retired=0, refused=0)
    assert {one.title for one in await here.all()} == {"Fractions", "Geometry"}
    own = await here.add(newer, title="Mine", as_new=True)
    assert own.is_new
    assert len(await here.all()) == 3
    # One of its own is one of its own, though another has the same title and the same codes.
    assert (await here.look(newer, title="Mine", as_new=True)).is_new
    twin = await here.add(newer, title="Mine", as_new=True)
    assert (twin.is_new, twin.counts.added) == (True, 5)
    assert len(await here.all()) == 4
    into = await here.add(b"code,statement\nG.1,Lines\n", into=framework_id(other))
    assert framework_id(into) == framework_id(other)
    assert into.counts == Counts(added=0, updated=0, unchanged=1, retired=1, refused=0)


async def test_a_file_that_has_become_another_framework_updates_it_as_the_preview_says(here: Frameworks) -> None:
    first = await here.add(b"code,statement\nA,a\nB,b\n", title_if_none="Same")
    for step in (b"code,statement\nB,b\nC,c\n", b"code,statement\nC,c\nD,d\n", b"code,statement\nE,e\nF,f\n"):
        await here.add(step, into=framework_id(first))
    looked = await here.look(b"code,statement\nA,a\nB,b\n", title_if_none="Same")
    done = await here.add(b"code,statement\nA,a\nB,b\n", title_if_none="Same")
    assert looked.framework_id == done.framework_id == framework_id(first)
    assert looked.counts == done.counts
    assert len(await here.all()) == 1


async def test_a_csv_changes_only_what_it_has_columns_for(here: Frameworks) -> None:
    done = await here.add(b"code,statement,kind,grade,parent,prerequisites\nA,a,Domain,04,,\nB,b,Standard,05,A,A\n")
    await here.add(b"code,statement\nA,a\nB,bee\n")
    found = await here.competencies(framework_id(done))
    assert (found["B"].statement, found["B"].kind, found["B"].grades) == ("bee", "Standard", ["05"])
    assert found["B"].parent_id == found["A"].id
    assert await here.links(framework_id(done)) == {("A", "precedes", "B")}


async def test_moodles_cross_references_become_prerequisites_if_somebody_says_so(here: Frameworks) -> None:
    first = await here.add(moodle().encode())
    assert await here.links(framework_id(first)) == {("NF,1", "related", "NF2")}
    await here.add(moodle().encode(), related_as_prerequisites=True)
    assert await here.links(framework_id(first)) == {("NF,1", "precedes", "NF2")}
    again = await here.add(moodle(id_prefix="8").encode())
    assert again.changes_nothing
    await here.add(moodle().encode(), related_as_prerequisites=False)
    assert ("NF,1", "related", "NF2") in await here.links(framework_id(first))


async def test_other_courses_that_use_it_have_to_be_confirmed(here: Frameworks) -> None:
    first = await here.add(FIRST)
    found = await here.competencies(framework_id(first))
    await here.use_in_map(found["C"])
    changed = package([item("A", "New"), item("B"), item("C")], FIRST["CFAssociations"])
    mine = await here.look(changed, course_id=here.course_id)
    assert not mine.needs_confirming
    elsewhere = uuid.uuid4()
    assert (await here.look(changed, course_id=elsewhere)).needs_confirming
    assert not (await here.look(FIRST, course_id=elsewhere)).needs_confirming
    with pytest.raises(UsedElsewhere):
        await here.add(changed, course_id=elsewhere)
    assert (await here.competencies(framework_id(first)))["A"].statement == "Statement A"
    await here.add(changed, course_id=elsewhere, confirmed=True)
    assert (await here.competencies(framework_id(first)))["A"].statement == "New"


async def test_a_framework_that_is_another_courses_own_is_left_alone(here: Frameworks) -> None:
    await here.add(FIRST)
    async with here.database.writing() as session:
        framework = (await session.exec(scoped(Framework, here.organisation_id))).one()
        framework.course_id = here.course_id
        session.add(framework)
    with pytest.raises(AnotherCoursesOwn):
        await here.look(FIRST, course_id=uuid.uuid4())
    assert (await here.look(FIRST, course_id=here.course_id)).changes_nothing


async def test_links_into_another_framework_hold_where_the_school_has_it(here: Frameworks) -> None:
    crossing = package([item("A")], [association("precedes", "Z", "A")])
    first = await here.add(crossing)
    assert await here.links(framework_id(first)) == set()
    await here.add(package([item("Z")], identifier=str(uuid.uuid4())))
    done = await here.add(crossing)
    assert await here.links(framework_id(done)) == {("Z", "precedes", "A")}
    assert (await here.add(crossing)).changes_nothing


async def test_two_schools_have_the_same_framework_each_for_itself(here: Frameworks, database: Database) -> None:
    other = await a_school(database, "Other")
    await here.add(FIRST)
    there = Frameworks(database, other.organisation.id, here.course_id)
    done = await there.add(FIRST)
    assert done.is_new
    assert len(await here.all()) == len(await there.all()) == 1


async def test_every_import_leaves_a_trace(here: Frameworks) -> None:
    done = await here.add(FIRST)
    await here.add(FIRST)
    async with here.database.reading() as session:
        entries = (await session.exec(scoped_entries(here.organisation_id))).all()
    told = [(one.action, one.actor, one.subject, one.detail) for one in entries if one.action.startswith("framework")]
    subject = f"framework {framework_id(done)}"
    assert told == [
        ("framework.imported", "test", subject, "3 added, 0 updated, 0 unchanged, 0 retired, 0 refused"),
        ("framework.updated", "test", subject, "0 added, 0 updated, 3 unchanged, 0 retired, 0 refused"),
    ]


def scoped_entries(organisation_id: uuid.UUID) -> Any:
    from sqlmodel import col, select

    return select(AuditEntry).where(AuditEntry.organisation_id == organisation_id).order_by(col(AuditEntry.id))


@pytest.mark.parametrize("given", [as_bytes(FIRST), OWN.encode()], ids=["case", "own"])
async def test_two_imports_at_once_are_one(own_database: Database, given: bytes) -> None:
    here = await frameworks_of(own_database)
    done = await asyncio.gather(*(here.add(given, title_if_none="Same") for _ in range(4)))
    assert len({one.framework_id for one in done}) == 1
    (framework,) = await here.all()
    async with own_database.reading() as session:
        rows = (await session.exec(scoped(Competency, here.organisation_id))).all()
        links = (await session.exec(scoped(CompetencyLink, here.organisation_id))).all()
    assert len(rows) == len(read_framework(given).competencies)
    assert len(links) == len(read_framework(given).links)
    assert sorted(one.counts.added for one in done)[:3] == [0, 0, 0]


async def test_the_common_core_is_whole(here: Frameworks, shared_data: Path) -> None:
    given = (shared_data / "ccss-math-coherence.case.json").read_bytes()
    done = await here.add(given)
    assert done.counts == Counts(695, 0, 0, 0, 0)
    assert done.problems == ()
    assert done.loops == ()
    async with here.database.reading() as session:
        links = await queries.links(session, here.organisation_id, framework_id(done))
        found = await queries.competencies(session, here.organisation_id, framework_id(done))
    assert sum(one.kind is LinkKind.PRECEDES for one in links) == 757
    assert sum(one.kind is LinkKind.RELATED for one in links) == 142
    assert sum(one.depth == 0 for one in found) == 10
    by_kind = {
        kind: sum(one.kind == kind for one in found) for kind in ("Grade Level", "Domain", "Cluster", "Standard")
    }
    assert list(by_kind.values()) == [10, 63, 142, 480]
    assert (await here.add(given)).changes_nothing
    older = json.loads(given)
    del older["CFDocument"]["caseVersion"], older["CFDocument"]["frameworkType"]
    assert (await here.add({"CFPackage": older})).changes_nothing
    assert guid("x") not in {one.identifier for one in found}
