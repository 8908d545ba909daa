"""The pages about alignments: the list, one item, several at once, suggestions, files; on both databases."""

import html
import re
import uuid

import httpx
import pytest

from lti_tool.clock import ManualClock
from lti_tool.competencies.models import AlignmentOrigin, AlignmentRole
from lti_tool.content.models import ContentItem, ItemKind
from lti_tool.db.session import Database
from lti_tool.lti.models import Role
from tests.competencies.aligned import a_map
from tests.competencies.alignment_site import AlignmentSite, an_alignment_site
from tests.playlists import seed
from tests.playlists.seed import NOW
from tests.playlists.site import Visitor

QUIZ, WALLS, TEST, COMPARING = "Quiz 4.NF.1", "Fraction walls", "Unit test", "Comparing fractions"


@pytest.fixture
async def here(database: Database, clock: ManualClock) -> AlignmentSite:
    return await an_alignment_site(database, clock)


def text(page: httpx.Response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


# --- Who may --------------------------------------------------------------------------------------------------------------

GET = ("", ".csv", "/suggestions", "/file", f"/file/{uuid.UUID(int=1)}")
POST = ("", "/address", "/suggestions", "/file/upload", f"/file/{uuid.UUID(int=1)}", f"/items/{uuid.UUID(int=1)}")


async def test_without_a_session_there_is_nothing(here: AlignmentSite) -> None:
    async with here.site.client() as client:
        for path in GET:
            assert (await client.get(here.address + path)).status_code == 401, path
        for path in POST:
            answer = await client.post(here.address + path, headers={"Origin": "http://localhost:8000"})
            assert answer.status_code == 401, path


@pytest.mark.parametrize("role", [Role.STUDENT, Role.OBSERVER])
async def test_only_those_who_teach_align(here: AlignmentSite, role: Role) -> None:
    visitor = await here.site.sign_in(here.mapped.school.students[0], role)
    for path in GET:
        assert (await visitor.get(here.address + path)).status_code == 403, path
    await visitor.get("/")
    await align(here)
    for path in POST:
        assert (await visitor.post(here.address + path, item="x")).status_code == 403, path
    assert len(await here.views()) == 1


async def align(here: AlignmentSite) -> None:
    await here.align(QUIZ, "4.NF.A.1")


async def test_another_schools_teacher_sees_nothing_of_it(here: AlignmentSite) -> None:
    async with here.site.database.writing() as session:
        other = await seed.school(session, "Elm School")
    visitor = await here.site.sign_in(other.teacher, Role.TEACHER, school=other)
    for path in GET:
        assert (await visitor.get(here.address + path)).status_code == 404, path
    await visitor.get(f"/courses/{other.course.id}/playlists")
    for path in POST:
        assert (await visitor.post(here.address + path, item="x")).status_code == 404, path


async def test_a_form_from_elsewhere_changes_nothing(here: AlignmentSite) -> None:
    visitor, page = await here.teacher()
    async with here.site.client(visitor.token) as client:
        answer = await client.post(
            here.address,
            data={"item": here.ticked(page, QUIZ), "competency": str(here.mapped.one("4.NF.A.1"))},
            headers={"Origin": "https://elsewhere.example"},
        )
    assert answer.status_code == 403
    assert await here.views() == []


# --- The list -------------------------------------------------------------------------------------------------------------


async def test_a_course_without_a_map_is_sent_to_it(here: AlignmentSite) -> None:
    async with here.site.database.writing() as session:
        other = await seed.school(session, "Elm School")
        other.course.content_read_at = NOW
        session.add(other.course)
    visitor = await here.site.sign_in(other.teacher, Role.TEACHER, school=other)
    page = await visitor.get(f"/courses/{other.course.id}/competencies/alignments")
    assert "First the competencies" in page.text
    assert f'href="/courses/{other.course.id}/competencies"' in page.text


async def test_the_list_shows_items_and_what_they_do(here: AlignmentSite) -> None:
    await here.align(TEST, "4.NF.A.1")
    await here.align(TEST, "4.NF.A.2")
    await here.align(WALLS, "4.NF.A.1", AlignmentRole.TEACHES)
    _, page = await here.teacher()
    assert page.status_code == 200
    said = text(page)
    assert "2 of 6 items are aligned" in said
    assert "one score for 2 competencies" in said
    assert "cannot make any of them Secure" in said
    assert "assesses 4.NF.A.1 from 80% assesses 4.NF.A.2 from 80%" in said
    assert "teaches 4.NF.A.1" in said
    assert "Week 1" not in said


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=fractions", {"Comparing fractions", "Adding and subtracting fractions", "Fractions times whole numbers"}),
        ("?section=%3DOperations&kind=quiz", {"Adding and subtracting fractions", TEST}),
        ("?show=unaligned&section=%3DEquivalence", {WALLS, COMPARING}),
        ("?show=aligned", {QUIZ}),
        ("?show=shared", set()),
        ("?kind=nonsense&show=nonsense&competency=nonsense&role=nonsense", None),
    ],
)
async def test_the_list_is_narrowed(here: AlignmentSite, query: str, found: set[str] | None) -> None:
    await align(here)
    _, page = await here.teacher(query)
    shown = set(re.findall(r'<label for="tick-[0-9a-f-]{36}">([^<]+)</label>', page.text))
    assert shown == (found if found is not None else set(here.mapped.items) - {"Week 1"})
    assert ("Nothing found" in page.text) == (found == set())


