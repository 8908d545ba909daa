"""How good predictions were: pure figures on what was predicted and what happened."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BINS = 10
_WIDE = 1.959963984540054
"""The normal distribution's 97.5 % point."""


@dataclass(frozen=True, slots=True)
class Score:
    """Figures on one model's predictions. Better is a higher ``auc``, and lower everything else."""

    auc: float | None
    """The chance that a right answer was predicted higher than a wrong one, ties counting half; None where all answers are
    right, or all wrong."""
    rmse: float
    """Root of the mean squared difference between prediction and answer."""
    log_loss: float
    """Mean of minus the natural logarithm of what was predicted for what happened."""
    ece: float
    """Expected calibration error: predictions in ten equally wide bins, the mean difference between predicted and real share
    of right answers, weighted by the bins' sizes (M. Naeini, G. Cooper, M. Hauskrecht, AAAI 2015)."""
    auc_interval: tuple[float, float] | None
    """95 % interval of ``auc`` by learner; None where it has no meaning."""


def score(predicted: Sequence[float], happened: Sequence[float], learners: Sequence[str]) -> Score:
    """All figures. ``predicted`` strictly between 0 and 1, ``happened`` 0 or 1, row by row; at least one row."""
    rows = len(predicted)
    squares = math.fsum((y - p) ** 2 for p, y in zip(predicted, happened, strict=True))
    logs = math.fsum(math.log(p) if y else math.log1p(-p) for p, y in zip(predicted, happened, strict=True))
    auc, interval = auc_by_learner(predicted, happened, learners)
    return Score(
        auc=auc,
        rmse=math.sqrt(squares / rows),
        log_loss=-logs / rows,
        ece=calibration_error(predicted, happened),
        auc_interval=interval,
    )


def calibration_error(predicted: Iterable[float], happened: Iterable[float]) -> float:
    """The expected calibration error; see :class:`Score`."""
    gaps, rows = [0.0] * BINS, 0
    for p, y in zip(predicted, happened, strict=True):
        gaps[min(int(p * BINS), BINS - 1)] += y - p
        rows += 1
    return sum(map(abs, gaps)) / rows


def auc_by_learner(
    predicted: Sequence[float], happened: Sequence[float], learners: Sequence[str]
) -> tuple[float | None, tuple[float, float] | None]:
    """AUC and its 95 % interval, which takes each learner's answers as one draw, since they hang together.

    The variance is that of N. Obuchowski, "Nonparametric analysis of clustered ROC curve data", Biometrics 53 (1997), to which
    a bootstrap over learners tends; it needs one sort and no random numbers. The interval ends at 0 and 1. None where a class
    is missing, the interval also where there is one learner only.
    """
    right = sum(1 for y in happened if y)
    wrong = len(happened) - right
    if not right or not wrong:
        return None, None
    # For each answer: the share of answers of the other kind that the prediction put on the proper side of it.
    by_learner: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0, 0.0])
    order = sorted(range(len(predicted)), key=predicted.__getitem__)
    total = 0.0
    right_below = wrong_below = 0
    start = 0
    while start < len(order):
        end, p = start, predicted[order[start]]
        tied_right = 0
        while end < len(order) and predicted[order[end]] == p:
            tied_right += 1 if happened[order[end]] else 0
            end += 1
        tied_wrong = end - start - tied_right
        for row in order[start:end]:
            sums = by_learner[learners[row]]
            if happened[row]:
                placed = (wrong_below + tied_wrong / 2) / wrong
                total += placed
                sums[0] += placed
                sums[1] += 1
            else:
                sums[2] += (right - right_below - tied_right / 2) / right
                sums[3] += 1
        right_below += tied_right
        wrong_below += tied_wrong
        start = end
    auc = total / right
    count = len(by_learner)
    if count < 2:
        return auc, None
    spread = math.fsum(((a - n * auc) / right + (b - m * auc) / wrong) ** 2 for a, n, b, m in by_learner.values())
    half = _WIDE * math.sqrt(spread * count / (count - 1))
    return auc, (max(auc - half, 0.0), min(auc + half, 1.0))
