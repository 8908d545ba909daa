"""Recorded answers as a CSV file: read row by row, checked, and kept in columns that take little room."""

import csv
import math
from array import array
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import compress
from pathlib import Path
from typing import TextIO, TypeVar

from lti_tool.errors import BadRequest
from lti_tool.mastery.prediction import Observation

REQUIRED = ("learner", "competency", "correct")
OPTIONAL = ("item", "at")
Value = TypeVar("Value")

_SEPARATORS = (",", ";", "\t")
_SHOWN = 5
_RIGHT = {"0": 0, "1": 1, "0.0": 0, "1.0": 1}


class UnreadableAnswers(BadRequest):
    """A file of recorded answers does not hold what it has to."""

    code = "unreadable-answers"
    title = "This file of answers cannot be read"
    advice = "It needs the columns learner, competency and correct (0 or 1), in UTF-8. On the command line only."


class Answers:
    """Answers of many learners in the order of the file. Equal names are kept once."""

    def __init__(self) -> None:
        self.learners: list[str] = []
        self.competencies: list[str] = []
        self.items: list[str | None] = []
        self.correct = bytearray()
        self.at = array("d")
        """Seconds since 1970; not a number where no time is given."""
        self.backwards = 0
        """How many answers are earlier than the same learner's answer before them."""

    def __len__(self) -> int:
        return len(self.learners)

    def chosen(self, wanted: set[str] | None = None) -> "Chosen":
        """The answers of the learners wanted, or all, as observations that can be gone through again and again."""
        return Chosen(self, None if wanted is None else bytearray(learner in wanted for learner in self.learners))


class Chosen:
    """Some of the answers, made into observations while they are gone through."""

    def __init__(self, answers: Answers, keep: bytearray | None) -> None:
        self._answers, self._keep = answers, keep

    def __iter__(self) -> Iterator[Observation]:
        of = self._answers
        columns = zip(of.learners, of.competencies, of.correct, of.items, of.at, strict=True)
        for learner, competency, correct, item, at in self._kept(columns):
            yield Observation(learner, competency, float(correct), item, None if math.isnan(at) else at)

    def learners(self) -> Iterator[str]:
        """Whose answers they are, in order."""
        return self._kept(self._answers.learners)

    def correct(self) -> Iterator[int]:
        """Whether they were right (1) or wrong (0), in order."""
        return self._kept(self._answers.correct)

    def _kept(self, values: Iterable[Value]) -> Iterator[Value]:
        return iter(values) if self._keep is None else compress(values, self._keep)


def read(path: Path) -> Answers:
    """Read a file with the columns ``learner,competency,correct`` and perhaps ``item`` and ``at`` (ISO 8601), in any order.

    UTF-8, with or without a byte order mark; separated by commas, semicolons or tabs; other columns are not looked at. A
    competency is taken as it is written, also where it names several at once. A time without a zone is UTC. Raises
    UnreadableAnswers with the numbers of the lines that are wrong.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _rows(file, path)
    except UnicodeDecodeError:
        raise UnreadableAnswers(f"{path}: this is not UTF-8 text; save the file as CSV in UTF-8") from None
    except csv.Error as error:
        raise UnreadableAnswers(f"{path}: this is not CSV: {error}") from None
    except OSError as error:
        raise UnreadableAnswers(f"{path}: {error.strerror or 'cannot be read'}") from None


def _columns(header: list[str], path: Path) -> dict[str, int]:
    names = [name.strip().lower() for name in header]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise UnreadableAnswers(f"{path}: the first line has no column {', '.join(missing)}")
    twice = [name for name in (*REQUIRED, *OPTIONAL) if names.count(name) > 1]
    if twice:
        raise UnreadableAnswers(f"{path}: the first line has two columns {', '.join(twice)}")
    return {name: names.index(name) for name in (*REQUIRED, *OPTIONAL) if name in names}


def _rows(file: TextIO, path: Path) -> Answers:
    header = file.readline()
    if not header.strip():
        raise UnreadableAnswers(f"{path}: the file is empty, or its first line is")
    separator = max(_SEPARATORS, key=header.count)
    columns = _columns(next(csv.reader([header], delimiter=separator)), path)
    answers, names, wrong, troubles = Answers(), dict[str, str](), 0, list[str]()
    latest: dict[str, float] = {}
    rows = csv.reader(file, delimiter=separator)
    for row in rows:
        if not any(row):
            continue
        cells = {name: row[index].strip() if index < len(row) else "" for name, index in columns.items()}
        trouble, at = _trouble(cells)
        if trouble:
            wrong += 1
            if len(troubles) < _SHOWN:
                troubles.append(f"line {rows.line_num + 1}: {trouble}")
            continue
        learner = names.setdefault(cells["learner"], cells["learner"])
        answers.learners.append(learner)
        answers.competencies.append(names.setdefault(cells["competency"], cells["competency"]))
        item = cells.get("item") or None
        answers.items.append(None if item is None else names.setdefault(item, item))
        answers.correct.append(_RIGHT[cells["correct"]])
        answers.at.append(at)
        if not math.isnan(at):
            answers.backwards += at < latest.get(learner, -math.inf)
            latest[learner] = at
    if wrong:
        more = f"; and {wrong - _SHOWN} more" if wrong > _SHOWN else ""
        raise UnreadableAnswers(f"{path}: {'; '.join(troubles)}{more}")
    return answers


def _trouble(cells: dict[str, str]) -> tuple[str, float]:
    """What is wrong with a row, if anything, and its time."""
    empty = [name for name in REQUIRED if not cells[name]]
    if empty:
        return f"{', '.join(empty)} is empty", math.nan
    if cells["correct"] not in _RIGHT:
        return f"correct is “{cells['correct'][:20]}”, not 0 or 1", math.nan
    written = cells.get("at")
    if not written:
        return "", math.nan
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return f"at is “{written[:40]}”, not a time such as 2026-03-12T14:05:00Z", math.nan
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return "", (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
