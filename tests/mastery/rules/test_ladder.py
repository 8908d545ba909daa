"""The default ladder, worked by hand. ``R`` is right, ``-`` wrong; one answer a day from 8 March on."""

from decimal import Decimal

import pytest

from lti_tool.mastery import rules
from lti_tool.mastery.rules import Audience, DefaultLadder, Source, Standing, say, say_fall
from tests.mastery.rules.observing import SCALE, START, answers, day, judge, judged, seen, standing

RULE = DefaultLadder()


@pytest.mark.parametrize(
    ("pattern", "reached"),
    [
        ("", Standing.NOT_STARTED),
        ("-", Standing.STARTED),
        ("R", Standing.STARTED),
        ("-----", Standing.STARTED),
        ("RR", Standing.DEVELOPING),
        ("R---R", Standing.DEVELOPING),
        ("R----R", Standing.STARTED),
        ("RRR", Standing.DEVELOPING),
        ("RRR-", Standing.DEVELOPING),
        ("RRRR", Standing.SECURE),
        ("RRR-R", Standing.SECURE),
        ("-RRRR", Standing.SECURE),
        ("RR--RR", Standing.DEVELOPING),
        ("RR--RRR", Standing.DEVELOPING),
        ("RR--RRRR", Standing.SECURE),
        ("RR---", Standing.DEVELOPING),
        ("RRRR-----", Standing.SECURE),
    ],
)
def test_two_of_five_develop_and_four_of_five_are_secure_and_it_stays(pattern: str, reached: Standing) -> None:
    # On one item, so that nothing here becomes Mastered.
    assert standing(RULE, answers(pattern, item="one")) is reached


def test_only_first_attempts_count() -> None:
    with_help = answers("RRRR", start=0.5, first=False)
    assert standing(RULE, with_help) is Standing.STARTED
    assert standing(RULE, [*answers("RR--"), *with_help]) is Standing.DEVELOPING
    assert judge(RULE, [*answers("RRRR"), *answers("-", start=9, first=False)]).count == 4


def test_right_means_at_or_above_the_passing_mark() -> None:
    at_the_mark = [seen(number, 8, 10, item="one") for number in range(4)]
    assert standing(RULE, at_the_mark) is Standing.SECURE
    below = [seen(number, "7.9999", 10, item="one") for number in range(4)]
    assert standing(RULE, below) is Standing.STARTED


def test_weight_has_no_effect() -> None:
    assert standing(RULE, [seen(number, weight=Decimal(0), item="one") for number in range(4)]) is Standing.SECURE


# --- Mastered -----------------------------------------------------------------------------------------------------------


def test_mastered_is_a_right_answer_seven_days_after_secure() -> None:
    secure = answers("RRRR")  # Secure on day 3
    assert standing(RULE, [*secure, seen(9.99)]) is Standing.SECURE
    assert standing(RULE, [*secure, seen(10)]) is Standing.MASTERED
    assert standing(RULE, [*secure, seen(10, 0)]) is Standing.SECURE
    assert standing(RULE, [*secure, seen(10, first=False)]) is Standing.SECURE


def test_what_was_answered_right_while_it_was_not_secure_yet_does_not_count_later() -> None:
    assert standing(RULE, [*answers("RR"), seen(30), seen(31)]) is Standing.SECURE


def test_a_result_without_a_date_is_no_spaced_one() -> None:
    secure = answers("RRRR")
    undated = seen(1, dated=False, learned_at=day(30), source=Source.CSV)
    assert standing(RULE, [*secure, undated]) is Standing.SECURE


