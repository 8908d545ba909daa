"""``python -m benchmarks.grades``: scores that wait in the ledger go to an LMS that answers late, beside what its latency allows.

Real processes: PostgreSQL, a web process that enters the scores, workers that have started and wait, and an LMS. **floor** is
what no client could beat: scores × latency / requests at once. Timed is from the first score saved in the LMS to the last; CPU is
that of the workers in this time. Then clicks: students whose scores change one by one, from the committed click to the LMS.
"""

import argparse
import json
import math
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from psycopg import sql
from sqlalchemy import make_url

from benchmarks.faults.classes import Class
from benchmarks.faults.worlds import Server, World, postgresql
from benchmarks.launch.servers import LTIJS_LIBRARIES
from benchmarks.services.__main__ import HERE, PEERS, Way, platform, run

COLUMNS = 20
PATIENCE_SECONDS = 900.0


@dataclass(frozen=True)
class Used:
    """What has been used up to a moment: CPU seconds of the workers and of PostgreSQL, and its log's bytes."""

    workers: float
    database: float
    log: float

    @classmethod
    def so_far(cls, world: World, server: Server) -> "Used":
        """Up to now."""
        workers = sum(_cpu(psutil.Process(worker.pid)) for worker in world.workers if worker is not None)
        database = postgresql_cpu(server)
        with psycopg.connect(server.url) as connection:
            [log] = connection.execute("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn").fetchone() or (0,)
        return cls(workers, database, float(log))


def postgresql_cpu(server: Server) -> float:
    """CPU seconds of its processes so far."""
    postmaster = psutil.Process(server.pid)
    # What a process of it has used that has ended is in its parent's account.
    ended = postmaster.cpu_times()
    return float(ended.children_user + ended.children_system + sum(_cpu(one) for one in postmaster.children()))


def _stored(world: World) -> float:
    with psycopg.connect(world.url) as connection:
        found = connection.execute("SELECT pg_total_relation_size('score') + pg_total_relation_size('score_attempt')")
        [size] = found.fetchone() or (0,)
    return float(size)


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


@dataclass(frozen=True)
class Sent:
    """How one way did: seconds from the first score to the last, what was used meanwhile, and bytes of a score in the tables."""

    scores: int
    seconds: float
    began: Used
    ended: Used
    stored: float

    def __str__(self) -> str:
        """Scores a second; of each CPU milliseconds in the workers and in PostgreSQL, bytes of its log and of its tables."""
        workers = 1000 * (self.ended.workers - self.began.workers) / self.scores
        database = 1000 * (self.ended.database - self.began.database) / self.scores
        log = (self.ended.log - self.began.log) / self.scores
        return f"{self.scores / self.seconds:8.1f} {workers:8.2f} {database:8.2f} {log:8.0f} {self.stored:8.0f}"


def send(server: Server, folder: Path, scores: int, latency: float, at_once: int, workers: int) -> Sent:
    """Enter all scores while nobody works, start the workers, and see how long it takes."""
    world = World(folder, server, math.ceil(scores / COLUMNS), COLUMNS, latency=latency, at_once=at_once)
    try:
        world.begin(webs=1, workers=0)
        class_ = Class(world, seconds=0.0, rounds=1)
        class_.wait()
        wanted = len(class_.final)
        world.workers = [None] * workers
        with psycopg.connect(world.url, autocommit=True) as connection:
            # What PostgreSQL does by itself within a minute: nobody's tables are as new as these.
            connection.execute("ANALYZE")
            # Starting takes CPU time, and whoever starts first would send while the others do.
            connection.execute("UPDATE registration SET enabled = false")
            for number in range(workers):
                world.start_worker(number)
            _until_idle(world)
            connection.execute("UPDATE registration SET enabled = true")
        while world.saved()[0] == 0:
            time.sleep(0.02)
        began = Used.so_far(world, server)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (now := world.saved())[0] < wanted:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{now[0]} of {wanted} scores after {PATIENCE_SECONDS:.0f} s")
            time.sleep(0.25)
        return Sent(wanted, now[2] - now[1], began, Used.so_far(world, server), _stored(world) / wanted)
    finally:
        world.stop()


def _until_idle(world: World) -> None:
    """Until the workers have started and have nothing to do."""
    processes = [psutil.Process(worker.pid) for worker in world.workers if worker is not None]
    before: list[float] = []
    now = [_cpu(one) for one in processes]
    while not before or sum(now) - sum(before) > 0.1 * len(now):
        time.sleep(2.0)
        before, now = now, [_cpu(one) for one in processes]


