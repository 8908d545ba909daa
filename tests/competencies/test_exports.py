"""What goes out comes back as it was: CASE and CSV, of every source, on both databases."""

import csv
import io
import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from lti_tool.competencies import framework_queries as queries
from lti_tool.competencies.case_export import Exporter, case_identifier, placing_id
from lti_tool.competencies.csv_export import as_csv
from lti_tool.competencies.models import Framework
from lti_tool.competencies.reading.case import ASSOCIATION_FIELDS, DOCUMENT_FIELDS, ITEM_FIELDS
from lti_tool.db.session import Database
from tests.courses.school import a_school

from .formats import CANVAS, DOCUMENT, OWN, as_bytes, association, guid, item, moodle, package
from .test_importing import Frameworks, framework_id, frameworks_of

BASE = "https://tool.example"

RICH = package(
    [
        item(
            "A",
            notes="A note",
            shade="blue",
            alternativeLabel="a",
            conceptKeywords=["x", "y"],
            extensions={"own": [1.5]},
        ),
        item(
            "B",
            humanCodingScheme=None,
            educationLevel=["KG", "01"],
            CFItemTypeURI={"title": "T", "identifier": guid("T"), "uri": "https://x.example"},
        ),
        item("C", "=HYPERLINK(1)", CFItemType=None),
        item("D;1", "Two\nlines"),
        item("E", "<p>Powers such as x<sup>2</sup>&nbsp;&amp; <em>roots</em></p>"),
    ],
    [
        association("isChildOf", "A", "document", sequenceNumber=1, notes="Why here"),
        association("isChildOf", "B", "A", sequenceNumber=2),
        association("isChildOf", "C", "A", sequenceNumber=1),
        association("isChildOf", "D;1", "B"),
        association("isChildOf", "D;1", "C"),
        association("precedes", "C", "B", notes="Look", sequenceNumber=4),
        association("precedes", "D;1", "B"),
        association("ext:opens", "A", "C"),
        association("exactMatchOf", "A", "elsewhere"),
    ],
    subject=["Mathematics", "Physics"],
    licenseURI={"title": "CC BY", "identifier": guid("L"), "uri": "https://licence.example"},
    colour="red",
) | {
    "CFDefinitions": {
        "CFLicenses": [
            {"identifier": guid("L"), "uri": "https://licence.example", "title": "CC BY", "licenseText": "…"}
        ],
        "CFConcepts": [],
    },
    "CFRubrics": [{"identifier": guid("R"), "uri": "https://r.example", "title": "R", "CFRubricCriteria": []}],
}
FILES = {
    "case": as_bytes(RICH),
    "own": OWN.encode(),
    "moodle": moodle().encode(),
    "canvas": CANVAS.encode(),
    "loop": b"code,statement,parent,prerequisites\nA,a,,B\nB,b,,A\n-C,=c,A,\n",
}


@pytest.fixture
async def here(database: Database) -> Frameworks:
    return await frameworks_of(database)


async def exporter(here: Frameworks, one: uuid.UUID) -> Exporter:
    async with here.database.reading() as session:
        framework = await session.get(Framework, (here.organisation_id, one))
        assert framework is not None
        return Exporter(
            framework,
            await queries.competencies(session, here.organisation_id, one),
            await queries.links(session, here.organisation_id, one),
            BASE,
        )


@pytest.mark.parametrize("given", FILES.values(), ids=FILES)
async def test_exported_and_imported_again_nothing_changes(here: Frameworks, given: bytes) -> None:
    first = await here.add(given, title_if_none="A name")
    out = await exporter(here, framework_id(first))
    table = as_csv(out.framework, out.competencies, out.links)
    for written in (as_bytes(out.package()), as_bytes({"CFPackage": out.package()}), table.encode()):
        again = await here.look(written)
        assert again.framework_id == framework_id(first)
        assert again.changes == ()
        assert [(one.row.code, one.changes) for one in again.plan.updated] == []
        assert again.changes_nothing
        assert again.counts.refused == 0


async def test_a_statement_leaves_in_the_markup_that_it_came_with_unless_it_is_another_by_now(here: Frameworks) -> None:
    done = await here.add(RICH)
    out = await exporter(here, framework_id(done))
    (one,) = [found for found in out.competencies if found.code == "E"]
    assert one.statement == "Powers such as x² & roots"
    assert out.item(one)["fullStatement"] == "<p>Powers such as x<sup>2</sup>&nbsp;&amp; <em>roots</em></p>"
    one.statement = "Powers"
    assert out.item(one)["fullStatement"] == "Powers"


@pytest.mark.parametrize("given", FILES.values(), ids=FILES)
async def test_a_package_of_ours_is_the_same_framework_in_another_school(
    here: Frameworks, database: Database, given: bytes
) -> None:
    first = await here.add(given, title_if_none="A name")
    out = await exporter(here, framework_id(first))
    other = await a_school(database, "Other")
    there = Frameworks(database, other.organisation.id, here.course_id)
    done = await there.add(out.package())
    assert done.counts.added == first.counts.added
    copy = await exporter(there, framework_id(done))
    assert copy.framework.source is out.framework.source
    assert [(one.identifier, one.code, one.depth, one.rule, one.extra) for one in copy.competencies] == [
        (one.identifier, one.code, one.depth, one.rule, one.extra) for one in out.competencies
    ]
    assert len(copy.links) == len(out.links)


