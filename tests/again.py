"""Files whose failures may be the browser's or the machine's are run a second time, whole, and have to pass then.

Headless Chromium sometimes never tells Playwright of a frame that has moved on, and a process may not be up in time on a busy
machine. Where several connections or workers go at once, the machine decides who comes first. A story that is really broken
fails twice. Failures anywhere else stand: with one thing after the other, nothing in this process is left to chance.

What passes only the second time is said last of all and by name: a race in the tool looks just like a machine that was busy, and
has to be looked for.
"""

import json
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".pytest_cache" / "v"
LAST_FAILED = "cache/lastfailed"
AT_ONCE = "at_once/failed"
"""Where tests/conftest.py leaves the names of those that failed with several connections at once."""
OUTSIDE = ("tests/browser/", "tests/processes/", "tests/openedx/")
MOST_FILES = 4
"""More files than these do not fail by chance."""


def files_to_repeat(failed: Collection[str], at_once: Collection[str] = ()) -> list[str]:
    """The files of the tests that failed, if all of them may have failed by chance; otherwise none."""
    files = sorted({test.partition("::")[0] for test in failed})
    by_chance = all(test.startswith(OUTSIDE) or test in at_once for test in failed)
    return files if by_chance and len(files) <= MOST_FILES else []


def _kept(name: str) -> list[str]:
    """The names of tests that the last run has left there."""
    file = CACHE / name
    return list(json.loads(file.read_text("utf-8"))) if file.exists() else []


def _say(*lines: str) -> None:
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run them again; the exit status of that run, or 1 where nothing may be run again."""
    failed = _kept(LAST_FAILED)
    files = files_to_repeat(failed, _kept(AT_ONCE))
    if not files:
        return 1
    _say(f"Once more, whole: {', '.join(files)}")
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", *files]
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    if status == 0:
        _say("FAILED ONCE, and passed the second time. If it was not the machine, it is a race in the tool:", *failed)
    return status


if __name__ == "__main__":
    sys.exit(main())
