"""Connecting an LMS by hand: the values its forms ask for, the steps as its administrator sees them, and the way back.

One source for the console, for the command ``lti-tool platform config`` and for the pages in ``docs/register``. What is said
is a message id. Menu names stand between asterisks and stay as the LMS has them: they are the English ones of Canvas 2026,
Moodle 4.5, Schoology's app publisher, Blackboard Ultra, Brightspace's LTI Advantage pages, Sakai 25 and Open edX's LTI
consumer 11.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lti_tool.lti.models import Family
from lti_tool.lti.tool_description import ToolConfiguration, tool_configuration
from lti_tool.platforms import quirks
from lti_tool.settings import Settings
from lti_tool.web.i18n import N_

YOURS = "<…>"
"""Stands for what only the LMS shows."""


class Choice(str):
    """A value that is chosen or ticked in the LMS, rather than pasted."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Back:
    """What this tool has to be told of the LMS afterwards. ``shared``: all schools launch with one client id."""

    issuer: str
    auth_login_url: str
    token_url: str
    jwks_url: str
    token_audience: str | None = None
    shared: bool = False

    def known(self, field: str) -> str:
        """One of the addresses, or nothing where a part of it is the LMS's to show."""
        value = getattr(self, field) or ""
        return "" if "<" in value else value


@dataclass(frozen=True, slots=True)
class ByHand:
    """Everything about connecting one LMS by hand.

    ``values`` are by the label of the LMS's field, in its form's order. ``steps`` are what is done in the LMS, with ``fields``
    to fill in, and ``after`` what is done there once this tool has been told. ``site`` is the question for the LMS's own
    address, where the addresses of ``back`` begin with it.
    """

    title: str
    values: Mapping[str, str]
    steps: tuple[str, ...]
    back: Back
    note: str = ""
    after: str = ""
    site: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


def by_hand(settings: Settings, family: Family, site: str = "") -> ByHand:
    """How this LMS is connected by hand to the tool at the settings' base URL; ``site`` is the LMS's own address if known."""
    tool = tool_configuration(settings, quirks(family))
    return _MAKERS[family](tool, site.rstrip("/"))


def _custom(tool: ToolConfiguration, joint: str = "\n") -> str:
    return joint.join(f"{name}={value}" for name, value in tool.custom.items())


def _canvas(tool: ToolConfiguration, _site: str) -> ByHand:
    return ByHand(
        "Canvas",
        {
            "Enter URL": tool.base_url + "/lti/config/canvas.json",
            "Redirect URIs": tool.launch_url,
        },
        (
            N_(
                "As an account administrator open *Admin*, your account, *Developer Keys*, *+ Developer Key*, *+ LTI "
                "Key*."
            ),
            N_(
                "Give the key a name and its *Redirect URIs* from below. As *Method* choose *Enter URL* and paste "
                "the address below; *Paste JSON* with the tool's JSON does the same."
            ),
            N_(
                "Save. In the list switch the key's state to *ON* and copy its number from the column *Details*: "
                "that is the client id."
            ),
            N_(
                "Open *Settings*, *Apps*, *View App Configurations*, *+ App*; as *Configuration Type* choose *By "
                "Client ID*, paste the number and install."
            ),
            N_("In the new app's gear menu choose *Deployment Id* and copy it."),
        ),
        Back(
            "https://canvas.instructure.com",
            "https://sso.canvaslms.com/api/lti/authorize_redirect",
            "https://sso.canvaslms.com/login/oauth2/token",
            "https://sso.canvaslms.com/api/lti/security/jwks",
        ),
        N_(
            "On a Canvas of your own, the three addresses begin with its own address instead of "
            "`https://sso.canvaslms.com`; its issuer is `lti_iss` of its `security.yml`."
        ),
        after=N_("In a course, show the tool under *Settings*, *Navigation*."),
    )


def _moodle(tool: ToolConfiguration, site: str) -> ByHand:
    site = site or "https://<your Moodle>"
    return ByHand(
        "Moodle",
        {
            "Tool name": tool.name,
            "Tool URL": tool.launch_url,
            "LTI version": Choice("LTI 1.3"),
            "Public key type": Choice("Keyset URL"),
            "Public keyset": tool.jwks_url,
            "Initiate login URL": tool.login_url,
            "Redirection URI(s)": tool.launch_url,
            "Custom parameters": _custom(tool),
            "Content Selection URL": tool.launch_url,
            "IMS LTI Assignment and Grade Services": Choice("Use this service for grade sync and column management"),
            "IMS LTI Names and Role Provisioning": Choice("Use this service to retrieve members' information"),
            "Share launcher's name with tool": Choice("Always"),
            "Share launcher's email with tool": Choice("Never"),
            "Accept grades from the tool": Choice("Delegate to teacher"),
        },
        (
            N_(
                "Open *Site administration*, *Plugins*, *Activity modules*, *External tool*, *Manage tools*, and "
                "choose *configure a tool manually*."
            ),
            N_(
                "Fill in the values below, tick *Supports Deep Linking*, and set *Tool configuration usage* to *Show "
                "in activity chooser and as a preconfigured tool*."
            ),
            N_("Where browsers block cookies in frames, set *Default launch container* to *New window*."),
            N_(
                "Save. On the tool's card choose *View configuration details*: it shows the platform id, the client "
                "id, the deployment id and the addresses."
            ),
        ),
        Back(site, f"{site}/mod/lti/auth.php", f"{site}/mod/lti/token.php", f"{site}/mod/lti/certs.php"),
        site=N_("Address of your Moodle"),
    )


