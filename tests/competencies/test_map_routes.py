"""The pages of a map: anonymous, wrong role, another school, and a teacher's way through them."""

import csv
import io
import re
import uuid
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from lti_tool.clock import ManualClock
from lti_tool.competencies import maps
from lti_tool.competencies.models import Alignment, AlignmentRole, Competency
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from lti_tool.mastery.models import Evidence, EvidenceSource
from lti_tool.web import spreadsheets
from tests.competencies import map_seed
from tests.competencies.map_site import a_map_site
from tests.courses.school import NOW
from tests.playlists import seed
from tests.playlists.site import Site


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    return await a_map_site(database, clock)


@pytest.fixture
async def made(site: Site) -> dict[str, Competency]:
    """The school's framework: A before B before C, and D."""
    async with site.database.writing() as session:
        return await map_seed.letters(session, site.school.id, "ABCD", [("A", "B"), ("B", "C")])


@pytest.fixture
async def here(site: Site, made: dict[str, Competency]) -> str:
    """The address of a course's map with A, B and C."""
    async with site.database.writing() as session:
        await maps.pick(session, site.school.course, [made[code].id for code in "ABC"], NOW, None)
    return f"{site.course}/competencies"


async def view(site: Site) -> maps.CourseMapView:
    async with site.database.reading() as session:
        found = await maps.the_map(session, site.school.id, site.school.course.id)
    assert found is not None
    return found


def names(found: maps.CourseMapView, edges: Sequence[tuple[uuid.UUID, uuid.UUID]]) -> list[str]:
    return sorted(found.by_id[before].code + found.by_id[after].code for before, after in edges)


def pages_of(made: dict[str, Competency]) -> list[str]:
    return [
        "",
        "/graph",
        "/graph/panel",
        "/map.csv",
        "/own",
        "/pick",
        "/take-out",
        f"/{made['A'].id}/edit",
        f"/{made['A'].id}/remove",
    ]


def forms_of(made: dict[str, Competency]) -> list[str]:
    return [
        "/order",
        "/own",
        "/pick",
        "/prerequisites",
        "/share",
        "/take-out",
        f"/{made['A'].id}/edit",
        f"/{made['A'].id}/remove",
    ]


# --- Who may come in


async def test_nobody_without_a_session(site: Site, made: dict[str, Competency], here: str) -> None:
    async with site.client() as client:
        for page in pages_of(made):
            assert (await client.get(here + page)).status_code == 401, page
        for form in forms_of(made):
            answer = await client.post(here + form, headers={"Origin": "http://localhost:8000"})
            assert answer.status_code == 401, form


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER])
async def test_nobody_but_those_who_teach(site: Site, made: dict[str, Competency], here: str, role: Role) -> None:
    visitor = await site.sign_in(site.school.students[0], role)
    for page in pages_of(made):
        assert (await visitor.get(here + page)).status_code == 403, page
    for form in forms_of(made):
        assert (await visitor.post(here + form)).status_code == 403, form


async def test_nobody_of_another_school(site: Site, made: dict[str, Competency], here: str) -> None:
    async with site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    visitor = await site.sign_in(other.teacher, Role.TEACHER, school=other)
    for page in pages_of(made):
        assert (await visitor.get(here + page)).status_code == 404, page
    for form in forms_of(made):
        assert (await visitor.post(here + form)).status_code == 404, form
    # Nor by naming this school's things in one's own course.
    await visitor.get(f"/courses/{other.course.id}/competencies/pick")
    mine = f"/courses/{other.course.id}/competencies"
    assert (await visitor.get(f"{mine}/{made['A'].id}/edit")).status_code == 404
    said = await visitor.post(f"{mine}/pick", competency=str(made["A"].id))
    assert "Nothing was added" in said.text


# --- A teacher's way


async def test_an_empty_map_leads_to_frameworks_and_to_writing(site: Site, made: dict[str, Competency]) -> None:
    teacher = await site.teacher()
    page = await teacher.get(f"{site.course}/competencies")
    assert page.status_code == 200
    assert "No competencies yet" in page.text
    assert f"{site.course}/competencies/pick" in page.text
    assert f"{site.course}/competencies/own" in page.text
    assert "nothing to draw" in (await teacher.get(f"{site.course}/competencies/graph")).text
    assert (await teacher.get(f"{site.course}/competencies/map.csv")).status_code == 404
    assert (await teacher.get(f"{site.course}/competencies/graph/panel")).status_code == 404


