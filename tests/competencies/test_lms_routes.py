"""A teacher's page of what the LMS says itself, on both databases."""

import html
import re

import httpx
import pytest

from lti_tool.clock import ManualClock
from lti_tool.competencies.models import Competency
from lti_tool.content.ports import NativeOutcome, NativeOutcomes
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from tests.competencies import lms_told
from tests.competencies.alignment_site import AlignmentSite, an_alignment_site
from tests.competencies.lms_told import COMPARE, COMPARING, EQUIVALENCE, QUIZ, TEST, USUAL, WALLS, aligned
from tests.playlists import seed


@pytest.fixture
async def here(database: Database, clock: ManualClock) -> AlignmentSite:
    return await an_alignment_site(database, clock)


def address(here: AlignmentSite) -> str:
    return f"{here.site.course}/competencies/lms"


def text(page: httpx.Response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


async def take(here: AlignmentSite, told: NativeOutcomes = USUAL) -> None:
    await lms_told.take(here.site.database, here.mapped, told, here.site.clock.now())


async def offered(here: AlignmentSite) -> dict[tuple[str, str], str]:
    rows = await lms_told.alignments(here.site.database, here.mapped)
    return {key: str(row.id) for key, row in rows.items()}


async def test_who_may(here: AlignmentSite) -> None:
    await take(here)
    async with here.site.client() as client:
        assert (await client.get(address(here))).status_code == 401
    for role in (Role.STUDENT, Role.OBSERVER):
        visitor = await here.site.sign_in(here.mapped.school.students[0], role)
        await visitor.get("/")
        assert (await visitor.get(address(here))).status_code == 403
        for path in ("", "/outcome"):
            assert (await visitor.post(address(here) + path, again="yes")).status_code == 403
    async with here.site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    visitor = await here.site.sign_in(other.teacher, Role.TEACHER, school=other)
    await visitor.get(f"/courses/{other.course.id}/playlists")
    assert (await visitor.get(address(here))).status_code == 404
    assert (await visitor.post(address(here), again="yes")).status_code == 404


async def test_without_outcomes_nothing_of_it_is_shown(here: AlignmentSite) -> None:
    teacher, page = await here.teacher()
    assert "What your LMS says" not in page.text
    assert "Your LMS has told of no outcomes" in (await teacher.get(address(here))).text


async def test_alignments_are_offered_with_item_and_competency(here: AlignmentSite) -> None:
    await take(here)
    teacher, page = await here.teacher()
    assert "Your LMS itself says of 3 items which competency it belongs to." not in page.text
    assert "says of 3 items which competency they belong to" in page.text
    page = await teacher.get(address(here))
    said = text(page)
    assert "3 alignments of your LMS are not here yet" in said
    assert "Of 1 outcome nobody has said yet which competency it is." in said
    assert "recognised by its identifiers" in said
    chosen = re.findall(
        r'<select class="input" id="role-\d+" name="role-([0-9a-f-]+)">.*?value="(\w+)" selected', page.text
    )
    rows = {row: key for key, row in (await offered(here)).items()}
    assert {rows[row]: role for row, role in chosen} == {
        ("11", QUIZ): "assesses",
        ("11", WALLS): "teaches",
        ("12", COMPARING): "assesses",
    }


async def test_accepting_one_and_then_the_rest(here: AlignmentSite) -> None:
    await take(here)
    teacher, _ = await here.teacher()
    await teacher.get(address(here))
    ids = await offered(here)
    one = ids["11", QUIZ]
    page = await teacher.post(address(here), accept=one, ticked=list(ids.values()), **{f"role-{one}": "practises"})
    assert "1 alignment was added." in page.text
    assert await here.said() == {(QUIZ, "practises", "4.NF.A.1")}
    page = await teacher.post(address(here), ticked=list(ids.values()), **{f"role-{ids['12', COMPARING]}": "assesses"})
    assert "2 alignments were added." in page.text
    page = await teacher.post(address(here), ticked=list(ids.values()))
    assert "nothing has changed" in page.text
    assert await here.said() == {
        (QUIZ, "practises", "4.NF.A.1"),
        (WALLS, "teaches", "4.NF.A.1"),
        (COMPARING, "assesses", "4.NF.A.2"),
    }
    page = await teacher.post(address(here))
    assert "Nothing was ticked" in page.text


async def test_dismissing_and_offering_again(here: AlignmentSite) -> None:
    await take(here)
    teacher, _ = await here.teacher()
    await teacher.get(address(here))
    page = await teacher.post(address(here), dismiss=(await offered(here))["11", QUIZ])
    assert "It is not offered again" in page.text
    assert "1 alignment of your LMS was set aside" in page.text
    page = await teacher.post(address(here), again="yes")
    assert "3 alignments of your LMS are not here yet" in text(page)
    assert await here.said() == set()


async def test_saying_which_competency_an_outcome_is(here: AlignmentSite) -> None:
    await take(here, NativeOutcomes((NativeOutcome("14", "Multiply a fraction by a whole number"),), ()))
    teacher, _ = await here.teacher()
    page = await teacher.get(address(here))
    row = (await lms_told.outcomes(here.site.database, here.mapped))["14"]
    # The one with the same words is chosen, and no more than that.
    assert f'<option value="{here.mapped.one("4.NF.B.4")}" selected>' in page.text
    assert row.competency_id is None
    page = await teacher.post(f"{address(here)}/outcome", outcome=str(row.id), competency="")
    assert "No competency was chosen" in page.text
    page = await teacher.post(
        f"{address(here)}/outcome", outcome=str(row.id), competency=str(here.mapped.one("4.NF.B.4"))
    )
    assert "said by a teacher" in page.text
    page = await teacher.post(f"{address(here)}/outcome", outcome=str(row.id), competency="none")
    assert "None of this course’s competencies" in text(page)
    strange = str(here.mapped.item(QUIZ))
    assert (await teacher.post(f"{address(here)}/outcome", outcome=str(row.id), competency=strange)).status_code == 400
    assert (await teacher.post(f"{address(here)}/outcome", outcome=strange, competency="none")).status_code == 404
    assert (await teacher.post(f"{address(here)}/outcome", competency="none")).status_code == 404


async def test_adding_an_outcome_to_the_courses_own_with_one_press(here: AlignmentSite) -> None:
    await take(here)
    teacher, _ = await here.teacher()
    await teacher.get(address(here))
    row = (await lms_told.outcomes(here.site.database, here.mapped))["13"]
    for _ in range(2):
        page = await teacher.post(f"{address(here)}/outcome", outcome=str(row.id), own="yes")
    assert "It is one of this course’s own competencies now." in text(page)
    assert "4 alignments of your LMS are not here yet" in text(page)
    assert text(await teacher.get(f"{here.site.course}/competencies")).count("Mathematical reasoning") >= 1


async def test_ratings_count_where_the_teacher_says_so_and_what_would_count_twice_is_said(here: AlignmentSite) -> None:
    await take(here)
    teacher, _ = await here.teacher()
    await teacher.get(address(here))
    row = (await lms_told.outcomes(here.site.database, here.mapped))["11"]
    page = await teacher.post(f"{address(here)}/outcome", outcome=str(row.id), ratings="count")
    assert "Ratings in your LMS are evidence" in page.text
    assert "so that both would count" not in page.text
    await here.align(QUIZ, "4.NF.A.1")
    page = await teacher.get(address(here))
    assert "so that both would count" in page.text
    assert f"“{QUIZ}”" in page.text
    page = await teacher.post(f"{address(here)}/outcome", outcome=str(row.id), ratings="end")
    assert "What came in stays" in page.text
    assert not (await lms_told.outcomes(here.site.database, here.mapped))["11"].ratings_count


async def test_what_the_lms_has_no_more_is_said_and_the_teacher_decides(here: AlignmentSite) -> None:
    await take(here)
    teacher, _ = await here.teacher()
    await teacher.get(address(here))
    ids = await offered(here)
    await teacher.post(address(here), ticked=list(ids.values()))
    await take(here, NativeOutcomes((COMPARE, EQUIVALENCE), (aligned(COMPARE, COMPARING),)))
    page = await teacher.get(address(here))
    assert "Your LMS no longer says so" in page.text
    assert "Not in your LMS any more" in page.text
    page = await teacher.post(address(here), keep=ids["11", WALLS])
    assert "It stays aligned in this course." in page.text
    page = await teacher.post(address(here), take_away=ids["11", QUIZ])
    assert "1 alignment was taken away." in page.text
    assert "Your LMS no longer says so" not in page.text
    assert {title for title, _, _ in await here.said()} == {WALLS, COMPARING}
    assert (await teacher.post(address(here), take_away=ids["12", COMPARING])).status_code == 404


async def test_a_title_is_text_and_nothing_else(here: AlignmentSite) -> None:
    odd = NativeOutcome("14", "<script>alert(1)</script>", "", "<b>x</b>")
    await take(here, NativeOutcomes((odd,), (aligned(odd, TEST),)))
    teacher, _ = await here.teacher()
    page = await teacher.get(address(here))
    assert "<script>alert(1)" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


async def test_a_framework_that_came_after_the_reading_is_looked_at_when_the_page_is_opened(
    here: AlignmentSite,
) -> None:
    """Seen with a real Moodle: the course is read first, its framework's file imported and picked a minute later."""
    lines = NativeOutcome("20", "Lines", "4.G.A.1")
    none = NativeOutcome("21", "Angles", "4.G.A.9")
    await take(here, NativeOutcomes((lines, none), (aligned(lines, TEST),)))
    teacher, _ = await here.teacher()
    assert "Of 2 outcomes nobody has said yet" in text(await teacher.get(address(here)))
    async with here.site.database.writing() as session:
        late = Competency(
            organisation_id=here.mapped.school.id,
            framework_id=here.mapped.framework.id,
            identifier="id of 4.G.A.1",
            code="4.G.A.1",
            statement="Draw points, lines and angles",
            position=50,
            changed_at=here.site.clock.now(),
            created_at=here.site.clock.now(),
        )
        session.add(late)
        late_id = late.id
    await teacher.post(f"{address(here)}/outcome", outcome=await row_id(here, "21"), competency="none")
    page = text(await teacher.get(address(here)))
    assert "1 alignment of your LMS is not here yet" in page
    rows = await lms_told.outcomes(here.site.database, here.mapped)
    assert rows["20"].competency_id == late_id
    assert rows["20"].chosen_by is None
    # What a teacher has said, also that it is none of them, stands.
    assert rows["21"].competency_id is None


async def row_id(here: AlignmentSite, outcome_id: str) -> str:
    return str((await lms_told.outcomes(here.site.database, here.mapped))[outcome_id].id)