def _schoology(tool: ToolConfiguration, _site: str) -> ByHand:
    host = "https://lti-service.svc.schoology.com/lti-service"
    return ByHand(
        "Schoology",
        {
            "Name": tool.name,
            "Description": tool.description,
            "Type of App": Choice("LTI 1.3"),
            "Can be installed for": Choice("Course"),
            "Configuration Type": Choice("Manual"),
            "Privacy": Choice(N_("Send user name; the e-mail address is not needed")),
            "LTI Advantage": Choice(
                "Deep Linking; Assignment and Grade Services; Names and Roles; "
                "Use Unique Lineitem Identifiers for Linked Sections"
            ),
            "JWKS URL": tool.jwks_url,
            "OIDC Login Init URL": tool.login_url,
            "Redirect URLs": tool.launch_url,
            "Domain/URL": tool.launch_url,
            "Custom Parameters": _custom(tool),
        },
        (
            N_(
                "Open *app.schoology.com/apps/publisher* and choose *Add App*. *Only people in my school* needs no "
                "review."
            ),
            N_("Fill in the values below and choose the placement *Course Materials*."),
            N_("In the app's *Options*, *API Info* shows the client id, a number of about ten digits."),
            N_(
                "Install the app: *Install LTI 1.3 App*, *Add to Organization*; then *Organization Apps*, "
                "*Configure* shows the deployment id, two numbers joined by a hyphen."
            ),
        ),
        Back(
            "https://schoology.schoology.com",
            f"{host}/authorize-redirect",
            f"{host}/access-token",
            f"{host}/.well-known/jwks",
            shared=True,
        ),
        N_(
            "All schools on Schoology share one issuer, and an app that several districts install has one client id: "
            "each district is a deployment. One that launches before it is known here waits until it is accepted."
        ),
        after=N_("Install the app to the courses that should use it."),
    )


def _blackboard(tool: ToolConfiguration, _site: str) -> ByHand:
    portal = "https://developer.anthology.com/api/v1/gateway"
    return ByHand(
        "Blackboard",
        {
            "Application Name": tool.name,
            "Description": tool.description,
            "Domain(s)": tool.domain,
            "My Integration supports LTI 1.3": Choice("on"),
            "Login Initiation URL": tool.login_url,
            "Tool Redirect URL(s)": tool.launch_url,
            "Tool JWKS URL": tool.jwks_url,
            "Custom Parameters": _custom(tool),
        },
        (
            N_(
                "Whoever runs this tool registers it once in the developer portal, *developer.anthology.com*, *My "
                "Apps*, *+*, with the values below; the *Application ID* is the client id of every school."
            ),
            N_(
                "In Blackboard open *Administrator*, *Integrations*, *LTI Tool Providers*, *Register LTI "
                "1.3/Advantage Tool* and paste the client id."
            ),
            N_(
                "Approve it. Under *Institution Policies* allow role, name, grade service access and membership "
                "service access; an e-mail address is not needed. Copy the *Deployment ID*."
            ),
            N_(
                "In the tool's menu choose *Manage Placements*, *Create Placement*: a *Course tool* with the *Target "
                "Link URI* `%(launch_url)s`."
            ),
        ),
        Back(
            "https://blackboard.com",
            f"{portal}/oidcauth",
            f"{portal}/oauth2/jwttoken",
            "https://developer.anthology.com/.well-known/jwks.json",
            shared=True,
        ),
        N_(
            "All schools share one issuer and one client id: each school is a deployment. One that launches before "
            "it is known here waits until it is accepted."
        ),
        fields={"launch_url": tool.launch_url},
    )


