"""Why this, why now: as JSON beside a step, and as a sentence to the student or to a teacher.

Sentences are whole messages with fields, so that a translator can order them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from lti_tool.playlists.planning.base import Clash, Conflict, Nothing, Reason, Why
from lti_tool.web.i18n import N_, NN_, Plural, current_language, format_date


class To(StrEnum):
    """Whom a sentence speaks to."""

    STUDENT = "student"
    TEACHER = "teacher"


Message = str | Plural

# --- JSON -----------------------------------------------------------------------------------------------------------


def to_json(why: Why) -> dict[str, Any]:
    """Plain values for ``PlaylistStep.why``; what is empty is left out."""
    plain: dict[str, Any] = {"reason": why.reason.value}
    if why.also is not None:
        plain["also"] = why.also.value
    if why.competencies:
        plain["competencies"] = list(why.competencies)
    if why.also_about:
        plain["also_about"] = list(why.also_about)
    if why.count is not None:
        plain["count"] = why.count
    if why.on is not None:
        plain["on"] = why.on.isoformat()
    if why.topic:
        plain["topic"] = why.topic
    return plain


def of_json(data: Mapping[str, Any]) -> Why:
    """Back from ``to_json``. Raises ``ValueError`` for what it did not write."""
    try:
        return Why(
            Reason(data["reason"]),
            Reason(data["also"]) if "also" in data else None,
            tuple(int(number) for number in data.get("competencies", ())),
            tuple(int(number) for number in data.get("also_about", ())),
            int(data["count"]) if "count" in data else None,
            date.fromisoformat(data["on"]) if "on" in data else None,
            str(data.get("topic", "")),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("this is no reason of a step") from error


# --- Sentences ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Said:
    """A message to each audience; a plural one counts by ``count``, which is then the field's value."""

    student: Message
    teacher: Message

    def to(self, audience: To) -> Message:
        return self.student if audience is To.STUDENT else self.teacher


_MAIN: Mapping[Reason, _Said] = {
    Reason.BEGUN: _Said(N_("You have begun this."), N_("Begun: what was begun stays on the path.")),
    Reason.PINNED: _Said(N_("Your teacher put this here for you."), N_("Pinned by a teacher.")),
    Reason.DATED: _Said(N_("Your teacher set a date for this: %(day)s."), N_("A must-do, due on %(day)s.")),
    Reason.PLACEMENT: _Said(
        N_("This shows where you can begin, so that you need not repeat what you know."),
        N_("The placement check: nothing is known of this student yet."),
    ),
    Reason.STARTED: _Said(N_("You have begun with %(name)s: go on with it."), N_("Goes on with %(name)s.")),
    Reason.UNLOCKS: _Said(
        N_("You can begin this now, and you need it for: %(name)s."),
        N_("No prerequisite is known to be missing, and %(name)s builds on it."),
    ),
    Reason.GOAL: _Said(
        N_("You can begin this now, and it leads to your goal: %(name)s."),
        N_("No prerequisite is known to be missing, and it leads to the student’s goal: %(name)s."),
    ),
    Reason.READY: _Said(
        N_("You can begin this now: %(name)s."), N_("No prerequisite of %(name)s is known to be missing.")
    ),
    Reason.UNIT: _Said(
        N_("This comes now in your course: %(name)s."),
        N_("Work of the unit, although a prerequisite of %(name)s is not met: nothing else of it is left."),
    ),
    Reason.REMEDIAL: _Said(
        N_("First this: it helps you with %(name)s."),
        N_("Below the level that %(name)s builds on; at most a few such steps come before work of the unit."),
    ),
    Reason.REVIEW: _Said(
        N_("Time to look at %(name)s again, so that it stays with you."),
        N_("A review of %(name)s, due since %(day)s."),
    ),
    Reason.SHOW: _Said(N_("Show that you can do this: %(name)s."), N_("Can show %(name)s now.")),
    Reason.PRACTISE: _Said(N_("Practice for %(name)s."), N_("Practice for %(name)s, before it is shown.")),
    Reason.ANOTHER_WAY: _Said(
        N_("Another way to %(name)s, since the last one was hard."),
        NN_(
            "Another way to %(name)s after %(count)s failed try.",
            "Another way to %(name)s after %(count)s failed tries in a row.",
        ),
    ),
    Reason.CHOSEN: _Said(N_("You chose this for %(name)s."), N_("The student’s own choice for %(name)s.")),
    Reason.INTEREST: _Said(N_("It is about %(topic)s, which you like."), N_("It is about %(topic)s, an interest.")),
    Reason.CONFIRM: _Said(
        N_("If it goes well, this can show that you have mastered it."), N_("It can confirm Mastered.")
    ),
    Reason.STUCK: _Said(
        N_("%(name)s was hard so far. Talk with your teacher about how to go on."),
        NN_(
            "Stuck on %(name)s after %(count)s failed try: a conference.",
            "Stuck on %(name)s after %(count)s failed tries in a row: a conference.",
        ),
    ),
    Reason.NO_ITEMS: _Said(
        N_("You have done all there is for %(name)s. Ask your teacher for another try, or talk with them."),
        N_("Nothing is left for %(name)s, which is not Secure yet: a re-take or a conference."),
    ),
}

