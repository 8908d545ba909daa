"""Fixed statements travel to PostgreSQL by name; what a server forgets of them is told it again."""

import gc
import uuid
import weakref
from typing import Any

import pytest
from sqlalchemy import BigInteger, Boolean, Float, String, Uuid, bindparam, cast, insert, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.db.fixed import Fixed, together
from lti_tool.db.organisation import Organisation
from lti_tool.db.pipelined import Prepared
from lti_tool.db.session import Database
from lti_tool.db.types import UtcDateTime

from .test_database import NOW

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"])

ADD = Fixed(insert(Organisation), values=tuple(Organisation.model_fields))
NAMED = Fixed(
    select(col(Organisation.id)).where(
        col(Organisation.name) == bindparam("name"), col(Organisation.shares_predictions) == bindparam("shares")
    )
)
OTHERS = Fixed(select(col(Organisation.id)).where(col(Organisation.name) != bindparam("name")))
ASKED = {"name": "ö %s $1 \\ '", "shares": False}


async def prepared(session: AsyncSession) -> int:
    found = await (await session.connection()).execute(
        text("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'fixed%'")
    )
    return int(found.scalar_one())


def a_row(organisation_id: uuid.UUID) -> dict[str, Any]:
    return {"id": organisation_id, "name": ASKED["name"], "shares_predictions": False, "created_at": NOW}


def test_places_are_numbered_and_a_value_that_comes_twice_travels_once(database_kind: str) -> None:
    found = Prepared("SELECT '%%' WHERE a = %(a)s::UUID AND b = %(b)s OR c = %(a)s AND d = %(e)s")
    assert found.query == b"SELECT '%' WHERE a = $1::UUID AND b = $2 OR c = $1 AND d = $3"
    assert found.places == ("a", "b", "e")


async def test_a_statement_is_prepared_once_and_stays_when_a_transaction_is_undone(own_database: Database) -> None:
    one = uuid.uuid4()
    async with own_database.writing() as session:
        await ADD.run(session, a_row(one))
        assert await together(session, [(NAMED, ASKED), (NAMED, ASKED | {"shares": True}), (NAMED, ASKED)]) == [
            [(one,)],
            [],
            [(one,)],
        ]
        assert await prepared(session) == 2
    async with own_database.reading() as session:
        assert await NAMED.run(session, ASKED) == [(one,)]
    with pytest.raises(IntegrityError):
        async with own_database.writing() as session:
            await together(session, [(OTHERS, ASKED), (ADD, a_row(one)), (NAMED, ASKED)])
    async with own_database.reading() as session:
        assert await prepared(session) == 3
        assert await OTHERS.run(session, ASKED) == []


async def test_values_of_every_kind_arrive_as_they_were_sent(own_database: Database) -> None:
    one, texts_ = uuid.uuid4(), ["", "a,b", '"', "\\", "{ö}", "NULL", "'", "\n"]
    sent = {
        "uuid": one,
        "ids": [one, uuid.UUID(int=0)],
        "none": [],
        "texts": texts_,
        "text": "ö %s $1 \\ ' \" \n",
        "true": True,
        "int": -7,
        "float": 0.1,
        "at": NOW,
        "json": {"a": [1, None, 'ö"\\']},
        "nothing": None,
    }
    kinds = {
        "uuid": Uuid(),
        "ids": ARRAY(Uuid()),
        "none": ARRAY(Uuid()),
        "texts": ARRAY(String()),
        "text": String(),
        "true": Boolean(),
        "int": BigInteger(),
        "float": Float(),
        "at": UtcDateTime(),
        "json": JSONB(),
        "nothing": String(),
    }
    echo = Fixed(select(*(cast(bindparam(name, type_=kind), kind) for name, kind in kinds.items())))
    async with own_database.reading() as session:
        assert await echo.run(session, sent) == [tuple(sent.values())]
        for bad in ({"text": "a\0b"}, {"texts": ["a\0b"]}):
            with pytest.raises(DBAPIError, match="NUL"):
                await echo.run(session, sent | bad)
        assert await echo.run(session, sent) == [tuple(sent.values())]


async def test_what_the_server_forgot_fails_once_and_is_then_prepared_anew(own_database: Database) -> None:
    async with own_database.reading() as session:
        assert await NAMED.run(session, ASKED) == []
        await (await session.connection()).execute(text("DEALLOCATE ALL"))
    with pytest.raises(DBAPIError, match="does not exist"):
        async with own_database.reading() as session:
            await NAMED.run(session, ASKED)
    async with own_database.reading() as session:
        assert await NAMED.run(session, ASKED) == []


async def test_a_statement_whose_table_was_migrated_meanwhile_is_prepared_anew(own_database: Database) -> None:
    whole = Fixed(select(text("organisation.*")).select_from(Organisation), crosses="a test's own database")
    async with own_database.writing() as session:
        await whole.run(session, {})
    async with own_database.writing() as session:
        await (await session.connection()).execute(text("ALTER TABLE organisation ADD COLUMN more integer"))
    with pytest.raises(DBAPIError, match="cached plan"):
        async with own_database.reading() as session:
            await whole.run(session, {})
    async with own_database.reading() as session:
        await whole.run(session, {})


async def test_many_statements_that_say_much_and_hear_much_do_not_wait_for_each_other_for_ever(
    own_database: Database,
) -> None:
    long = "x" * 200_000
    echo = Fixed(select(bindparam("long", type_=col(Organisation.name).type)))
    async with own_database.reading() as session:
        found = await together(session, [(echo, {"long": long})] * 60)
    assert found == [[(long,)]] * 60


async def test_a_connection_that_is_closed_is_forgotten(own_database: Database) -> None:
    async with own_database.reading() as session:
        await NAMED.run(session, ASKED)
        driver = weakref.ref((await (await session.connection()).get_raw_connection()).driver_connection)
    assert driver() is not None
    await own_database.close()
    gc.collect()
    assert driver() is None