async def test_by_competency(here: AlignmentSite) -> None:
    await align(here)
    _, page = await here.teacher(f"?competency={here.mapped.one('4.NF.A.1')}")
    assert re.findall(r'<label for="tick-[0-9a-f-]{36}">([^<]+)</label>', page.text) == [QUIZ]


async def test_who_comes_to_align_to_a_competency_finds_it_ticked(here: AlignmentSite) -> None:
    one = here.mapped.one("4.NF.A.2")
    _, page = await here.teacher(f"?choose={one}")
    assert re.findall(r'name="competency" value="([^"]+)" checked', page.text) == [str(one)]
    _, page = await here.teacher("?choose=nonsense")
    assert " checked>" not in page.text


async def test_a_long_course_comes_in_pages(here: AlignmentSite) -> None:
    async with here.site.database.writing() as session:
        for number in range(150):
            session.add(
                ContentItem(
                    organisation_id=here.mapped.school.id,
                    course_id=here.mapped.course.id,
                    external_id=f"canvas:many:{number}",
                    kind=ItemKind.PAGE,
                    title=f"Page {number}",
                    position=100 + number,
                    seen_at=NOW,
                )
            )
    visitor, page = await here.teacher()
    assert "Page 1 of 3" in page.text
    assert "Page 53" in page.text
    assert "Page 54" not in page.text
    page = await visitor.get(here.address + "?page=2")
    assert "Page 54" in page.text
    # What is aligned on the second page leads back to it.
    ticked = re.search(r'name="item" value="([^"]+)"', page.text)
    assert ticked is not None
    answer = await visitor.post(
        here.address + "?page=2", follow=False, item=ticked[1], competency=str(here.mapped.one("4.NF.A.1"))
    )
    assert "page=2" in answer.headers["location"]


# --- Several at once --------------------------------------------------------------------------------------------------------