async def test_picking_from_a_framework(site: Site, made: dict[str, Competency]) -> None:
    teacher = await site.teacher()
    address = f"{site.course}/competencies/pick"
    assert "Arithmetic" in (await teacher.get(address)).text
    framework = made["A"].framework_id
    page = await teacher.get(f"{address}?framework={framework}")
    assert page.text.count('name="competency"') == 4
    # The grade and the domain hold others, and cannot be picked themselves.
    assert "Grade 4" in page.text
    assert "Letters" in page.text
    page = await teacher.post(address, competency=[str(made["A"].id), str(made["D"].id)])
    assert "2 competencies were added" in page.text
    assert "In the map" in (await teacher.get(f"{address}?framework={framework}")).text
    page = await teacher.post(address, competency=[str(made["A"].id)])
    assert "Nothing was added" in page.text
    page = await teacher.post(address)
    assert "Nothing was added" in page.text


async def test_picking_with_what_is_needed(site: Site, made: dict[str, Competency]) -> None:
    teacher = await site.teacher()
    await teacher.get(f"{site.course}/competencies/pick")
    page = await teacher.post(f"{site.course}/competencies/pick", competency=str(made["C"].id), earlier="yes")
    assert "3 competencies were added" in page.text
    assert "2 of them were not ticked" in page.text


async def test_searching_frameworks(site: Site, made: dict[str, Competency]) -> None:
    teacher = await site.teacher()
    address = f"{site.course}/competencies/pick"
    page = await teacher.get(f"{address}?q=what+b")
    assert page.text.count('name="competency"') == 1
    assert str(made["B"].id) in page.text
    assert "Nothing was found" in (await teacher.get(f"{address}?q=zebra")).text
    assert (await teacher.get(f"{address}?framework=nothing")).status_code == 400


async def test_writing_own_competencies(site: Site) -> None:
    teacher = await site.teacher()
    address = f"{site.course}/competencies/own"
    await teacher.get(address)
    page = await teacher.post(address, lines="F.1 Cut a cake\n\nShare fairly", revision="0")
    assert "2 competencies were written" in page.text
    found = await view(site)
    assert [(one.code, one.statement) for one in found.competencies] == [("F.1", "Cut a cake"), ("", "Share fairly")]
    # The second click on the same form is noticed, and what was written is still there.
    page = await teacher.post(address, lines="F.1 Cut a cake", revision="0")
    assert page.status_code == 409
    assert "F.1 Cut a cake" in page.text
    page = await teacher.post(address, lines=" \n ", revision=str(found.revision))
    assert page.status_code == 422
    assert "at least one line" in page.text
    page = await teacher.post(address, lines="x\n" * 201, revision=str(found.revision))
    assert page.status_code == 422
    mine = found.competencies[1]
    edit = f"{site.course}/competencies/{mine.id}/edit"
    assert "What students know or can do" in (await teacher.get(edit)).text
    page = await teacher.post(edit, code="F.2", statement="Share in halves", revision=str(found.revision))
    assert "Saved." in page.text
    page = await teacher.post(edit, code="F.2", statement="", revision=str(found.revision + 1))
    assert page.status_code == 422
    page = await teacher.post(f"{site.course}/competencies/share", shared="yes")
    assert "Every course of your school can pick them" in page.text
    page = await teacher.post(f"{site.course}/competencies/share", shared="no")
    assert "Share with the school" in page.text


async def test_nothing_a_teacher_writes_is_markup(site: Site) -> None:
    teacher = await site.teacher()
    here = f"{site.course}/competencies"
    await teacher.get(f"{here}/own")
    hostile = '<img src=x onerror="alert(1)"> \'"><b>&amp;'
    await teacher.post(f"{here}/own", lines=f"X.1 {hostile}\n{hostile}", revision="0")
    found = await view(site)
    first, second = found.competencies
    for page in [
        "",
        f"/{first.id}/edit",
        f"/{second.id}/edit",
        f"/{second.id}/remove",
        f"/graph?focus={second.id}",
        f"/graph/panel?focus={second.id}",
        f"/graph?start={first.id}&end={second.id}",
        "/own",
        "/pick?q=img",
    ]:
        text = (await teacher.get(here + page)).text
        assert "&lt;" in text or page == "/own", page
        assert "<img src=x" not in text, page
        assert "<b>" not in text, page
        assert '"alert' not in text, page


async def test_what_a_framework_says_stays(site: Site, made: dict[str, Competency], here: str) -> None:
    teacher = await site.teacher()
    page = await teacher.get(f"{here}/{made['A'].id}/edit")
    assert 'name="statement"' not in page.text
    revision = str((await view(site)).revision)
    page = await teacher.post(f"{here}/{made['A'].id}/edit", code="", statement="mine", revision=revision)
    assert page.status_code == 403


