"""Where a person decides: Moodle's ratings and the teacher's judgement; and overrides on any rule."""

from decimal import Decimal

import pytest

from lti_tool.mastery import rules
from lti_tool.mastery.rules import MoodleRating, NOfM, Source, Standing, TeacherJudgement, moodle_scale, say
from tests.mastery.rules.observing import SCALE, answers, day, judge, judged, seen, standing

TWO = moodle_scale("Not yet competent,Competent", [{"scaleid": "2"}, {"id": 2, "scaledefault": 1, "proficient": 1}])
FIVE = moodle_scale(
    ["None", "Some", "Most", "All", "More"],
    [{"id": 3, "scaledefault": 1, "proficient": 1}, {"id": 4, "proficient": 1}, {"id": 5, "proficient": 1}],
)


def rated(days: float, value: int, of: int, scale: rules.Scale) -> rules.Observation:
    level = next(level for level in scale.levels if level.points == value)
    return seen(days, value, of, judged=level.standing, source=Source.OBSERVATION)


@pytest.mark.parametrize(
    ("value", "name", "reached"),
    [
        (1, "None", Standing.STARTED),
        (2, "Some", Standing.DEVELOPING),
        (3, "Most", Standing.SECURE),
        (4, "All", Standing.MASTERED),
        (5, "More", Standing.MASTERED),
    ],
)
def test_a_rating_is_a_value_of_the_scale(value: int, name: str, reached: Standing) -> None:
    judgement = judge(MoodleRating(), [rated(0, value, 5, FIVE)], scale=FIVE)
    assert judgement.level is not None
    assert (judgement.level.name, judgement.standing) == (name, reached)


def test_the_latest_rating_holds_and_a_lower_one_says_why() -> None:
    judgement = judge(MoodleRating(), [rated(0, 2, 2, TWO), rated(3, 1, 2, TWO)], scale=TWO)
    assert judgement.standing is Standing.STARTED
    assert judgement.fell is not None
    assert judgement.fell.code == "judged"


def test_results_leave_a_rating_alone() -> None:
    history = [rated(0, 2, 2, TWO), *answers("----", start=1)]
    assert standing(MoodleRating(), history, scale=TWO) is Standing.SECURE
    assert standing(MoodleRating(), answers("RRRR"), scale=TWO) is Standing.STARTED


def test_a_completed_activity_gives_the_default_only_where_there_is_no_rating() -> None:
    rule = MoodleRating(completes=True, default=Decimal(3))
    first = judge(rule, answers("-R"), scale=FIVE)
    assert first.level is not None
    assert first.level.name == "Most"
    assert say(first.because).startswith("Most: you completed an activity that gives this")
    assert standing(rule, [rated(0, 1, 5, FIVE), *answers("R", start=1)], scale=FIVE) is Standing.STARTED
    assert standing(rule, [*answers("R"), rated(1, 2, 5, FIVE)], scale=FIVE) is Standing.DEVELOPING
    assert standing(MoodleRating(completes=True), answers("R"), scale=TWO) is Standing.SECURE


def test_the_teacher_judges() -> None:
    rule = TeacherJudgement()
    assert standing(rule, []) is Standing.NOT_STARTED
    assert standing(rule, answers("RRRRR")) is Standing.STARTED
    assert standing(rule, [*answers("-----"), judged(9, Standing.MASTERED)]) is Standing.MASTERED
    lower = judge(rule, [judged(0, Standing.MASTERED), judged(1, Standing.DEVELOPING)])
    assert lower.standing is Standing.DEVELOPING
    assert lower.fell is not None
    assert lower.fell.code == "judged"
    assert standing(rule, [judged(0, Standing.NOT_STARTED)]) is Standing.STARTED


def test_what_they_say() -> None:
    waiting = judge(TeacherJudgement(), answers("R"), now=1)
    assert say(waiting.because) == "Started: there is evidence, and your teacher has not judged it yet."
    assert waiting.missing is not None
    assert say(waiting.missing, rules.Audience.TEACHER) == "For Developing: a teacher's judgement."
    assert say(judge(TeacherJudgement(), [judged(0, Standing.SECURE)], now=0.5).because) == (
        "Secure: your teacher judged it so, the latest on March 8; a review is due on March 9."
    )


def test_a_default_rating_is_a_value() -> None:
    with pytest.raises(ValueError, match="counted from 1"):
        MoodleRating(default=Decimal(0))


# --- Overrides ------------------------------------------------------------------------------------------------------------


def override(days: float, standing: Standing, until: float | None, **more: object) -> rules.Observation:
    return seen(
        days, 0, 0, source=Source.OVERRIDE, judged=standing, until=None if until is None else day(until), **more
    )


def test_an_override_holds_until_its_end_and_no_longer() -> None:
    rule = NOfM(4, 5)
    history = [*answers("R"), override(2, Standing.MASTERED, 10), *answers("RRR", start=3)]
    during = rules.judge(rule, SCALE, history, day(9.99))
    assert (during.standing, during.computed, during.since) == (Standing.MASTERED, Standing.SECURE, day(2))
    assert say(during.because) == "Mastered: your teacher set this until March 18; a review is due now."
    assert during.override_until == day(10)
    after = rules.judge(rule, SCALE, history, day(10))
    assert (after.standing, after.since) == (Standing.SECURE, day(5))


def test_a_later_override_takes_the_place_of_an_earlier_one() -> None:
    history = [override(0, Standing.MASTERED, None), override(1, Standing.STARTED, 5)]
    assert rules.judge(NOfM(4, 5), SCALE, history, day(4)).standing is Standing.STARTED
    assert rules.judge(NOfM(4, 5), SCALE, history, day(6)).standing is Standing.NOT_STARTED


def test_an_override_can_take_a_level_away_and_says_so() -> None:
    judgement = rules.judge(NOfM(2, 2), SCALE, [*answers("RR"), override(3, Standing.NOT_STARTED, None)], day(5))
    assert (judgement.standing, judgement.level) == (Standing.NOT_STARTED, None)
    assert say(judgement.because, rules.Audience.TEACHER) == "Not started: set by a teacher."


def test_an_override_without_a_standing_is_none() -> None:
    with pytest.raises(ValueError, match="override"):
        seen(0, 1, source=Source.OVERRIDE)
