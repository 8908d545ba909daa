"""An LMS that has another address: the registration keeps its people, courses, columns and evidence, and is found there.

People are known by the registration and the platform's own id of them, courses by the deployment and the context's: neither
names an address, so that they stay theirs. What does name one is brought over: the issuer, the endpoints, the services of
courses, gradebook columns, what items, steps and choices open, and the access to the LMS's own API.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.admin import moving_queries as rows
from lti_tool.admin import queries
from lti_tool.admin.moving_queries import Bases, Tenant
from lti_tool.content import queries as content_queries
from lti_tool.content.rules import address_id
from lti_tool.errors import BadRequest, Conflict, NotFound
from lti_tool.logs import reference_code
from lti_tool.lti import queries as lti_queries
from lti_tool.lti.models import MovedIssuer, Registration
from lti_tool.lti.platform_fields import ADDRESSES, FieldsUnusable, NewPlatform, address_problems
from lti_tool.settings import Settings
from lti_tool.web.i18n import N_


class SharedCannotMove(Conflict):
    """Several schools launch with this client id."""

    code = "shared-cannot-move"
    title = N_("A platform that schools share cannot be moved")
    advice = N_(
        "Its issuer is that of all its schools. Correct the addresses it is called at on its page instead. Nothing was changed."
    )


class NothingMoves(BadRequest):
    """The address is the one that it has."""

    code = "nothing-moves"
    title = N_("This is where it is already")
    advice = N_("Enter the issuer that the LMS has now, or what its addresses began with and begin with now.")


class PlaceTaken(Conflict):
    """Another registration has the new issuer with this client id."""

    code = "place-taken"
    title = N_("Another platform is connected at the new address already")
    advice = N_(
        "“%(name)s” has this issuer and client id, so nobody can say whose people these are. If nothing of it is needed, remove "
        "it first; then move this one. Nothing was changed."
    )


class BasesUnusable(BadRequest):
    """What addresses began with, or begin with now, is no address; or one stands within the other in a way that has no end."""

    code = "bad-base"
    title = N_("These beginnings of addresses cannot be used")
    advice = N_("Both begin with https:// and name a host, such as https://moodle.school.example. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class Wish:
    """Where the LMS is now, as somebody entered it; what is empty follows from the rest."""

    issuer: str = ""
    old_base: str = ""
    new_base: str = ""
    auth_login_url: str = ""
    token_url: str = ""
    jwks_url: str = ""

    def tidied(self) -> "Wish":
        """The same without spaces around; beginnings of addresses without a slash at the end."""
        values = {name: getattr(self, name).strip() for name in self.__dataclass_fields__}
        return Wish(**values | {name: values[name].rstrip("/") for name in ("old_base", "new_base")})


@dataclass(frozen=True, slots=True)
class Plan:
    """What a move would change. ``before`` and ``after``: the registration's own addresses; ``counts``: those of its courses."""

    registration: Registration
    bases: Bases
    before: Mapping[str, str]
    after: Mapping[str, str]
    token_audience: str | None
    counts: Mapping[str, int] = field(default_factory=dict)
    too_long: int = 0
    courses: int = 0
    people: int = 0
    others: tuple[str, ...] = ()
    """Other platforms of the school at the old issuer, which stay there."""
    api: tuple[str, str] | None = None
    """Where the LMS's own API is asked, before and after; None where it stays or there is no access."""

    @property
    def changed(self) -> list[tuple[str, str, str]]:
        """The registration's addresses that change: field, before, after."""
        return [
            (name, self.before[name], self.after[name]) for name in ADDRESSES if self.before[name] != self.after[name]
        ]


def moved(address: str, bases: Bases) -> str:
    """An address at the new base; itself where it does not begin with the old one."""
    if not _begins(address, bases.old) or (bases.new.startswith(bases.old) and _begins(address, bases.new)):
        return address
    return bases.new + address[len(bases.old) :]


def _begins(address: str, base: str) -> bool:
    """As ``moving_queries.begins`` has it."""
    return address.startswith(base) and address[len(base) : len(base) + 1] in {"", "/", "?", "#"}


