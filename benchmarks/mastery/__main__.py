"""``python -m benchmarks.mastery``: speed and accuracy of the prediction models, beside pyBKT where it is installed."""

import argparse
import csv
import json
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.mastery.world import World
from lti_tool.mastery.metrics import Score, score
from lti_tool.mastery.prediction import DEFAULT, MODELS, Observation, State, default, version_due

ROOT = Path(__file__).resolve().parents[2]
PYBKT = ROOT / ".venv-bench-mastery" / "bin" / "python"
TRAIN, TEST = "preprocessed_data_train.csv", "preprocessed_data_test.csv"


@dataclass(frozen=True, slots=True)
class DataSet:
    """Answers to learn from and answers of other learners to predict."""

    name: str
    train: list[Observation]
    test: list[Observation]

    def without_items(self) -> "DataSet":
        """The same answers by competency only."""
        return DataSet(self.name, *([one._replace(item=None) for one in rows] for rows in (self.train, self.test)))


def made_up() -> DataSet:
    """A school whose truth is known: 400 learners to learn from and 100 to predict."""
    rows = [one for one, _ in World(learners=500, answers=100).answered()]
    return DataSet("made-up", rows[:40_000], rows[40_000:])


def recorded(folder: Path) -> Iterator[DataSet]:
    """Every pair of files in the preparation of Gervet and others (2020), tab-separated, somewhere in the folder."""
    for train in sorted(folder.rglob(TRAIN)):
        if (test := train.with_name(TEST)).is_file() and train.stat().st_size:
            yield DataSet(train.parent.name, list(_answers(train)), list(_answers(test)))


def _answers(path: Path) -> Iterator[Observation]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            at = float(row["timestamp"]) or None
            yield Observation(row["user_id"], row["skill_id"], float(row["correct"]), row["item_id"], at)


def judged(predicted: Sequence[float], test: Sequence[Observation]) -> Score:
    """Figures of what was predicted."""
    return score(predicted, [one.correct for one in test], [one.learner for one in test])


def line(name: str, found: Score, seconds: float, more: str = "") -> None:
    """Print one row of a table."""
    low, high = found.auc_interval or (0.0, 0.0)
    print(
        f"  {name:<42}{found.auc:.4f}  {low:.4f}–{high:.4f}  {found.rmse:.4f}  {found.log_loss:.4f}  {found.ece:.4f}"
        f"{seconds:>8.1f}  {more}"
    )


def compare(data: DataSet) -> None:
    """All models on one data set, with and without items, and the default from nothing."""
    learners = len({one.learner for one in data.train}), len({one.learner for one in data.test})
    print(
        f"\n{data.name}: {len(data.train)} answers of {learners[0]} learners, then {len(data.test)} of {learners[1]} others"
    )
    print(f"  {'':<42}{'AUC':<8}{'95 % by learner':<17}{'RMSE':<8}{'log l.':<8}{'calibr.':<8}{'seconds':>6}")
    bare = data.without_items()
    for kind, these in (("items", data), ("competencies only", bare)):
        for name, make in MODELS.items():
            if name in {"bkt", "pfa", "recency"} and these is data:
                continue  # They do not look at items.
            model = make()
            begun = time.perf_counter()
            predicted = model.run(model.fit(these.train), these.test)
            line(f"{name}, {kind}", judged(predicted, these.test), time.perf_counter() - begun)
    pybkt(bare)
    model = default()
    for kind, these in (("items", data), ("competencies only", bare)):
        begun = time.perf_counter()
        predicted = model.run(model.fit(these.train), these.test, learn=False)
        line(f"{DEFAULT}, {kind}, frozen", judged(predicted, these.test), time.perf_counter() - begun)
        begun = time.perf_counter()
        predicted = model.run(model.new_shared(), these.test)
        seconds = time.perf_counter() - begun
        low, high = bootstrap(predicted, these.test)
        line(f"{DEFAULT}, {kind}, cold", judged(predicted, these.test), seconds, f"bootstrap {low:.4f}–{high:.4f}")
        begun = time.perf_counter()
        line(
            f"{DEFAULT}, {kind}, cold, versions",
            judged(in_versions(these.test), these.test),
            time.perf_counter() - begun,
        )


