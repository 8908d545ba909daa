"""Changing a map, on both databases: prerequisites, order, own competencies, sharing."""

import contextlib
import uuid
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.competencies import map_editing, maps, rules_graph, rules_lines
from lti_tool.competencies.models import Competency
from lti_tool.competencies.rules_lines import Line
from lti_tool.courses.models import Course
from lti_tool.db.session import Database
from lti_tool.errors import Conflict, NotAllowed, NotFound, ToolError
from tests.competencies import map_seed
from tests.courses.school import NOW
from tests.playlists.seed import School, school


class Editor:
    """A teacher who always has the page as it stands now."""

    def __init__(self, database: Database, course: Course, made: Mapping[str, Competency]) -> None:
        self.database, self.course, self.made = database, course, made

    def edge(self, words: str) -> tuple[uuid.UUID, uuid.UUID]:
        return self.made[words[0]].id, self.made[words[1]].id

    async def view(self) -> maps.CourseMapView:
        async with self.database.reading() as session:
            found = await maps.the_map(session, self.course.organisation_id, self.course.id)
        assert found is not None
        return found

    def names(self, edges: Sequence[tuple[uuid.UUID, uuid.UUID]]) -> list[str]:
        code = {one.id: name for name, one in self.made.items()}
        return sorted(code[before] + code[after] for before, after in edges)

    async def draw(self, words: str) -> bool:
        revision = (await self.view()).revision
        async with self.database.writing() as session:
            return await map_editing.draw(session, self.course, self.edge(words), revision, NOW, None)

    async def take_away(self, words: str) -> bool:
        revision = (await self.view()).revision
        async with self.database.writing() as session:
            return await map_editing.take_away(session, self.course, self.edge(words), revision, NOW, None)

    async def codes(self) -> str:
        return "".join(one.code for one in (await self.view()).competencies)


@pytest.fixture
async def oak(database: Database) -> School:
    async with database.writing() as session:
        return await school(session)


@pytest.fixture
async def editor(database: Database, oak: School) -> Editor:
    """A map of A to D, where the framework says A before B before C."""
    async with database.writing() as session:
        made = await map_seed.letters(session, oak.id, "ABCD", [("A", "B"), ("B", "C")])
        await maps.pick(session, oak.course, [one.id for one in made.values()], NOW, None)
    return Editor(database, oak.course, made)


async def test_a_prerequisite_is_drawn_and_taken_away(editor: Editor) -> None:
    assert await editor.draw("CD")
    assert not await editor.draw("CD")
    view = await editor.view()
    assert editor.names(view.direct) == ["AB", "BC", "CD"]
    assert editor.names(tuple(view.drawn)) == ["CD"]
    assert await editor.take_away("CD")
    assert not await editor.take_away("CD")
    assert editor.names((await editor.view()).direct) == ["AB", "BC"]


async def test_a_frameworks_prerequisite_is_taken_away_and_comes_back(editor: Editor) -> None:
    assert await editor.take_away("AB")
    view = await editor.view()
    assert (editor.names(view.direct), editor.names(view.taken_away)) == (["BC"], ["AB"])
    assert await editor.draw("AB")
    view = await editor.view()
    assert (editor.names(view.direct), view.drawn, view.taken_away) == (["AB", "BC"], frozenset(), ())


async def test_a_prerequisite_through_what_is_left_out_is_taken_away(editor: Editor) -> None:
    async with editor.database.writing() as session:
        await maps.take_out(session, editor.course, [editor.made["B"].id], (await editor.view()).revision, NOW, None)
    assert editor.names((await editor.view()).indirect) == ["AC"]
    assert await editor.take_away("AC")
    assert (await editor.view()).edges == ()
    # Drawn again it is the teacher's, or holds as it did before: either way it holds.
    assert await editor.draw("AC")
    assert editor.names((await editor.view()).edges) == ["AC"]


async def test_a_circle_is_refused_with_the_way_round(editor: Editor) -> None:
    with pytest.raises(map_editing.PrerequisiteLoop) as refused:
        await editor.draw("CA")
    assert refused.value.fields["loop"] == "C → A → B → C"
    assert refused.value.status == 409
    assert editor.names((await editor.view()).direct) == ["AB", "BC"]


