"""A competency's and a student's page: what they show, what a teacher does there, what it leaves behind."""

import re
from datetime import timedelta

from lti_tool.lti.models import Role
from lti_tool.mastery.models import EvidenceSource, Standing
from tests.insight.site import Site


def said(page: str) -> str:
    """The page's words, in one line."""
    text = re.sub(r"<[^>]+>", " ", page.partition("<main")[2].partition(">")[2])
    return " ".join(text.split())


async def test_a_competency_shows_who_is_where(site: Site) -> None:
    await site.shown(0, 0, True, True, True, True)
    await site.shown(1, 0, False)
    await site.shown(0, 1, True, True, True, True)
    teacher = await site.teacher()
    page = await teacher.get(f"{site.mastery}/competencies/{site.competencies[0].id}")
    text = said(page.text)
    assert "1 of 3 students is secure or beyond." in text or "1 of 3 students are secure or beyond." in text
    assert re.search(r"Secure 1 student Ada Ash", text), text
    assert re.search(r"Started 1 student Ben Birch", text)
    assert re.search(r"Not started 1 student Cem Cedar", text)
    assert "Nothing: one can begin with this." in text
    assert re.search(r"What it opens N.2 .* 1 of 3 secure", text)
    assert "Nothing in the course assesses this competency" in text
    assert [entry.detail for entry in await site.traces("students.mastery-viewed")] == [
        f"competency {site.competencies[0].id}"
    ]


async def test_its_evidence_can_be_voided_with_a_reason(site: Site) -> None:
    await site.shown(0, 0, True, True, True, True)
    teacher = await site.teacher()
    address = f"{site.mastery}/competencies/{site.competencies[0].id}"
    await teacher.get(address)
    one = (await site.evidence(0))[0]
    refused = await teacher.post(f"{address}/evidence/{one.id}/void", reason=" ")
    assert refused.status_code == 400
    page = await teacher.post(f"{address}/evidence/{one.id}/void", reason="It was a friend's work")
    assert "This evidence counts no more" in page.text
    voided = next(row for row in await site.evidence(0) if row.id == one.id)
    assert (voided.void_reason, voided.voided_by) == ("It was a friend's work", site.school.teacher.id)
    other = f"{site.mastery}/competencies/{site.competencies[1].id}"
    again = (await site.evidence(0))[1]
    assert (await teacher.post(f"{other}/evidence/{again.id}/void", reason="x")).status_code == 404


async def test_its_files_are_what_it_shows(site: Site) -> None:
    await site.shown(0, 0, True, False)
    teacher = await site.teacher()
    address = f"{site.mastery}/competencies/{site.competencies[0].id}"
    students = (await teacher.get(f"{address}/students.csv")).content.decode("utf-8-sig").splitlines()
    assert students == ["Student,Level", "Ben Birch,Not started", "Cem Cedar,Not started", "Ada Ash,Started"]
    evidence = (await teacher.get(f"{address}/evidence.csv")).content.decode("utf-8-sig").splitlines()
    assert len(evidence) == 3
    assert "Ada Ash,Result from your LMS,Quiz on halves,Not yet" in evidence[1]


async def test_a_students_page_says_why_and_how_it_came(site: Site) -> None:
    await site.shown(0, 0, True, False, True, True, True)
    teacher = await site.teacher()
    address = f"{site.mastery}/students/{site.school.students[0].id}"
    page = await teacher.get(f"{address}?competency={site.competencies[0].id}")
    text = said(page.text)
    assert "Secure: 4 of the last 5 right, the latest on August 16" in text
    assert re.search(r"Developing to Secure .* Started to Developing .* Not started to Started", text), text
    assert len(re.findall(r'id="evidence-[0-9a-f]{8}-', page.text)) == 5
    (trace,) = await site.traces("student.evidence-viewed")
    assert trace.subject is not None
    assert str(site.school.students[0].id) in trace.subject
    assert trace.actor == str(site.school.teacher.id)
    await teacher.get(address)
    (trace,) = await site.traces("student.viewed")
    assert (trace.subject, trace.detail) == (f"person:{site.school.students[0].id}", "mastery")


async def test_what_is_void_stays_with_its_reason(site: Site) -> None:
    await site.shown(0, 0, True, True, True, True)
    teacher = await site.teacher()
    address = f"{site.mastery}/students/{site.school.students[0].id}"
    await teacher.get(address)
    one = (await site.evidence(0))[0]
    page = await teacher.post(f"{address}/evidence/{one.id}/void", reason="<b>Copied</b>")
    text = said(page.text)
    assert "Void: &lt;b&gt;Copied&lt;/b&gt; by Tea Teak" in text
    assert "Developing: " in text
    # As if it had never happened: the history is the shorter one.
    assert "to Secure" not in text
    elsewhere = f"{site.mastery}/students/{site.school.students[1].id}/evidence/{one.id}/void"
    assert (await teacher.post(elsewhere, reason="x")).status_code == 404


