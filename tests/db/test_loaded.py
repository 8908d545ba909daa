"""Objects of fixed statements are what the ORM would have loaded; statements told together are one transaction's."""

import uuid
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from lti_tool.courses.models import Person
from lti_tool.db.base import scoped
from lti_tool.db.fixed import Fixed, together
from lti_tool.db.loaded import Loaded, Written, columns_of, load_together, write_together
from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.lti.models import Registration

from .test_database import NOW, a_school, person

_person: Any = Person.__table__  # type: ignore[attr-defined]
_OF: Any = bindparam("organisation")
PEOPLE = Loaded(
    select(*columns_of(Person), *columns_of(Registration))
    .join(
        Registration,
        (col(Registration.organisation_id) == col(Person.organisation_id))
        & (col(Registration.id) == col(Person.registration_id)),
    )
    .where(col(Person.organisation_id) == _OF, col(Registration.organisation_id) == _OF)
    .order_by(col(Person.sub)),
    Person,
    Registration,
)
ADD = Fixed(insert(Organisation), values=tuple(Organisation.model_fields))
NAMES = Fixed(select(col(Organisation.name)).order_by(col(Organisation.name)), crosses="a test's own database")


@pytest.mark.parametrize("few", [True, False])
async def test_objects_are_those_of_the_orm_and_are_written_once_they_are_the_sessions(
    database: Database, few: bool
) -> None:
    organisation, registration, _ = await a_school(database)
    async with database.writing() as session:
        session.add_all([person(organisation, registration, "s1"), person(organisation, registration, "s2")])
        asked = {"organisation": organisation.id}
        [found] = await load_together(session, [(PEOPLE, asked)], few=few)  # What was added is flushed before.
        session.expunge_all()
        [pairs] = await load_together(session, [(PEOPLE, asked)], few=few)
        assert [one.sub for one, _ in pairs] == ["s1", "s2"]
        assert pairs[0][1] is pairs[1][1]
        assert [one.model_dump() for one, _ in pairs] == [one.model_dump() for one, _ in found]
        assert not session.identity_map
        pairs[0][0].name = "Ada"
        session.add(pairs[0][0])
    async with database.reading() as session:
        plain = (await session.exec(scoped(Person, organisation.id).order_by(col(Person.sub)))).all()
        assert [one.name for one in plain] == ["Ada", None]
        assert plain[0].model_dump() == pairs[0][0].model_dump()


async def test_an_object_that_is_held_says_what_the_row_says_now(database: Database) -> None:
    organisation, registration, _ = await a_school(database)
    async with database.writing() as session:
        session.add(person(organisation, registration))
    async with database.writing() as session:
        [one] = (await session.exec(scoped(Person, organisation.id))).all()
        behind_its_back = update(_person).where(_person.c.organisation_id == organisation.id).values(name="Eva")
        await (await session.connection()).execute(behind_its_back)
        [[(again, _)]] = await load_together(session, [(PEOPLE, {"organisation": organisation.id})])
        assert again is one
        assert one.name == "Eva"
        one.name = None
    async with database.reading() as session:
        assert [one.name for one in (await session.exec(scoped(Person, organisation.id))).all()] == [None]


async def test_objects_that_are_written_together_are_those_that_the_orm_would_have_written(database: Database) -> None:
    organisation, registration, _ = await a_school(database)
    async with database.writing() as session:
        session.add(person(organisation, registration, "s1"))
    async with database.writing() as session:
        [[(ada, _)]] = await load_together(session, [(PEOPLE, {"organisation": organisation.id})])
        held = (await session.exec(scoped(Registration, organisation.id))).one()
        ben, held.name = person(organisation, registration, "s2"), "Renamed"
        ada.name, ben.name = "Ada", "Ben"
        await write_together(session, [(Written(Person), ada), (Written(Person), ben)])
        assert not session.dirty  # What else was changed is flushed before.
        assert not session.new
        ada.name = "Ada L."
        ben.sort_name = "B"
        session.add(ben)
        await write_together(session, [(Written(Person), ada)])
    async with database.reading() as session:
        people = (await session.exec(scoped(Person, organisation.id).order_by(col(Person.sub)))).all()
        assert [(one.name, one.sort_name) for one in people] == [("Ada L.", None), ("Ben", "B")]
        assert [one.model_dump() for one in people] == [ada.model_dump(), ben.model_dump()]
        assert (await session.exec(scoped(Registration, organisation.id))).one().name == "Renamed"


async def test_what_fails_of_several_is_sqlalchemys_error_and_nothing_is_kept(own_database: Database) -> None:
    def added(organisation_id: uuid.UUID, name: str) -> dict[str, Any]:
        return {"id": organisation_id, "name": name, "shares_predictions": False, "created_at": NOW}

    one = uuid.uuid4()
    with pytest.raises(IntegrityError) as raised:
        async with own_database.writing() as session:
            await together(session, [(ADD, added(one, "secret")), (ADD, added(one, "secret")), (NAMES, {})])
    assert "secret" not in str(raised.value.statement)
    async with own_database.writing() as session:
        assert await together(session, []) == []
        first, second, third = await together(
            session, [(ADD, added(one, "b")), (ADD, added(uuid.uuid4(), "a")), (NAMES, {})]
        )
        assert (first, second, third) == ([], [], [("a",), ("b",)])
    async with own_database.reading() as session:
        assert await together(session, [(NAMES, {}), (NAMES, {})]) == [[("a",), ("b",)]] * 2
