"""Fixed statements say, take and give what SQLAlchemy would."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, insert, literal, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import col

from lti_tool.db.base import crossing
from lti_tool.db.fixed import Fixed
from lti_tool.db.organisation import Organisation
from lti_tool.db.scoping import UnscopedQuery
from lti_tool.db.session import Database
from lti_tool.lti.models import OidcLogin, Role, ToolSession

from .test_database import NOW, a_school

ADD_SESSION = Fixed(insert(ToolSession), values=tuple(ToolSession.model_fields))
SESSIONS = select(*ToolSession.__table__.c, literal("a constant"), literal(7)).where(  # type: ignore[attr-defined]
    col(ToolSession.organisation_id) == bindparam("organisation")
)
FIXED_SESSIONS = Fixed(SESSIONS)
ADD_LOGIN = Fixed(insert(OidcLogin), values=tuple(OidcLogin.model_fields))
ADD_ORGANISATION = Fixed(insert(Organisation), values=tuple(Organisation.model_fields))
TAKE_LOGIN = Fixed(
    delete(OidcLogin).where(col(OidcLogin.state_digest) == bindparam("state")).returning(*OidcLogin.__table__.c)  # type: ignore[attr-defined]
)


def a_login(registration_id: uuid.UUID, state: str = "s") -> dict[str, Any]:
    return {
        "state_digest": state,
        "nonce_digest": "n",
        "browser_digest": "b",
        "registration_id": registration_id,
        "target_link_uri": "https://tool.example/",
        "storage_target": None,
        "request": {"login_hint": "ö \N{SNOWMAN} \"'%(x)s?:y"},
        "expires_at": NOW,
    }


async def test_rows_are_those_of_sqlalchemy(database: Database) -> None:
    organisation, registration, _ = await a_school(database)
    row = {
        "organisation_id": organisation.id,
        "id": uuid.uuid4(),
        "token_digest": "t",
        "person_id": None,
        "course_id": None,
        "resource_link_id": None,
        "registration_id": registration.id,
        "role": Role.TEACHER,
        "observes": ["ö", "'; --"],
        "locale": None,
        "frame_origins": [],
        "return_url": "https://lms.example/%s?x=:y",
        "document_target": "iframe",
        "time_zone": None,
        "high_contrast": True,
        "masquerading": False,
        "administers": False,
        "roles_received": ["Learner"],
        "started_at": NOW,
        "seen_at": NOW + timedelta(microseconds=1),
    }
    async with database.writing() as session:
        assert await ADD_SESSION.run(session, row) == []
        plain = await (await session.connection()).execute(SESSIONS, {"organisation": organisation.id})
        fixed = await FIXED_SESSIONS.run(session, {"organisation": organisation.id})
        assert fixed == [tuple(one) for one in plain]
        assert dict(zip(plain.keys(), fixed[0], strict=True)).items() >= row.items()
        assert fixed[0][-2:] == ("a constant", 7)


async def test_a_statement_alone_is_kept_at_once_and_changes_nothing_about_its_connection(
    own_database: Database,
) -> None:
    _, registration, _ = await a_school(own_database)
    await own_database.alone(ADD_LOGIN, a_login(registration.id))
    with pytest.raises(IntegrityError):
        await own_database.alone(ADD_LOGIN, a_login(registration.id))
    with pytest.raises(IntegrityError):
        await own_database.alone(ADD_LOGIN, a_login(uuid.uuid4(), "of no registration"))
    with pytest.raises(ZeroDivisionError):
        async with own_database.writing() as session:
            await ADD_LOGIN.run(session, a_login(registration.id, "to be undone"))
            raise ZeroDivisionError
    (taken,) = await own_database.alone(TAKE_LOGIN, {"state": "s"})
    assert dict(zip(OidcLogin.model_fields, taken, strict=True)) == a_login(registration.id)
    for state in ("s", "to be undone"):
        assert await own_database.alone(TAKE_LOGIN, {"state": state}) == []


async def test_a_session_and_its_fixed_statements_share_one_transaction(own_database: Database) -> None:
    async def attempt(fails: bool) -> int:
        async with own_database.writing() as session:
            session.add(Organisation(name="by the session", created_at=NOW))
            await session.flush()
            added = {"id": uuid.uuid4(), "name": "by a fixed statement", "shares_predictions": False, "created_at": NOW}
            await ADD_ORGANISATION.run(session, added)
            if fails:
                raise ZeroDivisionError
        async with own_database.reading() as session:
            return len((await session.exec(select(col(Organisation.id)))).all())

    with pytest.raises(ZeroDivisionError):
        await attempt(fails=True)
    assert await attempt(fails=False) == 2


async def test_errors_are_sqlalchemys_and_name_no_values(own_database: Database) -> None:
    with pytest.raises(IntegrityError) as raised:
        async with own_database.writing() as session:
            await ADD_LOGIN.run(session, a_login(uuid.uuid4(), "secret-state"))
    assert "secret-state" not in str(raised.value)
    async with own_database.writing() as session:
        await session.exec(delete(OidcLogin))


async def test_a_locked_sqlite_is_an_operational_error_and_stays_transactional(tmp_path: Any) -> None:
    from lti_tool.db import migrate

    url = f"sqlite:///{tmp_path}/locked.db"
    holder, other = Database.at(url), Database.at(url)
    await migrate.upgrade(holder.engine)
    add = {"id": uuid.uuid4(), "name": "late", "shares_predictions": False, "created_at": NOW}
    async with holder.writing() as holding:
        await ADD_ORGANISATION.run(holding, {**add, "id": uuid.uuid4()})
        async with other.writing() as waiting:
            driver: Any = await (await waiting.connection()).get_raw_connection()
            await driver.driver_connection.execute("PRAGMA busy_timeout=1")
            with pytest.raises(OperationalError, match="locked"):
                await ADD_ORGANISATION.run(waiting, add)
            await holding.commit()
            await ADD_ORGANISATION.run(waiting, add)
            await waiting.rollback()
    async with other.reading() as session:
        assert (await session.exec(select(col(Organisation.name)))).all() == [("late",)]
    await holder.close()
    await other.close()


def test_a_fixed_statement_names_its_school_or_says_why_not() -> None:
    everyones = select(col(ToolSession.id))
    with pytest.raises(UnscopedQuery, match="tool_session"):
        Fixed(everyones)
    Fixed(everyones, crosses="a test of the guard")
    assert crossing("x")


async def test_a_connection_that_would_commit_each_statement_never_goes_back(
    own_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from psycopg import AsyncConnection

    async def fails(_self: AsyncConnection, value: bool) -> None:
        if not value:
            raise ZeroDivisionError

    _, registration, _ = await a_school(own_database)
    with monkeypatch.context() as patched:
        keep = AsyncConnection.set_autocommit

        async def only_on(self: AsyncConnection, value: bool) -> None:
            await (keep if value else fails)(self, value)

        patched.setattr(AsyncConnection, "set_autocommit", only_on)
        try:
            await own_database.alone(ADD_LOGIN, a_login(registration.id))
        except ZeroDivisionError:
            assert not own_database.is_sqlite
    with pytest.raises(ZeroDivisionError):
        async with own_database.writing() as session:
            await TAKE_LOGIN.run(session, {"state": "s"})
            raise ZeroDivisionError
    assert len(await own_database.alone(TAKE_LOGIN, {"state": "s"})) == 1
