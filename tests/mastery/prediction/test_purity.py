"""Nothing but answers, items, competencies and times goes into a prediction, and nothing but arithmetic happens to them."""

import ast
import inspect
from pathlib import Path

import pytest

from lti_tool.mastery import prediction
from lti_tool.mastery.prediction import MODELS, Model, Observation

FOLDER = Path(prediction.__file__).parent


def test_an_observation_says_nothing_about_who_the_learner_is() -> None:
    assert Observation._fields == ("learner", "competency", "correct", "item", "at")


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_models_are_asked_and_told_nothing_else(model: type[Model]) -> None:
    def named(method: str) -> list[str]:
        return list(inspect.signature(getattr(model, method)).parameters)[1:]

    assert named("predict") == ["shared", "learner", "competency", "item", "at"]
    assert named("update") == ["shared", "learner", "observation", "learn"]
    assert named("run") == ["shared", "observations", "learners", "learn"]
    assert named("fit") == ["observations"]
    assert named("replay") == ["shared", "learner", "observations"]
    assert named("seed") == ["others"]


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_the_learners_name_makes_no_difference(model: type[Model]) -> None:
    answers = [("c1", 1, "i1", 10.0), ("c1", 0, "i2", 20.0), ("c2", 1, None, None), ("c1", 1, "i1", 99.0)]
    kept = []
    for name in ("Ann", "Björk", ""):
        one = model()
        shared, learners = one.new_shared(), {}
        predicted = one.run(shared, [Observation(name, *answer) for answer in answers], learners)
        assert list(learners) == [name]
        kept.append((predicted, shared, learners[name]))
    assert kept[0] == kept[1] == kept[2]
    assert "Ann" not in str(kept[0][1:])


def test_models_import_nothing_that_reads_writes_or_tells_the_time() -> None:
    allowed = {"math", "abc", "collections.abc", "dataclasses", "enum", "typing", "lti_tool.web.i18n"}
    found = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {name.name for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(node.module or "")
    assert {name for name in found if not name.startswith("lti_tool.mastery.prediction")} <= allowed
