"""Why a login or a launch is refused: one class and one stable code per reason, in words a teacher can read.

Statuses: 400 for what cannot be a message for us, 401 for what does not prove who is coming, 403 for what an administrator
has to allow first, 413 for what is too large.
"""

from lti_tool.errors import LaunchRefused
from lti_tool.web.i18n import N_

_AGAIN = N_(
    "Go back to your course and open the link again. If it happens again, give your administrator the reference code below."
)
_ADMINISTRATOR = N_(
    "This has to be mended by whoever connected this tool to your LMS. Give your administrator the reference "
    "code below."
)


class LoginIncomplete(LaunchRefused):
    """A login request without what it needs, or with something far too long."""

    status = 400
    code = "login-incomplete"
    title = N_("This address is opened from a course")
    advice = N_("Go to your course in your LMS and open the tool there.")


class PlatformUnknown(LaunchRefused):
    """No enabled registration has this issuer and client id."""

    status = 403
    code = "platform-unknown"
    title = N_("This LMS is not connected to this tool yet")
    advice = _ADMINISTRATOR


class PlatformMoved(LaunchRefused):
    """The platform had this issuer before an administrator said that it has another one now."""

    status = 403
    code = "platform-moved"
    title = N_("Your LMS has moved")
    advice = N_("It is at %(issuer)s now. Sign in there and open the tool in your course; everything you did is there.")


class ClientIdNeeded(LaunchRefused):
    """The issuer has several registrations and the login request does not say which is meant."""

    status = 400
    code = "client-id-needed"
    title = N_("Your LMS did not say which of its connections it uses")
    advice = _ADMINISTRATOR


class ForeignTarget(LaunchRefused):
    """The target_link_uri is on another origin than ours."""

    status = 400
    code = "target-not-ours"
    title = N_("This link leads to another address than this tool's")
    advice = _ADMINISTRATOR


class PlatformReportedError(LaunchRefused):
    """The platform posted an error instead of a token (OpenID Connect Core 1.0 §3.1.2.6)."""

    status = 400
    code = "platform-reported-error"
    title = N_("Your LMS did not let this link open")
    advice = _AGAIN


class SignedOutThere(PlatformReportedError):
    """The platform does not know the browser's session any more."""

    code = "signed-out-there"
    title = N_("Your LMS does not know you any more")
    advice = N_("Sign in to your LMS again, go to your course and open the link there.")


class MessageIncomplete(LaunchRefused):
    """The launch came without its token or its state."""

    status = 400
    code = "message-incomplete"
    title = N_("This address is opened from a course")
    advice = N_("Go to your course in your LMS and open the tool there.")


class TokenTooLarge(LaunchRefused):
    """The token is over the limit."""

    status = 413
    code = "token-too-large"
    title = N_("Your LMS sent more than this tool reads")
    advice = _ADMINISTRATOR


class TokenUnreadable(LaunchRefused):
    """What came as a token is none."""

    status = 400
    code = "token-unreadable"
    title = N_("The message from your LMS cannot be read")
    advice = _AGAIN


class AlgorithmRefused(LaunchRefused):
    """The token is not signed with RS256 (Security Framework 1.0 §5.1.3)."""

    code = "algorithm-refused"
    title = N_("The message from your LMS is not signed as it has to be")
    advice = _ADMINISTRATOR


class KeyIdMissing(LaunchRefused):
    """The token does not say which key signed it. Trying all of them would be guessing."""

    code = "key-id-missing"
    title = N_("The message from your LMS does not say which key signed it")
    advice = _ADMINISTRATOR


class KeyUnknown(LaunchRefused):
    """The platform publishes no key with the token's key id."""

    code = "key-unknown"
    title = N_("The message is signed with a key that your LMS does not publish")
    advice = _AGAIN


class KeySetUnreachableNow(LaunchRefused):
    """The platform's keys cannot be fetched, and none are at hand."""

    code = "key-set-unreachable"
    title = N_("Your LMS cannot be reached to check its message")
    advice = N_("Wait a minute, go back to your course and open the link again.")


class SignatureWrong(LaunchRefused):
    """The signature is not the platform's."""

    code = "signature-wrong"
    title = N_("The message does not come from your LMS, or was changed on its way")
    advice = _AGAIN


