"""What a file is by its bytes, and how it may be called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.menus.rules.files import PLAIN, safe_name, sniffed

RUNS = ("text/html", "image/svg+xml", "application/javascript", "text/xml", "application/xhtml+xml")


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        (b"%PDF-1.7", "a.exe", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n....", "a", "image/png"),
        (b"\xff\xd8\xff\xe0", "a.jpg", "image/jpeg"),
        (b"RIFF....WEBPVP8 ", "a.webp", "image/webp"),
        (b"....ftypisom", "a.mp4", "video/mp4"),
        (b"PK\x03\x04....", "Plan.DOCX", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (b"PK\x03\x04....", "a.html", "application/zip"),
        (b"<html><script>alert(1)</script>", "a.png", PLAIN),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "a.svg", PLAIN),
        (b"MZ\x90", "a.pdf", PLAIN),
        (b"words", "a.txt", PLAIN),
        (b"", "", PLAIN),
    ],
)
def test_bytes_say_what_it_is(content: bytes, name: str, kind: str) -> None:
    assert sniffed(content, name) == kind


@given(st.binary(max_size=40), st.text(max_size=20))
def test_nothing_is_what_a_browser_runs(content: bytes, name: str) -> None:
    assert sniffed(content, name) not in RUNS


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("essay.docx", "essay.docx"),
        ("C:\\Users\\Ada\\essay.docx", "essay.docx"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nSet-Cookie: x.txt", "a Set-Cookie x.txt"),
        ("Müll “neu”.pdf", "Müll “neu”.pdf"),
        ("\u202egpj.exe", "gpj.exe"),
        ("", "file"),
        ("...", "file"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
    ],
)
def test_names_hold_no_folders_and_no_tricks(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(max_size=400))
def test_every_name_can_be_kept_and_sent(name: str) -> None:
    made = safe_name(name)
    assert 1 <= len(made) <= 120
    assert not set(made) & set('/\\"\r\n\0<>:*?|')