async def test_prerequisites_are_drawn_taken_away_and_undone(
    site: Site, made: dict[str, Competency], here: str
) -> None:
    teacher = await site.teacher()
    page = await teacher.get(f"{here}/{made['C'].id}/edit")
    assert "Needs" in page.text
    a, c = str(made["A"].id), str(made["C"].id)
    back = f"one:{c}"
    revision = str((await view(site)).revision)
    page = await teacher.post(f"{here}/prerequisites", before=a, after=c, do="draw", revision=revision, back=back)
    assert "The prerequisite is drawn." in page.text
    assert str(page.url).split("?")[0].endswith(f"{c}/edit")
    found = await view(site)
    assert names(found, found.direct) == ["AB", "AC", "BC"]
    # The page offers to undo it, with everything that form needs.
    form = re.search(r'<form class="undo".*?</form>', page.text, re.DOTALL)
    assert form is not None
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    assert fields["do"] == "take-away"
    page = await teacher.post(
        f"{here}/prerequisites", **{key: value for key, value in fields.items() if key != "session"}
    )
    assert "taken away" in page.text
    found = await view(site)
    assert names(found, found.direct) == ["AB", "BC"]
    page = await teacher.post(
        f"{here}/prerequisites", before=a, after=c, do="take-away", revision=str(found.revision), back=""
    )
    assert "It was like that already" in page.text


async def test_a_circle_is_refused_and_nothing_is_lost(site: Site, made: dict[str, Competency], here: str) -> None:
    teacher = await site.teacher()
    await teacher.get(here)
    a, c = str(made["A"].id), str(made["C"].id)
    for back, kept in [
        ("", "C → A → B → C"),
        (f"one:{a}", f'value="{c}" selected'),
        ("graph:show=whole", "Draw this prerequisite?"),
    ]:
        revision = str((await view(site)).revision)
        page = await teacher.post(f"{here}/prerequisites", before=c, after=a, do="draw", revision=revision, back=back)
        assert page.status_code == 409
        assert "C → A → B → C" in page.text
        assert kept in page.text
    assert "graph__line--loop" in page.text
    found = await view(site)
    assert names(found, found.direct) == ["AB", "BC"]


async def test_what_no_page_sends_is_refused(site: Site, made: dict[str, Competency], here: str) -> None:
    teacher = await site.teacher()
    await teacher.get(here)
    a, b = str(made["A"].id), str(made["B"].id)
    revision = str((await view(site)).revision)
    for fields in [
        {"before": a, "do": "draw", "revision": revision},
        {"before": a, "after": b, "do": "dance", "revision": revision},
        {"before": a, "after": b, "do": "draw"},
        {"before": "a", "after": b, "do": "draw", "revision": revision},
        {"before": a, "after": b, "do": "draw", "revision": revision, "back": "one:nothing"},
    ]:
        assert (await teacher.post(f"{here}/prerequisites", **fields)).status_code == 400, fields
    for graph in ["?focus=x&around=y&steps=z", "?steps=99999999", "?start=" + a + "&end=" + a, "?grade=none"]:
        assert (await teacher.get(f"{here}/graph{graph}")).status_code == 200, graph
    # A select that was left empty is no mistake.
    page = await teacher.post(
        f"{here}/prerequisites", before="", after=b, do="draw", revision=revision, back=f"one:{b}"
    )
    assert page.status_code == 200


async def test_order(site: Site, made: dict[str, Competency], here: str) -> None:
    teacher = await site.teacher()
    await teacher.get(here)

    async def codes() -> str:
        return "".join(one.code for one in (await view(site)).competencies)

    for fields, expected in [
        ({"down": str(made["A"].id)}, "BAC"),
        ({"item": str(made["C"].id), "place": "1"}, "CBA"),
        ({"sort": "prerequisites"}, "ABC"),
        ({"order": ",".join(str(made[code].id) for code in "CAB")}, "CAB"),
        ({"sort": "frameworks"}, "ABC"),
    ]:
        page = await teacher.post(f"{here}/order", revision=str((await view(site)).revision), **fields)
        assert page.status_code == 200
        assert await codes() == expected
    page = await teacher.post(f"{here}/order", revision="1", up=str(made["A"].id))
    assert page.status_code == 409
    assert "has changed since you opened it" in page.text
    refused = await teacher.by_script(f"{here}/order", revision="1", order=str(made["A"].id))
    assert refused.status_code == 409
    assert "data-error" in refused.text


