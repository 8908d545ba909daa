"""Connecting an LMS by hand: the values its forms ask for, the steps as its administrator sees them, and the way back.

One source for the command ``lti-tool platform config``, for ``/lti/config/canvas.json`` and for the pages in
``docs/register``. Menu names are the English ones of Canvas 2026, Moodle 4.5, Schoology's app publisher, Blackboard Ultra,
Brightspace's LTI Advantage pages, Sakai 25 and Open edX's LTI consumer 11.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lti_tool.lti.models import Family
from lti_tool.lti.tool_description import TOOL_ID, ToolConfiguration, tool_configuration
from lti_tool.platforms import quirks
from lti_tool.settings import Settings

_YOURS = "<…>"


@dataclass(frozen=True, slots=True)
class Back:
    """What this tool has to be told of the LMS afterwards; ``<…>`` stands for what only the LMS shows."""

    issuer: str
    auth_login_url: str
    token_url: str
    jwks_url: str
    token_audience: str | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class ByHand:
    """Everything about connecting one LMS by hand. ``values`` are by the label of the LMS's field, in its form's order."""

    title: str
    values: Mapping[str, str]
    steps: tuple[str, ...]
    back: Back
    note: str = ""


def canvas_developer_key(tool: ToolConfiguration) -> dict[str, Any]:
    """The JSON of a Canvas LTI developer key (Canvas's documentation "Manually Configuring LTI Advantage Tools")."""
    members = quirks(Family.CANVAS)
    placements = [
        {
            "placement": one.name,
            "message_type": one.message,
            "target_link_uri": tool.launch_url,
            "text": one.label,
            **one.settings,
        }
        for one in members.placements()
    ]
    return {
        "title": tool.name,
        "description": tool.description,
        "oidc_initiation_url": tool.login_url,
        "target_link_uri": tool.launch_url,
        "public_jwk_url": tool.jwks_url,
        "scopes": [*tool.scopes],
        "custom_fields": dict(tool.custom),
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": tool.domain,
                "tool_id": TOOL_ID,
                "privacy_level": "name_only",
                "settings": {"text": tool.name, "icon_url": tool.icon_url, "placements": placements},
            }
        ],
    }


def by_hand(settings: Settings, family: Family) -> ByHand:
    """How this LMS is connected by hand to the tool at the settings' base URL."""
    tool = tool_configuration(settings, quirks(family))
    return _MAKERS[family](tool)


def add_command(family: Family, back: Back) -> str:
    """The command that tells this tool what the LMS answered, with what is known already filled in."""
    lines = [
        "lti-tool platform add --name 'My school'",
        f"--lms {family.value}",
        f"--issuer '{back.issuer}'",
        f"--client-id '{_YOURS}'",
        f"--auth-login-url '{back.auth_login_url}'",
        f"--token-url '{back.token_url}'",
        f"--jwks-url '{back.jwks_url}'",
        f"--deployment-id '{_YOURS}'",
    ]
    if back.token_audience:
        lines.append(f"--token-audience '{back.token_audience}'")
    if back.shared:
        lines.append("--shared --organisation 'My school'")
    return " \\\n  ".join(lines)


