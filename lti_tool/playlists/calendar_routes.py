"""A course's school days: by them it is counted how long a student has not moved."""

from datetime import date

from fastapi import APIRouter, Request
from starlette.responses import Response

from lti_tool.courses.access import InCourse, TeacherChanging, TeacherIn
from lti_tool.courses.models import Course
from lti_tool.playlists import monitor, monitor_queries
from lti_tool.playlists.forms import Entered, parsed
from lti_tool.playlists.monitor_rules import MOST_OFF, MOST_QUIET, NoDays, Span, spans_of
from lti_tool.playlists.replies import Said, notice, playlists_address
from lti_tool.web.dependencies import CurrentDatabase, CurrentPages, Now
from lti_tool.web.i18n import N_
from lti_tool.web.pages import Pages, language_of
from lti_tool.web.replies import see

router = APIRouter(prefix="/courses/{course_id}/calendar")

WEEKDAYS = (
    (1, N_("Monday")),
    (2, N_("Tuesday")),
    (3, N_("Wednesday")),
    (4, N_("Thursday")),
    (5, N_("Friday")),
    (6, N_("Saturday")),
    (7, N_("Sunday")),
)
_NO_DAY = N_("Please enter a day.")
_NO_SPAN = N_("The last day has to be the same day or a later one.")


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
        said = await monitor_queries.calendar_row(session, here.organisation_id, here.course.id) is not None
    say = language_of(request).gettext
    context = {
        "calendar": watch.calendar,
        "coming": [span for span in watch.calendar.off if span.last >= watch.today],
        "over": [span for span in watch.calendar.off if span.last < watch.today],
        "said": said,
        "weekday_choices": WEEKDAYS,
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
    weekdays = frozenset(parsed(int, str(day)) for day in form.getlist("weekday")) & {day for day, _ in WEEKDAYS}
    wrong = N_("Please enter whole days from 1 to 60.")
    quiet_after = entered.number("quiet_after", 1, MOST_QUIET, wrong)
    if quiet_after is None or quiet_after != int(quiet_after):
        entered.errors["quiet_after"] = wrong
    if not weekdays:
        entered.errors["weekday-1"] = N_("Please choose at least one day of the week.")
    if entered.errors or quiet_after is None:
        return await _page(request, here, database, clock, pages, entered, 422)
    async with database.writing() as session:
        await monitor.set_school_days(session, here, weekdays, int(quiet_after), clock.now())
    return see(calendar_address(here.course), Said.SAVED)


@router.post("/days-off")
async def add_days_off(
    request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now, pages: CurrentPages
) -> Response:
    """Add a day off, holidays from a day to a day, or many at once as text."""
    entered = Entered.of(await request.form())
    spans = _many(entered) if entered.values.get("many") else _one(entered)
    if entered.errors:
        return await _page(request, here, database, clock, pages, entered, 422)
    async with database.writing() as session:
        await monitor.add_days_off(session, here, spans, clock.now())
    return see(calendar_address(here.course), Said.DAYS_OFF_ADDED, "days-off")


def _one(entered: Entered) -> tuple[Span, ...]:
    first = _day(entered, "first")
    last = _day(entered, "last") if entered.values.get("last") else first
    if first is None or last is None:
        return ()
    if last < first:
        entered.errors["last"] = _NO_SPAN
        return ()
    return (Span(first, last),)


def _day(entered: Entered, name: str) -> date | None:
    try:
        return date.fromisoformat(entered.values.get(name, ""))
    except ValueError:
        entered.errors[name] = _NO_DAY
        return None


def _many(entered: Entered) -> tuple[Span, ...]:
    text = entered.text("many", MOST_OFF)
    try:
        return spans_of(text)
    except NoDays:
        entered.errors["many"] = N_("One line is no day. Write each as 2026-12-21 or 2026-12-21 to 2027-01-03.")
        return ()


@router.post("/days-off/remove")
async def remove_days_off(request: Request, here: TeacherChanging, database: CurrentDatabase, clock: Now) -> Response:
    """Take days off away."""
    entered = Entered.of(await request.form())
    first = parsed(date.fromisoformat, entered.values.get("first", ""))
    async with database.writing() as session:
        await monitor.take_days_off_away(session, here, first, clock.now())
    return see(calendar_address(here.course), Said.DAYS_OFF_REMOVED, "days-off")
