"""Loops among prerequisites and among parents, found and shown as the loops they are. Pure; linear in nodes and edges."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lti_tool.errors import BadRequest
from lti_tool.web.i18n import N_

Edge = tuple[str, str]

_MOST_NODES_SHOWN = 500_000
"""Nodes of all loops together; beyond it nobody can decide on them any more, and they would fill the memory."""


class TooManyLoops(BadRequest):
    """So many loops that the prerequisites cannot be meant."""

    code = "framework-loops"
    title = N_("The prerequisites of this file go round in too many loops")
    advice = N_(
        "Please look at the column of prerequisites: are they the other way round, or another column? Nothing was changed."
    )


@dataclass(frozen=True, slots=True)
class Loop:
    """A way that leads back to where it began: ``nodes`` without the first one again. ``left_out`` is one of its edges."""

    nodes: tuple[str, ...]
    left_out: Edge

    @property
    def edges(self) -> tuple[Edge, ...]:
        """Its edges, from the first node on."""
        return tuple(zip(self.nodes, (*self.nodes[1:], self.nodes[0]), strict=True))

    def shown(self, names: Mapping[str, str]) -> str:
        """The loop as people read it: A → B → C → A."""
        return " → ".join(names.get(node, node) for node in (*self.nodes, self.nodes[0]))


def without_loops(
    edges: Sequence[Edge], decided: Collection[Edge] = (), order: Sequence[str] = ()
) -> tuple[list[Edge], list[Loop]]:
    """The edges that go in no loop, in their order, and the loops, each with the edge of it that was left out.

    Edges that are ``decided`` on go first, where they are part of a loop at all; of the rest, an edge that closes a loop
    goes when all are followed from the nodes in their ``order``, each node's edges as they are given. A loop is told from its
    first node in that order.
    """
    chosen = set(decided)
    wanted = [edge for edge in dict.fromkeys(edges) if edge in chosen]
    kept = list(dict.fromkeys(edges))
    loops: list[Loop] = []
    for edge in wanted:
        loop = _loop_through(edge, kept)
        if loop is not None:
            loops.append(loop)
            kept.remove(edge)
    closing = _closing(kept, order)
    left_out = {loop.left_out for loop in closing}
    place = {node: number for number, node in enumerate(order)}
    told = [_from_first(loop, place) for loop in loops + closing]
    return [edge for edge in kept if edge not in left_out], told


def _from_first(loop: Loop, place: Mapping[str, int]) -> Loop:
    nodes = loop.nodes
    first = min(range(len(nodes)), key=lambda number: place.get(nodes[number], len(place)))
    return Loop(nodes[first:] + nodes[:first], loop.left_out)


def _after(edges: Iterable[Edge]) -> dict[str, list[str]]:
    after: dict[str, list[str]] = {}
    for origin, destination in edges:
        after.setdefault(origin, []).append(destination)
        after.setdefault(destination, [])
    return after


def _closing(edges: Sequence[Edge], order: Sequence[str]) -> list[Loop]:
    """A loop for each edge that leads back to a node on the way to it, when all are followed depth first.

    Without those edges there is no loop left (Cormen et al., Introduction to Algorithms, 4th ed., lemma 20.11).
    """
    after = _after(edges)
    loops: list[Loop] = []
    shown = 0
    done: set[str] = set()
    for start in dict.fromkeys([*(node for node in order if node in after), *after]):
        if start in done:
            continue
        way: dict[str, int] = {start: 0}
        stack = [(start, iter(after[start]))]
        while stack:
            node, following = stack[-1]
            step = next(following, None)
            if step is None:
                stack.pop()
                way.pop(node)
                done.add(node)
            elif step in way:
                nodes = tuple(name for name, _ in stack[way[step] :])
                loops.append(Loop(nodes, (node, step)))
                shown += len(nodes)
                if shown > _MOST_NODES_SHOWN:
                    raise TooManyLoops(f"{len(loops)} loops and more")
            elif step not in done:
                way[step] = len(stack)
                stack.append((step, iter(after[step])))
    return loops


def _loop_through(edge: Edge, edges: Sequence[Edge]) -> Loop | None:
    """The shortest loop that an edge is part of."""
    origin, destination = edge
    after = _after(edges)
    came: dict[str, str | None] = {destination: None}
    waiting = [destination]
    while waiting and origin not in came:
        reached: list[str] = []
        for one in waiting:
            for step in after.get(one, ()):
                if step not in came:
                    came[step] = one
                    reached.append(step)
        waiting = reached
    if origin not in came:
        return None
    way: list[str] = []
    node: str | None = origin
    while node is not None:
        way.append(node)
        node = came[node]
    way.reverse()
    # From the origin on, so that the edge which is left out is the first arrow of the loop.
    return Loop((origin, *way[:-1]), edge)


def parent_loops(parents: Mapping[str, str | None]) -> list[tuple[str, ...]]:
    """The loops among parents, each from child to parent; a node has one parent at most, so loops never meet."""
    loops: list[tuple[str, ...]] = []
    done: set[str] = set()
    for start in parents:
        way: dict[str, int] = {}
        node: str | None = start
        while node is not None and node not in done and node not in way:
            way[node] = len(way)
            node = parents.get(node)
        if node is not None and node in way:
            loops.append(tuple(list(way)[way[node] :]))
        done.update(way)
    return loops
