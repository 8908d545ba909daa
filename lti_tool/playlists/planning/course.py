"""A course compiled once for all its learners: competencies as bits, prerequisites as bitmasks, items by what they do.

A competency's bit is its place in an order in which prerequisites come first, so that the lowest bit of a mask is what comes
first. A mask is an ``int`` with a bit for each competency; unions, differences and the question whether any prerequisite is
unmet are single operations on it, however many there are.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lti_tool.competencies.rules_graph import effective, topological
from lti_tool.playlists.planning.base import Competency, Does, Item

Items = tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Course:
    """What planning has to know of a course. Tuples are indexed by bit; masks have that bit set.

    ``needs`` and ``opens`` hold direct prerequisites and what each is a direct prerequisite of; ``before`` and ``after`` all of
    them, however far.
    """

    competencies: tuple[Competency, ...]
    bit_of: Mapping[int, int]
    """The bit of a competency, by its number in the map."""
    needs: tuple[int, ...]
    opens: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    items: Mapping[uuid.UUID, Item]
    teaches: tuple[Items, ...]
    """In the teacher's order; forms of other items are not among them."""
    practises: tuple[Items, ...]
    assesses: tuple[Items, ...]
    aims: Mapping[uuid.UUID, int]
    """The competencies that an item is for, as a mask; 0 where it is for none of the map."""
    forms: Mapping[uuid.UUID, Items]
    """The other forms of an item."""
    with_items: int
    """Competencies that some item is for."""
    measured: int
    """Competencies that some item assesses and the LMS tells results of."""

    @property
    def everything(self) -> int:
        """All competencies."""
        return (1 << len(self.competencies)) - 1

    def mask(self, numbers: Iterable[int]) -> int:
        """The mask of these competencies; numbers that the map does not have are left out."""
        found = 0
        for number in numbers:
            if (bit := self.bit_of.get(number)) is not None:
                found |= 1 << bit
        return found

    def doing(self, does: Does) -> tuple[Items, ...]:
        """Items by competency that teach, practise or assess it."""
        if does is Does.TEACHES:
            return self.teaches
        return self.practises if does is Does.PRACTISES else self.assesses

    def of(self, bit: int) -> Iterator[Item]:
        """All items for a competency: those that teach, practise, assess it."""
        yield from self.teaches[bit]
        yield from self.practises[bit]
        yield from self.assesses[bit]


def compile_course(
    competencies: Iterable[Competency], edges: Iterable[tuple[int, int]], items: Iterable[Item]
) -> Course:
    """A course for planning. ``edges`` are (before, after) by number.

    Maps have no cycle; should one come all the same, an edge that closes it is left out. Edges to other competencies and aims
    at them are left out; of two items with one id the first counts. O(competencies × edges / word size + items).
    """
    nodes = sorted({one.number: one for one in competencies}.values(), key=lambda one: (one.position, one.number))
    numbers = [one.number for one in nodes]
    there = set(numbers)
    kept = sorted({edge for edge in edges if edge[0] in there and edge[1] in there and edge[0] != edge[1]})
    try:
        ordered = topological(numbers, kept)
    except ValueError:
        kept = list(effective(numbers, kept).direct)
        ordered = topological(numbers, kept)
    bit_of = {number: bit for bit, number in enumerate(ordered)}
    by_number = {one.number: one for one in nodes}
    needs, opens = [0] * len(ordered), [0] * len(ordered)
    for earlier, later in kept:
        needs[bit_of[later]] |= 1 << bit_of[earlier]
        opens[bit_of[earlier]] |= 1 << bit_of[later]
    before, after = list(needs), list(opens)
    for bit in range(len(ordered)):
        before[bit] = _closed(needs[bit], before)
    for bit in reversed(range(len(ordered))):
        after[bit] = _closed(opens[bit], after)
    by_id: dict[uuid.UUID, Item] = {}
    for item in items:
        by_id.setdefault(item.id, item)
    in_order = sorted(by_id.values(), key=lambda one: (one.position, one.id))
    doing = {does: _by_competency(does, in_order, by_id, bit_of) for does in Does}
    aims = {item.id: _mask(item, bit_of) for item in in_order}
    forms: dict[uuid.UUID, list[Item]] = {}
    for item in in_order:
        if is_form(item, by_id) and item.variant_of is not None:
            forms.setdefault(item.variant_of, []).append(item)
    with_items = 0
    for item in in_order:
        if not is_form(item, by_id):
            with_items |= aims[item.id]
    measured = sum(1 << bit for bit, some in enumerate(doing[Does.ASSESSES]) if any(item.scored for item in some))
    return Course(
        competencies=tuple(by_number[number] for number in ordered),
        bit_of=bit_of,
        needs=tuple(needs),
        opens=tuple(opens),
        before=tuple(before),
        after=tuple(after),
        items=by_id,
        teaches=doing[Does.TEACHES],
        practises=doing[Does.PRACTISES],
        assesses=doing[Does.ASSESSES],
        aims=aims,
        forms={item: tuple(some) for item, some in forms.items()},
        with_items=with_items,
        measured=measured,
    )


def is_form(item: Item, by_id: Mapping[uuid.UUID, Item]) -> bool:
    """Whether it is only ever planned in another item's place. A form of an item that is gone stands by itself."""
    return item.variant_of is not None and item.variant_of in by_id and item.variant_of != item.id


def bits(mask: int) -> Iterator[int]:
    """The bits of a mask, prerequisites first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _closed(direct: int, whole: Sequence[int]) -> int:
    """A mask with everything that its members reach, where those are closed already."""
    found = direct
    for bit in bits(direct):
        found |= whole[bit]
    return found


def _mask(item: Item, bit_of: Mapping[int, int]) -> int:
    found = 0
    for aim in item.aims:
        if (bit := bit_of.get(aim.competency)) is not None:
            found |= 1 << bit
    return found


def _by_competency(
    does: Does, items: Sequence[Item], by_id: Mapping[uuid.UUID, Item], bit_of: Mapping[int, int]
) -> tuple[Items, ...]:
    found: list[list[Item]] = [[] for _ in bit_of]
    for item in items:
        if is_form(item, by_id):
            continue
        for bit in sorted(
            {bit_of[aim.competency] for aim in item.aims if aim.does is does and aim.competency in bit_of}
        ):
            found[bit].append(item)
    return tuple(tuple(some) for some in found)
