"""The reader of recorded answers: what it takes, and what it says of what it does not."""

from pathlib import Path

import pytest

from lti_tool.mastery.answers import UnreadableAnswers, read


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answers.csv"


def test_columns_come_in_any_order_and_others_are_not_looked_at(file: Path) -> None:
    file.write_text(
        'gender,AT,Item,correct, Learner ,competency\nf,2026-03-12T14:05:00Z,q1,1,ann,add\nm,,,0.0,bob,"add; carry"\n',
        "utf-8",
    )
    found = list(read(file).chosen())
    assert found[0] == ("ann", "add", 1.0, "q1", 1773324300.0)
    assert found[1] == ("bob", "add; carry", 0.0, None, None)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_byte_order_mark_and_line_ends(file: Path, separator: str, mark: str, end: str) -> None:
    rows = [("learner", "competency", "correct"), ("zoë", "x", "1"), ("bob", "x", "0")]
    file.write_bytes((mark + end.join(separator.join(row) for row in rows) + end).encode())
    assert [one.learner for one in read(file).chosen()] == ["zoë", "bob"]


def test_times_with_and_without_a_zone(file: Path) -> None:
    rows = ["2026-03-12", "2026-03-12T00:00:00", "2026-03-12T02:00:00+02:00", "2026-03-11T19:00:00-05:00"]
    file.write_text("learner,competency,correct,at\n" + "".join(f"a,c,1,{row}\n" for row in rows), "utf-8")
    assert {one.at for one in read(file).chosen()} == {1773273600.0}


def test_answers_before_their_predecessor_are_counted(file: Path) -> None:
    file.write_text(
        "learner,competency,correct,at\na,c,1,2026-01-02\nb,c,1,2026-01-01\na,c,1,2026-01-01\na,c,1,\na,c,1,2026-01-03\n",
        "utf-8",
    )
    assert read(file).backwards == 1


def test_learners_can_be_chosen_again_and_again(file: Path) -> None:
    file.write_text("learner,competency,correct\na,c,1\nb,c,0\na,d,0\n", "utf-8")
    chosen = read(file).chosen({"a"})
    for _ in range(2):
        assert [one.competency for one in chosen] == ["c", "d"]
        assert list(chosen.correct()) == [1, 0]
        assert list(chosen.learners()) == ["a", "a"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"learner,correct\na,1\n", "no column competency"),
        (b"a,b,c\n", "no column learner, competency, correct"),
        (b"learner,competency,correct,correct\n", "two columns correct"),
        (b"learner,competency,correct\na,c,2\n", "line 2: correct is “2”, not 0 or 1"),
        (b"learner,competency,correct\na,c,0.5\n", "correct is “0.5”"),
        (b"learner,competency,correct\na,c,true\n", "correct is “true”"),
        (
            b"learner,competency,correct\n\na,c,1\n,c,1\na,,\n",
            "line 4: learner is empty; line 5: competency, correct is empty",
        ),
        (b"learner,competency,correct\na,c\n", "line 2: correct is empty"),
        (b'learner,competency,correct\na,"c\nd",1\na,c,x\n', "line 4: correct is “x”"),
        (b"learner,competency,correct,at\na,c,1,yesterday\n", "line 2: at is “yesterday”"),
        (b"learner,competency,correct,at\na,c,1,1700000000\n", "line 2: at is “1700000000”"),
        (b"learner,competency,correct\nann\xe9,c,1\n", "not UTF-8"),
        ("learner,competency,correct\na,c,1\n".encode("utf-16"), "not UTF-8"),
        (b"learner,competency,correct\na,c,1\n" + b"x" * 200_000 + b",c,1\n", "not CSV"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(file: Path, content: bytes, said: str) -> None:
    file.write_bytes(content)
    with pytest.raises(UnreadableAnswers) as caught:
        read(file)
    assert said in caught.value.detail
    assert "\n" not in caught.value.detail
    assert str(file) in caught.value.detail


def test_many_wrong_lines_are_counted(file: Path) -> None:
    file.write_text("learner,competency,correct\n" + "a,c,9\n" * 12, "utf-8")
    with pytest.raises(UnreadableAnswers, match=r"line 6: .*; and 7 more$"):
        read(file)


@pytest.mark.parametrize("name", [".", "missing.csv"])
def test_what_is_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnreadableAnswers):
        read(tmp_path / name)
