"""What is on a path whatever the tool thinks: what was begun, the placement check, a teacher's pins and dated must-dos.

Bans and modifications are stronger than all of these; a pin and a must-do are stronger than a prerequisite, and the teacher is
told.
"""

from dataclasses import replace
from datetime import timedelta

from lti_tool.playlists.models import StepRole
from lti_tool.playlists.planning.base import Clash, Does, Item, Planned, Reason, Why
from lti_tool.playlists.planning.course import bits
from lti_tool.playlists.planning.making import Making

SOON = timedelta(days=7)
"""A dated must-do comes before what the tool chooses when it is due within so many days."""

_ROLES = {Does.TEACHES: StepRole.TEACH, Does.PRACTISES: StepRole.PRACTISE, Does.ASSESSES: StepRole.ASSESS}
_PIN = (Clash.PIN_IS_BANNED, Clash.PIN_IS_MODIFIED, Clash.PIN_BEFORE_PREREQUISITE)
_DATED = (Clash.DATED_IS_BANNED, Clash.DATED_IS_MODIFIED, Clash.DATED_BEFORE_PREREQUISITE)


def begun(making: Making) -> None:
    """Adds what the learner has begun, in the order given."""
    for one in making.learner.begun:
        item = making.course.items.get(one.item) if one.item is not None else None
        if one.item is not None:
            if one.item in making.chooser.used:
                continue
            if making.is_banned(one.item):
                making.clash(Clash.BEGUN_IS_BANNED, one.item)
                continue
            if making.is_modified(one.item):
                making.clash(Clash.BEGUN_IS_MODIFIED, one.item)
                continue
        about = () if one.competency is None else (one.competency,)
        step = Planned(one.item, one.competency, one.role, Why(Reason.BEGUN, competencies=about))
        making.add(replace(step, form=making.chooser.form(item)) if item else step)


def placement(making: Making) -> None:
    """Adds the placement check while it lies before the learner."""
    wanted = making.settings.placement
    item = making.course.items.get(wanted) if wanted is not None else None
    if not making.learner.place_first or item is None or item.id in making.chooser.used:
        return
    if making.is_banned(item.id):
        making.clash(Clash.PLACEMENT_IS_BANNED, item.id)
    elif not making.chooser.done(item).finished:
        making.add(making.step(item, None, StepRole.PLACE, Why(Reason.PLACEMENT)))


def pins(making: Making) -> list[tuple[int, Planned]]:
    """Adds pins without a place; those with one are reserved and handed back with it."""
    placed: list[tuple[int, Planned]] = []
    for pin in making.learner.pins:
        item = making.course.items.get(pin.item)
        if item is None:
            making.clash(Clash.PIN_IS_GONE, pin.item)
            continue
        # A pinned form of an item is that item in this form.
        whole = making.course.items.get(item.variant_of, item) if item.variant_of is not None else item
        step = None
        if making.is_banned(item.id):
            making.clash(Clash.PIN_IS_BANNED, item.id)
        else:
            step = _wished(making, whole, Why(Reason.PINNED), _PIN)
        if step is None:
            continue
        if whole is not item:
            step = replace(step, form=item.id)
        if pin.place is None:
            making.add(step)
        else:
            placed.append((pin.place, step))
    return sorted(placed, key=lambda one: one[0])


def dated(making: Making) -> list[Planned]:
    """Adds must-dos that are due soon, the earliest first; those due later are reserved and handed back."""
    later: list[Planned] = []
    wanted = [(one.due, item) for one in making.learner.dated if (item := making.course.items.get(one.item))]
    for due, item in sorted(wanted, key=lambda one: (one[0], one[1].position, one[1].id)):
        step = _wished(making, item, Why(Reason.DATED, on=due), _DATED)
        if step is None:
            continue
        if due - making.today <= SOON:
            making.add(step)
        else:
            later.append(step)
    return later


def _wished(making: Making, item: Item, why: Why, clashes: tuple[Clash, Clash, Clash]) -> Planned | None:
    """The step of an item that a teacher wishes for, reserved; None where it is there already, done, or must not come."""
    banned, modified, early = clashes
    if making.is_banned(item.id):
        making.clash(banned, item.id)
        return None
    if making.is_modified(item.id):
        making.clash(modified, item.id)
        return None
    if item.id in making.chooser.used or making.chooser.done(item).finished:
        return None
    making.chooser.used.add(item.id)
    bit, role = _purpose(making, item)
    unmet = making.course.aims[item.id] & ~making.known.met
    if any(making.course.needs[other] & making.known.blockers for other in bits(unmet)):
        making.clash(early, item.id, None if bit is None else making.number(bit))
    return making.step(item, bit, role, why)


def _purpose(making: Making, item: Item) -> tuple[int | None, StepRole]:
    """What an item is for: the first of its aims that is asked for and not Secure, else the first of all, else nothing."""
    settled = making.known.secure | making.known.excused
    found = [
        (settled >> bit & 1, bit, _ROLES[aim.does])
        for aim in item.aims
        if (bit := making.course.bit_of.get(aim.competency)) is not None
    ]
    if not found:
        return None, StepRole.ASSESS if item.scored else StepRole.TEACH
    _, bit, role = min(found)
    return bit, role
