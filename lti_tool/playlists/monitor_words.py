"""What the monitor's file says, in the reader's language."""

from lti_tool.courses.service import display_name
from lti_tool.grades import words as grade_words
from lti_tool.grades.service import ScoreStanding
from lti_tool.playlists.monitor_rules import Sign
from lti_tool.playlists.monitor_views import Words
from lti_tool.web.i18n import N_, current_language, iso_day

SIGNS = {
    Sign.HELP: N_("Asks for you"),
    Sign.SIGN_OFF: N_("Waits for a sign-off"),
    Sign.BELOW: N_("Below the mark"),
    Sign.PAST_DUE: N_("Past due"),
    Sign.QUIET: N_("Has not moved"),
    Sign.NOT_BEGUN: N_("Not begun yet"),
    Sign.UNDER_WAY: N_("Under way"),
    Sign.FINISHED: N_("Finished"),
}

_STUDENT = (N_("Student"), N_("Steps done"), N_("Steps asked for"), N_("Next step"))
_PERSONAL = (N_("Works on"), N_("Works towards"))
_ALL = (N_("Notice"), N_("School days without a move"), N_("Last moved"))
_SCORE = N_("Gradebook")


def file_words(personal: bool, scores: bool) -> Words:
    """The words of the file of a class."""
    say = current_language().gettext
    headings = [*_STUDENT, *(_PERSONAL if personal else ()), *_ALL, *((_SCORE,) if scores else ())]
    return Words(
        headings=[say(one) for one in headings],
        signs={sign: say(message) for sign, message in SIGNS.items()},
        day=iso_day,
        score=_score,
        name=display_name,
    )


def _score(score: ScoreStanding) -> str:
    state = current_language().gettext(grade_words.STANDINGS[score.state])
    return state if score.given is None or score.maximum is None else f"{score.given:g} / {score.maximum:g}: {state}"
