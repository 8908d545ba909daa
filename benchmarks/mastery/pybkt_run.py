"""Run by pyBKT's own interpreter: fits one file, predicts another, one step ahead.

``python pybkt_run.py TRAIN.csv TEST.csv OUT.json``; both with the columns ``learner,competency,correct``. Prints nothing; the
result holds the predictions in the order of TEST, seconds of fitting and predicting, and whether the compiled version ran.
"""

import importlib.util
import json
import sys
import time
import warnings

import pandas as pd
from pyBKT.models import Model


def frame(path: str) -> pd.DataFrame:
    """Rows in the file's order, as pyBKT names its columns."""
    rows = pd.read_csv(path, dtype={"learner": str, "competency": str})
    rows = rows.rename(columns={"learner": "user_id", "competency": "skill_name"})
    rows["order_id"] = range(len(rows))
    return rows[["user_id", "skill_name", "correct", "order_id"]]


def main() -> None:
    """Fit with forgetting, five starts, as the literature does."""
    warnings.filterwarnings("ignore")
    train, test, out = frame(sys.argv[1]), frame(sys.argv[2]), sys.argv[3]
    begun = time.perf_counter()
    model = Model(seed=1, num_fits=5)
    model.fit(data=train, forgets=True)
    fitted = time.perf_counter()
    predicted = model.predict(data=test).sort_values("order_id")["correct_predictions"].tolist()
    done = time.perf_counter()
    compiled = str(importlib.util.find_spec("pyBKT.fit.E_step").origin).endswith(".so")
    with open(out, "w", encoding="utf-8") as file:  # noqa: PTH123 - runs alone, under another Python.
        json.dump({"predicted": predicted, "fit": fitted - begun, "predict": done - fitted, "compiled": compiled}, file)


main()
