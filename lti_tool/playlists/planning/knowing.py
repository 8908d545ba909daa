"""What is known of a learner, as masks over a compiled course: met, unmet or unknown, and what can be worked on next.

A competency is *met* at ``Settings.met_at`` or where it is taken as known; *unmet* where evidence says that it is below; and
*unknown* where nothing says anything. Unknown never blocks. Within the current unit, what nobody has shown and the course can
measure is *not yet* shown: it comes before what builds on it, since finding out is the very next thing to do.
"""

import uuid
from dataclasses import dataclass
from datetime import date

from lti_tool.mastery.rules import Standing
from lti_tool.playlists.planning.base import Item, Learner, Settings
from lti_tool.playlists.planning.course import Course, bits

FAR = 1 << 30
"""Farther than any distance in a map."""


@dataclass(frozen=True, slots=True)
class Known:
    """One learner's masks."""

    met: int
    shown: int
    """Competencies with evidence, whatever it says."""
    secure: int
    """At Secure or above, or taken as known: no work of their own, only reviews."""
    excused: int
    """Not asked for (a modification), whether or not another comes in their place."""
    unit: int
    """What is asked for now: the current unit, modifications applied; the whole map where no unit is set."""
    inside: int
    """What holds up what builds on it until it is met, and is worked on as part of the unit."""
    outside: int
    """Unmet by evidence, and no work of the unit: remedial."""
    banned: int
    """Competencies all of whose items are forbidden."""
    reviews: tuple[tuple[date, int], ...]
    """Reviews that are due, the oldest first, with their competencies' bits."""

    @property
    def blockers(self) -> int:
        """Everything that is unmet."""
        return self.inside | self.outside

    @property
    def wanted(self) -> int:
        """What of the unit is below Secure."""
        return self.unit & ~self.secure & ~self.banned


def know(course: Course, learner: Learner, settings: Settings, today: date, unit: int | None = None) -> Known:
    """The masks of a learner; ``unit`` in place of the settings' unit where given. O(standings + competencies asked for)."""
    met, shown, secure = 0, 0, 0
    bit_of = course.bit_of
    at = settings.met_at.rank
    for number, standing in learner.standings.items():
        if (bit := bit_of.get(number)) is None or standing is Standing.NOT_STARTED:
            continue
        rank = standing.rank
        here = 1 << bit
        shown |= here
        if rank >= at:
            met |= here
        if rank >= 3:
            secure |= here
    taken = course.mask(learner.taken_as_known)
    met |= taken
    secure |= taken
    excused, instead = _modified(course, learner)
    asked = (course.mask(settings.unit) if settings.unit else course.everything) if unit is None else unit
    for bit in bits(asked & excused):
        asked |= instead.get(bit, 0)
    asked &= ~excused
    banned = course.mask(learner.banned_competencies)
    there = with_bans(course, course.with_items, learner, banned, scored=False)
    unmet = shown & ~met & ~excused
    not_yet = asked & ~shown & ~met & with_bans(course, course.measured, learner, banned, scored=True)
    inside = unmet & asked & there | not_yet
    outside = unmet & ~inside
    for bit in bits(excused):
        # What comes in another's place opens what that one would have opened, unless it is itself one of those.
        other = instead.get(bit, 0)
        if not other & course.after[bit]:
            inside |= bool(other & inside) << bit
            outside |= bool(other & outside) << bit
    return Known(
        met=met,
        shown=shown,
        secure=secure,
        excused=excused,
        unit=asked,
        inside=inside,
        outside=outside,
        banned=banned,
        reviews=_due(course, learner, today, secure & ~taken & ~excused & ~banned),
    )


def fringe(course: Course, known: Known) -> list[int]:
    """What can be worked on next: wanted, and nothing directly before it unmet. Prerequisites first."""
    blockers = known.blockers
    return [bit for bit in bits(known.wanted) if not course.needs[bit] & blockers]


def held_up(course: Course, known: Known, exhausted: int = 0) -> list[int]:
    """Wanted, and held up only by what is no work of the unit, or by ``exhausted``: what nothing is left for.

    Prerequisites first.
    """
    inside = known.inside & ~exhausted
    return [bit for bit in bits(known.wanted) if not course.needs[bit] & inside and course.needs[bit] & known.blockers]


def remedial(course: Course, known: Known) -> list[tuple[int, int]]:
    """Unmet competencies outside the unit that it builds on, the nearest first, each with what of the unit it is needed for.

    Looks through what is not met, however far, and takes those below Secure whose own prerequisites are not unmet in turn.
    """
    outside = known.outside & ~known.banned & ~known.secure & ~known.excused
    if not outside:
        return []
    found: dict[int, tuple[int, int]] = {}
    for target in bits(known.wanted):
        if not course.before[target] & outside:
            continue
        seen = 0
        layer = course.needs[target] & ~known.met & ~known.unit
        distance = 1
        while layer:
            further = 0
            for bit in bits(layer):
                if outside >> bit & 1 and not course.needs[bit] & known.blockers:
                    found[bit] = min(found.get(bit, (FAR, target)), (distance, target))
                further |= course.needs[bit]
            seen |= layer
            layer = further & ~known.met & ~known.unit & ~seen
            distance += 1
    nearest = sorted(found.items(), key=lambda one: (one[1][0], one[0]))
    return [(bit, target) for bit, (_, target) in nearest]


def is_banned(course: Course, learner: Learner, banned: int, item: uuid.UUID) -> bool:
    """Whether an item must not come: it is forbidden itself, or it is for a competency all of whose items are."""
    return item in learner.bans or bool(course.aims.get(item, 0) & banned)


def with_bans(course: Course, mask: int, learner: Learner, banned: int, *, scored: bool) -> int:
    """Those of ``mask`` that have an item that is not forbidden; ``scored``: one that assesses, and is not finished either.

    Only competencies that some such item is for are looked at.
    """
    gone = set(learner.bans)
    if scored:
        gone.update(item for item, done in learner.items.items() if done.finished)
    touched = banned
    for item in gone:
        touched |= course.aims.get(item, 0)
    for bit in bits(touched & mask):
        some = (item for item in course.assesses[bit] if item.scored) if scored else course.of(bit)
        if not any(_is_left(course, item, gone, banned) for item in some):
            mask &= ~(1 << bit)
    return mask


def _is_left(course: Course, item: Item, gone: set[uuid.UUID], banned: int) -> bool:
    return item.id not in gone and not course.aims[item.id] & banned


def _modified(course: Course, learner: Learner) -> tuple[int, dict[int, int]]:
    """What is not asked for, and by its bit the mask of what comes in its place."""
    excused, instead = 0, {}
    for number, other in learner.instead.items():
        bit = course.bit_of.get(number)
        if bit is None or other == number:
            continue
        excused |= 1 << bit
        if other is not None and other in course.bit_of:
            instead[bit] = 1 << course.bit_of[other]
    return excused, instead


def _due(course: Course, learner: Learner, today: date, among: int) -> tuple[tuple[date, int], ...]:
    found = [
        (due, bit)
        for number, due in learner.reviews.items()
        if due <= today and (bit := course.bit_of.get(number)) is not None and among >> bit & 1
    ]
    return tuple(sorted(found))
