"""The ``lti-tool`` command. Exits 0 on success, 1 on a failure it explains in one line, 2 on wrong usage."""

import asyncio
import json
import sys
import uuid
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import OperationalError

from lti_tool import __version__
from lti_tool.admin.commands import Organisation, organisation_commands, platform_commands
from lti_tool.clock import SystemClock
from lti_tool.db import migrate
from lti_tool.db.commands import AsJson, demand_migrations, missing, print_rows, with_database
from lti_tool.db.session import Database
from lti_tool.errors import ToolError
from lti_tool.logs import set_up_logging
from lti_tool.mastery.commands import mastery_commands
from lti_tool.mastery.gradebook_commands import import_evidence
from lti_tool.settings import load_settings

cli = typer.Typer(
    help="Playlists, choice menus and mastery tracking inside an LMS, over LTI 1.3 Advantage.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
database_commands = typer.Typer(help="The database's migrations.", no_args_is_help=True)
key_commands = typer.Typer(help="The tool's signing keys.", no_args_is_help=True)
cli.add_typer(database_commands, name="db")
cli.add_typer(key_commands, name="keys")
cli.add_typer(organisation_commands, name="organisation")
cli.add_typer(platform_commands, name="platform")
admin_commands = typer.Typer(help="The console in the browser.", no_args_is_help=True)
cli.add_typer(admin_commands, name="admin")
import_commands = typer.Typer(help="What other systems have written, into this one.", no_args_is_help=True)
cli.add_typer(import_commands, name="import")
import_commands.command("evidence")(import_evidence)
cli.add_typer(mastery_commands, name="mastery")


def main() -> None:
    """Run the command; a failure that was foreseen becomes one line on standard error and exit status 1."""
    try:
        cli()
    except ToolError as error:
        sys.stderr.write(f"lti-tool: {error.detail or error.title}\n")
        sys.exit(1)
    except OperationalError as error:
        reason = str(error.orig).splitlines()[0] if error.orig else "no answer"
        sys.stderr.write(f"lti-tool: LTI_TOOL_DATABASE_URL: the database cannot be used: {reason}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@cli.callback()
def _common(
    _version_wanted: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Playlists, choice menus and mastery tracking inside an LMS, over LTI 1.3 Advantage."""


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="How many processes answer requests.")] = 1,
) -> None:
    """Run the web service, and with the default settings the background worker in the same process."""
    import uvicorn  # noqa: PLC0415 (the other commands serve nothing)

    from lti_tool.lti.secret import secret_key  # noqa: PLC0415 (commands that sign nothing start faster without it)

    settings = load_settings()
    set_up_logging(settings.log_format)
    secret_key(settings)
    demand_migrations(settings)
    uvicorn.run(
        "lti_tool.app:from_environment",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_config=None,
        access_log=False,
        proxy_headers=True,
        server_header=False,
        # A platform that answers slowly must not hold up the end; what was not recorded is done again.
        timeout_graceful_shutdown=10,
    )


@cli.command()
def worker() -> None:
    """Run the background worker alone, for installations that run web and workers apart."""
    from lti_tool.app import run_worker  # noqa: PLC0415 (the application is heavy; the other commands do not need it)

    settings = load_settings()
    set_up_logging(settings.log_format)
    demand_migrations(settings)
    asyncio.run(run_worker(settings))


class Played(StrEnum):
    """The LMSs that the sandbox can play in the demo."""

    CANVAS = "canvas"
    MOODLE = "moodle"
    SCHOOLOGY = "schoology"


@cli.command()
def demo(
    tool_port: Annotated[int, typer.Option(min=1, max=65535, help="The tool's port on localhost.")] = 8000,
    lms_port: Annotated[int, typer.Option(min=1, max=65535, help="The sandbox LMS's port on 127.0.0.1.")] = 8001,
    course: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A Common Cartridge or Canvas export to load.")
    ] = None,
    like: Annotated[Played, typer.Option(help="The LMS that the sandbox behaves as; each keeps its own data.")] = (
        Played.CANVAS
    ),
    reset: Annotated[bool, typer.Option("--reset", help="Forget what was done before, as this LMS.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
) -> None:
    """Start the tool and the sandbox LMS on this machine, with a course to try. Ctrl-C ends both."""
    from lti_tool.demo import run_demo  # noqa: PLC0415 (brings the sandbox with it)

    run_demo(
        tool_port=tool_port,
        lms_port=lms_port,
        course=course,
        like=like.value,
        reset=reset,
        open_browser=not no_browser,
    )


@cli.command()
def doctor(
    platform_id: Annotated[str | None, typer.Option("--platform", help="Only this platform, by its id.")] = None,
    course: Annotated[
        uuid.UUID | None,
        typer.Option(help="Try it in this course, by the id in its address; else in the one launched last."),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Also make a column in the course's gradebook, and remove it again.")
    ] = False,
    student: Annotated[
        str | None,
        typer.Option(metavar="SUB", help="With --write, send scores for this person: the LMS's id of a test student."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check settings, keys, database, migrations, base URL, and every call to each platform; exit 1 if any fails."""
    from lti_tool.doctor import Check, Wish, examine  # noqa: PLC0415 (brings the protocol, which most commands do without)
    from lti_tool.lti.http import make_client  # noqa: PLC0415

    if write and platform_id is None and course is None:
        raise typer.BadParameter("name the --platform or the --course whose gradebook may be written to")
    if student is not None and not write:
        raise typer.BadParameter("a score is sent with --write only")
    settings = load_settings()
    wish = Wish(platform_id, course, write, student)

    async def work(database: Database) -> list[Check]:
        checks = []
        async with make_client(settings) as http:
            async for check in examine(settings, database, http, SystemClock(), wish):
                checks.append(check)
                if not as_json:
                    mark = "skip" if check.skipped else "ok  " if check.good else "FAIL"
                    typer.echo(f"{mark}  {check.name}: {check.detail}")
        return checks

    checks = with_database(settings, work)
    if as_json:
        rows = [{"name": one.name, "good": one.good, "skipped": one.skipped, "detail": one.detail} for one in checks]
        typer.echo(json.dumps(rows, indent=2))
    if not all(check.good for check in checks):
        raise typer.Exit(1)


@database_commands.command("upgrade")
def database_upgrade() -> None:
    """Apply the migrations that are missing."""

    async def work(database: Database) -> list[str]:
        lacking = await migrate.missing(database.engine)
        await migrate.upgrade(database.engine)
        return lacking

    applied = with_database(load_settings(), work)
    typer.echo(f"applied: {', '.join(applied)}" if applied else "up to date")


@database_commands.command("check")
def database_check() -> None:
    """Say whether migrations are missing; exit 1 if so."""
    lacking = missing(load_settings())
    if lacking:
        typer.echo(f"missing: {', '.join(lacking)}; run `lti-tool db upgrade`", err=True)
        raise typer.Exit(1)
    typer.echo("up to date")


@key_commands.command("list")
def keys_list(as_json: AsJson = False) -> None:
    """List the published signing keys: the next one, the one that signs, and those that have stopped."""
    from lti_tool.lti.keys import open_key_store  # noqa: PLC0415 (brings cryptography, which most commands do without)
    from lti_tool.lti.rotation import state_of  # noqa: PLC0415

    now = SystemClock().now()
    keys = open_key_store(load_settings()).keys()
    rows = [
        {
            "kid": key.kid,
            "created_at": key.created_at.isoformat(),
            "signs_from": key.signs_from.isoformat(),
            "state": (state := state_of(key, keys, now)).value,
            "signs": state.value == "signs",
        }
        for key in keys
    ]
    print_rows(rows, as_json, "no key yet: the first is made when the tool starts")


@key_commands.command("rotate")
def keys_rotate() -> None:
    """Make a key that signs from now on, and print its id; the others stay published."""
    from lti_tool.lti.keys import open_key_store  # noqa: PLC0415

    store = open_key_store(load_settings())
    typer.echo(store.rotate().kid)


@key_commands.command("retire")
def keys_retire(kid: str) -> None:
    """Stop publishing a key that no longer signs, and forget it."""
    from lti_tool.lti.keys import open_key_store  # noqa: PLC0415

    open_key_store(load_settings()).retire(kid)
    typer.echo(f"retired {kid}")


@import_commands.command("competencies")
def import_competencies(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="A CASE package, Moodle's or Canvas's CSV, or CSV with code, statement, parent, prerequisites.",
        ),
    ],
    organisation: Organisation = None,
    title: Annotated[
        str | None, typer.Option(help="What the framework is called; else as the file says, or the file's name.")
    ] = None,
    new: Annotated[
        bool,
        typer.Option(
            "--new", help="A framework of its own, though a file of its kind with the same codes came before."
        ),
    ] = False,
    related: Annotated[
        bool | None,
        typer.Option(
            "--related-as-prerequisites/--related-as-related",
            help="Moodle's cross references: the one that stands first in the file comes before, or only belongs to the other.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import a competency framework, or a newer version of one; prints how many are added, updated, unchanged, refused."""
    from lti_tool.competencies.commands import Imported  # noqa: PLC0415 (the other commands do not need it)
    from lti_tool.competencies.commands import import_competencies as carry_out  # noqa: PLC0415
    from lti_tool.competencies.importing import Wish  # noqa: PLC0415

    wish = Wish(title=title or "", title_if_none=file.stem, as_new=new, related_as_prerequisites=related)

    async def work(database: Database) -> Imported:
        return await carry_out(database, SystemClock(), file, organisation=organisation, wish=wish)

    done = with_database(load_settings(), work)
    for trouble in done.troubles:
        typer.echo(trouble, err=True)
    if as_json:
        typer.echo(json.dumps(done.as_json(), indent=2, ensure_ascii=False))
        return
    for line in done.lines:
        typer.echo(line)


@admin_commands.command("link")
def admin_link() -> None:
    """Print a link that signs the installation's owner in to the console: once, within 15 minutes."""
    from lti_tool.admin.owners import make_link, sign_in_address  # noqa: PLC0415 (brings the pages' parts)

    settings = load_settings()

    async def work(database: Database) -> str:
        async with database.writing() as session:
            return await make_link(session, SystemClock().now(), actor="command line")

    typer.echo(sign_in_address(settings.base_url, with_database(settings, work)))
