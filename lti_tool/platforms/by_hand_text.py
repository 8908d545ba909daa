"""Connecting by hand as text: the pages in ``docs/register`` and the command that tells this tool what came back."""

from lti_tool.lti.invites import WITHOUT_DYNAMIC_REGISTRATION
from lti_tool.lti.models import Family
from lti_tool.platforms.by_hand import YOURS, Back, by_hand
from lti_tool.settings import Settings


def add_command(family: Family, back: Back) -> str:
    """The command that tells this tool what the LMS answered, with what is known already filled in."""
    lines = [
        "lti-tool platform add --name 'My school'",
        f"--lms {family.value}",
        f"--issuer '{back.issuer}'",
        f"--client-id '{YOURS}'",
        f"--auth-login-url '{back.auth_login_url}'",
        f"--token-url '{back.token_url}'",
        f"--jwks-url '{back.jwks_url}'",
        f"--deployment-id '{YOURS}'",
    ]
    if back.token_audience:
        lines.append(f"--token-audience '{back.token_audience}'")
    if back.shared:
        lines.append("--shared --organisation 'My school'")
    return " \\\n  ".join(lines)


def page(settings: Settings, family: Family) -> str:
    """The page of this LMS in ``docs/register``, as Markdown."""
    found = by_hand(settings, family)
    printed = "the tool's JSON" if family is Family.CANVAS else "them"
    quicker = (
        ""
        if family in WITHOUT_DYNAMIC_REGISTRATION
        else f"[A registration link](../registration.md) (`lti-tool platform invite --lms {family.value}`) is quicker"
        + (", where your LMS knows Dynamic Registration." if family is Family.OTHER else ".")
    )
    values = "\n".join(_item(label, value) for label, value in found.values.items())
    last = " ".join(part for part in ("Run the command below.", found.after) if part)
    steps = "\n".join(f"{number}. {step % found.fields}" for number, step in enumerate((*found.steps, last), 1))
    parts = [
        f"# Connecting {found.title} by hand",
        f"The console has this page with your values, a copy button for each, and the form for what comes back: open "
        f"*Administration*, *Connect* there, or `/admin/connect/{family.value}`.",
        f"In the values below `{settings.base_url}` stands for your tool's address; "
        f"`lti-tool platform config {family.value}` prints {printed} with yours.",
        quicker,
        found.note,
        "## Steps",
        steps,
        "## Values to paste",
        values.strip(),
        "## What comes back",
        f"Replace each `{YOURS}` by what {found.title} shows you, and run:",
        f"```sh\n{add_command(family, found.back)}\n```",
        "Then `lti-tool doctor` says whether both sides can reach each other, and what to change where they cannot.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _item(label: str, value: str) -> str:
    if "\n" not in value:
        return f"- {label}: `{value}`"
    indented = value.replace("\n", "\n  ")
    return f"- {label}:\n\n  ```\n  {indented}\n  ```\n"
