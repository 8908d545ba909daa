"""What an administrator may write into a registration, and how full its lists may become."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.clock import ManualClock
from lti_tool.db.session import Database
from lti_tool.lti import changes
from lti_tool.lti.changes import TooManyEntries, WrongOrigin, WrongRole, frame_origin
from lti_tool.lti.models import Registration
from lti_tool.web.middleware import content_security_policy


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://learn.school.example", "https://learn.school.example"),
        (" https://Learn.School.example/courses/4?x=1 ", "https://learn.school.example"),
        ("https://learn.school.example:443/", "https://learn.school.example"),
        ("https://learn.school.example:8443", "https://learn.school.example:8443"),
        ("http://localhost:8001", "http://localhost:8001"),
        ("http://127.0.0.1:8001/x", "http://127.0.0.1:8001"),
        ("http://[::1]:8001", "http://[::1]:8001"),
    ],
)
def test_an_address_becomes_its_origin(address: str, origin: str) -> None:
    assert frame_origin(address) == origin


@pytest.mark.parametrize(
    "address",
    [
        "",
        "learn.school.example",
        "http://learn.school.example",
        "http://localhost.evil.example",
        "https://*.school.example",
        "https://user:word@learn.school.example",
        "https://learn.school.example:99999",
        "https://learn.school.example; script-src *",
        "https://learn.school.example https://evil.example",
        "https://lëarn.example",
        "javascript:alert(1)",
        "https://" + "x" * 300 + ".example",
    ],
)
def test_what_frames_nothing_is_refused(address: str) -> None:
    with pytest.raises(WrongOrigin):
        frame_origin(address)


@given(st.text(max_size=40), st.text(max_size=20))
def test_whatever_is_taken_is_one_origin_of_the_policy(host: str, rest: str) -> None:
    try:
        origin = frame_origin(f"https://{host}.example/{rest}")
    except WrongOrigin:
        return
    assert content_security_policy((origin,)).endswith(f"; frame-ancestors {origin}")


async def a_registration(session: AsyncSession, clock: ManualClock) -> Registration:
    registration = Registration(
        name="LMS",
        issuer="https://lms.example",
        client_id="1",
        auth_login_url="https://lms.example/auth",
        token_url="https://lms.example/token",
        jwks_url="https://lms.example/jwks",
        created_at=clock.now(),
    )
    session.add(registration)
    await session.flush()
    return registration


async def test_lists_have_an_end_and_what_is_in_them_can_still_be_changed(
    database: Database, clock: ManualClock
) -> None:
    by = {"actor": "owner", "now": clock.now()}
    async with database.writing() as session:
        made = await a_registration(session, clock)
        made.role_overrides = {f"urn:{number}": "student" for number in range(changes.MOST_OVERRIDES)}
        made.own_frame_origins = [f"https://{number}.example" for number in range(changes.MOST_ORIGINS)]
        await session.flush()
        await changes.override_role(session, made.id, role="urn:3", meaning="teacher", **by)  # type: ignore[arg-type]
        await changes.add_frame_origin(session, made.id, address="https://3.example", **by)  # type: ignore[arg-type]
        with pytest.raises(TooManyEntries):
            await changes.override_role(session, made.id, role="urn:new", meaning="teacher", **by)  # type: ignore[arg-type]
        with pytest.raises(TooManyEntries):
            await changes.add_frame_origin(session, made.id, address="https://new.example", **by)  # type: ignore[arg-type]
    async with database.reading() as session:
        kept = await session.get_one(Registration, made.id)
    assert kept.role_overrides["urn:3"] == "teacher"
    assert len(kept.role_overrides) == changes.MOST_OVERRIDES
    assert len(kept.own_frame_origins) == changes.MOST_ORIGINS


@pytest.mark.parametrize(
    ("role", "meaning"),
    [("", "student"), ("two words", "student"), ("x" * 256, "student"), ("a\x00b", "student"), ("Learner", "owner")],
)
async def test_a_role_that_no_platform_writes_is_refused(
    database: Database, clock: ManualClock, role: str, meaning: str
) -> None:
    async with database.writing() as session:
        made = await a_registration(session, clock)
        with pytest.raises(WrongRole):
            await changes.override_role(session, made.id, role=role, meaning=meaning, actor="owner", now=clock.now())
