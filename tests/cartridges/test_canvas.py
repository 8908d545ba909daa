"""What Canvas adds: its modules win over the organization tree, and both forms of assignments are read."""

from lti_tool.cartridges import ItemKind, read_cartridge
from tests.cartridges.build import item, page, quiz, resource, zipped
from tests.cartridges.canvas_exports import LAR, NS, export, line


def test_positions_order_the_lines() -> None:
    lines = line("b", "ContextModuleSubHeader", "Second", position=2) + line(
        "a", "ContextModuleSubHeader", "First", position=1
    )
    content = read_cartridge(zipped(export(lines, "", {})))
    assert [i.title for i in content.items()] == ["First", "Second"]


def test_an_older_assignment_is_a_page_with_settings() -> None:
    settings = f"""<assignment identifier="a" {NS}><title>Poem</title><due_at>2026-05-01T10:00:00</due_at>
<points_possible>7</points_possible><submission_types>online_text_entry,online_url</submission_types></assignment>"""
    files = {"a/poem.html": page("Write a poem", "Assignment: Poem"), "a/assignment_settings.xml": settings}
    resources = resource("a", LAR, "a/poem.html", "a/assignment_settings.xml")
    content = read_cartridge(zipped(export(line("l", "Assignment", "Poem", "a"), resources, files)))
    (found,) = content.items()
    assert (found.kind, found.points, found.body) == (ItemKind.ASSIGNMENT, 7, "<p>Write a poem</p>")
    assert found.submission_types == ("online_text_entry", "online_url")
    assert found.due_at is not None
    assert not content.notes


def test_canvas_own_questions_are_preferred() -> None:
    own = quiz(title="Own").replace("root", "own")
    meta = f"""<quiz {NS}><title>Named</title><points_possible>4</points_possible><allowed_attempts>3</allowed_attempts>
<quiz_type>assignment</quiz_type></quiz>"""
    files = {"q/assessment_qti.xml": quiz(), "q/assessment_meta.xml": meta, "non_cc_assessments/q.xml.qti": own}
    resources = resource(
        "q", "imsqti_xmlv1p2/imscc_xmlv1p1/assessment", "q/assessment_qti.xml", extra='<dependency identifierref="d"/>'
    ) + resource("d", LAR, "q/assessment_meta.xml", "non_cc_assessments/q.xml.qti")
    content = read_cartridge(zipped(export(line("l", "Quizzes::Quiz", "", "q"), resources, files)))
    (found,) = content.items()
    assert (found.title, found.points, found.attempts) == ("Named", 4, 3)
    assert [note.where for note in content.notes] == ["non_cc_assessments/q.xml.qti"]  # It has no questions.


def test_an_html_file_a_teacher_uploaded_is_a_file() -> None:
    resources = resource("f", "webcontent", "web_resources/mine.html") + resource(
        "p", "webcontent", "wiki_content/page.html"
    )
    files = {"web_resources/mine.html": page("x"), "wiki_content/page.html": page("y")}
    content = read_cartridge(zipped(export(line("l", "Attachment", "Mine", "f"), resources, files)))
    assert [(i.kind, i.title) for i in content.items()] == [(ItemKind.FILE, "Mine"), (ItemKind.PAGE, "A page")]


def test_an_unknown_kind_of_line_keeps_its_place() -> None:
    content = read_cartridge(zipped(export(line("l", "Hologram", "Look"), "", {})))
    assert [(i.kind, i.title) for i in content.items()] == [(ItemKind.UNKNOWN, "Look")]
    assert any("Hologram" in note.reason for note in content.notes)


def test_lines_are_matched_to_resources_through_the_organization() -> None:
    link = '<webLink><title>W</title><url href="https://example.org/"/></webLink>'
    organization = item("m", "Week", inside=item("l", "W", "w"))
    files = {"w.xml": link}
    lines = line("l", "ExternalUrl", "W", "l", extra="<url>https://example.org/</url>")
    content = read_cartridge(zipped(export(lines, resource("w", "imswl_xmlv1p1", "w.xml"), files, organization)))
    assert [(i.identifier, i.content_id, i.url) for i in content.items()] == [("l", "w", "https://example.org/")]


def test_unknown_settings_are_noted_unless_empty() -> None:
    files = {
        "course_settings/strange.xml": f"<strange {NS}><a/></strange>",
        "course_settings/void.xml": f"<void {NS}/>",
    }
    content = read_cartridge(zipped(export("", "", files)))
    assert [note.where for note in content.notes] == ["course_settings/strange.xml"]