def page(settings: Settings, family: Family) -> str:
    """The page of this LMS in ``docs/register``, as Markdown."""
    found = by_hand(settings, family)
    values = "\n".join(_item(label, value) for label, value in found.values.items())
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(found.steps, 1))
    parts = [
        f"# Connecting {found.title} by hand",
        f"In the values below `{settings.base_url}` stands for your tool's address; "
        f"`lti-tool platform config {family.value}` prints them with yours.",
        found.note,
        "## Steps",
        steps,
        "## Values to paste",
        values.strip(),
        "## What comes back",
        f"Replace each `{_YOURS}` by what {found.title} shows you, and run:",
        f"```sh\n{add_command(family, found.back)}\n```",
        "Then `lti-tool doctor` says whether both sides can reach each other, and what to change where they cannot.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _item(label: str, value: str) -> str:
    if "\n" not in value:
        return f"- {label}: `{value}`"
    indented = value.replace("\n", "\n  ")
    return f"- {label}:\n\n  ```\n  {indented}\n  ```\n"


def _custom(tool: ToolConfiguration, joint: str = "\n") -> str:
    return joint.join(f"{name}={value}" for name, value in tool.custom.items())


def _canvas(tool: ToolConfiguration) -> ByHand:
    return ByHand(
        "Canvas",
        {
            "Enter URL": tool.base_url + "/lti/config/canvas.json",
            "Redirect URIs": tool.launch_url,
        },
        (
            "As an account administrator open *Admin*, your account, *Developer Keys*, *+ Developer Key*, *+ LTI Key*.",
            "Give the key a name and its *Redirect URIs* from below. As *Method* choose *Enter URL* and paste the address "
            "below; *Paste JSON* with the output of `lti-tool platform config canvas` does the same.",
            "Save. In the list switch the key's state to *ON* and copy its number from the column *Details*: that is the "
            "client id.",
            "Open *Settings*, *Apps*, *View App Configurations*, *+ App*; as *Configuration Type* choose *By Client ID*, paste "
            "the number and install.",
            "In the new app's gear menu choose *Deployment Id* and copy it.",
            "Run the command below. Then, in a course, show the tool under *Settings*, *Navigation*.",
        ),
        Back(
            "https://canvas.instructure.com",
            "https://sso.canvaslms.com/api/lti/authorize_redirect",
            "https://sso.canvaslms.com/login/oauth2/token",
            "https://sso.canvaslms.com/api/lti/security/jwks",
        ),
        "A registration link (`lti-tool platform invite --lms canvas`) is quicker. On a Canvas of your own, the three "
        "addresses begin with its own address instead of `https://sso.canvaslms.com`; its issuer is `lti_iss` of its "
        "`security.yml`.",
    )


def _moodle(tool: ToolConfiguration) -> ByHand:
    site = "https://<your Moodle>"
    return ByHand(
        "Moodle",
        {
            "Tool name": tool.name,
            "Tool URL": tool.launch_url,
            "LTI version": "LTI 1.3",
            "Public key type": "Keyset URL",
            "Public keyset": tool.jwks_url,
            "Initiate login URL": tool.login_url,
            "Redirection URI(s)": tool.launch_url,
            "Custom parameters": _custom(tool),
            "Content Selection URL": tool.launch_url,
            "IMS LTI Assignment and Grade Services": "Use this service for grade sync and column management",
            "IMS LTI Names and Role Provisioning": "Use this service to retrieve members' information",
            "Share launcher's name with tool": "Always",
            "Share launcher's email with tool": "Never",
            "Accept grades from the tool": "Delegate to teacher",
        },
        (
            "Open *Site administration*, *Plugins*, *Activity modules*, *External tool*, *Manage tools*, and choose *configure "
            "a tool manually*.",
            "Fill in the values below, tick *Supports Deep Linking*, and set *Tool configuration usage* to *Show in activity "
            "chooser and as a preconfigured tool*.",
            "Where browsers block cookies in frames, set *Default launch container* to *New window*.",
            "Save. On the tool's card choose *View configuration details*: it shows the platform id, the client id, the "
            "deployment id and the addresses.",
            "Run the command below.",
        ),
        Back(site, f"{site}/mod/lti/auth.php", f"{site}/mod/lti/token.php", f"{site}/mod/lti/certs.php"),
        "A registration link (`lti-tool platform invite --lms moodle`) is quicker: paste it as *Tool URL* in *Manage tools* and "
        "activate the tool afterwards.",
    )


def _schoology(tool: ToolConfiguration) -> ByHand:
    host = "https://lti-service.svc.schoology.com/lti-service"
    return ByHand(
        "Schoology",
        {
            "Name": tool.name,
            "Description": tool.description,
            "Type of App": "LTI 1.3",
            "Can be installed for": "Course",
            "Configuration Type": "Manual",
            "Privacy": "Send user name; the e-mail address is not needed",
            "LTI Advantage": "Deep Linking; Assignment and Grade Services; Names and Roles; "
            "Use Unique Lineitem Identifiers for Linked Sections",
            "JWKS URL": tool.jwks_url,
            "OIDC Login Init URL": tool.login_url,
            "Redirect URLs": tool.launch_url,
            "Domain/URL": tool.launch_url,
            "Custom Parameters": _custom(tool),
        },
        (
            "Open *app.schoology.com/apps/publisher* and choose *Add App*. *Only people in my school* needs no review.",
            "Fill in the values below and choose the placement *Course Materials*.",
            "In the app's *Options*, *API Info* shows the client id, a number of about ten digits.",
            "Install the app: *Install LTI 1.3 App*, *Add to Organization*; then *Organization Apps*, *Configure* shows the "
            "deployment id, two numbers joined by a hyphen.",
            "Run the command below. Then install the app to the courses that should use it.",
        ),
        Back(
            "https://schoology.schoology.com",
            f"{host}/authorize-redirect",
            f"{host}/access-token",
            f"{host}/.well-known/jwks",
            shared=True,
        ),
        "All schools on Schoology share one issuer, and an app that several districts install has one client id: each district "
        "is a deployment. One that launches before it is known here waits until you accept it (`lti-tool platform accept`).",
    )


def _blackboard(tool: ToolConfiguration) -> ByHand:
    portal = "https://developer.anthology.com/api/v1/gateway"
    return ByHand(
        "Blackboard",
        {
            "Application Name": tool.name,
            "Description": tool.description,
            "Domain(s)": tool.domain,
            "My Integration supports LTI 1.3": "on",
            "Login Initiation URL": tool.login_url,
            "Tool Redirect URL(s)": tool.launch_url,
            "Tool JWKS URL": tool.jwks_url,
            "Custom Parameters": _custom(tool),
        },
        (
            "Whoever runs this tool registers it once in the developer portal, *developer.anthology.com*, *My Apps*, *+*, with "
            "the values below; the *Application ID* is the client id of every school.",
            "In Blackboard open *Administrator*, *Integrations*, *LTI Tool Providers*, *Register LTI 1.3/Advantage Tool* and "
            "paste the client id.",
            "Approve it. Under *Institution Policies* allow role, name, grade service access and membership service access; an "
            "e-mail address is not needed. Copy the *Deployment ID*.",
            "In the tool's menu choose *Manage Placements*, *Create Placement*: a *Course tool* with the *Target Link URI* "
            f"`{tool.launch_url}`.",
            "Run the command below.",
        ),
        Back(
            "https://blackboard.com",
            f"{portal}/oidcauth",
            f"{portal}/oauth2/jwttoken",
            "https://developer.anthology.com/.well-known/jwks.json",
            shared=True,
        ),
        "All schools share one issuer and one client id: each school is a deployment. One that launches before it is known here "
        "waits until you accept it (`lti-tool platform accept`).",
    )


def _brightspace(tool: ToolConfiguration) -> ByHand:
    site = "https://<your Brightspace>"
    return ByHand(
        "Brightspace",
        {
            "Name": tool.name,
            "Domain": tool.base_url,
            "Redirect URLs": tool.launch_url,
            "OpenID Connect Login URL": tool.login_url,
            "Target Link URI": tool.launch_url,
            "Keyset URL": tool.jwks_url,
            "Extensions": "Assignment and Grade Services; Names and Role Provisioning Services; Deep Linking",
            "Substitution parameters": _custom(tool),
        },
        (
            "Open *Admin Tools*, *Manage Extensibility*, *LTI Advantage*, *Register Tool*, *Standard*, and fill in the values "
            "below.",
            "Register. The page then shows the client id and the addresses of your Brightspace.",
            "Choose *View Deployments*, *New Deployment*: the tool, its extensions, and of the user's data the names only; "
            "choose the courses. Copy the *Deployment ID*.",
            "In the deployment choose *View Links*, *New Link*, with the URL of the Target Link URI and the type *Basic "
            "Launch*.",
            "Run the command below.",
        ),
        Back(
            site,
            f"{site}/d2l/lti/authenticate",
            "https://auth.brightspace.com/core/connect/token",
            f"{site}/d2l/.well-known/jwks",
            token_audience="https://api.brightspace.com/auth/token",  # noqa: S106 - an address, no password.
        ),
        "A registration link (`lti-tool platform invite --lms brightspace`) is quicker.",
    )


def _sakai(tool: ToolConfiguration) -> ByHand:
    site = "https://<your Sakai>"
    return ByHand(
        "Sakai",
        {
            "Tool Title": tool.name,
            "Launch URL": tool.launch_url,
            "LTI 1.3 Tool Keyset URL": tool.jwks_url,
            "LTI 1.3 Tool OpenID Connect/Initialization Endpoint": tool.login_url,
            "LTI 1.3 Tool Redirect Endpoint(s)": tool.launch_url,
            "Privacy": "Send User Names to External Tool",
            "Services": "Provide Roster; Send Grades; Allow the tool to be one of the assessment types",
            "Custom parameters": _custom(tool),
        },
        (
            "As an administrator open the *External Tools* site tool and choose *Install LTI 1.x Tool*.",
            "Fill in the values below, choose *LTI 1.3*, and save.",
            "Open the tool's details again: they show the client id, the deployment id (usually 1) and the addresses; the "
            "token address ends in the tool's number.",
            "Run the command below.",
        ),
        Back(
            site,
            f"{site}/imsoidc/lti13/oidc_auth",
            f"{site}/imsblis/lti13/token/{_YOURS}",
            f"{site}/imsblis/lti13/keyset",
        ),
        "A registration link (`lti-tool platform invite --lms sakai`) is quicker.",
    )


def _openedx(tool: ToolConfiguration) -> ByHand:
    site = "https://<your LMS>"
    return ByHand(
        "Open edX",
        {
            "LTI Version": "LTI 1.3",
            "Tool Launch URL": tool.launch_url,
            "Tool Initiate Login URL": tool.login_url,
            "Registered Redirect URIs": f'["{tool.launch_url}"]',
            "Tool Public Key Mode": "Keyset URL",
            "Tool Keyset URL": tool.jwks_url,
            "Deep linking": "True",
            "Deep Linking Launch URL": tool.launch_url,
            "LTI Assignment and Grades Service": "Programmatic",
            "Enable LTI NRPS": "True",
            "Scored": "True",
            "Request user's full name": "True",
        },
        (
            'In Studio\'s *Advanced Settings* add `"lti_consumer"` to the *Advanced Module List*.',
            "Add a unit, in it an *Advanced*, *LTI Consumer* block, choose *Edit* and fill in the values below.",
            "Save. The block then shows the client id, the deployment id and the addresses, which hold the client id.",
            "Run the command below, once for each block: each has a client id of its own, unless your site reuses one "
            "configuration.",
        ),
        Back(
            site,
            f"{site}/api/lti_consumer/v1/launch/",
            f"{site}/api/lti_consumer/v1/token/{_YOURS}",
            f"{site}/api/lti_consumer/v1/public_keysets/{_YOURS}",
        ),
    )


def _other(tool: ToolConfiguration) -> ByHand:
    return ByHand(
        "another LMS",
        {
            "Name": tool.name,
            "Description": tool.description,
            "Login initiation URL": tool.login_url,
            "Target link URI (launch URL)": tool.launch_url,
            "Redirect URI": tool.launch_url,
            "Key set URL (JWKS)": tool.jwks_url,
            "Domain": tool.domain,
            "Services": "Assignment and Grade Services with line items; Names and Role Provisioning Services; Deep Linking",
            "Privacy": "names; the e-mail address is not needed",
            "Custom parameters": _custom(tool),
        },
        (
            "Register an LTI 1.3 tool in your LMS with the values below.",
            "Look up what the LMS shows of itself: issuer (platform id), client id, deployment id, and the addresses for "
            "authorization, tokens and keys.",
            "Run the command below.",
        ),
        Back(_YOURS, _YOURS, _YOURS, _YOURS),
        "If your LMS knows Dynamic Registration, a link made by `lti-tool platform invite` is quicker.",
    )


_MAKERS = {
    Family.CANVAS: _canvas,
    Family.MOODLE: _moodle,
    Family.SCHOOLOGY: _schoology,
    Family.BLACKBOARD: _blackboard,
    Family.BRIGHTSPACE: _brightspace,
    Family.SAKAI: _sakai,
    Family.OPENEDX: _openedx,
    Family.OTHER: _other,
}
