"""Templates that are compiled once for all workers of a run and all processes they start, and not by each for itself.

Compiling all takes 3 seconds, reading what was compiled a tenth of one. It lies beside what pytest keeps, in a folder of its own
for each state of what decides how templates are compiled; a template that has changed is compiled anew.
"""

import hashlib
import sys
from functools import cache
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, FileSystemBytecodeCache

ROOT = Path(__file__).resolve().parents[1]
DECIDED_IN = ("lti_tool/web/pages.py", "lti_tool/sandbox/view.py")
"""Where the rules for templates stand."""


@cache
def _kept() -> FileSystemBytecodeCache:
    state = hashlib.sha256(f"{sys.version} {version('jinja2')}".encode())
    for file in DECIDED_IN:
        state.update((ROOT / file).read_bytes())
    folder = ROOT / ".pytest_cache" / "templates" / state.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    return FileSystemBytecodeCache(str(folder))


def compile_once(environment: Environment) -> None:
    """Have the environment read what was compiled, and keep what it compiles."""
    environment.bytecode_cache = _kept()


def shared() -> list[Environment]:
    """The environments of the tool and of the sandbox, compiling once."""
    from lti_tool.sandbox import view
    from lti_tool.web.pages import shared_pages

    environments = [shared_pages().environment, view._environment]
    for environment in environments:
        compile_once(environment)
    return environments
