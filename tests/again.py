"""Files whose failures may be the browser's or the machine's are run a second time, whole, and have to pass then.

Headless Chromium sometimes never tells Playwright of a frame that has moved on, and a process may not be up in time on a busy
machine. A story that is really broken fails twice. Failures anywhere else stand: nothing in this process is left to chance.
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAST_FAILED = ROOT / ".pytest_cache" / "v" / "cache" / "lastfailed"
OUTSIDE = ("tests/browser/", "tests/processes/", "tests/openedx/")
MOST_FILES = 4
"""More files than these do not fail by chance."""


def files_to_repeat(failed: list[str]) -> list[str]:
    """The files of the tests that failed, if all of them may have failed by chance; otherwise none."""
    files = sorted({test.partition("::")[0] for test in failed})
    by_chance = files and len(files) <= MOST_FILES and all(file.startswith(OUTSIDE) for file in files)
    return files if by_chance else []


def main() -> int:
    """Run them again; the exit status of that run, or 1 where nothing may be run again."""
    failed = list(json.loads(LAST_FAILED.read_text("utf-8"))) if LAST_FAILED.exists() else []
    files = files_to_repeat(failed)
    if not files:
        return 1
    sys.stdout.write(f"\nOnce more, whole: {', '.join(files)}\n")
    sys.stdout.flush()
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", *files]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
