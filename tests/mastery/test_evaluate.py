"""Models compared on a made-up school whose truth is known, and the command that does it for a district's answers."""

import csv
import json
import math
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.mastery.world import World
from lti_tool.cli import cli
from lti_tool.mastery.answers import UnreadableAnswers, read
from lti_tool.mastery.evaluate import deal, evaluate
from lti_tool.mastery.metrics import score
from lti_tool.mastery.prediction import DEFAULT, MODELS


def write(path: Path, world: World, *, items: bool = True, at: bool = True) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["learner", "competency", "correct"] + ["item"] * items + ["at"] * at)
        for one, _ in world.answered():
            seconds = "" if one.at is None else f"2026-01-01T00:00:00.{int(one.at) % 1000:03d}Z"
            rows.writerow([one.learner, one.competency, int(one.correct), *([one.item] * items), *([seconds] * at)])
    return path


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("school") / "answers.csv", World(learners=200, answers=80), at=False)


def test_items_tell_more_than_competencies_and_the_default_is_best(school: Path, tmp_path: Path) -> None:
    found = evaluate(school).models
    assert list(found) == list(MODELS)
    auc = {name: judged.score.auc or 0.0 for name, judged in found.items()}
    log_loss = {name: judged.score.log_loss for name, judged in found.items()}
    # The school is made of abilities and difficulties, which Elo knows of and the others do not.
    assert min(auc["elo"], auc["hybrid"]) > 0.02 + max(auc["bkt"], auc["pfa"], auc["recency"])
    assert min(log_loss, key=log_loss.__getitem__) == DEFAULT
    assert found[DEFAULT].score.ece < 0.03
    bare = write(tmp_path / "bare.csv", World(learners=200, answers=80), items=False, at=False)
    without = evaluate(bare, models=[DEFAULT]).models[DEFAULT].score
    assert without.auc is not None
    assert without.auc < auc[DEFAULT] - 0.02


def test_nothing_is_better_than_the_truth(school: Path) -> None:
    rows = list(World(learners=200, answers=80).answered())
    truth = score([p for _, p in rows], [one.correct for one, _ in rows], [one.learner for one, _ in rows])
    best = evaluate(school, models=[DEFAULT]).models[DEFAULT].score
    assert truth.log_loss < best.log_loss < math.log(2)
    assert truth.auc is not None
    assert best.auc is not None
    assert 0.75 * (truth.auc - 0.5) < best.auc - 0.5 < truth.auc - 0.5


def test_the_same_file_gives_the_same_figures(school: Path) -> None:
    first, second = (evaluate(school, models=["elo"]).models["elo"].score for _ in range(2))
    assert first == second


def test_a_model_that_learned_predicts_better_than_one_that_begins(school: Path, tmp_path: Path) -> None:
    others = write(tmp_path / "others.csv", World(learners=40, answers=80, seed=1), at=False)
    learned = evaluate(school, test=others, models=[DEFAULT])
    cold = evaluate(others, models=[DEFAULT], cold=True)
    frozen = evaluate(school, test=others, models=[DEFAULT], frozen=True)
    assert learned.notes == ("Learners who stand in both files, and so were not held out: 40.",)
    assert (learned.rows, learned.learners) == (cold.rows, cold.learners) == (40 * 80, 40)
    assert learned.models[DEFAULT].score.log_loss < cold.models[DEFAULT].score.log_loss
    assert frozen.models[DEFAULT].score.log_loss != learned.models[DEFAULT].score.log_loss


def test_an_answer_counts_for_nothing_before_it_is_predicted(tmp_path: Path) -> None:
    """With the last answer turned round, all that changes is the loss of that one prediction: ln(p / (1 - p))."""
    rows = [f"l{n % 7},c{n % 3},{(n * n + n // 7) % 2},i{n % 5}\n" for n in range(140)]
    paths = [tmp_path / "wrong.csv", tmp_path / "right.csv"]
    for path, last in zip(paths, ("l0,c0,0,i0\n", "l0,c0,1,i0\n"), strict=True):
        path.write_text("learner,competency,correct,item\n" + "".join([*rows, last]), "utf-8")
    wrong, right = (evaluate(path, models=[DEFAULT], cold=True).models[DEFAULT].score.log_loss * 141 for path in paths)
    model = MODELS[DEFAULT]()
    p = model.run(model.new_shared(), read(paths[0]).chosen())[-1]
    assert wrong - right == pytest.approx(math.log(p / (1 - p)))


