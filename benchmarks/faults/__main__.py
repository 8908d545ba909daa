"""``make faults``: scores on their way while everything breaks that can, and what became of them, as a table.

Exits with 1 when a score was lost or went back in time, a column was made twice, or the ledger says anything else than is true.
``--only TEXT …`` plays the scenarios whose line contains one of them; ``--students`` and ``--columns`` say how many scores;
``--beside`` how many scenarios run beside each other: most of their time they wait.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.faults.classes import Found
from benchmarks.faults.scenarios import SCENARIOS, Scenario, Sizes
from benchmarks.faults.worlds import postgresql

HEADS = ("scores", "faults", "lost", "ledger wrong", "out of order", "twice", "columns twice", "unanswered", "late, s")


def line(found: Found) -> str:
    """One line of the table."""
    figures = [found.scores, found.faults, found.lost, found.ledger_wrong, found.out_of_order, found.twice]
    words = [str(figure) for figure in (*figures, found.doubled, found.not_answered)] + [f"{found.late:.0f}"]
    return f"| {found.name} | " + " | ".join(words) + " |"


def main() -> int:
    """Play them, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[""])
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--columns", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=15.0, help="how long the class is at work")
    parser.add_argument("--beside", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="a folder for the processes' logs")
    given = parser.parse_args()
    wanted = [text.lower() for text in given.only]
    chosen = [one for one in SCENARIOS if any(text in f"{one.database}: {one.name}".lower() for text in wanted)]
    print(f"| | {' | '.join(HEADS)} |\n|{' --- |' * (len(HEADS) + 1)}", flush=True)
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lti-tool-faults-")))
        shared = stack.enter_context(postgresql()) if any(one.database != "SQLite" for one in chosen) else None

        def run(number: int, one: Scenario) -> Found | None:
            name = f"{one.database}: {one.name}"
            try:
                with contextlib.ExitStack() as its:
                    server = None
                    if one.database != "SQLite":
                        server = its.enter_context(postgresql()) if one.alone else shared
                    sizes = Sizes(given.students, given.columns, given.seconds)
                    found = one.play(folder / str(number), server, sizes)
            except Exception as error:  # noqa: BLE001 - the others go on.
                print(f"| {name} | did not come to its end: {error} |", flush=True)
                return None
            print(line(found), flush=True)
            return found

        pool = stack.enter_context(ThreadPoolExecutor(given.beside))
        played = list(pool.map(lambda pair: run(*pair), enumerate(chosen)))
    ended = [found for found in played if found is not None]
    bad = [found.name for found in ended if not found.well]
    print(
        f"\n{len(ended)} of {len(chosen)} scenarios, {sum(one.scores for one in ended)} scores, {time.monotonic() - began:.0f} s"
    )
    print(
        f"not as it has to be: {', '.join(bad)}"
        if bad
        else "every final score stands in the LMS, and the ledger says so"
    )
    return 0 if chosen and len(ended) == len(chosen) and not bad else 1


if __name__ == "__main__":
    sys.exit(main())
