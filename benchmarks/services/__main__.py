"""``python -m benchmarks.services``: scores and a roster through our clients, beside PyLTI1p3's, in rounds that alternate.

Both talk over loopback to the same small platform in a process of its own, whose every answer comes 50 ms late.
"""

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

HERE = Path(__file__).parent
PEERS = HERE.parent.parent / ".venv-bench" / "bin" / "python"


@dataclass
class Way:
    """One way of doing something, and what each round of it took."""

    name: str
    command: list[str]
    count: int
    seconds: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    requests: list[float] = field(default_factory=list)


@contextlib.contextmanager
def platform(seconds: float, members: int) -> Iterator[str]:
    """A platform of its own; yields its address."""
    command = [sys.executable, str(HERE / "lms.py"), "--seconds", str(seconds), "--members", str(members)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own.
        try:
            if process.stdout is None:
                raise RuntimeError("the platform has no output")
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def run(way: Way, base: str) -> None:
    """One round: seconds and CPU as the process tells them, requests as the platform counted them."""
    _counted(base)
    done = subprocess.run([*way.command], capture_output=True, text=True, check=True)  # noqa: S603 - our own.
    told: dict[str, Any] = json.loads(done.stdout)
    if told["done"] != way.count:
        raise RuntimeError(f"{way.name}: {told['done']} of {way.count} done")
    way.seconds.append(told["seconds"])
    way.cpu_ms.append(1000 * told["cpu"] / way.count)
    way.requests.append(_counted(base) / way.count)


def _counted(base: str) -> int:
    with urllib.request.urlopen(f"{base}/counts") as answer:  # noqa: S310 - our own, on loopback.
        counts = json.loads(answer.read())
    return sum(number for name, number in counts.items() if name != "connections")


def show(title: str, unit: str, ours: Way, theirs: list[Way]) -> None:
    """Print the figures of every way, and ours in proportion to each other in the same round."""
    print(f"\n{title}")
    print(f"{'':34}{'requests ' + unit:>18}{'CPU ms ' + unit:>18}{'seconds':>10}{'ours, CPU':>12}{'ours, s':>10}")
    for way in [ours, *theirs]:
        cpu, seconds = statistics.median(way.cpu_ms), statistics.median(way.seconds)
        line = f"{way.name:34}{statistics.median(way.requests):18.3f}{cpu:18.3f}{seconds:10.2f}"
        if way is not ours:
            by_cpu = statistics.median(a / b for a, b in zip(ours.cpu_ms, way.cpu_ms, strict=True))
            each = zip(ours.seconds, way.seconds, strict=True)
            by_seconds = statistics.median((a / ours.count) / (b / way.count) for a, b in each)
            line += f"{by_cpu:12.2f}{by_seconds:10.2f}"
        print(line)


def main() -> None:
    """Read the arguments, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.services", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=1000, help="scores in each round")
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--members", type=int, default=5000)
    parser.add_argument("--latency", type=float, default=50, help="milliseconds before each answer of the platform")
    given = parser.parse_args()
    if not PEERS.exists():
        sys.exit("PyLTI1p3 needs its environment, .venv-bench: see benchmarks/launch/README.md")
    with contextlib.ExitStack() as stack:
        base = stack.enter_context(platform(given.latency / 1000, given.members))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lti-tool-bench-")))
        key = folder / "key.pem"
        pem, pkcs1 = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
        made = rsa.generate_private_key(65537, 2048)
        key.write_bytes(made.private_bytes(pem, pkcs1, serialization.NoEncryption()))
        ours = [sys.executable, "-m", "benchmarks.services.ours"]
        theirs = [str(PEERS), str(HERE / "pylti.py")]
        end = [base, "--at-once", str(given.at_once)]
        few = max(10, given.count // 20)  # One after the other, each in three times the latency: enough to tell.

        def scores(command: list[str], count: int, *more: str) -> list[str]:
            return [*command, "scores", *end, "--count", str(count), *more]

        score_ways = [
            Way("lti-tool", scores(ours, given.count), given.count),
            Way("PyLTI1p3, one object, threads", scores(theirs, given.count, "--key", str(key)), given.count),
            Way("PyLTI1p3, get_ags() each, threads", scores(theirs, few, "--key", str(key), "--anew"), few),
            Way(
                "the same, one after the other",
                scores(theirs, few, "--key", str(key), "--anew", "--at-once", "1"),
                few,
            ),
        ]
        roster_ways = [
            Way("lti-tool", [*ours, "roster", *end], given.members),
            Way("PyLTI1p3", [*theirs, "roster", *end, "--key", str(key)], given.members),
        ]
        for _round in range(given.rounds):
            for way in score_ways + roster_ways:
                run(way, base)
    show(
        f"{given.count} scores, {given.at_once} at once, answers after {given.latency:g} ms; median of {given.rounds} rounds",
        "a score",
        score_ways[0],
        score_ways[1:],
    )
    for way in score_ways[2:]:
        print(
            f"{way.name:34} {given.count} would take {given.count * statistics.median(way.seconds) / way.count:.0f} s"
        )
    show(f"A roster of {given.members}, 50 a page", "a member", roster_ways[0], roster_ways[1:])


if __name__ == "__main__":
    main()
