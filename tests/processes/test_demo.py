"""``lti-tool demo`` as people start, end and mistype it."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from lxml import html

from lti_tool.cartridges import CourseContent, ItemKind, read_cartridge
from tests.processes.people import Someone
from tests.processes.story import assign, say
from tests.servers import STOP_SECONDS, Demo, running_demo
from tests.test_cli import Tool

pytestmark = pytest.mark.processes

UNPLACED = "Not in any module"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


def refused(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The same inside the tests' process, for a demo that does not come as far as starting anything."""
    done = Tool(folder, f"sqlite:///{folder}/none.db")("demo", "--no-browser", *words)
    assert done.returncode != 0
    return done


# --- Ending -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "by_hand"), [(signal.SIGINT, True), (signal.SIGTERM, False)], ids=["ctrl-c", "terminated"]
)
def test_it_ends_when_told_to(tmp_path: Path, number: signal.Signals, by_hand: bool) -> None:
    demo = Demo(tmp_path, by_hand=by_hand)
    demo.start()
    try:
        # A browser's connection stays open, as an open tab's does.
        with httpx.Client(base_url=demo.lms) as browser:
            browser.get("/login").raise_for_status()
            assert demo.process is not None
            demo.process.send_signal(number)
            status = demo.process.wait(timeout=STOP_SECONDS)
    finally:
        demo.kill()
    said = demo.log.read_text("utf-8")
    assert "Traceback" not in said, said
    assert "error" not in said.lower(), said
    accepted = {signal.SIGINT: (0, 130), signal.SIGTERM: (0, -signal.SIGTERM, 128 + signal.SIGTERM)}
    assert status in accepted[number], said


def test_ctrl_c_ends_it_while_the_lms_takes_ten_minutes_to_answer(tmp_path: Path) -> None:
    with running_demo(tmp_path) as demo, Someone(demo.lms, demo.tool, "rivera") as teacher:
        slow = {"latency": {"line_items": 600.0}}
        httpx.post(f"{demo.lms}/_control/behaviour", json=slow).raise_for_status()
        assign(teacher)
        deadline = time.monotonic() + 60
        while not _calls(demo, "line_items") and time.monotonic() < deadline:
            time.sleep(0.1)
        status = demo.stop()
    assert status in (0, 130)
    assert "Traceback" not in demo.log.read_text("utf-8")


def _calls(demo: Demo, endpoint: str) -> int:
    state = httpx.get(f"{demo.lms}/_control/state").raise_for_status().json()
    return int(state["calls"].get(endpoint, 0))


def test_ctrl_c_in_the_middle_of_starting(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "lti_tool", "demo", "--no-browser", *_ports(Demo(tmp_path))],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        # Its folder is made when the settings are read and the work begins.
        deadline = time.monotonic() + 60
        while not (tmp_path / "var" / "demo").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=STOP_SECONDS)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode in (0, 130), said
    assert "Traceback" not in said


def _ports(demo: Demo) -> list[str]:
    return ["--tool-port", str(demo.tool_port), "--lms-port", str(demo.lms_port)]


# --- As another LMS --------------------------------------------------------------------------------------------------


def test_it_plays_moodle_beside_what_was_done_as_canvas(tmp_path: Path) -> None:
    kept = tmp_path / "var" / "demo" / "tool.db"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"as it was")
    demo = Demo(tmp_path, like="moodle")
    demo.start()
    try:
        with Someone(demo.lms, demo.tool, "rivera") as teacher:
            teacher.sign_in()
            home = teacher.open_activity("Playlists")
        assert home.url.endswith("/playlists")
    finally:
        status = demo.stop()
    assert status in (0, 130)
    assert "Moodle" in demo.log.read_text("utf-8")
    assert kept.read_bytes() == b"as it was"
    assert (tmp_path / "var" / "demo-moodle" / "tool.db").exists()


def test_an_lms_it_cannot_play_is_wrong_usage(tmp_path: Path) -> None:
    done = refused(tmp_path, "--like", "blackboard")
    assert done.returncode == 2
    assert done.stdout == ""
    for name in ("canvas", "moodle", "schoology"):
        assert name in done.stderr


# --- What cannot be started -------------------------------------------------------------------------------------------