@pytest.mark.parametrize("given", FILES.values(), ids=FILES)
async def test_objects_are_of_the_binding(here: Frameworks, given: bytes) -> None:
    """Fields that the 1.1 binding requires are there, none that it has not, and nothing is null."""
    first = await here.add(given, title_if_none="A name")
    out = await exporter(here, framework_id(first))
    document = out.document()
    assert document.keys() <= DOCUMENT_FIELDS
    assert document.keys() >= {"identifier", "uri", "creator", "title", "lastChangeDateTime", "CFPackageURI"}
    assert document["CFPackageURI"]["uri"] == f"{BASE}/ims/case/v1p1/CFPackages/{document['identifier']}"
    for competency in out.competencies:
        found = out.item(competency)
        assert found.keys() <= ITEM_FIELDS
        assert found.keys() >= {"identifier", "uri", "fullStatement", "lastChangeDateTime", "CFDocumentURI"}
        uuid.UUID(found["identifier"])
    whole = out.package()
    assert "CFPackageURI" not in whole["CFDocument"]
    assert all("CFDocumentURI" not in one for one in whole["CFItems"] + whole["CFAssociations"])
    identifiers = [one["identifier"] for one in whole["CFAssociations"]]
    assert len(set(identifiers)) == len(identifiers)
    for one in whole["CFAssociations"]:
        assert one.keys() <= ASSOCIATION_FIELDS
        assert one.keys() >= {"identifier", "uri", "associationType", "originNodeURI", "destinationNodeURI"}
        uuid.UUID(one["identifier"])
    assert "null" not in json.dumps(whole).replace('"null"', "")


async def test_what_a_source_said_stands_where_it_was(here: Frameworks) -> None:
    first = await here.add(RICH)
    whole = (await exporter(here, framework_id(first))).package()
    document, items = whole["CFDocument"], {one["identifier"]: one for one in whole["CFItems"]}
    assert document["subject"] == ["Mathematics", "Physics"]
    assert document["licenseURI"]["title"] == "CC BY"
    assert document["extensions"] == {"colour": "red"}
    assert document["frameworkType"] == "Standards"
    assert items[guid("A")]["notes"] == "A note"
    assert items[guid("A")]["extensions"] == {"shade": "blue", "own": [1.5]}
    assert items[guid("A")]["uri"] == RICH["CFItems"][0]["uri"]
    assert "humanCodingScheme" not in items[guid("B")] or items[guid("B")]["humanCodingScheme"]
    by_id = {one["identifier"]: one for one in whole["CFAssociations"]}
    for given in RICH["CFAssociations"]:
        written = by_id[given["identifier"]]
        for name in ("associationType", "notes", "sequenceNumber"):
            assert written.get(name) == given.get(name)
        for end in ("originNodeURI", "destinationNodeURI"):
            assert written[end]["identifier"] == given[end]["identifier"]
    assert whole["CFDefinitions"]["CFLicenses"][0]["licenseText"] == "…"
    assert whole["CFRubrics"][0]["title"] == "R"


async def test_a_table_holds_no_formula_and_names_everything(here: Frameworks) -> None:
    first = await here.add(RICH)
    out = await exporter(here, framework_id(first))
    text = as_csv(out.framework, out.competencies, out.links)
    rows = {row["identifier"]: row for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))}
    assert rows[guid("C")]["statement"] == "'=HYPERLINK(1)"
    # A code with a semicolon in it, and a competency without one, are named by their identifiers.
    assert set(rows[guid("B")]["prerequisites"].split(";")) == {"C", guid("D;1")}
    assert rows[guid("D;1")]["parent"] == guid("B")
    assert rows[guid("B")]["grade"] == "KG;01"
    assert {row["framework"] for row in rows.values()} == {DOCUMENT}


def test_the_id_of_a_placing_leads_back() -> None:
    one = uuid.uuid4()
    assert placing_id(one) != one
    assert placing_id(placing_id(one)) == one


async def test_the_common_core_goes_out_and_comes_back(here: Frameworks, shared_data: Path) -> None:
    given = (shared_data / "ccss-math-coherence.case.json").read_bytes()
    first = await here.add(given)
    out = await exporter(here, framework_id(first))
    whole: dict[str, Any] = out.package()
    original = json.loads(given)
    assert {one["identifier"] for one in whole["CFItems"]} == {one["identifier"] for one in original["CFItems"]}
    for name in ("CFItems", "CFAssociations"):
        written = {one["identifier"]: one for one in whole[name]}
        for source in original[name]:
            ours = written[source["identifier"]]
            for key, value in source.items():
                if key not in {"lastChangeDateTime", "CFDocumentURI", "originNodeURI", "destinationNodeURI"}:
                    assert ours[key] == value, key
            for key in ("originNodeURI", "destinationNodeURI"):
                if key in source:
                    assert ours[key]["identifier"] == source[key]["identifier"]
    assert len(whole["CFAssociations"]) == len(original["CFAssociations"])
    assert (await here.look(whole)).changes_nothing
    assert (await here.look(as_csv(out.framework, out.competencies, out.links).encode())).changes_nothing
    assert case_identifier(out.framework) == original["CFDocument"]["identifier"]