_ALSO: Mapping[Reason, _Said] = {
    Reason.UNLOCKS: _Said(N_("You need it for: %(name)s."), N_("%(name)s builds on it.")),
    Reason.GOAL: _Said(N_("It leads to your goal: %(name)s."), N_("It leads to the student’s goal: %(name)s.")),
}
"""What is said otherwise where it comes second."""

_IS_GOAL = _Said(N_("It is your goal."), N_("It is the student’s goal."))
"""Where what leads to the goal is the goal itself, and was named just before."""

_MORE = _Said(
    NN_(
        "You can begin this now, and you need it for: %(name)s, and one more.",
        "You can begin this now, and you need it for: %(name)s, and %(count)s more.",
    ),
    NN_(
        "No prerequisite is known to be missing, and %(name)s and one more build on it.",
        "No prerequisite is known to be missing, and %(name)s and %(count)s more build on it.",
    ),
)
_ALSO_MORE = _Said(
    NN_("You need it for: %(name)s, and one more.", "You need it for: %(name)s, and %(count)s more."),
    NN_("%(name)s and one more build on it.", "%(name)s and %(count)s more build on it."),
)
"""Where others build on it besides the one that is named; they are counted."""

_UNNAMED = N_("what comes next")
_BOTH = N_("%(first)s %(second)s")


def sentence(why: Why, names: Mapping[int, str], to: To | str = To.STUDENT) -> str:
    """Why this, why now, as one or two sentences in the language of the page being rendered.

    ``names`` are the competencies' names by number; one that is missing is told as what comes next. ``to`` is ``student`` or
    ``teacher``.
    """
    audience = To(to)
    others = max((why.count or 0) - 1, 0)
    main = _MORE if why.reason is Reason.UNLOCKS and others else _MAIN[why.reason]
    first = _filled(main.to(audience), why, why.competencies, names, others)
    if why.also is None:
        return first
    said = (_ALSO.get(why.also) or _MAIN[why.also]).to(audience)
    if why.also is Reason.GOAL and why.also_about == why.competencies:
        said = _IS_GOAL.to(audience)
    if why.also is Reason.UNLOCKS and others:
        said = _ALSO_MORE.to(audience)
    second = _filled(said, why, why.also_about or why.competencies, names, others)
    return current_language().gettext(_BOTH) % {"first": first, "second": second}


def _filled(message: Message, why: Why, about: tuple[int, ...], names: Mapping[int, str], others: int) -> str:
    """The message with its fields; a plural one counts what else is opened, or failed tries."""
    language = current_language()
    count = others if Reason.UNLOCKS in (why.reason, why.also) else why.count or 0
    fields = {
        "name": next((names[number] for number in about if names.get(number)), "") or language.gettext(_UNNAMED),
        "day": format_date(why.on) if why.on else "",
        "topic": why.topic,
        "count": count,
    }
    if isinstance(message, Plural):
        return language.ngettext(message.one, message.many, count) % fields
    return language.gettext(message) % fields