async def test_a_teacher_sets_a_level_with_reason_and_end(site: Site) -> None:
    teacher = await site.teacher()
    address = f"{site.mastery}/students/{site.school.students[1].id}"
    setting = f"{address}/competencies/{site.competencies[0].id}/override"
    await teacher.get(address)
    page = await teacher.post(setting, standing="secure", reason="Explained it", until="2026-09-30", time_zone="UTC")
    text = said(page.text)
    assert "The level is set." in text
    assert "Secure: set by a teacher until September 30" in text
    assert "“Explained it”" in text
    (row,) = await site.evidence(1)
    assert (row.source, row.judged, row.note) == (EvidenceSource.OVERRIDE, Standing.SECURE, "Explained it")
    assert row.until is not None
    assert row.until.date().isoformat() == "2026-09-30"
    page = await teacher.post(f"{setting}/end", reason="Looked again")
    text = said(page.text)
    assert "The level follows from the evidence again." in text
    assert "Void: Looked again" in text
    assert "Not started: there is no evidence yet." in text


async def test_a_level_without_a_reason_or_with_an_end_that_was_is_asked_for_again(site: Site) -> None:
    teacher = await site.teacher()
    address = f"{site.mastery}/students/{site.school.students[1].id}"
    setting = f"{address}/competencies/{site.competencies[0].id}/override"
    await teacher.get(address)
    page = await teacher.post(setting, standing="mastered", reason="", until="2026-01-01")
    assert page.status_code == 400
    assert "Please say why." in page.text
    assert "Please choose a day that is still to come" in page.text
    assert re.search(r'value="mastered" selected', page.text)
    assert 'value="2026-01-01"' in page.text
    assert (await teacher.post(setting, standing="genius", reason="x")).status_code == 400
    assert await site.evidence(1) == []


async def test_notes_are_for_those_who_teach(site: Site) -> None:
    teacher = await site.teacher()
    address = f"{site.mastery}/students/{site.school.students[0].id}"
    await teacher.get(address)
    page = await teacher.post(f"{address}/notes", note="Talk about <fractions>\nat home")
    assert "Talk about &lt;fractions&gt;" in page.text
    assert "Tea Teak" in page.text
    student = await site.student()
    family = await site.sign_in(site.school.teacher, observes=("student-0",), role=Role.OBSERVER)
    for visitor, path in (
        (student, f"{site.course}/my-map"),
        (student, f"{site.course}/my-map.csv"),
        (family, f"{site.course}/family-map"),
        (teacher, f"{address}/levels.csv"),
    ):
        assert "fractions&gt;" not in (await visitor.get(path)).text
        assert "<fractions>" not in (await visitor.get(path)).text
    note = re.search(r"/notes/([0-9a-f-]+)/remove", page.text)
    assert note is not None
    elsewhere = f"{site.mastery}/students/{site.school.students[1].id}/notes/{note[1]}/remove"
    assert (await teacher.post(elsewhere)).status_code == 404
    page = await teacher.post(f"{address}/notes/{note[1]}/remove")
    assert "Talk about" not in page.text
    assert (await teacher.post(f"{address}/notes/{note[1]}/remove")).status_code == 404
    assert [len(await site.traces(f"student.note-{what}")) for what in ("written", "removed")] == [1, 1]
    empty = await teacher.post(f"{address}/notes", note="  ")
    assert empty.status_code == 400
    assert "Please write something." in empty.text
    long = await teacher.post(f"{address}/notes", note="x" * 2001)
    assert long.status_code == 400
    assert "x" * 2001 in long.text


async def test_an_old_address_of_a_competency_that_was_taken_out_shows_the_map(site: Site) -> None:
    teacher = await site.teacher()
    page = await teacher.get(f"{site.mastery}/students/{site.school.students[0].id}?competency=not-an-id")
    assert page.status_code == 200
    assert "How it came to be" not in page.text


async def test_reviews_that_are_due_are_seen(site: Site) -> None:
    await site.shown(0, 0, True, True, True, True)
    site.clock.move(timedelta(minutes=1))
    teacher = await site.teacher()
    assert "Secure, review due" in (await teacher.get(site.mastery)).text
    page = await teacher.get(f"{site.mastery}/competencies/{site.competencies[0].id}")
    assert "Review due" in page.text