def test_learners_are_dealt_evenly_and_always_alike() -> None:
    names = {f"learner-{number}" for number in range(103)}
    dealt = deal(names, 5)
    assert dealt["learner-0"] == deal({"learner-0", *names}, 5)["learner-0"]
    sizes = [list(dealt.values()).count(fold) for fold in range(5)]
    assert sorted(sizes) == [20, 20, 21, 21, 21]
    assert deal({"ann"}, 1) == {"ann": 0}


def test_one_learner_is_scored_without_anything_learned_before(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("learner,competency,correct\na,c,1\na,c,0\na,c,1\n", "utf-8")
    found = evaluate(path)
    assert "one learner only" in found.notes[0]
    assert found.learners == 1
    assert found.as_json()["models"][DEFAULT]["auc_interval"] == [None, None]


def test_fewer_learners_than_folds(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    path.write_text("learner,competency,correct\na,c,1\nb,c,0\na,c,0\n", "utf-8")
    assert evaluate(path, folds=5).rows == 3


def test_one_kind_of_answer_is_said_in_words(tmp_path: Path) -> None:
    path = tmp_path / "right.csv"
    path.write_text("learner,competency,correct\na,c,1\nb,c,1\n", "utf-8")
    found = evaluate(path)
    assert found.notes == ("All answers are right, so there is no AUC: it compares right with wrong answers.",)
    assert found.as_json()["models"]["elo"]["auc"] is None


def test_nothing_to_learn_from_and_nothing_to_score(tmp_path: Path, school: Path) -> None:
    path = tmp_path / "header.csv"
    path.write_text("learner,competency,correct\n", "utf-8")
    with pytest.raises(UnreadableAnswers, match="no answers in it"):
        evaluate(path)
    with pytest.raises(UnreadableAnswers, match="no answers in it"):
        evaluate(school, test=path, models=[])
    assert "nothing was learned beforehand" in evaluate(path, test=school, models=["elo"]).notes[0]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write(tmp_path / "small.csv", World(learners=20, answers=20))


def test_the_command_prints_json_and_nothing_else(small: Path) -> None:
    done = CliRunner().invoke(cli, ["mastery", "evaluate", str(small), "--folds", "3", "--json"])
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert list(found) == ["models", "default", "rows", "learners"]
    assert (found["default"], found["rows"], found["learners"]) == (DEFAULT, 400, 20)
    assert list(found["models"]) == list(MODELS)
    for figures in found["models"].values():
        assert list(figures) == ["auc", "rmse", "log_loss", "ece", "auc_interval", "seconds"]
        low, high = figures["auc_interval"]
        assert low < figures["auc"] < high
    assert "earlier than the same learner's" in done.stderr


def test_the_command_prints_a_table_with_the_default_marked(small: Path) -> None:
    done = CliRunner().invoke(cli, ["mastery", "evaluate", str(small), "--model", "elo", "--model", "elo"])
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["model", "hybrid", "elo", "400"]
    assert lines[1].startswith("hybrid *")


@pytest.mark.parametrize(
    "words", [["--model", "oracle"], ["--folds", "1"], ["--cold", "--test", "x.csv"], ["--unknown"]], ids=" ".join
)
def test_wrong_usage_ends_with_2(small: Path, words: list[str]) -> None:
    done = CliRunner().invoke(cli, ["mastery", "evaluate", str(small), *words])
    assert done.exit_code == 2
    assert not done.stdout


def test_a_wrong_file_ends_with_1_and_one_line(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from lti_tool.cli import main

    small.write_text("learner,competency,correct\na,c,maybe\n", "utf-8")
    monkeypatch.setattr("sys.argv", ["lti-tool", "mastery", "evaluate", str(small), "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    assert ended.value.code == 1
    assert printed.out == ""
    assert printed.err == f"lti-tool: {small}: line 2: correct is “maybe”, not 0 or 1\n"
