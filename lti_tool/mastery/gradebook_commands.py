"""``lti-tool import evidence``: a gradebook export from the command line."""

import asyncio
import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lti_tool.errors import BadRequest, NotFound

if TYPE_CHECKING:
    from lti_tool.courses.models import Course
    from lti_tool.db.session import Database
    from lti_tool.mastery.gradebook_service import BroughtIn
    from lti_tool.mastery.gradebooks.planning import Plan


def import_evidence(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            exists=True,
            dir_okay=False,
            help="Of Canvas, Moodle, Schoology, Blackboard or Brightspace.",
        ),
    ],
    course: Annotated[str, typer.Option("--course", metavar="ID", help="The course's id here, or its id in the LMS.")],
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="The day of the work; without it, today. It is no exact date."),
    ] = None,
    out_of: Annotated[
        float | None,
        typer.Option("--out-of", min=0.01, help="What points are out of, in columns where nothing says so."),
    ] = None,
    accept_names: Annotated[
        bool, typer.Option("--accept-names", help="Also take rows that only the name matches.")
    ] = False,
    count_zeros: Annotated[
        bool, typer.Option("--count-zeros", help="Zeros are work that was handed in, not work that is missing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Bring in a gradebook export as evidence, for the columns that assess a competency of the course's map."""
    data = file.read_bytes()
    at = None if on is None else datetime.combine(on.date(), time(12), UTC)
    plan, done, columns = asyncio.run(_bring_in(data, course, at, out_of, accept_names, count_zeros))
    report = _report(plan, done, columns, accept_names, count_zeros)
    if as_json:
        typer.echo(json.dumps(report, indent=2))
        return
    typer.echo(
        f"matched {report['matched']}, unmatched {len(report['unmatched'])}, refused {len(report['refused'])} rows; "
        f"{report['columns']} of {len(plan.columns)} columns"
    )
    typer.echo(
        f"evidence: {done.added} added, {done.replaced} replaced, {done.unchanged} unchanged, {done.taken_back} taken back"
    )
    for kind in ("unmatched", "refused"):
        for one in report[kind]:
            typer.echo(f"line {one['line']}: {one['reason']}", err=True)
    for one in report["columns_left_out"]:
        typer.echo(f"column {one['column']!r}: {one['reason']}", err=True)
    if report["zeros_left_out"]:
        typer.echo(
            f"{report['zeros_left_out']} zeros left out: they may stand for missing work; --count-zeros takes them",
            err=True,
        )


async def _bring_in(
    data: bytes, wanted: str, at: datetime | None, out_of: float | None, accept_names: bool, count_zeros: bool
) -> "tuple[Plan, BroughtIn, Sequence[int]]":
    # The protocol's parts are heavy; the other commands do not need them.
    from decimal import Decimal  # noqa: PLC0415

    from lti_tool.clock import SystemClock  # noqa: PLC0415
    from lti_tool.courses import identities  # noqa: PLC0415
    from lti_tool.db.session import Database  # noqa: PLC0415
    from lti_tool.lti.http import make_client  # noqa: PLC0415
    from lti_tool.lti.services import Protocol  # noqa: PLC0415
    from lti_tool.mastery import gradebook_service as service  # noqa: PLC0415
    from lti_tool.mastery.gradebooks import read_gradebook  # noqa: PLC0415
    from lti_tool.mastery.gradebooks.matching import Match  # noqa: PLC0415
    from lti_tool.mastery.gradebooks.planning import Choice, Obstacle, chosen  # noqa: PLC0415
    from lti_tool.settings import load_settings  # noqa: PLC0415

    file = read_gradebook(data)
    settings, clock = load_settings(), SystemClock()
    database = Database.at(settings.database_url)
    try:
        course = await the_course(database, wanted)
        if at is not None and at.date() > clock.now().date():
            raise BadRequest("--on is a day that has been")
        async with make_client(settings) as http:
            known = await identities.of_course(database, Protocol(settings, clock, http, database), course)
        now = clock.now()
        async with database.writing() as session:
            plan = await service.planned(session, course, file, known)
            given = None if out_of is None else Decimal(str(out_of))
            choices = [
                Choice(one.column.index, given, None if at is None else min(at, now))
                for one in plan.columns
                if chosen(one, Choice(one.column.index, given)).obstacle is None
            ]
            confirmed = {row.row.line for row in plan.rows if row.match is Match.NAME} if accept_names else set()
            if not choices and all(one.obstacle is Obstacle.UNALIGNED for one in plan.columns):
                raise BadRequest("no column assesses a competency of the course's map; align its items first")
            done = await service.bring_in(
                session, course, plan, choices, confirmed, count_zeros=count_zeros, by=None, now=now
            )
        return plan, done, [choice.column for choice in choices]
    finally:
        await database.close()


async def the_course(database: "Database", wanted: str) -> "Course":
    """The course with this id, here or in its LMS. Raises NotFound, and BadRequest where several have it."""
    from lti_tool.courses import queries as course_queries  # noqa: PLC0415

    async with database.reading() as session:
        found = await course_queries.courses_called(session, _as_id(wanted), wanted)
        session.expunge_all()
    if not found:
        raise NotFound(f"no course {wanted!r}")
    if len(found) > 1:
        raise BadRequest(f"several courses have the id {wanted!r} in their LMS; give the id here")
    return found[0]


def _as_id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


_REASONS = {
    "nobody": "no student of the course has these ids or this name",
    "several": "more than one student fits, or its ids are of different students",
    "name": "only the name fits; --accept-names takes it",
}
_OBSTACLES = {
    "unaligned": "it assesses no competency of the course's map",
    "out-of": "nothing says what its points are out of; --out-of does",
    "too-few": "a student has more than twice as many points as it is out of",
}


def _report(
    plan: "Plan", done: "BroughtIn", columns: Sequence[int], accept_names: bool, count_zeros: bool
) -> dict[str, Any]:
    """Lines of the file stand for students: a command's output may end in a log."""
    rows: dict[str, list[dict[str, Any]]] = {"unmatched": [], "refused": []}
    matched = 0
    for row in plan.rows:
        match = row.match.value
        if match == "sure" or (match == "name" and accept_names):
            matched += 1
            continue
        rows["refused" if match == "several" else "unmatched"].append({"line": row.row.line, "reason": _REASONS[match]})
    for skipped in plan.file.skipped:
        if skipped.line is not None:
            rows["refused"].append({"line": skipped.line, "reason": skipped.reason})
    left_out = [
        {"column": one.column.title, "reason": _OBSTACLES[one.obstacle.value]}
        for one in plan.columns
        if one.column.index not in columns and one.obstacle is not None
    ]
    left_out += [{"column": one.title, "reason": one.reason} for one in plan.file.skipped if one.line is None]
    taken = [one for one in plan.columns if one.column.index in columns]
    unread = sum(one.unreadable for one in taken)
    return {
        "lms": plan.file.lms,
        "matched": matched,
        **rows,
        "columns": done.columns,
        "columns_left_out": left_out,
        "zeros_left_out": 0 if count_zeros else sum(one.zeros for one in taken),
        "cells_unreadable": unread,
        "added": done.added,
        "replaced": done.replaced,
        "unchanged": done.unchanged,
        "taken_back": done.taken_back,
    }