def click(server: Server, folder: Path, students: int, latency: float, a_second: float) -> list[float]:
    """Seconds from each click that was answered to its score in the LMS, the quickest first; two web processes, two workers."""
    world = World(folder, server, students, 1, latency=latency)
    try:
        world.begin()
        # The column is made, and everybody has talked with everybody.
        warm = Class(world, seconds=5.0, rounds=1, seed=2)
        warm.wait()
        _until_there(world, warm)
        class_ = Class(world, seconds=2 * students / a_second, rounds=2, seed=3)
        class_.wait()
        there = _until_there(world, class_)
        return sorted(there[where] - at for where, at in class_.owed_at.items())
    finally:
        world.stop()


def _until_there(world: World, class_: Class) -> dict[tuple[str, str], float]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        there = {(column, sub): (given, at) for column, sub, given, at in world.told()["scores"]}
        if all(where in there and abs(there[where][0] * 100 - given) < 1e-6 for where, given in class_.final.items()):
            return {where: at for where, (_given, at) in there.items()}
        time.sleep(0.25)
    raise RuntimeError("not all scores arrived")


def peers(folder: Path, latency: float, at_once: int, count: int) -> str:
    """PyLTI1p3's client with one object kept for all and so many threads, which has no ledger to read and none to write."""
    if not PEERS.exists():
        return "not installed (make .venv-bench/.made)"
    key = folder / "key.pem"
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    with platform(latency, 1) as base:
        words = [str(PEERS), str(HERE / "pylti.py"), "scores", base, "--count", str(count), "--at-once", str(at_once)]
        way = Way("PyLTI1p3", [*words, "--key", str(key)], count)
        run(way, base)
    return f"{count / way.seconds[0]:8.1f} {way.cpu_ms[0]:8.2f}"


def ltijs(server: Server, latency: float, at_once: int, count: int) -> str:
    """ltijs's grade service with its PostgreSQL plugin, which looks up platform and token there for each score and keeps no
    score; so many are sent at once. PostgreSQL's CPU stands beside its own.
    """
    if not LTIJS_LIBRARIES.exists():
        return "not installed (make .venv-bench/.made)"
    name = f"ltijs_{os.urandom(4).hex()}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = make_url(server.url)
    where = {"host": url.query.get("host") or url.host, "port": url.port or 5432, "database": name}
    with platform(latency, 1) as base:
        asked = {"base": base, "count": count, "at_once": at_once, "postgresql": where | {"user": url.username}}
        environment = {"NODE_PATH": str(LTIJS_LIBRARIES), "NODE_ENV": "production", "BENCH_SCORES": json.dumps(asked)}
        script = str(Path(__file__).parent / "ltijs_scores.js")
        words = ["env", *(f"{key}={value}" for key, value in environment.items()), "node", script]
        way = Way("ltijs", words, count)
        before = postgresql_cpu(server)
        run(way, base)
        used = 1000 * (postgresql_cpu(server) - before) / count
    return f"{count / way.seconds[0]:8.1f} {way.cpu_ms[0]:8.2f} {used:8.2f}"


def main() -> int:
    """Measure, and print as it comes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", type=int, default=10_000)
    parser.add_argument("--most-seconds", type=float, help="fewer scores where the latency alone would take longer")
    parser.add_argument("--limits", type=int, nargs="*", default=[1, 4, 16])
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--latency", type=float, default=50, help="milliseconds")
    parser.add_argument("--click-latency", type=float, default=200, help="milliseconds")
    parser.add_argument("--clicks", type=float, nargs="*", default=[5, 10, 15], help="scores that change a second")
    parser.add_argument("--students", type=int, default=150)
    given = parser.parse_args()
    latency = given.latency / 1000
    with tempfile.TemporaryDirectory(prefix="lti-tool-grades-") as kept, postgresql() as server:
        folder = Path(kept)
        heads = ("at once", "workers", "scores", "a second", "CPU ms", "its PG", "log, B", "rows, B", "floor", "of it")
        print(" ".join(f"{head:>8}" for head in heads), flush=True)
        for limit in given.limits:
            scores = given.scores
            if given.most_seconds:
                scores = min(scores, int(given.most_seconds * limit / latency))
            for workers in given.workers:
                sent = send(server, folder / f"{limit}-{workers}", scores, latency, limit, workers)
                floor = limit / latency
                share = sent.scores / sent.seconds / floor
                print(f"{limit:8} {workers:8} {sent.scores:8} {sent} {floor:8.1f} {share:8.2f}", flush=True)
            print(f"{limit:8} {'PyLTI1p3':>8} {scores:8} {peers(folder, latency, limit, scores)}", flush=True)
            print(f"{limit:8} {'ltijs':>8} {scores:8} {ltijs(server, latency, limit, scores)}", flush=True)
        for a_second in given.clicks:
            took = click(server, folder / f"clicks-{a_second}", given.students, given.click_latency / 1000, a_second)
            middle, high = statistics.median(took), took[int(0.95 * len(took))]
            print(
                f"{a_second:g} clicks a second, the LMS after {given.click_latency:g} ms: median {middle:.2f} s, "
                f"95 % {high:.2f} s, longest {took[-1]:.2f} s",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
