"""Prerequisites as a graph: which hold in a course, what a new one would close, what comes before and after.

Pure, and over anything hashable: competency ids in the product, letters in the tests. An edge is ``(before, after)``: what
comes before is a prerequisite of what comes after. Graphs are plain sets and dicts, so that a page of a class pays nothing for
a graph library; the tests compare these functions with networkx. Why none is used here: ADR 15.
"""

import heapq
from collections import deque
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

N = TypeVar("N", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Effective(Generic[N]):
    """The prerequisites that hold among the competencies of a course. Together, ``direct`` and ``indirect`` have no cycle."""

    direct: tuple[tuple[N, N], ...] = ()
    indirect: tuple[tuple[N, N], ...] = ()
    """Through competencies that the course does not use: before → … → after, everything between them not picked."""
    set_aside: tuple[tuple[N, N], ...] = ()
    """What would close a cycle with what holds, and therefore does not hold."""

    @property
    def every(self) -> tuple[tuple[N, N], ...]:
        """Direct and indirect."""
        return self.direct + self.indirect


def effective(
    picked: Collection[N],
    published: Iterable[tuple[N, N]],
    drawn: Iterable[tuple[N, N]] = (),
    taken_away: Iterable[tuple[N, N]] = (),
) -> Effective[N]:
    """The prerequisites that hold among ``picked``: published and drawn ones without those taken away.

    A chain through competencies that were not picked counts too, as one indirect prerequisite, unless that pair was itself
    taken away. Where a cycle would arise (a framework that changed after a teacher drew, or one that was never clean), what the
    teacher drew goes before what frameworks publish, direct before indirect, each in the order given; the rest is set aside.
    """
    chosen = set(picked)
    gone = set(taken_away)
    ordered = dict.fromkeys(edge for edge in (*drawn, *published) if edge not in gone and edge[0] != edge[1])
    direct = [edge for edge in ordered if edge[0] in chosen and edge[1] in chosen]
    known = set(direct)
    indirect = [edge for edge in _through(chosen, ordered) if edge not in known and edge not in gone]
    if layers_of(chosen, [*direct, *indirect]) is not None:
        return Effective(tuple(direct), tuple(indirect))
    kept, aside = _without_cycles([*direct, *indirect])
    return Effective(
        tuple(edge for edge in direct if edge in kept), tuple(edge for edge in indirect if edge in kept), tuple(aside)
    )


def _through(chosen: set[N], edges: Iterable[tuple[N, N]]) -> list[tuple[N, N]]:
    """Pairs of chosen ones with a path between them on which nothing else is chosen and at least one other lies."""
    after = successors(edges)
    found: dict[tuple[N, N], None] = {}
    for start in after:
        if start not in chosen:
            continue
        waiting = [one for one in after[start] if one not in chosen]
        seen = set(waiting)
        while waiting:
            for one in after.get(waiting.pop(), ()):
                if one in chosen:
                    if one != start:
                        found[start, one] = None
                elif one not in seen:
                    seen.add(one)
                    waiting.append(one)
    return list(found)


def _without_cycles(edges: Sequence[tuple[N, N]]) -> tuple[set[tuple[N, N]], list[tuple[N, N]]]:
    """Those of ``edges``, in order, that close no cycle with the ones before them; and the others."""
    after: dict[N, list[N]] = {}
    kept: set[tuple[N, N]] = set()
    aside: list[tuple[N, N]] = []
    for before, later in edges:
        if reaches(after, later, before):
            aside.append((before, later))
        else:
            kept.add((before, later))
            after.setdefault(before, []).append(later)
    return kept, aside


# --- Looking around ---------------------------------------------------------------------------------------------------


def successors(edges: Iterable[tuple[N, N]]) -> dict[N, list[N]]:
    """What each opens, in the order of ``edges``."""
    found: dict[N, list[N]] = {}
    for before, after in edges:
        found.setdefault(before, []).append(after)
    return found


def predecessors(edges: Iterable[tuple[N, N]]) -> dict[N, list[N]]:
    """What each needs, in the order of ``edges``."""
    return successors((after, before) for before, after in edges)


def reaches(after: Mapping[N, Collection[N]], start: N, goal: N) -> bool:
    """Whether a path leads from ``start`` to ``goal``; every node reaches itself."""
    return start == goal or bool(_path(after, start, goal))


def loop(edges: Iterable[tuple[N, N]], before: N, after: N) -> tuple[N, ...] | None:
    """The shortest cycle that the new edge ``before`` → ``after`` would close, from ``before`` round to ``before`` again.

    None where it closes none. For A → B where B → A is there: ``(A, B, A)``.
    """
    if before == after:
        return (before, before)
    back = _path(successors(edges), after, before)
    return (before, *back) if back else None


def cycle(edges: Iterable[tuple[N, N]]) -> tuple[N, ...] | None:
    """Any one cycle of these edges, as the loop it is: its first node stands again at its end. None where there is none."""
    after: dict[N, list[N]] = {}
    for before, later in edges:
        if before == later:
            return (before, before)
        back = _path(after, later, before)
        if back:
            return (before, *back)
        after.setdefault(before, []).append(later)
    return None


def _path(after: Mapping[N, Collection[N]], start: N, goal: N) -> tuple[N, ...]:
    """The shortest path from ``start`` to another node ``goal``, both in it; empty where there is none."""
    came: dict[N, N] = {}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        for one in after.get(here, ()):
            if one in came or one == start:
                continue
            came[one] = here
            if one == goal:
                steps = [goal]
                while steps[-1] != start:
                    steps.append(came[steps[-1]])
                return tuple(reversed(steps))
            waiting.append(one)
    return ()


def ancestors(edges: Iterable[tuple[N, N]], node: N, steps: int | None = None) -> dict[N, int]:
    """Everything that comes before ``node``, with how many steps before, the shortest way; at most ``steps``."""
    return around(predecessors(edges), node, steps)


def descendants(edges: Iterable[tuple[N, N]], node: N, steps: int | None = None) -> dict[N, int]:
    """Everything that ``node`` opens, with how many steps on, the shortest way; at most ``steps``."""
    return around(successors(edges), node, steps)


def around(nexts: Mapping[N, Collection[N]], node: N, steps: int | None) -> dict[N, int]:
    """Everything that ``nexts`` leads to from ``node``, with how many steps away, the shortest way; at most ``steps``."""
    found: dict[N, int] = {}
    waiting = deque([(node, 0)])
    while waiting:
        here, far = waiting.popleft()
        if steps is not None and far >= steps:
            continue
        for one in nexts.get(here, ()):
            if one not in found and one != node:
                found[one] = far + 1
                waiting.append((one, far + 1))
    return found


# --- Order and layers ---------------------------------------------------------------------------------------------------


def topological(nodes: Sequence[N], edges: Iterable[tuple[N, N]]) -> list[N]:
    """All ``nodes``, prerequisites first; among those that could come next, the one that stands first in ``nodes``.

    ValueError where the edges have a cycle. Edges to other nodes are left out.
    """
    place = {node: number for number, node in enumerate(nodes)}
    within = [edge for edge in edges if edge[0] in place and edge[1] in place]
    after, missing = successors(within), dict.fromkeys(nodes, 0)
    for _, later in within:
        missing[later] += 1
    ready = [place[node] for node in nodes if not missing[node]]
    heapq.heapify(ready)
    ordered: list[N] = []
    while ready:
        node = nodes[heapq.heappop(ready)]
        ordered.append(node)
        for later in after.get(node, ()):
            missing[later] -= 1
            if not missing[later]:
                heapq.heappush(ready, place[later])
    if len(ordered) != len(place):
        raise ValueError("prerequisites go round in a circle")
    return ordered


def layers_of(nodes: Iterable[N], edges: Collection[tuple[N, N]]) -> dict[N, int] | None:
    """The layer of each node: 0 without prerequisites, else one more than the highest of them. None where there is a cycle."""
    wanted = list(dict.fromkeys(nodes))
    try:
        ordered = topological(wanted, edges)
    except ValueError:
        return None
    layer = dict.fromkeys(ordered, 0)
    after = successors(edge for edge in edges if edge[0] in layer and edge[1] in layer)
    for node in ordered:
        for later in after.get(node, ()):
            layer[later] = max(layer[later], layer[node] + 1)
    return layer


def reduced(nodes: Sequence[N], edges: Iterable[tuple[N, N]]) -> list[tuple[N, N]]:
    """The fewest of the edges that say the same about what comes before what (the transitive reduction), in their order.

    For drawing alone: a → c is left out where a → b → c is there. ValueError where there is a cycle.
    """
    given = list(dict.fromkeys(edges))
    ordered = topological(nodes, given)
    bit = {node: 1 << number for number, node in enumerate(ordered)}
    after = successors(edge for edge in given if edge[0] in bit and edge[1] in bit)
    beyond: dict[N, int] = {}
    """Everything that a node reaches, itself included, as bits."""
    kept: set[tuple[N, N]] = set()
    for node in reversed(ordered):
        reached = 0
        # The nearest first: what one of them reaches already needs no edge of its own.
        for later in sorted(after.get(node, ()), key=lambda one: bit[one]):
            if not reached & bit[later]:
                kept.add((node, later))
                reached |= beyond[later]
        beyond[node] = reached | bit[node]
    return [edge for edge in given if edge in kept]


# --- What a learner can go on to ----------------------------------------------------------------------------------------


def outer_fringe(nodes: Sequence[N], edges: Iterable[tuple[N, N]], met: Mapping[N, bool | None]) -> list[N]:
    """What can be learned next, in the order of ``nodes``: not known to be met, and nothing before it known to be unmet.

    ``met`` says True (met), False (unmet) or None (nobody knows); a node that is not in it is None too. What nobody knows never
    blocks: a learner is not held up for want of a measurement. (The outer fringe of a knowledge state, Falmagne and Doignon,
    for the knowledge space that prerequisites span.)
    """
    needs = predecessors(edges)
    return [
        node
        for node in nodes
        if met.get(node) is not True and all(met.get(before) is not False for before in needs.get(node, ()))
    ]


def blocking(edges: Iterable[tuple[N, N]], met: Mapping[N, bool | None]) -> dict[N, tuple[N, ...]]:
    """By node, the prerequisites that are known to be unmet; nodes that nothing blocks are not in it."""
    needs = predecessors(edges)
    held = {node: tuple(one for one in before if met.get(one) is False) for node, before in needs.items()}
    return {node: unmet for node, unmet in held.items() if unmet}