async def plan(
    session: AsyncSession, registration: Registration, wish: Wish, settings: Settings, *, counting: bool = True
) -> Plan:
    """What moving a registration would change. ``counting``: also how much of what.

    Raises SharedCannotMove, NothingMoves, PlaceTaken, BasesUnusable, and FieldsUnusable for addresses that cannot be called.
    """
    if registration.organisation_id is None:
        raise SharedCannotMove("the registration is shared")
    wish = wish.tidied()
    issuer = wish.issuer or registration.issuer
    bases = Bases(wish.old_base or registration.issuer.rstrip("/"), wish.new_base or issuer.rstrip("/"))
    if bases.old == bases.new and issuer == registration.issuer:
        raise NothingMoves("neither the issuer nor the beginning of addresses is another")
    for base in (bases.old, bases.new):
        _check(base)
    before = {name: getattr(registration, name) for name in ADDRESSES}
    after = {name: getattr(wish, name) or moved(before[name], bases) for name in ADDRESSES} | {"issuer": issuer}
    audience = registration.token_audience
    wanted = NewPlatform(
        name=registration.name,
        issuer=after["issuer"],
        client_id=registration.client_id,
        auth_login_url=after["auth_login_url"],
        token_url=after["token_url"],
        jwks_url=after["jwks_url"],
        deployment_ids=(),
        token_audience=audience,
    )
    # Where the issuer stays it is a name that some platforms do not open at.
    wrong = [
        one for one in address_problems(settings, wanted) if one.field != "issuer" or issuer != registration.issuer
    ]
    if wrong:
        raise FieldsUnusable(wrong)
    other = await rows.taken(session, issuer, registration.client_id, registration.id)
    if other is not None:
        raise PlaceTaken("another registration has the key", fields={"name": other.name})
    found = Plan(registration, bases, before, after, None if audience is None else moved(audience, bases))
    if not counting:
        return found
    tenant = Tenant(registration.organisation_id, registration.id)
    counts, too_long = await rows.count(session, tenant, bases)
    courses, people = await queries.held_by(session, registration.id)
    access = await rows.connection_of(session, tenant)
    api = None if access is None else (access.base_url, moved(access.base_url, bases))
    return replace(
        found,
        counts=counts,
        too_long=too_long,
        courses=courses,
        people=people,
        others=tuple(await rows.others_there(session, tenant, registration.issuer)),
        api=api if api is not None and api[0] != api[1] else None,
    )


def _check(base: str) -> None:
    try:
        parts = urlsplit(base)
        _ = parts.port
    except ValueError:
        raise BasesUnusable("no address") from None
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise BasesUnusable("no beginning of an address")
    if len(base) > 500 or not base.isprintable() or " " in base:
        raise BasesUnusable("too long, or with spaces")


async def move(
    session: AsyncSession, registration_id: uuid.UUID, wish: Wish, settings: Settings, actor: str, now: datetime
) -> Plan:
    """Move a registration, in the caller's transaction: all of it or nothing. Whoever is in has to come in anew.

    Raises what ``plan`` raises, and NotFound. Leaves an audit entry.
    """
    registration = await lti_queries.lock_registration(session, registration_id)
    if registration is None:
        raise NotFound("there is no such platform")
    done = await plan(session, registration, wish, settings)
    if registration.organisation_id is None:
        raise SharedCannotMove("the registration is shared")
    tenant = Tenant(registration.organisation_id, registration.id)
    await _rename_pasted(session, tenant, done.bases)
    await rows.change(session, tenant, done.bases)
    hosts = [urlsplit(base).netloc for base in (done.bases.old, done.bases.new)]
    await rows.change_hosts(session, tenant, *hosts)
    access = await rows.connection_of(session, tenant)
    if access is not None:
        access.base_url = moved(access.base_url, done.bases)
        access.site_url = None if access.site_url is None else moved(access.site_url, done.bases)
        access.working, access.trouble = None, None
        session.add(access)
    if done.after["issuer"] != registration.issuer:
        former = MovedIssuer(
            issuer=registration.issuer,
            client_id=registration.client_id,
            registration_id=registration.id,
            moved_at=now,
        )
        await rows.remember(session, former, (done.after["issuer"], registration.client_id))
    for name, address in done.after.items():
        setattr(registration, name, address)
    registration.token_audience = done.token_audience
    registration.key_set, registration.key_set_fetched_at = None, None
    session.add(registration)
    await lti_queries.end_sessions(session, registration.id)
    told = "; ".join(f"{name} {before} is {after}" for name, before, after in done.changed)
    audit.record(
        session,
        now,
        "registration.moved",
        organisation_id=registration.organisation_id,
        actor=actor,
        subject=f"registration {registration.id}",
        reference=reference_code.get(),
        detail="; ".join(filter(None, (told, f"addresses {done.bases.old} are {done.bases.new}"))),
    )
    await session.flush()
    return done


async def _rename_pasted(session: AsyncSession, tenant: Tenant, bases: Bases) -> None:
    """Pasted addresses are known by themselves: give them the new one's name, where nobody has pasted that one as well."""
    there = await rows.external_ids(session, tenant)
    for row in await rows.pasted(session, tenant, bases):
        name = address_id(moved(row.url, bases))
        if (row.course_id, name) not in there:
            await content_queries.rename_external_id(session, tenant.organisation_id, row.id, name)
            there.add((row.course_id, name))