async def test_taking_out_says_what_is_kept(site: Site, made: dict[str, Competency], here: str) -> None:
    school, a = site.school, made["A"].id
    async with site.database.writing() as session:
        for number, student in enumerate(school.students[:2]):
            session.add(
                Evidence(
                    organisation_id=school.id,
                    course_id=school.course.id,
                    person_id=student.id,
                    competency_id=a,
                    source=EvidenceSource.CSV,
                    presentation=f"p{number}",
                    earned=Decimal(1),
                    possible=Decimal(1),
                    observed_at=NOW,
                    learned_at=NOW,
                )
            )
        session.add(
            Alignment(
                organisation_id=school.id,
                course_id=school.course.id,
                content_item_id=school.items["quiz"].id,
                competency_id=a,
                role=AlignmentRole.ASSESSES,
                passing_percent=80,
                created_at=NOW,
            )
        )
    teacher = await site.teacher()
    page = await teacher.get(f"{here}/{a}/remove")
    assert "There are 2 observations of it, of 2 students." in page.text
    assert "1 item is aligned to it" in page.text
    assert (await teacher.post(f"{here}/{a}/remove", revision="1")).status_code == 409
    page = await teacher.post(f"{here}/{a}/remove", revision=str((await view(site)).revision))
    assert "Taken out of the map" in page.text
    assert [one.code for one in (await view(site)).competencies] == ["B", "C"]
    # Undone with one press: it is where it was.
    page = await teacher.post(f"{here}/pick", competency=str(a))
    assert [one.code for one in (await view(site)).competencies] == ["A", "B", "C"]
    assert (await teacher.get(f"{here}/{made['D'].id}/remove")).status_code == 404


async def test_taking_several_out_at_once(site: Site, made: dict[str, Competency], here: str) -> None:
    teacher = await site.teacher()
    page = await teacher.get(f"{here}/take-out")
    assert page.text.count('name="competency"') == 3
    a, b = str(made["A"].id), str(made["B"].id)
    page = await teacher.post(f"{here}/take-out", competency=[a, b], revision="1")
    assert page.status_code == 409
    assert page.text.count(" checked") == 2
    revision = str((await view(site)).revision)
    assert "It was like that already" in (await teacher.post(f"{here}/take-out", revision=revision)).text
    page = await teacher.post(f"{here}/take-out", competency=[a, b], revision=revision)
    assert "Taken out of the map" in page.text
    assert [one.code for one in (await view(site)).competencies] == ["C"]
    undone = re.search(r'name="competency" value="([^"]+)"', page.text)
    assert undone is not None
    await teacher.post(f"{here}/pick", competency=undone[1])
    assert [one.code for one in (await view(site)).competencies] == ["A", "B", "C"]


async def test_the_file(site: Site, made: dict[str, Competency], here: str) -> None:
    teacher = await site.teacher()
    answer = await teacher.get(f"{here}/map.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix(spreadsheets.MARK))))
    assert [row["code"] for row in rows] == ["A", "B", "C"]
    assert rows[2]["prerequisites"] == "B"
    assert rows[0]["opens"] == "B"
    assert rows[0]["grade"] == "Grade 4"


async def test_the_graph(site: Site, made: dict[str, Competency], here: str) -> None:
    teacher = await site.teacher()
    page = await teacher.get(f"{here}/graph?focus={made['B'].id}")
    assert page.text.count("data-node=") == 3
    assert page.text.count('class="graph__line ') == 2
    assert "graph__node--before" in page.text
    assert "graph__line--after" in page.text
    panel = await teacher.get(f"{here}/graph/panel?focus={made['B'].id}")
    assert f'data-before="{made["A"].id}"' in panel.text
    assert "<svg" not in panel.text.split("graph-panel", 1)[0]
    page = await teacher.get(f"{here}/graph?start={made['A'].id}&end={made['C'].id}")
    assert "Draw this prerequisite?" in page.text
    page = await teacher.get(f"{here}/graph?around={made['C'].id}&steps=1")
    assert page.text.count("data-node=") == 2


async def test_the_common_core_opens_on_a_part(site: Site, shared_data: Path) -> None:
    async with site.database.writing() as session:
        every = await map_seed.common_core(session, site.school.id, shared_data)
        picked = await maps.pick(session, site.school.course, [one.id for one in map_seed.standards(every)], NOW, None)
    assert len(picked.added) == 480
    teacher = await site.teacher()
    here = f"{site.course}/competencies"
    page = await teacher.get(here)
    assert page.status_code == 200
    assert page.text.count('class="reorder__item') == 480
    page = await teacher.get(f"{here}/graph")
    assert 10 < page.text.count("data-node=") <= 120
    assert "graph__words" in page.text
    page = await teacher.get(f"{here}/graph?grade=Grade+4&part=yes&earlier=yes&bands=yes")
    assert page.text.count("graph__band-title") >= 5
    page = await teacher.get(f"{here}/graph?show=whole")
    assert page.text.count("data-node=") == 480
    assert "graph__svg--codes" in page.text
