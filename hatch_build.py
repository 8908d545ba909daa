"""What a wheel needs that git does not hold: the browser libraries and the compiled translations.

The libraries are pinned in ``package-lock.json`` and fetched by npm; only the files named in ``package.json`` under
``vendor`` and ``icons`` are copied into the package. Where they are in place already, npm is not needed.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildHook(BuildHookInterface[Any]):
    """Called by hatchling before it packs a wheel, an editable one included."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch and copy what is missing, compile every catalogue; raises RuntimeError when npm is needed and absent."""
        root = Path(self.root)
        fetch_browser_libraries(root)
        compile_translations(root / "lti_tool" / "web" / "locales")


def fetch_browser_libraries(root: Path) -> None:
    """Copy what ``package.json`` lists under ``vendor`` and ``icons`` into the static folder, running npm if needed."""
    wanted = wanted_files(json.loads((root / "package.json").read_text("utf-8")))
    target = root / "lti_tool" / "web" / "static" / "vendor"
    lock = (root / "package-lock.json").read_bytes()
    stamp = target / ".lock"
    if stamp.is_file() and stamp.read_bytes() == lock and all((target / name).is_file() for name in wanted):
        return
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError(
            "npm is needed once, to fetch the browser libraries: install Node.js 20 or newer and try again"
        )
    if not all((root / source).is_file() for source in wanted.values()):
        subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=root, check=True)
    target.mkdir(parents=True, exist_ok=True)
    for name, source in wanted.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / source, target / name)
    stamp.write_bytes(lock)


def wanted_files(package: dict[str, Any]) -> dict[str, str]:
    """Where each file goes in the vendor folder, and where npm puts it. Icons are listed by Lucide's names alone."""
    files: dict[str, str] = dict(package["vendor"])
    files.update({f"icons/{name}.svg": f"node_modules/lucide-static/icons/{name}.svg" for name in package["icons"]})
    return files


def compile_translations(locales: Path) -> None:
    """Write a ``.mo`` beside every ``.po`` below ``locales``."""
    for source in locales.glob("*/LC_MESSAGES/*.po"):
        with source.open("rb") as readable, source.with_suffix(".mo").open("wb") as writable:
            write_mo(writable, read_po(readable))
