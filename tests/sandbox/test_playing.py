"""The sandbox and the real tool play with each other: registered by the tool's link, approved, launched, picked from, graded."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from lxml import html

from tests.bench import Bench, bench
from tests.processes.people import Someone

TITLE = "Ratios, step by step"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("bench"), like="canvas") as both:
        yield both


@pytest.fixture
def someone(running: Bench) -> Iterator[Callable[[str], Someone]]:
    """Signs somebody in to the LMS."""
    with ExitStack() as stack:

        def sign_in(login: str) -> Someone:
            person = stack.enter_context(Someone(running.lms, running.tool, login))
            person.sign_in()
            return person

        yield sign_in


def until(what: Callable[[], Any], words: str) -> Any:
    """What ``what`` gives, once it is something."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(words)


def send(person: Someone, action: str, fields: dict[str, Any]) -> httpx.Response:
    answer = person.post(action, fields)
    assert answer.status_code == 303, f"{action}: {answer.status_code}\n{answer.text}"
    return answer


def register(running: Bench, boss: Someone) -> str:
    """Register the tool by its link, as an administrator; the address of its page in the LMS, where it waits."""
    page = boss.lms_send("/admin/tools/add", {"link": running.link})
    [address] = html.fromstring(page.text).xpath("//iframe[@class='tool']/@src")
    parts = urlsplit(address)
    asking = boss.page(f"{parts.path}?{parts.query}")
    assert "127.0.0.1" in asking.root.text_content()
    action, fields = asking.form("/lti/register")
    done = boss.post(action, fields)
    assert done.status_code == 200, done.text
    assert "Connected" in done.text
    # The page that framed it leads on to the tool that came of it.
    shown = html.fromstring(boss.lms_page(page.url.path))
    [form] = [one for one in shown.forms if (one.action or "").endswith("/approve")]
    return str(form.action).removesuffix("/approve")


def pick(teacher: Someone, frame: str, **chosen: Any) -> str:
    """Choose in the tool's picker that a frame of the LMS opens; what the LMS says to it. An answer counts once."""
    picker = teacher.launch(frame)
    [(action, fields)] = [(where, form) for where, form in picker.forms("").items() if "new_id" in form]
    session = {"session": picker.session_id}
    answer = teacher.post(action, {**fields, **session, **chosen})
    assert answer.status_code == 200, answer.text
    [form] = [one for one in html.fromstring(answer.text).forms if "content_items" in (one.action or "")]
    assert str(form.action).endswith("?placement=module")
    given = teacher.lms_send(str(form.action).removeprefix(teacher.lms), dict(form.form_values()))
    again = teacher._lms.post(str(form.action), data=dict(form.form_values()))
    assert again.status_code == 400, "an answer counts once"
    return str(html.fromstring(given.text).xpath("//main")[0].text_content())


def carry_over(teacher: Someone, twin: str) -> None:
    """In the copy of the course: the question, the answer, and the copied link with the copied column."""
    question = teacher.open_tool(2)
    assert question.url.endswith("/carry-over")
    words = " ".join(question.root.xpath("//main")[0].text_content().split())
    assert f"{TITLE} (2 steps)" in words
    assert "Zoë" not in words
    # Nobody has decided yet: the link leads teachers to the question.
    assert teacher.launch(f"{twin}/frame").url.endswith("/carry-over")
    action, fields = teacher.open_tool(2).form("/carry-over")
    send(teacher, action, fields | {"answer": "carry"})
    assert "have come along" in teacher.page(urlsplit(question.url).path).root.text_content()
    # Asked once: from now on the tool opens with the playlists, and the link with the one that came along.
    assert teacher.open_tool(2).url.endswith("/playlists")
    linked = teacher.launch(f"{twin}/frame")
    assert "Ratios, another way" in linked.root.xpath("//h1")[0].text_content()
    assert "Draft" in linked.root.text_content()