async def test_several_items_are_aligned_at_once(here: AlignmentSite) -> None:
    visitor, page = await here.teacher("?show=unaligned")
    answer = await visitor.post(
        here.address + "?show=unaligned",
        item=[here.ticked(page, QUIZ), here.ticked(page, COMPARING)],
        competency=[str(here.mapped.one("4.NF.A.1")), str(here.mapped.one("4.NF.A.2"))],
        role="practises",
        passing="70 %",
        weight="0,5",
        mixed="yes",
    )
    assert answer.status_code == 200
    assert "4 alignments were added." in answer.text
    assert "show=unaligned" in str(answer.url)
    assert await here.said() == {
        (item, "practises", code) for item in (QUIZ, COMPARING) for code in ("4.NF.A.1", "4.NF.A.2")
    }
    assert {(str(view.weight), view.passing_percent, view.mixed) for view in await here.views()} == {
        ("0.5", 70.0, True)
    }
    # The role is kept for the next time.
    assert re.search(r'id="bulk-role".*?<option value="practises" selected', answer.text, re.DOTALL)


async def test_nothing_ticked_is_said_and_what_was_ticked_is_kept(here: AlignmentSite) -> None:
    visitor, page = await here.teacher()
    answer = await visitor.post(here.address, item=here.ticked(page, QUIZ), passing="much", weight="-1")
    assert answer.status_code == 422
    assert "Please tick the competencies." in answer.text
    assert "percentage from 0 to 100" in answer.text
    assert "weight above 0" in answer.text
    assert f'value="{here.ticked(page, QUIZ)}" checked' in answer.text
    answer = await visitor.post(here.address, competency=str(here.mapped.one("4.NF.A.1")))
    assert answer.status_code == 422
    assert "Please tick the items" in answer.text
    assert re.search(rf'value="{here.mapped.one("4.NF.A.1")}" checked', answer.text)


async def test_two_editors_of_one_item(here: AlignmentSite) -> None:
    visitor, page = await here.teacher()
    await align(here)
    answer = await visitor.post(
        here.address,
        item=[here.ticked(page, QUIZ), here.ticked(page, WALLS)],
        competency=str(here.mapped.one("4.NF.A.2")),
    )
    assert answer.status_code == 409
    assert "Somebody else has aligned these items" in answer.text
    assert await here.said() == {(QUIZ, "assesses", "4.NF.A.1")}
    # The page shows how it stands now, with the ticks; pressing again does it.
    assert f'value="{here.ticked(answer, QUIZ)}" checked' in answer.text
    answer = await visitor.post(
        here.address,
        item=[here.ticked(answer, QUIZ), here.ticked(answer, WALLS)],
        competency=str(here.mapped.one("4.NF.A.2")),
    )
    assert answer.status_code == 200
    assert len(await here.views()) == 3


async def test_what_no_page_sends_is_refused(here: AlignmentSite) -> None:
    visitor, page = await here.teacher()
    good = {"item": here.ticked(page, QUIZ), "competency": str(here.mapped.one("4.NF.A.1"))}
    for wrong in ({"item": "17.x"}, {"competency": "x"}, {"role": "knows"}, {"competency": str(uuid.uuid4())}):
        assert (await visitor.post(here.address, **(good | wrong))).status_code == 400, wrong
    assert await here.views() == []


# --- One item ---------------------------------------------------------------------------------------------------------------


async def change(
    here: AlignmentSite, visitor: Visitor, title: str, page: httpx.Response, **fields: str
) -> httpx.Response:
    return await visitor.post(f"{here.address}/items/{here.mapped.item(title)}", seen=here.seen(page, title), **fields)


