"""What can go wrong while somebody lets the tool in. Every one of these is a page in a window of its own, or in the LMS."""

from lti_tool.errors import Conflict, NotAllowed
from lti_tool.platforms.native import NativeTrouble
from lti_tool.web.i18n import N_


class ApiKeyRefused(NativeTrouble):
    """The platform does not know the application's key, has switched it off, or its secret is another."""

    code = "api-key-refused"
    title = N_("Your LMS does not accept this tool's key")
    advice = N_(
        "Ask your administrator: the key that was made for this tool in the LMS has to be switched on, and its id "
        "and secret entered in this tool as they are there. What was read before is kept."
    )


class ApiScopesLacking(NativeTrouble):
    """The key exists, and allows less than the tool asks for."""

    code = "api-scopes-lacking"
    title = N_("The key in your LMS allows too little")
    advice = N_(
        "Ask your administrator to tick every scope in the key that this tool's page for the platform names, and to save it. "
        "Then connect again. Nothing was changed."
    )


class ApiLinkUnusable(NotAllowed):
    """The link that leads to the platform was used, is too old, or never was."""

    code = "api-link-unusable"
    title = N_("This link cannot be used any more")
    advice = N_(
        "It leads on once, within 10 minutes. Close this window, go back to the page you came from and choose Connect again."
    )


class ApiAnswerUnusable(NotAllowed):
    """The platform's answer belongs to nothing that is waited for: it came twice, too late, or was made up."""

    code = "api-answer-unusable"
    title = N_("This answer was used already, or came too late")
    advice = N_(
        "Close this window and look at the page you came from. If it does not say that you are connected, choose Connect again."
    )


class ApiOtherBrowser(NotAllowed):
    """The answer came in another browser than the one that asked."""

    code = "api-other-browser"
    title = N_("This was begun in another browser")
    advice = N_(
        "Nothing was connected. Begin and end it in the same browser: close this window, go back to the page you came from and "
        "choose Connect again. If it happens each time, allow cookies for this tool's own address."
    )


class ApiDenied(NotAllowed):
    """Somebody was asked and said no."""

    code = "api-denied"
    title = N_("You did not give access")
    advice = N_(
        "Nothing was connected, and nothing is read from your LMS. You can close this window. If you change your "
        "mind, choose Connect again."
    )


class ApiOtherAccount(NotAllowed):
    """Another person of the platform said yes than the one who asked."""

    code = "api-other-account"
    title = N_("Another account answered")
    advice = N_(
        "Nothing was kept. In this browser somebody else is signed in to your LMS than in the course you came "
        "from. Sign in there as yourself, then choose Connect again."
    )


class ApiAccountUntold(NotAllowed):
    """The launch does not say who this is to the platform's own API, so that nobody can tell whether it is the same person."""

    code = "api-account-untold"
    title = N_("Your LMS did not say which account is yours")
    advice = N_(
        "Nothing was kept. Ask your administrator to renew this tool's registration, so that your account's id comes along when "
        "you open it; until then an account of the school's own can connect it."
    )


class ApiTooManyStarts(Conflict):
    """Somebody begins again and again."""

    status = 429
    code = "api-too-many-starts"
    title = N_("You have begun this many times just now")
    advice = N_("Wait ten minutes, then choose Connect again. Nothing was changed.")


class ApiNotConnectedThisWay(Conflict):
    """A button of a page that is no longer true: the connection goes another way now, or is gone."""

    code = "api-not-connected-this-way"
    title = N_("The tool is not connected this way any more")
    advice = N_("Reload the page to see how it is connected now. Nothing was changed.")
