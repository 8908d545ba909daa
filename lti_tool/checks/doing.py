"""What the buttons of an attempt's page do, after everything on it was saved."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.checks import attempts, finishing, responding, sheets
from lti_tool.checks.attempts import Given, Sitting
from lti_tool.checks.finishing import Taker
from lti_tool.checks.my_replies import Said
from lti_tool.checks.questions import QuestionKind
from lti_tool.checks.responding import Fields
from lti_tool.errors import BadRequest

_EARLY = timedelta(seconds=5)
"""How much the clock of a page may be ahead of ours when it says that the time is up."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a form leads: a question by its number, or the ``end`` of the attempt's address, and what is said there."""

    question: int | None = None
    said: Said | None = None
    anchor: str | None = None
    end: str = ""


@dataclass(frozen=True, slots=True)
class _Pressed:
    """A button, and everything around it. ``about`` is what stands after its first colon."""

    session: AsyncSession
    sitting: Sitting
    about: str
    fields: Fields
    now: datetime
    takers: Sequence[Taker]


async def do(
    session: AsyncSession, sitting: Sitting, button: str, fields: Fields, now: datetime, takers: Sequence[Taker]
) -> Target:
    """What a button says: ``save``, ``go:3``, ``move:<question>:2:up``, ``give:…``, ``skip:…``, ``next:…``, ``time``, ``end``.

    Raises BadRequest for one that no page of ours has.
    """
    what, _, about = button.partition(":")
    if what not in _BUTTONS:
        raise BadRequest("a button no page of ours has")
    return await _BUTTONS[what](_Pressed(session, sitting, about, fields, now, takers))


async def _save(_pressed: _Pressed) -> Target:
    return Target(said=Said.SAVED)


async def _go(pressed: _Pressed) -> Target:
    return Target(attempts.as_number(pressed.about) or None)


async def _move(pressed: _Pressed) -> Target:
    """One thing of an order further up or down: ``<question>:<place>:up``."""
    question_id, _, rest = pressed.about.partition(":")
    place, _, way = rest.partition(":")
    sitting = pressed.sitting
    question = sitting.questions.get(question_id)
    if question is None or question.kind is not QuestionKind.ORDER or not question.choices:
        raise BadRequest("nothing to be ordered")
    order = sitting.order(question_id)
    one = order[min(max(attempts.as_number(place), 1), len(order)) - 1]
    moved = responding.moved(order, one, -1 if way == "up" else 1)
    answer = sitting.answers.get(question_id)
    number = answer.saved_number if answer is not None else 0
    attempts.put(pressed.session, sitting, question_id, moved, number, pressed.now, same=True)
    return Target(anchor=f"q-{question_id}")


async def _give(pressed: _Pressed) -> Target:
    question_id, sitting = pressed.about, pressed.sitting
    seen = attempts.as_number(pressed.fields.get(f"tries.{question_id}", ["0"])[-1])
    came = attempts.give(pressed.session, sitting, question_id, seen, pressed.now)
    place = list(sitting.rows).index(question_id) + 1
    if came is Given.MEND:
        return Target(place, Said.MEND, f"q-{question_id}")
    if not sheets.tells_now(sitting) and came is not Given.AGAIN:
        return await _onward(pressed)
    # Where it goes on, the way on has the focus; else what was said of the answer.
    return Target(place, anchor=f"told-{question_id}" if came is Given.AGAIN else None)


async def _onward(pressed: _Pressed) -> Target:
    """To the next question that waits for an answer; to the end where there is none."""
    sitting, question_id = pressed.sitting, pressed.about
    if question_id not in sitting.rows:
        raise BadRequest("the attempt does not ask this")
    ids = list(sitting.rows)
    if sitting.is_adaptive:
        attempts.go_on(pressed.session, sitting, question_id, pressed.now)
        if await attempts.ask_next(pressed.session, sitting):
            return Target(len(sitting.rows))
    place = ids.index(question_id) + 1
    waiting = [number for number, one in enumerate(ids, start=1) if number != place and not sitting.is_given(one)]
    later = [number for number in waiting if number > place]
    if later or (waiting and sitting.gives):
        return Target((later or waiting)[0])
    return Target(end="/end")


async def _time(pressed: _Pressed) -> Target:
    """The page's clock has run out."""
    ends = pressed.sitting.attempt.ends_at
    if ends is None or pressed.now < ends - _EARLY:
        return Target(said=Said.SAVED)
    await finishing.finish(pressed.session, pressed.sitting, pressed.now, pressed.takers)
    return Target(end="/result", said=Said.TIME_UP)


async def _end(pressed: _Pressed) -> Target:
    """Hand in, at once where every answer is given for good; else after a look at what is missing."""
    if not all(pressed.sitting.is_given(one) for one in pressed.sitting.rows):
        return Target(end="/end")
    await finishing.finish(pressed.session, pressed.sitting, pressed.now, pressed.takers)
    return Target(end="/result", said=Said.DONE)


_BUTTONS: Mapping[str, Callable[[_Pressed], Awaitable[Target]]] = {
    "": _save,
    "save": _save,
    "go": _go,
    "move": _move,
    "give": _give,
    "skip": _onward,
    "next": _onward,
    "time": _time,
    "end": _end,
}
