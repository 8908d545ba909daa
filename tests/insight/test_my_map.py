"""A student's own map: what they know, what is next, what it opens, how they show it; and the same for their family."""

import re

from lti_tool.competencies.models import AlignmentRole
from lti_tool.lti.models import Role
from lti_tool.mastery.models import EvidenceSource, Standing
from tests.insight.class_of_five import align
from tests.insight.site import Site, a_map
from tests.insight.test_teachers_pages import said
from tests.playlists import seed


def part(page: str, heading: str) -> str:
    """What stands under a heading."""
    return said("<main>" + page.partition(heading)[2].partition("</section>")[0])


async def aligned(site: Site) -> None:
    """Everything is assessed by the quiz; the first is taught by the page as well."""
    async with site.database.writing() as session:
        await align(session, site.school, "page", site.competencies[0], AlignmentRole.TEACHES)
        for competency in site.competencies:
            await align(session, site.school, "quiz", competency, AlignmentRole.ASSESSES)


async def test_what_is_next_is_what_nothing_holds_up(site: Site) -> None:
    await aligned(site)
    student = await site.student()
    page = (await student.get(f"{site.course}/my-map")).text
    following = part(page, "What is next for me")
    assert "Understand a fraction as a part of a whole" in following
    assert "It opens: Find fractions that are &lt;equal&gt; &amp; compare them" in following
    assert "Add fractions" not in following
    assert "What a fraction is" in following
    assert "to learn it" in following
    assert "to show it" in following
    later = part(page, "What comes later")
    assert "Add fractions First: Find fractions that are &lt;equal&gt; &amp; compare them" in later

    await site.shown(0, 0, True, True, True, True)
    page = (await student.get(f"{site.course}/my-map")).text
    assert "Find fractions that are &lt;equal&gt; &amp; compare them" in part(page, "What is next for me")
    assert "Secure: 4 of your last 4 right" in part(page, "What I know")


async def test_what_was_begun_says_what_is_missing(site: Site) -> None:
    await aligned(site)
    await site.shown(0, 0, True, True)
    student = await site.student()
    following = part((await student.get(f"{site.course}/my-map")).text, "What is next for me")
    assert "Developing: 2 of your last 2 right" in following
    assert "For Secure: " in following


async def test_what_nothing_can_show_holds_nobody_up(site: Site) -> None:
    async with site.database.writing() as session:
        await align(session, site.school, "quiz", site.competencies[1], AlignmentRole.ASSESSES)
    student = await site.student()
    following = part((await student.get(f"{site.course}/my-map")).text, "What is next for me")
    assert "Find fractions that are &lt;equal&gt; &amp; compare them" in following
    assert "Better first: Understand a fraction as a part of a whole" in following


async def test_native_items_open_as_on_playlists(site: Site) -> None:
    await aligned(site)
    student = await site.student()
    page = (await student.get(f"{site.course}/my-map")).text
    assert re.search(
        r'<a href="https://lms.example/quiz" target="_blank" rel="noopener noreferrer">Quiz on halves', page
    )


async def test_a_student_says_how_they_see_themselves_and_no_level_moves(site: Site) -> None:
    student = await site.student()
    await student.get(f"{site.course}/my-map")
    form = f"{site.course}/my-map/{site.competencies[0].id}/self"
    page = await student.post(form, standing="secure", words="I can do <halves>")
    assert "Kept." in page.text
    text = said(page.text)
    assert "In your words: I can do it by myself “I can do &lt;halves&gt;”" in text
    assert "What I know Not yet anything" in text
    (row,) = await site.evidence(0)
    assert (row.source, row.judged, row.note) == (EvidenceSource.SELF, Standing.SECURE, "I can do <halves>")
    # Said again on the same day, the last word counts.
    page = await student.post(form, standing="developing", words="")
    assert "In your words: I can do some of it" in said(page.text)
    teacher = await site.teacher()
    board = await teacher.get(site.mastery)
    assert re.search(r"Ada Ash</a><td class=n>4<td class=\"l0 ie\">", board.text)
    shown = await teacher.get(
        f"{site.mastery}/students/{site.school.students[0].id}?competency={site.competencies[0].id}"
    )
    assert "Moves no level." in shown.text


async def test_choosing_nothing_is_asked_for_again_with_the_words_kept(site: Site) -> None:
    student = await site.student()
    await student.get(f"{site.course}/my-map")
    form = f"{site.course}/my-map/{site.competencies[0].id}/self"
    page = await student.post(form, words="Kept words")
    assert page.status_code == 400
    assert "Please choose one." in page.text
    assert 'value="Kept words"' in page.text
    assert (await student.post(form, standing="genius")).status_code == 400
    gone = f"{site.course}/my-map/{site.school.course.id}/self"
    assert (await student.post(gone, standing="secure")).status_code == 404
    assert await site.evidence(0) == []


async def test_nobody_else_is_ever_named_or_counted(site: Site) -> None:
    await aligned(site)
    for place in range(3):
        await site.shown(place, 0, True, True, True, True)
    student = await site.student()
    family = await site.sign_in(site.school.teacher, Role.OBSERVER, observes=("student-0",))
    for page in (await student.get(f"{site.course}/my-map"), await family.get(f"{site.course}/family-map")):
        assert page.status_code == 200
        for word in ("Birch", "Cedar", "of 3", "class", "rank", "average"):
            assert word not in said(page.text), word


async def test_a_family_reads_and_has_nothing_to_press(site: Site) -> None:
    await aligned(site)
    await site.shown(0, 0, True, True, True, True)
    family = await site.sign_in(site.school.teacher, Role.OBSERVER, observes=("student-0",))
    page = await family.get(f"{site.course}/family-map")
    assert "Secure: 4 of the last 4 right" in page.text
    assert "<form" not in page.text.partition("<main")[2]
    assert "https://lms.example/quiz" not in page.text


async def test_the_file_is_the_students_own(site: Site) -> None:
    await site.shown(0, 0, True, True, True, True)
    student = await site.student()
    lines = (await student.get(f"{site.course}/my-map.csv")).content.decode("utf-8-sig").splitlines()
    assert lines[0] == "Code,Competency,Level,Why,Since,Latest evidence,Review due"
    assert lines[1].startswith("N.1,Understand a fraction as a part of a whole,Secure,")
    assert len(lines) == 5


async def test_without_a_map_there_is_a_kind_word(site: Site) -> None:
    async with site.database.writing() as session:
        empty = await seed.school(session, "Elm School")
    student = await site.sign_in(empty.students[0], school=empty)
    page = await student.get(f"/courses/{empty.course.id}/my-map")
    assert "No map yet" in page.text
    assert (await student.get(f"/courses/{empty.course.id}/my-map.csv")).status_code == 404


async def test_a_large_map_opens_one_competency_at_a_time(site: Site) -> None:
    async with site.database.writing() as session:
        school = await seed.school(session, "Elm School")
        made = await a_map(session, school, [(f"C.{number}", f"Statement {number}") for number in range(45)])
    student = await site.sign_in(school.students[0], school=school)
    address = f"/courses/{school.course.id}/my-map"
    page = (await student.get(address)).text
    assert page.count('class="card mine') == 1
    assert "44 competencies" in part(page, "What comes later")
    page = (await student.get(f"{address}?competency={made[30].id}")).text
    assert "Statement 30" in part(page, "One competency")
    assert page.count(f'id="competency-{made[30].id}"') == 1
    page = (await student.post(f"{address}/{made[30].id}/self", standing="started", words="A bit")).text
    assert "“A bit”" in part(page, "One competency")