async def test_one_items_alignments_are_changed_together(here: AlignmentSite) -> None:
    await here.align(TEST, "4.NF.A.1")
    await here.align(TEST, "4.NF.A.2")
    visitor, page = await here.teacher()
    one, two = here.mapped.one("4.NF.A.1"), here.mapped.one("4.NF.A.2")
    answer = await change(
        here,
        visitor,
        TEST,
        page,
        **{f"role-{one}": "practises", f"weight-{one}": "2", f"passing-{one}": "66,6", f"mixed-{one}": "yes"},
        **{f"role-{two}": "assesses", f"remove-{two}": "yes"},
        add="4.nf.b.3",
        **{"add-role": "assesses"},
    )
    assert answer.status_code == 200
    assert "1 alignment was added. 1 alignment was changed. 1 alignment was taken away." in answer.text
    assert str(answer.url).endswith(f"#item-{here.mapped.item(TEST)}") or "said=aligned.1.1.1" in str(answer.url)
    assert await here.said() == {(TEST, "practises", "4.NF.A.1"), (TEST, "assesses", "4.NF.B.3")}
    (changed,) = [view for view in await here.views() if view.competency_id == one]
    assert (str(changed.weight), changed.passing_percent, changed.mixed) == ("2", 66.6, True)
    # Nothing else said: nothing changed.
    answer = await change(here, visitor, TEST, answer)
    assert "nothing has changed" in answer.text


async def test_a_competency_is_added_by_its_words_too(here: AlignmentSite) -> None:
    visitor, page = await here.teacher()
    answer = await change(
        here, visitor, WALLS, page, add="multiply a FRACTION by a whole number", **{"add-role": "teaches"}
    )
    assert answer.status_code == 200
    assert await here.said() == {(WALLS, "teaches", "4.NF.B.4")}


async def test_what_is_wrong_with_one_items_form_is_said_beside_it(here: AlignmentSite) -> None:
    await align(here)
    visitor, page = await here.teacher()
    one = here.mapped.one("4.NF.A.1")
    answer = await change(
        here,
        visitor,
        QUIZ,
        page,
        **{f"role-{one}": "assesses", f"weight-{one}": "0", f"passing-{one}": "101"},
        add="9.Z",
    )
    assert answer.status_code == 422
    for sentence in ("No competency of this course’s map has this code", "weight above 0", "percentage from 0 to 100"):
        assert sentence in answer.text
    assert 'value="9.Z"' in answer.text
    answer = await change(here, visitor, QUIZ, page, **{f"role-{one}": "assesses"}, add="4.NF.A.1")
    assert "This item has that competency already." in answer.text


async def test_two_editors_of_one_items_form(here: AlignmentSite) -> None:
    visitor, page = await here.teacher()
    await align(here)
    answer = await change(here, visitor, QUIZ, page, add="4.NF.B.3")
    assert answer.status_code == 409
    assert "Somebody else has aligned these items" in answer.text
    assert len(await here.views()) == 1


async def test_an_item_of_another_course_is_not_there(here: AlignmentSite) -> None:
    async with here.site.database.writing() as session:
        other = await a_map(session, await seed.school(session, "Elm School"))
    visitor, _ = await here.teacher()
    for item_id in (uuid.uuid4(), other.item(QUIZ), here.mapped.item("Week 1")):
        assert (await visitor.post(f"{here.address}/items/{item_id}", add="4.NF.B.3")).status_code == 404


async def test_a_pasted_address_becomes_an_item(here: AlignmentSite) -> None:
    visitor, _ = await here.teacher()
    answer = await visitor.post(f"{here.address}/address", url="https://example.org/fractions", url_title="A game")
    assert answer.status_code == 200
    assert "Added at the end of the list" in answer.text
    assert ">A game</label>" in answer.text
    answer = await visitor.post(f"{here.address}/address", url="javascript:alert(1)")
    assert answer.status_code == 400
    assert "This address cannot be used" in answer.text
    assert "javascript:alert(1)" in answer.text


# --- Suggestions --------------------------------------------------------------------------------------------------------------