def test_spacing_begins_with_a_date_that_is_known() -> None:
    undated = [seen(number, dated=False, learned_at=day(20), source=Source.CSV) for number in range(4)]
    judgement = judge(RULE, undated)
    assert (judgement.standing, judgement.since) == (Standing.SECURE, day(20))
    assert judgement.missing is not None
    assert say(judgement.missing) == (
        "For Mastered: an answer whose date is known, and a right one at least 7 days after that."
    )
    assert standing(RULE, [*undated, seen(40)]) is Standing.SECURE
    assert standing(RULE, [*undated, seen(40), seen(46)]) is Standing.SECURE
    assert standing(RULE, [*undated, seen(40, 0), seen(47)]) is Standing.MASTERED
    # The last one that made it Secure had a date: from there.
    assert standing(RULE, [*undated[:3], seen(21), seen(28)]) is Standing.MASTERED


def test_without_a_second_item_the_teacher_confirms() -> None:
    one_item = [seen(number, item="only") for number in range(4)]
    later = seen(30, item="only")
    assert standing(RULE, [*one_item, later]) is Standing.SECURE
    assert standing(RULE, [*one_item, later, judged(31, Standing.MASTERED)]) is Standing.MASTERED
    assert standing(RULE, [*one_item, judged(4, Standing.SECURE)]) is Standing.SECURE
    mixed = seen(30, item="quiz", mixed=True)
    assert standing(RULE, [*one_item, mixed]) is Standing.MASTERED


def test_with_a_second_item_the_judgement_is_one_more_answer() -> None:
    assert standing(RULE, [*answers("RRRR"), judged(4, Standing.MASTERED)]) is Standing.SECURE
    assert (
        standing(DefaultLadder(items=2), [*answers("RRRR", item="a"), judged(4, Standing.MASTERED)]) is Standing.SECURE
    )
    assert standing(DefaultLadder(items=2), [*answers("RRRR", item="a"), seen(30, item="a")]) is Standing.MASTERED


def test_a_judgement_of_what_is_not_secure_confirms_nothing() -> None:
    assert standing(RULE, [*answers("RR", item="a"), judged(4, Standing.MASTERED)]) is Standing.DEVELOPING


# --- Falls --------------------------------------------------------------------------------------------------------------


def test_a_failed_review_costs_one_level_and_counting_begins_anew() -> None:
    mastered = [*answers("RRRR"), seen(10)]
    assert standing(RULE, mastered) is Standing.MASTERED
    failed = [*mastered, seen(12, 0, mixed=True)]
    judgement = judge(RULE, failed)
    assert judgement.standing is Standing.SECURE
    assert judgement.fell is not None
    assert (judgement.fell.code, judgement.fell.was, judgement.fell.at) == ("review", Standing.MASTERED, day(12))
    again = [*failed, seen(13, 0, mixed=True)]
    assert standing(RULE, again) is Standing.DEVELOPING
    # The wrong answer is the first of the new window: three right ones are three of four, the fourth makes four of five.
    assert standing(RULE, [*again, *answers("RRR", start=14)]) is Standing.DEVELOPING
    back = judge(RULE, [*again, *answers("RRRR", start=14)])
    assert back.standing is Standing.SECURE
    assert back.fell is None


def test_a_fall_is_forgotten_once_it_is_made_good() -> None:
    failed = [*answers("RRRR"), seen(5, 0, mixed=True)]
    assert judge(RULE, failed).fell is not None
    assert judge(RULE, [*failed, *answers("RRRR", start=6)]).fell is None


def test_after_a_fall_to_secure_mastered_is_seven_days_away_again() -> None:
    failed = [*answers("RRRR"), seen(10), seen(12, 0, mixed=True)]
    assert standing(RULE, [*failed, seen(18)]) is Standing.SECURE
    assert standing(RULE, [*failed, seen(19)]) is Standing.MASTERED


def test_an_ordinary_wrong_answer_or_a_wrong_one_with_help_lowers_nothing() -> None:
    assert standing(RULE, [*answers("RRRR", item="a"), *answers("-----", start=5, item="a")]) is Standing.SECURE
    assert standing(RULE, [*answers("RRRR"), seen(5, 0, mixed=True, first=False)]) is Standing.SECURE
    assert standing(RULE, [*answers("RR"), seen(5, 0, mixed=True)]) is Standing.DEVELOPING


