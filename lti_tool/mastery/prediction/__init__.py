"""Predictions: how likely the next answer is right. They order paths, find good challenges and schedule reviews.

They never make a level and never reach a gradebook; :mod:`lti_tool.mastery.rules` does that. Everything here is pure: no
I/O, no clock, nothing but answers, items, competencies and times.

How the product uses a model (``default()`` unless a course's version says another)::

    model = default()
    shared = model.fit(observations)          # a version of the course's difficulties, from all answers so far
    learner = model.new_learner()             # or model.seed([states of other courses]), where the school allows it
    p = model.predict(shared, learner, competency, item, at)
    model.update(shared, learner, Observation(...), learn=False)   # one more answer; the version stands still
    learner = model.replay(shared, learner, observations_left)     # after a void, or when one came late
    if version_due(shared["answers"], answers_now):
        ...                                   # fit again, and replay every learner with the new version

``learn=True`` (the default) also moves the shared difficulties with each answer, which is how a version is made and how
models are compared (:mod:`lti_tool.mastery.evaluate`).

Both states are JSON as they are. ``shared["competencies"]`` and ``shared["items"]`` may be kept an entry a row: only those of
the competency and item at hand are read. The first version is ``model.new_shared()``.
"""

from lti_tool.mastery.prediction.base import Model, Observation, State, version_due
from lti_tool.mastery.prediction.bkt import KnowledgeTracing
from lti_tool.mastery.prediction.elo import Elo
from lti_tool.mastery.prediction.hybrid import Hybrid
from lti_tool.mastery.prediction.pfa import PerformanceFactors
from lti_tool.mastery.prediction.recency import Recency
from lti_tool.mastery.prediction.words import Zone, fit, in_words, zone

DEFAULT = Hybrid.name
MODELS: dict[str, type[Model]] = {
    model.name: model for model in (Hybrid, Elo, KnowledgeTracing, PerformanceFactors, Recency)
}
"""By the names that ``lti-tool mastery evaluate --model`` and stored versions use."""


def default() -> Model:
    """The model that predictions are made with unless something else is chosen."""
    return MODELS[DEFAULT]()


__all__ = [
    "DEFAULT",
    "MODELS",
    "Elo",
    "Hybrid",
    "KnowledgeTracing",
    "Model",
    "Observation",
    "PerformanceFactors",
    "Recency",
    "State",
    "Zone",
    "default",
    "fit",
    "in_words",
    "version_due",
    "zone",
]