async def test_suggestions_are_accepted_all_at_once(here: AlignmentSite) -> None:
    visitor, page = await here.teacher()
    assert "4 alignments can be read off the titles" in page.text
    page = await visitor.get(here.address + "/suggestions")
    assert "The title contains “4.NF.1”." in text(page)
    assert "share these words: “Comparing”, “fractions”." in text(page)
    pairs = re.findall(r'name="pair" value="([^"]+)" checked', page.text)
    assert len(pairs) == 4
    answer = await visitor.post(here.address + "/suggestions", pair=pairs, **{f"role-{pairs[0]}": "practises"})
    assert "4 alignments were added." in answer.text
    assert "Nothing to suggest" in answer.text
    assert await here.said() == {
        (QUIZ, "practises", "4.NF.A.1"),
        (COMPARING, "assesses", "4.NF.A.2"),
        ("Adding and subtracting fractions", "assesses", "4.NF.B.3"),
        ("Fractions times whole numbers", "assesses", "4.NF.B.4"),
    }


async def test_one_is_accepted_and_one_dismissed_for_good(here: AlignmentSite) -> None:
    visitor, page = await here.teacher("/suggestions")
    pairs = re.findall(r'name="pair" value="([^"]+)"', page.text)
    page = await visitor.post(here.address + "/suggestions", pair=pairs, accept=pairs[0])
    assert "1 alignment was added." in page.text
    page = await visitor.post(here.address + "/suggestions", pair=pairs, dismiss=pairs[1])
    assert "Dismissed." in page.text
    left = re.findall(r'name="pair" value="([^"]+)"', page.text)
    assert left == pairs[2:]
    # Twice is harmless; and it can be undone.
    await visitor.post(here.address + "/suggestions", dismiss=pairs[1])
    page = await visitor.get(here.address + "/suggestions")
    assert "1 suggestion was dismissed." in page.text
    page = await visitor.post(here.address + "/suggestions", bring_back="yes")
    assert re.findall(r'name="pair" value="([^"]+)"', page.text) == pairs[1:]
    assert "Nothing was ticked" in (await visitor.post(here.address + "/suggestions")).text
    assert (await visitor.post(here.address + "/suggestions", accept="x.y")).status_code == 400
    assert (
        await visitor.post(here.address + "/suggestions", dismiss=f"{uuid.uuid4()}.{uuid.uuid4()}")
    ).status_code == 400


async def test_what_was_aligned_meanwhile_stays_as_it_is(here: AlignmentSite) -> None:
    visitor, page = await here.teacher("/suggestions")
    pairs = re.findall(r'name="pair" value="([^"]+)"', page.text)
    await here.align(QUIZ, "4.NF.A.1", AlignmentRole.TEACHES)
    page = await visitor.post(here.address + "/suggestions", accept=pairs[0], **{f"role-{pairs[0]}": "assesses"})
    assert "nothing has changed" in page.text
    assert await here.said() == {(QUIZ, "teaches", "4.NF.A.1")}


# --- Files ----------------------------------------------------------------------------------------------------------------------


async def upload(here: AlignmentSite, visitor: Visitor, content: bytes, name: str = "alignments.csv") -> httpx.Response:
    page = await visitor.get(here.address + "/file")
    session = re.search(r'name="lti-session" content="([^"]+)"', page.text)
    assert session is not None
    async with here.site.client(visitor.token) as client:
        return await client.post(
            here.address + "/file/upload",
            data={"session": session[1]},
            files={"file": (name, content, "text/csv")},
            headers={"Origin": "http://localhost:8000"},
            follow_redirects=True,
        )


def stats(page: httpx.Response) -> list[str]:
    return re.findall(r'<dd class="stat__value">([^<]+)</dd>', page.text)


async def test_the_file_goes_out_and_comes_back_unchanged(here: AlignmentSite) -> None:
    await align(here)
    visitor, page = await here.teacher(".csv")
    assert page.headers["content-type"] == "text/csv; charset=utf-8"
    assert "alignments.csv" in page.headers["content-disposition"]
    assert page.text.startswith("\ufeffitem_id,title")
    assert len(page.text.strip().splitlines()) == 7
    preview = await upload(here, visitor, page.content)
    assert stats(preview) == ["0", "0", "0", "1", "0"]
    assert "This file changes nothing." in preview.text