def test_time_alone_lowers_nothing_and_makes_a_review_due() -> None:
    judgement = rules.judge(RULE, SCALE, answers("RRRR"), day(4000))
    assert judgement.standing is Standing.SECURE
    assert judgement.review_due_at == day(4)


# --- Whole scores ---------------------------------------------------------------------------------------------------------


def task(days: float, percent: int, item: str, **more: object) -> rules.Observation:
    return seen(days, percent, 100, item=item, whole=True, **more)


@pytest.mark.parametrize(
    ("history", "reached"),
    [
        ([task(0, 79, "A")], Standing.STARTED),
        ([task(0, 80, "A")], Standing.SECURE),
        ([task(0, 80, "A"), task(1, 50, "B")], Standing.DEVELOPING),
        ([task(0, 50, "A"), task(1, 80, "B")], Standing.DEVELOPING),
        ([task(0, 50, "A"), task(1, 50, "B")], Standing.STARTED),
        ([task(0, 80, "A"), task(1, 90, "B")], Standing.SECURE),
        # A resubmission takes the place of that task's earlier score.
        ([task(0, 50, "A"), task(1, 90, "B"), task(2, 85, "A")], Standing.SECURE),
        ([task(0, 90, "A"), task(1, 50, "A")], Standing.STARTED),
        # The latest two of three.
        ([task(0, 50, "A"), task(1, 90, "B"), task(2, 85, "C")], Standing.SECURE),
        ([task(0, 90, "A"), task(1, 90, "B"), task(2, 50, "C")], Standing.DEVELOPING),
    ],
)
def test_whole_scores_need_the_latest_task_and_a_second_where_there_is_one(
    history: list[rules.Observation], reached: Standing
) -> None:
    assert standing(RULE, history) is reached


def test_a_second_task_that_is_aligned_has_to_be_passed_too() -> None:
    assert standing(DefaultLadder(items=2, tasks=2), [task(0, 90, "A")]) is Standing.DEVELOPING
    assert standing(DefaultLadder(items=2, tasks=2), [task(0, 90, "A"), task(1, 90, "B")]) is Standing.SECURE


def test_whole_scores_are_labelled_and_their_fall_says_why() -> None:
    judgement = judge(RULE, [task(0, 90, "A")], now=0.5)
    assert say(judgement.because) == (
        "Secure: the passing mark reached on your latest task, the latest on March 8; a review is due on March 9."
    )
    fallen = judge(RULE, [task(0, 90, "A"), task(1, 50, "B")])
    assert fallen.fell is not None
    assert say_fall(fallen.fell, SCALE, day(2)) == (
        "It was Secure until March 9; your latest task was below its passing mark."
    )
    assert say(fallen.missing or fallen.because) == "For Secure: the passing mark on the latest task."


def test_whole_scores_for_several_competencies_stop_at_developing_alone() -> None:
    alone = [task(0, 100, "A", shared=True), task(1, 100, "B", shared=True)]
    judgement = judge(RULE, alone)
    assert judgement.standing is Standing.DEVELOPING
    assert "count for several competencies" in say(judgement.because, Audience.TEACHER)
    assert say(judgement.missing or judgement.because) == (
        "For Secure: a right result that counts for this competency alone."
    )
    assert standing(RULE, [*alone, task(2, 100, "C")]) is Standing.SECURE


def test_answers_and_whole_scores_stand_side_by_side_and_the_better_counts() -> None:
    both = [*answers("RR--", item="q"), task(5, 90, "A")]
    assert standing(RULE, both) is Standing.SECURE
    assert standing(RULE, [*both, task(6, 20, "A")]) is Standing.DEVELOPING
    # What answers have reached stays, whatever a later whole score says.
    assert standing(RULE, [*answers("RRRR", item="q"), task(6, 20, "A")]) is Standing.SECURE
    # And four whole scores are not four answers.
    assert standing(RULE, [*answers("RRR", item="q"), task(4, 20, "A"), task(5, 90, "B")]) is Standing.DEVELOPING