def in_versions(test: list[Observation]) -> list[float]:
    """From nothing, with difficulties that stand still between versions, as the product does it."""
    model = default()
    version: State = model.new_shared()
    learners: dict[str, State] = {}
    predicted = []
    for number, one in enumerate(test):
        if version_due(version["answers"], number):
            version = model.fit(test[:number])
            learners = {}
            model.run(version, test[:number], learners, learn=False)
        predicted += model.run(version, [one], learners, learn=False)
    return predicted


def bootstrap(predicted: Sequence[float], test: Sequence[Observation], draws: int = 200) -> tuple[float, float]:
    """The 95 % interval of AUC by drawing learners with replacement: what the quick interval stands for."""
    chance = random.Random(1)
    names = sorted({one.learner for one in test})
    number = {name: place for place, name in enumerate(names)}
    order = sorted(range(len(predicted)), key=predicted.__getitem__)
    rows = [(number[test[row].learner], test[row].correct > 0, predicted[row]) for row in order]
    found = []
    for _ in range(draws):
        weight = [0] * len(names)
        for drawn in chance.choices(range(len(names)), k=len(names)):
            weight[drawn] += 1
        below = right = wrong = 0
        won, tied_right, tied_wrong, last = 0.0, 0, 0, -1.0
        for learner, correct, p in rows:
            if p != last:
                won += tied_right * (below + tied_wrong / 2)
                below += tied_wrong
                tied_right = tied_wrong = 0
                last = p
            if correct:
                tied_right += weight[learner]
                right += weight[learner]
            else:
                tied_wrong += weight[learner]
                wrong += weight[learner]
        won += tied_right * (below + tied_wrong / 2)
        found.append(won / right / wrong)
    found.sort()
    return found[round(draws * 0.025)], found[round(draws * 0.975) - 1]


def pybkt(data: DataSet) -> None:
    """pyBKT with forgetting on the same answers, by its own interpreter."""
    if not PYBKT.is_file():
        print("  pyBKT: skipped, since .venv-bench-mastery is not there (make benchmarks makes it)")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, rows in (("train.csv", data.train), ("test.csv", data.test)):
            with (folder / file).open("w", encoding="utf-8", newline="") as out:
                writer = csv.writer(out)
                writer.writerow(["learner", "competency", "correct"])
                writer.writerows((one.learner, one.competency, int(one.correct)) for one in rows)
        words = [str(PYBKT), str(Path(__file__).with_name("pybkt_run.py")), "train.csv", "test.csv", "out.json"]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=1800)  # noqa: S603
        if done.returncode:
            print(f"  pyBKT: failed: {done.stderr.strip().splitlines()[-1]}")
            return
        result = json.loads((folder / "out.json").read_text("utf-8"))
    found = judged([min(max(p, 1e-9), 1 - 1e-9) for p in result["predicted"]], data.test)
    more = f"fit {result['fit']:.1f}, predict {result['predict']:.1f}" + (
        "" if result["compiled"] else ", not compiled!"
    )
    line("pyBKT with forgetting", found, result["fit"] + result["predict"], more)


def speed(answers: int) -> None:
    """Predicting and learning from many answers through the default, in plain Python on one core."""
    world = World(learners=answers // 100, answers=100, competencies=100, items=50)
    rows = [one for one, _ in world.answered()]
    model = default()
    print(f"{len(rows)} answers of {world.learners} learners, each predicted and learned from, through {DEFAULT}")
    for told, learn in (("difficulties learned", True), ("difficulties standing still", False)):
        shared = model.new_shared() if learn else model.fit(rows[: len(rows) // 10])
        wall, cpu = time.perf_counter(), time.process_time()
        model.run(shared, rows, learn=learn)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"  {told:<34}{wall:.1f} s, {cpu:.1f} s of CPU: {cpu / len(rows) * 1e6:.1f} µs an answer")


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mastery", description=__doc__)
    parser.add_argument("--answers", type=int, default=1_000_000, help="how many answers speed is measured with")
    speed(parser.parse_args().answers)
    compare(made_up())
    folder = os.environ.get("LTI_TOOL_BENCHMARK_DATA")
    found = list(recorded(Path(folder))) if folder else []
    for data in found:
        compare(data)
    if not found:
        where = f"{folder} holds no {TRAIN} with {TEST}" if folder else "LTI_TOOL_BENCHMARK_DATA names no folder"
        print(f"\nRecorded answers: skipped, since {where}; see benchmarks/mastery/README.md.")


main()
