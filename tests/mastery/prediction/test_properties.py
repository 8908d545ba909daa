"""What holds for every model and any answers."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.mastery.prediction import MODELS, Hybrid, Model, Observation

ALL = pytest.mark.parametrize("model", [kind() for kind in MODELS.values()], ids=lambda model: model.name)
MOMENTS = st.none() | st.floats(0, 4e9)
ANSWERS = st.builds(
    Observation,
    learner=st.sampled_from("ABC"),
    competency=st.sampled_from("xyz"),
    correct=st.sampled_from([0.0, 1.0]) | st.floats(0, 1),
    item=st.sampled_from([None, "1", "2", "3"]),
    at=MOMENTS,
)
HISTORIES = st.lists(ANSWERS, max_size=40)


def after(model: Model, history: list[Observation]) -> tuple[Any, dict[str, Any]]:
    shared, learners = model.new_shared(), {"A": model.new_learner()}
    model.run(shared, history, learners)
    return shared, learners


@ALL
@given(history=HISTORIES, item=st.sampled_from([None, "1", "9"]), at=MOMENTS)
def test_predictions_are_probabilities_and_change_nothing(
    model: Model, history: list[Observation], item: str | None, at: float | None
) -> None:
    shared, learners = after(model, history)
    before = copy.deepcopy((shared, learners))
    for learner in learners.values():
        for competency in "xyzw":
            assert 0 < model.predict(shared, learner, competency, item, at) < 1
    assert (shared, learners) == before


@ALL
@given(history=HISTORIES, observation=ANSWERS)
def test_an_update_returns_what_was_predicted_before_it(
    model: Model, history: list[Observation], observation: Observation
) -> None:
    shared, learners = after(model, history)
    _, competency, _, item, at = observation
    predicted = model.predict(shared, learners["A"], competency, item, at)
    assert model.update(shared, learners["A"], observation) == predicted


@ALL
@given(history=HISTORIES, observation=ANSWERS)
def test_right_is_never_worse_than_wrong(model: Model, history: list[Observation], observation: Observation) -> None:
    _, competency, _, item, at = observation
    found = []
    for correct in (0.0, 1.0):
        shared, learners = after(model, history)
        if model.name in ("pfa", "recency"):  # What they learn of few answers may say anything; as shipped it holds.
            shared = model.new_shared()
        model.update(shared, learners["A"], observation._replace(correct=correct), learn=False)
        found.append(model.predict(shared, learners["A"], competency, item, at))
    assert found[0] <= found[1] + 1e-12


@pytest.mark.parametrize("model", [MODELS["hybrid"](), MODELS["elo"]()], ids=lambda model: model.name)
@given(history=HISTORIES, observation=ANSWERS, learn=st.booleans())
def test_a_right_answer_never_lowers_what_is_predicted_for_the_same_moment(
    model: Model, history: list[Observation], observation: Observation, learn: bool
) -> None:
    shared, learners = after(model, history)
    right = observation._replace(correct=1.0)
    before = model.update(shared, learners["A"], right, learn=learn)
    assert model.predict(shared, learners["A"], right.competency, right.item, right.at) >= before - 1e-12


@given(history=HISTORIES)
def test_the_hybrids_coefficients_keep_their_meaning(history: list[Observation]) -> None:
    model = Hybrid(weight=(3.0, 0.001))  # A hundred times its pace, to press against the bounds.
    shared, _ = after(model, history)
    _, ability, inside, form, all_form, first, gap, item = shared["weights"]
    assert min(ability, inside, form, all_form, item) >= 0 >= max(first, gap)
    assert all(practice >= 0 for _, _, practice in shared["competencies"].values())


@ALL
@given(history=HISTORIES, more=HISTORIES)
def test_states_are_json_and_come_back_the_same(
    model: Model, history: list[Observation], more: list[Observation]
) -> None:
    shared, learners = after(model, history)
    shared_again, learners_again = json.loads(json.dumps([shared, learners]))
    assert model.run(shared, more, learners) == model.run(shared_again, more, learners_again)
    assert (shared, learners) == (shared_again, learners_again)


@ALL
@given(history=HISTORIES, later=HISTORIES)
def test_without_learning_a_version_stands_still_and_learners_do_not_touch_one_another(
    model: Model, history: list[Observation], later: list[Observation]
) -> None:
    version, _ = after(model, history)
    before = copy.deepcopy(version)
    together: dict[str, Any] = {}
    model.run(version, later, together, learn=False)
    assert version == before
    for name, state in together.items():
        alone: dict[str, Any] = {}
        model.run(version, [one for one in later if one.learner == name], alone, learn=False)
        assert alone == {name: state}


@ALL
@given(history=HISTORIES, later=st.lists(ANSWERS, min_size=1, max_size=20), data=st.data())
def test_a_voided_answer_never_happened(
    model: Model, history: list[Observation], later: list[Observation], data: st.DataObject
) -> None:
    version, _ = after(model, history)
    void = data.draw(st.integers(0, len(later) - 1))
    left = later[:void] + later[void + 1 :]
    learner, never = model.new_learner(), model.new_learner()
    for one in later:
        model.update(version, learner, one, learn=False)
    for one in left:
        model.update(version, never, one, learn=False)
    assert model.replay(version, learner, left) == never


@settings(max_examples=30)
@given(history=HISTORIES, other=HISTORIES, later=HISTORIES)
def test_a_replay_begins_from_what_the_learner_was_seeded_with(
    history: list[Observation], other: list[Observation], later: list[Observation]
) -> None:
    model = Hybrid()
    version, _ = after(model, history)
    _, elsewhere = after(model, other)
    seeded = model.seed([elsewhere["A"]])
    learner = copy.deepcopy(seeded)
    for one in later:
        model.update(version, learner, one, learn=False)
    assert model.replay(version, learner, later) == learner
    assert model.replay(version, learner, []) == seeded


@ALL
@given(history=HISTORIES)
def test_the_same_answers_make_the_same_version(model: Model, history: list[Observation]) -> None:
    assert model.fit(history) == model.fit(list(history))
