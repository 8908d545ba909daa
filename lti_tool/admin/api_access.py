"""A platform's own API in the console: whose access it is, how it stands, and what can be done about it."""

import uuid
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.admin import queries, service
from lti_tool.admin.console import Console, NotInConsole
from lti_tool.content import queries as content_queries
from lti_tool.content.access import queries as access_queries
from lti_tool.content.access.abilities import AbilityLine, lines
from lti_tool.content.access.addresses import usual_address
from lti_tool.content.access.connecting import BY_KEY, BY_TOKEN
from lti_tool.content.access.grants import opened
from lti_tool.content.access.keeping import of_connection, unwanted_in
from lti_tool.content.access_models import ORGANISATION, ApiGrant
from lti_tool.content.connectors import BUILDERS
from lti_tool.content.models import ApiAuth, ApiConnection
from lti_tool.content.secrets import SecretBox, Unsealable
from lti_tool.db.organisation import Organisation
from lti_tool.lti.models import Registration


@dataclass(frozen=True, slots=True)
class Place:
    """A platform, and the organisation whose access is looked after; None while the owner has not chosen one of ``schools``."""

    registration: Registration
    organisation: Organisation | None
    schools: tuple[Organisation, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """How one organisation's access stands. ``connection`` is None where there is none.

    ``offered``: the tool has a connector for this LMS; ``by_key`` and ``by_token``: the ways in. ``teachers`` is how many
    teachers' accesses work, ``ended`` how many do not any more. ``account`` is the school's own account, if it has given access.
    """

    offered: bool
    by_key: ApiAuth | None
    by_token: bool
    usual: str
    connection: ApiConnection | None = None
    lines: tuple[AbilityLine, ...] = ()
    teachers: int = 0
    ended: int = 0
    own: ApiGrant | None = None
    account: str = ""

    @property
    def works(self) -> bool | None:
        """Whether the last call went well; None before the first, or while nobody has given access."""
        if self.connection is None or self.lacks_consent:
            return None
        if self.own is not None and self.own.working is False:
            return False
        return self.connection.working

    @property
    def lacks_consent(self) -> bool:
        """Whether somebody has to say yes in the platform before anything can be read."""
        if self.connection is None or self.connection.auth is ApiAuth.TOKEN:
            return False
        if self.connection.by_teachers:
            return self.teachers == 0
        return self.connection.auth is ApiAuth.OAUTH2 and (self.own is None or self.own.working is False)


async def place(session: AsyncSession, here: Console, registration_id: uuid.UUID, wanted: str) -> Place:
    """The platform and whose access it is: its organisation's; of a shared one the administrator's own, or the ``wanted`` one.

    Raises NotInConsole for what is not seen here.
    """
    registration = await service.platform(session, here, registration_id)
    seen = {one.id: one for one in await queries.organisations(session, here)}
    if registration.organisation_id is not None:
        return Place(registration, seen[registration.organisation_id], ())
    if here.organisation is not None:
        return Place(registration, here.organisation, ())
    installed = await queries.deployments(session, here, registration_id)
    ids = {one.organisation_id for one in installed if one.organisation_id is not None}
    schools = tuple(one for one in seen.values() if one.id in ids)
    if not wanted:
        return Place(registration, schools[0] if len(schools) == 1 else None, schools)
    chosen = next((one for one in schools if str(one.id) == wanted), None)
    if chosen is None:
        raise NotInConsole("no such organisation is installed through this platform")
    return Place(registration, chosen, schools)


async def standing(session: AsyncSession, at: Place, box: SecretBox) -> Standing:
    """How the access stands of the organisation of a place that has one."""
    registration = at.registration
    family = registration.lms
    builder = BUILDERS.get(family)
    if builder is None or at.organisation is None:
        return Standing(False, None, False, "")
    connection = await content_queries.connection(session, at.organisation.id, registration.id)
    last = await access_queries.last_course(session, at.organisation.id, registration.id)
    shown = Standing(
        True,
        BY_KEY.get(family),
        family in BY_TOKEN,
        usual_address(family, registration.issuer, last.api_domain if last is not None else None),
    )
    if connection is None:
        return shown
    grants = await access_queries.grants(session, at.organisation.id, connection.id)
    own = next((one for one in grants if one.holder == ORGANISATION), None)
    people = [one for one in grants if one.holder != ORGANISATION]
    found = of_connection(connection, family, builder.offers, own)
    return Standing(
        True,
        shown.by_key,
        shown.by_token,
        shown.usual,
        connection=connection,
        lines=lines(found, unwanted_in(connection.abilities)),
        teachers=sum(one.working is not False for one in people),
        ended=sum(one.working is False for one in people),
        own=own,
        account=_account(box, own),
    )


def _account(box: SecretBox, own: ApiGrant | None) -> str:
    """What the school's own account is called in the platform."""
    if own is None:
        return ""
    try:
        secrets = opened(box, own).secrets
    except Unsealable:
        return ""
    return secrets.account_name or secrets.account_id
