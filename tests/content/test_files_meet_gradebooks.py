"""A course brought in by a file and grades brought in by another meet: what is aligned to the file's quiz becomes evidence."""

import re
import uuid
from decimal import Decimal

import pytest

from lti_tool.clock import ManualClock
from lti_tool.competencies import alignments
from lti_tool.competencies.alignment_rules import Change
from lti_tool.competencies.models import AlignmentRole
from lti_tool.content import routes
from lti_tool.content.files import routes as file_routes
from lti_tool.content.models import ContentItem
from lti_tool.courses.models import Course, Person
from lti_tool.db.base import scoped
from lti_tool.db.session import Database
from lti_tool.mastery import gradebook_routes
from lti_tool.mastery.models import Evidence
from tests.cartridges.build import cartridge, item, page, quiz, resource
from tests.competencies.aligned import Mapped, a_map
from tests.courses.school import NOW
from tests.courses.site import Site, Visitor, a_site
from tests.playlists import seed

from .conftest import all_items
from .test_files_pages import bring

GRADES = b"""Student,ID,SIS User ID,SIS Login ID,Section,Adding fractions (91),Final Score
    Points Possible,,,,,10,(read only)
"Lovelace, Ada",11,S1,ada,A,9,90
"""


def a_file() -> bytes:
    """A page and a quiz of one title, as modules often have them."""
    inside = item("i1", "Adding fractions", "p") + item("i2", "Adding fractions", "q")
    resources = resource("p", "webcontent", "p.html") + resource(
        "q", "imsqti_xmlv1p2/imscc_xmlv1p1/assessment", "q.xml"
    )
    return cartridge(item("m", "Week 1", inside=inside), resources, {"p.html": page("x"), "q.xml": quiz()}).getvalue()


async def _post_grades(teacher: Visitor, **fields: str) -> str:
    """Choose the gradebook's file and bring the column in. The page after it."""
    there = await teacher.get("/no-course")
    session = re.search(r'name="lti-session" content="([^"]+)"', there.text)
    async with teacher.site.client(teacher.token) as client:
        answer = await client.post(
            f"{teacher.course}/mastery/gradebook/upload",
            data={"session": session[1] if session else ""},
            files={"file": ("grades.csv", GRADES, "text/csv")},
            headers={"Origin": "http://localhost:8000"},
        )
    assert answer.status_code == 303, answer.text
    done = await teacher.post(answer.headers["location"], answer="bring-in", column="5", on_5="2026-08-20", **fields)
    assert done.status_code == 303, done.text
    return (await teacher.get(done.headers["location"])).text


async def _evidence(site: Site) -> list[Evidence]:
    async with site.database.reading() as session:
        rows = (await session.exec(scoped(Evidence, site.school.organisation.id))).all()
        session.expunge_all()
    return [row for row in rows if row.voided_at is None]


async def _mapped(site: Site) -> Mapped:
    async with site.database.writing() as session:
        organisation = site.school.organisation
        course = (await session.exec(scoped(Course, organisation.id))).one()
        people = {one.sub: one for one in (await session.exec(scoped(Person, organisation.id))).all()}
        school = seed.School(organisation, site.school.registration, course, people["teacher"], list(people.values()))
        mapped = await a_map(session, school)
        session.expunge_all()
    return mapped


@pytest.fixture
async def site(database: Database, clock: ManualClock) -> Site:
    """Rolled back at the end; the platform is not connected."""
    return await a_site(database, clock, file_routes.router, routes.router, gradebook_routes.router)


async def _desk(site: Site) -> tuple[Visitor, Mapped]:
    teacher = await site.teacher()
    await site.arrive(site.school.launch("s1", custom={"canvas_user_id": "11"}))
    return teacher, await _mapped(site)


async def test_a_column_is_the_files_quiz_and_its_grades_are_evidence_of_what_that_assesses(site: Site) -> None:
    teacher, mapped = await _desk(site)
    await bring(teacher, a_file())
    the_quiz = next(one for one in (await all_items(site)).values() if one.external_id.endswith(":q"))
    async with site.database.writing() as session:
        course = (await session.exec(scoped(Course, site.school.organisation.id))).one()
        change = Change(the_quiz.id, mapped.one("4.NF.A.1"), AlignmentRole.ASSESSES)
        await alignments.change(session, course, [change], {}, by=None, now=NOW)
    page_after = await _post_grades(teacher)
    assert "1 piece of evidence is new" in page_after
    (piece,) = await _evidence(site)
    assert (piece.content_item_id, piece.competency_id) == (the_quiz.id, mapped.one("4.NF.A.1"))
    assert (piece.earned, piece.possible) == (Decimal(9), Decimal(10))
    # Nothing was made beside it, and the next file leaves it all where it is.
    assert not [name for name in await all_items(site) if name.startswith("gradebook:")]
    await bring(teacher, a_file())
    await _post_grades(teacher)
    (again,) = await _evidence(site)
    assert again.id == piece.id


async def test_a_column_that_came_first_becomes_the_files_quiz_with_its_alignments_and_evidence(site: Site) -> None:
    teacher, mapped = await _desk(site)
    await _post_grades(teacher, competency_5=str(mapped.one("4.NF.A.1")))
    (piece,) = await _evidence(site)
    column = await _item(site, piece.content_item_id)
    assert column.external_id.startswith("gradebook:")
    await bring(teacher, a_file())
    the_quiz = await _item(site, column.id)
    assert (the_quiz.external_id.split(":")[0], the_quiz.kind, the_quiz.section) == ("cartridge", "quiz", "Week 1")
    await _post_grades(teacher)
    (again,) = await _evidence(site)
    assert again.id == piece.id


async def _item(site: Site, item_id: uuid.UUID | None) -> ContentItem:
    return next(one for one in (await all_items(site)).values() if one.id == item_id)
