"""``python -m benchmarks.paths``: a personal path beside a fixed order, one with skips, and a random one, in made-up classes."""

import argparse
import math
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.paths.classes import WAYS, Tally, simulate
from benchmarks.paths.courses import Subject, canvas, py4e, with_checks, with_made_up_checks, with_placement
from benchmarks.paths.worlds import WORLDS, Assumed, World
from lti_tool.playlists.planning.base import Settings

SHARED = Path(os.environ.get("LTI_TOOL_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
FIRST_SEED = 1001
"""The planner's constants were chosen on seeds below 200: none of those is reported."""
AHEAD = Settings(length=2)
"""Each step is chosen by a plan of its own, made when the one before is done, so that only its first step matters."""
KNOWING = "personal, knowing the truth"
"""The same planner, told the true chances in place of predictions: what the course's items allow at all."""

VARIED: dict[str, Assumed] = {
    "as assumed": Assumed(),
    "learning a third slower": Assumed(learning=0.67),
    "learning half as fast again": Assumed(learning=1.5),
    "forgetting twice as fast": Assumed(forgetting=2.0),
    "hardly any forgetting": Assumed(forgetting=0.2),
    "students half as different": Assumed(spread=0.5),
    "students half as different again": Assumed(spread=1.5),
    "one hour a week less": Assumed(minutes=24.0),
    "two hours a week more": Assumed(minutes=60.0),
    "prerequisites matter little": Assumed(gate=0.5),
    "no spacing effect, no zone effect": Assumed(spacing=1.0, zone_helps=False),
}


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over seeds with its 95 % interval (Student's t)."""

    value: float
    half: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ±{self.half:.3f}"


_T = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}


def mean(values: Sequence[float]) -> Mean:
    """The mean over seeds."""
    count = len(values)
    half = _T.get(count, 2.0) * statistics.stdev(values) / math.sqrt(count) if count > 1 else 0.0
    return Mean(statistics.mean(values), half)


def runs(
    world: type[World], subject: Subject, way: str, seeds: range, assumed: Assumed, settings: Settings = AHEAD
) -> list[Tally]:
    """A class for each seed."""
    return [simulate(world, subject, way, seed, assumed, settings) for seed in seeds]


def at_equal_hours(
    world: type[World], subject: Subject, way: str, found: Sequence[Tally], fixed: Sequence[Tally], seeds: range
) -> Mean:
    """The gain of a way as a multiple of the fixed order's, where each student stops with both when the shorter one is done."""
    ratios = []
    for seed, one, other in zip(seeds, found, fixed, strict=True):
        hours = [min(both) for both in zip(one.hours_of, other.hours_of, strict=True)]
        cut, usual = (
            simulate(world, subject, each, seed, Assumed(), AHEAD, at_most=hours) for each in (way, "fixed order")
        )
        ratios.append(cut.per_hour / usual.per_hour)
    return mean(ratios)


def compared(subject: Subject, world: type[World], seeds: range) -> None:
    """One table: all ways in one course and one world."""
    checks = f", {len(subject.banks)} quizzes as checks of {subject.checks}" if subject.banks else ""
    checks += ", the personal path after a placement check" if subject.placement else ""
    print(
        f"\n{subject.name}, {world.name}: {len(subject.items)} items, {len(subject.course.competencies)} competencies{checks}"
    )
    print(
        f"  {'':<28}{'gained an hour':>16}{'of fixed':>18}{'at equal hours':>16}{'in the zone':>13}{'too hard':>10}"
        f"{'unmet':>8}{'truly':>8}{'hours':>7}{'steps':>7}{'scored':>8}{'reviews':>9}{'talks':>7}"
    )
    fixed: list[Tally] = []
    for way in ("fixed order", "fixed, with skips", "random", "personal", KNOWING):
        found = runs(world, subject, way, seeds, Assumed())
        fixed = fixed or found
        ratio = mean([one.per_hour / other.per_hour for one, other in zip(found, fixed, strict=True)])
        equal = str(at_equal_hours(world, subject, way, found, fixed, seeds)) if way == "personal" else ""
        students = 30 * len(found)
        scored = max(sum(one.scored for one in found), 1)
        print(
            f"  {way:<28}{mean([one.per_hour for one in found])!s:>16}{ratio!s:>18}{equal:>16}"
            f"{sum(one.in_zone for one in found) / scored:>12.0%} {sum(one.too_hard for one in found) / scored:>9.0%}"
            f"{sum(one.unmet_by_evidence for one in found) / students:>8.2f}"
            f"{sum(one.unmet_truly for one in found) / students:>8.2f}"
            f"{sum(one.hours for one in found) / students:>7.1f}"
            f"{sum(one.steps for one in found) / students:>7.0f}{sum(one.scored for one in found) / students:>8.0f}"
            f"{sum(one.reviews for one in found) / students:>9.1f}{sum(one.talks for one in found) / students:>7.2f}",
            flush=True,
        )


def varied(subject: Subject, world: type[World], seeds: range) -> None:
    """One table: what is left of the difference when assumptions change."""
    print(f"\n{subject.name}, {world.name}: the personal path's gain an hour, as a multiple")
    print(f"  {'':<36}{'of the fixed order':>20}{'of one with skips':>20}{'in the zone':>13}{'unmet':>8}")
    for name, assumed in VARIED.items():
        made = {
            way: runs(world, subject, way, seeds, assumed) for way in ("personal", "fixed order", "fixed, with skips")
        }
        own = made["personal"]
        ratios = [
            mean([one.per_hour / other.per_hour for one, other in zip(own, made[way], strict=True)])
            for way in ("fixed order", "fixed, with skips")
        ]
        scored = max(sum(one.scored for one in own), 1)
        unmet = sum(one.unmet_by_evidence for one in own)
        zone = sum(one.in_zone for one in own) / scored
        print(f"  {name:<36}{ratios[0]!s:>20}{ratios[1]!s:>20}{zone:>12.0%} {unmet:>8}", flush=True)


def subjects() -> Iterator[Subject]:
    """The courses that are here."""
    for name, read in (("py4e-course.imscc", py4e), ("canvas-export.imscc", canvas)):
        if (SHARED / name).is_file():
            yield read(SHARED)
        else:
            print(f"{name} is skipped, since {SHARED} does not have it (LTI_TOOL_SHARED_DATA).")


def with_its_checks(subject: Subject, kind: str) -> Subject | None:
    """The course with checks of a kind: *own* and *pooled* questions, where it has any, or so many made-up ones."""
    if kind.isdecimal():
        return with_made_up_checks(subject, int(kind))
    return with_checks(subject, SHARED, pooled=kind == "pooled") if subject.name == "canvas" else None


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paths", description=__doc__)
    parser.add_argument("--seeds", type=int, default=8, help="classes for each row of the first tables")
    parser.add_argument(
        "--varied-seeds", type=int, default=3, help="classes for each row of the others; 0 leaves them out"
    )
    parser.add_argument("--course", choices=["py4e", "canvas"])
    parser.add_argument("--world", choices=sorted(WORLDS))
    parser.add_argument(
        "--checks",
        nargs="*",
        default=["none", "own", "pooled"],
        help="none: quizzes of the platform's; own, pooled: the Canvas export's as checks; a number: that many made-up questions",
    )
    parser.add_argument("--placement", action="store_true", help="the personal path begins with a placement check")
    given = parser.parse_args()
    begun = time.process_time()
    print(
        f"30 students, four weeks of five days, {Assumed().minutes:.0f} minutes a day; means over classes, ± their 95 % interval."
    )
    chosen = [one for one in subjects() if given.course in (None, one.name)]
    worlds = [world for name, world in WORLDS.items() if given.world in (None, name)]
    for subject in chosen:
        for checks in given.checks:
            made = subject if checks == "none" else with_its_checks(subject, checks)
            if made is None:
                continue
            if given.placement:
                made = with_placement(made, SHARED)
            for world in worlds if given.seeds else ():
                compared(made, world, range(FIRST_SEED, FIRST_SEED + given.seeds))
        for world in worlds:
            if given.varied_seeds:
                varied(subject, world, range(FIRST_SEED + 500, FIRST_SEED + 500 + given.varied_seeds))
    print(f"\n{time.process_time() - begun:.0f} s of CPU; ways: {', '.join(WAYS)}")


if __name__ == "__main__":
    main()
