"""A check of the connection against a Moodle: everything that the tool asks of it works as Moodle does it."""

from sqlmodel import select

from lti_tool.admin import checking, planning
from lti_tool.admin.check_rules import Outcome, Step
from lti_tool.lti.models import Registration
from tests.moodle.world import Browser, World

NOT_IN_MOODLE = {Step.ACCESS_GROUPS, Step.ACCESS_NOTICES, Step.GROUPS, Step.NOTICES}


async def test_every_call_of_a_check_works_with_moodle(world: World) -> None:
    await Browser(world, "189").launch()
    before = list(world.moodle.gradebook.columns)
    assert world.app is not None
    async with world.database.reading() as session:
        registration = (await session.exec(select(Registration))).one()
        session.expunge_all()
    plan = await planning.plan(
        world.database, registration, actor="tester", organisation_ids=None, write=True, sub="190"
    )
    lines = {line.step: line async for line in checking.check(world.app.state.protocol, plan)}

    wrong = {step: line.seen.in_words() for step, line in lines.items() if line.outcome is Outcome.FAILS}
    assert wrong == {}
    assert {step for step, line in lines.items() if line.outcome is Outcome.SKIPPED} == NOT_IN_MOODLE
    assert lines[Step.RESULT].seen.in_words() == "14 out of 20 came back"
    assert lines[Step.ROSTER].seen.fields["students"] == 31
    assert list(world.moodle.gradebook.columns) == before

    world.moodle.permitted = tuple(scope for scope in world.moodle.permitted if not scope.endswith("/lineitem"))
    lines = {line.step: line async for line in checking.check(world.app.state.protocol, plan)}
    remedy = lines[Step.ACCESS_LINE_ITEM].remedy
    assert remedy is not None
    assert "grade sync and column management" in remedy.in_words()
    assert lines[Step.MAKE].outcome is Outcome.SKIPPED
    assert lines[Step.FIND].outcome is Outcome.WORKS
