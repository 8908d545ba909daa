"""When a school has school, for its administrators: where its days begin, its week, its days off. All its courses count by it."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from lti_tool.admin import queries
from lti_tool.admin.access import AdministratorChanging, AdministratorIn
from lti_tool.admin.console import Console, NotInConsole
from lti_tool.admin.replies import show
from lti_tool.clock import day_in, zone_named
from lti_tool.content import drafts
from lti_tool.db.organisation import Organisation
from lti_tool.lti import registrations
from lti_tool.lti.registrations import WrongZone
from lti_tool.playlists import calendar_forms, monitor_queries, school_days
from lti_tool.playlists.monitor_rules import USUAL
from lti_tool.playlists.school_days import Calendars
from lti_tool.web.dependencies import CurrentDatabase, Now
from lti_tool.web.forms import Entered
from lti_tool.web.i18n import N_
from lti_tool.web.navigation import ADMINISTRATION
from lti_tool.web.pages import language_of, say
from lti_tool.web.replies import see

ADDRESS = f"{ADMINISTRATION}/calendar"
SAID = {
    "saved": N_("Saved. It holds for all courses."),
    "added": N_("Added. It holds for all courses."),
    "removed": N_("Removed."),
}

router = APIRouter(prefix=ADDRESS)


def _address(organisation_id: uuid.UUID) -> str:
    return f"{ADDRESS}/{organisation_id}"


@router.get("", name="school_calendars")
async def calendars(request: Request, here: AdministratorIn, database: CurrentDatabase) -> Response:
    """An administrator's own school; to the owner the schools, or the only one."""
    async with database.reading() as session:
        schools = await queries.organisations(session, here)
    if len(schools) == 1:
        return RedirectResponse(_address(schools[0].id), status_code=303)
    return show(request, here, "admin/calendars.html", {"schools": schools})


@router.get("/{organisation_id}", name="school_calendar")
async def one(
    request: Request, here: AdministratorIn, organisation_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """A school's time zone, week and days off."""
    return await _page(request, here, organisation_id, database, clock)


@router.post("/{organisation_id}/zone", name="change_school_zone")
async def change_zone(
    request: Request,
    here: AdministratorChanging,
    organisation_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    time_zone: Annotated[str, Form()] = "",
) -> Response:
    """Say where the school is, and so when its days begin."""
    try:
        async with database.writing() as session:
            school = await _found(session, here, organisation_id)
            await registrations.change_organisation(
                session, school.id, school.name, time_zone, clock.now(), actor=here.actor
            )
    except WrongZone as error:
        entered = Entered({"time_zone": time_zone}, {"time_zone": say(request, error)[1]})
        return await _page(request, here, organisation_id, database, clock, entered)
    return see(_address(organisation_id), "saved")


@router.post("/{organisation_id}", name="change_school_week")
async def change_week(
    request: Request, here: AdministratorChanging, organisation_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Say on which days of the week there is school."""
    form = await request.form()
    entered = Entered.of(form)
    weekdays = calendar_forms.week(form, entered)
    if entered.errors:
        return await _page(request, here, organisation_id, database, clock, entered)
    async with database.writing() as session:
        await school_days.set_school_week(session, await _whose(session, here, organisation_id), weekdays, clock.now())
    return see(_address(organisation_id), "saved")


@router.post("/{organisation_id}/days-off", name="add_school_days_off")
async def add_days_off(
    request: Request, here: AdministratorChanging, organisation_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Add a day off, holidays from a day to a day, many at once as text, or what was ticked of a calendar's file."""
    form = await request.form()
    entered = Entered.of(form)
    spans = calendar_forms.days_off(form, entered)
    if entered.errors:
        return await _page(request, here, organisation_id, database, clock, entered)
    async with database.writing() as session:
        whose = await _whose(session, here, organisation_id)
        await school_days.add_days_off(session, whose, spans, clock.now())
    return see(_address(organisation_id), "added", "days-off")


@router.post("/{organisation_id}/days-off/remove", name="remove_school_days_off")
async def remove_days_off(
    request: Request, here: AdministratorChanging, organisation_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """Take days off away."""
    first = calendar_forms.first_day(Entered.of(await request.form()))
    async with database.writing() as session:
        whose = await _whose(session, here, organisation_id)
        await school_days.take_days_off_away(session, whose, first, clock.now())
    return see(_address(organisation_id), "removed", "days-off")


@router.post("/{organisation_id}/days-off/upload", name="upload_school_calendar")
async def upload(
    request: Request, here: AdministratorChanging, organisation_id: uuid.UUID, database: CurrentDatabase, clock: Now
) -> Response:
    """The entries of a calendar's file, to choose from. Nothing is kept before they are chosen."""
    async with request.form() as form:
        entered = Entered.of(form)
        _, content = await drafts.chosen(form, calendar_forms.MOST_FILE)
    async with database.reading() as session:
        school = await _found(session, here, organisation_id)
    today = day_in(zone_named(school.time_zone), clock.now())
    found = await calendar_forms.file_of(content, entered, today)
    if found is None:
        return await _page(request, here, organisation_id, database, clock, entered)
    context = {"school": school, "address": _address(school.id), "found": found, "today": today}
    return show(request, here, "admin/calendar_file.html", context)


async def _page(
    request: Request,
    here: Console,
    organisation_id: uuid.UUID,
    database: CurrentDatabase,
    clock: Now,
    entered: Entered | None = None,
) -> Response:
    async with database.reading() as session:
        school = await _found(session, here, organisation_id)
        calendar = monitor_queries.school_days(await monitor_queries.school_row(session, organisation_id))
    today: date = day_in(zone_named(school.time_zone), clock.now())
    coming, over = calendar_forms.split(calendar.off if calendar else (), today)
    errors: Mapping[str, str] = entered.errors if entered else {}
    translated = language_of(request).gettext
    context = {
        "school": school,
        "said": calendar is not None,
        "calendar": calendar or USUAL,
        "coming": coming,
        "over": over,
        "weekday_choices": calendar_forms.WEEKDAYS,
        "zones": registrations.zones(),
        "values": entered.values if entered else {},
        "errors": errors,
        "errors_in_words": {name: translated(message) for name, message in errors.items()},
        "address": _address(school.id),
    }
    return show(request, here, "admin/calendar.html", context, said=SAID, status_code=422 if errors else 200)


async def _found(session: AsyncSession, here: Console, organisation_id: uuid.UUID) -> Organisation:
    organisation = await session.get(Organisation, organisation_id) if here.holds(organisation_id) else None
    if organisation is None:
        raise NotInConsole("no such organisation, or another school's")
    return organisation


async def _whose(session: AsyncSession, here: Console, organisation_id: uuid.UUID) -> Calendars:
    return Calendars((await _found(session, here, organisation_id)).id, None, here.actor)