@pytest.mark.parametrize("words", ["AA", "AX", "XA"])
async def test_only_two_competencies_of_the_map_can_be_joined(editor: Editor, words: str) -> None:
    editor.made = {**editor.made, "X": Competency(id=uuid.uuid4())}  # type: ignore[call-arg]
    for change in (editor.draw, editor.take_away):
        with pytest.raises(NotFound):
            await change(words)


async def test_two_editors_notice_each_other(editor: Editor) -> None:
    revision = (await editor.view()).revision
    await editor.draw("CD")
    async with editor.database.writing() as session:
        for change in (
            map_editing.draw(session, editor.course, editor.edge("BD"), revision, NOW, None),
            map_editing.take_away(session, editor.course, editor.edge("CD"), revision, NOW, None),
            map_editing.move(session, editor.course, editor.made["A"].id, revision, NOW, by=1),
            map_editing.reorder(session, editor.course, [], revision, NOW),
            map_editing.sort(session, editor.course, revision, NOW, prerequisites=True),
            map_editing.write(session, editor.course, [Line("", "x")], "Own", revision, NOW, None),
            map_editing.rewrite(session, editor.course, editor.made["A"].id, Line("", "x"), revision, NOW),
        ):
            with pytest.raises(Conflict) as refused:
                await change
            assert refused.value.code == "map-changed"
    assert editor.names((await editor.view()).direct) == ["AB", "BC", "CD"]


async def test_order_by_hand(editor: Editor) -> None:
    for competency, how, expected in [
        ("A", {"by": 1}, "BACD"),
        ("A", {"by": -5}, "ABCD"),
        ("A", {"to": 3}, "BCAD"),
        ("D", {"to": 1}, "DBCA"),
        ("D", {"to": 99}, "BCAD"),
    ]:
        async with editor.database.writing() as session:
            await map_editing.move(
                session, editor.course, editor.made[competency].id, (await editor.view()).revision, NOW, **how
            )
        assert await editor.codes() == expected
    async with editor.database.writing() as session:
        order = [editor.made[code].id for code in "DCBA"]
        await map_editing.reorder(session, editor.course, order, (await editor.view()).revision, NOW)
    assert await editor.codes() == "DCBA"
    with pytest.raises(Conflict):
        async with editor.database.writing() as session:
            await map_editing.reorder(session, editor.course, order[:2], (await editor.view()).revision, NOW)
    async with editor.database.writing() as session:
        await map_editing.sort(session, editor.course, (await editor.view()).revision, NOW, prerequisites=True)
    assert await editor.codes() == "DABC"
    async with editor.database.writing() as session:
        await map_editing.sort(session, editor.course, (await editor.view()).revision, NOW, prerequisites=False)
    assert await editor.codes() == "ABCD"


async def test_own_competencies(database: Database, oak: School) -> None:
    async with database.writing() as session:
        lines = [Line("F.1", "Cut a cake"), Line("", "Share fairly")]
        first = await map_editing.write(session, oak.course, lines, "Fractions: own", 0, NOW, oak.teacher.id)
    editor = Editor(database, oak.course, {})
    view = await editor.view()
    assert [(one.code, one.statement, one.own) for one in view.competencies] == [
        ("F.1", "Cut a cake", True),
        ("", "Share fairly", True),
    ]
    assert {one.framework for one in view.competencies} == {"Fractions: own"}
    async with database.writing() as session:
        await map_editing.write(session, oak.course, [Line("F.3", "Compare")], "Another", view.revision, NOW, None)
    view = await editor.view()
    assert [one.framework for one in view.competencies] == ["Fractions: own"] * 3
    async with database.writing() as session:
        await map_editing.rewrite(session, oak.course, first[1], Line("F.2", "Share in halves"), view.revision, NOW)
    assert (await editor.view()).by_id[first[1]].name == "F.2"


