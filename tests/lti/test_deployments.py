"""Deployments nobody has seen: which come in by themselves, which wait, and what administrators decide."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from lti_tool.audit import AuditEntry
from lti_tool.db.organisation import Organisation
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.lti import deployments, registrations
from lti_tool.lti.models import Deployment, DeploymentPolicy, DeploymentStatus, Registration, ToolSession
from tests.lti.conftest import Tool
from tests.lti.support import LTI


async def fresh(tool: Tool, **columns: Any) -> None:
    """The platform's registration with these columns and no deployment."""
    columns.setdefault("deployment_policy", DeploymentPolicy.HOLD)
    async with tool.database.writing() as session:
        await session.exec(
            update(Registration).where(Registration.id == tool.registration.id).values(**columns)  # type: ignore[arg-type]
        )
        for row in await deployments.listed(session, tool.registration.id):
            await session.delete(row.deployment)
    tool.protocol.directory.forget()


async def of(tool: Tool) -> dict[str, Deployment]:
    rows: list[Deployment] = await tool.rows(Deployment)
    return {row.deployment_id: row for row in rows if row.registration_id == tool.registration.id}


async def launch(tool: Tool, deployment_id: str, **changes: Any) -> int:
    response = await tool.browser().launch(tool.platform, **{LTI + "deployment_id": deployment_id} | changes)
    return response.status_code


async def test_a_registration_with_the_policy_lets_its_first_deployment_in_and_holds_the_next(tool: Tool) -> None:
    await fresh(tool, deployment_policy=DeploymentPolicy.FIRST)

    assert await launch(tool, "one") == 303
    assert await launch(tool, "two") == 403
    assert await launch(tool, "one") == 303

    found = await of(tool)
    assert {name: (row.status, row.organisation_id) for name, row in found.items()} == {
        "one": (DeploymentStatus.ACCEPTED, tool.organisation_id),
        "two": (DeploymentStatus.HELD, tool.organisation_id),
    }
    actions = sorted(entry.action for entry in await tool.rows(AuditEntry))
    assert actions == ["deployment.accepted", "launch.refused"]


async def test_a_registration_made_by_hand_holds_every_unknown_deployment(tool: Tool) -> None:
    await fresh(tool)
    response = await tool.browser().launch(tool.platform, **{LTI + "deployment_id": "one"})

    await tool.refused(response, "deployment-held", 403)
    assert "waits for its administrator" in response.text
    assert (await of(tool))["one"].status is DeploymentStatus.HELD


async def test_nobody_knows_whose_the_deployment_of_a_shared_registration_is(tool: Tool) -> None:
    await fresh(tool, organisation_id=None, deployment_policy=DeploymentPolicy.FIRST)

    assert await launch(tool, "one") == 403

    row = (await of(tool))["one"]
    assert (row.status, row.organisation_id) == (DeploymentStatus.HELD, None)


async def test_what_the_platform_calls_itself_is_kept_as_one_plain_line(tool: Tool) -> None:
    await fresh(tool)
    named = {
        LTI + "tool_platform": {"name": " Hill\u202eside\n\x00 <b>Academy</b> " + "x" * 400},
        LTI + "custom": {"canvas_api_domain": "hillside.instructure.com"},
    }
    assert await launch(tool, "one", **named) == 403
    assert await launch(tool, "two", **named | {LTI + "tool_platform": {"name": "Hillside"}}) == 403
    assert await launch(tool, "three", **{LTI + "tool_platform": ["odd"]}) == 403

    found = await of(tool)
    assert found["one"].described is not None
    assert found["one"].described.startswith("Hill side <b>Academy</b> xxx")
    assert len(found["one"].described) == 300
    assert found["two"].described == "Hillside · hillside.instructure.com"
    assert found["three"].described is None


async def test_a_token_that_is_not_the_platforms_notes_nothing(tool: Tool) -> None:
    await fresh(tool, deployment_policy=DeploymentPolicy.FIRST)
    browser = tool.browser()
    login = await browser.login(tool.platform)
    body = tool.platform.body(login.query["nonce"], **{LTI + "deployment_id": "one"})
    forged = tool.other.token(body, kid=tool.platform.kid)

    assert (await browser.post(login, forged)).status_code == 401
    assert await of(tool) == {}


