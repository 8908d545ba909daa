"""Old attempts to deliver scores are forgotten, but for the last ones of each."""

import uuid
from datetime import datetime, timedelta

import pytest

from lti_tool.grades import forgetting, jobs
from lti_tool.grades.comparing import Comparer
from lti_tool.grades.models import Score, ScoreAttempt
from lti_tool.ids import first_id_of
from lti_tool.settings import Settings
from tests.grades.conftest import School, make_school


async def tried(school: School, score: Score, *days_ago: int) -> None:
    """Attempts of a score, so many days ago."""
    async with school.database.writing() as session:
        for days in days_ago:
            at = school.clock.now() - timedelta(days=days)
            session.add(
                ScoreAttempt(
                    organisation_id=score.organisation_id,
                    id=uuid.UUID(int=first_id_of(at).int + uuid.uuid4().int % 2**60),
                    score_id=score.id,
                    at=at,
                    version=1,
                    given=1,
                    outcome="timed-out",
                )
            )


async def left(school: School, now: datetime) -> list[int]:
    return sorted((now - one.at).days for one in await school.attempts())


@pytest.mark.parametrize("at_once", [forgetting.AT_ONCE, 2])
async def test_what_is_old_goes_and_the_last_ones_of_each_score_stay(
    school: School, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(forgetting, "AT_ONCE", at_once)
    now = school.clock.now()
    await school.owe(10, 0)
    await school.owe(10, 1)
    other = await make_school(school.database, school.clock)
    await other.owe(10)
    busy, idle = await school.scores()
    await tried(school, busy, 10, 20, 399, 401, 500, 600, 700)
    await tried(school, idle, 410, 420, 430, 440, 450)
    await tried(other, await other.score(), 800, 900)
    before = now - timedelta(days=400)
    assert await forgetting.forget_attempts(school.database, before) == 6
    assert await left(school, now) == [10, 20, 399, 410, 420, 430]
    assert await left(other, now) == [800, 900]
    assert await forgetting.forget_attempts(school.database, before) == 0


async def test_how_long_is_a_setting_and_none_is_for_ever(school: School) -> None:
    await school.owe(10)
    await tried(school, await school.score(), *range(390, 420, 2))
    comparer = Comparer(school.database, school.clock, school.client_of(school.lms), lambda _family: school.quirks)

    async def forget(kept: timedelta | None) -> int:
        work = jobs.work(school.database, None, school.clock, comparer, kept)  # type: ignore[arg-type]
        school.clock.move(timedelta(hours=25))
        await next(one for one in work.periodic if one.name == "grades.forget").run()
        return len(await school.attempts())

    assert await forget(Settings(score_attempt_days=0).attempts_kept) == 15
    assert await forget(Settings().attempts_kept) < 15
    assert await forget(timedelta(days=1)) == forgetting.LAST_ONES