def _brightspace(tool: ToolConfiguration, site: str) -> ByHand:
    site = site or "https://<your Brightspace>"
    return ByHand(
        "Brightspace",
        {
            "Name": tool.name,
            "Domain": tool.base_url,
            "Redirect URLs": tool.launch_url,
            "OpenID Connect Login URL": tool.login_url,
            "Target Link URI": tool.launch_url,
            "Keyset URL": tool.jwks_url,
            "Extensions": Choice("Assignment and Grade Services; Names and Role Provisioning Services; Deep Linking"),
            "Substitution parameters": _custom(tool),
        },
        (
            N_(
                "Open *Admin Tools*, *Manage Extensibility*, *LTI Advantage*, *Register Tool*, *Standard*, and fill "
                "in the values below."
            ),
            N_("Register. The page then shows the client id and the addresses of your Brightspace."),
            N_(
                "Choose *View Deployments*, *New Deployment*: the tool, its extensions, and of the user's data the "
                "names only; choose the courses. Copy the *Deployment ID*."
            ),
            N_(
                "In the deployment choose *View Links*, *New Link*, with the URL of the Target Link URI and the type "
                "*Basic Launch*."
            ),
        ),
        Back(
            site,
            f"{site}/d2l/lti/authenticate",
            "https://auth.brightspace.com/core/connect/token",
            f"{site}/d2l/.well-known/jwks",
            token_audience="https://api.brightspace.com/auth/token",  # noqa: S106 - an address, no password.
        ),
        site=N_("Address of your Brightspace"),
    )


def _sakai(tool: ToolConfiguration, site: str) -> ByHand:
    site = site or "https://<your Sakai>"
    return ByHand(
        "Sakai",
        {
            "Tool Title": tool.name,
            "Launch URL": tool.launch_url,
            "LTI 1.3 Tool Keyset URL": tool.jwks_url,
            "LTI 1.3 Tool OpenID Connect/Initialization Endpoint": tool.login_url,
            "LTI 1.3 Tool Redirect Endpoint(s)": tool.launch_url,
            "Privacy": Choice("Send User Names to External Tool"),
            "Services": Choice("Provide Roster; Send Grades; Allow the tool to be one of the assessment types"),
            "Custom parameters": _custom(tool),
        },
        (
            N_("As an administrator open the *External Tools* site tool and choose *Install LTI 1.x Tool*."),
            N_("Fill in the values below, choose *LTI 1.3*, and save."),
            N_(
                "Open the tool's details again: they show the client id, the deployment id (usually 1) and the "
                "addresses; the token address ends in the tool's number."
            ),
        ),
        Back(
            site,
            f"{site}/imsoidc/lti13/oidc_auth",
            f"{site}/imsblis/lti13/token/{YOURS}",
            f"{site}/imsblis/lti13/keyset",
        ),
        site=N_("Address of your Sakai"),
    )


def _openedx(tool: ToolConfiguration, site: str) -> ByHand:
    site = site or "https://<your LMS>"
    return ByHand(
        "Open edX",
        {
            "LTI Version": Choice("LTI 1.3"),
            "Tool Launch URL": tool.launch_url,
            "Tool Initiate Login URL": tool.login_url,
            "Registered Redirect URIs": f'["{tool.launch_url}"]',
            "Tool Public Key Mode": Choice("Keyset URL"),
            "Tool Keyset URL": tool.jwks_url,
            "Deep linking": Choice("True"),
            "Deep Linking Launch URL": tool.launch_url,
            "LTI Assignment and Grades Service": Choice("Programmatic"),
            "Enable LTI NRPS": Choice("True"),
            "Scored": Choice("True"),
            "Request user's full name": Choice("True"),
        },
        (
            N_('In Studio\'s *Advanced Settings* add `"lti_consumer"` to the *Advanced Module List*.'),
            N_("Add a unit, in it an *Advanced*, *LTI Consumer* block, choose *Edit* and fill in the values below."),
            N_("Save. The block then shows the client id, the deployment id and the addresses."),
        ),
        Back(
            site,
            f"{site}/api/lti_consumer/v1/launch/",
            f"{site}/api/lti_consumer/v1/token/{YOURS}",
            f"{site}/api/lti_consumer/v1/public_keysets/{YOURS}",
        ),
        site=N_("Address of your Open edX LMS"),
        after=N_(
            "Do the same for each further block: each has a client id of its own, unless your site reuses one configuration."
        ),
    )


def _other(tool: ToolConfiguration, _site: str) -> ByHand:
    return ByHand(
        N_("another LMS"),
        {
            "Name": tool.name,
            "Description": tool.description,
            "Login initiation URL": tool.login_url,
            "Target link URI (launch URL)": tool.launch_url,
            "Redirect URI": tool.launch_url,
            "Key set URL (JWKS)": tool.jwks_url,
            "Domain": tool.domain,
            "Services": Choice(
                "Assignment and Grade Services with line items; Names and Role Provisioning Services; Deep Linking"
            ),
            "Privacy": Choice(N_("names; the e-mail address is not needed")),
            "Custom parameters": _custom(tool),
        },
        (
            N_("Register an LTI 1.3 tool in your LMS with the values below."),
            N_(
                "Look up what the LMS shows of itself: issuer (platform id), client id, deployment id, and the "
                "addresses for authorization, tokens and keys."
            ),
        ),
        Back(YOURS, YOURS, YOURS, YOURS),
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
