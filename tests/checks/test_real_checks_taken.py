"""The quizzes of a real Canvas export, taken: every page is shown, what is right earns everything, and blank pages nothing."""

from pathlib import Path

import pytest

from lti_tool.checks import attempts, scoring
from lti_tool.checks.models import Check, CheckStatus, Feedback, Selection
from lti_tool.clock import ManualClock
from lti_tool.db.session import Database
from tests.checks.check_site import a_check_site, bring, rows


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
async def test_seventeen_real_checks_are_taken(database: Database, clock: ManualClock, shared_data: Path) -> None:
    site = await a_check_site(database, clock)
    site.app.state.check_takers = ()
    await bring(await site.teacher(), (shared_data / "canvas-export.imscc").read_bytes(), "canvas-export.imscc")
    async with database.writing() as session:
        for check in await rows(site, Check):
            check.status, check.selection, check.feedback = CheckStatus.OPEN, Selection.ALL, Feedback.END
            check.minutes = check.opens_at = None
            check.attempts = 2
            session.add(check)
    ada = await site.student()
    course, person = site.school.course, site.school.students[0]
    taken = 0
    for check in await rows(site, Check):
        home = f"/courses/{course.id}/my/checks/{check.id}"
        front = await ada.get(home)
        assert front.status_code == 200
        if "There are no questions yet" in front.text:
            continue
        page = await ada.post(f"{home}/begin")
        assert page.status_code == 200, check.title
        async with database.writing() as session:
            found = await attempts.of_student(session, course, person.id, check.id, 1, lock=True)
            assert page.text.count('<fieldset class="question"') == len(found.questions)
            for key, question in found.questions.items():
                attempts.put(session, found, key, scoring.solution(question), 1, clock.now(), same=False)
        assert (await ada.get(f"{home}/attempts/1")).status_code == 200
        result = await ada.post(f"{home}/attempts/1/end")
        assert "Your result: 100%" in result.text, check.title
        await ada.post(f"{home}/begin")
        blank = await ada.post(f"{home}/attempts/2/end")
        assert "Your result: 0%" in blank.text, check.title
        taken += 1
    assert taken == 16  # One has no question of its own.
