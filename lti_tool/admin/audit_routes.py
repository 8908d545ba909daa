"""The audit log: page by page, narrowed to a kind of action or a day, and as a file."""

import csv
import io
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response, StreamingResponse

from lti_tool.admin import audit_log, queries
from lti_tool.admin.access import AdministratorIn
from lti_tool.admin.audit_log import Line, Words
from lti_tool.admin.audit_queries import Place, Wanted
from lti_tool.admin.audit_words import KINDS
from lti_tool.admin.console import Console, NotInConsole
from lti_tool.admin.replies import show
from lti_tool.clock import midnight, zone_named
from lti_tool.db.session import Database
from lti_tool.errors import BadRequest
from lti_tool.web import i18n
from lti_tool.web.dependencies import CurrentDatabase, Now
from lti_tool.web.i18n import N_, Language
from lti_tool.web.navigation import ADMINISTRATION
from lti_tool.web.pages import language_of

ADDRESS = f"{ADMINISTRATION}/audit"
COLUMNS = (
    N_("Time (UTC)"),
    N_("What happened"),
    N_("Who"),
    N_("About"),
    N_("Organisation"),
    N_("Action"),
    N_("Details"),
    N_("Reference"),
)
_BATCH = 500
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")

router = APIRouter(prefix=ADDRESS)


class Filters:
    """What the log is narrowed to, as the address has it."""

    def __init__(self, kind: str = "", day: str = "", organisation: str = "") -> None:
        self.kind = kind if kind in KINDS else ""
        self.day = _day(day)
        self.organisation = organisation

    @property
    def query(self) -> dict[str, str]:
        """The same as fields of an address."""
        fields = {
            "kind": self.kind,
            "day": self.day.isoformat() if self.day else "",
            "organisation": self.organisation,
        }
        return {name: value for name, value in fields.items() if value}

    def wanted(self, here: Console) -> Wanted:
        """What is asked of the database. Raises NotInConsole for a school that is not seen here."""
        school = _id(self.organisation)
        if school is not None and not here.holds(school):
            raise NotInConsole("the organisation is not seen here")
        begins = KINDS[self.kind][1] if self.kind else ()
        if self.day is None:
            return Wanted(school, begins)
        zone = zone_named(here.visit.shown_zone if here.visit else None)
        return Wanted(school, begins, midnight(zone, self.day), midnight(zone, self.day + timedelta(days=1)))


AskedFilters = Annotated[Filters, Depends()]


@router.get("", name="audit")
async def listed(
    request: Request,
    here: AdministratorIn,
    filters: AskedFilters,
    database: CurrentDatabase,
    clock: Now,
    before: str = "",
) -> Response:
    """A page of the log. The look leaves an entry of its own."""
    wanted = filters.wanted(here)
    place = _place(before)
    async with database.writing() as session:
        await audit_log.note_look(session, here, wanted.organisation_id, clock.now())
    with i18n.speaking(language_of(request)):
        async with database.reading() as session:
            found = await audit_log.page(session, here, wanted, place)
            schools = await queries.organisations(session, here)
    context = {
        "page": found,
        "kinds": {name: words for name, (words, _) in KINDS.items()},
        "filters": filters,
        "organisations": schools,
        "first": ADDRESS + (f"?{urlencode(filters.query)}" if filters.query else ""),
        "later": place is not None,
        "further": f"{ADDRESS}?{urlencode(filters.query | {'before': _written(found.further)})}"
        if found.further
        else None,
        "file": f"{ADDRESS}.csv" + (f"?{urlencode(filters.query)}" if filters.query else ""),
        "zone": here.visit.shown_zone if here.visit else None,
    }
    return show(request, here, "admin/audit.html", context)


@router.get(".csv", name="audit_file")
async def exported(
    request: Request, here: AdministratorIn, filters: AskedFilters, database: CurrentDatabase, clock: Now
) -> Response:
    """The same as a file: all of it, read and sent in parts."""
    wanted = filters.wanted(here)
    async with database.writing() as session:
        audit_log.note_export(session, here, wanted.organisation_id, clock.now())
    name = f"audit-{clock.now().date().isoformat()}.csv"
    return StreamingResponse(
        _rows(database, here, wanted, language_of(request)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _rows(database: Database, here: Console, wanted: Wanted, language: Language) -> AsyncIterator[str]:
    # Spreadsheets read a file as UTF-8 when it begins with this mark.
    yield "\ufeff" + _csv([language.gettext(words) for words in COLUMNS])
    place: Place | None = None
    while True:
        async with database.reading() as session:
            found = await audit_log.page(session, here, wanted, place, _BATCH)
        yield "".join(_csv(_cells(line, language)) for line in found.lines)
        place = found.further
        if place is None:
            return


def _cells(line: Line, language: Language) -> list[str]:
    def text(words: Words) -> str:
        return words.name or language.gettext(words.words)

    return [
        line.entry.at.astimezone(UTC).isoformat(timespec="seconds"),
        text(line.action),
        text(line.actor),
        text(line.subject),
        line.organisation,
        line.entry.action,
        line.detail,
        line.entry.reference or "",
    ]


def _csv(cells: list[str]) -> str:
    """One line (RFC 4180). What a spreadsheet would take for a formula is made a text."""
    written = io.StringIO()
    csv.writer(written).writerow([f"'{cell}" if cell.startswith(_DANGEROUS) else cell for cell in cells])
    return written.getvalue()


def _written(place: Place) -> str:
    return f"{place.at.astimezone(UTC).isoformat()}~{place.id}"


def _place(text: str) -> Place | None:
    if not text:
        return None
    at, _, id_ = text.partition("~")
    try:
        moment = datetime.fromisoformat(at)
        return Place((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC), uuid.UUID(id_))
    except (ValueError, OverflowError) as error:
        raise BadRequest("a place no page of ours names") from error


def _day(text: str) -> date | None:
    """The day, or None for what is none; the calendar's ends have no day before or after them to count from."""
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return day if day is not None and 1 < day.year < 9999 else None


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError as error:
        raise NotInConsole("no id") from error
