"""Plans carried out in memory: the same file again changes nothing, and what a newer one does is undone by the older."""

import json
import uuid
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lti_tool.competencies.import_rules import Plan, Stored, StoredLink, plan
from lti_tool.competencies.models import LinkKind
from lti_tool.competencies.reading.recognise import read_framework
from lti_tool.competencies.reading.values import FrameworkFile
from lti_tool.errors import ToolError

from .formats import DOCUMENT, as_bytes, association, item, package, table
from .test_reading_hostile import ASSOCIATIONS, CELLS, ITEMS

CODES = st.sampled_from("ABCDE")
ROWS = st.lists(
    st.tuples(CODES, st.sampled_from(["one", "two"]), CODES | st.just(""), st.lists(CODES, max_size=3).map(";".join)),
    min_size=1,
    max_size=8,
)
KINDS = st.sampled_from(["isChildOf", "precedes", "isRelatedTo", "exactMatchOf", "ext:x"])
PACKAGES = st.builds(
    lambda codes, links, words: package(
        [item(code, words.get(code, "")) for code in codes],
        [association(kind, one, other) for kind, one, other in links],
    ),
    st.lists(CODES, min_size=1, max_size=5, unique=True),
    st.lists(st.tuples(KINDS, CODES, CODES), max_size=8),
    st.dictionaries(CODES, st.sampled_from(["x", "y"])),
)


class Memory:
    """Carries plans out as the database does: extra and rule go through JSON."""

    def __init__(self) -> None:
        self.stored: dict[uuid.UUID, Stored] = {}
        self.links: dict[uuid.UUID, StoredLink] = {}

    def plan(self, file: FrameworkFile) -> Plan:
        return plan(file, list(self.stored.values()), list(self.links.values()))

    def add(self, file: FrameworkFile) -> Plan:
        done = self.plan(file)
        for touched in (*done.added, *done.updated, *done.moved):
            row = replace(
                touched.row,
                extra=json.loads(json.dumps(touched.row.extra)),
                rule=json.loads(json.dumps(touched.row.rule)),
            )
            self.stored[touched.id] = Stored(touched.id, row, touched.parent_id, touched.position, is_retired=False)
        for gone in done.retired:
            self.stored[gone.id] = replace(gone, is_retired=True)
        for identifier in done.links_removed:
            del self.links[identifier]
        for link in done.links_added:
            one = uuid.uuid4()
            self.links[one] = StoredLink(
                one, link.origin_id, link.destination_id, link.kind, link.identifier, link.position
            )
        for identifier, link in done.links_changed:
            self.links[identifier] = replace(self.links[identifier], identifier=link.identifier, position=link.position)
        self.holds()
        return done

    def holds(self) -> None:
        """What the tables demand: no two links alike, parents before children, no loop among prerequisites."""
        alike = [(one.origin_id, one.destination_id, one.kind) for one in self.links.values()]
        assert len(set(alike)) == len(alike)
        assert all(one.origin_id != one.destination_id for one in self.links.values())
        present = [one for one in self.stored.values() if not one.is_retired]
        assert sorted(one.position for one in present) == list(range(len(present)))
        for one in present:
            if one.parent_id is not None:
                above = self.stored[one.parent_id]
                assert above.position < one.position
                assert above.row.depth == one.row.depth - 1
        ids = {one.id for one in present}
        edges = {
            (one.origin_id, one.destination_id)
            for one in self.links.values()
            if one.kind is LinkKind.PRECEDES and {one.origin_id, one.destination_id} <= ids
        }
        while edges:
            free = {origin for origin, _ in edges} - {destination for _, destination in edges}
            assert free
            edges = {edge for edge in edges if edge[0] not in free}


def nothing(done: Plan) -> bool:
    return not (
        done.added
        or done.updated
        or done.moved
        or done.retired
        or done.links_added
        or done.links_changed
        or done.links_removed
    )


def read(content: bytes) -> FrameworkFile | None:
    try:
        return read_framework(content)
    except ToolError:
        return None


def own(rows: list[Any]) -> FrameworkFile | None:
    return read(table([["code", "statement", "parent", "prerequisites"], *rows]).encode())


@given(ROWS, ROWS)
def test_tables_one_after_the_other(first: list[Any], second: list[Any]) -> None:
    one_after_the_other(own(first), own(second))


@given(PACKAGES, PACKAGES)
def test_packages_one_after_the_other(first: Any, second: Any) -> None:
    one_after_the_other(read(as_bytes(first)), read(as_bytes(second)))


@given(st.lists(ITEMS, max_size=6), st.lists(ASSOCIATIONS, max_size=8))
def test_whatever_can_be_read_twice_changes_nothing(items: list[Any], associations: list[Any]) -> None:
    file = read(as_bytes({"CFDocument": {"identifier": DOCUMENT}, "CFItems": items, "CFAssociations": associations}))
    one_after_the_other(file, None)


@given(st.lists(st.lists(CELLS, max_size=10), max_size=8))
def test_whatever_outcomes_are_twice_they_change_nothing(rows: list[list[str]]) -> None:
    header = ["vendor_guid", "object_type", "title", "workflow_state", "parent_guids", "mastery_points", "ratings"]
    one_after_the_other(read(table([header, *rows]).encode()), None)


def one_after_the_other(first: FrameworkFile | None, second: FrameworkFile | None) -> None:
    """The first twice, the second twice, the first again: nothing is lost, and the competencies are the same."""
    memory = Memory()
    for file in (first, second, first):
        if file is None:
            continue
        known = {one.row.identifier: one.id for one in memory.stored.values()}
        done = memory.add(file)
        assert len(done.added) + len(done.updated) + done.unchanged == len(file.competencies)
        assert nothing(memory.plan(file))
        present = {one.row.identifier: one for one in memory.stored.values() if not one.is_retired}
        refused = file.left_out & known.keys()
        assert {row.identifier for row in file.competencies} <= present.keys()
        assert present.keys() <= {row.identifier for row in file.competencies} | refused
        assert all(memory.stored[identifier].row.identifier == name for name, identifier in known.items())
