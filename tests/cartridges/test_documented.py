"""docs/cartridges.md names every code a CartridgeError can have."""

import re
from pathlib import Path

import lti_tool.cartridges

ROOT = Path(__file__).resolve().parents[2]


def test_every_code_is_documented() -> None:
    sources = Path(lti_tool.cartridges.__file__).parent.glob("*.py")
    codes = {code for file in sources for code in re.findall(r'CartridgeError\(\s*"([\w-]+)"', file.read_text("utf-8"))}
    documented = set(
        re.findall(r"^\| `([\w-]+)` \|", (ROOT / "docs" / "cartridges.md").read_text("utf-8"), re.MULTILINE)
    )
    assert codes == documented
