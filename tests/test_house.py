"""Rules of the house that no reviewer should have to remember."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = sorted((ROOT / "lti_tool").rglob("*.py"))


def test_httpx2_is_not_installed() -> None:
    """Authlib and Starlette switch to it silently when it is there, and faked transports stop intercepting."""
    assert importlib.util.find_spec("httpx2") is None


def test_imports_point_one_way() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_product_has_no_runtime_assert() -> None:
    """``python -O`` drops them, and with them whatever they checked."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in PRODUCT
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Assert)
    ]
    assert found == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT)) for path in PRODUCT if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def test_templates_run_no_script_and_no_style_of_their_own() -> None:
    """The content security policy would refuse them; find them here rather than in a school's browser."""
    inline = re.compile(
        r"<script(?![^>]*\bsrc=)[^>]*>|<style\b|\son[a-z]+\s*=\s*[\"']|\sstyle\s*=\s*[\"']|javascript:", re.IGNORECASE
    )
    found = [
        f"{path.relative_to(ROOT)}: {match.group(0)!r}"
        for path in sorted((ROOT / "lti_tool").rglob("*.html"))
        if "sandbox" not in path.parts
        for match in inline.finditer(path.read_text("utf-8"))
    ]
    assert found == []