class WrongAudience(LaunchRefused):
    """The token is meant for somebody else (aud, azp)."""

    code = "audience-wrong"
    title = N_("The message from your LMS is meant for another tool")
    advice = _ADMINISTRATOR


class TokenExpired(LaunchRefused):
    """The token's time is over."""

    code = "token-expired"
    title = N_("This link waited too long")
    advice = N_(
        "Go back to your course and open the link again. If it happens each time, the clock of your LMS or of "
        "this tool is wrong: give your administrator the reference code below."
    )


class TokenFromFuture(LaunchRefused):
    """The token is from a time that has not come."""

    code = "token-from-the-future"
    title = N_("The clocks of your LMS and of this tool differ too much")
    advice = _ADMINISTRATOR


class LoginUnknown(LaunchRefused):
    """No login under way has this state: it was used already, or never begun here."""

    code = "login-unknown"
    title = N_("This link was used already")
    advice = N_("Links open once, so reloading does not work. Go back to your course and open the link again.")


class LoginExpired(LaunchRefused):
    """More time passed between login and launch than is given."""

    code = "login-expired"
    title = N_("Opening this link took too long")
    advice = N_("Go back to your course and open the link again.")


class AnotherBrowser(LaunchRefused):
    """The login was begun in another browser."""

    code = "another-browser"
    title = N_("This link was opened in another browser")
    advice = N_("Go back to your course in this browser and open the link again.")


class CookieBlocked(LaunchRefused):
    """The browser sent no cookie of ours, so that nothing shows that the login was begun in it.

    ``hints`` is the login request. A fresh launch is begun in a window of its own: at the platform's ``address`` for it, or
    where there is none by the login request, if ``again`` says that it can be used a second time.
    """

    code = "cookie-blocked"
    title = N_("Your browser does not let this tool work inside the course page")
    advice = N_("It works in a window of its own. Press the button to open it there; this page stays as it is.")

    def __init__(
        self, detail: str = "", *, hints: dict[str, str] | None = None, address: str | None = None, again: bool = True
    ) -> None:
        super().__init__(detail)
        self.hints = hints or {}
        self.address = address
        self.again = again


class NonceWrong(LaunchRefused):
    """The token answers another login."""

    code = "nonce-wrong"
    title = N_("The message does not belong to this link")
    advice = _AGAIN


class AnotherPlatform(LaunchRefused):
    """Another platform answers than the one that was asked."""

    code = "another-platform"
    title = N_("The message comes from another LMS than the one that was asked")
    advice = _AGAIN


class ClaimMissing(LaunchRefused):
    """Something a message must hold is missing or empty; ``detail`` names it."""

    status = 400
    code = "claim-missing"
    title = N_("The message from your LMS is incomplete")
    advice = N_("It lacks: %(claims)s. Give your administrator this list and the reference code below.")

    def __init__(self, *names: str) -> None:
        listed = ", ".join(names)
        super().__init__(f"missing: {listed}", fields={"claims": listed})


class UserMissing(ClaimMissing):
    """The message does not say who is coming."""

    code = "user-missing"
    title = N_("Your LMS did not say who you are")
    advice = N_("Sign in to your LMS and open the link from your course. Guests cannot use this tool.")


class ClaimWrong(LaunchRefused):
    """Something in the message has the wrong form, or is too long; ``detail`` names it."""

    status = 400
    code = "claim-wrong"
    title = N_("The message from your LMS is not written as it has to be")
    advice = _ADMINISTRATOR


class VersionUnsupported(LaunchRefused):
    """The message is not of LTI 1.3."""

    status = 400
    code = "version-unsupported"
    title = N_("Your LMS uses a version of LTI that this tool does not know")
    advice = N_("This tool needs LTI 1.3. Ask your administrator to connect it that way.")


class MessageUnsupported(LaunchRefused):
    """The message is of a type this tool has nothing to do with."""

    status = 400
    code = "message-unsupported"
    title = N_("This tool cannot be used in this place")
    advice = N_("Open it from the course's navigation or from a link in the course. Or ask your administrator.")


class DeploymentHeld(LaunchRefused):
    """The platform is known; an administrator has not let this installation of the tool in it in yet."""

    status = 403
    code = "deployment-held"
    title = N_("This school waits for its administrator")
    advice = N_(
        "Your LMS is connected, but this installation of the tool has not been allowed yet. Give your "
        "administrator the reference code below."
    )