def test_a_failed_review_by_a_whole_score_costs_one_level_not_two() -> None:
    mastered = [task(0, 90, "A"), task(1, 90, "B"), task(9, 95, "B")]
    assert standing(RULE, mastered) is Standing.MASTERED
    failed = judge(RULE, [*mastered, task(20, 10, "C", mixed=True)], now=20.5)
    assert failed.standing is Standing.SECURE
    assert say(failed.because).startswith("Secure: one level lower since a review on March 28, the latest on March 28;")
    # Whole scores count anew from there: what was Secure before is lost only in another review.
    assert standing(RULE, [*mastered, task(20, 10, "C", mixed=True), task(21, 10, "A")]) is Standing.SECURE
    assert (
        standing(RULE, [*mastered, task(20, 10, "C", mixed=True), task(21, 10, "A", mixed=True)]) is Standing.DEVELOPING
    )


# --- What is said ---------------------------------------------------------------------------------------------------------


def test_the_sentence_of_the_issue() -> None:
    """Reviews passed on time have led to the step of 60 days; the latest answer was on 12 March."""
    at = [-60, -59, -58, -57, -56, -53, -46, -32, -2]
    history = [seen(days, item="one") for days in at] + [
        seen(1, 0, item="one"),
        seen(3, item="one"),
        seen(4, item="one"),
    ]
    judgement = rules.judge(RULE, SCALE, history, day(5))
    assert judgement.review.step == 5
    assert say(judgement.because) == ("Secure: 4 of your last 5 right, the latest on March 12; a review is due in May.")
    assert say(judgement.because, Audience.TEACHER) == (
        "Secure: 4 of the last 5 right, the latest on March 12; a review is due in May."
    )


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("", "For Developing: 2 more right of the next 5."),
        ("R", "For Developing: 1 more right of the next 4."),
        ("RR", "For Secure: 2 more right of the next 3."),
        ("RRR", "For Secure: 1 more right of the next 2."),
        ("RRR-", "For Secure: 1 more right answer."),
        ("-RRR-", "For Secure: 1 more right answer."),
        ("RR--", "For Secure: 4 more right of the next 5."),
        ("R-R-R", "For Secure: 2 more right answers in a row."),
    ],
)
def test_what_is_missing_is_exact(pattern: str, sentence: str) -> None:
    missing = judge(RULE, answers(pattern)).missing
    assert missing is not None
    assert say(missing) == sentence


def test_what_is_missing_for_mastered() -> None:
    several = judge(RULE, answers("RRRR"), now=5).missing
    assert several is not None
    assert say(several) == "For Mastered: a right answer on March 18 or later."
    one = judge(RULE, answers("RRRR", item="only"), now=5).missing
    assert one is not None
    assert (
        say(one) == "For Mastered: a right answer in mixed work on March 18 or later, or your teacher's confirmation."
    )


def test_what_stays_says_since_when() -> None:
    judgement = judge(RULE, answers("RRRR---", item="a"), now=6.5)
    assert say(judgement.because, Audience.TEACHER) == (
        "Secure: reached on March 11 and kept; 2 of the last 5 right, the latest on March 14; a review is due on March 15."
    )


def test_mastered_says_how() -> None:
    judgement = judge(RULE, [*answers("RRRR"), seen(11)], now=12)
    assert say(judgement.because).startswith("Mastered: right again on March 19, 8 days after you were secure;")


def test_started_and_not_started_say_so() -> None:
    assert say(judge(RULE, []).because) == "Not started: there is no evidence yet."
    assert (
        say(judge(RULE, answers("-", first=False), now=1).because) == "Started: you have begun, the latest on March 8."
    )
    assert START.year == 2026


def test_numbers_of_items_are_not_negative() -> None:
    with pytest.raises(ValueError, match="not negative"):
        DefaultLadder(items=-1)
