"""The database layer's promises, on both databases."""

import asyncio
import uuid
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import func, text, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from lti_tool.clock import ManualClock
from lti_tool.courses.models import Course, Membership, Person
from lti_tool.db import migrate
from lti_tool.db.base import crossing, scoped
from lti_tool.db.organisation import Organisation
from lti_tool.db.scoping import UnscopedQuery, unscoped_tables
from lti_tool.db.session import Database, after_commit
from lti_tool.db.types import Exact
from lti_tool.lti.models import Deployment, Registration, Role

NOW = datetime(2026, 9, 1, 8, tzinfo=UTC)


async def a_school(database: Database, name: str = "Hillside") -> tuple[Organisation, Registration, Deployment]:
    async with database.writing() as session:
        organisation = Organisation(name=name, created_at=NOW)
        registration = Registration(
            organisation_id=organisation.id,
            name="LMS",
            issuer=f"https://{uuid.uuid4()}.example",
            client_id="1",
            auth_login_url="https://lms.example/auth",
            token_url="https://lms.example/token",
            jwks_url="https://lms.example/jwks",
            created_at=NOW,
        )
        deployment = Deployment(
            organisation_id=organisation.id, registration_id=registration.id, deployment_id="1", created_at=NOW
        )
        session.add(organisation)
        await session.flush()
        session.add(registration)
        await session.flush()
        session.add(deployment)
    return organisation, registration, deployment


def person(organisation: Organisation, registration: Registration, sub: str = "s1") -> Person:
    return Person(organisation_id=organisation.id, registration_id=registration.id, sub=sub, created_at=NOW)


async def test_models_and_migrations_agree(own_database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from lti_tool.tables import metadata

    assert await migrate.missing(own_database.engine) == []
    async with own_database.engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts={"compare_type": True}), metadata)
        )
    assert differences == []


async def test_a_moment_comes_back_in_utc_and_a_role_as_a_role(database: Database) -> None:
    organisation, registration, deployment = await a_school(database)
    async with database.writing() as session:
        someone = person(organisation, registration)
        course = Course(
            organisation_id=organisation.id,
            registration_id=registration.id,
            deployment_id=deployment.id,
            context_id="c",
            created_at=NOW,
        )
        session.add_all([someone, course])
        await session.flush()
        session.add(
            Membership(organisation_id=organisation.id, course_id=course.id, person_id=someone.id, role=Role.TEACHER)
        )
    async with database.reading() as session:
        found = (await session.exec(scoped(Person, organisation.id))).one()
        assert found.created_at == NOW
        assert found.created_at.tzinfo is UTC
        membership = (await session.exec(scoped(Membership, organisation.id))).one()
        assert membership.role is Role.TEACHER


async def test_a_reference_cannot_cross_schools(database: Database) -> None:
    hillside, registration, deployment = await a_school(database)
    other, *_ = await a_school(database, "Other")
    course = Course(
        organisation_id=hillside.id,
        registration_id=registration.id,
        deployment_id=deployment.id,
        context_id="c",
        created_at=NOW,
    )
    someone = person(other, registration)
    with pytest.raises(IntegrityError):
        async with database.writing() as session:
            session.add_all([course, someone])
            await session.flush()
            session.add(
                Membership(organisation_id=hillside.id, course_id=course.id, person_id=someone.id, role=Role.STUDENT)
            )


async def test_a_query_without_its_school_is_refused(database: Database) -> None:
    async with database.reading() as session:
        with pytest.raises(UnscopedQuery, match="person"):
            await session.exec(select(Person))
        await session.exec(select(Person), execution_options=crossing("a test of the guard"))


def test_a_joined_table_is_held_by_the_one_it_is_joined_to() -> None:
    school = uuid.uuid4()
    held = scoped(Membership, school).join(
        Person,
        (col(Person.organisation_id) == col(Membership.organisation_id)) & (col(Person.id) == Membership.person_id),
    )
    assert unscoped_tables(held) == set()
    loose = scoped(Membership, school).join(Person, col(Person.id) == Membership.person_id)
    assert unscoped_tables(loose) == {"person"}
    assert unscoped_tables(update(Person).values(name=None)) == {"person"}


async def test_thirty_increments_at_once_all_count(own_database: Database) -> None:
    organisation, registration, deployment = await a_school(own_database)
    async with own_database.writing() as session:
        someone = person(organisation, registration)
        someone.name = "0"
        session.add(someone)

    async def increment() -> None:
        async with own_database.writing() as session:
            row = (await session.exec(scoped(Person, organisation.id).with_for_update())).one()
            await asyncio.sleep(0)
            row.name = str(int(row.name or 0) + 1)

    await asyncio.gather(*(increment() for _ in range(30)))
    async with own_database.reading() as session:
        assert (await session.exec(scoped(Person, organisation.id))).one().name == "30"


async def test_what_waits_for_the_commit_is_forgotten_by_a_rollback(database: Database, clock: ManualClock) -> None:
    called: list[str] = []
    async with database.writing() as session:
        after_commit(session, lambda: called.append("committed"))
    with pytest.raises(ZeroDivisionError):
        async with database.writing() as session:
            after_commit(session, lambda: called.append("rolled back"))
            raise ZeroDivisionError
    assert called == ["committed"]


async def test_reading_changes_nothing(database: Database) -> None:
    async with database.reading() as session:
        session.add(Organisation(name="ghost", created_at=NOW))
        await session.flush()
    async with database.reading() as session:
        assert (await session.exec(select(func.count()).select_from(Organisation))).one() == 0


async def test_migrations_go_back_and_forth(own_database: Database) -> None:
    await migrate.downgrade(own_database.engine, "base")
    assert await migrate.missing(own_database.engine) != []
    await migrate.upgrade(own_database.engine)
    assert await migrate.missing(own_database.engine) == []


def test_a_decimal_is_kept_to_four_places_and_rounded_half_up() -> None:
    exact = Exact()
    dialect = sqlite.dialect()

    def kept(value: Decimal | int | None) -> Decimal | None:
        return exact.process_result_value(exact.process_bind_param(value, dialect), dialect)

    assert kept(Decimal("4.125")) == Decimal("4.125")
    assert kept(Decimal("4.12345")) == Decimal("4.1235")
    assert kept(Decimal("-0.00005")) == Decimal("-0.0001")
    assert kept(7) == 7
    assert kept(None) is None
    with pytest.raises(ValueError, match="finite"):
        kept(Decimal("NaN"))


async def test_a_database_that_is_ahead_serves_the_version_before(own_database: Database) -> None:
    """As while an installation is brought up to date without a pause: the migrations come first."""
    async with own_database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert await migrate.missing(own_database.engine) == []