async def test_what_a_framework_says_is_not_changed_here(editor: Editor) -> None:
    with pytest.raises(NotAllowed) as refused:
        async with editor.database.writing() as session:
            await map_editing.rewrite(
                session, editor.course, editor.made["A"].id, Line("", "x"), (await editor.view()).revision, NOW
            )
    assert refused.value.code == "not-own-competency"


async def test_own_competencies_are_shared_with_the_school(database: Database, oak: School) -> None:
    async with database.writing() as session:
        (own,) = await map_editing.write(session, oak.course, [Line("F.1", "Cut")], "Own", 0, NOW, None)
        other = Course(**oak.course.model_dump(exclude={"id", "context_id"}), context_id="another")
        session.add(other)
        await session.flush()
        assert (await maps.pick(session, other, [own], NOW, None)).added == ()
        await map_editing.share(session, oak.course, NOW, None, shared=True)
        assert (await maps.pick(session, other, [own], NOW, None)).added == (own,)
    with pytest.raises(Conflict) as refused:
        async with database.writing() as session:
            await map_editing.share(session, oak.course, NOW, None, shared=False)
    assert refused.value.code == "own-in-use"
    # The course that wrote it still may change it; the other may not.
    view = await Editor(database, oak.course, {}).view()
    async with database.writing() as session:
        await map_editing.rewrite(session, oak.course, own, Line("F.1", "Cut evenly"), view.revision, NOW)
    theirs = await Editor(database, other, {}).view()
    assert theirs.competencies[0].statement == "Cut evenly"
    with pytest.raises(ToolError):
        async with database.writing() as session:
            await map_editing.rewrite(session, other, own, Line("F.1", "x"), theirs.revision, NOW)
    async with database.writing() as session:
        await maps.take_out(session, other, [own], theirs.revision, NOW, None)
        await map_editing.share(session, oak.course, NOW, None, shared=False)


async def test_no_edit_makes_a_circle(editor: Editor) -> None:
    """Every pair, drawn and taken away in turn: what holds never goes round, and what was accepted holds."""
    for number, words in enumerate(one + other for one in "ABCD" for other in "DCBA" if one != other):
        with contextlib.suppress(map_editing.PrerequisiteLoop):
            await editor.draw(words)
            assert words in editor.names((await editor.view()).edges)
        if number % 3 == 0:
            await editor.take_away(words)
        assert rules_graph.cycle((await editor.view()).edges) is None


# --- Lines


@pytest.mark.parametrize(
    ("text", "code", "statement"),
    [
        ("4.NF.1 Explain why", "4.NF.1", "Explain why"),
        ("HSA-SSE.A.1a  Interpret parts", "HSA-SSE.A.1a", "Interpret parts"),
        ("F.1: Cut a cake", "F.1", "Cut a cake"),
        ("F.1\tCut\ta cake", "F.1", "Cut a cake"),
        ("LO3 – Share", "LO3", "Share"),
        ("• LO3 Share", "LO3", "Share"),
        ("fractions\tCut a cake", "fractions", "Cut a cake"),
        ("Cut a cake", "", "Cut a cake"),
        ("3-digit numbers are added", "", "3-digit numbers are added"),
        ("3 friends share", "", "3 friends share"),
        ("Note: this is no code", "", "Note: this is no code"),
        ("K: Count", "K", "Count"),
        ("I can count", "", "I can count"),
    ],
)
def test_a_line(text: str, code: str, statement: str) -> None:
    assert rules_lines.lines_of(text) == [Line(code, statement)]


def test_empty_lines_are_none() -> None:
    assert rules_lines.lines_of("\n  \n- \n") == []


@given(st.text(max_size=200))
def test_no_word_is_lost(text: str) -> None:
    bare = [part for line in text.splitlines() if (part := rules_lines._BULLET.sub("", line).strip())]
    found = rules_lines.lines_of(text)
    assert len(found) == len(bare)
    for line, whole in zip(found, bare, strict=True):
        assert line.statement
        assert not line.code or whole.startswith(line.code)
        assert line.statement.split() == whole.split()[-len(line.statement.split()) :]
