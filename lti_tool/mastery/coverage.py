"""What the alignments of a course leave open: what nothing assesses, and rules that what is aligned can never satisfy."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession

from lti_tool.competencies import alignment_rules, alignments
from lti_tool.competencies.alignment_rules import AlignmentView, Coverage
from lti_tool.competencies.alignments import Board
from lti_tool.competencies.map_views import MapCompetencyView
from lti_tool.content import rules as content_rules
from lti_tool.content.models import ContentItem
from lti_tool.mastery import criteria, parents, queries, rule_words, rules
from lti_tool.mastery.criteria import Basis


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """A competency whose rule can never be satisfied by what is aligned, why, and what could be done."""

    competency: MapCompetencyView
    rule: rules.Rule
    problem: rules.Problem

    @property
    def text(self) -> str:
        """Why, in the language that is spoken."""
        return rules.say_problem(self.problem)

    @property
    def alternative(self) -> str:
        """A rule that could be satisfied, in the language that is spoken; empty where only more items help."""
        other = self.problem.alternative
        return f"{rule_words.title(other)}: {rule_words.says(other)}" if other is not None else ""


@dataclass(frozen=True, slots=True)
class Left:
    """Results of an item that count for a competency still, although the item is not aligned to it any more."""

    item: ContentItem
    competency: MapCompetencyView
    learners: int


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a course's alignments leave open.

    ``silent``: items that assess, whose results the platform does not share; ``left``: results that count still, by alignments
    that are gone.
    """

    board: Board
    coverage: Coverage
    problems: tuple[RuleProblem, ...]
    silent: tuple[ContentItem, ...]
    left: tuple[Left, ...] = ()

    @property
    def competencies(self) -> Mapping[uuid.UUID, MapCompetencyView]:
        """The map's competencies by id."""
        return {} if self.board.map is None else self.board.map.by_id

    @property
    def complete(self) -> bool:
        """Whether nothing is left open."""
        found = self.coverage
        open_ones = (found.unassessed, found.thin, found.only_shared, found.unaligned)
        return not any((*open_ones, self.problems, self.silent, self.left))


async def report(session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID) -> Report:
    """A course's coverage. Competencies that follow those below them need no items of their own."""
    board = await alignments.board(session, organisation_id, course_id)
    tree = await parents.tree(session, organisation_id, course_id)
    basis = await criteria.basis(session, organisation_id, course_id)
    own = {view.competency_id for view in board.all_views() if view.gives_evidence}
    wanted = [
        one
        for one in board.competencies
        if one.id not in tree.stated and (one.id in own or not tree.children.get(one.id))
    ]
    views = board.all_views()
    assessing = {view.content_item_id for view in views if view.gives_evidence}
    items = {item.id: item for item in board.items}
    by_id = {one.id: one for one in board.competencies}
    return Report(
        board=board,
        coverage=alignment_rules.coverage([one.id for one in wanted], board.items, views),
        problems=tuple(problems(basis, wanted, views)),
        silent=tuple(item for item in board.items if item.id in assessing and not content_rules.gives_results(item)),
        left=tuple(
            Left(items[one.content_item_id], by_id[one.competency_id], one.learners)
            for one in await queries.left_by_alignments(session, organisation_id, course_id)
            if one.content_item_id in items and one.competency_id in by_id
        ),
    )


def problems(
    basis: Basis, competencies: Sequence[MapCompetencyView], views: Sequence[AlignmentView]
) -> list[RuleProblem]:
    """Of the competencies that something assesses, those whose rule that can never satisfy; pure."""
    aligned: dict[uuid.UUID, list[rules.AlignedItem]] = {}
    for view in views:
        if view.gives_evidence:
            aligned.setdefault(view.competency_id, []).append(
                rules.AlignedItem(
                    view.content_item_id.hex, whole=True, shared=view.shared, mixed=view.mixed, weight=view.weight
                )
            )
    found = []
    for one in competencies:
        items = aligned.get(one.id, [])
        if not items:
            continue
        rule = criteria.begun_with(basis, one.rule, items).rule
        problem = rules.can_satisfy(rule, items)
        if problem is not None:
            found.append(RuleProblem(one, rule, problem))
    return found


async def advice(
    session: AsyncSession, organisation_id: uuid.UUID, course_id: uuid.UUID, board: Board
) -> list[RuleProblem]:
    """What is to be said while aligning: rules that the aligned items can never satisfy."""
    if not board.views:
        return []
    basis = await criteria.basis(session, organisation_id, course_id)
    stated = {one.id for one in board.competencies if criteria.parent_rule_of(one.rule) is not None}
    return problems(basis, [one for one in board.competencies if one.id not in stated], board.all_views())


async def count_unreachable(
    session: AsyncSession,
    organisation_id: uuid.UUID,
    course_id: uuid.UUID,
    rule: rules.Rule,
    competency_ids: Sequence[uuid.UUID],
) -> int:
    """How many of these competencies a rule could never make Secure by what is aligned; those without items aside."""
    aligned = await criteria.aligned_items(session, organisation_id, course_id, competency_ids)
    return sum(
        bool(items) and rules.can_satisfy(rules.fitted(rule, items), items) is not None for items in aligned.values()
    )
