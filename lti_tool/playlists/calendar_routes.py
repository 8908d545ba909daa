"""A course's school days: by them it is counted how long a student has not moved."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.models import Course
from lti_tool.playlists import calendar_forms, monitor, monitor_queries, school_days
from lti_tool.playlists.forms import Entered
from lti_tool.playlists.monitor_rules import MOST_QUIET, OwnDays
from lti_tool.playlists.replies import Said, notice, playlists_address
from lti_tool.playlists.school_days import Calendars
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, language_of
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/calendar")


def calendar_address(course: Course) -> str:
    """The calendar of a course."""
    return f"/courses/{course.id}/calendar"


@router.get("", name="course_calendar")
async def calendar(
    request: Request, here: TeacherIn, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Which days are school days, and after how many without a move a teacher is told."""
    return await _page(request, here, database, clock, pages)


async def _page(
    request: Request,
    here: InCourse,
    database: CurrentDatabase,
    clock: Now,
    pages: Pages,
    entered: Entered | None = None,
    status_code: int = 200,
) -> Response:
    async with database.reading() as session:
        watch = await monitor.watch(session, here, clock.now())
        row = await monitor_queries.calendar_row(session, here.organisation_id, here.course.id)
        school = monitor_queries.school_days(await monitor_queries.school_row(session, here.organisation_id))
    say = language_of(request).gettext
    own = monitor_queries.own_days(row) or OwnDays()
    coming, over = calendar_forms.split(own.off, watch.today)
    context = {
        "calendar": watch.calendar,
        "school": school,
        "school_off": calendar_forms.split(school.off, watch.today)[0] if school else [],
        "coming": coming,
        "over": over,
        "said": row is not None,
        "weekday_choices": [
            (day, label) for day, label in calendar_forms.WEEKDAYS if school is None or day in school.weekdays
        ],
        "most_quiet": MOST_QUIET,
        "values": entered.values if entered else {},
        "errors": entered.errors if entered else {},
        "errors_in_words": {name: say(message) for name, message in entered.errors.items()} if entered else {},
        "address": calendar_address(here.course),
        "home": playlists_address(here.course),
        "notice": notice(request),
    }
    return pages.render(request, "playlists/calendar.html", context, status_code=status_code)


@router.post("")
async def change(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Change the school week, and after how many school days a teacher is told."""
    form = await request.form()
    entered = Entered.of(form)
    weekdays = calendar_forms.week(form, entered)
    wrong = N_("Please enter whole days from 1 to 60.")
    quiet_after = entered.number("quiet_after", 1, MOST_QUIET, wrong)
    if quiet_after is None or quiet_after != int(quiet_after):
        entered.errors["quiet_after"] = wrong
    if entered.errors or quiet_after is None:
        return await _page(request, here, database, clock, pages, entered, 422)
    async with database.writing() as session:
        await school_days.set_course_days(session, Calendars.of(here), weekdays, int(quiet_after), clock.now())
    return see(calendar_address(here.course), Said.SAVED)


@router.post("/days-off")
async def add_days_off(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Add a day off, holidays from a day to a day, or many at once as text."""
    form = await request.form()
    entered = Entered.of(form)
    spans = calendar_forms.days_off(form, entered)
    if entered.errors:
        return await _page(request, here, database, clock, pages, entered, 422)
    async with database.writing() as session:
        await school_days.add_days_off(session, Calendars.of(here), spans, clock.now())
    return see(calendar_address(here.course), Said.DAYS_OFF_ADDED, "days-off")


@router.post("/days-off/remove")
async def remove_days_off(request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now) -> Response:
    """Take days off away."""
    first = calendar_forms.first_day(Entered.of(await request.form()))
    async with database.writing() as session:
        await school_days.take_days_off_away(session, Calendars.of(here), first, clock.now())
    return see(calendar_address(here.course), Said.DAYS_OFF_REMOVED, "days-off")
