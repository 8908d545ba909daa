"""Who may open the console: dependencies that a route names in its signature.

``AdministratorIn`` lets in the installation's owner and administrators by launch; ``OwnerIn`` the owner alone. The
``…Changing`` ones belong on routes that change something: they also refuse what did not come from a page of this very
session. What belongs to another school is 404 (``NotInConsole``), and queries say so by ``Console.within``.

An administrator comes by a launch whose roles show an administrator of the institution or of the system
(``lti.roles.administers``); a course's administrator is none. The owner has a cookie of their own, which counts outside of
frames only: a school's pages inside its LMS are never the owner's, whoever else is signed in in that browser.
"""

from typing import Annotated

from fastapi import Depends, Request

from lti_tool.admin import owners
from lti_tool.admin.console import Console, NotInConsole
from lti_tool.clock import Clock
from lti_tool.db.organisation import Organisation
from lti_tool.db.session import Database
from lti_tool.errors import Conflict, NotAllowed, NotSignedIn
from lti_tool.lti.models import OwnerSession
from lti_tool.lti.sessions import (
    SESSION_HEADER,
    Visit,
    changing_visit,
    current_visit,
    refuse_foreign_change,
    session_claimed,
)
from lti_tool.web.i18n import N_
from lti_tool.web.navigation import ADMINISTRATION


class ConsoleClosed(NotSignedIn):
    """The console without a session, or with one that has ended."""

    code = "console-closed"
    title = N_("Sign in to the administration")
    advice = N_(
        "Administrators of a school: open this tool in your LMS and choose Administration there. "
        "Whoever runs this installation signs in with a link; print one on the server with: lti-tool admin link"
    )


class NotAdministrator(NotAllowed):
    """A launched visit whose roles open no console."""

    code = "not-administrator"
    title = N_("Only administrators can open this")
    advice = N_(
        "Your LMS has to say that you are an administrator of the school or of the whole system; "
        "an administrator of a course is not enough. While you act as somebody else it stays closed."
    )


class OwnerOnly(NotAllowed):
    """A page of the whole installation, asked for by a school's administrator."""

    code = "owner-only"
    title = N_("Only whoever runs this installation can do this")
    advice = N_("It concerns every school. Ask whoever runs this tool for you.")


class AnotherSignIn(Conflict):
    """A form of a page from before the owner's newest sign-in."""

    code = "another-sign-in"
    title = N_("You have signed in again since this page was opened")
    advice = N_("Nothing was changed. Go back, reload the page and repeat what you did.")


async def _administrator(request: Request) -> Console:
    owner = await _owner_of(request)
    if owner is not None and request.headers.get(SESSION_HEADER) in {None, str(owner.id)}:
        return _as_owner(request, owner)
    try:
        visit = await current_visit(request)
    except NotSignedIn as error:
        raise _closed(error, owner) from error
    return await _as_administrator(request, visit)


async def _administrator_changing(request: Request) -> Console:
    refuse_foreign_change(request)
    owner = await _owner_of(request)
    if owner is not None and await session_claimed(request) == str(owner.id):
        return _as_owner(request, owner)
    try:
        visit = await changing_visit(request)
    except NotSignedIn as error:
        raise _closed(error, owner) from error
    return await _as_administrator(request, visit)


async def _owner(here: "AdministratorIn") -> Console:
    return _owners(here)


async def _owner_changing(here: "AdministratorChanging") -> Console:
    return _owners(here)


AdministratorIn = Annotated[Console, Depends(_administrator)]
"""The owner, or an administrator by launch."""

AdministratorChanging = Annotated[Console, Depends(_administrator_changing)]
"""Like AdministratorIn, for requests that change something."""

OwnerIn = Annotated[Console, Depends(_owner)]
"""The installation's owner."""

OwnerChanging = Annotated[Console, Depends(_owner_changing)]
"""Like OwnerIn, for requests that change something."""


async def _owner_of(request: Request) -> OwnerSession | None:
    if request.headers.get("authorization") or request.headers.get("sec-fetch-dest") in {"iframe", "frame"}:
        return None
    database: Database = request.app.state.database
    clock: Clock = request.app.state.clock
    return await owners.living_session(database, request.cookies.get(owners.COOKIE), clock.now())


def _as_owner(request: Request, owner: OwnerSession) -> Console:
    # Pages and security headers look for these here.
    request.state.owner_session = str(owner.id)
    request.state.frame_ancestors = []
    request.state.home = ADMINISTRATION
    return Console(owner=True, session_id=owner.id, actor=owners.OWNER, organisation_ids=None)


async def _as_administrator(request: Request, visit: Visit) -> Console:
    if not visit.administers or visit.masquerading:
        raise NotAdministrator("the roles of the launch open no console")
    database: Database = request.app.state.database
    async with database.reading() as session:
        organisation = await session.get(Organisation, visit.organisation_id)
    if organisation is None:
        raise NotInConsole("the organisation was removed")
    request.state.home = ADMINISTRATION
    return Console(
        owner=False,
        session_id=visit.session_id,
        actor=str(visit.person_id) if visit.person_id else f"session {visit.session_id}",
        organisation_ids=(organisation.id,),
        organisation=organisation,
        visit=visit,
    )


def _closed(error: NotSignedIn, owner: OwnerSession | None) -> NotSignedIn | AnotherSignIn:
    if owner is not None:
        return AnotherSignIn("the page's session is not the owner's")
    closed = ConsoleClosed(error.detail)
    closed.way_back = error.way_back
    return closed


def _owners(here: Console) -> Console:
    if not here.owner:
        raise OwnerOnly("an administrator by launch")
    return here
