"""``lti-tool organisation …`` and ``lti-tool platform …``: schools, the LMSs that may launch the tool, and their deployments."""

import json
import sys
import uuid
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lti_tool.clock import SystemClock
from lti_tool.db.commands import AsJson, print_rows, with_database
from lti_tool.db.session import Database
from lti_tool.errors import NotFound
from lti_tool.lti import deployments, invites, registrations
from lti_tool.lti.models import Family
from lti_tool.settings import load_settings

if TYPE_CHECKING:
    from lti_tool.admin.moving import Plan

organisation_commands = typer.Typer(help="The schools (tenants) of this installation.", no_args_is_help=True)
platform_commands = typer.Typer(help="The LMSs that may launch this tool.", no_args_is_help=True)

Organisation = Annotated[
    str | None, typer.Option("--organisation", help="The school's id or name; without it, the installation's first.")
]


@organisation_commands.command("add")
def organisation_add(name: str) -> None:
    """Add a school; prints its id."""

    async def work(database: Database) -> str:
        async with database.writing() as session:
            return str(
                (await registrations.add_organisation(session, name, SystemClock().now(), actor="command line")).id
            )

    typer.echo(with_database(load_settings(), work))


@organisation_commands.command("list")
def organisation_list(as_json: AsJson = False) -> None:
    """List the schools."""

    async def work(database: Database) -> list[dict[str, Any]]:
        async with database.reading() as session:
            return [{"id": str(one.id), "name": one.name} for one in await registrations.organisations(session)]

    print_rows(with_database(load_settings(), work), as_json, "no organisation yet")


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

    typer.echo(with_database(settings, work))


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

    following = with_database(settings, work)
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

    left = with_database(settings, work)
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

    print_rows(with_database(load_settings(), work), as_json, "no platform yet: see `lti-tool platform add --help`")


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

    row = with_database(load_settings(), work)
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

    typer.echo(invites.invite_address(settings.base_url, with_database(settings, work)))


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

    print_rows(with_database(load_settings(), work), as_json, "no open invite: see `lti-tool platform invite --help`")


@platform_commands.command("revoke-invite")
def platform_revoke_invite(invite_id: str) -> None:
    """Make a registration link useless."""

    async def work(database: Database) -> None:
        async with database.writing() as session:
            await invites.revoke_invite(session, invite_id, SystemClock().now(), actor="command line")

    with_database(load_settings(), work)
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

    print_rows(with_database(load_settings(), work), as_json, "no deployment yet")


@platform_commands.command("accept")
def platform_accept(deployment: str, organisation: Organisation = None) -> None:
    """Let a deployment in, as the school's that it belongs to; DEPLOYMENT is the id that `platform deployments` lists."""

    async def work(database: Database) -> str:
        now = SystemClock().now()
        async with database.writing() as session:
            school = await registrations.find_organisation(session, organisation, now)
            accepted = await deployments.accept(session, _as_id(deployment), school.id, "command line", now)
            return f"accepted {accepted.deployment_id} for {school.name}"

    typer.echo(with_database(load_settings(), work))


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

    with_database(load_settings(), work)
    typer.echo(f"{'enabled' if enabled else 'disabled'} {platform_id}")


@platform_commands.command("move")
def platform_move(
    platform_id: str,
    issuer: Annotated[
        str, typer.Option(help="The issuer that the LMS has now; without it the issuer stays, as of a hosted Canvas.")
    ] = "",
    old_base: Annotated[
        str, typer.Option(help="What the LMS's addresses began with; without it, the issuer it had.")
    ] = "",
    new_base: Annotated[str, typer.Option(help="What they begin with now; without it, the new issuer.")] = "",
    auth_login_url: Annotated[str, typer.Option(help="Where it does not follow from the beginnings.")] = "",
    token_url: Annotated[str, typer.Option(help="The same for the token address.")] = "",
    jwks_url: Annotated[str, typer.Option(help="The same for the key set.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Say that an LMS has another address: its people, courses, columns and evidence stay, and are found there."""
    from lti_tool.admin import moving  # noqa: PLC0415 (brings every room)

    settings = load_settings()
    wish = moving.Wish(issuer, old_base, new_base, auth_login_url, token_url, jwks_url)

    async def look(database: Database) -> list[str]:
        async with database.reading() as session:
            found = (await registrations.platform(session, platform_id)).registration
            return _move_lines(await moving.plan(session, found, wish, settings))

    async def work(database: Database) -> None:
        async with database.writing() as session:
            await moving.move(session, _as_id(platform_id), wish, settings, "command line", SystemClock().now())

    for line in with_database(settings, look):
        typer.echo(line)
    if dry_run:
        return
    if not yes:
        typer.confirm("Move it? Whoever is in has to open the tool anew", abort=True)
    with_database(settings, work)
    typer.echo(f"moved {platform_id}")


def _move_lines(plan: "Plan") -> list[str]:
    lines = [f"{name.replace('_', '-')}: {before} becomes {after}" for name, before, after in plan.changed]
    lines.append(f"addresses: {plan.bases.old}… become {plan.bases.new}…")
    lines += [f"  {count} of {name}" for name, count in plan.counts.items() if count]
    if plan.too_long:
        lines.append(f"  {plan.too_long} would be too long and stay")
    if plan.api is not None:
        lines.append(f"own API: {plan.api[0]} becomes {plan.api[1]}")
    lines.append(f"stays: {plan.courses} courses, {plan.people} people, with all they have")
    lines += [f"at the old issuer stays, to be moved by itself: {name}" for name in plan.others]
    return lines


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

    name = with_database(settings, look)
    if not yes:
        typer.confirm(f"Remove {name!r} with its courses, playlists and scores?", abort=True)
    left = with_database(settings, work)
    typer.echo(f"removed {platform_id}")
    _say_what_is_left(left)


def _say_what_is_left(left: int) -> None:
    if left:
        typer.echo(
            f"the LMS did not answer for {left} accesses that people gave: delete the tool's key there", err=True
        )


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
