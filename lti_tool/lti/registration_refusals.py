"""Why a registration by link goes no further: one class and one code per reason, in words an administrator can act on.

What a platform answers is never repeated: Moodle's refusals are bare words, others' are whole pages of HTML.
Statuses: 400 for what cannot be used, 403 without an invitation, 409 for what is taken, 424 where the platform fails.
"""

from lti_tool.errors import ToolError
from lti_tool.web.i18n import N_

_NEW_INVITE = N_("Ask whoever runs this tool for a new registration link. Nothing was changed.")
_START_AGAIN = N_("Go back to your LMS and begin the registration there again, with the same link.")
_BY_HAND = N_(
    "Nothing was changed, and the link can be used again. If the LMS cannot be set right, the tool can be "
    "registered by hand."
)


class RegistrationRefused(ToolError):
    """A registration by link that goes no further."""

    code = "registration-refused"
    title = N_("This LMS was not connected")
    advice = _START_AGAIN


class InviteMissing(RegistrationRefused):
    """The address was opened without an invitation."""

    status = 403
    code = "invite-missing"
    title = N_("This address needs an invitation")
    advice = N_("Ask whoever runs this tool for a registration link, and paste the whole link into your LMS.")


class InviteUnknown(RegistrationRefused):
    """No invitation has this code."""

    status = 403
    code = "invite-unknown"
    title = N_("This invitation is not known")
    advice = N_(
        "Perhaps the link was not copied whole. Copy it again, or ask whoever runs this tool for a new one. Nothing was changed."
    )


class InviteExpired(RegistrationRefused):
    """The invitation's time is over."""

    status = 403
    code = "invite-expired"
    title = N_("This invitation has expired")
    advice = _NEW_INVITE


class InviteUsed(RegistrationRefused):
    """The invitation led to a registration already."""

    status = 403
    code = "invite-used"
    title = N_("This invitation was used already")
    advice = N_(
        "A link connects one LMS, once. If that was you, everything is done. Otherwise ask whoever runs this "
        "tool for a new link."
    )


class InviteRevoked(RegistrationRefused):
    """The invitation was taken back."""

    status = 403
    code = "invite-revoked"
    title = N_("This invitation was taken back")
    advice = _NEW_INVITE


class InviteBusy(RegistrationRefused):
    """Another confirmation with the same invitation is under way."""

    status = 409
    code = "invite-busy"
    title = N_("This invitation is being used at this moment")
    advice = N_(
        "Perhaps the button was pressed twice. Wait half a minute; if nothing is connected by then, begin again."
    )


class NoConfiguration(RegistrationRefused):
    """The link was opened by a person instead of by a platform."""

    code = "registration-incomplete"
    title = N_("This link is for your LMS")
    advice = N_(
        "Copy the whole link from the address bar and paste it where your LMS registers tools (often called "
        "dynamic registration). It opens the link itself."
    )


class RegistrationAddressRefused(RegistrationRefused):
    """An address is not one that may be called."""

    code = "registration-address"
    title = N_("Your LMS named an address that this tool does not call")
    advice = N_(
        "Only https addresses on the public network are called, and private networks that LTI_TOOL_ALLOWED_NETWORKS allows. "
        "Nothing was changed, and the link can be used again."
    )


class ConfigurationUnreachable(RegistrationRefused):
    """The configuration did not come, or not in time."""

    status = 424
    code = "configuration-unreachable"
    title = N_("Your LMS does not answer")
    advice = N_(
        "Wait a minute and begin the registration there again. Nothing was changed, and the link can be used again."
    )


class ConfigurationUnreadable(RegistrationRefused):
    """What came is no configuration, or lacks something; ``detail`` names it."""

    status = 424
    code = "configuration-unreadable"
    title = N_("Your LMS does not describe itself in a way this tool understands")
    advice = _BY_HAND


class IssuerDiffers(RegistrationRefused):
    """The configuration speaks for a platform on another host than its own."""

    code = "issuer-differs"
    title = N_("Your LMS describes itself as another one")
    advice = N_(
        "Its issuer is on another host than its configuration. On a Canvas of your own, set lti_iss in config/security.yml to "
        "its own address, or register the tool by hand. Nothing was changed, and the link can be used again."
    )


class EndpointElsewhere(RegistrationRefused):
    """An address of the configuration is on another host than the configuration."""

    code = "endpoint-elsewhere"
    title = N_("Parts of your LMS are on another host")
    advice = _BY_HAND


class ConfigurationChanged(RegistrationRefused):
    """The platform describes itself otherwise than on the page that was confirmed."""

    status = 409
    code = "configuration-changed"
    title = N_("Your LMS changed what it says of itself")
    advice = _START_AGAIN


class RegistrationUnanswered(RegistrationRefused):
    """The registration was sent, and no answer came."""

    status = 424
    code = "registration-unanswered"
    title = N_("Your LMS did not answer the registration")
    advice = N_(
        "Look in its list of tools: if this tool is there, remove it. Then begin the registration there again, with the same "
        "link."
    )


class RegistrationTokenRefused(RegistrationRefused):
    """The platform does not take its own token: it was used, or its time is over."""

    status = 424
    code = "registration-token-refused"
    title = N_("Your LMS does not accept this registration any more")
    advice = N_(
        "It allows each attempt once, for a limited time. Go back to your LMS and begin the registration there "
        "again, with the same link."
    )


class RegistrationNotTaken(RegistrationRefused):
    """The platform refused the registration for another reason."""

    status = 424
    code = "registration-not-taken"
    title = N_("Your LMS refused the registration")
    advice = _BY_HAND


class RegistrationUnreadable(RegistrationRefused):
    """The platform answered the registration with something else than a client id."""

    status = 424
    code = "registration-unreadable"
    title = N_("Your LMS answered the registration in a way this tool does not understand")
    advice = N_(
        "Look in its list of tools: if this tool is there, remove it. Then register it by hand, or begin again with the same "
        "link."
    )


class AlreadyRegistered(RegistrationRefused):
    """A registration has this issuer and client id."""

    status = 409
    code = "already-registered"
    title = N_("This connection exists already")
    advice = N_(
        "A connection that exists is changed only by a link that was made for it. Ask whoever runs this tool for one. Nothing "
        "was changed here."
    )


class AnotherPlatformsInvite(RegistrationRefused):
    """The invitation renews the registration of another issuer."""

    status = 409
    code = "invite-for-another-platform"
    title = N_("This invitation is for another LMS")
    advice = N_(
        "It renews a connection with another one. Ask whoever runs this tool for a new link. Nothing was changed."
    )