_NOTHING: Mapping[Nothing, _Said] = {
    Nothing.ALL_SECURE: _Said(
        N_(
            "You have shown everything that is asked for here. Choose a goal of your own, or ask your teacher what comes next."
        ),
        N_("Everything asked for is Secure. Choose the next unit, or a goal with the student."),
    ),
    Nothing.REVIEWS_LATER: _Said(
        N_("You have shown everything that is asked for here. Come back when it is time to look at it again."),
        N_("Everything asked for is Secure; reviews come later."),
    ),
    Nothing.AWAITS_REVIEW: _Said(
        N_(
            "What comes next builds on something that you have shown once. You will look at it again soon; then you go on."
        ),
        N_("What comes next waits until a prerequisite is Mastered, which a review on a later day shows."),
    ),
    Nothing.NO_MAP: _Said(
        N_("There is no path yet: your teacher still has to say what is to be learned."),
        N_("The course has no competency map to plan from. Bring one in, or draw it."),
    ),
    Nothing.NO_ITEMS: _Said(
        N_("There is nothing left to work with. Ask your teacher what to do next."),
        N_("No item is left for what comes next. Align more of the course’s items with it."),
    ),
    Nothing.ALL_BANNED: _Said(
        N_("There is nothing to work with at the moment. Ask your teacher what to do next."),
        N_("All items for what comes next are forbidden on this path. Allow one, or align others."),
    ),
}


def nothing_sentence(nothing: Nothing, to: To | str = To.STUDENT) -> str:
    """Why there is no step, and what to do."""
    message = _NOTHING[nothing].to(To(to))
    return current_language().gettext(str(message))


_CLASHES: Mapping[Clash, str] = {
    Clash.PIN_IS_BANNED: N_("%(item)s is pinned and forbidden: it is not on the path."),
    Clash.PIN_BEFORE_PREREQUISITE: N_("%(item)s is pinned although a prerequisite of %(name)s is not met."),
    Clash.PIN_IS_MODIFIED: N_("%(item)s is pinned, but it is only for what is not asked of this student."),
    Clash.PIN_IS_GONE: N_("A pinned item is no longer in the course, or not published."),
    Clash.DATED_IS_BANNED: N_("%(item)s has a due date and is forbidden: it is not on the path."),
    Clash.DATED_IS_MODIFIED: N_("%(item)s has a due date, but it is only for what is not asked of this student."),
    Clash.DATED_BEFORE_PREREQUISITE: N_("%(item)s has a due date although a prerequisite of %(name)s is not met."),
    Clash.BEGUN_IS_BANNED: N_("%(item)s was begun and then forbidden: it is no longer planned."),
    Clash.BEGUN_IS_MODIFIED: N_("%(item)s was begun, but it is only for what is not asked of this student now."),
    Clash.PLACEMENT_IS_BANNED: N_("%(item)s is the placement check and forbidden: nobody gets it."),
    Clash.UNIT_IS_BLOCKED: N_(
        "%(name)s comes although a prerequisite is not met: the unit has nothing else to work on."
    ),
    Clash.GOAL_HAS_NO_ITEMS: N_("No item of the course is for the student’s goal, %(name)s."),
}


def conflict_sentence(conflict: Conflict, names: Mapping[int, str], title: str = "") -> str:
    """A conflict, to a teacher. ``title`` is that of ``conflict.item``."""
    language = current_language()
    number = conflict.competency
    name = names.get(number, "") if number is not None else ""
    return language.gettext(_CLASHES[conflict.clash]) % {
        "item": title or language.gettext(_AN_ITEM),
        "name": name or language.gettext(_UNNAMED),
    }


_AN_ITEM = N_("An item")
