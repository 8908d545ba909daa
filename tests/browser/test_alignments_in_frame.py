"""Alignments inside an LMS's frame that keeps no cookies. A file of its own: its browser has a profile, and a process has one."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.stories import Visitor, people_browser
from tests.browser.test_alignments import LINES
from tests.browser_tools import ONE_PROCESS
from tests.servers import running_demo

pytestmark = pytest.mark.browser


def test_in_a_frame_without_cookies(tmp_path: Path) -> None:
    """Forms whose fields stand elsewhere on the page, files that come and go: all with the tab's own token."""
    folder = tmp_path / "demo"
    folder.mkdir()
    with running_demo(folder) as demo, people_browser(tmp_path / "profile", "blocked", ONE_PROCESS) as context:
        teacher = Visitor(demo, context, "Elena Rivera", "alignments-cookieless")
        teacher.open_tool()
        tool = teacher.tool
        teacher.section("Competencies")
        tool.get_by_role("link", name="Write your own").first.click()
        tool.get_by_label("One competency a line").fill(LINES)
        tool.get_by_role("button", name="Add to the map").click()
        tool.get_by_role("link", name="Alignments", exact=True).click()
        tool.locator("#competencies").get_by_label(re.compile("R.1")).check()
        tool.get_by_role("checkbox", name="What is a ratio?", exact=True).check()
        tool.get_by_role("button", name="Align", exact=True).click()
        expect(tool.get_by_text("1 alignment was added.")).to_be_visible()
        teacher.look("1-aligned")
        tool.get_by_role("link", name="As a spreadsheet").click()
        with teacher.page.expect_download() as started:
            tool.get_by_role("link", name="Save the file").click()
        file = tmp_path / "alignments.csv"
        started.value.save_as(file)
        text = file.read_text("utf-8-sig")
        assert "What is a ratio?" in text
        file.write_text(text.replace(",assesses,", ",practises,"), "utf-8")
        tool.get_by_label("The file (CSV)").set_input_files(file)
        tool.get_by_role("button", name="Show what it changes").click()
        expect(tool.get_by_text("assesses becomes practises")).to_be_visible()
        tool.get_by_role("button", name="Make these changes").click()
        expect(tool.get_by_text("1 alignment was changed.")).to_be_visible()
        assert teacher.troubles == []
