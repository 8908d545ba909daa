"""The ``lti-tool`` command. Exits 0 on success, 1 on a failure it explains in one line, 2 on wrong usage."""

import asyncio
import json
import sys
import uuid
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from sqlalchemy.exc import OperationalError

from lti_tool import __version__
from lti_tool.clock import SystemClock
from lti_tool.db import migrate
from lti_tool.db.session import Database
from lti_tool.errors import NotFound, ToolError, WrongSetting
from lti_tool.logs import set_up_logging
from lti_tool.lti import deployments, invites, registrations
from lti_tool.lti.models import Family
from lti_tool.mastery.commands import mastery_commands
from lti_tool.mastery.gradebook_commands import import_evidence
from lti_tool.settings import Settings, load_settings

Result = TypeVar("Result")

cli = typer.Typer(
    help="Playlists, choice menus and mastery tracking inside an LMS, over LTI 1.3 Advantage.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
database_commands = typer.Typer(help="The database's migrations.", no_args_is_help=True)
key_commands = typer.Typer(help="The tool's signing keys.", no_args_is_help=True)
organisation_commands = typer.Typer(help="The schools (tenants) of this installation.", no_args_is_help=True)
platform_commands = typer.Typer(help="The LMSs that may launch this tool.", no_args_is_help=True)
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

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Organisation = Annotated[
    str | None, typer.Option("--organisation", help="The school's id or name; without it, the installation's first.")
]


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
    _demand_migrations(settings)
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
    _demand_migrations(settings)
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

    checks = _with_database(settings, work)
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

    applied = _with_database(load_settings(), work)
    typer.echo(f"applied: {', '.join(applied)}" if applied else "up to date")


@database_commands.command("check")
def database_check() -> None:
    """Say whether migrations are missing; exit 1 if so."""
    lacking = _missing(load_settings())
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
    _print_rows(rows, as_json, "no key yet: the first is made when the tool starts")


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


@organisation_commands.command("add")
def organisation_add(name: str) -> None:
    """Add a school; prints its id."""

    async def work(database: Database) -> str:
        async with database.writing() as session:
            return str(
                (await registrations.add_organisation(session, name, SystemClock().now(), actor="command line")).id
            )

    typer.echo(_with_database(load_settings(), work))


@organisation_commands.command("list")
def organisation_list(as_json: AsJson = False) -> None:
    """List the schools."""

    async def work(database: Database) -> list[dict[str, Any]]:
        async with database.reading() as session:
            return [{"id": str(one.id), "name": one.name} for one in await registrations.organisations(session)]

    _print_rows(_with_database(load_settings(), work), as_json, "no organisation yet")


@platform_commands.command("add")
def platform_add(
    name: Annotated[str, typer.Option(help="What you call it; need not be unique.")],
    issuer: Annotated[str, typer.Option(help="The platform's issuer (iss).")],
    client_id: Annotated[str, typer.Option(help="The client id the platform gave this tool.")],
    auth_login_url: Annotated[str, typer.Option(help="The OIDC authorization address.")],
    token_url: Annotated[str, typer.Option(help="The OAuth 2 token address.")],
    jwks_url: Annotated[str, typer.Option(help="The platform's key set.")],
    deployment_id: Annotated[
        list[str] | None,
        typer.Option(help="A deployment id; repeat for several. Only a shared platform can do without."),
    ] = None,
    organisation: Organisation = None,
    shared: Annotated[
        bool,
        typer.Option("--shared", help="Several schools launch with this client id, as in Schoology or Blackboard."),
    ] = False,
    token_audience: Annotated[
        str | None, typer.Option(help="The audience of token requests, where it is not the token address.")
    ] = None,
    lms: Annotated[Family, typer.Option(help="Which LMS it is.")] = Family.OTHER,
) -> None:
    """Register a platform by hand; prints its id."""
    settings = load_settings()

    async def work(database: Database) -> str:
        now = SystemClock().now()
        async with database.writing() as session:
            school = None
            if organisation is not None or not shared:
                school = await registrations.find_organisation(session, organisation, now)
            added = await registrations.add_platform(
                session,
                now,
                organisation=school,
                name=name,
                issuer=issuer,
                client_id=client_id,
                auth_login_url=auth_login_url,
                token_url=token_url,
                jwks_url=jwks_url,
                deployment_ids=deployment_id or [],
                settings=settings,
                token_audience=token_audience,
                lms=lms,
                shared=shared,
                actor="command line",
            )
            return str(added.registration.id)

    typer.echo(_with_database(settings, work))


@platform_commands.command("connect")
def platform_connect(
    platform_id: str,
    api_url: Annotated[
        str,
        typer.Option(
            help="Where the LMS's own API is, such as https://school.instructure.com or https://api.schoology.com."
        ),
    ],
    client_id: Annotated[
        str | None, typer.Option(help="The id of an API key (Canvas) or consumer key (Schoology); without it, a token.")
    ] = None,
    by_teachers: Annotated[
        bool, typer.Option("--by-teachers", help="With a key: each teacher gives access to their own courses.")
    ] = False,
    site_url: Annotated[
        str | None, typer.Option(help="With a key of Schoology and teachers: the host on which they sign in.")
    ] = None,
    dates: Annotated[
        bool,
        typer.Option("--dates/--no-dates", help="With a key: also ask for the right to set dates for single students."),
    ] = True,
    organisation: Organisation = None,
) -> None:
    """Let the tool into the LMS's own API: the token, or the key's secret, is read from standard input and kept encrypted."""
    from lti_tool.content.access import commands  # noqa: PLC0415 (the other commands do not need it)
    from lti_tool.content.access.connecting import Wanted  # noqa: PLC0415
    from lti_tool.platforms.native import Capability  # noqa: PLC0415

    if client_id is None and (by_teachers or site_url is not None):
        raise typer.BadParameter("--by-teachers and --site-url go with --client-id")
    settings = load_settings()
    asked = "API token" if client_id is None else "Secret of the key"
    secret = typer.prompt(asked, hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().strip()
    wanted = Wanted(
        api_url,
        token=secret if client_id is None else "",
        client_id=client_id,
        client_secret=secret if client_id is not None else "",
        by_teachers=by_teachers,
        site_url=site_url or "",
        unwanted=() if dates or client_id is None else (Capability.STUDENT_ACCESS,),
    )

    async def work(database: Database) -> str:
        return await commands.connect(database, settings, SystemClock(), platform_id, organisation, wanted)

    following = _with_database(settings, work)
    typer.echo(f"connected {platform_id}")
    typer.echo(following, err=True)


@platform_commands.command("disconnect")
def platform_disconnect(
    platform_id: str,
    organisation: Organisation = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """End the access to the LMS's own API: secrets and consents are deleted; what was read stays."""
    from lti_tool.content.access import commands  # noqa: PLC0415
    from lti_tool.lti.http import make_client  # noqa: PLC0415

    settings = load_settings()
    if not yes:
        typer.confirm("Delete its secrets and every consent?", abort=True)

    async def work(database: Database) -> int:
        async with make_client(settings) as http:
            return await commands.disconnect(database, settings, http, SystemClock(), platform_id, organisation)

    left = _with_database(settings, work)
    typer.echo(f"disconnected {platform_id}")
    _say_what_is_left(left)


@platform_commands.command("config")
def platform_config(
    lms: Family,
    api: Annotated[
        bool, typer.Option("--api", help="Only what is entered for the LMS's own API: scopes, functions, addresses.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print what to paste by hand into an LMS: JSON for Canvas, a labelled list for the others."""
    from lti_tool.content.access.commands import as_lines, entered_in  # noqa: PLC0415 (brings the protocol)
    from lti_tool.lti.tool_description import tool_configuration  # noqa: PLC0415
    from lti_tool.platforms import quirks  # noqa: PLC0415
    from lti_tool.platforms.by_hand import by_hand  # noqa: PLC0415
    from lti_tool.platforms.by_hand_text import add_command  # noqa: PLC0415
    from lti_tool.platforms.canvas_key import canvas_developer_key  # noqa: PLC0415

    settings = load_settings()
    entered = entered_in(lms, settings)
    if api:
        typer.echo(json.dumps(entered, indent=2) if as_json else "\n".join(as_lines(entered)))
        return
    if lms is Family.CANVAS:
        typer.echo(json.dumps(canvas_developer_key(tool_configuration(settings, quirks(lms))), indent=2))
        # Beside the JSON, not in it: what is pasted into the form of the LTI key is read from standard output.
        typer.echo("\n".join(("\nFor an API key, beside this LTI key:", *as_lines(entered))), err=True)
        return
    found = by_hand(settings, lms)
    if as_json:
        typer.echo(json.dumps(dict(found.values), indent=2))
        return
    for label, value in found.values.items():
        typer.echo(f"{label}:\n  " + value.replace("\n", "\n  "))
    if entered:
        typer.echo("\n".join(("\nFor its own API:", *as_lines(entered))))
    typer.echo(f"\nThen tell this tool what the LMS shows you:\n{add_command(lms, found.back)}")


@platform_commands.command("list")
def platform_list(as_json: AsJson = False) -> None:
    """List the platforms."""

    async def work(database: Database) -> list[dict[str, Any]]:
        async with database.reading() as session:
            return [_platform_row(one) for one in await registrations.platforms(session)]

    _print_rows(_with_database(load_settings(), work), as_json, "no platform yet: see `lti-tool platform add --help`")


@platform_commands.command("show")
def platform_show(platform_id: str, as_json: AsJson = False) -> None:
    """Show one platform with all its addresses."""

    async def work(database: Database) -> dict[str, Any]:
        async with database.reading() as session:
            found = await registrations.platform(session, platform_id)
            return _platform_row(found) | {
                "auth_login_url": found.registration.auth_login_url,
                "token_url": found.registration.token_url,
                "token_audience": found.registration.token_audience,
                "jwks_url": found.registration.jwks_url,
            }

    row = _with_database(load_settings(), work)
    if as_json:
        typer.echo(json.dumps(row, indent=2))
        return
    for label, value in row.items():
        typer.echo(f"{label}: {', '.join(value) if isinstance(value, list) else value}")


@platform_commands.command("invite")
def platform_invite(
    organisation: Organisation = None,
    lms: Annotated[Family, typer.Option(help="Which LMS it is for.")] = Family.OTHER,
    expires: Annotated[str, typer.Option(help="How long the link works: 30m, 12h or 7d.")] = "7d",
    platform_id: Annotated[
        str | None, typer.Option("--platform", help="The id of a platform to register again, keeping its courses.")
    ] = None,
) -> None:
    """Print a one-time link that an LMS's administrator pastes into the LMS (LTI Dynamic Registration)."""
    settings = load_settings()
    life = invites.read_life(expires)

    async def work(database: Database) -> str:
        now = SystemClock().now()
        async with database.writing() as session:
            known = (await registrations.platform(session, platform_id)).registration if platform_id else None
            wanted = organisation
            if wanted is None and known is not None and known.organisation_id is not None:
                wanted = str(known.organisation_id)
            school = await registrations.find_organisation(session, wanted, now)
            _invite, code = await invites.make_invite(
                session,
                organisation_id=school.id,
                now=now,
                lms=known.lms if known is not None else lms,
                life=life,
                registration_id=known.id if known is not None else None,
                actor="command line",
            )
            return code

    typer.echo(invites.invite_address(settings.base_url, _with_database(settings, work)))


@platform_commands.command("invites")
def platform_invites(as_json: AsJson = False) -> None:
    """List the registration links that can still be used."""

    async def work(database: Database) -> list[dict[str, Any]]:
        async with database.reading() as session:
            return [
                {
                    "id": str(one.id),
                    "lms": one.lms.value,
                    "expires_at": one.expires_at.isoformat(),
                    "organisation_id": str(one.organisation_id),
                    "platform_id": str(one.registration_id) if one.registration_id else "",
                }
                for one in await invites.open_invites(session, SystemClock().now())
            ]

    _print_rows(_with_database(load_settings(), work), as_json, "no open invite: see `lti-tool platform invite --help`")


@platform_commands.command("revoke-invite")
def platform_revoke_invite(invite_id: str) -> None:
    """Make a registration link useless."""

    async def work(database: Database) -> None:
        async with database.writing() as session:
            await invites.revoke_invite(session, invite_id, SystemClock().now(), actor="command line")

    _with_database(load_settings(), work)
    typer.echo(f"revoked {invite_id}")


@platform_commands.command("deployments")
def platform_deployments(
    platform_id: Annotated[str | None, typer.Argument(help="The platform's id; without it, every platform's.")] = None,
    as_json: AsJson = False,
) -> None:
    """List where the tool was installed; those that wait for an administrator come first."""

    async def work(database: Database) -> list[dict[str, Any]]:
        async with database.reading() as session:
            found = await registrations.platform(session, platform_id) if platform_id else None
            rows = await deployments.listed(session, found.registration.id if found else None)
            return [_deployment_row(row) for row in rows]

    _print_rows(_with_database(load_settings(), work), as_json, "no deployment yet")


@platform_commands.command("accept")
def platform_accept(deployment: str, organisation: Organisation = None) -> None:
    """Let a deployment in, as the school's that it belongs to; DEPLOYMENT is the id that `platform deployments` lists."""

    async def work(database: Database) -> str:
        now = SystemClock().now()
        async with database.writing() as session:
            school = await registrations.find_organisation(session, organisation, now)
            accepted = await deployments.accept(session, _as_id(deployment), school.id, "command line", now)
            return f"accepted {accepted.deployment_id} for {school.name}"

    typer.echo(_with_database(load_settings(), work))


@platform_commands.command("disable")
def platform_disable(platform_id: str) -> None:
    """Switch a platform off without losing anything: nobody comes in, and whoever is in has to leave."""
    _switch(platform_id, enabled=False)


@platform_commands.command("enable")
def platform_enable(platform_id: str) -> None:
    """Switch a platform on again."""
    _switch(platform_id, enabled=True)


def _switch(platform_id: str, *, enabled: bool) -> None:
    async def work(database: Database) -> None:
        now = SystemClock().now()
        async with database.writing() as session:
            await registrations.switch_platform(session, platform_id, enabled, "command line", now)

    _with_database(load_settings(), work)
    typer.echo(f"{'enabled' if enabled else 'disabled'} {platform_id}")


@platform_commands.command("remove")
def platform_remove(platform_id: str, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Remove a platform and everything that was launched from it."""
    from lti_tool.content.access import commands  # noqa: PLC0415 (the other commands do not need it)
    from lti_tool.lti.http import make_client  # noqa: PLC0415

    settings = load_settings()

    async def look(database: Database) -> str:
        async with database.reading() as session:
            return (await registrations.platform(session, platform_id)).registration.name

    async def work(database: Database) -> int:
        async with make_client(settings) as http:
            return await commands.remove_platform(database, settings, http, SystemClock(), platform_id)

    name = _with_database(settings, look)
    if not yes:
        typer.confirm(f"Remove {name!r} with its courses, playlists and scores?", abort=True)
    left = _with_database(settings, work)
    typer.echo(f"removed {platform_id}")
    _say_what_is_left(left)


def _say_what_is_left(left: int) -> None:
    if left:
        typer.echo(
            f"the LMS did not answer for {left} accesses that people gave: delete the tool's key there", err=True
        )


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

    done = _with_database(load_settings(), work)
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

    typer.echo(sign_in_address(settings.base_url, _with_database(settings, work)))


def _as_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound(f"{text!r} is no id; see `lti-tool platform deployments`") from None


def _deployment_row(row: deployments.DeploymentRow) -> dict[str, Any]:
    one = row.deployment
    return {
        "id": str(one.id),
        "status": one.status.value,
        "platform": row.registration.name,
        "deployment_id": one.deployment_id,
        "described": one.described or "",
        "organisation_id": str(one.organisation_id) if one.organisation_id else "",
        "launched_at": one.launched_at.isoformat() if one.launched_at else "",
    }


def _platform_row(one: registrations.Platform) -> dict[str, Any]:
    return {
        "id": str(one.registration.id),
        "name": one.registration.name,
        "lms": one.registration.lms.value,
        "issuer": one.registration.issuer,
        "client_id": one.registration.client_id,
        "deployment_ids": [each.deployment_id for each in one.deployments],
        "enabled": one.registration.enabled,
    }


def _print_rows(rows: list[dict[str, Any]], as_json: bool, empty: str) -> None:
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    if not rows:
        typer.echo(empty, err=True)
    for row in rows:
        typer.echo("  ".join(",".join(cell) if isinstance(cell, list) else str(cell) for cell in row.values()))


def _with_database(settings: Settings, work: Callable[[Database], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        database = Database.at(settings.database_url)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def _missing(settings: Settings) -> list[str]:
    async def work(database: Database) -> list[str]:
        return await migrate.missing(database.engine)

    return _with_database(settings, work)


def _demand_migrations(settings: Settings) -> None:
    if _missing(settings):
        raise WrongSetting("the database is not up to date: run `lti-tool db upgrade` first")