async def test_the_number_of_those_that_wait_is_limited(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    await fresh(tool)
    monkeypatch.setattr(deployments, "MOST_HELD", 3)

    assert [await launch(tool, f"d{number}") for number in range(5)] == [403] * 5

    assert sorted(await of(tool)) == ["d0", "d1", "d2"]


async def test_of_two_first_deployments_at_once_exactly_one_comes_in(own_tool: Tool) -> None:
    await fresh(own_tool, deployment_policy=DeploymentPolicy.FIRST)

    answers = await asyncio.gather(*(launch(own_tool, f"d{number}") for number in range(4)))

    assert sorted(answers) == [303, 403, 403, 403]
    assert sorted(row.status for row in (await of(own_tool)).values()) == ["accepted", "held", "held", "held"]


async def test_one_deployment_opened_by_many_at_once_is_one_row(own_tool: Tool) -> None:
    await fresh(own_tool, deployment_policy=DeploymentPolicy.FIRST)

    assert await asyncio.gather(*(launch(own_tool, "one") for _ in range(4))) == [303] * 4
    assert list(await of(own_tool)) == ["one"]


async def test_an_accepted_deployment_opens_at_once_as_the_schools(tool: Tool) -> None:
    await fresh(tool, organisation_id=None)
    assert await launch(tool, "one") == 403
    waiting = (await of(tool))["one"]

    async with tool.database.writing() as session:
        await deployments.accept(session, waiting.id, tool.organisation_id, "owner", tool.clock.now())

    assert await launch(tool, "one") == 303
    assert tool.entered[0].organisation_id == tool.organisation_id
    (entry,) = [entry for entry in await tool.rows(AuditEntry) if entry.action == "deployment.accepted"]
    assert (entry.action, entry.actor, entry.organisation_id) == ("deployment.accepted", "owner", tool.organisation_id)


async def test_a_deployment_cannot_be_taken_by_another_school(tool: Tool) -> None:
    async with tool.database.writing() as session:
        other = Organisation(name="Other", created_at=tool.clock.now())
        session.add(other)
        await session.flush()
        other_id = other.id
    theirs = (await of(tool))[tool.platform.deployment_id]
    for deployment_pk, organisation_id, error in (
        (theirs.id, other_id, Conflict),
        (theirs.id, uuid.uuid4(), NotFound),
        (uuid.uuid4(), other_id, NotFound),
    ):
        with pytest.raises(error):
            async with tool.database.writing() as session:
                await deployments.accept(session, deployment_pk, organisation_id, "owner", tool.clock.now())
    assert (await of(tool))[tool.platform.deployment_id].organisation_id == tool.organisation_id


async def test_a_deployment_that_is_held_again_lets_nobody_in_and_ends_its_sessions(tool: Tool) -> None:
    assert await launch(tool, tool.platform.deployment_id) == 303
    row = (await of(tool))[tool.platform.deployment_id]

    async with tool.database.writing() as session:
        await deployments.hold(session, row.id, "owner", tool.clock.now())

    assert await tool.rows(ToolSession) == []
    tool.clock.move(timedelta(seconds=21))
    assert await launch(tool, tool.platform.deployment_id) == 403


async def test_the_hour_of_the_last_launch_is_known(tool: Tool) -> None:
    tool.clock.move(datetime(2026, 11, 23, 9, 59, tzinfo=UTC) - tool.clock.now())
    await launch(tool, tool.platform.deployment_id)
    assert (await of(tool))[tool.platform.deployment_id].launched_at == datetime(2026, 11, 23, 9, tzinfo=UTC)

    tool.clock.move(timedelta(minutes=2))
    await launch(tool, tool.platform.deployment_id)
    assert (await of(tool))[tool.platform.deployment_id].launched_at == datetime(2026, 11, 23, 10, tzinfo=UTC)


async def test_a_platform_that_is_switched_off_refuses_launches_and_ends_sessions(tool: Tool) -> None:
    assert await launch(tool, tool.platform.deployment_id) == 303
    wanted = str(tool.registration.id)

    async with tool.database.writing() as session:
        await registrations.switch_platform(session, wanted, False, "owner", tool.clock.now())

    assert await tool.rows(ToolSession) == []
    tool.clock.move(timedelta(seconds=21))
    response = await tool.browser().client.post("/lti/login", data=tool.platform.login_request())
    assert response.status_code == 403

    async with tool.database.writing() as session:
        await registrations.switch_platform(session, wanted, True, "owner", tool.clock.now())
    assert await launch(tool, tool.platform.deployment_id) == 303
    actions = {entry.action for entry in await tool.rows(AuditEntry)}
    assert actions >= {"registration.disabled", "registration.enabled"}


async def test_a_session_begun_while_its_platform_was_being_switched_off_opens_nothing(tool: Tool) -> None:
    from lti_tool.lti import queries
    from lti_tool.lti.digests import digest

    response = await tool.browser().launch(tool.platform)
    token = response.headers["set-cookie"].partition("=")[2].partition(";")[0]
    async with tool.database.writing() as session:
        assert await queries.session_by_digest(session, digest(token)) is not None
        # Another process still remembers the registration as enabled, so its session is younger than the switch.
        await session.exec(
            update(Registration).where(Registration.id == tool.registration.id).values(enabled=False)  # type: ignore[arg-type]
        )
        assert await queries.session_by_digest(session, digest(token)) is None


async def test_a_shared_platform_belongs_to_no_school(tool: Tool) -> None:
    async def add(client_id: str, organisation: Organisation | None, *deployment_ids: str) -> registrations.Platform:
        async with tool.database.writing() as session:
            return await registrations.add_platform(
                session,
                tool.clock.now(),
                organisation=organisation,
                name="Schoology",
                issuer="https://schoology.example",
                client_id=client_id,
                auth_login_url="https://schoology.example/auth",
                token_url="https://schoology.example/token",
                jwks_url="https://schoology.example/jwks",
                deployment_ids=deployment_ids,
                settings=tool.protocol.settings,
                shared=True,
            )

    school = (await tool.rows(Organisation))[0]
    alone = await add("1", None)
    assert (alone.registration.organisation_id, alone.deployments) == (None, ())
    assert alone.registration.deployment_policy is DeploymentPolicy.HOLD
    given = await add("2", school, "d")
    assert given.registration.organisation_id is None
    assert [row.organisation_id for row in given.deployments] == [tool.organisation_id]
    with pytest.raises(BadRequest, match="--organisation"):
        await add("3", None, "d")
