"""Questions of QTI 2.x and 3.0 that are answered with pairs, as rows to match."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from lti_tool.checks.questions import ZERO, Partial, Question
from lti_tool.checks.reading.building import Maker, matching
from lti_tool.checks.reading.qti2_tree import Declared
from lti_tool.checks.reading.values import LeftOut, Why

Pair = tuple[str, str]


def pairs_of(response: Declared, *, mapped: bool) -> list[Pair]:
    """The right pairs: those that are stated, or those that a mapping gives points for."""
    stated = response.right
    if not stated and response.mapping:
        stated = tuple(one.key for one in response.mapping if one.worth > ZERO)
    found: dict[Pair, None] = {}
    for text in stated:
        ends = text.split()
        if len(ends) == 2:
            found.setdefault((ends[0], ends[1]))
    if not found:
        raise LeftOut(Why.NO_RIGHT_ANSWER)
    return list(found)


def counted(question: Question, response: Declared, maker: Maker, *, mapped: bool) -> Question:
    """How a question of pairs counts: all or nothing, or by the share of its rows; a mapping's points are its points."""
    if not mapped or not response.mapping:
        return question
    worth = [one.worth for one in response.mapping if one.worth > ZERO]
    if len(set(worth)) > 1:
        maker.remark(Why.WEIGHTS)
    total = sum(worth, Decimal(0))
    most = min(total, response.most) if response.most is not None and response.most > ZERO else total
    points = question.points if question.points != 1 else most
    return replace(question, partial=Partial.SHARE, points=points)


def matched(
    question: Question,
    response: Declared,
    rows: Sequence[Pair],
    columns: Sequence[Pair],
    maker: Maker,
    *,
    mapped: bool,
) -> Question:
    """Two sets whose members belong together. Each row has one partner; where it is the other way about, the sets change
    places. Raises LeftOut where members of both sets have several.
    """
    pairs = pairs_of(response, mapped=mapped)
    ids = {key for key, _ in rows}
    # A pair is directed, but some writers turn it round.
    pairs = [pair if pair[0] in ids else (pair[1], pair[0]) for pair in pairs]
    if len({first for first, _ in pairs}) < len(pairs):
        if len({second for _, second in pairs}) < len(pairs):
            raise LeftOut(Why.SCORING)
        rows, columns = columns, rows
        pairs = [(second, first) for first, second in pairs]
    partner = dict(pairs)
    asked = [(words, partner[key]) for key, words in rows if key in partner]
    if len(asked) < len(rows):
        # A member without a partner would be a row that must stay empty.
        raise LeftOut(Why.SCORING)
    made_rows, choices = matching(maker, asked, columns)
    return counted(replace(question, rows=made_rows, choices=choices), response, maker, mapped=mapped)


def associated(
    question: Question, response: Declared, members: Sequence[Pair], maker: Maker, *, mapped: bool
) -> Question:
    """One set whose members make pairs: the first of each pair is a row, everything else can be chosen."""
    pairs = pairs_of(response, mapped=mapped)
    words = dict(members)
    ends = [end for pair in pairs for end in pair]
    if len(set(ends)) < len(ends) or not set(ends) <= set(words):
        raise LeftOut(Why.SCORING)
    firsts = {first for first, _ in pairs}
    choices = [(key, said) for key, said in members if key not in firsts]
    rows, made = matching(maker, [(words[first], second) for first, second in pairs], choices)
    return counted(replace(question, rows=rows, choices=made), response, maker, mapped=mapped)
