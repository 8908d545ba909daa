"""Bringing a course in by a file: what it would do, and doing it; and where items open that came without an address."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool import audit
from lti_tool.content import queries as content_queries
from lti_tool.content.files import queries, rules
from lti_tool.content.files.beside import State
from lti_tool.content.files.rules import Home, Plan
from lti_tool.content.files.values import FileReading
from lti_tool.content.rules import BadAddress, clean_address
from lti_tool.content.taking_over import take_over
from lti_tool.courses.models import Course

MOST_AT_ONCE = 100
"""Items whose addresses one page asks for."""


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """What came of a file: items that are new here (or again), changed, known under another name until now, left to what the
    platform told, and marked as gone.
    """

    new: int
    changed: int
    adopted: int
    known: int
    gone: int


async def planned(session: AsyncSession, course: Course, reading: FileReading, chosen: str | None = None) -> Plan:
    """The file beside its course as it stands now. ``chosen`` as in ``rules.plan``."""
    rows = await queries.rows(session, course.organisation_id, course.id)
    return rules.plan(reading, rows, await _home(session, course), chosen)


async def _home(session: AsyncSession, course: Course) -> Home:
    """What the platform is called by its own files: Moodle's issuer is its address, Canvas says the host of its API."""
    registration = await content_queries.registration(session, course.registration_id)
    sites = [registration.issuer if registration is not None else None, course.api_domain]
    return Home(
        sites=frozenset(filter(None, (rules.plain_site(site) for site in sites if site))),
        ids=frozenset(filter(None, (course.platform_course_id or course.context_id,))),
        was_read=course.content_read_at is not None,
    )


async def bring_in(
    session: AsyncSession,
    course: Course,
    the_plan: Plan,
    *,
    keep_gone: bool,
    by: uuid.UUID | None,
    now: datetime,
) -> BroughtIn:
    """Do what was planned, in the caller's transaction. ``keep_gone``: what the file has not stays as it is.

    Items of other sources are left alone. What is known under another name, from a gradebook export or a pasted address, gets
    its name in the file and keeps whatever belongs to it.
    """
    for one in the_plan.items:
        if one.state is State.ADOPTED and one.row_id is not None:
            await content_queries.rename_external_id(session, course.organisation_id, one.row_id, one.external_id)
    found = rules.natives(the_plan, keep_gone=keep_gone)
    await take_over(session, course, the_plan.source, found, now)
    done = BroughtIn(
        new=the_plan.counted(State.NEW, State.BACK),
        changed=the_plan.counted(State.CHANGED),
        adopted=the_plan.counted(State.ADOPTED),
        known=the_plan.counted(State.KNOWN),
        gone=0 if keep_gone else len(the_plan.gone),
    )
    audit.record(
        session,
        now,
        "content.imported",
        organisation_id=course.organisation_id,
        actor=str(by) if by else None,
        subject=f"course:{course.id}",
        detail=f"{the_plan.reading.form}: {done.new} new, {done.changed} changed, {done.adopted} adopted, {done.gone} gone",
    )
    return done


async def give_addresses(
    session: AsyncSession, course: Course, given: Mapping[uuid.UUID, str], now: datetime
) -> dict[uuid.UUID, str]:
    """Note where items open, empty for nowhere. The addresses that cannot be used, by item; then nothing was noted.

    What is no item of this course that can have an address is left out.
    """
    items = await queries.addressable_among(session, course.organisation_id, course.id, list(given))
    wanted: dict[uuid.UUID, str | None] = {}
    refused: dict[uuid.UUID, str] = {}
    for item in items:
        address = given[item.id].strip()
        if address == (item.url or ""):
            continue
        try:
            wanted[item.id] = clean_address(address) if address else None
        except BadAddress:
            refused[item.id] = address
    if not refused and wanted:
        await queries.give_addresses(session, course.organisation_id, wanted)
        await content_queries.note_change(session, course.organisation_id, course.id, now)
    return refused
