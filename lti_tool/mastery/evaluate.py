"""Which prediction model suits the answers that were recorded: one step ahead, on learners that were held out."""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lti_tool.mastery.answers import Answers, Chosen, UnreadableAnswers, read
from lti_tool.mastery.metrics import Score, score
from lti_tool.mastery.prediction import DEFAULT, MODELS, Model, State


@dataclass(frozen=True, slots=True)
class Judged:
    """One model's figures, and the seconds that learning and predicting took."""

    score: Score
    seconds: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was found: figures by model, on ``rows`` held-out answers of ``learners`` learners."""

    models: dict[str, Judged]
    rows: int
    learners: int
    notes: tuple[str, ...]
    """Sentences on what the file does not allow to tell."""

    def as_json(self) -> dict[str, Any]:
        """The shape that scripts depend on."""
        models = {}
        for name, judged in self.models.items():
            figures = asdict(judged.score)
            figures["auc_interval"] = list(judged.score.auc_interval or (None, None))
            models[name] = {**figures, "seconds": round(judged.seconds, 3)}
        return {"models": models, "default": DEFAULT, "rows": self.rows, "learners": self.learners}


def evaluate(
    path: Path,
    *,
    test: Path | None = None,
    models: Sequence[str] = tuple(MODELS),
    folds: int = 5,
    cold: bool = False,
    frozen: bool = False,
    said: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """Score models on recorded answers.

    With ``test``, models learn from ``path`` and are scored on ``test``. Without, learners are dealt into ``folds`` groups, and
    each group is predicted by a model that learned from the others. With ``cold`` nothing is learned beforehand. Each
    prediction is made before its answer is looked at; difficulties go on being learned from the answers predicted already,
    as in use, unless ``frozen``. ``said`` is told what is being worked on. Raises UnreadableAnswers.
    """
    answers = read(path)
    held_out = answers if test is None else read(test)
    if not len(held_out):
        raise UnreadableAnswers(f"{path if test is None else test}: there are no answers in it")
    notes = []
    backwards = answers.backwards + (held_out.backwards if test else 0)
    if backwards:
        notes.append(
            f"{backwards} answers are earlier than the same learner's answer before them; they were taken in the file's order."
        )
    learners = len(set(held_out.learners))
    if test is None and not cold and learners < 2:
        notes.append("There is one learner only, so nobody could be held out: nothing was learned beforehand.")
        cold = True
    if test is not None and not len(answers):
        notes.append(f"There are no answers in {path}: nothing was learned beforehand.")
        cold = True
    both = 0 if test is None else len(set(answers.learners) & set(held_out.learners))
    if both:
        notes.append(f"Learners who stand in both files, and so were not held out: {both}.")
    right = sum(held_out.correct)
    if right in (0, len(held_out)):
        notes.append(
            f"All answers are {'right' if right else 'wrong'}, so there is no AUC: it compares right with wrong answers."
        )
    judged = {}
    for name in models:
        said(name)
        begun = time.perf_counter()
        predicted: list[float] = []
        happened, whose = bytearray(), list[str]()
        for model, shared, chosen in _rounds(MODELS[name](), answers, held_out, min(folds, learners), cold=cold):
            predicted += model.run(shared, chosen, learn=cold or not frozen)
            happened += bytes(chosen.correct())
            whose += chosen.learners()
        seconds = time.perf_counter() - begun
        judged[name] = Judged(score(predicted, happened, whose), seconds)
    return Evaluation(judged, len(held_out), learners, tuple(notes))


def _rounds(
    model: Model, answers: Answers, held_out: Answers, folds: int, *, cold: bool
) -> Iterator[tuple[Model, State, Chosen]]:
    """The model, what it has learned beforehand, and the answers to be predicted with it, round by round."""
    if cold:
        yield model, model.new_shared(), held_out.chosen()
    elif held_out is not answers:
        yield model, model.fit(answers.chosen()), held_out.chosen()
    else:
        dealt = deal(set(answers.learners), folds)
        for fold in range(folds):
            others = answers.chosen({learner for learner, place in dealt.items() if place != fold})
            group = answers.chosen({learner for learner, place in dealt.items() if place == fold})
            yield model, model.fit(others), group


def deal(learners: set[str], folds: int) -> dict[str, int]:
    """The learners in groups of nearly equal size, the same on every machine and in any order of the file."""
    mixed = sorted(learners, key=lambda learner: hashlib.sha256(learner.encode("utf-8", "surrogatepass")).digest())
    return {learner: place % folds for place, learner in enumerate(mixed)}