async def test_a_file_is_previewed_then_confirmed(here: AlignmentSite) -> None:
    await align(here)
    visitor, _ = await here.teacher()
    content = (
        "title,code,role,passing mark\n"
        + f"{QUIZ},4.NF.A.1,none,\n{TEST},4.NF.A.1,,75\n{WALLS},4.NF.A.2,,\nNowhere,4.NF.A.1,,\n"
    )
    preview = await upload(here, visitor, content.encode(), "mine <b>.csv")
    assert stats(preview) == ["2", "0", "1", "0", "1"]
    assert "mine &lt;b&gt;.csv" in preview.text
    assert "Row 5: No item of this course is “Nowhere”." in text(preview)
    assert "assesses · right from 75%" in text(preview)
    assert await here.said() == {(QUIZ, "assesses", "4.NF.A.1")}
    shown = re.search(r'name="shown" value="([^"]+)"', preview.text)
    assert shown is not None
    await visitor.get(here.address)
    done = await visitor.post(preview.url.path, shown=shown[1], answer="yes")
    assert "2 alignments were added. 1 alignment was taken away." in done.text
    assert await here.said() == {(TEST, "assesses", "4.NF.A.1"), (WALLS, "teaches", "4.NF.A.2")}
    # The file is used up.
    assert (await visitor.get(preview.url.path)).status_code == 404


async def test_a_preview_that_is_out_of_date_is_shown_again(here: AlignmentSite) -> None:
    visitor, _ = await here.teacher()
    preview = await upload(here, visitor, f"title,code\n{QUIZ},4.NF.A.1\n{TEST},4.NF.A.1\n".encode())
    shown = re.search(r'name="shown" value="([^"]+)"', preview.text)
    assert shown is not None
    await align(here)
    await visitor.get(here.address)
    again = await visitor.post(preview.url.path, shown=shown[1], answer="yes")
    assert again.status_code == 409
    assert stats(again) == ["1", "0", "0", "1", "0"]
    assert len(await here.views()) == 1
    discarded = await visitor.post(preview.url.path, answer="no")
    assert discarded.url.path == here.address
    assert (await visitor.get(preview.url.path)).status_code == 404


async def test_files_that_cannot_be_read_are_said_to_be(here: AlignmentSite) -> None:
    visitor, _ = await here.teacher()
    for content, status, sentence in (
        (b"", 400, "No file was chosen"),
        (b"\x89PNG\r\n\x1a\n\x00", 400, "cannot be read as a table"),
        (b"a,b\n1,2\n", 400, "cannot be read as a table"),
        (b"title,code\n" + b"x" * 600_000, 413, "too large"),
    ):
        answer = await upload(here, visitor, content)
        assert answer.status_code == status
        assert sentence in answer.text


async def test_another_teachers_file_is_not_shown(here: AlignmentSite) -> None:
    visitor, _ = await here.teacher()
    preview = await upload(here, visitor, f"title,code\n{QUIZ},4.NF.A.1\n".encode())
    other = await here.site.sign_in(here.mapped.school.students[0], Role.TEACHER)
    assert (await other.get(preview.url.path)).status_code == 404


async def test_a_files_alignments_say_where_they_came_from(here: AlignmentSite) -> None:
    from lti_tool.competencies.models import Alignment
    from lti_tool.db.base import scoped

    visitor, _ = await here.teacher()
    preview = await upload(here, visitor, f"title,code\n{QUIZ},4.NF.A.1\n".encode())
    shown = re.search(r'name="shown" value="([^"]+)"', preview.text)
    assert shown is not None
    await visitor.get(here.address)
    await visitor.post(preview.url.path, shown=shown[1], answer="yes")
    async with here.site.database.reading() as session:
        row = (await session.exec(scoped(Alignment, here.mapped.school.id))).one()
    assert (row.origin, row.created_by) == (AlignmentOrigin.CSV, here.mapped.school.teacher.id)