def test_it_says_who_administers_and_how_a_tool_registers_itself(demo: Demo) -> None:
    said = demo.log.read_text("utf-8")
    assert re.search(r"Sign in as administrator +Sam Okafor\n", said)
    [link] = re.findall(r"^  (http://\S+/lti/register\?invite=\S+)$", said, re.MULTILINE)
    configuration = f"{demo.lms}/.well-known/openid-configuration"
    page = httpx.get(f"{link}&openid_configuration={configuration}", timeout=20)
    assert (page.status_code, "Connect this LMS?" in page.text) == (200, True)


@pytest.mark.parametrize("option", ["--tool-port", "--lms-port"])
def test_a_busy_port_is_said_in_one_line(demo: Demo, tmp_path: Path, option: str) -> None:
    ports = {"--tool-port": demo.tool_port, "--lms-port": demo.lms_port}
    free = Demo(tmp_path)
    words = {"--tool-port": free.tool_port, "--lms-port": free.lms_port} | {option: ports[option]}
    done = refused(tmp_path, *(str(word) for pair in words.items() for word in pair))
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert str(ports[option]) in done.stderr
    assert option in done.stderr
    assert not (tmp_path / "var").exists(), "what was there before must not be touched"


@pytest.mark.parametrize(
    "content", [b"", b"not a zip file", b"PK\x05\x06" + bytes(18)], ids=["empty", "text", "empty-zip"]
)
def test_a_broken_course_is_said_in_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "course.imscc"
    file.write_bytes(content)
    done = refused(tmp_path, *_ports(Demo(tmp_path)), "--course", str(file), "--reset")
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert str(file) in done.stderr


def test_a_course_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    done = refused(tmp_path, "--course", str(tmp_path / "none.imscc"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_broken_course_leaves_what_was_done_before(tmp_path: Path) -> None:
    kept = tmp_path / "var" / "demo" / "tool.db"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"kept")
    (tmp_path / "course.imscc").write_bytes(b"broken")
    refused(tmp_path, *_ports(Demo(tmp_path)), "--course", str(tmp_path / "course.imscc"), "--reset")
    assert kept.read_bytes() == b"kept"


# --- Real courses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["py4e-course", "canvas-export"])
def test_a_real_course_opens_with_every_item_in_place(shared_data: Path, tmp_path: Path, name: str) -> None:
    file = shared_data / f"{name}.imscc"
    content = read_cartridge(file)
    wanted = _wanted(content)
    with running_demo(tmp_path, course=file) as demo, Someone(demo.lms, demo.tool, "rivera") as teacher:
        teacher.sign_in()
        page = html.fromstring(teacher.lms_page("/courses/1"))
        assert _shown(page) == wanted
        teacher.open_tool()
        said = demo.log.read_text("utf-8")
        notes = httpx.get(f"{demo.lms}/_control/courses/1/notes").raise_for_status().json()
        assert len(notes) >= len(content.notes)
        assert (f"{len(notes)} things in the cartridge were not understood" in said) is bool(notes)
        for note in notes:
            assert f"  - {note['title'] or note['identifier']}: {note['detail']}\n" in said
        say(f"{name}: {sum(len(items) for _, items in wanted)} items in {len(wanted)} modules, {len(notes)} notes")
        # Every item opens: nothing behind them is missing.
        links = page.xpath("//ul[@class='items']/li/a/@href")
        assert len(links) == sum(1 for _, items in wanted for kind, _, _ in items if kind is not ItemKind.HEADING)
        for link in links:
            assert teacher.lms_page(link)


def _wanted(content: CourseContent) -> list[tuple[str, list[tuple[object, str, int]]]]:
    """Modules with their items in order; what stands in no module comes last, in one of its own."""
    modules = [(module.title, module.items) for module in content.modules]
    if content.unplaced:
        modules.append((UNPLACED, content.unplaced))
    return [
        (
            _plain(title),
            [(ItemKind.HEADING if item.kind is ItemKind.HEADING else None, _plain(item.title), item.indent) for item in items],
        )
        for title, items in modules
    ]  # fmt: skip


def _shown(page: html.HtmlElement) -> list[tuple[str, list[tuple[object, str, int]]]]:
    found = []
    for module in page.xpath("//section[contains(@class, 'module')]"):
        items = []
        for line in module.xpath("./ul/li"):
            [named] = line.xpath("./h3 | ./a")
            indent = next(int(word.removeprefix("indent-")) for word in line.classes if word.startswith("indent-"))
            items.append((ItemKind.HEADING if named.tag == "h3" else None, _plain(named.text_content()), indent))
        title = module.xpath("./h2/text()")[0]
        found.append((_plain(title), items))
    return found


def _plain(words: str) -> str:
    return " ".join(words.split())