def test_from_the_link_to_the_grade(running: Bench, someone: Callable[[str], Someone]) -> None:
    """One story from end to end, since every part needs the one before."""
    boss, teacher, student = (someone(login) for login in ("admin", "rivera", "zoe"))

    # It registers itself, and is of no use before the administrator approves it.
    tool_page = register(running, boss)
    tool_id = int(tool_page.rpartition("/")[2])
    [pending] = running.control("tools")
    assert (pending["tool_id"], pending["state"], pending["by_link"]) == (tool_id, "pending", True)
    assert set(pending["messages"]) == {"LtiResourceLinkRequest", "LtiDeepLinkingRequest", "LtiSubmissionReviewRequest"}
    assert "external_tools" not in teacher.lms_page("/courses/1")
    assert teacher._lms.get(f"/courses/1/external_tools/{tool_id}/frame").status_code == 404
    boss.lms_send(f"{tool_page}/approve", {"scopes": pending["scopes"], "placements": pending["placements"]})

    # Its first launch tells the tool its deployment, and the tool asks to be told of copies.
    assert teacher.open_tool().root.xpath("//h1")
    asked = until(lambda: running.control("state")["calls"].get("notice_handlers"), "the tool did not ask for notices")
    assert asked >= 1

    # The course's groups are there, with the people in them.
    tool_home = urlsplit(teacher.open_tool().url).path
    people = teacher.page(tool_home.replace("/playlists", "/people"))
    assert people.root.xpath("//select[@name='group']/option[2]")

    # A teacher adds a new playlist to a module, with a column.
    said = pick(
        teacher,
        f"/courses/1/modules/1/add_from_tool/{tool_id}/frame",
        new_title=TITLE,
        has_column="yes",
        points="20",
        target="iframe",
    )
    assert f"Added: “{TITLE}”. A gradebook column came with it. 1 link was added." in said
    home = teacher.lms_page("/courses/1")
    [item] = re.findall(rf'href="(/courses/1/modules/items/\d+)">{TITLE}<', home)
    assert f"{TITLE}" in teacher.lms_page("/courses/1/grades")

    # The link opens what was picked: the draft, whose steps are added, and which is assigned.
    builder = teacher.launch(f"{item}/frame")
    assert TITLE in builder.root.text_content()
    address = urlsplit(builder.url).path
    for name in ("Talk it over", "Draw it"):
        page = teacher.page(address)
        revision = page.root.xpath("//input[@name='revision']/@value")[0]
        send(teacher, f"{address}/steps", {"session": page.session_id, "revision": revision, "step_title": name})
    action, fields = teacher.page(f"{address}/assign").form("/assign")
    send(teacher, action, fields | {"send_rule": "live"})

    # A student opens the same item and does the first step: half of the points arrive in the column of the link.
    path = student.launch(f"{item}/frame")
    assert TITLE in path.root.text_content()
    step = next(iter(path.forms("/done")))
    send(student, step, {"session": path.session_id})
    score = until(lambda: running.control("scores"), "no score arrived")[-1]
    assert (score["login"], score["label"], score["answer"]) == ("zoe", TITLE, 200)
    assert score["score_given"] / score["score_maximum"] == pytest.approx(0.5)
    assert "<td>10 of 20</td>" in student.lms_page("/courses/1/grades")
    columns = html.fromstring(teacher.lms_page("/courses/1/grades")).xpath("//thead//th")
    assert sum(TITLE in column.text_content() for column in columns) == 1, "one column, not two"

    # From the cell of the gradebook the teacher looks at the student's path.
    cells = html.fromstring(teacher.lms_page("/courses/1/grades")).xpath(
        "//td[starts-with(@data-column, 'tool-') and @data-student='zoe']/a/@href"
    )
    [cell] = cells
    assert "See this student’s path" in teacher.lms_page(cell)
    review = teacher.launch(f"{cell}/review/frame").root.text_content()
    assert "Zoë" in review
    assert TITLE in review

    # The item is given another content, and keeps its place and its column.
    said = pick(
        teacher, f"{item}/choose/frame", pick="new", new_title="Ratios, another way", has_column="yes", points="20"
    )
    assert "Added: “Ratios, another way”." in said
    assert f'href="{item}">Ratios, another way<' in teacher.lms_page("/courses/1")
    assert "Ratios, another way" in teacher.launch(f"{item}/frame").root.text_content()

    # A copy of the course has the item with another id, and the tool is told where it came from.
    copied = teacher.lms_send("/courses/1/copy", {"name": "Next year"})
    assert copied.url.path == "/courses/2"
    [notice] = until(lambda: running.control("notices"), "no notice was sent")
    assert (notice["type"], notice["status"]) == ("LtiContextCopyNotice", 200)
    [twin] = re.findall(r'href="(/courses/2/modules/items/\d+)">Ratios, another way<', copied.text)
    assert twin.rpartition("/")[2] != item.rpartition("/")[2]
    carry_over(teacher, twin)

    # Switched off, it opens no more.
    boss.lms_send(f"{tool_page}/state", {"state": "off"})
    assert "has switched the tool" in student.lms_page(item)


def test_as_moodle(tmp_path: Path) -> None:
    """Moodle's registration, its activity, and content selected in its way: points are whole numbers there."""
    with bench(tmp_path, like="moodle") as running, ExitStack() as stack:
        boss, teacher, student = (
            stack.enter_context(Someone(running.lms, running.tool, login)) for login in ("admin", "rivera", "zoe")
        )
        for person in (boss, teacher, student):
            person.sign_in()
        tool_page = register(running, boss)
        [pending] = running.control("tools")
        assert pending["state"] == "pending"
        boss.lms_send(f"{tool_page}/approve", {"scopes": pending["scopes"], "placements": pending["placements"]})
        [activity] = re.findall(r'href="(/courses/1/modules/items/\d+)">Playlists<', teacher.lms_page("/courses/1"))
        assert teacher.launch(f"{activity}/frame").root.xpath("//h1")
        frame = f"/courses/1/modules/1/add_from_tool/{pending['tool_id']}/frame"
        said = pick(teacher, frame, new_title=TITLE, has_column="yes", points="12.5", target="iframe")
        assert f"Added: “{TITLE}”. A gradebook column came with it." in said
        [item] = re.findall(rf'href="(/courses/1/modules/items/\d+)">{TITLE}<', teacher.lms_page("/courses/1"))
        assert TITLE in teacher.launch(f"{item}/frame").root.text_content()
        assert student.launch(f"{item}/frame").root.xpath("//h1")
        columns = html.fromstring(teacher.lms_page("/courses/1/grades")).xpath("//thead//th")
        [column] = [one.text_content() for one in columns if TITLE in one.text_content()]
        assert re.search(r"of \d+\s*$", column.strip()), column


def test_trouble(running: Bench, someone: Callable[[str], Someone]) -> None:
    """After the story: what the LMS does on demand reaches the tool."""
    teacher, boss = someone("rivera"), someone("admin")
    [tool] = running.control("tools")
    running.control(f"tools/{tool['tool_id']}/state", {"state": "active"})
    teacher.open_tool()
    for clock in ("45", "-45"):
        boss.lms_send("/admin/trouble", {"what": "habits", "clock": clock})
        assert abs(running.control("state")["clock_offset_seconds"]) == 45
        teacher.open_tool()
    boss.lms_send("/admin/trouble", {"what": "ordinary"})
    boss.lms_send("/admin/trouble", {"what": "keys", "old": "gone"})
    teacher.open_tool()
