"""One question of each kind, for tests."""

from decimal import Decimal

from lti_tool.checks.questions import Accepted, Choice, Partial, Question, QuestionKind, Range, Row

D = Decimal


def choice(partial: Partial = Partial.NONE) -> Question:
    return Question(
        QuestionKind.CHOICE,
        "<p>Which fraction is as large as 1/2?</p>",
        choices=(
            Choice("a", "2/4", D(1), feedback="<p>Both are one half.</p>"),
            Choice("b", "2/3", D("0.25"), feedback="<p>Look at the lower number.</p>"),
            Choice("c", "1/3", D("-0.5")),
        ),
        partial=partial,
        guess=1 / 3,
        feedback_right="<p>Well done.</p>",
        hints=("<p>Draw it.</p>",),
    )


def response(partial: Partial = Partial.SHARE) -> Question:
    return Question(
        QuestionKind.RESPONSE,
        "<p>Which are even?</p>",
        points=D(2),
        choices=(
            Choice("two", "2", D("0.5")),
            Choice("three", "3", D("-0.5")),
            Choice("four", "4", D("0.5")),
            Choice("five", "5", D("-0.5")),
        ),
        partial=partial,
    )


def number(partial: Partial = Partial.NONE) -> Question:
    return Question(
        QuestionKind.NUMBER,
        "<p>What is one third of 4.5?</p>",
        ranges=(
            Range(D("1.5"), D("1.5")),
            Range(D("1.4"), D("1.6"), D("0.5"), feedback="<p>Close.</p>"),
        ),
        partial=partial,
    )


def text(partial: Partial = Partial.NONE) -> Question:
    return Question(
        QuestionKind.TEXT,
        "<p>What is the upper number of a fraction called?</p>",
        accepted=(
            Accepted("numerator"),
            Accepted("nume*r", D("0.5"), pattern=True, feedback="<p>Nearly: look at the spelling.</p>"),
        ),
        partial=partial,
    )


def order(partial: Partial = Partial.SHARE) -> Question:
    return Question(
        QuestionKind.ORDER,
        "<p>From small to large.</p>",
        points=D(3),
        choices=(Choice("q", "1/4"), Choice("t", "1/3"), Choice("h", "1/2"), Choice("w", "1")),
        partial=partial,
    )


def match(partial: Partial = Partial.SHARE) -> Question:
    return Question(
        QuestionKind.MATCH,
        "<p>What is the same?</p>",
        points=D(3),
        rows=(Row("half", "1/2", "50"), Row("quarter", "1/4", "25"), Row("whole", "1", "100")),
        choices=(Choice("25", "25 %"), Choice("50", "50 %"), Choice("100", "100 %"), Choice("10", "10 %")),
        partial=partial,
    )


def gaps(partial: Partial = Partial.SHARE) -> Question:
    return Question(
        QuestionKind.GAPS,
        "<p>A half is [[n]] percent, and in words [[w]]; it is [[c]] than a third.</p>",
        points=D(3),
        rows=(
            Row("n", ranges=(Range(D(50), D(50)),)),
            Row("w", accepted=(Accepted("fifty"),)),
            Row("c", answer="more", choices=(Choice("more", "more"), Choice("less", "less"))),
        ),
        partial=partial,
    )


ALL = (choice, response, number, text, order, match, gaps)
