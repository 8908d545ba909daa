"""``python -m benchmarks.launch`` compares; ``python -m benchmarks.launch --burst 500`` sends a whole school at once.

Compared are CPU milliseconds of the server's processes (the database's included) for one login and launch, driven over
HTTP on loopback, one launch after the other, in rounds that alternate between the servers. Linux only (/proc).
"""

import argparse
import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.launch import servers
from benchmarks.launch.burst import burst
from benchmarks.launch.client import ask, launch
from benchmarks.launch.lms import KEY_BITS, Platform, running_platform
from benchmarks.launch.servers import Server

STUDENTS = 100  # Coming in turn, as a class does: after the warm-up, everybody is known already.


async def _launches(platform: Platform, server: Server, count: int) -> list[float]:
    """Seconds of each launch, as the browser waits; RuntimeError when one is refused."""
    waited = []
    for number in range(count):
        begun = time.perf_counter()
        done = await launch(platform, server.url, number % STUDENTS)
        waited.append(time.perf_counter() - begun)
        if done.answer.status not in (302, 303):
            raise RuntimeError(f"{server.name}: a launch answered {done.answer.status}: {done.answer.body[:500]!r}")
    return waited


async def _empty_requests(server: Server, count: int) -> None:
    for _number in range(count):
        await ask("GET", f"{server.url}/health/live")


def _milliseconds(server: Server, work: Callable[[], object], count: int) -> float:
    before = server.cpu_seconds()
    work()
    time.sleep(0.05)  # What the server does after its last answer belongs to it.
    return 1000 * (server.cpu_seconds() - before) / count


def compare(rounds: int, count: int) -> None:
    """Print the figures of every server, and of ours the ratio to the better of the others."""
    with contextlib.ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="lti-tool-bench-", ignore_cleanup_errors=True))
        )
        platform = stack.enter_context(running_platform())
        address, postmaster = stack.enter_context(servers.postgresql(folder / "pg"))
        ours = [
            stack.enter_context(
                servers.our_tool("lti-tool, SQLite", platform, f"sqlite:///{folder}/ours/tool.db", folder / "sqlite")
            ),
            stack.enter_context(
                servers.our_tool("lti-tool, PostgreSQL", platform, address, folder / "postgresql", postmaster)
            ),
        ]
        theirs = [
            stack.enter_context(servers.flask_tool("PyLTI1p3 Flask, memory", platform, folder / "f1", "given")),
            stack.enter_context(servers.flask_tool("same, key set fetched", platform, folder / "f2", "address")),
            stack.enter_context(servers.flask_tool("PyLTI1p3 Flask, files", platform, folder / "f3", "given", "files")),
        ]
        if servers.LTIJS_LIBRARIES.exists():
            url = servers.new_database(address, "ltijs")
            theirs.append(
                stack.enter_context(
                    servers.ltijs_tool("ltijs, PostgreSQL", platform, folder / "ltijs", url, postmaster)
                )
            )
        every = ours + theirs
        figures: dict[str, list[float]] = {server.name: [] for server in every}
        empty: dict[str, float] = {}
        waits: dict[str, list[float]] = {server.name: [] for server in every}
        for server in every:
            asyncio.run(_launches(platform, server, 2 * STUDENTS))
            empty[server.name] = _milliseconds(server, lambda s=server: asyncio.run(_empty_requests(s, count)), count)
        for _round in range(rounds):
            for server in every:

                def work(server: Server = server) -> None:
                    waits[server.name] += asyncio.run(_launches(platform, server, count))

                figures[server.name].append(_milliseconds(server, work, count))
    print(f"\nCPU ms per login and launch, {rounds} alternating rounds of {count}, RSA {KEY_BITS}, one worker each")
    print(f"{'':26}{'median':>8}{'min–max':>16}{'waited ms':>11}{'empty request':>15}")
    for server in every:
        got = figures[server.name]
        waited = 1000 * statistics.median(waits[server.name])
        spread = f"{min(got):.2f}–{max(got):.2f}"
        print(f"{server.name:26}{statistics.median(got):8.2f}{spread:>16}{waited:11.2f}{empty[server.name]:15.2f}")
    print()
    for mine in ours:
        for other in theirs:
            ratios = [a / b for a, b in zip(figures[mine.name], figures[other.name], strict=True)]
            print(
                f"{mine.name} / {other.name}: median {statistics.median(ratios):.2f}, "
                f"min–max {min(ratios):.2f}–{max(ratios):.2f}"
            )


def show_burst(count: int, over: float) -> None:
    """Print, for each database, how many of ``count`` new students' launches were refused or lost, and how long it took."""
    with contextlib.ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="lti-tool-bench-", ignore_cleanup_errors=True))
        )
        platform = stack.enter_context(running_platform())
        address, postmaster = stack.enter_context(servers.postgresql(folder / "pg"))
        ours = [
            stack.enter_context(
                servers.our_tool("lti-tool, SQLite", platform, f"sqlite:///{folder}/ours/tool.db", folder / "sqlite")
            ),
            stack.enter_context(
                servers.our_tool("lti-tool, PostgreSQL", platform, address, folder / "postgresql", postmaster)
            ),
        ]
        print(f"\n{count} new students' launches begun within {over:g} s, one worker")
        for server in ours:
            got = asyncio.run(burst(platform, server, count, over))
            print(
                f"{server.name:24} refused {got.refused}, failed {got.failed}, lost {got.lost}, "
                f"all done in {got.seconds:.1f} s; "
                f"waited median {statistics.median(got.waited):.2f} s, longest {max(got.waited):.2f} s"
            )
            for what, times in got.troubles.most_common(5):
                print(f"    {times} × {what}")


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.launch", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--count", type=int, default=200, help="launches in each round")
    parser.add_argument("--burst", type=int, help="send this many launches at once instead of comparing")
    parser.add_argument("--over", type=float, default=0.0, help="seconds within which the burst begins")
    given = parser.parse_args()
    if given.burst:
        show_burst(given.burst, given.over)
        return
    if not (servers.FLASK_ENVIRONMENT / "bin" / "gunicorn").exists():
        sys.exit("the other tools need their environment, .venv-bench: see benchmarks/launch/README.md")
    compare(given.rounds, given.count)


if __name__ == "__main__":
    main()
